//! What became of each letter at each address, now or as it stood at an earlier instant, and how a window filled.

use jiff::Timestamp;

use super::delivery::{self, left_now};
use super::sighted::Words;
use super::verdict::accepted_then;
use super::{DeliveryFilter, DeliveryLine, Store, StoreError};
use crate::database::cell::{Cells, code, ms};
use crate::database::engine::Row;
use crate::database::packed::packed;
use crate::database::sql::{bound, statements};
use crate::domain::delivery::DeliveryState;
use crate::domain::id::{EmailAddress, FeedId, WindowId};
use crate::domain::journal::Act;
use crate::domain::notice::{Kind, NoticeKey};
use crate::domain::roster::Role;
use crate::plan::curve::FillTally;
use crate::plan::post::{DeliveryFact, LetterState, Post};

/// Deliveries as they stood by `$2`. What came later is not known yet: the last attempt that had ended, unless it had already
/// come back, or been read or stopped. What may once have been taken stays so.
macro_rules! then {
    ($columns:expr, $more:expr, $which:expr) => {
        concat!(
            "SELECT ",
            $columns,
            // What was taken, and stands so until now, was said after every attempt: perhaps by a report alone.
            ", d.id, CASE WHEN d.settled_at <= $2 AND d.state = 'aceito' THEN d.settled_at ELSE a.ended_at END AS tried_at, ",
            "CASE WHEN d.settled_at <= $2 AND d.state IN ('devolvido', 'lido', 'aceito') THEN d.state ",
            "WHEN d.stopped_at <= $2 AND d.state IN ('retirado', 'expirado') THEN d.state ",
            // What was refused for good and stands so until now was refused for its address; else what was sent before counts.
            "WHEN (a.outcome = 'adiado' OR (a.outcome = 'recusado' AND NOT (d.state = 'recusado' AND d.attempts = a.n))) ",
            "AND EXISTS (SELECT 1 FROM attempts u WHERE u.delivery = d.id ",
            "AND u.ended_at <= $2 AND u.outcome = 'incerto') THEN 'incerto' ",
            "ELSE COALESCE(a.outcome, 'registrado') END AS state, ",
            "CASE WHEN d.stopped_at <= $2 THEN d.stopped_by END AS stopped_by, ",
            "COALESCE((SELECT MIN(b.started_at) FROM attempts b WHERE b.delivery = d.id ",
            "AND b.started_at > $2), d.next_attempt_at) AS next_attempt_at",
            $more,
            " FROM notices n JOIN deliveries d ON d.notice_key = n.notice_key ",
            "JOIN letters l ON l.notice_key = d.notice_key AND l.version = d.version ",
            "LEFT JOIN attempts a ON a.delivery = d.id AND a.n = (SELECT MAX(e.n) FROM attempts e ",
            "WHERE e.delivery = d.id AND e.ended_at <= $2) WHERE l.recorded_at <= $2 AND ",
            $which
        )
    };
}

/// When a delivery was first taken, or may have been, as known by `$2`: also of one that came back since.
macro_rules! left_then {
    () => {
        "COALESCE(CASE WHEN d.reached_at <= $2 THEN d.reached_at END, (SELECT MIN(t.ended_at) FROM attempts t \
         WHERE t.delivery = d.id AND t.ended_at <= $2 AND t.outcome IN ('aceito', 'incerto')))"
    };
}

/// When a delivery left; what sort of letter it is of, looked up only where the notice may have been decided otherwise since;
/// and when that was recorded, if nobody took it.
macro_rules! written {
    () => {
        concat!(
            left_now!(),
            " AS left_at, ",
            "CASE WHEN n.act = 'enviar' AND n.version = d.version THEN n.kind ELSE (SELECT l.kind FROM letters l ",
            "WHERE l.notice_key = d.notice_key AND l.version = d.version) END AS kind, ",
            "CASE WHEN d.reached_at IS NULL THEN (SELECT l.recorded_at FROM letters l ",
            "WHERE l.notice_key = d.notice_key AND l.version = d.version) END AS recorded_at"
        )
    };
}

