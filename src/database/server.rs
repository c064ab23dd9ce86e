//! Where a ledger is kept: a file on this machine, or a schema of a PostgreSQL server.

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

/// Where a ledger is kept.
#[derive(Debug, Clone)]
pub struct LedgerPlace {
    /// The file; with a server, what would be it: the witness and the like lie beside it.
    pub(crate) path: PathBuf,
    pub(crate) server: Option<LedgerServer>,
}

/// A PostgreSQL server, and the place in it that one service has for itself.
#[derive(Debug, Clone)]
pub struct LedgerServer {
    /// Its name or address, or the folder of its socket.
    pub host: String,
    pub port: u16,
    /// Who connects.
    pub user: String,
    /// What proves it; absent: the server asks for nothing.
    pub password: Option<SecretString>,
    pub database: String,
    /// The schema in it: one for each service and mode.
    pub schema: String,
    /// How the connection is secured.
    pub tls: LedgerTls,
    /// File with certificates (PEM) of a private authority; absent: the system's.
    pub authorities: Option<PathBuf>,
}

/// How the connection to a server is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerTls {
    /// TLS, with a certificate of a known authority for that very host.
    Full,
    /// TLS, with a certificate of a known authority for whatever host.
    Authority,
    /// None: only on the same machine.
    Off,
}

/// As faults call it, without the password.
impl fmt::Display for LedgerServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, user, database, schema, .. } = self;
        write!(f, "postgres://{user}@{host}:{port}/{database}, esquema {schema}")
    }
}

impl LedgerPlace {
    /// The file at `path`, or that server, with what lies beside the ledger at `path` on this machine.
    pub fn new(path: PathBuf, server: Option<LedgerServer>) -> Self {
        Self { path, server }
    }

    /// As people know it: the file, or the server and the schema.
    pub fn words(&self) -> String {
        match &self.server {
            Some(server) => server.to_string(),
            None => {
                std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone()).display().to_string()
            }
        }
    }

    /// The file, or what would be it.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl From<&Path> for LedgerPlace {
    fn from(path: &Path) -> Self {
        Self::new(path.to_owned(), None)
    }
}

impl From<&PathBuf> for LedgerPlace {
    fn from(path: &PathBuf) -> Self {
        Self::from(path.as_path())
    }
}
