//! One whole load: decoded, mapped, judged, stored, and told to a person when it is not believed.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use tracing::{error, info};

use crate::contain::Bounds;
use crate::daemon::alert::{alert_once, topic};
use crate::daemon::app::App;
use crate::domain::calendar::Window;
use crate::domain::feed::{FeedSpec, Source};
use crate::domain::id::{FeedId, IdError, SnapshotId};
use crate::domain::status::Baseline;
use crate::feed::judge::{QuarantineReason, Verdict};
use crate::feed::map::{self, Ground};
use crate::feed::{Intake, Missing, take_in_run};
use crate::format::body::{Body, Given, Original};
use crate::intake::NewSnapshot;
use crate::render::portuguese;
use crate::store::{Store, StoreError, SwitchedBy};
use crate::text::digest;
use crate::text::remark::Reading;
use crate::world::known;
use crate::world::live::Live;

/// What one run, one file or one page brought.
#[derive(Debug, Clone)]
pub struct Received {
    /// Where from: a file's name or a URL.
    pub name: String,
    /// Every body.
    pub bodies: Vec<Body>,
    /// Pages that could not be had.
    pub missing: Vec<Missing>,
    /// When the first of the bodies came, where that was long before the last, or when the file was last written: the load
    /// is no younger than that.
    pub since: Option<Timestamp>,
}

/// So far ahead of ours may the clock be that dated a file.
const CLOCKS_APART: SignedDuration = SignedDuration::from_hours(1);
/// A file dated before there was a SUAS has no date, but what an archive or a clock puts where it has none (1970, 1980).
const NO_DATE_BEFORE: Timestamp = Timestamp::constant(1_104_537_600, 0);

impl Received {
    /// A file, or anything else that is one body and says itself what it is about.
    pub fn of_file(name: &str, original: Original) -> Self {
        Self { name: name.to_owned(), bodies: vec![Body::plain(original)], missing: Vec::new(), since: None }
    }

    /// A file as it lies on a disk: no younger than when it was last written, however often and by whatever way it comes. One
    /// whose time is none (yet to come, or from before there was a SUAS) is no younger than the first load with its very
    /// bytes, where the ledger has one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of_written_file(
        store: Option<&Store>,
        feed: &FeedId,
        (name, original): (&str, Original),
        written_at: Option<SystemTime>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let written_at = written_at.and_then(|at| Timestamp::try_from(at).ok());
        let is_a_date = |at: &Timestamp| *at >= NO_DATE_BEFORE && at.duration_since(now) <= CLOCKS_APART;
        let since = match (written_at.filter(is_a_date), store) {
            (Some(at), _) => Some(at),
            (None, Some(store)) => store.first_taken(feed, original.sha256(), Timestamp::UNIX_EPOCH).await?,
            (None, None) => None,
        };
        Ok(Self { since, ..Self::of_file(name, original) })
    }

    /// As of when it says what it says, of a load that comes now.
    pub fn taken_at(&self, now: Timestamp) -> Timestamp {
        self.since.map_or(now, |since| since.min(now))
    }

    /// SHA-256 of the one body, or, where there are several, of the list of theirs with whom each is about. Not of which
    /// reference: the same answers about another are the same.
    pub fn sha256(&self) -> String {
        if let ([only], []) = (&self.bodies[..], &self.missing[..]) {
            return only.original.sha256().to_owned();
        }
        let mut list = String::new();
        let whom = |given: &Given| format!("{:?} {:?}", given.municipality, given.unit);
        for body in &self.bodies {
            let _ = writeln!(list, "{} {}", body.original.sha256(), whom(&body.given));
        }
        for page in &self.missing {
            let _ = writeln!(list, "- {}", whom(&page.given));
        }
        digest::sha256(list.as_bytes())
    }

    /// Every byte, as evidence; the bodies of a run follow one another, each after a line with its digest.
    fn kept(&self) -> Option<Vec<u8>> {
        if let [only] = &self.bodies[..] {
            return only.original.bytes().ok();
        }
        let mut all = Vec::new();
        for body in &self.bodies {
            let head = format!("--- {} bytes, SHA-256 {}\n", body.original.len(), body.original.sha256());
            all.extend_from_slice(head.as_bytes());
            all.extend(body.original.bytes().ok()?);
            all.push(b'\n');
        }
        Some(all)
    }
}

