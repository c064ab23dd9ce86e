//! What should have gone out, held against what did: rules that each letter must keep, asked of the journal's own account of
//! it and of nothing that the plan remembers. Pure.
//!
//! The plan is made anew elsewhere, over a ledger that was worked out from the journal alone; what it still wants to do right
//! after a pass that found nothing more is a divergence too ([`unrecorded`]).

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::{Act, Decision};
use crate::domain::id::{EmailAddress, MunicipalityCode, PartId, WindowId};
use crate::domain::notice::{Addressee, Kind, NoticeKey, Slot, StaffSlot};
use crate::domain::roster::{Offices, Roster};
use crate::domain::time::Zone;

/// A letter as the journal tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldLetter {
    pub key: NoticeKey,
    pub kind: Kind,
    /// Its place among the notice's letters.
    pub version: u16,
    /// When it was recorded, or let go again while it had reached nobody: the day that it is a letter of.
    pub recorded_at: Timestamp,
    /// Whether it was recorded after the last audit.
    pub is_new: bool,
    /// Until when it might leave; none: for ever.
    pub valid_until: Option<Timestamp>,
    pub parts: Vec<PartId>,
    /// Those that an accepted row said to be *pendente*, as quoted, and not yet too old, when it was decided.
    pub quoted: Vec<PartId>,
    /// When the last of its addresses took it or may have: the beginning of that address's first such attempt.
    pub left_at: Option<Timestamp>,
    /// Whether an address took it, or may have, for the first time after the last audit.
    pub has_left_since: bool,
}

/// A letter's address, as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenTo {
    pub key: NoticeKey,
    pub address: EmailAddress,
    pub recorded_at: Timestamp,
}

/// What is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Divergence {
    /// The plan, made anew, would do this, and no entry says that it was done.
    Unrecorded { key: NoticeKey, act: Act, due_at: Timestamp },
    /// A prazo names a part that no accepted row, young enough, said to be *pendente*.
    Accuses { key: NoticeKey, part: PartId },
    /// It left after its validity.
    Late { key: NoticeKey, left_at: Timestamp },
    /// A second letter of one day in one window to one municipality.
    Second {
        key: NoticeKey,
        /// The other.
        first: NoticeKey,
        on: Date,
    },
    /// It is addressed to somebody who is not of whom it is for.
    Stranger { key: NoticeKey },
}

/// An attempt begins with what was valid a moment ago.
const LATE: SignedDuration = SignedDuration::from_mins(5);

/// What a plan would do that was due by now.
pub fn unrecorded(actions: &[Decision]) -> Vec<Divergence> {
    let wanted = actions.iter().map(|decision| Divergence::Unrecorded {
        key: decision.key().clone(),
        act: decision.act(),
        due_at: decision.due_at(),
    });
    wanted.collect()
}

/// The letters that broke a rule since the last audit: by what they say when they were recorded, by when they left when they
/// did. All that ever were are asked for, the oldest first: one that left today may be the second of a day long judged.
pub fn broken_rules(letters: &[ToldLetter], zone: &Zone) -> Vec<Divergence> {
    let mut found = Vec::new();
    let mut days: BTreeMap<(WindowId, MunicipalityCode, Date), &ToldLetter> = BTreeMap::new();
    for letter in letters {
        if letter.kind == Kind::Warning && letter.is_new {
            let unsaid = letter.parts.iter().filter(|part| !letter.quoted.contains(part));
            found.extend(
                unsaid.map(|part| Divergence::Accuses { key: letter.key.clone(), part: part.clone() }),
            );
        }
        let Some(left_at) = letter.left_at else { continue };
        let is_late = letter.valid_until.is_some_and(|until| left_at.duration_since(until) > LATE);
        if is_late && letter.has_left_since {
            found.push(Divergence::Late { key: letter.key.clone(), left_at });
        }
        let NoticeKey::Municipal { window, slot, municipality } = &letter.key else { continue };
        if matches!(slot, Slot::Announcement | Slot::Extension { .. } | Slot::Rung { .. }) {
            let on = zone.date_of(letter.recorded_at);
            let first = *days.entry((window.clone(), *municipality, on)).or_insert(letter);
            if first.key != letter.key && (first.has_left_since || letter.has_left_since) {
                found.push(Divergence::Second { key: letter.key.clone(), first: first.key.clone(), on });
            }
        }
    }
    found
}

