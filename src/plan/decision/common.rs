//! What every decision can be asked, whatever it is. Pure.

use std::num::NonZeroU16;

use jiff::Timestamp;

use super::{Act, Decision, Notice, Sending, Withheld};
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::domain::notice::{Content, Kind, NoticeKey, Recipient, Slot, Told};
use crate::domain::reason::Reason;
use crate::plan::ledger::{CopyRequest, NamedPart, NoticeRecord, Rest, Standing};

impl Decision {
    /// What to do, by its word alone.
    pub fn act(&self) -> Act {
        match self {
            Self::Send(_) => Act::Send,
            Self::Withhold(_) => Act::Withhold,
            Self::Close(closed) => closed.end.act(),
            Self::Publish(_) => Act::Publish,
        }
    }

    /// About which notice.
    pub fn key(&self) -> &NoticeKey {
        match self {
            Self::Send(sending) => &sending.notice.key,
            Self::Withhold(withheld) => &withheld.notice.key,
            Self::Close(closed) => &closed.key,
            Self::Publish(report) => &report.key,
        }
    }

    /// The window that it is about, if any.
    pub fn window(&self) -> Option<&WindowId> {
        self.key().window()
    }

    /// The municipality that it is about, if any.
    pub fn municipality(&self) -> Option<MunicipalityCode> {
        self.key().municipality()
    }

    /// Why.
    pub fn because(&self) -> &Reason {
        match self {
            Self::Send(sending) => &sending.because,
            Self::Withhold(withheld) => &withheld.because,
            Self::Close(closed) => &closed.because,
            Self::Publish(report) => &report.because,
        }
    }

    /// What sort of letter; none for a report.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Send(sending) => Some(sending.notice.content.kind()),
            Self::Withhold(withheld) => Some(withheld.kind),
            Self::Close(closed) => Some(closed.kind),
            Self::Publish(_) => None,
        }
    }

    /// The edition; none for a notice about the service.
    pub fn edition(&self) -> Option<u16> {
        match self {
            Self::Send(Sending { notice, .. }) | Self::Withhold(Withheld { notice, .. }) => notice.edition(),
            Self::Close(closed) => Some(closed.edition),
            Self::Publish(report) => Some(report.edition),
        }
    }

    /// The rung, days before the deadline; none for what is no rung's.
    pub fn rung(&self) -> Option<u16> {
        self.key().slot().and_then(Slot::rung)
    }

    /// The version that is to be sent, that will leave when nothing holds it any more, or that was recorded last; none
    /// when no letter was ever recorded. A report has only one.
    pub fn version(&self) -> Option<NonZeroU16> {
        match self {
            Self::Send(sending) => Some(sending.version),
            Self::Withhold(withheld) => withheld.version,
            Self::Close(closed) => closed.version,
            Self::Publish(_) => Some(NonZeroU16::MIN),
        }
    }

    /// Its letter, sent or held.
    pub fn notice(&self) -> Option<&Notice> {
        match self {
            Self::Send(Sending { notice, .. }) | Self::Withhold(Withheld { notice, .. }) => Some(notice),
            Self::Close(_) | Self::Publish(_) => None,
        }
    }

    /// What its letter says, sent or held.
    pub fn content(&self) -> Option<&Content> {
        self.notice().map(|notice| &notice.content)
    }

    /// To whom; nobody unless it is to be sent or withheld.
    pub fn to(&self) -> &[Recipient] {
        self.notice().map_or(&[], |notice| &notice.to)
    }

    /// The deadline that it names, if it names one.
    pub fn told(&self) -> Option<Told> {
        match self {
            Self::Send(Sending { notice, .. }) | Self::Withhold(Withheld { notice, .. }) => {
                notice.content.told()
            }
            Self::Close(closed) => closed.told,
            Self::Publish(_) => None,
        }
    }

    /// The parts that it names.
    pub fn parts(&self) -> Vec<NamedPart> {
        match self {
            Self::Send(Sending { notice, .. }) | Self::Withhold(Withheld { notice, .. }) => notice.parts(),
            Self::Close(closed) => closed.parts.clone(),
            Self::Publish(_) => Vec::new(),
        }
    }

    /// Who asked for a copy of its letter, where one is to be sent.
    pub fn copies(&self) -> &[CopyRequest] {
        match self {
            Self::Send(sending) => &sending.copies,
            Self::Withhold(_) | Self::Close(_) | Self::Publish(_) => &[],
        }
    }

    /// When it was due.
    pub fn due_at(&self) -> Timestamp {
        match self {
            Self::Send(Sending { notice, .. }) | Self::Withhold(Withheld { notice, .. }) => notice.due_at,
            Self::Close(closed) => closed.due_at,
            Self::Publish(report) => report.closing.ended_at,
        }
    }

    /// Until when it may leave; none: for ever, or it never will.
    pub fn valid_until(&self) -> Option<Timestamp> {
        match self {
            Self::Send(Sending { notice, .. }) | Self::Withhold(Withheld { notice, .. }) => {
                notice.valid_until
            }
            Self::Close(closed) => closed.valid_until,
            Self::Publish(_) => None,
        }
    }

    /// The ledger's record of a notice to a municipality after this decision, where what is sent is accepted at once;
    /// none for what goes to staff.
    pub fn record(&self, now: Timestamp) -> Option<NoticeRecord> {
        match self {
            Self::Send(sending) => sending.record(Standing::Sent { at: now, rest: Rest::Nothing }, now),
            Self::Withhold(Withheld { notice, kind, version, because }) => {
                notice.record(*kind, *version, Standing::Withheld(because.cause()), now)
            }
            Self::Close(closed) => Some(NoticeRecord {
                slot: closed.key.slot()?,
                kind: closed.kind,
                edition: closed.edition,
                told: closed.told,
                version: closed.version,
                due_at: closed.due_at,
                recorded_at: now,
                parts: closed.parts.clone(),
                copies: Vec::new(),
                standing: closed.standing(),
            }),
            Self::Publish(_) => None,
        }
    }
}
