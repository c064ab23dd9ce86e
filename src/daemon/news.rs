//! News: look where the ministry publishes, record what may concern a window, tell staff once.
//!
//! It never opens or moves a window (norma 6.1 is a person's to carry out).

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use tracing::{debug, error, info, warn};

use super::alert::alert_once;
use super::app::{App, Loop};
use super::visit::{Visit, Visits};
use crate::contain::Bounds;
use crate::domain::id::FeedId;
use crate::domain::news::{Finding, FindingId, NewsSpec};
use crate::format::body::Original;
use crate::intake::{FindingLine, NewFinding};
use crate::news::{NewsGround, find};
use crate::render;
use crate::store::StoreError;
use crate::text::digest::sha256;
use crate::world::live::Live;

/// What reading one source may take.
static NEWS: Bounds = Bounds::new(Duration::from_mins(1), 256);
/// Most findings that an alert tells whole; the rest is counted.
const MOST_TOLD: usize = 10;
/// A source that cannot be read for so long is told of: silence would look like no news.
const TOO_SILENT: SignedDuration = SignedDuration::from_hours(72);
/// And told of again so much later.
const AGAIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What the news loop remembers between its rounds.
#[derive(Default)]
pub struct News {
    visits: Visits,
    complained: BTreeMap<FeedId, Timestamp>,
}

impl News {
    /// When the next source is due.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.visits.next()
    }

    /// Looks at whatever is due, and tells staff of what they were not told of.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn news_once(&mut self, app: &App) -> Result<(), StoreError> {
        let live = app.live();
        for spec in live.setup.config.news.iter().filter(|spec| spec.enabled) {
            app.vouch(Loop::News);
            self.look(app, &live, spec).await?;
        }
        tell(app, &live).await
    }

    async fn look(&mut self, app: &App, live: &Live, spec: &NewsSpec) -> Result<(), StoreError> {
        let last = app.store.news_looked_at(&spec.id).await?;
        let failure = match self.visits.visit(app, live, &spec.id, &spec.source, last).await? {
            Visit::NotNow => return Ok(()),
            Visit::Same => {
                app.store.record_findings(spec.id.clone(), Vec::new(), app.now()).await?;
                return Ok(());
            }
            Visit::Failed(why) => why,
            Visit::Fresh(replies) => {
                let now = app.now();
                let today = live.calendar.hours.zone.date_of(now);
                let work = {
                    let (calendar, spec) = (live.calendar.clone(), spec.clone());
                    let answers: Vec<(Original, String)> =
                        replies.iter().map(|reply| (reply.original.clone(), reply.url.clone())).collect();
                    move || {
                        let mut findings = Vec::new();
                        for (original, address) in &answers {
                            let ground = NewsGround { calendar: &calendar, today, address };
                            let bytes = original.bytes();
                            let bytes =
                                bytes.map_err(|_| "a resposta não pôde ser lida do disco".to_owned())?;
                            findings.extend(find(&spec, &bytes, &ground).map_err(|error| error.to_string())?);
                        }
                        Ok(findings)
                    }
                };
                match NEWS.run(work).await {
                    Ok(Ok(findings)) => {
                        self.visits.keep(live, &spec.source, &replies);
                        self.complained.remove(&spec.id);
                        return record(app, spec, findings, last.is_none(), today, now).await;
                    }
                    Ok(Err(why)) => why,
                    Err(uncontained) => {
                        let why = uncontained.to_string();
                        error!(feed.id = %spec.id, reason = why, "o leitor de notícias foi contido");
                        self.visits.rest(&spec.id, now);
                        return self.complain(app, spec, last, &why).await;
                    }
                }
            }
        };
        warn!(feed.id = %spec.id, reason = failure, "as notícias não puderam ser lidas");
        let silent = last.is_none_or(|last| app.now().duration_since(last) >= TOO_SILENT);
        if silent { self.complain(app, spec, last, &failure).await } else { Ok(()) }
    }

    /// Tells staff of a source that was silent for days, that could never be read, or that no reader can be let near.
    async fn complain(
        &mut self,
        app: &App,
        spec: &NewsSpec,
        last: Option<Timestamp>,
        why: &str,
    ) -> Result<(), StoreError> {
        let now = app.now();
        if self.complained.get(&spec.id).is_some_and(|at| now.duration_since(*at) < AGAIN) {
            return Ok(());
        }
        self.complained.insert(spec.id.clone(), now);
        let since = last.map_or("nunca puderam ser lidas".to_owned(), |last| {
            format!(
                "não são lidas desde {}",
                render::portuguese::instant(last, &app.live().calendar.hours.zone)
            )
        });
        let text = format!(
            "As notícias de {} {since}: {why}. Acompanhe a página do MDS por outro meio, e confira [noticia.{}] em \
             fontes.toml.",
            spec.id, spec.id
        );
        alert_once(app, &format!("noticia-{}", spec.id), text, now).await
    }
}

/// Records what one look found; what is too old is recorded and not told.
async fn record(
    app: &App,
    spec: &NewsSpec,
    findings: Vec<Finding>,
    first_look: bool,
    today: Date,
    now: Timestamp,
) -> Result<(), StoreError> {
    let oldest = today.saturating_sub(i64::from(spec.recent_days).days());
    let sorted: Vec<NewFinding> = findings
        .into_iter()
        .map(|finding| {
            // What a page without dates has had for long is no news on the day on which somebody begins to look.
            let quiet = finding.newest_day().map_or(first_look, |day| day < oldest);
            (finding, quiet)
        })
        .collect();
    let found = sorted.len();
    let new = app.store.record_findings(spec.id.clone(), sorted, now).await?;
    if new > 0 {
        info!(feed.id = %spec.id, news.found = found, news.new = new, "notícias lidas");
    } else {
        debug!(feed.id = %spec.id, news.found = found, "nenhuma notícia nova");
    }
    Ok(())
}

/// One alert for all that staff were not told of yet.
async fn tell(app: &App, live: &Live) -> Result<(), StoreError> {
    let untold = app.store.untold_findings().await?;
    if untold.is_empty() {
        return Ok(());
    }
    let now = app.now();
    let today = live.calendar.hours.zone.date_of(now);
    let ids: Vec<FindingId> = untold.iter().map(|line| line.finding.id.clone()).collect();
    let names: Vec<&str> = ids.iter().map(FindingId::as_str).collect();
    // The same findings after a crash are the same alert.
    let topic = format!("noticias-{}", &sha256(names.join(" ").as_bytes())[..8]);
    alert_once(app, &topic, alert(&untold, live, today), now).await?;
    app.store.note_findings_told(ids, now).await
}

fn alert(untold: &[FindingLine], live: &Live, today: Date) -> String {
    let count = render::portuguese::counted(untold.len(), "notícia do MDS pode", "notícias do MDS podem");
    let mut pieces = vec![format!(
        "{count} dizer respeito a uma janela. As datas são palpites, e nada foi mudado no calendário: leia, confira e, se \
         for o caso, rode o comando proposto ou escreva em calendario.toml."
    )];
    for FindingLine { finding, .. } in untold.iter().take(MOST_TOLD) {
        let told = render::news::told(finding, &live.calendar, today);
        pieces.push(format!("{told}\ndepois de tratar: vigia-suas noticias visto {}", finding.id));
    }
    if untold.len() > MOST_TOLD {
        pieces.push(format!("E mais {}: vigia-suas noticias", untold.len() - MOST_TOLD));
    }
    pieces.join("\n\n")
}
