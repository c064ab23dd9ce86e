//! Dates that move: for some only, earlier, from nothing, for good; a year crossed and a long weekend.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use vigia_suas::domain::id::MunicipalityCode;
use vigia_suas::domain::notice::{Content, Kind, Told};
use vigia_suas::domain::overrides::HoldScope;
use vigia_suas::domain::status::State;
use vigia_suas::plan::Act;

use super::stage::{Play, Script, Stage, draw, ordinary};

const FLOODED: [&str; 5] = ["3200359", "3201100", "3200508", "3203403", "3203601"];

fn window(reference: &str, opens: &str, deadline: &str, more: &str) -> String {
    let deadline = if deadline.is_empty() { String::new() } else { format!("prazo = {deadline}\n") };
    format!(
        "[[janela]]\nsistema = \"censo-suas\"\nreferencia = \"{reference}\"\npartes = [\"GESTAO\"]\n\
         abertura = {opens}\n{deadline}fonte = \"MDS, Censo SUAS {reference}\"\n{more}\n"
    )
}

fn moved(deadline: &str, announced: &str, to: &[&str]) -> String {
    format!(
        "[[janela.prorrogacao]]\nprazo = {deadline}\nanunciada = {announced}\nfonte = \"MDS, comunicado\"\n\
         municipios = {to:?}\n"
    )
}

fn play<'a>(stage: &'a Stage, id: &str, until: Date) -> Play<'a> {
    let opened = stage.window(id).opens_on;
    let changes = stage.each_morning(id, opened, until, |o, day| ordinary(o, opened, day));
    let from = opened.checked_sub(3.days()).unwrap().to_string();
    Play::new(stage, &format!("{from} 00:00"), &format!("{until} 23:00"), changes)
}

fn flooded() -> BTreeSet<MunicipalityCode> {
    FLOODED.iter().map(|code| MunicipalityCode::parse(code).unwrap()).collect()
}

#[test]
fn only_the_flooded_municipalities_change_edition_and_a_general_one_does_not_shorten_theirs() {
    let extensions = moved("2024-04-30", "2024-03-25", &FLOODED) + &moved("2024-04-19", "2024-04-02", &[]);
    let stage = Script::new(&window("2024", "2024-03-01", "2024-04-05", &extensions)).compile();
    let mut play = play(&stage, "censo-suas/2024", date(2024, 5, 6));
    play.until("2024-05-06 23:00");
    insta::assert_snapshot!(play.diary());
    play.keeps_every_law();
    let flooded = flooded();
    assert!(!play.told(Kind::Extension, 2).is_empty());
    assert!(play.told(Kind::Extension, 2).is_subset(&flooded));
    assert!(play.told(Kind::Extension, 3).is_disjoint(&flooded));
    assert!(play.told(Kind::Warning, 2).is_subset(&flooded));
    for (.., letter) in play.sent(Kind::Referral) {
        let Some(Content::Referral { pending, unconfirmed, .. }) = letter.content() else {
            panic!("{} is declared without effect, and no extension followed it", letter.key())
        };
        let listed = pending.iter().map(|(c, _)| c).chain(unconfirmed.iter().map(|(c, _)| c));
        for code in listed {
            assert_eq!(flooded.contains(code), letter.edition() == Some(2), "{code} in {}", letter.key());
        }
    }
    assert_eq!(play.times(Act::Send, Kind::Referral, 3), [("2024-04-22 08:00".to_owned(), 3)]);
    assert_eq!(play.times(Act::Send, Kind::Referral, 2), [("2024-05-02 08:00".to_owned(), 3)]);
}

#[test]
fn a_referral_gets_no_addendum_because_some_had_more_time_already() {
    let extensions = moved("2024-04-30", "2024-03-25", &FLOODED);
    let stage = Script::new(&window("2024", "2024-03-01", "2024-04-05", &extensions)).compile();
    let mut play = play(&stage, "censo-suas/2024", date(2024, 5, 6));
    play.until("2024-05-06 23:00");
    insta::assert_snapshot!(play.diary());
    for (at, _, letter) in play.sent(Kind::Referral) {
        assert!(matches!(letter.content(), Some(Content::Referral { .. })), "{at} {}", letter.key());
    }
}

#[test]
fn more_time_for_those_that_a_referral_left_out_adds_nothing_to_it() {
    let extensions =
        moved("2024-04-30", "2024-03-25", &FLOODED) + &moved("2024-05-10", "2024-04-25", &FLOODED);
    let stage = Script::new(&window("2024", "2024-03-01", "2024-04-05", &extensions)).compile();
    let mut play = play(&stage, "censo-suas/2024", date(2024, 5, 15));
    play.until("2024-05-15 23:00");
    let referrals: Vec<_> = play.sent(Kind::Referral).map(|(at, _, d)| (at, d.key().to_string())).collect();
    let at = |day: &str, edition: u8| {
        ["GSUAS", "GPSB", "GPSE"]
            .map(|to| (format!("{day} 08:00"), format!("censo-suas/2024@{edition}/remessa-{to}")))
    };
    assert_eq!(referrals, [at("2024-04-09", 1), at("2024-05-13", 3)].concat());
}

