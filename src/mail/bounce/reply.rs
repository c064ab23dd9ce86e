//! What a machine writes on somebody's behalf: absences, acknowledgements, and filters that ask for a confirmation. Pure.
//!
//! Taken for such only when something says so; what also reads like a failure, or says that nobody reads that address or
//! that there is another, goes to a person.

use super::{Mail, Returned, Why, copy, plain, plain_words};

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

/// Words of an address that nobody reads any more, or that has become another.
const ABANDONED: [&str; 56] = [
    "desativad",
    "desabilitad",
    "inativ",
    "encerrada",
    "foi encerrado",
    "foi excluid",
    "foi descartad",
    "sera descartad",
    "sao descartad",
    "descontinuad",
    "extint",
    "em desuso",
    "fora de uso",
    "mais utilizad",
    "mais usad",
    "mais em uso",
    "utilizamos mais",
    "usamos mais",
    "utilizo mais",
    "uso mais",
    "nao existe mais",
    "nao recebe mais",
    "deixou de",
    "deixara de",
    "deixei de",
    "nao e monitorad",
    "nao monitorad",
    "nao e lid",
    "nao sao lid",
    "nao sera lid",
    "nao e acompanhad",
    "ninguem le",
    "novo endereco",
    "novo e-mail",
    "novo email",
    "novo contato",
    "novo correio",
    "nova conta",
    "mudou para",
    "mudamos",
    "alterado para",
    "substituid",
    "passou a ser",
    "passa a ser",
    "exonerad",
    "aposent",
    "falec",
    "desligad",
    "desliguei",
    "trabalha mais",
    "trabalho mais",
    "faz mais parte",
    "faco mais parte",
    "pertence mais",
    "atua mais",
    "responde mais",
];

/// The same in English.
const ABANDONED_IN_ENGLISH: [&str; 13] = [
    "no longer",
    "not monitored",
    "unmonitored",
    "unattended",
    "not be read",
    "deactivated",
    "has been disabled",
    "discarded",
    "new address",
    "new email",
    "new e-mail",
    "has left",
    "has retired",
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
    let own = plain_words(&format!("{}\n{}", mail.message.subject().unwrap_or_default(), unquoted(mail)));
    if ABANDONED.iter().chain(&ABANDONED_IN_ENGLISH).any(|phrase| own.contains(phrase)) {
        return Some(Returned::Unrecognised { why: Why::Abandoned });
    }
    Some(Returned::AutoReply)
}

/// What the answer itself says, on one line, less the copy of our letter.
fn unquoted(mail: &Mail<'_>) -> String {
    let prose = mail.prose();
    let own = copy::before(&prose);
    let lines: Vec<&str> = own.lines().map(str::trim).filter(|line| !line.starts_with('>')).collect();
    lines.join(" ")
}

/// True when a machine answered on somebody's behalf. A title says so only beside a machine's mark, and a precedence
/// that newsletters have does not: people send both.
fn is_automatic(mail: &Mail<'_>) -> bool {
    let value = |name| mail.header(name).map(|v| v.trim().to_ascii_lowercase());
    // `auto-generated` answers nothing (RFC 3834 §5).
    let submitted = value("Auto-Submitted").is_some_and(|v| v.starts_with("auto-replied"));
    let marked = ["X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Autoreply-From", "X-Vacation"]
        .into_iter()
        .any(|name| mail.header(name).is_some());
    let precedence = value("Precedence").unwrap_or_default();
    let answers = ["auto_reply", "auto-reply"].contains(&precedence.as_str());
    let by_machine = plain::is_submitted_by_machine(mail)
        || value("Return-Path").is_some_and(|path| path == "<>")
        || ["X-Auto-Response-Suppress", "X-MS-Exchange-Inbox-Rules-Loop"]
            .into_iter()
            .any(|name| mail.header(name).is_some());
    let subject = plain_words(mail.message.subject().unwrap_or_default());
    let titled = TITLES.iter().any(|title| subject.trim_start().starts_with(title));
    submitted || marked || answers || (by_machine && titled)
}
