//! Where the ledger of a configuration is, and how to get to it: a file under `dados`, or a schema on a server.
//!
//! What a ledger on a server has beside it on each machine (its lock, its witness) lies beside a small file that says where
//! the server is, so that one path names a ledger whatever keeps it: `vigia-servidor-….json`, a name for each server and
//! schema. It is left by the first start, and holds no password.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::secret::{Secret, Surroundings, optional};
use crate::clock;
use crate::config::{DatabaseSettings, DatabaseTls, Mode, ServerSettings, Settings};
use crate::files::{self, Access};
use crate::store::{LedgerLock, LedgerPlace, LedgerServer, LedgerTls, Store, StoreError};
use crate::text::digest::sha256;

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seat {
    servidor: String,
    porta: u16,
    usuario: String,
    banco: String,
    esquema: String,
    sslmode: String,
    senha_arquivo: Option<PathBuf>,
    ca_arquivo: Option<PathBuf>,
}

impl Seat {
    fn of(server: &ServerSettings, mode: Mode) -> Self {
        Self {
            servidor: server.host.clone(),
            porta: server.port,
            usuario: server.user.clone(),
            banco: server.database.clone(),
            // A rehearsal never counts as told.
            esquema: match mode {
                Mode::Production => server.schema.clone(),
                Mode::Rehearsal => format!("{}_ensaio", server.schema),
            },
            sslmode: match server.tls {
                DatabaseTls::Full => "verify-full",
                DatabaseTls::Authority => "verify-ca",
                DatabaseTls::Off => "disable",
            }
            .to_owned(),
            senha_arquivo: server.password_file.clone(),
            ca_arquivo: server.ca_file.clone(),
        }
    }

    /// One for each ledger: who connects, and how, may change.
    fn name(&self, mode: Mode) -> String {
        let Self { servidor, porta, banco, esquema, .. } = self;
        let digest = sha256(format!("{servidor}\n{porta}\n{banco}\n{esquema}").as_bytes());
        let begin = match mode {
            Mode::Rehearsal => "vigia-ensaio",
            Mode::Production => "vigia",
        };
        format!("{begin}-servidor-{}.json", &digest[..12])
    }

    fn server(self, password: Option<SecretString>) -> LedgerServer {
        LedgerServer {
            host: self.servidor,
            port: self.porta,
            user: self.usuario,
            password,
            database: self.banco,
            schema: self.esquema,
            tls: match self.sslmode.as_str() {
                "disable" => LedgerTls::Off,
                "verify-ca" => LedgerTls::Authority,
                _ => LedgerTls::Full,
            },
            authorities: self.ca_arquivo,
        }
    }

    fn place(self, path: &Path) -> Result<LedgerPlace, StoreError> {
        let password = optional(Secret::Database, self.senha_arquivo.as_deref(), &Surroundings::here());
        let password = password.map_err(|error| StoreError::Open {
            path: path.to_owned(),
            hint: "confira `banco.senha_arquivo`, e se quem roda pode ler o arquivo",
            source: Box::new(error),
        })?;
        Ok(LedgerPlace::new(path.to_owned(), Some(self.server(password))))
    }
}

/// The name of a ledger that is a file.
pub fn file_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Rehearsal => "vigia-ensaio.db",
        Mode::Production => "vigia.db",
    }
}

/// Whether a path names the ledger of a rehearsal.
pub(super) fn is_of_rehearsal(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("vigia-ensaio"))
}

/// The path that names the ledger of these settings.
pub(super) fn path(settings: &Settings) -> PathBuf {
    settings.data.join(match &settings.database {
        DatabaseSettings::File => file_name(settings.mode).to_owned(),
        DatabaseSettings::Server(server) => Seat::of(server, settings.mode).name(settings.mode),
    })
}

/// Where the ledger of a configuration is, or would be, with what it takes to get there.
///
/// # Errors
/// [`StoreError::Open`] where the password cannot be had.
pub fn place(settings: &Settings) -> Result<LedgerPlace, StoreError> {
    let path = path(settings);
    match &settings.database {
        DatabaseSettings::File => Ok((&path).into()),
        DatabaseSettings::Server(server) => Seat::of(server, settings.mode).place(&path),
    }
}

/// Opens the ledger of a configuration to write to it, and begins it where there is none.
pub async fn begin(settings: &Settings, now: Timestamp) -> Result<Store, StoreError> {
    begin_with(settings, None, now).await
}

/// A ledger, and that this process alone sends from it.
pub struct Alone {
    pub lock: LedgerLock,
    pub store: Store,
    /// When the pages of its file were read, in this boot of the machine, if they need not be read again.
    pub pages_read_at: Option<SignedDuration>,
}

