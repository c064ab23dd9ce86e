//! The page of the day as text. Pure.

use std::fmt::Write as _;

use super::super::portuguese as pt;
use super::super::table::{TableColumn, table};
use super::{FROZEN, ORDERS, Words, lift, queue, release, tally, to_staff};
use crate::domain::calendar::Calendar;
use crate::domain::roster::Roster;
use crate::domain::status::State;
use crate::plan::day::{DayPage, FeedAge, MovedGroup};
use crate::plan::post::LetterState;

/// What the page says in one line, for the subject of its mail: `12 cartas saíram, 2 retidas, 59 pendentes`.
pub fn headline(page: &DayPage) -> String {
    let (left, waiting, held) = tally(page);
    let pending: usize = page.windows.iter().filter(|w| !w.halted).map(|w| w.counts.pending).sum();
    let mut said = vec![match (left, page.rehearsal) {
        (0, false) => "nenhuma carta saiu".to_owned(),
        (n, false) => pt::counted(n, "carta saiu", "cartas saíram"),
        (n, true) => format!(
            "ENSAIO: nenhuma carta saiu, {}",
            pt::counted(n, "gravada em arquivo", "gravadas em arquivo")
        ),
    }];
    let missed =
        page.left.iter().filter_map(|group| group.states.get(&LetterState::Missed)).map(Vec::len).sum();
    if missed > 0 {
        said.push(pt::counted(missed, "perdida com o serviço parado", "perdidas com o serviço parado"));
    }
    if waiting > 0 {
        said.push(format!("{waiting} na fila"));
    }
    if held > 0 {
        said.push(pt::counted(held, "retida", "retidas"));
    }
    said.push(pt::standing(pending, State::Pending));
    said.join(", ")
}

/// The whole page.
pub fn text(page: &DayPage, calendar: &Calendar, roster: &Roster) -> String {
    let words = Words { calendar, roster };
    let zone = &calendar.hours.zone;
    let mut out = String::new();
    if page.rehearsal {
        let _ = writeln!(out, "{}", pt::REHEARSAL);
    }
    let section = |out: &mut String, title: &str, lines: &[String], none: &str| {
        let _ = writeln!(out, "\n{title}");
        if lines.is_empty() && !none.is_empty() {
            let _ = writeln!(out, "  {none}");
        }
        for line in lines {
            let _ = writeln!(out, "  {}", line.replace('\n', "\n  "));
        }
    };
    let tasks: Vec<String> = page
        .tasks
        .iter()
        .map(|task| match &task.command {
            Some(command) => format!("{}: {command}", task.what),
            None => task.what.clone(),
        })
        .collect();
    section(&mut out, "O que pede uma pessoa", &tasks, "nada");
    let held: Vec<String> = page
        .held
        .iter()
        .map(|group| {
            let command = release(group).map(|c| format!("\n  {c}")).unwrap_or_default();
            format!(
                "{}: {}, desde {}; {}\n  {}{command}",
                group.batch,
                words.counted(&group.municipalities),
                pt::instant(group.since, zone),
                words.end(group),
                words.why(group)
            )
        })
        .collect();
    if !held.is_empty() {
        section(&mut out, "Retido", &held, "");
    }
    let orders: Vec<String> =
        page.holds.iter().map(|hold| format!("{}\n  {}", words.order(hold), lift(&hold.scope))).collect();
    if !orders.is_empty() {
        section(&mut out, ORDERS, &orders, "");
    }
    let mut left: Vec<String> = page.left.iter().map(|group| words.letters(group)).collect();
    let done = page.staff.iter().filter(|letter| !letter.state.is_waiting());
    left.extend(done.map(|letter| format!("{}: {}", to_staff(letter), pt::letter_state(letter.state))));
    section(&mut out, &format!("Desde {}", pt::instant(page.since, zone)), &left, "nenhuma carta saiu");
    let mut waiting: Vec<String> = page.waiting.iter().map(|group| words.letters(group)).collect();
    let queued = page.staff.iter().filter(|letter| letter.state.is_waiting());
    waiting.extend(queued.map(|letter| format!("{}: {}", to_staff(letter), pt::letter_state(letter.state))));
    waiting.extend(page.queue.as_ref().map(|waits| queue(waits, zone)));
    if !waiting.is_empty() {
        let title = "Já decidido e ainda não saiu (se demora, veja “vigia-suas saude”)";
        section(&mut out, title, &waiting, "");
    }
    let nothing = if page.is_frozen {
        FROZEN
    } else if waiting.is_empty() {
        "nada a fazer agora"
    } else {
        "nada de novo a decidir; o que já foi decidido espera sair"
    };
    section(&mut out, "Agora", &words.decisions(&page.decisions), nothing);
    let mut next = words.ahead(page);
    if let Some(at) = page.next_wake {
        next.push(format!("próxima decisão: {}", pt::instant(at, zone)));
    }
    section(&mut out, "Em seguida", &next, "nada à vista");
    let moved: Vec<String> = page.moved.iter().map(|group| moved(group, words)).collect();
    section(&mut out, "O que mudou no preenchimento", &moved, "nada");
    if !page.windows.is_empty() {
        out.push_str("\nJanelas\n");
        out.push_str(&windows(page));
    }
    let feeds: Vec<String> = page.feeds.iter().map(|feed| feed_words(feed, page, calendar)).collect();
    if !feeds.is_empty() {
        section(&mut out, "Fontes", &feeds, "");
    }
    out
}

