//! A client of a few lines on a bare socket, so that the bench is tested by nothing of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// An answer as it came.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("the answer is JSON")
    }
}

/// One kept-alive connection.
pub struct Client(BufReader<TcpStream>);

impl Client {
    pub fn new(host: &str) -> Self {
        Client(BufReader::new(TcpStream::connect(host).expect("the server listens")))
    }

    pub fn get(&mut self, target: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", target, headers, b"")
    }

    pub fn send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut text = format!("{method} {target} HTTP/1.1\r\nHost: test\r\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        let stream = self.0.get_mut();
        stream.write_all(text.as_bytes()).expect("the server reads");
        stream.write_all(body).expect("the server reads");
        self.receive(method == "HEAD")
    }

    fn receive(&mut self, head_only: bool) -> Answer {
        let status = self.line().split(' ').nth(1).and_then(|code| code.parse().ok());
        let mut answer =
            Answer { status: status.expect("a status line"), headers: vec![], body: vec![] };
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(':') else { break };
            answer.headers.push((name.to_owned(), value.trim().to_owned()));
        }
        if head_only {
            return answer;
        }
        if answer.header("transfer-encoding") == Some("chunked") {
            loop {
                let size = u64::from_str_radix(&self.line(), 16).expect("a chunk's size");
                let _ = (&mut self.0).take(size).read_to_end(&mut answer.body);
                self.line();
                if size == 0 {
                    return answer;
                }
            }
        }
        let length = answer.header("content-length").and_then(|text| text.parse().ok());
        let _ = (&mut self.0).take(length.unwrap_or(0)).read_to_end(&mut answer.body);
        answer
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        let _ = self.0.read_line(&mut line);
        line.trim_end().to_owned()
    }
}

/// One GET on a connection of its own.
pub fn get(host: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
    Client::new(host).get(target, headers)
}
