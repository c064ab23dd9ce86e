//! The self-audit over a real ledger: it finds nothing in what the service did, and everything that is planted.

use std::num::NonZeroU16;

use jiff::SignedDuration;
use vigia_suas::daemon::audit::{audit_if_due, audit_once};
use vigia_suas::daemon::reconcile::reconcile_once;
use vigia_suas::domain::delivery::Outcome;
use vigia_suas::domain::id::EmailAddress;
use vigia_suas::domain::journal::Audited;
use vigia_suas::domain::notice::Recipient;
use vigia_suas::plan::{self, Decision};
use vigia_suas::store::{AttemptEnd, DeliveryFilter, NewDecision};
use vigia_suas::world::ailment::Ailment;
use vigia_suas::world::audit::audit;
use vigia_suas::world::compose::compose;
use vigia_suas::world::health::examine;
use vigia_suas::world::known::Known;
use vigia_suas::world::last_good;

use super::faults::Desk;

async fn found(desk: &Desk) -> Vec<String> {
    audit(&desk.app.store, desk.app.live(), 0, desk.app.now()).await.unwrap().told(true).found
}

#[tokio::test]
async fn the_audit_is_made_once_a_day_finds_nothing_and_says_so_in_the_journal_and_by_mail() {
    let mut desk = Desk::open(|_| {}).await;
    desk.deliver().await;
    audit_if_due(&desk.app, desk.app.now()).await.unwrap();
    assert_eq!(desk.app.store.last_audit().await.unwrap(), None, "nothing to audit on the first day");
    for day in 1..=2 {
        desk.pass_minutes(24 * 60);
        for _ in 0..2 {
            audit_if_due(&desk.app, desk.app.now()).await.unwrap();
        }
        let (at, audited) = desk.app.store.last_audit().await.unwrap().unwrap();
        assert_eq!((at, audited.divergences, audited.found), (desk.app.now(), 0, Vec::new()));
        desk.deliver().await;
        let mails = desk.relay.taken();
        let told: Vec<_> = mails.iter().filter(|mail| mail.message_id.contains("autoconferencia")).collect();
        assert_eq!(told.len(), day, "one mail a day");
        assert!(String::from_utf8_lossy(&told[0].bytes).contains("0 diverg=C3=AAncias"));
    }
    desk.check_ledger().await;
}

#[tokio::test]
async fn each_sort_of_divergence_that_is_planted_in_the_ledger_is_found_and_named() {
    let one = "(SELECT id FROM deliveries ORDER BY id LIMIT 1)";
    let key = "(SELECT notice_key FROM letters ORDER BY notice_key LIMIT 1)";
    let cases = [
        ("a letter missing", format!("DELETE FROM letters WHERE notice_key = {key}"), "foi retirada"),
        ("its notice missing", format!("DELETE FROM notices WHERE notice_key = {key}"), "foi retirado"),
        ("an address missing", format!("DELETE FROM deliveries WHERE id = {one}"), "foi retirada"),
        (
            "one too many",
            format!(
                "INSERT INTO letters SELECT notice_key, 7, kind, message_id || '7', subject, sha256, recorded_at, bytes \
                 FROM letters WHERE notice_key = {key}"
            ),
            "(versão 7) não consta do livro",
        ),
        (
            "bytes changed",
            format!(
                "UPDATE letters SET bytes = (SELECT bytes FROM letters ORDER BY notice_key DESC LIMIT 1) WHERE notice_key = {key}"
            ),
            "foi alterada (bytes)",
        ),
        (
            "wrong recipient",
            format!("UPDATE deliveries SET address = 'outra@x.es.gov.br' WHERE id = {one}"),
            "foi alterada (address)",
        ),
        (
            "said to have been taken",
            format!("UPDATE deliveries SET state = 'recusado', reached_at = NULL WHERE id = {one}"),
            "state",
        ),
        (
            "the journal changed",
            "UPDATE journal SET subject = 'x' WHERE seq = 3".to_owned(),
            "registro 3 do livro",
        ),
    ];
    for (what, sql, words) in cases {
        let mut desk = Desk::open(|_| {}).await;
        desk.deliver().await;
        assert_eq!(found(&desk).await, Vec::<String>::new());
        desk.site.tamper(&sql).await;
        let found = found(&desk).await;
        assert!(found.iter().any(|line| line.contains(words)), "{what}: {found:#?}");
    }
}

