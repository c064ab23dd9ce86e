//! Failures told in prose (qmail, Exim, Exchange, older Postfix), and automatic replies. Pure.
//!
//! A person who answers a letter may quote any of these wordings, so the sender must be a mail system as well.

use super::report::{reply_in, status_in};
use super::{Action, Bounce, EnhancedStatus, FailedRecipient, Mail, Returned, one_line, origin, plain_words};
use crate::domain::id::EmailAddress;

/// Subjects and phrases of a letter that failed, in lower case without accents.
const FAILED: [&str; 29] = [
    "undeliver",
    "failure notice",
    "returned mail",
    "delivery failure",
    "delivery failed",
    "delivery has failed",
    "mail delivery failed",
    "delivery status notification (failure)",
    "could not be delivered",
    "couldn't be delivered",
    "was not delivered",
    "wasn't delivered",
    "unable to deliver",
    "wasn't able to deliver",
    "cannot deliver",
    "permanent error",
    "permanent fatal error",
    "did not reach",
    "address(es) failed",
    "user unknown",
    "no such user",
    "nao foi possivel entregar",
    "nao pode ser entregue",
    "nao foi entregue",
    "nao entregue",
    "falha na entrega",
    "falha de entrega",
    "mensagem devolvida",
    "impossivel entregar",
];

/// Phrases of a letter that is late and still being tried.
const DELAYED: [&str; 11] = [
    "not yet been delivered",
    "delivery attempts will continue",
    "will be retried",
    "will keep trying",
    "will retry",
    "do not need to resend",
    "warning message only",
    "delivery is delayed",
    "ainda nao foi entregue",
    "nao e necessario reenviar",
    "novas tentativas",
];

/// Phrases that say that nobody will try again.
const GIVEN_UP: [&str; 6] = [
    "permanent error",
    "permanent fatal error",
    "given up",
    "giving up",
    "erro permanente",
    "falha permanente",
];

/// Where the returned letter begins; addresses after it are those of its headers.
const COPY_BEGINS: [&str; 8] = [
    "below this line is a copy",
    "this is a copy of the",
    "original message header",
    "-- original message",
    "-- mensagem original",
    "cabecalhos",
    "returned message",
    "diagnostic information for administrators",
];

const LONGEST_PROSE: usize = 64 * 1024;
const MOST_RECIPIENTS: usize = 20;

/// A failure or a delay told in prose.
pub(super) fn failure(mail: &Mail<'_>) -> Option<Returned> {
    let subject = plain_words(mail.message.subject().unwrap_or_default());
    let prose: String = mail.prose().chars().take(LONGEST_PROSE).collect();
    let words = plain_words(&prose);
    let says = |phrases: &[&str]| phrases.iter().any(|p| subject.contains(p) || words.contains(p));
    let failed_addresses = mail.header("X-Failed-Recipients");
    let by_system = failed_addresses.is_some() || is_mail_system(mail);
    let by_nobody = mail.header("Return-Path").is_some_and(|path| path.trim() == "<>");
    let titled = FAILED.iter().any(|phrase| subject.contains(phrase));
    let explains = says(&FAILED) || says(&DELAYED);
    if !(by_system && explains || by_nobody && titled) {
        return None;
    }
    let originals = origin::originals(mail, None, &prose);
    if says(&DELAYED) && !says(&GIVEN_UP) {
        return Some(Returned::Progress { action: Action::Delayed, originals });
    }
    let explained = before_copy(&prose);
    let given_up = || says(&GIVEN_UP).then_some(EnhancedStatus { class: 5, subject: 0, detail: 0 });
    let status = coded(&prose).or_else(given_up);
    let diagnostic = diagnostic(&prose, explained);
    let named =
        |address| FailedRecipient { addresses: vec![address], status, diagnostic: diagnostic.clone() };
    let mut recipients: Vec<FailedRecipient> =
        addresses(failed_addresses.as_deref(), explained).into_iter().map(named).collect();
    if recipients.is_empty() {
        recipients.push(FailedRecipient { addresses: Vec::new(), status, diagnostic });
    }
    Some(Returned::Bounce(Bounce { recipients, originals, reporter: String::new() }))
}

