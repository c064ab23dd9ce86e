//! Tells staff by the ways that `[alertas]` names besides mail: what needs a person at once, and what no mail server took.
//!
//! It reads what is to be told from the ledger, and what was told from the journal, so that a restart repeats nothing and
//! forgets nothing; what the ledger cannot note is remembered until it can. What cannot wait stands first in a message, and
//! only what stands in one counts as told. A way that fails rests, longer each time; neither it nor what hangs there holds
//! up anything else, and `saude` tells of it. It ends with the next try that is taken, also by hand, and when `[alertas]`
//! says something else. A rehearsal calls nobody.
//!
//! Above 400 lines with its tests: what is due, in which order, and what counts as told is one rule.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use tracing::{error, info};

use super::alert::topic;
use super::app::{App, MOST_CRIES, Outcry};
use crate::channel::bulletin::{Bulletin, Item, bulletin};
use crate::channel::{Route, TellError};
use crate::config::{ChannelSettings, Mode};
use crate::domain::journal::{Announced, Channel, ChannelCause};
use crate::domain::notice::{DAILY_PAGE, NoticeKey};
use crate::mail::message::read::plain_text;
use crate::render::portuguese;
use crate::store::{Announcements, StaffAlert, StoreError};
use crate::text::discreet::without_addresses;
use crate::world::route::{failure_words, route, ways};
use crate::world::secret::{SecretError, Surroundings};

/// What nobody heard of in so long is no alert any more.
const LOOKS_BACK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A way that failed rests so long, twice as long each time, and never longer than the last.
const RESTS: [Duration; 2] = [Duration::from_mins(1), Duration::from_hours(1)];
/// Of alerts that wait so many are read for one message: more stand in none.
const MOST_READ: usize = 20;
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
    /// Whether the last look told by some way what is due, and left more of it for the next message.
    leaves: bool,
    /// What `[alertas]` said at the last look.
    channels: Option<ChannelSettings>,
    /// When each way was named, of those that were not from the first look on.
    named: BTreeMap<Channel, Timestamp>,
}

/// A way that failed.
#[derive(Debug, Default)]
struct Rest {
    strikes: u32,
    until: Option<Instant>,
    /// Whether the journal has that it fails.
    is_noted: bool,
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

    /// Whether there is more to tell at once.
    pub(super) fn leaves(&self) -> bool {
        self.leaves
    }

    /// One that has this to tell.
    pub(super) fn with(cry: Outcry) -> Self {
        Self { cries: BTreeMap::from([(cry.topic.clone(), cry)]), ..Self::default() }
    }

    /// Tells what is to be told now by every way that does not rest, one message each.
    ///
    /// # Errors
    /// The first [`StoreError`]; what the ledger does not take was told all the same, by every way.
    pub async fn herald_once(&mut self, app: &App) -> Result<(), StoreError> {
        let live = app.live();
        let settings = &live.setup.config.settings;
        let now = app.now();
        for cry in app.cries() {
            if self.cries.len() < MOST_CRIES || self.cries.contains_key(&cry.topic) {
                self.cries.insert(cry.topic.clone(), cry);
            }
        }
        self.leaves = false;
        self.follow(&settings.channels, now);
        let ways = ways(&settings.channels);
        // Also where no way is left: what is noted is remembered no longer.
        let noted = self.note(app, Vec::new()).await;
        if settings.mode == Mode::Rehearsal || ways.is_empty() {
            self.cries.clear();
            self.waits = false;
            return noted;
        }
        let (read, (alerts, moment, announced)) = match pending(app, now).await {
            Ok(found) => (Ok(()), found),
            Err(failure) => (Err(failure), (Vec::new(), Moment::blind(now), Announcements::default())),
        };
        if read.is_ok() && self.unnoted.is_empty() {
            let fails = |way: &Channel| announced.failing.iter().any(|failing| failing.channel == *way);
            // Somebody tried it by hand, and it was taken.
            self.rests.retain(|way, rest| !rest.is_noted || fails(way));
        }
        self.waits = read.is_err();
        let mut result = noted.and(read);
        self.cried.retain(|_, at| at.elapsed() < CRIES_AGAIN);
        for way in &ways {
            let named_at = self.named.get(way).copied();
            let standing = |alert: &StaffAlert| moment.standing(alert, named_at);
            let untold = alerts.iter().filter(|alert| !announced.took(&alert.key, *way));
            self.waits |= untold.clone().any(|alert| standing(alert) != Standing::Never);
            let due = untold.filter_map(|alert| match standing(alert) {
                Standing::Due(cause) => Some((alert.clone(), cause)),
                Standing::Later | Standing::Never => None,
            });
            let told = self.tell(app, *way, due.collect()).await;
            result = result.and(told);
        }
        let cried = &self.cried;
        self.cries.retain(|topic, _| ways.iter().any(|way| !cried.contains_key(&(topic.clone(), *way))));
        result
    }