/// Those of a window that were taken or refused by `$2` and of which nothing became since: whatever changes a delivery moves
/// `settled_at`. How they stand now is how they stood then: of what was taken neither letter nor attempts are looked up.
macro_rules! as_now {
    () => {
        concat!(
            "SELECT d.notice_key AS notice_key, d.version AS version, d.role AS role, d.address AS address, ",
            "d.valid_until, d.settled_at AS at, d.id, d.settled_at AS tried_at, d.state, ",
            "CASE WHEN d.stopped_at <= $2 THEN d.stopped_by END AS stopped_by, ",
            "NULL AS next_attempt_at, ",
            written!(),
            " FROM notices n JOIN deliveries d ON d.notice_key = n.notice_key ",
            "WHERE n.window_id = $1 AND d.settled_at <= $2 AND d.state IN ('aceito', 'recusado')"
        )
    };
}

/// The same as the lines that staff ask for.
macro_rules! lines_then {
    ($which:expr) => {
        concat!(
            then!(
                concat!(
                    "d.notice_key, l.kind, d.version, l.message_id, d.role, d.address, d.valid_until, l.recorded_at, ",
                    "COALESCE(a.n, 0) AS attempts, ",
                    left_then!(),
                    " AS reached_at, ",
                    "CASE WHEN d.settled_at <= $2 THEN d.reply ELSE COALESCE(a.reply, '') END AS reply"
                ),
                ", CASE WHEN d.settled_at <= $2 THEN d.settled_at ELSE a.ended_at END AS settled_at",
                $which
            ),
            " ORDER BY l.recorded_at, d.notice_key, d.version, d.role, d.address"
        )
    };
}

statements! {
    const TALLIES = concat!(
        "SELECT s.feed, s.taken_at, t.done FROM snapshot_tallies t JOIN snapshots s ON s.id = t.snapshot ",
        "WHERE t.window_id = $1 AND s.taken_at <= $2 AND ",
        accepted_then!("$2"),
        " ORDER BY s.taken_at"
    );
    const NOW = packed!(
        [
            "notice_key", "version", "role", "address", "state", "stopped_by", "next_attempt_at", "valid_until",
            "at", "left_at", "kind", "recorded_at",
        ],
        concat!(
            "SELECT d.notice_key, d.version, d.role, d.address, d.state, d.stopped_by, d.next_attempt_at, ",
            "d.valid_until, COALESCE(d.settled_at, (SELECT l.recorded_at FROM letters l ",
            "WHERE l.notice_key = d.notice_key AND l.version = d.version)) AS at, ",
            written!(),
            " FROM notices n JOIN deliveries d ON d.notice_key = n.notice_key ",
            "WHERE n.window_id = $1 ORDER BY d.notice_key, d.version, d.role, d.address"
        )
    );
    const THEN = packed!(
        [
            "notice_key", "version", "role", "address", "valid_until", "at", "id", "tried_at", "state",
            "stopped_by", "next_attempt_at", "left_at", "kind", "recorded_at",
        ],
        concat!(
            as_now!(),
            " UNION ALL ",
            then!(
                "d.notice_key AS notice_key, d.version AS version, d.role AS role, d.address AS address, d.valid_until, \
                 COALESCE(CASE WHEN d.settled_at <= $2 THEN d.settled_at ELSE a.ended_at END, l.recorded_at) AS at",
                concat!(", ", left_then!(), " AS left_at, l.kind AS kind, l.recorded_at AS recorded_at"),
                "n.window_id = $1 AND (d.settled_at IS NULL OR d.settled_at > $2 OR d.state NOT IN ('aceito', 'recusado'))"
            ),
            " ORDER BY notice_key, version, role, address"
        )
    );
    const LINES_THEN = lines_then!("($1 IS NULL OR n.window_id = $1) AND ($3 IS NULL OR n.municipality = $3)");
    const LINES_THEN_OF_WINDOW = lines_then!("n.window_id = $1 AND ($3 IS NULL OR n.municipality = $3)");
    const LINES_THEN_OF_MUNICIPALITY = lines_then!("n.municipality = $3 AND ($1 IS NULL OR n.window_id = $1)");
    const LINES_THEN_OF_BOTH = lines_then!("n.window_id = $1 AND n.municipality = $3");
}

impl Store {
    /// The deliveries of some windows as they stand at `now`.
    pub async fn post(&self, windows: &[WindowId], now: Timestamp) -> Result<Post, StoreError> {
        let mut view = self.db.view().await?;
        let mut post = Post::default();
        for window in windows {
            for row in bound!(NOW, window.as_str()).fetch_packed(&mut view).await? {
                put(&mut post, &row, None, now)?;
            }
        }
        Ok(post)
    }

