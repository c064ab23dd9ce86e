//! Bytes to text and back: by the byte order mark, else UTF-8 if it is, else Windows-1252. Pure.

use std::borrow::Cow;

use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How text stands in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding {
    pub(super) of: &'static encoding_rs::Encoding,
    /// Length of the byte order mark in front, 0 without one.
    pub(super) mark: usize,
}

/// Why bytes are not the text that they should be. Displayed to operators.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodingError {
    /// Bytes that no text has.
    #[error("o conteúdo é binário, não um texto: confira o arquivo entregue")]
    Binary,
    /// An encoding label that nobody knows.
    #[error("“{0}” não é uma codificação conhecida: use utf-8 ou windows-1252, ou retire a chave")]
    Label(String),
    /// Stated one encoding, found another.
    #[error(
        "a codificação declarada é {stated}, mas o conteúdo está em {found}: corrija ou retire a declaração"
    )]
    Other { stated: &'static str, found: &'static str },
    /// Stated (or marked) as UTF-8, and is not.
    #[error("o conteúdo não é UTF-8 válido (linha {line}): corrija ou retire a codificação declarada")]
    NotUtf8 {
        /// First line that is not.
        line: usize,
    },
    /// Not the text that its mark promises.
    #[error("o conteúdo não é {0} válido: peça o arquivo em UTF-8 ou Windows-1252")]
    Undecodable(&'static str),
    /// The disk, in the middle of reading.
    #[error("os bytes guardados não puderam ser lidos ({0}): confira o disco e tente de novo")]
    Disk(std::io::ErrorKind),
}

impl From<std::io::Error> for EncodingError {
    fn from(error: std::io::Error) -> Self {
        Self::Disk(error.kind())
    }
}

impl Encoding {
    /// UTF-8 without a mark, as new files are written.
    pub const UTF_8: Self = Self { of: UTF_8, mark: 0 };
    /// Windows-1252, as old spreadsheets write.
    pub const WINDOWS_1252: Self = Self { of: WINDOWS_1252, mark: 0 };

    /// The encoding of a label as `utf-8` or `latin1`, if it is one.
    pub fn for_label(label: &str) -> Option<Self> {
        encoding_rs::Encoding::for_label(label.as_bytes()).map(|of| Self { of, mark: 0 })
    }

    /// What a byte order mark says.
    pub(super) fn for_mark(head: &[u8]) -> Option<Self> {
        encoding_rs::Encoding::for_bom(head).map(|(of, mark)| Self { of, mark })
    }

    /// What these bytes are written in: by their mark, else UTF-8 if they are, else Windows-1252.
    pub fn detect(bytes: &[u8]) -> Self {
        let unmarked = || if std::str::from_utf8(bytes).is_ok() { Self::UTF_8 } else { Self::WINDOWS_1252 };
        Self::for_mark(bytes).unwrap_or_else(unmarked)
    }

    /// Its name, as `windows-1252`.
    pub fn name(self) -> &'static str {
        self.of.name()
    }

    /// The text without the mark. What is no text of this encoding becomes U+FFFD.
    pub fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        self.of.decode_without_bom_handling(bytes.get(self.mark..).unwrap_or_default()).0
    }

    /// The text without the mark; absent when a byte is no text of this encoding.
    pub fn decode_whole(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        let (text, wrong) = self.of.decode_without_bom_handling(bytes.get(self.mark..).unwrap_or_default());
        (!wrong).then_some(text)
    }

    /// The bytes of a text, with the mark if there was one; absent when the encoding lacks a letter of it.
    pub fn encode(self, text: &str) -> Option<Vec<u8>> {
        let units = || text.encode_utf16();
        if self.of == UTF_16LE {
            return Some([0xFF, 0xFE].into_iter().chain(units().flat_map(u16::to_le_bytes)).collect());
        }
        if self.of == UTF_16BE {
            return Some([0xFE, 0xFF].into_iter().chain(units().flat_map(u16::to_be_bytes)).collect());
        }
        let (bytes, _, lacking) = self.of.encode(text);
        let mark: &[u8] = if self.mark > 0 { b"\xEF\xBB\xBF" } else { b"" };
        (!lacking).then(|| [mark, &bytes].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_known_by_its_mark_or_by_being_utf_8() {
        for bytes in [
            &b"Vit\xF3ria"[..],
            "Vitória".as_bytes(),
            "\u{FEFF}Vitória".as_bytes(),
            b"\xFF\xFEV\0i\0t\0\xF3\0r\0i\0a\0",
            b"\xFE\xFF\0V\0i\0t\0\xF3\0r\0i\0a",
        ] {
            let encoding = Encoding::detect(bytes);
            assert_eq!(encoding.decode(bytes), "Vitória", "{bytes:?}");
            assert_eq!(encoding.encode("Vitória").unwrap(), bytes);
        }
    }

    #[test]
    fn a_letter_that_the_encoding_lacks_is_not_written_as_another() {
        assert_eq!(Encoding::WINDOWS_1252.encode("Łódź"), None);
        assert_eq!(Encoding::detect(b"\xFF\xFE\0\xD8").decode_whole(b"\xFF\xFE\0\xD8"), None);
    }

    proptest! {
        #[test]
        fn what_is_decoded_whole_is_encoded_to_the_same_bytes(
            mark in prop::sample::select(vec![&b""[..], b"\xEF\xBB\xBF", b"\xFF\xFE", b"\xFE\xFF"]),
            bytes in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let bytes = [mark, &bytes].concat();
            let encoding = Encoding::detect(&bytes);
            if let Some(text) = encoding.decode_whole(&bytes) {
                prop_assert_eq!(encoding.encode(&text), Some(bytes.clone()));
            }
        }
    }
}
