//! The bytes of a load, however many there are: in memory while they are few, else in a file without a name.
//!
//! What was hashed is what is decoded: a file in a drop folder may still change, the copy kept here cannot. Nothing
//! here looks at what the bytes mean, and nothing after it holds a large load whole.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::contain::is_given_up;
use crate::domain::id::{MunicipalityCode, Reference, UnitId};
use crate::text::digest::hex;

/// So many bytes stay in memory.
const IN_MEMORY: usize = 1024 * 1024;
/// How much is read at a time.
const BUFFER: usize = 64 * 1024;

/// What the request already settled (fields of a URL template), so that its rows need not say it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Given {
    /// `{ibge6}` or `{ibge7}`, or the municipality of `{unidade}`.
    pub municipality: Option<MunicipalityCode>,
    /// `{unidade}`.
    pub unit: Option<UnitId>,
    /// `{referencia:…}`.
    pub reference: Option<Reference>,
}

impl Given {
    /// Whether it settles whom the page is about.
    pub fn is_of_somebody(&self) -> bool {
        self.municipality.is_some() || self.unit.is_some()
    }
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = [
            self.municipality.map(|m| format!("município {m}")),
            self.unit.as_ref().map(|u| format!("unidade {u}")),
            self.reference.map(|r| format!("referência {r}")),
        ];
        f.write_str(&told.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

/// One body of a load: a file, a page, one of the pages of a crawl.
#[derive(Debug, Clone)]
pub struct Body {
    /// What the request settled; nothing for a file.
    pub given: Given,
    pub original: Original,
}

impl Body {
    /// A body that nothing is known of beforehand.
    pub fn plain(original: Original) -> Self {
        Self { given: Given::default(), original }
    }
}

/// Bytes as they came. Cheap to clone; may be read any number of times, also at once.
#[derive(Debug, Clone)]
pub struct Original {
    kept: Kept,
    len: u64,
    sha256: Arc<str>,
    open_ended: bool,
}

#[derive(Debug, Clone)]
enum Kept {
    Memory(Arc<[u8]>),
    /// A file, or a part of one that begins at that byte. A file of ours has no name any more: it goes with the last
    /// clone, also when the process is killed.
    File(Arc<File>, u64),
}

/// Why bytes could not be kept. Displayed to operators.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// More bytes than allowed; told before they are read where the size is known.
    #[error("o conteúdo passa do limite de {} MB", .0.div_ceil(1024 * 1024))]
    TooLarge(u64),
    /// The source broke off.
    #[error("o conteúdo não pôde ser lido até o fim")]
    Source(#[source] io::Error),
    /// The disk.
    #[error("não foi possível gravar em {}: confira o espaço em disco e as permissões", folder.display())]
    Disk {
        folder: PathBuf,
        /// What lies under it.
        #[source]
        source: io::Error,
    },
}

impl Original {
    /// Bytes that are in memory already.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes: Vec<u8> = bytes.into();
        Self {
            len: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            sha256: hex(Sha256::digest(&bytes)).into(),
            kept: Kept::Memory(bytes.into()),
            open_ended: false,
        }
    }

    /// Copies at most `most` bytes; a load that does not fit in memory goes into a nameless file in `folder`.
    pub fn spooled(mut source: impl Read, folder: &Path, most: u64) -> Result<Self, SpoolError> {
        let mut spool = Spool::new(folder, most);
        let mut buffer = vec![0; BUFFER];
        loop {
            match source.read(&mut buffer) {
                Ok(0) => return spool.finish(),
                Ok(n) => spool.write(buffer.get(..n).unwrap_or_default())?,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(SpoolError::Source(e)),
            }
        }
    }

    /// Copies a file of at most `most` bytes, refusing a larger one by its size, before it is read.
    pub fn of_file(file: &File, folder: &Path, most: u64) -> Result<Self, SpoolError> {
        if file.metadata().map_err(SpoolError::Source)?.len() > most {
            return Err(SpoolError::TooLarge(most));
        }
        Self::spooled(file, folder, most)
    }

    /// A part of a file that holds several, beginning at the byte `from`. `sha256` is that of the part, as it was
    /// when it was written.
    pub fn within(file: Arc<File>, from: u64, len: u64, sha256: &str) -> Self {
        Self { kept: Kept::File(file, from), len, sha256: sha256.into(), open_ended: false }
    }

    /// The same bytes, of which nothing told that they are all: more may have been to come.
    #[must_use]
    pub fn open_ended(self) -> Self {
        Self { open_ended: true, ..self }
    }

    /// Whether nothing told where they end. A format that tells its own end needs nobody to.
    pub fn is_open_ended(&self) -> bool {
        self.open_ended
    }

    /// How many bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// SHA-256 of all bytes, lower-case hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// A reader from the beginning, of its own.
    pub fn open(&self) -> BufReader<Reader> {
        BufReader::with_capacity(BUFFER, Reader { kept: self.kept.clone(), len: self.len, at: 0 })
    }

    /// The first bytes, at most so many.
    pub fn head(&self, most: u64) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        self.open().take(most).read_to_end(&mut head)?;
        Ok(head)
    }

    /// All bytes, for keeping them as evidence.
    pub fn bytes(&self) -> io::Result<Vec<u8>> {
        match &self.kept {
            Kept::Memory(bytes) => Ok(bytes.to_vec()),
            Kept::File(..) => self.head(self.len),
        }
    }
}

