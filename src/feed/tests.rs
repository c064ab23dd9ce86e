//! Whole loads, from bytes to verdict, where the format itself can tell that something is missing.

use super::fixture::{calendar, november, presence, roster, windows};
use super::judge::Verdict;
use super::map::Ground;
use super::{Intake, take_in};
use crate::domain::feed::{FeedSpec, Format, Manners, Source};
use crate::domain::id::Reference;
use crate::format::body::{Body, Given, Original};

fn intake(spec: &FeedSpec, bodies: &[(Given, &str)]) -> Intake {
    let (calendar, windows, roster) = (calendar(), windows(), roster());
    let ground = Ground { calendar: &calendar, windows: &windows, roster: &roster, taken_at: november(10) };
    let bodies: Vec<Body> = bodies
        .iter()
        .map(|(given, text)| Body { given: given.clone(), original: Original::from_bytes(text.as_bytes()) })
        .collect();
    take_in(spec, &bodies, &ground, None)
}

fn reasons(spec: &FeedSpec, bodies: &[(Given, &str)]) -> Vec<String> {
    match intake(spec, bodies).verdict {
        Verdict::Accepted { .. } => Vec::new(),
        Verdict::Quarantined { reasons } => reasons.iter().map(ToString::to_string).collect(),
    }
}

fn solr() -> FeedSpec {
    FeedSpec { format: Format::Solr, ..presence() }
}

fn http(url: &str) -> Source {
    Source::Http { url: url.to_owned(), schedule: "0 6 * * *".to_owned(), manners: Manners::default() }
}

fn of(month: i8) -> Given {
    Given { reference: Some(Reference::Month(2026, month)), ..Given::default() }
}

fn page(found: usize, codes: &[&str]) -> String {
    page_from(0, found, codes)
}

fn page_from(start: usize, found: usize, codes: &[&str]) -> String {
    let docs: Vec<String> =
        codes.iter().map(|code| format!("{{\"ibge\":\"{code}\",\"ref\":\"10/2026\"}}")).collect();
    format!("{{\"response\":{{\"numFound\":{found},\"start\":{start},\"docs\":[{}]}}}}", docs.join(","))
}

#[test]
fn an_empty_answer_of_solr_is_not_yet_published_and_never_nobody() {
    let empty = page(0, &[]);
    let found = intake(&solr(), &[(Given::default(), &empty)]);
    assert!(found.mapped.observations.is_empty());
    assert!(reasons(&solr(), &[(Given::default(), &empty)])[0].contains("ainda não foi publicada"));
    // Of two months asked for, one may be yet to come.
    assert!(reasons(&solr(), &[(of(10), &page(1, &["320530"])), (of(11), &empty)]).is_empty());
}

#[test]
fn an_answer_in_pages_brings_each_document_once_in_an_order_that_stays_or_is_refused() {
    type Pages<'a> = &'a [(usize, usize, &'a [&'a str])];
    let (a, b, c, d) = ("320530", "320520", "320500", "320150");
    let by = |sort: &str| FeedSpec { source: http(&format!("https://x/q?rows=2{sort}")), ..solr() };
    let table: [(&str, Pages<'_>, &str); 9] = [
        ("&sort=ibge+asc", &[(0, 4, &[a, b]), (2, 4, &[c, d])], ""),
        (
            "&sort=ibge+asc",
            &[(0, 4, &[a, b]), (2, 4, &[b, d])],
            "o documento com ibge “320520” veio duas vezes",
        ),
        ("&sort=ibge+asc", &[(0, 4, &[a, b]), (2, 4, &[a, b])], "veio duas vezes"),
        ("&sort=ibge+asc", &[(0, 4, &[a, b]), (0, 4, &[a, b])], "o servidor ignora `start`"),
        ("&sort=ibge+asc", &[(0, 4, &[a, b]), (2, 5, &[c, d])], "mudaram durante a leitura"),
        ("&sort=ibge+asc", &[(0, 4, &[a, b])], "vieram 2 de 4 documentos"),
        ("&sort=id+asc", &[(0, 4, &[a, b]), (2, 4, &[c, d])], "sem o campo “id” de `sort`"),
        ("", &[(0, 4, &[a, b])], "não pede uma ordem certa"),
        ("", &[(0, 2, &[a, b])], ""),
    ];
    for (sort, pages, refusal) in table {
        let pages: Vec<String> =
            pages.iter().map(|(start, found, codes)| page_from(*start, *found, codes)).collect();
        let bodies: Vec<(Given, &str)> = pages.iter().map(|page| (Given::default(), page.as_str())).collect();
        let told = reasons(&by(sort), &bodies);
        assert_eq!(told.is_empty(), refusal.is_empty(), "{sort} {pages:?} {told:?}");
        assert!(told.iter().all(|told| told.contains(refusal)), "{refusal}: {told:?}");
    }
}

#[test]
fn the_pages_of_a_file_need_no_address_that_sorts_them() {
    let (one, other) = (page(3, &["320530", "320520"]), page_from(2, 3, &["320500"]));
    let whole = [(Given::default(), one.as_str()), (Given::default(), other.as_str())];
    assert!(reasons(&solr(), &whole).is_empty());
}

#[test]
fn a_fault_in_one_of_several_pages_says_which() {
    let page = page(1, &["320530"]);
    let refused = reasons(&solr(), &[(of(10), &page), (of(11), "<html>erro</html>")]);
    assert!(refused[0].starts_with("referência 2026-11: o conteúdo é uma página HTML"), "{refused:?}");
}

#[test]
fn a_field_renamed_is_a_missing_column_and_not_an_empty_one() {
    let renamed = page(1, &["320530"]).replace("ibge", "codigo_ibge");
    assert!(reasons(&solr(), &[(Given::default(), &renamed)])[0].contains("falta a coluna “ibge”"));
}
