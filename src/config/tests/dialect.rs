//! `unidades.csv` rewritten in whatever dialect it is: the law that nothing but the proposed cells changes, for all that
//! is read.

use proptest::prelude::*;

use super::rewrite::{register, units};
use crate::config::rewrite;
use crate::domain::register::{Edit, Proposal, UnitColumn, propose};
use crate::text::encoding::Encoding;

/// How a file may be saved.
#[derive(Debug, Clone, Copy)]
enum Saved {
    Utf8,
    Utf8Marked,
    Windows,
    Utf16Little,
    Utf16Big,
}

impl Saved {
    const ALL: [Self; 5] = [Self::Utf8, Self::Utf8Marked, Self::Windows, Self::Utf16Little, Self::Utf16Big];

    fn bytes(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Utf8Marked => [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
            Self::Windows => Encoding::WINDOWS_1252.encode(text).unwrap(),
            Self::Utf16Little => {
                [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
            }
            Self::Utf16Big => {
                [0xFE, 0xFF].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect()
            }
        }
    }
}

/// A cell, and how it is written; a cell that was changed may be written with quotes or without.
#[derive(Debug, Clone)]
struct Cell {
    value: String,
    written: Vec<String>,
}

/// What a file is made of, one after the other.
#[derive(Debug, Clone)]
enum Piece {
    Text(String),
    Row(Vec<Cell>),
}

/// A file as a spreadsheet may have saved it.
#[derive(Debug, Clone)]
struct File {
    saved: Saved,
    delimiter: char,
    end: &'static str,
    pieces: Vec<Piece>,
}

impl File {
    fn text(&self) -> String {
        let row = |cells: &Vec<Cell>| {
            cells.iter().map(|c| c.written[0].as_str()).collect::<Vec<_>>().join(&self.delimiter.to_string())
        };
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Row(cells) => row(cells),
        };
        self.pieces.iter().map(piece).collect()
    }

    fn rows(&mut self) -> impl Iterator<Item = &mut Vec<Cell>> {
        self.pieces.iter_mut().filter_map(|piece| match piece {
            Piece::Row(cells) => Some(cells),
            Piece::Text(_) => None,
        })
    }

    fn place(&mut self, column: UnitColumn) -> usize {
        let letters = |text: &str| text.to_lowercase().replace('-', "");
        let heading = self.rows().next().unwrap();
        heading.iter().position(|cell| letters(&cell.value) == column.as_str()).unwrap_or_else(|| {
            heading.push(self::cell(column.as_str()));
            heading.len() - 1
        })
    }

    /// The file as it must be after an edit.
    fn edit(&mut self, edit: &Edit) {
        let id = self.place(UnitColumn::Id);
        match edit {
            Edit::Set { unit, column, value } => {
                let place = self.place(*column);
                let own = |cells: &&mut Vec<Cell>| {
                    cells.get(id).is_some_and(|c| c.value.trim_end_matches(".0") == unit.as_str())
                };
                let row = self.rows().skip(1).find(own).unwrap();
                if row.len() <= place && value.is_empty() {
                    return;
                }
                while row.len() <= place {
                    row.push(Cell { value: String::new(), written: vec![String::new()] });
                }
                row[place] = cell(value);
            }
            Edit::Add(cells) => {
                let places: Vec<(usize, &String)> = cells.iter().map(|(c, v)| (self.place(*c), v)).collect();
                let wide = self.rows().next().unwrap().len();
                let value = |at| places.iter().find(|(place, _)| *place == at).map_or("", |(_, v)| v);
                let ended = matches!(self.pieces.last(), Some(Piece::Text(text)) if !text.is_empty());
                let before = Piece::Text(if ended { String::new() } else { self.end.to_owned() });
                let row = Piece::Row((0..wide).map(|at| cell(value(at))).collect());
                self.pieces.extend([before, row, Piece::Text(self.end.to_owned())]);
            }
        }
    }

    /// A last row without a line end is never left short of a column that was added.
    fn complete(&mut self) {
        let wide = self.rows().next().unwrap().len();
        if let Some(Piece::Row(last)) = self.pieces.last_mut() {
            last.resize(wide.max(last.len()), Cell { value: String::new(), written: vec![String::new()] });
        }
    }

    /// Whether a text is this file, to the letter.
    fn is(&self, mut text: &str) -> bool {
        let mut strip = |written: &[String]| {
            // The longest first: an empty cell begins every other.
            let rest = written.iter().rev().find_map(|w| text.strip_prefix(w.as_str()));
            text = rest.unwrap_or(text);
            rest.is_some()
        };
        let whole = self.pieces.iter().all(|piece| match piece {
            Piece::Text(between) => strip(std::slice::from_ref(between)),
            Piece::Row(cells) => cells
                .iter()
                .enumerate()
                .all(|(at, cell)| (at == 0 || strip(&[self.delimiter.to_string()])) && strip(&cell.written)),
        });
        whole && text.is_empty()
    }
}

/// A cell that was changed.
fn cell(value: &str) -> Cell {
    Cell { value: value.to_owned(), written: vec![value.to_owned(), quoted(value)] }
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('"', "\"\""))
}

/// A cell as found: between quotes where it must be, or where somebody wanted it.
fn found(value: &str, delimiter: char, wanted: bool) -> Cell {
    let must = value.starts_with('"') || value.contains([delimiter, '\r', '\n']);
    let written = if must || wanted { quoted(value) } else { value.to_owned() };
    Cell { value: value.to_owned(), written: vec![written] }
}

