//! A small dossier, as page and JSON, and one full of hostile words.

use jiff::Timestamp;
use jiff::civil::date;

use super::*;
use crate::domain::calendar::{Deadline, Sanction};
use crate::domain::delivery::DeliveryState;
use crate::domain::dossier::{
    AttemptLine, AuditLine, ChainState, DecisionLine, DeliveryFile, Dossier, EditionLine, EvidenceLine,
    Holder, JournalLine, LetterFile, Lifting, MessageFile, Order, OutageLine, ReadingLine, ReturnLine,
    SnapshotLine, WindowFile,
};
use crate::domain::id::{EmailAddress, FeedId, SnapshotId};
use crate::domain::journal::{Evidence, Text};
use crate::domain::notice::Told;
use crate::domain::roster::Role;
use crate::domain::status::State;
use crate::render::letter::example::World;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_700_478_000 + minute * 60).unwrap()
}

fn hash(digit: char) -> String {
    digit.to_string().repeat(64)
}

fn evidence(world: &World) -> EvidenceLine {
    EvidenceLine {
        part_name: "CRAS".to_owned(),
        said: Evidence {
            part: Text(world.cras.clone()),
            unit: Some(Text(world.unit.clone())),
            state: Text(State::Pending),
            as_of: Text(at(0)),
            feed: Text(FeedId::parse("planilha").unwrap()),
            snapshot: Text(SnapshotId::parse("planilha-1").unwrap()),
            taken_at: Text(at(0)),
            confirmed_at: None,
            fresh_until: Some(Text(at(36 * 60))),
            line: Some(17),
            wording: Some("Não <preenchido>".to_owned()),
            is_quoted: true,
        },
        aside: None,
    }
}

fn delivery() -> DeliveryFile {
    DeliveryFile {
        id: "e1".to_owned(),
        role: Role::Smas,
        address: EmailAddress::parse("smas@vitoria.invalid").unwrap(),
        state: DeliveryState::Bounced,
        stopped_by: None,
        elsewhere: Vec::new(),
        attempts: vec![AttemptLine {
            number: 1,
            started_at: at(2),
            ended_at: at(3),
            outcome: DeliveryState::Accepted,
            reply: "250 ok".to_owned(),
            seq: Some(4),
            intact: true,
        }],
        returns: vec![ReturnLine {
            seq: 5,
            at: at(9),
            state: DeliveryState::Bounced,
            reply: Some("caixa cheia".to_owned()),
            message: Some(MessageFile {
                sha256: "ab12".to_owned(),
                size: 600_000,
                kept: 524_288,
                intact: true,
                file: Some("retornos/ab12.eml".to_owned()),
            }),
        }],
    }
}

fn letter(world: &World) -> LetterFile {
    LetterFile {
        key: "censo-suas/2023@1/prazo-15d/3205309".to_owned(),
        version: 1,
        kind: "prazo".to_owned(),
        edition: Some(1),
        rung: Some("15d".to_owned()),
        told: Some("2023-12-05T23:59:59".to_owned()),
        because: "O degrau é devido.".to_owned(),
        subject: "Censo SUAS: pendências".to_owned(),
        message_id: "<a@b.invalid>".to_owned(),
        sha256: hash('a'),
        recorded_at: at(1),
        seq: Some(3),
        intact: true,
        number: 1,
        left_before: false,
        file: Some("cartas/001-censo-suas-2023-1-prazo-15d-3205309.eml".to_owned()),
        header: "Date: x\r\nMessage-ID: <a@b.invalid>".to_owned(),
        text: Some("Prezada Secretária,\n\nhttps://aplicacoes.mds.gov.br/x\n".to_owned()),
        evidence: vec![evidence(world)],
        deliveries: vec![delivery()],
    }
}

