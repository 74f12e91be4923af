//! The promise, by chance: whatever servers do, what comes with exit code 0 and nothing on stderr is whole and right.
//! Each seed makes a repository, a registry with habits and faults, and one question whose answer is known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::hostile::cut;
use crate::support::image::{Image, OCI_INDEX, sha256};
use crate::support::product::{harbor_artifact, harbor_tokens, quay_tag, quay_tokens};
use crate::support::registry::error;
use crate::support::{Output, Request, Response, TestEnv, TestRegistry, TokenRules};

/// Numbers by chance, the same for the same seed.
struct Chance(u64);

impl Chance {
    fn new(seed: u64) -> Self {
        Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }

    /// Once in so many times.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

/// A repository: what each tag points to.
struct Truth {
    images: Vec<Image>,
    tags: BTreeMap<String, usize>,
}

impl Truth {
    fn new(chance: &mut Chance, name: &str) -> Self {
        let kinds = 1 + chance.below(4);
        let images = (0..kinds).map(|kind| Image::oci(&format!("{name} {kind}"), "linux/amd64"));
        let count = 1 + chance.below(90);
        let tags = (0..count).map(|n| (format!("1.{n}"), chance.below(kinds))).collect();
        Truth { images: images.collect(), tags }
    }

    fn digest(&self, tag: &str) -> &str {
        &self.images[self.tags[tag]].root.digest
    }