#[test]
fn who_leaves_a_referral_by_an_extension_is_named_to_the_same_people() {
    let extensions = moved("2024-04-30", "2024-04-10", &[]);
    let stage = Script::new(&window("2024", "2024-03-01", "2024-04-05", &extensions)).compile();
    let mut play = play(&stage, "censo-suas/2024", date(2024, 5, 6));
    play.until("2024-05-06 23:00");
    insta::assert_snapshot!(play.diary());
    play.keeps_every_law();
    let to = |void: bool| -> BTreeSet<String> {
        play.sent(Kind::Referral)
            .filter(|(.., d)| d.edition() == Some(1))
            .filter(|(.., d)| matches!(d.content(), Some(Content::ReferralAddendum { .. })) == void)
            .flat_map(|(.., d)| d.to().iter().map(|r| r.address.to_string()))
            .collect()
    };
    assert!(!to(false).is_empty());
    assert_eq!(to(false), to(true));
}

#[test]
fn an_earlier_deadline_waits_for_liberar_and_nobody_is_chased_until_then() {
    let extensions = moved("2024-04-15", "2024-03-20", &[]);
    let stage = Script::new(&window("2024", "2024-03-01", "2024-04-30", &extensions)).compile();
    let mut play = play(&stage, "censo-suas/2024", date(2024, 5, 3));
    play.until("2024-04-04 10:00");
    let early = play.sent(Kind::Extension).count() + play.sent(Kind::Warning).count();
    assert_eq!(early, 0, "the rung of 15 days of 15/04 is 31/03, and 15/04 waits");
    play.release("censo-suas/2024@2/prorrogacao").until("2024-05-03 23:00");
    insta::assert_snapshot!(play.diary());
    play.keeps_every_law();
    assert!(play.sent(Kind::Extension).all(|(at, ..)| at == "2024-04-04 10:00"));
    assert!(!play.told(Kind::Extension, 2).is_empty());
    assert!(play.sent(Kind::Warning).all(|(.., d)| d.edition() == Some(2)));
    assert_eq!(play.times(Act::Send, Kind::Referral, 2), [("2024-04-16 08:00".to_owned(), 3)]);
}

#[test]
fn an_earlier_deadline_never_released_expires_and_the_old_edition_ends_as_it_stood() {
    let extensions = moved("2024-04-15", "2024-03-20", &[]);
    let stage = Script::new(&window("2024", "2024-03-01", "2024-04-30", &extensions)).compile();
    let mut play = play(&stage, "censo-suas/2024", date(2024, 5, 3));
    play.until("2024-05-03 23:00");
    insta::assert_snapshot!(play.diary());
    assert_eq!(play.sent(Kind::Extension).count() + play.sent(Kind::Warning).count(), 0);
    let expired: Vec<_> = play.times(Act::Expire, Kind::Extension, 2);
    assert!(matches!(&expired[..], [(at, _)] if at == "2024-04-15 23:59"), "{expired:?}");
    assert_eq!(play.times(Act::Send, Kind::Referral, 1), [("2024-05-02 08:00".to_owned(), 3)]);
}

#[test]
fn an_earlier_deadline_released_after_it_passed_closes_nothing_on_those_told_another() {
    let extensions = moved("2024-04-15", "2024-03-20", &[]);
    let stage = Script::new(&window("2024", "2024-03-01", "2024-04-30", &extensions)).compile();
    let mut play = play(&stage, "censo-suas/2024", date(2024, 5, 3));
    play.until("2024-04-17 10:00");
    play.release("censo-suas/2024@2/prorrogacao").until("2024-05-03 23:00");
    insta::assert_snapshot!(play.diary());
    play.keeps_every_law();
    assert_eq!(play.sent(Kind::Extension).count() + play.sent(Kind::Warning).count(), 0);
    assert_eq!(play.times(Act::Send, Kind::Referral, 1), [("2024-05-02 08:00".to_owned(), 3)]);
    assert_eq!(play.times(Act::Send, Kind::Referral, 2), []);
}

#[test]
fn an_earlier_deadline_that_passed_while_its_letters_were_held_is_referred_as_not_told() {
    let extensions = moved("2024-04-15", "2024-03-20", &[]);
    let stage = Script::new(&window("2024", "2024-03-01", "2024-04-30", &extensions)).compile();
    let mut play = play(&stage, "censo-suas/2024", date(2024, 5, 3));
    play.until("2024-04-02 10:00").hold(HoldScope::All);
    play.release("censo-suas/2024@2/prorrogacao").until("2024-04-17 10:00");
    play.release_holds().until("2024-04-18 23:00");
    play.keeps_every_law();
    assert_eq!(play.sent(Kind::Extension).count() + play.sent(Kind::Warning).count(), 0);
    assert!(play.diary().ends_with("não comunicados 17\n"), "{}", play.diary());
}

