//! `verificar`: everything that can be judged without a network.

use std::collections::BTreeSet;

use super::session::{Answer, Failure, Result, Session, remark, remark_styled, say};
use super::terminal;
use crate::config::{Faults, Mode};
use crate::desk::check;
use crate::panel;
use crate::render::portuguese::counted;
use crate::store::Store;
use crate::telemetry::chain;
use crate::world::live::Live;
use crate::world::relay::relay_of;
use crate::world::secret::{Secret, SecretSource, Surroundings};

/// Judges the configuration, every letter to every recipient, and the calendar against the ledger.
pub(super) async fn run(session: &Session) -> Result {
    let mut found: BTreeSet<String> = BTreeSet::new();
    let live = Live::under(session.setup.clone(), session.calendar());
    let ledger = session.ledger().await?;
    let overrides = session.overrides().await?;
    let letters = check::letters(&live, &overrides, session.now(), &mut found)
        .map_err(|error| Failure::could_not(&error))?;
    let contradictions = check::contradictions(&session.setup, ledger.as_ref(), session.now()).await?;
    let relay = session
        .setup
        .config
        .settings
        .relay
        .as_ref()
        .filter(|relay| relay.user.is_some() && relay.oauth.is_none());
    let password = relay.and_then(|relay| {
        SecretSource::of(Secret::RelayPassword, relay.password_file.as_deref(), &Surroundings::here())
    });
    if let Some(relay) = &session.setup.config.settings.relay
        && relay.oauth.is_none()
        && (relay.user.is_none() || password.as_ref().is_some_and(|source| !is_elsewhere(source)))
        && let Err(error) = relay_of(relay, &session.setup.config.secretariat.sender)
    {
        found.insert(format!("erro: {}", chain(&error)));
    }
    if let Err(error) = Store::may_lie_at(&session.setup.database()) {
        found.insert(format!("erro: {}", chain(&error)));
    }
    if let Some(settings) = &session.setup.config.settings.panel
        && let Err(error) = panel::check(settings)
    {
        found.insert(format!("erro: [painel] de vigia.toml: {}", chain(&error)));
    }
    if live.calendar.systems.is_empty() {
        found.insert(
            "erro: calendario.toml não declara nenhum sistema: nada seria acompanhado\n  dica: o arquivo pode ter \
             sido cortado; a cópia do repositório mostra como é"
                .to_owned(),
        );
    }
    let warnings = session.setup.config.warnings.iter().cloned();
    let warnings = Faults::sorted(warnings.chain(check::absences(&session.setup)).collect());
    if session.json {
        let found: Vec<&String> = found.iter().collect();
        let placed = Faults(warnings.0.iter().chain(&contradictions.0).cloned().collect());
        let answer = serde_json::json!({ "falhas": placed, "contradicoes": found, "cartas": letters });
        say(&answer.to_string());
    } else {
        if !warnings.0.is_empty() {
            remark_styled(&warnings.render(terminal::colours()));
        }
        if !contradictions.0.is_empty() {
            remark_styled(&contradictions.render(terminal::colours()));
        }
        for fault in &found {
            remark(fault);
        }
    }
    if !found.is_empty() || !contradictions.0.is_empty() {
        return Ok(Answer::Negative);
    }
    if !session.json {
        let config = &session.setup.config;
        let from =
            session.setup.directory.as_ref().map_or("embutida".to_owned(), |d| d.display().to_string());
        say(&format!(
            "configuração {from} em ordem: {}, {}, {}, {}",
            counted(config.roster.municipalities.len(), "município", "municípios"),
            counted(config.calendar.systems.len(), "sistema", "sistemas"),
            counted(config.calendar.declared.len(), "janela escrita à mão", "janelas escritas à mão"),
            counted(letters, "carta experimentada", "cartas experimentadas"),
        ));
        // A rehearsal asks no relay for anything.
        let relay = relay.filter(|_| session.setup.config.settings.mode == Mode::Production);
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
        // A rehearsal calls nobody either.
        let settings = &session.setup.config.settings;
        if settings.mode == Mode::Production {
            for note in check::ways(settings, &Surroundings::here()) {
                match note {
                    check::WayNote::Said(text) => say(&text),
                    check::WayNote::Warning(text) => remark(&text),
                }
            }
        }
    }
    Ok(Answer::Done)
}

/// A credential that only the service sees.
fn is_elsewhere(source: &SecretSource) -> bool {
    matches!(source, SecretSource::File(_, path) if !path.exists())
}
