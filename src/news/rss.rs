//! RSS and Atom to posts. Pure.

use std::io::{self, Read};

use feed_rs::model::Entry;
use jiff::Timestamp;
use jiff::civil::Date;

use super::NewsError;
use super::block::{self, Block};
use super::post::{MOST_POSTS, Passage, Post, link};
use crate::contain::is_given_up;
use crate::domain::time::Zone;
use crate::format::tag::Lengths;

/// A post beyond so many bytes is read so far.
const MOST_BYTES: usize = 256 * 1024;

/// The newest posts.
pub(super) fn posts(bytes: &[u8], address: &str, zone: &Zone) -> Result<Vec<Post>, NewsError> {
    Lengths::default().take(bytes).map_err(|_| NewsError::NotAFeed)?;
    let feed = feed_rs::parser::Builder::new().sanitize_content(false).build().parse(Heeding(bytes));
    let feed = feed.map_err(|_| NewsError::NotAFeed)?;
    let posts: Vec<Post> =
        feed.entries.into_iter().take(MOST_POSTS).map(|entry| post(entry, address, zone)).collect();
    // A portal that published nothing yet looks like an address that is no longer in use.
    let is_blank = posts.iter().all(|post| post.title.is_empty() && post.blocks.is_empty());
    if is_blank { Err(NewsError::NoPosts) } else { Ok(posts) }
}

/// Bytes of which no more are read once nobody waits for them.
struct Heeding<'b>(&'b [u8]);

impl Read for Heeding<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if is_given_up() { Err(io::ErrorKind::TimedOut.into()) } else { self.0.read(buffer) }
    }
}

fn post(entry: Entry, address: &str, zone: &Zone) -> Post {
    let own = entry.links.iter().find(|l| l.rel.as_deref().is_none_or(|rel| rel == "alternate"));
    let own = own.or(entry.links.first()).and_then(|l| link(&l.href, address));
    let title = entry.title.map(|title| title.content).unwrap_or_default();
    let title =
        block::blocks_of_post(&title).into_iter().map(|block| block.text).collect::<Vec<_>>().join(" ");
    let summary = entry.summary.map(|summary| summary.content).unwrap_or_default();
    let body = entry.content.and_then(|content| content.body).unwrap_or_default();
    // WordPress gives the beginning in one and the whole in the other.
    let mut text = if body.len() >= summary.len() { body } else { summary };
    text.truncate(text.floor_char_boundary(MOST_BYTES));
    let day =
        |at: Option<i64>| -> Option<Date> { Some(zone.date_of(Timestamp::from_millisecond(at?).ok()?)) };
    let published = day(entry.published.map(|at| at.timestamp_millis()));
    let updated = day(entry.updated.map(|at| at.timestamp_millis()));
    Post {
        key: entry.id,
        title,
        link: own.unwrap_or_else(|| address.to_owned()),
        published_on: published.max(updated),
        blocks: block::blocks_of_post(&text)
            .into_iter()
            .map(|Block { text, has_struck, .. }| Passage { text, has_struck })
            .collect(),
    }
}
