//! Signs of life for another machine, which calls a person when they stop (`[sinal]`): at the start, each `cada` while all
//! is well, and at once when something is amiss. An address that fails or hangs harms nothing. A rehearsal gives none: it
//! would hide the silence of the service that it rehearses.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tracing::{info, warn};

use super::app::App;
use crate::channel::TellError;
use crate::channel::signal::{Hearing, Sign};
use crate::config::{Mode, SignalSettings};
use crate::telemetry::chain;
use crate::text::discreet::without_addresses;
use crate::world::health;
use crate::world::route::beacon;
use crate::world::secret::{SecretError, Surroundings};

/// How often is looked whether something is amiss.
pub(super) const LOOK: Duration = Duration::from_mins(1);
/// Nothing waits longer for the last sign of a process that ends.
const LAST: Duration = Duration::from_secs(5);

/// Why no sign could be given.
#[derive(Debug, thiserror::Error)]
enum SignalError {
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Tell(#[from] TellError),
}

/// What was given so far.
#[derive(Debug, Default)]
pub struct Signals {
    has_begun: bool,
    given_at: Option<Timestamp>,
    was_amiss: bool,
    was_heard: Option<bool>,
}

impl Signals {
    /// Whether anybody is to hear them.
    pub(super) fn are_wanted(app: &App) -> bool {
        wanted(app).is_some()
    }

    /// Gives the sign that is due, if one is.
    pub async fn signal_once(&mut self, app: &App) {
        let Some(settings) = wanted(app) else { return };
        let now = app.now();
        if !self.has_begun {
            self.has_begun = true;
            self.give(&settings, &Sign::Start).await;
            return;
        }
        let sign = standing(app, now).await;
        let is_amiss = sign != Sign::Well;
        let every = SignedDuration::try_from(settings.every).unwrap_or(SignedDuration::from_mins(5));
        let is_due = self.given_at.is_none_or(|at| now.duration_since(at).abs() >= every);
        if is_due || is_amiss != self.was_amiss {
            // One that did not arrive is still due.
            if self.give(&settings, &sign).await {
                self.given_at = Some(now);
                self.was_amiss = is_amiss;
            }
        }
    }

    /// Whether it is done with: it was heard, or is silence, of which nothing is said.
    async fn give(&mut self, settings: &SignalSettings, sign: &Sign) -> bool {
        let given = give(settings, sign).await;
        if let Ok(Hearing::Silence) = given {
            return true;
        }
        let arrived = given.is_ok();
        // Said when it changes, and not each five minutes for days.
        if self.was_heard.replace(arrived) != Some(arrived) {
            match given {
                Ok(_) => info!("o sinal de vida chegou"),
                Err(failure) => {
                    warn!(error = %chain(&failure), "o sinal de vida não chegou; será tentado de novo");
                }
            }
        }
        arrived
    }
}

/// The last sign of a process that ends because it failed.
pub(super) async fn last_words(app: &App, words: &str) {
    if let Some(settings) = wanted(app) {
        let sign = Sign::Amiss(words.to_owned());
        let _given_or_not = tokio::time::timeout(LAST, give(&settings, &sign)).await;
    }
}

async fn give(settings: &SignalSettings, sign: &Sign) -> Result<Hearing, SignalError> {
    Ok(beacon(settings, &Surroundings::here())?.give(sign).await?)
}

fn wanted(app: &App) -> Option<SignalSettings> {
    let live = app.live();
    let settings = &live.setup.config.settings;
    settings.signal.clone().filter(|_| settings.mode == Mode::Production)
}

/// Whether all is well, or what is amiss, a line each.
async fn standing(app: &App, now: Timestamp) -> Sign {
    let live = app.live();
    match health::examine(&app.store, &live, false, now).await {
        Ok(found) if found.ailments.is_empty() => Sign::Well,
        Ok(found) => {
            let lines = found.ailments.iter().map(|ailment| ailment.line(&live.calendar.hours.zone));
            Sign::Amiss(without_addresses(&lines.collect::<Vec<_>>().join("\n")))
        }
        Err(failure) => Sign::Amiss(format!("o livro não pôde ser lido: {}", chain(&failure))),
    }
}
