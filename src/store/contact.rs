//! Addresses that refused a letter or sent one back, until they take one or somebody says otherwise.

use jiff::Timestamp;

use super::cell::{Cells, ms};
use super::chain::{Chain, Line, sha256};
use super::db::{Conn, detached};
use super::sql::{bound, statements};
use super::{Store, StoreError};
use crate::domain::id::EmailAddress;
use crate::domain::journal::{Entry, Flagged, Unflagged, Unflagging};

statements! {
    const FLAG = "INSERT INTO flagged_contacts (address, since, why) VALUES ($1, $2, $3) \
                  ON CONFLICT (address) DO NOTHING";
    const UNFLAG = "DELETE FROM flagged_contacts WHERE address = $1";
    const LIST = "SELECT address, since, why FROM flagged_contacts ORDER BY address";
}

/// A flagged address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlaggedContact {
    /// Which.
    pub address: EmailAddress,
    /// Since when.
    pub since: Timestamp,
    /// What the relay said.
    pub why: String,
}

impl Store {
    /// The flagged addresses.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], or a fault of the database.
    pub async fn flagged(&self) -> Result<Vec<FlaggedContact>, StoreError> {
        let mut conn = self.db.read().await?;
        let rows = bound!(LIST).fetch_all(&mut *conn).await?;
        rows.iter()
            .map(|row| {
                let cells = Cells::of("flagged_contacts", row);
                Ok(FlaggedContact {
                    address: cells.parsed("address", |t| EmailAddress::parse(t).ok())?,
                    since: cells.instant("since")?,
                    why: cells.get("why")?,
                })
            })
            .collect()
    }

    /// Takes the flag off an address that somebody confirmed. Answers whether it had one.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn confirm_contact(&self, address: &EmailAddress, now: Timestamp) -> Result<bool, StoreError> {
        let (db, address) = (self.db.clone(), address.clone());
        detached(async move {
            let mut tx = db.begin().await?;
            let mut chain = Chain::resume(&mut tx).await?;
            let gone = unflag(&mut tx, &mut chain, &address, now, Unflagging::Confirmed).await?;
            chain.save(&mut tx).await?;
            tx.commit().await?;
            Ok(gone)
        })
        .await
    }
}

/// Flags an address; one already flagged keeps its first reason.
pub(super) async fn flag(
    conn: &mut Conn,
    chain: &mut Chain,
    address: &EmailAddress,
    at: Timestamp,
    why: &str,
) -> Result<(), StoreError> {
    let flagged = bound!(FLAG, address.as_str(), ms(at), why).execute(&mut *conn).await?.rows_affected() > 0;
    if flagged {
        tell(chain, address, at, Flagged { why_sha256: sha256(why.as_bytes()) });
    }
    Ok(())
}

/// Takes the flag off an address. Answers whether it had one.
pub(super) async fn unflag(
    conn: &mut Conn,
    chain: &mut Chain,
    address: &EmailAddress,
    at: Timestamp,
    why: Unflagging,
) -> Result<bool, StoreError> {
    let gone = bound!(UNFLAG, address.as_str()).execute(&mut *conn).await?.rows_affected() > 0;
    if gone {
        tell(chain, address, at, Unflagged { act: why });
    }
    Ok(gone)
}

/// The journal outlives the contact's data, so it names the address by digest only.
fn tell(chain: &mut Chain, address: &EmailAddress, at: Timestamp, told: impl Into<Entry>) {
    chain.append(Line::new(at, &sha256(address.as_str().as_bytes()), told));
}
