//! What the secretariat's own people are told of a window: resumos are `digest`'s, remessas `referral`'s, alerts
//! `reminder`'s. Pure.

use jiff::Timestamp;

use super::survey::Survey;
use super::{digest, referral};
use crate::domain::calendar::Deadline;
use crate::domain::notice::StaffSlot;
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
    for (edition, deadline, ends_at) in ended_editions(survey) {
        report(survey, edition, ends_at, draft);
        if !stopped {
            referral::referrals(survey, edition, deadline, ends_at, draft);
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

/// Editions that rule somewhere and whose deadline has passed while the window was not stopped.
fn ended_editions(survey: &Survey<'_>) -> Vec<(u16, Deadline, Timestamp)> {
    let editions = Survey::editions(&survey.context);
    let window = survey.context.assessor.window();
    let mut ended: Vec<(u16, Deadline, Timestamp)> = Vec::new();
    let general = std::iter::once((None, &survey.general));
    for (municipality, track) in
        general.chain(survey.special.iter().map(|(code, track)| (Some(*code), track)))
    {
        if let (Some(deadline), Some(ends_at)) = (track.deadline, track.ends_at)
            && survey.context.moment.reached(ends_at)
            && !editions.halted_at(window, municipality, ends_at)
            && !ended.iter().any(|(edition, ..)| *edition == track.edition)
        {
            ended.push((track.edition, deadline, ends_at));
        }
    }
    ended
}

fn report(survey: &Survey<'_>, edition: u16, ends_at: Timestamp, draft: &mut PlanDraft) {
    let slot = StaffSlot::Report { edition };
    if survey.is_before_our_time(ends_at) || survey.is_recorded(&slot) {
        return;
    }
    let window = survey.context.assessor.window().id.clone();
    draft.actions.push(Decision::Publish(Report::new(window, edition, ends_at)));
}
