//! A list of objects inside a JSON document as a table, one object at a time.
//!
//! Read twice: first for the names of all fields, since an object without a field leaves its name out, then for the
//! rows. The line of a row is its place in the list. Of what stands outside the list only that is looked at by which an answer
//! says that it is a part (`partial`).

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{BufReader, Read};

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::error::Category;

use super::body::{Original, Reader};
use super::error::DecodeError;
use super::kind::{Due, refuse_other_kinds};
use super::partial::PartSigns;
use super::table::{Header, MOST_COLUMNS, RowFault, RowProblem, Table, TableRow};

/// Most bytes of one object.
const LARGEST: usize = 4 * 1024 * 1024;

/// Opens the list at a path; an empty path is the document itself.
pub(crate) fn open<'a>(original: &'a Original, path: &'a [String]) -> Result<Table<'a>, DecodeError> {
    table(original, path, None).map(|(table, found)| table.part(found.sign))
}

/// What stands beside a list.
pub(crate) struct BesideList {
    /// The number that was asked for.
    pub(crate) number: Option<u64>,
    /// By what the answer says that it is not whole.
    pub(crate) sign: Option<String>,
}

/// Opens the list at a path, and reads the number that stands `beside` it under that key.
pub(crate) fn table<'a>(
    original: &'a Original,
    path: &'a [String],
    beside: Option<&'a str>,
) -> Result<(Table<'a>, BesideList), DecodeError> {
    refuse_other_kinds(&original.head(4_096)?, Due::Json)?;
    let mut names: BTreeSet<String> = BTreeSet::new();
    let found = walk(original, path, beside, &mut |item| {
        if names.len() <= MOST_COLUMNS {
            flat(item, &mut |name, _| {
                if !names.contains(name) {
                    names.insert(name.to_owned());
                }
            });
        }
    })?;
    let header = Header::new(names.iter().cloned());
    let table = Table::new(header, move |take| {
        let mut row = TableRow::new(0);
        let mut line = 0;
        walk(original, path, None, &mut |item| {
            line += 1;
            row.restart(line);
            if !item.is_object() {
                return take(Err(RowFault::new(line, RowProblem::NoObject)));
            }
            let mut cells: BTreeMap<String, String> = BTreeMap::new();
            flat(item, &mut |name, text| {
                cells.insert(name.to_owned(), text);
            });
            for name in &names {
                row.push(cells.get(name).map_or("", String::as_str));
            }
            if !row.is_empty() {
                take(Ok(&row));
            }
        })
        .map(|_| ())
    })?;
    Ok((table, found))
}

/// The fields of an object, those of objects inside it as `outer.inner`. A list is its texts, parted by commas.
fn flat(item: &Value, each: &mut dyn FnMut(&str, String)) {
    fn go(name: &str, value: &Value, each: &mut dyn FnMut(&str, String)) {
        match value {
            Value::Object(fields) => {
                for (key, inner) in fields {
                    let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                    go(&name, inner, each);
                }
            }
            value => each(name, text(value)),
        }
    }
    if item.is_object() {
        go("", item, each);
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// Gives every item of the list; answers what stands beside it.
fn walk(
    original: &Original,
    path: &[String],
    beside: Option<&str>,
    each: &mut dyn FnMut(&Value),
) -> Result<BesideList, DecodeError> {
    let mut source = original.open();
    if original.head(3)? == b"\xEF\xBB\xBF" {
        source.seek_relative(3)?;
    }
    let spent = Cell::new(0);
    let mut document = serde_json::Deserializer::from_reader(Metered { source, spent: &spent });
    let signs = PartSigns::default();
    let mut walked = Walked { each, spent: &spent, found: false, beside, number: None, items: 0, signs };
    let read = At { path, walked: &mut walked }.deserialize(&mut document).and_then(|()| document.end());
    let (found, number, items) = (walked.found, walked.number, walked.items);
    match read {
        Ok(()) if found => Ok(BesideList { number, sign: walked.signs.sign(items) }),
        Ok(()) => Err(DecodeError::NoList(path.join("."))),
        Err(error) => Err(match error.classify() {
            Category::Io => {
                error.io_error_kind().map_or(DecodeError::Json { line: error.line() }, DecodeError::Disk)
            }
            Category::Data if !found => DecodeError::NoList(path.join(".")),
            Category::Data | Category::Syntax | Category::Eof => DecodeError::Json { line: error.line() },
        }),
    }
}

/// Counts what one object takes, and stops when that is more than any row.
struct Metered<'c> {
    source: BufReader<Reader>,
    spent: &'c Cell<usize>,
}

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.spent.set(self.spent.get().saturating_add(read));
        if self.spent.get() > LARGEST {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        Ok(read)
    }
}

/// What a walk found.
struct Walked<'w> {
    each: &'w mut dyn FnMut(&Value),
    spent: &'w Cell<usize>,
    found: bool,
    beside: Option<&'w str>,
    number: Option<u64>,
    items: u64,
    signs: PartSigns,
}

/// The list at a path from here.
struct At<'p, 'q, 'w> {
    path: &'p [String],
    walked: &'q mut Walked<'w>,
}

impl<'de> DeserializeSeed<'de> for At<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, document: D) -> Result<(), D::Error> {
        if self.path.is_empty() { document.deserialize_seq(self) } else { document.deserialize_map(self) }
    }
}

