//! The configurations that were in force, whole, and those that were not let in: what a cold start falls back on.
//!
//! One that was not let in has faults, or effects so large that it is held until a person consents. It ceases to count
//! when any configuration is adopted: itself, another, or the one in force once more because its files were put back.
//!
//! Files are kept once by digest, so that a new deadline costs one small file and not the roster again.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::chain::{Chain, Line};
use super::{Store, StoreError, SwitchedBy, journal, retired};
use crate::database::cell::{Cells, count, ms};
use crate::database::db::{Conn, detached, written};
use crate::database::engine::Row;
use crate::database::sql::{bound, statements};
use crate::domain::id::FeedId;
use crate::domain::journal::{Adopted, Consented, Entry, Held, Rejected};
use crate::text::digest::sha256;

statements! {
    const IN_FORCE = "SELECT fingerprint, directory, adopted_at, adopted_by FROM configurations WHERE in_force = 1";
    // The index `journal_of_configurations` is for these two.
    const LAST_BY = "SELECT subject FROM journal WHERE kind = 'configuracao' AND at <= $1 \
                     AND body LIKE '{\"formato\":\"configuracao.adotar.%' ORDER BY seq DESC LIMIT 1";
    const ADOPTIONS = "SELECT at, subject FROM journal WHERE kind = 'configuracao' \
                       AND body LIKE '{\"formato\":\"configuracao.adotar.%' ORDER BY seq";
    const FIRST = "SELECT subject FROM journal WHERE kind = 'configuracao' \
                   AND body LIKE '{\"formato\":\"configuracao.adotar.%' ORDER BY seq LIMIT 1";
    const PARTS = "SELECT p.name, f.bytes FROM config_parts p JOIN config_files f ON f.sha256 = p.sha256 \
                   WHERE p.fingerprint = $1 ORDER BY p.name";
    const LAY_DOWN = "UPDATE configurations SET in_force = 0 WHERE in_force = 1";
    const TAKE_UP = "INSERT INTO configurations (fingerprint, directory, adopted_at, adopted_by, in_force) \
                     VALUES ($1, $2, $3, $4, 1) ON CONFLICT (fingerprint) DO UPDATE SET \
                     directory = excluded.directory, adopted_at = excluded.adopted_at, \
                     adopted_by = excluded.adopted_by, in_force = 1";
    const PUT_FILE = "INSERT INTO config_files (sha256, bytes) VALUES ($1, $2) ON CONFLICT (sha256) DO UPDATE \
                            SET bytes = excluded.bytes";
    const PUT_PART = "INSERT INTO config_parts (fingerprint, name, sha256) VALUES ($1, $2, $3) \
                      ON CONFLICT (fingerprint, name) DO NOTHING";
    const SETTLE = "UPDATE config_refusals SET pending = 0 WHERE pending = 1 AND fingerprint <> $1";
    const REFUSED = "SELECT fingerprint, first_at, last_at, letters, faults FROM config_refusals WHERE pending = 1 \
                     ORDER BY last_at DESC LIMIT 1";
    const KNOWN = "SELECT pending FROM config_refusals WHERE fingerprint = $1";
    const REFUSE = "INSERT INTO config_refusals (fingerprint, first_at, last_at, pending, letters, faults) \
                    VALUES ($1, $2, $2, 1, $3, $4) ON CONFLICT (fingerprint) DO UPDATE SET \
                    first_at = CASE WHEN $5 = 1 THEN excluded.first_at ELSE config_refusals.first_at END, \
                    last_at = excluded.last_at, pending = 1, letters = excluded.letters, faults = excluded.faults";
    const CONSENT = "INSERT INTO config_consents (digest, given_at, author) VALUES ($1, $2, $3) \
                     ON CONFLICT (digest) DO UPDATE SET given_at = excluded.given_at, author = excluded.author";
    // Only what the journal knows too, and no adoption used up since.
    const CONSENTED = "SELECT j.seq, j.at, j.kind, j.subject, j.window_id, j.municipality, j.body, j.prev_hash, j.hash \
                       FROM config_consents c JOIN journal j ON j.at = c.given_at AND j.subject = c.digest \
                       WHERE c.digest = $1 AND j.kind = 'configuracao' AND NOT EXISTS (SELECT 1 FROM journal a \
                       WHERE a.at >= c.given_at AND a.seq > j.seq AND a.kind = 'configuracao' \
                       AND a.body LIKE '{\"formato\":\"configuracao.adotar.%') ORDER BY j.seq DESC";
    const USE_UP = "DELETE FROM config_consents";
}

/// A configuration to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConfiguration {
    /// Its hash over every file and variable.
    pub fingerprint: String,
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
    pub directory: String,
    /// Every file and variable by name.
    pub parts: Vec<(String, Vec<u8>)>,
    /// Since when it is in force.
    pub since: Timestamp,
    /// Who put it in force.
    pub by: String,
}

