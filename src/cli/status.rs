//! `situacao`, `importar`, `relatorio`: who has filled in, as known, and where each window stands.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use jiff::SignedDuration;
use serde_json::json;

use super::args::{Filter, ReportFormat};
use super::session::{Answer, Failure, Result, Session, opened, remark, say, say_bytes};
use super::terminal;
use crate::daemon::ingest::{IntakeError, Received, take_in_load};
use crate::desk::order;
use crate::domain::id::{FeedId, WindowId};
use crate::format::body::{Original, SpoolError};
use crate::plan::summary::{CallPurpose, WindowSummary};
use crate::render::because::{doubt, opposed, part_name, waits_for};
use crate::render::table::{TableColumn, table};
use crate::render::{portuguese, report};
use crate::text::remark::Reading;
use crate::text::visible;
use crate::world::live::{Live, spool_folder};
use crate::world::overview::Overview;

const COLUMNS: [(&str, TableColumn); 7] = [
    ("ibge", TableColumn::Text),
    ("município", TableColumn::Text),
    ("parte", TableColumn::Text),
    ("situação", TableColumn::Text),
    ("dados de", TableColumn::Text),
    ("fonte", TableColumn::Text),
    ("porquê", TableColumn::Text),
];

/// Who has filled in what, as of when, and where that comes from.
pub(super) async fn show(session: &Session, filter: &Filter) -> Result {
    let overview = overview(session, filter.window.as_ref()).await?;
    let Overview { known, windows: summaries, .. } = &overview;
    let roster = &session.setup.config.roster;
    let only = filter.municipality.as_ref().map(|text| order::ever_known(roster, text)).transpose()?;
    if let (Some(code), Some(text)) = (only, &filter.municipality)
        && summaries.iter().all(|summary| summary.line(code).is_none())
    {
        order::municipality(roster, text)?;
    }
    let calendar = &known.live.calendar;
    let mut out = String::new();
    for summary in summaries {
        let mut rows = Vec::new();
        if !session.json {
            // One municipality has one date, its own.
            let own = only.and_then(|code| summary.line(code)).map(|line| line.deadline);
            let others = if own.is_none() { summary.other_deadlines() } else { BTreeMap::new() };
            let _ = writeln!(
                out,
                "\n{} — prazo {}{}",
                summary.window,
                portuguese::deadline_or_undefined(own.unwrap_or(summary.deadline)),
                portuguese::save_for(&others)
            );
        }
        for line in summary.lines.iter().filter(|line| only.is_none_or(|code| code == line.municipality)) {
            for part in &line.parts {
                let why = part.doubt.map(|d| doubt(&d, calendar));
                let waits = line.waits_for.as_ref().map(waits_for);
                let entries = known.status.window(&summary.window).of(line.municipality);
                let sides = opposed(part, entries, calendar);
                if session.json {
                    let object = json!({
                        "janela": summary.window.as_str(),
                        "municipio": line.municipality.to_string(),
                        "nome": line.name,
                        "parte": part.part.as_str(),
                        "situacao": part.state.as_str(),
                        "duvida": why,
                        "espera": line.waits_for.as_ref().map(WindowId::as_str),
                        "unidades_pendentes": part.units.iter().map(ToString::to_string).collect::<Vec<_>>(),
                        "dados_de": part.as_of.map(|at| at.to_string()),
                        "fonte": part.feed.as_ref().map(ToString::to_string),
                        "fontes_em_desacordo": sides,
                    });
                    let _ = writeln!(out, "{object}");
                } else {
                    let as_of = part.as_of.map(|at| portuguese::short_instant(at, &calendar.hours.zone));
                    rows.push(vec![
                        line.municipality.to_string(),
                        portuguese::line(&line.name),
                        part_name(&part.part, calendar),
                        part.state.to_string(),
                        as_of.unwrap_or_default(),
                        part.feed.as_ref().map(ToString::to_string).unwrap_or_default(),
                        why.into_iter().chain(waits).chain(sides).collect::<Vec<_>>().join("; "),
                    ]);
                }
            }
        }
        if !rows.is_empty() {
            out.push_str(&table(&COLUMNS, &rows, terminal::width()));
        }
    }
    if out.is_empty() {
        nothing(filter.window.as_ref());
    } else {
        say(out.trim_start_matches('\n'));
    }
    Ok(Answer::Done)
}

/// Why there is nothing to show: of a window that the calendar has, since it is far off.
fn nothing(window: Option<&WindowId>) {
    match window {
        Some(id) => remark(&format!("a janela {id} abre em mais de um ano; nada há a mostrar dela ainda")),
        None => remark("nenhuma janela aberta nem encerrada há pouco; veja vigia-suas agenda"),
    }
}

