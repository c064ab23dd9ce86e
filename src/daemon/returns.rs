//! What comes back by mail: failures and read receipts, tied to the letters that they are about.
//!
//! Each message ends in a named [`Fate`], and nothing in it is taken at its word: only a letter that left, for an
//! address that it left for, can come back. What no letter explains is told to staff. The ledger keeps the message that
//! changed a delivery; the Maildir keeps its own; of those that come by a pipe, what no letter explains becomes a file.

mod mailbox;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tracing::{error, info};

use super::alert::alert_once;
use super::app::App;
use super::arrivals::blocking;
use super::sender::subaddresses;
use crate::contain::Bounds;
use crate::domain::id::EmailAddress;
use crate::domain::notice::NoticeKey;
use crate::domain::refusal::Refusal;
use crate::mail::bounce::{self, Action, Bounce, Disposition, FailedRecipient, Receipt, Returned, Why};
use crate::mail::subaddress::Named;
use crate::mail::unmatched;
use crate::store::{Noted, RawMessage, Return, StoreError};
use crate::text::words::words;

pub use self::mailbox::Mailbox;

words! {
    /// What became of a message, or of one of its recipients.
    pub enum Fate {
        /// *devolvido*: the letter came back.
        Bounced "devolvido",
        /// *lido*: the letter was read.
        Read "lido",
        /// *ja-anotado*: known before.
        Known "ja-anotado",
        /// *em-envio*: the letter is being sent at this moment; the message must be read again later.
        OnTheWire "em-envio",
        /// *atrasado*: being tried still; nothing changes.
        Delayed "atrasado",
        /// *aceito*: nobody knew whether the letter had been taken, and this proves it; it is not repeated.
        Taken "aceito",
        /// *entregue*: delivered or handed on; nothing changes for a letter that was taken.
        Delivered "entregue",
        /// *nao-lido*: a receipt that does not say that anybody read it.
        Unread "nao-lido",
        /// *resposta-automatica*: an absence or an acknowledgement.
        AutoReply "resposta-automatica",
        /// *pede-confirmacao*: a filter keeps the letter until somebody confirms it.
        Challenge "pede-confirmacao",
        /// *reclamacao*: somebody called the letter spam.
        Complaint "reclamacao",
        /// *sem-carta*: it is about no letter of ours.
        NoLetter "sem-carta",
        /// *nunca-enviado*: it is about a letter that never left for that address.
        NeverSent "nunca-enviado",
        /// *ambiguo*: the letter went to several addresses, and this tells of none of them.
        Ambiguous "ambiguo",
        /// *contraditorio*: the letter came back, and somebody had confirmed reading it.
        Contradictory "contraditorio",
        /// *sem-assinatura*: letters leave with a signed sender of their own, and this came to another address.
        Unsigned "sem-assinatura",
        /// *falso*: it came to an address made up to look like a delivery's.
        Forged "falso",
        /// *nao-reconhecido*: no notification; perhaps somebody wrote.
        Unrecognised "nao-reconhecido",
    }
}

impl Fate {
    /// Whether a person must look: no letter explains it, or only a person can answer it.
    pub fn needs_a_person(self) -> bool {
        match self {
            Self::NoLetter
            | Self::NeverSent
            | Self::Ambiguous
            | Self::Contradictory
            | Self::Unsigned
            | Self::Forged
            | Self::Unrecognised
            | Self::Challenge
            | Self::Complaint => true,
            Self::Bounced
            | Self::Read
            | Self::Known
            | Self::OnTheWire
            | Self::Taken
            | Self::Delayed
            | Self::Delivered
            | Self::Unread
            | Self::AutoReply => false,
        }
    }
}

/// One outcome of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnOutcome {
    pub fate: Fate,
    /// Which notice, where one is known.
    pub key: Option<NoticeKey>,
    /// In the operators' words. May hold an address: not for logs.
    pub words: String,
}

