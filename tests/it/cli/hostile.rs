//! Text from feeds, people, relays and mail that would steer a terminal or forge a line (CWE-150): it is shown, in one
//! line, and does nothing.

use std::io::Write as _;
use std::process::{Output, Stdio};

use serde_json::Value;

use super::office::Office;

/// Clears the screen, rings, turns the direction of reading, forges two lines, colours, isolates.
const EVIL: &str = "mal\u{1b}[2J\u{7}\u{202e}feito\nerro: forjado\r\u{9b}31m\u{2066}\u{200f}fim";
/// The same where a line end would end the field.
const ONE_LINE: &str = "mal\u{1b}[2J\u{7}\u{202e}feito\u{9b}31m\u{2066}fim";
/// How it is shown.
const SHOWN: &str = "\\u202efeito";

fn now(line: &str) -> String {
    format!("{line} --em 2026-11-05T10:00")
}

/// What a run showed; nothing of it steers, and no line is forged.
fn harmless(line: &str, output: &Output) -> String {
    let text = [output.stdout.clone(), output.stderr.clone()].concat();
    let text = String::from_utf8(text).unwrap();
    // A spreadsheet's mark and line ends are its format's.
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let steers = |c: char| {
        c.is_control() && c != '\n'
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!text.contains(steers), "{line}: {text:?}");
    assert!(!text.lines().any(|line| line.trim_start().starts_with("erro: forjado")), "{line}: {text}");
    text
}

fn shows(office: &Office, line: &str) {
    let shown = harmless(line, &office.output(line));
    assert!(shown.contains(SHOWN), "{line} does not show it: {shown}");
}

const FEED: &str = "\n[fonte.planilha]\nsistema = \"rma\"\ntipo = \"csv\"\norigem = \"manual\"\nmunicipio = \"ibge\"\n\
    parte = \"CRAS\"\nreferencia = \"abertas\"\nsentido = \"situacao\"\nsituacao_coluna = \"situacao\"\n\
    situacoes = { \"Sim\" = \"concluido\", \"Não\" = \"pendente\" }\n";

#[test]
fn what_others_wrote_steers_no_terminal_and_forges_no_line() {
    let office = Office::new();
    office.append("config/fontes.toml", FEED);
    office.run("servir --uma-vez --em 2026-11-05T09:00", 0);
    for (line, reason) in [
        ("reter --janela sisc/2026-T4", "--motivo"),
        ("contestar vitoria rma/2026-10", "--motivo"),
        ("dispensar serra rma/2026-10 --parte CREAS", "--motivo"),
        ("anotar vitoria rma/2026-10", "--resultado"),
    ] {
        let output = office.program(&now(line)).args([reason, EVIL, "--autor", EVIL]).output().unwrap();
        harmless(line, &output);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    office.write("mal.csv", format!("ibge;situacao\n3205309;\"{EVIL}\"\n3205200;Não\n"));
    let line = now("importar planilha mal.csv");
    shows(&office, &line);
    shows(&office, &now("fonte experimentar planilha mal.csv"));
    // What a relay or a mail server says of a letter.
    let letter = office.read("var/cartas/rma/2026-10/divulgacao/3205309.eml");
    let id = letter.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap();
    let bounce = format!(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.invalid\nSubject: {ONE_LINE}\nContent-Type: multipart/report; \
         report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n\
         Final-Recipient: rfc822; smas.vitoria@municipio.invalid\nAction: failed\nStatus: 5.1.1\n\
         Diagnostic-Code: smtp; 550 5.1.1 {ONE_LINE}\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {id}\n\n--b--\n"
    );
    let mut program = office.program(&now("devolucao"));
    let mut running =
        program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    running.stdin.take().unwrap().write_all(bounce.as_bytes()).unwrap();
    assert!(harmless("devolucao", &running.wait_with_output().unwrap()).starts_with("devolvido"));
    for line in ["decisoes", "porque vitoria rma/2026-10", "contato"] {
        shows(&office, &now(line));
    }
    shows(&office, "livro");
    let quiet = [
        "relatorio",
        "situacao",
        "relatorio --formato csv",
        "relatorio --formato html",
        "ligacoes",
        "ligacoes --formato csv",
        "ligacoes --formato html",
        "noticias",
        "saude",
        "fontes",
        // What is kept of a load has the place of a cell, and not its words (decision 0362).
        "fontes planilha",
        "agenda",
        "plano",
        "cadastro",
    ];
    for line in quiet {
        harmless(line, &office.output(&now(line)));
    }
    harmless("livro conferir", &office.output("livro conferir"));
    harmless("logs", &office.program(&line).env("VIGIA_LOG", "trace").output().unwrap());
    let pass = now("servir --uma-vez");
    harmless(
        "logs",
        &office.program(&pass).envs([("VIGIA_LOG", "trace"), ("JOURNAL_STREAM", "8:1")]).output().unwrap(),
    );
    for line in ["decisoes", "porque vitoria rma/2026-10", "fontes planilha", "contato", "situacao"] {
        let line = now(&format!("{line} --json"));
        let output = office.output(&line);
        harmless(&line, &output);
        for object in String::from_utf8(output.stdout).unwrap().lines() {
            let read: Value =
                serde_json::from_str(object).unwrap_or_else(|fault| panic!("{line}: {fault}: {object}"));
            assert!(read.is_object());
        }
    }
    let output = office.output("livro --json");
    let told = harmless("livro --json", &output);
    let mut entries = told.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    assert!(entries.any(|entry| entry["dados"]["motivo"] == EVIL), "as JSON it is what it was");
}

#[test]
fn a_fault_shows_what_it_underlines_and_steers_no_terminal() {
    for (file, from, to) in [
        ("config/municipios.csv", "smas.vitoria@municipio.invalid", ONE_LINE),
        ("config/vigia.toml", "modo = \"ensaio\"", "modo = \"mal\u{202e}feito\""),
        ("config/vigia.toml", "modo = \"ensaio\"", "modo = \"ensaio\" # \u{1b}[2J\u{202e}feito"),
        ("config/calendario.toml", "cada = \"mes\"", "cada = \"mal\u{202e}feito\""),
    ] {
        let office = Office::new();
        office.edit(file, from, to);
        let line = now("verificar");
        let shown = harmless(&line, &office.output(&line));
        assert!(shown.contains(SHOWN), "{file}: {shown}");
        let output = office.output(&now("verificar --json"));
        harmless("verificar --json", &output);
        assert!(serde_json::from_slice::<Value>(&output.stdout).is_ok());
        harmless("servir", &office.output(&now("servir --uma-vez")));
    }
}
