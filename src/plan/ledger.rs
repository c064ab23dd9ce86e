//! What was already decided and said, as the plan needs to know it. Pure.
//!
//! A compact view of the ledger: the bytes, the attempts and all addresses but those that a letter still goes to stay in the
//! store. Above 400 lines: whatever is counted as records are put in is counted in one place, beside what it is counted for.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU16;
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;

use super::CLOCK_TOLERANCE;
use super::departed::Departed;
use crate::domain::closing::Closing;
use crate::domain::id::{EmailAddress, MunicipalityCode, PartId, UnitId, WindowId};
use crate::domain::notice::{Addressee, Kind, NoticeKey, Slot, StaffSlot, Told};
use crate::domain::reason::Cause;
use crate::domain::refusal::Refusal;

/// The ledger as the plan sees it.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// The first pass that was ever made; absent: none yet.
    pub born_at: Option<Timestamp>,
    pub last_pass_at: Option<Timestamp>,
    /// The latest instant that any entry carries.
    pub high_water: Option<Timestamp>,
    /// The latest silence of more than 24 h between the stored heartbeat and a start.
    pub outage: Option<Outage>,
    /// When the daemon first read an edition announced after the first; absent: on its `anunciada`.
    pub read_at: BTreeMap<(WindowId, u16), Timestamp>,
    /// Addresses that are not written to for now.
    pub flagged: Flags,
    /// Notices whose letter left, or may have left, from another ledger before this one was assumed. What is proved counts
    /// as told ([`count`](super::elsewhere::count)); what may have left waits once it is decided, and no batch holds it.
    pub left_elsewhere: BTreeMap<NoticeKey, Departed>,
    /// Where letters that are recorded still go: addresses to be tried or repeated, and where a stopped one would go on.
    addressed: BTreeMap<NoticeKey, Vec<EmailAddress>>,
    windows: HashMap<WindowId, WindowLedger>,
    service: BTreeMap<NoticeKey, Timestamp>,
}

/// Addresses that a letter did not reach, each with why and until when it rests.
#[derive(Debug, Clone, Default)]
pub struct Flags(HashMap<EmailAddress, (Refusal, Timestamp)>);

impl Flags {
    /// Lets an address rest.
    pub fn insert(&mut self, address: EmailAddress, refusal: Refusal, until: Timestamp) {
        self.0.insert(address, (refusal, until));
    }

    /// Takes a flag off.
    pub fn remove(&mut self, address: &EmailAddress) {
        self.0.remove(address);
    }

    /// How many there are, also those whose rest is over.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Why an address rests and until when, if it does or did.
    pub fn get(&self, address: &EmailAddress) -> Option<(Refusal, Timestamp)> {
        self.0.get(address).copied()
    }
}

/// A silence of the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// Last sign of life.
    pub from: Timestamp,
    /// When it came back.
    pub until: Timestamp,
}

/// What was said about one window.
#[derive(Debug, Clone, Default)]
pub struct WindowLedger {
    municipalities: BTreeMap<MunicipalityCode, Vec<NoticeRecord>>,
    staff: BTreeMap<StaffSlot, StaffRecord>,
    closings: BTreeMap<u16, (Timestamp, KeptClosing)>,
    open: usize,
    /// How many of its notices somebody asked for a copy of.
    copied: usize,
    /// How many of its letters fell due at an instant.
    due: BTreeMap<Timestamp, usize>,
}

/// What was recorded of an edition that ended, read once somebody asks: most windows are long over and nobody does.
type KeptClosing = Arc<LazyLock<Closing, Box<dyn FnOnce() -> Closing + Send + Sync>>>;

/// A notice to a municipality, as decided last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRecord {
    /// Its place in the window.
    pub slot: Slot,
    /// What sort of letter it is, or would be.
    pub kind: Kind,
    pub edition: u16,
    /// The deadline that it names; absent when it names none.
    pub told: Option<Told>,
    /// The version recorded last: 1, or more after another role stood in or its text changed. None: no letter of it was
    /// ever recorded; where one left all the same, it left from another ledger, and nobody here has its text.
    pub version: Option<NonZeroU16>,
    /// The civil-day batch it counts to.
    pub due_at: Timestamp,
    /// When its last version was recorded, or the last decision taken.
    pub recorded_at: Timestamp,
    pub parts: Vec<NamedPart>,
    /// Who asked for a copy of its letter when that was written.
    pub copies: Vec<CopyRequest>,
    pub standing: Standing,
}

