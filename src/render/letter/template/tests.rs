//! Embedded templates, and what is said of an operator's that cannot be used.

use crate::domain::calendar::Sanction;
use crate::domain::notice::Kind;
use crate::plan::Notice;
use crate::render::letter::example::World;
use crate::render::letter::letter;

use super::{EMBEDDED, Templates};

#[test]
fn the_embedded_templates_are_without_fault() {
    assert_eq!(Templates::embedded().unwrap().check(), []);
}

#[test]
fn the_embedded_templates_are_those_of_the_folder() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/modelos");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let mut embedded: Vec<&str> = EMBEDDED.iter().map(|(name, _)| *name).collect();
    embedded.sort_unstable();
    assert_eq!(files, embedded);
}

#[test]
fn an_operators_template_takes_the_place_of_the_embedded_one() {
    let text = "{{ sistema.nome }}\r\n\r\nPrazo: {{ prazo.completo }}\r\n";
    let templates = Templates::compile([("prazo.txt", text)]).unwrap();
    assert_eq!(templates.check(), []);
    let world = World::new(Sanction::Standard, "").unwrap();
    let is_warning = |n: &&Notice| n.content.kind() == Kind::Warning;
    let warning = world.notices().iter().find(is_warning).unwrap().clone();
    let letter = letter(&templates, &world.context(), &warning).unwrap();
    assert_eq!(letter.text, "Censo SUAS\n\nPrazo: 05/12/2023 (terça-feira)\n");
}

#[test]
fn a_broken_template_is_a_fault_with_file_and_line() {
    let faults = Templates::compile([
        ("prazo.txt", "Prezados,\n\n{% if prazo %}\n"),
        ("lembrete.html", "<p>{{ municipio.nome </p>"),
        ("praso.txt", "x"),
        ("prazo.md", "x"),
    ])
    .unwrap_err();
    let at: Vec<(&str, Option<usize>)> = faults.iter().map(|f| (f.file.as_str(), f.line)).collect();
    assert_eq!(
        at,
        [("praso.txt", Some(1)), ("prazo.md", Some(1)), ("lembrete.html", Some(1)), ("prazo.txt", Some(3)),]
    );
    let told: Vec<String> = faults.iter().map(|f| format!("{f}\n  dica: {}", f.hint)).collect();
    insta::assert_snapshot!("faults", told.join("\n"));
}

#[test]
fn an_unknown_variable_is_a_fault_where_it_stands() {
    let templates = Templates::compile([
        ("prazo.txt", "Município:\n{{ municipio.nmoe }}\n"),
        ("suspensao.html", "{% if cancelada %}\n<p>{{ razao }}</p>\n{% endif %}x"),
        ("dados.html", "<p>\n{{ prazzo }}</p>"),
        ("resumo.assunto.txt", "{% include 'outro.txt' %}"),
        ("alerta.txt", "{% for a in range(9000) %}{% for b in range(9000) %}x{% endfor %}{% endfor %}"),
        ("remessa.txt", "  \n"),
        ("prorrogacao.txt", "{{ prazo_anterior }}"),
        ("lembrete.txt", "x\n{% if municipio.codigo == '1' %}\n{{ sistema.nmoe }}\n{% endif %}"),
    ])
    .unwrap();
    let faults = templates.check();
    let at: Vec<(&str, Option<usize>)> = faults.iter().map(|f| (f.file.as_str(), f.line)).collect();
    assert_eq!(
        at,
        [
            ("alerta.txt", Some(1)),
            ("dados.html", Some(2)),
            ("lembrete.txt", Some(3)),
            ("prazo.txt", Some(2)),
            ("prorrogacao.txt", Some(1)),
            ("remessa.txt", Some(1)),
            ("resumo.assunto.txt", Some(1)),
            ("suspensao.html", Some(2)),
        ]
    );
    let told: Vec<String> = faults.iter().map(|f| format!("{f}\n  dica: {}", f.hint)).collect();
    insta::assert_snapshot!("unknown", told.join("\n"));
}
