//! What a source of news gives, whatever its format. Pure.

use jiff::civil::Date;

/// Posts beyond so many are not looked at: a feed has the newest first.
pub(super) const MOST_POSTS: usize = 500;

/// A post, or a block of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Post {
    /// What tells it from others: its guid, else its link.
    pub(super) key: String,
    pub(super) title: String,
    pub(super) link: String,
    /// The day of publication or of the last change, the later.
    pub(super) published_on: Option<Date>,
    pub(super) blocks: Vec<Passage>,
}

/// A block of a post's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Passage {
    /// One line, without what was struck out.
    pub(super) text: String,
    /// Whether something was.
    pub(super) has_struck: bool,
}

/// A link that a person may follow: http(s) only, relative ones under the source's host.
pub(super) fn link(href: &str, address: &str) -> Option<String> {
    const MOST: usize = 1000;
    let href = href.trim();
    let clean =
        !href.is_empty() && href.len() <= MOST && !href.chars().any(|c| c.is_control() || c.is_whitespace());
    let lower = href.to_ascii_lowercase();
    if clean && (lower.starts_with("https://") || lower.starts_with("http://")) {
        return Some(href.to_owned());
    }
    let scheme_end = address.find("://")? + 3;
    let host_end =
        address.get(scheme_end..)?.find(['/', '?', '#']).map_or(address.len(), |at| scheme_end + at);
    let rooted = clean && href.starts_with('/') && !href.starts_with("//");
    rooted.then(|| format!("{}{href}", address.get(..host_end).unwrap_or_default()))
}
