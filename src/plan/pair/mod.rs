//! One municipality in one window: what it should be told now, and what of its open notices no longer holds. Pure.

mod close;
mod hold;
mod wish;

pub(in crate::plan) use hold::alerts_by_window;

use std::cell::OnceCell;

use jiff::Timestamp;

use crate::domain::calendar::Audience;
use crate::domain::notice::{Content, Kind, NoticeKey, Recipient, Slot, Told};
use crate::domain::overrides::BatchId;
use crate::domain::reason::Reason;
use crate::domain::roster::Municipality;
use crate::domain::status::State;
use crate::domain::time::hours_after;
use crate::plan::assess::{Assessment, Assessor};
use crate::plan::audience;
use crate::plan::edition::{HaltState, Track};
use crate::plan::ladder::Step;
use crate::plan::ledger::{Record, Standing};
use crate::plan::moment::Moment;
use crate::plan::{Act, Decision, World};

/// No rung leaves sooner than this after a divulgação or a correction (DESIGN "How many").
const QUIET_HOURS: i64 = 48;

/// What is the same for every municipality of a window in one pass.
pub(in crate::plan) struct Bench<'a> {
    pub(in crate::plan) world: &'a World<'a>,
    pub(in crate::plan) moment: &'a Moment<'a>,
    pub(in crate::plan) assessor: &'a Assessor<'a>,
    /// When the window opens.
    pub(in crate::plan) opens_at: Timestamp,
    /// The first instant of `inicio`.
    pub(in crate::plan) starts_at: Option<Timestamp>,
    /// Whether the window was already open on `inicio`: then everybody counts as told of edition 1 outside.
    pub(in crate::plan) told_outside: bool,
}

/// One municipality in one window.
pub(in crate::plan) struct Pair<'a, 'b> {
    bench: &'b Bench<'a>,
    municipality: &'a Municipality,
    track: Track,
    steps: &'b [Step],
    records: &'b [Record],
    assessment: OnceCell<Assessment>,
}

/// A letter that is wanted, before anything can hold it.
struct Wish {
    slot: Slot,
    kind: Kind,
    edition: u16,
    audience: Vec<Audience>,
    about: Option<State>,
    due_at: Timestamp,
    valid_until: Option<Timestamp>,
    told: Option<Told>,
    content: Content,
    because: Reason,
}

/// What became of a wish.
enum Fate {
    /// Nothing was wished.
    Nothing,
    /// It is recorded and still holds.
    Kept,
    /// It may leave later without anything new being known.
    Waits(Timestamp),
    /// To be sent, unless something beyond this municipality holds it.
    Send(Decision),
    /// Withheld.
    Withhold(Decision),
    /// Overtaken before it could leave.
    Supersede(Decision),
}

/// Everything decided about one municipality in one window.
#[derive(Default)]
pub(in crate::plan) struct Decided {
    /// To be sent, unless something beyond this municipality holds it.
    pub(in crate::plan) send: Option<Decision>,
    /// Withheld.
    pub(in crate::plan) withheld: Vec<Decision>,
    /// Withdrawn, superseded, expired.
    pub(in crate::plan) closed: Vec<Decision>,
    /// Why nothing is said, when nothing is.
    pub(in crate::plan) silence: Option<Reason>,
}

impl<'a, 'b> Pair<'a, 'b> {
    pub(in crate::plan) fn new(
        bench: &'b Bench<'a>,
        municipality: &'a Municipality,
        track: Track,
        steps: &'b [Step],
        records: &'b [Record],
    ) -> Self {
        Self { bench, municipality, track, steps, records, assessment: OnceCell::new() }
    }

