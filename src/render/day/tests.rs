//! The page of a day on which everything happens.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::date;

use super::{Words, headline, section, text};
use crate::domain::calendar::{Deadline, Sanction};
use crate::domain::id::{FeedId, WindowId};
use crate::domain::notice::{Addressee, Kind, NoticeKey, Slot, StaffSlot};
use crate::domain::overrides::{Authorship, BatchId, Hold, HoldScope};
use crate::domain::reason::Reason;
use crate::domain::status::State;
use crate::plan::day::{
    DayPage, DayQueue, DayTask, FeedAge, HeldGroup, LetterGroup, MovedGroup, StaffLetter, UpcomingGroup,
    WindowDay,
};
use crate::plan::forecast::Quota;
use crate::plan::post::LetterState;
use crate::plan::summary::{Behind, Counts, Upcoming, Waiting};
use crate::render::letter::example::World;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn full(world: &World, author: &str) -> DayPage {
    let (window, rung) = (world.window.clone(), Slot::Rung { edition: 1, days_before: 5 });
    let here = vec![world.municipality];
    let group = |states: &[LetterState]| LetterGroup {
        window: window.clone(),
        kind: Kind::Warning,
        elsewhere: false,
        slot: Some(rung),
        left: states.iter().filter(|state| state.has_left()).count(),
        states: states.iter().map(|state| (*state, here.clone())).collect::<BTreeMap<_, _>>(),
    };
    let deadline = Some(Deadline { on: date(2023, 12, 5), at: Deadline::DEFAULT_TIME });
    DayPage {
        at: at("2023-12-04T11:00:00Z"),
        rehearsal: false,
        since: at("2023-12-01T11:00:00Z"),
        tasks: vec![
            DayTask { what: "o livro é uma cópia antiga".to_owned(), command: None },
            DayTask {
                what: "2 endereços recusaram carta".to_owned(),
                command: Some("vigia-suas contato".to_owned()),
            },
        ],
        held: vec![HeldGroup {
            batch: BatchId::of_slot(&window, rung),
            because: vec![Reason::Held {
                scope: HoldScope::Window(window.clone()),
                author: author.to_owned(),
                reason: "Prazo em revisão".to_owned(),
            }],
            municipalities: here.clone(),
            since: at("2023-12-01T12:00:00Z"),
            dies_at: Some(at("2023-12-06T02:59:59Z")),
        }],
        holds: vec![Hold {
            scope: HoldScope::Window(window.clone()),
            until: None,
            authorship: Authorship {
                author: author.to_owned(),
                reason: "Prazo em revisão".to_owned(),
                at: at("2023-12-01T12:00:00Z"),
            },
        }],
        left: vec![group(&[LetterState::Accepted, LetterState::Bounced, LetterState::Expired])],
        waiting: vec![group(&[LetterState::Queued, LetterState::Deferred])],
        staff: vec![StaffLetter {
            key: NoticeKey::Staff {
                window: window.clone(),
                slot: StaffSlot::Referral { edition: 1, to: Addressee::Gsuas },
            },
            state: LetterState::Accepted,
        }],
        decisions: Vec::new(),
        upcoming: vec![UpcomingGroup {
            at: at("2023-12-06T02:59:59Z"),
            window: window.clone(),
            what: Upcoming::Deadline,
            municipalities: here.clone(),
        }],
        is_frozen: false,
        openings: vec![(window.clone(), date(2023, 12, 8))],
        moved: vec![MovedGroup {
            window: window.clone(),
            from: Some(State::Pending),
            to: State::Done,
            municipalities: here,
        }],
        windows: vec![WindowDay {
            window,
            deadline,
            other_deadlines: BTreeMap::new(),
            halted: false,
            counts: Counts { done: 60, pending: 10, unconfirmed: 8, not_applicable: 0 },
            calls: 9,
        }],
        feeds: vec![FeedAge {
            feed: FeedId::parse("censo").unwrap(),
            confirmed_at: Some(at("2023-12-02T11:00:00Z")),
            is_stale: true,
            quarantine: Some(("censo-20231204".to_owned(), "nenhuma linha".to_owned())),
            failure: Some("o servidor respondeu 503".to_owned()),
            unheard: None,
        }],
        queue: Some(DayQueue {
            deliveries: 240,
            quota: Quota { per_minute: 30, per_day: 2_000 },
            empties_at: Some(at("2023-12-04T11:08:00Z")),
        }),
        next_wake: Some(at("2023-12-04T21:00:00Z")),
    }
}

#[test]
fn the_page_tells_what_left_what_waits_what_is_held_and_what_to_type() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let page = full(&world, "Ana");
    assert_eq!(headline(&page), "2 cartas saíram, 2 na fila, 1 retida, 10 pendentes");
    insta::assert_snapshot!("day_text", text(&page, &world.calendar, &world.roster));
    let nothing = text(&DayPage::default(), &world.calendar, &world.roster);
    for none in ["nada\n", "nenhuma carta saiu", "nada a fazer agora", "nada à vista"] {
        assert!(nothing.contains(none), "{none}: {nothing}");
    }
}

