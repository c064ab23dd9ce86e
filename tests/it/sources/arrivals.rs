//! Files put into the drop folder of a feed, and the folder itself, that cannot be read, or whose reading ends the process.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;

use vigia_suas::intake::FeedRun;

use super::*;

/// Whom Debian calls nobody.
const NOBODY: u32 = 65_534;

const DROPPED: &str = "sistema = \"teste\"\ntipo = \"csv\"\norigem = \"pasta\"\nmunicipio = \"ibge\"\n\
    parte = \"GESTAO\"\nsentido = \"situacao\"\nsituacao_coluna = \"situacao\"\n\
    situacoes = { \"sim\" = \"concluido\", \"nao\" = \"pendente\" }\nminimo = 10\n";

/// Writes a file as at that instant.
fn write_at(file: &Path, text: impl AsRef<[u8]>, at: Timestamp) {
    fs::write(file, text).unwrap();
    fs::File::options().append(true).open(file).unwrap().set_modified(at.into()).unwrap();
}

fn give(path: &Path, owner: u32) {
    chown(path, Some(owner), None).unwrap();
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path(), owner);
        }
    }
}

#[tokio::test]
async fn a_file_whose_reading_ended_the_process_is_put_aside_and_told_and_is_read_when_it_comes_again() {
    let mut office = Office::open(DROPPED).await;
    let feed = office.app.live().setup.config.feeds[0].id.clone();
    let folder = office.site.data().join("entrada/lista");
    fs::create_dir_all(&folder).unwrap();
    let text = office.list(|_| "sim");
    write_at(&folder.join("lista.csv"), &text, office.app.now());
    let failure = Some("o serviço parou enquanto lia o arquivo “lista.csv”".to_owned());
    let begun = FeedRun { tried_at: november(24), next_at: None, failures: 1, failure };
    office.app.store.note_run(&feed, begun).await.unwrap();
    office.restart(november(24)).await;
    office.ingest().await;
    office.ingest().await;
    assert!(office.snapshots().await.is_empty(), "not read");
    assert_eq!(fs::read_dir(folder.join("quarentena")).unwrap().count(), 1);
    office.deliver().await;
    assert_eq!(office.alerts(), 1);
    assert_eq!(office.failure().await, None);
    write_at(&folder.join("lista.csv"), &text, office.app.now());
    office.ingest().await;
    office.ingest().await;
    assert_eq!(office.last().await.verdict, Verdict::Accepted);
    assert_eq!(
        (office.failure().await, fs::read_dir(folder.join("processados")).unwrap().count()),
        (None, 1)
    );
}

#[tokio::test]
async fn each_way_in_which_a_load_is_wrong_is_told_on_the_same_day_and_each_once() {
    let mut office = Office::open(DROPPED).await;
    let folder = office.site.data().join("entrada/lista");
    fs::create_dir_all(&folder).unwrap();
    let unknown = office.list(|_| "talvez");
    let without = office.list(|_| "sim").replace("ibge;situacao", "ibge;outra");
    for (name, text, told) in [
        ("um.csv", &unknown, 1),
        ("dois.csv", &without, 2),
        ("dois.csv", &without, 2),
        ("tres.csv", &without, 3),
    ] {
        write_at(&folder.join(name), text, office.app.now());
        office.ingest().await;
        office.ingest().await;
        office.deliver().await;
        assert_eq!(office.alerts(), told, "{name}");
    }
    assert!(office.snapshots().await.iter().all(|load| load.verdict == Verdict::Quarantined));
}

