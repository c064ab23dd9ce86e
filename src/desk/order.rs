//! What people decide by hand: checked against the calendar and the roster, recorded with author and reason.

mod release;

pub use release::{awaits, waiting};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::config::{Config, either, nearest};
use crate::domain::calendar::{Calendar, Deadline};
use crate::domain::id::{MunicipalityCode, PartId, WindowId, slugify};
use crate::domain::notice::{NoticeKey, Slot};
use crate::domain::overrides::{Authorship, BatchId, Dispute, HoldScope, Overrides};
use crate::domain::roster::Roster;
use crate::domain::state::state_of;
use crate::domain::status::StatusEntry;
use crate::domain::time::{SendingHours, Zone};
use crate::render::portuguese;
use crate::store::{Override, OverrideId, Store, StoreError};
use crate::text::visible;

/// Why an order was refused. In the operators' words, with what to do.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// The ledger.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No such municipality.
    #[error(
        "não há município “{text}” em municipios.csv\ndica: {}use o código IBGE de 7 dígitos ou o nome inteiro",
        meant(.near)
    )]
    Municipality {
        text: String,
        /// Names that may be meant, as they are written.
        near: Vec<String>,
    },
    /// Several municipalities of that name.
    #[error("há mais de um município “{name}” em municipios.csv\ndica: use o código: {}", .codes.iter().copied().map(of_state).collect::<Vec<_>>().join(", "))]
    Ambiguous { name: String, codes: Vec<MunicipalityCode> },
    /// No such window.
    #[error(
        "não há janela “{0}” no calendário\ndica: veja os nomes com “vigia-suas agenda”; uma janela de \
         recorrência é, por exemplo, rma/2026-10"
    )]
    Window(WindowId),
    /// No such part in the window.
    #[error("a janela {window} não tem a parte “{part}”\ndica: as partes dela são {known}")]
    Part { window: WindowId, part: String, known: String },
    /// No such batch.
    #[error(
        "“{0}” não é um lote deste calendário\ndica: use o nome que aparece em “vigia-suas plano”, como \
         rma/2026-10/divulgacao ou dia/2026-12-01"
    )]
    Batch(BatchId),
    /// An earlier deadline that passed, or will before a letter can leave.
    #[error(
        "o prazo {} já passou, ou passa antes que uma carta possa sair: liberá-lo agora não muda nada, e ninguém é tido \
         por atrasado por ele\ndica: se outra data vale, escreva-a com “vigia-suas prorrogar”",
        portuguese::deadline(*.0)
    )]
    Lapsed(Deadline),
    /// The last day is over already.
    #[error("{} já passou\ndica: em --ate vai o último dia em que a decisão vale", portuguese::date(*.0))]
    Over(Date),
    /// No reason.
    #[error("falta o motivo\ndica: acrescente --motivo \"…\"; ele fica no livro junto com o autor")]
    Reason,
}

/// Finds a municipality by its code of seven or six digits, or by its name without regard to case or accents.
///
/// # Errors
/// [`OrderError::Municipality`], [`OrderError::Ambiguous`].
pub fn municipality(roster: &Roster, text: &str) -> Result<MunicipalityCode, OrderError> {
    let text = text.trim();
    let codes = || roster.municipalities.keys().copied();
    let six: Option<u32> = (text.len() == 6).then(|| text.parse().ok()).flatten();
    if let Some(code) = codes().find(|code| code.to_string() == text || six == Some(code.six())) {
        return Ok(code);
    }
    let wanted = slugify(text);
    let named: Vec<_> = codes().filter(|code| slugify(&roster.municipalities[code].name) == wanted).collect();
    match named[..] {
        [] => Err(OrderError::Municipality { near: near(roster, &wanted, text), text: text.to_owned() }),
        [code] => Ok(code),
        _ => Err(OrderError::Ambiguous { name: text.to_owned(), codes: named }),
    }
}

