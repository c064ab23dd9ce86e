//! A person's word on a snapshot: what it changes, and where it can be read.

use vigia_suas::desk::why;
use vigia_suas::domain::id::WindowId;
use vigia_suas::plan::day::DayPage;
use vigia_suas::world::ailment::Ailment;
use vigia_suas::world::overview::{AsOf, Overview};
use vigia_suas::world::{health, last_good, today};

use super::*;

/// What was concluded fell by half between two loads, which nobody believes yet.
async fn fallen() -> Office {
    let mut office = Office::listed().await;
    office.host.put("/lista.csv", Answer::page(office.list(|_| "sim")));
    office.go_to(november(26)).await;
    for day in [28, 29, 30] {
        office.host.put("/lista.csv", Answer::page(office.list(|n| if n < 6 { "nao" } else { "sim" })));
        assert_eq!(office.go_to(november(day)).await, 0);
        assert_eq!(office.last().await.verdict, Verdict::Quarantined);
    }
    office
}

#[tokio::test]
async fn a_quarantined_load_that_a_person_believes_sends_letters() {
    let mut office = fallen().await;
    let loads = office.snapshots().await;
    // Twelve hours apart, as any reversal must be.
    for load in loads[..3].iter().rev() {
        let told = office.site.ok(&[
            "fonte",
            "aceitar",
            load.id.as_str(),
            "--motivo",
            "o MDS reabriu",
            "--autor",
            "ana",
        ]);
        assert!(told.contains("aceita:") && told.contains("teste/2001"), "{told}");
    }
    assert_eq!(office.deliver().await, 6);
    let code = office.codes()[0].to_string();
    for line in [vec!["porque", &code, "teste/2001"], vec!["livro"], vec!["fontes", "lista"]] {
        let told = office.site.ok(&line);
        assert!(told.contains("ana") && told.contains("o MDS reabriu"), "{line:?}: {told}");
        assert!(told.contains(loads[0].id.as_str()), "{line:?}: {told}");
    }
    let folder = office.site.data().join("dossie");
    office.site.ok(&["dossie", &code, "--saida", folder.to_str().unwrap()]);
    let page = fs::read_to_string(folder.join("dossie.html")).unwrap();
    assert!(page.contains("aceitar a coleta") && page.contains("o MDS reabriu"));
    assert!(office.site.ok(&["livro", "conferir"]).starts_with("livro íntegro"));
}

#[tokio::test]
async fn porque_of_another_day_tells_nothing_that_came_later() {
    let mut office = fallen().await;
    let load = office.last().await.id;
    let words = ["fonte", "aceitar", load.as_str(), "--motivo", "o MDS reabriu", "--autor", "ana"];
    office.site.ok(&words);
    office.deliver().await;
    let (live, store) = (office.app.live(), &office.app.store);
    let (code, window) = (office.codes()[0], WindowId::parse("teste/2001").unwrap());
    let account = async |as_of: AsOf| {
        let scene = Overview::load(live.clone(), Some(store), None, as_of).await.unwrap();
        why::gather((&scene.known, &scene.plan), Some(store), code, &window, as_of).await.unwrap().unwrap()
    };
    let later = account(AsOf::Now(office.app.now())).await;
    assert_eq!(later.rulings.len(), 1);
    let then = later.rulings[0].by.at - jiff::SignedDuration::from_secs(1);
    let earlier = account(AsOf::Then(then)).await;
    assert!(earlier.rulings.is_empty() && earlier.journal.iter().all(|entry| entry.at <= then));
    assert!(
        earlier.explained.line.iter().flat_map(|line| &line.letters).all(|letter| letter.decided_at <= then)
    );
}

#[tokio::test]
async fn a_quarantine_is_told_once_on_the_page_of_the_day_and_not_on_that_of_a_day_before_it() {
    let office = fallen().await;
    let (live, store, now) = (office.app.live(), &office.app.store, office.app.now());
    let amiss = health::examine(store, &live, false, now).await.unwrap().ailments;
    assert!(amiss.iter().any(|one| matches!(one, Ailment::FeedQuarantined { .. })), "{amiss:?}");
    let told = |page: &DayPage| page.tasks.iter().filter(|task| task.what.contains("quarentena")).count();
    for amiss in [&amiss[..], &[]] {
        let (_, page) = today::gather(live.clone(), Some(store), amiss, now).await.unwrap();
        assert_eq!(told(&page), 1, "{:?}", page.tasks);
        assert!(page.feeds[0].quarantine.is_some());
    }
    let (_, page) = today::gather(live.clone(), Some(store), &[], now).await.unwrap();
    let command = page.tasks.iter().find_map(|task| task.command.as_deref());
    assert_eq!(command, Some("vigia-suas fontes lista"));
    // What was quarantined then is so on the page of then, whatever became of it since; what came later is not.
    let page_of = async |at| {
        let then = Overview::load(live.clone(), Some(store), None, AsOf::Then(at)).await.unwrap();
        let page = today::of(&then, Some(store), &[]).await.unwrap();
        (told(&page), page.feeds[0].quarantine.is_some())
    };
    assert_eq!(page_of(now).await, (1, true));
    assert_eq!(page_of(now - jiff::SignedDuration::from_hours(72)).await, (0, false));
}

