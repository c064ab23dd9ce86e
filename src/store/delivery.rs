//! Deliveries as staff ask for them.

use jiff::Timestamp;

use super::reduce::erased_address;
use super::{Store, StoreError};
use crate::database::cell::{Cells, code};
use crate::database::engine::Row;
use crate::database::sql::{bound, statements};
use crate::domain::delivery::DeliveryState;
use crate::domain::id::{EmailAddress, MunicipalityCode, WindowId};
use crate::domain::notice::{Kind, NoticeKey};
use crate::domain::roster::Role;
use crate::text::digest::sha256;
use crate::text::words::shown;

/// When a delivery was first taken, or may have been: the mark of that is gone from one that came to nothing since.
macro_rules! left_now {
    () => {
        "CASE WHEN d.state IN ('devolvido', 'recusado') THEN (SELECT MIN(t.ended_at) FROM attempts t \
         WHERE t.delivery = d.id AND t.outcome IN ('aceito', 'incerto')) ELSE d.reached_at END"
    };
}
pub(super) use left_now;

/// The same list by whichever index serves: with `$1 IS NULL OR` alone none would.
macro_rules! list {
    ($which:literal) => {
        concat!(
            "SELECT d.id, d.notice_key, l.kind, d.version, l.message_id, d.role, d.address, d.state, ",
            "d.attempts, d.next_attempt_at, d.valid_until, d.stopped_by, ",
            left_now!(),
            " AS reached_at, d.settled_at, d.reply, l.recorded_at ",
            "FROM notices n JOIN deliveries d ON d.notice_key = n.notice_key ",
            "JOIN letters l ON l.notice_key = d.notice_key AND l.version = d.version WHERE ",
            $which,
            " ORDER BY l.recorded_at, d.notice_key, d.version, d.role, d.address"
        )
    };
}

statements! {
    const LIST = list!("1 = 1");
    const LIST_OF_WINDOW = list!("n.window_id = $1");
    pub(crate) const LIST_OF_BOTH = list!("n.window_id = $1 AND n.municipality = $2");
    pub(crate) const LIST_OF_MUNICIPALITY = list!("n.municipality = $1");
    const LIST_OF_NOTICE = list!("n.notice_key = $1");
    pub(crate) const ATTEMPTS = "SELECT delivery, n, started_at, ended_at, outcome, reply FROM attempts \
                      WHERE delivery = $1 ORDER BY n";
}

/// The name of a delivery: a digest of notice, version and address, so that none of them can be changed unseen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(String);

impl DeliveryId {
    pub(crate) fn of(key: &str, version: u16, address: &EmailAddress) -> Self {
        Self(sha256(format!("{key}\n{version}\n{address}").as_bytes()).chars().take(32).collect())
    }

    pub(super) fn from_store(text: String) -> Self {
        Self(text)
    }

    /// As in the ledger.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

shown!(DeliveryId);

/// Which deliveries.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// Only of this window.
    pub window: Option<WindowId>,
    /// Only to this municipality.
    pub municipality: Option<MunicipalityCode>,
}

/// One letter to one address, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryLine {
    pub id: DeliveryId,
    pub key: NoticeKey,
    /// What sort of letter it was written as.
    pub kind: Option<Kind>,
    pub version: u16,
    pub message_id: String,
    pub role: Role,
    /// To which address. Personal data: not for logs.
    pub address: EmailAddress,
    pub state: DeliveryState,
    pub attempts: u32,
    /// When it is tried again, unless stopped.
    pub next_attempt_at: Option<Timestamp>,
    /// Until when it may leave; absent: for ever.
    pub valid_until: Option<Timestamp>,
    /// The decision that stopped it before its end: `reter`, `retirar`, `superar`, `expirar`.
    pub stopped_by: Option<String>,
    /// When the relay took it, or may have; also of one that came to nothing since.
    pub reached_at: Option<Timestamp>,
    /// When the last attempt ended, or it came back.
    pub settled_at: Option<Timestamp>,
    pub reply: String,
    pub recorded_at: Timestamp,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Counted from 1.
    pub n: u32,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    pub outcome: DeliveryState,
    pub reply: String,
}

impl DeliveryLine {
    /// Whether its years are over (`guardar_anos`): then address and replies are gone, and their digests are what is left.
    pub fn is_reduced(&self) -> bool {
        self.address.as_str() == erased_address(self.id.as_str())
    }
}

impl Store {
    /// Deliveries of a window, a municipality, both, or all, oldest first.
    pub async fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<DeliveryLine>, StoreError> {
        let mut conn = self.db.read().await?;
        let window = filter.window.as_ref().map(WindowId::as_str);
        let municipality = filter.municipality.map(code);
        let query = match (window, municipality) {
            (Some(_), None) => bound!(LIST_OF_WINDOW, window),
            (None, Some(_)) => bound!(LIST_OF_MUNICIPALITY, municipality),
            (Some(_), Some(_)) => bound!(LIST_OF_BOTH, window, municipality),
            (None, None) => bound!(LIST),
        };
        let rows = query.fetch_all(&mut conn).await?;
        rows.iter().map(line).collect()
    }

    /// Those of one notice, oldest first.
    pub async fn deliveries_of(&self, key: &NoticeKey) -> Result<Vec<DeliveryLine>, StoreError> {
        bound!(LIST_OF_NOTICE, key.to_string()).all(&self.db, line).await
    }

    /// The attempts of a delivery, in order.
    pub async fn attempts(&self, delivery: &DeliveryId) -> Result<Vec<Attempt>, StoreError> {
        bound!(ATTEMPTS, delivery.as_str()).all(&self.db, attempt).await
    }
}

pub(crate) fn line(row: &Row) -> Result<DeliveryLine, StoreError> {
    let cells = Cells::of("deliveries", row);
    Ok(DeliveryLine {
        id: DeliveryId::from_store(cells.get("id")?),
        key: cells.parsed("notice_key", NoticeKey::parse)?,
        kind: cells.parsed_opt("kind", Kind::parse)?,
        version: cells.number("version")?,
        message_id: cells.get("message_id")?,
        role: cells.parsed("role", Role::parse)?,
        address: cells.parsed("address", |t| EmailAddress::parse(t).ok())?,
        state: cells.parsed("state", DeliveryState::parse)?,
        attempts: cells.number("attempts")?,
        next_attempt_at: cells.instant_opt("next_attempt_at")?,
        valid_until: cells.instant_opt("valid_until")?,
        stopped_by: cells.get("stopped_by")?,
        reached_at: cells.instant_opt("reached_at")?,
        settled_at: cells.instant_opt("settled_at")?,
        reply: cells.get("reply")?,
        recorded_at: cells.instant("recorded_at")?,
    })
}

pub(crate) fn attempt(row: &Row) -> Result<Attempt, StoreError> {
    let cells = Cells::of("attempts", row);
    Ok(Attempt {
        n: cells.number("n")?,
        started_at: cells.instant("started_at")?,
        ended_at: cells.instant("ended_at")?,
        outcome: cells.parsed("outcome", DeliveryState::parse)?,
        reply: cells.get("reply")?,
    })
}
