//! Sheets as people save them, and as nobody should. Above 400 lines: each is written out beside what is read of it.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::fixture::{ods, xls, xlsx, xlsx_of, zip};
use super::*;
use crate::domain::feed::Format;
use crate::format;
use crate::format::body::Body;

fn read_as(
    bytes: &[u8],
    name: Option<&str>,
    heading: Option<u32>,
    wanted: &[&str],
) -> Result<Vec<String>, DecodeError> {
    // By the door that feeds come through: what a decoder panics at is refused there.
    let format = Format::Sheet { name: name.map(str::to_owned), heading };
    let body = Body::plain(Original::from_bytes(bytes));
    let table = format::open(&format, &body, wanted)?;
    let mut lines = vec![format!("{:?}", table.header())];
    table.each(&mut |row| {
        lines.extend(row.map(|r| format!("{} {}", r.line, r.cells().collect::<Vec<_>>().join("|"))).ok());
    })?;
    Ok(lines)
}

fn read(bytes: &[u8]) -> Result<Vec<String>, DecodeError> {
    read_as(bytes, None, None, &["IBGE", "Situação"])
}

fn refusal(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

const TEXTS: &str = "<sst uniqueCount=\"3\"><si><t>IBGE</t></si><si><t>Situa\u{e7}\u{e3}o</t></si><si><t xml:space=\"preserve\"> Preenchido </t></si></sst>";
const ROWS: &str = "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>Secretaria</t></is></c></row>
<row r=\"3\"><c r=\"A3\" t=\"s\"><v>0</v></c><c r=\"B3\" t=\"s\"><v>1</v></c><c r=\"D3\" t=\"inlineStr\"><is><t>Em</t></is></c></row>
<row r=\"4\"><c r=\"A4\"><v>320530.0</v></c><c r=\"B4\" t=\"s\"><v>2</v></c><c r=\"D4\" s=\"1\"><v>46331</v></c></row>
<row r=\"7\"><c r=\"A7\"><v>3.20520E5</v></c><c r=\"D7\" s=\"1\"><v>46331.5</v></c></row>
<row r=\"8\"><c r=\"A8\"><v>13205303522</v></c><c r=\"B8\" t=\"inlineStr\"><is><t>a_x0001_b&#1;c</t></is></c><c r=\"D8\"><v>46331</v></c></row>";

#[test]
fn an_xlsx_is_read_from_its_heading_wherever_that_stands() {
    let lines = read(&xlsx(ROWS, TEXTS)).unwrap();
    assert_eq!(lines[0], "Header([\"IBGE\", \"Situação\", \"\", \"Em\"])");
    assert_eq!(lines[1..3], ["4 320530|Preenchido||2026-11-05", "7 320520|||2026-11-05T12:00:00"]);
    assert!(lines[3].starts_with("8 13205303522|a"), "{}", lines[3]);
    assert!(lines[3].ends_with("|46331"), "a serial without a style stays a number: {}", lines[3]);
}

#[test]
fn the_sheet_and_the_line_of_the_heading_may_be_stated() {
    let book = xlsx(ROWS, TEXTS);
    assert_eq!(read_as(&book, Some("Dados"), Some(3), &[]).unwrap().len(), 4);
    assert_eq!(
        read_as(&book, None, None, &["#1"]).unwrap()[0],
        "Header([\"Secretaria\"])",
        "the first with anything"
    );
    let missing = |name, line| read_as(&book, name, line, &[]).unwrap_err().to_string();
    assert!(missing(Some("Outra"), None).contains("não tem a aba “Outra”"));
    assert!(missing(Some("Capa"), None).contains("colunas"));
    assert!(missing(None, Some(6)).contains("colunas"));
    assert!(read_as(&xlsx("", TEXTS), None, None, &[]).unwrap_err().to_string().contains("nenhuma aba"));
}

#[test]
fn an_ods_is_read_with_its_repeats_dates_and_notes() {
    let cell = |text: &str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
    };
    let rows = format!(
        "<table:table-row>{}{}</table:table-row>\
         <table:table-row table:number-rows-repeated=\"2\"><table:table-cell office:value-type=\"float\" office:value=\"320530\"><text:p>320.530</text:p></table:table-cell>{}<table:table-cell table:number-columns-repeated=\"16382\"/></table:table-row>\
         <table:table-row table:number-rows-repeated=\"1000\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>\
         <table:table-row>{}<table:table-cell office:value-type=\"date\" office:date-value=\"2026-11-05\"><office:annotation><text:p>nota</text:p></office:annotation><text:p>5/11</text:p></table:table-cell></table:table-row>\
         <table:table-row table:number-rows-repeated=\"1047571\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>",
        cell("IBGE"),
        cell("Situa\u{e7}\u{e3}o"),
        cell("A &amp; B<text:s/>&#2;"),
        cell("320520")
    );
    assert_eq!(
        read(&ods(&rows)).unwrap(),
        ["Header([\"IBGE\", \"Situação\"])", "2 320530|A & B", "3 320530|A & B", "1004 320520|2026-11-05"]
    );
}