/// The same for what only reads: one that left the roster is still known by its code, for the ledger may tell of it. Whoever
/// finds nothing told of it asks [`municipality`], which has the words for that.
///
/// # Errors
/// As [`municipality`], where the text is no code either.
pub fn ever_known(roster: &Roster, text: &str) -> Result<MunicipalityCode, OrderError> {
    let found = municipality(roster, text);
    found.or_else(|error| MunicipalityCode::parse(text.trim()).map_err(|_| error))
}

/// So many names are offered.
const OFFERED: usize = 5;

/// The names that begin as a text does, else the one nearest to it.
fn near(roster: &Roster, wanted: &str, text: &str) -> Vec<String> {
    let names = || roster.municipalities.values().map(|municipality| municipality.name.as_str());
    let begins = |name: &&str| !wanted.is_empty() && slugify(name).starts_with(wanted);
    let begun: Vec<String> = names().filter(begins).map(str::to_owned).collect();
    match begun.len() {
        1..=OFFERED => begun,
        _ => nearest(text, names()).map(str::to_owned).into_iter().collect(),
    }
}

/// `você quis dizer “Vila Pavão” ou “Vila Velha”? `, or nothing.
fn meant(near: &[String]) -> String {
    if near.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = near.iter().map(String::as_str).collect();
    format!("você quis dizer {}? Senão, ", either(&names))
}

/// `2201903 (PI)`
fn of_state(code: MunicipalityCode) -> String {
    state_of(code).map_or_else(|| code.to_string(), |state| format!("{code} ({state})"))
}

/// Makes sure that a window is in the calendar, and a part in the window.
///
/// # Errors
/// [`OrderError::Window`], [`OrderError::Part`].
pub fn window(calendar: &Calendar, id: &WindowId, part: Option<&str>) -> Result<Option<PartId>, OrderError> {
    let found = calendar.window(id).ok_or_else(|| OrderError::Window(id.clone()))?;
    let Some(text) = part else { return Ok(None) };
    let wanted = slugify(text);
    found.parts.iter().find(|p| slugify(p.as_str()) == wanted).cloned().map(Some).ok_or_else(|| {
        OrderError::Part {
            window: id.clone(),
            part: text.to_owned(),
            known: found.parts.iter().map(PartId::as_str).collect::<Vec<_>>().join(", "),
        }
    })
}

/// Makes sure that a batch can be one: of a window in the calendar, of a day, or of what was due after an outage.
///
/// # Errors
/// [`OrderError::Batch`].
pub fn batch(config: &Config, id: &BatchId) -> Result<(), OrderError> {
    let there = match id.as_str().split_once('/') {
        None if is_queue(id) => true,
        Some(("dia", day)) => day.parse::<Date>().is_ok(),
        Some(("retomada", instant)) => instant.parse::<Timestamp>().is_ok(),
        _ => {
            let key = a_notice_of(config, id);
            key.as_ref().and_then(NoticeKey::window).is_some_and(|w| config.calendar.window(w).is_some())
        }
    };
    if there { Ok(()) } else { Err(OrderError::Batch(id.clone())) }
}

/// Makes sure that a batch is not of a deadline that passes before its letters could leave. `hours` are those that the
/// daemon keeps.
///
/// # Errors
/// [`OrderError::Lapsed`].
pub fn in_time(
    config: &Config,
    hours: &SendingHours,
    id: &BatchId,
    now: Timestamp,
) -> Result<(), OrderError> {
    let key = a_notice_of(config, id);
    let window = key.as_ref().and_then(NoticeKey::window).and_then(|id| config.calendar.window(id));
    let (Some(Slot::Extension { edition }), Some(window)) = (key.as_ref().and_then(NoticeKey::slot), window)
    else {
        return Ok(());
    };
    let deadline = window.edition(edition).and_then(|edition| edition.deadline);
    match deadline.filter(|deadline| deadline.instant(&hours.zone) <= hours.next_sending(now)) {
        Some(deadline) => Err(OrderError::Lapsed(deadline)),
        None => Ok(()),
    }
}

