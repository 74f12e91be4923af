//! The answers of the faults: what they say, whom they name, which bytes they hold.

use serde_json::{Value, json};

use super::content::{Ask, World, wanted};
use super::faults::Fault;
use super::random::Random;
use super::wire::{self, LONG};
use crate::hostile::{BEARER, list};
use crate::support::hostile::cut;
use crate::support::image::{
    Blob, DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, SCHEMA1_SIGNED, sha256,
};
use crate::support::registry::manifest_response;
use crate::support::{Request, Response};

/// A token that the token service gives and the registry does not take.
pub(super) const OTHER_BEARER: &str = "other-bearer-4b2e";
const METADATA: &str = "http://169.254.169.254/token";
const EVIL: &str =
    "\u{1b}[2J\u{1b}]0;pwn\u{7}\u{9b}31m\r\nerror: all is well\n\u{202e}\u{2028}\u{0}";

/// A request that meets a fault.
pub(super) struct Scene<'a> {
    pub(super) world: &'a World,
    pub(super) request: &'a Request,
    pub(super) ask: &'a Ask,
    /// Another host, and what the path there begins with.
    pub(super) storage: &'a str,
    /// A host that has nothing.
    pub(super) trap: &'a str,
}

impl Scene<'_> {
    /// The fault's answer in place of the right one.
    pub(super) fn answer(&self, fault: Fault, right: Response, random: &mut Random) -> Response {
        // By group: they are declared in this order.
        match fault {
            fault if fault <= Fault::Smuggled => {
                wire::broken(fault, right, self.request.method == "HEAD", random)
            }
            fault if fault <= Fault::Encoded => self.refused(fault, right, random),
            fault if fault <= Fault::ToMetadata => self.elsewhere(fault),
            fault if fault <= Fault::RealmOfFile => self.challenged(fault, random),
            fault if fault <= Fault::ToWrongStorage => self.elsewhere(fault),
            fault if fault <= Fault::TwoRealms => self.challenged(fault, random),
            fault if fault <= Fault::TokenOfOddLife => token(fault, random),
            fault if fault <= Fault::HostileNames => self.listed(fault, right, random),
            fault => self.stored(fault, right, random),
        }
    }

    fn refused(&self, fault: Fault, right: Response, random: &mut Random) -> Response {
        let status = random.pick(&[400, 401, 403, 404, 405, 409, 418, 451, 501, 507]);
        let odd = random.pick(&[status, status, 202, 204, 206, 304, 599]);
        match fault {
            Fault::Busy => Response::new(random.pick(&[408, 429, 500, 502, 503, 504])),
            Fault::BusyForLong => Response::new(429).header("Retry-After", "3600"),
            Fault::BusyNoWait => Response::new(429).header("Retry-After", "0"),
            Fault::HostileError => {
                let error = json!({"code": EVIL, "message": EVIL, "detail": EVIL});
                Response::json(status, &json!({ "errors": [error] }))
            }
            Fault::Echo => self.echo(status),
            Fault::HostileHeaders => right
                .header("Warning", "299 - \"\u{9b}31m beware\"")
                .header("Set-Cookie", "session=canary; Path=/")
                .header("RateLimit-Limit", "\u{9b}31m;w=-1")
                .header("Date", "soon"),
            Fault::Html => Response::with_body(200, "text/html", "<html>\u{1b}[31m</html>"),
            Fault::DeepJson => Response::with_body(200, "application/json", "[".repeat(LONG)),
            Fault::Encoded => right.header("Content-Encoding", "gzip"),
            _ => Response::new(odd),
        }
    }

    /// Repeats the login that came.
    fn echo(&self, status: u16) -> Response {
        let sent = self.request.header("authorization").unwrap_or_default();
        let (user, password) = self.request.basic().unwrap_or_default();
        let text = format!("you sent {sent}, that is {user} with {password}");
        Response::json(status, &json!({"errors": [{"code": "ECHO", "message": text}]}))
            .header("Warning", format!("299 - \"{sent} {password}\""))
    }

    fn elsewhere(&self, fault: Fault) -> Response {
        let digest = match self.ask {
            Ask::Manifest(digest) | Ask::Blob(digest) => digest.as_str(),
            _ => "",
        };
        let to = |status, place: String| Response::new(status).header("Location", place);
        match fault {
            Fault::ToTrap => to(302, format!("{}/x", self.trap)),
            Fault::ToStorage => to(307, format!("{}/right/{digest}", self.storage)),
            Fault::ToWrongStorage => to(307, format!("{}/wrong/{digest}", self.storage)),
            _ => to(307, METADATA.to_owned()),
        }
    }

    fn challenged(&self, fault: Fault, random: &mut Random) -> Response {
        let ours = wanted(&format!("{}/token", self.request.origin()), self.ask);
        let mut fields = match fault {
            Fault::SecondField => {
                let rubbish: [&[u8]; 5] = [
                    b"Negotiate \x9b31m\xff",
                    b"a=,a=,a=\"",
                    b"Digest realm=\"\xc2\x9b31m\", nonce=\"\"",
                    b", , =",
                    b"\"",
                ];
                vec![ours.into_bytes(), random.pick(&rubbish).to_vec()]
            }
            Fault::TwoRealms => {
                let theirs = wanted(METADATA, self.ask);
                let theirs = random.pick(&[&*theirs, "Bearer realm=\"", "Bearer"]);
                vec![ours.into_bytes(), theirs.as_bytes().to_vec()]
            }
            Fault::RealmOfTrap => {
                vec![wanted(&format!("{}/token", self.trap), self.ask).into_bytes()]
            }
            Fault::RealmOfFile => vec![wanted("file:///etc/passwd", self.ask).into_bytes()],
            _ => vec![wanted(METADATA, self.ask).into_bytes()],
        };
        if random.one_in(2) {
            fields.reverse();
        }
        let answer = Response::new(401);
        fields.into_iter().fold(answer, |answer, field| answer.header("WWW-Authenticate", field))
    }

    fn listed(&self, fault: Fault, mut right: Response, random: &mut Random) -> Response {
        match fault {
            // The client can refuse this before it has read a single entry.
            Fault::LinkAway => {
                list(&["9"]).header("Link", format!("<{}/v2/x?last=1>; rel=next", self.trap))
            }
            Fault::LinkBack => {
                right.headers.retain(|(name, _)| name != "Link");
                right.header("Link", format!("<{}>; rel=next", self.request.target()))
            }
            _ => {
                let mut document: Value =
                    serde_json::from_slice(&right.body).expect("the right answer is JSON");
                for entries in document.as_object_mut().into_iter().flat_map(|o| o.values_mut()) {
                    mix_in(entries.as_array_mut().expect("its member is a list"), random);
                }
                right.body = document.to_string().into_bytes();
                right
            }
        }
    }

    fn stored(&self, fault: Fault, mut right: Response, random: &mut Random) -> Response {
        let retain = |right: &mut Response, gone: &str| right.headers.retain(|(n, _)| n != gone);
        match fault {
            Fault::OtherBytes => return self.other_bytes(right, random),
            Fault::HeadRefused => return Response::new(random.pick(&[400, 405, 501])),
            Fault::WrongDigestHeader => {
                retain(&mut right, "Docker-Content-Digest");
                let wrong = [sha256(b"x"), format!("sha512:{}", "c".repeat(128)), "x".to_owned()];
                return right.header("Docker-Content-Digest", random.pick(&wrong));
            }
            Fault::HeadWithoutDigest => retain(&mut right, "Docker-Content-Digest"),
            _ => {}
        }
        if matches!(fault, Fault::HeadWithoutType | Fault::OtherType) {
            let types = [DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, SCHEMA1_SIGNED];
            let own = right.headers.iter().find(|(name, _)| name == "Content-Type");
            let own = own.map(|(_, value)| value.clone()).unwrap_or_default();
            let others: Vec<&str> =
                types.into_iter().filter(|other| other.as_bytes() != own).collect();
            let none = ["application/octet-stream", "text/plain", ""];
            let other = random.pick(if fault == Fault::OtherType { &others } else { &none[..] });
            retain(&mut right, "Content-Type");
            return right.header("Content-Type", other);
        }
        right
    }

    /// Bytes that are not those of the digest, which the request or the answer names.
    fn other_bytes(&self, mut right: Response, random: &mut Random) -> Response {
        right.body = other_than(self.world, self.ask, &right.body, random);
        // A digest that was asked for counts whatever the answer says; of a tag the answer's.
        if matches!(self.ask, Ask::Manifest(_)) && self.ask.has_digest() && random.one_in(2) {
            right.headers.retain(|(name, _)| name != "Docker-Content-Digest");
            if random.one_in(2) {
                let theirs = sha256(&right.body);
                right = right.header("Docker-Content-Digest", theirs);
            }
        }
        right
    }
}

