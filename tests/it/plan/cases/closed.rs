//! What follows a deadline: who is handed over, who left that list, and what gerências hear of letters.
//!
//! Long because its cases are variants of one closed window, to be read against each other.

use vigia_suas::domain::calendar::{Halt, HaltKind};
use vigia_suas::domain::id::MunicipalityCode;
use vigia_suas::domain::notice::{Content, Kind, Overtaken, Untold};
use vigia_suas::domain::overrides::Exemption;
use vigia_suas::domain::roster::{Unit, Units};
use vigia_suas::plan::account::{View, summarise};
use vigia_suas::plan::post::Post;
use vigia_suas::plan::summary::WindowSummary;
use vigia_suas::plan::{Act, Decision};

use super::*;

pub(super) fn contents(decisions: &[Decision], slot: &str) -> Vec<Content> {
    let about = decisions.iter().filter(|d| d.key().to_string().contains(slot));
    about.filter_map(|d| d.content().cloned()).collect()
}

/// The one content whose key names this place.
pub(super) fn content(decisions: &[Decision], slot: &str) -> Content {
    let mut found = contents(decisions, slot);
    assert_eq!(
        found.len(),
        1,
        "{slot}: {:?}",
        decisions.iter().map(|d| d.key().to_string()).collect::<Vec<_>>()
    );
    found.remove(0)
}

pub(super) fn pending(content: &Content) -> Vec<MunicipalityCode> {
    let Content::Referral { pending, .. } = content else { panic!("{content:?}") };
    pending.iter().map(|(code, _)| *code).collect()
}

fn never_told(content: &Content) -> Vec<Untold> {
    let Content::Referral { never_told, .. } = content else { panic!("{content:?}") };
    never_told.iter().map(|(_, why)| why.clone()).collect()
}

fn unconfirmed(content: &Content) -> Vec<MunicipalityCode> {
    let Content::Referral { unconfirmed, .. } = content else { panic!("{content:?}") };
    unconfirmed.iter().map(|(code, _)| *code).collect()
}

/// Only CRAS is asked for, of these units, and the data is believed for years.
fn of_units(case: &mut Case, units: impl IntoIterator<Item = Unit>) {
    case.window().parts = vec![part("CRAS")];
    case.calendar.systems.values_mut().for_each(|s| s.status_validity = SignedDuration::from_hours(24 * 900));
    case.roster.units = Some(Units::new(units));
    case.announced();
}

/// What staff see of the window.
pub(super) fn summary(case: &Case, now: &str) -> WindowSummary {
    let plan = case.plan(now);
    let post = Post::default();
    case.ask(|world| summarise(View { world, plan: &plan, post: &post, now: at(now) }, &window_id())).unwrap()
}

fn month_of(case: &mut Case, reference: &str) {
    case.window().reference = Reference::parse(reference).unwrap();
    case.calendar.systems.values_mut().for_each(|s| s.status_validity = SignedDuration::from_hours(24 * 400));
}

fn unit(id: &str, n: u32, from: Option<&str>, until: Option<&str>) -> Unit {
    Unit {
        id: UnitId::parse(id).unwrap(),
        municipality: municipality_code(n),
        part: part("CRAS"),
        name: format!("U {id}"),
        addresses: Vec::new(),
        telephone: String::new(),
        from: from.map(date),
        until: until.map(date),
    }
}

