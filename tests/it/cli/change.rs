//! Changing the configuration as operators do: seen first, asked for, written, taken back.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use super::office::Office;

pub(super) fn told() -> Office {
    let office = Office::new();
    office.run("servir --uma-vez --em 2026-11-05T09:00", 0);
    office
}

/// The window that is told until 30/11, with another deadline.
pub(super) fn moved(deadline: &str, announced: &str) -> String {
    format!(
        "\n[[janela]]\nsistema = \"rma\"\nreferencia = \"2026-10\"\nabertura = 2026-11-01\nprazo = 2026-11-30\n\
         fonte = \"x\"\n  [[janela.prorrogacao]]\n  prazo = {deadline}\n  anunciada = {announced}\n  fonte = \"MDS\"\n"
    )
}

fn pages(office: &Office, lines: &[(&str, i32)]) -> String {
    lines.iter().map(|(line, code)| office.run(line, *code)).collect::<Vec<_>>().join("\n")
}

#[test]
fn an_extension_is_shown_and_written_and_nonsense_is_refused() {
    let office = told();
    let before = office.read("config/calendario.toml");
    let em = "--em 2026-11-23T10:00";
    let refused = pages(
        &office,
        &[
            (&format!("prorrogar rma/2026-10 --para 15/12/2026 --fonte \"MDS\" {em}"), 1),
            (&format!("prorrogar rna/2026-10 --para 15/12/2026 --fonte \"MDS\" --sim {em}"), 1),
            (&format!("prorrogar rma/2026-10 --para 30/11/2026 --fonte \"MDS\" --sim {em}"), 1),
            (&format!("prorrogar rma/2026-10 --para 27/11/2026 --fonte \"MDS\" --sim {em}"), 1),
            (&format!("prorrogar rma/2026-10 --para 20/11/2026 --fonte \"MDS\" --sim {em}"), 1),
            (&format!("prorrogar rma/2027-10 --para 20/10/2027 --fonte \"MDS\" --sim {em}"), 1),
            (
                &format!(
                    "prorrogar rma/2026-10 --para 15/12/2026 --anunciada 24/11/2026 --fonte \"MDS\" --sim {em}"
                ),
                1,
            ),
            (
                &format!(
                    "prorrogar rma/2026-10 --para 15/12/2026 --municipios Vitorinha --fonte \"MDS\" --sim {em}"
                ),
                1,
            ),
        ],
    );
    insta::assert_snapshot!("extensions_refused", refused);
    assert_eq!(office.read("config/calendario.toml"), before, "untouched on any refusal");
    assert_eq!(std::fs::read_dir(office.path("config")).unwrap().count(), 7, "and nothing beside it");

    let written = pages(
        &office,
        &[
            (
                &format!("prorrogar rma/2026-10 --para 15/12/2026 --fonte \"MDS, comunicado 12\" --sim {em}"),
                0,
            ),
            (
                &format!(
                    "prorrogar rma/2026-10 --para 19/12/2026 --hora 18:00 --municipios vitoria,3205200 --fonte \
                     \"MDS, enchente\" --sim {em} --json"
                ),
                0,
            ),
            ("agenda --de 2026-12-10 --ate 2026-12-20", 0),
            (
                &format!(
                    "prorrogar rma/2026-10 --para 10/12/2026 --fonte \"Errata\" --confirmar 10/12/2026 --sim {em}"
                ),
                0,
            ),
            (&format!("verificar {em}"), 0),
        ],
    );
    insta::assert_snapshot!(
        "extensions_written",
        written.replace(&office.path("").display().to_string(), "")
    );
    let after = office.read("config/calendario.toml");
    assert!(after.starts_with(&before), "the rest of the file stays");
    insta::assert_snapshot!("extensions_in_the_file", &after[before.len()..]);
}

#[test]
fn a_dossier_says_since_when_an_edition_is_decided_by_that_was_read_later() {
    let office = told();
    let em = "--em 2026-11-23T10:00";
    office.run(&format!("prorrogar rma/2026-10 --para 15/12/2026 --fonte MDS --sim {em}"), 0);
    office.run(&format!("servir --uma-vez {em}"), 0);
    office.run("dossie vitoria --janela rma/2026-10 --saida prova", 0);
    let page = office.read("prova/dossie.html");
    let table = page.split("Edições do prazo").nth(1).and_then(|rest| rest.split("</table>").next()).unwrap();
    assert!(table.contains("vale em decisões desde <time datetime=\"2026-11-05T12:00:00Z\""), "{table}");
    let json = office.read("prova/dossie.json");
    let editions: serde_json::Value = serde_json::from_str(&json).unwrap();
    let editions = &editions["janelas"][0]["edicoes"];
    assert!(
        editions[0]["decidida_desde"].as_str().unwrap() < editions[0]["leituras"][0]["em"].as_str().unwrap()
    );
    assert!(editions[1]["decidida_desde"].is_null(), "{editions}");
}