/// Bytes on their way in.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    most: u64,
    len: u64,
    hash: Sha256,
    memory: Vec<u8>,
    file: Option<File>,
}

impl Spool {
    /// Takes at most `most` bytes; `folder` is where a large load lies.
    pub fn new(folder: &Path, most: u64) -> Self {
        Self { folder: folder.to_owned(), most, len: 0, hash: Sha256::new(), memory: Vec::new(), file: None }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`SpoolError`]; then nothing more should be written.
    pub fn write(&mut self, piece: &[u8]) -> Result<(), SpoolError> {
        let end = self.len.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        if end > self.most {
            return Err(SpoolError::TooLarge(self.most));
        }
        self.hash.update(piece);
        if self.file.is_none() && self.memory.len().saturating_add(piece.len()) <= IN_MEMORY {
            self.memory.extend_from_slice(piece);
        } else {
            self.write_to_file(piece)
                .map_err(|source| SpoolError::Disk { folder: self.folder.clone(), source })?;
        }
        self.len = end;
        Ok(())
    }

    fn write_to_file(&mut self, piece: &[u8]) -> io::Result<()> {
        let file = if let Some(file) = &self.file {
            file
        } else {
            std::fs::create_dir_all(&self.folder)?;
            let file = self.file.insert(tempfile::tempfile_in(&self.folder)?);
            file.write_all_at(&self.memory, 0)?;
            self.memory = Vec::new();
            file
        };
        file.write_all_at(piece, self.len)
    }

    /// All bytes have come.
    pub fn finish(self) -> Result<Original, SpoolError> {
        let kept = match self.file {
            Some(file) => Kept::File(Arc::new(file), 0),
            None => Kept::Memory(self.memory.into()),
        };
        Ok(Original { kept, len: self.len, sha256: hex(self.hash.finalize()).into(), open_ended: false })
    }
}

/// Reads an [`Original`] from its own place in it.
#[derive(Debug, Clone)]
pub struct Reader {
    kept: Kept,
    len: u64,
    at: u64,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if is_given_up() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let read = match &self.kept {
            Kept::Memory(bytes) => {
                let rest = usize::try_from(self.at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
                let n = rest.len().min(buffer.len());
                let (from, to) = (rest.get(..n), buffer.get_mut(..n));
                if let (Some(from), Some(to)) = (from, to) {
                    to.copy_from_slice(from);
                }
                n
            }
            Kept::File(file, from) => {
                let rest = usize::try_from(self.len.saturating_sub(self.at)).unwrap_or(usize::MAX);
                let n = rest.min(buffer.len());
                file.read_at(buffer.get_mut(..n).unwrap_or_default(), from.saturating_add(self.at))?
            }
        };
        self.at = self.at.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        Ok(read)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::digest::sha256;
    use proptest::prelude::*;

    #[test]
    fn a_large_load_lies_in_a_file_without_a_name_and_is_read_again_and_again() {
        let folder = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = (0..3 * IN_MEMORY).map(|n| u8::try_from(n % 251).unwrap()).collect();
        let original = Original::spooled(&bytes[..], &folder.path().join("nova"), u64::MAX).unwrap();
        assert!(matches!(original.kept, Kept::File(..)));
        assert_eq!(std::fs::read_dir(folder.path().join("nova")).unwrap().count(), 0, "no name is left");
        assert_eq!(original.sha256(), sha256(&bytes));
        for _ in 0..2 {
            assert!(original.bytes().unwrap() == bytes);
        }
        assert_eq!(original.head(3).unwrap(), [0, 1, 2]);
    }

    #[test]
    fn a_sparse_file_of_two_gigabytes_is_refused_by_its_size_before_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("enorme.csv");
        let file = File::options().create_new(true).read(true).write(true).open(&path).unwrap();
        file.set_len(2 << 30).unwrap();
        let refused = Original::of_file(&file, folder.path(), 256 << 20).unwrap_err();
        assert_eq!(refused.to_string(), "o conteúdo passa do limite de 256 MB");
        // And by counting, where the size is not known beforehand.
        let refused = Original::spooled(io::repeat(b'a'), folder.path(), 2 << 20).unwrap_err();
        assert!(matches!(refused, SpoolError::TooLarge(_)));
    }

    proptest! {
        #[test]
        fn memory_and_file_read_the_same(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            places in prop::collection::vec(0_u64..400, 0..8),
        ) {
            let file = tempfile::tempfile().unwrap();
            file.write_all_at(&[b"xyz", &bytes[..], b"after"].concat(), 0).unwrap();
            let memory = Original::from_bytes(bytes.clone());
            let on_disk = Original { kept: Kept::File(Arc::new(file), 3), ..memory.clone() };
            let (mut one, mut other) = (memory.open(), on_disk.open());
            for place in places {
                let read = |reader: &mut BufReader<Reader>| {
                    let at = reader.seek(SeekFrom::Start(place)).unwrap();
                    let mut piece = Vec::new();
                    reader.take(7).read_to_end(&mut piece).unwrap();
                    (at, piece)
                };
                prop_assert_eq!(read(&mut one), read(&mut other));
            }
        }
    }
}
