//! Who was on time: from the record of the deadline and what was loaded since.

use vigia_suas::domain::calendar::{Halt, HaltKind};
use vigia_suas::domain::overrides::Dispute;
use vigia_suas::plan::history::{HistoryLine, Punctuality, Trend, history};

use super::*;

fn how(case: &Case, now: &str, n: u32, id: &str) -> Option<Punctuality> {
    let lines = case.ask(|world| history(world, at(now)));
    let found =
        lines.into_iter().find(|line| line.municipality == municipality_code(n) && line.part == part(id))?;
    found.references.last().map(|(_, how)| *how)
}

/// A word of one feed about one municipality's GESTAO as a whole.
fn word(n: u32, state: State, dated: Option<&str>, basis: Basis) -> Observation {
    Observation {
        window: window_id(),
        municipality: municipality_code(n),
        part: part("GESTAO"),
        unit: None,
        state,
        dated: dated.map(at),
        basis,
        line: 0,
        wording: None,
    }
}

/// What leaves a pendente of the deadline in doubt: in words, and how it comes about.
type Doubted<'a> = (&'a str, &'a dyn Fn(&mut Case));

const LATER: &str = "2026-04-10T08:00";

#[test]
fn a_window_that_was_cancelled_or_stopped_over_its_deadline_counts_against_nobody() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    case.decide("2026-04-01T08:00");
    case.says("f", 0, "GESTAO", None, State::Pending, "2026-04-02T07:00");
    assert_eq!(how(&case, LATER, 0, "GESTAO"), Some(Punctuality::Never));
    let mut halted = |kind, since: &str, until: Option<&str>| {
        case.window().halt = Some(Halt { kind, since: Some(date(since)), until: until.map(date) });
        case.ask(|world| history(world, at(LATER))).len()
    };
    assert_eq!(halted(HaltKind::Cancelled, "2026-04-05", None), 0, "cancelled since");
    assert_eq!(halted(HaltKind::Suspended, "2026-03-30", None), 0, "stopped when it passed");
    assert_eq!(halted(HaltKind::Suspended, "2026-03-30", Some("2026-04-06")), 0, "and going on since");
    assert_eq!(halted(HaltKind::Suspended, "2026-03-10", Some("2026-03-20")), 4, "over before it passed");
    assert_eq!(halted(HaltKind::Suspended, "2026-04-05", None), 4, "stopped only afterwards");
    assert_eq!(halted(HaltKind::Cancelled, "2026-04-20", None), 4, "not cancelled yet");
}

#[test]
fn what_was_pending_at_the_deadline_is_late_once_it_is_done_and_never_while_data_says_that_it_is_not() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    assert_eq!(how(&case, "2026-03-31T21:00", 0, "GESTAO"), None, "the window is open");
    case.decide("2026-04-01T08:00");
    assert_eq!(how(&case, LATER, 0, "CRAS"), Some(Punctuality::OnTime));
    let pending = Some(Punctuality::Pending { as_of: at("2026-03-31T20:00") });
    assert_eq!(how(&case, LATER, 0, "GESTAO"), pending, "nothing was loaded since the deadline");
    let lines = case.ask(|world| history(world, at(LATER)));
    assert!(lines.iter().all(|line| line.need() == 0), "and it counts against nobody");
    case.says("f", 0, "GESTAO", None, State::Pending, "2026-04-02T07:00");
    case.says("f", 1, "GESTAO", None, State::Pending, "2026-04-02T07:00");
    assert_eq!(how(&case, LATER, 0, "GESTAO"), Some(Punctuality::Never));
    case.says("f", 0, "GESTAO", None, State::Done, "2026-04-06T07:00");
    assert_eq!(how(&case, LATER, 0, "GESTAO"), Some(Punctuality::Late { days: None }));
    assert_eq!(how(&case, LATER, 1, "GESTAO"), Some(Punctuality::Never), "the other owes still");
    let dated = word(1, State::Done, Some("2026-04-05T10:00"), Basis::Row);
    case.status.absorb(&dated, &load("f", "2026-04-07T07:00"), Belief::Cautious);
    let late = Some(Punctuality::Late { days: Some(5) });
    assert_eq!(how(&case, LATER, 1, "GESTAO"), late, "the data's own date counts, not the load's");
}

#[test]
fn what_the_data_dates_before_the_deadline_was_on_time_though_it_was_pending_in_the_last_load() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    case.decide("2026-04-01T08:00");
    let dated = word(0, State::Done, Some("2026-03-31T22:00"), Basis::Row);
    case.status.absorb(&dated, &load("f", "2026-04-02T07:00"), Belief::Cautious);
    assert_eq!(how(&case, LATER, 0, "GESTAO"), Some(Punctuality::OnTime));
}

