//! The witness's file, and how it is written: whole, as a new file under the same name, or for a second in place.
//!
//! In place is one write of one block, where a new file under its name is some ten calls and two syncs; so a head is written
//! over one of two slots behind the text, in turn and with a digest of its own, and a write that was torn leaves the one
//! before. It is synced only where the ledger is on a server (decision 0295): the system has what was written, whatever becomes
//! of this process, and a machine that loses its power within the second leaves a witness of a moment before, whose head
//! the ledger beside it, synced at each commit, holds too.
//!
//! What no copy of the file shares must change as it is written, or a copy that is put back over it, byte by byte, would
//! vouch for an old ledger: so the file is a new one, and on the disk, after a second at the latest and at the end of each
//! round.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Head;
use crate::files::{self, Access};
use crate::text::digest::sha256;

/// The machine, as systemd names it.
const MACHINE: &str = "/etc/machine-id";
/// So long a file is written to in place.
const IN_PLACE: Duration = Duration::from_secs(1);
/// No disk tears what lies in two of these.
const BLOCK: usize = 4096;
/// A head and its digest, which one sector holds.
const SLOT: usize = 512;
const SLOTS: usize = 2;

/// What the file begins with.
#[derive(Serialize, Deserialize)]
pub(super) struct Written {
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) maquina: String,
    pub(super) arquivo: String,
    /// Where its ledger is.
    pub(super) livro: PathBuf,
}

impl Written {
    /// What a file tells, with the newest head in it.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let line = bytes.split(|byte| *byte == b'\n').next()?;
        let mut told: Self = serde_json::from_slice(line).ok()?;
        let slots = (0..SLOTS).filter_map(|n| bytes.get(place(line.len(), n)..)?.get(..SLOT));
        let newest = slots.filter_map(told_in).max_by_key(|head| head.seq);
        if let Some(newest) = newest.filter(|newest| newest.seq > told.head.seq) {
            told.head = newest;
        }
        Some(told)
    }

    /// Whether it tells of the very file that it was read from, on the machine that wrote it.
    pub(super) fn is_of(&self, file: &Metadata) -> bool {
        self.maquina == machine() && self.arquivo == identity(file)
    }
}

/// A file that was put in place a moment ago.
#[derive(Debug)]
pub(super) struct Fresh {
    file: File,
    inode: u64,
    put_at: Instant,
    line: usize,
    turn: usize,
    is_written_over: bool,
}

impl Fresh {
    /// Puts a new file in place, on the disk.
    pub(super) fn put(path: &Path, database: &Path, head: &Head) -> io::Result<Self> {
        let mut line = 0;
        let told = |file: &Metadata| {
            let (maquina, arquivo) = (machine(), identity(file));
            let told = Written { head: head.clone(), maquina, arquivo, livro: database.to_owned() };
            let mut bytes = serde_json::to_vec(&told).unwrap_or_default();
            line = bytes.len();
            bytes.push(b'\n');
            // Room that is not to be made when it is needed.
            bytes.resize(place(line, SLOTS), b' ');
            bytes
        };
        let file = files::put_own(path, Access::Group, told)?;
        Ok(Self {
            inode: file.metadata()?.ino(),
            file,
            put_at: Instant::now(),
            line,
            turn: 0,
            is_written_over: false,
        })
    }

    /// Writes a head in place, and syncs it where a loss of power must not undo it. Answers whether it did: not where the file is
    /// too old, or has the name no more.
    pub(super) fn note(&mut self, path: &Path, head: &Head, is_synced: bool) -> io::Result<bool> {
        let slot = in_slot(head);
        let is_there = || fs::symlink_metadata(path).is_ok_and(|file| file.ino() == self.inode);
        if self.put_at.elapsed() >= IN_PLACE || slot.len() > SLOT || !is_there() {
            return Ok(false);
        }
        let at = u64::try_from(place(self.line, self.turn)).unwrap_or(u64::MAX);
        self.file.write_all_at(&slot, at)?;
        if is_synced {
            self.file.sync_data()?;
        }
        self.turn = (self.turn + 1) % SLOTS;
        self.is_written_over = true;
        Ok(true)
    }

    /// Whether it was written in place since it was put there.
    pub(super) fn is_written_over(&self) -> bool {
        self.is_written_over
    }
}

