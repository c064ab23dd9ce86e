//! Once a day: the self-audit, its entry in the journal, and the mail whose silence is itself an alarm.

use jiff::{SignedDuration, Timestamp};
use tracing::{error, info};

use super::alert::{alert_once, topic};
use super::app::App;
use super::reconcile::reconcile_once;
use super::{clock_watch, succession};
use crate::domain::journal::Audited;
use crate::store::StoreError;
use crate::world::audit::{audit, headline, words};

/// An audit that found something is made again right after another pass: what changed between pass and audit is no
/// divergence. What is found so often is.
const TRIES: usize = 3;
/// It is made at the beginning of the sending hours, or after so long where those begin later.
const LATEST: SignedDuration = SignedDuration::from_hours(25);

/// Audits, if it is time. While the clock or the ledger may not be believed nothing is.
///
/// # Errors
/// [`StoreError`].
pub async fn audit_if_due(app: &App, now: Timestamp) -> Result<(), StoreError> {
    if is_due(app, now).await? {
        audit_once(app, now).await?;
    }
    Ok(())
}

async fn is_due(app: &App, now: Timestamp) -> Result<bool, StoreError> {
    let hours = app.live().calendar.hours.clone();
    let last = match app.store.last_audit().await? {
        Some((at, _)) => Some(at),
        None => app.store.signs().await?.born_at,
    };
    let Some(last) = last else { return Ok(false) };
    let is_later_day = hours.zone.date_of(now) > hours.zone.date_of(last);
    let has_begun = hours.zone.time_of(now) >= hours.from || now.duration_since(last) >= LATEST;
    Ok(is_later_day && has_begun)
}

/// Audits now, records what was found and tells staff. Nothing where the clock or the ledger may not be believed.
///
/// # Errors
/// [`StoreError`].
pub async fn audit_once(app: &App, now: Timestamp) -> Result<Option<Audited>, StoreError> {
    if !clock_watch::is_steady(app).await? || !succession::stands(app).await? {
        return Ok(None);
    }
    let since = match app.store.last_audit().await? {
        // What was recorded until then was held against the rules then.
        Some((_, last)) => {
            last.until.saturating_add(SignedDuration::from_millis(1)).unwrap_or(Timestamp::MAX)
        }
        None => Timestamp::MIN,
    };
    let mut tries = 1;
    let audited = loop {
        let at = app.now().max(now);
        reconcile_once(app, at).await?;
        // Nothing is decided meanwhile.
        let deciding = app.deciding.lock().await;
        let audited = audit(&app.store, app.live(), since, at).await?;
        drop(deciding);
        if audited.divergences == 0 || tries == TRIES {
            break audited;
        }
        tries += 1;
    };
    app.store.note_audit(audited.clone(), now).await?;
    if audited.divergences == 0 {
        info!(audit.letters = audited.letters, "{}", headline(&audited));
    } else {
        error!(audit.divergences = audited.divergences, "a autoconferência achou divergências");
    }
    tell(app, &audited, now).await?;
    Ok(Some(audited))
}

/// One mail a day; where nothing was found, the page of the day says so instead, if it is written.
async fn tell(app: &App, audited: &Audited, now: Timestamp) -> Result<(), StoreError> {
    let page_says_it = app.live().setup.config.roster.offices.daily_page;
    if audited.divergences == 0 && page_says_it {
        return Ok(());
    }
    let text = words(audited, &app.live().calendar.hours.zone);
    let topic = if audited.divergences == 0 { "autoconferencia" } else { topic::AUDIT };
    alert_once(app, topic, text, now).await
}
