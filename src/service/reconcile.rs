//! Decide and record: one pass over everything known.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tracing::{debug, error, info};

use super::app::{App, Live};
use super::known::Known;
use crate::domain::calendar::Window;
use crate::domain::id::{PartId, WindowId};
use crate::domain::notice::{Content, Kind, NoticeKey, Slot};
use crate::domain::plan::{self, Act, Decision, Plan};
use crate::domain::reason::Reason;
use crate::domain::status::{Entry, StatusBook};
use crate::mail::message::{self, Draft};
use crate::mail::token;
use crate::render::because::because;
use crate::render::letter::{self, Context};
use crate::store::{Change, NewLetter, Store, StoreError};
use crate::telemetry::chain;

/// What a pass came to.
#[derive(Debug, Default)]
pub struct Pass {
    /// Letters recorded, to leave.
    pub recorded: usize,
    /// Notices newly withheld.
    pub withheld: usize,
    /// Notices withdrawn, superseded or expired.
    pub closed: usize,
    /// Everything withheld now.
    pub held: usize,
    /// Letters that could not be written; each was logged.
    pub unwritten: usize,
    /// When the answer may change by itself.
    pub next_wake: Option<Timestamp>,
}

/// What a letter follows from goes out in the round after; more rounds than this find nothing new.
const MOST_ROUNDS: usize = 8;

/// Decides and records until nothing is left to do, at one `now`. Notes the pass even when it found nothing.
///
/// # Errors
/// [`StoreError`]; then the pass recorded nothing more.
pub async fn reconcile_once(app: &App, now: Timestamp) -> Result<Pass, StoreError> {
    let _one_at_a_time = app.deciding.lock().await;
    let mut pass = Pass::default();
    for _ in 0..MOST_ROUNDS {
        let known = Known::load(app.live(), &app.store, now).await?;
        let plan = plan::plan(&known.world(), now);
        pass.next_wake = plan.next_wake;
        pass.held = plan.held.len();
        if plan.actions.is_empty() || !record(app, &known, plan, now, &mut pass).await? {
            break;
        }
    }
    app.store.record_pass(now, Vec::new()).await?;
    if pass.recorded > 0 {
        app.mail.notify_one();
    }
    Ok(pass)
}

/// Writes the letters of a plan and records all of it in one transaction. Answers whether anything was recorded.
async fn record(
    app: &App,
    known: &Known,
    plan: Plan,
    now: Timestamp,
    pass: &mut Pass,
) -> Result<bool, StoreError> {
    let live = &known.live;
    let mut changes = Vec::with_capacity(plan.actions.len());
    for decision in plan.actions {
        let letter = if decision.act == Act::Send {
            let Some(letter) = write(live, &app.store, &decision, now).await? else {
                pass.unwritten += 1;
                continue;
            };
            Some(letter)
        } else {
            None
        };
        count(pass, &decision);
        let because = because(&decision.because, &live.calendar);
        let evidence = evidence(&known.status, &decision);
        changes.push(Change { decision, because, letter, evidence });
    }
    if changes.is_empty() {
        return Ok(false);
    }
    log(&changes);
    app.store.record_pass(now, changes).await?;
    Ok(true)
}

/// What the feeds said of the parts that a rung's decision speaks of, from the very book that it was made on. For a
/// decision that names no part (a warning taken back, say) all that is known of the municipality in the window.
#[must_use]
pub fn evidence(status: &StatusBook, decision: &Decision) -> Vec<Entry> {
    let NoticeKey::Municipal { window, slot: Slot::Rung { .. }, municipality } = &decision.key else {
        return Vec::new();
    };
    let parts: Vec<&PartId> = match (&decision.because, &decision.content) {
        (Reason::Unconfirmed { unconfirmed } | Reason::ReminderInstead { unconfirmed }, _)
        | (_, Some(Content::Reminder { unconfirmed, .. })) => unconfirmed.iter().map(|p| &p.part).collect(),
        (_, Some(Content::Warning { pending, .. })) => pending.iter().map(|p| &p.part).collect(),
        (_, _) => Vec::new(),
    };
    let entries = status.window(window).of(*municipality).iter();
    entries.filter(|entry| parts.is_empty() || parts.contains(&&entry.part)).cloned().collect()
}

