//! What the secretariat's own people are told of a window: resumos are `digest`'s, remessas `referral`'s, alerts
//! `reminder`'s. Pure.

use super::closing::{self, Ended};
use super::survey::Survey;
use super::{digest, referral};
use crate::domain::overrides::HoldScope;
use crate::plan::decision::{Decision, Report};
use crate::plan::draft::PlanDraft;

/// Everything that one window gives staff.
pub(super) fn about_window(survey: &Survey<'_>, draft: &mut PlanDraft) {
    let more_follows = draft.follows(Some(&survey.context.assessor.window().id));
    let stopped = is_stopped(survey);
    if !more_follows && !stopped && !draft.sends(&survey.context.assessor.window().id) {
        digest::digests(survey, draft);
    }
    for Ended { edition, deadline, .. } in closing::ended(survey) {
        report(survey, edition, draft);
        if let Some(closing) = survey.closing(edition).filter(|_| !stopped) {
            referral::referrals(survey, edition, deadline, closing, draft);
        }
    }
    if !stopped {
        referral::addenda(survey, draft);
    }
}

/// Whether somebody stopped everything, or this window (`reter`): then resumos and remessas wait too. Alerts go on:
/// staff must hear of what waits.
fn is_stopped(survey: &Survey<'_>) -> bool {
    let window = &survey.context.assessor.window().id;
    let counts = |day: Option<jiff::civil::Date>| day.is_none_or(|day| !survey.context.moment.day_over(day));
    survey.context.holds.iter().filter(|hold| counts(hold.until)).any(|hold| match &hold.scope {
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
