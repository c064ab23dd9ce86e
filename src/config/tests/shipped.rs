//! The configuration that the program ships.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::civil::date;

use super::super::{Mode, RelaySecurity, UncertainPolicy, load};
use super::*;
use crate::domain::calendar::{Audience, OnUnconfirmed};
use crate::domain::id::{Reference, SystemId, WindowId};
use crate::domain::secretariat::Secretariat;

/// What is not yet confirmed with the ministry, as it says of itself, and what else there is to warn of.
fn warnings(config: &Config) -> (usize, String) {
    let custom = |fault: &Fault| fault.message.ends_with("segue um costume, sem fonte oficial conferida");
    let (customs, others): (Vec<Fault>, Vec<Fault>) = config.warnings.iter().cloned().partition(custom);
    (customs.len(), lines(&others))
}

#[test]
fn the_shipped_configuration_has_no_faults_and_warns_only_of_what_is_to_be_confirmed() {
    let config = good(&Sources::embedded());
    assert_eq!(warnings(&config), (4, String::new()));
    assert_eq!(config.settings.mode, Mode::Rehearsal);
    assert_eq!(config.settings.on_uncertain, UncertainPolicy::Resend);
    assert_eq!(config.calendar.starts_on, None);
    assert_eq!(config.calendar.daily_limit, 234);
    assert!(!config.calendar.hours.waits, "a rehearsal does not wait for sending hours");
    assert_eq!(config.secretariat.signature, Secretariat::SIGNATURE);
    assert_eq!(config.secretariat.support, Secretariat::SUPPORT);
    let relay = config.settings.relay.unwrap();
    assert_eq!((relay.port, relay.security), (587, RelaySecurity::StartTls));
    assert!(config.roster.units.is_none());
    assert_eq!(config.feeds.len(), 10);
    assert!(config.feeds.iter().all(|feed| !feed.enabled), "staff enable them once they have been tried");
    assert!(config.registers.len() == 3 && config.registers.iter().all(|register| !register.enabled));
    assert!(config.news.len() == 2 && config.news.iter().all(|news| !news.enabled));
    assert_eq!(config.fingerprint.len(), 64);
}

#[test]
fn the_directory_and_the_embedded_copy_are_the_same() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let read = load(&shipped, now()).unwrap();
    assert_eq!(read.calendar.declared, good(&Sources::embedded()).calendar.declared);
    assert_eq!(read.roster.municipalities.len(), 78);
}

#[test]
fn the_roster_has_the_78_municipalities_each_with_two_addresses_that_reach_nobody() {
    let config = good(&Sources::embedded());
    let municipalities = &config.roster.municipalities;
    assert_eq!(municipalities.len(), 78);
    let names: BTreeSet<&str> = municipalities.values().map(|m| m.name.as_str()).collect();
    assert_eq!(names.len(), 78);
    let regions: BTreeSet<&str> = municipalities.values().map(|m| m.region.as_str()).collect();
    assert_eq!(regions.len(), 10);
    for municipality in municipalities.values() {
        assert_eq!(municipality.code.number() / 100_000, 32, "{}", municipality.name);
        assert_eq!(municipality.contacts.len(), 2);
        for contact in &municipality.contacts {
            assert!(contact.addresses.iter().all(crate::domain::id::EmailAddress::is_reserved));
            assert_eq!(contact.addresses.len(), 1);
        }
    }
}

#[test]
fn the_rma_of_a_month_runs_through_the_month_after() {
    let config = good(&Sources::embedded());
    let window = config.calendar.window(&WindowId::parse("rma/2026-11").unwrap()).unwrap();
    assert_eq!(window.opens_on, date(2026, 12, 1));
    assert_eq!(window.latest_deadline().unwrap().on, date(2026, 12, 31));
    let rma = &config.calendar.systems[&SystemId::parse("rma").unwrap()];
    let offsets: Vec<u16> = rma.ladder.iter().map(|r| r.days_before).collect();
    assert_eq!(offsets, [10, 5, 2]);
    assert_eq!(rma.ladder[1].audience, [Audience::Smas, Audience::Respondent]);
    assert_eq!(rma.ladder[1].unconfirmed, OnUnconfirmed::Remind);
}

