//! What is shown to staff, gathered for whoever may only look: the panel has this and no [`Store`], so that nothing that it
//! does can write.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::agenda;
use super::dossier::{self, DossierRequest};
use super::entry::entry_words;
use super::why::{self, Account};
use crate::domain::calendar::{Calendar, Window};
use crate::domain::delivery::DeliveryState;
use crate::domain::dossier::Dossier;
use crate::domain::feed::FeedSpec;
use crate::domain::id::{FeedId, MunicipalityCode, WindowId};
use crate::domain::notice::NoticeKey;
use crate::intake::{FeedRun, SnapshotSummary};
use crate::mail::message;
use crate::plan::curve::Curves;
pub use crate::plan::day::DayPage;
use crate::plan::history::HistoryLine;
use crate::plan::summary::WindowSummary;
use crate::proof::CaseCheck;
use crate::render::agenda::KnownDates;
use crate::store::{DeliveryFilter, Store, StoreError};
pub use crate::store::{DeliveryLine, HistoryBasis, JournalEntry, ToldWindow};
pub use crate::world::ailment::Ailment;
use crate::world::health;
pub use crate::world::health::Health;
use crate::world::known::Known;
use crate::world::live::Live;
pub use crate::world::overview::{self, AsOf, Overview};
use crate::world::seat;
use crate::world::today;
pub use crate::world::today::looks_back_to;

/// How many entries of the journal a municipality's page shows.
const ENTRIES: usize = 200;

/// A scene of which nothing new is told is shown for so long.
const STANDS: SignedDuration = SignedDuration::from_mins(10);

/// A ledger that can be looked at.
#[derive(Debug, Clone)]
pub struct LedgerView {
    store: Store,
}

/// How a feed stands.
pub struct FeedStanding {
    pub spec: FeedSpec,
    /// Its last loads, the latest first.
    pub loads: Vec<SnapshotSummary>,
    /// The last time that what it said was found to be so still.
    pub valid_from: Option<Timestamp>,
    /// Its last run.
    pub run: Option<FeedRun>,
}

/// A letter as it left.
pub struct ShownLetter {
    /// Whether its years are over: header and text are gone.
    pub is_reduced: bool,
    pub subject: String,
    pub recorded_at: Timestamp,
    /// Its header, as people read it.
    pub header: String,
    /// Its text; none where its bytes are no letter of ours.
    pub text: Option<String>,
    /// The table that goes with it: its file's name, and its rows.
    pub table: Option<(String, String)>,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// One for each address.
    pub deliveries: Vec<DeliveryLine>,
}

/// What metrics say of the ledger.
pub struct Gauges {
    /// What waits to leave, by state, with when the first of it is due.
    pub queued: Vec<(DeliveryState, u64, Option<Timestamp>)>,
    /// Whether the service is well.
    pub health: Arc<Health>,
    /// How old what each feed says is; none where it never said anything.
    pub feeds: BTreeMap<FeedId, Option<Timestamp>>,
    pub last_pass_at: Option<Timestamp>,
}

impl LedgerView {
    /// Opens the ledger of a configuration to be read alone.
    pub async fn open(live: &Live) -> Result<Self, StoreError> {
        Ok(Self { store: seat::read(&live.setup.database()).await? })
    }

    /// Where everything stands now, or stood at another moment.
    pub async fn scene(&self, live: Arc<Live>, as_of: AsOf) -> Result<Overview, StoreError> {
        Overview::load(live, Some(&self.store), None, as_of).await
    }

    /// The same with another window, however long it is over.
    pub async fn scene_with(&self, scene: &Overview, window: &WindowId) -> Result<Overview, StoreError> {
        let (live, also) = (scene.known.live.clone(), std::slice::from_ref(window));
        Overview::with(live, Some(&self.store), also, scene.as_of).await
    }

