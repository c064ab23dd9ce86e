//! What the journal tells, entry by entry, as the dossier's lines.
//!
//! Above 400 lines: each sort of entry that a dossier shows is read in one place, so that none is read in two ways.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use super::super::entry::because_of;
use super::DossierRequest;
use crate::domain::calendar::{Calendar, Deadline};
use crate::domain::dossier::{
    AttemptLine, DecisionLine, DeliveryFile, ElsewhereLine, EvidenceLine, JournalLine, Lifting, MessageFile,
    Order, OutageLine, ReadingLine, ReturnLine, SnapshotLine,
};
use crate::domain::id::{EmailAddress, WindowId, slugify};
use crate::domain::journal::{
    self, Act, Decision, Entry, Evidence, LeftElsewhere, LeftProof, OrderAct, Ordered, Ruled,
};
use crate::domain::notice::{NoticeKey, StaffSlot, Told as ToldDeadline};
use crate::proof::CaseFile;
use crate::render::because::part_name;
use crate::store::{
    Attempt, DeliveryId, DeliveryLine, JournalEntry, KeptMessage, StoredLetter, mailbox_digest,
};
use crate::text::digest::sha256;

/// The entries that matter to one dossier.
pub(super) struct Told<'a> {
    /// Also those that cannot be read, as long as they are the municipality's own.
    entries: Vec<&'a JournalEntry>,
    windows: BTreeSet<WindowId>,
    /// Attempts by delivery and number.
    attempts: HashMap<(&'a str, u32), (&'a JournalEntry, &'a journal::Attempt)>,
}

/// Whether a letter is the one that a decision recorded.
pub(super) fn is_letter(told: &Decision, letter: &StoredLetter) -> bool {
    told.letter.as_ref().is_some_and(|recorded| {
        // Of one whose years are over the digest is what is left.
        let digest = letter.bytes.as_ref().map_or_else(|| letter.sha256.clone(), |bytes| sha256(bytes));
        recorded.sha256 == digest && recorded.message_id == letter.message_id
    })
}

/// What the feeds said when it was decided.
pub(super) fn evidence(told: &Decision, calendar: &Calendar) -> Vec<EvidenceLine> {
    let line = |said: &Evidence| EvidenceLine {
        part_name: part_name(&said.part, calendar),
        said: said.clone(),
        aside: None,
    };
    told.evidence.iter().map(line).collect()
}

/// Whether a letter had left from another ledger before it was written here, and was never tried since.
pub(super) fn left_before(letter: &StoredLetter, deliveries: &[DeliveryFile]) -> bool {
    let left = |line: &ElsewhereLine| match line.proof {
        LeftProof::Log | LeftProof::Person => line.left_at < letter.recorded_at,
        LeftProof::Nothing => false,
    };
    deliveries.iter().all(|delivery| delivery.attempts.is_empty())
        && deliveries.iter().flat_map(|delivery| &delivery.elsewhere).any(left)
}

fn is_unsent(told: &Decision) -> bool {
    match told.act {
        Act::Withhold | Act::Withdraw | Act::Supersede | Act::Expire => true,
        Act::Send | Act::Publish => told.is_resumed,
    }
}

impl<'a> Told<'a> {
    pub(super) fn new(case: &'a CaseFile, subject: &DossierRequest) -> Self {
        let own = |entry: &JournalEntry| entry.municipality == Some(subject.municipality);
        let mut windows: BTreeSet<WindowId> =
            case.journal.iter().filter(|e| own(e)).filter_map(|e| e.window.clone()).collect();
        windows.extend(subject.only.clone());
        let entries: Vec<&JournalEntry> =
            case.journal.iter().filter(|entry| own(entry) || matters(entry, &windows)).collect();
        let mut told = Self { entries, windows, attempts: HashMap::new() };
        told.attempts = told
            .each(|entry, told| match told {
                Entry::Attempt(attempt) => {
                    Some(((attempt.delivery.as_str(), attempt.number), (entry, attempt)))
                }
                _ => None,
            })
            .collect();
        told
    }

    pub(super) fn windows(&self) -> BTreeSet<WindowId> {
        self.windows.clone()
    }

    /// The entries that can be read, as far as `what` picks them.
    fn each<T>(&self, what: impl Fn(&'a JournalEntry, &'a Entry) -> Option<T>) -> impl Iterator<Item = T> {
        self.entries.iter().filter_map(move |entry| what(entry, entry.told.as_ref().ok()?))
    }

    fn decisions(&self) -> impl Iterator<Item = (&'a JournalEntry, &'a Decision)> {
        self.each(|entry, told| match told {
            Entry::Decision(told) => Some((entry, told)),
            _ => None,
        })
    }

