//! What joins the rooms: passes that decide, senders that deliver, loops that wake them.
//!
//! Reading order: `setup` (a configuration ready to work with), `app` (what every loop shares), `known` (the world as
//! the store has it), `reconcile` (decide and record; with `compose`), `outbox` (deliver; with `sender`, `asked`,
//! `relay`, `secret`, `pace` and `trust`), `ingest` (take in status), `returns` (take in what comes back), `visit` with
//! `register` and `news` (what the ministry publishes), `report` (tell staff), `alert` (call a person), `order` (what
//! people decide by hand), `dossier` (proof), `rehearse` (virtual time), `amend` (what may not be edited in silence),
//! `contrast` (what another configuration would do), `install` and `extend` (change it), `last_good` (fall back on it),
//! `watch` (notice a change), `health` (is the service well?), `reload`, `lifecycle`
//! (start, signals, drain). Each concern has a `NAME_once` that tests and `servir --uma-vez` call.
//!
//! Architecture invariant: no rule of when or to whom lives here. `now` is read once per pass, in the loops.

pub mod alert;
pub mod amend;
pub mod app;
mod asked;
pub mod compose;
pub mod contrast;
pub mod dossier;
pub mod extend;
pub mod health;
pub mod ingest;
pub mod install;
pub mod known;
pub mod last_good;
pub mod lifecycle;
pub mod news;
pub mod order;
pub mod outbox;
mod pace;
pub mod reconcile;
pub mod register;
pub mod rehearse;
pub mod relay;
mod reload;
pub mod report;
pub mod returns;
pub mod secret;
mod sender;
pub mod setup;
mod trust;
mod visit;
mod watch;
