//! Who may name whom, read from the sources (lib.rs has the table).

use std::fs;
use std::path::{Path, PathBuf};

const ROOMS: [&str; 12] = [
    "domain", "plan", "render", "config", "feed", "mail", "store", "world", "desk", "daemon", "panel", "cli",
];

/// Which rooms of ours a room may name.
fn may_name(room: &str) -> &'static [&'static str] {
    const JOINED: &[&str] = &[
        "clock",
        "telemetry",
        "files",
        "text",
        "domain",
        "plan",
        "render",
        "config",
        "feed",
        "mail",
        "store",
        "world",
        "desk",
        "daemon",
        "panel",
    ];
    match room {
        "domain" => &["text"],
        "plan" => &["domain", "text"],
        "render" => &["domain", "plan", "text"],
        "config" | "feed" | "mail" | "store" => &["domain", "plan", "files", "text"],
        "files" | "clock" | "telemetry" | "text" => &[],
        "world" => &JOINED[..11],
        "desk" | "daemon" => &JOINED[..12],
        "panel" => &["domain", "plan", "render", "desk", "text"],
        _ => JOINED,
    }
}

/// Outside crates and the only rooms (or files) that may name each.
const OWNERS: [(&str, &str); 34] = [
    ("sqlx", "src/store/"),
    ("lettre", "src/mail/"),
    ("mail_parser", "src/mail/bounce/"),
    ("reqwest", "src/feed/"),
    ("feed_rs", "src/feed/news/"),
    ("tempfile", "src/"),
    ("html5ever", "src/feed/"),
    ("calamine", "src/feed/sheet/"),
    ("zip", "src/feed/sheet/"),
    ("quick_xml", "src/feed/sheet/"),
    ("cfb", "src/feed/sheet/"),
    ("rustls", "src/"),
    ("flate2", "src/feed/http/"),
    ("brotli_decompressor", "src/feed/http/"),
    ("minijinja", "src/render/"),
    ("maud", "src/render/"),
    ("figment", "src/config/"),
    ("toml_edit", "src/config/"),
    ("annotate_snippets", "src/config/"),
    ("clap", "src/cli/"),
    ("rustix", "src/files/"),
    ("rustix", "src/desk/install.rs"),
    ("sd_notify", "src/daemon/"),
    ("tokio_cron_scheduler", "src/daemon/"),
    ("tracing_subscriber", "src/telemetry.rs"),
    ("encoding_rs", "src/text/"),
    ("csv_core", "src/text/"),
    ("croner", "src/"),
    ("icalendar", "src/render/agenda/"),
    ("comfy_table", "src/render/table.rs"),
    ("indicatif", "src/cli/"),
    ("terminal_size", "src/cli/"),
    ("clap_complete", "src/cli/"),
    ("clap_mangen", "src/cli/"),
];

/// What a file whose head says "Pure." may not contain.
const IMPURE: [&str; 8] =
    ["async fn", "std::fs", "io::std", "std::net", "tokio::", "tracing::", "Timestamp::now", "SystemTime"];

fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn room_of(path: &str) -> &str {
    let rest = path.strip_prefix("src/").unwrap();
    rest.split(['/', '.']).next().unwrap()
}

/// Lines of code: comments left out, and the tests at a file's end.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(n, line)| (n + 1, line));
    lines
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn faults(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let room = room_of(path);
    let pure = text.lines().take_while(|line| line.starts_with("//!")).any(|line| line.contains("Pure."));
    for (n, line) in code(text) {
        let ours = ROOMS.iter().chain(&["clock", "telemetry", "files", "text"]);
        for named in ours.filter(|named| **named != room) {
            if line.contains(&format!("crate::{named}")) && !may_name(room).contains(named) {
                faults.push(format!("{path}:{n}: {room} may not import {named}"));
            }
        }
        for (name, owner) in OWNERS {
            let names = line.contains(&format!("{name}::")) || line.contains(&format!("use {name};"));
            let owns = |(of, owner): &(&str, &str)| *of == name && path.starts_with(owner);
            if names && !OWNERS.iter().any(owns) {
                faults.push(format!("{path}:{n}: only {owner} may name {name}"));
            }
        }
        if pure && let Some(word) = IMPURE.iter().find(|word| line.contains(*word)) {
            faults.push(format!("{path}:{n}: a pure file may not use {word}"));
        }
    }
    if matches!(room, "domain" | "plan" | "text") && !pure {
        faults.push(format!("{path}: every file of {room} is pure and says so in its head"));
    }
    faults
}

#[test]
fn rooms_name_only_what_they_may() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for path in sources(&root.join("src")) {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
        if !matches!(name.as_str(), "src/lib.rs" | "src/main.rs") {
            found.extend(faults(&name, &text));
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn the_layering_test_finds_what_it_looks_for() {
    assert_eq!(
        faults("src/domain/x.rs", "//! X. Pure.\nuse crate::store::Store;\n"),
        ["src/domain/x.rs:2: domain may not import store"]
    );
    assert_eq!(faults("src/render/x.rs", "//! X. Pure.\nuse std::fs;\n").len(), 1);
    assert_eq!(faults("src/mail/x.rs", "//! X.\nuse sqlx::Row;\n").len(), 1);
    assert_eq!(faults("src/domain/x.rs", "//! X.\n").len(), 1);
    assert_eq!(faults("src/files/x.rs", "//! X.\nuse crate::domain::time::Zone;\n").len(), 1);
    assert_eq!(faults("src/files/x.rs", "//! X.\nuse rustix::fs::CWD;\n").len(), 0);
}