#[test]
fn a_rehearsal_says_at_its_head_and_in_its_headline_that_nothing_left() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let page = DayPage { rehearsal: true, ..full(&world, "Ana") };
    assert!(
        headline(&page).starts_with("ENSAIO: nenhuma carta saiu, 2 gravadas em arquivo, "),
        "{}",
        headline(&page)
    );
    let head = "ENSAIO: nenhuma carta saiu; as cartas foram gravadas em arquivo.";
    assert!(text(&page, &world.calendar, &world.roster).starts_with(head));
    assert!(section(&page, &world.calendar, &world.roster).into_string().contains(head));
}

#[test]
fn the_headline_counts_no_letter_that_only_came_back() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let mut page = full(&world, "Ana");
    page.left[0].left = 1;
    assert!(headline(&page).starts_with("1 carta saiu, "), "{}", headline(&page));
}

#[test]
fn while_nothing_is_decided_the_page_says_so_and_not_that_nothing_is_to_be_done() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let page = DayPage { is_frozen: true, decisions: Vec::new(), ..full(&world, "Ana") };
    for shown in [
        text(&page, &world.calendar, &world.roster),
        section(&page, &world.calendar, &world.roster).into_string(),
    ] {
        assert!(shown.contains("nada é decidido enquanto durar a dúvida"), "{shown}");
        assert!(!shown.contains("nada a fazer agora"), "{shown}");
    }
}

#[test]
fn what_an_outage_swallowed_is_in_the_headline() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let mut page = full(&world, "Ana");
    page.left[0].states = BTreeMap::from([(LetterState::Missed, vec![world.municipality])]);
    page.left[0].left = 0;
    assert!(
        headline(&page).starts_with("nenhuma carta saiu, 1 perdida com o serviço parado"),
        "{}",
        headline(&page)
    );
}

#[test]
fn a_command_is_given_only_where_it_frees_every_letter_of_the_group() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let mut page = full(&world, "Ana");
    let command = format!("liberar --janela {}", world.window);
    page.holds.clear();
    assert!(text(&page, &world.calendar, &world.roster).contains(&command));
    page.held[0].because.push(Reason::Held {
        scope: HoldScope::Municipality(world.municipality),
        author: "Bia".to_owned(),
        reason: "outro".to_owned(),
    });
    let shown = text(&page, &world.calendar, &world.roster);
    assert!(!shown.contains("liberar --"), "{shown}");
}

#[test]
fn a_letter_to_staff_that_waits_is_not_among_those_that_left_and_a_stopped_window_says_so() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let mut page = full(&world, "Ana");
    page.staff[0].state = LetterState::Queued;
    page.windows[0].halted = true;
    for shown in [
        text(&page, &world.calendar, &world.roster),
        section(&page, &world.calendar, &world.roster).into_string(),
    ] {
        let waits = shown.find("Já decidido").unwrap();
        assert!(shown.find("remessa a GSUAS").unwrap() > waits, "{shown}");
    }
    assert!(text(&page, &world.calendar, &world.roster).contains(" (interrompida)"));
}

#[test]
fn whatever_somebody_wrote_is_only_text() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let hostile = "<script>alert(1)</script>\u{202e}\u{1b}[2J=HYPERLINK(\"x\")".to_owned() + &"x".repeat(300);
    let page = full(&world, &hostile);
    let shown = section(&page, &world.calendar, &world.roster).into_string();
    assert!(
        !shown.contains("<script") && !shown.contains('\u{202e}') && !shown.contains('\u{1b}'),
        "{shown}"
    );
    let shown = text(&page, &world.calendar, &world.roster);
    assert!(!shown.contains('\u{202e}') && !shown.contains('\u{1b}'), "{shown}");
    assert_eq!(
        shown.lines().filter(|line| line.contains("HYPERLINK")).count(),
        2,
        "the hold and its order: {shown}"
    );
}

#[test]
fn what_comes_next_names_the_letter_and_what_it_waits_for() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let words = Words { calendar: &world.calendar, roster: &world.roster };
    let told = |what| {
        words.next(&UpcomingGroup {
            at: at("2026-11-30T11:00:00Z"),
            window: WindowId::parse("rma/2026-10").unwrap(),
            what,
            municipalities: Vec::new(),
        })
    };
    let waiting =
        Waiting { kind: Kind::Extension, slot: Slot::Extension { edition: 2 }, behind: Behind::Letter };
    let text = told(Upcoming::Waiting(waiting));
    assert!(text.contains("carta de prorrogação, que aguarda outro dia, pois só sai uma por dia"), "{text}");
    let rung = |kind| told(Upcoming::Rung { days_before: 5, kind });
    let reminder = rung(Some(Kind::Reminder));
    assert!(
        reminder.contains("carta de lembrete (5 dias antes), a quem seguir não confirmado"),
        "{reminder}"
    );
    let warning = rung(Some(Kind::Warning));
    assert!(warning.contains("carta de prazo (5 dias antes), só a quem constar como pendente"), "{warning}");
    assert!(rung(None).contains("; a dos não confirmados fica retida"));
}

#[test]
fn the_date_of_some_stands_beside_the_date_of_all_others() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let mut page = full(&world, "ana");
    let later = Deadline { on: date(2023, 12, 12), at: Deadline::DEFAULT_TIME };
    page.windows[0].other_deadlines = [(Some(later), 3)].into();
    let text = text(&page, &world.calendar, &world.roster);
    assert!(text.contains("05/12/2023 (terça-feira), salvo para 3 municípios, até 12/12/2023"), "{text}");
}
