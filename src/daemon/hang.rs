//! One loop that hangs because somebody asks for it, so that it can be seen what the watchdog, `saude` and systemd make of
//! each: in builds for debugging alone. What is installed has neither the way nor the name of the variable.

use std::task::Poll;

use jiff::SignedDuration;

/// The variable that names the loop.
#[cfg(debug_assertions)]
const VARIABLE: &str = "TESTE_TRAVA";

/// Patience with that loop: whoever tries it does not wait for an hour.
pub(super) const PATIENCE: SignedDuration = SignedDuration::from_secs(10);

/// Whether the loop of that name is to hang.
#[cfg(debug_assertions)]
pub(super) fn is_asked_for(name: &str) -> bool {
    std::env::var_os(VARIABLE).is_some_and(|wanted| wanted == name)
}

#[cfg(not(debug_assertions))]
pub(super) fn is_asked_for(_name: &str) -> bool {
    false
}

/// Runs a loop of that name; the one that is to hang never comes back from the step after its first. It lets go of what it
/// holds by then: whether that is the ledger's only writer would be chance, and then no other loop gets on either.
/// `came_round` answers otherwise once its first step is done.
pub(super) async fn unless_asked_for<T: PartialEq>(
    name: &str,
    came_round: impl Fn() -> T,
    work: impl Future<Output = ()>,
) {
    if !is_asked_for(name) {
        return work.await;
    }
    let before = came_round();
    {
        let mut work = std::pin::pin!(work);
        let first_step = std::future::poll_fn(|context| {
            let ended = work.as_mut().poll(context);
            if came_round() == before { ended } else { Poll::Ready(()) }
        });
        first_step.await;
    }
    if came_round() != before {
        std::future::pending::<()>().await;
    }
}
