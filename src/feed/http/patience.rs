//! How often a fetch is tried again at once, and how long it waits before. Pure.

use std::time::Duration;

use crate::feed::error::FetchProblem;

/// Tries of one fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How many in all, at least one.
    pub tries: u32,
    /// Wait before the second; each later one is four times as long.
    pub first: Duration,
    /// Longest wait. A server that asks for more is left alone until the next run.
    pub longest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { tries: 3, first: Duration::from_secs(3), longest: Duration::from_mins(2) }
    }
}

impl Patience {
    /// How long to wait after so many failed tries; absent: not again now. `asked` is the server's `Retry-After`.
    ///
    /// A time-out is not tried again at once: a server that needs minutes has enough to do.
    pub fn wait_after(
        &self,
        tries: u32,
        problem: &FetchProblem,
        asked: Option<Duration>,
    ) -> Option<Duration> {
        let passing =
            matches!(problem, FetchProblem::Status(_) | FetchProblem::Broken | FetchProblem::Connect);
        if !passing || tries >= self.tries {
            return None;
        }
        let grown = self.first.saturating_mul(4_u32.saturating_pow(tries.saturating_sub(1)));
        let wait = grown.min(self.longest).max(asked.unwrap_or_default());
        (wait <= self.longest).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_obey_the_server_and_end() {
        let patience = Patience { tries: 4, first: Duration::from_secs(3), longest: Duration::from_secs(30) };
        let after = |tries, asked: Option<u64>| {
            let wait = patience.wait_after(tries, &FetchProblem::Status(503), asked.map(Duration::from_secs));
            wait.map(|w| w.as_secs())
        };
        assert_eq!([1, 2, 3, 4].map(|n| after(n, None)), [Some(3), Some(12), Some(30), None]);
        assert_eq!(after(1, Some(20)), Some(20), "as long as it asks");
        assert_eq!(after(2, Some(5)), Some(12), "not sooner than we would");
        assert_eq!(after(1, Some(3600)), None, "not while everything waits for it");
    }

    #[test]
    fn what_does_not_pass_and_what_is_slow_is_not_tried_again_at_once() {
        for problem in [FetchProblem::TimedOut, FetchProblem::TooLarge(1), FetchProblem::Untrusted] {
            assert_eq!(Patience::default().wait_after(1, &problem, None), None);
        }
        assert!(Patience::default().wait_after(1, &FetchProblem::Broken, None).is_some());
    }
}
