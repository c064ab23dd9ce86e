//! From a message to the ledger, and on to the next role.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::clock::Clock;
use crate::daemon::lifecycle::Service;
use crate::domain::calendar::Audience;
use crate::domain::delivery::DeliveryState;
use crate::domain::id::{MunicipalityCode, SystemId, WindowId};
use crate::plan::ledger::Standing;
use crate::store::{DeliveryFilter, DeliveryLine};
use crate::world::setup::Setup;

const VITORIA: &str = "3205309";

/// A rehearsal whose divulgação goes to the SMAS alone.
struct Story {
    dir: TempDir,
    service: Service,
}

impl Story {
    async fn begin() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let now = "2026-12-01T13:00:00Z".parse().unwrap();
        let mut setup = Setup::shipped(now);
        let config = &mut setup.config;
        config.settings.data = dir.path().to_owned();
        config.settings.returns = Some(dir.path().join("caixa"));
        for folder in ["caixa/new", "caixa/cur"] {
            fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        let rma = config.calendar.systems.get_mut(&SystemId::parse("rma").unwrap()).unwrap();
        rma.announce_to = vec![Audience::Smas];
        let service = Service::start(setup, Clock::Fixed(now)).await.unwrap();
        let story = Self { dir, service };
        story.service.once().await.unwrap();
        story
    }

    fn app(&self) -> &App {
        &self.service.app
    }

    /// The deliveries of Vitória's divulgação.
    async fn lines(&self) -> Vec<DeliveryLine> {
        let filter = DeliveryFilter {
            window: Some(WindowId::parse("rma/2026-11").unwrap()),
            municipality: Some(MunicipalityCode::parse(VITORIA).unwrap()),
        };
        self.app().store.deliveries(&filter).await.unwrap()
    }

    async fn standing(&self) -> Standing {
        let ledger = self.app().store.ledger().await.unwrap();
        let window = ledger.window(&WindowId::parse("rma/2026-11").unwrap()).unwrap();
        window.of(MunicipalityCode::parse(VITORIA).unwrap())[0].standing
    }

    async fn fates(&self, message: &str) -> Vec<Fate> {
        let message = RawMessage::read(&mut message.as_bytes(), bounce::LARGEST).unwrap();
        let found = return_once(self.app(), Origin::Pipe, message, self.app().now()).await.unwrap();
        found.iter().map(|f| f.fate).collect()
    }

    /// How many alerts of that topic were recorded.
    async fn alerts(&self, topic: &str) -> usize {
        let all = self.app().store.deliveries(&DeliveryFilter::default()).await.unwrap();
        all.iter().filter(|l| matches!(&l.key, NoticeKey::Service { topic: t, .. } if t == topic)).count()
    }

    fn deliver(&self, name: &str, message: &[u8]) {
        fs::write(self.dir.path().join("caixa/new").join(name), message).unwrap();
    }

