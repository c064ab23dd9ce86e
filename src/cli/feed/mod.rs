//! `fontes`, `fonte`: how the feeds stand, what people say of their snapshots, trying one without believing it, and
//! proposing one for a file.

mod attempt;
mod list;
mod propose;
mod rule;

pub(super) use attempt::attempt;
pub(super) use list::{in_words, list};
pub(super) use propose::propose;
pub(super) use rule::rule;

use super::session::{Failure, Result, Session};
use crate::domain::feed::{FeedSpec, Source};
use crate::domain::id::FeedId;
use crate::render::portuguese;

/// The feed of that name, or which there are.
pub(super) fn declared<'a>(session: &'a Session, feed: &FeedId) -> Result<&'a FeedSpec> {
    session.setup.config.feeds.iter().find(|spec| spec.id == *feed).ok_or_else(|| {
        let known: Vec<&str> = session.setup.config.feeds.iter().map(|spec| spec.id.as_str()).collect();
        let hint = if known.is_empty() {
            "nenhuma fonte foi declarada ainda; há exemplos no próprio arquivo".to_owned()
        } else {
            format!("as fontes são {}", portuguese::list(&known))
        };
        Failure::refused(format!("erro: não há fonte “{feed}” em fontes.toml\ndica: {hint}"))
    })
}

/// Where a feed comes from, in the configuration's word.
fn origin(spec: &FeedSpec) -> &'static str {
    match spec.source {
        Source::Folder => "pasta",
        Source::Manual => "manual",
        Source::Http { .. } => "http",
    }
}
