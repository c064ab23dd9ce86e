//! The queue stops when most letters of a time fail alike (`domain::alike`): its begin and its end.
//!
//! It lasts an hour, and longer each time within a day of the last. Two things end it: its time, and a person
//! (`liberar --lote fila`). While it lasts, what fails in the same way is lifted, but for who was let off before.

use jiff::Timestamp;

use super::begin::signs;
use super::chain::{Chain, Line};
use super::contact::{list, recent, unflag};
use super::failure::let_off;
use super::{FlaggedContact, Store, StoreError};
use crate::database::cell::{count, ms};
use crate::database::db::{Conn, written};
use crate::database::sql::{bound, statements};
use crate::domain::delivery::QueueStop;
use crate::domain::journal::{QueueResumed, QueueStopped, Text, Unflagging};
use crate::domain::overrides::Authorship;
use crate::domain::time::hours_after;

statements! {
    const STOP = "UPDATE meta SET stop_since = $1, stop_until = $2, stop_times = $3, stop_over = 0 WHERE id = 1";
    const OVER = "UPDATE meta SET stop_over = 1, stop_until = CASE WHEN stop_until < $1 THEN stop_until ELSE $1 END \
                  WHERE id = 1 AND stop_over = 0 RETURNING id";
}

/// How many hours nothing leaves: the first time, the second within a day of the first, and so on.
const STOP_HOURS: [i64; QueueStop::MOST + 1] = [1, 2, 6, 24];

/// What a look at what came back found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ReturnVerdict {
    /// The stop in force.
    pub stop: Option<QueueStop>,
    /// What was said to the addresses that it lifted when it began; nothing when it had begun before.
    pub began_with: Vec<FlaggedContact>,
}

impl Store {
    /// Looks at what failed up to `now`: begins a stop when most letters failed alike within the hour, lifts what rests for
    /// that, and ends a stop whose time is over.
    pub async fn judge_returns(&self, now: Timestamp) -> Result<ReturnVerdict, StoreError> {
        let last = self.signs().await?.stop;
        let stop = last.filter(|stop| stop.holds(now));
        let is_due = last.is_some_and(|stop| !stop.is_over && !stop.holds(now));
        // Seldom anything to do: not for this the one writer.
        if !is_due {
            let mut view = self.db.view().await?;
            let flagged = recent(list(&mut view).await?, now);
            if let_off(&mut view, flagged, stop.as_ref(), now).await?.is_empty() {
                return Ok(ReturnVerdict { stop, began_with: Vec::new() });
            }
        }
        written!(self.db, |tx| { judge(&mut tx, now).await? })
    }

    /// A person ends the stop (`liberar --lote fila`). Answers whether there was one.
    pub async fn resume_queue(&self, by: &Authorship) -> Result<bool, StoreError> {
        let by = by.clone();
        written!(self.db, |tx| { end(&mut tx, by.at, Some(&by)).await? })
    }
}

async fn judge(conn: &mut Conn, now: Timestamp) -> Result<ReturnVerdict, StoreError> {
    let last = signs(conn).await?.stop;
    let mut stop = last.filter(|stop| stop.holds(now));
    if stop.is_none() {
        end(conn, now, None).await?;
    }
    let flagged = recent(list(conn).await?, now);
    let mut found = let_off(conn, flagged, stop.as_ref(), now).await?;
    if found.is_empty() {
        return Ok(ReturnVerdict { stop, began_with: Vec::new() });
    }
    let mut chain = Chain::resume(conn).await?;
    for contact in &found {
        unflag(conn, &mut chain, &contact.address, now, Unflagging::Ours).await?;
    }
    if stop.is_some() {
        found.clear();
    } else {
        let times = QueueStop::times_before(last.as_ref(), now);
        let new = QueueStop { since: now, until: hours_after(now, STOP_HOURS[times]), times, is_over: false };
        bound!(STOP, ms(new.since), ms(new.until), count(times)).execute(&mut *conn).await?;
        let told = QueueStopped { until: Text(new.until), contacts: found.len() as u64 };
        chain.append(Line::new(now, "fila", told));
        stop = Some(new);
    }
    chain.save(conn).await?;
    Ok(ReturnVerdict { stop, began_with: found })
}

