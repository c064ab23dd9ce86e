//! One loop that hangs because somebody asks for it, so that it can be seen what the watchdog, `saude` and systemd make of
//! each: in builds for debugging alone. What is installed has neither the way nor the name of the variable.

use std::sync::Arc;
use std::task::Poll;

use jiff::SignedDuration;

use super::app::{App, Loop};

/// The variable that names the loop.
#[cfg(debug_assertions)]
const VARIABLE: &str = "TESTE_TRAVA";

/// Patience with that loop: whoever tries it does not wait for an hour.
pub(super) const PATIENCE: SignedDuration = SignedDuration::from_secs(10);

/// The loop that is to hang.
#[cfg(debug_assertions)]
pub(super) fn asked_for() -> Option<Loop> {
    let name = std::env::var(VARIABLE).ok()?;
    Loop::ALL.into_iter().find(|each| each.name() == name)
}

#[cfg(not(debug_assertions))]
pub(super) fn asked_for() -> Option<Loop> {
    None
}

/// Runs a loop; the one that is to hang never comes back from the step after its first, and holds what it holds then.
pub(super) async fn unless_asked_for(app: Arc<App>, each: Loop, work: impl Future<Output = ()>) {
    if asked_for() != Some(each) {
        return work.await;
    }
    let mut work = std::pin::pin!(work);
    let before = app.vouched_at(each);
    std::future::poll_fn(|context| {
        if app.vouched_at(each) == before { work.as_mut().poll(context) } else { Poll::Pending }
    })
    .await;
}
