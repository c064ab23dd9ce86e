//! What Solr answers with `wt=json`: `{"response":{"numFound":N,"start":0,"docs":[…]}}`, one page of perhaps several.
//!
//! An answer that says of itself that it is none, or only a part, is refused, whatever documents it brings.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest as _, Sha256};

use super::body::Original;
use super::error::DecodeError;
use super::json;
use super::table::{Part, Table};
use crate::contain::caught;

static DOCS: LazyLock<Vec<String>> = LazyLock::new(|| vec!["response".to_owned(), "docs".to_owned()]);
/// What tells documents apart by Solr's own convention.
const KEY: &str = "id";

/// What stands around the documents.
#[derive(Deserialize)]
struct Envelope {
    error: Option<IgnoredAny>,
    #[serde(rename = "responseHeader")]
    header: Option<EnvelopeHeader>,
    response: Option<Response>,
}

#[derive(Deserialize)]
struct EnvelopeHeader {
    #[serde(rename = "partialResults")]
    partial: Option<Flag>,
}

/// `true`, or `"omitted"`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Flag {
    Is(bool),
    Other(IgnoredAny),
}

#[derive(Deserialize)]
struct Response {
    #[serde(rename = "numFound")]
    found: Option<u64>,
    #[serde(rename = "numFoundExact")]
    is_exact: Option<bool>,
    start: Option<u64>,
}

/// Opens one page; the table tells which part of the whole it is.
pub(super) fn open(original: &Original) -> Result<Table<'_>, DecodeError> {
    let (mut here, mut keys) = (0_u64, BTreeSet::new());
    let table = json::looked_at(original, &DOCS, &mut |document| {
        here += 1;
        if let Some(key) = document.get(KEY) {
            keys.insert(Sha256::digest(key.to_string()).into());
        }
    })?;
    let envelope: Envelope = json::whole(original)?;
    if envelope.error.is_some() {
        return Err(DecodeError::FailedQuery);
    }
    let partial = envelope.header.and_then(|header| header.partial);
    let response = envelope.response.unwrap_or(Response { found: None, is_exact: None, start: None });
    if partial.is_some_and(|flag| !matches!(flag, Flag::Is(false))) || response.is_exact == Some(false) {
        return Err(DecodeError::Partial);
    }
    let Some(found) = response.found else { return Err(DecodeError::NoList("response.numFound".to_owned())) };
    let keys = Some(keys).filter(|keys| u64::try_from(keys.len()).is_ok_and(|n| n == here));
    Ok(table.as_part(Part { found, here, start: response.start, keys }))
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
    let table = caught(|| open(original))??;
    let none = DecodeError::NoList("response.numFound".to_owned());
    table.part().map(|part| PageCount { found: part.found, here: part.here }).ok_or(none)
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

    #[test]
    fn an_answer_that_says_that_it_is_partial_or_has_an_error_is_refused_whatever_it_brings() {
        let docs = r#""response":{"numFound":1,"start":0,"docs":[{"a":1}]}"#;
        assert!(of(&format!(r#"{{{docs},"error":{{"msg":"shard"}}}}"#)).unwrap_err().contains("erro"));
        for flag in ["true", "\"omitted\""] {
            let text = format!(r#"{{"responseHeader":{{"partialResults":{flag}}},{docs}}}"#);
            assert!(of(&text).unwrap_err().contains("parcial"), "{flag}");
        }
        let rough = docs.replace("\"start\"", "\"numFoundExact\":false,\"start\"");
        assert!(of(&format!("{{{rough}}}")).unwrap_err().contains("parcial"));
        assert!(of(&format!(r#"{{"responseHeader":{{"partialResults":false}},{docs}}}"#)).is_ok());
    }
}
