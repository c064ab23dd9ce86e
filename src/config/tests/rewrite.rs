//! `unidades.csv` rewritten: what is proposed is done, and nothing else is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::config::{RewriteError, rewrite};
use crate::domain::id::{EmailAddress, FeedId, MunicipalityCode, PartId, UnitId};
use crate::domain::register::{Edit, Listed, Proposal, Register, UnitColumn, UnitStanding, propose};
use crate::domain::roster::Unit;
use crate::text::csv::DocumentError;
use crate::text::encoding::Encoding;

fn set(unit: &str, column: UnitColumn, value: &str) -> Edit {
    Edit::Set { unit: UnitId::parse(unit).unwrap(), column, value: value.to_owned() }
}

fn rewritten(file: &str, edits: &[Edit]) -> String {
    String::from_utf8(rewrite(Some(file.as_bytes()), edits).unwrap()).unwrap()
}

/// The units of a file, with parts CRAS and GESTAO declared.
pub(super) fn units(file: &[u8]) -> Vec<Unit> {
    let config = good(&small().with("unidades.csv", file));
    let mut units: Vec<Unit> = config.roster.units.unwrap().iter().cloned().collect();
    units.sort_by(|a, b| a.id.cmp(&b.id));
    units
}

#[test]
fn only_the_cell_that_changes_changes() {
    let file = "\u{feff}extra;id;parte; ibge ;\"nome\";ate\r\n\
                ;;;;;\r\n\
                \"x;y\";1.0;CRAS;3205309;\"CRAS; \"\"Um\"\"\";\r\n\
                \r\n\
                z;2;CRAS;3205309\r\n\
                w;3;CRAS;3205309;Três;2026-01-31";
    let edits = [
        set("1", UnitColumn::Name, "CRAS \"Dois\""),
        set("2", UnitColumn::Until, "2026-11-20"),
        set("3", UnitColumn::Until, ""),
        set("2", UnitColumn::Email, "a@b.c"),
        Edit::Add(vec![(UnitColumn::Id, "4".to_owned()), (UnitColumn::Name, "Quatro; e meio".to_owned())]),
    ];
    assert_eq!(
        rewritten(file, &edits),
        "\u{feff}extra;id;parte; ibge ;\"nome\";ate;email\r\n\
         ;;;;;\r\n\
         \"x;y\";1.0;CRAS;3205309;\"CRAS \"\"Dois\"\"\";\r\n\
         \r\n\
         z;2;CRAS;3205309;;2026-11-20;a@b.c\r\n\
         w;3;CRAS;3205309;Três;\r\n\
         ;4;;;\"Quatro; e meio\";;\r\n"
    );
}

#[test]
fn a_new_file_has_every_column() {
    let bytes = rewrite(None, &[Edit::Add(vec![(UnitColumn::Id, "4".to_owned())])]).unwrap();
    assert_eq!(bytes, b"id;ibge;parte;nome;email;telefone;desde;ate\n4;;;;;;;\n");
}

#[test]
fn windows_1252_stays_windows_1252() {
    let file = Encoding::WINDOWS_1252.encode("id;nome\n1;Maruípe\n").unwrap();
    let file = rewrite(Some(&file), &[set("1", UnitColumn::Name, "São João")]).unwrap();
    assert_eq!(file, b"id;nome\n1;S\xE3o Jo\xE3o\n");
    let error = rewrite(Some(&file), &[set("1", UnitColumn::Name, "Łódź")]).unwrap_err();
    assert!(
        matches!(&error, RewriteError::Document(DocumentError::Encoding { text, .. }) if text == "Łódź"),
        "{error}"
    );
}

#[test]
fn a_file_that_changed_meanwhile_is_not_written() {
    let gone = rewrite(Some(b"id;nome\n1;x\n"), &[set("2", UnitColumn::Name, "y")]).unwrap_err();
    let there =
        rewrite(Some(b"id;nome\n1;x\n"), &[Edit::Add(vec![(UnitColumn::Id, "1".to_owned())])]).unwrap_err();
    for error in [gone, there] {
        assert!(error.to_string().contains("mudou depois de lido"), "{error}");
    }
    assert_eq!(rewrite(Some(b"\n;;\n"), &[set("1", UnitColumn::Name, "y")]), Err(RewriteError::NoHeader));
}

