//! What a finding says to run or to paste: `prorrogar` takes it, and `verificar` where it says to paste it.

use std::fmt::Write as _;

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;
use vigia_suas::config::{self, Config, LoadError, Sources};
use vigia_suas::desk::extend::{self, Request};
use vigia_suas::domain::id::{FeedId, Reference, SystemId, WindowId};
use vigia_suas::domain::news::{Finding, FindingId, Guess, NewsDoubt, Topic};
use vigia_suas::render::news::{Paste, Place, paste};
use vigia_suas::world::setup::Setup;

const CALENDAR: &str = include_str!("../../config/calendario.toml");

fn noon(today: Date) -> Timestamp {
    today.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::get("America/Sao_Paulo").unwrap()).unwrap().timestamp()
}

fn compiled(calendar: &str, today: Date) -> Result<Config, String> {
    let sources = Sources::embedded().with("calendario.toml", calendar);
    config::compile(&sources, noon(today)).map_err(|error| match error {
        LoadError::Faulty(faults) => faults.render(false),
        other @ LoadError::Unreadable { .. } => other.to_string(),
    })
}

/// The shipped calendar with a census of that opening, deadline and extensions as its last window.
fn with_census(opens: Date, deadline: Option<Date>, extensions: &[(Date, Date)]) -> String {
    let year = opens.year();
    let mut text = format!(
        "{CALENDAR}\n[[janela]]\nsistema = \"censo-suas\"\nreferencia = \"{year}\"\nabertura = {opens}\n"
    );
    if let Some(deadline) = deadline {
        let _ = writeln!(text, "prazo = {deadline}");
    }
    text.push_str("fonte = \"teste\"\n");
    for (announced, deadline) in extensions {
        let _ = write!(
            text,
            "  [[janela.prorrogacao]]\n  prazo = {deadline}\n  anunciada = {announced}\n  fonte = \"teste\"\n"
        );
    }
    text
}

/// The text put where it belongs; the census is the last window of the file.
fn pasted(calendar: &str, paste: &Paste) -> Option<String> {
    let toml = paste.toml.as_deref()?;
    Some(match paste.place.as_ref()? {
        Place::End => format!("{calendar}\n{toml}"),
        Place::Inside(_) => {
            let window = calendar.rfind("[[janela]]").unwrap();
            let (before, after) = calendar.split_at(window + "[[janela]]\n".len());
            format!("{before}{toml}{after}")
        }
    })
}

/// What the command would write, by the code behind the command.
fn extended(calendar: &str, command: &str, today: Date) -> Result<Config, String> {
    let (plain, source) = command.split_once(" --fonte '").unwrap();
    let words: Vec<&str> = plain.split(' ').collect();
    let after = |name: &str| words.iter().position(|word| *word == name).map(|at| words[at + 1]);
    let request = Request {
        window: WindowId::parse(words[2]).unwrap(),
        deadline: after("--para").unwrap().parse().unwrap(),
        at: after("--hora").map(|text| format!("{text}:00").parse().unwrap()),
        source: source.strip_suffix('\'').unwrap().to_owned(),
        announced: after("--anunciada").map(|text| text.parse().unwrap()),
        municipalities: Vec::new(),
        confirmed: None,
    };
    let sources = Sources::embedded().with("calendario.toml", calendar);
    let setup =
        Setup::compile(sources, Some("config".into()), noon(today)).map_err(|error| error.to_string())?;
    let draft = extend::draft(&setup, &request, noon(today)).map_err(|error| error.to_string())?;
    Ok(draft.setup.config)
}

fn finding(topic: Topic, system: &str, published: Option<Date>, guess: Guess) -> Finding {
    Finding {
        id: FindingId::new("0"),
        feed: FeedId::parse("rede").unwrap(),
        system: SystemId::parse(system).unwrap(),
        topic,
        title: "Prazo \"novo\" \\ do Censo".to_owned(),
        link: "http://blog.mds.gov.br/redesuas/x/".to_owned(),
        quote: "…".to_owned(),
        published_on: published,
        guess,
    }
}

fn guess(opens_on: Option<Date>, deadline_on: Option<Date>) -> Guess {
    Guess { opens_on, deadline_on, ..Guess::default() }
}

