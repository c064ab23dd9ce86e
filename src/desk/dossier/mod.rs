//! A dossier: what the ledger holds about one municipality, put together, and written as a folder.
//!
//! Facts come from the journal wherever it tells them, since nobody can change it unseen; from the tables come only
//! bytes and replies, each held against the digest that the journal has of it.

mod folder;
mod told;

pub use folder::{Folder, FolderError, default_name, write};

use std::collections::BTreeSet;

use jiff::Timestamp;

use self::told::{Told, letter_file_name};
use crate::config::Mode;
use crate::domain::dossier::{
    AuditLine, ChainState, DeliveryFile, Dossier, EditionLine, EvidenceLine, Holder, LetterFile, WindowFile,
};
use crate::domain::id::{EmailAddress, MunicipalityCode, PartId, WindowId};
use crate::domain::journal::Evidence;
use crate::domain::notice;
use crate::domain::roster::Roster;
use crate::mail::message;
use crate::plan::post::Post;
use crate::plan::summary::MunicipalityLine;
use crate::plan::{Plan, account};
use crate::proof::CaseFile;
use crate::render::because::{because, part_name, told_outside};
use crate::render::portuguese;
use crate::store::StoredLetter;
use crate::world::known::Known;

/// Whom a dossier is about, and when it is made.
#[derive(Debug, Clone)]
pub struct DossierRequest {
    pub municipality: MunicipalityCode,
    /// Only this window; absent: all.
    pub only: Option<WindowId>,
    pub now: Timestamp,
}

/// Puts a dossier together. `known` and its plan are the world of today: names, the calendar, and why nothing more is said.
pub fn gather(case: &CaseFile, (known, plan): (&Known, &Plan), subject: &DossierRequest) -> Dossier {
    let roster = &known.live.setup.config.roster;
    let code = subject.municipality;
    let told = Told::new(case, subject);
    let mut number = 0;
    let windows = told
        .windows()
        .into_iter()
        .map(|id| Desk { case, known, told: &told, subject, plan }.window(id, &mut number))
        .collect();
    Dossier {
        municipality: code,
        name: roster.municipalities.get(&code).map_or_else(|| code.to_string(), |m| m.name.clone()),
        holders: holders(roster, code),
        only: subject.only.clone(),
        rehearsal: known.live.setup.config.settings.mode == Mode::Rehearsal,
        made_at: subject.now,
        made_by: env!("CARGO_PKG_VERSION").to_owned(),
        windows,
        orders: told.orders(),
        outages: told.outages(),
        snapshots: told::snapshots(case),
        journal: told.journal(case),
        chain: ChainState {
            entries: case.verified.entries,
            letters: case.verified.letters,
            audited: case.audited.as_ref().map(|(at, told)| AuditLine { at: *at, reached: told.reached }),
            head_seq: case.signs.journal_seq,
            head_hash: case.signs.journal_hash.clone(),
            faults: case.verified.faults(),
        },
    }
}

fn holders(roster: &Roster, code: MunicipalityCode) -> Vec<Holder> {
    let contacts = roster.municipalities.get(&code).into_iter().flat_map(|m| &m.contacts);
    contacts
        .map(|contact| Holder {
            role: contact.role.clone(),
            name: contact.holder.clone(),
            addresses: contact.addresses.clone(),
            telephone: contact.telephone.clone(),
        })
        .collect()
}

/// What one window's file is put together from.
struct Desk<'a> {
    case: &'a CaseFile,
    known: &'a Known,
    told: &'a Told<'a>,
    subject: &'a DossierRequest,
    plan: &'a Plan,
}

