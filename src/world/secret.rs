//! Where secrets come from: a file that the operator names, systemd's credential, or the environment.
//!
//! The first of these that is there counts, in that order: what is written in the configuration comes before what the
//! surroundings bring. None is ever printed, and none goes through the configuration's own reading of the environment,
//! which takes `12345` for a number and shows values in its faults.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use crate::config::SECRET_VARIABLES;

/// A secret of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secret {
    RelayPassword,
    /// What proves to the token server that we are the client that it knows.
    ClientSecret,
    /// What the token server gives tokens for.
    RefreshToken,
    /// The secret part of a webhook's address, or its token.
    Webhook,
    /// The same of where signs of life go.
    Signal,
    /// The password of the server that keeps the ledger.
    Database,
}

impl Secret {
    /// The key that names its file, as faults call it.
    pub fn key(self) -> &'static str {
        self.names()[0]
    }

    /// The credential's name, as the unit gives it.
    pub fn credential(self) -> &'static str {
        self.names()[1]
    }

    /// The variable that may hold it.
    pub fn variable(self) -> &'static str {
        self.names()[2]
    }

    fn names(self) -> [&'static str; 3] {
        let [password, client, refresh, webhook, signal, database] = SECRET_VARIABLES;
        match self {
            Self::RelayPassword => ["senha_arquivo de [smtp]", "smtp-senha", password],
            Self::ClientSecret => ["segredo_arquivo de [smtp.oauth2]", "smtp-oauth-segredo", client],
            Self::RefreshToken => ["renovacao_arquivo de [smtp.oauth2]", "smtp-oauth-renovacao", refresh],
            Self::Webhook => ["segredo_arquivo de [alertas]", "alertas-segredo", webhook],
            Self::Signal => ["segredo_arquivo de [sinal]", "sinal-segredo", signal],
            Self::Database => ["senha_arquivo de [banco]", "banco-senha", database],
        }
    }
}

/// Why a secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Its file cannot be read.
    #[error("não foi possível ler {} (chave {key})", path.display())]
    File { key: &'static str, path: PathBuf, source: std::io::Error },
    /// A source without one, as systemd's stand-in for an absent credential is.
    #[error("o segredo viria {source_words}, e a primeira linha está vazia\ndica: escreva nela o segredo")]
    Empty { source_words: String },
    /// None is anywhere.
    #[error(
        "falta o segredo que a configuração pede\ndica: escreva a chave {}, dê ao serviço a credencial {}, ou ponha-o na \
         variável {}; um comando digitado não vê a credencial do serviço: para ele vale a chave ou a variável",
        .0.key(), .0.credential(), .0.variable()
    )]
    Absent(Secret),
}

/// What surrounds the process, as far as secrets go.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// `$CREDENTIALS_DIRECTORY` (systemd).
    pub credentials: Option<PathBuf>,
    /// Variables that may hold secrets, by name.
    pub variables: BTreeMap<&'static str, SecretString>,
}

impl Surroundings {
    /// Those of this process. The variables cannot be taken away from it (that is unsafe while threads run); a program that
    /// is started gets none of them.
    pub fn here() -> Self {
        let variable = |name| Some((name, SecretString::from(std::env::var(name).ok()?)));
        Self {
            credentials: std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from),
            variables: SECRET_VARIABLES.into_iter().filter_map(variable).collect(),
        }
    }
}

/// Where a secret comes from.
#[derive(Debug, Clone)]
pub enum SecretSource {
    /// The file that the configuration names.
    File(Secret, PathBuf),
    /// A file of `$CREDENTIALS_DIRECTORY`.
    Credential(Secret, PathBuf),
    /// A variable of the environment.
    Variable(Secret, SecretString),
}

/// In the operators' words.
impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(secret, path) => write!(f, "do arquivo {} ({})", path.display(), secret.key()),
            Self::Credential(_, path) => write!(f, "da credencial do systemd ({})", path.display()),
            Self::Variable(secret, _) => write!(f, "da variável {} do ambiente", secret.variable()),
        }
    }
}

impl SecretSource {
    /// The source that counts, if there is any. `file` is the one that the configuration names.
    pub fn of(secret: Secret, file: Option<&Path>, around: &Surroundings) -> Option<Self> {
        if let Some(path) = file {
            return Some(Self::File(secret, path.to_owned()));
        }
        let variable = around.variables.get(secret.variable());
        let credential = around.credentials.as_ref().map(|dir| dir.join(secret.credential()));
        // The unit's stand-in for an absent credential is an empty line, which must not hide the variable.
        match credential.filter(|path| path.exists() && (variable.is_none() || !is_blank(path))) {
            Some(path) => Some(Self::Credential(secret, path)),
            None => variable.cloned().map(|value| Self::Variable(secret, value)),
        }
    }

