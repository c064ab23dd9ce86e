//! The command line, parsed: what an operator asked for, as a value.
//!
//! clap stays behind `line` (what may be written) and `sense` (what it means); nothing here opens a file or reads a clock. A municipality stays as typed, since only the
//! roster knows names, and an instant without a zone waits for the calendar's.

mod asked;
mod line;
mod options;
mod sense;
#[cfg(test)]
mod tests;
mod value;
mod watch;

pub use asked::{
    Apply, Change, Choice, Diary, Extend, Feed, Ledger, LetterFormat, Moment, News, Note, NoteChange, Orders,
    Override, Register, ReportFormat, Sample, SampleOf, Scope, Shell, Signature, Values,
};
pub(super) use sense::Fault;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use jiff::civil::Date;

use super::usage::{self, Exit};
use crate::domain::id::{EmailAddress, FeedId, WindowId};

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
