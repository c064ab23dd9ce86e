//! Every answer a relay can give, and what it means.

mod tls;
mod token;
mod wire;

use std::time::Instant;

use futures_util::future::join_all;

use super::*;
use crate::domain::refusal::{EnhancedStatus, Refusal};
use crate::mail::conversation::{Cover, Deed, Moment};
use crate::mail::scripted::{AUTHORITY, Script, Scripted};

const LETTER: &[u8] = b"Subject: x\r\n\r\nPrezados,\r\n.\r\n..fim\r\n";

fn relay(server: &Scripted) -> Relay {
    Relay {
        host: "localhost".to_owned(),
        port: server.port,
        security: Security::Plain,
        credentials: None,
        extra_ca: Some(AUTHORITY.to_vec()),
        hello_name: "vigia.example.org".to_owned(),
        timeouts: Timeouts {
            connect: Duration::from_secs(5),
            greeting: Duration::from_secs(1),
            command: Duration::from_secs(1),
            data: Duration::from_secs(1),
            final_dot: Duration::from_secs(1),
        },
    }
}

fn with_password(relay: Relay) -> Relay {
    let credentials =
        Credentials { user: "vigilancia".to_owned(), proof: Proof::Password("segredo".to_owned().into()) };
    Relay { credentials: Some(credentials), ..relay }
}

async fn send(sender: &mut SmtpSender, to: &str) -> Outcome {
    let from = EmailAddress::parse("vigilancia@example.org").unwrap();
    let to = EmailAddress::parse(to).unwrap();
    let started = Instant::now();
    let outcome = sender.send(Envelope { from: &from, to: &to, id: None }, LETTER).await;
    assert!(started.elapsed() < Duration::from_secs(5), "within bounded time");
    outcome
}

/// What two letters come to when the first connection follows `script`, and what the relay heard.
async fn two_letters(script: Script) -> (Outcome, Outcome, Scripted) {
    let server = Scripted::start(Cover::Clear, vec![script]).await;
    let mut sender = SmtpSender::new(relay(&server)).unwrap();
    let first = send(&mut sender, "smas@vitoria.invalid").await;
    let second = send(&mut sender, "smas@serra.invalid").await;
    (first, second, server)
}

fn taken() -> Outcome {
    Outcome::Accepted { reply: "250 2.0.0 taken".to_owned() }
}

fn deferred(reply: &str, slow_down: bool) -> Outcome {
    Outcome::Deferred { reply: reply.to_owned(), slow_down }
}

fn refused(reply: &str) -> Outcome {
    refused_for(reply, Refusal::of(EnhancedStatus::find(reply), reply))
}

fn refused_for(reply: &str, why: Refusal) -> Outcome {
    Outcome::Refused { reply: reply.to_owned(), why }
}

fn fault(reply: &str) -> Outcome {
    Outcome::RelayFault { reply: reply.to_owned() }
}

fn uncertain(reply: &str) -> Outcome {
    Outcome::Uncertain { reply: reply.to_owned() }
}

/// How many connections two letters need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// The second letter goes on the same connection.
    Kept,
    /// The second letter opens another.
    Dropped,
}

/// `script` gives `expected`, and the next letter is taken all the same, with a reply of its own.
async fn expect(script: Script, expected: Outcome, then: Then) {
    let shown = format!("{script:?}");
    let (first, second, server) = two_letters(script).await;
    assert_eq!(first, expected, "{shown}");
    assert_eq!(second, taken(), "{shown}");
    let connections = server.heard().len();
    assert_eq!(connections, if then == Then::Kept { 1 } else { 2 }, "{shown}");
    let (rcpt, letter) = server.heard()[connections - 1].letters.last().cloned().unwrap();
    assert_eq!((rcpt.as_str(), letter.as_slice()), ("RCPT TO:<smas@serra.invalid>", LETTER));
}

fn at(moment: Moment, deed: Deed) -> Script {
    Script::new().at(moment, deed)
}

