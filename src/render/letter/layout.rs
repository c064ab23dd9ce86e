//! The width of the text part. Pure.

/// Columns of a line of text; links and words longer than that stand on lines of their own.
const WIDTH: usize = 76;

/// Wraps every line at [`WIDTH`] columns, lists with a hanging indent. Lines indented by four blanks or more (text to
/// paste) are left alone. Runs of empty lines become one; the text ends with a line break.
pub(super) fn text(rendered: &str) -> String {
    let mut out = String::with_capacity(rendered.len() + rendered.len() / 40);
    let mut empty = 0_usize;
    for line in rendered.lines().map(str::trim_end) {
        if line.is_empty() {
            empty += 1;
            continue;
        }
        if empty > 0 && !out.is_empty() {
            out.push('\n');
        }
        empty = 0;
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
    fn long_lines_wrap_and_links_stay_whole() {
        let link = format!("<https://example.org/{}>", "x".repeat(90));
        let text =
            text(&format!("{} é: {link}.\n\n\n- {}\n", "palavra ".repeat(12).trim(), "item ".repeat(20)));
        assert!(text.contains(&link));
        assert!(text.lines().all(|l| l.chars().count() <= WIDTH || l.contains("https://")), "{text}");
        assert!(text.contains("\n  item"), "a list hangs");
        assert!(!text.contains("\n\n\n"));
    }

    #[test]
    fn text_to_paste_is_left_alone() {
        let toml = format!("    fonte = \"{}\"\n", "uma fonte ".repeat(12));
        assert_eq!(text(&toml), toml.trim_end().to_owned() + "\n");
    }
}
