//! Letters as recorded, byte for byte.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;

use super::cell::{Cells, code};
use super::sql::{bound, statements};
use super::{Store, StoreError};
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::domain::notice::NoticeKey;

statements! {
    const ONE = "SELECT notice_key, version, message_id, subject, sha256, recorded_at, bytes FROM letters \
                 WHERE notice_key = $1 AND version = $2";
    pub(super) const OF = "SELECT l.notice_key, l.version, l.message_id, l.subject, l.sha256, l.recorded_at, l.bytes \
                FROM letters l JOIN notices n ON n.notice_key = l.notice_key \
                WHERE n.municipality = $1 AND ($2 IS NULL OR n.window_id = $2) \
                ORDER BY l.recorded_at, l.notice_key, l.version";
    const IDS = "SELECT n.municipality, l.message_id FROM letters l JOIN notices n ON n.notice_key = l.notice_key \
                 WHERE n.window_id = $1 AND n.municipality IS NOT NULL \
                 ORDER BY l.recorded_at, l.notice_key, l.version";
}

/// A letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLetter {
    /// Of which notice.
    pub key: NoticeKey,
    /// Which version of it.
    pub version: u16,
    /// Its Message-ID.
    pub message_id: String,
    /// Its subject.
    pub subject: String,
    /// SHA-256 of its bytes as recorded, hexadecimal.
    pub sha256: String,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Exactly what goes after DATA.
    pub bytes: Vec<u8>,
}

impl Store {
    /// One letter.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], or a fault of the database.
    pub async fn letter(&self, key: &NoticeKey, version: u16) -> Result<Option<StoredLetter>, StoreError> {
        let mut conn = self.db.read().await?;
        let row = bound!(ONE, key.to_string(), i64::from(version)).fetch_optional(&mut *conn).await?;
        row.as_ref().map(letter).transpose()
    }

    /// Every letter to a municipality, in one window or in all, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], or a fault of the database.
    pub async fn letters(
        &self,
        municipality: MunicipalityCode,
        window: Option<&WindowId>,
    ) -> Result<Vec<StoredLetter>, StoreError> {
        let mut conn = self.db.read().await?;
        let rows = bound!(OF, code(municipality), window.map(WindowId::as_str)).fetch_all(&mut *conn).await?;
        rows.iter().map(letter).collect()
    }

    /// The Message-IDs of the letters of a window, by municipality, oldest first: what new ones refer to.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], or a fault of the database.
    pub async fn message_ids(
        &self,
        window: &WindowId,
    ) -> Result<HashMap<MunicipalityCode, Vec<String>>, StoreError> {
        let mut conn = self.db.read().await?;
        let mut ids: HashMap<_, Vec<String>> = HashMap::new();
        for row in bound!(IDS, window.as_str()).fetch_all(&mut *conn).await? {
            let cells = Cells::of("letters", &row);
            ids.entry(cells.municipality("municipality")?).or_default().push(cells.get("message_id")?);
        }
        Ok(ids)
    }
}

pub(super) fn letter(row: &SqliteRow) -> Result<StoredLetter, StoreError> {
    let cells = Cells::of("letters", row);
    Ok(StoredLetter {
        key: cells.parsed("notice_key", NoticeKey::parse)?,
        version: cells.number("version")?,
        message_id: cells.get("message_id")?,
        subject: cells.get("subject")?,
        sha256: cells.get("sha256")?,
        recorded_at: cells.instant("recorded_at")?,
        bytes: cells.get("bytes")?,
    })
}
