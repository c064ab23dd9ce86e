//! A configuration put in place of another: the old folder whole or the new one whole, at every moment.
//!
//! The new folder is made beside the old one and the two are exchanged in one step of the file system
//! (`renameat2`, `RENAME_EXCHANGE`); the old one stays under a dated name. A crash before the exchange leaves the old one
//! in place, a crash after it the new one; [`install`] tidies up after both.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::config::{LoadError, Sources};
use crate::domain::time::Zone;
use crate::files::{self, Access, FolderLock, LockError, SwapError, Version};
use crate::store::Store;
use crate::world::last_good::MARK;

/// Why nothing was installed. In the operators' words, with what to do.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// A file that would change is a link to another place.
    #[error(
        "{} é um atalho (link) para outro lugar, e instalar trocaria o atalho por um arquivo\n\
         dica: mude o arquivo para onde o atalho aponta, ou desfaça o atalho",
        _0.display()
    )]
    Link(PathBuf),
    /// Somebody else writes there.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Somebody else wrote there after it was read.
    #[error(
        "{} enquanto você lia ({}); nada foi mudado\n\
         dica: outra pessoa ou outro comando gravou nesse meio-tempo; rode o comando de novo e confira o que ele mostra",
        if names.len() == 1 { "o arquivo mudou" } else { "os arquivos mudaram" },
        names.join(", ")
    )]
    Changed {
        /// The files that are not as they were.
        names: Vec<String>,
    },
    /// The folder cannot be read any more.
    #[error(transparent)]
    Unread(LoadError),
    /// The file system cannot exchange two folders.
    #[error(
        "o disco de {} não troca duas pastas de uma só vez\n\
         dica: copie os arquivos à mão com o serviço parado, e depois rode “vigia-suas verificar”", path.display()
    )]
    NoExchange { path: PathBuf, source: io::Error },
    /// A file or folder that cannot be read or written.
    #[error(
        "não foi possível gravar em {}; nada foi mudado\n\
         dica: rode o comando como quem é dono da pasta (em geral, com sudo), e confira o espaço em disco",
        path.display()
    )]
    File { path: PathBuf, source: io::Error },
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> InstallError {
    let path = path.to_owned();
    move |source| InstallError::File { path, source }
}

/// Puts these files in place of those of a folder, provided that it still holds what was `seen`: nobody's change is
/// undone that was not shown. Whatever else the folder holds, and owners and permissions, stay as they are. Answers where
/// the old folder is kept.
///
/// # Errors
/// [`InstallError`]; then the folder is as it was.
pub fn install(
    target: &Path,
    sources: &Sources,
    seen: &Sources,
    author: &str,
    now: Timestamp,
    zone: &Zone,
) -> Result<PathBuf, InstallError> {
    let lock = FolderLock::take(target)?;
    let target = lock.folder();
    compare(target, seen)?;
    refuse_links(target, sources)?;
    tidy(target)?;
    let stamp = stamp(now, zone);
    let staging = beside(target, &format!(".{}.aplicando-{stamp}", name(target)));
    // A second look: making the copy takes longer than an editor's save.
    let written = stage(target, &staging, sources, author, &stamp)
        .and_then(|()| compare(target, seen))
        .and_then(|()| exchange(&staging, target));
    if let Err(failure) = written {
        // Only what was made here; what cannot be removed is tidied up the next time.
        let _gone = fs::remove_dir_all(&staging);
        return Err(failure);
    }
    let kept = files::kept_name(target, &stamp);
    // It is done: without its dated name the old folder waits under the other one for the next time to tidy up.
    Ok(if fs::rename(&staging, &kept).is_ok() { kept } else { staging })
}

/// Whether a folder still holds what was read.
fn compare(target: &Path, seen: &Sources) -> Result<(), InstallError> {
    let there = Sources::read(target).map_err(InstallError::Unread)?;
    if there.digest() == seen.digest() {
        return Ok(());
    }
    let mut names = there.unlike(seen);
    // The environment's own are no files.
    names.retain(|name| Sources::is_part(name));
    Err(InstallError::Changed { names })
}

/// The folder that was replaced last, if one is kept.
pub fn last_kept(target: &Path) -> Option<PathBuf> {
    let target = target.canonicalize().ok()?;
    let prefix = format!("{}.anterior-", name(&target));
    let entries = fs::read_dir(target.parent()?).ok()?.flatten();
    let kept = entries.filter(|e| e.file_name().to_string_lossy().starts_with(&prefix) && e.path().is_dir());
    kept.map(|entry| entry.path()).max()
}

/// Puts new bytes in place of one file of a configuration, provided that the folder still holds what was `seen`. The old
/// file, if there was one, is kept beside it under a dated name; owner and permissions stay; a link stays a link. Answers
/// where the old file is kept.
///
/// # Errors
/// [`InstallError`]; then the file is as it was.
pub fn replace(
    folder: &Path,
    name: &str,
    bytes: &[u8],
    seen: &Sources,
    now: Timestamp,
    zone: &Zone,
) -> Result<Option<PathBuf>, InstallError> {
    let lock = FolderLock::take(folder)?;
    compare(lock.folder(), seen)?;
    let version = Version::of(seen.bytes(name));
    lock.swap(name, version, bytes, Some(&stamp(now, zone))).map_err(|error| match error {
        SwapError::Changed(_) => InstallError::Changed { names: vec![name.to_owned()] },
        SwapError::File(source) => InstallError::File { path: lock.folder().join(name), source },
    })
}

