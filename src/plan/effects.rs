//! Which effects of another configuration are so large that a person must let it in. Silence counts as much as letters:
//! who is written to no more does not complain. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::World;
use super::assess::Assessor;
use super::contrast::{Difference, Shift, WindowShift};
use super::moment::Moment;
use crate::domain::calendar::{Calendar, Window};
use crate::domain::holiday::Holidays;
use crate::domain::id::{EmailAddress, MunicipalityCode, SystemId, WindowId};
use crate::domain::notice::NoticeKey;
use crate::domain::roster::Roster;

/// Everything that another configuration would change.
#[derive(Debug, Clone)]
pub struct Contrast {
    pub differences: Vec<Difference>,
    pub windows: Vec<WindowShift>,
    pub files: Vec<String>,
    pub effects: Vec<Effect>,
    pub until: Date,
}

impl Contrast {
    /// Whether not even a file is different.
    pub fn is_nothing(&self) -> bool {
        self.files.is_empty()
            && self.differences.is_empty()
            && self.windows.is_empty()
            && self.effects.is_empty()
    }

    /// How many letters change: the number that a person repeats (`--confirmar N`).
    pub fn letters(&self) -> usize {
        self.differences.len()
    }
}

/// A large effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The ledger becomes another one, or the mode.
    Moves(Move),
    /// Municipalities that are no longer in the roster.
    MunicipalitiesGone(usize),
    /// A window that is no more.
    WindowGone(WindowId),
    /// A window that is to stand still.
    WindowStopped(WindowId),
    /// A new window whose deadline has passed already.
    WindowOver(WindowId),
    /// Some deadline of a window comes earlier.
    DeadlineEarlier(WindowId),
    /// A deadline a year or more after the one before it, or after the opening.
    DeadlineFar(WindowId, Date),
    /// `inicio` later: what is due before is never sent.
    StartsLater(Date),
    /// Municipalities that get fewer letters about some window, and how many of those no longer leave, whatever comes instead.
    Silence { municipalities: usize, letters: usize },
    /// Municipalities of which nothing is expected any more in some window that is not over, whatever is known of them.
    NotExpected(usize),
    /// Municipalities of which a part is expected that was not, in some window that is not over.
    Expected(usize),
    /// There is no register of units any more: each part of units is expected of everybody.
    UnitsGone,
    /// Days of the coming year that were configured holidays and are sending days now.
    HolidaysGone(usize),
    /// A system's ladder has fewer rungs, whatever would have left by them.
    RungsGone {
        system: SystemId,
        /// How many fewer.
        rungs: usize,
    },
    /// A system's letters are to wait for `liberar` (`confirmar_abertura`, `aprovar`).
    LettersHeld(SystemId),
    /// Letters that leave on the first day.
    AtOnce(usize),
    /// More letters than before, above `limite_dia`.
    Many(usize),
    /// Municipalities that get letters at an address that was another's.
    OwnersChanged(usize),
    /// Municipalities whose addresses were replaced.
    AddressesReplaced(usize),
    /// Dates and hours are meant in a zone in which they fall at other instants.
    ZoneMoved,
    /// Personal data is erased after fewer years (`guardar_anos`).
    ErasedSooner {
        /// So many until now.
        from: u16,
        /// So many from then on.
        to: u16,
    },
}

/// What becomes of mode and ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// From a rehearsal to writing to municipalities.
    ToProduction(Readiness),
    /// From writing to municipalities to a rehearsal.
    ToRehearsal,
    /// The same mode over another ledger, which does not know what was sent.
    OtherLedger,
}

/// What stands between a rehearsal and the first real letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readiness {
    /// Addresses that can reach nobody.
    pub placeholders: usize,
    /// What nobody confirmed with the ministry (`a_confirmar`).
    pub unconfirmed: usize,
    pub feeds: usize,
    /// Whether the relay ever took a letter of a test.
    pub is_tested: bool,
}

/// Every large effect of `after` in place of `before`.
pub fn large(
    before: &World<'_>,
    after: &World<'_>,
    (differences, windows): (&[Difference], &[WindowShift]),
    moves: Option<Move>,
    now: Timestamp,
) -> Vec<Effect> {
    let today = before.calendar.hours.zone.date_of(now);
    let mut effects: Vec<Effect> = moves.map(Effect::Moves).into_iter().collect();
    let there = &after.roster.municipalities;
    let gone = before.roster.municipalities.keys().filter(|code| !there.contains_key(code)).count();
    if gone > 0 {
        effects.push(Effect::MunicipalitiesGone(gone));
    }
    effects.extend(windows.iter().flat_map(|shift| of_window(shift, today)));
    if let Some(starts) = after.calendar.starts_on
        && before.calendar.starts_on.map_or(starts > today, |old| starts > old)
    {
        effects.push(Effect::StartsLater(starts));
    }
    if before.calendar.hours.zone.differs_from(&after.calendar.hours.zone, today) {
        effects.push(Effect::ZoneMoved);
    }
    effects.extend(of_expectation(before, after, now));
    if before.roster.units.is_some() && after.roster.units.is_none() {
        effects.push(Effect::UnitsGone);
    }
    effects.extend(of_holidays(&before.calendar.hours.holidays, &after.calendar.hours.holidays, today));
    effects.extend(of_systems(before.calendar, after.calendar));
    effects.extend(of_letters(before, after, differences, now));
    effects.extend(of_addresses(before.roster, after.roster));
    effects
}

