//! Who we are, to the relay: by a password, or by a token (XOAUTH2).

use lettre::transport::smtp::authentication::{Credentials as SmtpCredentials, Mechanism};
use lettre::transport::smtp::commands::Auth;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout;

use super::oauth::Tokens;
use super::session::{Line, expected};
use super::verdict::{self, Step};
use super::{Proof, Relay};
use crate::domain::delivery::Outcome;

/// Mechanisms in order of preference; both give the password away, so only under TLS or on loopback.
const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

impl Line {
    /// By whatever the relay's credentials are; nothing where there are none.
    pub(super) async fn authenticate(&mut self, relay: &Relay) -> Result<(), Outcome> {
        let Some(credentials) = &relay.credentials else { return Ok(()) };
        let password = match &credentials.proof {
            Proof::Password(password) => password,
            Proof::Token(tokens) => return self.authenticate_by_token(&credentials.user, tokens).await,
        };
        if self.smtp.server_info().get_auth_mechanism(&MECHANISMS).is_none() {
            let reply = "o relé não oferece AUTH PLAIN nem LOGIN".to_owned();
            return Err(Outcome::RelayFault { reply });
        }
        let secret = SmtpCredentials::new(credentials.user.clone(), password.expose_secret().to_owned());
        let limit = self.timeouts.command;
        match timeout(limit, self.smtp.auth(&MECHANISMS, &secret)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(verdict::of_error(Step::Auth, &error, self.wire.breakage()).outcome),
            Err(_) => Err(verdict::of_silence(Step::Auth, limit).outcome),
        }
    }

    /// XOAUTH2. A kept token that is not taken any more is fetched anew, once.
    async fn authenticate_by_token(&mut self, user: &str, tokens: &Tokens) -> Result<(), Outcome> {
        if !self.smtp.server_info().supports_auth_mechanism(Mechanism::Xoauth2) {
            return Err(Outcome::RelayFault { reply: "o relé não oferece AUTH XOAUTH2".to_owned() });
        }
        loop {
            let (token, is_new) = tokens.token().await?;
            let refused = match self.offer(user, &token).await {
                Ok(()) => return Ok(()),
                Err(refused) => refused,
            };
            if matches!(refused, Outcome::RelayFault { .. }) {
                tokens.refused(&token).await;
            }
            if is_new || !matches!(refused, Outcome::RelayFault { .. }) {
                return Err(refused);
            }
        }
    }

    /// One AUTH XOAUTH2. A relay that does not take the token says why in a challenge, and refuses once that is answered
    /// with an empty line.
    async fn offer(&mut self, user: &str, token: &SecretString) -> Result<(), Outcome> {
        let secret = SmtpCredentials::new(user.to_owned(), token.expose_secret().to_owned());
        let auth = Auth::new(Mechanism::Xoauth2, secret, None)
            .map_err(|_| Outcome::RelayFault { reply: "o token não cabe em AUTH XOAUTH2".to_owned() })?;
        let mut reply = self.say(Step::Auth, auth).await.map_err(|setback| setback.outcome)?;
        if reply.has_code(334) {
            reply = self.say(Step::Auth, "\r\n").await.map_err(|setback| setback.outcome)?;
        }
        expected(Step::Auth, &reply).map_err(|setback| setback.outcome)
    }
}
