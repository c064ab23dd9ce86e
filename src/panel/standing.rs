//! What stands now: what the pages of now are drawn from is worked out beforehand, on a thread of its own, and not by the
//! visitor who happens to come first.
//!
//! It is worked out anew once the ledger tells more, an instant came at which the plan may change, or another configuration
//! is in force: looked for every few seconds while somebody looks at pages, and else every minute. Whoever asks meanwhile
//! waits a moment. Where that is not enough, as for the whole country, they are shown what stood, with its time, and the
//! page says that the ledger tells more; that ends with the next time that it is worked out. Nobody is kept waiting but
//! whoever comes before it was worked out for the first time, or when nobody has been able to say for minutes whether it stands.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::answer::Failure;
use super::{FRESH, Panel, aside};
use crate::desk::view::{AsOf, DayPage, DeliveryLine, HistoryBasis, Overview, looks_back_to};
use crate::domain::id::WindowId;
use crate::plan::history::HistoryLine;
use crate::plan::summary::WindowSummary;
use crate::world::live::Live;

/// How long a visitor waits for what is new.
const PATIENCE: Duration = Duration::from_millis(150);
/// What was not seen to stand for so long is shown to nobody: the ledger does not answer.
const TOO_OLD: Duration = Duration::from_mins(2);
/// How often it is looked whether the ledger tells more while nobody looks at pages.
const SELDOM: Duration = Duration::from_mins(1);
/// Somebody who asked within so long still looks at pages.
const LATELY: Duration = Duration::from_mins(10);
/// After working it out the panel rests so many times as long, so that it takes a fifth of one processor at most, however
/// often the ledger tells more; and so long at most.
const RESTS: u32 = 4;
const LONGEST_REST: Duration = Duration::from_secs(30);

/// What was worked out at a moment.
pub(super) struct Standing {
    /// Where everything stood.
    pub(super) scene: Arc<Overview>,
    /// How punctual everybody was until that day.
    /// Absent where it could not be read, and at the start: who asks for it has it read, and is told why where it cannot be.
    pub(super) history: Option<Arc<Vec<HistoryLine>>>,
    day: Arc<DayPage>,
    letters: Letters,
    /// It looks back over years, and is the same while what it rests on is: letters that leave change nothing of it.
    history_on: (Date, HistoryBasis),
    before: Before,
    /// When it was last seen to stand, by a clock that nobody sets.
    seen_at: Instant,
    is_behind: AtomicBool,
}

/// The letters of the window that somebody looked at last, at first of the first: of the whole country it takes as long to read
/// those of one window as all that a page may take.
type Letters = Arc<tokio::sync::Mutex<Option<(WindowId, Arc<Vec<DeliveryLine>>)>>>;

/// Where windows stood when the page of the day looks back: the same all day.
#[derive(Clone)]
struct Before {
    since: Timestamp,
    windows: Vec<WindowId>,
    stood: Arc<Vec<WindowSummary>>,
}

/// What is kept of it.
#[derive(Default)]
pub(super) struct Keeping {
    pub(super) last: Mutex<Option<Arc<Standing>>>,
    pub(super) rests_until: Mutex<Option<Instant>>,
    asked_at: Mutex<Option<Instant>>,
    /// Somebody asked.
    asked: Notify,
    /// Of whoever works it out.
    turn: Arc<tokio::sync::Mutex<()>>,
}

fn held<T>(cell: &Mutex<T>) -> MutexGuard<'_, T> {
    cell.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Standing {
    fn is_of(&self, live: &Arc<Live>) -> bool {
        Arc::ptr_eq(&self.scene.known.live, live)
    }
}

impl Panel {
    /// What stands now, or stood a moment ago.
    pub(super) async fn standing(self: &Arc<Self>) -> Result<Arc<Standing>, Failure> {
        *held(&self.now.asked_at) = Some(Instant::now());
        self.now.asked.notify_one();
        self.stood().await
    }

