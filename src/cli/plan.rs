//! `plano`: the page of the day for people; for programs what a pass would do now.

use super::session::{Answer, Result, Session, remark, say};
use crate::render::line::event_line;
use crate::render::{day, portuguese};
use crate::store::RefusedConfiguration;
use crate::world::ailment::Ailment;
use crate::world::health::{Facts, ailments, standstills};
use crate::world::live::Live;
use crate::world::overview::Overview;
use crate::world::{aside, today};

/// What a pass would do now, what is held, what left and what comes next.
pub(super) async fn plano(session: &Session) -> Result {
    let now = session.now();
    let zone = &session.setup.config.calendar.hours.zone;
    let store = session.ledger().await?;
    let mut amiss = Vec::new();
    if let Some(store) = &store {
        let live = Live::under(session.setup.clone(), session.calendar());
        if session.other_instant().is_none() {
            let facts = Facts::read(store, &live, false, now).await?;
            amiss = ailments(&facts);
            for trouble in standstills(&facts) {
                remark(&format!("aviso: {}", trouble.words(zone)));
            }
        }
        // What is held was said at once, and the answer is of what rules.
        let said =
            |aside: &RefusedConfiguration| aside.letters.is_none() && session.as_of().knows(aside.since);
        if let Some(aside) = store.configuration_refused().await?.filter(said) {
            remark(&format!("aviso: {}", aside::words(&aside, zone)));
        }
    }
    let read = Box::pin(session.decided(store.as_ref(), &[])).await?;
    let overview = Overview::of(read, store.as_ref(), None, session.as_of()).await?;
    let Live { calendar, setup, .. } = &*overview.known.live;
    if session.json {
        let decides = !amiss.iter().any(Ailment::keeps_from_deciding);
        let actions = overview.plan.actions.iter().filter(|_| decides);
        let lines: Vec<String> = actions.map(|d| event_line(now, d, calendar)).collect();
        if !lines.is_empty() {
            say(&lines.join("\n"));
        }
        return Ok(Answer::Done);
    }
    let page = today::of(&overview, store.as_ref(), &amiss).await?;
    let title = format!("plano em {}\n", portuguese::instant(now, zone));
    say(&(title + &day::text(&page, calendar, &setup.config.roster)));
    Ok(Answer::Done)
}
