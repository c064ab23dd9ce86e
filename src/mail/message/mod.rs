//! A letter's exact bytes (RFC 5322, RFC 2045). Pure: the same content always gives the same bytes.
//!
//! No value of a roster or a template can add a header: control characters and line separators become blanks, whatever
//! is not plain ASCII is encoded whole, and identifiers are refused unless they have their one shape.
//!
//! Written here and not by lettre's builder: it puts 99 characters on a line where RFC 2047 allows 76, and these bytes
//! must not change with a library's version.

mod encode;
pub mod read;
#[cfg(test)]
mod tests;

pub use read::{header, plain_text, table};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::id::EmailAddress;
use crate::domain::notice::Recipient;
use crate::domain::secretariat::Secretariat;

/// The longest line that mail may have (RFC 5322 §2.1.1).
const LONGEST_LINE: usize = 998;
/// The longest boundary (RFC 2046 §5.1.1) less our mark and the sign of an outer one.
const LONGEST_BOUNDARY: usize = 69 - BOUNDARY_MARK.len();
/// `=_` cannot stand in quoted-printable text (RFC 2045 §6.7), so no body can hold the boundary.
const BOUNDARY_MARK: &str = "=_";

/// What a message says, before it is bytes.
#[derive(Debug, Clone, Copy)]
pub struct MessageContent<'a> {
    /// Who writes: `From` and `Reply-To`.
    pub from: &'a Secretariat,
    /// Every address that it goes to; all stand in `To`, each once.
    pub to: &'a [Recipient],
    /// Its Message-ID as [`super::token::message_id`] makes it, brackets included.
    pub message_id: &'a str,
    /// Message-IDs of earlier letters of the same window to the same municipality, oldest first.
    pub references: &'a [String],
    /// When it was written.
    pub date: Timestamp,
    /// The zone that `Date` shows (`fuso`).
    pub zone: &'a TimeZone,
    /// Subject, as text.
    pub subject: &'a str,
    /// The letter as plain text; any line ending.
    pub text: &'a str,
    /// The letter as HTML; any line ending.
    pub html: &'a str,
    /// A table that goes with it: its file's name, of ASCII letters, digits, dots and hyphens, and its text as CSV.
    pub table: Option<(&'a str, &'a str)>,
    /// Asks for a read receipt (RFC 8098). It goes where failures go: some programs answer only when both
    /// addresses are one.
    pub read_receipt: bool,
}

/// Why a message cannot be written. Displayed to operators, so in Portuguese.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// `to` is empty.
    #[error("a carta não tem destinatário")]
    NoRecipient,
    /// A Message-ID that is not `<left@right>` in printable ASCII.
    #[error("“{0}” não é um Message-ID")]
    MessageId(String),
    /// A date that no calendar shows.
    #[error("a data da carta não pode ser escrita")]
    Date,
    /// A header whose line no relay would take.
    #[error("a carta teria uma linha de {0} caracteres; o máximo é 998")]
    LongLine(usize),
}

/// Writes the message: CRLF everywhere, ASCII only, multipart/alternative with text first; where a table goes with it,
/// that stands behind, in multipart/mixed.
///
/// # Errors
/// [`MessageError`]: nobody to write to, or an identifier that is not one.
pub fn compose(content: &MessageContent<'_>) -> Result<Vec<u8>, MessageError> {
    if content.to.is_empty() {
        return Err(MessageError::NoRecipient);
    }
    for id in content.references.iter().map(String::as_str).chain([content.message_id]) {
        check_id(id)?;
    }
    let date = jiff::fmt::rfc2822::to_string(&content.date.to_zoned(content.zone.clone()))
        .map_err(|_| MessageError::Date)?;
    let mut head = Head::default();
    head.add("Date", &date);
    head.add("From", &sender(content.from));
    head.add("Reply-To", content.from.reply_to.as_str());
    head.add("To", &everybody(content.to));
    head.add("Subject", &encode::unstructured(&one_line(content.subject), "Subject: ".len()));
    head.add("Message-ID", content.message_id);
    if let Some(last) = content.references.last() {
        head.add("In-Reply-To", last);
        head.add("References", &content.references.join("\r\n "));
    }
    head.add("Auto-Submitted", "auto-generated");
    // Exchange heeds this one, and not the one above.
    head.add("X-Auto-Response-Suppress", "All");
    if content.read_receipt {
        head.add("Disposition-Notification-To", content.from.returns_to.as_str());
    }
    let boundary = boundary(content.message_id);
    head.add("MIME-Version", "1.0");
    let alternative = format!("multipart/alternative;\r\n boundary=\"{boundary}\"");
    // No Message-ID has an equals sign: neither boundary begins like the other.
    let outer = format!("{BOUNDARY_MARK}={}", boundary.strip_prefix(BOUNDARY_MARK).unwrap_or(&boundary));
    if content.table.is_some() {
        head.add("Content-Type", &format!("multipart/mixed;\r\n boundary=\"{outer}\""));
    } else {
        head.add("Content-Type", &alternative);
    }

    let mut message = head.0;
    if content.table.is_some() {
        for piece in ["\r\n--", &outer, "\r\nContent-Type: ", &alternative, "\r\n"] {
            message.push_str(piece);
        }
    }
    for (kind, body) in [("plain", content.text), ("html", content.html)] {
        let mut head = Head::default();
        head.add("Content-Type", &format!("text/{kind}; charset=utf-8"));
        head.add("Content-Transfer-Encoding", "quoted-printable");
        let body = encode::quoted_printable(&tidy(body));
        for piece in ["\r\n--", &boundary, "\r\n", &head.0, "\r\n", &body] {
            message.push_str(piece);
        }
    }
    for piece in ["\r\n--", &boundary, "--\r\n"] {
        message.push_str(piece);
    }
    if let Some((name, table)) = content.table {
        let mut head = Head::default();
        head.add("Content-Type", "text/csv; charset=utf-8");
        head.add("Content-Disposition", &format!("attachment;\r\n filename=\"{}\"", file_name(name)));
        head.add("Content-Transfer-Encoding", "quoted-printable");
        let body = encode::quoted_printable(&tidy(table));
        for piece in ["\r\n--", &outer, "\r\n", &head.0, "\r\n", &body, "\r\n--", &outer, "--\r\n"] {
            message.push_str(piece);
        }
    }
    match message.split("\r\n").map(str::len).max() {
        Some(longest) if longest > LONGEST_LINE => Err(MessageError::LongLine(longest)),
        _ => Ok(message.into_bytes()),
    }
}

