//! What is known of one key, load after load. Pure.

use super::*;

fn observed(state: State, basis: Basis) -> Observation {
    Observation {
        window: WindowId::parse("rma/2026-10").unwrap(),
        municipality: MunicipalityCode::parse("3205309").unwrap(),
        part: PartId::parse("CRAS").unwrap(),
        unit: None,
        state,
        dated: None,
        basis,
        line: 0,
        wording: None,
    }
}

fn after(hours: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
}

/// A book with its feed's loads, and how many there were.
#[derive(Default)]
struct Told(StatusBook, u64);

impl Told {
    fn on(&mut self, basis: Basis, state: State, hours: i64, belief: Belief) -> StatusEntry {
        self.1 += 1;
        let load = Load {
            feed: FeedId::parse("f").unwrap(),
            snapshot: SnapshotId::parse(&format!("s{}", self.1)).unwrap(),
            arrival: self.1,
            taken_at: after(hours),
            after: None,
        };
        let said = observed(state, basis);
        let (window, municipality) = (said.window.clone(), said.municipality);
        self.0.absorb(&said, &load, belief);
        self.0.fetched(&load.feed, &load.snapshot, load.taken_at);
        self.0.window(&window).of(municipality)[0].clone()
    }

    fn row(&mut self, state: State, hours: i64) -> StatusEntry {
        self.on(Basis::Row, state, hours, Belief::Cautious)
    }

    fn fresh_for(&self, validity: i64) -> i64 {
        let window = self.0.window(&WindowId::parse("rma/2026-10").unwrap());
        let entry = &window.of(MunicipalityCode::parse("3205309").unwrap())[0];
        let until = window.fresh_until(entry, SignedDuration::from_hours(validity));
        until.duration_since(after(0)).as_hours()
    }
}

#[test]
fn a_reversal_is_believed_after_two_loads_twelve_hours_apart_also_by_way_of_not_applicable() {
    for first in [State::Done, State::NotApplicable] {
        let mut told = Told::default();
        told.row(first, 0);
        assert_eq!(told.row(State::Pending, 1).unproven_since, Some(after(1)));
        assert_eq!(told.row(State::Pending, 12).unproven_since, Some(after(1)));
        assert!(told.row(State::Pending, 13).is_believed_pending());
    }
    let mut told = Told::default();
    told.row(State::Done, 0);
    told.row(State::NotApplicable, 1);
    assert_eq!(told.row(State::Pending, 2).unproven_since, Some(after(2)));
}

#[test]
fn an_explicit_reopening_is_believed_at_once() {
    let mut told = Told::default();
    told.row(State::Done, 0);
    assert!(told.on(Basis::Reopened, State::Pending, 1, Belief::Cautious).is_believed_pending());
    assert!(told.row(State::Pending, 2).is_believed_pending());
}

#[test]
fn a_reversal_taken_back_starts_anew() {
    let mut told = Told::default();
    told.row(State::Done, 0);
    told.row(State::Pending, 1);
    told.row(State::Done, 2);
    assert_eq!(told.row(State::Pending, 14).unproven_since, Some(after(14)));
}

#[test]
fn a_doubt_in_between_does_not_undo_a_concluded_form() {
    let mut told = Told::default();
    told.row(State::Done, 0);
    assert_eq!(told.row(State::Unconfirmed, 1).state, State::Done);
    assert_eq!(told.row(State::Pending, 2).unproven_since, Some(after(2)));
    assert_eq!(told.row(State::Unconfirmed, 3).state, State::Unconfirmed);
    assert!(told.row(State::Pending, 14).is_believed_pending(), "twelve hours after the first");
    assert_eq!(told.on(Basis::Row, State::Unconfirmed, 15, Belief::Literal).state, State::Unconfirmed);
}

#[test]
fn rows_that_contradict_each_other_put_a_concluded_form_in_doubt_and_a_reversal_must_still_be_repeated() {
    let mut told = Told::default();
    told.row(State::Done, 0);
    assert_eq!(
        told.on(Basis::Contradiction, State::Unconfirmed, 1, Belief::Cautious).state,
        State::Unconfirmed
    );
    assert_eq!(told.row(State::Pending, 20).unproven_since, Some(after(20)));
    assert!(told.row(State::Pending, 32).is_believed_pending());
}

#[test]
fn silence_is_believed_only_when_it_is_repeated_twelve_hours_later() {
    let mut told = Told::default();
    let mut silent = |hours| told.on(Basis::Silence, State::Pending, hours, Belief::Cautious);
    assert_eq!(silent(0).unproven_since, Some(after(0)));
    assert_eq!(silent(11).unproven_since, Some(after(0)));
    assert!(silent(12).is_believed_pending());
    assert!(silent(13).is_believed_pending(), "and goes on being believed");
    assert!(told.row(State::Pending, 14).is_believed_pending(), "a row needs no second load");
}

#[test]
fn a_wait_counted_from_a_clock_that_was_set_back_since_begins_again() {
    let mut told = Told::default();
    told.row(State::Done, 0);
    told.row(State::Pending, 1_000);
    assert_eq!(told.row(State::Pending, 5).unproven_since, Some(after(5)));
    assert!(told.row(State::Pending, 17).is_believed_pending());
}

#[test]
fn a_rehearsal_believes_its_file() {
    let mut told = Told::default();
    told.on(Basis::Row, State::Done, 0, Belief::Literal);
    assert!(told.on(Basis::Row, State::Pending, 1, Belief::Literal).is_believed_pending());
}

#[test]
fn the_load_that_arrived_last_rules_whatever_the_clock_said() {
    let mut told = Told::default();
    told.row(State::Pending, 5);
    assert_eq!(told.row(State::Done, 4).state, State::Done, "the clock was set back in between");
}

#[test]
fn a_load_found_unchanged_makes_younger_for_one_validity_at_most_and_another_load_not_at_all() {
    let mut told = Told::default();
    let last = told.row(State::Pending, 0);
    assert_eq!(told.fresh_for(36), 36);
    told.0.fetched(&last.feed, &last.snapshot, after(10));
    assert_eq!(told.fresh_for(36), 46);
    told.0.fetched(&last.feed, &last.snapshot, after(500));
    assert_eq!(told.fresh_for(36), 72);
    // A load that does not cover the key.
    told.0.fetched(&last.feed, &SnapshotId::parse("other").unwrap(), after(20));
    assert_eq!(told.fresh_for(36), 36);
}