#[tokio::test]
async fn what_should_have_gone_out_and_was_never_recorded_is_found() {
    let mut desk = Desk::open(|_| {}).await;
    let missing = found(&desk).await;
    assert_eq!(missing.len(), 3, "three divulgações that no pass has recorded: {missing:#?}");
    assert!(missing.iter().all(|line| line.contains("/divulgacao/") && line.contains("deveria ter saído")));
    desk.deliver().await;
    assert_eq!(found(&desk).await, Vec::<String>::new());
}

/// Records the first letter that is to leave, to others than it would go to.
async fn record_one(desk: &Desk, change: impl FnOnce(&mut Vec<Recipient>)) {
    let (store, live, now) = (&desk.app.store, desk.app.live(), desk.app.now());
    let known = Known::load(live.clone(), store, vigia_suas::world::known::Depth::Whole, now).await.unwrap();
    let mut decision = plan::plan(&known.world(), now).actions.remove(0);
    let Decision::Send(sending) = &mut decision else { panic!("{decision:?}") };
    change(&mut sending.notice.to);
    let letter = compose(&live, &sending.notice, NonZeroU16::MIN, &[], now).unwrap();
    let because = "teste".to_owned();
    let change = NewDecision { decision, because, letter: Some(letter), evidence: Vec::new() };
    store.record_pass(now, vec![change]).await.unwrap();
}

/// One of its two addresses is corrected while the relay takes its time over the other.
#[tokio::test]
async fn a_letter_that_is_taken_back_while_it_is_on_the_wire_is_not_written_anew_once_it_was_taken() {
    let mut desk = Desk::open(|_| {}).await;
    let (store, now) = (desk.app.store.clone(), desk.app.now());
    record_one(&desk, |to| {
        let stranger = EmailAddress::parse("antes@x.es.gov.br").unwrap();
        to.push(Recipient { address: stranger, ..to[0].clone() });
    })
    .await;
    let (its, other): (Vec<_>, Vec<_>) = store
        .claim("teste", now, 100)
        .await
        .unwrap()
        .into_iter()
        .partition(|c| c.address.domain() != "x.es.gov.br");
    store.release(other).await.unwrap();
    let [claim] = store.mark_sending(its, now).await.unwrap().try_into().unwrap();
    let pass = reconcile_once(&desk.app, now).await.unwrap();
    assert_eq!(
        (pass.closed, pass.recorded),
        (1, 2),
        "taken back; the letters of the two others are recorded"
    );
    assert!(pass.stands_on.is_some(), "nothing more is to do until it is known what became of it");
    let versions = async || {
        let lines = store.deliveries(&DeliveryFilter::default()).await.unwrap();
        lines.iter().filter(|line| line.key == claim.key).map(|line| line.version).collect::<Vec<_>>()
    };
    assert_eq!(versions().await, [1, 1]);
    let end = AttemptEnd {
        claim: claim.clone(),
        outcome: Outcome::Accepted { reply: "250 ok".to_owned() },
        started_at: now,
        ended_at: now,
        next_attempt_at: None,
        rests_until: now,
    };
    store.settle(vec![end]).await.unwrap();
    desk.deliver().await;
    assert_eq!(versions().await, [1, 1]);
    assert!(desk.site.ok(&["livro", "conferir"]).starts_with("livro íntegro"));
}

#[tokio::test]
async fn a_letter_recorded_to_somebody_else_is_found_though_journal_and_tables_agree() {
    let mut desk = Desk::open(|_| {}).await;
    let (store, live) = (desk.app.store.clone(), desk.app.live());
    last_good::adopt(&store, &live.setup, "teste", desk.app.now()).await.unwrap();
    desk.pass_minutes(11);
    let now = desk.app.now();
    record_one(&desk, |to| to[0].address = EmailAddress::parse("alheia@x.es.gov.br").unwrap()).await;
    let audited = audit_once(&desk.app, now).await.unwrap().unwrap();
    assert_eq!(audited.divergences, 1, "{:#?}", audited.found);
    assert!(audited.found[0].contains("vai a endereço que não é do município"), "{:?}", audited.found);
    assert!(!audited.found[0].contains("alheia@"), "no address: {:?}", audited.found);
    let ailments = examine(&store, &live, false, now).await.unwrap().ailments;
    assert!(ailments.iter().any(|a| matches!(a, Ailment::Diverges { letters: 1, .. })), "{ailments:?}");
    let told = desk.site.ok(&["livro"]);
    assert!(told.contains("autoconferência: 1 divergência"), "{told}");
    // The next one has nothing to say of a letter that was told, so that the alarm ends.
    desk.pass_minutes(24 * 60);
    let next = audit_once(&desk.app, desk.app.now()).await.unwrap().unwrap();
    assert_eq!(next.divergences, 0, "{:#?}", next.found);
}

