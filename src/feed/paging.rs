//! The next page of an answer that came in part: Solr's `start` and `rows`.
//!
//! Only how many documents there are is read here; what they say, and whether all pages together are as many as
//! promised, is the decoder's and the judge's matter.

use super::body::Body;
use super::solr;
use crate::domain::feed::Format;

/// Most further pages of one answer.
pub const MOST: usize = 500;

/// Where the page after these is; absent when all has come, or when what came is no such answer.
#[must_use]
pub fn next<'a>(format: &Format, url: &str, so_far: impl Iterator<Item = &'a Body>) -> Option<String> {
    if *format != Format::Solr {
        return None;
    }
    let (mut had, mut last) = (0_u64, None);
    for body in so_far {
        let page = solr::page(&body.original).ok()?;
        // A server that ignores `start` sends the same page for ever.
        if page.start != had {
            return None;
        }
        had = had.saturating_add(page.here);
        last = Some(page);
    }
    // A page without documents would be asked for again for ever.
    last.filter(|page| page.here > 0 && had < page.found).map(|_| with_start(url, had))
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
