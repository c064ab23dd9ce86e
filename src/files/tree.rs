//! Whole folders: a copy that is the same but for its place, and two that change places in one step.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, symlink};
use std::path::Path;

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{attributes, place};

/// Copies a folder to where there must be none yet, on the disk: bytes, links, owners, permissions, attributes. What is
/// neither file, link nor folder is left out. On failure a part of it may be there.
///
/// # Errors
/// The file system's; or an owner or permissions cannot be kept.
pub fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    // Nobody looks into it before its permissions stand.
    DirBuilder::new().mode(0o700).create(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            symlink(fs::read_link(&source)?, &target)?;
        } else if kind.is_dir() {
            copy_tree(&source, &target)?;
        } else if kind.is_file() {
            place::copy(&source, &target)?;
        }
    }
    let made = File::open(to)?;
    attributes::keep(&File::open(from)?, &made)?;
    // Some systems sync no folder.
    let _synced = made.sync_all();
    Ok(())
}

/// Makes an empty folder with the owner, permissions and attributes of another.
///
/// # Errors
/// The file system's; or owner or permissions cannot be kept.
pub fn create_folder(path: &Path, like: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)?;
    attributes::keep(&File::open(like)?, &File::open(path)?)
}

/// Exchanges two folders: each stands where the other stood, and at no moment is one missing.
///
/// # Errors
/// The file system cannot do it (`renameat2`, `RENAME_EXCHANGE`); then both are where they were.
pub fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)?;
    if let Some(folder) = b.parent() {
        let _synced = File::open(folder).and_then(|folder| folder.sync_all());
    }
    Ok(())
}