fn window(world: &World) -> WindowFile {
    WindowFile {
        window: world.window.clone(),
        title: "Censo SUAS, 2023".to_owned(),
        opens_on: Some(date(2023, 10, 23)),
        process: "2023-ABC".to_owned(),
        editions: vec![EditionLine {
            number: 1,
            deadline: Told::Date(Deadline { on: date(2023, 12, 5), at: Deadline::DEFAULT_TIME }),
            announced_on: None,
            source: "MDS".to_owned(),
            applies: true,
            readings: vec![ReadingLine {
                seq: 2,
                at: at(0),
                deadline: "2023-12-05T23:59:59".to_owned(),
                source: "MDS".to_owned(),
            }],
            decided_since: None,
        }],
        status: vec![evidence(world)],
        letters: vec![letter(world)],
        elsewhere: Vec::new(),
        unsent: vec![DecisionLine {
            seq: 6,
            at: at(20),
            key: "censo-suas/2023@1/prazo-7d/3205309".to_owned(),
            act: "reter".to_owned(),
            kind: "prazo".to_owned(),
            rung: Some("7d".to_owned()),
            because: "Na dúvida ninguém é cobrado.".to_owned(),
            evidence: Vec::new(),
        }],
        told_outside: None,
        silence: Some("Nenhum aviso é devido agora.".to_owned()),
    }
}

fn dossier(world: &World) -> Dossier {
    Dossier {
        municipality: world.municipality,
        name: "Vitória".to_owned(),
        holders: vec![Holder {
            role: Role::Smas,
            name: "Maria".to_owned(),
            addresses: vec![EmailAddress::parse("smas@vitoria.invalid").unwrap()],
            telephone: String::new(),
        }],
        only: None,
        rehearsal: false,
        made_at: at(100),
        made_by: "0.0.0".to_owned(),
        windows: vec![window(world)],
        orders: vec![Order {
            seq: 7,
            id: "o1".to_owned(),
            kind: "reter".to_owned(),
            scope: "tudo".to_owned(),
            until: Some("2023-12-01".to_owned()),
            author: "ana".to_owned(),
            reason: "conferir".to_owned(),
            at: at(30),
            lifted: Some(Lifting {
                seq: 8,
                author: "bruno".to_owned(),
                reason: "conferido".to_owned(),
                at: at(40),
            }),
        }],
        outages: vec![OutageLine { seq: 9, from: at(50).to_string(), until: at(60) }],
        snapshots: vec![SnapshotLine {
            id: "planilha-1".to_owned(),
            seq: 1,
            feed: "planilha".to_owned(),
            taken_at: at(0).to_string(),
            origin: "censo.csv".to_owned(),
            sha256: hash('b'),
            mapped_sha256: hash('c'),
            rows: 78,
        }],
        journal: vec![JournalLine {
            seq: 3,
            at: at(1),
            kind: "decisao".to_owned(),
            subject: "censo-suas/2023@1/prazo-15d/3205309".to_owned(),
            window: Some(world.window.clone()),
            municipality: Some(world.municipality),
            body: r#"{"acao":"enviar"}"#.to_owned(),
            prev_hash: hash('f'),
            hash: hash('d'),
        }],
        chain: ChainState {
            entries: 9,
            letters: 1,
            audited: None,
            head_seq: 9,
            head_hash: hash('e'),
            faults: Vec::new(),
        },
    }
}

fn world() -> World {
    World::new(Sanction::Standard, "").unwrap()
}

#[test]
fn the_page_tells_the_story() {
    let world = world();
    let page = page(&dossier(&world), &world.calendar);
    let body = page.split_once("<body>").unwrap().1.replace("><", ">\n<");
    insta::assert_snapshot!("page", body);
}

#[test]
fn the_json_reads_back_as_the_same_facts() {
    let world = world();
    let text = json(&dossier(&world));
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string_pretty(&value).unwrap() + "\n", text);
    assert_eq!(value["janelas"][0]["cartas"][0]["entregas"][0]["tentativas"][0]["resposta"], "250 ok");
    assert_eq!(value["livro"]["extrato"][0]["corpo"], r#"{"acao":"enviar"}"#);
    insta::assert_snapshot!("json", text);
}

#[test]
fn the_page_loads_and_runs_nothing() {
    let world = world();
    let page = page(&dossier(&world), &world.calendar);
    for word in
        ["src=", "srcset", "<link", "<script", "<img", "<iframe", "@import", "url(", "http-equiv=\"refresh"]
    {
        assert!(!page.contains(word), "{word}");
    }
    for link in page.split("href=\"").skip(1) {
        assert!(link.starts_with('#'), "{link}");
    }
    // An address in a letter is text.
    assert_eq!(page.matches("https://").count(), 1);
    assert!(page.contains("lang=\"pt-BR\""));
}

