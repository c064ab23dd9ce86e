//! What the store's tests share: a store in a folder of its own, decisions, and an outbox that empties itself.

use std::num::NonZeroU16;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::{AttemptEnd, Claim, LedgerPlace, LedgerServer, LedgerTls, NewDecision, NewLetter, Store};
use crate::domain::calendar::Deadline;
use crate::domain::closing::Closing;
use crate::domain::delivery::Outcome;
use crate::domain::id::{
    EmailAddress, FeedId, GerenciaId, MunicipalityCode, PartId, SnapshotId, UnitId, WindowId,
};
use crate::domain::journal::{ExpectedFacts, ExpectedPartFacts, KnownFacts, Text};
use crate::domain::notice::{Addressee, Content, NoticeKey, PendingPart, Recipient, Slot};
use crate::domain::reason::Reason;
use crate::domain::refusal::Refusal;
use crate::domain::roster::Role;
use crate::domain::status::{Basis, State};
use crate::plan::ledger::CopyRequest;
use crate::plan::{Act, Closed, Decision, End, Notice, Report, Sending, Withheld};
use crate::text::digest::sha256;

pub(crate) const VITORIA: &str = "3205309";
pub(crate) const SERRA: &str = "3205002";

/// So many minutes into the story.
pub(crate) fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_764_000_000).unwrap() + SignedDuration::from_mins(minutes)
}

/// A ledger of that folder: on the server that the environment names, each with a schema of its own, else a file in it.
pub(crate) async fn store(dir: &TempDir) -> Store {
    Store::open(place(dir), at(0)).await.unwrap()
}

/// Where the ledger of that folder is.
pub(crate) fn place(dir: &TempDir) -> LedgerPlace {
    let server = std::env::var("TESTE_POSTGRES").ok().map(|socket| LedgerServer {
        schema: format!("t{}", &sha256(dir.path().as_os_str().as_encoded_bytes())[..16]),
        ..server(&socket)
    });
    LedgerPlace::new(file(dir), server)
}

/// Has the disk give back the second half of a file's pages otherwise than they were written, under whoever has it open.
pub(crate) fn damage(database: &std::path::Path) {
    let file = std::fs::OpenOptions::new().write(true).open(database).unwrap();
    let pages = file.metadata().unwrap().len() / 4096;
    for page in pages / 2..pages {
        std::os::unix::fs::FileExt::write_all_at(&file, &[0xA5; 64], page * 4096).unwrap();
    }
}

/// The server behind a socket, as the tests start it.
pub(crate) fn server(socket: &str) -> LedgerServer {
    LedgerServer {
        host: socket.to_owned(),
        port: 5432,
        user: "vigia".to_owned(),
        password: None,
        database: "vigia".to_owned(),
        schema: "vigia".to_owned(),
        tls: LedgerTls::Off,
        authorities: None,
    }
}

/// The file that a ledger of that folder is, where it is one.
pub(crate) fn file(dir: &TempDir) -> PathBuf {
    dir.path().join("vigia.db")
}

/// The same, whatever the environment names: for what only a file can go through.
pub(crate) async fn file_store(dir: &TempDir) -> Store {
    Store::open(&file(dir), at(0)).await.unwrap()
}

pub(crate) fn rma() -> WindowId {
    WindowId::parse("rma/2026-11").unwrap()
}

pub(crate) fn municipality(code: &str) -> MunicipalityCode {
    MunicipalityCode::parse(code).unwrap()
}

pub(crate) fn part(id: &str) -> PartId {
    PartId::parse(id).unwrap()
}

pub(crate) fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

/// The 5-day warning of a municipality.
pub(crate) fn warning(code: &str) -> Notice {
    let deadline = Deadline { on: jiff::civil::date(2026, 12, 31), at: Deadline::DEFAULT_TIME };
    let pending = vec![PendingPart { part: part("CRAS"), units: Vec::new(), wording: None }];
    Notice {
        key: NoticeKey::Municipal {
            window: rma(),
            slot: Slot::Rung { edition: 1, days_before: 5 },
            municipality: municipality(code),
        },
        content: Content::Warning { deadline, pending },
        to: vec![
            Recipient { role: Role::Smas, address: address(&format!("smas@m{code}.invalid")) },
            Recipient { role: Role::Cmas, address: address(&format!("cmas@m{code}.invalid")) },
        ],
        due_at: at(0),
        valid_until: Some(at(10_000)),
    }
}

pub(crate) fn send(notice: Notice, version: u16) -> Decision {
    let version = NonZeroU16::new(version).unwrap();
    let copies = vec![CopyRequest { to: Addressee::Gsuas, parts: vec![part("CRAS")] }];
    Decision::Send(Sending {
        notice,
        version,
        copies,
        because: Reason::RungDue { due_at: at(0), rows: Vec::new() },
    })
}