#[test]
fn an_extension_that_repeats_the_deadline_is_warned_of() {
    let office = told();
    office.append("config/calendario.toml", &moved("2026-11-30", "2026-11-06"));
    let page = office.run("verificar --em 2026-11-06T17:50", 0);
    assert!(page.contains("esta prorrogação repete o prazo que já vale"), "{page}");
}

#[test]
fn an_earlier_deadline_that_passed_is_proposed_to_nobody_and_not_released() {
    let office = told();
    office.append("config/calendario.toml", &moved("2026-11-25", "2026-11-16"));
    let release = "liberar --lote rma/2026-10@2/prorrogacao";
    let plan = office.stdout("plano --em 2026-11-24T10:00");
    assert!(plan.contains(release), "{plan}");
    let plan = office.stdout("plano --em 2026-11-26T10:00");
    assert!(!plan.contains(release), "{plan}");
    let next = plan.split("Em seguida").nth(1).unwrap();
    let of_window: Vec<&str> = next.lines().filter(|line| line.contains("(rma/2026-10)")).collect();
    assert!(matches!(of_window[..], [line] if line.contains("acaba o prazo")), "{plan}");
    let said = office.run(&format!("{release} --motivo Conferido --em 2026-11-26T10:00"), 1);
    assert!(said.contains("o prazo 25/11/2026 (quarta-feira) já passou, ou passa antes"), "{said}");
    let why = office.stdout("porque vitória rma/2026-10 --em 2026-11-26T10:00");
    assert!(
        why.contains("O prazo antecipado para 25/11/2026 (quarta-feira) passou sem que alguém o liberasse"),
        "{why}"
    );
    office.run(&format!("{release} --motivo Conferido --em 2026-11-24T10:00"), 0);
}

#[test]
fn another_configuration_is_shown_and_installed_and_taken_back() {
    let office = told();
    let em = "--em 2026-11-23T10:00";
    office.copy("config", "nova");
    office.edit("nova/municipios.csv", "smas.vitoria@", "secretaria.vitoria@");
    office.edit(
        "nova/calendario.toml",
        "antes = \"5d\", para = [\"smas\", \"respondente\"]",
        "antes = \"4d\", para = [\"smas\"]",
    );
    let mut page = pages(
        &office,
        &[
            (&format!("plano --contra config {em}"), 0),
            (&format!("plano --contra nova --ate 05/12/2026 {em}"), 0),
            (&format!("aplicar nova --ate 05/12/2026 {em}"), 1),
            (&format!("--config config aplicar nova --ate 05/12/2026 --sim {em}"), 0),
            (&format!("aplicar nova --sim {em}"), 0),
            (&format!("aplicar --voltar --ate 05/12/2026 --sim {em}"), 0),
        ],
    );
    assert!(!office.read("config/municipios.csv").contains("secretaria."));
    // What cannot be used, or contradicts what was told, is not installed.
    office.edit("nova/calendario.toml", "cada = \"mes\"", "cada = \"mês\"");
    page += &office.run(&format!("aplicar nova --sim {em}"), 1);
    office.copy("config", "outra");
    office.append(
        "outra/calendario.toml",
        "\n[[janela]]\nsistema = \"rma\"\nreferencia = \"2026-10\"\nabertura = 2026-11-01\nprazo = 2026-12-10\n\
         fonte = \"x\"\n",
    );
    page += &office.run(&format!("aplicar outra --sim {em}"), 1);
    // Large effects need their number.
    office.copy("config", "menor");
    let roster = office.read("menor/municipios.csv");
    let fewer: Vec<&str> = roster.lines().filter(|line| !line.starts_with("3205309")).collect();
    office.write("menor/municipios.csv", fewer.join("\n"));
    page += &office.run(&format!("aplicar menor --sim {em}"), 1);
    page += &office.run(&format!("aplicar menor --sim --confirmar 1 {em}"), 1);
    insta::assert_snapshot!("applied", page.replace(&office.path("").display().to_string(), ""));
}

