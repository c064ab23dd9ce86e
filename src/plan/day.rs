//! The page of the day: what left since the sending day before and what became of it, what waits and what leaves next,
//! what is held and dies of silence, who filled in meanwhile, how old the data is, and what needs a person. Pure.
//!
//! Everything that is equal for many is one group, with the municipalities that it is about.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::Decision;
use super::account::{View, letters_to_others};
use super::forecast::Quota;
use super::post::LetterState;
use super::summary::{HeldLine, LetterLine, MunicipalityLine, Upcoming, WindowSummary};
use crate::domain::calendar::Deadline;
use crate::domain::id::{FeedId, MunicipalityCode, WindowId};
use crate::domain::notice::{Kind, NoticeKey, Slot, StaffSlot};
use crate::domain::overrides::{BatchId, Hold};
use crate::domain::reason::Reason;
use crate::domain::status::State;
use crate::domain::time::{SendingHours, day_before};
use crate::plan::summary::Counts;

/// The page of one day.
#[derive(Debug, Clone, Default)]
pub struct DayPage {
    /// When it is made.
    pub at: Timestamp,
    /// Whether it is a rehearsal's, so that no letter left (`ensaio`).
    pub rehearsal: bool,
    /// Since when it looks back.
    pub since: Timestamp,
    /// What needs a person, the most urgent first.
    pub tasks: Vec<DayTask>,
    pub held: Vec<HeldGroup>,
    /// Orders in force that hold whatever falls due (`reter`), also where nothing waits for them yet.
    pub holds: Vec<Hold>,
    /// What left since, came back since, or died since without leaving.
    pub left: Vec<LetterGroup>,
    /// What is decided and has not left yet.
    pub waiting: Vec<LetterGroup>,
    /// How long what waits takes through the relay; absent where it is a matter of a minute.
    pub queue: Option<DayQueue>,
    /// Letters to the secretariat's own since, and those that wait.
    pub staff: Vec<StaffLetter>,
    /// Changes of decision that a pass would make now; none while a doubted clock or ledger keeps it from deciding.
    pub decisions: Vec<Decision>,
    pub is_frozen: bool,
    /// What comes next, by time.
    pub upcoming: Vec<UpcomingGroup>,
    /// Windows that open within a week.
    pub openings: Vec<(WindowId, Date)>,
    /// What changed in who has filled in.
    pub moved: Vec<MovedGroup>,
    pub windows: Vec<WindowDay>,
    /// How old the data is.
    pub feeds: Vec<FeedAge>,
    /// When the answer may change by itself.
    pub next_wake: Option<Timestamp>,
}

/// Something that needs a person, with the command to type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayTask {
    /// What, as a sentence without its full stop.
    pub what: String,
    /// What to type; absent where it is no command of ours.
    pub command: Option<String>,
}

/// More deliveries than the relay takes in a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayQueue {
    /// How many wait: one for each address.
    pub deliveries: usize,
    /// How much the relay takes.
    pub quota: Quota,
    /// When about the last would leave, if nothing else comes; absent where no end is in sight.
    pub empties_at: Option<Timestamp>,
}

impl DayQueue {
    /// Of so many that wait now.
    pub fn of(deliveries: usize, quota: Quota, now: Timestamp, hours: &SendingHours) -> Option<Self> {
        let is_long = deliveries > quota.per_minute as usize;
        is_long.then(|| Self { deliveries, quota, empties_at: quota.empties_at(deliveries, now, hours) })
    }
}

/// Letters of one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterGroup {
    pub window: WindowId,
    pub kind: Kind,
    /// Whether they left from another ledger, so that nobody here has their text.
    pub elsewhere: bool,
    /// Their place in the window.
    pub slot: Option<Slot>,
    /// How many of them left since the page looks back, whatever became of them.
    pub left: usize,
    /// Whose letters stand where.
    pub states: BTreeMap<LetterState, Vec<MunicipalityCode>>,
}

