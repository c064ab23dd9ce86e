//! A drop folder, which other programs put files into: what lies in it, when a file is whole, where it goes afterwards.
//!
//! A file is whole when two looks some seconds apart find it the same, and reading it finds it so again. Nothing is ever
//! deleted or overwritten.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How far apart the two looks should be, at least.
pub const SETTLING: std::time::Duration = std::time::Duration::from_secs(2);

/// Why the drop folder could not be worked. Displayed to operators, with path and hint.
#[derive(Debug, thiserror::Error)]
#[error("não foi possível {action} {}: {hint}", path.display())]
pub struct DropError {
    /// What was tried, a verb phrase.
    pub action: &'static str,
    pub path: PathBuf,
    pub hint: &'static str,
    /// What lies under it.
    #[source]
    pub source: Option<std::io::Error>,
}

/// What a look found of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    size: u64,
    modified: Option<SystemTime>,
}

/// A folder as it was when a look into it began: another file in it, or one fewer, makes another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FolderStamp {
    folder: (u64, u64),
    changed: (i64, i64),
}

/// The stamp of a folder as it is now; nothing where it cannot be looked at. By when its entries changed, which no program
/// can set back, and not by when it says that it was modified.
#[must_use]
pub fn stamp(folder: &Path) -> Option<FolderStamp> {
    let data = fs::metadata(folder).ok()?;
    Some(FolderStamp { folder: (data.dev(), data.ino()), changed: (data.ctime(), data.ctime_nsec()) })
}

impl FolderStamp {
    /// Whether it is old enough at an instant (Unix seconds) to tell: what changes again at once may have the same.
    #[must_use]
    pub fn tells(&self, now: i64) -> bool {
        now.saturating_sub(self.changed.0) > SETTLING.as_secs().cast_signed()
    }
}

/// The files of a drop folder as one look found them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look(BTreeMap<PathBuf, Seen>);

impl Look {
    /// Whether there is nothing to wait for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A file that two looks found the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StableFile {
    /// Where it lies.
    pub path: PathBuf,
    seen: Seen,
}

impl StableFile {
    /// Its name, for showing.
    pub fn name(&self) -> String {
        self.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// When it was last written, as its disk says, if that says so.
    pub fn modified(&self) -> Option<SystemTime> {
        self.seen.modified
    }
}

impl StableFile {
    /// Opens it to be read.
    pub fn open(&self) -> Result<File, DropError> {
        // It was one when it was looked at: whoever may put files there may have put a link or a pipe since.
        super::open_plain(&self.path, OpenOptions::new().read(true))
            .map_err(|e| failed("ler", &self.path, UNREADABLE, e))
    }

    /// Whether the file that was opened is still what the looks found, now that so many bytes were read of it.
    pub fn is_whole(&self, opened: &File, read: u64) -> Result<bool, DropError> {
        let data = opened.metadata().map_err(|e| failed("ler", &self.path, UNREADABLE, e))?;
        Ok(read == self.seen.size && data.modified().ok() == self.seen.modified)
    }
}

/// Where a file goes once it was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shelf {
    Processed,
    /// Not believed.
    Quarantine,
}

impl Shelf {
    /// The sub-folder's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Processed => "processados",
            Self::Quarantine => "quarentena",
        }
    }
}

/// Makes the folder and its shelves, so that operators find where to put files.
pub fn prepare(folder: &Path) -> Result<(), DropError> {
    for shelf in [Shelf::Processed, Shelf::Quarantine] {
        let path = folder.join(shelf.as_str());
        fs::create_dir_all(&path)
            .map_err(|e| failed("criar", &path, "confira se o serviço pode escrever na pasta de dados", e))?;
    }
    Ok(())
}

/// Looks at a drop folder: plain files, but not hidden ones (`.x`) and unfinished ones (`.tmp`, `.part`).
pub fn look(folder: &Path) -> Result<Look, DropError> {
    const HINT: &str = "confira se a pasta existe e se o serviço pode lê-la";
    let entries = fs::read_dir(folder).map_err(|e| failed("abrir", folder, HINT, e))?;
    let mut found = BTreeMap::new();
    for entry in entries {
        let entry = entry.map_err(|e| failed("listar", folder, HINT, e))?;
        if is_unfinished(&entry.file_name().to_string_lossy()) {
            continue;
        }
        match entry.metadata() {
            Ok(data) if data.is_file() => {
                found.insert(entry.path(), Seen { size: data.len(), modified: data.modified().ok() });
            }
            Ok(_) => {}
            // Moved away between the listing and now.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(failed("examinar", &entry.path(), HINT, e)),
        }
    }
    Ok(Look(found))
}

fn is_unfinished(name: &str) -> bool {
    let name = name.to_lowercase();
    name.starts_with(['.', '~']) || [".tmp", ".part", ".crdownload"].iter().any(|end| name.ends_with(end))
}

/// The files that a later look found as an earlier one did, the oldest first: a newer file has the last word.
pub fn settled(earlier: &Look, later: &Look) -> Vec<StableFile> {
    let mut files: Vec<_> = later
        .0
        .iter()
        .filter(|(path, seen)| earlier.0.get(*path) == Some(seen))
        .map(|(path, seen)| StableFile { path: path.clone(), seen: *seen })
        .collect();
    files.sort_by(|a, b| (a.seen.modified, &a.path).cmp(&(b.seen.modified, &b.path)));
    files
}

