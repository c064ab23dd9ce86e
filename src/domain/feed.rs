//! What a feed (fonte) is told to be: where it is, how it reads, what its columns mean. Pure.
//!
//! Declared in `fontes.toml`, compiled by `config`, carried out by `feed`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::SignedDuration;

use super::id::{FeedId, PartId, Reference, SystemId};
use super::status::State;
use crate::text::words::Words;

/// One feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedSpec {
    /// Its id; names its drop folder.
    pub id: FeedId,
    /// Whether it runs on its own. A disabled feed can still be loaded by hand.
    pub enabled: bool,
    /// The system that it speaks of.
    pub system: SystemId,
    pub source: Source,
    /// How its bytes read.
    pub format: Format,
    /// What its rows mean.
    pub mapping: Mapping,
    /// Fewer known municipalities than this and the snapshot is not believed.
    pub minimum: usize,
    /// Whether the original bytes are kept as evidence (public pages only).
    pub keep_original: bool,
}

/// Where a feed comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Files put into `DADOS/entrada/FONTE/`.
    Folder,
    /// Only by `importar`.
    Manual,
    /// Fetched.
    Http {
        /// URL; may hold `{uf} {ibge6} {ibge7} {unidade} {referencia:%m/%Y}`.
        url: String,
        /// Cron expression in the calendar's zone (five fields), as written.
        schedule: String,
        /// How a request behaves.
        manners: Manners,
    },
}

/// How requests of a feed behave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manners {
    /// Hosts that a redirect may lead to besides the URL's own, and that may stand in an internal network.
    pub hosts: Vec<String>,
    /// Time-out of each request.
    pub timeout: SignedDuration,
    /// Most bytes of each answer, as sent and as expanded.
    pub max_bytes: u64,
    /// PEM file of authorities trusted besides the system's, for hosts that send an incomplete chain.
    pub authorities: Option<PathBuf>,
    /// Rest between two requests of one run.
    pub pause: SignedDuration,
    /// Most pages of a run over municipalities or units that may fail; those are *não confirmado* then. One more and
    /// the whole run is not believed.
    pub tolerated_failures: usize,
}

impl Manners {
    /// The ministry's pages take up to three minutes.
    pub const TIMEOUT: SignedDuration = SignedDuration::from_secs(180);
    /// Far more than any status page.
    pub const MAX_BYTES: u64 = 20 * 1024 * 1024;
    /// Half a minute for thirty pages: slower than a person who clicks.
    pub const PAUSE: SignedDuration = SignedDuration::from_secs(1);
    /// As with a fall of *concluído*: up to this many is never too much.
    pub const TOLERATED_FAILURES: usize = 5;
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            timeout: Self::TIMEOUT,
            max_bytes: Self::MAX_BYTES,
            authorities: None,
            pause: Self::PAUSE,
            tolerated_failures: Self::TOLERATED_FAILURES,
        }
    }
}

/// How a feed's bytes read. Adding a format touches this enum and one file in `feed`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// Delimited text.
    Csv {
        /// `;` or `,`; absent: detected.
        delimiter: Option<u8>,
        /// Encoding label; absent: detected (BOM, strict UTF-8, else Windows-1252).
        encoding: Option<String>,
        /// Line of the headings, from 1; absent: the first that is not blank.
        heading: Option<u32>,
    },
    /// An array of objects somewhere in a JSON document; a nested field is a column `unidade.id`.
    Json {
        /// Keys that lead to the array; none: the document itself is the array.
        path: Vec<String>,
    },
    /// What Solr answers with `wt=json`: `response.docs`, of which all pages together bring `response.numFound`.
    Solr,
    /// One table of an HTML page.
    Html {
        /// A text in its heading row, which tells it from the other tables of the page.
        table: String,
        /// Encoding label; absent: as the page says, else detected.
        encoding: Option<String>,
    },
    /// XLSX, XLS or ODS, told apart by content.
    Sheet {
        /// Name of the sheet; absent: the only visible one that holds every mapped column.
        name: Option<String>,
        /// Line of the headings, from 1; absent: the first that holds every mapped column.
        heading: Option<u32>,
    },
}

