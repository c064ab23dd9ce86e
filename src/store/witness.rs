//! The witness beside the ledger: how far its journal had come, in a file that no copy of it can stand in for.
//!
//! A copy of a ledger is as whole as the ledger, and sends again whatever left after it was made. So whoever sends keeps
//! the journal's head in `NAME.testemunha`: after each commit that marks letters, while they are on the wire and before the
//! next such commit begins, at the end of each round and with each heartbeat (`slots`: how the file is written). A ledger that
//! does not hold that head is older, or another. The witness tells its own file too (inode, birth) and its machine, so that
//! one that was copied with its ledger vouches for nothing. What this cannot see is a whole disk set back, witness and all.
//!
//! At most the last commit is not witnessed yet: a letter for each connection, whose bytes and Message-ID are those that
//! the copy has.
//!
//! Above 400 lines: what is written, when it is believed and how it is taken up again are one promise, read together.

mod slots;

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use self::slots::{Fresh, Written, machine};
use super::begin::{put_outage, signs};
use super::chain::{Chain, Line, head};
use super::{Leader, OnUncertain, Sighting, Store, StoreError, Unassured, Vouched, elsewhere};
use crate::database::batch::{Batch, first};
use crate::database::cell::{Cells, whole_ms};
use crate::database::db::{Conn, Db, Engine, detached};
use crate::database::engine::Row;
use crate::database::sql::{bound, statements};
use crate::domain::journal::{Assumed, DoubtCause};
use crate::domain::overrides::Authorship;
use crate::files;
use crate::plan::ledger::Outage;

statements! {
    const BEGAN = "SELECT at FROM journal ORDER BY seq LIMIT 1";
    const HASH_AT = "SELECT hash FROM journal WHERE seq = $1";
    const HEAD_AND_HASH_AT = "SELECT head_seq, head_hash, (SELECT hash FROM journal WHERE seq = $1) FROM meta WHERE id = 1";
}

/// How far a journal had come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Its last entry.
    #[serde(rename = "registro")]
    pub seq: i64,
    /// That entry's hash.
    pub hash: String,
    /// When that was witnessed.
    #[serde(rename = "em")]
    pub at: String,
}

/// Why nobody knows that this ledger is the one that last sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerDoubt {
    /// In one word.
    pub cause: DoubtCause,
    /// What the witness tells, where it can be read.
    pub witness: Option<Head>,
}

/// What a person's word on a doubted ledger came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assumption {
    /// The doubt that it ended.
    pub doubt: LedgerDoubt,
    /// The last entry of the ledger that counts from now on, before the one that tells this.
    pub seq: i64,
    /// The time in which letters may have left that this ledger does not know of.
    pub gap: Outage,
    /// What left from the other ledger.
    pub vouched: Vouched,
    /// What was due, may have left, and waits for `liberar`.
    pub held: Vec<Unassured>,
}

/// The file, and what this process last wrote to it: nothing while it does not keep it.
#[derive(Debug)]
pub(crate) struct Witness {
    path: PathBuf,
    /// The ledger, through links.
    database: PathBuf,
    /// Whether the ledger is on a server, which a loss of power here does not set back.
    is_of_server: bool,
    kept: Mutex<Option<(i64, String)>>,
    /// The file that was put in place last, while it may be written in place.
    fresh: Mutex<Option<Fresh>>,
    /// The file while it is being written.
    underway: tokio::sync::Mutex<Option<JoinHandle<Result<(), StoreError>>>>,
    /// Whether the ledger lost entries while this process kept it.
    is_set_back: AtomicBool,
}

impl Witness {
    pub(crate) fn of(db: &Db) -> Arc<Self> {
        let path = files::beside(db.path(), ".testemunha");
        let database = db.path().canonicalize().unwrap_or_else(|_| db.path().to_owned());
        Arc::new(Self {
            path,
            database,
            is_of_server: matches!(db.engine, Engine::Postgres(_)),
            kept: Mutex::default(),
            fresh: Mutex::default(),
            underway: tokio::sync::Mutex::default(),
            is_set_back: AtomicBool::default(),
        })
    }

