//! Once a day: the self-audit, its entry in the journal, and the mail whose silence is itself an alarm.

use jiff::{SignedDuration, Timestamp};
use tracing::{error, info};

use super::alert::{alert_once, topic};
use super::app::{App, Loop};
use super::reconcile::reconcile_once;
use super::{clock_watch, succession};
use crate::domain::journal::Audited;
use crate::store::StoreError;
use crate::telemetry::chain;
use crate::text::discreet::without_addresses;
use crate::text::visible;
use crate::world::audit::{Findings, audit, counts, headline, words};

/// An audit that found something is made again right after another pass: what changed between pass and audit is no
/// divergence. What is found so often is.
const TRIES: usize = 3;
/// It is made at the beginning of the sending hours, or after so long where those begin later.
const LATEST: SignedDuration = SignedDuration::from_hours(25);

/// Audits, if it is time. While the clock or the ledger may not be believed nothing is.
pub async fn audit_if_due(app: &App, now: Timestamp) -> Result<(), StoreError> {
    let _one_at_a_time = app.auditing.lock().await;
    // Another may have been made while this one waited.
    let now = app.now().max(now);
    if is_due(app, now).await? {
        audited(app, now).await?;
    }
    Ok(())
}

async fn is_due(app: &App, now: Timestamp) -> Result<bool, StoreError> {
    let hours = app.live().calendar.hours.clone();
    let last = match app.store.last_audit().await?.filter(|(at, _)| counts(*at, now)) {
        Some((at, _)) => Some(at),
        None => app.store.signs().await?.born_at,
    };
    let Some(last) = last else { return Ok(false) };
    let is_later_day = hours.zone.date_of(now) > hours.zone.date_of(last);
    let has_begun = hours.zone.time_of(now) >= hours.from || now.duration_since(last) >= LATEST;
    Ok(is_later_day && has_begun)
}

/// Audits now, records what was found and tells staff. Nothing where the clock or the ledger may not be believed, or where
/// passes do not come to an end: then it is tried again soon.
pub async fn audit_once(app: &App, now: Timestamp) -> Result<Option<Audited>, StoreError> {
    let _one_at_a_time = app.auditing.lock().await;
    audited(app, now).await
}

async fn audited(app: &App, now: Timestamp) -> Result<Option<Audited>, StoreError> {
    if !clock_watch::is_steady(app).await? || !succession::stands(app).await? {
        return Ok(None);
    }
    let read = app.pages.read_again(&app.store).await;
    app.vouch(Loop::Audit);
    if app.pages.damage().is_some() {
        app.failed.cancel();
    }
    read?;
    // What the journal told until then was held against the rules then.
    let after = app.store.last_audit().await?.map_or(0, |(_, last)| last.reached);
    let mut found = None;
    for _ in 0..TRIES {
        let at = app.now().max(now);
        found = match look(app, after, at).await {
            Err(failure @ (StoreError::Corrupt { .. } | StoreError::Damaged { .. })) => {
                let why = without_addresses(&visible::line(&chain(&failure)));
                error!(error = why, "o livro não pôde ser recontado");
                Some((Findings::unreadable(after, at, &why), true))
            }
            looked => looked?,
        };
        // A pass and a look at everything take their time.
        app.vouch(Loop::Decide);
        if found.as_ref().is_some_and(|(found, _)| found.is_clean()) {
            break;
        }
    }
    let Some((found, stood)) = found else { return Ok(None) };
    let audited = found.told(stood);
    app.store.note_audit(audited.clone(), now).await?;
    if audited.divergences == 0 {
        info!(audit.letters = audited.letters, "{}", headline(&audited));
    } else {
        error!(audit.divergences = audited.divergences, "a autoconferência achou divergências");
    }
    tell(app, &audited, now).await?;
    Ok(Some(audited))
}

/// One look, right after a pass, and whether nothing changed between the two. None where the pass did not come to an end, as
/// when the clock or the ledger came to be doubted.
async fn look(app: &App, after: u64, at: Timestamp) -> Result<Option<(Findings, bool)>, StoreError> {
    let Some(stands_on) = reconcile_once(app, at).await?.stands_on else { return Ok(None) };
    // Nothing is decided meanwhile.
    let _deciding = app.deciding.lock().await;
    let found = audit(&app.store, app.live(), after, at).await?;
    Ok(Some((found, app.store.generation().await? == stands_on)))
}

/// One mail a day; where nothing was found, the page of the day says so instead, if it is written.
async fn tell(app: &App, audited: &Audited, now: Timestamp) -> Result<(), StoreError> {
    let page_says_it = app.live().setup.config.roster.offices.daily_page;
    if audited.divergences == 0 && page_says_it {
        return Ok(());
    }
    let waiting = app.store.waiting(now).await?;
    let text = words(audited, waiting, &app.live().calendar.hours.zone);
    let topic = if audited.divergences == 0 { "autoconferencia" } else { topic::AUDIT };
    alert_once(app, topic, text, now).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_ledger_that_comes_to_be_doubted_makes_no_divergence_of_what_was_not_decided() {
        let dir = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-12-01T13:00:00Z".parse().unwrap();
        let app = App::shipped(dir.path(), now).await;
        // It was alive, and its witness is gone.
        app.store.heartbeat(now).await.unwrap();
        *app.doubted.lock().unwrap() = app.store.doubt().await.unwrap();
        assert_eq!(look(&app, 0, now).await.unwrap(), None);
        app.store.keep_witness(now).await.unwrap();
        let (found, stood) = look(&app, 0, now).await.unwrap().unwrap();
        assert!(found.is_clean() && stood, "{found:?}");
    }
}