/// The last day of the deadline that the letters of a batch give, where it is one of an edition's.
pub fn last_day_told(config: &Config, id: &BatchId) -> Option<Date> {
    let key = a_notice_of(config, id)?;
    let edition = match key.slot()? {
        Slot::Extension { edition } | Slot::Upheld { edition, .. } | Slot::Rung { edition, .. } => edition,
        Slot::Announcement | Slot::Suspension { .. } => return None,
    };
    Some(config.calendar.window(key.window()?)?.edition(edition)?.deadline?.on)
}

/// One of the notices that a batch of a window is: the batch is named like them, without the municipality.
fn a_notice_of(config: &Config, id: &BatchId) -> Option<NoticeKey> {
    let code = config.roster.municipalities.keys().next()?;
    NoticeKey::parse(&format!("{id}/{code}"))
}

/// Makes sure that the last day of an order is not over.
///
/// # Errors
/// [`OrderError::Over`].
pub fn last_day(until: Option<Date>, today: Date) -> Result<(), OrderError> {
    until.filter(|day| *day < today).map_or(Ok(()), |day| Err(OrderError::Over(day)))
}

/// Who decides, and why.
///
/// # Errors
/// [`OrderError::Reason`] when the reason is blank.
pub fn authorship(author: &str, reason: &str, at: Timestamp) -> Result<Authorship, OrderError> {
    if reason.trim().is_empty() {
        return Err(OrderError::Reason);
    }
    Ok(Authorship { author: author.trim().to_owned(), reason: reason.trim().to_owned(), at })
}

/// What an order on one municipality and window is looked at beside.
#[derive(Debug, Clone, Copy)]
pub struct Matter<'a> {
    pub municipality: MunicipalityCode,
    pub window: &'a WindowId,
    /// What the feeds say of both.
    pub known: &'a [StatusEntry],
}

/// What is in force on a day of what people ordered: what is held, and, of one municipality and window, what is
/// exempted or disputed there. Each in one line with its last day and its reason.
pub fn in_force(orders: &Overrides, about: Option<Matter<'_>>, today: Date) -> Vec<String> {
    let counts = |until: Option<Date>| until.is_none_or(|day| day >= today);
    let mut lines: Vec<String> = Vec::new();
    for hold in orders.ruling_holds().filter(|hold| counts(hold.until)) {
        lines.push(line(&format!("retido: {}", hold.scope), hold.until, &hold.authorship));
    }
    let Some(about) = about else { return lines };
    let here = |municipality, window: &WindowId| (about.municipality, about.window) == (municipality, window);
    for one in
        orders.ruling_exemptions().filter(|one| here(one.municipality, &one.window) && counts(one.until))
    {
        lines.push(line(&format!("dispensa: {}", of_part(one.part.as_ref())), one.until, &one.authorship));
    }
    for one in disputes(orders, about, today).filter(|one| one.ended_by(about.known).is_none()) {
        lines.push(line(&dispute(one), one.until, &one.authorship));
    }
    lines
}

/// The disputes of one municipality and window that newer data ended, a line each.
pub fn ended(orders: &Overrides, about: Matter<'_>, today: Date, zone: &Zone) -> Vec<String> {
    let told = |one: &Dispute| {
        let at = one.ended_by(about.known)?;
        Some(format!("{}; {}", line(&dispute(one), one.until, &one.authorship), ended_words(at, zone)))
    };
    disputes(orders, about, today).filter_map(told).collect()
}

/// That newer data ended a dispute.
pub fn ended_words(at: Timestamp, zone: &Zone) -> String {
    format!("encerrada por dados mais novos, de {}", portuguese::short_instant(at, zone))
}

fn disputes<'a>(orders: &'a Overrides, about: Matter<'a>, today: Date) -> impl Iterator<Item = &'a Dispute> {
    orders.ruling_disputes().filter(move |one| {
        (one.municipality, &one.window) == (about.municipality, about.window)
            && one.until.is_none_or(|day| day >= today)
    })
}

fn dispute(one: &Dispute) -> String {
    format!("contestação: {}", of_part(one.part.as_ref()))
}

