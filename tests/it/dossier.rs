//! A dossier tells all, and whatever is changed behind the ledger's back is found: through the command line.
//!
//! Long because each of its tests tampers with the one filled ledger that its first half makes.

mod reduced;

use std::fs;
use std::io::Write as _;
use std::num::NonZeroU16;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command as Process;

use assert_cmd::Command;
use jiff::civil::{date, time};
use jiff::{SignedDuration, Timestamp};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use tempfile::TempDir;

use vigia_suas::daemon::reconcile::evidence;
use vigia_suas::domain::calendar::Deadline;
use vigia_suas::domain::delivery::Outcome;
use vigia_suas::domain::id::{EmailAddress, FeedId, MunicipalityCode, PartId, SnapshotId, WindowId};
use vigia_suas::domain::notice::{
    Content, Kind, NoticeKey, PendingPart, Recipient, Slot, Told, UnconfirmedPart,
};
use vigia_suas::domain::overrides::Authorship;
use vigia_suas::domain::reason::Reason;
use vigia_suas::domain::refusal::Refusal;
use vigia_suas::domain::roster::Role;
use vigia_suas::domain::status::{Basis, Doubt, Observation, State, StatusEntry};
use vigia_suas::intake::NewSnapshot;
use vigia_suas::plan::{Decision, Notice, Sending, Withheld};
use vigia_suas::render::because::because;
use vigia_suas::store::{AttemptEnd, NewDecision, Noted, Override, RawMessage, Return, Store};
use vigia_suas::world::compose::compose;
use vigia_suas::world::live::Live;
use vigia_suas::world::setup::Setup;

const WINDOW: &str = r#"
[[janela]]
sistema = "censo-suas"
referencia = "2023"
partes = ["CRAS", "CMAS"]
abertura = 2023-10-23
prazo = 2023-12-05
fonte = "MDS, Censo SUAS 2023"
  [[janela.prorrogacao]]
  prazo = 2023-12-19
  anunciada = 2023-12-04
  fonte = "MDS, comunicado de 04/12/2023"
"#;

const FEED: &str = r#"
[fonte.planilha]
ativa = true
sistema = "censo-suas"
tipo = "csv"
origem = "manual"
municipio = "ibge"
parte = "CRAS"
referencia = "2023"
sentido = "situacao"
situacao_coluna = "situacao"
situacoes = { "Feito" = "concluido", "Falta" = "pendente" }
minimo = 1
"#;

/// A folder with a configuration and the ledger of one story.
struct Office {
    dir: TempDir,
}

