//! The next page of an answer that came in part: Solr's `start` and `rows`.
//!
//! Only how many documents there are is read here; what they say, and whether all pages together are as many as
//! promised, is the decoder's and the judge's matter.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::body::Body;
use crate::domain::feed::Format;

/// Most further pages of one answer.
pub const MOST: usize = 500;

#[derive(Deserialize)]
struct Answer {
    response: Response,
}

#[derive(Deserialize)]
struct Response {
    #[serde(rename = "numFound")]
    found: u64,
    #[serde(default)]
    start: u64,
    docs: Vec<IgnoredAny>,
}

/// Where the page after these is; absent when all has come, or when what came is no such answer.
#[must_use]
pub fn next<'a>(format: &Format, url: &str, so_far: impl Iterator<Item = &'a Body>) -> Option<String> {
    if !is_paged(format) {
        return None;
    }
    let last: Answer = serde_json::from_reader(so_far.last()?.original.open()).ok()?;
    let docs = u64::try_from(last.response.docs.len()).ok()?;
    let had = last.response.start.checked_add(docs)?;
    // A page without documents would be asked for again for ever.
    (docs > 0 && had < last.response.found).then(|| with_start(url, had))
}

fn is_paged(format: &Format) -> bool {
    match format {
        Format::Csv { .. } => false,
    }
}

/// The address with `start` put in or replaced.
fn with_start(url: &str, start: u64) -> String {
    let (rest, fragment) = url.split_once('#').map_or((url, None), |(rest, end)| (rest, Some(end)));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let kept = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("start="));
    let pairs: Vec<String> = kept.map(str::to_owned).chain([format!("start={start}")]).collect();
    let fragment = fragment.map(|end| format!("#{end}")).unwrap_or_default();
    format!("{path}?{}{fragment}", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_put_in_or_replaced_and_the_rest_kept() {
        assert_eq!(with_start("https://x/q?q=*:*&rows=2", 2), "https://x/q?q=*:*&rows=2&start=2");
        assert_eq!(with_start("https://x/q?start=0&rows=2#a", 4), "https://x/q?rows=2&start=4#a");
        assert_eq!(with_start("https://x/q", 1), "https://x/q?start=1");
    }
}
