//! The self-audit: what should have gone out until now, worked out anew and held against the ledger, letter by letter.
//!
//! Three looks that share nothing but the journal. Every row of every table with proof value is held against what the
//! journal tells (a letter missing, one too many, bytes or an address changed). The plan is made anew over a ledger worked
//! out from the journal alone, where the passes read the tables: right after a pass that found nothing more to do, it
//! must find nothing either. And each letter since the last audit is held against rules that need no plan: nobody is
//! accused of what no accepted row says, nothing leaves late or twice a day, and no letter goes to somebody else.
//!
//! What is held at once is what still matters: a window that is over is let go as soon as it was checked.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::known;
use super::live::Live;
use super::start;
use crate::domain::calendar::Window;
use crate::domain::id::WindowId;
use crate::domain::journal::{Act, Audited};
use crate::domain::notice::NoticeKey;
use crate::domain::overrides::Overrides;
use crate::domain::status::StatusBook;
use crate::domain::time::Zone;
use crate::plan::audit::{self, Divergence};
use crate::plan::frontier::{self, Frontier};
use crate::plan::ledger::Ledger;
use crate::plan::{self, CLOCK_TOLERANCE, Plan, World};
use crate::proof::Recount;
use crate::render::portuguese as pt;
use crate::store::{Store, StoreError};

/// So many divergences are named; the rest is counted.
const MOST_NAMED: usize = 50;
/// A configuration in force may be the old one for as long as a pass lasts.
const SETTLING: SignedDuration = SignedDuration::from_mins(10);

/// What one look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    until: Timestamp,
    reached: u64,
    reached_hash: String,
    letters: usize,
    /// What is amiss whatever was going on meanwhile.
    lasting: Vec<String>,
    /// What the plan would still do: a divergence only if nothing has changed since the pass that found nothing.
    unrecorded: Vec<String>,
}

/// Audits the ledger as it stands after a pass at `now` that found nothing more to do. `after`: the entry of the journal that
/// the last audit reached; what was told until then was held against the rules then.
pub async fn audit(
    store: &Store,
    live: std::sync::Arc<Live>,
    after: u64,
    now: Timestamp,
) -> Result<Findings, StoreError> {
    let overrides = store.overrides().await?;
    let all = known::windows(&live.calendar, now);
    let (mut recount, mut plan) = anew(store, &live, &overrides, after, &all, now, &BTreeSet::new()).await?;
    let zone = &live.calendar.hours.zone;
    // What falls due on one day is counted over every window.
    if let Some(day) = plan.counted_from {
        let late: BTreeSet<_> = frontier::due_since(&all, day, zone).cloned().collect();
        if !recount.over.is_disjoint(&late) {
            (recount, plan) = anew(store, &live, &overrides, after, &all, now, &late).await?;
        }
    }
    let roster = &live.setup.config.roster;
    let mut lasting = recount.report.faults();
    let unrecorded = audit::unrecorded(&plan.actions);
    let mut rules = audit::broken_rules(&recount.letters, zone);
    if let Some(kept) = store.configuration_in_force().await? {
        // Of letters written under another roster this one says nothing.
        let settled = kept.since.saturating_add(SETTLING).unwrap_or(Timestamp::MAX);
        let written: Vec<_> = recount.written.into_iter().filter(|to| to.recorded_at >= settled).collect();
        rules.extend(audit::strangers(&written, roster));
    }
    let words = |divergence: &Divergence| divergence_words(divergence, zone);
    lasting.extend(rules.iter().map(words));
    Ok(Findings {
        until: now,
        reached: recount.reached,
        reached_hash: recount.reached_hash,
        letters: recount.report.letters,
        lasting,
        unrecorded: unrecorded.iter().map(words).collect(),
    })
}

