//! What Solr answers with `wt=json`: `{"response":{"numFound":N,"start":0,"docs":[…]}}`, one page of perhaps several.

use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::body::Original;
use super::error::DecodeError;
use super::json;
use super::table::Table;

static DOCS: LazyLock<Vec<String>> = LazyLock::new(|| vec!["response".to_owned(), "docs".to_owned()]);

/// Opens one page; the table promises as many rows as all pages have.
pub(crate) fn open(original: &Original) -> Result<Table<'_>, DecodeError> {
    let (table, beside) = json::table(original, &DOCS, Some("numFound"))?;
    match beside.number {
        Some(found) => {
            outline(original)?;
            Ok(table.promising(found))
        }
        None => Err(DecodeError::NoList("response.numFound".to_owned())),
    }
}

/// One page of an answer, for asking for the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageCount {
    /// Documents that all pages have together.
    pub found: u64,
    /// Documents on this page.
    pub here: u64,
    /// How many stand on the pages before, as the answer itself says.
    pub start: u64,
    /// What each document has in the field that they are sorted by; empty when no field was asked about.
    pub ids: Vec<Option<String>>,
}

/// Counts the documents of a page, and reads of each the field that all are sorted by.
///
/// # Errors
/// [`DecodeError`] when it is no answer of Solr's, or says of itself that it is not whole.
pub fn page(original: &Original, key: Option<&str>) -> Result<PageCount, DecodeError> {
    let table = open(original)?;
    let found = table.promised().unwrap_or_default();
    let response = outline(original)?;
    let here = u64::try_from(response.docs.len()).unwrap_or(u64::MAX);
    let mut ids = Vec::new();
    if let Some(key) = key {
        let column = table.header().find(key).ok();
        table.each(&mut |row| {
            let id = row.ok().zip(column).and_then(|(row, column)| row.cell(column));
            ids.push(id.map(str::to_owned));
        })?;
    }
    Ok(PageCount { found, here, start: response.start, ids })
}

/// What an answer says of itself beside its documents.
#[derive(Deserialize)]
struct Answer {
    #[serde(default, rename = "responseHeader")]
    header: Header,
    #[serde(default)]
    response: Response,
    error: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
struct Header {
    /// True, or `omitted`, when a time limit or a lost shard cut it short.
    #[serde(default, rename = "partialResults")]
    partial: Value,
}

#[derive(Default, Deserialize)]
struct Response {
    #[serde(default)]
    start: u64,
    #[serde(default)]
    docs: Vec<IgnoredAny>,
}

/// Refuses an answer that says of itself that it is not whole.
fn outline(original: &Original) -> Result<Response, DecodeError> {
    let answer: Answer =
        serde_json::from_reader(original.open()).map_err(|error| DecodeError::Json { line: error.line() })?;
    if answer.error.is_some() || !matches!(answer.header.partial, Value::Null | Value::Bool(false)) {
        return Err(DecodeError::Partial);
    }
    Ok(answer.response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<PageCount, String> {
        page(&Original::from_bytes(text), Some("a")).map_err(|e| e.to_string())
    }

    #[test]
    fn a_page_tells_how_many_documents_there_are_and_how_many_it_brings() {
        let text = r#"{"responseHeader":{"status":0},"response":{"numFound":78,"start":0,"docs":[{"a":1},{"b":2}]}}"#;
        assert_eq!(
            of(text),
            Ok(PageCount { found: 78, here: 2, start: 0, ids: vec![Some("1".to_owned()), None] })
        );
        assert_eq!(
            of(r#"{"response":{"docs":[],"numFound":0}}"#),
            Ok(PageCount { found: 0, here: 0, start: 0, ids: Vec::new() })
        );
    }

    #[test]
    fn an_error_of_solr_is_no_answer() {
        assert!(
            of(r#"{"error":{"msg":"undefined field","code":400}}"#).unwrap_err().contains("response.docs")
        );
        assert!(of(r#"{"response":{"docs":[]}}"#).unwrap_err().contains("numFound"));
    }

    #[test]
    fn an_answer_that_says_of_itself_that_it_is_partial_is_refused() {
        for more in [
            r#""responseHeader":{"partialResults":true}"#,
            r#""responseHeader":{"partialResults":"omitted"}"#,
            r#""error":{"msg":"shard 2 is down"}"#,
        ] {
            let text = format!(r#"{{{more},"response":{{"numFound":1,"start":0,"docs":[{{"a":1}}]}}}}"#);
            assert!(of(&text).unwrap_err().contains("só em parte"), "{more}");
        }
    }
}
