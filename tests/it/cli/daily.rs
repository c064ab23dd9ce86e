//! The page of the day: `plano` for people, and the mail to staff once on each sending day.

use std::fs;
use std::path::{Path, PathBuf};

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
    let mail = fs::read_to_string(&pages(&office)[0]).unwrap();
    assert!(mail.contains("To: ") && !mail.contains("municipio.invalid"), "{mail}");
    assert!(
        office.stdout("livro conferir --json").contains("\"faltas\":[]")
            || office.output("livro conferir").status.success()
    );
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