    /// Puts the head that a transaction finds in place, if this process keeps the witness and it is news. A ledger that no
    /// longer has what was witnessed went back in time while it was in use, as on a server whose replica took over without
    /// the last transactions: the witness stays as it is.
    pub(super) async fn note(self: &Arc<Self>, conn: &mut Conn, now: Timestamp) -> Result<(), StoreError> {
        let known = self.known().await?;
        let mut rows = Self::asked(known.as_ref()).run(conn).await?.into_iter();
        let head = self.note_found(known, &mut rows, now).await?;
        // Told already, but in place: a copy that was made meanwhile and is put back over it would vouch for itself. Or it was
        // taken away: whoever keeps it knows that the ledger is the one.
        let is_written_over = {
            let fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
            fresh.as_ref().is_some_and(Fresh::is_written_over)
        };
        if is_written_over || self.is_kept() && !self.exists() {
            self.put(head, now).await?;
        }
        Ok(())
    }

    /// What this process last wrote, where it keeps the file, once that is written.
    pub(super) async fn known(&self) -> Result<Option<(i64, String)>, StoreError> {
        self.arrived(&mut *self.underway.lock().await).await?;
        Ok(self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    async fn arrived(
        &self,
        underway: &mut Option<JoinHandle<Result<(), StoreError>>>,
    ) -> Result<(), StoreError> {
        match underway.take() {
            Some(put) => put.await.unwrap_or(Err(StoreError::Interrupted)),
            None => Ok(()),
        }
    }

    /// Asks for the head, and for the hash where the file says that the journal was.
    pub(super) fn asked(known: Option<&(i64, String)>) -> Batch<'static> {
        let mut batch = Batch::default();
        batch.push(bound!(HEAD_AND_HASH_AT, known.map_or(0, |(seq, _)| *seq)));
        batch
    }

    /// The same as [`Witness::note`] with the rows of what was asked for. Gives the head.
    pub(super) async fn note_found(
        self: &Arc<Self>,
        known: Option<(i64, String)>,
        rows: &mut impl Iterator<Item = Vec<Row>>,
        now: Timestamp,
    ) -> Result<(i64, String), StoreError> {
        let found = first(rows.next().unwrap_or_default())?;
        let head = (found.try_get(0)?, found.try_get(1)?);
        let Some(known) = known else { return Ok(head) };
        if head == known {
            return Ok(head);
        }
        if found.try_get::<Option<String>, _>(2)? != Some(known.1) {
            self.is_set_back.store(true, Ordering::Relaxed);
            return Err(StoreError::SetBack);
        }
        self.put(head.clone(), now).await?;
        Ok(head)
    }

    /// Whether there is one.
    pub(crate) fn exists(&self) -> bool {
        self.path.exists()
    }

    fn is_kept(&self) -> bool {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Puts this head in place, on the disk; the one that was put meanwhile where that is newer.
    pub(crate) async fn put(self: &Arc<Self>, head: (i64, String), now: Timestamp) -> Result<(), StoreError> {
        let mut underway = self.underway.lock().await;
        self.arrived(&mut underway).await?;
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let head = kept.filter(|kept| kept.0 > head.0).unwrap_or(head);
        *self.fresh.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.send_off(head, now, &mut underway);
        self.arrived(&mut underway).await
    }

    /// Puts the head of what was just committed in place while the letters that it marks are on the wire, if this process
    /// keeps the witness. Whoever asks what it knows waits for that, and hears if it failed.
    pub(super) async fn put_meanwhile(self: &Arc<Self>, head: (i64, String), now: Timestamp) {
        let mut underway = self.underway.lock().await;
        let known = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if underway.is_none() && known.is_some_and(|known| known.0 < head.0) {
            self.send_off(head, now, &mut underway);
        }
    }

    fn send_off(
        self: &Arc<Self>,
        (seq, hash): (i64, String),
        now: Timestamp,
        underway: &mut Option<JoinHandle<Result<(), StoreError>>>,
    ) {
        let own = self.clone();
        *underway = Some(tokio::task::spawn_blocking(move || {
            let head = Head { seq, hash: hash.clone(), at: now.to_string() };
            own.write(&head).map_err(|source| own.fault(source))?;
            *own.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((seq, hash));
            Ok(())
        }));
    }

    /// In place where the file is young, else as a new one. After a fault it is a new one.
    fn write(&self, head: &Head) -> io::Result<()> {
        let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = fresh.take();
        let noted = file.as_mut().map(|file| file.note(&self.path, head, self.is_of_server)).transpose()?;
        *fresh = Some(match file {
            Some(file) if noted == Some(true) => file,
            _ => Fresh::put(&self.path, &self.database, head)?,
        });
        Ok(())
    }

    /// What the file tells, and whether it is the very file that was written on this machine; nothing where there is
    /// none.
    fn read(&self) -> Result<Option<(Option<Head>, bool)>, StoreError> {
        let mut bytes = Vec::new();
        let opened = File::open(&self.path).and_then(|mut file| {
            let _not_ours_if_not_read = file.read_to_end(&mut bytes);
            file.metadata()
        });
        let file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.fault(error)),
        };
        let told = Written::read(&bytes);
        let is_own = told.as_ref().is_some_and(|told| told.is_of(&file));
        Ok(Some((told.map(|told| told.head), is_own)))
    }

