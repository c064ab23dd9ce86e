//! What stays of a file that is replaced, and what a new one gets.

use std::os::unix::fs::{chown, symlink};

use rustix::fs::{XattrFlags, getxattr, setxattr};

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

/// Every name in a folder.
fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = entries.collect();
    names.sort();
    names
}

#[test]
fn a_replaced_file_keeps_owner_group_and_permissions() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("unidades.csv");
    fs::write(&path, "velho").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let root = rustix::process::geteuid().is_root();
    if root {
        chown(&path, Some(4321), Some(1234)).unwrap();
    }
    put(&path, b"novo", Access::Everyone).unwrap();
    assert_eq!((fs::read_to_string(&path).unwrap(), mode(&path)), ("novo".to_owned(), 0o640));
    if root {
        let now = fs::metadata(&path).unwrap();
        assert_eq!((now.uid(), now.gid()), (4321, 1234));
    }
    assert_eq!(names(dir.path()), ["unidades.csv"]);
}

#[test]
fn a_replaced_file_keeps_its_access_list_and_attributes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("smtp-senha");
    fs::write(&path, "velha").unwrap();
    // Version 2: owner rw, user 4321 r, group none, mask r, others none.
    let entry = |tag: u16, perm: u16, id: u32| {
        [&tag.to_le_bytes()[..], &perm.to_le_bytes(), &id.to_le_bytes()].concat()
    };
    let none = u32::MAX;
    let list = [
        2_u32.to_le_bytes().to_vec(),
        entry(1, 6, none),
        entry(2, 4, 4321),
        entry(4, 0, none),
        entry(16, 4, none),
        entry(32, 0, none),
    ]
    .concat();
    if setxattr(&path, "system.posix_acl_access", &list, XattrFlags::empty()).is_err()
        || setxattr(&path, "user.nota", b"da ana", XattrFlags::empty()).is_err()
    {
        return; // A file system without them has none to lose.
    }
    put(&path, b"nova", Access::Usual).unwrap();
    let kept = |name: &str| {
        let mut value = vec![0; 1024];
        let length = getxattr(&path, name, &mut value[..]).unwrap();
        value.truncate(length);
        value
    };
    assert_eq!(kept("system.posix_acl_access"), list);
    assert_eq!(kept("user.nota"), b"da ana");
    assert_eq!(fs::read_to_string(&path).unwrap(), "nova");
}

#[test]
fn a_file_without_an_access_list_gets_none_from_its_folder() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("smtp-senha");
    fs::write(&path, "velha").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let entry = |tag: u16, perm: u16, id: u32| {
        [&tag.to_le_bytes()[..], &perm.to_le_bytes(), &id.to_le_bytes()].concat()
    };
    let none = u32::MAX;
    let list = [
        2_u32.to_le_bytes().to_vec(),
        entry(1, 7, none),
        entry(2, 7, 4321),
        entry(4, 5, none),
        entry(16, 7, none),
        entry(32, 5, none),
    ]
    .concat();
    if setxattr(dir.path(), "system.posix_acl_default", &list, XattrFlags::empty()).is_err() {
        return;
    }
    put(&path, b"nova", Access::Usual).unwrap();
    let mut value = [0; 1024];
    assert!(getxattr(&path, "system.posix_acl_access", &mut value[..]).is_err());
    assert_eq!(mode(&path), 0o640);
}

#[test]
fn a_link_stays_and_what_it_leads_to_is_replaced_or_made() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("planilhas")).unwrap();
    let shared = dir.path().join("planilhas/municipios.csv");
    fs::write(&shared, "velho").unwrap();
    let link = dir.path().join("municipios.csv");
    symlink("planilhas/municipios.csv", &link).unwrap();
    put(&link, b"novo", Access::Usual).unwrap();
    assert!(link.is_symlink());
    assert_eq!(fs::read_to_string(&shared).unwrap(), "novo");
    fs::remove_file(&shared).unwrap();
    put(&link, b"outro", Access::Usual).unwrap();
    assert!(link.is_symlink());
    assert_eq!(fs::read_to_string(&shared).unwrap(), "outro");
    symlink("b", dir.path().join("a")).unwrap();
    symlink("a", dir.path().join("b")).unwrap();
    assert!(put(&dir.path().join("a"), b"", Access::Usual).is_err());
}

