//! Tells staff by the ways that `[alertas]` names besides mail: what needs a person at once, and what no mail server took.
//!
//! It reads what is to be told from the ledger, and what was told from the journal, so that a restart repeats nothing and
//! forgets nothing. A way that fails rests, longer each time; neither it nor what hangs there holds up anything else, and
//! `saude` tells of it. It ends with the next try that is taken. A rehearsal calls nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use tracing::{error, info};

use super::alert::topic;
use super::app::{App, Outcry};
use crate::channel::Route;
use crate::config::Mode;
use crate::domain::journal::{Announced, Channel, ChannelCause};
use crate::domain::notice::NoticeKey;
use crate::mail::message::read::plain_text;
use crate::store::{Announcements, StaffAlert, StoreError};
use crate::telemetry::{chain, without_addresses};
use crate::text::visible;
use crate::world::route::routes;
use crate::world::secret::Surroundings;

/// What nobody heard of in so long is no alert any more.
const LOOKS_BACK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A way that failed rests so long, twice as long each time, and never longer than the last.
const RESTS: [SignedDuration; 2] = [SignedDuration::from_mins(1), SignedDuration::from_hours(1)];
/// Alerts told in one message; the rest is counted.
const MOST_TOLD: usize = 20;
/// What the ledger does not take is told again after so long.
const CRIES_AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// What is remembered between two looks.
#[derive(Debug, Default)]
pub struct Herald {
    rests: BTreeMap<Channel, Rest>,
    /// What the ledger did not take, and when it was told by each way.
    cried: BTreeMap<(String, Channel), Timestamp>,
    cries: BTreeMap<String, Outcry>,
}

/// A way that failed.
#[derive(Debug)]
struct Rest {
    strikes: u32,
    until: Timestamp,
    /// What went wrong with which alert, as it was journalled: the same again is no news.
    said: BTreeSet<(String, String)>,
}

impl Herald {
    /// Tells what is to be told now by every way that does not rest.
    ///
    /// # Errors
    /// [`StoreError`]; what the ledger does not take was told all the same.
    pub async fn herald_once(&mut self, app: &App) -> Result<(), StoreError> {
        let live = app.live();
        let settings = &live.setup.config.settings;
        self.cries.extend(app.cries().into_iter().map(|cry| (cry.topic.clone(), cry)));
        if settings.mode == Mode::Rehearsal
            || (settings.channels.webhook.is_none() && settings.channels.command.is_none())
        {
            self.cries.clear();
            return Ok(());
        }
        let now = app.now();
        let read = pending(app, now).await;
        let mut result = Ok(());
        let (alerts, told) = match read {
            Ok(read) => read,
            Err(failure) => {
                result = Err(failure);
                (Vec::new(), Announcements::default())
            }
        };
        for route in routes(&settings.channels, &Surroundings::here()) {
            let route = match route {
                Ok(route) => route,
                Err(failure) => {
                    // Only a webhook has a secret.
                    let due = untold(&alerts, &told, Channel::Webhook);
                    self.failed(app, Channel::Webhook, &due, chain(&failure), now).await?;
                    continue;
                }
            };
            let due = untold(&alerts, &told, route.channel());
            if let Err(failure) = self.tell(app, &route, &due, now).await {
                result = Err(failure);
            }
        }
        self.cried.retain(|_, at| now.duration_since(*at) < CRIES_AGAIN);
        self.cries.clear();
        result
    }

    async fn tell(
        &mut self,
        app: &App,
        route: &Route,
        due: &[Due],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let channel = route.channel();
        let cries: Vec<Outcry> = self
            .cries
            .values()
            .filter(|cry| !self.cried.contains_key(&(cry.topic.clone(), channel)))
            .cloned()
            .collect();
        if (due.is_empty() && cries.is_empty())
            || self.rests.get(&channel).is_some_and(|rest| now < rest.until)
        {
            return Ok(());
        }
        let (subject, text) = words(due, &cries);
        match route.tell(&subject, &text).await {
            Ok(()) => {
                info!(
                    alert.channel = channel.as_str(),
                    alerts = due.len() + cries.len(),
                    "alerta entregue por outro canal"
                );
                self.rests.remove(&channel);
                self.cried.extend(cries.into_iter().map(|cry| ((cry.topic, channel), now)));
                let told = due.iter().map(|(alert, cause)| told(alert, channel, *cause, None)).collect();
                app.store.note_announced(told, app.now()).await
            }
            Err(failure) => self.failed(app, channel, due, visible::line(&chain(&failure)), now).await,
        }
    }

