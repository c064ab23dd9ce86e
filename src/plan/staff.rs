//! What the secretariat's own people are told of a window: resumos are `digest`'s, remessas `referral`'s, alerts
//! `reminder`'s. Pure.

use super::closing::{self, Ended};
use super::survey::Survey;
use super::{digest, referral};
use crate::domain::overrides::HoldScope;
use crate::domain::reason::Reason;
use crate::plan::decision::{Decision, Report};
use crate::plan::draft::PlanDraft;

/// Everything that one window gives staff.
pub(super) fn about_window(survey: &Survey<'_>, draft: &mut PlanDraft) {
    let more_follows = draft.follows(Some(&survey.context.assessor.window().id));
    draft.staff_held_by = held_by_hand(survey);
    if !more_follows && !draft.sends(&survey.context.assessor.window().id) {
        digest::digests(survey, draft);
    }
    for Ended { edition, deadline, .. } in closing::ended(survey) {
        report(survey, edition, draft);
        if let Some(closing) = survey.closing(edition) {
            referral::referrals(survey, edition, deadline, closing, draft);
        }
    }
    referral::addenda(survey, draft);
    draft.staff_held_by = None;
}

/// What somebody stopped everything by, or this window (`reter`): then resumos and remessas wait too, at any hour, and are
/// brought to mind like whatever waits. Alerts go on: staff must hear of what waits. Ends by `liberar`, or by its day.
fn held_by_hand(survey: &Survey<'_>) -> Option<Reason> {
    let window = &survey.context.assessor.window().id;
    survey.context.held_by(|scope| match scope {
        HoldScope::All => true,
        HoldScope::Window(id) => id == window,
        HoldScope::Municipality(_) | HoldScope::Batch(_) => false,
    })
}

fn report(survey: &Survey<'_>, edition: u16, draft: &mut PlanDraft) {
    if let Some(closing) = survey.made.get(&edition) {
        let window = survey.context.assessor.window().id.clone();
        draft.actions.push(Decision::Publish(Report::new(window, edition, closing.clone())));
    }
}
