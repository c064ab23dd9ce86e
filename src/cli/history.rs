//! `historico`: how punctual each municipality was over the last references.

use super::args::ListFormat;
use super::session::{Answer, Result, Session, remark, say, say_bytes};
use super::status::overview;
use crate::desk::order;
use crate::render::history;

/// Shows the history, of all or of one municipality.
pub(super) async fn show(session: &Session, format: ListFormat, municipality: Option<&str>) -> Result {
    let roster = &session.setup.config.roster;
    let only = municipality.map(|text| order::ever_known(roster, text)).transpose()?;
    let overview = overview(session, None).await?;
    let calendar = &overview.known.live.calendar;
    let store = session.ledger().await?;
    let mut lines = overview.history(store.as_ref()).await?;
    lines.retain(|line| only.is_none_or(|code| code == line.municipality));
    if let (true, Some(text)) = (lines.is_empty(), municipality) {
        order::municipality(roster, text)?;
    }
    if lines.is_empty() {
        remark("nenhuma janela encerrada enquanto o serviço acompanhava: ainda não há histórico");
    }
    let curves = overview.curves(store.as_ref()).await?;
    let years = history::a_year_before(&curves, overview.as_of.at(), &calendar.hours.zone);
    // Of one municipality the curve of all says nothing.
    let years = years.iter().filter(|_| only.is_none());
    if session.json {
        for line in &lines {
            say(&history::json(line).to_string());
        }
        years.for_each(|year| say(&year.json().to_string()));
        return Ok(Answer::Done);
    }
    match format {
        ListFormat::Text => {
            say(&history::text(&lines, calendar));
            years.for_each(|year| say(&year.told()));
        }
        ListFormat::Csv => say_bytes(history::csv(&lines, calendar).as_bytes()),
    }
    Ok(Answer::Done)
}
