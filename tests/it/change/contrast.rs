//! Two configurations held against each other.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use proptest::prelude::*;
use vigia_suas::config::{Sources, compile};
use vigia_suas::domain::calendar::Calendar;
use vigia_suas::domain::id::{MunicipalityCode, PartId, WindowId};
use vigia_suas::domain::notice::NoticeKey;
use vigia_suas::domain::status::{Basis, Observation, State};
use vigia_suas::plan::World;
use vigia_suas::plan::contrast::{Difference, Event, Shift, contrast, windows_unlike};
use vigia_suas::plan::effects::{Effect, large};
use vigia_suas::plan::ledger::Ledger;
use vigia_suas::plan::replay::{Replay, StatusChange};
use vigia_suas::render::contrast::table;

use crate::support::world::{Built, draws, worlds_relived};

/// Both calendars over what a third of the story left in the ledger.
fn held(built: &Built, ledger: &Ledger, before: &Calendar, after: &Calendar) -> Vec<Difference> {
    let mut replay = built.replay();
    for change in &built.changes {
        replay.learn(change);
    }
    let world = |calendar| World {
        calendar,
        windows: &[],
        roster: &built.roster,
        roster_at_start: None,
        status: &replay.status,
        status_then: None,
        overrides: &built.overrides,
        ledger,
    };
    let third = built.from + built.until.duration_since(built.from) / 3;
    contrast(Some(&world(before)), Some(&world(after)), third, built.until).unwrap()
}

fn begun(built: &Built) -> Ledger {
    let mut replay = built.replay();
    let third = built.from + built.until.duration_since(built.from) / 3;
    replay.run(built.from, third, &built.changes, |_, _| {});
    replay.ledger
}

proptest! {
    #![proptest_config(worlds_relived())]

    #[test]
    fn a_configuration_held_against_itself_changes_nothing(draw in draws()) {
        let built = draw.build();
        let found = held(&built, &begun(&built), &built.calendar, &built.calendar);
        prop_assert!(found.is_empty(), "{found:#?}");
        prop_assert!(windows_unlike(&built.calendar, &built.calendar, jiff::civil::date(2026, 12, 31)).is_empty());
    }

    #[test]
    fn what_one_would_send_more_the_other_would_send_less(draw in draws()) {
        let built = draw.build();
        let mut other = built.calendar.clone();
        for window in &mut other.declared {
            window.editions.truncate(1);
        }
        let ledger = Ledger::default();
        let there = held(&built, &ledger, &built.calendar, &other);
        let back = held(&built, &ledger, &other, &built.calendar);
        let keys = |found: &[Difference], shift: Shift| -> Vec<NoticeKey> {
            let mut keys: Vec<_> = found
                .iter()
                .filter(|d| d.shift == shift)
                .filter_map(|d| d.decision().map(|d| d.key().clone()))
                .collect();
            keys.sort();
            keys
        };
        let lost = |found: &[Difference]| {
            let mut keys: Vec<NoticeKey> = found
                .iter()
                .filter(|d| d.after.is_none() || (d.shift == Shift::Withheld && d.before.is_some()))
                .filter_map(|d| d.before.as_ref().map(|e| e.decision.key().clone()))
                .collect();
            keys.sort();
            keys
        };
        prop_assert_eq!(keys(&there, Shift::Added), lost(&back));
        prop_assert_eq!(keys(&back, Shift::Added), lost(&there));
        let moved = |found: &[Difference]| found.iter().filter(|d| d.shift == Shift::Moved).count();
        prop_assert_eq!(moved(&there), moved(&back));
    }
}

