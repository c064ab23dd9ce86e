//! A web server that answers as told, page by page, and misbehaves as the real ones do.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What a page answers.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// A status, header lines and a body.
    Reply(u16, Vec<String>, Vec<u8>),
    /// The connection is reset.
    Reset,
    /// One byte at a time, for ever.
    Drip,
    /// Bytes without an end.
    Endless,
    /// The first answers so many times, then the second.
    First(usize, Box<Answer>, Box<Answer>),
}

impl Answer {
    pub(crate) fn page(body: impl Into<Vec<u8>>) -> Self {
        Self::Reply(200, Vec::new(), body.into())
    }

    pub(crate) fn status(status: u16) -> Self {
        Self::Reply(status, Vec::new(), b"indisponivel".to_vec())
    }

    pub(crate) fn with(self, header: &str) -> Self {
        match self {
            Self::Reply(status, mut headers, body) => {
                headers.push(header.to_owned());
                Self::Reply(status, headers, body)
            }
            other => other,
        }
    }

    /// At the so-many-th request of its page, from 0.
    fn at(&self, n: usize) -> Self {
        match self {
            Self::First(times, first, then) => {
                if n < *times {
                    first.at(n)
                } else {
                    then.at(n - times)
                }
            }
            other => other.clone(),
        }
    }
}

#[derive(Default)]
struct State {
    pages: BTreeMap<String, Answer>,
    asked: Vec<String>,
}

/// The server.
#[derive(Clone)]
pub(crate) struct Host {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
}

impl Host {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = Self { port: listener.local_addr().unwrap().port(), state: Arc::default() };
        let served = host.clone();
        drop(tokio::runtime::Handle::current().spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let host = served.clone();
                drop(tokio::runtime::Handle::current().spawn(async move { host.serve(stream).await }));
            }
        }));
        host
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What a page (path and query) answers from now on.
    pub(crate) fn put(&self, page: &str, answer: Answer) {
        self.state.lock().unwrap().pages.insert(page.to_owned(), answer);
    }

    /// What was asked for, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap().asked.clone()
    }

    /// What was asked for since the last time that this was asked.
    pub(crate) fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().asked)
    }

    async fn serve(&self, mut stream: TcpStream) {
        let mut request = Vec::new();
        let mut piece = [0; 1024];
        while !request.windows(4).any(|w| w == b"\r\n\r\n") {
            match stream.read(&mut piece).await {
                Ok(n) if n > 0 => request.extend_from_slice(&piece[..n]),
                _ => return,
            }
        }
        let page = String::from_utf8_lossy(&request).split(' ').nth(1).unwrap_or_default().to_owned();
        let answer = {
            let mut state = self.state.lock().unwrap();
            let n = state.asked.iter().filter(|asked| **asked == page).count();
            state.asked.push(page.clone());
            state.pages.get(&page).map_or_else(|| Answer::status(404), |answer| answer.at(n))
        };
        answer.give(stream).await;
    }
}

impl Answer {
    async fn give(self, mut stream: TcpStream) {
        const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
        match self {
            Self::Reply(status, headers, body) => {
                let mut head =
                    format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
                for header in headers {
                    head += &header;
                    head += "\r\n";
                }
                head += "\r\n";
                let _ = stream.write_all(&[head.as_bytes(), &body].concat()).await;
                let _ = stream.shutdown().await;
            }
            Self::Reset => stream.set_zero_linger().unwrap(),
            Self::Drip => {
                let _ = stream.write_all(HEAD).await;
                while stream.write_all(b"i").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
            Self::Endless => {
                let _ = stream.write_all(HEAD).await;
                while stream.write_all(&[b'x'; 8 * 1024]).await.is_ok() {}
            }
            Self::First(..) => {}
        }
    }
}
