//! One thing to tell somebody: what sort it is, its identity (`key`), and what it says (`content`). Pure.

mod content;
mod key;
mod staff;

pub use content::{
    AlertItem, Content, DigestLine, Overtaken, PendingPart, Recipient, Told, UnconfirmedPart, Untold,
};
pub use key::{DAILY_PAGE, NoticeKey, Slot};
pub use staff::{Addressee, Departure, StaffSlot};

/// Tipo: what sort of letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// *divulgacao*: Anexo I.
    Announcement,
    /// *lembrete*: Anexo I again, accusing nobody.
    Reminder,
    /// *prazo*: Anexo II.
    Warning,
    /// *prorrogacao*: the deadline moved.
    Extension,
    /// *suspensao*: the window was stopped, or goes on with its deadline.
    Suspension,
    /// *resumo*: to a gerência or GSUAS, what left that day.
    Digest,
    /// *remessa*: to GSUAS and the gerências, what is the ministry's to act on (norma 6.3).
    Referral,
    /// *alerta*: to staff, something needs a person.
    Alert,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Announcement,
        Self::Reminder,
        Self::Warning,
        Self::Extension,
        Self::Suspension,
        Self::Digest,
        Self::Referral,
        Self::Alert,
    ];

    /// The word in files and commands.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Announcement => "divulgacao",
            Self::Reminder => "lembrete",
            Self::Warning => "prazo",
            Self::Extension => "prorrogacao",
            Self::Suspension => "suspensao",
            Self::Digest => "resumo",
            Self::Referral => "remessa",
            Self::Alert => "alerta",
        }
    }

    /// Reads the word in files and commands.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == text)
    }

    /// Whether it goes to a municipality.
    #[must_use]
    pub fn is_municipal(self) -> bool {
        match self {
            Self::Announcement | Self::Reminder | Self::Warning | Self::Extension | Self::Suspension => true,
            Self::Digest | Self::Referral | Self::Alert => false,
        }
    }

    /// Whether it tells somebody that something of theirs is missing.
    #[must_use]
    pub fn accuses(self) -> bool {
        self == Self::Warning
    }
}
