//! vigia-suas follows the windows of the REDE SUAS systems for a state social-assistance secretariat, tells the
//! municipalities formally when a window opens, warns those known to be pending as its deadline approaches, and keeps
//! the proof (norma de procedimento BES Nº 08 of SETADES).
//!
//! Rooms, in reading order: [`domain`] is the vocabulary and its rules (pure), [`plan`] decides (pure), [`render`]
//! writes letters and reports (pure), [`config`] reads what operators wrote, [`mod@format`] makes rows of bytes, [`feed`]
//! reads who has filled in, [`news`] what was published, [`mail`] delivers, [`channel`] tells staff where mail does not get
//! through, [`database`] keeps rows, [`store`] remembers in them, [`intake`] keeps what sources brought, [`proof`] proves and
//! copies all of it, [`world`] joins what is known, [`desk`] is what a person does, [`daemon`] what runs unattended, [`panel`]
//! what staff look at in a browser, [`cli`] starts things. [`clock`], [`contain`], [`files`], [`http`], [`telemetry`] and [`text`] (pure) are leaves.
//!
//! | room | may name |
//! |---|---|
//! | `domain`, `telemetry` | `text` |
//! | `plan` | `domain`, `text` |
//! | `render` | `domain`, `plan`, `text` |
//! | `config` | `domain`, `plan`, `contain`, `files`, `text` |
//! | `mail`, `channel` | the same, and `http`; never each other |
//! | `format` | `domain`, `contain`, `text` |
//! | `news` | the same, and `format` |
//! | `feed` | what `config` may, `http`, `format` |
//! | `database` | `domain`, `files`, `text` |
//! | `store` | what `config` may, and `database` |
//! | `intake` | the same, and `store` |
//! | `proof` | the same, and `intake` |
//! | `world` | all of the above but `database`; and `clock`, `telemetry` |
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
pub mod database;
pub mod desk;
pub mod domain;
pub mod feed;
pub mod files;
pub mod format;
pub mod http;
pub mod intake;
pub mod mail;
pub mod news;
pub mod panel;
pub mod plan;
pub mod proof;
pub mod render;
pub mod store;
pub mod telemetry;
pub mod text;
pub mod world;
