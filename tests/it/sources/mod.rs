//! From a page on another host to statuses, and to letters sent or withheld. In this process, with a clock that only
//! the test moves.

mod arrivals;
mod crawl;
mod faults;
mod ministry;
mod rulings;

use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::date;
use vigia_suas::clock::Clock;
use vigia_suas::daemon::app::App;
use vigia_suas::daemon::ingest::Ingest;
use vigia_suas::daemon::outbox::Outbox;
use vigia_suas::daemon::reconcile::reconcile_once;
use vigia_suas::domain::id::MunicipalityCode;
use vigia_suas::domain::journal::{Entry, Verdict};
use vigia_suas::feed::http::Patience;
use vigia_suas::intake::SnapshotSummary;
use vigia_suas::store::{JournalFilter, Store};

use crate::support::app::{Choice, Site};
use crate::support::host::{Answer, Host};
use crate::support::smtp::Relay;

/// Ten in the morning of a day in November 2026.
fn november(day: i8) -> Timestamp {
    at(&format!("2026-11-{day:02}T13:00:00Z"))
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An office with a feed on another host; its window opened on the 2nd and ends on the 1st of December, with one rung on
/// the 30th of November.
struct Office {
    relay: Relay,
    host: Host,
    site: Site,
    app: Arc<App>,
    ingest: Ingest,
}

/// The keys of a feed that says `sim` or `nao` of each municipality.
const LIST: &str = "sistema = \"teste\"\ntipo = \"csv\"\norigem = \"http\"\nhorario = \"0 6 * * *\"\n\
    hosts = [\"127.0.0.1\"]\npausa = \"0s\"\nprazo_resposta = \"5s\"\nmaximo = \"2MB\"\nmunicipio = \"ibge\"\n\
    parte = \"GESTAO\"\nsentido = \"situacao\"\nsituacao_coluna = \"situacao\"\n\
    situacoes = { \"sim\" = \"concluido\", \"nao\" = \"pendente\" }\nminimo = 10\n";

impl Office {
    /// Twelve municipalities, told of the opening on the 23rd; the feed's other keys, with `HOST` for the host's address.
    async fn open(keys: &str) -> Self {
        let relay = Relay::start().await;
        let host = Host::start().await;
        let choice = Choice {
            municipalities: 12,
            opened: date(2026, 11, 2),
            deadline: date(2026, 12, 1),
            ..Choice::new(relay.port)
        };
        let site = Site::new(&choice);
        let fontes = format!("[fonte.lista]\n{}\n", keys.replace("HOST", &host.url("")));
        fs::write(site.config().join("fontes.toml"), fontes).unwrap();
        let app = opened(&site, november(23)).await;
        let mut office = Self { relay, host, site, app, ingest: Ingest::default() };
        assert_eq!(office.deliver().await, 12, "the divulgação");
        office
    }

    async fn listed() -> Self {
        Self::open(&format!("{LIST}url = \"HOST/lista.csv\"\n")).await
    }

    /// The daemon ends, and begins again at another moment.
    async fn restart(&mut self, now: Timestamp) {
        self.ingest = Ingest::default();
        self.app.store.close().await;
        self.app = opened(&self.site, now).await;
    }

    /// One round of ingestion, runs included.
    async fn ingest(&mut self) {
        self.ingest.ingest_once(&self.app).await.unwrap();
        self.ingest.finish().await.unwrap();
    }

    /// Moves the clock, ingests, decides and delivers; how many letters left for municipalities.
    async fn go_to(&mut self, now: Timestamp) -> usize {
        Arc::get_mut(&mut self.app).unwrap().clock = Clock::Fixed(now);
        self.ingest().await;
        self.deliver().await
    }

    /// Decides and delivers; how many letters left for municipalities.
    async fn deliver(&mut self) -> usize {
        let before = self.letters();
        let mut outbox = Outbox::new(&self.app.live()).unwrap();
        reconcile_once(&self.app, self.app.now()).await.unwrap();
        outbox.deliver_once(&self.app).await.unwrap();
        outbox.close().await;
        self.letters() - before
    }

    fn letters(&self) -> usize {
        self.relay.taken().iter().filter(|letter| letter.to.starts_with("smas.")).count()
    }

    /// Texts of the alerts that staff got.
    /// But for the self-audit's, which comes once a day whatever happens.
    fn alerts(&self) -> usize {
        let audits = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains("autoconfer");
        let taken = self.relay.taken();
        taken.iter().filter(|one| one.to.starts_with("alertas@") && !audits(&one.bytes)).count()
    }

    fn codes(&self) -> &[MunicipalityCode] {
        &self.site.municipalities
    }

    /// The list, with a word for each municipality by its place.
    fn list(&self, word: impl Fn(usize) -> &'static str) -> String {
        self.codes().iter().enumerate().fold("ibge;situacao\n".to_owned(), |mut csv, (n, code)| {
            let _ = writeln!(csv, "{};{}", code.six(), word(n));
            csv
        })
    }

    async fn last(&self) -> SnapshotSummary {
        self.snapshots().await.into_iter().next().unwrap()
    }

    async fn snapshots(&self) -> Vec<SnapshotSummary> {
        let feed = &self.app.live().setup.config.feeds[0].id.clone();
        self.app.store.snapshots(Some(feed), 10).await.unwrap()
    }

    /// Why the last run brought nothing.
    async fn failure(&self) -> Option<String> {
        let feed = self.app.live().setup.config.feeds[0].id.clone();
        self.app.store.feed_run(&feed).await.unwrap().and_then(|run| run.failure)
    }
}

async fn opened(site: &Site, now: Timestamp) -> Arc<App> {
    let store = Store::open(&site.database(), now).await.unwrap();
    let hasty = Patience { tries: 2, first: Duration::from_millis(1), longest: Duration::from_secs(1) };
    App::patient(site.setup(), store, Clock::Fixed(now), hasty)
}

#[tokio::test]
async fn a_page_becomes_statuses_and_letters_to_those_it_shows_pending() {
    let mut office = Office::listed().await;
    office.host.put("/lista.csv", Answer::page(office.list(|n| if n < 9 { "sim" } else { "nao" })));
    assert_eq!(office.go_to(november(30)).await, 3, "a prazo letter to each pending one");
    let last = office.last().await;
    assert_eq!((last.verdict, last.rows, last.rejected), (Verdict::Accepted, 12, 0));
    assert_eq!(last.source, office.host.url("/lista.csv"));
    assert!(office.app.store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn a_page_that_did_not_change_keeps_what_it_said_fresh_and_is_asked_by_schedule() {
    let mut office = Office::listed().await;
    let page = Answer::page(office.list(|_| "nao")).with("ETag: \"1\"");
    office
        .host
        .put("/lista.csv", Answer::First(1, Box::new(page), Box::new(Answer::Reply(304, vec![], vec![]))));
    office.go_to(november(28)).await;
    office.go_to(at("2026-11-28T14:00:00Z")).await;
    assert_eq!(office.host.taken().len(), 1, "not before its time");
    office.host.put("/lista.csv", Answer::Reply(304, vec![], vec![]));
    office.go_to(november(29)).await;
    assert_eq!(
        office.go_to(november(30)).await,
        12,
        "pending as of yesterday's 304; today it is asked for whole"
    );
    assert_eq!(office.snapshots().await.len(), 1);
    // What let those leave is in the entry of each, and known of that instant.
    let entries = office.app.store.journal(&JournalFilter::default()).await.unwrap();
    let mut told = 0;
    for entry in &entries {
        let Ok(Entry::Decision(decision)) = &entry.told else { continue };
        for row in decision.evidence.iter().filter(|row| row.is_quoted) {
            told += 1;
            assert_eq!(row.confirmed_at.as_deref(), Some(&november(29)));
            assert!(row.fresh_until.as_deref().is_some_and(|until| november(30) <= *until), "{row:?}");
        }
    }
    assert_eq!(told, 12);
    let then = office.site.ok(&["situacao", "--janela", "teste/2001", "--em", "2026-11-30T10:00:00-03:00"]);
    assert!(!then.contains("não confirmado"), "{then}");
    assert!(office.app.store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn a_restart_asks_again_only_when_the_schedule_says() {
    let mut office = Office::listed().await;
    office.host.put("/lista.csv", Answer::page(office.list(|_| "sim")));
    office.go_to(november(27)).await;
    assert_eq!(office.host.taken().len(), 1);
    office.restart(at("2026-11-27T13:05:00Z")).await;
    office.ingest().await;
    assert!(office.host.taken().is_empty());
    office.restart(november(29)).await;
    office.ingest().await;
    assert_eq!(office.host.taken().len(), 1, "what was missed is made up for once");
}

#[tokio::test]
async fn two_feeds_that_disagree_accuse_nobody_and_both_are_shown() {
    let mut office = Office::listed().await;
    office.host.put("/lista.csv", Answer::page(office.list(|n| if n < 11 { "sim" } else { "nao" })));
    let second = format!("\n[fonte.outra]\n{LIST}url = \"{}\"\n", office.host.url("/outra.csv"));
    let path = office.site.config().join("fontes.toml");
    fs::write(&path, fs::read_to_string(&path).unwrap() + &second).unwrap();
    office.host.put("/outra.csv", Answer::page(office.list(|_| "sim")));
    office.restart(november(30)).await;
    assert_eq!(office.go_to(november(30)).await, 0);
    let code = office.codes()[11].to_string();
    let told = office.site.ok(&["porque", &code, "teste/2001", "--em", "2026-11-30T10:00:00-03:00"]);
    for words in ["as fontes se contradizem", "a fonte lista diz: pendente", "a fonte outra diz: concluído"]
    {
        assert!(told.contains(words), "{told}");
    }
    let told = office.site.ok(&["situacao", "--municipio", &code, "--em", "2026-11-30T10:00:00-03:00"]);
    assert!(told.contains("a fonte outra diz: concluído"), "{told}");
}