#[test]
fn an_extension_for_one_municipality_takes_it_off_the_remessa_and_the_rest_stands() {
    let mut case = Case::new();
    case.calendar.systems.values_mut().for_each(|s| s.status_validity = SignedDuration::from_hours(24 * 400));
    case.announced().gestao(State::Pending, "2026-03-20T07:00");
    let first = case.decide("2026-04-01T08:00");
    let both = [municipality_code(0), municipality_code(1)];
    assert_eq!(pending(&content(&first, "@1/remessa-GSUAS")), both);
    case.edition("2026-04-20", Some("2026-04-06"), &[0]);
    let then = case.decide("2026-04-06T08:00");
    let Content::ReferralAddendum { left, remaining, why, .. } = content(&then, "@1/remessa-adendo-2-GSUAS")
    else {
        panic!()
    };
    assert_eq!((left.as_slice(), remaining), (&both[..1], 1), "the other stays on the list");
    assert!(matches!(why, Overtaken::Extended { deadline: Some(d), .. } if d == deadline("2026-04-20")));
    assert!(contents(&case.decide("2026-04-07T08:00"), "remessa").is_empty(), "once");
    let last = case.decide("2026-04-22T08:00");
    assert_eq!(
        pending(&content(&last, "@2/remessa-GSUAS")),
        &both[..1],
        "handed over again at its own deadline"
    );
    assert!(contents(&last, "@1/remessa").is_empty());
}

#[test]
fn an_addendum_accounts_for_the_list_that_it_corrects_and_for_no_other() {
    let mut case = Case::new();
    case.calendar.systems.values_mut().for_each(|s| s.status_validity = SignedDuration::from_hours(24 * 400));
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    case.says("f", 1, "GESTAO", None, State::Done, "2026-03-31T21:00");
    let first = case.decide("2026-04-01T08:00");
    assert_eq!(pending(&content(&first, "@1/remessa-GSUAS")), [municipality_code(0)]);
    case.status_then.insert(at("2026-04-01T08:00"), case.status.clone());
    // The one concludes, and the other, which was on no list, is believed to owe again.
    case.says("f", 0, "GESTAO", None, State::Done, "2026-04-02T07:00");
    case.says("f", 1, "GESTAO", None, State::Pending, "2026-04-02T07:00");
    case.says("f", 1, "GESTAO", None, State::Pending, "2026-04-03T07:00");
    case.edition("2026-04-20", Some("2026-04-06"), &[]);
    assert!(contents(&case.plan("2026-04-06T08:00").actions, "remessa-adendo").is_empty(), "nobody left it");

    let mut case = Case::new();
    case.calendar.systems.values_mut().for_each(|s| s.status_validity = SignedDuration::from_hours(24 * 400));
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    case.decide("2026-04-01T08:00");
    case.status_then.insert(at("2026-04-01T08:00"), case.status.clone());
    case.says("f", 0, "GESTAO", None, State::Done, "2026-04-02T07:00");
    case.edition("2026-04-20", Some("2026-04-06"), &[]);
    let world_asks = case.ask(|world| plan::past_asked(world, at("2026-04-06T08:00")));
    assert_eq!(world_asks, BTreeMap::from([(at("2026-04-01T08:00"), [window_id()].into())]));
    let then = case.plan("2026-04-06T08:00").actions;
    let addendum = content(&then, "@1/remessa-adendo-2-GSUAS");
    let Content::ReferralAddendum { left, concluded, remaining: 0, .. } = addendum else {
        panic!("{addendum:?}")
    };
    assert_eq!((left, concluded), (vec![municipality_code(1)], vec![municipality_code(0)]));
}

/// The pass comes after a load that came after the deadline.
#[test]
fn what_is_recorded_of_a_deadline_is_what_was_known_then_however_late_the_pass() {
    let closing = |case: &Case, now| {
        let plan = case.plan(now);
        let made = plan.actions.iter().find_map(|decision| match decision {
            Decision::Publish(report) => Some(report.closing.clone()),
            _ => None,
        });
        made.unwrap()
    };
    let states = |case: &Case, now| {
        let closing = closing(case, now);
        let known = closing.municipalities[&municipality_code(0)].known.iter();
        known.map(|known| (known.part.0.clone(), *known.state, *known.taken_at)).collect::<Vec<_>>()
    };
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-31T06:30");
    let (known, now) = (case.status.clone(), "2026-04-01T08:01");
    let then = states(&case, now);
    case.gestao(State::Done, "2026-04-01T06:30");
    let asked = case.ask(|world| plan::past_asked(world, at(now)));
    let ended_at = deadline(FIRST).instant(&case.calendar.hours.zone);
    assert_eq!(asked, BTreeMap::from([(ended_at, [window_id()].into())]));
    case.status_then.insert(ended_at, known);
    assert_eq!(states(&case, now), then);
    assert!(then.contains(&(part("GESTAO"), State::Pending, at("2026-03-31T06:30"))), "{then:?}");
}

