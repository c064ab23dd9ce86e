//! The ledger as the plan sees it, put together from notices and their deliveries.
//!
//! Above 400 lines: what stands and what stood at an instant are read side by side, by the same rows.

use std::collections::BTreeSet;
use std::num::NonZeroU16;

use jiff::Timestamp;

use super::sighted::{self, Words};
use super::{Store, StoreError};
use super::{closing, elsewhere, journal, notice, reading};
use crate::database::cell::{Cells, ms, parse_told};
use crate::database::db::Conn;
use crate::database::packed::packed;
use crate::database::sql::{among, bound, rows_of_at, statements};
use crate::domain::id::{EmailAddress, WindowId};
use crate::domain::journal::{Act, Decision, Entry, LeftProof};
use crate::domain::notice::{Kind, NoticeKey, Slot};
use crate::domain::reason::Cause;
use crate::domain::refusal::Refusal;
use crate::domain::time::hours_after;
use crate::plan::departed::Departed;
use crate::plan::ledger::{Flags, Ledger, NoticeRecord, Outage, Rest, StaffRecord, Standing, WindowLedger};

/// Notices with what their deliveries came to, looked up one by one: joined, SQLite would sort each notice once for each address.
/// live: whether an address is still to be tried or repeated, also one that a reter only pauses. lost: of one that is held,
/// whether every address of the last version refused or bounced.
macro_rules! notices {
    ($which:expr) => {
        concat!(
            "SELECT n.notice_key, n.kind, n.edition, n.told, n.version, n.due_at, n.valid_until, n.recorded_at, n.parts, ",
            "n.copies, n.act, n.cause, n.queued_at, ",
            "(SELECT MIN(d.reached_at) FROM deliveries d WHERE d.notice_key = n.notice_key) AS reached_at, ",
            "(SELECT MAX(CASE WHEN (d.stopped_at IS NULL OR d.stopped_by = 'reter') AND (d.state IN ('registrado', 'enviando') ",
            "OR (d.state IN ('adiado', 'incerto') AND d.next_attempt_at IS NOT NULL)) THEN 1 ELSE 0 END) ",
            "FROM deliveries d WHERE d.notice_key = n.notice_key) AS live, ",
            "CASE WHEN n.act = 'reter' THEN (SELECT MIN(CASE WHEN d.state IN ('recusado', 'devolvido') THEN 1 ELSE 0 END) ",
            "FROM deliveries d WHERE d.notice_key = n.notice_key AND d.version = n.version) END AS lost FROM notices n WHERE ",
            $which,
            " ORDER BY n.notice_key"
        )
    };
}

