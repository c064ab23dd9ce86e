//! Blocks of header fields, as reports and returned letters have them. Pure.

use super::one_line;

/// How many fields are read.
const MOST_FIELDS: usize = 2_000;
const LONGEST_VALUE: usize = 1_000;

/// One block: names in lower case, values on one line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first field of that name that says anything.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, value)| n == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }
}

/// The blocks of a text, parted by empty lines. A second `Final-Recipient` begins a block even where the empty line is
/// missing. Lines that are no fields are left out.
pub(super) fn blocks(text: &str) -> Vec<Fields> {
    let mut blocks: Vec<Fields> = Vec::new();
    let mut open: Vec<(String, String)> = Vec::new();
    let mut total = 0;
    for line in text.lines() {
        if line.trim().is_empty() {
            part(&mut blocks, &mut open);
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = open.last_mut()
                && value.len() < LONGEST_VALUE
            {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = field(line) {
            total += 1;
            if total > MOST_FIELDS {
                break;
            }
            if name == "final-recipient" && open.iter().any(|(known, _)| *known == name) {
                part(&mut blocks, &mut open);
            }
            open.push((name, value));
        }
    }
    part(&mut blocks, &mut open);
    blocks
}

fn part(blocks: &mut Vec<Fields>, open: &mut Vec<(String, String)>) {
    if !open.is_empty() {
        let clean = |(name, value): (String, String)| (name, one_line(&value, LONGEST_VALUE));
        blocks.push(Fields(open.drain(..).map(clean).collect()));
    }
}

fn field(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim_end();
    let fits = !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic());
    fits.then(|| (name.to_ascii_lowercase(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_unfolded_and_parted() {
        let text =
            "A: 1\r\n 2\r\nnothing\r\n\r\n\r\nfinal-recipient: x\r\nStatus : 5\r\nFinal-Recipient: y\r\n";
        let blocks = blocks(text);
        assert_eq!(blocks.len(), 3);
        assert_eq!(blocks[0].get("a"), Some("1 2"));
        assert_eq!(blocks[1].get("status"), Some("5"));
        assert_eq!(blocks[2].get("final-recipient"), Some("y"));
    }
}
