//! Tags that cost more than their length, told before a tokenizer sees them. Pure.
//!
//! Tokenizers compare each attribute of a tag with those before it, so that one tag of some megabytes keeps them busy for
//! hours. The attributes of HTML are counted as the standard cuts them; where the two might differ (a script inside a
//! comment of a script) more are counted here, never fewer. A tag of XML is measured whole.

/// Most attributes of one HTML tag.
const MOST_ATTRIBUTES: u32 = 256;
/// Most bytes of one XML tag.
const LONGEST: usize = 256 * 1024;

/// A tag with more attributes, or longer, than any that means well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Endless;

/// Where in a page the last piece ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Text,
    /// Behind `<`, or `</`.
    Open {
        ends: bool,
    },
    /// In a tag's name.
    Name {
        ends: bool,
    },
    /// Where an attribute may begin.
    Before,
    Attribute,
    AfterAttribute,
    BeforeValue,
    Value,
    Quoted(char),
    /// Behind `<!`, with the dashes so far.
    Mark(u8),
    /// In a comment, with the dashes before here, or an exclamation mark behind them.
    Comment(u8),
    CommentBang,
    /// In what ends with the next `>`.
    Bogus,
    /// In text that only its own end tag ends, with how much of that has come.
    Raw(usize),
}

/// Counts the attributes of the tags of a page that comes in pieces.
#[derive(Debug)]
pub(crate) struct Attributes {
    at: At,
    name: String,
    ends: bool,
    count: u32,
}

impl Attributes {
    pub(crate) fn new() -> Self {
        Self { at: At::Text, name: String::new(), ends: false, count: 0 }
    }

    /// Takes the next piece.
    pub(crate) fn take(&mut self, text: &str) -> Result<(), Endless> {
        for c in text.chars() {
            self.at = self.after(c);
            if self.count > MOST_ATTRIBUTES {
                return Err(Endless);
            }
        }
        Ok(())
    }

    #[expect(clippy::match_same_arms, reason = "the states of the tokenizer, in the order of the standard")]
    fn after(&mut self, c: char) -> At {
        let blank = matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{C}');
        match (self.at, c) {
            (At::Text, '<') => At::Open { ends: false },
            (At::Text, _) => At::Text,
            (At::Open { ends }, c) if c.is_ascii_alphabetic() => {
                self.name.clear();
                self.name.push(c.to_ascii_lowercase());
                self.count = 0;
                self.ends = ends;
                At::Name { ends }
            }
            (At::Open { ends: false }, '/') => At::Open { ends: true },
            (At::Open { ends: false }, '!') => At::Mark(0),
            (At::Open { ends: false }, '?') => At::Bogus,
            (At::Open { ends: false }, '<') => At::Open { ends: false },
            (At::Open { ends: false }, _) | (At::Open { ends: true }, '>') => At::Text,
            (At::Open { ends: true }, _) => At::Bogus,
            (
                At::Name { .. }
                | At::Before
                | At::Attribute
                | At::AfterAttribute
                | At::BeforeValue
                | At::Value,
                '>',
            ) => self.end_of_tag(),
            (At::Name { .. }, '/') => At::Before,
            (At::Name { .. }, _) if blank => At::Before,
            (At::Name { ends }, c) => {
                if self.name.len() < 16 {
                    self.name.push(c.to_ascii_lowercase());
                }
                At::Name { ends }
            }
            (At::Before, '/') => At::Before,
            (At::Before, _) if blank => At::Before,
            (At::Attribute | At::AfterAttribute, '/') => At::Before,
            (At::Attribute | At::AfterAttribute, '=') => At::BeforeValue,
            (At::Attribute | At::AfterAttribute, _) if blank => At::AfterAttribute,
            (At::Before | At::AfterAttribute, _) => {
                self.count += 1;
                At::Attribute
            }
            (At::Attribute, _) => At::Attribute,
            (At::BeforeValue, '"' | '\'') => At::Quoted(c),
            (At::BeforeValue, _) if blank => At::BeforeValue,
            (At::BeforeValue, _) => At::Value,
            (At::Value, _) if blank => At::Before,
            (At::Value, _) => At::Value,
            (At::Quoted(quote), _) => {
                if c == quote {
                    At::Before
                } else {
                    At::Quoted(quote)
                }
            }
            (At::Mark(0), '-') => At::Mark(1),
            (At::Mark(1), '-') => At::Comment(2),
            (At::Mark(_) | At::Bogus, '>') => At::Text,
            (At::Mark(_) | At::Bogus, _) => At::Bogus,
            (At::Comment(2) | At::CommentBang, '>') => At::Text,
            (At::Comment(dashes), '-') => At::Comment((dashes + 1).min(2)),
            (At::Comment(2), '!') => At::CommentBang,
            (At::CommentBang, '-') => At::Comment(1),
            (At::Comment(_) | At::CommentBang, _) => At::Comment(0),
            (At::Raw(had), c) => self.in_raw(had, c),
        }
    }