/// What a load came to.
#[derive(Debug)]
pub struct Taken {
    /// Its id in the ledger.
    pub snapshot: SnapshotId,
    /// As of when.
    pub taken_at: Timestamp,
    /// What was read.
    pub intake: Intake,
    /// Whether that says anything; else there is nothing that a person could accept.
    pub is_readable: bool,
}

impl Taken {
    /// Whether it is believed.
    pub fn is_accepted(&self) -> bool {
        matches!(self.intake.verdict, Verdict::Accepted { .. })
    }

    /// How a person takes it out of quarantine, where that can be done.
    pub fn accepting(&self) -> Option<String> {
        (!self.is_accepted() && self.is_readable).then(|| portuguese::accepting(&self.snapshot))
    }

    /// What staff should know: why it is not believed, or what was odd about it.
    pub fn remarks(&self, reading: Reading) -> Vec<String> {
        self.intake.remarks(reading)
    }
}

/// Why a load could not be taken in at all.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The ledger.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A name that cannot be one.
    #[error(transparent)]
    Name(#[from] IdError),
}

/// [`take_in_load`] of bytes that are in memory.
///
/// # Errors
/// As there.
pub async fn take_in_bytes(
    live: &Arc<Live>,
    store: &Store,
    spec: &FeedSpec,
    name: &str,
    bytes: &[u8],
    now: Timestamp,
) -> Result<Taken, IntakeError> {
    take_in_load(live, store, spec, Received::of_file(name, Original::from_bytes(bytes)), now).await
}

/// Decodes, maps, judges and stores one whole load. The same bytes at the same instant are one snapshot.
///
/// # Errors
/// [`IntakeError`]; a load that cannot be believed is no error but a quarantined snapshot.
pub async fn take_in_load(
    live: &Arc<Live>,
    store: &Store,
    spec: &FeedSpec,
    load: Received,
    now: Timestamp,
) -> Result<Taken, IntakeError> {
    let sha256 = load.sha256();
    let (name, taken_at) = (load.name.clone(), load.taken_at(now));
    let original = if spec.keep_original { load.kept() } else { None };
    // It says what was so when it was had: of a window that opened since, nothing.
    let before = baseline(live, store, spec, &sha256, taken_at).await?;
    let mut intake = read_load(live, spec, load, before, now).await;
    if let Some(ruling) = store.refused(&spec.id, &sha256).await? {
        let again = QuarantineReason::RefusedBefore {
            snapshot: ruling.snapshot,
            author: ruling.by.author,
            reason: ruling.by.reason,
        };
        match &mut intake.verdict {
            Verdict::Quarantined { reasons } => reasons.insert(0, again),
            accepted @ Verdict::Accepted { .. } => *accepted = Verdict::Quarantined { reasons: vec![again] },
        }
    }
    let stamp = now.strftime("%Y%m%dT%H%M%S%3fZ");
    let id = SnapshotId::parse(&format!("{}-{stamp}-{}", spec.id, &sha256[..12]))?;
    let is_readable = !intake.mapped.observations.is_empty();
    let mut taken = Taken { snapshot: id.clone(), taken_at, intake, is_readable };
    let mapped = &mut taken.intake.mapped;
    let observations = std::mem::take(&mut mapped.observations);
    let (rows, rejected, repeated) = (mapped.rows, mapped.bad, mapped.duplicates);
    let form = mapped.form.clone();
    let snapshot = NewSnapshot {
        id,
        feed: spec.id.clone(),
        taken_at,
        source: name,
        sha256,
        rows,
        rejected,
        repeated,
        form,
        reasons: taken.remarks(Reading::Kept),
        original,
    };
    if taken.is_accepted() {
        if !spec.enabled {
            let by = SwitchedBy {
                configuration: live.setup.config.fingerprint.clone(),
                author: "carga à mão".to_owned(),
            };
            store.retire_feed(&spec.id, by, now).await?;
        }
        store.accept_snapshot(snapshot, observations, now).await?;
    } else {
        store.quarantine_snapshot(snapshot, observations, now).await?;
    }
    Ok(taken)
}

