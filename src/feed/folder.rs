//! A file of a drop folder (`DADOS/entrada/FONTE/`) read as a source's body.
//!
//! Blocking; callers run it off the async threads.

use std::path::Path;

use crate::files::drop::{DropError, StableFile};
use crate::format::body::{Original, SpoolError};

/// What reading a settled file came to.
#[derive(Debug)]
pub enum Read {
    /// All of it, as the looks found it.
    Whole(Original),
    /// It is being written still: next time, perhaps.
    Growing,
    /// It is larger than allowed, in bytes.
    TooLarge(u64),
}

/// Reads a whole file of at most `most` bytes; a large one is copied to a nameless file in `spool`.
///
/// # Errors
/// [`DropError`] when it cannot be read.
pub fn read(file: &StableFile, spool: &Path, most: u64) -> Result<Read, DropError> {
    let opened = file.open()?;
    let failed = |action, path: &Path, hint, source| DropError {
        action,
        path: path.to_owned(),
        hint,
        source: Some(source),
    };
    let original = match Original::of_file(&opened, spool, most) {
        Ok(original) => original,
        Err(SpoolError::TooLarge(_)) => return Ok(Read::TooLarge(most)),
        Err(SpoolError::Source(e)) => {
            return Err(failed("ler", &file.path, "confira se o serviço pode ler o arquivo", e));
        }
        Err(SpoolError::Disk { folder, source }) => {
            return Err(failed("gravar em", &folder, "confira o espaço em disco", source));
        }
    };
    let whole = file.is_whole(&opened, original.len())?;
    Ok(if whole { Read::Whole(original) } else { Read::Growing })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::files::drop::{look, settled};

    #[test]
    fn a_file_is_read_whole_or_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rma.csv");
        fs::write(&path, "a;b\n1;2\n").unwrap();
        let files = settled(&look(folder.path()).unwrap(), &look(folder.path()).unwrap());
        let read = |most| read(&files[0], folder.path(), most).unwrap();
        let Read::Whole(original) = read(100) else { panic!() };
        assert_eq!(original.bytes().unwrap(), b"a;b\n1;2\n");
        fs::write(&path, "a;b\n1;2\n3;4\n").unwrap();
        assert!(matches!(read(100), Read::Growing));
        assert!(matches!(read(3), Read::TooLarge(3)));
    }
}
