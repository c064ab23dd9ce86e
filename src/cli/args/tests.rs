//! Every command, every alias, every fault, and no English anywhere.

mod read;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::PathBuf;

use jiff::civil::date;

use super::*;

/// The words of a line, as a shell would part them; only double quotes are known.
fn split(line: &str) -> Vec<OsString> {
    let mut words = Vec::new();
    for (n, piece) in line.split('"').enumerate() {
        if n % 2 == 1 {
            words.push(piece.into());
        } else {
            words.extend(piece.split_whitespace().map(OsString::from));
        }
    }
    words
}

fn login(name: &str) -> Option<OsString> {
    (name == "USER").then(|| "ana".into())
}

fn run(line: &str) -> Result<Invocation, Exit> {
    run_where(line, &login)
}

fn run_where(line: &str, variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Invocation, Exit> {
    parse_in(split(&format!("vigia-suas {line}")), Some(100), variable)
}

fn command(line: &str) -> Command {
    run(line).unwrap_or_else(|exit| panic!("{line}: {}", exit.text)).command
}

#[test]
fn every_command_answers_to_its_english_name() {
    for (name, alias, rest) in [
        ("servir", "run", "--uma-vez"),
        ("verificar", "check", ""),
        ("agenda", "calendar", ""),
        ("plano", "plan", ""),
        ("aplicar", "apply", "nova"),
        ("recarregar", "reload", ""),
        ("prorrogar", "extend", "rma/2026-10 --para 15/12/2026 --fonte MDS"),
        ("anotar", "note", "Serra rma/2026-10 --resultado x"),
        ("decisoes", "decisions", ""),
        ("saude", "health", ""),
        ("simular", "simulate", "--de 2026-10-01 --ate 2026-10-02"),
        ("porque", "why", "Serra rma/2026-10"),
        ("situacao", "status", ""),
        ("importar", "ingest", "rma-lista lista.csv"),
        ("fontes", "feeds", "rma-lista"),
        ("fonte", "feed", "experimentar rma-lista"),
        ("relatorio", "report", ""),
        ("dossie", "dossier", "Serra --janela rma/2026-10"),
        ("livro", "ledger", "conferir"),
        ("reter-dados", "keep-data", "rma/2026-10 --motivo x"),
        ("carta", "letter", "--tipo prazo --sistema rma"),
        ("enviar-teste", "send-test", "a@b.br --tipo prazo --sistema rma"),
        ("testar-canal", "test-channel", "webhook"),
        ("devolucao", "bounce", ""),
        ("contato", "contact", "--todos"),
        ("reter", "hold", "--tudo --motivo x"),
        ("liberar", "release", "--tudo --motivo x"),
        ("dispensar", "exempt", "Serra rma/2026-10 --motivo x"),
        ("contestar", "dispute", "Serra rma/2026-10 --motivo x"),
        ("completar", "completions", "bash"),
        ("manual", "man", "man1"),
        ("cadastro", "register", "--so nova"),
        ("noticias", "news", "--desde 2026-10-01"),
    ] {
        assert_eq!(command(&format!("{alias} {rest}")), command(&format!("{name} {rest}")));
        let help = run("--help").unwrap_err().text;
        let shown = help.lines().find(|line| line.trim_start().starts_with(&format!("{name} "))).unwrap();
        assert!(shown.ends_with(&format!("[{alias}]")), "{help}");
    }
    for (name, alias, rest) in [
        ("aceitar", "accept", "rma-lista-1 --motivo x"),
        ("recusar", "reject", "rma-lista-1 --motivo x"),
        ("experimentar", "try", "rma-lista"),
        ("propor", "propose", "lista.csv --sistema rma"),
    ] {
        assert_eq!(command(&format!("feed {alias} {rest}")), command(&format!("fonte {name} {rest}")));
    }
}

#[test]
fn what_holds_for_every_command_stands_before_or_after_it() {
    for line in
        ["--config pasta --json --em 2026-11-20 -vv plano", "plano -vv --em 2026-11-20 --json --config pasta"]
    {
        let expected = Invocation {
            config: Some("pasta".into()),
            json: true,
            at: Some(Moment::Day(date(2026, 11, 20))),
            verbosity: 2,
            command: Command::Plan { against: None, until: None },
        };
        assert_eq!(run(line), Ok(expected), "{line}");
    }
    assert!(run("livro --json conferir").unwrap().json);
    assert_eq!(run("plano --detalhado").unwrap().verbosity, 1);
}

#[test]
fn the_folder_comes_from_the_environment_when_the_line_says_nothing() {
    let set = |name: &str| (name == "VIGIA_CONFIG").then(|| "/srv/vigia".into());
    let empty = |name: &str| (name == "VIGIA_CONFIG").then(OsString::new);
    assert_eq!(run_where("plano", &set).unwrap().config, Some(PathBuf::from("/srv/vigia")));
    assert_eq!(run_where("plano --config aqui", &set).unwrap().config, Some(PathBuf::from("aqui")));
    assert_eq!(run_where("plano", &empty).unwrap().config, None);
}

#[test]
fn the_author_is_who_ran_sudo_unless_named() {
    let sudo = |name: &str| match name {
        "SUDO_USER" => Some("bia".into()),
        "USER" => Some("root".into()),
        _ => None,
    };
    let author = |line: &str| match run_where(line, &sudo).unwrap().command {
        Command::Hold { signature, .. } => signature.author,
        other => panic!("{other:?}"),
    };
    assert_eq!(author("reter --tudo --motivo x"), "bia");
    assert_eq!(author("reter --tudo --motivo x --autor \"Carla Souza\""), "Carla Souza");
    assert_eq!(run_where("reter --tudo --motivo x", &|_| None).unwrap_err().code, 2);
}

#[test]
fn help_and_version_end_well_on_stdout() {
    for line in ["--help", "--ajuda", "-h", "plano --help", "--version", "--versao", "-V"] {
        let exit = run(line).unwrap_err();
        assert!(exit.code == 0 && exit.to_stdout && exit.text.ends_with('\n'), "{line}: {exit:?}");
    }
    assert_eq!(run("-V").unwrap_err().text, concat!("vigia-suas ", env!("CARGO_PKG_VERSION"), "\n"));
    let nothing = run("").unwrap_err();
    assert!(nothing.code == 2 && !nothing.to_stdout && nothing.text.contains("Comandos:"));
}

const COMMANDS: [&str; 48] = [
    "",
    "servir",
    "verificar",
    "agenda",
    "plano",
    "aplicar",
    "recarregar",
    "prorrogar",
    "simular",
    "porque",
    "situacao",
    "importar",
    "fontes",
    "fonte",
    "fonte aceitar",
    "fonte recusar",
    "fonte experimentar",
    "fonte propor",
    "relatorio",
    "dossie",
    "livro",
    "livro conferir",
    "livro reduzir",
    "livro mudar",
    "carta",
    "enviar-teste",
    "testar-canal",
    "devolucao",
    "contato",
    "contato confirmar",
    "reter",
    "liberar",
    "anotar",
    "decisoes",
    "saude",
    "dispensar",
    "contestar",
    "reter-dados",
    "completar",
    "manual",
    "cadastro",
    "cadastro aplicar",
    "cadastro recusar",
    "cadastro carregar",
    "noticias",
    "noticias visto",
    "painel",
    "painel senha",
];

const ENGLISH: [&str; 11] = [
    "Usage",
    "ptions",
    "OPTIONS",
    "ommand",
    "COMMAND",
    "rguments",
    "Print",
    "possible values",
    "default",
    "alias",
    "env:",
];

fn assert_portuguese(text: &str) {
    for word in
        ENGLISH.into_iter().chain(["error", "tip:", "invalid", "required", "subcommand", " with ", " the "])
    {
        assert!(!text.contains(word), "{word:?} in:\n{text}");
    }
}

#[test]
fn help_is_in_portuguese_and_its_examples_are_taken() {
    let mut pages = String::new();
    for name in COMMANDS {
        let page = run(&format!("{name} --help")).unwrap_err().text;
        assert_eq!(page, run(&format!("{name} -h")).unwrap_err().text);
        assert_portuguese(&page);
        let (_, example) = page.split_once("Exemplo:\n  vigia-suas ").expect("an example");
        command(example.lines().next().unwrap());
        let _ = writeln!(pages, "$ vigia-suas {name} --help\n{page}");
    }
    insta::assert_snapshot!("help", pages);
}

#[test]
fn faults_are_told_in_portuguese_with_a_way_out() {
    let mut told = String::new();
    for line in [
        "plamo",
        "calendario",
        "--json",
        "livro apagar",
        "-- plano",
        "situacao --muncipio Serra",
        "situacao --xyz",
        "situacao -x",
        "livro --jso",
        "plano sobra",
        "--uma-vez servir",
        "porque Vila Velha rma/2026-10",
        "porque Serra rma/2026-10 sobra",
        "porque Serra --zzz",
        "porque",
        "porque \"\" rma/2026-10",
        "porque Serra rma",
        "simular --de 2026-10-01",
        "simular --de ontem --ate 2026-10-01",
        "simular --de 31/02/2026 --ate 2026-10-01",
        "simular --de 2026-10-02 --ate 01/10/2026",
        "simular --de 2026-10-01 --ate 2026-10-02 --em 2026-10-01",
        "--em 2026-10-01 livro conferir",
        "dossie",
        "dossie Serra --em 2026-10-01",
        "cadastro --so nova --em 2026-10-01",
        "livro --janela rma/2026-10 conferir",
        "agenda --de",
        "agenda --de 2026-10-01 --de 2026-10-02",
        "agenda --de 2026-10-02 --ate 2026-10-01",
        "plano --em agora",
        "plano --json=sim",
        "plano --config \"\"",
        "relatorio --formato textp",
        "relatorio --formato eml",
        "carta",
        "carta --tipo prazo",
        "carta --tipo prozo --sistema rma",
        "carta --tipo prazo --sistema RMA",
        "carta --tipo prazo --sistema rma --janela rma/2026-10",
        "carta --todas",
        "carta --todas --observar --saida x",
        "carta --todas --tipo prazo --saida x",
        "carta --tipo prazo --sistema rma --saida x",
        "carta --observar --tipo prazo",
        "completar",
        "completar tcsh",
        "completar bash --em 2026-10-01",
        "manual",
        "agenda --ics",
        "simular --de 2026-10-01 --ate 2026-10-01 --por-semana 0",
        "simular --de 2026-10-01 --ate 2026-10-01 --por-semana muitas",
        "enviar-teste ana --tipo prazo --sistema rma",
        "testar-canal fumaca",
        "importar Lista lista.csv",
        "reter --motivo x",
        "reter --tudo",
        "reter --tudo --motivo \" \"",
        "reter --tudo --janela rma/2026-10 --motivo x",
        "liberar --lote \"a b\" --motivo x",
        "contestar Serra rma/2026-10 --desfazer --ate 2026-10-01 --motivo x",
    ] {
        let exit = run(line).expect_err(line);
        assert!(exit.code == 2 && !exit.to_stdout, "{line}: {exit:?}");
        assert_portuguese(&exit.text);
        let help = exit.text.trim_end().rsplit_once("Ajuda: vigia-suas").expect(line).1;
        assert_eq!(run(help).unwrap_err().code, 0, "{line}");
        let _ = writeln!(told, "$ vigia-suas {line}\n{}", exit.text);
    }
    let exit = run_where("reter --tudo --motivo x", &|_| None).unwrap_err();
    let _ = writeln!(told, "$ env -i vigia-suas reter --tudo --motivo x\n{}", exit.text);
    insta::assert_snapshot!("faults", told);
}

#[cfg(unix)]
#[test]
fn bytes_that_are_not_text_are_refused_where_text_is_asked() {
    use std::os::unix::ffi::OsStringExt;

    let odd = OsString::from_vec(vec![b'a', 0xFF]);
    let line =
        |words: &[&str]| -> Vec<OsString> { words.iter().map(OsString::from).chain([odd.clone()]).collect() };
    let exit = parse_in(line(&["vigia-suas", "situacao", "--municipio"]), Some(100), &login).unwrap_err();
    assert_portuguese(&exit.text);
    assert!(exit.code == 2 && exit.text.contains("UTF-8"), "{exit:?}");
    let taken = parse_in(line(&["vigia-suas", "plano", "--config"]), Some(100), &login).unwrap();
    assert_eq!(taken.config, Some(PathBuf::from(odd)));
}

/// Every `vigia-suas …` between backticks, and every line of a block that begins with it. What a reader is to put in
/// the place of a word in capitals is put there.
fn quoted(guide: &str) -> Vec<String> {
    let inline = guide.split('`').skip(1).step_by(2);
    let found = guide.lines().chain(inline).filter(|text| !text.contains('\n'));
    let commands = found.filter_map(|text| text.trim().strip_prefix("vigia-suas "));
    let stand_ins = [
        ("DATA", "15/12/2026"),
        ("ENDERECO", "ana@exemplo.es.gov.br"),
        ("FONTE", "planilha"),
        ("SISTEMA", "rma"),
        ("importar NOME", "importar planilha"),
        ("sistema NOME", "sistema rma"),
        ("MUNICIPIO", "3205309"),
        ("JANELA", "rma/2026-10"),
        ("PROPOSTA", "1a2b3c4d"),
        ("NOTICIA", "0123456789ab"),
        ("carregar NOME", "carregar cadsuas-cras"),
        ("--confirmar N", "--confirmar 78"),
    ];
    commands
        .map(|line| line.split([';', '<', '>', '|']).next().unwrap_or_default())
        .map(|line| stand_ins.iter().fold(line.to_owned(), |line, (word, thing)| line.replace(word, thing)))
        .collect()
}

/// Commands that a guide only names, without their arguments.
fn only_named(line: &str) -> bool {
    let mut words = line.split_whitespace();
    matches!((words.next(), words.next()), (Some(word), None) if !word.starts_with('-'))
        && run(line).is_err()
        && run(&format!("{line} --ajuda")).is_err_and(|exit| exit.code == 0)
}

#[test]
fn every_command_that_the_guides_quote_can_be_typed() {
    let guides = [
        (include_str!("../../../config/LEIAME.md"), 30),
        (include_str!("../../../README.md"), 2),
        (include_str!("../../../config/calendario.toml"), 4),
        (include_str!("../../../config/fontes.toml"), 2),
        (include_str!("../../../config/vigia.toml"), 2),
        (include_str!("../../../config/feriados.toml"), 0),
    ];
    for (guide, at_least) in guides {
        let lines = quoted(guide);
        assert!(lines.len() >= at_least, "found only {lines:?}");
        for line in lines.iter().filter(|line| !only_named(line)) {
            match run(line) {
                Ok(_) => {}
                Err(exit) => assert_eq!(exit.code, 0, "vigia-suas {line}\n{}", exit.text),
            }
        }
    }
    // The guide for operators names no command without saying how it is written.
    let named: Vec<String> = quoted(guides[0].0).into_iter().filter(|line| only_named(line)).collect();
    assert_eq!(named, Vec::<String>::new());
}
