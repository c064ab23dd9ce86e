//! Every sort of letter, as the command line writes it.

use std::process::{Command, Stdio};

use super::letter::faults;
use super::process::program;

const SORTS: [&str; 8] =
    ["divulgacao", "lembrete", "prazo", "prorrogacao", "suspensao", "resumo", "remessa", "alerta"];
const SYSTEMS: [&str; 2] = ["rma", "sisc"];
/// A letter with more is one that filters begin to doubt.
const MOST_POINTS: f64 = 1.0;

fn letter(sort: &str, system: &str, at: Option<&str>) -> Vec<u8> {
    let mut command = assert_cmd::Command::cargo_bin("vigia-suas").unwrap();
    command.args(["carta", "--config", concat!(env!("CARGO_MANIFEST_DIR"), "/config")]);
    command.args(["--tipo", sort, "--sistema", system, "--formato", "eml"]);
    command.args(at.iter().flat_map(|at| ["--em", at]));
    command.assert().success().get_output().stdout.clone()
}

#[test]
fn every_sort_of_letter_is_a_whole_message() {
    for system in SYSTEMS {
        for sort in SORTS {
            let bytes = letter(sort, system, Some("2026-11-20T10:00"));
            assert_eq!(faults(&bytes), Vec::<String>::new(), "{sort} of {system}");
        }
    }
}

/// What `SpamAssassin` gives a message by its own rules alone: score, and the rules that made it.
fn points(message: &[u8]) -> (f64, String) {
    let mut child = Command::new(program("spamassassin"))
        .args(["-L", "-t", "--cf=use_bayes 0", "--cf=add_header all Made _TESTSSCORES(,)_"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), message).unwrap();
    let said = String::from_utf8_lossy(&child.wait_with_output().unwrap().stdout).into_owned();
    let score = said.split("score=").nth(1).and_then(|rest| rest.split_whitespace().next());
    let made = said.lines().find(|line| line.starts_with("X-Spam-Made:")).unwrap_or_default();
    (score.unwrap_or_else(|| panic!("no score in {said}")).parse().unwrap(), made.to_owned())
}

#[test]
#[ignore = "needs SpamAssassin"]
fn no_sort_of_letter_looks_like_spam() {
    for system in SYSTEMS {
        for sort in SORTS {
            // The date in a letter counts: these are of today.
            let (points, made) = points(&letter(sort, system, None));
            println!("{points:4.1} {sort} of {system} {made}");
            assert!(points <= MOST_POINTS, "{sort} of {system}: {points} points, {made}");
        }
    }
}
