//! The command line, parsed: what an operator asked for, as a value.
//!
//! clap stays behind `line` (what may be written) and `sense` (what it means); nothing here opens a file or reads a clock. A municipality stays as typed, since only the
//! roster knows names, and an instant without a zone waits for the calendar's.

mod line;
mod sense;
#[cfg(test)]
mod tests;
mod value;
mod watch;

pub(super) use sense::Fault;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};

use super::usage::{self, Exit};
use crate::domain::id::{EmailAddress, FeedId, PartId, SnapshotId, SystemId, UnitId, WindowId};
use crate::domain::news::FindingId;
use crate::domain::notice::Kind;
use crate::domain::overrides::BatchId;
use crate::domain::register::ProposalKind;

/// One run of the program, as asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// `--config DIR`, or `VIGIA_CONFIG`; absent: the usual places.
    pub config: Option<PathBuf>,
    /// `--json`: data as JSON.
    pub json: bool,
    /// `--em INSTANTE`: now, or as known then; absent: the machine's clock. Never there where a command ignores it.
    pub at: Option<Moment>,
    /// How many times `-v`: 0 as configured, 1 debug, 2 and more trace.
    pub verbosity: u8,
    /// What to do.
    pub command: Command,
}

/// What to do, by its English alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `servir`
    Run {
        /// `--uma-vez`: one pass, then end.
        once: bool,
    },
    /// `verificar`
    Check,
    /// `agenda`; when both days are there, `from` is not after `until`.
    Calendar {
        /// `--de`
        from: Option<Date>,
        /// `--ate`, inclusive.
        until: Option<Date>,
        /// `--ics ARQUIVO`; `-` is stdout.
        ics: Option<PathBuf>,
    },
    /// `plano`
    Plan,
    /// `plano --contra DIR`
    Contrast {
        /// The other configuration.
        against: PathBuf,
        /// `--ate`: the last day compared.
        until: Option<Date>,
    },
    /// `aplicar DIR` or `aplicar --voltar`
    Apply(Apply),
    /// `prorrogar JANELA`
    Extend(Extend),
    /// `saude`
    Health,
    /// `decisoes`
    Orders(Orders),
    /// `anotar MUNICIPIO JANELA`
    Note(Note),
    /// `simular`; `from` is not after `until`.
    Simulate {
        /// `--de`
        from: Date,
        /// `--ate`, inclusive.
        until: Date,
        /// `--situacoes ARQ.csv`
        statuses: Option<PathBuf>,
        /// `--saida DIR`
        output: Option<PathBuf>,
        /// `--resumo`
        diary: Diary,
        /// `--por-semana`: more letters than that in seven days deserve a warning.
        weekly: u16,
    },
    /// `porque MUNICIPIO JANELA`
    Why {
        /// As typed: a code of seven or six digits, or a name.
        municipality: String,
        /// The window.
        window: WindowId,
    },
    /// `situacao`
    Status {
        /// `--janela`
        window: Option<WindowId>,
        /// `--municipio`, as typed.
        municipality: Option<String>,
    },
    /// `importar FONTE ARQUIVO`
    Ingest {
        /// Which feed.
        feed: FeedId,
        /// The file to load.
        file: PathBuf,
    },
    /// `fontes`
    Feeds {
        /// One feed, with its last snapshots; absent: all.
        feed: Option<FeedId>,
    },
    /// `fonte`
    Feed(Feed),
    /// `relatorio`
    Report {
        /// `--formato`
        format: ReportFormat,
        /// `--janela`
        window: Option<WindowId>,
    },
    /// `dossie MUNICIPIO`
    Dossier {
        /// As typed.
        municipality: String,
        /// `--janela`
        window: Option<WindowId>,
        /// `--saida DIR`
        output: Option<PathBuf>,
    },
    /// `livro`
    Ledger(Ledger),
    /// `carta`
    Letter {
        /// Which letter.
        sample: Sample,
        /// `--formato`
        format: LetterFormat,
    },
    /// `carta --todas`
    Letters {
        /// `--sistema` or `--janela`; absent: every system.
        of: Option<SampleOf>,
        /// `--municipio`, as typed; absent: all.
        municipality: Option<String>,
        /// `--saida DIR`
        output: PathBuf,
    },
    /// `carta --observar`
    WatchLetter {
        /// Which letter.
        sample: Sample,
        /// `--formato`
        format: LetterFormat,
        /// `--saida DIR`; absent: stdout.
        output: Option<PathBuf>,
    },
    /// `enviar-teste ENDERECO`
    SendTest {
        /// To whom.
        to: EmailAddress,
        /// Which letter.
        sample: Sample,
    },
    /// `devolucao`: the message is on stdin.
    Bounce,
    /// `reter`
    Hold {
        /// What stops.
        scope: Scope,
        /// `--ate`: the last day on which it stops.
        until: Option<Date>,
        /// By whom and why.
        signature: Signature,
    },
    /// `liberar`
    Release {
        /// What goes on.
        scope: Scope,
        /// By whom and why.
        signature: Signature,
    },
    /// `dispensar MUNICIPIO JANELA`
    Exempt(Override),
    /// `contestar MUNICIPIO JANELA`
    Dispute(Override),
    /// `completar SHELL`
    Complete(Shell),
    /// `completar --valores O_QUE`: asked by the script that `completar` writes.
    Values(Values),
    /// `manual DIR`
    Manual(PathBuf),
    /// `cadastro`
    Register(Register),
    /// `noticias`
    News(News),
}

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

