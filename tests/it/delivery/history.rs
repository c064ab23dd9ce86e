//! What years of history cost a pass, and whoever looks at what is open: nothing. Counted in the steps of the database's
//! own machine and in bytes written, which no other program on the computer changes.

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use sqlx::{Connection as _, SqliteConnection};
use vigia_suas::daemon::reconcile::reconcile_once;
use vigia_suas::world::overview::{AsOf, Overview};

use crate::support::years::{self, Years};

/// What the same things cost.
#[derive(Debug)]
struct Cost {
    /// Steps of a pass with nothing due.
    pass: u64,
    /// What it writes to the ledger's log.
    written: u64,
    /// Steps of what `plano` and `situacao` read.
    overview: u64,
}

async fn cost(years: &Years, at: Timestamp) -> Cost {
    let app = &years.app;
    let work = app.store.count_work().await.unwrap();
    // The first may still keep what the last letters came to.
    for minutes in 1..=3 {
        reconcile_once(app, at + SignedDuration::from_mins(minutes)).await.unwrap();
    }
    // The log begins anew, so that it is as long as what is written from here on.
    let ledger = app.live().setup.database();
    let mut conn = SqliteConnection::connect(ledger.to_str().unwrap()).await.unwrap();
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    let _before = work.take();
    let pass = reconcile_once(app, at + SignedDuration::from_mins(4)).await.unwrap();
    assert_eq!((pass.recorded, pass.withheld, pass.closed), (0, 0, 0), "nothing is due");
    let written = std::fs::metadata(ledger.with_extension("db-wal")).unwrap().len();
    let pass = work.take();
    let overview = Overview::load(app.live(), Some(&app.store), None, AsOf::Now(at)).await.unwrap();
    assert_eq!(overview.windows.len(), 5, "two windows are open, and three closed not long ago");
    Cost { pass, written, overview: work.take() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_with_nothing_due_reads_and_writes_as_much_after_years_as_in_the_second() {
    let dir = tempfile::tempdir().unwrap();
    let (from, until) = (date(2020, 1, 1), date(2026, 12, 31));
    years::configure(dir.path(), 4, from);
    let mut years = Years::begin(dir.path(), from, until).await;
    let mut costs = Vec::new();
    let mut letters = Vec::new();
    for year in [2021, 2023] {
        // The same evening of the year: the windows that are open are the same, and nothing leaves.
        let at = format!("{year}-07-07T23:00:00Z").parse().unwrap();
        years.run(at).await;
        costs.push(cost(&years, at).await);
        letters.push(years.letters);
    }
    assert!(letters[1] > 2 * letters[0], "there is history: {letters:?}");
    let whole = |cost: &Cost| (cost.pass, cost.written);
    assert_eq!(whole(&costs[0]), whole(&costs[1]), "after {letters:?} letters");
    // What closed not long ago has a letter more or less, as its days fall.
    assert!(costs[1].overview * 10 < costs[0].overview * 11, "{costs:?} after {letters:?} letters");
}
