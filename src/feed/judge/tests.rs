//! What is believed and what is not. Above 400 lines: each reason for not believing a load, one after the other.

mod pages;
mod turn;

use super::*;
use crate::domain::feed::{Format, PlaceRule};
use crate::domain::id::{MunicipalityCode, Reference, SnapshotId, WindowId};
use crate::domain::roster::Municipality;
use crate::domain::status::{Belief, Load, SameBytes};
use crate::feed::fixture::{CODES, calendar, mapped, november, presence, roster, situation, windows};
use crate::feed::map::{BadLine, Ground};
use crate::feed::{Intake, Missing, take_in, take_in_run};
use crate::format::body::{Body, Given, Original};
use crate::format::sheet::fixture::xlsx_of;
use crate::text::remark::{Reading, Remark};

fn reasons(spec: &FeedSpec, file: &[u8], before: Option<&Baseline>) -> Vec<String> {
    let (calendar, windows, roster) = (calendar(), windows(), roster());
    let ground = Ground { calendar: &calendar, windows: &windows, roster: &roster, taken_at: november(10) };
    let body = Body::plain(Original::from_bytes(file));
    match take_in(spec, &[body], &ground, before).verdict {
        Verdict::Accepted { .. } => Vec::new(),
        Verdict::Quarantined { reasons } => reasons.iter().map(ToString::to_string).collect(),
    }
}

fn rows(codes: &[&str]) -> String {
    codes.iter().fold("ibge;ref\n".to_owned(), |file, code| format!("{file}{code};10/2026\n"))
}

/// What is known, and was said last, after some files of a feed taken in one day after the other.
fn after(spec: &FeedSpec, files: &[String]) -> Baseline {
    let mut before = Baseline::default();
    let feed = &spec.id;
    for (day, file) in (1..).zip(files) {
        let found = mapped(spec, &national(), file);
        let load = Load {
            feed: feed.clone(),
            snapshot: SnapshotId::parse(&format!("s{day}")).unwrap(),
            arrival: day,
            taken_at: november(i8::try_from(day).unwrap()),
            after: None,
        };
        for page in found.observations.pages() {
            let said: Vec<_> = page.observations().collect();
            for one in &said {
                before.known.absorb(one, &load, Belief::Cautious);
            }
            before.pace.entry(page.window().clone()).or_default().push((load.taken_at, page.done()));
            before.said.insert(page.window().clone(), said);
        }
        before.form = found.form;
    }
    before
}

/// A roster of 60 municipalities.
fn national() -> Roster {
    let mut roster = roster();
    let one = roster.municipalities.values().next().unwrap().clone();
    for six in 320_000..320_060 {
        let code = (0..10).find_map(|digit| MunicipalityCode::parse(&format!("{six}{digit}")).ok()).unwrap();
        let municipality = Municipality { code, name: format!("M{six}"), ..one.clone() };
        roster.municipalities.insert(code, municipality);
    }
    roster
}

/// A situation file of those sixty: whoever `says` nothing has no row.
fn sixty(says: impl Fn(u32) -> Option<bool>) -> String {
    (0..60).fold("ibge;parte;situacao;data\n".to_owned(), |file, n| match says(n) {
        Some(true) => format!("{file}{};CRAS;Questionário Preenchido;\n", 320_000 + n),
        Some(false) => format!("{file}{};CRAS;Preencher o questionário;\n", 320_000 + n),
        None => file,
    })
}

