//! `fontes`: last load, age, rows, verdict, next run, and a crawl's progress.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{declared, origin};
use crate::cli::session::{Answer, Result, Session, remark, say};
use crate::daemon::ingest::next_run;
use crate::domain::feed::FeedSpec;
use crate::domain::id::FeedId;
use crate::domain::journal::Verdict;
use crate::domain::time::Zone;
use crate::intake::{CrawlProgress, FeedRun, Ruling, RulingLoad, SnapshotSummary};
use crate::render::line::rfc3339;
use crate::render::portuguese;
use crate::render::table::{TableColumn, table};
use crate::store::{Store, StoreError};
use crate::text::visible;

/// How many snapshots of one feed are shown.
const SHOWN: usize = 10;

/// How one feed stands.
struct Standing<'a> {
    spec: &'a FeedSpec,
    /// Its snapshots, the latest first.
    snapshots: Vec<SnapshotSummary>,
    /// The load that rules.
    believed: Option<RulingLoad>,
    run: Option<FeedRun>,
    next_at: Option<Timestamp>,
    crawl: Option<CrawlProgress>,
}

/// All feeds, or one with its last snapshots.
pub(in crate::cli) async fn list(session: &Session, feed: Option<&FeedId>) -> Result {
    let feeds: Vec<&FeedSpec> = match feed {
        Some(feed) => vec![declared(session, feed)?],
        None => session.setup.config.feeds.iter().collect(),
    };
    if feeds.is_empty() {
        remark(
            "nenhuma fonte declarada em fontes.toml: sem fonte, tudo é “não confirmado” e ninguém é cobrado",
        );
    }
    let store = session.ledger().await?;
    let shown = if feed.is_some() { SHOWN } else { 1 };
    let standings = standings(session, store.as_ref(), feeds, shown).await?;
    let retired = match &store {
        Some(store) => retired(session, store, feed).await?,
        None => Vec::new(),
    };
    if session.json {
        let since = |at: &Option<Timestamp>| at.map(|at| rfc3339(at, &session.setup.config.calendar));
        for standing in &standings {
            let mut line = standing.json(session);
            if let Some((_, at)) = retired.iter().find(|(id, _)| *id == standing.spec.id) {
                line["aposentada"] = json!({ "desde": since(at) });
            }
            say(&line.to_string());
        }
        for (id, at) in retired.iter().filter(|(id, _)| standings.iter().all(|s| s.spec.id != *id)) {
            say(&json!({ "fonte": id.as_str(), "aposentada": { "desde": since(at) } }).to_string());
        }
        return Ok(Answer::Done);
    }
    let mut rulings = match (&store, feed) {
        (Some(store), Some(_)) => store.rulings(None).await?,
        _ => Vec::new(),
    };
    rulings.retain(|ruling| session.knows(ruling.by.at));
    let mut out = if standings.is_empty() { String::new() } else { listed(&standings, session) };
    for (id, since) in &retired {
        let _ = match since {
            Some(at) => writeln!(
                out,
                "{id}  aposentada desde {}: o que ela disse até então deixou de contar, mesmo que volte",
                portuguese::instant(*at, &session.setup.config.calendar.hours.zone)
            ),
            None => writeln!(
                out,
                "{id}  será aposentada quando esta configuração valer: o que ela disse deixa de contar"
            ),
        };
    }
    for standing in standings.iter().filter(|_| feed.is_some()) {
        out.push_str(&details(standing, &rulings, &session.setup.config.calendar.hours.zone));
    }
    if !out.is_empty() {
        say(&out);
    }
    Ok(Answer::Done)
}

/// The feeds that brought loads and are removed or switched off, with since when that is in force.
async fn retired(
    session: &Session,
    store: &Store,
    only: Option<&FeedId>,
) -> std::result::Result<Vec<(FeedId, Option<Timestamp>)>, StoreError> {
    // Of no window: only which feeds ever spoke, and which no longer count.
    let book = store.status_of(&BTreeSet::new()).await?;
    let on = |id: &FeedId| session.setup.config.feeds.iter().any(|spec| spec.id == *id && spec.enabled);
    let off = book.feeds().filter(|id| !on(id) && only.is_none_or(|only| only == *id));
    let mut retired: Vec<_> = off.map(|id| (id.clone(), book.retired_at(id))).collect();
    retired.retain(|(_, since)| since.is_none_or(|at| session.knows(at)));
    retired.sort();
    Ok(retired)
}

