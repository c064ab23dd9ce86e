//! One thing to tell somebody: what sort it is, its identity (`key`), and what it says (`content`). Pure.

mod content;
mod key;
mod staff;

use crate::text::words::words;
pub use content::{
    AlertItem, Content, DigestLine, Overtaken, PendingPart, Recipient, Told, UnconfirmedPart, Untold,
};
pub use key::{DAILY_PAGE, NoticeKey, Slot, halt_word};
pub use staff::{Addressee, Departure, StaffSlot};

words! {
    /// Tipo: what sort of letter.
    pub enum Kind {
        /// *divulgacao*: Anexo I.
        Announcement "divulgacao",
        /// *lembrete*: Anexo I again, accusing nobody.
        Reminder "lembrete",
        /// *prazo*: Anexo II.
        Warning "prazo",
        /// *prorrogacao*: the deadline moved.
        Extension "prorrogacao",
        /// *suspensao*: the window was stopped, or goes on with its deadline.
        Suspension "suspensao",
        /// *resumo*: to a gerência or GSUAS, what left that day.
        Digest "resumo",
        /// *remessa*: to GSUAS and the gerências, what is the ministry's to act on (norma 6.3).
        Referral "remessa",
        /// *alerta*: to staff, something needs a person.
        Alert "alerta",
    }
}

impl Kind {
    /// Whether it goes to a municipality.
    pub fn is_municipal(self) -> bool {
        match self {
            Self::Announcement | Self::Reminder | Self::Warning | Self::Extension | Self::Suspension => true,
            Self::Digest | Self::Referral | Self::Alert => false,
        }
    }

    /// Whether it tells somebody that something of theirs is missing.
    pub fn accuses(self) -> bool {
        self == Self::Warning
    }
}
