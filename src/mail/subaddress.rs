//! An envelope sender of its own for each delivery (RFC 5233): `devolucoes+ENTREGA…@dominio`, signed, so that what comes
//! back there names its delivery even when it quotes nothing, and nobody else can make one up. Pure.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::domain::id::EmailAddress;
use crate::domain::secretariat::takes_subaddresses;
use crate::text::digest::hex;

/// A delivery's name, and as much of its signature: both in hexadecimal digits.
const NAME: usize = 32;
const SIGNATURE: usize = 16;

/// What an address says of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// It is none of these addresses.
    Nothing,
    /// It is of no delivery of ours, whatever it says.
    Forged,
    Delivery(String),
}

impl Named {
    /// The delivery's name, if there is one.
    pub fn delivery(self) -> Option<String> {
        match self {
            Self::Delivery(delivery) => Some(delivery),
            Self::Nothing | Self::Forged => None,
        }
    }
}

/// Makes and reads them.
#[derive(Clone)]
pub struct Subaddresses {
    base: EmailAddress,
    /// HMAC (RFC 2104) under the ledger's key.
    mac: Hmac<Sha256>,
}

impl Subaddresses {
    /// With the ledger's key. Nothing when they do not fit.
    pub fn of(base: &EmailAddress, key: [u8; 32]) -> Option<Self> {
        let mac = Hmac::new_from_slice(&key).ok()?;
        takes_subaddresses(base).then(|| Self { base: base.clone(), mac })
    }

    /// The envelope sender of a delivery; the plain one where the delivery's name does not fit.
    pub fn address(&self, delivery: &str) -> EmailAddress {
        let (local, domain) = self.parts();
        let own = format!("{local}+{delivery}{}@{domain}", self.signature(delivery));
        EmailAddress::parse(&own).unwrap_or_else(|_| self.base.clone())
    }

    /// Which delivery any of these addresses names; whoever delivers may have changed the case of letters.
    pub fn read(&self, addresses: &[EmailAddress]) -> Named {
        let (local, domain) = self.parts();
        let mut found = Named::Nothing;
        for address in addresses {
            let text = address.as_str().to_ascii_lowercase();
            let token = text
                .strip_prefix(&format!("{}+", local.to_ascii_lowercase()))
                .and_then(|rest| rest.strip_suffix(&format!("@{}", domain.to_ascii_lowercase())));
            let Some(token) = token else { continue };
            match token.split_at_checked(NAME) {
                Some((delivery, signature)) if signature == self.signature(delivery) => {
                    return Named::Delivery(delivery.to_owned());
                }
                _ => found = Named::Forged,
            }
        }
        found
    }

    fn parts(&self) -> (&str, &str) {
        self.base.as_str().rsplit_once('@').unwrap_or((self.base.as_str(), ""))
    }

    fn signature(&self, delivery: &str) -> String {
        let mut mac = self.mac.clone();
        mac.update(delivery.as_bytes());
        hex(mac.finalize().into_bytes().into_iter().take(SIGNATURE / 2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELIVERY: &str = "0123456789abcdef0123456789abcdef";

    fn address(text: &str) -> EmailAddress {
        EmailAddress::parse(text).unwrap()
    }

    fn ours() -> Subaddresses {
        Subaddresses::of(&address("devolucoes@setades.es.gov.br"), [7; 32]).unwrap()
    }

    #[test]
    fn an_address_names_its_delivery_in_whatever_case_and_a_forged_one_names_none() {
        let own = ours().address(DELIVERY);
        assert!(own.as_str().starts_with(&format!("devolucoes+{DELIVERY}")), "{own}");
        assert!(own.as_str().split('@').next().unwrap().len() <= 64, "RFC 5321 §4.5.3.1.1");
        let named = Named::Delivery(DELIVERY.to_owned());
        assert_eq!(ours().read(std::slice::from_ref(&own)), named);
        assert_eq!(ours().read(&[address(&own.as_str().to_ascii_uppercase())]), named);
        assert_eq!(ours().read(&[address("devolucoes+x@setades.es.gov.br"), own.clone()]), named);
        let other = Subaddresses::of(&address("devolucoes@setades.es.gov.br"), [8; 32]).unwrap();
        assert_eq!(other.read(std::slice::from_ref(&own)), Named::Forged, "another ledger's");
        let changed = own.as_str().replace("+0123", "+1123");
        assert_eq!(ours().read(&[address(&changed)]), Named::Forged);
        assert_eq!(ours().read(&[address("devolucoes+@setades.es.gov.br")]), Named::Forged);
        for plain in ["devolucoes@setades.es.gov.br", "smas@vitoria.es.gov.br", "devolucoes+x@outro.gov.br"] {
            assert_eq!(ours().read(&[address(plain)]), Named::Nothing, "{plain}");
        }
    }
}
