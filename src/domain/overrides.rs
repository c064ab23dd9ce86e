//! What people decided by hand, each with author and reason. Pure.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::id::{IdError, MunicipalityCode, PartId, WindowId};
use super::status::StatusEntry;
use crate::text::words::shown;

/// What was ordered and not undone. Of orders on the same object the newest rules, also once its last day is over:
/// ask [`Overrides::ruling_holds`] and its like, not the lists. Expiry is judged by the plan.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `reter` that was not yet undone.
    pub holds: Vec<Hold>,
    /// Batches that `liberar` let go whatever their letters say, and when first.
    pub released: BTreeMap<BatchId, Timestamp>,
    /// Batches of one edition's letters that `liberar` let go, each with the last day of the deadline that they gave then: of
    /// another deadline written there since, nobody said anything.
    pub released_until: BTreeMap<(BatchId, Date), Timestamp>,
    /// `dispensar`
    pub exemptions: Vec<Exemption>,
    /// `contestar`
    pub disputes: Vec<Dispute>,
    /// `anotar`, oldest first.
    pub notes: Vec<Note>,
}

impl Overrides {
    /// Lets a batch go from an instant on, or from an earlier one where it was let go before.
    pub fn release(&mut self, batch: BatchId, at: Timestamp) {
        let first = self.released.entry(batch).or_insert(at);
        *first = at.min(*first);
    }

    /// The same for letters that give a deadline of this last day.
    pub fn release_until(&mut self, batch: BatchId, day: Date, at: Timestamp) {
        let first = self.released_until.entry((batch, day)).or_insert(at);
        *first = at.min(*first);
    }

    /// When a batch was first let go whose letters give a deadline of this last day, or none, if it was.
    pub fn released_at(&self, batch: &BatchId, day: Option<Date>) -> Option<Timestamp> {
        let of_day = day.and_then(|day| self.released_until.get(&(batch.clone(), day)));
        self.released.get(batch).into_iter().chain(of_day).min().copied()
    }

    /// The newest `reter` of each scope, by scope.
    pub fn ruling_holds(&self) -> impl Iterator<Item = &Hold> {
        newest(&self.holds, |hold| &hold.scope, |hold| (&hold.authorship, hold.until))
    }

    /// The newest `dispensar` of each municipality, window and part.
    pub fn ruling_exemptions(&self) -> impl Iterator<Item = &Exemption> {
        let object = |one: &'_ Exemption| (one.municipality, one.window.clone(), one.part.clone());
        newest(&self.exemptions, object, |one| (&one.authorship, one.until))
    }

    /// The newest `contestar` of each municipality, window and part.
    pub fn ruling_disputes(&self) -> impl Iterator<Item = &Dispute> {
        let object = |one: &'_ Dispute| (one.municipality, one.window.clone(), one.part.clone());
        newest(&self.disputes, object, |one| (&one.authorship, one.until))
    }

    /// The newest `anotar` of a municipality in a window that has the ladder wait.
    pub fn ruling_pause(&self, municipality: MunicipalityCode, window: &WindowId) -> Option<&Note> {
        let pauses = self.notes.iter().filter(|note| {
            note.until.is_some() && note.municipality == municipality && note.window == *window
        });
        newest(pauses, |_| (), |note| (&note.authorship, note.until)).next()
    }
}

/// The newest order on each object. Of two given at one instant the one that lasts longer.
fn newest<'a, T: 'a, K: Ord>(
    orders: impl IntoIterator<Item = &'a T>,
    object: impl Fn(&'a T) -> K,
    given: impl Fn(&'a T) -> (&'a Authorship, Option<Date>),
) -> impl Iterator<Item = &'a T> {
    let rank = |order: &'a T| {
        let (by, until) = given(order);
        (by.at, until.is_none(), until, &by.author, &by.reason)
    };
    let mut ruling: BTreeMap<K, &'a T> = BTreeMap::new();
    for order in orders {
        let known = ruling.entry(object(order)).or_insert(order);
        if rank(order) > rank(known) {
            *known = order;
        }
    }
    ruling.into_values()
}

/// A batch (lote) of letters that leaves or waits as one.
///
/// `rma/2026-11/divulgacao`, `rma/2026-11@1/prazo-5d`, `dia/2026-12-01`, `retomada/2026-12-05T11:00:00Z`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(Arc<str>);

