//! Is it whole? Walks the journal's chain, works out from its entries what every table must hold, and names each row
//! that is changed, missing, or told by no entry.
//!
//! What is held at once is what the journal tells of all letters about one window to one municipality, a few hundred rows
//! that wait to be compared, and some tens of bytes for each notice and each row of it that was found; of collections,
//! orders, configurations and what came back all of it.
//!
//! Reading order: `replay` (what the journal tells, entry by entry; `letter` of notices, `delivery` of deliveries, `returned` of what
//! came back), `part` (the notices of one window and municipality), `expect` (a row as it must be), `table` (the tables,
//! row by row), `case` (one municipality's alone), `recount` and `seen` (the ledger as the plan sees it, from the journal alone), `known` (who has filled in, worked out anew from the evidence of each snapshot).
//!
//! Not proved, because no decision rests on them alone: leases and fences (`fence`, `owner`, `lease_until`), the daemon's
//! signs of life in `meta` and `loops`, where the ledger came from and went to (`place`; the journal has each move), `fetches` and `confirmations` (what a decision took for fresh is in its own entry: when the load was taken, when a fetch last found it
//! unchanged, and until when it so counted; an audit holds the hour of the decision against that), whether a refused
//! or held configuration still lies in the files, and that a person's word on it is used up (the journal has the word, and
//! without the row it lets nothing in), how fetching goes, and what registers and news propose (the journal has each
//! load and what people said to it; a person, not the table, changes `unidades.csv` or opens a window), and what a pass
//! need not read (`frontier`; the self-audit reads everything, and finds what a false one would leave unsaid).

mod case;
mod delivery;
mod expect;
mod known;
mod letter;
mod part;
mod recount;
mod replay;
mod returned;
mod seen;
mod table;

use std::collections::BTreeMap;

use crate::database::cell::Cells;
use crate::database::db::Conn;
use crate::database::sql::{bound, statements};
use crate::domain::journal::{Entry, Unread};
use crate::store::chain::Link;
use crate::store::{Head, Store, StoreError};
pub(super) use case::one;
use letter::Notices;
use part::Part;
pub use recount::Recount;
use replay::Replay;
use table::Comparison;

statements! {
    const ENTRIES = "SELECT seq, at, kind, subject, window_id, municipality, body, prev_hash, hash FROM journal \
                     WHERE seq >= $1 ORDER BY seq LIMIT 1000";
    const HEAD = "SELECT head_seq, head_hash FROM meta WHERE id = 1";
    const HASH_AT = "SELECT hash FROM journal WHERE seq = $1";
}

#[cfg(test)]
pub(super) const ALL_TABLES: &[(&str, &str)] = table::ALL;
#[cfg(test)]
pub(super) const ALL_KNOWN: &[(&str, &str)] = known::ALL;
#[cfg(test)]
pub(super) const ALL_RECOUNT: &[(&str, &str)] = recount::ALL;
#[cfg(test)]
pub(super) const ALL_PART: &[(&str, &str)] = part::ALL;
#[cfg(test)]
pub(super) const ALL_CASE: &[(&str, &str)] = case::ALL;

/// Tables of which a row may be gone unseen: what is used up is taken away untold, and without `meta` there is no ledger.
#[cfg(test)]
pub(super) const NOT_MISSED: &[&str] = &["config_consents", "meta"];

/// Columns that no entry of the journal tells, by table; the head of this file says why.
#[cfg(test)]
pub(super) const NOT_PROVED: &[(&str, &[&str])] = &[
    ("deliveries", &["fence", "owner", "lease_until"]),
    (
        "meta",
        &[
            "born_at",
            "last_pass_at",
            "heartbeat_at",
            "high_water",
            "relay_failing_since",
            "panel_failing_since",
            "panel_failure",
            "leap_from",
            "leap_to",
            "zone_name",
            "zone_release",
            "zone_digest",
            "scrub_since",
            "return_key",
        ],
    ),
    ("place", &["id", "came_from", "arriving", "went_path", "went_to", "went_at"]),
    ("fetches", &["feed", "fetched_at"]),
    ("confirmations", &["snapshot", "confirmed_at"]),
    ("config_refusals", &["last_at", "pending", "letters", "faults"]),
    ("feed_runs", &["feed", "tried_at", "next_at", "failures", "failure"]),
    ("crawls", &["feed", "plan", "started_at", "pages"]),
    ("crawl_pages", &["feed", "page", "fetched_at", "place", "length", "sha256", "failure"]),
    ("register_loads", &["feed", "taken_at", "read_on", "source", "sha256", "covered"]),
    (
        "register_units",
        &["feed", "unit", "standing", "municipality", "part", "name", "addresses", "telephone"],
    ),
    ("register_refusals", &["unit", "kind", "fact", "author", "reason", "refused_at"]),
    ("register_told", &["proposal", "told_at"]),
    ("news_looks", &["feed", "looked_at"]),
    ("visits", &["feed", "visited_at"]),
    ("loops", &["name", "moved_at", "hangs_at", "noted_at"]),
    ("frontier", &["id", "basis", "entry", "at", "open"]),
    (
        "news_findings",
        &[
            "id",
            "feed",
            "system",
            "topic",
            "title",
            "link",
            "quote",
            "published_on",
            "opens_on",
            "deadline_on",
            "deadline_at",
            "refs",
            "written",
            "doubts",
            "found_at",
            "quiet",
            "told_at",
            "seen_at",
            "seen_by",
            "seen_note",
        ],
    ),
];

