//! TOML as the program writes it for people. Pure.

use std::fmt::Write as _;

/// A text as TOML writes it in one line (TOML 1.0, basic strings), between its quotes.
pub fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_is_read_back_as_it_was() {
        for text in ["", "São José", "\"a\" \\ b", "linha\noutra\t\u{0}\u{7f}\u{85}", "\u{202e}”"] {
            let line = format!("x = {}", quoted(text));
            let read: toml_edit::DocumentMut = line.parse().unwrap();
            assert_eq!(read["x"].as_str(), Some(text), "{line}");
        }
    }
}
