//! A relay that says what a test tells it to, on a port of loopback. Tests only.
//!
//! Each connection follows a script of its own: at each moment the next deed for that moment, or what a well-behaved
//! relay would say. What it heard is kept.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::conversation::{Cover, Deed, Host, Moment, acceptor, attend};

/// The authority that signed the relay's certificate (for `localhost` by that name only; keys made for these tests).
pub(crate) const AUTHORITY: &[u8] = include_bytes!("smtp/fixture/ca.pem");

/// The deeds of one connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script(HashMap<Moment, VecDeque<Deed>>);

impl Script {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a deed for the next such moment that has none.
    pub(crate) fn at(mut self, moment: Moment, deed: Deed) -> Self {
        self.0.entry(moment).or_default().push_back(deed);
        self
    }
}

/// What one connection heard: command lines, and letters as `RCPT line, bytes`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard {
    pub(crate) lines: Vec<String>,
    pub(crate) letters: Vec<(String, Vec<u8>)>,
}

/// A relay that runs until dropped.
pub(crate) struct Scripted {
    pub(crate) port: u16,
    heard: Arc<Mutex<Vec<Heard>>>,
    _running: JoinSet<()>,
}

impl Scripted {
    /// The first connection follows the first script, and so on; later ones the default.
    pub(crate) async fn start(cover: Cover, scripts: Vec<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let mut running = JoinSet::new();
        running.spawn(serve(listener, cover, scripts.into(), Arc::clone(&heard)));
        Self { port, heard, _running: running }
    }

    /// What each connection heard so far.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }
}

async fn serve(
    listener: TcpListener,
    cover: Cover,
    mut scripts: VecDeque<Script>,
    heard: Arc<Mutex<Vec<Heard>>>,
) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let index = {
            let mut heard = heard.lock().unwrap();
            heard.push(Heard::default());
            heard.len() - 1
        };
        let script = scripts.pop_front().unwrap_or_default();
        let host = Follower { script, heard: Arc::clone(&heard), index, rcpt: String::new() };
        connections.spawn(attend(stream, cover, host));
    }
}

/// What one connection does.
struct Follower {
    script: Script,
    heard: Arc<Mutex<Vec<Heard>>>,
    index: usize,
    rcpt: String,
}

impl Host for Follower {
    async fn deed(&mut self, at: Moment, heard: &[u8]) -> Option<Deed> {
        let text = || String::from_utf8(heard.to_vec()).unwrap();
        match at {
            Moment::Greeting | Moment::Body | Moment::Said => {}
            Moment::Dot => {
                let letter = (self.rcpt.clone(), heard.to_vec());
                self.heard.lock().unwrap()[self.index].letters.push(letter);
            }
            _ => self.heard.lock().unwrap()[self.index].lines.push(text()),
        }
        if at == Moment::Rcpt {
            self.rcpt = text();
        }
        self.script.0.get_mut(&at).and_then(VecDeque::pop_front)
    }

    fn tls(&self) -> Option<TlsAcceptor> {
        let (chain, key) = (include_bytes!("smtp/fixture/leaf.pem"), include_bytes!("smtp/fixture/leaf.key"));
        Some(acceptor(chain, key))
    }
}