/// What a check of the whole ledger found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChainReport {
    pub entries: usize,
    pub letters: usize,
    pub deliveries: usize,
    /// The most rows of letters that were held in memory at once: it does not grow with the ledger.
    pub most_held: usize,
    /// The first entry that is changed, out of place or missing.
    pub broken_at: Option<i64>,
    /// The last entry that the witness beside the ledger saw, where the journal does not have it.
    pub lost: Option<i64>,
    /// Entries that this program cannot read, by their place: what they tell is then missed in the tables.
    pub unread: Vec<(i64, Unread)>,
    /// Rows that do not stand as the journal tells, by table.
    pub discrepancies: Vec<Discrepancy>,
}

/// A row that does not stand as the journal tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Discrepancy {
    pub table: &'static str,
    /// Its key, column by column.
    pub key: Vec<String>,
    pub what: Amiss,
}

/// What is amiss with a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Amiss {
    /// These columns are not as told.
    Changed(Vec<&'static str>),
    /// The journal tells of it and the table does not have it.
    Missing,
    /// The table has it and the journal does not tell of it.
    Unknown,
}

impl ChainReport {
    /// Whether nothing is amiss.
    pub fn is_whole(&self) -> bool {
        self.broken_at.is_none()
            && self.lost.is_none()
            && self.unread.is_empty()
            && self.discrepancies.is_empty()
    }

    /// What does not stand as it was recorded, each named, in the operators' words.
    pub fn faults(&self) -> Vec<String> {
        let broken = self
            .broken_at
            .map(|seq| format!("o registro {seq} do livro foi alterado, retirado ou trocado de lugar"));
        let lost = self.lost.map(|seq| {
            format!(
                "falta no livro o registro {seq}, que a testemunha ao lado dele viu: o fim do livro foi cortado, ou no lugar dele \
                 está uma cópia mais antiga ou outro livro; se foi posto ali de propósito, assuma-o com “vigia-suas assumir”"
            )
        });
        let unread = self.unread.iter().map(|(seq, fault)| format!("o registro {seq} do livro {fault}"));
        broken
            .into_iter()
            .chain(lost)
            .chain(unread)
            .chain(self.discrepancies.iter().map(Discrepancy::words))
            .collect()
    }
}

impl Discrepancy {
    fn words(&self) -> String {
        let key = self.key.join(" ");
        let first = self.key.first().map_or("", String::as_str);
        let second = self.key.get(1).map_or("", String::as_str);
        // What it is, and whether Portuguese has it feminine.
        let (name, feminine) = match self.table {
            "notices" => (format!("o aviso {key}"), false),
            "closings" => (format!("o encerramento da edição {second} de {first}"), false),
            "letters" => (format!("a carta {first} (versão {second})"), true),
            "deliveries" => (format!("a entrega {key}"), true),
            "attempts" => (format!("a tentativa {second} da entrega {first}"), true),
            // The address itself is personal data; its digest is the subject of the journal's entry.
            "flagged_contacts" => (format!("a marcação do contato {key}"), true),
            "left_elsewhere" => (format!("a saída de {first} por outro livro"), true),
            "mappings" => (format!("a evidência de coleta {key}"), true),
            "snapshots" => (format!("a coleta {key}"), true),
            "snapshot_tallies" => (format!("a contagem da coleta {key}"), true),
            "pages" => (format!("a página de evidência {key}"), true),
            "status_pages" => (format!("a situação de {second}, da fonte {first}"), true),
            "snapshot_rulings" => (format!("a decisão {key} sobre coletas"), true),
            "overrides" => (format!("a ordem {key}"), true),
            "edition_readings" => (format!("a leitura da edição {second} de {first}"), true),
            "outages" => (format!("a parada que terminou em {key}"), true),
            "returns" => (format!("a mensagem de volta {key}"), true),
            "delivery_returns" => (format!("a ligação da entrega {first} à mensagem {second}"), true),
            "configurations" => (format!("a configuração {key}"), true),
            "config_parts" => (format!("o arquivo {second} da configuração {first}"), false),
            "config_files" => (format!("o conteúdo de configuração {key}"), false),
            "config_refusals" => (format!("a recusa da configuração {key}"), true),
            "config_consents" => (format!("a confirmação da configuração {key}"), true),
            "meta" => ("a parada da fila".to_owned(), true),
            other => (format!("a linha {key} de {other}"), true),
        };
        let o = if feminine { 'a' } else { 'o' };
        match &self.what {
            Amiss::Changed(columns) => format!("{name} foi alterad{o} ({})", columns.join(", ")),
            Amiss::Missing => format!("{name} foi retirad{o}"),
            Amiss::Unknown => format!("{name} não consta do livro"),
        }
    }
}

