//! What the journal tells, entry by entry, as rows. Pure.
//!
//! Of letters it notes only which there are: `part` reads of each by itself.
//! An entry that cannot be read is reported and tells nothing here: what it told of is then missed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::Expected;
use super::expect::{Must, Row, Rows, set};
use super::returned::Returns;
use crate::database::cell::{count, ms};
use crate::domain::delivery::QueueStop;
use crate::domain::journal::{
    Adopted, ClockAct, Entry, LeftElsewhere, OrderAct, Ordered, Reading, Reduced, Ruled, Snapshot,
};
use crate::store::chain::Link;

/// The windows that notices are about, each with the municipalities; none: to staff.
pub(super) type Windows = BTreeMap<String, BTreeSet<Option<i64>>>;

/// Notices about no window, each with the places of its entries.
pub(super) type Own = BTreeMap<String, Vec<i64>>;

/// The rows that the entries so far tell of.
#[derive(Default)]
pub(super) struct Replay {
    windows: Windows,
    own: Own,
    returns: Returns,
    left_elsewhere: Rows,
    closings: Rows,
    /// Flagged addresses by digest.
    contacts: Rows,
    mappings: Rows,
    snapshots: Rows,
    rulings: Rows,
    overrides: Rows,
    readings: Rows,
    outages: Rows,
    configurations: Rows,
    parts: Rows,
    files: Rows,
    refusals: Rows,
    /// Each word that a person gave on a configuration since one was adopted.
    consents: Rows,
    /// The last time that the queue stood still.
    stop: Option<QueueStop>,
}

/// An instant that the journal has; none that it could not have either.
fn instant(at: i64) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or(Timestamp::MAX)
}

/// What `meta` has of the last time that the queue stood still.
fn stop_row(stop: Option<QueueStop>) -> Row {
    let number = |of: fn(&QueueStop) -> i64| Must::Number(stop.as_ref().map(of));
    vec![
        ("stop_since", number(|stop| ms(stop.since))),
        ("stop_until", number(|stop| ms(stop.until))),
        ("stop_times", number(|stop| count(stop.times))),
        ("stop_over", number(|stop| i64::from(stop.is_over))),
    ]
}

impl Replay {
    /// Takes in the next entry.
    pub(super) fn take(&mut self, entry: &Link<'_>, told: Entry) {
        let key = vec![entry.subject.to_owned()];
        match told {
            Entry::Decision(_)
            | Entry::Attempt(_)
            | Entry::LeftElsewhere(_)
            | Entry::Returned(_)
            | Entry::Released(_)
            | Entry::Rescheduled(_)
            | Entry::Erased(_) => self.of_notice(entry, &told),
            Entry::EditionClosed(told) => {
                let closed = vec![entry.window.unwrap_or_default().to_owned(), told.edition.to_string()];
                let row = vec![("recorded_at", Must::number(entry.at)), ("entry", Must::number(entry.seq))];
                // One that was recorded by a clock that stood ahead gives way to the true one.
                let is_later = |(column, must): &(&str, Must)| {
                    *column == "recorded_at" && matches!(must, Must::Number(Some(at)) if *at > entry.at)
                };
                if self.closings.get(&closed).is_none_or(|known| known.iter().any(is_later)) {
                    self.closings.insert(closed, row);
                }
            }
            Entry::Flagged(told) => {
                let row = vec![
                    ("since", Must::number(entry.at)),
                    ("refusal", Must::text(told.refusal.as_str().to_owned())),
                    ("until", Must::number(ms(*told.until))),
                    ("why", Must::Digest(told.why_sha256)),
                ];
                self.contacts.insert(key, row);
            }
            Entry::Unflagged(_) => {
                self.contacts.remove(&key);
            }
            Entry::Snapshot(told) => self.collected(entry, told),
            Entry::Ordered(told) => self.ordered(entry, told),
            Entry::Reduced(told) => self.reduced(told),
            Entry::Ruled(told) => self.ruled(entry, told),
            Entry::Reading(told) => self.read(entry, told),
            Entry::Outage(told) => {
                let row = vec![("from_at", Must::number(ms(*told.from)))];
                self.outages.entry(vec![ms(*told.until).to_string()]).or_insert(row);
            }
            Entry::ClockRuled(told) => {
                if told.act == ClockAct::TakeBack {
                    // They never were.
                    let is_over = |until: &str| until.parse::<i64>().is_ok_and(|until| until <= entry.at);
                    self.outages.retain(|key, _| key.iter().all(|until| is_over(until)));
                }
            }
            Entry::Adopted(told) => {
                self.consents.clear();
                self.adopted(entry, told);
            }
            Entry::Consented(told) => {
                let row = vec![("given_at", Must::number(entry.at)), ("author", Must::text(told.author))];
                self.consents.insert(key, row);
            }
            Entry::QueueStopped(told) => {
                let since = instant(entry.at);
                let times = QueueStop::times_before(self.stop.as_ref(), since);
                self.stop = Some(QueueStop { since, until: *told.until, times, is_over: false });
            }
            Entry::QueueResumed(_) => self.stop = self.stop.map(|stop| stop.ended(instant(entry.at))),
            Entry::Rejected(_) => {
                self.refusals.entry(key).or_insert_with(|| vec![("first_at", Must::number(entry.at))]);
            }
            // Held once more after it had ceased to count: since then.
            Entry::Held(_) => {
                self.refusals.insert(key, vec![("first_at", Must::number(entry.at))]);
            }
            // They tell of no row with proof value; the head of `verify` says why.
            Entry::Opening(_)
            | Entry::Assumed(_)
            | Entry::Led(_)
            | Entry::Moved(_)
            | Entry::FeedSwitched(_)
            | Entry::TestSent(_)
            | Entry::DossierShown(_)
            | Entry::RegisterLoaded(_)
            | Entry::RegisterDoubted(_)
            | Entry::ProposalsTaken(_)
            | Entry::ProposalsRefused(_)
            | Entry::Found(_)
            | Entry::Audited(_)
            | Entry::Announced(_)
            | Entry::Seen(_) => {}
        }
    }