#[test]
fn an_xls_is_read() {
    let cells = [
        (0, 0, "IBGE"),
        (0, 1, "Situa\u{e7}\u{e3}o"),
        (2, 0, "320530"),
        (2, 1, "Preenchido"),
        (3, 0, "32012098154"),
    ];
    assert_eq!(
        read(&xls(4, 2, &cells)).unwrap(),
        ["Header([\"IBGE\", \"Situação\"])", "3 320530|Preenchido", "4 32012098154|"]
    );
}

/// A sheet of a heading and one row.
fn small(code: &str) -> String {
    let cell =
        |place: &str, text: &str| format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    format!(
        "<sheetData><row r=\"1\">{}{}</row><row r=\"2\">{}{}</row></sheetData>",
        cell("A1", "IBGE"),
        cell("B1", "Situa\u{e7}\u{e3}o"),
        cell("A2", code),
        cell("B2", "Sim")
    )
}

#[test]
fn two_sheets_that_fit_are_refused_by_name_and_a_hidden_one_fits_only_by_name() {
    let (old, new) = (small("320530"), small("320520"));
    let both = xlsx_of(&[("Antiga", "", &old), ("Nova", "", &new)], TEXTS);
    assert!(
        refusal(&both).contains("2 abas servem (“Antiga”, “Nova”): escreva em `aba` qual vale"),
        "{}",
        refusal(&both)
    );
    assert!(read_as(&both, Some("Nova"), None, &["IBGE"]).unwrap()[1].contains("320520"));
    let by_place = read_as(&both, None, None, &["#1"]).unwrap_err().to_string();
    assert!(by_place.contains("abas servem"), "by their places columns are in both: {by_place}");
    for state in ["hidden", "veryHidden"] {
        let hidden = xlsx_of(&[("Antiga", &format!("state=\"{state}\""), &old), ("Nova", "", &new)], TEXTS);
        assert_eq!(read(&hidden).unwrap()[1], "2 320520|Sim", "{state}");
        assert_eq!(read_as(&hidden, Some("Antiga"), None, &["IBGE"]).unwrap()[1], "2 320530|Sim");
    }
    let none = xlsx_of(&[("A", "state=\"hidden\"", &old), ("B", "", "<sheetData/>")], TEXTS);
    assert!(refusal(&none).contains("nenhuma aba visível"), "{}", refusal(&none));
    let menu = small("x").replace("IBGE", "Menu");
    let one = xlsx_of(&[("Capa", "", &menu), ("Dados", "", &new)], TEXTS);
    assert_eq!(read(&one).unwrap()[1], "2 320520|Sim", "the one that has the columns");
}

