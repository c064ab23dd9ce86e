//! The catalogue: every sort of fault once, exactly as an operator sees it. Read its snapshots: is each plain and correct
//! Portuguese, and does it say what to do?

mod calendar;
mod csv;
mod feeds;
mod syntax;
mod vigia;
mod watched;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use super::*;

/// One mistake, and the configuration that has it.
struct Case {
    title: &'static str,
    sources: Sources,
}

fn case(title: &'static str, sources: Sources) -> Case {
    Case { title, sources }
}

/// The small configuration with text added to a file.
fn added(title: &'static str, file: &str, text: &str) -> Case {
    case(title, plus(file, text))
}

/// The small configuration with a file in place of its own.
fn whole(title: &'static str, file: &str, text: &str) -> Case {
    case(title, small().with(file, text.to_owned()))
}

fn production() -> String {
    format!("modo = \"producao\"\ninicio = 2026-12-01\n{VIGIA}[smtp]\nservidor = \"smtp.es.gov.br\"\n")
}

fn groups() -> [(&'static str, Vec<Case>); 6] {
    [
        ("vigia", vigia::cases()),
        ("calendario", calendar::cases()),
        ("fontes", feeds::cases()),
        ("vigiadas", watched::cases()),
        ("planilhas", csv::cases()),
        ("sintaxe", syntax::cases()),
    ]
}

#[test]
fn every_sort_of_fault_is_shown_as_the_operator_sees_it() {
    let mut sorts = BTreeSet::new();
    for (name, cases) in groups() {
        let mut page = String::new();
        for Case { title, sources } in cases {
            let found = Faults(faults(&sources));
            assert!(!found.0.is_empty(), "{name}: {title}: no fault");
            for fault in &found.0 {
                assert!(!fault.hint.is_empty(), "{title}: {}", fault.message);
                // What is quoted differs from case to case; the sort of fault is what is left.
                sorts.insert(without_quoted(&fault.message));
            }
            let _ = writeln!(page, "# {title}\n\n{}", found.render(false));
        }
        insta::assert_snapshot!(format!("catalogue_{name}"), page);
    }
    assert!(sorts.len() >= 60, "{} sorts of fault", sorts.len());
}

fn without_quoted(message: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in message.chars() {
        match c {
            '“' | '`' if !inside => inside = true,
            '”' | '`' if inside => inside = false,
            c if !inside && !c.is_ascii_digit() => out.push(c),
            _ => {}
        }
    }
    out
}

/// The texts of the sources that become messages and hints, each as the pieces around what is put in.
fn texts_of_faults(source: &str) -> Vec<Vec<String>> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found = Vec::new();
    for call in ["log.error(", "log.warn(", "log.push("] {
        for (at, _) in code.match_indices(call) {
            let mut depth = 1;
            let arguments: String = code[at + call.len()..]
                .chars()
                .take_while(|c| {
                    depth += i32::from(*c == '(') - i32::from(*c == ')');
                    depth > 0
                })
                .collect();
            found.extend(
                literals(&arguments).into_iter().filter(|text| text.contains(' ')).map(|t| pieces(&t)),
            );
        }
    }
    found
}

/// String literals, escapes read.
fn literals(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut chars = code.chars();
    while let Some(c) = chars.next() {
        if c != '"' {
            continue;
        }
        let mut text = String::new();
        while let Some(c) = chars.next() {
            match c {
                '"' => break,
                '\\' => match chars.next() {
                    Some('n') => text.push('\n'),
                    Some(other) => text.push(other),
                    None => break,
                },
                c => text.push(c),
            }
        }
        found.push(text);
    }
    found
}

/// `o prazo ({on}) cai` is `o prazo (` and `) cai`; `{{` is a brace.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('{', Some('{')) | ('}', Some('}')) => {
                chars.next();
                pieces.last_mut().unwrap().push(c);
            }
            ('{', _) => {
                chars.by_ref().find(|c| *c == '}');
                pieces.push(String::new());
            }
            _ => pieces.last_mut().unwrap().push(c),
        }
    }
    pieces
}

fn is_shown(pieces: &[String], text: &str) -> bool {
    let mut rest = text;
    pieces.iter().all(|piece| match rest.split_once(piece.as_str()) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

#[test]
fn no_sort_of_fault_is_missing_from_the_catalogue() {
    let cases = groups().into_iter().flat_map(|(_, cases)| cases);
    let shown: Vec<Fault> = cases.flat_map(|case| faults(&case.sources)).collect();
    let room = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config");
    let mut missing = Vec::new();
    for entry in std::fs::read_dir(room).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "rs") {
            continue;
        }
        for text in texts_of_faults(&std::fs::read_to_string(&path).unwrap()) {
            let seen = shown.iter().any(|f| is_shown(&text, &f.message) || is_shown(&text, &f.hint));
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            // The one that says that no other was said.
            if !seen && !text[0].starts_with("desfaça a última mudança") {
                missing.push(format!("{name}: {}", text.join("…")));
            }
        }
    }
    assert!(missing.is_empty(), "{} texts that no case shows:\n{}", missing.len(), missing.join("\n"));
}

#[test]
fn the_search_for_texts_finds_them() {
    let code = "log.error(&spot, format!(\"a {x} b\"), \"c d {{}}\"); log.warn(&s, message, \"e f\"); other(\"g h\")";
    let expected = [vec!["a ", " b"], vec!["c d {}"], vec!["e f"]];
    assert_eq!(
        texts_of_faults(code),
        expected.map(|pieces| pieces.into_iter().map(str::to_owned).collect::<Vec<_>>())
    );
    assert!(is_shown(&["a ".to_owned(), " b".to_owned()], "a 7 b") && !is_shown(&["a ".to_owned()], "b"));
}
