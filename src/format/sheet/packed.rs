//! What a packed workbook unpacks into, measured before anything is opened: as it declares, and as it really is.

use std::io::{self, Read as _, Write};

use zip::ZipArchive;

use crate::format::body::Original;
use crate::format::error::{DecodeError, SheetProblem};
use crate::format::tag::Lengths;

const MB: u64 = 1024 * 1024;
/// Most files inside.
const MOST_PARTS: usize = 2_000;
/// Most bytes of all of them.
const ALL: u64 = 512 * MB;

/// Most bytes of one of them. Rows are streamed; texts and styles are held in memory by the library.
fn most(part: &str) -> u64 {
    let part = part.to_ascii_lowercase();
    if part.contains("worksheets/") || part == "content.xml" {
        256 * MB
    } else if part.ends_with("sharedstrings.xml") {
        24 * MB
    } else {
        8 * MB
    }
}

/// Measures every file inside, and gives their names.
///
/// # Errors
/// [`SheetProblem`] for a bomb, for one that lies about its size, and for what cannot be unpacked.
pub(super) fn measure(original: &Original) -> Result<Vec<String>, DecodeError> {
    let broken = || DecodeError::Sheet(SheetProblem::Broken);
    let mut archive = ZipArchive::new(original.open()).map_err(|_| broken())?;
    if archive.len() > MOST_PARTS {
        return Err(broken());
    }
    let (mut names, mut all) = (Vec::new(), 0_u64);
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).map_err(|_| broken())?;
        let name = part.name().map_err(|_| broken())?.into_owned();
        let (declared, limit) = (part.size(), most(&name));
        let bomb = |limit: u64| SheetProblem::Bomb { part: name.clone(), limit: limit / MB };
        all = all.saturating_add(declared);
        if declared > limit || all > ALL {
            return Err(DecodeError::Sheet(bomb(limit)));
        }
        // Pictures are not opened by anybody.
        if !matters(&name) {
            continue;
        }
        let mut tags = Tags { lengths: Lengths::default(), endless: false };
        let real = io::copy(&mut (&mut part).take(declared.saturating_add(1)), &mut tags);
        match real {
            Ok(_) if tags.endless && !name.to_ascii_lowercase().ends_with(".bin") => {
                return Err(DecodeError::Sheet(SheetProblem::LongTag(name)));
            }
            Ok(real) if real == declared => names.push(name),
            Ok(_) => return Err(DecodeError::Sheet(SheetProblem::Undeclared(name))),
            Err(_) => return Err(broken()),
        }
    }
    Ok(names)
}

/// Looks at the tags of what passes.
struct Tags {
    lengths: Lengths,
    endless: bool,
}

impl Write for Tags {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.endless |= self.lengths.take(bytes).is_err();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn matters(part: &str) -> bool {
    let part = part.to_ascii_lowercase();
    [".xml", ".rels", ".bin"].iter().any(|end| part.ends_with(end)) && !part.contains("media/")
}
