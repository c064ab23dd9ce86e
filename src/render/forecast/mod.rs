//! What a rehearsal comes to, in words: for a terminal, for a spreadsheet, and as one page. Pure.

mod csv;
mod page;
#[cfg(test)]
mod tests;
mod text;
mod warning;

pub use csv::{days_csv, municipalities_csv, warnings_csv};
pub use page::page;
pub use text::text;
