//! `calendario.toml` and `feriados.toml`.

use jiff::civil::{date, time};

use super::*;
use crate::domain::calendar::{HaltKind, Respondent};
use crate::domain::id::WindowId;

const WINDOW: &str = "[[janela]]\nsistema = \"censo-suas\"\nreferencia = \"2026\"\nabertura = 2026-10-01\n\
    prazo = 2026-11-30\nfonte = \"MDS\"\n";

const EXTENSION: &str = "[[janela.prorrogacao]]\nprazo = 2026-12-10\nanunciada = 2026-11-20\nfonte = \"MDS\"";

fn after_window(more: &str) -> String {
    format!("{WINDOW}{more}\n")
}

#[test]
fn a_window_keeps_its_editions_in_order() {
    let text = after_window(
        "depende_de = \"\"\nresponsavel = \"smas\"\nsituacao = \"suspensa\"\nsituacao_desde = 2026-11-14\n\
        situacao_ate = 2026-11-20\n\
        [[janela.prorrogacao]]\nprazo = 2026-12-10\nanunciada = 2026-11-20\nfonte = \"MDS\"\n\
        [[janela.prorrogacao]]\nprazo = 2026-12-20\nprazo_hora = \"18:00\"\nanunciada = 2026-11-22\nfonte = \"MDS\"\n\
        municipios = [\"3205309\", 3205200]",
    );
    let config = good(&plus("calendario.toml", &text));
    let [window] = &config.calendar.declared[..] else { panic!() };
    assert_eq!(window.id.as_str(), "censo-suas/2026");
    assert_eq!(window.respondent, Some(Respondent::Smas));
    assert_eq!(window.parts.len(), 2, "the system's, since the window names none");
    let numbers: Vec<u16> = window.editions.iter().map(|e| e.number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(window.editions[2].municipalities.len(), 2);
    assert_eq!(window.editions[2].deadline.unwrap().at, jiff::civil::time(18, 0, 0, 0));
    let halt = window.halt.unwrap();
    assert_eq!((halt.kind, halt.since), (HaltKind::Suspended, Some(date(2026, 11, 14))));
}

#[test]
fn a_window_without_a_deadline_is_open_with_its_deadline_to_come() {
    let text = WINDOW.replace("prazo = 2026-11-30\n", "");
    let config = good(&plus("calendario.toml", &text));
    assert_eq!(config.calendar.declared[0].editions[0].deadline, None);
    assert_eq!(config.warnings, []);
}

#[test]
fn a_declared_window_takes_the_place_of_the_recurring_one_and_its_id() {
    let text = "[[janela]]\nsistema = \"rma\"\nreferencia = \"2026-10\"\nabertura = 2026-11-03\n\
        prazo = 2026-11-30\nfonte = \"MDS\"\n";
    let config = good(&plus("calendario.toml", text));
    let window = config.calendar.window(&WindowId::parse("rma/2026-10").unwrap()).unwrap();
    assert_eq!((window.opens_on, window.recurring), (date(2026, 11, 3), false));
    let silent = text.replace("prazo = 2026-11-30\n", "");
    let found = faults(&plus("calendario.toml", &silent));
    assert_eq!(found[0].severity, Severity::Warning);
    assert!(found[0].hint.contains("prazo = 2026-11-30"), "{}", lines(&found));
}

#[test]
fn each_mistake_in_a_window_is_one_fault_at_its_place() {
    let extension = |more: &str| {
        after_window(&format!(
            "[[janela.prorrogacao]]\nprazo = 2026-12-10\nanunciada = 2026-11-20\nfonte = \"MDS\"\n{more}"
        ))
    };
    let second = "[[janela.prorrogacao]]\nprazo = 2026-12-20\nanunciada = 2026-11-10\nfonte = \"MDS\"\n";
    let table: Vec<(String, &str, &str)> = vec![
        (WINDOW.replace("2026-11-30", "2026-09-30"), "2026-09-30", "antes da abertura"),
        (WINDOW.replace("2026-11-30", "2028-11-30"), "2028-11-30", "mais de um ano"),
        (WINDOW.replace("2026-11-30", "2026-11-31"), "2026-11-31", "não existe"),
        (WINDOW.replace("2026-11-30", "\"30/11\""), "\"30/11\"", "não é uma data"),
        (WINDOW.replace("fonte = \"MDS\"\n", ""), "[[janela]]", "falta a chave `fonte`"),
        (WINDOW.replace("\"MDS\"", "\"\""), "\"\"", "vazio"),
        (WINDOW.replace("\"2026\"", "\"2026-13\""), "\"2026-13\"", "não é uma referência"),
        (WINDOW.replace("censo-suas", "censo-sua"), "\"censo-sua\"", "sistema não declarado"),
        (after_window("partes = [\"CRAS\", \"CREAS\"]"), "\"CREAS\"", "parte não declarada"),
        (after_window("partes = [\"CRAS\", \"CRAS\"]"), "\"CRAS\"", "duas vezes"),
        (after_window("partes = []"), "[]", "vazia"),
        (after_window("nome = \"—\""), "\"—\"", "identificador"),
        (after_window("depende_de = \"rma\""), "\"rma\"", "não é uma janela"),
        (after_window("depende_de = \"rma/2025-01\""), "\"rma/2025-01\"", "não existe"),
        (after_window("depende_de = \"censo-suas/2026\""), "\"censo-suas/2026\"", "depender de si mesma"),
        (after_window("situacao = \"parada\""), "\"parada\"", "não é uma opção"),
        (after_window("situacao_desde = 2026-11-01"), "2026-11-01", "não está suspensa"),
        (
            after_window("situacao = \"suspensa\"\nsituacao_desde = 2026-11-10\nsituacao_ate = 2026-11-01"),
            "2026-11-01",
            "vem antes",
        ),
        (
            after_window("situacao = \"suspensa\"\nsituacao_desde = 2026-11-10\nsituacao_ate = 2026-11-10"),
            "2026-11-10",
            "no mesmo dia",
        ),
        (
            after_window(&format!("situacao = \"suspensa\"\n{EXTENSION}")),
            "\"suspensa\"",
            "sem `situacao_desde` não para nada",
        ),
        (
            after_window(&format!("situacao = \"suspensa\"\nsituacao_desde = 2026-11-10\n{EXTENSION}")),
            "\"suspensa\"",
            "nada está parado",
        ),
        (after_window("prazos = 1"), "prazos", "chave desconhecida"),
        (after_window("sancao = \"\""), "\"\"", "vazio"),
        (format!("{WINDOW}{WINDOW}"), "\"2026\"", "já foi declarada"),
        (extension("municipios = [\"3205308\"]"), "\"3205308\"", "dígito verificador"),
        (extension("municipios = [\"3200102\"]"), "\"3200102\"", "não está em municipios.csv"),
        (extension(second), "2026-11-10", "antes da anterior"),
        (extension("").replace("2026-11-20", "2026-09-20"), "2026-09-20", "antes da abertura"),
        (extension("").replace("2026-12-10", "2026-09-10"), "2026-09-10", "antes da abertura"),
        (
            extension("").replace("prazo = 2026-12-10\n", ""),
            "[[janela.prorrogacao]]",
            "falta a chave `prazo`",
        ),
        (extension("").replace("anunciada = 2026-11-20\n", ""), "[[janela.prorrogacao]]", "`anunciada`"),
        (extension("").replace("2026-12-10", "2026-12-32"), "2026-12-32", "não existe"),
    ];
    let table: Vec<(&str, &str, &str)> = table.iter().map(|(a, b, c)| (a.as_str(), *b, *c)).collect();
    each_makes_one_fault("calendario.toml", &table);
}

#[test]
fn each_mistake_in_a_system_is_one_fault_at_its_place() {
    let head = "[sistema.x]\nnome = \"X\"\nlink = \"https://x.gov.br\"\npartes = [\"CRAS\"]\n";
    let table: Vec<(String, &str, &str)> = [
        ("escada = [{ antes = \"5\", para = [\"smas\"] }]", "\"5\"", "quantidade de dias"),
        ("escada = [{ antes = \"-1d\", para = [\"smas\"] }]", "\"-1d\"", "quantidade de dias"),
        ("escada = [{ antes = \"5d\", para = [] }]", "[]", "vazia"),
        ("escada = [{ antes = \"5d\", para = [\"prefeito\"] }]", "\"prefeito\"", "destinatário desconhecido"),
        ("escada = [{ para = [\"smas\"] }]", "{ para = [\"smas\"] }", "falta a chave `antes`"),
        ("escada = [{ antes = \"5d\", para = [\"smas\"], copia = [\"smas\"] }]", "\"smas\"", "não é uma opção"),
        (
            "escada = [{ antes = \"5d\", para = [\"smas\"] }, { antes = \"05d\", para = [\"smas\"] }]",
            "\"05d\"",
            "já está",
        ),
        ("escada = [{ antes = \"5d\", para = [\"smas\"], sem_confirmacao = \"x\" }]", "\"x\"", "opção"),
        ("validade_situacao = \"36\"", "\"36\"", "não é uma duração"),
        ("validade_situacao = 36", "36", "esperava um texto"),
        ("remessa_apos = \"1h\"", "\"1h\"", "quantidade de dias"),
        ("gerencias = [\"GPSX\"]", "\"GPSX\"", "gerência não declarada"),
        ("sancao = \"\"", "\"\"", "vazio"),
        ("recorencia = {}", "recorencia", "chave desconhecida"),
        ("recorrencia = 1", "1", "deveria ser uma tabela"),
        (
            "[sistema.x.recorrencia]\ncada = \"trimestre\"\nde = \"2026-01\"\nabre = { dia = 1 }\nprazo = { dia = 2 }",
            "\"2026-01\"",
            "não combina",
        ),
        (
            "[sistema.x.recorrencia]\ncada = \"mes\"\nde = \"2026-02\"\nate = \"2026-01\"\nabre = { dia = 1 }\nprazo = { dia = 2 }",
            "\"2026-01\"",
            "vem antes da primeira",
        ),
        (
            "[sistema.x.recorrencia]\ncada = \"ano\"\nde = 2026\nabre = { dia = 3 }\nprazo = { dia = 2 }",
            "{ dia = 2 }",
            "antes da abertura",
        ),
        (
            "[sistema.x.recorrencia]\ncada = \"ano\"\nde = \"2026\"\nabre = { dia = 32 }\nprazo = { dia = \"ultimo\" }",
            "32",
            "não serve",
        ),
        (
            "[sistema.x.recorrencia]\ncada = \"ano\"\nde = \"2026\"\nabre = { dias = 3, dia = 1 }\nprazo = { dia = 2 }",
            "dias",
            "chave desconhecida",
        ),
    ]
    .into_iter()
    .map(|(text, span, message)| (format!("{head}{text}\n"), span, message))
    .collect();
    let mut table: Vec<(&str, &str, &str)> = table.iter().map(|(a, b, c)| (a.as_str(), *b, *c)).collect();
    table.extend([
        (
            "[sistema.X]\nnome = \"X\"\nlink = \"https://x.gov.br\"\npartes = [\"CRAS\"]\n",
            "X",
            "identificador",
        ),
        ("[sistema.x]\nnome = \"X\"\nlink = \"x\"\npartes = [\"CRAS\"]\n", "\"x\"", "endereço da web"),
        (
            "[sistema.x]\nlink = \"https://x.gov.br\"\npartes = [\"CRAS\"]\n",
            "[sistema.x]",
            "falta a chave `nome`",
        ),
        ("[parte.X]\nnome = \"X\"\nresponsavel = \"prefeito\"\n", "\"prefeito\"", "não é uma opção"),
        (
            "[parte.X]\nnome = \"X\"\nresponsavel = \"smas\"\ngerencia = \"GP\"\n",
            "\"GP\"",
            "gerência não declarada",
        ),
        ("[janela]\nsistema = \"rma\"\n", "[janela]", "colchetes duplos"),
        ("[sistemas.x]\n", "sistemas", "chave desconhecida"),
    ]);
    each_makes_one_fault("calendario.toml", &table);
}

#[test]
fn windows_of_one_reference_that_share_a_part_may_not_run_at_once() {
    let second = |opens: &str, parts: &str| {
        format!(
            "{WINDOW}nome = \"a\"\npartes = [\"CRAS\"]\n{}nome = \"b\"\npartes = {parts}\n",
            WINDOW.replace("2026-10-01", opens).replace("2026-11-30", "2026-12-20")
        )
    };
    let apart = second("2026-12-01", "[\"CRAS\"]");
    assert_eq!(faults(&plus("calendario.toml", &apart)), []);
    let others = second("2026-10-01", "[\"GESTAO\"]");
    assert_eq!(faults(&plus("calendario.toml", &others)), []);
    let together = second("2026-11-29", "[\"CRAS\"]");
    let found = errors(&plus("calendario.toml", &together));
    assert_eq!((found.len(), found[0].span.as_str()), (1, "2026-11-29"), "{}", lines(&found));
    let extended = apart.replacen(
        "partes = [\"CRAS\"]\n",
        "partes = [\"CRAS\"]\n[[janela.prorrogacao]]\nprazo = 2026-12-05\nanunciada = 2026-11-20\nfonte = \"MDS\"\n",
        1,
    );
    let found = faults(&plus("calendario.toml", &extended));
    assert_eq!(
        (found.len(), found[0].severity, found[0].span.as_str()),
        (1, Severity::Warning, "2026-12-05")
    );
}

#[test]
fn a_named_window_beside_the_recurring_one_of_its_month_overlaps_it() {
    let text = "[[janela]]\nsistema = \"rma\"\nreferencia = \"2026-10\"\nnome = \"extra\"\n\
        abertura = 2026-11-15\nprazo = 2026-12-15\nfonte = \"MDS\"\n";
    let found = errors(&plus("calendario.toml", text));
    assert_eq!(found.len(), 1);
    assert!(found[0].message.contains("“rma/2026-10”"), "{}", lines(&found));
}

#[test]
fn a_circle_of_dependencies_is_shown_at_each_of_its_windows() {
    let one = |name: &str, on: &str, parts: &str| {
        format!("{WINDOW}nome = \"{name}\"\npartes = [\"{parts}\"]\ndepende_de = \"censo-suas/2026/{on}\"\n")
    };
    let text = format!("{}{}", one("a", "b", "CRAS"), one("b", "a", "GESTAO"));
    let found = errors(&plus("calendario.toml", &text));
    assert_eq!(found.len(), 2, "{}", lines(&found));
}

#[test]
fn a_recurring_window_can_be_waited_for() {
    let config = good(&plus("calendario.toml", &after_window("depende_de = \"rma/2026-10\"")));
    assert!(config.calendar.declared[0].depends_on.is_some());
}

#[test]
fn waiting_for_a_window_that_nothing_lets_go_on_is_a_warning() {
    let first = |halt: &str| format!("{WINDOW}nome = \"a\"\npartes = [\"CRAS\"]\n{halt}\n");
    let second = format!("{WINDOW}nome = \"b\"\npartes = [\"GESTAO\"]\ndepende_de = \"censo-suas/2026/a\"\n");
    let of = |halt: &str| faults(&plus("calendario.toml", &format!("{}{second}", first(halt))));
    for (halt, word) in [
        ("situacao = \"cancelada\"\nsituacao_desde = 2026-11-10", "cancelada"),
        ("situacao = \"suspensa\"\nsituacao_desde = 2026-11-10", "suspensa, sem dia em que acabe"),
    ] {
        let found = of(halt);
        assert_eq!((found.len(), found[0].severity), (1, Severity::Warning), "{}", lines(&found));
        assert!(found[0].message.contains(&format!("“censo-suas/2026/a” está {word}")), "{}", lines(&found));
    }
    let ends = "situacao = \"suspensa\"\nsituacao_desde = 2026-11-10\nsituacao_ate = 2026-11-12";
    assert_eq!(of(ends).len(), 0, "it goes on by itself");
    assert_eq!(of("").len(), 0);
}

#[test]
fn a_convention_that_nobody_confirmed_is_a_warning_also_in_a_rehearsal() {
    let text =
        "[sistema.x]\nnome = \"X\"\nlink = \"https://x.gov.br\"\npartes = [\"CRAS\"]\na_confirmar = true\n";
    let production =
        format!("modo = \"producao\"\ninicio = 2026-12-01\n{VIGIA}[smtp]\nservidor = \"smtp.es.gov.br\"\n");
    for sources in
        [plus("calendario.toml", text), plus("calendario.toml", text).with("vigia.toml", production)]
    {
        let found = faults(&sources);
        assert_eq!((found.len(), found[0].severity), (1, Severity::Warning), "{}", lines(&found));
    }
}

#[test]
fn a_ponto_facultativo_may_end_at_an_hour_and_a_holiday_not() {
    let day =
        |kind: &str| format!("[[feriado]]\nnome = \"x\"\ndata = 2026-12-24\nate_hora = \"14:00\"\n{kind}\n");
    let config = good(&small().with("feriados.toml", day("tipo = \"ponto_facultativo\"")));
    let holidays = &config.calendar.hours.holidays;
    assert_eq!(holidays.closed_until(date(2026, 12, 24)), Some(time(14, 0, 0, 0)));
    assert!(holidays.is_business_day(date(2026, 12, 24)));
    for kind in ["", "tipo = \"feriado\""] {
        let found = errors(&small().with("feriados.toml", day(kind)));
        let [fault] = &found[..] else { panic!("{}", lines(&found)) };
        assert_eq!((fault.line, fault.span.as_str()), (4, "\"14:00\""));
    }
}

#[test]
fn a_window_with_last_years_dates_is_told() {
    let window = |reference: &str, opens: &str, ends: &str| {
        format!(
            "[[janela]]\nsistema = \"censo-suas\"\nreferencia = \"{reference}\"\nabertura = {opens}\nprazo = {ends}\nfonte = \"MDS\"\n"
        )
    };
    let told = |text: &str| faults(&plus("calendario.toml", text));
    let found = told(&window("2026", "2025-10-01", "2025-11-30"));
    let [fault] = &found[..] else { panic!("{}", lines(&found)) };
    assert_eq!((fault.severity, fault.span.as_str()), (Severity::Warning, "2025-10-01"));
    assert_eq!(told(&window("2026", "2025-12-01", "2026-01-30")), []);
    assert_eq!(told(&window("2026-10", "2026-10-01", "2026-10-30")), []);
    assert_eq!(told(&window("2026-T4", "2026-07-01", "2026-09-30")).len(), 1);
}

#[test]
fn each_mistake_in_a_holiday_is_one_fault_at_its_place() {
    each_makes_one_fault(
        "feriados.toml",
        &[
            ("[[feriado]]\ndia = \"09-08\"\n", "[[feriado]]", "falta a chave `nome`"),
            ("[[feriado]]\nnome = \"x\"\n", "[[feriado]]", "falta dizer quando"),
            ("[[feriado]]\nnome = \"x\"\ndia = \"09-08\"\npascoa = 1\n", "[[feriado]]", "mais de uma regra"),
            ("[[feriado]]\nnome = \"x\"\ndia = \"08-32\"\n", "\"08-32\"", "não existe"),
            ("[[feriado]]\nnome = \"x\"\npascoa = \"60\"\n", "\"60\"", "número inteiro"),
            ("[[feriado]]\nnome = \"x\"\npascoa = 1\ntipo = \"folga\"\n", "\"folga\"", "opção"),
            ("[[feriado]]\nnome = \"x\"\npascoa = 1\ndesde = 2026\nate = 2025\n", "2025", "antes"),
            ("[[feriados]]\nnome = \"x\"\n", "feriados", "chave desconhecida"),
        ],
    );
}

#[test]
fn bare_dates_that_do_not_exist_hide_no_other_fault_of_the_file() {
    let text = after_window(
        "[[janela.prorrogacao]]\nprazo = 2026-13-10\nanunciada = 2026-11-31\nfonte = \"\"\nmunicipios = [12345678901]\n",
    )
    .replace("2026-10-01", "2026-02-30");
    let found = faults(&plus("calendario.toml", &text));
    let spans: Vec<(usize, &str)> = found.iter().map(|f| (f.line - 24, f.span.as_str())).collect();
    assert_eq!(
        spans,
        [(1, "2026-02-30"), (5, "2026-13-10"), (6, "2026-11-31"), (7, "\"\""), (8, "12345678901")],
        "{}",
        lines(&found)
    );
}