/// True when the sender is one of the names that mail systems write under.
fn is_mail_system(mail: &Mail<'_>) -> bool {
    let Some(from) = mail.message.from().and_then(|from| from.first()) else { return false };
    let local = from.address().and_then(|a| a.split('@').next()).unwrap_or_default().to_ascii_lowercase();
    let named =
        ["mailer-daemon", "mailerdaemon", "postmaster", "mail-daemon", "mdaemon"].contains(&local.as_str());
    named || local.starts_with("microsoftexchange")
}

/// The status code that a mail system gives: on a line with a reply code, or in the brackets of `#5.1.1`.
fn coded(prose: &str) -> Option<EnhancedStatus> {
    let lines = || prose.lines().filter(|line| line.len() < 1_000);
    let both = lines().filter(|line| reply_in(line).is_some()).find_map(status_in);
    let marked = || lines().filter_map(|line| line.split_once('#')).find_map(|(_, rest)| status_in(rest));
    both.or_else(marked).or_else(|| lines().find_map(reply_in))
}

fn before_copy(prose: &str) -> &str {
    let mut at = 0;
    for line in prose.split_inclusive('\n') {
        let words = plain_words(line.get(..100.min(line.len())).unwrap_or_default());
        if at > 0 && COPY_BEGINS.iter().any(|mark| words.contains(mark)) {
            return &prose[..at];
        }
        at += line.len();
    }
    prose
}

/// The addresses said to have failed: those of the header, else those that begin a line or stand alone on it.
fn addresses(header: Option<&str>, explained: &str) -> Vec<EmailAddress> {
    let mut found: Vec<EmailAddress> = Vec::new();
    let listed = header.into_iter().flat_map(|text| text.split([',', ' ']));
    let lines =
        explained.lines().filter(|_| header.is_none()).filter_map(|line| line.split_whitespace().next());
    for token in listed.chain(lines) {
        let bare = token.trim_matches(|c: char| matches!(c, '<' | '>' | '(' | ')' | ':' | ',' | '\'' | '"'));
        if let Ok(address) = EmailAddress::parse(bare)
            && !found.contains(&address)
        {
            found.push(address);
        }
        if found.len() == MOST_RECIPIENTS {
            break;
        }
    }
    found
}

/// The line that says why: the one with a reply code, else the explanation's first words.
fn diagnostic(prose: &str, explained: &str) -> String {
    let line = prose.lines().find(|line| reply_in(line).is_some());
    one_line(line.unwrap_or(explained), 400)
}

/// True when a machine wrote it on somebody's behalf.
pub(super) fn is_auto_reply(mail: &Mail<'_>) -> bool {
    let value = |name| mail.header(name).map(|v| v.trim().to_ascii_lowercase());
    let submitted =
        value("Auto-Submitted").is_some_and(|v| !v.is_empty() && v != "no" && !v.starts_with("no;"));
    let marked = ["X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Autoreply-From", "X-Vacation"]
        .into_iter()
        .any(|name| mail.header(name).is_some());
    let bulk = value("Precedence")
        .is_some_and(|v| ["bulk", "junk", "auto_reply", "auto-reply"].contains(&v.as_str()));
    let subject = plain_words(mail.message.subject().unwrap_or_default());
    let titled = [
        "resposta automatica",
        "automatic reply",
        "auto:",
        "autoreply",
        "auto reply",
        "out of office",
        "out of the office",
        "fora do escritorio",
        "ausencia temporaria",
        "aviso de ferias",
        "mensagem automatica",
    ]
    .iter()
    .any(|title| subject.trim_start().starts_with(title));
    submitted || marked || bulk || titled
}
