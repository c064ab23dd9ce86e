//! Personal data whose years are over (`guardar_anos`, LGPD): names, addresses, telephones and the bytes of letters are
//! erased in one journalled act, which names each of them.
//!
//! The journal never held them: its entries tell of addresses, replies, calls and bytes by digest alone. So what is left
//! after the act proves as much as before, and nothing in the chain is touched. What the act names is then gone, and
//! `verify` takes nothing in its place but nothing; of whatever it does not name, that is a fault.
//!
//! What stays: letters that may still leave, those of windows that go on, and what somebody ordered to keep
//! (`reter-dados`). An order ends on its last day or is taken back, and the next act takes what it kept.
//!
//! Erased rows still lie in free pages of the file until it is written anew, which [`Store::scrub`] does; `meta` keeps
//! that it is due until it is done.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use super::chain::{Chain, Line};
use super::overrides::keeping;
use super::{Override, OverrideLine, Store, StoreError};
use crate::database::cell::{Cells, code, count, ms};
use crate::database::db::{Conn, detached, written};
use crate::database::engine::Query;
use crate::database::sql::{bound, statements};
use crate::domain::id::WindowId;
use crate::domain::journal::{Erased, KeptFacts, Reduced, Text};
use crate::domain::notice::NoticeKey;
use crate::domain::overrides::Authorship;
use crate::text::digest::sha256;

statements! {
    // waits: whether an address may still be tried or repeated.
    const OLD_LETTERS = "SELECT l.notice_key, l.version, n.window_id, n.municipality, \
                     (SELECT COUNT(*) FROM deliveries d WHERE d.notice_key = l.notice_key AND d.version = l.version) \
                     AS addresses, CASE WHEN EXISTS (SELECT 1 FROM deliveries d WHERE d.notice_key = l.notice_key \
                     AND d.version = l.version AND (d.state = 'enviando' OR (d.state NOT IN ('aceito', 'recusado', \
                     'devolvido', 'lido') AND (d.stopped_at IS NULL OR d.stopped_by = 'reter') \
                     AND (d.valid_until IS NULL OR d.valid_until >= $1)))) THEN 1 ELSE 0 END AS waits \
                     FROM letters l JOIN notices n ON n.notice_key = l.notice_key \
                     WHERE l.bytes IS NOT NULL AND l.recorded_at < $1 ORDER BY l.notice_key, l.version";
    const RETURNS = "SELECT x.sha256, l.notice_key, l.version, CASE WHEN l.bytes IS NULL THEN 1 ELSE 0 END AS gone \
                     FROM returns r JOIN delivery_returns x ON x.sha256 = r.sha256 \
                     JOIN deliveries d ON d.id = x.delivery \
                     JOIN letters l ON l.notice_key = d.notice_key AND l.version = d.version \
                     WHERE r.bytes IS NOT NULL";
    const OLD_CALLS = "SELECT id, window_id, municipality FROM overrides \
                       WHERE kind = 'anotar' AND decided_at < $1 AND reason <> ''";
    // Of no configuration that is in force, or was later than that.
    const OLD_FILES = "SELECT f.sha256 FROM config_files f WHERE f.bytes IS NOT NULL AND NOT EXISTS (SELECT 1 \
                       FROM config_parts p JOIN configurations c ON c.fingerprint = p.fingerprint \
                       WHERE p.sha256 = f.sha256 AND (c.in_force = 1 OR NOT EXISTS (SELECT 1 FROM configurations n \
                       WHERE n.adopted_at > c.adopted_at AND n.adopted_at < $1)))";
    const OLD_FLAGS = "SELECT address FROM flagged_contacts WHERE until < $1 AND since < $1";
    const ERASE_LETTER = "UPDATE letters SET bytes = NULL WHERE notice_key = $1 AND version = $2";
    const ERASE_DELIVERIES = "UPDATE deliveries SET address = id || $3, reply = '' \
                              WHERE notice_key = $1 AND version = $2";
    const ERASE_ATTEMPTS = "UPDATE attempts SET reply = '' WHERE delivery IN \
                            (SELECT id FROM deliveries WHERE notice_key = $1 AND version = $2)";
    const ERASE_RETURN = "UPDATE returns SET bytes = NULL WHERE sha256 = $1";
    const ERASE_CALL = "UPDATE overrides SET telephone = NULL, reason = '' WHERE id = $1";
    const ERASE_FILE = "UPDATE config_files SET bytes = NULL WHERE sha256 = $1";
    const ERASE_FAULTS = "UPDATE config_refusals SET faults = '' WHERE pending = 0 AND last_at < $1";
    const DROP_FLAG = "DELETE FROM flagged_contacts WHERE address = $1";
    const DROP_REGISTERS = "DELETE FROM register_loads WHERE taken_at < $1";
    // No data of persons: but so many that only the years bound them.
    const DROP_CONFIRMATIONS = "DELETE FROM confirmations WHERE confirmed_at < $1";
    const DROP_REFUSALS = "DELETE FROM register_refusals WHERE refused_at < $1 AND NOT EXISTS \
                           (SELECT 1 FROM register_units u WHERE u.unit = register_refusals.unit)";
    const LAST_REDUCTION = "SELECT at FROM journal WHERE kind = 'reducao' ORDER BY seq DESC LIMIT 1";
    const SCRUB_DUE = "UPDATE meta SET scrub_since = COALESCE(scrub_since, $1) WHERE id = 1";
    const SCRUB_SINCE = "SELECT scrub_since FROM meta WHERE id = 1";
    const SCRUBBED = "UPDATE meta SET scrub_since = NULL WHERE id = 1";
}

