//! The letters that were written of a notice, and where each stands. Pure.

use std::collections::BTreeMap;

use super::decision::{Closed, End};
use super::ledger::{NoticeRecord, Standing};
use super::post::{DeliveryFact, LetterState, Post};
use super::summary::LetterLine;
use crate::domain::notice::{Kind, NoticeKey};
use crate::domain::reason::Reason;

/// The letters of a notice with where each stands: one for each sort that it was written as, for a reminder that left does not
/// become the warning that was decided since. None for a notice that never was to be one.
pub(super) fn letters(
    record: &NoticeRecord,
    key: &NoticeKey,
    post: &Post,
    ended: Option<&Closed>,
) -> Vec<LetterLine> {
    let facts = post.of(key);
    // What was written of it here is not what left.
    if !record.left_elsewhere() && facts.iter().all(|fact| fact.kind.is_none_or(|kind| kind == record.kind)) {
        return own_letter(record, key, facts.to_vec(), ended).into_iter().collect();
    }
    let mut written: BTreeMap<Kind, Vec<DeliveryFact>> = BTreeMap::new();
    for fact in facts {
        written.entry(fact.kind.unwrap_or(record.kind)).or_default().push(fact.clone());
    }
    let own = if record.left_elsewhere() { None } else { written.remove(&record.kind) }.unwrap_or_default();
    let is_own =
        !own.is_empty() || record.left_elsewhere() || matches!(record.standing, Standing::Expired { .. });
    let mut lines: Vec<LetterLine> = written
        .into_iter()
        .filter_map(|(kind, deliveries)| {
            let state = deliveries.iter().map(|fact| fact.state).min()?;
            Some(letter_line(record, kind, state, (None, deliveries), key))
        })
        .collect();
    if is_own {
        lines.extend(own_letter(record, key, own, ended));
    }
    lines
}

/// The letter of the sort that a notice was decided to be last; none for one that never was to leave.
fn own_letter(
    record: &NoticeRecord,
    key: &NoticeKey,
    deliveries: Vec<DeliveryFact>,
    ended: Option<&Closed>,
) -> Option<LetterLine> {
    let of_ledger = match record.standing {
        Standing::Sent { .. } => LetterState::Accepted,
        Standing::Queued => LetterState::Queued,
        Standing::Failed => LetterState::Refused,
        Standing::Expired { .. } => LetterState::Expired,
        Standing::Superseded { by } if by.is_outage() => LetterState::Missed,
        Standing::Withheld(_) if record.version.is_some() => LetterState::Held,
        Standing::Withdrawn | Standing::Superseded { .. } if record.version.is_some() => {
            LetterState::Withdrawn
        }
        Standing::Withheld(_) | Standing::Withdrawn | Standing::Superseded { .. } => return None,
    };
    let mut state = deliveries.iter().map(|fact| fact.state).min().unwrap_or(of_ledger);
    if ended.is_some_and(|closed| closed.end == End::Expired) && !state.has_left() {
        state = LetterState::Expired;
    }
    let because = match record.standing {
        Standing::Expired { at, held_by } => Some(Reason::ValidityOver { at, withheld: held_by }),
        Standing::Withheld(_)
        | Standing::Queued
        | Standing::Sent { .. }
        | Standing::Failed
        | Standing::Withdrawn
        | Standing::Superseded { .. } => {
            ended.map(|closed| closed.because.clone()).filter(|_| !state.has_left())
        }
    };
    Some(letter_line(record, record.kind, state, (because, deliveries), key))
}

