//! What another configuration would say otherwise than the one in force, over the same ledger: the real decision run
//! on both in virtual time, and the letters held against one another. Pure.
//!
//! Reports and alerts are left out: they follow from the letters. Nobody knows what feeds will say, so each goes on
//! saying what it says now, on both sides.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::replay::Replay;
use crate::domain::calendar::{Calendar, Deadline, Window};
use crate::domain::id::{IdError, MunicipalityCode, WindowId};
use crate::domain::notice::{NoticeKey, Recipient, Slot, StaffSlot};
use crate::plan::{Act, Decision, World};

/// What becomes of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shift {
    /// Sent, and would not be.
    Added,
    /// Not sent any more.
    Dropped,
    /// Queued already, and taken back.
    Withdrawn,
    /// Newly withheld.
    Withheld,
    /// Sent at another time.
    Moved,
    /// Sent at the same time, otherwise: another deadline, another address, another sort of letter.
    Altered,
}

/// A decision and its instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub at: Timestamp,
    pub decision: Decision,
}

/// One notice that the other configuration treats otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub shift: Shift,
    /// What the one in force does.
    pub before: Option<Event>,
    /// What the other would do.
    pub after: Option<Event>,
}

impl Difference {
    /// What it is about, as the other has it, else as the one in force does.
    pub fn decision(&self) -> Option<&Decision> {
        self.after.as_ref().or(self.before.as_ref()).map(|event| &event.decision)
    }
}

/// A window that the two have otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowShift {
    pub window: WindowId,
    /// As the one in force has it.
    pub before: Option<Window>,
    /// As the other has it.
    pub after: Option<Window>,
}

impl WindowShift {
    /// Whether some deadline comes earlier: the general one, or that of a municipality of its own.
    pub fn is_earlier(&self) -> bool {
        let (Some(before), Some(after)) = (&self.before, &self.after) else { return false };
        let named = before.editions.iter().chain(&after.editions).flat_map(|e| &e.municipalities);
        let earlier = |municipality: Option<MunicipalityCode>| {
            matches!((deadline_of(before, municipality), deadline_of(after, municipality)),
                (Some(old), Some(new)) if new < old)
        };
        earlier(None) || named.copied().any(|code| earlier(Some(code)))
    }
}

/// The last deadline announced for everybody, or also for one municipality.
pub fn deadline_of(window: &Window, municipality: Option<MunicipalityCode>) -> Option<Deadline> {
    let applies = |e: &&crate::domain::calendar::Edition| {
        e.municipalities.is_empty() || municipality.is_some_and(|code| e.municipalities.contains(&code))
    };
    window.editions.iter().rev().find(applies).and_then(|e| e.deadline)
}

/// The windows up to a day that two calendars do not have alike, by id.
pub fn windows_unlike(before: &Calendar, after: &Calendar, until: Date) -> Vec<WindowShift> {
    let by_id = |calendar: &Calendar| -> BTreeMap<WindowId, Window> {
        calendar.windows(until).into_iter().map(|w| (w.id.clone(), w)).collect()
    };
    let (mut old, new) = (by_id(before), by_id(after));
    let mut shifts: Vec<WindowShift> = Vec::new();
    for (id, after) in new {
        let before = old.remove(&id);
        // Written out with the very dates of its recurrence, it is the same window.
        let same =
            before.as_ref().is_some_and(|b| Window { recurring: after.recurring, ..b.clone() } == after);
        if !same {
            shifts.push(WindowShift { window: id, before, after: Some(after) });
        }
    }
    shifts.extend(old.into_iter().map(|(window, before)| WindowShift {
        window,
        before: Some(before),
        after: None,
    }));
    shifts.sort_by(|a, b| a.window.cmp(&b.window));
    shifts
}

/// Every notice that `other` would treat otherwise than `in_force` from one instant to another, by window and time. Each
/// knows what its own ledger knows; one that is not there writes to nobody.
///
/// # Errors
/// None in practice: see [`Replay::new`].
pub fn contrast(
    in_force: Option<&World<'_>>,
    other: Option<&World<'_>>,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<Difference>, IdError> {
    let course =
        |world: Option<&World<'_>>| world.map_or(Ok(BTreeMap::new()), |world| run(world, from, until));
    let (before, mut after) = (course(in_force)?, course(other)?);
    let mut differences = Vec::new();
    for (subject, old) in before {
        let new = after.remove(&subject).unwrap_or_default();
        compare(old, new, &mut differences);
    }
    for new in after.into_values() {
        compare(Course::default(), new, &mut differences);
    }
    differences.sort_by(|a, b| order(a).cmp(&order(b)));
    Ok(differences)
}

fn order(difference: &Difference) -> (Option<&WindowId>, Option<Timestamp>, Shift, Option<&NoticeKey>) {
    let event = difference.after.as_ref().or(difference.before.as_ref());
    let decision = event.map(|e| &e.decision);
    (decision.and_then(Decision::window), event.map(|e| e.at), difference.shift, decision.map(Decision::key))
}

