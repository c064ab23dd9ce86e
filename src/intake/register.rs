//! Registers of units as last believed, and what people said to their proposals.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::database::cell::{Cells, code, ms};
use crate::database::db::{Conn, written};
use crate::database::sql::{bound, statements};
use crate::domain::id::{EmailAddress, FeedId, PartId, UnitId};
use crate::domain::journal::{
    Entry, ProposalFacts, ProposalsRefused, ProposalsTaken, RegisterDoubted, RegisterLoaded,
};
use crate::domain::overrides::Authorship;
use crate::domain::register::{Listed, ProposalKind, Refused, Register, UnitStanding};
use crate::store::chain::{Chain, Line};
use crate::store::{Store, StoreError};

statements! {
    const PUT_LOAD = "INSERT INTO register_loads (feed, taken_at, read_on, source, sha256, covered) \
                      VALUES ($1, $2, $3, $4, $5, $6)";
    const DROP_LOAD = "DELETE FROM register_loads WHERE feed = $1";
    const PUT_UNIT = "INSERT INTO register_units (feed, unit, standing, municipality, part, name, addresses, \
                      telephone) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    const LOADS = "SELECT feed, taken_at, read_on, source, sha256, covered FROM register_loads ORDER BY feed";
    const UNITS = "SELECT unit, feed, standing, municipality, part, name, addresses, telephone \
                   FROM register_units ORDER BY feed, unit";
    const PUT_REFUSAL = "INSERT INTO register_refusals (unit, kind, fact, author, reason, refused_at) \
                         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (unit, kind) DO UPDATE SET fact = $3, \
                         author = $4, reason = $5, refused_at = $6";
    const DROP_REFUSAL = "DELETE FROM register_refusals WHERE unit = $1 AND kind = $2 AND fact = $3";
    const REFUSALS = "SELECT unit, kind, fact, author, reason, refused_at FROM register_refusals ORDER BY unit, kind";
    const TOLD = "SELECT proposal FROM register_told";
    const PUT_TOLD = "INSERT INTO register_told (proposal, told_at) VALUES ($1, $2) ON CONFLICT (proposal) DO NOTHING";
}

/// The word for a unit that is listed in a way nobody can rely on.
const UNCLEAR: &str = "obscura";

/// A register as last believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRegister {
    pub register: Register,
    pub taken_at: Timestamp,
    /// File or address that it came from.
    pub source: String,
    /// SHA-256 of the bytes, hexadecimal.
    pub sha256: String,
}

/// A refusal with who gave it and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalLine {
    pub refused: Refused,
    pub authorship: Authorship,
}

impl Store {
    /// Keeps a load that is believed in place of the one before, and lets refusals end whose ground is gone. A person
    /// who took it in spite of doubts signs.
    pub async fn accept_register(
        &self,
        kept: KeptRegister,
        rows: usize,
        remarks: Vec<String>,
        lapsed: Vec<Refused>,
        by: Option<Authorship>,
    ) -> Result<(), StoreError> {
        written!(self.db, |tx| {
            put_load(&mut tx, &kept).await?;
            for refused in &lapsed {
                bound!(DROP_REFUSAL, refused.unit.as_str(), refused.kind.as_str(), &refused.fact)
                    .execute(&mut tx)
                    .await?;
            }
            let lapsed = lapsed.iter().map(|refused| format!("{} {}", refused.unit, refused.kind)).collect();
            let (author, reason) = by.map(|by| (by.author, by.reason)).unzip();
            let told = RegisterLoaded {
                source: kept.source,
                sha256: kept.sha256,
                rows: rows as u64,
                units: kept.register.units.len() as u64,
                remarks,
                lapsed,
                author,
                reason,
            };
            Chain::tell(&mut tx, Line::new(kept.taken_at, kept.register.feed.as_str(), told)).await?;
        })
    }

    /// Notes a load that is not believed; the one before stays.
    pub async fn refuse_register(
        &self,
        feed: FeedId,
        source: String,
        sha256: String,
        reasons: Vec<String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let told = RegisterDoubted { source, sha256, reason: reasons.join("; ") };
        self.tell_register(feed.as_str().to_owned(), told.into(), now).await
    }

    /// Notes that proposals were taken: which, and the file before and after by their digests.
    pub async fn note_register_applied(
        &self,
        proposals: Vec<ProposalFacts>,
        digests: (Option<String>, String),
        by: Authorship,
    ) -> Result<(), StoreError> {
        let told = ProposalsTaken {
            proposals,
            before_sha256: digests.0,
            after_sha256: digests.1,
            author: by.author,
            reason: by.reason,
        };
        self.tell_register("unidades.csv".to_owned(), told.into(), by.at).await
    }

    /// Refuses proposals: they do not come back until the register says otherwise. `told` are they in words.
    pub async fn refuse_proposals(
        &self,
        refused: Vec<Refused>,
        told: Vec<ProposalFacts>,
        by: Authorship,
    ) -> Result<(), StoreError> {
        written!(self.db, |tx| {
            for refused in &refused {
                let (unit, kind) = (refused.unit.as_str(), refused.kind.as_str());
                bound!(PUT_REFUSAL, unit, kind, &refused.fact, &by.author, &by.reason, ms(by.at))
                    .execute(&mut tx)
                    .await?;
            }
            let told = ProposalsRefused { proposals: told, author: by.author, reason: by.reason };
            Chain::tell(&mut tx, Line::new(by.at, "unidades.csv", told)).await?;
        })
    }

