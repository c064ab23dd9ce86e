//! The shipped configuration, damaged at random as hands and editors damage it: bytes, words, lines, keys, values. Each
//! damaged file means the same as before, or something else that is confined to what the file is about, or is refused
//! at a place; and none makes the compiler panic.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;

use super::*;

const FILES: [&str; 4] = ["vigia.toml", "calendario.toml", "municipios.csv", "feriados.toml"];

/// One way to damage a text; places are chosen when it is known how long the text is.
#[derive(Debug, Clone)]
enum Damage {
    /// Bytes cut and others put in.
    Bytes(Index, usize, Vec<u8>),
    /// A word twice, gone, or in another's place.
    Word(Index, Index, Work),
    /// A line twice, gone, elsewhere, or behind a comment mark.
    Line(Index, Index, Work),
    /// A letter more in a key.
    Key(Index, char),
    /// A value in another's place.
    Value(Index, &'static str),
}

#[derive(Debug, Clone, Copy)]
enum Work {
    Twice,
    Gone,
    Moved,
    Commented,
}

const VALUES: [&str; 16] = [
    "0",
    "-1",
    "1.5",
    "\"\"",
    "\"x\"",
    "true",
    "[]",
    "[\"rma\"]",
    "{}",
    "2026-02-30",
    "2026-12-05",
    "\"05/12/2023\"",
    "99999999999999999999",
    "\"3205309.0\"",
    "\"São Paulo\"",
    "'''",
];

fn damage() -> impl Strategy<Value = Damage> {
    let work = || prop_oneof![Just(Work::Twice), Just(Work::Gone), Just(Work::Moved), Just(Work::Commented)];
    let bytes = prop_oneof![
        Just(Vec::new()),
        prop::collection::vec(any::<u8>(), 1..4),
        "[\"'=\\[\\]{};,#.\\n\\\\ ]{1,3}".prop_map(String::into_bytes),
    ];
    prop_oneof![
        (any::<Index>(), 0usize..12, bytes).prop_map(|(at, cut, put)| Damage::Bytes(at, cut, put)),
        (any::<Index>(), any::<Index>(), work()).prop_map(|(a, b, w)| Damage::Word(a, b, w)),
        (any::<Index>(), any::<Index>(), work()).prop_map(|(a, b, w)| Damage::Line(a, b, w)),
        (any::<Index>(), prop::char::range('a', 'z')).prop_map(|(at, c)| Damage::Key(at, c)),
        (any::<Index>(), prop::sample::select(&VALUES[..])).prop_map(|(at, value)| Damage::Value(at, value)),
    ]
}

/// Works on one of several pieces.
fn worked(mut pieces: Vec<String>, at: Index, other: Index, work: Work, mark: &str) -> String {
    let (at, other) = (at.index(pieces.len()), other.index(pieces.len()));
    match work {
        Work::Twice => pieces.insert(at, pieces[at].clone()),
        Work::Gone => {
            pieces.remove(at);
        }
        Work::Moved => pieces.swap(at, other),
        Work::Commented => pieces[at].insert_str(0, mark),
    }
    pieces.concat()
}

/// The lines that are not comments, with their places.
fn telling(text: &str) -> Vec<(usize, &str)> {
    text.lines().enumerate().filter(|(_, line)| line.contains('=') && !line.starts_with('#')).collect()
}

fn damaged(text: &str, damage: &Damage) -> Vec<u8> {
    let lines = || text.split_inclusive('\n').map(str::to_owned).collect::<Vec<_>>();
    match damage {
        Damage::Bytes(at, cut, put) => {
            let mut bytes = text.as_bytes().to_vec();
            let from = at.index(bytes.len());
            let to = (from + cut).min(bytes.len());
            bytes.splice(from..to, put.iter().copied());
            bytes
        }
        Damage::Word(at, other, work) => {
            let words = text.split_inclusive([' ', ';', ',', '\n']).map(str::to_owned).collect();
            worked(words, *at, *other, *work, "#").into_bytes()
        }
        Damage::Line(at, other, work) => worked(lines(), *at, *other, *work, "# ").into_bytes(),
        Damage::Key(at, letter) => rewritten(text, *at, |line| format!("{letter}{line}")),
        Damage::Value(at, value) => rewritten(text, *at, |line| {
            let key = line.split('=').next().unwrap_or_default();
            format!("{key}= {value}")
        }),
    }
}

/// With one of its keys' lines written anew; a CSV file, which has none, loses its last byte.
fn rewritten(text: &str, at: Index, write: impl Fn(&str) -> String) -> Vec<u8> {
    let telling = telling(text);
    if telling.is_empty() {
        return text.as_bytes()[..text.len() - 1].to_vec();
    }
    let (place, line) = telling[at.index(telling.len())];
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[place] = write(line);
    lines.join("\n").into_bytes()
}

/// What a configuration means, file by file.
fn meaning(config: &Config) -> [String; 4] {
    let calendar = &config.calendar;
    let mut vigia = format!("{:?} {:?}", config.settings, config.secretariat);
    let hours = &calendar.hours;
    let _ = write!(
        vigia,
        "{:?} {:?} {:?} {:?} {:?} {:?}",
        hours.zone,
        hours.from,
        hours.until,
        hours.business_days_only,
        calendar.starts_on,
        config.roster.offices
    );
    [
        vigia,
        format!("{:?} {:?} {:?}", calendar.parts, calendar.systems, calendar.declared),
        format!("{:?}", config.roster.municipalities),
        format!("{:?}", hours.holidays.configured()),
    ]
}

fn judge(file: usize, damage: &Damage, shipped: &[String; 4]) -> Result<(), TestCaseError> {
    let text = String::from_utf8(Sources::embedded().bytes(FILES[file]).unwrap().to_vec()).unwrap();
    let sources = Sources::embedded().with(FILES[file], damaged(&text, damage));
    match compile(&sources, now()) {
        Ok(config) => {
            let means = meaning(&config);
            for (other, (now, before)) in means.iter().zip(shipped).enumerate() {
                prop_assert!(
                    other == file || now == before,
                    "{} changed what {} says",
                    FILES[file],
                    FILES[other]
                );
            }
            prop_assert_eq!(
                means,
                meaning(&compile(&sources, now()).unwrap()),
                "read twice, it means the same"
            );
        }
        Err(LoadError::Faulty(found)) => {
            prop_assert!(found.errors().count() > 0);
            for fault in found.errors() {
                let whole = fault.line == 0 && fault.file.ends_with(FILES[file]);
                prop_assert!(fault.line > 0 || whole, "nowhere: {fault:?}");
                prop_assert!(!fault.hint.is_empty(), "no way out: {fault:?}");
                let rest: String = fault.excerpt.chars().skip(fault.column.saturating_sub(1)).collect();
                prop_assert!(rest.starts_with(&fault.span), "underlined elsewhere: {fault:?}");
                let unknown = ["o TOML está mal escrito aqui", "não sabe dizer por quê"];
                prop_assert!(!unknown.iter().any(|words| fault.message.contains(words)), "{fault:?}");
            }
            // Rendering must not fail either.
            prop_assert!(found.render(false).ends_with("na configuração\n"));
        }
        Err(other) => return Err(TestCaseError::fail(other.to_string())),
    }
    Ok(())
}

fn run(cases: u32) {
    let shipped = meaning(&good(&Sources::embedded()));
    let mut runner =
        TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() });
    runner.run(&(0..FILES.len(), damage()), |(file, damage)| judge(file, &damage, &shipped)).unwrap();
}

