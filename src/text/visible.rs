//! What others wrote, shown so that it steers nothing: a control or bidirectional character becomes its code. Pure.
//!
//! The code is `\u202e`, four digits and no braces: also how JSON writes it, so that what is JSON stays JSON.

use std::fmt::Write as _;

/// Whether a character moves the cursor, rings, or turns the direction in which what follows is read.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// One word or sentence on one line: blanks and line ends become one blank, what steers becomes visible.
pub fn line(text: &str) -> String {
    lines(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A whole answer: its lines and tabs stay, what else steers becomes visible. It cannot tell a forged line from a true
/// one: what others wrote goes through [`line()`] before it is put into an answer.
pub fn lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' | '\t' => out.push(c),
            '\r' if rest.peek() == Some(&'\n') => {}
            c if steers(c) => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_or_turns_a_line_is_shown_as_its_code() {
        assert_eq!(
            line("\u{1b}[2Jsim\u{7}\r\nerro:\u{202e}x\u{2066}"),
            "\\u001b[2Jsim\\u0007 erro:\\u202ex\\u2066"
        );
        assert_eq!(lines("a\r\n\tb\rc\u{9b}"), "a\n\tb\\u000dc\\u009b");
        assert_eq!(line(" São João\u{a0}d’Aliança – “nº 1” "), "São João d’Aliança – “nº 1”");
    }

    #[test]
    fn json_made_visible_means_what_it_meant() {
        let wrote = "a\u{202e}b\u{9b}c\u{7f}\n\u{1b}";
        let shown = lines(&serde_json::json!({ "motivo": wrote }).to_string());
        assert!(!shown.contains(steers), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap()["motivo"], wrote);
    }
}