#[test]
fn a_call_is_noted_listed_and_taken_back() {
    let office = told();
    let lines = [
        (
            "anotar vitoria rma/2026-10 --resultado \"Ninguém atendeu\" --telefone \"27 3333-0000\" --em 2026-11-23T10:00",
            0,
        ),
        (
            "anotar vitoria rma/2026-10 --resultado \"Prometeram até quinta\" --pausar 3d --em 2026-11-23T15:00",
            0,
        ),
        ("reter --municipio serra --motivo \"Enchente\" --ate 25/11/2026 --em 2026-11-23T15:10", 0),
        ("porque vitoria rma/2026-10 --em 2026-11-25T09:00", 0),
        ("plano --em 2026-11-25T09:00", 0),
        ("relatorio --janela rma/2026-10 --em 2026-11-25T10:00", 0),
        ("decisoes --em 2026-11-25T09:00", 0),
        ("decisoes --em 2026-11-27T09:00", 0),
        ("anotar vitoria rma/2026-10 --desfazer --motivo \"Já preencheram\" --em 2026-11-27T10:00", 0),
        ("decisoes --todas --em 2026-11-27T11:00", 0),
        ("decisoes --desfazer nenhuma --motivo x --em 2026-11-27T11:00", 1),
        ("anotar vitoria rma/2026-10 --resultado x --pausar 99d", 2),
        ("livro --municipio vitoria --desde 2026-11-23", 0),
        ("livro conferir", 0),
    ];
    insta::assert_snapshot!("calls", pages(&office, &lines));
}

#[test]
fn an_order_that_comes_after_the_record_says_that_it_changes_nothing() {
    let office = told();
    let late = "o prazo já passou: isto não muda a remessa nem a situação";
    let orders = |day: &str| {
        let em = format!("--em 2026-{day}T10:00");
        [
            office.run(&format!("dispensar vitoria rma/2026-10 --motivo Enchente {em}"), 0),
            office.run(&format!("dispensar vitoria rma/2026-10 --desfazer --motivo Engano {em}"), 0),
            office.run(&format!("anotar vitoria rma/2026-10 --resultado Prometeram --pausar 3d {em}"), 0),
            office.run(&format!("anotar vitoria rma/2026-10 --resultado Prometeram {em}"), 0),
            office.run(&format!("contestar vitoria rma/2026-10 --motivo Comprovante {em}"), 0),
        ]
    };
    let said = |day: &str| orders(day).map(|page| page.contains(late));
    assert_eq!(said("11-30"), [false; 5]);
    // Passed, and not recorded by any pass yet: a dispensa still counts.
    assert_eq!(said("12-01"), [false; 5]);
    office.run("servir --uma-vez --em 2026-12-01T11:00", 0);
    assert_eq!(said("12-02"), [true, true, true, false, false]);
    office.run("prorrogar rma/2026-10 --para 15/12/2026 --fonte MDS --sim --em 2026-12-02T11:00", 0);
    assert_eq!(said("12-03"), [false; 5], "it is open again");
}

#[test]
fn what_is_not_held_any_more_is_not_let_go_and_each_hold_in_force_is_named_once() {
    let office = told();
    for (line, at) in [
        ("reter --janela rma/2026-10 --motivo Primeiro", "2026-11-10T09:00"),
        ("reter --janela rma/2026-10 --motivo Segundo --ate 12/11/2026", "2026-11-10T10:00"),
        ("reter --municipio serra --motivo Enchente", "2026-11-10T11:00"),
        ("reter --municipio serra --motivo Outra", "2026-11-10T12:00"),
    ] {
        office.run(&format!("{line} --em {at}"), 0);
    }
    let said = office.run("liberar --tudo --motivo x --em 2026-11-10T13:00", 1);
    assert!(said.contains("dica: retido: "), "{said}");
    assert_eq!((said.matches("rma/2026-10").count(), said.matches("3205002").count()), (1, 1), "{said}");
    let said = office.run("liberar --tudo --motivo x --em 2026-11-13T09:00", 1);
    assert!(!said.contains("rma/2026-10") && said.contains("(Outra)"), "what is over is not named: {said}");
    let release = "liberar --janela rma/2026-10 --motivo Fim";
    let said = office.run(&format!("{release} --em 2026-11-13T09:00"), 1);
    assert!(said.contains("o que foi retido ali já tinha acabado, em 12/11/2026"), "{said}");
    office.run(&format!("{release} --em 2026-11-12T23:00"), 0);
}