    /// Whether a scene is still what would be read now: the ledger tells nothing more, and no instant came at which the
    /// answer may change by itself. What the journal does not tell, as that a letter is on the wire, ends it after a while.
    pub async fn stands(&self, scene: &Overview, now: Timestamp) -> Result<bool, StoreError> {
        let (made, wake) = (scene.as_of.at(), scene.plan.next_wake);
        let is_young = now >= made && now.duration_since(made) < STANDS && wake.is_none_or(|at| now < at);
        let head = self.store.signs().await?.journal_seq;
        Ok(is_young && u64::try_from(head) == Ok(scene.known.entry()))
    }

    /// The page of the day, with what is amiss, beside where its windows stood before.
    pub async fn day(
        &self,
        scene: &Overview,
        before: &[WindowSummary],
        amiss: &[Ailment],
    ) -> Result<DayPage, StoreError> {
        today::beside(scene, before, Some(&self.store), amiss).await
    }

    /// Where the windows of a scene stood at the instant that the page of the day looks back to.
    pub async fn before(&self, scene: &Overview) -> Result<Vec<WindowSummary>, StoreError> {
        today::before(scene, Some(&self.store)).await
    }

    /// How punctual everybody was over the last references.
    pub async fn history(&self, scene: &Overview) -> Result<Vec<HistoryLine>, StoreError> {
        scene.history(Some(&self.store)).await
    }

    /// What that rests on beside the configuration and the day.
    pub async fn history_basis(&self) -> Result<HistoryBasis, StoreError> {
        self.store.history_basis().await
    }

    /// How windows filled up.
    pub async fn curves(&self, scene: &Overview) -> Result<BTreeMap<WindowId, Curves>, StoreError> {
        scene.curves(Some(&self.store)).await
    }

    /// Whether the service is well.
    pub async fn health(&self, live: &Live, now: Timestamp) -> Result<Health, StoreError> {
        health::examine(&self.store, live, false, now).await
    }

    /// Why a municipality is told what it is told in a window.
    pub async fn account(
        &self,
        scene: &Overview,
        municipality: MunicipalityCode,
        window: &WindowId,
    ) -> Result<Option<Account>, StoreError> {
        why::gather((&scene.known, &scene.plan), Some(&self.store), municipality, window, scene.as_of).await
    }

    /// What the journal tells of a municipality up to a moment, the latest first, in words.
    pub async fn timeline(
        &self,
        municipality: MunicipalityCode,
        until: Option<Timestamp>,
    ) -> Result<Vec<(JournalEntry, String)>, StoreError> {
        let entries = self.store.last_entries(municipality, until, ENTRIES).await?;
        let words: Vec<String> = entries.iter().map(|entry| entry_words(entry, &entries)).collect();
        Ok(entries.into_iter().zip(words).collect())
    }

    /// Letters and where each of their deliveries stands or stood, oldest first.
    pub async fn deliveries(
        &self,
        as_of: AsOf,
        window: Option<&WindowId>,
        municipality: Option<MunicipalityCode>,
    ) -> Result<Vec<DeliveryLine>, StoreError> {
        let filter = DeliveryFilter { window: window.cloned(), municipality };
        match as_of {
            AsOf::Now(_) => self.store.deliveries(&filter).await,
            AsOf::Then(at) => self.store.deliveries_as_known(&filter, at).await,
        }
    }

    /// A letter as it left, to read, and where its deliveries stand now.
    pub async fn letter(&self, key: &NoticeKey, version: u16) -> Result<Option<ShownLetter>, StoreError> {
        let Some(letter) = self.store.letter(key, version).await? else { return Ok(None) };
        let mut deliveries = self.store.deliveries_of(key).await?;
        deliveries.retain(|line| line.version == version);
        Ok(Some(ShownLetter {
            subject: letter.subject,
            recorded_at: letter.recorded_at,
            is_reduced: letter.bytes.is_none(),
            header: letter.bytes.as_ref().map(|bytes| message::header(bytes)).unwrap_or_default(),
            text: letter.bytes.as_ref().and_then(|bytes| message::plain_text(bytes)),
            table: letter.bytes.as_ref().and_then(|bytes| message::table(bytes)),
            sha256: letter.sha256,
            deliveries,
        }))
    }

