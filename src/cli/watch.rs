//! `carta --observar`: a letter shown again each time a file of the configuration changes, for whoever edits it.

use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::args::{Invocation, LetterFormat, Sample};
use super::session::{Answer, Failure, Result, Session, remark, remark_styled, say_bytes};
use super::{gallery, letter, serve};
use crate::config::Sources;
use crate::daemon::lifecycle::ServiceError;
use crate::render::letter::{Letter, auto_refreshed, fault_page};
use crate::render::portuguese;
use crate::world::setup::Setup;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_millis(300);
/// An editor writes in several steps: files must stay as they are for so long before they are read.
const SETTLED: Duration = Duration::from_millis(80);
/// Puts the cursor at the top of an empty terminal.
const CLEAR: &str = "\x1b[H\x1b[2J\x1b[3J";

/// Shows the letter, and again after each change, until Ctrl-C.
pub(super) async fn run(
    invocation: &Invocation,
    sample: &Sample,
    format: LetterFormat,
    output: Option<&Path>,
) -> Result {
    let dir = Setup::find(invocation.config.as_deref()).ok_or_else(|| {
        Failure::refused(
            "erro: não há pasta de configuração a observar\ndica: rode o comando na pasta que contém config, ou use \
             --config DIR",
        )
    })?;
    // From the beginning: one that comes while a letter is written is obeyed after it.
    let mut interrupt = signal(SignalKind::interrupt())
        .map_err(|error| serve::failure(ServiceError::Start(Box::new(error))))?;
    let state = || Sources::read(&dir).map(|sources| sources.fingerprint()).map_err(|e| e.to_string());
    let mut shown = None;
    loop {
        let now = state();
        if shown.as_ref() != Some(&now) {
            tokio::time::sleep(SETTLED).await;
            if state() != now {
                continue;
            }
            shown = Some(now);
            show(invocation, &dir, sample, format, output).await?;
        }
        tokio::select! {
            _ = interrupt.recv() => return Ok(Answer::Done),
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// One look: the letter, or what keeps it from being written.
async fn show(
    invocation: &Invocation,
    dir: &Path,
    sample: &Sample,
    format: LetterFormat,
    output: Option<&Path>,
) -> Result<()> {
    if output.is_none() && std::io::stdout().is_terminal() {
        say_bytes(CLEAR.as_bytes());
    }
    let session = Session::open(invocation).await;
    let (letter, at) = match &session {
        Ok(session) => {
            let at = portuguese::instant(session.now(), &session.setup.config.calendar.hours.zone);
            (letter::example(session, sample).await.map(|example| example.letter), format!(" em {at}"))
        }
        Err(failure) => {
            (Err(Failure { data: None, code: failure.code, text: failure.text.clone() }), String::new())
        }
    };
    match (letter, output) {
        (Ok(letter), Some(output)) => {
            keep(output, &letter)?;
            remark(&format!("carta gravada{at} em {}", output.join("carta.html").display()));
        }
        (Ok(_), None) => {
            if let Ok(session) = &session {
                // What fails here was just tried: only stdout could have gone away.
                letter::show(session, sample, format).await?;
            }
        }
        (Err(failure), output) => {
            remark_styled(&failure.text);
            if let Some(output) = output {
                gallery::write(&output.join("carta.html"), &fault_page(&failure.text))?;
            }
        }
    }
    remark(&format!("--- observando {}; Ctrl-C encerra", dir.display()));
    Ok(())
}

fn keep(output: &Path, letter: &Letter) -> Result<()> {
    gallery::write(&output.join("carta.html"), &auto_refreshed(&letter.html))?;
    let text = format!("Assunto: {}\n\n{}", letter.subject, letter.text);
    gallery::write(&output.join("carta.txt"), &text)
}
