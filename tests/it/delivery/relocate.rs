//! `livro mudar`, by the program: the service goes on in the new place with all that it knew, and wherever the move is cut
//! off, one of the two ledgers counts and the other says so.

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use vigia_suas::clock::Clock;
use vigia_suas::store::{Store, StoreError};
use vigia_suas::world::seat;

use crate::support::app::{Choice, Site};
use crate::support::postgres::Server;
use crate::support::smtp::Relay;

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What a command refuses with.
fn refused(site: &Site, args: &[&str], code: i32) -> String {
    let output = site.run(args);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {}", said(&output));
    String::from_utf8(output.stderr).unwrap()
}

/// The address of the server whose socket's folder `TESTE_POSTGRES` names, and a schema of this test's own.
fn server(site: &Site) -> (String, String) {
    let socket = std::env::var("TESTE_POSTGRES").unwrap();
    let name: String =
        site.data().display().to_string().chars().filter(char::is_ascii_alphanumeric).collect();
    (format!("postgres://vigia@/vigia?host={socket}"), name.to_lowercase())
}

/// Writes into `vigia.toml` what the move says is to be written.
fn edit(site: &Site, moved: &Value) {
    let path = site.config().join("vigia.toml");
    let mut lines: Vec<String> = fs::read_to_string(&path).unwrap().lines().map(ToOwned::to_owned).collect();
    if let Some(table) = lines.iter().position(|line| line == "[banco]") {
        lines.truncate(table);
    }
    for line in moved["vigia_toml"].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()) {
        match line.split_once(" = ") {
            Some(("dados", _)) => {
                let data = lines.iter_mut().find(|line| line.starts_with("dados = ")).unwrap();
                *data = line;
            }
            _ => lines.push(line),
        }
    }
    fs::write(path, lines.join("\n") + "\n").unwrap();
}

fn moves(site: &Site, to: &[&str]) -> Value {
    let args = ["--json", "livro", "mudar", "--autor", "ana"];
    serde_json::from_str(&site.ok(&[&args[..], to].concat())).unwrap()
}

/// The last entry of the ledger that the configuration names.
fn last(site: &Site) -> Value {
    let entries = site.ok(&["--json", "livro"]);
    serde_json::from_str(entries.lines().last().unwrap()).unwrap()
}

/// A day's work of a service that was told to look elsewhere: the letters of one more window leave, and no other.
async fn works_there(site: &Site, relay: &Relay, windows: u16) {
    let choice = Choice { windows, ..Choice::new(relay.port) };
    site.write_calendar(&choice);
    let daemon = site.daemon();
    relay.distinct(3 * usize::from(windows)).await;
    let health = site.run(&["saude"]);
    assert_eq!(health.status.code(), Some(0), "{}", said(&health));
    assert_eq!(daemon.terminate().code(), Some(0));
    let expected = site.announcements(&choice);
    let mut arrived: Vec<_> = relay.taken().into_iter().map(|one| (one.message_id, one.to)).collect();
    arrived.retain(|one| one.0.contains(".divulgacao."));
    arrived.sort();
    assert_eq!(arrived, expected, "each once, wherever the ledger was");
    assert!(site.ok(&["livro", "conferir"]).starts_with("livro íntegro"));
}

