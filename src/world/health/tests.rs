//! What is amiss of which facts.

use jiff::ToSpan as _;
use jiff::tz::TimeZone;

use super::*;
use crate::domain::journal::Channel;
use crate::domain::time::Zone;

fn well(now: Timestamp) -> Facts {
    Facts {
        now,
        signs: Signs {
            born_at: Some(now - 48.hours()),
            last_pass_at: Some(now),
            heartbeat_at: Some(now),
            high_water: Some(now),
            relay_failing_since: None,
            panel_failing: None,
            leap: None,
            stop: None,
            journal_seq: 1,
            journal_hash: String::new(),
        },
        in_force: None,
        doubt: None,
        has_panel: false,
        waiting: 0,
        overdue: None,
        refused: None,
        is_faulty: false,
        feeds: Vec::new(),
        alerts_refused: None,
        channels: Vec::new(),
        loops: Vec::new(),
        backup: None,
        audit: Some((now - 1.hour(), audit(now, 0))),
        leader: None,
    }
}

fn audit(at: Timestamp, divergences: u64) -> Audited {
    Audited {
        until: at.into(),
        reached: 1,
        reached_hash: "ab".repeat(32),
        letters: 7,
        divergences,
        found: Vec::new(),
    }
}

/// One fact, and what it brings about.
type Case = (fn(&mut Facts), fn(&Ailment) -> bool);

#[test]
fn every_fact_that_is_amiss_is_told_with_what_to_do_and_nothing_else_is() {
    let now: Timestamp = "2026-12-01T13:00:00Z".parse().unwrap();
    let zone = Zone::new(TimeZone::UTC);
    assert_eq!(ailments(&well(now)), []);
    let cases: [Case; 11] = [
        (|f| f.signs.heartbeat_at = Some(f.now - 21.minutes()), |a| matches!(a, Ailment::Silent { .. })),
        (|f| f.audit = Some((f.now, audit(f.now, 2))), |a| matches!(a, Ailment::Diverges { letters: 2, .. })),
        (|f| f.audit = None, |a| matches!(a, Ailment::Unaudited { since: None })),
        (
            |f| f.audit = Some((f.now + 9000.hours(), audit(f.now, 0))),
            |a| matches!(a, Ailment::Unaudited { since: None }),
        ),
        (
            |f| f.audit = Some((f.now - 27.hours(), audit(f.now, 0))),
            |a| matches!(a, Ailment::Unaudited { since: Some(_) }),
        ),
        (
            |f| {
                f.loops = vec![LoopProgress {
                    name: "envio".to_owned(),
                    moved_at: f.now - 90.minutes(),
                    hangs_at: f.now - 30.minutes(),
                    noted_at: f.now - 1.minute(),
                }];
            },
            |a| matches!(a, Ailment::Hung { .. }),
        ),
        (
            |f| {
                let failure = "o webhook respondeu 404".to_owned();
                f.channels = vec![ChannelFailure { channel: Channel::Webhook, since: f.now, failure }];
            },
            |a| matches!(a, Ailment::ChannelFails(_)),
        ),
        (
            |f| f.alerts_refused = Some((f.now - 1.hour(), 2)),
            |a| matches!(a, Ailment::AlertsRefused { alerts: 2, .. }),
        ),
        (|f| f.feeds = vec![feed(f.now, 3, None, 1)], |a| matches!(a, Ailment::FeedFails { .. })),
        (
            |f| f.feeds = vec![feed(f.now, 0, Some(f.now), 1)],
            |a| matches!(a, Ailment::FeedQuarantined { .. }),
        ),
        (|f| f.feeds = vec![feed(f.now, 2, None, 0)], |a| matches!(a, Ailment::FeedStale { .. })),
    ];
    for (n, (change, is_it)) in cases.into_iter().enumerate() {
        let mut facts = well(now);
        change(&mut facts);
        let found = ailments(&facts);
        assert!(found.len() == 1 && is_it(&found[0]), "case {n}: {found:?}");
        let words = found[0].words(&zone);
        assert!(words.contains("\n  dica: ") && !found[0].line(&zone).contains('\n'), "{words}");
    }
}

fn feed(now: Timestamp, failures: u32, quarantined_at: Option<Timestamp>, left: i64) -> FeedFacts {
    FeedFacts {
        feed: FeedId::parse("lista").unwrap(),
        fetched_at: Some(now - 30.hours()),
        stale_at: Some(now + left.hours()),
        failures,
        failure: (failures > 0).then(|| "não respondeu".to_owned()),
        quarantined_at,
        doubted: None,
        readable: None,
        unheard: None,
    }
}

#[test]
fn a_service_that_stands_still_or_is_dead_misses_no_audit() {
    let now: Timestamp = "2026-12-01T13:00:00Z".parse().unwrap();
    let mut facts = Facts { audit: None, ..well(now) };
    facts.signs.high_water = Some(now + 1.hour());
    assert!(matches!(ailments(&facts)[..], [Ailment::ClockBehind { .. }]));
    facts.signs.high_water = None;
    facts.signs.heartbeat_at = None;
    assert_eq!(ailments(&facts), [Ailment::NeverAlive]);
}

#[test]
fn who_leads_is_said_with_since_when_and_how_long_ago_it_gave_a_sign() {
    let now: Timestamp = "2026-12-01T13:00:00Z".parse().unwrap();
    let seconds = |n| Some(std::time::Duration::from_secs(n));
    let leads = |lag, rest| {
        let leader = Leader {
            name: "suas-1 (processo 7)".to_owned(),
            epoch: 3,
            since: now - 1.hour(),
            rest,
            lag,
            is_assured: true,
            is_self: false,
        };
        Facts { leader: Some(leader), ..well(now) }.leads(&Zone::new(TimeZone::UTC)).unwrap()
    };
    let begins = "quem envia é suas-1 (processo 7), desde 01/12/2026";
    for (lag, rest, ends) in [
        (seconds(3), seconds(17), " (última troca, época 3), e deu sinal há 3 s"),
        (seconds(45), None, " (última troca, época 3), e não responde há 45 s: outro pode assumir"),
        (None, None, " (última troca, época 3), e parou e deixou o lugar: outro pode assumir"),
    ] {
        let said = leads(lag, rest);
        assert!(said.starts_with(begins) && said.ends_with(ends), "{said}");
    }
    assert_eq!(well(now).leads(&Zone::new(TimeZone::UTC)), None, "a ledger in a file has one place");
}