impl ReturnOutcome {
    fn new(fate: Fate, words: impl Into<String>) -> Self {
        Self { fate, key: None, words: words.into() }
    }
}

/// Where a message came from, and so where staff find it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A mailbox that keeps it under this name.
    Mailbox(String),
    /// A pipe (`devolucao`): what no letter explains is kept as a file.
    Pipe,
}

/// What reading one message may take.
static MESSAGES: Bounds = Bounds::new(Duration::from_mins(1), 256);

/// Reads one message, given as what the ledger keeps of it and its beginning ([`RawMessage::read`]), and records what it
/// tells. Answers at least one finding.
///
/// # Errors
/// [`StoreError`]: the message must be read again; what was recorded already counts once.
pub async fn return_once(
    app: &App,
    origin: Origin,
    (raw, head): (RawMessage, Vec<u8>),
    now: Timestamp,
) -> Result<Vec<ReturnOutcome>, StoreError> {
    let head = Arc::new(head);
    let of = head.clone();
    let returned = MESSAGES.run(move || bounce::read(&of)).await;
    let returned = returned.unwrap_or(Returned::Unrecognised { why: Why::Malformed });
    let own = subaddresses(app, &app.live()).await?;
    let named = own.as_ref().map_or(Named::Nothing, |own| own.read(&bounce::delivered_to(&head)));
    let is_unsigned = own.is_some() && named == Named::Nothing;
    let findings = match returned {
        _ if named == Named::Forged => vec![ReturnOutcome::new(
            Fate::Forged,
            "veio para um endereço de devolução que este serviço não deu a nenhuma carta; nada muda",
        )],
        // Message-IDs and ENVIDs are made of what everybody knows; the signature is not.
        Returned::Bounce(_) | Returned::Progress { .. } if is_unsigned => vec![ReturnOutcome::new(
            Fate::Unsigned,
            "as cartas saem com remetente assinado (subendereco = true), e este aviso não veio para ele: pode ser \
             inventado, ou de carta de antes; nada muda",
        )],
        Returned::Bounce(mut bounce) => {
            bounce.originals.splice(..0, named.delivery());
            bounced(app, &bounce, &raw, now).await?
        }
        Returned::Receipt(receipt) => vec![receipted(app, &receipt, &raw, now).await?],
        Returned::Progress { action, recipients, mut originals } => {
            originals.splice(..0, named.delivery());
            vec![progressed(app, action, (&originals, &recipients), &raw, now).await?]
        }
        Returned::AutoReply => vec![ReturnOutcome::new(Fate::AutoReply, "resposta automática; nada muda")],
        Returned::Challenge => vec![ReturnOutcome::new(
            Fate::Challenge,
            "um filtro do destinatário só entrega a carta se alguém confirmar o envio",
        )],
        Returned::Complaint { originals } => {
            let letter = originals.first().map_or("não se sabe qual", String::as_str);
            let words =
                format!("alguém marcou uma carta como spam (Message-ID {letter}); fale com o município");
            vec![ReturnOutcome::new(Fate::Complaint, words)]
        }
        Returned::Unrecognised { why } => vec![ReturnOutcome::new(Fate::Unrecognised, why.to_string())],
    };
    for finding in &findings {
        let key = finding.key.as_ref().map(NoticeKey::to_string).unwrap_or_default();
        info!(notice.key = key, return.fate = finding.fate.as_str(), "mensagem de volta");
    }
    if findings.iter().any(|f| matches!(f.fate, Fate::Bounced | Fate::Read)) {
        app.wake.notify_one();
    }
    let unexplained: Vec<&str> =
        findings.iter().filter(|f| f.fate.needs_a_person()).map(|f| f.words.as_str()).collect();
    if !unexplained.is_empty() {
        let place = match origin {
            Origin::Mailbox(name) => name,
            Origin::Pipe => keep(app, &raw, head).await,
        };
        let text = format!(
            "Voltou pelo correio uma mensagem que alguém precisa ler ({place}).\n{}\n\
             Pode haver outras: há um só aviso destes por dia.",
            unexplained.join("\n")
        );
        alert_once(app, "devolucoes", text, now).await?;
    }
    Ok(findings)
}

