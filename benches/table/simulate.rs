//! A start, and a year simulated and every letter rendered, by the number of municipalities: whole processes over the
//! shipped calendar, beside what the processor does with plain bytes.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::measure::{self, By, Pair};
use crate::years;

const BINARY: &str = env!("CARGO_BIN_EXE_vigia-suas");
const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config");

/// Prints the row of a start: a command that reads the configuration and no ledger.
pub(crate) fn start() {
    let ours = || measure::command(Command::new(BINARY).args(["--config", SHIPPED, "agenda"]));
    let other = || measure::command(Command::new("sqlite3").args([":memory:", "SELECT 1"]));
    Pair::run(By::Cpu, ours, other).print("start (`agenda`)", "", "sqlite3 :memory:");
}

/// Prints the rows of a year simulated and of letters rendered.
pub(crate) fn rows() {
    for count in measure::asked("MUNICIPIOS_ANO", "78,853,5570").split(',') {
        let dir = tempfile::tempdir().unwrap();
        configure(dir.path(), count.parse().unwrap());
        let ours = |words: &[&str]| {
            measure::command(
                Command::new(BINARY).arg("--config").arg(dir.path()).current_dir(dir.path()).args(words),
            )
        };
        let year = ["simular", "--de", "2026-01-01", "--ate", "2026-12-31", "--resumo"];
        Pair::run(By::Cpu, || ours(&year), plain).print(
            &format!("a year simulated, {count} municipalities"),
            "",
            "sha256sum of 256 MiB",
        );
        Pair::run(By::Cpu, || ours(&["verificar"]), plain).print(
            &format!("every letter rendered (`verificar`), {count} municipalities"),
            "",
            "sha256sum of 256 MiB",
        );
    }
}

fn plain() -> measure::Cost {
    measure::shell("head -c 268435456 /dev/zero | sha256sum")
}

/// The shipped configuration with so many municipalities.
fn configure(dir: &Path, municipalities: usize) {
    for file in fs::read_dir(SHIPPED).unwrap().flatten().filter(|file| file.path().is_file()) {
        fs::copy(file.path(), dir.join(file.file_name())).unwrap();
    }
    fs::write(dir.join("municipios.csv"), years::roster(municipalities)).unwrap();
}
