//! What may go wrong with the store, in the operators' words.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::postgres::PgDatabaseError;

/// What lies beneath; shown as the chain's next line.
type Source = Box<dyn Error + Send + Sync>;

/// A fault of the store: of the database, or [`StoreError::Corrupt`] for a row that cannot be. Any operation may end with
/// one; what else one may say stands under its `# Errors`.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be opened or created.
    #[error("não foi possível abrir ou criar o banco de dados “{}”\ndica: {hint}", path.display())]
    Open { path: PathBuf, hint: &'static str, source: Source },
    /// It lies on a network disk.
    #[error(
        "o livro “{}” ficaria num disco de rede ({kind}), onde as travas do banco não valem e duas máquinas o \
         estragariam\ndica: em `dados`, escreva uma pasta num disco desta máquina", path.display()
    )]
    Network {
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
    Unreleased { path: PathBuf },
    /// An older program wrote it, and it was opened only to read.
    #[error(
        "o banco de dados “{}” ainda não foi atualizado: esquema {found}, e este programa pede {known}\n\
         dica: inicie o serviço uma vez (vigia-suas servir --uma-vez)", path.display()
    )]
    Older {
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
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The schema needed.
        known: i64,
    },
    /// Another daemon holds the ledger.
    #[error(
        "outro processo já envia com o livro “{}”{}\n\
         dica: pare o serviço antes, ou use um comando que só consulta",
        path.display(),
        holder.map_or(String::new(), |pid| format!(" (processo {pid})"))
    )]
    Taken {
        /// The ledger.
        path: PathBuf,
        /// The process that holds it, where it runs on this machine and can be seen.
        holder: Option<u32>,
    },
    /// The file was moved, removed or replaced while this process had it open.
    #[error(
        "o arquivo do livro, “{}”, foi trocado, apagado ou levado para outro lugar enquanto estava em uso: nada mais é gravado \
         nem enviado\n\
         dica: com o serviço parado, ponha de volta o arquivo que estava ali, com os que terminam em -wal e -shm, ou uma cópia \
         (vigia-suas restaurar ARQUIVO)", path.display()
    )]
    Displaced { path: PathBuf },
    /// The same, as another process finds it.
    #[error(
        "o serviço em execução (processo {holder}) usa outro arquivo, e não o que se chama “{}”: este foi trocado, apagado ou \
         levado para outro lugar, e o serviço não veria a ordem; nada foi gravado\n\
         dica: para parar o envio na hora, pare o serviço (systemctl stop vigia-suas); com ele parado, ponha de volta o \
         arquivo que estava ali, com os que terminam em -wal e -shm, ou uma cópia (vigia-suas restaurar ARQUIVO)",
        path.display()
    )]
    Elsewhere {
        /// The ledger.
        path: PathBuf,
        /// The process that sends.
        holder: u32,
    },
    /// The ledger went elsewhere.
    #[error(
        "o livro mudou de lugar: o que vale é {to}, e “{}” só serve para consulta\ndica: em vigia.toml, {}", path.display(),
        if new.extension().is_some_and(|end| end == "json") { "escreva em [banco] a `url` e o `esquema` de lá" }
        else { "apague `url` de [banco], e em `dados` escreva a pasta desse arquivo" }
    )]
    Moved {
        /// Which ledger.
        path: PathBuf,
        /// Where it is now, in words.
        to: String,
        /// The path that names it there.
        new: PathBuf,
    },
    /// The ledger is being moved here, or that was cut off.
    #[error(
        "a mudança do livro para “{}” não terminou: ainda vale “{}”\ndica: repita o mesmo “vigia-suas livro mudar”, com a \
         configuração do livro que vale; ele recomeça a mudança ou a termina", path.display(), from.display()
    )]
    Arriving {
        /// Which ledger.
        path: PathBuf,
        /// The one that counts.
        from: PathBuf,
    },
    /// Another process leads the ledger now, and this one did before.
    #[error(
        "outro processo passou a enviar com este livro, e este parou de escrever nele\n\
         dica: nada a fazer: o serviço recomeça como reserva; confira quem envia com “vigia-suas saude”"
    )]
    Deposed,
    /// The machine and the server do not agree on the time.
    #[error(
        "o relógio desta máquina ({here}) e o do servidor do banco de dados ({there}) diferem em mais de 5 minutos, e assim \
         ninguém sabe o que já venceu: nada é enviado daqui\ndica: acerte o que está errado (timedatectl; chrony ou \
         systemd-timesyncd nas três máquinas); o serviço tenta de novo"
    )]
    Skewed {
        /// The machine's.
        here: jiff::Timestamp,
        /// The server's.
        there: jiff::Timestamp,
    },
    /// The ledger lost entries while it was in use.
    #[error(
        "o livro voltou no tempo enquanto estava em uso: faltam nele registros que já tinham sido gravados\n\
         dica: o serviço recomeça e não manda nada a município até “vigia-suas assumir --motivo …”; se o servidor do banco \
         passou a uma réplica atrasada, veja antes se o principal volta com tudo"
    )]
    SetBack,
    /// What is in the schema is none of ours.
    #[error(
        "o banco de dados “{}” tem tabelas que não são deste programa, ou de uma versão de teste dele\n\
         dica: escreva em `banco.esquema` um nome que ninguém usa", place.display()
    )]
    Foreign {
        /// Which server and schema.
        place: PathBuf,
    },
    /// The server does not answer.
    #[error(
        "o servidor do banco de dados não responde\n\
         dica: nada se perdeu: o serviço tenta de novo; confira o servidor, a rede entre os dois e quantas conexões ele aceita"
    )]
    Unreachable {
        /// What the driver said.
        source: Source,
    },
    /// There is no file to copy or to put in place.
    #[error(
        "o livro “{}” está num servidor, e não num arquivo\n\
         dica: a cópia e a volta são as do PostgreSQL (pg_dump, pg_basebackup); deploy/postgres/LEIAME.md mostra como",
        place.display()
    )]
    NoFile {
        /// Which server and schema.
        place: PathBuf,
    },
    /// The witness beside the ledger cannot be read or put in place.
    #[error(
        "a testemunha do livro, “{}”, não pôde ser lida ou gravada\n\
         dica: confira o espaço em disco, e o dono e as permissões da pasta", path.display()
    )]
    Witness { path: PathBuf, source: Source },
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
        table: &'static str,
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
const IO: i64 = 10;
const CORRUPT: i64 = 11;
const FULL: i64 = 13;
const NOT_A_DATABASE: i64 = 26;

