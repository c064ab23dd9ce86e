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

/// What is to be told to each, of the letters that are in no resumo to them; or what the resumos recorded at an instant tell.
fn copies(survey: &Survey<'_>, of: Option<Timestamp>) -> BTreeMap<Addressee, Due> {
    let resumos = resumos(survey);
    let mut copies: BTreeMap<Addressee, Due> = BTreeMap::new();
    let zone = &survey.context.world.calendar.hours.zone;
    let mut add = |municipality, letter: &NoticeRecord| {
        let Slot::Rung { edition, days_before } = letter.slot else { return };
        for CopyRequest { to, parts } in &letter.copies {
            let known = resumos.get(to).map_or(&[][..], Vec::as_slice);
            let holding = that_hold(known, letter.recorded_at);
            let belongs = match of {
                None => !holding.iter().any(|resumo| resumo.is_told),
                Some(of) => holding.iter().any(|resumo| resumo.at == of),
            };
            if !belongs {
                continue;
            }
            let last = known.iter().rfind(|resumo| resumo.is_told);
            let due = copies.entry(to.clone()).or_insert_with(|| Due {
                edition,
                told_on: last.map(|resumo| resumo.on),
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

/// A resumo that was recorded.
struct Resumo {
    on: Date,
    at: Timestamp,
    /// Whether it was told, or is being told: what one that was taken back was to tell belongs in the next.
    is_told: bool,
    /// When it was recorded, or taken back since.
    decided_at: Timestamp,
}

/// The resumos to each, whatever their edition, the first first.
fn resumos<'a>(survey: &Survey<'a>) -> BTreeMap<&'a Addressee, Vec<Resumo>> {
    let mut resumos: BTreeMap<&Addressee, Vec<Resumo>> = BTreeMap::new();
    for (slot, record) in survey.ledger.into_iter().flat_map(WindowLedger::staff_records) {
        if let StaffSlot::Digest { to, on, .. } = slot {
            let (at, is_told, decided_at) = (record.told_at, record.is_told(), record.recorded_at);
            resumos.entry(to).or_default().push(Resumo { on: *on, at, is_told, decided_at });
        }
    }
    for known in resumos.values_mut() {
        known.sort_by_key(|resumo| resumo.at);
    }
    resumos
}

/// Those of the resumos to one addressee that hold a letter recorded then: the first after it, and where that was taken back,
/// the first that was written since.
fn that_hold(resumos: &[Resumo], recorded_at: Timestamp) -> Vec<&Resumo> {
    let mut holding: Vec<&Resumo> = Vec::new();
    for resumo in resumos.iter().filter(|resumo| recorded_at <= resumo.at) {
        if !holding.iter().any(|earlier| earlier.is_told || earlier.decided_at > resumo.at) {
            holding.push(resumo);
        }
    }
    holding
}
