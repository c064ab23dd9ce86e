//! One window, municipality by municipality. Pure.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::assess::Assessment;
use super::audience;
use super::edition::{Editions, HaltState, Heard, Track, last_told};
use super::ladder::{self, Step};
use super::moment::Moment;
use super::pair::{Decided, Pair};
use crate::domain::closing::Closing;
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::domain::journal::ExpectedFacts;
use crate::domain::notice::{Addressee, Content, NoticeKey, StaffSlot, Told};
use crate::domain::reason::Reason;
use crate::plan::decision::{Closed, Decision, End, Notice};
use crate::plan::draft::PlanDraft;
use crate::plan::ledger::{NoticeRecord, StaffRecord, WindowLedger};
use crate::plan::window::WindowContext;
use crate::plan::world::World;

/// What a pass found in one window; what staff are told is made of it.
pub(super) struct Survey<'a> {
    pub(super) context: WindowContext<'a>,
    /// The track of the municipalities that no edition names.
    pub(super) general: Track,
    /// The tracks of those that some edition names, or that were told an earlier date than others.
    pub(super) special: BTreeMap<MunicipalityCode, Track>,
    told: ToldDates,
    /// The steps of each edition that rules somewhere.
    pub(super) steps: BTreeMap<u16, Vec<Step>>,
    pub(super) ledger: Option<&'a WindowLedger>,
    /// The records of editions that this pass is the first to see ended.
    pub(super) made: BTreeMap<u16, Arc<Closing>>,
}

impl<'a> Survey<'a> {
    /// The track of one municipality.
    pub(super) fn track(&self, municipality: MunicipalityCode) -> Track {
        if self.special.is_empty() {
            return self.general;
        }
        self.special.get(&municipality).copied().unwrap_or(self.general)
    }

    /// What was so when the deadline of an edition passed, where it did in our time.
    pub(super) fn closing(&self, edition: u16) -> Option<&Closing> {
        let recorded = self.ledger.and_then(|ledger| ledger.closing(edition));
        recorded.or_else(|| self.made.get(&edition).map(|made| &**made))
    }

    /// The record that a municipality's window closed with, where it did.
    pub(super) fn closing_of(&self, municipality: MunicipalityCode) -> Option<&Closing> {
        self.closing(self.track(municipality).edition)
    }

    /// Every municipality that anything may have to be said of: those of the roster and those that the window closed
    /// for, each with its record in the latter case.
    pub(super) fn municipalities(&self) -> BTreeMap<MunicipalityCode, Option<&ExpectedFacts>> {
        let closings = self.ledger.into_iter().flat_map(WindowLedger::closings);
        let recorded = closings.chain(self.made.values().map(|made| &**made));
        let codes = recorded.flat_map(|closing| closing.municipalities.keys());
        let codes = codes.chain(self.context.world.roster.municipalities.keys());
        let closed = |code| self.closing_of(code).and_then(|closing| closing.municipalities.get(&code));
        codes.map(|code| (*code, closed(*code))).collect()
    }

    /// Where a municipality stands: in a closed window as recorded and loaded since.
    pub(super) fn assess(&self, municipality: MunicipalityCode) -> Assessment {
        let (assessor, roster) = (self.context.assessor, self.context.world.roster);
        match self.closing_of(municipality) {
            Some(closing) => assessor.assess_closed(municipality, closing),
            None => roster
                .municipalities
                .get(&municipality)
                .map_or_else(Assessment::default, |m| assessor.assess(m)),
        }
    }

    /// The different tracks in this window.
    pub(super) fn tracks(&self) -> impl Iterator<Item = &Track> {
        std::iter::once(&self.general).chain(self.special.values())
    }

    /// The track that one municipality had at an earlier instant.
    pub(super) fn track_at(&self, municipality: MunicipalityCode, at: Timestamp) -> Track {
        let then = Moment::new(at, &self.context.world.calendar.hours);
        let editions = Editions { moment: &then, ..Self::editions(&self.context) };
        editions.track(self.context.assessor.window(), Some(municipality), self.told.of(Some(municipality)))
    }

    /// When editions became known after an instant and by now, the first first.
    pub(super) fn known_since(&self, since: Timestamp) -> Vec<Timestamp> {
        let editions = Self::editions(&self.context);
        let window = self.context.assessor.window();
        let known = window.editions.iter().skip(1).map(|edition| editions.known_at(window, edition));
        let mut known: Vec<Timestamp> =
            known.filter(|at| *at > since && self.context.moment.reached(*at)).collect();
        known.sort();
        known
    }