/// When it left is what its deliveries say, for they know it also of what came back since.
fn letter_line(
    record: &NoticeRecord,
    kind: Kind,
    state: LetterState,
    (because, deliveries): (Option<Reason>, Vec<DeliveryFact>),
    key: &NoticeKey,
) -> LetterLine {
    let left_at = deliveries.iter().filter_map(|fact| fact.left_at).min();
    LetterLine {
        kind,
        elsewhere: record.left_elsewhere() && deliveries.is_empty(),
        edition: record.edition,
        rung: record.slot.rung(),
        state,
        left_at: left_at.or_else(|| record.standing.sent_at()).filter(|_| state.has_left()),
        decided_at: deliveries.iter().filter_map(|fact| fact.recorded_at).max().unwrap_or(record.recorded_at),
        because,
        deliveries,
        key: key.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::domain::id::{EmailAddress, MunicipalityCode, WindowId};
    use crate::domain::notice::Slot;
    use crate::domain::reason::Cause;
    use crate::domain::roster::Role;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    /// A warning that was decided in the tenth minute, as it stands.
    fn warning(standing: Standing) -> (NoticeRecord, NoticeKey) {
        let slot = Slot::Rung { edition: 1, days_before: 5 };
        let record = NoticeRecord {
            slot,
            kind: Kind::Warning,
            edition: 1,
            told: None,
            version: Some(NonZeroU16::MIN),
            due_at: at(0),
            recorded_at: at(10),
            parts: Vec::new(),
            copies: Vec::new(),
            standing,
        };
        let (window, municipality) = ("rma/2026-10", "3205309");
        let key = NoticeKey::Municipal {
            window: WindowId::parse(window).unwrap(),
            slot,
            municipality: MunicipalityCode::parse(municipality).unwrap(),
        };
        (record, key)
    }

    fn fact(version: u16, kind: Kind, state: LetterState) -> DeliveryFact {
        DeliveryFact {
            version,
            kind: Some(kind),
            recorded_at: (!state.has_left()).then(|| at(1)),
            left_at: state.has_left().then(|| at(2)),
            role: Role::Smas,
            address: EmailAddress::parse("smas@vitoria.invalid").unwrap(),
            state,
            at: at(3),
        }
    }

    /// Sort, state, when it left, when it was recorded.
    fn told(
        standing: Standing,
        facts: &[DeliveryFact],
    ) -> Vec<(Kind, LetterState, Option<Timestamp>, Timestamp)> {
        let (record, key) = warning(standing);
        let mut post = Post::default();
        for fact in facts {
            post.put(key.clone(), fact.clone());
        }
        let lines = letters(&record, &key, &post, None);
        lines.iter().map(|line| (line.kind, line.state, line.left_at, line.decided_at)).collect()
    }

    const HELD: Standing = Standing::Withheld(Cause::VALIDITY);
    const OVER: Standing = Standing::Expired { at: Timestamp::UNIX_EPOCH, held_by: None };

    #[test]
    fn a_reminder_that_left_is_no_warning_though_that_was_decided_since() {
        let came_back = fact(1, Kind::Reminder, LetterState::Bounced);
        let reminder = (Kind::Reminder, LetterState::Bounced, Some(at(2)), at(10));
        assert_eq!(told(HELD, std::slice::from_ref(&came_back)), [reminder], "no warning was ever written");
        let never = (Kind::Warning, LetterState::Expired, None, at(10));
        assert_eq!(told(OVER, &[came_back]), [reminder, never], "and the warning never left");
        let (first, second) =
            (fact(1, Kind::Reminder, LetterState::Withdrawn), fact(2, Kind::Warning, LetterState::Accepted));
        let lines =
            told(Standing::Sent { at: at(2), rest: crate::plan::ledger::Rest::Nothing }, &[first, second]);
        let taken_back = (Kind::Reminder, LetterState::Withdrawn, None, at(1));
        assert_eq!(lines, [taken_back, (Kind::Warning, LetterState::Accepted, Some(at(2)), at(10))]);
    }

    #[test]
    fn a_letter_left_when_it_left_and_not_when_something_else_was_decided() {
        let came_back = fact(1, Kind::Warning, LetterState::Bounced);
        for standing in [HELD, OVER, Standing::Failed] {
            let line = (Kind::Warning, LetterState::Bounced, Some(at(2)), at(10));
            assert_eq!(told(standing, std::slice::from_ref(&came_back)), [line], "{standing:?}");
        }
        let refused = fact(1, Kind::Warning, LetterState::Refused);
        assert_eq!(told(HELD, &[refused]), [(Kind::Warning, LetterState::Refused, None, at(1))]);
    }
}
