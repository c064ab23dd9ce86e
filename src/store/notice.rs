//! The ledger's row of a notice: the last decision about it, and what a decision stops.

use std::collections::HashMap;

use jiff::Timestamp;

use super::StoreError;
use super::pass::NewDecision;
use crate::database::cell::{Cells, code, ms, told_text};
use crate::database::db::Conn;
use crate::database::engine::{Query, Row};
use crate::database::sql::{among, bound, rows_named, statements};
use crate::domain::delivery::DeliveryState;
use crate::domain::id::{PartId, UnitId, WindowId};
use crate::domain::journal::{self, Text};
use crate::domain::notice::{Addressee, Kind};
use crate::plan::ledger::{CopyRequest, NamedPart};
use crate::plan::{Act, Decision};

macro_rules! known {
    ($which:expr) => {
        concat!(
            "SELECT notice_key, edition, kind, rung, version, due_at, valid_until, told, parts, copies, act, cause ",
            "FROM notices WHERE ",
            $which
        )
    };
}

statements! {
    const KNOWN = known!("notice_key = $1");
    const KNOWN_OF = known!(among!("notice_key"));
    const REACHED = "SELECT COUNT(*) FROM deliveries WHERE notice_key = $1 AND reached_at IS NOT NULL";
    const PUT = "INSERT INTO notices (notice_key, window_id, municipality, edition, kind, rung, version, due_at, \
                 valid_until, told, parts, copies, act, cause, because, recorded_at, queued_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) \
                 ON CONFLICT (notice_key) DO UPDATE SET edition = excluded.edition, kind = excluded.kind, \
                 rung = excluded.rung, version = excluded.version, due_at = excluded.due_at, \
                 valid_until = excluded.valid_until, told = excluded.told, parts = excluded.parts, \
                 copies = excluded.copies, \
                 act = excluded.act, cause = excluded.cause, because = excluded.because, \
                 recorded_at = excluded.recorded_at, queued_at = COALESCE(excluded.queued_at, notices.queued_at)";
    const PUT_ACT = "UPDATE notices SET act = $2, cause = $3, because = $4 WHERE notice_key = $1";
    // Never tried: it ends here. The word of its end is the decision's.
    const END_UNTRIED = "UPDATE deliveries SET state = $3, stopped_at = $2, stopped_by = $4, owner = NULL, \
                         lease_until = NULL WHERE notice_key = $1 AND state = 'registrado' RETURNING id";
    // Tried or on the wire: it keeps its state and is not tried again.
    const STOP_TRIED = "UPDATE deliveries SET stopped_at = $2, stopped_by = $3 WHERE notice_key = $1 \
                        AND state IN ('enviando', 'adiado', 'incerto') \
                        AND (state = 'enviando' OR next_attempt_at IS NOT NULL) \
                        AND (stopped_at IS NULL OR stopped_by = 'reter') RETURNING id";
    const PAUSE = "UPDATE deliveries SET stopped_at = $2, stopped_by = 'reter' WHERE notice_key = $1 \
                   AND stopped_at IS NULL AND (state IN ('registrado', 'enviando') \
                   OR (state IN ('adiado', 'incerto') AND next_attempt_at IS NOT NULL)) RETURNING id";
}

/// What the ledger holds of a notice, but for the words and the instant of its recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoticeRow {
    pub(super) edition: Option<i64>,
    pub(super) kind: Option<String>,
    pub(super) rung: Option<i64>,
    pub(super) version: i64,
    pub(super) due_at: i64,
    pub(super) valid_until: Option<i64>,
    pub(super) told: Option<String>,
    pub(super) parts: String,
    pub(super) copies: String,
    pub(super) act: String,
    pub(super) cause: String,
}

impl NoticeRow {
    pub(super) fn of(decision: &Decision) -> Self {
        Self {
            edition: decision.edition().map(i64::from),
            kind: decision.kind().map(|k| Kind::as_str(k).to_owned()),
            rung: decision.rung().map(i64::from),
            // The column's word for "none recorded yet" is 0.
            version: decision.version().map_or(0, |version| i64::from(version.get())),
            due_at: ms(decision.due_at()),
            valid_until: decision.valid_until().map(ms),
            told: decision.told().map(told_text),
            parts: parts_text(&decision.parts()),
            copies: copies_text(decision.copies()),
            act: decision.act().as_str().to_owned(),
            cause: decision.because().cause().as_str().to_owned(),
        }
    }

    pub(super) async fn load(conn: &mut Conn, key: &str) -> Result<Option<Self>, StoreError> {
        bound!(KNOWN, key).fetch_optional(conn).await?.as_ref().map(Self::read).transpose()
    }

