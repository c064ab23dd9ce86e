//! The panel's files while it is served: a certificate that was renewed is taken up once it is whole, and until then the one
//! before serves; a file of passwords that broke is told.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::tls::{self, Tls};
use super::{PanelError, password};
use crate::config::PanelSettings;

/// What tells a file from what it was, its permissions too: none where there is none.
pub type Stamp = Option<(u64, i64, i64, u64)>;

/// What tells whether the panel's files are others than they were.
pub fn stamp(settings: &PanelSettings) -> Vec<Stamp> {
    let tls = settings.tls.iter().flat_map(|tls| [&tls.certificate, &tls.key]);
    let of = |path: &PathBuf| {
        let meta = std::fs::metadata(Path::new(path)).ok()?;
        Some((meta.ino(), meta.ctime(), meta.ctime_nsec(), meta.len()))
    };
    tls.chain(&settings.passwords).map(of).collect()
}

/// What a look at the files finds.
#[derive(Debug, PartialEq, Eq)]
pub enum Renewal {
    /// They are what they were.
    Not,
    /// They changed, and are in use as they are now.
    Taken,
    /// They changed, and one of them does not serve.
    Refused {
        /// Why, in the operators' words.
        why: String,
        /// Whether the panel is served all the same: with the certificate before.
        keeps_serving: bool,
    },
}

/// The files of a panel that is being served.
pub struct PanelFiles {
    settings: PanelSettings,
    tls: Option<Tls>,
    seen: Vec<Stamp>,
}

impl PanelFiles {
    /// Of a panel whose files were read after `seen` was taken.
    pub(super) fn new(settings: &PanelSettings, tls: Option<Tls>, seen: Vec<Stamp>) -> Self {
        Self { settings: settings.clone(), tls, seen }
    }

    /// Looks whether they are others than they were, and takes up what is whole.
    pub fn look(&mut self) -> Renewal {
        // Before they are read: what is written meanwhile is another stamp at the next look.
        let now = stamp(&self.settings);
        if now == self.seen {
            return Renewal::Not;
        }
        self.seen = now;
        let refused =
            |error: PanelError, keeps_serving| Renewal::Refused { why: error.to_string(), keeps_serving };
        if let Some(Err(error)) = self.settings.passwords.as_deref().map(password::read) {
            return refused(error.into(), false);
        }
        match self.settings.tls.as_ref().map(tls::acceptor).transpose() {
            Ok(acceptor) => {
                if let (Some(served), Some(acceptor)) = (&self.tls, acceptor) {
                    served.put(acceptor);
                }
                Renewal::Taken
            }
            Err(error) => refused(error, true),
        }
    }
}
