//! One leader among several machines: a session lock of the server, and an epoch that every write of the leader carries.
//!
//! The lock says who may lead, and lets go by itself when its session ends. What it cannot do is stop a process that does not
//! know yet that its session ended. So each leader has an epoch of its own, which the row of `leadership` holds: a write
//! begins by taking that row, and one that finds another epoch there is refused ([`StoreError::Deposed`]). And a leader
//! speaks to the relay only within its lease, which it renews through the session that has the lock, in a row of its own;
//! another leads only once the lease of the one before is over or given back. A frozen leader that wakes finds its lease over
//! by its own monotonic clock, and its epoch gone.
//!
//! One file of more than 400 lines: lock, epoch and lease are one protocol, which is only right when read together.
//!
//! SQL reads a clock here and nowhere else: leases are the server's time, because the machines' clocks need not agree.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

use super::StoreError;
use super::engine::Conn;
use super::hint::Hints;
use super::sql::{bound, statements};

statements! {
    const TAKE_LOCK = "SELECT pg_try_advisory_lock($1)";
    const WHO = "SELECT leadership.epoch, leader, session, since, assured, leased_until > 0 AS leased, \
                 leased_until - CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS rest \
                 FROM leadership CROSS JOIN lease";
    const BEGIN_LEADING = "WITH led AS (UPDATE leadership SET epoch = epoch + 1, leader = $1, session = $2, \
                           since = CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) \
                           WHERE id = 1 RETURNING epoch) \
                           UPDATE lease SET epoch = led.epoch, \
                           leased_until = CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) + $3 \
                           FROM led RETURNING lease.epoch";
    // Another row than the one that each write holds until it is committed: a long one keeps no lease from its renewal.
    const RENEW = "UPDATE lease SET \
                   leased_until = CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) + $2 \
                   WHERE id = 1 AND epoch = $1";
    const LET_GO = "SELECT pg_advisory_unlock($1)";
    // Whoever follows has no session to end: those of this process end by themselves, each when it has done.
    // The rows in the order in which all lock them.
    const RESIGN = "WITH gone AS (UPDATE leadership SET session = '' WHERE id = 1 AND epoch = $1 RETURNING epoch) \
                    UPDATE lease SET leased_until = 0 FROM gone WHERE id = 1 AND lease.epoch = gone.epoch";
    // Whoever is frozen or cut off keeps what it has locked until its sessions are ended.
    const END_SESSIONS = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity \
                          WHERE application_name = $1 AND datname = current_database() AND usename = current_user";
    const TAKE_TURN = "SELECT epoch FROM leadership WHERE id = 1 FOR UPDATE";
    const TAKE_TURN_AND_TELL = "UPDATE leadership SET changes = changes + 1 WHERE id = 1 RETURNING epoch";
    const ASSURE = "UPDATE leadership SET assured = epoch WHERE id = 1 AND epoch = $1";
    const LOSE = "UPDATE leadership SET lost_seq = $1, lost_hash = $2, lost_at = $3 WHERE id = 1";
    const LOST = "SELECT lost_seq, lost_hash, lost_at FROM leadership WHERE id = 1 AND lost_seq IS NOT NULL";
    const DEPOSE = "WITH led AS (UPDATE leadership SET epoch = epoch + 1, leader = '', session = '' WHERE id = 1 \
                    RETURNING epoch) UPDATE lease SET epoch = led.epoch, leased_until = 0 FROM led";
    // On the server's side it is said when the transaction is committed, and not at all where it is not.
    const SAY = "SELECT COUNT(pg_notify($1, $2))";
    const CHANGES = "SELECT changes FROM leadership WHERE id = 1";
    const CLOCK = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
}

/// For so long after its last renewal a leader may speak.
const LEASE: Duration = Duration::from_secs(20);
/// So much earlier it ceases by its own clock.
const MARGIN: Duration = Duration::from_secs(3);
/// For so long after it was asked for, it is taken for one.
const TRUSTED: Duration = LEASE.saturating_sub(MARGIN);
const RENEW_EVERY: Duration = Duration::from_secs(4);
/// One renewal may take so long.
const ONE_RENEWAL: Duration = Duration::from_secs(5);
/// Whoever cannot get a connection in this time is told that the server does not answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
const TO_BE_ALONE: Duration = Duration::from_secs(5);

/// What a write is, for whoever plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// A plan may depend on it.
    Telling,
    /// None does.
    Quiet,
}

/// Who leads a ledger that several machines share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leader {
    /// Machine and process.
    pub name: String,
    /// How many have led, this one among them.
    pub epoch: i64,
    /// Since when, by the server's clock.
    pub since: Timestamp,
    /// How long its lease goes on; nothing where it is over.
    pub rest: Option<Duration>,
    /// How long ago it last renewed that, by the server's clock; nothing where it gave it back.
    pub lag: Option<Duration>,
    /// Whether it knows that this is the ledger that last sent.
    pub is_assured: bool,
    /// Whether it is this very process.
    pub is_self: bool,
}

