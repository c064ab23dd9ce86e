//! A service with little to do says little: counted in the log of the real program, whose clock is led through a morning.

use std::time::{Duration, Instant};

use jiff::civil::time;
use jiff::tz::TimeZone;
use vigia_suas::clock::Clock;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::clock::Walk;
use crate::support::app::{Choice, Site};
use crate::support::smtp::Relay;

/// So many lines may there be in a day on which nothing happens.
const A_DAY: usize = 50;
/// Minutes of the led clock in a second: a drop folder in which something happens, and with it the clock, is looked at each
/// four seconds, and ten minutes are taken for a leap.
const PACE: i64 = 1;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a C compiler, and six minutes"]
async fn an_idle_day_is_under_fifty_lines_with_its_morning_and_a_round_of_letters_is_one() {
    let walk = Walk::new();
    let zone = TimeZone::get("America/Sao_Paulo").unwrap();
    let now = Clock::System.now();
    // A quarter past seven of a day on which letters leave.
    let mut morning = now.to_zoned(zone).with().time(time(7, 15, 0, 0)).build().unwrap();
    while morning.weekday().to_monday_one_offset() > 4 || morning.timestamp() < now {
        morning = morning.tomorrow().unwrap();
    }
    let begun = morning.timestamp().duration_since(now).as_secs();
    walk.stand(begun, true);
    let relay = Relay::start().await;
    let choice = Choice { municipalities: 12, ..Choice::new(relay.port) };
    let site = Site::new(&choice);
    // With a drop folder in which something comes and goes the clock is looked at as often as that.
    let feeds = site.config().join("fontes.toml");
    std::fs::write(&feeds, std::fs::read_to_string(&feeds).unwrap().replace("\"manual\"", "\"pasta\""))
        .unwrap();
    let daemon = site.daemon_under(&walk.environment());
    let counted = || daemon.log().lines().count();
    let mut counts = vec![counted()];
    let clock = Instant::now();
    let mut minutes = 0;
    while minutes < 300 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let passing = site.data().join("entrada/lista/.passa");
        std::fs::write(&passing, "").and_then(|()| std::fs::remove_file(&passing)).unwrap();
        minutes = i64::try_from(clock.elapsed().as_secs()).unwrap() * PACE;
        walk.stand(begun + minutes * 60, true);
        if minutes / 60 >= i64::try_from(counts.len()).unwrap() {
            counts.push(counted());
        }
    }
    // The letters of the day left at eight.
    relay.distinct(12).await;
    let said: Vec<usize> = counts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // The first two hours have what comes once a day: letters, the audit, the page, each window's line.
    let a_day = said[..2].iter().sum::<usize>() + 22 * said[2..].iter().max().unwrap();
    assert!(a_day < A_DAY, "{said:?} lines an hour make {a_day} a day:\n{}", daemon.log());
    let rounds = daemon.log().lines().filter(|line| line.contains("rodada de entregas encerrada")).count();
    assert!(rounds <= 3, "{rounds} rounds for one batch of letters:\n{}", daemon.log());
    assert!(!daemon.log().contains("o relógio saltou"), "the clock was led too fast");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs three minutes"]
async fn the_program_tells_another_machine_of_its_start_that_all_is_well_and_what_is_amiss() {
    let relay = Relay::start().await;
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let site = Site::new(&Choice::new(relay.port));
    let file = site.config().join("vigia.toml");
    let sign = format!("\n[sinal]\nurl = \"{}/ping/abc\"\ncada = \"1min\"\n", server.uri());
    std::fs::write(&file, std::fs::read_to_string(&file).unwrap() + &sign).unwrap();
    let daemon = site.daemon();
    let told = async |end: &str| {
        let begun = Instant::now();
        loop {
            let requests = server.received_requests().await.unwrap();
            let path = format!("/ping/abc{end}");
            if let Some(found) = requests.iter().find(|request| request.url.path() == path) {
                return String::from_utf8_lossy(&found.body).into_owned();
            }
            assert!(begun.elapsed() < Duration::from_secs(150), "no {end}: {requests:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    told("/start").await;
    relay.distinct(3).await;
    told("").await;
    // From now on the relay takes nothing, and there is something to send.
    relay.greet(Some("421 4.3.0 later"));
    site.write_calendar(&Choice { windows: 2, ..Choice::new(relay.port) });
    daemon.signal("HUP");
    let amiss = told("/fail").await;
    assert!(amiss.contains("servidor de saída"), "{amiss}");
    assert!(!amiss.contains('@'), "no address leaves with it: {amiss}");
    assert_eq!(daemon.terminate().code(), Some(0));
}
