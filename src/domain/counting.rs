//! Which units count for a window (`config/LEIAME.md`): by the months of its reference, not by the day on which
//! somebody asks. Pure.

use jiff::civil::Date;

use super::calendar::Window;
use super::id::Reference;
use super::roster::Unit;

/// How a unit counts for a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    /// It was there from the start: silence about it may mean something.
    Whole,
    /// It began later: it is *não confirmado* until a feed names it, never *pendente* by silence.
    Late,
    /// It is no part of the window.
    Not,
}

impl Window {
    /// How a unit counts here: for a month or a quarter when its life overlaps it; for a year when it was open on the
    /// opening day and is not closed since. `begun` and `over` say whether a civil day has begun, or is over.
    pub fn counting(
        &self,
        unit: &Unit,
        begun: impl FnOnce(Date) -> bool,
        over: impl FnOnce(Date) -> bool,
    ) -> Counting {
        let (first, last) = match self.reference {
            Reference::Year(_) => {
                if unit.until.is_some_and(over) || unit.until.is_some_and(|until| until < self.opens_on) {
                    return Counting::Not;
                }
                return match unit.from {
                    Some(from) if from > self.opens_on && begun(from) => Counting::Late,
                    Some(from) if from > self.opens_on => Counting::Not,
                    Some(_) | None => Counting::Whole,
                };
            }
            Reference::Month(..) | Reference::Quarter(..) => months(self.reference),
        };
        if unit.from.is_some_and(|from| from > last) || unit.until.is_some_and(|until| until < first) {
            return Counting::Not;
        }
        if unit.from.is_some_and(|from| from > first) { Counting::Late } else { Counting::Whole }
    }
}

/// The first and the last day of a period.
fn months(reference: Reference) -> (Date, Date) {
    let first = |reference: Reference| {
        let (year, month) = reference.first_month();
        Date::new(year, month, 1)
    };
    let last = first(reference.next()).and_then(Date::yesterday);
    (first(reference).unwrap_or(Date::MIN), last.unwrap_or(Date::MAX))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::calendar::{Deadline, Edition};
    use crate::domain::id::{MunicipalityCode, PartId, SystemId, UnitId, WindowId};

    fn window(reference: &str, opens_on: Date) -> Window {
        let system = SystemId::parse("rma").unwrap();
        let reference = Reference::parse(reference).unwrap();
        let deadline = Some(Deadline { on: opens_on.last_of_month(), at: Deadline::DEFAULT_TIME });
        Window {
            id: WindowId::new(&system, reference, None).unwrap(),
            system,
            reference,
            name: None,
            parts: Vec::new(),
            respondent: None,
            opens_on,
            editions: vec![Edition {
                number: 1,
                deadline,
                announced_on: None,
                source: String::new(),
                municipalities: std::collections::BTreeSet::new(),
            }],
            depends_on: None,
            halt: None,
            sanction: None,
            recurring: false,
        }
    }

    fn counts(window: &Window, from: Option<Date>, until: Option<Date>, today: Date) -> Counting {
        let unit = Unit {
            id: UnitId::parse("11").unwrap(),
            municipality: MunicipalityCode::parse("3205309").unwrap(),
            part: PartId::parse("CRAS").unwrap(),
            name: String::new(),
            addresses: Vec::new(),
            telephone: String::new(),
            from,
            until,
        };
        window.counting(&unit, |day| day <= today, |day| day < today)
    }

    #[test]
    fn a_unit_opened_in_november_is_no_part_of_october_and_one_closed_in_november_still_is() {
        let october = window("2026-10", date(2026, 11, 1));
        let today = date(2026, 11, 20);
        assert_eq!(counts(&october, Some(date(2026, 11, 2)), None, today), Counting::Not);
        assert_eq!(counts(&october, None, Some(date(2026, 11, 10)), today), Counting::Whole);
        assert_eq!(counts(&october, None, Some(date(2026, 9, 30)), today), Counting::Not);
        assert_eq!(counts(&october, Some(date(2026, 10, 1)), None, today), Counting::Whole);
        let quarter = window("2026-T4", date(2027, 1, 2));
        assert_eq!(counts(&quarter, None, Some(date(2026, 10, 1)), date(2027, 1, 5)), Counting::Whole);
    }

    #[test]
    fn a_unit_that_began_within_the_months_of_a_reference_counts_without_its_silence_meaning_anything() {
        let november = window("2026-11", date(2026, 12, 1));
        let added = Some(date(2026, 11, 20));
        assert_eq!(counts(&november, added, None, date(2026, 12, 5)), Counting::Late);
        assert_eq!(
            counts(&window("2026-12", date(2027, 1, 1)), added, None, date(2027, 1, 5)),
            Counting::Whole
        );
    }

    #[test]
    fn a_yearly_window_takes_the_units_of_its_opening_day_that_are_still_open() {
        let census = window("2026", date(2026, 10, 5));
        let today = date(2026, 11, 20);
        assert_eq!(counts(&census, Some(date(2026, 10, 5)), None, today), Counting::Whole);
        assert_eq!(counts(&census, Some(date(2026, 10, 6)), None, today), Counting::Late);
        assert_eq!(counts(&census, Some(date(2026, 12, 1)), None, today), Counting::Not, "not begun yet");
        assert_eq!(counts(&census, None, Some(date(2026, 11, 19)), today), Counting::Not);
        assert_eq!(counts(&census, None, Some(date(2026, 11, 20)), today), Counting::Whole, "its last day");
    }
}
