//! Failures told in prose (qmail, Exim, Exchange, `OpenSMTPD`, older Postfix and sendmail). Pure.
//!
//! A person who answers a letter may quote any of these wordings, so the sender must be a mail system as well. People write
//! from `postmaster@` too: what has neither a machine's mark nor a title of its own goes to a person.

use super::report::reply_in;
use super::{Action, Bounce, FailedRecipient, Mail, Returned, copy, one_line, origin, plain_words};
use crate::domain::id::EmailAddress;
use crate::domain::refusal::{EnhancedStatus, Refusal};

/// Subjects and phrases of a letter that failed, in lower case without accents.
const FAILED: [&str; 55] = [
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
    "delivery status notification: error",
    "an error has occurred while attempting to deliver",
    "error delivering your mail",
    "error sending your mail",
    "bounce notification",
    "was rejected",
    "has been rejected",
    "rejected recipient",
    "rejected your message",
    "message rejected",
    "returned to sender",
    "delivery error",
    "unknown user",
    "mailbox does not exist",
    "address not found",
    "recipient not found",
    "nao pode entregar",
    "nao conseguimos entregar",
    "nao foi possivel a entrega",
    "erro na entrega",
    "erro de entrega",
    "foi rejeitad",
    "retornada ao remetente",
    "devolvida ao remetente",
    "usuario desconhecido",
    "endereco nao encontrado",
];

/// Phrases of a letter that is late and still being tried.
const DELAYED: [&str; 20] = [
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
    "tentara novamente",
    "tentaremos novamente",
    "tentara de novo",
    "tentara entregar novamente",
    "continuara tentando",
    "continuaremos tentando",
    "sera tentada novamente",
    "entrega esta atrasada",
    "message delayed",
];

/// A subject of a letter that is late.
const TITLED_DELAYED: [&str; 6] =
    ["delay", "atraso", "atrasad", "warning:", "aviso de demora", "still being tried"];

/// What is said of a failure that there may yet be.
const CONDITIONS: [&str; 12] = [
    "se houver",
    "se ocorrer",
    "se acontecer",
    "caso haja",
    "caso houver",
    "caso ocorra",
    "em caso de",
    "no caso de",
    "if there is",
    "if there are",
    "in case of",
    "in the event of",
];

/// Phrases that say that nobody will try again.
const GIVEN_UP: [&str; 9] = [
    "permanent error",
    "permanent fatal error",
    "given up",
    "giving up",
    "erro permanente",
    "falha permanente",
    "nao tentara",
    "nao tentaremos",
    "nao sera tentad",
];

const LONGEST_PROSE: usize = 64 * 1024;
const MOST_RECIPIENTS: usize = 20;

/// A failure or a delay told in prose.
pub(super) fn failure(mail: &Mail<'_>) -> Option<Returned> {
    let subject = plain_words(mail.message.subject().unwrap_or_default());
    let prose: String = mail.prose().chars().take(LONGEST_PROSE).collect();
    let explained = copy::before(&prose);
    let words = plain_words(&explained);
    let says = |phrases: &[&str]| phrases.iter().any(|p| subject.contains(p) || words.contains(p));
    let failed_addresses = mail.header("X-Failed-Recipients");
    let by_nobody = mail.header("Return-Path").is_some_and(|path| path.trim() == "<>");
    let titled = FAILED.iter().any(|phrase| subject.contains(phrase));
    let explains = says(&FAILED) || says(&DELAYED) || coded(&explained).is_some();
    // An answer keeps the title of what it answers, and quotes its codes.
    let reports = !is_answer(&subject)
        && (titled
            || DELAYED.iter().chain(&TITLED_DELAYED).any(|phrase| subject.contains(phrase))
            || coded(&explained).is_some());
    let by_system = failed_addresses.is_some()
        || (is_mail_system(mail) && (by_nobody || is_submitted_by_machine(mail) || reports));
    if !(by_system && explains || by_nobody && titled) {
        return None;
    }
    let originals = origin::originals(mail, None, &prose);
    let given_up = GIVEN_UP.iter().any(|phrase| subject.contains(phrase) || states(&words, phrase));
    // A system that titles it so and gives a code of this class goes on, whatever it says of its giving up.
    let is_titled_late = !titled
        && TITLED_DELAYED.iter().any(|phrase| subject.contains(phrase))
        && coded(&explained).is_some_and(|status| status.class == 4);
    if is_titled_late || (says(&DELAYED) && !given_up) {
        let mut recipients = named(failed_addresses.as_deref(), &explained);
        recipients.truncate(usize::from(recipients.len() == 1));
        return Some(Returned::Progress { action: Action::Delayed, recipients, originals });
    }
    let given_up = given_up.then_some(EnhancedStatus { class: 5, subject: 0, detail: 0 });
    let status = coded(&explained).or(given_up);
    let diagnostic = diagnostic(&explained);
    let refusal = match Refusal::of(status, &diagnostic) {
        Refusal::Unknown => Refusal::of(status, &explained),
        told => told,
    };
    // Each of our transactions has one recipient: of several that are named none is surer than another.
    let mut named = named(failed_addresses.as_deref(), &explained);
    let mut mentioned = mentioned(&explained);
    if named.len() > 1 {
        mentioned = std::mem::take(&mut named);
    }
    let recipient = FailedRecipient { addresses: named, mentioned, refusal, status, diagnostic };
    Some(Returned::Bounce(Bounce { recipients: vec![recipient], originals, reporter: String::new() }))
}

