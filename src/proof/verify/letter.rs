//! What the journal tells of notices, letters and deliveries, entry by entry, as rows. Pure.
//!
//! No entry about a letter changes what must be of another notice, so that the notices of one window to one municipality
//! can be worked out alone.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::Expected;
use super::delivery::Delivery;
use super::expect::{Must, Row, Rows, set};
use crate::database::cell::ms;
use crate::domain::delivery::DeliveryState;
use crate::domain::id::PartId;
use crate::domain::journal::{
    Act, Attempt, Decision, Entry, Erased, Evidence, LeftElsewhere, LetterFacts, Returned, Stopped, Text,
};
use crate::domain::notice::Kind;
use crate::domain::status::State;
use crate::store::chain::Link;

/// The rows that the entries so far tell of.
#[derive(Default)]
pub(super) struct Notices {
    pub(super) by_key: BTreeMap<String, Notice>,
    letters: Rows,
    pub(super) deliveries: BTreeMap<String, Delivery>,
    /// Deliveries by notice.
    pub(super) of_notice: HashMap<String, Vec<String>>,
    attempts: Rows,
}

#[derive(Default)]
pub(super) struct Notice {
    /// What was decided when it was last put down whole.
    row: Row,
    /// The same as it was told, without the evidence.
    pub(super) whole: Option<Whole>,
    /// Each of its letters as it was decided, by version.
    pub(super) letters: BTreeMap<u16, Decided>,
    pub(super) queued_at: Option<i64>,
    /// The last decision.
    pub(super) act: Option<Act>,
    pub(super) cause: String,
    because: String,
}

/// What a decision says of a notice.
pub(super) struct Whole {
    pub(super) recorded_at: i64,
    pub(super) told: Decision,
}

/// A letter as it was decided.
pub(super) struct Decided {
    pub(super) seq: i64,
    /// When it was decided, or when it was let go again while it had reached nobody.
    pub(super) recorded_at: i64,
    pub(super) kind: Kind,
    pub(super) valid_until: Option<Timestamp>,
    pub(super) parts: Vec<PartId>,
    pub(super) quoted: Vec<PartId>,
}

/// An instant as the tables have it.
fn at(instant: Option<Text<Timestamp>>) -> Option<i64> {
    instant.map(|instant| ms(*instant))
}

impl Notices {
    /// Takes in the next entry, if it is about a letter.
    pub(super) fn take(&mut self, entry: &Link<'_>, told: Entry) {
        match told {
            Entry::Decision(told) => self.decided(entry, told),
            Entry::Attempt(told) => self.attempted(entry, told),
            Entry::LeftElsewhere(told) => self.left_elsewhere(entry, told),
            Entry::Returned(told) => self.returned(entry, told),
            Entry::Released(told) => self.due(&told.delivery, *told.next_at),
            Entry::Rescheduled(told) => self.due(&told.delivery, *told.next_at),
            Entry::Erased(told) => self.erased(entry, &told),
            _ => {}
        }
    }

    fn decided(&mut self, entry: &Link<'_>, told: Decision) {
        let key = entry.subject.to_owned();
        // A notice that reached somebody keeps what its letter said, unless there is a new letter.
        let reached = self.of_notice.get(&key).into_iter().flatten();
        let is_reached =
            reached.filter_map(|id| self.deliveries.get(id)).any(|delivery| delivery.reached_at.is_some());
        if let Some(stopped) = &told.stopped {
            self.stopped(entry.at, stopped);
        }
        for id in &told.resumed {
            if let Some(delivery) = self.deliveries.get_mut(id) {
                let letters = self.by_key.get_mut(&key).map(|notice| &mut notice.letters);
                if let Some(letter) = letters.and_then(|letters| letters.get_mut(&delivery.version)) {
                    letter.valid_until = told.valid_until.map(|until| *until);
                    if !is_reached {
                        letter.recorded_at = entry.at;
                    }
                }
                delivery.stopped = None;
                delivery.valid_until = at(told.valid_until);
                if matches!(delivery.state, DeliveryState::Withdrawn | DeliveryState::Expired) {
                    delivery.state = DeliveryState::Recorded;
                }
            }
        }
        if let Some(letter) = &told.letter {
            self.recorded(entry, &told, letter);
        }
        let notice = self.by_key.entry(key).or_default();
        if told.letter.is_some() {
            notice.letters.insert(told.version, Decided::of(entry, &told));
        }
        if told.letter.is_some() || !is_reached {
            notice.row = notice_row(entry, &told);
            let whole = Decision { evidence: Vec::new(), because: String::new(), ..told.clone() };
            notice.whole = Some(Whole { recorded_at: entry.at, told: whole });
            if matches!(told.act, Act::Send | Act::Publish) {
                notice.queued_at = Some(entry.at);
            }
        }
        (notice.act, notice.cause, notice.because) = (Some(told.act), told.cause, told.because);
    }

