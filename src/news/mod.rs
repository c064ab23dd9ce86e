//! News: a feed or a page to posts, and posts to findings. Pure, bounded, and never fails on what a post holds. A source
//! that brings no post or no word is no calm one: it is not read, which is told after some days.
//!
//! Reading order: `post` (what a source gives), `rss` and `page` (bytes to posts), `block` (HTML to blocks of text),
//! `word` (tokens, sentences, phrases), `date` and `period` (guesses), `sense` and `plain` (may it mean something
//! else, or say more?), `find` (posts to findings).

mod block;
mod date;
mod find;
mod page;
mod period;
mod plain;
mod post;
mod rss;
mod sense;
#[cfg(test)]
mod tests;
mod word;

use jiff::civil::Date;

use crate::domain::calendar::Calendar;
use crate::domain::news::{Finding, NewsFormat, NewsSpec};
use crate::domain::time::Zone;

/// What posts are read against.
#[derive(Debug, Clone, Copy)]
pub struct NewsGround<'a> {
    pub calendar: &'a Calendar,
    /// The civil day of the look.
    pub today: Date,
    /// Where the source is, for posts without a link of their own.
    pub address: &'a str,
}

/// Why a source of news could not be read. Displayed to operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NewsError {
    /// No bytes.
    #[error("a resposta veio vazia")]
    Empty,
    /// Neither RSS nor Atom.
    #[error("a resposta não é RSS nem Atom: confira o endereço, ou use `tipo = \"pagina\"`")]
    NotAFeed,
    /// Not HTML.
    #[error("a resposta não é uma página HTML: confira o endereço, ou use `tipo = \"rss\"`")]
    NotAPage,
    /// RSS or Atom without a post that has a word.
    #[error(
        "a resposta é RSS ou Atom, mas não traz nenhuma publicação: confira o endereço; enquanto o portal não publicar \
         nada ali, nada é acompanhado"
    )]
    NoPosts,
    /// HTML without a word.
    #[error("a página não tem texto nenhum: confira o endereço, ou se ela só aparece com JavaScript")]
    Blank,
    /// A tag that no tokenizer should see.
    #[error("a página tem uma marca com atributos demais e não foi lida: confira o endereço")]
    Endless,
}

/// Everything of a load that may concern a window, each finding once.
///
/// # Errors
/// [`NewsError`] when it is not of the format; whatever lies inside is read as far as it goes.
pub fn find(spec: &NewsSpec, bytes: &[u8], ground: &NewsGround<'_>) -> Result<Vec<Finding>, NewsError> {
    if bytes.trim_ascii().is_empty() {
        return Err(NewsError::Empty);
    }
    let zone: &Zone = &ground.calendar.hours.zone;
    let posts = match spec.format {
        NewsFormat::Feed => rss::posts(bytes, ground.address, zone)?,
        NewsFormat::Page => page::posts(bytes, ground.address)?,
    };
    Ok(find::find(spec, &posts, ground))
}