fn line(what: &str, until: Option<Date>, by: &Authorship) -> String {
    let until = until.map_or(String::new(), |day| format!(", até {}", portuguese::date(day)));
    format!("{what}{until} ({})", visible::line(&by.reason))
}

fn of_part(part: Option<&PartId>) -> String {
    part.map_or("todas as partes".to_owned(), PartId::to_string)
}

/// `reter`, until a day or until it is released.
pub async fn hold(
    store: &Store,
    scope: HoldScope,
    until: Option<Date>,
    by: Authorship,
) -> Result<OverrideId, StoreError> {
    store.add_override(Override::Hold { scope, until }, by).await
}

/// Whether it is the queue as a whole, which stands still while letters come back from several domains.
pub fn is_queue(id: &BatchId) -> bool {
    id.as_str() == "fila"
}

/// Whether uncertain letters of a batch wait to be repeated (`ao_incerto = "reter"`).
pub async fn holds_uncertain(store: &Store, id: &BatchId, now: Timestamp) -> Result<bool, StoreError> {
    Ok(store.held_uncertain(now).await?.iter().any(|held| held.batch.as_ref() == Some(id)))
}

/// `liberar`: lifts every hold of that scope, and lets a batch go, with its uncertain letters, or the queue that stands
/// still. `until` is the last day of the deadline that its letters give ([`last_day_told`]). Answers how many holds there were.
pub async fn release(
    store: &Store,
    scope: HoldScope,
    until: Option<Date>,
    by: Authorship,
) -> Result<usize, StoreError> {
    if let HoldScope::Batch(batch) = &scope {
        if is_queue(batch) {
            return Ok(usize::from(store.resume_queue(&by).await?));
        }
        store.add_override(Override::Release { batch: batch.clone(), until }, by.clone()).await?;
        store.repeat_uncertain(batch, by.at).await?;
    }
    store.lift_holds(scope, by).await
}

/// What an exemption or a dispute is about.
#[derive(Debug, Clone)]
pub struct OverrideSubject {
    pub municipality: MunicipalityCode,
    pub window: WindowId,
    /// Which part; absent: all.
    pub part: Option<PartId>,
    /// Last day on which it counts.
    pub until: Option<Date>,
}

impl OverrideSubject {
    /// As an exemption (`dispensar`).
    pub fn exemption(self) -> Override {
        let Self { municipality, window, part, until } = self;
        Override::Exemption { municipality, window, part, until }
    }

    /// As a dispute (`contestar`).
    pub fn dispute(self) -> Override {
        let Self { municipality, window, part, until } = self;
        Override::Dispute { municipality, window, part, until }
    }
}

/// Lifts every order in force about the same thing, whatever its last day; of calls only the last one, since the others
/// were made all the same. Answers how many there were.
pub async fn undo(store: &Store, what: &Override, by: Authorship) -> Result<usize, StoreError> {
    let mut found = store.override_lines().await?;
    found.retain(|line| line.lifted.is_none() && same_matter(&line.what, what));
    if matches!(what, Override::Note { .. }) {
        found.drain(..found.len().saturating_sub(1));
    }
    let mut lifted = 0;
    for line in found {
        lifted += usize::from(store.lift_override(&line.id, by.clone()).await?);
    }
    Ok(lifted)
}

/// Whether two orders are about the same thing; their last days do not matter.
pub fn same_matter(one: &Override, other: &Override) -> bool {
    let matter = |what: &Override| match what.clone() {
        Override::Exemption { municipality, window, part, .. } => {
            Override::Exemption { municipality, window, part, until: None }
        }
        Override::Dispute { municipality, window, part, .. } => {
            Override::Dispute { municipality, window, part, until: None }
        }
        Override::Note { municipality, window, .. } => {
            Override::Note { municipality, window, telephone: None, until: None }
        }
        Override::Keep { window, municipality, .. } => Override::Keep { window, municipality, until: None },
        Override::Hold { scope, .. } => Override::Hold { scope, until: None },
        Override::Release { batch, .. } => Override::Release { batch, until: None },
    };
    matter(one) == matter(other)
}

#[cfg(test)]
mod tests;
