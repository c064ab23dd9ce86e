//! What the program says is so, beside what is so.

use super::office::{FEED, Office};

fn fed() -> Office {
    let office = Office::new();
    office.append("config/fontes.toml", FEED);
    office.write("um.csv", "ibge;situacao\n3205309;Não\n3205200;Não\n3205002;Sim\n");
    office.run("importar planilha um.csv --em 2026-11-05T09:00", 0);
    office
}

#[test]
fn a_dispute_that_newer_data_ended_is_nowhere_in_force() {
    let office = fed();
    let given = office
        .run("contestar vitoria rma/2026-10 --parte CRAS --motivo Comprovante --em 2026-11-05T10:00", 0);
    assert!(given.contains("em vigor: contestação: CRAS (Comprovante)"), "{given}");
    let lasting = "  CRAS: contestado por ana; motivo: Comprovante\n";
    let told = office.run("porque vitoria rma/2026-10 --em 2026-11-05T11:00", 0);
    assert!(told.contains(lasting), "{told}");
    assert!(office.run("decisoes --em 2026-11-05T11:00", 0).contains("vale      contestar"));

    // Data of the day before says nothing against it; data of after does.
    office.run("importar planilha um.csv --em 2026-11-06T09:00", 0);
    let told = office.run("porque vitoria rma/2026-10 --em 2026-11-06T10:00", 0);
    let ended = "encerrada por dados mais novos, de 06/11/2026 09:00";
    assert!(!told.contains(lasting) && told.contains(&format!("motivo: Comprovante; {ended}\n")), "{told}");
    let listed = office.run("decisoes --em 2026-11-06T10:00", 0);
    assert!(listed.contains("nada decidido à mão está valendo"), "{listed}");
    let listed = office.run("decisoes --todas --em 2026-11-06T10:00", 0);
    assert!(listed.contains("encerrada  contestar") && listed.contains(ended), "{listed}");
    let line = "contestar vitoria rma/2026-10 --parte CREAS --motivo Protocolo --em 2026-11-06T10:00";
    let given = office.run(line, 0);
    assert!(
        given.contains("em vigor: contestação: CREAS (Protocolo)\ncontestação: CRAS (Comprovante); enc"),
        "{given}"
    );
}

#[test]
fn a_file_loaded_by_hand_is_no_younger_than_its_last_write() {
    let office = fed();
    // The very file of the 5th, untouched.
    let told = |line: &str| String::from_utf8(office.program(line).output().unwrap().stdout).unwrap();
    for day in ["07", "08"] {
        let loaded = told(&format!("importar planilha um.csv --em 2026-11-{day}T09:00"));
        let of_then = "  dados de 05/11/2026 09:00: o arquivo não foi gravado depois disso\n";
        assert!(loaded.contains("aceita") && loaded.contains(of_then), "{loaded}");
        let known =
            told(&format!("situacao --janela rma/2026-10 --municipio vitoria --em 2026-11-{day}T10:00"));
        assert!(known.contains("05/11/2026 09:00") && known.contains("não confirmado"), "{known}");
    }
    let again = office.run("importar planilha um.csv --em 2026-11-08T09:00", 0);
    assert!(!again.contains("dados de"), "it was saved once more: {again}");
}

/// The command that a text proposes for a load that is right after all.
fn accepting(text: &str) -> Option<&str> {
    let from = text.find("vigia-suas fonte aceitar")?;
    text[from..].lines().next()?.split('”').next()?.strip_prefix("vigia-suas ")
}

#[test]
fn a_load_is_to_be_accepted_by_a_command_that_works_and_only_where_something_was_read() {
    let office = fed();
    office.edit("config/fontes.toml", "[fonte.planilha]\nativa = false", "[fonte.planilha]\nativa = true");
    office.run("servir --uma-vez --em 2026-11-05T09:30", 0);
    office.write("ruim.csv", "ibge;situacao\n3205309;Talvez\n3205200;Não\n");
    let told = office.run("importar planilha ruim.csv --em 2026-11-05T10:00", 1);
    let command = accepting(&told).unwrap().to_owned();
    for line in ["saude", "fontes planilha --em 2026-11-05T10:01"] {
        let output = office.output(line);
        let told = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert_eq!(accepting(&told), Some(&*command), "{told}");
    }
    office.run(&format!("{command} --em 2026-11-05T10:02"), 0);

    office.write("vazio.csv", "ibge;situacao\n");
    let told = office.run("importar planilha vazio.csv --em 2026-11-05T11:00", 1);
    assert_eq!(accepting(&told), None, "{told}");
    for line in ["saude", "fontes planilha --em 2026-11-05T11:01"] {
        let output = office.output(line);
        let told = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("quarentena") && accepting(&told).is_none(), "{told}");
    }
}

