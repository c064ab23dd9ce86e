//! Where each window stands, for staff: text and CSV. Pure.

mod csv;
mod text;

#[cfg(test)]
mod tests;

pub use csv::{call_list_csv, csv};
pub(super) use csv::{heading, row};
pub use text::{letter_words, text};
