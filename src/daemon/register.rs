//! Registers of units: load what they list, propose what would change, tell staff once.
//!
//! Nothing here writes `unidades.csv`: only the desk's `units` does, when a person asks.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use tracing::info;

use super::alert::alert_once;
use super::app::{App, Loop};
use super::arrivals::Arrivals;
use super::visit::{Visit, Visits};
use crate::config::Config;
use crate::contain::{Bounds, Uncontained};
use crate::domain::feed::Source;
use crate::domain::id::FeedId;
use crate::domain::overrides::Authorship;
use crate::domain::register::{Proposal, Refused, Register, RegisterSpec, fact, propose};
use crate::domain::roster::Units;
use crate::feed::http::Reply;
use crate::feed::register::{Before, RegisterGround, RegisterIntake, take_in};
use crate::files::drop::Shelf;
use crate::format::body::{Body, Original};
use crate::intake::KeptRegister;
use crate::render;
use crate::store::{Store, StoreError};
use crate::text::digest::sha256;
use crate::text::remark::Reading;
use crate::world::live::Live;

/// What reading one register may take.
static REGISTERS: Bounds = Bounds::new(Duration::from_mins(5), 512);
/// The most bytes read of a file in a drop folder.
const LARGEST_FILE: u64 = 64 * 1024 * 1024;
/// Most proposals that an alert lists; the rest is counted.
const MOST_TOLD: usize = 30;

/// A proposal as staff see it.
#[derive(Debug, Clone)]
pub struct Pending {
    /// Its short name, the same as long as the register says the same.
    pub id: String,
    /// What is proposed.
    pub proposal: Proposal,
    /// Who refused it, if somebody did.
    pub refused: Option<Authorship>,
    /// File or address that it came from.
    pub source: String,
    /// When that was read.
    pub taken_at: Timestamp,
}

/// What a load came to.
#[derive(Debug)]
pub struct Loaded {
    /// What was read, and the reasons why it is not believed.
    pub intake: RegisterIntake,
}

impl Loaded {
    /// Whether it is believed.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.intake.distrust.is_empty()
    }

    /// What staff should know: why it is not believed, or what was odd about it.
    #[must_use]
    pub fn remarks(&self, reading: Reading) -> Vec<String> {
        if self.is_accepted() {
            self.intake.read.remarks(reading)
        } else {
            self.intake.distrust.iter().map(|why| why.told(reading)).collect()
        }
    }
}

/// Reads, judges and keeps one load. A person who signs takes it however small it is.
///
/// # Errors
/// [`StoreError`]; a load that is not believed is no error.
pub async fn load(
    live: &Live,
    store: &Store,
    spec: &RegisterSpec,
    name: &str,
    originals: Vec<Original>,
    waived: Option<Authorship>,
    now: Timestamp,
) -> Result<Loaded, StoreError> {
    let kept = store.registers().await?;
    let before = match (&waived, kept.iter().find(|k| k.register.feed == spec.id)) {
        (Some(_), _) => Before::Waived,
        (None, Some(last)) => Before::Load(last.register.units.len()),
        (None, None) => Before::Nothing,
    };
    let sha256 = match originals.as_slice() {
        [only] => only.sha256().to_owned(),
        several => sha256(several.iter().map(Original::sha256).collect::<Vec<_>>().join(" ").as_bytes()),
    };
    let read_on = live.calendar.hours.zone.date_of(now);
    let (parts, roster) = (live.calendar.parts.clone(), live.setup.config.roster.clone());
    let (of, bodies) = (spec.clone(), originals.into_iter().map(Body::plain).collect::<Vec<_>>());
    let read = REGISTERS.run(move || {
        let ground = RegisterGround { parts: &parts, roster: &roster, read_on };
        take_in(&of, &bodies, &ground, before)
    });
    let unreadable = |failure: Uncontained| RegisterIntake::unreadable(spec, read_on, failure.into());
    let loaded = Loaded { intake: read.await.unwrap_or_else(unreadable) };
    if !loaded.is_accepted() {
        let reasons = loaded.remarks(Reading::Kept);
        store.refuse_register(spec.id.clone(), name.to_owned(), sha256, reasons, now).await?;
        return Ok(loaded);
    }
    let register = loaded.intake.read.register.clone();
    let mut registers: Vec<Register> =
        kept.into_iter().map(|k| k.register).filter(|r| r.feed != spec.id).collect();
    registers.push(register.clone());
    let lapsed = lapsed(store, &registers).await?;
    let kept = KeptRegister { register, taken_at: now, source: name.to_owned(), sha256 };
    let (rows, remarks) = (loaded.intake.read.rows, loaded.remarks(Reading::Kept));
    store.accept_register(kept, rows, remarks, lapsed, waived).await?;
    Ok(loaded)
}

