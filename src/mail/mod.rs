//! How a letter leaves: its bytes, the relay, and the folder of a rehearsal.
//!
//! Reading order: [`token`] (names made from a notice's key), [`message`] (a letter's exact bytes), [`smtp`] (one
//! connection to the relay), [`mod@file`] (rehearsal). [`Transport`] joins the last two for a sender. [`bounce`] reads
//! what comes back, [`maildir`] is where it lies, and [`unmatched`] where it is put when it came by a pipe and matches
//! no letter. [`relay_log`] finds in the relay's own log what left.
//!
//! Must not decide whether a letter is due, keep a queue, or log an address. Names only `domain`; no type of lettre or
//! rustls stands in a signature that other rooms see. TLS here asks rustls for ring by name, so nothing need be
//! installed first (reqwest, in another room, does need `rustls::crypto::ring::default_provider().install_default()`).

pub mod bounce;
#[cfg(test)]
pub(crate) mod conversation;
pub mod file;
pub mod maildir;
pub mod message;
pub mod relay_log;
#[cfg(test)]
pub(crate) mod scripted;
pub mod smtp;
pub mod subaddress;
pub mod token;
pub mod unmatched;

use crate::domain::delivery::Outcome;
use crate::domain::notice::NoticeKey;

use self::file::FileOutbox;
use self::smtp::{Envelope, Permit, SmtpSender};

/// Where one sender's letters go. Each sender owns its own.
#[derive(Debug)]
pub enum Transport {
    /// To the relay (`producao`).
    Smtp(Box<SmtpSender>),
    /// To a folder (`ensaio`).
    File(FileOutbox),
}

impl Transport {
    /// Has it speak to the relay only while this process may.
    pub fn only_while(&mut self, permit: &Permit) {
        match self {
            Self::Smtp(sender) => sender.only_while(permit.clone()),
            Self::File(_) => {}
        }
    }

    /// Reaches the relay, if that must come first. It may be dropped at any moment: no letter is on the wire yet.
    ///
    /// # Errors
    /// What it means for the letter that was to go, as of [`smtp::Session::connect`].
    pub async fn connect(&mut self) -> Result<(), Outcome> {
        match self {
            Self::Smtp(sender) => sender.connect().await,
            Self::File(_) => Ok(()),
        }
    }

    /// Delivers one letter, the bytes that [`message::compose`] made, to one address. `key` and `version` (from 1) name
    /// the file of a rehearsal. It may be dropped at any moment: what was on the wire is then uncertain, and the
    /// connection is not used again.
    pub async fn deliver(
        &mut self,
        key: &NoticeKey,
        version: u16,
        envelope: Envelope<'_>,
        letter: &[u8],
    ) -> Outcome {
        match self {
            Self::Smtp(sender) => sender.send(envelope, letter).await,
            Self::File(outbox) => outbox.deliver(key, version, letter).await,
        }
    }

    /// Whether what came of the last delivery was said over its recipient or its letter, at RCPT or later.
    pub fn spoke_of_the_letter(&self) -> bool {
        match self {
            Self::Smtp(sender) => sender.spoke_of_the_letter(),
            Self::File(_) => true,
        }
    }

    /// Says QUIT to the relay; waits two seconds at most.
    pub async fn close(&mut self) {
        match self {
            Self::Smtp(sender) => sender.close().await,
            Self::File(_) => {}
        }
    }
}
