//! A Maildir that a mail system delivers into: what is new, and where it goes once it was read.
//!
//! Blocking; callers run it off the async threads. Nothing is ever deleted or overwritten, and no link is followed.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::files;

/// The flag by which mail programs show a message in `cur/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// Read: nothing is left to do.
    Seen,
    /// Unread and flagged: a person should look.
    Flagged,
}

impl Flag {
    fn letter(self) -> char {
        match self {
            Self::Seen => 'S',
            Self::Flagged => 'F',
        }
    }
}

/// New messages by name, which begins with when each came.
pub fn waiting(maildir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(maildir.join("new"))? {
        let entry = entry?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if !hidden && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// A message, to be read to its end.
pub fn open(path: &Path) -> io::Result<File> {
    // It was a plain file when it was looked at; a link or a pipe in its place leads nowhere and keeps nobody waiting.
    files::open_plain(path, OpenOptions::new().read(true))
}

/// Moves a message from `new/` to `cur/`.
pub fn put_away(maildir: &Path, path: &Path, flag: Flag) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let base = name.split(":2,").next().unwrap_or(&name);
    let cur = maildir.join("cur");
    fs::create_dir_all(&cur)?;
    for serial in 0..1_000 {
        let again = if serial == 0 { String::new() } else { format!("_{serial}") };
        let target = cur.join(format!("{base}{again}:2,{}", flag.letter()));
        // A rename would overwrite.
        if fs::symlink_metadata(&target).is_err() {
            return fs::rename(path, target);
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_messages_are_read_within_bounds_and_put_away_under_a_name_of_their_own() {
        let dir = tempfile::tempdir().unwrap();
        let maildir = dir.path();
        assert!(waiting(maildir).is_err(), "a folder that is not there is no empty one");
        fs::create_dir(maildir.join("new")).unwrap();
        for name in ["2.b", "1.a", ".hidden"] {
            fs::write(maildir.join("new").join(name), "0123456789").unwrap();
        }
        std::os::unix::fs::symlink("/etc/hostname", maildir.join("new/3.link")).unwrap();
        fs::create_dir(maildir.join("cur")).unwrap();
        fs::write(maildir.join("cur/1.a:2,S"), "older").unwrap();

        let found = waiting(maildir).unwrap();
        assert_eq!(found, [maildir.join("new/1.a"), maildir.join("new/2.b")]);
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut open(&found[0]).unwrap(), &mut bytes).unwrap();
        assert!(bytes.starts_with(b"0123"));
        put_away(maildir, &found[0], Flag::Seen).unwrap();
        put_away(maildir, &found[1], Flag::Flagged).unwrap();
        assert_eq!(fs::read(maildir.join("cur/1.a:2,S")).unwrap(), b"older");
        assert_eq!(fs::read(maildir.join("cur/1.a_1:2,S")).unwrap(), b"0123456789");
        assert!(maildir.join("cur/2.b:2,F").exists());
        assert_eq!(waiting(maildir).unwrap(), Vec::<PathBuf>::new());
    }
}