/// The same as its only sender, whose lock is taken before anything of the ledger is looked at.
///
/// # Errors
/// [`StoreError`]: `Taken` while another sends from it, or exchanges it.
pub async fn begin_alone(settings: &Settings, now: Timestamp) -> Result<Alone, StoreError> {
    let path = path(settings);
    if matches!(settings.database, DatabaseSettings::File) {
        Store::may_lie_at(&path)?;
    }
    std::fs::create_dir_all(&settings.data).map_err(|source| unwritten(&path, source))?;
    let lock = Store::lock_at(&path)?;
    let pages_read_at = Store::pages_read_before(&path, clock::boot().as_ref());
    let store = begin_with(settings, Some(&lock), now).await?;
    Ok(Alone { lock, store, pages_read_at })
}

async fn begin_with(
    settings: &Settings,
    lock: Option<&LedgerLock>,
    now: Timestamp,
) -> Result<Store, StoreError> {
    let store = opened(place(settings)?, lock, now).await?;
    leave(settings)?;
    Ok(store)
}

/// Leaves word of where a server is, where the ledger is on one.
///
/// # Errors
/// [`StoreError::Open`].
pub fn leave(settings: &Settings) -> Result<(), StoreError> {
    let DatabaseSettings::Server(server) = &settings.database else { return Ok(()) };
    let path = path(settings);
    let told = serde_json::to_string_pretty(&Seat::of(server, settings.mode)).unwrap_or_default();
    if std::fs::read_to_string(&path).ok().as_deref() == Some(told.as_str()) {
        return Ok(());
    }
    let folder = || std::fs::create_dir_all(&settings.data);
    folder()
        .and_then(|()| files::put_no_link(&path, told.as_bytes(), Access::Group))
        .map_err(|source| unwritten(&path, source))
}

fn unwritten(path: &Path, source: std::io::Error) -> StoreError {
    let hint = "confira o caminho em `dados`, o dono e as permissões da pasta, e o espaço em disco";
    StoreError::Open { path: path.to_owned(), hint, source: Box::new(source) }
}

/// Opens the ledger that a path names, to write to it.
pub async fn open(path: &Path, now: Timestamp) -> Result<Store, StoreError> {
    opened(named(path)?, None, now).await
}

/// One that was moved here counts as soon as the one before is marked, whatever became of whoever moved it.
async fn opened(place: LedgerPlace, lock: Option<&LedgerLock>, now: Timestamp) -> Result<Store, StoreError> {
    let open = async |place: LedgerPlace| match lock {
        Some(lock) => Store::open_locked(place, lock, now).await,
        None => Store::open(place, now).await,
    };
    let (path, from) = match open(place.clone()).await {
        Err(StoreError::Arriving { path, from }) => (path, from),
        other => return other,
    };
    let unfinished = StoreError::Arriving { path, from: from.clone() };
    if !from.exists() {
        return Err(unfinished);
    }
    let old = match read(&from).await {
        // A newer program ends what an older one began: that ledger is brought to the newest schema as this one was, and
        // then says that it went, or that it counts.
        Err(StoreError::Older { .. }) => {
            let _counts = Store::open(named(&from)?, now).await;
            read(&from).await?
        }
        other => other?,
    };
    let arrived = old.arrive(&place).await;
    old.close().await;
    if arrived? { open(place).await } else { Err(unfinished) }
}

/// The same only to read.
pub async fn read(path: &Path) -> Result<Store, StoreError> {
    Store::open_read_only(named(path)?).await
}

fn named(path: &Path) -> Result<LedgerPlace, StoreError> {
    if path.extension().is_none_or(|end| end != "json") {
        return Ok(path.into());
    }
    let unread = |source: Box<dyn std::error::Error + Send + Sync>| StoreError::Open {
        path: path.to_owned(),
        hint: "inicie o serviço uma vez (vigia-suas servir --uma-vez), que anota ali onde está o servidor",
        source,
    };
    let text = std::fs::read_to_string(path).map_err(|error| unread(error.into()))?;
    let seat: Seat = serde_json::from_str(&text).map_err(|error| unread(error.into()))?;
    seat.place(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_server_schema_or_mode_is_another_ledger_and_another_user_is_not() {
        let server = ServerSettings {
            host: "banco.gov.br".to_owned(),
            port: 5432,
            user: "vigia".to_owned(),
            database: "vigia".to_owned(),
            schema: "es".to_owned(),
            tls: DatabaseTls::Full,
            password_file: None,
            ca_file: None,
        };
        let name = |server: &ServerSettings, mode| Seat::of(server, mode).name(mode);
        let own = name(&server, Mode::Production);
        assert_eq!(
            own,
            name(&ServerSettings { user: "outro".to_owned(), ..server.clone() }, Mode::Production)
        );
        assert_ne!(own, name(&server, Mode::Rehearsal));
        for other in [
            ServerSettings { schema: "rj".to_owned(), ..server.clone() },
            ServerSettings { host: "outro.gov.br".to_owned(), ..server.clone() },
        ] {
            assert_ne!(own, name(&other, Mode::Production));
        }
    }
}
