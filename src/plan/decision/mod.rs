//! What the plan says to do about one notice, each sort with exactly what it needs. Pure.

mod common;

use std::num::NonZeroU16;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::closing::Closing;
use crate::domain::id::WindowId;
pub use crate::domain::journal::Act;
use crate::domain::notice::{Content, Kind, NoticeKey, Recipient, StaffSlot, Told};
use crate::domain::reason::Reason;
use crate::plan::ledger::{CopyRequest, NamedPart, NoticeRecord, Standing};

/// One change of decision, with its because.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// *enviar*: this notice, in this version.
    Send(Sending),
    /// *reter*: it would leave but for its because.
    Withhold(Withheld),
    /// *retirar*, *superar* or *expirar*: no more will be tried of it.
    Close(Closed),
    /// *publicar*: the last report of an edition.
    Publish(Report),
}

/// A notice as it leaves or would leave: what it says, to whom, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub key: NoticeKey,
    pub content: Content,
    /// To whom; empty only while it is withheld before anybody asked to whom, or because nobody can be written to.
    pub to: Vec<Recipient>,
    pub due_at: Timestamp,
    /// Until when it may leave; none: for ever.
    pub valid_until: Option<Timestamp>,
}

/// A notice to be recorded and sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    pub notice: Notice,
    /// Which version of it this letter is: 1 unless another role stands in or the text changed.
    pub version: NonZeroU16,
    /// Who in the secretariat asked for a copy (`copia`).
    pub copies: Vec<CopyRequest>,
    pub because: Reason,
}

/// A notice held back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    pub notice: Notice,
    /// What sort of letter it would be. A prazo that is held because nobody knows what is pending has a lembrete's
    /// content: it lists what is unconfirmed.
    pub kind: Kind,
    /// The version that will leave; none while none was recorded yet.
    pub version: Option<NonZeroU16>,
    pub because: Reason,
}

/// A notice to a municipality of which no more will be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    pub end: End,
    pub key: NoticeKey,
    /// What sort of letter it was, or would have been.
    pub kind: Kind,
    pub edition: u16,
    /// The deadline that it names, if it names one.
    pub told: Option<Told>,
    /// What it would have been about; empty where it ends as the ledger has it.
    pub parts: Vec<NamedPart>,
    /// Its last recorded version; none when none was.
    pub version: Option<NonZeroU16>,
    pub due_at: Timestamp,
    /// Until when it might have left, for one that never did.
    pub valid_until: Option<Timestamp>,
    pub because: Reason,
}

/// How a notice ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Withdrawn,
    Superseded,
    Expired,
}

/// The last report of an edition, with the record of what was so when its deadline passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    key: NoticeKey,
    window: WindowId,
    edition: u16,
    /// What was so.
    pub closing: Arc<Closing>,
    pub because: Reason,
}

impl Report {
    /// The report of an edition whose deadline passed.
    pub fn new(window: WindowId, edition: u16, closing: Arc<Closing>) -> Self {
        let slot = StaffSlot::Report { edition };
        let key = NoticeKey::Staff { window: window.clone(), slot };
        let because = Reason::DeadlinePassed { at: closing.ended_at };
        Self { key, window, edition, closing, because }
    }

    /// Of which window.
    pub fn window(&self) -> &WindowId {
        &self.window
    }

    /// Of which edition.
    pub fn edition(&self) -> u16 {
        self.edition
    }
}

impl End {
    /// The act that ends it so.
    pub fn act(self) -> Act {
        match self {
            Self::Withdrawn => Act::Withdraw,
            Self::Superseded => Act::Supersede,
            Self::Expired => Act::Expire,
        }
    }
}

impl Notice {
    /// The edition that it is about; none for a notice about the service.
    pub fn edition(&self) -> Option<u16> {
        self.key.edition().or(self.content.edition())
    }

    /// The parts that its content names.
    pub fn parts(&self) -> Vec<NamedPart> {
        named_parts(&self.content)
    }

    fn record(
        &self,
        kind: Kind,
        version: Option<NonZeroU16>,
        standing: Standing,
        now: Timestamp,
    ) -> Option<NoticeRecord> {
        Some(NoticeRecord {
            slot: self.key.slot()?,
            kind,
            edition: self.edition()?,
            told: self.content.told(),
            version,
            due_at: self.due_at,
            recorded_at: now,
            parts: self.parts(),
            copies: Vec::new(),
            standing,
        })
    }
}

impl Sending {
    /// The ledger's record of it; none for a notice to staff.
    pub fn record(&self, standing: Standing, now: Timestamp) -> Option<NoticeRecord> {
        let record = self.notice.record(self.notice.content.kind(), Some(self.version), standing, now)?;
        Some(NoticeRecord { copies: self.copies.clone(), ..record })
    }
}

impl Closed {
    /// The end of an open notice that no longer holds.
    pub(in crate::plan) fn of(key: NoticeKey, record: &NoticeRecord, end: End, because: Reason) -> Self {
        Self {
            end,
            key,
            kind: record.kind,
            edition: record.edition,
            told: record.told,
            parts: Vec::new(),
            version: record.version,
            due_at: record.due_at,
            valid_until: because.validity_ended_at(),
            because,
        }
    }

    fn standing(&self) -> Standing {
        match (self.end, &self.because) {
            (End::Withdrawn, _) => Standing::Withdrawn,
            (End::Superseded, because) => Standing::Superseded { by: because.cause() },
            (End::Expired, Reason::ValidityOver { at, withheld }) => {
                Standing::Expired { at: *at, held_by: *withheld }
            }
            (End::Expired, _) => {
                Standing::Expired { at: self.valid_until.unwrap_or(self.due_at), held_by: None }
            }
        }
    }
}

/// The parts that a content names to a municipality.
pub(in crate::plan) fn named_parts(content: &Content) -> Vec<NamedPart> {
    match content {
        Content::Warning { pending, .. } => {
            pending.iter().map(|p| NamedPart { part: p.part.clone(), units: p.units.clone() }).collect()
        }
        Content::Reminder { unconfirmed, .. } => {
            unconfirmed.iter().map(|p| NamedPart::whole(p.part.clone())).collect()
        }
        Content::Announcement { .. }
        | Content::Extension { .. }
        | Content::Suspension { .. }
        | Content::Upheld { .. }
        | Content::Digest { .. }
        | Content::Referral { .. }
        | Content::ReferralAddendum { .. }
        | Content::Alert { .. } => Vec::new(),
    }
}
