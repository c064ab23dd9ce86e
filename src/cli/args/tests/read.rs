//! Every command, as typed and as understood.

use super::*;

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
