//! A run as people read it: one line for each instant, act and sort of letter.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::Timestamp;
use vigia_suas::domain::id::MunicipalityCode;
use vigia_suas::domain::notice::{Addressee, AlertItem, Content, Kind, NoticeKey, StaffSlot};
use vigia_suas::domain::reason::Reason;
use vigia_suas::plan::Decision;

use super::stage::{Line, Stage};

/// Municipalities that a line names before it stops.
const NAMES: usize = 3;
const WEEKDAYS: [&str; 7] = ["seg", "ter", "qua", "qui", "sex", "sáb", "dom"];

struct Group {
    head: String,
    tail: String,
    who: Vec<MunicipalityCode>,
    offices: Vec<String>,
    roles: BTreeSet<String>,
}

pub(super) fn write(log: &[Line], stage: &Stage) -> String {
    let mut diary = String::new();
    let mut year = 0;
    let mut rest = log;
    while let Some(first) = rest.first() {
        let at = instant(first);
        let same = rest.iter().take_while(|line| instant(line) == at).count();
        let (now, later) = rest.split_at(same);
        rest = later;
        let local = stage.calendar.hours.zone.zoned(at);
        if local.year() != year {
            year = local.year();
            let _ = writeln!(diary, "== {year}");
        }
        let day = WEEKDAYS[usize::try_from(local.weekday().to_monday_zero_offset()).unwrap()];
        let stamp = format!("{day} {}", local.strftime("%d/%m %H:%M"));
        let mut groups: Vec<Group> = Vec::new();
        for line in now {
            match line {
                Line::Happened(_, what) => {
                    flush(&mut groups, &stamp, stage, &mut diary);
                    let _ = writeln!(diary, "{stamp} ** {what}");
                }
                Line::Decided(_, decision) => add(&mut groups, decision),
            }
        }
        flush(&mut groups, &stamp, stage, &mut diary);
    }
    diary
}

fn instant(line: &Line) -> Timestamp {
    match line {
        Line::Decided(at, _) | Line::Happened(at, _) => *at,
    }
}

fn add(groups: &mut Vec<Group>, decision: &Decision) {
    let mut head = decision.act().as_str().to_owned();
    if let Some(window) = decision.window() {
        let _ = write!(head, " {window}");
    }
    let sort = match decision.kind() {
        Some(kind) => kind.as_str(),
        None => "relatorio",
    };
    let _ = write!(head, " {sort}");
    if let Some(rung) = decision.rung() {
        let _ = write!(head, " {rung}d");
    }
    if let Some(edition) = decision.edition() {
        let _ = write!(head, " @{edition}");
    }
    if let Some(version) = decision.version().filter(|version| version.get() > 1) {
        let _ = write!(head, " v{version}");
    }
    let tail = match decision.key() {
        NoticeKey::Municipal { .. } => because(decision.because()),
        NoticeKey::Staff { .. } | NoticeKey::Service { .. } => staff(decision.content()),
    };
    let place = groups.iter().position(|g| g.head == head && g.tail == tail).unwrap_or_else(|| {
        let (who, offices) = (Vec::new(), Vec::new());
        groups.push(Group { head, tail, who, offices, roles: BTreeSet::new() });
        groups.len() - 1
    });
    let group = &mut groups[place];
    group.who.extend(decision.key().municipality());
    group.offices.extend(office(decision.key()));
    if decision.key().municipality().is_some() {
        group.roles.extend(decision.to().iter().map(|to| to.role.to_string()));
    }
}

fn office(key: &NoticeKey) -> Option<String> {
    let of = |to: &Addressee| Some(to.to_string());
    match key {
        NoticeKey::Staff { slot, .. } => match slot {
            StaffSlot::Digest { to, .. }
            | StaffSlot::Referral { to, .. }
            | StaffSlot::ReferralAddendum { to, .. } => of(to),
            StaffSlot::Alert { .. } | StaffSlot::Report { .. } => None,
        },
        NoticeKey::Service { topic, .. } => Some(topic.clone()),
        NoticeKey::Municipal { .. } => None,
    }
}

fn because(reason: &Reason) -> String {
    let cause = reason.cause().as_str();
    match reason {
        Reason::Coincidence { rungs, .. } => {
            let rungs: Vec<String> = rungs.iter().map(|r| format!("{r}d")).collect();
            format!("{cause} {}", rungs.join("+"))
        }
        Reason::DailyLimit { due, limit, .. } => format!("{cause} {due}/{limit}"),
        Reason::ValidityOver { withheld: Some(held_by), .. } => format!("validade, {}", held_by.as_str()),
        Reason::EditionChanged { edition } => format!("{cause} @{edition}"),
        _ => cause.to_owned(),
    }
}

fn staff(content: Option<&Content>) -> String {
    match content {
        Some(Content::Referral { pending, unconfirmed, never_told, .. }) => format!(
            "pendentes {}, não confirmados {}, não comunicados {}",
            pending.len(),
            unconfirmed.len(),
            never_told.len()
        ),
        Some(Content::ReferralAddendum { left, remaining, .. }) => {
            format!("saem {}, permanecem {remaining}", left.len())
        }
        Some(Content::Digest { lines, .. }) => {
            let warnings = lines.iter().filter(|l| l.kind == Kind::Warning).count();
            format!("prazos {warnings}, lembretes {}", lines.len() - warnings)
        }
        Some(Content::Alert { items }) => alert(items),
        _ => String::new(),
    }
}

fn alert(items: &[AlertItem]) -> String {
    let mut words: Vec<(String, usize)> = Vec::new();
    for item in items {
        let (word, count) = match item {
            AlertItem::Held { batch, municipalities, because, .. } => {
                (format!("{batch} ({})", because.cause().as_str()), municipalities.len())
            }
            AlertItem::ClockBehind { .. } => ("relógio atrasado".to_owned(), 1),
            AlertItem::Text(text) => (text.clone(), 1),
        };
        match words.iter_mut().find(|(w, _)| *w == word) {
            Some((_, n)) => *n += count,
            None => words.push((word, count)),
        }
    }
    let words: Vec<String> = words.iter().map(|(word, n)| format!("{word} ×{n}")).collect();
    words.join(", ")
}

fn flush(groups: &mut Vec<Group>, stamp: &str, stage: &Stage, diary: &mut String) {
    for group in groups.drain(..) {
        let _ = write!(diary, "{stamp} {}", group.head);
        if !group.who.is_empty() {
            let _ = write!(diary, " ×{}", group.who.len());
        }
        let to: Vec<String> = group.roles.into_iter().chain(group.offices).collect();
        if !to.is_empty() {
            let _ = write!(diary, " → {}", to.join(", "));
        }
        if !group.tail.is_empty() {
            let shape =
                if group.who.is_empty() { format!(": {}", group.tail) } else { format!(" ({})", group.tail) };
            diary.push_str(&shape);
        }
        if !group.who.is_empty() && group.who.len() < stage.roster.municipalities.len() {
            let named: Vec<&str> = group
                .who
                .iter()
                .take(NAMES)
                .map(|code| stage.roster.municipalities[code].name.as_str())
                .collect();
            let more = if group.who.len() > NAMES { ", …" } else { "" };
            let _ = write!(diary, ": {}{more}", named.join(", "));
        }
        diary.push('\n');
    }
}
