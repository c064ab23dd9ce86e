//! Calls a person: one alert per topic and day, delivered like any letter.

use std::num::NonZeroU16;

use jiff::Timestamp;
use jiff::civil::Date;

use super::app::App;
use crate::domain::notice::{AlertItem, Content, NoticeKey, Recipient};
use crate::domain::reason::Reason;
use crate::domain::roster::Role;
use crate::plan::{Decision, Notice, Sending};
use crate::render::because::because;
use crate::store::{NewDecision, StoreError};
use crate::telemetry::chain;
use crate::world::compose::compose;

/// Records an alert of that topic and day, unless there is one already.
///
/// # Errors
/// [`StoreError`].
pub async fn alert_once(app: &App, topic: &str, text: String, now: Timestamp) -> Result<(), StoreError> {
    let on = app.live().calendar.hours.zone.date_of(now);
    alert_once_on(app, topic, text, on, now).await
}

/// The same for what came about on a given civil day, so that it is told once however long it lasts.
///
/// # Errors
/// [`StoreError`].
pub async fn alert_once_on(
    app: &App,
    topic: &str,
    text: String,
    on: Date,
    now: Timestamp,
) -> Result<(), StoreError> {
    let live = app.live();
    let offices = &live.setup.config.roster.offices;
    let to: Vec<Recipient> = offices
        .alert_addresses()
        .iter()
        .map(|address| Recipient { role: Role::Alerts, address: address.clone() })
        .collect();
    let notice = Notice {
        key: NoticeKey::Service { topic: topic.to_owned(), on },
        content: Content::Alert { items: vec![AlertItem::Text(text)] },
        to,
        due_at: now,
        valid_until: None,
    };
    let version = NonZeroU16::MIN;
    match compose(&live, &notice, version, &[], now) {
        Ok(letter) => {
            let reason = Reason::StaffNeeded { notices: 1 };
            let because = because(&reason, &live.calendar);
            let decision = Decision::Send(Sending { notice, version, copies: Vec::new(), because: reason });
            let change = NewDecision { decision, because, letter: Some(letter), evidence: Vec::new() };
            app.store.record_alert(now, change).await?;
            app.mail.notify_one();
        }
        Err(failure) => {
            tracing::error!(alert.topic = topic, error = %chain(&*failure), "o alerta não pôde ser escrito");
        }
    }
    Ok(())
}