/// The letters that are addressed to somebody who is not of whom they are for, as the roster has it.
pub fn strangers(written: &[WrittenTo], roster: &Roster) -> Vec<Divergence> {
    let is_known = |letter: &WrittenTo| match &letter.key {
        NoticeKey::Municipal { municipality, .. } => roster.is_address_of(*municipality, &letter.address),
        NoticeKey::Staff { slot, .. } => is_office(&roster.offices, slot, &letter.address),
        NoticeKey::Service { .. } => roster.offices.alert_addresses().contains(&letter.address),
    };
    let strange = written.iter().filter(|letter| !is_known(letter));
    strange.map(|letter| Divergence::Stranger { key: letter.key.clone() }).collect()
}

fn is_office(offices: &Offices, slot: &StaffSlot, address: &EmailAddress) -> bool {
    match slot.addressee() {
        None => offices.alert_addresses().contains(address),
        Some(Addressee::Gsuas) => offices.gsuas.addresses.contains(address),
        Some(Addressee::Gerencia(id)) => {
            offices.gerencias.get(id).is_some_and(|office| office.addresses.contains(address))
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn letter(key: &str, kind: Kind, at: &str) -> ToldLetter {
        let at: Timestamp = at.parse().unwrap();
        ToldLetter {
            key: NoticeKey::parse(key).unwrap(),
            kind,
            version: 1,
            recorded_at: at,
            is_new: true,
            valid_until: Some(at + SignedDuration::from_hours(24)),
            parts: vec![PartId::parse("CRAS").unwrap()],
            quoted: vec![PartId::parse("CRAS").unwrap()],
            left_at: Some(at),
            has_left_since: true,
        }
    }

    #[test]
    fn each_rule_that_is_broken_is_found_and_a_letter_that_keeps_them_is_not() {
        let zone = Zone::new(TimeZone::UTC);
        let fine = letter("rma/2026-11@1/prazo-5d/3205309", Kind::Warning, "2026-12-10T12:00:00Z");
        let other_day = letter("rma/2026-11@1/prazo-2d/3205309", Kind::Warning, "2026-12-13T12:00:00Z");
        let told = letter("rma/2026-11/divulgacao/3205309", Kind::Announcement, "2026-11-01T12:00:00Z");
        assert_eq!(broken_rules(&[told.clone(), fine.clone(), other_day.clone()], &zone), []);
        let unsaid = ToldLetter { quoted: Vec::new(), ..fine.clone() };
        assert!(matches!(broken_rules(&[unsaid], &zone)[..], [Divergence::Accuses { .. }]));
        let late = ToldLetter { left_at: other_day.left_at, ..fine.clone() };
        assert!(matches!(broken_rules(&[late], &zone)[..], [Divergence::Late { .. }]));
        let second = ToldLetter { recorded_at: fine.recorded_at, ..other_day };
        let found = broken_rules(&[fine.clone(), second.clone()], &zone);
        assert!(matches!(&found[..], [Divergence::Second { first, .. }] if *first == fine.key), "{found:?}");
        let never_left = ToldLetter { left_at: None, ..second };
        assert_eq!(broken_rules(&[fine, never_left], &zone), [], "one taken back before it left is none");
    }

    #[test]
    fn a_letter_is_judged_by_its_words_when_it_is_recorded_and_by_its_time_when_it_leaves() {
        let zone = Zone::new(TimeZone::UTC);
        let old = |letter: ToldLetter| ToldLetter { is_new: false, has_left_since: false, ..letter };
        let first = letter("rma/2026-11@1/prazo-5d/3205309", Kind::Warning, "2026-12-10T12:00:00Z");
        let mut second = letter("rma/2026-11@1/prazo-2d/3205309", Kind::Warning, "2026-12-10T18:00:00Z");
        second.quoted.clear();
        second.left_at = Some("2026-12-13T12:00:00Z".parse().unwrap());
        let all = |letters: &[ToldLetter]| {
            let kinds = broken_rules(letters, &zone).into_iter().map(|found| match found {
                Divergence::Accuses { .. } => "accuses",
                Divergence::Late { .. } => "late",
                Divergence::Second { .. } => "second",
                other @ (Divergence::Unrecorded { .. } | Divergence::Stranger { .. }) => panic!("{other:?}"),
            });
            kinds.collect::<Vec<_>>()
        };
        assert_eq!(all(&[first.clone(), second.clone()]), ["accuses", "late", "second"]);
        // An audit between its being recorded and its leaving.
        let waits = ToldLetter { left_at: None, has_left_since: false, ..second.clone() };
        assert_eq!(all(&[first.clone(), waits]), ["accuses"]);
        let leaves = ToldLetter { is_new: false, ..second.clone() };
        assert_eq!(all(&[old(first.clone()), leaves]), ["late", "second"], "with its twin of long ago");
        assert_eq!(all(&[ToldLetter { is_new: false, ..first.clone() }, old(second.clone())]), ["second"]);
        assert_eq!(all(&[old(first), old(second)]), [""; 0], "each is told once");
    }
}
