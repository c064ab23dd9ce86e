//! `prorrogar`: a deadline announced anew, judged, and written into a copy of the configuration that is compiled whole
//! before anything is put on the disk.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::{Date, Time};

use crate::config::{self, LoadError, NewExtension, Unwritten, ends_halt, write_extension};
use crate::domain::calendar::{Deadline, Edition, HaltKind, Window};
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::domain::time::Zone;
use crate::plan::contrast::{deadline_of, windows_unlike};
use crate::render::portuguese as pt;
use crate::world::known::HORIZON_DAYS;
use crate::world::setup::Setup;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub window: WindowId,
    pub deadline: Date,
    /// Its time, where it is not the window's own.
    pub at: Option<Time>,
    pub source: String,
    /// The day of the announcement; absent: today.
    pub announced: Option<Date>,
    /// Whom it is for; empty: all.
    pub municipalities: Vec<MunicipalityCode>,
    /// The new date again, as a confirmation that it is meant to be earlier.
    pub confirmed: Option<Date>,
}

/// Why it is nonsense, in the operators' words, with what to do.
#[derive(Debug, thiserror::Error)]
pub enum ExtendError {
    /// No such window.
    #[error("não há janela “{0}” no calendário\ndica: {1}")]
    Window(WindowId, String),
    /// The new deadline is over already.
    #[error("o novo prazo, {}, já passou\ndica: confira a data e a hora", pt::deadline(*.0))]
    Past(Deadline),
    /// The new deadline comes before the window opens.
    #[error("o novo prazo ({}) cai antes da abertura da janela ({})\ndica: confira a data", pt::date(*.0), pt::date(*.1))]
    BeforeOpening(Date, Date),
    /// The announcement lies ahead.
    #[error("a data do anúncio ({}) ainda não chegou\ndica: declare a prorrogação depois de anunciada", pt::date(*.0))]
    FutureAnnouncement(Date),
    /// Another announcement came later.
    #[error(
        "a última prorrogação desta janela foi anunciada em {}, depois de {}\ndica: confira --anunciada; as \
         prorrogações vão na ordem em que foram anunciadas", pt::date(*.1), pt::date(*.0)
    )]
    OutOfOrder(Date, Date),
    /// The deadline is that already.
    #[error("{} já é o prazo em vigor\ndica: confira a data em --para", pt::deadline(*.0))]
    Same(Deadline),
    /// The deadline is later now.
    #[error(
        "o novo prazo ({}) vem antes do que está em vigor ({})\ndica: se é isso mesmo, acrescente --confirmar {}; as \
         cartas ainda esperarão “vigia-suas liberar”", pt::date(.0.on), pt::date(.1.on), pt::date(.0.on)
    )]
    Earlier(Deadline, Deadline),
    /// Where to write it.
    #[error("a configuração embutida no programa não pode ser mudada\ndica: diga a pasta com --config")]
    Embedded,
    /// It could not be written.
    #[error(transparent)]
    Unwritten(#[from] Unwritten),
    /// What would be written has faults.
    #[error("com a prorrogação, a configuração ficaria com falhas; nada foi mudado\n{0}")]
    Faulty(String),
    /// What would be written means something else.
    #[error(
        "a prorrogação não pôde ser escrita sem mudar outra coisa; nada foi mudado\n\
         dica: escreva-a à mão, como em “O MDS prorrogou” do LEIAME.md"
    )]
    Unfaithful,
}

/// A prorrogação ready to be put on the disk.
#[derive(Debug)]
pub struct Draft {
    pub setup: Setup,
    /// The new `calendario.toml`.
    pub bytes: Vec<u8>,
    /// What somebody should look at.
    pub warnings: Vec<String>,
}

/// Judges a request and writes it into a copy of a configuration.
pub fn draft(setup: &Setup, request: &Request, now: Timestamp) -> Result<Draft, ExtendError> {
    let directory = setup.directory.as_ref().ok_or(ExtendError::Embedded)?;
    let calendar = &setup.config.calendar;
    let today = calendar.hours.zone.date_of(now);
    let until = today.saturating_add(jiff::ToSpan::days(HORIZON_DAYS));
    let window = calendar.window(&request.window).ok_or_else(|| {
        let known: Vec<WindowId> = calendar.windows(until).into_iter().map(|w| w.id).collect();
        unknown(&request.window, &known)
    })?;
    let announced = request.announced.unwrap_or(today);
    let mut municipalities = request.municipalities.clone();
    // By its name and by its code, or twice by one of them, it is one.
    let mut seen = BTreeSet::new();
    municipalities.retain(|code| seen.insert(*code));
    let deadline = judge(&window, request, announced, (now, &calendar.hours.zone))?;
    let new = NewExtension {
        deadline: request.deadline,
        at: request.at.map(|_| deadline.at),
        announced,
        source: request.source.clone(),
        municipalities,
    };
    let bytes = write_extension(&setup.sources, &window, &new)?;
    let sources = config::Sources::clone(&setup.sources).with("calendario.toml", bytes.clone());
    let written = Setup::compile(sources, Some(directory.clone()), now).map_err(|error| match error {
        LoadError::Faulty(faults) => ExtendError::Faulty(faults.render(false)),
        LoadError::Unreadable { .. } => ExtendError::Unfaithful,
    })?;
    let edition = Edition {
        number: u16::try_from(window.editions.len() + 1).unwrap_or(u16::MAX),
        deadline: Some(deadline),
        announced_on: Some(announced),
        source: request.source.clone(),
        municipalities: seen,
    };
    let mut warnings: Vec<String> = not_a_business_day(setup, deadline).into_iter().collect();
    let mut wanted = Window { recurring: false, ..window.clone() };
    wanted.editions.push(edition);
    if let Some(halt) = wanted.halt.as_mut().filter(|_| ends_halt(&window, &new)) {
        halt.until = Some(announced);
    }
    if !is_faithful(setup, &written, &wanted, until) {
        return Err(ExtendError::Unfaithful);
    }
    warnings.extend(still_stopped(&wanted, today));
    Ok(Draft { warnings, setup: written, bytes })
}