#[test]
fn a_cell_merged_down_several_rows_stands_in_each_of_them() {
    let cell =
        |place: &str, text: &str| format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let sheet = format!(
        "<sheetData><row r=\"1\">{}{}</row><row r=\"2\">{}{}</row><row r=\"3\">{}</row><row r=\"4\">{}</row></sheetData>\
         <mergeCells count=\"1\"><mergeCell ref=\"A2:A3\"/></mergeCells>",
        cell("A1", "IBGE"),
        cell("B1", "Situa\u{e7}\u{e3}o"),
        cell("A2", "320530"),
        cell("B2", "a"),
        cell("B3", "b"),
        cell("B4", "c")
    );
    let book = xlsx_of(&[("Capa", "", "<sheetData/>"), ("Dados", "", &sheet)], TEXTS);
    let wanted = ["2 320530|a", "3 320530|b", "4 |c"];
    assert_eq!(read(&book).unwrap()[1..], wanted);
    let text = |text: &str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
    };
    let rows = format!(
        "<table:table-row>{}{}</table:table-row><table:table-row>{}{}</table:table-row>\
         <table:table-row><table:covered-table-cell/>{}</table:table-row><table:table-row><table:table-cell/>{}</table:table-row>",
        text("IBGE"),
        text("Situa\u{e7}\u{e3}o"),
        text("320530").replace("<table:table-cell ", "<table:table-cell table:number-rows-spanned=\"2\" "),
        text("a"),
        text("b"),
        text("c")
    );
    assert_eq!(read(&ods(&rows)).unwrap()[1..], wanted);
}

#[test]
fn what_lies_under_a_merged_cell_is_not_seen() {
    let cell =
        |place: &str, text: &str| format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let row = |n: u8, cells: &[(&str, &str)]| {
        let cells: String = cells.iter().map(|(column, text)| cell(&format!("{column}{n}"), text)).collect();
        format!("<row r=\"{n}\">{cells}</row>")
    };
    let rows = [
        row(1, &[("A", "IBGE"), ("B", "Situa\u{e7}\u{e3}o"), ("C", "Em")]),
        row(2, &[("A", "1"), ("B", "Preenchido"), ("C", "x")]),
        row(3, &[("A", "2"), ("B", "Não preenchido"), ("C", "y")]),
        row(4, &[("A", "3"), ("B", "coberto"), ("C", "coberto")]),
        row(5, &[("A", "coberto"), ("B", "Sim"), ("C", "coberto")]),
        row(6, &[("A", "coberto")]),
        row(7, &[("A", "4"), ("B", "coberto")]),
    ];
    // B2:B3 shows B2; B4:C5 begins in a blank row of its own; A5 is under A4, and nothing of row 6 is seen; B6, which
    // is not there, covers B7.
    let merged = ["B2:B3", "A4:A6", "B6:B7", "C4:C5"].map(|area| format!("<mergeCell ref=\"{area}\"/>"));
    let sheet = format!(
        "<sheetData>{}</sheetData><mergeCells count=\"4\">{}</mergeCells>",
        rows.concat(),
        merged.concat()
    );
    let book = xlsx_of(&[("Capa", "", "<sheetData/>"), ("Dados", "", &sheet)], TEXTS);
    let wanted = ["2 1|Preenchido|x", "3 2|Preenchido|y", "4 3|coberto|coberto", "5 3|Sim|coberto", "7 4||"];
    assert_eq!(read(&book).unwrap()[1..], wanted);
    let wide = sheet.replace("B2:B3", "B2:C3");
    let book = xlsx_of(&[("Capa", "", "<sheetData/>"), ("Dados", "", &wide)], TEXTS);
    assert_eq!(read(&book).unwrap()[1..3], ["2 1|Preenchido|", "3 2|Preenchido|"]);
    let text = |text: &str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
    };
    let covered = |inner: &str| text(inner).replace("table:table-cell", "table:covered-table-cell");
    let tall = text("Preenchido")
        .replace("<table:table-cell ", "<table:table-cell table:number-rows-spanned=\"2\" ");
    let rows = [
        text("IBGE") + &text("Situa\u{e7}\u{e3}o"),
        text("1") + &tall,
        text("2") + &covered("Não preenchido"),
        text("3") + "<table:covered-table-cell office:value-type=\"float\" office:value=\"9\"/>",
    ];
    let rows = rows.map(|cells| format!("<table:table-row>{cells}</table:table-row>")).concat();
    assert_eq!(read(&ods(&rows)).unwrap()[1..], ["2 1|Preenchido", "3 2|Preenchido", "4 3|"]);
}