/// Ends the stop that is not over yet. Answers whether there was one.
pub(super) async fn end(conn: &mut Conn, at: Timestamp, by: Option<&Authorship>) -> Result<bool, StoreError> {
    let ended = bound!(OVER, ms(at)).fetch_optional(&mut *conn).await?.is_some();
    if ended {
        let (author, reason) = (by.map(|by| by.author.clone()), by.map(|by| by.reason.clone()));
        Chain::tell(conn, Line::new(at, "fila", QueueResumed { author, reason })).await?;
    }
    Ok(ended)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::Outcome;
    use crate::domain::refusal::Refusal;
    use crate::proof::tests::tamper;
    use crate::store::testing::{self, VITORIA, at};

    /// Two addresses in one domain and one in another refuse us.
    async fn refused(store: &Store, minutes: i64) {
        let mut chain_of = store.db.begin().await.unwrap();
        let mut chain = Chain::resume(&mut chain_of).await.unwrap();
        for address in ["a@x.test", "b@x.test", "c@y.test"] {
            let why = (Refusal::Sender, at(minutes + 24 * 60));
            let address = testing::address(address);
            super::super::contact::flag(&mut chain_of, &mut chain, &address, why, at(minutes), "5.7.1 não")
                .await
                .unwrap();
        }
        chain.save(&mut chain_of).await.unwrap();
        chain_of.commit().await.unwrap();
    }

    #[tokio::test]
    async fn a_stop_outlives_the_process_ends_with_its_time_and_the_next_within_a_day_is_longer() {
        let dir = tempfile::tempdir().unwrap();
        let store = testing::store(&dir).await;
        refused(&store, 0).await;
        let began = store.judge_returns(at(1)).await.unwrap();
        assert_eq!((began.began_with.len(), began.stop.unwrap().until), (3, at(61)));
        assert_eq!(store.resting().await.unwrap(), [], "nobody is at fault");
        store.close().await;
        let store = testing::store(&dir).await;
        let still = store.judge_returns(at(60)).await.unwrap();
        assert_eq!((still.began_with.len(), still.stop), (0, began.stop), "a restart does not forget");
        assert_eq!(store.judge_returns(at(61)).await.unwrap().stop, None);
        refused(&store, 90).await;
        assert_eq!(store.judge_returns(at(91)).await.unwrap().stop.unwrap().until, at(91 + 120));
        assert_eq!(store.judge_returns(at(300)).await.unwrap().stop, None);
        refused(&store, 300 + 24 * 60).await;
        let anew = store.judge_returns(at(301 + 24 * 60)).await.unwrap().stop.unwrap();
        assert_eq!(anew.times, 0, "a day later it is the first again");
        assert!(store.verify().await.unwrap().is_whole());
    }

    #[tokio::test]
    async fn a_stop_that_is_changed_by_hand_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let store = testing::file_store(&dir).await;
        refused(&store, 0).await;
        store.judge_returns(at(1)).await.unwrap();
        for column in ["stop_since", "stop_until", "stop_times", "stop_over"] {
            for change in [format!("{column} + 1"), "NULL".to_owned()] {
                let change = format!("UPDATE meta SET {column} = {change}");
                tamper(&dir, format!("CREATE TABLE aside AS SELECT {column} FROM meta; {change}")).await;
                let faults = store.verify().await.unwrap().faults();
                assert_eq!(faults, [format!("a parada da fila foi alterada ({column})")], "{change}");
                let back =
                    format!("UPDATE meta SET {column} = (SELECT {column} FROM aside); DROP TABLE aside");
                tamper(&dir, back).await;
            }
        }
        assert!(store.verify().await.unwrap().is_whole());
    }

    #[tokio::test]
    async fn a_person_ends_a_stop_once_and_the_journal_says_who() {
        let dir = tempfile::tempdir().unwrap();
        let store = testing::store(&dir).await;
        let by = Authorship { author: "ana".to_owned(), reason: "fora da lista".to_owned(), at: at(5) };
        assert!(!store.resume_queue(&by).await.unwrap());
        refused(&store, 0).await;
        store.judge_returns(at(1)).await.unwrap();
        assert!(store.resume_queue(&by).await.unwrap());
        assert!(!store.resume_queue(&by).await.unwrap());
        assert_eq!(store.judge_returns(at(6)).await.unwrap(), ReturnVerdict::default());
        let journal = store.journal(&crate::store::JournalFilter::default()).await.unwrap();
        let told: Vec<&str> = journal.iter().filter(|e| e.kind == "fila").map(|e| e.body.as_str()).collect();
        assert_eq!(told[1], r#"{"formato":"fila.retomada.1","autor":"ana","motivo":"fora da lista"}"#);
    }

    #[tokio::test]
    async fn what_is_said_of_addresses_at_the_door_stops_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let store = testing::store(&dir).await;
        for code in [VITORIA, testing::SERRA] {
            store.record_pass(at(0), vec![testing::act(crate::plan::Act::Send, code)]).await.unwrap();
        }
        testing::send_all(&store, 0, |_| Outcome::Refused {
            reply: "550 5.1.1 quem?".to_owned(),
            why: Refusal::Address,
        })
        .await;
        assert_eq!(store.judge_returns(at(1)).await.unwrap(), ReturnVerdict::default());
        assert_eq!(store.flagged().await.unwrap().len(), 4);
    }
}
