//! `completar` and `manual`: what the shell and `man` need to know of the command line, written from the command line
//! itself.
//!
//! The scripts are clap's. Where a word is one that only the configuration knows (a window, a municipality), they ask
//! `completar --valores`, which answers with nothing when the configuration has faults.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use clap::{Command, ValueEnum as _};
use clap_complete::aot;

use super::args::{self, Invocation, Shell, Values};
use super::session::{Answer, Failure, Result, Session, say};
use super::usage::PROGRAM;
use crate::files;
use crate::world::known;

/// Arguments whose value the configuration knows, with what to ask for, by the name that the parser has for them.
const KNOWN: [(&str, Values); 6] = [
    ("janela", Values::Windows),
    ("municipio", Values::Municipalities),
    ("municipios", Values::Municipalities),
    ("sistema", Values::Systems),
    ("parte", Values::Parts),
    ("fonte", Values::Feeds),
];

/// Writes the script of a shell.
pub(super) fn complete(shell: Shell) -> Answer {
    say(&script(shell, &offered(&args::command())));
    Answer::Done
}

/// A command and all under it without what help hides, which `clap_complete` would offer.
fn offered(command: &Command) -> Command {
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
    let about = command.get_about().cloned().unwrap_or_default();
    Command::new(command.get_name().to_owned())
        .about(about)
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_flag(true)
        .disable_version_flag(true)
        .disable_help_subcommand(true)
        .args(shown.map(|arg| arg.clone().global(false)))
        .subcommands(command.get_subcommands().map(offered))
}

fn script(shell: Shell, command: &Command) -> String {
    let mut script = Vec::new();
    let kind = match shell {
        Shell::Bash => aot::Shell::Bash,
        Shell::Zsh => aot::Shell::Zsh,
        Shell::Fish => aot::Shell::Fish,
    };
    aot::generate(kind, &mut command.clone(), PROGRAM, &mut script);
    let script = String::from_utf8_lossy(&script);
    let mut asking = Vec::new();
    ask_in(command, &[], &mut asking);
    match shell {
        Shell::Bash => bash(&script, &asking),
        Shell::Zsh => zsh(&script, &asking),
        Shell::Fish => fish(&script, &asking),
    }
}

/// An argument of a command that the configuration completes.
struct Asking {
    /// The command's name and those above it, without the program's.
    path: Vec<String>,
    /// `--NAME`; none where the argument has no option.
    long: Option<String>,
    id: String,
    /// The shell command that writes the words.
    words: String,
    what: String,
}

fn ask_in(command: &Command, path: &[String], found: &mut Vec<Asking>) {
    for arg in command.get_arguments() {
        let known = KNOWN.iter().find(|(id, _)| arg.get_id() == id);
        let Some(what) = known.and_then(|(_, values)| values.to_possible_value()) else { continue };
        let what = what.get_name().to_owned();
        found.push(Asking {
            path: path.to_vec(),
            long: arg.get_long().map(str::to_owned),
            id: arg.get_id().to_string(),
            words: format!("{PROGRAM} completar --valores {what} 2>/dev/null"),
            what,
        });
    }
    for sub in command.get_subcommands() {
        ask_in(sub, &[path, &[sub.get_name().to_owned()]].concat(), found);
    }
}

/// In bash an option's value is a `case` that lists files; what a command takes without a name is among its `opts`.
fn bash(script: &str, asking: &[Asking]) -> String {
    // clap_complete 4.6 looks a command of a name with a hyphen up under one label and writes it under another.
    let script = script.replace(&PROGRAM.replace('-', "__subcmd__"), &PROGRAM.replace('-', "__"));
    let mut out = String::new();
    let mut lines = script.lines().peekable();
    let mut command = Vec::new();
    while let Some(line) = lines.next() {
        let label = line.trim().strip_suffix(')');
        if let Some((_, path)) = label.and_then(|label| label.split_once("__subcmd__")) {
            command = path.split("__subcmd__").map(str::to_owned).collect();
        }
        let opts = line.strip_suffix('"').filter(|line| line.trim_start().starts_with("opts=\"-"));
        if let Some(options) = opts {
            let unnamed = asking.iter().filter(|asking| asking.path == command && asking.long.is_none());
            let words: Vec<String> = unnamed.map(|asking| format!("$({})", asking.words)).collect();
            let _ = writeln!(out, "{options} {}\"", words.join(" "));
        } else {
            let _ = writeln!(out, "{line}");
        }
        let option = label.and_then(|name| name.strip_prefix("--"));
        let asked = asking.iter().find(|asking| option.is_some() && asking.long.as_deref() == option);
        if let (Some(asked), Some(next)) = (asked, lines.next_if(|next| next.contains("compgen -f"))) {
            let indent = &next[..next.len() - next.trim_start().len()];
            let _ = writeln!(out, "{indent}COMPREPLY=($(compgen -W \"$({})\" -- \"${{cur}}\"))", asked.words);
        }
    }
    out
}

