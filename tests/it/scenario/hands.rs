//! What people do to a run: confirm an opening, approve, hold and release, let a crowded day go.

use std::fmt::Write as _;

use jiff::civil::{Date, date};
use vigia_suas::domain::id::WindowId;
use vigia_suas::domain::notice::Kind;
use vigia_suas::domain::overrides::HoldScope;
use vigia_suas::plan::Act;

use super::stage::{Play, Script, Stage, ordinary};

const WINDOW: &str = "rma/2025-04";
const CALENDAR: &str = "[[janela]]\nsistema = \"rma\"\nreferencia = \"2025-04\"\nabertura = 2025-05-01\n\
    prazo = 2025-05-31\nfonte = \"Prática do RMA\"\n";

fn opened() -> Date {
    date(2025, 5, 1)
}

fn play(stage: &Stage) -> Play<'_> {
    let changes = stage.each_morning(WINDOW, opened(), date(2025, 6, 6), |o, day| ordinary(o, opened(), day));
    Play::new(stage, "2025-04-28 00:00", "2025-06-06 00:00", changes)
}

#[test]
fn an_opening_to_be_confirmed_keeps_the_ladder_back_until_it_is_released() {
    let stage = Script::new(CALENDAR)
        .where_calendar("confirmar_abertura = false", "confirmar_abertura = true")
        .compile();
    let mut play = play(&stage);
    play.until("2025-05-22 09:00");
    assert!(play.decisions().all(|(_, d)| d.act() != Act::Send || d.kind() == Some(Kind::Alert)));
    play.release("rma/2025-04/divulgacao").until("2025-06-06 00:00");
    insta::assert_snapshot!(play.diary());
    play.keeps_every_law();
    assert_eq!(play.times(Act::Send, Kind::Announcement, 1), [("2025-05-22 09:00".to_owned(), 78)]);
    assert!(play.sent(Kind::Warning).all(|(at, ..)| at.as_str() >= "2025-05-26 08:00"));
}

#[test]
fn an_opening_never_confirmed_expires_and_the_referral_says_so() {
    let stage = Script::new(CALENDAR)
        .where_calendar("confirmar_abertura = false", "confirmar_abertura = true")
        .compile();
    let mut play = play(&stage);
    play.until("2025-06-06 00:00");
    insta::assert_snapshot!(play.diary());
    assert_eq!(play.times(Act::Expire, Kind::Announcement, 1), [("2025-05-31 23:59".to_owned(), 78)]);
    assert_eq!(play.sent(Kind::Announcement).count() + play.sent(Kind::Warning).count(), 0);
    assert_eq!(play.sent(Kind::Referral).count(), 3);
}

#[test]
fn every_batch_waits_to_be_approved_each_by_its_own_name() {
    let stage = Script::new(CALENDAR).where_calendar("aprovar = false", "aprovar = true").compile();
    let mut play = play(&stage);
    play.until("2025-05-05 14:00").release("rma/2025-04/divulgacao");
    play.until("2025-05-21 15:00").release("rma/2025-04@1/prazo-10d");
    play.until("2025-06-06 00:00");
    insta::assert_snapshot!(play.diary());
    play.keeps_every_law();
    assert_eq!(play.times(Act::Send, Kind::Announcement, 1), [("2025-05-05 14:00".to_owned(), 78)]);
    assert!(play.sent(Kind::Warning).all(|(.., d)| d.rung() == Some(10)), "only that rung was approved");
    assert!(play.sent(Kind::Warning).count() > 0);
    let left = play.acts(Act::Expire, Kind::Warning).filter(|(.., d)| d.rung() == Some(5)).count();
    assert!(left > 0, "what nobody approved in time expires");
}

#[test]
fn a_window_held_half_way_goes_on_from_the_rung_that_is_valid_at_its_release() {
    let stage = Script::new(CALENDAR).compile();
    let mut play = play(&stage);
    play.until("2025-05-20 10:00").hold(HoldScope::Window(WindowId::parse(WINDOW).unwrap()));
    play.until("2025-05-28 11:00");
    let held = play.sent(Kind::Warning).count() + play.sent(Kind::Reminder).count();
    assert_eq!(held, 0);
    play.release_holds().until("2025-06-06 00:00");
    insta::assert_snapshot!(play.diary());
    play.keeps_every_law();
    let first = play.sent(Kind::Warning).next().map(|(at, _, d)| (at, d.rung()));
    assert_eq!(first, Some(("2025-05-28 11:00".to_owned(), Some(5))));
    assert!(play.sent(Kind::Warning).any(|(at, _, d)| at == "2025-05-29 08:00" && d.rung() == Some(2)));
    assert!(play.acts(Act::Expire, Kind::Warning).any(|(.., d)| d.rung() == Some(10)));
}

