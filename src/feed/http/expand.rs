//! What a server compressed, as it meant it, up to a limit.
//!
//! The bytes as sent lie in a spool by now, so that both sides have a limit: an answer of a few kilobytes may stand
//! for gigabytes, and an endless one for nothing at all. Blocking.

use std::io::Read;
use std::path::Path;

use crate::format::body::{Original, SpoolError};

/// How a body was compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Plain,
    Gzip,
    Brotli,
}

/// What is asked for.
pub(super) const ACCEPTED: &str = "gzip, br";
/// How much the brotli decoder reads at a time.
const BUFFER: usize = 16 * 1024;

impl Encoding {
    /// Reads `Content-Encoding`; absent when it is none that was asked for.
    pub(super) fn parse(header: Option<&str>) -> Option<Self> {
        match header.map(|h| h.trim().to_ascii_lowercase()).as_deref() {
            None | Some("" | "identity") => Some(Self::Plain),
            Some("gzip" | "x-gzip") => Some(Self::Gzip),
            Some("br") => Some(Self::Brotli),
            Some(_) => None,
        }
    }

    /// Expands a body to at most `most` bytes. One that ends in the middle is an error, never a shorter body.
    pub(super) fn expand(self, sent: Original, folder: &Path, most: u64) -> Result<Original, SpoolError> {
        let expanded: Box<dyn Read> = match self {
            Self::Plain => return Ok(sent),
            // A server may send several members one after the other.
            Self::Gzip => Box::new(flate2::read::MultiGzDecoder::new(sent.open())),
            Self::Brotli => Box::new(brotli_decompressor::Decompressor::new(sent.open(), BUFFER)),
        };
        Original::spooled(expanded, folder, most)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn expanded(encoding: Encoding, sent: &[u8], most: u64) -> Result<Original, SpoolError> {
        let folder = tempfile::tempdir().unwrap();
        encoding.expand(Original::from_bytes(sent), folder.path(), most)
    }

    #[test]
    fn members_one_after_the_other_are_one_body() {
        let two = [gzip(b"a;b\n"), gzip(b"1;2\n")].concat();
        assert_eq!(expanded(Encoding::Gzip, &two, 100).unwrap().bytes().unwrap(), b"a;b\n1;2\n");
    }

    #[test]
    fn a_body_cut_in_the_middle_is_an_error_at_every_place() {
        let whole = gzip(b"ibge;ref\n320530;10/2026\n");
        for end in 1..whole.len() {
            assert!(
                matches!(expanded(Encoding::Gzip, &whole[..end], 100), Err(SpoolError::Source(_))),
                "{end}"
            );
        }
        // The brotli stream of `hello`.
        let brotli = [0x0b, 0x02, 0x80, b'h', b'e', b'l', b'l', b'o', 0x03];
        assert_eq!(expanded(Encoding::Brotli, &brotli, 100).unwrap().bytes().unwrap(), b"hello");
        assert!(expanded(Encoding::Brotli, &brotli[..5], 100).is_err());
    }

    #[test]
    fn a_small_body_that_stands_for_a_large_one_is_stopped_at_the_limit() {
        let bomb = gzip(&vec![0; 50_000_000]);
        assert!(bomb.len() < 100_000);
        assert!(matches!(expanded(Encoding::Gzip, &bomb, 1_000_000), Err(SpoolError::TooLarge(1_000_000))));
    }

    #[test]
    fn an_encoding_that_was_not_asked_for_is_none() {
        assert_eq!(Encoding::parse(None), Some(Encoding::Plain));
        assert_eq!(Encoding::parse(Some(" GZIP ")), Some(Encoding::Gzip));
        for other in ["zstd", "deflate", "gzip, gzip"] {
            assert_eq!(Encoding::parse(Some(other)), None, "{other}");
        }
    }
}