/// A letter to the secretariat's own: resumo, remessa.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffLetter {
    pub key: NoticeKey,
    pub state: LetterState,
}

/// Letters of one batch that are held for one sort of reason until one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldGroup {
    pub batch: BatchId,
    /// Why; several where the facts differ between municipalities, and never none.
    pub because: Vec<Reason>,
    pub municipalities: Vec<MunicipalityCode>,
    /// Since when the first of them.
    pub since: Timestamp,
    /// When they die if nobody acts; absent: they wait for ever.
    pub dies_at: Option<Timestamp>,
}

/// What comes next for many at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpcomingGroup {
    pub at: Timestamp,
    pub window: WindowId,
    pub what: Upcoming,
    /// For those that are open now.
    pub municipalities: Vec<MunicipalityCode>,
}

/// Municipalities that went from one state to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedGroup {
    pub window: WindowId,
    /// From where; absent: it was not expected, or the window not open.
    pub from: Option<State>,
    pub to: State,
    pub municipalities: Vec<MunicipalityCode>,
}

/// Where a window stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowDay {
    pub window: WindowId,
    /// The deadline of the edition in force.
    pub deadline: Option<Deadline>,
    pub other_deadlines: BTreeMap<Option<Deadline>, usize>,
    /// Whether it is stopped now.
    pub halted: bool,
    pub counts: Counts,
    /// How many to telephone, because they owe.
    pub calls: usize,
}

/// How old what a feed says is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedAge {
    pub feed: FeedId,
    /// When what it says was last confirmed; absent: it never said anything that is believed.
    pub confirmed_at: Option<Timestamp>,
    /// Whether that is older than its system believes a *pendente*.
    pub is_stale: bool,
    /// Why its last load is not believed, and what that load is called.
    pub quarantine: Option<(String, String)>,
    /// What went wrong with the last fetch.
    pub failure: Option<String>,
    /// What is said of a believed load because of which a missing row tells of nobody.
    pub unheard: Option<String>,
}

/// Since when a page looks back: the first sending instant of the sending day before.
pub fn looks_back_to(hours: &SendingHours, now: Timestamp) -> Timestamp {
    let mut day = day_before(hours.zone.date_of(now));
    for _ in 0..MOST_DAYS {
        if hours.is_sending_day(day) {
            break;
        }
        day = day_before(day);
    }
    hours.zone.at(day, hours.from)
}

/// No office is closed for longer.
const MOST_DAYS: usize = 60;

/// Puts the page together. `before` is the summary of the same windows as known at `since`; `tasks` and `feeds` are what
/// only the store knows.
pub fn page(
    view: View<'_>,
    windows: &[WindowSummary],
    before: &[WindowSummary],
    since: Timestamp,
    tasks: Vec<DayTask>,
    feeds: Vec<FeedAge>,
) -> DayPage {
    let mut page = DayPage {
        at: view.now,
        rehearsal: view.post.is_rehearsal(),
        since,
        tasks,
        feeds,
        decisions: view.plan.actions.clone(),
        next_wake: view.plan.next_wake,
        ..DayPage::default()
    };
    for summary in windows {
        let seen = (since, view.now);
        let others = letters_to_others(view, summary);
        page.left.extend(letters(summary, &others, seen, |letter| is_news(letter, seen)));
        page.waiting.extend(letters(summary, &others, seen, |letter| letter.state.is_waiting()));
        page.held.extend(held(summary));
        page.upcoming.extend(upcoming(summary));
        page.moved.extend(moved(summary, before.iter().find(|earlier| earlier.window == summary.window)));
        let owing = summary.call_list.iter().filter(|call| !call.owes.is_empty()).count();
        page.windows.push(WindowDay {
            window: summary.window.clone(),
            deadline: summary.deadline,
            other_deadlines: summary.other_deadlines(),
            halted: summary.halted,
            counts: summary.municipalities,
            calls: owing,
        });
    }
    page.held.extend(held_of_staff(view));
    page.holds = in_force(view);
    page.staff = staff(view, since);
    page.held.sort_by_key(|group| (group.dies_at.is_none(), group.dies_at, group.batch.as_str().to_owned()));
    page.upcoming.sort_by_key(|group| (group.at, group.window.clone()));
    let soon = crate::domain::time::hours_after(view.now, 24 * 7);
    let zone = &view.world.calendar.hours.zone;
    let opens = view.world.windows.iter().map(|w| (w.id.clone(), w.opens_on));
    page.openings = opens.filter(|(_, on)| (view.now..soon).contains(&zone.start_of(*on))).collect();
    page.openings.sort_by_key(|(id, on)| (*on, id.clone()));
    page
}

