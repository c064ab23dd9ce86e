//! Laws of the mapper, over drawn files.

use proptest::prelude::*;

use super::*;
use crate::text::remark::Reading;

/// Rows that touch everything: both spellings of codes, strangers, units, bad lines, words, dates.
fn some_row() -> impl Strategy<Value = String> {
    let ibge = prop::sample::select(vec!["320530", "3205309", "320500", "320520.0", "355030", "x", ""]);
    let reference = prop::sample::select(vec!["10/2026", "11/2026", "09/2026", "1999", ""]);
    let unit = prop::sample::select(vec!["11", "12", "21", "99", ""]);
    let word = prop::sample::select(vec!["questionario preenchido", "Preencher o questionário", "Outra", ""]);
    let day = prop::sample::select(vec!["01/11/2026", "05/11/2026", "05/11/2062", "ontem", ""]);
    let part = prop::sample::select(vec!["CRAS", "gestão", "GESTAO", "?"]);
    (ibge, reference, unit, word, day, part).prop_map(|(a, b, c, d, e, f)| format!("{a};{b};{c};{d};{e};{f}"))
}

fn specs() -> Vec<FeedSpec> {
    let mut by_unit = situation();
    by_unit.mapping.unit = Some("unidade".to_owned());
    by_unit.mapping.reference = presence().mapping.reference;
    let mut open = presence();
    open.mapping.reference = ReferenceRule::Open;
    vec![presence(), presence_by_unit(), situation(), by_unit, open]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_rows_never_matters(
        (rows, shuffled) in prop::collection::vec(some_row(), 0..12)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
    ) {
        for spec in specs() {
            let file = |rows: &[String]| format!("ibge;ref;unidade;situacao;data;parte\n{}\n", rows.join("\n"));
            let one = mapped(&spec, &roster_with_units(), &file(&rows));
            let other = mapped(&spec, &roster_with_units(), &file(&shuffled));
            let without_lines = |m: &Mapped| -> Vec<_> {
                m.observations.iter().map(|o| Observation { line: 0, ..o }).collect()
            };
            prop_assert_eq!(without_lines(&one), without_lines(&other));
            prop_assert_eq!(&one.done, &other.done);
            let keys: BTreeSet<_> =
                one.observations.iter().map(|o| (o.window, o.municipality, o.part, o.unit)).collect();
            prop_assert_eq!(keys.len(), one.observations.len());
        }
    }

    #[test]
    fn rows_twice_say_the_same(rows in prop::collection::vec(some_row(), 0..8)) {
        let header = "ibge;ref;unidade;situacao;data;parte\n".to_owned();
        for spec in specs() {
            let once = mapped(&spec, &roster(), &format!("{header}{}\n", rows.join("\n")));
            let twice = mapped(&spec, &roster(), &format!("{header}{0}\n{0}\n", rows.join("\n")));
            prop_assert_eq!(once.observations, twice.observations);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let (calendar, windows, roster) =
            (crate::feed::fixture::calendar(), crate::feed::fixture::windows(), roster_with_units());
        let ground = Ground { calendar: &calendar, windows: &windows, roster: &roster, taken_at: november(10) };
        for spec in specs() {
            for head in [&b""[..], b"ibge;ref;unidade;situacao;data;parte\n"] {
                let _ = crate::feed::take_in(&spec, &[Body::plain(Original::from_bytes([head, &bytes].concat()))], &ground, None);
            }
        }
    }

    #[test]
    fn a_row_in_a_presence_file_never_makes_its_own_key_pending(rows in prop::collection::vec(some_row(), 0..12)) {
        let file = format!("ibge;ref;unidade;situacao;data;parte\n{}\n", rows.join("\n"));
        let found = mapped(&presence(), &roster(), &file);
        for observation in found.observations.iter().filter(|o| o.state == State::Pending) {
            let six = observation.municipality.six().to_string();
            prop_assert!(!rows.iter().any(|r| r.starts_with(&six) && r.contains("10/2026")));
        }
    }
}

#[test]
fn what_may_be_cut_accuses_nobody_and_says_nothing_that_the_whole_does_not_wherever_it_is_cut() {
    let mut counting = presence();
    counting.mapping.meaning = Meaning::Count { done: "feitos".to_owned(), expected: "esperados".to_owned() };
    let (calendar, windows, roster) = (calendar(), windows(), roster());
    let ground = Ground { calendar: &calendar, windows: &windows, roster: &roster, taken_at: november(10) };
    for (spec, file) in [
        (presence(), "ibge;ref\n320530;10/2026\n320520;10/2026\n"),
        (counting, "ibge;ref;esperados;feitos\n320530;10/2026;12;12\n320520;10/2026;12;12\n"),
    ] {
        let told_of = |bytes: &str, open_ended: bool| {
            let original = Original::from_bytes(bytes);
            let body = Body::plain(if open_ended { original.open_ended() } else { original });
            let intake = crate::feed::take_in(&spec, &[body], &ground, None);
            (told(&intake.mapped), intake.remarks(Reading::Kept))
        };
        let (whole, _) = told_of(file, false);
        for end in 0..=file.len() {
            let (cut, remarks) = told_of(&file[..end], true);
            let said = |line: &&String| !line.ends_with("nao_confirmado");
            assert!(
                cut.iter().filter(said).all(|line| whole.contains(line) && line.ends_with("concluido")),
                "{cut:?}"
            );
            assert!(
                end < 40 || remarks.iter().any(|remark| remark.contains("sem Content-Length")),
                "{remarks:?}"
            );
        }
        let (all, _) = told_of(file, true);
        assert_eq!(all.iter().filter(|line| line.ends_with("concluido")).count(), 2, "what it says counts");
    }
}