#[test]
fn whatever_is_wrong_with_a_number_or_a_key_is_said_for_what_it_is() {
    let numbers = [
        "-4.;", "4.x", "4.", "4.5.6", "0xZ", "0x", "0o9", "0b2", "1e", "1ex", "--4", "4_", "_4", "04", "+-1",
    ];
    let keys = ["[", "[]", "[a", "[[a]", "a.", ".a = 1", "= 1", "a b = 1", "\"a = 1"];
    let lines = numbers.iter().map(|number| format!("pascoa = {number}")).chain(keys.map(str::to_owned));
    for line in lines {
        let text = format!("[[feriado]]\nnome = \"Penha\"\n{line}\n");
        match compile(&Sources::embedded().with("feriados.toml", text.clone()), now()) {
            Err(LoadError::Faulty(found)) => {
                assert!(!found.render(false).contains("mal escrito aqui"), "{text}");
            }
            other => panic!("{text}{}", other.is_ok()),
        }
    }
}

#[test]
fn a_damaged_configuration_is_refused_at_a_place_or_means_what_it_says() {
    run(120);
}

#[test]
#[ignore = "needs a minute: ten thousand damaged configurations"]
fn ten_thousand_damaged_configurations_are_refused_at_a_place_or_mean_what_they_say() {
    run(10_000);
}
