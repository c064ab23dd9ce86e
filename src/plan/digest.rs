//! Resumos: what gerências and GSUAS are told of the letters of rungs with `copia`. Pure.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;

use super::audience;
use super::ladder::{self, Step};
use super::survey::Survey;
use crate::domain::calendar::CopyTo;
use crate::domain::id::PartId;
use crate::domain::notice::{Addressee, Content, DigestLine, NoticeKey, Slot, StaffSlot};
use crate::domain::reason::Reason;
use crate::plan::decision::Decision;
use crate::plan::draft::PlanDraft;
use crate::plan::ledger::{NamedPart, Record, Standing, WindowLedger};

/// One resumo per gerência (or GSUAS), window and day, of the letters of rungs with `copia` since the last one.
pub(super) fn digests(survey: &Survey<'_>, draft: &mut PlanDraft) {
    if survey.context.assessor.system().ladder.iter().all(|rung| rung.copies.is_empty()) {
        return;
    }
    let past = past_steps(survey);
    let mut lines: BTreeMap<(Addressee, u16), Vec<DigestLine>> = BTreeMap::new();
    let last_to = |to: &Addressee| {
        let slots = survey.ledger.into_iter().flat_map(WindowLedger::staff_slots);
        slots
            .filter(|(slot, _)| matches!(slot, StaffSlot::Digest { to: t, .. } if t == to))
            .map(|(_, at)| at)
            .max()
    };
    let mut add = |municipality, letter: &Record, recorded: Option<Timestamp>| {
        let Slot::Rung { edition, days_before } = letter.slot else { return };
        let steps = survey.steps.get(&edition).or_else(|| past.get(&edition)).map_or(&[][..], Vec::as_slice);
        let Some(step) = steps.iter().find(|s| s.days_before == days_before) else { return };
        for (to, parts) in copied_to(survey, &step.copies, &letter.parts) {
            if recorded.is_none_or(|at| last_to(&to).is_none_or(|last| at > last)) {
                let line = DigestLine { municipality, kind: letter.kind, days_before, parts };
                lines.entry((to, edition)).or_default().push(line);
            }
        }
    };
    for (municipality, records) in survey.ledger.into_iter().flat_map(WindowLedger::municipalities) {
        for record in
            records.iter().filter(|r| matches!(r.standing, Standing::Sent { .. } | Standing::Queued))
        {
            add(municipality, record, Some(record.recorded_at));
        }
    }
    let id = &survey.context.assessor.window().id;
    for decision in &draft.actions {
        if let Decision::Send(sending) = decision
            && let NoticeKey::Municipal { window, municipality, .. } = &sending.notice.key
            && window == id
            && let Some(record) = sending.record(Standing::Queued, sending.notice.due_at)
        {
            add(*municipality, &record, None);
        }
    }
    if lines.is_empty() || !survey.context.moment.is_sending() {
        return;
    }
    let on = survey.context.moment.today();
    for ((to, edition), mut lines) in lines {
        let slot = StaffSlot::Digest { edition, to: to.clone(), on };
        if survey.is_recorded(&slot) {
            continue;
        }
        lines.sort_by_key(|line| (line.municipality, Reverse(line.days_before)));
        let recipients = audience::office(&survey.context.world.roster.offices, &to);
        let deadline = survey.context.assessor.window().edition(edition).and_then(|e| e.deadline);
        let because = Reason::CopiesDue { letters: lines.len() };
        let content = Content::Digest { to, deadline, lines };
        let due_at = survey.context.moment.stamp();
        draft.tell(survey.notice_to_staff(slot, recipients, due_at, content), because);
    }
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
