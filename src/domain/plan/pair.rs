//! One municipality in one window: what it should be told now, and what of its open notices no longer holds. Pure.

use std::cell::OnceCell;

use jiff::Timestamp;

use super::assess::{Assessment, Assessor};
use super::audience;
use super::edition::{HaltState, Track};
use super::ladder::Step;
use super::moment::Moment;
use super::{Act, Decision, World};
use crate::domain::calendar::{Audience, HaltKind, OnUnconfirmed};
use crate::domain::ledger::{Record, Standing};
use crate::domain::notice::{Content, Kind, NoticeKey, Recipient, Slot, Told};
use crate::domain::overrides::{BatchId, HoldScope};
use crate::domain::reason::{Cause, Reason};
use crate::domain::roster::Municipality;
use crate::domain::status::State;
use crate::domain::time::hours_after;

/// No rung leaves sooner than this after a divulgação or a correction (DESIGN "How many").
const QUIET_HOURS: i64 = 48;

/// What is the same for every municipality of a window in one pass.
pub(super) struct Bench<'a> {
    pub(super) world: &'a World<'a>,
    pub(super) moment: &'a Moment<'a>,
    pub(super) assessor: &'a Assessor<'a>,
    /// When the window opens.
    pub(super) opens_at: Timestamp,
    /// The first instant of `inicio`.
    pub(super) starts_at: Option<Timestamp>,
    /// Whether the window was already open on `inicio`: then everybody counts as told of edition 1 outside.
    pub(super) told_outside: bool,
}

/// One municipality in one window.
pub(super) struct Pair<'a, 'b> {
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
pub(super) struct Decided {
    /// To be sent, unless something beyond this municipality holds it.
    pub(super) send: Option<Decision>,
    /// Withheld.
    pub(super) withheld: Vec<Decision>,
    /// Withdrawn, superseded, expired.
    pub(super) closed: Vec<Decision>,
    /// Why nothing is said, when nothing is.
    pub(super) silence: Option<Reason>,
}

impl<'a, 'b> Pair<'a, 'b> {
    pub(super) fn new(
        bench: &'b Bench<'a>,
        municipality: &'a Municipality,
        track: Track,
        steps: &'b [Step],
        records: &'b [Record],
    ) -> Self {
        Self { bench, municipality, track, steps, records, assessment: OnceCell::new() }
    }

    /// Decides.
    pub(super) fn decide(&self) -> Decided {
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
            let fate = self.consider(self.suspension(since, halt.kind, halt.since));
            self.settle(fate, Slot::Suspension { edition: self.track.edition }, &mut kept, &mut decided);
            self.close_all_but(&kept, &Reason::Halted { kind: halt.kind, since: halt.since }, &mut decided);
            decided.silence.get_or_insert(Reason::Halted { kind: halt.kind, since: halt.since });
        } else {
            self.decide_open(&mut kept, &mut decided);
            for record in self.records.iter().filter(|r| r.standing.is_open() && !kept.contains(&r.slot)) {
                decided.closed.push(self.close(record));
            }
        }
        decided
    }