#[test]
fn a_share_and_a_code_with_zeros_before_it_are_read_as_they_are_shown() {
    let cells = [
        "<c s=\"2\"><v>1</v></c>",
        "<c s=\"2\" t=\"n\"><f>A1</f><v>0.5</v></c>",
        "<c s=\"3\"><v>320530</v></c>",
        "<c s=\"2\" t=\"inlineStr\"><is><t>1</t></is></c>",
        "<c s=\"2\" t=\"s\"><v>0</v></c>",
        "<c s=\"2\"><f>A1</f></c>",
        "<c s=\"0\"><v>1</v></c>",
    ];
    let wanted = ["100%", "50%", "0320530", "1", "IBGE", UNCOMPUTED, "1"];
    assert_eq!(second_cells(&cells, TEXTS), wanted);
    let cell = |kind: &str, value: &str, text: &str| {
        format!(
            "<table:table-row><table:table-cell office:value-type=\"{kind}\" office:value=\"{value}\"><text:p>{text}</text:p></table:table-cell></table:table-row>"
        )
    };
    let rows = [
        cell("string", "", "IBGE"),
        cell("percentage", "1", "100%"),
        cell("float", "320530", "0320530"),
        cell("float", "320530", "320.530"),
        cell("float", "0", "0"),
        cell("currency", "12.5", "R$ 12,50"),
    ];
    let lines = read_as(&ods(&rows.concat()), None, None, &["IBGE"]).unwrap();
    assert_eq!(lines[1..], ["2 100%", "3 0320530", "4 320530", "5 0", "6 12.5"]);
}

/// The rows of an XLSX whose first column is `ibge` and the second `n`, of which the second cells are these.
fn second_cells(cells: &[&str], texts: &str) -> Vec<String> {
    let text = |text: &str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let mut rows = format!("<row r=\"1\">{}{}</row>", text("ibge"), text("n"));
    for (n, cell) in cells.iter().enumerate() {
        let _ = write!(rows, "<row r=\"{}\">{}{cell}</row>", n + 2, text("320530"));
    }
    let lines = read_as(&xlsx(&rows, texts), None, None, &["ibge", "n"]).unwrap();
    lines[1..].iter().map(|line| line.split_once('|').unwrap().1.to_owned()).collect()
}

#[test]
fn a_raised_mark_is_no_part_of_a_cell_of_an_xlsx() {
    let run =
        |align: &str, text: &str| format!("<r><rPr><b/><vertAlign val=\"{align}\"/></rPr><t>{text}</t></r>");
    let (up, down) = (run("superscript", "1"), run("subscript", "(2)"));
    let texts = format!(
        "<sst uniqueCount=\"4\"><si><t>31</t></si><si><r><t>3</t></r>{up}</si><si><t>x &amp; y</t></si><si>{up}</si></sst>"
    );
    let inline = |runs: &str| format!("<c t=\"inlineStr\"><is>{runs}</is></c>");
    let shared = |at: u8| format!("<c t=\"s\"><v>{at}</v></c>");
    let cells = [
        inline(&format!("<r><t>3</t></r>{up}")),
        inline(&format!("<r><t>Sim</t></r>{down}")),
        inline(&format!("<r><t>1</t></r>{}<r><t> CRAS</t></r>", run("superscript", "o"))),
        inline(&run("baseline", "31")),
        shared(0),
        shared(1),
        shared(2),
        shared(3),
        "<c><v>31</v></c>".to_owned(),
        "<c/><c><v>8</v></c>".to_owned(),
    ];
    let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
    let wanted = ["3", "Sim", "1o CRAS", "31", "31", "3", "x & y", "1", "31"];
    assert_eq!(second_cells(&cells[..9], &texts), wanted);
}