#[test]
fn one_municipality_held_does_not_keep_the_others_back() {
    let stage = Script::new(CALENDAR).compile();
    let mut play = play(&stage);
    let serra = stage.code("Serra");
    play.until("2025-04-29 10:00").hold(HoldScope::Municipality(serra)).until("2025-05-10 10:00");
    assert_eq!(play.times(Act::Send, Kind::Announcement, 1), [("2025-05-02 08:00".to_owned(), 77)]);
    play.release_holds().until("2025-05-12 12:00");
    insta::assert_snapshot!(play.diary());
    let late: Vec<_> = play.sent(Kind::Announcement).filter(|(_, c, _)| *c == Some(serra)).collect();
    assert!(
        matches!(&late[..], [(at, ..)] if at == "2025-05-12 08:00"),
        "the first sending hour after a Saturday"
    );
}

/// Four windows open on one day: 312 letters, and the limit is three for each municipality.
#[test]
fn a_day_with_too_many_letters_is_withheld_whole_until_it_is_released() {
    let mut calendar = String::new();
    for part in ["CRAS", "CREAS", "GESTAO", "CMAS"] {
        let _ = write!(
            calendar,
            "[[janela]]\nsistema = \"censo-suas\"\nreferencia = \"2025\"\nnome = \"{part}\"\npartes = [\"{part}\"]\n\
             abertura = 2025-05-01\nprazo = 2025-06-30\nfonte = \"MDS\"\n"
        );
    }
    let stage = Script::new(&calendar).compile();
    let mut play = Play::new(&stage, "2025-04-28 00:00", "2025-05-09 00:00", Vec::new());
    play.until("2025-05-06 16:00");
    assert_eq!(play.sent(Kind::Announcement).count(), 0);
    play.release("dia/2025-05-02").until("2025-05-09 00:00");
    insta::assert_snapshot!(play.diary());
    play.keeps_every_law();
    assert_eq!(play.times(Act::Withhold, Kind::Announcement, 1), [("2025-05-02 08:00".to_owned(), 312)]);
    assert_eq!(play.times(Act::Send, Kind::Announcement, 1), [("2025-05-06 16:00".to_owned(), 312)]);
}

/// A call was made to half of them on the day before the rung of five days, and the ladder waits two days for it.
#[test]
fn a_pause_keeps_a_rung_back_and_lets_it_leave_when_it_ends_if_it_is_still_valid() {
    let stage = Script::new(CALENDAR).compile();
    let mut play = play(&stage);
    play.until("2025-05-25 12:00");
    let paused = stage.code("Vitória");
    let late = stage.code("Serra");
    play.note("Vitória", WINDOW, date(2025, 5, 27));
    play.note("Serra", WINDOW, date(2025, 6, 2));
    play.until("2025-06-06 00:00");
    let rungs = |code| -> Vec<String> {
        play.decisions()
            .filter(|(_, d)| d.key().municipality() == Some(code) && d.rung().is_some_and(|days| days <= 5))
            .map(|(at, d)| {
                let rung = d.rung().map_or(0, |days| days);
                format!("{} {} {rung}d {}", play.local(at), d.act().as_str(), d.because().cause().as_str())
            })
            .collect()
    };
    assert_eq!(
        rungs(paused),
        [
            "2025-05-26 08:00 reter 5d pausa",
            "2025-05-28 00:00 reter 5d horario",
            "2025-05-28 08:00 enviar 5d degrau-vencido",
            "2025-05-29 08:00 enviar 2d degrau-vencido",
        ]
    );
    assert_eq!(
        rungs(late),
        [
            "2025-05-26 08:00 reter 5d pausa",
            "2025-05-29 08:00 expirar 5d pausa",
            "2025-05-29 08:00 reter 2d pausa",
            "2025-05-31 23:59 expirar 2d pausa",
        ]
    );
    play.keeps_every_law();
}

/// A correction accuses nobody: a pause does not keep it back.
#[test]
fn a_pause_does_not_keep_a_correction_back() {
    let extended = format!(
        "{CALENDAR}  [[janela.prorrogacao]]\n  prazo = 2025-06-05\n  anunciada = 2025-05-27\n  fonte = \"MDS\"\n"
    );
    let stage = Script::new(&extended).compile();
    let mut play = play(&stage);
    play.until("2025-05-25 12:00").note("Vitória", WINDOW, date(2025, 6, 10));
    play.until("2025-06-06 00:00");
    assert!(play.told(Kind::Extension, 2).contains(&stage.code("Vitória")));
    assert!(
        play.sent(Kind::Warning)
            .all(|(at, code, _)| code != Some(stage.code("Vitória")) || at.as_str() < "2025-05-25")
    );
}

#[test]
fn a_hold_with_a_last_day_ends_by_itself() {
    let stage = Script::new(CALENDAR).compile();
    let mut play = play(&stage);
    play.until("2025-04-29 12:00").hold_until(HoldScope::All, date(2025, 5, 6)).until("2025-05-10 00:00");
    assert_eq!(play.times(Act::Send, Kind::Announcement, 1), [("2025-05-07 08:00".to_owned(), 78)]);
}