#[test]
fn health_is_the_exit_code_and_its_reasons() {
    let office = Office::new();
    let mut page = office.run("saude", 3);
    office.run("servir --uma-vez", 0);
    assert!(office.stdout("saude").starts_with("o serviço está bem: último sinal de vida em "));
    office.edit("config/vigia.toml", "porta = 587", "porta = \"x\"");
    page += &office.run("saude", 1);
    let told: serde_json::Value = {
        let output = office.output("saude --json");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    assert_eq!(told["saudavel"], false);
    let since = page.find("guardada no livro em ").map(|at| at + "guardada no livro em ".len()).unwrap();
    page.replace_range(since..since + "23/11/2026 às 08:00".len(), "DATA às HORA");
    insta::assert_snapshot!("health", page);
}

/// Everything that may not be edited behind what was told, at once.
#[test]
fn every_silent_edit_is_refused_at_its_place_all_at_once() {
    let office = Office::new();
    let wave = "\n[[janela]]\nsistema = \"censo-suas\"\nreferencia = \"2026\"\nnome = \"onda 1\"\n\
        partes = [\"GESTAO\"]\nabertura = 2026-11-01\nprazo = 2026-12-18\nfonte = \"MDS\"\n  \
        [[janela.prorrogacao]]\n  prazo = 2026-12-22\n  anunciada = 2026-11-04\n  fonte = \"MDS, enchente\"\n  \
        municipios = [\"3205309\"]\n\n[[janela]]\nsistema = \"censo-suas\"\nreferencia = \"2026\"\n\
        nome = \"onda 2\"\npartes = [\"CMAS\"]\nabertura = 2026-11-01\nprazo = 2026-12-11\nfonte = \"MDS\"\n";
    office.append("config/calendario.toml", wave);
    // Announced, reminded of, extended.
    office.run("servir --uma-vez --em 2026-11-05T09:00", 0);
    office.run("servir --uma-vez --em 2026-11-05T10:00", 0);
    office.run("liberar --lote retomada/2026-12-04T12:00:00Z --motivo x --em 2026-12-04T09:00", 1);
    office.edit("config/vigia.toml", "# limite_dia = 234", "limite_dia = 234");
    office.run("servir --uma-vez --em 2026-12-04T09:00", 0);
    office.run("liberar --lote retomada/2026-12-04T12:00:00Z --motivo x --em 2026-12-04T09:01", 0);
    office.run("servir --uma-vez --em 2026-12-04T09:02", 0);
    office.run("verificar --em 2026-12-04T10:00", 0);

    let calendar = "config/calendario.toml";
    office.edit(calendar, "municipios = [\"3205309\"]", "municipios = [\"3205200\"]");
    office.edit(calendar, "nome = \"onda 2\"", "nome = \"segunda onda\"");
    office.edit(
        calendar,
        "partes = [\"GESTAO\"]\ngerencias = [\"GPSB\"]",
        "partes = [\"CMAS\"]\ngerencias = [\"GPSB\"]",
    );
    office.append(
        calendar,
        "\n[[janela]]\nsistema = \"rma\"\nreferencia = \"2026-10\"\nabertura = 2026-11-01\nfonte = \"x\"\n",
    );
    let page = office.run("verificar --em 2026-12-04T10:00", 1);
    insta::assert_snapshot!("silent_edits", page);
    let edited = office.read(calendar);
    let start = edited.find("  [[janela.prorrogacao]]\n  prazo = 2026-12-22").unwrap();
    let end = edited[start..].find("\n\n").unwrap() + start;
    office.write(calendar, format!("{}{}", &edited[..start], &edited[end..]));
    let page = office.run("verificar --em 2026-12-04T10:00", 1);
    assert!(
        page.contains("a prorrogação 1 da janela censo-suas/2026/onda-1 já foi comunicada e foi removida"),
        "{page}"
    );
}

/// What the service says at its start, until it says where to look further.
fn banner(office: &Office, line: &str) -> String {
    let mut service = office.program(line).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(service.stdout.take().unwrap()).lines().map(Result::unwrap);
    let said: Vec<String> = lines.take_while(|line| !line.starts_with("veja também")).collect();
    service.kill().unwrap();
    service.wait().unwrap();
    said.join("\n")
}

#[test]
fn the_banner_of_the_service_names_the_deadline_in_force_and_what_is_held() {
    let office = told();
    let calendar = office.read("config/calendario.toml");
    let rules = "janela aberta: rma/2026-10, prazo 30/11/2026 (segunda-feira)";
    // What the gate holds is not what it runs on.
    office.append("config/calendario.toml", &moved("2028-12-15", "2026-11-23"));
    let held = office.run("servir --uma-vez --em 2026-11-23T12:00", 1);
    assert!(!held.contains("janela aberta"), "{held}");
    let said = banner(&office, "servir --em 2026-11-23T12:00");
    let aside = "atenção: os arquivos têm mudanças de efeito grande que ninguém confirmou";
    assert!(said.contains(rules) && !said.contains("2028") && said.contains(aside), "{said}");
    let page = office.stdout("plano");
    let task = "a configuração nova espera confirmação, vale a anterior: vigia-suas aplicar\n";
    assert!(page.contains(task), "the page of the day has what to type: {page}");
    // An earlier deadline waits for `liberar`.
    office.write("config/calendario.toml", &calendar);
    office.append("config/calendario.toml", &moved("2026-11-26", "2026-11-23"));
    office.run("aplicar --sim --confirmar 6 --em 2026-11-23T13:00", 0);
    let said = office.run("servir --uma-vez --em 2026-11-23T13:00", 0);
    let other = "; a edição 2, prazo 26/11/2026 (quinta-feira), não está em vigor: veja vigia-suas plano\n";
    assert!(said.contains(&format!("{rules}{other}")) && !said.contains(aside), "{said}");
}

/// The roster of `inicio` is in the ledger: who joins later is told before anything is asked of it.
#[test]
fn who_joins_after_inicio_gets_the_divulgacao_and_the_others_count_as_told_outside() {
    let office = Office::new();
    office.edit("config/vigia.toml", "# inicio = 2026-12-01", "inicio = 2026-12-02");
    office.edit("config/vigia.toml", "# limite_dia = 234", "limite_dia = 234");
    let roster = office.read("config/municipios.csv");
    let without: String = roster
        .lines()
        .filter(|line| !line.starts_with("3205309;"))
        .fold(String::new(), |out, line| out + line + "\n");
    office.write("config/municipios.csv", without);
    office.run("servir --uma-vez --em 2026-12-02T09:00", 0);
    assert_eq!(office.letters(), 0, "rma/2026-11 was open on that day");
    let told = office.stdout("porque 3205200 rma/2026-11 --em 2026-12-02T09:01");
    assert!(told.contains("em 02/12/2026, dia de `inicio`, a janela já estava aberta"), "{told}");

    office.write("config/municipios.csv", roster);
    office.run("servir --uma-vez --em 2026-12-04T09:00", 0);
    let joined = office.stdout("porque 3205309 rma/2026-11 --em 2026-12-04T09:01");
    assert!(joined.contains("rma/2026-11/divulgacao/3205309"), "{joined}");
    assert!(!joined.contains("dia de `inicio`"), "{joined}");
    let told = office.stdout("porque 3205200 rma/2026-11 --em 2026-12-04T09:01");
    assert!(told.contains("dia de `inicio`") && !told.contains("divulgacao/3205200"), "{told}");
    office.run("livro conferir", 0);
}

/// A divulgação names no part and tells of them all.
#[test]
fn a_part_does_not_move_from_one_window_to_another_once_both_are_announced() {
    let office = Office::new();
    let wave = |name: &str, part: &str| {
        format!(
            "\n[[janela]]\nsistema = \"censo-suas\"\nreferencia = \"2026\"\nnome = \"{name}\"\npartes = [\"{part}\"]\n\
             abertura = 2026-11-01\nprazo = 2026-12-18\nfonte = \"MDS\"\n"
        )
    };
    let calendar = office.read("config/calendario.toml");
    office.write(
        "config/calendario.toml",
        calendar.clone() + &wave("onda 1", "GESTAO") + &wave("onda 2", "CMAS"),
    );
    office.run("servir --uma-vez --em 2026-11-05T09:00", 0);
    office.run("verificar --em 2026-11-05T10:00", 0);
    office.write("config/calendario.toml", calendar + &wave("onda 1", "CMAS") + &wave("onda 2", "GESTAO"));
    let page = office.run("verificar --em 2026-11-05T10:00", 1);
    for (part, window) in [("GESTAO", "onda-1"), ("CMAS", "onda-2")] {
        let fault = format!(
            "a parte “{part}” já foi comunicada na janela censo-suas/2026/{window} e não está mais nela"
        );
        assert!(page.contains(&fault), "{page}");
    }
}