#[tokio::test]
async fn a_taken_letter_arrives_byte_for_byte_and_the_connection_serves_the_next() {
    expect(Script::new(), taken(), Then::Kept).await;
    expect(
        at(Moment::Dot, Deed::Say("250-2.0.0 queued\r\n250 as 4F1")),
        Outcome::Accepted { reply: "250 2.0.0 queued as 4F1".to_owned() },
        Then::Kept,
    )
    .await;
    expect(at(Moment::Rcpt, Deed::Say("251 will forward")), taken(), Then::Kept).await;
}

#[tokio::test]
async fn a_4xx_defers_and_only_some_ask_to_slow_down() {
    for moment in [Moment::Mail, Moment::Rcpt, Moment::Data, Moment::Dot] {
        // What is said to our own address is said to every letter.
        let of_all = moment == Moment::Mail;
        expect(at(moment, Deed::Say("451 4.7.1 later")), deferred("451 4.7.1 later", of_all), Then::Kept)
            .await;
        expect(at(moment, Deed::Say("452 4.2.2 full")), deferred("452 4.2.2 full", of_all), Then::Kept).await;
        expect(at(moment, Deed::Say("451 4.3.0 later")), deferred("451 4.3.0 later", true), Then::Kept).await;
        expect(at(moment, Deed::Say("452 later")), deferred("452 later", true), Then::Kept).await;
        expect(at(moment, Deed::Say("454 later")), deferred("454 later", true), Then::Kept).await;
        expect(at(moment, Deed::Say("421 4.7.0 busy")), deferred("421 4.7.0 busy", true), Then::Dropped)
            .await;
        let gone = Deed::SayAndHangUp("421 4.7.0 busy");
        expect(at(moment, gone), deferred("421 4.7.0 busy", true), Then::Dropped).await;
    }
    for moment in [Moment::Greeting, Moment::Ehlo] {
        expect(at(moment, Deed::Say("421 busy")), deferred("421 busy", true), Then::Dropped).await;
        expect(at(moment, Deed::Say("450 later")), deferred("450 later", true), Then::Dropped).await;
    }
}

#[tokio::test]
async fn a_5xx_about_the_address_or_the_letter_refuses_it() {
    for moment in [Moment::Rcpt, Moment::Data, Moment::Dot] {
        // Once the address was taken, a refusal is never about the address.
        let of_address = |why| if moment == Moment::Rcpt { why } else { Refusal::Letter };
        let nobody = refused_for("550 5.1.1 nobody", of_address(Refusal::Address));
        expect(at(moment, Deed::Say("550 5.1.1 nobody")), nobody, Then::Kept).await;
        expect(
            at(moment, Deed::Say("554-5.7.1 no\r\n554 5.7.1 never")),
            refused("554 5.7.1 no never"),
            Then::Kept,
        )
        .await;
        let unknown = refused_for("550 nobody", of_address(Refusal::Unknown));
        expect(at(moment, Deed::SayAndHangUp("550 nobody")), unknown, Then::Dropped).await;
    }
    let unkind = at(Moment::Rcpt, Deed::Say("550 nobody")).at(Moment::Rset, Deed::Say("502 what"));
    expect(unkind, refused("550 nobody"), Then::Dropped).await;
}

#[tokio::test]
async fn a_5xx_about_us_is_the_relays_fault() {
    expect(at(Moment::Greeting, Deed::Say("554 no service")), fault("554 no service"), Then::Dropped).await;
    expect(at(Moment::Ehlo, Deed::Say("550 not you")), fault("550 not you"), Then::Dropped).await;
    expect(at(Moment::Ehlo, Deed::SayAndHangUp("550 not you")), fault("550 not you"), Then::Dropped).await;
    expect(at(Moment::Mail, Deed::Say("553 not yours")), fault("553 not yours"), Then::Kept).await;
    expect(at(Moment::Rcpt, Deed::Say("530 5.7.0 log in")), fault("530 5.7.0 log in"), Then::Kept).await;
}

