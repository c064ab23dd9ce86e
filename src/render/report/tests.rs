//! The report of a small window.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::date;

use super::{Background, call_list_csv, csv, page, text};
use crate::domain::calendar::{Deadline, Sanction};
use crate::domain::id::{EmailAddress, FeedId};
use crate::domain::notice::{Kind, NoticeKey, Slot};
use crate::domain::overrides::{Authorship, BatchId, Note};
use crate::domain::reason::Reason;
use crate::domain::roster::Role;
use crate::domain::status::{Doubt, State};
use crate::plan::post::{DeliveryFact, LetterState};
use crate::plan::summary::{
    CallLine, CallReason, Counts, HeldLine, LetterLine, MunicipalityLine, PartLine, WindowSummary,
};
use crate::render::letter::example::World;

#[expect(clippy::too_many_lines, reason = "one window with a line of each kind, to be read at once")]
fn summary(world: &World) -> WindowSummary {
    let at: Timestamp = "2023-12-04T12:00:00Z".parse().unwrap();
    let deadline = Some(Deadline { on: date(2023, 12, 5), at: Deadline::DEFAULT_TIME });
    let counts = Counts { done: 60, pending: 10, unconfirmed: 8, not_applicable: 0 };
    let part = |part: &crate::domain::id::PartId, state| PartLine {
        gerencias: Vec::new(),
        part: part.clone(),
        state,
        doubt: None,
        units: Vec::new(),
        as_of: Some(at),
        feed: Some(FeedId::parse("censo").unwrap()),
        wording: None,
        rows: Vec::new(),
    };
    let cras = PartLine { units: vec![world.unit.clone()], ..part(&world.cras, State::Pending) };
    let council = PartLine {
        doubt: Some(Doubt::Disputed),
        wording: Some("=cmd|' /C calc'!A0".into()),
        ..part(&world.council, State::Unconfirmed)
    };
    let fact = |role, state: LetterState| DeliveryFact {
        version: 1,
        kind: None,
        recorded_at: None,
        left_at: state.has_left().then_some(at),
        role,
        address: EmailAddress::parse("x@vitoria.invalid").unwrap(),
        state,
        at,
    };
    let letter = |slot: Slot, kind, deliveries: Vec<DeliveryFact>| {
        let state = deliveries.iter().map(|f| f.state).min().unwrap_or(LetterState::Queued);
        LetterLine {
            key: NoticeKey::Municipal {
                window: world.window.clone(),
                slot,
                municipality: world.municipality,
            },
            kind,
            elsewhere: false,
            edition: 1,
            rung: slot.rung(),
            state,
            left_at: state.has_left().then_some(at),
            decided_at: at,
            because: None,
            deliveries,
        }
    };
    let rung = Slot::Rung { edition: 1, days_before: 5 };
    let vitoria = MunicipalityLine {
        municipality: world.municipality,
        name: "Vitória".to_owned(),
        region: "Metropolitana".to_owned(),
        state: State::Pending,
        edition: 1,
        deadline,
        parts: vec![cras, council],
        waits_for: None,
        told_outside_on: None,
        letters: vec![
            letter(
                Slot::Announcement,
                Kind::Announcement,
                vec![fact(Role::Smas, LetterState::Accepted), fact(Role::Cmas, LetterState::Bounced)],
            ),
            letter(rung, Kind::Warning, vec![]),
        ],
        withheld: vec![HeldLine {
            batch: BatchId::of_slot(&world.window, rung),
            because: Reason::NoContact,
            since: at,
            dies_at: None,
        }],
        silence: None,
        next: None,
    };
    let call = CallLine {
        municipality: world.municipality,
        name: "Vitória".to_owned(),
        role: Some(Role::Smas),
        holder: "Fulana de Tal".to_owned(),
        telephone: "+55 27 3333-3333".to_owned(),
        as_of: Some(at),
        owes: vec![world.cras.clone()],
        unconfirmed: vec![world.council.clone()],
        because: vec![
            CallReason::Warned { letters: 2, earlier: 0, first_at: at, last_at: at },
            CallReason::Undelivered { kind: Kind::Reminder, rung: Some(1) },
            CallReason::Ended {
                kind: Kind::Warning,
                rung: Some(5),
                because: Reason::ValidityOver { at, withheld: Some(Reason::NoContact.cause()) },
            },
            CallReason::Decided(Reason::NotExpected),
        ],
        resting: Vec::new(),
        unreachable: false,
        tried: vec![Note {
            municipality: world.municipality,
            window: world.window.clone(),
            telephone: Some("27 99999-0000".to_owned()),
            until: Some(jiff::civil::date(2023, 12, 1)),
            authorship: Authorship {
                author: "Ana".to_owned(),
                reason: "prometeram preencher".to_owned(),
                at,
            },
        }],
    };
    let unknown = CallLine {
        name: "Serra".to_owned(),
        holder: String::new(),
        telephone: String::new(),
        as_of: None,
        owes: Vec::new(),
        tried: Vec::new(),
        ..call.clone()
    };
    let empty = MunicipalityLine {
        name: "Serra; \"a maior\"".to_owned(),
        state: State::Done,
        edition: 2,
        deadline: None,
        parts: Vec::new(),
        letters: Vec::new(),
        withheld: Vec::new(),
        ..vitoria.clone()
    };
    WindowSummary {
        window: world.window.clone(),
        system: "Censo SUAS".to_owned(),
        opens_on: date(2023, 10, 23),
        edition: 1,
        deadline,
        source: "MDS, Censo SUAS 2023".to_owned(),
        editions: vec![(1, deadline)],
        rungs: vec![(5, at)],
        rehearsal: false,
        halted: false,
        at,
        municipalities: counts,
        by_part: BTreeMap::from([(world.cras.clone(), counts), (world.council.clone(), Counts::default())]),
        by_gerencia: BTreeMap::from([(world.gerencia.clone(), counts)]),
        by_region: BTreeMap::from([("Metropolitana".to_owned(), counts), (String::new(), Counts::default())]),
        lines: vec![vitoria, empty],
        call_list: vec![call, unknown],
    }
}

