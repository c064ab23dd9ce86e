//! `livro mudar`: a whole ledger, with its chain, from a file to a server, or back, or to another of either.
//!
//! Nobody may write to the ledger while it moves: its lock is held, nobody leads, and a transaction that is open from the
//! first row to the mark keeps commands out. The entry that tells the move is the last that both have. Everything is
//! written to the new place in one transaction, under a mark that keeps it from being opened; then both sides are held
//! against one another, row by row, and the new one against its own journal. What decides is one commit: that which marks
//! the old one as moved. Cut off before it, the old one counts as if nothing had been tried, and the next try begins
//! anew; cut off after it, whoever opens the new one ends the move ([`Store::arrive`]).
//!
//! The witness goes with it, so that nobody has to assume the new one; a copy of the old one that was made before is
//! older than the witness that stays there.

use std::path::PathBuf;

use jiff::Timestamp;

use super::verify;
use crate::database::cell::ms;
use crate::database::copy_rows::{self, CopyTable, Tally};
use crate::database::db::{Db, Engine, detached};
use crate::database::place::stations;
use crate::database::sql::{bound, statements};
use crate::database::transaction::WriteTx;
use crate::database::{leader, lock, postgres};
use crate::domain::journal::Moved;
use crate::files;
use crate::store::chain::head;
use crate::store::moved::tell;
use crate::store::witness::Witness;
use crate::store::{LedgerDoubt, LedgerPlace, Store, StoreError};

#[cfg(test)]
mod tests;

statements! {
    const FIRST = "SELECT hash FROM journal WHERE seq = 1";
    const ARRIVING = "UPDATE place SET came_from = $1, arriving = 1, went_path = NULL, went_to = NULL, went_at = NULL \
                      WHERE id = 1";
    const GONE = "UPDATE place SET went_path = $1, went_to = $2, went_at = $3 WHERE id = 1";
}

/// A ledger in its new place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relocated {
    pub from: String,
    pub to: String,
    /// Entries of its journal, each checked on both sides.
    pub entries: usize,
    /// Its letters, each checked.
    pub letters: usize,
    /// How many rows were written.
    pub rows: u64,
    /// The hash of the last entry, with which both end.
    pub head: String,
}

/// Why a ledger was not moved. In the operators' words; it is as it was, and counts.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// A daemon is at work on either of them.
    #[error(
        "um serviço está em pé com o livro {}\ndica: pare-o antes, em todas as máquinas: systemctl stop vigia-suas",
        .0.display()
    )]
    Running(PathBuf),
    /// It is there already.
    #[error("o livro já está em {0}")]
    Same(String),
    /// Nobody knows that it is the one that last sent.
    #[error(
        "o serviço duvida deste livro, e um livro em dúvida não muda de lugar\ndica: veja “vigia-suas saude”, e resolva a \
         dúvida antes (vigia-suas assumir)"
    )]
    Doubted(LedgerDoubt),
    /// There is another ledger there.
    #[error(
        "em {0} já há um livro, e nada dele é apagado\ndica: escolha outro esquema ou outra pasta, ou leve para outra pasta o \
         arquivo que está ali, com os que começam pelo nome dele"
    )]
    Occupied(String),
    /// It does not stand as its journal tells.
    #[error("o livro em {place} não confere: {}\ndica: rode “vigia-suas livro conferir” e restaure uma cópia boa", faults.join("; "))]
    Unsound {
        /// Which of the two.
        place: String,
        faults: Vec<String>,
    },
    /// What was read back is not what was written.
    #[error(
        "o que se gravou em {place} não é o que se leu (tabela {table})\ndica: o livro antigo continua valendo; repita o comando"
    )]
    Unlike { place: String, table: &'static str },
    /// The new place.
    #[error(
        "não foi possível gravar o livro em {place}\ndica: o livro antigo continua valendo; confira o servidor ou o disco, e repita"
    )]
    There { place: String, source: StoreError },
    /// The old place.
    #[error(transparent)]
    Here(#[from] StoreError),
}

impl Store {
    /// Moves this ledger to another place, which must be empty, not there, or left half by an earlier try. `is_live`:
    /// whether letters leave from it, so that its witness is asked.
    pub async fn relocate(
        &self,
        new: LedgerPlace,
        is_live: bool,
        author: String,
        now: Timestamp,
    ) -> Result<Relocated, MoveError> {
        let old = self.clone();
        detached(async move { Ok(Box::pin(old.moved_to(new, is_live, author, now)).await) }).await?
    }

