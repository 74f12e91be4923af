//! One file: read it, find out what it is, and collect the images that it names.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::dotenv::DotEnv;
use super::kind::{self, Kind};
use super::text::{FileId, Fixed, Lines, Position, Text};
use super::vars::Variable;
use super::walk::Candidate;
use super::yaml::Yaml;
use super::{Fault, Parts, Scan, Skipped, Use, ci, compose, dockerfile, helm, kubernetes};
use crate::oci::reference::{Reference, Tag};
use crate::system::env::Env;
use crate::system::files;

/// The longest file that is read.
pub(super) const MAX_FILE: u64 = 8 * 1024 * 1024;
/// The most images of one.
const MAX_USES: usize = 5_000;
/// The longest line of one.
const MAX_LINE: usize = 1024 * 1024;

/// The files that were read, by number, each with what it held.
#[derive(Debug, Default)]
pub(crate) struct Files {
    entries: Vec<(PathBuf, u64)>,
    dot_envs: HashMap<PathBuf, Option<DotEnv>>,
    app_versions: HashMap<PathBuf, Option<String>>,
}

impl Files {
    pub(super) fn add(&mut self, path: PathBuf, content: &[u8]) -> FileId {
        self.entries.push((path, fingerprint(content)));
        self.entries.len() - 1
    }

    pub(crate) fn path(&self, file: FileId) -> &Path {
        &self.entries[file].0
    }

    /// Whether a file holds what was read.
    pub(crate) fn is_unchanged(&self, file: FileId, content: &[u8]) -> bool {
        self.entries[file].1 == fingerprint(content)
    }
}

fn fingerprint(content: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}

/// Why a file was not read: at which byte of its text, if it has one.
pub(super) struct Unread {
    pub at: Option<usize>,
    pub what: String,
}

/// Reads a file that may name images, and adds what it names.
pub(super) fn read(candidate: &Candidate, env: &Env, scan: &mut Scan, faults: &mut Vec<Fault>) {
    let path = &candidate.path;
    let fault = |position, what| Fault { path: path.display().to_string(), position, what };
    let bytes = match files::read(path) {
        Ok(bytes) => bytes,
        Err(_) if candidate.kind.is_none() && !candidate.is_named => return,
        Err(error) => return faults.push(fault(None, error.to_string())),
    };
    if candidate.kind.is_none() && !candidate.is_named && !kind::may_name_images(&bytes) {
        return;
    }
    if !candidate.is_named && kind::is_no_dockerfile_after_all(path, &bytes) {
        return;
    }
    let file = scan.files.add(path.clone(), &bytes);
    let outcome = text_of(&bytes).and_then(|text| {
        let mut collector = Collector {
            file,
            text,
            lines: Lines::new(text),
            uses: Vec::new(),
            files: &mut scan.files,
            env,
        };
        collector.file(candidate)?;
        Ok(collector.uses)
    });
    match outcome {
        Ok(uses) => scan.uses.extend(uses),
        Err(_) if candidate.kind.is_none() && !candidate.is_named => {}
        Err(unread) => {
            let text = String::from_utf8_lossy(&bytes);
            let position = unread.at.map(|at| Lines::new(&text).position(at.min(text.len())));
            faults.push(fault(position, unread.what));
        }
    }
}

/// Reads a text as what a file of this name is; see [`super::read_text`].
pub(super) fn read_text(name: &str, text: &str, env: &Env) -> Result<Vec<Use>, String> {
    let text = text_of(text.as_bytes()).map_err(|unread| unread.what)?;
    let path = PathBuf::from(name);
    let kind = kind::by_name(&path);
    let mut files = Files::default();
    let file = files.add(path.clone(), text.as_bytes());
    // Nothing is looked for beside a text.
    files.dot_envs.insert(PathBuf::new(), None);
    files.app_versions.insert(PathBuf::new(), None);
    let (lines, uses) = (Lines::new(text), Vec::new());
    let mut collector = Collector { file, text, lines, uses, files: &mut files, env };
    collector.file(&Candidate { path, kind, is_named: true }).map_err(|unread| unread.what)?;
    Ok(collector.uses)
}

/// Text with lines of a length that we read.
fn text_of(bytes: &[u8]) -> Result<&str, Unread> {
    let unread = |at, what: &str| Unread { at: Some(at), what: what.to_owned() };
    let text = std::str::from_utf8(bytes)
        .map_err(|error| unread(error.valid_up_to(), "not text (invalid UTF-8)"))?;
    if let Some(at) = text.find('\0') {
        return Err(unread(at, "not text (a NUL byte)"));
    }
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.len() > MAX_LINE {
            return Err(unread(at, "a line of more than 1 MiB"));
        }
        at += line.len();
    }
    Ok(text)
}

/// What collects the images of a file.
pub(super) struct Collector<'a> {
    pub file: FileId,
    pub text: &'a str,
    pub lines: Lines<'a>,
    pub uses: Vec<Use>,
    pub files: &'a mut Files,
    pub env: &'a Env,
}

