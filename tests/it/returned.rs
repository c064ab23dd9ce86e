//! `devolucao` as a mail alias runs it: a message on stdin, an exit code for the mail system.

use std::fs;
use std::path::Path;

use assert_cmd::Command;

fn vigia(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vigia-suas"));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command.args(["--config", "config", "--em", "2026-12-01T10:00"]).env("VIGIA_DADOS", data);
    command
}

fn failure(message_id: &str, action: &str) -> String {
    format!(
        "From MAILER-DAEMON Tue Dec  1 10:00:00 2026\nReturn-Path: <>\nFrom: MAILER-DAEMON@mx.invalid\nSubject: x\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\
         Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; smas.vitoria@municipio.invalid\nAction: {action}\n\
         Status: 5.1.1\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {message_id}\n\n--b--\n"
    )
}

#[test]
fn a_mail_alias_learns_from_the_exit_code_what_became_of_the_message() {
    let data = tempfile::tempdir().unwrap();
    vigia(data.path()).args(["servir", "--uma-vez"]).assert().success();
    let letter = data.path().join("cartas/rma/2026-11/divulgacao/3205309.eml");
    let letter = fs::read_to_string(letter).unwrap();
    let id = letter.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap();
    let to = letter.lines().find_map(|line| line.strip_prefix("To: ")).unwrap().trim_end_matches(',');
    let run = |message: String| {
        let message = message.replace("smas.vitoria@municipio.invalid", to);
        let done = vigia(data.path()).arg("devolucao").write_stdin(message).output().unwrap();
        let said = String::from_utf8(done.stdout).unwrap();
        (done.status.code().unwrap(), said.split([' ', ':']).next().unwrap().to_owned())
    };
    assert_eq!(run(failure(id, "delayed")), (0, "atrasado".to_owned()));
    assert_eq!(run(failure(id, "failed")), (0, "devolvido".to_owned()));
    assert_eq!(run(failure(id, "failed")), (0, "ja-anotado".to_owned()));
    assert_eq!(run(failure("<outra@example.org>", "failed")), (1, "sem-carta".to_owned()));
    assert_eq!(run("From: a@b.invalid\nAuto-Submitted: auto-replied\n\nx".to_owned()).0, 0);
    assert_eq!(run(String::new()), (1, "nao-reconhecido".to_owned()));
    assert_eq!(run("x".repeat(50_000_000)).0, 1);
    let listed =
        vigia(data.path()).args(["--json", "devolucao"]).write_stdin(failure(id, "failed")).output().unwrap();
    let json: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(json["resultado"], "ja-anotado");
    assert_eq!(json["aviso"], "rma/2026-11/divulgacao/3205309");

    fs::write(data.path().join("vigia-ensaio.db"), "isto não é um livro").unwrap();
    for journal in ["vigia-ensaio.db-wal", "vigia-ensaio.db-shm"] {
        let _ = fs::remove_file(data.path().join(journal));
    }
    let broken = vigia(data.path()).arg("devolucao").write_stdin(failure(id, "failed")).output().unwrap();
    assert_eq!(broken.status.code(), Some(3), "{}", String::from_utf8_lossy(&broken.stderr));
}