statements! {
    const META = "SELECT id, born_at, last_pass_at, high_water FROM meta WHERE id = 1";
    const OUTAGE = "SELECT until_at, from_at FROM outages WHERE until_at <= $1 ORDER BY until_at DESC LIMIT 1";
    const FLAGGED = "SELECT address, refusal, until FROM flagged_contacts WHERE since <= $1";
    const NOTICES = notices!("1 = 1");
    const NOTICES_OF = packed!(
        [
            "notice_key", "kind", "edition", "told", "version", "due_at", "valid_until", "recorded_at", "parts", "copies",
            "act", "cause", "queued_at", "reached_at", "live", "lost",
        ],
        notices!("n.window_id = $1")
    );
    const NOTICES_OF_THE_SERVICE = notices!("n.window_id IS NULL AND n.queued_at >= $1 AND n.queued_at <= $2");
    // What waits to leave is few, but for an opening of the country; what was stopped is asked for where something is withheld.
    const WAITING = packed!(
        ["notice_key", "address"],
        "SELECT d.notice_key, d.address FROM deliveries d CROSS JOIN notices n \
         WHERE n.notice_key = d.notice_key AND n.version = d.version \
         AND d.next_attempt_at IS NOT NULL AND d.stopped_at IS NULL AND n.window_id IS NOT NULL \
         AND d.state IN ('registrado', 'adiado', 'incerto')"
    );
    const STOPPED = packed!(
        ["notice_key", "address"],
        "SELECT d.notice_key, d.address FROM notices n \
         JOIN deliveries d ON d.notice_key = n.notice_key AND d.version = n.version \
         WHERE n.window_id = $1 AND n.act = 'reter' \
         AND d.stopped_at IS NOT NULL AND d.reached_at IS NULL \
         AND d.state IN ('registrado', 'retirado', 'expirado', 'enviando', 'adiado', 'incerto')"
    );
    const QUEUED = "SELECT COUNT(*) FROM notices WHERE notice_key = $1 AND queued_at IS NOT NULL";
    // What was decided anew since, as it had been decided by then. Few were: they are looked for in the notices, and not in the
    // whole journal of a window, where SQLite would begin by itself.
    const DECIDED = concat!(
        "SELECT j.seq, j.at, j.kind, j.subject, j.window_id, j.municipality, j.body, j.prev_hash, j.hash, ",
        "(SELECT MIN(a.ended_at) FROM deliveries d JOIN attempts a ON a.delivery = d.id ",
        "WHERE d.notice_key = n.notice_key AND a.ended_at <= $17 AND a.outcome IN ('aceito', 'incerto')) AS left_at ",
        "FROM notices n CROSS JOIN journal j WHERE j.window_id = n.window_id AND j.municipality = n.municipality ",
        "AND j.subject = n.notice_key AND ",
        among!("n.window_id"),
        " AND n.recorded_at > $17 AND j.at <= $17 AND j.kind = 'decisao' ORDER BY j.seq"
    );
    // Of letters to staff that were told anew since: the one before, as it stood.
    const TOLD_BEFORE = concat!(
        "SELECT l.notice_key, l.version, n.due_at, l.recorded_at, l.recorded_at AS queued_at, ",
        "(SELECT CASE WHEN MIN(d.stopped_at) <= $17 THEN 'retirar' ELSE 'enviar' END FROM deliveries d ",
        "WHERE d.notice_key = l.notice_key AND d.version = l.version) AS act, 1 AS live, NULL AS reached_at ",
        "FROM notices n JOIN letters l ON l.notice_key = n.notice_key WHERE ",
        among!("n.window_id"),
        " AND n.municipality IS NULL AND n.queued_at > $17 AND l.recorded_at <= $17 ORDER BY l.version"
    );
    const LEFT_BY = "SELECT MIN(a.ended_at) AS left_at FROM deliveries d JOIN attempts a ON a.delivery = d.id \
                     WHERE d.notice_key = $1 AND a.ended_at <= $2 AND a.outcome IN ('aceito', 'incerto')";
    // What came to nothing at an address only since: when the first of such addresses had taken it by then, if one had. As it
    // stands none of them has.
    const CAME_BACK = concat!(
        "SELECT d.notice_key, n.act, n.cause, MIN(a.ended_at) AS left_at FROM notices n ",
        "JOIN deliveries d ON d.notice_key = n.notice_key ",
        "LEFT JOIN attempts a ON a.delivery = d.id AND a.ended_at <= $17 AND a.outcome IN ('aceito', 'incerto') WHERE ",
        among!("n.window_id"),
        " AND n.act IN ('enviar', 'reter') AND d.reached_at IS NULL AND d.settled_at > $17 ",
        "GROUP BY d.notice_key, n.act, n.cause"
    );
}

impl Store {
    /// [`Store::ledger_of`] as it was known at an earlier instant: what was recorded later is left out, and what was decided
    /// anew since stands as the journal has it.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for the first row that cannot be, or a fault of the database.
    pub async fn ledger_as_known(
        &self,
        windows: &BTreeSet<WindowId>,
        at: Timestamp,
    ) -> Result<Ledger, StoreError> {
        self.ledger_told_as_known(windows, windows, at).await
    }

