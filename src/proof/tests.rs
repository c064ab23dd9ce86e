//! Whatever is changed behind the store's back is found.
//!
//! Long because the ledger that is damaged is told here whole, a row for each table, and read against each damage.

use std::path::Path;

use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqliteConnection};
use tempfile::TempDir;

use super::verify::{ALL_CASE, ALL_KNOWN, ALL_PART, ALL_RECOUNT, ALL_TABLES, NOT_MISSED, NOT_PROVED};
use super::{Amiss, BackupError, CaseCheck, ChainReport};
use crate::domain::id::{FeedId, SnapshotId, WindowId};
use crate::domain::journal::{ClockAct, DossierShown, Entry, LeftProof, Unread, Verdict};
use crate::domain::notice::NoticeKey;
use crate::domain::overrides::{Authorship, BatchId, HoldScope};
use crate::domain::refusal::Refusal;
use crate::domain::status::{Basis, Observation, State};
use crate::intake::NewSnapshot;
use crate::plan::{Act, Notice};
use crate::store::testing::*;
use crate::store::{
    AttemptEnd, HeldConfiguration, JournalFilter, NewConfiguration, Override, RawMessage, Return, Sighting,
    Store,
};

mod server;

fn by(reason: &str, minutes: i64) -> Authorship {
    Authorship { author: "ana".to_owned(), reason: reason.to_owned(), at: at(minutes) }
}