    /// The entry that recorded a letter.
    pub(super) fn recorded(&self, letter: &StoredLetter) -> Option<(&'a JournalEntry, &'a Decision)> {
        let key = letter.key.to_string();
        self.decisions().find(|(entry, told)| {
            entry.subject == key && told.letter.is_some() && told.version == letter.version
        })
    }

    /// Everything decided in a window that is no letter.
    pub(super) fn unsent(&self, window: &WindowId, calendar: &Calendar) -> Vec<DecisionLine> {
        self.decisions()
            .filter(|(entry, told)| is_unsent(told) && entry.municipality.is_some())
            .filter(|(entry, _)| entry.window.as_ref() == Some(window))
            .map(|(entry, told)| DecisionLine {
                seq: entry.seq,
                at: entry.at,
                key: entry.subject.clone(),
                act: told.act.as_str().to_owned(),
                kind: told.kind.map_or_else(String::new, |kind| kind.as_str().to_owned()),
                rung: told.rung.clone(),
                because: because_of(entry, told, self.entries.iter().copied()).into_owned(),
                evidence: evidence(told, calendar),
            })
            .collect()
    }

    /// What is known of letters of a window that left from another ledger, and of which this one has none.
    pub(super) fn left_elsewhere(&self, window: &WindowId, known: &[EmailAddress]) -> Vec<ElsewhereLine> {
        let of_it = |entry: &JournalEntry, told: &LeftElsewhere| {
            entry.window.as_ref() == Some(window) && entry.municipality.is_some() && told.delivery.is_none()
        };
        let lines = self.elsewhere(of_it).map(|line| {
            let is_it = |address: &&EmailAddress| {
                line.address_sha256.as_deref() == Some(mailbox_digest(address).as_str())
            };
            ElsewhereLine { address: known.iter().find(is_it).cloned(), ..line }
        });
        lines.collect()
    }

    fn elsewhere(
        &self,
        wanted: impl Fn(&JournalEntry, &LeftElsewhere) -> bool,
    ) -> impl Iterator<Item = ElsewhereLine> {
        self.each(move |entry, told| match told {
            Entry::LeftElsewhere(told) if wanted(entry, told) => Some(ElsewhereLine {
                seq: entry.seq,
                said_at: entry.at,
                key: entry.subject.clone(),
                version: told.version,
                message_id: told.message_id.clone(),
                address: None,
                address_sha256: told.address_sha256.clone(),
                left_at: *told.left_at,
                proof: told.proof,
                author: told.author.clone(),
                reason: told.reason.clone(),
            }),
            _ => None,
        })
    }

    /// When something was first decided by an edition.
    pub(super) fn decided_first(&self, window: &WindowId, edition: u16) -> Option<Timestamp> {
        let of_it = self
            .decisions()
            .filter(|(entry, told)| entry.window.as_ref() == Some(window) && told.edition == Some(edition));
        of_it.map(|(entry, _)| entry.at).min()
    }

    /// How a window's editions were read, by number.
    pub(super) fn readings(&self, window: &WindowId) -> Vec<(u16, ReadingLine)> {
        let readings = self.each(|entry, told| match told {
            Entry::Reading(told) if entry.window.as_ref() == Some(window) => {
                let (deadline, source) = (told.deadline.clone(), told.source.clone());
                Some((told.edition, ReadingLine { seq: entry.seq, at: entry.at, deadline, source }))
            }
            _ => None,
        });
        readings.collect()
    }

    /// One letter to one address, each reply held against its digest in the journal.
    pub(super) fn delivery(
        &self,
        case: &CaseFile,
        line: &DeliveryLine,
        attempts: &[Attempt],
    ) -> DeliveryFile {
        let id = line.id.as_str();
        DeliveryFile {
            id: id.to_owned(),
            role: line.role.clone(),
            address: line.address.clone(),
            state: line.state,
            stopped_by: line.stopped_by.clone(),
            elsewhere: self.elsewhere(|_, told| told.delivery.as_deref() == Some(id)).collect(),
            attempts: attempts.iter().map(|attempt| self.attempt(line, attempt)).collect(),
            returns: self.returns(case, line),
        }
    }

    fn attempt(&self, line: &DeliveryLine, attempt: &Attempt) -> AttemptLine {
        let found = self.attempts.get(&(line.id.as_str(), attempt.n)).copied();
        let is_gone = line.is_reduced() && attempt.reply.is_empty();
        let same = |(entry, told): (&JournalEntry, &journal::Attempt)| {
            (is_gone || told.reply_sha256 == sha256(attempt.reply.as_bytes()))
                && *told.outcome == attempt.outcome
                && entry.at == attempt.ended_at
        };
        AttemptLine {
            number: attempt.n,
            started_at: attempt.started_at,
            ended_at: attempt.ended_at,
            outcome: attempt.outcome,
            reply: attempt.reply.clone(),
            seq: found.map(|(entry, _)| entry.seq),
            intact: found.is_some_and(same),
        }
    }