impl Store {
    /// Verifies the journal's chain, to the end that the witness beside the ledger saw, and every table that has proof value
    /// against it.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] only where a row of the journal cannot even be read, or a fault of the database.
    pub async fn verify(&self) -> Result<ChainReport, StoreError> {
        let witnessed = self.witnessed()?;
        let mut view = self.db.view().await?;
        let mut report = whole(&mut view).await?;
        hold(&mut view, witnessed, &mut report).await?;
        Ok(report)
    }
}

/// Sees whether the journal has what a witness saw of it. Entries that were cut off from its end are missed by nothing else,
/// since the tables and the head that it keeps of itself can be cut with them.
pub(super) async fn hold(
    conn: &mut Conn,
    witnessed: Option<Head>,
    report: &mut ChainReport,
) -> Result<(), StoreError> {
    let Some(head) = witnessed else { return Ok(()) };
    let at = bound!(HASH_AT, head.seq).fetch_optional(conn).await?;
    let hash: Option<String> = at.map(|row| row.try_get(0)).transpose()?;
    report.lost = (hash != Some(head.hash)).then_some(head.seq);
    Ok(())
}

/// The same, as part of a longer reading.
pub(super) async fn whole(conn: &mut Conn) -> Result<ChainReport, StoreError> {
    let mut report = ChainReport::default();
    let (mut replay, _) = walk(conn, &mut report).await?;
    let (windows, own) = replay.parts();
    let mut held = Holding::new(replay);
    for (window, municipalities) in &windows {
        for code in municipalities {
            held.part(conn, &Part::Window(window, *code), |_| ()).await?;
        }
    }
    for entries in own.values() {
        held.part(conn, &Part::Own(entries), |_| ()).await?;
    }
    held.finish(conn, &mut report).await?;
    Ok(report)
}

/// Holds every table against what the entries tell: what is told of letters one part after another, then the rest.
struct Holding {
    replay: Replay,
    tables: Comparison,
}

impl Holding {
    fn new(replay: Replay) -> Self {
        Self { replay, tables: Comparison::default() }
    }

    /// Works out one part, shows it, and holds the tables of letters against it.
    async fn part(
        &mut self,
        conn: &mut Conn,
        part: &Part<'_>,
        see: impl FnOnce(&Notices),
    ) -> Result<(), StoreError> {
        let notices = part.notices(conn).await?;
        see(&notices);
        self.tables.take(conn, notices.expected()).await
    }

    /// The rest, after every part.
    async fn finish(self, conn: &mut Conn, report: &mut ChainReport) -> Result<(), StoreError> {
        let mut expected = self.replay.expected();
        expected.extend(known::expected(conn).await?);
        self.tables.finish(conn, expected, report).await
    }
}

/// Every row that must be, by table and key.
type Expected = BTreeMap<&'static str, expect::Rows>;

/// What the entries tell, with the place and the hash of the last.
async fn walk(conn: &mut Conn, report: &mut ChainReport) -> Result<(Replay, (i64, String)), StoreError> {
    let mut replay = Replay::default();
    let reached = along(conn, report, (0, String::new()), |link, told| replay.take(link, told)).await?;
    Ok((replay, reached))
}

/// Walks along the chain after an entry, by its place and hash, and sees whether it ends where it was kept that it does;
/// gives the place and the hash of the last. After none it begins with whatever row is the first: one before the first
/// entry is read by others too.
async fn along(
    conn: &mut Conn,
    report: &mut ChainReport,
    (mut last, mut prev): (i64, String),
    mut take: impl FnMut(&Link<'_>, Entry) + Send,
) -> Result<(i64, String), StoreError> {
    let mut next = if last == 0 { Some(i64::MIN) } else { last.checked_add(1) };
    while let Some(from) = next {
        let rows = bound!(ENTRIES, from).fetch_all(&mut *conn).await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            let cells = Cells::of("journal", row);
            let link = Link::of(&cells)?;
            let hash: String = cells.get("hash")?;
            let seq = link.seq;
            if Some(seq) != last.checked_add(1) || link.prev != prev || !link.bears(&hash) {
                // Where one is missing, that one is the first broken.
                report.broken_at.get_or_insert(seq.min(last.saturating_add(1)));
            }
            match Entry::read(link.kind, link.body) {
                Ok(told) => take(&link, told),
                Err(fault) => report.unread.push((seq, fault)),
            }
            report.entries += 1;
            (last, prev) = (seq, hash);
            next = seq.checked_add(1);
        }
    }
    // Whatever stands there instead of the chain's end is not it.
    let head = bound!(HEAD).fetch_optional(conn).await?;
    let kept = head.and_then(|row| Some((row.try_get(0).ok()?, row.try_get(1).ok()?)));
    if kept.as_ref() != Some(&(last, prev.clone())) {
        report.broken_at.get_or_insert(last.saturating_add(1));
    }
    Ok((last, prev))
}