/// A ledger with at least one row in every table that has proof value.
#[expect(clippy::too_many_lines, reason = "one row for each table, to be read at once")]
pub(crate) async fn told(store: Store) -> Store {
    let feed = FeedId::parse("lista").unwrap();
    for (n, state) in [(1, State::Done), (2, State::Pending)] {
        let observation = Observation {
            window: rma(),
            municipality: municipality(VITORIA),
            part: part("CRAS"),
            unit: None,
            state,
            dated: Some(at(n)),
            basis: Basis::Row,
            line: 0,
            wording: Some("sim".into()),
        };
        let snapshot = NewSnapshot {
            id: SnapshotId::parse(&format!("lista-{n}")).unwrap(),
            feed: feed.clone(),
            taken_at: at(n),
            source: "lista.csv".to_owned(),
            sha256: crate::text::digest::sha256(b"original"),
            rows: 3,
            rejected: 1,
            repeated: 1,
            form: None,
            reasons: vec!["uma".to_owned()],
            original: Some(b"original".to_vec()),
        };
        let told = [observation].into_iter().collect();
        if n == 1 {
            store.accept_snapshot(snapshot, told, at(n)).await.unwrap();
        } else {
            store.quarantine_snapshot(snapshot.clone(), told, at(n)).await.unwrap();
            store.rule(&snapshot.id, Verdict::Accepted, by("conferida", 2)).await.unwrap();
        }
    }
    store.note_fetch(&feed, at(3)).await.unwrap();
    store
        .note_readings(vec![(rma(), 1, crate::domain::notice::Told::Undefined, "MDS".to_owned())], at(1))
        .await
        .unwrap();
    store.begin(at(0)).await.unwrap();
    store.record_pass(at(1), vec![act(Act::Send, VITORIA), act(Act::Withhold, SERRA)]).await.unwrap();
    store.begin(at(3 * 24 * 60)).await.unwrap();
    send_all(&store, 2, |claim| if claim.role.to_string() == "smas" { accepted() } else { refused() }).await;
    store.record_pass(at(3), vec![act(Act::Withdraw, SERRA), act(Act::Send, "3200102")]).await.unwrap();
    store.record_pass(at(4), vec![act(Act::Withdraw, "3200102")]).await.unwrap();
    let letters = store.message_ids(&rma()).await.unwrap();
    let id = &letters[&municipality(VITORIA)][0];
    let to = address(&format!("smas@m{VITORIA}.invalid"));
    let raw = RawMessage::of(b"Subject: devolvida\r\n\r\nnao existe\r\n");
    let came = Return::Bounced { why: "5.1.1".to_owned(), refusal: Refusal::Address, rests_until: at(100) };
    store.note_return(id, &[to], &[], came, &raw, at(5)).await.unwrap();
    let order = store
        .add_override(Override::Hold { scope: HoldScope::Window(rma()), until: None }, by("conferir", 6))
        .await
        .unwrap();
    store.lift_override(&order, by("conferido", 7)).await.unwrap();
    let configuration = |fingerprint: &str, bytes: &[u8]| NewConfiguration {
        fingerprint: fingerprint.to_owned(),
        directory: "/etc/vigia-suas".to_owned(),
        parts: vec![
            ("vigia.toml".to_owned(), bytes.to_vec()),
            ("feriados.toml".to_owned(), b"# nada".to_vec()),
        ],
        by: "ana".to_owned(),
        feeds: std::collections::BTreeSet::new(),
    };
    store.adopt_configuration(configuration("uma", b"modo = 1"), at(6)).await.unwrap();
    store.adopt_configuration(configuration("outra", b"modo = 2"), at(6)).await.unwrap();
    store.refuse_configuration("terceira", "erro: faltou", at(7)).await.unwrap();
    store.adopt_configuration(configuration("outra", b"modo = 2"), at(7)).await.unwrap();
    store.adopt_configuration(configuration("uma", b"modo = 1"), at(7)).await.unwrap();
    let held = HeldConfiguration {
        fingerprint: "quarta".to_owned(),
        letters: 78,
        effects: vec!["39 municípios saem do cadastro".to_owned()],
        table: "tabela".to_owned(),
    };
    store.hold_configuration(held, at(7)).await.unwrap();
    store.consent_to_configuration("resumo", 78, "ana", at(7)).await.unwrap();
    let call = Override::Note {
        municipality: municipality(SERRA),
        window: rma(),
        until: None,
        telephone: Some("27 3333-4444".to_owned()),
    };
    store.add_override(call, by("falou com a secretária", 8)).await.unwrap();
    let exemption = Override::Exemption {
        municipality: municipality(SERRA),
        window: rma(),
        part: Some(part("CRAS")),
        until: Some(jiff::civil::date(2026, 12, 31)),
    };
    store.add_override(exemption, by("fechada", 8)).await.unwrap();
    store.record_pass(at(9), vec![act(Act::Publish, VITORIA)]).await.unwrap();
    // Without its witness it may be a copy: one letter left to one address, one may have, and one is not decided yet.
    store.record_pass(at(10), vec![act(Act::Send, "3201209")]).await.unwrap();
    let sighting = |code: &str| {
        let change = act(Act::Send, code);
        Sighting {
            message_id: change.letter.unwrap().message_id,
            letter: (change.decision.key().clone(), 1),
            address: Some(address(&format!("SMAS@m{code}.invalid"))),
            at: at(9),
            proof: LeftProof::Log,
        }
    };
    let assumed =
        store.assume(vec![sighting("3201209"), sighting("3201308")], &by("disco", 11)).await.unwrap();
    let assumed = assumed.unwrap();
    assert_eq!((assumed.vouched.delivered.len(), assumed.vouched.ahead.len(), assumed.held.len()), (1, 1, 1));
    store.record_pass(at(12), vec![act(Act::Send, "3201308")]).await.unwrap();
    // The other address of each may have got it: it waits with what fell due meanwhile.
    let batch = BatchId::of_outage(assumed.gap.until);
    let waits = store.held_uncertain(at(12)).await.unwrap();
    assert_eq!(waits.iter().map(|held| held.batch.clone()).collect::<Vec<_>>(), vec![Some(batch.clone()); 2]);
    assert_eq!(store.repeat_uncertain(&batch, at(13)).await.unwrap(), 2);
    // By a clock that stood an hour ahead one of them is put off, and the clock is set right.
    let claims = store.claim("teste", at(73), 1).await.unwrap();
    let claim = store.mark_sending(claims, at(73)).await.unwrap().remove(0);
    let put_off = AttemptEnd { next_attempt_at: Some(at(74)), ..settled(&claim, deferred(), 73) };
    store.settle(vec![put_off]).await.unwrap();
    store.rule_clock(ClockAct::TakeBack, &by("estava adiantado", 14)).await.unwrap();
    assert_eq!(store.next_due(at(14)).await.unwrap(), Some(at(13)), "the other is due as before");
    assert_eq!(send_all(&store, 15, |_| deferred()).await, 2);
    let report = store.verify().await.unwrap();
    assert!(report.is_whole(), "{:#?}", report.faults());
    store
}

