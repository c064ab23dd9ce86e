//! Pages as tables.

use std::fmt::Write as _;

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
fn a_pager_beside_the_table_or_alone_in_a_row_tells_that_it_is_a_part() {
    let table = "<table><tr><th>IBGE<th>Nome</tr><tr><td>1<td>1 a 5 de 9</tr>FOOT</table>";
    let page = |before: &str, after: &str, foot: &str| {
        let page = format!("<html><body>{before}{}{after}</body></html>", table.replace("FOOT", foot));
        let original = Original::from_bytes(page);
        open(&original, "IBGE", None).unwrap().part_by().map(str::to_owned)
    };
    let of = |text: &str| Some(text.to_owned());
    let shown = "<div>Mostrando <b>1</b> a <b>50</b> de <b>78</b> registros <a href='?p=2'>Próximo</a></div>";
    assert_eq!(page("", shown, ""), of("diz que mostra 1 a 50 de 78"));
    assert_eq!(page("<p>Página 2 de 3</p>", "", ""), of("diz que é a página 2 de 3"));
    let row = "<tr><td colspan=2>Exibindo 1-50 de 78 itens</tr>";
    assert_eq!(page("", "", row), of("diz que mostra 1 a 50 de 78"));
    let layout = page("<table><tr><td>", "<p>Página 1 de 2</td></tr></table>", "");
    assert_eq!(layout, of("diz que é a página 1 de 2"));
    let hidden =
        "<div style='display:none'>Mostrando 1 a 50 de 78 registros</div><script>'Página 1 de 2'</script>";
    assert_eq!(page("<p>Mostrando 1 a 78 de 78 registros</p>", hidden, ""), None);
}

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

#[test]
fn a_heading_of_several_rows_is_laid_out_with_its_spans_and_its_lowest_row_names_the_columns() {
    let page = "<table><tr><th rowspan=2>IBGE</th><th rowspan=2>CRAS</th><th colspan=3>2026</th></tr>\n\
                <tr><th>Ago</th><th>Set</th><th>Out</th></tr>\n<tr><td>320530</td><td>3</td><td>1</td><td>2</td><td>3</td></tr>\n\
                <tr><th rowspan=2>IBGE</th><th rowspan=2>CRAS</th><th colspan=3>2026</th></tr>\n\
                <tr><th>Ago</th><th>Set</th><th>Out</th></tr>\n<tr><td>320520</td><td>1</td><td>0</td><td>0</td><td>1</td></tr></table>";
    let wanted =
        ["Header([\"IBGE\", \"CRAS\", \"Ago\", \"Set\", \"Out\"])", "3 320530|3|1|2|3", "6 320520|1|0|0|1"];
    for heading in ["Out", "IBGE", "2026"] {
        assert_eq!(read(page.as_bytes(), heading).unwrap(), wanted, "{heading}");
    }
}

#[test]
fn a_heading_ends_with_its_group_of_rows_and_tall_cells_reach_into_no_other() {
    let page = "<table><thead><tr><th rowspan=3>IBGE<th>CRAS</thead><tbody><tr><td>320530<td>3<tr><td rowspan=0>320520<td>1<tr><td>2</tbody>\
                <tfoot><tr><td>Total<td>6</tfoot></table>";
    assert_eq!(
        read(page.as_bytes(), "CRAS").unwrap(),
        ["Header([\"IBGE\", \"CRAS\"])", "1 320530|3", "1 320520|1", "1 320520|2", "1 Total|6"]
    );
}

#[test]
fn a_tall_cell_behind_a_gap_ends_where_it_ends() {
    let page = "<table><tr><th>a<th>b<th>c<th>d<tr><td>1<td>2<td>3<td rowspan=2>x<tr><td>4<tr><td>5<td>6<td>7<td>8</table>";
    assert_eq!(read(page.as_bytes(), "a").unwrap()[1..], ["1 1|2|3|x", "1 4|||x", "1 5|6|7|8"]);
}

/// The cell of a row under “n” whose content this is.
fn seen(content: &str) -> String {
    let page = format!("<table><tr><th>n<th>m<tr>{content}<td>fim</table>");
    read(page.as_bytes(), "n").unwrap_or_default().get(1).cloned().unwrap_or_default()
}

#[test]
fn a_footnote_mark_is_no_part_of_the_number() {
    for cell in [
        "3<sup>1</sup>",
        "3<sup>(1)</sup>",
        "3 <sup>*</sup>",
        "3<sup>b</sup>",
        "3<a href=\"#n\"><sup>1, 2</sup></a>",
        "3<sub>1</sub>",
        "<sup>1</sup>3",
        "3<sup>1",
    ] {
        assert_eq!(seen(&format!("<td>{cell}</td>")), "1 3|fim", "{cell}");
    }
    assert_eq!(seen("<td>1<sup>o</sup> CRAS</td>"), "1 1o CRAS|fim", "an ordinal is no mark");
    assert_eq!(seen("<td><sup>3</sup></td>"), "1 3|fim", "all that there is to see");
}