/// Where a slot lies behind a line of so many bytes: in a block of its own.
fn place(line: usize, slot: usize) -> usize {
    (line / BLOCK + 1 + slot) * BLOCK
}

fn in_slot(head: &Head) -> Vec<u8> {
    let told = serde_json::to_string(head).unwrap_or_default();
    let mut slot = format!("{}{told}\n", sha256(told.as_bytes())).into_bytes();
    slot.resize(slot.len().max(SLOT), b' ');
    slot
}

/// The head in a slot; nothing of one that is empty or was torn.
fn told_in(slot: &[u8]) -> Option<Head> {
    let line = std::str::from_utf8(slot).ok()?.lines().next()?;
    let (digest, told) = line.split_at_checked(line.find('{')?)?;
    if sha256(told.as_bytes()) == digest { serde_json::from_str(told).ok() } else { None }
}

pub(super) fn machine() -> String {
    fs::read_to_string(MACHINE).unwrap_or_default().trim().to_owned()
}

/// What no copy of a file shares with it: its inode, and when that was made. Renamed, it stays the same.
fn identity(file: &Metadata) -> String {
    let born = file.created().ok().and_then(|born| Timestamp::try_from(born).ok());
    format!("{} {}", file.ino(), born.map_or(0, Timestamp::as_nanosecond))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(seq: i64) -> Head {
        Head { seq, hash: format!("{seq:064x}"), at: "2026-12-01T13:00:00Z".to_owned() }
    }

    fn read(path: &Path) -> i64 {
        Written::read(&fs::read(path).unwrap()).unwrap().head.seq
    }

    #[test]
    fn a_write_that_was_torn_at_any_byte_leaves_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("testemunha");
        for writes in 1..=3_i64 {
            let mut file = Fresh::put(&path, Path::new("/livro"), &head(100)).unwrap();
            for n in 1..=writes {
                assert!(file.note(&path, &head(100 + n), true).unwrap());
            }
            assert_eq!(read(&path), 100 + writes);
            // The slot's turn comes to the next, of which so many bytes arrive.
            let whole = fs::read(&path).unwrap();
            let (next, at) = (in_slot(&head(900)), place(file.line, file.turn));
            for arrived in 0..SLOT {
                let mut torn = whole.clone();
                torn[at..at + arrived].copy_from_slice(&next[..arrived]);
                let told = Written::read(&torn).unwrap().head.seq;
                let is_whole = torn[at..].starts_with(&next[..=next.trim_ascii_end().len()]);
                assert_eq!(told, if is_whole { 900 } else { 100 + writes }, "{arrived} bytes of the next");
                // A sector of something else.
                torn[at..at + SLOT].fill(0xff);
                assert_eq!(Written::read(&torn).unwrap().head.seq, 100 + writes);
            }
        }
    }

    #[test]
    fn a_file_is_written_in_place_while_it_is_young_and_has_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("testemunha");
        let mut file = Fresh::put(&path, Path::new("/livro"), &head(1)).unwrap();
        assert!(file.note(&path, &head(2), true).unwrap());
        file.put_at = file.put_at.checked_sub(IN_PLACE).unwrap();
        assert!(!file.note(&path, &head(3), true).unwrap(), "a copy of it may have been put back over it");
        assert_eq!(read(&path), 2);
        let mut file = Fresh::put(&path, Path::new("/livro"), &head(4)).unwrap();
        fs::rename(&path, dir.path().join("outra")).unwrap();
        assert!(!file.note(&path, &head(5), true).unwrap(), "nobody would find it");
        fs::write(&path, "outra").unwrap();
        assert!(!file.note(&path, &head(5), true).unwrap());
    }

    #[test]
    fn a_long_path_has_its_slots_behind_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("testemunha");
        for letters in [10, 3_700, 3_900, 4_090, 9_000] {
            let mut file = Fresh::put(&path, Path::new(&"x".repeat(letters)), &head(1)).unwrap();
            assert!(file.note(&path, &head(2), true).unwrap() && file.note(&path, &head(3), true).unwrap());
            assert_eq!(read(&path), 3);
            assert_eq!(fs::metadata(&path).unwrap().len() % 4096, 0);
        }
    }
}
