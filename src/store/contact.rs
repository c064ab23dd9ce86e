//! The health of addresses: which are not written to for now, why, and until when.
//!
//! A row has four ways out: its time is over and the address gets one more try, it takes a letter, a letter is read
//! there, or somebody confirms it. What most of a mailing failed by within an hour was not the addresses', and is
//! lifted (`stop`); so is what the relay said of one address after the other, whatever their domain (`exonerate`).

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::chain::{Chain, Line};
use super::{DeliveryFilter, Store, StoreError};
use crate::database::cell::{Cells, ms};
use crate::database::db::{Conn, written};
use crate::database::engine::Row;
use crate::database::sql::{bound, statements};
use crate::domain::delivery::DeliveryState;
use crate::domain::id::EmailAddress;
use crate::domain::journal::{Entry, Flagged, Text, Unflagged, Unflagging};
use crate::domain::overrides::Authorship;
use crate::domain::refusal::Refusal;
use crate::text::digest::sha256;

statements! {
    // What accuses the address outlasts a mere rest; nothing else shortens or lengthens one that lasts.
    const FLAG = "INSERT INTO flagged_contacts (address, since, refusal, until, why) VALUES ($1, $2, $3, $4, $5) \
                  ON CONFLICT (address) DO UPDATE SET since = excluded.since, refusal = excluded.refusal, \
                  until = excluded.until, why = excluded.why \
                  WHERE flagged_contacts.until <= excluded.since \
                  OR (flagged_contacts.refusal <> 'endereco' AND excluded.refusal = 'endereco')";
    const UNFLAG = "DELETE FROM flagged_contacts WHERE lower(address) = lower($1) RETURNING address";
    const LIST = "SELECT address, since, refusal, until, why FROM flagged_contacts ORDER BY address";
    const LAST = "SELECT d.address, d.state, d.settled_at FROM deliveries d \
                  JOIN (SELECT address, MAX(settled_at) AS latest FROM deliveries GROUP BY address) l \
                  ON l.address = d.address AND l.latest = d.settled_at ORDER BY d.address, d.id";
}

/// How long it is remembered that a letter did not arrive, to see whether others fail alike.
const WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// An address that is not written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlaggedContact {
    pub address: EmailAddress,
    pub since: Timestamp,
    /// Whose matter it is. Only [`Refusal::Address`] accuses the address.
    pub refusal: Refusal,
    /// From when on it gets one more try.
    pub until: Timestamp,
    /// What the relay or the message said.
    pub why: String,
}

/// How the last letter to an address ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastLetter {
    pub address: EmailAddress,
    /// Where that delivery stands.
    pub state: DeliveryState,
    pub at: Timestamp,
}

impl Store {
    /// The addresses that are said not to exist.
    pub async fn flagged(&self) -> Result<Vec<FlaggedContact>, StoreError> {
        let mut all = self.resting().await?;
        all.retain(|contact| contact.refusal == Refusal::Address);
        Ok(all)
    }

    /// Every address that a letter did not reach and that was not cleared since, also those whose time is over.
    pub async fn resting(&self) -> Result<Vec<FlaggedContact>, StoreError> {
        let mut conn = self.db.read().await?;
        list(&mut conn).await
    }

    /// How the last letter to each address ended, by address.
    pub async fn last_letters(&self) -> Result<Vec<LastLetter>, StoreError> {
        bound!(LAST)
            .all(&self.db, |row| {
                let cells = Cells::of("deliveries", row);
                Ok(LastLetter {
                    address: cells.parsed("address", |t| EmailAddress::parse(t).ok())?,
                    state: cells.parsed("state", DeliveryState::parse)?,
                    at: cells.instant("settled_at")?,
                })
            })
            .await
    }

    /// The same as it was known at an earlier instant.
    pub async fn last_letters_as_known(&self, at: Timestamp) -> Result<Vec<LastLetter>, StoreError> {
        let lines = self.deliveries_as_known(&DeliveryFilter::default(), at).await?;
        let mut last: BTreeMap<EmailAddress, LastLetter> = BTreeMap::new();
        for line in lines {
            let Some(at) = line.settled_at else { continue };
            let letter = LastLetter { address: line.address.clone(), state: line.state, at };
            let known = last.entry(line.address).or_insert_with(|| letter.clone());
            if letter.at >= known.at {
                *known = letter;
            }
        }
        Ok(last.into_values().collect())
    }

    /// Takes off the flags of addresses that the relay accused as it then accused everybody.
    pub async fn exonerate(&self, addresses: &[EmailAddress], now: Timestamp) -> Result<(), StoreError> {
        let addresses = addresses.to_vec();
        written!(self.db, |tx| {
            let mut chain = Chain::resume(&mut tx).await?;
            for address in &addresses {
                unflag(&mut tx, &mut chain, address, now, Unflagging::Ours).await?;
            }
            chain.save(&mut tx).await?;
        })
    }

