//! Where a failure told in prose ends and the copy of our letter begins. Pure.
//!
//! The copy names every address of the letter, also those that took it.

use super::plain_words;

/// Lines that announce the copy, in lower case without accents.
const ANNOUNCED: [&str; 17] = [
    "below this line is a copy",
    "below is a copy",
    "this is a copy of the",
    "copy of the original",
    "copy of your message",
    "original message header",
    "header of the original message",
    "headers of the original message",
    "original message follow",
    "message headers follow",
    "message header follow",
    "unsent message follow",
    "-- original message",
    "-- mensagem original",
    "mensagem original a seguir",
    "copia da mensagem",
    "returned message",
];

/// Headings of the copy that are no part of a sentence.
const HEADED: [&str; 4] = ["cabecalhos", "original message", "mensagem original", "message headers"];

/// Headers by which a letter begins.
const HEADERS: [&str; 16] = [
    "return-path",
    "received",
    "dkim-signature",
    "message-id",
    "date",
    "from",
    "to",
    "cc",
    "subject",
    "reply-to",
    "references",
    "in-reply-to",
    "mime-version",
    "content-type",
    "auto-submitted",
    "x-mailer",
];

/// The longest heading.
const LONGEST_HEADING: usize = 60;

/// What stands before the copy, less single lines that look like its headers: a sentence may quote a `To:`, folded over
/// both addresses, of which one is innocent.
pub(super) fn before(prose: &str) -> String {
    let lines: Vec<&str> = prose.lines().collect();
    let mut out = String::with_capacity(prose.len());
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        if at > 0 && announces(line) {
            break;
        }
        let end = header_end(&lines, at);
        if end == at {
            out.push_str(line);
            out.push('\n');
            at += 1;
        } else if header_end(&lines, end) > end {
            break;
        } else {
            at = end;
        }
    }
    out
}

fn announces(line: &str) -> bool {
    let words = plain_words(line.get(..100.min(line.len())).unwrap_or_default());
    let bare = words.trim_matches(|c: char| !c.is_alphanumeric());
    ANNOUNCED.iter().any(|mark| words.contains(mark))
        || (bare.len() <= LONGEST_HEADING && HEADED.iter().any(|mark| bare.starts_with(mark)))
}

/// Where the header that begins at a line ends, its folds included; the line itself where it is none.
fn header_end(lines: &[&str], at: usize) -> usize {
    let name = lines.get(at).and_then(|line| line.split_once(':')).map(|(name, _)| name.to_ascii_lowercase());
    if !name.is_some_and(|name| HEADERS.contains(&name.as_str())) {
        return at;
    }
    let folds =
        lines[at + 1..].iter().take_while(|line| line.starts_with([' ', '\t']) && !line.trim().is_empty());
    at + 1 + folds.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_is_cut_whether_or_not_it_is_announced() {
        let copy = "Message-ID: <x@y>\nTo: a@b.br,\n c@b.br\n\nPrezados c@b.br\n";
        for announced in ["", "Below is a copy of the original message:\n\n", "--- Mensagem original ---\n"] {
            assert_eq!(
                before(&format!("a@b.br falhou\n{announced}{copy}")),
                "a@b.br falhou\n",
                "{announced}"
            );
        }
    }

    #[test]
    fn a_quoted_header_is_left_out_with_its_folds_and_what_follows_stands() {
        assert_eq!(before("x\nTo: a@b.br,\n c@b.br\n\na@b.br: no\n"), "x\n\na@b.br: no\n");
        assert_eq!(before("Your original message is lost\nMore\n"), "Your original message is lost\nMore\n");
    }
}
