//! The Censo SUAS 2023 as it was: 23/10 to 05/12, then to 19/12, then to 29/12.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use vigia_suas::domain::id::MunicipalityCode;
use vigia_suas::domain::notice::{Content, Kind, Told};
use vigia_suas::domain::plan::Act;
use vigia_suas::domain::status::State;

use super::stage::{Owed, Play, Script, Stage, draw};

const WINDOW: &str = "censo-suas/2023";
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

const OPENED: Date = date(2023, 10, 23);

/// Nobody ever knows of one municipality in thirteen.
fn unknown(code: MunicipalityCode) -> bool {
    draw(&format!("desconhecido {code}"), 13) == 0
}

/// The day on which a municipality's last form is concluded; never in one of nine.
fn finished_on(code: MunicipalityCode) -> Option<Date> {
    let days = 15 + draw(&format!("fim {code}"), 50);
    (draw(&format!("nunca {code}"), 9) != 0)
        .then(|| OPENED.checked_add(i64::from(days).days()).unwrap())
}

fn state(owed: Owed<'_>, day: Date) -> State {
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
    stage.owed(&window).into_iter().filter(|o| state(*o, day) == State::Pending).map(|o| o.municipality).collect()
}

#[test]
fn the_census_of_2023_is_followed_through_both_extensions() {
    let stage = Script::new(CALENDAR).with_units().compile();
    let changes =
        stage.each_morning(WINDOW, OPENED, date(2024, 1, 5), |owed, day| Some(state(owed, day)));
    let mut play = Play::new(&stage, "2023-10-20 00:00", "2024-01-05 23:00", changes);
    play.until("2024-01-05 23:00");
    insta::assert_snapshot!(play.diary());
    play.keeps_every_law();
}
