//! When nobody was looking: begun in the middle, down over two rungs, asleep for a whole window, the clock set back.

use jiff::civil::date;
use vigia_suas::domain::notice::{Content, Kind, Untold};
use vigia_suas::plan::Act;

use super::stage::{Play, Script, Stage, ordinary};

const WINDOW: &str = "rma/2025-04";
const CALENDAR: &str = "[[janela]]\nsistema = \"rma\"\nreferencia = \"2025-04\"\nabertura = 2025-05-01\n\
    prazo = 2025-05-31\nfonte = \"Prática do RMA\"\n";

fn play<'a>(stage: &'a Stage, from: &str) -> Play<'a> {
    let opened = date(2025, 5, 1);
    let changes = stage.each_morning(WINDOW, opened, date(2025, 6, 6), |o, day| ordinary(o, opened, day));
    Play::new(stage, from, "2025-06-06 00:00", changes)
}

#[test]
fn a_service_begun_in_an_open_window_announces_nothing_and_sends_what_falls_due_from_then_on() {
    let mut stage = Script::new(CALENDAR).compile();
    stage.calendar.starts_on = Some(date(2025, 5, 23));
    let mut play = play(&stage, "2025-05-12 00:00");
    play.until("2025-06-06 00:00");
    insta::assert_snapshot!(play.diary());
    play.keeps_every_law();
    assert_eq!(play.sent(Kind::Announcement).count(), 0, "they count as told outside");
    assert!(play.sent(Kind::Warning).all(|(at, ..)| at.as_str() >= "2025-05-26 08:00"));
    assert!(play.sent(Kind::Warning).any(|(.., d)| d.rung() == Some(5)));
    assert!(play.decisions().all(|(_, d)| d.rung() != Some(10)), "that rung was due before inicio");
    let (.., referral) = play.sent(Kind::Referral).next().unwrap();
    let Some(Content::Referral { never_told, .. }) = referral.content() else { panic!() };
    assert!(never_told.is_empty());
}

#[test]
fn an_outage_over_two_rungs_supersedes_the_first_and_the_second_waits_for_liberar() {
    let stage = Script::new(CALENDAR).compile();
    let mut play = play(&stage, "2025-04-28 00:00");
    play.until("2025-05-20 19:00").down_until("2025-05-27 09:30").until("2025-05-28 10:00");
    let first = play.sent(Kind::Warning).count() + play.sent(Kind::Reminder).count();
    assert_eq!(first, 0);
    play.release("retomada/2025-05-27T12:30:00Z").until("2025-06-06 00:00");
    insta::assert_snapshot!(play.diary());
    play.keeps_every_law();
    let superseded: Vec<_> = play
        .acts(Act::Supersede, Kind::Warning)
        .map(|(at, _, d)| (at, d.rung(), d.because().cause()))
        .collect();
    assert!(!superseded.is_empty());
    for (at, rung, cause) in superseded {
        assert_eq!((at.as_str(), rung, cause.as_str()), ("2025-05-27 09:30", Some(10), "parada"));
    }
    let sent: Vec<_> = play.sent(Kind::Warning).map(|(at, _, d)| (at, d.rung())).collect();
    assert!(sent.iter().any(|(at, rung)| at == "2025-05-28 10:00" && *rung == Some(5)));
    assert!(sent.iter().all(|(_, rung)| *rung != Some(10)));
}

#[test]
fn a_window_that_opened_and_closed_unseen_is_only_referred_as_not_told() {
    let stage = Script::new(CALENDAR).compile();
    let mut play = play(&stage, "2025-04-28 00:00");
    play.until("2025-04-30 12:00").down_until("2025-06-01 12:00").until("2025-06-06 00:00");
    insta::assert_snapshot!(play.diary());
    assert_eq!(
        play.decisions().filter(|(_, d)| d.key().municipality().is_some() && d.act() == Act::Send).count(),
        0
    );
    for (at, _, referral) in play.sent(Kind::Referral) {
        assert_eq!(at, "2025-06-02 08:00");
        let Some(Content::Referral { never_told, .. }) = referral.content() else { panic!() };
        assert_eq!(never_told.len(), 78);
        assert!(never_told.iter().all(|(_, why)| *why == Untold::Unseen));
    }
    assert_eq!(play.sent(Kind::Referral).count(), 3);
}

#[test]
fn a_clock_set_back_sends_one_alert_a_day_and_goes_on_when_it_is_right_again() {
    let stage = Script::new(CALENDAR).compile();
    let mut play = play(&stage, "2025-04-28 00:00");
    play.until("2025-05-21 10:00").clock_set_to("2025-05-19 09:00").until("2025-05-21 07:50");
    let frozen: Vec<_> = play
        .decisions()
        .skip_while(|(at, _)| play.local(*at).as_str() != "2025-05-19 09:00")
        .map(|(at, d)| (play.local(at), d.key().to_string()))
        .collect();
    let days: Vec<&str> = frozen.iter().map(|(_, key)| key.as_str()).collect();
    assert_eq!(
        days,
        [
            "geral/alerta-relogio-2025-05-19",
            "geral/alerta-relogio-2025-05-20",
            "geral/alerta-relogio-2025-05-21"
        ],
        "{frozen:?}"
    );
    play.until("2025-05-30 10:00").clock_set_to("2025-05-29 20:00").until("2025-06-06 00:00");
    insta::assert_snapshot!(play.diary());
    play.keeps_every_law();
    let second: Vec<_> = play
        .decisions()
        .skip_while(|(at, _)| play.local(*at).as_str() != "2025-05-29 20:00")
        .filter(|(_, d)| d.key().to_string().contains("relogio"))
        .map(|(at, _)| play.local(at))
        .collect();
    assert_eq!(second, ["2025-05-29 20:00", "2025-05-30 00:00"], "a second fault of the clock is told too");
    assert!(play.sent(Kind::Warning).any(|(at, ..)| at == "2025-05-26 08:00"));
}

#[test]
fn a_clock_that_ran_ahead_freezes_sending_until_time_has_caught_up() {
    let stage = Script::new(CALENDAR).compile();
    let mut play = play(&stage, "2025-04-28 00:00");
    play.until("2025-05-25 12:00").clock_set_to("2025-05-30 12:00").until("2025-05-30 12:30");
    let told = play.log.len();
    play.clock_set_to("2025-05-25 12:30").until("2025-05-30 11:50");
    let frozen: Vec<_> =
        play.decisions().map(|(_, d)| d).filter(|d| d.key().to_string().contains("relogio")).collect();
    assert_eq!(frozen.len(), 6, "25/05 to 30/05");
    assert_eq!(play.log.len(), told + 1 + frozen.len(), "the jump back, and nothing but its alerts");
    play.until("2025-06-06 00:00");
    insta::assert_snapshot!(play.diary());
    play.keeps_every_law();
}
