//! A relay on loopback that keeps every letter it took, and fails where a test tells it to.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::conversation::{Cover, Deed as Say, Host, Moment, acceptor, attend};

/// A letter that was taken: the dot came and was, or would have been, answered 250.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) message_id: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) at: Instant,
}

/// What the relay does with a letter to some address, instead of taking it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Says this at RCPT.
    AtRcpt(&'static str),
    /// Says this at the final dot; the letter is not taken.
    AtDot(&'static str),
    /// Takes the letter and closes without a reply.
    HangUpAfterDot,
}

/// How the relay treats every connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Mood {
    /// As a relay should.
    #[default]
    Kind,
    /// Offers PIPELINING, and keeps to it.
    Pipelining,
    /// Greets, and says nothing more.
    Mute,
    /// Closes when the first line of a letter has come.
    ClosesInData,
    /// Answers MAIL with something that is no reply.
    Babbles,
    /// Answers MAIL with two megabytes.
    Floods,
    /// Offers STARTTLS and answers it with this.
    RefusesTls(&'static str),
    /// Grants STARTTLS, and speaks no TLS.
    FailsTls,
    /// Does STARTTLS with a certificate that has expired.
    ExpiredTls,
}

/// The authority of [`Mood::ExpiredTls`]'s certificate.
pub(crate) const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/fixture/ca.pem");

/// A place in the exchange at which a trap springs; the connection then says nothing more until it is released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// RCPT came and is not answered.
    Rcpt,
    /// The first line of a letter came.
    Body,
    /// The letter is taken and no reply is given.
    Dot,
    /// The letter is taken and 250 was said.
    Reply,
}

impl Place {
    pub(crate) const ALL: [Self; 4] = [Self::Rcpt, Self::Body, Self::Dot, Self::Reply];
}

#[derive(Debug)]
struct Trap {
    place: Place,
    /// Passes of that place before it springs.
    skip: usize,
    sprung: bool,
}

#[derive(Default)]
struct State {
    taken: Vec<Taken>,
    connections: usize,
    greeting: Option<&'static str>,
    mood: Mood,
    /// Said to AUTH, without the command.
    auths: Vec<String>,
    login_only: bool,
    password: Option<&'static str>,
    everybody: Option<Deed>,
    deeds: HashMap<String, VecDeque<Deed>>,
    trap: Option<Trap>,
}

/// The relay; it runs until dropped.
pub(crate) struct Relay {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
    changed: watch::Sender<()>,
    running: JoinSet<()>,
}

/// Nothing that a test waits for takes so long without a letter coming; a test that waits longer fails.
const PATIENCE: Duration = Duration::from_secs(30);

impl Relay {
    pub(crate) async fn start() -> Self {
        Self::over(TcpListener::bind("127.0.0.1:0").await.unwrap(), Arc::default())
    }

    fn over(listener: TcpListener, state: Arc<Mutex<State>>) -> Self {
        let port = listener.local_addr().unwrap().port();
        let changed = watch::Sender::new(());
        let mut running = JoinSet::new();
        running.spawn(serve(listener, state.clone(), changed.clone()));
        Self { port, state, changed, running }
    }

    /// Stops listening and drops every connection; the port refuses until [`Relay::wake`].
    pub(crate) async fn die(&mut self) {
        self.running.shutdown().await;
    }

    /// Listens again on the same port.
    pub(crate) async fn wake(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        let changed = self.changed.clone();
        self.running.spawn(serve(listener, self.state.clone(), changed));
    }

    /// The next letter to that address meets this; told twice, the next two.
    pub(crate) fn once(&self, to: &str, deed: Deed) {
        self.state.lock().unwrap().deeds.entry(to.to_owned()).or_default().push_back(deed);
    }

    /// Every letter meets this, but for what was told of its address; or none does.
    pub(crate) fn always(&self, deed: Option<Deed>) {
        self.state.lock().unwrap().everybody = deed;
    }

    /// Greets so, and closes if that is a refusal.
    pub(crate) fn greet(&self, greeting: Option<&'static str>) {
        self.state.lock().unwrap().greeting = greeting;
    }

