//! One e-mail address. Pure.

use std::sync::Arc;

use super::IdError;
use crate::text::words::shown;

/// One e-mail address, `local@domain`, kept as written. Two that differ only in capitals are one: no mail server in use
/// tells them apart (RFC 5321 section 2.4 leaves the local part to its own host), and a mailbox gets one copy.
#[derive(Debug, Clone)]
pub struct EmailAddress(Arc<str>);

impl EmailAddress {
    /// What is compared.
    fn folded(&self) -> impl Iterator<Item = u8> {
        self.0.bytes().map(|byte| byte.to_ascii_lowercase())
    }
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for EmailAddress {}

impl Ord for EmailAddress {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.folded().cmp(other.folded())
    }
}

impl PartialOrd for EmailAddress {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl std::hash::Hash for EmailAddress {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.folded().for_each(|byte| state.write_u8(byte));
        state.write_u8(0xFF);
    }
}

impl EmailAddress {
    /// Reads one address of the plain form that RFC 5321 lets every relay take: a dot-atom local part and a domain
    /// name of at least two labels, ASCII, no quoting.
    ///
    /// # Errors
    /// [`IdError::Email`].
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let bad = || IdError::Email(text.to_owned());
        let (local, domain) = text.rsplit_once('@').ok_or_else(bad)?;
        let atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
        let local_fits = local.len() <= 64 && local.split('.').all(|a| !a.is_empty() && a.bytes().all(atom));
        let label = |l: &str| {
            !l.is_empty()
                && l.len() <= 63
                && !l.starts_with('-')
                && !l.ends_with('-')
                && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let domain_fits = domain.len() <= 253 && domain.contains('.') && domain.split('.').all(label);
        if local_fits && domain_fits { Ok(Self(text.into())) } else { Err(bad()) }
    }

    /// The address as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// Whether the address can reach nobody: `.invalid`, `.example`, `.test`, `.localhost` and `example.org` and its
    /// kin are reserved (RFC 2606).
    pub fn is_reserved(&self) -> bool {
        let domain = self.domain().to_ascii_lowercase();
        let last = domain.rsplit('.').next().unwrap_or_default();
        matches!(last, "invalid" | "example" | "test" | "localhost")
            || ["example.org", "example.com", "example.net"]
                .iter()
                .any(|d| domain == *d || domain.strip_suffix(d).is_some_and(|rest| rest.ends_with('.')))
    }
}

shown!(EmailAddress);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_addresses_that_differ_only_in_capitals_are_one() {
        use std::collections::{BTreeSet, HashSet};
        let both = ["a@X.gov.br", "A@x.gov.br"].map(|text| EmailAddress::parse(text).unwrap());
        assert_eq!(both[0], both[1]);
        assert_eq!(both.iter().collect::<HashSet<_>>().len(), 1);
        assert_eq!(both.iter().collect::<BTreeSet<_>>().len(), 1);
        assert_eq!(both[0].as_str(), "a@X.gov.br", "as first written");
        assert_ne!(both[0], EmailAddress::parse("b@x.gov.br").unwrap());
    }

    #[test]
    fn addresses_that_no_relay_takes_are_refused() {
        for good in ["a@b.c", "joao.silva+x@prefeitura.es.gov.br"] {
            assert!(EmailAddress::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "a@b",
            "joão@x.org",
            "a b@c.d",
            "a@b.c\r\nBcc: x@y.z",
            "a@b..c",
            ".a@b.c",
            "a@b.c, d@e.f",
        ] {
            assert!(EmailAddress::parse(bad).is_err(), "{bad}");
        }
        assert!(EmailAddress::parse("a@smas.invalid").unwrap().is_reserved());
        assert!(EmailAddress::parse("a@mail.example.org").unwrap().is_reserved());
        assert!(!EmailAddress::parse("a@notexample.org").unwrap().is_reserved());
    }
}
