//! Small charts as SVG: they scale, print, take the page's colours, and say in words what they show. No meaning is in a
//! colour alone: every series has a stroke or a pattern of its own, and every number stands beside its bar. Pure.
//!
//! Coordinates are whole: a chart is the same on every machine.

use maud::{Markup, html};

use super::portuguese as pt;
use crate::plan::summary::Counts;

/// Room of a chart of lines, and its margins.
const WIDE: i64 = 720;
const HIGH: i64 = 280;
const LEFT: i64 = 48;
const RIGHT: i64 = 16;
const TOP: i64 = 34;
const BOTTOM: i64 = 34;

/// One line of a chart.
#[derive(Debug, Clone)]
pub struct ChartLine {
    /// Its name, in the legend.
    pub name: String,
    /// Day and value, in order of days.
    pub points: Vec<(i64, usize)>,
    /// Whether it is drawn behind, broken: what it is compared with.
    pub is_behind: bool,
}

/// An upright mark at a day: a deadline.
#[derive(Debug, Clone)]
pub struct ChartMark {
    pub day: i64,
    pub label: String,
}

/// Lines over days. `id` names it within the page; `days` is the first and the last day with their names.
pub fn lines(
    id: &str,
    (title, description): (&str, &str),
    lines: &[ChartLine],
    marks: &[ChartMark],
    days: [(i64, String); 2],
) -> Markup {
    let [(first, first_name), (last, last_name)] = days;
    let most = lines.iter().flat_map(|line| &line.points).map(|(_, value)| *value).max().unwrap_or(0).max(1);
    let top = i64::try_from(most).unwrap_or(i64::MAX / 1_000);
    let x = |day: i64| LEFT + (day - first) * (WIDE - LEFT - RIGHT) / (last - first).max(1);
    let y = |value: i64| HIGH - BOTTOM - value * (HIGH - TOP - BOTTOM) / top;
    let path = |points: &[(i64, usize)]| {
        let place =
            |(day, value): &(i64, usize)| format!("{},{}", x(*day), y(i64::try_from(*value).unwrap_or(top)));
        points.iter().map(place).collect::<Vec<_>>().join(" ")
    };
    let visible = |day: i64| (first..=last).contains(&day);
    html! {
        svg .chart viewBox={ "0 0 " (WIDE) " " (HIGH) } role="img" aria-labelledby={ (id) "-t " (id) "-d" } {
            title id={ (id) "-t" } { (title) }
            desc id={ (id) "-d" } { (description) }
            @for part in [0, top / 2, top] {
                line .grid x1=(LEFT) x2=(WIDE - RIGHT) y1=(y(part)) y2=(y(part)) {}
                text .tick x=(LEFT - 6) y=(y(part) + 4) text-anchor="end" { (part) }
            }
            @for (number, mark) in marks.iter().filter(|mark| visible(mark.day)).enumerate() {
                @let row = i64::try_from(number % 2).unwrap_or(0) * 14;
                line .mark x1=(x(mark.day)) x2=(x(mark.day)) y1=(TOP - 4) y2=(HIGH - BOTTOM) {}
                text .tick x=(x(mark.day).clamp(LEFT + 100, WIDE - RIGHT - 100)) y=(12 + row) text-anchor="middle" { (mark.label) }
            }
            @for line in lines.iter().filter(|line| line.is_behind).chain(lines.iter().filter(|line| !line.is_behind)) {
                polyline .behind[line.is_behind] .line[!line.is_behind] points=(path(&line.points)) {
                    title { (line.name) }
                }
                // A single day is no line.
                @if let [(day, value)] = line.points[..] {
                    circle .point .behind[line.is_behind] cx=(x(day)) cy=(y(i64::try_from(value).unwrap_or(top))) r="4" {}
                }
            }
            text .tick x=(LEFT) y=(HIGH - 10) { (first_name) }
            text .tick x=(WIDE - RIGHT) y=(HIGH - 10) text-anchor="end" { (last_name) }
        }
        p .legend {
            @for line in lines {
                span {
                    svg .key viewBox="0 0 34 10" aria-hidden="true" {
                        line .behind[line.is_behind] .line[!line.is_behind] x1="1" x2="33" y1="5" y2="5" {}
                    }
                    " " (line.name)
                }
            }
        }
    }
}

