//! Letters, written: what a decision says becomes the exact bytes that will leave, on every processor.

use std::collections::HashMap;
use std::num::NonZeroU16;
use std::sync::Arc;

use jiff::Timestamp;
use tracing::error;

use super::live::Live;
use crate::domain::id::{MunicipalityCode, WindowId};
use crate::domain::notice::NoticeKey;
use crate::domain::status::{Freshness, StatusEntry};
use crate::mail::message::{self, MessageContent};
use crate::mail::token;
use crate::plan::{Decision, Notice};
use crate::render::because::because;
use crate::render::letter::{self, Context, Letter, TemplateFault};
use crate::store::{NewDecision, NewLetter, Store, StoreError};
use crate::telemetry::chain;

/// The Message-IDs that letters of a window refer to, read once for each window of a pass.
#[derive(Default)]
pub struct Threads(HashMap<WindowId, HashMap<MunicipalityCode, Vec<String>>>);

impl Threads {
    /// What the letters of these decisions refer to, each its own.
    async fn of(&mut self, store: &Store, decision: &Decision) -> Result<Vec<String>, StoreError> {
        let Decision::Send(sending) = decision else { return Ok(Vec::new()) };
        let NoticeKey::Municipal { window, municipality, .. } = &sending.notice.key else {
            return Ok(Vec::new());
        };
        if !self.0.contains_key(window) {
            self.0.insert(window.clone(), store.message_ids(window).await?);
        }
        let ids = self.0.get(window).and_then(|window| window.get(municipality));
        Ok(ids.cloned().unwrap_or_default())
    }
}

/// A decision with what its letter refers to and what it rests on.
struct Task {
    decision: Decision,
    references: Vec<String>,
    evidence: Vec<(StatusEntry, Freshness)>,
}

/// Writes the letters of some decisions. A letter that cannot be written is logged and its decision left out: the next
/// pass tries again.
pub async fn write_all(
    live: &Arc<Live>,
    store: &Store,
    threads: &mut Threads,
    decisions: Vec<(Decision, Vec<(StatusEntry, Freshness)>)>,
    now: Timestamp,
) -> Result<Vec<NewDecision>, StoreError> {
    let mut tasks = Vec::with_capacity(decisions.len());
    for (decision, evidence) in decisions {
        let references = threads.of(store, &decision).await?;
        tasks.push(Task { decision, references, evidence });
    }
    let mut changes = Vec::with_capacity(tasks.len());
    let hands = std::thread::available_parallelism().map_or(1, usize::from);
    let share = tasks.len().div_ceil(hands).max(1);
    let mut writing = Vec::with_capacity(hands);
    while !tasks.is_empty() {
        let rest = tasks.split_off(share.min(tasks.len()));
        let share = std::mem::replace(&mut tasks, rest);
        let live = live.clone();
        writing.push(tokio::task::spawn_blocking(move || write_share(&live, share, now)));
    }
    for written in writing {
        match written.await {
            Ok(written) => changes.extend(written),
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
    Ok(changes)
}

fn write_share(live: &Live, tasks: Vec<Task>, now: Timestamp) -> Vec<NewDecision> {
    tasks.into_iter().filter_map(|task| write(live, task, now)).collect()
}

fn write(live: &Live, task: Task, now: Timestamp) -> Option<NewDecision> {
    let Task { decision, references, evidence } = task;
    let letter = match &decision {
        Decision::Send(sending) => match compose(live, &sending.notice, sending.version, &references, now) {
            Ok(letter) => Some(letter),
            Err(failure) => {
                error!(notice.key = %sending.notice.key, error = %chain(&*failure), "a carta não pôde ser escrita");
                return None;
            }
        },
        Decision::Withhold(_) | Decision::Close(_) | Decision::Publish(_) => None,
    };
    let because = because(decision.because(), &live.calendar);
    Some(NewDecision { decision, because, letter, evidence })
}

/// Renders one version of a notice and writes it as a message.
///
/// # Errors
/// A template that fails with these facts, or a message that cannot be written.
pub fn compose(
    live: &Live,
    notice: &Notice,
    version: NonZeroU16,
    references: &[String],
    now: Timestamp,
) -> Result<NewLetter, Box<dyn std::error::Error + Send + Sync>> {
    let name = notice.key.to_string();
    message_of(live, notice, rendered(live, notice)?, &name, version, references, now)
}

/// What stands above a letter that is only a test.
const TEST: &str = "TESTE: esta mensagem só experimenta o envio. O que segue é um exemplo e não diz nada da situação real de \
                    nenhum município.";

/// A letter that nobody can take for a real one: marked TESTE in its subject and at the head of its text, and under a
/// name of its own, so that nothing that comes back is taken for an answer to the letter itself.
pub fn compose_test(
    live: &Live,
    notice: &Notice,
    name: &NoticeKey,
    now: Timestamp,
) -> Result<NewLetter, Box<dyn std::error::Error + Send + Sync>> {
    let mut letter = rendered(live, notice)?;
    letter.subject = format!("TESTE: {}", letter.subject);
    letter.text = format!("{TEST}\n\n{}", letter.text);
    // At the head of the page's body, or of the whole where a template has none.
    let at = letter
        .html
        .find("<body")
        .and_then(|body| Some(body + letter.html[body..].find('>')? + 1))
        .unwrap_or(0);
    letter.html.insert_str(at, &format!("<p><strong>{TEST}</strong></p>"));
    message_of(live, notice, letter, &name.to_string(), NonZeroU16::MIN, &[], now)
}

fn rendered(live: &Live, notice: &Notice) -> Result<Letter, TemplateFault> {
    let config = &live.setup.config;
    let context =
        Context { calendar: &live.calendar, roster: &config.roster, secretariat: &config.secretariat };
    letter::letter(&live.setup.templates, &context, notice)
}

fn message_of(
    live: &Live,
    notice: &Notice,
    letter: Letter,
    name: &str,
    version: NonZeroU16,
    references: &[String],
    now: Timestamp,
) -> Result<NewLetter, Box<dyn std::error::Error + Send + Sync>> {
    let config = &live.setup.config;
    let domain = config.secretariat.sender.domain();
    let message_id = token::message_id(name, version.get(), domain);
    let bytes = message::compose(&MessageContent {
        from: &config.secretariat,
        to: &notice.to,
        message_id: &message_id,
        references,
        date: now,
        zone: live.calendar.hours.zone.time_zone(),
        subject: &letter.subject,
        text: &letter.text,
        html: &letter.html,
        table: letter.table.as_ref().map(|table| (table.name.as_str(), table.csv.as_str())),
        read_receipt: config.secretariat.read_receipts && notice.key.municipality().is_some(),
    })?;
    Ok(NewLetter { message_id, subject: letter.subject, bytes })
}
