//! Whether a window waits in a municipality until another one is concluded there (`depende_de`). Pure.

use jiff::civil::Date;

use super::Assessor;
use crate::domain::id::MunicipalityCode;
use crate::domain::notice::Told;
use crate::domain::roster::Municipality;
use crate::plan::edition::{Editions, Heard, last_told};
use crate::plan::ledger::WindowLedger;

impl<'a> Assessor<'a> {
    /// Whether nothing is owed yet because another window is not concluded there.
    pub(in crate::plan) fn waits(&self, municipality: &'a Municipality) -> bool {
        self.depends_on.as_ref().is_some_and(|on| !on.is_done(municipality))
    }

    /// Whether nothing more is owed here in this window, which another one waits for: as recorded where the edition that
    /// rules here ended with the municipality in it, else by what is known now.
    fn is_done(&self, municipality: &'a Municipality) -> bool {
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
        match closing.filter(|closing| closing.municipalities.contains_key(&code)) {
            Some(closing) => self.assess_closed(code, closing).is_done(),
            None => self.assess(municipality).is_done(),
        }
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
