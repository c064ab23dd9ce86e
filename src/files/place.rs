//! One file put in place: made beside it under a name of its own, finished, and renamed, so that whoever reads finds
//! the old one whole or the new one whole.
//!
//! On any failure the new file is gone and the old one untouched. A process that is killed leaves `.vigia-….parcial`,
//! readable by its owner alone and read by nobody.
//!
//! - A symbolic link stays, and what it leads to is replaced.
//! - A hard link is parted: the other names keep the old bytes. Writing into the file instead would show half of it, and
//!   a full disk would leave it so.
//! - What is no plain file (a pipe, a terminal, `/dev/null`) has nothing to be replaced and is written to.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::attributes;

/// Who may read a file that was not there before; one that is replaced keeps its owner and permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Only its owner.
    Owner,
    /// Its owner, and its group to read, as far as the process's mask lets.
    Group,
    /// Whoever the process's mask and the folder let.
    Usual,
    /// Everybody: the service runs as another user than the one who writes its configuration.
    Everyone,
}

impl Access {
    fn mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::Group => 0o640,
            Self::Usual => 0o666,
            Self::Everyone => 0o644,
        }
    }
}

/// Whether a power cut may take back what was said to be done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Durable {
    Yes,
    No,
}

/// Puts a file in place, on the disk.
///
/// # Errors
/// The file system's; or the owner, group or permissions of the file that is there cannot be kept. Then it is as it was.
pub fn put(path: &Path, bytes: &[u8], new: Access) -> io::Result<()> {
    place(path, bytes, new, Durable::Yes)
}

/// Puts a file in place, on the disk, that tells of itself: its bytes are made from what the file system knows of the new
/// file, which no copy of it shares.
///
/// # Errors
/// As [`put`].
pub fn put_own(path: &Path, new: Access, bytes: impl FnOnce(&Metadata) -> Vec<u8>) -> io::Result<()> {
    let mut file = nameless(folder_of(path), new.mode())?;
    let own = bytes(&file.as_file().metadata()?);
    file.write_all(&own)?;
    file.as_file().sync_all()?;
    Finished { file, durable: Durable::Yes }.over(path)
}

/// The same for what can be made again, without waiting for the disk.
///
/// # Errors
/// As [`put`].
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    place(path, bytes, Access::Usual, Durable::No)
}

/// Puts a file where there must be none yet, on the disk.
///
/// # Errors
/// `AlreadyExists`, also for a link that leads nowhere; else the file system's.
pub fn create(path: &Path, bytes: &[u8], new: Access) -> io::Result<()> {
    finished(folder_of(path), bytes, Made::New(new), Durable::Yes)?.into_new(path)
}

/// Gives a file that root made to the owner of its folder, who must be able to go on with it; whoever else made it keeps it.
///
/// # Errors
/// The file system's.
pub fn leave_to_folder(path: &Path) -> io::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let folder = fs::metadata(folder_of(path))?;
    std::os::unix::fs::chown(path, Some(folder.uid()), Some(folder.gid()))
}

/// Copies a plain file to where there must be none yet: bytes, owner, group, permissions and attributes.
///
/// # Errors
/// As [`create`]; or the owner or permissions cannot be kept.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let bytes = fs::read(from)?;
    finished(folder_of(to), &bytes, Made::Like(&File::open(from)?), Durable::Yes)?.into_new(to)
}

fn place(path: &Path, bytes: &[u8], new: Access, durable: Durable) -> io::Result<()> {
    match target(path)? {
        Target::Stream => OpenOptions::new().write(true).open(path)?.write_all(bytes),
        Target::File(real) => {
            let old = File::open(&real)?;
            finished(folder_of(&real), bytes, Made::Like(&old), durable)?.over(&real)
        }
        Target::Nothing(real) => finished(folder_of(&real), bytes, Made::New(new), durable)?.over(&real),
    }
}

/// What stands where a path leads.
pub(super) enum Target {
    /// A plain file, by the path that is no link.
    File(PathBuf),
    /// Nothing yet, there.
    Nothing(PathBuf),
    /// Something that takes bytes and keeps none.
    Stream,
}

/// Where a path leads, through links, also one that leads to nothing yet.
pub(super) fn target(path: &Path) -> io::Result<Target> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() => Ok(Target::File(fs::canonicalize(path)?)),
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(_) => Ok(Target::Stream),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut real = path.to_owned();
            // No loop: following one is another error than `NotFound`.
            while let Ok(to) = fs::read_link(&real) {
                real = folder_of(&real).join(to);
            }
            Ok(Target::Nothing(real))
        }
        Err(error) => Err(error),
    }
}