fn unknown(asked: &WindowId, known: &[WindowId]) -> ExtendError {
    let near = config::nearest(asked.as_str(), known.iter().map(WindowId::as_str));
    let hint = near.map_or_else(
        || "veja os nomes com “vigia-suas agenda”".to_owned(),
        |near| format!("você quis dizer “{near}”?"),
    );
    ExtendError::Window(asked.clone(), hint)
}

/// The new deadline, if it makes sense.
fn judge(
    window: &Window,
    request: &Request,
    announced: Date,
    (now, zone): (Timestamp, &Zone),
) -> Result<Deadline, ExtendError> {
    let own = window.editions.first().and_then(|e| e.deadline).map_or(Deadline::DEFAULT_TIME, |d| d.at);
    let deadline = Deadline::new(request.deadline, request.at.unwrap_or(own));
    if deadline.instant(zone) <= now {
        return Err(ExtendError::Past(deadline));
    }
    if request.deadline < window.opens_on {
        return Err(ExtendError::BeforeOpening(request.deadline, window.opens_on));
    }
    if announced > zone.date_of(now) {
        return Err(ExtendError::FutureAnnouncement(announced));
    }
    let last = window.editions.iter().filter_map(|e| e.announced_on).max();
    if let Some(last) = last.filter(|last| announced < *last) {
        return Err(ExtendError::OutOfOrder(announced, last));
    }
    let whom: Vec<Option<MunicipalityCode>> = if request.municipalities.is_empty() {
        vec![None]
    } else {
        request.municipalities.iter().copied().map(Some).collect()
    };
    let in_force: Vec<Deadline> = whom.iter().filter_map(|code| deadline_of(window, *code)).collect();
    if in_force.len() == whom.len() && in_force.iter().all(|old| *old == deadline) {
        return Err(ExtendError::Same(deadline));
    }
    let latest = in_force.into_iter().filter(|old| deadline < *old).max();
    match latest.filter(|_| request.confirmed != Some(request.deadline)) {
        Some(old) => Err(ExtendError::Earlier(deadline, old)),
        None => Ok(deadline),
    }
}

/// Whether what would be written says what was said before, and of that window what is wanted.
fn is_faithful(before: &Setup, after: &Setup, wanted: &Window, until: Date) -> bool {
    let shifts = windows_unlike(&before.config.calendar, &after.config.calendar, until.max(wanted.opens_on));
    shifts.len() == 1 && shifts[0].after.as_ref() == Some(wanted)
}

fn not_a_business_day(setup: &Setup, deadline: Deadline) -> Option<String> {
    let hours = &setup.config.calendar.hours;
    (!hours.holidays.is_business_day(deadline.on)).then(|| {
        format!(
            "aviso: o novo prazo, {}, não é dia útil; ele fica como está, e as cobranças saem antes",
            pt::deadline(deadline)
        )
    })
}

/// That the window stands still in spite of its new edition, the last: one of the very day of the halt may have come
/// before it, and one for some municipalities lets nobody else go on.
fn still_stopped(window: &Window, today: Date) -> Option<String> {
    let halt = window.halt_on(today)?;
    let (word, ends) = match halt.kind {
        HaltKind::Suspended => ("suspensa", "se ela voltou"),
        HaltKind::Cancelled => ("cancelada", "se ela vale outra vez"),
    };
    let since = halt.since.map_or(String::new(), |day| format!(" desde {}", pt::date(day)));
    let edition = window.editions.last()?;
    let whom = if halt.is_ended_by(edition) { "para os demais municípios " } else { "" };
    let ends = match window.halted_until() {
        Some(day) => format!("até {} (`situacao_ate`); {ends} antes, corrija essa data", pt::date(day)),
        None => format!("e nada sai dela; {ends}, escreva `situacao_ate`"),
    };
    Some(format!("aviso: {whom}a janela segue {word}{since}, {ends}"))
}