#[test]
fn an_edition_after_an_earlier_deadline_that_lapsed_lets_the_ladder_go_on() {
    let extensions = moved("2024-04-15", "2024-03-20", &[]) + &moved("2024-05-10", "2024-04-18", &[]);
    let stage = Script::new(&window("2024", "2024-03-01", "2024-04-30", &extensions)).compile();
    let mut play = play(&stage, "censo-suas/2024", date(2024, 5, 16));
    play.until("2024-05-16 23:00");
    insta::assert_snapshot!(play.diary());
    play.keeps_every_law();
    assert!(play.sent(Kind::Extension).all(|(at, _, d)| at == "2024-04-18 08:00" && d.edition() == Some(3)));
    assert!(!play.told(Kind::Extension, 3).is_empty());
    assert!(play.sent(Kind::Reminder).count() > 0);
    assert!(play.sent(Kind::Reminder).all(|(.., d)| d.edition() == Some(3)));
}

#[test]
fn a_cancelled_window_says_so_once_and_then_nothing() {
    let halt = "situacao = \"cancelada\"\nsituacao_desde = 2024-03-27\n";
    let stage = Script::new(&window("2024", "2024-03-01", "2024-04-05", halt)).compile();
    let mut play = play(&stage, "censo-suas/2024", date(2024, 4, 10));
    play.until("2024-04-10 23:00");
    insta::assert_snapshot!(play.diary());
    play.keeps_every_law();
    assert_eq!(play.times(Act::Send, Kind::Suspension, 1), [("2024-03-27 08:00".to_owned(), 78)]);
    let after = play.decisions().filter(|(at, _)| play.local(*at).as_str() > "2024-03-27 08:00").count();
    assert_eq!(after, 0);
}

#[test]
fn a_window_without_deadline_gets_its_first_one_as_a_prorrogacao() {
    let extensions = moved("2024-04-19", "2024-03-26", &[]);
    let stage = Script::new(&window("2024", "2024-03-01", "", &extensions)).compile();
    let mut play = play(&stage, "censo-suas/2024", date(2024, 4, 25));
    play.until("2024-04-25 23:00");
    insta::assert_snapshot!(play.diary());
    play.keeps_every_law();
    assert!(play.sent(Kind::Announcement).all(|(.., d)| d.told() == Some(Told::Undefined)));
    assert_eq!(play.sent(Kind::Announcement).count(), 78);
    assert!(play.sent(Kind::Extension).all(|(at, ..)| at == "2024-03-26 08:00"));
    assert!(play.sent(Kind::Warning).all(|(at, ..)| at.as_str() > "2024-03-28"));
    assert!(play.sent(Kind::Warning).count() > 0);
}

#[test]
fn a_rectification_crosses_the_year_and_only_the_management_is_written_to() {
    let calendar = window("2011", "2011-12-23", "2012-01-13", "responsavel = \"smas\"\n")
        .replace("[\"GESTAO\"]", "[\"CRAS\", \"CMAS\"]");
    let stage = Script::new(&calendar).with_units().compile();
    let id = "censo-suas/2011";
    let opened = date(2011, 12, 23);
    let late = |o: &super::stage::Owed<'_>| draw(&o.municipality.to_string(), 3) == 0;
    let changes = stage.each_morning(id, opened, date(2012, 1, 18), |o, day| {
        if late(&o) || day < date(2012, 1, 2) { State::Pending } else { State::Done }
    });
    let mut play = Play::new(&stage, "2011-12-20 00:00", "2012-01-18 00:00", changes);
    play.until("2012-01-18 00:00");
    insta::assert_snapshot!(play.diary());
    play.keeps_every_law();
    let units = play.decisions().flat_map(|(_, d)| d.to()).filter(|r| r.role.to_string() == "unidade");
    assert_eq!(units.count(), 0);
    assert_eq!(play.times(Act::Send, Kind::Announcement, 1), [("2011-12-23 08:00".to_owned(), 78)]);
    assert_eq!(play.times(Act::Send, Kind::Referral, 1), [("2012-01-16 08:00".to_owned(), 3)]);
}

#[test]
fn rungs_that_fall_on_one_day_over_carnival_are_one_letter() {
    let calendar = "[[janela]]\nsistema = \"rma\"\nreferencia = \"2025-01\"\nabertura = 2025-02-03\n\
        prazo = 2025-03-05\nfonte = \"Prática do RMA\"\n";
    let stage = Script::new(calendar).with_units().compile();
    let mut play = play(&stage, "rma/2025-01", date(2025, 3, 10));
    play.until("2025-03-10 23:00");
    insta::assert_snapshot!(play.diary());
    play.keeps_every_law();
    let friday: Vec<_> = play
        .decisions()
        .filter(|(at, d)| d.rung().is_some() && d.act() == Act::Send && play.local(*at) == "2025-02-28 08:00")
        .collect();
    assert!(!friday.is_empty());
    assert!(friday.iter().all(|(_, d)| d.rung() == Some(2)), "named after the nearest");
    let kinds: BTreeSet<_> = friday.iter().filter_map(|(_, d)| d.kind()).collect();
    assert_eq!(kinds, BTreeSet::from([Kind::Reminder, Kind::Warning]), "lembrete because the 5d has it");
    assert_eq!(play.decisions().filter(|(_, d)| d.rung() == Some(5)).count(), 0);
}