/// Edition 2 is earlier, and nobody released it before it passed.
#[test]
fn whoever_was_told_nothing_is_late_by_no_date_that_others_wait_for() {
    let mut case = Case::new();
    case.roster.municipalities.get_mut(&municipality_code(1)).unwrap().contacts.clear();
    case.has(0, Slot::Announcement, Some(FIRST), sent("2026-03-02T08:00"));
    case.edition("2026-03-20", Some("2026-03-12"), &[]);
    case.gestao(State::Pending, "2026-03-23T07:00");
    let plan = case.plan("2026-03-23T08:00");
    assert!(contents(&plan.actions, "remessa").is_empty());
    let seen = summary(&case, "2026-03-23T08:00");
    let line = seen.line(municipality_code(1)).unwrap();
    assert_eq!((line.edition, line.deadline), (1, Some(deadline(FIRST))));
    assert!(seen.call_list.iter().all(|call| !format!("{:?}", call.because).contains("DeadlinePassed")));
    case.gestao(State::Pending, "2026-03-31T20:00");
    let last = case.decide("2026-04-01T08:00");
    assert_eq!(pending(&content(&last, "@1/remessa-GSUAS")), [municipality_code(0), municipality_code(1)]);
}

#[test]
fn a_second_extension_names_again_nobody_whom_the_first_took_off_the_list() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    case.decide("2026-04-01T08:00");
    case.edition("2026-04-20", Some("2026-04-06"), &[0]);
    case.decide("2026-04-06T08:00");
    case.edition("2026-04-30", Some("2026-04-08"), &[]);
    let then = case.decide("2026-04-08T08:00");
    let Content::ReferralAddendum { left, remaining, .. } = content(&then, "remessa-adendo-3-GPSB") else {
        panic!()
    };
    assert_eq!((left, remaining), (vec![municipality_code(1)], 0));
}

#[test]
fn a_cancellation_after_the_remessa_is_an_addendum_that_leaves_nobody_on_it() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    case.decide("2026-04-01T08:00");
    let since = Some(date("2026-04-06"));
    case.window().halt = Some(Halt { kind: HaltKind::Cancelled, since, until: None });
    let then = case.decide("2026-04-06T08:00");
    let addendum = content(&then, "@1/remessa-adendo-cancelamento-GSUAS");
    let Content::ReferralAddendum { left, remaining: 0, why: Overtaken::Cancelled, .. } = addendum else {
        panic!("{addendum:?}")
    };
    assert_eq!(left.len(), 2);
}

/// It began before the deadline, and was read in the calendar after the remessa had left.
#[test]
fn a_suspension_over_the_deadline_that_is_learned_after_the_remessa_is_an_addendum_too() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    case.decide("2026-04-01T08:00");
    let halt = |since, until: Option<&str>| {
        Some(Halt { kind: HaltKind::Suspended, since: Some(date(since)), until: until.map(date) })
    };
    case.window().halt = halt("2026-04-01", None);
    assert_eq!(case.plan("2026-04-06T08:00").actions, [], "the deadline had passed before");
    case.window().halt = halt("2026-03-30", Some("2026-04-08"));
    let then = case.decide("2026-04-06T08:00");
    let addendum = content(&then, "@1/remessa-adendo-suspensao-GSUAS");
    let Content::ReferralAddendum { left, remaining: 0, why: Overtaken::Suspended, .. } = addendum else {
        panic!("{addendum:?}")
    };
    assert_eq!(left.len(), 2);
    for later in ["2026-04-07T08:00", "2026-04-08T08:00", "2026-04-13T08:00"] {
        assert!(contents(&case.decide(later), "remessa").is_empty(), "once, and no second remessa");
    }

    // Learned between the record of the deadline and the remessa, and over again.
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    case.decide("2026-04-01T00:00");
    case.window().halt = halt("2026-03-30", Some("2026-04-01"));
    assert!(contents(&case.decide("2026-04-01T08:00"), "remessa").is_empty());
}

