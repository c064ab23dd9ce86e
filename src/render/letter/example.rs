//! Facts to try templates with: one letter of each sort, with and without what is optional. Pure.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};

use crate::domain::calendar::{
    Calendar, Deadline, Edition, HaltKind, Part, Respondent, Sanction, System, Window,
};
use crate::domain::holiday::Holidays;
use crate::domain::id::{
    EmailAddress, GerenciaId, IdError, MunicipalityCode, PartId, Reference, SystemId, UnitId, WindowId,
};
use crate::domain::notice::{
    Addressee, AlertItem, Content, Departure, DigestLine, Kind, NoticeKey, Overtaken, PendingPart, Slot,
    StaffSlot, Told, UnconfirmedPart, Untold,
};
use crate::domain::overrides::BatchId;
use crate::domain::reason::Reason;
use crate::domain::roster::{Contact, Municipality, Offices, Role, Roster, Unit, Units};
use crate::domain::secretariat::Secretariat;
use crate::domain::status::Doubt;
use crate::domain::time::{SendingHours, Zone};
use crate::plan::Notice;

use super::facts::{self, Facts};
use super::{Context, name_of};

/// A small world: one system, one window, one municipality with one unit.
#[derive(Debug, Clone)]
pub(in crate::render) struct World {
    pub(in crate::render) calendar: Calendar,
    pub(in crate::render) roster: Roster,
    pub(in crate::render) secretariat: Secretariat,
    pub(in crate::render) window: WindowId,
    pub(in crate::render) municipality: MunicipalityCode,
    pub(in crate::render) unit: UnitId,
    pub(in crate::render) cras: PartId,
    pub(in crate::render) council: PartId,
    pub(in crate::render) gerencia: GerenciaId,
}

impl World {
    /// The world with a sanction and a process number of one's choice.
    pub(in crate::render) fn new(sanction: Sanction, case_number: &str) -> Result<Self, IdError> {
        let system = SystemId::parse("censo-suas")?;
        let window = WindowId::new(&system, Reference::Year(2023), None)?;
        let (cras, council) = (PartId::parse("CRAS")?, PartId::parse("CMAS")?);
        let gerencia = GerenciaId::parse("GPSB")?;
        let municipality = MunicipalityCode::parse("3205309")?;
        let unit = UnitId::parse("32053098154")?;
        let parts = [(&cras, "CRAS", Respondent::Unit), (&council, "Conselho Municipal", Respondent::Cmas)];
        let calendar = Calendar {
            hours: SendingHours {
                zone: Zone::new(jiff::tz::TimeZone::fixed(jiff::tz::offset(-3))),
                from: jiff::civil::time(8, 0, 0, 0),
                until: jiff::civil::time(18, 0, 0, 0),
                business_days_only: true,
                holidays: Holidays::national(),
                waits: true,
            },
            parts: parts
                .into_iter()
                .map(|(id, name, respondent)| (id.clone(), part(id, name, respondent)))
                .collect(),
            systems: BTreeMap::from([(
                system.clone(),
                example_system(&system, &[&cras, &council], &gerencia, sanction, case_number),
            )]),
            declared: vec![example_window(&window, &system, &[&cras, &council])],
            starts_on: None,
            daily_limit: 234,
        };
        let roster = Roster {
            municipalities: BTreeMap::from([(municipality, vitoria(municipality)?)]),
            units: Some(Units::new([Unit {
                id: unit.clone(),
                municipality,
                part: cras.clone(),
                name: "CRAS São Pedro".to_owned(),
                addresses: Vec::new(),
                telephone: String::new(),
                from: None,
                until: None,
            }])),
            offices: Offices::default(),
        };
        let sender = EmailAddress::parse("vigilancia@example.org")?;
        let secretariat = Secretariat {
            sender_name: "Vigilância Socioassistencial – SETADES".to_owned(),
            sender: sender.clone(),
            reply_to: sender.clone(),
            returns_to: sender,
            signs_returns: false,
            read_receipts: false,
            signature: Secretariat::SIGNATURE.iter().map(|line| (*line).to_owned()).collect(),
            support: Secretariat::SUPPORT.to_owned(),
        };
        Ok(Self { calendar, roster, secretariat, window, municipality, unit, cras, council, gerencia })
    }