    /// The rows of several, by key: nothing for one that is not known.
    pub(super) async fn load_all<'k>(
        conn: &mut Conn,
        keys: &'k [String],
    ) -> Result<HashMap<&'k str, Option<Self>>, StoreError> {
        let names: Vec<&str> = keys.iter().map(String::as_str).collect();
        let mut known: HashMap<&str, Option<Self>> = names.iter().map(|key| (*key, None)).collect();
        for row in rows_named(conn, KNOWN_OF, &names, None).await? {
            if let Some(place) = known.get_mut(row.try_get::<&str, _>("notice_key")?) {
                *place = Some(Self::read(&row)?);
            }
        }
        Ok(known)
    }

    /// Keeps what the letter says that was recorded before: it may be taken this very moment, whatever is decided.
    pub(super) fn says_what(&mut self, known: &Self) {
        let Self { due_at, valid_until, act, cause, .. } = self;
        let (due_at, valid_until) = (*due_at, *valid_until);
        let (act, cause) = (std::mem::take(act), std::mem::take(cause));
        *self = Self { due_at, valid_until, act, cause, ..known.clone() };
    }

    /// Keeps all of it but what is decided now and why: what somebody took says what it said.
    pub(super) fn stands_as(&mut self, known: &Self) {
        let (act, cause) = (std::mem::take(&mut self.act), std::mem::take(&mut self.cause));
        *self = Self { act, cause, ..known.clone() };
    }

    /// Keeps which parts the letter names that was recorded before and goes on, and a copy for whom they are.
    pub(super) fn names_the_parts_of(&mut self, known: &Self) {
        self.parts.clone_from(&known.parts);
        let (Some(parts), Some(mut copies)) = (parse_parts(&self.parts), parse_copies(&self.copies)) else {
            return;
        };
        if parts.is_empty() {
            return;
        }
        for request in &mut copies {
            request.parts.retain(|part| parts.iter().any(|named| named.part == *part));
        }
        copies.retain(|request| !request.parts.is_empty());
        self.copies = copies_text(&copies);
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        let cells = Cells::of("notices", row);
        Ok(Self {
            edition: cells.get("edition")?,
            kind: cells.get("kind")?,
            rung: cells.get("rung")?,
            version: cells.get("version")?,
            due_at: cells.get("due_at")?,
            valid_until: cells.get("valid_until")?,
            told: cells.get("told")?,
            parts: cells.get("parts")?,
            copies: cells.get("copies")?,
            act: cells.get("act")?,
            cause: cells.get("cause")?,
        })
    }
}

/// Deliveries that a decision ended, stopped or paused.
#[derive(Debug, Default)]
pub(super) struct Stopped {
    by: &'static str,
    /// The state of those that were never tried.
    end: Option<DeliveryState>,
    ended: Vec<String>,
    /// Tried, on the wire, or only paused; they keep their state.
    halted: Vec<String>,
}

impl Stopped {
    pub(super) fn is_empty(&self) -> bool {
        self.ended.is_empty() && self.halted.is_empty()
    }

    /// As the journal tells it.
    pub(super) fn told(self) -> Option<journal::Stopped> {
        let Self { by, end, ended, halted } = self;
        (!ended.is_empty() || !halted.is_empty()).then(|| journal::Stopped {
            by: by.to_owned(),
            state: end.map(Text),
            ended,
            halted,
        })
    }
}

