//! What a notice says: the facts that its letter is rendered from. Pure.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Addressee, Kind};
use crate::domain::calendar::Deadline;
use crate::domain::id::{EmailAddress, MunicipalityCode, PartId, UnitId, WindowId};
use crate::domain::overrides::BatchId;
use crate::domain::reason::Reason;
use crate::domain::roster::Role;
use crate::domain::status::Doubt;

/// The deadline that a letter names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Told {
    Date(Deadline),
    /// "Prazo a definir".
    Undefined,
}

impl Told {
    /// The last day of the deadline; absent for "prazo a definir".
    pub fn day(self) -> Option<Date> {
        match self {
            Self::Date(deadline) => Some(deadline.on),
            Self::Undefined => None,
        }
    }
}

impl From<Option<Deadline>> for Told {
    fn from(deadline: Option<Deadline>) -> Self {
        deadline.map_or(Self::Undefined, Self::Date)
    }
}

/// One address of a letter, with the role it stands in To for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Recipient {
    pub role: Role,
    pub address: EmailAddress,
}

/// A part that is pending, for a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingPart {
    pub part: PartId,
    /// Its pending units; empty when the part is known only as a whole.
    pub units: Vec<UnitId>,
    /// The source's own words, as rows keep them; a letter carries only what they say of the form.
    pub wording: Option<std::sync::Arc<str>>,
}

/// A part of which nobody knows, with why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnconfirmedPart {
    pub part: PartId,
    /// Why nobody knows.
    pub doubt: Doubt,
}

/// What a notice says: the facts that its letter is rendered from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Anexo I.
    Announcement {
        /// The edition that it announces: a divulgação's identity has none.
        edition: u16,
        /// The deadline, or "a definir".
        deadline: Option<Deadline>,
    },
    /// Anexo I, "não foi possível confirmar…".
    Reminder {
        deadline: Deadline,
        /// What could not be confirmed.
        unconfirmed: Vec<UnconfirmedPart>,
    },
    /// Anexo II with the pending parts.
    Warning {
        deadline: Deadline,
        /// What is pending; never empty.
        pending: Vec<PendingPart>,
    },
    /// The deadline moved.
    Extension {
        /// What they were told last.
        previous: Told,
        /// The deadline now.
        deadline: Deadline,
        /// Where the new date comes from.
        source: String,
    },
    /// The window stopped.
    Suspension {
        /// For good.
        cancelled: bool,
        /// The day it became known, if recorded.
        since: Option<Date>,
    },
    /// The window goes on and its deadline stands.
    Upheld { deadline: Option<Deadline> },
    /// Letters of a rung, for a gerência or GSUAS.
    Digest {
        to: Addressee,
        deadline: Option<Deadline>,
        /// Letters since the last resumo.
        lines: Vec<DigestLine>,
    },
    /// What is the ministry's to act on (norma 6.3). Empty lists are said.
    Referral {
        to: Addressee,
        /// The deadline that passed.
        deadline: Option<Deadline>,
        pending: Vec<(MunicipalityCode, Vec<PendingPart>)>,
        /// Unconfirmed ones.
        unconfirmed: Vec<(MunicipalityCode, Vec<UnconfirmedPart>)>,
        /// Those not told this deadline, and why.
        never_told: Vec<(MunicipalityCode, Untold)>,
        /// How many others of the window are under another edition, and in a remessa of their own.
        apart: usize,
        /// Those of which nothing was owed when the deadline passed, since another window was not concluded there, which may
        /// no longer be named; they are in none of the lists as owing.
        waited: Vec<(MunicipalityCode, Option<WindowId>)>,
    },
    /// Who left the list of a remessa; the rest of it stands.
    ReferralAddendum {
        to: Addressee,
        /// The deadline that the remessa was about.
        previous: Option<Deadline>,
        /// Why they left.
        why: Overtaken,
        /// Who left; never empty.
        left: Vec<MunicipalityCode>,
        /// Whom it named and who has concluded since.
        concluded: Vec<MunicipalityCode>,
        /// How many the remessa still names.
        remaining: usize,
    },
    /// Something needs a person.
    Alert { items: Vec<AlertItem> },
}

impl Content {
    /// What sort of letter says it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Announcement { .. } => Kind::Announcement,
            Self::Reminder { .. } => Kind::Reminder,
            Self::Warning { .. } => Kind::Warning,
            Self::Extension { .. } => Kind::Extension,
            Self::Suspension { .. } | Self::Upheld { .. } => Kind::Suspension,
            Self::Digest { .. } => Kind::Digest,
            Self::Referral { .. } | Self::ReferralAddendum { .. } => Kind::Referral,
            Self::Alert { .. } => Kind::Alert,
        }
    }

    /// The edition that it announces, where the identity of its notice names none.
    pub fn edition(&self) -> Option<u16> {
        match self {
            Self::Announcement { edition, .. } => Some(*edition),
            Self::Reminder { .. }
            | Self::Warning { .. }
            | Self::Extension { .. }
            | Self::Suspension { .. }
            | Self::Upheld { .. }
            | Self::Digest { .. }
            | Self::Referral { .. }
            | Self::ReferralAddendum { .. }
            | Self::Alert { .. } => None,
        }
    }

    /// The deadline that it tells a municipality, if it tells one.
    pub fn told(&self) -> Option<Told> {
        match self {
            Self::Announcement { deadline, .. } | Self::Upheld { deadline } => Some(Told::from(*deadline)),
            Self::Reminder { deadline, .. }
            | Self::Warning { deadline, .. }
            | Self::Extension { deadline, .. } => Some(Told::Date(*deadline)),
            Self::Suspension { .. }
            | Self::Digest { .. }
            | Self::Referral { .. }
            | Self::ReferralAddendum { .. }
            | Self::Alert { .. } => None,
        }
    }
}

/// What followed a remessa.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Overtaken {
    /// Another deadline.
    Extended {
        /// The deadline now; absent while it is "a definir".
        deadline: Option<Deadline>,
        source: String,
    },
    /// The window was cancelled.
    Cancelled,
    /// The window was suspended when the deadline passed, which was learned later.
    Suspended,
}

/// A letter summed up in a resumo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestLine {
    pub municipality: MunicipalityCode,
    pub kind: Kind,
    /// The deadline that it names, if it names one.
    pub deadline: Option<Deadline>,
    /// The rung, days before the deadline.
    pub days_before: u16,
    /// The civil day on which it left.
    pub left_on: Date,
    /// Parts that the letter was about.
    pub parts: Vec<PartId>,
}

/// Why a municipality was not told the deadline that passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Untold {
    /// No letter was ever due while somebody looked.
    Unseen,
    /// No usable address.
    NoContact,
    /// Every address refused or bounced.
    Failed,
    /// The letter did not leave in time.
    Expired,
    /// They were told another deadline, this one, and not that of the edition that ended.
    OtherDate(Told),
    /// They were told that the window was suspended, and not that its deadline stands.
    Suspended,
}

/// One line of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlertItem {
    /// Letters of one batch that are withheld for one and the same reason.
    Held {
        /// Which batch of a window: the name of each notice without its municipality.
        batch: BatchId,
        /// Whose letters; one each.
        municipalities: Vec<MunicipalityCode>,
        because: Reason,
        /// When they expire if nobody lets them go; absent: they wait for ever.
        dies_at: Option<Timestamp>,
        at: Timestamp,
    },
    /// The clock stands before what the ledger has seen; sending is frozen.
    ClockBehind {
        /// The latest instant in the ledger.
        high_water: Timestamp,
    },
    /// The service's own words about a feed, the relay or the configuration.
    Text(String),
}
