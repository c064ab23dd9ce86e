//! Where each window stands, for staff: text, CSV, and a page with charts. Pure.

mod csv;
mod page;
mod text;

#[cfg(test)]
mod tests;

pub use csv::{call_list_csv, csv, csv_heading, csv_rows};
pub(super) use csv::{day_and_time, heading, row, row_with, telephone};
pub(super) use page::STYLE;
pub use page::{Background, index, page};
pub use text::{letter_words, text};
