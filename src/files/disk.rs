//! Whether a path lies on a disk of this machine: a database on a network disk has locks that others do not see.

use std::path::{Path, PathBuf};

/// File systems that other machines write to as well, also where FUSE brings them (`fuse.sshfs`). Those of a virtual
/// machine's own host are none.
const NETWORK: [&str; 20] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "smbnetfs",
    "sshfs",
    "ncpfs",
    "afs",
    "coda",
    "ceph",
    "ceph-fuse",
    "glusterfs",
    "lustre",
    "beegfs",
    "gpfs",
    "davfs",
    "rclone",
    "s3fs",
    "curlftpfs",
];

/// What is mounted where, as Linux tells it (`man 5 proc_pid_mountinfo`); empty elsewhere.
pub fn mounts() -> String {
    std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default()
}

/// The sort of network file system that a path is on or would be on; absent for a disk of this machine, and where that
/// cannot be told.
pub fn network_disk<'a>(path: &Path, mounts: &'a str) -> Option<&'a str> {
    let path = std::path::absolute(path).ok()?;
    let there = path.ancestors().find_map(|folder| folder.canonicalize().ok())?;
    // What was mounted later at one place hides what was there before.
    let (_, kind) = mounts
        .lines()
        .filter_map(mount)
        .filter(|(at, _)| there.starts_with(at))
        .max_by_key(|(at, _)| at.components().count())?;
    NETWORK.contains(&kind.strip_prefix("fuse.").unwrap_or(kind)).then_some(kind)
}

/// Where a line says that something is mounted, and of which sort it is.
fn mount(line: &str) -> Option<(PathBuf, &str)> {
    let (before, after) = line.split_once(" - ")?;
    let at = before.split(' ').nth(4)?;
    // Blanks, line ends and backslashes stand there in octal.
    let escapes = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    let at = escapes.iter().fold(at.to_owned(), |at, (code, letter)| at.replace(code, letter));
    Some((PathBuf::from(at), after.split(' ').next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw\n\
        40 22 0:35 / {} rw,relatime shared:20 - nfs4 10.0.0.7:/dados rw,vers=4.2\n";

    #[test]
    fn a_path_on_a_network_disk_is_told_also_before_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        let shared = real.join("com espaço");
        std::fs::create_dir(&shared).unwrap();
        let mounts = MOUNTS.replace("{}", &shared.display().to_string().replace(' ', "\\040"));
        assert_eq!(network_disk(&shared.join("a/vigia.db"), &mounts), Some("nfs4"));
        assert_eq!(network_disk(&real.join("vigia.db"), &mounts), None);
        let link = real.join("atalho");
        std::os::unix::fs::symlink(&shared, &link).unwrap();
        assert_eq!(network_disk(&link.join("vigia.db"), &mounts), Some("nfs4"), "by way of a link");
        for (kind, network) in [("fuse.sshfs", true), ("cifs", true), ("fuse.mergerfs", false), ("9p", false)]
        {
            let mounts = mounts.replace("nfs4", kind);
            assert_eq!(network_disk(&shared.join("vigia.db"), &mounts), network.then_some(kind));
        }
        let hidden = format!("{mounts}41 40 8:3 / {} rw - ext4 /dev/sdb rw\n", shared.display())
            .replace("com espaço rw", "com\\040espaço rw");
        assert_eq!(network_disk(&shared.join("vigia.db"), &hidden), None, "a disk mounted over it");
        assert_eq!(network_disk(&shared.join("vigia.db"), ""), None);
        assert_eq!(network_disk(&shared.join("vigia.db"), "nonsense\n - \n"), None);
    }
}
