//! What the ministry's hosts have been seen to do, and worse: no letter rests on any of it, and staff read why.
use std::io::Write as _;

use super::*;

/// After a good load three days ago that showed everybody pending, what the host answers on the day of the rung.
async fn on_the_day(answer: impl FnOnce(&Office) -> Answer) -> (Office, usize) {
    let mut office = Office::listed().await;
    office.host.put("/lista.csv", Answer::page(office.list(|_| "nao")));
    office.go_to(november(27)).await;
    office.host.taken();
    let answer = answer(&office);
    office.host.put("/lista.csv", answer);
    let letters = office.go_to(november(30)).await;
    (office, letters)
}

async fn quarantined(answer: impl FnOnce(&Office) -> Answer, reason: &str) {
    let (office, letters) = on_the_day(answer).await;
    let last = office.last().await;
    assert_eq!((last.verdict, letters), (Verdict::Quarantined, 0), "{reason}: {:?}", last.reasons);
    assert!(last.reasons.iter().any(|r| r.contains(reason)), "{reason}: {:?}", last.reasons);
    assert!(office.alerts() > 0, "staff are told");
}

async fn failed(answer: impl FnOnce(&Office) -> Answer, reason: &str) {
    let (office, letters) = on_the_day(answer).await;
    let failure = office.failure().await.unwrap_or_default();
    assert!(failure.contains(reason), "{reason}: {failure}");
    assert_eq!((office.snapshots().await.len(), letters), (1, 0), "{reason}");
}

#[tokio::test]
async fn the_same_page_in_good_order_does_send_letters() {
    let (_, letters) = on_the_day(|office| Answer::page(office.list(|_| "nao"))).await;
    assert_eq!(letters, 12);
}

#[tokio::test]
async fn an_error_page_with_status_200_is_not_believed() {
    let page = "<!DOCTYPE html><html><body>Serviço temporariamente indisponível</body></html>";
    quarantined(|_| Answer::page(page), "HTML").await;
}

#[tokio::test]
async fn an_empty_page_is_not_everybody_pending() {
    quarantined(|_| Answer::page("ibge;situacao\n"), "nenhuma linha").await;
    quarantined(|_| Answer::page(""), "vazio").await;
}

#[tokio::test]
async fn half_the_rows_are_not_believed() {
    quarantined(
        |office| {
            let whole = office.list(|_| "nao");
            Answer::page(whole.lines().take(7).flat_map(|line| [line, "\n"]).collect::<String>())
        },
        "só 6 municípios conhecidos",
    )
    .await;
}

#[tokio::test]
async fn all_rows_twice_are_counted_once_and_reported() {
    let (office, letters) = on_the_day(|office| {
        let whole = office.list(|_| "nao");
        let rows = whole.split_once('\n').unwrap().1.to_owned();
        Answer::page(whole + &rows)
    })
    .await;
    let last = office.last().await;
    assert_eq!((last.verdict, letters, last.rows), (Verdict::Accepted, 12, 24));
    assert_eq!(last.reasons, ["linhas repetidas: 12 (a primeira na linha 14)"]);
}

#[tokio::test]
async fn another_states_rows_are_not_believed() {
    let other = "ibge;situacao\n355030;nao\n310620;nao\n330455;nao\n";
    quarantined(|_| Answer::page(other), "só 0 municípios conhecidos").await;
}

#[tokio::test]
async fn a_renamed_column_is_not_believed() {
    quarantined(
        |office| Answer::page(office.list(|_| "nao").replace("situacao", "status")),
        "falta a coluna “situacao”",
    )
    .await;
}

#[tokio::test]
async fn unknown_words_are_not_believed() {
    quarantined(
        |office| Answer::page(office.list(|_| "talvez")),
        "palavra desconhecida “…” na coluna “situacao” (12×, a primeira na linha 2)",
    )
    .await;
}

