//! Example letters (`carta`, `verificar`): a window, a municipality, every part pending.

use jiff::{Timestamp, ToSpan};

use crate::domain::calendar::{Calendar, Deadline, Window};
use crate::domain::id::SystemId;
use crate::domain::notice::{
    Addressee, AlertItem, Content, Departure, DigestLine, Kind, NoticeKey, Overtaken, PendingPart, Recipient,
    Slot, StaffSlot, Told, UnconfirmedPart, Untold,
};
use crate::domain::overrides::BatchId;
use crate::domain::reason::Reason;
use crate::domain::roster::{Municipality, Role};
use crate::domain::status::Doubt;
use crate::plan::Notice;
use crate::world::known;
use crate::world::live::Live;

/// The system's window that is open now, else its next, else its last.
#[must_use]
pub fn window_of(calendar: &Calendar, system: &SystemId, now: Timestamp) -> Option<Window> {
    let zone = &calendar.hours.zone;
    let windows: Vec<Window> =
        known::windows(calendar, now).into_iter().filter(|w| w.system == *system).collect();
    let opened = |w: &&Window| zone.start_of(w.opens_on) <= now;
    let closed = |w: &&Window| w.latest_deadline().is_some_and(|d| d.instant(zone) <= now);
    let open = windows.iter().filter(|w| opened(w) && !closed(w)).max_by_key(|w| w.opens_on);
    let next = windows.iter().filter(|w| !opened(w)).min_by_key(|w| w.opens_on);
    let last = windows.iter().max_by_key(|w| w.opens_on);
    open.or(next).or(last).cloned()
}

/// The window of each system that examples are written of, the soonest to close first within its system's name.
#[must_use]
pub fn windows(calendar: &Calendar, now: Timestamp) -> Vec<Window> {
    calendar.systems.keys().filter_map(|system| window_of(calendar, system, now)).collect()
}

/// Every letter that a window may give, to every recipient that it may go to.
#[must_use]
pub fn every(live: &Live, window: &Window, now: Timestamp) -> Vec<Notice> {
    let municipalities = &live.setup.config.roster.municipalities;
    let mut all = Vec::new();
    for kind in Kind::ALL.into_iter().filter(|kind| kind.is_municipal()) {
        all.extend(municipalities.values().map(|one| notice(live, window, kind, one, now)));
    }
    all.extend(
        municipalities.values().map(|one| upheld(notice(live, window, Kind::Suspension, one, now), window)),
    );
    if let Some(one) = municipalities.values().next() {
        for to in addressees(live, window) {
            for kind in [Kind::Digest, Kind::Referral] {
                all.push(addressed(notice(live, window, kind, one, now), &to, live));
            }
            all.push(addendum(addressed(notice(live, window, Kind::Referral, one, now), &to, live)));
        }
        all.push(notice(live, window, Kind::Alert, one, now));
    }
    all
}

/// GSUAS and the gerências that are competent for some part of the window.
fn addressees(live: &Live, window: &Window) -> Vec<Addressee> {
    let mut to = vec![Addressee::Gsuas];
    if let Some(system) = live.calendar.systems.get(&window.system) {
        let of_parts = window.parts.iter().flat_map(|part| live.calendar.gerencias_of(system, part));
        for id in of_parts {
            if !to.contains(&Addressee::Gerencia(id.clone())) {
                to.push(Addressee::Gerencia(id.clone()));
            }
        }
    }
    to
}

/// The letter that ends a suspension, from the one that tells of it.
fn upheld(mut notice: Notice, window: &Window) -> Notice {
    if let NoticeKey::Municipal { slot, .. } = &mut notice.key
        && let Slot::Suspension { edition, since } = *slot
    {
        *slot = Slot::Upheld { edition, since };
    }
    let deadline = window.editions.last().and_then(|e| e.deadline);
    Notice { content: Content::Upheld { deadline }, ..notice }
}

/// A letter to GSUAS as it would go to somebody else of the secretariat.
fn addressed(mut notice: Notice, addressee: &Addressee, live: &Live) -> Notice {
    if let NoticeKey::Staff { slot, .. } = &mut notice.key
        && let StaffSlot::Digest { to, .. } | StaffSlot::Referral { to, .. } = slot
    {
        to.clone_from(addressee);
    }
    if let Content::Digest { to, .. } | Content::Referral { to, .. } = &mut notice.content {
        to.clone_from(addressee);
    }
    if let Addressee::Gerencia(id) = addressee
        && let Some(office) = live.setup.config.roster.offices.gerencias.get(id)
    {
        let role = Role::Gerencia(id.clone());
        let to = office.addresses.iter();
        notice.to = to.map(|a| Recipient { role: role.clone(), address: a.clone() }).collect();
    }
    notice
}