/// The rows of a file, each with the choices of how it is written.
fn rows() -> impl Strategy<Value = Vec<([&'static str; 9], u16, bool, u8)>> {
    let pick = prop::sample::select::<&'static str>;
    let row = (
        pick(vec!["", "CRAS Um", "CRAS São João", "a\"b", "\"Dois\"; e meio", "x, y|z", "  Três "]),
        pick(vec!["", "x@y.gov.br", "x@y.gov.br z@y.gov.br"]),
        pick(vec!["", "27 3333", "(27) 3333-1111"]),
        pick(vec!["", "01/02/2020", "2020-01-01"]),
        pick(vec!["", "2026-01-31"]),
        pick(vec!["", "ção", "um\ndois", "um\r\ndois", "\"", ";,\t|", "a\"\"b", "\n"]),
        pick(vec!["3205309", "3205200"]),
        any::<u16>(),
        any::<bool>(),
        0..6_u8,
    );
    prop::collection::vec(row, 0..6).prop_map(|rows| {
        let row = |(name, email, telephone, from, until, note, ibge, quotes, short, blank)| {
            (["", ibge, "CRAS", name, email, telephone, from, until, note], quotes, short, blank)
        };
        rows.into_iter().map(row).collect()
    })
}

fn file() -> impl Strategy<Value = File> {
    let headings = ["id", "ibge", "parte", "nome", "email", "telefone", "desde", "ate", "nota, interna"];
    let loud = ["ID", "IBGE", "Parte", "NOME", "E-mail", "Telefone", "Desde", "ATE", "nota, interna"];
    (
        prop::sample::select(&Saved::ALL[..]),
        prop::sample::select(vec![';', ',', '\t', '|']),
        prop::sample::select(vec!["\n", "\r\n", "\r"]),
        // The order of the columns, and how many of those that may be left out are there.
        Just([0, 1, 2, 3, 4, 5, 6, 7, 8].to_vec()).prop_shuffle(),
        prop::collection::vec(any::<bool>(), 9),
        (any::<bool>(), any::<bool>(), any::<bool>(), any::<u16>(), 0..4_u8),
        rows(),
    )
        .prop_map(move |(saved, delimiter, end, order, there, how, rows)| {
            let (named, spelled, ended, quotes, blank) = how;
            let columns: Vec<usize> = order.into_iter().filter(|c| *c < 4 || there[*c]).collect();
            let wanted = |quotes: u16, at: usize| quotes >> at & 1 == 1;
            let mut pieces = Vec::new();
            if named {
                pieces.push(Piece::Text(format!("sep={delimiter}{end}")));
            }
            if blank == 1 {
                pieces.push(Piece::Text(end.to_owned()));
            }
            let heading = if spelled { headings } else { loud };
            pieces.push(Piece::Row(
                columns.iter().map(|at| found(heading[*at], delimiter, wanted(quotes, *at))).collect(),
            ));
            let count = rows.len();
            for (n, (values, quotes, short, blank)) in rows.into_iter().enumerate() {
                let id = if n % 3 == 1 { format!("{n}.0") } else { n.to_string() };
                pieces.push(Piece::Text(end.repeat(1 + usize::from(blank == 1))));
                if blank == 2 {
                    pieces.push(Piece::Text(format!("{}{end}", delimiter.to_string().repeat(3))));
                }
                let value = |at: usize| if at == 0 { id.as_str() } else { values[at] };
                let mut cells: Vec<Cell> =
                    columns.iter().map(|at| found(value(*at), delimiter, wanted(quotes, *at))).collect();
                // Cut off at the end, a row that is short would be taken for a file that is.
                if short && (ended || n + 1 < count) {
                    while cells.last().is_some_and(|cell| cell.value.is_empty()) {
                        cells.pop();
                    }
                }
                pieces.push(Piece::Row(cells));
            }
            if ended {
                pieces.push(Piece::Text(end.repeat(1 + usize::from(blank == 2))));
            }
            // Without a line end in it, a file says nothing of how its lines end.
            let between = |piece: &Piece| matches!(piece, Piece::Text(text) if text.contains(end));
            let end = if pieces.iter().any(between) { end } else { "\n" };
            let mut file = File { saved, delimiter, end, pieces };
            if file.text().is_ascii() && matches!(saved, Saved::Windows) {
                // Nobody can tell.
                file.saved = Saved::Utf8;
            }
            file
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn in_every_dialect_only_the_proposed_cells_change_and_nothing_more_is_to_do(
        file in file(),
        register in register(),
    ) {
        let before = file.saved.bytes(&file.text());
        let registers = [register];
        let proposals = propose(&units(&before), &registers);
        let edits: Vec<Edit> = proposals.iter().map(Proposal::edit).collect();
        let after = rewrite(Some(&before), &edits).unwrap();
        let mut expected = file.clone();
        for edit in &edits {
            expected.edit(edit);
        }
        expected.complete();
        let text = Encoding::detect(&after).decode_whole(&after).unwrap();
        prop_assert_eq!(&file.saved.bytes(&text), &after, "the encoding stays");
        prop_assert!(expected.is(&text), "{:?} became {:?} by {:?}", file.text(), text, edits);
        prop_assert_eq!(propose(&units(&after), &registers), [], "{:?}", text);
        prop_assert_eq!(rewrite(Some(&before), &[]), Ok(before), "nothing to do changes nothing");
    }
}
