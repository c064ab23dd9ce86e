//! Example letters (`carta`, `verificar`): what a rehearsal of the real window sends to whom, first the letter that needs
//! the least made up.

use jiff::Timestamp;

use crate::domain::calendar::{Calendar, Window};
use crate::domain::id::{IdError, MunicipalityCode, SystemId};
use crate::domain::notice::{Addressee, Content, Kind, NoticeKey, StaffSlot};
use crate::domain::overrides::Overrides;
use crate::domain::roster::Roster;
use crate::domain::time::Zone;
use crate::plan::Notice;
use crate::plan::sample::{Course, rehearse};
use crate::render::letter::name_of;
use crate::world::known;
use crate::world::live::Live;

/// An example letter, and on which course of its window it leaves.
#[derive(Debug, Clone)]
pub struct Example {
    pub notice: Notice,
    pub course: Course,
}

impl Example {
    /// What is made up, for whoever reads it: the end of “como se …”.
    pub fn made_up(&self) -> &'static str {
        match self.course {
            Course::Pending => "tudo o que se espera estivesse pendente",
            Course::Unknown => "nada se soubesse do preenchimento",
            Course::Extended => {
                "o MDS tivesse prorrogado o prazo por 14 dias; o prazo novo e a fonte são inventados"
            }
            Course::ExtendedLate => {
                "o MDS tivesse prorrogado o prazo depois da remessa; o prazo novo e a fonte são inventados"
            }
            Course::ExtendedUnknown => {
                "o MDS tivesse dado um prazo e nada se soubesse do preenchimento; o prazo e a fonte são inventados"
            }
            Course::Suspended => "a janela tivesse sido suspensa e retomada; os dias são inventados",
        }
    }
}

/// The system's window that is open now, else its next, else its last.
pub fn window_of(calendar: &Calendar, system: &SystemId, now: Timestamp) -> Option<Window> {
    let windows: Vec<Window> =
        known::windows(calendar, now).into_iter().filter(|w| w.system == *system).collect();
    current(&windows, &calendar.hours.zone, now)
}

/// The one that is open now, else the next, else the last.
fn current(windows: &[Window], zone: &Zone, now: Timestamp) -> Option<Window> {
    let opened = |w: &&Window| zone.start_of(w.opens_on) <= now;
    let closed = |w: &&Window| w.latest_deadline().is_some_and(|d| d.instant(zone) <= now);
    let open = windows.iter().filter(|w| opened(w) && !closed(w)).max_by_key(|w| w.opens_on);
    let next = windows.iter().filter(|w| !opened(w)).min_by_key(|w| w.opens_on);
    let last = windows.iter().max_by_key(|w| w.opens_on);
    open.or(next).or(last).cloned()
}

/// The windows that examples are written of: of each system one for all that are about the same parts and the same who
/// answers for them, by system.
pub fn windows(calendar: &Calendar, now: Timestamp) -> Vec<Window> {
    let all = known::windows(calendar, now);
    let mut chosen = Vec::new();
    for system in calendar.systems.keys() {
        let mut alike: Vec<Vec<Window>> = Vec::new();
        for window in all.iter().filter(|window| window.system == *system) {
            let same = |first: &Window| first.parts == window.parts && first.respondent == window.respondent;
            match alike.iter_mut().find(|group| group.first().is_some_and(same)) {
                Some(group) => group.push(window.clone()),
                None => alike.push(vec![window.clone()]),
            }
        }
        chosen.extend(alike.iter().filter_map(|group| current(group, &calendar.hours.zone, now)));
    }
    chosen
}

/// Every sort of letter that a window may give, once to everybody to whom it may go.
///
/// # Errors
/// None in practice (see [`rehearse`]).
pub fn every(live: &Live, overrides: &Overrides, window: &Window) -> Result<Vec<Example>, IdError> {
    let mut all: Vec<Example> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for course in Course::ALL {
        let notices = rehearse(&live.calendar, &live.setup.config.roster, overrides, window, course)?;
        for notice in notices {
            if seen.insert((name_of(&notice.content), addressee(&notice.key))) {
                all.push(Example { notice, course });
            }
        }
    }
    Ok(all)
}

/// The letter of a sort about one municipality that would leave next, or left last; none where it would get none.
///
/// # Errors
/// None in practice (see [`rehearse`]).
pub fn one(
    live: &Live,
    overrides: &Overrides,
    window: &Window,
    (kind, municipality): (Kind, MunicipalityCode),
    now: Timestamp,
) -> Result<Option<Example>, IdError> {
    let mut roster: Roster = live.setup.config.roster.clone();
    roster.municipalities.retain(|code, _| *code == municipality);
    for course in Course::ALL {
        let mut notices = rehearse(&live.calendar, &roster, overrides, window, course)?;
        notices.retain(|notice| {
            notice.content.kind() == kind
                && !matches!(notice.content, Content::Upheld { .. } | Content::ReferralAddendum { .. })
        });
        let next = notices.iter().find(|notice| notice.due_at >= now);
        if let Some(notice) = next.or(notices.last()).cloned() {
            return Ok(Some(Example { notice, course }));
        }
    }
    Ok(None)
}

/// To whom, whatever the letter says.
fn addressee(key: &NoticeKey) -> (Option<MunicipalityCode>, Option<Addressee>) {
    let office = match key {
        NoticeKey::Staff {
            slot:
                StaffSlot::Digest { to, .. }
                | StaffSlot::Referral { to, .. }
                | StaffSlot::ReferralAddendum { to, .. },
            ..
        } => Some(to.clone()),
        NoticeKey::Staff { .. } | NoticeKey::Municipal { .. } | NoticeKey::Service { .. } => None,
    };
    (key.municipality(), office)
}