/// How wide a whole bar is, in the units of its own picture, and how high.
const BAR: i64 = 1_000;
const THICK: i64 = 18;

/// How many stand where, one bar a row, in the four states: names and numbers are text, so that they are read on the
/// narrowest screen. `id` names the chart within the page.
pub fn bars(id: &str, title: &str, rows: &[(String, Counts)]) -> Markup {
    let all = |counts: &Counts| counts.expected() + counts.not_applicable;
    let most = rows.iter().map(|(_, counts)| all(counts)).max().unwrap_or(0).max(1);
    let wide = |number: usize| scaled(number, most);
    let described: Vec<String> =
        rows.iter().map(|(name, counts)| format!("{name}: {}", in_words(counts))).collect();
    html! {
        div .bars role="img" aria-label={ (title) ". " (described.join(". ")) } {
            svg .patterns aria-hidden="true" { (patterns(id)) }
            @for (name, counts) in rows {
                div {
                    span .name { (name) }
                    svg .bar viewBox={ "0 0 " (BAR) " " (THICK) } preserveAspectRatio="none" {
                        @let parts = segments(counts);
                        @for (place, (class, number)) in parts.iter().enumerate().filter(|(_, (_, number))| *number > 0) {
                            @let before: usize = parts.iter().take(place).map(|(_, number)| *number).sum();
                            @let (from, width) = (wide(before), wide(before + number) - wide(before));
                            rect class=(class) x=(from) y="0" width=(width) height=(THICK) {}
                            @if *class == "pending" || *class == "unconfirmed" {
                                rect fill={ "url(#" (id) "-" (class) ")" } x=(from) y="0" width=(width) height=(THICK) {}
                            }
                        }
                    }
                    span .numbers { (numbers(counts)) }
                }
            }
        }
    }
}

/// What the patterns and symbols of the states are.
pub fn legend() -> Markup {
    html! {
        p .legend {
            @for (class, symbol, name) in STATES {
                span { b .state .(class) aria-hidden="true" { (symbol) } " " (name) }
            }
        }
    }
}

/// The states, each with its class, its symbol and its name, in the order of a bar.
pub const STATES: [(&str, &str, &str); 4] = [
    ("done", "●", "concluído"),
    ("pending", "▲", "pendente"),
    ("unconfirmed", "?", "não confirmado"),
    ("na", "–", "não se aplica"),
];

fn segments(counts: &Counts) -> [(&'static str, usize); 4] {
    [
        ("done", counts.done),
        ("pending", counts.pending),
        ("unconfirmed", counts.unconfirmed),
        ("na", counts.not_applicable),
    ]
}

/// `60 ● 10 ▲ 8 ?`: what is none is left out.
fn numbers(counts: &Counts) -> String {
    let shown = segments(counts).into_iter().zip(STATES).filter(|((_, number), _)| *number > 0);
    shown.map(|((_, number), (_, symbol, _))| format!("{number} {symbol}")).collect::<Vec<_>>().join("  ")
}

fn in_words(counts: &Counts) -> String {
    use crate::domain::status::State;
    let states = [
        (counts.done, State::Done),
        (counts.pending, State::Pending),
        (counts.unconfirmed, State::Unconfirmed),
        (counts.not_applicable, State::NotApplicable),
    ];
    let words: Vec<String> = states.iter().map(|(number, state)| pt::standing(*number, *state)).collect();
    pt::list(&words)
}

fn scaled(number: usize, most: usize) -> i64 {
    let (number, most) = (i64::try_from(number).unwrap_or(0), i64::try_from(most).unwrap_or(1));
    number * BAR / most.max(1)
}

fn patterns(id: &str) -> Markup {
    html! {
        defs {
            pattern id={ (id) "-pending" } width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                line .hatch x1="0" y1="0" x2="0" y2="7" {}
            }
            pattern id={ (id) "-unconfirmed" } width="6" height="6" patternUnits="userSpaceOnUse" {
                circle .dot cx="3" cy="3" r="1.2" {}
            }
        }
    }
}