#[test]
fn a_cancellation_after_the_deadline_tells_those_who_were_told_of_it_and_had_not_filled_in() {
    let told = |kind, first: State| {
        let mut case = Case::new();
        case.announced().gestao(State::Pending, "2026-03-31T20:00");
        case.says("f", 0, "GESTAO", None, first, "2026-03-31T20:00");
        case.decide("2026-04-01T08:00");
        case.window().halt = Some(Halt { kind, since: Some(date("2026-04-06")), until: None });
        let then = case.decide("2026-04-06T08:00");
        let notes = then.iter().filter(|d| d.kind() == Some(Kind::Suspension));
        let told: Vec<_> = notes.filter_map(Decision::municipality).collect();
        assert_eq!(case.plan("2026-04-07T08:00").actions, [], "once");
        told
    };
    let both = [municipality_code(0), municipality_code(1)];
    assert_eq!(told(HaltKind::Cancelled, State::Pending), both);
    assert_eq!(told(HaltKind::Cancelled, State::Unconfirmed), both);
    assert_eq!(told(HaltKind::Cancelled, State::Done), [both[1]]);
    assert_eq!(told(HaltKind::Suspended, State::Pending), [], "nothing was left to stop");
}

#[test]
fn who_had_filled_in_before_the_remessa_is_in_no_addendum_to_it() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    case.says("f", 0, "GESTAO", None, State::Done, "2026-04-01T07:00");
    case.decide("2026-04-01T08:00");
    case.edition("2026-04-20", Some("2026-04-06"), &[]);
    let then = case.decide("2026-04-06T08:00");
    let Content::ReferralAddendum { left, .. } = content(&then, "remessa-adendo-2-GSUAS") else { panic!() };
    assert_eq!(left, [municipality_code(1)]);
}

#[test]
fn a_date_that_nobody_could_be_told_is_listed_with_the_one_that_they_were_told() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    // Announced on a Saturday for the Sunday.
    case.edition("2026-04-05", Some("2026-04-04"), &[]);
    case.window().editions[0].deadline = Some(deadline("2026-04-03"));
    for n in 0..2 {
        case.has(n, Slot::Announcement, Some("2026-04-03"), sent("2026-03-02T08:00"));
    }
    let remessa = content(&case.decide("2026-04-06T08:00"), "@2/remessa-GSUAS");
    assert_eq!(
        never_told(&remessa),
        [Untold::OtherDate(told("2026-04-03")), Untold::OtherDate(told("2026-04-03"))]
    );
}

#[test]
fn who_was_told_of_a_suspension_and_not_that_the_deadline_stands_was_not_told_the_deadline() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    case.window().halt = Some(Halt {
        kind: HaltKind::Suspended,
        since: Some(date("2026-03-16")),
        until: Some(date("2026-03-31")),
    });
    case.has(
        0,
        Slot::Suspension { edition: 1, since: Some(date("2026-03-16")), kind: HaltKind::Suspended },
        None,
        sent("2026-03-16T08:00"),
    );
    let remessa = content(&case.plan("2026-04-01T08:00").actions, "@1/remessa-GSUAS");
    assert_eq!(never_told(&remessa), [Untold::Suspended]);
}

