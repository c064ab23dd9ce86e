//! The panel beside the real service: what goes wrong with it costs no letter, and what it promises holds in a browser.

mod browser;
mod service;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// A port of loopback that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Asks for a page; head and body, nothing where nobody answers.
fn ask(port: u16, path: &str, headers: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    Some(String::from_utf8_lossy(&answer).into_owned()).filter(|answer| !answer.is_empty())
}

/// Asks until it is answered so, a minute at most.
pub(crate) fn ask_until(port: u16, path: &str, headers: &str, wanted: &str) -> String {
    let begun = Instant::now();
    loop {
        match ask(port, path, headers) {
            Some(answer) if answer.contains(wanted) => return answer,
            answer => {
                assert!(begun.elapsed() < Duration::from_mins(1), "{path}: no {wanted:?} in {answer:?}");
            }
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}
