//! What the journal tells, read back as facts.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::{ALWAYS, Subject};
use crate::domain::calendar::{Calendar, Deadline};
use crate::domain::delivery::DeliveryState;
use crate::domain::dossier::{
    AttemptLine, DecisionLine, DeliveryFile, EvidenceLine, JournalLine, Lifting, MessageFile, Order,
    OutageLine, ReadingLine, ReturnLine, SnapshotLine,
};
use crate::domain::id::{FeedId, PartId, UnitId, WindowId, slugify};
use crate::domain::notice::{NoticeKey, StaffSlot, Told as ToldDeadline};
use crate::domain::status::State;
use crate::render::because::part_name;
use crate::store::{
    Attempt, CaseFile, DeliveryId, DeliveryLine, EntryKind, JournalEntry, KeptMessage, Letter, sha256,
};

/// An entry with its facts.
#[derive(Debug, Clone)]
pub(super) struct Fact<'a> {
    pub(super) entry: &'a JournalEntry,
    body: Value,
}

/// The entries that matter to one dossier.
pub(super) struct Told<'a> {
    facts: Vec<Fact<'a>>,
    windows: BTreeSet<WindowId>,
    /// Facts of attempts by delivery and number.
    attempts: HashMap<(String, u64), usize>,
}

impl<'a> Fact<'a> {
    fn of(entry: &'a JournalEntry) -> Self {
        Self { entry, body: serde_json::from_str(&entry.body).unwrap_or_default() }
    }

    /// A text among its facts.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.body[name].as_str().map(ToOwned::to_owned)
    }

    /// A small number among its facts.
    pub(super) fn number(&self, name: &str) -> Option<u16> {
        self.body[name].as_u64().and_then(|n| u16::try_from(n).ok())
    }

    /// Whether a letter is the one that it recorded.
    pub(super) fn is_letter(&self, letter: &Letter) -> bool {
        let told = &self.body["carta"];
        told["sha256"].as_str() == Some(sha256(&letter.bytes).as_str())
            && told["message_id"].as_str() == Some(letter.message_id.as_str())
    }

    /// What the feeds said when it was decided.
    pub(super) fn evidence(&self, calendar: &Calendar) -> Vec<EvidenceLine> {
        let lines = self.body["evidencia"].as_array().into_iter().flatten();
        lines.filter_map(|line| evidence(line, calendar)).collect()
    }

    fn is_unsent(&self) -> bool {
        let act = self.body["acao"].as_str().unwrap_or_default();
        self.entry.kind == EntryKind::Decision
            && (matches!(act, "reter" | "retirar" | "superar" | "expirar") || self.body["retomado"] == true)
    }
}

fn evidence(line: &Value, calendar: &Calendar) -> Option<EvidenceLine> {
    let part = PartId::parse(line["parte"].as_str()?).ok()?;
    Some(EvidenceLine {
        part_name: part_name(&part, calendar),
        part,
        unit: line["unidade"].as_str().and_then(|unit| UnitId::parse(unit).ok()),
        state: State::parse(line["situacao"].as_str()?)?,
        as_of: line["dados_de"].as_str()?.parse().ok()?,
        feed: FeedId::parse(line["fonte"].as_str()?).ok()?,
        snapshot: line["coleta"].as_str()?.to_owned(),
    })
}

impl<'a> Told<'a> {
    pub(super) fn new(case: &'a CaseFile, subject: &Subject) -> Self {
        let own = |entry: &JournalEntry| entry.municipality == Some(subject.municipality);
        let mut windows: BTreeSet<WindowId> =
            case.journal.iter().filter(|e| own(e)).filter_map(|e| e.window.clone()).collect();
        windows.extend(subject.only.clone());
        let facts: Vec<Fact<'a>> = case
            .journal
            .iter()
            .map(Fact::of)
            .filter(|fact| own(fact.entry) || matters(fact, &windows))
            .collect();
        let attempts = facts
            .iter()
            .enumerate()
            .filter_map(|(at, fact)| Some(((fact.text("entrega")?, fact.body["tentativa"].as_u64()?), at)));
        Self { attempts: attempts.collect(), windows, facts }
    }

    pub(super) fn windows(&self) -> BTreeSet<WindowId> {
        self.windows.clone()
    }

