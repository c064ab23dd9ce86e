//! Installing on real files: links, permissions, and a crash on either side of the exchange.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use jiff::Timestamp;
use vigia_suas::config::Sources;
use vigia_suas::desk::install::{InstallError, install, last_kept, replace};
use vigia_suas::domain::time::Zone;

fn now() -> Timestamp {
    "2026-11-23T17:45:00Z".parse().unwrap()
}

fn utc() -> Zone {
    Zone::new(jiff::tz::TimeZone::UTC)
}

fn put(sources: &Sources, target: &Path) -> Result<std::path::PathBuf, InstallError> {
    install(target, sources, "ana", now(), &utc())
}

/// An installed folder with something of its own beside the configuration's files.
fn installed() -> (tempfile::TempDir, std::path::PathBuf, Sources) {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("vigia-suas");
    fs::create_dir(&target).unwrap();
    let old = Sources::embedded();
    for (name, bytes) in old.files() {
        fs::write(target.join(name), bytes).unwrap();
    }
    fs::write(target.join("smtp-senha"), "segredo").unwrap();
    fs::set_permissions(target.join("smtp-senha"), fs::Permissions::from_mode(0o600)).unwrap();
    (dir, target, old)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_new_files_take_the_old_ones_place_and_the_rest_stays() {
    let (dir, target, old) = installed();
    fs::set_permissions(target.join("fontes.toml"), fs::Permissions::from_mode(0o640)).unwrap();
    let new = old
        .clone()
        .with("fontes.toml", "# nenhuma\n")
        .with("unidades.csv", "id;ibge;parte;nome;email;telefone;desde;ate\n")
        .with("modelos/prazo.txt", "texto")
        .without("feriados.toml");
    let kept = put(&new, &target).unwrap();
    let there = Sources::read(&target).unwrap();
    assert_eq!(there.digest(), new.digest());
    assert_eq!(Sources::read(&kept).unwrap().digest(), old.digest());
    assert_eq!(kept.file_name().unwrap(), "vigia-suas.anterior-20261123-174500");
    assert_eq!(fs::read_to_string(target.join("smtp-senha")).unwrap(), "segredo");
    assert_eq!(mode(&target.join("smtp-senha")), 0o600);
    assert_eq!(mode(&target.join("fontes.toml")), 0o640);
    assert_eq!(mode(&target.join("unidades.csv")), 0o644, "the daemon must read it");
    assert_eq!(last_kept(&target), Some(kept.clone()));
    // And back again, twice within a second.
    put(&old, &target).unwrap();
    assert_eq!(Sources::read(&target).unwrap().digest(), old.digest());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3, "the folder and two kept ones");
}

#[test]
fn a_link_to_the_folder_stays_and_a_linked_file_is_not_torn_from_its_place() {
    let (dir, target, old) = installed();
    let link = dir.path().join("atalho");
    symlink(&target, &link).unwrap();
    put(&old.clone().with("fontes.toml", "# a\n"), &link).unwrap();
    assert!(link.is_symlink());
    assert_eq!(fs::read_to_string(target.join("fontes.toml")).unwrap(), "# a\n");

    let shared = dir.path().join("planilha.csv");
    fs::rename(target.join("municipios.csv"), &shared).unwrap();
    symlink("../planilha.csv", target.join("municipios.csv")).unwrap();
    let same = old.clone().with("fontes.toml", "# b\n");
    put(&same, &target).unwrap();
    assert!(target.join("municipios.csv").is_symlink(), "what does not change stays a link");
    let other = same.with("municipios.csv", "ibge;nome\n");
    assert!(matches!(put(&other, &target), Err(InstallError::Link(_))));
    assert_eq!(fs::read_to_string(target.join("fontes.toml")).unwrap(), "# b\n");
}

#[test]
fn what_a_crash_left_before_or_after_the_exchange_is_put_right() {
    let (dir, target, old) = installed();
    // Before: a half-written folder under its working name.
    let half = dir.path().join(".vigia-suas.aplicando-20260101-000000");
    fs::create_dir(&half).unwrap();
    fs::write(half.join("vigia.toml"), "modo").unwrap();
    let new = old.clone().with("fontes.toml", "# novo\n");
    let kept = put(&new, &target).unwrap();
    assert!(!half.exists());
    // After: exchanged, and not yet called by its dated name.
    let unnamed = dir.path().join(".vigia-suas.aplicando-20261123-174500");
    fs::rename(&kept, &unnamed).unwrap();
    put(&old, &target).unwrap();
    assert!(!unnamed.exists());
    assert_eq!(Sources::read(&kept).unwrap().digest(), old.digest(), "the old one was not thrown away");
}

#[test]
fn a_folder_that_is_being_installed_into_is_left_alone() {
    let (_dir, target, old) = installed();
    let held = fs::File::open(&target).unwrap();
    held.lock().unwrap();
    assert!(matches!(put(&old, &target), Err(InstallError::Busy(_))));
}

#[test]
fn one_file_is_replaced_whole_with_a_copy_beside_also_through_a_link() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("calendario.toml");
    fs::write(&file, "velho").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let link = dir.path().join("atalho.toml");
    symlink(&file, &link).unwrap();
    let kept = replace(&link, b"novo", now(), &utc()).unwrap();
    assert!(link.is_symlink());
    assert_eq!((fs::read_to_string(&file).unwrap(), mode(&file)), ("novo".to_owned(), 0o640));
    assert_eq!(fs::read_to_string(&kept).unwrap(), "velho");
    assert!(!Sources::is_part(&kept.file_name().unwrap().to_string_lossy()));
}
