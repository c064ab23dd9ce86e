//! `fonte propor`: a feed for a file that staff have, tried before it is shown.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::config::LoadError;
use crate::contain::Bounds;
use crate::domain::feed::Source;
use crate::domain::id::{FeedId, SystemId, slugify};
use crate::feed::map::Ground;
use crate::feed::propose::{Choices, FileOutcome, Proposed, Question, Wish, propose};
use crate::feed::{Intake, take_in};
use crate::format::body::Body;
use crate::format::error::DecodeError;
use crate::world::known;
use crate::world::live::Live;
use crate::world::setup::Setup;

/// What a file of staff may cost: a minute, and as much memory as the largest load takes.
static FILES: Bounds = Bounds::new(Duration::from_mins(1), 2_048);

/// What there is to propose from.
#[derive(Debug, Clone)]
pub struct Asked {
    pub body: Body,
    /// The file's name or the address, for the comment of the table.
    pub name: String,
    pub source: Source,
    pub system: SystemId,
    /// What the feed is to be called; absent: by the system and the file.
    pub id: Option<FeedId>,
    pub choices: Choices,
}

/// What came of it.
#[derive(Debug)]
pub enum Answered {
    /// A table that `verificar` accepts, and what the reader makes of the file with it.
    Draft { proposed: Box<Proposed>, toml: String, intake: Box<Intake> },
    /// What a person must settle first.
    Open(Vec<Question>),
}

/// Why nothing could be proposed. Displayed to operators.
#[derive(Debug, thiserror::Error)]
pub enum ProposeError {
    /// No such system.
    #[error("não há sistema “{0}” em calendario.toml\ndica: os sistemas são {1}")]
    System(SystemId, String),
    /// A name that a feed, a register or a portal has already.
    #[error("já há “{0}” em fontes.toml\ndica: escolha outro nome com --nome")]
    Taken(FeedId),
    /// No name can be made of the file's.
    #[error("o nome do arquivo não serve de nome de fonte\ndica: dê um nome com --nome")]
    Unnamed,
    /// It is nothing that a feed can read.
    #[error(transparent)]
    Unreadable(#[from] DecodeError),
    /// The reader does not find what the proposal says is there: it is worth nothing.
    #[error(
        "o arquivo não se deixa ler como parecia ({0})\ndica: salve-o como CSV, com os títulos na primeira linha, e tente de \
         novo"
    )]
    Otherwise(String),
}

/// Proposes a feed, compiles its table beside those that there are, and reads the file with it.
pub async fn answer(live: &Arc<Live>, asked: Asked, now: Timestamp) -> Result<Answered, ProposeError> {
    let config = &live.setup.config;
    if !live.calendar.systems.contains_key(&asked.system) {
        let known: Vec<&str> = live.calendar.systems.keys().map(SystemId::as_str).collect();
        return Err(ProposeError::System(asked.system, known.join(", ")));
    }
    let taken: BTreeSet<&str> = config
        .feeds
        .iter()
        .map(|feed| feed.id.as_str())
        .chain(config.registers.iter().map(|register| register.id.as_str()))
        .chain(config.news.iter().map(|news| news.id.as_str()))
        .collect();
    let id = match &asked.id {
        Some(id) if taken.contains(id.as_str()) => return Err(ProposeError::Taken(id.clone())),
        Some(id) => id.clone(),
        None => named(&asked, &taken)?,
    };
    let shared = live.clone();
    let read = FILES.run(move || read(&shared, &asked, &id, now)).await;
    read.map_err(|uncontained| ProposeError::Unreadable(uncontained.into()))?
}

/// The system and the file's name, as one that is free.
fn named(asked: &Asked, taken: &BTreeSet<&str>) -> Result<FeedId, ProposeError> {
    let file = asked.name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = slugify(file.split(['.', '?']).next().unwrap_or_default());
    let system = asked.system.as_str();
    let name = match stem.strip_prefix(system).unwrap_or(&stem).trim_matches('-') {
        "" => format!("{system}-arquivo"),
        rest => format!("{system}-{rest}"),
    };
    let name: String = name.chars().take(40).collect();
    let numbered = (2..1_000).map(|n| format!("{name}-{n}"));
    let free = std::iter::once(name.clone()).chain(numbered).filter(|name| !taken.contains(name.as_str()));
    let mut free = free.filter_map(|name| FeedId::parse(name.trim_matches('-')).ok());
    free.next().ok_or(ProposeError::Unnamed)
}

fn read(live: &Live, asked: &Asked, id: &FeedId, now: Timestamp) -> Result<Answered, ProposeError> {
    let windows = known::windows(&live.calendar, now);
    let roster = &live.setup.config.roster;
    let ground = Ground { calendar: &live.calendar, windows: &windows, roster, taken_at: now };
    let Some(system) = live.calendar.systems.get(&asked.system) else {
        return Err(ProposeError::System(asked.system.clone(), String::new()));
    };
    let known = &live.setup.config.feeds;
    let wish = Wish { id, system, source: &asked.source, known, choices: &asked.choices };
    let proposed = match propose(&asked.body.original, &ground, &wish)? {
        FileOutcome::Asked(questions) => return Ok(Answered::Open(questions)),
        FileOutcome::Proposed(proposed) => proposed,
    };
    let toml = proposed.toml(&asked.name);
    passes(live, &toml, now)?;
    let intake = take_in(&proposed.spec, std::slice::from_ref(&asked.body), &ground, None);
    agrees(&proposed, &intake)?;
    Ok(Answered::Draft { proposed, toml, intake: Box::new(intake) })
}

/// Whether `verificar` takes the table beside what there is.
fn passes(live: &Live, toml: &str, now: Timestamp) -> Result<(), ProposeError> {
    let sources = &live.setup.sources;
    let before = sources.bytes("fontes.toml").map(String::from_utf8_lossy).unwrap_or_default();
    let with = (**sources).clone().with("fontes.toml", format!("{before}\n{toml}"));
    match Setup::compile(with, live.setup.directory.clone(), now) {
        Ok(_) => Ok(()),
        Err(LoadError::Faulty(faults)) => Err(ProposeError::Otherwise(faults.summary())),
        Err(error) => Err(ProposeError::Otherwise(error.to_string())),
    }
}

/// Whether the service's reader finds the columns and the municipalities that the proposal speaks of.
fn agrees(proposed: &Proposed, intake: &Intake) -> Result<(), ProposeError> {
    use crate::feed::judge::{QuarantineReason, Verdict};
    let mapped = &intake.mapped;
    if let Verdict::Quarantined { reasons } = &intake.verdict {
        let unlike = reasons.iter().find(|reason| {
            matches!(
                reason,
                QuarantineReason::Unreadable(_) | QuarantineReason::Column(_) | QuarantineReason::NoRows
            )
        });
        if let Some(reason) = unlike {
            return Err(ProposeError::Otherwise(reason.to_string()));
        }
    }
    let seen = mapped.municipalities_seen.len();
    if mapped.bad == 0 && !proposed.cut && seen != proposed.municipalities {
        let found = format!("{seen} municípios em vez de {}", proposed.municipalities);
        return Err(ProposeError::Otherwise(found));
    }
    Ok(())
}