/// Whether any file failed this process in a way that may have damaged it, or shows that it is. What SQLite says names no
/// file: where a copy failed, the ledger is read once more than needed at the next start, which costs seconds and hides nothing.
static FAILED: AtomicBool = AtomicBool::new(false);

impl StoreError {
    /// Whether a page of any file could not be read or written, or was damaged, since the process began: then nobody vouches
    /// for the ledger's, and the next start reads all of it.
    pub fn has_failed_a_file() -> bool {
        FAILED.load(Ordering::Relaxed)
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let database = error.as_database_error();
        let code = database.and_then(sqlx::error::DatabaseError::code).unwrap_or_default().into_owned();
        let is_server = database.is_some_and(|e| e.try_downcast_ref::<PgDatabaseError>().is_some());
        let is_away = matches!(
            error,
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed
        );
        let source = Box::new(error);
        if is_server {
            return match code.as_str() {
                // Class 08 is the connection, 57P what an operator does to the server.
                "53300" => Self::Unreachable { source },
                code if code.starts_with("08") || code.starts_with("57P") || code == "25P03" => {
                    Self::Unreachable { source }
                }
                "53100" => Self::Full { source },
                "25006" | "42501" => Self::ReadOnly { source },
                "55P03" => Self::Busy { source },
                "XX001" | "XX002" => Self::Damaged { source },
                _ => Self::Database { source },
            };
        }
        let code = code.parse::<i64>().ok().map(|extended| extended & 0xff);
        if let Some(CORRUPT | NOT_A_DATABASE | IO) = code {
            FAILED.store(true, Ordering::Relaxed);
        }
        match code {
            Some(BUSY) => Self::Busy { source },
            Some(READONLY) => Self::ReadOnly { source },
            Some(CORRUPT | NOT_A_DATABASE) => Self::Damaged { source },
            Some(FULL) => Self::Full { source },
            _ if is_away => Self::Unreachable { source },
            _ => Self::Database { source },
        }
    }
}

const CHECK_CERTIFICATE: &str = "confira o certificado do servidor: se venceu, se é deste nome, e quem o assinou (`banco.ca_arquivo`); e o relógio daqui";

impl StoreError {
    /// What is said to whoever would write where the database was opened only to read.
    pub(super) fn only_read() -> Self {
        Self::ReadOnly { source: "o banco de dados foi aberto somente para leitura".into() }
    }

    pub(crate) fn open(path: &Path, hint: &'static str, source: impl Into<Source>) -> Self {
        Self::Open { path: path.to_owned(), hint, source: source.into() }
    }

    /// Why a server could not be connected to, with what to do about it.
    pub(crate) fn connecting(place: &Path, error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|e| e.code().map(std::borrow::Cow::into_owned));
        let hint = match (code.as_deref(), &error) {
            (Some("28P01" | "28000"), _) => {
                "confira o usuário e a senha (`banco.senha_arquivo`, a credencial banco-senha ou VIGIA_BANCO_SENHA), e o \
                 pg_hba.conf do servidor"
            }
            (Some("3D000"), _) => "crie o banco de dados antes (createdb), ou confira o nome em `banco.url`",
            (Some("53300"), _) => {
                "o servidor não tem conexões livres: aumente max_connections, ou feche as que sobram"
            }
            (_, sqlx::Error::Tls(_)) => CHECK_CERTIFICATE,
            (_, sqlx::Error::Io(source)) if source.kind() == std::io::ErrorKind::InvalidData => {
                // What rustls thinks of a certificate comes as a fault of reading.
                let said = source.to_string();
                let why = match said.as_str() {
                    said if said.contains("Expired") || said.contains("certificate expired") => {
                        "o certificado dele venceu"
                    }
                    said if said.contains("NotValidYet") || said.contains("not valid yet") => {
                        "o certificado dele ainda não vale"
                    }
                    said if said.contains("not valid for name") || said.contains("NotValidForName") => {
                        "o certificado dele não é deste nome"
                    }
                    said if said.contains("UnknownIssuer") => {
                        "não se conhece quem assinou o certificado dele"
                    }
                    _ => return Self::open(place, CHECK_CERTIFICATE, said),
                };
                return Self::open(place, CHECK_CERTIFICATE, why);
            }
            _ => "confira `banco.url`, se o servidor está em pé, e se a rede chega até ele",
        };
        Self::open(place, hint, error)
    }

    /// The same, but where it says only that the database failed, says that it could not be opened.
    pub(crate) fn opening(self, path: &Path, hint: &'static str) -> Self {
        match self {
            Self::Database { source } | Self::Unreachable { source } => Self::open(path, hint, source),
            other => other,
        }
    }
}
