//! A dossier as one page to print, and as JSON. Pure.
//!
//! Architecture invariant: the page stands alone. It loads nothing, runs nothing, and everything that somebody else
//! wrote goes through maud's escaping.

mod json;
mod page;
mod piece;
mod sections;
#[cfg(test)]
mod tests;

pub use json::json;
pub use page::page;
