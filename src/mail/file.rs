//! A rehearsal's outbox: each letter as an `.eml` file, the same bytes that would go out.
//!
//! A file is whole or absent: it is written beside its place, flushed to the disk, and renamed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::delivery::Outcome;
use crate::domain::notice::NoticeKey;

use super::token::letter_path;

/// Makes the names of temporary files differ within this process.
static SERIAL: AtomicU64 = AtomicU64::new(0);

/// A folder that letters are written to instead of being sent.
#[derive(Debug, Clone)]
pub struct FileOutbox {
    dir: PathBuf,
}

impl FileOutbox {
    /// An outbox under `dir` (`dados`); the folder is made when first needed.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Where a letter lies or would lie.
    #[must_use]
    pub fn path(&self, key: &NoticeKey, version: u16) -> PathBuf {
        self.dir.join(letter_path(key, version))
    }

    /// Writes one letter. The addresses of one letter share its file; writing it again changes nothing. A full or
    /// missing disk is `Deferred`.
    pub async fn deliver(&self, key: &NoticeKey, version: u16, bytes: &[u8]) -> Outcome {
        let path = self.path(key, version);
        let (target, letter) = (path.clone(), bytes.to_vec());
        let written = tokio::task::spawn_blocking(move || write(&target, &letter)).await;
        match written.map_err(io::Error::other).and_then(|result| result) {
            Ok(()) => Outcome::Accepted { reply: format!("gravado em {}", path.display()) },
            Err(error) => Outcome::Deferred {
                reply: format!("não foi possível gravar {}: {error}", path.display()),
                slow_down: false,
            },
        }
    }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
    let aside = folder.join(format!(".{}-{serial}.parte", std::process::id()));
    let written = write_aside(&aside, bytes).and_then(|()| fs::rename(&aside, path));
    if written.is_err() {
        // Best effort: the letter is not there either way.
        let _ = fs::remove_file(&aside);
    }
    written?;
    File::open(folder)?.sync_all()
}

fn write_aside(aside: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(aside)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> NoticeKey {
        NoticeKey::parse("rma/2026-11@1/prazo-5d/3205309").unwrap()
    }

    #[tokio::test]
    async fn a_letter_is_written_once_with_the_bytes_that_would_be_sent() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = FileOutbox::new(dir.path());
        let path = dir.path().join("cartas/rma/2026-11/e1-prazo-5d/3205309.eml");
        let expected = Outcome::Accepted { reply: format!("gravado em {}", path.display()) };

        assert_eq!(outbox.deliver(&key(), 1, b"Subject: x\r\n\r\na\r\n").await, expected);
        let first = fs::metadata(&path).unwrap().modified().unwrap();
        assert_eq!(outbox.deliver(&key(), 1, b"Subject: x\r\n\r\na\r\n").await, expected);

        assert_eq!(fs::read(&path).unwrap(), b"Subject: x\r\n\r\na\r\n");
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), first);
        let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
        assert_eq!(names.len(), 1, "nothing is left beside it");
    }

    #[tokio::test]
    async fn two_senders_of_one_letter_leave_one_whole_file() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = FileOutbox::new(dir.path());
        let letter = vec![b'x'; 200_000];
        let key = key();
        let (a, b) = tokio::join!(outbox.deliver(&key, 1, &letter), outbox.deliver(&key, 1, &letter));
        assert!(matches!((a, b), (Outcome::Accepted { .. }, Outcome::Accepted { .. })));
        assert_eq!(fs::read(outbox.path(&key, 1)).unwrap(), letter);
    }

    #[tokio::test]
    async fn a_disk_that_refuses_defers_in_portuguese() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("cartas"), "a file where the folder should be").unwrap();
        let outcome = FileOutbox::new(dir.path()).deliver(&key(), 1, b"x").await;
        let Outcome::Deferred { reply, slow_down: false } = outcome else { panic!("{outcome:?}") };
        assert!(reply.starts_with("não foi possível gravar "), "{reply}");
    }
}
