//! The configurations that were in force, whole, and those that were refused: what a cold start falls back on.
//!
//! Files are kept once by digest, so that a new deadline costs one small file and not the roster again.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sqlx::Row as _;

use super::cell::{Cells, ms};
use super::chain::{Chain, Line, sha256};
use super::db::{Conn, detached};
use super::sql::{bound, statements};
use super::{Store, StoreError, SwitchedBy, retired};
use crate::domain::id::FeedId;
use crate::domain::journal::{Adopted, Rejected};

statements! {
    const IN_FORCE = "SELECT fingerprint, directory, adopted_at, adopted_by FROM configurations WHERE in_force = 1";
    const PARTS = "SELECT p.name, f.bytes FROM config_parts p JOIN config_files f ON f.sha256 = p.sha256 \
                   WHERE p.fingerprint = $1 ORDER BY p.name";
    const LAY_DOWN = "UPDATE configurations SET in_force = 0 WHERE in_force = 1";
    const TAKE_UP = "INSERT INTO configurations (fingerprint, directory, adopted_at, adopted_by, in_force) \
                     VALUES ($1, $2, $3, $4, 1) ON CONFLICT (fingerprint) DO UPDATE SET \
                     directory = excluded.directory, adopted_at = excluded.adopted_at, \
                     adopted_by = excluded.adopted_by, in_force = 1";
    const PUT_FILE = "INSERT INTO config_files (sha256, bytes) VALUES ($1, $2) ON CONFLICT (sha256) DO NOTHING";
    const PUT_PART = "INSERT INTO config_parts (fingerprint, name, sha256) VALUES ($1, $2, $3) \
                      ON CONFLICT (fingerprint, name) DO NOTHING";
    const SETTLE = "UPDATE config_refusals SET pending = 0 WHERE pending = 1";
    const REFUSED = "SELECT fingerprint, first_at, last_at, faults FROM config_refusals WHERE pending = 1 \
                     ORDER BY last_at DESC LIMIT 1";
    const KNOWN = "SELECT COUNT(*) FROM config_refusals WHERE fingerprint = $1";
    const REFUSE = "INSERT INTO config_refusals (fingerprint, first_at, last_at, pending, faults) \
                    VALUES ($1, $2, $2, 1, $3) ON CONFLICT (fingerprint) DO UPDATE SET \
                    last_at = excluded.last_at, pending = 1, faults = excluded.faults";
}

/// A configuration to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConfiguration {
    /// Its hash over every file and variable.
    pub fingerprint: String,
    /// Where it was read.
    pub directory: String,
    /// Every file and variable by name.
    pub parts: Vec<(String, Vec<u8>)>,
    /// Who put it in force: a person, or what made the service read it.
    pub by: String,
    /// The feeds that it has and that are on; what the others said until now no longer counts.
    pub feeds: BTreeSet<FeedId>,
}

/// The configuration in force, as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptConfiguration {
    /// Its hash over every file and variable.
    pub fingerprint: String,
    /// Where it was read.
    pub directory: String,
    /// Every file and variable by name.
    pub parts: Vec<(String, Vec<u8>)>,
    /// Since when it is in force.
    pub since: Timestamp,
    /// Who put it in force.
    pub by: String,
}

/// A configuration that the files hold and that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedConfiguration {
    /// Its hash, or that of why it could not be read.
    pub fingerprint: String,
    /// When it was refused first.
    pub since: Timestamp,
    /// When it was refused last.
    pub last_at: Timestamp,
    /// Why, in the operators' words.
    pub faults: String,
}

