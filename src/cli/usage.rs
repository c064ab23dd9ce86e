//! What the command line says of itself, in Portuguese: help, and why a line could not be taken.
//!
//! clap speaks English. Its help is given our headings before it is rendered; its errors are read by kind and worded
//! here, never shown. Every fault ends with how to get help.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt::Write as _;

use clap::builder::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction};

use super::args::Fault;

/// The program, as operators type it.
pub(super) const PROGRAM: &str = "vigia-suas";

const TEMPLATE: &str = "{before-help}{about-with-newline}\nUso: {usage}\n\n{all-args}{after-help}\n";

/// Nothing left to do but print and end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exit {
    /// The exit code: 0 for help and version, 2 for a usage fault.
    pub(super) code: u8,
    /// What to print, line end included.
    pub(super) text: String,
    /// Whether to print it to stdout; else to stderr.
    pub(super) to_stdout: bool,
}

/// Gives a command its help and version flags.
pub(super) fn with_flags(command: Command) -> Command {
    let help = Arg::new("ajuda").short('h').long("ajuda").alias("help").action(ArgAction::Help).global(true);
    let version = Arg::new("versao").short('V').long("versao").alias("version").action(ArgAction::Version);
    command
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(help.help("Mostra esta ajuda (também --help)"))
        .arg(version.help("Mostra a versão (também --version)"))
}

/// Gives a command and all under it Portuguese headings and usage lines: for what is shown of it.
pub(super) fn in_portuguese(command: Command) -> Command {
    let mut command = dressed(command);
    command.build();
    with_usage(command)
}

fn dressed(command: Command) -> Command {
    let about = match (command.get_about(), command.get_all_aliases().next()) {
        (Some(about), Some(alias)) => Some(format!("{about} [{alias}]")),
        _ => None,
    };
    let mut place = 0;
    let command = command
        .help_template(TEMPLATE)
        .disable_help_subcommand(true)
        .subcommand_help_heading("Comandos")
        .subcommand_value_name("COMANDO")
        .mut_args(|arg| {
            place += 1;
            let general = arg.is_global_set() || matches!(arg.get_action(), ArgAction::Version);
            let (heading, place) = match (arg.is_positional(), general) {
                (true, _) => ("Argumentos", place),
                (false, false) => ("Opções", place),
                (false, true) => ("Opções gerais", 100 + place),
            };
            let arg = arg.help_heading(heading).display_order(place);
            if arg.get_action().takes_values() {
                arg.hide_default_value(true).hide_possible_values(true)
            } else {
                arg
            }
        })
        .mut_subcommands(dressed);
    match about {
        Some(about) => command.about(about),
        None => command,
    }
}

/// Writes out the usage line of a built command, since clap's own has English in it.
fn with_usage(mut command: Command) -> Command {
    for sub in command.get_subcommands_mut() {
        *sub = with_usage(std::mem::take(sub));
    }
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim().replace("[OPTIONS]", "[OPÇÕES]");
    command.override_usage(usage)
}

/// Tells what clap made of a line that it did not take.
pub(super) fn translate(error: &clap::Error, command: &Command, args: &[OsString]) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            Exit { code: 0, text: error.to_string(), to_stdout: true }
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Exit { code: 2, text: error.to_string(), to_stdout: false }
        }
        _ => {
            let asked = asked(command, args);
            let mut text = fault(error, asked);
            for hint in hints(error, asked) {
                let _ = write!(text, "\n  {hint}");
            }
            refused(&text, asked)
        }
    }
}

/// Tells of a fault that clap could not see.
pub(super) fn refuse(fault: &Fault, command: &Command, args: &[OsString]) -> Exit {
    refused(&fault.to_string(), asked(command, args))
}

fn refused(fault: &str, asked: &Command) -> Exit {
    let path = asked.get_bin_name().unwrap_or(PROGRAM);
    let usage = asked.get_overridden_usage().map_or_else(|| path.to_owned(), ToString::to_string);
    let text = format!("erro: {fault}\n\nUso: {usage}\nAjuda: {path} --ajuda\n");
    Exit { code: 2, text, to_stdout: false }
}

/// The deepest command that the line names, whatever is wrong with the rest.
fn asked<'a>(command: &'a Command, args: &[OsString]) -> &'a Command {
    let mut asked = command;
    let mut words = args.iter().skip(1).map(|word| word.to_string_lossy());
    while let Some(word) = words.next().filter(|word| word != "--") {
        if let Some(name) = word.strip_prefix("--") {
            if option(asked, name).is_some_and(|option| option.get_action().takes_values()) {
                words.next();
            }
        } else if !word.starts_with('-') {
            match asked.find_subcommand(word.as_ref()) {
                Some(sub) => asked = sub,
                None => break,
            }
        }
    }
    asked
}

fn option<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|option| {
        option.get_long() == Some(name) || option.get_all_aliases().is_some_and(|all| all.contains(&name))
    })
}