/// What is said against a situation file after others.
fn against_sixty(files: &[String], now: &str) -> Vec<String> {
    let before = after(&situation(), files);
    let (calendar, windows, roster) = (calendar(), windows(), national());
    let ground = Ground { calendar: &calendar, windows: &windows, roster: &roster, taken_at: november(10) };
    let body = Body::plain(Original::from_bytes(now));
    match take_in(&situation(), &[body], &ground, Some(&before)).verdict {
        Verdict::Accepted { .. } => Vec::new(),
        Verdict::Quarantined { reasons } => reasons.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn a_whole_file_is_accepted_also_with_its_rows_twice() {
    let before = after(&presence(), &[rows(&CODES)]);
    assert!(reasons(&presence(), rows(&CODES).as_bytes(), Some(&before)).is_empty());
    let twice = [CODES, CODES].concat();
    let found = mapped(&presence(), &roster(), &rows(&twice));
    assert_eq!(
        judge(&presence(), &found, Some(&before), &roster()),
        Verdict::Accepted { notes: vec![AcceptanceNote::Duplicates { count: 6, first_line: 8 }] }
    );
}

#[test]
fn an_empty_file_a_page_and_a_header_alone_are_not_believed() {
    for (file, word) in [
        (&b""[..], "vazio"),
        (b"<html><body>Erro interno</body></html>", "HTML"),
        (b"ibge;ref\r\n", "nenhuma linha"),
        (b"codigo;ref\n320530;10/2026\n", "falta a coluna “ibge”"),
        (b"ibge;ref\n320530;10/2026\n3205", "cortado"),
        (b"ibge;ref\n320530;\"10/2026\n320520;10/2026\n", "cortado"),
        (
            b"ibge;ref\n320530;10/2026\nPendentes;\nibge;ref\n320520;10/2026\n",
            "mais de uma tabela numa só (linha 3",
        ),
    ] {
        let reasons = reasons(&presence(), file, None);
        assert!(reasons.iter().any(|r| r.contains(word)), "{word}: {reasons:?}");
    }
}

#[test]
fn a_wrong_encoding_declared_is_not_believed() {
    let mut spec = presence();
    spec.format = Format::Csv { delimiter: None, encoding: Some("utf-8".to_owned()), heading: None };
    let reasons = reasons(&spec, b"ibge;ref;Munic\xEDpio\n320530;10/2026;Vit\xF3ria\n", None);
    assert!(reasons[0].contains("UTF-8"), "{reasons:?}");
}

#[test]
fn another_states_rows_are_not_believed() {
    let reasons = reasons(&presence(), rows(&["355030", "3550308", "310620"]).as_bytes(), None);
    assert_eq!(
        reasons,
        ["só 0 municípios conhecidos, e o mínimo é 1 (3 linhas de municípios fora do cadastro)"]
    );
}

#[test]
fn fewer_municipalities_than_the_minimum_are_not_believed() {
    let spec = FeedSpec { minimum: 4, ..presence() };
    assert_eq!(reasons(&spec, rows(&CODES[..3]).as_bytes(), None).len(), 1);
    assert!(reasons(&spec, rows(&CODES[..4]).as_bytes(), None).is_empty());
}

#[test]
fn unknown_words_are_not_believed_and_named() {
    let file = "ibge;parte;situacao;data\n320530;CRAS;Em análise;\n";
    let reasons = reasons(&situation(), file.as_bytes(), None);
    assert!(reasons[0].contains("“Em análise”") && reasons[0].contains("linha 2"), "{reasons:?}");
}

#[test]
fn who_was_done_and_now_pends_is_counted_whatever_others_concluded_since_and_named() {
    let half = |n: u32| Some(n < 30);
    assert!(against_sixty(&[sixty(half)], &sixty(half)).is_empty());
    let told = against_sixty(&[sixty(half)], &sixty(|n| Some(n >= 30)));
    assert!(
        told[0].starts_with(
            "rma/2026-10: 30 voltaram de concluído (ou não se aplica) para pendente: M320000, M320001,"
        ),
        "{told:?}"
    );
    let fell = |few: u32| against_sixty(&[sixty(half)], &sixty(move |n| Some((few..30).contains(&n))));
    assert!(fell(3).is_empty(), "three of sixty are five percent");
    assert_eq!(fell(4).len(), 1);
}

#[test]
fn a_source_that_falls_apart_a_few_at_a_time_is_not_believed_until_what_fell_first_is_proven() {
    let spec = situation();
    let (calendar, windows, roster) = (calendar(), windows(), national());
    let fallen = |few: u32| sixty(move |n| Some(n >= few));
    // Of sixty, so many fell by a load some hours ago, and so many have by now.
    let told = |first: u32, hours: i64, now: u32| {
        let mut before = after(&spec, &[fallen(0)]);
        let load = Load {
            feed: spec.id.clone(),
            snapshot: SnapshotId::parse("then").unwrap(),
            arrival: 2,
            taken_at: november(10) - jiff::SignedDuration::from_hours(hours),
            after: None,
        };
        for said in mapped(&spec, &roster, &fallen(first)).observations.iter() {
            before.known.absorb(&said, &load, Belief::Cautious);
        }
        let ground =
            Ground { calendar: &calendar, windows: &windows, roster: &roster, taken_at: november(10) };
        let body = Body::plain(Original::from_bytes(fallen(now)));
        match take_in(&spec, &[body], &ground, Some(&before)).verdict {
            Verdict::Accepted { .. } => None,
            Verdict::Quarantined { reasons } => Some(reasons[0].to_string()),
        }
    };
    assert_eq!(told(3, 1, 3), None, "none more");
    let six = told(3, 1, 6).unwrap();
    assert!(six.contains("6 voltaram de concluído"), "{six}");
    assert_eq!(told(3, 12, 6), None, "the first three are proven by this load");
    assert_eq!(told(30, 1, 33), None, "a person believed the thirty");
}

#[test]
fn a_file_that_came_before_is_not_believed_where_another_said_otherwise_since() {
    let mut spec = FeedSpec { source: Source::Folder, ..situation() };
    let roster = national();
    let (old, new) = (sixty(|n| Some(n >= 2)), sixty(|_| Some(true)));
    let mut before = after(&spec, &[old.clone(), new]);
    let verdict =
        |spec: &FeedSpec, before: &Baseline| judge(spec, &mapped(spec, &roster, &old), Some(before), &roster);
    let is_believed = |verdict: Verdict| matches!(verdict, Verdict::Accepted { .. });
    assert!(is_believed(verdict(&spec, &before)), "two may fall, by a file that never came");
    let came_as = |arrival| {
        let spoke_of = [WindowId::parse("rma/2026-10").unwrap()].into();
        Some(SameBytes { snapshot: SnapshotId::parse("then").unwrap(), arrival, is_last: false, spoke_of })
    };
    before.same_bytes = came_as(9);
    assert!(is_believed(verdict(&spec, &before)), "nothing came since");
    before.same_bytes = came_as(0);
    let Verdict::Quarantined { reasons } = verdict(&spec, &before) else { panic!("believed") };
    assert!(matches!(reasons[..], [QuarantineReason::OlderFile { count: 2, .. }]), "{reasons:?}");
    let (url, schedule) = (String::new(), String::new());
    spec.source = Source::Http { url, schedule, manners: Manners::default() };
    assert!(is_believed(verdict(&spec, &before)), "a page may say again what it said once");
}

#[test]
fn six_reversals_are_too_many_of_however_many() {
    let before = after(&presence(), &[rows(&CODES)]);
    let elsewhere = "ibge;ref\n320000;10/2026\n".to_owned();
    let (calendar, windows, roster) = (calendar(), windows(), national());
    let ground = Ground { calendar: &calendar, windows: &windows, roster: &roster, taken_at: november(10) };
    let body = Body::plain(Original::from_bytes(elsewhere));
    let Verdict::Quarantined { reasons } = take_in(&presence(), &[body], &ground, Some(&before)).verdict
    else {
        panic!("six were done, and now pend by silence")
    };
    assert!(matches!(&reasons[..], [QuarantineReason::Reversed { count: 6, .. }]), "{reasons:?}");
}

#[test]
fn of_a_few_keys_one_may_be_reversed_and_two_may_not() {
    let before = after(&presence(), &[rows(&CODES)]);
    let told = |few: usize| reasons(&presence(), rows(&CODES[few..]).as_bytes(), Some(&before));
    assert_eq!(told(1), [""; 0]);
    for few in 2..CODES.len() {
        let of_few = told(few);
        let expected = format!("{few} voltaram de concluído");
        assert!(matches!(&of_few[..], [one] if one.contains(&expected)), "{of_few:?}");
    }
}

#[test]
fn of_a_few_keys_one_may_lose_its_row_and_two_may_not() {
    let seven = |from: u32| sixty(move |n| (n >= from && n < 7).then_some(true));
    assert_eq!(against_sixty(&[seven(0)], &seven(1)), [""; 0]);
    for few in 2..7 {
        let told = against_sixty(&[seven(0)], &seven(few));
        let expected = format!("{few} de 7 que tinham linha na última coleta não têm mais");
        assert!(matches!(&told[..], [one] if one.contains(&expected)), "{told:?}");
    }
}

#[test]
fn whom_the_last_load_covered_and_this_one_does_not_is_counted_and_named() {
    let all = |n: u32| Some(n < 30);
    let without = |few: u32| against_sixty(&[sixty(all)], &sixty(move |n| (n >= few).then_some(n < 30)));
    assert!(without(3).is_empty());
    let told = without(4);
    assert_eq!(
        told,
        [
            "rma/2026-10: 4 de 60 que tinham linha na última coleta não têm mais: M320000, M320001, M320002, M320003"
        ]
    );
}

#[test]
fn a_feed_that_covers_fewer_than_expected_is_measured_by_what_it_said_and_not_by_what_it_did_not() {
    let forty = |n: u32| (n < 40).then_some(false);
    assert!(against_sixty(&[sixty(forty)], &sixty(forty)).is_empty(), "the same file twice");
    assert!(against_sixty(&[sixty(forty)], &sixty(|n| (n < 42).then_some(false))).is_empty(), "and more");
}

#[test]
fn what_a_person_accepted_is_what_the_next_is_measured_by_so_that_no_quarantine_is_for_ever() {
    let all = sixty(|_| Some(false));
    let fewer = sixty(|n| (n < 40).then_some(false));
    assert_eq!(against_sixty(std::slice::from_ref(&all), &fewer).len(), 1);
    assert!(against_sixty(&[all, fewer.clone()], &fewer).is_empty());
}

#[test]
fn a_jump_of_new_concluidos_beyond_what_the_last_days_show_is_not_believed() {
    let done = |most: u32| sixty(move |n| Some(n < most));
    let days = [done(1), done(2), done(3)];
    assert!(against_sixty(&days[..2], &done(50)).is_empty(), "two loads show no pace");
    assert!(against_sixty(&days, &done(20)).is_empty());
    assert!(against_sixty(&days, &done(50))[0].contains("47 concluídos novos de uma vez"));
}

#[test]
fn a_window_that_is_over_or_of_which_the_load_says_nothing_is_no_fall() {
    let only_september = "ibge;ref\n320530;09/2026\n";
    let before = after(&presence(), &[rows(&CODES)]);
    assert!(reasons(&presence(), only_september.as_bytes(), Some(&before)).is_empty());
}

#[test]
fn a_column_with_another_heading_is_not_believed_also_where_it_is_named_by_its_place() {
    let mut spec = presence();
    spec.mapping.municipality = PlaceRule::Code("#1".to_owned());
    let before = after(&spec, &[rows(&CODES)]);
    let moved = rows(&CODES).replace("ibge;ref", "codigo;ref");
    let told = reasons(&spec, moved.as_bytes(), Some(&before));
    assert!(told[0].contains("eram “ibge | ref”, agora são “codigo | ref”"), "{told:?}");
}

#[test]
fn another_tab_heading_row_or_order_of_tables_is_not_believed_and_the_difference_is_shown() {
    let cell = |at: &str, text: &str| format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let book = |tab: &str, row: u32| {
        let rows = [("ibge", "ref"), ("320530", "10/2026")].into_iter().zip(row..).map(|((a, b), at)| {
            format!("<row r=\"{at}\">{}{}</row>", cell(&format!("A{at}"), a), cell(&format!("B{at}"), b))
        });
        let sheet = format!("<sheetData>{}</sheetData>", rows.collect::<String>());
        xlsx_of(&[("Capa", "", "<sheetData/>"), (tab, "", &sheet)], "<sst/>")
    };
    let table = "<table><tr><th>ibge</th><th>ref</th></tr><tr><td>320530</td><td>10/2026</td></tr></table>";
    let html = Format::Html { table: "ibge".to_owned(), encoding: None };
    let csv = presence().format;
    let sheet = Format::Sheet { name: None, heading: None };
    let page = |above: &str| format!("<html><body>{above}{table}</body></html>").into_bytes();
    for (format, before, now, difference) in [
        (
            sheet.clone(),
            book("Dados", 1),
            book("Novembro", 1),
            "era aba “Dados”, cabeçalho na linha 1, agora é aba “Novembro”",
        ),
        (sheet, book("Dados", 1), book("Dados", 3), "agora é aba “Dados”, cabeçalho na linha 3"),
        (
            csv,
            b"ibge;ref\n320530;10/2026\n".to_vec(),
            b"\nibge;ref\n320530;10/2026\n".to_vec(),
            "cabeçalho na linha 2",
        ),
        (
            html,
            page(""),
            page("<table><tr><td>Aviso</td></tr></table>"),
            "era 1ª tabela da página, cabeçalho na linha 1 dela, agora é 2ª tabela da página",
        ),
    ] {
        let spec = FeedSpec { format, ..presence() };
        let (calendar, windows, roster) = (calendar(), windows(), roster());
        let ground =
            Ground { calendar: &calendar, windows: &windows, roster: &roster, taken_at: november(10) };
        let take = |bytes: &[u8], known: Option<&Baseline>| {
            take_in(&spec, &[Body::plain(Original::from_bytes(bytes))], &ground, known)
        };
        let first = take(&before, None);
        assert!(matches!(first.verdict, Verdict::Accepted { .. }), "{:?}", first.remarks(Reading::Shown));
        let known = Baseline { form: first.mapped.form, ..Baseline::default() };
        assert!(matches!(take(&before, Some(&known)).verdict, Verdict::Accepted { .. }), "{difference}");
        let told = take(&now, Some(&known)).remarks(Reading::Shown);
        assert!(told[0].contains(difference), "{told:?}");
    }
}

#[test]
fn some_bad_lines_are_noted_and_many_are_not_believed() {
    let file = |bad: usize, good: usize| {
        let good: Vec<&str> = CODES.iter().copied().cycle().take(good).collect();
        rows(&good) + &"Total;x\n".repeat(bad)
    };
    assert!(reasons(&presence(), file(5, 6).as_bytes(), None).is_empty());
    assert_eq!(
        reasons(&presence(), file(6, 6).as_bytes(), None),
        [
            "6 de 12 linhas com defeito (linhas 8, 9, 10, 11, 12 e mais 1: “Total” não é um código IBGE de 6 ou 7 dígitos)"
        ]
    );
    assert!(reasons(&presence(), file(6, 120).as_bytes(), None).is_empty(), "under five percent");
    let found = mapped(&presence(), &roster(), &file(1, 6));
    let Verdict::Accepted { notes } = judge(&presence(), &found, None, &roster()) else { panic!() };
    let first = Remark::of_cell("Total", |cell| format!("{cell} não é um código IBGE de 6 ou 7 dígitos"));
    let first = BadLine { line: 8, message: first };
    assert_eq!(notes, [AcceptanceNote::BadLines { bad: 1, lines: vec![first] }]);
}

#[test]
fn what_is_kept_of_a_load_quotes_no_cell() {
    let person = "João Pereira CPF 111.222.333-44";
    let file = format!(
        "ibge;parte;situacao;data\n3205309;CRAS;{person};\n3205309;{person};Preencher o questionário;\n{person};CRAS;x;\n"
    );
    let (calendar, windows, roster) = (calendar(), windows(), roster());
    let ground = Ground { calendar: &calendar, windows: &windows, roster: &roster, taken_at: november(10) };
    let intake = take_in(&situation(), &[Body::plain(Original::from_bytes(file.as_bytes()))], &ground, None);
    let [shown, kept] = [Reading::Shown, Reading::Kept].map(|reading| intake.remarks(reading).join("\n"));
    assert_eq!(shown.matches(person).count(), 2, "as a word once, and as a code: {shown}");
    assert!(!kept.contains("João") && !kept.contains("111"), "{kept}");
    for place in ["“situacao” (2×, a primeira na linha 2)", "linha 4"] {
        assert!(kept.contains(place), "{kept}");
    }
}

#[test]
fn every_reason_is_given_at_once() {
    let file = "ibge;parte;situacao;data\n355030;CRAS;x;\n320530;CRAS;Outra;\n320530";
    assert_eq!(reasons(&FeedSpec { minimum: 5, ..situation() }, file.as_bytes(), None).len(), 3);
}

#[test]
fn every_bad_line_and_every_unknown_municipality_is_told_with_its_line_whatever_becomes_of_the_load() {
    let file = "ibge;ref\n3205309;10/2026\n3205300;10/2026\n320;10/2026\n3304557;10/2026\n3550308;10/2026\n";
    let (calendar, windows, roster) = (calendar(), windows(), roster());
    let ground = Ground { calendar: &calendar, windows: &windows, roster: &roster, taken_at: november(10) };
    for minimum in [1, 5] {
        let spec = FeedSpec { minimum, ..presence() };
        let intake = take_in(&spec, &[Body::plain(Original::from_bytes(file))], &ground, None);
        let told = intake.remarks(Reading::Shown).join("\n");
        for words in ["linha 3:", "linha 4:", "3304557 na linha 5; 3550308 na linha 6"] {
            assert!(told.contains(words), "{told}");
        }
    }
}

#[test]
fn a_reason_that_many_lines_share_is_told_once_with_its_first_lines() {
    let bad = |line, message: &str| crate::feed::map::BadLine { line, message: message.into() };
    let mut lines = vec![bad(2, "ilegível")];
    lines.extend((3..219).map(|line| bad(line, "de mais de uma janela")));
    let told = QuarantineReason::BadLines { bad: 217, rows: 217, lines }.to_string();
    assert_eq!(
        told,
        "217 de 217 linhas com defeito (linha 2: ilegível; linhas 3, 4, 5, 6, 7 e mais 211: de mais de uma janela)"
    );
    let lines = (2..20).map(|line| bad(line, &format!("{line}"))).collect();
    let told = QuarantineReason::BadLines { bad: 18, rows: 18, lines }.to_string();
    assert!(told.ends_with("linha 6: 6; e mais 13 por outros motivos)"), "{told}");
}
