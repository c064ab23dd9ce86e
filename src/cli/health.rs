//! `saude`: whether the service is well, for people and for whatever watches the machine.

use serde_json::json;

use super::ledger::existing;
use super::session::{Answer, Result, Session, remark, say};
use crate::desk::health::examine;
use crate::render::line::rfc3339;
use crate::render::portuguese as pt;
use crate::text::visible;
use crate::world::live::Live;

/// Exit 0 when all is well, 1 with every reason when it is not.
pub(super) async fn run(session: &Session) -> Result {
    let store = existing(session).await?;
    let health =
        examine(&store, &Live::new(session.setup.clone()), session.refused.is_some(), session.now()).await?;
    let calendar = &session.setup.config.calendar;
    let zone = &calendar.hours.zone;
    let reasons: Vec<String> = health.ailments.iter().map(|ailment| ailment.words(zone)).collect();
    let well = reasons.is_empty();
    if session.json {
        let in_force = health.in_force.as_ref().map(|(fingerprint, since, by)| {
            json!({ "hash": fingerprint, "desde": rfc3339(*since, calendar), "por": by })
        });
        let answer = json!({
            "saudavel": well,
            "motivos": reasons,
            "batimento": health.signs.heartbeat_at.map(|at| rfc3339(at, calendar)),
            "ultima_decisao": health.signs.last_pass_at.map(|at| rfc3339(at, calendar)),
            "configuracao": in_force,
            "ultima_copia": health.backup.as_ref().map(|last| json!({
                "em": rfc3339(*last.at, calendar),
                "arquivo": last.path.display().to_string(),
                "registro": last.seq,
            })),
        });
        say(&answer.to_string());
    } else if well {
        let at = |at| pt::instant(at, zone);
        let beat = health.signs.heartbeat_at.map_or_else(String::new, at);
        let since = health.in_force.map_or_else(String::new, |(_, since, by)| {
            format!("; configuração em vigor desde {} (por {})", at(since), visible::line(&by))
        });
        let copied = health
            .backup
            .as_ref()
            .map_or_else(String::new, |last| format!("; última cópia do livro em {}", at(*last.at)));
        say(&format!("o serviço está bem: último sinal de vida em {beat}{since}{copied}"));
    } else {
        for reason in &reasons {
            remark(&format!("erro: {reason}"));
        }
    }
    Ok(if well { Answer::Done } else { Answer::Negative })
}
