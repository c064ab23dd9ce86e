//! A word from another process that it wrote, or leads no longer (`LISTEN`, `NOTIFY`).
//!
//! It wakes whoever would look soon anyway, and means nothing more: one that is lost, or comes for nothing, changes when
//! something happens and never what. Only a server passes such words on.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};

/// Where the server is away it is asked again so late: the polls go on meanwhile.
const AGAIN: Duration = Duration::from_secs(5);

/// What a process listens with.
#[derive(Debug)]
pub struct Hints {
    pool: PgPool,
    channel: String,
    /// What it calls itself: its own words tell it nothing.
    session: String,
    listener: Option<PgListener>,
}

impl Hints {
    pub(super) fn new(options: PgConnectOptions, channel: String, session: String) -> Self {
        let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
        Self { pool, channel, session, listener: None }
    }

    /// Waits until another process says that it wrote. May be cut off and asked again.
    pub async fn heard(&mut self) {
        loop {
            if self.hear().await.unwrap_or(false) {
                return;
            }
        }
    }

    /// One word, and whether it is another's.
    async fn hear(&mut self) -> sqlx::Result<bool> {
        if self.listener.is_none() {
            self.listener = self.listening().await.ok();
        }
        let Some(listener) = &mut self.listener else {
            tokio::time::sleep(AGAIN).await;
            return Ok(false);
        };
        let heard = listener.recv().await;
        if heard.is_err() {
            self.listener = None;
            tokio::time::sleep(AGAIN).await;
        }
        Ok(heard?.payload() != self.session)
    }

    async fn listening(&self) -> sqlx::Result<PgListener> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen(&self.channel).await?;
        Ok(listener)
    }
}
