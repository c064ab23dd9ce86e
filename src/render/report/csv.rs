//! The report as CSV that a spreadsheet opens safely. Pure.
//!
//! `;` between cells, UTF-8 with a byte order mark, CRLF after each row. A cell that a spreadsheet would take for a
//! formula gets an apostrophe in front.

use jiff::Timestamp;

use crate::domain::calendar::{Calendar, Deadline};
use crate::domain::id::{FeedId, PartId, UnitId};
use crate::plan::summary::{CallLine, PartLine, WindowSummary};
use crate::text::visible;

use super::super::because::{self, because, part_name};
use super::super::portuguese as pt;
use super::text::letter_words;

/// The mark by which a spreadsheet knows UTF-8.
const BOM: char = '\u{feff}';

/// Columns of [`csv()`].
const COLUMNS: [&str; 20] = [
    "janela",
    "sistema",
    "edicao",
    "prazo",
    "ibge",
    "municipio",
    "regiao",
    "situacao_municipio",
    "parte",
    "parte_nome",
    "situacao",
    "motivo",
    "unidades_pendentes",
    "unidades",
    "dados_de",
    "fonte",
    "observacao",
    "cartas",
    "retidos",
    "conhecido_em",
];

/// Columns of [`call_list_csv`].
const CALL_COLUMNS: [&str; 14] = [
    "janela",
    "ordem",
    "lista",
    "ibge",
    "municipio",
    "papel",
    "titular",
    "telefone",
    "dados_de",
    "pendente",
    "nao_confirmado",
    "porque",
    "telefonemas",
    "conhecido_em",
];

/// One row for each part of each municipality, with every fact; a municipality without parts has one row too.
pub fn csv(summaries: &[WindowSummary], calendar: &Calendar) -> String {
    let rows = summaries.iter().map(|summary| csv_rows(summary, calendar));
    std::iter::once(csv_heading()).chain(rows).collect()
}

/// Its first row.
#[must_use]
pub fn csv_heading() -> String {
    heading(&COLUMNS)
}

/// Its rows of one window. What each row of a municipality has before its part and behind it is made once.
#[must_use]
pub fn csv_rows(summary: &WindowSummary, calendar: &Calendar) -> String {
    let zone = &calendar.hours.zone;
    let (mut out, mut of_window, mut before, mut behind) =
        (String::new(), String::new(), String::new(), String::new());
    cells([summary.window.as_str(), &summary.system], &mut of_window);
    let known_at = pt::short_instant(summary.at, zone);
    // The rows of a load have one instant.
    let mut told = None;
    for line in &summary.lines {
        before.clone_from(&of_window);
        let (edition, municipality) = (line.edition.to_string(), line.municipality.to_string());
        let (deadline, state) = (day_and_time(line.deadline), line.state.to_string());
        cells([&edition, &deadline, &municipality, &line.name, &line.region, &state], &mut before);
        let letters: Vec<String> = line.letters.iter().map(|l| letter_words(l, calendar)).collect();
        let withheld: Vec<String> =
            line.kept_back_by().into_iter().map(|why| because(why, calendar)).collect();
        let rehearsed = if summary.rehearsal && !letters.is_empty() { "ENSAIO: " } else { "" };
        behind.clear();
        cells([&format!("{rehearsed}{}", letters.join(" | ")), &withheld.join(" | ")], &mut behind);
        put(&known_at, &mut behind);
        let parts = line.parts.iter().map(Some).chain(line.parts.is_empty().then_some(None));
        for part in parts {
            out.push_str(&before);
            match part {
                Some(part) => part_cells(part, &mut told, calendar, &mut out),
                None => cells([""; 9], &mut out),
            }
            out.push_str(&behind);
            out.push_str("\r\n");
        }
    }
    out
}

/// The call lists, the most urgent first within each window.
pub fn call_list_csv(summaries: &[WindowSummary], calendar: &Calendar) -> String {
    let mut out = heading(&CALL_COLUMNS);
    for summary in summaries {
        for (index, line) in summary.call_list.iter().enumerate() {
            call_row(summary, index + 1, line, calendar, &mut out);
        }
    }
    out
}

/// What is known of a part; `told` is the instant that was written last, as it was.
fn part_cells(
    part: &PartLine,
    told: &mut Option<(Timestamp, String)>,
    calendar: &Calendar,
    out: &mut String,
) {
    let as_of = match part.as_of {
        None => "",
        Some(at) => {
            if told.as_ref().is_none_or(|(last, _)| *last != at) {
                *told = Some((at, pt::short_instant(at, &calendar.hours.zone)));
            }
            told.as_ref().map_or("", |(_, as_of)| as_of)
        }
    };
    let units: Vec<&str> = part.units.iter().map(UnitId::as_str).collect();
    cells(
        [
            part.part.as_str(),
            &part_name(&part.part, calendar),
            &part.state.to_string(),
            &part.doubt.map(|doubt| because::doubt(&doubt, calendar)).unwrap_or_default(),
            &part.units.len().to_string(),
            &units.join(" "),
            as_of,
            part.feed.as_ref().map_or("", FeedId::as_str),
            part.wording.as_deref().unwrap_or_default(),
        ],
        out,
    );
}

