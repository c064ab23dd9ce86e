//! One thing to tell somebody: its identity and what it says. Pure.
//!
//! The identity is made of stable ids only, never of an address, a text or a corrected date (DESIGN §6), so that no
//! retry, restart or edited roster can tell the same thing twice.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

use super::calendar::Deadline;
use super::id::{EmailAddress, GerenciaId, MunicipalityCode, PartId, UnitId, WindowId};
use super::overrides::BatchId;
use super::reason::Reason;
use super::roster::Role;
use super::status::Doubt;

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

/// The place of a municipal notice within its window. Ordered as they outrank one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// `/divulgacao`: once per window, whatever the edition.
    Announcement,
    /// `@2/prorrogacao`
    Extension {
        /// The new edition.
        edition: u16,
    },
    /// `@1/suspensao`
    Suspension {
        /// The edition in force when the window stopped.
        edition: u16,
    },
    /// `@1/prazo-mantido`: the suspension ended and the deadline stands.
    Upheld {
        /// The edition that stands.
        edition: u16,
    },
    /// `@1/prazo-5d`: one rung gives one letter, prazo or lembrete.
    Rung {
        /// The edition that the ladder hangs from.
        edition: u16,
        /// Civil days before its deadline.
        days_before: u16,
    },
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Announcement => f.write_str("/divulgacao"),
            Self::Extension { edition } => write!(f, "@{edition}/prorrogacao"),
            Self::Suspension { edition } => write!(f, "@{edition}/suspensao"),
            Self::Upheld { edition } => write!(f, "@{edition}/prazo-mantido"),
            Self::Rung { edition, days_before } => write!(f, "@{edition}/prazo-{days_before}d"),
        }
    }
}

impl Slot {
    fn parse(edition: Option<u16>, text: &str) -> Option<Self> {
        match (edition, text) {
            (None, "divulgacao") => Some(Self::Announcement),
            (Some(edition), "prorrogacao") => Some(Self::Extension { edition }),
            (Some(edition), "suspensao") => Some(Self::Suspension { edition }),
            (Some(edition), "prazo-mantido") => Some(Self::Upheld { edition }),
            (Some(edition), rung) => {
                let days_before = rung.strip_prefix("prazo-")?.strip_suffix('d')?.parse().ok()?;
                Some(Self::Rung { edition, days_before })
            }
            (None, _) => None,
        }
    }
}

/// Somebody in the secretariat.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Addressee {
    /// GSUAS.
    Gsuas,
    /// A gerência.
    Gerencia(GerenciaId),
}

impl fmt::Display for Addressee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gsuas => f.write_str("GSUAS"),
            Self::Gerencia(id) => id.fmt(f),
        }
    }
}

impl Addressee {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "GSUAS" => Some(Self::Gsuas),
            other => GerenciaId::parse(other).ok().map(Self::Gerencia),
        }
    }
}

/// The place of a notice to staff within its window.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StaffSlot {
    /// `@1/resumo-GPSB-2026-12-29`
    Digest {
        /// The edition whose letters it sums up.
        edition: u16,
        /// To whom.
        to: Addressee,
        /// The civil day of its letters.
        on: Date,
    },
    /// `@1/remessa-GSUAS`
    Referral {
        /// The edition that ended.
        edition: u16,
        /// To whom.
        to: Addressee,
    },
    /// `@1/remessa-sem-efeito-GSUAS`: an extension followed.
    ReferralVoid {
        /// The edition whose remessa is void.
        edition: u16,
        /// To whom.
        to: Addressee,
    },
    /// `@1/alerta-2026-11-20`: what was withheld in this window that day.
    Alert {
        /// The edition in force.
        edition: u16,
        /// The civil day.
        on: Date,
    },
    /// `@1/relatorio`: the last report, at the deadline.
    Report {
        /// The edition that ended.
        edition: u16,
    },
}

impl StaffSlot {
    /// The edition that it is about.
    #[must_use]
    pub fn edition(&self) -> u16 {
        match self {
            Self::Digest { edition, .. }
            | Self::Referral { edition, .. }
            | Self::ReferralVoid { edition, .. }
            | Self::Alert { edition, .. }
            | Self::Report { edition } => *edition,
        }
    }

