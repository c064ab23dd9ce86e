//! A body of any format as a table.
//!
//! A new format is a variant of [`Format`], one file that ends in a [`Table`], and its arm in [`open`].

use super::body::Body;
use super::error::DecodeError;
use super::table::Table;
use super::{csv, html, json, sheet, solr};
use crate::domain::feed::Format;

/// Opens a body of a format as a table.
///
/// # Errors
/// [`DecodeError`] when it is not of that format.
///
/// `wanted` are the columns that will be asked for; a sheet's heading is the first line that holds them.
pub fn open<'a>(format: &'a Format, body: &'a Body, wanted: &[&str]) -> Result<Table<'a>, DecodeError> {
    let original = &body.original;
    match format {
        Format::Csv { delimiter, encoding } => csv::open(original, *delimiter, encoding.as_deref()),
        Format::Json { path } => json::open(original, path),
        Format::Solr => solr::open(original),
        Format::Html { table, encoding } => html::open(original, table, encoding.as_deref()),
        Format::Sheet { name, heading } => sheet::open(original, name.as_deref(), *heading, wanted),
    }
}
