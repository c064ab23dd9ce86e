//! Letters, reports and lines of output: the words for what `domain` decided. Pure.
//!
//! Reading order: `portuguese` (dates and lists in words), `because` (a sentence for every reason), `letter` (a notice
//! as subject, text and HTML), `line` (one decision on one line), `report` (where a window stands), `agenda` (windows
//! and their editions), `contrast` (what another configuration would say), `forecast` (what a rehearsal comes to),
//! `day` (the page of the day), `calls` (whom to telephone), `page` (the shell of one that stands alone), `chart` (SVG), `history` (who was on time), `gallery` (every letter, to be proof-read), `table` (columns), `dossier` (proof of what was said to one
//! municipality), `register` and `news` (what the ministry publishes, as proposals).
//!
//! Architecture invariant: everything that an operator, a gerência or a municipality reads is worded here or in
//! `config/modelos/`, and nothing here does I/O, reads a clock, or names another room than `domain`.

pub mod agenda;
pub mod because;
pub mod calls;
pub mod chart;
pub mod contrast;
pub mod day;
pub mod dossier;
pub mod forecast;
pub mod gallery;
pub mod history;
pub mod letter;
pub mod line;
pub mod news;
mod page;
pub mod portuguese;
pub mod register;
pub mod report;
pub mod table;