/// Whether something became of a letter between two instants: it left, came back, or died without leaving.
fn is_news(letter: &LetterLine, (since, now): (Timestamp, Timestamp)) -> bool {
    let counts = |at: Timestamp| (since..=now).contains(&at);
    let ended = match &letter.because {
        Some(Reason::ValidityOver { at, .. }) => *at,
        _ => letter.decided_at,
    };
    let settled = letter.deliveries.iter().map(|fact| fact.at).max().unwrap_or(ended);
    match letter.state {
        LetterState::Read | LetterState::Accepted | LetterState::Uncertain => {
            letter.left_at.is_some_and(counts)
        }
        LetterState::Bounced | LetterState::Refused => counts(settled),
        LetterState::Expired | LetterState::Missed => counts(ended.max(settled)),
        LetterState::Sending
        | LetterState::Deferred
        | LetterState::Queued
        | LetterState::Held
        | LetterState::Withdrawn => false,
    }
}

/// Whether it left between two instants.
fn left_between(letter: &LetterLine, (since, now): (Timestamp, Timestamp)) -> bool {
    letter.left_at.is_some_and(|at| (since..=now).contains(&at))
}

fn letters(
    summary: &WindowSummary,
    others: &[(MunicipalityCode, LetterLine)],
    seen: (Timestamp, Timestamp),
    wanted: impl Fn(&LetterLine) -> bool,
) -> Vec<LetterGroup> {
    let mut groups: BTreeMap<_, LetterGroup> = BTreeMap::new();
    let of_lines =
        summary.lines.iter().flat_map(|line| line.letters.iter().map(|letter| (line.municipality, letter)));
    let all = of_lines.chain(others.iter().map(|(municipality, letter)| (*municipality, letter)));
    for (municipality, letter) in all.filter(|(_, letter)| wanted(letter)) {
        let group =
            groups.entry((letter.key.slot(), letter.kind, letter.elsewhere)).or_insert_with(|| LetterGroup {
                window: summary.window.clone(),
                kind: letter.kind,
                elsewhere: letter.elsewhere,
                slot: letter.key.slot(),
                left: 0,
                states: BTreeMap::new(),
            });
        group.left += usize::from(left_between(letter, seen));
        group.states.entry(letter.state).or_default().push(municipality);
    }
    groups.into_values().collect()
}

fn held(summary: &WindowSummary) -> Vec<HeldGroup> {
    let mut groups: BTreeMap<_, HeldGroup> = BTreeMap::new();
    let lines = summary.lines.iter().flat_map(|line| line.withheld.iter().map(move |held| (line, held)));
    for (MunicipalityLine { municipality, .. }, held) in lines {
        let HeldLine { batch, because, since, dies_at } = held;
        let order = if let Reason::Held { scope, .. } = because { Some(scope.clone()) } else { None };
        let key = (batch.as_str().to_owned(), *dies_at, because.cause(), order);
        let group = groups.entry(key).or_insert_with(|| HeldGroup {
            batch: batch.clone(),
            because: Vec::new(),
            municipalities: Vec::new(),
            since: *since,
            dies_at: *dies_at,
        });
        if !group.because.contains(because) {
            group.because.push(because.clone());
        }
        group.municipalities.push(*municipality);
        group.since = group.since.min(*since);
    }
    groups.into_values().collect()
}