/// `rma/2026-10: 5 municípios (…) passaram de pendente a concluído`.
pub(super) fn moved(group: &MovedGroup, words: Words<'_>) -> String {
    let from = group.from.map(|from| format!(" de {from}")).unwrap_or_default();
    let verb = if group.municipalities.len() == 1 { "passou" } else { "passaram" };
    format!("{}: {} {verb}{from} a {}", group.window, words.counted(&group.municipalities), group.to)
}

/// `rma-cras: dado de 26/11/2026 03:00, velho demais para cobrar; em quarentena: …`.
pub(super) fn feed_words(feed: &FeedAge, page: &DayPage, calendar: &Calendar) -> String {
    let mut said = vec![match feed.confirmed_at {
        Some(at) => format!(
            "dado de {}, há {}",
            pt::short_instant(at, &calendar.hours.zone),
            age(page.at.duration_since(at).as_mins())
        ),
        None => "nenhuma coleta válida ainda".to_owned(),
    }];
    if feed.is_stale {
        said.push("velho demais para cobrar".to_owned());
    }
    said.extend(feed.failure.iter().map(|why| format!("a última busca falhou: {why}")));
    if let Some((load, why)) = &feed.quarantine {
        said.push(format!("coleta {load} em quarentena: {why}"));
    }
    said.extend(feed.unheard.iter().map(|why| {
        format!("houve linha que não pôde ser lida, e quem poderia estar nela fica não confirmado: {why}")
    }));
    format!("{}: {}", feed.feed, said.join("; "))
}

fn age(minutes: i64) -> String {
    match minutes.max(0) {
        minutes @ 0..120 => format!("{minutes} min"),
        minutes @ 120..2_880 => format!("{} h", minutes / 60),
        minutes => format!("{} dias", minutes / 1_440),
    }
}

fn windows(page: &DayPage) -> String {
    let rows: Vec<Vec<String>> = page
        .windows
        .iter()
        .map(|w| {
            let stopped = if w.halted { " (interrompida)" } else { "" };
            let deadline = pt::deadline_or_undefined(w.deadline);
            let deadline = format!("{deadline}{}{stopped}", pt::save_for(&w.other_deadlines));
            let mut row = vec![w.window.to_string(), deadline];
            let counts = w.counts;
            row.extend([counts.done, counts.pending, counts.unconfirmed, w.calls].map(|n| n.to_string()));
            row
        })
        .collect();
    let number = |name| (name, TableColumn::Number);
    let columns = [
        ("Janela", TableColumn::Text),
        ("Prazo", TableColumn::Text),
        number("Concluídos"),
        number("Pendentes"),
        number("Não confirmados"),
        number("Telefonar"),
    ];
    table(&columns, &rows, None)
}
