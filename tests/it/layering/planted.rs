//! The layering test is tried on faults that are planted, and on what only looks like one.

use super::circles::circles;
use super::source::{self, Files};

const LIB: &str = "pub mod daemon; pub mod database; pub mod desk; pub mod domain; pub mod mail; pub mod proof; pub mod store;";

/// Sources in which every room is empty, but for one file `x.rs` in one of them.
fn planted(room: &str, text: &str) -> Files {
    let mut files = Files::from([("src/lib.rs".to_owned(), LIB.to_owned())]);
    for empty in ["daemon", "database", "desk", "domain", "mail", "proof", "store"] {
        let declares = if empty == room { "mod x;" } else { "" };
        files.insert(format!("src/{empty}/mod.rs"), format!("//! Pure.\n{declares}"));
    }
    files.insert(format!("src/{room}/x.rs"), text.to_owned());
    files
}

fn faults(room: &str, text: &str) -> Vec<String> {
    super::faults(&planted(room, text))
}

#[test]
fn whatever_way_a_room_is_named_it_is_found() {
    for (text, line) in [
        ("//! X. Pure.\nuse crate::store::Store;", 2),
        ("//! X. Pure.\nuse crate::{store, domain::id};", 2),
        ("//! X. Pure.\nuse crate::{\n    domain::{id, time},\n    store::{self, Store},\n};", 4),
        ("//! X. Pure.\nuse super::super::store;", 2),
        ("//! X. Pure.\nuse vigia_suas::store::Store;", 2),
        ("//! X. Pure.\npub(crate) use crate::store as memory;", 2),
        ("//! X. Pure.\nfn f() {\n    crate::store::open();\n}", 3),
        ("//! X. Pure.\nfn f(_: &crate::store::Store) {}", 2),
        ("//! X. Pure.\nfn f() -> String {\n    format!(\"{}\", crate::store::open())\n}", 3),
        ("//! X. Pure.\nmacro_rules! m {\n    () => { $crate::store::open() };\n}", 3),
        ("//! X. Pure.\nmod inner {\n    fn f() { super::super::super::store::open(); }\n}", 3),
        ("//! X. Pure.\n#[cfg(test)]\nmod tests {}\nuse crate::store::Store;", 4),
        ("//! X. Pure.\n#[cfg(test)]\nuse crate::mail;\n\nfn f() {\n    use crate::store;\n}", 6),
        ("//! X. Pure.\n#[cfg(not(test))]\nuse crate::store;", 3),
        ("//! X. Pure.\n#[cfg(any(test, unix))]\nuse crate::store;", 3),
    ] {
        let found = faults("domain", text);
        assert_eq!(found, [format!("src/domain/x.rs:{line}: domain may not import store")], "{text}");
    }
}

#[test]
fn two_rooms_may_not_have_a_type_of_one_name() {
    let mut files =
        planted("domain", "//! X. Pure.\n/// O.\npub struct Order;\nstruct Own;\npub(super) enum Near {}");
    files.insert(
        "src/store/mod.rs".to_owned(),
        "//! S.\npub(crate) trait Order {}\n/// O.\npub struct Own;\nenum Near {}".to_owned(),
    );
    assert_eq!(super::faults(&files), ["src/store/mod.rs:2: Order is also a type of src/domain/x.rs"]);
}

#[test]
fn siblings_and_the_two_that_join_them_are_kept_apart() {
    let sibling = "//! X.\nuse crate::{\n    domain,\n    store::Store,\n};";
    assert_eq!(faults("mail", sibling), ["src/mail/x.rs:4: mail may not import store"]);
    assert_eq!(faults("desk", "//! X.\nuse crate::daemon;"), ["src/desk/x.rs:2: desk may not import daemon"]);
    assert_eq!(
        faults("daemon", "//! X.\nuse crate::{desk as d, store};"),
        ["src/daemon/x.rs:2: daemon may not import desk"]
    );
    assert_eq!(faults("desk", "//! X.\nuse crate::store::Store;"), [""; 0]);
    // Rows are the store's and the proof's alone, and the one does not know the other.
    assert_eq!(
        faults("desk", "//! X.\nuse crate::database;"),
        ["src/desk/x.rs:2: desk may not import database"]
    );
    assert_eq!(
        faults("store", "//! X.\nuse crate::proof;"),
        ["src/store/x.rs:2: store may not import proof"]
    );
    assert_eq!(faults("proof", "//! X.\nuse crate::{database, store};"), [""; 0]);
}

#[test]
fn an_outside_crate_in_a_foreign_room_is_found() {
    for text in [
        "//! X.\nuse sqlx::Row;",
        "//! X.\nuse {sqlx as s, std::fmt};",
        "//! X.\nfn f() { ::sqlx::query(\"\"); }",
        "//! X.\n#[derive(sqlx::FromRow)]\nstruct Row;",
        "//! X.\nfn f() { println!(\"{:?}\", sqlx::query(\"\")) }",
    ] {
        let [fault] = &faults("mail", text)[..] else { panic!("{text}") };
        assert!(fault.ends_with(": only src/database/ may name sqlx"), "{fault}");
        assert_eq!(super::faults(&planted("database", text)), [""; 0]);
    }
    // A module, a variable and a field of that name are none.
    let own = "//! X.\nmod sqlx { pub(super) fn f() {} }\nfn f(sqlx: u8) -> u8 { sqlx::f(); sqlx }";
    assert_eq!(faults("mail", own), [""; 0]);
}