    /// What sort of letter it is; a report is none.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Digest { .. } => Some(Kind::Digest),
            Self::Referral { .. } | Self::ReferralVoid { .. } => Some(Kind::Referral),
            Self::Alert { .. } => Some(Kind::Alert),
            Self::Report { .. } => None,
        }
    }

    fn parse(edition: u16, text: &str) -> Option<Self> {
        if text == "relatorio" {
            return Some(Self::Report { edition });
        }
        if let Some(day) = text.strip_prefix("alerta-") {
            return Some(Self::Alert { edition, on: day.parse().ok()? });
        }
        if let Some(to) = text.strip_prefix("remessa-sem-efeito-") {
            return Some(Self::ReferralVoid { edition, to: Addressee::parse(to)? });
        }
        if let Some(to) = text.strip_prefix("remessa-") {
            return Some(Self::Referral { edition, to: Addressee::parse(to)? });
        }
        let rest = text.strip_prefix("resumo-")?;
        let day_at = rest.len().checked_sub("-2026-12-29".len())?;
        let day = rest.get(day_at..)?.strip_prefix('-')?;
        Some(Self::Digest { edition, to: Addressee::parse(rest.get(..day_at)?)?, on: day.parse().ok()? })
    }
}

impl fmt::Display for StaffSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest { edition, to, on } => write!(f, "@{edition}/resumo-{to}-{on}"),
            Self::Referral { edition, to } => write!(f, "@{edition}/remessa-{to}"),
            Self::ReferralVoid { edition, to } => write!(f, "@{edition}/remessa-sem-efeito-{to}"),
            Self::Alert { edition, on } => write!(f, "@{edition}/alerta-{on}"),
            Self::Report { edition } => write!(f, "@{edition}/relatorio"),
        }
    }
}

/// The identity of a notice: UNIQUE in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoticeKey {
    /// To a municipality: `rma/2026-11@1/prazo-5d/3205309`.
    Municipal {
        /// In which window.
        window: WindowId,
        /// Its place there.
        slot: Slot,
        /// To which municipality.
        municipality: MunicipalityCode,
    },
    /// To staff, about a window: `rma/2026-11@1/remessa-GSUAS`.
    Staff {
        /// About which window.
        window: WindowId,
        /// Its place there.
        slot: StaffSlot,
    },
    /// To staff, about the service: `geral/alerta-liberar-2026-12-01`.
    Service {
        /// What about: `liberar`, `relogio`, and such as the service finds (`fonte-rma-lista`, `rele`).
        topic: String,
        /// The civil day.
        on: Date,
    },
}

impl NoticeKey {
    /// Reads a key as [`fmt::Display`] writes it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix("geral/alerta-") {
            let day_at = rest.len().checked_sub("-2026-12-29".len())?;
            let on = rest.get(day_at..)?.strip_prefix('-')?.parse().ok()?;
            return Some(Self::Service { topic: rest.get(..day_at)?.to_owned(), on });
        }
        if let Some((window, rest)) = text.split_once('@') {
            let window = WindowId::parse(window).ok()?;
            let (edition, rest) = rest.split_once('/')?;
            let edition = edition.parse().ok()?;
            return match rest.rsplit_once('/') {
                Some((slot, code)) => Some(Self::Municipal {
                    window,
                    slot: Slot::parse(Some(edition), slot)?,
                    municipality: MunicipalityCode::parse(code).ok()?,
                }),
                None => Some(Self::Staff { window, slot: StaffSlot::parse(edition, rest)? }),
            };
        }
        let (rest, code) = text.rsplit_once('/')?;
        let (window, slot) = rest.rsplit_once('/')?;
        Some(Self::Municipal {
            window: WindowId::parse(window).ok()?,
            slot: Slot::parse(None, slot)?,
            municipality: MunicipalityCode::parse(code).ok()?,
        })
    }

    /// The window that it is about, if any.
    #[must_use]
    pub fn window(&self) -> Option<&WindowId> {
        match self {
            Self::Municipal { window, .. } | Self::Staff { window, .. } => Some(window),
            Self::Service { .. } => None,
        }
    }

    /// The municipality that it is to, if any.
    #[must_use]
    pub fn municipality(&self) -> Option<MunicipalityCode> {
        match self {
            Self::Municipal { municipality, .. } => Some(*municipality),
            Self::Staff { .. } | Self::Service { .. } => None,
        }
    }
}

impl fmt::Display for NoticeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Municipal { window, slot, municipality } => write!(f, "{window}{slot}/{municipality}"),
            Self::Staff { window, slot } => write!(f, "{window}{slot}"),
            Self::Service { topic, on } => write!(f, "geral/alerta-{topic}-{on}"),
        }
    }
}

/// The deadline that a letter names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Told {
    /// This date.
    Date(Deadline),
    /// "Prazo a definir".
    Undefined,
}

impl From<Option<Deadline>> for Told {
    fn from(deadline: Option<Deadline>) -> Self {
        deadline.map_or(Self::Undefined, Self::Date)
    }
}

/// One address of a letter, with the role it stands in To for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Recipient {
    /// In which role.
    pub role: Role,
    /// Which address.
    pub address: EmailAddress,
}