    /// The same for a machine that asks again and again, which is nobody who looks at pages.
    pub(super) async fn stood(self: &Arc<Self>) -> Result<Arc<Standing>, Failure> {
        let Some(last) = self.last() else { return self.renewed().await };
        if self.is_fresh(&last) {
            return Ok(last);
        }
        match tokio::time::timeout(PATIENCE, self.renewed()).await {
            Ok(renewed) => renewed,
            Err(_) if last.seen_at.elapsed() >= TOO_OLD => self.renewed().await,
            Err(_) => {
                last.is_behind.store(true, Ordering::Relaxed);
                Ok(last)
            }
        }
    }

    /// The page of the day of a scene of now.
    pub(super) async fn standing_day(
        self: &Arc<Self>,
        scene: &Arc<Overview>,
    ) -> Result<Arc<DayPage>, Failure> {
        match self.last().filter(|last| Arc::ptr_eq(&last.scene, scene)) {
            Some(last) => Ok(last.day.clone()),
            None => Ok(self.standing().await?.day.clone()),
        }
    }

    /// The letters of a window as a scene has it.
    pub(super) async fn letters(
        self: &Arc<Self>,
        scene: &Arc<Overview>,
        window: &WindowId,
    ) -> Result<Arc<Vec<DeliveryLine>>, Failure> {
        let Some(last) = self.last().filter(|last| Arc::ptr_eq(&last.scene, scene)) else {
            return Ok(Arc::new(self.ledger.deliveries(scene.as_of, Some(window), None).await?));
        };
        let mut kept = last.letters.lock().await;
        if let Some((_, lines)) = kept.as_ref().filter(|(of, _)| of == window) {
            return Ok(lines.clone());
        }
        let lines = Arc::new(self.ledger.deliveries(scene.as_of, Some(window), None).await?);
        *kept = Some((window.clone(), lines.clone()));
        Ok(lines)
    }

