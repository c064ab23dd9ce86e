//! Access tokens for relays that take no password (Microsoft 365, Google): fetched, kept in memory, renewed before they end.
//!
//! One [`Tokens`] serves every connection to the relay, so that one token is fetched for all. What the token server
//! refuses is the relay's fault, as a wrong password is: the queue stops and a person is called, and no address is blamed. A
//! server that cannot be reached puts letters off. No token and no secret is ever shown.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::domain::delivery::Outcome;
use crate::http::call::{Call, CallError, Said, call};
use crate::text::visible;

/// A token is renewed so long before it ends, or at half its life where that is shorter.
const BEFORE_END: Duration = Duration::from_mins(5);
/// For how long a token is good where the server does not say (RFC 6749 §5.1 recommends that it does).
const USUAL_LIFE: u64 = 3_600;
/// The longest that one is believed to be good.
const LONGEST_LIFE: u64 = 86_400;
/// Of what the server says of a refusal so many characters are shown.
const MOST_SHOWN: usize = 200;

/// Where tokens come from (`[smtp.oauth2]`).
#[derive(Debug, Clone)]
pub struct TokenServer {
    pub url: String,
    pub client_id: String,
    /// What proves that; a public client has none.
    pub client_secret: Option<SecretString>,
    /// What the token is to be good for.
    pub scope: Option<String>,
    pub grant: Grant,
}

/// What a token is given for.
#[derive(Debug, Clone)]
pub enum Grant {
    /// Being the client (RFC 6749 §4.4).
    ClientCredentials,
    /// A token that somebody agreed to once (RFC 6749 §6). Where the server gives another in its place, that one counts for
    /// as long as the process runs.
    RefreshToken(SecretString),
}

/// Tokens of one server, shared by all connections.
#[derive(Debug, Clone)]
pub struct Tokens(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    server: TokenServer,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    token: Option<(SecretString, Instant)>,
    refresh: Option<SecretString>,
}

/// What a server answers where it gives a token (RFC 6749 §5.1).
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    token_type: Option<String>,
    expires_in: Option<serde_json::Value>,
    refresh_token: Option<String>,
}

/// What it answers where it gives none (RFC 6749 §5.2).
#[derive(Deserialize)]
struct Refusal {
    error: String,
    error_description: Option<String>,
}

impl Tokens {
    /// None fetched yet.
    pub fn new(server: TokenServer) -> Self {
        Self(Arc::new(Shared { server, kept: Mutex::default() }))
    }

    /// A token that is good for a while, and whether it was fetched just now.
    ///
    /// # Errors
    /// `Deferred` when the server cannot be reached or puts us off, `RelayFault` when it refuses or answers nonsense.
    pub async fn token(&self) -> Result<(SecretString, bool), Outcome> {
        let mut kept = self.0.kept.lock().await;
        if let Some((token, _)) = kept.token.as_ref().filter(|(_, renew_at)| Instant::now() < *renew_at) {
            return Ok((token.clone(), false));
        }
        let said = call(&self.request(kept.refresh.as_ref())).await.map_err(|failure| unreached(&failure))?;
        let granted = granted(&said)?;
        let life = granted.expires_in.as_ref().and_then(seconds).unwrap_or(USUAL_LIFE).clamp(1, LONGEST_LIFE);
        let life = Duration::from_secs(life);
        let token = SecretString::from(granted.access_token);
        kept.token = Some((token.clone(), Instant::now() + life.saturating_sub(BEFORE_END).max(life / 2)));
        if let Some(refresh) = granted.refresh_token {
            kept.refresh = Some(refresh.into());
        }
        Ok((token, true))
    }

    /// The relay did not take this token: the next one is fetched anew, unless another connection did that meanwhile.
    pub async fn refused(&self, token: &SecretString) {
        let mut kept = self.0.kept.lock().await;
        if kept.token.as_ref().is_some_and(|(known, _)| known.expose_secret() == token.expose_secret()) {
            kept.token = None;
        }
    }

