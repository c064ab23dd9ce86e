//! One file put in place: made beside it under a name of its own, finished, and renamed, so that whoever reads finds
//! the old one whole or the new one whole.
//!
//! On any failure the new file is gone and the old one untouched. A process that is killed leaves `.vigia-….parcial`,
//! readable by its owner alone and read by nobody.
//!
//! - A symbolic link stays, and what it leads to is replaced.
//! - A hard link is parted: the other names keep the old bytes. Writing into the file instead would show half of it, and
//!   a full disk would leave it so.
//! - Root follows no link that somebody else made: it may lead anywhere, and was put there by who may not go there. In the
//!   service's own folder no link is followed at all (`put_no_link`, `open_plain`), and what root makes there is given to
//!   its owner by the open file, never by a name that may lead elsewhere by then.
//! - What is no plain file (a pipe, a terminal, `/dev/null`) has nothing to be replaced and is written to.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, BufRead as _, BufReader, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};
use tempfile::{NamedTempFile, TempDir};

use super::attributes;

/// Where nobody but root may rename what is root's.
const APART: &str = "/var/tmp";

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

/// Puts a file in place of whatever has that name, on the disk. A link is replaced and not followed, and what root makes
/// is the folder's owner's: for folders that the service owns, where it or whoever took it over may plant one.
///
/// # Errors
/// The file system's; then what is there is as it was.
pub fn put_no_link(path: &Path, bytes: &[u8], new: Access) -> io::Result<()> {
    finished(folder_of(path), bytes, Made::Folders(new), Durable::Yes)?.over(path)
}

/// The same for a file that tells of itself: its bytes are made from what the file system knows of the new file, which no
/// copy of it shares. Gives it, to be written to.
pub fn put_own(path: &Path, new: Access, bytes: impl FnOnce(&Metadata) -> Vec<u8>) -> io::Result<File> {
    let mut file = nameless(folder_of(path), new.mode())?;
    let own = bytes(&file.as_file().metadata()?);
    file.write_all(&own)?;
    hand_over(file.as_file(), folder_of(path))?;
    file.as_file().sync_all()?;
    let file = file.persist(path).map_err(|failure| failure.error)?;
    Durable::Yes.settle(path);
    Ok(file)
}

/// The same for what can be made again, without waiting for the disk.
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

/// The same for the folder's owner, whoever makes it.
pub fn create_for_folder(path: &Path, bytes: &[u8], new: Access) -> io::Result<()> {
    finished(folder_of(path), bytes, Made::Folders(new), Durable::Yes)?.into_new(path)
}

/// Opens a plain file by its own name: through no link, and waiting for nobody at the other end of a pipe.
///
/// # Errors
/// `InvalidInput` for what is no plain file, a link among it; else the file system's.
pub fn open_plain(path: &Path, how: &mut OpenOptions) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let no_plain_file = || io::Error::new(io::ErrorKind::InvalidInput, "não é um arquivo comum (um atalho?)");
    let file = how.custom_flags(flags.bits().cast_signed()).open(path).map_err(|error| {
        let is_link = path.symlink_metadata().is_ok_and(|found| found.is_symlink());
        if is_link { no_plain_file() } else { error }
    })?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(no_plain_file()) }
}

/// Gives an open file that root made to the owner of a folder, who must be able to go on with it; whoever else made it
/// keeps it.
///
/// # Errors
/// The file system's; or the file has another name too, which may be anybody's.
pub fn hand_over(file: &File, folder: &Path) -> io::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    if file.metadata()?.nlink() > 1 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "o arquivo tem outro nome (hard link)"));
    }
    let folder = fs::metadata(folder)?;
    fchown(file, Some(folder.uid()), Some(folder.gid()))
}

/// Whether root may go where a name leads: not by a link that somebody else made. Others go where they may.
///
/// # Errors
/// `PermissionDenied` for such a link.
pub fn trust_link(path: &Path) -> io::Result<()> {
    if rustix::process::geteuid().is_root()
        && path.symlink_metadata().is_ok_and(|found| found.is_symlink() && found.uid() != 0)
    {
        let told = format!("{} é um atalho que outro usuário fez, e root não o segue", path.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, told));
    }
    Ok(())
}

