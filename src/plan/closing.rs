//! How an edition stands at its deadline: what is recorded of it, made when its deadline passes or as soon after as
//! anybody looks. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::assess::Assessor;
use super::audience;
use super::moment::Moment;
use super::window::WindowContext;
use crate::domain::calendar::Deadline;
use crate::domain::closing::{ClosedMunicipality, Closing};
use crate::domain::id::GerenciaId;
use crate::domain::notice::{Addressee, Slot, Told, Untold};
use crate::domain::roster::Municipality;
use crate::plan::ledger::{Record, Standing, WindowLedger};

/// How an edition stands at its deadline in the municipalities on it.
pub(super) fn closing<'a>(
    context: &WindowContext<'a>,
    ledger: Option<&WindowLedger>,
    (edition, deadline, ended_at): (u16, Deadline, Timestamp),
    on_it: impl Iterator<Item = &'a Municipality>,
) -> Closing {
    let then = Moment::new(ended_at, &context.world.calendar.hours);
    let mut municipalities = BTreeMap::new();
    if let Some(assessor) = Assessor::new(context.world, &then, context.assessor.window()) {
        for municipality in on_it {
            let parts = assessor.known(municipality);
            if parts.is_empty() {
                continue;
            }
            let records = ledger.map_or(&[][..], |ledger| ledger.of(municipality.code));
            let line = ClosedMunicipality {
                name: municipality.name.clone(),
                region: municipality.region.clone(),
                untold: untold(context, municipality, records, (edition, deadline)),
                parts,
            };
            municipalities.insert(municipality.code, line);
        }
    }
    let gerencias = gerencias(context).into_iter().cloned().map(Addressee::Gerencia);
    let offices = std::iter::once(Addressee::Gsuas).chain(gerencias).collect();
    Closing { edition, deadline, ended_at, offices, municipalities }
}

/// The competent gerências: the system's, and those of the window's parts.
fn gerencias<'a>(context: &WindowContext<'a>) -> Vec<&'a GerenciaId> {
    let system = context.assessor.system();
    let parts = context.assessor.window().parts.iter();
    let of_parts = parts.flat_map(|part| context.world.calendar.gerencias_of(system, part));
    let mut gerencias: Vec<&GerenciaId> = Vec::new();
    for id in system.gerencias.iter().chain(of_parts) {
        if !gerencias.contains(&id) {
            gerencias.push(id);
        }
    }
    gerencias
}

/// Why a municipality was not told the deadline of an edition that ended, if it was not: what it was told last counts.
fn untold(
    context: &WindowContext<'_>,
    municipality: &Municipality,
    records: &[Record],
    (edition, deadline): (u16, Deadline),
) -> Option<Untold> {
    let suspends = |r: &Record| matches!(r.slot, Slot::Suspension { .. });
    let said = records.iter().filter(|r| r.told.is_some() || suspends(r));
    let last = said.filter_map(|r| Some((r.standing.sent_at()?, r))).max_by_key(|(at, _)| *at);
    match last.map(|(_, record)| record.told) {
        Some(Some(told)) if told == Told::Date(deadline) => return None,
        Some(Some(other)) => return Some(Untold::OtherDate(other)),
        Some(None) => return Some(Untold::Suspended),
        // Told of the first edition outside the system.
        None if context.told_outside => {
            let first = context.assessor.window().edition(1).and_then(|first| first.deadline);
            let told = Told::from(first);
            return (edition > 1 && told != Told::Date(deadline)).then_some(Untold::OtherDate(told));
        }
        None => {}
    }
    let reachable = || {
        let announced = &context.assessor.system().announce_to;
        let (calendar, flagged) = (context.world.calendar, &context.world.ledger.flagged);
        let reach = audience::reach(context.assessor, calendar, municipality, announced, None, flagged);
        !reach.to.is_empty()
    };
    let announcement = records.iter().find(|r| r.slot == Slot::Announcement);
    Some(match announcement.map(|r| r.standing) {
        None | Some(Standing::Withdrawn) => Untold::Unseen,
        Some(Standing::Failed) => Untold::Failed,
        Some(_) if !reachable() => Untold::NoContact,
        Some(_) => Untold::Expired,
    })
}