    pub(in crate::render) fn context(&self) -> Context<'_> {
        Context { calendar: &self.calendar, roster: &self.roster, secretariat: &self.secretariat }
    }

    /// Every sort of letter, with and without what is optional.
    pub(in crate::render) fn notices(&self) -> Vec<Notice> {
        let mut all = self.municipal();
        all.extend(self.staff());
        all
    }

    fn municipal(&self) -> Vec<Notice> {
        let (early, deadline) = (until(date(2023, 12, 5)), until(date(2023, 12, 19)));
        let source = || "MDS, Censo SUAS 2023".to_owned();
        let pending = self.pending();
        let unconfirmed = self.unconfirmed();
        let contents = [
            (Slot::Announcement, Content::Announcement { edition: 1, deadline: Some(early) }),
            (Slot::Announcement, Content::Announcement { edition: 1, deadline: None }),
            (rung(), Content::Reminder { deadline: early, unconfirmed }),
            (rung(), Content::Warning { deadline: early, pending }),
        ];
        let moves = [(Told::Date(early), deadline), (Told::Date(deadline), early), (Told::Undefined, early)];
        let extensions = moves.into_iter().chain([(Told::Date(early), early)]).map(|(previous, deadline)| {
            let content = Content::Extension { previous, deadline, source: source() };
            (Slot::Extension { edition: 2 }, content)
        });
        let suspensions = [(false, Some(date(2023, 11, 14))), (true, None)].map(|(cancelled, since)| {
            let kind = if cancelled { HaltKind::Cancelled } else { HaltKind::Suspended };
            (Slot::Suspension { edition: 1, since, kind }, Content::Suspension { cancelled, since })
        });
        let upheld = [Some(early), None]
            .map(|deadline| (Slot::Upheld { edition: 1, since: None }, Content::Upheld { deadline }));
        contents
            .into_iter()
            .chain(extensions)
            .chain(suspensions)
            .chain(upheld)
            .map(|(slot, content)| {
                let (window, municipality) = (self.window.clone(), self.municipality);
                notice(NoticeKey::Municipal { window, slot, municipality }, content)
            })
            .collect()
    }

    fn staff(&self) -> Vec<Notice> {
        let on = date(2023, 11, 30);
        let deadline = Some(until(date(2023, 12, 5)));
        let later = Some(until(date(2023, 12, 19)));
        let to = || Addressee::Gerencia(self.gerencia.clone());
        let digest = |lines| Content::Digest { to: to(), deadline, lines };
        let line = DigestLine {
            municipality: self.municipality,
            kind: Kind::Warning,
            deadline,
            days_before: 5,
            left_on: on,
            parts: vec![self.cras.clone(), self.council.clone()],
        };
        let referral = |to, pending, unconfirmed, never_told, apart| Content::Referral {
            to,
            deadline,
            pending,
            unconfirmed,
            never_told,
            apart,
            waited: Vec::new(),
        };
        let full = referral(
            to(),
            vec![(self.municipality, self.pending())],
            vec![(self.municipality, self.unconfirmed())],
            vec![(self.municipality, Untold::NoContact)],
            2,
        );
        let all_waited = Content::Referral {
            to: to(),
            deadline,
            pending: Vec::new(),
            unconfirmed: Vec::new(),
            never_told: Vec::new(),
            apart: 0,
            waited: vec![(self.municipality, Some(self.window.clone()))],
        };
        let source = "MDS, Censo SUAS 2023".to_owned();
        let addendum = |why, remaining| Content::ReferralAddendum {
            to: to(),
            previous: deadline,
            why,
            left: vec![self.municipality],
            concluded: Vec::new(),
            remaining,
        };
        let alert = Content::Alert { items: self.alert_items() };
        let key = |slot| NoticeKey::Staff { window: self.window.clone(), slot };
        let service = NoticeKey::Service { topic: "rele".to_owned(), on };
        vec![
            notice(key(StaffSlot::Digest { edition: 1, to: to(), on }), digest(vec![line])),
            notice(key(StaffSlot::Digest { edition: 1, to: to(), on }), digest(vec![])),
            notice(key(StaffSlot::Referral { edition: 1, to: to() }), full),
            notice(key(StaffSlot::Referral { edition: 2, to: to() }), all_waited),
            notice(
                key(StaffSlot::Referral { edition: 1, to: Addressee::Gsuas }),
                referral(Addressee::Gsuas, vec![], vec![], vec![], 0),
            ),
            notice(
                key(StaffSlot::ReferralAddendum { edition: 1, by: Departure::Edition(2), to: to() }),
                addendum(Overtaken::Extended { deadline: later, source }, 2),
            ),
            notice(
                key(StaffSlot::ReferralAddendum { edition: 1, by: Departure::Cancelled, to: to() }),
                addendum(Overtaken::Cancelled, 0),
            ),
            notice(
                key(StaffSlot::ReferralAddendum { edition: 1, by: Departure::Suspended, to: to() }),
                addendum(Overtaken::Suspended, 0),
            ),
            notice(key(StaffSlot::Alert { edition: 1, on }), alert.clone()),
            notice(service, alert),
        ]
    }

    fn pending(&self) -> Vec<PendingPart> {
        // A source's own word is for staff; what it says of the form is for the letter too.
        let raw = Some("não".into());
        let wording = Some("preenchido, falta concluir (“100%”)".into());
        vec![
            PendingPart { part: self.cras.clone(), units: vec![self.unit.clone()], wording: raw },
            PendingPart { part: self.council.clone(), units: Vec::new(), wording },
        ]
    }

    fn unconfirmed(&self) -> Vec<UnconfirmedPart> {
        vec![
            UnconfirmedPart { part: self.cras.clone(), doubt: Doubt::Unseen },
            UnconfirmedPart { part: self.council.clone(), doubt: Doubt::Disputed },
        ]
    }

    fn alert_items(&self) -> Vec<AlertItem> {
        let (window, municipality) = (self.window.clone(), self.municipality);
        let batch = BatchId::of_slot(&window, rung());
        let municipalities = vec![municipality];
        let limit = Reason::DailyLimit { batch: BatchId::of_day(date(2023, 11, 30)), due: 300, limit: 234 };
        let high_water = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24);
        vec![
            AlertItem::Held {
                batch: batch.clone(),
                municipalities: municipalities.clone(),
                because: Reason::NoContact,
                dies_at: None,
                at: high_water,
            },
            AlertItem::Held {
                batch,
                municipalities,
                because: limit,
                dies_at: Some(high_water + SignedDuration::from_hours(50)),
                at: high_water,
            },
            AlertItem::ClockBehind { high_water },
            AlertItem::Text("A fonte censo não respondeu.\nA última coleta é de 29/11/2023.".to_owned()),
        ]
    }
}

