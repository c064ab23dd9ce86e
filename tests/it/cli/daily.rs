//! The page of the day: `plano` for people, and the mail to staff once on each sending day.

use std::fs;
use std::path::{Path, PathBuf};

use sqlx::Connection as _;

use super::office::Office;

/// Every file of a letter, by path.
fn letters(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let mut all: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| if path.is_dir() { letters(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|end| end == "eml"))
        .collect();
    all.sort();
    all
}

fn pages(office: &Office) -> Vec<PathBuf> {
    letters(&office.path("var"))
        .into_iter()
        .filter(|p| p.to_string_lossy().contains("pagina-do-dia"))
        .collect()
}

#[test]
fn the_page_of_the_day_is_mailed_once_on_each_sending_day_whatever_restarts() {
    let office = Office::new();
    office.edit("config/vigia.toml", "pagina_do_dia = false", "pagina_do_dia = true");
    office.run("servir --uma-vez --em 2026-11-05T07:30", 0);
    assert_eq!(pages(&office).len(), 0, "the hour is not come");
    office.run("servir --uma-vez --em 2026-11-05T08:10", 0);
    office.run("servir --uma-vez --em 2026-11-05T08:20", 0);
    office.run("servir --uma-vez --em 2026-11-05T17:00", 0);
    assert_eq!(pages(&office).len(), 1);
    office.run("servir --uma-vez --em 2026-11-07T09:00", 0);
    assert_eq!(pages(&office).len(), 1, "a Saturday");
    office.run("servir --uma-vez --em 2026-11-09T09:00", 0);
    assert_eq!(pages(&office).len(), 2);
    let said = |words: &str| {
        let texts = pages(&office).into_iter().map(|page| fs::read_to_string(page).unwrap());
        texts.filter(|text| text.contains(words)).count()
    };
    assert_eq!(said("n=C3=A3o foi feita hoje"), 1, "nothing to audit on the first day");
    assert_eq!(said("0 diverg=C3=AAncias"), 1, "and then the audit of the day");
    let mail = fs::read_to_string(&pages(&office)[0]).unwrap();
    assert!(mail.contains("ENSAIO: nenhuma carta saiu"), "{mail}");
    assert!(mail.contains("To: ") && !mail.contains("municipio.invalid"), "{mail}");
    assert!(
        office.stdout("livro conferir --json").contains("\"faltas\":[]")
            || office.output("livro conferir").status.success()
    );
}

#[test]
fn a_self_audit_that_fails_keeps_no_page_of_the_day_away() {
    let office = Office::new();
    office.edit("config/vigia.toml", "pagina_do_dia = false", "pagina_do_dia = true");
    office.run("servir --uma-vez --em 2026-11-05T08:10", 0);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let url = format!("sqlite://{}", office.path("var/vigia-ensaio.db").display());
        let mut conn = sqlx::SqliteConnection::connect(&url).await.unwrap();
        let full = "CREATE TRIGGER cheio BEFORE INSERT ON journal WHEN NEW.kind = 'conferencia' \
                    BEGIN SELECT RAISE(ABORT, 'cheio'); END";
        sqlx::raw_sql(full).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
    });
    assert!(!office.output("servir --uma-vez --em 2026-11-06T08:10").status.success(), "it is said");
    let texts = pages(&office).into_iter().map(|page| fs::read_to_string(page).unwrap());
    assert_eq!(texts.filter(|text| text.contains("autoconfer=C3=AAncia: falhou")).count(), 1);
}