    /// Decides.
    pub(in crate::plan) fn decide(&self) -> Decided {
        let mut decided = Decided::default();
        let mut kept: Vec<Slot> = Vec::new();
        if self.bench.assessor.expected(self.municipality).next().is_none() {
            self.close_all_but(&[], &Reason::NotExpected, &mut decided);
            decided.silence = Some(Reason::NotExpected);
        } else if !self.bench.moment.reached(self.bench.opens_at) {
            let reason = Reason::NotOpenYet { opens_on: self.bench.assessor.window().opens_on };
            self.close_all_but(&[], &reason, &mut decided);
            decided.silence = Some(reason);
        } else if let HaltState::Halted { since, halt } = self.track.halt {
            if let Some(wish) = self.suspension(since, halt.kind, halt.since) {
                let slot = wish.slot;
                let fate = self.consider(Some(wish));
                self.settle(fate, slot, &mut kept, &mut decided);
            }
            self.close_all_but(&kept, &Reason::Halted { kind: halt.kind, since: halt.since }, &mut decided);
            decided.silence.get_or_insert(Reason::Halted { kind: halt.kind, since: halt.since });
        } else {
            self.decide_open(&mut kept, &mut decided);
            let unwished = |r: &&Record| r.standing.is_open() && !kept.contains(&r.slot);
            for record in self.records.iter().filter(unwished).filter(|r| !self.goes_on(r)) {
                decided.closed.push(self.close(record));
            }
        }
        decided
    }

    /// The window runs: a correction outranks all, a divulgação outranks a rung.
    fn decide_open(&self, kept: &mut Vec<Slot>, decided: &mut Decided) {
        self.missed(decided);
        let first = self.correction().or_else(|| self.upheld()).or_else(|| self.announcement());
        let first_slot = first.as_ref().map(|wish| wish.slot);
        let fate = self.consider(first);
        let blocked = match &fate {
            Fate::Withhold(decision) if decision.because == Reason::NoContact => None,
            Fate::Withhold(decision) => Some(Err(decision.because.clone())),
            Fate::Waits(until) => Some(Ok(Some(*until))),
            Fate::Send(_) => Some(Ok(None)),
            Fate::Nothing | Fate::Kept | Fate::Supersede(_) => {
                self.is_correction_queued().then_some(Ok(None))
            }
        };
        if let Some(slot) = first_slot {
            self.settle(fate, slot, kept, decided);
        }
        let Some(step) = self.active_step() else {
            if decided.silence.is_none() && first_slot.is_none() {
                decided.silence =
                    Some(if self.assessment().is_done() { Reason::AllDone } else { Reason::NothingDue });
            }
            return;
        };
        let slot = Slot::Rung { edition: self.track.edition, days_before: step.days_before };
        if self.bench.starts_at.is_some_and(|starts| step.due_at < starts) {
            decided.silence.get_or_insert(Reason::BeforeStart);
            return;
        }
        if let Some(Ok(until)) = blocked {
            // It waits behind another letter of this municipality; that one's acceptance brings the next pass.
            if let Some(until) = until {
                decided.silence.get_or_insert(Reason::Waits { until });
            }
            // A letter of the rung that nobody took yet gives way; it comes again after the quiet.
            if self.record(slot).is_some_and(|r| r.standing != Standing::Queued) {
                self.keep_if_open(slot, kept);
            }
            return;
        }
        let Some(wish) = self.rung(step) else {
            decided.silence.get_or_insert(Reason::AllDone);
            return;
        };
        let fate = match blocked {
            Some(Err(because)) => self.withhold(&wish, Vec::new(), because),
            _ => self.rung_fate(step, wish),
        };
        self.settle(fate, slot, kept, decided);
    }

    /// Files a fate under what it means.
    fn settle(&self, fate: Fate, slot: Slot, kept: &mut Vec<Slot>, decided: &mut Decided) {
        match fate {
            Fate::Nothing => {}
            Fate::Kept => kept.push(slot),
            Fate::Waits(until) => {
                decided.silence.get_or_insert(Reason::Waits { until });
                self.keep_if_open(slot, kept);
            }
            Fate::Send(decision) => {
                kept.push(slot);
                decided.send = Some(decision);
            }
            Fate::Withhold(decision) => {
                kept.push(slot);
                decided.withheld.push(decision);
            }
            Fate::Supersede(decision) => {
                kept.push(slot);
                decided.closed.push(decision);
            }
        }
    }

    fn keep_if_open(&self, slot: Slot, kept: &mut Vec<Slot>) {
        if self.record(slot).is_some_and(|r| r.standing.is_open()) {
            kept.push(slot);
        }
    }

    // --- fates

