//! A rehearsal's summary in each of its forms.

use std::collections::BTreeMap;

use jiff::civil::{date, time};

use super::*;
use crate::domain::calendar::Sanction;
use crate::domain::notice::Kind;
use crate::plan::Act;
use crate::plan::forecast::{Day, Forecast, Quota, RelayShare, Warning};
use crate::render::letter::example::World;

fn forecast(world: &World) -> Forecast {
    let window = world.window.clone();
    let day =
        |letters, staff, due, sent, left, ends_at| Day { letters, staff, due, sent, left, ends_at, page: 2 };
    Forecast {
        days: (date(2023, 11, 20), date(2023, 12, 10)),
        quota: Some(Quota { per_minute: 30, per_day: 100 }),
        weekly: 3,
        tally: BTreeMap::from([((Act::Send, Some(Kind::Warning)), 80), ((Act::Publish, None), 1)]),
        calendar: BTreeMap::from([
            (date(2023, 11, 20), day(78, 2, 158, 100, 58, Some(time(8, 4, 0, 0)))),
            (date(2023, 11, 21), day(0, 0, 0, 58, 0, Some(time(8, 2, 0, 0)))),
        ]),
        shares: BTreeMap::from([(
            world.municipality,
            RelayShare {
                kinds: BTreeMap::from([(Kind::Announcement, 1), (Kind::Warning, 4)]),
                busiest: Some((date(2023, 11, 20), 4)),
            },
        )]),
        warnings: vec![
            Warning::OverQuota { on: date(2023, 11, 20), waiting: 158, left: 58 },
            Warning::DailyLimit { on: date(2023, 11, 20), due: 300, limit: 234 },
            Warning::Crowded {
                from: date(2023, 11, 20),
                letters: 4,
                municipalities: vec![world.municipality],
            },
            Warning::NoAudience { window: window.clone(), municipalities: vec![world.municipality] },
            Warning::NobodyExpected { window: window.clone() },
            Warning::RungBeforeOpening { window: window.clone(), rung: 60, opens_on: date(2023, 10, 23) },
            Warning::NoLadder { window: window.clone() },
            Warning::RungMoved {
                window,
                rung: 5,
                on: date(2023, 11, 20),
                holiday: Some("Consciência Negra".to_owned()),
                leaves_on: date(2023, 11, 17),
            },
        ],
    }
}

#[test]
fn the_summary_reads_on_a_terminal_and_in_a_spreadsheet() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let forecast = forecast(&world);
    insta::assert_snapshot!("forecast_text", text(&forecast, &world.calendar, &world.roster, None));
    let tables = [
        days_csv(&forecast),
        municipalities_csv(&forecast, &world.roster),
        warnings_csv(&forecast, &world.roster),
    ];
    insta::assert_snapshot!("forecast_csv", tables.join("\n"));
    let narrow = text(&forecast, &world.calendar, &world.roster, Some(60));
    let rows = narrow.lines().filter(|line| line.starts_with("  2"));
    assert!(rows.clone().count() > 0 && rows.clone().all(|row| row.chars().count() <= 60), "{narrow}");
}

#[test]
fn the_page_loads_nothing_and_shows_the_days_that_do_not_fit() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let page = page(&forecast(&world), &world.calendar, &world.roster);
    assert!(page.contains("novembro de 2023") && page.contains("dezembro de 2023"), "a month each");
    assert_eq!(page.matches(" over\"").count(), 2, "the day, and the municipality's week");
    assert!(page.contains("58 ficam para depois") && page.contains("degrau antecipado (1)"));
    assert!(
        !page.contains("<script") && !page.contains("http://") && !page.contains("https://"),
        "self-contained"
    );
}
