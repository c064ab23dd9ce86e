//! The one gate: what every new configuration passes before it takes over, whoever brings it: a start, SIGHUP, files that
//! changed. `aplicar` and `prorrogar` judge by the same effects before they write.
//!
//! What contradicts the ledger is refused. What has a large effect is held, and the last good configuration rules until
//! a person lets it in (`aplicar --confirmar N`), the files are put back, or they are changed to something small. The
//! first configuration of a ledger has nothing to be held against, and is adopted.

use jiff::Timestamp;

use crate::config::Mode;
use crate::render::contrast as table;
use crate::store::{HeldConfiguration, Store, StoreError};
use crate::world::amend;
use crate::world::contrast::{ContrastError, compare};
use crate::world::last_good::{self, LastGood, RefusedFiles};
use crate::world::seat;
use crate::world::setup::Setup;

/// So many rows of letters are shown in a log line or an alert; `aplicar` shows all.
const ROWS: usize = 40;

/// What becomes of a new configuration.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It takes over.
    Adopt,
    /// It waits for a person.
    Hold(HeldConfiguration),
    /// It contradicts the ledger, or cannot be taken over as things are.
    Refuse(RefusedFiles),
}

/// Judges what is to take the place of what is in force over a ledger.
pub(super) async fn judge(
    store: &Store,
    in_force: Option<&Setup>,
    new: &Setup,
    now: Timestamp,
) -> Result<Verdict, ContrastError> {
    let moves = in_force.is_some_and(|old| !new.keeps(&old.database()));
    let edits = if moves { None } else { amend::silent_edits(store, in_force, new).await? };
    if let Some(faults) = edits {
        return Ok(Verdict::Refuse(RefusedFiles { fingerprint: new.config.fingerprint.clone(), faults }));
    }
    let Some(in_force) = in_force.filter(|old| old.config.fingerprint != new.config.fingerprint) else {
        return Ok(Verdict::Adopt);
    };
    if store.consent_to(&new.sources.digest(), now).await?.is_some() {
        return Ok(Verdict::Adopt);
    }
    let compared = compare(in_force, Some(store), new, now, None).await?;
    let effects = table::effects(&compared.effects);
    if effects.is_empty() {
        return Ok(Verdict::Adopt);
    }
    let rosters = [&new.config.roster, &in_force.config.roster];
    let page = table::page(&compared, &new.config.calendar, rosters, None, Some(ROWS));
    let table = format!("  {}\n{page}", effects.join("\n  "));
    let fingerprint = new.config.fingerprint.clone();
    Ok(Verdict::Hold(HeldConfiguration { fingerprint, letters: compared.letters(), effects, table }))
}

/// What rules over the ledger of a configuration before that is let in, if it still can. Where the ledger lay when it came
/// into force does not matter: it may have moved, and each machine has its own `dados`.
pub(super) async fn in_force(
    store: &Store,
    wanted: &Setup,
    now: Timestamp,
) -> Result<Option<LastGood>, StoreError> {
    let kept = last_good::of(store, wanted.directory.as_deref(), now).await?;
    let kept = kept.map(|kept| kept.over_the_ledger_of(wanted));
    Ok(kept.filter(|kept| kept.setup.keeps(store.path())))
}

/// The server and schema, where the ledger there is another service's: what rules over it has no municipality in common with
/// what is to rule. A copied `[banco]` does that. Ended by another `esquema`; no consent lets it in.
pub(super) async fn of_another_service(
    store: &Store,
    wanted: &Setup,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let Some(server) = store.server() else { return Ok(None) };
    let Some(kept) = last_good::of(store, wanted.directory.as_deref(), now).await? else { return Ok(None) };
    let theirs = &kept.setup.config.roster.municipalities;
    let is_shared = wanted.config.roster.municipalities.keys().any(|code| theirs.contains_key(code));
    Ok((!is_shared && !theirs.is_empty()).then_some(server))
}

/// Whether a start may go over from one ledger to another. A rehearsal that somebody asks for by hand, once or by a
/// variable, stands beside the service and replaces nothing.
pub(super) fn may_replace(setup: &Setup, once: bool) -> bool {
    let by_hand = once || setup.sources.has_variable("VIGIA_MODO");
    !by_hand || setup.config.settings.mode == Mode::Production
}

/// At a start: judges files that name another ledger than the one that the service keeps. Answers what rules there, and
/// what is held, where they are not let in.
pub(super) async fn judge_move(
    new: &Setup,
    now: Timestamp,
) -> Result<Option<(Setup, HeldConfiguration)>, ContrastError> {
    let Some(path) = last_good::kept_ledger(new) else { return Ok(None) };
    let store = match seat::open(&path, now).await {
        // It went where the files say: what rules is asked there.
        Err(StoreError::Moved { new: there, .. }) if new.keeps(&there) => return Ok(None),
        other => other?,
    };
    let kept = last_good::of(&store, new.directory.as_deref(), now).await?;
    let kept = kept.and_then(|kept| kept.found_at(&path));
    let verdict = match &kept {
        Some(kept) => judge(&store, Some(&kept.setup), new, now).await?,
        None => Verdict::Adopt,
    };
    let held = match (verdict, kept) {
        (Verdict::Hold(held), Some(kept)) => Some((kept.setup, held)),
        (Verdict::Adopt | Verdict::Refuse(_) | Verdict::Hold(_), _) => {
            // Used up: to come back to this ledger's next change is another question.
            store.use_up_consents().await?;
            None
        }
    };
    store.close().await;
    Ok(held)
}

/// A held configuration in the operators' words, where nobody goes on without it.
pub(super) fn refusal(held: &HeldConfiguration) -> String {
    format!(
        "a configuração nova tem efeito grande e não foi adotada\n{}\ndica: se é isso mesmo, rode “vigia-suas aplicar \
         --confirmar {}”",
        held.table, held.letters
    )
}