/// A notice to staff, as recorded last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StaffRecord {
    /// When its last letter was recorded, or its report published.
    pub told_at: Timestamp,
    pub version: NonZeroU16,
    pub due_at: Timestamp,
    /// The same as `told_at`, or when it was held or taken back since, while nobody had taken it.
    pub recorded_at: Timestamp,
    pub standing: Standing,
}

/// A part that a letter names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPart {
    pub part: PartId,
    /// Its units that the letter lists as pending; empty when it names the part only as a whole.
    pub units: Vec<UnitId>,
}

impl NamedPart {
    /// A part named as a whole.
    pub fn whole(part: PartId) -> Self {
        Self { part, units: Vec::new() }
    }
}

/// Somebody in the secretariat who hears of a letter in a resumo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyRequest {
    pub to: Addressee,
    /// The parts of the letter that are theirs.
    pub parts: Vec<PartId>,
}

/// Where a notice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Decided, not to leave yet.
    Withheld(Cause),
    /// Recorded; some address is still to be tried and none has taken it.
    Queued,
    /// At least one address took it (aceito), or may have (incerto), and not all of them bounced.
    Sent {
        /// When the first one did.
        at: Timestamp,
        /// What is left to its other addresses.
        rest: Rest,
    },
    /// Every address refused or bounced.
    Failed,
    /// Taken back before any address took it.
    Withdrawn,
    /// Overtaken, and by what: the daemon stood still for its whole validity, or it was too soon after another letter.
    Superseded { by: Cause },
    /// Its validity ended first.
    Expired {
        at: Timestamp,
        /// What held it back then, if something did.
        held_by: Option<Cause>,
    },
}

/// What is left of a letter that somebody took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// No other address is to be tried or repeated.
    Nothing,
    /// Some other address is.
    Waits,
    /// Some other address was, and a hold stopped it. It goes on when nothing holds it any more, while the letter still says
    /// what is so; otherwise it ends with the letter's validity, or when it is taken back.
    Held(Cause),
}

impl NoticeRecord {
    /// Whether its letter left from another ledger, so that neither its text nor, of a rung's, its sort is known here.
    pub fn left_elsewhere(&self) -> bool {
        self.version.is_none() && self.standing.sent_at().is_some()
    }
}

impl Standing {
    /// Whether the plan still has something to decide about it at each pass.
    pub fn is_open(self) -> bool {
        match self {
            Self::Withheld(_) | Self::Queued => true,
            Self::Sent { rest, .. } => rest != Rest::Nothing,
            Self::Failed | Self::Withdrawn | Self::Superseded { .. } | Self::Expired { .. } => false,
        }
    }

    /// Whether it counts to the day on which it was due: it left, leaves, or tried to.
    pub fn fell_due(self) -> bool {
        match self {
            Self::Sent { .. } | Self::Queued | Self::Failed => true,
            Self::Withheld(_) | Self::Withdrawn | Self::Superseded { .. } | Self::Expired { .. } => false,
        }
    }

    /// When the first address took it, if one did.
    pub fn sent_at(self) -> Option<Timestamp> {
        match self {
            Self::Sent { at, .. } => Some(at),
            Self::Withheld(_)
            | Self::Queued
            | Self::Failed
            | Self::Withdrawn
            | Self::Superseded { .. }
            | Self::Expired { .. } => None,
        }
    }

    /// Whether a letter that stands so would go astray: to an address that somebody corrected since. One that another address
    /// took goes on while any that waits for it still is a right one.
    pub(super) fn goes_astray(
        self,
        waiting: &[EmailAddress],
        is_strange: impl Fn(&EmailAddress) -> bool,
    ) -> bool {
        match self {
            Self::Sent { .. } => !waiting.is_empty() && waiting.iter().all(is_strange),
            Self::Withheld(_)
            | Self::Queued
            | Self::Failed
            | Self::Withdrawn
            | Self::Superseded { .. }
            | Self::Expired { .. } => waiting.iter().any(is_strange),
        }
    }