impl<'de> Visitor<'de> for At<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.path.is_empty() { "a list" } else { "an object" })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.walked.found = true;
        self.walked.spent.set(0);
        while let Some(item) = items.next_element::<Value>()? {
            self.walked.items += 1;
            (self.walked.each)(&item);
            self.walked.spent.set(0);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let Some((key, rest)) = self.path.split_first() else { return Err(A::Error::custom("no list")) };
        while let Some(name) = fields.next_key::<String>()? {
            self.walked.spent.set(0);
            if name == *key {
                fields.next_value_seed(At { path: rest, walked: &mut *self.walked })?;
            } else if rest.is_empty() && self.walked.beside == Some(name.as_str()) {
                self.walked.number = fields.next_value::<Value>()?.as_u64();
            } else if PartSigns::is_asked(&name) {
                let value = fields.next_value::<Value>()?;
                self.walked.signs.note(&name, &value);
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path(text: &str) -> Vec<String> {
        text.split('.').filter(|k| !k.is_empty()).map(str::to_owned).collect()
    }

    fn read(text: &[u8], at: &str) -> Result<Vec<String>, DecodeError> {
        let (original, path) = (Original::from_bytes(text), path(at));
        let table = open(&original, &path)?;
        let mut lines = vec![format!("{:?}", table.header())];
        table.each(&mut |row| {
            lines.push(match row {
                Ok(row) => format!("{} {:?}", row.line, row.cells().collect::<Vec<_>>()),
                Err(fault) => format!("{} {}", fault.line, fault.problem),
            });
        })?;
        Ok(lines)
    }

    #[test]
    fn fields_of_objects_are_columns_and_an_omitted_key_is_a_blank_cell() {
        let text = "\u{FEFF}{\"x\":[{}],\"dados\":{\"itens\":[{\"ibge\":320530,\"unidade\":{\"id\":32012098154,\"ok\":true}},\n\
                    {\"ibge\":320530.0,\"st\":null},{\"ibge\":\"3205309\",\"st\":[\"a\",1]},7]}}";
        assert_eq!(
            read(text.as_bytes(), "dados.itens").unwrap(),
            [
                "Header([\"ibge\", \"st\", \"unidade.id\", \"unidade.ok\"])",
                "1 [\"320530\", \"\", \"32012098154\", \"true\"]",
                "2 [\"320530.0\", \"\", \"\", \"\"]",
                "3 [\"3205309\", \"a, 1\", \"\", \"\"]",
                "4 o item não é um objeto com campos"
            ]
        );
        assert_eq!(read(b"[{\"a\":1}]", "").unwrap().len(), 2);
    }

    #[test]
    fn what_is_not_the_list_is_refused_with_its_reason() {
        let refusal = |text: &[u8], at: &str| read(text, at).unwrap_err().to_string();
        assert!(
            refusal(b"<!DOCTYPE html><html><body>erro</body>", "a")
                .contains("HTML ou um documento XML, não um JSON")
        );
        assert!(refusal(b"", "a").contains("vazio"));
        for text in
            [&b"{\"erro\":\"indispon\xC3\xADvel\"}"[..], b"{\"a\":null}", b"{\"a\":{\"b\":1}}", b"[]", b"{}"]
        {
            assert!(refusal(text, "a").contains("lista em “a”"), "{text:?}");
        }
        assert!(refusal(b"{\"a\":[{\"x\":1},{\"x\":", "a").contains("cortado"));
        assert!(refusal(b"{\"a\":[{\"x\":1}]} x", "a").contains("malformado"));
        assert!(refusal(b"{\"a\":[{\"x\":\"Munic\xEDpio\"}]}", "a").contains("malformado"));
    }

    #[test]
    fn a_list_that_is_said_to_be_a_part_is_known_for_one() {
        let sign = |text: &str, at: &str| {
            let (original, path) = (Original::from_bytes(text), path(at));
            open(&original, &path).unwrap().part_by().map(str::to_owned)
        };
        let two = r#"[{"a":1},{"a":2}]"#;
        for text in [
            format!(r#"{{"count":78,"next":"https://x/api?page=2","l":{two}}}"#),
            format!(r#"{{"l":{two},"totalElements":78}}"#),
            format!(r#"{{"l":{two},"last":false}}"#),
        ] {
            assert!(sign(&text, "l").is_some(), "{text}");
        }
        let deep = format!(r#"{{"meta":{{"total":3}},"d":{{"total":2,"l":{two}}}}}"#);
        assert_eq!(sign(&deep, "d.l").unwrap(), "traz “total” igual a 3, e a lista tem 2");
        assert_eq!(sign(&format!(r#"{{"count":2,"next":null,"l":{two}}}"#), "l"), None);
        assert_eq!(sign(two, ""), None);
    }

    #[test]
    fn an_object_that_never_ends_is_not_held() {
        let mut text = b"{\"a\":[{\"x\":\"".to_vec();
        text.resize(3 * LARGEST, b'a');
        assert!(matches!(read(&text, "a"), Err(DecodeError::Disk(std::io::ErrorKind::FileTooLarge))));
        let deep = "[".repeat(100_000);
        assert!(matches!(read(deep.as_bytes(), ""), Err(DecodeError::Json { .. })));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes, "a");
            let _ = read(&[b"{\"a\":[", &bytes[..]].concat(), "a");
        }
    }
}