/// What a notice is about, whatever the edition and the day: the same rung of a later deadline is the same rung.
type Subject = (WindowId, Option<MunicipalityCode>, String);

/// What became of a subject on one side.
#[derive(Default)]
struct Course {
    sent: Vec<Event>,
    withheld: Option<Event>,
    withdrawn: Option<Event>,
}

/// Longer than anything that is looked ahead: what is known stays known (see [`crate::domain::status::StatusBook::going_on`]).
const FOR_EVER: SignedDuration = SignedDuration::from_hours(24 * 3660);

fn run(world: &World<'_>, from: Timestamp, until: Timestamp) -> Result<BTreeMap<Subject, Course>, IdError> {
    let mut calendar = world.calendar.clone();
    let status = world.status.going_on(from, |id| world.calendar.status_validity(id));
    for system in calendar.systems.values_mut() {
        system.status_validity = FOR_EVER;
    }
    let mut replay = Replay::new(&calendar, world.roster, until)?;
    replay.roster_at_start = world.roster_at_start;
    replay.status = status;
    replay.overrides = world.overrides.clone();
    replay.ledger = world.ledger.clone();
    // A clock gone wrong is the plan's to tell; here it would hide every difference.
    replay.ledger.high_water = None;
    for window in replay.windows().to_vec() {
        // What the daemon did not read yet it would read now.
        for edition in window.editions.iter().filter(|e| e.number > 1) {
            replay.ledger.read_at.entry((window.id.clone(), edition.number)).or_insert(from);
        }
    }
    let mut courses: BTreeMap<Subject, Course> = BTreeMap::new();
    replay.run(from, until, &[], |at, decision| {
        let Some(subject) = subject(decision.key()) else { return };
        let course = courses.entry(subject).or_default();
        let event = Event { at, decision: decision.clone() };
        match decision.act() {
            Act::Send => {
                course.withheld = None;
                course.sent.push(event);
            }
            Act::Withhold => course.withheld = Some(event),
            Act::Withdraw => course.withdrawn = Some(event),
            Act::Supersede | Act::Expire | Act::Publish => {}
        }
    });
    Ok(courses)
}

fn subject(key: &NoticeKey) -> Option<Subject> {
    match key {
        NoticeKey::Municipal { window, slot, municipality } => {
            let what = match slot {
                Slot::Announcement => "divulgacao".to_owned(),
                Slot::Extension { .. } => "prorrogacao".to_owned(),
                Slot::Suspension { .. } => "suspensao".to_owned(),
                Slot::Upheld { .. } => "mantido".to_owned(),
                Slot::Rung { days_before, .. } => format!("prazo-{days_before}d"),
            };
            Some((window.clone(), Some(*municipality), what))
        }
        NoticeKey::Staff { window, slot } => {
            let what = match slot {
                StaffSlot::Digest { to, .. } => format!("resumo-{to}"),
                StaffSlot::Referral { to, .. } => format!("remessa-{to}"),
                StaffSlot::ReferralAddendum { by, to, .. } => format!("adendo-{by}-{to}"),
                StaffSlot::Alert { .. } | StaffSlot::Report { .. } => return None,
            };
            Some((window.clone(), None, what))
        }
        NoticeKey::Service { .. } => None,
    }
}

fn compare(old: Course, new: Course, differences: &mut Vec<Difference>) {
    let (mut before, mut after) = (old.sent, new.sent);
    before.retain(|event| match after.iter().position(|other| same(event, other)) {
        Some(at) => {
            after.remove(at);
            false
        }
        None => true,
    });
    let sends = !after.is_empty();
    let (mut before, mut after) = (before.into_iter(), after.into_iter());
    let mut held = new.withheld;
    loop {
        let (one, other) = (before.next(), after.next());
        let shift = match (&one, &other) {
            (None, None) => break,
            (Some(one), Some(other)) if one.at != other.at => Shift::Moved,
            (Some(_), Some(_)) => Shift::Altered,
            (None, Some(_)) => Shift::Added,
            (Some(_), None) if held.is_some() => {
                differences.push(Difference { shift: Shift::Withheld, before: one, after: held.take() });
                continue;
            }
            (Some(_), None) => Shift::Dropped,
        };
        differences.push(Difference { shift, before: one, after: other });
    }
    if let Some(event) = held.filter(|_| !sends && old.withheld.is_none()) {
        differences.push(Difference { shift: Shift::Withheld, before: None, after: Some(event) });
    }
    if let Some(event) = new.withdrawn.filter(|_| !sends && old.withdrawn.is_none()) {
        differences.push(Difference { shift: Shift::Withdrawn, before: None, after: Some(event) });
    }
}

/// Whether two letters are the same to whoever gets them, but for their wording.
fn same(one: &Event, other: &Event) -> bool {
    let to = |d: &Decision| -> Vec<Recipient> {
        let mut to = d.to().to_vec();
        to.sort();
        to
    };
    let (a, b) = (&one.decision, &other.decision);
    one.at == other.at && a.kind() == b.kind() && a.told() == b.told() && a.key() == b.key() && to(a) == to(b)
}