#[test]
fn the_text_tells_counts_tables_calls_and_letters() {
    let world = World::new(Sanction::Standard, "").unwrap();
    insta::assert_snapshot!("report_text", text(&[summary(&world)], &world.calendar));
    assert_eq!(text(&[], &world.calendar), "Nenhuma janela a relatar.\n");
}

#[test]
fn the_csv_opens_in_a_spreadsheet_and_runs_nothing() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let all = csv(&[summary(&world)], &world.calendar);
    assert!(all.starts_with("\u{feff}janela;sistema;"));
    assert!(all.ends_with("\r\n"));
    assert_eq!(all.matches("\r\n").count(), 4, "a heading, two parts, a municipality without parts");
    assert!(all.contains(";'=cmd|' /C calc'!A0;"), "{all}");
    assert!(all.contains(";\"Serra; \"\"a maior\"\"\";"), "{all}");
    insta::assert_snapshot!("report_csv", all.replace('\u{feff}', "<BOM>").replace("\r\n", "<CRLF>\n"));
}

#[test]
fn the_call_list_has_a_csv_of_its_own() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let calls = call_list_csv(&[summary(&world)], &world.calendar);
    assert!(calls.starts_with("\u{feff}janela;ordem;lista;ibge;"));
    assert!(calls.contains(";'+55 27 3333-3333;"), "{calls}");
    let widths: Vec<usize> = calls.lines().map(|line| line.matches(';').count()).collect();
    assert_eq!(widths, [13, 14, 13], "the call itself has one more");
    let lists: Vec<&str> = calls.lines().skip(1).filter_map(|line| line.split(';').nth(2)).collect();
    assert_eq!(lists, ["telefonar", "confirmar"], "what each is for");
    assert!(calls.contains("telefonema em 04/12/2023 09:00 por Ana (27 99999-0000): prometeram preencher"));
}