#[test]
fn hostile_words_stay_words() {
    let world = world();
    let mut dossier = dossier(&world);
    let evil = "</title></style><script>alert(1)</script>\u{202e}\"'&";
    dossier.name = evil.to_owned();
    dossier.holders[0].name = evil.to_owned();
    dossier.orders[0].reason = evil.to_owned();
    dossier.journal[0].body = evil.to_owned();
    dossier.chain.faults = vec![evil.to_owned()];
    let file = &mut dossier.windows[0];
    file.title = evil.to_owned();
    file.editions[0].source = evil.to_owned();
    file.letters[0].text = Some(evil.to_owned());
    file.letters[0].header = evil.to_owned();
    file.letters[0].deliveries[0].attempts[0].reply = evil.to_owned();
    file.letters[0].deliveries[0].returns[0].reply = Some(evil.to_owned());
    file.unsent[0].because = evil.to_owned();
    let page = page(&dossier, &world.calendar);
    assert!(!page.contains("<script") && !page.contains('\u{202e}'));
    assert!(page.matches("&lt;script&gt;").count() >= 11);
    assert_eq!(page.matches("</style>").count(), 1);
    assert!(json(&dossier).contains("<script>"), "JSON keeps what was written");
}

#[test]
fn what_the_ledger_cannot_prove_is_said() {
    let world = world();
    let mut dossier = dossier(&world);
    let file = &mut dossier.windows[0].letters[0];
    file.intact = false;
    file.deliveries[0].attempts[0].seq = None;
    dossier.rehearsal = true;
    dossier.chain.faults = vec!["o registro 3 foi alterado".to_owned()];
    let page = page(&dossier, &world.calendar);
    for words in
        ["NÃO CONFERE com o registro 3", "SEM REGISTRO no livro", "ENSAIO.", "o registro 3 foi alterado"]
    {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn what_a_self_audit_checked_is_not_said_to_have_been_checked_now() {
    let world = world();
    let mut dossier = dossier(&world);
    dossier.chain.audited = Some(AuditLine { at: "2023-11-21T11:00:00Z".parse().unwrap(), reached: 7 });
    let page = page(&dossier, &world.calendar);
    let words =
        "até o registro 7; agora, ao fazer este dossiê, as cartas deste município que ele mostra (1 carta)";
    assert!(page.contains("conferido por inteiro na autoconferência de") && page.contains(words), "{page}");
    assert!(page.contains("só a próxima autoconferência vê, ou “vigia-suas livro conferir”"), "{page}");
}

#[test]
fn the_letters_of_a_halt_are_told_apart_and_a_part_that_is_not_expected_accuses_nobody() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let mut dossier = dossier(&world);
    let file = &mut dossier.windows[0];
    let halt = |slot: &str, kind: &str| LetterFile {
        key: format!("censo-suas/2023@1/{slot}/3205309"),
        kind: kind.to_owned(),
        rung: None,
        ..letter(&world)
    };
    file.letters = vec![
        halt("suspensao-2023-11-06", "suspensao"),
        halt("prazo-mantido-2023-11-06", "suspensao"),
        halt("cancelamento-2023-11-09", "suspensao"),
    ];
    let unsent = DecisionLine {
        key: "censo-suas/2023@1/prazo-mantido-2023-11-06/3205309".to_owned(),
        kind: "suspensao".to_owned(),
        rung: None,
        ..file.unsent[0].clone()
    };
    file.unsent = vec![unsent];
    file.status[0].aside = Some("nada se espera desta parte, na data deste dossiê");
    let text = page(&dossier, &world.calendar);
    for (sort, times) in
        [("suspensão, edição 1", 1), ("prazo mantido, edição 1", 1), ("cancelamento, edição 1", 1)]
    {
        assert_eq!(text.matches(&format!(": {sort}")).count(), times, "{sort}: {text}");
    }
    assert!(text.contains("prazo mantido, <code>"), "{text}");
    assert!(
        text.contains(
            "pendente<br><span class=\"note\">nada se espera desta parte, na data deste dossiê</span>"
        ),
        "{text}"
    );
    assert!(json(&dossier).contains("\"ressalva\": \"nada se espera desta parte, na data deste dossiê\""));
}
