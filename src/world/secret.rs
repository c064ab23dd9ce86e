//! Where the relay's password comes from: a file that the operator names, systemd's credential, or the environment.
//!
//! The first of these that is there counts, in that order: what is written in the configuration comes before what the
//! surroundings bring. It is never printed, and never goes through the configuration's own reading of the environment,
//! which takes `12345` for a number and shows values in its faults.

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::relay::SenderError;
use crate::config::RelaySettings;

/// The credential's name, as the unit gives it.
const CREDENTIAL: &str = "smtp-senha";

/// What surrounds the process, as far as passwords go.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// `$CREDENTIALS_DIRECTORY` (systemd).
    pub credentials: Option<PathBuf>,
    /// `$VIGIA_SMTP_SENHA`.
    pub variable: Option<SecretString>,
}

impl Surroundings {
    /// Those of this process. The variable cannot be taken away from it (that is unsafe while threads run); no other
    /// program is started that could inherit it.
    #[must_use]
    pub fn here() -> Self {
        Self {
            credentials: std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from),
            variable: std::env::var(crate::config::PASSWORD_VARIABLE).ok().map(SecretString::from),
        }
    }
}

/// Where a password comes from.
#[derive(Debug, Clone)]
pub enum PasswordSource {
    /// `senha_arquivo`.
    File(PathBuf),
    /// `$CREDENTIALS_DIRECTORY/smtp-senha`.
    Credential(PathBuf),
    /// `$VIGIA_SMTP_SENHA`.
    Variable(SecretString),
}

/// In the operators' words.
impl fmt::Display for PasswordSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "do arquivo {} (senha_arquivo de [smtp])", path.display()),
            Self::Credential(path) => write!(f, "da credencial do systemd ({})", path.display()),
            Self::Variable(_) => write!(f, "da variável {} do ambiente", crate::config::PASSWORD_VARIABLE),
        }
    }
}

impl PasswordSource {
    /// The source that counts, if there is any.
    #[must_use]
    pub fn of(relay: &RelaySettings, around: &Surroundings) -> Option<Self> {
        if let Some(path) = &relay.password_file {
            return Some(Self::File(path.clone()));
        }
        let credential = around.credentials.as_ref().map(|dir| dir.join(CREDENTIAL));
        // The unit's stand-in for an absent credential is an empty line, which must not hide the variable.
        match credential.filter(|path| path.exists() && (around.variable.is_none() || !is_blank(path))) {
            Some(path) => Some(Self::Credential(path)),
            None => around.variable.clone().map(Self::Variable),
        }
    }

    /// The password: the first line of a file, or the variable as it is.
    ///
    /// # Errors
    /// [`SenderError::File`], [`SenderError::NoPassword`].
    pub fn read(&self) -> Result<SecretString, SenderError> {
        use secrecy::ExposeSecret as _;
        let password = match self {
            Self::File(path) | Self::Credential(path) => {
                let bytes = std::fs::read(path).map_err(|source| SenderError::File {
                    key: "senha_arquivo",
                    path: path.clone(),
                    source,
                })?;
                let text = String::from_utf8_lossy(&bytes);
                // Editors put a mark first that nobody sees.
                let text = text.trim_start_matches('\u{FEFF}');
                SecretString::from(text.lines().next().unwrap_or_default().to_owned())
            }
            Self::Variable(password) => password.clone(),
        };
        if password.expose_secret().trim().is_empty() {
            return Err(SenderError::NoPassword { source_words: self.to_string() });
        }
        Ok(password)
    }
}

fn is_blank(path: &Path) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| text.lines().next().unwrap_or_default().trim().is_empty())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::world::relay::tests::relay;

    #[test]
    fn the_file_comes_before_the_credential_and_the_credential_before_the_environment() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("senha");
        std::fs::write(&file, "do-arquivo\n").unwrap();
        let mut around = Surroundings {
            credentials: Some(dir.path().to_owned()),
            variable: Some("12345".to_owned().into()),
        };
        let read = |relay: &RelaySettings, around: &Surroundings| {
            let source = PasswordSource::of(relay, around).unwrap();
            (source.read().unwrap().expose_secret().to_owned(), source.to_string())
        };
        let mut relay = relay();
        relay.password_file = None;
        assert_eq!(read(&relay, &around).0, "12345", "as it is, and no number");
        std::fs::write(dir.path().join("smtp-senha"), "\n").unwrap();
        assert_eq!(read(&relay, &around).0, "12345", "the unit's stand-in is no password");
        std::fs::write(dir.path().join("smtp-senha"), "\u{FEFF}da-credencial\r\n").unwrap();
        let (password, words) = read(&relay, &around);
        assert_eq!(password, "da-credencial");
        assert!(words.starts_with("da credencial do systemd"), "{words}");
        relay.password_file = Some(file);
        assert_eq!(read(&relay, &around).0, "do-arquivo");
        relay.password_file = None;
        around = Surroundings::default();
        assert!(PasswordSource::of(&relay, &around).is_none());
        around.variable = Some(" ".to_owned().into());
        let blank = PasswordSource::of(&relay, &around).unwrap().read().unwrap_err();
        assert!(blank.to_string().contains("VIGIA_SMTP_SENHA"), "{blank}");
    }

    #[test]
    fn a_password_is_never_shown() {
        let around = Surroundings { credentials: None, variable: Some("segredo".to_owned().into()) };
        let source = PasswordSource::Variable("segredo".to_owned().into());
        assert!(!format!("{around:?} {source:?} {source}").contains("segredo"));
    }
}
