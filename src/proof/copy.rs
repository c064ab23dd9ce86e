//! A file that is to be a copy of a ledger, or may be one.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use super::verify;
use crate::database::db::Conn;
use crate::database::sql::{bound, statements};
use crate::database::sqlite;
use crate::files;
use crate::store::{Head, Store, StoreError};

statements! {
    const FIRST = "SELECT hash FROM journal WHERE seq = 1";
    const HEAD = "SELECT head_seq FROM meta WHERE id = 1";
}

/// What lies beneath; shown as the chain's next line.
pub(super) type Source = Box<dyn Error + Send + Sync>;

/// What SQLite may leave beside a file that it was writing.
pub(super) const BESIDE: [&str; 4] = ["", "-journal", "-wal", "-shm"];

/// A copy that has no name yet. Dropped, it is gone.
pub(super) struct Unfinished(pub(super) PathBuf);

impl Unfinished {
    pub(super) fn remove(&self) {
        for end in BESIDE {
            let _none = fs::remove_file(files::beside(&self.0, end));
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.remove();
    }
}

/// What the check of a copy found.
pub(super) struct Checked {
    pub(super) entries: usize,
    pub(super) letters: usize,
    pub(super) seq: i64,
    pub(super) faults: Vec<String>,
}

/// Whether a copy is whole and has what the witness of its ledger saw, and how much it holds.
pub(super) async fn check(copy: &Path, witnessed: Option<Head>) -> Result<Checked, StoreError> {
    let store = Store::open_read_only(copy).await?;
    let checked = async {
        let (sound, seq) = {
            let mut conn = store.db.read().await?;
            (sqlite::soundness(&mut conn).await?, bound!(HEAD).fetch_one(&mut conn).await?.try_get(0)?)
        };
        let mut view = store.db.view().await?;
        let mut report = verify::whole(&mut view).await?;
        verify::hold(&mut view, witnessed, &mut report).await?;
        let mut faults = report.faults();
        if let Some(found) = sound {
            faults.insert(0, format!("o arquivo está danificado ({found})"));
        }
        Ok(Checked { entries: report.entries, letters: report.letters, seq, faults })
    };
    let checked = checked.await;
    store.close().await;
    checked
}

/// The hash of a file's first journal entry, if it is a ledger, of whatever schema.
pub(super) async fn first_of(path: &Path) -> Option<String> {
    let mut conn = sqlite::glance(path).await.ok()?;
    first_hash(&mut conn).await.ok()
}

/// The same of a ledger that is one.
pub(super) async fn first_hash(conn: &mut Conn) -> Result<String, StoreError> {
    bound!(FIRST).fetch_one(conn).await?.try_get(0)
}
