//! The page of the day by mail: once on each sending day, from the first sending hour on.
//!
//! It is no decision of the plan: nothing depends on it, a rehearsal in virtual time does not show it, and its identity in
//! the ledger keeps a restart from doubling it.

use jiff::Timestamp;
use jiff::civil::Date;
use tracing::error;

use super::alert::alert_once;
use super::app::App;
use super::audit::audit_if_due;
use super::clock_watch;
use super::trouble::ailments;
use crate::domain::notice::{DAILY_PAGE, NoticeKey};
use crate::render::day;
use crate::store::StoreError;
use crate::telemetry::chain;
use crate::world::{audit, today};

/// What the loop remembers, so that it need not ask the ledger each time: the last day whose page is written.
#[derive(Default)]
pub(super) struct Daily {
    told_on: Option<Date>,
}

impl Daily {
    /// When the next page may be due.
    pub(super) fn next(&self, app: &App, now: Timestamp) -> Option<Timestamp> {
        let live = app.live();
        let hours = &live.calendar.hours;
        let told = self.told_on.map_or(now, |on| hours.zone.end_of(on));
        live.setup.config.roster.offices.daily_page.then(|| hours.next_sending(now.max(told)))
    }

    /// Writes the page of today, unless it is written, switched off, or the hour is not come. While the clock may not be
    /// believed there is no day to write it for.
    pub(super) async fn daily_once(&mut self, app: &App, now: Timestamp) -> Result<(), StoreError> {
        let live = app.live();
        let hours = &live.calendar.hours;
        let on = hours.zone.date_of(now);
        let is_due = hours.is_sending_day(on) && now >= hours.zone.at(on, hours.from);
        if !live.setup.config.roster.offices.daily_page || !is_due || self.told_on == Some(on) {
            return Ok(());
        }
        if !clock_watch::is_steady(app).await? {
            return Ok(());
        }
        let key = NoticeKey::Service { topic: DAILY_PAGE.to_owned(), on };
        if !app.store.is_queued(&key).await? {
            // The page says how it ended; on a day on which nothing was found no other mail does.
            let audited = audited(app, on, now).await;
            let amiss = ailments(app, now).await;
            let (_, page) = today::gather(live.clone(), Some(&app.store), &amiss, now).await?;
            let text = day::text(&page, &live.calendar, &live.setup.config.roster);
            alert_once(app, DAILY_PAGE, format!("{}\n{text}\n{audited}\n", day::headline(&page)), now)
                .await?;
        }
        self.told_on = Some(on);
        Ok(())
    }
}

/// How today's self-audit ended, in one line; it is made now unless it was. A page without it is better than none.
async fn audited(app: &App, on: Date, now: Timestamp) -> String {
    let zone = &app.live().calendar.hours.zone;
    let last = match audit_if_due(app, now).await {
        Ok(()) => app.store.last_audit().await,
        Err(failure) => Err(failure),
    };
    match last {
        Ok(Some((at, made))) if zone.date_of(at) == on => audit::headline(&made),
        Ok(_) => "autoconferência: não foi feita hoje".to_owned(),
        Err(failure) => {
            error!(error = %chain(&failure), "a autoconferência falhou; será retomada");
            "autoconferência: falhou, e não foi feita hoje".to_owned()
        }
    }
}
