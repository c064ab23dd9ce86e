//! The rules of the zone as they were when the service last began: another release of the time zone database may put hours
//! to come at other instants.

use super::{Store, StoreError};
use crate::database::db::written;
use crate::database::sql::{bound, statements};

statements! {
    const KNOWN = "SELECT zone_name, zone_release, zone_digest FROM meta WHERE id = 1";
    const KEEP = "UPDATE meta SET zone_name = $1, zone_release = $2, zone_digest = $3 WHERE id = 1";
}

/// A zone as one release of the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneRules {
    /// Its name: `America/Sao_Paulo`.
    pub name: String,
    /// Of which release (`2026a`); empty where the machine does not say.
    pub release: String,
    /// Digest of the instants at which its days begin.
    pub digest: String,
}

impl Store {
    /// Keeps the rules of now, and answers those before where they are not the same.
    pub async fn note_zone(&self, rules: ZoneRules) -> Result<Option<ZoneRules>, StoreError> {
        let row = bound!(KNOWN).fetch_one(&mut *self.db.read().await?).await?;
        let (name, release, digest): (Option<String>, Option<String>, Option<String>) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let before = match (name, release, digest) {
            (Some(name), Some(release), Some(digest)) => Some(ZoneRules { name, release, digest }),
            _ => None,
        };
        if before.as_ref() == Some(&rules) {
            return Ok(None);
        }
        written!(self.db, quietly, |tx| {
            bound!(KEEP, &rules.name, &rules.release, &rules.digest).execute(&mut tx).await?;
            before
        })
    }
}