    /// A rung waits for the quiet after a divulgação or correction, and is overtaken when none of it is left then.
    fn rung_fate(&self, step: &Step, wish: Wish) -> Fate {
        let standing = self.record(wish.slot).map(|r| r.standing);
        if matches!(standing, Some(Standing::Superseded | Standing::Expired)) {
            return Fate::Nothing;
        }
        let left = matches!(standing, Some(Standing::Sent { .. }));
        if let Some(told_at) = self.corrected_at().filter(|_| !left) {
            let quiet_until = hours_after(told_at, QUIET_HOURS);
            if !self.bench.moment.reached(quiet_until) {
                let leaves_at = self.bench.world.calendar.hours.next_sending(quiet_until);
                if leaves_at >= step.valid_until {
                    let because = Reason::TooSoon { told_at };
                    return Fate::Supersede(self.decision(Act::Supersede, &wish, Vec::new(), because));
                }
                return Fate::Waits(leaves_at);
            }
        }
        if let Some(edition) = self.track.awaiting {
            let window = &self.bench.assessor.window().id;
            let batch = BatchId::of_slot(window, Slot::Extension { edition });
            return self.withhold(&wish, Vec::new(), Reason::DeadlineInDoubt { batch });
        }
        self.consider(Some(wish))
    }

    /// What holds a wish, or lets it go.
    fn consider(&self, wish: Option<Wish>) -> Fate {
        let Some(wish) = wish else { return Fate::Nothing };
        if !self.bench.moment.reached(wish.due_at) {
            return Fate::Waits(wish.due_at);
        }
        let record = self.record(wish.slot);
        match record.map(|r| r.standing) {
            // What one address took goes on to the others while it holds; it never comes a second time.
            Some(Standing::Sent { live, .. }) => {
                let holds = record.is_some_and(|r| r.kind == Kind::Reminder || still_says(r, &wish));
                return if live && holds { Fate::Kept } else { Fate::Nothing };
            }
            Some(Standing::Queued) if !record.is_some_and(|r| still_says(r, &wish)) => return Fate::Nothing,
            // What is recorded and still right leaves, unless somebody stopped it meanwhile.
            Some(Standing::Queued) => {
                return match self.held_by_hand(&wish) {
                    Some(because) => self.withhold(&wish, Vec::new(), because),
                    None => Fate::Kept,
                };
            }
            Some(Standing::Superseded) => return Fate::Nothing,
            Some(Standing::Expired) if matches!(wish.slot, Slot::Rung { .. }) => return Fate::Nothing,
            Some(Standing::Withheld(_) | Standing::Failed | Standing::Withdrawn | Standing::Expired)
            | None => {}
        }
        let about = wish.about.map(|state| (self.assessment(), state));
        let reach = audience::reach(
            self.bench.assessor,
            self.bench.world.calendar,
            self.municipality,
            &wish.audience,
            about,
            &self.bench.world.ledger.flagged,
        );
        if let Some(because) = self.hold(&wish) {
            return self.withhold(&wish, reach.to, because);
        }
        if reach.to.is_empty() {
            return self.withhold(&wish, reach.to, Reason::NoContact);
        }
        if matches!(wish.slot, Slot::Announcement | Slot::Extension { .. } | Slot::Rung { .. })
            && let Some(until) = self.other_letter_today()
        {
            return Fate::Waits(until);
        }
        if !self.bench.moment.is_sending() {
            return Fate::Waits(self.bench.world.calendar.hours.next_sending(self.bench.moment.stamp()));
        }
        let version = match record {
            // A letter that a hold stopped before anybody took it goes on as it was recorded.
            Some(r)
                if r.version > 0 && matches!(r.standing, Standing::Withheld(_)) && still_says(r, &wish) =>
            {
                r.version
            }
            Some(r) if r.version > 0 => r.version + 1,
            _ if reach.stands_in => 2,
            _ => 1,
        };
        let because = wish.because.clone();
        Fate::Send(Decision { version, ..self.decision(Act::Send, &wish, reach.to, because) })
    }

    // --- facts

    fn decision(&self, act: Act, wish: &Wish, to: Vec<Recipient>, because: Reason) -> Decision {
        Decision {
            act,
            key: self.key(wish.slot),
            kind: Some(wish.kind),
            edition: Some(wish.edition),
            rung: rung_of(wish.slot),
            version: self.record(wish.slot).map_or(0, |r| r.version),
            to,
            due_at: wish.due_at,
            valid_until: wish.valid_until,
            told: wish.told,
            content: Some(wish.content.clone()),
            because,
        }
    }

