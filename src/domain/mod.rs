//! The vocabulary and its rules: everything that a decision is made of. Pure.
//!
//! Reading order: `id` (names of things), `time` (civil dates to instants), `holiday`, `calendar` (what was
//! announced), `roster` (whom to tell), `ibge` (how they are called), `status` (who has filled in), `overrides` (what people decided),
//! `notice` (one thing to tell), `reason` (why), `register` (what the ministry's register of units would change), `news`
//! (what it publishes), `refusal` (whose matter a refusal is) and `alike` (many of them at once), `delivery` (one address), `dossier` (proof of what was said), `journal`
//! (what is recorded for good).
//!
//! Architecture invariant: nothing here does I/O, reads a clock, logs, or names another room of the crate but `text`.

#![deny(clippy::wildcard_enum_match_arm)]

pub mod alike;
pub mod calendar;
pub mod closing;
pub mod counting;
pub mod delivery;
pub mod dossier;
pub mod feed;
pub mod holiday;
pub mod ibge;
pub mod id;
pub mod journal;
pub mod news;
pub mod notice;
pub mod overrides;
pub mod reason;
pub mod refusal;
pub mod register;
pub mod roster;
pub mod secretariat;
pub mod state;
pub mod status;
pub mod time;
