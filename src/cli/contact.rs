//! `contato`: the health of each address, and how somebody takes a flag off.

use std::collections::HashMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::args::Signature;
use super::session::{Answer, Failure, Result, Session, remark, say};
use crate::domain::id::EmailAddress;
use crate::render::line::rfc3339;
use crate::render::portuguese as pt;
use crate::store::{FlaggedContact, LastLetter};
use crate::text::visible;

/// One address, and whose.
struct Line<'a> {
    place: String,
    role: String,
    address: &'a EmailAddress,
}

/// Every address of the roster; by default those that something is to be said of.
pub(super) async fn list(session: &Session, all: bool) -> Result {
    let (mut resting, last) = match (session.ledger().await?, session.as_known_at()) {
        (Some(store), None) => (store.resting().await?, store.last_letters().await?),
        (Some(store), Some(at)) => (store.resting().await?, store.last_letters_as_known(at).await?),
        (None, _) => (Vec::new(), Vec::new()),
    };
    resting.retain(|flag| session.knows(flag.since));
    let resting: HashMap<&EmailAddress, &FlaggedContact> = resting.iter().map(|c| (&c.address, c)).collect();
    let last: HashMap<&EmailAddress, &LastLetter> = last.iter().map(|l| (&l.address, l)).collect();
    let mut shown = 0;
    let mut out = String::new();
    for line in lines(session) {
        let (flag, last) = (resting.get(line.address).copied(), last.get(line.address).copied());
        if flag.is_none() && !all {
            continue;
        }
        shown += 1;
        let _ = if session.json {
            writeln!(out, "{}", object(session, &line, flag, last))
        } else {
            writeln!(out, "{}", words(session, &line, flag, last))
        };
    }
    if shown == 0 {
        remark("nenhum endereço do cadastro está marcado (--todos mostra todos)");
    } else {
        say(&out);
    }
    Ok(Answer::Done)
}

/// Takes the flag off an address.
pub(super) async fn confirm(session: &Session, address: &EmailAddress, signature: &Signature) -> Result {
    let store = session.writable_ledger().await?;
    let by = session.by(&signature.author, &signature.reason)?;
    let flags = store.resting().await?;
    let same = |flag: &&FlaggedContact| flag.address.as_str().eq_ignore_ascii_case(address.as_str());
    let Some(flag) = flags.iter().find(same) else {
        return Err(Failure::refused(format!(
            "recusado: o endereço {address} não está marcado\ndica: os marcados estão em “vigia-suas contato”"
        )));
    };
    store.confirm_contact(&flag.address, by.clone()).await?;
    store.close().await;
    if session.json {
        let told = json!({ "acao": "confirmar", "endereco": flag.address.as_str(), "autor": by.author, "motivo": by.reason });
        say(&told.to_string());
    } else {
        say(&format!(
            "confirmado: {}. Volta a receber cartas; a marca era: {} ({}).",
            flag.address,
            flag.refusal.words(),
            visible::line(&flag.why)
        ));
    }
    Ok(Answer::Done)
}

/// Addresses in the order of the roster.
fn lines(session: &Session) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for municipality in session.setup.config.roster.municipalities.values() {
        let contacts =
            municipality.contacts.iter().flat_map(|c| c.addresses.iter().map(|a| (c.role.to_string(), a)));
        lines.extend(contacts.map(|(role, address)| Line {
            place: municipality.name.clone(),
            role,
            address,
        }));
        for unit in session.setup.config.roster.units.iter().flat_map(|units| units.of(municipality.code)) {
            let of_unit =
                |address| Line { place: municipality.name.clone(), role: unit.name.clone(), address };
            lines.extend(unit.addresses.iter().map(of_unit));
        }
    }
    lines
}

fn rests(flag: &FlaggedContact, now: Timestamp) -> bool {
    now < flag.until
}

fn words(
    session: &Session,
    line: &Line<'_>,
    flag: Option<&FlaggedContact>,
    last: Option<&LastLetter>,
) -> String {
    let zone = &session.setup.config.calendar.hours.zone;
    let health = match flag {
        None => "em ordem".to_owned(),
        Some(flag) if rests(flag, session.now()) => format!(
            "não recebe até {}: {} (desde {}; {})",
            pt::instant(flag.until, zone),
            flag.refusal.words(),
            pt::instant(flag.since, zone),
            visible::line(&flag.why)
        ),
        Some(flag) => {
            format!("recebe mais uma tentativa: {} ({})", flag.refusal.words(), visible::line(&flag.why))
        }
    };
    let last = last.map_or_else(
        || "nenhuma carta ainda".to_owned(),
        |last| format!("última carta: {} em {}", pt::delivery(last.state), pt::instant(last.at, zone)),
    );
    let (place, role) = (visible::line(&line.place), visible::line(&line.role));
    format!("{place} {role} {}: {health}; {last}", line.address)
}

fn object(
    session: &Session,
    line: &Line<'_>,
    flag: Option<&FlaggedContact>,
    last: Option<&LastLetter>,
) -> Value {
    let calendar = &session.setup.config.calendar;
    json!({
        "municipio": line.place,
        "papel": line.role,
        "endereco": line.address.as_str(),
        "marca": flag.map(|flag| json!({
            "motivo": flag.refusal.as_str(),
            "desde": rfc3339(flag.since, calendar),
            "ate": rfc3339(flag.until, calendar),
            "vale": rests(flag, session.now()),
            "porque": flag.why,
        })),
        "ultima": last.map(|last| json!({ "estado": last.state.as_str(), "em": rfc3339(last.at, calendar) })),
    })
}
