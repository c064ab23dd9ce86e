//! What staff read, over thousands of drawn worlds: one reason for one thing, and no letter that never left shown as sent.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use vigia_suas::domain::id::EmailAddress;
use vigia_suas::domain::notice::{Kind, NoticeKey, Slot, Told};
use vigia_suas::domain::reason::Cause;
use vigia_suas::domain::roster::Role;
use vigia_suas::domain::status::State;
use vigia_suas::plan::account::{View, explain, summarise};
use vigia_suas::plan::calls::calls;
use vigia_suas::plan::day;
use vigia_suas::plan::history::Recall;
use vigia_suas::plan::ledger::{NamedPart, NoticeRecord, Rest, Standing};
use vigia_suas::plan::post::{DeliveryFact, LetterState, Post};
use vigia_suas::plan::replay::Replay;
use vigia_suas::plan::summary::{Behind, CallReason, NextLine, Upcoming, Waiting, WindowSummary};
use vigia_suas::render::because::{because, call_reason, cause};
use vigia_suas::render::{calls as call_list, day as render_day, report};

use crate::support::world::{Built, draws, worlds};

/// The world after some passes of a run, each with its instant: the last have the longest stories.
fn moments(built: &Built) -> Vec<(Replay<'_>, Timestamp)> {
    let mut worlds = Vec::new();
    built.replay().run_with(built.from, built.until, &built.changes, |replay, at, _| {
        worlds.push((replay.clone(), at));
    });
    worlds.into_iter().rev().step_by(7).take(2).collect()
}

/// What became of one letter, drawn: it may have been accepted at once, as a rehearsal has it, or anything else.
fn redrawn(record: &NoticeRecord, fate: u8, now: Timestamp) -> (NoticeRecord, Vec<LetterState>) {
    let at = record.standing.sent_at().unwrap_or(record.recorded_at);
    let (standing, states): (Standing, &[LetterState]) = match fate {
        0 => (Standing::Queued, &[LetterState::Queued]),
        1 => (Standing::Queued, &[LetterState::Deferred, LetterState::Refused]),
        2 => (Standing::Failed, &[LetterState::Bounced, LetterState::Refused]),
        3 => (Standing::Failed, &[LetterState::Refused]),
        4 => (Standing::Expired { at: now, held_by: None }, &[LetterState::Expired, LetterState::Expired]),
        5 => (Standing::Expired { at: now, held_by: Cause::parse("retido") }, &[]),
        6 => (Standing::Sent { at, rest: Rest::Waits }, &[LetterState::Accepted, LetterState::Deferred]),
        7 => (Standing::Sent { at, rest: Rest::Nothing }, &[LetterState::Uncertain]),
        8 => {
            let rest = Rest::Held(Cause::parse("retido").unwrap());
            (Standing::Sent { at, rest }, &[LetterState::Accepted, LetterState::Held])
        }
        _ => (Standing::Sent { at, rest: Rest::Nothing }, &[]),
    };
    (NoticeRecord { standing, ..record.clone() }, states.to_vec())
}

/// Every letter that left gets a fate of its own.
fn redraw(replay: &mut Replay<'_>, fates: &[u8], now: Timestamp) -> Post {
    let mut post = Post::default();
    let mut records = Vec::new();
    for (window, ledger) in replay.ledger.windows() {
        for (code, of_it) in ledger.municipalities() {
            let sent = of_it.iter().filter(|r| r.standing.sent_at().is_some());
            records.extend(sent.map(|record| (window.clone(), code, record.clone())));
        }
    }
    records.sort_by_key(|(window, code, record)| (window.clone(), *code, record.slot));
    for ((window, code, record), fate) in records.into_iter().zip(fates.iter().cycle()) {
        let (record, states) = redrawn(&record, *fate, now);
        let key = NoticeKey::Municipal { window: window.clone(), slot: record.slot, municipality: code };
        for (n, state) in states.into_iter().enumerate() {
            let address = EmailAddress::parse(&format!("a{n}@municipio.invalid")).unwrap();
            let fact = DeliveryFact {
                version: 1,
                kind: Some(record.kind),
                recorded_at: None,
                left_at: state.has_left().then(|| record.standing.sent_at().unwrap_or(now)),
                role: Role::Smas,
                address,
                state,
                at: now,
            };
            post.put(key.clone(), fact);
        }
        replay.ledger.put(&window, code, record);
    }
    post
}