    /// Whether the ledger may tell more than a scene of now.
    pub(super) fn is_behind(&self, scene: &Overview) -> bool {
        let (AsOf::Now(_), Some(last)) = (scene.as_of, self.last()) else { return false };
        match last.scene.as_of.at().cmp(&scene.as_of.at()) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => last.is_behind.load(Ordering::Relaxed),
            std::cmp::Ordering::Less => false,
        }
    }

    /// Works out what stands whenever the ledger tells more, until told to stop. Where it cannot be read, whoever asks for
    /// a page is told so.
    pub(super) async fn keep_standing(self: Arc<Self>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _done = self.kept() => {}
            }
            self.past.let_go();
            let is_looked_at = held(&self.now.asked_at).is_some_and(|at| at.elapsed() < LATELY);
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(if is_looked_at { FRESH } else { SELDOM }) => {}
                () = self.now.asked.notified(), if !is_looked_at => {}
            }
        }
    }

    fn last(&self) -> Option<Arc<Standing>> {
        held(&self.now.last).clone()
    }

    fn is_fresh(&self, last: &Standing) -> bool {
        last.seen_at.elapsed() < FRESH && last.is_of(&self.beside.live())
    }

    /// What stands now, worked out anew where it has to be; by one at a time, and whoever comes meanwhile has the same.
    async fn renewed(self: &Arc<Self>) -> Result<Arc<Standing>, Failure> {
        let turn = self.now.turn.clone().lock_owned().await;
        if let Some(last) = self.last().filter(|last| self.is_fresh(last)) {
            return Ok(last);
        }
        let panel = self.clone();
        aside(async move || {
            let _turn = turn;
            panel.work_out().await
        })
        .await
    }

    /// The same with what nobody waits for at the start.
    async fn kept(self: &Arc<Self>) -> Result<(), Failure> {
        let standing = self.renewed().await?;
        if standing.history.is_none() {
            self.completed(standing).await?;
        }
        Ok(())
    }

    /// The history of what stands, where it was left out; by one at a time, and whoever comes meanwhile has the same.
    pub(super) async fn completed(
        self: &Arc<Self>,
        standing: Arc<Standing>,
    ) -> Result<Arc<Vec<HistoryLine>>, Failure> {
        let turn = self.now.turn.clone().lock_owned().await;
        let standing = self.last().unwrap_or(standing);
        if let Some(history) = &standing.history {
            return Ok(history.clone());
        }
        let panel = self.clone();
        aside(async move || {
            let _turn = turn;
            panel.complete(&standing).await
        })
        .await
    }

    async fn complete(self: &Arc<Self>, last: &Standing) -> Result<Arc<Vec<HistoryLine>>, Failure> {
        let history = Arc::new(self.ledger.history(&last.scene).await?);
        if let Some(first) = last.scene.windows.first() {
            self.letters(&last.scene, &first.window).await?;
        }
        let standing = Standing {
            history: Some(history.clone()),
            scene: last.scene.clone(),
            day: last.day.clone(),
            letters: last.letters.clone(),
            history_on: last.history_on,
            before: last.before.clone(),
            seen_at: last.seen_at,
            is_behind: AtomicBool::new(last.is_behind.load(Ordering::Relaxed)),
        };
        *held(&self.now.last) = Some(Arc::new(standing));
        Ok(history)
    }

    /// What stands at this moment, for one who must have just that.
    pub(super) async fn anew(&self) -> Result<Arc<Overview>, Failure> {
        Ok(Arc::new(self.ledger.scene(self.beside.live(), AsOf::Now(self.clock.now())).await?))
    }

    async fn work_out(&self) -> Result<Arc<Standing>, Failure> {
        let (began, live, now) = (Instant::now(), self.beside.live(), self.clock.now());
        let last = self.last();
        let of_live = last.as_ref().filter(|last| last.is_of(&live));
        let stands = match of_live {
            Some(last) => self.ledger.stands(&last.scene, now).await?,
            None => false,
        };
        if let Some(last) = last.as_ref().filter(|_| !stands) {
            last.is_behind.store(true, Ordering::Relaxed);
            if of_live.is_some() && held(&self.now.rests_until).is_some_and(|until| began < until) {
                return Ok(last.clone());
            }
        }
        let scene = match of_live.filter(|_| stands) {
            Some(last) => last.scene.clone(),
            None => Arc::new(self.ledger.scene(live.clone(), AsOf::Now(now)).await?),
        };
        let before = self.before(of_live, &scene).await?;
        // What is amiss the journal does not tell.
        let day = Arc::new(self.ledger.day(&scene, &before.stood, &self.health().await?.ailments).await?);
        let on = (scene.calendar().hours.zone.date_of(scene.as_of.at()), self.ledger.history_basis().await?);
        let history = match of_live.filter(|last| last.history_on == on) {
            Some(last) if last.history.is_some() => last.history.clone(),
            // Whoever waits for the first page need not wait for this.
            None if last.is_none() => None,
            Some(_) | None => self.ledger.history(&scene).await.ok().map(Arc::new),
        };
        let letters = match (of_live.filter(|_| stands), scene.windows.first()) {
            (Some(last), _) => last.letters.clone(),
            (None, Some(first)) if last.is_some() => {
                let lines = self.ledger.deliveries(scene.as_of, Some(&first.window), None).await;
                Arc::new(tokio::sync::Mutex::new(
                    lines.ok().map(|lines| (first.window.clone(), Arc::new(lines))),
                ))
            }
            (None, _) => Letters::default(),
        };
        let seen_at = Instant::now();
        if !stands {
            let rest = began.elapsed().saturating_mul(RESTS).min(LONGEST_REST);
            *held(&self.now.rests_until) = Some(seen_at + rest);
        }
        let standing = Arc::new(Standing {
            scene,
            history,
            day,
            letters,
            history_on: on,
            before,
            seen_at,
            is_behind: AtomicBool::new(false),
        });
        *held(&self.now.last) = Some(standing.clone());
        Ok(standing)
    }

    /// Worked out once a day, and anew where other windows are looked at.
    async fn before(&self, last: Option<&Arc<Standing>>, scene: &Overview) -> Result<Before, Failure> {
        let since = looks_back_to(scene);
        let windows: Vec<WindowId> = scene.windows.iter().map(|summary| summary.window.clone()).collect();
        let same = |before: &&Before| (before.since, &before.windows) == (since, &windows);
        if let Some(before) = last.map(|last| &last.before).filter(same) {
            return Ok(before.clone());
        }
        let stood = Arc::new(self.ledger.before(scene).await?);
        Ok(Before { since, windows, stood })
    }
}