/// A configuration that the files hold and that is not in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedConfiguration {
    /// Its hash, or that of why it could not be read.
    pub fingerprint: String,
    /// When it was refused first, or held.
    pub since: Timestamp,
    pub last_at: Timestamp,
    /// How many letters it would change, where that is why it waits for a person; absent: it has faults.
    pub letters: Option<usize>,
    /// What is wrong with it, or what it would change, in the operators' words.
    pub faults: String,
}

/// A configuration that was in force at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThenInForce {
    /// Its hash over every file and variable.
    pub fingerprint: String,
    /// Every file and variable by name.
    pub parts: Vec<(String, Vec<u8>)>,
}

/// A configuration with large effects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldConfiguration {
    /// Its hash over every file and variable.
    pub fingerprint: String,
    /// How many letters it would change.
    pub letters: usize,
    pub effects: Vec<String>,
    /// What it would change, effects and letters, in the operators' words.
    pub table: String,
}

/// A person's word counts so long: what would change is another matter by then.
const CONSENT_LASTS: SignedDuration = SignedDuration::from_hours(24);

impl Store {
    /// Keeps a configuration as the one in force; whatever was refused before no longer counts. Answers whether
    /// another was in force until now.
    pub async fn adopt_configuration(
        &self,
        new: NewConfiguration,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        written!(self.db, |tx| {
            let before = in_force(&mut tx).await?;
            let same = before.as_ref().is_some_and(|(fingerprint, ..)| *fingerprint == new.fingerprint);
            let switched = SwitchedBy { configuration: new.fingerprint.clone(), author: new.by.clone() };
            let settled = bound!(SETTLE, "").execute(&mut tx).await?.rows_affected() > 0;
            bound!(USE_UP).execute(&mut tx).await?;
            if !same {
                bound!(LAY_DOWN).execute(&mut tx).await?;
                bound!(TAKE_UP, &new.fingerprint, &new.directory, ms(now), &new.by).execute(&mut tx).await?;
                put(&mut tx, &new).await?;
            }
            if !same || settled {
                let before = before.map(|(fingerprint, ..)| fingerprint).filter(|_| !same);
                let files = new.parts.iter().map(|(name, bytes)| (name.clone(), sha256(bytes))).collect();
                let adopted = Adopted { before, directory: new.directory, author: new.by, files };
                Chain::tell(&mut tx, Line::new(now, &new.fingerprint, adopted)).await?;
            }
            retired::switch(&mut tx, &new.feeds, &switched, now).await?;
            !same
        })
    }

    /// Notes that the files hold a configuration that cannot be used. Answers whether this very one is refused for
    /// the first time.
    pub async fn refuse_configuration(
        &self,
        fingerprint: &str,
        faults: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (fingerprint, faults) = (fingerprint.to_owned(), faults.to_owned());
        written!(self.db, |tx| {
            let is_new = standing(&mut tx, &fingerprint).await?.is_none();
            bound!(SETTLE, &fingerprint).execute(&mut tx).await?;
            bound!(REFUSE, &fingerprint, ms(now), None::<i64>, &faults, i64::from(is_new))
                .execute(&mut tx)
                .await?;
            if is_new {
                let rejected = Rejected { faults_sha256: sha256(faults.as_bytes()) };
                Chain::tell(&mut tx, Line::new(now, &fingerprint, rejected)).await?;
            }
            is_new
        })
    }

    /// Notes that the files hold a configuration that waits for a person to let it in.
    pub async fn hold_configuration(
        &self,
        held: HeldConfiguration,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let db = self.db.clone();
        detached(async move {
            let HeldConfiguration { fingerprint, letters, effects, table } = held;
            let mut tx = db.begin().await?;
            let is_new = standing(&mut tx, &fingerprint).await? != Some(true);
            bound!(SETTLE, &fingerprint).execute(&mut tx).await?;
            bound!(REFUSE, &fingerprint, ms(now), Some(count(letters)), &table, i64::from(is_new))
                .execute(&mut tx)
                .await?;
            if is_new {
                let table_sha256 = sha256(table.as_bytes());
                let told = Held { letters: letters as u64, effects, table_sha256 };
                Chain::tell(&mut tx, Line::new(now, &fingerprint, told)).await?;
            }
            tx.commit().await
        })
        .await
    }

    /// Notes a person's word that files with this digest may be put in force. It is used up by the next adoption, and
    /// counts for a day.
    pub async fn consent_to_configuration(
        &self,
        digest: &str,
        letters: usize,
        author: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (digest, author) = (digest.to_owned(), author.to_owned());
        written!(self.db, |tx| {
            bound!(CONSENT, &digest, ms(now), &author).execute(&mut tx).await?;
            let told = Consented { letters: letters as u64, author };
            Chain::tell(&mut tx, Line::new(now, &digest, told)).await?;
        })
    }