    fn stopped(&mut self, at: i64, told: &Stopped) {
        for id in told.ended.iter().chain(&told.halted) {
            if let Some(delivery) = self.deliveries.get_mut(id) {
                delivery.stopped = Some((at, told.by.clone()));
            }
        }
        for id in &told.ended {
            if let (Some(delivery), Some(state)) = (self.deliveries.get_mut(id), told.state) {
                delivery.state = *state;
            }
        }
    }

    fn recorded(&mut self, entry: &Link<'_>, told: &Decision, letter: &LetterFacts) {
        let key = entry.subject.to_owned();
        let row = vec![
            ("kind", Must::Text(told.kind.map(|kind| kind.as_str().to_owned()))),
            ("message_id", Must::text(&letter.message_id)),
            ("subject", Must::text(&letter.subject)),
            ("sha256", Must::text(&letter.sha256)),
            ("recorded_at", Must::number(entry.at)),
            ("bytes", Must::Bytes(letter.sha256.clone())),
        ];
        self.letters.insert(vec![key.clone(), told.version.to_string()], row);
        for recorded in &letter.deliveries {
            self.of_notice.entry(key.clone()).or_default().push(recorded.id.clone());
            let delivery = Delivery {
                key: key.clone(),
                version: told.version,
                role: recorded.role.clone(),
                state: DeliveryState::Recorded,
                attempts: 0,
                next_attempt_at: Some(ms(*told.due_at).min(entry.at)),
                valid_until: at(told.valid_until),
                stopped: None,
                reached_at: None,
                sending_at: None,
                settled_at: None,
                reply: None,
                is_erased: false,
                left: None,
            };
            self.deliveries.insert(recorded.id.clone(), delivery);
        }
    }

    fn due(&mut self, delivery: &str, at: Timestamp) {
        if let Some(delivery) = self.deliveries.get_mut(delivery) {
            delivery.next_attempt_at = Some(ms(at));
        }
    }

    fn attempted(&mut self, entry: &Link<'_>, told: Attempt) {
        let (began, number) = (ms(*told.started_at), i64::from(told.number));
        let row = vec![
            ("started_at", Must::number(began)),
            ("ended_at", Must::number(entry.at)),
            ("outcome", Must::text(told.outcome.as_str())),
            ("reply", Must::Digest(told.reply_sha256.clone())),
        ];
        self.attempts.insert(vec![told.delivery.clone(), number.to_string()], row);
        if let Some(delivery) = self.deliveries.get_mut(&told.delivery) {
            delivery.settle(entry.at, *told.state, told.reply_sha256, began);
            (delivery.attempts, delivery.sending_at) = (number, Some(began));
            if told.outcome.reaches() {
                delivery.left.get_or_insert((began, entry.seq));
            }
            delivery.next_attempt_at = at(told.next_at);
        }
    }

    fn left_elsewhere(&mut self, entry: &Link<'_>, told: LeftElsewhere) {
        if let Some(delivery) = told.delivery.and_then(|id| self.deliveries.get_mut(&id)) {
            delivery.settle(entry.at, *told.state, told.reply_sha256, ms(*told.left_at));
            delivery.next_attempt_at = None;
        }
    }

