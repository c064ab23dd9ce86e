//! How staff are told where mail does not get through: a webhook, a program of the administrator's, and the signs of life
//! that another machine misses when they stop.
//!
//! Reading order: `bulletin` (several alerts in one message), `format` (what each service understands), `command` (a program
//! and its end), `signal` (start, success, failure). It knows nothing of what it tells, tries once, and is over within its time; who tries again is the daemon's
//! matter.

pub mod bulletin;
pub mod command;
pub mod format;
pub mod signal;

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use crate::domain::journal::Channel;
use crate::http::call::{Call, CallError, Said, call};
use crate::text::discreet::{without_addresses, without_secret};
use format::MessageFormat;

/// A way to tell staff.
#[derive(Debug, Clone)]
pub enum Route {
    /// A POST to a service that shows it to people.
    Webhook(Webhook),
    /// A program with its arguments; the text comes on its standard input.
    Command(Vec<String>),
}

/// Where a webhook is and what it understands.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// The whole address, its secret in place.
    pub url: SecretString,
    /// What of it is the secret, where that has a place there: it is to stand in nothing that is noted or shown.
    pub secret: Option<SecretString>,
    /// What goes in `Authorization: Bearer …`.
    pub bearer: Option<SecretString>,
    pub format: MessageFormat,
}

/// Why something could not be told. No address of a person and no secret stands in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TellError {
    /// Nobody answered.
    #[error(transparent)]
    Call(#[from] CallError),
    /// It was answered, and not taken.
    #[error("o endereço respondeu {status}{}", after_colon(.said))]
    Refused {
        status: u16,
        /// The beginning of what it said.
        said: String,
    },
    /// The program.
    #[error(transparent)]
    Command(#[from] command::CommandError),
}

fn after_colon(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}

/// Of a refusal so many characters are shown.
const MOST_SHOWN: usize = 160;

impl Route {
    /// Which way it is.
    pub fn channel(&self) -> Channel {
        match self {
            Self::Webhook(_) => Channel::Webhook,
            Self::Command(_) => Channel::Command,
        }
    }

    /// Tells, once.
    pub async fn tell(&self, subject: &str, text: &str) -> Result<(), TellError> {
        self.tell_within(subject, text, crate::http::call::PATIENCE, command::PATIENCE).await
    }

    async fn tell_within(
        &self,
        subject: &str,
        text: &str,
        answer: Duration,
        run: Duration,
    ) -> Result<(), TellError> {
        match self {
            Self::Webhook(webhook) => {
                let message = format::message(&webhook.format, subject, text);
                let mut call_of = Call::post(webhook.url.clone(), message.content_type, message.body);
                call_of.headers = message.headers;
                call_of.bearer.clone_from(&webhook.bearer);
                call_of.patience = answer;
                let said = call(&call_of).await?;
                if said.is_success() { Ok(()) } else { Err(webhook.refusal(&said)) }
            }
            Self::Command(argv) => Ok(command::run(argv, &format!("{subject}\n\n{text}\n"), run).await?),
        }
    }
}

impl Webhook {
    /// What was said instead, without the secrets and the addresses of people that it may repeat.
    fn refusal(&self, said: &Said) -> TellError {
        let mut body = said.body.clone();
        for secret in self.secret.iter().chain(&self.bearer) {
            body = without_secret(&body, secret.expose_secret());
        }
        let url = self.url.expose_secret();
        let path =
            url.split_once("://").and_then(|(_, rest)| Some(rest.split_once('/')?.1)).unwrap_or_default();
        // One that somebody wrote into the address all the same.
        for piece in path.split(['/', '?', '&', '=']).filter(|piece| piece.len() > 7) {
            body = body.replace(piece, "…");
        }
        // Before it is cut: half an address would not be known for one.
        let line: Vec<&str> = body.split_whitespace().collect();
        let line = without_addresses(&line.join(" "));
        let said_of = line.chars().filter(|c| !c.is_control()).take(MOST_SHOWN).collect();
        TellError::Refused { status: said.status, said: said_of }
    }
}

impl Route {
    /// For so many bytes of alerts there is room in one message by this way.
    pub fn room(&self) -> usize {
        match self {
            Self::Webhook(_) => format::MOST_BYTES,
            Self::Command(_) => bulletin::MOST_ON_STANDARD_INPUT,
        }
    }
}

#[cfg(test)]
mod tests {
    use wiremock::matchers::{header, method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;

    async fn tell(url: &str, bearer: Option<&str>) -> Result<(), TellError> {
        let webhook = Webhook {
            url: url.to_owned().into(),
            secret: None,
            bearer: bearer.map(|token| token.to_owned().into()),
            format: MessageFormat::Json,
        };
        let patience = Duration::from_millis(500);
        Route::Webhook(webhook).tell_within("assunto", "texto", patience, patience).await
    }

    #[tokio::test]
    async fn a_refusal_tells_what_was_said_without_the_secrets_in_it() {
        let server = MockServer::start().await;
        let url = format!("{}/bot123456:segredo/enviar", server.uri());
        let echo = "erro em /bot123456:segredo/enviar\r\ncom chave-secreta \u{1b}[2J";
        let refused = ResponseTemplate::new(404).set_body_string(echo);
        Mock::given(method("POST")).respond_with(refused).mount(&server).await;
        let refusal = tell(&url, Some("chave-secreta")).await.unwrap_err();
        assert_eq!(refusal.to_string(), "o endereço respondeu 404: erro em /…/enviar com … [2J");
    }

    #[test]
    fn what_is_answered_shows_neither_the_secret_nor_a_part_of_it_nor_anybodys_address() {
        let refusal = |url: &str, secret: &str, body: &str| {
            let webhook = Webhook {
                url: url.replace("{segredo}", secret).into(),
                secret: Some(secret.to_owned().into()),
                bearer: None,
                format: MessageFormat::Json,
            };
            webhook.refusal(&Said { status: 401, body: body.to_owned() }).to_string()
        };
        assert_eq!(
            refusal("https://t.example/bot{segredo}/send", "123456:AAbb", "token 123456:AAbb is unknown"),
            "o endereço respondeu 401: token … is unknown"
        );
        assert_eq!(
            refusal("https://h.example/s/{segredo}", "T0/B01/abcdef", "no team T0, hook B01/ABCDEF, T0MATO"),
            "o endereço respondeu 401: no team …, hook …/…, T0MATO"
        );
        let near = format!("{} fulana@exemplo.gov.br", "x".repeat(MOST_SHOWN - 12));
        let said = refusal("https://h.example/{segredo}", "chave", &near);
        assert!(!said.contains("fulana"), "{said}");
    }

    #[tokio::test]
    async fn what_is_taken_is_told_and_a_webhook_that_hangs_is_given_up() {
        let server = MockServer::start().await;
        let taken = ResponseTemplate::new(204);
        Mock::given(path("/gancho"))
            .and(header("Authorization", "Bearer chave"))
            .respond_with(taken)
            .mount(&server)
            .await;
        let slow = ResponseTemplate::new(200).set_delay(Duration::from_mins(1));
        Mock::given(path("/lento")).respond_with(slow).mount(&server).await;
        assert_eq!(tell(&format!("{}/gancho", server.uri()), Some("chave")).await, Ok(()));
        let late = tell(&format!("{}/lento", server.uri()), None).await;
        assert!(matches!(late, Err(TellError::Call(CallError::TimeOut(_)))), "{late:?}");
    }
}
