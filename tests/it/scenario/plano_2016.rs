//! The Plano de Ação 2016: the manager from 05/04 to 04/06, then the council, which waits for it, to 04/07.

use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use vigia_suas::domain::id::MunicipalityCode;
use vigia_suas::domain::notice::{Content, Kind};
use vigia_suas::domain::status::State;

use super::stage::{Owed, Play, Script, Stage, draw};

const MANAGER: &str = "plano-de-acao/2016/gestor";
const COUNCIL: &str = "plano-de-acao/2016/conselho";
const CALENDAR: &str = r#"
[[janela]]
sistema = "plano-de-acao"
referencia = "2016"
nome = "gestor"
partes = ["GESTAO"]
abertura = 2016-04-05
prazo = 2016-06-04
fonte = "Portaria do Plano de Ação 2016"
[[janela]]
sistema = "plano-de-acao"
referencia = "2016"
nome = "conselho"
partes = ["CMAS"]
abertura = 2016-04-05
prazo = 2016-07-04
fonte = "Portaria do Plano de Ação 2016"
depende_de = "plano-de-acao/2016/gestor"
"#;

fn manager_done_on(code: MunicipalityCode) -> Date {
    date(2016, 4, 15).checked_add(i64::from(draw(&format!("gestor {code}"), 75)).days()).unwrap()
}

fn council_done_on(code: MunicipalityCode) -> Date {
    manager_done_on(code).checked_add(i64::from(5 + draw(&format!("conselho {code}"), 35)).days()).unwrap()
}

fn by(done_on: impl Fn(MunicipalityCode) -> Date, owed: Owed<'_>, day: Date) -> State {
    if day >= done_on(owed.municipality) { State::Done } else { State::Pending }
}

fn stage() -> &'static Stage {
    static STAGE: LazyLock<Stage> = LazyLock::new(|| Script::new(CALENDAR).compile());
    &STAGE
}

/// The run, which every test here reads.
fn play() -> &'static Play<'static> {
    static PLAY: LazyLock<Play<'static>> = LazyLock::new(|| {
        let stage = stage();
        let (from, until) = (date(2016, 4, 5), date(2016, 7, 8));
        let mut changes = stage.each_morning(MANAGER, from, until, |o, day| by(manager_done_on, o, day));
        changes.extend(stage.each_morning(COUNCIL, from, until, |o, day| by(council_done_on, o, day)));
        let mut play = Play::new(stage, "2016-04-01 00:00", "2016-07-08 00:00", changes);
        play.until("2016-07-08 00:00");
        play
    });
    &PLAY
}

#[test]
fn the_council_is_asked_only_where_the_manager_has_done_his_part() {
    let play = play();
    insta::assert_snapshot!(play.diary());
    play.keeps_every_law();
    let mut asked = 0;
    for (at, code, letter) in play.sent(Kind::Warning) {
        let (code, day) = (code.unwrap(), at[..10].parse::<Date>().unwrap());
        if letter.window().unwrap().as_str() == COUNCIL {
            assert!(manager_done_on(code) <= day, "{at}: {} before the manager", letter.key());
            assert!(council_done_on(code) > day, "{at}: {}", letter.key());
            asked += 1;
        } else {
            assert!(manager_done_on(code) > day, "{at}: {}", letter.key());
        }
    }
    assert!(asked > 0);
}

#[test]
fn the_referral_of_the_council_leaves_out_those_that_wait_for_the_manager() {
    let (stage, play) = (stage(), play());
    let referral = |id: &str| {
        let (at, _, d) =
            play.sent(Kind::Referral).find(|(.., d)| d.window().is_some_and(|w| w.as_str() == id)).unwrap();
        let Some(Content::Referral { pending, .. }) = d.content() else { panic!("{id}") };
        (at, pending.iter().map(|(code, _)| *code).collect::<Vec<_>>())
    };
    let expected = |day: Date| -> Vec<MunicipalityCode> {
        let owes = |c: &MunicipalityCode| manager_done_on(*c) <= day && council_done_on(*c) > day;
        stage.codes().into_iter().filter(owes).collect()
    };
    assert_eq!(referral(COUNCIL), ("2016-07-05 08:00".to_owned(), expected(date(2016, 7, 5))));
    let late: Vec<_> = stage.codes().into_iter().filter(|c| manager_done_on(*c) > date(2016, 6, 6)).collect();
    assert_eq!(referral(MANAGER), ("2016-06-06 08:00".to_owned(), late));
}
