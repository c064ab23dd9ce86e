//! What is known of one municipality in one window, as its decisions ask for it. Pure.

use jiff::Timestamp;

use super::{Pair, Wish};
use crate::domain::notice::{NoticeKey, Recipient, Slot, Told};
use crate::domain::reason::Reason;
use crate::plan::assess::Assessment;
use crate::plan::decision::{Closed, End, Notice, named_parts};
use crate::plan::edition::{Track, last_told};
use crate::plan::elsewhere;
use crate::plan::ladder::Step;
use crate::plan::ledger::{NoticeRecord, Standing};

impl<'b> Pair<'_, 'b> {
    pub(super) fn notice(&self, wish: &Wish, to: Vec<Recipient>) -> Notice {
        Notice {
            key: self.key(wish.slot),
            content: wish.content.clone(),
            to,
            due_at: wish.due_at,
            valid_until: wish.valid_until,
        }
    }

    /// The end of a wish that never left.
    pub(super) fn closed(&self, end: End, wish: &Wish, because: Reason) -> Closed {
        Closed {
            end,
            key: self.key(wish.slot),
            kind: wish.kind,
            edition: wish.edition,
            told: wish.content.told(),
            parts: named_parts(&wish.content),
            version: self.record(wish.slot).and_then(|r| r.version),
            due_at: wish.due_at,
            valid_until: wish.valid_until,
            because,
        }
    }

    pub(super) fn key(&self, slot: Slot) -> NoticeKey {
        NoticeKey::Municipal {
            window: self.context.assessor.window().id.clone(),
            slot,
            municipality: self.municipality.code,
        }
    }

    pub(super) fn record(&self, slot: Slot) -> Option<&'b NoticeRecord> {
        self.records.iter().find(|r| r.slot == slot)
    }

    /// Whether somebody took the letter of a slot.
    pub(super) fn has_left(&self, slot: Slot) -> bool {
        self.record(slot).is_some_and(|record| record.standing.sent_at().is_some())
    }

    /// The letter of a rung that somebody took for the same deadline under another edition: one that brings a deadline back
    /// says nothing twice. What is left of it comes first.
    pub(super) fn left_before(&self, step: &Step) -> Option<&'b NoticeRecord> {
        let told = Some(Told::from(self.track.deadline));
        let before = self.records.iter().filter(|record| {
            record.slot.rung() == Some(step.days_before)
                && record.edition != self.track.edition
                && record.told == told
                && record.standing.sent_at().is_some()
        });
        before.max_by_key(|record| record.standing.is_open())
    }

    pub(super) fn assessment(&self) -> &Assessment {
        self.assessment.get_or_init(|| match self.closing {
            Some(closing) => self.context.assessor.assess_closed(self.municipality.code, closing),
            None => self.context.assessor.assess(self.municipality),
        })
    }

    /// Whether anything is expected here, or was when the deadline passed.
    pub(super) fn is_expected(&self) -> bool {
        match self.closing {
            Some(closing) => closing.municipalities.contains_key(&self.municipality.code),
            None => self.context.assessor.expected(self.municipality).next().is_some(),
        }
    }

    /// The first sending instant at or after a cause, unless that lies before `inicio`.
    pub(super) fn first_sending(&self, cause: Timestamp) -> Option<Timestamp> {
        let due_at = self.context.world.calendar.hours.due(cause);
        self.context.starts_at.is_none_or(|starts| due_at >= starts).then_some(due_at)
    }

    /// The first sending instant at or after a cause, or after `inicio` where that came later.
    pub(super) fn first_sending_since_start(&self, cause: Timestamp) -> Timestamp {
        let cause = self.context.starts_at.map_or(cause, |starts| cause.max(starts));
        self.context.world.calendar.hours.due(cause)
    }

    /// When a note is due whose cause has no hour but what the files say, which may be written down only afterwards: at its
    /// sending instant where nobody has looked since, else once somebody does. At the return from a gap it may be the
    /// gap's, or have left from a ledger that this one is a copy of.
    pub(super) fn noticed(&self, slot: Slot, due_at: Timestamp) -> Timestamp {
        let stands = |r: &&NoticeRecord| r.standing.is_open() || r.standing.sent_at().is_some();
        if let Some(record) = self.record(slot).filter(stands) {
            return record.due_at;
        }
        let ledger = self.context.world.ledger;
        let returned_at = ledger.outage.map_or(Timestamp::MIN, |gap| gap.until);
        let looked_since = ledger.last_pass_at.is_some_and(|last| last >= due_at && last >= returned_at);
        if looked_since { self.first_sending_since_start(self.context.moment.stamp()) } else { due_at }
    }

    pub(super) fn deadline_passed(&self) -> bool {
        self.track.ends_at.is_some_and(|at| self.context.moment.reached(at))
    }

    /// The step whose validity holds now.
    pub(super) fn active_step(&self) -> Option<&'b Step> {
        self.steps
            .iter()
            .find(|s| self.context.moment.reached(s.due_at) && !self.context.moment.reached(s.valid_until))
    }

    /// What they were told last, and when. "Outside" counts as told of edition 1 before anything here.
    pub(super) fn last_told(&self) -> Option<(Told, Timestamp)> {
        let outside = || {
            let first = self.context.assessor.window().edition(1)?;
            Some((Told::from(first.deadline), Timestamp::MIN))
        };
        last_told(self.records).or_else(|| self.context.told_outside(self.municipality).then(outside)?)
    }

    /// When the last divulgação or correction was accepted.
    pub(super) fn corrected_at(&self) -> Option<Timestamp> {
        let corrections = self.records.iter().filter(|record| tells_the_date(record.slot));
        corrections.filter_map(|record| record.standing.sent_at()).max()
    }

    /// Whether a divulgação or correction is recorded and no address took it yet.
    pub(super) fn is_correction_queued(&self) -> bool {
        self.records.iter().any(|r| tells_the_date(r.slot) && r.standing == Standing::Queued)
    }

    /// Whether a recorded letter would go to an address that is no longer one of this municipality's.
    pub(super) fn goes_astray(&self, record: &NoticeRecord) -> bool {
        let waiting = self.context.world.ledger.addresses(|| self.key(record.slot));
        let (roster, code) = (self.context.world.roster, self.municipality.code);
        record.standing.goes_astray(waiting, |address| !roster.is_address_of(code, address))
    }

    /// The edition that ruled when the letter of a slot left, or may have left, from another ledger.
    pub(super) fn departed(&self, slot: Slot) -> Option<Track> {
        let world = self.context.world;
        if world.ledger.left_elsewhere.is_empty() {
            return None;
        }
        let left = world.ledger.left_elsewhere.get(&self.key(slot))?;
        let window = self.context.assessor.window();
        let known = (world.calendar, world.overrides, world.ledger);
        Some(elsewhere::then(known, window, self.municipality.code, *left))
    }

    /// Until when another letter of this civil day keeps this one back.
    pub(super) fn other_letter_today(&self) -> Option<Timestamp> {
        let zone = &self.context.world.calendar.hours.zone;
        let others = self.records.iter().filter(|record| counts_to_the_day(record.slot));
        let last = others.filter_map(|record| record.standing.sent_at());
        let day = zone.date_of(last.max()?);
        (!self.context.moment.day_over(day)).then(|| zone.end_of(day))
    }
}

/// Whether a letter is a divulgação or a correction of it.
fn tells_the_date(slot: Slot) -> bool {
    match slot {
        Slot::Announcement | Slot::Extension { .. } | Slot::Upheld { .. } => true,
        Slot::Suspension { .. } | Slot::Rung { .. } => false,
    }
}

/// Whether a municipality gets only one such letter about a window on a civil day.
pub(super) fn counts_to_the_day(slot: Slot) -> bool {
    match slot {
        Slot::Announcement | Slot::Extension { .. } | Slot::Rung { .. } => true,
        Slot::Suspension { .. } | Slot::Upheld { .. } => false,
    }
}
