//! A plain page to posts: each block of text is one, under the heading before it. Pure.
//!
//! Blocks and not the page are compared, so that a menu, a counter or a new layout is no news.

use super::NewsError;
use super::block;
use super::post::{Passage, Post, link};
use crate::text::encoding::Encoding;

/// A page beyond so many blocks is read so far.
const MOST_BLOCKS: usize = 5_000;

pub(super) fn posts(bytes: &[u8], address: &str) -> Result<Vec<Post>, NewsError> {
    let text = decoded(bytes);
    let start = text.trim_start();
    if !start.starts_with('<') || start.to_ascii_lowercase().starts_with("<?xml") && start.contains("<rss") {
        return Err(NewsError::NotAPage);
    }
    let mut heading = String::new();
    let mut posts = Vec::new();
    let blocks = block::blocks(&text).map_err(|_| NewsError::Endless)?;
    for found in blocks.into_iter().take(MOST_BLOCKS) {
        if found.is_heading {
            heading.clone_from(&found.text);
        }
        let own = found.href.as_deref().and_then(|href| link(href, address));
        posts.push(Post {
            key: address.to_owned(),
            title: heading.clone(),
            link: own.unwrap_or_else(|| address.to_owned()),
            published_on: None,
            blocks: vec![Passage { text: found.text, has_struck: found.has_struck }],
        });
    }
    // A page that a script fills in, or one of an error.
    if posts.is_empty() { Err(NewsError::Blank) } else { Ok(posts) }
}

/// By mark, else UTF-8 when the bytes are, else by the page's own word, else Windows-1252.
fn decoded(bytes: &[u8]) -> String {
    let head: String = bytes.iter().take(2048).map(|b| char::from(*b).to_ascii_lowercase()).collect();
    let stated = head.split_once("charset=").map(|(_, rest)| {
        rest.trim_start_matches(['"', '\''])
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
            .collect::<String>()
    });
    let stated = stated.and_then(|label| Encoding::for_label(&label)).filter(|of| *of != Encoding::UTF_8);
    let found = Encoding::detect(bytes);
    let encoding = if found == Encoding::WINDOWS_1252 { stated.unwrap_or(found) } else { found };
    encoding.decode(bytes).into_owned()
}