impl Collector<'_> {
    fn file(&mut self, candidate: &Candidate) -> Result<(), Unread> {
        self.read(candidate)?;
        if self.uses.len() < MAX_USES {
            return Ok(());
        }
        Err(Unread { at: None, what: format!("more than {MAX_USES} images") })
    }

    /// Keeps an image, while there is room.
    fn add(&mut self, item: Use) {
        if self.uses.len() < MAX_USES {
            self.uses.push(item);
        }
    }

    fn read(&mut self, candidate: &Candidate) -> Result<(), Unread> {
        if candidate.kind == Some(Kind::Dockerfile) {
            return self.dockerfile();
        }
        let yaml = match Yaml::parse(self.text) {
            Ok(yaml) => yaml,
            Err(fault)
                if (candidate.kind.is_some() || candidate.is_named) && self.templates(fault.at) =>
            {
                return Ok(());
            }
            Err(fault) => {
                if candidate.kind.is_none() && kind::begins_like_a_dockerfile(self.text) {
                    return self.dockerfile();
                }
                return Err(Unread { at: Some(fault.at), what: fault.what });
            }
        };
        let kinds: Vec<Option<Kind>> = match candidate.kind {
            Some(kind) => {
                yaml.roots.iter().map(|&root| Some(kind::refine(kind, &yaml, root))).collect()
            }
            None => yaml.roots.iter().map(|&root| kind::of_document(&yaml, root)).collect(),
        };
        if kinds.iter().all(Option::is_none) {
            if kind::begins_like_a_dockerfile(self.text) {
                return self.dockerfile();
            }
            if candidate.is_named {
                // Whatever else it is, its keys may name images as those of a chart's values do.
                yaml.roots.iter().for_each(|&root| helm::values(self, &yaml, root));
                if self.uses.is_empty() {
                    let what = "this kind of file is not supported".to_owned();
                    return Err(Unread { at: None, what });
                }
            }
            return Ok(());
        }
        for (&root, kind) in yaml.roots.iter().zip(kinds) {
            match kind {
                Some(Kind::Compose) => compose::collect(self, &yaml, root),
                Some(Kind::Kubernetes) => kubernetes::collect(self, &yaml, root),
                Some(Kind::Kustomization) => kubernetes::kustomization(self, &yaml, root),
                Some(Kind::HelmValues) => helm::values(self, &yaml, root),
                Some(Kind::GithubWorkflow) => ci::github_workflow(self, &yaml, root),
                Some(Kind::GithubAction) => ci::github_action(self, &yaml, root),
                Some(Kind::Gitlab) => ci::gitlab(self, &yaml, root),
                Some(Kind::Dockerfile) | None => {}
            }
        }
        Ok(())
    }

    fn dockerfile(&mut self) -> Result<(), Unread> {
        let mark = if self.text.starts_with('\u{feff}') { 3 } else { 0 };
        let text = Text::literal(&self.text[mark..], self.file, mark);
        dockerfile::collect(self, &text, &[])
    }

    /// The lines that are templates, where that is why a file cannot be read.
    fn templates(&mut self, fault: usize) -> bool {
        let Some(first) = self.text.find("{{") else { return false };
        let found: Vec<Range<usize>> = image_templates(self.text);
        let only = first..first + self.lines.rest(first).len();
        let ranges = if found.is_empty() { std::slice::from_ref(&only) } else { &found[..] };
        if found.is_empty() && fault < first {
            return false;
        }
        for range in ranges {
            let raw = self.text[range.clone()].trim_end().to_owned();
            self.skip(raw, range.start, "a template");
        }
        true
    }

    /// Adds an image that is not looked at.
    pub(super) fn skip(&mut self, image: String, at: usize, why: &str) {
        self.without_parts(image, at, Skipped::Because(why.to_owned()));
    }

    /// Adds something that is wrong with the file, or only not looked at.
    pub(super) fn without_parts(&mut self, image: String, at: usize, why: Skipped) {
        let position = Some(self.lines.position(at));
        self.add(Use { file: self.file, position, image, parts: Err(why), platform: None });
    }

    /// Adds an image that one text names.
    pub(super) fn image(
        &mut self,
        text: Result<Text, String>,
        raw: &Text,
        platform: Option<String>,
    ) {
        let text = match text {
            Ok(text) => text.trim(),
            Err(why) => return self.skip(raw.value.trim().to_owned(), raw.trim().start(), &why),
        };
        if let Some(why) = unresolved(&text.value) {
            return self.skip(text.value.clone(), text.start(), why);
        }
        let comment_at = raw.end();
        self.parts(split(&text), comment_at, platform);
    }

    /// Adds an image from the parts of its name.
    pub(super) fn parts(&mut self, mut parts: Parts, comment_at: usize, platform: Option<String>) {
        let image = joined(&parts);
        let at = match &parts.tag {
            Some(tag) if !tag.value.is_empty() => tag.start(),
            _ => parts.name.start(),
        };
        let position: Option<Position> = Some(self.lines.position(at));
        if parts.tag.is_none() && parts.digest.is_some() {
            parts.comment = self.comment(comment_at);
        }
        let parts = match image.parse::<Reference>() {
            Ok(_) => Ok(parts),
            // No name has these: somebody fills it in.
            Err(_) if image.contains(['<', '>', '{', '}', '%']) => {
                Err(Skipped::Because("a template".to_owned()))
            }
            Err(error) => Err(Skipped::Invalid(error.to_string())),
        };
        self.add(Use { file: self.file, position, image, parts, platform });
    }

    /// The tag that a comment behind a digest names: nothing but a version.
    fn comment(&self, at: usize) -> Option<Text> {
        let rest = self.lines.rest(at);
        let rest = rest.strip_prefix(['"', '\'']).unwrap_or(rest);
        let skipped = self.lines.rest(at).len() - rest.len();
        let hash = rest.find('#').filter(|hash| rest[..*hash].trim().is_empty() && *hash > 0)?;
        let word = rest[hash + 1..].trim();
        let digits = word.strip_prefix('v').unwrap_or(word);
        let is_version = Tag::is_valid(word) && digits.starts_with(|c: char| c.is_ascii_digit());
        let blank = rest[hash + 1..].len() - rest[hash + 1..].trim_start().len();
        let start = at + skipped + hash + 1 + blank;
        is_version.then(|| Text::literal(word, self.file, start))
    }

    /// A variable of the environment, else of the `.env` beside the file.
    pub(super) fn compose_variable(&mut self, name: &str) -> Variable {
        if let Some(value) = variable(self.env, name) {
            return Variable::Set(Text::fixed(&value, 0..0, Fixed::Environment));
        }
        let folder = self.files.path(self.file).parent().map(Path::to_owned).unwrap_or_default();
        if !self.files.dot_envs.contains_key(&folder) {
            let path = folder.join(".env");
            let content = files::read(&path).ok().filter(|bytes| text_of(bytes).is_ok());
            let parsed = content.map(|content| {
                let file = self.files.add(path, &content);
                DotEnv::parse(&String::from_utf8_lossy(&content), file, self.env)
            });
            self.files.dot_envs.insert(folder.clone(), parsed);
        }
        let value = self.files.dot_envs[&folder].as_ref().and_then(|dot_env| dot_env.get(name));
        value.map_or(Variable::Unset, |value| Variable::Set(value.clone()))
    }

    /// The `appVersion` of the chart that the file belongs to.
    pub(super) fn app_version(&mut self) -> Option<String> {
        let folder = self.files.path(self.file).parent().map(Path::to_owned).unwrap_or_default();
        if let Some(known) = self.files.app_versions.get(&folder) {
            return known.clone();
        }
        let content = files::read(&folder.join("Chart.yaml")).ok();
        let text = content.as_deref().and_then(|content| text_of(content).ok());
        let version = text.and_then(|text| {
            let yaml = Yaml::parse(text).ok()?;
            let version = yaml.get(*yaml.roots.first()?, "appVersion")?;
            yaml.text(version, 0).map(|version| version.value)
        });
        self.files.app_versions.insert(folder, version.clone());
        version
    }
}