    fn returned(&mut self, entry: &Link<'_>, told: Returned) {
        if let Some(delivery) = self.deliveries.get_mut(&told.delivery) {
            delivery.settle(entry.at, *told.state, told.reply_sha256, entry.at);
            delivery.next_attempt_at = None;
        }
    }

    /// What letters hold of persons is gone from this entry on.
    fn erased(&mut self, entry: &Link<'_>, told: &Erased) {
        let is_gone = |version: u16| told.versions.contains(&version);
        for version in &told.versions {
            if let Some(row) = self.letters.get_mut(&vec![entry.subject.to_owned(), version.to_string()]) {
                set(row, "bytes", Must::Text(None));
            }
        }
        for id in self.of_notice.get(entry.subject).into_iter().flatten() {
            let Some(delivery) = self.deliveries.get_mut(id).filter(|d| is_gone(d.version)) else { continue };
            (delivery.is_erased, delivery.reply) = (true, None);
            for n in 1..=delivery.attempts {
                if let Some(row) = self.attempts.get_mut(&vec![id.clone(), n.to_string()]) {
                    set(row, "reply", Must::text(""));
                }
            }
        }
    }

    /// Every row that must be.
    pub(super) fn expected(self) -> Expected {
        let notices = self.by_key.into_iter().map(|(key, notice)| (vec![key], notice.row()));
        let deliveries = self.deliveries.into_iter().map(|(id, delivery)| {
            let row = delivery.row(&id);
            (vec![id], row)
        });
        Expected::from([
            ("notices", notices.collect()),
            ("letters", self.letters),
            ("deliveries", deliveries.collect()),
            ("attempts", self.attempts),
        ])
    }
}

fn notice_row(entry: &Link<'_>, told: &Decision) -> Row {
    let rung = told.rung.as_deref().and_then(|rung| rung.strip_suffix('d')?.parse().ok());
    vec![
        ("window_id", Must::Text(entry.window.map(ToOwned::to_owned))),
        ("municipality", Must::Number(entry.municipality)),
        ("edition", Must::Number(told.edition.map(i64::from))),
        ("kind", Must::Text(told.kind.map(|kind| kind.as_str().to_owned()))),
        ("rung", Must::Number(rung)),
        ("version", Must::number(i64::from(told.version))),
        ("due_at", Must::number(ms(*told.due_at))),
        ("valid_until", Must::Number(at(told.valid_until))),
        ("told", Must::Text(told.told.clone())),
        ("parts", Must::text(told.parts.join("\n"))),
        ("copies", Must::text(told.copies.join("\n"))),
        ("recorded_at", Must::number(entry.at)),
    ]
}

impl Notice {
    fn row(self) -> Row {
        let mut row = self.row;
        row.push(("queued_at", Must::Number(self.queued_at)));
        row.push(("act", Must::Text(self.act.map(|act| act.as_str().to_owned()))));
        row.push(("cause", Must::text(self.cause)));
        row.push(("because", Must::text(self.because)));
        row
    }
}

impl Decided {
    fn of(entry: &Link<'_>, told: &Decision) -> Self {
        // What was too old when it was decided accused nobody.
        let is_fresh = |row: &Evidence| row.fresh_until.is_some_and(|until| entry.at <= ms(*until));
        let said = |row: &&Evidence| row.is_quoted && *row.state == State::Pending && is_fresh(row);
        let first = |line: &String| PartId::parse(line.split('\t').next().unwrap_or_default()).ok();
        Self {
            seq: entry.seq,
            recorded_at: entry.at,
            kind: told.kind.map_or(Kind::Alert, |kind| *kind),
            valid_until: told.valid_until.map(|until| *until),
            parts: told.parts.iter().filter_map(first).collect(),
            quoted: told.evidence.iter().filter(said).map(|row| row.part.0.clone()).collect(),
        }
    }
}
