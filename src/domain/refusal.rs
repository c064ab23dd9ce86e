//! Why a letter was not taken or came back, as far as a mail system's words tell: whose matter it is. Pure.
//!
//! Only two kinds of words speak of the address: the status codes of RFC 3463 §3.2 that are the recipient's own, and
//! plain sentences of the same meaning. A code and a sentence that contradict each other accuse nobody.

mod wording;

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::text::fold;
use crate::text::words::{shown, words};

use self::wording::{ADDRESS, DOMAIN, LETTER, MAILBOX, OF_US, ROAD, SENDER};

words! {
    /// Whose matter a refusal is.
    pub enum Refusal {
        /// *endereco*: there is no such address (X.1.1, X.1.2, X.1.3, X.1.6, X.1.10), or no such domain (5.4.4). The only
        /// one that flags it.
        Address "endereco",
        /// *caixa*: the mailbox takes nothing at present: full, disabled (X.2.x).
        Mailbox "caixa",
        /// *carta*: this letter: its size, its content (X.2.3, X.3.4, X.6.x).
        Letter "carta",
        /// *remetente*: we are not wanted: policy, reputation, blocklists, SPF, DKIM, DMARC (X.7.x, X.1.7, X.1.8).
        Sender "remetente",
        /// *caminho*: a mail system or the network on the way (X.3.x to X.5.x).
        Road "caminho",
        /// *desconhecido*: cannot be told apart; a person must look.
        Unknown "desconhecido",
    }
}

impl Refusal {
    /// Whether it may be ours or the road's, and so say nothing of the address once others say the same.
    pub fn may_be_ours(self) -> bool {
        match self {
            Self::Sender | Self::Road | Self::Unknown => true,
            Self::Address | Self::Mailbox | Self::Letter => false,
        }
    }

    /// Until when an address that a letter did not reach for this reason at `at` is not written to. A flag ends after
    /// `retry` (`retomar_contato_dias`), so that nothing rests for ever; the other rests are short and only keep a
    /// letter from going back and forth.
    pub fn rests_until(self, at: Timestamp, retry: SignedDuration) -> Timestamp {
        let rest = match self {
            Self::Address => retry,
            Self::Mailbox => SignedDuration::from_hours(3 * 24),
            Self::Letter | Self::Sender | Self::Road | Self::Unknown => SignedDuration::from_hours(24),
        };
        at.saturating_add(rest).unwrap_or(Timestamp::MAX)
    }

    /// What a status code and the words beside it say. Addresses in the words are not read.
    #[expect(clippy::match_same_arms, reason = "in the order of the table of RFC 3463")]
    pub fn of(status: Option<EnhancedStatus>, words: &str) -> Self {
        let words = legible(words);
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| contains(&words, phrase));
        let (class, subject, detail) = status.map_or((0, 0, 0), |s| (s.class, s.subject, s.detail));
        if subject == 7 || (subject == 1 && matches!(detail, 7 | 8)) || says(&SENDER) {
            return Self::Sender;
        }
        match (subject, detail) {
            (2, 3) | (3, 4) | (6, _) => return Self::Letter,
            (2, _) => return Self::Mailbox,
            _ => {}
        }
        if says(&MAILBOX) {
            return Self::Mailbox;
        }
        if says(&LETTER) {
            return Self::Letter;
        }
        let for_good = class != 4;
        match (subject, detail) {
            (1, 1 | 2 | 3 | 6 | 10) if for_good => Self::Address,
            (1, 9) => Self::Road,
            // Microsoft 365 says this of addresses that are not there and of much else.
            (4, 1) if says(&["access denied"]) => Self::Unknown,
            // What has no host is the recipient's domain, but where it is said of ours.
            (4, 4) if for_good && !says(&OF_US) => Self::Address,
            (0 | 3..=5, _) if for_good && says(&DOMAIN) && !says(&OF_US) => Self::Address,
            (4, _) => Self::Road,
            (0 | 3 | 5, _) if for_good && says(&ADDRESS) => Self::Address,
            (3 | 5, _) => Self::Road,
            (0, _) if says(&ROAD) => Self::Road,
            _ => Self::Unknown,
        }
    }

    /// In the operators' words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Address => "o endereço não existe",
            Self::Mailbox => "a caixa está cheia ou desativada",
            Self::Letter => "a carta não foi aceita: tamanho ou conteúdo",
            Self::Sender => "o nosso servidor ou domínio foi recusado; o endereço não tem culpa",
            Self::Road => "falha de um servidor ou da rede no caminho; o endereço não tem culpa",
            Self::Unknown => "motivo que o serviço não reconhece; confira",
        }
    }
}

shown!(Refusal);

/// Whether a reply says that we are not let in (RFC 4954), at whatever step: never that an address or a letter is bad.
pub fn is_of_the_login(code: u16) -> bool {
    matches!(code, 530 | 534 | 535 | 538)
}

