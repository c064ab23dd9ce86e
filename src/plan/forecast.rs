//! What a rehearsal comes to: letters per day against the relay's quota, letters per municipality, and what deserves a
//! look before it happens. Pure.

mod calendar;
mod flow;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Time};
use jiff::{Timestamp, ToSpan};

use crate::domain::calendar::{Calendar, Window};
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::domain::notice::{Kind, NoticeKey};
use crate::domain::reason::Reason;
use crate::domain::roster::Roster;
use crate::domain::time::SendingHours;
use crate::plan::{Act, Decision, Notice, Withheld};

/// How much the relay takes (`[smtp]`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    pub per_minute: u32,
    /// Most deliveries in a civil day.
    pub per_day: u32,
}

impl Quota {
    /// When about the last of so many deliveries would leave, if nothing else came and each were taken; absent where none
    /// waits, or no end is in sight.
    pub fn empties_at(self, waiting: usize, now: Timestamp, hours: &SendingHours) -> Option<Timestamp> {
        let mut days = BTreeMap::new();
        flow::run(&[(now, waiting)], self, hours, &mut days);
        let (on, last) = days.pop_last()?;
        (last.left == 0).then_some(hours.zone.at(on, last.ends_at?))
    }
}

/// A civil day of the rehearsal on which something was to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Day {
    pub letters: usize,
    /// Letters to the secretariat's own: resumos, remessas, alerts.
    pub staff: usize,
    /// Deliveries that fall due: one for each address.
    pub due: usize,
    /// Deliveries that the relay would take on that day, those left from the day before first.
    pub sent: usize,
    /// Deliveries that would wait for the next sending day.
    pub left: usize,
    /// When the last of that day would leave; absent when none does.
    pub ends_at: Option<Time>,
    /// Deliveries of the page of the day, which are in none of the other numbers.
    pub page: usize,
}

/// What one municipality gets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RelayShare {
    pub kinds: BTreeMap<Kind, usize>,
    /// The seven days with most letters: the first of them, and how many.
    pub busiest: Option<(Date, usize)>,
}

impl RelayShare {
    /// All letters.
    pub fn letters(&self) -> usize {
        self.kinds.values().sum()
    }
}

/// Something that deserves a look.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// More falls due on a day than the relay takes.
    OverQuota {
        on: Date,
        /// Deliveries waiting on that day.
        waiting: usize,
        /// Those that stay for the next sending day.
        left: usize,
    },
    /// A day above `limite_dia`: withheld whole.
    DailyLimit {
        on: Date,
        due: usize,
        /// How many may be.
        limit: usize,
    },
    /// Municipalities that get many letters within seven days.
    Crowded {
        /// The first of the seven days.
        from: Date,
        /// Letters in them.
        letters: usize,
        /// Who gets so many.
        municipalities: Vec<MunicipalityCode>,
    },
    /// Nobody can be written to about a window.
    NoAudience { window: WindowId, municipalities: Vec<MunicipalityCode> },
    /// A window opened and no municipality is concerned.
    NobodyExpected { window: WindowId },
    /// A rung that comes before its window opens.
    RungBeforeOpening {
        window: WindowId,
        /// Days before the deadline.
        rung: u16,
        opens_on: Date,
    },
    /// A window with a deadline and no rung.
    NoLadder { window: WindowId },
    /// A rung on a day on which no letter leaves.
    RungMoved {
        window: WindowId,
        /// Days before the deadline.
        rung: u16,
        on: Date,
        /// Its name, when it is a holiday.
        holiday: Option<String>,
        /// When its letters leave.
        leaves_on: Date,
    },
}

/// What a rehearsal comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    /// First and last day.
    pub days: (Date, Date),
    /// What the relay takes; absent when none is configured.
    pub quota: Option<Quota>,
    /// How many letters in seven days are many.
    pub weekly: usize,
    /// Decisions by act and kind.
    pub tally: BTreeMap<(Act, Option<Kind>), usize>,
    /// Days on which something falls due or waits.
    pub calendar: BTreeMap<Date, Day>,
    /// Every municipality of the roster.
    pub shares: BTreeMap<MunicipalityCode, RelayShare>,
    /// What deserves a look, the gravest first.
    pub warnings: Vec<Warning>,
}

/// The decisions of a rehearsal as they are told.
#[derive(Debug, Default)]
pub struct ForecastTally {
    acts: BTreeMap<(Act, Option<Kind>), usize>,
    due: Vec<(Timestamp, usize)>,
    /// Deliveries of alerts, which wait for no hour and which no day's quota holds.
    alerts: Vec<(Timestamp, usize)>,
    days: BTreeMap<Date, Day>,
    letters: BTreeMap<MunicipalityCode, Vec<(Date, Kind)>>,
    limits: BTreeMap<Date, (usize, usize)>,
    unreachable: BTreeMap<WindowId, BTreeSet<MunicipalityCode>>,
    concerned: BTreeSet<WindowId>,
}