    pub(super) fn editions(context: &WindowContext<'a>) -> Editions<'a> {
        Editions {
            moment: context.moment,
            zone: &context.world.calendar.hours.zone,
            ledger: context.world.ledger,
            overrides: context.world.overrides,
        }
    }

    /// Prepares what is the same for every municipality, but for the records that `closing` makes.
    pub(super) fn new(context: WindowContext<'a>) -> Self {
        let window = context.assessor.window();
        let editions = Self::editions(&context);
        let ledger = context.world.ledger.window(&window.id);
        let told = ToldDates::new(&context, ledger);
        let named: BTreeSet<MunicipalityCode> =
            window.editions.iter().flat_map(|e| e.municipalities.iter().copied()).collect();
        let general = editions.track(window, None, told.of(None));
        let special: BTreeMap<_, _> = named
            .into_iter()
            .chain(told.others.keys().copied())
            .map(|code| (code, editions.track(window, Some(code), told.of(Some(code)))))
            .collect();
        let mut steps = BTreeMap::new();
        for track in std::iter::once(&general).chain(special.values()) {
            if let Some(deadline) = track.deadline {
                steps.entry(track.edition).or_insert_with(|| {
                    ladder::steps(context.assessor.system(), deadline, &context.world.calendar.hours)
                });
            }
        }
        Self { context, general, special, told, steps, ledger, made: BTreeMap::new() }
    }

    /// Whether nothing can be decided here any more: every deadline has passed, nothing is open.
    pub(super) fn is_settled(&self) -> bool {
        let over = self.tracks().all(|track| track.ends_at.is_some_and(|at| self.context.moment.reached(at)));
        // A later edition, or a rung missed since the last pass, reopens it; both are asked for above and below.
        let missed = self
            .context
            .world
            .ledger
            .last_pass_at
            .is_some_and(|last| self.tracks().any(|track| track.ends_at.is_some_and(|at| at > last)));
        // A note that the window stopped may still be owed after the deadline that it stopped.
        let halted = self.tracks().any(|track| matches!(track.halt, HaltState::Halted { .. }));
        over && !missed && !halted && self.ledger.is_none_or(|ledger| !ledger.has_open())
    }

    /// Whether an instant lies before `inicio`, or before the first day of this ledger: nobody looked then.
    pub(super) fn is_before_our_time(&self, at: Timestamp) -> bool {
        let zone = &self.context.world.calendar.hours.zone;
        let born_at = self.context.world.ledger.born_at.unwrap_or(self.context.moment.stamp());
        at < zone.start_of(zone.date_of(born_at)) || self.context.starts_at.is_some_and(|starts| at < starts)
    }

    /// Whether staff were told this already, or are being told.
    pub(super) fn is_told(&self, slot: &StaffSlot) -> bool {
        self.ledger.and_then(|ledger| ledger.staff(slot)).is_some_and(StaffRecord::is_told)
    }

    /// Files a notice to an office about this window.
    pub(super) fn tell(
        &self,
        slot: StaffSlot,
        to: &Addressee,
        due_at: Timestamp,
        (content, because): (Content, Reason),
        draft: &mut PlanDraft<'_>,
    ) {
        let to = audience::office(&self.context.world.roster.offices, to);
        let notice = Notice { key: self.staff_key(slot), content, to, due_at, valid_until: None };
        draft.tell(self.context.world.ledger, notice, because);
    }

    /// The key of a notice to staff about this window.
    pub(super) fn staff_key(&self, slot: StaffSlot) -> NoticeKey {
        NoticeKey::Staff { window: self.context.assessor.window().id.clone(), slot }
    }

    /// Those whom something was said to and who are no longer in the roster, in order; nobody where no notice is open.
    pub(super) fn strangers(&self) -> Vec<MunicipalityCode> {
        let Some(ledger) = self.ledger.filter(|ledger| ledger.has_open()) else { return Vec::new() };
        let known = &self.context.world.roster.municipalities;
        let codes = ledger.municipalities().map(|(code, _)| code);
        codes.filter(|code| !known.contains_key(code)).collect()
    }

    /// One municipality.
    pub(super) fn pair<'b>(&'b self, municipality: &'a crate::domain::roster::Municipality) -> Pair<'a, 'b> {
        let track = self.track(municipality.code);
        let steps = self.steps.get(&track.edition).map_or(&[][..], Vec::as_slice);
        let records = self.ledger.map_or(&[][..], |ledger| ledger.of(municipality.code));
        Pair::new(&self.context, municipality, track, steps, records, self.closing(track.edition))
    }
}