#[tokio::test]
async fn a_process_that_may_no_longer_speak_says_nothing_and_blames_no_relay() {
    let server = Scripted::start(Cover::Clear, vec![Script::new()]).await;
    let mut sender = SmtpSender::new(relay(&server)).unwrap();
    sender.only_while(Permit::while_so(|| false));
    let outcome = send(&mut sender, "smas@vitoria.invalid").await;
    let Outcome::Deferred { reply, slow_down: false } = &outcome else { panic!("{outcome:?}") };
    assert!(reply.contains("este processo deixou de ser o que envia"), "{reply}");
    assert!(server.heard().iter().all(|heard| heard.lines.is_empty()), "not even a greeting");
}

#[tokio::test]
async fn a_connection_closed_before_the_final_dot_defers() {
    for (moment, words) in [
        (Moment::Greeting, "à saudação"),
        (Moment::Ehlo, "à saudação"),
        (Moment::Mail, "a MAIL FROM"),
        (Moment::Rcpt, "a RCPT TO"),
        (Moment::Data, "a DATA"),
    ] {
        let expected = deferred(&format!("o relé encerrou a conexão {words}"), true);
        expect(at(moment, Deed::HangUp), expected, Then::Dropped).await;
    }
}

#[tokio::test]
async fn without_a_reply_to_the_final_dot_nobody_knows() {
    let closed = uncertain("o relé encerrou a conexão depois do ponto final");
    expect(at(Moment::Dot, Deed::HangUp), closed, Then::Dropped).await;
    let silent = uncertain("o relé não respondeu em 1 s depois do ponto final");
    expect(at(Moment::Dot, Deed::Stall), silent, Then::Dropped).await;
    let dripping = Deed::Drip("250 2.0.0 taken, but slowly\r\n", Duration::from_millis(100));
    let slow = uncertain("o relé não respondeu em 1 s depois do ponto final");
    expect(at(Moment::Dot, dripping), slow, Then::Dropped).await;
    let nonsense = uncertain("a resposta do relé não é SMTP depois do ponto final");
    expect(at(Moment::Dot, Deed::Say("HTTP/1.1 200 OK")), nonsense, Then::Dropped).await;
    let odd = uncertain("o relé respondeu 354 depois do ponto final");
    expect(at(Moment::Dot, Deed::Say("354 go")), odd, Then::Dropped).await;
    let endless = uncertain("a resposta do relé não tem fim depois do ponto final");
    expect(at(Moment::Dot, Deed::Raw(vec![b'2'; 2_000_000])), endless, Then::Dropped).await;
}

