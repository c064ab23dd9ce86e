//! What a pass has gathered so far, before days and batches are looked at as a whole. Pure.

use std::borrow::Cow;
use std::num::NonZeroU16;

use jiff::civil::Date;

use crate::domain::id::WindowId;
use crate::domain::reason::Reason;
use crate::plan::decision::{Decision, End, Notice, Sending, Withheld};
use crate::plan::ledger::Ledger;

use crate::plan::moment::Moment;
use crate::plan::pair::Ready;
use crate::plan::world::World;

/// What a pass has gathered so far.
#[derive(Default)]
pub(super) struct PlanDraft<'m> {
    /// Letters to municipalities that nothing within their window holds.
    pub(super) letters: Vec<&'m Sending>,
    /// Those that would leave, were it within the hours.
    pub(super) ready: Vec<&'m Ready>,
    /// Changes of decision.
    pub(super) actions: Vec<Decision>,
    pub(super) held: Vec<Cow<'m, Decision>>,
    /// What holds the letters to staff of the window that is looked at; none: they leave. Nothing is recorded of those that
    /// were not told yet: they are told whole once they may leave.
    pub(super) staff_held_by: Option<Reason>,
    /// The first civil day whose letters were counted over every window.
    pub(super) counted_from: Option<Date>,
}

impl PlanDraft<'_> {
    /// Withholds, as a change only when the ledger does not say so already.
    pub(super) fn withhold(&mut self, world: &World<'_>, withheld: Withheld) {
        let cause = withheld.because.cause();
        let record = world.ledger.notice(&withheld.notice.key);
        let known = record.is_some_and(|record| record.standing.is_held_by(cause));
        let decision = Decision::Withhold(withheld);
        if !known {
            self.actions.push(decision.clone());
        }
        self.held.push(Cow::Owned(decision));
    }

    /// Whether staff can be told something now, or it is held, whatever the hour.
    pub(super) fn tells_staff(&self, moment: &Moment<'_>) -> bool {
        self.staff_held_by.is_some() || moment.is_sending()
    }

    /// Files a notice to staff; one with nobody to read it is none. One that was taken back before is a letter of its own.
    pub(super) fn tell(&mut self, ledger: &Ledger, notice: Notice, because: Reason) {
        if notice.to.is_empty() {
            return;
        }
        let next = ledger.staff(&notice.key).map(|known| known.version.saturating_add(1));
        if let Some(because) = self.staff_held_by.clone() {
            let kind = notice.content.kind();
            let withheld = Withheld { notice, kind, version: next, because };
            self.held.push(Cow::Owned(Decision::Withhold(withheld)));
        } else {
            let version = next.unwrap_or(NonZeroU16::MIN);
            self.actions.push(Decision::Send(Sending { notice, version, copies: Vec::new(), because }));
        }
    }

    /// Whether the next round of this pass will have more to tell: what is withdrawn may be said anew, or withheld. A
    /// resumo or an alert made before that would count as having told it.
    pub(super) fn follows(&self, window: Option<&WindowId>) -> bool {
        let withdrawn = |d: &Decision| matches!(d, Decision::Close(closed) if closed.end == End::Withdrawn);
        self.actions.iter().any(|d| withdrawn(d) && window.is_none_or(|id| d.window() == Some(id)))
    }

    /// Whether letters to municipalities about a window leave in this round: a resumo of them comes in the next.
    pub(super) fn sends(&self, window: &WindowId) -> bool {
        self.actions.iter().any(|d| {
            matches!(d, Decision::Send(_)) && d.municipality().is_some() && d.window() == Some(window)
        })
    }
}