/// What this process knows of its own leading.
#[derive(Debug, Default)]
struct Standing {
    /// Absent: it does not lead.
    epoch: Option<i64>,
    /// Until when it may speak.
    until: Option<Instant>,
    /// Whether another leads that was led here before.
    deposed: bool,
    /// Whether nothing may be written unless it leads: a daemon; a person's command may.
    only_leading: bool,
}

/// This process, as one that may lead.
pub(crate) struct Lead {
    options: PgConnectOptions,
    /// What its connections call themselves: it is known by that when they are to be ended.
    session: String,
    key: i64,
    /// Where those of this ledger say that they wrote ([`super::hint`]).
    channel: String,
    standing: Mutex<Standing>,
    /// The session that has the lock. Whoever renews has it meanwhile.
    holder: tokio::sync::Mutex<Option<PgConnection>>,
}

/// Without the options, which hold the password.
impl fmt::Debug for Lead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lead").field("session", &self.session).finish_non_exhaustive()
    }
}

impl Lead {
    pub(crate) fn new(options: PgConnectOptions, schema: &str) -> Self {
        let digest = Sha256::digest(format!("vigia-suas {schema}").as_bytes());
        let mut key = [0; 8];
        key.copy_from_slice(&digest[..8]);
        // Each opening is somebody else: the process is not enough where one opens a ledger twice.
        let nonce = format!("{:?}{:?}", Instant::now(), std::thread::current().id());
        let nonce = crate::text::digest::sha256(nonce.as_bytes());
        let session = format!("vigia-suas {} {}", std::process::id(), &nonce[..12]);
        Self {
            options: options.application_name(&session),
            session,
            key: i64::from_be_bytes(key),
            channel: format!("vigia_{:016x}", u64::from_be_bytes(key)),
            standing: Mutex::default(),
            holder: tokio::sync::Mutex::default(),
        }
    }

    /// How to connect as this process.
    pub(crate) fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a write: takes the row that there is one of, so that nobody else writes meanwhile, and finds out whether this
    /// process still leads, if it did.
    pub(crate) async fn take_turn(&self, conn: &mut Conn, turn: Turn) -> Result<(), StoreError> {
        let query = match turn {
            Turn::Telling => bound!(TAKE_TURN_AND_TELL),
            Turn::Quiet => bound!(TAKE_TURN),
        };
        let epoch: i64 = query.fetch_one(&mut *conn).await?.try_get(0)?;
        let leads = self.may_write(epoch)?;
        if !leads && turn == Turn::Telling {
            // Whoever leads need not wait for its next look.
            bound!(SAY, &self.channel, &self.session).execute(conn).await?;
        }
        Ok(())
    }

    /// Whether this process writes as the one that leads.
    fn may_write(&self, epoch: i64) -> Result<bool, StoreError> {
        let mut standing = self.standing();
        match standing.epoch {
            Some(own) if own != epoch => {
                standing.deposed = true;
                Err(StoreError::Deposed)
            }
            None if standing.only_leading => Err(StoreError::ReadOnly {
                source: "este processo espera de reserva; quem grava é o que envia".into(),
            }),
            leads => Ok(leads.is_some()),
        }
    }

    /// What it is told that others of this ledger wrote.
    pub(crate) fn hints(&self) -> Hints {
        Hints::new(self.options.clone(), self.channel.clone(), self.session.clone())
    }

    /// Whether this process may speak to the relay at this moment.
    pub(crate) fn may_speak(&self) -> bool {
        let standing = self.standing();
        !standing.deposed && standing.until.is_some_and(|until| Instant::now() < until)
    }

    /// From now on it writes nothing unless it leads.
    pub(crate) fn writes_only_when_leading(&self) {
        self.standing().only_leading = true;
    }

    /// Whether it waits for the lead, and writes nothing until then.
    pub(crate) fn is_reserve(&self) -> bool {
        let standing = self.standing();
        standing.only_leading && standing.epoch.is_none()
    }

    /// Whether another leads now that this process did.
    pub(crate) fn is_deposed(&self) -> bool {
        self.standing().deposed
    }

    /// A session of its own, within a bound: a network that loses packets answers nobody, and whoever waits must look again.
    async fn connect(&self) -> Result<PgConnection, StoreError> {
        match tokio::time::timeout(PATIENCE, self.options.connect()).await {
            Ok(connected) => Ok(connected?),
            Err(_) => Err(StoreError::Unreachable { source: "nenhuma conexão em 10 segundos".into() }),
        }
    }

