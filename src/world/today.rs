//! The page of the day, put together from the ledger: the summary now and as it was known a sending day before, the feeds,
//! and what needs a person.

use std::sync::Arc;

use jiff::Timestamp;

use super::live::Live;
use super::overview::{AsOf, Overview};
use crate::domain::calendar::Calendar;
use crate::domain::feed::FeedSpec;
use crate::domain::id::WindowId;
use crate::domain::journal::Verdict;
use crate::domain::refusal::Refusal;
use crate::domain::time::hours_after;
use crate::plan::account::View;
use crate::plan::day::{self, DayPage, DayTask, FeedAge};
use crate::plan::summary::WindowSummary;
use crate::render::portuguese as pt;
use crate::store::{Store, StoreError};

/// Findings in the news are asked about for so long.
const NEWS_HOURS: i64 = 24 * 30;

/// The page at `now`. `troubles` is what keeps letters from leaving, in words, as the caller knows it.
///
/// # Errors
/// [`StoreError`].
pub async fn gather(
    live: Arc<Live>,
    store: Option<&Store>,
    troubles: Vec<String>,
    now: Timestamp,
) -> Result<(Overview, DayPage), StoreError> {
    let overview = Overview::load(live.clone(), store, None, AsOf::Now(now)).await?;
    let page = of(&overview, store, troubles).await?;
    Ok((overview, page))
}

/// The same of what is loaded already.
///
/// # Errors
/// [`StoreError`].
pub async fn of(
    overview: &Overview,
    store: Option<&Store>,
    troubles: Vec<String>,
) -> Result<DayPage, StoreError> {
    let live = overview.known.live.clone();
    let (calendar, now) = (&live.calendar, overview.as_of.at());
    let since = day::looks_back_to(&calendar.hours, now);
    let ids: Vec<WindowId> = overview.windows.iter().map(|summary| summary.window.clone()).collect();
    let before = match store {
        Some(_) => Overview::load(live.clone(), store, Some(&ids), AsOf::Then(since)).await?.windows,
        None => Vec::new(),
    };
    // How feeds stand and what only a person ends is known of now alone.
    let of_now = store.filter(|_| matches!(overview.as_of, AsOf::Now(_)));
    let feeds = match of_now {
        Some(store) => ages(store, &live, now).await?,
        None => Vec::new(),
    };
    let mut tasks: Vec<DayTask> = troubles.into_iter().map(|what| DayTask { what, command: None }).collect();
    tasks.extend(feeds.iter().filter_map(of_feed));
    if let Some(store) = of_now {
        tasks.extend(by_hand(store, now).await?);
    }
    tasks.extend(overview.windows.iter().flat_map(calls));
    let world = overview.known.world();
    let view = View { world: &world, plan: &overview.plan, post: &overview.post, now };
    Ok(day::page(view, &overview.windows, &before, since, tasks, feeds))
}

/// How old what each feed says is.
async fn ages(store: &Store, live: &Live, now: Timestamp) -> Result<Vec<FeedAge>, StoreError> {
    let (book, runs) = (store.status().await?, store.feed_runs().await?);
    let mut ages = Vec::new();
    for spec in live.setup.config.feeds.iter().filter(|spec| spec.enabled) {
        let last = store.last_accepted(&spec.id).await?;
        let confirmed_at = last.map(|last| book.last_fetch(&spec.id).unwrap_or(last.taken_at));
        let latest = store.snapshots(Some(&spec.id), 1).await?.into_iter().next();
        let doubted = latest.filter(|load| load.verdict == Verdict::Quarantined);
        ages.push(FeedAge {
            feed: spec.id.clone(),
            confirmed_at,
            is_stale: is_stale(spec, &live.calendar, confirmed_at, now),
            quarantine: doubted.map(|load| {
                (
                    load.id.as_str().to_owned(),
                    load.reasons.first().map(|why| pt::line(why)).unwrap_or_default(),
                )
            }),
            failure: runs.get(&spec.id).and_then(|run| run.failure.as_deref()).map(pt::line),
        });
    }
    Ok(ages)
}

fn is_stale(spec: &FeedSpec, calendar: &Calendar, confirmed_at: Option<Timestamp>, now: Timestamp) -> bool {
    let validity = calendar.systems.get(&spec.system).map(|system| system.status_validity);
    confirmed_at.zip(validity).is_some_and(|(at, validity)| now.duration_since(at) > validity)
}

fn of_feed(feed: &FeedAge) -> Option<DayTask> {
    let (load, why) = feed.quarantine.as_ref()?;
    let id = &feed.feed;
    Some(DayTask {
        what: format!("a última coleta da fonte {id} está em quarentena: {}", why.trim_end_matches('.')),
        command: Some(format!("vigia-suas fonte aceitar {load} --motivo \"…\"")),
    })
}

/// What only a person ends: addresses that are said not to exist, findings that nobody saw.
async fn by_hand(store: &Store, now: Timestamp) -> Result<Vec<DayTask>, StoreError> {
    let mut tasks = Vec::new();
    let flagged = store.resting().await?;
    let flagged = flagged.iter().filter(|contact| contact.refusal == Refusal::Address).count();
    if flagged > 0 {
        tasks.push(DayTask {
            what: pt::counted(flagged, "endereço recusou carta", "endereços recusaram carta"),
            command: Some("vigia-suas contato".to_owned()),
        });
    }
    let found = store.findings(hours_after(now, -NEWS_HOURS)).await?;
    let unseen = found.iter().filter(|line| line.seen.is_none() && !line.quiet).count();
    if unseen > 0 {
        tasks.push(DayTask {
            what: pt::counted(unseen, "notícia do MDS ainda não vista", "notícias do MDS ainda não vistas"),
            command: Some("vigia-suas noticias".to_owned()),
        });
    }
    Ok(tasks)
}

/// Whom to telephone: who owes, and of whom nobody knows though a letter waits for that.
fn calls(summary: &WindowSummary) -> Vec<DayTask> {
    let owing = summary.call_list.iter().filter(|call| !call.owes.is_empty()).count();
    let unknown = summary.call_list.len() - owing;
    let task = |number: usize, what: &str| DayTask {
        what: format!(
            "{what} {} em {} ({})",
            pt::counted(number, "município", "municípios"),
            pt::line(&summary.system),
            summary.window
        ),
        command: Some(format!("vigia-suas ligacoes --janela {}", summary.window)),
    };
    let mut tasks = Vec::new();
    if owing > 0 {
        tasks.push(task(owing, "telefonar a quem deve:"));
    }
    if unknown > 0 {
        tasks.push(task(unknown, "confirmar a situação, de que nada se sabe, de"));
    }
    tasks
}