/// What stands after an erased address's digest: a domain that no mail reaches (RFC 2606).
const NOBODY: &str = "@reduzido.invalid";

/// What stands in the place of a delivery's address: its id, which is a digest of notice, version and address.
pub(crate) fn erased_address(id: &str) -> String {
    format!("{id}{NOBODY}")
}

/// For how long personal data is kept.
#[derive(Debug, Clone)]
pub struct Retention {
    /// In years (`guardar_anos`).
    pub years: u16,
    /// What was recorded before this instant is older than that.
    pub before: Timestamp,
    /// The day on which orders to keep data are judged.
    pub today: Date,
    /// Windows whose letters may still be wanted.
    pub going_on: BTreeSet<WindowId>,
}

/// What an act erases, or would.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reduction {
    /// Letters whose bytes go.
    pub letters: usize,
    /// Their deliveries, whose addresses and replies go.
    pub deliveries: usize,
    /// Messages that came back.
    pub returns: usize,
    /// Calls made, whose number and outcome go.
    pub calls: usize,
    /// Files of configurations that are not in force.
    pub files: usize,
    /// Flags of addresses, which were over long ago.
    pub flags: usize,
    /// Letters that stay because of an order.
    pub kept: usize,
    /// Letters that stay because their window goes on, or they may still leave.
    pub going_on: usize,
    /// The orders to keep data that count.
    pub orders: Vec<OverrideLine>,
}

impl Reduction {
    /// Whether there is nothing to erase.
    pub fn is_empty(&self) -> bool {
        self.letters + self.returns + self.calls + self.files + self.flags == 0
    }
}

/// What is to be erased, row by row.
#[derive(Default)]
struct Chosen {
    summary: Reduction,
    /// By notice, then version.
    letters: Vec<(NoticeKey, u16)>,
    returns: Vec<String>,
    calls: Vec<String>,
    files: Vec<String>,
    flags: Vec<String>,
}

impl Store {
    /// What would be erased now.
    pub async fn reducible(&self, retention: &Retention) -> Result<Reduction, StoreError> {
        Ok(choose(&mut *self.db.view().await?, retention).await?.summary)
    }

