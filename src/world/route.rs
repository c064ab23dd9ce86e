//! How staff are told besides by mail, and where signs of life go, with what their secrets say.

use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};

use super::secret::{self, Secret, SecretError, Surroundings};
use crate::channel::format::MessageFormat;
use crate::channel::signal::Beacon;
use crate::channel::{Route, Webhook};
use crate::config::{
    ChannelSettings, PLACEHOLDER, SignalFormat, SignalSettings, WebhookFormat, WebhookSettings,
};
use crate::domain::journal::Channel;
use crate::telemetry::chain;
use crate::text::discreet::without_addresses;
use crate::text::visible;

/// The ways that a configuration names.
pub fn ways(channels: &ChannelSettings) -> Vec<Channel> {
    let webhook = channels.webhook.as_ref().map(|_| Channel::Webhook);
    let command = channels.command.as_ref().map(|_| Channel::Command);
    webhook.into_iter().chain(command).collect()
}

/// One of them, with its secret read now, or why that cannot be read; none that the configuration does not name.
pub fn route(
    channels: &ChannelSettings,
    way: Channel,
    around: &Surroundings,
) -> Option<Result<Route, SecretError>> {
    match way {
        Channel::Webhook => {
            channels.webhook.as_ref().map(|settings| Ok(Route::Webhook(webhook(settings, around)?)))
        }
        Channel::Command => channels.command.clone().map(|argv| Ok(Route::Command(argv))),
        // Nobody is told of an alert by it.
        Channel::Signal => None,
    }
}

fn webhook(settings: &WebhookSettings, around: &Surroundings) -> Result<Webhook, SecretError> {
    let Addressed { url, secret, bearer } =
        addressed(&settings.url, Secret::Webhook, settings.secret_file.as_deref(), around)?;
    let chat = settings.chat.clone().unwrap_or_default();
    let format = match settings.format {
        WebhookFormat::Json => MessageFormat::Json,
        WebhookFormat::Teams => MessageFormat::Teams,
        WebhookFormat::Slack => MessageFormat::Slack,
        WebhookFormat::Telegram => MessageFormat::Telegram { chat },
        WebhookFormat::Ntfy => MessageFormat::Ntfy,
    };
    Ok(Webhook { url, secret, bearer, format })
}

/// Where signs of life go.
pub fn beacon(settings: &SignalSettings, around: &Surroundings) -> Result<Beacon, SecretError> {
    let Addressed { url, bearer, .. } =
        addressed(&settings.url, Secret::Signal, settings.secret_file.as_deref(), around)?;
    Ok(Beacon { url, bearer, tells_failure: settings.format == SignalFormat::Healthchecks })
}

/// Why something was not told, in one line for the log, the journal and people: whoever answers may quote an address.
pub fn failure_words(failure: &(dyn std::error::Error + 'static)) -> String {
    without_addresses(&visible::line(&chain(failure)))
}

/// Where something goes, with what its secret says.
struct Addressed {
    /// The whole address.
    url: SecretString,
    /// The secret, where it has a place in the address.
    secret: Option<SecretString>,
    /// The token, where it has none.
    bearer: Option<SecretString>,
}

fn addressed(
    url: &str,
    which: Secret,
    file: Option<&Path>,
    around: &Surroundings,
) -> Result<Addressed, SecretError> {
    let found = secret::optional(which, file, around)?;
    match found {
        Some(value) if url.contains(PLACEHOLDER) => Ok(Addressed {
            url: url.replace(PLACEHOLDER, value.expose_secret().trim()).into(),
            secret: Some(value),
            bearer: None,
        }),
        None if url.contains(PLACEHOLDER) => Err(SecretError::Absent(which)),
        bearer => Ok(Addressed { url: url.to_owned().into(), secret: None, bearer }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_stands_in_the_address_where_it_has_a_place_there_and_is_a_token_else() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("segredo");
        std::fs::write(&file, "T0/B0/abc\n").unwrap();
        let around = Surroundings::default();
        let settings = |url: &str, file: Option<&Path>| WebhookSettings {
            url: url.to_owned(),
            format: WebhookFormat::Slack,
            chat: None,
            secret_file: file.map(Path::to_owned),
        };
        let read = |url: &str, file: Option<&Path>| {
            let made = webhook(&settings(url, file), &around)?;
            let shown = |secret: Option<SecretString>| secret.map(|secret| secret.expose_secret().to_owned());
            let url = made.url.expose_secret().to_owned();
            Ok::<_, SecretError>((url, shown(made.bearer), shown(made.secret)))
        };
        let secret = Some("T0/B0/abc".to_owned());
        let placed = read("https://h.example/s/{segredo}", Some(&file)).unwrap();
        assert_eq!(placed, ("https://h.example/s/T0/B0/abc".to_owned(), None, secret.clone()));
        let token = read("https://h.example/s", Some(&file)).unwrap();
        assert_eq!(token, ("https://h.example/s".to_owned(), secret, None));
        assert_eq!(read("https://h.example/s", None).unwrap().1, None);
        assert!(matches!(
            read("https://h.example/{segredo}", None),
            Err(SecretError::Absent(Secret::Webhook))
        ));
    }
}