impl ForecastTally {
    /// Takes in one decision.
    pub fn note(&mut self, at: Timestamp, decision: &Decision, calendar: &Calendar) {
        *self.acts.entry((decision.act(), decision.kind())).or_default() += 1;
        let on = calendar.hours.zone.date_of(at);
        if let NoticeKey::Municipal { window, .. } = decision.key() {
            self.concerned.insert(window.clone());
        }
        match decision {
            Decision::Send(sending) => self.sent(at, on, &sending.notice),
            Decision::Withhold(withheld) => self.withheld(on, withheld),
            Decision::Close(_) | Decision::Publish(_) => {}
        }
    }

    fn sent(&mut self, at: Timestamp, on: Date, notice: &Notice) {
        match notice.content.kind() {
            Kind::Alert => self.alerts.push((at, notice.to.len())),
            Kind::Announcement
            | Kind::Warning
            | Kind::Reminder
            | Kind::Extension
            | Kind::Suspension
            | Kind::Digest
            | Kind::Referral => self.due.push((at, notice.to.len())),
        }
        let day = self.days.entry(on).or_default();
        day.due += notice.to.len();
        match notice.key.municipality() {
            Some(code) => {
                day.letters += 1;
                self.letters.entry(code).or_default().push((on, notice.content.kind()));
            }
            None => day.staff += 1,
        }
    }

    fn withheld(&mut self, on: Date, withheld: &Withheld) {
        if let Reason::DailyLimit { due, limit, .. } = &withheld.because {
            self.limits.insert(on, (*due, *limit));
        }
        if withheld.because == Reason::NoContact
            && let NoticeKey::Municipal { window, municipality, .. } = &withheld.notice.key
        {
            self.unreachable.entry(window.clone()).or_default().insert(*municipality);
        }
    }

    /// What it comes to.
    pub fn forecast(
        mut self,
        calendar: &Calendar,
        roster: &Roster,
        days: (Date, Date),
        quota: Option<Quota>,
        weekly: usize,
    ) -> Forecast {
        let mut warnings = Vec::new();
        if let Some(quota) = quota {
            flow::run(&self.due, quota, &calendar.hours, &mut self.days);
        }
        for (on, day) in self.days.iter().filter(|(_, day)| day.left > 0) {
            warnings.push(Warning::OverQuota { on: *on, waiting: day.sent + day.left, left: day.left });
        }
        if quota.is_some() {
            flow::at_once(&self.alerts, &calendar.hours.zone, &mut self.days);
        }
        if roster.offices.daily_page {
            let readers = roster.offices.alert_addresses().len();
            let all = days.0.series(1.day()).take_while(|on| *on <= days.1);
            for on in all.filter(|on| calendar.hours.is_sending_day(*on)) {
                self.days.entry(on).or_default().page = readers;
            }
        }
        let limits = self.limits.iter();
        warnings.extend(limits.map(|(on, (due, limit))| Warning::DailyLimit {
            on: *on,
            due: *due,
            limit: *limit,
        }));
        let shares: BTreeMap<MunicipalityCode, RelayShare> = roster
            .municipalities
            .keys()
            .map(|code| (*code, share(self.letters.get(code).map_or(&[], Vec::as_slice))))
            .collect();
        warnings.extend(crowded(&shares, weekly));
        let unreachable = std::mem::take(&mut self.unreachable).into_iter();
        warnings.extend(
            unreachable.map(|(window, all)| Warning::NoAudience {
                window,
                municipalities: all.into_iter().collect(),
            }),
        );
        let windows = calendar.windows(days.1);
        let unconcerned =
            |w: &&Window| days.0 <= w.opens_on && w.halt.is_none() && !self.concerned.contains(&w.id);
        let opened = windows.iter().filter(unconcerned);
        warnings.extend(opened.map(|w| Warning::NobodyExpected { window: w.id.clone() }));
        warnings.extend(calendar::warnings(calendar, &windows, days));
        warnings.sort();
        Forecast { days, quota, weekly, tally: self.acts, calendar: self.days, shares, warnings }
    }
}

fn share(letters: &[(Date, Kind)]) -> RelayShare {
    let mut share = RelayShare::default();
    for (_, kind) in letters {
        *share.kinds.entry(*kind).or_default() += 1;
    }
    let mut days: Vec<Date> = letters.iter().map(|(on, _)| *on).collect();
    days.sort_unstable();
    for (place, first) in days.iter().enumerate() {
        let last = first.saturating_add(6.days());
        let within = days[place..].iter().take_while(|day| **day <= last).count();
        if share.busiest.is_none_or(|(_, most)| within > most) {
            share.busiest = Some((*first, within));
        }
    }
    share
}

/// Those above the weekly number, together where the same week is as full for all of them.
fn crowded(shares: &BTreeMap<MunicipalityCode, RelayShare>, weekly: usize) -> Vec<Warning> {
    let mut weeks: BTreeMap<(Date, usize), Vec<MunicipalityCode>> = BTreeMap::new();
    for (code, share) in shares {
        if let Some(week) = share.busiest.filter(|(_, letters)| *letters > weekly) {
            weeks.entry(week).or_default().push(*code);
        }
    }
    let warning = |((from, letters), municipalities)| Warning::Crowded { from, letters, municipalities };
    weeks.into_iter().map(warning).collect()
}

#[cfg(test)]
mod tests;
