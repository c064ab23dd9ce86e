//! SISC, down from 14/11/2023: nobody is chased, and each way back is announced as it was.

use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use vigia_suas::domain::notice::{Content, Kind};
use vigia_suas::domain::status::State;
use vigia_suas::plan::{Act, Decision};

use super::stage::{Owed, Play, Script, Stage, draw};

const CALENDAR: &str = r#"
[[janela]]
sistema = "sisc"
referencia = "2023-T4"
abertura = 2023-10-02
prazo = 2023-12-20
fonte = "Calendário trimestral do SISC"
situacao = "suspensa"
situacao_desde = 2023-11-14
[[janela]]
sistema = "sisc"
referencia = "2024-T3"
abertura = 2024-07-01
prazo = 2024-09-20
fonte = "Calendário trimestral do SISC"
situacao = "suspensa"
situacao_ate = 2024-09-02
[[janela]]
sistema = "sisc"
referencia = "2024-T4"
abertura = 2024-10-01
prazo = 2024-12-20
fonte = "Calendário trimestral do SISC"
situacao = "suspensa"
situacao_desde = 2024-10-30
situacao_ate = 2024-11-25
[[janela]]
sistema = "sisc"
referencia = "2025-T1"
abertura = 2025-01-02
prazo = 2025-03-20
fonte = "Calendário trimestral do SISC"
situacao = "suspensa"
situacao_desde = 2025-02-10
situacao_ate = 2025-03-10
  [[janela.prorrogacao]]
  prazo = 2025-04-10
  anunciada = 2025-03-10
  fonte = "MDS, comunicado de retomada"
"#;

const QUARTERS: [(&str, Date); 4] = [
    ("sisc/2023-T4", date(2023, 10, 2)),
    ("sisc/2024-T3", date(2024, 7, 1)),
    ("sisc/2024-T4", date(2024, 10, 1)),
    ("sisc/2025-T1", date(2025, 1, 2)),
];

fn state(owed: Owed<'_>, quarter: &str, opened: Date, day: Date) -> State {
    let after = i64::from(20 + draw(&format!("{quarter} {}", owed.seed()), 85));
    if day >= opened.checked_add(after.days()).unwrap() { State::Done } else { State::Pending }
}

fn stage() -> &'static Stage {
    static STAGE: LazyLock<Stage> = LazyLock::new(|| {
        Script::new(CALENDAR)
            .where_roster(
                "smas.afonso-claudio@municipio.invalid;;;cmas.afonso-claudio@municipio.invalid;;;;",
                "smas.afonso-claudio@municipio.invalid;;;cmas.afonso-claudio@municipio.invalid;;;sisc;",
            )
            .compile()
    });
    &STAGE
}

/// The run, which every test here reads.
fn play() -> &'static Play<'static> {
    static PLAY: LazyLock<Play<'static>> = LazyLock::new(|| {
        let stage = stage();
        let changes = QUARTERS
            .iter()
            .flat_map(|(id, opened)| {
                let until = opened.checked_add(110.days()).unwrap();
                stage.each_morning(id, *opened, until, |o, day| state(o, id, *opened, day))
            })
            .collect();
        let mut play = Play::new(stage, "2023-09-25 00:00", "2025-04-20 00:00", changes);
        play.until("2025-04-20 00:00");
        play
    });
    &PLAY
}

fn of<'p>(play: &'p Play<'_>, id: &str, kind: Kind) -> Vec<(String, &'p Decision)> {
    let id = id.to_owned();
    play.sent(kind)
        .filter(|(.., d)| d.window().is_some_and(|w| w.as_str() == id))
        .map(|(at, _, d)| (at, d))
        .collect()
}

#[test]
fn quarters_of_sisc_are_suspended_and_come_back() {
    let play = play();
    insta::assert_snapshot!(play.diary());
    play.keeps_every_law();
}

#[test]
fn a_quarter_suspended_for_good_chases_nobody_and_refers_nothing() {
    let (stage, play) = (stage(), play());
    let notes = of(play, "sisc/2023-T4", Kind::Suspension);
    assert_eq!(notes.len(), 77, "all were told but the one that does not take part");
    assert!(notes.iter().all(|(at, _)| at == "2023-11-14 08:00"));
    let after: Vec<_> = play
        .decisions()
        .filter(|(at, d)| {
            *at > stage.at("2023-11-14 08:00") && d.window().is_some_and(|w| w.as_str() == "sisc/2023-T4")
        })
        .collect();
    assert!(after.is_empty(), "{:?}", after.iter().map(|(_, d)| d.key().to_string()).collect::<Vec<_>>());
}

#[test]
fn a_quarter_born_suspended_is_announced_when_it_opens_at_last() {
    let play = play();
    assert!(of(play, "sisc/2024-T3", Kind::Suspension).is_empty(), "nobody had been told of it");
    let announced = of(play, "sisc/2024-T3", Kind::Announcement);
    assert_eq!(announced.len(), 77);
    assert!(announced.iter().all(|(at, _)| at == "2024-09-02 08:00"));
}

#[test]
fn a_suspension_that_ends_with_the_deadline_unmoved_is_followed_by_prazo_mantido() {
    let (stage, play) = (stage(), play());
    let notes = of(play, "sisc/2024-T4", Kind::Suspension);
    let (stopped, upheld): (Vec<_>, Vec<_>) =
        notes.iter().partition(|(_, d)| matches!(d.content(), Some(Content::Suspension { .. })));
    assert_eq!(stopped.len(), 77);
    assert!(stopped.iter().all(|(at, _)| at == "2024-10-30 08:00"));
    let window = stage.window("sisc/2024-T4");
    let owing = stage
        .owed(&window)
        .into_iter()
        .filter(|o| o.municipality != stage.code("Afonso Cláudio"))
        .filter(|o| state(*o, "sisc/2024-T4", date(2024, 10, 1), date(2024, 11, 25)) == State::Pending)
        .count();
    assert_eq!(upheld.len(), owing);
    assert!(upheld.iter().all(|(at, _)| at == "2024-11-25 08:00"));
    assert!(
        of(play, "sisc/2024-T4", Kind::Warning).iter().all(|(at, _)| at.as_str() > "2024-11-27"),
        "nobody is chased before"
    );
    assert_eq!(of(play, "sisc/2024-T4", Kind::Referral).len(), 2, "GSUAS and GPSB");
}

#[test]
fn a_suspension_that_ends_by_a_prorrogacao_is_followed_by_that_letter_alone() {
    let play = play();
    let notes = of(play, "sisc/2025-T1", Kind::Suspension);
    assert!(notes.iter().all(|(_, d)| matches!(d.content(), Some(Content::Suspension { .. }))));
    assert_eq!(notes.len(), 77);
    let moved = of(play, "sisc/2025-T1", Kind::Extension);
    assert!(!moved.is_empty());
    assert!(moved.iter().all(|(at, _)| at == "2025-03-10 08:00"));
    let referrals: Vec<_> = play
        .decisions()
        .filter(|(_, d)| d.act() == Act::Send && d.kind() == Some(Kind::Referral))
        .filter(|(_, d)| d.window().is_some_and(|w| w.as_str() == "sisc/2025-T1"))
        .map(|(at, d)| (play.local(at), d.edition()))
        .collect();
    assert_eq!(
        referrals,
        [("2025-04-11 08:00".to_owned(), Some(2)), ("2025-04-11 08:00".to_owned(), Some(2))]
    );
}
