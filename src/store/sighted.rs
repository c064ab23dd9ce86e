//! Since when it is known that a letter left, or may have left, from another ledger: for reports as of a past day.
//!
//! The table of deliveries has only how each stands now, and such a word has no attempt. So the words are read from the
//! journal, which has each with the instant at which it was said: before it nobody knew, whenever the letter left.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::StoreError;
use super::elsewhere::{reply, was_assumed};
use super::journal::entry;
use crate::database::cell::code;
use crate::database::db::Conn;
use crate::database::engine::Row;
use crate::database::sql::{bound, statements};
use crate::domain::delivery::DeliveryState;
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::domain::journal::{Entry, LeftElsewhere};
use crate::domain::notice::NoticeKey;
use crate::plan::departed::Departed;

macro_rules! words {
    ($which:literal) => {
        concat!(
            "SELECT seq, at, kind, subject, window_id, municipality, body, prev_hash, hash FROM journal WHERE ",
            $which,
            " AND kind = 'entrega' AND body LIKE '{\"formato\":\"entrega.outro-livro.%' ORDER BY seq"
        )
    };
}

statements! {
    const EVERY = words!("1 = 1");
    const OF_WINDOW = words!("window_id = $1");
    const OF_MUNICIPALITY = words!("municipality = $1");
}

/// One word on a delivery.
pub(super) struct Word {
    pub(super) said_at: Timestamp,
    /// How the delivery stood from then on.
    pub(super) state: DeliveryState,
    pub(super) reply: &'static str,
    /// The notice.
    subject: String,
    left_at: Timestamp,
}

/// Every word on some deliveries, each in order.
pub(super) struct Words(HashMap<String, Vec<Word>>);

impl Words {
    /// All of them.
    pub(super) async fn all(conn: &mut Conn) -> Result<Self, StoreError> {
        read(bound!(EVERY).fetch_all(conn).await?)
    }

    /// Those on a window's letters.
    pub(super) async fn of_window(conn: &mut Conn, window: &WindowId) -> Result<Self, StoreError> {
        // Else all that the journal tells of the window would be read in vain.
        if !was_assumed(conn).await? {
            return Ok(Self(HashMap::new()));
        }
        read(bound!(OF_WINDOW, window.as_str()).fetch_all(conn).await?)
    }

    /// Those on a municipality's letters.
    pub(super) async fn of_municipality(
        conn: &mut Conn,
        municipality: MunicipalityCode,
    ) -> Result<Self, StoreError> {
        read(bound!(OF_MUNICIPALITY, code(municipality)).fetch_all(conn).await?)
    }

    /// How a delivery stood by `at`, where the last word on it was not followed by an attempt or an end.
    pub(super) fn rules(
        &self,
        delivery: &str,
        state: DeliveryState,
        tried_at: Option<Timestamp>,
        at: Timestamp,
    ) -> Option<&Word> {
        let is_over = match state {
            DeliveryState::Bounced
            | DeliveryState::Read
            | DeliveryState::Withdrawn
            | DeliveryState::Expired => true,
            DeliveryState::Recorded
            | DeliveryState::Sending
            | DeliveryState::Accepted
            | DeliveryState::Deferred
            | DeliveryState::Refused
            | DeliveryState::Uncertain => false,
        };
        let last = self.0.get(delivery)?.iter().rfind(|word| word.said_at <= at)?;
        (!is_over && tried_at.is_none_or(|tried| tried <= last.said_at)).then_some(last)
    }

    /// Whether that a delivery had been taken at an instant was said only after `at`.
    pub(super) fn hindsight(&self, delivery: &str, reached_at: Timestamp, at: Timestamp) -> bool {
        let words = self.0.get(delivery).map_or(&[][..], Vec::as_slice);
        let of_it = |word: &&Word| word.left_at == reached_at;
        words.iter().any(|word| of_it(&word) && word.said_at > at)
            && !words.iter().any(|word| of_it(&word) && word.said_at <= at)
    }

    /// The notices that any word is on, with when the first of their letters had left as far as words said by `at`.
    pub(super) fn notices(&self, at: Timestamp) -> HashMap<&str, Option<Timestamp>> {
        let mut notices: HashMap<&str, Option<Timestamp>> = HashMap::new();
        for word in self.0.values().filter_map(|words| words.first()) {
            let first = notices.entry(&word.subject).or_default();
            if word.said_at <= at {
                *first = Some(first.map_or(word.left_at, |known| known.min(word.left_at)));
            }
        }
        notices
    }
}

/// What had been said by an instant of notices whose letter this ledger does not have.
pub(super) async fn known_by(
    conn: &mut Conn,
    at: Timestamp,
) -> Result<BTreeMap<NoticeKey, Departed>, StoreError> {
    let mut known: BTreeMap<NoticeKey, Departed> = BTreeMap::new();
    for row in bound!(EVERY).fetch_all(conn).await? {
        let entry = entry(&row)?;
        if let (true, Ok(Entry::LeftElsewhere(told)), Some(key)) =
            (entry.at <= at, &entry.told, NoticeKey::parse(&entry.subject))
            && told.delivery.is_none()
        {
            let left = Departed { at: *told.left_at, proof: told.proof };
            known.entry(key).and_modify(|word| *word = word.or(left)).or_insert(left);
        }
    }
    Ok(known)
}

fn read(rows: Vec<Row>) -> Result<Words, StoreError> {
    let mut words: HashMap<String, Vec<Word>> = HashMap::new();
    for row in rows {
        let entry = entry(&row)?;
        if let Ok(Entry::LeftElsewhere(LeftElsewhere { delivery: Some(id), state, left_at, proof, .. })) =
            entry.told
        {
            let word = Word {
                said_at: entry.at,
                state: *state,
                reply: reply(proof),
                subject: entry.subject,
                left_at: *left_at,
            };
            words.entry(id).or_default().push(word);
        }
    }
    Ok(Words(words))
}
