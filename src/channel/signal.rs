//! Signs of life for another machine, which calls a person when they stop (Healthchecks and its like).

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::TellError;
use crate::http::call::{Call, call};

/// The longest that a sign may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Of what is amiss so much is told.
const MOST_BYTES: usize = 10_000;

/// Where signs of life go.
#[derive(Debug, Clone)]
pub struct Beacon {
    /// The whole address, its secret in place.
    pub url: SecretString,
    /// What goes in `Authorization: Bearer …`.
    pub bearer: Option<SecretString>,
    /// Whether start, failure and what is only to be noted have ends of their own; otherwise only success is told, and all
    /// else is silence.
    pub tells_failure: bool,
}

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sign {
    Start,
    Well,
    /// It is not; what is amiss, a line each.
    Amiss(String),
    /// Somebody tries whether it is heard. It says nothing of how things stand.
    Trial(String),
}

/// What became of a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hearing {
    /// It was heard.
    Heard,
    /// There is no address for such a sign: it is silence, and nothing went out.
    Silence,
}

impl Beacon {
    /// Gives a sign, once.
    pub async fn give(&self, sign: &Sign) -> Result<Hearing, TellError> {
        let Some(url) = self.address(sign) else { return Ok(Hearing::Silence) };
        let body = match sign {
            Sign::Start | Sign::Well => String::new(),
            Sign::Amiss(text) | Sign::Trial(text) => text[..text.floor_char_boundary(MOST_BYTES)].to_owned(),
        };
        let mut sent = Call::post(url, "text/plain; charset=utf-8", body);
        sent.bearer.clone_from(&self.bearer);
        sent.patience = PATIENCE;
        let said = call(&sent).await?;
        if said.is_success() {
            Ok(Hearing::Heard)
        } else {
            Err(TellError::Refused { status: said.status, said: String::new() })
        }
    }

    /// The address with its end; nothing where the sign is silence.
    fn address(&self, sign: &Sign) -> Option<SecretString> {
        let end = match sign {
            Sign::Well => return Some(self.url.clone()),
            Sign::Start if self.tells_failure => "/start",
            Sign::Amiss(_) if self.tells_failure => "/fail",
            Sign::Trial(_) if self.tells_failure => "/log",
            Sign::Start | Sign::Amiss(_) | Sign::Trial(_) => return None,
        };
        let url = self.url.expose_secret();
        let (path, query) = url.split_at(url.find(['?', '#']).unwrap_or(url.len()));
        Some(format!("{}{end}{query}", path.trim_end_matches('/')).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(url: &str, tells_failure: bool) -> Vec<Option<String>> {
        let beacon = Beacon { url: url.to_owned().into(), bearer: None, tells_failure };
        [Sign::Start, Sign::Well, Sign::Amiss("x".to_owned()), Sign::Trial("x".to_owned())]
            .iter()
            .map(|sign| Some(beacon.address(sign)?.expose_secret().to_owned()))
            .collect()
    }

    #[tokio::test]
    async fn a_sign_without_an_address_is_silence_and_not_heard() {
        let beacon =
            Beacon { url: "http://127.0.0.1:1/".to_owned().into(), bearer: None, tells_failure: false };
        assert_eq!(beacon.give(&Sign::Start).await, Ok(Hearing::Silence));
        assert_eq!(beacon.give(&Sign::Amiss("x".to_owned())).await, Ok(Hearing::Silence));
        assert!(beacon.give(&Sign::Well).await.is_err(), "this one goes out");
    }

    #[test]
    fn start_and_failure_have_ends_of_their_own_or_are_silence() {
        let some = |urls: [&str; 4]| urls.map(|url| Some(url.to_owned())).to_vec();
        assert_eq!(
            ends("https://hc/u", true),
            some(["https://hc/u/start", "https://hc/u", "https://hc/u/fail", "https://hc/u/log"])
        );
        assert_eq!(
            ends("https://hc/u/?a=1", true),
            some([
                "https://hc/u/start?a=1",
                "https://hc/u/?a=1",
                "https://hc/u/fail?a=1",
                "https://hc/u/log?a=1"
            ])
        );
        assert_eq!(ends("https://hc/u", false), vec![None, Some("https://hc/u".to_owned()), None, None]);
    }
}