/// An enhanced status code, `5.1.1` (RFC 3463).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnhancedStatus {
    /// 2 (done), 4 (may succeed later) or 5 (will not).
    pub class: u16,
    /// What it is about: 1 an address, 2 a mailbox, 3 a mail system, and so on (RFC 3463 §2).
    pub subject: u16,
    /// Which condition of the subject.
    pub detail: u16,
}

impl EnhancedStatus {
    /// The first of a text. A number of four parts is a network address.
    pub fn find(text: &str) -> Option<Self> {
        text.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(|token| {
            let mut pieces = token.trim_matches('.').split('.');
            let mut number = || pieces.next().filter(|p| (1..=3).contains(&p.len()))?.parse::<u16>().ok();
            let status = Self { class: number()?, subject: number()?, detail: number()? };
            (matches!(status.class, 2 | 4 | 5) && pieces.next().is_none()).then_some(status)
        })
    }
}

impl fmt::Display for EnhancedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// Lower case without accents, blanks as one, and without whatever holds an address.
fn legible(words: &str) -> String {
    let kept: Vec<&str> = words.split_whitespace().filter(|word| !word.contains('@')).collect();
    fold::folded(&kept.join(" "))
}

/// Whether a phrase stands in the words, beginning where a word begins.
fn contains(words: &str, phrase: &str) -> bool {
    words
        .match_indices(phrase)
        .any(|(at, _)| words[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Refusal {
        Refusal::of(EnhancedStatus::find(text), text)
    }

    #[test]
    fn only_words_about_the_address_speak_of_the_address() {
        for (text, refusal) in [
            (
                "550 5.1.1 <a@b.br>: Recipient address rejected: User unknown in virtual mailbox table",
                Refusal::Address,
            ),
            ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found", Refusal::Address),
            ("556 5.1.10 null MX", Refusal::Address),
            ("550 No such user here", Refusal::Address),
            ("550 Usuário desconhecido", Refusal::Address),
            ("550 5.5.0 user unknown", Refusal::Address),
            ("450 4.1.1 unverified address: user unknown", Refusal::Unknown),
            ("550 5.1.1 blocked using zen.spamhaus.org", Refusal::Sender),
            ("550 5.1.8 bad sender's system address", Refusal::Sender),
            ("550 5.7.1 user unknown", Refusal::Sender),
            ("550 5.7.26 message does not pass DMARC", Refusal::Sender),
            ("553 5.7.1 Sender address rejected: not owned by user", Refusal::Sender),
            ("550 Mensagem bloqueada por política de segurança", Refusal::Sender),
            ("552 5.2.2 mailbox full", Refusal::Mailbox),
            ("550 5.2.1 disabled", Refusal::Mailbox),
            ("552 Caixa postal cheia", Refusal::Mailbox),
            ("550 5.1.1 mailbox is full", Refusal::Mailbox),
            ("552 5.3.4 message too big", Refusal::Letter),
            ("552 5.2.3 length", Refusal::Letter),
            ("554 5.6.0 bad", Refusal::Letter),
            ("5.4.7 delivery time expired", Refusal::Road),
            (
                "5.4.4 Host or domain name not found. Name service error for name=x.br type=AAAA",
                Refusal::Address,
            ),
            ("5.4.4 unable to route: no mail hosts for domain", Refusal::Address),
            ("550 Host unknown (Name server: x.br.: host not found)", Refusal::Address),
            ("5.0.0 O domínio do destinatário não existe", Refusal::Address),
            (
                "4.4.3 Host or domain name not found. Name service error: Host not found, try again",
                Refusal::Road,
            ),
            ("4.4.4 Host or domain name not found", Refusal::Road),
            ("550 5.4.4 cannot resolve the sender's domain: host not found", Refusal::Road),
            ("504 5.5.2 <x>: Helo command rejected: Host not found", Refusal::Road),
            ("5.4.6 mail loops back to myself", Refusal::Road),
            ("550 5.4.1 Recipient address rejected: Access denied", Refusal::Unknown),
            ("554 5.3.0 service unavailable", Refusal::Road),
            ("connection timed out", Refusal::Road),
            ("550 no", Refusal::Unknown),
            ("550 Requested action not taken: mailbox unavailable", Refusal::Unknown),
            ("550 spf@politica.br", Refusal::Unknown),
        ] {
            assert_eq!(of(text), refusal, "{text}");
        }
    }

    #[test]
    fn every_rest_ends() {
        let at = Timestamp::UNIX_EPOCH;
        for refusal in Refusal::ALL {
            let until = refusal.rests_until(at, SignedDuration::from_hours(24 * 90));
            assert!(until > at && until < at + SignedDuration::from_hours(24 * 91));
            assert_eq!(Refusal::parse(refusal.as_str()), Some(refusal));
        }
    }
}