/// What the next load of a feed, with those bytes, is measured by: in the windows that run, and what is known of those just over.
pub async fn baseline(
    live: &Live,
    store: &Store,
    spec: &FeedSpec,
    sha256: &str,
    now: Timestamp,
) -> Result<Option<Baseline>, StoreError> {
    let zone = &live.calendar.hours.zone;
    let run = |w: &Window| {
        zone.start_of(w.opens_on) <= now && w.latest_deadline().is_none_or(|d| now < d.instant(zone))
    };
    let windows = known::windows(&live.calendar, now);
    let roster = &live.setup.config.roster;
    let ground = Ground { calendar: &live.calendar, windows: &windows, roster, taken_at: now };
    let told = map::told_by_silence(spec, &ground);
    let run = windows.iter().filter(|w| w.system == spec.system && run(w)).map(|w| w.id.clone()).collect();
    store.baseline(&spec.id, sha256, &run, &told).await
}

/// What reading a load may take.
static LOADS: Bounds = Bounds::new(Duration::from_mins(5), 512);

/// What a load that comes now says, and whether it would be believed. Nothing is stored.
pub async fn read_load(
    live: &Arc<Live>,
    spec: &FeedSpec,
    load: Received,
    before: Option<Baseline>,
    now: Timestamp,
) -> Intake {
    let (live, spec) = (live.clone(), spec.clone());
    // A large load keeps a processor busy for seconds.
    let taken_at = load.taken_at(now);
    let read = LOADS.run(move || {
        let windows = known::windows(&live.calendar, now);
        let roster = &live.setup.config.roster;
        let ground = Ground { calendar: &live.calendar, windows: &windows, roster, taken_at };
        let intake = take_in_run(&spec, &load.bodies, &load.missing, &ground, before.as_ref());
        intake.of_before_an_opening(&spec, &ground, now)
    });
    match read.await {
        Ok(intake) => intake,
        Err(uncontained) => Intake::unreadable(uncontained.into()),
    }
}

/// Takes in one load, logs what it came to, and calls a person when it is not believed. Gives its id if it is.
pub(super) async fn take_in_and_tell(
    app: &App,
    live: &Arc<Live>,
    spec: &FeedSpec,
    load: Received,
) -> Result<Option<SnapshotId>, StoreError> {
    let now = app.now();
    let name = load.name.clone();
    let taken = match take_in_load(live, &app.store, spec, load, now).await {
        Ok(taken) => taken,
        Err(IntakeError::Store(failure)) => return Err(failure),
        Err(IntakeError::Name(failure)) => {
            error!(feed.id = %spec.id, error = %failure, "a coleta não pôde ser nomeada");
            return Ok(None);
        }
    };
    // What leaves in a letter is kept with it.
    let remarks = taken.remarks(Reading::Kept);
    info!(
        feed.id = %spec.id,
        snapshot.id = %taken.snapshot,
        snapshot.accepted = taken.is_accepted(),
        snapshot.rows = taken.intake.mapped.rows,
        snapshot.remarks = remarks.len(),
        "coleta julgada"
    );
    if taken.is_accepted() {
        return Ok(Some(taken.snapshot));
    }
    let accepting = taken.accepting().map(|command| format!(". Se a coleta estiver certa: {command}"));
    let hidden = if remarks == taken.remarks(Reading::Shown) {
        String::new()
    } else {
        format!("O que está escrito nas células (“…”) não é guardado; {}.\n", trying(spec))
    };
    let text = format!(
        "A coleta “{name}” da fonte {} não foi aceita e ficou em quarentena; vale a última boa.\n{}\n{hidden}\
         Para ver: vigia-suas fontes {}{}",
        spec.id,
        remarks.join("\n"),
        spec.id,
        accepting.unwrap_or_default()
    );
    alert_once(app, &topic::of_load(&spec.id, &name, &taken.intake.sorts()), text, now).await?;
    Ok(None)
}

/// How a person sees what stands in the cells of a load.
fn trying(spec: &FeedSpec) -> String {
    match spec.source {
        Source::Http { .. } => format!("para ver: vigia-suas fonte experimentar {}", spec.id),
        Source::Folder | Source::Manual => "está no arquivo, nas linhas indicadas".to_owned(),
    }
}

/// The same, told by whether it is believed.
pub(super) async fn judged(
    app: &App,
    live: &Arc<Live>,
    spec: &FeedSpec,
    load: Received,
) -> Result<bool, StoreError> {
    Ok(take_in_and_tell(app, live, spec, load).await?.is_some())
}
