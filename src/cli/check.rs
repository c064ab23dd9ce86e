//! `verificar`: everything that can be judged without a network.

use std::collections::BTreeSet;

use super::desk::{Answer, Desk, Result, remark, say};
use super::{sample, terminal};
use crate::config::Faults;
use crate::render::portuguese::counted;
use crate::service::amend;
use crate::service::app::Live;
use crate::service::reconcile::compose;
use crate::service::relay::relay_of;
use crate::telemetry::chain;

/// Judges the configuration, every letter to every recipient, and the calendar against the ledger.
pub(super) async fn run(desk: &Desk) -> Result {
    let mut found: BTreeSet<String> = BTreeSet::new();
    let live = Live { setup: desk.setup.clone(), calendar: desk.calendar() };
    let letters = letters(&live, desk.now(), &mut found);
    let contradictions = match desk.ledger().await? {
        Some(store) => amend::contradictions(&store.ledger().await?, &desk.setup),
        None => Vec::new(),
    };
    if let Some(relay) = &desk.setup.config.settings.relay
        && relay.password_file.as_ref().is_none_or(|p| p.exists())
        && let Err(error) = relay_of(relay, &desk.setup.config.secretariat.sender)
    {
        found.insert(format!("erro: {}", chain(&error)));
    }
    found.extend(contradictions);
    if live.calendar.systems.is_empty() {
        found.insert(
            "erro: calendario.toml não declara nenhum sistema: nada seria acompanhado\n  dica: o arquivo pode ter \
             sido cortado; a cópia do repositório mostra como é"
                .to_owned(),
        );
    }
    let warnings = Faults(desk.setup.config.warnings.clone());
    if desk.json {
        let found: Vec<&String> = found.iter().collect();
        let answer = serde_json::json!({ "falhas": warnings, "contradicoes": found, "cartas": letters });
        say(&answer.to_string());
    } else {
        if !warnings.0.is_empty() {
            remark(&warnings.render(terminal::colours()));
        }
        for fault in &found {
            remark(fault);
        }
    }
    if !found.is_empty() {
        return Ok(Answer::Negative);
    }
    if !desk.json {
        let config = &desk.setup.config;
        let from = desk.setup.directory.as_ref().map_or("embutida".to_owned(), |d| d.display().to_string());
        say(&format!(
            "configuração {from} em ordem: {}, {}, {}, {}",
            counted(config.roster.municipalities.len(), "município", "municípios"),
            counted(config.calendar.systems.len(), "sistema", "sistemas"),
            counted(config.calendar.declared.len(), "janela escrita à mão", "janelas escritas à mão"),
            counted(letters, "carta experimentada", "cartas experimentadas"),
        ));
    }
    Ok(Answer::Done)
}

/// Writes every letter of every system to every recipient; answers how many.
fn letters(live: &Live, now: jiff::Timestamp, found: &mut BTreeSet<String>) -> usize {
    let mut written = 0;
    for window in sample::windows(&live.calendar, now) {
        for decision in sample::every(live, &window, now) {
            match compose(live, &decision, &[], now) {
                Ok(_) => written += 1,
                Err(error) => {
                    found.insert(format!(
                        "erro: a carta {} não pôde ser escrita: {}",
                        decision.key,
                        chain(&*error)
                    ));
                }
            }
        }
    }
    written
}
