//! The year drawn, and the calendar file held to RFC 5545's rules.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use jiff::civil::date;

use super::*;
use crate::domain::calendar::{Audience, Deadline, Halt, OnUnconfirmed, Rung, Sanction};
use crate::domain::time::days_before;
use crate::plan::ruling::EditionInForce;
use crate::render::letter::example::World;

fn agenda() -> (World, Vec<Window>) {
    let world = World::new(Sanction::Standard, "").unwrap();
    let mut windows = world.calendar.declared.clone();
    windows[0].editions[1].municipalities.insert(world.municipality);
    windows[0].halt = Some(Halt { kind: HaltKind::Suspended, since: Some(date(2023, 11, 14)), until: None });
    (world, windows)
}

/// The example's window, extended for all, in a calendar with a ladder of two rungs.
fn extended() -> (World, Vec<Window>) {
    let mut world = World::new(Sanction::Standard, "").unwrap();
    let rung = |days_before| Rung {
        days_before,
        audience: vec![Audience::Smas],
        copies: Vec::new(),
        unconfirmed: OnUnconfirmed::Withhold,
    };
    for system in world.calendar.systems.values_mut() {
        system.ladder = vec![rung(10), rung(2)];
    }
    let windows = world.calendar.declared.clone();
    (world, windows)
}

const YEAR: (Date, Date) = (date(2023, 1, 1), date(2023, 12, 31));

#[test]
fn a_window_shows_its_editions_and_sources() {
    let (world, windows) = agenda();
    let (from, to) = (date(2023, 12, 1), date(2023, 12, 31));
    insta::assert_snapshot!(
        "agenda_text",
        text(&windows, &world.calendar, &Rulings::new(), ((from, to), date(2023, 12, 12)), 80)
    );
    insta::assert_snapshot!(
        "agenda_json",
        json(&windows, &world.calendar, &Rulings::new(), ((from, to), date(2023, 12, 12)))
    );
}

#[test]
fn a_window_is_shown_while_any_day_of_it_falls_in_the_period() {
    let (world, mut windows) = agenda();
    let shown = |windows: &[Window], from, to| {
        !json(windows, &world.calendar, &Rulings::new(), ((from, to), from)).is_empty()
    };
    assert!(shown(&windows, date(2023, 12, 19), date(2024, 1, 1)), "the last day of the last edition");
    assert!(!shown(&windows, date(2023, 12, 20), date(2024, 1, 1)));
    assert!(shown(&windows, date(2023, 1, 1), date(2023, 10, 23)), "the first day");
    assert!(!shown(&windows, date(2023, 1, 1), date(2023, 10, 22)));
    windows[0].editions.truncate(1);
    windows[0].editions[0].deadline = None;
    assert!(shown(&windows, date(2030, 1, 1), date(2030, 2, 1)), "a definir has no end");
}

#[test]
fn a_year_at_a_glance_tells_each_sort_of_window() {
    let (_, extended) = extended();
    let (_, suspended) = agenda();
    let renamed = |window: &Window, name: &str| Window {
        id: crate::domain::id::WindowId::parse(&format!("censo-suas/2023/{name}")).unwrap(),
        ..window.clone()
    };
    let mut undefined = renamed(&extended[0], "a-definir");
    undefined.editions.truncate(1);
    undefined.editions[0].deadline = None;
    let mut cancelled = renamed(&extended[0], "cancelada");
    cancelled.halt = Some(Halt { kind: HaltKind::Cancelled, since: None, until: None });
    let all = [renamed(&extended[0], "prorrogada"), renamed(&suspended[0], "suspensa"), undefined, cancelled];
    let all: Vec<&Window> = all.iter().collect();
    let today = date(2023, 11, 1);
    let pages = [60, 100, 160].map(|width| year::draw(&all, &Rulings::new(), YEAR, today, width));
    insta::assert_snapshot!("agenda_year", pages.join("\n"));
}