    /// A way failed: it rests, and the journal says so, once for each alert and way to fail.
    async fn failed(
        &mut self,
        app: &App,
        channel: Channel,
        due: &[Due],
        failure: String,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if due.is_empty() && self.cries.is_empty() {
            return Ok(());
        }
        let rest = self.rests.entry(channel).or_insert_with(|| Rest {
            strikes: 0,
            until: Timestamp::MIN,
            said: BTreeSet::new(),
        });
        if now < rest.until {
            return Ok(());
        }
        let pause = RESTS[0].saturating_mul(1 << rest.strikes.min(10)).min(RESTS[1]);
        rest.strikes = rest.strikes.saturating_add(1);
        rest.until = app.now().saturating_add(pause).unwrap_or(Timestamp::MAX);
        error!(alert.channel = channel.as_str(), error = %failure, until = %rest.until, "um alerta não saiu por outro canal");
        let news: Vec<_> = due
            .iter()
            .filter(|(alert, _)| rest.said.insert((alert.key.to_string(), failure.clone())))
            .map(|(alert, cause)| told(alert, channel, *cause, Some(failure.clone())))
            .collect();
        if news.is_empty() {
            return Ok(());
        }
        app.store.note_announced(news, app.now()).await
    }
}

/// An alert, and why it goes by another way.
type Due = (StaffAlert, ChannelCause);

/// What this way did not tell yet.
fn untold(alerts: &[Due], told: &Announcements, channel: Channel) -> Vec<Due> {
    alerts.iter().filter(|(alert, _)| !told.took(&alert.key, channel)).cloned().collect()
}

fn told(
    alert: &StaffAlert,
    channel: Channel,
    cause: ChannelCause,
    failure: Option<String>,
) -> (String, Announced) {
    (alert.key.to_string(), Announced { channel, cause, failure, author: None })
}

/// What is to be told by other ways now, each with why, and what was.
async fn pending(app: &App, now: Timestamp) -> Result<(Vec<Due>, Announcements), StoreError> {
    let since = now.saturating_sub(LOOKS_BACK).unwrap_or(Timestamp::MIN);
    let signs = app.store.signs().await?;
    let is_cut_off = signs.relay_failing_since.is_some() || signs.stop.is_some_and(|stop| stop.holds(now));
    let after = app.live().setup.config.settings.channels.after;
    let alerts = app.store.staff_alerts(since).await?;
    let due = alerts.into_iter().filter_map(|alert| {
        let urgent = matches!(&alert.key, NoticeKey::Service { topic, .. } if topic::is_urgent(topic));
        let waited = now.duration_since(alert.recorded_at).abs() >= after;
        let cause = match (urgent, !alert.is_taken && (is_cut_off || waited)) {
            (true, _) => ChannelCause::Urgent,
            (false, true) => ChannelCause::NoMail,
            (false, false) => return None,
        };
        Some((alert, cause))
    });
    Ok((due.collect(), app.store.announcements(since).await?))
}

/// One message for all, without anybody's address: what the relay said may hold one.
fn words(due: &[Due], cries: &[Outcry]) -> (String, String) {
    let mut told: Vec<(String, String)> =
        cries.iter().map(|cry| (SUBJECT.to_owned(), cry.text.clone())).collect();
    let written = due.iter().map(|(alert, _)| {
        (alert.subject.clone(), plain_text(&alert.bytes).unwrap_or_default().trim().to_owned())
    });
    told.extend(written);
    let more = told.len().saturating_sub(MOST_TOLD);
    told.truncate(MOST_TOLD);
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
