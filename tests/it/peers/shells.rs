//! The scripts of `completar` before the shells that will read them.

use std::process::{Command, Stdio};

fn accepted(shell: &str, arguments: &[&str], asked: &str) {
    let made = Command::new(env!("CARGO_BIN_EXE_vigia-suas")).args(["completar", asked]).output().unwrap();
    assert!(made.status.success());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("script");
    std::fs::write(&path, made.stdout).unwrap();
    let read = Command::new(shell).args(arguments).arg(&path).stdin(Stdio::null()).output().unwrap();
    assert!(
        read.status.success() && read.stderr.is_empty(),
        "{shell}: {}",
        String::from_utf8_lossy(&read.stderr)
    );
}

#[test]
#[ignore = "needs zsh and fish"]
fn zsh_and_fish_read_their_scripts_without_a_fault() {
    accepted("zsh", &["-n"], "zsh");
    accepted("fish", &["--no-execute"], "fish");
}

#[test]
#[ignore = "needs man"]
fn man_lays_every_page_out_without_a_complaint() {
    let dir = tempfile::tempdir().unwrap();
    let made = Command::new(env!("CARGO_BIN_EXE_vigia-suas")).arg("manual").arg(dir.path()).output().unwrap();
    assert!(made.status.success());
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let path = entry.unwrap().path();
        let page = Command::new("man")
            .args(["--warnings", "-E", "UTF-8", "-l", "-Tutf8"])
            .arg(&path)
            .output()
            .unwrap();
        let (text, told) = (String::from_utf8_lossy(&page.stdout), String::from_utf8_lossy(&page.stderr));
        assert!(page.status.success() && told.is_empty(), "{path:?}: {told}");
        assert!(text.contains("Operação"), "{text}");
    }
}
