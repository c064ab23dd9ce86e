//! `completar` and `manual`: what the shell and `man` need to know of the command line, written from the command line
//! itself.
//!
//! The scripts are clap's. Where a word is one that only the configuration knows (a window, a municipality), they ask
//! `completar --valores`, which answers with nothing when the configuration has faults.

use std::fmt::Write as _;
use std::path::Path;

use clap_complete::aot;

use super::args::{self, Invocation, Shell, Values};
use super::session::{Answer, Failure, Result, Session, say};
use super::usage::PROGRAM;
use crate::files;
use crate::world::known;

/// Options whose value the configuration knows, with what to ask for.
const OPTIONS: [(&str, &str); 5] = [
    ("janela", "janela"),
    ("municipio", "municipio"),
    ("sistema", "sistema"),
    ("parte", "parte"),
    ("depende-de", "janela"),
];
/// The same for arguments without a name, by command.
const ARGUMENTS: [(&str, &str); 8] = [
    ("porque", "municipio"),
    ("porque", "janela"),
    ("dispensar", "municipio"),
    ("dispensar", "janela"),
    ("contestar", "municipio"),
    ("contestar", "janela"),
    ("dossie", "municipio"),
    ("importar", "fonte"),
];

/// Writes the script of a shell.
pub(super) fn complete(shell: Shell) -> Answer {
    let mut command = args::command();
    let mut script = Vec::new();
    let kind = match shell {
        Shell::Bash => aot::Shell::Bash,
        Shell::Zsh => aot::Shell::Zsh,
        Shell::Fish => aot::Shell::Fish,
    };
    aot::generate(kind, &mut command, PROGRAM, &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    say(&match shell {
        Shell::Bash => bash(&script),
        Shell::Zsh => zsh(&script),
        Shell::Fish => fish(&script),
    });
    Answer::Done
}

fn ask(what: &str) -> String {
    format!("{PROGRAM} completar --valores {what} 2>/dev/null")
}

/// In bash an option's value is a `case` that lists files; what a command takes without a name is among its `opts`.
fn bash(script: &str) -> String {
    // clap_complete 4.6 looks a command of a name with a hyphen up under one label and writes it under another.
    let script = script.replace(&PROGRAM.replace('-', "__subcmd__"), &PROGRAM.replace('-', "__"));
    let mut out = String::new();
    let mut lines = script.lines().peekable();
    let mut command = "";
    while let Some(line) = lines.next() {
        let label = line.trim().strip_suffix(')');
        if let Some((_, name)) = label.and_then(|label| label.rsplit_once("__subcmd__")) {
            command = name;
        }
        let arguments = ARGUMENTS.iter().filter(|(known, _)| *known == command.replace("__", "-"));
        match line.strip_suffix('"').filter(|line| line.trim_start().starts_with("opts=\"-")) {
            Some(options) => {
                let words: Vec<String> = arguments.map(|(_, what)| format!("$({})", ask(what))).collect();
                let _ = writeln!(out, "{options} {}\"", words.join(" "));
            }
            None => {
                let _ = writeln!(out, "{line}");
            }
        }
        let option = label.and_then(|name| name.strip_prefix("--"));
        let asked = option.and_then(|name| OPTIONS.iter().find(|(known, _)| *known == name));
        if let (Some((_, what)), Some(next)) = (asked, lines.next_if(|next| next.contains("compgen -f"))) {
            let indent = &next[..next.len() - next.trim_start().len()];
            let words = ask(what);
            let _ = writeln!(out, "{indent}COMPREPLY=($(compgen -W \"$({words})\" -- \"${{cur}}\"))");
        }
    }
    out
}

/// In zsh each option and argument is a line that ends with what completes it.
fn zsh(script: &str) -> String {
    let words = ["janela", "municipio", "sistema", "parte", "fonte"];
    let mut out = String::new();
    for line in script.lines() {
        let option = OPTIONS.iter().find(|(name, _)| line.contains(&format!("--{name}=[")));
        let argument = || words.iter().find(|word| line.trim_start().starts_with(&format!("':{word} -- ")));
        match option.map(|(_, what)| what).or_else(argument) {
            Some(what) => out.push_str(&line.replace(":_default'", &format!(":_{}_{what}'", safe()))),
            None => out.push_str(line),
        }
        out.push('\n');
    }
    let mut asking = String::new();
    for what in words {
        let asked = ask(what);
        let _ = writeln!(
            asking,
            "_{}_{what}() {{\n    local -a words\n    words=(${{(f)\"$({asked})\"}})\n    compadd -a words\n}}\n",
            safe()
        );
    }
    // The first line names the command and must stay the first; the last calls what was defined.
    match out.split_once('\n') {
        Some((first, rest)) => format!("{first}\n\n{asking}{rest}"),
        None => out,
    }
}

fn safe() -> String {
    PROGRAM.replace('-', "_")
}

/// In fish a line each adds what an option or an argument may be.
fn fish(script: &str) -> String {
    let mut out = script.to_owned();
    let seen = format!("__fish_{}_using_subcommand", safe());
    for (name, what) in OPTIONS {
        if script.contains(&format!("-l {name} ")) {
            let _ = writeln!(out, "complete -c {PROGRAM} -l {name} -x -a \"({})\"", ask(what));
        }
    }
    for (command, what) in ARGUMENTS {
        let _ = writeln!(out, "complete -c {PROGRAM} -n \"{seen} {command}\" -f -a \"({})\"", ask(what));
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
fn gather(command: &clap::Command, pages: &mut Vec<(String, String)>) -> std::io::Result<()> {
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
