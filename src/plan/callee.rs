//! Whom staff should telephone in a window, and why. Pure.

use jiff::Timestamp;

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
    let records = survey.ledger.map_or(&[][..], |ledger| ledger.of(municipality.code));
    let warnings = records.iter().filter(|record| record.kind == Kind::Warning);
    let records = || records.iter().filter(|record| record.edition == track.edition);
    let over_at = track.ends_at.filter(|at| survey.context.moment.reached(*at));
    let over = over_at.map(|at| CallReason::Decided(Reason::DeadlinePassed { at }));
    let mut because = Vec::new();
    if !owes.is_empty() {
        let pending = |part: &PartId| parts(State::Pending).find(|line| line.part == *part);
        because = warned(warnings, line, pending, post);
        let warns =
            |r: &_| matches!(r, CallReason::Warned { letters: 1.., .. } | CallReason::Rehearsed { .. });
        if !because.iter().any(warns) {
            because.extend(over.clone());
        }
    }
    let of_address = |reason: &CallReason| matches!(reason, CallReason::Undelivered { .. });
    let failed = records().filter_map(|record| {
        let own = |letter: &&LetterLine| letter.key.slot() == Some(record.slot) && letter.kind == record.kind;
        let written = line.letters.iter().find(own);
        failure(record, written.map_or(&[][..], |letter| &letter.deliveries))
    });
    because.extend(failed.filter(|reason| !is_halted || of_address(reason)));
    let by_outage =
        |r: &&NoticeRecord| matches!(r.standing, Standing::Superseded { by } if by.is_outage() && !is_halted);
    let missed = || records().filter(by_outage);
    because.extend(missed().map(|record| record.recorded_at).max().map(|until| {
        let mut rungs: Vec<u16> = missed().filter_map(|record| record.slot.rung()).collect();
        rungs.sort_unstable_by(|one, other| other.cmp(one));
        CallReason::Missed { rungs, until }
    }));
    let needs_a_person = |cause: Cause| match cause.as_str() {
        "sem-contato" => true,
        "nao-confirmado" => !is_halted,
        _ => false,
    };
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
    let addresses = || municipality.contacts.iter().flat_map(|c| c.addresses.iter().map(|a| (&c.role, a)));
    let refused = municipality.contacts.iter().filter_map(|c| Some((c, c.addresses.iter().find_map(rests)?)));
    let unconfirmed: Vec<_> = parts(State::Unconfirmed).map(|p| p.part.clone()).collect();
    // Of a window that is over nothing leaves any more: there an address alone is no reason, and whoever no letter reached
    // is asked what nobody knows.
    if over.is_some() && because.iter().all(of_address) {
        because.splice(0..0, over.clone().filter(|_| !because.is_empty() && !unconfirmed.is_empty()));
    }
    if over.is_none() || !because.is_empty() {
        because.extend(refused.map(|(c, refusal)| {
            CallReason::Decided(Reason::AddressFlagged { role: c.role.clone(), refusal })
        }));
    }
    if because.is_empty() {
        return None;
    }
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
        unreachable: !addresses().any(|(_, address)| rests(address).is_none()),
        resting: {
            let resting = addresses().filter(|(_, address)| rests(address).is_some());
            resting.map(|(role, a)| Recipient { role: role.clone(), address: a.clone() }).collect()
        },
        tried: {
            let window = &survey.context.assessor.window().id;
            let notes = survey.context.world.overrides.notes.iter();
            notes.filter(|n| n.municipality == municipality.code && n.window == *window).cloned().collect()
        },
    })
}

/// What the warnings that left said of what is owed now, where any left: one about other parts or units warned of none of
/// it, and one of which nobody knows whether it was taken warned nobody for sure.
fn warned<'l>(
    warnings: impl Iterator<Item = &'l NoticeRecord>,
    line: &MunicipalityLine,
    owed: impl Fn(&PartId) -> Option<&'l PartLine>,
    post: &Post,
) -> Vec<CallReason> {
    let sent: Vec<_> = warnings.filter_map(|record| Some((record, record.standing.sent_at()?))).collect();
    if post.is_rehearsal() {
        let letters = Some(sent.len()).filter(|letters| *letters > 0);
        return letters.map(|letters| CallReason::Rehearsed { letters }).into_iter().collect();
    }
    // Under whichever edition: one that brings a deadline back does not warn again.
    let said = Some(Told::from(line.deadline));
    let in_force =
        |(record, _): &&(&NoticeRecord, Timestamp)| record.edition == line.edition || record.told == said;
    let is_uncertain = |(record, _): &(&NoticeRecord, Timestamp)| {
        let own = |l: &&LetterLine| l.key.slot() == Some(record.slot) && l.kind == record.kind;
        line.letters.iter().find(own).is_some_and(|letter| letter.state == LetterState::Uncertain)
    };
    let about = |(record, _): &(&NoticeRecord, Timestamp)| {
        record.parts.iter().any(|named| {
            owed(&named.part).is_some_and(|line| {
                named.units.is_empty()
                    || line.units.is_empty()
                    || named.units.iter().any(|unit| line.units.contains(unit))
            })
        })
    };
    let (about, mut other): (Vec<_>, Vec<_>) = sent.into_iter().partition(about);
    other.retain(|letter| in_force(&letter) && !is_uncertain(letter) && about.is_empty());
    let (unsure, sure): (Vec<_>, Vec<_>) = about.into_iter().partition(is_uncertain);
    let span = |of: &[(&NoticeRecord, Timestamp)]| {
        let at = of.iter().map(|(_, at)| *at);
        at.clone().min().zip(at.max())
    };
    let letters = sure.iter().filter(in_force).count();
    let earlier = sure.len() - letters;
    let warned = |(first_at, last_at)| CallReason::Warned { letters, earlier, first_at, last_at };
    let perhaps = |(_, last_at)| CallReason::PerhapsWarned { letters: unsure.len(), last_at };
    let of_other = |(_, last_at)| CallReason::WarnedOfOther { letters: other.len(), last_at };
    let all = [span(&sure).map(warned), span(&unsure).map(perhaps), span(&other).map(of_other)];
    all.into_iter().flatten().collect()
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
    let undelivered = Some(CallReason::Undelivered { kind, rung });
    match record.standing {
        Standing::Failed => undelivered,
        Standing::Expired { .. } if deliveries.iter().any(tried) => undelivered,
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
