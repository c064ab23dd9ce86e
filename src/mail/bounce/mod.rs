//! What comes back by mail, told apart: notifications that a letter failed (RFC 3464 and the common ones that are not),
//! read receipts (RFC 8098), automatic replies, and everything else. Pure.
//!
//! Reading order: `bound` (limits what the library is given), `field` (blocks of header fields), `origin` (which letter
//! it is about), `report` (the two standard reports), `plain` (failures told in prose), `copy`
//! (where the copy of the letter begins), `reply` (automatic replies).
//!
//! Anybody can write to the address that this is read from. Whatever stands here is a claim; the store decides whether
//! such a letter went to such an address.

mod bound;
mod copy;
mod field;
mod origin;
mod plain;
mod reply;
mod report;
#[cfg(test)]
mod tests;

use mail_parser::{Message, MessageParser, MimeHeaders as _};

use crate::contain::caught;
use crate::domain::id::EmailAddress;
use crate::domain::refusal::{EnhancedStatus, Refusal};

/// The most bytes of a message that a caller need read; what tells its sort stands near the beginning.
pub const LARGEST: usize = 10 * 1024 * 1024;

/// What a message that came back is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Returned {
    /// A letter failed for at least one recipient.
    Bounce(Bounce),
    /// A letter is late or was handed on; nothing failed.
    Progress {
        action: Action,
        /// For whom, as we wrote it and as it was after forwarding; those that are addresses.
        recipients: Vec<EmailAddress>,
        /// Which letter, the likeliest first.
        originals: Vec<String>,
    },
    Receipt(Receipt),
    /// Written by a machine on somebody's behalf: an absence, an acknowledgement.
    AutoReply,
    /// A filter wants somebody to confirm the letter before it is delivered.
    Challenge,
    /// Somebody called the letter spam (RFC 5965).
    Complaint {
        /// Which letter, the likeliest first.
        originals: Vec<String>,
    },
    Unrecognised {
        /// What is missing for it to be one of them.
        why: Why,
    },
}

/// A letter that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    /// For whom. Never empty; a recipient may be nameless.
    pub recipients: Vec<FailedRecipient>,
    /// Message-IDs of the letter, brackets included, the likeliest first. Only one where the returned letter says it.
    pub originals: Vec<String>,
    /// Who says so (`Reporting-MTA`); empty when it does not.
    pub reporter: String,
}

/// A recipient for whom a letter failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedRecipient {
    /// As we wrote it, and as it was when it failed (after forwarding), the surest first; those that are addresses.
    pub addresses: Vec<EmailAddress>,
    /// Addresses that the explanation mentions, in any order: one of them failed, and it does not say which.
    pub mentioned: Vec<EmailAddress>,
    /// Whose matter it is.
    pub refusal: Refusal,
    /// The enhanced status code, if any is told.
    pub status: Option<EnhancedStatus>,
    /// What the receiving side said, on one line.
    pub diagnostic: String,
}

/// What a report says became of a letter (RFC 3464 §2.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Given up, whatever the class of the status: nobody will try again.
    Failed,
    Delayed,
    Delivered,
    /// Handed to a system that reports nothing.
    Relayed,
    /// Handed to the members of a list.
    Expanded,
}

/// A read receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub disposition: Disposition,
    /// Whose receipt, as we wrote it and as it is; those that are addresses.
    pub recipients: Vec<EmailAddress>,
    /// Message-IDs of the letter, brackets included, the likeliest first.
    pub originals: Vec<String>,
}

/// What became of a letter in its mailbox (RFC 8098 §3.2.6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    Displayed,
    /// Deleted, perhaps unread.
    Deleted,
    Processed,
    /// The reader will not say.
    Denied,
    /// A word that RFC 8098 does not know.
    Other,
}

/// Why a message is none of those that answer a letter. Displayed to operators, so in Portuguese.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// No byte but blanks.
    #[error("a mensagem está vazia")]
    Empty,
    /// More parts within parts than any notification has.
    #[error("a mensagem tem partes demais umas dentro das outras")]
    TooNested,
    /// The library reads no message in it.
    #[error("não é uma mensagem de correio, ou está quebrada")]
    Malformed,
    /// A mail system wrote it, and what it says is not understood.
    #[error("um sistema de correio a escreveu, e o serviço não entende o que diz")]
    MailSystem,
    /// A machine wrote it, and it says that nobody reads that address, or that there is another.
    #[error("uma resposta automática diz que ninguém lê esse endereço, ou dá outro; confira o contato")]
    Abandoned,
    /// A machine wrote it, and it reads like a failure.
    #[error("parece resposta automática, mas fala de falha na entrega")]
    Doubtful,
    /// A message of another sort; perhaps somebody wrote it.
    #[error("não é devolução, nem confirmação de leitura, nem resposta automática")]
    AnotherSort,
}

