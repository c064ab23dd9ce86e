//! One writer at a time in a folder, and what was read compared with what is there before it is replaced.
//!
//! The lock is `flock` on the folder itself, so that nothing lies about. It is held only while somebody reads, compares
//! and writes: never while a person is asked. It ends when it is dropped and when its process ends, however it ends,
//! for the kernel keeps it with the open folder. Only those who ask for it are kept out: an editor's save is found by
//! comparing.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{major, minor};
use sha2::{Digest as _, Sha256};

use super::place::{self, Access, Made, Target, folder_of, kept_name};

/// How long somebody else's lock is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(50);

/// Proof that no other writer is in a folder. Let go when dropped, also by a crash.
#[derive(Debug)]
pub struct FolderLock {
    /// The open folder is the lock.
    _held: File,
    folder: PathBuf,
}

/// Why a folder could not be locked. In the operators' words.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else holds it.
    #[error(
        "outro comando está mudando os arquivos de {}{}\ndica: espere que ele termine e rode de novo", .folder.display(),
        .by.as_ref().map(|by| format!(" (processo {by})")).unwrap_or_default()
    )]
    Busy {
        folder: PathBuf,
        /// The holder's number and name, where the system tells.
        by: Option<String>,
    },
    /// It cannot be opened or takes no lock.
    #[error("não foi possível reservar a pasta {} para mudá-la", .folder.display())]
    Unlockable { folder: PathBuf, source: io::Error },
}

/// Why a file was not replaced. In the operators' words; it is as it was.
#[derive(Debug, thiserror::Error)]
pub enum SwapError {
    /// Somebody wrote it after it was read.
    #[error(
        "o arquivo mudou enquanto você lia: {}; nada foi gravado\n\
         dica: rode o comando de novo e confira o que ele mostra", _0.display()
    )]
    Changed(PathBuf),
    /// It cannot be read or written.
    #[error(transparent)]
    File(#[from] io::Error),
}

/// What a file held when it was read, by its SHA-256; that there was none is a version too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version(Option<[u8; 32]>);

impl Version {
    /// The version of bytes, or of no file.
    pub fn of(bytes: Option<&[u8]>) -> Self {
        Self(bytes.map(|bytes| Sha256::digest(bytes).into()))
    }

    /// The version of what is there now.
    pub fn read(path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Ok(bytes) => Ok(Self::of(Some(&bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::of(None)),
            Err(error) => Err(error),
        }
    }
}

impl FolderLock {
    /// Waits some seconds for a folder to be free, and takes it.
    pub fn take(folder: &Path) -> Result<Self, LockError> {
        Self::take_within(folder, PATIENCE)
    }

    fn take_within(folder: &Path, patience: Duration) -> Result<Self, LockError> {
        let unlockable = |source| LockError::Unlockable { folder: folder.to_owned(), source };
        let mut waited = Duration::ZERO;
        loop {
            let real = folder.canonicalize().map_err(unlockable)?;
            let held = File::open(&real).map_err(unlockable)?;
            let here = held.metadata().map_err(unlockable)?;
            match held.try_lock() {
                // Whoever held it may have put another folder in its place: then that one is to be locked.
                Ok(()) if fs::metadata(&real).is_ok_and(|now| is_same(&now, &here)) => {
                    return Ok(Self { _held: held, folder: real });
                }
                Ok(()) => {}
                Err(TryLockError::Error(source)) => return Err(unlockable(source)),
                Err(TryLockError::WouldBlock) if waited >= patience => {
                    return Err(LockError::Busy { folder: real, by: holder(&here) });
                }
                Err(TryLockError::WouldBlock) => {
                    std::thread::sleep(PAUSE);
                    waited += PAUSE;
                }
            }
        }
    }

