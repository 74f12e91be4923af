//! How docker calls us: the contract of a CLI plugin, and the same program stand-alone.
//!
//! docker hands its whole command line on, `docker --config D tags ls x` as `--config D tags ls
//! x`, and does not pass on `--config`; so the flags before `tags` are read here, by docker's
//! own grammar. A call for metadata comes with every `docker --help` and every TAB: it prints one
//! constant and touches nothing. See docker's `cli-plugins/manager`.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// The argument with which docker asks what this plugin is.
pub(crate) const METADATA: &str = "docker-cli-plugin-metadata";
/// The argument with which docker asks for a hint after one of its own commands.
const HOOK: &str = "docker-cli-plugin-hooks";
/// The name under which docker knows this plugin.
const NAME: &str = "tags";
/// One line for `docker --help`.
pub(crate) const SHORT_DESCRIPTION: &str = "List tags, digests and manifests of any registry";

/// docker's global flags: long name, short name, whether it takes a value.
const GLOBAL_FLAGS: [(&str, Option<char>, bool); 11] = [
    ("config", None, true),
    ("context", Some('c'), true),
    ("debug", Some('D'), false),
    ("host", Some('H'), true),
    ("log-level", Some('l'), true),
    ("tls", None, false),
    ("tlscacert", None, true),
    ("tlscert", None, true),
    ("tlskey", None, true),
    ("tlsverify", None, false),
    ("help", Some('h'), false),
];

/// What a command line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Request {
    /// Print the metadata.
    Metadata,
    /// Print the version.
    Version,
    /// Answer a shell's completion.
    Complete {
        /// The words after `tags`, the last one unfinished.
        words: Vec<OsString>,
        /// Whether candidates come with descriptions.
        descriptions: bool,
    },
    /// Answer docker after one of its own commands: see [`crate::cli::hooks`].
    Hook(OsString),
    /// Run a command: our own arguments, without docker's.
    Run(Vec<OsString>),
}

/// A command line, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invocation {
    /// Whether docker called us: help then says `docker tags`.
    pub by_docker: bool,
    /// The directory of docker's config.json, where the command line names one.
    pub config_dir: Option<PathBuf>,
    /// What to do.
    pub request: Request,
}

/// The metadata document. docker before 28.5 accepts no other schema version.
pub(crate) fn metadata() -> String {
    format!(
        "{{\"SchemaVersion\":\"0.1.0\",\"Vendor\":\"docker-tags\",\"Version\":\"{}\",\
         \"ShortDescription\":\"{SHORT_DESCRIPTION}\"}}\n",
        env!("CARGO_PKG_VERSION")
    )
}

/// Reads the command line, `args` without the program's own name.
pub(crate) fn parse(args: Vec<OsString>) -> Invocation {
    if args.first().is_some_and(|first| first == METADATA) {
        return stand_alone(None, Request::Metadata);
    }
    if args.len() == 1 && (args[0] == "--version" || args[0] == "-V") {
        return stand_alone(None, Request::Version);
    }
    let globals = Globals::read(&args);
    let words = &args[globals.end..];
    let is = |index: usize, word: &str| words.get(index).is_some_and(|w| w == OsStr::new(word));
    if is(0, "__complete") || is(0, "__completeNoDesc") {
        return complete(&words[1..], is(0, "__complete"), globals.config_dir);
    }
    let request = if is(0, "help") && is(1, NAME) {
        Request::Run(with_help(&words[2..]))
    } else if is(0, NAME) && globals.help {
        Request::Run(with_help(&words[1..]))
    } else if is(0, NAME) && globals.version {
        Request::Version
    } else if is(0, NAME) && is(1, HOOK) {
        Request::Hook(words.get(2).cloned().unwrap_or_default())
    } else if is(0, NAME) {
        Request::Run(words[1..].to_vec())
    } else {
        return parse_stand_alone(args);
    };
    Invocation { by_docker: true, config_dir: globals.config_dir, request }
}

/// What a shell's completion asks, through docker (`tags` in front) or without it. `docker
/// --config D tags <TAB>` never tells us of D; stand-alone it is among the words.
fn complete(words: &[OsString], descriptions: bool, config_dir: Option<PathBuf>) -> Invocation {
    let by_docker = words.len() > 1 && words[0] == NAME;
    let (mut skip, mut config_dir) = (usize::from(by_docker), config_dir);
    if !by_docker {
        let globals = Globals::read_long(words);
        if globals.end < words.len() {
            (skip, config_dir) = (globals.end, globals.config_dir.or(config_dir));
        }
    }
    let request = Request::Complete { words: words[skip..].to_vec(), descriptions };
    Invocation { by_docker, config_dir, request }
}

/// Without docker, its global flags are accepted in their long form, in front, for those who
/// replace `docker tags` by `docker-tags` in a script; everything else is ours.
fn parse_stand_alone(mut args: Vec<OsString>) -> Invocation {
    let globals = Globals::read_long(&args);
    let args = args.split_off(globals.end);
    stand_alone(globals.config_dir, Request::Run(args))
}

fn stand_alone(config_dir: Option<PathBuf>, request: Request) -> Invocation {
    Invocation { by_docker: false, config_dir, request }
}

