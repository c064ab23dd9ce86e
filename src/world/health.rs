//! Whether the service is well: alive, running on the configuration that its files hold, hearing its sources, and sending
//! what is due.
//!
//! [`Facts`] are read once, and [`ailments`] says what is amiss of them: the same for `saude`, systemd's STATUS, the signs
//! of life that go out, and whatever else shows it. Each question is one [`Ailment`]; whatever else the service vouches
//! for by and by is one more here.

use jiff::{SignedDuration, Timestamp};

use super::ailment::Ailment;
use super::audit;
use super::lateness::{self, Overdue};
use super::live::Live;
use super::overview::AsOf;
use super::route;
use crate::config::Mode;
use crate::domain::feed::{Meaning, Source};
use crate::domain::id::{FeedId, SnapshotId};
use crate::domain::journal::{Audited, Verdict};
use crate::domain::time::Zone;
use crate::plan::CLOCK_TOLERANCE;
use crate::proof::LastBackup;
use crate::render::portuguese as pt;
use crate::store::{
    ChannelFailure, Leader, LedgerDoubt, LoopProgress, RefusedConfiguration, Signs, StaffAlert, Store,
    StoreError,
};

/// A heartbeat older than this is none: the daemon gives one every eight minutes.
const FRESH: SignedDuration = SignedDuration::from_mins(20);
/// The self-audit is made once a day; one that is older, or none in a ledger that is, is missed.
const AUDITED: SignedDuration = SignedDuration::from_hours(26);
/// So long is looked back for ways to tell staff that fail.
const CHANNELS: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Copies are made each day, or each week.
const BACKUP_FRESH: SignedDuration = SignedDuration::from_hours(8 * 24);
/// A feed that failed so often in a row is unreadable; what fails less often is tried again soon.
const FAILURES: u32 = 3;

/// What is known of the service at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub now: Timestamp,
    pub signs: Signs,
    /// The configuration in force: its hash, since when, by whom.
    pub in_force: Option<(String, Timestamp, String)>,
    /// Why nobody knows that the ledger is the one that last sent; a rehearsal, which writes to nobody, does not ask.
    pub doubt: Option<LedgerDoubt>,
    /// Whether `[painel]` asks for a panel.
    pub has_panel: bool,
    pub waiting: usize,
    pub overdue: Option<Overdue>,
    /// What the files hold and is not in force.
    pub refused: Option<RefusedConfiguration>,
    /// Whether the files cannot be used as they are now.
    pub is_faulty: bool,
    /// Sources of status that nobody switched off.
    pub feeds: Vec<FeedFacts>,
    /// Since when every address that alerts go to refuses them, and how many.
    pub alerts_refused: Option<(Timestamp, usize)>,
    /// Ways to tell staff whose last try failed.
    pub channels: Vec<ChannelFailure>,
    /// How far each loop got, as the service noted last.
    pub loops: Vec<LoopProgress>,
    /// The last copy of the ledger that is known of.
    pub backup: Option<LastBackup>,
    pub audit: Option<(Timestamp, Audited)>,
    /// Who sends, where several machines may.
    pub leader: Option<Leader>,
}

/// What is known of a source of status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedFacts {
    pub feed: FeedId,
    /// When it was last fetched, whether or not that brought anything new.
    pub fetched_at: Option<Timestamp>,
    /// From when on what it said counts no more, while a window of its system is open.
    pub stale_at: Option<Timestamp>,
    /// How many fetches failed in a row.
    pub failures: u32,
    /// Why the last one did.
    pub failure: Option<String>,
    /// Since when its last load waits in quarantine.
    pub quarantined_at: Option<Timestamp>,
    /// What that load is called, and why it is not believed; absent when it does not wait.
    pub doubted: Option<(String, String)>,
    /// That load, where something could be read of it, so that a person can accept it.
    pub readable: Option<SnapshotId>,
    /// The remarks of a last load that is believed, where a missing row would speak and some row could not be read: whom it was
    /// about is not told *pendente* by silence, until a load comes whose rows can all be read.
    pub unheard: Option<String>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    pub facts: Facts,
    /// What is amiss, what stops most first; nothing when all is well.
    pub ailments: Vec<Ailment>,
}

impl Facts {
    /// Who sends and since when, in words, where several machines may.
    pub fn leads(&self, zone: &Zone) -> Option<String> {
        let leader = self.leader.as_ref()?;
        let sign = match (leader.lag, leader.rest) {
            (Some(lag), Some(_)) => format!("deu sinal há {} s", lag.as_secs()),
            (Some(lag), None) => format!("não responde há {} s: outro pode assumir", lag.as_secs()),
            (None, _) => "parou e deixou o lugar: outro pode assumir".to_owned(),
        };
        Some(format!(
            "quem envia é {}, desde {} (última troca, época {}), e {sign}",
            pt::line(&leader.name),
            pt::instant(leader.since, zone),
            leader.epoch
        ))
    }
}