#[test]
fn a_word_that_accuses_never_stands_beside_nao_confirmado() {
    let office = fed();
    office.edit("config/fontes.toml", "\"Não\" = \"pendente\"", "\"Falta\" = \"pendente\"");
    office.write("falta.csv", "ibge;situacao\n3205309;Falta\n3205200;Falta\n3205002;Sim\n");
    office.run("importar planilha falta.csv --em 2026-11-05T09:10", 0);
    let fresh = "relatorio --janela rma/2026-10 --formato csv --em 2026-11-05T10:00";
    assert!(office.run(fresh, 0).contains("Falta"), "a pendente quotes its row");
    for line in [
        "relatorio --janela rma/2026-10 --formato csv --em 2026-11-12T10:00",
        "relatorio --janela rma/2026-10 --formato html --em 2026-11-12T10:00",
        "situacao --em 2026-11-12T10:00",
        "porque vitoria rma/2026-10 --em 2026-11-12T10:00",
    ] {
        let told = office.run(line, 0);
        assert!(told.contains("não confirmado") && !told.contains("Falta"), "{told}");
    }
}

#[test]
fn who_stays_concluido_by_an_earlier_load_is_not_counted_as_nao_confirmado() {
    let office = fed();
    office.write("dois.csv", "ibge;situacao\n3205309;Não\n");
    // Two of three without a row wait for a person.
    let told = office.run("importar planilha dois.csv --em 2026-11-05T10:00", 1);
    let load = told.split_whitespace().find(|word| word.starts_with("planilha-2026")).unwrap();
    office.run(&format!("fonte aceitar {load} --motivo confere --autor Ana --em 2026-11-05T10:30"), 0);
    let both = "esperados sem linha: 2 (não confirmados por esta coleta: 1; seguem concluídos, ou não se aplica, pelo que \
                a fonte disse antes: 1)";
    assert!(told.contains(both), "{told}");
    let known = office.run("situacao --janela rma/2026-10 --em 2026-11-05T11:00", 0);
    assert!(known.contains("concluído"), "{known}");
}

#[test]
fn one_pass_that_a_doubted_clock_holds_says_so_and_how_it_ends_and_ends_with_one() {
    let office = fed();
    office.run("servir --uma-vez --em 2026-11-06T10:00", 0);
    let told = office.run("servir --uma-vez --em 2026-11-05T10:00", 1);
    assert!(told.contains("o relógio desta máquina está antes de 06/11/2026 às 10:00"), "{told}");
    assert!(told.contains("“vigia-suas relogio corrigir --motivo"), "{told}");
    let told = office.output("servir --uma-vez --json --em 2026-11-05T10:01");
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(told["parado"].as_array().map(Vec::len), Some(1), "{told}");
    office.run("servir --uma-vez --em 2026-11-06T10:01", 0);
}

#[test]
fn the_journal_says_what_a_mail_to_staff_is() {
    let office = Office::new();
    office.edit("config/vigia.toml", "pagina_do_dia = false", "pagina_do_dia = true");
    office.run("servir --uma-vez --em 2026-11-06T10:00", 0);
    let told = office.run("livro", 0);
    assert!(told.contains("Mensagem à equipe: a página do dia."), "{told}");
    assert!(!told.contains("espera providência"), "{told}");
}

#[test]
fn what_waits_for_another_window_says_for_which() {
    let office = Office::new();
    office.append(
        "config/calendario.toml",
        r#"
[[janela]]
sistema = "censo-suas"
referencia = "2026"
nome = "gestor"
partes = ["GESTAO"]
abertura = 2026-11-01
prazo = 2026-12-10
fonte = "MDS"
[[janela]]
sistema = "censo-suas"
referencia = "2026"
nome = "conselho"
partes = ["CMAS"]
abertura = 2026-11-01
prazo = 2026-12-18
fonte = "MDS"
depende_de = "censo-suas/2026/gestor"
"#,
    );
    let waits = "nada é devido até que censo-suas/2026/gestor esteja concluída neste município (depende_de)";
    let why = office.run("porque vitoria censo-suas/2026/conselho --em 2026-11-05T10:00", 0);
    assert!(why.contains(&format!(": não se aplica: {waits}")), "{why}");
    let told = office.stdout("situacao --janela censo-suas/2026/conselho --json --em 2026-11-05T10:00");
    let line: serde_json::Value = serde_json::from_str(told.lines().next().unwrap()).unwrap();
    assert_eq!(line["espera"], "censo-suas/2026/gestor", "{told}");
    let told = office.run("situacao --janela censo-suas/2026/gestor --em 2026-11-05T10:00", 0);
    assert!(!told.contains("depende_de"), "{told}");
}

#[test]
fn a_window_that_is_far_off_and_a_name_not_written_out_are_answered_with_what_helps() {
    let office = fed();
    for line in ["situacao --janela rma/2030-01", "relatorio --janela rma/2030-01"] {
        let told = office.run(&format!("{line} --em 2026-11-05T10:00"), 0);
        assert!(told.contains("a janela rma/2030-01 abre em mais de um ano"), "{told}");
    }
    let told = office.run("porque vila rma/2026-10 --em 2026-11-05T10:00", 1);
    assert!(told.contains("você quis dizer “Vila Velha”? Senão, use o código IBGE"), "{told}");
}
