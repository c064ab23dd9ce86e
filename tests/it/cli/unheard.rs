//! An answer that does not get out, a file that is none, a user whom the environment does not name.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Output, Stdio};

use super::office::{FEED, Office};

fn full() -> File {
    OpenOptions::new().write(true).open("/dev/full").unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn an_answer_that_cannot_be_written_is_no_answer_and_what_was_done_stays_done() {
    let office = Office::new();
    office.run("servir --uma-vez --em 2026-11-05T09:00", 0);
    for line in [
        "agenda --em 2026-11-05",
        "verificar --json --em 2026-11-05T09:00",
        "relatorio --formato html --em 2026-11-05T09:00",
        "livro",
        "situacao --em 2026-11-05T09:00",
        "completar bash",
        "carta --sistema rma --tipo prazo --municipio Serra --formato eml",
        "--ajuda",
    ] {
        let output = office.program(line).stdout(full()).output().unwrap();
        let words = said(&output);
        assert_eq!(output.status.code(), Some(3), "{line}: {words}");
        assert!(words.contains("não pôde ser escrita por inteiro: o disco está cheio"), "{line}: {words}");
        // Who reads no further has what it wanted.
        let mut gone = office.program(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(gone.stdout.take());
        let output = gone.wait_with_output().unwrap();
        assert!(
            output.status.success() && !said(&output).contains("por inteiro"),
            "{line}: {}",
            said(&output)
        );
    }
    // A negative answer, or none, is told as before.
    let refused = office.program("plano --config nada").stdout(full()).output().unwrap();
    assert_eq!(refused.status.code(), Some(3));
    let held = office.program("reter --tudo --motivo x").stdout(full()).output().unwrap();
    assert_eq!(held.status.code(), Some(0), "{}", said(&held));
    assert!(said(&held).contains("aviso: a resposta não pôde ser escrita por inteiro"), "{}", said(&held));
    assert!(office.run("decisoes", 0).contains("tudo"));
}

#[test]
fn a_pipe_in_the_place_of_a_file_is_told_and_not_waited_for() {
    let office = Office::new();
    office.run("servir --uma-vez --em 2026-11-05T09:00", 0);
    let pipe =
        |name: &str| assert!(Command::new("mkfifo").arg(office.path(name)).status().unwrap().success());
    pipe("cano");
    office.append("config/fontes.toml", &FEED.replace("ativa = false", "ativa = true"));
    for line in ["importar planilha cano", "simular --de 2026-11-01 --ate 2026-11-30 --situacoes cano"] {
        let page = office.run(line, 3);
        assert!(page.contains("é um cano (FIFO), não um arquivo comum"), "{line}: {page}");
    }
    // One that the shell makes was meant.
    let shell = format!("{} importar planilha <(echo x)", office.program("").get_program().display());
    let meant =
        Command::new("bash").args(["-c", &shell]).env("USER", "ana").current_dir(office.path("")).output();
    assert!(!said(&meant.unwrap()).contains("cano"));
    pipe("config/unidades.csv");
    for line in ["verificar", "plano"] {
        let page = office.run(line, if line == "verificar" { 3 } else { 0 });
        assert!(page.contains("unidades.csv: é um cano (FIFO)") || line == "plano", "{line}: {page}");
    }
}

#[test]
fn whom_the_environment_does_not_name_the_system_does() {
    let office = Office::new();
    let name = Command::new("id").arg("-un").output().unwrap().stdout;
    let name = String::from_utf8(name).unwrap();
    let output = office.program("reter --tudo --motivo x").env_remove("USER").output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let orders = office.run("decisoes", 0);
    assert!(orders.contains(name.trim()), "{orders}");
}

#[test]
fn holidays_that_are_not_there_are_warned_of() {
    let office = Office::new();
    std::fs::remove_file(office.path("config/feriados.toml")).unwrap();
    let page = office.run("verificar --em 2026-11-05T09:00", 0);
    assert!(page.contains("config/feriados.toml") && page.contains("deixe-o vazio"), "{page}");
    assert!(office.run("verificar --json --em 2026-11-05T09:00", 0).contains("feriados.toml"));
    office.write("config/feriados.toml", "");
    assert!(!office.run("verificar --em 2026-11-05T09:00", 0).contains("feriados.toml"));
}

#[test]
fn a_ledger_that_may_not_be_read_is_not_told_to_be_begun() {
    let office = Office::new();
    office.run("servir --uma-vez --em 2026-11-05T09:00", 0);
    let allow = |name: &str, mode| {
        std::fs::set_permissions(office.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    allow("", 0o755);
    allow("var", 0o755);
    allow("var/vigia-ensaio.db", 0o600);
    let mut command = office.program("plano --em 2026-11-05T09:00");
    let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    if is_root {
        command.uid(65534).gid(65534);
    } else {
        allow("var/vigia-ensaio.db", 0);
    }
    // Where the program itself is out of a stranger's reach there is nothing to try.
    let Ok(output) = command.output() else { return };
    let words = said(&output);
    assert_eq!(output.status.code(), Some(3), "{words}");
    assert!(words.contains("não tem permissão de ler") && !words.contains("inicie o serviço"), "{words}");
}
