//! Text as people and programs write it: bytes to letters, letters to words, words to meanings, and rows of cells.
//! Pure.
//!
//! Reading order: `encoding` (bytes in memory), `stream` (the same piece by piece, for what does not fit there), `fold`
//! (when two words are the same word), `visible` (what others wrote, shown so that it steers nothing), `remark` (what is
//! said of a cell, with its text or without), `number`
//! (how many of something), `discreet` (what leaves without addresses and secrets), `system` (what the system says),
//! `digest`, `words` (tables from words to meanings), `csv` (the one dialect, with the place of every cell, and files
//! rewritten cell by cell), `toml` (a text quoted).

pub mod csv;
pub mod digest;
pub mod discreet;
pub mod encoding;
pub mod fold;
pub mod number;
pub mod remark;
pub mod stream;
pub mod system;
pub mod toml;
pub mod visible;
pub mod words;
