//! What a pass need not look at: windows of which nothing can be decided any more until something new is told of them.
//! Pure.
//!
//! Whether a window is settled is asked of the very rules that decide, over all that is known of it, and with a clock of
//! its own: it is when they find nothing to do, nothing open, and no later instant to ask again at. So only what is told
//! of it afterwards can bring it back, and whoever keeps a frontier looks at what was told since (`store::frontier`).

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use super::assess::Assessor;
use super::draft::PlanDraft;
use super::moment::Moment;
use super::survey::Survey;
use super::window::WindowContext;
use super::{closing, digest, referral};
use crate::domain::calendar::Window;
use crate::domain::id::WindowId;
use crate::domain::time::Zone;
use crate::plan::ledger::WindowLedger;
use crate::plan::world::World;

/// Where what is settled ends: a window whose every deadline had passed by an instant is, unless it is named. It holds for
/// one configuration, and for windows that nothing was told of since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frontier {
    pub at: Timestamp,
    /// Windows behind it that are not settled, and those that the calendar no longer has while something of them is open.
    pub open: BTreeSet<WindowId>,
}

impl Default for Frontier {
    /// Nothing is settled.
    fn default() -> Self {
        Self { at: Timestamp::MIN, open: BTreeSet::new() }
    }
}

impl Frontier {
    /// The frontier after a pass at `now` that found nothing more to do, in a world that has every window that may not be
    /// settled.
    pub fn after(world: &World<'_>, now: Timestamp) -> Self {
        let zone = &world.calendar.hours.zone;
        let passed = |window: &&Window| ends_at(window, zone).is_some_and(|at| at <= now);
        let lingering = world.windows.iter().filter(passed).filter(|window| !is_settled(world, now, window));
        let gone = world.ledger.windows().filter(|(id, ledger)| {
            ledger.has_open() && world.windows.binary_search_by(|window| window.id.cmp(id)).is_err()
        });
        let open = lingering.map(|window| window.id.clone()).chain(gone.map(|(id, _)| id.clone())).collect();
        Self { at: now, open }
    }

    /// The windows that a pass looks at: those not settled, those named, and those that one of them waits for.
    pub fn ahead(&self, windows: &[Window], named: &BTreeSet<WindowId>, zone: &Zone) -> BTreeSet<WindowId> {
        let is_ahead = |window: &&Window| {
            named.contains(&window.id) || self.open.contains(&window.id) || !self.is_behind(window, zone)
        };
        let mut ahead: BTreeSet<WindowId> =
            windows.iter().filter(is_ahead).map(|window| window.id.clone()).collect();
        ahead.extend(self.open.iter().chain(named).cloned());
        let mut waited: Vec<&WindowId> =
            windows.iter().filter(|w| ahead.contains(&w.id)).filter_map(|w| w.depends_on.as_ref()).collect();
        while let Some(id) = waited.pop() {
            if ahead.insert(id.clone()) {
                waited.extend(windows.iter().find(|w| w.id == *id).and_then(|w| w.depends_on.as_ref()));
            }
        }
        ahead
    }

    /// Whether nothing can be decided of one window any more at this instant, asked of all that is known of it alone.
    pub fn is_over(world: &World<'_>, now: Timestamp, window: &Window) -> bool {
        let here = Self { at: now, open: BTreeSet::new() };
        here.is_behind(window, &world.calendar.hours.zone) && is_settled(world, now, window)
    }

    /// Whether every deadline of a window had passed. One that was ever stopped may be spoken of after its deadline, and
    /// stays.
    fn is_behind(&self, window: &Window, zone: &Zone) -> bool {
        window.halt.is_none() && ends_at(window, zone).is_some_and(|at| at <= self.at)
    }
}

/// Windows behind a frontier of which letters may have fallen due on a day or after, and which a plan that counted from
/// that day reads too ([`Plan::counted_from`](super::Plan::counted_from)): whatever is due is due before the deadline.
pub fn due_since<'a>(
    windows: &'a [Window],
    day: Date,
    zone: &'a Zone,
) -> impl Iterator<Item = &'a WindowId> + 'a {
    let begins = zone.start_of(day);
    let late = move |window: &&Window| ends_at(window, zone).is_none_or(|at| at >= begins);
    windows.iter().filter(late).map(|window| &window.id)
}

fn ends_at(window: &Window, zone: &Zone) -> Option<Timestamp> {
    window.latest_deadline().map(|deadline| deadline.instant(zone))
}

/// Whether nothing can be decided of a window any more by what is known, now or later. What somebody holds does not
/// matter: if it were let go, nothing would follow.
fn is_settled(world: &World<'_>, now: Timestamp, window: &Window) -> bool {
    let moment = Moment::new(now, &world.calendar.hours);
    let Some(assessor) = Assessor::new(world, &moment, window) else { return false };
    let survey = closing::surveyed(WindowContext::new(world, &moment, &assessor));
    survey.made.is_empty()
        && survey.is_settled()
        && !digest::is_owed(&survey)
        && !owes_referrals(&survey)
        && !holds_staff(&survey)
        && moment.next_wake().is_none()
}

/// Whether a hold stopped what was left of a letter to staff: it goes on when that ends.
fn holds_staff(survey: &Survey<'_>) -> bool {
    let mut records = survey.ledger.into_iter().flat_map(WindowLedger::staff_records);
    records.any(|(_, record)| record.standing.is_held())
}

fn owes_referrals(survey: &Survey<'_>) -> bool {
    let mut draft = PlanDraft::default();
    for ended in closing::ended(survey) {
        if let Some(closing) = survey.closing(ended.edition) {
            referral::referrals(survey, ended.edition, ended.deadline, closing, &mut draft);
        }
    }
    referral::addenda(survey, &mut draft);
    !draft.actions.is_empty()
}
