//! What is amiss, in words: for systemd's STATUS and the page of the day.

use std::time::Duration;

use jiff::Timestamp;
use tracing::error;

use super::app::App;
use super::lookout::LONGEST_REST;
use super::reconcile::Pass;
use crate::render::portuguese;
use crate::telemetry::chain;
use crate::world::ailment::Ailment;
use crate::world::health;

/// Each in one line, what stops most first.
async fn troubles(app: &App, now: Timestamp) -> Vec<String> {
    let zone = &app.live().calendar.hours.zone;
    ailments(app, now).await.iter().map(|ailment| ailment.line(zone)).collect()
}

/// What is amiss, what stops most first; not that nobody is alive, since whoever asks here is.
pub(super) async fn ailments(app: &App, now: Timestamp) -> Vec<Ailment> {
    let live = app.live();
    match health::examine(&app.store, &live, false, now).await {
        Ok(found) => {
            let is_shown =
                |ailment: &Ailment| !matches!(ailment, Ailment::NeverAlive | Ailment::Silent { .. });
            found.ailments.into_iter().filter(is_shown).collect()
        }
        Err(failure) => {
            error!(error = %chain(&failure), "o livro não pôde ser lido");
            Vec::new()
        }
    }
}

/// So much that is amiss is shown; the rest is counted.
const MOST_SHOWN: usize = 3;

/// What was amiss when that was last looked at: an examination costs more than a pass that finds nothing to do.
#[derive(Default)]
pub(super) struct Amiss {
    pub(super) looked_at: Option<tokio::time::Instant>,
    /// Whether it was looked at by the last pass.
    pub(super) is_fresh: bool,
    said: Vec<String>,
}

/// What is amiss is looked at so often at most, and after each pass that changed something.
pub(super) const EXAMINED: Duration = Duration::from_mins(1);

impl Amiss {
    pub(super) async fn look(&mut self, app: &App, changed: bool, now: Timestamp) -> Vec<String> {
        self.is_fresh = changed || self.looked_at.is_none_or(|at| at.elapsed() >= EXAMINED);
        if self.is_fresh {
            self.said = troubles(app, now).await;
            self.looked_at = Some(tokio::time::Instant::now());
        }
        self.said.clone()
    }

    /// How long the next pass may be put off: whatever woke one that did not look is looked at when the minute is over.
    pub(super) fn rests(&self) -> Duration {
        let since = self.looked_at.filter(|_| !self.is_fresh).map(|at| at.elapsed());
        since.map_or(LONGEST_REST, |since| EXAMINED.saturating_sub(since))
    }
}

/// What systemd shows: what is amiss first, then what is waited for.
pub(super) fn standing(app: &App, pass: &Pass, mut said: Vec<String>) -> String {
    let live = app.live();
    let zone = &live.calendar.hours.zone;
    if said.len() > MOST_SHOWN {
        let more = said.split_off(MOST_SHOWN).len();
        said.push(format!("e mais {more}: vigia-suas saude"));
    }
    said.push(portuguese::counted(pass.held, "aviso retido", "avisos retidos"));
    said.push(match pass.next_wake {
        Some(at) => format!("próxima decisão em {}", portuguese::instant(at, zone)),
        None => "nenhuma decisão à vista".to_owned(),
    });
    said.join("; ")
}
