//! What may go wrong with the store, in the operators' words.

use std::error::Error;
use std::path::{Path, PathBuf};

/// What lies beneath; shown as the chain's next line.
pub(super) type Source = Box<dyn Error + Send + Sync>;

/// A fault of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be opened or created.
    #[error("não foi possível abrir ou criar o banco de dados “{}”\ndica: {hint}", path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// What to do.
        hint: &'static str,
        /// Why.
        source: Source,
    },
    /// It lies on a network disk.
    #[error(
        "o livro “{}” ficaria num disco de rede ({kind}), onde as travas do banco não valem e duas máquinas o \
         estragariam\ndica: em `dados`, escreva uma pasta num disco desta máquina", path.display()
    )]
    Network {
        /// Which file.
        path: PathBuf,
        /// The sort of file system.
        kind: String,
    },
    /// A newer program wrote it.
    #[error(
        "o banco de dados “{}” é de uma versão mais nova deste programa: esquema {found}, e este conhece até {known}\n\
         dica: instale a versão que o gravou, ou volte a uma cópia anterior", path.display()
    )]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema known here.
        known: i64,
    },
    /// No released program wrote it: its steps are not those of any release.
    #[error(
        "o banco de dados “{}” é de uma versão de teste, anterior à 0.1.0, e este programa não o lê\n\
         dica: leve esse arquivo (e os que terminam em -wal e -shm) para outra pasta e inicie o serviço, que cria um \
         banco novo", path.display()
    )]
    Unreleased {
        /// Which file.
        path: PathBuf,
    },
    /// An older program wrote it, and it was opened only to read.
    #[error(
        "o banco de dados “{}” ainda não foi atualizado: esquema {found}, e este programa pede {known}\n\
         dica: inicie o serviço uma vez (vigia-suas servir --uma-vez)", path.display()
    )]
    Older {
        /// Which file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The schema needed.
        known: i64,
    },
    /// An older program wrote it, and one still runs on it.
    #[error(
        "o banco de dados “{}” ainda não foi atualizado (esquema {found}, e este programa pede {known}), e o serviço \
         em execução o usa como está\ndica: reinicie o serviço (systemctl restart vigia-suas), que o atualiza ao começar",
        path.display()
    )]
    InUse {
        /// Which file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The schema needed.
        known: i64,
    },
    /// Another daemon holds the ledger.
    #[error(
        "outro processo já envia com o livro “{}”\n\
         dica: pare o serviço antes, ou use um comando que só consulta", path.display()
    )]
    Taken {
        /// The lock's file.
        path: PathBuf,
    },
    /// The witness beside the ledger cannot be read or put in place.
    #[error(
        "a testemunha do livro, “{}”, não pôde ser lida ou gravada\n\
         dica: confira o espaço em disco, e o dono e as permissões da pasta", path.display()
    )]
    Witness {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: Source,
    },
    /// No room left.
    #[error(
        "o disco está cheio: nada mais pode ser registrado\ndica: libere espaço no disco do banco de dados"
    )]
    Full {
        /// What the database said.
        source: Source,
    },
    /// May not be written.
    #[error(
        "o banco de dados não aceita escrita\ndica: confira o dono e as permissões do arquivo e da pasta dele"
    )]
    ReadOnly {
        /// What the database said.
        source: Source,
    },
    /// Somebody else writes for too long.
    #[error("o banco de dados está ocupado por outro processo há mais de 5 segundos\ndica: tente de novo")]
    Busy {
        /// What the database said.
        source: Source,
    },
    /// The file is damaged, or no database.
    #[error(
        "o arquivo do banco de dados está danificado ou não é um banco\ndica: ponha a última cópia no lugar: vigia-suas \
             restaurar ARQUIVO"
    )]
    Damaged {
        /// What the database said.
        source: Source,
    },
    /// A value that cannot be.
    #[error("linha corrompida no banco de dados: tabela {table}, coluna {column}, chave “{key}”")]
    Corrupt {
        /// Where.
        table: &'static str,
        /// Where in it.
        column: &'static str,
        /// Which row.
        key: String,
    },
    /// A notice is to be sent and there is nothing to send, or nobody to send it to.
    #[error("o aviso {key} não pode ser registrado para envio sem carta ou sem destinatário")]
    Incomplete {
        /// Which notice.
        key: String,
    },
    /// The step was cut off: the process is ending.
    #[error("o registro foi interrompido: o processo está terminando")]
    Interrupted,
    /// Anything else.
    #[error("o banco de dados falhou")]
    Database {
        /// What it said.
        source: Source,
    },
}

/// The primary result codes of SQLite that an operator can do something about.
const BUSY: i64 = 5;
const READONLY: i64 = 8;
const CORRUPT: i64 = 11;
const FULL: i64 = 13;
const NOT_A_DATABASE: i64 = 26;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .and_then(|c| c.parse::<i64>().ok());
        let source = Box::new(error);
        match code.map(|extended| extended & 0xff) {
            Some(BUSY) => Self::Busy { source },
            Some(READONLY) => Self::ReadOnly { source },
            Some(CORRUPT | NOT_A_DATABASE) => Self::Damaged { source },
            Some(FULL) => Self::Full { source },
            _ => Self::Database { source },
        }
    }
}

impl StoreError {
    pub(super) fn open(path: &Path, hint: &'static str, source: impl Into<Source>) -> Self {
        Self::Open { path: path.to_owned(), hint, source: source.into() }
    }

    /// The same, but where it says only that the database failed, says that it could not be opened.
    pub(super) fn opening(self, path: &Path, hint: &'static str) -> Self {
        match self {
            Self::Database { source } => Self::open(path, hint, source),
            other => other,
        }
    }
}