/// The ledger worked out from the journal, and the plan made over it. A window of which the rules themselves find, over all
/// that is told of it, that nothing can be decided any more is let go once it was checked, but for those to keep.
async fn anew(
    store: &Store,
    live: &Live,
    overrides: &Overrides,
    after: u64,
    all: &[Window],
    now: Timestamp,
    keep: &BTreeSet<WindowId>,
) -> Result<(Recount, Plan), StoreError> {
    // Every world of `live` has it from here on.
    start::roster(live, store, now).await?;
    let waited: BTreeSet<&WindowId> = all.iter().filter_map(|window| window.depends_on.as_ref()).collect();
    let is_over = |id: &WindowId, ledger: &Ledger, status: StatusBook| {
        let Ok(place) = all.binary_search_by(|window| window.id.cmp(id)) else { return false };
        let window = &all[place..=place];
        let status = known::counting(live, status);
        !keep.contains(id)
            && !waited.contains(id)
            && window[0].depends_on.is_none()
            && Frontier::is_over(&world(live, overrides, window, ledger, &status), now, &window[0])
    };
    let mut recount = store.recount(after, is_over).await?;
    // As the passes read it.
    recount.ledger = recount.ledger.believed(now);
    let left: Vec<Window> = all.iter().filter(|window| !recount.over.contains(&window.id)).cloned().collect();
    let ids = left.iter().map(|window| window.id.clone()).collect();
    let status = known::counting(live, store.status_of(&ids).await?);
    plan::elsewhere::count(&mut recount.ledger, &live.calendar, &left, overrides);
    let plan = plan::plan(&world(live, overrides, &left, &recount.ledger, &status), now);
    Ok((recount, plan))
}

fn world<'a>(
    live: &'a Live,
    overrides: &'a Overrides,
    windows: &'a [Window],
    ledger: &'a Ledger,
    status: &'a StatusBook,
) -> World<'a> {
    World {
        calendar: &live.calendar,
        windows,
        roster: &live.setup.config.roster,
        roster_at_start: live.roster_at_start.get().and_then(Option::as_deref),
        status,
        // Every record was made in the pass before.
        status_then: None,
        overrides,
        ledger,
    }
}

impl Findings {
    /// Those of a ledger that cannot even be recounted.
    pub fn unreadable(after: u64, now: Timestamp, why: &str) -> Self {
        let lasting = vec![format!("o livro não pôde ser recontado: {why}")];
        Self {
            until: now,
            reached: after,
            reached_hash: String::new(),
            letters: 0,
            lasting,
            unrecorded: Vec::new(),
        }
    }

    /// Whether nothing was found at all.
    pub fn is_clean(&self) -> bool {
        self.lasting.is_empty() && self.unrecorded.is_empty()
    }

    /// The same as the journal tells it. `stood`: whether nothing changed between the pass and the end of the look.
    pub fn told(self, stood: bool) -> Audited {
        let mut found = self.lasting;
        if stood {
            found.extend(self.unrecorded);
        }
        let divergences = found.len();
        found.truncate(MOST_NAMED);
        Audited {
            until: self.until.into(),
            reached: self.reached,
            reached_hash: self.reached_hash,
            letters: self.letters as u64,
            divergences: divergences as u64,
            found,
        }
    }
}

/// Whether an audit of this instant counts now. One of the future was made by a clock that was wrong, and would keep the
/// next ones away for as long.
pub fn counts(at: Timestamp, now: Timestamp) -> bool {
    at.duration_since(now) <= CLOCK_TOLERANCE
}

fn divergence_words(divergence: &Divergence, zone: &Zone) -> String {
    match divergence {
        Divergence::Unrecorded { key, act, due_at } => format!(
            "{}: {}, devida em {}, e o livro não tem isso",
            key,
            match act {
                Act::Send => "deveria ter saído",
                Act::Withhold => "deveria estar retida",
                Act::Withdraw | Act::Supersede | Act::Expire => "não deveria mais sair",
                Act::Publish => "deveria estar publicado",
            },
            pt::instant(*due_at, zone)
        ),
        Divergence::Accuses { key, part } => {
            format!("{key}: cobra {part} sem linha aceita que diga pendente")
        }
        Divergence::Late { key, left_at } => {
            format!("{key}: saiu em {}, depois da validade", pt::instant(*left_at, zone))
        }
        Divergence::Second { key, first, on } => {
            format!("{key}: segunda carta de {} ao mesmo município, depois de {first}", pt::date(*on))
        }
        Divergence::Stranger { key } => format!("{key}: vai a endereço que não é {}", whose(key)),
    }
}