    /// The same with letters of some of these windows alone.
    pub async fn ledger_told_as_known(
        &self,
        windows: &BTreeSet<WindowId>,
        told: &BTreeSet<WindowId>,
        at: Timestamp,
    ) -> Result<Ledger, StoreError> {
        let mut view = self.db.view().await?;
        let mut then = of_windows(&mut view, windows, told).await?.as_known(at);
        if !then.left_elsewhere.is_empty() {
            then.left_elsewhere = sighted::known_by(&mut view, at).await?;
        }
        // Of an address only the last mark is kept.
        then.outage = outage(&mut view, ms(at)).await?;
        then.flagged = flagged(&mut view, ms(at)).await?;
        for row in rows_of_at(&mut view, CAME_BACK, told, Some(ms(at))).await? {
            let cells = Cells::of("deliveries", &row);
            let key = cells.parsed("notice_key", NoticeKey::parse)?;
            let (Some(record), NoticeKey::Municipal { window, municipality, .. }) =
                (then.notice(&key).cloned(), &key)
            else {
                continue;
            };
            let standing = match (record.standing, cells.instant_opt("left_at")?) {
                (Standing::Failed, None) if cells.get::<&str>("act")? == "reter" => {
                    Standing::Withheld(cells.parsed("cause", Cause::parse)?)
                }
                (Standing::Failed, None) => Standing::Queued,
                // Queued, withheld: what has taken it as it stands took it later.
                (Standing::Failed | Standing::Queued | Standing::Withheld(_), Some(at)) => {
                    Standing::Sent { at, rest: Rest::Nothing }
                }
                // It left when the first address took it, also where that one came back since.
                (Standing::Sent { at: later, rest }, Some(at)) if at < later => Standing::Sent { at, rest },
                _ => continue,
            };
            then.put(window, *municipality, NoticeRecord { standing, ..record });
        }
        for row in rows_of_at(&mut view, DECIDED, told, Some(ms(at))).await? {
            let entry = journal::entry(&row)?;
            let left_at = Cells::of("attempts", &row).instant_opt("left_at")?;
            if let (Ok(Entry::Decision(told)), Some(key)) = (&entry.told, NoticeKey::parse(&entry.subject))
                && let NoticeKey::Municipal { window, slot, municipality } = &key
                && let Some(record) = as_decided(told, *slot, entry.at, left_at)
            {
                then.put(window, *municipality, record);
            }
        }
        for row in rows_of_at(&mut view, TOLD_BEFORE, told, Some(ms(at))).await? {
            put(&mut then, &Cells::of("letters", &row))?;
        }
        for window in told {
            seen_elsewhere(&mut view, &mut then, window, at).await?;
        }
        // What was said later is not known yet.
        of_the_service(&mut view, &mut then, at, ms(at)).await?;
        Ok(then)
    }

    /// Everything that was decided and said, as one consistent state.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for the first row that cannot be, or a fault of the database.
    pub async fn ledger(&self) -> Result<Ledger, StoreError> {
        let mut view = self.db.view().await?;
        let mut ledger = frame(&mut view, None).await?;
        for row in bound!(NOTICES).fetch_all(&mut view).await? {
            put(&mut ledger, &Cells::of("notices", &row))?;
        }
        addresses(&mut view, &mut ledger).await?;
        closing::load(&mut view, &mut ledger, None).await?;
        Ok(ledger)
    }

    /// The same of some windows alone, with what of the notices about the service a plan at `now` may ask for: those of
    /// its own day, and those since the oldest of these letters is withheld.
    pub async fn ledger_of(
        &self,
        windows: &BTreeSet<WindowId>,
        now: Timestamp,
    ) -> Result<Ledger, StoreError> {
        let mut view = self.db.view().await?;
        let mut ledger = of_windows(&mut view, windows, windows).await?;
        addresses(&mut view, &mut ledger).await?;
        of_the_service(&mut view, &mut ledger, now, i64::MAX).await?;
        Ok(ledger)
    }

    /// What was so when the deadlines of some windows passed, with letters of some of these windows alone.
    pub async fn ledger_told_of(
        &self,
        windows: &BTreeSet<WindowId>,
        told: &BTreeSet<WindowId>,
    ) -> Result<Ledger, StoreError> {
        of_windows(&mut *self.db.view().await?, windows, told).await
    }

    /// Whether a notice was recorded to be sent, or published.
    pub async fn is_queued(&self, key: &NoticeKey) -> Result<bool, StoreError> {
        let mut conn = self.db.read().await?;
        let queued: i64 = bound!(QUEUED, key.to_string()).fetch_one(&mut conn).await?.try_get(0)?;
        Ok(queued > 0)
    }
}

/// What was so in some windows, and what was decided and said in those of them that are told of; but for where letters still go.
async fn of_windows(
    conn: &mut Conn,
    windows: &BTreeSet<WindowId>,
    told: &BTreeSet<WindowId>,
) -> Result<Ledger, StoreError> {
    let mut ledger = frame(conn, Some(windows)).await?;
    for window in told {
        for row in bound!(NOTICES_OF, window.as_str()).fetch_packed(conn).await? {
            put(&mut ledger, &Cells::of("notices", &row))?;
        }
    }
    closing::load(conn, &mut ledger, Some(windows)).await?;
    Ok(ledger)
}