/// The addendum to a remessa, from the remessa.
fn addendum(mut notice: Notice) -> Notice {
    if let NoticeKey::Staff { slot, .. } = &mut notice.key
        && let StaffSlot::Referral { edition, to } = slot
    {
        let by = Departure::Edition(edition.saturating_add(1));
        *slot = StaffSlot::ReferralAddendum { edition: *edition, by, to: to.clone() };
    }
    if let Content::Referral { to, deadline, pending, .. } = notice.content {
        let later = deadline.map(|d| Deadline { on: d.on.saturating_add(14.days()), at: d.at });
        let why = Overtaken::Extended { deadline: later, source: "EXEMPLO".to_owned() };
        let left = pending.into_iter().map(|(code, _)| code).collect();
        notice.content = Content::ReferralAddendum { to, previous: deadline, why, left, remaining: 0 };
    }
    notice
}

/// The notice that such a letter would come from, every part pending.
#[must_use]
pub fn notice(
    live: &Live,
    window: &Window,
    kind: Kind,
    municipality: &Municipality,
    now: Timestamp,
) -> Notice {
    let zone = &live.calendar.hours.zone;
    let today = zone.date_of(now);
    let edition = window.editions.last().map_or(1, |e| e.number);
    let deadline = window.editions.last().and_then(|e| e.deadline);
    let some_deadline = deadline.unwrap_or(Deadline { on: today, at: Deadline::DEFAULT_TIME });
    let first = live.calendar.systems.get(&window.system).and_then(|s| s.ladder.first());
    let days_before = first.map_or(5, |rung| rung.days_before);
    let parts = &window.parts;
    let pending: Vec<PendingPart> = parts
        .iter()
        .map(|part| PendingPart { part: part.clone(), units: Vec::new(), wording: None })
        .collect();
    let unconfirmed: Vec<UnconfirmedPart> =
        parts.iter().map(|part| UnconfirmedPart { part: part.clone(), doubt: Doubt::Unseen }).collect();
    let code = municipality.code;
    let rung = Slot::Rung { edition, days_before };
    let (slot, content) = match kind {
        Kind::Announcement => (Ok(Slot::Announcement), Content::Announcement { edition, deadline }),
        Kind::Reminder => (Ok(rung), Content::Reminder { deadline: some_deadline, unconfirmed }),
        Kind::Warning => (Ok(rung), Content::Warning { deadline: some_deadline, pending }),
        Kind::Extension => (Ok(Slot::Extension { edition }), extension(window, some_deadline)),
        Kind::Suspension => {
            let since = Some(today);
            (Ok(Slot::Suspension { edition, since }), Content::Suspension { cancelled: false, since })
        }
        Kind::Digest => {
            let summed = DigestLine {
                municipality: code,
                kind: Kind::Warning,
                deadline,
                days_before,
                left_on: window.opens_on,
                parts: parts.clone(),
            };
            let slot = StaffSlot::Digest { edition, to: Addressee::Gsuas, on: today };
            (Err(slot), Content::Digest { to: Addressee::Gsuas, deadline, lines: vec![summed] })
        }
        Kind::Referral => {
            let content = Content::Referral {
                to: Addressee::Gsuas,
                deadline,
                pending: vec![(code, pending)],
                unconfirmed: Vec::new(),
                never_told: vec![(code, Untold::NoContact)],
            };
            (Err(StaffSlot::Referral { edition, to: Addressee::Gsuas }), content)
        }
        Kind::Alert => {
            let items = vec![AlertItem::Held {
                batch: BatchId::of_slot(&window.id, rung),
                municipalities: vec![code],
                because: Reason::Unconfirmed { unconfirmed },
                dies_at: deadline.map(|deadline| deadline.instant(&live.calendar.hours.zone)),
                at: now,
            }];
            (Err(StaffSlot::Alert { edition, on: today }), Content::Alert { items })
        }
    };
    let key = match slot {
        Ok(slot) => NoticeKey::Municipal { window: window.id.clone(), slot, municipality: code },
        Err(slot) => NoticeKey::Staff { window: window.id.clone(), slot },
    };
    Notice { key, content, to: recipients(live, kind, municipality), due_at: now, valid_until: None }
}

/// The last prorrogação as declared; where there is none, one of a fortnight, as an example.
fn extension(window: &Window, deadline: Deadline) -> Content {
    match window.editions.as_slice() {
        [.., before, last] => Content::Extension {
            previous: Told::from(before.deadline),
            deadline: last.deadline.unwrap_or(deadline),
            source: last.source.clone(),
        },
        _ => Content::Extension {
            previous: Told::Date(deadline),
            deadline: Deadline { on: deadline.on.saturating_add(14.days()), at: deadline.at },
            source: "EXEMPLO".to_owned(),
        },
    }
}

/// Those that such a letter would go to; the sender itself where nobody can be written to.
fn recipients(live: &Live, kind: Kind, municipality: &Municipality) -> Vec<Recipient> {
    let offices = &live.setup.config.roster.offices;
    let mut to: Vec<Recipient> = if kind.is_municipal() {
        let all = municipality.contacts.iter();
        all.flat_map(|c| c.addresses.iter().map(|a| Recipient { role: c.role.clone(), address: a.clone() }))
            .collect()
    } else {
        let gsuas = offices.gsuas.addresses.iter();
        gsuas.map(|a| Recipient { role: Role::Gsuas, address: a.clone() }).collect()
    };
    if to.is_empty() {
        let address = live.setup.config.secretariat.sender.clone();
        to.push(Recipient { role: Role::Alerts, address });
    }
    to
}
