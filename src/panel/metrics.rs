//! What Prometheus reads, in its text format, made of the ledger at each scrape: there is nothing that could be forgotten
//! to be counted. Pure.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::Beat;
use crate::desk::view::Ailment;
use crate::desk::view::{Gauges, Overview};
use crate::domain::delivery::DeliveryState;

/// What an attempt may come to: each is there from the start, so that the first of it is seen to be one more.
const OUTCOMES: [DeliveryState; 4] =
    [DeliveryState::Accepted, DeliveryState::Deferred, DeliveryState::Refused, DeliveryState::Uncertain];

/// What a metric is, for `# TYPE`.
enum Type {
    Gauge,
    Counter,
}

/// Lines of one metric after the other.
#[derive(Default)]
struct Exposition(String);

impl Exposition {
    /// Begins a metric.
    fn metric(&mut self, name: &'static str, kind: &Type, help: &str) {
        let kind = match kind {
            Type::Gauge => "gauge",
            Type::Counter => "counter",
        };
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    /// A value of it.
    fn value(&mut self, name: &'static str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        self.0.push_str(name);
        if !labels.is_empty() {
            let labels: Vec<String> = labels.iter().map(|(n, v)| format!("{n}=\"{}\"", escaped(v))).collect();
            let _ = write!(self.0, "{{{}}}", labels.join(","));
        }
        let _ = writeln!(self.0, " {value}");
    }
}

/// A label's value (Prometheus text format 0.0.4).
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn seconds(at: Timestamp) -> f64 {
    at.as_duration().as_secs_f64()
}

/// All of it.
pub(super) fn text(gauges: &Gauges, beat: &Beat, scene: &Overview) -> String {
    let mut out = Exposition::default();
    queue(&mut out, gauges, beat);
    let name = "vigia_fonte_timestamp_seconds";
    out.metric(name, &Type::Gauge, "Quando valeu o que cada fonte diz; 0 se ela nunca disse nada.");
    for (feed, at) in &gauges.feeds {
        out.value(name, &[("fonte", feed.as_str())], at.map_or(0.0, seconds));
    }
    let name = "vigia_retidos";
    out.metric(name, &Type::Gauge, "Avisos retidos, por causa.");
    let mut held: std::collections::BTreeMap<&'static str, usize> = std::collections::BTreeMap::new();
    for decision in &scene.plan.held {
        *held.entry(decision.because().cause().as_str()).or_default() += 1;
    }
    for (cause, number) in held {
        out.value(name, &[("causa", cause)], number);
    }
    health(&mut out, gauges);
    let name = "vigia_municipios";
    out.metric(name, &Type::Gauge, "Municípios de cada janela aberta ou encerrada há pouco, por situação.");
    for summary in &scene.windows {
        let counts = summary.municipalities;
        let all = [
            ("concluido", counts.done),
            ("pendente", counts.pending),
            ("nao_confirmado", counts.unconfirmed),
            ("nao_se_aplica", counts.not_applicable),
        ];
        for (state, number) in all {
            out.value(name, &[("janela", summary.window.as_str()), ("situacao", state)], number);
        }
    }
    out.0
}

fn queue(out: &mut Exposition, gauges: &Gauges, beat: &Beat) {
    let waiting =
        [DeliveryState::Recorded, DeliveryState::Sending, DeliveryState::Deferred, DeliveryState::Uncertain];
    let name = "vigia_fila_entregas";
    out.metric(name, &Type::Gauge, "Entregas que esperam para sair, por estado.");
    for state in waiting {
        let number = gauges.queued.iter().find(|(s, ..)| *s == state).map_or(0, |(_, number, _)| *number);
        out.value(name, &[("estado", state.as_str())], number);
    }
    let name = "vigia_fila_mais_antiga_timestamp_seconds";
    out.metric(
        name,
        &Type::Gauge,
        "Para quando está marcada a primeira tentativa da fila; 0 com a fila vazia.",
    );
    let first = gauges.queued.iter().filter_map(|(_, _, at)| *at).min();
    out.value(name, &[], first.map_or(0.0, seconds));
    let name = "vigia_tentativas_total";
    out.metric(name, &Type::Counter, "Tentativas de entrega desde o início do serviço, por resultado.");
    for state in OUTCOMES {
        let number = beat.attempts.iter().find(|(s, _)| *s == state).map_or(0, |(_, number)| *number);
        out.value(name, &[("resultado", state.as_str())], number);
    }
    let name = "vigia_passada_duracao_seconds";
    out.metric(name, &Type::Gauge, "Quanto levou a última passada; 0 antes da primeira.");
    out.value(name, &[], beat.last_pass.map_or(0.0, |taken| taken.as_secs_f64()));
    let name = "vigia_ultima_passada_timestamp_seconds";
    out.metric(name, &Type::Gauge, "Quando foi a última passada; 0 antes da primeira.");
    out.value(name, &[], gauges.last_pass_at.map_or(0.0, seconds));
}

fn health(out: &mut Exposition, gauges: &Gauges) {
    let ailments = &gauges.health.ailments;
    let name = "vigia_envio_parado";
    out.metric(name, &Type::Gauge, "1 se nenhuma carta sai a município, pelo motivo.");
    for label in Ailment::FREEZES {
        let found = ailments.iter().any(|ailment| ailment.label() == label);
        out.value(name, &[("motivo", label)], u8::from(found));
    }
    let name = "vigia_falha";
    out.metric(name, &Type::Gauge, "1 para cada coisa que “vigia-suas saude” diria, menos o que só ele confere: os arquivos que o serviço ainda não leu.");
    for label in Ailment::LABELS {
        let found = ailments.iter().any(|ailment| ailment.label() == label);
        out.value(name, &[("tipo", label)], u8::from(found));
    }
    let name = "vigia_saudavel";
    out.metric(name, &Type::Gauge, "1 se o serviço está bem.");
    out.value(name, &[], u8::from(ailments.is_empty()));
    let name = "vigia_configuracao_timestamp_seconds";
    out.metric(name, &Type::Gauge, "Desde quando vale a última configuração boa; 0 se nenhuma.");
    let since = gauges.health.facts.in_force.as_ref().map_or(0.0, |(_, since, _)| seconds(*since));
    out.value(name, &[], since);
    // Only where several machines may send.
    if let Some(leader) = &gauges.health.facts.leader {
        let name = "vigia_lider_timestamp_seconds";
        out.metric(name, &Type::Gauge, "Desde quando envia quem envia, pelo relógio do servidor do banco.");
        out.value(name, &[], seconds(leader.since));
        if let Some(lag) = leader.lag {
            let name = "vigia_lider_atraso_seconds";
            out.metric(name, &Type::Gauge, "Há quanto tempo quem envia deu sinal ao servidor do banco; ausente se parou e deixou o lugar.");
            out.value(name, &[], lag.as_secs_f64());
        }
        let name = "vigia_lider_epoca";
        out.metric(name, &Type::Gauge, "Quantos já enviaram, um depois do outro: cresce a cada troca.");
        out.value(name, &[], leader.epoch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_says_what_it_says_and_ends_no_line() {
        let mut out = Exposition::default();
        out.metric("vigia_x", &Type::Gauge, "Algo.");
        out.value("vigia_x", &[("a", "b\"c\\d\ne")], 1.5);
        assert_eq!(out.0, "# HELP vigia_x Algo.\n# TYPE vigia_x gauge\nvigia_x{a=\"b\\\"c\\\\d\\ne\"} 1.5\n");
    }
}
