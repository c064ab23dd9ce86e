//! The Censo SUAS 2023 as it was: 23/10 to 05/12, then to 19/12, then to 29/12.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use vigia_suas::domain::id::{MunicipalityCode, UnitId};
use vigia_suas::domain::notice::{Content, Kind, Told};
use vigia_suas::domain::status::State;
use vigia_suas::plan::Act;

use super::stage::{Owed, Play, Script, Stage, draw};

pub(super) const WINDOW: &str = "censo-suas/2023";
const CALENDAR: &str = r#"
[[janela]]
sistema = "censo-suas"
referencia = "2023"
abertura = 2023-10-23
prazo = 2023-12-05
fonte = "MDS, Censo SUAS 2023, metodologia"
  [[janela.prorrogacao]]
  prazo = 2023-12-19
  anunciada = 2023-12-05
  fonte = "MDS, prorrogação"
  [[janela.prorrogacao]]
  prazo = 2023-12-29
  anunciada = 2023-12-19
  fonte = "MDS, segunda prorrogação"
"#;

pub(super) const OPENED: Date = date(2023, 10, 23);

/// Nobody ever knows of one municipality in thirteen.
pub(super) fn unknown(code: MunicipalityCode) -> bool {
    draw(&format!("desconhecido {code}"), 13) == 0
}

/// The day on which a municipality's last form is concluded; never in one of nine.
fn finished_on(code: MunicipalityCode) -> Option<Date> {
    let days = 15 + draw(&format!("fim {code}"), 50);
    (draw(&format!("nunca {code}"), 9) != 0).then(|| OPENED.checked_add(i64::from(days).days()).unwrap())
}

pub(super) fn state(owed: Owed<'_>, day: Date) -> State {
    if unknown(owed.municipality) {
        return State::Unconfirmed;
    }
    let early = i64::from(draw(&owed.seed(), 14));
    let last = date(2023, 12, 31);
    let done_on = match finished_on(owed.municipality) {
        Some(finished) => finished.checked_sub(early.days()).unwrap(),
        // What is never finished lacks the council's form; the rest comes in.
        None if owed.part.as_str() == "CMAS" => date(2024, 12, 31),
        None => last.checked_sub((early + 5).days()).unwrap(),
    };
    if day >= done_on { State::Done } else { State::Pending }
}

fn pending_on(stage: &Stage, day: Date) -> BTreeSet<MunicipalityCode> {
    let window = stage.window(WINDOW);
    stage
        .owed(&window)
        .into_iter()
        .filter(|o| state(*o, day) == State::Pending)
        .map(|o| o.municipality)
        .collect()
}

/// The run, which every test here reads.
fn play() -> &'static Play<'static> {
    static PLAY: LazyLock<Play<'static>> = LazyLock::new(|| {
        let stage = stage();
        let changes = stage.each_morning(WINDOW, OPENED, date(2024, 1, 5), state);
        let mut play = Play::new(stage, "2023-10-20 00:00", "2024-01-05 23:00", changes);
        play.until("2024-01-05 23:00");
        play
    });
    &PLAY
}

pub(super) fn stage() -> &'static Stage {
    static STAGE: LazyLock<Stage> = LazyLock::new(|| Script::new(CALENDAR).with_units().compile());
    &STAGE
}

#[test]
fn the_census_of_2023_is_followed_through_both_extensions() {
    let play = play();
    insta::assert_snapshot!(play.diary());
    play.keeps_every_law();
    assert_eq!(play.times(Act::Send, Kind::Announcement, 1), [("2023-10-23 08:00".to_owned(), 78)]);
    assert_eq!(play.sent(Kind::Announcement).count(), 78);
}