/// The old place, before anybody edits the files.
fn only_reads(site: &Site, to: &str) {
    let start = refused(site, &["servir", "--uma-vez"], 3);
    assert!(start.contains(to) && start.contains("em vigia.toml"), "{start}");
    let hold = refused(site, &["reter", "--tudo", "--motivo", "x", "--autor", "ana"], 3);
    assert!(hold.contains("o livro mudou de lugar"), "{hold}");
    let read = site.run(&["livro", "conferir"]);
    assert!(said(&read).starts_with("livro íntegro") && said(&read).contains("aviso: este livro mudou para"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_moves_to_another_folder_goes_on_there_with_all_that_it_knew() {
    let relay = Relay::start().await;
    let site = Site::new(&Choice::new(relay.port));
    site.ok(&["servir", "--uma-vez"]);
    let to = site.config().with_file_name("outra").join("vigia.db");
    fs::create_dir(to.parent().unwrap()).unwrap();
    let to = to.to_str().unwrap();

    let wrong = refused(&site, &["livro", "mudar", "--para", "/tmp/livro.db", "--autor", "ana"], 1);
    assert!(wrong.contains("se chama vigia.db"), "{wrong}");
    let secret = "postgres://vigia:segredo@banco/vigia";
    let wrong = refused(&site, &["livro", "mudar", "--para", secret, "--autor", "ana"], 1);
    assert!(wrong.contains("há uma senha no endereço") && !wrong.contains("segredo@"), "{wrong}");
    let daemon = site.daemon();
    let running = refused(&site, &["livro", "mudar", "--para", to, "--autor", "ana"], 1);
    assert!(running.contains("systemctl stop vigia-suas"), "{running}");
    assert_eq!(daemon.terminate().code(), Some(0));

    let moved = moves(&site, &["--para", to]);
    only_reads(&site, to);
    let again: Value = moves(&site, &["--para", to]);
    assert_eq!((&again["de"], &again["para"]), (&Value::Null, &moved["para"]), "it was done: {again}");
    edit(&site, &moved);
    assert_eq!((&last(&site)["hash"], &last(&site)["dados"]["para"]), (&moved["hash"], &moved["para"]));
    works_there(&site, &relay, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_ledger_that_moved_no_copy_is_made_or_put_back() {
    let relay = Relay::start().await;
    let site = Site::new(&Choice::new(relay.port));
    site.ok(&["servir", "--uma-vez"]);
    let folder = site.config().with_file_name("copias");
    let to = site.config().with_file_name("outra").join("vigia.db");
    fs::create_dir(&folder).unwrap();
    fs::create_dir(to.parent().unwrap()).unwrap();
    moves(&site, &["--para", to.to_str().unwrap()]);
    let copied = refused(&site, &["copia", folder.to_str().unwrap()], 1);
    assert!(copied.contains(to.to_str().unwrap()) && copied.contains("dica: copie o que vale"), "{copied}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    // By hand it can be copied all the same.
    let copy = folder.join("vigia-copia-20261126T000000Z.db");
    fs::copy(site.database(), &copy).unwrap();
    let before = fs::read(site.database()).unwrap();
    let put_back = refused(&site, &["restaurar", copy.to_str().unwrap()], 1);
    assert!(
        put_back.contains("já tinha mudado para") && put_back.contains(to.to_str().unwrap()),
        "{put_back}"
    );
    assert_eq!(fs::read(site.database()).unwrap(), before, "it is as it was");
}

/// What an older program left: its schema lacks the last step.
async fn take_back_the_last_step(database: &Path, also: &str) {
    let mut conn = SqliteConnection::connect(database.to_str().unwrap()).await.unwrap();
    let sql = format!(
        "PRAGMA foreign_keys = OFF; {also}; DROP TABLE config_parts; DROP TABLE configurations; DROP TABLE config_files; \
         DROP TABLE config_refusals; DROP TABLE config_consents; \
         DELETE FROM _sqlx_migrations WHERE version = (SELECT MAX(version) FROM _sqlx_migrations)"
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_that_an_older_program_began_is_ended_by_a_newer_one_by_the_command_or_by_a_start() {
    for is_by_command in [true, false] {
        let relay = Relay::start().await;
        let choice = Choice::new(relay.port);
        let site = Site::new(&choice);
        site.ok(&["servir", "--uma-vez"]);
        let to = site.config().with_file_name("outra").join("vigia.db");
        fs::create_dir(to.parent().unwrap()).unwrap();
        let moved = moves(&site, &["--para", to.to_str().unwrap()]);
        // Killed after the mark, and then upgraded.
        take_back_the_last_step(&site.database(), "SELECT 1").await;
        take_back_the_last_step(&to, "UPDATE place SET arriving = 1").await;
        if is_by_command {
            let again = moves(&site, &["--para", to.to_str().unwrap()]);
            assert_eq!((&again["de"], &again["para"]), (&Value::Null, &moved["para"]));
        }
        edit(&site, &moved);
        site.ok(&["servir", "--uma-vez"]);
        let mut arrived: Vec<_> = relay.taken().into_iter().map(|one| (one.message_id, one.to)).collect();
        arrived.retain(|one| one.0.contains(".divulgacao."));
        arrived.sort();
        assert_eq!(arrived, site.announcements(&choice), "nothing leaves twice");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_else_the_files_say_when_a_ledger_has_moved_passes_the_gate_as_ever() {
    let relay = Relay::start().await;
    let choice = Choice { municipalities: 40, ..Choice::new(relay.port) };
    let site = Site::new(&choice);
    site.ok(&["servir", "--uma-vez"]);
    let to = site.config().with_file_name("outra").join("vigia.db");
    fs::create_dir(to.parent().unwrap()).unwrap();
    let moved = moves(&site, &["--para", to.to_str().unwrap()]);
    edit(&site, &moved);
    held_with_three_left(&site, 40);
}

/// Leaves the first three municipalities of a roster; what the gate then says of a start.
fn held_with_three_left(site: &Site, of: usize) {
    let roster = site.config().join("municipios.csv");
    let text = fs::read_to_string(&roster).unwrap();
    fs::write(&roster, text.lines().take(4).collect::<Vec<_>>().join("\n") + "\n").unwrap();
    let held = refused(site, &["servir", "--uma-vez"], 1);
    assert!(held.contains(&format!("{} municípios saem do cadastro", of - 3)), "{held}");
    assert!(!held.contains("o livro passa a ser outro"), "{held}");
    fs::write(&roster, text).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_was_moved_by_hand_has_its_gate_with_it() {
    let relay = Relay::start().await;
    let site = Site::new(&Choice { municipalities: 40, ..Choice::new(relay.port) });
    site.ok(&["servir", "--uma-vez"]);
    let there = site.config().with_file_name("outro-disco");
    fs::rename(site.data(), &there).unwrap();
    let settings = site.config().join("vigia.toml");
    let text = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, text.replace(site.data().to_str().unwrap(), there.to_str().unwrap())).unwrap();
    held_with_three_left(&site, 40);
    // With a fault besides, the last good configuration goes on over the ledger where it now is, and begins none where it was.
    let calendar = site.config().join("calendario.toml");
    let good = fs::read_to_string(&calendar).unwrap();
    fs::write(&calendar, format!("{good}[[janela]]\n")).unwrap();
    let daemon = site.daemon();
    daemon.shows("a configuração nova foi recusada, vale a anterior");
    assert_eq!(daemon.terminate().code(), Some(0));
    assert!(!site.data().exists());
    fs::write(&calendar, good).unwrap();
    site.ok(&["servir", "--uma-vez"]);
    let to_towns = relay.taken().into_iter().filter(|one| one.message_id.contains(".divulgacao."));
    assert_eq!(to_towns.count(), 40, "each once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL"]
async fn a_second_machine_and_one_whose_folder_was_emptied_pass_the_gate_of_the_ledger_on_the_server() {
    let server = Server::start("");
    let relay = Relay::start().await;
    let choice = Choice { municipalities: 40, ..Choice::new(relay.port) };
    let (first, second) = (Site::new(&choice), Site::new(&choice));
    server.serve(&first);
    server.serve(&second);
    first.ok(&["servir", "--uma-vez"]);
    held_with_three_left(&second, 40);
    fs::remove_dir_all(first.data()).unwrap();
    held_with_three_left(&first, 40);
    assert_eq!(relay.taken().iter().filter(|one| one.message_id.contains(".divulgacao.")).count(), 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL"]
async fn a_ledger_moves_to_a_server_and_back_and_no_letter_leaves_twice() {
    let relay = Relay::start().await;
    let site = Site::new(&Choice::new(relay.port));
    site.ok(&["servir", "--uma-vez"]);
    let (url, schema) = server(&site);
    let moved = moves(&site, &["--para", &url, "--esquema", &schema]);
    only_reads(&site, &format!("esquema {schema}"));
    edit(&site, &moved);
    assert_eq!(last(&site)["hash"], moved["hash"], "the chain is the same");
    works_there(&site, &relay, 2).await;
    let leader = site.ok(&["livro"]);
    assert!(leader.contains("passa a enviar: "), "{leader}");

    let old = site.database();
    let occupied = refused(&site, &["livro", "mudar", "--para", old.to_str().unwrap(), "--autor", "ana"], 1);
    assert!(occupied.contains("já há um livro"), "{occupied}");
    let back = site.config().with_file_name("volta").join("vigia.db");
    fs::create_dir(back.parent().unwrap()).unwrap();
    let moved = moves(&site, &["--para", back.to_str().unwrap()]);
    let start = refused(&site, &["servir", "--uma-vez"], 3);
    assert!(start.contains("apague `url` de [banco]"), "{start}");
    edit(&site, &moved);
    assert_eq!(last(&site)["hash"], moved["hash"]);
    works_there(&site, &relay, 3).await;
}

/// Which ledger may be written.
#[derive(Debug, PartialEq, Eq)]
enum Counts {
    Old,
    New,
}

/// Never both, and always one.
async fn which_counts(old: &Path, new: &Path) -> Counts {
    let now = Clock::System.now();
    match Store::open(old, now).await {
        Ok(store) => store.close().await,
        Err(StoreError::Moved { .. }) => {
            // Whoever opens it ends what was cut off.
            seat::open(new, now).await.unwrap().close().await;
            return Counts::New;
        }
        Err(other) => panic!("{other}"),
    }
    match seat::read(new).await {
        Ok(store) => {
            assert_eq!(store.came_from().await.unwrap(), None, "both count");
            store.close().await;
        }
        Err(StoreError::Arriving { .. } | StoreError::Open { .. } | StoreError::Older { .. }) => {}
        Err(other) => panic!("{other}"),
    }
    Counts::Old
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL"]
async fn killed_at_whatever_moment_one_ledger_counts_and_the_next_try_ends_the_move() {
    let relay = Relay::start().await;
    let choice = Choice { municipalities: 40, ..Choice::new(relay.port) };
    let site = Site::new(&choice);
    site.ok(&["servir", "--uma-vez"]);
    let (url, schema) = server(&site);
    let args = ["livro", "mudar", "--autor", "ana", "--para", &url, "--esquema", &schema];
    let mut killed = 0;
    // Each a quarter later than the one before.
    for pause in std::iter::successors(Some(20), |pause| Some(pause + pause / 4)) {
        let mut child = site.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let ended = child.try_wait().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        // The server ends what the dead had begun.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let Some(seat) = site.seat() else { continue };
        if which_counts(&site.database(), &seat).await == Counts::New {
            break;
        }
        assert!(ended.is_none(), "it gave up by itself");
        killed += 1;
    }
    assert!(killed > 0, "it was never cut off in the middle");
    let moved = moves(&site, &["--para", &url, "--esquema", &schema]);
    edit(&site, &moved);
    let report = site.ok(&["livro", "conferir"]);
    assert!(report.starts_with("livro íntegro"), "{report}");
    site.ok(&["servir", "--uma-vez"]);
    let mut arrived: Vec<_> = relay.taken().into_iter().map(|one| (one.message_id, one.to)).collect();
    arrived.retain(|one| one.0.contains(".divulgacao."));
    arrived.sort();
    assert_eq!(arrived, site.announcements(&choice));
}
