//! Dates in sentences: each form that is read, and what only looks like one.

use proptest::prelude::*;

use super::*;

const NEAR: Date = date(2023, 12, 5);

fn told(sentence: &str, near: Date) -> Vec<String> {
    dates(sentence, near)
        .into_iter()
        .map(|found| {
            let lead = match found.lead {
                Lead::Until => "até ",
                Lead::From => "de ",
                Lead::Bare => "",
            };
            format!("{lead}{}", found.on)
        })
        .collect()
}

#[test]
fn every_form_of_a_date_is_read() {
    for (sentence, expected) in [
        ("prorrogado até 19/12/2023", vec!["até 2023-12-19"]),
        ("prorrogado até 19/12/23.", vec!["até 2023-12-19"]),
        ("até 19.12.2023", vec!["até 2023-12-19"]),
        ("até 19-12-2023", vec!["até 2023-12-19"]),
        ("até 2023-12-19", vec!["até 2023-12-19"]),
        ("até 19/dez/2023", vec!["até 2023-12-19"]),
        ("até o dia 19 de dezembro de 2023 (terça-feira)", vec!["até 2023-12-19"]),
        ("até as 23h59 de 19 de Dezembro", vec!["até 2023-12-19"]),
        ("para terça-feira, 19 de dezembro", vec!["até 2023-12-19"]),
        ("até 1º de março de 2024", vec!["até 2024-03-01"]),
        ("até 1° de março", vec!["até 2024-03-01"]),
        ("até primeiro de março", vec!["até 2024-03-01"]),
        ("até 19/12", vec!["até 2023-12-19"]),
        ("até dia 29", vec!["até 2023-12-29"]),
        ("até o próximo dia 3", vec!["até 2024-01-03"]),
        ("a partir do dia 23/10", vec!["de 2023-10-23"]),
        ("de 23/10 a 05/12/2023", vec!["de 2023-10-23", "até 2023-12-05"]),
        ("de 23 de outubro a 5 de dezembro", vec!["de 2023-10-23", "até 2023-12-05"]),
        ("entre 23/10/2023 e 05/12/2023", vec!["de 2023-10-23", "até 2023-12-05"]),
        ("de 05 a 19 de dezembro de 2023", vec!["de 2023-12-05", "até 2023-12-19"]),
        ("de 13 a 17/12", vec!["de 2023-12-13", "até 2023-12-17"]),
        ("de 23/12 a 13/01/2024", vec!["de 2023-12-23", "até 2024-01-13"]),
        ("01/12/2023 – 10/12/2023", vec!["de 2023-12-01", "até 2023-12-10"]),
        ("foi prorrogado de 05/12 para 19/12/2023", vec!["2023-12-05", "até 2023-12-19"]),
        ("o prazo, que terminava em 05/12, vai até 29/12", vec!["2023-12-05", "até 2023-12-29"]),
    ] {
        assert_eq!(told(sentence, NEAR), expected, "{sentence}");
    }
}

#[test]
fn what_looks_like_a_date_and_is_none_is_left_alone() {
    for sentence in [
        "referência 10/2023",
        "Portaria nº 12/2023",
        "31/02/2023",
        "30 de fevereiro",
        "em dezembro de 2023",
        "99/99",
        "às 10h30",
        "telefone (27) 3333-0000",
        "R$ 1.043,12",
        "19/13",
        "24.500 municípios",
        "CEP 29.010-120",
        "Portaria MDS nº 1.043, de 24 de dezembro de 2024",
        "nos termos da Resolução CNAS nº 7, de 10/09/2009",
        "Lei nº 8.742/1993",
        "dia 45",
        "1/2 do total",
        "5 de abril de",
        "12 a 15 municípios",
        "0/0/0000",
    ] {
        // “5 de abril de” and “1/2” are dates to anybody who has nothing else to go by.
        let found = told(sentence, NEAR);
        let allowed = matches!(sentence, "5 de abril de" | "1/2 do total");
        assert!(found.is_empty() || allowed, "{sentence}: {found:?}");
    }
}

#[test]
fn a_year_that_is_not_written_is_near_publication() {
    for (sentence, near, expected) in [
        ("até 13/01", date(2011, 12, 23), "até 2012-01-13"),
        ("encerrou em 23/12", date(2012, 1, 3), "2011-12-23"),
        ("até 30 de abril", date(2025, 12, 30), "até 2026-04-30"),
        ("até 29/02", date(2023, 5, 1), "até 2024-02-29"),
        ("até dia 31", date(2026, 4, 2), "até 2026-05-31"),
    ] {
        assert_eq!(told(sentence, near), [expected], "{sentence} at {near}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_taken_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let today = date(2023, 12, 6);
        let _ = found(NewsFormat::Feed, &bytes, today);
        let _ = found(NewsFormat::Page, &bytes, today);
        let mut page = b"<p>Censo SUAS prorrogado ".to_vec();
        page.extend(&bytes);
        prop_assert!(found(NewsFormat::Page, &page, today).unwrap().len() <= 200);
    }

    #[test]
    fn a_date_is_read_in_each_of_its_forms(days in -80..270_i64) {
        let on = NEAR.saturating_add(jiff::Span::new().days(days));
        let (y, m, d) = (on.year(), on.month(), on.day());
        let name = MONTHS[usize::try_from(m - 1).unwrap()];
        for text in [
            format!("até {d:02}/{m:02}/{y}"),
            format!("até {d}/{m}/{y}"),
            format!("até {d:02}/{m:02}"),
            format!("até {d} de {name}"),
            format!("até o dia {d} de {name} de {y}"),
            format!("até {d:02}.{m:02}.{y}"),
            format!("até {y}-{m:02}-{d:02}"),
        ] {
            prop_assert_eq!(told(&text, NEAR), vec![format!("até {on}")], "{}", text);
        }
    }

    #[test]
    fn any_sentence_gives_dates_that_exist_and_stand_in_it(sentence in "[0-9a-zé/ºde. -]{0,60}") {
        for found in dates(&sentence, NEAR) {
            prop_assert!((1990..=2110).contains(&found.on.year()), "{found:?}");
            prop_assert!(found.written.len() <= sentence.len() + 4);
        }
    }
}

const MONTHS: [&str; 12] = [
    "janeiro",
    "fevereiro",
    "março",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
];
