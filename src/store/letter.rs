//! Letters as recorded, byte for byte. They lie compressed; what counts, and what their digest covers, is the plain bytes.

use std::collections::HashMap;
use std::io::Read as _;

use flate2::read::ZlibDecoder;
use flate2::{Compress, Compression, FlushCompress, Status};
use jiff::Timestamp;

use super::{Store, StoreError};
use crate::database::cell::{Cells, code};
use crate::database::engine::Row;
use crate::database::sql::{bound, statements};
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::domain::notice::NoticeKey;

/// The letters of some notices, oldest first.
macro_rules! of {
    ($which:literal) => {
        concat!(
            "SELECT l.notice_key, l.version, l.message_id, l.subject, l.sha256, l.recorded_at, l.bytes ",
            "FROM letters l JOIN notices n ON n.notice_key = l.notice_key WHERE ",
            $which,
            " ORDER BY l.recorded_at, l.notice_key, l.version"
        )
    };
}

statements! {
    const ONE = "SELECT notice_key, version, message_id, subject, sha256, recorded_at, bytes FROM letters \
                 WHERE notice_key = $1 AND version = $2";
    pub(crate) const OF = of!("n.municipality = $1");
    pub(crate) const OF_WINDOW = of!("n.window_id = $2 AND n.municipality = $1");
    // What never left, or came back, nobody there has.
    const IDS = "SELECT n.municipality, l.message_id FROM letters l JOIN notices n ON n.notice_key = l.notice_key \
                 WHERE n.window_id = $1 AND n.municipality IS NOT NULL AND EXISTS (SELECT 1 FROM deliveries d \
                 WHERE d.notice_key = l.notice_key AND d.version = l.version \
                 AND d.state IN ('aceito', 'incerto', 'lido')) \
                 ORDER BY l.recorded_at, l.notice_key, l.version";
}

/// A letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLetter {
    pub key: NoticeKey,
    pub version: u16,
    pub message_id: String,
    pub subject: String,
    /// SHA-256 of its bytes as recorded, hexadecimal.
    pub sha256: String,
    pub recorded_at: Timestamp,
    /// Exactly what goes after DATA; absent: its years are over, and the digest is what is left.
    pub bytes: Option<Vec<u8>>,
}

impl Store {
    /// One letter.
    pub async fn letter(&self, key: &NoticeKey, version: u16) -> Result<Option<StoredLetter>, StoreError> {
        bound!(ONE, key.to_string(), i64::from(version)).first(&self.db, letter).await
    }

    /// Every letter to a municipality, in one window or in all, oldest first.
    pub async fn letters(
        &self,
        municipality: MunicipalityCode,
        window: Option<&WindowId>,
    ) -> Result<Vec<StoredLetter>, StoreError> {
        match window {
            Some(window) => {
                bound!(OF_WINDOW, code(municipality), window.as_str()).all(&self.db, letter).await
            }
            None => bound!(OF, code(municipality)).all(&self.db, letter).await,
        }
    }

    /// The Message-IDs of the letters of a window that an address has, or may have, by municipality, oldest first: what new
    /// ones refer to.
    pub async fn message_ids(
        &self,
        window: &WindowId,
    ) -> Result<HashMap<MunicipalityCode, Vec<String>>, StoreError> {
        let mut conn = self.db.read().await?;
        let mut ids: HashMap<_, Vec<String>> = HashMap::new();
        for row in bound!(IDS, window.as_str()).fetch_all(&mut conn).await? {
            let cells = Cells::of("letters", &row);
            ids.entry(cells.municipality("municipality")?).or_default().push(cells.get("message_id")?);
        }
        Ok(ids)
    }
}

pub(crate) fn letter(row: &Row) -> Result<StoredLetter, StoreError> {
    let cells = Cells::of("letters", row);
    let packed: Option<&[u8]> = cells.get("bytes")?;
    Ok(StoredLetter {
        key: cells.parsed("notice_key", NoticeKey::parse)?,
        version: cells.number("version")?,
        message_id: cells.get("message_id")?,
        subject: cells.get("subject")?,
        sha256: cells.get("sha256")?,
        recorded_at: cells.instant("recorded_at")?,
        // What does not come back is shown as it lies there: its digest tells.
        bytes: packed.map(|packed| unpack(packed).unwrap_or_else(|| packed.to_vec())),
    })
}

/// No letter is as long: what says so was not written here.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Makes letters' bytes as they lie in the table (zlib). What it works in is a third of a megabyte, and serves many letters.
pub(super) struct Packer(Compress);

impl Default for Packer {
    fn default() -> Self {
        Self(Compress::new(Compression::fast(), true))
    }
}

impl Packer {
    pub(super) fn pack(&mut self, plain: &[u8]) -> Vec<u8> {
        self.0.reset();
        let mut packed = Vec::with_capacity(plain.len() / 2 + 64);
        loop {
            let done = usize::try_from(self.0.total_in()).unwrap_or(plain.len());
            // Into memory nothing fails.
            match self.0.compress_vec(&plain[done..], &mut packed, FlushCompress::Finish) {
                Ok(Status::Ok | Status::BufError) => packed.reserve(plain.len() / 2 + 64),
                Ok(Status::StreamEnd) | Err(_) => return packed,
            }
        }
    }
}

/// The plain bytes again; nothing where that is not what [`Packer::pack`] writes, or more follows it.
pub(crate) fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(packed.len() * 4);
    let mut stream = ZlibDecoder::new(packed);
    stream.by_ref().take(LONGEST).read_to_end(&mut plain).ok()?;
    (stream.total_in() == packed.len() as u64).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_lies_compressed_and_comes_back_byte_for_byte_or_not_at_all() {
        let letter = "Subject: Prazo do RMA\r\n\r\nSenhor(a) gestor(a), o prazo é 31/12/2026.\r\n".repeat(40);
        let mut press = Packer::default();
        for plain in [letter.as_bytes(), b"", &[0, 255, 13, 10]] {
            assert_eq!(unpack(&press.pack(plain)).unwrap(), plain);
        }
        let packed = press.pack(letter.as_bytes());
        assert!(packed.len() * 4 < letter.len());
        assert_eq!(unpack(&packed[..packed.len() - 1]), None);
        assert_eq!(unpack(&[&packed[..], b"x"].concat()), None);
        assert_eq!(unpack(letter.as_bytes()), None);
    }
}