    fn returns(&self, case: &CaseFile, line: &DeliveryLine) -> Vec<ReturnLine> {
        let digest = sha256(line.reply.as_bytes());
        let returns = self.each(|entry, told| match told {
            Entry::Returned(told) if told.delivery == line.id.as_str() => Some(ReturnLine {
                seq: entry.seq,
                at: entry.at,
                state: *told.state,
                reply: (told.reply_sha256 == digest).then(|| line.reply.clone()),
                message: message(case, line, &told.message),
            }),
            _ => None,
        });
        returns.collect()
    }

    /// Orders by hand, with who lifted them.
    pub(super) fn orders(&self) -> Vec<Order> {
        let mut orders: Vec<Order> = Vec::new();
        for (entry, told) in self.each(|entry, told| Some((entry, told))) {
            let given =
                |kind: &str, scope: String, until: Option<String>, author: &str, reason: &str| Order {
                    seq: entry.seq,
                    id: entry.subject.clone(),
                    kind: kind.to_owned(),
                    scope,
                    until,
                    author: author.to_owned(),
                    reason: reason.to_owned(),
                    at: entry.at,
                    lifted: None,
                };
            match told {
                Entry::Ordered(told) if told.act == OrderAct::Lift => {
                    if let Some(order) = orders.iter_mut().find(|order| order.id == entry.subject) {
                        let (author, reason) = (told.author.clone(), told.reason.clone().unwrap_or_default());
                        order.lifted = Some(Lifting { seq: entry.seq, author, reason, at: entry.at });
                    }
                }
                Entry::Ordered(told) => {
                    let until = told.until.map(|day| day.to_string());
                    let scope = scope(entry, told);
                    let outcome = || outcome(entry, told.outcome_sha256.as_deref());
                    let reason = told.reason.clone().unwrap_or_else(outcome);
                    orders.push(given(told.order.as_str(), scope, until, &told.author, &reason));
                }
                Entry::Ruled(told) => {
                    orders.push(given("coleta", ruled(told), None, &told.author, &told.reason));
                }
                _ => {}
            }
        }
        orders
    }

    pub(super) fn outages(&self) -> Vec<OutageLine> {
        let outages = self.each(|entry, told| match told {
            Entry::Outage(told) => {
                Some(OutageLine { seq: entry.seq, from: told.from.to_string(), until: entry.at })
            }
            _ => None,
        });
        outages.collect()
    }

    /// Every entry that the dossier rests on, in order.
    pub(super) fn journal(&self, case: &CaseFile) -> Vec<JournalLine> {
        let entries = self.entries.iter().copied().chain(&case.snapshots);
        let mut lines: Vec<JournalLine> = entries
            .map(|entry| JournalLine {
                seq: entry.seq,
                at: entry.at,
                kind: entry.kind.clone(),
                subject: entry.subject.clone(),
                window: entry.window.clone(),
                municipality: entry.municipality,
                body: entry.body.clone(),
                prev_hash: entry.prev_hash.clone(),
                hash: entry.hash.clone(),
            })
            .collect();
        lines.sort_by_key(|line| line.seq);
        lines
    }
}

/// Whether an entry about no municipality bears on these windows.
fn matters(entry: &JournalEntry, windows: &BTreeSet<WindowId>) -> bool {
    let Ok(told) = &entry.told else { return false };
    if entry.municipality.is_some() {
        return false;
    }
    match told {
        Entry::Opening(_)
        | Entry::Outage(_)
        | Entry::Reading(_)
        | Entry::ClockRuled(_)
        | Entry::FeedSwitched(_)
        | Entry::Assumed(_)
        | Entry::Led(_)
        | Entry::Moved(_)
        | Entry::QueueStopped(_)
        | Entry::QueueResumed(_)
        | Entry::Reduced(_) => true,
        // What somebody said of a snapshot bears on the windows that it speaks of.
        Entry::Ruled(told) => told.windows.iter().any(|id| windows.contains(&id.0)),
        Entry::Ordered(told) => told.batch.as_ref().is_none_or(|batch| {
            let batch = batch.as_str();
            let of = |window: &WindowId| {
                batch.strip_prefix(window.as_str()).is_some_and(|rest| rest.starts_with(['@', '/']))
            };
            batch.starts_with("dia/") || batch.starts_with("retomada/") || windows.iter().any(of)
        }),
        // The referral to the ministry's people (norma 6.3) is about every municipality of the window.
        Entry::Decision(_)
        | Entry::Attempt(_)
        | Entry::Returned(_)
        | Entry::Released(_)
        | Entry::Rescheduled(_)
        | Entry::Erased(_)
        | Entry::LeftElsewhere(_) => matches!(
            NoticeKey::parse(&entry.subject),
            Some(NoticeKey::Staff {
                slot: StaffSlot::Referral { .. } | StaffSlot::ReferralAddendum { .. },
                ..
            })
        ),
        Entry::Snapshot(_)
        | Entry::EditionClosed(_)
        | Entry::TestSent(_)
        | Entry::DossierShown(_)
        | Entry::Flagged(_)
        | Entry::Unflagged(_)
        | Entry::Adopted(_)
        | Entry::Rejected(_)
        | Entry::Held(_)
        | Entry::Consented(_)
        | Entry::RegisterLoaded(_)
        | Entry::RegisterDoubted(_)
        | Entry::ProposalsTaken(_)
        | Entry::ProposalsRefused(_)
        | Entry::Found(_)
        | Entry::Audited(_)
        | Entry::Announced(_)
        | Entry::Seen(_) => false,
    }
}

