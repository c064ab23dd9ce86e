//! Who may name whom, read from the sources (lib.rs has the table).

mod circles;
mod planted;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use source::{Files, Module, Name};

/// The leaves, and the rooms that join them.
const LEAVES: &[&str] = &["text"];
const SIBLINGS: &[&str] = &["text", "contain", "files", "domain", "plan"];
const WORLD: &[&str] = &[
    "text",
    "contain",
    "files",
    "http",
    "clock",
    "telemetry",
    "domain",
    "plan",
    "render",
    "config",
    "format",
    "feed",
    "news",
    "mail",
    "channel",
    "store",
    "intake",
    "proof",
];

/// Each room, and which others it may name.
fn may_name(room: &str) -> Option<Vec<&'static str>> {
    Some(match room {
        "text" | "clock" | "contain" | "files" | "http" => Vec::new(),
        "telemetry" => vec!["text"],
        "domain" => LEAVES.to_vec(),
        "plan" => vec!["text", "domain"],
        "render" => vec!["text", "domain", "plan"],
        "config" => SIBLINGS.to_vec(),
        "database" => vec!["text", "files", "domain"],
        "store" => [SIBLINGS, &["database"]].concat(),
        "intake" => [SIBLINGS, &["database", "store"]].concat(),
        "proof" => [SIBLINGS, &["database", "store", "intake"]].concat(),
        "format" => vec!["text", "contain", "domain"],
        "news" => vec!["text", "contain", "domain", "format"],
        "feed" => [SIBLINGS, &["http", "format"]].concat(),
        "mail" | "channel" => [SIBLINGS, &["http"]].concat(),
        "world" => WORLD.to_vec(),
        "desk" | "daemon" => [WORLD, &["world"]].concat(),
        // It reads the world through the desk, and may name neither the store nor the daemon.
        "panel" => {
            vec!["text", "clock", "telemetry", "domain", "plan", "render", "config", "world", "desk"]
        }
        "cli" => [WORLD, &["world", "desk", "daemon", "panel"]].concat(),
        "main" => vec!["cli"],
        _ => return None,
    })
}

/// Rooms of which every file is pure.
const PURE: [&str; 3] = ["text", "domain", "plan"];

/// Outside crates, and the only places that may name each.
const OWNERS: [(&str, &[&str]); 41] = [
    ("sqlx", &["src/database/"]),
    ("lettre", &["src/mail/"]),
    ("mail_parser", &["src/mail/bounce/"]),
    ("hmac", &["src/mail/subaddress.rs", "src/panel/token.rs"]),
    ("tokio_rustls", &["src/mail/", "src/panel/"]),
    ("reqwest", &["src/http/", "src/feed/http/"]),
    ("feed_rs", &["src/news/"]),
    ("html5ever", &["src/format/html/", "src/news/"]),
    ("calamine", &["src/format/sheet/"]),
    ("zip", &["src/format/sheet/"]),
    ("quick_xml", &["src/format/sheet/"]),
    ("cfb", &["src/format/sheet/"]),
    ("flate2", &["src/feed/http/", "src/mail/relay_log.rs", "src/store/letter.rs"]),
    ("brotli_decompressor", &["src/feed/http/"]),
    ("minijinja", &["src/render/"]),
    ("maud", &["src/render/", "src/panel/"]),
    ("icalendar", &["src/render/agenda/"]),
    ("comfy_table", &["src/render/table.rs"]),
    ("figment", &["src/config/"]),
    ("toml_edit", &["src/config/"]),
    ("annotate_snippets", &["src/config/"]),
    ("sd_notify", &["src/daemon/"]),
    ("tokio_cron_scheduler", &["src/daemon/"]),
    ("tracing_subscriber", &["src/telemetry.rs"]),
    ("clap", &["src/cli/"]),
    ("clap_complete", &["src/cli/"]),
    ("clap_mangen", &["src/cli/"]),
    ("indicatif", &["src/cli/"]),
    ("terminal_size", &["src/cli/"]),
    (
        "rustix",
        &[
            "src/clock.rs",
            "src/files/",
            "src/desk/install.rs",
            "src/cli/terminal.rs",
            "src/channel/command.rs",
        ],
    ),
    ("rustls", &["src/mail/", "src/http/", "src/feed/http/", "src/panel/tls.rs"]),
    ("rustls_platform_verifier", &["src/mail/", "src/feed/http/"]),
    ("croner", &["src/config/", "src/feed/schedule.rs"]),
    ("encoding_rs", &["src/text/"]),
    ("csv_core", &["src/text/"]),
    ("tempfile", &["src/files/", "src/format/body.rs"]),
    ("axum", &["src/panel/"]),
    ("hyper", &["src/panel/"]),
    ("hyper_util", &["src/panel/"]),
    ("argon2", &["src/panel/password.rs"]),
    ("base64ct", &["src/panel/"]),
];

/// Outside crates that are words of the language here.
const SHARED: [&str; 10] = [
    "tokio",
    "tokio_util",
    "futures_util",
    "jiff",
    "serde",
    "serde_json",
    "secrecy",
    "thiserror",
    "tracing",
    "sha2",
];

