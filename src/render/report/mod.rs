//! Where each window stands, for staff: text and CSV. Pure.

mod csv;
mod table;
mod text;

#[cfg(test)]
mod tests;

pub use csv::{call_list_csv, csv};
pub use text::text;
