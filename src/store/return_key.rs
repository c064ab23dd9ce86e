//! The key that signs envelope senders (`[devolucoes] subendereco`) and the address of the panel's calendar: made once for each
//! ledger, by the first who sends from it, and never told.

use std::fs::File;
use std::io::Read as _;

use super::{Store, StoreError};
use crate::database::db::detached;
use crate::database::sql::{bound, statements};

statements! {
    const KEY = "SELECT return_key FROM meta WHERE id = 1";
    const KEEP = "UPDATE meta SET return_key = $1 WHERE id = 1 AND return_key IS NULL";
}

const RANDOM: &str = "/dev/urandom";

impl Store {
    /// The ledger's key for what comes back, made when it is first asked for.
    ///
    /// # Errors
    /// [`StoreError::Open`] when the system gives no random bytes, or a fault of the database.
    pub async fn return_key(&self) -> Result<[u8; 32], StoreError> {
        let mut conn = self.db.read().await?;
        let kept: Option<Vec<u8>> = bound!(KEY).fetch_one(&mut conn).await?.try_get(0)?;
        drop(conn);
        if let Some(key) = kept.and_then(|kept| kept.try_into().ok()) {
            return Ok(key);
        }
        let mut new = [0; 32];
        let read = File::open(RANDOM).and_then(|mut random| random.read_exact(&mut new));
        read.map_err(|e| StoreError::open(RANDOM.as_ref(), "confira se o serviço pode ler o arquivo", e))?;
        let db = self.db.clone();
        detached(async move {
            let mut tx = db.begin_quietly().await?;
            bound!(KEEP, new.as_slice()).execute(&mut tx).await?;
            let kept: Vec<u8> = bound!(KEY).fetch_one(&mut tx).await?.try_get(0)?;
            tx.commit().await?;
            kept.try_into().map_err(|_| StoreError::Corrupt {
                table: "meta",
                column: "return_key",
                key: "1".to_owned(),
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use crate::store::testing;

    #[tokio::test]
    async fn a_ledger_has_one_key_for_good_and_another_ledger_has_another() {
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = testing::store(&dir).await;
        let key = store.return_key().await.unwrap();
        assert_eq!(store.return_key().await.unwrap(), key);
        store.close().await;
        assert_eq!(testing::store(&dir).await.return_key().await.unwrap(), key);
        assert_ne!(testing::store(&other).await.return_key().await.unwrap(), key);
    }
}