fn at(minutes: i64) -> Timestamp {
    "2023-11-20T11:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

fn vitoria() -> MunicipalityCode {
    MunicipalityCode::parse("3205309").unwrap()
}

fn census() -> WindowId {
    WindowId::parse("censo-suas/2023").unwrap()
}

fn part(id: &str) -> PartId {
    PartId::parse(id).unwrap()
}

impl Office {
    /// Nothing but the configuration.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("config");
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("config"), &config);
        let calendar = config.join("calendario.toml");
        let text = fs::read_to_string(&calendar).unwrap() + WINDOW;
        fs::write(calendar, text).unwrap();
        Self { dir }
    }

    /// With a story in the ledger.
    async fn open() -> Self {
        let office = Self::new();
        let store = Store::open(&office.database(), at(-1)).await.unwrap();
        office.tell(&store).await;
        store.close().await;
        office
    }

    fn database(&self) -> PathBuf {
        self.dir.path().join("var/vigia-ensaio.db")
    }

    fn run(&self, line: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vigia-suas"));
        let output =
            command.current_dir(self.dir.path()).env_remove("VIGIA_CONFIG").args(line).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.dir.path().join(file)).unwrap()
    }

    async fn tamper(&self, sql: &str) {
        let path = self.database();
        let mut conn = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
        let sql = format!("PRAGMA foreign_keys = OFF; {sql}");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
    }

    /// A letter accepted by one address and refused by the other, another that came back, a rung withheld, and a
    /// dispute that was lifted.
    async fn tell(&self, store: &Store) {
        let setup = Setup::load(Some(&self.dir.path().join("config")), at(0)).unwrap();
        let live = Live::new(setup);
        let window = live.calendar.window(&census()).unwrap();
        let readings =
            window.editions.iter().map(|e| (census(), e.number, Told::from(e.deadline), e.source.clone()));
        store.note_readings(readings.collect(), at(0)).await.unwrap();
        snapshot(store).await;

        let deadline = Deadline { on: date(2023, 12, 5), at: time(23, 59, 59, 0) };
        let announced = sending(
            notice(Slot::Announcement, Content::Announcement { edition: 1, deadline: Some(deadline) }),
            Reason::WindowOpen { opened_on: date(2023, 10, 23) },
        );
        record(&live, store, announced, 1).await;
        send(store, 2, |role| match role {
            Role::Smas => Outcome::Accepted { reply: "250 2.0.0 Ok: queued as 4F1".to_owned() },
            _ => Outcome::Refused {
                reply: "550 5.1.1 <caixa> inexistente & <script>alert(1)</script>".to_owned(),
                why: Refusal::Address,
            },
        })
        .await;

        let pending = vec![PendingPart { part: part("CRAS"), units: Vec::new(), wording: None }];
        let warning = sending(
            notice(Slot::Rung { edition: 1, days_before: 15 }, Content::Warning { deadline, pending }),
            Reason::RungDue { due_at: at(10), rows: evidence_rows(store, "CRAS").await },
        );
        record(&live, store, warning, 10).await;
        send(store, 11, |_| Outcome::Accepted { reply: "250 ok".to_owned() }).await;
        let ids = store.message_ids(&census()).await.unwrap().remove(&vitoria()).unwrap();
        let cmas = EmailAddress::parse("cmas@vitoria.invalid").unwrap();
        let came = Return::Bounced {
            why: "caixa cheia".to_owned(),
            refusal: Refusal::Mailbox,
            rests_until: at(600),
        };
        let raw = RawMessage::of(b"Subject: devolvida\r\n\r\ncaixa cheia\r\n");
        let noted = store.note_return(&ids[1], &[cmas], &[], came, &raw, at(60)).await.unwrap();
        assert!(matches!(noted, Noted::Changed(_)), "{noted:?}");

        let by = |author: &str, reason: &str, minutes| Authorship {
            author: author.to_owned(),
            reason: reason.to_owned(),
            at: at(minutes),
        };
        let dispute =
            Override::Dispute { municipality: vitoria(), window: census(), part: None, until: None };
        let id = store.add_override(dispute, by("ana", "Comprovante por telefone", 70)).await.unwrap();
        let unconfirmed = vec![UnconfirmedPart { part: part("CRAS"), doubt: Doubt::Disputed }];
        let because = Reason::Unconfirmed { unconfirmed: unconfirmed.clone() };
        let withheld = Decision::Withhold(Withheld {
            notice: notice(
                Slot::Rung { edition: 1, days_before: 7 },
                Content::Reminder { deadline, unconfirmed },
            ),
            kind: Kind::Reminder,
            version: Some(NonZeroU16::MIN),
            because,
        });
        record(&live, store, withheld, 80).await;
        assert!(store.lift_override(&id, by("bruno", "Comprovante era de outro mês", 90)).await.unwrap());
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(path, target).unwrap();
        }
    }
}

async fn snapshot(store: &Store) {
    let said = |id, state| Observation {
        window: census(),
        municipality: vitoria(),
        part: part(id),
        unit: None,
        state,
        dated: None,
        basis: Basis::Row,
        line: 17,
        wording: Some("Falta".into()),
    };
    let snapshot = NewSnapshot {
        id: SnapshotId::parse("planilha-1").unwrap(),
        feed: FeedId::parse("planilha").unwrap(),
        taken_at: at(0),
        source: "censo.csv".to_owned(),
        sha256: "ab".repeat(32),
        rows: 2,
        rejected: 0,
        repeated: 0,
        form: None,
        reasons: Vec::new(),
        original: None,
    };
    store
        .accept_snapshot(
            snapshot,
            [said("CRAS", State::Pending), said("CMAS", State::Done)].into_iter().collect(),
            at(0),
        )
        .await
        .unwrap();
}