/// Tells what a message is. Takes any bytes, and time and memory in proportion to a bounded part of them.
pub fn read(bytes: &[u8]) -> Returned {
    let bounded = match bound::bound(bytes) {
        Ok(bounded) => bounded,
        Err(why) => return Returned::Unrecognised { why },
    };
    // The library asserts what hostile MIME breaks; that must not end the service.
    let sorted = caught(|| MessageParser::default().parse(&bounded).map(|message| sort(&Mail::of(&message))));
    sorted.ok().flatten().unwrap_or(Returned::Unrecognised { why: Why::Malformed })
}

/// The addresses that a message says it was delivered to, as mail systems and senders write them in its header.
pub fn delivered_to(bytes: &[u8]) -> Vec<EmailAddress> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(LONGEST_HEAD)]);
    // Mail in a file may begin with an envelope line of its own, which is no field.
    let Some(fields) = field::blocks(&head).into_iter().next() else { return Vec::new() };
    let values = DELIVERED_TO.iter().filter_map(|name| fields.get(name));
    let pieces = values.flat_map(|value| value.split([' ', ',', ';', '<', '>', '"']));
    pieces.filter_map(|piece| EmailAddress::parse(piece).ok()).collect()
}

/// How much of a message is looked at for its header.
const LONGEST_HEAD: usize = 64 * 1024;
/// Fields that say to whom a message was delivered; the last is the sender's own word.
const DELIVERED_TO: [&str; 5] = ["delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to"];

/// Reports first: those of Postfix call themselves automatic replies.
fn sort(mail: &Mail<'_>) -> Returned {
    report::receipt(mail)
        .or_else(|| report::delivery(mail))
        .or_else(|| report::complaint(mail))
        .or_else(|| plain::failure(mail))
        .or_else(|| reply::automatic(mail))
        .unwrap_or(Returned::Unrecognised { why: Why::AnotherSort })
}

/// A message as this room looks at it.
struct Mail<'a> {
    message: &'a Message<'a>,
    parts: Vec<Part<'a>>,
}

/// One leaf of a message, decoded.
struct Part<'a> {
    /// As `bound` leaves it: `message/rfc_22` for a returned letter.
    kind: String,
    bytes: &'a [u8],
}

impl<'a> Mail<'a> {
    fn of(message: &'a Message<'a>) -> Self {
        let parts = message.parts.iter().filter(|part| !part.is_multipart());
        let parts = parts.map(|part| Part {
            kind: part.content_type().map_or_else(
                || "text/plain".to_owned(),
                |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()),
            ),
            bytes: part.contents(),
        });
        Self { message, parts: parts.collect() }
    }

    /// The text of the first part of one of these kinds.
    fn part(&self, kinds: &[&str]) -> Option<String> {
        let found = self.parts.iter().find(|part| kinds.contains(&part.kind.as_str()))?;
        Some(String::from_utf8_lossy(found.bytes).into_owned())
    }

    /// Everything meant for a person's eyes, as text.
    fn prose(&self) -> String {
        let texts = |kind: &str| -> Vec<String> {
            let parts = self.parts.iter().filter(|part| part.kind == kind);
            parts.map(|part| String::from_utf8_lossy(part.bytes).into_owned()).collect()
        };
        let plain = texts("text/plain").join("\n");
        if !plain.trim().is_empty() {
            return plain;
        }
        // Tags become line ends, so that an address between two of them stands alone.
        let markup = texts("text/html").join("\n");
        let mut inside = false;
        let text = |c: char| match c {
            '<' => {
                inside = true;
                Some('\n')
            }
            '>' => {
                inside = false;
                None
            }
            c => (!inside).then_some(c),
        };
        let text: String = markup.chars().filter_map(text).collect();
        text.replace("&lt;", "<").replace("&gt;", ">")
    }

    /// A header's value as it stands, on one line.
    fn header(&self, name: &'static str) -> Option<String> {
        self.message.header_raw(name).map(|raw| one_line(raw, LONGEST_HEADER))
    }
}

/// How many characters of a header are kept.
const LONGEST_HEADER: usize = 4_000;

/// Control characters and runs of blanks become one blank each; at most `longest` characters.
fn one_line(text: &str, longest: usize) -> String {
    let spaced: String =
        text.chars().take(longest * 2).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    words.join(" ").chars().take(longest).collect()
}

/// Lower case without accents, for comparing wordings.
fn plain_words(text: &str) -> String {
    crate::text::fold::plain(text).collect()
}
