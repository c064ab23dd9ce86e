//! The page of the day, for staff: as text, for `plano` and the daily mail, and as a part of a page. Pure.

mod page;
mod text;

#[cfg(test)]
mod tests;

pub use page::section;
pub use text::{headline, text};

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::because::{because, cause};
use super::portuguese as pt;
use crate::domain::calendar::Calendar;
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::domain::notice::{Addressee, Kind, NoticeKey, Slot, StaffSlot};
use crate::domain::overrides::{Hold, HoldScope};
use crate::domain::reason::Reason;
use crate::domain::roster::Roster;
use crate::domain::time::Zone;
use crate::plan::Decision;
use crate::plan::day::{DayPage, DayQueue, HeldGroup, LetterGroup, StaffLetter, UpcomingGroup};
use crate::plan::post::LetterState;
use crate::plan::summary::{Behind, Upcoming, Waiting};

/// Names that are told one by one; the rest is counted.
const MOST_NAMED: usize = 6;

/// What words need: names of parts and dates, and names of municipalities.
#[derive(Clone, Copy)]
struct Words<'a> {
    calendar: &'a Calendar,
    roster: &'a Roster,
}

impl Words<'_> {
    fn name(&self, code: MunicipalityCode) -> String {
        self.roster.municipalities.get(&code).map_or_else(|| code.to_string(), |m| pt::line(&m.name))
    }

    /// `Vitória`, or `Serra, Vila Velha e mais 43`.
    fn names(&self, codes: &[MunicipalityCode]) -> String {
        let mut names: Vec<String> = codes.iter().map(|code| self.name(*code)).collect();
        if names.len() > MOST_NAMED + 1 {
            let more = names.len() - MOST_NAMED;
            names.truncate(MOST_NAMED);
            names.push(format!("mais {more}"));
        }
        pt::list(&names)
    }

    /// `45 municípios (Serra, Vila Velha e mais 43)`; a letter to nobody of them is one to staff.
    fn counted(&self, codes: &[MunicipalityCode]) -> String {
        if codes.is_empty() {
            return "carta à secretaria".to_owned();
        }
        format!("{} ({})", pt::counted(codes.len(), "município", "municípios"), self.names(codes))
    }

    /// `prazo, 5 dias antes (rma/2026-10): 45 cartas: 40 aceitas; 3 devolvidas (…); 2 adiadas (…)`.
    fn letters(&self, group: &LetterGroup) -> String {
        let all: usize = group.states.values().map(Vec::len).sum();
        let states: Vec<String> = group
            .states
            .iter()
            .map(|(state, codes)| {
                // Of what went well nobody needs the names.
                let names = match state {
                    LetterState::Accepted | LetterState::Read => String::new(),
                    _ => format!(" ({})", self.names(codes)),
                };
                format!("{}{names}", letters_in(*state, codes.len()))
            })
            .collect();
        format!(
            "{} ({}): {}: {}",
            sort(group),
            group.window,
            pt::counted(all, "carta", "cartas"),
            states.join("; ")
        )
    }

    /// Why letters are held: the reason, or what is common to several.
    fn why(&self, group: &HeldGroup) -> String {
        let mut words: Vec<String> = group.because.iter().map(|why| because(why, self.calendar)).collect();
        words.dedup();
        match (words.as_slice(), group.because.first()) {
            // The command stands beside them.
            ([only], _) => match release(group) {
                Some(command) => only.replace(&format!(" ({command})"), ""),
                None => only.clone(),
            },
            (_, Some(first)) => {
                let why = cause(first.cause());
                format!("Por município, mas de uma só espécie: {why}; “vigia-suas porque” conta cada um.")
            }
            (_, None) => String::new(),
        }
    }

    /// `janela rma/2026-10, por ana desde 05/11/2026 às 10:00, até ser liberada; motivo: …`.
    fn order(&self, hold: &Hold) -> String {
        let until =
            hold.until.map_or("até que alguém libere".to_owned(), |day| format!("até {}", pt::date(day)));
        format!(
            "{}, por {} desde {}, {until}; motivo: {}",
            hold.scope,
            pt::line(&hold.authorship.author),
            pt::instant(hold.authorship.at, &self.calendar.hours.zone),
            pt::line(&hold.authorship.reason)
        )
    }

    /// Until when somebody may act, and what passes in silence otherwise.
    fn end(&self, group: &HeldGroup) -> String {
        match group.dies_at {
            Some(at) => {
                format!("se ninguém agir, vence em {} sem sair", pt::instant(at, &self.calendar.hours.zone))
            }
            None => "espera até que alguém libere".to_owned(),
        }
    }

    /// `28/11/2026 às 08:00: carta de prazo (2 dias antes), só a quem constar como pendente (rma/2026-10): 59 municípios (…)`.
    fn next(&self, group: &UpcomingGroup) -> String {
        let what = match group.what {
            Upcoming::Waiting(Waiting { kind, slot, behind }) => {
                let behind = match behind {
                    Behind::Hours => "o horário de envio",
                    Behind::Quiet => "as 48 horas depois de outra",
                    Behind::Letter => "outro dia, pois só sai uma por dia",
                };
                format!("{}, que aguarda {behind}", named(pt::letter(kind, Some(slot)), kind, slot.rung()))
            }
            Upcoming::Rung { days_before, kind: Some(kind) } => letter(kind, Some(days_before)),
            Upcoming::Rung { days_before, kind: None } => {
                format!("{}; a dos não confirmados fica retida", letter(Kind::Warning, Some(days_before)))
            }
            Upcoming::Deadline => "acaba o prazo".to_owned(),
            Upcoming::Referral => "remessa à GSUAS e às gerências".to_owned(),
        };
        format!(
            "{}: {what} ({}): {}",
            pt::instant(group.at, &self.calendar.hours.zone),
            group.window,
            self.counted(&group.municipalities)
        )
    }

    /// What comes next and which windows open, a line each, the earliest first.
    fn ahead(&self, page: &DayPage) -> Vec<String> {
        let zone = &self.calendar.hours.zone;
        let opening = |(id, on): &(WindowId, Date)| {
            (zone.start_of(*on), format!("{}: abre {id}", pt::date_and_weekday(*on)))
        };
        let mut lines: Vec<(Timestamp, String)> =
            page.upcoming.iter().map(|group| (group.at, self.next(group))).collect();
        lines.extend(page.openings.iter().map(opening));
        lines.sort_by_key(|(at, _)| *at);
        lines.into_iter().map(|(_, line)| line).collect()
    }

    /// Decisions that are equal for many, as one line each.
    fn decisions(&self, decisions: &[Decision]) -> Vec<String> {
        let mut groups: BTreeMap<(usize, String, String), Vec<&Decision>> = BTreeMap::new();
        let mut order: Vec<(String, String)> = Vec::new();
        for decision in decisions {
            let name = match decision.key() {
                NoticeKey::Municipal { window, slot, .. } => format!("{window}{slot}"),
                other => other.to_string(),
            };
            let what =
                (format!("{} {name}", pt::act(decision.act())), because(decision.because(), self.calendar));
            let place = order.iter().position(|known| *known == what).unwrap_or_else(|| {
                order.push(what.clone());
                order.len() - 1
            });
            groups.entry((place, what.0, what.1)).or_default().push(decision);
        }
        let line = |((_, what, why), group): ((usize, String, String), Vec<&Decision>)| {
            let codes: Vec<MunicipalityCode> = group.iter().filter_map(|d| d.municipality()).collect();
            let whom = match codes.as_slice() {
                [] => String::new(),
                [code] => format!(" → {code} {}", self.name(*code)),
                many => format!(" → {}", self.counted(many)),
            };
            format!("{what}{whom}: {why}")
        };
        groups.into_iter().map(line).collect()
    }
}