/// Parts as the ledger writes them: one a line, the units that are named after it, between tabs.
fn parts_text(parts: &[NamedPart]) -> String {
    let line = |named: &NamedPart| {
        let units = named.units.iter().map(UnitId::as_str);
        std::iter::once(named.part.as_str()).chain(units).collect::<Vec<_>>().join("\t")
    };
    parts.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Parts, read back.
pub(crate) fn parse_parts(text: &str) -> Option<Vec<NamedPart>> {
    let line = |line: &str| {
        let mut cells = line.split('\t');
        let part = PartId::parse(cells.next()?).ok()?;
        let units = cells.map(|unit| UnitId::parse(unit).ok()).collect::<Option<_>>()?;
        Some(NamedPart { part, units })
    };
    text.split_terminator('\n').map(line).collect()
}

/// Who asked for a copy, as the ledger writes it: one a line, the parts that are theirs after it, between tabs.
fn copies_text(copies: &[CopyRequest]) -> String {
    let line = |request: &CopyRequest| {
        let parts = request.parts.iter().map(|part| part.as_str().to_owned());
        std::iter::once(request.to.to_string()).chain(parts).collect::<Vec<_>>().join("\t")
    };
    copies.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The same, read back.
pub(crate) fn parse_copies(text: &str) -> Option<Vec<CopyRequest>> {
    let line = |line: &str| {
        let mut cells = line.split('\t');
        let to = Addressee::parse(cells.next()?)?;
        let parts = cells.map(|part| PartId::parse(part).ok()).collect::<Option<_>>()?;
        Some(CopyRequest { to, parts })
    };
    text.split_terminator('\n').map(line).collect()
}

/// Ends, stops or pauses what is still to be tried of a notice.
pub(super) async fn stop(
    conn: &mut Conn,
    key: &str,
    act: Act,
    now: Timestamp,
) -> Result<Stopped, StoreError> {
    let (at, by) = (ms(now), act.as_str());
    let end = match act {
        Act::Send | Act::Publish => return Ok(Stopped::default()),
        Act::Withhold => {
            let halted = ids(&bound!(PAUSE, key, at).fetch_all(conn).await?)?;
            return Ok(Stopped { by, halted, ..Stopped::default() });
        }
        Act::Withdraw | Act::Supersede => DeliveryState::Withdrawn,
        Act::Expire => DeliveryState::Expired,
    };
    let ended = ids(&bound!(END_UNTRIED, key, at, end.as_str(), by).fetch_all(&mut *conn).await?)?;
    let halted = ids(&bound!(STOP_TRIED, key, at, by).fetch_all(conn).await?)?;
    Ok(Stopped { by, end: Some(end), ended, halted })
}

/// The ids that a statement returned, sorted: the journal must not depend on the order of rows.
pub(super) fn ids(rows: &[Row]) -> Result<Vec<String>, StoreError> {
    let mut ids = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>()?;
    ids.sort();
    Ok(ids)
}

/// Whether somebody took a letter of the notice.
pub(super) async fn has_reached(conn: &mut Conn, key: &str) -> Result<bool, StoreError> {
    let reached: i64 = bound!(REACHED, key).fetch_one(conn).await?.try_get(0)?;
    Ok(reached > 0)
}

/// Puts the decision into the ledger. A notice that reached somebody keeps what its letter said.
pub(super) async fn put(
    conn: &mut Conn,
    key: &str,
    row: &NoticeRow,
    change: &NewDecision,
    now: Timestamp,
) -> Result<(), StoreError> {
    if !has_reached(&mut *conn, key).await? {
        putting(key, row, change, now).execute(conn).await?;
        return Ok(());
    }
    bound!(PUT_ACT, key, &row.act, &row.cause, &change.because).execute(conn).await?;
    Ok(())
}

/// What puts it there, whatever it reached.
pub(super) fn putting<'q>(
    key: &'q str,
    row: &'q NoticeRow,
    change: &'q NewDecision,
    now: Timestamp,
) -> Query<'q> {
    let queued = matches!(change.decision, Decision::Send(_) | Decision::Publish(_)).then(|| ms(now));
    bound!(
        PUT,
        key,
        change.decision.key().window().map(WindowId::as_str),
        change.decision.key().municipality().map(code),
        row.edition,
        &row.kind,
        row.rung,
        row.version,
        row.due_at,
        row.valid_until,
        &row.told,
        &row.parts,
        &row.copies,
        &row.act,
        &row.cause,
        &change.because,
        ms(now),
        queued
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_units_are_read_back_as_written() {
        let part = |id: &str, units: &[&str]| NamedPart {
            part: PartId::parse(id).unwrap(),
            units: units.iter().map(|u| UnitId::parse(u).unwrap()).collect(),
        };
        let parts = [part("CENTRO POP", &[]), part("CRAS", &["32012098154", "13205303522"])];
        assert_eq!(parts_text(&parts), "CENTRO POP\nCRAS\t32012098154\t13205303522");
        assert_eq!(parse_parts(&parts_text(&parts)).unwrap(), parts);
        assert_eq!(parse_parts("").unwrap(), []);
        assert_eq!(parse_parts("CRAS\nGESTAO").unwrap(), [part("CRAS", &[]), part("GESTAO", &[])]);
        assert_eq!(parse_parts("CRAS\t\t1"), None, "never half a list");
        let request = |to: &str, parts: &[&str]| CopyRequest {
            to: Addressee::parse(to).unwrap(),
            parts: parts.iter().map(|id| PartId::parse(id).unwrap()).collect(),
        };
        let copies = [request("GSUAS", &["CRAS", "CENTRO POP"]), request("GPSB", &["CRAS"])];
        assert_eq!(copies_text(&copies), "GSUAS\tCRAS\tCENTRO POP\nGPSB\tCRAS");
        assert_eq!(parse_copies(&copies_text(&copies)).unwrap(), copies);
    }
}
