//! What a person does, one file a use case; commands parse and print.
//!
//! Reading order: `order` (what people decide by hand), `extend` (a prorrogação written down), `install` (another
//! configuration put in place), `units` (take proposals of the register of units),
//! `why` (what explains each letter), `dossier` (proof), `agenda` (which deadlines are in force), `sample` (example letters), `check` (can every letter be
//! written, and does the calendar stand by what was told?), `assume` (what left
//! from another ledger), `relocate` (the ledger in another place), `propose` (a feed for a file), `entry` (the journal in words), `view` (what is shown, by who cannot write).
//!
//! Architecture invariant: it meets the daemon only in the loaded world, and no rule of when or to whom lives here.

pub mod agenda;
pub mod assume;
pub mod check;
pub mod dossier;
pub mod entry;
pub mod extend;
pub mod install;
pub mod order;
pub mod propose;
pub mod relocate;
pub mod sample;
pub mod units;
pub mod view;
pub mod why;