    /// Erases it, in one transaction with the entry that tells of it, and answers what it was. Where there is nothing to
    /// erase, nothing is told. The file is to be written anew after it ([`Store::scrub`]).
    pub async fn reduce(
        &self,
        retention: &Retention,
        by: Option<Authorship>,
        now: Timestamp,
    ) -> Result<Reduction, StoreError> {
        let retention = retention.clone();
        written!(self.db, |tx| {
            let chosen = choose(&mut tx, &retention).await?;
            if !chosen.summary.is_empty() {
                erase(&mut tx, &chosen, retention.before).await?;
                let mut chain = Chain::resume(&mut tx).await?;
                tell(&mut chain, &chosen, &retention, by, now);
                chain.save(&mut tx).await?;
                bound!(SCRUB_DUE, ms(now)).execute(&mut tx).await?;
            }
            chosen.summary
        })
    }

    /// When something was erased last.
    pub async fn last_reduction(&self) -> Result<Option<Timestamp>, StoreError> {
        bound!(LAST_REDUCTION).first(&self.db, |row| Cells::of("journal", row).instant("at")).await
    }

    /// Writes the file anew where something erased may still lie in it. Nobody writes meanwhile; it takes about as long as
    /// a copy, and as much room. Answers whether nothing erased is left; not so while somebody reads an older state.
    ///
    /// # Errors
    /// A fault of the database, as a disk that is full; then it stays due.
    pub async fn scrub(&self) -> Result<bool, StoreError> {
        let due: Option<i64> =
            bound!(SCRUB_SINCE).fetch_one(&mut *self.db.read().await?).await?.try_get(0)?;
        if due.is_none() {
            return Ok(true);
        }
        let db = self.db.clone();
        detached(async move {
            let is_clean = db.rewrite().await?;
            if is_clean {
                let mut tx = db.begin_quietly().await?;
                bound!(SCRUBBED).execute(&mut tx).await?;
                tx.commit().await?;
            }
            Ok(is_clean)
        })
        .await
    }
}

/// Whether an order keeps what is of a window and a municipality.
fn keeps(order: &OverrideLine, window: Option<&str>, municipality: Option<i64>) -> bool {
    match &order.what {
        Override::Keep { window: kept, municipality: of, .. } => {
            window == Some(kept.as_str()) && of.is_none_or(|of| municipality == Some(code(of)))
        }
        _ => false,
    }
}

async fn choose(conn: &mut Conn, retention: &Retention) -> Result<Chosen, StoreError> {
    let before = ms(retention.before);
    let orders = keeping(conn, retention.today).await?;
    let is_kept = |cells: &Cells<'_>| -> Result<bool, StoreError> {
        let (window, municipality) = (cells.get("window_id")?, cells.get("municipality")?);
        Ok(orders.iter().any(|order| keeps(order, window, municipality)))
    };
    let mut chosen = Chosen::default();
    for row in bound!(OLD_LETTERS, before).fetch_all(&mut *conn).await? {
        let cells = Cells::of("letters", &row);
        let window = cells.parsed_opt("window_id", |text| WindowId::parse(text).ok())?;
        if is_kept(&cells)? {
            chosen.summary.kept += 1;
        } else if cells.get::<i64>("waits")? == 1 || window.is_some_and(|id| retention.going_on.contains(&id))
        {
            chosen.summary.going_on += 1;
        } else {
            chosen.summary.deliveries += cells.number::<usize>("addresses")?;
            chosen.letters.push((cells.parsed("notice_key", NoticeKey::parse)?, cells.number("version")?));
        }
    }
    chosen.returns = returns(conn, &chosen.letters).await?;
    for row in bound!(OLD_CALLS, before).fetch_all(&mut *conn).await? {
        let cells = Cells::of("overrides", &row);
        if !is_kept(&cells)? {
            chosen.calls.push(cells.get("id")?);
        }
    }
    for row in bound!(OLD_FILES, before).fetch_all(&mut *conn).await? {
        chosen.files.push(row.try_get(0)?);
    }
    for row in bound!(OLD_FLAGS, before).fetch_all(&mut *conn).await? {
        chosen.flags.push(row.try_get(0)?);
    }
    chosen.summary.letters = chosen.letters.len();
    chosen.summary.returns = chosen.returns.len();
    chosen.summary.calls = chosen.calls.len();
    chosen.summary.files = chosen.files.len();
    chosen.summary.flags = chosen.flags.len();
    chosen.summary.orders = orders;
    Ok(chosen)
}

