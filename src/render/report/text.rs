//! The report as text, for a terminal and for mail. Pure.

use std::fmt::Write as _;

use crate::domain::calendar::Calendar;
use crate::domain::status::State;
use crate::plan::post::DeliveryFact;
use crate::plan::summary::{CallLine, CallPurpose, Counts, LetterLine, MunicipalityLine, WindowSummary};

use super::super::because::{self, CALLS, because, part_name};
use super::super::portuguese as pt;
use super::super::table::{TableColumn, table};

/// Where each window stands: counts, tables by part, gerência and region, the call list, and who was told what and
/// when.
pub fn text(summaries: &[WindowSummary], calendar: &Calendar) -> String {
    if summaries.is_empty() {
        return "Nenhuma janela a relatar.\n".to_owned();
    }
    let mut out = String::new();
    if summaries.iter().any(|summary| summary.rehearsal) {
        let _ = writeln!(out, "{}\n", pt::REHEARSAL);
    }
    for (index, summary) in summaries.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        window(summary, calendar, &mut out);
    }
    out
}

fn window(summary: &WindowSummary, calendar: &Calendar, out: &mut String) {
    let zone = &calendar.hours.zone;
    let title = format!("{} ({})", pt::line(&summary.system), summary.window);
    let _ = writeln!(out, "{title}\n{}", "=".repeat(title.chars().count()));
    let _ = writeln!(out, "Situação conhecida em {}.", pt::instant(summary.at, zone));
    let _ = writeln!(
        out,
        "{}. Prazo: {}, edição {}{}.{}",
        opening(summary, calendar),
        pt::deadline_or_undefined(summary.deadline),
        summary.edition,
        pt::save_for(&summary.other_deadlines()),
        if summary.source.is_empty() {
            String::new()
        } else {
            format!(" Fonte: {}.", pt::line(&summary.source).trim_end_matches('.'))
        }
    );
    if summary.halted {
        out.push_str("A janela está interrompida: ninguém é cobrado.\n");
    }
    let counts = summary.municipalities;
    let _ = writeln!(
        out,
        "\nMunicípios: {} ({}, {} e {}). Não se aplica: {}.",
        pt::counted(counts.expected(), "esperado", "esperados"),
        pt::standing(counts.done, State::Done),
        pt::standing(counts.pending, State::Pending),
        pt::standing(counts.unconfirmed, State::Unconfirmed),
        counts.not_applicable
    );
    tallies(
        "Parte (por município)",
        summary.by_part.iter().map(|(id, c)| (part_name(id, calendar), *c)),
        out,
    );
    tallies(
        "Gerência (por parte)",
        summary.by_gerencia.iter().map(|(id, c)| (pt::line(id.as_str()), *c)),
        out,
    );
    tallies("Região (por município)", summary.by_region.iter().map(|(name, c)| (pt::line(name), *c)), out);
    for (purpose, what) in CALLS {
        let lines: Vec<_> = summary.call_list.iter().filter(|line| line.purpose() == purpose).collect();
        if lines.is_empty() && purpose == CallPurpose::Address {
            continue;
        }
        let _ = writeln!(out, "\n{what}: {}", lines.len());
        for (index, line) in lines.into_iter().enumerate() {
            call(index + 1, line, calendar, out);
        }
    }
    let _ = writeln!(out, "\nMunicípios e comunicações: {}", summary.lines.len());
    for line in &summary.lines {
        municipality(line, summary, calendar, out);
    }
}

/// `Aberta em 01/11/2026`, or that it is not yet.
pub(super) fn opening(summary: &WindowSummary, calendar: &Calendar) -> String {
    let is_open = summary.opens_on <= calendar.hours.zone.date_of(summary.at);
    format!("{} em {}", if is_open { "Aberta" } else { "Só abre" }, pt::date(summary.opens_on))
}

