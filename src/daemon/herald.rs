//! Tells staff by the ways that `[alertas]` names besides mail: what needs a person at once, and what no mail server took.
//!
//! It reads what is to be told from the ledger, and what was told from the journal, so that a restart repeats nothing and
//! forgets nothing; what the ledger cannot note is remembered until it can. A way that fails rests, longer each time; neither
//! it nor what hangs there holds up anything else, and `saude` tells of it. It ends with the next try that is taken. A
//! rehearsal calls nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use tracing::{error, info};

use super::alert::topic;
use super::app::{App, MOST_CRIES, Outcry};
use crate::channel::TellError;
use crate::config::Mode;
use crate::domain::journal::{Announced, Channel, ChannelCause};
use crate::domain::notice::NoticeKey;
use crate::mail::message::read::plain_text;
use crate::store::{Announcements, StaffAlert, StoreError};
use crate::telemetry::{chain, without_addresses};
use crate::text::visible;
use crate::world::route::{route, ways};
use crate::world::secret::{SecretError, Surroundings};

/// What nobody heard of in so long is no alert any more.
const LOOKS_BACK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A way that failed rests so long, twice as long each time, and never longer than the last.
const RESTS: [Duration; 2] = [Duration::from_mins(1), Duration::from_hours(1)];
/// Alerts told in one message; the rest is counted.
const MOST_TOLD: usize = 20;
/// What the ledger does not take is told again after so long.
const CRIES_AGAIN: Duration = Duration::from_hours(24);

/// What is remembered between two looks. Its times are the machine's running time: a wall clock that leaps neither silences a
/// way nor lets it shout.
#[derive(Debug, Default)]
pub struct Herald {
    rests: BTreeMap<Channel, Rest>,
    /// What the ledger did not take, by topic, until every way has told it.
    cries: BTreeMap<String, Outcry>,
    /// When each was told by each way.
    cried: BTreeMap<(String, Channel), Instant>,
    /// What was told or failed and the ledger has not noted yet.
    unnoted: Vec<(String, Announced)>,
    /// Whether there is what some way has not told yet, be it due by now or by and by.
    waits: bool,
}

/// A way that failed.
#[derive(Debug, Default)]
struct Rest {
    strikes: u32,
    until: Option<Instant>,
    /// What went wrong with which alert, as it was journalled: the same again is no news.
    said: BTreeSet<(String, String)>,
}

impl Rest {
    /// It failed once more; for how long it rests now.
    fn strike(&mut self, now: Instant) -> Duration {
        let pause = RESTS[0].saturating_mul(1 << self.strikes.min(10)).min(RESTS[1]);
        self.strikes = self.strikes.saturating_add(1);
        self.until = Some(now + pause);
        pause
    }

    fn is_over(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| until <= now)
    }
}

/// Why a way told nobody.
#[derive(Debug, thiserror::Error)]
enum HeraldError {
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Tell(#[from] TellError),
}

impl Herald {
    /// Whether it is to be looked again soon, though nothing happens.
    pub(super) fn waits(&self) -> bool {
        self.waits || !self.cries.is_empty() || !self.unnoted.is_empty()
    }

    /// Tells what is to be told now by every way that does not rest.
    ///
    /// # Errors
    /// The first [`StoreError`]; what the ledger does not take was told all the same, by every way.
    pub async fn herald_once(&mut self, app: &App) -> Result<(), StoreError> {
        let live = app.live();
        let settings = &live.setup.config.settings;
        for cry in app.cries() {
            if self.cries.len() < MOST_CRIES || self.cries.contains_key(&cry.topic) {
                self.cries.insert(cry.topic.clone(), cry);
            }
        }
        let ways = ways(&settings.channels);
        if settings.mode == Mode::Rehearsal || ways.is_empty() {
            self.cries.clear();
            self.waits = false;
            return Ok(());
        }
        let noted = self.note(app, Vec::new()).await;
        let (read, open, pending) = match pending(app, app.now()).await {
            Ok((open, due, announced)) => (Ok(()), open, (due, announced)),
            Err(failure) => (Err(failure), Vec::new(), (Vec::new(), Announcements::default())),
        };
        let is_untold = |key: &NoticeKey| ways.iter().any(|way| !pending.1.took(key, *way));
        self.waits = read.is_err() || open.iter().any(is_untold);
        let mut result = noted.and(read);
        self.cried.retain(|_, at| at.elapsed() < CRIES_AGAIN);
        for way in &ways {
            let told = self.tell(app, *way, &pending).await;
            result = result.and(told);
        }
        let cried = &self.cried;
        self.cries.retain(|topic, _| ways.iter().any(|way| !cried.contains_key(&(topic.clone(), *way))));
        result
    }

