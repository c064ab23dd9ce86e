//! The Censo SUAS 2017 in four waves, one window each.

use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use vigia_suas::domain::notice::{Content, Kind};
use vigia_suas::domain::status::State;
use vigia_suas::plan::Act;

use super::stage::{Owed, Play, Script, Stage, draw};

const CALENDAR: &str = r#"
[[janela]]
sistema = "censo-suas"
referencia = "2017"
nome = "onda 1"
partes = ["CRAS", "CONVIVENCIA"]
abertura = 2017-09-11
prazo = 2017-11-10
fonte = "MDS, Censo SUAS 2017"
[[janela]]
sistema = "censo-suas"
referencia = "2017"
nome = "onda 2"
partes = ["CREAS", "CENTRO POP", "CENTRO DIA"]
abertura = 2017-09-25
prazo = 2017-11-17
fonte = "MDS, Censo SUAS 2017"
[[janela]]
sistema = "censo-suas"
referencia = "2017"
nome = "onda 3"
partes = ["CMAS"]
abertura = 2017-10-02
prazo = 2017-12-01
fonte = "MDS, Censo SUAS 2017"
[[janela]]
sistema = "censo-suas"
referencia = "2017"
nome = "onda 4"
partes = ["GESTAO", "ACOLHIMENTO", "FAMILIA ACOLHEDORA"]
abertura = 2017-10-09
prazo = 2017-12-01
fonte = "MDS, Censo SUAS 2017"
"#;

const WAVES: [(&str, Date, Date); 4] = [
    ("censo-suas/2017/onda-1", date(2017, 9, 11), date(2017, 11, 10)),
    ("censo-suas/2017/onda-2", date(2017, 9, 25), date(2017, 11, 17)),
    ("censo-suas/2017/onda-3", date(2017, 10, 2), date(2017, 12, 1)),
    ("censo-suas/2017/onda-4", date(2017, 10, 9), date(2017, 12, 1)),
];

fn state(owed: Owed<'_>, opened: Date, day: Date) -> State {
    let done_on = opened.checked_add(i64::from(10 + draw(&owed.seed(), 60)).days()).unwrap();
    if day >= done_on { State::Done } else { State::Pending }
}

fn stage() -> &'static Stage {
    static STAGE: LazyLock<Stage> = LazyLock::new(|| Script::new(CALENDAR).with_units().compile());
    &STAGE
}

/// The run, which every test here reads.
fn play() -> &'static Play<'static> {
    static PLAY: LazyLock<Play<'static>> = LazyLock::new(|| {
        let stage = stage();
        let changes = WAVES
            .iter()
            .flat_map(|(window, opened, _)| {
                stage.each_morning(window, *opened, date(2017, 12, 6), |o, day| state(o, *opened, day))
            })
            .collect();
        let mut play = Play::new(stage, "2017-09-01 00:00", "2017-12-06 23:00", changes);
        play.until("2017-12-06 23:00");
        play
    });
    &PLAY
}

#[test]
fn the_four_waves_of_2017_run_beside_one_another() {
    let play = play();
    insta::assert_snapshot!(play.diary());
    play.keeps_every_law();
}

#[test]
fn each_wave_speaks_of_its_own_parts_and_date_only() {
    let (stage, play) = (stage(), play());
    for (id, opened, deadline) in WAVES {
        let window = stage.window(id);
        let of_wave = |d: &&vigia_suas::plan::Decision| d.window() == Some(&window.id);
        let announced: Vec<_> = play.sent(Kind::Announcement).filter(|(.., d)| of_wave(d)).collect();
        let with_parts: std::collections::BTreeSet<_> =
            stage.owed(&window).into_iter().map(|o| o.municipality).collect();
        assert_eq!(announced.len(), with_parts.len(), "{id}");
        assert!(announced.iter().all(|(at, ..)| at[..10] == opened.to_string()), "{id}");
        let mut warned = 0;
        for (at, _, letter) in play.sent(Kind::Warning).filter(|(.., d)| of_wave(d)) {
            let Some(Content::Warning { pending, deadline: named }) = letter.content() else {
                panic!("{at}")
            };
            assert!(pending.iter().all(|p| window.parts.contains(&p.part)), "{}", letter.key());
            assert_eq!(named.on, deadline);
            warned += 1;
        }
        assert!(warned > 0, "{id}");
        let referrals = play.decisions().filter(|(_, d)| {
            d.act() == Act::Send && d.kind() == Some(Kind::Referral) && d.window() == Some(&window.id)
        });
        assert_eq!(referrals.count(), 3, "{id}");
    }
}
