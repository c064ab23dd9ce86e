//! “Você quis dizer …?”: the known word nearest to an unknown one.

use crate::text::fold;

/// A word without what people write in different ways: capitals, accents, and anything between letters.
pub(super) fn plain(text: &str) -> String {
    fold::plain(text).filter(|c| c.is_alphanumeric()).collect()
}

/// The nearest of `known` to `word`, if one is near enough to be what was meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| -> Vec<char> { plain(text).chars().collect() };
    let wanted = plain(word);
    let most = (wanted.len() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (distance(&wanted, &plain(candidate)), candidate))
        .filter(|(far, _)| *far <= most)
        .min_by_key(|(far, _)| *far)
        .map(|(_, candidate)| candidate)
}

/// A hint that offers the nearest word, else lists them all.
pub(super) fn offer<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(near) = nearest(word, known.clone()) {
        return format!("você quis dizer “{near}”?");
    }
    let all: Vec<&str> = known.into_iter().collect();
    match all.len() {
        0 => "nada foi declarado ainda: declare antes de usar".to_owned(),
        1..=20 => format!("use {}", either(&all)),
        _ => "confira a grafia".to_owned(),
    }
}

/// `a, b ou c`.
pub fn either(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => format!("“{one}”"),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|w| format!("“{w}”")).collect();
            format!("{} ou “{last}”", first.join(", "))
        }
    }
}

/// Edits between two words: insertions, removals, replacements, and swaps of neighbours count one each.
pub(super) fn distance(a: &[char], b: &[char]) -> usize {
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_word_and_another_word_does_not() {
        let known = ["escada", "recorrencia", "link"];
        assert_eq!(nearest("escadas", known), Some("escada"));
        assert_eq!(nearest("recorrência", known), Some("recorrencia"));
        assert_eq!(nearest("lnik", known), Some("link"));
        assert_eq!(nearest("processo", known), None);
    }

    #[test]
    fn what_is_near_nothing_gets_the_whole_list() {
        assert_eq!(offer("x", ["mes", "ano"]), "use “mes” ou “ano”");
    }
}
