//! Whom staff should telephone in a window, and why. Pure.

use super::edition::HaltState;
use super::post::{DeliveryFact, LetterState, Post};
use super::summary::{CallLine, CallReason, LetterLine, MunicipalityLine, PartLine};
use super::survey::Survey;
use crate::domain::calendar::Respondent;
use crate::domain::id::{EmailAddress, PartId};
use crate::domain::notice::{Kind, Recipient, Told};
use crate::domain::reason::{Cause, Reason};
use crate::domain::roster::{Contact, Municipality, Role};
use crate::domain::status::State;
use crate::plan::ledger::{NoticeRecord, Standing};

/// Whether a person must telephone: it owes though it was warned or the deadline passed, or a letter did not leave or
/// arrive. In a window that is stopped nobody owes anything: there an address that takes no letter is the only reason.
pub(super) fn call(
    municipality: &Municipality,
    line: &MunicipalityLine,
    survey: &Survey<'_>,
    post: &Post,
) -> Option<CallLine> {
    if matches!(line.state, State::Done | State::NotApplicable) {
        return None;
    }
    let track = survey.track(municipality.code);
    let is_halted = matches!(track.halt, HaltState::Halted { .. });
    let parts = |state| line.parts.iter().filter(move |p| p.state == state && !is_halted);
    let owes: Vec<_> = parts(State::Pending).map(|p| p.part.clone()).collect();
    let all = survey.ledger.map_or(&[][..], |ledger| ledger.of(municipality.code));
    let records = || all.iter().filter(|record| record.edition == track.edition);
    let mut because = Vec::new();
    if !owes.is_empty() {
        // Under whichever edition: one that brings a deadline back does not warn again.
        let said = Some(Told::from(track.deadline));
        let warnings = all.iter().filter(|record| record.edition == track.edition || record.told == said);
        let warnings: Vec<_> = warnings.filter(|record| record.kind == Kind::Warning).collect();
        let warned = warned(&warnings, |part| parts(State::Pending).find(|line| line.part == *part), post);
        let is_warned = matches!(warned, Some(CallReason::Warned { .. } | CallReason::Rehearsed { .. }));
        because.extend(warned);
        if let Some(at) = track.ends_at.filter(|at| !is_warned && survey.context.moment.reached(*at)) {
            because.push(CallReason::Decided(Reason::DeadlinePassed { at }));
        }
    }
    let of_address = |reason: &CallReason| matches!(reason, CallReason::Undelivered { .. });
    let failed = records().filter_map(|record| {
        let own = |letter: &&LetterLine| letter.key.slot() == Some(record.slot) && letter.kind == record.kind;
        let written = line.letters.iter().find(own);
        failure(record, written.map_or(&[][..], |letter| &letter.deliveries))
    });
    because.extend(failed.filter(|reason| !is_halted || of_address(reason)));
    let needs_a_person = |cause: Cause| match cause.as_str() {
        "sem-contato" => true,
        "nao-confirmado" => !is_halted,
        _ => false,
    };
    let by_outage =
        |r: &&NoticeRecord| matches!(r.standing, Standing::Superseded { by } if by.is_outage() && !is_halted);
    let missed = || records().filter(by_outage);
    because.extend(missed().map(|record| record.recorded_at).max().map(|until| {
        let mut rungs: Vec<u16> = missed().filter_map(|record| record.slot.rung()).collect();
        rungs.sort_unstable_by(|one, other| other.cmp(one));
        CallReason::Missed { rungs, until }
    }));
    // The same keeps every rung back: it is said once.
    for held in line.withheld.iter().filter(|held| needs_a_person(held.because.cause())) {
        let reason = CallReason::Decided(held.because.clone());
        if !because.contains(&reason) {
            because.push(reason);
        }
    }
    let rests = |a: &EmailAddress| {
        let (refusal, until) = survey.context.world.ledger.flagged.get(a)?;
        (!survey.context.moment.reached(until)).then_some(refusal)
    };
    let refused = municipality.contacts.iter().filter_map(|c| Some((c, c.addresses.iter().find_map(rests)?)));
    because.extend(
        refused.map(|(c, refusal)| {
            CallReason::Decided(Reason::AddressFlagged { role: c.role.clone(), refusal })
        }),
    );
    if because.is_empty() {
        return None;
    }
    let unconfirmed: Vec<_> = parts(State::Unconfirmed).map(|p| p.part.clone()).collect();
    let contact = contact(municipality, survey, if owes.is_empty() { &unconfirmed } else { &owes });
    Some(CallLine {
        municipality: municipality.code,
        name: municipality.name.clone(),
        role: contact.map(|c| c.role.clone()),
        holder: contact.map(|c| c.holder.clone()).unwrap_or_default(),
        telephone: contact.map(|c| c.telephone.clone()).unwrap_or_default(),
        as_of: parts(State::Pending).filter_map(|p| p.as_of).min(),
        unconfirmed,
        owes,
        because,
        resting: {
            let all = municipality.contacts.iter().flat_map(|c| c.addresses.iter().map(|a| (&c.role, a)));
            let resting = all.filter(|(_, address)| rests(address).is_some());
            resting.map(|(role, a)| Recipient { role: role.clone(), address: a.clone() }).collect()
        },
        tried: {
            let window = &survey.context.assessor.window().id;
            let notes = survey.context.world.overrides.notes.iter();
            notes.filter(|n| n.municipality == municipality.code && n.window == *window).cloned().collect()
        },
    })
}