/// The refusals whose ground is gone: the register says something else now, and says it clearly.
async fn lapsed(store: &Store, registers: &[Register]) -> Result<Vec<Refused>, StoreError> {
    let refusals = store.register_refusals().await?;
    let gone = |refused: &Refused| {
        let unclear = registers.iter().any(|register| register.unclear.contains(&refused.unit));
        !unclear && fact(refused.kind, &refused.unit, registers).as_ref() != Some(&refused.fact)
    };
    Ok(refusals.into_iter().map(|line| line.refused).filter(gone).collect())
}

/// Every proposal of the registers that the configuration declares, refused ones included.
///
/// # Errors
/// [`StoreError`].
pub async fn pending(config: &Config, store: &Store) -> Result<Vec<Pending>, StoreError> {
    let declared: BTreeSet<_> = config.registers.iter().map(|spec| &spec.id).collect();
    let mut kept = store.registers().await?;
    kept.retain(|k| declared.contains(&k.register.feed));
    let registers: Vec<Register> = kept.iter().map(|k| k.register.clone()).collect();
    let refusals = store.register_refusals().await?;
    let units = config.roster.units.iter().flat_map(Units::iter);
    let proposals = propose(units, &registers);
    Ok(proposals
        .into_iter()
        .filter_map(|proposal| {
            let from = kept.iter().find(|k| k.register.feed == proposal.feed)?;
            let refused = refusals.iter().find(|line| line.refused.covers(&proposal));
            Some(Pending {
                id: name(&proposal),
                refused: refused.map(|line| line.authorship.clone()),
                source: from.source.clone(),
                taken_at: from.taken_at,
                proposal,
            })
        })
        .collect())
}

/// Eight hexadecimal digits over the unit, the sort, and what the register says.
fn name(proposal: &Proposal) -> String {
    let text = format!("{}\n{}\n{}", proposal.unit, proposal.change.kind(), proposal.fact);
    sha256(text.as_bytes()).chars().take(8).collect()
}

/// What the register loop remembers between its rounds.
#[derive(Default)]
pub struct Registers {
    visits: Visits,
    arrivals: Arrivals,
    /// The configuration and the loads that staff were last told of.
    told: Option<(String, Vec<Timestamp>)>,
}

impl Registers {
    /// Loads whatever is there, and tells staff of proposals that they were not told of.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn register_once(&mut self, app: &App) -> Result<(), StoreError> {
        let live = app.live();
        for spec in live.setup.config.registers.iter().filter(|spec| spec.enabled) {
            app.vouch(Loop::Register);
            match &spec.source {
                Source::Folder => self.folder(app, &live, spec).await?,
                Source::Http { .. } => self.http(app, &live, spec).await?,
                Source::Manual => {}
            }
        }
        self.tell(app, &live).await
    }

    /// When the next address is due.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.visits.next()
    }

    /// Whether any register has a drop folder.
    pub(super) fn looks_at_folders(app: &App) -> bool {
        folders(&app.live()).next().is_some()
    }

    /// Whether no file came into the folder of any register.
    pub(super) fn is_quiet(&self, app: &App) -> bool {
        self.arrivals.is_quiet(folders(&app.live()))
    }

    /// The service was told to stop: the file that was being read did not end it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn leave(&mut self, app: &App) -> Result<(), StoreError> {
        self.arrivals.leave(app).await
    }

    async fn folder(&mut self, app: &App, live: &Live, spec: &RegisterSpec) -> Result<(), StoreError> {
        for file in self.arrivals.settled(app, live, &spec.id).await? {
            let Some(original) = self.arrivals.read(app, &spec.id, &file, LARGEST_FILE).await? else {
                continue;
            };
            let loaded = take(app, live, spec, &file.name(), vec![original], app.now()).await?;
            let kept_in = if loaded.is_accepted() { Shelf::Processed } else { Shelf::Quarantine };
            self.arrivals.put_away(app, &spec.id, &file, kept_in).await?;
        }
        let last = app.store.feed_run(&spec.id).await?;
        self.arrivals.mend(app, &spec.id, last.as_ref()).await
    }

    async fn http(&mut self, app: &App, live: &Live, spec: &RegisterSpec) -> Result<(), StoreError> {
        let kept = app.store.registers().await?;
        let last = kept.iter().find(|k| k.register.feed == spec.id).map(|k| k.taken_at);
        if let Visit::Fresh(replies) = self.visits.visit(app, live, &spec.id, &spec.source, last).await? {
            let now = app.now();
            let originals = replies.iter().map(|reply| reply.original.clone()).collect();
            let loaded = take(app, live, spec, &name_of(&replies), originals, now).await?;
            if loaded.is_accepted() {
                self.visits.keep(live, &spec.source, &replies);
            } else if loaded.intake.is_uncontained() {
                self.visits.rest(&spec.id, now);
            }
        }
        Ok(())
    }

    async fn tell(&mut self, app: &App, live: &Live) -> Result<(), StoreError> {
        let config = &live.setup.config;
        let loads: Vec<Timestamp> = app.store.registers().await?.iter().map(|k| k.taken_at).collect();
        let seen = (config.fingerprint.clone(), loads);
        if self.told.as_ref() == Some(&seen) {
            return Ok(());
        }
        let told = app.store.told_proposals().await?;
        let mut open = pending(config, &app.store).await?;
        open.retain(|pending| pending.refused.is_none() && !told.contains(&pending.id));
        if !open.is_empty() {
            let now = app.now();
            let ids: Vec<String> = open.iter().map(|pending| pending.id.clone()).collect();
            // The same proposals after a crash are the same alert.
            let topic = format!("cadastro-{}", &sha256(ids.join(" ").as_bytes())[..8]);
            alert_once(app, &topic, alert(&open, config), now).await?;
            app.store.note_proposals_told(ids, now).await?;
        }
        self.told = Some(seen);
        Ok(())
    }
}