    /// Whether the ledger says of it that this holds it, or lets it wait.
    pub(super) fn is_held_by(self, by: Cause) -> bool {
        self.cause() == Some(by)
    }

    /// What holds it, if something does.
    pub fn held_by(self) -> Option<Cause> {
        self.cause().filter(|cause| !cause.only_waits())
    }

    /// Whether something holds it, or lets it wait.
    pub(super) fn is_held(self) -> bool {
        self.cause().is_some()
    }

    fn cause(self) -> Option<Cause> {
        match self {
            Self::Withheld(cause) | Self::Sent { rest: Rest::Held(cause), .. } => Some(cause),
            Self::Sent { rest: Rest::Nothing | Rest::Waits, .. }
            | Self::Queued
            | Self::Failed
            | Self::Withdrawn
            | Self::Superseded { .. }
            | Self::Expired { .. } => None,
        }
    }
}

impl StaffRecord {
    /// One that somebody took as soon as it was recorded.
    pub fn taken(at: Timestamp) -> Self {
        let standing = Standing::Sent { at, rest: Rest::Nothing };
        Self { told_at: at, version: NonZeroU16::MIN, due_at: at, recorded_at: at, standing }
    }

    /// Whether staff were told it, or are being told: one that was taken back before anybody took it is told anew.
    pub fn is_told(&self) -> bool {
        !matches!(self.standing, Standing::Withdrawn)
    }
}

impl Ledger {
    /// What was said about a window.
    pub fn window(&self, window: &WindowId) -> Option<&WindowLedger> {
        self.windows.get(window)
    }

    /// Every window that anything was said about.
    pub fn windows(&self) -> impl Iterator<Item = (&WindowId, &WindowLedger)> {
        self.windows.iter()
    }

    /// A notice to a municipality, as decided last; none for one to staff.
    pub fn notice(&self, key: &NoticeKey) -> Option<&NoticeRecord> {
        match key {
            NoticeKey::Municipal { window, slot, municipality } => {
                self.window(window)?.of(*municipality).iter().find(|record| record.slot == *slot)
            }
            NoticeKey::Staff { .. } | NoticeKey::Service { .. } => None,
        }
    }

    /// A notice to staff about a window, as recorded last; none for any other.
    pub fn staff(&self, key: &NoticeKey) -> Option<&StaffRecord> {
        match key {
            NoticeKey::Staff { window, slot } => self.window(window)?.staff(slot),
            NoticeKey::Municipal { .. } | NoticeKey::Service { .. } => None,
        }
    }

    /// When the notices about the service on this topic were recorded.
    pub fn service(&self, topic: &str) -> impl Iterator<Item = (&NoticeKey, Timestamp)> {
        let about = move |key: &NoticeKey| matches!(key, NoticeKey::Service { topic: t, .. } if t == topic);
        self.service.iter().filter(move |(key, _)| about(key)).map(|(key, at)| (key, *at))
    }

    /// Since when the letter is withheld that has been for longest.
    pub fn withheld_since(&self) -> Option<Timestamp> {
        let open = self.windows.values().filter(|window| window.has_open());
        let records = open.flat_map(|window| window.municipalities.values()).flatten();
        let withheld = records.filter(|record| matches!(record.standing, Standing::Withheld(_)));
        withheld.map(|record| record.recorded_at).min()
    }

    /// Lets go of all that was said about a window.
    pub fn forget(&mut self, window: &WindowId) {
        self.windows.remove(window);
    }

    /// Puts in a notice to a municipality, in place of what was known of it.
    pub fn put(&mut self, window: &WindowId, municipality: MunicipalityCode, record: NoticeRecord) {
        if !self.windows.contains_key(window) {
            self.windows.insert(window.clone(), WindowLedger::default());
        }
        if !self.addressed.is_empty() {
            let (window, slot) = (window.clone(), record.slot);
            self.addressed.remove(&NoticeKey::Municipal { window, slot, municipality });
        }
        let Some(ledger) = self.windows.get_mut(window) else { return };
        ledger.open += usize::from(record.standing.is_open());
        ledger.copied += usize::from(!record.copies.is_empty());
        *ledger.due.entry(record.due_at).or_default() += usize::from(record.standing.fell_due());
        let records = ledger.municipalities.entry(municipality).or_default();
        match records.iter_mut().find(|r| r.slot == record.slot) {
            Some(known) => {
                ledger.open -= usize::from(known.standing.is_open());
                ledger.copied -= usize::from(!known.copies.is_empty());
                if let Some(due) = ledger.due.get_mut(&known.due_at) {
                    *due -= usize::from(known.standing.fell_due());
                }
                *known = record;
            }
            None => records.push(record),
        }
    }