/// What came back for these letters, or for ones that are gone, and for no other.
async fn returns(conn: &mut Conn, letters: &[(NoticeKey, u16)]) -> Result<Vec<String>, StoreError> {
    let going: BTreeSet<(NoticeKey, u16)> = letters.iter().cloned().collect();
    let (mut old, mut stay) = (BTreeSet::new(), BTreeSet::new());
    for row in bound!(RETURNS).fetch_all(conn).await? {
        let cells = Cells::of("returns", &row);
        let goes = cells.get::<i64>("gone")? == 1
            || going.contains(&(cells.parsed("notice_key", NoticeKey::parse)?, cells.number("version")?));
        let of = if goes { &mut old } else { &mut stay };
        of.insert(cells.get::<String>("sha256")?);
    }
    Ok(old.difference(&stay).cloned().collect())
}

async fn erase(conn: &mut Conn, chosen: &Chosen, before: Timestamp) -> Result<(), StoreError> {
    for (key, version) in &chosen.letters {
        let (key, version) = (key.to_string(), i64::from(*version));
        bound!(ERASE_LETTER, &key, version).execute(&mut *conn).await?;
        bound!(ERASE_ATTEMPTS, &key, version).execute(&mut *conn).await?;
        bound!(ERASE_DELIVERIES, &key, version, NOBODY).execute(&mut *conn).await?;
    }
    for sha256 in &chosen.returns {
        bound!(ERASE_RETURN, sha256).execute(&mut *conn).await?;
    }
    for id in &chosen.calls {
        bound!(ERASE_CALL, id).execute(&mut *conn).await?;
    }
    for sha256 in &chosen.files {
        bound!(ERASE_FILE, sha256).execute(&mut *conn).await?;
    }
    for address in &chosen.flags {
        bound!(DROP_FLAG, address).execute(&mut *conn).await?;
    }
    for old in [ERASE_FAULTS, DROP_REGISTERS, DROP_REFUSALS, DROP_CONFIRMATIONS] {
        Query::new(old).bind(ms(before)).execute(&mut *conn).await?;
    }
    Ok(())
}

/// The entries that tell of it: one for each notice whose letters went, then that of the whole.
fn tell(chain: &mut Chain, chosen: &Chosen, retention: &Retention, by: Option<Authorship>, now: Timestamp) {
    for letters in chosen.letters.chunk_by(|(key, _), (next, _)| key == next) {
        let Some((key, _)) = letters.first() else { continue };
        let versions = letters.iter().map(|(_, version)| *version).collect();
        chain.append(Line::of_notice(now, key, &key.to_string(), Erased { versions }));
    }
    chain.append(Line::new(now, "livro", told(chosen, retention, by)));
}

fn told(chosen: &Chosen, retention: &Retention, by: Option<Authorship>) -> Reduced {
    let counted = |n: usize| u64::try_from(count(n)).unwrap_or_default();
    let kept = chosen.summary.orders.iter().filter_map(|order| match &order.what {
        Override::Keep { window, municipality, .. } => {
            Some(KeptFacts { window: Text(window.clone()), municipality: municipality.map(Text) })
        }
        _ => None,
    });
    let (author, reason) = by.map(|by| (by.author, by.reason)).unzip();
    Reduced {
        years: retention.years,
        before: Text(retention.before),
        kept: kept.collect(),
        letters: counted(chosen.summary.letters),
        deliveries: counted(chosen.summary.deliveries),
        returns: chosen.returns.clone(),
        calls: chosen.calls.clone(),
        files: chosen.files.clone(),
        unflagged: chosen.flags.iter().map(|address| sha256(address.as_bytes())).collect(),
        author,
        reason,
    }
}