/// Loads a status file by hand.
pub(super) async fn ingest(session: &Session, feed: &FeedId, file: &Path) -> Result {
    let spec = super::feed::declared(session, feed)?;
    let original = original(session, file)?;
    let store = session.writable_ledger().await?;
    let live = Arc::new(Live::under(session.setup.clone(), session.calendar()));
    let name =
        file.file_name().map_or_else(|| file.display().to_string(), |n| n.to_string_lossy().into_owned());
    let (loaded, written_at) = ((name.as_str(), original), written_at(file));
    let load = Received::of_written_file(Some(&store), &spec.id, loaded, written_at, session.now()).await?;
    let taken =
        take_in_load(&live, &store, spec, load, session.now()).await.map_err(|error| match error {
            IntakeError::Store(store) => store.into(),
            name @ IntakeError::Name(_) => Failure::could_not(&name),
        })?;
    let mapped = &taken.intake.mapped;
    let remarks = taken.remarks(Reading::Shown);
    if session.json {
        say(&json!({
            "coleta": taken.snapshot.as_str(),
            "aceita": taken.is_accepted(),
            "linhas": mapped.rows,
            "municipios": mapped.municipalities_seen.len(),
            "observacoes": remarks,
        })
        .to_string());
    } else {
        let verdict = if taken.is_accepted() { "aceita" } else { "em QUARENTENA; vale a última boa" };
        say(&format!(
            "coleta {} {verdict}: {}, {}",
            taken.snapshot,
            portuguese::counted(mapped.rows, "linha", "linhas"),
            portuguese::counted(mapped.municipalities_seen.len(), "município", "municípios")
        ));
        if session.now().duration_since(taken.taken_at) >= A_MOMENT {
            let zone = &live.calendar.hours.zone;
            say(&format!(
                "  dados de {}: o arquivo não foi gravado depois disso",
                portuguese::short_instant(taken.taken_at, zone)
            ));
        }
        for line in remarks {
            say(&format!("  {}", visible::line(&line)));
        }
        if let Some(command) = taken.accepting() {
            remark(&format!("dica: se ela estiver certa: {command}"));
        }
    }
    Ok(if taken.is_accepted() { Answer::Done } else { Answer::Negative })
}

/// A file that was written so long ago or longer is told to be of then.
const A_MOMENT: SignedDuration = SignedDuration::from_mins(1);

/// When a file was last written, as its disk says, if that says so.
pub(super) fn written_at(file: &Path) -> Option<SystemTime> {
    std::fs::metadata(file).and_then(|data| data.modified()).ok()
}

/// The most bytes of a file loaded by hand.
const LARGEST_FILE: u64 = 1024 * 1024 * 1024;

/// A file's bytes, held in memory only when they are few.
pub(super) fn original(session: &Session, file: &Path) -> Result<Original> {
    let opened = opened(file)?;
    Original::of_file(&opened, &spool_folder(&session.setup), LARGEST_FILE).map_err(|error| match error {
        SpoolError::Source(error) => Failure::unreadable(file, &error, "confira o nome do arquivo"),
        other => Failure::could_not(&other),
    })
}

/// The escalation report.
pub(super) async fn report(session: &Session, format: ReportFormat, window: Option<&WindowId>) -> Result {
    let overview = overview(session, window).await?;
    let Overview { known, windows: summaries, .. } = &overview;
    if summaries.is_empty() {
        nothing(window);
        return Ok(Answer::Done);
    }
    if session.json {
        for summary in summaries {
            say(&totals(summary).to_string());
        }
        return Ok(Answer::Done);
    }
    match format {
        ReportFormat::Text => say(&report::text(summaries, &known.live.calendar)),
        ReportFormat::Html => {
            let store = session.ledger().await?;
            let curves = overview.curves(store.as_ref()).await?;
            let history = overview.history(store.as_ref()).await?;
            let roster = &known.live.setup.config.roster;
            let beside = report::Background { curves: &curves, history: &history, roster };
            say_bytes(report::page(summaries, beside, &known.live.calendar).as_bytes());
        }
        ReportFormat::Csv => say_bytes(report::csv(summaries, &known.live.calendar).as_bytes()),
    }
    Ok(Answer::Done)
}

fn totals(summary: &WindowSummary) -> serde_json::Value {
    let counts = summary.municipalities;
    let codes = |purpose: CallPurpose| -> Vec<String> {
        let calls = summary.call_list.iter().filter(|call| call.purpose() == purpose);
        calls.map(|call| call.municipality.to_string()).collect()
    };
    json!({
        "janela": summary.window.as_str(),
        "edicao": summary.edition,
        "prazo": summary.deadline.map(|d| d.on.to_string()),
        "esperados": counts.expected(),
        "concluidos": counts.done,
        "pendentes": counts.pending,
        "nao_confirmados": counts.unconfirmed,
        "nao_se_aplica": counts.not_applicable,
        "telefonar": codes(CallPurpose::Debt),
        "confirmar": codes(CallPurpose::Doubt),
        "pedir_endereco": codes(CallPurpose::Address),
    })
}

/// The window asked for, or those worth reporting on; as known then where another instant was asked for.
pub(super) async fn overview(session: &Session, window: Option<&WindowId>) -> Result<Overview> {
    let as_of = session.as_known();
    let live = Arc::new(Live::under(session.setup.clone(), session.calendar()));
    if let Some(id) = window {
        order::window(&live.calendar, id, None)?;
    }
    let store = session.ledger().await?;
    let only = window.map(std::slice::from_ref);
    Ok(Overview::load(live, store.as_ref(), only, as_of).await?)
}