    /// Sees what `[alertas]` says now. Where that is something else, a way that failed is tried at once, and one that was not
    /// there before tells nothing that mail took before.
    fn follow(&mut self, channels: &ChannelSettings, now: Timestamp) {
        if self.channels.as_ref() == Some(channels) {
            return;
        }
        self.rests.clear();
        if let Some(before) = self.channels.replace(channels.clone()) {
            let (before, after) = (ways(&before), ways(channels));
            self.named.retain(|way, _| after.contains(way));
            self.named.extend(after.into_iter().filter(|way| !before.contains(way)).map(|way| (way, now)));
        }
    }

    /// Tells by one way what it did not tell yet, as much as one message holds, and notes how that went.
    async fn tell(&mut self, app: &App, way: Channel, mut due: Vec<Due>) -> Result<(), StoreError> {
        due.retain(|(alert, _)| {
            let key = alert.key.to_string();
            let mut unnoted = self.unnoted.iter();
            !unnoted.any(|(of, told)| *of == key && told.channel == way && told.failure.is_none())
        });
        let is_cried = |cry: &&Outcry| self.cried.contains_key(&(cry.topic.clone(), way));
        let mut cries: Vec<Outcry> = self.cries.values().filter(|cry| !is_cried(cry)).cloned().collect();
        let rests = self.rests.get(&way).is_some_and(|rest| !rest.is_over(Instant::now()));
        if (due.is_empty() && cries.is_empty()) || rests {
            return Ok(());
        }
        in_order(&mut due);
        let all = due.len() + cries.len();
        // Its secret is read now: it may have changed.
        let (outcome, told_of) =
            match route(&app.live().setup.config.settings.channels, way, &Surroundings::here()) {
                Some(Ok(route)) => {
                    let message = words(app, &due, &cries, &route).await;
                    (
                        route.tell(&message.subject, &message.text).await.map_err(HeraldError::from),
                        message.told,
                    )
                }
                Some(Err(failure)) => (Err(failure.into()), all),
                // Taken out of the configuration just now.
                None => return Ok(()),
            };
        cries.truncate(told_of);
        due.truncate(told_of - cries.len());
        let news: Vec<_> = match outcome {
            Ok(()) => {
                info!(alert.channel = way.as_str(), alerts = told_of, "alerta entregue por outro canal");
                self.rests.remove(&way);
                self.leaves |= told_of < all;
                self.cried.extend(cries.into_iter().map(|cry| ((cry.topic, way), Instant::now())));
                due.iter().map(|(alert, cause)| told(alert, way, *cause, None)).collect()
            }
            Err(failure) => {
                let failure = failure_words(&failure);
                let rest = self.rests.entry(way).or_default();
                let pause = rest.strike(Instant::now()).as_secs();
                error!(alert.channel = way.as_str(), error = %failure, rest_s = pause, "um alerta não saiu por outro canal");
                // Once for each alert and way to fail.
                let news: Vec<_> = due
                    .iter()
                    .filter(|(alert, _)| rest.said.insert((alert.key.to_string(), failure.clone())))
                    .map(|(alert, cause)| told(alert, way, *cause, Some(failure.clone())))
                    .collect();
                rest.is_noted |= !news.is_empty();
                news
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

/// What decides of each alert whether it is told now.
struct Moment {
    now: Timestamp,
    /// Whether no mail gets through at all.
    is_cut_off: bool,
    /// `espera`.
    after: SignedDuration,
}

/// Whether an alert is to be told by a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Due(ChannelCause),
    /// Mail may take it yet.
    Later,
    /// Mail took it.
    Never,
}

impl Moment {
    /// Where nothing could be read, nothing is due.
    fn blind(now: Timestamp) -> Self {
        Self { now, is_cut_off: false, after: ChannelSettings::AFTER }
    }

    /// What is urgent goes by mail and by this way. What mail took so long ago that the way had its time, or before the way
    /// was named, somebody heard of: it is no news any more.
    fn standing(&self, alert: &StaffAlert, named_at: Option<Timestamp>) -> Standing {
        let for_long = |since: Timestamp| self.now.duration_since(since).abs() >= self.after;
        match alert.taken_at {
            None if is_urgent(&alert.key) => Standing::Due(ChannelCause::Urgent),
            None if self.is_cut_off || for_long(alert.recorded_at) => Standing::Due(ChannelCause::NoMail),
            None => Standing::Later,
            Some(at)
                if is_urgent(&alert.key) && !for_long(at) && named_at.is_none_or(|named| named <= at) =>
            {
                Standing::Due(ChannelCause::Urgent)
            }
            Some(_) => Standing::Never,
        }
    }
}

fn is_urgent(key: &NoticeKey) -> bool {
    matches!(key, NoticeKey::Service { topic, .. } if topic::is_urgent(topic))
}

fn is_page(key: &NoticeKey) -> bool {
    matches!(key, NoticeKey::Service { topic, .. } if topic == DAILY_PAGE)
}

/// What cannot wait first. The page of a day is long and no alarm: it comes last, and never with anything else.
fn in_order(due: &mut [Due]) {
    due.sort_by_key(|(alert, cause)| {
        (is_page(&alert.key), *cause != ChannelCause::Urgent, alert.recorded_at)
    });
}

/// Every alert of the last days, what decides whether it is told, and what was told.
async fn pending(app: &App, now: Timestamp) -> Result<(Vec<StaffAlert>, Moment, Announcements), StoreError> {
    let since = now.saturating_sub(LOOKS_BACK).unwrap_or(Timestamp::MIN);
    let signs = app.store.signs().await?;
    let is_cut_off = signs.relay_failing_since.is_some() || signs.stop.is_some_and(|stop| stop.holds(now));
    let after = app.live().setup.config.settings.channels.after;
    let alerts = app.store.staff_alerts(since).await?;
    Ok((alerts, Moment { now, is_cut_off, after }, app.store.announcements(since).await?))
}

/// One message for as many as it holds, cries first, without anybody's address: what the relay said may hold one.
async fn words(app: &App, due: &[Due], cries: &[Outcry], route: &Route) -> Bulletin {
    let (now, zone) = (app.now(), &app.live().calendar.hours.zone);
    let mut items: Vec<Item> = cries
        .iter()
        .map(|cry| Item {
            subject: SUBJECT.to_owned(),
            text: without_addresses(&cry.text),
            cut: "\n(cortado)".to_owned(),
        })
        .collect();
    for (alert, _) in due.iter().take(MOST_READ) {
        if is_page(&alert.key) && !items.is_empty() {
            break;
        }
        // Its subject tells the most of one that cannot be read.
        let letter = app.store.letter(&alert.key, alert.version).await.ok().flatten();
        let text = letter.and_then(|letter| plain_text(&letter.bytes?)).unwrap_or_default();
        let is_old = now.duration_since(alert.recorded_at) >= OLD;
        let written = portuguese::instant(alert.recorded_at, zone);
        let head = if is_old { format!("(escrito em {written})\n") } else { String::new() };
        items.push(Item {
            subject: without_addresses(&alert.subject),
            text: without_addresses(&format!("{head}{}", text.trim())),
            cut: format!(
                "\n(cortado: o texto inteiro vai por e-mail e está no painel, em /carta?aviso={})",
                alert.key
            ),
        });
        if is_page(&alert.key) {
            break;
        }
    }
    let more = cries.len() + due.len() - items.len();
    bulletin(&items, route.room(), more)
}

/// One that is told so late says of when it is.
const OLD: SignedDuration = SignedDuration::from_mins(10);
/// What an alert that the ledger did not take is about.
const SUBJECT: &str = "Alerta da vigilância";

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(topic: &str, recorded_at: &str, taken_at: Option<&str>) -> StaffAlert {
        let on = "2026-11-26".parse().unwrap();
        StaffAlert {
            key: NoticeKey::Service { topic: topic.to_owned(), on },
            recorded_at: recorded_at.parse().unwrap(),
            subject: topic.to_owned(),
            version: 1,
            taken_at: taken_at.map(|at| at.parse().unwrap()),
            lost_at: None,
        }
    }

    #[test]
    fn what_mail_took_long_ago_or_before_the_way_was_named_is_not_told_by_it() {
        let now: Timestamp = "2026-11-26T12:00:00Z".parse().unwrap();
        let moment = Moment { now, is_cut_off: false, after: SignedDuration::from_mins(30) };
        let (before, named) = (Some("2026-11-26T11:50:00Z"), Some("2026-11-26T11:55:00Z".parse().unwrap()));
        let standing = |topic: &str, recorded: &str, taken, named| {
            moment.standing(&alert(topic, recorded, taken), named)
        };
        let urgent = Standing::Due(ChannelCause::Urgent);
        assert_eq!(standing("servidor-de-saida", "2026-11-26T11:50:00Z", before, None), urgent, "both ways");
        assert_eq!(standing("servidor-de-saida", "2026-11-26T11:50:00Z", before, named), Standing::Never);
        let days_ago = Some("2026-11-23T08:00:00Z");
        assert_eq!(standing("servidor-de-saida", "2026-11-23T08:00:00Z", days_ago, None), Standing::Never);
        assert_eq!(
            standing("servidor-de-saida", "2026-11-23T08:00:00Z", None, named),
            urgent,
            "nobody heard"
        );
        assert_eq!(standing("fonte-x", "2026-11-26T11:50:00Z", None, named), Standing::Later);
        assert_eq!(
            standing("fonte-x", "2026-11-26T11:00:00Z", None, None),
            Standing::Due(ChannelCause::NoMail)
        );
        assert_eq!(standing("fonte-x", "2026-11-26T11:00:00Z", before, None), Standing::Never);
    }

    #[test]
    fn what_cannot_wait_stands_first_and_the_page_of_the_day_last() {
        let due = |topic, at, cause| (alert(topic, at, None), cause);
        let (urgent, no_mail) = (ChannelCause::Urgent, ChannelCause::NoMail);
        let mut all = vec![
            due(DAILY_PAGE, "2026-11-26T07:00:00Z", no_mail),
            due("fonte-x", "2026-11-26T08:00:00Z", no_mail),
            due("servidor-de-saida", "2026-11-26T09:00:00Z", urgent),
            due("relogio", "2026-11-26T08:30:00Z", urgent),
        ];
        in_order(&mut all);
        let subjects: Vec<&str> = all.iter().map(|(alert, _)| alert.subject.as_str()).collect();
        assert_eq!(subjects, ["relogio", "servidor-de-saida", "fonte-x", DAILY_PAGE]);
    }

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