fn of_window(shift: &WindowShift, today: Date) -> Vec<Effect> {
    let id = || shift.window.clone();
    let Some(after) = &shift.after else { return vec![Effect::WindowGone(id())] };
    let stops =
        |window: &Window| window.halt.is_some() && window.halted_until().is_none_or(|until| until > today);
    let mut effects = Vec::new();
    // What was told as suspended and is cancelled now is told to everybody once more (decision 0376).
    let kind = |window: &Window| window.halt.map(|halt| halt.kind);
    let stopped = shift.before.as_ref().filter(|before| stops(before));
    if stops(after) && stopped.is_none_or(|before| kind(before) != kind(after)) {
        effects.push(Effect::WindowStopped(id()));
    }
    if shift.is_earlier() {
        effects.push(Effect::DeadlineEarlier(id()));
    }
    let old = shift.before.as_ref().and_then(Window::latest_deadline);
    if let Some(new) = after.latest_deadline().filter(|new| old != Some(*new)) {
        // The very day a year later is the commonest slip of all.
        let far = |from: Date| new.on >= from.saturating_add(1.year());
        if far(after.opens_on) || old.is_some_and(|old| far(old.on)) {
            effects.push(Effect::DeadlineFar(id(), new.on));
        }
        if shift.before.is_none() && new.on < today {
            effects.push(Effect::WindowOver(id()));
        }
    }
    effects
}

/// So many municipalities of a roster are a few.
fn few(roster: &Roster) -> usize {
    (roster.municipalities.len() / 20).clamp(1, 10)
}

/// Who is asked for nothing any more, or for more: while nothing is known of anybody no letter tells the difference.
fn of_expectation(before: &World<'_>, after: &World<'_>, now: Timestamp) -> Vec<Effect> {
    let today = after.calendar.hours.zone.date_of(now);
    let (was, is) = (Moment::new(now, &before.calendar.hours), Moment::new(now, &after.calendar.hours));
    let (mut gone, mut asked) = (BTreeSet::new(), BTreeSet::new());
    let runs = |window: &&Window| window.latest_deadline().is_none_or(|deadline| deadline.on >= today);
    for old in before.windows.iter().filter(runs) {
        let Some(new) = after.windows.iter().find(|window| window.id == old.id) else { continue };
        let (Some(was), Some(is)) = (Assessor::new(before, &was, old), Assessor::new(after, &is, new)) else {
            continue;
        };
        for old in before.roster.municipalities.values() {
            let Some(new) = after.roster.municipalities.get(&old.code) else { continue };
            if was.expected(old).next().is_some() && is.expected(new).next().is_none() {
                gone.insert(old.code);
            }
            if is.expected(new).any(|part| was.expected(old).all(|known| known != part)) {
                asked.insert(old.code);
            }
        }
    }
    let many = |codes: BTreeSet<MunicipalityCode>| (codes.len() > few(before.roster)).then_some(codes.len());
    let (gone, asked) = (many(gone).map(Effect::NotExpected), many(asked).map(Effect::Expected));
    gone.into_iter().chain(asked).collect()
}

/// So many days may cease to be holidays: a correction.
const FEW_DAYS: usize = 3;

/// Configured holidays of the coming year on which letters would leave: a list that was lost or cut.
fn of_holidays(before: &Holidays, after: &Holidays, today: Date) -> Option<Effect> {
    let national = Holidays::national();
    let days = (1..=366).map(|n| today.saturating_add(n.days())).filter(|day| national.is_business_day(*day));
    let (lost, there): (Vec<Date>, Vec<Date>) = days
        .filter(|day| !before.is_business_day(*day) || !after.is_business_day(*day))
        .partition(|day| after.is_business_day(*day));
    let is_large = lost.len() > FEW_DAYS || there.is_empty() && !lost.is_empty();
    is_large.then_some(Effect::HolidaysGone(lost.len()))
}

/// Rungs that vanish, and letters that are to wait for a person.
fn of_systems(before: &Calendar, after: &Calendar) -> Vec<Effect> {
    let mut effects = Vec::new();
    for (id, new) in &after.systems {
        let Some(old) = before.systems.get(id) else { continue };
        let rungs = old.ladder.len().saturating_sub(new.ladder.len());
        if rungs > 0 {
            effects.push(Effect::RungsGone { system: id.clone(), rungs });
        }
        if (new.confirm_opening && !old.confirm_opening) || (new.approve && !old.approve) {
            effects.push(Effect::LettersHeld(id.clone()));
        }
    }
    effects
}

