//! What a clock that stood ahead left in the ledger, taken back when it stands right again: by a person's word
//! (`relogio corrigir`), or when the daemon finds that a leap is over.

use jiff::Timestamp;

use super::begin::signs;
use super::chain::{Chain, Line};
use super::stop;
use super::{Store, StoreError};
use crate::database::cell::{Cells, ms};
use crate::database::db::{Conn, written};
use crate::database::engine::Row;
use crate::database::sql::{bound, statements};
use crate::domain::delivery::latest_attempt;
use crate::domain::journal::{self, ClockAct, Text};
use crate::domain::notice::NoticeKey;
use crate::domain::overrides::Authorship;

statements! {
    const BELIEVE = "UPDATE meta SET leap_from = NULL, leap_to = NULL WHERE id = 1";
    const TAKE_BACK = "UPDATE meta SET high_water = CASE WHEN high_water > $1 THEN $1 ELSE high_water END, \
                       heartbeat_at = CASE WHEN heartbeat_at > $1 THEN $1 ELSE heartbeat_at END, \
                       last_pass_at = CASE WHEN last_pass_at > $1 THEN $1 ELSE last_pass_at END WHERE id = 1";
    // What a clock that stood ahead says of the relay and the panel never was; what of it still is, is found again.
    const FORGET_FAILURES = "UPDATE meta SET \
                             relay_failing_since = CASE WHEN relay_failing_since > $1 THEN NULL ELSE relay_failing_since END, \
                             panel_failing_since = CASE WHEN panel_failing_since > $1 THEN $1 ELSE panel_failing_since END \
                             WHERE id = 1";
    const RESCHEDULE = "UPDATE deliveries SET next_attempt_at = $1 WHERE next_attempt_at > $2 AND stopped_at IS NULL \
                        AND state IN ('registrado', 'adiado', 'incerto') RETURNING id, notice_key, version, role";
    const FORGET_OUTAGES = "DELETE FROM outages WHERE until_at > $1";
    const RULED = "SELECT MAX(at) AS ruled_at FROM journal WHERE at > $1 AND at <= $2 AND kind = 'relogio'";
}

impl Store {
    /// The clock may be believed again at `now`. Where it had leapt and came back, a relay that failed, a queue that stood
    /// still and letters that were put off by the false time are so no longer.
    pub async fn settle_clock(&self, now: Timestamp) -> Result<(), StoreError> {
        written!(self.db, |tx| { forget_the_future(&mut tx, now, latest_attempt(now)).await? })
    }

    /// When a person last vouched for the clock between an instant and another (`relogio aceitar`, `relogio corrigir`).
    pub async fn clock_ruled_at(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let row = bound!(RULED, ms(from), ms(to)).fetch_one(&mut *self.db.read().await?).await?;
        Cells::of("journal", &row).instant_opt("ruled_at")
    }

    /// A person's word on the clock: takes back a mark that lies ahead of it, or believes it where it has leapt. Other
    /// signs of life that lie ahead are taken back with the mark, and so are outages that end there: they never were. What
    /// was put off until then is due at once.
    pub async fn rule_clock(&self, act: ClockAct, by: &Authorship) -> Result<(), StoreError> {
        let by = by.clone();
        written!(self.db, |tx| {
            let before = signs(&mut tx).await?.high_water.map(Text);
            match act {
                ClockAct::TakeBack => {
                    bound!(FORGET_OUTAGES, ms(by.at)).execute(&mut tx).await?;
                    bound!(TAKE_BACK, ms(by.at)).execute(&mut tx).await?;
                    forget_the_future(&mut tx, by.at, by.at).await?;
                }
                ClockAct::Believe => {
                    bound!(BELIEVE).execute(&mut tx).await?;
                }
            }
            let told =
                journal::ClockRuled { act, before, author: by.author.clone(), reason: by.reason.clone() };
            Chain::tell(&mut tx, Line::new(by.at, "relogio", told)).await?;
        })
    }
}

/// Takes back what was noted of instants after `now`, and has what was to be tried after `latest` tried at once.
async fn forget_the_future(conn: &mut Conn, now: Timestamp, latest: Timestamp) -> Result<(), StoreError> {
    bound!(FORGET_FAILURES, ms(now)).execute(&mut *conn).await?;
    if signs(conn).await?.stop.is_some_and(|stop| stop.since > now) {
        stop::end(conn, now, None).await?;
    }
    let rows = bound!(RESCHEDULE, ms(now), ms(latest)).fetch_all(&mut *conn).await?;
    let mut told = rows.iter().map(|row| rescheduled(row, now)).collect::<Result<Vec<_>, _>>()?;
    told.sort_by(|(one, a), (other, b)| (one, &a.delivery).cmp(&(other, &b.delivery)));
    let mut chain = Chain::resume(conn).await?;
    for (key, told) in told {
        chain.append(Line::of_notice(now, &key, &key.to_string(), told));
    }
    chain.save(conn).await
}

fn rescheduled(row: &Row, now: Timestamp) -> Result<(NoticeKey, journal::Rescheduled), StoreError> {
    let cells = Cells::of("deliveries", row);
    let told = journal::Rescheduled {
        delivery: cells.get("id")?,
        role: cells.get("role")?,
        version: cells.number("version")?,
        next_at: Text(now),
    };
    Ok((cells.parsed("notice_key", NoticeKey::parse)?, told))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{self, at};

    #[tokio::test]
    async fn a_word_on_the_clock_is_found_by_a_start_that_comes_after_it() {
        let dir = tempfile::tempdir().unwrap();
        let store = testing::store(&dir).await;
        store.heartbeat(at(0)).await.unwrap();
        assert_eq!(store.clock_ruled_at(at(0), at(90)).await.unwrap(), None);
        let by = Authorship { author: "ana".to_owned(), reason: "hora certa".to_owned(), at: at(60) };
        store.rule_clock(ClockAct::Believe, &by).await.unwrap();
        assert_eq!(store.clock_ruled_at(at(0), at(90)).await.unwrap(), Some(at(60)));
        assert_eq!(store.clock_ruled_at(at(0), at(59)).await.unwrap(), None, "a word from later than now");
        assert!(store.verify().await.unwrap().is_whole());
    }
}