pub(crate) async fn tamper(dir: &TempDir, tampering: String) {
    let mut conn = SqliteConnection::connect(dir.path().join("vigia.db").to_str().unwrap()).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!(
        "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; {tampering}"
    )))
    .execute(&mut conn)
    .await
    .unwrap();
}

/// The same to a ledger whatever keeps it, in SQL of both engines but for bytes.
pub(crate) async fn tamper_with(store: &Store, dir: &TempDir, tampering: String) {
    if store.server().is_none() {
        return tamper(dir, tampering).await;
    }
    let mut tx = store.db.begin_wherever().await.unwrap();
    tx.run("SET LOCAL session_replication_role = replica".to_owned()).await.unwrap();
    // Who forges rows takes away what refuses them.
    tx.run("ALTER TABLE journal DROP CONSTRAINT IF EXISTS journal_seq_check".to_owned()).await.unwrap();
    tx.run(tampering.replace("X'00'", "'\\x00'::bytea")).await.unwrap();
    tx.commit().await.unwrap();
}

async fn after(tampering: &str) -> ChainReport {
    let dir = tempfile::tempdir().unwrap();
    let store = told(file_store(&dir).await).await;
    tamper(&dir, tampering.to_owned()).await;
    let report = store.verify().await.unwrap();
    assert!(!report.is_whole(), "{tampering}");
    report
}

/// Every table of ours, from the schema itself, with its columns and whether each holds bytes.
pub(crate) async fn schema(path: &Path) -> Vec<(String, Vec<(String, bool)>)> {
    let conn = &mut SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    let names = sqlx::query(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' \
                             AND name NOT LIKE 'sqlite%' ORDER BY name",
    )
    .fetch_all(&mut *conn)
    .await
    .unwrap();
    let mut tables = Vec::new();
    for row in names {
        let name: String = row.get(0);
        let columns = sqlx::query("SELECT name, type FROM pragma_table_info($1)")
            .bind(&name)
            .fetch_all(&mut *conn)
            .await
            .unwrap();
        let columns = columns.iter().map(|c| (c.get(0), c.get::<String, _>(1) == "BLOB")).collect();
        tables.push((name, columns));
    }
    tables
}

