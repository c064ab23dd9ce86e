//! The ledger as the plan sees it, and its letters as the self-audit judges them, from what the journal tells of
//! notices. Pure.

use std::num::NonZeroU16;

use jiff::Timestamp;

use super::delivery::Delivery;
use super::letter::{Notice, Notices, Whole};
use crate::database::cell::parse_told;
use crate::domain::delivery::DeliveryState;
use crate::domain::journal::Act;
use crate::domain::notice::{Kind, NoticeKey, Slot};
use crate::domain::reason::Cause;
use crate::plan::audit::ToldLetter;
use crate::plan::ledger::{Ledger, NoticeRecord, Rest, StaffRecord, Standing};
use crate::store::notice;

impl Notices {
    /// Puts every notice into a ledger as the plan sees it. What has no name that can be read was named by the comparison.
    pub(super) fn fill(&self, ledger: &mut Ledger) {
        for (key, notice) in &self.by_key {
            match NoticeKey::parse(key) {
                Some(NoticeKey::Municipal { window, slot, municipality }) => {
                    if let Some(record) = self.record(key, slot, notice) {
                        ledger.put(&window, municipality, record);
                    }
                }
                Some(staff) => {
                    if let Some(record) = self.staff_record(key, notice) {
                        ledger.put_staff(staff, record);
                    }
                }
                None => {}
            }
        }
    }

    fn of(&self, key: &str) -> impl Iterator<Item = &Delivery> {
        self.of_notice.get(key).into_iter().flatten().filter_map(|id| self.deliveries.get(id))
    }

    fn record(&self, key: &str, slot: Slot, notice: &Notice) -> Option<NoticeRecord> {
        let Whole { recorded_at, told } = notice.whole.as_ref()?;
        let standing = self.standing(key, notice)?;
        Some(NoticeRecord {
            slot,
            kind: told.kind.map_or(Kind::Alert, |kind| *kind),
            edition: told.edition.unwrap_or(1),
            told: told.told.as_deref().and_then(parse_told),
            version: NonZeroU16::new(told.version),
            due_at: *told.due_at,
            recorded_at: instant(*recorded_at)?,
            parts: notice::parse_parts(&told.parts.join("\n"))?,
            copies: notice::parse_copies(&told.copies.join("\n"))?,
            standing,
        })
    }

    fn staff_record(&self, key: &str, notice: &Notice) -> Option<StaffRecord> {
        let Whole { recorded_at, told } = notice.whole.as_ref()?;
        let told_at = instant(notice.queued_at?)?;
        let published = Standing::Sent { at: told_at, rest: Rest::Nothing };
        Some(StaffRecord {
            told_at,
            version: NonZeroU16::new(told.version)?,
            due_at: *told.due_at,
            recorded_at: instant(*recorded_at)?,
            standing: self.standing(key, notice).unwrap_or(published),
        })
    }

    /// Where a notice stands: what its deliveries came to, and otherwise the last decision. Nothing for a report.
    fn standing(&self, key: &str, notice: &Notice) -> Option<Standing> {
        let told = &notice.whole.as_ref()?.told;
        let reached_at = self.of(key).filter_map(|delivery| delivery.reached_at).min();
        let live = self.of(key).any(Delivery::is_live);
        let mut newest = self.of(key).filter(|delivery| delivery.version == told.version).peekable();
        let is_lost =
            |delivery: &Delivery| matches!(delivery.state, DeliveryState::Refused | DeliveryState::Bounced);
        let lost = newest.peek().is_some() && newest.all(is_lost);
        Some(match (reached_at, notice.act?) {
            (Some(at), act) => {
                let rest = match act {
                    _ if !live => Rest::Nothing,
                    Act::Withhold => Rest::Held(Cause::parse(&notice.cause)?),
                    Act::Send | Act::Withdraw | Act::Supersede | Act::Expire | Act::Publish => Rest::Waits,
                };
                Standing::Sent { at: instant(at)?, rest }
            }
            (None, Act::Send) if live => Standing::Queued,
            (None, Act::Send) => Standing::Failed,
            (None, Act::Withhold) if lost => Standing::Failed,
            (None, Act::Withhold) => Standing::Withheld(Cause::parse(&notice.cause)?),
            (None, Act::Withdraw) => Standing::Withdrawn,
            (None, Act::Supersede) => Standing::Superseded { by: Cause::parse(&notice.cause)? },
            (None, Act::Expire) => Standing::Expired {
                at: *told.valid_until?,
                held_by: Cause::parse(&notice.cause).filter(|cause| *cause != Cause::VALIDITY),
            },
            (None, Act::Publish) => return None,
        })
    }

    /// Puts every letter with those found before, and what of it is told by entries after that of this place; none where no
    /// letter of this part was recorded or left since: whatever rule they broke was told by the audit of then.
    pub(super) fn letters(&self, after: i64, found: &mut Vec<ToldLetter>) {
        let mut all = Vec::new();
        self.put_letters(after, &mut all);
        if all.iter().any(|letter| letter.is_new || letter.has_left_since) {
            found.append(&mut all);
        }
    }

    fn put_letters(&self, after: i64, found: &mut Vec<ToldLetter>) {
        for (key, notice) in &self.by_key {
            for (version, decided) in &notice.letters {
                let of_it = self.of(key).filter(|delivery| delivery.version == *version);
                let left: Vec<_> = of_it.filter_map(|delivery| delivery.left).collect();
                let left_at = left.iter().map(|(at, _)| *at).max();
                if let (Some(key), Some(recorded_at)) = (NoticeKey::parse(key), instant(decided.recorded_at))
                {
                    found.push(ToldLetter {
                        key,
                        kind: decided.kind,
                        version: *version,
                        recorded_at,
                        is_new: decided.seq > after,
                        valid_until: decided.valid_until,
                        parts: decided.parts.clone(),
                        quoted: decided.quoted.clone(),
                        left_at: left_at.and_then(instant),
                        has_left_since: left.iter().any(|(_, seq)| *seq > after),
                    });
                }
            }
        }
    }
}

fn instant(at: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(at).ok()
}