/// Other bytes in place of these.
pub(super) fn other_than(world: &World, ask: &Ask, right: &[u8], random: &mut Random) -> Vec<u8> {
    let all = if matches!(ask, Ask::Blob(_)) { &world.blobs } else { &world.manifests };
    let mut others: Vec<&Blob> = all.values().filter(|blob| blob.bytes != right).collect();
    others.sort_by_key(|blob| &blob.digest);
    // Of an old signed manifest the digest covers the beginning, and not the signatures.
    let is_signed = right.windows(10).any(|part| part == b"signatures");
    let middle = right.len() / if is_signed { 10 } else { 2 };
    match random.below(5) {
        0 if !is_signed => [right, b"\n"].concat(),
        1 => right[..middle].to_vec(),
        2 => b"{}".to_vec(),
        3 => random.pick(&others).bytes.clone(),
        _ => {
            let mut bytes = right.to_vec();
            bytes[middle] ^= 1;
            bytes
        }
    }
}

fn token(fault: Fault, random: &mut Random) -> Response {
    let with = |token: &str| Response::json(200, &json!({ "token": token, "expires_in": 300 }));
    match fault {
        Fault::TokenPoisoned => with(&format!(
            "{BEARER}{}",
            random.pick(&["\r\nX: y", " ", "\0", "\u{e9}", "\u{1b}[31m"])
        )),
        Fault::TokenEmpty => {
            let bodies = ["", "{}", "null", "{\"token\":\"\"}", "{\"token\":[\"t\"]}"];
            Response::with_body(200, "application/json", random.pick(&bodies))
        }
        Fault::TokenNotJson => Response::with_body(200, "text/html", "<html>log in</html>"),
        Fault::TokenHuge => with(&"t".repeat(3_000_000)),
        Fault::TokenOfOddLife => {
            let life =
                random.pick(&["-1", "0", "1", "1e308", "18446744073709551616", "\"x\"", "[]"]);
            let body = format!("{{\"token\":\"{BEARER}\",\"expires_in\":{life}}}");
            Response::with_body(200, "application/json", body)
        }
        _ => with(OTHER_BEARER),
    }
}