fn call_row(summary: &WindowSummary, order: usize, line: &CallLine, calendar: &Calendar, out: &mut String) {
    let zone = &calendar.hours.zone;
    let named = |parts: &[PartId]| -> Vec<String> { parts.iter().map(|p| part_name(p, calendar)).collect() };
    let reasons: Vec<String> = line.because.iter().map(|r| because::call_reason(r, calendar)).collect();
    let calls: Vec<String> = line.tried.iter().map(|note| because::call(note, calendar)).collect();
    row(
        &[
            summary.window.to_string(),
            order.to_string(),
            because::call_list(line.purpose()).to_owned(),
            line.municipality.to_string(),
            line.name.clone(),
            line.role.as_ref().map(ToString::to_string).unwrap_or_default(),
            line.holder.clone(),
            telephone(&line.telephone),
            line.as_of.map(|at| pt::short_instant(at, zone)).unwrap_or_default(),
            pt::list(&named(&line.owes)),
            pt::list(&named(&line.unconfirmed)),
            reasons.join(" "),
            calls.join(" | "),
            pt::short_instant(summary.at, zone),
        ],
        out,
    );
}

/// `05/12/2023 12:00`, or `a definir`.
pub(in crate::render) fn day_and_time(deadline: Option<Deadline>) -> String {
    deadline.map_or_else(|| "a definir".to_owned(), |d| format!("{} {}", pt::date(d.on), pt::time(d.at)))
}

/// A telephone that a spreadsheet keeps as text: digits alone would lose their zero, so they are parted as people part
/// them, `(27) 3333-3333`; what is no number of this country gets a hard blank in front.
pub(in crate::render) fn telephone(number: &str) -> String {
    let digits = number.trim();
    if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit()) {
        return number.to_owned();
    }
    let bare = digits.strip_prefix('0').unwrap_or(digits);
    match (bare.get(..2), bare.len()) {
        (Some(area), 10) => format!("({area}) {}-{}", &bare[2..6], &bare[6..]),
        (Some(area), 11) => format!("({area}) {}-{}", &bare[2..7], &bare[7..]),
        (_, 8) => format!("{}-{}", &bare[..4], &bare[4..]),
        _ => format!("\u{a0}{digits}"),
    }
}

/// A table's first row, behind the mark by which a spreadsheet knows UTF-8.
pub(in crate::render) fn heading(columns: &[&str]) -> String {
    let mut out = String::from(BOM);
    row(&columns.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>(), &mut out);
    out
}

/// One row of cells.
pub(in crate::render) fn row(cells: &[String], out: &mut String) {
    row_with(cells, None, out);
}

/// The same with a number that we counted ourselves at one place: it needs no guard, and a spreadsheet may sort by it.
pub(in crate::render) fn row_with(cells: &[String], number: Option<(usize, i64)>, out: &mut String) {
    for (index, text) in cells.iter().enumerate() {
        if index > 0 {
            out.push(';');
        }
        match number {
            Some((place, number)) if place == index => out.push_str(&number.to_string()),
            Some(_) | None => put(text, out),
        }
    }
    out.push_str("\r\n");
}

/// Cells behind which others come.
fn cells<const N: usize>(texts: [&str; N], out: &mut String) {
    for text in texts {
        put(text, out);
        out.push(';');
    }
}

/// Puts one cell. Of millions nearly all are plain and go as they are.
fn put(text: &str, out: &mut String) {
    if is_plain(text) { out.push_str(text) } else { out.push_str(&cell(text)) }
}

/// Whether a text shows itself: ASCII that is printed and means nothing here, and the letters of Portuguese (U+00C0 to
/// U+00FF, which begin with C3), none of which steers.
fn is_plain(text: &str) -> bool {
    let shows = |byte: u8| matches!(byte, b' '..=b'~' | 0x80..=0xbf | 0xc3) && byte != b';' && byte != b'"';
    !text.starts_with(['=', '+', '-', '@', ' ']) && text.bytes().all(shows)
}

/// One cell: never a formula, nothing that turns what is read, quoted where it must be.
fn cell(text: &str) -> String {
    let formula = |text: &str| text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let shown = visible::lines(text);
    let text = if formula(text) || formula(text.trim_start()) { format!("'{shown}") } else { shown };
    if text.contains([';', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{cell, put, telephone};

    proptest! {
        #[test]
        fn a_cell_that_goes_as_it_is_is_the_one_that_was_made(text in "[ -~\u{80}-\u{120}\t\r\n\u{2028}\u{202e}]{0,4}") {
            let mut out = String::new();
            put(&text, &mut out);
            prop_assert_eq!(out, cell(&text));
        }
    }

    #[test]
    fn no_telephone_is_a_number() {
        assert_eq!(telephone("2733333333"), "(27) 3333-3333");
        assert_eq!(telephone("027999990000"), "(27) 99999-0000");
        assert_eq!(telephone("33333333"), "3333-3333");
        assert_eq!(telephone("190"), "\u{a0}190");
        assert_eq!(telephone("(27) 3333-3333 r. 2"), "(27) 3333-3333 r. 2");
    }

    #[test]
    fn no_cell_is_a_formula() {
        for hostile in ["=1+1", "+55 27", "-1", "@SUM(A1)", "\tx", "\r=1", "  =1"] {
            assert!(cell(hostile).trim_start_matches('"').starts_with('\''), "{hostile:?}");
        }
        assert_eq!(cell("=HYPERLINK(\"x\";\"y\")"), "\"'=HYPERLINK(\"\"x\"\";\"\"y\"\")\"");
        assert_eq!(cell("Vitória"), "Vitória");
        assert_eq!(cell("a\u{202e}b\u{1b}"), "a\\u202eb\\u001b", "nothing turns what is read");
        assert_eq!(cell("a;b"), "\"a;b\"");
        assert_eq!(cell("a\"b\nc"), "\"a\"\"b\nc\"");
    }
}
