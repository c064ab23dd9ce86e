//! `saude`: whether the service is well, for people and for whatever watches the machine.

use serde_json::{Value, json};

use super::ledger::existing;
use super::session::{Answer, Result, Session, remark, say};
use crate::domain::calendar::Calendar;
use crate::render::line::rfc3339;
use crate::render::portuguese as pt;
use crate::text::visible;
use crate::world::health::{Facts, examine};
use crate::world::live::Live;

/// Exit 0 when all is well, 1 with every reason when it is not.
pub(super) async fn run(session: &Session) -> Result {
    let store = existing(session).await?;
    let health =
        examine(&store, &Live::new(session.setup.clone()), session.refused.is_some(), session.now()).await?;
    let calendar = &session.setup.config.calendar;
    let zone = &calendar.hours.zone;
    let reasons: Vec<String> = health.ailments.iter().map(|ailment| ailment.words(zone)).collect();
    let first = reasons.first().and_then(|reason| reason.split_once("\n  dica: ")).map(|(_, hint)| hint);
    let well = reasons.is_empty();
    if session.json {
        let mut answer = json!({ "saudavel": well, "motivos": reasons, "faca_primeiro": first });
        if let (Some(answer), Value::Object(facts)) = (answer.as_object_mut(), facts(&health.facts, calendar))
        {
            answer.extend(facts);
        }
        say(&answer.to_string());
    } else if well {
        let at = |at| pt::instant(at, zone);
        let beat = health.facts.signs.heartbeat_at.map_or_else(String::new, at);
        let since = health.facts.in_force.as_ref().map_or_else(String::new, |(_, since, by)| {
            format!("; configuração em vigor desde {} (por {})", at(*since), visible::line(by))
        });
        let copied = health.facts.backup.as_ref();
        let copied =
            copied.map_or_else(String::new, |last| format!("; última cópia do livro em {}", at(*last.at)));
        let leads = health.facts.leads(zone).map_or_else(String::new, |words| format!("; {words}"));
        say(&format!("o serviço está bem: último sinal de vida em {beat}{leads}{since}{copied}"));
    } else {
        for reason in &reasons {
            remark(&format!("erro: {reason}"));
        }
        if let Some(first) = first.filter(|_| reasons.len() > 1) {
            remark(&format!("faça primeiro: {first}"));
        }
        if let Some(leads) = health.facts.leads(zone) {
            remark(&leads);
        }
    }
    Ok(if well { Answer::Done } else { Answer::Negative })
}

/// Everything that the answer rests on.
fn facts(facts: &Facts, calendar: &Calendar) -> Value {
    let at = |at: Option<jiff::Timestamp>| at.map(|at| rfc3339(at, calendar));
    let feeds = facts.feeds.iter().map(|feed| {
        json!({
            "fonte": feed.feed.as_str(),
            "ultima_coleta": at(feed.fetched_at),
            "conta_ate": at(feed.stale_at),
            "falhas": feed.failures,
            "quarentena_desde": at(feed.quarantined_at),
        })
    });
    let loops = facts
        .loops
        .iter()
        .map(|each| json!({ "laco": each.name, "avancou": at(Some(each.moved_at)), "anotado": at(Some(each.noted_at)) }));
    let channels = facts.channels.iter().map(|failing| {
        json!({ "canal": failing.channel.as_str(), "desde": at(Some(failing.since)), "falha": failing.failure })
    });
    json!({
        "batimento": at(facts.signs.heartbeat_at),
        "ultima_decisao": at(facts.signs.last_pass_at),
        "configuracao": facts.in_force.as_ref().map(|(fingerprint, since, by)| {
            json!({ "hash": fingerprint, "desde": at(Some(*since)), "por": by })
        }),
        "cartas_na_fila": facts.waiting,
        "atrasadas": facts.overdue.as_ref().map(|late| json!({ "entregas": late.letters, "desde": at(Some(late.since)) })),
        "servidor_falha_desde": at(facts.signs.relay_failing_since),
        "fontes": feeds.collect::<Vec<_>>(),
        "lacos": loops.collect::<Vec<_>>(),
        "canais_com_falha": channels.collect::<Vec<_>>(),
        "ultima_copia": facts.backup.as_ref().map(|last| json!({
            "em": at(Some(*last.at)),
            "arquivo": last.path.display().to_string(),
            "registro": last.seq,
        })),
        "quem_envia": facts.leader.as_ref().map(|leader| json!({
            "nome": leader.name,
            "desde": at(Some(leader.since)),
            "epoca": leader.epoch,
            "em_pe": leader.rest.is_some(),
            "sinal_ha_segundos": leader.lag.map(|lag| lag.as_secs()),
        })),
        "autoconferencia": facts.audit.as_ref().map(|(made, audit)| {
            json!({ "em": at(Some(*made)), "cartas": audit.letters, "divergencias": audit.divergences })
        }),
    })
}
