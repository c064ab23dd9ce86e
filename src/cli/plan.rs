//! `agenda`, `plano`, `simular`: what is announced, what a pass would do, and what a year would bring.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use jiff::ToSpan;
use jiff::civil::Date;

use super::desk::{Answer, Desk, Failure, Result, remark, say};
use crate::domain::calendar::{Calendar, Window};
use crate::domain::id::WindowId;
use crate::domain::plan::{self, Act};
use crate::domain::replay::Change;
use crate::feed::changes::{ChangesError, changes};
use crate::render::line::{diary_line, event_line};
use crate::render::{agenda, portuguese};
use crate::service::rehearse::rehearse;

/// Windows between two days, with editions and sources; a year from now when not said.
pub(super) fn agenda(desk: &Desk, from: Option<Date>, until: Option<Date>) -> Answer {
    let calendar = desk.calendar();
    let from = from.unwrap_or_else(|| calendar.hours.zone.date_of(desk.now()));
    let until = until.unwrap_or_else(|| from.saturating_add(1.year()));
    let windows = calendar.windows(until);
    let text = if desk.json {
        agenda::json(&windows, &calendar, from, until)
    } else {
        agenda::text(&windows, &calendar, from, until)
    };
    say(&text);
    Answer::Done
}

/// What a pass would do now, what it withholds, and the next wake.
pub(super) async fn plano(desk: &Desk) -> Result {
    let known = desk.known().await?;
    let now = desk.now();
    let world = known.world();
    let plan = plan::plan(&world, now);
    let (calendar, roster) = (&known.live.calendar, &known.live.setup.config.roster);
    if desk.json {
        let lines: Vec<String> = plan.actions.iter().map(|d| event_line(now, d, calendar)).collect();
        if !lines.is_empty() {
            say(&lines.join("\n"));
        }
        return Ok(Answer::Done);
    }
    let mut out = format!("plano em {}\n", portuguese::instant(now, &calendar.hours.zone));
    if plan.actions.is_empty() {
        out.push_str("nada a fazer agora\n");
    }
    for decision in &plan.actions {
        out.push_str(&diary_line(now, decision, calendar, roster));
        out.push('\n');
    }
    let kept: Vec<_> = plan.held.iter().filter(|held| !plan.actions.contains(held)).collect();
    if !kept.is_empty() {
        out.push_str("\njá retidos antes:\n");
        for held in kept {
            out.push_str(&diary_line(now, held, calendar, roster));
            out.push('\n');
        }
    }
    if let Some(next) = plan.next_wake {
        let _ = writeln!(out, "\npróxima decisão: {}", portuguese::instant(next, &calendar.hours.zone));
    }
    say(&out);
    Ok(Answer::Done)
}

/// The real decision in virtual time.
pub(super) fn simulate(
    desk: &Desk,
    days: (Date, Date),
    statuses: Option<&Path>,
    output: Option<&Path>,
) -> Result {
    let calendar = desk.calendar();
    let changes = match statuses {
        None => Vec::new(),
        Some(path) => read_changes(desk, path)?,
    };
    for stray in strays(&changes, &calendar, days.1) {
        remark(&stray);
    }
    let roster = &desk.setup.config.roster;
    let mut tally: BTreeMap<(Act, &'static str), usize> = BTreeMap::new();
    let mut lines = String::new();
    rehearse(&desk.setup, days, &changes, output, |at, decision| {
        *tally.entry((decision.act, decision.kind.map_or("relatorio", |k| k.as_str()))).or_default() += 1;
        lines.push_str(&if desk.json {
            event_line(at, decision, &calendar)
        } else {
            diary_line(at, decision, &calendar, roster)
        });
        lines.push('\n');
        // Long rehearsals are shown as they go.
        if lines.len() > 64 * 1024 {
            say(&lines);
            lines.clear();
        }
    })
    .map_err(|error| Failure::could_not(&error))?;
    if !lines.is_empty() {
        say(&lines);
    }
    if !desk.json {
        say(&summary(&tally, output));
    }
    Ok(Answer::Done)
}

/// What a status file tells of windows and parts that the calendar does not have: nobody would ever look at it.
fn strays(changes: &[Change], calendar: &Calendar, until: Date) -> BTreeSet<String> {
    let windows = calendar.windows(until);
    let known: BTreeMap<&WindowId, &Window> = windows.iter().map(|window| (&window.id, window)).collect();
    let mut strays = BTreeSet::new();
    for told in changes.iter().map(|change| &change.observation) {
        match known.get(&told.window) {
            None => strays.insert(format!(
                "aviso: a janela “{}” do arquivo de situações não existe até {}; as linhas dela não têm efeito",
                told.window,
                portuguese::date(until)
            )),
            Some(window) if !window.parts.contains(&told.part) => strays.insert(format!(
                "aviso: a janela “{}” não tem a parte “{}” do arquivo de situações; as linhas dela não têm efeito",
                told.window, told.part
            )),
            Some(_) => false,
        };
    }
    strays
}

fn summary(tally: &BTreeMap<(Act, &'static str), usize>, output: Option<&Path>) -> String {
    let mut out = String::from("\nresumo da simulação:\n");
    if tally.is_empty() {
        out.push_str("  nada aconteceu entre as duas datas; veja vigia-suas agenda\n");
    }
    for ((act, kind), count) in tally {
        let _ = writeln!(out, "  {:<9} {kind:<12} {count}", act.as_str());
    }
    if let Some(dir) = output {
        let _ = writeln!(out, "cartas e relatórios em {}", dir.display());
    }
    out
}

fn read_changes(desk: &Desk, path: &Path) -> std::result::Result<Vec<Change>, Failure> {
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::unreadable(path, &error, "confira o nome do arquivo"))?;
    let zone = &desk.setup.config.calendar.hours.zone;
    changes(&bytes, zone, &desk.setup.config.roster).map_err(|error| match error {
        ChangesError::Unreadable(error) => Failure::refused(format!("erro: {}: {error}", path.display())),
        faulty @ ChangesError::Faulty(_) => Failure::refused(format!("erro: {}: {faulty}", path.display())),
    })
}
