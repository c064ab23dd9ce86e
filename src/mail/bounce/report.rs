//! The two standard reports: delivery status (RFC 3464, 6533) and read receipt (RFC 8098). Pure.

use super::field::{Fields, blocks};
use super::{Action, Bounce, Disposition, FailedRecipient, Mail, Receipt, Returned, copy, one_line, origin};
use crate::domain::id::EmailAddress;
use crate::domain::refusal::{EnhancedStatus, Refusal};

/// How many recipients of one report are read.
const MOST_RECIPIENTS: usize = 50;
const LONGEST_DIAGNOSTIC: usize = 400;

/// A report on delivery. Nothing when there is none, or it names no outcome.
pub(super) fn delivery(mail: &Mail<'_>) -> Option<Returned> {
    let text = mail.part(&["message/delivery-status", "message/glob_l-delivery-status"])?;
    let blocks = blocks(&text);
    let reported =
        blocks.iter().find_map(|b| b.get("original-message-id").or(b.get("x-original-message-id")));
    let mut originals = origin::originals(mail, reported, &format!("{}\n{text}", mail.prose()));
    // Our own name for the delivery. Whoever knows notice, version and address can work it out.
    if let Some(id) = blocks.iter().find_map(|b| b.get("original-envelope-id")) {
        originals.insert(0, unescaped(id));
    }
    let told: Vec<(Action, &Fields)> =
        blocks.iter().filter_map(|block| Some((action(block)?, block))).take(MOST_RECIPIENTS).collect();
    let failed_ones = || told.iter().filter(|(action, _)| *action == Action::Failed);
    // What people are told explains one failure, and perhaps only one of several.
    let prose = if failed_ones().count() == 1 { mail.prose() } else { String::new() };
    let explained = copy::before(&prose);
    let recipients: Vec<FailedRecipient> =
        failed_ones().map(|(_, block)| failed(block, &explained)).collect();
    if recipients.is_empty() {
        let (action, block) = told.first()?;
        return Some(Returned::Progress { action: *action, recipients: addresses(block), originals });
    }
    let by = blocks.iter().find_map(|b| b.get("reporting-mta")).map(|name| typed(name).to_owned());
    Some(Returned::Bounce(Bounce { recipients, originals, reporter: by.unwrap_or_default() }))
}

/// What is told of a recipient; by the status's class where the action itself is missing.
fn action(block: &Fields) -> Option<Action> {
    let word = block.get("action").unwrap_or_default().to_ascii_lowercase();
    let word = word.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    match word {
        "failed" => Some(Action::Failed),
        "delayed" => Some(Action::Delayed),
        "delivered" => Some(Action::Delivered),
        "relayed" => Some(Action::Relayed),
        "expanded" => Some(Action::Expanded),
        _ => match block.get("status").and_then(EnhancedStatus::find)?.class {
            5 => Some(Action::Failed),
            4 => Some(Action::Delayed),
            _ => Some(Action::Delivered),
        },
    }
}

fn failed(block: &Fields, explained: &str) -> FailedRecipient {
    let said = block.get("diagnostic-code").unwrap_or_default();
    let told = block.get("status").and_then(EnhancedStatus::find);
    let quoted = EnhancedStatus::find(said);
    // `5.0.0` says nothing that the words do not say better.
    let status = told.filter(|s| s.subject != 0).or(quoted).or(told).or_else(|| reply_in(said));
    FailedRecipient {
        addresses: addresses(block),
        mentioned: Vec::new(),
        refusal: refusal(status, quoted, said, explained),
        status,
        diagnostic: one_line(said, LONGEST_DIAGNOSTIC),
    }
}

/// Whose matter it is. A code in the words that says another thing than the report's own clears the address.
fn refusal(
    status: Option<EnhancedStatus>,
    quoted: Option<EnhancedStatus>,
    said: &str,
    explained: &str,
) -> Refusal {
    let by_words = quoted.filter(|q| q.subject != 0).map(|quoted| Refusal::of(Some(quoted), said));
    match (Refusal::of(status, said), by_words) {
        (Refusal::Address, Some(other)) if other != Refusal::Address => other,
        (Refusal::Unknown, _) if said.is_empty() => Refusal::of(status, explained),
        (refusal, _) => refusal,
    }
}

