//! The identity of a notice. Pure.
//!
//! Made of stable ids only, never of an address, a text or a corrected date, so that no retry, restart or
//! edited roster can tell the same thing twice.

use std::fmt;

use jiff::civil::Date;

use super::staff::StaffSlot;
use crate::domain::calendar::HaltKind;
use crate::domain::id::{MunicipalityCode, WindowId};

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
    /// `@1/suspensao-2026-04-10` or `@1/cancelamento-2026-04-10`: one for each halt. A suspended window that is then
    /// cancelled is another halt, also from the same day.
    Suspension {
        /// The edition in force when the window stopped.
        edition: u16,
        /// The halt's `situacao_desde`; absent in the key too where the calendar does not say.
        since: Option<Date>,
        kind: HaltKind,
    },
    /// `@1/prazo-mantido-2026-04-10`: the suspension ended and the deadline stands.
    Upheld {
        /// The edition that stands.
        edition: u16,
        /// The `situacao_desde` of the halt that ended.
        since: Option<Date>,
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
            Self::Suspension { edition, since, kind } => {
                write!(f, "@{edition}/{}{}", halt_word(*kind), of_halt(*since))
            }
            Self::Upheld { edition, since } => write!(f, "@{edition}/prazo-mantido{}", of_halt(*since)),
            Self::Rung { edition, days_before } => write!(f, "@{edition}/prazo-{days_before}d"),
        }
    }
}

impl Slot {
    /// The edition that it names; a divulgação comes once per window, whatever the edition.
    pub fn edition(self) -> Option<u16> {
        match self {
            Self::Announcement => None,
            Self::Extension { edition }
            | Self::Suspension { edition, .. }
            | Self::Upheld { edition, .. }
            | Self::Rung { edition, .. } => Some(edition),
        }
    }

    /// The rung, days before the deadline; none for what is no rung's.
    pub fn rung(self) -> Option<u16> {
        match self {
            Self::Rung { days_before, .. } => Some(days_before),
            Self::Announcement | Self::Extension { .. } | Self::Suspension { .. } | Self::Upheld { .. } => {
                None
            }
        }
    }

    fn parse(edition: Option<u16>, text: &str) -> Option<Self> {
        match (edition, text) {
            (None, "divulgacao") => Some(Self::Announcement),
            (Some(edition), "prorrogacao") => Some(Self::Extension { edition }),
            (Some(edition), rung) => {
                for kind in [HaltKind::Suspended, HaltKind::Cancelled] {
                    if let Some(halt) = rung.strip_prefix(halt_word(kind)) {
                        return Some(Self::Suspension { edition, since: halt_of(halt)?, kind });
                    }
                }
                if let Some(halt) = rung.strip_prefix("prazo-mantido") {
                    return Some(Self::Upheld { edition, since: halt_of(halt)? });
                }
                let days_before = rung.strip_prefix("prazo-")?.strip_suffix('d')?.parse().ok()?;
                Some(Self::Rung { edition, days_before })
            }
            (None, _) => None,
        }
    }
}

/// What the note of a halt is called in its key, and in the place of its file.
pub fn halt_word(kind: HaltKind) -> &'static str {
    match kind {
        HaltKind::Suspended => "suspensao",
        HaltKind::Cancelled => "cancelamento",
    }
}

/// What a key says of the halt that a letter is about: the day on which it began, where that is known.
fn of_halt(since: Option<Date>) -> String {
    since.map_or(String::new(), |day| format!("-{day}"))
}

#[expect(clippy::option_option, reason = "no such key, and a halt whose day nobody knows, are two things")]
fn halt_of(text: &str) -> Option<Option<Date>> {
    if text.is_empty() { Some(None) } else { Some(Some(text.strip_prefix('-')?.parse().ok()?)) }
}

/// The topic of the daily mail to staff, which is no alarm: `geral/alerta-pagina-do-dia-2026-11-26`.
pub const DAILY_PAGE: &str = "pagina-do-dia";

/// The identity of a notice: UNIQUE in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoticeKey {
    /// To a municipality: `rma/2026-11@1/prazo-5d/3205309`.
    Municipal {
        window: WindowId,
        /// Its place there.
        slot: Slot,
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
        on: Date,
    },
}

impl NoticeKey {
    /// Reads a key as [`fmt::Display`] writes it.
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

    /// Whether it calls a person, which no hour and no hold keeps back.
    pub fn is_alert(&self) -> bool {
        match self {
            Self::Service { .. } | Self::Staff { slot: StaffSlot::Alert { .. }, .. } => true,
            Self::Staff { .. } | Self::Municipal { .. } => false,
        }
    }

    /// The window that it is about, if any.
    pub fn window(&self) -> Option<&WindowId> {
        match self {
            Self::Municipal { window, .. } | Self::Staff { window, .. } => Some(window),
            Self::Service { .. } => None,
        }
    }

    /// The edition that it names, if it names one.
    pub fn edition(&self) -> Option<u16> {
        match self {
            Self::Municipal { slot, .. } => slot.edition(),
            Self::Staff { slot, .. } => Some(slot.edition()),
            Self::Service { .. } => None,
        }
    }

    /// Its place among the notices to a municipality; none for one to staff.
    pub fn slot(&self) -> Option<Slot> {
        match self {
            Self::Municipal { slot, .. } => Some(*slot),
            Self::Staff { .. } | Self::Service { .. } => None,
        }
    }

    /// The municipality that it is to, if any.
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
            "rma/2026-11@2/suspensao-2026-11-10/3205309",
            "rma/2026-11@2/cancelamento/3205309",
            "rma/2026-11@2/cancelamento-2026-11-10/3205309",
            "rma/2026-11@2/prazo-mantido-2026-11-10/3205309",
            "rma/2026-11@1/resumo-GPSB-2026-12-29",
            "rma/2026-11@1/remessa-GSUAS",
            "rma/2026-11@1/remessa-adendo-2-GSUAS",
            "rma/2026-11@1/remessa-adendo-cancelamento-GSUAS",
            "rma/2026-11@1/remessa-adendo-suspensao-GSUAS",
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
