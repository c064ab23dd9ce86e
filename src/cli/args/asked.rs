//! What commands are asked with: choices, signatures, formats. Plain values; clap stands behind `line` and `options`.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};

use crate::domain::id::{FeedId, PartId, SnapshotId, SystemId, UnitId, WindowId};
use crate::domain::news::FindingId;
use crate::domain::notice::Kind;
use crate::domain::overrides::BatchId;
use crate::domain::register::ProposalKind;

/// Whether `simular` tells every decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Diary {
    /// One line for each.
    Shown,
    /// Only what it comes to.
    LeftOut,
}

/// A shell that completes words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Shell {
    /// bash
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
}

/// Words that only the configuration knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Values {
    /// Windows open now or about to open.
    #[value(name = "janela")]
    Windows,
    /// Feeds.
    #[value(name = "fonte")]
    Feeds,
    /// Codes of municipalities.
    #[value(name = "municipio")]
    Municipalities,
    /// Systems.
    #[value(name = "sistema")]
    Systems,
    /// Parts.
    #[value(name = "parte")]
    Parts,
}

/// `aplicar`: a configuration to install.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apply {
    /// The folder to install; absent: `--voltar`, the last one kept.
    pub from: Option<PathBuf>,
    /// `--ate`: the last day compared.
    pub until: Option<Date>,
    /// `--sim`: do not ask.
    pub yes: bool,
    /// `--confirmar`: so many letters change, as the table said.
    pub confirm: Option<usize>,
    /// `--autor`, or the login name.
    pub author: String,
}

/// `prorrogar`: a deadline announced anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extend {
    /// The window.
    pub window: WindowId,
    /// `--para`: the new deadline's day.
    pub deadline: Date,
    /// `--hora`: its time, when not the window's own.
    pub at: Option<Time>,
    /// `--fonte`
    pub source: String,
    /// `--anunciada`; absent: today.
    pub announced: Option<Date>,
    /// `--municipios`, as typed; empty: all.
    pub municipalities: Vec<String>,
    /// `--sim`: do not ask.
    pub yes: bool,
    /// `--confirmar`: the new date again, where it is earlier than the old one.
    pub confirm: Option<Date>,
    /// `--autor`, or the login name.
    pub author: String,
}

/// `decisoes`
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Orders {
    /// Those in force, or, with `--todas`, also those that ended.
    List {
        /// `--todas`
        all: bool,
    },
    /// `--desfazer ID`
    Undo {
        /// Which one, as listed.
        id: String,
        /// By whom and why.
        signature: Signature,
    },
}

/// `anotar`: a telephone call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// As typed.
    pub municipality: String,
    /// The window.
    pub window: WindowId,
    /// `--telefone`
    pub telephone: Option<String>,
    /// To note it or to undo the last note.
    pub change: NoteChange,
    /// By whom; the reason is the call's result, or why it is undone.
    pub signature: Signature,
}

/// Whether a call is noted or its note undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteChange {
    /// It was made, and the ladder does not wait.
    Made,
    /// It was made, and the ladder waits so many days after today (`--pausar`).
    PauseFor(u16),
    /// It was made, and the ladder waits until that day (`--ate`).
    PauseUntil(Date),
    /// `--desfazer`
    Lift,
}

/// What to do with what the register of units proposes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Register {
    /// `cadastro`
    List {
        /// Which proposals.
        choice: Choice,
        /// `--recusadas`: also those that were refused.
        refused: bool,
    },
    /// `cadastro aplicar`
    Apply {
        /// Which proposals.
        choice: Choice,
        /// `--sim`: without asking.
        unasked: bool,
        /// `--autor`, or the login name.
        author: String,
    },
    /// `cadastro recusar`
    Refuse {
        /// Which proposals; at least one criterion is there.
        choice: Choice,
        /// By whom and why.
        signature: Signature,
    },
    /// `cadastro carregar NOME ARQUIVO`
    Load {
        /// Which register.
        register: FeedId,
        /// The file to load.
        file: PathBuf,
        /// `--motivo`: taken however small it is.
        waived: Option<Signature>,
    },
}

/// Which proposals: those that meet every criterion that is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// By their names, as typed.
    pub proposals: Vec<String>,
    /// `--so`
    pub kinds: Vec<ProposalKind>,
    /// `--unidade`
    pub units: Vec<UnitId>,
}

/// What to do with the news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// `noticias`
    List {
        /// `--desde`: everything from this civil day on; absent: what nobody has seen.
        since: Option<Date>,
    },
    /// `noticias visto NOTICIA…`
    Seen {
        /// Which, at least one.
        findings: Vec<FindingId>,
        /// By whom, and what they did.
        signature: Signature,
    },
}

/// What to do with the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ledger {
    /// `livro`
    List {
        /// `--janela`
        window: Option<WindowId>,
        /// `--municipio`, as typed.
        municipality: Option<String>,
        /// `--desde`: entries of this civil day and after.
        since: Option<Date>,
    },
    /// `livro conferir`
    Verify,
}

/// What to do with a feed or a snapshot of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Feed {
    /// `fonte aceitar COLETA`
    Accept {
        /// Which snapshot.
        snapshot: SnapshotId,
        /// By whom and why.
        signature: Signature,
    },
    /// `fonte recusar COLETA`
    Reject {
        /// Which snapshot.
        snapshot: SnapshotId,
        /// By whom and why.
        signature: Signature,
    },
    /// `fonte experimentar FONTE`
    Try {
        /// Which feed.
        feed: FeedId,
        /// A file in place of what the feed would fetch.
        file: Option<PathBuf>,
    },
}

/// A letter to show or to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// `--tipo`
    pub kind: Kind,
    /// `--sistema` or `--janela`
    pub of: SampleOf,
    /// `--municipio`, as typed.
    pub municipality: Option<String>,
}

/// What a sample letter is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SampleOf {
    /// The system's current or next window.
    System(SystemId),
    /// This window.
    Window(WindowId),
}

/// What to hold or release. The domain's `HoldScope` before the municipality is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// `--tudo`
    All,
    /// `--janela`
    Window(WindowId),
    /// `--municipio`, as typed.
    Municipality(String),
    /// `--lote`
    Batch(BatchId),
}

/// By whom and why. Neither is blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// `--autor`, or the login name (`SUDO_USER`, then `USER`).
    pub author: String,
    /// `--motivo`
    pub reason: String,
}

/// A decision by hand on one municipality in one window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// As typed.
    pub municipality: String,
    /// The window.
    pub window: WindowId,
    /// `--parte`; absent: all.
    pub part: Option<PartId>,
    /// To make it or to undo it.
    pub change: Change,
    /// By whom and why.
    pub signature: Signature,
}

/// Whether a decision by hand is made or undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It counts from now on.
    Set {
        /// `--ate`: the last day on which it counts.
        until: Option<Date>,
    },
    /// `--desfazer`
    Lift,
}

/// An instant as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// RFC 3339, offset included.
    Instant(Timestamp),
    /// A local date and time, in the calendar's zone.
    Civil(DateTime),
    /// A local date; the command knows whether its start or its end is meant.
    Day(Date),
}

/// How to write a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ReportFormat {
    /// `texto`
    #[value(name = "texto")]
    Text,
    /// `csv`
    Csv,
}

/// How to write a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LetterFormat {
    /// `texto`
    #[value(name = "texto")]
    Text,
    /// `html`
    Html,
    /// `eml`: the bytes that would leave.
    Eml,
}