#[test]
fn no_line_of_the_drawing_is_wider_than_the_terminal() {
    let (_, windows) = extended();
    let windows: Vec<&Window> = windows.iter().collect();
    for width in 60..200 {
        for (from, to) in [YEAR, (date(2023, 12, 1), date(2023, 12, 1)), (date(2020, 1, 1), date(2025, 1, 1))]
        {
            let page = year::draw(&windows, &Rulings::new(), (from, to), date(2023, 12, 31), width);
            for line in page.lines() {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
    }
}

/// Lines as they were before folding.
fn unfolded(text: &str) -> Vec<String> {
    text.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect()
}

fn property<'a>(lines: &'a [String], name: &str) -> Vec<&'a str> {
    lines.iter().filter_map(|line| line.strip_prefix(name)?.strip_prefix([':', ';'])).collect()
}

#[test]
fn the_calendar_file_is_what_rfc_5545_asks_for() {
    let (mut world, mut windows) = extended();
    windows[0].editions[1].source = "MDS; comunicado, \"nº 1\" – prorrogação\\nova".to_owned();
    world.calendar.systems.values_mut().for_each(|s| s.name = "Censo, SUAS; é".to_owned());
    let (text, events) = ics(&windows, &world.calendar, &KnownDates::default(), YEAR);
    assert_eq!(events, 2, "the opening and the deadline");
    assert!(text.ends_with("END:VCALENDAR\r\n") && !text.replace("\r\n", "").contains(['\r', '\n']));
    for line in text.split("\r\n") {
        assert!(line.len() <= 75, "folded at 75 octets: {line}");
    }
    let lines = unfolded(&text);
    let mut open: Vec<&str> = Vec::new();
    for line in &lines {
        if let Some(name) = line.strip_prefix("BEGIN:") {
            open.push(name);
        } else if let Some(name) = line.strip_prefix("END:") {
            assert_eq!(open.pop(), Some(name), "closed in order");
        }
    }
    assert!(open.is_empty());
    assert_eq!(property(&lines, "VERSION"), ["2.0"]);
    assert_eq!(
        property(&lines, "DTSTART"),
        ["VALUE=DATE:20231023", "20231220T025959Z"],
        "a day; an instant in UTC"
    );
    assert_eq!(property(&lines, "DTEND"), ["VALUE=DATE:20231024"], "the day after, not before");
    let summaries = property(&lines, "SUMMARY");
    assert!(summaries.iter().all(|s| s.contains(r"Censo\, SUAS\; é")), "{summaries:?}");
    assert!(
        property(&lines, "DESCRIPTION")[1]
            .contains(r#"fonte: MDS\; comunicado\, "nº 1" – prorrogação\\nova"#)
    );
    // Two rungs: 10 and 2 days before the 19th, both on sending days, at eight.
    assert_eq!(property(&lines, "TRIGGER"), ["-P11DT15H59M59S", "-P4DT15H59M59S"]);
    assert_eq!(property(&lines, "ACTION"), ["DISPLAY", "DISPLAY"]);
    let uids = property(&lines, "UID");
    assert_eq!(uids.iter().collect::<BTreeSet<_>>().len(), uids.len(), "each its own: {uids:?}");
}

#[test]
fn lines_of_any_length_are_folded_at_75_octets_and_lose_nothing() {
    let (mut world, windows) = extended();
    for more in 0..160 {
        let name = format!("Sistema {}é{}", "x".repeat(more), " ão".repeat(more % 7));
        world.calendar.systems.values_mut().for_each(|s| s.name.clone_from(&name));
        let (text, _) = ics(&windows, &world.calendar, &KnownDates::default(), YEAR);
        assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
        assert!(
            unfolded(&text).iter().any(|line| line.starts_with("SUMMARY:Prazo: ") && line.contains(&name)),
            "{text}"
        );
    }
}

#[test]
fn a_deadline_that_moves_is_the_same_event_with_a_higher_sequence() {
    let (world, windows) = extended();
    let mut first = windows.clone();
    first[0].editions.truncate(1);
    let mut suspended = windows.clone();
    suspended[0].halt = Some(Halt { kind: HaltKind::Suspended, since: Some(date(2023, 12, 7)), until: None });
    let mut resumed = suspended.clone();
    resumed[0].halt = Some(Halt { until: Some(date(2023, 12, 9)), ..suspended[0].halt.unwrap() });
    let mut third = windows.clone();
    let mut edition = windows[0].editions[1].clone();
    (edition.number, edition.announced_on) = (3, Some(date(2023, 12, 18)));
    edition.deadline = Some(Deadline { on: date(2023, 12, 29), at: Deadline::DEFAULT_TIME });
    third[0].editions.push(edition);
    let mut last = None;
    for (windows, status) in [
        (&first, "CONFIRMED"),
        (&windows, "CONFIRMED"),
        (&suspended, "CANCELLED"),
        (&resumed, "CONFIRMED"),
        (&third, "CONFIRMED"),
    ] {
        let (text, _) = ics(windows, &world.calendar, &KnownDates::default(), YEAR);
        let lines = unfolded(&text);
        let uids: Vec<&str> =
            property(&lines, "UID").into_iter().filter(|uid| !uid.starts_with("alarme")).collect();
        assert_eq!(uids, ["abertura.censo-suas.2023@vigia-suas", "prazo.censo-suas.2023@vigia-suas"]);
        assert_eq!(property(&lines, "STATUS"), [status, status]);
        let (sequence, changed) = (
            property(&lines, "SEQUENCE")[1].parse::<u32>().unwrap(),
            property(&lines, "LAST-MODIFIED")[1].to_owned(),
        );
        let now = (sequence, changed);
        assert!(last.as_ref().is_none_or(|last| *last < now), "{last:?} then {now:?}");
        assert_eq!(
            ics(windows, &world.calendar, &KnownDates::default(), YEAR).0,
            text,
            "the same facts, the same bytes"
        );
        last = Some(now);
    }
}

/// SEQUENCE and STATUS of each event, by its UID.
fn events(windows: &[Window], calendar: &Calendar, standing: &KnownDates) -> BTreeMap<String, (u32, String)> {
    let (text, _) = ics(windows, calendar, standing, YEAR);
    let lines = unfolded(&text);
    let uids = property(&lines, "UID").into_iter().filter(|uid| !uid.starts_with("alarme"));
    let uids: Vec<String> = uids.map(|uid| uid.replace(".censo-suas.2023@vigia-suas", "")).collect();
    let sequences = property(&lines, "SEQUENCE").into_iter().map(|number| number.parse().unwrap());
    let status = property(&lines, "STATUS").into_iter().map(str::to_owned);
    assert_eq!(sequences.len(), uids.len());
    uids.into_iter().zip(sequences.zip(status)).collect()
}

/// One change of what is written of a window.
#[derive(Debug, Clone, Copy)]
enum Change {
    Suspended,
    Resumed,
    /// `situacao` taken out again.
    Unsuspended,
    Extended,
    /// The last edition taken out again.
    Shortened,
}

proptest::proptest! {
    #[test]
    fn the_sequence_of_an_event_only_grows_whatever_is_written_and_taken_out_again(
        changes in proptest::collection::vec((0..5_usize, 1..100_000_i64), 1..40),
    ) {
        let (world, mut windows) = extended();
        let mut changed_at: Timestamp = "2023-10-01T12:00:00Z".parse().unwrap();
        let mut last: BTreeMap<String, (u32, String)> = BTreeMap::new();
        for (change, seconds) in changes {
            let window = &mut windows[0];
            let change =
                [Change::Suspended, Change::Resumed, Change::Unsuspended, Change::Extended, Change::Shortened][change];
            match change {
                Change::Suspended => {
                    window.halt =
                        Some(Halt { kind: HaltKind::Suspended, since: Some(date(2023, 12, 20)), until: None });
                }
                Change::Resumed => {
                    window.halt = window.halt.map(|halt| Halt { until: Some(date(2023, 12, 22)), ..halt });
                }
                Change::Unsuspended => window.halt = None,
                Change::Extended if window.editions.len() < 9 => {
                    let mut edition = window.editions[1].clone();
                    edition.number = u16::try_from(window.editions.len()).unwrap() + 1;
                    window.editions.push(edition);
                }
                Change::Shortened if window.editions.len() > 2 => drop(window.editions.pop()),
                Change::Extended | Change::Shortened => {}
            }
            changed_at += SignedDuration::from_secs(seconds);
            let standing = KnownDates { rulings: Rulings::new(), changed_at: Some(changed_at) };
            let now = events(&windows, &world.calendar, &standing);
            for (topic, (sequence, _)) in &now {
                let before = last.get(topic);
                proptest::prop_assert!(before.is_none_or(|(before, _)| before < sequence), "{change:?}: {last:?} {now:?}");
                proptest::prop_assert!(i32::try_from(*sequence).is_ok(), "an integer of iCalendar");
            }
            last.extend(now);
        }
        // A calendar written without a ledger says less than any ledger says later.
        for (sequence, _) in events(&windows, &world.calendar, &KnownDates::default()).values() {
            proptest::prop_assert!(last.values().all(|(of_a_ledger, _)| sequence < of_a_ledger));
        }
    }
}

#[test]
fn an_earlier_deadline_that_nobody_released_is_not_the_one_in_force() {
    let (world, mut windows) = extended();
    let mut earlier = windows[0].editions[1].clone();
    (earlier.number, earlier.announced_on) = (3, Some(date(2023, 12, 8)));
    earlier.deadline = Some(Deadline { on: date(2023, 12, 15), at: Deadline::DEFAULT_TIME });
    windows[0].editions.push(earlier);
    let known_at: Timestamp = "2023-12-08T03:00:00Z".parse().unwrap();
    let standing = |edition, unreleased| KnownDates {
        rulings: [(windows[0].id.clone(), EditionInForce { edition, unreleased, known_at: Some(known_at) })]
            .into(),
        changed_at: Some("2023-12-07T12:00:00Z".parse().unwrap()),
    };
    let shown = |standing: &KnownDates| {
        let (text, _) = ics(&windows, &world.calendar, standing, YEAR);
        let lines = unfolded(&text);
        let of = |name| property(&lines, name)[1].to_owned();
        (of("DTSTART"), of("DESCRIPTION"), of("SEQUENCE").parse::<i64>().unwrap())
    };
    let (starts, words, sequence) = shown(&standing(2, Some(Unreleased::Waits(3))));
    assert_eq!(starts, "20231220T025959Z", "the one before rules");
    assert!(
        words.contains(
            "Edição 3: prazo 15/12/2023 (sexta-feira)\\; aguarda liberação\\; até lá vale a edição 2"
        ),
        "{words}"
    );
    assert_eq!(sequence, known_at.as_second() - 1_577_836_800, "a date that became known is a change");
    let (starts, words, _) = shown(&standing(2, Some(Unreleased::Lapsed(3))));
    assert_eq!(starts, "20231220T025959Z");
    assert!(words.contains("não foi liberada a tempo\\; vale a edição 2"), "{words}");
    let (starts, words, _) = shown(&standing(3, None));
    assert_eq!(starts, "20231216T025959Z", "released");
    assert!(!words.contains("liberação"), "{words}");

    let days = ((date(2023, 12, 1), date(2023, 12, 31)), date(2023, 12, 12));
    let held = standing(2, Some(Unreleased::Waits(3))).rulings;
    insta::assert_snapshot!("agenda_unreleased", text(&windows, &world.calendar, &held, days, 80));
    let line: serde_json::Value =
        serde_json::from_str(json(&windows, &world.calendar, &held, days).trim_end()).unwrap();
    assert_eq!(line["edicao_em_vigor"], 2);
    assert_eq!(line["edicoes"][2]["aguarda_liberacao"], true);
    assert_eq!(line["edicoes"][1]["aguarda_liberacao"], false);
    let lapsed = standing(2, Some(Unreleased::Lapsed(3))).rulings;
    let drawn = text(&windows, &world.calendar, &lapsed, days, 80);
    assert!(drawn.contains('◆') && !drawn.contains('○'), "{drawn}");
}

#[test]
fn a_date_for_some_that_was_overtaken_stays_as_a_cancelled_event() {
    let (world, mut windows) = extended();
    let special = |number, on, codes: &[&str]| {
        let mut edition = windows[0].editions[1].clone();
        edition.number = number;
        edition.deadline = Some(Deadline { on, at: Deadline::DEFAULT_TIME });
        edition.municipalities =
            codes.iter().map(|code| crate::domain::id::MunicipalityCode::parse(code).unwrap()).collect();
        edition
    };
    let (vitoria, serra) = ("3205309", "3205002");
    let told = [
        special(2, date(2023, 12, 19), &[vitoria, serra]),
        special(3, date(2023, 12, 21), &[vitoria]),
        special(4, date(2023, 12, 22), &[serra]),
        special(5, date(2023, 12, 22), &[]),
    ];
    windows[0].editions.truncate(1);
    let mut seen = Vec::new();
    for edition in told {
        windows[0].editions.push(edition);
        let events = events(&windows, &world.calendar, &KnownDates::default());
        seen.push(
            ["prazo", "prazo-2", "prazo-3", "prazo-4"]
                .map(|topic| events.get(topic).map_or_else(String::new, |(_, status)| status.clone())),
        );
    }
    let (kept, gone) = ("CONFIRMED", "CANCELLED");
    assert_eq!(
        seen,
        [[kept, kept, "", ""], [kept, kept, kept, ""], [kept, gone, kept, kept], [kept, gone, gone, gone],]
    );
    let (text, _) = ics(&windows, &world.calendar, &KnownDates::default(), YEAR);
    let words = unfolded(&text);
    assert!(
        property(&words, "SUMMARY")[2].starts_with("SUBSTITUÍDO – Prazo (alguns municípios)"),
        "{words:?}"
    );
}

#[test]
fn an_extension_for_some_is_an_event_of_its_own() {
    let (world, mut windows) = extended();
    windows[0].editions[1].municipalities.insert(world.municipality);
    let (text, events) = ics(&windows, &world.calendar, &KnownDates::default(), YEAR);
    assert_eq!(events, 3);
    assert!(text.contains("UID:prazo-2.censo-suas.2023@vigia-suas") && text.contains("20231206T025959Z"));
}

#[test]
fn no_alarm_tells_of_letters_that_cannot_leave_or_at_a_wrong_distance() {
    let (mut world, mut windows) = extended();
    windows[0].editions.truncate(1);
    let alarms = |world: &World, windows: &[Window]| -> Vec<String> {
        let (text, _) = ics(windows, &world.calendar, &KnownDates::default(), YEAR);
        unfolded(&text).into_iter().filter(|line| line.contains("cartas de prazo saem em")).collect()
    };
    let all = alarms(&world, &windows);
    assert_eq!(all.len(), 2, "{all:#?}");
    assert!(
        all[0].contains("(aviso de 10 dias antes do prazo)"),
        "the rung, not how many days that is: {all:#?}"
    );
    for system in world.calendar.systems.values_mut() {
        system.ladder[0].days_before = 60;
    }
    let (text, _) = ics(&windows, &world.calendar, &KnownDates::default(), YEAR);
    assert!(!text.contains("alarme-60d"), "the window was not open yet: {text}");
    assert_eq!(alarms(&world, &windows).len(), 1);
    // Nobody knew of the second date before it was announced.
    let (world, windows) = extended();
    let announced = windows[0].editions[1].announced_on.unwrap();
    let zone = &world.calendar.hours.zone;
    let last = windows[0].editions[1].deadline.unwrap();
    let due = world.calendar.hours.rung_due(days_before(last.on, 10), last.instant(zone));
    assert_eq!(alarms(&world, &windows).len(), if due < zone.start_of(announced) { 1 } else { 2 });
}