#[test]
fn a_doubt_of_the_deadline_is_never_a_delay_whatever_is_loaded_since() {
    let said = |case: &mut Case, state, dated, basis, when| {
        case.status.absorb(&word(0, state, dated, basis), &load("f", when), Belief::Cautious);
    };
    let contest = |case: &mut Case, day: &str, until: Option<&str>| {
        case.overrides.disputes.push(Dispute {
            municipality: municipality_code(0),
            window: window_id(),
            part: None,
            until: until.map(date),
            authorship: Authorship { at: at(day), ..authorship() },
        });
    };
    let doubts: [Doubted<'_>; 6] = [
        ("another feed said that it was done", &|case| {
            case.says("f", 0, "GESTAO", None, State::Pending, "2026-03-31T20:00");
            case.says("g", 0, "GESTAO", None, State::Done, "2026-03-31T19:00");
        }),
        ("the municipality contested it", &|case| {
            case.says("f", 0, "GESTAO", None, State::Pending, "2026-03-31T20:00");
            contest(case, "2026-03-31T21:00", None);
            contest(case, "2026-04-01T10:00", Some("2026-04-01"));
        }),
        ("the municipality contests it since", &|case| {
            case.says("f", 0, "GESTAO", None, State::Pending, "2026-03-31T20:00");
            contest(case, "2026-04-01T10:00", None);
        }),
        ("only a silence told it, and once", &|case| {
            said(case, State::Pending, None, Basis::Silence, "2026-03-31T20:00");
        }),
        ("it had been done, and no second load told the reversal", &|case| {
            said(case, State::Done, None, Basis::Row, "2026-03-30T20:00");
            said(case, State::Pending, None, Basis::Row, "2026-03-31T20:00");
        }),
        ("a load after the deadline wrote over what was known", &|case| {
            said(case, State::Pending, None, Basis::Row, "2026-04-01T07:00");
        }),
    ];
    for (why, doubt) in doubts {
        let mut case = Case::new();
        doubt(case.announced());
        case.decide("2026-04-01T08:00");
        case.says("f", 0, "GESTAO", None, State::Pending, "2026-04-03T07:00");
        case.says("f", 0, "GESTAO", None, State::Pending, "2026-04-05T07:00");
        assert_eq!(how(&case, LATER, 0, "GESTAO"), Some(Punctuality::Unknown), "{why}");
        case.says("f", 0, "GESTAO", None, State::Done, "2026-04-06T07:00");
        let late = how(&case, LATER, 0, "GESTAO");
        assert_eq!(late, Some(Punctuality::Unknown), "{why}, and it is done now");
    }
    let mut case = Case::new();
    case.announced().says("f", 0, "GESTAO", None, State::Pending, "2026-03-31T20:00");
    contest(&mut case, "2026-03-30T21:00", None);
    contest(&mut case, "2026-03-29T21:00", Some("2026-03-30"));
    case.decide("2026-04-01T08:00");
    case.says("f", 0, "GESTAO", None, State::Pending, "2026-04-03T07:00");
    assert_eq!(how(&case, LATER, 0, "GESTAO"), Some(Punctuality::Never), "newer data ended both");
}

#[test]
fn each_pair_of_what_was_so_then_and_is_now_has_its_word() {
    use State::{Done, NotApplicable, Pending, Unconfirmed};
    for (then, now, expected) in [
        (Done, Done, Some(Punctuality::OnTime)),
        (Done, Pending, Some(Punctuality::Unknown)),
        (Done, Unconfirmed, Some(Punctuality::Unknown)),
        (Pending, Done, Some(Punctuality::Late { days: None })),
        (Pending, Pending, Some(Punctuality::Never)),
        (Pending, Unconfirmed, Some(Punctuality::Unknown)),
        (Unconfirmed, Done, Some(Punctuality::Unknown)),
        (Unconfirmed, Pending, Some(Punctuality::Unknown)),
        (Unconfirmed, Unconfirmed, Some(Punctuality::Unknown)),
        (NotApplicable, Done, Some(Punctuality::Unknown)),
        (NotApplicable, Pending, Some(Punctuality::Unknown)),
        (NotApplicable, Unconfirmed, Some(Punctuality::Unknown)),
        (Done, NotApplicable, None),
        (Pending, NotApplicable, None),
        (Unconfirmed, NotApplicable, None),
        (NotApplicable, NotApplicable, None),
    ] {
        let mut case = Case::new();
        case.announced().gestao(then, "2026-03-31T20:00");
        case.decide("2026-04-01T08:00");
        // A reversal is believed after two loads.
        case.gestao(now, "2026-04-02T07:00").gestao(now, "2026-04-03T07:00");
        if now == Unconfirmed {
            // What stands over a load that does not know gives way to one that contradicts itself.
            let torn = word(0, now, None, Basis::Contradiction);
            case.status.absorb(&torn, &load("f", "2026-04-04T07:00"), Belief::Cautious);
        }
        assert_eq!(how(&case, LATER, 0, "GESTAO"), expected, "{then}, then {now}");
    }
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
