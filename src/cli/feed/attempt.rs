//! `fonte experimentar`: what a feed would bring now, without recording or believing any of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::declared;
use crate::cli::session::{Answer, Failure, Result, Session, say};
use crate::cli::status::{original, written_at};
use crate::daemon::app::fetcher;
use crate::daemon::ingest::run::sample;
use crate::daemon::ingest::{Received, baseline, read_load};
use crate::domain::feed::{FeedSpec, Source};
use crate::domain::id::FeedId;
use crate::domain::status::State;
use crate::feed::Intake;
use crate::feed::http::Patience;
use crate::feed::judge::Verdict;
use crate::render::portuguese;
use crate::text::remark::Reading;
use crate::text::visible;
use crate::world::live::Live;

/// Pages of a run over municipalities or units that are tried.
const PAGES: usize = 3;

/// Fetches or reads a load and says what would be made of it.
pub(in crate::cli) async fn attempt(session: Session, feed: &FeedId, file: Option<&Path>) -> Result {
    let spec = declared(&session, feed)?.clone();
    let live = Arc::new(Live::under(session.setup.clone(), session.calendar()));
    let (store, now) = (session.ledger().await?, session.now());
    let (load, of) = match file {
        Some(file) => {
            let name = file.display().to_string();
            let loaded = (name.as_str(), original(&session, file)?);
            let written_at = written_at(file);
            (Received::of_written_file(store.as_ref(), &spec.id, loaded, written_at, now).await?, None)
        }
        None => fetched(&session, &live, &spec).await?,
    };
    let name = load.name.clone();
    let last = match &store {
        Some(store) => baseline(&live, store, &spec, &load.sha256(), load.taken_at(now)).await?,
        None => None,
    };
    // A sample has fewer of everything than the whole: it is held to nothing but itself.
    let (spec, last) = if of.is_some() { (FeedSpec { minimum: 1, ..spec }, None) } else { (spec, last) };
    let intake = read_load(&live, &spec, load, last, now).await;
    tell(&session, &intake, &name, of);
    let good = matches!(intake.verdict, Verdict::Accepted { .. });
    Ok(if good { Answer::Done } else { Answer::Negative })
}

/// What the address brings; of a run over many pages the first few, and how many there are.
pub(super) async fn fetched(
    session: &Session,
    live: &Live,
    spec: &FeedSpec,
) -> Result<(Received, Option<usize>)> {
    if !matches!(spec.source, Source::Http { .. }) {
        return Err(Failure::refused(format!(
            "recusado: a fonte “{}” não é baixada da internet\ndica: informe o arquivo: vigia-suas fonte experimentar \
             {} ARQUIVO",
            spec.id, spec.id
        )));
    }
    let fetcher = fetcher(&session.setup, Patience::default());
    let sampled = sample(&fetcher, live, spec, PAGES, session.now()).await;
    sampled.map_err(|what| Failure::failed(format!("a fonte {}: {what}", spec.id)))
}

fn tell(session: &Session, intake: &Intake, name: &str, of: Option<usize>) {
    if !session.json {
        return say(&in_words(intake, name, of));
    }
    let mapped = &intake.mapped;
    let (accepted, remarks) =
        (matches!(intake.verdict, Verdict::Accepted { .. }), intake.remarks(Reading::Shown));
    let states: Vec<_> = states(intake)
        .iter()
        .map(|((window, state), count)| json!({ "janela": window, "situacao": state.as_str(), "quantos": count }))
        .collect();
    say(&json!({
        "origem": name,
        "paginas_da_varredura": of,
        "seria_aceita": accepted,
        "linhas": mapped.rows,
        "rejeitadas": mapped.bad,
        "municipios": mapped.municipalities_seen.len(),
        "situacoes": states,
        "observacoes": remarks,
    })
    .to_string());
}

/// How many observations of each state each window would get.
fn states(intake: &Intake) -> BTreeMap<(&str, State), usize> {
    let mut states: BTreeMap<(&str, State), usize> = BTreeMap::new();
    for page in intake.mapped.observations.pages() {
        for said in page.observations() {
            *states.entry((page.window().as_str(), said.state)).or_default() += 1;
        }
    }
    states
}

/// What would become of a load, line by line.
pub(super) fn in_words(intake: &Intake, name: &str, of: Option<usize>) -> String {
    let mapped = &intake.mapped;
    let (accepted, remarks) =
        (matches!(intake.verdict, Verdict::Accepted { .. }), intake.remarks(Reading::Shown));
    let mut out = String::new();
    if let Some(all) = of {
        let _ = writeln!(out, "só as primeiras {} de {all} páginas foram experimentadas", PAGES.min(all));
    }
    let verdict = match (accepted, of) {
        (true, None) => "seria aceita",
        (true, Some(_)) => "nada de errado nestas páginas",
        (false, _) => "ficaria em QUARENTENA",
    };
    let _ = writeln!(
        out,
        "{}\n{verdict}: {}, {}; nada foi gravado",
        visible::line(name),
        portuguese::counted(mapped.rows, "linha", "linhas"),
        portuguese::counted(mapped.municipalities_seen.len(), "município", "municípios")
    );
    for ((window, state), count) in states(intake) {
        let _ = writeln!(out, "  {window}: {}", portuguese::standing(count, state));
    }
    for remark in remarks {
        let _ = writeln!(out, "  {}", visible::line(&remark));
    }
    out
}
