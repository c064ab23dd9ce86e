//! A month of the country in virtual time: what the passes decide leaves through the outbox, at so many letters a minute.
//!
//! `cargo bench --bench table -- month` (`MUNICIPIOS=853 POR_MINUTO=30 DE=2026-11-01 ATE=2026-11-30` are others). Every letter is
//! recorded, claimed, marked and settled as the service does it; only the relay is missing, and takes everything. It ends with
//! failure where the ledger shows that more left in a minute than may, that a letter left outside the hours or after its
//! validity or before one that ended sooner, or that one is neither taken nor over.

use std::collections::BTreeMap;
use std::time::Instant;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use vigia_suas::domain::delivery::DeliveryState;
use vigia_suas::domain::time::SendingHours;
use vigia_suas::store::{DeliveryFilter, DeliveryLine};

use crate::measure::asked;
use crate::years::{self, Years};

/// Prints how many letters left on each day, and what became of all.
pub(crate) fn table() {
    let municipalities: usize = asked("MUNICIPIOS", "5570").parse().unwrap();
    let a_minute: usize = asked("POR_MINUTO", "30").parse().unwrap();
    let days: (Date, Date) =
        (asked("DE", "2026-11-01").parse().unwrap(), asked("ATE", "2026-11-30").parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let began = Instant::now();
    println!("{municipalities} municipalities, {} to {}, {a_minute} letters a minute\n", days.0, days.1);
    let (lines, hours, end) = runtime.block_on(month(municipalities, a_minute, days));
    show(&lines, a_minute, &hours, end);
    println!("in {:.0} s", began.elapsed().as_secs_f64());
}

async fn month(
    municipalities: usize,
    a_minute: usize,
    (from, until): (Date, Date),
) -> (Vec<DeliveryLine>, SendingHours, Timestamp) {
    let dir = tempfile::tempdir().unwrap();
    years::configure(dir.path(), municipalities, from);
    let mut years = Years::begin(dir.path(), from, until.tomorrow().unwrap()).await;
    years.a_minute = a_minute;
    let hours = years.app.live().calendar.hours.clone();
    let end = hours.zone.end_of(until);
    years.run(end).await;
    (years.app.store.deliveries(&DeliveryFilter::default()).await.unwrap(), hours, end)
}

fn show(lines: &[DeliveryLine], a_minute: usize, hours: &SendingHours, end: Timestamp) {
    let mut left: BTreeMap<Timestamp, Vec<&DeliveryLine>> = BTreeMap::new();
    let mut states: BTreeMap<DeliveryState, usize> = BTreeMap::new();
    let mut longest = SignedDuration::ZERO;
    for line in lines {
        *states.entry(line.state).or_default() += 1;
        let Some(at) = line.reached_at else {
            let waits = matches!(line.state, DeliveryState::Recorded | DeliveryState::Deferred);
            let over = line.stopped_by.is_some() || line.valid_until.is_none_or(|until| until > end);
            assert!(!waits || over, "{} was never told over", line.key);
            continue;
        };
        assert!(line.valid_until.is_none_or(|until| at < until), "{} left after its validity", line.key);
        assert_eq!(hours.next_sending(at), at, "{} left outside the hours", line.key);
        longest = longest.max(at.duration_since(line.recorded_at));
        left.entry(at).or_default().push(line);
    }
    in_order(lines, &left);
    let mut days: BTreeMap<Date, (usize, Timestamp)> = BTreeMap::new();
    for (at, gone) in &left {
        assert!(gone.len() <= a_minute, "{} letters left at {at}", gone.len());
        let day = days.entry(hours.zone.date_of(*at)).or_insert((0, *at));
        *day = (day.0 + gone.len(), *at);
    }
    println!("day        | letters | the last at\n---------- | ------- | -----------");
    for (day, (letters, last)) in &days {
        println!("{day} | {letters:>7} | {}", hours.zone.time_of(*last).strftime("%H:%M"));
    }
    println!();
    for (state, many) in states {
        println!("{state}: {many}");
    }
    println!("the longest wait: {} h", longest.as_hours());
}

/// Holds the order in which letters left: none before one that was recorded by then and ended sooner.
fn in_order(lines: &[DeliveryLine], left: &BTreeMap<Timestamp, Vec<&DeliveryLine>>) {
    let end = |line: &DeliveryLine| line.valid_until.unwrap_or(line.recorded_at);
    let mut new: Vec<&DeliveryLine> = lines.iter().filter(|line| line.reached_at.is_some()).collect();
    new.sort_by_key(|line| line.recorded_at);
    let mut new = new.into_iter().peekable();
    let mut waiting: BTreeMap<Timestamp, usize> = BTreeMap::new();
    for (at, gone) in left {
        while let Some(line) = new.next_if(|line| line.recorded_at <= *at) {
            *waiting.entry(end(line)).or_default() += 1;
        }
        for line in gone {
            *waiting.get_mut(&end(line)).unwrap() -= 1;
        }
        waiting.retain(|_, many| *many > 0);
        let last = gone.iter().map(|line| end(line)).max();
        assert!(
            waiting.keys().next().copied() >= last.filter(|_| !waiting.is_empty()),
            "at {at} one left too soon"
        );
    }
}
