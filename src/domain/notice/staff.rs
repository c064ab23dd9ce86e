//! The place of a notice to staff within its window. Pure.

use std::fmt;

use jiff::civil::Date;

use crate::domain::id::GerenciaId;

/// Somebody in the secretariat.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Addressee {
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
    /// Reads what [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "GSUAS" => Some(Self::Gsuas),
            other => GerenciaId::parse(other).ok().map(Self::Gerencia),
        }
    }
}

/// What took municipalities off the list of a remessa.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Departure {
    /// An edition gave them another deadline.
    Edition(u16),
    /// The window was cancelled.
    Cancelled,
    /// The window was suspended when the deadline passed, which was learned later.
    Suspended,
}

impl fmt::Display for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edition(edition) => edition.fmt(f),
            Self::Cancelled => f.write_str("cancelamento"),
            Self::Suspended => f.write_str("suspensao"),
        }
    }
}

impl Departure {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "cancelamento" => Some(Self::Cancelled),
            "suspensao" => Some(Self::Suspended),
            edition => edition.parse().ok().map(Self::Edition),
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
        to: Addressee,
        /// The civil day of its letters.
        on: Date,
    },
    /// `@1/remessa-GSUAS`
    Referral { edition: u16, to: Addressee },
    /// `@1/remessa-adendo-2-GSUAS`: who left the list of a remessa, and by what.
    ReferralAddendum {
        /// The edition whose remessa it adds to.
        edition: u16,
        /// What took them off its list.
        by: Departure,
        to: Addressee,
    },
    /// `@1/alerta-2026-11-20`: what was withheld in this window that day.
    Alert { edition: u16, on: Date },
    /// `@1/relatorio`: the last report, at the deadline.
    Report { edition: u16 },
}

impl StaffSlot {
    /// The edition that it is about.
    pub fn edition(&self) -> u16 {
        match self {
            Self::Digest { edition, .. }
            | Self::Referral { edition, .. }
            | Self::ReferralAddendum { edition, .. }
            | Self::Alert { edition, .. }
            | Self::Report { edition } => *edition,
        }
    }

    /// The office that it is for; none for a report, and for an alert, which goes to whoever hears alerts.
    pub fn addressee(&self) -> Option<&Addressee> {
        match self {
            Self::Digest { to, .. } | Self::Referral { to, .. } | Self::ReferralAddendum { to, .. } => {
                Some(to)
            }
            Self::Alert { .. } | Self::Report { .. } => None,
        }
    }

    pub(super) fn parse(edition: u16, text: &str) -> Option<Self> {
        if text == "relatorio" {
            return Some(Self::Report { edition });
        }
        if let Some(day) = text.strip_prefix("alerta-") {
            return Some(Self::Alert { edition, on: day.parse().ok()? });
        }
        if let Some((by, to)) = text.strip_prefix("remessa-adendo-").and_then(|rest| rest.split_once('-'))
            && let Some(by) = Departure::parse(by)
        {
            return Some(Self::ReferralAddendum { edition, by, to: Addressee::parse(to)? });
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
            Self::ReferralAddendum { edition, by, to } => write!(f, "@{edition}/remessa-adendo-{by}-{to}"),
            Self::Alert { edition, on } => write!(f, "@{edition}/alerta-{on}"),
            Self::Report { edition } => write!(f, "@{edition}/relatorio"),
        }
    }
}
