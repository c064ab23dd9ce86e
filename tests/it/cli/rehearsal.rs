//! `simular` to the word of the contract.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use super::office::Office;

const KEYS: [&str; 10] =
    ["em", "acao", "aviso", "janela", "edicao", "tipo", "degrau", "municipio", "para", "porque"];
const ACTS: [&str; 6] = ["enviar", "reter", "retirar", "superar", "expirar", "publicar"];
const KINDS: [&str; 8] =
    ["divulgacao", "lembrete", "prazo", "prorrogacao", "suspensao", "resumo", "remessa", "alerta"];

/// Every day, so that the news never grows old: one pendente, one concluído, one of whom nothing is said.
fn statuses() -> String {
    let mut text = String::from("em;janela;ibge;parte;unidade;situacao\n");
    for day in 2..=30 {
        for part in ["CRAS", "CREAS", "CENTRO POP"] {
            let _ = writeln!(text, "2026-11-{day:02}T06:00;rma/2026-10;3205309;{part};;pendente");
            let _ = writeln!(text, "2026-11-{day:02};rma/2026-10;320520;{part};;concluido");
        }
    }
    text
}

fn events(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_line_has_the_contracts_keys_in_order_and_the_contracts_words() {
    let office = Office::new();
    office.write("s.csv", statuses());
    let text = office.stdout("simular --de 2026-11-01 --ate 2026-12-05 --situacoes s.csv --json");
    let mut seen = BTreeSet::new();
    for line in text.lines() {
        let places: Vec<usize> = KEYS
            .iter()
            .map(|key| line.find(&format!("\"{key}\":")).unwrap_or_else(|| panic!("{key}: {line}")))
            .collect();
        assert!(places.is_sorted(), "{line}");
        assert!(!line.contains("\": "), "compact: {line}");
        let event: Value = serde_json::from_str(line).unwrap();
        assert_eq!(event.as_object().unwrap().len(), KEYS.len(), "{line}");
        event["em"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        let act = event["acao"].as_str().unwrap();
        assert!(ACTS.contains(&act), "{line}");
        assert!(event["tipo"].is_null() || KINDS.contains(&event["tipo"].as_str().unwrap()), "{line}");
        assert!(event["edicao"].is_null() || event["edicao"].is_u64(), "{line}");
        assert!(event["para"].is_array() && event["porque"].as_str().unwrap().ends_with('.'), "{line}");
        assert!(act != "enviar" || !event["para"].as_array().unwrap().is_empty(), "{line}");
        seen.insert((act.to_owned(), event["tipo"].as_str().unwrap_or_default().to_owned()));
    }
    let seen: Vec<String> = seen.into_iter().map(|(act, kind)| format!("{act} {kind}")).collect();
    insta::assert_snapshot!(seen.join("\n"));
}

#[test]
fn only_the_pending_municipality_is_chased() {
    let office = Office::new();
    office.write("s.csv", statuses());
    let text = office.stdout("simular --de 2026-11-01 --ate 2026-12-05 --situacoes s.csv --json");
    let of = |kind: &str| -> Vec<String> {
        events(&text)
            .iter()
            .filter(|e| e["janela"] == "rma/2026-10" && e["acao"] == "enviar" && e["tipo"] == kind)
            .map(|e| format!("{} {}", e["degrau"].as_str().unwrap(), e["municipio"].as_str().unwrap()))
            .collect()
    };
    assert_eq!(of("prazo"), ["10d 3205309", "5d 3205309", "2d 3205309"]);
    assert_eq!(of("lembrete"), ["5d 3205002"], "of whom nothing is known; the one who is done hears nothing");
}

#[test]
fn a_rehearsal_is_told_for_people_and_kept_in_a_folder_that_may_be_there_already() {
    let office = Office::new();
    office.write("s.csv", statuses());
    std::fs::create_dir(office.path("saida")).unwrap();
    let line = "simular --de 2026-11-19 --ate 2026-12-01 --situacoes s.csv --saida saida";
    insta::assert_snapshot!(office.run(line, 0));
    assert!(office.letters() > 0);
    assert!(office.path("saida/relatorios/rma-2026-10-edicao-1.txt").is_file());
    assert!(!office.path("var").exists(), "a rehearsal leaves no ledger");
}

/// Every letter that a rehearsal kept.
fn kept(dir: &Path, letters: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            kept(&path, letters);
        } else if path.extension().is_some_and(|name| name == "eml") {
            letters.push(String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned());
        }
    }
}