    /// The same as they stood at an earlier instant.
    pub async fn post_as_known(&self, windows: &[WindowId], at: Timestamp) -> Result<Post, StoreError> {
        let mut view = self.db.view().await?;
        let mut post = Post::default();
        for window in windows {
            let words = Words::of_window(&mut view, window).await?;
            for row in bound!(THEN, window.as_str(), ms(at)).fetch_packed(&mut view).await? {
                put(&mut post, &row, Some(&words), at)?;
            }
        }
        Ok(post)
    }

    /// [`Store::deliveries`] as they stood at an earlier instant.
    pub async fn deliveries_as_known(
        &self,
        filter: &DeliveryFilter,
        at: Timestamp,
    ) -> Result<Vec<DeliveryLine>, StoreError> {
        let mut conn = self.db.read().await?;
        let window = filter.window.as_ref().map(WindowId::as_str);
        let municipality = filter.municipality.map(code);
        let query = match (window, municipality) {
            (Some(_), None) => bound!(LINES_THEN_OF_WINDOW, window, ms(at), municipality),
            (Some(_), Some(_)) => bound!(LINES_THEN_OF_BOTH, window, ms(at), municipality),
            (None, Some(_)) => bound!(LINES_THEN_OF_MUNICIPALITY, window, ms(at), municipality),
            (None, None) => bound!(LINES_THEN, window, ms(at), municipality),
        };
        let rows = query.fetch_all(&mut conn).await?;
        let words = match (&filter.window, filter.municipality) {
            (Some(window), None) => Words::of_window(&mut conn, window).await?,
            (_, Some(municipality)) => Words::of_municipality(&mut conn, municipality).await?,
            (None, None) => Words::all(&mut conn).await?,
        };
        rows.iter().map(|row| line_then(row, &words, at)).collect()
    }

    /// What each load that was accepted by an instant said of a window, in order of time.
    pub async fn fill_in(&self, window: &WindowId, by: Timestamp) -> Result<Vec<FillTally>, StoreError> {
        bound!(TALLIES, window.as_str(), ms(by))
            .all(&self.db, |row: &Row| {
                let cells = Cells::of("snapshot_tallies", row);
                Ok(FillTally {
                    feed: cells.parsed("feed", |t| FeedId::parse(t).ok())?,
                    taken_at: cells.instant("taken_at")?,
                    done: cells.number("done")?,
                })
            })
            .await
    }
}

/// A line as it stood at an earlier instant, words on letters that left from another ledger included.
fn line_then(row: &Row, words: &Words, at: Timestamp) -> Result<DeliveryLine, StoreError> {
    let mut line = delivery::line(row)?;
    let tried_at = Cells::of("deliveries", row).instant_opt("tried_at")?;
    if let Some(word) = words.rules(line.id.as_str(), line.state, tried_at, at) {
        (line.state, line.reply) = (word.state, word.reply.to_owned());
        (line.settled_at, line.next_attempt_at) = (Some(word.said_at), None);
    }
    let is_known = |reached: &Timestamp| !words.hindsight(line.id.as_str(), *reached, at);
    line.reached_at = line.reached_at.filter(is_known);
    Ok(line)
}

fn put(post: &mut Post, row: &Row, words: Option<&Words>, now: Timestamp) -> Result<(), StoreError> {
    let cells = Cells::of("deliveries", row);
    let next_at = cells.instant_opt("next_attempt_at")?;
    let state = cells.parsed("state", DeliveryState::parse)?;
    let mut left_at = cells.instant_opt("left_at")?;
    let word = match words {
        Some(words) => {
            let id: String = cells.get("id")?;
            left_at = left_at.filter(|left| !words.hindsight(&id, *left, now));
            words.rules(&id, state, cells.instant_opt("tried_at")?, now)
        }
        None => None,
    };
    let state = LetterState::of(
        word.map_or(state, |word| word.state),
        cells.parsed_opt("stopped_by", Act::parse)?,
        next_at,
        cells.instant_opt("valid_until")?,
        now,
    );
    let fact = DeliveryFact {
        version: cells.number("version")?,
        kind: cells.parsed_opt("kind", Kind::parse)?,
        recorded_at: cells.instant_opt("recorded_at")?.filter(|_| left_at.is_none()),
        left_at,
        role: cells.parsed("role", Role::parse)?,
        address: cells.parsed("address", |t| EmailAddress::parse(t).ok())?,
        state,
        at: match word {
            Some(word) => word.said_at,
            None => cells.instant("at")?,
        },
    };
    post.put(cells.parsed("notice_key", NoticeKey::parse)?, fact);
    Ok(())
}
