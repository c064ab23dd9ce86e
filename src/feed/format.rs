//! A body of any format as a table.
//!
//! Every decoder is contained here and where its rows are taken (`Table::each`); a new one is too. A new format is a variant of [`Format`], one file that ends in a [`Table`], and its arm in [`open`].

use super::body::Body;
use super::error::DecodeError;
use super::table::Table;
use super::{csv, html, json, sheet, solr};
use crate::contain::caught;
use crate::domain::feed::Format;

/// Opens a body of a format as a table.
///
/// # Errors
/// [`DecodeError`] when it is not of that format.
///
/// `wanted` are the columns that will be asked for; a sheet's heading is the first line that holds them.
pub fn open<'a>(format: &'a Format, body: &'a Body, wanted: &[&str]) -> Result<Table<'a>, DecodeError> {
    let original = &body.original;
    caught(|| match format {
        Format::Csv { delimiter, encoding, heading } => {
            csv::open(original, *delimiter, encoding.as_deref(), *heading)
        }
        Format::Json { path } => json::open(original, path),
        Format::Solr => solr::open(original),
        Format::Html { table, encoding } => html::open(original, table, encoding.as_deref()),
        Format::Sheet { name, heading } => sheet::open(original, name.as_deref(), *heading, wanted),
    })?
}