/// Puts in where letters still go that nobody or not everybody took yet.
async fn addresses(conn: &mut Conn, ledger: &mut Ledger) -> Result<(), StoreError> {
    let is_open = |told: &WindowLedger| told.has_open() || told.has_open_staff();
    let open: Vec<WindowId> =
        ledger.windows().filter(|(_, told)| is_open(told)).map(|(id, _)| id.clone()).collect();
    if open.is_empty() {
        return Ok(());
    }
    let mut rows = bound!(WAITING).fetch_packed(&mut *conn).await?;
    for window in open {
        rows.extend(bound!(STOPPED, window.as_str()).fetch_packed(&mut *conn).await?);
    }
    for row in rows {
        let cells = Cells::of("deliveries", &row);
        let key = cells.parsed("notice_key", NoticeKey::parse)?;
        if ledger.notice(&key).is_some() || ledger.staff(&key).is_some() {
            ledger.put_address(key, cells.parsed("address", |text| EmailAddress::parse(text).ok())?);
        }
    }
    Ok(())
}

/// Puts in what of the notices about the service a plan at `now` may ask for, up to an instant.
async fn of_the_service(
    conn: &mut Conn,
    ledger: &mut Ledger,
    now: Timestamp,
    until: i64,
) -> Result<(), StoreError> {
    let since = hours_after(ledger.withheld_since().unwrap_or(now).min(now), -48);
    for row in bound!(NOTICES_OF_THE_SERVICE, ms(since), until).fetch_all(conn).await? {
        put(ledger, &Cells::of("notices", &row))?;
    }
    Ok(())
}

/// Has the notices of a window that left from another ledger stand as their own attempts, and what was said of them by
/// then, have it.
async fn seen_elsewhere(
    conn: &mut Conn,
    then: &mut Ledger,
    window: &WindowId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let words = Words::of_window(conn, window).await?;
    for (subject, said) in words.notices(at) {
        let Some(key) = NoticeKey::parse(subject) else { continue };
        let NoticeKey::Municipal { window, municipality, .. } = &key else { continue };
        let stands = |standing| matches!(standing, Standing::Queued | Standing::Sent { .. });
        let Some(record) = then.notice(&key).filter(|record| stands(record.standing)).cloned() else {
            continue;
        };
        let row = bound!(LEFT_BY, subject, ms(at)).fetch_one(conn).await?;
        let taken = Cells::of("attempts", &row).instant_opt("left_at")?;
        let standing = match [taken, said].into_iter().flatten().min() {
            Some(at) => {
                let rest =
                    if let Standing::Sent { rest, .. } = record.standing { rest } else { Rest::Nothing };
                Standing::Sent { at, rest }
            }
            None => Standing::Queued,
        };
        then.put(window, *municipality, NoticeRecord { standing, ..record });
    }
    Ok(())
}

/// A notice as one entry of the journal decided it; none where it is no letter or its words are of another version.
fn as_decided(
    told: &Decision,
    slot: Slot,
    at: Timestamp,
    left_at: Option<Timestamp>,
) -> Option<NoticeRecord> {
    let valid_until = told.valid_until.map(|until| until.0);
    let standing = match (left_at, told.act) {
        (_, Act::Publish) => return None,
        (Some(at), _) => Standing::Sent { at, rest: Rest::Nothing },
        (None, Act::Send) => Standing::Queued,
        (None, Act::Withhold) => Standing::Withheld(Cause::parse(&told.cause)?),
        (None, Act::Withdraw) => Standing::Withdrawn,
        (None, Act::Supersede) => Standing::Superseded { by: Cause::parse(&told.cause)? },
        (None, Act::Expire) => Standing::Expired {
            at: valid_until.unwrap_or(at),
            held_by: Cause::parse(&told.cause).filter(|cause| *cause != Cause::VALIDITY),
        },
    };
    Some(NoticeRecord {
        slot,
        kind: told.kind?.0,
        edition: told.edition.unwrap_or(1),
        told: told.told.as_deref().and_then(parse_told),
        version: NonZeroU16::new(told.version),
        due_at: told.due_at.0,
        recorded_at: at,
        parts: notice::parse_parts(&told.parts.join("\n"))?,
        copies: notice::parse_copies(&told.copies.join("\n"))?,
        standing,
    })
}

/// All of it but what was decided and said; of every window, or of some.
pub(crate) async fn frame(
    conn: &mut Conn,
    windows: Option<&BTreeSet<WindowId>>,
) -> Result<Ledger, StoreError> {
    let meta = bound!(META).fetch_one(&mut *conn).await?;
    let meta = Cells::of("meta", &meta);
    let mut ledger = Ledger::default();
    ledger.born_at = meta.instant_opt("born_at")?;
    ledger.last_pass_at = meta.instant_opt("last_pass_at")?;
    ledger.high_water = meta.instant_opt("high_water")?;
    ledger.outage = outage(conn, i64::MAX).await?;
    ledger.read_at = reading::later_editions(conn, windows).await?;
    ledger.flagged = flagged(conn, i64::MAX).await?;
    for row in bound!(elsewhere::EVERY).fetch_all(&mut *conn).await? {
        let cells = Cells::of("left_elsewhere", &row);
        let left =
            Departed { at: cells.instant("left_at")?, proof: cells.parsed("proof", LeftProof::parse)? };
        ledger.put_elsewhere(cells.parsed("notice_key", NoticeKey::parse)?, left);
    }
    Ok(ledger)
}