    fn of_kind(&self, kind: EntryKind) -> impl Iterator<Item = &Fact<'a>> {
        self.facts.iter().filter(move |fact| fact.entry.kind == kind)
    }

    /// The entry that recorded a letter.
    pub(super) fn recorded(&self, letter: &Letter) -> Option<Fact<'a>> {
        let key = letter.key.to_string();
        self.of_kind(EntryKind::Decision)
            .find(|fact| {
                fact.entry.subject == key
                    && fact.body["carta"].is_object()
                    && fact.number("versao") == Some(letter.version)
            })
            .cloned()
    }

    /// Everything decided in a window that is no letter.
    pub(super) fn unsent(&self, window: &WindowId, calendar: &Calendar) -> Vec<DecisionLine> {
        self.facts
            .iter()
            .filter(|fact| fact.is_unsent() && fact.entry.municipality.is_some())
            .filter(|fact| fact.entry.window.as_ref() == Some(window))
            .map(|fact| DecisionLine {
                seq: fact.entry.seq,
                at: fact.entry.at,
                key: fact.entry.subject.clone(),
                act: fact.text("acao").unwrap_or_default(),
                kind: fact.text("tipo").unwrap_or_default(),
                rung: fact.text("degrau"),
                because: fact.text("porque").unwrap_or_default(),
                evidence: fact.evidence(calendar),
            })
            .collect()
    }

    /// How a window's editions were read, by number.
    pub(super) fn readings(&self, window: &WindowId) -> Vec<(u16, ReadingLine)> {
        self.of_kind(EntryKind::Reading)
            .filter(|fact| fact.entry.window.as_ref() == Some(window))
            .filter_map(|fact| {
                let reading = ReadingLine {
                    seq: fact.entry.seq,
                    at: fact.entry.at,
                    deadline: fact.text("prazo")?,
                    source: fact.text("fonte").unwrap_or_default(),
                };
                Some((fact.number("edicao")?, reading))
            })
            .collect()
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
            attempts: attempts.iter().map(|attempt| self.attempt(id, attempt)).collect(),
            returns: self.returns(case, line),
        }
    }

    fn attempt(&self, delivery: &str, attempt: &Attempt) -> AttemptLine {
        let fact = self.attempts.get(&(delivery.to_owned(), u64::from(attempt.n))).map(|at| &self.facts[*at]);
        let same = |fact: &Fact<'_>| {
            fact.body["resposta_sha256"].as_str() == Some(sha256(attempt.reply.as_bytes()).as_str())
                && fact.body["resultado"].as_str() == Some(attempt.outcome.as_str())
                && fact.entry.at == attempt.ended_at
        };
        AttemptLine {
            number: attempt.n,
            started_at: attempt.started_at,
            ended_at: attempt.ended_at,
            outcome: attempt.outcome,
            reply: attempt.reply.clone(),
            seq: fact.map(|fact| fact.entry.seq),
            intact: fact.is_some_and(same),
        }
    }

    fn returns(&self, case: &CaseFile, line: &DeliveryLine) -> Vec<ReturnLine> {
        let digest = sha256(line.reply.as_bytes());
        self.of_kind(EntryKind::Delivery)
            .filter(|fact| fact.body["antes"].is_string())
            .filter(|fact| fact.body["entrega"].as_str() == Some(line.id.as_str()))
            .filter_map(|fact| {
                let last = fact.body["resposta_sha256"].as_str() == Some(digest.as_str());
                Some(ReturnLine {
                    seq: fact.entry.seq,
                    at: fact.entry.at,
                    state: fact.body["estado"].as_str().and_then(DeliveryState::parse)?,
                    reply: last.then(|| line.reply.clone()),
                    message: message(case, line, &fact.body["mensagem"]),
                })
            })
            .collect()
    }

    /// Orders by hand, with who lifted them.
    pub(super) fn orders(&self) -> Vec<Order> {
        let mut orders: Vec<Order> = Vec::new();
        for fact in self.of_kind(EntryKind::Override) {
            let (author, reason) =
                (fact.text("autor").unwrap_or_default(), fact.text("motivo").unwrap_or_default());
            let (seq, at) = (fact.entry.seq, fact.entry.at);
            if fact.body["acao"].as_str() == Some("desfazer") {
                if let Some(order) = orders.iter_mut().find(|order| order.id == fact.entry.subject) {
                    order.lifted = Some(Lifting { seq, author, reason, at });
                }
                continue;
            }
            orders.push(Order {
                seq,
                id: fact.entry.subject.clone(),
                kind: fact.text("ordem").unwrap_or_default(),
                scope: scope(fact),
                until: fact.text("ate"),
                author,
                reason,
                at,
                lifted: None,
            });
        }
        orders
    }

    pub(super) fn outages(&self) -> Vec<OutageLine> {
        self.of_kind(EntryKind::Outage)
            .map(|fact| OutageLine {
                seq: fact.entry.seq,
                from: fact.text("de").unwrap_or_default(),
                until: fact.entry.at,
            })
            .collect()
    }

    /// Every entry that the dossier rests on, in order.
    pub(super) fn journal(&self, case: &CaseFile) -> Vec<JournalLine> {
        let entries = self.facts.iter().map(|fact| fact.entry).chain(&case.snapshots);
        let mut lines: Vec<JournalLine> = entries
            .map(|entry| JournalLine {
                seq: entry.seq,
                at: entry.at,
                kind: entry.kind.as_str().to_owned(),
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
fn matters(fact: &Fact<'_>, windows: &BTreeSet<WindowId>) -> bool {
    let entry = fact.entry;
    if entry.municipality.is_some() {
        return false;
    }
    match entry.kind {
        EntryKind::Reading => true,
        // What somebody said of a snapshot bears on the windows that it speaks of.
        EntryKind::Override if fact.body["coleta"].is_string() => {
            let of = fact.body["janelas"].as_array().into_iter().flatten();
            of.filter_map(Value::as_str).any(|id| windows.iter().any(|window| window.as_str() == id))
        }
        EntryKind::Override => fact.body["lote"].as_str().is_none_or(|batch| {
            let of = |window: &WindowId| {
                batch.strip_prefix(window.as_str()).is_some_and(|rest| rest.starts_with(['@', '/']))
            };
            batch.starts_with("dia/") || batch.starts_with("retomada/") || windows.iter().any(of)
        }),
        // The referral to the ministry's people (norma 6.3) is about every municipality of the window.
        EntryKind::Decision | EntryKind::Delivery => matches!(
            NoticeKey::parse(&entry.subject),
            Some(NoticeKey::Staff { slot: StaffSlot::Referral { .. } | StaffSlot::ReferralVoid { .. }, .. })
        ),
        EntryKind::Opening
        | EntryKind::Snapshot
        | EntryKind::Outage
        | EntryKind::Contact
        | EntryKind::Configuration
        | EntryKind::Register
        | EntryKind::News => ALWAYS.contains(&entry.kind),
    }
}

/// The message behind a return, held against the digests that its entry has.
fn message(case: &CaseFile, line: &DeliveryLine, told: &Value) -> Option<MessageFile> {
    let digest = told["sha256"].as_str()?;
    let of = |(id, kept): &&(DeliveryId, KeptMessage)| *id == line.id && kept.sha256 == digest;
    let (_, kept) = case.returned.iter().find(of)?;
    Some(MessageFile {
        sha256: kept.sha256.clone(),
        size: kept.size,
        kept: kept.bytes.len(),
        intact: told["guardado_sha256"].as_str() == Some(sha256(&kept.bytes).as_str()),
        file: returned_file_name(kept),
    })
}

/// `retornos/4f6c….eml`: one message may be about several letters.
pub(super) fn returned_file_name(message: &KeptMessage) -> String {
    format!("retornos/{}.eml", message.sha256)
}

/// What an order is about, in words.
fn scope(fact: &Fact<'_>) -> String {
    let mut words = Vec::new();
    words.extend(fact.text("lote").map(|batch| format!("lote {batch}")));
    words.extend(fact.text("coleta").map(|id| {
        let ruled = fact.text("acao").unwrap_or_default();
        format!("{ruled} a coleta {id} da fonte {}", fact.text("fonte").unwrap_or_default())
    }));
    words.extend(fact.entry.window.as_ref().map(|window| format!("janela {window}")));
    words.extend(fact.entry.municipality.map(|code| format!("município {code}")));
    words.extend(fact.text("parte").map(|part| format!("parte {part}")));
    if words.is_empty() { "tudo".to_owned() } else { words.join(", ") }
}

/// Reads a deadline as the journal writes it.
pub(super) fn deadline(text: &str) -> ToldDeadline {
    text.parse::<jiff::civil::DateTime>()
        .map_or(ToldDeadline::Undefined, |at| ToldDeadline::Date(Deadline { on: at.date(), at: at.time() }))
}

/// The snapshots, as the journal tells of them.
pub(super) fn snapshots(case: &CaseFile) -> Vec<SnapshotLine> {
    case.snapshots
        .iter()
        .map(|entry| {
            let fact = Fact::of(entry);
            let text = |name: &str| fact.text(name).unwrap_or_default();
            SnapshotLine {
                id: entry.subject.clone(),
                seq: entry.seq,
                feed: text("fonte"),
                taken_at: text("em"),
                origin: text("origem"),
                sha256: text("sha256"),
                mapped_sha256: text("mapeado_sha256"),
                rows: fact.body["linhas"].as_i64().unwrap_or_default(),
            }
        })
        .collect()
}

/// `cartas/003-censo-suas-2023-1-prazo-15d-3205309.eml`; later versions end in `-v2.eml`.
pub(super) fn letter_file_name(letter: &Letter, number: usize) -> String {
    let version = if letter.version > 1 { format!("-v{}", letter.version) } else { String::new() };
    format!("cartas/{number:03}-{}{version}.eml", slugify(&letter.key.to_string()))
}