async fn standings<'a>(
    session: &Session,
    store: Option<&Store>,
    feeds: Vec<&'a FeedSpec>,
    shown: usize,
) -> std::result::Result<Vec<Standing<'a>>, StoreError> {
    let (zone, now) = (&session.setup.config.calendar.hours.zone, session.now());
    let mut standings = Vec::with_capacity(feeds.len());
    let Some(store) = store else {
        let unseen = |spec| Standing {
            spec,
            snapshots: Vec::new(),
            believed: None,
            run: None,
            next_at: next_run(spec, None, zone, now),
            crawl: None,
        };
        return Ok(feeds.into_iter().map(unseen).collect());
    };
    let (mut ruling, runs, crawls) = (
        store.ruling_loads(session.as_known_at()).await?,
        store.feed_runs().await?,
        store.crawl_progress().await?,
    );
    for spec in feeds {
        // Of a feed's visits only the last is kept: one that came later says nothing of the instant asked for.
        let run = runs.get(&spec.id).filter(|run| session.knows(run.tried_at)).cloned();
        let snapshots = match session.as_known_at() {
            None => store.snapshots(Some(&spec.id), shown).await?,
            Some(at) => store.snapshots_as_known(&spec.id, (at, None), shown).await?,
        };
        standings.push(Standing {
            spec,
            snapshots,
            believed: ruling.remove(&spec.id),
            next_at: next_run(spec, run.as_ref(), zone, now),
            run,
            crawl: crawls.get(&spec.id).copied().filter(|crawl| session.knows(crawl.started_at)),
        });
    }
    Ok(standings)
}

const HEADING: [&str; 8] = [
    "FONTE",
    "ORIGEM",
    "ÚLTIMA COLETA",
    "VEREDITO",
    "LINHAS",
    "REJEITADAS",
    "IDADE DO QUE VALE",
    "PRÓXIMA BUSCA",
];

/// A line for each feed, and under it what is to be said of it.
fn listed(standings: &[Standing<'_>], session: &Session) -> String {
    let (zone, now) = (&session.setup.config.calendar.hours.zone, session.now());
    let cells: Vec<Vec<String>> = standings.iter().map(|s| s.cells(zone, now).to_vec()).collect();
    let drawn = table(&HEADING.map(|name| (name, TableColumn::Text)), &cells, None);
    let notes = standings.iter().map(|standing| standing.notes(zone, now));
    let mut out = String::new();
    for (line, notes) in drawn.lines().zip(std::iter::once(Vec::new()).chain(notes)) {
        let _ = writeln!(out, "{}", line.strip_prefix("  ").unwrap_or(line));
        for note in notes {
            let _ = writeln!(out, "    {note}");
        }
    }
    out
}

impl Standing<'_> {
    fn cells(&self, zone: &Zone, now: Timestamp) -> [String; 8] {
        let none = || "–".to_owned();
        let last = self.snapshots.first();
        let off = if self.spec.enabled { "" } else { " (inativa)" };
        [
            self.spec.id.to_string(),
            format!("{}{off}", origin(self.spec)),
            last.map_or_else(none, |s| portuguese::short_instant(s.taken_at, zone)),
            last.map_or_else(none, |s| s.verdict.as_str().to_owned()),
            last.map_or_else(none, |s| s.rows.to_string()),
            last.map_or_else(none, |s| s.rejected.to_string()),
            self.valid_from().map_or_else(none, |at| age(now.duration_since(at))),
            self.next_at.map_or_else(none, |at| {
                if at <= now { "agora".to_owned() } else { portuguese::short_instant(at, zone) }
            }),
        ]
    }

    /// From when what rules counts: the last fetch that was believed or found nothing new.
    fn valid_from(&self) -> Option<Timestamp> {
        self.believed.as_ref().map(|load| load.confirmed_at)
    }

    fn notes(&self, zone: &Zone, now: Timestamp) -> Vec<String> {
        let mut notes = Vec::new();
        let was_believed = self.snapshots.iter().any(|snapshot| snapshot.verdict == Verdict::Accepted);
        if self.spec.enabled && was_believed && self.believed.is_none() {
            notes.push(
                "o que ela disse antes de ser desligada deixou de contar: nada vale até a próxima coleta aceita"
                    .to_owned(),
            );
        }
        if let Some(run) = &self.run
            && let Some(failure) = &run.failure
        {
            notes.push(format!(
                "a busca de {} falhou ({}ª seguida): {}",
                portuguese::short_instant(run.tried_at, zone),
                run.failures,
                visible::line(failure)
            ));
        }
        if let Some(crawl) = &self.crawl {
            let failed =
                if crawl.failed > 0 { format!(", {} com falha", crawl.failed) } else { String::new() };
            notes.push(format!(
                "varredura: {} de {} páginas{failed}, há {}",
                crawl.settled,
                crawl.pages,
                age(now.duration_since(crawl.started_at))
            ));
        }
        if let Some(last) = self.snapshots.first().filter(|s| s.verdict == Verdict::Quarantined) {
            let more = last.reasons.len().saturating_sub(1);
            let more = if more > 0 { format!(" (e mais {more})") } else { String::new() };
            let first = last.reasons.first().map(|reason| visible::line(reason)).unwrap_or_default();
            notes.push(format!("em quarentena: {first}{more}"));
        }
        notes
    }

    fn json(&self, session: &Session) -> Value {
        let calendar = &session.setup.config.calendar;
        let at = |instant: Timestamp| rfc3339(instant, calendar);
        json!({
            "fonte": self.spec.id.as_str(),
            "ativa": self.spec.enabled,
            "sistema": self.spec.system.as_str(),
            "origem": origin(self.spec),
            "coletas": self.snapshots.iter().map(|s| json!({
                "coleta": s.id.as_str(),
                "em": at(s.taken_at),
                "origem": s.source,
                "linhas": s.rows,
                "rejeitadas": s.rejected,
                "veredito": s.verdict.as_str(),
                "motivos": s.reasons,
            })).collect::<Vec<_>>(),
            "vale": self.believed.as_ref().map(|load| load.snapshot.as_str()),
            "vale_desde": self.valid_from().map(at),
            "ultima_busca": self.run.as_ref().map(|run| at(run.tried_at)),
            "falhas_seguidas": self.run.as_ref().map_or(0, |run| run.failures),
            "falha": self.run.as_ref().and_then(|run| run.failure.clone()),
            "proxima_busca": self.next_at.map(at),
            "varredura": self.crawl.map(|crawl| json!({
                "desde": at(crawl.started_at),
                "paginas": crawl.pages,
                "feitas": crawl.settled,
                "com_falha": crawl.failed,
            })),
        })
    }
}