/// A part that is pending, for a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingPart {
    /// Which part.
    pub part: PartId,
    /// Its pending units; empty when the part is known only as a whole.
    pub units: Vec<UnitId>,
    /// The source's own words, when they should be shown ("100% preenchido, não concluído").
    pub wording: Option<std::sync::Arc<str>>,
}

/// A part of which nobody knows, with why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnconfirmedPart {
    /// Which part.
    pub part: PartId,
    /// Why nobody knows.
    pub doubt: Doubt,
}

/// What a notice says: the facts that its letter is rendered from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Anexo I.
    Announcement {
        /// The deadline, or "a definir".
        deadline: Option<Deadline>,
    },
    /// Anexo I, "não foi possível confirmar…".
    Reminder {
        /// The deadline.
        deadline: Deadline,
        /// What could not be confirmed.
        unconfirmed: Vec<UnconfirmedPart>,
    },
    /// Anexo II with the pending parts.
    Warning {
        /// The deadline.
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
    Upheld {
        /// The deadline.
        deadline: Option<Deadline>,
    },
    /// Letters of a rung, for a gerência or GSUAS.
    Digest {
        /// To whom.
        to: Addressee,
        /// The deadline.
        deadline: Option<Deadline>,
        /// Letters since the last resumo.
        lines: Vec<DigestLine>,
    },
    /// What is the ministry's to act on (norma 6.3). Empty lists are said.
    Referral {
        /// To whom.
        to: Addressee,
        /// The deadline that passed.
        deadline: Option<Deadline>,
        /// Pending municipalities.
        pending: Vec<(MunicipalityCode, Vec<PendingPart>)>,
        /// Unconfirmed ones.
        unconfirmed: Vec<(MunicipalityCode, Vec<UnconfirmedPart>)>,
        /// Those never told of the window, and why.
        never_told: Vec<(MunicipalityCode, Untold)>,
    },
    /// A remessa without effect: an extension followed.
    ReferralVoid {
        /// To whom.
        to: Addressee,
        /// The deadline that the remessa was about.
        previous: Option<Deadline>,
        /// The deadline now.
        deadline: Option<Deadline>,
        /// Where the new date comes from.
        source: String,
    },
    /// Something needs a person.
    Alert {
        /// What.
        items: Vec<AlertItem>,
    },
}

/// A letter summed up in a resumo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestLine {
    /// To which municipality.
    pub municipality: MunicipalityCode,
    /// What sort.
    pub kind: Kind,
    /// The rung, days before the deadline.
    pub days_before: u16,
    /// Parts that the letter was about.
    pub parts: Vec<PartId>,
}

/// Why a municipality was never told of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Untold {
    /// No letter was ever due while somebody looked.
    Unseen,
    /// No usable address.
    NoContact,
    /// Every address refused or bounced.
    Failed,
    /// The letter was withheld, for this reason.
    Withheld(Box<Reason>),
    /// The letter did not leave in time.
    Expired,
}

/// One line of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlertItem {
    /// A notice to a municipality is withheld.
    Withheld {
        /// Which notice.
        key: NoticeKey,
        /// Why.
        because: Reason,
    },
    /// A batch waits for `liberar`.
    Batch {
        /// Which batch.
        batch: BatchId,
        /// How many letters.
        letters: usize,
        /// Why.
        because: Reason,
    },
    /// The clock stands before what the ledger has seen; sending is frozen.
    ClockBehind {
        /// The latest instant in the ledger.
        high_water: Timestamp,
    },
    /// The service's own words about a feed, the relay or the configuration.
    Text(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_and_write_the_same() {
        for text in [
            "rma/2026-11/divulgacao/3205309",
            "censo-suas/2017/onda-1/divulgacao/3205309",
            "rma/2026-11@1/prazo-5d/3205309",
            "censo-suas/2017/onda-1@12/prorrogacao/3205309",
            "rma/2026-11@2/suspensao/3205309",
            "rma/2026-11@2/prazo-mantido/3205309",
            "rma/2026-11@1/resumo-GPSB-2026-12-29",
            "rma/2026-11@1/remessa-GSUAS",
            "rma/2026-11@1/remessa-sem-efeito-GSUAS",
            "rma/2026-11@1/alerta-2026-12-29",
            "rma/2026-11@1/relatorio",
            "geral/alerta-liberar-2026-12-01",
        ] {
            let key = NoticeKey::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(key.to_string(), text);
        }
        assert_eq!(NoticeKey::parse("rma/2026-11/prazo-5d/3205309"), None);
        assert_eq!(NoticeKey::parse("rma/2026-11@1/divulgacao/3205309"), None);
    }
}
