//! What years of history cost a pass, and whoever looks at what is open or was: nothing. Counted in the steps of the
//! database's own machine, which nothing else on the computer changes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use vigia_suas::daemon::reconcile::reconcile_once;
use vigia_suas::desk::why;
use vigia_suas::plan::account::{View, summarise};
use vigia_suas::plan::post::Post;
use vigia_suas::plan::summary::WindowSummary;
use vigia_suas::plan::{Plan, history, plan};
use vigia_suas::world::known::Known;
use vigia_suas::world::overview::{AsOf, Overview};
use vigia_suas::world::{amend, today};

use crate::support::years::{self, Years};

/// What of a look at the ledger each thing costs, in steps.
type Costs = BTreeMap<&'static str, u64>;

fn days(number: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * number)
}

async fn costs(years: &Years, at: Timestamp) -> Costs {
    let (app, live) = (&years.app, years.app.live());
    let store = Some(&app.store);
    let work = app.store.count_work().await.unwrap();
    let mut costs = Costs::new();
    // The first may still keep what the last letters came to.
    let log = live.setup.database().with_extension("db-wal");
    let mut before = Vec::new();
    // What a pass asks for at once goes to whichever connection is free, and the first time there takes more: the least
    // of four is what it costs.
    let mut least = u64::MAX;
    for minutes in 1..=4 {
        before = std::fs::read(&log).unwrap();
        let _before = work.take().await.unwrap();
        let pass = reconcile_once(app, at + SignedDuration::from_mins(minutes)).await.unwrap();
        assert_eq!((pass.recorded, pass.withheld, pass.closed), (0, 0, 0), "nothing is due");
        least = least.min(work.take().await.unwrap());
    }
    let is_same = std::fs::read(&log).unwrap() == before;
    assert!(is_same, "nothing is written: the heartbeat notes a pass that found what the one before found");
    costs.insert("pass", least);

    let overview = Overview::load(live.clone(), store, None, AsOf::Now(at)).await.unwrap();
    assert_eq!(overview.windows.len(), 5, "two windows are open, and three closed not long ago");
    costs.insert("situacao", work.take().await.unwrap());
    today::of(&overview, store, &[]).await.unwrap();
    costs.insert("the page of the day", work.take().await.unwrap());
    overview.history(store).await.unwrap();
    costs.insert("historico", work.take().await.unwrap());

    let (code, window) = (years::code(1), overview.windows[0].window.clone());
    let also = std::slice::from_ref(&window);
    let Overview { known, plan, .. } =
        Overview::with(live.clone(), store, also, AsOf::Now(at)).await.unwrap();
    why::gather((&known, &plan), store, code, &window, AsOf::Now(at)).await.unwrap().unwrap();
    costs.insert("porque", work.take().await.unwrap());

    let past = Overview::load(live.clone(), store, None, AsOf::Then(at - days(3))).await.unwrap();
    assert_eq!(past.windows.len(), 5, "as three days ago");
    costs.insert("situacao --em", work.take().await.unwrap());

    // A calendar in which one window is otherwise.
    let mut other = live.setup.clone();
    let mut opened_sooner = live.calendar.window(&window).unwrap();
    opened_sooner.opens_on = opened_sooner.opens_on.yesterday().unwrap();
    other.config.calendar.declared.push(opened_sooner);
    for (name, new) in [("verificar", &live.setup), ("recarga", &other)] {
        let _ = amend::silent_edits(&app.store, Some(&live.setup), new).await.unwrap();
        costs.insert(name, work.take().await.unwrap());
    }
    app.store.attempts_since(at - days(1)).await.unwrap();
    costs.insert("attempts of a day", work.take().await.unwrap());
    costs
}

