//! Where status comes from: fetch → decode → map → judge. What comes out is observations, or the reasons why the
//! snapshot is not believed; decoding and the store are other rooms'.
//!
//! Reading order: `error` (what can go wrong outside), `http` (fetch), `url` and `pages` (what), `paging` (is it all?), `folder`
//! (drop folder), `schedule` (when), `map` (rows to observations, pure), `judge` (believed or not, pure), `changes` (what a file
//! says has changed), `register` (the ministry's registers of units), `propose` (a feed from a file).
//!
//! Architecture invariant: nothing here decides whom to write to, reads a clock, or keeps a column that is not mapped.

pub mod changes;
pub mod error;
#[cfg(test)]
pub(crate) mod fixture;
pub mod folder;
#[cfg(test)]
mod fuzz;
pub mod http;
pub mod judge;
pub mod map;
pub mod pages;
pub mod paging;
pub mod propose;
pub mod register;
pub mod schedule;
pub mod url;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::calendar::Window;
use crate::domain::feed::{FeedSpec, Format, Source};
use crate::domain::id::{MunicipalityCode, UnitId, WindowId};
use crate::domain::status::{Baseline, Basis, Observation, State};
use crate::format;
use crate::format::body::{Body, Given};
use crate::format::error::DecodeError;
use crate::text::remark::Reading;

use self::judge::{AcceptanceNote, QuarantineReason, Verdict, judge};
use self::map::{Ground, Mapped, Mapper};
use self::paging::Counts;

/// What became of one whole load of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intake {
    /// What was read; empty when the bytes were not what they should be.
    pub mapped: Mapped,
    pub verdict: Verdict,
}

impl Intake {
    /// Of bytes that could not be read.
    pub fn unreadable(error: DecodeError) -> Self {
        Self {
            mapped: Mapped::default(),
            verdict: Verdict::Quarantined { reasons: vec![QuarantineReason::Unreadable(error)] },
        }
    }

    /// The same of a load that is older than now. One that says nothing because it is of before a window opened that is open
    /// now is not believed: whoever loaded it means that window.
    #[must_use]
    pub fn of_before_an_opening(self, spec: &FeedSpec, ground: &Ground<'_>, now: Timestamp) -> Self {
        let says = self.mapped.observations.iter().any(|said| said.basis != Basis::Silence);
        if says || self.mapped.without_window == 0 {
            return self;
        }
        let zone = &ground.calendar.hours.zone;
        let since = |window: &&Window| {
            let opened_at = zone.start_of(window.opens_on);
            window.system == spec.system && ground.taken_at < opened_at && opened_at <= now
        };
        let Some(window) = ground.windows.iter().filter(since).min_by_key(|window| window.opens_on) else {
            return self;
        };
        let reason = QuarantineReason::BeforeOpening {
            dated: zone.date_of(ground.taken_at),
            window: window.id.clone(),
            opened: window.opens_on,
            is_file: !matches!(spec.source, Source::Http { .. }),
        };
        self.doubted(reason)
    }

    /// The same, with what speaks against it before all else.
    fn doubted(mut self, reason: QuarantineReason) -> Self {
        match &mut self.verdict {
            Verdict::Quarantined { reasons } => reasons.insert(0, reason),
            accepted @ Verdict::Accepted { .. } => *accepted = Verdict::Quarantined { reasons: vec![reason] },
        }
        self
    }

    /// Which sorts of reason keep it in quarantine, in order: the same for two loads that are wrong in the same way.
    pub fn sorts(&self) -> String {
        let Verdict::Quarantined { reasons } = &self.verdict else { return String::new() };
        let name = |reason: &QuarantineReason| -> String {
            format!("{reason:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
        };
        reasons.iter().map(name).collect::<Vec<_>>().join(" ")
    }

    /// What staff should know, whatever became of it: why it is not believed, then what is odd about it. What is shown may
    /// quote cells, what is kept never does.
    pub fn remarks(&self, reading: Reading) -> Vec<String> {
        let Verdict::Quarantined { reasons } = &self.verdict else {
            return judge::notes(&self.mapped).iter().map(|note| reading.say(note)).collect();
        };
        let told = |note: &AcceptanceNote| match note {
            AcceptanceNote::BadLines { .. } => {
                reasons.iter().any(|r| matches!(r, QuarantineReason::BadLines { .. }))
            }
            AcceptanceNote::MissingPages { .. } => {
                reasons.iter().any(|r| matches!(r, QuarantineReason::MissingPages { .. }))
            }
            _ => false,
        };
        let notes = judge::notes(&self.mapped);
        let notes = notes.iter().filter(|note| !told(note)).map(|note| reading.say(note));
        reasons.iter().map(|reason| reading.say(reason)).chain(notes).collect()
    }
}

/// A page of a run that could not be had, or was not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What it would have been about.
    pub given: Given,
    pub why: String,
}

/// Decodes, maps and judges one whole load of a feed, which may come in several bodies. Never fails: bytes that cannot
/// be read are a quarantined snapshot like any other.
pub fn take_in(spec: &FeedSpec, bodies: &[Body], ground: &Ground<'_>, before: Option<&Baseline>) -> Intake {
    take_in_run(spec, bodies, &[], ground, before)
}

