//! Messages that came by a pipe and match no letter: kept as files, for a person to read.
//!
//! Blocking; callers run it off the async threads. Nothing is ever overwritten. Anybody can write to the address that
//! they come from, so the folder has a limit.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::files::{self, Access};

/// How many files the folder takes; then none until somebody makes room.
const MOST: usize = 1_000;

/// Keeps a message under `name`, which must tell its bytes; one that is there already is left as it is. Gives its path.
///
/// # Errors
/// The folder cannot be written to, or is full.
pub fn keep(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let path = dir.join(name);
    if path.exists() {
        return Ok(path);
    }
    if fs::read_dir(dir)?.count() >= MOST {
        let text = format!("já há {MOST} mensagens em {}; apague as que foram lidas", dir.display());
        return Err(io::Error::new(io::ErrorKind::StorageFull, text));
    }
    match files::create(&path, bytes, Access::Owner) {
        // Its name is that of the bytes: whoever was quicker kept the same.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(path),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_message_is_kept_once_for_its_owner_alone_and_there_is_an_end() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("devolucoes");
        let path = keep(&folder, "a.eml", b"primeira").unwrap();
        assert_eq!(keep(&folder, "a.eml", b"outra").unwrap(), path);
        assert_eq!(fs::read(&path).unwrap(), b"primeira");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for n in 1..MOST {
            fs::write(folder.join(n.to_string()), "").unwrap();
        }
        let full = keep(&folder, "b.eml", b"x").unwrap_err();
        assert!(full.to_string().contains("apague as que foram lidas"), "{full}");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), MOST);
    }
}
