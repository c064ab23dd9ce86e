//! Several feeds about one part: whom one of them has as concluded no other accuses before that word is taken back.

use proptest::prelude::*;
use vigia_suas::plan::account::{View, explain};
use vigia_suas::plan::post::Post;

use super::*;

/// What is said of the manager's part, or of its one unit.
#[derive(Debug, Clone)]
struct Said {
    feed: usize,
    of_unit: bool,
    state: State,
    /// How long after the one before.
    after: SignedDuration,
}

const FEEDS: [&str; 3] = ["f", "g", "h"];

impl Said {
    fn absorbed(&self, case: &mut Case, arrival: u64, taken_at: Timestamp) {
        let feed = FEEDS[self.feed];
        let load = Load {
            feed: FeedId::parse(feed).unwrap(),
            snapshot: SnapshotId::parse(&format!("{feed}-{arrival}")).unwrap(),
            arrival,
            taken_at,
            after: None,
        };
        let observation = Observation {
            window: window_id(),
            municipality: municipality_code(0),
            part: part("GESTAO"),
            unit: self.of_unit.then(|| UnitId::parse("11").unwrap()),
            state: self.state,
            dated: None,
            basis: Basis::Row,
            line: 1,
            wording: None,
        };
        case.status.absorb(&observation, &load, Belief::Cautious);
    }
}

fn drawn() -> impl Strategy<Value = Said> {
    use State::{Done, NotApplicable, Pending, Unconfirmed};
    let state =
        prop::sample::select(vec![Pending, Pending, Pending, Pending, Done, NotApplicable, Unconfirmed]);
    (0..FEEDS.len(), any::<bool>(), state, 1..16_i64).prop_map(|(feed, of_unit, state, hours)| Said {
        feed,
        of_unit,
        state,
        after: SignedDuration::from_hours(hours),
    })
}

/// How the manager's part of the first municipality stands.
fn stands(case: &Case, now: Timestamp) -> State {
    let post = Post::default();
    let line = case.ask(|world| {
        let plan = plan::plan(world, now);
        let view = View { world, plan: &plan, post: &post, now };
        explain(view, &window_id(), municipality_code(0)).unwrap().line.unwrap()
    });
    line.parts.iter().find(|of| of.part == part("GESTAO")).unwrap().state
}

/// Whether a feed once said of a key that it is done, and not since, in two loads twelve hours apart, that it pends.
fn stands_done(history: &[(Timestamp, Said)], feed: usize, of_unit: bool) -> bool {
    let own: Vec<_> =
        history.iter().filter(|(_, said)| (said.feed, said.of_unit) == (feed, of_unit)).collect();
    let is_settled = |state| matches!(state, State::Done | State::NotApplicable);
    let Some(done) = own.iter().rposition(|(_, said)| is_settled(said.state)) else { return false };
    let pends: Vec<_> = own[done..].iter().filter(|(_, said)| said.state == State::Pending).collect();
    let (Some((first, _)), Some((last, _))) = (pends.first(), pends.last()) else { return true };
    last.duration_since(*first) < SignedDuration::from_hours(12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn nobody_is_pendente_of_whom_any_feed_said_done_until_it_took_that_back_twice_twelve_hours_apart(
        drawn in prop::collection::vec(drawn(), 1..12)
    ) {
        let mut case = Case::new();
        let mut now = at("2026-03-10T08:00");
        let mut history: Vec<(Timestamp, Said)> = Vec::new();
        for (arrival, said) in (1..).zip(drawn) {
            now += said.after;
            said.absorbed(&mut case, arrival, now);
            history.push((now, said));
            let pends = stands(&case, now) == State::Pending;
            for (feed, of_unit) in (0..FEEDS.len()).flat_map(|feed| [(feed, false), (feed, true)]) {
                prop_assert!(!pends || !stands_done(&history, feed, of_unit), "{feed} {of_unit} {history:?}");
            }
        }
    }
}

#[test]
fn a_reversal_waits_twelve_hours_also_where_another_feed_says_pendente() {
    let mut case = Case::new();
    case.says("a", 0, "GESTAO", None, State::Done, "2026-03-20T08:00");
    case.says("b", 0, "GESTAO", None, State::Pending, "2026-03-20T08:30");
    assert_eq!(stands(&case, at("2026-03-20T08:30")), State::Unconfirmed, "they contradict each other");
    case.says("a", 0, "GESTAO", None, State::Pending, "2026-03-20T09:00");
    assert_eq!(stands(&case, at("2026-03-20T09:00")), State::Unconfirmed);
    case.says("a", 0, "GESTAO", None, State::Pending, "2026-03-20T21:00");
    assert_eq!(stands(&case, at("2026-03-20T21:00")), State::Pending);
}

#[test]
fn a_unit_does_not_pend_while_the_part_as_a_whole_is_taken_back_only_once() {
    let mut case = Case::new();
    case.says("b", 0, "GESTAO", Some("11"), State::Pending, "2026-03-19T21:00");
    case.says("a", 0, "GESTAO", None, State::Done, "2026-03-20T08:00");
    assert_eq!(stands(&case, at("2026-03-20T08:00")), State::Done);
    case.says("a", 0, "GESTAO", None, State::Pending, "2026-03-20T08:30");
    assert_eq!(stands(&case, at("2026-03-20T08:30")), State::Unconfirmed);
    case.says("a", 0, "GESTAO", None, State::Pending, "2026-03-20T20:30");
    assert_eq!(stands(&case, at("2026-03-20T20:30")), State::Pending);
}

#[test]
fn a_unit_does_not_pend_in_a_part_of_which_feeds_say_opposite_things() {
    let mut case = Case::new();
    case.says("b", 0, "GESTAO", Some("11"), State::Pending, "2026-03-19T21:00");
    case.says("a", 0, "GESTAO", None, State::Done, "2026-03-20T08:00");
    case.says("c", 0, "GESTAO", None, State::Pending, "2026-03-20T08:30");
    case.says("b", 0, "GESTAO", Some("11"), State::Pending, "2026-03-20T09:00");
    assert_eq!(stands(&case, at("2026-03-20T09:00")), State::Unconfirmed);
}