/// Keeps a message that came by a pipe, and says where.
async fn keep(app: &App, raw: &RawMessage, head: Arc<Vec<u8>>) -> String {
    let dir = app.live().setup.config.settings.data.join("devolucoes");
    // Of a huge one only the beginning was read, and its name says so.
    let is_whole = raw.size() == head.len();
    let name = format!("{}.{}", raw.sha256(), if is_whole { "eml" } else { "comeco.eml" });
    match blocking(move || unmatched::keep(&dir, &name, &head)).await {
        Ok(path) if is_whole => path.display().to_string(),
        Ok(path) => format!("{}, só o começo dela", path.display()),
        Err(fault) => {
            error!(error = %fault, "uma mensagem sem carta não pôde ser guardada");
            format!("ela não pôde ser guardada: {fault}")
        }
    }
}

async fn bounced(
    app: &App,
    bounce: &Bounce,
    raw: &RawMessage,
    now: Timestamp,
) -> Result<Vec<ReturnOutcome>, StoreError> {
    let retry = app.live().setup.config.settings.retry_contact_after;
    let mut findings = Vec::with_capacity(bounce.recipients.len());
    for recipient in &bounce.recipients {
        let why = words(recipient, bounce, raw.sha256());
        let rests_until = recipient.refusal.rests_until(now, retry);
        let came = Return::Bounced { why: why.clone(), refusal: recipient.refusal, rests_until };
        let about = (&recipient.addresses[..], &recipient.mentioned[..]);
        let noted = note(app, &bounce.originals, about, &came, raw, now).await?;
        if matches!(noted, Noted::Changed(_)) {
            tell_of_doubt(app, recipient, &why, now).await?;
        }
        findings.push(finding(noted, Fate::Bounced, &why));
    }
    Ok(findings)
}

/// Tells staff, once a day, of a letter that came back for a reason that is not the address's.
async fn tell_of_doubt(
    app: &App,
    recipient: &FailedRecipient,
    why: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    if matches!(recipient.refusal, Refusal::Address | Refusal::Mailbox) {
        return Ok(());
    }
    let text = format!(
        "Uma carta voltou, e o endereço não foi dado como inválido: {}. O servidor disse: “{why}”. Veja os outros \
         com: vigia-suas contato. Há um só aviso destes por dia.",
        recipient.refusal.words()
    );
    alert_once(app, "devolvida-sem-culpa", text, now).await
}

/// What the ledger keeps of a failure.
fn words(recipient: &FailedRecipient, bounce: &Bounce, sha256: &str) -> String {
    let status = recipient.status.map(|s| s.to_string()).unwrap_or_default();
    let said = [status.as_str(), recipient.diagnostic.as_str()];
    let said: Vec<&str> = said.into_iter().filter(|piece| !piece.is_empty()).collect();
    let said = if said.is_empty() { "devolvida sem explicação".to_owned() } else { said.join(" ") };
    let by =
        if bounce.reporter.is_empty() { String::new() } else { format!("aviso de {}; ", bounce.reporter) };
    format!("{said} ({by}sha256 {sha256})")
}

/// A letter in doubt that a mail system reports on was taken: it is not sent again.
async fn progressed(
    app: &App,
    action: Action,
    (originals, recipients): (&[String], &[EmailAddress]),
    raw: &RawMessage,
    now: Timestamp,
) -> Result<ReturnOutcome, StoreError> {
    let (fate, words) = match action {
        Action::Delayed => (Fate::Delayed, "a carta está atrasada e ainda é tentada"),
        Action::Failed | Action::Delivered | Action::Relayed | Action::Expanded => {
            (Fate::Delivered, "a carta foi entregue ou repassada")
        }
    };
    arrived(app, fate, words, (originals, recipients), raw, now).await
}

