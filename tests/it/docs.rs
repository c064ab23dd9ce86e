//! What the pages for contributors say is there, is there: files, links, tests, and the table of rooms; and the profiles agree.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const ARCHITECTURE: &str = "docs/architecture.md";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(page: &str) -> String {
    fs::read_to_string(root().join(page)).unwrap_or_else(|error| panic!("{page}: {error}"))
}

fn files(dir: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
}

fn pages() -> Vec<PathBuf> {
    let mut pages =
        vec![root().join("README.md"), root().join("CONTRIBUTING.md"), root().join("CHANGELOG.md")];
    files(&root().join("docs"), "md", &mut pages);
    pages
}

/// What stands in backticks, in order. Blocks of code are left out.
fn quoted(page: &str) -> Vec<String> {
    let blocks = page.split("```");
    let prose: String = blocks.step_by(2).collect();
    prose.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The part between `<!-- NAME: … -->` and the comment that ends it.
fn marked<'a>(page: &'a str, name: &str) -> &'a str {
    let begins = page.find(&format!("<!-- {name}: ")).unwrap_or_else(|| panic!("no mark {name}"));
    let rest = &page[begins..];
    &rest[..rest.find(&format!("<!-- end of {name} -->")).unwrap_or_else(|| panic!("no end of {name}"))]
}

/// The names of every test of the crate.
fn tests() -> BTreeSet<String> {
    let mut sources = Vec::new();
    files(&root().join("src"), "rs", &mut sources);
    files(&root().join("tests"), "rs", &mut sources);
    let mut names = BTreeSet::new();
    for source in sources {
        let text = fs::read_to_string(source).unwrap();
        for line in text.lines() {
            let line = line.trim_start();
            let rest = line.strip_prefix("fn ").or_else(|| line.strip_prefix("async fn "));
            names.extend(rest.and_then(|r| r.split_once('(')).map(|(name, _)| name.to_owned()));
        }
    }
    names
}

#[test]
fn every_file_that_a_page_names_is_there() {
    let mut missing = Vec::new();
    for page in ["README.md", "CONTRIBUTING.md", ARCHITECTURE] {
        for name in quoted(&text(page)) {
            let ours = ["src/", "tests/", "config/", "docs/", "deploy/", "migrations/", "benches/", ".ci/"];
            let is_path = ours.iter().any(|dir| name.starts_with(dir)) && !name.contains(char::is_whitespace);
            // A name in capitals stands for one to come.
            if is_path && !name.contains('N') && !root().join(&name).exists() {
                missing.push(format!("{page}: {name}"));
            }
        }
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

#[test]
fn every_link_within_the_repository_leads_somewhere() {
    let mut broken = Vec::new();
    for page in pages() {
        let told = fs::read_to_string(&page).unwrap();
        for link in told.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            let target = link.split('#').next().unwrap_or_default();
            let outside = target.starts_with("http");
            if !outside && !target.is_empty() && !page.parent().unwrap().join(target).exists() {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn every_test_that_holds_an_invariant_is_there() {
    let known = tests();
    let page = text(ARCHITECTURE);
    let rows =
        marked(&page, "tests").lines().filter_map(|line| line.rsplit_once(" | ").map(|(_, held)| held));
    let named: Vec<String> = rows.flat_map(quoted).collect();
    let missing: Vec<&String> = named.iter().filter(|name| !known.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(named.len() > 40, "only {} tests are named", named.len());
}

#[test]
fn the_table_of_rooms_is_that_of_the_crate() {
    let rows = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.trim_start_matches("//!").trim());
        lines.filter(|line| line.starts_with("| ")).map(str::to_owned).collect()
    };
    assert_eq!(rows(marked(&text(ARCHITECTURE), "rooms")), rows(&text("src/lib.rs")));
}

#[test]
fn every_decision_is_in_the_index_once_and_is_headed_by_its_number_and_date() {
    let index = text("docs/decisions/README.md");
    let mut decisions = Vec::new();
    files(&root().join("docs/decisions"), "md", &mut decisions);
    decisions.retain(|path| path.file_name().is_some_and(|name| name != "README.md"));
    assert!(decisions.len() >= 59);
    let mut numbers = BTreeSet::new();
    for path in decisions {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert_eq!(index.matches(&format!("({name})")).count(), 1, "{name}");
        let told = fs::read_to_string(&path).unwrap();
        let mut lines = told.lines();
        assert!(lines.next().unwrap().starts_with(&format!("# {} ", &name[..4])), "{name}");
        let date = lines.nth(1).unwrap_or_default();
        assert!(date.parse::<jiff::civil::Date>().is_ok(), "{name}: {date}");
        assert!(numbers.insert(name[..4].to_owned()), "{name}: two have its number");
    }
}

/// The crates that a profile speaks of, with the level it gives them.
fn levels(profile: &str) -> Vec<(String, i64)> {
    let manifest: toml_edit::DocumentMut = text("Cargo.toml").parse().unwrap();
    let named = manifest["profile"][profile]["package"].as_table().unwrap();
    named.iter().map(|(name, said)| (name.to_owned(), said["opt-level"].as_integer().unwrap())).collect()
}

/// What is installed inherits what `release` says of each crate, so that one named there alone would stay slow in both.
#[test]
fn what_release_does_not_optimise_is_optimised_in_what_is_installed() {
    let slow = levels("release");
    assert!(slow.iter().all(|(_, level)| *level == 0) && !slow.is_empty());
    let installed: Vec<_> = slow.into_iter().map(|(name, _)| (name, 3)).collect();
    assert_eq!(levels("dist"), installed);
}
