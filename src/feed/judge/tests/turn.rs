//! The turn of the month: what an earlier load said of another reference says nothing of the one that has begun.

use jiff::Timestamp;
use jiff::civil::{date, time};

use super::*;
use crate::domain::feed::ReferenceRule;
use crate::domain::status::LastLoad;
use crate::feed::fixture::zone;

fn fetched() -> FeedSpec {
    let (url, schedule) = (String::new(), String::new());
    FeedSpec { source: Source::Http { url, schedule, manners: Manners::default() }, ..situation() }
}

fn window(text: &str) -> WindowId {
    WindowId::parse(text).unwrap()
}

/// What the next load is measured by after one of November's end; `again` when it has the very bytes of it, and whether
/// another came in between.
fn after_november(spec: &FeedSpec, last: &str, again: Option<bool>) -> Baseline {
    let mut before = after(spec, &[last.to_owned()]);
    let snapshot = SnapshotId::parse("then").unwrap();
    let said = std::mem::take(&mut before.said).into_iter().collect();
    before.pace.clear();
    before.last = Some(LastLoad { snapshot: snapshot.clone(), said });
    let spoke_of = [window("rma/2026-10")].into();
    before.same_bytes = again.map(|is_last| SameBytes { snapshot, arrival: 1, is_last, spoke_of });
    before
}

fn judged_at(spec: &FeedSpec, file: &str, before: &Baseline, at: Timestamp) -> Vec<String> {
    let (calendar, windows, roster) = (calendar(), windows(), national());
    let ground = Ground { calendar: &calendar, windows: &windows, roster: &roster, taken_at: at };
    let body = Body::plain(Original::from_bytes(file));
    match take_in(spec, &[body], &ground, Some(before)).verdict {
        Verdict::Accepted { .. } => Vec::new(),
        Verdict::Quarantined { reasons } => reasons.iter().map(ToString::to_string).collect(),
    }
}

/// Seven hours after the window of November opened.
fn in_december(spec: &FeedSpec, file: &str, before: &Baseline) -> Vec<String> {
    judged_at(spec, file, before, zone().at(date(2026, 12, 1), time(7, 0, 0, 0)))
}

#[test]
fn the_page_of_last_month_says_nothing_of_the_window_that_has_just_opened() {
    for spec in [fetched(), FeedSpec { source: Source::Folder, ..situation() }] {
        for full in [sixty(|_| Some(true)), sixty(|n| Some(n < 40))] {
            let told = in_december(&spec, &full, &after_november(&spec, &full, Some(true)));
            assert!(
                matches!(&told[..], [one] if one.contains("coleta then, que era de rma/2026-10: nada diz de rma/2026-11")),
                "{told:?}"
            );
        }
    }
}

#[test]
fn a_page_that_tells_the_hour_and_is_else_the_old_one_says_nothing_of_it_either() {
    let spec = fetched();
    let last = sixty(|n| Some(n < 40));
    let before = after_november(&spec, &last, None);
    // One more concluded late, one was reopened, and the bytes are others.
    for now in [sixty(|n| Some(n < 40)), sixty(|n| Some(n < 41)), sixty(|n| Some(n > 0 && n < 40))] {
        let told = in_december(&spec, &now, &before);
        let word = "a fonte parece ainda mostrar rma/2026-10";
        assert!(matches!(&told[..], [one] if one.contains(word)), "{told:?}");
    }
    for new in [sixty(|_| Some(false)), sixty(|n| Some(n < 5)), sixty(|n| Some((20..50).contains(&n)))] {
        assert_eq!(in_december(&spec, &new, &before), [""; 0]);
    }
    let few = sixty(|n| Some(n < 5));
    let told = in_december(&spec, &few, &after_november(&spec, &few, None));
    assert_eq!(told, [""; 0], "so few may be the same by chance");
}

#[test]
fn a_blank_page_may_be_that_of_any_month_and_a_file_that_comes_again_is_the_old_one() {
    let spec = fetched();
    let blank = sixty(|_| Some(false));
    assert_eq!(in_december(&spec, &blank, &after_november(&spec, &blank, Some(false))), [""; 0]);
    assert_eq!(
        in_december(&spec, &blank, &after_november(&spec, &blank, Some(true))).len(),
        1,
        "nothing moved"
    );
    let by_hand = FeedSpec { source: Source::Manual, ..situation() };
    assert_eq!(in_december(&by_hand, &blank, &after_november(&by_hand, &blank, Some(false))).len(), 1);
}

#[test]
fn a_full_page_may_be_that_of_any_month_once_the_window_was_spoken_of() {
    let full = sixty(|_| Some(true));
    let told = |spec: &FeedSpec, known: u32| {
        let mut before = after(spec, &[sixty(move |n| Some(n < known))]);
        let (snapshot, spoke_of) = (SnapshotId::parse("then").unwrap(), [window("rma/2026-09")].into());
        before.same_bytes = Some(SameBytes { snapshot, arrival: 0, is_last: false, spoke_of });
        judged_at(spec, &full, &before, november(10))
    };
    assert_eq!(told(&fetched(), 38), [""; 0], "a third of the sixty-six is new");
    assert_eq!(told(&fetched(), 37).len(), 1);
    assert_eq!(
        told(&FeedSpec { source: Source::Folder, ..situation() }, 38).len(),
        1,
        "a file is the old one"
    );
}

#[test]
fn what_spoke_of_the_same_reference_or_names_it_in_its_rows_may_come_again() {
    let spec = fetched();
    let full = sixty(|_| Some(true));
    let mut before = after_november(&spec, &full, Some(true));
    // A second phase of the window is asked the same question; and what a person believed once is an answer.
    for of in ["rma/2026-11/retificacao", "rma/2026-11"] {
        before.same_bytes.as_mut().unwrap().spoke_of.insert(window(of));
        before.last.as_mut().unwrap().said.push((window(of), Vec::new()));
        assert_eq!(in_december(&spec, &full, &before), [""; 0], "{of}");
        before = after_november(&spec, &full, Some(true));
    }
    let by_column = FeedSpec { source: Source::Folder, ..presence() };
    assert!(matches!(by_column.mapping.reference, ReferenceRule::Column { .. }));
    let named = sixty(|_| Some(true)).replace("ibge;parte;situacao;data", "ibge;a;b;c;ref");
    let named = named.replace(";CRAS;Questionário Preenchido;", ";;;;11/2026");
    let before = after_november(&by_column, &named, Some(true));
    assert_eq!(in_december(&by_column, &named, &before), [""; 0]);
}