#[test]
fn a_formula_that_nobody_computed_is_no_blank() {
    let cells = [
        "<c t=\"str\"><f>VLOOKUP(A2,X!A:B,2,0)</f></c>",
        "<c><f>B1</f><v/></c>",
        "<c><f>1+1</f><v>2</v></c>",
        "<c t=\"str\"><f>IF(1,\"\",\"x\")</f><v></v></c>",
        "<c/>",
    ];
    assert_eq!(second_cells(&cells, TEXTS), [UNCOMPUTED, UNCOMPUTED, "2", "", ""]);
    assert!(UNCOMPUTED.chars().count() <= 60, "remarks show it whole");
    let cell = |inner: &str| format!("<table:table-cell {inner}/>");
    let row = |second: &str| {
        format!(
            "<table:table-row>{}{second}</table:table-row>",
            cell("office:value-type=\"string\" office:string-value=\"320530\"")
        )
    };
    let head = "<table:table-row><table:table-cell><text:p>IBGE</text:p></table:table-cell><table:table-cell><text:p>Situação</text:p></table:table-cell></table:table-row>";
    let rows = [
        cell("table:formula=\"of:=[.A1]\""),
        cell("table:formula=\"of:=1\" office:value-type=\"float\" office:value=\"1\""),
        cell("table:formula=\"of:=&quot;&quot;\" office:value-type=\"string\" office:string-value=\"\""),
        "<table:table-cell table:formula=\"of:=[.A1]\"><text:p/></table:table-cell>".to_owned(),
    ];
    let rows: String = rows.iter().map(|cell| row(cell)).collect();
    let lines = read(&ods(&format!("{head}{rows}"))).unwrap();
    assert_eq!(
        lines[1..],
        [
            format!("2 320530|{UNCOMPUTED}"),
            "3 320530|1".into(),
            "4 320530|".into(),
            format!("5 320530|{UNCOMPUTED}")
        ]
    );
}

#[test]
fn a_raised_mark_is_no_part_of_a_cell_of_an_ods() {
    let style = |name: &str, more: &str, position: &str| {
        format!(
            "<style:style style:name=\"{name}\" style:family=\"text\" {more}><style:text-properties {position}/></style:style>"
        )
    };
    let at = |position: &str| format!("style:text-position=\"{position}\"");
    let book =
        format!("<office:document-styles>{}</office:document-styles>", style("Nota", "", &at("super 58%")));
    let own = [
        style("T1", "", &at("33% 58%")),
        style("T2", "", &at("0% 100%")),
        style("T3", "style:parent-style-name=\"Nota\"", "fo:color=\"#ff0000\""),
        style("T4", "", "fo:font-weight=\"bold\""),
    ];
    let span = |style: &str, text: &str| format!("<text:span text:style-name=\"{style}\">{text}</text:span>");
    let cells = [
        format!("3{}", span("T1", "1")),
        format!("3{}", span("Nota", "(2)")),
        format!("3{}", span("T3", &span("T4", "1"))),
        format!("3{}", span("T2", "1")),
        format!("3{}1", span("T4", "1")),
        "3<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>obs</text:p></text:note-body></text:note>".to_owned(),
    ];
    let cell = |text: &str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
    };
    let row = |text: &str| format!("<table:table-row>{}{}</table:table-row>", cell("320530"), cell(text));
    let rows: String = cells.iter().map(|text| row(text)).collect();
    let head = format!("<table:table-row>{}{}</table:table-row>", cell("IBGE"), cell("Situação"));
    let content = format!(
        "<office:document-content><office:automatic-styles>{}</office:automatic-styles>\
         <table:table table:name=\"Dados\">{head}{rows}</table:table></office:document-content>",
        own.concat()
    );
    let lines = read(&zip(&[("styles.xml", book.as_bytes()), ("content.xml", content.as_bytes())])).unwrap();
    let seen: Vec<&str> = lines[1..].iter().map(|line| line.split_once('|').unwrap().1).collect();
    assert_eq!(seen, ["3", "3", "3", "31", "311", "3"]);
}

