//! The key in the calendar's address: made of the ledger's own, so that nothing is kept for it, and nobody can guess it.
//! Another `agenda_serie` gives another. Pure.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::text::digest::hex;

/// The key of a series: 32 hexadecimal characters; none where the ledger's key does not serve, so that nothing is right.
pub(super) fn of(key: &[u8], series: u32) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(format!("agenda.ics {series}").as_bytes());
    hex(mac.finalize().into_bytes()).chars().take(32).collect()
}

/// Whether a key is the right one, in a time that says nothing of it.
pub(super) fn is_right(given: &str, token: &str) -> bool {
    let same = given.bytes().zip(token.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0;
    !token.is_empty() && given.len() == token.len() && same
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ledger_and_each_series_has_a_key_of_its_own() {
        let token = of(&[1; 32], 1);
        assert_eq!(token.len(), 32);
        assert!(is_right(&token, &token));
        for other in
            [of(&[2; 32], 1), of(&[1; 32], 2), String::new(), token[..31].to_owned(), format!("{token}0")]
        {
            assert!(!is_right(&other, &token), "{other}");
        }
        assert!(!is_right("", ""));
    }
}
