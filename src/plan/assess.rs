//! What is pending, unconfirmed or done in one municipality and window. Pure.
//!
//! A part is pendente if any unit is fresh pendente; else não confirmado if any is; else concluído or não se aplica
//!.

mod expected;
mod opinion;
mod verdict;
mod waits;

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};

use super::moment::Moment;
use crate::domain::calendar::{System, Window};
use crate::domain::closing::Closing;
use crate::domain::id::{MunicipalityCode, PartId, UnitId};
use crate::domain::journal::KnownFacts;
use crate::domain::overrides::{Dispute, Exemption};
use crate::domain::roster::Municipality;
use crate::domain::status::{Basis, Doubt, State, StatusEntry, WindowStatus};
use crate::plan::world::World;

use self::opinion::Opinion;
use self::verdict::not_applicable;
pub(super) use self::verdict::{Assessment, PartVerdict};

/// What is asked about one window again and again.
pub(super) struct Assessor<'a> {
    world: &'a World<'a>,
    moment: &'a Moment<'a>,
    window: &'a Window,
    system: &'a System,
    status: WindowStatus<'a>,
    exemptions: Vec<&'a Exemption>,
    disputes: Vec<&'a Dispute>,
    depends_on: Option<Box<Assessor<'a>>>,
}

/// Dependencies do not nest deeper than this; configuration refuses circles.
const DEEPEST: usize = 8;

impl<'a> Assessor<'a> {
    pub(super) fn new(world: &'a World<'a>, moment: &'a Moment<'a>, window: &'a Window) -> Option<Self> {
        Self::at_depth(world, moment, window, 0)
    }

    fn at_depth(
        world: &'a World<'a>,
        moment: &'a Moment<'a>,
        window: &'a Window,
        depth: usize,
    ) -> Option<Self> {
        let depends_on = match &window.depends_on {
            Some(id) if depth < DEEPEST => {
                let found = world.windows.iter().find(|w| w.id == *id);
                found.and_then(|w| Self::at_depth(world, moment, w, depth + 1)).map(Box::new)
            }
            Some(_) | None => None,
        };
        Some(Self {
            world,
            moment,
            window,
            system: world.calendar.systems.get(&window.system)?,
            status: world.status.window(&window.id),
            exemptions: world.overrides.ruling_exemptions().filter(|e| e.window == window.id).collect(),
            disputes: world.overrides.ruling_disputes().filter(|d| d.window == window.id).collect(),
            depends_on,
        })
    }