#[test]
fn the_sisc_of_a_quarter_is_due_on_the_20th_of_its_third_month() {
    let config = good(&Sources::embedded());
    let sisc = &config.calendar.systems[&SystemId::parse("sisc").unwrap()];
    let recurrence = sisc.recurrence.as_ref().unwrap();
    assert_eq!(recurrence.deadline.of(Reference::Quarter(2026, 4)), date(2026, 12, 20));
}

#[test]
fn the_holidays_are_those_of_the_state_and_of_vitoria() {
    let config = good(&Sources::embedded());
    let holidays = &config.calendar.hours.holidays;
    for (day, name) in [
        (date(2026, 4, 13), "Nossa Senhora da Penha"),
        (date(2026, 2, 17), "Carnaval"),
        (date(2026, 6, 4), "Corpus Christi"),
        (date(2026, 9, 8), "Nossa Senhora da Vitória"),
        (date(2026, 10, 28), "Dia do Servidor Público"),
    ] {
        assert_eq!(holidays.name_on(day), Some(name));
    }
}

#[test]
fn in_production_the_shipped_configuration_is_refused_and_says_all_that_is_missing() {
    let sources = Sources::embedded().with_variables([("VIGIA_MODO".to_owned(), "producao".to_owned())]);
    insta::assert_snapshot!(lines(&faults(&sources)));
}

/// An example of a shipped file as operators take it into use: one comment mark off each line.
fn example(file: &str, from: &str, to: &str) -> String {
    let bytes = Sources::embedded().bytes(file).unwrap().to_vec();
    let text = String::from_utf8(bytes).unwrap();
    let start = text.find(from).unwrap();
    let end = text[start..].find(to).map_or(text.len(), |at| start + at);
    let bare = |line: &str| {
        let rest = line.strip_prefix('#').unwrap_or(line);
        rest.strip_prefix(' ').unwrap_or(rest).to_owned()
    };
    text[start..end].lines().map(bare).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_examples_of_feeds_read_once_their_comment_marks_are_off() {
    let first = example("fontes.toml", "# [fonte.rma-planilha]", "# ---- Exemplo de fonte baixada");
    let second = example("fontes.toml", "# [fonte.exemplo-internet]", "# ---- Fontes prontas");
    let config = good(&Sources::embedded().with("fontes.toml", format!("{first}\n{second}")));
    assert_eq!(warnings(&config).1, "");
    assert_eq!(config.feeds.len(), 2);
}

#[test]
fn the_examples_of_windows_read_once_their_comment_marks_and_blanks_are_filled() {
    let shipped = String::from_utf8(Sources::embedded().bytes("calendario.toml").unwrap().to_vec()).unwrap();
    let census =
        example("calendario.toml", "# [[janela]]\n# sistema = \"censo-suas\"", "# ---- Exemplo: Plano");
    let census = census.replace("AAAA-MM-DD", "2023-12-05");
    let plan = example(
        "calendario.toml",
        "# [[janela]]\n# sistema = \"plano-de-acao\"",
        "# ---- Exemplo: um trimestre",
    );
    let plan = plan.replace("AAAA-MM-DD", "2026-04-05").replace("ANO", "2026");
    let halted = example("calendario.toml", "# [[janela]]\n# sistema = \"sisc\"", "\u{0}");
    let halted = halted.replace("AAAA-MM-DD", "2026-11-14").replace("AAAA", "2026");
    let whole = format!("{shipped}\n{census}\n{plan}\n{halted}\n");
    let config = good(&Sources::embedded().with("calendario.toml", whole));
    assert_eq!(warnings(&config).1, "");
    let ids: Vec<&str> = config.calendar.declared.iter().map(|w| w.id.as_str()).collect();
    assert_eq!(
        ids,
        ["censo-suas/2023", "plano-de-acao/2026/gestor", "plano-de-acao/2026/conselho", "sisc/2026-T4"]
    );
    assert_eq!(config.calendar.declared[0].latest_deadline().unwrap().on, date(2023, 12, 29));
}