    /// Treats every connection so from its next word on.
    pub(crate) fn mood(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    /// Offers AUTH LOGIN alone.
    pub(crate) fn offer_login_only(&self) {
        self.state.lock().unwrap().login_only = true;
    }

    /// What was said to AUTH, decoded.
    pub(crate) fn auths(&self) -> Vec<String> {
        self.state.lock().unwrap().auths.clone()
    }

    /// Answers AUTH so.
    pub(crate) fn answer_auth(&self, reply: Option<&'static str>) {
        self.state.lock().unwrap().password = reply;
    }

    /// Sets a trap that springs once, after `skip` passes of its place.
    pub(crate) fn trap(&self, place: Place, skip: usize) {
        self.state.lock().unwrap().trap = Some(Trap { place, skip, sprung: false });
    }

    /// Waits until the trap springs.
    pub(crate) async fn sprung(&self) {
        self.until(|state| state.trap.as_ref().is_none_or(|trap| trap.sprung)).await;
    }

    /// Lets the connection in the trap go on.
    pub(crate) fn release(&self) {
        self.state.lock().unwrap().trap = None;
        self.changed.send_replace(());
    }

    /// Waits until so many different letters were taken (by Message-ID and address).
    pub(crate) async fn distinct(&self, wanted: usize) {
        self.until(|state| {
            let mut seen: Vec<_> = state.taken.iter().map(|t| (&t.message_id, &t.to)).collect();
            seen.sort_unstable();
            seen.dedup();
            seen.len() >= wanted
        })
        .await;
    }

    async fn until(&self, mut done: impl FnMut(&State) -> bool) {
        let mut changed = self.changed.subscribe();
        while !done(&self.state.lock().unwrap()) {
            let waited = tokio::time::timeout(PATIENCE, changed.changed()).await;
            let taken = self.state.lock().unwrap().taken.len();
            assert!(waited.is_ok(), "the relay waited in vain; it has {taken} letters");
        }
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.state.lock().unwrap().taken.clone()
    }

    /// The addresses of the letters taken, in order.
    pub(crate) fn recipients(&self) -> Vec<String> {
        self.taken().into_iter().map(|t| t.to).collect()
    }

    pub(crate) fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }
}

async fn serve(listener: TcpListener, state: Arc<Mutex<State>>, changed: watch::Sender<()>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        state.lock().unwrap().connections += 1;
        let (state, changed) = (state.clone(), changed.clone());
        let keeper = Keeper { state, changed, from: String::new(), to: String::new(), deed: None };
        connections.spawn(attend(stream, Cover::Clear, keeper));
    }
}

/// What one connection does.
struct Keeper {
    state: Arc<Mutex<State>>,
    changed: watch::Sender<()>,
    from: String,
    to: String,
    deed: Option<Deed>,
}

impl Host for Keeper {
    async fn deed(&mut self, at: Moment, heard: &[u8]) -> Option<Say> {
        let mood = self.state.lock().unwrap().mood;
        match at {
            Moment::Greeting => self.state.lock().unwrap().greeting.map(|greeting| {
                if greeting.starts_with('2') { Say::Say(greeting) } else { Say::SayAndHangUp(greeting) }
            }),
            Moment::Ehlo => Some(self.offers(mood)),
            Moment::StartTls => match mood {
                Mood::RefusesTls(reply) => Some(Say::Say(reply)),
                _ => None,
            },
            Moment::Auth => {
                let mut state = self.state.lock().unwrap();
                state.auths.push(answers(&String::from_utf8_lossy(heard)));
                state.password.map(Say::Say)
            }
            Moment::Mail => {
                self.from = path(heard);
                match mood {
                    Mood::Babbles => Some(Say::Say("banana")),
                    Mood::Floods => Some(Say::Raw("250-água mole em pedra dura\r\n".repeat(80_000).into())),
                    _ => None,
                }
            }
            Moment::Rcpt => {
                self.to = path(heard);
                self.pass(Place::Rcpt).await;
                let mut state = self.state.lock().unwrap();
                let own = state.deeds.get_mut(&self.to).and_then(VecDeque::pop_front);
                self.deed = own.or(state.everybody);
                match self.deed {
                    Some(Deed::AtRcpt(reply)) => Some(Say::Say(reply)),
                    _ => None,
                }
            }
            Moment::Body => {
                self.pass(Place::Body).await;
                let mood = self.state.lock().unwrap().mood;
                (mood == Mood::ClosesInData).then_some(Say::HangUp)
            }
            Moment::Dot => {
                if let Some(Deed::AtDot(reply)) = self.deed {
                    return Some(Say::Say(reply));
                }
                self.take(heard);
                self.pass(Place::Dot).await;
                (self.deed == Some(Deed::HangUpAfterDot)).then_some(Say::HangUp)
            }
            Moment::Said => {
                if !matches!(self.deed, Some(Deed::AtDot(_))) {
                    self.pass(Place::Reply).await;
                }
                None
            }
            Moment::Data | Moment::Rset | Moment::Quit => None,
        }
    }