fn notice(slot: Slot, content: Content) -> Notice {
    let to = |role, address: &str| Recipient { role, address: EmailAddress::parse(address).unwrap() };
    Notice {
        key: NoticeKey::Municipal { window: census(), slot, municipality: vitoria() },
        content,
        to: vec![to(Role::Smas, "smas@vitoria.invalid"), to(Role::Cmas, "cmas@vitoria.invalid")],
        due_at: at(0),
        valid_until: None,
    }
}

fn sending(notice: Notice, because: Reason) -> Decision {
    Decision::Send(Sending { notice, version: NonZeroU16::MIN, copies: Vec::new(), because })
}

/// What the ledger knows of a part.
async fn evidence_rows(store: &Store, id: &str) -> Vec<StatusEntry> {
    let status = store.status().await.unwrap();
    let entries = status.window(&census()).of(vitoria()).iter();
    entries.filter(|entry| entry.part == part(id)).cloned().collect()
}

async fn record(live: &Live, store: &Store, decision: Decision, minutes: i64) {
    let status = store.status().await.unwrap();
    let letter = match &decision {
        Decision::Send(Sending { notice, version, .. }) => {
            Some(compose(live, notice, *version, &[], at(minutes)).unwrap())
        }
        _ => None,
    };
    let change = NewDecision {
        because: because(decision.because(), &live.calendar),
        letter,
        evidence: evidence(&status, &decision, &live.calendar),
        decision,
    };
    store.record_pass(at(minutes), vec![change]).await.unwrap();
}

async fn send(store: &Store, minutes: i64, outcome: impl Fn(&Role) -> Outcome) {
    let claims = store.claim("teste", at(minutes), 100).await.unwrap();
    let marked = store.mark_sending(claims, at(minutes)).await.unwrap();
    let settled = marked.into_iter().map(|claim| AttemptEnd {
        outcome: outcome(&claim.role),
        claim,
        started_at: at(minutes),
        ended_at: at(minutes) + SignedDuration::from_secs(2),
        next_attempt_at: None,
        rests_until: at(minutes + 60),
    });
    store.settle(settled.collect()).await.unwrap();
}

/// The hash of an entry by what the page says of it, from the JSON alone.
pub(crate) fn hash_of(entry: &serde_json::Value) -> String {
    let mut bytes = Vec::new();
    for name in ["hash_anterior", "registro", "em_ms", "tipo", "assunto", "janela", "municipio", "corpo"] {
        let field = match &entry[name] {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => text.clone(),
            number => number.to_string(),
        };
        bytes.extend((field.len() as u64).to_be_bytes());
        bytes.extend(field.as_bytes());
    }
    vigia_suas::text::digest::sha256(&bytes)
}

/// Words of the page, without markup.
fn words(page: &str) -> String {
    let body = page.split_once("<body>").unwrap().1;
    let mut text = String::new();
    for piece in body.split('<') {
        text.push_str(piece.split_once('>').map_or(piece, |(_, rest)| rest));
    }
    text
}