/// A law over the schema: a table or a column that is added later is found here until it is proved or said not to be.
#[tokio::test]
async fn whatever_cell_of_whatever_table_is_changed_the_row_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let store = told(file_store(&dir).await).await;
    let whole = dir.path().join("inteiro.db");
    store.copy_to(&whole).await.unwrap();
    let unproved = |table: &str, column: &str| {
        NOT_PROVED.iter().any(|(name, columns)| *name == table && columns.contains(&column))
    };
    let mut tried = 0;
    for (table, columns) in schema(&file(&dir)).await {
        for (column, is_bytes) in &columns {
            if unproved(&table, column) {
                continue;
            }
            let changes: &[String] = &if *is_bytes {
                vec![format!("CAST(X'00' || \"{column}\" AS BLOB)"), "NULL".to_owned(), "X''".to_owned()]
            } else {
                vec![
                    // One more for a number, one letter more for a text, something for nothing, and nothing.
                    format!(
                        "CASE typeof(\"{column}\") WHEN 'integer' THEN \"{column}\" + 1 WHEN 'null' THEN 1 \
                         ELSE \"{column}\" || 'x' END"
                    ),
                    "''".to_owned(),
                ]
            };
            for change in changes {
                let copy = dir.path().join("copia.db");
                let _gone = std::fs::remove_file(&copy);
                std::fs::copy(&whole, &copy).unwrap();
                let mut conn = SqliteConnection::connect(copy.to_str().unwrap()).await.unwrap();
                sqlx::raw_sql("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;")
                    .execute(&mut conn)
                    .await
                    .unwrap();
                let last =
                    format!("rowid = (SELECT MAX(rowid) FROM \"{table}\") AND \"{column}\" IS NOT {change}");
                let tampering =
                    format!("UPDATE OR IGNORE \"{table}\" SET \"{column}\" = {change} WHERE {last}");
                // What the schema itself refuses cannot be done this way.
                let done = sqlx::raw_sql(AssertSqlSafe(tampering.clone())).execute(&mut conn).await;
                conn.close().await.unwrap();
                if !done.is_ok_and(|done| done.rows_affected() == 1) {
                    continue;
                }
                tried += 1;
                let report = Store::open_read_only(&copy).await.unwrap().verify().await;
                let named = match &report {
                    Ok(report) => {
                        let broken =
                            matches!(table.as_str(), "journal" | "meta") && report.broken_at.is_some();
                        broken || report.discrepancies.iter().any(|d| d.table == table)
                    }
                    // A cell that cannot even be read is named by table and column.
                    Err(fault) => fault.to_string().contains(&table),
                };
                assert!(named, "{tampering}: {report:#?}");
            }
        }
    }
    assert!(tried > 150, "{tried} cells were changed");
}

#[tokio::test]
async fn whatever_row_of_whatever_table_is_removed_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let _store = told(file_store(&dir).await).await;
    let proved = |table: &str, columns: &[(String, bool)]| {
        let unproved =
            NOT_PROVED.iter().find(|(name, _)| *name == table).map_or(&[][..], |(_, columns)| columns);
        columns.iter().any(|(column, _)| !unproved.contains(&column.as_str()))
    };
    for (table, columns) in schema(&file(&dir)).await {
        if !proved(&table, &columns) || NOT_MISSED.contains(&table.as_str()) {
            continue;
        }
        let report =
            after(&format!("DELETE FROM \"{table}\" WHERE rowid = (SELECT MIN(rowid) FROM \"{table}\")"))
                .await;
        let missing = |d: &super::Discrepancy| d.table == table && d.what == Amiss::Missing;
        let named = if table == "journal" {
            report.broken_at == Some(1)
        } else {
            report.discrepancies.iter().any(missing)
        };
        assert!(named, "{table}: {report:#?}");
    }
}

#[tokio::test]
async fn a_changed_or_removed_entry_is_found_where_it_stands() {
    let changed = after("UPDATE journal SET body = replace(body, 'MDS', 'MDX') WHERE kind = 'leitura'").await;
    assert_eq!(changed.broken_at, Some(5));
    assert_eq!(after("UPDATE journal SET at = at + 1 WHERE seq = 3").await.broken_at, Some(3));
    assert_eq!(after("UPDATE journal SET municipality = NULL WHERE seq = 6").await.broken_at, Some(6));
    assert_eq!(after("DELETE FROM journal WHERE seq = 3").await.broken_at, Some(3));
    assert_eq!(after("DELETE FROM journal WHERE seq = 1").await.broken_at, Some(1));
    let last = after("DELETE FROM journal WHERE seq = (SELECT MAX(seq) FROM journal)").await;
    assert_eq!(last.broken_at, i64::try_from(last.entries + 1).ok());
}

/// As good as an entry by what it says, at a place where the chain has none.
fn smuggled(seq: i64) -> String {
    format!(
        "INSERT INTO journal SELECT {seq}, at, kind, subject, window_id, municipality, body, '', 'f' FROM journal \
         WHERE seq = 6"
    )
}

