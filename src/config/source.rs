//! Where the text of a configuration comes from: a directory, or the copy shipped inside the program.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::TemplateSource;
use super::fault::LoadError;
use crate::files;

/// The variables that override `vigia.toml` begin with this.
const PREFIX: &str = "VIGIA_";
/// Variables that may hold a secret. They are no keys: what is read here may be shown in a fault.
pub const SECRET_VARIABLES: [&str; 6] = [
    "VIGIA_SMTP_SENHA",
    "VIGIA_SMTP_OAUTH_SEGREDO",
    "VIGIA_SMTP_OAUTH_RENOVACAO",
    "VIGIA_ALERTAS_SEGREDO",
    "VIGIA_SINAL_SEGREDO",
    "VIGIA_BANCO_SENHA",
];
/// Variables with the same beginning that are not keys of `vigia.toml`: the command line, the logs and the senders
/// read them.
const NOT_KEYS: [&str; 4] = ["VIGIA_CONFIG", "VIGIA_LOG", "VIGIA_JSON", "VIGIA_EM"];

/// So often a directory is read again before it counts as one that does not stop changing.
const READINGS: u32 = 20;

/// The files that a configuration is made of; `vigia.toml`, `calendario.toml` and `municipios.csv` must be there.
pub(super) const FILES: [&str; 6] =
    ["vigia.toml", "calendario.toml", "fontes.toml", "municipios.csv", "unidades.csv", "feriados.toml"];

/// So many files `modelos/` may have: several times those that letters use.
const MOST_LETTERS: usize = 200;

/// How many bytes a file may have: several times what the whole country would fill. No more is read of it, and it is a
/// fault.
pub(super) fn most_bytes(name: &str) -> usize {
    match name.rsplit_once('.') {
        Some((_, "csv")) => 8 << 20,
        Some((_, "toml")) => 1 << 20,
        _ => 64 << 10,
    }
}

/// Every file of a configuration, and the environment that overrides it.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    directory: String,
    files: BTreeMap<String, Vec<u8>>,
    variables: BTreeMap<String, String>,
}

impl Sources {
    /// Reads the files of a directory. Those that are not there are simply not in the result: what is required is the
    /// compiler's matter, and what an absence may mean the gate's. A link that leads nowhere is there. Never half of what somebody puts in place meanwhile: what two readings in a row found alike
    /// stood so between them.
    ///
    /// # Errors
    /// [`LoadError::Unreadable`] when the directory, or a file that is in it, cannot be read, or it does not stop
    /// changing.
    pub fn read(directory: &Path) -> Result<Self, LoadError> {
        let mut earlier = Self::read_once(directory)?;
        for _ in 0..READINGS {
            let later = Self::read_once(directory)?;
            if later.files == earlier.files {
                return Ok(later);
            }
            earlier = later;
        }
        let source = std::io::Error::other("os arquivos não param de mudar; tente daqui a pouco");
        Err(LoadError::Unreadable { path: directory.to_owned(), source })
    }

    /// Only `vigia.toml` of a directory, whatever the other files are: where the ledger lies is said there.
    ///
    /// # Errors
    /// [`LoadError::Unreadable`].
    pub fn read_settings(directory: &Path) -> Result<Self, LoadError> {
        let mut sources = Self { directory: directory.display().to_string(), ..Self::default() };
        sources.take(&directory.join(FILES[0]), FILES[0])?;
        Ok(sources)
    }

