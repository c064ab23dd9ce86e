//! Evidence is a law: whom nothing but the last word about them accuses.

use proptest::prelude::*;

use super::status::{NOW, accused, letter};
use super::*;

/// Hours from when the plan is made.
fn from_now(hours: i64) -> Timestamp {
    at(NOW) + SignedDuration::from_hours(hours)
}

/// Loads one after the other, in the order in which they arrive.
struct Loads {
    case: Case,
    last: Load,
}

impl Loads {
    fn new() -> Self {
        let mut case = Case::new();
        case.announced();
        Self { case, last: load("f", "2026-03-02T00:00") }
    }

    /// A load of a feed that speaks of the manager's part of the first municipality, and of the other's.
    fn says(&mut self, feed: &str, taken_at: Timestamp, said: &[(u32, State, Basis, Option<Timestamp>)]) {
        let arrival = self.last.arrival + 1;
        self.last = Load {
            feed: FeedId::parse(feed).unwrap(),
            snapshot: SnapshotId::parse(&format!("{feed}-{arrival}")).unwrap(),
            arrival,
            taken_at,
            after: None,
        };
        for (n, state, basis, dated) in said {
            let observation = Observation {
                window: window_id(),
                municipality: municipality_code(*n),
                part: part("GESTAO"),
                unit: None,
                state: *state,
                dated: *dated,
                basis: *basis,
                line: if *basis == Basis::Silence { 0 } else { line_of(arrival, *n) },
                wording: None,
            };
            self.case.status.absorb(&observation, &self.last, Belief::Cautious);
        }
        self.case.status.fetched(&self.last.feed, &self.last.snapshot, taken_at);
    }

    fn row(&mut self, feed: &str, hours: i64, state: State, dated: Option<Timestamp>) {
        self.says(feed, from_now(hours), &[(0, state, Basis::Row, dated)]);
    }

    /// The load and the line of each row that a prazo to a municipality rests on.
    fn quoted(&self, n: u32) -> Vec<(u64, u32)> {
        let plan = self.case.plan(NOW);
        let rows = letter(&plan, municipality_code(n)).map(|letter| letter.because().rows().to_vec());
        rows.unwrap_or_default().iter().map(|row| (row.arrival, row.line)).collect()
    }

    fn is_accused(&self, n: u32) -> bool {
        accused(&self.case, municipality_code(n)).iter().any(|part| part.starts_with("GESTAO"))
    }
}

/// Every row of every load stands on a line of its own.
fn line_of(arrival: u64, n: u32) -> u32 {
    u32::try_from(arrival % 1_000_000).unwrap() * 10 + n
}

#[test]
fn a_prazo_quotes_of_each_unit_that_it_lists_its_own_row_and_else_the_row_about_the_part() {
    let late = "2026-03-20T06:00";
    let rows = |said: &[(Option<&str>, u32)]| {
        let mut case = Case::new();
        super::status::with_units(&mut case);
        case.announced();
        for (unit, line) in said {
            let observation = Observation {
                window: window_id(),
                municipality: municipality_code(0),
                part: part("CRAS"),
                unit: unit.map(|unit| UnitId::parse(unit).unwrap()),
                state: State::Pending,
                dated: None,
                basis: Basis::Row,
                line: *line,
                wording: None,
            };
            case.status.absorb(&observation, &load("f", late), Belief::Cautious);
        }
        let plan = case.plan(NOW);
        let rows = letter(&plan, municipality_code(0)).unwrap().because().rows().to_vec();
        rows.iter().map(|row| (row.unit.as_ref().map(ToString::to_string), row.line)).collect::<Vec<_>>()
    };
    let unit = |id: &str, line| (Some(id.to_owned()), line);
    assert_eq!(rows(&[(Some("11"), 7), (Some("22"), 8)]), [unit("11", 7), unit("22", 8)]);
    assert_eq!(rows(&[(None, 9)]), [(None, 9)], "of two units the one row about the part");
}

#[test]
fn todays_concluido_with_a_date_of_its_own_rules_over_yesterdays_pendente_without_one() {
    let mut loads = Loads::new();
    loads.row("f", -26, State::Pending, None);
    assert!(loads.is_accused(0));
    loads.row("f", -2, State::Done, Some(from_now(-60)));
    assert!(!loads.is_accused(0));
}

#[test]
fn a_load_that_no_longer_covers_a_key_does_not_keep_its_pendente_fresh() {
    let mut loads = Loads::new();
    loads.row("f", -50, State::Pending, None);
    for hours in [-40, -30, -20, -10, -1] {
        loads.says("f", from_now(hours), &[(1, State::Pending, Basis::Row, None)]);
    }
    assert!(!loads.is_accused(0) && loads.is_accused(1));
}

#[test]
fn a_pendente_as_old_as_its_validity_still_counts_and_an_instant_older_does_not() {
    let mut loads = Loads::new();
    let validity = loads.case.calendar.systems.values().next().unwrap().status_validity;
    let as_old = at(NOW) - validity;
    loads.says("f", as_old, &[(0, State::Pending, Basis::Row, None)]);
    assert!(loads.is_accused(0));
    loads.says("f", as_old - SignedDuration::from_millis(1), &[(0, State::Pending, Basis::Row, None)]);
    assert!(!loads.is_accused(0));
}

#[test]
fn a_load_taken_while_the_clock_was_set_back_rules_because_it_came_last() {
    let mut loads = Loads::new();
    loads.row("f", -2, State::Pending, None);
    loads.row("f", -9_000, State::Done, None);
    assert!(!loads.is_accused(0));
}

