//! What can go wrong when something is fetched.

use std::path::PathBuf;

use jiff::SignedDuration;

/// Boxed so that no type of an outside crate shows.
pub(super) type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a fetch gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// It may go better later: network, time-out, a server in trouble.
    #[error("{what}; nova tentativa mais tarde")]
    Transient {
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
        what: FetchProblem,
        /// What lies under it.
        #[source]
        source: Option<Source>,
    },
}

impl FeedError {
    /// What happened, whether or not it may go better later.
    pub fn problem(&self) -> &FetchProblem {
        match self {
            Self::Transient { what, .. } | Self::Permanent { what, .. } => what,
        }
    }
}

/// What happened to a fetch. Displayed to operators.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchProblem {
    /// Not an HTTP(S) address.
    #[error("“{0}” não é um endereço http(s)")]
    Address(String),
    /// The client could not be made.
    #[error(
        "não foi possível preparar a consulta: confira os certificados do sistema (pacote ca-certificates)"
    )]
    Client,
    /// The file of additional authorities cannot be read, or holds none.
    #[error("{} não é um arquivo PEM de autoridades certificadoras que se possa ler", .0.display())]
    Authorities(PathBuf),
    /// The certificate leads to no authority that is trusted.
    #[error(
        "o certificado do servidor não pôde ser conferido: se a cadeia dele vem incompleta, salve o certificado \
         intermediário em PEM e aponte `ca_arquivo` da fonte para ele"
    )]
    Untrusted,
    /// The host stands where a fetch may not go.
    #[error(
        "{host} está na rede interna ({address}): se for legítimo, inclua o servidor em `hosts` da fonte"
    )]
    Internal {
        /// As in the address.
        host: String,
        /// As resolved, or the same.
        address: std::net::IpAddr,
    },
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
    /// The host stands where no fetch ever goes, named or not.
    #[error("{host} leva a um endereço que nunca é consultado ({address}): confira o endereço da fonte")]
    Forbidden {
        /// As in the address.
        host: String,
        /// As resolved, or the same.
        address: std::net::IpAddr,
    },
    /// A page that cannot be read, of an answer that comes in several.
    #[error("uma das páginas da resposta não pôde ser lida")]
    Unread,
    /// A redirect that is not followed.
    #[error("redirecionamento recusado para {0}: se for legítimo, inclua o servidor em `hosts` da fonte")]
    Redirect(String),
    /// Redirects without an end.
    #[error("o servidor redireciona sem fim: confira o endereço da fonte")]
    TooManyRedirects,
    /// A compression that was not asked for.
    #[error("o servidor comprimiu a resposta em “{0}”, que não foi pedido")]
    Encoding(String),
    /// More bytes than allowed.
    #[error("a resposta passa do limite de {}: confira o endereço, ou aumente `maximo` da fonte", size(*.0))]
    TooLarge(u64),
    /// More bytes in all pages of an answer than any answer has.
    #[error(
        "as páginas da resposta somam mais de {}: peça menos campos (`fl`) ou menos documentos no endereço da fonte",
        size(*.0)
    )]
    TooManyBytes(u64),
    /// The disk of ours.
    #[error("a resposta não pôde ser gravada: confira o espaço em disco")]
    Disk,
}

/// A limit as operators write it.
fn size(bytes: u64) -> String {
    match bytes {
        b if b % (1024 * 1024) == 0 => format!("{} MB", b / (1024 * 1024)),
        b if b % 1024 == 0 => format!("{} kB", b / 1024),
        b => format!("{b} bytes"),
    }
}
