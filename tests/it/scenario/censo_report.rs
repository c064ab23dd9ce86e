//! What staff read of the Censo SUAS 2023 on the day before its first deadline: every figure by a second way.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use vigia_suas::domain::id::{FeedId, MunicipalityCode};
use vigia_suas::domain::notice::Kind;
use vigia_suas::domain::status::State;
use vigia_suas::plan::Act;
use vigia_suas::plan::account::{View, summarise};
use vigia_suas::plan::calls::calls;
use vigia_suas::plan::curve::{Curves, FillTally, curve};
use vigia_suas::plan::history::Recall;
use vigia_suas::plan::post::Post;
use vigia_suas::plan::summary::{Counts, WindowSummary};

use vigia_suas::render::because::part_name;
use vigia_suas::render::{calls as call_list, report};

use super::censo_2023::{OPENED, WINDOW, stage, state};
use super::stage::{Play, Stage};

const NOW: &str = "2023-12-04 12:00";
const TODAY: Date = date(2023, 12, 4);

struct Seen {
    play: Play<'static>,
    summary: WindowSummary,
    curves: Curves,
}

/// Records concluded on a day, by the formula alone.
fn concluded(stage: &Stage, day: Date) -> usize {
    let window = stage.window(WINDOW);
    stage.owed(&window).into_iter().filter(|one| state(*one, day) == State::Done).count()
}

fn seen() -> Seen {
    let stage = stage();
    let changes = stage.each_morning(WINDOW, OPENED, TODAY, state);
    let mut play = Play::new(stage, "2023-10-20 00:00", "2024-01-05 23:00", changes.clone());
    play.until(NOW);
    let (world, now) = (play.replay.world(), stage.at(NOW));
    let (decided, post) = (play.replay.plan(now), Post::default());
    let view = View { world: &world, plan: &decided, post: &post, now };
    let summary = summarise(view, &stage.window(WINDOW).id).unwrap();
    let mut tallies: BTreeMap<jiff::Timestamp, usize> = BTreeMap::new();
    for change in changes {
        *tallies.entry(change.at).or_default() += usize::from(change.observation.state == State::Done);
    }
    let feed = FeedId::parse("censo").unwrap();
    let tally = |(taken_at, done)| FillTally { feed: feed.clone(), taken_at, done };
    let tallies: Vec<FillTally> = tallies.into_iter().map(tally).collect();
    let this = curve(OPENED, &tallies, |_| None, &stage.calendar.hours.zone);
    // A year that went half as well, a year before.
    let halved =
        this.points.iter().map(|(on, done)| (on.saturating_sub(jiff::Span::new().days(365)), done / 2));
    let before = vigia_suas::plan::curve::FillCurve {
        opens_on: OPENED.saturating_sub(jiff::Span::new().days(365)),
        points: halved.collect(),
    };
    Seen { summary, curves: Curves { this, last_year: Some(before) }, play }
}

fn page(seen: &Seen) -> String {
    let curves = BTreeMap::from([(seen.summary.window.clone(), seen.curves.clone())]);
    let stage = stage();
    let beside = report::Background { curves: &curves, history: &[], roster: &stage.roster };
    report::page(std::slice::from_ref(&seen.summary), beside, &stage.calendar)
}

/// The states of each municipality's parts, by the formula alone.
fn parts(stage: &Stage) -> BTreeMap<(MunicipalityCode, String), State> {
    let window = stage.window(WINDOW);
    let mut parts = BTreeMap::new();
    for one in stage.owed(&window) {
        let said = state(one, TODAY);
        let key = (one.municipality, one.part.as_str().to_owned());
        let known = parts.entry(key).or_insert(said);
        if said == State::Pending || (said == State::Unconfirmed && *known != State::Pending) {
            *known = said;
        }
    }
    parts
}

fn worst(states: impl Iterator<Item = State>) -> State {
    let all: Vec<State> = states.collect();
    match (all.contains(&State::Pending), all.contains(&State::Unconfirmed)) {
        (true, _) => State::Pending,
        (false, true) => State::Unconfirmed,
        (false, false) => State::Done,
    }
}