fn whose(key: &NoticeKey) -> &'static str {
    match key {
        NoticeKey::Municipal { .. } => "do município",
        NoticeKey::Staff { .. } | NoticeKey::Service { .. } => "de quem ela é",
    }
}

/// The audit in one line, as the page of the day and the mail to staff begin.
pub fn headline(audit: &Audited) -> String {
    let count = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    format!(
        "autoconferência: {} ({})",
        match audit.divergences {
            0 => "0 divergências".to_owned(),
            some => pt::counted(count(some), "divergência", "divergências"),
        },
        pt::counted(count(audit.letters), "carta comparada", "cartas comparadas")
    )
}

/// The whole of it, as staff are told. `waiting`: how many letters wait to leave.
pub fn words(audit: &Audited, waiting: usize, zone: &Zone) -> String {
    let until = pt::instant(*audit.until, zone);
    if audit.divergences == 0 {
        return format!(
            "{}, até {until}. Tudo o que devia ser escrito consta do livro, e o livro confere com o registro. {} na fila. \
             Se um dia esta mensagem não vier, confira o serviço: vigia-suas saude",
            headline(audit),
            match waiting {
                0 => "Nenhuma carta espera".to_owned(),
                some => pt::counted(some, "carta espera", "cartas esperam"),
            }
        );
    }
    let rest = usize::try_from(audit.divergences).unwrap_or(usize::MAX).saturating_sub(audit.found.len());
    let more = if rest > 0 { format!("\n- e mais {rest}: vigia-suas livro conferir") } else { String::new() };
    format!(
        "{}, até {until}:\n- {}{more}\nO que fazer: não mude nada; guarde uma cópia da pasta de dados, rode “vigia-suas \
         livro conferir” e avise o suporte.",
        headline(audit),
        audit.found.join("\n- ")
    )
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn findings(lasting: usize, unrecorded: usize) -> Findings {
        let lines = |what: &str, n: usize| (0..n).map(|n| format!("{what} {n}")).collect();
        Findings {
            until: "2026-12-23T11:00:00Z".parse().unwrap(),
            reached: 9,
            reached_hash: "ab".repeat(32),
            letters: 3,
            lasting: lines("falta", lasting),
            unrecorded: lines("devida", unrecorded),
        }
    }

    #[test]
    fn what_the_plan_would_still_do_counts_only_where_nothing_changed_since_the_pass() {
        assert!(!findings(0, 1).is_clean() && !findings(1, 0).is_clean() && findings(0, 0).is_clean());
        let told = findings(1, 2).told(true);
        assert_eq!((told.divergences, told.reached, told.found.len()), (3, 9, 3));
        let told = findings(1, 2).told(false);
        assert_eq!((told.divergences, told.found), (1, vec!["falta 0".to_owned()]));
        let told = findings(MOST_NAMED + 7, 0).told(false);
        assert_eq!((told.divergences, told.found.len()), (MOST_NAMED as u64 + 7, MOST_NAMED));
    }

    #[test]
    fn the_mail_says_what_was_checked_and_what_waits() {
        let zone = Zone::new(TimeZone::UTC);
        let told = findings(0, 0).told(true);
        let said = words(&told, 2, &zone);
        assert!(
            said.contains("devia ser escrito consta do livro") && said.contains("2 cartas esperam na fila"),
            "{said}"
        );
        assert!(words(&told, 0, &zone).contains("Nenhuma carta espera na fila"));
        let said = words(&findings(MOST_NAMED + 7, 0).told(true), 0, &zone);
        assert!(said.contains("e mais 7: vigia-suas livro conferir"), "{said}");
    }
}
