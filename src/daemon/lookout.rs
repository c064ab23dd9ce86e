//! Whether anything can have changed that a loop's next look rests on: asked twice a minute, once for all loops, so that they
//! need not all look for themselves while nothing happens.
//!
//! It saves looks and nothing else. A loop that knows when it has to act again sleeps until then; one that is told that
//! something happened looks at once; and each looks anyway after [`LONGEST_REST`], as it does where this is not sure: a
//! ledger that cannot be asked or lies on a server, a clock that was set or is doubted, a ledger that is.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::app::App;
use super::clock_watch;
use crate::store::LedgerState;

/// So long after another process wrote to the ledger, or the clock was set, it is known at the latest.
pub(super) const EVERY: Duration = Duration::from_secs(30);
/// A loop that nobody calls looks all the same after so long: shorter than the patience with the most impatient.
pub(super) const LONGEST_REST: Duration = Duration::from_mins(10);
/// The wall clock was set where it parted by so much from the one that timers go by.
const SET: SignedDuration = SignedDuration::from_secs(1);

/// What the last look found.
#[derive(Debug, Default)]
pub(super) struct Lookout {
    ledger: Option<LedgerState>,
    clocks: Option<(Timestamp, Instant)>,
}

/// Calls the loops when something may have changed, until told to stop.
pub(super) async fn lookout_loop(app: Arc<App>, every: Duration) {
    let mut lookout = Lookout::default();
    while let Some(calls) = app.unless_stopped(lookout.calls(&app)).await {
        if calls {
            app.changed.send_replace(());
        }
        app.unless_stopped(tokio::time::sleep(every)).await;
    }
}

impl Lookout {
    /// Whether anything can have changed since it was last asked.
    pub(super) async fn calls(&mut self, app: &App) -> bool {
        let (now, here) = (app.now(), Instant::now());
        let was_set = self.clocks.replace((now, here)).is_none_or(|(wall, then)| {
            let slept = SignedDuration::try_from(here - then).unwrap_or(SignedDuration::MAX);
            (now.duration_since(wall) - slept).abs() > SET
        });
        // Also so that a leap is told of when it is found, and not only when somebody looks.
        let is_steady = clock_watch::is_steady(app).await.unwrap_or(false);
        // A state that nobody knows is another each time.
        let ledger = app.store.state().await.unwrap_or(None);
        let is_same = ledger.is_some() && self.ledger == ledger;
        self.ledger = ledger;
        was_set || !is_steady || app.doubt().is_some() || !is_same
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::store::Store;

    /// A service that runs by the machine's clock.
    async fn running(dir: &std::path::Path) -> Arc<App> {
        let mut app = App::shipped(dir, Clock::System.now()).await;
        Arc::get_mut(&mut app).unwrap().clock = Clock::System;
        app
    }

    #[tokio::test]
    async fn whoever_writes_calls_the_loops_and_a_sign_of_life_or_nothing_calls_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let app = running(dir.path()).await;
        let mut lookout = Lookout::default();
        assert!(lookout.calls(&app).await, "nobody knows what was before");
        assert!(!lookout.calls(&app).await);
        app.store.heartbeat(app.now()).await.unwrap();
        app.store.note_progress(app.progress(app.now()), app.now()).await.unwrap();
        assert!(!lookout.calls(&app).await, "signs of life");
        app.store.note_relay(Some(app.now())).await.unwrap();
        assert!(lookout.calls(&app).await, "what no plan depends on");
        app.store.note_leap(None).await.unwrap();
        assert!(lookout.calls(&app).await);
        let other = Store::open(&dir.path().join("vigia.db"), app.now()).await.unwrap();
        assert!(!lookout.calls(&app).await, "to open it is not to write");
        other.note_relay(None).await.unwrap();
        assert!(lookout.calls(&app).await, "another process");
        assert!(!lookout.calls(&app).await);
    }

    #[tokio::test]
    async fn while_nobody_knows_whether_anything_changed_the_loops_are_called_each_time() {
        let dir = tempfile::tempdir().unwrap();
        let app = running(dir.path()).await;
        let mut lookout = Lookout::default();
        lookout.calls(&app).await;
        for set in [-2, 2] {
            assert!(!lookout.calls(&app).await);
            let (wall, here) = lookout.clocks.unwrap();
            lookout.clocks = Some((wall + SignedDuration::from_secs(set), here));
            assert!(lookout.calls(&app).await, "the clock was set by {set} s");
        }
        app.store.heartbeat(app.now()).await.unwrap();
        *app.doubted.lock().unwrap() = app.store.doubt().await.unwrap();
        assert!(lookout.calls(&app).await && lookout.calls(&app).await, "the ledger is doubted");
        *app.doubted.lock().unwrap() = None;
        assert!(!lookout.calls(&app).await, "until it is not");
        app.store.close().await;
        assert!(lookout.calls(&app).await && lookout.calls(&app).await, "the ledger does not answer");
    }

    #[tokio::test]
    async fn a_clock_that_leaps_is_told_of_though_no_loop_looks() {
        let dir = tempfile::tempdir().unwrap();
        let app = running(dir.path()).await;
        let mut lookout = Lookout::default();
        lookout.calls(&app).await;
        let now = app.clock.reading();
        let before = crate::clock::ClockReading { wall: now.wall - SignedDuration::from_mins(11), ..now };
        app.clock_watch.lock().await.believe(before);
        assert!(lookout.calls(&app).await);
        assert!(app.store.signs().await.unwrap().leap.is_some());
    }
}
