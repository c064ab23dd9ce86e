//! The command line, parsed: what an operator asked for, as a value.
//!
//! What may be written stands beside what it becomes: clap fills in the structs that the commands read. Here is what
//! clap cannot see (arguments that must agree) and what the environment gives. Nothing here opens a file or reads a
//! clock. A municipality stays as typed, since only the roster knows names, and an instant without a zone waits for the
//! calendar's.

mod by_hand;
mod command;
mod feed;
mod login;
mod options;
mod register;
#[cfg(test)]
mod tests;
mod value;

pub(super) use by_hand::{Apply, Contact, ContactVerb, Extend, Keep, Note, Orders, Override, Scope, Undo};
pub(super) use command::{ClockVerb, Command, PanelVerb};
pub(super) use feed::{Feed, Propose};
pub(super) use options::{
    ChannelToTest, Filter, Ledger, LedgerVerb, Letter, LetterFormat, ListFormat, Moment, Reduce, Relocate,
    ReportFormat, Ruling, Sample, SampleOf, Shell, Signature, Simulate, Subject, Values,
};
pub(super) use register::{Choice, Named, News, NewsVerb, Register, RegisterVerb, Waiver};

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, CommandFactory as _, FromArgMatches as _, Parser};
use jiff::civil::Date;

use super::usage::{self, Exit};

/// One run of the program, as asked for.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(name = "vigia-suas", version)]
#[command(about = "Acompanha as janelas dos sistemas da REDE SUAS e avisa os municípios (norma BES Nº 08)")]
#[command(after_help = "Exemplo:\n  vigia-suas verificar\n\n\
    Entre colchetes, o nome do comando em inglês.\n\
    Saída: 0 feito; 1 resposta negativa; 2 uso incorreto; 3 não foi possível.")]
#[command(arg_required_else_help = true)]
pub(super) struct Invocation {
    /// Or `VIGIA_CONFIG`; absent: the usual places.
    #[arg(long, global = true, value_name = "DIR")]
    #[arg(
        help = "Pasta da configuração [padrão: a variável VIGIA_CONFIG, senão config, senão /etc/vigia-suas]"
    )]
    pub(super) config: Option<PathBuf>,
    /// Data as JSON.
    #[arg(long, global = true, help = "Escreve os dados em JSON")]
    pub(super) json: bool,
    /// Now, or as known then; absent: the machine's clock. Never there where a command ignores it.
    #[arg(id = "em", long, global = true, value_name = "INSTANTE", value_parser = value::moment)]
    #[arg(help = "Como se agora fosse este instante: 2026-11-20T08:00:00-03:00, ou 2026-11-20T08:00 ou \
        2026-11-20 no fuso do calendário")]
    pub(super) at: Option<Moment>,
    /// How many times `-v`: 0 as configured, 1 debug, 2 and more trace.
    #[arg(id = "detalhado", short = 'v', long, global = true, action = clap::ArgAction::Count)]
    #[arg(help = "Registra mais detalhes; repita (-vv) para ainda mais")]
    pub(super) verbosity: u8,
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
}

