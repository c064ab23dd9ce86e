//! Owner, group, permissions and extended attributes of a file, given to the one that takes its place.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};

use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr};
use rustix::io::Errno;

/// Who may read a file beside its owner, group and others: as binding as its permissions.
const ACL: &str = "system.posix_acl_access";
/// They vouch for the bytes of one file, and would be a lie on another.
const OF_THE_BYTES: [&str; 3] = ["security.ima", "security.evm", "security.capability"];

/// Gives an open file or folder the owner, group, permissions and access list of another. Other extended attributes
/// are kept where the system lets them be.
///
/// # Errors
/// Owner, permissions or access list cannot be kept: somebody else would read or write the file than before.
pub(super) fn keep(from: &File, to: &File) -> io::Result<()> {
    let (old, new) = (from.metadata()?, to.metadata()?);
    if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
        let told = format!(
            "o arquivo é do usuário {} e do grupo {}, e quem roda o comando não pode deixá-lo assim",
            old.uid(),
            old.gid()
        );
        fchown(to, Some(old.uid()), Some(old.gid())).map_err(|_| io::Error::other(told))?;
    }
    to.set_permissions(Permissions::from_mode(old.mode() & 0o7777))?;
    let listed = |file: &File| match names(file) {
        Err(Errno::NOTSUP) => Ok(Vec::new()),
        listed => listed,
    };
    let wanted = listed(from)?;
    for name in &wanted {
        let given = value(from, name).and_then(|value| fsetxattr(to, name, &value, XattrFlags::empty()));
        // The permissions' middle digit is the list's mask: without the list they would let the whole group in.
        if name == ACL {
            given?;
        }
    }
    // What the folder gives to every new file was not the old one's.
    if listed(to)?.iter().any(|name| name == ACL) && wanted.iter().all(|name| name != ACL) {
        fremovexattr(to, ACL)?;
        to.set_permissions(Permissions::from_mode(old.mode() & 0o7777))?;
    }
    Ok(())
}

fn names(file: &File) -> Result<Vec<String>, Errno> {
    let mut list = vec![0_u8; 64 * 1024];
    let length = flistxattr(file, &mut list[..])?;
    let names = list[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let names = names.map(|name| String::from_utf8_lossy(name).into_owned());
    Ok(names.filter(|name| !OF_THE_BYTES.contains(&name.as_str())).collect())
}

fn value(file: &File, name: &str) -> Result<Vec<u8>, Errno> {
    let mut value = vec![0_u8; 64 * 1024];
    let length = fgetxattr(file, name, &mut value[..])?;
    value.truncate(length);
    Ok(value)
}
