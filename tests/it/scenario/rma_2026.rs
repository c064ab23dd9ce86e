//! A year of RMA: twelve references of the shipped recurrence, unit by unit.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use vigia_suas::domain::notice::{Content, Kind};
use vigia_suas::domain::status::State;
use vigia_suas::plan::Act;

use super::stage::{Owed, Play, Script, Stage, draw};

fn references() -> Vec<(String, Date)> {
    (1..=12_i8)
        .map(|month| {
            let first = date(2026, month, 1);
            (format!("rma/2026-{month:02}"), first.checked_add(1.month()).unwrap())
        })
        .collect()
}

/// A unit files somewhere in its month, or, one time in forty, never; of one municipality in twenty nobody knows.
fn state(owed: Owed<'_>, reference: &str, opened: Date, day: Date) -> State {
    let seed = format!("{reference} {}", owed.seed());
    if draw(&format!("{reference} {}", owed.municipality), 20) == 0 {
        return State::Unconfirmed;
    }
    let done_on = opened.checked_add(i64::from(3 + draw(&seed, 27)).days()).unwrap();
    if draw(&format!("nunca {seed}"), 40) != 0 && day >= done_on { State::Done } else { State::Pending }
}

fn stage() -> &'static Stage {
    static STAGE: LazyLock<Stage> = LazyLock::new(|| {
        // The quarters of SISC have their own scenario.
        Script::new("").with_units().where_calendar("de = \"2026-T1\"", "de = \"2030-T1\"").compile()
    });
    &STAGE
}

/// The run, which every test here reads.
fn play() -> &'static Play<'static> {
    static PLAY: LazyLock<Play<'static>> = LazyLock::new(|| {
        let stage = stage();
        let changes = references()
            .iter()
            .flat_map(|(id, opened)| {
                let until = opened.checked_add(36.days()).unwrap();
                stage.each_morning(id, *opened, until, |o, day| state(o, id, *opened, day))
            })
            .collect();
        let mut play = Play::new(stage, "2026-01-25 00:00", "2027-02-10 00:00", changes);
        play.until("2027-02-10 00:00");
        play
    });
    &PLAY
}

#[test]
fn a_year_of_rma_is_twelve_months_alike_but_for_their_holidays() {
    let play = play();
    insta::assert_snapshot!(play.diary());
    play.keeps_every_law();
    let windows = |kind| -> BTreeSet<String> {
        play.sent(kind).filter_map(|(.., d)| d.window().map(ToString::to_string)).collect()
    };
    let twelve: BTreeSet<String> = references().into_iter().map(|(id, _)| id).collect();
    let thirteenth = "rma/2027-01".to_owned();
    for kind in [Kind::Announcement, Kind::Warning, Kind::Reminder, Kind::Digest, Kind::Referral] {
        let found: BTreeSet<String> = windows(kind).into_iter().filter(|id| *id != thirteenth).collect();
        assert_eq!(found, twelve, "{kind:?}");
    }
    assert!(windows(Kind::Announcement).contains(&thirteenth), "January 2027 opens in February");
    assert_eq!(play.sent(Kind::Announcement).count(), 13 * 78);
}

#[test]
fn a_warning_of_rma_names_only_units_that_did_not_file_and_the_referral_counts_them() {
    let (stage, play) = (stage(), play());
    for (id, opened) in references() {
        let window = stage.window(&id);
        let pending = |day: Date| -> BTreeSet<_> {
            let owed = stage.owed(&window);
            owed.into_iter()
                .filter(|o| state(*o, &id, opened, day) == State::Pending)
                .map(|o| o.municipality)
                .collect()
        };
        for (at, code, letter) in play.sent(Kind::Warning).filter(|(.., d)| d.window() == Some(&window.id)) {
            assert!(pending(at[..10].parse().unwrap()).contains(&code.unwrap()), "{}", letter.key());
            let Some(Content::Warning { pending, .. }) = letter.content() else { panic!("{}", letter.key()) };
            assert!(pending.iter().all(|p| !p.units.is_empty()), "{} names no unit", letter.key());
        }
        let referral = play.decisions().find(|(_, d)| {
            d.act() == Act::Send && d.kind() == Some(Kind::Referral) && d.window() == Some(&window.id)
        });
        let (at, referral) = referral.unwrap();
        let Some(Content::Referral { pending: listed, .. }) = referral.content() else { panic!("{id}") };
        let listed: BTreeSet<_> = listed.iter().map(|(code, _)| *code).collect();
        assert_eq!(listed, pending(stage.calendar.hours.zone.date_of(at)), "{id}");
    }
}
