//! Alerts to staff that may have to go by another way than mail, and what was told by which.
//!
//! What was told is what the journal says: there is no second account of it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::chain::{Chain, Line};
use super::{Store, StoreError};
use crate::database::cell::{Cells, ms};
use crate::database::db::written;
use crate::database::sql::{bound, statements};
use crate::domain::journal::{Announced, Channel, Entry};
use crate::domain::notice::NoticeKey;

statements! {
    const ALERTS = "SELECT n.notice_key, n.version, n.recorded_at, l.subject, (SELECT MIN(d.reached_at) FROM \
                    deliveries d WHERE d.notice_key = n.notice_key AND d.version = n.version \
                    AND d.state IN ('aceito', 'lido')) AS taken_at, (SELECT CASE WHEN \
                    SUM(CASE WHEN d.state IN ('recusado', 'devolvido') THEN 0 ELSE 1 END) = 0 THEN MAX(d.settled_at) END \
                    FROM deliveries d WHERE d.notice_key = n.notice_key AND d.version = n.version) AS lost_at FROM notices n \
                    JOIN letters l ON l.notice_key = n.notice_key AND l.version = n.version WHERE n.municipality IS NULL \
                    AND n.recorded_at >= $1 AND n.kind = 'alerta' AND n.act = 'enviar' ORDER BY n.recorded_at, n.notice_key";
    // `+ 0`: by `journal_of_alerts`, and not through the whole journal in its order.
    const TOLD = "SELECT seq, at, kind, subject, window_id, municipality, body, prev_hash, hash FROM journal \
                  WHERE kind = 'alerta' AND at >= $1 ORDER BY seq + 0";
}

/// An alert to staff, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffAlert {
    pub key: NoticeKey,
    /// Since when it is to leave.
    pub recorded_at: Timestamp,
    pub subject: String,
    pub version: u16,
    /// When a mail server took it first, for one address at least.
    pub taken_at: Option<Timestamp>,
    /// Since when every address has refused it, or it came back from there.
    pub lost_at: Option<Timestamp>,
}

/// What was told by other ways than mail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Announcements {
    taken: BTreeSet<(String, Channel)>,
    /// The ways whose last try failed.
    pub failing: Vec<ChannelFailure>,
}

/// A way to tell staff whose last try failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelFailure {
    pub channel: Channel,
    /// Since when none succeeded.
    pub since: Timestamp,
    /// What went wrong last.
    pub failure: String,
}

impl Announcements {
    /// Whether an alert went out by this way.
    pub fn took(&self, key: &NoticeKey, channel: Channel) -> bool {
        self.taken.contains(&(key.to_string(), channel))
    }

    fn note(&mut self, subject: String, at: Timestamp, told: Announced) {
        let before = self.failing.iter().position(|failing| failing.channel == told.channel);
        match (told.failure, before) {
            (None, _) => {
                self.failing.retain(|failing| failing.channel != told.channel);
                self.taken.insert((subject, told.channel));
            }
            (Some(failure), Some(place)) => self.failing[place].failure = failure,
            (Some(failure), None) => {
                self.failing.push(ChannelFailure { channel: told.channel, since: at, failure });
            }
        }
    }
}

impl Store {
    /// Alerts to staff recorded since an instant that are still to leave or left, in order.
    pub async fn staff_alerts(&self, since: Timestamp) -> Result<Vec<StaffAlert>, StoreError> {
        bound!(ALERTS, ms(since))
            .all(&self.db, |row| {
                let cells = Cells::of("notices", row);
                Ok(StaffAlert {
                    key: cells.parsed("notice_key", NoticeKey::parse)?,
                    recorded_at: cells.instant("recorded_at")?,
                    subject: cells.get("subject")?,
                    version: cells.number("version")?,
                    taken_at: cells.instant_opt("taken_at")?,
                    lost_at: cells.instant_opt("lost_at")?,
                })
            })
            .await
    }

    /// What was told by other ways than mail since an instant. What cannot be read of it counts as not told.
    pub async fn announcements(&self, since: Timestamp) -> Result<Announcements, StoreError> {
        let mut conn = self.db.read().await?;
        let mut found = Announcements::default();
        for row in bound!(TOLD, ms(since)).fetch_all(&mut conn).await? {
            let entry = super::journal::entry(&row)?;
            if let Ok(Entry::Announced(told)) = entry.told {
                found.note(entry.subject, entry.at, told);
            }
        }
        Ok(found)
    }

    /// Notes what was told, or tried, by another way than mail: each by its alert's key, or whatever it was about.
    pub async fn note_announced(
        &self,
        told: Vec<(String, Announced)>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        written!(self.db, quietly, |tx| {
            let mut chain = Chain::resume(&mut tx).await?;
            for (subject, told) in told {
                chain.append(Line::new(now, &subject, told));
            }
            chain.save(&mut tx).await?;
        })
    }
}