/// A line that clap takes and we do not.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("--ate {until} vem antes de --de {from}")]
    Backwards { from: Date, until: Date },
    #[error("“--em” não se aplica a “{0}”")]
    Timeless(&'static str),
    #[error(
        "“--em” não se aplica a “cadastro”: de cada cadastro só se guarda a última carga, e é ela que ele mostra"
    )]
    LastLoad,
    #[error("“conferir” confere o livro inteiro: não aceita --janela, --municipio nem --desde")]
    WholeLedger,
    #[error("falta informar:\n  {0}")]
    Missing(&'static str),
    #[error("informe uma destas: {0}")]
    OneOf(&'static str),
    #[error("--saida só serve com --todas ou --observar")]
    StrayOutput,
    #[error("não sei quem está decidindo: informe --autor NOME")]
    Nobody,
}

impl Invocation {
    /// What clap cannot see: arguments that must agree.
    fn check(&self) -> Result<(), Fault> {
        match &self.command {
            Command::Calendar { from: Some(from), until: Some(until), .. }
            | Command::Simulate(Simulate { from, until, .. })
                if from > until =>
            {
                return Err(Fault::Backwards { from: *from, until: *until });
            }
            Command::Complete { shell: None, values: None } => return Err(Fault::Missing("<SHELL>")),
            Command::Ledger(Ledger { filter, since, verb: Some(_) })
                if *filter != Filter::default() || since.is_some() =>
            {
                return Err(Fault::WholeLedger);
            }
            Command::Letter(letter) if !letter.all && letter.sample().is_none() => {
                return Err(Fault::OneOf("--sistema ID, --janela ID"));
            }
            Command::Letter(Letter { all: false, watch: false, output: Some(_), .. }) => {
                return Err(Fault::StrayOutput);
            }
            Command::Register(Register { verb: Some(RegisterVerb::Refuse { named, .. }), .. })
                if *named == Named::default() =>
            {
                return Err(Fault::OneOf("PROPOSTA, --so TIPO, --unidade ID"));
            }
            Command::Register(Register { verb: None, .. }) if self.at.is_some() => {
                return Err(Fault::LastLoad);
            }
            _ => {}
        }
        let timeless = match &self.command {
            Command::Simulate(_) => "simular",
            Command::Ledger(Ledger { verb: Some(LedgerVerb::Reduce(_)), .. }) => return Ok(()),
            Command::Ledger(_) => "livro",
            Command::Dossier { .. } => "dossie",
            Command::Health => "saude",
            Command::Reload => "recarregar",
            Command::Complete { .. } => "completar",
            Command::Manual { .. } => "manual",
            _ => return Ok(()),
        };
        if self.at.is_some() { Err(Fault::Timeless(timeless)) } else { Ok(()) }
    }
}

/// Reads the command line, the program's name first.
///
/// # Errors
/// [`Exit`] when there is nothing left to do but print: help and version (exit 0), or a usage fault (exit 2).
pub(super) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Invocation, Exit> {
    // What is empty says nothing.
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    parse_in(args, None, &|name| match name {
        "USER" => variable(name).or_else(|| login::name().map(OsString::from)),
        _ => variable(name),
    })
}

/// Every command as clap knows it, in Portuguese: for completions and manual pages.
pub(super) fn command() -> clap::Command {
    usage::in_portuguese(usage::with_flags(plain()))
}

/// What the command line may be. Commands on which the instant has no bearing take `--em` only to refuse it by name.
fn plain() -> clap::Command {
    let unseen = || Arg::new("em").long("em").value_parser(value::moment).global(true).hide(true);
    let command = Invocation::command();
    let seen = command.get_arguments().find(|arg| arg.get_id() == "em").cloned().unwrap_or_else(unseen);
    // Parts of them that ask what day it is.
    let timed =
        [("livro", "reduzir"), ("cadastro", "aplicar"), ("cadastro", "recusar"), ("cadastro", "carregar")];
    let command = ["simular", "livro", "dossie", "saude", "recarregar", "cadastro"]
        .into_iter()
        .fold(command, |command, name| command.mut_subcommand(name, |sub| sub.arg(unseen())));
    timed.into_iter().fold(command, |command, (name, part)| {
        command.mut_subcommand(name, |sub| sub.mut_subcommand(part, |part| part.arg(seen.clone())))
    })
}

/// [`parse`] with the terminal's width and the environment given.
fn parse_in(
    args: impl IntoIterator<Item = OsString>,
    width: Option<usize>,
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Invocation, Exit> {
    let named = std::iter::once(OsString::from(usage::PROGRAM));
    let args: Vec<OsString> = named.chain(args.into_iter().skip(1)).collect();
    let command = plain();
    let command = match width {
        Some(width) => command.term_width(width),
        None => command,
    };
    let login = ["SUDO_USER", "USER"].into_iter().filter_map(variable);
    let mut login = login.map(|name| name.to_string_lossy().trim().to_owned());
    let command = usage::with_flags(match login.find(|name| !name.is_empty()) {
        Some(login) => by_default(command, &login),
        None => command,
    });
    // Our words cost more than the reading, and only a line that is not taken shows them.
    let matches = command.clone().try_get_matches_from(&args).or_else(|_| {
        let command = usage::in_portuguese(command.clone());
        let matches = command.clone().try_get_matches_from(&args);
        matches.map_err(|error| usage::translate(&error, &command, &args))
    })?;
    // What clap let through lacks nothing but the author, whom only the environment can give in place of the line.
    let read = Invocation::from_arg_matches(&matches).map_err(|_| Fault::Nobody);
    let mut read = read
        .and_then(|read| read.check().map(|()| read))
        .map_err(|fault| usage::refuse(&fault, &usage::in_portuguese(command), &args))?;
    read.config =
        read.config.or_else(|| variable("VIGIA_CONFIG").filter(|dir| !dir.is_empty()).map(PathBuf::from));
    Ok(read)
}

/// Who decides where `--autor` does not say: the login name.
fn by_default(command: clap::Command, login: &str) -> clap::Command {
    command
        .mut_args(|arg| if arg.get_id() == "autor" { arg.default_value(login.to_owned()) } else { arg })
        .mut_subcommands(|sub| by_default(sub, login))
}
