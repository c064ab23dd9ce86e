//! What the program costs, each figure beside a yardstick in the same run: one table, printed by one command.
//!
//! `cargo bench --bench table` prints all of it, in some twenty minutes, with the profile that is installed; words choose
//! parts: `cargo bench --bench table -- start simulate history intake delivery`. `-- panel`, `-- idle` and `-- month` print
//! the panel's pages, a service with nothing to do and a month of the country, each a table of its own. Each row is run in
//! turn with its yardstick until the ratio is stable (`measure`), and says how far its pairs lay apart: that is how noisy the
//! machine was. What is missing on a machine (postfix, sqlite3) is said and left out.
//!
//! No criterion: what is measured is whole processes beside other programs, which it does not do, and what it does do (one
//! function, thousands of times) hides what a person waits for.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on ends")]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the table, and how far it is, are what this is for"
)]

mod delivery;
mod history;
mod idle;
mod intake;
mod measure;
mod month;
mod panel;
mod simulate;
#[path = "../years/mod.rs"]
mod years;

fn main() {
    // Cargo says `--bench` too.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    match words.first().map(String::as_str) {
        Some(delivery::ONE_RUN) => return delivery::one_run(&words[1..]),
        Some(intake::TAKE_IN) => return intake::one_take_in(&words[1..]),
        Some(intake::LOAD) => return intake::one_load(&words[1..]),
        Some("panel") => return panel::table(),
        Some("idle") => return idle::table(),
        Some("month") => return month::table(),
        _ => {}
    }
    let parts: [(&str, fn()); 5] = [
        ("start", simulate::start),
        ("simulate", simulate::rows),
        ("history", history::rows),
        ("intake", intake::rows),
        ("delivery", delivery::rows),
    ];
    let is_part = |word: &String| parts.iter().any(|(name, _)| name == word);
    if let Some(other) = words.iter().find(|word| !is_part(word)) {
        eprintln!(
            "there is no part “{other}”; there are start, simulate, history, intake, delivery, panel, idle and month"
        );
        std::process::exit(2);
    }
    measure::print_head();
    for (name, rows) in parts {
        if words.is_empty() || words.iter().any(|word| word == name) {
            rows();
        }
    }
}
