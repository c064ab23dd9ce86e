use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::domain::feed::{Format, Source};
use crate::domain::id::{FeedId, UnitId};
use crate::domain::register::{Listed, RegisterColumns, RegisterPart, UnitStanding};
use crate::feed::fixture;
use crate::format::body::Original;
use crate::text::words::Words;

/// `id_equipamento;ibge;nome;responsavel;telefone;email;situacao`, as the ministry's.
fn spec() -> RegisterSpec {
    let words = [("Em funcionamento", UnitStanding::Open), ("Desativado", UnitStanding::Closed)];
    RegisterSpec {
        id: FeedId::parse("cadsuas-cras").unwrap(),
        enabled: true,
        source: Source::Manual,
        format: Format::Csv { delimiter: None, encoding: None, heading: None },
        columns: RegisterColumns {
            unit: "id_equipamento".to_owned(),
            municipality: "ibge".to_owned(),
            name: Some("nome".to_owned()),
            email: Some("email".to_owned()),
            telephone: Some("telefone".to_owned()),
            standing: Some(("situacao".to_owned(), Words::of(words).unwrap())),
        },
        part: RegisterPart::Fixed(fixture::part("CRAS")),
        blanks: ["0", "NONE", "-", "SI", "NSA"].map(str::to_owned).to_vec(),
        minimum: 1,
    }
}

const HEAD: &str = "id_equipamento;ibge;nome;responsavel;telefone;email;situacao\n";

fn taken(spec: &RegisterSpec, roster: &Roster, rows: &str, before: Before) -> RegisterIntake {
    let calendar = fixture::calendar();
    let ground = RegisterGround { parts: &calendar.parts, roster, read_on: date(2026, 11, 20) };
    take_in(spec, &body(format!("{HEAD}{rows}").as_bytes()), &ground, before)
}

fn body(bytes: &[u8]) -> [Body; 1] {
    [Body::plain(Original::from_bytes(bytes))]
}

fn listed(intake: &RegisterIntake) -> Vec<&Listed> {
    intake.read.register.units.values().collect()
}

fn reasons(intake: &RegisterIntake) -> Vec<String> {
    intake.distrust.iter().map(Distrust::to_string).collect()
}

#[test]
fn codes_of_six_and_seven_digits_are_read_and_the_ministrys_blanks_are_blank() {
    let intake = taken(
        &spec(),
        &fixture::roster(),
        "32012098154;320530;CRAS MARUIPE;FULANA DE TAL;NSA;0;em funcionamento\n\
         13205303522;3205309;NONE;-;2733330000;a@x.gov.br; b@x.gov.br;x\n\
         3;3205309;CRAS C;-;SI;\"a@x.gov.br;b@x.gov.br, não tem\";DESATIVADO\n",
        Before::Nothing,
    );
    assert_eq!(intake.read.bad, 1, "a cell too many: {:?}", intake.read.bad_lines);
    let units = listed(&intake);
    assert_eq!(units.len(), 2);
    assert_eq!((units[0].id.as_str(), units[0].name.as_str()), ("3", "CRAS C"));
    assert_eq!((units[0].addresses.len(), units[0].standing), (2, UnitStanding::Closed));
    assert_eq!((units[1].telephone.as_str(), units[1].addresses.len()), ("", 0));
    assert_eq!(intake.read.bad_addresses, 2);
    assert!(!format!("{intake:?}").contains("FULANA"), "whoever answers for the unit is not kept");
}

#[test]
fn another_states_rows_are_counted_and_left_out() {
    let rows = "1;320530;A;;;;Em funcionamento\n2;355030;B;;;;Em funcionamento\n2;3550308;B;;;;?\n";
    let intake = taken(&spec(), &fixture::roster(), rows, Before::Nothing);
    assert_eq!((listed(&intake).len(), intake.read.elsewhere, intake.distrust.len()), (1, 2, 0));
    let only = taken(&spec(), &fixture::roster(), "2;355030;B;;;;Em funcionamento\n", Before::Nothing);
    assert_eq!(reasons(&only), ["nenhuma das 1 linhas é de um município de municipios.csv"]);
}