impl BatchId {
    /// Reads a batch id as shown to operators.
    ///
    /// # Errors
    /// [`IdError::Name`] when empty or with blanks.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if text.is_empty() || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            Err(IdError::Name(text.to_owned()))
        } else {
            Ok(Self(text.into()))
        }
    }

    /// A batch of one kind of letter in one window.
    pub fn of_slot(window: &WindowId, slot: super::notice::Slot) -> Self {
        Self(format!("{window}{slot}").into())
    }

    /// A letter to staff, which is a batch of its own.
    pub fn of_letter(key: &super::notice::NoticeKey) -> Self {
        Self(key.to_string().into())
    }

    /// All that is due on one civil day.
    pub fn of_day(day: Date) -> Self {
        Self(format!("dia/{day}").into())
    }

    /// All that was due when the daemon came back at `until`.
    pub fn of_outage(until: Timestamp) -> Self {
        Self(format!("retomada/{until}").into())
    }

    /// Whether it is what fell due while nothing was sent from this ledger.
    pub fn is_of_outage(&self) -> bool {
        self.0.starts_with("retomada/")
    }

    /// As shown to operators.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

shown!(BatchId);

/// Who decided, when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorship {
    /// Author, as given.
    pub author: String,
    /// Reason, as given.
    pub reason: String,
    pub at: Timestamp,
}

/// What a hold stops.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum HoldScope {
    /// Everything.
    All,
    Window(WindowId),
    Municipality(MunicipalityCode),
    Batch(BatchId),
}

impl HoldScope {
    /// Whether it takes in a municipality's letter of a slot.
    pub fn covers(
        &self,
        window: &WindowId,
        slot: super::notice::Slot,
        municipality: MunicipalityCode,
    ) -> bool {
        match self {
            Self::All => true,
            Self::Window(id) => id == window,
            Self::Municipality(code) => *code == municipality,
            Self::Batch(id) => *id == BatchId::of_slot(window, slot),
        }
    }
}

impl fmt::Display for HoldScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("tudo"),
            Self::Window(id) => write!(f, "janela {id}"),
            Self::Municipality(code) => write!(f, "município {code}"),
            Self::Batch(id) => write!(f, "lote {id}"),
        }
    }
}

/// Sending stopped by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// What it stops.
    pub scope: HoldScope,
    /// Last day on which it stops it; absent: until it is released.
    pub until: Option<Date>,
    pub authorship: Authorship,
}

/// Não se aplica or nada a declarar, by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exemption {
    pub municipality: MunicipalityCode,
    pub window: WindowId,
    /// Which part; absent: all.
    pub part: Option<PartId>,
    /// Last day on which it counts; absent: as long as the window.
    pub until: Option<Date>,
    pub authorship: Authorship,
}

/// A telephone call made about a window (`anotar`): what was tried, and whether the ladder waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub municipality: MunicipalityCode,
    pub window: WindowId,
    pub telephone: Option<String>,
    /// Last day on which no rung leaves; absent: the ladder does not wait.
    pub until: Option<Date>,
    /// By whom and when; the reason is the call's result.
    pub authorship: Authorship,
}

/// "Já preenchemos": não confirmado until a date or a newer snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    pub municipality: MunicipalityCode,
    pub window: WindowId,
    /// Which part; absent: all.
    pub part: Option<PartId>,
    /// Last day on which it counts; absent: until a newer snapshot.
    pub until: Option<Date>,
    /// By whom and why; data as of a later instant ends the dispute.
    pub authorship: Authorship,
}

impl Dispute {
    /// As of when newer data ended it, given what is known of its municipality in its window: the last word on each part
    /// and unit that it is about is as of a later instant.
    pub fn ended_by(&self, known: &[StatusEntry]) -> Option<Timestamp> {
        let here = || known.iter().filter(|entry| self.part.as_ref().is_none_or(|part| *part == entry.part));
        let is_last = |entry: &&StatusEntry| {
            let says_more = |other: &StatusEntry| {
                let whole = entry.unit.is_none() || other.unit.is_none();
                entry.part == other.part && (whole || entry.unit == other.unit)
            };
            !here().any(|other| says_more(other) && other.arrival > entry.arrival)
        };
        let last = || here().filter(is_last).map(StatusEntry::as_of);
        if last().all(|at| at > self.authorship.at) { last().max() } else { None }
    }
}
