//! What somebody ordered, and how a row holds it.

use jiff::civil::Date;

use super::StoreError;
use crate::database::cell::{Cells, code, ms};
use crate::database::engine::Row;
use crate::domain::id::{MunicipalityCode, PartId, WindowId};
use crate::domain::journal::OrderKind;
use crate::domain::overrides::{Authorship, BatchId, HoldScope};
use crate::text::digest::sha256;

/// The name of one order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OverrideId(String);

impl OverrideId {
    /// As shown to operators; also takes what they type.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// As shown to operators.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What somebody ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Override {
    /// `reter`
    Hold {
        scope: HoldScope,
        /// Last day on which it stops it; absent: until it is released.
        until: Option<Date>,
    },
    /// `liberar` of a batch.
    Release {
        batch: BatchId,
        /// The last day of the deadline that its letters gave then, where they are those of one edition: it counts for no other.
        until: Option<Date>,
    },
    /// `dispensar`
    Exemption {
        municipality: MunicipalityCode,
        window: WindowId,
        /// Which part; absent: all.
        part: Option<PartId>,
        /// Last day on which it counts.
        until: Option<Date>,
    },
    /// `contestar`
    Dispute {
        municipality: MunicipalityCode,
        window: WindowId,
        /// Which part; absent: all.
        part: Option<PartId>,
        /// Last day on which it counts.
        until: Option<Date>,
    },
    /// `anotar`: a telephone call made; its result is the reason.
    Note {
        municipality: MunicipalityCode,
        window: WindowId,
        telephone: Option<String>,
        /// Last day on which the ladder waits; absent: it does not.
        until: Option<Date>,
    },
    /// `reter-dados`: personal data stays although its years are over.
    Keep {
        window: WindowId,
        /// Of which municipality; absent: all.
        municipality: Option<MunicipalityCode>,
        /// Last day on which it counts; absent: until it is taken back.
        until: Option<Date>,
    },
}

/// One order, with who lifted it if somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverrideLine {
    /// Its name.
    pub id: OverrideId,
    pub what: Override,
    pub authorship: Authorship,
    /// By whom, why and when it was lifted.
    pub lifted: Option<Authorship>,
}

/// An order as the table holds it.
pub(super) struct Columns<'a> {
    pub(super) kind: OrderKind,
    pub(super) window: Option<&'a WindowId>,
    pub(super) municipality: Option<MunicipalityCode>,
    pub(super) part: Option<&'a PartId>,
    pub(super) batch: Option<&'a BatchId>,
    pub(super) until: Option<Date>,
    pub(super) telephone: Option<&'a str>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(what: &'a Override) -> Self {
        match what {
            Override::Hold { scope, until } => {
                let hold = Self { until: *until, ..Self::new(OrderKind::Hold) };
                match scope {
                    HoldScope::All => hold,
                    HoldScope::Window(id) => Self { window: Some(id), ..hold },
                    HoldScope::Municipality(code) => Self { municipality: Some(*code), ..hold },
                    HoldScope::Batch(id) => Self { batch: Some(id), ..hold },
                }
            }
            Override::Release { batch, until } => {
                Self { batch: Some(batch), until: *until, ..Self::new(OrderKind::Release) }
            }
            Override::Exemption { municipality, window, part, until } => {
                Self::about(OrderKind::Exemption, *municipality, window, part.as_ref(), *until)
            }
            Override::Dispute { municipality, window, part, until } => {
                Self::about(OrderKind::Dispute, *municipality, window, part.as_ref(), *until)
            }
            Override::Note { municipality, window, telephone, until } => Self {
                telephone: telephone.as_deref(),
                ..Self::about(OrderKind::Note, *municipality, window, None, *until)
            },
            Override::Keep { window, municipality, until } => Self {
                window: Some(window),
                municipality: *municipality,
                until: *until,
                ..Self::new(OrderKind::Keep)
            },
        }
    }

    fn new(kind: OrderKind) -> Self {
        Self { kind, window: None, municipality: None, part: None, batch: None, until: None, telephone: None }
    }

    fn about(
        kind: OrderKind,
        municipality: MunicipalityCode,
        window: &'a WindowId,
        part: Option<&'a PartId>,
        until: Option<Date>,
    ) -> Self {
        Self { window: Some(window), municipality: Some(municipality), part, until, ..Self::new(kind) }
    }

    /// A digest of what was ordered, by whom and when: the same order has the same name.
    pub(super) fn id(&self, authorship: &Authorship) -> OverrideId {
        let text = format!(
            "{}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{}\n{}\n{}",
            self.kind.as_str(),
            self.window.map(WindowId::as_str),
            self.municipality.map(code),
            self.part.map(PartId::as_str),
            self.batch.map(BatchId::as_str),
            self.until.map(|day| day.to_string()),
            authorship.author,
            authorship.reason,
            ms(authorship.at)
        );
        let text = self.telephone.map_or(text.clone(), |telephone| format!("{text}\n{telephone}"));
        OverrideId(sha256(text.as_bytes()).chars().take(12).collect())
    }
}

/// The order that a row holds.
pub(super) fn line(row: &Row) -> Result<OverrideLine, StoreError> {
    let cells = Cells::of("overrides", row);
    let window = cells.parsed_opt("window_id", |t| WindowId::parse(t).ok())?;
    let municipality = cells.municipality_opt("municipality")?;
    let part = cells.parsed_opt("part", |t| PartId::parse(t).ok())?;
    let batch = cells.parsed_opt("batch", |t| BatchId::parse(t).ok())?;
    let until = cells.parsed_opt("until_on", |t| t.parse().ok())?;
    let what = match (cells.parsed("kind", OrderKind::parse)?, window, municipality, batch) {
        (OrderKind::Hold, None, None, None) => Override::Hold { scope: HoldScope::All, until },
        (OrderKind::Hold, Some(id), None, None) => Override::Hold { scope: HoldScope::Window(id), until },
        (OrderKind::Hold, None, Some(code), None) => {
            Override::Hold { scope: HoldScope::Municipality(code), until }
        }
        (OrderKind::Hold, None, None, Some(id)) => Override::Hold { scope: HoldScope::Batch(id), until },
        (OrderKind::Release, None, None, Some(batch)) => Override::Release { batch, until },
        (OrderKind::Exemption, Some(window), Some(municipality), None) => {
            Override::Exemption { municipality, window, part, until }
        }
        (OrderKind::Dispute, Some(window), Some(municipality), None) => {
            Override::Dispute { municipality, window, part, until }
        }
        (OrderKind::Note, Some(window), Some(municipality), None) => {
            Override::Note { municipality, window, telephone: cells.get("telephone")?, until }
        }
        (OrderKind::Keep, Some(window), municipality, None) => Override::Keep { window, municipality, until },
        _ => return Err(cells.corrupt("kind")),
    };
    let authorship = Authorship {
        author: cells.get("author")?,
        reason: cells.get("reason")?,
        at: cells.instant("decided_at")?,
    };
    let lifted = match cells.instant_opt("lifted_at")? {
        None => None,
        Some(at) => {
            Some(Authorship { author: cells.get("lifted_by")?, reason: cells.get("lift_reason")?, at })
        }
    };
    Ok(OverrideLine { id: OverrideId(cells.get("id")?), what, authorship, lifted })
}
