//! What the next load of a feed is measured by. Pure.

use std::collections::{BTreeMap, BTreeSet};

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
    /// What came of the very bytes of the next one before.
    pub same_bytes: Option<SameBytes>,
    /// All that the last accepted load said, where a window runs of which no accepted load said anything yet.
    pub last: Option<LastLoad>,
}

/// Bytes that came before, and were believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SameBytes {
    /// The last accepted load with them.
    pub snapshot: SnapshotId,
    /// Its place among all.
    pub arrival: u64,
    /// Whether it is the last accepted load of the feed.
    pub is_last: bool,
    /// The windows of which any accepted load with them spoke.
    pub spoke_of: BTreeSet<WindowId>,
}

/// The last accepted load of a feed.
#[derive(Debug, Clone)]
pub struct LastLoad {
    pub snapshot: SnapshotId,
    /// What it said, window by window.
    pub said: Vec<(WindowId, Vec<Observation>)>,
}