    /// The folder, by the path that is no link.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Puts new bytes in place of a file of the folder, provided that it still holds what was read. A link is followed.
    /// With a stamp, a copy of the old file stays beside it (see [`kept_name`]), readable by nobody who could not read
    /// the file. Answers where.
    pub fn swap(
        &self,
        name: &str,
        seen: Version,
        bytes: &[u8],
        stamp: Option<&str>,
    ) -> Result<Option<PathBuf>, SwapError> {
        let path = self.folder.join(name);
        let (real, old) = match place::target(&path)? {
            Target::File(real) => (real.clone(), Some(File::open(real)?)),
            Target::Nothing(real) => (real, None),
            Target::Stream => return Err(io::Error::from(io::ErrorKind::InvalidInput).into()),
        };
        let made = old.as_ref().map_or(Made::New(Access::Everyone), Made::Like);
        let new = place::durable(folder_of(&real), bytes, made)?;
        let copy = old.as_ref().and(stamp).map(|stamp| kept_name(&real, stamp));
        if let Some(copy) = &copy {
            place::copy(&real, copy)?;
        }
        // As late as can be.
        let done = match Version::read(&real) {
            Ok(now) if now == seen => new.over(&real).map_err(SwapError::File),
            Ok(_) => Err(SwapError::Changed(path)),
            Err(error) => Err(error.into()),
        };
        if let (Err(_), Some(copy)) = (&done, &copy) {
            // A copy of what is still there.
            let _unneeded = fs::remove_file(copy);
        }
        done.map(|()| copy)
    }
}

fn is_same(a: &fs::Metadata, b: &fs::Metadata) -> bool {
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

/// Who holds the lock of a folder: `1234, vigia-suas`.
fn holder(folder: &fs::Metadata) -> Option<String> {
    let place = format!("{:02x}:{:02x}:{}", major(folder.dev()), minor(folder.dev()), folder.ino());
    let locks = fs::read_to_string("/proc/locks").ok()?;
    // `1: FLOCK  ADVISORY  WRITE 11770 fe:00:10772493 0 EOF`
    let pid = locks.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        (fields.get(5) == Some(&place.as_str())).then(|| fields[4].to_owned())
    })?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(format!("{pid}, {}", name.trim()))
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command, Stdio};

    use super::*;

    /// Another process that holds the lock of a folder.
    fn other(folder: &Path) -> Child {
        let mut child = Command::new("flock")
            .arg("--no-fork")
            .arg(folder)
            .args(["sh", "-c", "echo; exec sleep 600"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = [0];
        io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut line).unwrap();
        child
    }

    #[test]
    fn a_lock_held_by_another_process_is_named_and_ends_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let mut child = other(dir.path());
        let busy = FolderLock::take_within(dir.path(), Duration::from_millis(100)).unwrap_err().to_string();
        assert!(busy.contains(&dir.path().canonicalize().unwrap().display().to_string()), "{busy}");
        assert!(busy.contains(&format!("(processo {}, sleep)", child.id())), "{busy}");
        child.kill().unwrap();
        child.wait().unwrap();
        FolderLock::take_within(dir.path(), Duration::ZERO).unwrap();
    }

    #[test]
    fn who_waits_while_the_folder_is_exchanged_gets_the_lock_of_the_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, new) = (dir.path().join("etc"), dir.path().join("novo"));
        fs::create_dir(&folder).unwrap();
        fs::create_dir(&new).unwrap();
        let first = FolderLock::take(&folder).unwrap();
        let waiting = std::thread::spawn({
            let folder = folder.clone();
            move || FolderLock::take(&folder).unwrap()
        });
        std::thread::sleep(PAUSE * 3);
        super::super::exchange(&new, &folder).unwrap();
        drop(first);
        let _held = waiting.join().unwrap();
        assert!(FolderLock::take_within(&folder, Duration::ZERO).is_err());
    }

    #[test]
    fn a_file_is_swapped_only_for_what_was_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("unidades.csv");
        let stamp = Some("20261123-174500");
        let lock = FolderLock::take(dir.path()).unwrap();
        let absent = Version::read(&path).unwrap();
        assert_eq!(lock.swap("unidades.csv", absent, b"a", stamp).unwrap(), None, "nothing to keep");
        let seen = Version::of(Some(b"a"));
        assert!(matches!(lock.swap("unidades.csv", absent, b"b", stamp), Err(SwapError::Changed(_))));
        fs::write(&path, "de outra pessoa").unwrap();
        let refused = lock.swap("unidades.csv", seen, b"b", stamp).unwrap_err();
        assert!(refused.to_string().starts_with("o arquivo mudou enquanto você lia: "), "{refused}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "de outra pessoa");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "and no copy of what is still there");
        let seen = Version::read(&path).unwrap();
        let copy = lock.swap("unidades.csv", seen, b"b", stamp).unwrap().unwrap();
        assert_eq!(copy.file_name().unwrap(), "unidades.csv.anterior-20261123-174500");
        assert_eq!(fs::read_to_string(copy).unwrap(), "de outra pessoa");
        assert_eq!(fs::read_to_string(&path).unwrap(), "b");
    }

    #[test]
    fn of_many_who_read_the_same_only_one_writes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("conta");
        fs::write(&path, "0").unwrap();
        let seen = Version::read(&path).unwrap();
        let add = |n: usize| {
            let lock = FolderLock::take(dir.path()).unwrap();
            lock.swap("conta", seen, n.to_string().as_bytes(), None).is_ok().then_some(n)
        };
        let done: Vec<usize> = std::thread::scope(|scope| {
            let threads: Vec<_> = (1..=8).map(|n| scope.spawn(move || add(n))).collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(done.len(), 1);
        assert_eq!(fs::read_to_string(&path).unwrap(), done[0].to_string());
    }
}
