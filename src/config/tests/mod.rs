//! The compiler as operators meet it: whole configurations in, faults at their places out.

mod bounds;
mod broken;
mod calendar;
mod catalogue;
mod dialect;
mod feeds;
mod mutation;
mod rewrite;
mod rosters;
mod service;
mod shipped;
mod watch;

use jiff::Timestamp;

use super::{Config, Fault, Faults, LoadError, Severity, Sources, compile};

const VIGIA: &str = r#"
[remetente]
nome = "Vigilância"
email = "v@setades.es.gov.br"
[gerencia.GPSB]
nome = "Proteção Básica"
email = "gpsb@setades.es.gov.br"
[gsuas]
email = "gsuas@setades.es.gov.br"
"#;

const CALENDAR: &str = r#"
[parte.CRAS]
nome = "CRAS"
responsavel = "unidade"
[parte.GESTAO]
nome = "Gestão"
responsavel = "smas"
[sistema.rma]
nome = "RMA"
link = "https://aplicacoes.mds.gov.br/sagi/atendimento"
partes = ["CRAS"]
gerencias = ["GPSB"]
[sistema.rma.recorrencia]
cada = "mes"
de = "2026-01"
abre = { mais_meses = 1, dia = 1 }
prazo = { mais_meses = 1, dia = "ultimo" }
[sistema.censo-suas]
nome = "Censo SUAS"
link = "https://aplicacoes.mds.gov.br/sagi/censosuas"
partes = ["CRAS", "GESTAO"]
"#;

const MUNICIPALITIES: &str = "ibge;nome;regiao;smas_email;cmas_email;dispensas\n\
    3205309;Vitória;Metropolitana;smas@vitoria.es.gov.br;cmas@vitoria.es.gov.br;\n\
    3205200;Vila Velha;Metropolitana;smas@vilavelha.es.gov.br;;\n";

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

/// A small configuration without faults, in directory `c`.
fn small() -> Sources {
    Sources::default()
        .with("vigia.toml", VIGIA)
        .with("calendario.toml", CALENDAR)
        .with("municipios.csv", MUNICIPALITIES)
}

/// The small one with text after one of its files.
fn plus(file: &str, more: &str) -> Sources {
    let base = match file {
        "vigia.toml" => VIGIA,
        "calendario.toml" => CALENDAR,
        "municipios.csv" => MUNICIPALITIES,
        _ => "",
    };
    small().with(file, format!("{base}{more}"))
}

fn good(sources: &Sources) -> Config {
    match compile(sources, now()) {
        Ok(config) => config,
        Err(LoadError::Faulty(faults)) => panic!("{}", faults.render(false)),
        Err(other) => panic!("{other}"),
    }
}

fn faults(sources: &Sources) -> Vec<Fault> {
    match compile(sources, now()) {
        Ok(config) => config.warnings,
        Err(LoadError::Faulty(Faults(faults))) => faults,
        Err(other) => panic!("{other}"),
    }
}

fn errors(sources: &Sources) -> Vec<Fault> {
    faults(sources).into_iter().filter(|f| f.severity == Severity::Error).collect()
}

/// Each fault in a line: place, span, message, hint.
fn lines(faults: &[Fault]) -> String {
    let all: Vec<String> = faults.iter().map(|f| format!("{f}\n    [{}] {}\n", f.span, f.hint)).collect();
    all.concat()
}

/// Checks a table of mistakes: each text added to a file makes exactly one fault, with this underlined.
fn each_makes_one_fault(file: &str, table: &[(&str, &str, &str)]) {
    for (text, span, message) in table {
        let found = faults(&plus(file, text));
        let [fault] = &found[..] else { panic!("{text}\nmade\n{}", lines(&found)) };
        assert!(fault.message.contains(message), "{text}\nmade\n{}", lines(&found));
        assert_eq!(fault.span, *span, "{text}");
        let line = fault.excerpt.as_str();
        let at: String = line.chars().skip(fault.column.saturating_sub(1)).collect();
        assert!(at.starts_with(span), "the span stands at its column: {}", lines(&found));
        assert!(!fault.hint.is_empty(), "every fault says what to do: {}", fault.message);
    }
}
