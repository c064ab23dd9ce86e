//! What a letter that left from another ledger is in this one: a fact with its hour, and no text. Pure.
//!
//! Where something proves that it left, it counts as told from then on, whether its notice was ever decided here or not, and
//! is not decided any more: what would be written now is another letter. It named the date that was in force when it left.

use jiff::Timestamp;

use super::departed::Departed;
use super::edition::{Editions, Heard, Track, last_told};
use super::ledger::{Ledger, NoticeRecord, Rest, Standing};
use super::moment::Moment;
use crate::domain::calendar::{Calendar, Window};
use crate::domain::id::MunicipalityCode;
use crate::domain::journal::LeftProof;
use crate::domain::notice::{Kind, NoticeKey, Slot, Told};
use crate::domain::overrides::Overrides;

/// Puts in what left from another ledger and stands otherwise here, or not at all. What may only have left is decided here,
/// and waits.
pub fn count(ledger: &mut Ledger, calendar: &Calendar, windows: &[Window], overrides: &Overrides) {
    let mut left: Vec<(NoticeKey, Departed)> = ledger
        .left_elsewhere
        .iter()
        .filter(|(_, left)| left.is_proven())
        .map(|(key, left)| (key.clone(), *left))
        .collect();
    left.sort_by_key(|(_, left)| left.at);
    for (key, left) in left {
        let NoticeKey::Municipal { window, slot, municipality } = &key else { continue };
        let Some(found) = windows.iter().find(|known| known.id == *window) else { continue };
        let stands = |standing| matches!(standing, Standing::Sent { .. } | Standing::Queued);
        if ledger.notice(&key).is_some_and(|record| stands(record.standing)) {
            continue;
        }
        let then = then((calendar, overrides, ledger), found, *municipality, left);
        ledger.put(window, *municipality, record(found, *slot, &then, left));
    }
}

/// The edition of a municipality when a letter left from another ledger.
pub(super) fn then(
    (calendar, overrides, ledger): (&Calendar, &Overrides, &Ledger),
    window: &Window,
    municipality: MunicipalityCode,
    left: Departed,
) -> Track {
    let zone = &calendar.hours.zone;
    let at = written_at(left, ledger).max(zone.start_of(window.opens_on));
    let moment = Moment::new(at, &calendar.hours);
    let records = ledger.window(&window.id).map_or(&[][..], |known| known.of(municipality));
    let before: Vec<NoticeRecord> =
        records.iter().filter(|r| r.standing.sent_at().is_some_and(|sent| sent <= at)).cloned().collect();
    let own = last_told(&before).map(|(told, _)| told);
    let editions = Editions { moment: &moment, zone, ledger, overrides };
    editions.track(window, Some(municipality), Heard { own, others: own })
}

/// The earliest instant at which a letter that left can have been written, as far as anybody knows. A person knows that it
/// left, and not when: not before this ledger's last sign of life. So where the date moved in between, the correction goes
/// out, and nobody is left with the old one.
fn written_at(left: Departed, ledger: &Ledger) -> Timestamp {
    match left.proof {
        LeftProof::Log | LeftProof::Nothing => left.at,
        LeftProof::Person => {
            ledger.outage.map(|gap| gap.from).filter(|from| *from < left.at).unwrap_or(Timestamp::MIN)
        }
    }
}

fn record(window: &Window, slot: Slot, then: &Track, left: Departed) -> NoticeRecord {
    let edition = slot.edition().unwrap_or(then.edition);
    let told = match slot {
        Slot::Announcement => Some(Told::from(then.deadline)),
        Slot::Extension { .. } | Slot::Upheld { .. } | Slot::Rung { .. } => {
            window.edition(edition).map(|edition| Told::from(edition.deadline))
        }
        Slot::Suspension { .. } => None,
    };
    NoticeRecord {
        slot,
        kind: match slot {
            Slot::Announcement => Kind::Announcement,
            Slot::Extension { .. } => Kind::Extension,
            Slot::Suspension { .. } | Slot::Upheld { .. } => Kind::Suspension,
            // Or a prazo: nobody knows, and a lembrete accuses nobody.
            Slot::Rung { .. } => Kind::Reminder,
        },
        edition,
        told,
        version: None,
        due_at: left.at,
        recorded_at: left.at,
        parts: Vec::new(),
        copies: Vec::new(),
        standing: Standing::Sent { at: left.at, rest: Rest::Nothing },
    }
}
