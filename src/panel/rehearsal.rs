//! The rehearsal's page: what would leave in the days to come.

use std::sync::Arc;

use axum::extract::State;
use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan as _};
use tokio::sync::OwnedSemaphorePermit;

use super::answer::{Answer, Failure, document};
use super::ask::Ask;
use super::{Panel, TURN, page};
use crate::plan::forecast::{ForecastTally, Quota};
use crate::plan::replay::Replay;
use crate::render::forecast;

/// How far ahead a rehearsal looks, if not told, and at most.
const AHEAD_DAYS: i64 = 60;
const MOST_AHEAD_DAYS: i64 = 200;
/// What a rehearsal counts for crowded, as `simular` does by itself.
const WEEKLY: usize = 3;
/// A rehearsal in the panel is for so many municipalities at most.
const MOST_REHEARSED: usize = 1_000;
pub(super) async fn rehearsal(State(panel): State<Arc<Panel>>, ask: Ask) -> Answer {
    let live = panel.beside.live();
    let today = live.calendar.hours.zone.date_of(panel.clock.now());
    let asked = ask.text("ate").map(str::parse::<Date>).transpose();
    let until = asked
        .map_err(|_| Failure::Senseless("O dia se escreve assim: 2026-11-30.".to_owned()))?
        .unwrap_or_else(|| today.saturating_add(AHEAD_DAYS.days()));
    if until < today || until > today.saturating_add(MOST_AHEAD_DAYS.days()) {
        return Err(Failure::Senseless(format!(
            "O painel simula de hoje até {MOST_AHEAD_DAYS} dias à frente; para mais, use “vigia-suas simular”."
        )));
    }
    if live.setup.config.roster.municipalities.len() > MOST_REHEARSED {
        return Err(Failure::Senseless(
            "Com tantos municípios a simulação demora: use “vigia-suas simular” no terminal.".to_owned(),
        ));
    }
    let busy =
        || Failure::Busy("Outra simulação está sendo feita; tente de novo em alguns segundos.".to_owned());
    // It goes on also when whoever asked is gone: the next one waits until it is over.
    let Ok(turn) = panel.clone().rehearsing_turn().await else { return Err(busy()) };
    let made = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let mut calendar = live.setup.config.calendar.clone();
        calendar.starts_on = None;
        calendar.hours.waits = true;
        let roster = &live.setup.config.roster;
        let days = (today, until);
        let (from, end) = (calendar.hours.zone.start_of(today), calendar.hours.zone.end_of(until));
        let end = end.saturating_sub(SignedDuration::from_millis(1)).unwrap_or(end);
        let mut tally = ForecastTally::default();
        let mut replay = Replay::new(&calendar, roster, end)?;
        replay.run_with(from, end, &[], |_, at, decisions| {
            for decision in decisions {
                tally.note(at, decision, &calendar);
            }
        });
        let sender = live.setup.config.settings.relay.as_ref();
        let quota = sender.map(|relay| Quota { per_minute: relay.per_minute, per_day: relay.per_day });
        let forecast = tally.forecast(&calendar, roster, days, quota, WEEKLY);
        Ok::<_, crate::domain::id::IdError>(forecast::page(&forecast, &calendar, roster))
    });
    Ok(document(&made.await??, &page::back("/", "Hoje")))
}

impl Panel {
    async fn rehearsing_turn(self: Arc<Self>) -> Result<OwnedSemaphorePermit, ()> {
        let turn = self.rehearsing.clone().acquire_owned();
        tokio::time::timeout(TURN, turn).await.map_err(|_| ())?.map_err(|_| ())
    }
}
