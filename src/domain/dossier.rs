//! Proof of communication with one municipality: every fact that a dossier tells, gathered. Pure.
//!
//! `seq` is the place of the journal's entry that proves a fact; absent: the journal does not, and the dossier says so.

use jiff::Timestamp;
use jiff::civil::Date;

use super::delivery::DeliveryState;
use super::id::{EmailAddress, MunicipalityCode, WindowId};
use super::journal::{Evidence, LeftProof};
use super::notice::Told;
use super::roster::Role;

/// A dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dossier {
    pub municipality: MunicipalityCode,
    /// Its name, as in the roster on the day the dossier was made; the code when it is no longer there.
    pub name: String,
    /// Who is written to, as in the roster on that day.
    pub holders: Vec<Holder>,
    /// The window it was asked for; absent: all.
    pub only: Option<WindowId>,
    /// Whether the ledger is that of a rehearsal, in which nobody was written to.
    pub rehearsal: bool,
    pub made_at: Timestamp,
    /// The version of the program that made it.
    pub made_by: String,
    /// The windows, by id.
    pub windows: Vec<WindowFile>,
    /// What people decided by hand that touches it, oldest first.
    pub orders: Vec<Order>,
    /// When the service was down.
    pub outages: Vec<OutageLine>,
    /// The snapshots that status and decisions rest on.
    pub snapshots: Vec<SnapshotLine>,
    /// The journal's entries that this rests on, in order.
    pub journal: Vec<JournalLine>,
    /// Whether the ledger stands as it was recorded.
    pub chain: ChainState,
}

/// A role's addresses and holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub role: Role,
    /// Who holds the office; empty when unknown.
    pub name: String,
    pub addresses: Vec<EmailAddress>,
    /// Telephone; empty when unknown.
    pub telephone: String,
}

/// One window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowFile {
    pub window: WindowId,
    /// System and period in words; empty when the calendar no longer has it.
    pub title: String,
    /// First day, if the calendar has it.
    pub opens_on: Option<Date>,
    /// The process number of its system (`processo`); empty when none.
    pub process: String,
    /// The deadline as announced, by number.
    pub editions: Vec<EditionLine>,
    /// What the feeds say now.
    pub status: Vec<EvidenceLine>,
    /// Why there is no divulgação where it counts as told outside the system, in words.
    pub told_outside: Option<String>,
    /// Every letter, oldest first.
    pub letters: Vec<LetterFile>,
    /// What is known of letters that left, or may have left, from another ledger, and of which this one has nothing.
    pub elsewhere: Vec<ElsewhereLine>,
    /// Everything decided that is no letter: withheld, withdrawn, overtaken, expired; oldest first.
    pub unsent: Vec<DecisionLine>,
    /// Why nothing more is said at the moment the dossier was made, in words.
    pub silence: Option<String>,
}

/// One edition of a deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditionLine {
    /// 1 + position.
    pub number: u16,
    /// The deadline, as in the calendar now, else as read last.
    pub deadline: Told,
    /// The day the ministry announced it.
    pub announced_on: Option<Date>,
    pub source: String,
    /// Whether it names this municipality.
    pub applies: bool,
    /// How the daemon read it, oldest first. Nothing for the only edition of a recurring window.
    pub readings: Vec<ReadingLine>,
    /// The first decision here that rests on it, where that is older than its first reading: until then it was that of
    /// the recurrence, or of a window that opened while the service ran.
    pub decided_since: Option<Timestamp>,
}

/// An edition as the daemon read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadingLine {
    /// The entry that tells it.
    pub seq: i64,
    pub at: Timestamp,
    /// The deadline, as in the journal (`2026-12-31T23:59:59`, `a-definir`).
    pub deadline: String,
    pub source: String,
}

/// What one feed said of one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceLine {
    /// The part's name in words.
    pub part_name: String,
    /// What it said, as the journal has it.
    pub said: Evidence,
    /// Why nothing is owed by it, in words, where a feed speaks of what is not expected.
    pub aside: Option<&'static str>,
}

/// A snapshot, as the journal tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotLine {
    pub id: String,
    /// The entry that tells of it.
    pub seq: i64,
    pub feed: String,
    /// When it was taken, as in the journal.
    pub taken_at: String,
    pub origin: String,
    /// SHA-256 of the original.
    pub sha256: String,
    /// SHA-256 of what was mapped, which the ledger keeps.
    pub mapped_sha256: String,
    pub rows: u64,
}

/// One letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterFile {
    /// The notice's identity.
    pub key: String,
    pub version: u16,
    /// What sort, as in the ledger: `prazo`.
    pub kind: String,
    pub edition: Option<u16>,
    /// The rung, as written: `5d`.
    pub rung: Option<String>,
    /// The deadline that it names, as in the journal.
    pub told: Option<String>,
    /// Why it was written.
    pub because: String,
    pub subject: String,
    pub message_id: String,
    /// SHA-256 of its bytes as they are now.
    pub sha256: String,
    pub recorded_at: Timestamp,
    /// The entry that recorded it.
    pub seq: Option<i64>,
    /// Whether bytes and Message-ID are those that the entry tells of.
    pub intact: bool,
    /// Its number within the dossier.
    pub number: usize,
    /// Whether it had left from another ledger before it was written here: what left is not held, and these bytes never did.
    pub left_before: bool,
    /// Where its bytes are, from the dossier's folder; absent: their years are over (`guardar_anos`), or they never left.
    pub file: Option<String>,
    /// Its header, as people read it; its file has the bytes.
    pub header: String,
    /// Its text, decoded to read.
    pub text: Option<String>,
    /// What the feeds said of the parts it is about, when it was decided.
    pub evidence: Vec<EvidenceLine>,
    /// One for each address.
    pub deliveries: Vec<DeliveryFile>,
}

