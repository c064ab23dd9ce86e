//! What Solr answers with `wt=json`: `{"response":{"numFound":N,"start":0,"docs":[…]}}`, one page of perhaps several.

use std::sync::LazyLock;

use super::body::Original;
use super::error::DecodeError;
use super::json;
use super::table::Table;

static DOCS: LazyLock<Vec<String>> = LazyLock::new(|| vec!["response".to_owned(), "docs".to_owned()]);

/// Opens one page; the table promises as many rows as all pages have.
pub(super) fn open(original: &Original) -> Result<Table<'_>, DecodeError> {
    let (table, found) = json::table(original, &DOCS, Some("numFound"))?;
    match found {
        Some(found) => Ok(table.promising(found)),
        None => Err(DecodeError::NoList("response.numFound".to_owned())),
    }
}

/// One page of an answer, for asking for the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageCount {
    /// Documents that all pages have together.
    pub found: u64,
    /// Documents on this page.
    pub here: u64,
}

/// Counts the documents of a page.
///
/// # Errors
/// [`DecodeError`] when it is no answer of Solr's.
pub fn page(original: &Original) -> Result<PageCount, DecodeError> {
    let table = open(original)?;
    let (found, mut here) = (table.promised().unwrap_or_default(), 0);
    table.each(&mut |_| here += 1)?;
    Ok(PageCount { found, here })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<PageCount, String> {
        page(&Original::from_bytes(text)).map_err(|e| e.to_string())
    }

    #[test]
    fn a_page_tells_how_many_documents_there_are_and_how_many_it_brings() {
        let text = r#"{"responseHeader":{"status":0},"response":{"numFound":78,"start":0,"docs":[{"a":1},{"b":2}]}}"#;
        assert_eq!(of(text), Ok(PageCount { found: 78, here: 2 }));
        assert_eq!(of(r#"{"response":{"docs":[],"numFound":0}}"#), Ok(PageCount { found: 0, here: 0 }));
    }

    #[test]
    fn an_error_of_solr_is_no_answer() {
        assert!(
            of(r#"{"error":{"msg":"undefined field","code":400}}"#).unwrap_err().contains("response.docs")
        );
        assert!(of(r#"{"response":{"docs":[]}}"#).unwrap_err().contains("numFound"));
    }
}