#[tokio::test]
async fn an_entry_before_the_first_or_far_beyond_the_last_is_found() {
    for seq in [0, -2, i64::MIN] {
        assert_eq!(after(&smuggled(seq)).await.broken_at, Some(seq));
    }
    let far = after(&smuggled(i64::MAX)).await;
    assert_eq!(far.broken_at, i64::try_from(far.entries).ok());
}

#[tokio::test]
async fn nothing_and_an_empty_text_are_not_the_same_nor_are_text_and_bytes() {
    let unnamed = after("UPDATE journal SET window_id = '' WHERE seq = 1").await;
    assert_eq!(unnamed.broken_at, Some(1));
    for (table, tampering) in [
        ("attempts", "UPDATE attempts SET reply = CAST(reply AS BLOB)"),
        ("deliveries", "UPDATE deliveries SET reply = CAST(reply AS BLOB) WHERE reply <> ''"),
        ("overrides", "UPDATE overrides SET reason = CAST(reason AS BLOB) WHERE kind = 'anotar'"),
        ("config_files", "UPDATE config_files SET bytes = CAST(bytes AS TEXT)"),
        ("snapshots", "UPDATE snapshots SET original = CAST(original AS TEXT)"),
    ] {
        let found = after(tampering).await;
        assert!(found.discrepancies.iter().all(|d| d.table == table), "{tampering}: {found:?}");
    }
}

/// Takes the last entry away with every trace of it in the ledger itself.
const CUT: &str = "DELETE FROM journal WHERE seq = (SELECT head_seq FROM meta); UPDATE meta SET \
                   head_seq = (SELECT MAX(seq) FROM journal), \
                   head_hash = (SELECT hash FROM journal ORDER BY seq DESC LIMIT 1)";

#[tokio::test]
async fn what_was_cut_off_the_end_is_missed_by_whoever_asks_the_witness_until_the_ledger_is_assumed() {
    let dir = tempfile::tempdir().unwrap();
    let copies = tempfile::tempdir().unwrap();
    let store = told(file_store(&dir).await).await;
    let vitoria = municipality(VITORIA);
    for minutes in [20, 21] {
        let shown = DossierShown { user: "ana".to_owned(), by_proxy: false };
        store.note_dossier_shown(vitoria, None, shown, at(minutes)).await.unwrap();
    }
    store.keep_witness(at(22)).await.unwrap();
    let last = store.signs().await.unwrap().journal_seq;
    let case = async |check| store.case_file(vitoria, None, check).await.unwrap().unwrap().verified;
    assert!(store.verify().await.unwrap().is_whole() && case(CaseCheck::Whole).await.is_whole());
    assert!(store.back_up(copies.path(), None, at(23)).await.is_ok());
    store.close().await;

    tamper(&dir, CUT.to_owned()).await;
    let store = file_store(&dir).await;
    let case = async |check| store.case_file(vitoria, None, check).await.unwrap().unwrap().verified;
    for report in
        [store.verify().await.unwrap(), case(CaseCheck::Whole).await, case(CaseCheck::SinceAudit).await]
    {
        assert_eq!((report.lost, report.broken_at, report.discrepancies.len()), (Some(last), None, 0));
        let [fault] = &report.faults()[..] else { panic!("{:?}", report.faults()) };
        assert!(fault.starts_with(&format!("falta no livro o registro {last}, que a testemunha")), "{fault}");
    }
    let refused = store.back_up(copies.path(), None, at(24)).await;
    assert!(matches!(&refused, Err(BackupError::Unsound { faults, .. }) if faults.len() == 1), "{refused:?}");
    store.assume(Vec::new(), &by("restaurado de propósito", 25)).await.unwrap().unwrap();
    assert!(store.verify().await.unwrap().is_whole(), "a person says that it counts");
    assert!(store.back_up(copies.path(), None, at(26)).await.is_ok());
}

