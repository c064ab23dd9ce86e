//! The command line: words in, a typed invocation out, and what each command does with it.
//!
//! Data goes to stdout, everything else to stderr. Exit codes: 0 done, 1 the answer is negative, 2 usage,
//! 3 could not.

mod agenda;
mod apply;
mod args;
mod assume;
mod backup;
mod calls;
mod channel;
mod check;
mod clock;
mod consent;
mod contact;
mod contrast;
mod dossier;
mod extend;
mod feed;
mod gallery;
mod health;
mod history;
mod ledger;
mod letter;
mod news;
mod order;
mod orders;
mod panel;
mod patience;
mod plan;
mod register;
mod reload;
mod relocate;
mod restore;
mod retention;
mod returned;
mod serve;
mod session;
mod shell;
mod simulate;
mod status;
mod terminal;
mod usage;
mod watch;
mod why;

use std::ffi::OsString;
use std::process::ExitCode;

use self::args::{
    Command, Contact, ContactVerb, Feed, Filter, Invocation, Ledger, LedgerVerb, News, Orders, PanelVerb,
};
use self::session::{Answer, Failure, Session, remark, remark_styled, say, unsaid};
use crate::daemon::lifecycle::ServiceError;
use crate::daemon::obey::Signals;
use crate::domain::journal::Verdict;
use crate::telemetry::{self, LogFormat};

/// Runs the program on a command line, its own name first.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let invocation = match args::parse(args) {
        Ok(invocation) => invocation,
        Err(exit) => {
            if exit.to_stdout {
                say(&exit.text);
            } else {
                remark(&exit.text);
            }
            return ExitCode::from(heard(exit.code, false));
        }
    };
    telemetry::install(log_format(), default_level(&invocation));
    let code = match run(&invocation) {
        Ok(Answer::Done) => 0,
        Ok(Answer::Negative) => 1,
        Err(Failure { code, text, data }) => {
            if let Some(data) = data {
                say(&data);
            }
            remark_styled(&match log_format() {
                LogFormat::Text => text,
                LogFormat::Json => telemetry::as_errors(&text),
            });
            code
        }
    };
    ExitCode::from(heard(code, invocation.command.acts()))
}

/// How a command ends whose answer may not have got out whole: what only answers could not, and of what was done or refused
/// the code must go on telling.
fn heard(code: u8, acts: bool) -> u8 {
    let Some(why) = unsaid() else { return code };
    if acts || code > 1 {
        remark(&format!("aviso: a resposta não pôde ser escrita por inteiro: {why}"));
        return code;
    }
    remark(&format!(
        "erro: a resposta não pôde ser escrita por inteiro: {why}\ndica: não use a que ficou pela metade; libere espaço, ou \
         escreva em outro lugar, e rode de novo"
    ));
    3
}

/// Under systemd the journal takes fields; a terminal takes lines.
fn log_format() -> LogFormat {
    if std::env::var_os("JOURNAL_STREAM").is_some() { LogFormat::Json } else { LogFormat::Text }
}

/// The daemon tells what it does; other commands answer and only warn.
fn default_level(invocation: &Invocation) -> &'static str {
    match (invocation.verbosity, &invocation.command) {
        (0, Command::Run { .. }) => "vigia_suas=info,warn",
        (0, _) => "warn",
        (1, _) => "vigia_suas=debug,info",
        (_, _) => "trace",
    }
}

/// How long work on files may go on after the answer.
const LAST_WORK: std::time::Duration = std::time::Duration::from_secs(2);

fn run(invocation: &Invocation) -> session::Result {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::could_not(&error))?;
    let patience = patience::watch(&runtime, &invocation.command);
    let answer = runtime.block_on(dispatch(invocation));
    if let Some(patience) = patience {
        patience.abort();
    }
    // A thread that still reads a file is not waited for: nothing that counts is done there.
    runtime.shutdown_timeout(LAST_WORK);
    answer
}

