//! Circles of files within a room: files that can only be understood, and changed, together. That a file names the head
//! of its own folder is no circle: the two are one module.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Module;

/// Circles that are there, by their files, and why each may stay.
const KEPT: &[(&[&str], &str)] = &[
    (
        &["src/cli/args/mod.rs", "src/cli/usage.rs"],
        "what is parsed is refused in Portuguese, by words that know what is parsed",
    ),
    (
        &["src/cli/args/options.rs", "src/cli/args/value.rs"],
        "an option names the parser of its value, which may give one of the options' own enums",
    ),
    (
        &["src/cli/gallery.rs", "src/cli/letter.rs", "src/cli/watch.rs"],
        "one command, which shows one letter, one as it is edited, or all of them",
    ),
    (
        &["src/config/extension.rs", "src/config/window.rs"],
        "an extension is judged against its window, which holds it",
    ),
    (
        &["src/domain/notice/content.rs", "src/domain/reason.rs"],
        "a letter may quote why, and why may quote what a letter says",
    ),
    (
        &["src/store/notice.rs", "src/store/pass.rs"],
        "a pass puts down its notices, which are made of its changes",
    ),
];

type Modules<'a> = BTreeMap<&'a [String], &'a Module>;

/// The file where a name is at home; what a module hands on is where it comes from.
fn home<'a>(modules: &Modules<'a>, path: &[String], depth: usize) -> Option<&'a Module> {
    let inside = path.strip_prefix(&["crate".to_owned()][..])?;
    let length = (1..=inside.len()).rev().find(|n| modules.contains_key(&inside[..*n]))?;
    let module = modules[&inside[..length]];
    match inside.get(length).and_then(|name| module.handed_on.get(name)) {
        Some(from) if depth < 8 => home(modules, &[&from[..], &inside[length + 1..]].concat(), depth + 1),
        _ => Some(module),
    }
}

/// The files that one names, directly or through others.
fn reach<'a>(named: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &'a str) -> BTreeSet<&'a str> {
    let (mut reached, mut waiting) = (BTreeSet::new(), vec![from]);
    while let Some(file) = waiting.pop() {
        waiting.extend(named[file].iter().copied().filter(|next| reached.insert(*next)));
    }
    reached
}

/// Groups of files of one room that name each other, directly or through others.
pub(super) fn circles(all: &[Module]) -> BTreeSet<Vec<String>> {
    let ours = all.iter().filter(|module| !module.tests && !module.path.is_empty());
    let modules: Modules<'_> = ours.map(|module| (&module.path[..], module)).collect();
    let mut named: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for module in modules.values() {
        let used = module.names.iter().filter(|name| !name.handed_on);
        let homes = used.filter_map(|name| home(&modules, &name.path, 0));
        let room =
            homes.filter(|home| home.path[0] == module.path[0] && !module.path.starts_with(&home.path));
        named.insert(&module.file, room.map(|home| home.file.as_str()).collect());
    }
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        named.keys().map(|file| (*file, reach(&named, file))).collect();
    let of = |file: &str| {
        let both = reached[file].iter().filter(|other| reached[**other].contains(file));
        both.map(|file| (*file).to_owned()).collect::<Vec<_>>()
    };
    named.keys().map(|file| of(file)).filter(|circle| circle.len() > 1).collect()
}

#[test]
fn no_files_of_a_room_name_each_other_but_those_with_a_reason() {
    let found = circles(super::ours());
    let kept: BTreeSet<Vec<String>> =
        KEPT.iter().map(|(files, _)| files.iter().map(|f| (*f).to_owned()).collect()).collect();
    let new: Vec<_> = found.difference(&kept).collect();
    let gone: Vec<_> = kept.difference(&found).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "new circles: {new:#?}\nno longer there, or not so: {gone:#?}"
    );
}
