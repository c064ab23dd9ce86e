//! What can go wrong between the daemon and the world: fetching and the drop folder. Contents are judged elsewhere.

use std::path::PathBuf;

use jiff::SignedDuration;

/// Boxed so that no type of an outside crate shows.
pub(super) type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a fetch gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// It may go better later: network, time-out, a server in trouble.
    #[error("{what}; nova tentativa no próximo horário")]
    Transient {
        /// What happened.
        what: FetchProblem,
        /// How long the server asked to be left alone.
        retry_after: Option<SignedDuration>,
        /// What lies under it.
        #[source]
        source: Option<Source>,
    },
    /// It goes wrong until a person changes something.
    #[error("{what}")]
    Permanent {
        /// What happened.
        what: FetchProblem,
        /// What lies under it.
        #[source]
        source: Option<Source>,
    },
}

impl FeedError {
    /// What happened, whether or not it may go better later.
    #[must_use]
    pub fn problem(&self) -> &FetchProblem {
        match self {
            Self::Transient { what, .. } | Self::Permanent { what, .. } => what,
        }
    }
}

/// What happened to a fetch. Displayed to operators.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchProblem {
    /// The feed is not one that is fetched.
    #[error("a fonte não tem endereço a consultar")]
    NotFetched,
    /// Not an HTTP(S) address.
    #[error("“{0}” não é um endereço http(s)")]
    Address(String),
    /// The client could not be made.
    #[error("não foi possível preparar a consulta (confira o proxy e os certificados do sistema)")]
    Client,
    /// No connection: name, network, TLS.
    #[error("não foi possível conectar ao servidor")]
    Connect,
    /// Too slow.
    #[error("o servidor não respondeu a tempo")]
    TimedOut,
    /// Broken off in the middle.
    #[error("a resposta foi interrompida ou veio corrompida")]
    Broken,
    /// A status other than 200 and 304.
    #[error("o servidor respondeu {0}")]
    Status(u16),
    /// A redirect that is not followed.
    #[error("redirecionamento recusado para {0}: se for legítimo, inclua o servidor em `hosts` da fonte")]
    Redirect(String),
    /// More bytes than allowed.
    #[error("a resposta passa do limite de {0} bytes")]
    TooLarge(u64),
}

/// Why the drop folder could not be worked. Displayed to operators, with path and hint.
#[derive(Debug, thiserror::Error)]
#[error("não foi possível {action} {}: {hint}", path.display())]
pub struct FolderError {
    /// What was tried, a verb phrase.
    pub action: &'static str,
    /// On what.
    pub path: PathBuf,
    /// What to do.
    pub hint: &'static str,
    /// What lies under it.
    #[source]
    pub source: Option<std::io::Error>,
}