    /// Text of a script and its like goes on to `</name` and what ends a name.
    fn in_raw(&mut self, had: usize, c: char) -> At {
        let wanted = match had {
            0 => Some('<'),
            1 => Some('/'),
            _ => self.name.as_bytes().get(had - 2).copied().map(char::from),
        };
        match wanted {
            Some(wanted) if wanted == c.to_ascii_lowercase() => At::Raw(had + 1),
            None if matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{C}' | '/' | '>') => {
                self.count = 0;
                self.ends = true;
                if c == '>' { At::Text } else { At::Before }
            }
            _ => At::Raw(usize::from(c == '<')),
        }
    }

    fn end_of_tag(&self) -> At {
        const RAW: [&str; 9] =
            ["script", "style", "xmp", "iframe", "noembed", "noframes", "noscript", "title", "textarea"];
        if !self.ends && RAW.contains(&self.name.as_str()) { At::Raw(0) } else { At::Text }
    }
}

/// Measures the tags of an XML document that comes in pieces, in any encoding whose `<` and `>` are those of ASCII.
#[derive(Debug, Default)]
pub(crate) struct Lengths {
    /// Bytes since a tag was opened.
    open: Option<usize>,
    before: u8,
}

impl Lengths {
    /// Takes the next piece.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<(), Endless> {
        for byte in bytes {
            self.open = match (self.open, *byte) {
                (_, b'>') => None,
                // Text in a CDATA section is no tag, however long.
                (_, b'!') if self.before == b'<' => None,
                (_, b'<') => Some(0),
                (Some(length), _) if length >= LONGEST => return Err(Endless),
                (open, _) => open.map(|length| length + 1),
            };
            if *byte != 0 {
                self.before = *byte;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> bool {
        let mut whole = Attributes::new();
        let told = whole.take(text).is_ok();
        // The same in pieces of one letter.
        let mut pieces = Attributes::new();
        let mut buffer = [0; 4];
        assert_eq!(told, text.chars().all(|c| pieces.take(c.encode_utf8(&mut buffer)).is_ok()), "{text:.60}");
        told
    }

    #[test]
    fn a_tag_of_endless_attributes_is_told_however_they_are_written() {
        for one in [" a", "\ta=1", "/a", " a=\"1\"", "a='x y'", " a = b"] {
            assert!(html(&format!("<td {}>", one.repeat(200))), "{one}");
            assert!(!html(&format!("<td {}>", one.repeat(300))), "{one}");
            assert!(!html(&format!("x</td{}", one.repeat(300))), "{one}");
        }
    }

    #[test]
    fn what_is_no_attribute_is_not_counted() {
        let words = " b".repeat(1_000);
        for text in [
            format!("<p>{words}"),
            format!("<!-- <p {words} -->"),
            format!("<!--><p>{words}"),
            format!("<!-- a --!><p>{words}"),
            format!("<script>for (i=0;i<n;i++) '{words}'</script><p>"),
            format!("<textarea><p {words}</textarea>"),
            format!("<img src=\"{words}\">"),
            format!("a < b{words}"),
            format!("<!DOCTYPE html{words}>"),
            "<td a b c>x</td>".repeat(1_000),
        ] {
            assert!(html(&text), "{text:.60}");
        }
    }

    #[test]
    fn a_quote_that_opens_no_value_hides_nothing() {
        let words = " b".repeat(1_000);
        assert!(!html(&format!("<p c\" {words}")));
        assert!(!html(&format!("<p \"{words}")));
        assert!(!html(&format!("<p a=b\"{words}")));
        assert!(!html(&format!("<script></script {words}")));
        assert!(!html(&format!("<!-- x --><p {words}")));
        assert!(!html(&format!("<title>x</title><p {words}")));
    }

    #[test]
    fn a_long_tag_of_xml_is_told_and_a_long_text_is_not() {
        let xml = |text: &str| Lengths::default().take(text.as_bytes()).is_ok();
        let long = "a ".repeat(LONGEST);
        assert!(xml(&format!("<t>{long}</t><t><![CDATA[{long}]]></t><!-- {long} -->")));
        assert!(!xml(&format!("<c {long}/>")));
        assert!(xml(&format!("<c {}/>", &long[..LONGEST / 2]).repeat(3)));
    }
}
