//! Resumos: what gerências and GSUAS are told of the letters of rungs with `copia`. Pure.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::audience;
use super::survey::Survey;
use crate::domain::notice::{Addressee, Content, DigestLine, Slot, StaffSlot};
use crate::domain::reason::Reason;
use crate::plan::draft::PlanDraft;
use crate::plan::ledger::{CopyRequest, NoticeRecord, Standing, WindowLedger};

/// One resumo per gerência (or GSUAS), window and day, of the letters since the last one that asked for a copy when they
/// were written, whatever their edition. It waits for those still on their way.
pub(super) fn digests(survey: &Survey<'_>, draft: &mut PlanDraft) {
    let copies = copies(survey, None);
    if copies.is_empty() || !draft.tells_staff(survey.context.moment) {
        return;
    }
    let on = survey.context.moment.today();
    for (to, Due { edition, told_on, is_leaving, lines }) in copies {
        // A letter on its way leaves or ends before its validity does; the day on which it left is told then.
        if is_leaving || lines.is_empty() || told_on == Some(on) {
            continue;
        }
        let slot = StaffSlot::Digest { edition, to: to.clone(), on };
        let due_at = survey.context.moment.stamp();
        survey.tell(slot, &to, due_at, content(survey, edition, &to, lines), draft);
    }
}

/// What a resumo that was told says, and why.
pub(super) fn as_told(
    survey: &Survey<'_>,
    edition: u16,
    to: &Addressee,
    told_at: Timestamp,
) -> (Content, Reason) {
    let copies = copies(survey, Some(told_at));
    let lines = copies.into_iter().find(|(other, _)| other == to).map(|(_, due)| due.lines);
    content(survey, edition, to, lines.unwrap_or_default())
}

fn content(
    survey: &Survey<'_>,
    edition: u16,
    to: &Addressee,
    mut lines: Vec<DigestLine>,
) -> (Content, Reason) {
    lines.sort_by_key(|line| (line.municipality, line.left_on, Reverse(line.days_before)));
    let deadline = survey.context.assessor.window().edition(edition).and_then(|e| e.deadline);
    let because = Reason::CopiesDue { letters: lines.len() };
    (Content::Digest { to: to.clone(), deadline, lines }, because)
}

/// Whether some letter is in no resumo yet that belongs in one.
pub(super) fn is_owed(survey: &Survey<'_>) -> bool {
    let offices = &survey.context.world.roster.offices;
    copies(survey, None).keys().any(|to| !audience::office(offices, to).is_empty())
}

/// What is to be told to each, of the letters since the last resumo to them; or what a resumo of an earlier instant was to
/// tell, of those until then.
fn copies(survey: &Survey<'_>, of: Option<Timestamp>) -> BTreeMap<Addressee, Due> {
    let told = last_told(survey, of);
    let mut copies: BTreeMap<Addressee, Due> = BTreeMap::new();
    let zone = &survey.context.world.calendar.hours.zone;
    let mut add = |municipality, letter: &NoticeRecord| {
        let Slot::Rung { edition, days_before } = letter.slot else { return };
        for CopyRequest { to, parts } in &letter.copies {
            let last = told.get(to).copied();
            let is_told = last.is_some_and(|(_, at)| letter.recorded_at <= at);
            if is_told || of.is_some_and(|of| letter.recorded_at > of) {
                continue;
            }
            let due = copies.entry(to.clone()).or_insert_with(|| Due {
                edition,
                told_on: last.map(|(day, _)| day),
                is_leaving: false,
                lines: Vec::new(),
            });
            let Some(sent_at) = letter.standing.sent_at() else {
                due.is_leaving = true;
                continue;
            };
            due.edition = due.edition.max(edition);
            due.lines.push(DigestLine {
                municipality,
                kind: letter.kind,
                deadline: survey.context.assessor.window().edition(edition).and_then(|e| e.deadline),
                days_before,
                left_on: zone.date_of(sent_at),
                parts: parts.clone(),
            });
        }
    };
    let asked_for = survey.ledger.filter(|ledger| ledger.has_copied());
    for (municipality, records) in asked_for.into_iter().flat_map(WindowLedger::municipalities) {
        for record in
            records.iter().filter(|r| matches!(r.standing, Standing::Sent { .. } | Standing::Queued))
        {
            add(municipality, record);
        }
    }
    copies
}

/// What is to be told to one addressee.
struct Due {
    /// The latest edition of its letters.
    edition: u16,
    /// The day of the last resumo to it.
    told_on: Option<Date>,
    /// Whether a letter that belongs in it is still on its way.
    is_leaving: bool,
    lines: Vec<DigestLine>,
}

/// The day and the instant of the last resumo to each, whatever its edition; of the last before an instant.
fn last_told<'a>(
    survey: &Survey<'a>,
    before: Option<Timestamp>,
) -> BTreeMap<&'a Addressee, (Date, Timestamp)> {
    let mut last: BTreeMap<&Addressee, (Date, Timestamp)> = BTreeMap::new();
    for (slot, at) in survey.ledger.into_iter().flat_map(WindowLedger::staff_told) {
        if let StaffSlot::Digest { to, on, .. } = slot
            && before.is_none_or(|before| at < before)
            && last.get(to).is_none_or(|(_, known)| *known < at)
        {
            last.insert(to, (*on, at));
        }
    }
    last
}