/// What was so when a deadline passed, with something of everything.
pub(crate) fn closing() -> Closing {
    let unit = |id: &str| Text(UnitId::parse(id).unwrap());
    let known = KnownFacts {
        part: Text(part("CRAS")),
        unit: Some(unit("32053093001")),
        state: Text(State::Pending),
        as_of: Text(at(-90)),
        taken_at: Text(at(-90)),
        feed: Text(FeedId::parse("lista").unwrap()),
        snapshot: Text(SnapshotId::parse("lista-1").unwrap()),
        arrival: 7,
        basis: Text(Basis::Row),
        settled: false,
        unproven_since: None,
        is_fresh: true,
    };
    let expected = ExpectedFacts {
        municipality: Text(municipality(VITORIA)),
        name: "Vitória".to_owned(),
        region: "Metropolitana".to_owned(),
        told_outside: false,
        reachable: true,
        waits: false,
        parts: vec![ExpectedPartFacts {
            part: Text(part("CRAS")),
            units: vec![unit("32053093001"), unit("32053093002")],
            late: vec![unit("32053093002")],
        }],
        known: vec![known],
    };
    let gpsb = GerenciaId::parse("GPSB").unwrap();
    Closing {
        ended_at: at(0),
        refer_at: at(24 * 60),
        validity: SignedDuration::from_hours(36),
        offices: vec![Addressee::Gsuas, Addressee::Gerencia(gpsb.clone())],
        competent: [(part("CRAS"), vec![gpsb])].into(),
        municipalities: [(municipality(VITORIA), expected)].into(),
        elsewhere: [municipality(SERRA)].into(),
    }
}

/// A decision about the 5-day warning of a municipality.
pub(crate) fn decision(act: Act, code: &str) -> Decision {
    let notice = warning(code);
    let (end, because) = match act {
        Act::Send => return send(notice, 1),
        Act::Publish => return Decision::Publish(Report::new(rma(), 1, Arc::new(closing()))),
        Act::Withhold => {
            let (kind, version) = (notice.content.kind(), Some(NonZeroU16::MIN));
            return Decision::Withhold(Withheld { notice, kind, version, because: Reason::NoContact });
        }
        Act::Withdraw => (End::Withdrawn, Reason::Satisfied),
        Act::Supersede => (End::Superseded, Reason::TooSoon { told_at: at(0) }),
        Act::Expire => (
            End::Expired,
            Reason::ValidityOver {
                at: notice.valid_until.unwrap_or(at(0)),
                withheld: Some(Reason::NoContact.cause()),
            },
        ),
    };
    Decision::Close(Closed {
        end,
        kind: notice.content.kind(),
        edition: 1,
        told: notice.content.told(),
        parts: notice.parts(),
        version: Some(NonZeroU16::MIN),
        due_at: notice.due_at,
        valid_until: notice.valid_until,
        key: notice.key,
        because,
    })
}

pub(crate) fn change(decision: Decision) -> NewDecision {
    let letter = match &decision {
        Decision::Send(Sending { notice: Notice { key, .. }, version, .. }) => Some(NewLetter {
            message_id: format!("<{key}.v{version}@vigia.invalid>"),
            subject: "Prazo".to_owned(),
            bytes: format!("Subject: Prazo\r\n\r\n{key} v{version}\r\n").into_bytes(),
        }),
        Decision::Withhold(_) | Decision::Close(_) | Decision::Publish(_) => None,
    };
    NewDecision { because: "é hora".to_owned(), decision, letter, evidence: Vec::new() }
}

pub(crate) fn act(act: Act, code: &str) -> NewDecision {
    change(decision(act, code))
}

pub(crate) fn settled(claim: &Claim, outcome: Outcome, minutes: i64) -> AttemptEnd {
    AttemptEnd {
        claim: claim.clone(),
        outcome,
        started_at: at(minutes),
        ended_at: at(minutes),
        next_attempt_at: Some(at(minutes + 5)),
        rests_until: at(minutes + 60),
    }
}

pub(crate) fn accepted() -> Outcome {
    Outcome::Accepted { reply: "250 ok".to_owned() }
}

pub(crate) fn deferred() -> Outcome {
    Outcome::Deferred { reply: "450 depois".to_owned(), slow_down: false }
}

pub(crate) fn refused() -> Outcome {
    Outcome::Refused { reply: "550 quem?".to_owned(), why: Refusal::Address }
}

pub(crate) fn uncertain() -> Outcome {
    Outcome::Uncertain { reply: "sem resposta".to_owned() }
}

/// Sends everything that is due, each address with the outcome that `outcome` gives it.
pub(crate) async fn send_all(store: &Store, minutes: i64, outcome: impl Fn(&Claim) -> Outcome) -> usize {
    let claims = store.claim("teste", at(minutes), 1_000).await.unwrap();
    let marked = store.mark_sending(claims, at(minutes)).await.unwrap();
    let ends: Vec<AttemptEnd> = marked.iter().map(|c| settled(c, outcome(c), minutes)).collect();
    let sent = ends.len();
    store.settle(ends).await.unwrap();
    sent
}

impl Store {
    /// Every connection of the ledger: as long as they are held, whoever needs one waits, as over a disk that no longer
    /// answers.
    pub(crate) async fn take_every_connection(&self) -> impl Sized + use<> {
        let file = self.file().unwrap();
        let mut taken = vec![file.writer.as_ref().unwrap().acquire().await.unwrap()];
        for _ in 0..crate::database::sqlite::READERS {
            taken.push(file.readers.acquire().await.unwrap());
        }
        taken
    }
}
