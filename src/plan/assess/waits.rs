//! Whether a window waits in a municipality until another one is concluded there (`depende_de`). Pure.

use jiff::civil::Date;

use super::Assessor;
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::domain::notice::Told;
use crate::domain::roster::Municipality;
use crate::plan::edition::{Editions, Heard, last_told};
use crate::plan::ledger::WindowLedger;

impl<'a> Assessor<'a> {
    /// The window that is not concluded there, so that nothing is owed of this one yet.
    pub(in crate::plan) fn waits_for(&self, municipality: &'a Municipality) -> Option<&'a WindowId> {
        self.depends_on.as_ref()?.unfinished(municipality)
    }

    /// This window, which another one waits for, where it is not concluded here: as recorded where the edition that rules
    /// here ended with the municipality in it, else by what is known now. One that itself waits is not concluded; if its
    /// deadline passed while it did, what is loaded of it ends that. Where nothing is asked in it, what it waits for.
    fn unfinished(&self, municipality: &'a Municipality) -> Option<&'a WindowId> {
        let (code, world) = (municipality.code, self.world);
        let editions = Editions {
            moment: self.moment,
            zone: &world.calendar.hours.zone,
            ledger: world.ledger,
            overrides: world.overrides,
        };
        let ledger = world.ledger.window(&self.window.id);
        let told = ledger.and_then(|ledger| last_told(ledger.of(code))).map(|(told, _)| told);
        let own = told.or_else(|| self.told_before_start(code));
        let others = own.is_none().then(|| ledger.and_then(|ledger| self.told_others(ledger))).flatten();
        let track = editions.track(self.window, Some(code), Heard { own, others });
        let closing = ledger.and_then(|ledger| ledger.closing(track.edition));
        let is_done = match closing.filter(|closing| closing.municipalities.contains_key(&code)) {
            Some(closing) => self.assess_closed_as(code, closing, false).is_done(),
            None => match self.waits_for(municipality) {
                Some(further) if self.expected(municipality).next().is_none() => return Some(further),
                Some(_) => false,
                None => self.assess_as(municipality, false).is_done(),
            },
        };
        (!is_done).then_some(&self.window.id)
    }

    /// The latest date that anybody was told whom no edition names: asked only of whoever was told nothing, where an
    /// edition is earlier than one before it.
    fn told_others(&self, ledger: &WindowLedger) -> Option<Told> {
        let editions = &self.window.editions;
        if !self.window.goes_back() {
            return None;
        }
        let named = |code: MunicipalityCode| editions.iter().any(|e| e.municipalities.contains(&code));
        let others = ledger.municipalities().filter(|(code, _)| !named(*code));
        others
            .filter_map(|(_, records)| last_told(records))
            .map(|(told, _)| told)
            .filter(|told| matches!(told, Told::Date(_)))
            .max()
    }

    /// The date that counts as told of a window that was running on `inicio`, to whom nothing was written of it yet. (Who
    /// joined since is told as any other before the difference could matter.)
    fn told_before_start(&self, code: MunicipalityCode) -> Option<Told> {
        let open = |starts: &Date| self.window.opens_on < *starts && self.was_running(code, *starts);
        self.world
            .calendar
            .starts_on
            .filter(open)
            .map(|_| Told::from(self.window.edition(1).and_then(|edition| edition.deadline)))
    }
}
