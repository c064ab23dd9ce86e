//! Texts that leave the service, or are kept for good, without what is nobody else's: addresses of people, and secrets. Pure.

/// A text as it is, without the e-mail addresses in it.
pub fn without_addresses(text: &str) -> String {
    let words = text.split_inclusive(char::is_whitespace).map(|word| {
        let end = word.trim_end_matches(char::is_whitespace).len();
        if has_address(&word[..end]) { format!("[endereço]{}", &word[end..]) } else { word.to_owned() }
    });
    words.collect()
}

/// Whether a word has a mailbox in it. The key of a notice has an `@` too, but no dot after it.
pub fn has_address(word: &str) -> bool {
    word.split('@').skip(1).any(|after| after.contains('.'))
}

/// What stands for a secret.
const HIDDEN: &str = "…";
/// A part of a secret with fewer letters is hidden only where it stands alone: else “T0” would tear words apart.
const SHORT: usize = 4;

/// A text without a secret in it: neither the whole nor any of its parts between slashes, in whatever case, and also as an
/// address or JSON writes its signs. Short parts are hidden where they stand as words of their own.
pub fn without_secret(text: &str, secret: &str) -> String {
    let secret = secret.trim();
    let (in_address, in_json) = (encoded(secret), secret.replace('/', "\\/"));
    let parts = secret.split('/').map(str::trim);
    let encoded_parts: Vec<String> = parts.clone().map(encoded).collect();
    let mut wanted = vec![secret, &in_address, &in_json];
    wanted.extend(parts);
    wanted.extend(encoded_parts.iter().map(String::as_str));
    wanted.retain(|part| !part.is_empty());
    // What holds another goes first.
    wanted.sort_by_key(|part| std::cmp::Reverse(part.len()));
    wanted.dedup();
    wanted.iter().fold(text.to_owned(), |text, part| hidden(&text, part))
}

/// As an address has what is no letter and no digit (RFC 3986's unreserved stay).
fn encoded(secret: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    secret.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn hidden(text: &str, part: &str) -> String {
    // The lower case of ASCII moves no byte.
    let (low, wanted) = (text.to_ascii_lowercase(), part.to_ascii_lowercase());
    let is_short = part.chars().count() < SHORT;
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (at, _) in low.match_indices(&wanted) {
        let end = at + wanted.len();
        let before = text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
        let after = text[end..].chars().next().is_some_and(char::is_alphanumeric);
        if is_short && (before || after) {
            continue;
        }
        out.push_str(&text[from..at]);
        out.push_str(HIDDEN);
        from = end;
    }
    out.push_str(&text[from..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_leaves_without_the_addresses_in_it_and_else_as_it_is() {
        let text = "O servidor disse: “550 <fulana@x.gov.br>: não\texiste”\n\nveja rma/2026-11@1";
        let expected = "O servidor disse: “550 [endereço] não\texiste”\n\nveja rma/2026-11@1";
        assert_eq!(without_addresses(text), expected);
    }

    #[test]
    fn a_secret_is_hidden_whole_and_in_parts_and_short_parts_tear_no_word_apart() {
        let bot = "123456:AAbbCC";
        assert_eq!(
            without_secret("token 123456:AAbbCC unknown (/bot123456%3aaabbcc)", bot),
            "token … unknown (/bot…)"
        );
        let slack = "T0/B0/abcdef";
        let said = r"no hook T0\/B0\/abcdef, team T0, hook b0, key xabcdefy; AT0M, T00";
        assert_eq!(without_secret(said, slack), "no hook …, team …, hook …, key x…y; AT0M, T00");
        assert_eq!(without_secret("um segredo: a/b", "a"), "um segredo: …/b");
        assert_eq!(without_secret("nada a esconder", " "), "nada a esconder");
    }
}
