//! `verificar`: everything that can be judged without a network.

use std::collections::BTreeSet;
use std::io::IsTerminal as _;

use super::desk::{Answer, Desk, Result, remark, say};
use super::sample;
use crate::config::{Faults, Mode};
use crate::domain::notice::Kind;
use crate::render::portuguese::counted;
use crate::service::amend;
use crate::service::app::Live;
use crate::service::compose::compose;
use crate::service::relay::relay_of;
use crate::service::secret::{Source, Surroundings};
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
    let relay = desk.setup.config.settings.relay.as_ref().filter(|relay| relay.user.is_some());
    let password = relay.and_then(|relay| Source::of(relay, &Surroundings::here()));
    if let Some(relay) = &desk.setup.config.settings.relay
        && (relay.user.is_none() || password.as_ref().is_some_and(|source| !is_elsewhere(source)))
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
            remark(&warnings.render(std::io::stderr().is_terminal()));
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
        // A rehearsal asks no relay for anything.
        let relay = relay.filter(|_| desk.setup.config.settings.mode == Mode::Production);
        match (relay, password) {
            (Some(_), Some(source)) if is_elsewhere(&source) => {
                say(&format!("a senha do servidor de saída viria {source}, que aqui não existe"));
            }
            (Some(_), Some(source)) => say(&format!("a senha do servidor de saída vem {source}")),
            (Some(_), None) => say(
                "há `usuario` em [smtp] e nenhuma senha ao alcance deste comando; o serviço precisa da credencial \
                 smtp-senha, de `senha_arquivo` ou de VIGIA_SMTP_SENHA",
            ),
            (None, _) => {}
        }
    }
    Ok(Answer::Done)
}

/// A credential that only the service sees.
fn is_elsewhere(source: &Source) -> bool {
    matches!(source, Source::File(path) if !path.exists())
}

/// Writes every kind of letter of every system to every municipality; answers how many.
fn letters(live: &Live, now: jiff::Timestamp, found: &mut BTreeSet<String>) -> usize {
    let mut written = 0;
    for system in live.calendar.systems.keys() {
        let Some(window) = sample::window_of(&live.calendar, system, now) else { continue };
        for kind in Kind::ALL {
            for municipality in live.setup.config.roster.municipalities.values() {
                let decision = sample::decision(live, &window, kind, municipality, now);
                match compose(live, &decision, &[], now) {
                    Ok(_) => written += 1,
                    Err(error) => {
                        found.insert(format!(
                            "erro: a carta {} de {} para {} não pôde ser escrita: {}",
                            kind.as_str(),
                            window.id,
                            municipality.code,
                            chain(&*error)
                        ));
                    }
                }
                if !kind.is_municipal() {
                    break;
                }
            }
        }
    }
    written
}
