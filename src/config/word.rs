//! Tables of words that operators write in `fontes.toml`.

use super::locate::Log;
use super::node::Node;
use super::read::Reader;
use crate::text::words::Words;

/// A table from words of a source to ours. Two that the source would not tell apart must mean the same.
pub(super) fn words<T: PartialEq>(
    node: &Node,
    log: &Log,
    key: &str,
    read: impl Fn(&Node, &Log) -> Option<T>,
) -> Option<Words<T>> {
    // Not read for its keys but for whether it is a table.
    Reader::of(node, format!("`{key}`"), log)?;
    let mut words = Words::default();
    for entry in node.entries() {
        let Some(meant) = read(&entry.node, log) else { continue };
        if let Err(twin) = words.insert(entry.key.trim(), meant) {
            log.error(&entry.key_spot, twin.to_string(), "deixe uma das duas, com o sentido certo");
        }
    }
    Some(words)
}