    /// The windows that a municipality has a dossier of, the last told of first.
    pub async fn told_windows(&self, municipality: MunicipalityCode) -> Result<Vec<ToldWindow>, StoreError> {
        self.store.told_windows(municipality).await
    }

    /// The dossier of a municipality in a window; none when the ledger never tells of it. What the last self-audit checked is
    /// not checked again, but for what is about the municipality.
    pub async fn dossier(
        &self,
        scene: &Overview,
        municipality: MunicipalityCode,
        window: &WindowId,
    ) -> Result<Option<Dossier>, StoreError> {
        let case = self.store.case_file(municipality, Some(window), CaseCheck::SinceAudit).await?;
        let Some(case) = case else { return Ok(None) };
        let (live, now) = (scene.known.live.clone(), scene.as_of.at());
        let request = DossierRequest { municipality, only: Some(window.clone()), now };
        if scene.known.windows.iter().any(|known| known.id == *window) {
            return Ok(Some(dossier::gather(&case, (&scene.known, &scene.plan), &request)));
        }
        let (known, plan) = Known::decide(live, &self.store, BTreeSet::from([window.clone()]), now).await?;
        Ok(Some(dossier::gather(&case, (&known, &plan), &request)))
    }

    /// How each feed stands, with its last `loads` loads.
    pub async fn feeds(&self, live: &Live, loads: usize) -> Result<Vec<FeedStanding>, StoreError> {
        let (ruling, runs) = (self.store.ruling_loads(None).await?, self.store.feed_runs().await?);
        let mut standings = Vec::new();
        for spec in &live.setup.config.feeds {
            standings.push(FeedStanding {
                loads: self.store.snapshots(Some(&spec.id), loads).await?,
                valid_from: ruling.get(&spec.id).map(|load| load.confirmed_at),
                run: runs.get(&spec.id).cloned(),
                spec: spec.clone(),
            });
        }
        Ok(standings)
    }

    /// Which deadline is in force in windows, and when anything of them last changed.
    pub async fn agenda(
        &self,
        live: Arc<Live>,
        windows: &[Window],
        now: Timestamp,
    ) -> Result<KnownDates, StoreError> {
        agenda::standing(live, &self.store, windows, AsOf::Now(now)).await
    }

    /// What metrics say, of which `health` is known already.
    pub async fn gauges(
        &self,
        live: &Live,
        health: Arc<Health>,
        now: Timestamp,
    ) -> Result<Gauges, StoreError> {
        let ruling = self.store.ruling_loads(None).await?;
        let on = live.setup.config.feeds.iter().filter(|spec| spec.enabled);
        let confirmed_at = |spec: &FeedSpec| ruling.get(&spec.id).map(|load| load.confirmed_at);
        let feeds = on.map(|spec| (spec.id.clone(), confirmed_at(spec))).collect();
        Ok(Gauges {
            queued: self.store.queued(now).await?,
            last_pass_at: health.facts.signs.last_pass_at,
            feeds,
            health,
        })
    }

    /// Ends every connection.
    pub async fn close(&self) {
        self.store.close().await;
    }
}

/// The windows of a calendar that are open at some time between two days, in order of opening.
pub fn windows_between(
    calendar: &Calendar,
    (from, until): (jiff::civil::Date, jiff::civil::Date),
) -> Vec<Window> {
    let mut windows = calendar.windows(until);
    windows.retain(|w| w.opens_on <= until && w.latest_deadline().is_none_or(|d| d.on >= from));
    windows.sort_by(|a, b| (a.opens_on, &a.id).cmp(&(b.opens_on, &b.id)));
    windows
}