#[test]
fn every_figure_of_the_report_is_what_a_second_way_counts() {
    let (stage, seen) = (stage(), seen());
    let parts = parts(stage);
    let mut municipalities = Counts::default();
    let mut regions: BTreeMap<String, Counts> = BTreeMap::new();
    for code in stage.codes() {
        let whole = worst(parts.iter().filter(|((of, _), _)| *of == code).map(|(_, state)| *state));
        municipalities.add(whole);
        regions.entry(stage.roster.municipalities[&code].region.clone()).or_default().add(whole);
    }
    assert_eq!(seen.summary.municipalities, municipalities);
    assert_eq!(seen.summary.by_region, regions);
    let mut by_part: BTreeMap<String, Counts> = BTreeMap::new();
    for ((_, part), state) in &parts {
        by_part.entry(part.clone()).or_default().add(*state);
    }
    let shown: BTreeMap<String, Counts> =
        seen.summary.by_part.iter().map(|(part, counts)| (part.to_string(), *counts)).collect();
    assert_eq!(shown, by_part);
    // The table: a row for each part of each municipality.
    let csv = report::csv(std::slice::from_ref(&seen.summary), &stage.calendar);
    for (part, counts) in &by_part {
        let rows = |state: &str| {
            csv.lines()
                .filter(|row| row.contains(&format!(";{part};")) && row.split(';').nth(10) == Some(state))
                .count()
        };
        assert_eq!(
            [rows("concluído"), rows("pendente"), rows("não confirmado")],
            [counts.done, counts.pending, counts.unconfirmed]
        );
    }
    // Letters, by the decisions of the run.
    let letters = seen.summary.lines.iter().flat_map(|line| &line.letters);
    let mut shown: BTreeMap<(&str, Option<u16>), usize> = BTreeMap::new();
    for letter in letters {
        assert!(letter.state.has_left());
        *shown.entry((letter.kind.as_str(), letter.rung)).or_default() += 1;
    }
    let mut sent: BTreeMap<(&str, Option<u16>), usize> = BTreeMap::new();
    for (_, decision) in
        seen.play.decisions().filter(|(_, d)| d.act() == Act::Send && d.municipality().is_some())
    {
        *sent.entry((decision.kind().map_or("", Kind::as_str), decision.rung())).or_default() += 1;
    }
    assert_eq!(shown, sent);
    // The curve, and what the page says of it.
    for (on, done) in &seen.curves.this.points {
        assert_eq!(*done, concluded(stage, *on), "{on}");
    }
    let text = report::text(std::slice::from_ref(&seen.summary), &stage.calendar);
    let figures = |counts: &Counts| {
        [counts.expected(), counts.done, counts.pending, counts.unconfirmed, counts.not_applicable]
    };
    // The figures at the end of each row of the text's tables, by what stands before them.
    let mut told: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
        if let [name, numbers @ ..] = cells.as_slice()
            && let Ok(numbers) = numbers.iter().map(|cell| cell.parse()).collect::<Result<Vec<usize>, _>>()
            && numbers.len() == 5
        {
            told.insert((*name).to_owned(), numbers);
        }
    }
    for (part, counts) in &by_part {
        let part = seen.summary.by_part.keys().find(|one| one.as_str() == part).unwrap();
        assert_eq!(told.remove(&part_name(part, &stage.calendar)), Some(figures(counts).to_vec()), "{part}");
    }
    for (name, counts) in &regions {
        assert_eq!(told.remove(name), Some(figures(counts).to_vec()), "{name}");
    }
    let mut gerencias: BTreeMap<String, Counts> = BTreeMap::new();
    let system = &stage.calendar.systems[&stage.window(WINDOW).system];
    for ((_, part), state) in &parts {
        let part = seen.summary.by_part.keys().find(|one| one.as_str() == part).unwrap();
        for gerencia in stage.calendar.gerencias_of(system, part) {
            gerencias.entry(gerencia.to_string()).or_default().add(*state);
        }
    }
    for (name, counts) in &gerencias {
        assert_eq!(told.remove(name), Some(figures(counts).to_vec()), "{name}");
    }
    assert!(told.is_empty(), "{told:?} was counted by nobody else");
    let html = page(&seen);
    for number in [municipalities.done, municipalities.pending, municipalities.unconfirmed] {
        assert!(html.contains(&format!("<b>{number}</b>")), "{number}");
    }
    for (name, counts) in &regions {
        let cells =
            [counts.expected(), counts.done, counts.pending, counts.unconfirmed, counts.not_applicable];
        let cells: Vec<String> = cells.iter().map(|n| format!("<td class=\"number\">{n}</td>")).collect();
        let cells = cells.concat();
        assert!(html.contains(&format!("<th scope=\"row\">{name}</th>{cells}")), "{name}");
    }
    assert!(html.contains(&format!("{} em 04/12/2023", concluded(stage, TODAY))), "the curve's own words");
}

#[test]
fn the_call_list_of_the_census_puts_first_who_owes_and_claims_nothing_of_others() {
    let (stage, seen) = (stage(), seen());
    let now = stage.at(NOW);
    let windows = std::slice::from_ref(&seen.summary);
    let entries = calls(windows, &stage.calendar, &Recall::default());
    let owing = entries.iter().take_while(|entry| !entry.call.owes.is_empty()).count();
    assert_eq!(owing, seen.summary.municipalities.pending, "all who owe were warned by then");
    assert!(entries[owing..].iter().all(|entry| entry.call.owes.is_empty()));
    for entry in &entries[owing..] {
        let said = call_list::sentence(entry, &stage.calendar);
        for word in ["pend", "falta", "deve", "aberto", "atras"] {
            assert!(!said.contains(word), "{said}");
        }
    }
    insta::assert_snapshot!("censo_calls_text", call_list::text(&entries, &stage.calendar, now));
    let csv = call_list::csv(&entries, &stage.calendar, now);
    assert_eq!(csv.lines().count(), entries.len() + 1);
    assert!(csv.starts_with("\u{feff}ordem;janela;"));
}

#[test]
fn the_report_of_the_census_can_be_read_as_text_as_a_table_and_as_a_page() {
    let (stage, seen) = (stage(), seen());
    let windows = std::slice::from_ref(&seen.summary);
    insta::assert_snapshot!("censo_report_text", report::text(windows, &stage.calendar));
    let csv = report::csv(windows, &stage.calendar);
    insta::assert_snapshot!("censo_report_csv", csv.replace('\u{feff}', "<BOM>").replace("\r\n", "\n"));
    let html = page(&seen);
    for nothing in ["<script", "http-equiv=\"refresh\"", "src=", "@import", "url(http"] {
        assert!(!html.contains(nothing), "{nothing}");
    }
    let marks = html.matches("role=\"img\"").count();
    let told = html.matches("<desc ").count() + html.matches("role=\"img\" aria-label=\"Por ").count();
    assert_eq!(told, marks, "each chart says what it shows");
    for line in html.split("</tr>").chain(html.split("</li>")) {
        let text = line.to_lowercase();
        assert!(!(text.contains("falta") && text.contains("não confirmad")), "{line}");
    }
    insta::assert_snapshot!(
        "censo_report_html",
        html.replace("<tr>", "\n<tr>").replace("<h", "\n<h").replace("<svg", "\n<svg")
    );
}