#[tokio::test]
async fn a_fall_in_what_was_concluded_is_not_believed() {
    let mut office = Office::listed().await;
    office.host.put("/lista.csv", Answer::page(office.list(|_| "sim")));
    office.go_to(november(27)).await;
    office.host.put("/lista.csv", Answer::page(office.list(|n| if n < 6 { "nao" } else { "sim" })));
    assert_eq!(office.go_to(november(30)).await, 0);
    assert!(office.last().await.reasons[0].contains("6 voltaram de concluído"));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_compressed_page_cut_in_the_middle_is_not_taken() {
    failed(
        |office| {
            let whole = gzip(office.list(|_| "nao").as_bytes());
            Answer::page(&whole[..whole.len() - 12]).with("Content-Encoding: gzip")
        },
        "interrompida ou veio corrompida",
    )
    .await;
}

#[tokio::test]
async fn a_page_that_expands_to_a_gigabyte_is_stopped_at_the_limit() {
    // Members of a megabyte each.
    let bomb = gzip(&vec![0; 1024 * 1024]).repeat(1024);
    assert!(bomb.len() < 2 * 1024 * 1024, "it comes through the first gate");
    failed(|_| Answer::page(bomb).with("Content-Encoding: gzip"), "passa do limite de 2 MB").await;
}

#[tokio::test]
async fn a_server_that_never_stops_or_never_comes_to_the_point_is_given_up() {
    failed(|_| Answer::Endless, "passa do limite de 2 MB").await;
    failed(|_| Answer::Drip, "não respondeu a tempo").await;
}

#[tokio::test]
async fn a_server_in_trouble_is_asked_again_soon_and_a_person_called_when_it_does_not_pass() {
    for status in [403, 429, 500, 503] {
        failed(|_| Answer::status(status), &format!("o servidor respondeu {status}")).await;
    }
    failed(|_| Answer::Reset, "interrompida").await;
    let (mut office, _) = on_the_day(|_| Answer::status(503)).await;
    office.host.taken();
    let alerts = office.alerts();
    for (minutes, asked) in [("05", 0), ("15", 2), ("30", 0), ("45", 2)] {
        office.go_to(at(&format!("2026-11-30T13:{minutes}:00Z"))).await;
        assert_eq!(office.host.taken().len(), asked, "{minutes}");
    }
    assert_eq!(office.alerts(), alerts + 1, "after the third failure in a row");
    office.host.put("/lista.csv", Answer::page(office.list(|_| "nao")));
    assert_eq!(office.go_to(at("2026-11-30T15:00:00Z")).await, 12, "the letters leave once it answers");
    assert_eq!(office.failure().await, None);
}

#[tokio::test]
async fn what_needs_a_person_calls_one_at_once() {
    let (office, _) = on_the_day(|_| Answer::status(404)).await;
    assert!(office.alerts() > 0);
    assert_eq!(office.host.asked().len(), 1, "and is not tried again");
}

#[tokio::test]
async fn nobody_is_led_to_where_clouds_keep_credentials() {
    let led = |to: &str| Answer::status(302).with(&format!("Location: {to}"));
    failed(|_| led("http://169.254.169.254/latest/meta-data/"), "redirecionamento recusado").await;
    failed(|_| led("/lista.csv"), "redireciona sem fim").await;
    failed(
        |office| led(&office.host.url("/lista.csv").replace("127.0.0.1", "localhost")),
        "redirecionamento recusado",
    )
    .await;
}

#[tokio::test]
async fn a_host_of_ours_is_only_asked_when_it_is_named() {
    let keys = format!("{}url = \"HOST/lista.csv\"\n", LIST.replace("hosts = [\"127.0.0.1\"]\n", ""));
    let mut office = Office::open(&keys).await;
    office.host.put("/lista.csv", Answer::page(office.list(|_| "nao")));
    assert_eq!(office.go_to(november(30)).await, 0);
    assert!(office.failure().await.unwrap().contains("está na rede interna"));
    assert!(office.host.asked().is_empty());
}

#[tokio::test]
async fn five_days_without_feed_and_relay_lose_nothing_and_flood_nobody() {
    let mut office = Office::listed().await;
    office.host.put("/lista.csv", Answer::page(office.list(|n| if n < 6 { "sim" } else { "nao" })));
    office.go_to(november(26)).await;
    let before = (office.letters(), office.alerts());
    // All night from Thursday, over the weekend, to Tuesday: nobody answers, while a window opens and another rung falls due.
    office.host.put("/lista.csv", Answer::Reset);
    office.relay.die().await;
    let calendar = office.site.config().join("calendario.toml");
    let opens = "[[janela]]\nsistema = \"teste\"\nreferencia = \"2002\"\nabertura = 2026-11-28\nprazo = 2026-12-28\n\
                 fonte = \"teste\"\n";
    fs::write(&calendar, fs::read_to_string(&calendar).unwrap() + opens).unwrap();
    office.restart(at("2026-11-26T23:00:00Z")).await;
    let mut now = at("2026-11-26T23:00:00Z");
    let end = at("2026-12-01T23:30:00Z");
    // One outbox all the time, as the daemon has: it counts the rounds that failed.
    let mut outbox = Outbox::new(&office.app.live()).unwrap();
    while now < end {
        Arc::get_mut(&mut office.app).unwrap().clock = Clock::Fixed(now);
        office.ingest().await;
        reconcile_once(&office.app, now).await.unwrap();
        outbox.deliver_once(&office.app).await.unwrap();
        now += jiff::SignedDuration::from_mins(30);
    }
    let waiting = office.app.store.waiting(now).await.unwrap();
    let told = office.app.store.staff_alerts(at("2026-11-26T22:00:00Z")).await.unwrap();
    println!(
        "240 passes, {waiting} deliveries wait, {} alerts: {:?}",
        told.len(),
        told.iter().map(|a| a.key.to_string()).collect::<Vec<_>>()
    );
    // One a day of each matter: the relay, the feed, what waits for a person.
    assert!((1..=5 * 4).contains(&told.len()), "{told:#?}");
    let mut subjects: Vec<String> = told.iter().map(|alert| alert.key.to_string()).collect();
    subjects.sort();
    subjects.dedup();
    assert_eq!(subjects.len(), told.len(), "none twice");
    assert!(told.iter().any(|alert| alert.key.to_string().contains("servidor-de-saida")), "{told:#?}");

    outbox.close().await;
    assert_eq!(office.letters(), before.0);
    office.relay.wake().await;
    office.host.put("/lista.csv", Answer::page(office.list(|n| if n < 6 { "sim" } else { "nao" })));
    for _ in 0..6 {
        now += jiff::SignedDuration::from_hours(1);
        office.go_to(now).await;
    }
    assert_eq!(office.letters() - before.0, 12, "the window's opening to each, once");
    assert!(office.alerts() > before.1, "and the alerts, late");
    let recount = office.app.store.recount(0, |_, _, _| false).await.unwrap();
    assert!(recount.report.is_whole(), "{:?}", recount.report.faults());
    let mut ids: Vec<_> = office.relay.taken().into_iter().map(|one| (one.message_id, one.to)).collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all, "nothing came twice");
}