#[tokio::test]
async fn a_refused_load_no_longer_counts_and_does_not_come_back_by_itself() {
    let mut office = Office::listed().await;
    office.host.put("/lista.csv", Answer::page(office.list(|_| "sim")));
    office.go_to(november(27)).await;
    let wrong = office.list(|n| if n < 1 { "nao" } else { "sim" });
    office.host.put("/lista.csv", Answer::page(wrong));
    office.go_to(november(28)).await;
    office.go_to(november(29)).await;
    for load in office.snapshots().await.iter().take(2) {
        assert_eq!(load.verdict, Verdict::Accepted);
        let id = load.id.as_str();
        office.site.ok(&["fonte", "recusar", id, "--motivo", "mês errado", "--autor", "ana"]);
    }
    assert_eq!(office.go_to(november(30)).await, 0, "what was known before rules again");
    let last = office.last().await;
    assert_eq!(last.verdict, Verdict::Quarantined);
    assert!(last.reasons[0].contains("recusada por ana: mês errado"), "{:?}", last.reasons);
}

#[tokio::test]
async fn what_cannot_be_ruled_on_is_refused_with_a_hint() {
    let mut office = Office::listed().await;
    office.host.put("/lista.csv", Answer::page("<html></html>"));
    office.go_to(november(27)).await;
    let unreadable = office.last().await.id.to_string();
    for (id, verb, words) in [
        (unreadable.as_str(), "aceitar", "nada pôde ser lido"),
        (unreadable.as_str(), "recusar", "já está em quarentena"),
        ("lista-1", "aceitar", "não há coleta"),
    ] {
        let output = office.site.run(&["fonte", verb, id, "--motivo", "x", "--autor", "ana"]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains(words) && told.contains("dica:"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_can_be_tried_without_leaving_a_trace() {
    let office = Office::listed().await;
    office.host.put("/lista.csv", Answer::page(office.list(|n| if n < 9 { "sim" } else { "nao" })));
    let told = office.site.ok(&["fonte", "experimentar", "lista", "--em", "2026-11-27T10:00"]);
    for words in ["seria aceita: 12 linhas, 12 municípios; nada foi gravado", "teste/2001: 9 concluído"] {
        assert!(told.contains(words), "{told}");
    }
    assert!(office.snapshots().await.is_empty());
    office.host.put("/lista.csv", Answer::page("<html></html>"));
    let output = office.site.run(&["fonte", "experimentar", "lista", "--em", "2026-11-27T10:00"]);
    assert_eq!(output.status.code(), Some(1));
    office.host.put("/lista.csv", Answer::status(404));
    let output = office.site.run(&["fonte", "experimentar", "lista", "--em", "2026-11-27T10:00"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8(output.stderr).unwrap().contains("o servidor respondeu 404"));
}

#[tokio::test]
async fn a_feed_that_is_switched_off_or_removed_accuses_nobody_from_then_on_and_fontes_says_since_when() {
    for gone in ["ativa = false\n", ""] {
        let mut office = Office::listed().await;
        adopt(&office).await;
        office.host.put("/lista.csv", Answer::page(office.list(|_| "nao")));
        office.go_to(november(29)).await;
        let path = office.site.config().join("fontes.toml");
        let written = fs::read_to_string(&path).unwrap();
        let off = if gone.is_empty() {
            String::new()
        } else {
            written.replace("[fonte.lista]\n", &format!("[fonte.lista]\n{gone}"))
        };
        fs::write(&path, off).unwrap();
        office.restart(november(30)).await;
        adopt(&office).await;
        assert_eq!(office.deliver().await, 0, "{gone}");
        let told = office.site.ok(&["fontes"]);
        assert!(told.contains("lista  aposentada desde 30/11/2026"), "{gone}{told}");
        assert!(office.site.ok(&["livro"]).contains("fonte aposentada: lista"), "{gone}");
        fs::write(&path, written).unwrap();
        office.restart(november(30)).await;
        adopt(&office).await;
        assert_eq!(office.deliver().await, 0, "{gone}: nothing comes back to life");
        let told = office.site.ok(&["fontes"]);
        assert!(told.contains("deixou de contar: nada vale até a próxima coleta aceita"), "{gone}{told}");
        let line: serde_json::Value =
            serde_json::from_str(office.site.ok(&["--json", "fontes"]).lines().next().unwrap()).unwrap();
        assert_eq!(
            (&line["vale"], &line["vale_desde"]),
            (&serde_json::Value::Null, &serde_json::Value::Null)
        );
        assert_eq!(office.go_to(at("2026-11-30T13:30:00Z")).await, 12, "{gone}: a new load counts");
        assert!(!office.site.ok(&["fontes"]).contains("deixou de contar"), "{gone}");
    }
}

/// As the daemon does at its start.
async fn adopt(office: &Office) {
    let setup = &office.app.live().setup;
    last_good::adopt(&office.app.store, setup, "início do serviço", office.app.now()).await.unwrap();
}