#[test]
fn the_page_says_while_a_row_that_cannot_be_read_keeps_silence_from_telling_of_anybody() {
    let office = Office::new();
    let feed = "[fonte.lista]\nsistema = \"rma\"\ntipo = \"csv\"\norigem = \"manual\"\nmunicipio = \"ibge\"\nparte = \"CRAS\"\n\
                referencia = \"2026-10\"\nsentido = \"presenca\"\n";
    office.write("config/fontes.toml", feed);
    // All of the State: one row among many is no reason to doubt the whole file.
    let roster = fs::read_to_string("config/municipios.csv").unwrap();
    office.write("config/municipios.csv", &roster);
    let codes: Vec<&str> = roster.lines().skip(1).filter_map(|line| line.split(';').next()).collect();
    let rows = |codes: &[&str]| format!("ibge;nome\n{};x\n", codes.join(";x\n"));
    office.write("lista.csv", rows(&[&codes[..70], ["total"].as_slice()].concat()));
    let words = "lista: dado de 05/11/2026 09:00, há 0 min; houve linha que não pôde ser lida, e quem poderia \
                 estar nela fica não confirmado: linhas com defeito: 1 (linha 72";
    office.run("importar lista lista.csv --em 2026-11-05T09:00", 0);
    let page = office.stdout("plano --em 2026-11-05T09:00");
    assert!(
        page.contains(words) && page.contains("esperados sem linha, não confirmados por esta coleta: 8"),
        "{page}"
    );
    // It ends with a load whose rows can all be read; that day's page still says it.
    office.write("lista.csv", rows(&codes[..71]));
    office.run("importar lista lista.csv --em 2026-11-05T10:00", 0);
    assert!(!office.stdout("plano --em 2026-11-05T10:00").contains("não pôde ser lida"));
    assert!(office.stdout("plano --em 2026-11-05T09:30").contains("não pôde ser lida"));
}

#[test]
fn no_page_is_mailed_where_it_is_switched_off() {
    let office = Office::new();
    office.run("servir --uma-vez --em 2026-11-05T09:00", 0);
    assert_eq!(pages(&office).len(), 0);
}

#[test]
fn plano_says_once_what_is_equal_for_many_and_what_to_type() {
    let office = Office::new();
    let first = office.stdout("plano --em 2026-11-05T09:00");
    assert_eq!(first.matches("enviar rma/2026-10/divulgacao").count(), 1, "{first}");
    assert!(first.contains("3 municípios (Serra, Vila Velha e Vitória)"), "{first}");
    office.run("servir --uma-vez --em 2026-11-05T09:00", 0);
    office.run("reter --janela rma/2026-10 --motivo \"Em revisão\" --em 2026-11-05T10:00", 0);
    let later = office.stdout("plano --em 2026-11-06T09:00");
    assert!(later.contains("divulgação (rma/2026-10): 3 cartas: 3 aceitas"), "{later}");
    insta::assert_snapshot!("page_of_the_day", later);
}

#[test]
fn whatever_is_held_asks_for_a_person() {
    let office = Office::new();
    office.edit("config/calendario.toml", "aprovar = false", "aprovar = true");
    office.run("servir --uma-vez --em 2026-11-05T09:00", 0);
    let page = office.stdout("plano --em 2026-11-05T10:00");
    let (asks, rest) = page.split_once("\nRetido\n").expect("held");
    let asks = asks.split_once("O que pede uma pessoa\n").unwrap().1;
    let held = "3 cartas retidas esperam por alguém: veja “Retido”, nesta página";
    assert!(asks.contains(held) && !asks.contains("nada"), "{page}");
    assert!(rest.contains("vigia-suas liberar --lote rma/2026-10/divulgacao"), "{page}");
    office.run("liberar --lote rma/2026-10/divulgacao --motivo x --em 2026-11-05T10:00", 0);
    assert!(!office.stdout("plano --em 2026-11-05T10:01").contains("esperam por alguém"));
}

#[test]
fn what_waits_to_be_released_after_a_gap_does_so_out_of_hours_too() {
    let office = Office::new();
    office.run("servir --uma-vez --em 2026-10-28T09:00", 0);
    // Days later, and a letter has fallen due in between.
    office.run("servir --uma-vez --em 2026-11-06T17:50", 0);
    let held = "3 cartas retidas esperam por alguém";
    for at in ["2026-11-06T17:55", "2026-11-06T18:10", "2026-11-07T12:00"] {
        let page = office.stdout(&format!("plano --em {at}"));
        assert!(page.contains(held) && page.contains("vigia-suas liberar --lote retomada/"), "{at}: {page}");
    }
    let why = office.stdout("porque vitoria rma/2026-10 --em 2026-11-06T18:10");
    assert!(why.contains("Agora:\n  reter rma/2026-10/divulgacao/3205309: Aguarda liberação"), "{why}");
    let page = office.stdout("plano --em 2026-11-06T17:55");
    let lote = page.split_once("--lote ").unwrap().1.split(' ').next().unwrap().to_owned();
    office.run(&format!("liberar --lote {lote} --motivo x --em 2026-11-06T18:15"), 0);
    let page = office.stdout("plano --em 2026-11-06T18:20");
    assert!(!page.contains(held) && page.contains("Espera o próximo horário de envio"), "{page}");
}

