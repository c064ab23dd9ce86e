//! What runs unattended: passes that decide, senders that deliver, loops that wake them.
//!
//! Reading order: `app` (what every loop shares; with `pulse`), `reconcile` (decide and record), `outbox` (deliver; with `sender`,
//! `standing`, `pace`, `trust` and `doubt`), `ingest` (take in status), `returns` (take in what comes back), `visit` with `register`
//! and `news` (what the ministry publishes), `report` (tell staff), `daily` (the page of the day by mail), `audit` (work out anew what should have gone out), `retention` (erase what is too old), `alert` (call a person), `herald` (by which way), `clock_watch`, `succession`
//! and `zone_rules` (may the clock, the ledger and the zone be believed?), `rehearse` (virtual time), `watch` (notice a change), `gate` (what every
//! new configuration passes), `reload` and `reminder`, `beat` and `signal` (signs of life; `hang` tries them), `loops` (one for each concern; `rest` between two looks), `obey` (signals), `reserve` (one leads, another waits), `lifecycle` (start, signals, drain). Each concern has a `NAME_once` that tests
//! and `servir --uma-vez` call.
//!
//! Architecture invariant: no rule of when or to whom lives here. `now` is read once per pass, in the loops.

pub mod alert;
pub mod app;
mod arrivals;
pub mod audit;
mod beat;
mod clock_watch;
mod daily;
mod doubt;
mod gate;
mod hang;
pub mod herald;
pub mod ingest;
mod leap;
pub mod lifecycle;
mod lookout;
mod loops;
pub mod news;
pub mod obey;
pub mod outbox;
mod pace;
mod pages;
mod pulse;
pub mod reconcile;
pub mod register;
pub mod rehearse;
mod reload;
mod reminder;
pub mod report;
pub mod reserve;
mod rest;
pub mod retention;
pub mod returns;
pub mod round;
mod sender;
pub mod signal;
mod standing;
mod succession;
mod trouble;
mod trust;
mod visit;
mod watch;
mod zone_rules;
