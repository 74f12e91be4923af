//! A name server of our own: honest, changing its mind, silent, or talking nonsense.
//!
//! It answers at 127.0.0.1:53 over UDP and TCP, which only works in a network of the test's own. It knows as much of
//! RFC 1035 as the C library's resolver needs, and is asked by nobody else.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{IpAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

const ADDRESS: &str = "127.0.0.1:53";
const HEADER: usize = 12;
/// An answer over UDP is no longer, unless the client says that it may be.
const MAX_UDP: usize = 512;

/// Record types: an IPv4 address, an IPv6 address.
const A: u16 = 1;
const AAAA: u16 = 28;

/// A question as it came.
pub struct Question {
    /// The name, in lower case, without a dot at the end.
    pub name: String,
    /// Whether IPv6 addresses are asked for; else IPv4.
    pub six: bool,
    /// Whether it came over TCP.
    pub tcp: bool,
    /// How often the same was asked before.
    pub before: usize,
    packet: Vec<u8>,
}

/// What to do about a question.
pub enum Reply {
    /// Those of these addresses that are of the family asked for.
    Addresses(Vec<IpAddr>),
    /// NXDOMAIN.
    NoSuchName,
    /// No answer at all.
    Silence,
    /// These bytes.
    Raw(Vec<u8>),
}

type Handler = dyn Fn(&Question) -> Reply + Send + Sync;

struct Shared {
    handler: Box<Handler>,
    asked: Mutex<HashMap<(String, bool), usize>>,
    stopping: AtomicBool,
}

/// The running name server. Dropping it ends it.
pub struct Dns {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Dns {
    /// Answers as the closure says.
    pub fn start(handler: impl Fn(&Question) -> Reply + Send + Sync + 'static) -> Dns {
        let udp = UdpSocket::bind(ADDRESS).expect("port 53 of our own network is free");
        let tcp = TcpListener::bind(ADDRESS).expect("port 53 of our own network is free");
        let shared = Arc::new(Shared {
            handler: Box::new(handler),
            asked: Mutex::default(),
            stopping: AtomicBool::new(false),
        });
        let (one, two) = (Arc::clone(&shared), Arc::clone(&shared));
        let threads = vec![
            thread::spawn(move || one.datagrams(&udp)),
            thread::spawn(move || two.streams(&tcp)),
        ];
        Dns { shared, threads }
    }

    /// Knows these names, and no other.
    pub fn zone(names: &[(&str, &[&str])]) -> Dns {
        let parsed = |&(name, ips): &(&str, &[&str])| (name.to_owned(), addresses(ips));
        let zone: HashMap<String, Vec<IpAddr>> = names.iter().map(parsed).collect();
        Dns::start(move |question| match zone.get(&question.name) {
            Some(addresses) => Reply::Addresses(addresses.clone()),
            None => Reply::NoSuchName,
        })
    }

    /// How often the IPv4 addresses of a name were asked for.
    pub fn asked(&self, name: &str) -> usize {
        self.shared.asked().get(&(name.to_owned(), false)).copied().unwrap_or(0)
    }

    /// Forgets what was asked so far: the next question is the first again.
    pub fn forget(&self) {
        self.shared.asked().clear();
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Wake the two threads. If this fails, they have ended.
        let _ = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.send_to(&[], ADDRESS));
        let _ = TcpStream::connect(ADDRESS);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Addresses from their texts.
pub fn addresses(ips: &[&str]) -> Vec<IpAddr> {
    ips.iter().map(|ip| ip.parse().expect("an address of the test")).collect()
}

impl Shared {
    fn asked(&self) -> MutexGuard<'_, HashMap<(String, bool), usize>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn datagrams(&self, socket: &UdpSocket) {
        let mut buffer = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            if self.stopping.load(Ordering::SeqCst) {
                return;
            }
            if let Some(answer) = self.answer(&buffer[..length], false) {
                let _ = socket.send_to(&answer, from);
            }
        }
    }