/// Examines the service of a configuration by its ledger. `faulty`: whether the files cannot be used as they are now.
pub async fn examine(store: &Store, live: &Live, faulty: bool, now: Timestamp) -> Result<Health, StoreError> {
    let facts = Facts::read(store, live, faulty, now).await?;
    Ok(Health { ailments: ailments(&facts), facts })
}

/// What is amiss, what stops most first: nothing leaves, nothing is decided, nothing gets on; then what is late, not in
/// force, not told, not heard.
pub fn ailments(facts: &Facts) -> Vec<Ailment> {
    let now = facts.now;
    let older = |at: Timestamp, than: SignedDuration| now.duration_since(at) > than;
    let mut found = standstills(facts);
    let hung =
        facts.loops.iter().filter(|each| each.hangs_at <= each.noted_at && !older(each.noted_at, FRESH));
    found.extend(hung.map(|each| Ailment::Hung { name: each.name.clone(), since: each.moved_at }));
    let is_alive = facts.signs.heartbeat_at.is_some_and(|at| !older(at, FRESH));
    match facts.signs.heartbeat_at {
        None => found.push(Ailment::NeverAlive),
        Some(since) if !is_alive => found.push(Ailment::Silent { since }),
        Some(_) => {}
    }
    if let Some((since, why)) = facts.signs.panel_failing.as_ref().filter(|_| facts.has_panel) {
        found.push(Ailment::PanelDown { since: *since, why: why.clone() });
    }
    if let Some(since) = facts.signs.relay_failing_since
        && facts.waiting > 0
    {
        found.push(Ailment::RelayFails { since });
    }
    found.extend(facts.overdue.clone().map(Ailment::Late));
    match &facts.refused {
        Some(refused) => found.push(Ailment::Refused(refused.clone())),
        None if facts.is_faulty => found.push(Ailment::Faulty),
        None => {}
    }
    let last_audit = facts.audit.as_ref().filter(|(at, _)| audit::counts(*at, now));
    let audited = last_audit.map(|(at, _)| *at);
    if let Some((at, audit)) = last_audit
        && audit.divergences > 0
    {
        found.push(Ailment::Diverges { at: *at, letters: audit.divergences });
    }
    // A service that decides nothing has nothing to audit, and is amiss enough.
    let counts_from = audited.or(facts.signs.born_at);
    if is_alive && standstills(facts).is_empty() && counts_from.is_some_and(|at| older(at, AUDITED)) {
        found.push(Ailment::Unaudited { since: audited });
    }
    let backup = facts.backup.as_ref().filter(|last| last.is_regular && older(*last.at, BACKUP_FRESH));
    found.extend(backup.map(|last| Ailment::BackupOld { since: *last.at }));
    found.extend(facts.alerts_refused.map(|(since, alerts)| Ailment::AlertsRefused { since, alerts }));
    found.extend(facts.channels.iter().cloned().map(Ailment::ChannelFails));
    found.extend(facts.feeds.iter().flat_map(|feed| feed.ailments(now)));
    found
}

/// What keeps letters from leaving, whatever is due: the ledger, the clock, what came back.
pub fn standstills(facts: &Facts) -> Vec<Ailment> {
    let doubt = facts.doubt.clone().map(Ailment::Doubted);
    let stop = facts.signs.stop.filter(|stop| stop.holds(facts.now)).map(Ailment::QueueStopped);
    [doubt, clock_trouble(&facts.signs, facts.now), stop].into_iter().flatten().collect()
}

/// Whether the clock keeps letters from leaving.
pub fn clock_trouble(signs: &Signs, now: Timestamp) -> Option<Ailment> {
    let behind = signs.high_water.filter(|mark| mark.duration_since(now) > CLOCK_TOLERANCE);
    signs.leap.map(Ailment::ClockLeapt).or(behind.map(|mark| Ailment::ClockBehind { mark }))
}

