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
    }
}

fn webhook(settings: &WebhookSettings, around: &Surroundings) -> Result<Webhook, SecretError> {
    let (url, bearer) = addressed(&settings.url, Secret::Webhook, settings.secret_file.as_deref(), around)?;
    let chat = settings.chat.clone().unwrap_or_default();
    let format = match settings.format {
        WebhookFormat::Json => MessageFormat::Json,
        WebhookFormat::Teams => MessageFormat::Teams,
        WebhookFormat::Slack => MessageFormat::Slack,
        WebhookFormat::Telegram => MessageFormat::Telegram { chat },
        WebhookFormat::Ntfy => MessageFormat::Ntfy,
    };
    Ok(Webhook { url, bearer, format })
}

/// Where signs of life go.
pub fn beacon(settings: &SignalSettings, around: &Surroundings) -> Result<Beacon, SecretError> {
    let (url, bearer) = addressed(&settings.url, Secret::Signal, settings.secret_file.as_deref(), around)?;
    Ok(Beacon { url, bearer, tells_failure: settings.format == SignalFormat::Healthchecks })
}

/// The whole address, and the token where the secret has no place in it.
fn addressed(
    url: &str,
    which: Secret,
    file: Option<&Path>,
    around: &Surroundings,
) -> Result<(SecretString, Option<SecretString>), SecretError> {
    let found = secret::optional(which, file, around)?;
    match found {
        Some(value) if url.contains(PLACEHOLDER) => {
            Ok((url.replace(PLACEHOLDER, value.expose_secret().trim()).into(), None))
        }
        None if url.contains(PLACEHOLDER) => Err(SecretError::Absent(which)),
        bearer => Ok((url.to_owned().into(), bearer)),
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
            let bearer = made.bearer.map(|bearer| bearer.expose_secret().to_owned());
            Ok::<_, SecretError>((made.url.expose_secret().to_owned(), bearer))
        };
        let placed = read("https://h.example/s/{segredo}", Some(&file)).unwrap();
        assert_eq!(placed, ("https://h.example/s/T0/B0/abc".to_owned(), None));
        let token = read("https://h.example/s", Some(&file)).unwrap();
        assert_eq!(token, ("https://h.example/s".to_owned(), Some("T0/B0/abc".to_owned())));
        assert_eq!(read("https://h.example/s", None).unwrap().1, None);
        assert!(matches!(
            read("https://h.example/{segredo}", None),
            Err(SecretError::Absent(Secret::Webhook))
        ));
    }
}
