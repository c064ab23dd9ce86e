//! What a reply, or its absence, means for a letter. Pure.

use std::error::Error as _;
use std::time::Duration;

use lettre::transport::smtp::Error;

use crate::domain::delivery::Outcome;
use crate::domain::refusal::{EnhancedStatus, Refusal, is_of_the_login};
use crate::text::system::io_words;

use super::wire::Breakage;

/// The longest text kept in the ledger.
const LONGEST_TEXT: usize = 500;

/// Where in the exchange it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Greeting and EHLO.
    Greeting,
    /// STARTTLS, before the handshake.
    StartTls,
    /// AUTH with all its exchanges.
    Auth,
    /// MAIL FROM: whether we may send.
    Mail,
    /// RCPT TO: whether the address is good.
    Rcpt,
    /// DATA, before the letter.
    Data,
    /// The letter, its final dot not yet written.
    Body,
    /// The final dot, written at least in part.
    Dot,
}

impl Step {
    fn label(self) -> &'static str {
        match self {
            Self::Greeting => "à saudação",
            Self::StartTls => "a STARTTLS",
            Self::Auth => "a AUTH",
            Self::Mail => "a MAIL FROM",
            Self::Rcpt => "a RCPT TO",
            Self::Data => "a DATA",
            Self::Body => "durante o envio do texto",
            Self::Dot => "depois do ponto final",
        }
    }

    /// True when a refusal here is about this address or letter, and not about us.
    pub(super) fn is_about_the_letter(self) -> bool {
        match self {
            Self::Rcpt | Self::Data | Self::Body | Self::Dot => true,
            Self::Greeting | Self::StartTls | Self::Auth | Self::Mail => false,
        }
    }
}

/// A step that did not go well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setback {
    pub(super) outcome: Outcome,
    /// The relay answered in order, so that the connection may serve again.
    pub(super) in_order: bool,
    /// The relay had closed the connection.
    pub(super) closed: bool,
}

/// A negative or unreadable reply, or a broken connection.
pub(super) fn of_error(step: Step, error: &Error, breakage: Option<Breakage>) -> Setback {
    // A code means that a whole reply was read, whatever broke after it.
    if let Some(code) = error.status() {
        let text = error.source().map(ToString::to_string).unwrap_or_default();
        return of_code(step, code.into(), &text);
    }
    let what = match breakage {
        Some(Breakage::Closed) => "o relé encerrou a conexão".to_owned(),
        Some(Breakage::Stray) => "o relé falou sem ser perguntado".to_owned(),
        Some(Breakage::TooLong) => "a resposta do relé não tem fim".to_owned(),
        Some(Breakage::Network(kind)) => format!("a rede falhou ({})", io_words(&kind.into())),
        Some(Breakage::Silenced) => "este processo deixou de ser o que envia".to_owned(),
        None => "a resposta do relé não é SMTP".to_owned(),
    };
    let mut setback = broken(step, &what, breakage);
    let is_no_relay = !matches!(breakage, Some(Breakage::Closed | Breakage::Network(_) | Breakage::Silenced));
    if step == Step::Greeting && is_no_relay {
        // Another service listens there, and a person must look.
        setback.outcome = Outcome::RelayFault { reply: setback.outcome.reply().to_owned() };
    }
    setback
}

/// A reply that is well formed and makes no sense here.
pub(super) fn of_nonsense(step: Step, code: u16) -> Setback {
    broken(step, &format!("o relé respondeu {code}"), None)
}

/// A reply that never came.
pub(super) fn of_silence(step: Step, waited: Duration) -> Setback {
    broken(step, &format!("o relé não respondeu em {} s", waited.as_secs_f32().ceil()), None)
}

fn broken(step: Step, what: &str, breakage: Option<Breakage>) -> Setback {
    let reply = format!("{what} {}", step.label());
    let outcome = match step {
        Step::Dot => Outcome::Uncertain { reply },
        // Nothing was said of this letter, and the next one would go the same way: by the relay's fault, unless it is this
        // process that may not speak.
        _ => Outcome::Deferred { reply, slow_down: breakage != Some(Breakage::Silenced) },
    };
    Setback { outcome, in_order: false, closed: breakage == Some(Breakage::Closed) }
}

fn of_code(step: Step, code: u16, text: &str) -> Setback {
    let reply = worded(code, text);
    let outcome = match code {
        400..500 => Outcome::Deferred {
            slow_down: !step.is_about_the_letter() || is_the_queues(step, code, text),
            reply,
        },
        _ if step.is_about_the_letter() && !is_of_the_login(code) => {
            Outcome::Refused { why: whose(step, code, text), reply }
        }
        _ => Outcome::RelayFault { reply },
    };
    Setback { outcome, in_order: code != 421, closed: false }
}

/// Whether a 4xx speaks of the relay or the road (4.3.x to 4.5.x), so that the next letter would fare no better, and not
/// of one address or mailbox (4.1.x, 4.2.x). The road to a recipient (4.4.x to RCPT) is that domain's, until another domain's
/// is said to be the same.
fn is_the_queues(step: Step, code: u16, text: &str) -> bool {
    match (code, EnhancedStatus::find(text).map(|status| status.subject)) {
        (451 | 452, Some(4)) if step == Step::Rcpt => false,
        (421, _) | (451 | 452, Some(3..=5)) | (452 | 454, None) => true,
        (454, Some(subject)) => !matches!(subject, 1 | 2),
        _ => false,
    }
}

/// Whose matter a 5xx is. Once the address was taken, a refusal is never about the address.
fn whose(step: Step, code: u16, text: &str) -> Refusal {
    let after_the_address = step != Step::Rcpt;
    match Refusal::of(EnhancedStatus::find(text), text) {
        Refusal::Address | Refusal::Unknown if after_the_address => Refusal::Letter,
        // Exceeded storage allocation (RFC 5321 §4.2.3).
        Refusal::Unknown if code == 552 => Refusal::Mailbox,
        refusal => refusal,
    }
}

/// A reply as the ledger keeps it: code and text in one line, without control characters, cut at 500.
pub(super) fn worded(code: u16, text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{code} {words}").trim_end().chars().take(LONGEST_TEXT).collect()
}
