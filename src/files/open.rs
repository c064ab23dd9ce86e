//! What a path leads to, opened only to be read: a file, and nothing that is waited for.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

/// So often is looked again where what was seen is gone.
const AGAIN: usize = 3;

/// Which file it is, whatever its name: its disk and its number there. A number is given anew once its file is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileId {
    disk: u64,
    number: u64,
}

impl FileId {
    /// The file that has a name now, through links.
    ///
    /// # Errors
    /// The file system's: `NotFound` where none has.
    pub fn of(path: &Path) -> io::Result<Self> {
        let found = fs::metadata(path)?;
        Ok(Self { disk: found.dev(), number: found.ino() })
    }

    /// What [`FileId`] shows as.
    pub fn parse(text: &str) -> Option<Self> {
        let (disk, number) = text.split_once(':')?;
        Some(Self { disk: disk.parse().ok()?, number: number.parse().ok()? })
    }

    /// Whether that name is another file's now, or none's. Where it cannot be seen nothing is said of it.
    pub fn has_lost(self, path: &Path) -> bool {
        match Self::of(path) {
            Ok(found) => found != self,
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.disk, self.number)
    }
}

/// Opens a file to read it, through links; nothing where there is no such name. A link that leads nowhere is a name, and a
/// pipe is waited for by nobody.
///
/// # Errors
/// In the operators' words where it is there and no file; else the file system's.
pub fn open_to_read(path: &Path) -> io::Result<Option<File>> {
    let mut opened = open_once(path);
    // It went between the look and the opening, as where somebody exchanges the folder: then it is looked at again.
    for _ in 0..AGAIN {
        match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound => opened = open_once(path),
            done => return done,
        }
    }
    opened
}

fn open_once(path: &Path) -> io::Result<Option<File>> {
    let Some(found) = look(path)? else { return Ok(None) };
    if found.is_dir() {
        return Err(Errno::ISDIR.into());
    }
    let no_file = |kind: fs::FileType| {
        let what = if kind.is_fifo() {
            "é um cano (FIFO)"
        } else if kind.is_socket() {
            "é um soquete"
        } else {
            "é um dispositivo"
        };
        io::Error::new(io::ErrorKind::InvalidInput, format!("{what}, não um arquivo comum"))
    };
    if !found.is_file() {
        return Err(no_file(found.file_type()));
    }
    // It may have become something else since.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let opened = file.metadata()?;
    if opened.is_file() || opened.is_dir() { Ok(Some(file)) } else { Err(no_file(opened.file_type())) }
}

/// Whether there is a folder by that name, through links.
///
/// # Errors
/// In the operators' words where the name leads nowhere or to something else; else the file system's.
pub fn is_folder(path: &Path) -> io::Result<bool> {
    match look(path)? {
        Some(found) if !found.is_dir() => Err(io::Error::new(io::ErrorKind::InvalidInput, "não é uma pasta")),
        found => Ok(found.is_some()),
    }
}

/// What a path leads to; nothing where there is no such name.
fn look(path: &Path) -> io::Result<Option<fs::Metadata>> {
    for _ in 0..=AGAIN {
        match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            found => return found.map(Some),
        }
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            // A link that leads nowhere, or what somebody has put there since.
            seen => seen.map(drop)?,
        }
    }
    let to = fs::read_link(path).map(|to| format!(", {}, que não existe", to.display()));
    Err(io::Error::other(format!("é um atalho que não leva a nada{}", to.unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    #[test]
    fn only_a_name_that_is_not_there_is_absent() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::write(path("arquivo"), "x").unwrap();
        symlink("arquivo", path("atalho")).unwrap();
        for name in ["arquivo", "atalho"] {
            let mut text = String::new();
            open_to_read(&path(name)).unwrap().unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "x");
        }
        assert!(open_to_read(&path("ausente")).unwrap().is_none());
        symlink("ausente", path("solto")).unwrap();
        symlink("laço", path("laço")).unwrap();
        fs::create_dir(path("pasta")).unwrap();
        mknodat(CWD, path("cano"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let _socket = UnixListener::bind(path("soquete")).unwrap();
        let refused = |name: &str| open_to_read(&path(name)).unwrap_err().to_string();
        assert_eq!(refused("solto"), "é um atalho que não leva a nada, ausente, que não existe");
        assert_eq!(refused("cano"), "é um cano (FIFO), não um arquivo comum");
        assert_eq!(refused("soquete"), "é um soquete, não um arquivo comum");
        for name in ["laço", "pasta", "arquivo/dentro"] {
            assert!(open_to_read(&path(name)).is_err(), "{name}");
        }
        assert_eq!(open_to_read(Path::new("/dev/zero")).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn a_name_is_lost_to_another_file_and_to_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::write(path("livro"), "x").unwrap();
        symlink("livro", path("atalho")).unwrap();
        let id = FileId::of(&path("livro")).unwrap();
        assert_eq!(FileId::parse(&id.to_string()), Some(id));
        fs::write(path("livro"), "outro texto").unwrap();
        assert!(!id.has_lost(&path("livro")) && !id.has_lost(&path("atalho")));
        fs::rename(path("livro"), path("longe")).unwrap();
        assert!(id.has_lost(&path("livro")) && id.has_lost(&path("atalho")) && !id.has_lost(&path("longe")));
        fs::write(path("livro"), "outro texto").unwrap();
        assert!(id.has_lost(&path("livro")));
        assert!(!id.has_lost(&path("livro/dentro")), "nobody can see");
    }

    #[test]
    fn a_folder_is_one_or_absent_or_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::create_dir(path("pasta")).unwrap();
        fs::write(path("arquivo"), "x").unwrap();
        symlink("pasta", path("atalho")).unwrap();
        symlink("ausente", path("solto")).unwrap();
        assert!(is_folder(&path("pasta")).unwrap() && is_folder(&path("atalho")).unwrap());
        assert!(!is_folder(&path("ausente")).unwrap());
        assert_eq!(is_folder(&path("arquivo")).unwrap_err().to_string(), "não é uma pasta");
        assert!(is_folder(&path("solto")).is_err());
    }
}
