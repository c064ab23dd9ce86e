//! When two words are the same word, to people who type them and to sources that write them. Pure.

use super::id::unaccented;

/// Blanks as people see them: also the no-break space and the invisible marks that spreadsheets leave.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\u{FEFF}' | '\u{200B}' | '\u{200E}' | '\u{200F}')
}

/// Without outer blanks. A cell of blanks only is an empty one.
#[must_use]
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// The form in which two words are compared: without case, accents, outer blanks, and with inner blanks as one.
#[must_use]
pub fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in trimmed(text).chars() {
        if is_blank(c) {
            if !out.ends_with(' ') {
                out.push(' ');
            }
        } else if !('\u{300}'..='\u{36F}').contains(&c) {
            out.extend(c.to_lowercase().map(unaccented));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_without_case_accents_or_outer_blanks() {
        assert_eq!(folded(" \u{A0}MUNICÍPIO  de\tAfonso Cláudio "), "municipio de afonso claudio");
        assert_eq!(folded("Munici\u{301}pio"), folded("Município"));
        assert_eq!(trimmed("\u{FEFF} Sim \r"), "Sim");
    }
}
