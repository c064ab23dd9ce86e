//! Each change of the schema since the first release is tried on a ledger that is filled: nothing in it may be lost.
//!
//! Whoever adds a step first runs `KEEP_FILLED=src/store/tests cargo test --lib migration`, which keeps a filled ledger
//! of the schema as it still is (`filled_0008.sql`), and then names that file in [`FILLED`]. Without it nothing compiles.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use tempfile::TempDir;

use crate::database::sqlite::migrate;
use crate::database::steps::{STEPS, Step};
use crate::domain::id::{FeedId, SystemId, UnitId};
use crate::domain::news::{Finding, FindingId, Guess, Topic};
use crate::domain::overrides::Authorship;
use crate::domain::register::{Listed, ProposalKind, Refused, Register, UnitStanding};
use crate::intake::{CrawlPage, FeedRun, KeptRegister};
use crate::plan::frontier::Frontier;
use crate::proof::tests::{schema, told};
use crate::store::testing::*;
use crate::store::{LoopProgress, Store};

/// The schema of the first release.
const FIRST_RELEASE: usize = 8;

/// A filled ledger of each released schema that there is a step from, as SQL.
const FILLED: [&str; STEPS.len() - FIRST_RELEASE] = [];

/// The rows of each table, each as SQL writes it.
type Rows = BTreeMap<String, BTreeSet<String>>;

fn by() -> Authorship {
    Authorship { author: "ana".to_owned(), reason: "conferido".to_owned(), at: at(9) }
}

/// A ledger that the program itself filled.
async fn filled() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let store = told(file_store(&dir).await).await;
    let feed = FeedId::parse("lista").unwrap();
    let run = FeedRun { tried_at: at(1), next_at: Some(at(9)), failures: 2, failure: Some("403".to_owned()) };
    store.note_run(&feed, run).await.unwrap();
    store.note_visit(&feed, at(1)).await.unwrap();
    store.begin_crawl(&feed, "plano", 2, at(1)).await.unwrap();
    let page = CrawlPage {
        fetched_at: at(1),
        place: 7,
        length: 70,
        sha256: crate::text::digest::sha256(b"pagina"),
        failure: Some("503".to_owned()),
    };
    store.keep_page(&feed, VITORIA, page).await.unwrap();
    let moved = LoopProgress { name: "envio".to_owned(), moved_at: at(1), hangs_at: at(2), noted_at: at(3) };
    store.note_progress(vec![moved], at(3)).await.unwrap();
    store.note_frontier(&Frontier::default(), "0.1.0 x", 1).await.unwrap();
    register(&store).await;
    news(&store).await;
    store.close().await;
    let path = dir.path().join("vigia.db");
    (dir, path)
}

async fn register(store: &Store) {
    let unit = UnitId::parse("32053090001").unwrap();
    let listed = Listed {
        id: unit.clone(),
        municipality: municipality(VITORIA),
        part: part("CRAS"),
        name: "CRAS Centro".to_owned(),
        addresses: vec![address("cras@vitoria.invalid")],
        telephone: "27 3333-4444".to_owned(),
        standing: UnitStanding::Open,
    };
    let kept = KeptRegister {
        register: Register {
            feed: FeedId::parse("cadsuas").unwrap(),
            read_on: jiff::civil::date(2026, 11, 5),
            covered: [part("CRAS")].into(),
            units: [(unit.clone(), listed)].into(),
            unclear: [UnitId::parse("32053090002").unwrap()].into(),
        },
        taken_at: at(2),
        source: "cadsuas.csv".to_owned(),
        sha256: crate::text::digest::sha256(b"cadsuas"),
    };
    store.accept_register(kept, 2, Vec::new(), Vec::new(), None).await.unwrap();
    let refused = Refused { unit, kind: ProposalKind::New, fact: "CRAS Centro".to_owned() };
    store.refuse_proposals(vec![refused], Vec::new(), by()).await.unwrap();
    store.note_proposals_told(vec!["nova 32053090001".to_owned()], at(3)).await.unwrap();
}

async fn news(store: &Store) {
    let feed = FeedId::parse("mds").unwrap();
    let id = FindingId::new("0123456789ab");
    let finding = Finding {
        id: id.clone(),
        feed: feed.clone(),
        system: SystemId::parse("rma").unwrap(),
        topic: Topic::Extension,
        title: "RMA prorrogado".to_owned(),
        link: "https://mds.invalid/rma".to_owned(),
        quote: "O prazo foi prorrogado para 15/12/2026.".to_owned(),
        published_on: Some(jiff::civil::date(2026, 11, 20)),
        guess: Guess {
            opens_on: Some(jiff::civil::date(2026, 11, 1)),
            deadline_on: Some(jiff::civil::date(2026, 12, 15)),
            references: Vec::new(),
            written: vec!["15/12/2026".to_owned()],
            ..Guess::default()
        },
    };
    store.record_findings(feed, vec![(finding, false)], at(4)).await.unwrap();
    store.note_findings_told(vec![id.clone()], at(5)).await.unwrap();
    assert!(store.see_finding(id, by()).await.unwrap());
}

