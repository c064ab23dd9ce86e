//! `--json`: data on stdout, one JSON value a line, whatever the command; words on stderr.

use serde_json::Value;

use super::office::Office;

/// What stdout held, each line read as JSON.
fn lines(office: &Office, line: &str, code: i32) -> Vec<Value> {
    let output = office.output(line);
    let (stdout, stderr) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(code), "{line}\n{stdout}\n{stderr}");
    assert!(!stderr.lines().any(|l| l.starts_with('{')), "{line}: data on stderr: {stderr}");
    stdout.lines().map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{line}: {e}: {l}"))).collect()
}

#[test]
fn every_command_answers_in_json() {
    let office = Office::new();
    let now = "--em 2026-11-05T09:00";
    for (line, code) in [
        ("servir --uma-vez", 0),
        ("verificar", 0),
        ("agenda", 0),
        ("plano --em 2026-11-27T09:00", 0),
        ("porque vitoria rma/2026-10", 0),
        ("situacao", 0),
        ("relatorio", 0),
        ("livro", 0),
        ("livro conferir", 0),
        ("carta --tipo prazo --sistema rma", 0),
        ("carta --todas --saida provas", 0),
        ("agenda --ics prazos.ics", 0),
        ("reter --tudo --motivo x", 0),
        ("liberar --tudo --motivo x", 0),
        ("dispensar vitoria rma/2026-10 --motivo x", 0),
        ("contestar vitoria rma/2026-10 --motivo x", 0),
        ("contestar vitoria rma/2026-10 --motivo x --desfazer", 0),
        ("simular --de 2026-12-01 --ate 2026-12-31", 0),
    ] {
        let timeless = line.contains("--em") || line.starts_with("livro") || line.starts_with("simular");
        let line = format!("{line} --json {}", if timeless { "" } else { now });
        assert!(!lines(&office, &line, code).is_empty(), "{line} says nothing");
    }
}

#[test]
fn an_entry_of_livro_is_as_it_was_hashed_and_what_it_comes_to_stands_beside_it() {
    let office = Office::new();
    office.run("servir --uma-vez", 0);
    office.run("reter --tudo --motivo x --em 2026-11-05T09:00", 0);
    office.run("liberar --tudo --motivo x --em 2026-11-05T09:00", 0);
    let told = lines(&office, "livro --json", 0);
    for entry in &told {
        let mut entry = entry.clone();
        entry["registro"] = entry["seq"].clone();
        let body: Value = serde_json::from_str(entry["corpo"].as_str().unwrap()).unwrap();
        assert_eq!(body, entry["dados"], "{entry:#}");
        assert_eq!(crate::dossier::hash_of(&entry), entry["hash"].as_str().unwrap(), "{entry:#}");
    }
    let orders: Vec<_> = told.iter().filter(|entry| entry["tipo"] == "ordem").collect();
    let [given, lifted] = &orders[..] else { panic!("{orders:#?}") };
    assert_eq!((&given["acao"], &given["dados"]["acao"]), (&"reter".into(), &"dar".into()));
    assert_eq!((&lifted["acao"], &lifted["dados"]["acao"]), (&"desfazer".into(), &"desfazer".into()));
}

#[test]
fn a_broken_configuration_is_told_in_json_with_every_place() {
    let office = Office::new();
    office.edit("config/vigia.toml", "porta = 587", "porta = \"x\"");
    office.edit("config/calendario.toml", "cada = \"mes\"", "cada = \"mês\"");
    let told = lines(&office, "verificar --json", 1);
    let faults = told[0]["falhas"].as_array().unwrap();
    assert_eq!(faults.len(), 2, "{told:#?}");
    for fault in faults {
        for key in ["arquivo", "linha", "coluna", "linha_fim", "coluna_fim", "mensagem", "ajuda", "gravidade"]
        {
            assert!(fault.get(key).is_some(), "{fault:#}");
        }
    }
}
