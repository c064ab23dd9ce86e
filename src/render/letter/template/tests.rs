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

#[test]
fn a_sentence_of_the_norm_that_is_worded_otherwise_or_left_out_is_told() {
    let departures = |name: &str, from: &str, to: &str| {
        let (_, text) = EMBEDDED.iter().find(|(known, _)| *known == name).unwrap();
        assert!(text.contains(from), "{name}");
        let told = Templates::compile([(name, text.replace(from, to))]).unwrap().departures();
        told.into_iter().map(|f| (f.file, f.line, f.message)).collect::<Vec<_>>()
    };
    assert_eq!(Templates::embedded().unwrap().departures(), []);
    let word = departures("norma.txt", "bloqueio de recursos", "bloqueio de verbas");
    let told = "a frase “consequencias” já não é a da norma BES nº 08";
    assert_eq!(word, [("norma.txt".to_owned(), Some(27), told.to_owned())]);
    let lost = |file: &str, sentence: &str| {
        (file.to_owned(), None, format!("esta carta já não diz a frase “{sentence}” da norma BES nº 08"))
    };
    assert_eq!(departures("prazo.txt", "{{ norma.atencao() }}", "Cuidado!"), [lost("prazo.txt", "atencao")]);
    assert_eq!(
        departures("prazo.html", "{{ norma.disposicao() }}", "Até logo."),
        [lost("prazo.html", "disposicao")]
    );
    for (name, from, to) in [
        (
            "norma.txt",
            "Senhores gestores da Assistência Social!",
            "Senhores gestores da\nAssistência Social!",
        ),
        ("norma.txt", "O teor é o da norma", "O teor é o da norma de 2023"),
        ("prazo.txt", "Preenchimento pendente:", "Falta preencher:"),
        ("frases.txt", "prazo ainda será definido", "prazo será definido"),
    ] {
        assert_eq!(departures(name, from, to), [], "{name}: {from}");
    }
}

#[test]
fn a_template_as_long_as_may_be_is_tried_at_once() {
    let unknown = (0..3_000).map(|n| format!("{{{{ nome_{n} }}}}\n")).collect::<Vec<_>>().concat();
    let known = "{{ municipio.nome }}\n".repeat(3_000);
    let templates = Templates::compile([("prazo.txt", unknown), ("prazo.html", known)]).unwrap();
    assert!(!templates.check().is_empty());
    let _ = templates.departures();
}