/// Whether words about a letter say that it reached somebody.
fn says_it_left(words: &str) -> bool {
    words.split(|c: char| !c.is_alphabetic()).any(|word| ["aceita", "incerta", "lida"].contains(&word))
}

/// Words as they stand in a page, and in a cell of a table.
fn in_page(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn in_cell(words: &str) -> String {
    words.replace('"', "\"\"")
}

/// Each letter's words in the text and in the table.
fn letters_in_words(summary: &WindowSummary, built: &Built) -> Vec<(bool, String)> {
    let lines = summary.lines.iter().flat_map(|line| &line.letters);
    lines.map(|letter| (letter.state.has_left(), report::letter_words(letter, &built.calendar))).collect()
}

proptest! {
    #![proptest_config(worlds())]

    #[test]
    fn every_surface_gives_one_reason_for_one_thing(draw in draws(), fates in prop::collection::vec(0..10_u8, 1..12)) {
        let built = draw.build();
        for (mut replay, now) in moments(&built) {
            let post = redraw(&mut replay, &fates, now);
            let (world, plan) = (replay.world(), replay.plan(now));
            let view = View { world: &world, plan: &plan, post: &post, now };
            for window in replay.windows() {
                let Some(summary) = summarise(view, &window.id) else { continue };
                let listed: Vec<_> = summary.call_list.iter().map(|call| call.municipality).collect();
                let called = calls(std::slice::from_ref(&summary), &built.calendar, &Recall::default());
                let called: Vec<_> = called.iter().map(|entry| entry.call.municipality).collect();
                prop_assert_eq!(listed, called, "`ligacoes` and the report have one order");
                // What is written of it: the report as text, table and page, the call list as text, table and page, and the page
                // of the day, which is the daily mail, too.
                let these = std::slice::from_ref(&summary);
                let text = report::text(these, &built.calendar);
                let table = report::csv(these, &built.calendar);
                let beside = report::Background { curves: &BTreeMap::new(), history: &[], roster: &built.roster };
                let page = report::page(these, beside, &built.calendar);
                let list = calls(these, &built.calendar, &Recall::default());
                let lists = [
                    call_list::text(&list, &built.calendar, now),
                    call_list::csv(&list, &built.calendar, now),
                    call_list::page(&list, &built.calendar, now),
                    report::call_list_csv(these, &built.calendar),
                ];
                let today = day::page(view, these, these, now, Vec::new(), Vec::new());
                let today_text = render_day::text(&today, &built.calendar, &built.roster);
                for line in &summary.lines {
                    let code = line.municipality;
                    // `plano` shows the plan itself.
                    let about = |key: &NoticeKey| key.window() == Some(&window.id) && key.municipality() == Some(code);
                    let held: Vec<_> = plan.held.iter().filter(|d| about(d.key())).map(vigia_suas::plan::Decision::because).collect();
                    // `porque` and the dossier ask for one municipality, reports for all of them.
                    let told = explain(view, &window.id, code).unwrap();
                    prop_assert_eq!(told.line.as_ref(), Some(line));
                    prop_assert_eq!(&told.silence, &line.silence);
                    prop_assert_eq!(told.held.iter().map(vigia_suas::plan::Decision::because).collect::<Vec<_>>(), held.clone());
                    prop_assert_eq!(line.withheld.iter().map(|h| &h.because).collect::<Vec<_>>(), held.clone());
                    let row = format!(";{code};");
                    let rows: Vec<&str> = table.lines().filter(|line| line.contains(&row)).collect();
                    for why in &held {
                        let words = because(why, &built.calendar);
                        prop_assert!(text.contains(&words), "{why:?} is not in the report");
                        prop_assert!(page.contains(&in_page(&words)), "{why:?} is not in the report's page");
                        prop_assert!(rows.iter().all(|row| row.contains(&in_cell(&words))), "{why:?} is not in {rows:?}");
                        // One sort of reason for many is told once, without what is each one's own; the command stands
                        // beside it.
                        let group = today.held.iter().find(|group| group.because.contains(why) && group.municipalities.contains(&code));
                        prop_assert!(group.is_some(), "{why:?} is not on the page of the day");
                        let words = words.split(" (vigia-suas ").next().unwrap_or_default();
                        let is_told = today_text.contains(words) || today_text.contains(cause(why.cause()));
                        prop_assert!(is_told, "{why:?} is not in {today_text}");
                    }
                    let call = summary.call_list.iter().find(|call| call.municipality == code);
                    prop_assert_eq!(told.call.as_ref(), call);
                    for reason in call.iter().flat_map(|call| &call.because) {
                        let words = call_reason(reason, &built.calendar);
                        prop_assert!(text.contains(&words) && page.contains(&in_page(&words)), "{words}: not in the report");
                        let [in_text, in_table, on_page, beside_report] = &lists;
                        prop_assert!(in_text.contains(&words) && on_page.contains(&in_page(&words)), "{words}");
                        prop_assert!(in_table.contains(&in_cell(&words)) && beside_report.contains(&in_cell(&words)), "{words}");
                        if let CallReason::Decided(why) = reason
                            && why.cause().as_str() != "prazo-encerrado"
                        {
                            prop_assert!(held.contains(&why), "{code}: {why:?} is given by the call list alone");
                        }
                    }
                    let quiet = told.actions.is_empty() && held.is_empty() && !line.letters.iter().any(|l| l.state.is_waiting());
                    prop_assert!(!quiet || line.silence.is_some(), "{code} {}: nothing says why nothing is said", window.id);
                    if let Some(next) = line.next {
                        prop_assert!(next.at > now, "{code}: {next:?} is past");
                    }
                }
            }
        }
    }

    #[test]
    fn a_letter_that_never_left_is_nowhere_shown_as_sent(draw in draws(), fates in prop::collection::vec(0..10_u8, 1..12)) {
        let built = draw.build();
        for (mut replay, now) in moments(&built) {
            let post = redraw(&mut replay, &fates, now);
            let (world, plan) = (replay.world(), replay.plan(now));
            let view = View { world: &world, plan: &plan, post: &post, now };
            for window in replay.windows() {
                let Some(summary) = summarise(view, &window.id) else { continue };
                for (has_left, words) in letters_in_words(&summary, &built) {
                    prop_assert!(has_left || !says_it_left(&words), "{words}");
                }
                for line in &summary.lines {
                    let records = replay.ledger.window(&window.id).map_or(&[][..], |ledger| ledger.of(line.municipality));
                    for record in records {
                        let key = NoticeKey::Municipal {
                            window: window.id.clone(), slot: record.slot, municipality: line.municipality,
                        };
                        let letter = line.letters.iter().find(|letter| letter.key == key);
                        let facts = post.of(&key);
                        let taken = record.standing.sent_at().is_some();
                        let came_back = facts.iter().any(|f| f.state == LetterState::Bounced);
                        prop_assert_eq!(letter.is_some_and(|l| l.state.has_left()), taken || came_back, "{} {:?}", key, record.standing);
                        prop_assert_eq!(letter.and_then(|l| l.left_at).is_some(), taken || came_back, "{}", key);
                    }
                    // Under whichever edition, where one brought its deadline back: that says nothing twice (decision 0390).
                    let in_force = |r: &&NoticeRecord| {
                        r.edition == line.edition || r.told == Some(Told::from(line.deadline))
                    };
                    let warned = records.iter().filter(|r| r.kind == Kind::Warning).filter(in_force);
                    // Those that named something of what is owed now.
                    let owed = |named: &NamedPart| line.parts.iter().any(|part| {
                        let units = named.units.is_empty() || part.units.is_empty()
                            || named.units.iter().any(|unit| part.units.contains(unit));
                        part.part == named.part && part.state == State::Pending && units
                    });
                    let warned: Vec<_> = warned.filter(|r| r.standing.sent_at().is_some() && r.parts.iter().any(owed)).collect();
                    // Of what is only *incerta* nobody says that it warned.
                    let is_uncertain = |r: &&&NoticeRecord| {
                        let key = NoticeKey::Municipal {
                            window: window.id.clone(), slot: r.slot, municipality: line.municipality,
                        };
                        post.of(&key).iter().any(|fact| fact.state == LetterState::Uncertain)
                    };
                    let uncertain = warned.iter().filter(is_uncertain).count();
                    let call = summary.call_list.iter().find(|call| call.municipality == line.municipality);
                    for reason in call.iter().flat_map(|call| &call.because) {
                        if let CallReason::Warned { letters, .. } = reason {
                            prop_assert_eq!(*letters, warned.len() - uncertain);
                        }
                        if let CallReason::PerhapsWarned { letters, .. } = reason {
                            prop_assert!(*letters >= uncertain && *letters > 0);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_page_of_the_day_names_all_that_is_held_once_and_counts_as_sent_only_what_left(
        draw in draws(),
        fates in prop::collection::vec(0..10_u8, 1..12),
        hours in 1..200_i64,
    ) {
        let built = draw.build();
        for (mut replay, now) in moments(&built) {
            let post = redraw(&mut replay, &fates, now);
            let (world, plan) = (replay.world(), replay.plan(now));
            let view = View { world: &world, plan: &plan, post: &post, now };
            let mut windows: Vec<WindowSummary> =
                replay.windows().iter().filter_map(|window| summarise(view, &window.id)).collect();
            let since = now - SignedDuration::from_hours(hours);
            let page = day::page(view, &windows, &windows, since, Vec::new(), Vec::new());
            let mut named: Vec<String> = Vec::new();
            for group in &page.held {
                prop_assert!(!group.because.is_empty(), "{}: held for no reason", group.batch);
                named.extend(group.municipalities.iter().map(|code| format!("{}/{code}", group.batch)));
            }
            let held = plan.held.iter().map(vigia_suas::plan::Decision::key).filter(|key| {
                let line = windows.iter().filter(|w| Some(&w.window) == key.window()).flat_map(|w| &w.lines);
                line.into_iter().any(|line| Some(line.municipality) == key.municipality())
            });
            let mut held: Vec<String> = held.map(ToString::to_string).collect();
            named.sort();
            held.sort();
            prop_assert_eq!(named, held);
            // By a second way: what the ledger has as sent since, and what came back.
            let of = |wanted: &dyn Fn(LetterState) -> bool| -> usize {
                let states = page.left.iter().flat_map(|group| &group.states);
                states.filter(|(state, _)| wanted(**state)).map(|(_, codes)| codes.len()).sum()
            };
            let mut left = 0;
            // Also to whom nothing is expected of any more.
            for (_, ledger) in replay.ledger.windows().filter(|(id, _)| windows.iter().any(|w| w.window == **id)) {
                let records = ledger.municipalities().flat_map(|(_, records)| records);
                left += records.filter(|r| r.standing.sent_at().is_some_and(|at| at >= since)).count();
            }
            let taken = |state| matches!(state, LetterState::Read | LetterState::Accepted | LetterState::Uncertain);
            prop_assert_eq!(of(&taken), left);
            prop_assert_eq!(of(&LetterState::is_waiting), 0, "what waits did not leave");
            prop_assert!(page.waiting.iter().flat_map(|group| group.states.keys()).all(|state| state.is_waiting()));
            prop_assert!(page.moved.is_empty(), "nothing moved");
            prop_assert!(page.upcoming.iter().all(|group| group.at > now));
            // As after a round of letters: each waits until an instant of its own.
            let mut at = now;
            for line in windows.iter_mut().flat_map(|window| &mut window.lines) {
                at += SignedDuration::from_millis(7);
                let waiting = Waiting { kind: Kind::Extension, slot: Slot::Extension { edition: 2 }, behind: Behind::Letter };
                line.next = Some(NextLine { what: Upcoming::Waiting(waiting), at });
            }
            let page = day::page(view, &windows, &windows, since, Vec::new(), Vec::new());
            prop_assert!(page.upcoming.len() <= windows.len(), "one line for what is equal for many");
            let told: usize = page.upcoming.iter().map(|group| group.municipalities.len()).sum();
            prop_assert_eq!(told, windows.iter().map(|window| window.lines.len()).sum::<usize>());
        }
    }
}
