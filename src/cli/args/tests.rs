//! Every command, every alias, every fault, and no English anywhere.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::PathBuf;

use jiff::civil::{Date, date};

use super::*;
use crate::domain::register::ProposalKind;

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

fn window(id: &str) -> WindowId {
    WindowId::parse(id).unwrap()
}

fn feed() -> FeedId {
    FeedId::parse("rma-lista").unwrap()
}

fn snapshot() -> SnapshotId {
    SnapshotId::parse("rma-lista-1").unwrap()
}

fn ana(reason: &str) -> Signature {
    Signature { author: "ana".to_owned(), reason: reason.to_owned() }
}

const OCTOBER: Date = date(2026, 10, 1);
const DECEMBER: Date = date(2026, 12, 31);

fn by_hand(municipality: &str, part: Option<&str>, change: Change) -> Override {
    Override {
        municipality: municipality.to_owned(),
        window: window("rma/2026-10"),
        part: part.map(|part| PartId::parse(part).unwrap()),
        change,
        signature: ana("x"),
    }
}

fn sample(kind: Kind, of: SampleOf, municipality: Option<&str>) -> Sample {
    Sample { kind, of, municipality: municipality.map(str::to_owned) }
}

fn rma() -> SampleOf {
    SampleOf::System(SystemId::parse("rma").unwrap())
}

fn october() -> WindowId {
    window("rma/2026-10")
}

fn assert_read(table: Vec<(&str, Command)>) {
    for (line, expected) in table {
        assert_eq!(command(line), expected, "{line}");
    }
}

#[test]
fn every_command_that_changes_the_configuration_or_notes_a_call_is_read() {
    let apply = |from: Option<&str>, yes, confirm| {
        Command::Apply(Apply {
            from: from.map(PathBuf::from),
            until: None,
            yes,
            confirm,
            author: "ana".to_owned(),
        })
    };
    let note = |telephone: Option<&str>, change, reason: &str| {
        Command::Note(Note {
            municipality: "Vila Velha".to_owned(),
            window: october(),
            telephone: telephone.map(str::to_owned),
            change,
            signature: ana(reason),
        })
    };
    assert_read(vec![
        ("aplicar nova", apply(Some("nova"), false, None)),
        ("aplicar nova --sim --confirmar 78", apply(Some("nova"), true, Some(78))),
        ("aplicar --voltar", apply(None, false, None)),
        (
            "prorrogar rma/2026-10 --para 31/12/2026 --hora 18:00 --fonte MDS --anunciada 2026-10-01 --municipios \
             \"Vila Velha,3205309\" --confirmar 31/12/2026 --sim",
            Command::Extend(Extend {
                window: october(),
                deadline: DECEMBER,
                at: Some(jiff::civil::time(18, 0, 0, 0)),
                source: "MDS".to_owned(),
                announced: Some(OCTOBER),
                municipalities: vec!["Vila Velha".to_owned(), "3205309".to_owned()],
                yes: true,
                confirm: Some(DECEMBER),
                author: "ana".to_owned(),
            }),
        ),
        ("anotar \"Vila Velha\" rma/2026-10 --resultado x", note(None, NoteChange::Made, "x")),
        (
            "anotar \"Vila Velha\" rma/2026-10 --resultado x --pausar 3d --telefone 27",
            note(Some("27"), NoteChange::PauseFor(3), "x"),
        ),
        (
            "anotar \"Vila Velha\" rma/2026-10 --resultado x --ate 31/12/2026",
            note(None, NoteChange::PauseUntil(DECEMBER), "x"),
        ),
        ("anotar \"Vila Velha\" rma/2026-10 --desfazer --motivo y", note(None, NoteChange::Lift, "y")),
        (
            "decisoes --desfazer 3b7c39d96489 --motivo x",
            Command::Orders(Orders::Undo { id: "3b7c39d96489".to_owned(), signature: ana("x") }),
        ),
    ]);
    for line in [
        "aplicar",
        "aplicar nova --voltar",
        "prorrogar rma/2026-10 --fonte MDS",
        "prorrogar rma/2026-10 --para 31/12/2026",
        "anotar Serra rma/2026-10",
        "anotar Serra rma/2026-10 --resultado x --pausar 0d",
        "anotar Serra rma/2026-10 --resultado x --pausar 3d --ate 31/12/2026",
        "anotar Serra rma/2026-10 --desfazer",
        "decisoes --desfazer x",
        "plano --ate 31/12/2026",
        "saude --em 2026-10-01",
    ] {
        assert_eq!(run(line).unwrap_err().code, 2, "{line}");
    }
}