    /// The ledger that a copied witness was written for, if that was another one of this machine.
    fn original(&self) -> Result<Option<PathBuf>, StoreError> {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.fault(error)),
        };
        Ok(Written::read(&text)
            .filter(|told| told.maquina == machine() && told.livro != self.database)
            .map(|told| told.livro))
    }

    fn fault(&self, source: io::Error) -> StoreError {
        StoreError::Witness { path: self.path.clone(), source: source.into() }
    }
}

impl Store {
    /// Why nobody knows that this ledger is the one that last sent; nothing when its witness says so, or when nothing
    /// was ever sent from it.
    ///
    /// # Errors
    /// [`StoreError::Witness`] when the witness may not be read, or a fault of the database.
    pub async fn doubt(&self) -> Result<Option<LedgerDoubt>, StoreError> {
        // Before the ledger: whoever keeps it is never behind it.
        let found = self.witness.read()?;
        let mut view = self.db.view().await?;
        let (cause, witness) = match found {
            None if signs(&mut view).await?.heartbeat_at.is_none() => return Ok(None),
            None => (DoubtCause::Missing, None),
            Some((witness, false)) => (DoubtCause::Copied, witness),
            Some((None, true)) => (DoubtCause::Copied, None),
            Some((Some(witness), true)) => {
                let at = bound!(HASH_AT, witness.seq).fetch_optional(&mut view).await?;
                match at.map(|row| row.try_get::<String, _>(0)).transpose()? {
                    Some(hash) if hash == witness.hash => match self.lost(&mut view).await? {
                        None => return Ok(None),
                        lost => (DoubtCause::Older, lost),
                    },
                    Some(_) => (DoubtCause::Other, Some(witness)),
                    None => (DoubtCause::Older, Some(witness)),
                }
            }
        };
        Ok(Some(LedgerDoubt { cause, witness }))
    }

    /// What the witness beside the ledger tells, whoever wrote that file and wherever; nothing where there is none or it cannot
    /// be made out. To be asked before the ledger is read: whoever keeps it is never behind it.
    ///
    /// # Errors
    /// [`StoreError::Witness`] when it may not be read.
    pub fn witnessed(&self) -> Result<Option<Head>, StoreError> {
        Ok(self.witness.read()?.and_then(|(told, _)| told))
    }

    /// Keeps the witness from now on. Only by the ledger's sender, and only of a ledger that is not doubted.
    ///
    /// # Errors
    /// [`StoreError::Witness`], or a fault of the database.
    pub async fn keep_witness(&self, now: Timestamp) -> Result<(), StoreError> {
        let head = head(&mut *self.db.read().await?).await?;
        self.witness.put(head, now).await?;
        let Engine::Postgres(postgres) = &self.db.engine else { return Ok(()) };
        postgres.lead.assure(&mut *self.db.read().await?).await
    }

    /// Keeps the witness of a machine that waits in reserve: as far as the ledger has come that a leader sends from who knows
    /// that it is the one. Where there was no witness it begins so; one that says that it is not that ledger stays, and so
    /// does the doubt.
    pub async fn follow_witness(&self, leader: &Leader, now: Timestamp) -> Result<(), StoreError> {
        match self.doubt().await? {
            None => {}
            Some(LedgerDoubt { cause: DoubtCause::Missing, .. }) if leader.is_assured => {}
            Some(_) => return Ok(()),
        }
        let mut conn = self.db.read().await?;
        if self.witness.is_kept() {
            return self.witness.note(&mut conn, now).await;
        }
        let head = head(&mut conn).await?;
        self.witness.put(head, now).await
    }

