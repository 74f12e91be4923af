//! Whole HTTP answers through the real client: any bytes are an answer or an error, soon.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use docker_tags::internals::Proxies;
use docker_tags::internals::Reach;
use docker_tags::internals::Reporter;
use docker_tags::internals::{Client, Method, Peer, Request, Settings};

/// The most that is read of a body.
const LIMIT: u64 = 2048;

thread_local! {
    static LISTENER: TcpListener = TcpListener::bind("127.0.0.1:0").expect("loopback has a port");
}

pub fn run(data: &[u8]) {
    let Some((first, bytes)) = data.split_first() else { return };
    let method = if first & 1 == 0 { Method::Get } else { Method::Head };
    LISTENER.with(|listener| exchange(listener, method, bytes));
}

fn exchange(listener: &TcpListener, method: Method, bytes: &[u8]) {
    let address = listener.local_addr().expect("it is bound");
    std::thread::scope(|scope| {
        // One connection, one request, these bytes.
        scope.spawn(|| {
            let Ok((mut stream, _)) = listener.accept() else { return };
            let mut request = [0; 1024];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(bytes);
            let _ = stream.shutdown(Shutdown::Write);
            while stream.read(&mut request).is_ok_and(|count| count > 0) {}
        });
        let timeout = Some(Duration::from_secs(5));
        let settings = Settings { timeout, retries: 0, connections: 1, shows_waiting: false };
        let proxies = Proxies::default();
        let client = Client::new(settings, proxies, Arc::new(Reporter::silent()));
        let peer = Peer::new(Arc::default(), Reach::Anywhere);
        let url = format!("http://{address}/v2/").parse().expect("it is one");
        let outcome = client.exchange(&peer, &Request::new(method, url), |answer| {
            let (status, kind) = (answer.status(), answer.content_type());
            assert!(kind.len() < 65_536 && (100..=999).contains(&status));
            Ok(if status < 400 {
                answer.bytes(LIMIT, "a body")?
            } else {
                answer.detail().unwrap_or_default().into_bytes()
            })
        });
        match outcome {
            Ok(body) => assert!(body.len() <= 8192),
            Err(error) => assert!(!error.to_string().contains('\n'), "{error:?}"),
        }
    });
}
