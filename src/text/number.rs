//! How many of something, as Portuguese says it. Pure.

/// `1 carta`, `2 cartas`.
pub fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", noun(number, one, many))
}

/// The word alone, where the number stands elsewhere.
pub fn noun<'w>(number: usize, one: &'w str, many: &'w str) -> &'w str {
    if number == 1 { one } else { many }
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_is_singular_and_all_else_is_plural() {
        assert_eq!([0, 1, 2].map(|n| counted(n, "carta", "cartas")), ["0 cartas", "1 carta", "2 cartas"]);
    }
}
