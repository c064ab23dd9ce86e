//! Pages as tables.

use super::*;
use crate::text::encoding::Encoding;
use proptest::prelude::*;

fn read(page: &[u8], heading: &str) -> Result<Vec<String>, DecodeError> {
    let original = Original::from_bytes(page);
    let table = open(&original, heading, None)?;
    let mut lines = vec![format!("{:?}", table.header())];
    table.each(&mut |row| {
        lines.extend(row.map(|r| format!("{} {}", r.line, r.cells().collect::<Vec<_>>().join("|"))).ok());
    })?;
    Ok(lines)
}

/// The ministry's state page as far as it was described: layout around, a table for each kind of unit.
const STATE: &str = "<html><head><title>RMA</title><script>if (a < b) document.write('<table><tr><td>CRAS CADSUAS');</script></head>
<body><table width=100%><tr><td>Menu</td><td>
<table border=1><thead><tr><th>IBGE<th>Munic\u{ed}pio<th>CRAS CADSUAS<th>Preenchidos</tr></thead><tbody>
<tr><td>320530<td>VIT\u{d3}RIA&nbsp;<td>12</td><td>1.012</td></tr>
<tr><td>320520</td><td>Vila<br>Velha</td><td>7</td><td>7</td>
<tr><td>IBGE<td>Munic\u{ed}pio<td>CRAS CADSUAS<td>Preenchidos
<tr><td colspan=2>Total</td><td>19</td><td>1.019</td></tbody></table>
<table><tr><th>IBGE</th><th>Munic\u{ed}pio</th><th>CREAS CADSUAS</th></tr><tr><td>320530<td>x<td>3</table>
</td></tr></table></body></html>";

#[test]
fn the_table_is_chosen_by_its_heading_among_layout_and_other_tables() {
    let wanted = [
        "Header([\"IBGE\", \"Município\", \"CRAS CADSUAS\", \"Preenchidos\"])",
        "4 320530|VITÓRIA|12|1.012",
        "5 320520|Vila Velha|7|7",
        "7 Total||19|1.019",
    ];
    assert_eq!(read(STATE.as_bytes(), "CRAS CADSUAS").unwrap(), wanted);
    assert_eq!(read(STATE.as_bytes(), "creas cadsuas").unwrap().len(), 2);
    // The same page in Windows-1252, as the ministry's servers send it.
    let windows = Encoding::WINDOWS_1252.encode(STATE).unwrap();
    assert_eq!(read(&windows, "CRAS CADSUAS").unwrap(), wanted);
}

#[test]
fn a_page_without_the_table_with_several_or_cut_in_it_is_refused() {
    let refusal = |page: &str, heading: &str| read(page.as_bytes(), heading).unwrap_err().to_string();
    assert!(refusal("<html><h1>Erro 500</h1></html>", "CRAS").contains("nenhuma tabela"));
    assert!(refusal(STATE, "CENTROPOP CADSUAS").contains("nenhuma tabela"));
    assert!(refusal(STATE, "Município").contains("2 tabelas"));
    assert!(refusal("{\"a\":1}", "x").contains("JSON, não uma página"));
    let cut = &STATE[..STATE.find("Velha").unwrap()];
    assert!(refusal(cut, "CRAS CADSUAS").contains("cortada"));
}

#[test]
fn tall_and_wide_cells_keep_the_others_in_their_columns() {
    let page =
        "<table><tr><th>a<th colspan=2>b<th>c<tr><td rowspan=2>1<td>2<td>3<td>4<tr><td>5<td>6<td>7</table>";
    let lines = read(page.as_bytes(), "a").unwrap();
    assert_eq!(lines[0], "Header([\"a\", \"b\", \"\", \"c\"])");
    assert_eq!(lines[1..], ["1 1|2|3|4", "1 1|5|6|7"]);
}

#[test]
fn a_page_that_nests_or_spans_without_end_takes_little() {
    let deep = "<table><tr><td>".repeat(100_000);
    assert!(read(deep.as_bytes(), "x").is_err());
    let wide = "<table><tr><th>x".to_owned()
        + &"<td colspan=4000000000 rowspan=4000000000>y".repeat(10_000)
        + "</table>";
    assert!(read(wide.as_bytes(), "x").is_ok());
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes, "a");
        let _ = read(&[b"<table><tr><td>a", &bytes[..]].concat(), "a");
    }

    #[test]
    fn arbitrary_tags_are_read_or_refused(
        tags in prop::collection::vec(prop::sample::select(vec![
            "<table>", "</table>", "<tr>", "</tr>", "<td>", "<th rowspan=3>", "<td colspan=2>", "a", "x ", "<script>",
            "</script>", "<!--", "-->", "<tbody>", "<p", ">", "<textarea>",
        ]), 0..40)
    ) {
        let _ = read(tags.concat().as_bytes(), "a");
    }
}
