//! Integration tests: one binary.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::struct_excessive_bools, reason = "a drawn world is a handful of yes and no")]

mod change;
mod cli;
mod delivery;
mod docs;
mod dossier;
mod journal;
mod layering;
mod panel;
mod paste;
mod peers;
mod plan;
mod returned;
mod scenario;
mod sources;
mod support;