    /// The window runs: a correction outranks all, a divulgação outranks a rung.
    fn decide_open(&self, kept: &mut Vec<Slot>, decided: &mut Decided) {
        self.outage(decided);
        let first = self.correction().or_else(|| self.upheld()).or_else(|| self.announcement());
        let first_slot = first.as_ref().map(|wish| wish.slot);
        let fate = self.consider(first);
        let blocked = match &fate {
            Fate::Nothing
                if first_slot
                    .and_then(|s| self.record(s))
                    .is_some_and(|r| r.standing == Standing::Queued) =>
            {
                Some(Ok(None))
            }
            Fate::Nothing | Fate::Supersede(_) => None,
            Fate::Withhold(decision) if decision.because == Reason::NoContact => None,
            Fate::Withhold(decision) => Some(Err(decision.because.clone())),
            Fate::Kept | Fate::Send(_) => Some(Ok(None)),
            Fate::Waits(until) => Some(Ok(Some(*until))),
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
            self.keep_if_open(slot, kept);
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

    // --- wishes

    fn announcement(&self) -> Option<Wish> {
        if self.bench.told_outside || self.last_told().is_some() || self.deadline_passed() {
            return None;
        }
        if matches!(self.record(Slot::Announcement).map(|r| r.standing), Some(Standing::Superseded)) {
            return None;
        }
        let cause = match self.track.halt {
            HaltState::Ended { at } => at.max(self.bench.opens_at),
            HaltState::Never | HaltState::Halted { .. } => self.bench.opens_at,
        };
        let due_at = self.first_sending(cause)?;
        Some(Wish {
            slot: Slot::Announcement,
            kind: Kind::Announcement,
            edition: self.track.edition,
            audience: self.bench.assessor.system().announce_to.clone(),
            about: None,
            due_at,
            valid_until: self.track.ends_at,
            told: Some(Told::from(self.track.deadline)),
            content: Content::Announcement { deadline: self.track.deadline },
            because: Reason::WindowOpen { opened_on: self.bench.assessor.window().opens_on },
        })
    }

    /// The one correction for the latest edition, to those told any other date and not concluído.
    fn correction(&self) -> Option<Wish> {
        let number = self.track.awaiting.unwrap_or(self.track.edition);
        if number == 1 {
            return None;
        }
        let window = self.bench.assessor.window();
        let edition = window.edition(number)?;
        let deadline = edition.deadline?;
        let (told, _) = self.last_told()?;
        let zone = &self.bench.world.calendar.hours.zone;
        let ends_at = deadline.instant(zone);
        if told == Told::Date(deadline) || self.bench.moment.reached(ends_at) || self.assessment().is_done() {
            return None;
        }
        let known_at = match self.track.awaiting {
            Some(_) => edition.announced_on.map_or(self.track.known_at, |day| zone.start_of(day)),
            None => self.track.known_at,
        };
        let due_at = self.first_sending(known_at)?;
        Some(Wish {
            slot: Slot::Extension { edition: number },
            kind: Kind::Extension,
            edition: number,
            audience: self.bench.assessor.system().announce_to.clone(),
            about: None,
            due_at,
            valid_until: Some(ends_at),
            told: Some(Told::Date(deadline)),
            content: Content::Extension { previous: told, deadline, source: edition.source.clone() },
            because: Reason::DeadlineMoved { told, now: Told::Date(deadline) },
        })
    }

    fn suspension(
        &self,
        since: Timestamp,
        kind: HaltKind,
        since_day: Option<jiff::civil::Date>,
    ) -> Option<Wish> {
        self.last_told()?;
        let due_at = self.first_sending(since)?;
        Some(Wish {
            slot: Slot::Suspension { edition: self.track.edition },
            kind: Kind::Suspension,
            edition: self.track.edition,
            audience: self.bench.assessor.system().announce_to.clone(),
            about: None,
            due_at,
            valid_until: None,
            told: None,
            content: Content::Suspension { cancelled: kind == HaltKind::Cancelled, since: since_day },
            because: Reason::Halted { kind, since: since_day },
        })
    }

    /// The suspension ended and the deadline stands: those told of the suspension and not concluído hear so.
    fn upheld(&self) -> Option<Wish> {
        let edition = self.track.edition;
        let told_of_it = matches!(
            self.record(Slot::Suspension { edition }).map(|r| r.standing),
            Some(Standing::Sent { .. })
        );
        if !told_of_it || self.deadline_passed() || self.assessment().is_done() {
            return None;
        }
        let cause = match self.track.halt {
            HaltState::Ended { at } => at,
            HaltState::Never | HaltState::Halted { .. } => self.bench.opens_at,
        };
        let due_at = self.first_sending(cause)?;
        Some(Wish {
            slot: Slot::Upheld { edition },
            kind: Kind::Suspension,
            edition,
            audience: self.bench.assessor.system().announce_to.clone(),
            about: None,
            due_at,
            valid_until: self.track.ends_at,
            told: Some(Told::from(self.track.deadline)),
            content: Content::Upheld { deadline: self.track.deadline },
            because: Reason::DeadlineUpheld,
        })
    }

    fn rung(&self, step: &Step) -> Option<Wish> {
        let assessment = self.assessment();
        let deadline = self.track.deadline?;
        let state = assessment.state();
        let (kind, content, because) = match state {
            State::Done | State::NotApplicable => return None,
            State::Pending => {
                let because = if step.rungs.len() > 1 {
                    Reason::Coincidence { due_at: step.due_at, rungs: step.rungs.clone() }
                } else {
                    Reason::RungDue { due_at: step.due_at }
                };
                (Kind::Warning, Content::Warning { deadline, pending: assessment.pending() }, because)
            }
            State::Unconfirmed => {
                let unconfirmed = assessment.unconfirmed();
                match step.unconfirmed {
                    OnUnconfirmed::Remind => (
                        Kind::Reminder,
                        Content::Reminder { deadline, unconfirmed: unconfirmed.clone() },
                        Reason::ReminderInstead { unconfirmed },
                    ),
                    OnUnconfirmed::Withhold => (
                        Kind::Warning,
                        Content::Reminder { deadline, unconfirmed: unconfirmed.clone() },
                        Reason::Unconfirmed { unconfirmed },
                    ),
                }
            }
        };
        Some(Wish {
            slot: Slot::Rung { edition: self.track.edition, days_before: step.days_before },
            kind,
            edition: self.track.edition,
            audience: step.audience.clone(),
            about: Some(state),
            due_at: step.due_at,
            valid_until: Some(step.valid_until),
            told: Some(Told::Date(deadline)),
            content,
            because,
        })
    }

    // --- fates

    /// A rung waits for the quiet after a divulgação or correction, and is overtaken when none of it is left then.
    fn rung_fate(&self, step: &Step, wish: Wish) -> Fate {
        if let Some(record) = self.record(wish.slot)
            && matches!(record.standing, Standing::Superseded | Standing::Expired)
        {
            return Fate::Nothing;
        }
        if let Some(told_at) = self.corrected_at() {
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
            Some(Standing::Sent { live, .. }) => return if live { Fate::Kept } else { Fate::Nothing },
            Some(Standing::Queued) => {
                return if record.is_some_and(|r| still_says(r, &wish)) { Fate::Kept } else { Fate::Nothing };
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
        let version = match record.map_or(0, |r| r.version) {
            0 if reach.stands_in => 2,
            last => last + 1,
        };
        let because = wish.because.clone();
        Fate::Send(Decision { version, ..self.decision(Act::Send, &wish, reach.to, because) })
    }

    /// What people or the system's settings hold it by.
    fn hold(&self, wish: &Wish) -> Option<Reason> {
        let overrides = self.bench.world.overrides;
        let window = &self.bench.assessor.window().id;
        let batch = BatchId::of_slot(window, wish.slot);
        let hold = overrides.holds.iter().find(|hold| match &hold.scope {
            HoldScope::All => true,
            HoldScope::Window(id) => id == window,
            HoldScope::Municipality(code) => *code == self.municipality.code,
            HoldScope::Batch(id) => *id == batch,
        });
        if let Some(hold) = hold {
            return Some(Reason::Held {
                scope: hold.scope.clone(),
                author: hold.authorship.author.clone(),
                reason: hold.authorship.reason.clone(),
            });
        }
        let released = overrides.released.contains(&batch);
        let system = self.bench.assessor.system();
        match wish.slot {
            Slot::Extension { edition } if self.track.awaiting == Some(edition) => {
                Some(Reason::EarlierDeadline { batch, in_force: Told::from(self.track.deadline) })
            }
            Slot::Announcement if system.confirm_opening && !released => {
                Some(Reason::AwaitsOpening { batch })
            }
            // The answer to "nothing pending, something unconfirmed" stands before any approval.
            Slot::Rung { .. } if matches!(wish.because, Reason::Unconfirmed { .. }) => {
                Some(wish.because.clone())
            }
            _ if system.approve && !released => Some(Reason::AwaitsApproval { batch }),
            _ => None,
        }
    }

    fn withhold(&self, wish: &Wish, to: Vec<Recipient>, because: Reason) -> Fate {
        let record = self.record(wish.slot);
        match record.map(|r| r.standing) {
            // What is on its way is not called back by a hold of the plan; the outbox asks again before each attempt.
            Some(Standing::Sent { .. } | Standing::Superseded) => return Fate::Nothing,
            Some(Standing::Expired) if matches!(wish.slot, Slot::Rung { .. }) => return Fate::Nothing,
            _ => {}
        }
        Fate::Withhold(self.decision(Act::Withhold, wish, to, because))
    }

    /// Rungs that fell due and ended while nobody looked.
    fn outage(&self, decided: &mut Decided) {
        let Some(last_pass) = self.bench.world.ledger.last_pass_at else { return };
        let missed = self.steps.iter().filter(|step| {
            step.due_at > last_pass
                && self.bench.moment.reached(step.valid_until)
                && step.valid_until > self.track.known_at
                && self.bench.starts_at.is_none_or(|starts| step.due_at >= starts)
        });
        for step in missed {
            let slot = Slot::Rung { edition: self.track.edition, days_before: step.days_before };
            if self.record(slot).is_none()
                && let Some(wish) = self.rung(step)
            {
                let because = Reason::Outage { from: last_pass, until: self.bench.moment.stamp() };
                decided.closed.push(self.decision(Act::Supersede, &wish, Vec::new(), because));
            }
        }
    }

    // --- what no longer holds

    fn close_all_but(&self, kept: &[Slot], because: &Reason, decided: &mut Decided) {
        for record in self.records.iter().filter(|r| r.standing.is_open() && !kept.contains(&r.slot)) {
            decided.closed.push(self.closing(record, Act::Withdraw, because.clone()));
        }
    }

    /// Why an open notice that is not wished any more ends, and how.
    fn close(&self, record: &Record) -> Decision {
        let over = |at: Option<Timestamp>| at.filter(|at| self.bench.moment.reached(*at));
        let ended = match record.slot {
            Slot::Rung { edition, .. } | Slot::Extension { edition } | Slot::Upheld { edition }
                if edition != self.track.edition && self.track.awaiting != Some(edition) =>
            {
                let because = Reason::EditionChanged { edition: self.track.edition };
                return self.closing(record, Act::Withdraw, because);
            }
            Slot::Rung { days_before, .. } => {
                over(self.steps.iter().find(|s| s.rungs.contains(&days_before)).map(|s| s.valid_until))
            }
            Slot::Announcement | Slot::Extension { .. } | Slot::Upheld { .. } => over(self.track.ends_at),
            Slot::Suspension { .. } => None,
        };
        let because = match ended {
            Some(at) => {
                let withheld = match record.standing {
                    Standing::Withheld(cause) => Some(cause),
                    _ => None,
                };
                let because = Reason::ValidityOver { at, withheld };
                let act = if matches!(record.standing, Standing::Sent { .. }) {
                    Act::Withdraw
                } else {
                    Act::Expire
                };
                return self.closing(record, act, because);
            }
            None if record.edition != self.track.edition => {
                Reason::EditionChanged { edition: self.track.edition }
            }
            None if self.assessment().is_done() => Reason::Satisfied,
            None if self.assessment().state() == State::Unconfirmed => Reason::NoLongerConfirmed,
            None => Reason::ContentChanged,
        };
        self.closing(record, Act::Withdraw, because)
    }

    fn closing(&self, record: &Record, act: Act, because: Reason) -> Decision {
        Decision::closing(self.key(record.slot), record, act, because)
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
        Content::Warning { pending, .. } => {
            record.parts.iter().all(|part| pending.iter().any(|p| p.part == *part))
        }
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

/// Causes of withholding that staff are alerted to window by window.
pub(super) fn alerts_by_window(cause: Cause) -> bool {
    matches!(cause.as_str(), "nao-confirmado" | "sem-contato")
}