    fn streams(&self, listener: &TcpListener) {
        for stream in listener.incoming() {
            if self.stopping.load(Ordering::SeqCst) {
                return;
            }
            // The client hangs up when it knows enough.
            let _ = stream.and_then(|stream| self.converse(stream));
        }
    }

    fn converse(&self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        loop {
            let mut length = [0; 2];
            stream.read_exact(&mut length)?;
            let mut packet = vec![0; u16::from_be_bytes(length).into()];
            stream.read_exact(&mut packet)?;
            if let Some(answer) = self.answer(&packet, true) {
                let length = u16::try_from(answer.len()).expect("the test's answers fit");
                stream.write_all(&[&length.to_be_bytes(), &answer[..]].concat())?;
            }
        }
    }

    fn answer(&self, packet: &[u8], tcp: bool) -> Option<Vec<u8>> {
        let (name, kind) = parse(packet)?;
        let mut question =
            Question { name, six: kind == AAAA, tcp, before: 0, packet: packet.to_vec() };
        if kind != A && kind != AAAA {
            return Some(question.reply(0, &[]));
        }
        let count = {
            let mut asked = self.asked();
            let count = asked.entry((question.name.clone(), question.six)).or_default();
            *count += 1;
            *count
        };
        question.before = count - 1;
        match (self.handler)(&question) {
            Reply::Addresses(addresses) => {
                let answer = question.answer(&addresses);
                let fits = tcp || answer.len() <= MAX_UDP;
                Some(if fits { answer } else { question.cut() })
            }
            Reply::NoSuchName => Some(question.reply(3, &[])),
            Reply::Silence => None,
            Reply::Raw(bytes) => Some(bytes),
        }
    }
}

impl Question {
    /// The whole answer with these addresses, however long.
    pub fn answer(&self, addresses: &[IpAddr]) -> Vec<u8> {
        let wanted: Vec<IpAddr> =
            addresses.iter().copied().filter(|ip| ip.is_ipv6() == self.six).collect();
        self.reply(0, &wanted)
    }

    /// The answer that says: too long, ask over TCP.
    pub fn cut(&self) -> Vec<u8> {
        let mut answer = self.reply(0, &[]);
        answer[2] |= 0x02;
        answer
    }

    fn reply(&self, code: u8, addresses: &[IpAddr]) -> Vec<u8> {
        let count = u16::try_from(addresses.len()).expect("the test's answers fit").to_be_bytes();
        // Number, "a recursive answer", code; one question, so many answers, nothing else.
        let mut bytes = vec![self.packet[0], self.packet[1], 0x81, 0x80 | code];
        bytes.extend_from_slice(&[0, 1, count[0], count[1], 0, 0, 0, 0]);
        bytes.extend_from_slice(&self.packet[HEADER..question_end(&self.packet).unwrap_or(HEADER)]);
        for address in addresses {
            let (kind, data) = match address {
                IpAddr::V4(v4) => (A as u8, v4.octets().to_vec()),
                IpAddr::V6(v6) => (AAAA as u8, v6.octets().to_vec()),
            };
            // The name of the question, type, class, no seconds to live.
            bytes.extend_from_slice(&[0xc0, HEADER as u8, 0, kind, 0, 1, 0, 0, 0, 0]);
            bytes.extend_from_slice(&[0, data.len() as u8]);
            bytes.extend(data);
        }
        bytes
    }
}

/// The name and the type of the one question in a packet.
fn parse(packet: &[u8]) -> Option<(String, u16)> {
    let end = question_end(packet)?;
    let mut labels = Vec::new();
    let mut at = HEADER;
    while packet[at] != 0 {
        let next = at + 1 + usize::from(packet[at]);
        labels.push(String::from_utf8_lossy(&packet[at + 1..next]).to_ascii_lowercase());
        at = next;
    }
    Some((labels.join("."), u16::from_be_bytes([packet[end - 4], packet[end - 3]])))
}

fn question_end(packet: &[u8]) -> Option<usize> {
    let mut at = HEADER;
    loop {
        match usize::from(*packet.get(at)?) {
            0 => break,
            length => at += 1 + length,
        }
    }
    Some(at + 5).filter(|end| *end <= packet.len())
}
