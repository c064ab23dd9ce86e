//! What becomes of a letter's other addresses once one of them took it. Pure.

use super::fate::leaves_at;
use super::{Fate, Pair, Ready, Wish};
use crate::domain::notice::{Content, Kind, Slot, Told};
use crate::domain::reason::Reason;
use crate::plan::decision::{Notice, Sending, Withheld};
use crate::plan::edition::last_told;
use crate::plan::ledger::{NoticeRecord, Rest, Standing};
use crate::plan::summary::{Behind, Waiting};

impl Pair<'_, '_> {
    /// A divulgação or correction that somebody took, that is wished for nobody any more, and that still goes to its other
    /// addresses: as it was written, with what is left. (A rung's and a suspensão's are judged with their wishes.)
    pub(super) fn rest(&self, record: &NoticeRecord) -> Option<(Wish, Rest)> {
        let Standing::Sent { rest, .. } = record.standing else { return None };
        let told = record.told?;
        if rest == Rest::Nothing || told != Told::from(self.track.deadline) || self.deadline_passed() {
            return None;
        }
        let deadline = self.track.deadline;
        let edition = self.track.edition;
        let (content, because) = match record.slot {
            Slot::Announcement => {
                let because = Reason::WindowOpen { opened_on: self.context.assessor.window().opens_on };
                (Content::Announcement { edition: record.edition, deadline }, because)
            }
            Slot::Extension { edition: of } if of == edition && !self.assessment().is_done() => {
                let source = self.context.assessor.window().edition(of)?.source.clone();
                let earlier: Vec<_> =
                    self.records.iter().filter(|r| r.slot != record.slot).cloned().collect();
                let previous = last_told(&earlier).map_or(told, |(told, _)| told);
                let because = Reason::DeadlineMoved { told: previous, now: told };
                (Content::Extension { previous, deadline: deadline?, source }, because)
            }
            Slot::Upheld { edition: of, .. } if of == edition && !self.assessment().is_done() => {
                (Content::Upheld { deadline }, Reason::DeadlineUpheld)
            }
            Slot::Extension { .. } | Slot::Upheld { .. } | Slot::Suspension { .. } | Slot::Rung { .. } => {
                return None;
            }
        };
        (!self.goes_astray(record)).then(|| (self.note(record.slot, record.due_at, content, because), rest))
    }

    /// What one address took goes on to the others as it was written. A hold stops them, and they go on once it ends: the
    /// same version, in the hours, past what another letter of the day would keep back.
    pub(super) fn rest_fate(&self, wish: &Wish, record: &NoticeRecord, rest: Rest) -> Fate {
        let Some(version) = record.version.filter(|_| rest != Rest::Nothing) else { return Fate::Nothing };
        if let Some(because) = self.held_by_hand(wish).or_else(|| self.date_in_doubt(wish.slot)) {
            return self.rest_held(wish, record, rest, because);
        }
        if rest == Rest::Waits {
            return Fate::Kept;
        }
        let mut to = self.reach(wish).to;
        let waiting = self.context.world.ledger.addresses(|| self.key(wish.slot));
        to.retain(|recipient| waiting.is_empty() || waiting.contains(&recipient.address));
        if to.is_empty() {
            return self.rest_held(wish, record, rest, Reason::NoContact);
        }
        let copies = record.copies.clone();
        let (content, because) = self.as_written(wish, record);
        let notice = Notice { content, ..self.notice(wish, to) };
        let sending = Sending { notice, version, copies, because };
        if self.context.moment.is_sending() {
            return Fate::Send(sending);
        }
        let until = self.context.world.calendar.hours.next_sending(self.context.moment.stamp());
        let because = leaves_at(wish, until, Reason::AwaitsHours { until });
        let waiting = Waiting { kind: record.kind, slot: wish.slot, behind: Behind::Hours };
        Fate::Ready(Box::new(Ready { sending, resumed: None }), waiting, because)
    }

    /// What goes on, and why: a lembrete stays one, and accuses nobody, also where a prazo would be written now.
    fn as_written(&self, wish: &Wish, record: &NoticeRecord) -> (Content, Reason) {
        if record.kind == wish.kind {
            return (wish.content.clone(), wish.because.clone());
        }
        let content = match (&wish.content, record.kind) {
            (Content::Warning { deadline, .. }, Kind::Reminder) => {
                Content::Reminder { deadline: *deadline, unconfirmed: self.assessment().unconfirmed() }
            }
            (as_wished, _) => as_wished.clone(),
        };
        (content, Reason::GoesOn)
    }

    /// What is left of a letter that somebody took, held: by hand where somebody stopped it, else because of this.
    pub(super) fn rest_held(&self, wish: &Wish, record: &NoticeRecord, rest: Rest, because: Reason) -> Fate {
        let Some(version) = record.version.filter(|_| rest != Rest::Nothing) else { return Fate::Nothing };
        let because = self.held_by_hand(wish).unwrap_or(because);
        let (notice, kind) = (self.notice(wish, Vec::new()), record.kind);
        Fate::Withhold(Withheld { notice, kind, version: Some(version), because })
    }
}