/// `carta de prazo (5 dias antes), só a quem constar como pendente`: one to come, and on whom that depends.
fn letter(kind: Kind, rung: Option<u16>) -> String {
    named(pt::kind(kind), kind, rung)
}

fn named(name: &str, kind: Kind, rung: Option<u16>) -> String {
    let rung = rung.map(|days| format!(" ({})", pt::days_before(days))).unwrap_or_default();
    let whom = match kind {
        Kind::Warning => ", só a quem constar como pendente",
        Kind::Reminder => ", a quem seguir não confirmado",
        Kind::Announcement
        | Kind::Extension
        | Kind::Suspension
        | Kind::Digest
        | Kind::Referral
        | Kind::Alert => "",
    };
    format!("carta de {name}{rung}{whom}")
}

/// `prazo, 5 dias antes`.
fn sort(group: &LetterGroup) -> String {
    let rung = group
        .slot
        .and_then(Slot::rung)
        .map(|days| format!(", {}", pt::days_before(days)))
        .unwrap_or_default();
    let elsewhere = if group.elsewhere { ", de outro livro" } else { "" };
    format!("{}{rung}{elsewhere}", pt::letter_kind(group.kind, group.slot, group.elsewhere))
}

/// `resumo a GPSB`, `remessa a GSUAS`.
fn to_staff(letter: &StaffLetter) -> String {
    let NoticeKey::Staff { window, slot } = &letter.key else { return letter.key.to_string() };
    let to = |to: &Addressee| pt::line(&to.to_string());
    match slot {
        StaffSlot::Digest { to: whom, on, .. } => {
            format!("resumo de {} a {} ({window})", pt::date(*on), to(whom))
        }
        StaffSlot::Referral { to: whom, .. } => format!("remessa a {} ({window})", to(whom)),
        StaffSlot::ReferralAddendum { to: whom, .. } => {
            format!("adendo à remessa a {} ({window})", to(whom))
        }
        StaffSlot::Alert { .. } | StaffSlot::Report { .. } => letter.key.to_string(),
    }
}