    fn put_away(&self) -> Vec<String> {
        let names = fs::read_dir(self.dir.path().join("caixa/cur")).unwrap();
        let mut names: Vec<String> =
            names.map(|n| n.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

/// A failure of `line`'s letter, told about `to`.
fn failure(line: &DeliveryLine, to: &str) -> String {
    format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.invalid\r\nSubject: Undelivered Mail Returned to Sender\r\n\
         Auto-Submitted: auto-replied\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.invalid\r\n\r\n\
         Final-Recipient: rfc822; {to}\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 quem?\r\n\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {}\r\n\r\n--b--\r\n",
        line.message_id
    )
}

fn receipt(line: &DeliveryLine) -> String {
    format!(
        "From: {to}\r\nSubject: Lida: x\r\nContent-Type: multipart/report; boundary=b;\r\n \
         report-type=disposition-notification\r\n\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\n\
         Final-Recipient: rfc822; {to}\r\nOriginal-Message-ID: {}\r\n\
         Disposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--b--\r\n",
        line.message_id,
        to = line.address
    )
}

#[tokio::test]
async fn a_hard_bounce_of_the_only_address_brings_the_letter_to_the_next_role() {
    let story = Story::begin().await;
    let [line] = &story.lines().await[..] else { panic!("one address") };
    assert_eq!((line.state, line.role.to_string().as_str()), (DeliveryState::Accepted, "smas"));

    assert_eq!(story.fates(&failure(line, line.address.as_str())).await, [Fate::Bounced]);
    assert_eq!(
        story.fates(&failure(line, line.address.as_str())).await,
        [Fate::Known],
        "told twice, noted once"
    );
    assert_eq!(story.standing().await, Standing::Failed);
    let flagged = story.app().store.flagged().await.unwrap();
    assert_eq!(flagged.iter().map(|f| &f.address).collect::<Vec<_>>(), [&line.address]);
    assert!(
        flagged[0].why.starts_with("5.1.1 smtp; 550 5.1.1 quem? (aviso de mx.invalid; sha256 "),
        "{flagged:?}"
    );

    story.service.once().await.unwrap();
    let lines = story.lines().await;
    let seen: Vec<(String, u16, DeliveryState)> =
        lines.iter().map(|l| (l.role.to_string(), l.version, l.state)).collect();
    assert_eq!(
        seen,
        [("smas".to_owned(), 1, DeliveryState::Bounced), ("cmas".to_owned(), 2, DeliveryState::Accepted)]
    );
    assert!(lines[1].message_id.contains(".v2@"), "{}", lines[1].message_id);
    assert!(story.app().store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn a_receipt_shows_the_letter_as_read_and_a_later_failure_does_not_undo_it_and_goes_to_a_person() {
    let story = Story::begin().await;
    let line = story.lines().await.remove(0);
    assert_eq!(story.fates(&receipt(&line)).await, [Fate::Read]);
    assert_eq!(story.lines().await[0].state, DeliveryState::Read);
    assert_eq!(story.fates(&failure(&line, line.address.as_str())).await, [Fate::Contradictory]);
    assert_eq!(story.alerts("devolucoes").await, 1);
    assert!(matches!(story.standing().await, Standing::Sent { .. }));
    assert_eq!(story.app().store.flagged().await.unwrap(), []);
}

#[tokio::test]
async fn a_report_about_a_letter_that_was_taken_changes_nothing_and_asks_nobody() {
    let story = Story::begin().await;
    let line = story.lines().await.remove(0);
    for (action, fate) in
        [("delayed", Fate::Delayed), ("delivered", Fate::Delivered), ("relayed", Fate::Delivered)]
    {
        let report =
            failure(&line, line.address.as_str()).replace("Action: failed", &format!("Action: {action}"));
        assert_eq!(story.fates(&report).await, [fate]);
    }
    let unread = receipt(&line).replace("; displayed", "; deleted");
    assert_eq!(story.fates(&unread).await, [Fate::Unread]);
    assert_eq!(story.lines().await, [line]);
    assert_eq!(story.alerts("devolucoes").await, 0);
}

#[test]
fn a_receipt_of_another_person_of_the_house_is_told_in_words_of_its_own() {
    let key = NoticeKey::parse("rma/2026-11/divulgacao/3205309").unwrap();
    let words = |noted: Noted, fate| finding(noted, fate, "o motivo").words;
    let receipt = words(Noted::Ambiguous(key.clone()), Fate::Read);
    assert!(
        receipt.contains("a confirmação não vem de nenhum deles") && !receipt.contains("falhou"),
        "{receipt}"
    );
    assert!(words(Noted::Ambiguous(key), Fate::Bounced).contains("qual deles falhou"));
}

#[tokio::test]
async fn a_failure_after_forwarding_is_that_of_the_only_address() {
    let story = Story::begin().await;
    let line = story.lines().await.remove(0);
    assert_eq!(story.fates(&failure(&line, "caixa-pessoal@outro.invalid")).await, [Fate::Bounced]);
    assert_eq!(story.lines().await[0].state, DeliveryState::Bounced);
}

#[tokio::test]
async fn what_no_letter_explains_flags_nobody_and_is_told_to_staff_once_a_day() {
    let story = Story::begin().await;
    let line = story.lines().await.remove(0);
    let stranger = DeliveryLine { message_id: "<forjado@example.org>".to_owned(), ..line.clone() };
    assert_eq!(story.fates(&failure(&stranger, line.address.as_str())).await, [Fate::NoLetter]);
    assert_eq!(story.fates("From: a@b.invalid\r\nSubject: oi\r\n\r\noi\r\n").await, [Fate::Unrecognised]);
    assert_eq!(story.fates("").await, [Fate::Unrecognised]);
    assert_eq!(
        story.fates("From: a@b.invalid\r\nAuto-Submitted: auto-replied\r\n\r\nvolto já\r\n").await,
        [Fate::AutoReply]
    );
    assert_eq!(story.app().store.flagged().await.unwrap(), []);
    assert_eq!(story.alerts("devolucoes").await, 1);
    assert_eq!(story.lines().await[0].state, DeliveryState::Accepted);
}

#[tokio::test]
async fn the_mailbox_is_emptied_into_cur_and_what_needs_a_person_stays_unread() {
    let story = Story::begin().await;
    let line = story.lines().await.remove(0);
    story.deliver("1.bounce", failure(&line, line.address.as_str()).as_bytes());
    story.deliver("2.person", b"From: a@b.invalid\r\nSubject: oi\r\n\r\noi\r\n");
    story.deliver("3.large", &vec![b'x'; 50_000_000]);
    let mut mailbox = Mailbox::default();
    assert_eq!(mailbox.collect_once(story.app()).await.unwrap(), 3);
    assert_eq!(mailbox.collect_once(story.app()).await.unwrap(), 0);
    assert_eq!(story.put_away(), ["1.bounce:2,S", "2.person:2,F", "3.large:2,F"]);
    let kept = fs::metadata(story.dir.path().join("caixa/cur/3.large:2,F")).unwrap();
    assert_eq!(kept.len(), 50_000_000, "nothing is lost of what was not read");
    assert_eq!(story.lines().await[0].state, DeliveryState::Bounced);
}

#[tokio::test]
async fn a_mailbox_that_is_not_there_is_told_once_and_stops_nothing() {
    let story = Story::begin().await;
    fs::remove_dir_all(story.dir.path().join("caixa")).unwrap();
    let mut mailbox = Mailbox::default();
    for _ in 0..3 {
        assert_eq!(mailbox.collect_once(story.app()).await.unwrap(), 0);
    }
    assert_eq!(story.alerts("caixa-de-devolucoes").await, 1);
    assert_eq!(mailbox.told.len(), 1);
}

#[tokio::test]
async fn messages_that_cannot_be_put_away_however_many_keep_no_other_from_being_read() {
    let story = Story::begin().await;
    // There is nowhere to move them.
    let cur = story.dir.path().join("caixa/cur");
    fs::remove_dir_all(&cur).unwrap();
    fs::write(&cur, "no folder").unwrap();
    for n in 0..205 {
        story.deliver(&format!("1.{n:03}"), b"From: alguem@x.invalid\nSubject: oi\n\noi\n");
    }
    let mut mailbox = Mailbox::default();
    assert_eq!(mailbox.collect_once(story.app()).await.unwrap(), 0);
    assert_eq!(mailbox.told.len(), 200);
    let line = story.lines().await.remove(0);
    story.deliver("2.devolvida", failure(&line, line.address.as_str()).as_bytes());
    mailbox.collect_once(story.app()).await.unwrap();
    assert_eq!(story.lines().await[0].state, DeliveryState::Bounced, "it came last and has its turn");
    assert_eq!(mailbox.told.len(), 206, "what was wrong with the others is known still");
    fs::remove_file(&cur).unwrap();
    fs::create_dir(&cur).unwrap();
    let mut taken = 0;
    for _ in 0..2 {
        taken += mailbox.collect_once(story.app()).await.unwrap();
    }
    assert_eq!((taken, mailbox.told.len()), (206, 0));
}