    /// Whether the ledger went back in time while this process kept its witness: nothing more is marked. It ends with the
    /// process, whose next start finds an older ledger and waits for `assumir`.
    pub fn is_set_back(&self) -> bool {
        self.witness.is_set_back.load(Ordering::Relaxed)
    }

    /// Has a ledger on a server say by itself that it was set back under this process: the witness of a reserve may lie below
    /// what was lost, and knows of nothing. Until `assumir`, every machine doubts it. Of a file its own witness is enough.
    pub async fn tell_set_back(&self) -> Result<(), StoreError> {
        let Engine::Postgres(postgres) = &self.db.engine else { return Ok(()) };
        let Some((Some(head), true)) = self.witness.read()? else { return Ok(()) };
        let Some(mut conn) = self.db.writing_connection().await? else { return Ok(()) };
        postgres.lead.lose(&mut conn, Some((head.seq, &head.hash, &head.at))).await
    }

    async fn lost(&self, conn: &mut Conn) -> Result<Option<Head>, StoreError> {
        let Engine::Postgres(postgres) = &self.db.engine else { return Ok(None) };
        Ok(postgres.lead.lost(conn).await?.map(|(seq, hash, at)| Head { seq, hash, at }))
    }

    /// Has the witness tell what was recorded up to now, if this process keeps it.
    pub async fn note_witness(&self, now: Timestamp) -> Result<(), StoreError> {
        self.witness.note(&mut *self.db.read().await?, now).await
    }

    /// A person's word (`assumir`) that this ledger is the one that counts. What is known to have left from another counts
    /// as delivered. What else was due, or fell due since its last pass, may have been sent by another, and waits for
    /// `liberar` like what falls due in an outage. Answers nothing when there was no doubt.
    ///
    /// # Errors
    /// [`StoreError::Taken`] where the original is on this machine and a daemon sends from it; else as
    /// [`Store::keep_witness`].
    pub async fn assume(
        &self,
        sightings: Vec<Sighting>,
        by: &Authorship,
    ) -> Result<Option<Assumption>, StoreError> {
        let Some(doubt) = self.doubt().await? else { return Ok(None) };
        if let Some(path) = self.witness.original()?
            && let holder @ Some(_) = Self::sender(&path)
        {
            return Err(StoreError::Taken { path, holder });
        }
        // Where a daemon runs it has tidied up by itself.
        if let Ok(lock) = self.lock()
            && self.lead_unnoted().await?
        {
            self.recover(&lock, by.at, OnUncertain::Resend).await?;
            self.resign().await;
        }
        let (db, witness, by) = (self.db.clone(), self.witness.clone(), by.clone());
        detached(async move {
            let mut tx = db.begin().await?;
            let (seq, hash) = head(&mut tx).await?;
            let from = match signs(&mut tx).await?.last_pass_at {
                Some(last) => last,
                None => Cells::of("journal", &bound!(BEGAN).fetch_one(&mut tx).await?).instant("at")?,
            };
            // To the millisecond, as the ledger keeps it: the batch that waits is named by it.
            let until = whole_ms(by.at);
            let by = Authorship { at: until, ..by };
            let gap = Outage { from: from.min(until), until };
            let told = Assumed {
                cause: doubt.cause,
                witness_seq: doubt.witness.as_ref().map(|head| head.seq),
                witness_hash: doubt.witness.as_ref().map(|head| head.hash.clone()),
                seq,
                hash,
                author: by.author.clone(),
                reason: by.reason.clone(),
            };
            Chain::tell(&mut tx, Line::new(by.at, "livro", told)).await?;
            put_outage(&mut tx, gap, by.at).await?;
            let mut chain = Chain::resume(&mut tx).await?;
            let vouched = elsewhere::vouch(&mut tx, &mut chain, &sightings, &by).await?;
            let waiting = elsewhere::hold(&mut tx, &mut chain, &by).await?;
            chain.save(&mut tx).await?;
            if let Engine::Postgres(postgres) = &db.engine {
                postgres.lead.lose(&mut tx, None).await?;
            }
            let head = head(&mut tx).await?;
            tx.commit().await?;
            witness.put(head, by.at).await?;
            // Who gives their word does not send.
            *witness.kept.lock().unwrap_or_else(PoisonError::into_inner) = None;
            Ok(Some(Assumption { doubt, seq, gap, vouched, held: waiting }))
        })
        .await
    }
}

#[cfg(test)]
mod tests;