/// What the warnings that left said of what is owed now, where any left: one about other parts or units warned of none of it.
fn warned<'l>(
    warnings: &[&NoticeRecord],
    owed: impl Fn(&PartId) -> Option<&'l PartLine>,
    post: &Post,
) -> Option<CallReason> {
    let sent_at = |record: &NoticeRecord| record.standing.sent_at();
    let last_at = warnings.iter().filter_map(|record| sent_at(record)).max()?;
    let letters = warnings.iter().filter_map(|record| sent_at(record)).count();
    if post.is_rehearsal() {
        return Some(CallReason::Rehearsed { letters });
    }
    let about = |record: &&&NoticeRecord| {
        record.parts.iter().any(|named| {
            owed(&named.part).is_some_and(|line| {
                named.units.is_empty()
                    || line.units.is_empty()
                    || named.units.iter().any(|unit| line.units.contains(unit))
            })
        })
    };
    let sent: Vec<_> = warnings.iter().filter(about).filter_map(|record| sent_at(record)).collect();
    Some(match (sent.iter().min(), sent.iter().max()) {
        (Some(first_at), Some(last_at)) => {
            CallReason::Warned { letters: sent.len(), first_at: *first_at, last_at: *last_at }
        }
        _ => CallReason::WarnedOfOther { letters, last_at },
    })
}

/// Whom to telephone about some parts: the first who answers for one of them and has a telephone, else the secretariat,
/// which also answers for its units, else whoever has one; where nobody has, whose would be asked for first.
fn contact<'a>(municipality: &'a Municipality, survey: &Survey<'_>, about: &[PartId]) -> Option<&'a Contact> {
    let (window, calendar) = (survey.context.assessor.window(), survey.context.world.calendar);
    let declared = about.iter().filter_map(|part| calendar.parts.get(part));
    let answers = declared.map(|part| match window.respondent_of(part) {
        Respondent::Smas | Respondent::Unit => Role::Smas,
        Respondent::Cmas => Role::Cmas,
    });
    let first =
        answers.chain([Role::Smas]).filter_map(|role| municipality.contacts.iter().find(|c| c.role == role));
    let all: Vec<&Contact> = first.chain(&municipality.contacts).collect();
    all.iter().find(|c| !c.telephone.trim().is_empty()).or(all.first()).copied()
}

/// What kept a letter from being read, as the ledger has it and by what became of it at each address: one that came back was
/// not kept from leaving, whatever was decided since.
fn failure(record: &NoticeRecord, deliveries: &[DeliveryFact]) -> Option<CallReason> {
    let (kind, rung) = (record.kind, record.slot.rung());
    let tried = |fact: &DeliveryFact| {
        fact.kind == Some(kind) && matches!(fact.state, LetterState::Bounced | LetterState::Refused)
    };
    match record.standing {
        Standing::Expired { .. } if deliveries.iter().any(tried) => {
            Some(CallReason::Undelivered { kind, rung })
        }
        Standing::Failed => Some(CallReason::Undelivered { kind, rung }),
        Standing::Expired { at, held_by } => {
            let because = Reason::ValidityOver { at, withheld: held_by };
            Some(CallReason::Ended { kind, rung, because })
        }
        Standing::Withheld(_)
        | Standing::Queued
        | Standing::Sent { .. }
        | Standing::Withdrawn
        | Standing::Superseded { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::EmailAddress;
    use crate::domain::notice::Slot;
    use jiff::Timestamp;

    #[test]
    fn a_letter_that_came_back_is_not_said_never_to_have_left() {
        let at = Timestamp::UNIX_EPOCH;
        let record = NoticeRecord {
            slot: Slot::Rung { edition: 1, days_before: 5 },
            kind: Kind::Warning,
            edition: 1,
            told: None,
            version: None,
            due_at: at,
            recorded_at: at,
            parts: Vec::new(),
            copies: Vec::new(),
            standing: Standing::Expired { at, held_by: Some(Reason::NoContact.cause()) },
        };
        let fact = |kind, state| DeliveryFact {
            version: 1,
            kind: Some(kind),
            recorded_at: None,
            left_at: Some(at),
            role: Role::Smas,
            address: EmailAddress::parse("smas@vitoria.invalid").unwrap(),
            state,
            at,
        };
        let undelivered = |facts: &[DeliveryFact]| {
            matches!(failure(&record, facts), Some(CallReason::Undelivered { kind: Kind::Warning, .. }))
        };
        assert!(undelivered(&[fact(Kind::Warning, LetterState::Bounced)]));
        assert!(undelivered(&[fact(Kind::Warning, LetterState::Refused)]));
        assert!(!undelivered(&[]), "it never left");
        assert!(!undelivered(&[fact(Kind::Reminder, LetterState::Bounced)]), "that was another letter");
    }
}