    /// With a certificate whose time is over: the client will not have it.
    fn tls(&self) -> Option<TlsAcceptor> {
        let (chain, key) = (include_bytes!("fixture/expired.pem"), include_bytes!("fixture/expired.key"));
        (self.state.lock().unwrap().mood == Mood::ExpiredTls).then(|| acceptor(chain, key))
    }
}

impl Keeper {
    fn offers(&self, mood: Mood) -> Say {
        let auth = if self.state.lock().unwrap().login_only { "AUTH LOGIN" } else { "AUTH PLAIN LOGIN" };
        let also = match mood {
            Mood::Mute => return Say::Stall,
            Mood::Pipelining => "250-PIPELINING\r\n",
            Mood::RefusesTls(_) | Mood::FailsTls | Mood::ExpiredTls => "250-STARTTLS\r\n",
            _ => "",
        };
        Say::Raw(format!("250-relay\r\n{also}250 {auth}\r\n").into())
    }

    fn take(&self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let header = text.lines().find_map(|line| line.strip_prefix("Message-ID:"));
        let message_id = header.unwrap_or_default().trim().to_owned();
        let (from, to) = (self.from.clone(), self.to.clone());
        let taken = Taken { message_id, from, to, bytes: bytes.to_vec(), at: Instant::now() };
        self.state.lock().unwrap().taken.push(taken);
        self.changed.send_replace(());
    }

    /// Springs the trap if it is set here.
    async fn pass(&self, place: Place) {
        let springs = match &mut self.state.lock().unwrap().trap {
            Some(trap) if trap.place == place && !trap.sprung => {
                trap.sprung = trap.skip == 0;
                trap.skip = trap.skip.saturating_sub(1);
                trap.sprung
            }
            _ => false,
        };
        if springs {
            let mut changed = self.changed.subscribe();
            self.changed.send_replace(());
            let held = |state: &Mutex<State>| state.lock().unwrap().trap.is_some();
            while held(&self.state) && changed.changed().await.is_ok() {}
        }
    }
}

/// The address of a MAIL or RCPT line.
fn path(line: &[u8]) -> String {
    let line = String::from_utf8_lossy(line);
    line.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}

/// What was said to AUTH: without the command, and of LOGIN the answers decoded.
fn answers(line: &str) -> String {
    let said = line.strip_prefix("AUTH ").unwrap_or(line);
    let Some(login) = said.strip_prefix("LOGIN ") else { return said.to_owned() };
    login.split(' ').fold("LOGIN".to_owned(), |told, answer| format!("{told} {}", decoded(answer)))
}

/// Base64, as AUTH LOGIN answers.
fn decoded(text: &str) -> String {
    let digit = |b: u8| match b {
        b'A'..=b'Z' => Some(u32::from(b - b'A')),
        b'a'..=b'z' => Some(u32::from(b - b'a') + 26),
        b'0'..=b'9' => Some(u32::from(b - b'0') + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<u32> = text.bytes().filter_map(digit).collect();
    let mut bytes = Vec::new();
    for four in digits.chunks(4) {
        let word = four.iter().fold(0, |word, digit| word << 6 | digit) << (6 * (4 - four.len()));
        bytes.extend(word.to_be_bytes()[1..four.len()].iter());
    }
    String::from_utf8(bytes).unwrap()
}
