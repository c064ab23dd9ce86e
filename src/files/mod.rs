//! Putting files in place.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Writes a file whole or not at all.
///
/// # Errors
/// The file system's.
pub fn put(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)?;
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".parcial");
    let partial = PathBuf::from(name);
    let mut file = std::fs::File::create(&partial)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&partial, path)
}
