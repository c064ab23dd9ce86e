//! A ledger that may not be the one that last sent: an older copy put back, a folder copied elsewhere. Nothing leaves to a
//! municipality until somebody says that it counts.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use vigia_suas::desk::order::is_queue;
use vigia_suas::domain::overrides::BatchId;

use crate::support::app::{Choice, DOMAIN, Site};
use crate::support::smtp::{Place, Relay};

const MUNICIPALITIES: usize = 6;

fn choice(relay: &Relay, windows: u16) -> Choice {
    Choice { municipalities: MUNICIPALITIES, windows, ..Choice::new(relay.port) }
}

/// Letters taken for municipalities, each Message-ID with how often it came.
fn letters(relay: &Relay) -> BTreeMap<String, usize> {
    let alerts = format!("alertas@{DOMAIN}");
    let mut counted = BTreeMap::new();
    for taken in relay.taken().into_iter().filter(|taken| taken.to != alerts) {
        *counted.entry(taken.message_id).or_default() += 1;
    }
    counted
}

fn alerts(relay: &Relay) -> usize {
    let alerts = format!("alertas@{DOMAIN}");
    relay.taken().iter().filter(|taken| taken.to == alerts).count()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Waits until it is so.
fn until(what: &str, so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_mins(1), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for file in fs::read_dir(from).unwrap().map(Result::unwrap).filter(|f| f.path().is_file()) {
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_copy_put_back_sends_nothing_until_it_is_assumed_and_then_what_fell_due_waits() {
    let relay = Relay::start().await;
    let site = Site::new(&choice(&relay, 1));
    site.ok(&["servir", "--uma-vez"]);
    let copy = site.config().join("copia");
    copy_folder(&site.data(), &copy);
    site.write_calendar(&choice(&relay, 2));
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(letters(&relay).len(), 2 * MUNICIPALITIES);
    assert_eq!(site.run(&["saude"]).status.code(), Some(0));
    // All of the copy but the witness, which stands beside it as the last to send left it.
    for end in ["", "-wal", "-shm"] {
        let name = format!("vigia.db{end}");
        let _none = fs::remove_file(site.data().join(&name));
        if copy.join(&name).exists() {
            fs::copy(copy.join(&name), site.data().join(&name)).unwrap();
        }
    }

    let daemon = site.daemon();
    until("no alert left", || alerts(&relay) == 1);
    for question in ["saude", "plano"] {
        let output = site.run(&[question]);
        assert!(said(&output).contains("o livro é uma cópia antiga"), "{question}: {}", said(&output));
        assert!(said(&output).contains("vigia-suas assumir"), "{question}: {}", said(&output));
        assert_eq!(output.status.code(), Some(i32::from(question == "saude")));
    }
    let orders = site.run(&["assumir", "--motivo", " "]);
    assert_eq!(orders.status.code(), Some(2), "a reason is asked for: {}", said(&orders));
    assert!(letters(&relay).values().all(|times| *times == 1), "{:?}", letters(&relay));

    let assumed = site.ok(&["assumir", "--autor", "ana", "--motivo", "disco trocado"]);
    let batch = assumed.split("--lote ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    assert!(batch.starts_with("retomada/") && !is_queue(&BatchId::parse(batch).unwrap()), "{assumed}");
    daemon.logs("este livro passa a valer");
    until("nothing was held", || site.ok(&["plano"]).contains("divulgacao"));
    assert!(letters(&relay).values().all(|times| *times == 1), "what another ledger may have sent waits");
    assert!(
        said(&site.run(&["assumir", "--autor", "ana", "--motivo", "de novo"]))
            .contains("não há o que assumir")
    );
    assert_eq!(site.run(&["saude"]).status.code(), Some(0));

    site.ok(&["liberar", "--lote", batch, "--autor", "ana", "--motivo", "não se sabe quais saíram"]);
    assert_eq!(daemon.terminate().code(), Some(0));
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(letters(&relay).values().filter(|times| **times == 2).count(), MUNICIPALITIES);
    assert_eq!(letters(&relay).len(), 2 * MUNICIPALITIES, "the same letters by Message-ID");
    let verdict = site.ok(&["livro", "conferir"]);
    assert!(verdict.starts_with("livro íntegro"), "{verdict}");
    assert!(site.ok(&["livro"]).contains("livro assumido"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copied_folder_sends_nothing_and_the_original_goes_on() {
    let relay = Relay::start().await;
    let site = Site::new(&choice(&relay, 1));
    site.ok(&["servir", "--uma-vez"]);
    site.write_calendar(&choice(&relay, 2));
    let aside = site.config().join("original");
    fs::rename(site.data(), &aside).unwrap();
    copy_folder(&aside, &site.data());
    for _ in 0..2 {
        let pass = site.run(&["servir", "--uma-vez"]);
        assert_eq!(pass.status.code(), Some(1), "{}", said(&pass));
        let health = site.run(&["saude"]);
        assert_eq!(health.status.code(), Some(1));
        assert!(said(&health).contains("foram copiados"), "a restart does not forget: {}", said(&health));
    }
    assert_eq!((letters(&relay).len(), alerts(&relay)), (MUNICIPALITIES, 1), "one alert a day");
    fs::remove_dir_all(site.data()).unwrap();
    fs::rename(&aside, site.data()).unwrap();
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(letters(&relay).len(), 2 * MUNICIPALITIES, "moved, it is the same");
    assert_eq!(site.run(&["saude"]).status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_of_the_disk_under_a_running_service_is_whole_and_is_held_where_it_is_put_back() {
    let relay = Relay::start().await;
    let site = Site::new(&Choice { connections: 1, ..choice(&relay, 2) });
    relay.trap(Place::Rcpt, 3);
    let daemon = site.daemon();
    relay.sprung().await;
    // In the middle of letters, every file at one moment, the log with them: as a disk or a virtual machine is caught.
    daemon.signal("STOP");
    let caught = site.config().with_file_name("instantaneo");
    copy_folder(&site.data(), &caught);
    daemon.signal("CONT");
    assert!(fs::metadata(caught.join("vigia.db-wal")).unwrap().len() > 0, "what counts is in the log");
    relay.release();
    relay.distinct(2 * MUNICIPALITIES).await;
    assert_eq!(daemon.terminate().code(), Some(0));
    fs::rename(site.data(), site.config().with_file_name("perdido")).unwrap();
    fs::rename(&caught, site.data()).unwrap();

    for _ in 0..2 {
        let pass = site.run(&["servir", "--uma-vez"]);
        assert_eq!(pass.status.code(), Some(1), "{}", said(&pass));
    }
    assert!(letters(&relay).values().all(|times| *times == 1), "nothing leaves: {:?}", letters(&relay));
    assert!(said(&site.run(&["saude"])).contains("vigia-suas assumir"));
    assert!(site.ok(&["livro", "conferir"]).starts_with("livro íntegro"));
    let assumed = site.ok(&["assumir", "--autor", "ana", "--motivo", "instantâneo de ontem"]);
    let batch = batch_of(&assumed);
    site.ok(&["liberar", "--lote", &batch, "--autor", "ana", "--motivo", "não se sabe quais saíram"]);
    site.ok(&["servir", "--uma-vez"]);
    let counted = letters(&relay);
    assert_eq!(counted.len(), 2 * MUNICIPALITIES, "the same letters by Message-ID");
    assert!(counted.values().all(|times| *times <= 2), "{counted:?}");
    assert!(site.ok(&["livro", "conferir"]).starts_with("livro íntegro"));
}

/// What Postfix would have logged of a letter.
fn logged(message_id: &str, to: &str, number: usize) -> String {
    format!(
        "2026-11-26T06:05:40.123456-03:00 mx postfix/cleanup[71]: {number:010X}: message-id={message_id}\n\
         2026-11-26T06:05:41.123456-03:00 mx postfix/smtp[72]: {number:010X}: to=<{to}>, relay=mx.br[192.0.2.1]:25, \
         delay=1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 99)\n"
    )
}

/// A ledger put back that has six letters queued; six more, of a second window, were never decided in it. All twelve left
/// after it was copied.
async fn put_back(relay: &Relay) -> Site {
    let site = Site::new(&Choice { connections: 1, ..choice(relay, 1) });
    relay.trap(Place::Rcpt, 0);
    let daemon = site.daemon();
    relay.sprung().await;
    let copies = site.config().with_file_name("copias");
    fs::create_dir(&copies).unwrap();
    site.ok(&["copia", copies.to_str().unwrap()]);
    daemon.kill();
    relay.release();
    site.ok(&["servir", "--uma-vez"]);
    site.write_calendar(&choice(relay, 2));
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(letters(relay).len(), 2 * MUNICIPALITIES);
    for end in ["", "-wal", "-shm"] {
        let _none = fs::remove_file(site.data().join(format!("vigia.db{end}")));
    }
    let copy = fs::read_dir(&copies).unwrap().next().unwrap().unwrap().path();
    fs::rename(copy, site.database()).unwrap();
    site
}

fn batch_of(words: &str) -> String {
    words.split("--lote ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap().to_owned()
}

/// How often each letter to a municipality came.
fn twice(relay: &Relay) -> Vec<String> {
    letters(relay).into_iter().filter(|(_, times)| *times > 1).map(|(id, _)| id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_relays_log_says_left_is_not_sent_again_whether_the_copy_knew_of_it_or_not() {
    let relay = Relay::start().await;
    let site = put_back(&relay).await;
    let alerts = format!("alertas@{DOMAIN}");
    let mut taken: Vec<_> = relay.taken().into_iter().filter(|taken| taken.to != alerts).collect();
    taken.sort_by(|a, b| a.message_id.cmp(&b.message_id));
    // Of each window the last letter is not in the log, which is in two files.
    let log = site.config().join("mail.log");
    let older = site.config().join("mail.log.1");
    let missing = [taken[5].message_id.clone(), taken[11].message_id.clone()];
    let line = |(number, taken): (usize, &crate::support::smtp::Taken)| {
        if missing.contains(&taken.message_id) {
            String::new()
        } else {
            logged(&taken.message_id, &taken.to.to_uppercase(), 0xA0_0000 + number)
        }
    };
    fs::write(&older, taken.iter().enumerate().take(3).map(line).collect::<String>()).unwrap();
    fs::write(&log, taken.iter().enumerate().skip(3).map(line).collect::<String>()).unwrap();

    let (log, older) = (log.to_str().unwrap(), older.to_str().unwrap());
    let assumed = site.ok(&[
        "assumir",
        "--autor",
        "ana",
        "--motivo",
        "disco trocado",
        "--registro",
        log,
        "--registro",
        older,
    ]);
    assert!(assumed.contains("5 entregas saíram do outro livro e não saem de novo"), "{assumed}");
    assert!(assumed.contains("5 entregas saíram do outro livro e não estão à espera neste"), "{assumed}");
    assert!(
        assumed.contains("1 entrega deste livro pode já ter saído, e o registro não a tem como enviada"),
        "{assumed}"
    );
    site.ok(&["servir", "--uma-vez"]);
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(twice(&relay), Vec::<String>::new());
    let verdict = site.ok(&["livro", "conferir"]);
    assert!(verdict.starts_with("livro íntegro"), "{verdict}");
    // What left counts as delivered, also what the copy had never heard of.
    let first = site.municipalities[0].to_string();
    let why = site.ok(&["porque", &first, "teste/2002"]);
    assert!(why.contains("saiu de outro livro: teste/2002"), "{why}");
    assert!(why.contains("Nenhum aviso é devido agora"), "{why}");
    assert!(why.contains("(saiu de outro livro; o texto não está neste)"), "{why}");
    assert!(site.ok(&["livro", "--municipio", &first]).contains("saiu de outro livro"));
    // Whoever reads the dossier sees that it left, and no letter that never did.
    let folder = site.data().join("dossie");
    site.ok(&["dossie", &first, "--janela", "teste/2002", "--saida", folder.to_str().unwrap()]);
    let page = fs::read_to_string(folder.join("dossie.html")).unwrap();
    assert!(page.contains("Cartas (0)") && page.contains("de outro livro (1)"), "{page}");
    assert!(page.contains(&format!("teste.2002.divulgacao.{first}@{DOMAIN}")), "{page}");
    assert!(!folder.join("cartas").exists());

    let batch = batch_of(&assumed);
    site.ok(&["liberar", "--lote", &batch, "--autor", "ana", "--motivo", "não constam"]);
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(twice(&relay), missing, "and only what nobody vouched for leaves again, as the same letter");
    assert!(site.ok(&["livro", "conferir"]).starts_with("livro íntegro"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_relay_still_had_in_its_queue_may_have_left_since_and_waits_though_the_copy_had_not_decided_it()
 {
    let relay = Relay::start().await;
    let site = put_back(&relay).await;
    let first = site.municipalities[0];
    let (id, to) = (format!("<teste.2002.divulgacao.{first}@{DOMAIN}>"), site.address(first, "smas"));
    let log = site.config().join("mail.log");
    let sent = logged(&id, &to, 0xA0_0000);
    let put_off = sent.replace("status=sent (250 2.0.0 Ok: queued as 99)", "status=deferred (try later)");
    fs::write(&log, &put_off).unwrap();
    let with_log = |why| ["assumir", "--autor", "ana", "--motivo", why, "--registro", log.to_str().unwrap()];
    let assumed = site.ok(&with_log("disco trocado"));
    assert!(assumed.contains("1 entrega ficou na fila do servidor de saída"), "{assumed}");
    let batch = batch_of(&assumed);
    // It is decided before anybody lets the others go, and is known to be in doubt.
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(twice(&relay), Vec::<String>::new());
    let why = site.ok(&["porque", &first.to_string(), "teste/2002"]);
    assert!(why.contains("pode ter saído de outro livro"), "{why}");
    // Later the log tells more, and that counts.
    fs::write(&log, put_off + &sent).unwrap();
    let later = site.ok(&with_log("agora consta"));
    assert!(later.contains("1 entrega saiu do outro livro e não sai de novo"), "{later}");
    let folder = site.data().join("dossie");
    let (code, to) = (first.to_string(), folder.to_str().unwrap());
    site.ok(&["dossie", &code, "--janela", "teste/2002", "--saida", to]);
    let page = fs::read_to_string(folder.join("dossie.html")).unwrap();
    assert!(page.contains("o que este livro escreveu") && page.contains("nunca saiu"), "{page}");
    assert!(
        !folder.join("cartas").exists(),
        "what was written here after it had left is no letter of theirs"
    );
    site.ok(&["liberar", "--lote", &batch, "--autor", "ana", "--motivo", "as outras não constam"]);
    site.ok(&["servir", "--uma-vez"]);
    let again = twice(&relay);
    assert!(!again.contains(&id) && again.len() == 2 * MUNICIPALITIES - 1, "{again:?}");
    assert!(site.ok(&["livro", "conferir"]).starts_with("livro íntegro"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_log_a_person_says_what_left_and_the_rest_waits() {
    let relay = Relay::start().await;
    let site = put_back(&relay).await;
    let assumed = site.ok(&["assumir", "--autor", "ana", "--motivo", "disco trocado"]);
    assert!(assumed.contains("6 entregas deste livro podem já ter saído, e não se sabe"), "{assumed}");
    let daemon = site.daemon();
    until("no alert of what waits", || {
        relay.taken().iter().any(|taken| taken.message_id.contains("incerta-retomada"))
    });
    let codes: Vec<String> = site.municipalities.iter().map(ToString::to_string).collect();
    let said =
        |what: &str| site.ok(&["assumir", "--autor", "ana", "--motivo", "no servidor", "--saiu", what]);
    let known = said(&format!("teste/2001/divulgacao/{}", codes[0]));
    assert!(known.contains("1 entrega saiu do outro livro e não sai de novo"), "{known}");
    let ahead = said(&format!("<teste.2002.divulgacao.{}@{DOMAIN}>", codes[1]));
    assert!(ahead.contains("1 entrega saiu do outro livro e não está à espera neste"), "{ahead}");
    assert_eq!(twice(&relay), Vec::<String>::new());
    site.ok(&["liberar", "--lote", &batch_of(&assumed), "--autor", "ana", "--motivo", "as outras não"]);
    assert_eq!(daemon.terminate().code(), Some(0));
    site.ok(&["servir", "--uma-vez"]);
    let again = twice(&relay);
    assert_eq!(again.len(), 2 * MUNICIPALITIES - 2, "{again:?}");
    let vouched = [
        format!("<teste.2001.divulgacao.{}@{DOMAIN}>", codes[0]),
        format!("<teste.2002.divulgacao.{}@{DOMAIN}>", codes[1]),
    ];
    assert!(!again.iter().any(|id| vouched.contains(id)), "{again:?}");
    assert!(site.ok(&["livro", "conferir"]).starts_with("livro íntegro"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_log_no_letter_or_no_copy_is_refused_and_nothing_is_assumed() {
    let relay = Relay::start().await;
    let site = Site::new(&choice(&relay, 1));
    site.ok(&["servir", "--uma-vez"]);
    let by = ["--autor", "ana", "--motivo", "disco trocado"];
    let run = |more: &[&str]| {
        let output = site.run(&[&["assumir"], &by[..], more].concat());
        (output.status.code(), said(&output))
    };
    let key = format!("teste/2001/divulgacao/{}", site.municipalities[0]);
    let (code, words) = run(&["--saiu", &key]);
    assert!(code == Some(1) && words.contains("nunca foi assumido"), "{words}");

    fs::remove_file(site.data().join("vigia.db.testemunha")).unwrap();
    let table = site.config().join("municipios.csv");
    let unknown = format!("teste/2099/divulgacao/{}", site.municipalities[0]);
    for (more, expected, words) in [
        (["--registro", table.to_str().unwrap()], 1, "não tem nenhuma linha do Postfix"),
        (["--registro", "/nao/existe"], 3, "não foi possível ler o registro /nao/existe"),
        (["--saiu", &unknown], 1, "ainda não pode ter saído: o calendário não tem a janela teste/2099"),
        (["--saiu", "carta da ana"], 1, "não é nome de aviso nem Message-ID"),
        (["--saiu", "<teste.2001.divulgacao.3205309@outro.org>"], 1, "não é nome de aviso nem Message-ID"),
    ] {
        let (code, said) = run(&more);
        assert!(code == Some(expected) && said.contains(words), "{said}");
        assert_eq!(site.run(&["saude"]).status.code(), Some(1), "still doubted");
    }
    assert_eq!(run(&[]).0, Some(0));
    assert_eq!(site.run(&["saude"]).status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_not_assumed_while_the_original_sends_on_this_machine_and_a_moved_or_linked_folder_is_none()
{
    let relay = Relay::start().await;
    let site = Site::new(&choice(&relay, 1));
    let daemon = site.daemon();
    relay.distinct(MUNICIPALITIES).await;
    let live = site.run(&["assumir", "--autor", "ana", "--motivo", "por via das dúvidas"]);
    assert_eq!(live.status.code(), Some(1), "{}", said(&live));
    assert!(said(&live).contains("não duvida deste livro; não há o que assumir"), "{}", said(&live));
    let copy = site.config().with_file_name("outra");
    copy_folder(&site.data(), &copy);
    let assume = || {
        let mut command = site.command(&["assumir", "--autor", "ana", "--motivo", "esta vale"]);
        command.env("VIGIA_DADOS", &copy).output().unwrap()
    };
    let refused = assume();
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("o serviço está em pé com o livro original"), "{}", said(&refused));
    assert_eq!(daemon.terminate().code(), Some(0));
    assert_eq!(assume().status.code(), Some(0), "{}", said(&assume()));

    let moved = site.config().with_file_name("disco2");
    fs::rename(site.data(), &moved).unwrap();
    std::os::unix::fs::symlink(&moved, site.data()).unwrap();
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(site.run(&["saude"]).status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_dados_sends_nothing_again_from_whatever_folder_and_is_let_in_by_its_number() {
    let relay = Relay::start().await;
    let site = Site::new(&choice(&relay, 1));
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(letters(&relay).len(), MUNICIPALITIES);
    let vigia = site.config().join("vigia.toml");
    let text = fs::read_to_string(&vigia).unwrap();
    let other = site.config().join("livro");
    fs::write(&vigia, text.replace(site.data().to_str().unwrap(), other.to_str().unwrap())).unwrap();
    for _ in 0..2 {
        let held = site.run(&["servir", "--uma-vez"]);
        assert_eq!(held.status.code(), Some(1), "{}", said(&held));
        assert!(said(&held).contains("aplicar --confirmar"), "{}", said(&held));
    }
    // A daemon goes on over the ledger that it kept.
    let daemon = site.daemon();
    daemon.logs("rodada de entregas encerrada");
    assert_eq!(daemon.terminate().code(), Some(0));
    let asked = said(&site.run(&["aplicar", "--sim", "--autor", "ana"]));
    assert!(asked.contains("--confirmar"), "a person's word is asked for: {asked}");
    assert!(letters(&relay).values().all(|times| *times == 1), "{:?}", letters(&relay));
    // What was meant: the folder moves with what it holds.
    fs::rename(site.data(), &other).unwrap();
    let moved = site.run(&["servir", "--uma-vez"]);
    assert_eq!(moved.status.code(), Some(0), "{}", said(&moved));
    assert!(letters(&relay).values().all(|times| *times == 1), "{:?}", letters(&relay));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_begins_where_another_was_sends_nothing_until_it_is_assumed() {
    let relay = Relay::start().await;
    let site = Site::new(&choice(&relay, 1));
    site.ok(&["servir", "--uma-vez"]);
    for file in fs::read_dir(site.data()).unwrap().map(|file| file.unwrap().path()) {
        if file.file_name().unwrap().to_string_lossy().starts_with("vigia.db") {
            fs::remove_file(file).unwrap();
        }
    }
    for _ in 0..2 {
        let doubted = site.run(&["servir", "--uma-vez"]);
        assert_eq!(doubted.status.code(), Some(1), "{}", said(&doubted));
    }
    assert!(said(&site.run(&["saude"])).contains("começou do nada onde havia outro"));
    assert_eq!(alerts(&relay), 1);
    assert!(letters(&relay).values().all(|times| *times == 1), "{:?}", letters(&relay));
    let assumed = site.ok(&["assumir", "--autor", "ana", "--motivo", "o livro se perdeu"]);
    site.ok(&["servir", "--uma-vez"]);
    assert!(letters(&relay).values().all(|times| *times == 1), "what may have left waits");
    site.ok(&["liberar", "--lote", &batch_of(&assumed), "--autor", "ana", "--motivo", "ninguém recebeu"]);
    site.ok(&["servir", "--uma-vez"]);
    assert!(letters(&relay).values().all(|times| *times == 2), "a person let them go: {:?}", letters(&relay));
    assert!(site.ok(&["livro", "conferir"]).starts_with("livro íntegro"));
}