/// `help tags ls` is `tags ls --help`; the rest of the line does not matter any more.
fn with_help(words: &[OsString]) -> Vec<OsString> {
    let is_word = |word: &&OsString| !word.as_encoded_bytes().starts_with(b"-");
    words.iter().filter(is_word).cloned().chain([OsString::from("--help")]).collect()
}

/// docker's global flags in front of the first word.
#[derive(Debug, Default)]
struct Globals {
    config_dir: Option<PathBuf>,
    help: bool,
    version: bool,
    /// Where the first word is.
    end: usize,
}

impl Globals {
    /// Reads flags by the grammar of docker's flag library (pflag) up to the first word.
    fn read(args: &[OsString]) -> Self {
        let mut globals = Globals::default();
        while let Some(arg) = args.get(globals.end) {
            let next = args.get(globals.end + 1);
            let Some(text) = arg.to_str() else { break };
            if text == "--" {
                globals.end += 1;
                break;
            }
            let taken = if let Some(flag) = text.strip_prefix("--") {
                globals.long(flag, next)
            } else if text.len() > 1 && text.starts_with('-') {
                globals.cluster(&text[1..], next.is_some())
            } else {
                break;
            };
            match taken {
                Some(count) => globals.end += count,
                None => break,
            }
        }
        globals
    }

    /// Reads long flags only; help and version are ours.
    fn read_long(args: &[OsString]) -> Self {
        let mut globals = Globals::default();
        while let Some(flag) = args
            .get(globals.end)
            .and_then(|arg| arg.to_str())
            .and_then(|text| text.strip_prefix("--"))
            .filter(|flag| !flag.starts_with("help"))
        {
            match globals.long(flag, args.get(globals.end + 1)) {
                Some(count) if !globals.version => globals.end += count,
                _ => break,
            }
        }
        globals
    }

    /// A flag `name`, `name=value` or `name value`. Gives how many arguments it took; `None`:
    /// not a flag of docker's.
    fn long(&mut self, flag: &str, next: Option<&OsString>) -> Option<usize> {
        let (name, inline) = match flag.split_once('=') {
            Some((name, value)) => (name, Some(OsString::from(value))),
            None => (flag, None),
        };
        if name == "version" {
            self.version = true;
            return Some(1);
        }
        let (_, _, takes_value) = GLOBAL_FLAGS.iter().find(|(long, ..)| *long == name)?;
        if !takes_value {
            self.help |= name == "help";
            return Some(1);
        }
        let count = if inline.is_some() { 1 } else { 2 };
        let value = inline.or_else(|| next.cloned())?;
        if name == "config" {
            self.config_dir = Some(PathBuf::from(value)).filter(|dir| !dir.as_os_str().is_empty());
        }
        Some(count)
    }

    /// Short flags, `-D`, `-Dc value`, `-cvalue`.
    fn cluster(&mut self, flags: &str, has_next: bool) -> Option<usize> {
        for (index, flag) in flags.char_indices() {
            if flag == 'v' {
                self.version = true;
                continue;
            }
            let (name, _, takes_value) =
                GLOBAL_FLAGS.iter().find(|(_, short, _)| *short == Some(flag))?;
            self.help |= *name == "help";
            if *takes_value {
                let is_last = index + flag.len_utf8() == flags.len();
                return match (is_last, has_next) {
                    (true, false) => None,
                    (true, true) => Some(2),
                    (false, _) => Some(1),
                };
            }
        }
        Some(1)
    }
}

/// Ends the program when docker wants it to: docker holds a socket open and closes it when it is
/// told to stop while its output is not a terminal. Without the socket we carry on.
#[cfg(target_os = "linux")]
pub(crate) fn watch_socket(env: &crate::system::env::Env) {
    use std::io::Read;
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixStream};

    let Some(name) = env.text("DOCKER_CLI_PLUGIN_SOCKET") else { return };
    let stream = match name.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name)
            .and_then(|address| UnixStream::connect_addr(&address)),
        None => UnixStream::connect(name),
    };
    let Ok(mut stream) = stream else { return };
    std::thread::spawn(move || {
        let mut nothing = [0; 16];
        while !matches!(stream.read(&mut nothing), Ok(0) | Err(_)) {}
        std::thread::sleep(SIGNALS_FIRST);
        crate::system::signals::exit(crate::system::signals::TERMINATED);
    });
}

/// Like the function for Linux: elsewhere the socket is a path.
#[cfg(all(unix, not(target_os = "linux")))]
pub(crate) fn watch_socket(env: &crate::system::env::Env) {
    use std::io::Read;
    let Some(name) = env.path("DOCKER_CLI_PLUGIN_SOCKET") else { return };
    let Ok(mut stream) = std::os::unix::net::UnixStream::connect(name) else { return };
    std::thread::spawn(move || {
        let mut nothing = [0; 16];
        while !matches!(stream.read(&mut nothing), Ok(0) | Err(_)) {}
        std::thread::sleep(SIGNALS_FIRST);
        crate::system::signals::exit(crate::system::signals::TERMINATED);
    });
}

/// Windows has no such socket for us.
#[cfg(not(unix))]
pub(crate) fn watch_socket(_env: &crate::system::env::Env) {}

/// How long a closed socket waits for a signal: Ctrl-C reaches docker and us at the same moment,
/// docker then closes the socket, and the code of the signal is the right one.
#[cfg(unix)]
const SIGNALS_FIRST: std::time::Duration = std::time::Duration::from_millis(100);

#[cfg(test)]
mod tests;