    fn key(&self, slot: Slot) -> NoticeKey {
        NoticeKey::Municipal {
            window: self.bench.assessor.window().id.clone(),
            slot,
            municipality: self.municipality.code,
        }
    }

    fn record(&self, slot: Slot) -> Option<&'b Record> {
        self.records.iter().find(|r| r.slot == slot)
    }

    fn assessment(&self) -> &Assessment {
        self.assessment.get_or_init(|| self.bench.assessor.assess(self.municipality))
    }

    /// The first sending instant at or after a cause, unless that lies before `inicio`.
    fn first_sending(&self, cause: Timestamp) -> Option<Timestamp> {
        let due_at = self.bench.world.calendar.hours.next_sending(cause);
        self.bench.starts_at.is_none_or(|starts| due_at >= starts).then_some(due_at)
    }

    fn deadline_passed(&self) -> bool {
        self.track.ends_at.is_some_and(|at| self.bench.moment.reached(at))
    }

    /// The step whose validity holds now.
    fn active_step(&self) -> Option<&'b Step> {
        self.steps
            .iter()
            .find(|s| self.bench.moment.reached(s.due_at) && !self.bench.moment.reached(s.valid_until))
    }

    /// What they were told last, and when. "Outside" counts as told of edition 1 before anything here.
    fn last_told(&self) -> Option<(Told, Timestamp)> {
        let told = self.records.iter().filter_map(|record| match record.standing {
            Standing::Sent { at, .. } => record.told.map(|told| (told, at)),
            _ => None,
        });
        let outside = || {
            let first = self.bench.assessor.window().edition(1)?;
            Some((Told::from(first.deadline), Timestamp::MIN))
        };
        told.max_by_key(|(_, at)| *at).or_else(|| self.bench.told_outside.then(outside)?)
    }

    /// When the last divulgação or correction was accepted.
    fn corrected_at(&self) -> Option<Timestamp> {
        let accepted = self.records.iter().filter_map(|record| match (record.slot, record.standing) {
            (
                Slot::Announcement | Slot::Extension { .. } | Slot::Upheld { .. },
                Standing::Sent { at, .. },
            ) => Some(at),
            _ => None,
        });
        accepted.max()
    }

    /// Whether a divulgação or correction is recorded and no address took it yet.
    fn is_correction_queued(&self) -> bool {
        let corrects =
            |slot| matches!(slot, Slot::Announcement | Slot::Extension { .. } | Slot::Upheld { .. });
        self.records.iter().any(|r| corrects(r.slot) && r.standing == Standing::Queued)
    }

    /// Until when another letter of this civil day keeps this one back.
    fn other_letter_today(&self) -> Option<Timestamp> {
        let zone = &self.bench.world.calendar.hours.zone;
        let last = self.records.iter().filter_map(|record| match (record.slot, record.standing) {
            (Slot::Announcement | Slot::Extension { .. } | Slot::Rung { .. }, Standing::Sent { at, .. }) => {
                Some(at)
            }
            _ => None,
        });
        let day = zone.date_of(last.max()?);
        (!self.bench.moment.day_over(day)).then(|| zone.end_of(day))
    }
}

/// Whether a recorded letter still says what would be said now.
fn still_says(record: &Record, wish: &Wish) -> bool {
    let parts_hold = match &wish.content {
        Content::Warning { pending, .. } => record.parts.iter().all(|named| {
            let now = pending.iter().find(|p| p.part == named.part);
            now.is_some_and(|now| named.units.iter().all(|unit| now.units.contains(unit)))
        }),
        _ => true,
    };
    record.kind == wish.kind
        && record.told == wish.told
        && parts_hold
        && !matches!(wish.because, Reason::Unconfirmed { .. })
}

fn rung_of(slot: Slot) -> Option<u16> {
    match slot {
        Slot::Rung { days_before, .. } => Some(days_before),
        Slot::Announcement | Slot::Extension { .. } | Slot::Suspension { .. } | Slot::Upheld { .. } => None,
    }
}