impl Desk<'_> {
    fn window(&self, id: WindowId, number: &mut usize) -> WindowFile {
        let calendar = &self.known.live.calendar;
        let found = calendar.window(&id);
        let system = found.as_ref().and_then(|w| calendar.systems.get(&w.system));
        let about = |letter: &&StoredLetter| letter.key.window() == Some(&id);
        let letters = self.case.letters.iter().filter(about).map(|letter| {
            *number += 1;
            self.letter(letter, *number)
        });
        let letters = letters.collect();
        let now = self.now(&id);
        let (known, validity) = (self.known.status.window(&id), calendar.status_validity(&id));
        WindowFile {
            title: found
                .as_ref()
                .zip(system)
                .map(|(window, system)| format!("{}, {}", system.name, portuguese::period(window)))
                .unwrap_or_default(),
            opens_on: found.as_ref().map(|w| w.opens_on),
            process: system.map(|s| s.case_number.clone()).unwrap_or_default(),
            editions: self.editions(&id),
            status: self
                .case
                .status
                .iter()
                .filter(|(window, _)| *window == id)
                .map(|(_, entry)| EvidenceLine {
                    part_name: part_name(&entry.part, calendar),
                    said: Evidence::of(entry, known.freshness(entry, validity), false),
                    aside: now.aside(&entry.part),
                })
                .collect(),
            letters,
            elsewhere: self.told.left_elsewhere(&id, &self.addresses()),
            unsent: self.told.unsent(&id, calendar),
            told_outside: now.told_outside,
            silence: now.silence,
            window: id,
        }
    }

    fn addresses(&self) -> Vec<EmailAddress> {
        let roster = &self.known.live.setup.config.roster;
        let contacts = roster.municipalities.get(&self.subject.municipality).into_iter();
        contacts.flat_map(|known| &known.contacts).flat_map(|contact| contact.addresses.clone()).collect()
    }

    fn editions(&self, id: &WindowId) -> Vec<EditionLine> {
        let calendar = &self.known.live.calendar;
        let mut lines: Vec<EditionLine> = calendar
            .window(id)
            .into_iter()
            .flat_map(|window| window.editions)
            .map(|edition| EditionLine {
                number: edition.number,
                deadline: notice::Told::from(edition.deadline),
                announced_on: edition.announced_on,
                applies: edition.municipalities.is_empty()
                    || edition.municipalities.contains(&self.subject.municipality),
                source: edition.source,
                readings: Vec::new(),
                decided_since: None,
            })
            .collect();
        for (number, reading) in self.told.readings(id) {
            match lines.iter_mut().find(|line| line.number == number) {
                Some(line) => line.readings.push(reading),
                None => lines.push(EditionLine {
                    number,
                    deadline: told::deadline(&reading.deadline),
                    announced_on: None,
                    source: reading.source.clone(),
                    applies: true,
                    readings: vec![reading],
                    decided_since: None,
                }),
            }
        }
        for line in &mut lines {
            let decided = self.told.decided_first(id, line.number);
            let read = line.readings.first().map(|reading| reading.at);
            line.decided_since = decided.filter(|at| read.is_some_and(|read| *at < read));
        }
        lines
    }

    fn letter(&self, letter: &StoredLetter, number: usize) -> LetterFile {
        let calendar = &self.known.live.calendar;
        let key = letter.key.to_string();
        let recorded = self.told.recorded(letter);
        let decided = recorded.map(|(_, decided)| decided);
        let deliveries: Vec<DeliveryFile> = self
            .case
            .deliveries
            .iter()
            .filter(|(line, _)| line.key == letter.key && line.version == letter.version)
            .map(|(line, attempts)| self.told.delivery(self.case, line, attempts))
            .collect();
        let left_before = told::left_before(letter, &deliveries);
        // What never left is no letter that anybody got.
        let bytes = letter.bytes.as_ref().filter(|_| !left_before);
        LetterFile {
            version: letter.version,
            kind: decided.and_then(|d| d.kind).map_or_else(String::new, |kind| kind.as_str().to_owned()),
            edition: decided.and_then(|d| d.edition),
            rung: decided.and_then(|d| d.rung.clone()),
            told: decided.and_then(|d| d.told.clone()),
            because: decided.map_or_else(String::new, |d| d.because.clone()),
            subject: letter.subject.clone(),
            message_id: letter.message_id.clone(),
            sha256: letter
                .bytes
                .as_ref()
                .map_or_else(|| letter.sha256.clone(), |bytes| crate::text::digest::sha256(bytes)),
            recorded_at: letter.recorded_at,
            seq: recorded.map(|(entry, _)| entry.seq),
            intact: decided.is_some_and(|d| told::is_letter(d, letter)),
            number,
            left_before,
            file: bytes.map(|_| letter_file_name(letter, number)),
            header: bytes.map(|bytes| message::header(bytes)).unwrap_or_default(),
            text: bytes.and_then(|bytes| message::plain_text(bytes)),
            evidence: decided.map(|d| told::evidence(d, calendar)).unwrap_or_default(),
            deliveries,
            key,
        }
    }

    fn now(&self, id: &WindowId) -> Standing {
        let (world, now) = (self.known.world(), self.subject.now);
        let post = Post::default();
        let view = account::View { world: &world, plan: self.plan, post: &post, now };
        let Some(explained) = account::explain(view, id, self.subject.municipality) else {
            return Standing::default();
        };
        let told_outside = explained.line.as_ref().and_then(|line| line.told_outside_on).map(told_outside);
        let quiet = explained.actions.is_empty() && explained.held.is_empty();
        let of_line = |line: &MunicipalityLine| match &line.waits_for {
            Some(_) => BTreeSet::new(),
            None => line.parts.iter().map(|part| part.part.clone()).collect(),
        };
        Standing {
            expected: explained.line.as_ref().map(of_line),
            told_outside,
            silence: explained.silence.filter(|_| quiet).map(|reason| because(&reason, world.calendar)),
        }
    }
}

/// Where the municipality stands in a window when the dossier is made.
#[derive(Default)]
struct Standing {
    /// The parts that are expected of it, or were when the deadline passed: none while the window waits for another there.
    /// Absent: of this window nobody says any more.
    expected: Option<BTreeSet<PartId>>,
    /// Why there is no divulgação, where it counts as told outside.
    told_outside: Option<String>,
    /// Why nothing more is said, where that is what the plan says today.
    silence: Option<String>,
}

impl Standing {
    /// What is to be said beside a feed's word on a part that is not expected: it accuses nobody.
    fn aside(&self, part: &PartId) -> Option<&'static str> {
        let expected = self.expected.as_ref()?;
        (!expected.contains(part)).then_some("nada se espera desta parte, na data deste dossiê")
    }
}