/// Moves a judged file to a shelf as `STAMP-NAME`, or `STAMP-2-NAME` and so on if that is taken. Gives its new path.
///
/// # Errors
/// [`DropError`]; the file then stays where it was.
pub fn put_away(file: &Path, shelf: Shelf, stamp: &str) -> Result<PathBuf, DropError> {
    const HINT: &str = "confira se o serviço pode escrever na pasta da fonte";
    let folder = file.parent().unwrap_or(Path::new(".")).join(shelf.as_str());
    fs::create_dir_all(&folder).map_err(|e| failed("criar", &folder, HINT, e))?;
    let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let stamp: String = stamp.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    for copy in 1..=9_999_u32 {
        let again = if copy == 1 { String::new() } else { format!("-{copy}") };
        let target = folder.join(format!("{stamp}{again}-{name}"));
        // An empty file made here and now holds the name, so that the move overwrites nothing else.
        match OpenOptions::new().write(true).create_new(true).open(&target) {
            Ok(_) => {
                return match fs::rename(file, &target) {
                    Ok(()) => Ok(target),
                    Err(e) => {
                        let _ = fs::remove_file(&target);
                        Err(failed("mover", file, HINT, e))
                    }
                };
            }
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(failed("gravar", &target, HINT, e)),
        }
    }
    Err(DropError {
        action: "mover",
        path: file.to_owned(),
        hint: "há arquivos demais com esse nome",
        source: None,
    })
}

const UNREADABLE: &str = "confira se o serviço pode ler o arquivo";

fn failed(action: &'static str, path: &Path, hint: &'static str, source: io::Error) -> DropError {
    DropError { action, path: path.to_owned(), hint, source: Some(source) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path()).unwrap();
        folder
    }

    fn names(files: &[StableFile]) -> Vec<String> {
        files.iter().map(StableFile::name).collect()
    }

    #[test]
    fn only_whole_plain_visible_files_are_taken() {
        let folder = folder();
        for name in ["rma.csv", ".oculto.csv", "x.csv.part", "y.TMP", "~$z.csv"] {
            fs::write(folder.path().join(name), "a;b\n").unwrap();
        }
        fs::write(folder.path().join("processados/velho.csv"), "a").unwrap();
        let earlier = look(folder.path()).unwrap();
        assert_eq!(names(&settled(&earlier, &look(folder.path()).unwrap())), ["rma.csv"]);
        assert!(settled(&Look::default(), &earlier).is_empty(), "one look is not enough");
    }

    #[test]
    fn a_growing_file_waits() {
        let folder = folder();
        let path = folder.path().join("rma.csv");
        fs::write(&path, "a;b\n").unwrap();
        let first = look(folder.path()).unwrap();
        fs::write(&path, "a;b\n1;2\n").unwrap();
        let second = look(folder.path()).unwrap();
        assert!(settled(&first, &second).is_empty());
        let files = settled(&second, &look(folder.path()).unwrap());
        let is_whole = |read| files[0].is_whole(&files[0].open().unwrap(), read).unwrap();
        assert!(is_whole(8) && !is_whole(7));
        fs::write(&path, "a;b\n1;2\n3;4\n").unwrap();
        assert!(!is_whole(8) && !is_whole(12), "not what the looks found");
    }

    #[test]
    fn a_judged_file_is_moved_and_overwrites_nothing() {
        let folder = folder();
        let path = folder.path().join("rma.csv");
        for (content, expected) in [("1", "20261130T080000Z-rma.csv"), ("2", "20261130T080000Z-2-rma.csv")] {
            fs::write(&path, content).unwrap();
            let target = put_away(&path, Shelf::Quarantine, "20261130T080000Z").unwrap();
            assert_eq!(target, folder.path().join("quarentena").join(expected));
            assert_eq!(fs::read_to_string(target).unwrap(), content);
            assert!(!path.exists());
        }
        let lost = put_away(&path, Shelf::Processed, "t").unwrap_err();
        assert!(lost.to_string().contains("rma.csv"), "{lost}");
        assert!(look(&folder.path().join("processados")).unwrap().is_empty(), "no empty file is left behind");
    }

    #[test]
    fn an_error_names_the_path_and_what_to_do() {
        let error = look(Path::new("/nao/existe")).unwrap_err().to_string();
        assert!(error.contains("/nao/existe") && error.contains("confira"), "{error}");
    }

    #[test]
    fn whatever_comes_goes_or_is_renamed_makes_another_stamp_and_a_young_one_tells_nothing() {
        let folder = folder();
        let path = folder.path();
        let now = || stamp(path).unwrap();
        let pause = || std::thread::sleep(std::time::Duration::from_millis(30));
        let mut before = now();
        let mut is_another = |what: &str| {
            let after = now();
            assert!(std::mem::replace(&mut before, after) != after, "{what}");
            pause();
        };
        pause();
        fs::write(path.join("a.csv.part"), "x").unwrap();
        is_another("one comes");
        fs::rename(path.join("a.csv.part"), path.join("a.csv")).unwrap();
        is_another("one is renamed");
        let copied = fs::File::open(path).unwrap();
        copied.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        is_another("its time is set back");
        fs::remove_file(path.join("a.csv")).unwrap();
        is_another("one goes");
        let made = now().changed.0;
        assert_eq!([0, 2, 3].map(|later| now().tells(made + later)), [false, false, true]);
        assert!(!now().tells(made - 9), "another clock");
        assert_eq!(stamp(&path.join("nowhere")), None);
    }
}