    fn of_notice(&mut self, entry: &Link<'_>, told: &Entry) {
        match told {
            Entry::Returned(told) => self.returns.take(entry, told),
            Entry::LeftElsewhere(told) if told.delivery.is_none() => self.left_elsewhere(entry, told),
            _ => {}
        }
        match entry.window {
            Some(window) => {
                self.windows.entry(window.to_owned()).or_default().insert(entry.municipality);
            }
            None => self.own.entry(entry.subject.to_owned()).or_default().push(entry.seq),
        }
    }

    fn left_elsewhere(&mut self, entry: &Link<'_>, told: &LeftElsewhere) {
        let row = vec![
            ("notice_key", Must::text(entry.subject)),
            ("version", Must::number(i64::from(told.version))),
            ("left_at", Must::number(ms(*told.left_at))),
            ("proof", Must::text(told.proof.as_str())),
        ];
        let key = vec![told.message_id.clone(), told.address_sha256.clone().unwrap_or_default()];
        self.left_elsewhere.insert(key, row);
    }

    fn collected(&mut self, entry: &Link<'_>, told: Snapshot) {
        if let Some(digest) = &told.mapped_sha256 {
            self.mappings.insert(vec![digest.clone()], vec![("bytes", Must::Bytes(digest.clone()))]);
        }
        let original = if told.has_original { Must::Bytes(told.sha256.clone()) } else { Must::Text(None) };
        let row = vec![
            ("position", Must::count(self.snapshots.len() as u64 + 1)),
            ("feed", Must::text(told.feed.as_str())),
            ("taken_at", Must::number(ms(*told.taken_at))),
            ("source", Must::text(told.source)),
            ("sha256", Must::text(told.sha256)),
            ("row_count", Must::count(told.rows)),
            ("rejected", Must::count(told.rejected)),
            ("repeated", Must::count(told.repeated)),
            ("verdict", Must::text(told.verdict.as_str())),
            ("reasons", Must::text(serde_json::Value::from(told.reasons).to_string())),
            ("mapping", Must::Text(told.mapped_sha256)),
            ("done", Must::count(told.done)),
            ("municipalities", Must::count(told.municipalities)),
            ("original", original),
            ("recorded_at", Must::number(entry.at)),
        ];
        self.snapshots.insert(vec![entry.subject.to_owned()], row);
    }

    /// A snapshot that a person believes in spite of the judge, or no longer believes.
    fn ruled(&mut self, entry: &Link<'_>, told: Ruled) {
        let verdict = Must::text(told.verdict.as_str());
        let Some(row) = self.snapshots.get_mut(&vec![entry.subject.to_owned()]) else { return };
        let before = row.iter().find(|(column, _)| *column == "verdict").map(|(_, must)| must.clone());
        set(row, "verdict", verdict.clone());
        let ruling = vec![
            ("snapshot", Must::text(entry.subject)),
            ("ruled_at", Must::number(entry.at)),
            ("before", before.unwrap_or(Must::Text(None))),
            ("verdict", verdict),
            ("author", Must::text(told.author)),
            ("reason", Must::text(told.reason)),
        ];
        self.rulings.insert(vec![(self.rulings.len() + 1).to_string()], ruling);
    }