#[test]
fn rungs_still_to_come_move_with_the_deadline_and_those_told_get_one_correction() {
    let now = "2026-11-23T13:00:00Z".parse().unwrap();
    let shipped = include_str!("../../../config/calendario.toml");
    let window = "\n[[janela]]\nsistema = \"rma\"\nreferencia = \"2026-10\"\nabertura = 2026-11-01\n\
        prazo = 2026-11-30\nfonte = \"x\"\n  [[janela.prorrogacao]]\n  prazo = 2026-12-15\n  \
        anunciada = 2026-11-23\n  fonte = \"MDS\"\n";
    let old = compile(&Sources::embedded(), now).unwrap();
    let longer = Sources::embedded().with("calendario.toml", format!("{shipped}{window}"));
    let new = compile(&longer, now).unwrap();
    let calendar = |config: &vigia_suas::config::Config| {
        let mut calendar = config.calendar.clone();
        calendar.hours.waits = true;
        calendar
    };
    let (before, after) = (calendar(&old), calendar(&new));
    let until = "2026-12-31T12:00:00Z".parse().unwrap();
    let mut replay = Replay::new(&before, &old.roster, until).unwrap();
    replay.run("2026-11-02T12:00:00Z".parse().unwrap(), now, &[], |_, _| {});
    let window = WindowId::parse("rma/2026-10").unwrap();
    let vitoria = MunicipalityCode::parse("3205309").unwrap();
    let observation = Observation {
        window: window.clone(),
        municipality: vitoria,
        part: PartId::parse("CRAS").unwrap(),
        unit: None,
        state: State::Pending,
        dated: None,
        basis: Basis::Row,
        line: 0,
        wording: None,
    };
    replay.learn(&StatusChange { at: now, observation });
    let one = World { calendar: &before, roster: &old.roster, ..replay.world() };
    let two = World { calendar: &after, roster: &new.roster, ..replay.world() };
    let found = contrast(Some(&one), Some(&two), now, until).unwrap();
    let to_vitoria: Vec<String> = found
        .iter()
        .filter(|d| d.decision().is_some_and(|d| d.key().municipality() == Some(vitoria)))
        .map(|d| {
            let at =
                |e: &Option<Event>| e.as_ref().map_or("-".to_owned(), |e| e.at.to_string()[..10].to_owned());
            format!("{:?} {} {} {}", d.shift, d.decision().unwrap().key(), at(&d.before), at(&d.after))
        })
        .collect();
    assert_eq!(
        to_vitoria,
        [
            "Added rma/2026-10@2/prorrogacao/3205309 - 2026-11-23",
            "Moved rma/2026-10@2/prazo-10d/3205309 2026-11-23 2026-12-04",
            "Moved rma/2026-10@2/prazo-5d/3205309 2026-11-25 2026-12-10",
            "Moved rma/2026-10@2/prazo-2d/3205309 2026-11-27 2026-12-11",
        ]
    );
    assert_eq!(found.iter().filter(|d| d.shift == Shift::Dropped).count(), 0);
    // No two acceptances are at the same instant; whoever reads the table does not care.
    let mut apart = found.clone();
    for (n, difference) in (0_i64..).zip(&mut apart) {
        let events = [&mut difference.before, &mut difference.after];
        events.into_iter().flatten().for_each(|event| event.at += SignedDuration::from_millis(n));
    }
    let shown = |found: &[Difference]| table(found, &after, [&old.roster, &new.roster], None);
    assert_eq!(shown(&apart), shown(&found), "one row for what leaves in the same minute");
}

#[test]
fn who_falls_silent_is_told_with_every_letter_that_no_longer_leaves() {
    let now = "2026-11-23T13:00:00Z".parse().unwrap();
    let shipped = include_str!("../../../config/calendario.toml");
    let window = "\n[[janela]]\nsistema = \"rma\"\nreferencia = \"2026-10\"\nabertura = 2026-11-01\n\
        prazo = 2026-11-30\nfonte = \"x\"\nsituacao = \"suspensa\"\nsituacao_desde = 2026-11-23\n";
    let old = compile(&Sources::embedded(), now).unwrap();
    let stopped = Sources::embedded().with("calendario.toml", format!("{shipped}{window}"));
    let new = compile(&stopped, now).unwrap();
    let until = "2026-12-31T12:00:00Z".parse().unwrap();
    let mut replay = Replay::new(&old.calendar, &old.roster, until).unwrap();
    replay.run("2026-11-02T12:00:00Z".parse().unwrap(), now, &[], |_, _| {});
    for municipality in old.roster.municipalities.keys() {
        let observation = Observation {
            window: WindowId::parse("rma/2026-10").unwrap(),
            municipality: *municipality,
            part: PartId::parse("CRAS").unwrap(),
            unit: None,
            state: State::Pending,
            dated: None,
            basis: Basis::Row,
            line: 0,
            wording: None,
        };
        replay.learn(&StatusChange { at: now, observation });
    }
    let one = World { calendar: &old.calendar, roster: &old.roster, ..replay.world() };
    let two = World { calendar: &new.calendar, roster: &new.roster, ..replay.world() };
    let found = contrast(Some(&one), Some(&two), now, until).unwrap();
    let keys = |wanted: &[Shift]| -> BTreeSet<&NoticeKey> {
        let of_them = found.iter().filter(|d| wanted.contains(&d.shift));
        let keys = of_them.filter_map(|d| Some(d.decision()?.key()));
        keys.filter(|key| key.municipality().is_some()).collect()
    };
    let municipalities = old.roster.municipalities.len();
    // One that waits would have left too, and is taken back: it is one letter.
    let letters = keys(&[Shift::Dropped, Shift::Withdrawn]).len();
    assert!(letters > municipalities, "several each");
    assert_eq!(keys(&[Shift::Added]).len(), municipalities, "a suspensão comes instead");
    let effects = large(&one, &two, (&found, &[]), None, now);
    assert!(effects.contains(&Effect::Silence { municipalities, letters }), "{effects:?}");
}