#[test]
fn a_cell_pushed_out_of_the_table_is_a_bad_line_and_a_remark_at_a_distance_is_none() {
    let cell = |text: &str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let row = |n: u8, cells: &[&str]| {
        format!("<row r=\"{n}\">{}</row>", cells.iter().map(|text| cell(text)).collect::<String>())
    };
    let rows = [
        row(1, &["IBGE", "Situação"]),
        row(2, &["320530", "", "Sim"]),
        row(3, &["320520", "Sim", "", "visto"]),
        row(4, &["", "", "só à direita"]),
        row(5, &["320500", "Sim"]),
    ];
    let original = Original::from_bytes(xlsx(&rows.concat(), TEXTS));
    let mut lines = Vec::new();
    let table = open(&original, None, None, &["IBGE"]).unwrap();
    table
        .each(&mut |row| {
            lines.push(row.map_or_else(|f| format!("{} {}", f.line, f.problem), |r| r.line.to_string()));
        })
        .unwrap();
    assert_eq!(lines, ["2 3 campos em vez de 2", "3", "5"]);
}

#[test]
fn a_sheet_of_an_ods_that_is_not_displayed_is_hidden() {
    let rows =
        "<table:table-row><table:table-cell><text:p>IBGE</text:p></table:table-cell></table:table-row>";
    let content = format!(
        "<office:document-content><office:automatic-styles><style:style style:name=\"ta2\" style:family=\"table\">\
         <style:table-properties table:display=\"false\"/></style:style></office:automatic-styles><office:body>\
         <table:table table:name=\"Velha\" table:style-name=\"ta2\">{rows}</table:table>\
         <table:table table:name=\"Nova\" table:style-name=\"ta1\">{rows}</table:table></office:body></office:document-content>"
    );
    let book = zip(&[("content.xml", content.as_bytes())]);
    assert!(read_as(&book, None, None, &["IBGE"]).is_ok());
    let shown = zip(&[("content.xml", content.replace("\"false\"", "\"true\"").as_bytes())]);
    assert!(read_as(&shown, None, None, &["IBGE"]).unwrap_err().to_string().contains("“Velha”, “Nova”"));
}

#[test]
fn a_tag_of_endless_attributes_inside_is_refused_at_once() {
    let rows = format!("<row r=\"1\"><c r=\"A1\"{}><v>1</v></c></row>", " a=\"1\"".repeat(200_000));
    let began = std::time::Instant::now();
    assert!(refusal(&xlsx(&rows, TEXTS)).contains("marca longa demais"));
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
}

#[test]
fn a_cell_in_the_farthest_corner_makes_no_room_for_the_rectangle() {
    let far = |row: u32, column: &str| {
        let rows = format!(
            "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row><row r=\"{row}\"><c r=\"{column}{row}\"><v>1</v></c></row>"
        );
        xlsx(&rows, TEXTS)
    };
    let book = far(1_048_576, "XFD");
    assert!(book.len() < 2_500, "{} bytes", book.len());
    assert!(refusal(&book).contains("longe demais"));
    assert!(read(&far(1_048_576, "A")).is_ok(), "far down alone is streamed");
    let far = xls(4, 2, &[(0, 0, "IBGE"), (65_535, 65_535, "1")]);
    assert!(refusal(&far).contains("longe demais"), "{}", refusal(&far));
    assert!(refusal(&xls(u32::MAX, 2, &[(0, 0, "IBGE")])).contains("longe demais"));
    assert!(refusal(&xls(60_000, 200, &[(0, 0, "IBGE")])).contains("linhas demais"));
    let wide = "<table:table-row><table:table-cell table:number-columns-repeated=\"4000000000\" office:value=\"1\" office:value-type=\"float\"><text:p>1</text:p></table:table-cell></table:table-row>";
    assert!(refusal(&ods(wide)).contains("longe demais"));
    let tall = "<table:table-row table:number-rows-repeated=\"4000000000\"><table:table-cell office:value-type=\"float\" office:value=\"1\"/></table:table-row>";
    assert!(refusal(&ods(tall)).contains("linhas demais"));
}

