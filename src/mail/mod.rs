//! How a letter leaves: its bytes, the relay, and the folder of a rehearsal.
//!
//! Reading order: [`token`] (names made from a notice's key), [`message`] (a letter's exact bytes), [`smtp`] (one
//! connection to the relay), [`mod@file`] (rehearsal). [`Transport`] joins the last two for a sender. [`bounce`] reads
//! what comes back, [`maildir`] is where it lies, and [`kept`] where it is put when it came by a pipe.
//!
//! Must not decide whether a letter is due, keep a queue, or log an address. Names only `domain`; no type of lettre or
//! rustls stands in a signature that other rooms see. TLS here asks rustls for ring by name, so nothing need be
//! installed first (reqwest, in another room, does need `rustls::crypto::ring::default_provider().install_default()`).

pub mod bounce;
pub mod file;
pub mod kept;
pub mod maildir;
pub mod message;
#[cfg(test)]
pub(crate) mod scripted;
pub mod smtp;
pub mod token;

use crate::domain::delivery::Outcome;
use crate::domain::id::EmailAddress;
use crate::domain::notice::NoticeKey;

use self::file::FileOutbox;
use self::smtp::{Envelope, SmtpSender};

/// One letter to one address, as the outbox hands it over.
#[derive(Debug, Clone, Copy)]
pub struct Parcel<'a> {
    /// Which notice; it names the file of a rehearsal.
    pub key: &'a NoticeKey,
    /// Which version of its letter, from 1.
    pub version: u16,
    /// Envelope sender.
    pub from: &'a EmailAddress,
    /// Envelope recipient.
    pub to: &'a EmailAddress,
    /// The letter as [`message::compose`] made it.
    pub bytes: &'a [u8],
}

/// Where one sender's letters go. Each sender owns its own.
#[derive(Debug)]
pub enum Transport {
    /// To the relay (`producao`).
    Smtp(Box<SmtpSender>),
    /// To a folder (`ensaio`).
    File(FileOutbox),
}

impl Transport {
    /// Delivers one letter to one address. It may be dropped at any moment: what was on the wire is then uncertain,
    /// and the connection is not used again.
    pub async fn deliver(&mut self, parcel: Parcel<'_>) -> Outcome {
        match self {
            Self::Smtp(sender) => {
                sender.send(Envelope { from: parcel.from, to: parcel.to }, parcel.bytes).await
            }
            Self::File(outbox) => outbox.deliver(parcel.key, parcel.version, parcel.bytes).await,
        }
    }

    /// Takes leave of the relay, within two seconds.
    pub async fn close(&mut self) {
        match self {
            Self::Smtp(sender) => sender.close().await,
            Self::File(_) => {}
        }
    }
}