/// Header lines, in the order in which they were added.
#[derive(Default)]
struct Head(String);

impl Head {
    /// Adds a header whose value is already in its final form.
    fn add(&mut self, name: &str, value: &str) {
        for piece in [name, ": ", value, "\r\n"] {
            self.0.push_str(piece);
        }
    }
}

/// `Name <address>`, or the address alone.
fn sender(secretariat: &Secretariat) -> String {
    let (name, address) = (one_line(&secretariat.sender_name), &secretariat.sender);
    if name.is_empty() {
        return address.to_string();
    }
    let name = encode::phrase(&name, "From: ".len());
    let last_line = name.rsplit("\r\n").next().map_or(0, str::len) + "From: ".len();
    let fold = if last_line + address.as_str().len() + 3 > 76 { "\r\n" } else { "" };
    format!("{name}{fold} <{address}>")
}

/// Every address once, one to a line, so that no list outgrows a line.
fn everybody(recipients: &[Recipient]) -> String {
    let mut addresses: Vec<&EmailAddress> = Vec::with_capacity(recipients.len());
    for recipient in recipients {
        if !addresses.contains(&&recipient.address) {
            addresses.push(&recipient.address);
        }
    }
    addresses.iter().map(|address| address.as_str()).collect::<Vec<_>>().join(",\r\n ")
}

fn check_id(id: &str) -> Result<(), MessageError> {
    let inner =
        id.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).and_then(|rest| rest.split_once('@'));
    let printable = |side: &str| {
        !side.is_empty()
            && side
                .bytes()
                .all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'@' | b'(' | b')' | b'"'))
    };
    match inner {
        Some((left, right)) if printable(left) && printable(right) => Ok(()),
        _ => Err(MessageError::MessageId(id.to_owned())),
    }
}

/// Made from the Message-ID, so that a letter composed again has the same bytes.
fn boundary(message_id: &str) -> String {
    let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let id: String = message_id.chars().filter(fits).take(LONGEST_BOUNDARY).collect();
    format!("{BOUNDARY_MARK}{id}")
}

/// A name that needs no encoding and leads nowhere.
fn file_name(name: &str) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '-' };
    name.chars().map(fits).take(100).collect()
}

/// LF at each end of line and at the end, and no control character but the tab.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 1);
    // A CRLF is one end of line.
    for line in text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r')) {
        // Nearly no line has any: bytes tell, but for the controls that UTF-8 begins as it begins º and ª.
        if line.bytes().any(|byte| matches!(byte, 0..=8 | 10..=0x1f | 0x7f | 0xc2)) {
            out.extend(line.chars().filter(|&c| c == '\t' || !c.is_control()));
        } else {
            out.push_str(line);
        }
        out.push('\n');
    }
    out.truncate(out.trim_end_matches('\n').len());
    out.push('\n');
    out
}

/// One line that says what the text says: control characters, line separators and marks that turn the direction of
/// reading become blanks, and blanks run together.
fn one_line(text: &str) -> String {
    let blank = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let spaced: String = text.chars().map(|c| if blank(c) { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}