#[test]
fn the_other_name_of_a_hard_link_keeps_the_old_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let (path, other) = (dir.path().join("a"), dir.path().join("b"));
    fs::write(&path, "velho").unwrap();
    fs::hard_link(&path, &other).unwrap();
    put(&path, b"novo", Access::Usual).unwrap();
    assert_eq!(fs::read_to_string(&other).unwrap(), "velho");
}

#[test]
fn what_is_no_plain_file_is_written_to_and_stays_what_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let null = dir.path().join("nada");
    symlink("/dev/null", &null).unwrap();
    put(&null, b"x", Access::Usual).unwrap();
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    assert!(put(dir.path(), b"x", Access::Usual).is_err(), "a folder is no file");
}

#[test]
fn a_new_file_is_for_whom_it_is_meant() {
    let dir = tempfile::tempdir().unwrap();
    for (access, expected) in [(Access::Owner, 0o600), (Access::Everyone, 0o644)] {
        let path = dir.path().join(format!("{expected}"));
        put(&path, b"x", access).unwrap();
        assert_eq!(mode(&path), expected);
    }
    let path = dir.path().join("uma-vez");
    create(&path, b"primeiro", Access::Owner).unwrap();
    let taken = create(&path, b"segundo", Access::Owner).unwrap_err();
    assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read_to_string(&path).unwrap(), "primeiro");
    assert_eq!(names(dir.path()).len(), 3, "and nothing is left beside it");
}

#[test]
fn a_new_file_that_cannot_take_its_place_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let taken = dir.path().join("pasta");
    fs::create_dir_all(taken.join("dentro")).unwrap();
    let new = durable(dir.path(), b"novo", Made::New(Access::Owner)).unwrap();
    assert_eq!(names(dir.path()).len(), 2, "it lies beside its place");
    assert!(new.over(&taken).is_err());
    assert_eq!(names(dir.path()), ["pasta"]);
}

#[test]
fn root_is_led_nowhere_by_a_link_that_somebody_else_made() {
    if !rustix::process::geteuid().is_root() {
        return; // Nobody else can give files away, nor would it be led anywhere it may not go.
    }
    let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    chown(dir.path(), Some(4321), Some(1234)).unwrap();
    let secret = elsewhere.path().join("shadow");
    fs::write(&secret, "de root").unwrap();
    let planted = dir.path().join("vigia.db.copia");
    let plant = |to: &Path| {
        let _none = fs::remove_file(&planted);
        symlink(to, &planted).unwrap();
        std::os::unix::fs::lchown(&planted, Some(4321), Some(1234)).unwrap();
    };
    let owner = |path: &Path| path.symlink_metadata().map(|found| (found.uid(), found.gid())).unwrap();
    for to in [&secret, &elsewhere.path().join("nada")] {
        plant(to);
        assert_eq!(put(&planted, b"x", Access::Group).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert!(trust_link(&planted).is_err());
        let opened = open_plain(&planted, OpenOptions::new().create(true).write(true).truncate(true));
        assert_eq!(opened.unwrap_err().kind(), io::ErrorKind::InvalidInput);
        let taken = create_for_folder(&planted, b"x", Access::Group).unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
        put_no_link(&planted, b"nota", Access::Group).unwrap();
        assert!(!planted.is_symlink() && owner(&planted) == (4321, 1234));
    }
    assert_eq!((fs::read_to_string(&secret).unwrap(), owner(&secret)), ("de root".to_owned(), (0, 0)));
    assert_eq!(names(elsewhere.path()), ["shadow"]);
    // Nor by another name of the same file.
    fs::remove_file(&planted).unwrap();
    fs::hard_link(&secret, &planted).unwrap();
    assert!(hand_over(&File::open(&planted).unwrap(), dir.path()).is_err());
    assert_eq!(owner(&secret), (0, 0));
    // What root itself linked is root's to follow.
    let own = dir.path().join("atalho");
    symlink(&secret, &own).unwrap();
    put(&own, b"novo", Access::Usual).unwrap();
    assert_eq!(fs::read_to_string(&secret).unwrap(), "novo");
}

#[test]
fn a_pipe_in_place_of_a_file_is_waited_for_by_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("lista.csv");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let opened = open_plain(&pipe, OpenOptions::new().read(true)).unwrap_err();
    assert_eq!(opened.kind(), io::ErrorKind::InvalidInput);
}