/// What proves that a letter was taken, and says no more: `fate` unless it was in doubt.
async fn arrived(
    app: &App,
    fate: Fate,
    words: &str,
    (originals, recipients): (&[String], &[EmailAddress]),
    raw: &RawMessage,
    now: Timestamp,
) -> Result<ReturnOutcome, StoreError> {
    let came = Return::Arrived { why: words.to_owned() };
    Ok(match note(app, originals, (recipients, &[]), &came, raw, now).await? {
        noted @ Noted::Changed(_) => finding(
            noted,
            Fate::Taken,
            &format!("{words}: não se sabia se tinha saído, e saiu; não é repetida"),
        ),
        noted @ Noted::OnTheWire(_) => finding(noted, fate, words),
        Noted::Known(key) | Noted::Contradicts(key) | Noted::NeverSent(key) | Noted::Ambiguous(key) => {
            ReturnOutcome { key: Some(key), ..ReturnOutcome::new(fate, format!("{words}; nada muda")) }
        }
        Noted::NoLetter => ReturnOutcome::new(fate, format!("{words}; nada muda")),
    })
}

async fn receipted(
    app: &App,
    receipt: &Receipt,
    raw: &RawMessage,
    now: Timestamp,
) -> Result<ReturnOutcome, StoreError> {
    let unread = match receipt.disposition {
        Disposition::Displayed => None,
        Disposition::Deleted => Some("a carta foi apagada; não se sabe se foi lida"),
        Disposition::Denied => Some("o destinatário não quis confirmar a leitura"),
        Disposition::Processed | Disposition::Other => {
            Some("tratada por uma máquina; não se sabe se foi lida")
        }
    };
    if let Some(words) = unread {
        let about = (&receipt.originals[..], &receipt.recipients[..]);
        return arrived(app, Fate::Unread, words, about, raw, now).await;
    }
    let about = (&receipt.recipients[..], &[][..]);
    let noted = note(app, &receipt.originals, about, &Return::Read, raw, now).await?;
    Ok(finding(noted, Fate::Read, "o destinatário confirmou a leitura"))
}

/// Ties a return to the first of the letters named that is ours.
async fn note(
    app: &App,
    originals: &[String],
    (named, mentioned): (&[EmailAddress], &[EmailAddress]),
    came: &Return,
    raw: &RawMessage,
    now: Timestamp,
) -> Result<Noted, StoreError> {
    for id in originals {
        let noted = app.store.note_return(id, named, mentioned, came.clone(), raw, now).await?;
        if noted != Noted::NoLetter {
            return Ok(noted);
        }
    }
    Ok(Noted::NoLetter)
}

fn finding(noted: Noted, changed: Fate, words: &str) -> ReturnOutcome {
    let (fate, key, words) = match noted {
        Noted::Changed(key) => (changed, Some(key), words.to_owned()),
        Noted::Known(key) => (Fate::Known, Some(key), "já estava anotado".to_owned()),
        Noted::OnTheWire(key) => (
            Fate::OnTheWire,
            Some(key),
            "a carta está em envio; leia esta mensagem de novo depois".to_owned(),
        ),
        Noted::NeverSent(key) => {
            (Fate::NeverSent, Some(key), format!("a carta não saiu para esse endereço: {words}"))
        }
        Noted::Contradicts(key) => {
            let words = format!(
                "alguém confirmou que leu a carta, e este aviso diz que ela não chegou; confira o contato: {words}"
            );
            (Fate::Contradictory, Some(key), words)
        }
        Noted::Ambiguous(key) => {
            let doubt = if changed == Fate::Read {
                "a confirmação não vem de nenhum deles"
            } else {
                "o aviso não diz qual deles falhou"
            };
            (Fate::Ambiguous, Some(key), format!("a carta foi a vários endereços, e {doubt}: {words}"))
        }
        Noted::NoLetter => (Fate::NoLetter, None, format!("não corresponde a nenhuma carta: {words}")),
    };
    ReturnOutcome { fate, key, words }
}

#[cfg(test)]
mod tests;
