//! Answers that no honest server gives: dripped, cut short, endless.
//!
//! All of them end by themselves: when the client hangs up, or at a cap far above any limit
//! the product may have.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use super::http::Response;

/// No endless answer sends more than this, in bytes.
const CAP: u64 = 512 * 1024 * 1024;

/// The answer in pieces of `size` bytes with a pause before each. At most 10,000 pieces.
pub fn drip(answer: &Response, size: usize, pause: Duration) -> Response {
    let bytes = answer.bytes(false);
    Response::raw(move |stream| {
        for piece in bytes.chunks(size.max(1)).take(10_000) {
            thread::sleep(pause);
            if stream.write_all(piece).and_then(|()| stream.flush()).is_err() {
                return;
            }
        }
    })
}

/// The answer's header and the first `count` bytes of its body, then the connection closes:
/// the promised length never arrives.
pub fn cut(answer: &Response, count: usize) -> Response {
    let head = answer.bytes(true).len();
    let bytes = answer.bytes(false);
    let end = bytes.len().min(head + count);
    Response::raw(move |stream| {
        let _ = stream.write_all(&bytes[..end]);
        let _ = stream.flush();
    })
}

/// The connection closes without a byte of an answer.
pub fn hang_up() -> Response {
    Response::raw(|_| ())
}

/// Exactly these bytes, then the connection closes.
pub fn bytes(bytes: impl Into<Vec<u8>>) -> Response {
    let bytes = bytes.into();
    Response::raw(move |stream| {
        let _ = stream.write_all(&bytes);
        let _ = stream.flush();
    })
}

/// The header of `answer`, then `filler` for ever: chunked, or under a `Content-Length` that
/// `declared` gives. `sent` counts the body's bytes until the client hangs up.
pub fn endless(
    answer: Response,
    filler: Vec<u8>,
    declared: Option<u64>,
    sent: Arc<AtomicU64>,
) -> Response {
    let answer = match declared {
        Some(length) => answer.header("Content-Length", length.to_string()),
        None => answer.chunked(),
    };
    let piece = match declared {
        Some(_) => filler.clone(),
        None => {
            let mut piece = format!("{:x}\r\n", filler.len()).into_bytes();
            piece.extend_from_slice(&filler);
            piece.extend_from_slice(b"\r\n");
            piece
        }
    };
    let head = answer.bytes(true);
    Response::raw(move |stream| {
        if stream.write_all(&head).is_err() {
            return;
        }
        let mut total = 0;
        while total < CAP && stream.write_all(&piece).is_ok() {
            total += filler.len() as u64;
            sent.fetch_add(filler.len() as u64, Ordering::SeqCst);
        }
    })
}