async fn connect(path: &Path) -> SqliteConnection {
    let mut conn = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    sqlx::raw_sql("PRAGMA foreign_keys = OFF").execute(&mut conn).await.unwrap();
    conn
}

/// Every table with its columns.
async fn tables(path: &Path) -> Vec<(String, String)> {
    let mut tables = Vec::new();
    for (table, columns) in schema(path).await {
        let columns: Vec<String> = columns.into_iter().map(|(name, _)| format!("\"{name}\"")).collect();
        tables.push((table, columns.join(", ")));
    }
    tables
}

/// Those columns of those tables. What is no longer there holds nothing.
async fn rows(path: &Path, tables: &[(String, String)]) -> Rows {
    let mut conn = connect(path).await;
    let mut all = Rows::new();
    for (table, columns) in tables {
        let quoted = columns.replace(", ", ") || ', ' || quote(");
        let list = format!("SELECT quote({quoted}) FROM \"{table}\"");
        let found: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(list)).fetch_all(&mut conn).await.unwrap_or_default();
        all.insert(table.clone(), found.into_iter().collect());
    }
    all
}

/// A ledger's rows as SQL that puts them into an empty one.
async fn dump(path: &Path) -> String {
    let tables = tables(path).await;
    let rows = rows(path, &tables).await;
    let mut sql = String::from("DELETE FROM meta;\nDELETE FROM place;\n");
    for (table, columns) in &tables {
        for row in &rows[table] {
            let _ = writeln!(sql, "INSERT INTO \"{table}\" ({columns}) VALUES ({row});");
        }
    }
    sql
}

async fn take(path: &Path, steps: &[Step]) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    migrate(&pool, steps).await.unwrap();
    pool.close().await;
}

/// What was there before and is not after, by table.
fn lost(before: &Rows, after: &Rows) -> Vec<String> {
    let of = |(table, rows): (&String, &BTreeSet<String>)| {
        rows.difference(&after[table]).map(|row| format!("{table}: {row}")).collect::<Vec<_>>()
    };
    before.iter().flat_map(of).collect()
}

#[tokio::test]
async fn each_step_since_the_first_release_loses_nothing_of_a_filled_ledger() {
    let (_dir, newest) = filled().await;
    let today = dump(&newest).await;
    if let Some(dir) = std::env::var_os("KEEP_FILLED") {
        std::fs::write(Path::new(&dir).join(format!("filled_{:04}.sql", STEPS.len())), &today).unwrap();
    }
    let kept = FILLED.iter().copied().chain([today.as_str()]);
    for (version, sql) in (FIRST_RELEASE..).zip(kept) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vigia.db");
        take(&path, &STEPS[..version]).await;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connect(&path).await).await.unwrap();
        let tables = tables(&path).await;
        let before = rows(&path, &tables).await;
        let empty: Vec<_> = before.iter().filter(|(_, rows)| rows.is_empty()).collect();
        assert!(empty.is_empty(), "schema {version} is tried with nothing in {empty:?}");
        let store = Store::open(&path, at(0)).await.unwrap();
        let report = store.verify().await.unwrap();
        assert!(report.is_whole(), "schema {version}: {:#?}", report.faults());
        store.close().await;
        let lost = lost(&before, &rows(&path, &tables).await);
        assert!(lost.is_empty(), "from schema {version}: {lost:#?}");
    }
}

#[tokio::test]
async fn a_step_that_loses_something_is_found() {
    let (_dir, newest) = filled().await;
    for (sql, named) in [
        ("ALTER TABLE notices ADD COLUMN note TEXT", None),
        ("DELETE FROM attempts WHERE n = 1", Some("attempts")),
        ("UPDATE meta SET born_at = NULL", Some("meta")),
        ("ALTER TABLE overrides DROP COLUMN telephone", Some("overrides")),
        ("DROP TABLE crawl_pages", Some("crawl_pages")),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vigia.db");
        std::fs::copy(&newest, &path).unwrap();
        let tables = tables(&path).await;
        let before = rows(&path, &tables).await;
        take(&path, &[&STEPS[..], &[(99, "planted", sql)]].concat()).await;
        let lost = lost(&before, &rows(&path, &tables).await);
        let found: BTreeSet<&str> = lost.iter().filter_map(|row| row.split(':').next()).collect();
        assert_eq!(found, named.into_iter().collect(), "{sql}: {lost:#?}");
    }
}
