//! Tables one under the other are not read as one.

use super::*;
use crate::format::sheet::fixture::xlsx_of;

/// What is said of the first place where another table may begin.
fn seam(spec: &FeedSpec, file: &str) -> Option<String> {
    mapped(spec, &roster(), file).seam.map(|seam| format!("{}: {}", seam.line, seam.message))
}

#[test]
fn the_headings_right_after_the_rows_are_a_new_page_of_the_table() {
    for between in ["", "\n;\n", "Total;\n"] {
        let mut spec = presence();
        spec.mapping.ignored = vec!["Total".to_owned()];
        let file = format!("ibge;ref\n320530;10/2026\n{between}IBGE;Ref\n320500;10/2026\n");
        let found = mapped(&spec, &roster(), &file);
        assert_eq!((found.seam, found.bad, found.municipalities_seen.len()), (None, 0, 2), "{between:?}");
        assert_eq!(found.rows, 2 + found.ignored, "the headings are no row");
        assert_eq!(found.unsaid, 0, "nor could they be a missing one");
    }
}

#[test]
fn headings_under_a_title_of_their_own_begin_another_table() {
    let other = "com o cabeçalho outra vez na linha 5, é o título de outra tabela";
    for title in ["Não preencheram;", "Não preencheram", ";Não preencheram"] {
        let file = format!("ibge;ref\n320530;10/2026\n;\n{title}\nibge;ref\n320500;10/2026\n");
        let told = seam(&presence(), &file).unwrap_or_default();
        assert_eq!(told, format!("4: “Não preencheram”, {other}"), "{title}");
    }
    let mut by_name = presence();
    by_name.mapping.municipality = PlaceRule::Name("ibge".to_owned());
    let file = "ibge;ref\n3205309;10/2026\n;\nCREAS;\nibge;ref\n3205002;10/2026\n";
    assert!(seam(&by_name, file).unwrap_or_default().ends_with(other), "by name as well");
}

#[test]
fn other_headings_begin_another_table_wherever_its_columns_stand() {
    for heading in ["ibge;parte;CRAS;CREAS", "IBGE;Nome;x;y", "parte;ibge;situacao;data", "Parte;IBGE;x"] {
        let file = format!(
            "ibge;parte;situacao;data\n320530;CRAS;Questionário Preenchido;\n{heading}\n320500;CRAS;Preencher o questionário;\n"
        );
        let told = seam(&situation(), &file).unwrap_or_default();
        assert!(told.starts_with("3: o cabeçalho aqui é outro: “"), "{heading}: {told}");
    }
}

#[test]
fn a_title_in_the_middle_is_doubt_and_one_that_the_feed_declares_is_none() {
    let file = |title: &str| format!("ibge;ref\n320530;10/2026\n{title}\n320500;10/2026\n");
    for title in ["Municípios pendentes;", "CREAS", "2ª lista;"] {
        let told = seam(&presence(), &file(title)).unwrap_or_default();
        assert!(told.starts_with("3: “") && told.contains("divide a tabela"), "{title}: {told}");
        let mut spec = presence();
        spec.mapping.ignored = vec![title.trim_end_matches(';').to_owned()];
        assert_eq!(mapped(&spec, &roster(), &file(title)).bad, 0, "{title}");
        assert_eq!(seam(&spec, &file(title)), None, "{title}");
    }
    for none in ["--;", "3205301;", "x;10/2026", "Total;78"] {
        assert_eq!(seam(&presence(), &file(none)), None, "{none}");
    }
    assert_eq!(seam(&presence(), "ibge;ref\n320530;10/2026\nFonte: MDS;\n"), None, "nothing comes after it");
    let lost =
        "ibge;parte;situacao;data\n;;Questionário Preenchido;\n320500;CRAS;Preencher o questionário;\n";
    assert_eq!(seam(&situation(), lost), None, "a row that lost its code");
    let mut by_name = presence();
    by_name.mapping.municipality = PlaceRule::Name("ibge".to_owned());
    let named = |title: &str| file(title).replace("320530", "3205309").replace("320500", "3205002");
    assert_eq!(seam(&by_name, &named("Vitoria do ES;")), None, "a misspelled name");
    assert!(seam(&by_name, &named("Não preencheram;")).is_some());
}

#[test]
fn a_load_whose_pages_name_nobody_is_watched_too() {
    let mut spec = presence_by_unit();
    spec.mapping.municipality = PlaceRule::Asked;
    spec.mapping.reference = ReferenceRule::Open;
    let file = "unidade;nome\n11;a\nUnidade;Endereço\n12;b\n";
    let (calendar, windows, roster) = (calendar(), windows(), roster_with_units());
    let ground = Ground { calendar: &calendar, windows: &windows, roster: &roster, taken_at: november(10) };
    let mut mapper = Mapper::new(&spec, &ground);
    let given = Given { municipality: Some(code("3205309")), ..Given::default() };
    let body = Body { given, ..Body::plain(Original::from_bytes(file.as_bytes())) };
    mapper.read(format::open(&spec.format, &body, &[]).unwrap(), &body.given).unwrap();
    let found = mapper.finish();
    assert!(found.seam.is_some() && found.unknown_units.is_empty(), "{:?}", found.seam);
}

#[test]
fn two_tables_in_one_sheet_or_one_table_of_a_page_are_told_in_every_format() {
    let cell = |text: &str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let rows = ["CRAS", "ibge|ref", "320530|10/2026", "", "CREAS", "ibge|ref", "320500|10/2026"];
    let sheet: Vec<String> = (1..)
        .zip(rows)
        .map(|(n, row)| format!("<row r=\"{n}\">{}</row>", row.split('|').map(cell).collect::<String>()))
        .collect();
    let sheet = format!("<sheetData>{}</sheetData>", sheet.concat());
    let book = xlsx_of(&[("Capa", "", "<sheetData/>"), ("Dados", "", &sheet)], "<sst/>");
    let page = "<table><tr><th>ibge<th>ref<tr><td>320530<td>10/2026<tr><td colspan=2>Pendentes\n<tr><th>ibge<th>ref\
                <tr><td>320500<td>10/2026</table>";
    let sheets = Format::Sheet { name: None, heading: None };
    let pages = Format::Html { table: "ibge".to_owned(), encoding: None };
    for (format, file, line) in [(sheets, &book[..], 5), (pages, page.as_bytes(), 1)] {
        let spec = FeedSpec { format, ..presence() };
        let (calendar, windows, roster) = (calendar(), windows(), roster());
        let ground =
            Ground { calendar: &calendar, windows: &windows, roster: &roster, taken_at: november(10) };
        let mut mapper = Mapper::new(&spec, &ground);
        let body = Body::plain(Original::from_bytes(file));
        mapper.read(format::open(&spec.format, &body, &["ibge"]).unwrap(), &body.given).unwrap();
        let seam = mapper.finish().seam.unwrap();
        assert_eq!(seam.line, line);
        assert!(seam.message.to_string().contains("é o título de outra tabela"), "{}", seam.message);
    }
}
