//! A feed for a file that staff have: asked about, proposed, pasted, tried.

use serde_json::Value;

use super::office::Office;
use crate::support::host::{Answer, Host};

const AT: &str = "--em 2026-11-05T09:00";
const LIST: &str = "Relatório da Vigilância\n\nIBGE;Município;Situação\n3205309;Vitória;Concluído\n\
    3205200;Vila Velha;Pendente\n3205002;Serra;Em análise\nTotal;;3\n";

#[test]
fn a_proposal_is_asked_about_and_then_taken_by_verificar_and_tried() {
    let office = Office::new();
    office.write("lista.csv", LIST);
    let asked = office.run(&format!("fonte propor lista.csv --sistema rma {AT}"), 1);
    for told in [
        "de que parte o arquivo fala?",
        "--parte PARTE",
        "não diz de que referência fala",
        "--referencia abertas",
    ] {
        assert!(asked.contains(told), "{asked}");
    }
    assert!(!asked.contains("[fonte."), "{asked}");
    let line = format!("fonte propor lista.csv --sistema rma --parte CRAS --referencia abertas {AT}");
    let toml = office.stdout(&line);
    let output = office.output(&line);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("1 palavra está por decidir"), "{told}");
    assert_eq!(office.letters(), 0);
    office.append("config/fontes.toml", &format!("\n{toml}"));
    office.run("verificar", 0);
    let tried = office.run(&format!("fonte experimentar rma-lista lista.csv {AT}"), 1);
    assert!(tried.contains("Em análise"), "a word left open is not believed: {tried}");
    let decided = "# \"Em análise\" = \"PREENCHA\"";
    office.edit("config/fontes.toml", decided, "\"Em análise\" = \"nao_confirmado\"");
    let tried = office.run(&format!("fonte experimentar rma-lista lista.csv {AT}"), 0);
    assert!(tried.contains("rma/2026-10: 1 concluído"), "{tried}");
    let again = office.stdout(&line);
    assert!(
        again.contains("[fonte.rma-lista-2]") && again.contains("\"Em análise\" = \"nao_confirmado\""),
        "{again}"
    );
}

#[test]
fn programs_get_questions_and_proposals_as_json_and_what_is_no_file_is_told() {
    let office = Office::new();
    office.write("lista.csv", LIST);
    let asked = office.output(&format!("fonte propor lista.csv --sistema rma --json {AT}"));
    let asked: Value = serde_json::from_slice(&asked.stdout).unwrap();
    assert_eq!(asked["perguntas"].as_array().unwrap().len(), 2);
    let line = format!("fonte propor lista.csv --sistema rma --parte CRAS --referencia 2026-10 --json {AT}");
    let told: Value = serde_json::from_str(&office.stdout(&line)).unwrap();
    assert_eq!(told["fonte"], "rma-lista");
    assert_eq!(told["por_decidir"][0]["palavra"], "Em análise");
    office.run("fonte propor nada.csv --sistema rma", 3);
    let unknown = office.run("fonte propor lista.csv --sistema outro", 1);
    assert!(unknown.contains("os sistemas são"), "{unknown}");
    office.write("foto.pdf", "%PDF-1.7 x");
    assert!(office.run("fonte propor foto.pdf --sistema rma", 3).contains("PDF"));
    office.run("fonte propor lista.csv --sistema rma --presenca --situacao x", 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_is_proposed_for_as_it_would_be_fetched() {
    let host = Host::start().await;
    host.put("/lista.csv", Answer::page(LIST));
    let url = host.url("/lista.csv");
    tokio::task::spawn_blocking(move || {
        let office = Office::new();
        let line = format!("fonte propor {url} --sistema rma --parte CRAS --referencia abertas {AT}");
        let toml = office.stdout(&line);
        assert!(toml.contains("origem = \"http\"") && toml.contains("hosts = [\"127.0.0.1\"]"), "{toml}");
        office.append(
            "config/fontes.toml",
            &format!(
                "\n{}",
                toml.replace("# \"Em análise\" = \"PREENCHA\"", "\"Em análise\" = \"pendente\"")
            ),
        );
        office.run("verificar", 0);
        office.run(&format!("fonte experimentar rma-lista {AT}"), 0);
    })
    .await
    .unwrap();
}