/// A file of units as people write them: quotes, short rows, blank lines, a further column.
fn file() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["", "CRAS Um", "\"CRAS; \"\"Dois\"\"\"", "  Três ", "\"a\"\"b\""]);
    let rest = prop::sample::select(vec![
        ";x@y.gov.br;27 3333;;;nota",
        ";;;;",
        "",
        ";\"x@y.gov.br, z@y.gov.br\";;2020-01-01;2026-01-31;\"n;ota\"",
        ";;1;01/02/2020;",
    ]);
    let row = (name, rest, any::<bool>(), any::<bool>());
    (prop::collection::vec(row, 0..6), prop::sample::select(vec!["\n", "\r\n"])).prop_map(|(rows, end)| {
        let mut file = format!("id;parte;ibge;nome;email;telefone;desde;ate;nota{end}");
        for (n, (name, rest, there, blank)) in rows.into_iter().enumerate() {
            let code = if there { "3205309" } else { "3205200" };
            let id = if n % 2 == 0 { format!("{n}") } else { format!("\"{n}\"") };
            let _ = write!(file, "{id};CRAS;{code};{name}{rest}{end}");
            file += if blank { end } else { "" };
        }
        file
    })
}

pub(super) fn register() -> impl Strategy<Value = Register> {
    let text = "[A-Za-zãé;\"=+@ -]{0,30}";
    let row = (0..9_u8, any::<bool>(), text, any::<bool>(), "[0-9() +-]{0,9}", 0..4_u8);
    prop::collection::vec(row, 0..9).prop_map(|rows| {
        let listed = rows.into_iter().map(|(n, there, name, mail, telephone, closed)| Listed {
            id: UnitId::parse(&n.to_string()).unwrap(),
            municipality: MunicipalityCode::parse(if there { "3205309" } else { "3205200" }).unwrap(),
            part: PartId::parse("CRAS").unwrap(),
            name,
            addresses: if mail { vec![EmailAddress::parse("novo@y.gov.br").unwrap()] } else { Vec::new() },
            telephone,
            standing: if closed == 0 { UnitStanding::Closed } else { UnitStanding::Open },
        });
        Register {
            feed: FeedId::parse("cadsuas-cras").unwrap(),
            read_on: date(2026, 11, 20),
            covered: BTreeSet::from([PartId::parse("CRAS").unwrap()]),
            units: listed.map(|unit| (unit.id.clone(), unit)).collect(),
            unclear: BTreeSet::new(),
        }
    })
}

proptest! {
    #[test]
    fn taking_every_proposal_leaves_nothing_to_propose(file in file(), register in register()) {
        let registers = [register];
        let proposals = propose(&units(file.as_bytes()), &registers);
        let edits: Vec<Edit> = proposals.iter().map(Proposal::edit).collect();
        let after = rewrite(Some(file.as_bytes()), &edits).unwrap();
        prop_assert_eq!(propose(&units(&after), &registers), [], "{}", String::from_utf8_lossy(&after));
    }

    #[test]
    fn no_other_row_loses_a_byte(file in file(), register in register()) {
        let proposals = propose(&units(file.as_bytes()), &[register]);
        let edits: Vec<Edit> = proposals.iter().map(Proposal::edit).collect();
        let after = rewrite(Some(file.as_bytes()), &edits).unwrap();
        let after = String::from_utf8(after).unwrap();
        let touched: BTreeSet<&str> = proposals.iter().map(|p| p.unit.as_str()).collect();
        let (before, after): (Vec<&str>, Vec<&str>) =
            (file.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
        prop_assert!(after.len() >= before.len(), "no row is ever deleted");
        for (line, new) in before.iter().zip(&after) {
            let id = line.split(';').next().unwrap().trim_matches('"');
            prop_assert!(line == new || touched.contains(id), "{line:?} became {new:?}");
        }
    }

    #[test]
    fn what_is_taken_is_read_back_and_the_rest_reads_as_before(file in file(), register in register()) {
        let before = units(file.as_bytes());
        let proposals = propose(&before, &[register]);
        let edits: Vec<Edit> = proposals.iter().map(Proposal::edit).collect();
        let after: BTreeMap<UnitId, Unit> = units(&rewrite(Some(file.as_bytes()), &edits).unwrap())
            .into_iter()
            .map(|unit| (unit.id.clone(), unit))
            .collect();
        let touched: BTreeSet<&UnitId> = proposals.iter().map(|p| &p.unit).collect();
        for unit in before.iter().filter(|unit| !touched.contains(&unit.id)) {
            prop_assert_eq!(Some(unit), after.get(&unit.id));
        }
    }
}
