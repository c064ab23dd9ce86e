//! Resumos: what gerências and GSUAS are told of the letters of rungs with `copia`. Pure.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::audience;
use super::ladder::{self, Step};
use super::survey::Survey;
use crate::domain::calendar::CopyTo;
use crate::domain::id::PartId;
use crate::domain::notice::{Addressee, Content, DigestLine, Slot, StaffSlot};
use crate::domain::reason::Reason;
use crate::plan::draft::PlanDraft;
use crate::plan::ledger::{NamedPart, Record, Standing, WindowLedger};

/// One resumo per gerência (or GSUAS), window and day, of the letters of rungs with `copia` since the last one, whatever
/// their edition. It waits for those still on their way.
pub(super) fn digests(survey: &Survey<'_>, draft: &mut PlanDraft) {
    if survey.context.assessor.system().ladder.iter().all(|rung| rung.copies.is_empty()) {
        return;
    }
    let past = past_steps(survey);
    let mut copies: BTreeMap<Addressee, Due> = BTreeMap::new();
    let zone = &survey.context.world.calendar.hours.zone;
    let mut add = |municipality, letter: &Record| {
        let Slot::Rung { edition, days_before } = letter.slot else { return };
        let steps = survey.steps.get(&edition).or_else(|| past.get(&edition)).map_or(&[][..], Vec::as_slice);
        let Some(step) = steps.iter().find(|s| s.days_before == days_before) else { return };
        for (to, parts) in copied_to(survey, &step.copies, &letter.parts) {
            let last = last_to(survey, &to);
            if last.is_some_and(|(_, at)| letter.recorded_at <= at) {
                continue;
            }
            let due = copies.entry(to).or_insert_with(|| Due {
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
                parts,
            });
        }
    };
    for (municipality, records) in survey.ledger.into_iter().flat_map(WindowLedger::municipalities) {
        for record in
            records.iter().filter(|r| matches!(r.standing, Standing::Sent { .. } | Standing::Queued))
        {
            add(municipality, record);
        }
    }
    if copies.is_empty() || !survey.context.moment.is_sending() {
        return;
    }
    let on = survey.context.moment.today();
    for (to, Due { edition, told_on, is_leaving, mut lines }) in copies {
        // A letter on its way leaves or ends before its validity does; the day on which it left is told then.
        if is_leaving || lines.is_empty() || told_on == Some(on) {
            continue;
        }
        let slot = StaffSlot::Digest { edition, to: to.clone(), on };
        lines.sort_by_key(|line| (line.municipality, line.left_on, Reverse(line.days_before)));
        let recipients = audience::office(&survey.context.world.roster.offices, &to);
        let deadline = survey.context.assessor.window().edition(edition).and_then(|e| e.deadline);
        let because = Reason::CopiesDue { letters: lines.len() };
        let content = Content::Digest { to, deadline, lines };
        let due_at = survey.context.moment.stamp();
        draft.tell(survey.notice_to_staff(slot, recipients, due_at, content), because);
    }
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

/// The day and the instant of the last resumo to somebody, whatever its edition.
fn last_to(survey: &Survey<'_>, to: &Addressee) -> Option<(Date, Timestamp)> {
    let slots = survey.ledger.into_iter().flat_map(WindowLedger::staff_slots);
    let to_them = slots.filter_map(|(slot, at)| match slot {
        StaffSlot::Digest { to: t, on, .. } if t == to => Some((*on, at)),
        StaffSlot::Digest { .. }
        | StaffSlot::Referral { .. }
        | StaffSlot::ReferralAddendum { .. }
        | StaffSlot::Alert { .. }
        | StaffSlot::Report { .. } => None,
    });
    to_them.max_by_key(|(_, at)| *at)
}

/// The steps of editions that rule nowhere any more; their last letters are still to be told of.
fn past_steps(survey: &Survey<'_>) -> BTreeMap<u16, Vec<Step>> {
    let hours = &survey.context.world.calendar.hours;
    let editions = survey.context.assessor.window().editions.iter();
    let past = editions.filter(|edition| !survey.steps.contains_key(&edition.number));
    past.filter_map(|edition| {
        Some((edition.number, ladder::steps(survey.context.assessor.system(), edition.deadline?, hours)))
    })
    .collect()
}

fn copied_to(survey: &Survey<'_>, copies: &[CopyTo], named: &[NamedPart]) -> Vec<(Addressee, Vec<PartId>)> {
    let system = survey.context.assessor.system();
    let mut shares: Vec<(Addressee, Vec<PartId>)> = Vec::new();
    for copy in copies {
        match copy {
            CopyTo::Gsuas => shares.push((Addressee::Gsuas, named.iter().map(|n| n.part.clone()).collect())),
            CopyTo::Gerencia => {
                for NamedPart { part, .. } in named {
                    for id in survey.context.world.calendar.gerencias_of(system, part) {
                        let to = Addressee::Gerencia(id.clone());
                        match shares.iter_mut().find(|(t, _)| *t == to) {
                            Some((_, own)) => own.push(part.clone()),
                            None => shares.push((to, vec![part.clone()])),
                        }
                    }
                }
            }
        }
    }
    shares
}