    /// Puts in a word on a letter that left, or may have left, from another ledger, beside what was known of its notice.
    pub fn put_elsewhere(&mut self, key: NoticeKey, left: Departed) {
        self.left_elsewhere.entry(key).and_modify(|known| *known = known.or(left)).or_insert(left);
    }

    /// Puts in an address that the letter of a notice still goes to, after its record.
    pub fn put_address(&mut self, key: NoticeKey, address: EmailAddress) {
        self.addressed.entry(key).or_default().push(address);
    }

    /// Where the letter of a notice still goes, as far as it is known.
    pub fn addresses(&self, key: impl FnOnce() -> NoticeKey) -> &[EmailAddress] {
        if self.addressed.is_empty() { &[] } else { self.addressed.get(&key()).map_or(&[], Vec::as_slice) }
    }

    /// Puts in a notice to staff, in place of what was known of it.
    pub fn put_staff(&mut self, key: NoticeKey, record: StaffRecord) {
        match key {
            NoticeKey::Staff { window, slot } => {
                self.windows.entry(window).or_default().staff.insert(slot, record);
            }
            key @ NoticeKey::Service { .. } => {
                self.service.insert(key, record.told_at);
            }
            NoticeKey::Municipal { .. } => {}
        }
    }

    /// Puts in what was recorded of an edition whose deadline passed: `read` gives it when somebody asks.
    pub fn close(
        &mut self,
        window: &WindowId,
        edition: u16,
        at: Timestamp,
        read: impl FnOnce() -> Closing + Send + Sync + 'static,
    ) {
        let kept: KeptClosing = Arc::new(LazyLock::new(Box::new(read)));
        self.windows.entry(window.clone()).or_default().closings.insert(edition, (at, kept));
    }

    /// The ledger as it was known at an instant: what was recorded later is left out. A notice that was decided anew
    /// since is left out too; the journal has its history.
    #[must_use]
    pub fn as_known(mut self, at: Timestamp) -> Self {
        let windows = std::mem::take(&mut self.windows);
        self.last_pass_at = self.last_pass_at.min(Some(at));
        self.high_water = None;
        self.addressed.clear();
        self.service.retain(|_, told| *told <= at);
        for (id, window) in windows {
            if window.is_known(at) {
                self.windows.insert(id, window);
                continue;
            }
            for (municipality, records) in window.municipalities {
                for mut record in records.into_iter().filter(|record| record.recorded_at <= at) {
                    if record.standing.sent_at().is_some_and(|sent| sent > at) {
                        record.standing = Standing::Queued;
                    }
                    self.put(&id, municipality, record);
                }
            }
            for (slot, mut record) in window.staff.into_iter().filter(|(_, record)| record.told_at <= at) {
                if record.recorded_at.max(record.standing.sent_at().unwrap_or(at)) > at {
                    record.standing = Standing::Queued;
                }
                self.windows.entry(id.clone()).or_default().staff.insert(slot, record);
            }
            for (edition, kept) in window.closings.into_iter().filter(|(_, (recorded, _))| *recorded <= at) {
                self.windows.entry(id.clone()).or_default().closings.insert(edition, kept);
            }
        }
        self
    }