impl Facts {
    /// Reads what is known. `is_faulty`: whether the files cannot be used as they are now.
    pub async fn read(
        store: &Store,
        live: &Live,
        is_faulty: bool,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let kept = store.configuration_in_force().await?;
        let since = now.saturating_sub(CHANNELS).unwrap_or(Timestamp::MIN);
        let ways = route::ways(&live.setup.config.settings.channels);
        let mut channels = store.announcements(since).await?.failing;
        // One that is no longer configured fails nobody.
        channels.retain(|failing| ways.contains(&failing.channel));
        Ok(Self {
            now,
            signs: store.signs().await?,
            in_force: kept.map(|k| (k.fingerprint, k.since, k.by)),
            doubt: match live.setup.config.settings.mode {
                Mode::Rehearsal => None,
                Mode::Production => store.doubt().await?,
            },
            has_panel: live.setup.config.settings.panel.is_some(),
            waiting: store.waiting(now).await?,
            overdue: lateness::overdue(store, live, now).await?,
            refused: store.configuration_refused().await?,
            is_faulty,
            feeds: feeds(store, live, AsOf::Now(now)).await?,
            alerts_refused: alerts_refused(&store.staff_alerts(since).await?),
            channels,
            loops: store.progress().await?,
            backup: store.last_backup(),
            audit: store.last_audit().await?,
            leader: store.leader().await?,
        })
    }
}

/// Since when, and how many of the alerts that no address took, after the last that one did.
fn alerts_refused(alerts: &[StaffAlert]) -> Option<(Timestamp, usize)> {
    let taken_at = alerts.iter().filter_map(|alert| alert.taken_at).max();
    let lost = alerts.iter().filter_map(|alert| alert.lost_at);
    let since_then: Vec<Timestamp> = lost.filter(|at| taken_at.is_none_or(|taken| taken < *at)).collect();
    Some((since_then.iter().copied().min()?, since_then.len()))
}

/// The sources that nobody switched off.
pub(super) async fn feeds(store: &Store, live: &Live, as_of: AsOf) -> Result<Vec<FeedFacts>, StoreError> {
    let now = as_of.at();
    let then = match as_of {
        AsOf::Now(_) => None,
        AsOf::Then(then) => Some(then),
    };
    let (runs, ruling) = (store.feed_runs().await?, store.ruling_loads(then).await?);
    let zone = &live.calendar.hours.zone;
    let open = super::known::windows(&live.calendar, now);
    let mut found = Vec::new();
    for spec in live.setup.config.feeds.iter().filter(|spec| spec.enabled) {
        let system = live.calendar.systems.get(&spec.system);
        let is_open = open.iter().any(|window| {
            window.system == spec.system
                && zone.start_of(window.opens_on) <= now
                && window.latest_deadline().is_none_or(|deadline| deadline.instant(zone) > now)
        });
        let fetched_at = ruling.get(&spec.id).map(|load| load.confirmed_at);
        let stale_at = fetched_at
            .zip(system.filter(|_| is_open))
            .and_then(|(at, system)| at.checked_add(system.status_validity).ok());
        // What comes by hand fails at whoever's hand it was.
        let run = runs.get(&spec.id).filter(|_| matches!(spec.source, Source::Http { .. }));
        let run = run.filter(|run| as_of.knows(run.tried_at));
        let last = match as_of {
            AsOf::Now(_) => store.snapshots(Some(&spec.id), 1).await?,
            AsOf::Then(then) => store.snapshots_as_known(&spec.id, (then, None), 1).await?,
        };
        let last = last.into_iter().next();
        let speaks_by_silence = matches!(spec.mapping.meaning, Meaning::Presence);
        let unheard = last
            .as_ref()
            .filter(|last| speaks_by_silence && last.verdict == Verdict::Accepted && last.rejected > 0)
            .map(|last| last.reasons.iter().map(|why| pt::line(why)).collect::<Vec<_>>().join("; "));
        let last = last.filter(|last| last.verdict == Verdict::Quarantined);
        found.push(FeedFacts {
            feed: spec.id.clone(),
            fetched_at,
            stale_at,
            failures: run.map_or(0, |run| run.failures),
            failure: run.and_then(|run| run.failure.clone()),
            quarantined_at: last.as_ref().map(|last| last.recorded_at),
            readable: last.as_ref().filter(|last| last.is_readable()).map(|last| last.id.clone()),
            doubted: last.map(|last| {
                let why = last.reasons.first().map(|why| pt::line(why)).unwrap_or_default();
                (last.id.as_str().to_owned(), why)
            }),
            unheard,
        });
    }
    Ok(found)
}

impl FeedFacts {
    fn ailments(&self, now: Timestamp) -> Vec<Ailment> {
        let feed = || self.feed.clone();
        let fails = self.failure.clone().filter(|_| self.failures >= FAILURES);
        let stale = self.fetched_at.filter(|_| self.stale_at.is_some_and(|at| at <= now));
        [
            fails.map(|failure| Ailment::FeedFails { feed: feed(), failures: self.failures, failure }),
            self.quarantined_at.map(|since| Ailment::FeedQuarantined {
                feed: feed(),
                since,
                readable: self.readable.clone(),
            }),
            stale.map(|fetched_at| Ailment::FeedStale { feed: feed(), fetched_at }),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

#[cfg(test)]
mod tests;
