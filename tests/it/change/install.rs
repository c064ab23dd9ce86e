//! Installing on real files: links, permissions, and a crash on either side of the exchange.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use vigia_suas::config::Sources;
use vigia_suas::desk::install::{InstallError, install, last_kept, replace};
use vigia_suas::domain::time::Zone;
use vigia_suas::files::FolderLock;

fn now() -> Timestamp {
    "2026-11-23T17:45:00Z".parse().unwrap()
}

fn utc() -> Zone {
    Zone::new(jiff::tz::TimeZone::UTC)
}

/// Installs over whatever is there.
fn put(sources: &Sources, target: &Path) -> Result<std::path::PathBuf, InstallError> {
    install(target, sources, &Sources::read(target).unwrap(), "ana", now(), &utc())
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
fn a_folder_that_somebody_else_changes_is_waited_for() {
    let (_dir, target, old) = installed();
    let held = FolderLock::take(&target).unwrap();
    let new = old.with("fontes.toml", "# a\n");
    std::thread::scope(|scope| {
        let installing = scope.spawn(|| put(&new, &target));
        std::thread::sleep(std::time::Duration::from_millis(200));
        assert!(!installing.is_finished(), "it waits");
        drop(held);
        installing.join().unwrap().unwrap();
    });
}

#[test]
fn what_changed_after_it_was_shown_is_not_overwritten() {
    let (dir, target, shown) = installed();
    fs::write(target.join("municipios.csv"), "de outra pessoa").unwrap();
    let new = shown.clone().with("fontes.toml", "# a\n");
    let refused = install(&target, &new, &shown, "ana", now(), &utc()).unwrap_err();
    let told = refused.to_string();
    assert!(
        told.starts_with("o arquivo mudou enquanto você lia (municipios.csv); nada foi mudado"),
        "{told}"
    );
    let refused = replace(&target, "fontes.toml", b"# a\n", &shown, now(), &utc()).unwrap_err();
    assert!(matches!(refused, InstallError::Changed { .. }));
    assert_eq!(fs::read_to_string(target.join("municipios.csv")).unwrap(), "de outra pessoa");
    assert_eq!(fs::read(target.join("fontes.toml")).unwrap(), shown.bytes("fontes.toml").unwrap());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn who_reads_while_another_is_installed_finds_the_one_or_the_other() {
    let (_dir, target, old) = installed();
    let letter = |text: &str| format!("{text}\n").repeat(2_000);
    let new = old
        .clone()
        .with("fontes.toml", letter("# a"))
        .with("unidades.csv", letter("a"))
        .with("modelos/prazo.txt", letter("a"))
        .without("feriados.toml");
    let both = [old.digest(), new.digest()];
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..20 {
                put(&new, &target).unwrap();
                put(&old, &target).unwrap();
            }
            done.store(true, Ordering::Relaxed);
        });
        while !done.load(Ordering::Relaxed) {
            let read = Sources::read(&target).unwrap();
            assert!(both.contains(&read.digest()), "{:?}", read.unlike(&old));
        }
    });
}

#[test]
fn one_file_is_replaced_whole_with_a_copy_beside_also_through_a_link() {
    let (dir, target, shown) = installed();
    let shared = dir.path().join("calendario-da-rede.toml");
    fs::rename(target.join("calendario.toml"), &shared).unwrap();
    symlink(&shared, target.join("calendario.toml")).unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o640)).unwrap();
    let kept = replace(&target, "calendario.toml", b"novo", &shown, now(), &utc()).unwrap().unwrap();
    assert!(target.join("calendario.toml").is_symlink());
    assert_eq!((fs::read_to_string(&shared).unwrap(), mode(&shared)), ("novo".to_owned(), 0o640));
    assert_eq!(fs::read(&kept).unwrap(), shown.bytes("calendario.toml").unwrap());
    assert_eq!(mode(&kept), 0o640);
    assert_eq!(kept.file_name().unwrap(), "calendario-da-rede.toml.anterior-20261123-174500");
    assert!(!Sources::is_part(&kept.file_name().unwrap().to_string_lossy()));
}
