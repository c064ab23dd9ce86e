//! A way to a server of PostgreSQL that loses the answer of a commit: what was asked for is done, and whoever asked is not told.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How a server says that a transaction is committed: `CommandComplete` (PostgreSQL's protocol, part *Message Formats*).
const COMMITTED: &[u8] = b"C\0\0\0\x0bCOMMIT\0";

/// The socket that leads to a server's.
pub(crate) struct Gateway {
    home: TempDir,
    fate: Arc<Mutex<Fate>>,
    _running: JoinSet<()>,
}

#[derive(Debug)]
struct Fate {
    /// The answer of one more commit than these is lost; absent: none.
    spared: Option<usize>,
    /// How long nobody gets through then.
    away: Duration,
    away_until: Instant,
    lost: usize,
    /// Changes when whoever is connected loses the connection.
    cut: watch::Sender<usize>,
}

impl Gateway {
    /// One to the socket of a server.
    pub(crate) fn to(socket: &Path, port: &str) -> Self {
        let home = tempfile::Builder::new().prefix("vigia-gw").tempdir().unwrap();
        let fate = Fate {
            spared: None,
            away: Duration::ZERO,
            away_until: Instant::now(),
            lost: 0,
            cut: watch::channel(0).0,
        };
        let listener = UnixListener::bind(home.path().join(".s.PGSQL.5432")).unwrap();
        let (fate, server) = (Arc::new(Mutex::new(fate)), socket.join(format!(".s.PGSQL.{port}")));
        let mut running = JoinSet::new();
        running.spawn(lead(listener, server, fate.clone()));
        Self { home, fate, _running: running }
    }

    /// The folder of its socket.
    pub(crate) fn socket(&self) -> &Path {
        self.home.path()
    }

    /// After some commits more the answer of one is lost, everybody's connection with it, and nobody gets through for a while.
    pub(crate) fn lose_after(&self, spared: usize, away: Duration) {
        let mut fate = self.fate.lock().unwrap();
        (fate.spared, fate.away) = (Some(spared), away);
    }

    /// How many answers were lost.
    pub(crate) fn lost(&self) -> usize {
        self.fate.lock().unwrap().lost
    }
}

impl Fate {
    /// Whether this answer is lost.
    fn takes(&mut self) -> bool {
        match self.spared {
            Some(0) => {
                self.spared = None;
                self.lost += 1;
                self.away_until = Instant::now() + self.away;
                self.cut.send_modify(|times| *times += 1);
                true
            }
            Some(more) => {
                self.spared = Some(more - 1);
                false
            }
            None => false,
        }
    }
}

/// Leads whoever comes to the server, unless it is away.
async fn lead(listener: UnixListener, server: PathBuf, fate: Arc<Mutex<Fate>>) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        if Instant::now() < fate.lock().unwrap().away_until {
            continue;
        }
        let (fate, server) = (fate.clone(), server.clone());
        connections.spawn(async move {
            if let Ok(server) = UnixStream::connect(server).await {
                pass(client, server, &fate).await;
            }
        });
    }
}

/// Passes both ways, until either end is gone or the connection is cut.
async fn pass(client: UnixStream, server: UnixStream, fate: &Mutex<Fate>) {
    let mut cut = fate.lock().unwrap().cut.subscribe();
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let asks = async move { tokio::io::copy(&mut from_client, &mut to_server).await.map(drop) };
    let answers = async move {
        let mut chunk = vec![0; 1 << 16];
        loop {
            let read = from_server.read(&mut chunk).await?;
            let told = &chunk[..read];
            let commits = told.windows(COMMITTED.len()).any(|part| part == COMMITTED);
            if read == 0 || commits && fate.lock().unwrap().takes() {
                return std::io::Result::Ok(());
            }
            to_client.write_all(told).await?;
        }
    };
    // However it ends, both ends are closed.
    tokio::select! {
        _ = asks => {}
        _ = answers => {}
        _ = cut.changed() => {}
    }
}