#[test]
fn a_row_of_nobody_knows_which_unit_lets_none_be_missed() {
    let whole = taken(&spec(), &fixture::roster(), "1;320530;A;;;;Em funcionamento\n", Before::Nothing);
    assert_eq!(whole.read.register.covered.len(), 1);
    let mut rows = "1;320530;A;;;;Em funcionamento\n".repeat(9);
    rows.push_str(";320530;sem código;;;;Em funcionamento\n");
    let intake = taken(&spec(), &fixture::roster(), &rows, Before::Nothing);
    assert_eq!(reasons(&intake), Vec::<String>::new());
    assert!(intake.read.register.covered.is_empty());
    assert!(
        intake.read.remarks(Reading::Shown).iter().any(|r| r.contains("nenhuma unidade é dada como fechada"))
    );
}

#[test]
fn what_cannot_be_relied_on_is_unclear_not_missing() {
    let mut rows = String::new();
    for n in 10..40 {
        let _ = writeln!(rows, "{n};320530;A;;;;Em funcionamento");
    }
    rows.push_str("1;320530;A;;;;Talvez\n2;xx;B;;;;Em funcionamento\n3;320530;C;;1;;Em funcionamento\n");
    rows.push_str(
        "3;320530;C;;2;;Em funcionamento\n4;320530;D;;;;Em funcionamento\n4;320530;D;;;;Em funcionamento\n",
    );
    let intake = taken(&spec(), &fixture::roster(), &rows, Before::Nothing);
    let unclear: Vec<&str> = intake.read.register.unclear.iter().map(UnitId::as_str).collect();
    assert_eq!(unclear, ["1", "2", "3"]);
    assert_eq!((intake.read.contradictory, intake.read.bad, listed(&intake).len()), (1, 1, 31));
    assert_eq!(intake.read.unknown_words, BTreeMap::from([("Talvez".to_owned(), 1)]));
}

#[test]
fn a_column_of_parts_is_translated_and_other_sorts_of_unit_are_left_out() {
    let mut by_column = spec();
    by_column.part = RegisterPart::Column {
        column: "responsavel".to_owned(),
        words: Words::of([("CENTROPOP", fixture::part("CENTRO POP"))]).unwrap(),
    };
    let rows = "1;320530;A;CREAS;;;Em funcionamento\n2;320530;B;Centropop;;;Em funcionamento\n\
                3;320530;C;POSTO DE CADASTRO;;;Em funcionamento\n";
    let intake = taken(&by_column, &fixture::roster(), rows, Before::Nothing);
    let covered: Vec<&str> = intake.read.register.covered.iter().map(PartId::as_str).collect();
    assert_eq!((covered, intake.read.other_parts), (vec!["CENTRO POP", "CREAS"], 1));
}

