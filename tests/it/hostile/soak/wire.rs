//! Answers of the soak that are broken on the wire: cut, dripped, endless, badly framed.

use std::sync::Arc;
use std::time::Duration;

use super::faults::Fault;
use super::random::Random;
use crate::hostile::list;
use crate::support::Response;
use crate::support::hostile::{bytes, cut, drip, endless, hang_up};

/// Longer than any line that a server may send.
pub(super) const LONG: usize = 200_000;

/// The right answer as one of the first group's faults sends it; `head`: to a `HEAD`.
pub(super) fn broken(fault: Fault, right: Response, head: bool, random: &mut Random) -> Response {
    match fault {
        Fault::CutAnywhere => {
            let whole = right.bytes(head);
            bytes(whole[..random.below(whole.len())].to_vec())
        }
        // One byte less than all is cut short, too.
        Fault::CutBody => {
            let length = right.body.len();
            let anywhere = random.below(length);
            cut(&right, random.pick(&[0, anywhere, length - 1]))
        }
        Fault::Silence => Response::raw(|stream| drop(stream.read(&mut [0]))),
        Fault::HeaderThenSilence => {
            let start = right.bytes(true);
            Response::raw(move |stream| {
                let _ = stream.write_all(&start).and_then(|()| stream.flush());
                let _ = stream.read(&mut [0]);
            })
        }
        Fault::Drip => {
            let right = as_sent(right, head);
            let size = right.bytes(false).len() / 20 + 1;
            drip(&right, size, Duration::from_millis(1))
        }
        Fault::SlowDrip => drip(&as_sent(right, head), 4, Duration::from_millis(20)),
        Fault::Noise => bytes(b"\xff\xfenonsense\r\n\r\n".to_vec()),
        Fault::OpenBrackets => bytes(vec![b'['; LONG]),
        Fault::LongStatusLine => {
            let whole = as_sent(right, head).bytes(false);
            let rest = whole.iter().position(|byte| *byte == b'\r').unwrap_or(0);
            bytes([&whole[..rest], &[b'x'; LONG], &whole[rest..]].concat())
        }
        Fault::EndlessHeader => endless_header(random),
        Fault::EndlessBody => endless_body(&right, random),
        Fault::Chunked => right.chunked(),
        Fault::BadFraming => badly_framed(right, random),
        Fault::BodyAfterHead => bytes(right.bytes(false)),
        Fault::Smuggled => smuggled(&right),
        _ => hang_up(),
    }
}

/// The answer with the body left out but its length told, if it is the one to a `HEAD`.
fn as_sent(mut answer: Response, head: bool) -> Response {
    if head {
        let length = std::mem::take(&mut answer.body).len();
        answer = answer.header("Content-Length", length.to_string());
    }
    answer
}

/// A header, a status line or interim answers without end.
fn endless_header(random: &mut Random) -> Response {
    let (start, filler) = random.pick(&[
        ("HTTP/1.1 200 OK\r\n", "a: b\r\n"),
        ("HTTP/1.1 200 OK\r\na: ", "xxxxxxxxxxxxxxxx"),
        ("HTTP/1.1 200 ", "OK "),
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
    ]);
    let filler = filler.repeat(2_000).into_bytes();
    Response::raw(move |stream| {
        let mut fine = stream.write_all(start.as_bytes()).is_ok();
        for _ in 0..4_000 {
            fine = fine && stream.write_all(&filler).is_ok();
            if !fine {
                return;
            }
        }
    })
}

/// A body without end: white space, which is valid so far, or noise.
fn endless_body(right: &Response, random: &mut Random) -> Response {
    let mut answer = Response::new(right.status);
    answer.headers.clone_from(&right.headers);
    let noise: Vec<u8> = (0..65_536_u32).map(|n| (n % 251) as u8).collect();
    let filler = random.pick(&[vec![b' '; 65_536], noise]);
    endless(answer, filler, random.pick(&[None, Some(i64::MAX as u64)]), Arc::default())
}

/// Lengths and chunks that make no sense.
fn badly_framed(mut right: Response, random: &mut Random) -> Response {
    let length = right.body.len();
    let body = std::mem::take(&mut right.body);
    let long = "x".repeat(LONG);
    let (fields, before) = random.pick(&[
        ("Transfer-Encoding: chunked", "zz\r\n".to_owned()),
        ("Transfer-Encoding: chunked", "-1\r\n".to_owned()),
        ("Transfer-Encoding: chunked", "fffffffffffffffff\r\n".to_owned()),
        ("Transfer-Encoding: chunked", format!("{length:x};{long}\r\n")),
        // The end of the chunks never comes.
        ("Transfer-Encoding: chunked", format!("{length:x}\r\n")),
        ("Content-Length: 5\r\nContent-Length: 6", String::new()),
        ("Content-Length: -1", String::new()),
        ("Content-Length: 99999999999999999999", String::new()),
        ("Content-Length: 0x11", String::new()),
    ]);
    let head = String::from_utf8_lossy(&right.bytes(true)).into_owned();
    let head = head.replace("Content-Length: 0\r\n\r\n", &format!("{fields}\r\n\r\n"));
    bytes([head.as_bytes(), before.as_bytes(), &body].concat())
}

/// The right answer, and behind it one that nobody asked for.
fn smuggled(right: &Response) -> Response {
    let both = [right.bytes(false), list(&["9"]).bytes(false)].concat();
    Response::raw(move |stream| {
        let _ = stream.write_all(&both).and_then(|()| stream.flush());
        // Kept open, as if nothing were wrong.
        let _ = stream.read(&mut [0; 4096]);
    })
}