#[test]
fn a_row_with_a_cell_missing_or_too_many_is_a_bad_line() {
    let page = "<table><tr><th>IBGE<th>Nome<th>CRAS<th>Feitos</tr>\n\
                <tr><td>320530<td>3<td>3</tr>\n<tr><td>320520<td>Vila Velha<td><td>3<td>3</tr>\n\
                <tr><td colspan=4>Região Norte</tr>\n<tr><td>320500<td rowspan=2>Serra<td>1<td>1</tr>\n\
                <tr><td>320501<td>1<td>0<td></tr>\n<tr><td>Total<td>7</tr></table>";
    let original = Original::from_bytes(page);
    let (mut lines, mut rows) = (Vec::new(), Vec::new());
    let table = open(&original, "CRAS", None).unwrap();
    table
        .each(&mut |row| match row {
            Ok(row) => lines.push(format!("{} {}", row.line, row.cells().collect::<Vec<_>>().join("|"))),
            Err(fault) => {
                lines.push(format!("{} {}", fault.line, fault.problem));
                rows.extend(fault.row.and_then(|row| row.cells().next().map(str::to_owned)));
            }
        })
        .unwrap();
    let wanted = [
        "2 3 campos em vez de 4",
        "3 5 campos em vez de 4",
        "4 Região Norte|||",
        "5 320500|Serra|1|1",
        "6 320501|Serra|1|0|",
        "7 2 campos em vez de 4",
    ];
    assert_eq!(lines, wanted, "after spans are laid out; a blank cell too many does no harm");
    assert_eq!(rows, ["320530", "320520", "Total"]);
}

#[test]
fn hidden_text_is_no_part_of_a_cell_and_what_is_hidden_from_screen_readers_is() {
    for hidden in [
        "<span style=\"display:none\">0003</span>",
        "<span style=\"color: red; DISPLAY : none !important\">0003</span>",
        "<div hidden>000<div>3</div></div>",
        "<span style=\"visibility:hidden\">0003</span>",
        "<b class=\"x sr-only\">0003</b>",
        "<template>0003</template>",
        "<p hidden>0003<p>",
        "<div hidden><table><tr><td>0003</td></tr></table></div>",
        "<table hidden><tr><td>0003</table>",
    ] {
        assert_eq!(seen(&format!("<td>{hidden}3</td>")), "1 3|fim", "{hidden}");
        assert_eq!(seen(&format!("<td>3{hidden}")), "1 3|fim", "{hidden}");
    }
    assert_eq!(seen("<td>3<span hidden>1</td>"), "1 3|fim", "its end never comes");
    assert_eq!(seen("<td><span aria-hidden=true>3</span></td>"), "1 3|fim");
    assert_eq!(seen("<td hidden>9</td><td>3</td>"), "1 3|fim", "a cell that is not there");
    assert_eq!(seen("<td style=\"visibility:hidden\">9</td>"), "1 |fim", "one that is blank");
    assert_eq!(seen("<td>9<td>m<tr hidden><td>8<td>7<tr><td>3"), "1 9|m", "a row that is not there");
}

#[test]
fn a_hidden_table_is_not_counted_and_several_that_fit_are_named() {
    let table = "<table><tr><th>IBGE<tr><td>320530</table>";
    let page =
        format!("<p>x</p><div style=\"display:none\">{table}</div><table hidden><tr><th>IBGE</table>{table}");
    assert_eq!(read(page.as_bytes(), "IBGE").unwrap().len(), 2);
    let several = format!("{table}<table><tr><td>menu</table>{table}");
    let refused = read(several.as_bytes(), "IBGE").unwrap_err().to_string();
    assert!(refused.contains("2 tabelas") && refused.contains("(1ª, 3ª)"), "{refused}");
}

#[test]
fn a_tag_of_200_000_attributes_is_refused_at_once() {
    let mut page = "<table><tr><th>IBGE<td".to_owned();
    for n in 0..200_000 {
        let _ = write!(page, " a{n}=1");
    }
    page.push_str(">x</table>");
    let began = std::time::Instant::now();
    let refused = read(page.as_bytes(), "IBGE").unwrap_err().to_string();
    assert!(refused.contains("atributos demais"), "{refused}");
    assert!(began.elapsed().as_secs_f32() < 1.0, "{:?}", began.elapsed());
}

#[test]
fn many_tables_that_fit_are_refused_in_no_time() {
    let page = "<table><tr><th>x</table>".repeat(100_000);
    let began = std::time::Instant::now();
    assert!(read(page.as_bytes(), "x").unwrap_err().to_string().contains("100000 tabelas"));
    assert!(began.elapsed().as_secs_f32() < 20.0, "{:?}", began.elapsed());
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
