//! The relay of `[smtp]` with what its files say, and the senders that speak to it.

use std::path::PathBuf;

use super::live::Live;
use super::secret::{self, Secret, SecretError, SecretSource, Surroundings};
use super::setup::Setup;
use crate::config::{self, Mode};
use crate::domain::id::EmailAddress;
use crate::mail::Transport;
use crate::mail::file::FileOutbox;
use crate::mail::smtp::oauth::{Grant, TokenServer, Tokens};
use crate::mail::smtp::{Credentials, Proof, Relay, RelayError, Security, SmtpSender, Timeouts};

/// Why no sender could be made.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    /// A file named in `[smtp]` cannot be read.
    #[error("não foi possível ler {} (chave {key} de [smtp])", path.display())]
    File { key: &'static str, path: PathBuf, source: std::io::Error },
    /// The password, or another secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The relay cannot be spoken to as configured.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// A source without a password, as systemd's stand-in for an absent credential is.
    #[error(
        "a senha viria {source_words}, e a primeira linha está vazia\ndica: escreva nela a senha de `usuario`; se o \
         servidor não pede senha, apague `usuario` e `senha_arquivo` de [smtp]"
    )]
    NoPassword { source_words: String },
    /// A user, and no password anywhere.
    #[error(
        "há `usuario` em [smtp] e nenhuma senha\ndica: escreva `senha_arquivo`, dê ao serviço a credencial smtp-senha, ou \
         ponha a senha na variável VIGIA_SMTP_SENHA; se o servidor não pede senha, apague `usuario`"
    )]
    NoSource,
    /// Production without `[smtp]`.
    #[error("não há [smtp] em vigia.toml: sem servidor de saída nada pode ser enviado")]
    NoRelay,
}

/// Whether senders can be made of a configuration.
pub fn check(setup: &Setup) -> Result<(), SenderError> {
    match (setup.config.settings.mode, &setup.config.settings.relay) {
        (Mode::Rehearsal, _) => Ok(()),
        (Mode::Production, None) => Err(SenderError::NoRelay),
        (Mode::Production, Some(relay)) => relay_of(relay, &setup.config.secretariat.sender).map(drop),
    }
}

/// The senders that a configuration asks for: one for each connection, or the folder of a rehearsal.
pub fn senders(live: &Live) -> Result<Vec<Transport>, SenderError> {
    let settings = &live.setup.config.settings;
    match settings.mode {
        Mode::Rehearsal => Ok(vec![Transport::File(FileOutbox::new(&settings.data))]),
        Mode::Production => {
            let configured = settings.relay.as_ref().ok_or(SenderError::NoRelay)?;
            let relay = relay_of(configured, &live.setup.config.secretariat.sender)?;
            let one = |_| Ok(Transport::Smtp(Box::new(SmtpSender::new(relay.clone())?)));
            (0..configured.connections.max(1)).map(one).collect()
        }
    }
}

/// The relay as the mail room takes it, with what its files say.
pub fn relay_of(relay: &config::RelaySettings, sender: &EmailAddress) -> Result<Relay, SenderError> {
    let read = |key: &'static str, path: &PathBuf| {
        std::fs::read(path).map_err(|source| SenderError::File { key, path: path.clone(), source })
    };
    let credentials = match (&relay.user, &relay.oauth) {
        (Some(user), Some(oauth)) => {
            let proof = Proof::Token(Tokens::new(token_server(oauth, &Surroundings::here())?));
            Some(Credentials { user: user.clone(), proof })
        }
        (Some(user), None) => {
            let source = SecretSource::of(
                Secret::RelayPassword,
                relay.password_file.as_deref(),
                &Surroundings::here(),
            );
            let password = source.ok_or(SenderError::NoSource)?.read().map_err(|failure| match failure {
                SecretError::Empty { source_words } => SenderError::NoPassword { source_words },
                other => SenderError::Secret(other),
            })?;
            Some(Credentials { user: user.clone(), proof: Proof::Password(password) })
        }
        (None, _) => None,
    };
    let relay = Relay {
        host: relay.host.clone(),
        port: relay.port,
        security: match relay.security {
            config::RelaySecurity::StartTls => Security::StartTls,
            config::RelaySecurity::Tls => Security::Tls,
            config::RelaySecurity::None => Security::Plain,
        },
        credentials,
        extra_ca: relay.ca_file.as_ref().map(|path| read("ca_arquivo", path)).transpose()?,
        hello_name: sender.domain().to_owned(),
        timeouts: Timeouts {
            connect: relay.patience.connect,
            greeting: relay.patience.greeting,
            command: relay.patience.command,
            data: relay.patience.data,
            final_dot: relay.patience.final_dot,
        },
    };
    relay.check()?;
    Ok(relay)
}

/// Where tokens come from, with what its secrets say.
fn token_server(oauth: &config::OauthSettings, around: &Surroundings) -> Result<TokenServer, SecretError> {
    let read = |which, file: &Option<PathBuf>| secret::optional(which, file.as_deref(), around);
    let client_secret = read(Secret::ClientSecret, &oauth.secret_file)?;
    let grant = match oauth.grant {
        config::OauthGrant::Client if client_secret.is_none() => {
            return Err(SecretError::Absent(Secret::ClientSecret));
        }
        config::OauthGrant::Client => Grant::ClientCredentials,
        config::OauthGrant::Refresh => Grant::RefreshToken(
            read(Secret::RefreshToken, &oauth.refresh_file)?
                .ok_or(SecretError::Absent(Secret::RefreshToken))?,
        ),
    };
    Ok(TokenServer {
        url: oauth.url.clone(),
        client_id: oauth.client.clone(),
        client_secret,
        scope: oauth.scope.clone(),
        grant,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A relay that asks for a password.
    pub(in crate::world) fn relay() -> config::RelaySettings {
        config::RelaySettings {
            host: "smtp.example.org".to_owned(),
            port: 587,
            security: config::RelaySecurity::StartTls,
            user: Some("vigilancia".to_owned()),
            oauth: None,
            password_file: None,
            ca_file: None,
            per_minute: 30,
            per_day: 100,
            connections: 1,
            patience: config::RelayPatience::default(),
        }
    }

    #[test]
    fn an_empty_first_line_is_no_password() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("senha");
        let relay = config::RelaySettings { password_file: Some(path.clone()), ..relay() };
        let sender = EmailAddress::parse("vigilancia@example.org").unwrap();
        for empty in ["", "\n", " \r\nsegredo\n"] {
            std::fs::write(&path, empty).unwrap();
            let error = relay_of(&relay, &sender).unwrap_err();
            assert!(matches!(error, SenderError::NoPassword { .. }), "{error}");
            assert!(error.to_string().contains("dica: escreva nela a senha"), "{error}");
        }
        std::fs::write(&path, "segredo\n").unwrap();
        assert!(relay_of(&relay, &sender).unwrap().credentials.is_some());
    }
}