/// What is shown of a past day is what everything that was ever said shows.
async fn the_past_is_what_it_was(years: &Years, until: Timestamp) {
    let (app, live) = (&years.app, years.app.live());
    let none = BTreeSet::new();
    let mut letters = 0;
    for ago in [1, 20, 95, 200, 370] {
        let then = AsOf::Then(until - days(ago));
        let some = Overview::load(live.clone(), Some(&app.store), None, then).await.unwrap();
        let all =
            Known::as_known(live.clone(), &app.store, (Timestamp::MIN, &none), then.at()).await.unwrap();
        assert!(all.windows.len() > some.known.windows.len() || ago > 300, "something was left out");
        let plan = plan(&all.world(), then.at());
        let all = Overview::of((all, plan), Some(&app.store), None, then).await.unwrap();
        assert_eq!(format!("{:?}", some.windows), format!("{:?}", all.windows), "{ago} days ago");
        assert_eq!(some.plan.held, all.plan.held, "{ago} days ago");
        let day = async |overview| format!("{:?}", today::of(overview, Some(&app.store), &[]).await.unwrap());
        assert_eq!(day(&some).await, day(&all).await, "{ago} days ago");
        // Who had filled in is read without the letters, where those change nothing of it.
        let full = history::history(&all.known.world(), then.at());
        assert_eq!(some.history(Some(&app.store)).await.unwrap(), full, "{ago} days ago");
        let states = |windows: &[WindowSummary]| -> Vec<_> {
            let lines = windows.iter().flat_map(|window| &window.lines);
            lines.map(|line| (line.municipality, line.state, line.parts.clone())).collect()
        };
        let before = today::before(&some, Some(&app.store)).await.unwrap();
        let since = today::looks_back_to(&some);
        let all = Known::as_known(live.clone(), &app.store, (Timestamp::MIN, &none), since).await.unwrap();
        let (world, decided, post) = (all.world(), Plan::default(), Post::default());
        let view = View { world: &world, plan: &decided, post: &post, now: since };
        let shown = some.windows.iter();
        let full: Vec<_> = shown.filter_map(|summary| summarise(view, &summary.window)).collect();
        assert_eq!(states(&before), states(&full), "{ago} days ago");
        letters += some.windows.iter().flat_map(|w| &w.lines).map(|line| line.letters.len()).sum::<usize>();
    }
    assert!(letters > 50, "there is something to be shown: {letters}");
}

/// The history is of twelve references, though a pass reads none of them.
async fn the_history_is_of_twelve_references(years: &Years, at: Timestamp) {
    let (app, live) = (&years.app, years.app.live());
    let overview = Overview::load(live, Some(&app.store), None, AsOf::Now(at)).await.unwrap();
    let lines = overview.history(Some(&app.store)).await.unwrap();
    let monthly = lines.iter().find(|line| line.system.as_str() == "rma").unwrap();
    assert_eq!(monthly.references.len(), 12, "of seventeen that closed");
}

/// One ledger serves for all of it: making it is what takes the time.
#[tokio::test(flavor = "multi_thread")]
async fn years_of_history_cost_a_look_nothing_and_are_shown_as_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let (from, until) = (date(2020, 1, 1), date(2026, 12, 31));
    years::configure(dir.path(), 4, from);
    let mut years = Years::begin(dir.path(), from, until).await;
    let mut of_years = Vec::new();
    let mut letters = Vec::new();
    for year in [2021, 2023] {
        // The same evening of the year: the windows that are open are the same, and nothing leaves.
        let at = format!("{year}-07-07T23:00:00Z").parse().unwrap();
        years.run(at).await;
        of_years.push(Box::pin(costs(&years, at)).await);
        letters.push(years.letters);
        if year == 2021 {
            Box::pin(the_past_is_what_it_was(&years, at)).await;
            the_history_is_of_twelve_references(&years, at).await;
        }
    }
    assert!(letters[1] > 2 * letters[0], "there is history: {letters:?}");
    let [second, fourth] = [&of_years[0], &of_years[1]];
    assert_eq!(second["pass"], fourth["pass"], "after {letters:?} letters");
    for (name, steps) in second {
        // What closed not long ago has a letter more or less, as its days fall; and the history is of twelve references,
        // which no system but the monthly one has so soon.
        let most = if *name == "historico" { 20 } else { 11 };
        assert!(fourth[name] * 10 <= steps * most, "{name}: {of_years:?} after {letters:?} letters");
    }
}