/// Entries that are none, and one twice, among those that there are.
fn mix_in(entries: &mut Vec<Value>, random: &mut Random) {
    let evil = [
        json!("\u{1b}[31mred"),
        json!("a\nb"),
        json!("..%2f..%2f_catalog"),
        json!("../../x"),
        json!(null),
        json!(42),
        json!(1.5),
        json!(""),
        json!("x".repeat(2_000)),
        json!("\u{202e}gnp"),
        json!(format!("sha256:{}", "0".repeat(64))),
    ];
    entries.extend(entries.first().cloned());
    for _ in 0..7 {
        entries.insert(random.below(entries.len() + 1), random.pick(&evil));
    }
}

/// Another host that has everything, right and wrong: `/NUMBER/WAY/DIGEST`.
pub(super) fn storage(world: &World, request: &Request, trap: &str) -> Response {
    let [number, way, digest] = request.segments()[..] else { return Response::new(404) };
    let manifest = world.manifests.get(digest);
    let ask = match manifest {
        Some(_) => Ask::Manifest(digest.to_owned()),
        None => Ask::Blob(digest.to_owned()),
    };
    let Some(blob) = manifest.or_else(|| world.blobs.get(digest)) else {
        return Response::new(404);
    };
    let mut answer = manifest_response(blob);
    if way == "right" {
        return answer;
    }
    let mut random = Random::of_request(number.parse().unwrap_or(0), &request.path, 0);
    match random.below(4) {
        0 => {
            let field = wanted(&format!("{trap}/token"), &ask);
            Response::new(401).header("WWW-Authenticate", field)
        }
        1 => cut(&answer, random.below(blob.bytes.len())),
        _ => {
            answer.body = other_than(world, &ask, &blob.bytes, &mut random);
            answer
        }
    }
}