#[test]
fn a_suspension_of_which_who_knew_the_deadline_hears_after_it_is_no_ignorance_of_it() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    case.decide("2026-03-31T23:59:59");
    case.calendar.systems.values_mut().for_each(|system| system.referral_after = 3);
    case.window().halt = Some(Halt {
        kind: HaltKind::Suspended,
        since: Some(date("2026-04-02")),
        until: Some(date("2026-04-03")),
    });
    case.has(
        0,
        Slot::Suspension { edition: 1, since: Some(date("2026-04-02")), kind: HaltKind::Suspended },
        None,
        sent("2026-04-02T08:00"),
    );
    let remessa = content(&case.plan("2026-04-07T08:00").actions, "@1/remessa-GSUAS");
    assert_eq!((pending(&remessa).len(), never_told(&remessa)), (2, vec![]));
}

#[test]
fn each_line_of_a_resumo_has_the_day_on_which_that_letter_left() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-26T07:00");
    // Friday's letter left after Friday's resumo.
    case.has(0, rung(1, 5), Some(FIRST), sent("2026-03-27T15:00"));
    case.has(1, rung(1, 5), Some(FIRST), sent("2026-03-26T15:00"));
    let resumo = content(&case.decide("2026-03-30T08:00"), "resumo-GPSB-2026-03-30");
    let Content::Digest { lines, .. } = resumo else { panic!() };
    let told: Vec<_> =
        lines.iter().filter(|l| l.days_before == 5).map(|l| (l.municipality, l.left_on)).collect();
    let days = [(municipality_code(0), date("2026-03-27")), (municipality_code(1), date("2026-03-26"))];
    assert_eq!(told, days);
}

#[test]
fn with_two_editions_a_letter_between_two_resumos_is_in_the_next_one() {
    let mut case = Case::new();
    case.edition("2026-04-01", Some("2026-03-03"), &[0]);
    case.announced().gestao(State::Pending, "2026-03-27T07:00");
    case.has(0, Slot::Extension { edition: 2 }, Some("2026-04-01"), sent("2026-03-03T08:00"));
    case.hold();
    case.has(1, rung(1, 5), Some(FIRST), sent("2026-03-27T08:00"));
    case.overrides.holds.clear();
    let mut told = Vec::new();
    let mut hear = |done: Vec<Decision>| {
        for content in contents(&done, "resumo-GPSB") {
            let Content::Digest { lines, .. } = content else { panic!() };
            told.extend(lines.iter().map(|l| (l.municipality, l.deadline, l.days_before)));
        }
    };
    hear(case.decide("2026-03-27T09:00"));
    // Another letter of the first edition on the same day, then one of the second.
    case.has(0, rung(1, 2), Some(FIRST), sent("2026-03-27T10:00"));
    hear(case.decide("2026-03-27T10:00"));
    case.has(0, rung(2, 2), Some("2026-04-01"), sent("2026-03-27T11:00"));
    hear(case.decide("2026-03-27T11:00"));
    hear(case.decide("2026-03-30T08:00"));
    for line in [
        (municipality_code(1), Some(deadline(FIRST)), 5),
        (municipality_code(0), Some(deadline(FIRST)), 2),
        (municipality_code(0), Some(deadline("2026-04-01")), 2),
    ] {
        assert_eq!(told.iter().filter(|l| **l == line).count(), 1, "{line:?} in {told:?}");
    }
}

#[test]
fn a_resumo_waits_for_a_letter_on_its_way_and_never_misses_it() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-26T07:00");
    case.has(0, rung(1, 5), Some(FIRST), sent("2026-03-26T08:00"));
    case.has(1, rung(1, 5), Some(FIRST), Standing::Queued);
    assert!(contents(&case.plan("2026-03-26T09:00").actions, "resumo").is_empty());
    case.has(1, rung(1, 5), Some(FIRST), sent("2026-03-26T10:00"));
    let Content::Digest { lines, .. } = content(&case.plan("2026-03-26T10:00").actions, "resumo") else {
        panic!()
    };
    assert_eq!(lines.len(), 2);
}