    async fn moved_to(
        &self,
        new: LedgerPlace,
        is_live: bool,
        author: String,
        now: Timestamp,
    ) -> Result<Relocated, MoveError> {
        let (from, to) = (self.words(), new.words());
        if from == to || files::is_same(self.path(), new.path()) {
            return Err(MoveError::Same(to));
        }
        let _alone_here = self.lock().map_err(running)?;
        let _nobody_leads_here = nobody_leads(&self.db).await?;
        if is_live && let Some(doubt) = self.doubt().await? {
            return Err(MoveError::Doubted(doubt));
        }
        let mut tx = self.db.begin().await?;
        if tx.is_postgres() {
            bound!(postgres::PATIENT).execute(&mut tx).await?;
        }
        let report = verify::whole(&mut tx).await?;
        if !report.is_whole() {
            return Err(MoveError::Unsound { place: from, faults: report.faults() });
        }
        // Only now: what refuses the move on this side leaves nothing there.
        let there = |source: StoreError| MoveError::There { place: to.clone(), source };
        let db = Db::open(&new, None).await.map_err(there)?;
        let _alone_there = lock::take(db.path()).map_err(running)?;
        let _nobody_leads_there = nobody_leads(&db).await?;
        self.take_place(&db).await.map_err(there)?;
        let told = Moved { from: from.clone(), to: to.clone(), author };
        tell(&mut tx, told, now).await?;
        let end = head(&mut tx).await?;
        let copied = self.copy(&mut tx, &db, &to).await?;
        let rows = copied.iter().map(|(_, tally)| tally.rows).sum();
        check(&db, &copied, &end, &to).await?;

        let witness = Witness::of(&db);
        let is_witnessed = self.witness.exists();
        if is_witnessed {
            witness.put(end.clone(), now).await?;
        }
        let path = new.path().display().to_string();
        bound!(GONE, &path, &to, ms(now)).execute(&mut tx).await?;
        if tx.is_postgres() {
            leader::depose(&mut tx).await?;
        }
        tx.commit().await?;
        if is_witnessed {
            self.witness.put(end.clone(), now).await?;
        }
        db.arrive().await.map_err(there)?;
        db.close().await;
        Ok(Relocated { entries: report.entries + 1, letters: report.letters, rows, head: end.1, from, to })
    }

    /// Marks an empty place before anything is written there, so that what a fault leaves is begun by nobody as a new
    /// ledger: the next try takes it.
    async fn take_place(&self, db: &Db) -> Result<(), StoreError> {
        let mut new = db.begin_wherever().await?;
        if bound!(FIRST).fetch_optional(&mut new).await?.is_none() {
            self.mark_arriving(&mut new).await?;
            new.commit().await?;
        }
        Ok(())
    }

    async fn mark_arriving(&self, new: &mut WriteTx) -> Result<(), StoreError> {
        let path = std::path::absolute(self.path()).unwrap_or_else(|_| self.path().to_owned());
        bound!(ARRIVING, path.display().to_string()).execute(new).await.map(drop)
    }

    /// Writes everything to the new place, in one transaction.
    pub(super) async fn copy(
        &self,
        tx: &mut WriteTx,
        db: &Db,
        to: &str,
    ) -> Result<Vec<(CopyTable, Tally)>, MoveError> {
        let there = |source: StoreError| MoveError::There { place: to.to_owned(), source };
        let own_first: String = bound!(FIRST).fetch_one(tx).await?.try_get(0)?;
        let mut new = db.begin_wherever().await.map_err(there)?;
        let first = bound!(FIRST).fetch_optional(&mut new).await.map_err(there)?;
        let first = first.map(|row| row.try_get::<String, _>(0)).transpose()?;
        let is_left_half = stations(&mut new).await.map_err(there)?.is_arriving;
        if first.is_some_and(|first| !is_left_half || first != own_first) {
            return Err(MoveError::Occupied(to.to_owned()));
        }
        let tables = copy_rows::tables(tx).await?;
        copy_rows::clear(&mut new, &tables).await.map_err(there)?;
        let mut copied = Vec::new();
        for table in tables {
            let tally = table.copy(tx, &mut new).await.map_err(there)?;
            copied.push((table, tally));
        }
        self.mark_arriving(&mut new).await.map_err(there)?;
        new.commit().await.map_err(there)?;
        Ok(copied)
    }

    /// Where it is, in words.
    fn words(&self) -> String {
        match &self.db.engine {
            Engine::Sqlite(_) => LedgerPlace::from(self.path()).words(),
            Engine::Postgres(postgres) => postgres.name().display().to_string(),
        }
    }
}

/// Holds the new place against what was read of the old one, and against its own journal.
pub(super) async fn check(
    db: &Db,
    copied: &[(CopyTable, Tally)],
    end: &(i64, String),
    to: &str,
) -> Result<(), MoveError> {
    let there = |source: StoreError| MoveError::There { place: to.to_owned(), source };
    let mut view = db.view().await.map_err(there)?;
    if view.is_postgres() {
        bound!(postgres::PATIENT).execute(&mut view).await.map_err(there)?;
    }
    for (table, tally) in copied {
        if table.tally(&mut view).await.map_err(there)? != *tally {
            return Err(MoveError::Unlike { place: to.to_owned(), table: table.name });
        }
    }
    let report = verify::whole(&mut view).await.map_err(there)?;
    if !report.is_whole() {
        return Err(MoveError::Unsound { place: to.to_owned(), faults: report.faults() });
    }
    if head(&mut view).await.map_err(there)? != *end {
        return Err(MoveError::Unlike { place: to.to_owned(), table: "meta" });
    }
    Ok(())
}

/// Keeps everybody from leading while the answer is kept. The lock of a file is enough by itself.
async fn nobody_leads(db: &Db) -> Result<Option<impl Sized>, MoveError> {
    let Engine::Postgres(postgres) = &db.engine else { return Ok(None) };
    match postgres.lead.keep_still().await? {
        Some(lock) => Ok(Some(lock)),
        None => Err(MoveError::Running(postgres.name().clone())),
    }
}

fn running(error: StoreError) -> MoveError {
    match error {
        StoreError::Taken { path, .. } => MoveError::Running(path),
        other => other.into(),
    }
}