/// A notice with that content, to nobody.
pub(in crate::render) fn notice(key: NoticeKey, content: Content) -> Notice {
    Notice { key, content, to: Vec::new(), due_at: Timestamp::UNIX_EPOCH, valid_until: None }
}

/// Facts of every letter to try, each with the name of its templates.
pub(super) fn letters() -> Vec<(&'static str, Facts)> {
    let worlds = [
        World::new(Sanction::Standard, ""),
        World::new(Sanction::Omitted, "2023-ABC12"),
        World::new(Sanction::Text("O não preenchimento impede o cofinanciamento.".to_owned()), "2023-ABC12"),
    ];
    let mut all = Vec::new();
    for world in worlds.into_iter().flatten() {
        for notice in world.notices() {
            if let Ok(facts) = facts::gather(&world.context(), &notice) {
                all.push((name_of(&notice.content), facts));
            }
        }
    }
    all
}

fn rung() -> Slot {
    Slot::Rung { edition: 1, days_before: 5 }
}

fn until(on: Date) -> Deadline {
    Deadline { on, at: Deadline::DEFAULT_TIME }
}

fn part(id: &PartId, name: &str, respondent: Respondent) -> Part {
    Part { id: id.clone(), name: name.to_owned(), respondent, gerencia: None }
}

fn vitoria(code: MunicipalityCode) -> Result<Municipality, IdError> {
    let smas = Contact {
        role: Role::Smas,
        addresses: vec![EmailAddress::parse("smas@vitoria.invalid")?],
        holder: String::new(),
        telephone: String::new(),
    };
    Ok(Municipality {
        code,
        name: "Vitória".to_owned(),
        region: "Metropolitana".to_owned(),
        contacts: vec![smas],
        exempt: std::collections::BTreeSet::new(),
        note: String::new(),
    })
}

fn example_system(
    id: &SystemId,
    parts: &[&PartId],
    gerencia: &GerenciaId,
    sanction: Sanction,
    case_number: &str,
) -> System {
    System {
        id: id.clone(),
        name: "Censo SUAS".to_owned(),
        link: "https://aplicacoes.mds.gov.br/sagi/censosuas".to_owned(),
        parts: parts.iter().copied().cloned().collect(),
        gerencias: vec![gerencia.clone()],
        sanction,
        case_number: case_number.to_owned(),
        status_validity: SignedDuration::from_hours(36),
        announce_to: Vec::new(),
        confirm_opening: false,
        approve: false,
        referral_after: 1,
        ladder: Vec::new(),
        recurrence: None,
    }
}

fn example_window(id: &WindowId, system: &SystemId, parts: &[&PartId]) -> Window {
    let edition = |number, on, announced_on| Edition {
        number,
        deadline: Some(until(on)),
        announced_on,
        source: "MDS, Censo SUAS 2023".to_owned(),
        municipalities: std::collections::BTreeSet::new(),
    };
    Window {
        id: id.clone(),
        system: system.clone(),
        reference: Reference::Year(2023),
        name: None,
        parts: parts.iter().copied().cloned().collect(),
        respondent: None,
        opens_on: date(2023, 10, 23),
        editions: vec![
            edition(1, date(2023, 12, 5), None),
            edition(2, date(2023, 12, 19), Some(date(2023, 12, 5))),
        ],
        depends_on: None,
        halt: None,
        sanction: None,
        recurring: false,
    }
}