    /// Takes the flag off an address that somebody confirmed. Answers whether it had one.
    pub async fn confirm_contact(&self, address: &EmailAddress, by: Authorship) -> Result<bool, StoreError> {
        let address = address.clone();
        written!(self.db, |tx| {
            let mut chain = Chain::resume(&mut tx).await?;
            let told = Unflagged {
                act: Unflagging::Confirmed,
                author: Some(by.author.clone()),
                reason: Some(by.reason.clone()),
            };
            let gone = take_off(&mut tx, &mut chain, &address, by.at, &told).await?;
            chain.save(&mut tx).await?;
            gone
        })
    }
}

/// Those that a letter did not reach within the last hour.
pub(super) fn recent(mut contacts: Vec<FlaggedContact>, now: Timestamp) -> Vec<FlaggedContact> {
    contacts.retain(|c| now.duration_since(c.since) <= WITHIN);
    contacts
}

pub(super) async fn list(conn: &mut Conn) -> Result<Vec<FlaggedContact>, StoreError> {
    bound!(LIST).fetch_all(conn).await?.iter().map(contact).collect()
}

fn contact(row: &Row) -> Result<FlaggedContact, StoreError> {
    let cells = Cells::of("flagged_contacts", row);
    Ok(FlaggedContact {
        address: cells.parsed("address", |t| EmailAddress::parse(t).ok())?,
        since: cells.instant("since")?,
        refusal: cells.parsed("refusal", Refusal::parse)?,
        until: cells.instant("until")?,
        why: cells.get("why")?,
    })
}

/// Lets an address rest until `until`. One that rests still keeps its first reason, unless the new one accuses it.
pub(super) async fn flag(
    conn: &mut Conn,
    chain: &mut Chain,
    address: &EmailAddress,
    (refusal, until): (Refusal, Timestamp),
    at: Timestamp,
    why: &str,
) -> Result<(), StoreError> {
    let put = bound!(FLAG, address.as_str(), ms(at), refusal.as_str(), ms(until), why);
    if put.execute(&mut *conn).await?.rows_affected() > 0 {
        let why_sha256 = sha256(why.as_bytes());
        tell(chain, address, at, Flagged { refusal: Text(refusal), until: Text(until), why_sha256 });
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
    take_off(conn, chain, address, at, &Unflagged { act: why, author: None, reason: None }).await
}

/// Takes off every flag of an address, however it is written. The entry of each names the address as its own flag does:
/// that is what the check looks for.
async fn take_off(
    conn: &mut Conn,
    chain: &mut Chain,
    address: &EmailAddress,
    at: Timestamp,
    told: &Unflagged,
) -> Result<bool, StoreError> {
    let rows = bound!(UNFLAG, address.as_str()).fetch_all(&mut *conn).await?;
    let mut gone = Vec::with_capacity(rows.len());
    for row in &rows {
        let cells = Cells::of("flagged_contacts", row);
        gone.push(cells.parsed("address", |t| EmailAddress::parse(t).ok())?);
    }
    gone.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    for flagged in &gone {
        tell(chain, flagged, at, told.clone());
    }
    Ok(!gone.is_empty())
}

/// The journal outlives the contact's data, so it names the address by digest only.
pub(super) fn subject(address: &EmailAddress) -> String {
    sha256(address.as_str().as_bytes())
}

fn tell(chain: &mut Chain, address: &EmailAddress, at: Timestamp, told: impl Into<Entry>) {
    chain.append(Line::new(at, &subject(address), told));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{self, at};

    /// The same mailbox, refused under two spellings.
    async fn flagged_twice(store: &Store, minutes: i64) {
        let mut tx = store.db.begin().await.unwrap();
        let mut chain = Chain::resume(&mut tx).await.unwrap();
        for written in ["smas@x.test", "SMAS@x.test"] {
            let why = (Refusal::Sender, at(minutes + 60));
            flag(&mut tx, &mut chain, &testing::address(written), why, at(minutes), "550 não").await.unwrap();
        }
        chain.save(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store.resting().await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn a_flag_is_taken_off_under_the_name_that_it_was_put_on_however_the_address_is_written_now() {
        let dir = tempfile::tempdir().unwrap();
        let store = testing::store(&dir).await;
        let other = testing::address("Smas@X.test");
        let by = Authorship { author: "ana".to_owned(), reason: "ligou".to_owned(), at: at(5) };
        flagged_twice(&store, 1).await;
        assert!(store.confirm_contact(&other, by.clone()).await.unwrap());
        assert!(!store.confirm_contact(&other, by).await.unwrap());
        assert!(store.verify().await.unwrap().is_whole());
        flagged_twice(&store, 6).await;
        store.exonerate(&[other], at(7)).await.unwrap();
        assert_eq!(store.resting().await.unwrap(), []);
        assert!(store.verify().await.unwrap().is_whole());
    }
}
