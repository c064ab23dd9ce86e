//! Who was on time: from the record of the deadline and what was loaded since.

use vigia_suas::plan::history::{HistoryLine, Punctuality, Trend, history};

use super::*;

fn how(case: &Case, now: &str, n: u32, id: &str) -> Option<Punctuality> {
    let lines = case.ask(|world| history(world, at(now)));
    let found =
        lines.into_iter().find(|line| line.municipality == municipality_code(n) && line.part == part(id))?;
    found.references.last().map(|(_, how)| *how)
}

#[test]
fn what_was_pending_at_the_deadline_is_late_once_it_is_done_and_never_until_then() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    assert_eq!(how(&case, "2026-03-31T21:00", 0, "GESTAO"), None, "the window is open");
    case.decide("2026-04-01T08:00");
    assert_eq!(how(&case, "2026-04-10T08:00", 0, "CRAS"), Some(Punctuality::OnTime));
    assert_eq!(how(&case, "2026-04-10T08:00", 0, "GESTAO"), Some(Punctuality::Never));
    case.says("f", 0, "GESTAO", None, State::Done, "2026-04-06T07:00");
    assert_eq!(how(&case, "2026-04-10T08:00", 0, "GESTAO"), Some(Punctuality::Late { days: None }));
    assert_eq!(how(&case, "2026-04-10T08:00", 1, "GESTAO"), Some(Punctuality::Never), "the other owes still");
    let dated = Observation {
        window: window_id(),
        municipality: municipality_code(1),
        part: part("GESTAO"),
        unit: None,
        state: State::Done,
        dated: Some(at("2026-04-05T10:00")),
        basis: Basis::Row,
        line: 0,
        wording: None,
    };
    case.status.absorb(dated, &load("f", "2026-04-07T07:00"), Belief::Cautious);
    let late = Some(Punctuality::Late { days: Some(5) });
    assert_eq!(
        how(&case, "2026-04-10T08:00", 1, "GESTAO"),
        late,
        "the data's own date counts, not the load's"
    );
}

#[test]
fn what_nobody_knew_counts_against_nobody() {
    let mut case = Case::new();
    case.announced();
    case.decide("2026-04-01T08:00");
    let lines = case.ask(|world| history(world, at("2026-04-10T08:00")));
    assert!(!lines.is_empty());
    assert!(lines.iter().all(|line| line.need() == 0 && line.unknown() == 1 && line.on_time() == 0));
    case.says("f", 0, "GESTAO", None, State::Done, "2026-04-06T07:00");
    assert_eq!(
        how(&case, "2026-04-10T08:00", 0, "GESTAO"),
        Some(Punctuality::Unknown),
        "when it was done nobody knows"
    );
}

#[test]
fn who_would_gain_most_is_told_by_what_never_came_and_the_trend_by_the_two_halves() {
    let line = |marks: &str| HistoryLine {
        system: SystemId::parse("rma").unwrap(),
        municipality: municipality_code(0),
        name: "M".to_owned(),
        part: part("CRAS"),
        references: marks
            .chars()
            .map(|mark| {
                let how = match mark {
                    'o' => Punctuality::OnTime,
                    '2' => Punctuality::Late { days: Some(2) },
                    '7' => Punctuality::Late { days: Some(7) },
                    'n' => Punctuality::Never,
                    _ => Punctuality::Unknown,
                };
                (window_id(), how)
            })
            .collect(),
    };
    assert_eq!((line("on27?").need(), line("on27?").mean_days_late()), (4, Some(4)));
    let trend = |marks| line(marks).trend();
    assert_eq!(
        [trend("o?o"), trend("oo2n"), trend("n2oo"), trend("o2n2o")],
        [Trend::TooShort, Trend::Worse, Trend::Better, Trend::Steady]
    );
}
