//! What the secretariat's own people are told of a window: resumos are `digest`'s, remessas `referral`'s, alerts
//! `reminder`'s. Pure.

use super::closing::{self, Ended};
use super::survey::Survey;
use super::{digest, referral};
use crate::domain::overrides::{Hold, HoldScope};
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
    let counts = |day: Option<jiff::civil::Date>| day.is_none_or(|day| !survey.context.moment.day_over(day));
    let covers = |hold: &&Hold| match &hold.scope {
        HoldScope::All => true,
        HoldScope::Window(id) => id == window,
        HoldScope::Municipality(_) | HoldScope::Batch(_) => false,
    };
    let holds = survey.context.holds.iter().copied().filter(covers).filter(|hold| counts(hold.until));
    holds.min_by_key(|hold| (hold.authorship.at, &hold.scope)).map(|hold| Reason::Held {
        scope: hold.scope.clone(),
        author: hold.authorship.author.clone(),
        reason: hold.authorship.reason.clone(),
    })
}

fn report(survey: &Survey<'_>, edition: u16, draft: &mut PlanDraft) {
    if let Some(closing) = survey.made.get(&edition) {
        let window = survey.context.assessor.window().id.clone();
        draft.actions.push(Decision::Publish(Report::new(window, edition, closing.clone())));
    }
}