    fn read_once(directory: &Path) -> Result<Self, LoadError> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |source| LoadError::Unreadable { path, source }
        };
        std::fs::read_dir(directory).map_err(unreadable(directory))?;
        let mut sources = Self { directory: directory.display().to_string(), ..Self::default() };
        for name in FILES {
            sources.take(&directory.join(name), name)?;
        }
        let letters = directory.join("modelos");
        if files::is_folder(&letters).map_err(unreadable(&letters))? {
            for entry in std::fs::read_dir(&letters).map_err(unreadable(&letters))? {
                let entry = entry.map_err(unreadable(&letters))?;
                let name = entry.file_name().to_string_lossy().into_owned();
                if Self::is_part(&format!("modelos/{name}")) {
                    sources.take(&entry.path(), &format!("modelos/{name}"))?;
                }
                if sources.files.len() > FILES.len() + MOST_LETTERS {
                    let many =
                        format!("há mais de {MOST_LETTERS} arquivos; apague os que não são das cartas");
                    return Err(unreadable(&letters)(std::io::Error::other(many)));
                }
            }
        }
        Ok(sources)
    }

    /// The configuration shipped inside the program: Espírito Santo, in rehearsal.
    pub fn embedded() -> Self {
        let mut sources = Self { directory: "(embutida)".to_owned(), ..Self::default() };
        for (name, text) in [
            ("vigia.toml", include_str!("../../config/vigia.toml")),
            ("calendario.toml", include_str!("../../config/calendario.toml")),
            ("fontes.toml", include_str!("../../config/fontes.toml")),
            ("municipios.csv", include_str!("../../config/municipios.csv")),
            ("feriados.toml", include_str!("../../config/feriados.toml")),
        ] {
            sources = sources.with(name, text);
        }
        sources
    }

    /// The same with one file put in or replaced.
    #[must_use]
    pub fn with(mut self, name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.files.insert(name.to_owned(), bytes.into());
        self
    }

    /// The same without one file.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.files.remove(name);
        self
    }

    /// The same with those of the variables that begin with `VIGIA_` and are keys of `vigia.toml`.
    #[must_use]
    pub fn with_variables(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let is_key =
            |n: &str| n.starts_with(PREFIX) && !NOT_KEYS.contains(&n) && !SECRET_VARIABLES.contains(&n);
        let keys = variables.into_iter().filter(|(n, _)| is_key(n));
        self.variables.extend(keys);
        self
    }

    /// The same with the environment of this process.
    #[must_use]
    pub fn with_environment(self) -> Self {
        self.with_variables(
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    /// Whether a variable of that name overrides `vigia.toml`.
    pub fn has_variable(&self, name: &str) -> bool {
        self.variables.contains_key(name)
    }

    /// A hash over every file and variable: two configurations with the same one are the same.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        let mut part = |name: &str, bytes: &[u8]| {
            for piece in [name.as_bytes(), bytes] {
                hash.update(u64::try_from(piece.len()).unwrap_or(u64::MAX).to_le_bytes());
                hash.update(piece);
            }
        };
        self.files.iter().for_each(|(name, bytes)| part(name, bytes));
        self.variables.iter().for_each(|(name, value)| part(name, value.as_bytes()));
        hash.finalize().iter().fold(String::new(), |mut hex, byte| {
            use std::fmt::Write as _;
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// Every file and variable by name, to be kept; variables begin with `VIGIA_`.
    pub fn parts(&self) -> Vec<(String, Vec<u8>)> {
        let variables = self.variables.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes()));
        self.files.iter().map(|(name, bytes)| (name.clone(), bytes.clone())).chain(variables).collect()
    }

    /// What [`Sources::parts`] gave, put together again. The environment of this process has no say in it.
    pub fn of_parts(directory: &str, parts: Vec<(String, Vec<u8>)>) -> Self {
        let mut sources = Self { directory: directory.to_owned(), ..Self::default() };
        for (name, bytes) in parts {
            if name.starts_with(PREFIX) {
                sources.variables.insert(name, String::from_utf8_lossy(&bytes).into_owned());
            } else {
                sources.files.insert(name, bytes);
            }
        }
        sources
    }

    /// The files, by name.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }

    /// The names of files and variables that two configurations do not have alike.
    pub fn unlike(&self, other: &Self) -> Vec<String> {
        let unlike = |a: &BTreeMap<String, Vec<u8>>, b: &BTreeMap<String, Vec<u8>>| -> Vec<String> {
            a.keys().chain(b.keys()).filter(|name| a.get(*name) != b.get(*name)).cloned().collect()
        };
        let bytes =
            |of: &Self| of.variables.iter().map(|(n, v)| (n.clone(), v.clone().into_bytes())).collect();
        let mut names = unlike(&self.files, &other.files);
        names.extend(unlike(&bytes(self), &bytes(other)));
        names.sort();
        names.dedup();
        names
    }

    /// Whether this is the name of a file that a configuration is made of.
    pub fn is_part(name: &str) -> bool {
        FILES.contains(&name)
            || name.strip_prefix("modelos/").is_some_and(|letter| {
                let extension = Path::new(letter).extension().and_then(|e| e.to_str());
                !letter.starts_with('.') && !letter.contains('/') && matches!(extension, Some("txt" | "html"))
            })
    }

    /// A hash over every file: what two places have alike whatever the environment says.
    pub fn digest(&self) -> String {
        Self { files: self.files.clone(), ..Self::default() }.fingerprint()
    }

    /// The bytes of a file, if it is there.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Vec::as_slice)
    }

    /// A file's name as operators know it.
    pub(super) fn shown(&self, name: &str) -> String {
        Path::new(&self.directory).join(name).display().to_string()
    }

    /// Letters of the operators' own, by name.
    pub(super) fn letters(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().filter_map(|(name, bytes)| Some((name.strip_prefix("modelos/")?, bytes.as_slice())))
    }

    /// The same as text, for judging them beside faults of other files; those that are no UTF-8 or too long are
    /// left to the compiler.
    pub fn templates(&self) -> Vec<TemplateSource> {
        self.letters()
            .filter(|(name, bytes)| bytes.len() <= most_bytes(name))
            .filter_map(|(name, bytes)| {
                let text = std::str::from_utf8(bytes).ok()?;
                let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
                let path = self.shown(&format!("modelos/{name}"));
                Some(TemplateSource { name: name.to_owned(), path, text })
            })
            .collect()
    }

    /// Variables by name without `VIGIA_`.
    pub(super) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?, value.as_str())))
    }

    fn take(&mut self, path: &Path, name: &str) -> Result<(), LoadError> {
        let most = u64::try_from(most_bytes(name)).unwrap_or(u64::MAX);
        let unreadable = |source| LoadError::Unreadable { path: path.to_owned(), source };
        let Some(file) = files::open_to_read(path).map_err(unreadable)? else { return Ok(()) };
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        self.files.insert(name.to_owned(), bytes);
        Ok(())
    }
}
