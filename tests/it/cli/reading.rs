//! Letters to be read before any leaves: all of them with an index, and one while its template is edited.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::office::Office;

const NOW: &str = "--em 2026-11-05T09:00";

#[test]
fn every_letter_to_every_recipient_lies_in_a_folder_with_an_index() {
    let office = Office::new();
    let told = office.stdout(&format!("carta --todas --saida provas {NOW}"));
    // RMA and SISC have windows: six sorts to three municipalities each; remessa and its taking back to GSUAS and to two
    // and to one gerência; the resumo to the gerências, and to GSUAS only where the ladder copies it; and an alert.
    assert!(told.starts_with("51 cartas de exemplo em provas/index.html"), "{told}");
    let index = office.read("provas/index.html");
    assert_eq!(index.matches("<li>").count(), 51);
    for page in index
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|page| !page.is_empty())
    {
        let letter = office.read(&format!("provas/{page}"));
        assert!(letter.contains("</html>"), "{page}");
        let text = office.read(&format!("provas/{}", page.replace(".html", ".txt")));
        assert!(text.starts_with("\u{feff}Assunto: ") && !text.contains("{{"), "{page}");
    }
    for sort in ["prazo mantido", "adendo à remessa", "alerta"] {
        assert!(index.contains(sort), "{sort}");
    }
    let one = office.stdout(&format!("carta --todas --sistema rma --municipio vitoria --saida uma {NOW}"));
    assert!(one.starts_with("15 cartas"), "six to Vitória, nine to staff: {one}");
}

#[test]
fn an_example_letter_is_one_that_the_municipality_would_get() {
    let office = Office::new();
    office.write(
        "config/unidades.csv",
        "id;ibge;parte;nome;email;telefone;desde;ate\n11;3205309;CRAS;CRAS Um;um@vitoria.invalid;;;\n\
         12;3205309;CRAS;CRAS Dois;dois@vitoria.invalid;;;\n21;3205200;CREAS;CREAS Norte;;;;\n",
    );
    let letter = |kind: &str, more: &str, code| {
        office.run(&format!("carta --tipo {kind} --sistema rma --municipio {more} {NOW}"), code)
    };
    let prazo = letter("prazo", "vitoria", 0);
    assert!(
        prazo.contains("- CRAS\n  - CRAS Um (código 11)\n  - CRAS Dois (código 12)\n\n")
            && !prazo.contains("CREAS"),
        "{prazo}"
    );
    assert!(prazo.contains("como se tudo o que se espera estivesse pendente"), "{prazo}");
    let to_units = letter("prazo", "vitoria --formato eml", 0);
    assert!(to_units.contains("smas.vitoria@") && !to_units.contains("cmas.vitoria@"), "{to_units}");
    let nobody = letter("prazo", "serra", 1);
    assert!(nobody.contains("nada é esperado desse município"), "{nobody}");
    let moved = letter("prorrogacao", "vitoria", 0);
    assert!(moved.contains("o prazo novo e a fonte são inventados"), "{moved}");
    office.stdout(&format!("carta --todas --sistema rma --saida provas {NOW}"));
    let index = office.read("provas/index.html");
    assert!(
        !index.contains("Serra</b>")
            && index.contains("Exemplo, como se tudo o que se espera estivesse pendente.")
    );
}

#[test]
fn each_phase_of_a_system_has_its_letters_also_where_its_deadline_is_to_be_defined() {
    let office = Office::new();
    for (name, part) in [("gestor", "GESTAO"), ("conselho", "CMAS")] {
        office.append(
            "config/calendario.toml",
            &format!(
                "\n[[janela]]\nsistema = \"plano-de-acao\"\nreferencia = \"2026\"\nnome = \"{name}\"\n\
                 partes = [\"{part}\"]\nabertura = 2026-11-03\nfonte = \"Portaria\"\n"
            ),
        );
    }
    let line =
        format!("carta --tipo lembrete --janela plano-de-acao/2026/conselho --municipio vitoria {NOW}");
    let reminder = office.run(&line, 0);
    assert!(reminder.contains("o prazo e a fonte são inventados"), "{reminder}");
    office.stdout(&format!("carta --todas --sistema plano-de-acao --saida provas {NOW}"));
    office.stdout(&format!("carta --todas --saida todas {NOW}"));
    let index = office.read("todas/index.html");
    for name in ["gestor", "conselho"] {
        assert!(index.contains(&format!("plano-de-acao/2026/{name}")), "{name}: {index}");
    }
    assert!(index.contains("lembrete"), "{index}");
}

/// Waits until a file says something.
fn until(path: &Path, wanted: &str) {
    let began = Instant::now();
    loop {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if text.contains(wanted) {
            return;
        }
        assert!(began.elapsed() < Duration::from_mins(1), "{wanted:?} never came; there is {text:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_letter_is_shown_again_each_time_its_template_is_saved_and_faults_in_its_place() {
    let office = Office::new();
    let line = format!("carta --observar --tipo prazo --sistema rma --saida vista {NOW}");
    let mut program = office.program(&line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let page = office.path("vista/carta.html");
    until(&page, "Preenchimento pendente");
    office.edit("config/modelos/prazo.html", "Preenchimento pendente", "Ainda por preencher");
    until(&page, "Ainda por preencher");
    office.append("config/modelos/prazo.txt", "{{ municipio.nom }}");
    until(&page, "nome desconhecido: municipio.nom");
    until(&page, "http-equiv=\"refresh\"");
    office.edit("config/modelos/prazo.txt", "{{ municipio.nom }}", "");
    until(&page, "Ainda por preencher");
    let asked = format!("kill -INT {}", program.id());
    assert!(Command::new("bash").args(["-c", &asked]).status().unwrap().success());
    let asked_at = Instant::now();
    let ended = loop {
        if let Some(ended) = program.try_wait().unwrap() {
            break ended;
        }
        assert!(asked_at.elapsed() < Duration::from_mins(1), "it did not hear Ctrl-C");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(ended.code(), Some(0), "Ctrl-C is how it ends");
}
