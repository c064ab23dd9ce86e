//! `livro mudar`: the ledger of a configuration to another place, and what is to be written in `vigia.toml` then.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::config::Mode;
use crate::config::{self, DatabaseSettings, Settings};
use crate::files;
use crate::proof::{MoveError, Relocated};
use crate::store::StoreError;
use crate::text::toml::quoted;
use crate::world::seat;

/// Where to, as somebody asks.
#[derive(Debug, Clone, Copy)]
pub struct Destination<'a> {
    /// The address of a server, or a file.
    pub to: &'a str,
    /// The schema; absent: the usual one.
    pub schema: Option<&'a str>,
    pub password_file: Option<&'a Path>,
    /// The file with the certificates of a private authority.
    pub ca_file: Option<&'a Path>,
}

/// Why a ledger was not moved. In the operators' words.
#[derive(Debug, thiserror::Error)]
pub enum RelocateError {
    /// That is no place for a ledger.
    #[error("{0}\ndica: {1}")]
    Destination(String, String),
    /// It was not moved.
    #[error(transparent)]
    Move(#[from] MoveError),
    /// Word of it could not be left, or a ledger could not be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPlace {
    /// What was moved; absent: it had been, by a command that was cut off after it.
    pub moved: Option<Relocated>,
    /// The ledger that counts from now on, in words.
    pub to: String,
    /// What `vigia.toml` must say.
    pub edits: Vec<String>,
}

/// Moves the ledger of a configuration.
pub async fn relocate(
    settings: &Settings,
    asked: Destination<'_>,
    author: &str,
    now: Timestamp,
) -> Result<NewPlace, RelocateError> {
    let new = destination(settings, asked)?;
    let place = seat::place(&new)?;
    let (to, edits) = (place.words(), edits(settings, &new, asked));
    let old = match seat::open(seat::place(settings)?.path(), now).await {
        Err(StoreError::Moved { new: there, .. }) if files::is_same(&there, place.path()) => {
            // Opening it ends what was cut off.
            seat::begin(&new, now).await?.close().await;
            return Ok(NewPlace { moved: None, to, edits });
        }
        other => other?,
    };
    // Before the mark: what lies beside the ledger there is found by it.
    seat::leave(&new)?;
    let is_live = settings.mode == Mode::Production;
    let moved = old.relocate(place, is_live, author.to_owned(), now).await;
    old.close().await;
    Ok(NewPlace { moved: Some(moved?), to, edits })
}

/// The settings as they will be.
fn destination(settings: &Settings, asked: Destination<'_>) -> Result<Settings, RelocateError> {
    let wrong = |what: String, hint: &str| RelocateError::Destination(what, hint.to_owned());
    let mut new = settings.clone();
    if asked.to.contains("://") {
        let server = config::server(asked.to, asked.schema).map_err(|(what, hint)| wrong(what, hint))?;
        new.database = DatabaseSettings::Server(config::ServerSettings {
            password_file: asked.password_file.map(Path::to_owned),
            ca_file: asked.ca_file.map(Path::to_owned),
            ..server
        });
    } else {
        let asks = [asked.schema.is_some(), asked.password_file.is_some(), asked.ca_file.is_some()];
        if asks.contains(&true) {
            let what =
                "--esquema, --senha-arquivo e --ca-arquivo são de um servidor, e --para diz um arquivo";
            return Err(wrong(
                what.to_owned(),
                "apague-os, ou dê o endereço: postgres://vigia@servidor/vigia",
            ));
        }
        let file = PathBuf::from(asked.to);
        let wanted = seat::file_name(settings.mode);
        if file.file_name().is_none_or(|name| name != wanted) {
            let what = format!("o livro em arquivo se chama {wanted}, e --para diz {}", file.display());
            return Err(wrong(what, "dê a pasta e esse nome: /var/lib/vigia-suas/vigia.db"));
        }
        new.database = DatabaseSettings::File;
        let folder = file.parent().filter(|dir| !dir.as_os_str().is_empty());
        folder.unwrap_or(Path::new(".")).clone_into(&mut new.data);
    }
    // The witness and what else names it is found from whatever folder.
    new.data = std::path::absolute(&new.data).unwrap_or(new.data);
    Ok(new)
}

/// The lines of `vigia.toml`, with a word for what is to go.
fn edits(old: &Settings, new: &Settings, asked: Destination<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    match &new.database {
        DatabaseSettings::Server(server) => {
            lines.push("[banco]".to_owned());
            lines.push(format!("url = {}", quoted(asked.to)));
            lines.push(format!("esquema = {}", quoted(&server.schema)));
            let file = |key: &str, path: &Path| format!("{key} = {}", quoted(&path.display().to_string()));
            lines.extend(server.password_file.as_deref().map(|path| file("senha_arquivo", path)));
            lines.extend(server.ca_file.as_deref().map(|path| file("ca_arquivo", path)));
        }
        DatabaseSettings::File => {
            if !files::is_same(&old.data, &new.data) {
                lines.push(format!("dados = {}", quoted(&new.data.display().to_string())));
            }
            lines.push("# e apague a tabela [banco] inteira".to_owned());
        }
    }
    lines
}