#[tokio::test]
async fn what_is_smuggled_in_is_said_to_be_told_by_no_entry() {
    let smuggled = after(
        "INSERT INTO letters SELECT notice_key, 2, kind, '<y>', subject, sha256, 0, bytes FROM letters LIMIT 1",
    );
    assert!(smuggled.await.faults().iter().any(|fault| fault.ends_with("(versão 2) não consta do livro")));
    let flagged =
        after("INSERT INTO flagged_contacts VALUES ('x@y.invalid', 1, 'endereco', 2, 'porque sim')").await;
    let [fault] = &flagged.faults()[..] else { panic!("{:?}", flagged.faults()) };
    assert!(fault.starts_with("a marcação do contato ") && !fault.contains('@'), "{fault}");
}

#[tokio::test]
async fn a_fault_says_what_was_changed_in_the_operators_words() {
    let changed =
        after("UPDATE letters SET bytes = CAST('x' AS BLOB) WHERE notice_key LIKE '%3205309'").await;
    assert_eq!(changed.faults(), ["a carta rma/2026-11@1/prazo-5d/3205309 (versão 1) foi alterada (bytes)"]);
    let gone = after("DELETE FROM overrides WHERE lifted_at IS NOT NULL").await;
    let [fault] = &gone.faults()[..] else { panic!("{:?}", gone.faults()) };
    assert!(fault.starts_with("a ordem ") && fault.ends_with(" foi retirada"), "{fault}");
    let accused = after(
        "UPDATE status_pages SET bytes = CAST(replace(CAST(bytes AS TEXT), '3205309', '3205200') AS BLOB)",
    );
    assert_eq!(accused.await.faults(), ["a situação de rma/2026-11, da fonte lista foi alterada (bytes)"]);
    let forgotten = after("DELETE FROM snapshot_rulings").await;
    assert_eq!(forgotten.faults(), ["a decisão 1 sobre coletas foi retirada"]);
}

#[tokio::test]
async fn the_journal_tells_the_story_of_one_municipality() {
    let dir = tempfile::tempdir().unwrap();
    let store = told(store(&dir).await).await;
    let filter = JournalFilter {
        window: Some(rma()),
        municipality: Some(municipality(SERRA)),
        ..JournalFilter::default()
    };
    let told_of = store.journal(&filter).await.unwrap();
    let decisions: Vec<_> = told_of.iter().filter(|e| matches!(e.told, Ok(Entry::Decision(_)))).collect();
    assert_eq!(decisions.iter().map(|e| e.at).collect::<Vec<_>>(), [at(1), at(3)]);
    assert!(decisions[0].body.contains("sem-contato"));
    let late = JournalFilter { since: Some(at(8)), ..filter };
    assert_eq!(store.journal(&late).await.unwrap()[0].kind, "ordem");
    let first = JournalFilter { limit: Some(1), ..JournalFilter::default() };
    assert_eq!(store.journal(&first).await.unwrap()[0].kind, "abertura");
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_is_named_and_the_others_are_listed_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let store = told(file_store(&dir).await).await;
    let whole = store.verify().await.unwrap().entries;
    tamper(
        &dir,
        "UPDATE journal SET body = replace(body, '.1\",', '.9\",') WHERE seq = 3; \
         UPDATE journal SET body = replace(body, ',\"antes\":null', '') WHERE seq = 5; \
         UPDATE journal SET kind = 'futuro' WHERE seq = 6"
            .to_owned(),
    )
    .await;
    let report = store.verify().await.unwrap();
    assert_eq!(report.entries, whole);
    let expected = [
        (3, Unread::Unknown("coleta.9".to_owned())),
        (5, Unread::Missing { form: "leitura.1", field: "antes" }),
        (6, Unread::Garbled("decisao.1")),
    ];
    assert_eq!(report.unread, expected);
    let faults = report.faults();
    assert!(
        faults[1]
            .starts_with("o registro 3 do livro tem um formato que este programa não conhece (“coleta.9”)")
    );
    assert!(faults[2].starts_with("o registro 5 do livro (formato leitura.1) está sem o campo “antes”"));
    let listed = store.journal(&JournalFilter::default()).await.unwrap();
    assert_eq!(listed.len(), whole);
    assert_eq!(listed.iter().filter(|entry| entry.told.is_err()).count(), 3);
}