#[test]
fn every_command_that_runs_or_shows_is_read() {
    assert_read(vec![
        ("servir", Command::Run { once: false }),
        ("servir --uma-vez", Command::Run { once: true }),
        ("verificar", Command::Check),
        ("agenda", Command::Calendar { from: None, until: None, ics: None }),
        ("agenda --de 2026-10-01", Command::Calendar { from: Some(OCTOBER), until: None, ics: None }),
        (
            "agenda --de 01/10/2026 --ate=31/12/2026",
            Command::Calendar { from: Some(OCTOBER), until: Some(DECEMBER), ics: None },
        ),
        ("plano", Command::Plan),
        ("plan --contra nova", Command::Contrast { against: "nova".into(), until: None }),
        (
            "plano --contra nova --ate 31/12/2026",
            Command::Contrast { against: "nova".into(), until: Some(DECEMBER) },
        ),
        ("saude", Command::Health),
        ("health --json", Command::Health),
        ("decisoes", Command::Orders(Orders::List { all: false })),
        ("decisions --todas", Command::Orders(Orders::List { all: true })),
        (
            "simular --de 2026-10-01 --ate 2026-10-01",
            Command::Simulate {
                from: OCTOBER,
                until: OCTOBER,
                statuses: None,
                output: None,
                diary: Diary::Shown,
                weekly: 3,
            },
        ),
        (
            "simular --de 2026-10-01 --ate 2026-12-31 --situacoes s.csv --saida pasta",
            Command::Simulate {
                from: OCTOBER,
                until: DECEMBER,
                statuses: Some("s.csv".into()),
                output: Some("pasta".into()),
                diary: Diary::Shown,
                weekly: 3,
            },
        ),
        (
            "porque \" Vila Velha \" rma/2026-10",
            Command::Why { municipality: "Vila Velha".to_owned(), window: october() },
        ),
        ("situacao", Command::Status { window: None, municipality: None }),
        (
            "situacao --janela rma/2026-10 --municipio 320530",
            Command::Status { window: Some(october()), municipality: Some("320530".to_owned()) },
        ),
        (
            "importar rma-lista lista.csv",
            Command::Ingest { feed: FeedId::parse("rma-lista").unwrap(), file: "lista.csv".into() },
        ),
        ("relatorio", Command::Report { format: ReportFormat::Text, window: None }),
        (
            "relatorio --formato csv --janela rma/2026-10",
            Command::Report { format: ReportFormat::Csv, window: Some(october()) },
        ),
        (
            "dossie 3205309",
            Command::Dossier { municipality: "3205309".to_owned(), window: None, output: None },
        ),
        (
            "dossie Serra --janela rma/2026-10 --saida pasta",
            Command::Dossier {
                municipality: "Serra".to_owned(),
                window: Some(october()),
                output: Some("pasta".into()),
            },
        ),
        ("livro", Command::Ledger(Ledger::List { window: None, municipality: None, since: None })),
        (
            "livro --janela rma/2026-10 --municipio Serra --desde 2026-10-01",
            Command::Ledger(Ledger::List {
                window: Some(october()),
                municipality: Some("Serra".to_owned()),
                since: Some(OCTOBER),
            }),
        ),
        ("livro conferir", Command::Ledger(Ledger::Verify)),
    ]);
}