#[test]
fn each_reason_for_distrust_is_told_in_words() {
    let roster = fixture::roster_with_units();
    let many = |n: usize| -> String {
        (100..100 + n).fold(String::new(), |mut rows, id| {
            let _ = writeln!(rows, "{id};320530;A;;;;Em funcionamento");
            rows
        })
    };
    let mut renamed = spec();
    renamed.columns.email = Some("correio".to_owned());
    let mut strict = spec();
    strict.minimum = 3;
    let mut told = String::new();
    for (case, intake) in [
        ("vazia", taken(&spec(), &roster, "", Before::Nothing)),
        ("coluna renomeada", taken(&renamed, &roster, &many(9), Before::Nothing)),
        ("abaixo do mínimo", taken(&strict, &roster, &many(2), Before::Load(2))),
        ("queda", taken(&spec(), &roster, &many(80), Before::Load(90))),
        ("queda comum", taken(&spec(), &roster, &many(81), Before::Load(90))),
        ("longe do nosso", taken(&spec(), &roster, &many(1), Before::Nothing)),
        ("aceita à mão", taken(&strict, &roster, &many(1), Before::Waived)),
        (
            "palavras novas",
            taken(&spec(), &roster, "1;320530;A;;;;Ativo\n2;320530;A;;;;Ativo\n", Before::Load(2)),
        ),
        ("página", {
            let calendar = fixture::calendar();
            let ground =
                RegisterGround { parts: &calendar.parts, roster: &roster, read_on: date(2026, 11, 20) };
            take_in(&spec(), &body(b"<html>erro</html>"), &ground, Before::Nothing)
        }),
    ] {
        let _ = writeln!(told, "{case}: {}", reasons(&intake).join(" | "));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn the_ministrys_own_answer_is_read_and_one_that_is_cut_is_not_believed() {
    let mut solr = spec();
    solr.format = Format::Solr;
    solr.columns.standing = None;
    let (calendar, roster) = (fixture::calendar(), fixture::roster());
    let ground = RegisterGround { parts: &calendar.parts, roster: &roster, read_on: date(2026, 11, 20) };
    let docs = r#"{"id_equipamento":"32012098154","ibge":"320530","uf":"ES","nome":"CRAS MARUIPE","responsavel":"FULANA",
        "telefone":"NSA","email":"cras@x.gov.br","situacao":"1","data_atualizacao":"2026-01-01"},
        {"id_equipamento":13205303522,"ibge":3205309,"nome":"CRAS B","telefone":"0","email":"NONE"},
        {"id_equipamento":"35503081","ibge":"355030","nome":"OUTRO","telefone":"0","email":"-"}"#;
    let answer = |promised: u32, docs: &str| {
        let text = format!(r#"{{"response":{{"numFound":{promised},"start":0,"docs":[{docs}]}}}}"#);
        take_in(&solr, &body(text.as_bytes()), &ground, Before::Nothing)
    };
    let intake = answer(3, docs);
    assert_eq!(reasons(&intake), Vec::<String>::new());
    let ids: Vec<&str> = listed(&intake).iter().map(|unit| unit.id.as_str()).collect();
    assert_eq!((ids, intake.read.elsewhere), (vec!["13205303522", "32012098154"], 1));
    assert!(!format!("{intake:?}").contains("FULANA"));
    let cut = reasons(&answer(9, docs)).join(" ");
    assert!(cut.contains("vieram 3 de 9 documentos"), "{cut}");
    assert!(!answer(0, "").distrust.is_empty(), "empty is not zero");
}

#[test]
fn the_answers_of_several_states_are_one_load() {
    let mut solr = spec();
    solr.format = Format::Solr;
    solr.columns.standing = None;
    let (calendar, roster) = (fixture::calendar(), fixture::roster_with_units());
    let ground = RegisterGround { parts: &calendar.parts, roster: &roster, read_on: date(2026, 11, 20) };
    let answer = |promised: u32, docs: &str| {
        let text = format!(r#"{{"response":{{"numFound":{promised},"start":0,"docs":[{docs}]}}}}"#);
        Body::plain(Original::from_bytes(text))
    };
    let unit = |id: u32, ibge: u32| {
        format!(r#"{{"id_equipamento":{id},"ibge":{ibge},"nome":"X","telefone":"0","email":"-"}}"#)
    };
    let two = [answer(1, &unit(11, 3_205_309)), answer(1, &unit(7, 3_304_557)), answer(0, "")];
    let intake = take_in(&solr, &two, &ground, Before::Waived);
    assert_eq!(reasons(&intake), Vec::<String>::new());
    assert_eq!((intake.read.rows, intake.read.elsewhere), (2, 1));
    let cut = [answer(1, &unit(11, 3_205_309)), answer(2, &unit(12, 3_205_309))];
    let cut = reasons(&take_in(&solr, &cut, &ground, Before::Waived)).join(" ");
    assert!(cut.contains("vieram 2 de 3 documentos"), "{cut}");
}

proptest! {
    #[test]
    fn any_bytes_are_taken_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let (calendar, roster) = (fixture::calendar(), fixture::roster());
        let ground = RegisterGround { parts: &calendar.parts, roster: &roster, read_on: date(2026, 11, 20) };
        let intake = take_in(&spec(), &body(&bytes), &ground, Before::Nothing);
        prop_assert!(!intake.distrust.is_empty() || !intake.read.register.units.is_empty());
        let mut whole = HEAD.as_bytes().to_vec();
        whole.extend(bytes);
        let intake = take_in(&spec(), &body(&whole), &ground, Before::Nothing);
        prop_assert!(!intake.distrust.is_empty() || !intake.read.register.units.is_empty());
    }
}
