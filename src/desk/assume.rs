//! `assumir`: what is known of letters that left from another ledger, by the relay's log and by people.

use std::io;
use std::path::{Path, PathBuf};

use jiff::{Timestamp, ToSpan as _};

use crate::domain::calendar::Calendar;
use crate::domain::journal::LeftProof;
use crate::domain::notice::{NoticeKey, Slot};
use crate::mail::relay_log::{LoggedFate, LoggedLetter, RelayLog};
use crate::mail::token;
use crate::render::portuguese as pt;
use crate::store::{Sighting, Unassured};

/// Why a word on letters cannot be used. In the operators' words.
#[derive(Debug, thiserror::Error)]
pub enum SightingError {
    /// A log cannot be read.
    #[error("não foi possível ler o registro {}\ndica: rode como root, e confira se o arquivo está inteiro", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// A file has no line of Postfix.
    #[error(
        "{} não tem nenhuma linha do Postfix: não é o registro de um servidor de saída\ndica: o registro costuma ser \
         /var/log/mail.log, ou, do journal: journalctl -u 'postfix*' -o short-iso > mail.log; de outro servidor, procure os \
         Message-IDs nele e use --saiu", .0.display()
    )]
    NoLog(PathBuf),
    /// Neither a Message-ID of ours nor a notice.
    #[error(
        "“{0}” não é nome de aviso nem Message-ID deste remetente\ndica: os nomes são como rma/2026-10/divulgacao/3205309, e os \
         Message-IDs como <rma.2026-10.divulgacao.3205309@dominio>"
    )]
    NoLetter(String),
    /// A notice that cannot have left: a slip of the finger would have it never sent.
    #[error(
        "“{said}” ainda não pode ter saído: {why}\ndica: confira a referência e o prazo no nome do aviso"
    )]
    NotYet { said: String, why: String },
}

/// What the logs and people say.
#[derive(Debug, Default)]
pub struct Sightings {
    /// Letters that left, or, with no proof, may have: the relay still had them, and tried.
    pub left: Vec<Sighting>,
    /// Letters that the log has and that did not leave: they waited, or came back.
    pub stayed: Vec<LoggedLetter>,
}

/// What to look for, and how to read it.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// The domain of the sender's address, and so of its Message-IDs.
    pub domain: &'a str,
    /// Letters of the ledger that may have left.
    pub unassured: &'a [Unassured],
    /// Which windows there are, and in which zone stamps without one are.
    pub calendar: &'a Calendar,
    pub now: Timestamp,
}

/// Gathers what the logs say, and what a person says of notices or Message-IDs.
///
/// # Errors
/// [`SightingError`]; then nothing is to be believed.
pub fn sightings(search: Search<'_>, logs: &[PathBuf], said: &[String]) -> Result<Sightings, SightingError> {
    let wanted = |id: &str| letter_of(search, id).is_some();
    let mut log = RelayLog::new(&wanted, &search.calendar.hours.zone, search.now);
    for path in logs {
        read(&mut log, path)?;
    }
    let mut found = Sightings::default();
    for logged in log.letters() {
        let Some(letter) = letter_of(search, &logged.message_id) else { continue };
        let proof = match logged.fate {
            LoggedFate::Left => Some(LeftProof::Log),
            LoggedFate::Waiting => Some(LeftProof::Nothing),
            LoggedFate::CameBack => None,
        };
        if let Some(proof) = proof {
            found.left.push(Sighting {
                message_id: logged.message_id.clone(),
                letter,
                address: Some(logged.address.clone()),
                at: logged.at.unwrap_or(search.now),
                proof,
            });
        }
        if logged.fate != LoggedFate::Left {
            found.stayed.push(logged);
        }
    }
    for text in said {
        found.left.push(person_says(search, text.trim())?);
    }
    Ok(found)
}

fn read(log: &mut RelayLog<'_>, path: &Path) -> Result<(), SightingError> {
    match log.read(path) {
        Ok(0) => Err(SightingError::NoLog(path.to_owned())),
        Ok(_) => Ok(()),
        Err(source) => Err(SightingError::Unreadable { path: path.to_owned(), source }),
    }
}

/// The letter that a Message-ID names: one of the ledger's, or one that it may have yet.
fn letter_of(search: Search<'_>, id: &str) -> Option<(NoticeKey, u16)> {
    let known = search.unassured.iter().find(|one| one.message_id == id);
    known.map(|one| (one.key.clone(), one.version)).or_else(|| token::notice_of(id, search.domain))
}

fn person_says(search: Search<'_>, text: &str) -> Result<Sighting, SightingError> {
    let by_name = || {
        let key = NoticeKey::parse(text)?;
        let latest = search.unassured.iter().filter(|one| one.key == key).max_by_key(|one| one.version);
        Some(latest.map_or_else(
            || (token::message_id(text, 1, search.domain), (key.clone(), 1)),
            |one| (one.message_id.clone(), (key.clone(), one.version)),
        ))
    };
    let by_id = || {
        let id = if text.starts_with('<') { text.to_owned() } else { format!("<{text}>") };
        letter_of(search, &id).map(|letter| (id, letter))
    };
    let (message_id, letter) =
        by_name().or_else(by_id).ok_or_else(|| SightingError::NoLetter(text.to_owned()))?;
    if let Some(why) = cannot_have_left(search, &letter.0) {
        return Err(SightingError::NotYet { said: text.to_owned(), why });
    }
    Ok(Sighting { message_id, letter, address: None, at: search.now, proof: LeftProof::Person })
}

/// Why a notice cannot have left yet: its window is not open, or its step is not come. What the ledger holds may have.
fn cannot_have_left(search: Search<'_>, key: &NoticeKey) -> Option<String> {
    if search.unassured.iter().any(|one| one.key == *key) {
        return None;
    }
    let NoticeKey::Municipal { window, slot, .. } = key else { return None };
    let today = search.calendar.hours.zone.date_of(search.now);
    let Some(found) = search.calendar.window(window) else {
        return Some(format!("o calendário não tem a janela {window}"));
    };
    if found.opens_on > today {
        return Some(format!("a janela {window} só abre em {}", pt::date(found.opens_on)));
    }
    let Slot::Rung { edition, days_before } = *slot else { return None };
    let due_on = found.edition(edition)?.deadline?.on.saturating_sub(i64::from(days_before).days());
    // It may leave on the sending day before.
    let earliest = due_on.saturating_sub(7.days());
    (earliest > today).then(|| format!("esse aviso é para perto de {}", pt::date(due_on)))
}
