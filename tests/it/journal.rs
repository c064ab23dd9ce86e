//! `docs/journal.md`, the journal's reference: written from the enum itself, and never by hand.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use vigia_suas::domain::journal::{Entry, Field, PARTS};

/// Set to anything, it has the page written instead of compared.
const WRITE: &str = "WRITE_JOURNAL_PAGE";

const HEAD: &str = "# The journal's entries

Written from `src/domain/journal/mod.rs` by `WRITE_JOURNAL_PAGE=1 cargo test --test it -- journal`; do not edit.

Each entry is one JSON object in the column `body` of the table `journal`: `formato` first, then every field in the \
order given here, `null` where there is nothing to tell. `vigia-suas --json livro` prints it as `dados`, and byte for byte as `corpo`. Beside it stand \
the entry's place (`seq`), its instant (`at`, milliseconds), the first word of its format (`kind`), what it is about \
(`subject`), the window and the municipality if it is about one, and two hashes. An entry's hash is the SHA-256 of the \
hash before, place, instant, kind, subject, window, municipality and body, in this order, each preceded by its length \
in bytes as eight bytes, the most significant first; what is absent is empty.

The number at the end of a format is the version of its fields. A format never changes: other fields are another \
version, and older ones can be read for ever. *Since* is the version of the program that first wrote it.
";

/// A type as a reader of the stored object needs it.
fn shape(declared: &str) -> String {
    let declared = declared.replace(' ', "");
    let inside = |outer: &str| declared.strip_prefix(outer).and_then(|rest| rest.strip_suffix('>'));
    if let Some(inner) = inside("Option<") {
        return format!("{} or null", shape(inner));
    }
    if let Some(inner) = inside("Vec<") {
        return format!("list of {}", shape(inner));
    }
    if let Some(part) = PARTS.iter().find(|part| part.name == declared) {
        return format!("[{}](#{})", part.name, part.name.to_lowercase());
    }
    let word = match declared.as_str() {
        "bool" => "true or false",
        "u16" | "u32" | "u64" => "number",
        "Text<Timestamp>" => "instant (RFC 3339, UTC)",
        "Text<Date>" => "day (`2026-12-31`)",
        "BTreeMap<String,String>" => "object of texts",
        _ => "text",
    };
    word.to_owned()
}

fn table(out: &mut String, fields: &[Field]) {
    out.push_str("\n| field | type | meaning |\n|---|---|---|\n");
    for field in fields {
        let _ = writeln!(out, "| `{}` | {} | {} |", field.name, shape(field.shape), field.meaning.trim());
    }
}

fn page() -> String {
    let mut out = HEAD.to_owned();
    for form in Entry::FORMS {
        let _ = writeln!(out, "\n## `{}`\n\n{} Since {}.", form.name, form.meaning.trim(), form.since);
        table(&mut out, form.fields);
    }
    out.push_str("\n# Objects within entries\n");
    for part in PARTS {
        let _ = writeln!(out, "\n## {}\n\n{}", part.name, part.meaning.trim());
        table(&mut out, part.fields);
    }
    out
}

#[test]
fn the_reference_page_of_the_journal_says_what_the_enum_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/journal.md");
    if std::env::var_os(WRITE).is_some() {
        fs::write(&path, page()).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page(),
        "docs/journal.md is out of date: write it again with {WRITE}=1 cargo test --test it -- journal"
    );
}
