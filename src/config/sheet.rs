//! A CSV file as rows of cells that know their place.

use std::rc::Rc;

use super::locate::{Log, Spot, Text};
use super::near::{offer, plain};
use crate::domain::id::EmailAddress;
use crate::text::csv::{Dialect, Quotes, Record, Records};
use crate::text::encoding::Encoding;

/// A file with a header.
pub(super) struct Sheet {
    text: Rc<Text>,
    header: Vec<Cell>,
    /// Its names as they are compared: each row asks for its columns.
    plain: Vec<String>,
    /// Rows under the header that have anything in them.
    pub(super) rows: Vec<Row>,
}

/// A row, cell by cell.
pub(super) struct Row {
    cells: Vec<Cell>,
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
        let text = Rc::new(Text { name, text: Encoding::detect(bytes).decode(bytes).into_owned() });
        let dialect = Dialect::detect(text.text.as_bytes(), None, text.text.contains('\n'));
        let mut records = Records::new(text.text.as_bytes(), dialect);
        let mut rows: Vec<Row> = Vec::new();
        loop {
            match records.next() {
                Ok(Some(record)) => rows.extend(Row::read(record, &text, log)),
                Ok(None) => break,
                Err(error) => {
                    let hint = "confira se o arquivo é mesmo a planilha salva como CSV";
                    return log.refuse(&Spot::Whole(text.name.clone()), error.to_string(), hint);
                }
            }
        }
        if rows.is_empty() {
            return log.refuse(
                &Spot::Whole(text.name.clone()),
                "o arquivo está vazio",
                "a primeira linha deve ter os nomes das colunas",
            );
        }
        let header = rows.remove(0).cells;
        let plain = header.iter().map(|cell| plain(&cell.text)).collect();
        let sheet = Self { text, header, plain, rows };
        sheet.check_shape(log);
        Some(sheet)
    }

    /// The columns that have a name.
    pub(super) fn columns(&self) -> impl Iterator<Item = &Cell> {
        self.header.iter().filter(|cell| !cell.text.is_empty())
    }

    /// The file as a whole.
    pub(super) fn whole(&self) -> Spot {
        Spot::Whole(self.text.name.clone())
    }

    /// Where a column is, if it is there; capitals and accents make no other name.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        let name = plain(name);
        self.plain.iter().position(|column| *column == name)
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
        let named = |(_, cell): &(usize, &Cell)| !cell.text.is_empty();
        for (place, cell) in self.header.iter().enumerate().filter(named) {
            if self.header[..place].iter().any(|c| plain(&c.text) == plain(&cell.text)) {
                log.error(&cell.spot, format!("a coluna `{}` aparece duas vezes", cell.text), "apague uma");
            } else if !known.iter().any(|name| plain(name) == plain(&cell.text)) && !further(&cell.text) {
                log.warn(
                    &cell.spot,
                    format!("coluna desconhecida, que não será lida: `{}`", cell.text),
                    offer(&cell.text, known.iter().copied()),
                );
            }
        }
    }

    /// Addresses in columns that hold none: a cell too many or too few moved them there.
    pub(super) fn strayed(&self, holds_none: impl Fn(&str) -> bool, log: &Log) {
        for (place, column) in self.header.iter().enumerate().filter(|(_, cell)| holds_none(&cell.text)) {
            for cell in self.rows.iter().filter_map(|row| row.cells.get(place)) {
                let mut pieces = cell.text.split(|c: char| c.is_whitespace() || c == ',');
                if pieces.any(|piece| EmailAddress::parse(piece).is_ok()) {
                    log.error(
                        &cell.spot,
                        format!("há um endereço de e-mail na coluna `{}`: “{}”", column.text, cell.text),
                        "a linha tem célula a mais ou a menos; vários endereços vão numa só, separados por espaço",
                    );
                }
            }
        }
    }

    fn check_shape(&self, log: &Log) {
        let wide = self.header.len();
        // A file that was cut off ends within a row.
        let ended = self.text.text.ends_with(['\n', '\r']);
        let cut = self.rows.last().filter(|row| row.cells.len() < wide && !ended);
        if let Some(last) = cut {
            log.error(
                &last.spot,
                "o arquivo acaba no meio desta linha",
                "ele pode ter sido cortado: copie-o de novo; se está inteiro, complete a linha",
            );
        }
        let named = self.header.iter().rposition(|cell| !cell.text.is_empty()).map_or(0, |last| last + 1);
        let mut uneven = Vec::new();
        for row in &self.rows {
            let here = row.cells.len();
            if here > wide && row.cells[wide..].iter().any(|c| !c.text.is_empty()) {
                log.error(
                    &row.cells[wide].spot,
                    format!("a linha tem {here} células, mas o cabeçalho tem {wide} colunas"),
                    "confira se há um separador a mais; texto que contém o separador vai entre aspas",
                );
            } else if !(named..=wide).contains(&here) && !cut.is_some_and(|cut| std::ptr::eq(cut, row)) {
                uneven.push(row);
            }
        }
        // Some spreadsheets drop empty cells at the end of rows, whole blocks at a time: that is told in one sentence.
        if let [first, others @ ..] = &uneven[..] {
            let also = match others {
                [] => String::new(),
                [one] => format!("; também a linha {}", one.spot.line()),
                [one, ..] => format!("; também a linha {} e mais {}", one.spot.line(), others.len() - 1),
            };
            log.warn(
                &first.spot,
                format!("a linha tem {} células, e o cabeçalho {wide} colunas{also}", first.cells.len()),
                "confira se cada célula está na sua coluna; se só faltam ou sobram células vazias no fim, nada a fazer",
            );
        }
        // Excel leaves empty columns behind; with something in them they are a column whose name is missing.
        let nameless =
            |(place, _): &(usize, &Cell)| self.header.get(*place).is_some_and(|h| h.text.is_empty());
        for row in &self.rows {
            if let Some((_, cell)) =
                row.cells.iter().enumerate().filter(nameless).find(|(_, c)| !c.text.is_empty())
            {
                log.error(
                    &cell.spot,
                    format!("há texto numa coluna sem nome: “{}”", cell.text),
                    "dê um nome à coluna na primeira linha, ou apague o texto",
                );
            }
        }
    }
}

impl Row {
    /// A record as a row; absent when every cell is blank.
    fn read(record: &Record, text: &Rc<Text>, log: &Log) -> Option<Self> {
        let cell = |(value, span): (&[u8], _)| Cell {
            text: String::from_utf8_lossy(value).trim().to_owned(),
            spot: Spot::At(Rc::clone(text), span),
        };
        let cells: Vec<Cell> = record.cells().map(cell).collect();
        let spot = Spot::At(Rc::clone(text), record.span());
        let fault = match record.quotes {
            Quotes::Sound => None,
            Quotes::Stray => Some("aspas fora de lugar: não se sabe onde a célula acaba"),
            Quotes::Swallowing => Some("aspas sem par: esta linha pode ter engolido as seguintes"),
        };
        if let Some(fault) = fault {
            let hint = "confira as aspas desta linha: texto entre aspas começa e termina com uma, e as de dentro se \
                        escrevem dobradas (\"\")";
            log.error(&spot, fault, hint);
        }
        cells.iter().any(|cell| !cell.text.is_empty()).then_some(Self { cells, spot })
    }

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