    /// Tells by one way what it did not tell yet, and notes how that went.
    async fn tell(
        &mut self,
        app: &App,
        way: Channel,
        (alerts, announced): &(Vec<Due>, Announcements),
    ) -> Result<(), StoreError> {
        let is_told = |alert: &StaffAlert| {
            let key = alert.key.to_string();
            let mut unnoted = self.unnoted.iter();
            announced.took(&alert.key, way)
                || unnoted.any(|(of, told)| *of == key && told.channel == way && told.failure.is_none())
        };
        let due: Vec<Due> = alerts.iter().filter(|(alert, _)| !is_told(alert)).cloned().collect();
        let is_cried = |cry: &&Outcry| self.cried.contains_key(&(cry.topic.clone(), way));
        let cries: Vec<Outcry> = self.cries.values().filter(|cry| !is_cried(cry)).cloned().collect();
        let rests = self.rests.get(&way).is_some_and(|rest| !rest.is_over(Instant::now()));
        if (due.is_empty() && cries.is_empty()) || rests {
            return Ok(());
        }
        let (subject, text) = words(app, &due, &cries).await;
        let outcome = give(app, way, &subject, &text).await;
        let alerts = due.len() + cries.len();
        let news: Vec<_> = match outcome {
            Ok(()) => {
                info!(alert.channel = way.as_str(), alerts, "alerta entregue por outro canal");
                self.rests.remove(&way);
                self.cried.extend(cries.into_iter().map(|cry| ((cry.topic, way), Instant::now())));
                due.iter().map(|(alert, cause)| told(alert, way, *cause, None)).collect()
            }
            Err(failure) => {
                let failure = visible::line(&chain(&failure));
                let rest = self.rests.entry(way).or_default();
                let pause = rest.strike(Instant::now()).as_secs();
                error!(alert.channel = way.as_str(), error = %failure, rest_s = pause, "um alerta não saiu por outro canal");
                // Once for each alert and way to fail.
                due.iter()
                    .filter(|(alert, _)| rest.said.insert((alert.key.to_string(), failure.clone())))
                    .map(|(alert, cause)| told(alert, way, *cause, Some(failure.clone())))
                    .collect()
            }
        };
        self.note(app, news).await
    }

    /// Notes in the journal what was told, with what it did not take before.
    async fn note(&mut self, app: &App, news: Vec<(String, Announced)>) -> Result<(), StoreError> {
        self.unnoted.extend(news);
        if self.unnoted.is_empty() {
            return Ok(());
        }
        app.store.note_announced(self.unnoted.clone(), app.now()).await?;
        self.unnoted.clear();
        Ok(())
    }
}

/// Tells by one way. Its secret is read now: it may have changed.
async fn give(app: &App, way: Channel, subject: &str, text: &str) -> Result<(), HeraldError> {
    match route(&app.live().setup.config.settings.channels, way, &Surroundings::here()) {
        Some(route) => Ok(route?.tell(subject, text).await?),
        // Taken out of the configuration just now.
        None => Ok(()),
    }
}

/// An alert, and why it goes by another way.
type Due = (StaffAlert, ChannelCause);

fn told(
    alert: &StaffAlert,
    channel: Channel,
    cause: ChannelCause,
    failure: Option<String>,
) -> (String, Announced) {
    (alert.key.to_string(), Announced { channel, cause, failure, author: None })
}

/// Every alert that may have to be told by other ways by and by, what is to be told now, each with why, and what was.
async fn pending(app: &App, now: Timestamp) -> Result<(Vec<NoticeKey>, Vec<Due>, Announcements), StoreError> {
    let since = now.saturating_sub(LOOKS_BACK).unwrap_or(Timestamp::MIN);
    let signs = app.store.signs().await?;
    let is_cut_off = signs.relay_failing_since.is_some() || signs.stop.is_some_and(|stop| stop.holds(now));
    let after = app.live().setup.config.settings.channels.after;
    let alerts = app.store.staff_alerts(since).await?;
    let is_urgent =
        |key: &NoticeKey| matches!(key, NoticeKey::Service { topic, .. } if topic::is_urgent(topic));
    let open = alerts.iter().filter(|alert| !alert.is_taken || is_urgent(&alert.key));
    let open = open.map(|alert| alert.key.clone()).collect();
    let due = alerts.into_iter().filter_map(|alert| {
        let urgent = is_urgent(&alert.key);
        let waited = now.duration_since(alert.recorded_at).abs() >= after;
        let cause = match (urgent, !alert.is_taken && (is_cut_off || waited)) {
            (true, _) => ChannelCause::Urgent,
            (false, true) => ChannelCause::NoMail,
            (false, false) => return None,
        };
        Some((alert, cause))
    });
    Ok((open, due.collect(), app.store.announcements(since).await?))
}

/// One message for all, without anybody's address: what the relay said may hold one.
async fn words(app: &App, due: &[Due], cries: &[Outcry]) -> (String, String) {
    let mut told: Vec<(String, String)> =
        cries.iter().take(MOST_TOLD).map(|cry| (SUBJECT.to_owned(), cry.text.clone())).collect();
    let more = (told.len() + due.len()).saturating_sub(MOST_TOLD);
    for (alert, _) in due.iter().take(MOST_TOLD.saturating_sub(told.len())) {
        // Its subject tells the most of one that cannot be read.
        let letter = app.store.letter(&alert.key, alert.version).await.ok().flatten();
        let text = letter.and_then(|letter| plain_text(&letter.bytes?)).unwrap_or_default();
        told.push((alert.subject.clone(), text.trim().to_owned()));
    }
    let (subject, mut text) = match told.as_slice() {
        [(subject, text)] => (subject.clone(), text.clone()),
        several => {
            let texts: Vec<String> =
                several.iter().map(|(subject, text)| format!("{subject}\n\n{text}")).collect();
            (format!("{} alertas da vigilância", several.len() + more), texts.join("\n\n---\n\n"))
        }
    };
    if more > 0 {
        let _ = write!(text, "\n\n---\n\nE mais {more}: vigia-suas livro");
    }
    (without_addresses(&subject), without_addresses(&text))
}

/// What an alert that the ledger did not take is about.
const SUBJECT: &str = "Alerta da vigilância";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_that_fails_rests_twice_as_long_each_time_by_the_machines_running_time() {
        let (mut rest, mut now) = (Rest::default(), Instant::now());
        let mut pauses = Vec::new();
        for _ in 0..8 {
            let pause = rest.strike(now);
            assert!(!rest.is_over(now + pause - Duration::from_millis(1)) && rest.is_over(now + pause));
            now += pause;
            pauses.push(pause.as_secs() / 60);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
    }
}
