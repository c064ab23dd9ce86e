//! How loops rest between two looks: until something may have changed, they have to act, or it has been long enough.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::app::{App, Loop};
use super::lookout::LONGEST_REST;

/// What failed, or is not known when to look at, is looked at again so soon.
pub(super) const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// How often drop folders are looked at while something lies in one that is not taken yet.
pub(super) const FOLDERS: Duration = crate::files::drop::SETTLING.saturating_mul(2);
/// And while nothing does: each look wakes the runtime's timer three times.
pub(super) const QUIET_FOLDERS: Duration = FOLDERS.saturating_mul(2);

/// How long it is until an instant, by the clock as it stands.
pub(super) fn until(app: &App, at: Option<Timestamp>) -> Option<Duration> {
    Some(Duration::try_from(at?.duration_since(app.now())).unwrap_or_default().min(LONGEST_REST))
}

/// The same for a loop over sources, which does not look at them more often than each half-minute.
pub(super) fn until_due(app: &App, at: Option<Timestamp>) -> Duration {
    until(app, at).unwrap_or(LONGEST_REST).max(LONGEST_SLEEP)
}

/// A loop came round: it vouches for that, and waits for its next turn or the stop.
pub(super) async fn rest_for(app: &App, each: Loop, pause: Duration) {
    app.vouch(each);
    app.unless_stopped(tokio::time::sleep(pause)).await;
}

/// How a loop rests that looks again when something may have changed.
pub(super) struct Rest {
    of: Loop,
    changed: watch::Receiver<()>,
}

impl Rest {
    pub(super) fn of(app: &App, of: Loop) -> Self {
        Self { of, changed: app.changed.subscribe() }
    }

    /// A look begins: what happens from now on ends the rest after it.
    pub(super) fn begin(&mut self) {
        self.changed.mark_unchanged();
    }

    /// Looks, unless the service is told to stop meanwhile.
    pub(super) async fn look<T>(&mut self, app: &App, step: impl Future<Output = T>) -> Option<T> {
        self.begin();
        app.unless_stopped(step).await
    }

    /// The loop came round: it vouches for that, and waits for its next turn, for something to happen, or the stop.
    pub(super) async fn take(&mut self, app: &App, pause: Duration) {
        self.take_unless(app, pause, std::future::pending()).await;
    }

    /// The same, unless it is called before. Answers whether it waited in vain.
    pub(super) async fn take_unless(
        &mut self,
        app: &App,
        pause: Duration,
        called: impl Future<Output = ()>,
    ) -> bool {
        app.vouch(self.of);
        let in_vain = tokio::select! {
            () = app.stop.cancelled() => false,
            () = called => false,
            // Its sender is the app's own.
            _changed = self.changed.changed() => false,
            () = tokio::time::sleep(pause) => true,
        };
        // It rested: the patience is with the step that begins.
        app.vouch(self.of);
        in_vain
    }

    /// The same for a loop that looks at drop folders, if it has any: a file in one ends it.
    pub(super) async fn by_folders(
        &mut self,
        app: &App,
        pause: Duration,
        is_quiet: Option<impl Fn() -> bool>,
    ) {
        let Some(is_quiet) = is_quiet else { return self.take(app, pause).await };
        let ends = tokio::time::Instant::now() + pause;
        let every = if is_quiet() { QUIET_FOLDERS } else { FOLDERS };
        loop {
            let left = ends.saturating_duration_since(tokio::time::Instant::now());
            if !self.take_unless(app, left.min(every), std::future::pending()).await
                || left <= every
                || !is_quiet()
            {
                return;
            }
        }
    }
}