/// What a pure file may not name.
const IMPURE: [&str; 17] = [
    "tempfile",
    "tokio",
    "tracing",
    "std::fs",
    "std::net",
    "std::process",
    "std::env",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "std::time::SystemTime",
    "std::time::Instant",
    "jiff::Timestamp::now",
    "jiff::Zoned::now",
    "crate::clock",
    "crate::files",
    "crate::telemetry",
];
/// Macros that write somewhere.
const LOUD: [&str; 5] = ["print", "println", "eprint", "eprintln", "dbg"];

fn read(dir: &Path, root: &Path, files: &mut Files) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, root, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

/// Every module of the library and of the program.
fn parse(files: &Files) -> Vec<Module> {
    let mut modules = source::modules(files, "src/lib.rs");
    if files.contains_key("src/main.rs") {
        modules.extend(source::modules(files, "src/main.rs"));
    }
    modules
}

/// The sources of this package.
fn own() -> &'static (Files, Vec<Module>) {
    static OURS: OnceLock<(Files, Vec<Module>)> = OnceLock::new();
    OURS.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = Files::new();
        read(&root.join("src"), root, &mut files);
        let modules = parse(&files);
        (files, modules)
    })
}

fn ours() -> &'static [Module] {
    &own().1
}

fn room_of(module: &Module) -> &str {
    match module.file.as_str() {
        "src/main.rs" => "main",
        _ => module.path.first().map_or("", String::as_str),
    }
}

fn is_below(name: &Name, place: &str) -> bool {
    let place: Vec<&str> = place.split("::").collect();
    name.path.len() >= place.len() && name.path.iter().zip(&place).all(|(a, b)| a == b)
}

fn faults_of(module: &Module) -> Vec<String> {
    let (file, room) = (&module.file, room_of(module));
    let Some(allowed) = may_name(room) else {
        return vec![format!("{file}:1: {room} is no room of the table")];
    };
    // Once a line, however often it is named there.
    let mut faults = BTreeSet::new();
    for name in &module.names {
        let line = name.line;
        let named = name.path.get(1).map_or("", String::as_str);
        if name.path[0] == "crate" {
            let is_room = may_name(named).is_some() && named != room;
            if is_room && !allowed.contains(&named) {
                faults.insert((line, format!("{room} may not import {named}")));
            }
            if named.is_empty() {
                faults.insert((line, "name the room, not the whole crate".to_owned()));
            }
        }
        for (owned, owners) in OWNERS {
            if name.path[0] == owned && !owners.iter().any(|owner| file.starts_with(owner)) {
                faults.insert((line, format!("only {} may name {owned}", owners.join(" and "))));
            }
        }
        if module.pure
            && let Some(place) = IMPURE.iter().find(|place| is_below(name, place))
        {
            faults.insert((line, format!("a pure file may not use {place}")));
        }
    }
    if module.pure {
        let loud = module.calls.iter().filter(|(name, _)| LOUD.contains(&name.as_str()));
        faults.extend(loud.map(|(name, line)| (*line, format!("a pure file may not use {name}!"))));
        faults.extend(module.waits.iter().map(|line| (*line, "a pure file may not use async".to_owned())));
    } else if PURE.contains(&room) {
        faults.insert((1, format!("every file of {room} is pure and says so in its head")));
    }
    faults.into_iter().map(|(line, what)| format!("{file}:{line}: {what}")).collect()
}

fn faults_in(files: &Files, modules: &[Module]) -> Vec<String> {
    let reached: BTreeSet<&str> = modules.iter().map(|module| module.file.as_str()).collect();
    let lost = files.keys().filter(|file| !reached.contains(file.as_str()));
    let mut faults: Vec<String> = lost.map(|file| format!("{file}:1: no module names this file")).collect();
    let checked = modules.iter().filter(|module| !module.tests && module.file != "src/lib.rs");
    faults.extend(checked.flat_map(faults_of));
    faults.extend(namesakes(modules));
    for module in modules.iter().filter(|module| !module.tests) {
        let told = module.undocumented.iter();
        faults.extend(told.map(|(name, line)| format!("{}:{line}: {name} has no doc comment", module.file)));
    }
    faults
}

/// One word per thing: no type that other rooms may use goes by the name of another room's.
fn namesakes(modules: &[Module]) -> Vec<String> {
    let mut first: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    let mut faults = Vec::new();
    for module in modules.iter().filter(|module| !module.tests) {
        for (name, line) in &module.types {
            let (room, file) = *first.entry(name).or_insert((room_of(module), &module.file));
            if room != room_of(module) {
                faults.push(format!("{}:{line}: {name} is also a type of {file}", module.file));
            }
        }
    }
    faults
}

fn faults(files: &Files) -> Vec<String> {
    faults_in(files, &parse(files))
}

#[test]
fn rooms_name_only_what_they_may() {
    let (files, modules) = own();
    let found = faults_in(files, modules);
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn every_outside_crate_has_an_owner_or_is_shared() {
    let manifest: toml_edit::DocumentMut = include_str!("../../../Cargo.toml").parse().unwrap();
    let wanted: BTreeSet<String> =
        manifest["dependencies"].as_table().unwrap().iter().map(|(name, _)| name.replace('-', "_")).collect();
    let known: BTreeSet<String> =
        OWNERS.iter().map(|(name, _)| *name).chain(SHARED).map(str::to_owned).collect();
    assert_eq!(wanted, known);
}