fn tallies(what: &str, counts: impl Iterator<Item = (String, Counts)>, out: &mut String) {
    let rows: Vec<Vec<String>> = counts
        .map(|(name, c)| {
            let name = if name.is_empty() { "(não informada)".to_owned() } else { name };
            let numbers = [c.expected(), c.done, c.pending, c.unconfirmed, c.not_applicable];
            std::iter::once(name).chain(numbers.iter().map(ToString::to_string)).collect()
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    out.push('\n');
    let number = |name| (name, TableColumn::Number);
    let states = ["Esperados", "Concluídos", "Pendentes", "Não confirmados", "Não se aplica"].map(number);
    let columns: Vec<_> = std::iter::once((what, TableColumn::Text)).chain(states).collect();
    out.push_str(&table(&columns, &rows, None));
}

fn call(number: usize, line: &CallLine, calendar: &Calendar, out: &mut String) {
    let holder = pt::line(&line.holder);
    let _ = writeln!(
        out,
        "  {number}. {} ({}): {}{}",
        pt::line(&line.name),
        line.municipality,
        because::telephone_of(line),
        if holder.is_empty() { String::new() } else { format!(", {holder}") },
    );
    let since = line.as_of.map(|at| format!(" (dados de {})", pt::instant(at, &calendar.hours.zone)));
    let since = since.unwrap_or_default();
    for (what, parts, since) in
        [("pendente", &line.owes, since), ("não confirmado", &line.unconfirmed, String::new())]
    {
        let parts: Vec<String> = parts.iter().map(|p| part_name(p, calendar)).collect();
        if !parts.is_empty() {
            let _ = writeln!(out, "     {what}: {}{since}", pt::list(&parts));
        }
    }
    for reason in &line.because {
        let _ = writeln!(out, "     {}", because::call_reason(reason, calendar));
    }
    for note in &line.tried {
        let _ = writeln!(out, "     {}", because::call(note, calendar));
    }
}

fn municipality(line: &MunicipalityLine, summary: &WindowSummary, calendar: &Calendar, out: &mut String) {
    let edition = if line.edition == summary.edition {
        String::new()
    } else {
        format!("; edição {}, prazo {}", line.edition, pt::deadline_or_undefined(line.deadline))
    };
    let _ = writeln!(out, "  {} {}: {}{edition}", line.municipality, pt::line(&line.name), line.state);
    let open: Vec<String> = line
        .parts
        .iter()
        .filter(|p| matches!(p.state, State::Pending | State::Unconfirmed))
        .map(|p| {
            let mut facts = vec![p.state.to_string()];
            facts.extend(p.doubt.map(|d| because::doubt(&d, calendar)));
            if !p.units.is_empty() {
                facts.push(pt::counted(p.units.len(), "unidade", "unidades"));
            }
            format!("{} ({})", part_name(&p.part, calendar), facts.join("; "))
        })
        .collect();
    if !open.is_empty() {
        let _ = writeln!(out, "    por concluir ou por confirmar: {}", pt::list(&open));
    }
    if line.letters.is_empty() {
        out.push_str("    nenhuma carta\n");
    }
    for letter in &line.letters {
        let _ = writeln!(out, "    {}", letter_words(letter, calendar));
    }
    for why in line.kept_back_by() {
        let _ = writeln!(out, "    retido: {}", because(why, calendar));
    }
}

/// One letter with where it really stands, at each address: `23/10/2023 08:00 prazo, 5 dias antes (edição 1): aceita
/// (smas), recusada (cmas)`. The instant is when it left; where it never did, when it was decided is said instead.
pub fn letter_words(letter: &LetterLine, calendar: &Calendar) -> String {
    let zone = &calendar.hours.zone;
    let rung = letter.rung.map(|days| format!(", {}", pt::days_before(days))).unwrap_or_default();
    let at = match letter.left_at {
        Some(at) => pt::short_instant(at, zone),
        None => format!("decidida em {}:", pt::short_instant(letter.decided_at, zone)),
    };
    let at_each = |fact: &DeliveryFact| format!("{} ({})", pt::letter_state(fact.state), fact.role);
    let states = match letter.deliveries.as_slice() {
        [] => pt::letter_state(letter.state).to_owned(),
        facts => facts.iter().map(at_each).collect::<Vec<_>>().join(", "),
    };
    let because = letter.because.as_ref().map(|why| format!(". {}", because(why, calendar)));
    let elsewhere = letter.elsewhere.then_some(" (saiu de outro livro; o texto não está neste)");
    format!(
        "{at} {}{rung} (edição {}): {states}{}{}",
        pt::letter_kind(letter.kind, letter.key.slot(), letter.elsewhere),
        letter.edition,
        elsewhere.unwrap_or_default(),
        because.unwrap_or_default()
    )
}
