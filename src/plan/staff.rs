//! What the secretariat's own people are told of a window, and what becomes of it while it waits: resumos are `digest`'s,
//! remessas `referral`'s, alerts `reminder`'s. Pure.

use std::borrow::Cow;

use super::closing::{self, Ended};
use super::survey::Survey;
use super::{audience, digest, referral};
use crate::domain::id::EmailAddress;
use crate::domain::notice::{Addressee, Content, Kind, Recipient, StaffSlot};
use crate::domain::overrides::HoldScope;
use crate::domain::reason::Reason;
use crate::plan::decision::{Closed, Decision, End, Notice, Report, Sending, Withheld};
use crate::plan::draft::PlanDraft;
use crate::plan::ledger::{Rest, StaffRecord, Standing};

/// Everything that one window gives staff.
pub(super) fn about_window(survey: &Survey<'_>, draft: &mut PlanDraft) {
    draft.staff_held_by = held_by_hand(survey);
    waiting(survey, draft);
    let more_follows = draft.follows(Some(&survey.context.assessor.window().id));
    if !more_follows && !draft.sends(&survey.context.assessor.window().id) {
        digest::digests(survey, draft);
    }
    for Ended { edition, deadline, .. } in closing::ended(survey) {
        report(survey, edition, draft);
        if let Some(closing) = survey.closing(edition) {
            referral::referrals(survey, edition, deadline, closing, draft);
        }
    }
    referral::addenda(survey, draft);
    draft.staff_held_by = None;
}

/// What somebody stopped everything by, or this window (`reter`): then resumos and remessas wait too, at any hour, and are
/// brought to mind like whatever waits. Alerts go on: staff must hear of what waits. Ends by `liberar`, or by its day.
fn held_by_hand(survey: &Survey<'_>) -> Option<Reason> {
    let window = &survey.context.assessor.window().id;
    survey.context.held_by(|scope| match scope {
        HoldScope::All => true,
        HoldScope::Window(id) => id == window,
        HoldScope::Municipality(_) | HoldScope::Batch(_) => false,
    })
}

/// What is recorded and still waits for its office, or stays behind a hold.
///
/// A hold stops it at every address where nobody took it. When the hold ends, what somebody of the office took goes on to the
/// others as it was written; what nobody took is taken back, and told anew by what is known then. So is what would go to an
/// address that is no longer the office's.
fn waiting(survey: &Survey<'_>, draft: &mut PlanDraft) {
    let Some(ledger) = survey.ledger.filter(|ledger| ledger.has_open_staff()) else { return };
    for (slot, record) in ledger.staff_records().filter(|(_, record)| record.standing.is_open()) {
        if let Some(to) = slot.addressee() {
            Letter { survey, slot, record, to }.decide(draft);
        }
    }
}

/// A letter to an office that waits.
struct Letter<'s, 'a> {
    survey: &'s Survey<'a>,
    slot: &'s StaffSlot,
    record: &'s StaffRecord,
    to: &'s Addressee,
}

impl Letter<'_, '_> {
    fn decide(&self, draft: &mut PlanDraft) {
        if self.goes_astray() {
            draft.actions.push(self.taken_back(Reason::AddressGone));
        } else if let Some(because) = draft.staff_held_by.clone() {
            self.hold(because, draft);
        } else {
            self.go_on(draft);
        }
    }

    /// Whether it would go to an address that is no longer the office's. An office without any address now would be told
    /// nothing anew: what was written goes on.
    fn goes_astray(&self) -> bool {
        let office = self.office();
        let is_strange = |address: &EmailAddress| !office.iter().any(|known| known.address == *address);
        !office.is_empty() && self.record.standing.goes_astray(self.waiting(), is_strange)
    }

    fn hold(&self, because: Reason, draft: &mut PlanDraft) {
        let Some((content, _)) = self.said() else {
            draft.actions.push(self.taken_back(because));
            return;
        };
        let is_known = self.record.standing.is_held_by(because.cause());
        let (kind, version) = (content.kind(), Some(self.record.version));
        let notice = self.notice(content);
        let held = Decision::Withhold(Withheld { notice, kind, version, because });
        draft.actions.extend((!is_known).then(|| held.clone()));
        draft.held.push(Cow::Owned(held));
    }

    fn go_on(&self, draft: &mut PlanDraft) {
        match self.record.standing {
            Standing::Withheld(_) => draft.actions.push(self.taken_back(Reason::WrittenAnew)),
            Standing::Sent { rest: Rest::Held(_), .. } => {
                let Some((content, because)) = self.said() else {
                    draft.actions.push(self.taken_back(Reason::ContentChanged));
                    return;
                };
                if self.survey.context.moment.is_sending() {
                    let (notice, version) = (self.notice(content), self.record.version);
                    let copies = Vec::new();
                    draft.actions.push(Decision::Send(Sending { notice, version, copies, because }));
                }
            }
            // It waits for the relay alone, or it is over.
            Standing::Queued
            | Standing::Sent { .. }
            | Standing::Failed
            | Standing::Withdrawn
            | Standing::Superseded { .. }
            | Standing::Expired { .. } => {}
        }
    }

    fn office(&self) -> Vec<Recipient> {
        audience::office(&self.survey.context.world.roster.offices, self.to)
    }

    fn waiting(&self) -> &[EmailAddress] {
        self.survey.context.world.ledger.addresses(|| self.survey.staff_key(self.slot.clone()))
    }

    /// What it says by what is known now, and why it was told.
    fn said(&self) -> Option<(Content, Reason)> {
        match self.slot {
            StaffSlot::Digest { edition, to, .. } => {
                Some(digest::as_told(self.survey, *edition, to, self.record.told_at))
            }
            StaffSlot::Referral { edition, to } => referral::as_known(self.survey, *edition, to),
            StaffSlot::ReferralAddendum { edition, by, to } => {
                referral::addendum_as_known(self.survey, *edition, *by, to)
            }
            StaffSlot::Alert { .. } | StaffSlot::Report { .. } => None,
        }
    }

    /// It, to those of the office whom it still goes to.
    fn notice(&self, content: Content) -> Notice {
        let (mut to, waiting) = (self.office(), self.waiting());
        to.retain(|recipient| waiting.is_empty() || waiting.contains(&recipient.address));
        let key = self.survey.staff_key(self.slot.clone());
        Notice { key, content, to, due_at: self.record.due_at, valid_until: None }
    }

    fn taken_back(&self, because: Reason) -> Decision {
        Decision::Close(Closed {
            end: End::Withdrawn,
            key: self.survey.staff_key(self.slot.clone()),
            kind: match self.slot {
                StaffSlot::Digest { .. } => Kind::Digest,
                StaffSlot::Referral { .. } | StaffSlot::ReferralAddendum { .. } => Kind::Referral,
                StaffSlot::Alert { .. } | StaffSlot::Report { .. } => Kind::Alert,
            },
            edition: self.slot.edition(),
            told: None,
            parts: Vec::new(),
            version: Some(self.record.version),
            due_at: self.record.due_at,
            valid_until: None,
            because,
        })
    }
}

fn report(survey: &Survey<'_>, edition: u16, draft: &mut PlanDraft) {
    if let Some(closing) = survey.made.get(&edition) {
        let window = survey.context.assessor.window().id.clone();
        draft.actions.push(Decision::Publish(Report::new(window, edition, closing.clone())));
    }
}
