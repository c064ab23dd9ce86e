//! A word from another process that it wrote, or leads no longer (`LISTEN`, `NOTIFY`).
//!
//! It wakes whoever would look soon anyway, and means nothing more: one that is lost, or comes for nothing, changes when
//! something happens and never what. Only a server passes such words on.

use std::fmt;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::time::Instant;

/// Where the server is away it is asked again so late: the polls go on meanwhile.
const AGAIN: Duration = Duration::from_secs(5);
/// After so long a silence the connection is asked whether it is still one: what a network loses, nobody closes.
const SILENCE: Duration = Duration::from_mins(1);
/// It answers within so long, or is given up. Shorter than the polls, which cut off whoever waits here.
const ANSWER: Duration = Duration::from_secs(1);

/// What a process listens with.
pub struct Hints {
    options: PgConnectOptions,
    channel: String,
    /// What it calls itself: its own words tell it nothing.
    session: String,
    listener: Option<PgListener>,
    silence: Duration,
    /// When the connection was last known to be one.
    known: Instant,
}

/// Without the options, which hold the password.
impl fmt::Debug for Hints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hints").field("channel", &self.channel).finish_non_exhaustive()
    }
}

impl Hints {
    pub(super) fn new(options: PgConnectOptions, channel: String, session: String) -> Self {
        Self { options, channel, session, listener: None, silence: SILENCE, known: Instant::now() }
    }

    /// Waits until another process says that it wrote. May be cut off and asked again.
    pub async fn heard(&mut self) {
        loop {
            if self.hear().await.unwrap_or(false) {
                return;
            }
        }
    }

    /// One word, and whether it is another's; or a silence.
    async fn hear(&mut self) -> sqlx::Result<bool> {
        if self.listener.is_none() {
            let begun = tokio::time::timeout(AGAIN, self.listening()).await;
            self.listener = begun.ok().and_then(Result::ok);
            self.known = Instant::now();
        }
        let Some(listener) = &mut self.listener else {
            tokio::time::sleep(AGAIN).await;
            return Ok(false);
        };
        let Ok(heard) = tokio::time::timeout_at(self.known + self.silence, listener.recv()).await else {
            // Cut off in the middle of asking, it is not used again.
            self.listener = match self.listener.take() {
                Some(listener) => answering(listener).await,
                None => None,
            };
            self.known = Instant::now();
            return Ok(false);
        };
        self.known = Instant::now();
        if heard.is_err() {
            self.listener = None;
            tokio::time::sleep(AGAIN).await;
        }
        Ok(heard?.payload() != self.session)
    }

    /// Through a pool of its own each time: one that is given up keeps its place in the old one until the system notices.
    async fn listening(&self) -> sqlx::Result<PgListener> {
        let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(self.options.clone());
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.listen(&self.channel).await?;
        Ok(listener)
    }
}

/// The connection, if it answers.
async fn answering(mut listener: PgListener) -> Option<PgListener> {
    let asked = tokio::time::timeout(ANSWER, sqlx::raw_sql("SELECT 1").execute(&mut listener)).await;
    matches!(asked, Ok(Ok(_))).then_some(listener)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
    use tokio::net::{TcpListener, UnixStream};

    use super::*;
    use crate::domain::journal::ClockAct;
    use crate::domain::overrides::Authorship;
    use crate::store::testing::{self, at};
    use crate::store::{LedgerPlace, LedgerServer, Store};

    /// What passes connections on to a server.
    struct Network {
        port: u16,
        /// How many there were.
        count: Arc<AtomicUsize>,
        /// So many of them are lost: nothing comes through any more, and nobody closes them.
        lost: Arc<AtomicUsize>,
    }

    async fn network(socket: PathBuf) -> Network {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let network = Network { port, count: Arc::default(), lost: Arc::default() };
        let (count, lost) = (network.count.clone(), network.lost.clone());
        drop(tokio::runtime::Handle::current().spawn(async move {
            while let Ok((outer, _)) = listener.accept().await {
                let own = count.fetch_add(1, Ordering::Relaxed);
                let inner = UnixStream::connect(socket.join(".s.PGSQL.5432")).await.unwrap();
                let ((from_a, to_a), (from_b, to_b)) = (outer.into_split(), inner.into_split());
                drop(tokio::runtime::Handle::current().spawn(pass(from_a, to_b, own, lost.clone())));
                drop(tokio::runtime::Handle::current().spawn(pass(from_b, to_a, own, lost.clone())));
            }
        }));
        network
    }

    async fn pass(
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
        own: usize,
        lost: Arc<AtomicUsize>,
    ) {
        let mut buffer = vec![0; 65_536];
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            if own >= lost.load(Ordering::Relaxed) && to.write_all(&buffer[..read]).await.is_err() {
                return;
            }
        }
    }

    #[tokio::test]
    #[ignore = "needs PostgreSQL"]
    async fn a_connection_that_the_network_lost_is_noticed_and_the_next_word_is_heard() {
        let socket =
            std::env::var("TESTE_POSTGRES").expect("TESTE_POSTGRES names the socket of a PostgreSQL server");
        let dir = tempfile::tempdir().unwrap();
        let digest = crate::text::digest::sha256(dir.path().as_os_str().as_encoded_bytes());
        let near = LedgerServer { schema: format!("h{}", &digest[..16]), ..testing::server(&socket) };
        let network = network(socket.into()).await;
        let far = LedgerServer { host: "127.0.0.1".to_owned(), port: network.port, ..near.clone() };
        let open = async |server| {
            Store::open(LedgerPlace::new(testing::file(&dir), Some(server)), at(0)).await.unwrap()
        };
        let (listens, speaks) = (open(far).await, open(near).await);
        let mut hints = listens.hints().unwrap();
        hints.silence = Duration::from_millis(500);
        // As a reserve does, which looks every two seconds.
        let next_word = async |hints: &mut Hints| {
            tokio::time::timeout(Duration::from_secs(2), hints.heard()).await.is_ok()
        };
        let said = Authorship { author: "ana".to_owned(), reason: "x".to_owned(), at: at(2) };
        assert!(!next_word(&mut hints).await, "nobody spoke");
        let (heard, told) = tokio::join!(next_word(&mut hints), speaks.rule_clock(ClockAct::Believe, &said));
        told.unwrap();
        assert!(heard);
        network.lost.store(network.count.load(Ordering::Relaxed), Ordering::Relaxed);
        let is_lost = async |hints: &mut Hints| {
            let (heard, told) = tokio::join!(next_word(hints), speaks.rule_clock(ClockAct::Believe, &said));
            told.unwrap();
            !heard
        };
        assert!(is_lost(&mut hints).await, "what is said meanwhile is lost, and that is all");
        assert!(!next_word(&mut hints).await, "nobody spoke while it began another");
        assert!(!is_lost(&mut hints).await, "it listens again");
    }
}