#[tokio::test]
async fn the_wait_for_the_reply_begins_with_the_final_dot() {
    let server = Scripted::start(Cover::Clear, vec![at(Moment::Dot, Deed::Stall)]).await;
    let mut relay = relay(&server);
    relay.timeouts.data = Duration::from_secs(30);
    let began = Instant::now();
    let outcome = send(&mut SmtpSender::new(relay).unwrap(), "smas@vitoria.invalid").await;
    assert_eq!(outcome, uncertain("o relé não respondeu em 1 s depois do ponto final"));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_relay_that_offers_reports_is_asked_for_one_that_names_the_delivery() {
    let offers = at(Moment::Ehlo, Deed::Say("250-mx.invalid\r\n250-DSN\r\n250 8BITMIME"));
    for (script, asked) in [(offers, true), (Script::new(), false)] {
        let server = Scripted::start(Cover::Clear, vec![script]).await;
        let mut sender = SmtpSender::new(relay(&server)).unwrap();
        let from = EmailAddress::parse("vigilancia@example.org").unwrap();
        let to = EmailAddress::parse("smas+cras@vitoria.invalid").unwrap();
        let outcome = sender.send(Envelope { from: &from, to: &to, id: Some("4a67") }, LETTER).await;
        assert_eq!(outcome, taken());
        let heard = format!("{:?}", server.heard());
        assert_eq!(
            heard.contains("MAIL FROM:<vigilancia@example.org> RET=HDRS ENVID=4a67"),
            asked,
            "{heard}"
        );
        let wanted = "NOTIFY=FAILURE,DELAY ORCPT=rfc822;smas+2Bcras@vitoria.invalid";
        assert_eq!(heard.contains(wanted), asked, "{heard}");
    }
}

#[tokio::test]
async fn silence_before_the_final_dot_defers() {
    let moments = [
        (Moment::Greeting, "à saudação"),
        (Moment::Ehlo, "à saudação"),
        (Moment::Mail, "a MAIL FROM"),
        (Moment::Rcpt, "a RCPT TO"),
        (Moment::Data, "a DATA"),
    ];
    // Each relay keeps silent for a second; they do so together.
    join_all(moments.map(|(moment, words)| {
        let expected = deferred(&format!("o relé não respondeu em 1 s {words}"), true);
        expect(at(moment, Deed::Stall), expected, Then::Dropped)
    }))
    .await;
}

#[tokio::test]
async fn a_relay_that_stops_reading_or_hangs_up_within_the_body_defers() {
    let letter = [b"Subject: x\r\n\r\n".as_slice(), &b"linha\r\n".repeat(4_000_000)].concat();
    let from = EmailAddress::parse("vigilancia@example.org").unwrap();
    for deed in [Deed::Stall, Deed::HangUp] {
        let server = Scripted::start(Cover::Clear, vec![at(Moment::Body, deed)]).await;
        let mut sender = SmtpSender::new(relay(&server)).unwrap();
        let outcome = sender.send(Envelope { from: &from, to: &from, id: None }, &letter).await;
        let Outcome::Deferred { reply, slow_down: true } = outcome else { panic!("{outcome:?}") };
        assert!(reply.ends_with("durante o envio do texto"), "{reply}");
        assert_eq!(send(&mut sender, "smas@serra.invalid").await, taken());
        assert_eq!(server.heard().len(), 2);
    }
}

#[tokio::test]
async fn words_that_are_no_smtp_break_the_connection() {
    let page = "HTTP/1.1 400 Bad Request\r\nServer: x\r\n";
    let wrong_port = fault("a resposta do relé não é SMTP à saudação");
    expect(at(Moment::Greeting, Deed::Say(page)), wrong_port, Then::Dropped).await;
    let mail = deferred("a resposta do relé não é SMTP a MAIL FROM", true);
    expect(at(Moment::Mail, Deed::Say("qualquer coisa")), mail, Then::Dropped).await;
    expect(
        at(Moment::Rcpt, Deed::Say("354 go")),
        deferred("o relé respondeu 354 a RCPT TO", true),
        Then::Dropped,
    )
    .await;
    expect(
        at(Moment::Data, Deed::Say("250 ok")),
        deferred("o relé respondeu 250 a DATA", true),
        Then::Dropped,
    )
    .await;
    let endless = deferred("a resposta do relé não tem fim a MAIL FROM", true);
    expect(at(Moment::Mail, Deed::Raw(b"250-x\r\n".repeat(300_000))), endless, Then::Dropped).await;
}

#[tokio::test]
async fn a_reply_that_nobody_asked_for_is_never_taken_for_an_answer() {
    let early = at(Moment::Rcpt, Deed::Say("250 ok\r\n354 go\r\n250 taken"));
    expect(early, deferred("o relé falou sem ser perguntado a DATA", true), Then::Dropped).await;
    let before_the_dot = at(Moment::Data, Deed::Say("354 go\r\n250 taken"));
    expect(
        before_the_dot,
        deferred("o relé falou sem ser perguntado durante o envio do texto", true),
        Then::Dropped,
    )
    .await;
    // The answer itself counts; the connection does not serve again.
    let bye = at(Moment::Dot, Deed::Say("250 2.0.0 taken\r\n421 bye"));
    expect(bye, taken(), Then::Dropped).await;
    let refused_twice = at(Moment::Rcpt, Deed::Say("550 nobody\r\n250 ok"));
    expect(refused_twice, refused("550 nobody"), Then::Dropped).await;
}

#[tokio::test]
async fn a_connection_closed_between_letters_costs_the_next_one_nothing() {
    expect(at(Moment::Dot, Deed::SayAndHangUp("250 2.0.0 taken")), taken(), Then::Dropped).await;
}

#[tokio::test]
async fn replies_that_are_only_untidy_are_understood() {
    for reply in [b"250\r\n".as_slice(), b"250 2.0.0 aceita \xe9\n", b"250-a\r\n250\r\n"] {
        let (first, second, server) = two_letters(at(Moment::Dot, Deed::Raw(reply.to_vec()))).await;
        assert!(matches!(first, Outcome::Accepted { .. }), "{first:?}");
        assert_eq!((second, server.heard().len()), (taken(), 1));
    }
    let latin = at(Moment::Rcpt, Deed::Raw(b"550 5.1.1 caixa n\xe3o existe\x1b[2J\r\n".to_vec()));
    expect(latin, refused("550 5.1.1 caixa n?o existe?[2J"), Then::Kept).await;
}

#[tokio::test]
async fn a_cancelled_letter_takes_its_connection_with_it() {
    let server = Scripted::start(Cover::Clear, vec![at(Moment::Dot, Deed::Stall)]).await;
    let mut sender = SmtpSender::new(relay(&server)).unwrap();
    let cancelled =
        tokio::time::timeout(Duration::from_millis(200), send(&mut sender, "smas@vitoria.invalid")).await;
    assert!(cancelled.is_err());
    assert_eq!(send(&mut sender, "smas@serra.invalid").await, taken());
    assert_eq!(server.heard().len(), 2);
}

#[tokio::test]
async fn nobody_listening_defers() {
    let server = Scripted::start(Cover::Clear, Vec::new()).await;
    let mut sender = SmtpSender::new(Relay { port: 1, ..relay(&server) }).unwrap();
    let outcome = send(&mut sender, "smas@vitoria.invalid").await;
    let Outcome::Deferred { reply, slow_down: true } = outcome else { panic!("{outcome:?}") };
    assert!(reply.starts_with("não foi possível conectar ao relé: "), "{reply}");
}

#[tokio::test]
async fn a_relay_that_cannot_be_used_is_refused_before_any_network() {
    let server = Scripted::start(Cover::Clear, Vec::new()).await;
    let good = relay(&server);
    let error = |relay: Relay| SmtpSender::new(relay).unwrap_err();
    let remote = Relay { host: "smtp.example.org".to_owned(), ..good.clone() };
    assert_eq!(
        error(remote).to_string(),
        "sem TLS só se fala com a própria máquina, e “smtp.example.org” não é ela; use seguranca = \"starttls\" ou \"tls\""
    );
    let forged = Relay { hello_name: "x\r\nMAIL FROM:<>".to_owned(), ..good.clone() };
    assert!(matches!(error(forged), RelayError::HelloName(_)));
    let nowhere = Relay { host: "não é nome".to_owned(), ..good.clone() };
    assert!(matches!(error(nowhere), RelayError::Host(_)));
    let empty = Relay { extra_ca: Some(b"nada".to_vec()), ..good.clone() };
    assert_eq!(error(empty), RelayError::Authority);
    assert!(server.heard().is_empty());
    assert!(!format!("{:?}", with_password(good)).contains("segredo"));
}

#[tokio::test]
async fn a_hundred_letters_do_not_wait_for_nagle() {
    let server = Scripted::start(Cover::Clear, Vec::new()).await;
    let mut sender = SmtpSender::new(relay(&server)).unwrap();
    let started = Instant::now();
    for _ in 0..100 {
        assert_eq!(send(&mut sender, "smas@vitoria.invalid").await, taken());
    }
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}
