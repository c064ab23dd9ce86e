//! Days that are over, as they were known. What was known then does not change, so that the last few that somebody asked for
//! are kept: the next page of the same day costs what one of now does. One is worked out at a time, on a thread of its own.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::answer::Failure;
use super::{Panel, aside};
use crate::desk::view::{AsOf, DayPage, Overview};
use crate::plan::history::HistoryLine;

/// So many days are kept: one of the whole country takes as much memory as a pass.
const MOST: usize = 3;
/// One that nobody asked for within so long is let go of.
const KEPT: Duration = Duration::from_mins(10);

/// A day that is over.
struct Day {
    scene: Arc<Overview>,
    page: OnceCell<Arc<DayPage>>,
    history: OnceCell<Arc<Vec<HistoryLine>>>,
}

/// The last that were asked for, with when; the latest first.
#[derive(Default)]
pub(super) struct Days(Mutex<VecDeque<(Instant, Arc<Day>)>>);

impl Days {
    /// The one that answers, which is the latest to be asked for then.
    fn find(&self, wanted: impl Fn(&Overview) -> bool) -> Option<Arc<Day>> {
        self.let_go();
        let mut days = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = days.iter().position(|(_, day)| wanted(&day.scene))?;
        let (_, day) = days.remove(place)?;
        days.push_front((Instant::now(), day.clone()));
        Some(day)
    }

    /// Lets go of those that nobody asks for any more.
    pub(super) fn let_go(&self) {
        let mut days = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        days.retain(|(asked_at, _)| asked_at.elapsed() < KEPT);
    }

    fn keep(&self, scene: Arc<Overview>) -> Arc<Day> {
        let day = Arc::new(Day { scene, page: OnceCell::new(), history: OnceCell::new() });
        let mut days = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        days.push_front((Instant::now(), day.clone()));
        days.truncate(MOST);
        day
    }

    /// That of a scene; one of its own for a scene that is not kept.
    fn of(&self, scene: &Arc<Overview>) -> Arc<Day> {
        let same = |kept: &Overview| std::ptr::eq(kept, &raw const **scene);
        self.find(same).unwrap_or_else(|| {
            Arc::new(Day { scene: scene.clone(), page: OnceCell::new(), history: OnceCell::new() })
        })
    }
}

impl Panel {
    /// What was known at an instant that is over.
    pub(super) async fn past_scene(self: &Arc<Self>, then: Timestamp) -> Result<Arc<Overview>, Failure> {
        let live = self.beside.live();
        let wanted = |kept: &Overview| kept.as_of == AsOf::Then(then) && Arc::ptr_eq(&kept.known.live, &live);
        if let Some(day) = self.past.find(wanted) {
            return Ok(day.scene.clone());
        }
        let turn = self.turn().await?;
        // Whoever had the turn before may have asked for the same.
        if let Some(day) = self.past.find(wanted) {
            return Ok(day.scene.clone());
        }
        let panel = self.clone();
        aside(async move || {
            let _turn = turn;
            let scene = panel.ledger.scene(live, AsOf::Then(then)).await?;
            Ok(panel.past.keep(Arc::new(scene)).scene.clone())
        })
        .await
    }

    /// The page of a day that is over.
    pub(super) async fn past_day(self: &Arc<Self>, scene: &Arc<Overview>) -> Result<Arc<DayPage>, Failure> {
        let day = self.past.of(scene);
        let page = day.page.get_or_try_init(async || {
            let (panel, scene, turn) = (self.clone(), scene.clone(), self.turn().await?);
            aside(async move || {
                let _turn = turn;
                let before = panel.ledger.before(&scene).await?;
                Ok(Arc::new(panel.ledger.day(&scene, &before, &[]).await?))
            })
            .await
        });
        Ok(page.await?.clone())
    }

    /// How punctual everybody was until then.
    pub(super) async fn past_history(
        self: &Arc<Self>,
        scene: &Arc<Overview>,
    ) -> Result<Arc<Vec<HistoryLine>>, Failure> {
        let day = self.past.of(scene);
        let history = day.history.get_or_try_init(async || {
            let (panel, scene, turn) = (self.clone(), scene.clone(), self.turn().await?);
            aside(async move || {
                let _turn = turn;
                Ok(Arc::new(panel.ledger.history(&scene).await?))
            })
            .await
        });
        Ok(history.await?.clone())
    }
}