fn put(ledger: &mut Ledger, cells: &Cells<'_>) -> Result<(), StoreError> {
    let key = cells.parsed("notice_key", NoticeKey::parse)?;
    let NoticeKey::Municipal { window, slot, municipality } = key else {
        if let Some(told_at) = cells.instant_opt("queued_at")? {
            let published = Standing::Sent { at: told_at, rest: Rest::Nothing };
            let record = StaffRecord {
                told_at,
                version: NonZeroU16::new(cells.number("version")?).ok_or_else(|| cells.corrupt("version"))?,
                due_at: cells.instant("due_at")?,
                recorded_at: cells.instant("recorded_at")?,
                standing: standing(cells)?.unwrap_or(published),
            };
            ledger.put_staff(key, record);
        }
        return Ok(());
    };
    let Some(standing) = standing(cells)? else { return Ok(()) };
    let record = NoticeRecord {
        slot,
        kind: cells.parsed_opt("kind", Kind::parse)?.unwrap_or(Kind::Alert),
        edition: cells.number_opt("edition")?.unwrap_or(1),
        told: cells.parsed_opt("told", parse_told)?,
        version: NonZeroU16::new(cells.number("version")?),
        due_at: cells.instant("due_at")?,
        recorded_at: cells.instant("recorded_at")?,
        parts: cells.parsed("parts", notice::parse_parts)?,
        copies: cells.parsed("copies", notice::parse_copies)?,
        standing,
    };
    ledger.put(&window, municipality, record);
    Ok(())
}

/// Where a notice stands: what its deliveries came to, and otherwise the last decision. Nothing for a report.
fn standing(cells: &Cells<'_>) -> Result<Option<Standing>, StoreError> {
    let live = cells.get::<Option<i64>>("live")?.unwrap_or(0) == 1;
    if let Some(at) = cells.instant_opt("reached_at")? {
        let rest = match cells.get::<&str>("act")? {
            _ if !live => Rest::Nothing,
            "reter" => Rest::Held(cells.parsed("cause", Cause::parse)?),
            _ => Rest::Waits,
        };
        return Ok(Some(Standing::Sent { at, rest }));
    }
    Ok(Some(match cells.get::<&str>("act")? {
        "enviar" if live => Standing::Queued,
        "enviar" => Standing::Failed,
        // A hold stopped what was on the wire or had been taken, and nothing is left that could go on once it ends.
        "reter" if cells.get::<Option<i64>>("lost")? == Some(1) => Standing::Failed,
        "reter" => Standing::Withheld(cells.parsed("cause", Cause::parse)?),
        "retirar" => Standing::Withdrawn,
        "superar" => Standing::Superseded { by: cells.parsed("cause", Cause::parse)? },
        "expirar" => Standing::Expired {
            at: cells.instant("valid_until")?,
            held_by: Some(cells.parsed("cause", Cause::parse)?).filter(|cause| *cause != Cause::VALIDITY),
        },
        "publicar" => return Ok(None),
        _ => return Err(cells.corrupt("act")),
    }))
}

/// The last gap that was over by an instant.
pub(super) async fn outage(conn: &mut Conn, by: i64) -> Result<Option<Outage>, StoreError> {
    let Some(row) = bound!(OUTAGE, by).fetch_optional(conn).await? else { return Ok(None) };
    let cells = Cells::of("outages", &row);
    Ok(Some(Outage { from: cells.instant("from_at")?, until: cells.instant("until_at")? }))
}

async fn flagged(conn: &mut Conn, by: i64) -> Result<Flags, StoreError> {
    let mut flags = Flags::default();
    for row in bound!(FLAGGED, by).fetch_all(conn).await? {
        let cells = Cells::of("flagged_contacts", &row);
        let address = cells.parsed("address", |t| EmailAddress::parse(t).ok())?;
        flags.insert(address, cells.parsed("refusal", Refusal::parse)?, cells.instant("until")?);
    }
    Ok(flags)
}