/// What a load that came in so many answers is called.
fn name_of(replies: &[Reply]) -> String {
    let first = replies.first().map(|reply| reply.url.clone()).unwrap_or_default();
    if replies.len() > 1 { format!("{first} (e mais {})", replies.len() - 1) } else { first }
}

/// The registers that have a drop folder.
fn folders(live: &Live) -> impl Iterator<Item = &FeedId> {
    let specs = live.setup.config.registers.iter();
    specs.filter(|spec| spec.enabled && spec.source == Source::Folder).map(|spec| &spec.id)
}

fn alert(open: &[Pending], config: &Config) -> String {
    let count = render::portuguese::counted(
        open.len(),
        "mudança é proposta em unidades.csv pelo cadastro do MDS",
        "mudanças são propostas em unidades.csv pelo cadastro do MDS",
    );
    let mut lines = vec![format!("{count}. Nada foi mudado.")];
    for pending in open.iter().take(MOST_TOLD) {
        let unit = render::register::unit(&pending.proposal);
        lines.push(format!(
            "{unit}: {}",
            render::register::sentence(&pending.proposal.change, &config.roster)
        ));
    }
    if open.len() > MOST_TOLD {
        lines.push(format!("e mais {}.", open.len() - MOST_TOLD));
    }
    lines.push(
        "Para ver todas: vigia-suas cadastro. Para aceitar: vigia-suas cadastro aplicar. Para recusar: \
                vigia-suas cadastro recusar PROPOSTA --motivo \"…\""
            .to_owned(),
    );
    lines.join("\n")
}

/// Takes in one load, logs what it came to, and calls a person when it is not believed.
async fn take(
    app: &App,
    live: &Live,
    spec: &RegisterSpec,
    name: &str,
    originals: Vec<Original>,
    now: Timestamp,
) -> Result<Loaded, StoreError> {
    let loaded = load(live, &app.store, spec, name, originals, None, now).await?;
    let remarks = loaded.remarks(Reading::Kept);
    info!(
        feed.id = %spec.id,
        register.accepted = loaded.is_accepted(),
        register.rows = loaded.intake.read.rows,
        register.units = loaded.intake.read.register.units.len(),
        register.remarks = remarks.len(),
        "cadastro julgado"
    );
    if !loaded.is_accepted() {
        let text = format!(
            "A carga “{name}” do cadastro {} não foi aceita; vale a última boa.\n{}\nSe estiver certa, carregue-a à mão: \
             vigia-suas cadastro carregar {} ARQUIVO --motivo \"…\"",
            spec.id,
            remarks.join("\n"),
            spec.id
        );
        alert_once(app, &format!("cadastro-{}", spec.id), text, now).await?;
    }
    Ok(loaded)
}