/// The same of a run of which some pages are missing: whom they are about is *não confirmado*, and more of them than
/// the feed tolerates make the whole run not believed.
pub fn take_in_run(
    spec: &FeedSpec,
    bodies: &[Body],
    missing: &[Missing],
    ground: &Ground<'_>,
    before: Option<&Baseline>,
) -> Intake {
    match read(spec, bodies, missing, ground) {
        Ok((mut mapped, part_by)) => {
            if let Some(before) = before {
                leave_settled(&mut mapped, before);
            }
            mapped.settled_before = before.map_or(0, |before| settled_before(&mapped, before));
            let verdict = judge(spec, &mapped, before, ground.roster);
            let intake = Intake { mapped, verdict };
            match part_by {
                Some(by) => intake.doubted(QuarantineReason::Part { by }),
                None => intake,
            }
        }
        Err(error) => Intake::unreadable(error),
    }
}

/// After the deadline a reference leaves its source, often piece by piece: who has no row any more has not undone what was
/// concluded, and no judge compares a window that is over.
fn leave_settled(mapped: &mut Mapped, before: &Baseline) {
    let is_over = |window: &WindowId| !before.said.contains_key(window);
    mapped.unsaid += mapped.observations.doubt_silence(is_over, |window, municipality, part, unit| {
        let known = before.known.window(window).of(municipality);
        known.iter().any(|entry| {
            (&entry.part, entry.unit.as_ref()) == (part, unit)
                && matches!(entry.state, State::Done | State::NotApplicable)
        })
    });
}

/// Of how many of whom a load says nothing an earlier one said what stands.
fn settled_before(mapped: &Mapped, before: &Baseline) -> usize {
    if mapped.unsaid == 0 {
        return 0;
    }
    let unsaid = |said: &Observation| (said.basis, said.state) == (Basis::Silence, State::Unconfirmed);
    let stands = |said: &Observation| {
        let known = before.known.window(&said.window).of(said.municipality);
        known.iter().any(|entry| {
            (&entry.part, &entry.unit) == (&said.part, &said.unit)
                && matches!(entry.state, State::Done | State::NotApplicable)
        })
    };
    mapped.observations.iter().filter(unsaid).filter(stands).count()
}

/// Whether a body is whole and of the feed's format, so that a page that is not can be asked for again.
pub fn looks_right(spec: &FeedSpec, body: &Body) -> Result<(), DecodeError> {
    format::open(&spec.format, body, &map::wanted(&spec.mapping))?.each(&mut |_| {})
}

/// Answers also by what the load says of itself that it is only a part.
fn read(
    spec: &FeedSpec,
    bodies: &[Body],
    missing: &[Missing],
    ground: &Ground<'_>,
) -> Result<(Mapped, Option<String>), DecodeError> {
    let mut part_by = None;
    let mut mapper = Mapper::new(spec, ground);
    for page in missing {
        mapper.miss(&page.given, &page.why);
    }
    let wanted = map::wanted(&spec.mapping);
    let mut counts = Counts::of(&spec.source);
    let mut answers: Vec<(&str, &Given)> = Vec::new();
    for body in bodies {
        let table = match format::open(&spec.format, body, &wanted) {
            Err(error) if body.given.is_of_somebody() => {
                mapper.miss(&body.given, &error.to_string());
                continue;
            }
            opened => opened.map_err(|error| placed(error, bodies, body))?,
        };
        if let Some(by) = table.part_by() {
            if body.given.is_of_somebody() {
                mapper.miss(&body.given, &format!("a resposta diz de si que é só uma parte: {by}"));
                continue;
            }
            part_by.get_or_insert_with(|| by.to_owned());
        }
        let before = mapper.rows();
        let read = || {
            mapper.read(table, &body.given)?;
            if spec.format == Format::Solr { counts.note(body) } else { Ok(()) }
        };
        read().map_err(|error| placed(error, bodies, body))?;
        // Answers without a row may well be alike.
        if mapper.rows() > before {
            answers.push((body.original.sha256(), &body.given));
        }
    }
    if let Some((one, other)) = same_answer(&answers) {
        mapper.same_answer(one, other);
    }
    // Rows without the columns are not counted.
    if !mapper.lacks_columns() {
        counts.check()?;
    }
    Ok((Mapped { pages: bodies.len() + missing.len(), ..mapper.finish() }, part_by))
}

/// Two questions that cannot have the same answer, and have it: about two references, or, where nobody got another one,
/// about two places. Two places alone may well answer alike.
fn same_answer<'a>(answers: &[(&str, &'a Given)]) -> Option<(&'a Given, &'a Given)> {
    let mut by_bytes: BTreeMap<(&str, Option<MunicipalityCode>, Option<&UnitId>), &'a Given> =
        BTreeMap::new();
    for (sha256, given) in answers {
        let first = by_bytes.entry((*sha256, given.municipality, given.unit.as_ref())).or_insert(*given);
        if first.reference != given.reference {
            return Some((*first, *given));
        }
    }
    let ((first, one), (_, other)) = (answers.first()?, answers.last()?);
    let places = (one.municipality, &one.unit) != (other.municipality, &other.unit);
    (places && answers.iter().all(|(sha256, _)| sha256 == first)).then_some((*one, *other))
}

/// Says which of several bodies it was.
fn placed(error: DecodeError, bodies: &[Body], body: &Body) -> DecodeError {
    let place = body.given.to_string();
    if bodies.len() < 2 || place.is_empty() {
        error
    } else {
        DecodeError::In { place, error: Box::new(error) }
    }
}

#[cfg(test)]
mod tests;