#[test]
fn what_a_day_with_too_many_letters_holds_it_holds_out_of_hours_too() {
    let office = Office::new();
    office.edit("config/vigia.toml", "# limite_dia = 234", "limite_dia = 2");
    office.run("servir --uma-vez --em 2026-11-03T09:00", 0);
    let held = "6 cartas retidas esperam por alguém";
    for at in ["2026-11-03T17:55", "2026-11-03T18:10", "2026-11-03T23:00"] {
        let page = office.stdout(&format!("plano --em {at}"));
        assert!(
            page.contains(held) && page.contains("vigia-suas liberar --lote dia/2026-11-03"),
            "{at}: {page}"
        );
        let why = office.stdout(&format!("porque vitoria rma/2026-10 --em {at}"));
        assert!(why.contains("Agora:\n  reter rma/2026-10/divulgacao/3205309: Aguarda liberação"), "{why}");
    }
}

#[test]
fn who_left_the_roster_is_told_of_by_its_code_and_its_letter_still_left() {
    let office = Office::new();
    let at = "--em 2026-11-05T10:00";
    office.run("servir --uma-vez --em 2026-11-05T09:00", 0);
    office.run(&format!("reter --municipio 3205309 --motivo férias {at}"), 0);
    office.run(&format!("dispensar 3205309 rma/2026-10 --motivo ofício {at}"), 0);
    office.run(&format!("anotar 3205309 rma/2026-10 --resultado atendeu {at}"), 0);
    let left = "divulgação (rma/2026-10): 3 cartas: 3 aceitas";
    assert!(office.stdout(&format!("plano {at}")).contains(left));
    let roster = office.read("config/municipios.csv");
    let stay = roster.lines().filter(|line| !line.starts_with("3205309")).collect::<Vec<_>>().join("\r\n");
    office.write("config/municipios.csv", stay + "\r\n");
    let held = office.run(&format!("aplicar --sim {at}"), 1);
    let number: String =
        held.rsplit("--confirmar ").next().unwrap().chars().take_while(char::is_ascii_digit).collect();
    office.run(&format!("aplicar --sim --confirmar {number} {at}"), 0);
    let page = office.stdout(&format!("plano {at}"));
    assert!(page.contains(left), "what left has left: {page}");
    let why = office.stdout(&format!("porque 3205309 rma/2026-10 {at}"));
    assert!(why.contains("decidido enviar rma/2026-10/divulgacao/3205309"), "{why}");
    assert!(why.contains("este município não é esperado nesta janela"), "{why}");
    assert!(why.contains("Agora:\n  O preenchimento deixou de ser esperado deste município."), "{why}");
    // What was ordered of it can be taken back, and what is known of it can be kept.
    for line in [
        "liberar --municipio 3205309 --motivo voltou",
        "dispensar 3205309 rma/2026-10 --desfazer --motivo engano",
        "anotar 3205309 rma/2026-10 --desfazer --motivo engano",
        "reter-dados rma/2026-10 --municipio 3205309 --motivo processo",
    ] {
        office.run(&format!("{line} {at}"), 0);
    }
    for line in ["reter --municipio 3205309", "reter-dados rma/2026-10 --municipio 3550308"] {
        assert!(office.run(&format!("{line} --motivo não {at}"), 1).contains("não há município"), "{line}");
    }
    assert!(office.stdout("livro --municipio 3205309").contains("rma/2026-10/divulgacao/3205309"));
    for line in
        ["porque 3550308 rma/2026-10", "situacao --municipio 3550308", "historico --municipio 3550308"]
    {
        let refused = office.run(&format!("{line} {at}"), 1);
        assert!(refused.contains("não há município “3550308” em municipios.csv"), "{refused}");
    }
    let refused = office.run("livro --municipio 3550308", 1);
    assert!(refused.contains("não há município “3550308”"), "{refused}");
}

