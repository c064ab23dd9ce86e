//! What a machine writes on somebody's behalf: absences, acknowledgements, and filters that ask for a confirmation. Pure.
//!
//! Taken for such only when something says so; what also reads like a failure goes to a person.

use super::{Mail, Returned, Why, plain, plain_words};

/// Subjects of absences and acknowledgements.
const TITLES: [&str; 17] = [
    "resposta automatica",
    "resposta auto",
    "automatic reply",
    "auto:",
    "auto-reply",
    "autoreply",
    "auto reply",
    "autoresposta",
    "auto-resposta",
    "out of office",
    "out of the office",
    "fora do escritorio",
    "ausente",
    "ausencia",
    "aviso de ausencia",
    "aviso de ferias",
    "mensagem automatica",
];

/// Words of a filter that keeps the letter until somebody confirms it.
const CHALLENGES: [&str; 22] = [
    "confirm that you",
    "confirm your message",
    "confirm your email",
    "confirm delivery",
    "verify that you",
    "verify you are",
    "sender verification",
    "sender address verification",
    "prove you are human",
    "click the link below",
    "click on the link",
    "awaiting your confirmation",
    "being held",
    "challenge",
    "antispam",
    "anti-spam",
    "confirme que voce",
    "confirme o envio",
    "confirmar o envio",
    "aguarda sua confirmacao",
    "aguardando confirmacao",
    "clique no link",
];

/// An automatic answer of some sort, or a doubt about one.
pub(super) fn automatic(mail: &Mail<'_>) -> Option<Returned> {
    if plain::is_mail_system(mail) {
        return Some(Returned::Unrecognised { why: Why::MailSystem });
    }
    if !is_automatic(mail) {
        return None;
    }
    let words = plain_words(&format!("{}\n{}", mail.message.subject().unwrap_or_default(), mail.prose()));
    if CHALLENGES.iter().any(|phrase| words.contains(phrase)) {
        return Some(Returned::Challenge);
    }
    if plain::reads_like_a_failure(mail) {
        return Some(Returned::Unrecognised { why: Why::Doubtful });
    }
    Some(Returned::AutoReply)
}

/// True when a machine answered on somebody's behalf.
fn is_automatic(mail: &Mail<'_>) -> bool {
    let value = |name| mail.header(name).map(|v| v.trim().to_ascii_lowercase());
    // `auto-generated` answers nothing (RFC 3834 §5).
    let submitted = value("Auto-Submitted").is_some_and(|v| v.starts_with("auto-replied"));
    let marked = ["X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Autoreply-From", "X-Vacation"]
        .into_iter()
        .any(|name| mail.header(name).is_some());
    let bulk = value("Precedence")
        .is_some_and(|v| ["bulk", "junk", "auto_reply", "auto-reply"].contains(&v.as_str()));
    let subject = plain_words(mail.message.subject().unwrap_or_default());
    submitted || marked || bulk || TITLES.iter().any(|title| subject.trim_start().starts_with(title))
}
