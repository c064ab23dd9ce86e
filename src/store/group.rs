//! Many senders, one disk: what they settle and mark at the same moment is one transaction.
//!
//! A sender that ends one letter and begins the next asks for both at once, and all who ask while the disk is busy
//! share the next commit. So the ledger costs about one commit for as many letters as there are connections, and a
//! crash still leaves at most one letter *enviando* for each.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{Notify, oneshot};

use super::chain::Chain;
use super::settle::Ends;
use super::witness::Witness;
use super::{AttemptEnd, Claim, DeliveryId, Settlement, Store, StoreError, outbox};
use crate::database::db::{Db, apart};

/// What was recorded, and which of the claims may be sent.
type Done = (Vec<Settlement>, Vec<Claim>);

/// One sender's request.
#[derive(Debug)]
struct Step {
    settled: Vec<AttemptEnd>,
    claims: Vec<Claim>,
    now: Timestamp,
}

/// Those who ask together.
#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    queue: Arc<Mutex<Queue>>,
    turn: Arc<tokio::sync::Mutex<()>>,
    everybody_is_here: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<(Step, oneshot::Sender<Result<Done, StoreError>>)>,
    /// Letters marked and not settled: whose senders will ask soon.
    on_the_wire: usize,
    last_commit: Duration,
}

/// Others are waited for at least so long, while their letters are on the wire: the timer knows nothing shorter.
const PATIENCE: Duration = Duration::from_millis(1);

impl Store {
    /// Records what attempts came to and marks the next claims *enviando*, durably, in one transaction, which senders
    /// that ask at the same time share. Answers what became of each attempt, in order, and which of the claims may be
    /// sent: the others were stopped, ran out of their validity, or were taken by somebody else meanwhile.
    ///
    /// # Errors
    /// A fault of the database, twice; then none of the claims may be sent, and asking again records what is not recorded yet.
    pub async fn settle_and_mark(
        &self,
        settled: Vec<AttemptEnd>,
        claims: Vec<Claim>,
        now: Timestamp,
    ) -> Result<(Vec<Settlement>, Vec<Claim>), StoreError> {
        if settled.is_empty() && claims.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let (answer, is_first) = self.group.ask(Step { settled, claims, now });
        if is_first {
            let (group, db, witness) = (self.group.clone(), self.db.clone(), self.witness.clone());
            apart(async move { group.answer_all(&db, &witness).await });
        }
        answer.await.unwrap_or(Err(StoreError::Interrupted))
    }
}

impl Group {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Also answers whether nobody waits for a turn yet: then whoever asks takes it, for all who come until it begins.
    fn ask(&self, step: Step) -> (oneshot::Receiver<Result<Done, StoreError>>, bool) {
        let (done, answer) = oneshot::channel();
        let mut queue = self.queue();
        queue.on_the_wire = queue.on_the_wire.saturating_sub(step.settled.len());
        let is_first = queue.waiting.is_empty();
        queue.waiting.push((step, done));
        if queue.on_the_wire == 0 {
            self.everybody_is_here.notify_waiters();
        }
        (answer, is_first)
    }

    /// Waits for its turn and answers everybody who asked until then.
    async fn answer_all(&self, db: &Db, witness: &Arc<Witness>) {
        let _turn = self.turn.lock().await;
        self.wait_for_others().await;
        let asked = std::mem::take(&mut self.queue().waiting);
        let (steps, answers): (Vec<Step>, Vec<_>) = asked.into_iter().unzip();
        let began = Instant::now();
        let done = match write(db, witness, &steps).await {
            Err(_) => {
                // One of them may be at fault, or a commit is done and its answer was lost: each is asked alone. What it
                // settled is settled, and what it marked is marked for the same claim.
                let mut done = Vec::with_capacity(steps.len());
                for step in &steps {
                    let one = write(db, witness, std::slice::from_ref(step)).await;
                    done.push(one.map(|mut one| one.remove(0)));
                }
                done
            }
            Ok(done) => done.into_iter().map(Ok).collect(),
        };
        let mut queue = self.queue();
        queue.last_commit = began.elapsed();
        for ((step, answer), done) in steps.into_iter().zip(answers).zip(done) {
            let done = done.map(|(settlements, marked)| {
                let may_go = step.claims.into_iter().filter(|claim| marked.contains(&claim.lease()));
                (settlements, may_go.collect::<Vec<_>>())
            });
            queue.on_the_wire += done.as_ref().map_or(0, |(_, marked)| marked.len());
            // A caller that is gone does not need to be told.
            let _ = answer.send(done);
        }
    }

    /// Those whose letters are on the wire are given half a commit's time to come too.
    async fn wait_for_others(&self) {
        let everybody_is_here = self.everybody_is_here.notified();
        let mut everybody_is_here = std::pin::pin!(everybody_is_here);
        everybody_is_here.as_mut().enable();
        let (nobody, patience) = {
            let queue = self.queue();
            (queue.on_the_wire == 0 || queue.waiting.is_empty(), PATIENCE.max(queue.last_commit / 2))
        };
        if !nobody {
            // Whoever does not come in time has the next turn.
            let _ = tokio::time::timeout(patience, everybody_is_here).await;
        }
    }
}

/// One transaction for all. For each step: what became of each attempt, and which claims may be sent.
async fn write(
    db: &Db,
    witness: &Arc<Witness>,
    steps: &[Step],
) -> Result<Vec<(Vec<Settlement>, HashSet<(DeliveryId, i64)>)>, StoreError> {
    let Some(now) = steps.first().map(|step| step.now) else { return Ok(Vec::new()) };
    let ends = Ends::of(steps.iter().flat_map(|step| &step.settled));
    let known = witness.known().await?;
    let mut opening = Witness::asked(known.as_ref());
    opening.append(ends.settling());
    let (mut tx, found) = db.begin_quietly_with(opening).await?;
    let mut found = found.into_iter();
    // What is on the disk so far: the ledger never stands behind its witness.
    let (seq, head) = witness.note_found(known, &mut found, now).await?;
    let mut chain = Chain::after(seq, head);
    let (recorded, mut closing) = ends.record(&mut tx, &mut chain, found).await?;
    if recorded.contacts_changed {
        db.note_change();
    }
    let claims: Vec<(&Claim, Timestamp)> =
        steps.iter().flat_map(|step| step.claims.iter().map(|claim| (claim, step.now))).collect();
    closing.append(chain.writing());
    let before = closing.len();
    closing.append(outbox::marking(&claims));
    let rows = tx.commit_with(closing).await?;
    witness.put_meanwhile(chain.end(), now).await;
    let mut marked = outbox::marked(rows.into_iter().skip(before))?;
    let mut settlements = recorded.settlements.into_iter();
    Ok(steps
        .iter()
        .map(|step| {
            let own = settlements.by_ref().take(step.settled.len()).collect();
            // Each claim is marked for one of those who ask.
            (own, step.claims.iter().filter_map(|claim| marked.take(&claim.lease())).collect())
        })
        .collect())
}