#[test]
fn a_unit_opened_after_the_reference_is_never_handed_over_for_it() {
    let mut case = Case::new();
    month_of(&mut case, "2026-02");
    let units = [unit("11", 0, None, None), unit("22", 1, Some("2026-04-01"), None)];
    case.roster.units = Some(Units::new(units));
    case.announced().gestao(State::Done, "2026-03-31T20:00");
    case.says("f", 0, "CRAS", Some("11"), State::Done, "2026-03-31T20:00");
    case.says("f", 1, "CRAS", None, State::Pending, "2026-03-31T21:00");
    let remessa = content(&case.decide("2026-04-01T08:00"), "@1/remessa-GSUAS");
    assert!(pending(&remessa).is_empty(), "{remessa:?}");
}

#[test]
fn a_unit_closed_after_the_reference_still_owes_it() {
    let mut case = Case::new();
    month_of(&mut case, "2026-02");
    case.roster.units =
        Some(Units::new([unit("11", 0, None, Some("2026-03-20")), unit("22", 1, None, None)]));
    case.announced();
    for (n, id) in [(0, "11"), (1, "22")] {
        case.says("f", n, "GESTAO", None, State::Done, "2026-03-31T20:00");
        case.says("f", n, "CRAS", Some(id), State::Pending, "2026-03-31T21:00");
    }
    let remessa = content(&case.decide("2026-04-01T08:00"), "@1/remessa-GSUAS");
    assert_eq!(pending(&remessa), [municipality_code(0), municipality_code(1)]);
}

#[test]
fn a_unit_added_within_a_reference_is_in_doubt_until_a_feed_names_it() {
    let mut case = Case::new();
    month_of(&mut case, "2026-02");
    case.roster.units =
        Some(Units::new([unit("11", 0, Some("2026-02-20"), None), unit("22", 1, None, None)]));
    case.announced();
    // The part as a whole is pendente: that says nothing of a unit that was not there from the start.
    for n in 0..2 {
        case.says("f", n, "GESTAO", None, State::Done, "2026-03-20T07:00");
        case.says("f", n, "CRAS", None, State::Pending, "2026-03-20T08:00");
    }
    let accused = |case: &Case| {
        let plan = case.plan("2026-03-23T08:00");
        let accused =
            plan.actions.iter().filter(|d| d.act().as_str() == "enviar" && d.kind() == Some(Kind::Warning));
        accused.filter_map(vigia_suas::plan::Decision::municipality).collect::<Vec<_>>()
    };
    assert_eq!(accused(&case), [municipality_code(1)]);
    case.says("f", 0, "CRAS", Some("11"), State::Pending, "2026-03-21T08:00");
    assert_eq!(accused(&case), [municipality_code(0), municipality_code(1)], "now it is named");
}

#[test]
fn a_unit_opened_months_after_a_window_closed_brings_no_remessa_for_it() {
    let mut case = Case::new();
    of_units(&mut case, []);
    let closed = case.decide("2026-04-01T08:00");
    assert!(closed.iter().any(|d| d.act() == Act::Publish), "it closed, with nothing expected of anybody");
    case.roster.units = Some(Units::new([unit("11", 0, Some("2026-07-15"), None)]));
    assert!(contents(&case.decide("2026-07-15T08:00"), "remessa").is_empty());
    assert!(summary(&case, "2026-07-16T08:00").lines.is_empty());
}

#[test]
fn a_unit_opened_between_deadline_and_remessa_is_not_in_it() {
    let mut case = Case::new();
    of_units(&mut case, [unit("11", 0, None, None), unit("22", 1, Some("2026-04-01"), None)]);
    case.decide("2026-03-31T23:59:59");
    let remessa = content(&case.decide("2026-04-01T08:00"), "@1/remessa-GSUAS");
    assert_eq!(unconfirmed(&remessa), [municipality_code(0)]);
}

#[test]
fn a_unit_closed_on_the_deadline_is_handed_over_all_the_same() {
    let mut case = Case::new();
    of_units(&mut case, [unit("11", 0, None, None), unit("22", 1, None, Some("2026-03-31"))]);
    for (n, id) in [(0, "11"), (1, "22")] {
        case.says("f", n, "CRAS", Some(id), State::Pending, "2026-03-03T06:00");
    }
    case.decide("2026-03-31T23:59:59");
    let remessa = content(&case.decide("2026-04-01T08:00"), "@1/remessa-GSUAS");
    assert_eq!(pending(&remessa), [municipality_code(0), municipality_code(1)]);
}