/// The letters to the secretariat's own that wait, each by itself.
fn held_of_staff(view: View<'_>) -> impl Iterator<Item = HeldGroup> {
    view.plan.held.iter().filter(|held| matches!(held.key(), NoticeKey::Staff { .. })).map(|held| HeldGroup {
        batch: BatchId::of_letter(held.key()),
        because: vec![held.because().clone()],
        municipalities: Vec::new(),
        since: held.due_at(),
        dies_at: held.valid_until(),
    })
}

/// What waits for 48 hours after a letter waits until an instant of its own for each: within an hour it is one group, which
/// begins with the first.
fn upcoming(summary: &WindowSummary) -> Vec<UpcomingGroup> {
    let mut lines: Vec<_> =
        summary.lines.iter().filter_map(|line| Some((line.next?, line.municipality))).collect();
    lines.sort_by_key(|(next, _)| next.at);
    let mut groups: Vec<UpcomingGroup> = Vec::new();
    for (next, municipality) in lines {
        let is_with = |group: &&mut UpcomingGroup| {
            group.what == next.what && next.at.duration_since(group.at) < SignedDuration::from_hours(1)
        };
        match groups.iter_mut().rev().find(is_with) {
            Some(group) => group.municipalities.push(municipality),
            None => groups.push(UpcomingGroup {
                at: next.at,
                window: summary.window.clone(),
                what: next.what,
                municipalities: vec![municipality],
            }),
        }
    }
    for group in &mut groups {
        group.municipalities.sort_unstable();
    }
    groups
}

fn moved(summary: &WindowSummary, before: Option<&WindowSummary>) -> Vec<MovedGroup> {
    let mut groups: Vec<MovedGroup> = Vec::new();
    let Some(before) = before else { return groups };
    let known: BTreeMap<_, _> = before.lines.iter().map(|line| (line.municipality, line.state)).collect();
    for line in &summary.lines {
        let (from, to) = (known.get(&line.municipality).copied(), line.state);
        if from == Some(to) {
            continue;
        }
        match groups.iter_mut().find(|group| (group.from, group.to) == (from, to)) {
            Some(group) => group.municipalities.push(line.municipality),
            None => groups.push(MovedGroup {
                window: summary.window.clone(),
                from,
                to,
                municipalities: vec![line.municipality],
            }),
        }
    }
    groups.sort_by_key(|group| (group.to as u8, group.from.map(|from| from as u8)));
    groups
}

/// What people stopped and nobody let go, the oldest first.
fn in_force(view: View<'_>) -> Vec<Hold> {
    let today = view.world.calendar.hours.zone.date_of(view.now);
    let counts = |hold: &&Hold| hold.until.is_none_or(|last| today <= last);
    let mut holds: Vec<Hold> = view.world.overrides.ruling_holds().filter(counts).cloned().collect();
    holds.sort_by_key(|hold| hold.authorship.at);
    holds
}

fn staff(view: View<'_>, since: Timestamp) -> Vec<StaffLetter> {
    let mut letters: Vec<StaffLetter> = Vec::new();
    for (key, facts) in view.post.iter() {
        let NoticeKey::Staff { slot, .. } = key else { continue };
        if matches!(slot, StaffSlot::Alert { .. } | StaffSlot::Report { .. }) {
            continue;
        }
        let Some(best) = facts.iter().min_by_key(|fact| fact.state) else { continue };
        if (since..=view.now).contains(&best.at) || best.state.is_waiting() {
            letters.push(StaffLetter { key: key.clone(), state: best.state });
        }
    }
    letters.sort_by_key(|letter| letter.key.to_string());
    letters
}