/// What a page says where no pass decides anything.
const FROZEN: &str = "nada é decidido enquanto durar a dúvida sobre o relógio ou o livro";

/// What stands over the orders in force.
const ORDERS: &str = "Ordens de reter em vigor: enquanto durarem, nenhuma carta abrangida sai";

/// `3 devolvidas`.
fn letters_in(state: LetterState, number: usize) -> String {
    let (one, many) = match state {
        LetterState::Read => ("lida", "lidas"),
        LetterState::Accepted => ("aceita", "aceitas"),
        LetterState::Uncertain => ("incerta", "incertas"),
        LetterState::Sending => ("em envio", "em envio"),
        LetterState::Deferred => ("adiada", "adiadas"),
        LetterState::Queued => ("na fila", "na fila"),
        LetterState::Held => ("retida", "retidas"),
        LetterState::Bounced => ("devolvida", "devolvidas"),
        LetterState::Expired => ("vencida sem sair", "vencidas sem sair"),
        LetterState::Missed => ("perdida com o serviço parado", "perdidas com o serviço parado"),
        LetterState::Refused => ("recusada", "recusadas"),
        LetterState::Withdrawn => ("retirada antes de sair", "retiradas antes de sair"),
    };
    pt::counted(number, one, many)
}

/// What a person types to end a hold; absent where no command of ours does, or it would free only some of the letters.
fn release(group: &HeldGroup) -> Option<String> {
    let mut commands = group.because.iter().map(release_one);
    let first = commands.next()??;
    commands.all(|other| other.as_ref() == Some(&first)).then_some(first)
}

fn release_one(why: &Reason) -> Option<String> {
    if let Some(id) = why.batch() {
        return Some(lift(&HoldScope::Batch(id.clone())));
    }
    match why {
        Reason::Held { scope, .. } => Some(lift(scope)),
        Reason::Unconfirmed { .. } => Some("vigia-suas situacao".to_owned()),
        _ => None,
    }
}

/// The command that ends a `reter`.
fn lift(scope: &HoldScope) -> String {
    let what = match scope {
        HoldScope::All => "--tudo".to_owned(),
        HoldScope::Window(id) => format!("--janela {id}"),
        HoldScope::Municipality(code) => format!("--municipio {code}"),
        HoldScope::Batch(id) => format!("--lote {id}"),
    };
    format!("vigia-suas liberar {what} --motivo \"…\"")
}

/// `5570 entregas na fila: o servidor de saída aceita 30 por minuto e 2000 por dia …, e a última sai por volta de …`.
fn queue(queue: &DayQueue, zone: &Zone) -> String {
    let end = queue.empties_at.map_or_else(
        || "e não há previsão de quando a última sai".to_owned(),
        |at| format!("e a última sai por volta de {}", pt::instant(at, zone)),
    );
    format!(
        "{} entregas na fila: o servidor de saída aceita {} por minuto e {} por dia (por_minuto e por_dia em [smtp]), {end}",
        queue.deliveries, queue.quota.per_minute, queue.quota.per_day
    )
}

/// How many letters left since, and how many wait and are held.
fn tally(page: &DayPage) -> (usize, usize, usize) {
    let left = page.left.iter().map(|group| group.left).sum();
    let waiting = page.waiting.iter().flat_map(|group| group.states.values()).map(Vec::len).sum();
    let held = page.held.iter().map(|group| group.municipalities.len().max(1)).sum();
    (left, waiting, held)
}