    /// Who let files with this digest in, if somebody did and it still counts.
    pub async fn consent_to(&self, digest: &str, now: Timestamp) -> Result<Option<String>, StoreError> {
        let mut conn = self.db.read().await?;
        for row in bound!(CONSENTED, digest).fetch_all(&mut conn).await? {
            let entry = journal::entry(&row)?;
            if let Ok(Entry::Consented(told)) = entry.told {
                return Ok(Some(told.author).filter(|_| now.duration_since(entry.at) < CONSENT_LASTS));
            }
        }
        Ok(None)
    }

    /// Whatever was let in is no longer: the service went on with another ledger.
    pub async fn use_up_consents(&self) -> Result<(), StoreError> {
        written!(self.db, |tx| {
            bound!(USE_UP).execute(&mut tx).await?;
        })
    }

    /// The configuration in force, if this ledger ever had one.
    pub async fn configuration_in_force(&self) -> Result<Option<KeptConfiguration>, StoreError> {
        let mut view = self.db.view().await?;
        let Some((fingerprint, directory, since, by)) = in_force(&mut view).await? else { return Ok(None) };
        let rows = bound!(PARTS, &fingerprint).fetch_all(&mut view).await?;
        let part = |row: &Row| {
            let cells = Cells::of("config_parts", row);
            Ok((cells.get("name")?, cells.get("bytes")?))
        };
        let parts = rows.iter().map(part).collect::<Result<_, StoreError>>()?;
        Ok(Some(KeptConfiguration { fingerprint, directory, parts, since, by }))
    }

    /// Every adoption of a configuration, in order: when, and its fingerprint.
    pub async fn adoptions(&self) -> Result<Vec<(Timestamp, String)>, StoreError> {
        let adoption = |row: &Row| {
            let cells = Cells::of("journal", row);
            Ok((cells.instant("at")?, cells.get("subject")?))
        };
        bound!(ADOPTIONS).all(&self.db, adoption).await
    }

    /// The files of the configuration that was in force at an instant, by its fingerprint: the last adopted by then, else
    /// the first of all. Absent: there never was one, or the years of its files are over.
    pub async fn configuration_then(&self, at: Timestamp) -> Result<Option<ThenInForce>, StoreError> {
        let mut view = self.db.view().await?;
        let row = match bound!(LAST_BY, ms(at)).fetch_optional(&mut view).await? {
            Some(row) => Some(row),
            None => bound!(FIRST).fetch_optional(&mut view).await?,
        };
        let Some(row) = row else { return Ok(None) };
        let fingerprint: String = row.try_get("subject")?;
        let rows = bound!(PARTS, &fingerprint).fetch_all(&mut view).await?;
        let part = |row: &Row| {
            let cells = Cells::of("config_parts", row);
            Ok(cells.get::<Option<Vec<u8>>>("bytes")?.zip(Some(cells.get::<String>("name")?)))
        };
        let parts = rows.iter().map(part).collect::<Result<Option<Vec<_>>, StoreError>>()?;
        let parts = parts.filter(|parts| !parts.is_empty());
        Ok(parts.map(|parts| ThenInForce {
            fingerprint,
            parts: parts.into_iter().map(|(bytes, name)| (name, bytes)).collect(),
        }))
    }

    /// What the files hold and is not let in, if that is so.
    pub async fn configuration_refused(&self) -> Result<Option<RefusedConfiguration>, StoreError> {
        let mut conn = self.db.read().await?;
        let Some(row) = bound!(REFUSED).fetch_optional(&mut conn).await? else { return Ok(None) };
        let cells = Cells::of("config_refusals", &row);
        Ok(Some(RefusedConfiguration {
            fingerprint: cells.get("fingerprint")?,
            since: cells.instant("first_at")?,
            last_at: cells.instant("last_at")?,
            letters: cells
                .get::<Option<i64>>("letters")?
                .map(|letters| usize::try_from(letters).unwrap_or(0)),
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

/// Whether a configuration was refused or held before, and is still.
async fn standing(conn: &mut Conn, fingerprint: &str) -> Result<Option<bool>, StoreError> {
    let row = bound!(KNOWN, fingerprint).fetch_optional(conn).await?;
    row.map(|row| Ok(row.try_get::<i64, _>(0)? == 1)).transpose()
}

async fn put(conn: &mut Conn, new: &NewConfiguration) -> Result<(), StoreError> {
    for (name, bytes) in &new.parts {
        let digest = sha256(bytes);
        bound!(PUT_FILE, &digest, bytes.as_slice()).execute(&mut *conn).await?;
        bound!(PUT_PART, &new.fingerprint, name, &digest).execute(&mut *conn).await?;
    }
    Ok(())
}