#[test]
fn every_command_that_writes_letters_or_pages_is_read() {
    assert_read(vec![
        (
            "carta --tipo prazo --sistema rma",
            Command::Letter { sample: sample(Kind::Warning, rma(), None), format: LetterFormat::Text },
        ),
        (
            "carta --tipo divulgação --janela rma/2026-10 --municipio 3205309 --formato eml",
            Command::Letter {
                sample: sample(Kind::Announcement, SampleOf::Window(october()), Some("3205309")),
                format: LetterFormat::Eml,
            },
        ),
        (
            "carta --tipo alerta --sistema rma --formato html",
            Command::Letter { sample: sample(Kind::Alert, rma(), None), format: LetterFormat::Html },
        ),
        (
            "carta --todas --saida provas",
            Command::Letters { of: None, municipality: None, output: "provas".into() },
        ),
        (
            "carta --todas --sistema rma --municipio Serra --saida provas",
            Command::Letters {
                of: Some(rma()),
                municipality: Some("Serra".to_owned()),
                output: "provas".into(),
            },
        ),
        (
            "carta --observar --tipo prazo --sistema rma --saida p",
            Command::WatchLetter {
                sample: sample(Kind::Warning, rma(), None),
                format: LetterFormat::Text,
                output: Some("p".into()),
            },
        ),
        ("completar zsh", Command::Complete(Shell::Zsh)),
        ("completar --valores janela", Command::Values(Values::Windows)),
        ("manual man1", Command::Manual("man1".into())),
        ("agenda --ics -", Command::Calendar { from: None, until: None, ics: Some("-".into()) }),
        (
            "simular --de 2026-10-01 --ate 2026-10-01 --resumo --por-semana 5",
            Command::Simulate {
                from: OCTOBER,
                until: OCTOBER,
                statuses: None,
                output: None,
                diary: Diary::LeftOut,
                weekly: 5,
            },
        ),
        ("devolucao", Command::Bounce),
        (
            "enviar-teste ana@exemplo.es.gov.br --tipo prazo --sistema rma",
            Command::SendTest {
                to: EmailAddress::parse("ana@exemplo.es.gov.br").unwrap(),
                sample: sample(Kind::Warning, rma(), None),
            },
        ),
    ]);
}

#[test]
fn every_command_that_decides_by_hand_is_read() {
    assert_read(vec![
        ("reter --tudo --motivo x", Command::Hold { scope: Scope::All, until: None, signature: ana("x") }),
        (
            "reter --janela rma/2026-10 --motivo x",
            Command::Hold { scope: Scope::Window(october()), until: None, signature: ana("x") },
        ),
        (
            "liberar --municipio Serra --motivo \"duas palavras\"",
            Command::Release {
                scope: Scope::Municipality("Serra".to_owned()),
                signature: ana("duas palavras"),
            },
        ),
        (
            "liberar --lote dia/2026-12-01 --motivo x",
            Command::Release {
                scope: Scope::Batch(BatchId::parse("dia/2026-12-01").unwrap()),
                signature: ana("x"),
            },
        ),
        (
            "dispensar Serra rma/2026-10 --motivo x",
            Command::Exempt(by_hand("Serra", None, Change::Set { until: None })),
        ),
        (
            "contestar 3205309 rma/2026-10 --parte \"CENTRO POP\" --ate 31/12/2026 --motivo x",
            Command::Dispute(by_hand("3205309", Some("CENTRO POP"), Change::Set { until: Some(DECEMBER) })),
        ),
        (
            "contestar Serra rma/2026-10 --desfazer --motivo x",
            Command::Dispute(by_hand("Serra", None, Change::Lift)),
        ),
    ]);
}