    /// The lock for as long as the answer is kept; nothing where another has it.
    pub(crate) async fn alone(&self) -> Result<Option<PgConnection>, StoreError> {
        let mut conn = self.connect().await?;
        let deadline = tokio::time::Instant::now() + TO_BE_ALONE;
        while !self.take_lock(&mut conn).await? {
            if tokio::time::Instant::now() >= deadline {
                return Ok(None);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(Some(conn))
    }

    /// Nobody leads while the answer is kept, and whoever did speaks no more; nothing where somebody leads.
    pub(crate) async fn keep_still(&self) -> Result<Option<PgConnection>, StoreError> {
        let Some(mut conn) = self.alone().await? else { return Ok(None) };
        self.outlast(&mut conn, true).await?;
        Ok(Some(conn))
    }

    async fn take_lock(&self, conn: &mut PgConnection) -> Result<bool, StoreError> {
        Ok(sqlx::query(TAKE_LOCK).bind(self.key).fetch_one(conn).await?.try_get(0)?)
    }

    /// Leads from now on, if nobody does and no lease goes on; one of somebody who is gone without a word is waited for, where
    /// that is wished. Where somebody has the lock and the lease is over, those sessions are ended and the next try finds the
    /// lock free. Answers who led before, empty where nobody ever did.
    pub(crate) async fn stand(
        self: &Arc<Self>,
        name: &str,
        waits: bool,
    ) -> Result<Option<String>, StoreError> {
        let mut conn = self.connect().await?;
        if !self.take_lock(&mut conn).await? {
            let row = sqlx::query(WHO).fetch_one(&mut conn).await?;
            let (session, rest): (String, i64) = (row.try_get("session")?, row.try_get("rest")?);
            if rest < 0 && !session.is_empty() {
                sqlx::query(END_SESSIONS).bind(session).execute(&mut conn).await?;
            }
            return Ok(None);
        }
        let Some(one_before) = self.outlast(&mut conn, waits).await? else { return Ok(None) };
        let before = Instant::now();
        let query = sqlx::query(BEGIN_LEADING).bind(name).bind(&self.session).bind(lease());
        let epoch: i64 = query.fetch_one(&mut conn).await?.try_get(0)?;
        let until = Some(before + TRUSTED);
        {
            let mut standing = self.standing();
            *standing = Standing { epoch: Some(epoch), until, deposed: false, ..*standing };
        }
        *self.holder.lock().await = Some(conn);
        #[expect(
            clippy::disallowed_methods,
            reason = "it ends with the store that it renews for, which it does not keep"
        )]
        tokio::spawn(renew(Arc::downgrade(self)));
        Ok(Some(one_before))
    }

    /// Waits, where that is wished, until the lease of the one before is over, and ends its sessions, which may hold rows. Only
    /// by whoever has the lock. Answers who that was, empty where nobody ever led; nothing where the lease goes on.
    async fn outlast(&self, conn: &mut PgConnection, waits: bool) -> Result<Option<String>, StoreError> {
        let row = sqlx::query(WHO).fetch_one(&mut *conn).await?;
        let (session, rest): (String, i64) = (row.try_get("session")?, row.try_get("rest")?);
        if let Ok(rest @ 1..) = u64::try_from(rest) {
            if !waits {
                return Ok(None);
            }
            tokio::time::sleep(Duration::from_millis(rest)).await;
        }
        if !session.is_empty() && session != self.session {
            sqlx::query(END_SESSIONS).bind(session).execute(conn).await?;
        }
        Ok(row.try_get("leader")?)
    }

    /// One renewal. Answers whether there is another.
    async fn renew_once(&self) -> bool {
        let mut holder = self.holder.lock().await;
        // Asked once it has the turn: it may have resigned meanwhile.
        let Some(epoch) = self.standing().epoch else { return false };
        if self.is_deposed() {
            return false;
        }
        let before = Instant::now();
        let Ok(renewed) = tokio::time::timeout(ONE_RENEWAL, self.renew_with(&mut holder, epoch)).await else {
            // What was cut off in the middle is not used again.
            *holder = None;
            return true;
        };
        match renewed {
            Ok(true) => self.standing().until = Some(before + TRUSTED),
            Ok(false) => {
                self.standing().deposed = true;
                *holder = None;
                return false;
            }
            // The server is away: the lease runs on, and where nobody took the lead meanwhile it is taken up again.
            Err(_) => *holder = None,
        }
        true
    }

    async fn renew_with(&self, holder: &mut Option<PgConnection>, epoch: i64) -> Result<bool, StoreError> {
        let conn = if let Some(conn) = holder {
            conn
        } else {
            let mut conn = self.options.connect().await?;
            if !self.take_lock(&mut conn).await? {
                // The session that had it may not have ended yet.
                let row = sqlx::query(WHO).fetch_one(&mut conn).await?;
                return match row.try_get::<i64, _>("epoch")? {
                    now if now == epoch => Err(StoreError::Interrupted),
                    _ => Ok(false),
                };
            }
            holder.insert(conn)
        };
        let query = sqlx::query(RENEW).bind(epoch).bind(lease());
        Ok(query.execute(conn).await?.rows_affected() == 1)
    }