#[tokio::test]
async fn a_reference_that_leaves_its_source_after_the_deadline_takes_back_no_concluido() {
    let keys = LIST.split("sentido").next().unwrap();
    let keys = format!(
        "{keys}sentido = \"presenca\"\nreferencia_coluna = \"ref\"\nreferencia_formato = \"%Y\"\n\
         url = \"HOST/lista.csv\"\n"
    );
    let mut office = Office::open(&keys).await;
    let path = office.site.config().join("calendario.toml");
    let text = fs::read_to_string(&path).unwrap();
    let later = text.replace("[sistema.teste]\n", "[sistema.teste]\nremessa_apos = \"5d\"\n");
    fs::write(&path, later).unwrap();
    office.restart(november(28)).await;
    // Ten of twelve have a row until the deadline, then one; the others of the page are of years before.
    let page = |office: &Office, of: usize| {
        office.codes().iter().enumerate().fold("ibge;ref\n".to_owned(), |mut csv, (n, code)| {
            let _ = writeln!(csv, "{};{}", code.six(), if n < of { "2001" } else { "1999" });
            csv
        })
    };
    for now in [november(29), november(30), at("2026-12-01T13:00:00Z")] {
        office.host.put("/lista.csv", Answer::page(page(&office, 10)));
        office.go_to(now).await;
    }
    for now in ["2026-12-02T13:00:00Z", "2026-12-03T13:00:00Z", "2026-12-04T13:00:00Z"] {
        office.host.put("/lista.csv", Answer::page(page(&office, 1)));
        office.go_to(at(now)).await;
        assert_eq!(office.last().await.verdict, Verdict::Accepted, "{:?}", office.last().await.reasons);
    }
    let told = office.site.ok(&["situacao", "--em", "2026-12-05T13:00:00Z"]);
    assert_eq!((told.matches("concluído").count(), told.matches("pendente").count()), (10, 2), "{told}");
}
