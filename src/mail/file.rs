//! A rehearsal's outbox: each letter as an `.eml` file, the same bytes that would go out.
//!
//! A file is whole or absent, and on the disk before the letter counts as gone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::domain::delivery::Outcome;
use crate::domain::notice::NoticeKey;
use crate::files::{self, Access};

use super::token::letter_path;

/// A folder that letters are written to instead of being sent.
#[derive(Debug, Clone)]
pub struct FileOutbox {
    dir: PathBuf,
}

impl FileOutbox {
    /// An outbox under `dir` (`dados`); the folder is made when first needed.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Where a letter lies or would lie.
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
    files::put(path, bytes, Access::Usual)
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
