//! When two words are the same word, to people who type them and to sources that write them. Pure.

/// Blanks as people see them: also the no-break space and the invisible marks that spreadsheets leave.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\u{FEFF}' | '\u{200B}' | '\u{200E}' | '\u{200F}')
}

/// Without outer blanks. A cell of blanks only is an empty one.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// A lower-case letter without the accents that Portuguese writes; any other character as it is.
pub fn unaccented(c: char) -> char {
    match c {
        'á' | 'à' | 'â' | 'ã' | 'ä' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        other => other,
    }
}

/// Lower case without accents, whether they are part of the letter or follow it; all else as it is.
pub fn plain(text: &str) -> impl Iterator<Item = char> {
    let lower = text.chars().flat_map(char::to_lowercase);
    lower.filter(|c| !('\u{300}'..='\u{36F}').contains(c)).map(unaccented)
}

/// The form in which two words are compared: without case, accents, outer blanks, and with inner blanks as one.
pub fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in plain(trimmed(text)) {
        if !is_blank(c) {
            out.push(c);
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out
}

/// At most `most` characters, for showing what a file says without keeping all of it.
pub fn excerpt(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
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

    #[test]
    fn an_excerpt_is_cut_between_characters() {
        assert_eq!((excerpt("ação", 2), excerpt("ação", 4)), ("aç…".to_owned(), "ação".to_owned()));
    }
}
