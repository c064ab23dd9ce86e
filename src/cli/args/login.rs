//! Who runs a command, where the environment does not say: in containers and under some schedulers.

use std::os::unix::fs::MetadataExt as _;

/// The name of whoever runs this process, as this machine's own list of users has it.
pub(super) fn name() -> Option<String> {
    let users = std::fs::read("/etc/passwd").ok()?;
    // A process's own folder is its user's.
    let number = std::fs::metadata("/proc/self").ok()?.uid();
    named(&String::from_utf8_lossy(&users), number)
}

/// The first name of a number in a list of users (passwd(5)): `name:password:number:…`.
fn named(users: &str, number: u32) -> Option<String> {
    users.lines().find_map(|line| {
        let mut cells = line.split(':');
        let name = cells.next().filter(|name| !name.is_empty())?;
        (cells.nth(1)?.parse() == Ok(number)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_number() {
        let users = "root:x:0:0:root:/root:/bin/bash\n# nada\n:x:7:\nvigia-suas:x:998:998::/var/lib:/sbin/nologin\n\
                     outro:x:998:1::/:/bin/sh\nmeio:x\n";
        assert_eq!(named(users, 0).as_deref(), Some("root"));
        assert_eq!(named(users, 998).as_deref(), Some("vigia-suas"));
        for number in [7, 99, 1] {
            assert_eq!(named(users, number), None);
        }
    }
}