#[test]
fn what_is_done_with_proposals_and_news_is_read() {
    let choice = |proposals: &[&str], kinds: &[ProposalKind], units: &[&str]| Choice {
        proposals: proposals.iter().map(|text| (*text).to_owned()).collect(),
        kinds: kinds.to_vec(),
        units: units.iter().map(|text| UnitId::parse(text).unwrap()).collect(),
    };
    let cras = || FeedId::parse("cadsuas-cras").unwrap();
    assert_read(vec![
        (
            "cadastro --so fechada --unidade 1 --recusadas",
            Command::Register(Register::List {
                choice: choice(&[], &[ProposalKind::Closed], &["1"]),
                refused: true,
            }),
        ),
        (
            "cadastro aplicar 1a2b3c4d --sim",
            Command::Register(Register::Apply {
                choice: choice(&["1a2b3c4d"], &[], &[]),
                unasked: true,
                author: "ana".to_owned(),
            }),
        ),
        (
            "cadastro recusar --unidade 1 --unidade 2 --motivo x",
            Command::Register(Register::Refuse {
                choice: choice(&[], &[], &["1", "2"]),
                signature: ana("x"),
            }),
        ),
        (
            "cadastro carregar cadsuas-cras cras.json",
            Command::Register(Register::Load { register: cras(), file: "cras.json".into(), waived: None }),
        ),
        (
            "cadastro carregar cadsuas-cras cras.json --motivo x",
            Command::Register(Register::Load {
                register: cras(),
                file: "cras.json".into(),
                waived: Some(ana("x")),
            }),
        ),
        ("noticias", Command::News(News::List { since: None })),
        ("noticias --desde 01/10/2026", Command::News(News::List { since: Some(OCTOBER) })),
        (
            "noticias visto ABCDEF012345 --motivo x",
            Command::News(News::Seen { findings: vec![FindingId::new("abcdef012345")], signature: ana("x") }),
        ),
    ]);
    let exit = run("cadastro recusar --motivo x").unwrap_err();
    assert!(exit.code == 2 && exit.text.contains("--unidade ID"), "{}", exit.text);
}

#[test]
fn every_command_on_feeds_is_read() {
    assert_read(vec![
        ("fontes", Command::Feeds { feed: None }),
        ("fontes rma-lista", Command::Feeds { feed: Some(feed()) }),
        (
            "fonte aceitar rma-lista-1 --motivo x",
            Command::Feed(Feed::Accept { snapshot: snapshot(), signature: ana("x") }),
        ),
        (
            "fonte recusar rma-lista-1 --motivo x",
            Command::Feed(Feed::Reject { snapshot: snapshot(), signature: ana("x") }),
        ),
        ("fonte experimentar rma-lista", Command::Feed(Feed::Try { feed: feed(), file: None })),
        (
            "fonte experimentar rma-lista a.csv",
            Command::Feed(Feed::Try { feed: feed(), file: Some("a.csv".into()) }),
        ),
    ]);
}

#[test]
fn every_command_answers_to_its_english_name() {
    for (name, alias, rest) in [
        ("servir", "run", "--uma-vez"),
        ("verificar", "check", ""),
        ("agenda", "calendar", ""),
        ("plano", "plan", ""),
        ("aplicar", "apply", "nova"),
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
        ("carta", "letter", "--tipo prazo --sistema rma"),
        ("enviar-teste", "send-test", "a@b.br --tipo prazo --sistema rma"),
        ("devolucao", "bounce", ""),
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
            command: Command::Plan,
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

const COMMANDS: [&str; 38] = [
    "",
    "servir",
    "verificar",
    "agenda",
    "plano",
    "aplicar",
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
    "relatorio",
    "dossie",
    "livro",
    "livro conferir",
    "carta",
    "enviar-teste",
    "devolucao",
    "reter",
    "liberar",
    "anotar",
    "decisoes",
    "saude",
    "dispensar",
    "contestar",
    "completar",
    "manual",
    "cadastro",
    "cadastro aplicar",
    "cadastro recusar",
    "cadastro carregar",
    "noticias",
    "noticias visto",
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
        ("importar NOME", "importar planilha"),
        ("sistema NOME", "sistema rma"),
        ("MUNICIPIO", "3205309"),
        ("JANELA", "rma/2026-10"),
        ("PROPOSTA", "1a2b3c4d"),
        ("NOTICIA", "0123456789ab"),
        ("carregar NOME", "carregar cadsuas-cras"),
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
