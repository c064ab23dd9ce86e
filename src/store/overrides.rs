//! What people decided by hand, in force and lifted.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::chain::{Chain, Line};
use super::order::{Columns, Override, OverrideId, OverrideLine, line};
use super::{Store, StoreError};
use crate::database::cell::{Cells, code, ms, whole_ms};
use crate::database::db::{Conn, written};
use crate::database::sql::{among, bound, rows_of, statements};
use crate::domain::id::{PartId, WindowId};
use crate::domain::journal::{OrderAct, OrderKind, Ordered, Text};
use crate::domain::overrides::{Authorship, BatchId, Dispute, Exemption, Hold, HoldScope, Note, Overrides};
use crate::text::digest::sha256;

/// Orders that nobody lifted.
macro_rules! in_force {
    ($which:expr) => {
        concat!(
            "SELECT id, kind, window_id, municipality, part, batch, until_on, author, reason, decided_at, lifted_by, ",
            "lift_reason, lifted_at, telephone FROM overrides WHERE lifted_at IS NULL AND ",
            $which,
            " ORDER BY decided_at, id"
        )
    };
}

statements! {
    const ADD = "INSERT INTO overrides (id, kind, window_id, municipality, part, batch, until_on, author, reason, \
                 decided_at, telephone) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO NOTHING";
    const LIFT = "UPDATE overrides SET lifted_by = $2, lift_reason = $3, lifted_at = $4 \
                  WHERE id = $1 AND lifted_at IS NULL";
    const ONE = "SELECT id, kind, window_id, municipality, part, batch, until_on, author, reason, decided_at, \
                 lifted_by, lift_reason, lifted_at, telephone FROM overrides WHERE id = $1";
    const LIST = "SELECT id, kind, window_id, municipality, part, batch, until_on, author, reason, decided_at, \
                  lifted_by, lift_reason, lifted_at, telephone FROM overrides ORDER BY decided_at, id";
    const IN_FORCE = in_force!("1 = 1");
    const LATEST = "SELECT (SELECT MAX(decided_at) FROM overrides WHERE lifted_at IS NULL) AS ordered, \
                    (SELECT MAX(taken_at) FROM snapshots) AS loaded";
    const IN_FORCE_OF_NONE = in_force!("window_id IS NULL");
    const IN_FORCE_AMONG = in_force!(among!("window_id"));
}

fn together(lines: Vec<OverrideLine>) -> Overrides {
    let mut overrides = Overrides::default();
    for OverrideLine { what, authorship, .. } in lines {
        match what {
            Override::Hold { scope, until } => overrides.holds.push(Hold { scope, until, authorship }),
            Override::Release { batch, until: None } => overrides.release(batch, authorship.at),
            Override::Release { batch, until: Some(day) } => {
                overrides.release_until(batch, day, authorship.at);
            }
            Override::Exemption { municipality, window, part, until } => {
                overrides.exemptions.push(Exemption { municipality, window, part, until, authorship });
            }
            Override::Dispute { municipality, window, part, until } => {
                overrides.disputes.push(Dispute { municipality, window, part, until, authorship });
            }
            Override::Note { municipality, window, telephone, until } => {
                overrides.notes.push(Note { municipality, window, telephone, until, authorship });
            }
            // No decision rests on it: `reduce` asks for it.
            Override::Keep { .. } => {}
        }
    }
    overrides
}

impl Store {
    /// The orders in force; expiry is the plan's to judge.
    pub async fn overrides(&self) -> Result<Overrides, StoreError> {
        let mut conn = self.db.read().await?;
        let rows = bound!(IN_FORCE).fetch_all(&mut conn).await?;
        Ok(together(rows.iter().map(line).collect::<Result<Vec<_>, _>>()?))
    }

    /// The same of some windows, and those of no window.
    pub async fn overrides_of(&self, windows: &BTreeSet<WindowId>) -> Result<Overrides, StoreError> {
        let mut view = self.db.view().await?;
        let mut rows = bound!(IN_FORCE_OF_NONE).fetch_all(&mut view).await?;
        rows.extend(rows_of(&mut view, IN_FORCE_AMONG, windows).await?);
        let mut lines = rows.iter().map(line).collect::<Result<Vec<_>, _>>()?;
        lines.sort_by(|a, b| (a.authorship.at, &a.id).cmp(&(b.authorship.at, &b.id)));
        Ok(together(lines))
    }

    /// The orders that were in force at an earlier instant.
    pub async fn overrides_as_known(&self, at: Timestamp) -> Result<Overrides, StoreError> {
        let mut lines = self.override_lines().await?;
        lines.retain(|line| {
            line.authorship.at <= at && line.lifted.as_ref().is_none_or(|lifted| lifted.at > at)
        });
        Ok(together(lines))
    }

    /// Every order ever given, oldest first.
    pub async fn override_lines(&self) -> Result<Vec<OverrideLine>, StoreError> {
        bound!(LIST).all(&self.db, line).await
    }