/// One letter to one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryFile {
    /// Its id in the ledger.
    pub id: String,
    pub role: Role,
    pub address: EmailAddress,
    pub state: DeliveryState,
    /// The decision that stopped it before its end.
    pub stopped_by: Option<String>,
    /// What is known of its leaving from another ledger.
    pub elsewhere: Vec<ElsewhereLine>,
    /// Every attempt.
    pub attempts: Vec<AttemptLine>,
    /// What came back by mail, oldest first.
    pub returns: Vec<ReturnLine>,
}

/// A word on a letter that left, or may have left, from another ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElsewhereLine {
    /// The entry that tells it.
    pub seq: i64,
    pub said_at: Timestamp,
    /// The notice's identity.
    pub key: String,
    pub version: u16,
    pub message_id: String,
    /// Where to, if one address is meant and it is still one of the municipality's.
    pub address: Option<EmailAddress>,
    /// SHA-256 of that address in small letters; absent: every address, or that of the delivery.
    pub address_sha256: Option<String>,
    /// When it left; by a person's word, when that was given.
    pub left_at: Timestamp,
    /// How it is known.
    pub proof: LeftProof,
    /// Who said so; absent where a pass counted what had been said before.
    pub author: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptLine {
    /// Counted from 1.
    pub number: u32,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    pub outcome: DeliveryState,
    pub reply: String,
    /// The entry that tells it.
    pub seq: Option<i64>,
    /// Whether the reply is the one that the entry has the digest of.
    pub intact: bool,
}

/// A bounce, a read receipt, or a report of delivery for a letter in doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnLine {
    /// The entry that tells it.
    pub seq: i64,
    pub at: Timestamp,
    /// *devolvido*, *lido* or *aceito*.
    pub state: DeliveryState,
    /// What it said, if it is the last thing said of this delivery and its digest is the entry's.
    pub reply: Option<String>,
    /// The message itself, if the ledger has it.
    pub message: Option<MessageFile>,
}

/// A message that came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageFile {
    /// SHA-256 of all of it, as it came.
    pub sha256: String,
    /// How many bytes it had.
    pub size: usize,
    /// How many of them are kept; none once their years are over.
    pub kept: usize,
    /// Whether the bytes kept are those that the entry tells of.
    pub intact: bool,
    /// Where they are, from the dossier's folder; absent: their years are over (`guardar_anos`).
    pub file: Option<String>,
}

/// A decision that is no letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionLine {
    /// The entry that tells it.
    pub seq: i64,
    pub at: Timestamp,
    pub key: String,
    /// What: `reter`, `retirar`, `superar`, `expirar`; `enviar` for a letter taken up again.
    pub act: String,
    /// What sort of letter; empty for none.
    pub kind: String,
    /// The rung, as written.
    pub rung: Option<String>,
    pub because: String,
    /// What the feeds said then.
    pub evidence: Vec<EvidenceLine>,
}

/// Something decided by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The entry that tells it.
    pub seq: i64,
    pub id: String,
    /// What: `reter`, `liberar`, `dispensar`, `contestar`.
    pub kind: String,
    /// What it is about, in words.
    pub scope: String,
    /// Last day on which it counts, as in the journal.
    pub until: Option<String>,
    pub author: String,
    pub reason: String,
    pub at: Timestamp,
    /// Who took it back, if somebody did.
    pub lifted: Option<Lifting>,
}

/// An order taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifting {
    /// The entry that tells it.
    pub seq: i64,
    pub author: String,
    pub reason: String,
    pub at: Timestamp,
}

/// A silence of the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutageLine {
    /// The entry that tells it.
    pub seq: i64,
    /// The last sign of life, as in the journal.
    pub from: String,
    /// When it came back.
    pub until: Timestamp,
}

/// One entry of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalLine {
    /// Its place in the chain.
    pub seq: i64,
    pub at: Timestamp,
    /// What it tells: `decisao`, `entrega`, …
    pub kind: String,
    pub subject: String,
    pub window: Option<WindowId>,
    pub municipality: Option<MunicipalityCode>,
    /// Its facts, as recorded: a JSON object.
    pub body: String,
    /// The hash of the entry before.
    pub prev_hash: String,
    pub hash: String,
}

/// The ledger's state when the dossier was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainState {
    /// Entries of the journal that were checked, one after the other.
    pub entries: usize,
    /// Letters that were checked: all, or where `audited` says so the municipality's.
    pub letters: usize,
    /// The self-audit that checked the rest; none: all was checked when the dossier was made.
    pub audited: Option<AuditLine>,
    /// The last entry's place.
    pub head_seq: i64,
    /// The last entry's hash.
    pub head_hash: String,
    /// What does not stand as it was recorded, in words; empty when all does.
    pub faults: Vec<String>,
}

/// A self-audit that found nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditLine {
    pub at: Timestamp,
    /// The entry until which it checked the whole ledger.
    pub reached: u64,
}

impl ChainState {
    /// Whether all stands as it was recorded.
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty()
    }
}

impl Dossier {
    /// Every letter, by window.
    pub fn letters(&self) -> impl Iterator<Item = &LetterFile> {
        self.windows.iter().flat_map(|window| &window.letters)
    }
}
