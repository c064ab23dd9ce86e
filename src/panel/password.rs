//! Who somebody is: a file with a line for each user, `usuario:$argon2id$…`, read anew whenever it changed.
//!
//! A right password is remembered by a digest until the file changes, since argon2 takes its time by design; wrong ones are
//! tried one after the other, each with a pause, so that neither guessing nor a flood of guesses gets anywhere.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use base64ct::{Base64, Encoding as _};
use tokio::sync::Semaphore;

use super::access::is_name;
use crate::telemetry::io_words;
use crate::text::digest::sha256;

const HINT: &str = "faça cada linha com “vigia-suas painel senha USUARIO”";
const LARGEST: u64 = 256 * 1024;
const RANDOM: &str = "/dev/urandom";
/// After a wrong password.
const PAUSE: Duration = Duration::from_millis(500);
/// As many right ones are remembered.
const REMEMBERED: usize = 1_000;
/// Shorter ones are no password.
const SHORTEST: usize = 12;
/// Longer ones are no password either.
const LONGEST: usize = 1_024;

/// Why there are no passwords to be had. In the operators' words.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The file cannot be read.
    #[error("o arquivo de senhas do painel, {}, não pôde ser lido: {}\n  dica: confira `senhas` em [painel]; {HINT}", path.display(), io_words(source))]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Others may read it.
    #[error("o arquivo de senhas do painel, {0}, pode ser lido por qualquer usuário desta máquina\n  dica: chmod 640 {0}; chgrp vigia-suas {0}", path.display())]
    Open {
        /// Which file.
        path: PathBuf,
    },
    /// A line is none.
    #[error("o arquivo de senhas do painel, {}, linha {line}: {why}\n  dica: {HINT}", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// There is no line.
    #[error("o arquivo de senhas do painel, {}, não tem nenhum usuário\n  dica: {HINT}", .0.display())]
    Empty(PathBuf),
    /// A name that cannot be one.
    #[error(
        "o nome de usuário não serve\n  dica: até 128 letras, números e sinais, sem “:” nem espaços nas pontas"
    )]
    Name,
    /// A password that cannot be one.
    #[error("a senha precisa ter pelo menos {SHORTEST} caracteres")]
    Short,
    /// A password that nobody types.
    #[error("a senha tem mais de {LONGEST} bytes")]
    Long,
    /// The system gives no random bytes, or argon2 takes no such password.
    #[error("a senha não pôde ser cifrada: {0}")]
    Unmade(String),
}

/// The users of a file, each with the hash of a password.
#[derive(Debug)]
pub(super) struct Users {
    /// Of the file's bytes.
    digest: String,
    lines: Vec<(String, String)>,
}

/// Reads the file, if it is one that only its owner and group may read.
///
/// # Errors
/// [`PasswordError`].
pub(super) fn read(path: &Path) -> Result<Users, PasswordError> {
    let failed = |source| PasswordError::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode();
    if mode & 0o007 != 0 {
        return Err(PasswordError::Open { path: path.to_owned() });
    }
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes).map_err(failed)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut names = BTreeSet::new();
    for (number, line) in text.trim_start_matches('\u{FEFF}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let fault = |why| PasswordError::Line { path: path.to_owned(), line: number + 1, why };
        let (name, hash) = line.split_once(':').ok_or_else(|| fault("não é “usuario:$argon2id$…”"))?;
        if !is_name(name) {
            return Err(fault("o nome de usuário não serve"));
        }
        let parsed =
            PasswordHash::new(hash).map_err(|_| fault("o que vem depois de “:” não é uma senha cifrada"))?;
        if parsed.algorithm.as_str() != "argon2id" {
            return Err(fault("a senha não está cifrada com argon2id"));
        }
        if !names.insert(name.to_owned()) {
            return Err(fault("o usuário já apareceu em outra linha"));
        }
        lines.push((name.to_owned(), hash.to_owned()));
    }
    if lines.is_empty() {
        return Err(PasswordError::Empty(path.to_owned()));
    }
    Ok(Users { digest: sha256(&bytes), lines })
}

/// The line of a user with a password, to be put into the file.
///
/// # Errors
/// [`PasswordError`].
pub fn line(user: &str, password: &str) -> Result<String, PasswordError> {
    if !is_name(user) || user.trim() != user || user.contains(':') || user.starts_with('#') {
        return Err(PasswordError::Name);
    }
    if password.chars().count() < SHORTEST {
        return Err(PasswordError::Short);
    }
    if password.len() > LONGEST {
        return Err(PasswordError::Long);
    }
    let mut salt = [0; 16];
    let random = File::open(RANDOM).and_then(|mut random| random.read_exact(&mut salt));
    random.map_err(|error| PasswordError::Unmade(io_words(&error)))?;
    let hash: PasswordHash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|error| PasswordError::Unmade(error.to_string()))?;
    Ok(format!("{user}:{hash}"))
}

/// What an `Authorization` header came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Login {
    /// It is they.
    User(String),
    /// It is not, or nothing was said.
    Nobody,
    /// Too many try at once.
    Busy,
}

/// Whoever says who they are.
#[derive(Debug)]
pub(super) struct Logins {
    file: Option<PathBuf>,
    /// Digests of headers that were right, each with the file's.
    right: Mutex<BTreeSet<String>>,
    trying: Semaphore,
    waiting: Semaphore,
}