    /// Every register as last believed, by feed.
    pub async fn registers(&self) -> Result<Vec<KeptRegister>, StoreError> {
        let mut view = self.db.view().await?;
        let mut kept: BTreeMap<FeedId, KeptRegister> = BTreeMap::new();
        for row in bound!(LOADS).fetch_all(&mut view).await? {
            let cells = Cells::of("register_loads", &row);
            let feed = cells.parsed("feed", |t| FeedId::parse(t).ok())?;
            let covered: Option<BTreeSet<PartId>> =
                cells.get::<&str>("covered")?.lines().map(|part| PartId::parse(part).ok()).collect();
            let register = Register {
                feed: feed.clone(),
                read_on: cells.parsed("read_on", |t| t.parse().ok())?,
                covered: covered.ok_or_else(|| cells.corrupt("covered"))?,
                units: BTreeMap::new(),
                unclear: BTreeSet::new(),
            };
            let taken_at = cells.instant("taken_at")?;
            let (source, sha256) = (cells.get("source")?, cells.get("sha256")?);
            kept.insert(feed, KeptRegister { register, taken_at, source, sha256 });
        }
        for row in bound!(UNITS).fetch_all(&mut view).await? {
            let cells = Cells::of("register_units", &row);
            let feed = cells.parsed("feed", |t| FeedId::parse(t).ok())?;
            let kept = kept.get_mut(&feed).ok_or_else(|| cells.corrupt("feed"))?;
            let id = cells.parsed("unit", |t| UnitId::parse(t).ok())?;
            match cells.get::<&str>("standing")? {
                UNCLEAR => {
                    kept.register.unclear.insert(id);
                }
                standing => {
                    let standing = [UnitStanding::Open, UnitStanding::Closed]
                        .into_iter()
                        .find(|s| s.as_str() == standing);
                    let listed = listed(&cells, &id, standing)?;
                    kept.register.units.insert(id, listed);
                }
            }
        }
        Ok(kept.into_values().collect())
    }

    /// Every refusal that stands.
    pub async fn register_refusals(&self) -> Result<Vec<RefusalLine>, StoreError> {
        bound!(REFUSALS)
            .all(&self.db, |row| {
                let cells = Cells::of("register_refusals", row);
                let refused = Refused {
                    unit: cells.parsed("unit", |t| UnitId::parse(t).ok())?,
                    kind: cells.parsed("kind", ProposalKind::parse)?,
                    fact: cells.get("fact")?,
                };
                let (author, reason) = (cells.get("author")?, cells.get("reason")?);
                let authorship = Authorship { author, reason, at: cells.instant("refused_at")? };
                Ok(RefusalLine { refused, authorship })
            })
            .await
    }

    /// The proposals that staff were told of, by their short names.
    pub async fn told_proposals(&self) -> Result<BTreeSet<String>, StoreError> {
        bound!(TOLD).all(&self.db, |row| Cells::of("register_told", row).get("proposal")).await
    }

    /// Notes that staff were told of proposals.
    pub async fn note_proposals_told(
        &self,
        proposals: Vec<String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        written!(self.db, |tx| {
            for proposal in &proposals {
                bound!(PUT_TOLD, proposal, ms(now)).execute(&mut tx).await?;
            }
        })
    }

    async fn tell_register(&self, subject: String, told: Entry, now: Timestamp) -> Result<(), StoreError> {
        written!(self.db, |tx| {
            Chain::tell(&mut tx, Line::new(now, &subject, told)).await?;
        })
    }
}

async fn put_load(conn: &mut Conn, kept: &KeptRegister) -> Result<(), StoreError> {
    let register = &kept.register;
    let feed = register.feed.as_str();
    let covered = register.covered.iter().map(PartId::as_str).collect::<Vec<_>>().join("\n");
    bound!(DROP_LOAD, feed).execute(&mut *conn).await?;
    let read_on = register.read_on.to_string();
    bound!(PUT_LOAD, feed, ms(kept.taken_at), read_on, &kept.source, &kept.sha256, covered)
        .execute(&mut *conn)
        .await?;
    for unit in register.units.values() {
        let addresses = unit.addresses.iter().map(EmailAddress::as_str).collect::<Vec<_>>().join(" ");
        bound!(
            PUT_UNIT,
            feed,
            unit.id.as_str(),
            unit.standing.as_str(),
            code(unit.municipality),
            unit.part.as_str(),
            &unit.name,
            addresses,
            &unit.telephone
        )
        .execute(&mut *conn)
        .await?;
    }
    for unit in &register.unclear {
        let none = None::<String>;
        bound!(PUT_UNIT, feed, unit.as_str(), UNCLEAR, None::<i64>, &none, &none, &none, &none)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

fn listed(cells: &Cells<'_>, id: &UnitId, standing: Option<UnitStanding>) -> Result<Listed, StoreError> {
    let addresses: Option<Vec<EmailAddress>> =
        cells.get::<&str>("addresses")?.split_whitespace().map(|a| EmailAddress::parse(a).ok()).collect();
    Ok(Listed {
        id: id.clone(),
        municipality: cells.municipality("municipality")?,
        part: cells.parsed("part", |t| PartId::parse(t).ok())?,
        name: cells.get("name")?,
        addresses: addresses.ok_or_else(|| cells.corrupt("addresses"))?,
        telephone: cells.get("telephone")?,
        standing: standing.ok_or_else(|| cells.corrupt("standing"))?,
    })
}
