//! The command line: words in, a typed invocation out, and what each command does with it.
//!
//! Data goes to stdout, everything else to stderr. Exit codes (DESIGN §5): 0 done, 1 the answer is negative, 2 usage,
//! 3 could not.

pub mod args;
mod check;
mod desk;
mod dossier;
mod feed;
mod ledger;
mod letter;
mod news;
mod order;
mod plan;
mod register;
mod returned;
mod sample;
mod serve;
mod status;
pub mod usage;
mod why;

use std::ffi::OsString;
use std::process::ExitCode;

use self::args::{Command, Feed, Invocation, Ledger, News, Register};
use self::desk::{Answer, Desk, Failure, remark, say};
use crate::store::Verdict;
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

fn run(invocation: &Invocation) -> desk::Result {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::could_not(&error))?;
    let desk = Desk::open(invocation)?;
    runtime.block_on(dispatch(desk, &invocation.command))
}

async fn dispatch(desk: Desk, command: &Command) -> desk::Result {
    match command {
        Command::Run { once } => serve::run(desk, *once).await,
        Command::Check => check::run(&desk).await,
        Command::Calendar { from, until } => Ok(plan::agenda(&desk, *from, *until)),
        Command::Plan => plan::plano(&desk).await,
        Command::Simulate { from, until, statuses, output } => {
            plan::simulate(&desk, (*from, *until), statuses.as_deref(), output.as_deref())
        }
        Command::Why { municipality, window } => why::run(&desk, municipality, window).await,
        Command::Status { window, municipality } => {
            status::show(&desk, window.as_ref(), municipality.as_deref()).await
        }
        Command::Feeds { feed } => feed::list(&desk, feed.as_ref()).await,
        Command::Feed(Feed::Accept { snapshot, signature }) => {
            feed::rule(&desk, snapshot, Verdict::Accepted, signature).await
        }
        Command::Feed(Feed::Reject { snapshot, signature }) => {
            feed::rule(&desk, snapshot, Verdict::Quarantined, signature).await
        }
        Command::Feed(Feed::Try { feed, file }) => feed::attempt(desk, feed, file.as_deref()).await,
        Command::Ingest { feed, file } => status::ingest(&desk, feed, file).await,
        Command::Report { format, window } => status::report(&desk, *format, window.as_ref()).await,
        Command::Dossier { municipality, window, output } => {
            dossier::run(&desk, municipality, window.as_ref(), output.as_deref()).await
        }
        Command::Ledger(Ledger::List { window, municipality, since }) => {
            ledger::list(&desk, window.as_ref(), municipality.as_deref(), *since).await
        }
        Command::Ledger(Ledger::Verify) => ledger::verify(&desk).await,
        Command::Letter { sample, format } => letter::show(&desk, sample, *format),
        Command::SendTest { to, sample } => letter::send_test(&desk, to, sample).await,
        Command::Bounce => returned::run(desk).await,
        Command::Hold { scope, signature } => order::hold(&desk, scope, signature).await,
        Command::Release { scope, signature } => order::release(&desk, scope, signature).await,
        Command::Exempt(order) => order::exempt(&desk, order).await,
        Command::Dispute(order) => order::dispute(&desk, order).await,
        Command::Register(Register::List { choice, refused }) => {
            register::list(&desk, choice, *refused).await
        }
        Command::Register(Register::Apply { choice, unasked, author }) => {
            register::apply(&desk, choice, *unasked, author).await
        }
        Command::Register(Register::Refuse { choice, signature }) => {
            register::refuse(&desk, choice, signature).await
        }
        Command::Register(Register::Load { register, file, waived }) => {
            register::load(&desk, register, file, waived.as_ref()).await
        }
        Command::News(News::List { since }) => news::list(&desk, *since).await,
        Command::News(News::Seen { findings, signature }) => news::seen(&desk, findings, signature).await,
    }
}
