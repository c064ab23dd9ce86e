//! What another configuration would do otherwise than the one in force, over the ledger as it is.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::domain::calendar::{Calendar, Window};
use crate::domain::id::{IdError, MunicipalityCode};
use crate::domain::notice::Kind;
use crate::plan::Decision;
use crate::plan::contrast::{self, Difference, Present, Shift, Side, WindowShift};
use crate::render::portuguese as pt;
use crate::world::known::{HORIZON_DAYS, Known};
use crate::world::setup::Setup;

/// Everything that would change.
#[derive(Debug, Clone)]
pub struct Contrast {
    /// Letters.
    pub differences: Vec<Difference>,
    /// Windows.
    pub windows: Vec<WindowShift>,
    /// Files and variables.
    pub files: Vec<String>,
    /// Municipalities that are no longer in the roster.
    pub removed: Vec<MunicipalityCode>,
    /// Whether the other one keeps its ledger elsewhere (`modo`, `dados`).
    pub elsewhere: bool,
    /// The day on which they are compared.
    pub today: Date,
    /// The last day compared.
    pub until: Date,
    /// `limite_dia` in force.
    pub limit: usize,
}

/// How far ahead letters are compared, unless a deadline that changes lies farther.
const AHEAD_DAYS: i64 = 60;

/// Compares two configurations over everything known; `until` is the last day, absent the usual one.
///
/// # Errors
/// None in practice: see [`contrast::contrast`].
pub fn between(
    in_force: &Setup,
    other: &Setup,
    known: &Known,
    now: Timestamp,
    until: Option<Date>,
) -> Result<Contrast, IdError> {
    let (before, after) = (waiting(in_force), waiting(other));
    let zone = &before.hours.zone;
    let today = zone.date_of(now);
    let windows = contrast::windows_unlike(&before, &after, today.saturating_add(HORIZON_DAYS.days()));
    let until = until.unwrap_or_else(|| horizon(&windows, today));
    let end = zone.end_of(until).saturating_sub(SignedDuration::from_millis(1)).unwrap_or(Timestamp::MAX);
    let mut ledger = known.ledger.clone();
    // A clock gone wrong is the plan's to tell; here it would hide every difference.
    ledger.high_water = None;
    let present = Present { status: &known.status, overrides: &known.overrides, ledger: &ledger };
    let one = Side { calendar: &before, roster: &in_force.config.roster };
    let two = Side { calendar: &after, roster: &other.config.roster };
    let differences = contrast::contrast(one, two, present, now, end)?;
    let there = &other.config.roster.municipalities;
    Ok(Contrast {
        differences,
        windows,
        files: in_force.sources.unlike(&other.sources),
        removed: in_force
            .config
            .roster
            .municipalities
            .keys()
            .filter(|c| !there.contains_key(c))
            .copied()
            .collect(),
        elsewhere: in_force.database() != other.database(),
        today,
        until,
        limit: before.daily_limit,
    })
}

fn waiting(setup: &Setup) -> Calendar {
    let mut calendar = setup.config.calendar.clone();
    calendar.hours.waits = true;
    calendar
}

/// The last day to compare: that of the last deadline that is not the same on both sides, or sixty days ahead.
fn horizon(windows: &[WindowShift], today: Date) -> Date {
    let deadline = |w: &Option<Window>| w.as_ref().and_then(Window::latest_deadline);
    let last = windows
        .iter()
        .map(|shift| (deadline(&shift.before), deadline(&shift.after)))
        .filter(|(before, after)| before != after)
        .filter_map(|(before, after)| before.max(after));
    last.map(|d| d.on).max().unwrap_or(today).max(today.saturating_add(AHEAD_DAYS.days()))
}

impl Contrast {
    /// Whether not even a file is different.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.files.is_empty() && self.differences.is_empty() && self.windows.is_empty() && !self.elsewhere
    }

    /// Whether a window stands still now or is to, and does not go on already.
    fn stops(&self, window: &Window) -> bool {
        window.halt.is_some() && window.halted_until().is_none_or(|until| until > self.today)
    }

    /// What should not happen by a slip of the hand, in the operators' words.
    #[must_use]
    pub fn large_effects(&self) -> Vec<String> {
        let mut effects = Vec::new();
        let municipal = |d: &&Difference| {
            d.decision().and_then(Decision::kind).is_some_and(Kind::is_municipal)
                && matches!(d.shift, Shift::Added | Shift::Moved | Shift::Altered)
        };
        let more = self.differences.iter().filter(municipal).count();
        if more > self.limit {
            effects.push(format!("{more} cartas a municípios mudam, mais que limite_dia ({})", self.limit));
        }
        for shift in &self.windows {
            match &shift.after {
                None => effects.push(format!("a janela {} deixa de existir", shift.window)),
                Some(after) if self.stops(after) && !shift.before.as_ref().is_some_and(|b| self.stops(b)) => {
                    effects.push(format!("a janela {} fica interrompida", shift.window));
                }
                Some(_) if shift.is_earlier() => {
                    effects.push(format!("o prazo da janela {} fica mais cedo", shift.window));
                }
                Some(_) => {}
            }
        }
        if !self.removed.is_empty() {
            let gone = pt::counted(self.removed.len(), "município sai", "municípios saem");
            effects.push(format!("{gone} do cadastro"));
        }
        if self.elsewhere {
            effects.push(
                "muda `modo` ou `dados`: o livro passa a ser outro, e o serviço precisa ser reiniciado"
                    .to_owned(),
            );
        }
        effects
    }
}