async fn dispatch(invocation: &Invocation) -> session::Result {
    // Some commands do not need a whole configuration, or are of use just when there is none.
    let open = async || Session::open(invocation).await;
    match &invocation.command {
        Command::Run { once } => {
            let signals =
                Signals::listen().map_err(|error| serve::failure(ServiceError::Start(Box::new(error))))?;
            Box::pin(serve::run(open().await?, *once, signals)).await
        }
        Command::Check => check::run(&open().await?).await,
        Command::Calendar { from, until, ics } => {
            agenda::run(&open().await?, *from, *until, ics.as_deref()).await
        }
        Command::Plan { against: None, .. } => Box::pin(plan::plano(&open().await?)).await,
        Command::Plan { against: Some(other), until } => contrast::show(&open().await?, other, *until).await,
        Command::Simulate(asked) => simulate::run(&open().await?, asked),
        Command::Why(subject) => why::run(&open().await?, subject).await,
        Command::Status(filter) => status::show(&open().await?, filter).await,
        Command::Feeds { feed } => feed::list(&open().await?, feed.as_ref()).await,
        Command::Feed(Feed::Accept(ruling)) => feed::rule(&open().await?, ruling, Verdict::Accepted).await,
        Command::Feed(Feed::Reject(ruling)) => feed::rule(&open().await?, ruling, Verdict::Quarantined).await,
        Command::Feed(Feed::Try { feed, file }) => feed::attempt(open().await?, feed, file.as_deref()).await,
        Command::Feed(Feed::Propose(asked)) => feed::propose(open().await?, asked).await,
        Command::Ingest { feed, file } => status::ingest(&open().await?, feed, file).await,
        Command::Calls { format, window } => calls::list(&open().await?, *format, window.as_ref()).await,
        Command::History { format, municipality } => {
            history::show(&open().await?, *format, municipality.as_deref()).await
        }
        Command::Report { format, window } => status::report(&open().await?, *format, window.as_ref()).await,
        Command::Dossier { municipality, window, output } => {
            dossier::run(&open().await?, municipality, window.as_ref(), output.as_deref()).await
        }
        Command::Ledger(Ledger { verb: Some(LedgerVerb::Verify), .. }) => {
            ledger::verify(&open().await?).await
        }
        Command::Ledger(Ledger { verb: Some(LedgerVerb::Reduce(asked)), .. }) => {
            retention::reduce(&open().await?, asked).await
        }
        Command::Ledger(Ledger { verb: Some(LedgerVerb::Relocate(asked)), .. }) => {
            relocate::run(&open().await?, asked).await
        }
        Command::KeepData(asked) => retention::keep(&open().await?, asked).await,
        Command::Ledger(Ledger { filter, since, verb: None }) => {
            let Filter { window, municipality } = filter;
            ledger::list(&open().await?, window.as_ref(), municipality.as_deref(), *since).await
        }
        Command::Letter(asked) => letter::run(invocation, asked).await,
        Command::SendTest { to, sample, author } => {
            letter::send_test(&open().await?, to, sample, author).await
        }
        Command::TestChannel { channel, author } => channel::test(&open().await?, *channel, author).await,
        Command::Contact(Contact { verb: Some(ContactVerb::Confirm { address, signature }), .. }) => {
            contact::confirm(&open().await?, address, signature).await
        }
        Command::Contact(Contact { all, verb: None }) => contact::list(&open().await?, *all).await,
        Command::Bounce => returned::run(open().await?).await,
        Command::Hold { scope, signature, until } => {
            order::hold(&open().await?, scope, *until, signature).await
        }
        Command::Release { scope, signature } => order::release(&open().await?, scope, signature).await,
        Command::Exempt(asked) => order::exempt(&open().await?, asked).await,
        Command::Dispute(asked) => order::dispute(&open().await?, asked).await,
        Command::Note(call) => order::note(&open().await?, call).await,
        Command::Orders(Orders { undo: Some(asked), .. }) => orders::undo(&open().await?, asked).await,
        Command::Orders(Orders { all, undo: None }) => orders::list(&open().await?, *all).await,
        Command::Apply(asked) => apply::run(&open().await?, asked).await,
        Command::Reload => reload::run(&open().await?).await,
        Command::Extend(asked) => extend::run(&open().await?, asked).await,
        Command::Clock { verb } => clock::run(&open().await?, verb.as_ref()).await,
        Command::Panel { verb: PanelVerb::Password { user } } => panel::password(user),
        Command::Backup { folder, keep } => backup::run(&open().await?, folder, *keep).await,
        Command::Restore { copy } => restore::run(&open().await?, copy).await,
        Command::Assume { signature, logs, left } => assume::run(&open().await?, signature, logs, left).await,
        Command::Health => health::run(&open().await?).await,
        Command::Complete { values: Some(values), .. } => Ok(shell::values(invocation, *values).await),
        Command::Complete { shell, values: None } => Ok(shell.map_or(Answer::Done, shell::complete)),
        Command::Manual { dir } => shell::manual(dir),
        Command::Register(asked) => register::run(&open().await?, asked).await,
        Command::News(News { since, verb: None }) => news::list(&open().await?, *since).await,
        Command::News(News { verb: Some(verb), .. }) => news::seen(&open().await?, verb).await,
    }
}