/// A variable of the environment; one that is set to nothing is set.
pub(super) fn variable(env: &Env, name: &str) -> Option<String> {
    let found = env.iter().find(|(key, _)| *key == name);
    found.and_then(|(_, value)| value.to_str()).map(str::to_owned)
}

/// Why a name that is left with marks of a template cannot be looked at.
pub(super) fn unresolved(value: &str) -> Option<&'static str> {
    if value.contains("${{") {
        Some("an expression")
    } else if value.contains("{{") || value.contains("{%") || value.contains("<%") {
        Some("a template")
    } else {
        None
    }
}

/// The places of `image: … {{ … }}` in a text that is not YAML.
fn image_templates(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if let Some((key, value)) = line.split_once(':')
            && key.trim_start_matches([' ', '-', '"']).trim_end_matches('"').ends_with("image")
            && value.contains("{{")
        {
            let start = at + line.len() - value.trim_start().len();
            found.push(start..at + line.trim_end().len());
        }
        at += line.len();
    }
    found
}

/// The name, tag and digest of a text.
pub(super) fn split(text: &Text) -> Parts {
    let value = &text.value;
    let (named, digest) = match value.find('@') {
        Some(at) => (at, Some(text.slice(at + 1..text.len()))),
        None => (text.len(), None),
    };
    let path = value[..named].rfind('/').map_or(0, |slash| slash + 1);
    let colon = value[path..named].find(':').map(|colon| path + colon);
    let tag = colon.map(|colon| text.slice(colon + 1..named));
    let name = text.slice(0..colon.unwrap_or(named));
    let end = if text.is_escaped() { Err(Fixed::Escaped) } else { Ok(text.end()) };
    Parts { name, tag, digest, comment: None, end }
}

/// The name as one text.
fn joined(parts: &Parts) -> String {
    let mut image = parts.name.value.clone();
    let mut add = |separator, part: &Option<Text>| {
        if let Some(part) = part {
            image.push(separator);
            image.push_str(&part.value);
        }
    };
    add(':', &parts.tag);
    add('@', &parts.digest);
    image
}
