//! The next page of an answer that came in part: Solr's `start` and `rows`, in an order that stays (`sort` by a unique key).
//!
//! Here it is only asked where the next page is, of each page as it comes, and afterwards whether all pages together bring each document once, and
//! as many as promised. What they say is the decoder's and the judge's matter.

use std::collections::{BTreeMap, HashSet};

use crate::domain::feed::{Format, Source};
use crate::format::body::{Body, Given};
use crate::format::error::DecodeError;
use crate::format::solr::{self, PageCount};

use super::error::FetchProblem;

/// Most further pages of one answer.
pub const MOST: usize = 500;

/// Whether an answer came in part.
pub fn is_part(format: &Format, body: &Body) -> bool {
    let page = (*format == Format::Solr).then(|| solr::page(&body.original, None).ok()).flatten();
    page.is_some_and(|page| page.here < page.found)
}

/// Most bytes of all pages of one answer, unless a single one may have more.
pub const MOST_BYTES: u64 = 512 * 1024 * 1024;

/// How far the pages of one answer have come. Each is counted once, when it comes.
#[derive(Debug)]
pub struct Progress {
    url: String,
    had: u64,
    bytes: u64,
    most_bytes: u64,
}

impl Progress {
    /// Of an answer of which one page may have so many bytes. Absent where an answer comes whole, and where its address
    /// asks for no order, so that a further page would mean nothing.
    pub fn of(format: &Format, url: &str, most_bytes: u64) -> Option<Self> {
        let comes_in_pages = *format == Format::Solr && key(url).is_some();
        let most_bytes = most_bytes.max(MOST_BYTES);
        comes_in_pages.then(|| Self { url: url.to_owned(), had: 0, bytes: 0, most_bytes })
    }

    /// Takes in the next page; gives where the one after it is, or nothing when all has come or no more can.
    ///
    /// # Errors
    /// [`FetchProblem::TooManyBytes`].
    pub fn take(&mut self, page: &PageCount, bytes: u64) -> Result<Option<String>, FetchProblem> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.most_bytes {
            return Err(FetchProblem::TooManyBytes(self.most_bytes));
        }
        // A server that ignores `start` sends the same page for ever.
        if page.start != self.had {
            return Ok(None);
        }
        self.had = self.had.saturating_add(page.here);
        // A page without documents would be asked for again for ever.
        let goes_on = page.here > 0 && self.had < page.found;
        Ok(goes_on.then(|| with_start(&self.url, self.had)))
    }
}

/// Counts the documents of a page of an answer. As long as the page: for a reader that is contained.
///
/// # Errors
/// [`DecodeError`] when it is no such page.
pub fn count(body: &Body) -> Result<PageCount, DecodeError> {
    solr::page(&body.original, None)
}

/// The field that an address asks to sort by in the end, which tells documents apart.
fn key(url: &str) -> Option<String> {
    let (path, _) = url.split_once('#').unwrap_or((url, ""));
    let (_, query) = path.split_once('?')?;
    let sort = query.split('&').find_map(|pair| pair.strip_prefix("sort="))?;
    let sort = sort.replace("%2C", ",").replace("%20", " ").replace('+', " ");
    sort.rsplit(',').next()?.split_whitespace().next().map(str::to_owned)
}

/// Whether all pages of each request, together, bring each document once and as many as their source counts.
#[derive(Debug)]
pub(super) struct Counts {
    /// The feed's answers are fetched, so that their address can be mended.
    is_fetched: bool,
    key: Option<String>,
    /// By request: how many came, how many were promised, and which.
    requests: BTreeMap<Given, (u64, u64, HashSet<String>)>,
}

impl Counts {
    pub(super) fn of(source: &Source) -> Self {
        let url = match source {
            Source::Http { url, .. } => Some(url),
            Source::Folder | Source::Manual => None,
        };
        Self { is_fetched: url.is_some(), key: url.and_then(|url| key(url)), requests: BTreeMap::new() }
    }

    /// Takes in the next page of a request.
    pub(super) fn note(&mut self, body: &Body) -> Result<(), DecodeError> {
        let page = solr::page(&body.original, self.key.as_deref())?;
        let request = self.requests.entry(body.given.clone());
        let (had, promised, seen) = request.or_insert_with(|| (0, page.found, HashSet::new()));
        if page.start != *had {
            return Err(DecodeError::WrongPage { due: *had, start: page.start });
        }
        if self.key.is_none() && self.is_fetched && *had > 0 {
            return Err(DecodeError::Unsorted);
        }
        *had = had.saturating_add(page.here);
        if *promised != page.found {
            return Err(DecodeError::Incomplete { found: *promised, promised: page.found });
        }
        // An answer that came whole at once needs no order.
        let Some(key) = self.key.as_ref().filter(|_| page.here < page.found) else { return Ok(()) };
        for id in page.ids {
            let id = id.ok_or_else(|| DecodeError::NoKey(key.clone()))?;
            if !seen.insert(id.clone()) {
                return Err(DecodeError::Repeated { key: key.clone(), id });
            }
        }
        Ok(())
    }

    /// All pages were taken in.
    pub(super) fn check(&self) -> Result<(), DecodeError> {
        for (found, promised, _) in self.requests.values() {
            if found < promised && self.is_fetched && self.key.is_none() {
                return Err(DecodeError::Unsorted);
            }
            if found != promised {
                return Err(DecodeError::Incomplete { found: *found, promised: *promised });
            }
        }
        if !self.requests.is_empty() && self.requests.values().all(|(found, ..)| *found == 0) {
            return Err(DecodeError::NotPublished);
        }
        Ok(())
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

    #[test]
    fn each_page_is_counted_once_and_all_together_have_a_bound() {
        let url = "https://x/q?rows=2&sort=id+asc";
        let page = |start, here, found| PageCount { found, here, start, ids: Vec::new() };
        let begun = || Progress::of(&Format::Solr, url, 0).unwrap();
        let mut pages = begun();
        assert_eq!(pages.take(&page(0, 2, 5), 10), Ok(Some(format!("{url}&start=2"))));
        assert_eq!(pages.take(&page(2, 2, 5), 10), Ok(Some(format!("{url}&start=4"))));
        assert_eq!(pages.take(&page(4, 1, 5), 10), Ok(None), "all has come");
        assert_eq!(begun().take(&page(2, 2, 5), 10), Ok(None), "the server ignores start");
        assert_eq!(begun().take(&page(0, 0, 5), 10), Ok(None), "a page without documents");
        let mut large = begun();
        assert_eq!(large.take(&page(0, 2, 5), MOST_BYTES), Ok(Some(format!("{url}&start=2"))));
        let told = large.take(&page(2, 2, 5), 1).unwrap_err().to_string();
        assert!(told.contains("512 MB"), "{told}");
        let mut wide = Progress::of(&Format::Solr, url, MOST_BYTES * 2).unwrap();
        assert!(wide.take(&page(0, 2, 5), MOST_BYTES + 1).is_ok(), "one page alone may have more");
        assert!(Progress::of(&Format::Solr, "https://x/q?rows=2", 0).is_none(), "no order");
    }

    #[test]
    fn documents_are_told_apart_by_what_they_are_sorted_by_in_the_end() {
        let of = |query: &str| key(&format!("https://x/q?rows=2&{query}"));
        for query in ["sort=id+asc", "sort=score%20desc%2Cid%20asc&wt=json", "sort=a desc, id asc#x"] {
            assert_eq!(of(query).as_deref(), Some("id"), "{query}");
        }
        assert_eq!((of("q=*:*"), of("sort=")), (None, None));
    }
}