#[tokio::test]
async fn porque_and_the_dossier_quote_the_row_that_a_prazo_rests_on() {
    let office = Office::open().await;
    let (code, told, err) = office.run(&["porque", "Vitória", "censo-suas/2023"]);
    assert_eq!(code, 0, "{told}{err}");
    let row = "CRAS: pendente segundo a fonte planilha, coleta planilha-1 de";
    let quotes = told.lines().filter(|line| line.contains(row)).collect::<Vec<_>>();
    assert!(!quotes.is_empty() && quotes.iter().all(|line| line.ends_with("linha 17: “Falta”")), "{told}");
    office.run(&["dossie", "Vitória", "--janela", "censo-suas/2023"]);
    let page = words(&office.read("dossie-3205309-censo-suas-2023/dossie.html"));
    assert!(page.contains("linha 17: “Falta”a carta se baseia nela"), "{page}");
    let json = office.read("dossie-3205309-censo-suas-2023/dossie.json");
    assert!(json.contains(r#""citada": true"#) && json.contains(r#""palavra": "Falta""#), "{json}");
}

#[tokio::test]
async fn a_dossier_tells_all_that_was_said_and_what_was_not() {
    let office = Office::open().await;
    let (code, out, err) = office.run(&["dossie", "Vitória", "--janela", "censo-suas/2023"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("dossie-3205309-censo-suas-2023") && out.contains("2 cartas"), "{out}");
    let dir = office.dir.path().join("dossie-3205309-censo-suas-2023");
    let page = words(&office.read("dossie-3205309-censo-suas-2023/dossie.html"));
    for fact in [
        "05/12/2023 (terça-feira)",
        "19/12/2023 (terça-feira)",
        "MDS, comunicado de 04/12/2023",
        "250 2.0.0 Ok: queued as 4F1",
        "550 5.1.1",
        "caixa cheia",
        "planilha-1",
        &"ab".repeat(32),
        "ana: “Comprovante por telefone”",
        "bruno: “Comprovante era de outro mês”",
        "o município contesta o dado",
        "smas@vitoria.invalid",
        "pendências no preenchimento",
        "íntegro",
        "ENSAIO.",
    ] {
        assert!(page.contains(fact), "{fact:?} in:\n{page}");
    }
    assert!(!page.contains("NÃO CONFERE") && !page.contains("SEM REGISTRO"), "{page}");

    let json: serde_json::Value =
        serde_json::from_str(&office.read("dossie-3205309-censo-suas-2023/dossie.json")).unwrap();
    let letters = json["janelas"][0]["cartas"].as_array().unwrap();
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[1]["evidencia"][0]["coleta"], "planilha-1");
    assert_eq!(
        letters[1]["evidencia"].as_array().unwrap().len(),
        1,
        "only the part that the letter is about"
    );
    assert_eq!(letters[0]["entregas"][0]["tentativas"][0]["confere"], true);
    assert_eq!(json["janelas"][0]["nao_enviado"][0]["acao"], "reter");
    assert_eq!(json["ordens"][0]["desfeita"]["autor"], "bruno");
    assert_eq!(json["livro"]["integro"], true);

    let extract = json["livro"]["extrato"].as_array().unwrap();
    assert!(extract.len() > 10);
    for entry in extract {
        assert_eq!(entry["hash"].as_str().unwrap(), hash_of(entry), "{entry}");
    }

    let sums =
        Process::new("sha256sum").args(["--quiet", "-c", "SHA256SUMS"]).current_dir(&dir).status().unwrap();
    assert!(sums.success());
    let store = Store::open_read_only(&office.database()).await.unwrap();
    for (stored, told) in store.letters(vitoria(), None).await.unwrap().iter().zip(letters) {
        let file = dir.join(told["arquivo"].as_str().unwrap());
        assert_eq!(Some(fs::read(&file).unwrap()), stored.bytes);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_prazo_that_the_service_wrote_names_the_snapshot_behind_it() {
    let office = Office::new();
    let append = |file: &str, text: &str| {
        let path = office.dir.path().join("config").join(file);
        let old = fs::read_to_string(&path).unwrap();
        fs::write(path, old + text).unwrap();
    };
    append("fontes.toml", FEED);
    let vigia = office.dir.path().join("config/vigia.toml");
    let text = fs::read_to_string(&vigia).unwrap();
    fs::write(vigia, format!("inicio = 2023-11-01\n{text}")).unwrap();
    fs::write(office.dir.path().join("censo.csv"), "ibge;situacao\n3205309;Falta\n3205002;Feito\n").unwrap();
    let sheet = fs::File::options().append(true).open(office.dir.path().join("censo.csv")).unwrap();
    sheet.set_modified("2023-11-20T08:30:00-03:00".parse::<Timestamp>().unwrap().into()).unwrap();
    let (code, out, err) = office.run(&["--em", "2023-11-20T08:30", "importar", "planilha", "censo.csv"]);
    assert_eq!(code, 0, "{out}{err}");
    let (code, out, err) = office.run(&["--em", "2023-11-20T09:00", "servir", "--uma-vez"]);
    assert_eq!(code, 0, "{out}{err}");

    let (code, out, err) = office.run(&["dossie", "3205309", "--saida", "prova"]);
    assert_eq!(code, 0, "{out}{err}");
    let json: serde_json::Value = serde_json::from_str(&office.read("prova/dossie.json")).unwrap();
    let window = &json["janelas"][0];
    let letter = &window["cartas"][0];
    assert_eq!(letter["aviso"], "censo-suas/2023@1/prazo-15d/3205309", "{json:#}");
    assert_eq!(letter["evidencia"][0]["situacao"], "pendente");
    let snapshot = &json["coletas"][0];
    assert_eq!(letter["evidencia"][0]["coleta"], snapshot["coleta"]);
    let file = fs::read(office.dir.path().join("censo.csv")).unwrap();
    assert_eq!(snapshot["sha256"], vigia_suas::text::digest::sha256(&file));
    assert_eq!(letter["entregas"][0]["estado"], "aceito");
}

#[tokio::test]
async fn a_dossier_is_never_written_over_another_nor_made_of_nothing() {
    let office = Office::open().await;
    assert_eq!(office.run(&["dossie", "3205309", "--saida", "prova"]).0, 0);
    let (code, _, err) = office.run(&["dossie", "3205309", "--saida", "prova"]);
    assert!(code == 1 && err.contains("não está vazia"), "{code} {err}");
    let (code, _, err) = office.run(&["dossie", "Serra"]);
    assert!(code == 1 && err.contains("nada consta"), "{code} {err}");
    let (code, _, err) = office.run(&["dossie", "3205309", "--janela", "censo-suas/1999"]);
    assert!(code == 1 && err.contains("não há janela"), "{code} {err}");
}

#[tokio::test]
async fn one_changed_byte_of_a_letter_is_found_and_named() {
    let office = Office::open().await;
    assert_eq!(office.run(&["livro", "conferir"]).0, 0);
    let key = "censo-suas/2023@1/prazo-15d/3205309";
    let store = Store::open_read_only(&office.database()).await.unwrap();
    let letter = store.letter(&NoticeKey::parse(key).unwrap(), 1).await.unwrap().unwrap();
    store.close().await;
    let mut bytes = letter.bytes.unwrap();
    let place = bytes.windows(10).position(|ten| ten == b"05/12/2023").unwrap() + 1;
    bytes[place] = b'6';
    // As whoever knows how letters lie there would put it.
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&bytes).unwrap();
    let packed = vigia_suas::text::digest::hex(packed.finish().unwrap());
    office.tamper(&format!("UPDATE letters SET bytes = X'{packed}' WHERE notice_key = '{key}'")).await;
    let (code, out, _) = office.run(&["livro", "conferir"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("a carta censo-suas/2023@1/prazo-15d/3205309 (versão 1) foi alterada"), "{out}");
    let (code, _, err) = office.run(&["dossie", "3205309"]);
    assert!(code == 1 && err.contains("NÃO confere"), "{code} {err}");
    assert!(words(&office.read("dossie-3205309/dossie.html")).contains("NÃO CONFERE com o registro"));
}

#[tokio::test]
async fn a_removed_entry_and_a_reworded_reply_are_found_and_named() {
    let office = Office::open().await;
    office.tamper("DELETE FROM journal WHERE seq = 6").await;
    let (code, out, _) = office.run(&["livro", "conferir"]);
    assert!(code == 1 && out.contains("o registro 6 do livro foi alterado, retirado"), "{out}");

    let office = Office::open().await;
    office.tamper("UPDATE attempts SET reply = '250 ok' WHERE reply LIKE '550%'").await;
    let (code, out, _) = office.run(&["livro", "conferir"]);
    assert!(code == 1 && out.contains("a tentativa 1 da entrega"), "{out}");
    let (code, out, _) = office.run(&["--json", "livro", "conferir"]);
    assert!(code == 1 && out.contains("\"integro\":false"), "{out}");
}
