//! `plano`: what a pass would do now.

use std::fmt::Write as _;

use super::session::{Answer, Result, Session, remark, say};
use crate::plan;
use crate::render::line::{diary_line, event_line};
use crate::render::portuguese;
use crate::world::aside;
use crate::world::health::{Facts, standstills};

/// What a pass would do now, what it withholds, and the next wake.
pub(super) async fn plano(session: &Session) -> Result {
    let known = session.known().await?;
    let now = session.now();
    let zone = &session.setup.config.calendar.hours.zone;
    if let Some(store) = session.ledger().await? {
        if session.other_instant().is_none() {
            let facts = Facts::read(&store, &known.live, false, now).await?;
            for trouble in standstills(&facts) {
                remark(&format!("aviso: {}", trouble.words(zone)));
            }
        }
        // What is held was said at once, and the answer is of what rules.
        if let Some(aside) = store.configuration_refused().await?.filter(|aside| aside.letters.is_none()) {
            remark(&format!("aviso: {}", aside::words(&aside, zone)));
        }
    }
    let world = known.world();
    let plan = plan::plan(&world, now);
    let (calendar, roster) = (&known.live.calendar, &known.live.setup.config.roster);
    if session.json {
        let lines: Vec<String> = plan.actions.iter().map(|d| event_line(now, d, calendar)).collect();
        if !lines.is_empty() {
            say(&lines.join("\n"));
        }
        return Ok(Answer::Done);
    }
    let mut out = format!("plano em {}\n", portuguese::instant(now, &calendar.hours.zone));
    let waiting = match session.ledger().await? {
        Some(store) => store.waiting(now).await?,
        None => 0,
    };
    if plan.actions.is_empty() && waiting == 0 {
        out.push_str("nada a fazer agora\n");
    }
    if waiting > 0 {
        let waiting =
            portuguese::counted(waiting, "entrega já decidida espera", "entregas já decididas esperam");
        let _ = writeln!(out, "{waiting} para sair; se demora, veja “vigia-suas saude”");
    }
    for decision in &plan.actions {
        out.push_str(&diary_line(now, decision, calendar, roster));
        out.push('\n');
    }
    let kept: Vec<_> = plan.held.iter().filter(|held| !plan.actions.contains(held)).collect();
    if !kept.is_empty() {
        out.push_str("\njá retidos antes:\n");
        for held in kept {
            out.push_str(&diary_line(now, held, calendar, roster));
            out.push('\n');
        }
    }
    if let Some(next) = plan.next_wake {
        let _ = writeln!(out, "\npróxima decisão: {}", portuguese::instant(next, &calendar.hours.zone));
    }
    say(&out);
    Ok(Answer::Done)
}