/// In zsh each option and argument is a line that ends with what completes it.
fn zsh(script: &str, asking: &[Asking]) -> String {
    let safe = PROGRAM.replace('-', "_");
    let mut out = String::new();
    for line in script.lines() {
        let asked = asking.iter().find(|asking| match &asking.long {
            Some(long) => line.contains(&format!("--{long}=[")),
            None => line.trim_start_matches([' ', '\'', ':']).starts_with(&format!("{} -- ", asking.id)),
        });
        match asked {
            Some(asked) => out.push_str(&line.replace(":_default'", &format!(":_{safe}_{}'", asked.what))),
            None => out.push_str(line),
        }
        out.push('\n');
    }
    let words: BTreeMap<&str, &str> =
        asking.iter().map(|asking| (asking.what.as_str(), asking.words.as_str())).collect();
    let mut functions = String::new();
    for (what, asked) in words {
        let _ = writeln!(
            functions,
            "_{safe}_{what}() {{\n    local -a words\n    words=(${{(f)\"$({asked})\"}})\n    compadd -a words\n}}\n",
        );
    }
    // The first line names the command and must stay the first; the last calls what was defined.
    match out.split_once('\n') {
        Some((first, rest)) => format!("{first}\n\n{functions}{rest}"),
        None => out,
    }
}

/// In fish an option's line says what it may be; what a command takes without a name has a line of its own.
fn fish(script: &str, asking: &[Asking]) -> String {
    let mut out = String::new();
    for line in script.lines() {
        let asked = asking.iter().find(|asking| {
            let long = asking.long.as_ref();
            line.ends_with(" -r") && long.is_some_and(|long| line.contains(&format!(" -l {long} ")))
        });
        let _ = match asked {
            Some(asked) => writeln!(out, "{line} -f -a \"({})\"", asked.words),
            None => writeln!(out, "{line}"),
        };
    }
    let seen = format!("__fish_{}_using_subcommand", PROGRAM.replace('-', "_"));
    for Asking { path, words, .. } in asking.iter().filter(|asking| asking.long.is_none()) {
        let path = path.join("; and __fish_seen_subcommand_from ");
        let _ = writeln!(out, "complete -c {PROGRAM} -n \"{seen} {path}\" -f -a \"({words})\"");
    }
    out
}

/// Words that only the configuration knows, one a line; none when it cannot be read.
pub(super) async fn values(invocation: &Invocation, values: Values) -> Answer {
    if let Ok(session) = Session::open(invocation).await {
        let config = &session.setup.config;
        let words: Vec<String> = match values {
            Values::Windows => windows(&session),
            Values::Feeds => config.feeds.iter().map(|feed| feed.id.to_string()).collect(),
            Values::Municipalities => config.roster.municipalities.keys().map(ToString::to_string).collect(),
            Values::Systems => config.calendar.systems.keys().map(ToString::to_string).collect(),
            Values::Parts => {
                config.calendar.parts.keys().map(ToString::to_string).filter(|p| !p.contains(' ')).collect()
            }
        };
        if !words.is_empty() {
            say(&words.join("\n"));
        }
    }
    Answer::Done
}

/// The windows somebody may be asking about: opened, or about to.
fn windows(session: &Session) -> Vec<String> {
    let calendar = session.calendar();
    let now = session.now();
    let soon = crate::domain::time::hours_after(now, 24 * 31);
    let opens = |w: &crate::domain::calendar::Window| calendar.hours.zone.start_of(w.opens_on) <= soon;
    known::windows(&calendar, now).iter().filter(|w| opens(w)).map(|w| w.id.to_string()).collect()
}

/// Headings that the library writes in English.
const HEADINGS: [(&str, &str); 7] = [
    (".SH NAME", ".SH NOME"),
    (".SH SYNOPSIS", ".SH SINOPSE"),
    (".SH DESCRIPTION", ".SH DESCRIÇÃO"),
    (".SH OPTIONS", ".SH OPÇÕES"),
    (".SH SUBCOMMANDS", ".SH COMANDOS"),
    (".SH EXTRA", ".SH EXEMPLOS"),
    (".SH VERSION", ".SH VERSÃO"),
];

/// Writes one manual page for the program and one for each command.
pub(super) fn manual(dir: &Path) -> Result {
    let failed = |path: &Path, error: &std::io::Error| {
        Failure::unwritable(path, error, "confira a pasta e se quem roda o comando pode gravar nela")
    };
    std::fs::create_dir_all(dir).map_err(|error| failed(dir, &error))?;
    let mut pages = Vec::new();
    gather(&args::command(), &mut pages).map_err(|error| failed(dir, &error))?;
    for (name, text) in &pages {
        let path = dir.join(name);
        files::write(&path, text.as_bytes()).map_err(|error| failed(&path, &error))?;
    }
    let count = crate::render::portuguese::counted(pages.len(), "página gravada", "páginas gravadas");
    say(&format!("{count} em {}", dir.display()));
    Ok(Answer::Done)
}

/// The page of a command and of all under it, by file name.
fn gather(command: &Command, pages: &mut Vec<(String, String)>) -> std::io::Result<()> {
    let name = command.get_display_name().unwrap_or(PROGRAM).to_owned();
    let page = clap_mangen::Man::new(command.clone())
        .title(name.to_uppercase())
        .date(env!("CARGO_PKG_VERSION"))
        .source(PROGRAM)
        .manual("Operação");
    let mut text = Vec::new();
    page.render(&mut text)?;
    let mut text = String::from_utf8_lossy(&text).into_owned();
    for (english, portuguese) in HEADINGS {
        text = text.replace(english, portuguese);
    }
    pages.push((format!("{name}.1"), text));
    command.get_subcommands().filter(|sub| !sub.is_hide_set()).try_for_each(|sub| gather(sub, pages))
}

#[cfg(test)]
mod tests;
