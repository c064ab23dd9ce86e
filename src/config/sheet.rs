//! A CSV file as rows of cells that know their place. UTF-8, with or without a byte order mark, or Windows-1252.

use std::ops::Range;
use std::rc::Rc;

use super::locate::{Log, Spot, Text};
use super::near::offer;

/// A file with a header.
pub(super) struct Sheet {
    text: Rc<Text>,
    header: Vec<Cell>,
    /// Rows under the header that have anything in them.
    pub(super) rows: Vec<Row>,
}

/// A row, cell by cell.
pub(super) struct Row {
    cells: Vec<Cell>,
    /// Where the row begins.
    pub(super) spot: Spot,
}

/// A cell: its text without outer blanks, and its place.
#[derive(Clone)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) spot: Spot,
}

impl Sheet {
    /// Reads a file. What makes it unreadable as a whole is a fault and gives nothing.
    pub(super) fn read(name: String, bytes: &[u8], log: &Log) -> Option<Self> {
        if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
            log.error(
                &Spot::Whole(name),
                "o arquivo está em UTF-16",
                "salve-o de novo como CSV UTF-8 separado por `;`",
            );
            return None;
        }
        let text = Rc::new(Text { name, text: decode(bytes) });
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(b';')
            .flexible(true)
            .has_headers(false)
            .from_reader(text.text.as_bytes());
        let mut rows: Vec<Row> = Vec::new();
        for record in reader.records() {
            let Ok(record) = record else {
                log.error(
                    &Spot::Whole(text.name.clone()),
                    "o arquivo não pôde ser lido como CSV",
                    "salve-o de novo como CSV separado por `;`",
                );
                return None;
            };
            let start = record.position().map_or(0, |p| usize::try_from(p.byte()).unwrap_or(usize::MAX));
            let places = places(&text.text, start);
            let end = places.last().map_or(start, |r| r.end);
            let cells: Vec<Cell> = record
                .iter()
                .enumerate()
                .map(|(place, cell)| Cell {
                    text: cell.trim().to_owned(),
                    spot: Spot::At(Rc::clone(&text), places.get(place).cloned().unwrap_or(end..end)),
                })
                .collect();
            let first = places.first().map_or(start, |r| r.start);
            if cells.iter().any(|c| !c.text.is_empty()) {
                rows.push(Row { cells, spot: Spot::At(Rc::clone(&text), first..end) });
            }
        }
        if rows.is_empty() {
            log.error(
                &Spot::Whole(text.name.clone()),
                "o arquivo está vazio",
                "a primeira linha deve ter os nomes das colunas",
            );
            return None;
        }
        let header = rows.remove(0).cells;
        let sheet = Self { text, header, rows };
        sheet.check_shape(log).then_some(sheet)
    }

    /// The names of the columns, as written.
    pub(super) fn columns(&self) -> impl Iterator<Item = &Cell> {
        self.header.iter()
    }

    /// The file as a whole.
    pub(super) fn whole(&self) -> Spot {
        Spot::Whole(self.text.name.clone())
    }

    /// Where a column is, if it is there.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|cell| cell.text == name)
    }

    /// Whether every column of these is there; says which is not.
    pub(super) fn require(&self, names: &[&str], log: &Log) -> bool {
        let mut whole = true;
        for name in names.iter().filter(|name| self.column(name).is_none()) {
            let spot = self.header.first().map_or_else(|| self.whole(), |cell| cell.spot.clone());
            log.error(
                &spot,
                format!("falta a coluna `{name}`"),
                format!("ponha `{name}` na primeira linha, separada por `;`"),
            );
            whole = false;
        }
        whole
    }

    /// Columns that nobody knows are warnings; columns that come twice, faults.
    pub(super) fn close(&self, known: &[&str], further: impl Fn(&str) -> bool, log: &Log) {
        for (place, cell) in self.header.iter().enumerate() {
            if self.header[..place].iter().any(|c| c.text == cell.text) {
                log.error(&cell.spot, format!("a coluna `{}` aparece duas vezes", cell.text), "apague uma");
            } else if !known.contains(&cell.text.as_str()) && !further(&cell.text) {
                log.warn(
                    &cell.spot,
                    format!("coluna desconhecida, que não será lida: `{}`", cell.text),
                    offer(&cell.text, known.iter().copied()),
                );
            }
        }
    }

    fn check_shape(&self, log: &Log) -> bool {
        let wide = self.header.len();
        if wide == 1 && (self.header[0].text.contains(',') || self.header[0].text.contains('\t')) {
            log.error(
                &self.header[0].spot,
                "as colunas não estão separadas por ponto e vírgula",
                "salve o arquivo como CSV separado por `;`",
            );
            return false;
        }
        // A file that was cut off ends within a row.
        if let Some(last) = self.rows.last().filter(|row| row.cells.len() < wide)
            && !self.text.text.ends_with(['\n', '\r'])
        {
            log.error(
                &last.spot,
                "o arquivo acaba no meio desta linha",
                "ele pode ter sido cortado: copie-o de novo; se está inteiro, complete a linha",
            );
        }
        for row in self.rows.iter().filter(|row| row.cells.len() != wide) {
            let here = row.cells.len();
            // Spreadsheets drop empty cells at the end of a row: those are simply empty.
            if here > wide && row.cells[wide..].iter().any(|c| !c.text.is_empty()) {
                log.error(
                    &row.cells[wide].spot,
                    format!("a linha tem {here} células, mas o cabeçalho tem {wide} colunas"),
                    "confira se há um `;` a mais; texto que contém `;` vai entre aspas",
                );
            }
        }
        true
    }
}

impl Row {
    /// The cell of a column; empty where the row is short or the column is not there.
    pub(super) fn cell(&self, column: Option<usize>) -> Cell {
        column
            .and_then(|place| self.cells.get(place).cloned())
            .unwrap_or_else(|| Cell { text: String::new(), spot: self.spot.clone() })
    }
}

impl Cell {
    /// The text, unless it could forge a line of a letter.
    pub(super) fn plain(&self, log: &Log) -> String {
        if self.text.chars().any(char::is_control) {
            log.error(
                &self.spot,
                "a célula tem quebra de linha ou caractere invisível",
                "apague-o, deixando tudo numa linha só",
            );
            return String::new();
        }
        self.text.clone()
    }
}

/// A byte order mark, then strict UTF-8, else Windows-1252.
fn decode(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_or_else(
        |_| encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
        str::to_owned,
    )
}

/// Where each cell of the record that begins at `start` lies in the file, quotes included.
fn places(text: &str, start: usize) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = start.min(bytes.len());
    while bytes.get(at).is_some_and(|b| matches!(b, b'\r' | b'\n')) {
        at += 1;
    }
    let mut cells = Vec::new();
    let mut begin = at;
    let mut quoted = false;
    loop {
        match bytes.get(at) {
            Some(b'"') => quoted = !quoted,
            Some(b';') if !quoted => {
                cells.push(begin..at);
                begin = at + 1;
            }
            Some(b'\r' | b'\n') if !quoted => break,
            None => break,
            Some(_) => {}
        }
        at += 1;
    }
    cells.push(begin..at);
    cells
}