    /// Records an order. Giving the very same one twice records it once.
    ///
    /// What comes later is newer, whatever the clock says meanwhile: an order is dated no earlier than the orders in force
    /// and the loads that were there when it was given, by which it is held against both.
    pub async fn add_override(
        &self,
        what: Override,
        authorship: Authorship,
    ) -> Result<OverrideId, StoreError> {
        written!(self.db, |tx| {
            let authorship = Authorship { at: given_at(&mut tx, authorship.at).await?, ..authorship };
            let cells = Columns::of(&what);
            let id = cells.id(&authorship);
            let added = bound!(
                ADD,
                id.as_str(),
                cells.kind.as_str(),
                cells.window.map(WindowId::as_str),
                cells.municipality.map(code),
                cells.part.map(PartId::as_str),
                cells.batch.map(BatchId::as_str),
                cells.until.map(|day| day.to_string()),
                &authorship.author,
                &authorship.reason,
                ms(authorship.at),
                cells.telephone
            )
            .execute(&mut tx)
            .await?;
            if added.rows_affected() == 1 {
                tell(&mut tx, &id, &cells, &authorship, OrderAct::Give).await?;
            }
            id
        })
    }

    /// Lifts one order. Answers whether it was in force.
    pub async fn lift_override(&self, id: &OverrideId, authorship: Authorship) -> Result<bool, StoreError> {
        let id = id.clone();
        written!(self.db, |tx| { lift(&mut tx, &id, &authorship).await? })
    }

    /// Lifts every hold of exactly this scope. Answers how many there were.
    pub async fn lift_holds(&self, scope: HoldScope, authorship: Authorship) -> Result<usize, StoreError> {
        written!(self.db, |tx| {
            let mut lifted = 0;
            for row in bound!(IN_FORCE).fetch_all(&mut tx).await? {
                let line = line(&row)?;
                if matches!(&line.what, Override::Hold { scope: held, .. } if *held == scope) {
                    lifted += usize::from(lift(&mut tx, &line.id, &authorship).await?);
                }
            }
            lifted
        })
    }
}

/// When an order counts as given: now, or after what it would else seem older than.
async fn given_at(conn: &mut Conn, now: Timestamp) -> Result<Timestamp, StoreError> {
    let row = bound!(LATEST).fetch_one(&mut *conn).await?;
    let cells = Cells::of("overrides", &row);
    let ordered = cells.instant_opt("ordered")?.filter(|at| *at > whole_ms(now));
    let after = ordered.and_then(|at| at.checked_add(SignedDuration::from_millis(1)).ok());
    Ok([after, cells.instant_opt("loaded")?].into_iter().flatten().fold(now, Timestamp::max))
}

/// The orders to keep data that count on a day, oldest first.
pub(super) async fn keeping(conn: &mut Conn, today: Date) -> Result<Vec<OverrideLine>, StoreError> {
    let rows = bound!(IN_FORCE).fetch_all(conn).await?;
    let mut lines = rows.iter().map(line).collect::<Result<Vec<_>, _>>()?;
    lines.retain(
        |line| matches!(line.what, Override::Keep { until, .. } if until.is_none_or(|day| day >= today)),
    );
    Ok(lines)
}

async fn lift(conn: &mut Conn, id: &OverrideId, authorship: &Authorship) -> Result<bool, StoreError> {
    let lifted = bound!(LIFT, id.as_str(), &authorship.author, &authorship.reason, ms(authorship.at))
        .execute(&mut *conn)
        .await?;
    if lifted.rows_affected() == 0 {
        return Ok(false);
    }
    let row = bound!(ONE, id.as_str()).fetch_one(&mut *conn).await?;
    let what = line(&row)?.what;
    tell(conn, id, &Columns::of(&what), authorship, OrderAct::Lift).await?;
    Ok(true)
}

async fn tell(
    conn: &mut Conn,
    id: &OverrideId,
    cells: &Columns<'_>,
    authorship: &Authorship,
    act: OrderAct,
) -> Result<(), StoreError> {
    // The chain is never cut: what came of a call, and the number, stay where they can be erased one day (LGPD).
    let is_call = act == OrderAct::Give && cells.kind == OrderKind::Note;
    let digest = |text: &str| sha256(text.as_bytes());
    let told = Ordered {
        act,
        order: cells.kind,
        part: cells.part.cloned().map(Text),
        batch: cells.batch.cloned().map(Text),
        until: cells.until.map(Text),
        telephone_sha256: cells.telephone.map(digest),
        outcome_sha256: is_call.then(|| digest(&authorship.reason)),
        author: authorship.author.clone(),
        reason: (!is_call).then(|| authorship.reason.clone()),
    };
    let line = Line::new(authorship.at, id.as_str(), told);
    Chain::tell(conn, Line { window: cells.window, municipality: cells.municipality, ..line }).await
}
