//! The decision and everything it is made of. Pure.
//!
//! Reading order: `id` (names of things), `time` (civil dates to instants), `holiday`, `calendar` (what was
//! announced), `roster` (whom to tell), `status` and `page` (who has filled in), `overrides` (what people decided),
//! `ledger` (what was already said), `reason` (why), `plan` (what to say now), `replay` (a year in memory), `contrast`
//! (what another configuration would say), `register` (what the ministry's register of units would change), `news`
//! (what it publishes), `summary` (what
//! staff read), `delivery` (one address), `dossier` (proof of what was said).
//!
//! Architecture invariant: nothing here does I/O, reads a clock, logs, or names another room of the crate.

pub mod calendar;
pub mod contrast;
pub mod delivery;
pub mod dossier;
pub mod feed;
pub mod forecast;
pub mod holiday;
pub mod id;
pub mod ledger;
pub mod news;
pub mod notice;
pub mod overrides;
pub mod page;
pub mod plan;
pub mod reason;
pub mod register;
pub mod replay;
pub mod roster;
pub mod secretariat;
pub mod state;
pub mod status;
pub mod summary;
pub mod time;
pub mod word;
