//! What the ministry publishes and what of it concerns a calendar (norma 6.1: “acompanhará comunicação do MDS”). Pure.
//!
//! A finding is a proposal to people: dates and windows in it are guesses, and none ever opens or moves a window.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};

use super::feed::Source;
use super::id::{FeedId, Reference, SystemId};
use crate::text::words::{shown, words};

/// Where news comes from (`[noticia.X]` of `fontes.toml`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewsSpec {
    pub id: FeedId,
    /// Whether it is watched.
    pub enabled: bool,
    /// Where it is; always fetched.
    pub source: Source,
    /// How it reads.
    pub format: NewsFormat,
    /// Which words tell what; a word ending in `*` is the beginning of one.
    pub words: BTreeMap<Topic, Vec<String>>,
    /// Which words name which system.
    pub systems: BTreeMap<SystemId, Vec<String>>,
    /// What was published more days ago is recorded and no longer told.
    pub recent_days: u16,
}

/// How a source of news reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewsFormat {
    /// RSS or Atom.
    Feed,
    /// An HTML page, watched block by block.
    Page,
}

words! {
    /// What a finding is about.
    pub enum Topic {
        /// *abertura*: a window opens.
        Opening "abertura",
        /// *prorrogacao*: a deadline moves.
        Extension "prorrogacao",
        /// *instabilidade*: a system is down or suspended.
        Outage "instabilidade",
    }
}

impl Topic {
    /// Words that tell it in the ministry's Portuguese, unless the configuration has others.
    pub fn usual_words(self) -> &'static [&'static str] {
        match self {
            Self::Opening => &[
                "abertura",
                "aberto*",
                "aberta*",
                "abre",
                "abrem",
                "abrirá",
                "inicia*",
                "início",
                "começa*",
                "período de preenchimento",
                "prazo para preenchimento",
                "prazo de preenchimento",
                "disponível para preenchimento",
            ],
            Self::Extension => &[
                "prorrog*",
                "adia*",
                "estend*",
                "extensão do prazo",
                "ampliação do prazo",
                "amplia o prazo",
                "novo prazo",
                "novos prazos",
                "nova data",
                "reabert*",
            ],
            Self::Outage => &[
                "instabilidade*",
                "indispon*",
                "fora do ar",
                "manutenção",
                "suspens*",
                "suspend*",
                "inoperante*",
                "lentidão",
                "problemas técnicos",
            ],
        }
    }
}

/// The name of a finding: twelve hexadecimal digits over what was found, so that the same is found once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingId(String);

impl FindingId {
    /// As shown to operators; also takes what they type.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_ascii_lowercase())
    }

    /// As shown to operators.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

shown!(FindingId);

/// What dates and periods a quote seems to tell. Guesses, all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guess {
    /// First day: of the window, or of the outage.
    pub opens_on: Option<Date>,
    /// The (new) deadline.
    pub deadline_on: Option<Date>,
    /// The hour of that day, where the text names another than its end.
    pub deadline_at: Option<Time>,
    /// Periods that the text names, the likeliest first.
    pub references: Vec<Reference>,
    /// The dates as written, in order.
    pub written: Vec<String>,
    /// Why the text may mean something else, each once. With a doubt the dates above are proposed to nobody.
    pub doubts: Vec<NewsDoubt>,
}

words! {
    /// Why a sentence with the right words and a date may not say that this date is the system's.
    pub enum NewsDoubt {
        /// *negado*: it says that it is not so.
        Denied "negado",
        /// *incerto*: it may come to be so, was asked for, or is hearsay.
        Uncertain "incerto",
        /// *retificado*: it corrects, revokes or strikes out something; which date stands is for a reader.
        Rectified "retificado",
        /// *`outro_sistema`*: it names several systems.
        OtherSystem "outro_sistema",
        /// *`outro_assunto`*: it tells of a course, a conference, an account to render.
        OtherSubject "outro_assunto",
        /// *`outro_publico`*: it is about some states, some municipalities, or some of those who fill in.
        OtherPublic "outro_publico",
        /// *`abertura_mudou`*: what moves seems to be the opening and not the deadline.
        OpeningMoved "abertura_mudou",
        /// *`varias_datas`*: several dates or hours could be the one.
        SeveralDates "varias_datas",
        /// *`ressalva`*: it says more than a plain announcement does: perhaps of whom it is true, or since when.
        Qualified "ressalva",
    }
}

/// Something published that may concern a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its name.
    pub id: FindingId,
    /// Which source.
    pub feed: FeedId,
    pub system: SystemId,
    pub topic: Topic,
    /// Title of the post, or of the page's section; one line.
    pub title: String,
    pub link: String,
    /// The sentence; one line.
    pub quote: String,
    /// The civil day of publication; absent on a plain page.
    pub published_on: Option<Date>,
    /// What it seems to say.
    pub guess: Guess,
}

impl Finding {
    /// The newest day that it speaks of, as far as anybody can tell.
    pub fn newest_day(&self) -> Option<Date> {
        self.published_on.or(self.guess.deadline_on).or(self.guess.opens_on)
    }
}
