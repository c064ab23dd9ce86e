//! Domains one letter away from the one that was meant: `.con`, `es.gov.bt`, `vitora.es.gov.br`. Pure.

use super::fault::Severity;
use super::near::distance;
use crate::domain::state::is_state;

/// Where people have their mail who have it from no office of their own.
const HOSTS: [&str; 12] = [
    "gmail.com",
    "hotmail.com",
    "outlook.com",
    "outlook.com.br",
    "hotmail.com.br",
    "yahoo.com",
    "yahoo.com.br",
    "live.com",
    "icloud.com",
    "uol.com.br",
    "bol.com.br",
    "terra.com.br",
];

/// What stands before `.br` more often than not.
const SECOND: [&str; 5] = ["gov", "com", "org", "net", "edu"];
/// What stands there too, a letter away from one of those.
const SECOND_TOO: [&str; 5] = ["ong", "not", "vet", "det", "cim"];
/// What domains end with more often than not.
const LAST: [&str; 4] = ["br", "com", "org", "net"];
/// What they end with too, a letter away from one of those.
const LAST_TOO: [&str; 5] = ["ong", "vet", "bet", "pet", "new"];

/// In shorter domains a letter is no slip but another name.
const SHORTEST: usize = 6;

/// The domains that a slip is looked for beside.
pub(super) struct Neighbours<'a> {
    /// Those that several municipalities have.
    pub(super) used: &'a [String],
    /// The other domains of this municipality, and the official one.
    pub(super) own: &'a [String],
}

/// The domain that was rather meant, in small letters, and how sure it is: an ending that no domain can have is a fault.
/// Absent where nothing looks like a slip.
pub(super) fn meant(domain: &str, beside: &Neighbours<'_>) -> Option<(Severity, String)> {
    let domain = domain.to_ascii_lowercase();
    ending(&domain).or_else(|| near(&domain, beside).map(|meant| (Severity::Warning, meant)))
}

/// The ending mended, where it is nearly one that domains have.
fn ending(domain: &str) -> Option<(Severity, String)> {
    let labels: Vec<&str> = domain.split('.').collect();
    let with = |count: usize, end: &str| [&labels[..labels.len() - count], &[end]].concat().join(".");
    match labels[..] {
        [.., state, "gov"] if is_state(state) => Some((Severity::Error, format!("{domain}.br"))),
        [.., "gov", last] if last != "br" => Some((Severity::Error, with(1, "br"))),
        [.., state, second, "br"] if is_state(state) && off_by_one(second, "gov") => {
            Some((Severity::Error, with(2, "gov.br")))
        }
        [.., second, "br"] => {
            let word = nearly(second, &SECOND, &SECOND_TOO)?;
            Some((Severity::Warning, with(2, &format!("{word}.br"))))
        }
        [.., last] => {
            let never = last.len() == 1 || last == "con";
            let word = nearly(last, &LAST, &LAST_TOO)?;
            Some((if never { Severity::Error } else { Severity::Warning }, with(1, word)))
        }
        [] => None,
    }
}

/// The word that another is a letter away from, unless it is one itself.
fn nearly(word: &str, known: &[&'static str], too: &[&str]) -> Option<&'static str> {
    let is_one = known.contains(&word) || too.contains(&word);
    known.iter().copied().find(|known| !is_one && off_by_one(word, known))
}

/// The domain that its neighbours have, if this is not one of theirs but nearly so.
fn near(domain: &str, beside: &Neighbours<'_>) -> Option<String> {
    let known = beside.own.iter().chain(beside.used).map(String::as_str).chain(HOSTS);
    let mut meant = None;
    for known in known.filter(|known| known.len() >= SHORTEST) {
        // As many labels from the end as the other has: what stands before them is a server's own name.
        let labels = known.split('.').count();
        let at = domain.rmatch_indices('.').nth(labels - 1).map_or(0, |(at, _)| at + 1);
        if domain[at..] == *known {
            return None;
        }
        if off_by_one(&domain[at..], known) {
            meant.get_or_insert_with(|| format!("{}{known}", &domain[..at]));
        }
    }
    meant
}

/// Whether one letter was left out, put in, mistaken, or has changed places with the next.
fn off_by_one(a: &str, b: &str) -> bool {
    let chars = |text: &str| -> Vec<char> { text.chars().collect() };
    a.len().abs_diff(b.len()) <= 1 && distance(&chars(a), &chars(b)) == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(domain: &str) -> Option<(Severity, String)> {
        let (used, own) = (["consorcio.org.br".to_owned()], ["vitoria.es.gov.br".to_owned()]);
        meant(domain, &Neighbours { used: &used, own: &own })
    }

    #[test]
    fn an_ending_that_no_domain_has_is_a_fault_and_one_that_few_have_a_warning() {
        for (domain, severity, meant) in [
            ("gmail.con", Severity::Error, "gmail.com"),
            ("vitoria.es.gov.bt", Severity::Error, "vitoria.es.gov.br"),
            ("vitoria.es.gov.b", Severity::Error, "vitoria.es.gov.br"),
            ("vitoria.es.gov", Severity::Error, "vitoria.es.gov.br"),
            ("vitoria.es.gv.br", Severity::Error, "vitoria.es.gov.br"),
            ("pmv.co", Severity::Warning, "pmv.com"),
            ("pmv.con.br", Severity::Warning, "pmv.com.br"),
            ("pmv.rbr", Severity::Warning, "pmv.br"),
        ] {
            assert_eq!(told(domain), Some((severity, meant.to_owned())), "{domain}");
        }
    }

    #[test]
    fn a_domain_a_letter_off_what_the_others_use_is_told_and_theirs_is_not() {
        for (domain, meant) in [
            ("vitora.es.gov.br", "vitoria.es.gov.br"),
            ("smas.Vitoira.es.gov.br", "smas.vitoria.es.gov.br"),
            ("gmial.com", "gmail.com"),
            ("hotmail.com.b", "hotmail.com.br"),
            ("consorcia.org.br", "consorcio.org.br"),
        ] {
            assert_eq!(told(domain).map(|(_, meant)| meant).as_deref(), Some(meant), "{domain}");
        }
        for domain in [
            "vitoria.es.gov.br",
            "smas.vitoria.es.gov.br",
            "uol.com.br",
            "bol.com.br",
            "consorcio.org.br",
            "serra.es.gov.br",
            "ufes.br",
            "creche.ong.br",
            "x.org",
            "b.c",
        ] {
            assert_eq!(told(domain), None, "{domain}");
        }
    }
}