/// A folder where only root may go, for what writes by a path into a folder of another user's; none for whoever is not
/// root, or where the folder is root's. Dropped, it is gone.
///
/// # Errors
/// The file system's.
pub fn apart_from(folder: &Path) -> io::Result<Option<TempDir>> {
    if !rustix::process::geteuid().is_root() || fs::metadata(folder)?.uid() == 0 {
        return Ok(None);
    }
    let own = fs::metadata(folder)?;
    let prefix = format!("vigia-{:x}-{:x}-", own.dev(), own.ino());
    // What a process left that was killed here. Two are never at one folder: its lock is taken first.
    for entry in fs::read_dir(APART)?.flatten() {
        let found = entry.metadata()?;
        if entry.file_name().to_string_lossy().starts_with(&prefix) && found.is_dir() && found.uid() == 0 {
            fs::remove_dir_all(entry.path())?;
        }
    }
    tempfile::Builder::new().prefix(&prefix).tempdir_in(APART).map(Some)
}

/// Puts what a file holds in place of whatever has that name, on the disk, as its folder's owner's, once it was read again
/// there and is the same. It is never in memory as a whole.
pub fn carry(from: &Path, to: &Path, new: Access) -> io::Result<()> {
    let mut file = nameless(folder_of(to), new.mode())?;
    let mut source = File::open(from)?;
    io::copy(&mut source, file.as_file_mut())?;
    hand_over(file.as_file(), folder_of(to))?;
    file.as_file().sync_all()?;
    if sha256_of(&mut source)? != sha256_of(file.as_file_mut())? {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "o que foi gravado não é o que se leu"));
    }
    Finished { file, durable: Durable::Yes }.over(to)
}

fn sha256_of(file: &mut File) -> io::Result<Vec<u8>> {
    file.rewind()?;
    let (mut file, mut hash) = (BufReader::new(file), Sha256::new());
    loop {
        let read = file.fill_buf()?;
        if read.is_empty() {
            return Ok(hash.finalize().to_vec());
        }
        hash.update(read);
        let read = read.len();
        file.consume(read);
    }
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
    let found = match fs::metadata(path) {
        Ok(found) => Some(found),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let mut real = path.to_owned();
    // No loop: following one is another error than `NotFound`.
    while let Ok(to) = fs::read_link(&real) {
        trust_link(&real)?;
        real = folder_of(&real).join(to);
    }
    match found {
        Some(found) if found.is_file() => Ok(Target::File(fs::canonicalize(path)?)),
        Some(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Some(_) => Ok(Target::Stream),
        None => Ok(Target::Nothing(real)),
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
    /// Its folder's, where root makes it.
    Folders(Access),
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
        Made::New(access) | Made::Folders(access) => access.mode(),
        Made::Like(_) => Access::Owner.mode(),
    };
    let mut file = nameless(folder, mode)?;
    file.write_all(bytes)?;
    match whose {
        Made::Like(other) => attributes::keep(other, file.as_file())?,
        // Whatever the mask of the terminal that the command runs in.
        Made::New(Access::Everyone) => file.as_file().set_permissions(Permissions::from_mode(mode))?,
        Made::New(Access::Owner | Access::Group | Access::Usual) => {}
        Made::Folders(_) => hand_over(file.as_file(), folder)?,
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

/// Whether two paths are one file, however each is written.
pub fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    one == other || real(one).is_some_and(|one| Some(one) == real(other))
}

/// The name of what lies beside a file: its own, and an ending.
pub fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// `NAME.anterior-STAMP` beside a file or folder, or, where something is there already, the same with a number.
pub fn kept_name(path: &Path, stamp: &str) -> PathBuf {
    let named = |end: &str| beside(path, &format!(".anterior-{stamp}{end}"));
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
mod tests;