/// The deadline that each municipality was told last, where the list of editions goes back: only there it matters.
#[derive(Default)]
struct ToldDates {
    /// The latest that anybody was told whom no edition names.
    latest: Option<Told>,
    /// Those who were told another, or none.
    others: BTreeMap<MunicipalityCode, Option<Told>>,
}

impl ToldDates {
    fn new(context: &WindowContext<'_>, ledger: Option<&WindowLedger>) -> Self {
        let window = context.assessor.window();
        if !window.goes_back() {
            return Self::default();
        }
        let outside = || Told::from(window.edition(1).and_then(|edition| edition.deadline));
        // Whoever an edition names has a track of its own, and a date that is not everybody's.
        let named = |code: &MunicipalityCode| window.editions.iter().any(|e| e.municipalities.contains(code));
        let last = |code| ledger.and_then(|ledger| last_told(ledger.of(code))).map(|(told, _)| told);
        let closings = || ledger.into_iter().flat_map(WindowLedger::closings);
        // Who joins after an edition ended, and was told nothing yet, changes nothing of it.
        let closed = closings().next().is_some();
        let joins = |code: &MunicipalityCode| {
            !closed || last(*code).is_some() || closings().any(|closing| closing.elsewhere.contains(code))
        };
        let mut others: BTreeMap<MunicipalityCode, Option<Told>> = BTreeMap::new();
        for (code, municipality) in context.world.roster.municipalities.iter().filter(|(code, _)| joins(code))
        {
            if context.assessor.expected(municipality).next().is_some() {
                let outside = || context.told_outside(municipality).then(outside);
                others.insert(*code, last(*code).or_else(outside));
            }
        }
        for (code, then) in closings().flat_map(|closing| &closing.municipalities) {
            others.insert(*code, last(*code).or_else(|| then.told_outside.then(outside)));
        }
        let general = others.iter().filter(|(code, _)| !named(code)).filter_map(|(_, told)| *told);
        let latest = general.filter(|told| matches!(told, Told::Date(_))).max();
        others.retain(|_, told| *told != latest);
        Self { latest, others }
    }

    fn of(&self, municipality: Option<MunicipalityCode>) -> Heard {
        let own = municipality.and_then(|code| self.others.get(&code).copied()).unwrap_or(self.latest);
        Heard { own, others: self.latest }
    }
}

/// Takes what was said of the municipalities of one window, and withdraws what is open of strangers: those that are no longer
/// in the roster.
pub(super) fn decide<'m>(
    survey: &Survey<'_>,
    said: impl Iterator<Item = &'m Decided>,
    strangers: &[MunicipalityCode],
    draft: &mut PlanDraft<'m>,
) {
    for decided in said {
        draft.actions.extend(decided.closed.iter().cloned().map(Decision::Close));
        draft.letters.extend(&decided.send);
        draft.ready.extend(decided.ready.as_deref());
        draft.actions.extend(decided.resumed.iter().cloned().map(Decision::Withhold));
        for held in &decided.withheld {
            draft.actions.extend(held.is_change.then(|| held.decision.clone()));
            draft.held.push(Cow::Borrowed(&held.decision));
        }
    }
    let window = &survey.context.assessor.window().id;
    for code in strangers {
        let records = survey.ledger.map_or(&[][..], |ledger| ledger.of(*code));
        withdraw(window, *code, records, &Reason::NotExpected, draft);
    }
}

/// Open notices of windows that are no longer in the calendar.
pub(super) fn removed_windows(world: &World<'_>, draft: &mut PlanDraft) {
    let mut gone: Vec<_> = world
        .ledger
        .windows()
        .filter(|(id, ledger)| ledger.has_open() && !world.windows.iter().any(|w| w.id == **id))
        .collect();
    gone.sort_by_key(|(id, _)| *id);
    for (id, ledger) in gone {
        for (code, records) in ledger.municipalities() {
            withdraw(id, code, records, &Reason::WindowGone, draft);
        }
    }
}

fn withdraw(
    window: &WindowId,
    municipality: MunicipalityCode,
    records: &[NoticeRecord],
    because: &Reason,
    draft: &mut PlanDraft,
) {
    for record in records.iter().filter(|r| r.standing.is_open()) {
        let key = NoticeKey::Municipal { window: window.clone(), slot: record.slot, municipality };
        draft.actions.push(Decision::Close(Closed::of(key, record, End::Withdrawn, because.clone())));
    }
}