#[test]
fn a_contradiction_does_not_end_by_its_later_word_growing_old() {
    let held = |loads: &Loads| {
        let held = loads.case.plan(NOW).held;
        held.iter().any(|d| {
            d.municipality() == Some(municipality_code(0)) && d.because().cause().as_str() == "nao-confirmado"
        })
    };
    let mut loads = Loads::new();
    loads.case.says("f", 0, "CRAS", None, State::Done, "2026-03-10T00:00");
    loads.row("f", -60, State::Done, None);
    loads.row("g", -50, State::Pending, None);
    assert!(held(&loads), "the last that was heard is that it is pendente");
    loads.row("f", -1, State::Done, None);
    assert!(!held(&loads) && !loads.is_accused(0), "a newer word, while the other is old");
}

#[test]
fn a_load_from_a_clock_that_stood_ahead_accuses_nobody() {
    let mut loads = Loads::new();
    loads.row("f", 9_000, State::Pending, None);
    assert!(!loads.is_accused(0));
}

#[test]
fn a_feed_that_was_removed_no_longer_counts() {
    let mut loads = Loads::new();
    loads.row("gone", -2, State::Pending, None);
    assert!(loads.is_accused(0));
    loads.case.status.only(|feed| feed.as_str() != "gone");
    assert!(!loads.is_accused(0));
}

#[test]
fn a_later_row_of_another_feed_that_does_not_know_takes_an_accusation_back_and_its_silence_does_not() {
    let mut loads = Loads::new();
    loads.row("f", -5, State::Pending, None);
    loads.says("g", from_now(-4), &[(0, State::Unconfirmed, Basis::Silence, None)]);
    assert!(loads.is_accused(0));
    loads.row("g", -3, State::Unconfirmed, None);
    assert!(!loads.is_accused(0));
}

/// What a load said: feed, municipality, state, basis and the load's place.
type Word = (usize, u32, State, Basis, u64);

/// One load of a drawn history.
#[derive(Debug, Clone)]
struct Drawn {
    feed: usize,
    /// By so many hours the clock moved since the load before, back too.
    hours: i64,
    /// What is said of each municipality; nothing where the load does not cover it, or found nothing new.
    said: [Option<(State, Basis, Option<i64>)>; 2],
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let state = prop::sample::select(vec![
        State::Pending,
        State::Pending,
        State::Done,
        State::NotApplicable,
        State::Unconfirmed,
    ]);
    let basis = prop::sample::select(vec![Basis::Row, Basis::Row, Basis::Silence, Basis::Reopened]);
    let dated = prop::option::of(-200_i64..20);
    let said = prop::option::weighted(0.7, (state, basis, dated));
    (0..2_usize, -20_i64..30, [said.clone(), said]).prop_map(|(feed, hours, said)| Drawn {
        feed,
        hours,
        said,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_prazo_quotes_the_last_accepted_row_about_each_part_it_lists_and_that_row_says_pendente(
        history in prop::collection::vec(drawn(), 1..14)
    ) {
        let feeds = ["f", "g"];
        let mut loads = Loads::new();
        let span: i64 = history.iter().map(|load| load.hours).sum();
        let mut clock = -span - 1;
        let mut words: Vec<Word> = Vec::new();
        for load in &history {
            clock += load.hours;
            let said: Vec<_> = (0..2_u32)
                .zip(load.said)
                .filter_map(|(n, said)| said.map(|(state, basis, dated)| (n, state, basis, dated)))
                // What a presence feed's silence tells is pendente or nothing sure; a reopening is pendente.
                .map(|(n, state, basis, dated)| match basis {
                    Basis::Silence if state != State::Pending => (n, State::Unconfirmed, basis, None),
                    Basis::Silence => (n, state, basis, None),
                    Basis::Reopened => (n, State::Pending, basis, dated.map(from_now)),
                    _ => (n, state, basis, dated.map(from_now)),
                })
                .collect();
            if said.is_empty() && loads.last.feed.as_str() == feeds[load.feed] {
                let Load { feed, snapshot, .. } = loads.last.clone();
                loads.case.status.fetched(&feed, &snapshot, from_now(clock));
                continue;
            }
            loads.says(feeds[load.feed], from_now(clock), &said);
            let arrival = loads.last.arrival;
            words.extend(said.iter().map(|(n, state, basis, _)| (load.feed, *n, *state, *basis, arrival)));
        }
        for n in 0..2 {
            if !loads.is_accused(n) {
                continue;
            }
            // Another feed's not having a row is no word about anybody.
            let about = |w: &&Word| w.1 == n && (w.2, w.3) != (State::Unconfirmed, Basis::Silence);
            let last = words.iter().rfind(about).unwrap();
            prop_assert_eq!(last.2, State::Pending, "{:?}", words);
            let quoted = loads.quoted(n);
            let of = |w: &Word| (w.4, if w.3 == Basis::Silence { 0 } else { line_of(w.4, n) });
            // A feed that has fallen silent since says nothing any more.
            let is_its_feeds_last = |w: &&Word| words.iter().rfind(|o| (o.0, o.1) == (w.0, w.1)) == Some(*w);
            let standing = words.iter().filter(about).rfind(is_its_feeds_last);
            prop_assert_eq!(quoted.last().copied(), standing.map(of), "{:?}", words);
            let says_so = |row: &(u64, u32)| words.iter().any(|w| w.1 == n && of(w) == *row && w.2 == State::Pending);
            prop_assert!(quoted.iter().all(says_so), "{:?} {:?}", quoted, words);
            for feed in 0..2 {
                let knows = |w: &&Word| w.0 == feed && w.2 != State::Unconfirmed;
                let own = words.iter().filter(about).rfind(knows);
                let settled = own.is_some_and(|w| matches!(w.2, State::Done | State::NotApplicable));
                prop_assert!(!settled, "{:?}", words);
            }
        }
    }
}