    /// The secret: the first line of a file, or the variable as it is.
    pub fn read(&self) -> Result<SecretString, SecretError> {
        let value = match self {
            Self::File(secret, path) | Self::Credential(secret, path) => {
                let unread = |source| SecretError::File { key: secret.key(), path: path.clone(), source };
                let bytes = std::fs::read(path).map_err(unread)?;
                let text = String::from_utf8_lossy(&bytes);
                // Editors put a mark first that nobody sees.
                let text = text.trim_start_matches('\u{FEFF}');
                SecretString::from(text.lines().next().unwrap_or_default().to_owned())
            }
            Self::Variable(_, value) => value.clone(),
        };
        if value.expose_secret().trim().is_empty() {
            return Err(SecretError::Empty { source_words: self.to_string() });
        }
        Ok(value)
    }
}

/// A secret that the configuration may do without: nothing where no source has one.
///
/// # Errors
/// [`SecretError::File`], [`SecretError::Empty`] for a file that the configuration names.
pub fn optional(
    secret: Secret,
    file: Option<&Path>,
    around: &Surroundings,
) -> Result<Option<SecretString>, SecretError> {
    match SecretSource::of(secret, file, around) {
        Some(source) => match source.read() {
            Err(SecretError::Empty { .. }) if file.is_none() => Ok(None),
            read => read.map(Some),
        },
        None => Ok(None),
    }
}

fn is_blank(path: &Path) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| text.lines().next().unwrap_or_default().trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: Secret = Secret::RelayPassword;

    #[test]
    fn the_file_comes_before_the_credential_and_the_credential_before_the_environment() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("senha");
        std::fs::write(&file, "do-arquivo\n").unwrap();
        let mut around = Surroundings {
            credentials: Some(dir.path().to_owned()),
            variables: [(PASSWORD.variable(), "12345".to_owned().into())].into(),
        };
        let read = |file: Option<&Path>, around: &Surroundings| {
            let source = SecretSource::of(PASSWORD, file, around).unwrap();
            (source.read().unwrap().expose_secret().to_owned(), source.to_string())
        };
        assert_eq!(read(None, &around).0, "12345", "as it is, and no number");
        std::fs::write(dir.path().join("smtp-senha"), "\n").unwrap();
        assert_eq!(read(None, &around).0, "12345", "the unit's stand-in is no password");
        std::fs::write(dir.path().join("smtp-senha"), "\u{FEFF}da-credencial\r\n").unwrap();
        let (password, words) = read(None, &around);
        assert_eq!(password, "da-credencial");
        assert!(words.starts_with("da credencial do systemd"), "{words}");
        assert_eq!(read(Some(&file), &around).0, "do-arquivo");
        around = Surroundings::default();
        assert!(SecretSource::of(PASSWORD, None, &around).is_none());
        around.variables.insert(PASSWORD.variable(), " ".to_owned().into());
        let blank = SecretSource::of(PASSWORD, None, &around).unwrap().read().unwrap_err();
        assert!(blank.to_string().contains("VIGIA_SMTP_SENHA"), "{blank}");
    }

    #[test]
    fn a_secret_that_may_be_absent_is_none_but_a_named_file_must_hold_it() {
        let dir = tempfile::tempdir().unwrap();
        let around = Surroundings { credentials: Some(dir.path().to_owned()), ..Surroundings::default() };
        let file = dir.path().join(Secret::Webhook.credential());
        assert!(optional(Secret::Webhook, None, &around).unwrap().is_none());
        std::fs::write(&file, "\n").unwrap();
        assert!(optional(Secret::Webhook, None, &around).unwrap().is_none(), "the unit's stand-in");
        let empty = optional(Secret::Webhook, Some(&file), &around).unwrap_err();
        assert!(empty.to_string().contains("segredo_arquivo de [alertas]"), "{empty}");
        let absent = SecretError::Absent(Secret::ClientSecret).to_string();
        assert!(
            absent.contains("VIGIA_SMTP_OAUTH_SEGREDO") && absent.contains("smtp-oauth-segredo"),
            "{absent}"
        );
    }

    #[test]
    fn a_secret_is_never_shown() {
        let value = SecretString::from("segredo".to_owned());
        let around =
            Surroundings { credentials: None, variables: [(PASSWORD.variable(), value.clone())].into() };
        let source = SecretSource::Variable(PASSWORD, value);
        assert!(!format!("{around:?} {source:?} {source}").contains("segredo"));
    }
}
