//! `vigiar_arquivos`: when changed files are quiet and whole.
//!
//! The folder is looked at every few seconds instead of asking the kernel to tell: a dozen `stat` calls cost nothing,
//! and an inotify watch sits on an inode, which an editor's rename, an exchanged folder, a bind mount or a network disk
//! takes from under it.

use std::path::Path;
use std::time::SystemTime;

use jiff::{SignedDuration, Timestamp};

use crate::config::Sources;

/// How often the files are looked at.
pub(super) const EVERY: std::time::Duration = std::time::Duration::from_secs(2);
/// How often, where nobody wishes it, is looked whether somebody does and whether the day is another.
pub(super) const SELDOM: std::time::Duration = std::time::Duration::from_mins(1);
/// Files that have not changed for so long are quiet.
const QUIET: SignedDuration = SignedDuration::from_secs(3);
/// Quiet files with faults may be half of a save still going on; after so long they are what they are.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// What of the files tells that one of them changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp(Vec<(String, SystemTime, u64)>);

/// The stamp of a folder as it is now.
pub(super) fn stamp(directory: &Path) -> Stamp {
    let mut files = Vec::new();
    for (inside, prefix) in [(directory.to_owned(), ""), (directory.join("modelos"), "modelos/")] {
        for entry in std::fs::read_dir(inside).into_iter().flatten().flatten() {
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            // Through links: what is linked to is what counts.
            if let (true, Ok(meta)) = (Sources::is_part(&name), std::fs::metadata(entry.path())) {
                files.push((name, meta.modified().unwrap_or(SystemTime::UNIX_EPOCH), meta.len()));
            }
        }
    }
    files.sort();
    Stamp(files)
}

/// What to do about the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing is new, or not quiet yet.
    Leave,
    /// They are quiet: take them in if they are whole.
    Try,
    /// They have been quiet for long: take them in or refuse them.
    Insist,
}

/// What was seen of a folder so far.
#[derive(Debug, Default)]
pub(super) struct Watch {
    seen: Option<Stamp>,
    changed_at: Option<Timestamp>,
    /// Whether it was said that they are waited for.
    told: bool,
}

impl Watch {
    /// What to do about files with this stamp. The first look finds them changed: they may have been, before.
    pub(super) fn look(&mut self, stamp: Stamp, now: Timestamp) -> Look {
        if self.seen.as_ref() != Some(&stamp) {
            self.seen = Some(stamp);
            self.changed_at = Some(now);
            self.told = false;
            return Look::Leave;
        }
        // A clock that came back: they are as quiet as it can tell.
        self.changed_at = self.changed_at.map(|at| at.min(now));
        let Some(changed_at) = self.changed_at else { return Look::Leave };
        let quiet_for = now.duration_since(changed_at);
        if quiet_for >= PATIENCE {
            Look::Insist
        } else if quiet_for >= QUIET {
            Look::Try
        } else {
            Look::Leave
        }
    }

    /// They have faults and are waited for. Whether that is to be said: once, until they change again.
    pub(super) fn waits(&mut self) -> bool {
        !std::mem::replace(&mut self.told, true)
    }

    /// Taken in or refused: nothing to do until they change again.
    pub(super) fn settled(&mut self) {
        self.changed_at = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    fn file(length: u64) -> Stamp {
        Stamp(vec![("calendario.toml".to_owned(), SystemTime::UNIX_EPOCH, length)])
    }

    #[test]
    fn changed_files_are_taken_in_once_they_are_quiet_and_refused_only_after_patience() {
        let mut watch = Watch::default();
        assert_eq!(watch.look(file(1), at(0)), Look::Leave);
        assert_eq!(watch.look(file(2), at(9_000)), Look::Leave, "the clock stood ahead");
        assert_eq!(watch.look(file(2), at(2)), Look::Leave, "still being written");
        assert_eq!(watch.look(file(2), at(4)), Look::Leave);
        assert_eq!(watch.look(file(2), at(6)), Look::Try);
        assert!(watch.waits() && !watch.waits(), "said once");
        assert_eq!(watch.look(file(2), at(62)), Look::Insist);
        watch.settled();
        assert_eq!(watch.look(file(2), at(900)), Look::Leave);
        assert_eq!(watch.look(file(3), at(902)), Look::Leave);
        assert!(watch.waits(), "and once more for other files");
        assert_eq!(watch.look(file(3), at(906)), Look::Try);
    }

    #[test]
    fn a_stamp_tells_of_the_files_of_a_configuration_and_of_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let before = stamp(dir.path());
        std::fs::write(dir.path().join(".calendario.toml.swp"), "x").unwrap();
        std::fs::write(dir.path().join("calendario.toml~"), "x").unwrap();
        assert_eq!(stamp(dir.path()), before);
        std::fs::write(dir.path().join("calendario.toml"), "x").unwrap();
        let with = stamp(dir.path());
        assert_ne!(with, before);
        // An editor's way: written beside, and put over the old one.
        std::fs::write(dir.path().join("novo"), "xy").unwrap();
        std::fs::rename(dir.path().join("novo"), dir.path().join("calendario.toml")).unwrap();
        assert_ne!(stamp(dir.path()), with);
    }
}