impl Store {
    /// Keeps a configuration as the one in force; whatever was refused before no longer counts. Answers whether
    /// another was in force until now.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn adopt_configuration(
        &self,
        new: NewConfiguration,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let db = self.db.clone();
        detached(async move {
            let mut tx = db.begin().await?;
            let before = in_force(&mut tx).await?;
            let same = before.as_ref().is_some_and(|(fingerprint, ..)| *fingerprint == new.fingerprint);
            let switched = SwitchedBy { configuration: new.fingerprint.clone(), author: new.by.clone() };
            let settled = bound!(SETTLE).execute(&mut *tx).await?.rows_affected() > 0;
            if !same {
                bound!(LAY_DOWN).execute(&mut *tx).await?;
                bound!(TAKE_UP, &new.fingerprint, &new.directory, ms(now), &new.by).execute(&mut *tx).await?;
                put(&mut tx, &new).await?;
            }
            if !same || settled {
                let before = before.map(|(fingerprint, ..)| fingerprint).filter(|_| !same);
                let files = new.parts.iter().map(|(name, bytes)| (name.clone(), sha256(bytes))).collect();
                let adopted = Adopted { before, directory: new.directory, author: new.by, files };
                Chain::tell(&mut tx, Line::new(now, &new.fingerprint, adopted)).await?;
            }
            retired::switch(&mut tx, &new.feeds, &switched, now).await?;
            tx.commit().await?;
            Ok(!same)
        })
        .await
    }

    /// Notes that the files hold a configuration that cannot be used. Answers whether this very one is refused for
    /// the first time.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn refuse_configuration(
        &self,
        fingerprint: &str,
        faults: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (db, fingerprint, faults) = (self.db.clone(), fingerprint.to_owned(), faults.to_owned());
        detached(async move {
            let mut tx = db.begin().await?;
            let known: i64 = bound!(KNOWN, &fingerprint).fetch_one(&mut *tx).await?.try_get(0)?;
            bound!(SETTLE).execute(&mut *tx).await?;
            bound!(REFUSE, &fingerprint, ms(now), &faults).execute(&mut *tx).await?;
            if known == 0 {
                let rejected = Rejected { faults_sha256: sha256(faults.as_bytes()) };
                Chain::tell(&mut tx, Line::new(now, &fingerprint, rejected)).await?;
            }
            tx.commit().await?;
            Ok(known == 0)
        })
        .await
    }

    /// The configuration in force, if this ledger ever had one.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], or a fault of the database.
    pub async fn configuration_in_force(&self) -> Result<Option<KeptConfiguration>, StoreError> {
        let mut view = self.db.view().await?;
        let Some((fingerprint, directory, since, by)) = in_force(&mut view).await? else { return Ok(None) };
        let rows = bound!(PARTS, &fingerprint).fetch_all(&mut *view).await?;
        let part = |row: &sqlx::sqlite::SqliteRow| {
            let cells = Cells::of("config_parts", row);
            Ok((cells.get("name")?, cells.get("bytes")?))
        };
        let parts = rows.iter().map(part).collect::<Result<_, StoreError>>()?;
        Ok(Some(KeptConfiguration { fingerprint, directory, parts, since, by }))
    }

    /// What the files hold and cannot be used, if that is so.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], or a fault of the database.
    pub async fn configuration_refused(&self) -> Result<Option<RefusedConfiguration>, StoreError> {
        let mut conn = self.db.read().await?;
        let Some(row) = bound!(REFUSED).fetch_optional(&mut *conn).await? else { return Ok(None) };
        let cells = Cells::of("config_refusals", &row);
        Ok(Some(RefusedConfiguration {
            fingerprint: cells.get("fingerprint")?,
            since: cells.instant("first_at")?,
            last_at: cells.instant("last_at")?,
            faults: cells.get("faults")?,
        }))
    }
}

async fn in_force(conn: &mut Conn) -> Result<Option<(String, String, Timestamp, String)>, StoreError> {
    let Some(row) = bound!(IN_FORCE).fetch_optional(conn).await? else { return Ok(None) };
    let cells = Cells::of("configurations", &row);
    Ok(Some((
        cells.get("fingerprint")?,
        cells.get("directory")?,
        cells.instant("adopted_at")?,
        cells.get("adopted_by")?,
    )))
}

async fn put(conn: &mut Conn, new: &NewConfiguration) -> Result<(), StoreError> {
    for (name, bytes) in &new.parts {
        let digest = sha256(bytes);
        bound!(PUT_FILE, &digest, bytes.as_slice()).execute(&mut *conn).await?;
        bound!(PUT_PART, &new.fingerprint, name, &digest).execute(&mut *conn).await?;
    }
    Ok(())
}