#[test]
fn an_extension_is_a_command_for_a_window_written_out_and_for_a_recurring_one() {
    let today = date(2026, 12, 1);
    let calendar = with_census(date(2026, 10, 26), Some(date(2026, 12, 4)), &[]);
    let config = compiled(&calendar, today).unwrap();
    let census = finding(
        Topic::Extension,
        "censo-suas",
        Some(date(2026, 11, 30)),
        guess(None, Some(date(2026, 12, 18))),
    );
    let found = paste(&census, &config.calendar, today);
    assert_eq!(
        found.command.as_deref(),
        Some(
            "vigia-suas prorrogar censo-suas/2026 --para 2026-12-18 --anunciada 2026-11-30 --fonte \
             'MDS, “Prazo \"novo\" \\ do Censo”, de 30/11/2026, http://blog.mds.gov.br/redesuas/x/, notícia 0'"
        )
    );
    let after = extended(&calendar, found.command.as_deref().unwrap(), today).unwrap();
    let window = after.calendar.window(&WindowId::parse("censo-suas/2026").unwrap()).unwrap();
    assert_eq!(window.editions.len(), 2);
    assert_eq!(window.editions[1].deadline.unwrap().on, date(2026, 12, 18));

    let rma =
        finding(Topic::Extension, "rma", Some(date(2026, 11, 30)), guess(None, Some(date(2026, 12, 15))));
    let found = paste(&rma, &config.calendar, today);
    let after = extended(&calendar, found.command.as_deref().unwrap(), today).unwrap();
    let id = WindowId::parse("rma/2026-10").unwrap();
    let (before, window) = (config.calendar.window(&id).unwrap(), after.calendar.window(&id).unwrap());
    assert_eq!(window.editions[0].deadline, before.editions[0].deadline, "the deadline already told stays");
    assert_eq!(window.editions[1].deadline.unwrap().on, date(2026, 12, 15));
}

#[test]
fn with_any_doubt_there_is_advice_and_nothing_to_run_or_to_paste() {
    let today = date(2026, 12, 1);
    let calendar = with_census(date(2026, 10, 26), Some(date(2026, 12, 4)), &[]);
    let config = compiled(&calendar, today).unwrap();
    for topic in Topic::ALL {
        for doubt in NewsDoubt::ALL {
            let days = Guess { doubts: vec![doubt], ..guess(Some(today), Some(date(2026, 12, 18))) };
            let found = paste(&finding(topic, "censo-suas", Some(today), days), &config.calendar, today);
            assert!(found.toml.is_none() && found.command.is_none() && found.advice.len() == 2, "{found:?}");
        }
    }
}

#[test]
fn what_the_calendar_knows_already_asks_for_nothing() {
    let today = date(2026, 12, 8);
    let calendar =
        with_census(date(2026, 10, 26), Some(date(2026, 12, 4)), &[(date(2026, 11, 30), date(2026, 12, 18))]);
    let config = compiled(&calendar, today).unwrap();
    for (topic, days, told) in [
        (Topic::Extension, guess(None, Some(date(2026, 12, 18))), "nada a fazer"),
        (Topic::Extension, guess(None, None), "não dá para adivinhar o novo prazo"),
        (Topic::Extension, guess(None, Some(date(2026, 10, 1))), "antes da abertura"),
        (Topic::Opening, guess(Some(date(2026, 10, 26)), None), "já está no calendário"),
    ] {
        let found =
            paste(&finding(topic, "censo-suas", Some(date(2026, 12, 7)), days), &config.calendar, today);
        assert!(
            found.toml.is_none() && found.command.is_none() && found.advice[0].contains(told),
            "{found:?}"
        );
    }
}

fn day() -> impl Strategy<Value = Date> {
    (-400..400_i64).prop_map(|days| date(2026, 11, 15).saturating_add(days.days()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn whatever_was_found_verificar_takes_what_is_to_be_pasted(
        topic in prop::sample::select(Topic::ALL.to_vec()),
        system in prop::sample::select(vec!["censo-suas", "rma", "sisc", "plano-de-acao"]),
        today in day(),
        published in prop::option::of(day()),
        opens in prop::option::of(day()),
        deadline in prop::option::of(day()),
        census_lasts in prop::option::of(0..90_i64),
        extended_by in prop::option::of((0..60_i64, 1..60_i64)),
        reference in prop::option::of(prop::sample::select(vec!["2025", "2026", "2027", "2026-10", "2026-T4"])),
    ) {
        let census = date(2026, 10, 26);
        let first = census_lasts.map(|days| census.saturating_add(days.days()));
        let extensions: Vec<(Date, Date)> = extended_by
            .map(|(after, by)| {
                let announced = census.saturating_add(after.days());
                (announced, announced.saturating_add(by.days()))
            })
            .into_iter()
            .collect();
        let calendar = with_census(census, first, &extensions);
        let config = compiled(&calendar, today).unwrap();
        let mut days = guess(opens, deadline);
        days.references.extend(reference.map(|text| Reference::parse(text).unwrap()));
        let found = paste(&finding(topic, system, published, days), &config.calendar, today);
        prop_assert!(!found.advice.is_empty());
        prop_assert_eq!(found.toml.is_some(), found.place.is_some());
        // A window of the year before the census would stand elsewhere in a real file.
        let below_census = match &found.place {
            Some(Place::Inside(id)) => id.as_str() == "censo-suas/2026",
            Some(Place::End) | None => true,
        };
        prop_assert!(below_census, "no other window is written out: {found:?}");
        if let Some(command) = &found.command {
            prop_assert!(found.toml.is_none());
            let extended = extended(&calendar, command, today);
            prop_assert!(extended.is_ok(), "{found:?}\n{extended:?}");
        }
        if let Some(text) = pasted(&calendar, &found)
            && let Err(faults) = compiled(&text, today)
        {
            prop_assert!(false, "{found:?}\n{faults}");
        }
    }
}
