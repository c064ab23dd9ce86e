//! What was decided of each municipality in each window, kept from one pass to the next for as long as it cannot change. Pure.
//!
//! Deciding asks nothing of the clock but which instants have come (`moment`). So an answer stands until the earliest instant
//! that it asked for in vain, unless something that was read for it changes first: whoever changes it says so ([`Memo::told`],
//! [`Memo::changed`]). A plan of its own begins with an empty memo; only a rehearsal goes on with one, and there nothing else
//! changes than the ledger and what feeds said. A law holds rehearsals with a memo against those without.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::edition::Track;
use super::pair::Decided;
use super::survey::Survey;
use crate::domain::id::{MunicipalityCode, WindowId};

/// What was decided, by window.
#[derive(Default)]
pub(super) struct Memo(HashMap<WindowId, WindowMemo>);

/// What was decided in one window.
#[derive(Default)]
struct WindowMemo {
    /// The tracks that it was decided under.
    tracks: Option<(Track, BTreeMap<MunicipalityCode, Track>)>,
    /// Of each municipality of the roster, in its order.
    pairs: Vec<Kept>,
    /// Those whom something was said to before and who are not in the roster. Nothing more is.
    strangers: Vec<MunicipalityCode>,
    /// Until when all pairs stand.
    until: Timestamp,
    /// Municipalities of which something changed since.
    stale: Vec<MunicipalityCode>,
}

/// What was decided of one municipality.
struct Kept {
    /// Until when it stands.
    until: Timestamp,
    /// What is to be sent, held or closed, if anything is.
    said: Option<Box<Decided>>,
}

impl Memo {
    /// Decides again of whom it may be otherwise now.
    pub(super) fn refresh(&mut self, survey: &Survey<'_>) {
        let id = &survey.context.assessor.window().id;
        if !self.0.contains_key(id) {
            self.0.insert(id.clone(), WindowMemo::default());
        }
        if let Some(window) = self.0.get_mut(id) {
            window.refresh(survey);
        }
    }

    /// What stands in a window, in the order of the roster; of whom nothing is, nothing.
    pub(super) fn said(&self, window: &WindowId) -> impl Iterator<Item = &Decided> {
        self.0
            .get(window)
            .into_iter()
            .flat_map(|window| &window.pairs)
            .filter_map(|kept| kept.said.as_deref())
    }

    /// Those who are no longer in the roster and may have an open notice, in order.
    pub(super) fn strangers(&self, window: &WindowId) -> &[MunicipalityCode] {
        self.0.get(window).map_or(&[], |window| &window.strangers)
    }

    /// Something was told of a municipality in a window, or to it.
    pub(super) fn told(&mut self, window: &WindowId, municipality: MunicipalityCode) {
        if let Some(window) = self.0.get_mut(window) {
            window.stale.push(municipality);
        }
    }

    /// Something changed for a whole window, or it is not looked at any more.
    pub(super) fn changed(&mut self, window: &WindowId) {
        self.0.remove(window);
    }

    /// Forgets the windows that are not looked at any more.
    pub(super) fn retain(&mut self, looked_at: impl Fn(&WindowId) -> bool) {
        self.0.retain(|id, _| looked_at(id));
    }
}

impl WindowMemo {
    fn refresh(&mut self, survey: &Survey<'_>) {
        let (moment, roster) = (survey.context.moment, &survey.context.world.roster.municipalities);
        // A record made in this pass is read from the ledger in the next; before the first pass, what was missed is not
        // looked at.
        let lasts = survey.made.is_empty() && survey.context.world.ledger.last_pass_at.is_some();
        let same = self
            .tracks
            .as_ref()
            .is_some_and(|(general, special)| *general == survey.general && *special == survey.special);
        if !lasts || !same || self.pairs.len() != roster.len() {
            let tracks = Some((survey.general, survey.special.clone()));
            let unknown = || Kept { until: Timestamp::MIN, said: None };
            let pairs = std::iter::repeat_with(unknown).take(roster.len()).collect();
            *self = Self { tracks, pairs, strangers: survey.strangers(), ..Self::default() };
        } else if self.stale.is_empty() && !moment.reached(self.until) {
            return;
        }
        self.stale.sort_unstable();
        let mut stale = self.stale.drain(..).peekable();
        self.until = Timestamp::MAX;
        for (municipality, kept) in roster.values().zip(&mut self.pairs) {
            let mut is_stale = false;
            while let Some(code) = stale.next_if(|code| *code <= municipality.code) {
                is_stale |= code == municipality.code;
            }
            if is_stale || moment.reached(kept.until) {
                let (decided, wake) = moment.asking(|| survey.pair(municipality).decide());
                // What is closed is done at once, and what it says rests on when the last pass was.
                let resumes = decided.ready.as_ref().is_some_and(|ready| ready.resumed.is_some());
                let stands = lasts && decided.closed.is_empty() && decided.resumed.is_empty() && !resumes;
                kept.until = if stands { wake.unwrap_or(Timestamp::MAX) } else { Timestamp::MIN };
                kept.said = (!decided.is_nothing()).then(|| Box::new(decided));
            }
            self.until = self.until.min(kept.until);
        }
    }
}