/// Whether words state something, and do not only tell what follows if it should come to that.
fn states(words: &str, phrase: &str) -> bool {
    words.match_indices(phrase).any(|(at, _)| {
        let before = words[..at].trim_end();
        let before = ["uma", "um", "alguma", "algum", "a", "any"]
            .into_iter()
            .find_map(|article| before.strip_suffix(article).filter(|rest| rest.ends_with(' ')))
            .map_or(before, str::trim_end);
        !CONDITIONS.iter().any(|condition| before.ends_with(condition))
    })
}

/// Whether a message reads as if a letter had failed, whoever wrote it.
pub(super) fn reads_like_a_failure(mail: &Mail<'_>) -> bool {
    let prose: String = mail.prose().chars().take(LONGEST_PROSE).collect();
    let explained = copy::before(&prose);
    let words = plain_words(&format!("{}\n{explained}", mail.message.subject().unwrap_or_default()));
    FAILED.iter().any(|phrase| words.contains(phrase)) || coded(&explained).is_some()
}

/// True for the title of an answer, or of what somebody hands on.
fn is_answer(subject: &str) -> bool {
    let marks = ["re:", "res:", "resp:", "enc:", "fw:", "fwd:"];
    marks.iter().any(|mark| subject.trim_start().starts_with(mark))
}

/// True when a machine says that it wrote this (RFC 3834).
pub(super) fn is_submitted_by_machine(mail: &Mail<'_>) -> bool {
    mail.header("Auto-Submitted").is_some_and(|value| !value.trim().to_ascii_lowercase().starts_with("no"))
}

/// True when the sender is one of the names that mail systems write under.
pub(super) fn is_mail_system(mail: &Mail<'_>) -> bool {
    let Some(from) = mail.message.from().and_then(|from| from.first()) else { return false };
    let local = from.address().and_then(|a| a.split('@').next()).unwrap_or_default().to_ascii_lowercase();
    let shown = plain_words(from.name().unwrap_or_default());
    let names = ["mailer-daemon", "mailerdaemon", "postmaster", "mail-daemon", "mdaemon"];
    names.contains(&local.as_str())
        || names.contains(&shown.trim())
        || local.starts_with("microsoftexchange")
        || shown.starts_with("mail delivery s")
        || shown.starts_with("mailer daemon")
}

/// The status code that a mail system gives: on a line with a reply code, or in the brackets of `#5.1.1`.
fn coded(prose: &str) -> Option<EnhancedStatus> {
    let lines = || prose.lines().filter(|line| line.len() < 1_000);
    let both = lines().filter(|line| reply_in(line).is_some()).find_map(EnhancedStatus::find);
    let marked =
        || lines().filter_map(|line| line.split_once('#')).find_map(|(_, rest)| EnhancedStatus::find(rest));
    both.or_else(marked).or_else(|| lines().find_map(reply_in))
}

/// The addresses said to have failed: those of the header, else those that begin a line.
fn named(header: Option<&str>, explained: &str) -> Vec<EmailAddress> {
    match header {
        Some(listed) => distinct(addresses(listed)),
        None => distinct(explained.lines().filter_map(|line| {
            let line = line.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '<' | '\'' | '"'));
            addresses(line).next().filter(|first| line.starts_with(first.as_str()))
        })),
    }
}

/// Every address of the explanation.
fn mentioned(explained: &str) -> Vec<EmailAddress> {
    distinct(explained.lines().filter(|line| line.contains('@')).flat_map(addresses))
}

/// The addresses of a text, whatever stands around them: `a@b<mailto:a@b>`, `RCPT TO:<a@b>...`.
fn addresses(text: &str) -> impl Iterator<Item = EmailAddress> {
    let around = |c: char| c.is_whitespace() || "<>()[]{}:;,\"'|=".contains(c);
    text.split(around).filter(|piece| piece.contains('@')).filter_map(|piece| {
        let bare = piece.trim_matches(|c: char| !c.is_alphanumeric());
        EmailAddress::parse(bare).ok()
    })
}

fn distinct(all: impl Iterator<Item = EmailAddress>) -> Vec<EmailAddress> {
    let mut found: Vec<EmailAddress> = Vec::new();
    for address in all {
        if !found.contains(&address) {
            found.push(address);
        }
        if found.len() == MOST_RECIPIENTS {
            break;
        }
    }
    found
}

/// The line that says why: the one with a reply code, else the explanation's first words.
fn diagnostic(explained: &str) -> String {
    let line = explained.lines().find(|line| reply_in(line).is_some());
    one_line(line.unwrap_or(explained), 400)
}
