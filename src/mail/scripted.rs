//! A relay that says what a test tells it to, on a port of loopback. Tests only.
//!
//! Each connection follows a script of its own: at each moment the next deed for that moment, or what a well-behaved
//! relay would say. What it heard is kept.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// The authority that signed the relay's certificate (for `localhost` by that name only; keys made for these tests).
pub(crate) const AUTHORITY: &[u8] = include_bytes!("smtp/fixture/ca.pem");

/// When the relay acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Moment {
    Greeting,
    Ehlo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// The first line of a body has come.
    Body,
    Dot,
    Rset,
    Quit,
}

/// What the relay does.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    /// Says these lines; CRLF is added.
    Say(&'static str),
    /// Says exactly these bytes.
    Raw(Vec<u8>),
    /// Says these bytes one by one, with a pause before each.
    Drip(&'static str, Duration),
    /// Says these lines and closes.
    SayAndHangUp(&'static str),
    /// Closes.
    HangUp,
    /// Says nothing more, ever.
    Stall,
}

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

/// How connections are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cover {
    /// In the clear; STARTTLS works when asked for.
    Clear,
    /// From the first byte.
    Tls,
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
        let talk = Talk { script, heard: Arc::clone(&heard), index, rcpt: String::new() };
        connections.spawn(attend(stream, cover, talk));
    }
}

async fn attend(stream: TcpStream, cover: Cover, mut talk: Talk) {
    stream.set_nodelay(true).unwrap();
    if cover == Cover::Tls {
        let Ok(stream) = acceptor().accept(stream).await else { return };
        let _ = talk.run(stream, true, true).await;
        return;
    }
    if let Some(stream) = talk.run(stream, true, false).await {
        let Ok(stream) = acceptor().accept(stream).await else { return };
        let _ = talk.run(stream, false, true).await;
    }
}

fn acceptor() -> TlsAcceptor {
    let chain = vec![CertificateDer::from_pem_slice(include_bytes!("smtp/fixture/leaf.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("smtp/fixture/leaf.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

struct Talk {
    script: Script,
    heard: Arc<Mutex<Vec<Heard>>>,
    index: usize,
    rcpt: String,
}

impl Talk {
    /// Gives the stream back when STARTTLS was granted.
    async fn run<S>(&mut self, stream: S, greet: bool, covered: bool) -> Option<S>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut stream = BufReader::new(stream);
        if greet {
            self.act(&mut stream, Moment::Greeting, "220 scripted ESMTP").await?;
        }
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_owned();
            self.heard.lock().unwrap()[self.index].lines.push(line.clone());
            let (moment, usual) = match line.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" if covered => (Moment::Ehlo, "250-scripted\r\n250 AUTH PLAIN LOGIN"),
                "EHLO" => (Moment::Ehlo, "250-scripted\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN"),
                "STARTTLS" => (Moment::StartTls, "220 go ahead"),
                // An empty line answers a challenge.
                "AUTH" | "" => (Moment::Auth, "235 welcome"),
                "MAIL" => (Moment::Mail, "250 sender ok"),
                "RCPT" => (Moment::Rcpt, "250 recipient ok"),
                "DATA" => (Moment::Data, "354 go"),
                "RSET" => (Moment::Rset, "250 reset"),
                "QUIT" => (Moment::Quit, "221 bye"),
                other => panic!("not expected: {other}"),
            };
            if moment == Moment::Rcpt {
                self.rcpt.clone_from(&line);
            }
            let said = self.act(&mut stream, moment, usual).await?;
            match moment {
                Moment::StartTls if said.starts_with(b"220") => return Some(stream.into_inner()),
                Moment::Data if said.starts_with(b"354") => self.take_letter(&mut stream).await?,
                Moment::Quit => return None,
                _ => {}
            }
        }
    }

    async fn take_letter<S>(&mut self, stream: &mut BufReader<S>) -> Option<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut letter = Vec::new();
        loop {
            let mut line = Vec::new();
            if stream.read_until(b'\n', &mut line).await.ok()? == 0 {
                return None;
            }
            if letter.is_empty() {
                self.act(stream, Moment::Body, "").await?;
            }
            if line == b".\r\n" {
                break;
            }
            letter.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
        self.heard.lock().unwrap()[self.index].letters.push((self.rcpt.clone(), letter));
        self.act(stream, Moment::Dot, "250 2.0.0 taken").await.map(|_| ())
    }

    /// What was said; none when the connection ends here.
    async fn act<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        at: Moment,
        usual: &str,
    ) -> Option<Vec<u8>> {
        let deed = self.script.0.get_mut(&at).and_then(VecDeque::pop_front);
        let bytes = match &deed {
            None if !usual.is_empty() => format!("{usual}\r\n").into_bytes(),
            Some(Deed::Say(text) | Deed::SayAndHangUp(text)) => format!("{text}\r\n").into_bytes(),
            Some(Deed::Raw(bytes)) => bytes.clone(),
            None | Some(Deed::Drip(..) | Deed::HangUp | Deed::Stall) => Vec::new(),
        };
        if let Some(Deed::Drip(text, pause)) = &deed {
            for byte in text.bytes() {
                tokio::time::sleep(*pause).await;
                stream.write_all(&[byte]).await.ok()?;
            }
        }
        stream.write_all(&bytes).await.ok()?;
        stream.flush().await.ok()?;
        match deed {
            Some(Deed::HangUp | Deed::SayAndHangUp(_)) => None,
            Some(Deed::Stall) => std::future::pending().await,
            _ => Some(bytes),
        }
    }
}