/// The message behind a return, held against the digests that its entry has.
fn message(case: &CaseFile, line: &DeliveryLine, told: &journal::Message) -> Option<MessageFile> {
    let of = |(id, kept): &&(DeliveryId, KeptMessage)| *id == line.id && kept.sha256 == told.sha256;
    let (_, kept) = case.returned.iter().find(of)?;
    Some(MessageFile {
        sha256: kept.sha256.clone(),
        size: kept.size,
        kept: kept.bytes.as_ref().map_or(0, Vec::len),
        intact: told.kept_sha256
            == kept.bytes.as_ref().map_or_else(|| kept.kept_sha256.clone(), |bytes| sha256(bytes)),
        file: kept.bytes.is_some().then(|| returned_file_name(kept)),
    })
}

/// `retornos/4f6c….eml`: one message may be about several letters.
pub(super) fn returned_file_name(message: &KeptMessage) -> String {
    format!("retornos/{}.eml", message.sha256)
}

/// What came of a call, if that is still what its entry has the digest of.
fn outcome(entry: &JournalEntry, digest: Option<&str>) -> String {
    match &entry.outcome {
        None => {
            "resultado apagado ao fim do prazo de guarda (guardar_anos); fica o resumo SHA-256".to_owned()
        }
        Some(kept) if Some(sha256(kept.as_bytes()).as_str()) == digest => kept.clone(),
        Some(kept) => format!("{kept} (NÃO CONFERE com o registro)"),
    }
}

/// What an order is about, in words.
fn scope(entry: &JournalEntry, told: &Ordered) -> String {
    let mut words = Vec::new();
    words.extend(told.batch.as_ref().map(|batch| format!("lote {}", batch.as_str())));
    words.extend(entry.window.as_ref().map(|window| format!("janela {window}")));
    words.extend(entry.municipality.map(|code| format!("município {code}")));
    words.extend(told.part.as_ref().map(|part| format!("parte {}", part.as_str())));
    if words.is_empty() { "tudo".to_owned() } else { words.join(", ") }
}

/// What somebody said of a snapshot, in words.
fn ruled(told: &Ruled) -> String {
    format!("{} a coleta {} da fonte {}", told.verdict.command(), told.snapshot.as_str(), told.feed.as_str())
}

/// Reads a deadline as the journal writes it.
pub(super) fn deadline(text: &str) -> ToldDeadline {
    text.parse::<jiff::civil::DateTime>()
        .map_or(ToldDeadline::Undefined, |at| ToldDeadline::Date(Deadline { on: at.date(), at: at.time() }))
}

/// The snapshots, as the journal tells of them.
pub(super) fn snapshots(case: &CaseFile) -> Vec<SnapshotLine> {
    let lines = case.snapshots.iter().filter_map(|entry| {
        let Ok(Entry::Snapshot(told)) = &entry.told else { return None };
        Some(SnapshotLine {
            id: entry.subject.clone(),
            seq: entry.seq,
            feed: told.feed.to_string(),
            taken_at: told.taken_at.to_string(),
            origin: told.source.clone(),
            sha256: told.sha256.clone(),
            mapped_sha256: told.mapped_sha256.clone().unwrap_or_default(),
            rows: told.rows,
        })
    });
    lines.collect()
}

/// `cartas/003-censo-suas-2023-1-prazo-15d-3205309.eml`; later versions end in `-v2.eml`.
pub(super) fn letter_file_name(letter: &StoredLetter, number: usize) -> String {
    let version = if letter.version > 1 { format!("-v{}", letter.version) } else { String::new() };
    format!("cartas/{number:03}-{}{version}.eml", slugify(&letter.key.to_string()))
}