    /// Has the ledger say which entry, by its place, hash and instant, it lost under a leader; or, with none, that somebody
    /// assumed what is left.
    pub(crate) async fn lose(
        &self,
        conn: &mut Conn,
        entry: Option<(i64, &str, &str)>,
    ) -> Result<(), StoreError> {
        let (seq, hash, at) = (entry.map(|e| e.0), entry.map(|e| e.1), entry.map(|e| e.2));
        bound!(LOSE, seq, hash, at).execute(conn).await?;
        Ok(())
    }

    /// The entry that the ledger lost so.
    pub(crate) async fn lost(&self, conn: &mut Conn) -> Result<Option<(i64, String, String)>, StoreError> {
        let Some(row) = bound!(LOST).fetch_optional(conn).await? else { return Ok(None) };
        Ok(Some((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)))
    }

    /// Tells whoever waits in reserve that this is the ledger that last sent, if this process leads.
    pub(crate) async fn assure(&self, conn: &mut Conn) -> Result<(), StoreError> {
        let epoch = self.standing().epoch;
        if let Some(epoch) = epoch {
            bound!(ASSURE, epoch).execute(conn).await?;
        }
        Ok(())
    }

    /// Leads no longer: the next may at once. First the lock, whose next holder waits for the lease as it does for one
    /// that ended without a word; then the lease; and only then the word, which has somebody look at both.
    pub(crate) async fn resign(&self) {
        let Some(epoch) = self.standing().epoch.take() else { return };
        self.standing().until = None;
        if let Some(mut conn) = self.holder.lock().await.take() {
            // Where this fails the lease runs out by itself.
            let _free = sqlx::query(LET_GO).bind(self.key).execute(&mut conn).await;
            let _told = sqlx::query(RESIGN).bind(epoch).execute(&mut conn).await;
            let _said = sqlx::query(SAY).bind(&self.channel).bind(&self.session).execute(&mut conn).await;
            let _closed = conn.close().await;
        }
    }

    /// Who leads.
    pub(crate) async fn who(&self, conn: &mut Conn) -> Result<Option<Leader>, StoreError> {
        let row = bound!(WHO).fetch_one(conn).await?;
        let (epoch, since): (i64, i64) = (row.try_get("epoch")?, row.try_get("since")?);
        let (rest, leased): (i64, i64) = (row.try_get("rest")?, row.try_get("leased")?);
        Ok((epoch > 0).then_some(Leader {
            name: row.try_get("leader")?,
            epoch,
            since: Timestamp::from_millisecond(since).unwrap_or(Timestamp::UNIX_EPOCH),
            rest: u64::try_from(rest).ok().filter(|rest| *rest > 0).map(Duration::from_millis),
            lag: (leased != 0).then(|| Duration::from_millis(u64::try_from(lease() - rest).unwrap_or(0))),
            is_assured: row.try_get::<i64, _>("assured")? == epoch,
            is_self: row.try_get::<&str, _>("session")? == self.session,
        }))
    }
}

/// Has whoever led before be followed, although nobody leads: it marks, settles and records nothing when it wakes.
pub(crate) async fn depose(conn: &mut Conn) -> Result<(), StoreError> {
    bound!(DEPOSE).execute(conn).await.map(drop)
}

fn lease() -> i64 {
    i64::try_from(LEASE.as_millis()).unwrap_or(i64::MAX)
}

/// Renews while the store is there and leads.
async fn renew(lead: Weak<Lead>) {
    loop {
        tokio::time::sleep(RENEW_EVERY).await;
        let Some(lead) = lead.upgrade() else { return };
        if !lead.renew_once().await {
            return;
        }
    }
}

/// What the server's clock says.
pub(crate) async fn clock(conn: &mut Conn) -> Result<Timestamp, StoreError> {
    let at = bound!(CLOCK).fetch_one(conn).await?.try_get(0)?;
    Ok(Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH))
}

/// How many transactions there were that a plan may depend on.
pub(crate) async fn changes(conn: &mut Conn) -> Result<i64, StoreError> {
    bound!(CHANGES).fetch_one(conn).await?.try_get(0)
}

#[cfg(test)]
impl Lead {
    /// As when the process is killed: its session ends, and nothing renews its lease.
    pub(crate) async fn forget_session(&self) {
        drop(self.holder.lock().await.take());
        // Never given back: whoever would renew waits for it.
        std::mem::forget(self.holder.lock().await);
    }
}
