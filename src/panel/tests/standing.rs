//! What stands now is worked out beforehand; days that are over are kept.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_while_it_is_worked_out_sees_what_stood_with_its_time_and_then_what_stands() {
    let (house, service) = House::quiet(House::few).await;
    let panel = house.here().await;
    let note = "O livro pode contar mais do que esta página, de 05/11/2026 às 10:00.";
    let window = "/janela/rma/2026-10";
    let before = page(&panel, window).await.2;
    assert!(!before.contains(note) && !before.contains("na fila"), "{before}");
    service.once().await.unwrap();
    *panel.now.rests_until.lock().unwrap() = Some(Instant::now() + Duration::from_hours(1));
    tokio::time::sleep(FRESH).await;
    let behind = until(async || page(&panel, window).await.2, |text| text.contains(note)).await;
    assert!(behind.contains("Visto em 05/11/2026 às 10:00"), "{behind}");
    *panel.now.rests_until.lock().unwrap() = None;
    tokio::time::sleep(FRESH).await;
    let now = until(async || page(&panel, window).await.2, |text| !text.contains(note)).await;
    assert_ne!(now, before, "the letters of the pass are there");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_is_worked_out_before_anybody_asks() {
    let house = House::build().await;
    let panel = house.here().await;
    let stop = CancellationToken::new();
    let mut kept = tokio::task::JoinSet::new();
    kept.spawn(panel.clone().keep_standing(stop.clone()));
    let last = || panel.now.last.lock().unwrap().clone();
    until(async || last().is_some_and(|last| last.history.is_some()), |is_there| *is_there).await;
    stop.cancel();
    kept.join_next().await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_waits_for_no_history_and_whoever_asks_for_that_has_it_read_once() {
    let (house, _service) = House::quiet(House::few).await;
    let panel = house.here().await;
    let scene = panel.scene(None).await.ok().unwrap();
    let last = || panel.now.last.lock().unwrap().clone().unwrap();
    assert!(last().history.is_none(), "the first page needs none");
    let (one, other) = tokio::join!(panel.history(&scene), panel.history(&scene));
    let (one, other) = (one.ok().unwrap(), other.ok().unwrap());
    assert!(Arc::ptr_eq(&one, &other));
    assert!(Arc::ptr_eq(&last().scene, &scene), "what stands is not worked out again");
    assert!(last().history.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, &one)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_letters_of_a_window_are_kept_while_what_is_known_stands_and_then_read_anew() {
    let (house, service) = House::quiet(House::few).await;
    let panel = house.here().await;
    let window = WindowId::parse("rma/2026-10").unwrap();
    let scene = panel.scene(None).await.ok().unwrap();
    let none = panel.letters(&scene, &window).await.ok().unwrap();
    let other = WindowId::parse("rma/2026-09").unwrap();
    assert!(panel.letters(&scene, &other).await.ok().unwrap().is_empty(), "another window has its own");
    assert!(none.is_empty(), "{none:?}");
    service.once().await.unwrap();
    let later = until(async || panel.scene(None).await.ok().unwrap(), |now| !Arc::ptr_eq(now, &scene)).await;
    let some = panel.letters(&later, &window).await.ok().unwrap();
    assert!(!some.is_empty());
    assert!(Arc::ptr_eq(&some, &panel.letters(&later, &window).await.ok().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_cannot_be_read_is_said_to_whoever_asks_and_read_again_by_the_next() {
    let house = House::build().await;
    let panel = house.here().await;
    panel.ledger.close().await;
    assert_eq!(page(&panel, "/").await.0, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(page(&panel, "/").await.0, StatusCode::INTERNAL_SERVER_ERROR, "nobody is kept waiting for it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_is_over_is_worked_out_once_and_the_last_three_are_kept() {
    let house = House::build().await;
    let panel = house.here().await;
    let at = |day: i8| now() - jiff::SignedDuration::from_hours(24 * i64::from(day));
    let day = async |n: i8| panel.scene(Some(at(n))).await.ok().unwrap();
    let first = day(1).await;
    assert!(Arc::ptr_eq(&first, &day(1).await));
    let page = panel.day(&first).await.ok().unwrap();
    assert!(Arc::ptr_eq(&page, &panel.day(&first).await.ok().unwrap()));
    let (second, _, _) = (day(2).await, day(3).await, day(1).await);
    day(4).await;
    assert!(Arc::ptr_eq(&first, &day(1).await), "asked for again a moment ago");
    assert!(!Arc::ptr_eq(&second, &day(2).await), "three others were asked for since");
}
