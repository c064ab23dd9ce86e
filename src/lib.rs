//! vigia-suas follows the windows of the REDE SUAS systems for a state social-assistance secretariat, tells the
//! municipalities formally when a window opens, warns those known to be pending as its deadline approaches, and keeps
//! the proof (norma de procedimento BES Nº 08 of SETADES).
//!
//! Rooms, in reading order: [`domain`] decides (pure), [`render`] writes letters and reports (pure), [`config`] reads
//! what operators wrote, [`feed`] reads who has filled in, [`mail`] delivers, [`store`] remembers, [`service`] joins
//! them, [`cli`] starts things. [`clock`] and [`telemetry`] are leaves.
//!
//! | room | may name |
//! |---|---|
//! | `domain` | nothing of ours |
//! | `render`, `config`, `feed`, `mail`, `store` | `domain` |
//! | `service` | all of the above, `clock`, `telemetry` |
//! | `cli` | everything |
//!
//! `tests/it/layering.rs` keeps it so.

pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod feed;
pub mod mail;
pub mod render;
pub mod service;
pub mod store;
pub mod telemetry;
