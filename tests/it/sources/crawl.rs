//! Runs page by page: whole at the end, polite, and taken up where they were.

use super::*;

fn crawl() -> String {
    format!("{LIST}falhas_toleradas = 2\nurl = \"HOST/m?i={{ibge6}}\"\n")
}

impl Office {
    fn page_of(&self, n: usize) -> String {
        format!("/m?i={}", self.codes()[n].six())
    }

    /// Each municipality's page, with its word.
    fn put_pages(&self, word: impl Fn(usize) -> &'static str) {
        for (n, code) in self.codes().iter().enumerate() {
            let page = format!("ibge;situacao\n{};{}\n", code.six(), word(n));
            self.host.put(&self.page_of(n), Answer::page(page));
        }
    }
}

#[tokio::test]
async fn pages_of_all_municipalities_become_one_snapshot() {
    let mut office = Office::open(&crawl()).await;
    office.put_pages(|n| if n < 10 { "sim" } else { "nao" });
    assert_eq!(office.go_to(november(30)).await, 2);
    let [only] = &office.snapshots().await[..] else { panic!() };
    assert_eq!((only.verdict, only.rows), (Verdict::Accepted, 12));
    assert!(only.source.ends_with("(varredura de 12 páginas)"), "{}", only.source);
    assert_eq!(office.host.asked().len(), 12);
    assert!(office.app.store.crawl_progress().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_few_pages_that_cannot_be_had_are_unconfirmed_and_nobody_there_is_accused() {
    let mut office = Office::open(&crawl()).await;
    office.put_pages(|_| "nao");
    office.host.put(&office.page_of(0), Answer::status(404));
    office.host.put(&office.page_of(1), Answer::page("<html>Sistema em manutenção</html>"));
    assert_eq!(office.go_to(november(30)).await, 10);
    let last = office.last().await;
    assert_eq!(last.verdict, Verdict::Accepted);
    assert!(last.reasons.iter().any(|r| r.contains("não confirmadas: 2 de 12")), "{:?}", last.reasons);
    let asked = office.host.asked();
    let times = |page: &str| asked.iter().filter(|asked| *asked == page).count();
    assert_eq!(
        (times(&office.page_of(0)), times(&office.page_of(1))),
        (1, 2),
        "what may pass is asked for again"
    );
}

#[tokio::test]
async fn more_pages_lost_than_tolerated_and_nothing_of_it_is_believed() {
    let mut office = Office::open(&crawl()).await;
    office.put_pages(|_| "nao");
    for n in [0, 4, 8] {
        office.host.put(&office.page_of(n), Answer::status(404));
    }
    assert_eq!(office.go_to(november(30)).await, 0);
    let last = office.last().await;
    assert_eq!(last.verdict, Verdict::Quarantined);
    assert!(
        last.reasons[0].starts_with("3 de 12 páginas não puderam ser lidas, e o máximo é 2"),
        "{:?}",
        last.reasons
    );
}

#[tokio::test]
async fn a_crawl_goes_on_after_a_restart_where_it_was() {
    let mut office = Office::open(&crawl()).await;
    office.put_pages(|_| "nao");
    for n in 4..12 {
        office.host.put(&office.page_of(n), Answer::status(503));
    }
    assert_eq!(office.go_to(november(29)).await, 0);
    assert!(office.failure().await.unwrap().contains("8 páginas seguidas falharam"));
    assert!(office.snapshots().await.is_empty(), "half a run is no snapshot");
    let told = office.site.ok(&["fontes", "--em", "2026-11-29T11:00:00-03:00"]);
    assert!(told.contains("varredura: 12 de 12 páginas, 8 com falha"), "{told}");
    office.put_pages(|_| "nao");
    office.host.taken();
    office.restart(at("2026-11-30T11:00:00Z")).await;
    assert_eq!(office.go_to(at("2026-11-30T11:00:00Z")).await, 12);
    assert_eq!(office.host.taken().len(), 8, "what was had is not asked for again");
    assert_eq!(office.last().await.taken_at, november(29), "the load is no younger than its first page");
}

#[tokio::test]
async fn a_crawl_of_yesterday_or_of_other_pages_is_begun_anew() {
    let mut office = Office::open(&crawl()).await;
    office.put_pages(|_| "nao");
    for n in 4..12 {
        office.host.put(&office.page_of(n), Answer::status(503));
    }
    office.go_to(november(28)).await;
    office.put_pages(|_| "nao");
    office.host.taken();
    office.go_to(november(30)).await;
    assert_eq!(office.host.taken().len(), 12);
}

#[tokio::test]
async fn one_page_for_each_open_reference_is_one_snapshot_judged_by_the_last() {
    let keys = format!(
        "{LIST}referencia_coluna = \"ref\"\nreferencia_formato = \"%Y\"\nurl = \"HOST/r?ref={{referencia:%Y}}\"\n"
    );
    let mut office = Office::open(&keys).await;
    let path = office.site.config().join("calendario.toml");
    let second = "[[janela]]\nsistema = \"teste\"\nreferencia = \"2002\"\nabertura = 2026-11-02\nprazo = 2026-12-20\n\
                  fonte = \"teste\"\n";
    fs::write(&path, fs::read_to_string(&path).unwrap() + second).unwrap();
    office.restart(november(26)).await;
    let put = |office: &Office, reference: &str, word: &'static str| {
        let page = office.codes().iter().fold("ibge;situacao;ref\n".to_owned(), |mut csv, code| {
            let _ = writeln!(csv, "{};{word};{reference}", code.six());
            csv
        });
        office.host.put(&format!("/r?ref={reference}"), Answer::page(page));
    };
    put(&office, "2001", "sim");
    put(&office, "2002", "nao");
    office.go_to(november(27)).await;
    let [only] = &office.snapshots().await[..] else { panic!() };
    assert_eq!((only.verdict, only.rows, only.total.done), (Verdict::Accepted, 24, 12));
    assert!(only.source.ends_with("(e mais 1)"));
    // The reference that is asked for first falls; the other, which came last, does not hide it.
    put(&office, "2001", "nao");
    put(&office, "2002", "sim");
    office.go_to(november(28)).await;
    let last = office.last().await;
    assert_eq!(last.verdict, Verdict::Quarantined);
    assert!(last.reasons[0].contains("teste/2001: 12 voltaram de concluído"), "{:?}", last.reasons);
    // One reference that cannot be had, and nothing is taken.
    office.host.put("/r?ref=2002", Answer::status(503));
    office.go_to(november(29)).await;
    assert_eq!(office.snapshots().await.len(), 2);
}

/// What a window adds to the calendar: its reference is that of a year, and it opens on the 30th.
const OPENS_LATER: &str = "[[janela]]\nsistema = \"teste\"\nreferencia = \"2002\"\nabertura = 2026-11-30\n\
                           prazo = 2026-12-20\nfonte = \"teste\"\n";

/// Half of the pages are had on the day before a window opens, the others on that day.
async fn over_an_opening(keys: &str, page: impl Fn(&Office, usize) -> String) -> Office {
    let mut office = Office::open(keys).await;
    let path = office.site.config().join("calendario.toml");
    fs::write(&path, fs::read_to_string(&path).unwrap() + OPENS_LATER).unwrap();
    office.restart(november(29)).await;
    let put = |office: &Office, from: usize| {
        for n in from..12 {
            office.host.put(&office.page_of(n), Answer::page(page(office, n)));
        }
    };
    put(&office, 0);
    for n in 4..12 {
        office.host.put(&office.page_of(n), Answer::status(503));
    }
    office.go_to(november(29)).await;
    put(&office, 4);
    office.host.taken();
    office.restart(at("2026-11-30T11:00:00Z")).await;
    office.ingest().await;
    office
}

#[tokio::test]
async fn a_crawl_of_what_is_open_is_begun_anew_where_a_window_opened_meanwhile() {
    let office =
        over_an_opening(&crawl(), |office, n| format!("ibge;situacao\n{};nao\n", office.codes()[n].six()))
            .await;
    assert_eq!(office.host.taken().len(), 12, "the pages of the day before speak of another window");
    assert_eq!(office.last().await.taken_at, at("2026-11-30T11:00:00Z"));
}

#[tokio::test]
async fn a_crawl_says_nothing_of_a_window_that_opened_after_its_first_page_was_had() {
    let keys = format!("{}referencia_coluna = \"ref\"\nreferencia_formato = \"%Y\"\n", crawl());
    let page =
        |office: &Office, n: usize| format!("ibge;situacao;ref\n{};sim;2002\n", office.codes()[n].six());
    let office = over_an_opening(&keys, page).await;
    assert_eq!(office.host.taken().len(), 8, "it goes on");
    let last = office.last().await;
    assert_eq!((last.taken_at, last.total.done), (november(29), 0), "{:?}", last.reasons);
}

#[tokio::test]
async fn a_run_is_read_by_the_configuration_that_is_in_force_when_it_ends() {
    for keys in [crawl(), format!("{LIST}url = \"HOST/lista.csv\"\n")] {
        let mut office = Office::open(&keys).await;
        office.put_pages(|_| "nao");
        office.host.put("/lista.csv", Answer::page(office.list(|_| "nao")));
        let path = office.site.config().join("fontes.toml");
        let written = fs::read_to_string(&path).unwrap();
        // The word was wrong, and is corrected while the run goes on.
        office.ingest.ingest_once(&office.app).await.unwrap();
        fs::write(&path, written.replace("\"nao\" = \"pendente\"", "\"nao\" = \"concluido\"")).unwrap();
        office.app.adopt(office.site.setup());
        office.ingest.finish().await.unwrap();
        assert!(office.snapshots().await.is_empty(), "nothing is judged by the old words");
        office.ingest().await;
        let last = office.last().await;
        assert_eq!((last.verdict, last.total.done), (Verdict::Accepted, 12));
        // It is switched off while the next run goes on.
        Arc::get_mut(&mut office.app).unwrap().clock = Clock::Fixed(november(29));
        office.ingest.ingest_once(&office.app).await.unwrap();
        fs::write(&path, format!("{written}ativa = false\n")).unwrap();
        office.app.adopt(office.site.setup());
        office.ingest.finish().await.unwrap();
        office.ingest().await;
        assert_eq!(office.snapshots().await.len(), 1, "what it said then would count");
    }
}

#[tokio::test]
async fn a_feed_that_failed_for_good_is_asked_by_the_hours_as_they_are_now_written() {
    let mut office =
        Office::open(&format!("{LIST}url = \"HOST/velha.csv\"\n").replace("0 6 * * *", "0 6 1 * *")).await;
    office.host.put("/velha.csv", Answer::status(404));
    office.ingest().await;
    assert!(office.failure().await.is_some());
    let path = office.site.config().join("fontes.toml");
    let corrected =
        fs::read_to_string(&path).unwrap().replace("velha", "nova").replace("0 6 1 * *", "0 6 * * *");
    fs::write(&path, corrected).unwrap();
    office.host.put("/nova.csv", Answer::page(office.list(|_| "sim")));
    office.restart(november(24)).await;
    office.ingest().await;
    assert_eq!(office.last().await.verdict, Verdict::Accepted, "and not in a month");
}