#[test]
fn what_is_not_pure_in_a_pure_file_is_found() {
    for (code, named) in [
        (
            "use jiff::Timestamp;\nfn f() { Timestamp::now(); }",
            ":3: a pure file may not use jiff::Timestamp::now",
        ),
        (
            "use jiff::Timestamp as T;\nfn f() { T::now(); }",
            ":3: a pure file may not use jiff::Timestamp::now",
        ),
        ("use std::{\n    fmt,\n    time::Instant,\n};", ":4: a pure file may not use std::time::Instant"),
        ("use std::{fs, fmt};", ":2: a pure file may not use std::fs"),
        ("use std::fs::*;", ":2: a pure file may not use std::fs"),
        (
            "use std::time;\nfn f() { time::SystemTime::now(); }",
            ":3: a pure file may not use std::time::SystemTime",
        ),
        ("fn f() {\n    std::env::var(\"A\");\n}", ":3: a pure file may not use std::env"),
        ("fn f() { tracing::info!(\"x\"); }", ":2: a pure file may not use tracing"),
        ("fn f() { println!(\"x\"); }", ":2: a pure file may not use println!"),
        ("async fn f() {}", ":2: a pure file may not use async"),
        ("fn f() { drop(async { 1 }); }", ":2: a pure file may not use async"),
    ] {
        let found = faults("domain", &format!("//! X. Pure.\n{code}"));
        assert_eq!(found, [format!("src/domain/x.rs{named}")], "{code}");
    }
    let of_mail = faults("mail", "//! X. Pure.\nuse crate::clock::Clock;");
    assert!(of_mail.contains(&"src/mail/x.rs:2: a pure file may not use crate::clock".to_owned()));
    assert_eq!(
        faults("domain", "//! X."),
        ["src/domain/x.rs:1: every file of domain is pure and says so in its head"]
    );
}

#[test]
fn only_what_is_there_for_tests_is_left_out() {
    let tests = "//! X. Pure.\n#[cfg(test)]\nmod tests {\n    use crate::store;\n    async fn f() {}\n}\n\
                 #[cfg(all(test, unix))]\nuse crate::mail;\nstruct S;\nimpl S {\n    #[cfg(test)]\n    \
                 fn f() { crate::store::open(); }\n}";
    assert_eq!(faults("domain", tests), [""; 0]);
    let mut files = planted("domain", "//! X. Pure.\n#[cfg(test)]\nmod tests;");
    files.insert("src/domain/x/tests.rs".to_owned(), "use crate::store;".to_owned());
    assert_eq!(super::faults(&files), [""; 0]);
    files.insert("src/domain/x/more.rs".to_owned(), String::new());
    assert_eq!(super::faults(&files), ["src/domain/x/more.rs:1: no module names this file"]);
}

#[test]
fn a_circle_is_found_also_through_what_a_folder_hands_on() {
    let mut files = planted("store", "//! X.\nuse super::Y;");
    let mut found = |head: &str, y: &str| {
        files.insert("src/store/mod.rs".to_owned(), head.to_owned());
        files.insert("src/store/y.rs".to_owned(), y.to_owned());
        circles(&source::modules(&files, "src/lib.rs")).into_iter().collect::<Vec<_>>()
    };
    let head = "mod x;\nmod y;\npub use y::Y;";
    assert_eq!(found(head, "use super::x::X;"), [["src/store/x.rs", "src/store/y.rs"]]);
    assert_eq!(found(head, "#[cfg(test)]\nuse super::x::X;"), [[""; 0]; 0]);
    assert_eq!(
        found("mod x;\nmod y;\npub struct Y;\nuse x::X;", ""),
        [[""; 0]; 0],
        "one module with its head"
    );
}

#[test]
fn what_is_public_says_what_it_is_but_a_field_may_be_told_by_its_name() {
    let text = "//! X. Pure.\n/// A.\npub struct A { pub at: u8 }\nimpl A {\n    pub fn b() {}\n    fn c() {}\n}\npub const D: u8 = 0;";
    let told = |name: &str, line| format!("src/domain/x.rs:{line}: {name} has no doc comment");
    assert_eq!(faults("domain", text), [told("b", 5), told("D", 8)]);
}

#[test]
fn a_type_that_a_macro_is_given_counts_as_one() {
    let mut files =
        planted("domain", "//! X. Pure.\nwords! {\n    /// O.\n    pub enum Order { A \"a\", }\n}");
    files.insert("src/store/mod.rs".to_owned(), "//! S.\npub(crate) struct Order;".to_owned());
    assert_eq!(super::faults(&files), ["src/store/mod.rs:2: Order is also a type of src/domain/x.rs"]);
}
