//! A dossier as a folder: page, JSON, letters and what came back byte for byte, and the digests of all of them.
//!
//! It holds personal data, so that only its owner may read it; and it is never written over another.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::domain::calendar::Calendar;
use crate::domain::dossier::Dossier;
use crate::domain::id::{MunicipalityCode, WindowId, slugify};
use crate::files::{self, Access};
use crate::proof::CaseFile;
use crate::render;
use crate::text::digest::sha256;

use super::told::returned_file_name;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    pub path: PathBuf,
    pub letters: usize,
    /// How many messages that came back.
    pub returned: usize,
}

/// Why a dossier could not be written. In the operators' words.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Something is there.
    #[error("a pasta “{}” já existe e não está vazia\ndica: escolha outra com --saida", .0.display())]
    Taken(PathBuf),
    /// The file system's fault.
    #[error("não foi possível gravar “{}”\ndica: confira o caminho, as permissões e o espaço em disco; o que ficou incompleto pode ser apagado", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// `dossie-3205309-censo-suas-2023`
pub fn default_name(municipality: MunicipalityCode, only: Option<&WindowId>) -> String {
    match only {
        Some(window) => format!("dossie-{municipality}-{}", slugify(window.as_str())),
        None => format!("dossie-{municipality}"),
    }
}

/// Writes a dossier into a folder that is new or empty: folders 0700, files 0600. The digests come last: a folder
/// without them is not whole.
pub fn write(
    dir: &Path,
    dossier: &Dossier,
    case: &CaseFile,
    calendar: &Calendar,
) -> Result<Folder, FolderError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| FolderError::Io { path, source }
    };
    match fs::read_dir(dir).map(Iterator::count) {
        Ok(0) => {}
        Ok(_) => return Err(FolderError::Taken(dir.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_dir(dir).map_err(failed(dir))?;
        }
        Err(error) => return Err(failed(dir)(error)),
    }
    let page = render::dossier::page(dossier, calendar);
    let json = render::dossier::json(dossier);
    let mut parts: Vec<(&str, &[u8])> =
        vec![("dossie.html", page.as_bytes()), ("dossie.json", json.as_bytes())];
    for letter in dossier.letters() {
        let same =
            |l: &&crate::store::StoredLetter| l.key.to_string() == letter.key && l.version == letter.version;
        let stored = case.letters.iter().find(same).and_then(|stored| stored.bytes.as_ref());
        parts.extend(letter.file.as_deref().zip(stored.map(Vec::as_slice)));
    }
    let letters = parts.len() - 2;
    let returned: BTreeMap<String, &[u8]> = case
        .returned
        .iter()
        .filter_map(|(_, kept)| Some((returned_file_name(kept), kept.bytes.as_deref()?)))
        .collect();
    parts.extend(returned.iter().map(|(name, bytes)| (name.as_str(), *bytes)));
    for (name, any) in [("cartas", letters > 0), ("retornos", !returned.is_empty())] {
        let path = dir.join(name);
        if any {
            make_dir(&path).map_err(failed(&path))?;
        }
    }
    let mut sums = String::new();
    for (name, bytes) in parts {
        let path = dir.join(name);
        files::create(&path, bytes, Access::Owner).map_err(failed(&path))?;
        // Writing to a String cannot fail.
        let _ = writeln!(sums, "{}  {name}", sha256(bytes));
    }
    let path = dir.join("SHA256SUMS");
    files::create(&path, sums.as_bytes(), Access::Owner).map_err(failed(&path))?;
    Ok(Folder { path: dir.to_owned(), letters, returned: returned.len() })
}

fn make_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}