fn count(pass: &mut Pass, decision: &Decision) {
    match decision.act {
        Act::Send => pass.recorded += 1,
        Act::Withhold => pass.withheld += 1,
        Act::Withdraw | Act::Supersede | Act::Expire => pass.closed += 1,
        Act::Publish => {}
    }
}

/// One line for each window, act and kind; one for each notice when asked for detail.
fn log(changes: &[Change]) {
    let mut counts: BTreeMap<(String, &'static str, &'static str, &'static str), usize> = BTreeMap::new();
    for Change { decision, .. } in changes {
        let window = decision.window().map(ToString::to_string).unwrap_or_default();
        let kind = decision.kind.map_or("relatorio", Kind::as_str);
        let cause = decision.because.cause().as_str();
        *counts.entry((window, decision.act.as_str(), kind, cause)).or_default() += 1;
        debug!(notice.key = %decision.key, notice.act = decision.act.as_str(), notice.cause = cause, "decisão");
    }
    for ((window, act, kind, cause), notices) in counts {
        info!(
            window.id = window,
            notice.act = act,
            notice.kind = kind,
            notice.cause = cause,
            notices,
            "decisões registradas"
        );
    }
}

/// The exact bytes of a decision's letter. One that cannot be written is logged and left for the next pass.
async fn write(
    live: &Live,
    store: &Store,
    decision: &Decision,
    now: Timestamp,
) -> Result<Option<NewLetter>, StoreError> {
    let references = match &decision.key {
        NoticeKey::Municipal { window, municipality, .. } => store.message_ids(window, *municipality).await?,
        NoticeKey::Staff { .. } | NoticeKey::Service { .. } => Vec::new(),
    };
    match compose(live, decision, &references, now) {
        Ok(letter) => Ok(Some(letter)),
        Err(failure) => {
            error!(notice.key = %decision.key, error = %chain(&*failure), "a carta não pôde ser escrita");
            Ok(None)
        }
    }
}

/// Renders a decision's letter and writes it as a message.
///
/// # Errors
/// A template that fails with these facts, or a message that cannot be written.
pub fn compose(
    live: &Live,
    decision: &Decision,
    references: &[String],
    now: Timestamp,
) -> Result<NewLetter, Box<dyn std::error::Error + Send + Sync>> {
    compose_as(live, decision, &decision.key, references, now)
}

/// The same letter as another message: what it says is the decision's, its Message-ID is that of `key`.
///
/// # Errors
/// As [`compose`].
pub fn compose_as(
    live: &Live,
    decision: &Decision,
    key: &NoticeKey,
    references: &[String],
    now: Timestamp,
) -> Result<NewLetter, Box<dyn std::error::Error + Send + Sync>> {
    let config = &live.setup.config;
    let context =
        Context { calendar: &live.calendar, roster: &config.roster, secretariat: &config.secretariat };
    let letter = letter::letter(&live.setup.templates, &context, decision)?;
    let domain = config.secretariat.sender.domain();
    let message_id = token::message_id(&key.to_string(), decision.version.max(1), domain);
    let bytes = message::compose(&Draft {
        from: &config.secretariat,
        to: &decision.to,
        message_id: &message_id,
        references,
        date: now,
        zone: live.calendar.hours.zone.time_zone(),
        subject: &letter.subject,
        text: &letter.text,
        html: &letter.html,
        read_receipt: config.secretariat.read_receipts && key.municipality().is_some(),
    })?;
    Ok(NewLetter { message_id, subject: letter.subject, bytes })
}

/// The windows worth reporting on: those open now, and those closed not long ago that this ledger has followed.
#[must_use]
pub fn reported_windows(known: &Known, now: Timestamp) -> Vec<WindowId> {
    let zone = &known.live.calendar.hours.zone;
    let lingers = crate::domain::time::hours_after(now, -24 * 45);
    let ends_at = |window: &Window| window.latest_deadline().map(|d| d.instant(zone));
    known
        .windows
        .iter()
        .filter(|window| zone.start_of(window.opens_on) <= now)
        .filter(|window| match ends_at(window) {
            None => true,
            Some(at) => at > now || (at >= lingers && known.ledger.window(&window.id).is_some()),
        })
        .map(|window| window.id.clone())
        .collect()
}
