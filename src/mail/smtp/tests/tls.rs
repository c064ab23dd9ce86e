//! TLS and AUTH: what is protected, and what a relay that cannot be trusted is given.

use super::*;

#[tokio::test]
async fn letters_go_under_tls_both_ways_and_take_leave() {
    for (cover, security) in [(Cover::Clear, Security::StartTls), (Cover::Tls, Security::Tls)] {
        let server = Scripted::start(cover, Vec::new()).await;
        let relay = Relay { security, ..with_password(relay(&server)) };
        let mut sender = SmtpSender::new(relay).unwrap();
        for to in ["smas@vitoria.invalid", "smas@serra.invalid"] {
            assert_eq!(send(&mut sender, to).await, taken());
        }
        sender.close().await;
        let heard = server.heard();
        assert_eq!((heard.len(), heard[0].letters.len()), (1, 2));
        assert_eq!(heard[0].lines.last().map(String::as_str), Some("QUIT"));
        let auth = heard[0].lines.iter().position(|l| l.starts_with("AUTH PLAIN ")).unwrap();
        let covered = heard[0].lines.iter().position(|l| l == "STARTTLS");
        assert_eq!(covered.is_some(), security == Security::StartTls);
        assert!(covered.is_none_or(|at| at < auth), "the password goes under TLS");
    }
}

#[tokio::test]
async fn each_fault_keeps_its_meaning_under_tls() {
    for (deed, expected) in [
        (Deed::HangUp, uncertain("o relé encerrou a conexão depois do ponto final")),
        (Deed::Stall, uncertain("o relé não respondeu em 1 s depois do ponto final")),
        (Deed::Say("250 2.0.0 taken\r\n421 bye"), taken()),
    ] {
        let server = Scripted::start(Cover::Tls, vec![at(Moment::Dot, deed)]).await;
        let mut sender = SmtpSender::new(Relay { security: Security::Tls, ..relay(&server) }).unwrap();
        let first = send(&mut sender, "smas@vitoria.invalid").await;
        // rustls reports a close without close_notify as an unexpected end.
        let cut =
            uncertain("a rede falhou (a conexão ou o arquivo terminou antes da hora) depois do ponto final");
        assert!(first == expected || first == cut, "{first:?}");
        assert_eq!(send(&mut sender, "smas@serra.invalid").await, taken());
        assert_eq!(server.heard().len(), 2);
    }
}

#[tokio::test]
async fn words_injected_before_tls_are_not_heard_after_it() {
    let injected = at(Moment::StartTls, Deed::Say("220 go\r\n250-scripted\r\n250 AUTH PLAIN"));
    let server = Scripted::start(Cover::Clear, vec![injected]).await;
    let relay = Relay { security: Security::StartTls, ..with_password(relay(&server)) };
    let outcome = Session::connect(&relay, Pipelining::IfOffered).await.unwrap_err();
    assert_eq!(outcome, fault("o relé falou entre STARTTLS e o TLS"));
    assert!(!server.heard()[0].lines.iter().any(|line| line.starts_with("AUTH")));
}

#[tokio::test]
async fn nothing_is_sent_in_the_clear_when_tls_was_asked_for() {
    let script = at(Moment::Ehlo, Deed::Say("250-scripted\r\n250 AUTH PLAIN"));
    let server = Scripted::start(Cover::Clear, vec![script]).await;
    let relay = Relay { security: Security::StartTls, ..with_password(relay(&server)) };
    let outcome = Session::connect(&relay, Pipelining::IfOffered).await.unwrap_err();
    assert_eq!(outcome, fault("o relé não oferece STARTTLS"));
    let refusing = Scripted::start(Cover::Clear, vec![at(Moment::StartTls, Deed::Say("454 no TLS"))]).await;
    let outcome =
        Session::connect(&Relay { port: refusing.port, ..relay }, Pipelining::IfOffered).await.unwrap_err();
    assert_eq!(outcome, deferred("454 no TLS", true));
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_the_relays_fault() {
    let server = Scripted::start(Cover::Tls, Vec::new()).await;
    let trusted = Relay { security: Security::Tls, ..relay(&server) };
    let by_address = Relay { host: "127.0.0.1".to_owned(), ..trusted.clone() };
    for strange in [Relay { extra_ca: None, ..trusted }, by_address] {
        let outcome = Session::connect(&strange, Pipelining::IfOffered).await.unwrap_err();
        let Outcome::RelayFault { reply } = outcome else { panic!("{outcome:?}") };
        assert!(reply.starts_with("TLS com o relé não foi aceito: "), "{reply}");
    }
    assert!(server.heard().iter().all(|heard| heard.lines.is_empty()));
    // A relay in the clear where TLS is expected.
    let server = Scripted::start(Cover::Clear, Vec::new()).await;
    let outcome =
        Session::connect(&Relay { security: Security::Tls, ..relay(&server) }, Pipelining::IfOffered)
            .await
            .unwrap_err();
    assert!(matches!(outcome, Outcome::RelayFault { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_wrong_password_is_the_relays_fault_and_a_tired_one_waits() {
    for (deed, expected) in [
        (Deed::Say("535 5.7.8 wrong"), fault("535 5.7.8 wrong")),
        (Deed::Say("454 4.7.0 later"), deferred("454 4.7.0 later", true)),
        (Deed::Stall, deferred("o relé não respondeu em 1 s a AUTH", true)),
        (Deed::HangUp, deferred("o relé encerrou a conexão a AUTH", true)),
    ] {
        let server = Scripted::start(Cover::Clear, vec![at(Moment::Auth, deed)]).await;
        let outcome =
            Session::connect(&with_password(relay(&server)), Pipelining::IfOffered).await.unwrap_err();
        assert_eq!(outcome, expected);
    }
    let none = at(Moment::Ehlo, Deed::Say("250 scripted"));
    let server = Scripted::start(Cover::Clear, vec![none]).await;
    let outcome = Session::connect(&with_password(relay(&server)), Pipelining::IfOffered).await.unwrap_err();
    assert_eq!(outcome, fault("o relé não oferece AUTH PLAIN nem LOGIN"));
}