/// A letter that leaves so much later does not leave for now.
const PUT_OFF: SignedDuration = SignedDuration::from_hours(24 * 180);

fn is_put_off(difference: &Difference) -> bool {
    let (Some(before), Some(after)) = (&difference.before, &difference.after) else { return false };
    after.at.duration_since(before.at) > PUT_OFF
}

/// Letters lost and won, municipality by municipality and window by window: another rung in the place of one is neither.
fn of_letters(
    before: &World<'_>,
    after: &World<'_>,
    differences: &[Difference],
    now: Timestamp,
) -> Vec<Effect> {
    let hours = &after.calendar.hours;
    let first_day = hours.zone.date_of(hours.next_sending(now));
    let is_first = |at: Timestamp| hours.zone.date_of(at) <= first_day;
    let mut balance: BTreeMap<(&WindowId, MunicipalityCode), (i64, BTreeSet<&NoticeKey>)> = BTreeMap::new();
    let mut at_once = 0;
    for difference in differences {
        let Some(decision) = difference.decision() else { continue };
        let (Some(window), Some(municipality)) = (decision.window(), decision.municipality()) else {
            continue;
        };
        let (sum, gone) = balance.entry((window, municipality)).or_default();
        let change = match difference.shift {
            Shift::Added => 1,
            Shift::Dropped | Shift::Withdrawn => -1,
            Shift::Withheld => -i64::from(difference.before.is_some()),
            Shift::Moved => -i64::from(is_put_off(difference)),
            Shift::Altered => 0,
        };
        *sum += change;
        // One that waits would have left too: it is taken back and leaves no more, and is one letter.
        gone.extend((change < 0).then(|| decision.key()));
        let leaves = difference.after.as_ref().is_some_and(|event| is_first(event.at));
        let left = difference.before.as_ref().is_some_and(|event| is_first(event.at));
        if matches!(difference.shift, Shift::Added | Shift::Moved) && leaves && !left {
            at_once += 1;
        }
    }
    let mut effects = Vec::new();
    let lost = balance.iter().filter(|(_, (sum, _))| *sum < 0);
    let silent: BTreeSet<MunicipalityCode> = lost.clone().map(|((_, code), _)| *code).collect();
    if silent.len() > few(before.roster) {
        let letters = lost.map(|(_, (_, gone))| gone.len()).sum();
        effects.push(Effect::Silence { municipalities: silent.len(), letters });
    }
    if at_once > after.roster.municipalities.len() {
        effects.push(Effect::AtOnce(at_once));
    }
    let more = usize::try_from(balance.into_values().map(|(sum, _)| sum).sum::<i64>()).unwrap_or(0);
    if more > before.calendar.daily_limit {
        effects.push(Effect::Many(more));
    }
    effects
}

/// Who is written to at each address, contacts and units alike.
fn owners(roster: &Roster) -> HashMap<&EmailAddress, BTreeSet<MunicipalityCode>> {
    let mut owners: HashMap<&EmailAddress, BTreeSet<MunicipalityCode>> = HashMap::new();
    let contacts = roster.municipalities.values().flat_map(|one| {
        one.contacts.iter().flat_map(|contact| &contact.addresses).map(|address| (address, one.code))
    });
    let units = roster.units.iter().flat_map(crate::domain::roster::Units::iter);
    let units = units.flat_map(|unit| unit.addresses.iter().map(|address| (address, unit.municipality)));
    for (address, municipality) in contacts.chain(units) {
        owners.entry(address).or_default().insert(municipality);
    }
    owners
}

fn of_addresses(before: &Roster, after: &Roster) -> Vec<Effect> {
    let mut effects = Vec::new();
    let was = owners(before);
    let mut heirs: BTreeSet<MunicipalityCode> = BTreeSet::new();
    for (address, codes) in owners(after) {
        if let Some(known) = was.get(address) {
            heirs.extend(codes.difference(known));
        }
    }
    // One may have been corrected; two are an exchange.
    if heirs.len() > 1 {
        effects.push(Effect::OwnersChanged(heirs.len()));
    }
    let replaced = before.municipalities.values().filter(|old| {
        let Some(new) = after.municipalities.get(&old.code) else { return false };
        let stays = |address: &EmailAddress| new.contacts.iter().any(|c| c.addresses.contains(address));
        let addresses = old.contacts.iter().flat_map(|contact| &contact.addresses);
        // An example that gave way to an address is what the first days are for.
        addresses.filter(|address| !address.is_reserved()).any(|address| !stays(address))
    });
    let (replaced, many) = (replaced.count(), (before.municipalities.len() / 5).max(1));
    if replaced > many {
        effects.push(Effect::AddressesReplaced(replaced));
    }
    effects
}

#[cfg(test)]
mod tests;