#[tokio::test]
async fn a_letter_that_leaves_late_is_found_by_the_audit_after_it_though_one_came_between() {
    let mut desk = Desk::open(|_| {}).await;
    let (store, now) = (desk.app.store.clone(), desk.app.now());
    reconcile_once(&desk.app, now).await.unwrap();
    let claims = store.claim("teste", now, 100).await.unwrap();
    let marked = store.mark_sending(claims, now).await.unwrap();
    let before = audit_once(&desk.app, now).await.unwrap().unwrap();
    assert_eq!(
        (before.letters, before.divergences),
        (3, 0),
        "recorded, and on the wire: {:#?}",
        before.found
    );
    let late = now + SignedDuration::from_hours(24 * 300);
    let ends = marked.iter().map(|claim| AttemptEnd {
        claim: claim.clone(),
        outcome: Outcome::Accepted { reply: "250 ok".to_owned() },
        started_at: late,
        ended_at: late,
        next_attempt_at: None,
        rests_until: late,
    });
    store.settle(ends.collect()).await.unwrap();
    // No store marks a letter so late: the mark follows what the journal tells.
    desk.site
        .tamper(&format!(
            "UPDATE deliveries SET sending_at = {} WHERE state = 'aceito'",
            late.as_millisecond()
        ))
        .await;
    desk.pass_minutes(24 * 60);
    let after = audit_once(&desk.app, desk.app.now()).await.unwrap().unwrap();
    let said = after.found.iter().filter(|line| line.contains("depois da validade")).count();
    assert_eq!((said, after.divergences), (3, 3), "{:#?}", after.found);
    let next = audit_once(&desk.app, desk.app.now()).await.unwrap().unwrap();
    assert_eq!(next.divergences, 0, "told once: {:#?}", next.found);
}

#[tokio::test]
async fn an_audit_of_the_future_keeps_no_other_away() {
    let mut desk = Desk::open(|_| {}).await;
    desk.deliver().await;
    let ahead = desk.app.now() + SignedDuration::from_hours(24 * 900);
    let made = Audited {
        until: ahead.into(),
        reached: 1,
        reached_hash: String::new(),
        letters: 0,
        divergences: 0,
        found: Vec::new(),
    };
    desk.app.store.note_audit(made, ahead).await.unwrap();
    desk.pass_minutes(24 * 60);
    audit_if_due(&desk.app, desk.app.now()).await.unwrap();
    let (at, _) = desk.app.store.last_audit().await.unwrap().unwrap();
    assert_eq!(at, desk.app.now());
}

#[tokio::test]
async fn two_that_ask_at_once_make_one_audit() {
    let mut desk = Desk::open(|_| {}).await;
    desk.deliver().await;
    desk.pass_minutes(24 * 60);
    let now = desk.app.now();
    let (one, other) = tokio::join!(audit_if_due(&desk.app, now), audit_if_due(&desk.app, now));
    one.and(other).unwrap();
    let told = desk.site.ok(&["livro"]);
    assert_eq!(told.matches("autoconferência: 0 divergências").count(), 1, "{told}");
}

#[tokio::test]
async fn a_ledger_that_cannot_be_recounted_is_a_divergence_told_and_noted_once() {
    let mut desk = Desk::open(|_| {}).await;
    desk.deliver().await;
    desk.pass_minutes(24 * 60);
    desk.site.tamper("UPDATE letters SET recorded_at = 'ontem' WHERE rowid = 1").await;
    audit_if_due(&desk.app, desk.app.now()).await.unwrap();
    let (_, audited) = desk.app.store.last_audit().await.unwrap().unwrap();
    assert_eq!(audited.divergences, 1, "{:#?}", audited.found);
    assert!(audited.found[0].contains("não pôde ser recontado"), "{:?}", audited.found);
    let told = desk.site.ok(&["livro"]);
    assert!(told.contains("autoconferencia-diverge"), "{told}");
}