/// What became of telling the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReloadRequest {
    /// It was told to read its files again.
    Signalled,
    /// Nobody runs on that ledger on this machine.
    NotRunning,
    /// It runs, and whoever runs this command may not speak to it.
    NotAllowed,
}

/// Tells the daemon that sends from a ledger to read its files again.
pub fn tell_daemon(database: &Path) -> ReloadRequest {
    let Some(pid) = Store::sender(database).and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw)
    else {
        return ReloadRequest::NotRunning;
    };
    match kill_process(pid, Signal::HUP) {
        Ok(()) => ReloadRequest::Signalled,
        Err(rustix::io::Errno::SRCH) => ReloadRequest::NotRunning,
        Err(_) => ReloadRequest::NotAllowed,
    }
}

/// Files that would change and are links, or lie in a folder that is one.
fn refuse_links(target: &Path, sources: &Sources) -> Result<(), InstallError> {
    let letters = target.join("modelos");
    let linked = letters.is_symlink();
    let names = part_names(target);
    let wanted: Vec<(&str, &[u8])> = sources.files().collect();
    let all = names.iter().map(String::as_str).chain(wanted.iter().map(|(name, _)| *name));
    for name in all {
        let path = target.join(name);
        let new = wanted.iter().find(|(n, _)| *n == name).map(|(_, bytes)| *bytes);
        let same = fs::read(&path).ok().as_deref() == new;
        if !same && linked && name.starts_with("modelos/") {
            return Err(InstallError::Link(letters));
        }
        if !same && path.is_symlink() {
            return Err(InstallError::Link(path));
        }
    }
    Ok(())
}

/// The files of a configuration that a folder holds.
fn part_names(target: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for (inside, prefix) in [(target.to_owned(), ""), (target.join("modelos"), "modelos/")] {
        let entries = fs::read_dir(inside).into_iter().flatten().flatten();
        names.extend(entries.map(|e| format!("{prefix}{}", e.file_name().to_string_lossy())));
    }
    names.retain(|name| Sources::is_part(name));
    names
}

/// After a crash: an exchange that happened gets its dated name, one that did not is undone.
fn tidy(target: &Path) -> Result<(), InstallError> {
    let prefix = format!(".{}.aplicando-", name(target));
    let mark = fs::read_to_string(target.join(MARK)).unwrap_or_default();
    let mark: Value = serde_json::from_str(&mark).unwrap_or_default();
    let parent = target.parent().unwrap_or(Path::new("/"));
    for entry in fs::read_dir(parent).map_err(failed(parent))?.flatten() {
        let found = entry.file_name().to_string_lossy().into_owned();
        let Some(stamp) = found.strip_prefix(&prefix) else { continue };
        let path = entry.path();
        if mark["carimbo"].as_str() == Some(stamp) {
            let kept = files::kept_name(target, stamp);
            fs::rename(&path, &kept).map_err(failed(&path))?;
        } else {
            fs::remove_dir_all(&path).map_err(failed(&path))?;
        }
    }
    Ok(())
}

/// The new folder, complete and on the disk.
fn stage(
    target: &Path,
    staging: &Path,
    sources: &Sources,
    author: &str,
    stamp: &str,
) -> Result<(), InstallError> {
    files::copy_tree(target, staging).map_err(failed(staging))?;
    let wanted: Vec<&str> = sources.files().map(|(name, _)| name).collect();
    for gone in part_names(target).into_iter().filter(|name| !wanted.contains(&name.as_str())) {
        let path = staging.join(gone);
        fs::remove_file(&path).map_err(failed(&path))?;
    }
    for (part, bytes) in sources.files() {
        let path = staging.join(part);
        // What is the same is there already, also where it is a link.
        if fs::read(&path).is_ok_and(|there| there == bytes) {
            continue;
        }
        let inside = path.parent().unwrap_or(staging);
        if !inside.exists() {
            files::create_folder(inside, target).map_err(failed(inside))?;
        }
        files::put(&path, bytes, Access::Everyone).map_err(failed(&path))?;
    }
    let mark = json!({ "carimbo": stamp, "autor": author, "arquivos": sources.digest() });
    let path = staging.join(MARK);
    files::put(&path, format!("{mark}\n").as_bytes(), Access::Everyone).map_err(failed(&path))
}

fn exchange(staging: &Path, target: &Path) -> Result<(), InstallError> {
    files::exchange(staging, target)
        .map_err(|source| InstallError::NoExchange { path: target.to_owned(), source })
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(|| "configuracao".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn beside(path: &Path, name: &str) -> PathBuf {
    path.parent().unwrap_or(Path::new("/")).join(name)
}

/// `20261123-174500`, in the calendar's zone: sorts as time does.
fn stamp(now: Timestamp, zone: &Zone) -> String {
    zone.zoned(now).strftime("%Y%m%d-%H%M%S").to_string()
}