/// Somebody called the letter spam (RFC 5965).
pub(super) fn complaint(mail: &Mail<'_>) -> Option<Returned> {
    mail.part(&["message/feedback-report"])?;
    Some(Returned::Complaint { originals: origin::originals(mail, None, &mail.prose()) })
}

/// A read receipt.
pub(super) fn receipt(mail: &Mail<'_>) -> Option<Returned> {
    let text = mail.part(&["message/disposition-notification", "message/glob_l-disposition-notification"])?;
    let blocks = blocks(&text);
    let first = |name: &str| blocks.iter().find_map(|b| b.get(name));
    let kind = first("disposition")?.rsplit(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let disposition = match kind.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default() {
        "displayed" => Disposition::Displayed,
        "deleted" => Disposition::Deleted,
        "processed" | "dispatched" => Disposition::Processed,
        "denied" => Disposition::Denied,
        _ => Disposition::Other,
    };
    Some(Returned::Receipt(Receipt {
        disposition,
        recipients: blocks.iter().find(|b| b.get("disposition").is_some()).map(addresses).unwrap_or_default(),
        originals: origin::originals(mail, first("original-message-id"), &mail.prose()),
    }))
}

/// The original recipient first: it is the one that we wrote to.
fn addresses(block: &Fields) -> Vec<EmailAddress> {
    let mut found: Vec<EmailAddress> = Vec::new();
    for name in ["original-recipient", "x-original-to", "final-recipient"] {
        if let Some(address) = block.get(name).and_then(address)
            && !found.contains(&address)
        {
            found.push(address);
        }
    }
    found
}

/// `rfc822; a@b`, `utf-8; a@b`, `<a@b>` or `a@b`.
fn address(value: &str) -> Option<EmailAddress> {
    let bare = typed(value).trim_matches(|c: char| c.is_whitespace() || matches!(c, '<' | '>'));
    EmailAddress::parse(bare).or_else(|_| EmailAddress::parse(&unescaped(bare))).ok()
}

/// `\x{2B}`, as RFC 6533 writes what ASCII cannot hold, and `+2B`, as RFC 3461 does.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let braced = rest.strip_prefix("\\x{").and_then(|r| r.split_once('}'));
        let plus = rest.strip_prefix('+').and_then(|r| Some((r.get(..2)?, r.get(2..)?)));
        let decoded = braced.or(plus).and_then(|(hex, after)| {
            let code = u32::from_str_radix(hex, 16).ok()?;
            Some((char::from_u32(code)?, after))
        });
        let (c, after) = decoded.unwrap_or((c, &rest[c.len_utf8()..]));
        out.push(c);
        rest = after;
    }
    out
}

/// What stands after the type of a typed field.
fn typed(value: &str) -> &str {
    value.split_once(';').map_or(value, |(_, rest)| rest).trim()
}

/// The class of the first SMTP reply code of a text, as a status code that says nothing more. The code must stand where
/// a reply begins.
pub(super) fn reply_in(text: &str) -> Option<EnhancedStatus> {
    let bytes = text.as_bytes();
    let code = |at: &usize| {
        let here = &bytes[*at..*at + 3];
        let before = text.get(..*at).unwrap_or_default().trim_end_matches([' ', '\t']);
        let opens =
            before.is_empty() || before.ends_with([':', ';', '\'', '"', '<', '(', '[', '\n', '#', '>', '|']);
        let word =
            ["error", "code", "erro", "codigo", "returned", "said"].iter().any(|w| before.ends_with(w));
        let ends = bytes.get(at + 3).is_none_or(|b| !b.is_ascii_alphanumeric());
        matches!(here[0], b'4' | b'5') && here.iter().all(u8::is_ascii_digit) && ends && (opens || word)
    };
    let at = (0..bytes.len().saturating_sub(2)).filter(|at| matches!(bytes[*at], b'4' | b'5')).find(code)?;
    Some(EnhancedStatus { class: u16::from(bytes[at] - b'0'), subject: 0, detail: 0 })
}
