//! `copia`, by the program: whole while letters leave, nothing left behind where it cannot be, and a restored one is held.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sqlx::{Connection as _, SqliteConnection};

use vigia_suas::clock::Clock;
use vigia_suas::store::Store;

use crate::support::app::{Choice, Site};
use crate::support::smtp::Relay;

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A folder for copies beside an installation.
fn folder(site: &Site) -> PathBuf {
    let folder = site.config().with_file_name("copias");
    fs::create_dir(&folder).unwrap();
    folder
}

/// One pass over a ledger that is doubted: it says so and ends with 1.
fn held(site: &Site) {
    let pass = site.run(&["servir", "--uma-vez"]);
    assert_eq!(pass.status.code(), Some(1), "{}", said(&pass));
    assert!(said(&pass).contains("vigia-suas assumir"), "{}", said(&pass));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_made_while_letters_leave_check_out_and_one_put_back_is_held_until_it_is_assumed() {
    let relay = Relay::start().await;
    let choice = |windows| Choice { municipalities: 40, windows, ..Choice::new(relay.port) };
    let site = Site::new(&choice(1));
    let copies = folder(&site);
    let to = copies.to_str().unwrap();
    site.ok(&["servir", "--uma-vez"]);
    site.ok(&["copia", to]);
    let first = site.config().join("primeira.db");
    fs::rename(copies.join(&names(&copies)[0]), &first).unwrap();
    site.write_calendar(&choice(2));
    let daemon = site.daemon();
    relay.distinct(50).await;
    for _ in 0..4 {
        let made = site.ok(&["copia", to, "--guardar", "2"]);
        assert!(made.starts_with("cópia pronta e conferida: "), "{made}");
    }
    relay.distinct(2 * 40).await;
    let last: serde_json::Value =
        serde_json::from_str(&site.ok(&["--json", "copia", to, "--guardar", "2"])).unwrap();
    assert_eq!(daemon.terminate().code(), Some(0));
    let kept = names(&copies);
    assert_eq!(kept.len(), 2, "nothing but copies: {kept:?}");
    let is_ours = |name: &String| name.strip_prefix("vigia-copia-2").is_some_and(|rest| rest.contains(".db"));
    assert!(kept.iter().all(is_ours), "{kept:?}");
    let last = PathBuf::from(last["arquivo"].as_str().unwrap());
    assert_eq!(fs::metadata(&last).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(site.ok(&["saude"]).contains("última cópia do livro em"), "and saude knows of it");

    let restored = site.ok(&["restaurar", first.to_str().unwrap()]);
    assert!(restored.contains("o que estava ali ficou em"), "{restored}");
    held(&site);
    let health = site.run(&["saude"]);
    assert_eq!(health.status.code(), Some(1));
    assert!(said(&health).contains("o livro é uma cópia antiga"), "{}", said(&health));
    for line in [&["livro", "conferir"][..], &["copia", to, "--guardar", "2"]] {
        let short = site.run(line);
        assert_eq!(short.status.code(), Some(1), "{line:?}: {}", said(&short));
        assert!(said(&short).contains("que a testemunha ao lado dele viu"), "{line:?}: {}", said(&short));
    }
    assert!(kept.iter().all(|name| copies.join(name).exists()), "and no copy gives way to one of it");
    site.ok(&["assumir", "--autor", "ana", "--motivo", "restaurado de propósito"]);
    assert!(site.ok(&["livro", "conferir"]).starts_with("livro íntegro"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_there_can_be_no_copy_it_is_said_and_nothing_is_left_behind() {
    let relay = Relay::start().await;
    let site = Site::new(&Choice::new(relay.port));
    let copies = folder(&site);
    let to = copies.to_str().unwrap();
    let none = site.run(&["copia", to]);
    assert_eq!(none.status.code(), Some(3), "no ledger yet: {}", said(&none));
    site.ok(&["servir", "--uma-vez"]);
    site.ok(&["copia", to, "--guardar", "1"]);
    let before = names(&copies);

    let missing = site.run(&["copia", "/nao/existe"]);
    assert_eq!(missing.status.code(), Some(3));
    assert!(said(&missing).contains("a pasta /nao/existe não existe"), "{}", said(&missing));
    let data = site.data();
    let beside = site.run(&["copia", data.to_str().unwrap()]);
    assert_eq!(beside.status.code(), Some(1));
    assert!(said(&beside).contains("está na do próprio livro"), "{}", said(&beside));
    let past = site.run(&["copia", to, "--em", "2026-01-01"]);
    assert_eq!(past.status.code(), Some(2), "{}", said(&past));
    let zero = site.run(&["copia", to, "--guardar", "0"]);
    assert_eq!(zero.status.code(), Some(2), "{}", said(&zero));

    // As a full disk: no file of it may grow beyond 32 KiB.
    let inside = site.command(&["copia", to, "--guardar", "1"]);
    let mut full = Command::new("sh");
    full.args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$@\"", "sh"]).arg(inside.get_program());
    let full = full.args(inside.get_args()).env_clear().current_dir(site.config()).output().unwrap();
    assert_eq!(full.status.code(), Some(3), "{}", said(&full));
    assert!(said(&full).contains("não pôde ser gravada, e nada dela ficou lá"), "{}", said(&full));
    assert_eq!(names(&copies), before, "and the last good copy stays");
    assert!(site.ok(&["livro", "conferir"]).starts_with("livro íntegro"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_that_were_regular_and_ended_are_missed_until_the_next_one() {
    let relay = Relay::start().await;
    let site = Site::new(&Choice::new(relay.port));
    let copies = folder(&site);
    let to = copies.to_str().unwrap();
    site.ok(&["servir", "--uma-vez"]);
    let note = site.data().join("vigia.db.copia");
    let eight_days_pass = || {
        let mut told: serde_json::Value = serde_json::from_slice(&fs::read(&note).unwrap()).unwrap();
        told["em"] = "2026-01-02T03:04:05Z".into();
        fs::write(&note, told.to_string()).unwrap();
    };
    site.ok(&["copia", to]);
    eight_days_pass();
    assert!(site.ok(&["saude"]).contains("última cópia do livro em 02/01/2026"), "made by hand, once");
    site.ok(&["copia", to, "--guardar", "3"]);
    eight_days_pass();
    let health = site.run(&["saude"]);
    assert_eq!(health.status.code(), Some(1));
    assert!(said(&health).contains("a última cópia do livro é de 02/01/2026"), "{}", said(&health));
    site.ok(&["copia", to, "--guardar", "3"]);
    site.ok(&["saude"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_of_database_and_log_is_a_ledger_of_its_own_that_is_held() {
    let relay = Relay::start().await;
    let site = Site::new(&Choice::new(relay.port));
    let daemon = site.daemon();
    relay.distinct(3).await;
    daemon.kill();
    // What a snapshot of the disk at one moment has: the file and its log, as they stood.
    let snapshot = site.config().with_file_name("instantaneo");
    fs::create_dir(&snapshot).unwrap();
    for end in ["", "-wal", ".testemunha"] {
        let name = format!("vigia.db{end}");
        fs::copy(site.data().join(&name), snapshot.join(&name)).unwrap();
    }
    fs::remove_dir_all(site.data()).unwrap();
    fs::rename(&snapshot, site.data()).unwrap();
    held(&site);
    assert!(said(&site.run(&["saude"])).contains("foram copiados"));
    assert!(site.ok(&["livro", "conferir"]).starts_with("livro íntegro"));
    site.ok(&["assumir", "--autor", "ana", "--motivo", "máquina nova"]);
    site.ok(&["servir", "--uma-vez"]);
    let ids: BTreeSet<String> = relay.taken().into_iter().map(|taken| taken.message_id).collect();
    assert_eq!(ids.len(), 4, "three letters and the alert");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_that_a_replicator_makes_in_the_ledger_are_left_alone_and_come_along() {
    let relay = Relay::start().await;
    let site = Site::new(&Choice::new(relay.port));
    let copies = folder(&site);
    site.ok(&["servir", "--uma-vez"]);
    site.tamper(
        "CREATE TABLE _litestream_lock (id INTEGER); \
         CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER); INSERT INTO _litestream_seq VALUES (1, 7)",
    )
    .await;
    assert!(site.ok(&["livro", "conferir"]).starts_with("livro íntegro"));
    site.ok(&["copia", copies.to_str().unwrap()]);
    let copy = copies.join(&names(&copies)[0]);
    assert!(site.ok(&["restaurar", copy.to_str().unwrap()]).starts_with("restaurado e conferido"));
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(site.run(&["saude"]).status.code(), Some(0));
    assert_eq!(relay.taken().len(), 3);
}

/// A replicator at work beside the service. Dropped, it is gone.
struct Replicator(std::process::Child);

impl Drop for Replicator {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _ended = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Litestream 0.5, by its path in LITESTREAM"]
async fn what_litestream_gives_back_is_an_older_ledger_that_is_held_and_nothing_leaves_twice() {
    let program = std::env::var_os("LITESTREAM").expect("LITESTREAM is the path of the program");
    let relay = Relay::start().await;
    let choice = |windows| Choice { municipalities: 40, windows, ..Choice::new(relay.port) };
    let site = Site::new(&choice(1));
    let copies = folder(&site);
    let replica = format!("file://{}", copies.join("replica").display());
    let daemon = site.daemon();
    let replicate = Command::new(&program).arg("replicate").arg(site.database()).arg(&replica).spawn();
    let mut beside = Replicator(replicate.unwrap());
    relay.distinct(40).await;
    assert!(site.ok(&["livro", "conferir"]).starts_with("livro íntegro"), "with the replicator at work");
    site.ok(&["copia", copies.to_str().unwrap()]);
    let restored = copies.join("do-litestream.db");
    let restore = |to: &Path| {
        let _none = fs::remove_file(to);
        Command::new(&program).args(["restore", "-o"]).arg(to).arg(&replica).output().unwrap()
    };
    // Until all that was sent is in the replica.
    let mut tries = 0;
    loop {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let output = restore(&restored);
        let store = if output.status.success() { Store::open_read_only(&restored).await.ok() } else { None };
        if let Some(store) = store {
            let all = store.deliveries(&vigia_suas::store::DeliveryFilter::default()).await.unwrap();
            store.close().await;
            if all.iter().filter(|line| line.state.reaches()).count() == 40 {
                break;
            }
        }
        tries += 1;
        assert!(tries < 60, "{}", said(&output));
    }
    assert!(beside.0.try_wait().unwrap().is_none(), "it goes on");
    drop(beside);
    // What left since is in no replica.
    site.write_calendar(&choice(2));
    daemon.signal("HUP");
    relay.distinct(80).await;
    daemon.kill();
    fs::remove_dir_all(site.data()).unwrap();
    fs::create_dir(site.data()).unwrap();
    assert!(site.ok(&["restaurar", restored.to_str().unwrap()]).starts_with("restaurado e conferido"));
    held(&site);
    let health = site.run(&["saude"]);
    assert_eq!(health.status.code(), Some(1), "{}", said(&health));
    assert!(site.ok(&["livro", "conferir"]).starts_with("livro íntegro"));
    let sent = |relay: &Relay| relay.taken().iter().filter(|taken| taken.to.starts_with("smas")).count();
    assert_eq!(sent(&relay), 80, "held, it sends nothing to a municipality");
    site.ok(&["assumir", "--autor", "ana", "--motivo", "disco novo"]);
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(sent(&relay), 80, "what may have left waits for a person: {}", said(&site.run(&["plano"])));
    let ids: BTreeSet<String> = relay.taken().into_iter().map(|taken| taken.message_id).collect();
    assert_eq!(ids.len(), relay.taken().len(), "nothing left twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_file_sends_nothing_and_a_copy_put_in_its_place_goes_on() {
    let relay = Relay::start().await;
    let site = Site::new(&Choice { municipalities: 40, ..Choice::new(relay.port) });
    let copies = folder(&site);
    site.ok(&["servir", "--uma-vez"]);
    site.ok(&["copia", copies.to_str().unwrap()]);
    let copy = copies.join(&names(&copies)[0]);
    // The log folded into the file first.
    let mut conn = SqliteConnection::connect(site.database().to_str().unwrap()).await.unwrap();
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    // What the disk no longer gives back as it was: the heads of the pages in its second half.
    let mut bytes = fs::read(site.database()).unwrap();
    let pages = bytes.len() / 4096;
    bytes.chunks_mut(4096).skip(pages / 2).for_each(|page| page[..64].fill(0xA5));
    fs::write(site.database(), &bytes).unwrap();
    for _ in 0..2 {
        let start = site.run(&["servir", "--uma-vez"]);
        assert_eq!(start.status.code(), Some(3), "{}", said(&start));
        assert!(said(&start).contains("danificado"), "{}", said(&start));
        assert!(said(&start).contains("vigia-suas restaurar"), "{}", said(&start));
    }
    // Its log is not to be played into the copy.
    fs::write(format!("{}-wal", site.database().display()), "de outro livro").unwrap();
    site.ok(&["restaurar", copy.to_str().unwrap()]);
    assert_eq!(fs::metadata(site.database()).unwrap().permissions().mode() & 0o777, 0o640);
    let kept = names(&site.data());
    assert!(
        kept.iter().any(|name| name.starts_with("vigia.db.anterior-") && name.ends_with("-wal")),
        "{kept:?}"
    );
    assert!(!kept.contains(&"vigia.db-wal".to_owned()), "{kept:?}");
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(site.run(&["saude"]).status.code(), Some(0), "nothing had left since the copy");
    assert_eq!(relay.taken().len(), 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_sound_copy_of_this_mode_or_comes_while_the_service_runs_replaces_nothing() {
    let relay = Relay::start().await;
    let site = Site::new(&Choice::new(relay.port));
    let copies = folder(&site);
    let daemon = site.daemon();
    relay.distinct(3).await;
    site.ok(&["copia", copies.to_str().unwrap()]);
    let copy = copies.join(&names(&copies)[0]);
    let tried = |copy: &Path, code: i32, words: &str| {
        let output = site.run(&["restaurar", copy.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
        assert!(said(&output).contains(words), "{}", said(&output));
    };
    tried(&copy, 1, "o serviço está em pé");
    assert_eq!(daemon.terminate().code(), Some(0));
    let before = fs::read(site.database()).unwrap();
    tried(Path::new("/nao/existe.db"), 3, "não foi possível ler a cópia");
    tried(&site.config().join("municipios.csv"), 3, "não foi possível ler a cópia");
    let unkept = copies.join("vigia-ensaio-copia-20261126T060000Z.db");
    Store::open(&unkept, Clock::System.now()).await.unwrap().close().await;
    tried(&unkept, 1, "é cópia de um livro de outro modo");
    // Whatever its name says: what it was kept under is in it.
    let rehearsed = Site::new(&Choice::new(relay.port));
    let others = folder(&rehearsed);
    for args in [&["servir", "--uma-vez"][..], &["copia", others.to_str().unwrap()]] {
        let output = rehearsed.command(args).env("VIGIA_MODO", "ensaio").output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }
    let made = others.join(&names(&others)[0]);
    for name in ["vigia-copia-20261126T060000Z.db", "do-pendrive.db"] {
        fs::copy(&made, copies.join(name)).unwrap();
        tried(&copies.join(name), 1, "é cópia de um livro de outro modo");
    }
    assert_eq!(fs::read(site.database()).unwrap(), before);
    let left: Vec<String> = names(&site.data())
        .into_iter()
        .filter(|name| name.contains("parcial") || name.contains("anterior"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
    let renamed = copies.join("vigia-ensaio-copia-20261126T070000Z.db");
    fs::copy(&copy, &renamed).unwrap();
    assert!(site.ok(&["restaurar", renamed.to_str().unwrap()]).starts_with("restaurado e conferido"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_copy_is_put_in_place_no_start_looks_at_the_file_nor_begins_another() {
    let relay = Relay::start().await;
    let site = Site::new(&Choice::new(relay.port));
    fs::create_dir_all(site.data()).unwrap();
    // As `restaurar` holds it for its whole act.
    let act = Store::lock_at(&site.database()).unwrap();
    let refused = |args: &[&str]| {
        let start = site.run(args);
        assert_eq!(start.status.code(), Some(3), "{}", said(&start));
        assert!(said(&start).contains("outro processo já envia"), "{}", said(&start));
    };
    refused(&["servir", "--uma-vez"]);
    assert_eq!(names(&site.data()), ["vigia.db.lock"], "no empty ledger where there is none for a moment");
    fs::write(site.database(), "meio livro").unwrap();
    refused(&["servir", "--uma-vez"]);
    refused(&["servir"]);
    assert_eq!(fs::read(site.database()).unwrap(), b"meio livro");
    fs::remove_file(site.database()).unwrap();
    drop(act);
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(relay.taken().len(), 3);
}