/// What a feed's rows mean. A column is named by its heading or by its position, `#1` being the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Which municipality a row is about.
    pub municipality: PlaceRule,
    /// Column with the unit's id, if rows are units.
    pub unit: Option<String>,
    /// Which part a row is about.
    pub part: PartRule,
    /// Which reference a row is about.
    pub reference: ReferenceRule,
    /// What a row says.
    pub meaning: Meaning,
    /// Column with the data's own date, and how it is written (strftime).
    pub dated: Option<(String, String)>,
    /// Words that the source writes where it has nothing (`-`, `NONE`).
    pub blanks: Vec<String>,
    /// Words in the municipality's column of rows that are no data (`Total`).
    pub ignored: Vec<String>,
}

/// Which municipality a row is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceRule {
    /// The one that the request named.
    Asked,
    /// A column has its code, of six or seven digits.
    Code(String),
    /// A column has its name. Only one that a single municipality of the roster has, written in full, names it.
    Name(String),
}

impl PlaceRule {
    /// The column, if there is one.
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Asked => None,
            Self::Code(column) | Self::Name(column) => Some(column),
        }
    }
}

/// Which part a row is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartRule {
    /// Always this one.
    Fixed(PartId),
    /// A column says, in these words (compared without case, accents or outer blanks).
    Column {
        column: String,
        /// Its words, each of one part or several; one that names a declared part needs no entry.
        words: Words<Vec<PartId>>,
    },
    /// The word of the situation says: each [`Says`] is [`Says::Parts`].
    Situation,
}

/// Which reference a row is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReferenceRule {
    /// The one that was asked for; else each window of the system that is open when the snapshot is taken.
    Open,
    /// Always this one.
    Fixed(Reference),
    /// A column says, written so (strftime, as `%m/%Y`).
    Column {
        column: String,
        /// How it is written.
        pattern: String,
    },
}

/// What a row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// *presenca*: a row means concluído; an expected municipality or unit without a row is pendente.
    Presence,
    /// *situacao*: a column says.
    Situation {
        column: String,
        /// What each word means (compared without case, accents or outer blanks).
        words: Words<Says>,
    },
    /// *contagem*: so many forms of so many are filled in. All: concluído; fewer: pendente; anything else is doubt.
    Count {
        /// Column with how many are.
        done: String,
        /// Column with how many there must be.
        expected: String,
    },
}

/// What one word of the source says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// The same of whatever part the row is about.
    Whole(Word),
    /// Something of each of these parts (“em avaliação no CMAS”: the manager's is done, the council's is not).
    Parts(BTreeMap<PartId, Word>),
}

/// What a word means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// A state.
    Is(State),
    /// `pendente_preenchido`: every question is answered and the form is not concluded. Pendente, in words of its own.
    FilledNotConcluded,
    /// `reaberto`: the source says outright that a concluded form was opened again. Pendente, and believed at once,
    /// where it would else have to be repeated twelve hours later.
    Reopened,
}

/// What is said of a form that lacks nothing but its conclusion.
const FILLED: &str = "preenchido, falta concluir";

impl Word {
    /// The state.
    pub fn state(self) -> State {
        match self {
            Self::Is(state) => state,
            Self::FilledNotConcluded | Self::Reopened => State::Pending,
        }
    }

    /// The wording that rows keep for the source's own word. What is said of the form stands before that word in quotation
    /// marks; a word that would read like it is put into quotation marks itself.
    pub fn kept_as(self, written: &str) -> Cow<'_, str> {
        match self {
            Self::FilledNotConcluded => Cow::Owned(format!("{FILLED} (“{written}”)")),
            Self::Is(_) | Self::Reopened if Self::said_of_form(written).is_some() => {
                Cow::Owned(format!("“{written}”"))
            }
            Self::Is(_) | Self::Reopened => Cow::Borrowed(written),
        }
    }

    /// What a wording, as rows keep it, says of the form: nothing where it is the source's own word alone, which is for
    /// staff and for no letter.
    pub fn said_of_form(wording: &str) -> Option<&'static str> {
        let quoted = wording.strip_prefix(FILLED)?.strip_prefix(" (“")?;
        quoted.ends_with("”)").then_some(FILLED)
    }
}