    fn request(&self, renewed: Option<&SecretString>) -> Call {
        let server = &self.0.server;
        let mut fields = vec![("client_id", server.client_id.as_str())];
        match &server.grant {
            Grant::ClientCredentials => fields.push(("grant_type", "client_credentials")),
            Grant::RefreshToken(token) => {
                fields.push(("grant_type", "refresh_token"));
                fields.push(("refresh_token", renewed.unwrap_or(token).expose_secret()));
            }
        }
        fields.extend(server.client_secret.as_ref().map(|secret| ("client_secret", secret.expose_secret())));
        fields.extend(server.scope.as_deref().map(|scope| ("scope", scope)));
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", form(value))).collect();
        let mut asked =
            Call::post(server.url.clone().into(), "application/x-www-form-urlencoded", pairs.join("&"));
        asked.headers = vec![("accept", "application/json")];
        asked
    }
}

/// As a form has it (RFC 3986's unreserved stay).
fn form(value: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    value.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// Seconds, which some servers write as a text.
fn seconds(value: &serde_json::Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn granted(said: &Said) -> Result<Granted, Outcome> {
    let fault = |reply: String| Outcome::RelayFault { reply };
    if said.is_success() {
        let token = serde_json::from_str::<Granted>(&said.body).ok().filter(|granted| {
            let bearer = granted.token_type.as_deref().is_none_or(|sort| sort.eq_ignore_ascii_case("bearer"));
            let token = &granted.access_token;
            bearer && !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic())
        });
        return token.ok_or_else(|| {
            fault(format!(
                "o servidor de tokens (url de [smtp.oauth2]) respondeu {} e não deu um token; confira o endereço",
                said.status
            ))
        });
    }
    if said.status == 429 || said.status >= 500 {
        let reply = format!("o servidor de tokens respondeu {} e pede que se espere", said.status);
        return Err(Outcome::Deferred { reply, slow_down: true });
    }
    let why = serde_json::from_str::<Refusal>(&said.body).map_or_else(
        |_| "sem dizer por quê".to_owned(),
        |refusal| {
            let more = refusal.error_description.map(|text| format!(": {text}")).unwrap_or_default();
            visible::line(&format!("{}{more}", refusal.error)).chars().take(MOST_SHOWN).collect()
        },
    );
    Err(fault(format!("o servidor de tokens recusou ({}): {why}", said.status)))
}

fn unreached(failure: &CallError) -> Outcome {
    match failure {
        CallError::TimeOut(_) | CallError::Unreachable { .. } => {
            Outcome::Deferred { reply: format!("servidor de tokens: {failure}"), slow_down: true }
        }
        CallError::Address | CallError::Secret | CallError::Forbidden(_) => {
            Outcome::RelayFault { reply: format!("servidor de tokens: {failure}") }
        }
    }
}

#[cfg(test)]
mod tests {
    use wiremock::matchers::{body_string, body_string_contains, method};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;

    fn tokens(server: &MockServer, grant: Grant) -> Tokens {
        tokens_at(&server.uri(), grant)
    }

    fn tokens_at(origin: &str, grant: Grant) -> Tokens {
        Tokens::new(TokenServer {
            url: format!("{origin}/token"),
            client_id: "cliente".to_owned(),
            client_secret: Some("s&gredo".to_owned().into()),
            scope: Some("https://outlook.office365.com/.default".to_owned()),
            grant,
        })
    }

    fn token(text: &str, life: u64) -> ResponseTemplate {
        ResponseTemplate::new(200).set_body_json(serde_json::json!({
            "access_token": text, "token_type": "Bearer", "expires_in": life, "refresh_token": format!("renova-{text}")
        }))
    }

    async fn shown(tokens: &Tokens) -> (String, bool) {
        let (token, is_new) = tokens.token().await.unwrap();
        (token.expose_secret().to_owned(), is_new)
    }

    #[tokio::test]
    async fn a_token_is_asked_for_as_the_client_kept_and_fetched_anew_once_it_was_refused() {
        let server = MockServer::start().await;
        let asked = "client_id=cliente&grant_type=client_credentials&client_secret=s%26gredo\
                     &scope=https%3A%2F%2Foutlook.office365.com%2F.default";
        let right = || Mock::given(method("POST")).and(body_string(asked));
        right().respond_with(token("um", 3_600)).up_to_n_times(1).mount(&server).await;
        right().respond_with(token("dois", 3_600)).mount(&server).await;
        let tokens = tokens(&server, Grant::ClientCredentials);
        assert_eq!(shown(&tokens).await, ("um".to_owned(), true));
        assert_eq!(shown(&tokens).await, ("um".to_owned(), false), "kept");
        tokens.refused(&"outro".to_owned().into()).await;
        assert_eq!(shown(&tokens).await, ("um".to_owned(), false), "that was another's");
        tokens.refused(&"um".to_owned().into()).await;
        assert_eq!(shown(&tokens).await, ("dois".to_owned(), true));
    }

    #[tokio::test]
    async fn a_token_that_ends_is_renewed_with_the_refresh_token_that_came_last() {
        let server = MockServer::start().await;
        let with = |refresh: &str| Mock::given(body_string_contains(format!("refresh_token={refresh}")));
        with("primeiro").respond_with(token("um", 1)).mount(&server).await;
        with("renova-um").respond_with(token("dois", 3_600)).mount(&server).await;
        let tokens = tokens(&server, Grant::RefreshToken("primeiro".to_owned().into()));
        assert_eq!(shown(&tokens).await.0, "um");
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert_eq!(shown(&tokens).await, ("dois".to_owned(), true), "at half its life");
    }

    #[tokio::test]
    async fn a_refusal_or_garbage_is_the_relays_fault_and_silence_puts_off() {
        let server = MockServer::start().await;
        for (answer, expected) in [
            (
                ResponseTemplate::new(400).set_body_string(
                    r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid\r\nclient secret"}"#,
                ),
                "o servidor de tokens recusou (400): invalid_client: AADSTS7000215: Invalid",
            ),
            (ResponseTemplate::new(401), "o servidor de tokens recusou (401): sem dizer por quê"),
            (ResponseTemplate::new(200).set_body_string("<html>entre</html>"), "não deu um token"),
            (
                ResponseTemplate::new(200).set_body_string(r#"{"access_token":"a\nb","token_type":"Bearer"}"#),
                "não deu um token",
            ),
            (ResponseTemplate::new(200).set_body_string(r#"{"access_token":"a","token_type":"mac"}"#), "não deu um token"),
            (ResponseTemplate::new(302).insert_header("Location", "http://x.example"), "recusou (302)"),
        ] {
            server.reset().await;
            Mock::given(method("POST")).respond_with(answer).mount(&server).await;
            let outcome = tokens(&server, Grant::ClientCredentials).token().await.unwrap_err();
            let Outcome::RelayFault { reply } = &outcome else { panic!("{outcome:?}") };
            assert!(reply.contains(expected) && !reply.contains('\n'), "{reply}");
        }
        server.reset().await;
        Mock::given(method("POST")).respond_with(ResponseTemplate::new(503)).mount(&server).await;
        let busy = tokens(&server, Grant::ClientCredentials).token().await.unwrap_err();
        assert!(matches!(busy, Outcome::Deferred { slow_down: true, .. }), "{busy:?}");
        // Where nobody listens: a server that is dropped goes back to a pool, and answers whoever draws it next.
        let tokens = tokens_at("http://127.0.0.1:1", Grant::RefreshToken("s3gr3d0".to_owned().into()));
        let gone = tokens.token().await.unwrap_err();
        assert!(matches!(gone, Outcome::Deferred { slow_down: true, .. }), "{gone:?}");
        assert!(!format!("{gone:?} {tokens:?}").contains("s3gr3d0"));
    }
}