    fn ordered(&mut self, entry: &Link<'_>, told: Ordered) {
        let key = vec![entry.subject.to_owned()];
        match told.act {
            OrderAct::Lift => {
                if let Some(row) = self.overrides.get_mut(&key) {
                    set(row, "lifted_by", Must::text(told.author));
                    set(row, "lift_reason", Must::Text(told.reason));
                    set(row, "lifted_at", Must::number(entry.at));
                }
            }
            OrderAct::Give => {
                let row = vec![
                    ("kind", Must::text(told.order.as_str())),
                    ("window_id", Must::Text(entry.window.map(ToOwned::to_owned))),
                    ("municipality", Must::Number(entry.municipality)),
                    ("part", Must::Text(told.part.map(|part| part.as_str().to_owned()))),
                    ("batch", Must::Text(told.batch.map(|batch| batch.as_str().to_owned()))),
                    ("until_on", Must::Text(told.until.map(|day| day.to_string()))),
                    ("author", Must::text(told.author)),
                    ("reason", told.outcome_sha256.map_or(Must::Text(told.reason), Must::Digest)),
                    ("decided_at", Must::number(entry.at)),
                    ("lifted_by", Must::Text(None)),
                    ("lift_reason", Must::Text(None)),
                    ("lifted_at", Must::Number(None)),
                    ("telephone", told.telephone_sha256.map_or(Must::Text(None), Must::Digest)),
                ];
                self.overrides.insert(key, row);
            }
        }
    }

    /// A configuration put in force, with its files by digest.
    fn adopted(&mut self, entry: &Link<'_>, told: Adopted) {
        let key = vec![entry.subject.to_owned()];
        let in_force = ("in_force", Must::number(1));
        // Adopted again only because a refused one was taken back: it stands as it stood.
        if self.configurations.get(&key).is_some_and(|row| row.contains(&in_force)) {
            return;
        }
        for row in self.configurations.values_mut() {
            set(row, "in_force", Must::number(0));
        }
        let row = vec![
            ("directory", Must::text(told.directory)),
            ("adopted_at", Must::number(entry.at)),
            ("adopted_by", Must::text(told.author)),
            in_force,
        ];
        self.configurations.insert(key, row);
        for (name, digest) in told.files {
            let part = vec![entry.subject.to_owned(), name];
            self.parts.insert(part, vec![("sha256", Must::text(&digest))]);
            self.files.insert(vec![digest.clone()], vec![("bytes", Must::Bytes(digest))]);
        }
    }

    /// What it names is gone from now on.
    fn reduced(&mut self, told: Reduced) {
        for id in told.calls {
            if let Some(row) = self.overrides.get_mut(&vec![id]) {
                set(row, "telephone", Must::Text(None));
                set(row, "reason", Must::text(""));
            }
        }
        for digest in told.files {
            if let Some(row) = self.files.get_mut(&vec![digest]) {
                set(row, "bytes", Must::Text(None));
            }
        }
        for digest in told.returns {
            self.returns.erase(digest);
        }
        for digest in told.unflagged {
            self.contacts.remove(&vec![digest]);
        }
    }

    fn read(&mut self, entry: &Link<'_>, told: Reading) {
        let key = vec![entry.subject.to_owned(), told.edition.to_string()];
        let row = self.readings.entry(key).or_insert_with(|| vec![("read_at", Must::number(entry.at))]);
        set(row, "deadline", Must::text(told.deadline));
        set(row, "source", Must::text(told.source));
    }

    /// Takes out which notices there are, to be worked out one part after another.
    pub(super) fn parts(&mut self) -> (Windows, Own) {
        (std::mem::take(&mut self.windows), std::mem::take(&mut self.own))
    }

    /// Every row that must be, but for those of notices.
    pub(super) fn expected(self) -> Expected {
        let mut expected = Expected::from(self.returns.expected());
        expected.extend([
            ("left_elsewhere", self.left_elsewhere),
            ("closings", self.closings),
            ("flagged_contacts", self.contacts),
            ("mappings", self.mappings),
            ("snapshots", self.snapshots),
            ("snapshot_rulings", self.rulings),
            ("overrides", self.overrides),
            ("edition_readings", self.readings),
            ("outages", self.outages),
            ("configurations", self.configurations),
            ("config_parts", self.parts),
            ("config_files", self.files),
            ("config_refusals", self.refusals),
            ("config_consents", self.consents),
            ("meta", Rows::from([(vec!["1".to_owned()], stop_row(self.stop))])),
        ]);
        expected
    }
}
