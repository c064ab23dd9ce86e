//! XOAUTH2: a token in place of the password, from a server that gives and refuses.

use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::oauth::{Grant, TokenServer, Tokens};
use super::*;

/// `user=vigilancia`, `auth=Bearer um`.
const FIRST: &str = "AUTH XOAUTH2 dXNlcj12aWdpbGFuY2lhAWF1dGg9QmVhcmVyIHVtAQE=";
/// The same with the second token.
const SECOND: &str = "AUTH XOAUTH2 dXNlcj12aWdpbGFuY2lhAWF1dGg9QmVhcmVyIGRvaXMBAQ==";
/// What a relay says that takes tokens.
const OFFERS: &str = "250-scripted\r\n250 AUTH LOGIN XOAUTH2";
/// What it answers to a token that it does not take: why, and after an empty line the refusal.
const WHY: &str = "334 eyJzdGF0dXMiOiI0MDEifQ==";
const REFUSED: &str = "535 5.7.3 Authentication unsuccessful";

/// A server that gives these tokens in turn.
async fn gives(tokens: &[&str]) -> MockServer {
    let server = MockServer::start().await;
    for token in tokens {
        let body = serde_json::json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3_600 });
        let answer = ResponseTemplate::new(200).set_body_json(body);
        Mock::given(method("POST")).respond_with(answer).up_to_n_times(1).mount(&server).await;
    }
    server
}

fn with_tokens(relay: Relay, server: &MockServer) -> Relay {
    let tokens = Tokens::new(TokenServer {
        url: server.uri(),
        client_id: "cliente".to_owned(),
        client_secret: Some("segredo".to_owned().into()),
        scope: None,
        grant: Grant::ClientCredentials,
    });
    let credentials = Credentials { user: "vigilancia".to_owned(), proof: Proof::Token(tokens) };
    Relay { credentials: Some(credentials), ..relay }
}

fn auths(server: &Scripted) -> Vec<String> {
    let lines = server.heard().into_iter().flat_map(|heard| heard.lines);
    lines.filter(|line| line.starts_with("AUTH") || line.is_empty()).collect()
}

fn offering() -> Script {
    Script::new().at(Moment::Ehlo, Deed::Say(OFFERS))
}

#[tokio::test]
async fn one_token_serves_several_connections_and_one_that_is_refused_is_fetched_anew_once() {
    let tokens = gives(&["um", "dois"]).await;
    let ends = || offering().at(Moment::Dot, Deed::SayAndHangUp("250 2.0.0 taken"));
    let refuses = offering().at(Moment::Auth, Deed::Say(WHY)).at(Moment::Auth, Deed::Say(REFUSED));
    let server = Scripted::start(Cover::Clear, vec![ends(), ends(), refuses]).await;
    let mut sender = SmtpSender::new(with_tokens(relay(&server), &tokens)).unwrap();
    for to in ["a@x.invalid", "b@x.invalid", "c@x.invalid"] {
        assert_eq!(send(&mut sender, to).await, taken(), "{to}");
    }
    assert_eq!(auths(&server), [FIRST, FIRST, FIRST, "", SECOND]);
}

#[tokio::test]
async fn a_new_token_that_is_refused_is_the_relays_fault_and_not_the_addresss() {
    let tokens = gives(&["um"]).await;
    let refuses = offering().at(Moment::Auth, Deed::Say(WHY)).at(Moment::Auth, Deed::Say(REFUSED));
    let server = Scripted::start(Cover::Clear, vec![refuses, offering()]).await;
    let mut sender = SmtpSender::new(with_tokens(relay(&server), &tokens)).unwrap();
    let outcome = send(&mut sender, "a@x.invalid").await;
    assert!(matches!(&outcome, Outcome::RelayFault { reply } if reply.starts_with("535")), "{outcome:?}");
    assert_eq!(auths(&server), [FIRST, ""], "asked once");
    // The token server has no other to give: 404.
    let outcome = send(&mut sender, "a@x.invalid").await;
    assert!(
        matches!(&outcome, Outcome::RelayFault { reply } if reply.contains("servidor de tokens recusou (404)"))
    );
}

#[tokio::test]
async fn a_relay_that_takes_no_tokens_is_given_none() {
    let tokens = gives(&["um"]).await;
    let server = Scripted::start(Cover::Clear, Vec::new()).await;
    let mut sender = SmtpSender::new(with_tokens(relay(&server), &tokens)).unwrap();
    let outcome = send(&mut sender, "a@x.invalid").await;
    assert!(matches!(&outcome, Outcome::RelayFault { reply } if reply == "o relé não oferece AUTH XOAUTH2"));
    assert_eq!((auths(&server).len(), tokens.received_requests().await.unwrap().len()), (0, 0));
}