#[test]
fn the_page_names_each_pending_unit_and_who_would_gain_from_support_and_accuses_nobody_else() {
    use crate::plan::history::{HistoryLine, Punctuality};
    let world = World::new(Sanction::Standard, "").unwrap();
    let line = |name: &str, how: &[Punctuality]| HistoryLine {
        system: world.calendar.window(&world.window).unwrap().system,
        municipality: world.municipality,
        name: name.to_owned(),
        part: world.cras.clone(),
        references: how.iter().map(|how| (world.window.clone(), *how)).collect(),
    };
    let history = [
        line("Serra <b>", &[Punctuality::Never, Punctuality::Late { days: Some(3) }]),
        line("Colatina", &[Punctuality::Unknown, Punctuality::OnTime]),
    ];
    let curves = BTreeMap::new();
    let beside = Background { curves: &curves, history: &history, roster: &world.roster };
    let mut summary = summary(&world);
    let unit = world.roster.units.as_ref().unwrap().iter().next().unwrap().clone();
    summary.lines[0].parts[0].part = unit.part.clone();
    summary.lines[0].parts[0].units = vec![unit.id.clone()];
    let told = page(&[summary.clone()], beside, &world.calendar);
    let told = told.replace("<span class=\"note\">", "").replace("</span>", "");
    assert!(told.contains(&format!("{} (código {})", unit.name, unit.id)), "{told}");
    let section = told.split("id=\"historico\"").nth(1).unwrap();
    assert!(section.contains("Serra &lt;b&gt;") && section.contains("▲◐"), "{section}");
    assert!(!section.contains("Colatina"), "of whom nothing is known to have been late nothing is said");
    let elsewhere =
        HistoryLine { system: crate::domain::id::SystemId::parse("outro").unwrap(), ..history[0].clone() };
    let other = Background { history: std::slice::from_ref(&elsewhere), ..beside };
    assert!(!page(&[summary], other, &world.calendar).contains("id=\"historico\""), "another system's");
}

#[test]
fn a_rehearsal_and_a_stopped_window_say_so_in_every_form() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let curves = BTreeMap::new();
    let beside = Background { curves: &curves, history: &[], roster: &world.roster };
    let forms = |summary: WindowSummary| {
        let all = [summary];
        let calendar = &world.calendar;
        [text(&all, calendar), page(&all, beside, calendar), csv(&all, calendar)]
    };
    let stopped = "A janela está interrompida: ninguém é cobrado.";
    let [plain, shown, table] = forms(summary(&world));
    for form in [&plain, &shown, &table] {
        assert!(!form.contains(stopped) && !form.contains("ENSAIO"), "{form}");
    }
    let [plain, shown, table] = forms(WindowSummary { rehearsal: true, halted: true, ..summary(&world) });
    for form in [&plain, &shown] {
        assert!(form.contains(stopped) && form.contains(crate::render::portuguese::REHEARSAL), "{form}");
    }
    assert!(table.contains("ENSAIO: "), "{table}");
}

#[test]
fn a_column_in_which_nothing_stands_takes_no_room() {
    let world = World::new(Sanction::Standard, "").unwrap();
    let curves = BTreeMap::new();
    let beside = Background { curves: &curves, history: &[], roster: &world.roster };
    let mut summary = summary(&world);
    let (held, tried) = (">Retido</th>", ">Já tentado</th>");
    let full = page(std::slice::from_ref(&summary), beside, &world.calendar);
    assert!(full.contains(held) && full.contains(tried), "{full}");
    summary.lines.iter_mut().for_each(|line| line.withheld.clear());
    summary.call_list.iter_mut().for_each(|call| call.tried.clear());
    let bare = page(&[summary], beside, &world.calendar);
    assert!(!bare.contains(held) && !bare.contains(tried), "{bare}");
}