/// A file complete but for its name. Dropped, it is gone.
pub(super) struct Finished {
    file: NamedTempFile,
    durable: Durable,
}

/// Whose owner and permissions a file gets.
#[derive(Clone, Copy)]
pub(super) enum Made<'a> {
    /// The process's.
    New(Access),
    /// Another file's.
    Like(&'a File),
}

/// Makes a file complete, on the disk, in the folder where its place is.
pub(super) fn durable(folder: &Path, bytes: &[u8], made: Made<'_>) -> io::Result<Finished> {
    finished(folder, bytes, made, Durable::Yes)
}

fn finished(folder: &Path, bytes: &[u8], whose: Made<'_>, durable: Durable) -> io::Result<Finished> {
    // Of another file's bytes nobody reads any before its permissions stand.
    let mode = match whose {
        Made::New(access) => access.mode(),
        Made::Like(_) => Access::Owner.mode(),
    };
    let mut file = nameless(folder, mode)?;
    file.write_all(bytes)?;
    match whose {
        Made::Like(other) => attributes::keep(other, file.as_file())?,
        // Whatever the mask of the terminal that the command runs in.
        Made::New(Access::Everyone) => file.as_file().set_permissions(Permissions::from_mode(mode))?,
        Made::New(Access::Owner | Access::Group | Access::Usual) => {}
    }
    if durable == Durable::Yes {
        file.as_file().sync_all()?;
    }
    Ok(Finished { file, durable })
}

/// An empty file under a name that says nothing.
fn nameless(folder: &Path, mode: u32) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(".vigia-")
        .suffix(".parcial")
        .rand_bytes(10)
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder)
}

impl Finished {
    /// In place of what has that name.
    pub(super) fn over(self, path: &Path) -> io::Result<()> {
        self.file.persist(path).map_err(|failure| failure.error)?;
        self.durable.settle(path);
        Ok(())
    }

    /// Where nothing has that name.
    pub(super) fn into_new(self, path: &Path) -> io::Result<()> {
        self.file.persist_noclobber(path).map_err(|failure| failure.error)?;
        self.durable.settle(path);
        Ok(())
    }
}

impl Durable {
    /// Makes a name last. The file has it already, and some systems sync no folder: no failure any more.
    fn settle(self, path: &Path) {
        if self == Self::Yes {
            let _synced = File::open(folder_of(path)).and_then(|folder| folder.sync_all());
        }
    }
}

/// `NAME.anterior-STAMP` beside a file or folder, or, where something is there already, the same with a number.
#[must_use]
pub fn kept_name(path: &Path, stamp: &str) -> PathBuf {
    let named = |end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".anterior-{stamp}{end}"));
        PathBuf::from(name)
    };
    let mut free = named("");
    let mut number = 2;
    while free.symlink_metadata().is_ok() {
        free = named(&format!("-{number}"));
        number += 1;
    }
    free
}

pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{chown, symlink};

    use rustix::fs::{XattrFlags, getxattr, setxattr};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    /// Every name in a folder.
    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = entries.collect();
        names.sort();
        names
    }

    #[test]
    fn a_replaced_file_keeps_owner_group_and_permissions() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("unidades.csv");
        fs::write(&path, "velho").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let root = rustix::process::geteuid().is_root();
        if root {
            chown(&path, Some(4321), Some(1234)).unwrap();
        }
        put(&path, b"novo", Access::Everyone).unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap(), mode(&path)), ("novo".to_owned(), 0o640));
        if root {
            let now = fs::metadata(&path).unwrap();
            assert_eq!((now.uid(), now.gid()), (4321, 1234));
        }
        assert_eq!(names(dir.path()), ["unidades.csv"]);
    }

    #[test]
    fn a_replaced_file_keeps_its_access_list_and_attributes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("smtp-senha");
        fs::write(&path, "velha").unwrap();
        // Version 2: owner rw, user 4321 r, group none, mask r, others none.
        let entry = |tag: u16, perm: u16, id: u32| {
            [&tag.to_le_bytes()[..], &perm.to_le_bytes(), &id.to_le_bytes()].concat()
        };
        let none = u32::MAX;
        let list = [
            2_u32.to_le_bytes().to_vec(),
            entry(1, 6, none),
            entry(2, 4, 4321),
            entry(4, 0, none),
            entry(16, 4, none),
            entry(32, 0, none),
        ]
        .concat();
        if setxattr(&path, "system.posix_acl_access", &list, XattrFlags::empty()).is_err()
            || setxattr(&path, "user.nota", b"da ana", XattrFlags::empty()).is_err()
        {
            return; // A file system without them has none to lose.
        }
        put(&path, b"nova", Access::Usual).unwrap();
        let kept = |name: &str| {
            let mut value = vec![0; 1024];
            let length = getxattr(&path, name, &mut value[..]).unwrap();
            value.truncate(length);
            value
        };
        assert_eq!(kept("system.posix_acl_access"), list);
        assert_eq!(kept("user.nota"), b"da ana");
        assert_eq!(fs::read_to_string(&path).unwrap(), "nova");
    }

    #[test]
    fn a_file_without_an_access_list_gets_none_from_its_folder() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("smtp-senha");
        fs::write(&path, "velha").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let entry = |tag: u16, perm: u16, id: u32| {
            [&tag.to_le_bytes()[..], &perm.to_le_bytes(), &id.to_le_bytes()].concat()
        };
        let none = u32::MAX;
        let list = [
            2_u32.to_le_bytes().to_vec(),
            entry(1, 7, none),
            entry(2, 7, 4321),
            entry(4, 5, none),
            entry(16, 7, none),
            entry(32, 5, none),
        ]
        .concat();
        if setxattr(dir.path(), "system.posix_acl_default", &list, XattrFlags::empty()).is_err() {
            return;
        }
        put(&path, b"nova", Access::Usual).unwrap();
        let mut value = [0; 1024];
        assert!(getxattr(&path, "system.posix_acl_access", &mut value[..]).is_err());
        assert_eq!(mode(&path), 0o640);
    }

    #[test]
    fn a_link_stays_and_what_it_leads_to_is_replaced_or_made() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("planilhas")).unwrap();
        let shared = dir.path().join("planilhas/municipios.csv");
        fs::write(&shared, "velho").unwrap();
        let link = dir.path().join("municipios.csv");
        symlink("planilhas/municipios.csv", &link).unwrap();
        put(&link, b"novo", Access::Usual).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&shared).unwrap(), "novo");
        fs::remove_file(&shared).unwrap();
        put(&link, b"outro", Access::Usual).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&shared).unwrap(), "outro");
        symlink("b", dir.path().join("a")).unwrap();
        symlink("a", dir.path().join("b")).unwrap();
        assert!(put(&dir.path().join("a"), b"", Access::Usual).is_err());
    }

    #[test]
    fn the_other_name_of_a_hard_link_keeps_the_old_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let (path, other) = (dir.path().join("a"), dir.path().join("b"));
        fs::write(&path, "velho").unwrap();
        fs::hard_link(&path, &other).unwrap();
        put(&path, b"novo", Access::Usual).unwrap();
        assert_eq!(fs::read_to_string(&other).unwrap(), "velho");
    }

    #[test]
    fn what_is_no_plain_file_is_written_to_and_stays_what_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let null = dir.path().join("nada");
        symlink("/dev/null", &null).unwrap();
        put(&null, b"x", Access::Usual).unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        assert!(put(dir.path(), b"x", Access::Usual).is_err(), "a folder is no file");
    }

    #[test]
    fn a_new_file_is_for_whom_it_is_meant() {
        let dir = tempfile::tempdir().unwrap();
        for (access, expected) in [(Access::Owner, 0o600), (Access::Everyone, 0o644)] {
            let path = dir.path().join(format!("{expected}"));
            put(&path, b"x", access).unwrap();
            assert_eq!(mode(&path), expected);
        }
        let path = dir.path().join("uma-vez");
        create(&path, b"primeiro", Access::Owner).unwrap();
        let taken = create(&path, b"segundo", Access::Owner).unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "primeiro");
        assert_eq!(names(dir.path()).len(), 3, "and nothing is left beside it");
    }

    #[test]
    fn a_new_file_that_cannot_take_its_place_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let taken = dir.path().join("pasta");
        fs::create_dir_all(taken.join("dentro")).unwrap();
        let new = durable(dir.path(), b"novo", Made::New(Access::Owner)).unwrap();
        assert_eq!(names(dir.path()).len(), 2, "it lies beside its place");
        assert!(new.over(&taken).is_err());
        assert_eq!(names(dir.path()), ["pasta"]);
    }
}