    /// Pairs of tag and digest.
    fn pairs(&self) -> BTreeSet<(String, String)> {
        self.tags.keys().map(|tag| (tag.clone(), self.digest(tag).to_owned())).collect()
    }
}

/// Something goes wrong with an answer: cut short, not there, in trouble, nonsense.
fn spoilt(kind: usize, answer: &Response) -> Response {
    let size = answer.bytes(false).len() - answer.bytes(true).len();
    match kind {
        0 => cut(answer, size / 2),
        1 => error(404, "NAME_UNKNOWN", "gone"),
        2 => Response::new(500),
        3 => Response::with_body(200, "text/html", "<html>"),
        4 => error(403, "DENIED", "no"),
        _ => Response::json(200, &json!({"tags": ["1.0", {}]})),
    }
}

/// A registry for a repository, with the API of a product or none, and faults by chance.
fn serve(truth: Arc<Truth>, chance: &mut Chance) -> TestRegistry {
    let product = chance.below(3);
    let rules = [TokenRules::default(), quay_tokens(), harbor_tokens()][product].clone();
    let page = 1 + chance.below(60);
    // A fault comes with one request of its kind, or with each.
    let mut fault = |times| {
        let is_there = chance.once_in(times);
        (is_there, chance.below(4), chance.once_in(2), chance.below(6))
    };
    let (list, api, heads) = (fault(3), fault(2), fault(4));
    let [lists_asked, apis_asked, heads_asked] = [(); 3].map(|()| AtomicUsize::new(0));
    let is_hit = |fault: (bool, usize, bool, usize), asked: &AtomicUsize| {
        let number = asked.fetch_add(1, Ordering::SeqCst);
        fault.0 && (number == fault.1 || (fault.2 && number > fault.1))
    };
    // The API leaves some tags out, and tells some twice.
    let told: Vec<String> = truth
        .tags
        .keys()
        .flat_map(|tag| vec![tag.clone(); if chance.once_in(9) { 2 * chance.below(2) } else { 1 }])
        .collect();
    let builder = TestRegistry::new().require_token(rules).page_size(page);
    let builder = truth.tags.iter().fold(builder, |builder, (tag, image)| {
        builder.image(&format!("team/app:{tag}"), &truth.images[*image])
    });
    let all: Vec<String> = truth.tags.keys().cloned().collect();
    let hook = move |request: &Request| -> Option<Response> {
        if request.path.starts_with("/api/") {
            let answer = api_page(&truth, &told, product, request);
            return Some(if is_hit(api, &apis_asked) { spoilt(api.3, &answer) } else { answer });
        }
        request.bearer()?;
        if request.path.ends_with("/tags/list") && is_hit(list, &lists_asked) {
            let tags = &all[..all.len().min(page)];
            let answer = Response::json(200, &json!({"name": "team/app", "tags": tags}));
            return Some(spoilt(list.3, &answer));
        }
        if request.method == "HEAD" && is_hit(heads, &heads_asked) {
            return Some(Response::new(if heads.3 % 2 == 0 { 404 } else { 500 }));
        }
        None
    };
    builder.hook(hook).start()
}

/// A page of Quay's or Harbor's API.
fn api_page(truth: &Truth, told: &[String], product: usize, request: &Request) -> Response {
    let page: usize = request.param("page").and_then(|text| text.parse().ok()).unwrap_or(1);
    // Smaller pages than asked for.
    let shown: Vec<&String> = told.iter().skip((page - 1) * 20).take(20).collect();
    if product == 1 {
        let entries: Vec<Value> =
            shown.iter().map(|tag| quay_tag(tag, truth.digest(tag), 5, 1_700_000_000)).collect();
        let more = told.len() > page * 20;
        return Response::json(200, &json!({"tags": entries, "has_additional": more}));
    }
    let entries: Vec<Value> = shown
        .iter()
        .map(|tag| harbor_artifact(&truth.images[truth.tags[*tag]], &[tag], &[]))
        .collect();
    Response::json(200, &json!(entries)).header("X-Total-Count", told.len().to_string())
}

fn is_believed(output: &Output) -> bool {
    output.stderr.is_empty() && [0, 10].contains(&output.code)
}

fn pair(row: &Value) -> (String, String) {
    let text = |member: &str| row[member].as_str().unwrap_or_default().to_owned();
    (text("Tag"), text("Digest"))
}

const SEEDS: u64 = 40;

#[test]
fn details_aliases_and_differences_are_whole() {
    let mut believed = [0_usize; 4];
    for seed in 0..SEEDS {
        let mut chance = Chance::new(seed);
        let truth = Arc::new(Truth::new(&mut chance, &format!("a {seed}")));
        let registry = serve(truth.clone(), &mut chance);
        let (env, name) = (TestEnv::new(), registry.repo("team/app"));
        let run = |words: &[&str]| env.run(words.iter().chain(&["--retries", "0"]).copied());
        let shown = || format!("seed {seed}\n{}", registry.log());
        let question = usize::try_from(seed % 4).unwrap();
        let is_whole = match question {
            0 => {
                let output = run(&["ls", "--digests", "--format", "json", &name]);
                let found = || output.json_lines().iter().map(pair).collect::<BTreeSet<_>>();
                is_believed(&output) && {
                    assert_eq!(found(), truth.pairs(), "{}", shown());
                    true
                }
            }
            1 => {
                let format = "{{.Tag}} {{.Digest}} {{.Size}} {{.Created}}";
                let output = run(&["ls", "--format", format, &name]);
                let found = || {
                    output
                        .stdout
                        .lines()
                        .map(|line| {
                            let words: Vec<&str> = line.split(' ').collect();
                            assert!(
                                !words.contains(&"N/A") && words.len() == 4,
                                "{line}\n{}",
                                shown()
                            );
                            (words[0].to_owned(), words[1].to_owned())
                        })
                        .collect::<BTreeSet<_>>()
                };
                is_believed(&output) && {
                    assert_eq!(found(), truth.pairs(), "{}", shown());
                    true
                }
            }
            2 => {
                let output = run(&["aliases", &format!("{name}:1.0")]);
                let same: BTreeSet<&str> = truth
                    .tags
                    .keys()
                    .map(String::as_str)
                    .filter(|tag| truth.digest(tag) == truth.digest("1.0"))
                    .collect();
                let found = || output.stdout.lines().collect::<BTreeSet<_>>();
                is_believed(&output) && {
                    assert_eq!(found(), same, "{}", shown());
                    true
                }
            }
            _ => {
                // What was saved has one tag less, one more, and one that has moved.
                let mut saved = truth.pairs();
                let removed = saved.pop_first().expect("a tag");
                saved.insert(("0.0".to_owned(), sha256(b"gone")));
                let moved = saved.pop_last().expect("a tag");
                saved.insert((moved.0.clone(), sha256(b"moved")));
                let line = |(tag, digest): &(String, String)| {
                    json!({"Repository": name, "Tag": tag, "Digest": digest}).to_string() + "\n"
                };
                env.write("work/saved.json", saved.iter().map(line).collect::<String>());
                let output = run(&["diff", "--format", "json", "saved.json", &name]);
                let found = || {
                    output
                        .json_lines()
                        .iter()
                        .map(|row| {
                            format!(
                                "{} {}",
                                row["State"].as_str().unwrap(),
                                row["Tag"].as_str().unwrap()
                            )
                        })
                        .collect::<BTreeSet<_>>()
                };
                let mut expected = BTreeSet::from([format!("added {}", removed.0)]);
                expected.insert("removed 0.0".to_owned());
                if moved.0 != "0.0" {
                    expected.insert(format!("moved {}", moved.0));
                }
                is_believed(&output) && {
                    assert_eq!(found(), expected, "{}", shown());
                    true
                }
            }
        };
        believed[question] += usize::from(is_whole);
    }
    // Otherwise nothing was tried.
    assert!(believed.iter().all(|count| *count >= 3), "{believed:?}");
}

#[test]
fn referrers_are_whole() {
    let image = Image::oci("subject", "linux/amd64");
    let mut believed = 0;
    for seed in 0..24 {
        let mut chance = Chance::new(seed + 1_000);
        let entries: Vec<Value> = (0..chance.below(50))
            .map(|n| {
                json!({
                    "mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 7,
                    "digest": sha256(format!("{seed} {n}").as_bytes()), "artifactType": "a/b",
                })
            })
            .collect();
        let expected: BTreeSet<String> =
            entries.iter().map(|entry| entry["digest"].as_str().unwrap().to_owned()).collect();
        let (page, fault) = (1 + chance.below(30), (chance.below(4), chance.below(6)));
        let has_fault = chance.once_in(2);
        let asked = AtomicUsize::new(0);
        let registry = TestRegistry::new()
            .image("demo/app:1", &image)
            .hook(move |request| {
                if !request.path.contains("/referrers/") {
                    return None;
                }
                let at = request.param("at").and_then(|at| at.parse().ok()).unwrap_or(0_usize);
                let end = (at + page).min(entries.len());
                let document = json!({
                    "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries[at..end],
                });
                let mut answer = Response::with_body(200, OCI_INDEX, document.to_string());
                if end < entries.len() {
                    answer = answer.header("Link", format!("<?at={end}>; rel=\"next\""));
                }
                let is_hit = has_fault && asked.fetch_add(1, Ordering::SeqCst) >= fault.0;
                Some(if is_hit { spoilt(fault.1, &answer) } else { answer })
            })
            .start();
        let name = registry.repo("demo/app:1");
        let words = ["referrers", "--format", "{{.Digest}}", "--retries", "0", &name];
        let output = TestEnv::new().run(words);
        if output.code != 0 || (!expected.is_empty() && !output.stderr.is_empty()) {
            continue;
        }
        // No API at all: then the registry has said so at once, and the tag is asked instead.
        if has_fault && fault.0 == 0 && fault.1 == 1 {
            continue;
        }
        let found: BTreeSet<String> = output.stdout.lines().map(str::to_owned).collect();
        assert_eq!(found, expected, "seed {seed}\n{output}\n{}", registry.log());
        believed += 1;
    }
    assert!(believed >= 8, "{believed}");
}
