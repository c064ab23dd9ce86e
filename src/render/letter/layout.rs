//! The text part: one line a paragraph, as clients of any width fold it; and the same folded for a terminal. Pure.

/// Columns of a line on a terminal; links and words longer than that stand on lines of their own.
const WIDTH: usize = 76;

/// Runs of empty lines become one; the text ends with a line break. A paragraph stays one line: a telephone folds it
/// at thirty columns and a desktop at ninety, and no sentence of the norm is cut.
pub(super) fn text(rendered: &str) -> String {
    let mut out = String::with_capacity(rendered.len());
    let mut empty = false;
    for line in rendered.lines().map(str::trim_end) {
        if line.is_empty() {
            empty = true;
            continue;
        }
        if empty && !out.is_empty() {
            out.push('\n');
        }
        empty = false;
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// A letter's text folded at 76 columns for a terminal, lists with a hanging indent. Lines indented by four blanks or
/// more (text to paste) are left alone.
pub fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 40);
    for line in text.lines() {
        wrap(line, &mut out);
    }
    out
}

/// An HTML document without the empty lines that optional paragraphs leave.
pub(super) fn html(rendered: &str) -> String {
    let mut out = String::with_capacity(rendered.len());
    for line in rendered.lines().map(str::trim_end).filter(|l| !l.is_empty()) {
        out.push_str(line);
        out.push('\n');
    }
    out
}

fn wrap(line: &str, out: &mut String) {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let content = &line[indent..];
    let hanging = indent + if content.starts_with("- ") { 2 } else { 0 };
    if line.chars().count() <= WIDTH || (indent >= 4 && !content.starts_with("- ")) {
        out.push_str(line);
        out.push('\n');
        return;
    }
    out.push_str(&line[..indent]);
    let mut column = indent;
    let mut first = true;
    for word in content.split(' ').filter(|w| !w.is_empty()) {
        let width = word.chars().count();
        if !first && column + 1 + width > WIDTH {
            out.push('\n');
            out.push_str(&" ".repeat(hanging));
            column = hanging;
        } else if !first {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
        first = false;
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_fold_and_links_stay_whole() {
        let link = format!("<https://example.org/{}>", "x".repeat(90));
        let text =
            folded(&format!("{} é: {link}.\n\n- {}\n", "palavra ".repeat(12).trim(), "item ".repeat(20)));
        assert!(text.contains(&link));
        assert!(text.lines().all(|l| l.chars().count() <= WIDTH || l.contains("https://")), "{text}");
        assert!(text.contains("\n  item"), "a list hangs");
        let toml = format!("    fonte = \"{}\"", "uma fonte ".repeat(12));
        assert_eq!(folded(&toml), format!("{toml}\n"));
    }

    #[test]
    fn a_paragraph_is_one_line_and_empty_lines_do_not_pile_up() {
        let long = "palavra ".repeat(40);
        assert_eq!(text(&format!("\n{long}\n\n\n\nfim")), format!("{}\n\nfim\n", long.trim_end()));
    }
}
