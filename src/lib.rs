//! vigia-suas follows the windows of the REDE SUAS systems for a state social-assistance secretariat, tells the
//! municipalities formally when a window opens, warns those known to be pending as its deadline approaches, and keeps
//! the proof (norma de procedimento BES Nº 08 of SETADES).
//!
//! Rooms, in reading order: [`domain`] is the vocabulary and its rules (pure), [`plan`] decides (pure), [`render`]
//! writes letters and reports (pure), [`config`] reads what operators wrote, [`feed`] reads who has filled in, [`mail`]
//! delivers, [`channel`] tells staff where mail does not get through, [`store`] remembers, [`world`] joins them into what is
//! known, [`desk`] is what a person does, [`daemon`] what runs unattended, [`panel`] what staff look at in a browser, [`cli`]
//! starts things. [`clock`], [`contain`], [`files`], [`http`], [`telemetry`] and [`text`] (pure) are leaves.
//!
//! | room | may name |
//! |---|---|
//! | `domain`, `telemetry` | `text` |
//! | `plan` | `domain`, `text` |
//! | `render` | `domain`, `plan`, `text` |
//! | `config`, `store` | `domain`, `plan`, `contain`, `files`, `text`; never each other |
//! | `feed`, `mail`, `channel` | the same, and `http`; never each other |
//! | `world` | all of the above, `clock`, `telemetry` |
//! | `desk`, `daemon` | `world` and all that it may name; never each other |
//! | `panel` | `domain`, `plan`, `render`, `config`, `world`, `desk` and the leaves; not `store`: it cannot write |
//! | `cli` | everything |
//!
//! `tests/it/layering` keeps it so, also that each outside crate has its owner, that a file whose head says "Pure." is, and
//! that files of one room name each other in a circle only for a reason.

pub mod channel;
pub mod cli;
pub mod clock;
pub mod config;
pub mod contain;
pub mod daemon;
pub mod desk;
pub mod domain;
pub mod feed;
pub mod files;
pub mod http;
pub mod mail;
pub mod panel;
pub mod plan;
pub mod render;
pub mod store;
pub mod telemetry;
pub mod text;
pub mod world;
