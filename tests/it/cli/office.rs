//! An office: a folder with a configuration of three municipalities, and the program run in it as operators run it.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// Those who stay in `municipios.csv`: few, so that everything shown can be read.
const STAY: [&str; 3] = ["3205002", "3205200", "3205309"];

/// Loaded by hand, so that a load is as new as the command says.
pub(super) const FEED: &str = r#"
[fonte.planilha]
ativa = false
sistema = "rma"
tipo = "csv"
origem = "manual"
municipio = "ibge"
parte = "CRAS"
referencia = "abertas"
sentido = "situacao"
situacao_coluna = "situacao"
situacoes = { "Sim" = "concluido", "Não" = "pendente" }
"#;

pub(super) struct Office {
    dir: TempDir,
}

impl Office {
    /// The shipped configuration, with three municipalities.
    pub(super) fn new() -> Self {
        let office = Self { dir: tempfile::tempdir().unwrap() };
        copy(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/config")), &office.path("config"));
        let roster = office.read("config/municipios.csv");
        let stay = |line: &&str| line.starts_with("ibge;") || STAY.iter().any(|code| line.starts_with(code));
        let few = lined(roster.lines().filter(stay));
        office.write("config/municipios.csv", few);
        // Confirmed with the ministry, as the guide asks: the warnings are a test's of their own.
        let confirmed =
            office.read("config/calendario.toml").replace("a_confirmar = true", "a_confirmar = false");
        office.write("config/calendario.toml", confirmed);
        // Its own tests have it on.
        office.edit("config/vigia.toml", "pagina_do_dia = true", "pagina_do_dia = false");
        office
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(super) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// A folder of the office once more under another name.
    pub(super) fn copy(&self, from: &str, to: &str) {
        copy(&self.path(from), &self.path(to));
    }

    pub(super) fn append(&self, name: &str, text: &str) {
        self.write(name, self.read(name) + text);
    }

    /// Puts one text in place of another, which must be there.
    pub(super) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{name} has no {from:?}");
        self.write(name, text.replacen(from, to, 1));
    }

    /// Where files of a kind are, below a folder.
    pub(super) fn letters(&self) -> usize {
        fn count(dir: &Path) -> usize {
            let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
            entries
                .map(|entry| entry.unwrap().path())
                .map(|path| {
                    if path.is_dir() {
                        count(&path)
                    } else {
                        usize::from(path.extension().is_some_and(|end| end == "eml"))
                    }
                })
                .sum()
        }
        count(self.dir.path())
    }

    /// The program, ready to run here as `ana`.
    pub(super) fn program(&self, line: &str) -> Command {
        // The one that cargo names when the tests run, else the one they were built with.
        let built = || env!("CARGO_BIN_EXE_vigia-suas").into();
        let mut command = Command::new(std::env::var_os("CARGO_BIN_EXE_vigia-suas").unwrap_or_else(built));
        command.current_dir(self.dir.path()).args(words(line)).env("USER", "ana").env("COLUMNS", "100");
        for name in ["SUDO_USER", "VIGIA_CONFIG", "VIGIA_LOG", "JOURNAL_STREAM", "NOTIFY_SOCKET"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs a line. What is loaded by hand at an hour was written at that hour.
    pub(super) fn output(&self, line: &str) -> Output {
        if let ([command, _, file, ..], Some((_, em))) = (&words(line)[..], line.split_once(" --em "))
            && command == "importar"
            && let Ok(file) = std::fs::File::options().append(true).open(self.dir.path().join(file))
        {
            let zone = jiff::tz::TimeZone::get("America/Sao_Paulo").unwrap();
            let at: jiff::civil::DateTime = em.split(' ').next().unwrap().parse().unwrap();
            file.set_modified(at.to_zoned(zone).unwrap().timestamp().into()).unwrap();
        }
        self.program(line).output().unwrap()
    }

    /// Runs a line; the answer must come with this exit code. What was shown, without logs.
    pub(super) fn run(&self, line: &str, code: i32) -> String {
        let output = self.output(line);
        let shown = shown(line, &output);
        assert_eq!(output.status.code(), Some(code), "{shown}");
        shown
    }

    /// Runs a line that must go well; its stdout.
    pub(super) fn stdout(&self, line: &str) -> String {
        let output = self.output(line);
        assert_eq!(output.status.code(), Some(0), "{}", shown(line, &output));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// A run as a page: the line, the exit code, stdout, stderr without log lines.
fn shown(line: &str, output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let log = |line: &&str| line.starts_with("20") && line.contains("Z ");
    let mut page = format!("$ vigia-suas {line}\nsaída {}\n", output.status.code().unwrap());
    page += &in_order(&text(&output.stdout).replace('\u{feff}', "<BOM>").replace('\r', ""));
    let errors = text(&output.stderr);
    let errors = lined(errors.lines().filter(|line| !log(line)));
    if !errors.is_empty() {
        let _ = write!(page, "--- stderr\n{errors}");
    }
    page
}

/// Deliveries end in any order: those on lines one after the other are sorted, and places in the journal left out.
fn in_order(text: &str) -> String {
    let mut lines: Vec<String> = text
        .lines()
        .map(|line| match line.trim_start().split_once("  ") {
            Some((place, rest)) if place.parse::<u32>().is_ok() && rest.contains(" às ") => {
                format!("  # {rest}")
            }
            _ => line.to_owned(),
        })
        .collect();
    let delivery = |line: &String| line.contains("  entrega ");
    for group in lines.chunk_by_mut(|one, other| delivery(one) && delivery(other)) {
        group.sort();
    }
    lined(lines.iter().map(String::as_str))
}

fn lined<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// The words of a line, as a shell would part them; only double quotes are known.
pub(super) fn words(line: &str) -> Vec<OsString> {
    let mut words = Vec::new();
    for (n, piece) in line.split('"').enumerate() {
        if n % 2 == 1 {
            words.push(piece.into());
        } else {
            words.extend(piece.split_whitespace().map(OsString::from));
        }
    }
    words
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
