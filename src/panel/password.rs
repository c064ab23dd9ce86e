//! The file of passwords, with a line for each user, `usuario:$argon2id$…`: read, and a line of it made.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};

use super::access::is_name;
use crate::text::digest::sha256;
use crate::text::system::io_words;

const HINT: &str = "faça cada linha com “vigia-suas painel senha USUARIO”";
const LARGEST: u64 = 256 * 1024;
const RANDOM: &str = "/dev/urandom";
/// Shorter ones are no password.
const SHORTEST: usize = 12;
/// Longer ones are no password either.
pub(super) const LONGEST: usize = 1_024;

/// Why there are no passwords to be had. In the operators' words.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The file cannot be read.
    #[error("o arquivo de senhas do painel, {}, não pôde ser lido: {}\n  dica: confira `senhas` em [painel]; {HINT}", path.display(), io_words(source))]
    Unreadable { path: PathBuf, source: std::io::Error },
    /// Others may read it.
    #[error("o arquivo de senhas do painel, {0}, pode ser lido por qualquer usuário desta máquina\n  dica: chmod 640 {0}; chgrp vigia-suas {0}", path.display())]
    Open { path: PathBuf },
    /// It is too large to be one.
    #[error("o arquivo de senhas do painel, {}, passa de {} KiB\n  dica: {HINT}", .0.display(), LARGEST / 1024)]
    Large(PathBuf),
    /// A line is none.
    #[error("o arquivo de senhas do painel, {}, linha {line}: {why}\n  dica: {HINT}", path.display())]
    Line { path: PathBuf, line: usize, why: &'static str },
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
    #[error("a senha não pôde ser guardada: {0}")]
    Unmade(String),
}

/// The users of a file, each with the hash of a password.
#[derive(Debug)]
pub(super) struct Users {
    /// Of the file's bytes.
    pub(super) digest: String,
    lines: Vec<(String, String)>,
}

/// Reads the file, if it is one that only its owner and group may read.
pub(super) fn read(path: &Path) -> Result<Users, PasswordError> {
    let failed = |source| PasswordError::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode();
    if mode & 0o007 != 0 {
        return Err(PasswordError::Open { path: path.to_owned() });
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(PasswordError::Large(path.to_owned()));
    }
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
        let parsed = PasswordHash::new(hash)
            .map_err(|_| fault("o que vem depois de “:” não é uma senha de “painel senha”"))?;
        if parsed.algorithm.as_str() != "argon2id" {
            return Err(fault("a senha não é de argon2id"));
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

impl Users {
    /// Whether a user has that password. One who is not there costs as much as one who is.
    pub(super) fn knows(&self, user: &str, password: &str) -> bool {
        let own = self.lines.iter().find(|(name, _)| name == user);
        let Some((_, hash)) = own.or(self.lines.first()) else { return false };
        Argon2::default().verify_password(password.as_bytes(), hash.as_str()).is_ok() && own.is_some()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs;

    use super::*;

    pub(crate) fn file(dir: &tempfile::TempDir, text: &str, mode: u32) -> PathBuf {
        let path = dir.path().join("senhas");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
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
        let large = format!("{good}\n{}", "# mais\n".repeat(40_000));
        assert!(refused(&large, 0o600).contains("passa de 256 KiB"), "it is not cut");
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