#[test]
fn letters_of_a_rehearsal_refer_to_those_before_as_they_would_leave() {
    let office = Office::new();
    office.write("s.csv", statuses());
    office.run("simular --de 2026-11-01 --ate 2026-12-01 --situacoes s.csv --saida saida", 0);
    let mut letters = Vec::new();
    kept(&office.path("saida"), &mut letters);
    let header = |letter: &str, name: &str| -> Option<String> {
        let rest = letter.split(&format!("\n{name}:")).nth(1)?;
        rest.split_whitespace().next().map(str::to_owned)
    };
    let ids: BTreeSet<String> = letters.iter().filter_map(|letter| header(letter, "Message-ID")).collect();
    let of_vitoria = letters.iter().filter(|letter| {
        let id = header(letter, "Message-ID").unwrap();
        id.contains("rma.2026-10") && id.contains("3205309")
    });
    let answered: Vec<Option<String>> = of_vitoria.map(|letter| header(letter, "In-Reply-To")).collect();
    assert_eq!(answered.len(), 4, "a divulgação and three rungs: {ids:?}");
    assert_eq!(
        answered.iter().filter(|to| to.is_none()).count(),
        1,
        "only the first stands alone: {answered:?}"
    );
    assert!(answered.iter().flatten().all(|id| ids.contains(id)), "{answered:?}");
}

#[test]
fn dates_of_a_spreadsheet_and_units_are_understood() {
    let office = Office::new();
    office.write(
        "s.csv",
        "em;janela;ibge;parte;unidade;situacao\n\
         19/11/2026 06:00;rma/2026-10;3205309;CRAS;3205309001;pendente\n\
         19/11/2026;rma/2026-10;3205309;CREAS;;concluido\n\
         19/11/2026;rma/2026-10;3205309;CENTRO POP;;nao_se_aplica\n",
    );
    let text = office.stdout("simular --de 2026-11-01 --ate 2026-11-24 --situacoes s.csv --json");
    let chased = |e: &&Value| e["tipo"] == "prazo" && e["acao"] == "enviar";
    let chased: Vec<Value> = events(&text).iter().filter(chased).cloned().collect();
    assert_eq!(chased.len(), 1, "{chased:#?}");
    assert_eq!(chased[0]["em"], "2026-11-19T08:00:00-03:00", "the 10th day before is a holiday");
}

#[test]
fn rows_that_can_have_no_effect_are_warned_of_and_stop_nothing() {
    let office = Office::new();
    office.write(
        "s.csv",
        "em;janela;ibge;parte;unidade;situacao\n\
         2026-11-02;rma/2019-10;3205309;CRAS;;pendente\n\
         2026-11-02;rma/2026-10;3205309;FUNDO;;pendente\n",
    );
    insta::assert_snapshot!(office.run("simular --de 2026-12-02 --ate 2026-12-02 --situacoes s.csv", 0));
}

#[test]
fn a_summary_tells_days_municipalities_and_warnings_and_is_kept_as_a_page_and_tables() {
    let office = Office::new();
    let line = "simular --de 2026-11-01 --ate 2026-12-05 --resumo --por-semana 1 --saida ensaio";
    insta::assert_snapshot!(office.run(line, 0));
    let page = office.read("ensaio/resumo.html");
    assert!(page.contains("novembro de 2026") && page.contains("Serra"), "{page}");
    for (file, heading) in [
        ("dias", "dia;cartas_municipios;cartas_equipe;entregas;saem;ficam;ultima_as;pagina_do_dia"),
        (
            "municipios",
            "ibge;municipio;cartas;divulgacao;lembrete;prazo;prorrogacao;suspensao;em_7_dias;a_partir_de",
        ),
        ("avisos", "tipo;aviso;ajuda"),
    ] {
        let table = office.read(&format!("ensaio/resumo-{file}.csv"));
        assert!(table.starts_with(&format!("\u{feff}{heading}\r\n")), "{table}");
        assert!(table.lines().count() > 1, "{table}");
    }
}

#[test]
fn a_relay_that_takes_too_little_is_warned_of() {
    let office = Office::new();
    office.edit("config/vigia.toml", "por_dia = 10000", "por_dia = 4");
    let told = office.stdout("simular --de 2026-11-01 --ate 2026-11-30 --resumo");
    assert!(told.contains("o servidor não daria conta") && told.contains("NÃO CABE"), "{told}");
}
