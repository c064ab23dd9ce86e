//! What the ministry publishes and what of it concerns a calendar (norma 6.1: “acompanhará comunicação do MDS”). Pure.
//!
//! A finding is a proposal to people: dates and windows in it are guesses, and none ever opens or moves a window.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::{Date, Time};

use super::feed::Source;
use super::id::{FeedId, Reference, SystemId};

/// Where news comes from (`[noticia.X]` of `fontes.toml`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewsSpec {
    /// Its id.
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

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// *abertura*: a window opens.
    Opening,
    /// *prorrogacao*: a deadline moves.
    Extension,
    /// *instabilidade*: a system is down or suspended.
    Outage,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 3] = [Self::Opening, Self::Extension, Self::Outage];

    /// The word in configuration and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opening => "abertura",
            Self::Extension => "prorrogacao",
            Self::Outage => "instabilidade",
        }
    }

    /// Reads the word of the store.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_str() == text)
    }

    /// Words that tell it in the ministry's Portuguese, unless the configuration has others.
    #[must_use]
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
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_ascii_lowercase())
    }

    /// As shown to operators.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

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

/// Why a sentence with the right words and a date may not say that this date is the system's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NewsDoubt {
    /// *negado*: it says that it is not so.
    Denied,
    /// *incerto*: it may come to be so, was asked for, or is hearsay.
    Uncertain,
    /// *retificado*: it corrects, revokes or strikes out something; which date stands is for a reader.
    Rectified,
    /// *`outro_sistema`*: it names several systems.
    OtherSystem,
    /// *`outro_assunto`*: it tells of a course, a conference, an account to render.
    OtherSubject,
    /// *`outro_publico`*: it is about some states, some municipalities, or some of those who fill in.
    OtherPublic,
    /// *`abertura_mudou`*: what moves seems to be the opening and not the deadline.
    OpeningMoved,
    /// *`varias_datas`*: several dates or hours could be the one.
    SeveralDates,
}

impl NewsDoubt {
    /// Every doubt.
    pub const ALL: [Self; 8] = [
        Self::Denied,
        Self::Uncertain,
        Self::Rectified,
        Self::OtherSystem,
        Self::OtherSubject,
        Self::OtherPublic,
        Self::OpeningMoved,
        Self::SeveralDates,
    ];

    /// The word in the store and in `--json`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "negado",
            Self::Uncertain => "incerto",
            Self::Rectified => "retificado",
            Self::OtherSystem => "outro_sistema",
            Self::OtherSubject => "outro_assunto",
            Self::OtherPublic => "outro_publico",
            Self::OpeningMoved => "abertura_mudou",
            Self::SeveralDates => "varias_datas",
        }
    }

    /// Reads the word of the store.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|doubt| doubt.as_str() == text)
    }
}

/// Something published that may concern a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its name.
    pub id: FindingId,
    /// Which source.
    pub feed: FeedId,
    /// Which system.
    pub system: SystemId,
    /// What about.
    pub topic: Topic,
    /// Title of the post, or of the page's section; one line.
    pub title: String,
    /// Where to read it.
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
    #[must_use]
    pub fn newest_day(&self) -> Option<Date> {
        self.published_on.or(self.guess.deadline_on).or(self.guess.opens_on)
    }
}