#[test]
fn each_warning_of_the_census_lists_what_is_pending_that_day_and_reaches_all_who_owe_it() {
    let (stage, play) = (stage(), play());
    let window = stage.window(WINDOW);
    let mut rungs: BTreeMap<String, BTreeSet<MunicipalityCode>> = BTreeMap::new();
    for (at, code, letter) in play.sent(Kind::Warning) {
        let Some(Content::Warning { pending, .. }) = letter.content() else { panic!("{at}: no list") };
        let day: Date = at[..10].parse().unwrap();
        let said: BTreeSet<(&str, &str)> = pending
            .iter()
            .flat_map(|p| {
                let part = p.part.as_str();
                let units = p.units.iter().map(move |u| (part, u.as_str()));
                units.chain(p.units.is_empty().then_some((part, "")))
            })
            .collect();
        let owed = stage.owed(&window);
        let expected: BTreeSet<(&str, &str)> = owed
            .iter()
            .filter(|o| Some(o.municipality) == code && state(**o, day) == State::Pending)
            .map(|o| (o.part.as_str(), o.unit.map(UnitId::as_str).unwrap_or_default()))
            .collect();
        assert_eq!(said, expected, "{}", letter.key());
        rungs.entry(at).or_default().extend(code);
    }
    let days: Vec<&str> = rungs.keys().map(String::as_str).collect();
    for day in
        ["2023-11-20", "2023-11-28", "2023-12-01", "2023-12-12", "2023-12-15", "2023-12-22", "2023-12-27"]
    {
        assert!(days.contains(&format!("{day} 08:00").as_str()), "no warning on {day}: {days:?}");
    }
    for (at, warned) in rungs {
        assert_eq!(warned, pending_on(stage, at[..10].parse().unwrap()), "{at}");
    }
}

#[test]
fn each_extension_of_the_census_goes_to_those_told_another_date_and_not_done() {
    let (stage, play) = (stage(), play());
    let window = stage.window(WINDOW);
    for (edition, announced) in [(2, date(2023, 12, 5)), (3, date(2023, 12, 19))] {
        let not_done: BTreeSet<MunicipalityCode> = stage
            .owed(&window)
            .into_iter()
            .filter(|o| state(*o, announced) != State::Done)
            .map(|o| o.municipality)
            .collect();
        assert_eq!(play.told(Kind::Extension, edition), not_done);
        let at = announced.strftime("%Y-%m-%d 08:00").to_string();
        assert_eq!(play.times(Act::Send, Kind::Extension, edition), [(at, not_done.len())]);
    }
    for (at, letter) in play.decisions().filter(|(_, d)| d.act() == Act::Send && d.told().is_some()) {
        let at = play.local(at);
        let deadline = match &at[..10] {
            day if day < "2023-12-05" => date(2023, 12, 5),
            day if day < "2023-12-19" => date(2023, 12, 19),
            _ => date(2023, 12, 29),
        };
        assert!(
            matches!(letter.told(), Some(Told::Date(d)) if d.on == deadline),
            "{at}: {} names {:?}",
            letter.key(),
            letter.told()
        );
    }
}

#[test]
fn the_referral_of_the_census_lists_apart_what_is_pending_and_what_nobody_knows() {
    let (stage, play) = (stage(), play());
    let referrals: Vec<_> = play.sent(Kind::Referral).collect();
    assert_eq!(referrals.len(), 3, "GSUAS, GPSB and GPSE");
    for (at, _, letter) in referrals {
        assert_eq!(at, "2024-01-02 08:00");
        let Some(Content::Referral { pending, unconfirmed, never_told, .. }) = letter.content() else {
            panic!("a remessa without its lists");
        };
        let codes: BTreeSet<MunicipalityCode> = pending.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes, pending_on(stage, date(2024, 1, 2)));
        let doubted: Vec<MunicipalityCode> = unconfirmed.iter().map(|(code, _)| *code).collect();
        assert_eq!(doubted, stage.codes().into_iter().filter(|c| unknown(*c)).collect::<Vec<_>>());
        assert!(never_told.is_empty());
    }
}