#[tokio::test]
async fn a_letter_is_told_again_when_it_leaves_by_the_day_and_validity_that_it_was_let_go_with() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    store.record_pass(at(0), vec![act(Act::Send, VITORIA)]).await.unwrap();
    let recorded = store.recount(0, |_, _, _| false).await.unwrap();
    let [letter] = &recorded.letters[..] else { panic!("{:?}", recorded.letters) };
    assert!(letter.is_new && !letter.has_left_since && recorded.written.len() == 2, "{recorded:?}");
    store.record_pass(at(5), vec![act(Act::Withhold, VITORIA)]).await.unwrap();
    let longer = Notice { valid_until: Some(at(20_000)), ..warning(VITORIA) };
    store.record_pass(at(2_000), vec![change(send(longer, 1))]).await.unwrap();
    send_all(&store, 15_000, |_| accepted()).await;
    let left = store.recount(recorded.reached, |_, _, _| false).await.unwrap();
    assert!(left.report.is_whole() && left.written.is_empty(), "{left:?}");
    let [letter] = &left.letters[..] else { panic!("{:?}", left.letters) };
    assert!(!letter.is_new && letter.has_left_since);
    assert_eq!(
        (letter.recorded_at, letter.valid_until, letter.left_at),
        (at(2_000), Some(at(20_000)), Some(at(15_000)))
    );
    let after = store.recount(left.reached, |_, _, _| false).await.unwrap();
    assert!(after.letters.is_empty(), "what nothing happened to was judged before: {after:?}");
}

const TEN: [&str; 10] = [
    "3200102", "3200136", "3200169", "3200201", "3200300", "3200359", "3200409", "3200508", "3200607",
    "3200706",
];

/// A ledger of so many years: each month a letter to each of ten municipalities.
async fn of_years(years: i16, dir: &TempDir) -> Store {
    let store = store(dir).await;
    for month in 0..years * 12 {
        let window = WindowId::parse(&format!("rma/{}-{:02}", 2026 + month / 12, month % 12 + 1)).unwrap();
        let mut letters = Vec::new();
        for code in TEN {
            let mut notice = warning(code);
            if let NoticeKey::Municipal { window: of, .. } = &mut notice.key {
                *of = window.clone();
            }
            letters.push(change(send(notice, 1)));
        }
        store.record_pass(at(i64::from(month)), letters).await.unwrap();
    }
    while send_all(&store, 200, |_| accepted()).await > 0 {}
    store
}

#[tokio::test]
async fn the_check_of_six_years_holds_no_more_letters_at_once_than_that_of_two() {
    let (two, six) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let two = of_years(2, &two).await.verify().await.unwrap();
    let six = of_years(6, &six).await.verify().await.unwrap();
    assert!(two.is_whole() && six.is_whole(), "{two:?} {six:?}");
    assert_eq!((two.letters, six.letters), (240, 720));
    assert_eq!(two.most_held, six.most_held);
    assert!(two.most_held < 600, "{}", two.most_held);
}

#[tokio::test]
async fn every_statement_of_the_proof_prepares() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let mut conn = store.db.read().await.unwrap();
    let files = [
        super::copy::ALL,
        super::dossier::ALL,
        super::relocate::ALL,
        super::verify::ALL,
        ALL_TABLES,
        ALL_KNOWN,
        ALL_RECOUNT,
        ALL_PART,
        ALL_CASE,
    ];
    crate::database::sql::prepare_all(&mut conn, &files).await;
}