/// The last snapshots of one feed.
fn details(standing: &Standing<'_>, rulings: &[Ruling], zone: &Zone) -> String {
    let mut out = "\nÚltimas coletas:\n".to_owned();
    if standing.snapshots.is_empty() {
        out.push_str("  nenhuma\n");
    }
    for snapshot in &standing.snapshots {
        let rules = standing.believed.as_ref().is_some_and(|load| load.snapshot == snapshot.id);
        let _ = writeln!(
            out,
            "  {}  {}{}\n    {}, {}, de {}",
            snapshot.id,
            snapshot.verdict.as_str(),
            if rules { " (vale)" } else { "" },
            portuguese::instant(snapshot.taken_at, zone),
            portuguese::counted(snapshot.rows, "linha", "linhas"),
            visible::line(&snapshot.source),
        );
        for reason in &snapshot.reasons {
            let _ = writeln!(out, "    {}", visible::line(reason));
        }
        for ruling in rulings.iter().filter(|ruling| ruling.snapshot == snapshot.id) {
            let _ = writeln!(out, "    {}", in_words(ruling, zone));
        }
        let is_last = standing.snapshots.first().is_some_and(|last| last.id == snapshot.id);
        if is_last && snapshot.verdict == Verdict::Quarantined && snapshot.is_readable() {
            let _ = writeln!(out, "    se ela estiver certa: {}", portuguese::accepting(&snapshot.id));
        }
    }
    out
}

/// What a person decided about a snapshot.
pub(in crate::cli) fn in_words(ruling: &Ruling, zone: &Zone) -> String {
    let what = match ruling.verdict {
        Verdict::Accepted => "aceita",
        Verdict::Quarantined => "recusada",
    };
    format!(
        "{what} por {} em {}; motivo: {}",
        visible::line(&ruling.by.author),
        portuguese::short_instant(ruling.by.at, zone),
        visible::line(&ruling.by.reason)
    )
}

/// An age in the largest unit that says enough.
fn age(span: SignedDuration) -> String {
    let minutes = span.as_mins().max(0);
    match minutes {
        0..=119 => format!("{minutes} min"),
        120..=2879 => format!("{} h", minutes / 60),
        _ => format!("{} dias", minutes / 1440),
    }
}