impl Command {
    /// Whether it is about the service and its ledger, and so can be done with the last good configuration while the
    /// files have faults. What judges the files, or shows what they say, cannot.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        match self {
            Self::Run { once } => !once,
            Self::Plan
            | Self::Contrast { .. }
            | Self::Apply(_)
            | Self::Health
            | Self::Orders(_)
            | Self::Note(_)
            | Self::Why { .. }
            | Self::Status { .. }
            | Self::Ingest { .. }
            | Self::Report { .. }
            | Self::Dossier { .. }
            | Self::Ledger(_)
            | Self::Bounce
            | Self::Values(_)
            | Self::Hold { .. }
            | Self::Release { .. }
            | Self::Exempt(_)
            | Self::Dispute(_)
            | Self::Feeds { .. }
            | Self::Feed(_)
            | Self::Register(_)
            | Self::News(_) => true,
            Self::Check
            | Self::Calendar { .. }
            | Self::Simulate { .. }
            | Self::Letter { .. }
            | Self::Letters { .. }
            | Self::WatchLetter { .. }
            | Self::SendTest { .. }
            | Self::Complete(_)
            | Self::Manual(_)
            | Self::Extend(_) => false,
        }
    }
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

/// Reads the command line, the program's name first.
///
/// # Errors
/// [`Exit`] when there is nothing left to do but print: help and version (exit 0), or a usage fault (exit 2).
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Invocation, Exit> {
    parse_in(args, None, &|name| std::env::var_os(name))
}

/// Every command as clap knows it, in Portuguese: for completions and manual pages.
pub(super) fn command() -> clap::Command {
    usage::in_portuguese(line::command())
}

/// [`parse`] with the terminal's width and the environment given.
fn parse_in(
    args: impl IntoIterator<Item = OsString>,
    width: Option<usize>,
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Invocation, Exit> {
    let named = std::iter::once(OsString::from(usage::PROGRAM));
    let args: Vec<OsString> = named.chain(args.into_iter().skip(1)).collect();
    let command = line::command();
    let command = usage::in_portuguese(match width {
        Some(width) => command.term_width(width),
        None => command,
    });
    let line = line::read(&command, &args).map_err(|error| usage::translate(&error, &command, &args))?;
    let variable = |name| variable(name).filter(|value: &OsString| value.as_os_str() != OsStr::new(""));
    line.into_invocation(&variable).map_err(|fault| usage::refuse(&fault, &command, &args))
}
