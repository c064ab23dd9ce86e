//! The decision: laws over thousands of worlds.

mod laws;
