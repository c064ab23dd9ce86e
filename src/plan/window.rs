//! What is the same for every municipality of a window in one pass. Pure.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::overrides::{Hold, HoldScope};
use crate::domain::reason::Reason;
use crate::domain::roster::Municipality;
use crate::plan::assess::Assessor;
use crate::plan::moment::Moment;
use crate::plan::world::World;

/// What is the same for every municipality of a window in one pass.
pub(super) struct WindowContext<'a> {
    pub(super) world: &'a World<'a>,
    pub(super) moment: &'a Moment<'a>,
    pub(super) assessor: &'a Assessor<'a>,
    /// The `reter` that rule, by scope.
    pub(super) holds: Vec<&'a Hold>,
    pub(super) opens_at: Timestamp,
    /// The first instant of `inicio`.
    pub(super) starts_at: Option<Timestamp>,
    /// `inicio`, where the window was already open then.
    open_at_start: Option<Date>,
}

impl<'a> WindowContext<'a> {
    pub(super) fn new(world: &'a World<'a>, moment: &'a Moment<'a>, assessor: &'a Assessor<'a>) -> Self {
        let zone = &world.calendar.hours.zone;
        let opens_at = zone.start_of(assessor.window().opens_on);
        let starts_at = world.calendar.starts_on.map(|day| zone.start_of(day));
        let open_at_start = world.calendar.starts_on.filter(|day| assessor.window().opens_on < *day);
        let holds = world.overrides.ruling_holds().collect();
        Self { world, moment, assessor, holds, opens_at, starts_at, open_at_start }
    }

    /// What somebody holds a letter by that these scopes cover (`reter`): the first order of them.
    pub(super) fn held_by(&self, covers: impl Fn(&HoldScope) -> bool) -> Option<Reason> {
        let counts = |hold: &&Hold| hold.until.is_none_or(|day| !self.moment.day_over(day));
        let holds = self.holds.iter().copied().filter(|hold| covers(&hold.scope)).filter(counts);
        holds.min_by_key(|hold| (hold.authorship.at, &hold.scope)).map(|hold| Reason::Held {
            scope: hold.scope.clone(),
            author: hold.authorship.author.clone(),
            reason: hold.authorship.reason.clone(),
        })
    }

    /// From when a divulgação is due: nothing is due before `inicio`, and who joins a window that was open then is told
    /// after it.
    pub(super) fn announced_from(&self) -> Timestamp {
        self.starts_at.map_or(self.opens_at, |starts| starts.max(self.opens_at))
    }

    /// Whether a municipality counts as told of edition 1 outside the system: the window was open on `inicio`, with a
    /// deadline to come, and something was expected of it there that day. Who joins later gets the divulgação; of a window
    /// that was over by then nobody was told (decision 0008).
    pub(super) fn told_outside(&self, municipality: &Municipality) -> bool {
        let roster = self.world.roster_at_start.unwrap_or(self.world.roster);
        let then = || roster.municipalities.get(&municipality.code);
        self.open_at_start
            .filter(|day| self.assessor.was_running(municipality.code, *day))
            .is_some_and(|day| then().is_some_and(|then| self.assessor.was_expected(roster, then, day)))
    }
}
