//! `devolucao`: one message that came back, on stdin, as a mail alias hands it over.

use std::io::{self, Read};

use serde_json::json;

use super::session::{Answer, Failure, Result, Session, say};
use crate::daemon::app::App;
use crate::daemon::returns::{Fate, Origin, return_once};
use crate::mail::bounce::LARGEST;
use crate::store::RawMessage;
use crate::text::visible;

/// So much is read to its end, whatever is kept of it: a mail system takes a pipe closed early for a fault of ours.
const DRAINED: u64 = 256 * 1024 * 1024;

/// Reads the message and records what it tells.
pub(super) async fn run(session: Session) -> Result {
    let message = bounded(&mut io::stdin().lock()).map_err(|error| Failure::could_not(&error))?;
    let store = session.writable_ledger().await?;
    let (json, now) = (session.json, session.now());
    let app = App::new(session.setup, store, session.clock);
    let findings = return_once(&app, Origin::Pipe, message, now).await?;
    for finding in &findings {
        let key = finding.key.as_ref().map(ToString::to_string);
        if json {
            let line = json!({ "resultado": finding.fate.as_str(), "aviso": key, "porque": finding.words });
            say(&line.to_string());
        } else {
            let key = key.map_or(String::new(), |key| format!(" {key}"));
            say(&format!("{}{key}: {}", finding.fate.as_str(), visible::line(&finding.words)));
        }
    }
    app.store.close().await;
    if findings.iter().any(|f| f.fate == Fate::OnTheWire) {
        let text =
            "erro: a carta está em envio neste momento\ndica: entregue a mensagem de novo em um minuto";
        return Err(Failure { code: 3, text: text.to_owned(), data: None });
    }
    Ok(if findings.iter().any(|f| f.fate.needs_a_person()) { Answer::Negative } else { Answer::Done })
}

fn bounded(input: &mut impl Read) -> io::Result<(RawMessage, Vec<u8>)> {
    RawMessage::read(&mut input.take(DRAINED), LARGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifty_megabytes_are_read_to_the_end_and_ten_are_kept() {
        let mut input = io::repeat(b'x').take(50_000_000);
        let (raw, head) = bounded(&mut input).unwrap();
        assert_eq!(
            (raw.size(), head.len()),
            (50_000_000, LARGEST),
            "and it is told of as a part of the whole"
        );
        assert_eq!(input.limit(), 0);
    }
}