#[test]
fn a_dispensa_that_lasts_until_the_deadline_counts_also_when_it_is_looked_at_the_day_after() {
    for looked in ["2026-03-31T23:59:59", "2026-04-01T00:00", "2026-04-01T07:00"] {
        let mut case = Case::new();
        case.announced().gestao(State::Pending, "2026-03-31T20:00");
        case.overrides.exemptions.push(Exemption {
            municipality: municipality_code(1),
            window: window_id(),
            part: None,
            until: Some(date("2026-03-31")),
            authorship: authorship(),
        });
        case.decide(looked);
        let remessa = content(&case.decide("2026-04-01T08:00"), "@1/remessa-GSUAS");
        assert_eq!(pending(&remessa), [municipality_code(0)], "looked at {looked}");
    }
}

#[test]
fn a_gerencia_added_after_a_window_closed_gets_no_remessa_and_a_copia_added_later_no_resumo() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-20T20:00");
    // The farthest rung asked for no copy when its letters were written.
    case.decide("2026-03-21T08:00");
    case.decide("2026-03-31T23:59:59");
    case.decide("2026-04-01T08:00");
    let gbtr = GerenciaId::parse("GBTR").unwrap();
    case.roster.offices.gerencias.insert(gbtr.clone(), case.roster.offices.gsuas.clone());
    for system in case.calendar.systems.values_mut() {
        system.gerencias.push(gbtr.clone());
        system.ladder.iter_mut().for_each(|rung| rung.copies = vec![CopyTo::Gsuas, CopyTo::Gerencia]);
    }
    let later = case.decide("2026-09-01T09:00");
    assert!(later.is_empty(), "{:?}", later.iter().map(|d| d.key().to_string()).collect::<Vec<_>>());
}

#[test]
fn a_resumo_has_the_letters_that_asked_for_a_copy_when_they_were_written() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-26T07:00");
    case.has(0, rung(1, 5), Some(FIRST), sent("2026-03-26T08:00"));
    case.calendar.systems.values_mut().for_each(|s| s.ladder.iter_mut().for_each(|r| r.copies.clear()));
    // The other municipality's letter of that rung leaves now, and nobody asks for a copy of it any more.
    let Content::Digest { lines, .. } = content(&case.decide("2026-03-26T09:00"), "resumo-GPSB") else {
        panic!()
    };
    assert_eq!(
        lines.iter().map(|l| (l.municipality, l.days_before)).collect::<Vec<_>>(),
        [(municipality_code(0), 5)]
    );
    case.calendar.systems.values_mut().for_each(|s| s.ladder[1].copies = vec![CopyTo::Gsuas]);
    assert!(contents(&case.decide("2026-03-27T09:00"), "resumo").is_empty(), "nobody had asked");
}

#[test]
fn a_load_accepted_after_the_deadline_counts_in_the_remessa() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    case.decide("2026-03-31T23:59:59");
    case.says("f", 0, "GESTAO", None, State::Done, "2026-04-01T07:00");
    let remessa = content(&case.decide("2026-04-01T08:00"), "@1/remessa-GSUAS");
    assert_eq!(pending(&remessa), [municipality_code(1)]);
}

#[test]
fn what_was_pendente_at_the_deadline_does_not_age_until_the_remessa() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    case.decide("2026-03-31T23:59:59");
    let remessa = content(&case.decide("2026-04-06T08:00"), "@1/remessa-GSUAS");
    assert_eq!(pending(&remessa), [municipality_code(0), municipality_code(1)]);
    // What was too old already at the deadline stays in doubt.
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-25T20:00");
    case.decide("2026-03-31T23:59:59");
    let remessa = content(&case.decide("2026-04-01T08:00"), "@1/remessa-GSUAS");
    assert_eq!((pending(&remessa).len(), unconfirmed(&remessa).len()), (0, 2));
}