#[tokio::test]
async fn a_file_whose_reading_a_fault_or_an_orderly_stop_cut_short_is_read_again() {
    let mut office = Office::open(DROPPED).await;
    let folder = office.site.data().join("entrada/lista");
    fs::create_dir_all(&folder).unwrap();
    write_at(&folder.join("lista.csv"), office.list(|_| "sim"), office.app.now());
    office
        .site
        .tamper("CREATE TRIGGER cheio BEFORE INSERT ON snapshots BEGIN SELECT RAISE(ABORT, 'cheio'); END")
        .await;
    office.ingest().await;
    for _ in 0..2 {
        assert!(office.ingest.ingest_once(&office.app).await.is_err());
        assert!(office.failure().await.unwrap().contains("enquanto lia"), "said for whoever comes after");
    }
    office.ingest.leave(&office.app).await.unwrap();
    assert_eq!(office.failure().await, None);
    office.site.tamper("DROP TRIGGER cheio").await;
    office.restart(november(24)).await;
    office.ingest().await;
    office.ingest().await;
    assert_eq!(office.last().await.verdict, Verdict::Accepted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_may_not_be_read_is_told_once_a_day_shown_by_fontes_and_taken_in_once_it_may() {
    let office = Office::open(DROPPED).await;
    office.app.store.close().await;
    let folder = office.site.data().join("entrada/lista");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("lista.csv");
    write_at(&file, office.list(|_| "sim"), office.app.now());
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let home = office.site.config().parent().unwrap().to_owned();
    if is_root {
        give(&home, NOBODY);
        chown(&file, Some(0), None).unwrap();
    }
    fs::set_permissions(&file, Permissions::from_mode(0o000)).unwrap();
    let day = |args: &[&str]| {
        let mut command = office.site.command(args);
        if is_root {
            command.uid(NOBODY);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let before = office.alerts();
    day(&["servir", "--uma-vez"]);
    day(&["servir", "--uma-vez"]);
    assert_eq!(office.alerts() - before, 1);
    assert!(day(&["fontes", "lista"]).contains("lista.csv"), "{}", day(&["fontes", "lista"]));
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    day(&["servir", "--uma-vez"]);
    assert!(!day(&["fontes", "lista"]).contains("não foi possível ler"), "{}", day(&["fontes", "lista"]));
    assert_eq!(fs::read_dir(folder.join("processados")).unwrap().count(), 1);
}

#[tokio::test]
async fn a_folder_that_cannot_be_read_is_told_once_a_day_and_read_once_it_can() {
    let mut office = Office::open(DROPPED).await;
    let folder = office.site.data().join("entrada/lista");
    fs::create_dir_all(folder.parent().unwrap()).unwrap();
    fs::write(&folder, "a file in its place").unwrap();
    for _ in 0..3 {
        office.ingest().await;
    }
    office.deliver().await;
    assert_eq!(office.alerts(), 1);
    assert!(office.failure().await.unwrap().contains("entrada/lista"));
    fs::remove_file(&folder).unwrap();
    office.ingest().await;
    write_at(&folder.join("lista.csv"), office.list(|_| "sim"), office.app.now());
    office.ingest().await;
    office.ingest().await;
    assert_eq!(office.last().await.verdict, Verdict::Accepted);
    assert_eq!(office.failure().await, None);
}

#[tokio::test]
async fn an_old_file_that_comes_again_after_a_newer_one_is_not_believed_and_the_same_file_twice_is() {
    let mut office = Office::open(DROPPED).await;
    let folder = office.site.data().join("entrada/lista");
    fs::create_dir_all(&folder).unwrap();
    let put = async |office: &mut Office, day: i8, name: &str, done: usize| {
        let text = office.list(|n| if n < done { "sim" } else { "nao" });
        write_at(&folder.join(name), text, november(day));
        Arc::get_mut(&mut office.app).unwrap().clock = Clock::Fixed(november(day));
        office.ingest().await;
        office.ingest().await;
        office.last().await
    };
    assert_eq!(put(&mut office, 24, "lista.csv", 8).await.verdict, Verdict::Accepted);
    assert_eq!(put(&mut office, 25, "de-novo.csv", 8).await.verdict, Verdict::Accepted, "nothing changed");
    assert_eq!(put(&mut office, 26, "lista.csv", 9).await.verdict, Verdict::Accepted);
    let old = put(&mut office, 30, "copia.csv", 8).await;
    assert_eq!(old.verdict, Verdict::Quarantined);
    assert!(
        old.reasons[0].contains("outro veio depois dele que diz outra coisa em 1 resposta:"),
        "{:?}",
        old.reasons
    );
    assert_eq!(office.deliver().await, 0, "nobody is accused by what is four days old");
    // A person may know better, and a new file needs nobody.
    let out =
        office.site.ok(&["fonte", "aceitar", old.id.as_str(), "--motivo", "reabertos", "--autor", "Ana"]);
    assert!(out.contains(old.id.as_str()), "{out}");
    assert_eq!(put(&mut office, 30, "nova.csv", 10).await.verdict, Verdict::Accepted);
}

#[tokio::test]
async fn a_file_that_lies_there_still_is_no_new_load_after_a_restart() {
    let mut office = Office::open(DROPPED).await;
    let folder = office.site.data().join("entrada/lista");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("lista.csv");
    write_at(&file, office.list(|n| if n < 8 { "sim" } else { "nao" }), november(23));
    let kept =
        |folder: &Path| fs::read_dir(folder.join("processados")).unwrap().next().unwrap().unwrap().path();
    office.restart(november(24)).await;
    for _ in 0..2 {
        office.ingest().await;
    }
    let first = office.last().await;
    assert_eq!((first.verdict, first.taken_at), (Verdict::Accepted, november(23)));
    // As if it had never been put away: the same file, not written again.
    fs::rename(kept(&folder), &file).unwrap();
    office.restart(november(30)).await;
    for _ in 0..2 {
        office.ingest().await;
    }
    let again = office.last().await;
    assert_eq!((again.taken_at, again.recorded_at), (november(23), november(30)));
    assert_eq!(office.deliver().await, 0, "what it says is seven days old");
    // An export of today that says the same is today's.
    write_at(&file, office.list(|n| if n < 8 { "sim" } else { "nao" }), november(30));
    let later = november(30) + jiff::SignedDuration::from_hours(1);
    office.restart(later).await;
    for _ in 0..2 {
        office.ingest().await;
    }
    assert_eq!(office.last().await.taken_at, november(30));
    assert_eq!(office.deliver().await, 4);
}

#[tokio::test]
async fn a_file_that_cannot_be_put_away_is_judged_once_and_told_and_again_when_it_changes() {
    let elsewhere = tempfile::tempdir_in("/dev/shm").unwrap();
    let mut office = Office::open(DROPPED).await;
    let folder = office.site.data().join("entrada/lista");
    fs::create_dir_all(&folder).unwrap();
    let device = |path: &Path| fs::metadata(path).unwrap().dev();
    if device(elsewhere.path()) == device(&folder) {
        return;
    }
    // On another disk, where nothing can be moved to.
    std::os::unix::fs::symlink(elsewhere.path(), folder.join("processados")).unwrap();
    let file = folder.join("lista.csv");
    write_at(&file, office.list(|n| if n < 8 { "sim" } else { "nao" }), office.app.now());
    for day in [24, 24, 25, 26] {
        Arc::get_mut(&mut office.app).unwrap().clock = Clock::Fixed(november(day));
        office.ingest().await;
    }
    assert_eq!(office.snapshots().await.len(), 1);
    office.deliver().await;
    assert_eq!(office.alerts(), 1);
    assert!(office.failure().await.unwrap().contains("lista.csv"));
    write_at(&file, office.list(|n| if n < 9 { "sim" } else { "nao" }), office.app.now());
    office.ingest().await;
    office.ingest().await;
    assert_eq!(office.snapshots().await.len(), 2, "it changed");
    fs::remove_file(&file).unwrap();
    office.ingest().await;
    assert_eq!(office.failure().await, None);
}

#[tokio::test]
async fn a_file_read_after_a_stop_is_no_younger_than_its_last_write() {
    let mut office = Office::open(DROPPED).await;
    let folder = office.site.data().join("entrada/lista");
    fs::create_dir_all(&folder).unwrap();
    let text = office.list(|n| if n < 8 { "sim" } else { "nao" });
    // Friday's file, read on Monday after a stop.
    write_at(&folder.join("lista.csv"), &text, november(27));
    office.restart(november(30)).await;
    for _ in 0..2 {
        office.ingest().await;
    }
    let late = office.last().await;
    assert_eq!((late.verdict, late.taken_at), (Verdict::Accepted, november(27)));
    assert_eq!(office.deliver().await, 0, "what it says is three days old");
}

#[tokio::test]
async fn a_file_written_before_the_window_opened_says_nothing_of_it_and_that_is_told() {
    let mut office = Office::open(DROPPED).await;
    let folder = office.site.data().join("entrada/lista");
    fs::create_dir_all(&folder).unwrap();
    write_at(&folder.join("lista.csv"), office.list(|_| "sim"), at("2026-10-15T13:00:00Z"));
    for _ in 0..2 {
        office.ingest().await;
    }
    let load = office.last().await;
    assert_eq!(load.verdict, Verdict::Quarantined);
    assert!(
        load.reasons[0].starts_with(
            "os dados são de 15/10/2026, de antes da abertura de teste/2001 (02/11/2026), e nada dizem dela: um arquivo \
             vale como de quando foi gravado"
        ),
        "{:?}",
        load.reasons
    );
    assert_eq!(fs::read_dir(folder.join("quarentena")).unwrap().count(), 1);
}

#[tokio::test]
async fn a_files_time_that_is_none_makes_nothing_younger() {
    let mut office = Office::open(DROPPED).await;
    let folder = office.site.data().join("entrada/lista");
    fs::create_dir_all(&folder).unwrap();
    let text = office.list(|n| if n < 8 { "sim" } else { "nao" });
    for (day, written_at) in
        [(24, "2031-01-01T00:00:00Z"), (27, "2031-01-01T00:00:00Z"), (30, "1980-01-01T00:00:00Z")]
    {
        office.restart(november(day)).await;
        write_at(&folder.join("lista.csv"), &text, at(written_at));
        for _ in 0..2 {
            office.ingest().await;
        }
        let load = office.last().await;
        assert_eq!(
            (load.verdict, load.taken_at, load.recorded_at),
            (Verdict::Accepted, november(24), november(day))
        );
    }
    assert_eq!(office.deliver().await, 0, "what it says is six days old");
}
