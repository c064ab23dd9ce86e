//! Bytes kept as they came, and read as a table whatever their format.
//!
//! Reading order: `error` (why bytes are not the table that they should be), `body` (bytes, as evidence), `table` (rows,
//! whatever the format), `csv`, `json`, `solr`, `html` and `sheet` (the formats, with `kind` for what is none, `mark` for
//! footnote marks, `partial` for what says of itself that it is a part, and `tag` for what would keep a tokenizer busy).
//!
//! Every decoder is contained here and where its rows are taken (`Table::each`); a new one is too. A new format is a variant of [`Format`], one file that ends in a [`Table`], and its arm in [`open`].

pub mod body;
pub(crate) mod csv;
pub mod error;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod kind;
mod mark;
mod partial;
pub(crate) mod sheet;
pub mod solr;
pub mod table;
pub(crate) mod tag;

use crate::contain::caught;
use crate::domain::feed::Format;

use self::body::Body;
use self::error::DecodeError;
use self::table::Table;

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