    pub(super) fn window(&self) -> &'a Window {
        self.window
    }

    pub(super) fn system(&self) -> &'a System {
        self.system
    }

    /// The verdict on a municipality.
    pub(super) fn assess(&self, municipality: &'a Municipality) -> Assessment {
        self.assess_as(municipality, self.waits_for(municipality).is_some())
    }

    /// The same of one that waits for another window, or does not.
    fn assess_as(&self, municipality: &'a Municipality, waits: bool) -> Assessment {
        let entries = self.status.of(municipality.code);
        let parts = self.expected(municipality).map(|part| {
            if waits {
                return not_applicable(part);
            }
            let units = self.counting(municipality.code, part).map(|(unit, late)| (&unit.id, late));
            self.part(municipality.code, part, units.collect(), entries, None)
        });
        Assessment { parts: parts.collect() }
    }

    /// The verdict on a municipality in an edition that ended: what was known then, and what was loaded since. A
    /// *pendente* does not age any more.
    pub(super) fn assess_closed(&self, municipality: MunicipalityCode, closing: &Closing) -> Assessment {
        let waits = closing.municipalities.get(&municipality).is_some_and(|expected| expected.waits);
        self.assess_closed_as(municipality, closing, waits)
    }

    fn assess_closed_as(&self, municipality: MunicipalityCode, closing: &Closing, waits: bool) -> Assessment {
        let Some(expected) = closing.municipalities.get(&municipality) else { return Assessment::default() };
        let then = Then { closing, known: &expected.known };
        let entries = self.entries_since(municipality, then);
        let parts = expected.parts.iter().map(|one| {
            if waits {
                return not_applicable(&one.part);
            }
            let units = one.units.iter().map(|unit| (&unit.0, one.late.contains(unit)));
            self.part(municipality, &one.part, units.collect(), &entries, Some(then))
        });
        Assessment { parts: parts.collect() }
    }

    /// The verdict on a municipality when the deadline of an edition passed, by the record and the rules of any other day:
    /// what nobody knew then is *não confirmado*, whatever came since. A *contestar* counts that was in force then, and
    /// one made since of what was said then.
    pub(super) fn assess_then(&self, municipality: MunicipalityCode, closing: &Closing) -> Assessment {
        let Some(expected) = closing.municipalities.get(&municipality) else { return Assessment::default() };
        let then = Then { closing, known: &expected.known };
        let entries: Vec<StatusEntry> =
            expected.known.iter().map(|known| known.as_of_deadline(closing.ended_at)).collect();
        let parts = expected.parts.iter().map(|one| {
            let units = one.units.iter().map(|unit| (&unit.0, one.late.contains(unit)));
            let mut verdict = self.part(municipality, &one.part, units.collect(), &entries, Some(then));
            let disputed =
                |row: &StatusEntry| self.was_disputed(municipality, &one.part, row.as_of(), closing.ended_at);
            if verdict.state == State::Pending && verdict.rows.iter().all(disputed) {
                (verdict.state, verdict.doubt) = (State::Unconfirmed, Some(Doubt::Disputed));
            }
            verdict
        });
        Assessment { parts: parts.collect() }
    }

    /// What the feeds say now, and what those said that are no longer: by the deadline, or after it while they still
    /// were. (A load that somebody refused since says nothing.)
    fn entries_since(&self, municipality: MunicipalityCode, then: Then<'_>) -> Cow<'a, [StatusEntry]> {
        let now = self.status.of(municipality);
        let counts = |entry: &&StatusEntry| {
            let counted = then.known.iter().any(|known| known.is_about(entry));
            (counted || entry.taken_at >= then.closing.ended_at) && !now.iter().any(|new| new.is_about(entry))
        };
        let mut retired = self.status.retired_of(municipality).iter().filter(counts).peekable();
        if retired.peek().is_none() {
            return Cow::Borrowed(now);
        }
        now.iter().chain(retired).cloned().collect()
    }

    fn part<'e>(
        &self,
        municipality: MunicipalityCode,
        part: &PartId,
        mut units: Vec<(&'e UnitId, bool)>,
        entries: &'e [StatusEntry],
        then: Option<Then<'e>>,
    ) -> PartVerdict {
        let mut verdict = not_applicable(part);
        if entries.is_empty() {
            verdict.state = State::Unconfirmed;
            verdict.doubt = Some(Doubt::Unseen);
            return verdict;
        }
        let whole = self.opinion(entries.iter().filter(|e| e.part == *part && e.unit.is_none()), then);
        if units.is_empty() {
            let named = entries.iter().filter(|e| e.part == *part).filter_map(|e| e.unit.as_ref());
            units = named.map(|unit| (unit, false)).collect();
            units.sort();
            units.dedup();
        }
        // The register of today says nothing of a window that is over.
        let strange =
            if then.is_none() { self.unregistered(municipality, part, &units, entries) } else { None };
        let mut settled = Vec::new();
        let mut opinions: Vec<(Option<&UnitId>, Opinion<'e>)> = units
            .into_iter()
            .map(|(unit, late)| {
                let own = entries.iter().filter(|e| e.part == *part && e.unit.as_ref() == Some(unit));
                let own = self.opinion(own, then);
                let said = match own.entry {
                    // Nobody names it, and it may have owed nothing when the rest did.
                    None if late && whole.state == State::Pending => (None, Opinion::default()),
                    // What is known of the part as a whole names no unit.
                    None => (None, whole),
                    Some(_) => (Some(unit), own.or_newer(whole)),
                };
                if matches!(said.1.state, State::Done | State::NotApplicable) {
                    settled.push(unit.clone());
                }
                said
            })
            .collect();
        let explained =
            opinions.iter().any(|(_, o)| o.state == State::Pending || o.arrival() >= whole.arrival());
        let accuses = whole.state == State::Pending || matches!(whole.doubt, Some(Doubt::Stale { .. }));
        if opinions.is_empty() {
            opinions.push((None, whole));
        } else if accuses && !explained {
            opinions.push((
                None,
                Opinion { state: State::Unconfirmed, doubt: Some(Doubt::Contradicted), ..whole },
            ));
        }
        opinions.extend(strange.map(|opinion| (None, opinion)));
        self.fold(municipality, entries, opinions, &mut verdict);
        verdict.rows.sort_by_key(|row| row.arrival);
        verdict.settled_units = settled;
        verdict
    }

    fn fold(
        &self,
        municipality: MunicipalityCode,
        entries: &[StatusEntry],
        opinions: Vec<(Option<&UnitId>, Opinion<'_>)>,
        verdict: &mut PartVerdict,
    ) {
        let rank = |state| match state {
            State::Pending => 3,
            State::Unconfirmed => 2,
            State::Done => 1,
            State::NotApplicable => 0,
        };
        let mut first = true;
        for (unit, mut opinion) in opinions {
            if opinion.state == State::Pending
                && self.is_disputed(municipality, &verdict.part, opinion.as_of())
            {
                opinion.state = State::Unconfirmed;
                opinion.doubt = Some(Doubt::Disputed);
            }
            if opinion.state == State::Pending {
                verdict.pending_units.extend(unit.cloned());
                // Several units may rest on one row about the part as a whole.
                let of_key = |e: &&StatusEntry| {
                    opinion.entry.is_some_and(|o| (&e.part, &e.unit) == (&o.part, &o.unit))
                };
                let say_so = entries.iter().filter(|e| e.state == State::Pending).filter(of_key);
                let more: Vec<StatusEntry> =
                    say_so.filter(|row| !verdict.rows.contains(row)).cloned().collect();
                verdict.rows.extend(more);
            }
            if first || rank(opinion.state) > rank(verdict.state) {
                verdict.state = opinion.state;
                verdict.doubt = opinion.doubt;
                verdict.as_of = opinion.as_of();
                verdict.feed = opinion.entry.map(|entry| entry.feed.clone());
                verdict.wording = opinion.entry.and_then(|entry| entry.wording.clone());
            }
            first = false;
        }
    }

    fn is_disputed(&self, municipality: MunicipalityCode, part: &PartId, as_of: Option<Timestamp>) -> bool {
        self.disputes.iter().any(|d| {
            d.municipality == municipality
                && d.part.as_ref().is_none_or(|p| p == part)
                && as_of.is_none_or(|at| at <= d.authorship.at)
                && !d.until.is_some_and(|until| self.moment.day_over(until))
        })
    }

    /// The same when a deadline passed, of an order that may have been replaced since, or has been given since.
    fn was_disputed(
        &self,
        municipality: MunicipalityCode,
        part: &PartId,
        as_of: Timestamp,
        ended_at: Timestamp,
    ) -> bool {
        let (window, zone) = (&self.window.id, &self.world.calendar.hours.zone);
        let all = || {
            let here = self.world.overrides.disputes.iter();
            here.filter(move |d| d.municipality == municipality && d.window == *window)
        };
        all().filter(|d| d.part.as_ref().is_none_or(|p| p == part)).any(|d| {
            let given_at = d.authorship.at;
            let replaced = |later: &Dispute| {
                later.part == d.part && given_at < later.authorship.at && later.authorship.at <= ended_at
            };
            as_of <= given_at
                && d.until.is_none_or(|day| zone.end_of(day) >= ended_at)
                && !all().any(replaced)
        })
    }

    /// What one feed says of one key, as far as it is believed now.
    fn word<'e>(&self, entry: &'e StatusEntry, then: Option<Then<'e>>) -> Opinion<'e> {
        let (state, doubt) = match entry.state {
            State::Pending if entry.unproven_since.is_some() => {
                (State::Unconfirmed, Some(if entry.settled { Doubt::Reverting } else { Doubt::Silence }))
            }
            State::Pending if self.is_fresh(entry, then) => (State::Pending, None),
            State::Pending => (State::Unconfirmed, Some(Doubt::Stale { as_of: entry.as_of() })),
            State::Unconfirmed if entry.basis == Basis::Contradiction => {
                (State::Unconfirmed, Some(Doubt::Contradicted))
            }
            State::Unconfirmed if entry.basis == Basis::Silence => (State::Unconfirmed, Some(Doubt::Absent)),
            State::Unconfirmed => (State::Unconfirmed, Some(Doubt::Declared)),
            settled @ (State::Done | State::NotApplicable) => (settled, None),
        };
        Opinion { state, doubt, entry: Some(entry) }
    }

    /// Whether a *pendente* is young enough to be believed: now, or when the deadline passed.
    fn is_fresh(&self, entry: &StatusEntry, then: Option<Then<'_>>) -> bool {
        let Some(Then { closing, known }) = then else {
            let fresh_until = self.status.fresh_until(entry, self.system.status_validity);
            let stale_from = fresh_until.saturating_add(INSTANT).unwrap_or(Timestamp::MAX);
            // What was taken under a clock that stood ahead is of no known age.
            return !self.moment.reached(stale_from) && self.moment.reached(entry.taken_at);
        };
        match known.iter().find(|then| then.arrival == entry.arrival && then.is_about(entry)) {
            Some(then) => then.is_fresh,
            None => self.was_fresh(entry, closing.ended_at, closing.validity),
        }
    }

    /// Whether it was young enough when the deadline passed, or when it came after that.
    pub(super) fn was_fresh(
        &self,
        entry: &StatusEntry,
        ended_at: Timestamp,
        validity: SignedDuration,
    ) -> bool {
        let asked_at = ended_at.max(entry.taken_at);
        self.moment.reached(entry.taken_at) && self.status.fresh_until(entry, validity) >= asked_at
    }

    /// What the feeds said of a municipality.
    pub(super) fn entries(&self, municipality: MunicipalityCode) -> &'a [StatusEntry] {
        self.status.of(municipality)
    }

    /// What the feeds say of one key, all together: two that contradict each other leave it in doubt, whichever came
    /// first, and still when the *pendente* came last and grew old; else a settled word outranks a doubt. A *pendente*
    /// stands unless a later row takes it back, and not while another feed's *concluído* was taken back only once.
    fn opinion<'e>(
        &self,
        entries: impl Iterator<Item = &'e StatusEntry>,
        then: Option<Then<'e>>,
    ) -> Opinion<'e> {
        let words: Vec<Opinion<'e>> = entries.map(|entry| self.word(entry, then)).collect();
        let latest = |of: &dyn Fn(&Opinion<'e>) -> bool| {
            words.iter().copied().filter(|word| of(word)).max_by_key(Opinion::order)
        };
        let settled = latest(&Opinion::is_settled);
        let accuses = latest(&|word| {
            word.state == State::Pending || matches!(word.doubt, Some(Doubt::Reverting | Doubt::Silence))
        });
        if let Some(torn) = latest(&|word| word.doubt == Some(Doubt::Contradicted)) {
            return torn;
        }
        if let (Some(one), Some(other)) = (settled, accuses) {
            let later = if one.order() > other.order() { one } else { other };
            return Opinion { state: State::Unconfirmed, doubt: Some(Doubt::Contradicted), ..later };
        }
        // A contradiction does not end by its later word growing old.
        let aged = latest(&|word| matches!(word.doubt, Some(Doubt::Stale { .. })));
        if let Some(settled) = settled {
            let doubted = aged.filter(|aged| aged.order() > settled.order());
            return doubted.map_or(settled, |aged| Opinion { doubt: Some(Doubt::Contradicted), ..aged });
        }
        if let Some(reverting) = latest(&Opinion::is_reverting) {
            return reverting;
        }
        let taken_back = latest(&|word| word.doubt == Some(Doubt::Declared));
        match latest(&|word| word.state == State::Pending) {
            Some(pending) if taken_back.is_none_or(|back| back.order() < pending.order()) => pending,
            Some(_) => taken_back.unwrap_or_default(),
            None => latest(&|_| true).unwrap_or_default(),
        }
    }
}

/// The least that two instants differ by.
const INSTANT: SignedDuration = SignedDuration::from_millis(1);

/// What was so when the deadline passed.
#[derive(Clone, Copy)]
struct Then<'e> {
    closing: &'e Closing,
    known: &'e [KnownFacts],
}
