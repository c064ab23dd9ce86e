//! What joins the rooms: passes that decide, senders that deliver, loops that wake them.
//!
//! Reading order: `setup` (a configuration ready to work with), `app` (what every loop shares), `known` (the world as
//! the store has it), `reconcile` (decide and record), `outbox` (deliver; with `relay`, `pace` and `trust`), `ingest`
//! (take in status), `returns` (take in what comes back), `watch` with `register` and `news` (what the ministry publishes), `report` (tell staff), `alert` (call a person), `order` (what
//! people decide by hand), `dossier` (proof), `rehearse` (virtual time), `lifecycle`
//! (start, signals, drain). Each concern has a `NAME_once` that tests and `servir --uma-vez` call.
//!
//! Architecture invariant: no rule of when or to whom lives here. `now` is read once per pass, in the loops.

pub mod alert;
pub mod amend;
pub mod app;
pub mod dossier;
pub mod ingest;
pub mod known;
pub mod lifecycle;
pub mod news;
pub mod order;
pub mod outbox;
mod pace;
pub mod reconcile;
pub mod register;
pub mod rehearse;
pub mod relay;
pub mod report;
pub mod returns;
pub mod setup;
mod trust;
mod watch;