#[test]
fn a_feed_switched_off_after_the_deadline_takes_nobody_off_the_remessa() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    case.decide("2026-03-31T23:59:59");
    case.status.only(|_| false);
    let remessa = content(&case.decide("2026-04-01T08:00"), "@1/remessa-GSUAS");
    assert_eq!(pending(&remessa), [municipality_code(0), municipality_code(1)]);
}

/// A unit pended, then the part was concluído; the feed was switched off, and on again it says that it does not know.
#[test]
fn a_feed_that_is_on_again_does_not_bring_back_what_it_had_taken_back_itself() {
    let mut case = Case::new();
    case.announced().gestao(State::Done, "2026-03-31T20:00");
    case.says("f", 0, "CRAS", Some("11"), State::Pending, "2026-03-31T20:00");
    case.decide("2026-03-31T23:59:59");
    case.says("f", 0, "CRAS", None, State::Done, "2026-04-01T06:00");
    case.status.only(|_| false);
    case.says("f", 0, "CRAS", None, State::Unconfirmed, "2026-04-01T07:00");
    let remessa = content(&case.decide("2026-04-01T08:00"), "@1/remessa-GSUAS");
    assert_eq!((pending(&remessa), unconfirmed(&remessa).len()), (vec![], 1));
}

#[test]
fn a_municipality_taken_out_of_the_roster_after_the_deadline_is_handed_over_and_shown_all_the_same() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    case.decide("2026-03-31T23:59:59");
    let before = summary(&case, "2026-04-01T07:00");
    case.roster.municipalities.remove(&municipality_code(0));
    case.roster.municipalities.get_mut(&municipality_code(1)).unwrap().region = "Norte".to_owned();
    let after = summary(&case, "2026-04-01T07:00");
    assert_eq!((before.lines, before.by_region), (after.lines, after.by_region));
    let remessa = content(&case.decide("2026-04-01T08:00"), "@1/remessa-GSUAS");
    assert_eq!(pending(&remessa), [municipality_code(0), municipality_code(1)]);
    case.edition("2026-04-20", Some("2026-04-06"), &[0]);
    let Content::ReferralAddendum { left, .. } =
        content(&case.decide("2026-04-06T08:00"), "remessa-adendo-2-GSUAS")
    else {
        panic!()
    };
    assert_eq!(left, [municipality_code(0)]);
}

#[test]
fn an_extension_opens_the_window_to_the_roster_of_today_again() {
    let mut case = Case::new();
    of_units(&mut case, [unit("11", 0, None, None)]);
    case.says("f", 0, "CRAS", None, State::Pending, "2026-03-03T06:00");
    case.decide("2026-03-31T23:59:59");
    case.edition("2026-04-30", Some("2026-04-06"), &[]);
    case.roster.units = Some(Units::new([unit("11", 0, None, None), unit("22", 1, None, None)]));
    let then = case.decide("2026-04-06T08:00");
    assert!(
        then.iter().any(|d| d.key().to_string() == key(Slot::Announcement, 1))
            || !contents(&then, "prorrogacao").is_empty()
    );
    assert_eq!(summary(&case, "2026-04-06T09:00").lines.len(), 2);
}

#[test]
fn a_window_that_closed_before_the_ledger_began_has_no_record_and_nothing_is_said_of_it() {
    let mut case = Case::new();
    case.announced().gestao(State::Pending, "2026-03-31T20:00");
    case.ledger.born_at = Some(at("2026-06-01T09:00"));
    let done = case.decide("2026-06-01T09:00");
    assert!(done.iter().all(|d| d.act() != Act::Publish && d.municipality().is_some()), "{done:?}");
    assert!(case.ledger.window(&window_id()).unwrap().closing(1).is_none());
    assert_eq!(summary(&case, "2026-06-01T09:00").lines.len(), 2, "it is shown as the configuration has it");
}
