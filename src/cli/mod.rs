//! The command line: words in, a typed invocation out, and what each command does with it.
//!
//! Data goes to stdout, everything else to stderr. Exit codes (DESIGN §5): 0 done, 1 the answer is negative, 2 usage,
//! 3 could not.

mod agenda;
mod apply;
pub mod args;
mod check;
mod consent;
mod contrast;
mod dossier;
mod extend;
mod feed;
mod gallery;
mod health;
mod ledger;
mod letter;
mod news;
mod order;
mod orders;
mod plan;
mod register;
mod returned;
mod sample;
mod serve;
mod session;
mod shell;
mod simulate;
mod status;
mod terminal;
pub mod usage;
mod watch;
mod why;

use std::ffi::OsString;
use std::process::ExitCode;

use self::args::{Command, Feed, Invocation, Ledger, News, Orders, Register};
use self::session::{Answer, Failure, Session, remark, say};
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
            return ExitCode::from(exit.code);
        }
    };
    telemetry::install(log_format(), default_level(&invocation));
    match run(&invocation) {
        Ok(Answer::Done) => ExitCode::SUCCESS,
        Ok(Answer::Negative) => ExitCode::from(1),
        Err(Failure { code, text, data }) => {
            if let Some(data) = data {
                say(&data);
            }
            remark(&text);
            ExitCode::from(code)
        }
    }
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

fn run(invocation: &Invocation) -> session::Result {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::could_not(&error))?;
    runtime.block_on(dispatch(invocation))
}

async fn dispatch(invocation: &Invocation) -> session::Result {
    // Some commands do not need a whole configuration, or are of use just when there is none.
    let session = async || Session::open(invocation).await;
    match &invocation.command {
        Command::Run { once } => serve::run(session().await?, *once).await,
        Command::Check => check::run(&session().await?).await,
        Command::Calendar { from, until, ics } => {
            agenda::run(&session().await?, *from, *until, ics.as_deref())
        }
        Command::Plan => plan::plano(&session().await?).await,
        Command::Simulate { from, until, statuses, output, diary, weekly } => {
            let asked = simulate::Rehearsal {
                days: (*from, *until),
                statuses: statuses.as_deref(),
                output: output.as_ref(),
                diary: *diary,
                weekly: *weekly,
            };
            simulate::run(&session().await?, &asked)
        }
        Command::Why { municipality, window } => why::run(&session().await?, municipality, window).await,
        Command::Status { window, municipality } => {
            status::show(&session().await?, window.as_ref(), municipality.as_deref()).await
        }
        Command::Feeds { feed } => feed::list(&session().await?, feed.as_ref()).await,
        Command::Feed(Feed::Accept { snapshot, signature }) => {
            feed::rule(&session().await?, snapshot, Verdict::Accepted, signature).await
        }
        Command::Feed(Feed::Reject { snapshot, signature }) => {
            feed::rule(&session().await?, snapshot, Verdict::Quarantined, signature).await
        }
        Command::Feed(Feed::Try { feed, file }) => {
            feed::attempt(session().await?, feed, file.as_deref()).await
        }
        Command::Ingest { feed, file } => status::ingest(&session().await?, feed, file).await,
        Command::Report { format, window } => {
            status::report(&session().await?, *format, window.as_ref()).await
        }
        Command::Dossier { municipality, window, output } => {
            dossier::run(&session().await?, municipality, window.as_ref(), output.as_deref()).await
        }
        Command::Ledger(Ledger::List { window, municipality, since }) => {
            ledger::list(&session().await?, window.as_ref(), municipality.as_deref(), *since).await
        }
        Command::Ledger(Ledger::Verify) => ledger::verify(&session().await?).await,
        Command::Letter { sample, format } => letter::show(&session().await?, sample, *format),
        Command::Letters { of, municipality, output } => {
            gallery::run(&session().await?, of.as_ref(), municipality.as_deref(), output)
        }
        Command::WatchLetter { sample, format, output } => {
            watch::run(invocation, sample, *format, output.as_deref()).await
        }
        Command::SendTest { to, sample } => letter::send_test(&session().await?, to, sample).await,
        Command::Bounce => returned::run(session().await?).await,
        Command::Hold { scope, until, signature } => {
            order::hold(&session().await?, scope, *until, signature).await
        }
        Command::Release { scope, signature } => order::release(&session().await?, scope, signature).await,
        Command::Exempt(order) => order::exempt(&session().await?, order).await,
        Command::Dispute(order) => order::dispute(&session().await?, order).await,
        Command::Note(call) => order::note(&session().await?, call).await,
        Command::Orders(Orders::List { all }) => orders::list(&session().await?, *all).await,
        Command::Orders(Orders::Undo { id, signature }) => {
            orders::undo(&session().await?, id, signature).await
        }
        Command::Contrast { against, until } => contrast::show(&session().await?, against, *until).await,
        Command::Apply(asked) => apply::run(&session().await?, asked).await,
        Command::Extend(asked) => extend::run(&session().await?, asked).await,
        Command::Health => health::run(&session().await?).await,
        Command::Complete(shell) => Ok(shell::complete(*shell)),
        Command::Values(values) => Ok(shell::values(invocation, *values).await),
        Command::Manual(dir) => shell::manual(dir),
        Command::Register(Register::List { choice, refused }) => {
            register::list(&session().await?, choice, *refused).await
        }
        Command::Register(Register::Apply { choice, unasked, author }) => {
            register::apply(&session().await?, choice, *unasked, author).await
        }
        Command::Register(Register::Refuse { choice, signature }) => {
            register::refuse(&session().await?, choice, signature).await
        }
        Command::Register(Register::Load { register, file, waived }) => {
            register::load(&session().await?, register, file, waived.as_ref()).await
        }
        Command::News(News::List { since }) => news::list(&session().await?, *since).await,
        Command::News(News::Seen { findings, signature }) => {
            news::seen(&session().await?, findings, signature).await
        }
    }
}