#[test]
fn a_compression_bomb_is_measured_and_refused() {
    let mut bomb = TEXTS.as_bytes().to_vec();
    bomb.resize(64 << 20, b' ');
    let book = xlsx(ROWS, std::str::from_utf8(&bomb).unwrap());
    assert!(book.len() < 100_000, "{} bytes", book.len());
    assert!(refusal(&book).contains("bomba"), "{}", refusal(&book));
    let promise = TEXTS.replace("\"3\"", "\"900000000000\"");
    assert!(refusal(&xlsx(ROWS, &promise)).contains("não tem o tamanho que declara"));
}

#[test]
fn a_part_that_is_larger_than_it_declares_is_refused() {
    let mut bomb = TEXTS.as_bytes().to_vec();
    bomb.resize(2 << 20, b' ');
    let mut book = xlsx(ROWS, std::str::from_utf8(&bomb).unwrap());
    let (real, told) = (u32::to_le_bytes(2 << 20), u32::to_le_bytes(300));
    let mut at = 0;
    while let Some(found) = book[at..].windows(4).position(|w| w == real) {
        book[at + found..at + found + 4].copy_from_slice(&told);
        at += found + 4;
    }
    let refusal = refusal(&book);
    assert!(refusal.contains("declara") || refusal.contains("danificada"), "{refusal}");
}

#[test]
fn what_is_no_sheet_is_refused_with_its_name() {
    assert!(refusal(b"<html>erro</html>").contains("HTML"));
    assert!(refusal(b"a;b\n1;2\n").contains("um texto, não uma planilha"));
    assert!(refusal(&zip(&[("leia.txt", b"oi")])).contains("ZIP que não é planilha"));
    assert!(refusal(&zip(&[("xl/workbook.bin", b"oi")])).contains("XLSB"));
    assert!(refusal(b"PK\x03\x04lixo").contains("danificada"));
    assert!(refusal(b"\xD0\xCF\x11\xE0lixo").contains("danificada"));
    let whole = xlsx(ROWS, TEXTS);
    assert!(refusal(&whole[..whole.len() / 2]).contains("danificada"));
}

fn mutated(bytes: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let len = bytes.len();
    prop::collection::vec((0..len, any::<u8>()), 0..8).prop_map(move |changes| {
        let mut bytes = bytes.clone();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_damaged_workbook_is_read_or_refused(
        xlsx in mutated(xlsx(ROWS, TEXTS)),
        xls in mutated(xls(4, 2, &[(0, 0, "IBGE"), (2, 0, "320530"), (2, 1, "x")])),
        ods in mutated(ods("<table:table-row><table:table-cell><text:p>IBGE</text:p></table:table-cell></table:table-row>")),
    ) {
        for bytes in [xlsx, xls, ods] {
            let _ = read(&bytes);
        }
    }

    #[test]
    fn arbitrary_xml_inside_is_read_or_refused(xml in "(<(/?(row|c|v|t|is|table:table-(row|cell)))( r=\"[A-Z]{1,3}[0-9]{1,7}\"| t=\"s\")?/?>|[0-9a;&]{0,3}){0,20}") {
        let _ = read(&xlsx(&xml, TEXTS));
        let _ = read(&ods(&xml));
    }
}
