//! A first run and the days after it: every command with an answer.

use super::office::{FEED, Office};

/// A Thursday in RMA's window of October.
const NOW: &str = "--em 2026-11-05T09:00";

fn after_a_first_pass() -> Office {
    let office = Office::new();
    office.run(&format!("servir --uma-vez {NOW}"), 0);
    office
}

fn pages(office: &Office, lines: &[&str]) -> String {
    lines.iter().map(|line| office.run(line, 0)).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_first_run_tells_what_it_is_and_writes_its_letters() {
    let office = Office::new();
    let lines = ["verificar --em 2026-11-05T09:00", "servir --uma-vez --em 2026-11-05T09:00"];
    insta::assert_snapshot!("a_first_run", pages(&office, &lines));
    assert_eq!(office.letters(), 6, "RMA and SISC, three municipalities each");
    let letter = office.read("var/cartas/rma/2026-10/divulgacao/3205309.eml");
    assert!(letter.contains("To: ") && letter.contains("vitoria@municipio.invalid"), "{letter}");
    assert!(office.path("var/relatorios/atual.txt").is_file());
    assert!(office.path("var/relatorios/atual-telefonar.csv").is_file());
}

#[test]
fn a_second_pass_sends_nothing_again() {
    let office = after_a_first_pass();
    let again = office.stdout("servir --uma-vez --em 2026-11-05T10:00");
    assert!(
        again.contains("feito: 0 cartas registradas; ENSAIO, nenhuma saiu: 0 entregas gravadas em arquivo"),
        "{again}"
    );
    assert_eq!(office.letters(), 6);
}

#[test]
fn the_agenda_and_the_plan_can_be_read() {
    let office = Office::new();
    let lines = [
        "agenda --de 2026-12-10 --ate 2026-12-31",
        "agenda --de 10/12/2026 --ate 31/12/2026 --json",
        "plano --em 2026-11-05T09:00",
        "plano --em 2026-11-01T09:00",
        "plano --em 2026-11-05T09:00 --json",
    ];
    insta::assert_snapshot!("agenda_and_plan", pages(&office, &lines));
}

#[test]
fn what_is_known_and_why_can_be_read() {
    let office = after_a_first_pass();
    let lines = [
        "situacao --janela rma/2026-10 --municipio Vitoria --em 2026-11-05T10:00",
        "porque vitória rma/2026-10 --em 2026-11-05T10:00",
        "porque 320530 rma/2026-12 --em 2026-11-05T10:00",
        "livro --municipio 3205309",
        "livro conferir",
    ];
    insta::assert_snapshot!("known_and_why", pages(&office, &lines));
}

#[test]
fn the_report_can_be_read_as_text_and_in_a_spreadsheet() {
    let office = after_a_first_pass();
    let lines = [
        "relatorio --janela rma/2026-10 --em 2026-11-05T10:00",
        "relatorio --janela rma/2026-10 --formato csv --em 2026-11-05T10:00",
        "relatorio --janela rma/2026-10 --em 2026-11-04",
        "relatorio --em 2026-11-05T10:00 --json",
    ];
    insta::assert_snapshot!("report", pages(&office, &lines));
}

#[test]
fn what_people_decide_is_told_and_can_be_undone() {
    let office = after_a_first_pass();
    let lines = [
        "reter --janela rma/2026-10 --motivo \"Prazo em revisão no MDS\" --em 2026-11-05T10:00",
        "reter --municipio vitoria --motivo \"Enchente\" --autor \"Maria de Souza\" --em 2026-11-05T10:01",
        "liberar --janela rma/2026-10 --motivo \"Confirmado\" --em 2026-11-05T10:02",
        "liberar --municipio 3205309 --motivo \"Passou\" --em 2026-11-05T10:03",
        "dispensar vitoria rma/2026-10 --parte creas --motivo \"Unidade fechada\" --em 2026-11-05T10:04",
        "contestar vitoria rma/2026-10 --motivo \"Comprovante\" --ate 30/11/2026 --em 2026-11-05T10:05",
        "porque vitoria rma/2026-10 --em 2026-11-05T10:06",
        "contestar vitoria rma/2026-10 --motivo \"Engano\" --desfazer --em 2026-11-05T10:07",
        "livro --desde 2026-11-05 --municipio vitoria",
        "livro conferir",
    ];
    insta::assert_snapshot!("by_hand", pages(&office, &lines));
}

#[test]
fn a_letter_can_be_read_in_every_kind() {
    let office = Office::new();
    for system in ["rma", "sisc"] {
        for kind in
            ["divulgacao", "lembrete", "prazo", "prorrogacao", "suspensao", "resumo", "remessa", "alerta"]
        {
            let line = format!("carta --tipo {kind} --sistema {system} --municipio vitoria {NOW}");
            let page = office.run(&line, 0);
            assert!(page.contains("\nAssunto: ") && page.contains("--- stderr\nEXEMPLO: "), "{page}");
            assert!(!page.contains("Sistema Sistema"), "{page}");
        }
    }
    let line = "carta --tipo prazo --janela rma/2026-10 --municipio \"Vila Velha\" --em 2026-11-05T09:00";
    insta::assert_snapshot!("letter", office.run(line, 0));
    assert!(office.stdout(&format!("{line} --formato html")).starts_with("<!DOCTYPE html>"));
    assert!(office.stdout(&format!("{line} --formato eml")).contains("Message-ID: <rma.2026-10"));
}

#[test]
fn a_file_loaded_by_hand_is_believed_or_quarantined_with_its_reasons() {
    let office = Office::new();
    office.append("config/fontes.toml", FEED);
    office.write("boa.csv", "ibge;situacao\n3205309;Sim\n3205200;Não\n320500;Sim\n");
    office.write("ruim.csv", "ibge;situacao\n3205309;Talvez\n3205200;Não\n");
    office.write("latin.csv", b"ibge;situacao\n3205309;Sim\n3205200;N\xE3o\n3205002;Sim\n");
    let mut page = office.run("importar planilha boa.csv --em 2026-11-05T09:00", 0);
    page += &office.run("importar planilha ruim.csv --em 2026-11-05T09:10", 1);
    page += &office.run("importar planilha latin.csv --em 2026-11-05T09:20 --json", 0);
    page += &office.run("situacao --janela rma/2026-10 --em 2026-11-05T10:00", 0);
    insta::assert_snapshot!("ingest", page);
}

/// MDS's message arrives on a Friday at 17:50.
#[test]
fn an_extension_written_down_becomes_letters_to_those_who_were_told_the_old_date() {
    let office = after_a_first_pass();
    let window = "\n[[janela]]\nsistema = \"rma\"\nreferencia = \"2026-10\"\nabertura = 2026-11-01\n\
        prazo = 2026-11-30\nfonte = \"Prática do RMA\"\n  [[janela.prorrogacao]]\n  prazo = 2026-12-15\n  \
        anunciada = 2026-11-06\n  fonte = \"MDS, comunicado de 06/11/2026\"\n";
    office.append("config/calendario.toml", window);
    let lines = [
        "verificar --em 2026-11-06T17:50",
        "plano --em 2026-11-06T17:50",
        "plano --em 2026-11-06T18:10",
        "carta --tipo prorrogacao --janela rma/2026-10 --municipio 3205309 --em 2026-11-06T17:50",
    ];
    insta::assert_snapshot!("friday_at_17_50", pages(&office, &lines));
    office.edit("config/calendario.toml", "prazo = 2026-11-30", "prazo = 2026-12-10");
    let silent = office.run("verificar --em 2026-11-06T17:50", 1);
    assert!(silent.contains("declare uma prorrogação"), "{silent}");
    let refused = office.run("servir --uma-vez --em 2026-11-06T17:50", 1);
    assert!(refused.contains("declare uma prorrogação"), "{refused}");
    assert_eq!(office.letters(), 6, "nothing left");
}

/// The divulgação of the next RMA falls due in a gap, and somebody stops everything before it is let go.
#[test]
fn a_batch_can_be_released_while_an_order_covers_it_and_nothing_is_promised_that_is_still_held() {
    let office = Office::new();
    office.run("servir --uma-vez --em 2026-11-30T09:00", 0);
    office.run("servir --uma-vez --em 2026-12-03T09:00", 0);
    let batch = "retomada/2026-12-03T12:00:00Z";
    assert!(office.stdout("plano --em 2026-12-03T09:10").contains(batch));
    for scope in ["--tudo", "--janela rma/2026-11"] {
        office.run(&format!("reter {scope} --motivo \"Reunião\" --em 2026-12-03T09:15"), 0);
    }
    office.run("servir --uma-vez --em 2026-12-03T09:20", 0);
    let lines = [
        "liberar --municipio serra --motivo \"Engano\" --em 2026-12-03T09:25",
        "liberar --tudo --motivo \"Acabou\" --em 2026-12-03T09:30",
        &format!("liberar --lote {batch} --motivo \"Conferido\" --em 2026-12-03T09:35"),
        "liberar --janela rma/2026-11 --motivo \"Acabou\" --em 2026-12-03T09:40",
    ];
    let run = |line: &&str| office.run(line, i32::from(line.contains("--municipio")));
    let said = lines.iter().map(run).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!("released_behind_an_order", said);
    let letters = office.letters();
    office.run("servir --uma-vez --em 2026-12-03T10:00", 0);
    assert!(office.letters() > letters, "nothing holds it any more");
}
