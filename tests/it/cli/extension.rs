//! `prorrogar`: a new deadline shown, asked for and written, and what is refused.

use super::change::{moved, told};
use super::office::Office;

#[test]
fn a_municipality_that_is_named_twice_is_written_once() {
    let office = told();
    office.run(
        "prorrogar rma/2026-10 --para 15/12/2026 --municipios \"Vitoria,3205309, vitória,vila velha\" --fonte MDS --sim \
         --em 2026-11-23T10:00",
        0,
    );
    let calendar = office.read("config/calendario.toml");
    assert!(calendar.ends_with("  municipios = [\"3205309\", \"3205200\"]\n"), "{calendar}");
}

#[test]
fn the_last_minute_of_a_day_is_its_end_however_it_is_written() {
    let em = "--em 2026-11-23T10:00";
    let extend = |hour: &str| {
        format!(
            "prorrogar rma/2026-10 --para 15/12/2026 {hour} --fonte MDS --confirmar 15/12/2026 --sim {em}"
        )
    };
    let hours = ["", "--hora 23:59", "--hora 23h59", "--hora 23:59:59"];
    for hour in hours {
        let office = told();
        office.run(&extend(hour), 0);
        for again in hours {
            let said = office.run(&extend(again), 1);
            assert!(
                said.contains("15/12/2026 (terça-feira) já é o prazo em vigor"),
                "{hour}, {again}: {said}"
            );
        }
    }
    let office = told();
    let written = moved("2026-11-30\n  prazo_hora = \"23:59\"", "2026-11-06");
    office.append("config/calendario.toml", &written);
    let page = office.run(&format!("verificar {em}"), 0);
    assert!(page.contains("esta prorrogação repete o prazo que já vale"), "{page}");
}

#[test]
fn an_extension_to_a_moment_that_is_over_is_refused() {
    let office = told();
    let before = office.read("config/calendario.toml");
    let extend = |more: &str, em: &str, code| {
        office.run(&format!("prorrogar rma/2026-10 {more} --fonte MDS --sim --em {em}"), code)
    };
    let today = "--para 15/12/2026 --hora 10:00";
    for em in ["2026-12-15T10:00", "2026-12-15T17:50"] {
        let said = extend(today, em, 1);
        let wanted = "o novo prazo, 15/12/2026 (terça-feira), até as 10:00, já passou";
        assert!(said.contains(wanted), "{said}");
    }
    extend("--para 15/12/2026", "2026-12-16T00:00", 1);
    assert_eq!(office.read("config/calendario.toml"), before);
    extend(today, "2026-12-15T09:59", 0);
}

/// A census with a deadline that is suspended, or cancelled, since a day.
fn stopped(how: &str, since: &str) -> Office {
    let office = Office::new();
    let text = format!(
        "\n[[janela]]\nsistema = \"censo-suas\"\nreferencia = \"2026\"\nabertura = 2026-11-20\nprazo = 2026-12-05\n\
         fonte = \"MDS\"\nsituacao = \"{how}\"\nsituacao_desde = {since}\n"
    );
    office.append("config/calendario.toml", &text);
    office.run("servir --uma-vez --em 2026-11-27T09:00", 0);
    office
}

#[test]
fn an_extension_of_a_suspended_window_writes_its_end_too() {
    let office = stopped("suspensa", "2026-11-14");
    let em = "--em 2026-11-27T17:50";
    let said = office.run(&format!("prorrogar censo-suas/2026 --para 15/12/2026 --fonte MDS --sim {em}"), 0);
    assert!(!said.contains("segue suspensa"), "{said}");
    let calendar = office.read("config/calendario.toml");
    assert!(calendar.contains("situacao = \"suspensa\"\nsituacao_ate = 2026-11-27\n"), "{calendar}");
    office.run(&format!("verificar {em}"), 0);
    let agenda = office.stdout(&format!("agenda --de 2026-11-01 --ate 2026-12-31 --json {em}"));
    let census = agenda.lines().find(|line| line.contains("censo-suas/2026\"")).unwrap();
    assert!(census.contains("\"situacao\":\"normal\""), "{census}");
}

#[test]
fn an_extension_of_a_window_that_stays_stopped_says_so() {
    let extend = |office: &Office, more: &str| {
        let line = format!(
            "prorrogar censo-suas/2026 --para 15/12/2026 --fonte MDS --sim {more} --em 2026-11-27T17:50"
        );
        office.run(&line, 0)
    };
    // Announced on the day of the suspension: nobody knows which came first.
    let said = extend(&stopped("suspensa", "2026-11-27"), "");
    let wanted =
        "a janela segue suspensa desde 27/11/2026, e nada sai dela; se ela voltou, escreva `situacao_ate`";
    assert!(said.contains(wanted), "{said}");
    let said = extend(&stopped("cancelada", "2026-11-27"), "");
    assert!(
        said.contains("segue cancelada desde 27/11/2026") && said.contains("se ela vale outra vez"),
        "{said}"
    );
    let said = extend(&stopped("suspensa", "2026-11-14"), "--municipios vitoria");
    assert!(said.contains("para os demais municípios a janela segue suspensa desde 14/11/2026"), "{said}");
    let said = extend(&stopped("suspensa", "2026-11-14\nsituacao_ate = 2026-12-01"), "--municipios vitoria");
    assert!(said.contains("segue suspensa desde 14/11/2026, até 01/12/2026 (`situacao_ate`)"), "{said}");
}