#[test]
fn the_history_says_what_is_known_of_closed_windows_and_nothing_else() {
    let office = Office::new();
    assert!(office.stdout("historico --em 2026-11-05T09:00").contains("Todos: 0"));
    office.run("servir --uma-vez --em 2026-11-05T09:00", 0);
    office.run("servir --uma-vez --em 2026-12-02T09:00", 0);
    let all = office.stdout("historico --em 2026-12-02T10:00");
    assert!(
        all.contains("Quem mais ganharia com apoio ou capacitação: 0"),
        "nobody is accused of what nobody knows: {all}"
    );
    assert_eq!(
        office.stdout("historico --json --em 2026-12-02T10:00").lines().count(),
        9,
        "three parts of three municipalities"
    );
    let one = office.stdout("historico --municipio vitoria --formato csv --em 2026-12-02T10:00");
    assert_eq!(one.lines().filter(|row| row.contains(";não confirmado;")).count(), 3, "{one}");
}

/// A name, an address' holder and a number that would be a tag, a formula and a turn of the text.
const EVIL: &str = "<script>alert(1)</script>=HYPERLINK(1)\u{202e}";

#[test]
fn reports_and_the_call_list_are_written_in_every_form_and_nothing_in_them_runs() {
    let office = Office::new();
    let roster = office.read("config/municipios.csv");
    let mut cells: Vec<String> = roster
        .lines()
        .find(|line| line.starts_with("3205309"))
        .unwrap()
        .split(';')
        .map(str::to_owned)
        .collect();
    let before = cells.join(";");
    cells[4] = EVIL.to_owned() + &"x".repeat(300);
    cells[5] = "027999990000".to_owned();
    office.write("config/municipios.csv", roster.replace(&before, &cells.join(";")));
    let page = office.stdout("relatorio --formato html --em 2026-11-30T23:00");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("default-src 'none'"), "{page}");
    office.run("servir --uma-vez --em 2026-11-05T09:00", 0);
    office.run("servir --uma-vez --em 2026-11-25T09:00", 0);
    for ending in [".html", ".txt", ".csv", "-telefonar.csv"] {
        assert!(office.path(&format!("var/relatorios/atual{ending}")).is_file(), "{ending}");
        assert!(
            office.path(&format!("var/relatorios/rma-2026-10-2026-11-25{ending}")).is_file(),
            "the rung: {ending}"
        );
    }
    let index = office.read("var/relatorios/index.html");
    assert!(
        index.contains("href=\"rma-2026-10-2026-11-25.html\"") && index.contains("href=\"atual.html\""),
        "{index}"
    );
    for line in [
        "relatorio --formato html",
        "ligacoes --formato html",
        "relatorio",
        "ligacoes",
        "ligacoes --formato csv",
    ] {
        let shown = office.stdout(&format!("{line} --em 2026-11-30T10:00"));
        assert!(!shown.contains("<script") || !line.contains("html"), "{line}: {shown}");
        assert!(!shown.contains('\u{202e}'), "{line}: {shown}");
        assert!(shown.contains("Vitória"), "{line}: {shown}");
    }
    let csv = office.stdout("ligacoes --formato csv --em 2026-11-30T10:00");
    assert!(csv.contains(";(27) 99999-0000;"), "a telephone is text: {csv}");
    let first = office.stdout("ligacoes --json --em 2026-11-30T10:00");
    let call: serde_json::Value = serde_json::from_str(first.lines().next().unwrap()).unwrap();
    assert_eq!(call["dias"], 0, "{call}");
    assert!(call["dizer"].as_str().unwrap().contains("Não conseguimos confirmar"), "nobody knows: {call}");
}