    /// The ledger as a plan at `now` may believe it. What lies ahead of now was recorded by a clock that stood wrong: that a
    /// deadline had passed, that a letter was overtaken or its time over, and what was published of it. None of that is so
    /// yet. A letter that left, leaves or is withheld is what it is, whichever clock it left by.
    #[must_use]
    pub fn believed(mut self, now: Timestamp) -> Self {
        let limit = now.saturating_add(CLOCK_TOLERANCE).unwrap_or(Timestamp::MAX);
        for window in self.windows.values_mut() {
            window.closings.retain(|_, (recorded, _)| *recorded <= limit);
            let is_ahead = |standing: Standing, recorded: Timestamp| {
                recorded > limit && matches!(standing, Standing::Superseded { .. } | Standing::Expired { .. })
            };
            for records in window.municipalities.values_mut() {
                // Without a letter it is as if it had never been asked about; a letter may be written again.
                records.retain(|one| one.version.is_some() || !is_ahead(one.standing, one.recorded_at));
                for one in records.iter_mut().filter(|one| is_ahead(one.standing, one.recorded_at)) {
                    one.standing = Standing::Withdrawn;
                }
            }
            window
                .staff
                .retain(|slot, one| !matches!(slot, StaffSlot::Report { .. }) || one.told_at <= limit);
            for one in window.staff.values_mut().filter(|one| is_ahead(one.standing, one.recorded_at)) {
                one.standing = Standing::Withdrawn;
            }
        }
        self
    }

    /// Notes a pass.
    pub fn passed(&mut self, now: Timestamp) {
        self.born_at.get_or_insert(now);
        self.last_pass_at = self.last_pass_at.max(Some(now));
        self.high_water = self.high_water.max(Some(now));
    }
}

impl WindowLedger {
    /// Whether all of it was known at an instant as it is.
    fn is_known(&self, at: Timestamp) -> bool {
        let is_later = |later: Timestamp| later > at;
        let mut records = self.municipalities.values().flatten();
        !(records
            .any(|record| is_later(record.recorded_at) || record.standing.sent_at().is_some_and(is_later))
            || self.staff.values().any(|record| {
                is_later(record.recorded_at) || record.standing.sent_at().is_some_and(is_later)
            })
            || self.closings.values().any(|(recorded, _)| is_later(*recorded)))
    }

    /// The notices to one municipality.
    pub fn of(&self, municipality: MunicipalityCode) -> &[NoticeRecord] {
        self.municipalities.get(&municipality).map_or(&[], Vec::as_slice)
    }

    /// Every municipality with its notices, in order.
    pub fn municipalities(&self) -> impl Iterator<Item = (MunicipalityCode, &[NoticeRecord])> {
        self.municipalities.iter().map(|(code, records)| (*code, records.as_slice()))
    }

    /// A notice to staff as recorded last, if it ever was.
    pub fn staff(&self, slot: &StaffSlot) -> Option<&StaffRecord> {
        self.staff.get(slot)
    }

    /// Every notice to staff that was ever recorded.
    pub fn staff_records(&self) -> impl Iterator<Item = (&StaffSlot, &StaffRecord)> {
        self.staff.iter()
    }

    /// The notices that staff were told, or are being told, each with when.
    pub fn staff_told(&self) -> impl Iterator<Item = (&StaffSlot, Timestamp)> {
        self.staff_records()
            .filter(|(_, record)| record.is_told())
            .map(|(slot, record)| (slot, record.told_at))
    }

    /// What was recorded of an edition when its deadline passed, if it did.
    pub fn closing(&self, edition: u16) -> Option<&Closing> {
        self.closings.get(&edition).map(|(_, kept)| &***kept)
    }

    /// Whether what was so when the deadline of an edition passed is recorded.
    pub fn has_closing(&self, edition: u16) -> bool {
        self.closings.contains_key(&edition)
    }

    /// Every record of an edition that ended, the first edition first.
    pub fn closings(&self) -> impl Iterator<Item = &Closing> {
        self.closings.values().map(|(_, kept)| &***kept)
    }

    /// How many letters to municipalities fell due from one instant until another.
    pub fn fell_due(&self, from: Timestamp, until: Timestamp) -> usize {
        self.due.range(from..until).map(|(_, letters)| letters).sum()
    }

    /// Whether somebody asked for a copy of any notice to a municipality.
    pub fn has_copied(&self) -> bool {
        self.copied > 0
    }

    /// Whether any notice to a municipality is still open.
    pub fn has_open(&self) -> bool {
        self.open > 0
    }

    /// Whether a letter to staff still waits for somebody to take it, or stays behind a hold.
    pub fn has_open_staff(&self) -> bool {
        self.staff.values().any(|record| record.standing.is_open())
    }
}