impl Logins {
    pub(super) fn new(file: Option<PathBuf>) -> Self {
        Self { file, right: Mutex::default(), trying: Semaphore::new(1), waiting: Semaphore::new(16) }
    }

    /// Judges an `Authorization` header.
    pub(super) async fn judge(&self, header: Option<&str>) -> Login {
        let Some((user, password)) = header.and_then(said) else { return Login::Nobody };
        let Some(Ok(users)) = self.file.as_deref().map(read) else { return Login::Nobody };
        let known = sha256(format!("{}\n{user}\n{password}", users.digest).as_bytes());
        if self.right.lock().unwrap_or_else(PoisonError::into_inner).contains(&known) {
            return Login::User(user);
        }
        let Ok(_place) = self.waiting.try_acquire() else { return Login::Busy };
        let Ok(_turn) = self.trying.acquire().await else { return Login::Busy };
        let name = user.clone();
        let judged = tokio::task::spawn_blocking(move || users.knows(&name, &password)).await;
        if judged.unwrap_or(false) {
            let mut right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
            if right.len() >= REMEMBERED {
                right.clear();
            }
            right.insert(known);
            return Login::User(user);
        }
        tokio::time::sleep(PAUSE).await;
        Login::Nobody
    }
}

impl Users {
    /// Whether a user has that password. One who is not there costs as much as one who is.
    fn knows(&self, user: &str, password: &str) -> bool {
        let own = self.lines.iter().find(|(name, _)| name == user);
        let Some((_, hash)) = own.or(self.lines.first()) else { return false };
        Argon2::default().verify_password(password.as_bytes(), hash.as_str()).is_ok() && own.is_some()
    }
}

/// User and password of a `Basic` header (RFC 7617).
fn said(header: &str) -> Option<(String, String)> {
    let (scheme, rest) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") || rest.len() > 2 * LONGEST {
        return None;
    }
    let text = String::from_utf8(Base64::decode_vec(rest.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    is_name(user).then(|| (user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn file(dir: &tempfile::TempDir, text: &str, mode: u32) -> PathBuf {
        let path = dir.path().join("senhas");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn basic(user: &str, password: &str) -> String {
        format!("Basic {}", Base64::encode_string(format!("{user}:{password}").as_bytes()))
    }

    #[tokio::test]
    async fn a_line_that_was_made_lets_its_user_in_until_it_is_taken_out() {
        let dir = tempfile::tempdir().unwrap();
        let made = line("ana", "senha bem longa").unwrap();
        assert!(made.starts_with("ana:$argon2id$"), "{made}");
        let path = file(&dir, &format!("# equipe\n\n{made}\n"), 0o640);
        let logins = Logins::new(Some(path.clone()));
        let right = basic("ana", "senha bem longa");
        assert_eq!(logins.judge(Some(&right)).await, Login::User("ana".to_owned()));
        assert_eq!(logins.judge(Some(&right)).await, Login::User("ana".to_owned()), "remembered");
        for wrong in
            [basic("ana", "outra"), basic("bruno", "senha bem longa"), "Bearer x".into(), "Basic ???".into()]
        {
            assert_eq!(logins.judge(Some(&wrong)).await, Login::Nobody, "{wrong}");
        }
        assert_eq!(logins.judge(None).await, Login::Nobody);
        file(&dir, &line("bruno", "outra senha longa").unwrap(), 0o640);
        assert_eq!(logins.judge(Some(&right)).await, Login::Nobody, "it counts no longer");
    }

    #[test]
    fn a_file_that_all_may_read_or_that_is_none_is_refused_with_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let good = line("ana", "senha bem longa").unwrap();
        let refused = |text: &str, mode| {
            let path = file(&dir, text, mode);
            let error = read(&path).unwrap_err().to_string().replace(dir.path().to_str().unwrap(), "");
            fs::remove_file(path).unwrap();
            error
        };
        assert!(refused(&good, 0o644).contains("chmod 640 /senhas"));
        assert!(refused("ana:segredo\n", 0o600).contains("linha 1: o que vem depois"));
        assert!(!refused("ana:segredo\n", 0o600).contains("segredo"), "no password is shown");
        assert!(refused("ana\n", 0o600).contains("linha 1: não é"));
        assert!(refused(&format!("{good}\n{good}\n"), 0o600).contains("linha 2: o usuário já"));
        assert!(refused("# nada\n", 0o600).contains("não tem nenhum usuário"));
        let absent = read(&dir.path().join("nada")).unwrap_err().to_string();
        assert!(absent.contains("não pôde ser lido") && absent.contains("painel senha"), "{absent}");
    }

    #[test]
    fn no_name_or_password_that_could_not_be_typed_or_kept_is_made_a_line() {
        for name in ["", "a:b", " a", "#a", "a\nb"] {
            assert!(matches!(line(name, "senha bem longa"), Err(PasswordError::Name)), "{name:?}");
        }
        assert!(matches!(line("ana", "curta"), Err(PasswordError::Short)));
        assert!(matches!(line("ana", &"x".repeat(2_000)), Err(PasswordError::Long)));
    }
}