fn fault(error: &clap::Error, asked: &Command) -> String {
    let named = word(error, ContextKind::InvalidArg);
    let value = word(error, ContextKind::InvalidValue);
    let number = |kind| match error.get(kind) {
        Some(ContextValue::Number(number)) => number.to_string(),
        _ => "?".to_owned(),
    };
    match error.kind() {
        ErrorKind::UnknownArgument if named.starts_with('-') => format!("opção desconhecida: “{named}”"),
        ErrorKind::UnknownArgument => format!("argumento a mais: “{named}”"),
        ErrorKind::InvalidSubcommand => {
            format!("comando desconhecido: “{}”", word(error, ContextKind::InvalidSubcommand))
        }
        ErrorKind::InvalidValue if value.is_empty() => format!("falta o valor de “{named}”"),
        ErrorKind::InvalidValue => format!("valor inválido para “{named}”: “{value}”"),
        ErrorKind::ValueValidation => match std::error::Error::source(error) {
            Some(why) => format!("valor inválido para “{named}”: {why}"),
            None => format!("valor inválido para “{named}”: “{value}”"),
        },
        ErrorKind::MissingRequiredArgument => {
            let missing = words(error, ContextKind::InvalidArg);
            let missing = missing.iter().map(|name| format!("\n  {}", one_of(name)));
            format!("falta informar:{}", missing.collect::<String>())
        }
        ErrorKind::MissingSubcommand => {
            let mut known: Vec<&Command> = asked.get_subcommands().collect();
            known.sort_by_key(|sub| sub.get_display_order());
            let known: Vec<&str> = known.into_iter().map(Command::get_name).collect();
            format!("falta o comando\n  comandos: {}", known.join(", "))
        }
        ErrorKind::ArgumentConflict => {
            let others = words(error, ContextKind::PriorArg);
            if others.is_empty() || others.iter().all(|other| *other == named) {
                format!("“{named}” só pode aparecer uma vez")
            } else {
                format!("“{named}” não pode ser usada junto com: {}", others.join(", "))
            }
        }
        ErrorKind::NoEquals => format!("“{named}” pede um sinal de igual antes do valor"),
        ErrorKind::TooManyValues => format!("valor a mais para “{named}”: “{value}”"),
        ErrorKind::TooFewValues => format!(
            "“{named}” pede pelo menos {} valores e recebeu {}",
            number(ContextKind::MinValues),
            number(ContextKind::ActualNumValues)
        ),
        ErrorKind::WrongNumberOfValues => format!(
            "“{named}” pede {} valores e recebeu {}",
            number(ContextKind::ExpectedNumValues),
            number(ContextKind::ActualNumValues)
        ),
        ErrorKind::InvalidUtf8 => "há um argumento que não está em UTF-8".to_owned(),
        _ => "a linha de comando não pôde ser lida".to_owned(),
    }
}

/// `<--tudo|--janela <ID>>` is clap's way to write a choice; any other name stays.
fn one_of(name: &str) -> String {
    match name.strip_prefix("<--").and_then(|choice| choice.strip_suffix('>')) {
        Some(choice) => format!("uma destas: --{}", choice.replace('|', ", ")),
        None => name.to_owned(),
    }
}

fn hints(error: &clap::Error, asked: &Command) -> Vec<String> {
    let mut hints = Vec::new();
    let known = words(error, ContextKind::ValidValue);
    if !known.is_empty() {
        hints.push(format!("valores possíveis: {}", known.join(", ")));
    }
    let mut meant: BTreeSet<String> = words(error, ContextKind::SuggestedValue).into_iter().collect();
    for name in words(error, ContextKind::SuggestedSubcommand) {
        meant.insert(asked.find_subcommand(&name).map_or(name.clone(), |sub| sub.get_name().to_owned()));
    }
    for name in words(error, ContextKind::SuggestedArg) {
        let long = option(asked, name.trim_start_matches('-')).and_then(Arg::get_long);
        meant.insert(long.map_or(name, |long| format!("--{long}")));
    }
    if !meant.is_empty() {
        let meant: Vec<String> = meant.into_iter().map(|name| format!("“{name}”")).collect();
        hints.push(format!("você quis dizer {}?", meant.join(" ou ")));
    }
    if error.kind() == ErrorKind::UnknownArgument {
        hints.extend(way_out(error, asked));
    }
    hints
}

/// What to do about an argument that has no place. clap's own hint is an English sentence: only its sort is read.
fn way_out(error: &clap::Error, asked: &Command) -> Option<String> {
    let named = word(error, ContextKind::InvalidArg);
    let said = match error.get(ContextKind::Suggested) {
        Some(ContextValue::StyledStrs(said)) => said.iter().map(ToString::to_string).collect(),
        _ => String::new(),
    };
    if !named.starts_with('-') {
        return match asked.get_positionals().next() {
            Some(_) => Some("nomes com espaços vão entre aspas: \"Vila Velha\"".to_owned()),
            None if said.is_empty() => None,
            None => Some(format!("para o comando “{named}”, tire o “--” que vem antes dele")),
        };
    }
    if said.starts_with("to pass") {
        return Some(format!("para usar “{named}” como valor, escreva “-- {named}”"));
    }
    let elsewhere = said.strip_suffix("' exists")?.trim_start_matches('\'');
    Some(format!("essa opção vem depois do comando: “{elsewhere}”"))
}

fn word(error: &clap::Error, kind: ContextKind) -> String {
    words(error, kind).into_iter().next().unwrap_or_default()
}

fn words(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(word)) => vec![word.clone()],
        Some(ContextValue::Strings(words)) => words.clone(),
        _ => Vec::new(),
    }
}
