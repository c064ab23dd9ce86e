//! What the next load of a feed is measured by. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Observation, StatusBook};
use crate::domain::id::{SnapshotId, WindowId};

/// What is known of a feed, key by key, and what its last loads said.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    /// What is known from this feed: only of windows that run, or are over and still spoken of by silence.
    pub known: StatusBook,
    /// What the last accepted load that covers it said of a window: only of windows that run.
    pub said: BTreeMap<WindowId, Vec<Observation>>,
    /// How many were concluded in each of the last accepted loads of those windows, oldest first, and when.
    pub pace: BTreeMap<WindowId, Vec<(Timestamp, usize)>>,
    /// The columns of the last accepted load, as [`super::Observations`] came in them; absent where they were not kept.
    pub form: Option<String>,
    /// The last accepted load with the very bytes of the next one, and its place among all.
    pub same_bytes: Option<(SnapshotId, u64)>,
}
