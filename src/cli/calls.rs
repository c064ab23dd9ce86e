//! `ligacoes`: whom to telephone, over all windows or in one.

use super::args::ReportFormat;
use super::session::{Answer, Result, Session, say, say_bytes};
use super::status::overview;
use crate::domain::id::WindowId;
use crate::plan::calls::calls;
use crate::plan::history::Recall;
use crate::render::calls;

/// Shows the call list.
pub(super) async fn list(session: &Session, format: ReportFormat, window: Option<&WindowId>) -> Result {
    let overview = overview(session, window).await?;
    let calendar = &overview.known.live.calendar;
    let now = overview.as_of.at();
    let history = overview.history(session.ledger().await?.as_ref()).await?;
    let entries = calls(&overview.windows, calendar, &Recall::new(&history));
    if session.json {
        for entry in &entries {
            say(&calls::json(entry, calendar, now).to_string());
        }
        return Ok(Answer::Done);
    }
    match format {
        ReportFormat::Text => say(&calls::text(&entries, calendar, now)),
        ReportFormat::Csv => say_bytes(calls::csv(&entries, calendar, now).as_bytes()),
        ReportFormat::Html => say_bytes(calls::page(&entries, calendar, now).as_bytes()),
    }
    Ok(Answer::Done)
}
