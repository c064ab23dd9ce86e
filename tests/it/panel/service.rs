//! The panel's faults and its visitors, and that the letters leave whatever becomes of it.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{ask, ask_until, free_port};
use crate::support::app::{Choice, Site};
use crate::support::postgres::Server;
use crate::support::smtp::Relay;

const PASSWORD: &str = "senha bem longa";

fn with_panel(site: &Site, choice: &Choice, panel: &str) {
    site.write_vigia(choice);
    let path = site.config().join("vigia.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, format!("{text}[painel]\n{panel}\n")).unwrap();
}

/// `painel senha` for a user, into a file of that mode.
fn passwords(site: &Site, mode: u32) -> String {
    let mut command = site.command(&["painel", "senha", "ana"]);
    let mut typed = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    typed.stdin.take().unwrap().write_all(format!("{PASSWORD}\n").as_bytes()).unwrap();
    let line = String::from_utf8(typed.wait_with_output().unwrap().stdout).unwrap();
    assert!(line.starts_with("ana:$argon2id$"), "{line}");
    let path = site.config().join("painel.senhas");
    fs::write(&path, line).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    path.display().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_in_use_is_told_and_keeps_no_letter_from_leaving_and_the_panel_comes_when_it_is_free() {
    let relay = Relay::start().await;
    let choice = Choice::new(relay.port);
    let site = Site::new(&choice);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    with_panel(&site, &choice, &format!("escuta = \"127.0.0.1:{port}\""));
    let daemon = site.daemon();
    daemon.logs("o painel não está no ar; o serviço segue sem ele");
    // The letters to three municipalities, and the alert to staff.
    relay.distinct(4).await;
    let alert = relay.taken().into_iter().find(|letter| letter.to.starts_with("alertas@")).unwrap();
    assert!(String::from_utf8_lossy(&alert.bytes).contains("painel"));
    let sick = site.run(&["saude"]);
    let said = String::from_utf8_lossy(&sick.stderr);
    assert_eq!(sick.status.code(), Some(1), "{said}");
    let amiss = "o painel não está no ar desde";
    assert!(said.contains(amiss) && said.contains(&port.to_string()), "{said}");
    assert!(site.ok(&["plano"]).contains(amiss), "the page of the day says what is amiss");
    drop(taken);
    ask_until(port, "/", "", "HTTP/1.1 200 OK");
    ask_until(port, "/saude", "", "\r\nok\n");
    assert_eq!(daemon.terminate().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_file_that_all_may_read_is_refused_and_one_that_is_mended_lets_its_user_in() {
    let relay = Relay::start().await;
    let choice = Choice::new(relay.port);
    let site = Site::new(&choice);
    let (port, file) = (free_port(), passwords(&site, 0o644));
    with_panel(&site, &choice, &format!("escuta = \"127.0.0.1:{port}\"\nsenhas = \"{file}\""));
    let check = site.run(&["verificar"]);
    let said = String::from_utf8_lossy(&check.stderr);
    assert_eq!(check.status.code(), Some(1), "{said}");
    assert!(said.contains("pode ser lido por qualquer usuário") && said.contains("chmod 640"), "{said}");
    let daemon = site.daemon();
    relay.distinct(4).await;
    assert!(ask(port, "/", "").is_none(), "nothing is served that could be seen without a password");
    fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
    ask_until(port, "/", "", "HTTP/1.1 401");
    // ana:senha bem longa
    let right = "Authorization: Basic YW5hOnNlbmhhIGJlbSBsb25nYQ==\r\n";
    let home = ask_until(port, "/", right, "HTTP/1.1 200 OK");
    assert!(home.contains("Quem vê: ana"), "{home}");
    let municipality = site.municipalities[0];
    let told = ask(port, &format!("/dossie/{municipality}"), right).unwrap();
    let window = told.split("?janela=").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let dossier = ask(port, &format!("/dossie/{municipality}?janela={window}"), right).unwrap();
    assert!(dossier.contains("Dossiê de comunicação"), "{dossier}");
    let journal = site.ok(&["livro", "--municipio", &municipality.to_string()]);
    assert!(journal.contains("dossiê mostrado no painel a ana (com senha)"), "{journal}");
    site.ok(&["livro", "conferir"]);
    // It breaks while the panel is served: that is said, in the browser and by `saude`, until it is mended.
    let good = fs::read_to_string(&file).unwrap();
    fs::write(&file, "ana\n").unwrap();
    let said = ask_until(port, "/", right, "HTTP/1.1 503");
    assert!(said.contains("O arquivo de senhas do painel está com defeito"), "{said}");
    daemon.logs("um arquivo do painel mudou e não serve");
    let health = |wanted: bool| {
        let begun = Instant::now();
        loop {
            let said = site.run(&["saude"]);
            let said = String::from_utf8_lossy(&said.stderr).into_owned();
            if said.contains("o painel não está no ar desde") == wanted {
                return said;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "{said}");
            std::thread::sleep(Duration::from_millis(200));
        }
    };
    assert!(health(true).contains("linha 1: não é"));
    fs::write(&file, good).unwrap();
    ask_until(port, "/", right, "HTTP/1.1 200 OK");
    health(false);
    assert_eq!(daemon.terminate().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crowds_of_idle_and_slow_visitors_cost_no_letter_and_do_not_keep_the_door() {
    let relay = Relay::start().await;
    let choice = Choice { municipalities: 60, ..Choice::new(relay.port) };
    let site = Site::new(&choice);
    let port = free_port();
    with_panel(&site, &choice, &format!("escuta = \"127.0.0.1:{port}\""));
    let daemon = site.starting(&[]);
    daemon.logs("painel no ar");
    let mut crowd = Vec::new();
    for n in 0..400 {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { continue };
        if n % 2 == 0 {
            let _begun = stream.write_all(b"GET / HTTP/1.1\r\nX: ");
        }
        crowd.push(stream);
    }
    relay.distinct(60).await;
    for _ in 0..200 {
        crowd.extend(TcpStream::connect(("127.0.0.1", port)));
    }
    // Whoever is idle makes room at once: the visitor neither waits until they are sent away nor has to come again.
    let begun = Instant::now();
    let answer = ask(port, "/saude", "").unwrap();
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
    assert!(begun.elapsed() < Duration::from_millis(1_500), "{:?}", begun.elapsed());
    drop(crowd);
    assert_eq!(daemon.terminate().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs 12,000 open files (ulimit -n), and opens 10,000 connections"]
async fn ten_thousand_idle_connections_keep_no_visitor_waiting_for_a_second_and_no_letter() {
    let relay = Relay::start().await;
    let choice = Choice { municipalities: 60, ..Choice::new(relay.port) };
    let site = Site::new(&choice);
    let port = free_port();
    with_panel(&site, &choice, &format!("escuta = \"127.0.0.1:{port}\""));
    let daemon = site.starting(&[]);
    daemon.logs("painel no ar");
    // They come as fast as they can, from several sides, and never say anything or only begin to.
    let crowd: Vec<TcpStream> = std::thread::scope(|scope| {
        let crowding = move |n: usize| {
            let mut crowd = Vec::new();
            while crowd.len() < 2_500 {
                let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                if n.is_multiple_of(2) {
                    let _begun = stream.write_all(b"GET / HTTP/1.1\r\nX: ");
                }
                crowd.push(stream);
            }
            crowd
        };
        let sides: Vec<_> = (0..4).map(|n| scope.spawn(move || crowding(n))).collect();
        sides.into_iter().flat_map(|side| side.join().unwrap()).collect()
    });
    assert_eq!(crowd.len(), 10_000);
    let begun = Instant::now();
    let answer = ask(port, "/saude", "").unwrap();
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    relay.distinct(60).await;
    drop(crowd);
    assert_eq!(daemon.terminate().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_address_is_taken_by_a_reload_and_none_ends_the_panel() {
    let relay = Relay::start().await;
    let choice = Choice::new(relay.port);
    let site = Site::new(&choice);
    let (first, second) = (free_port(), free_port());
    with_panel(&site, &choice, &format!("escuta = \"127.0.0.1:{first}\""));
    let daemon = site.daemon();
    let home = ask_until(first, "/", "", "HTTP/1.1 200 OK");
    let past = ask_until(first, "/?em=2020-01-01", "", "HTTP/1.1 200 OK");
    let feeds = "<h2>Fontes</h2>";
    assert!(home.contains(feeds) && past.contains(feeds), "{past}");
    assert!(past.contains("nenhuma coleta válida ainda"), "they are as they were then: {past}");
    with_panel(&site, &choice, &format!("escuta = \"127.0.0.1:{second}\""));
    daemon.signal("HUP");
    ask_until(second, "/", "", "HTTP/1.1 200 OK");
    assert!(ask(first, "/", "").is_none());
    site.write_vigia(&choice);
    daemon.signal("HUP");
    let begun = Instant::now();
    while ask(second, "/", "").is_some() {
        assert!(begun.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(daemon.terminate().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL"]
async fn saude_the_panel_and_the_metrics_say_who_sends_since_when_and_how_long_ago_it_gave_a_sign() {
    let server = Server::start("");
    let relay = Relay::start().await;
    let choice = Choice::new(relay.port);
    let site = Site::new(&choice);
    let port = free_port();
    with_panel(&site, &choice, &format!("escuta = \"127.0.0.1:{port}\""));
    server.serve(&site);
    let daemon = site.daemon();
    relay.distinct(3).await;
    let name = format!("(processo {}), desde ", daemon.pid());
    let said = site.ok(&["saude"]);
    assert!(said.contains(&name) && said.contains(" (última troca, época 1), e deu sinal há "), "{said}");
    let told: serde_json::Value = serde_json::from_str(&site.ok(&["--json", "saude"])).unwrap();
    let leader = &told["quem_envia"];
    assert!(leader["sinal_ha_segundos"].as_u64().unwrap() < 20 && leader["em_pe"] == true, "{leader}");
    let page = ask_until(port, "/", "", "deu sinal há ");
    assert!(page.contains(&name), "{page}");
    let metrics = ask_until(port, "/metrics", "", "vigia_lider_epoca");
    for name in ["vigia_lider_timestamp_seconds", "vigia_lider_atraso_seconds", "vigia_lider_epoca 1"] {
        assert!(metrics.contains(&format!("\n{name}")), "{metrics}");
    }
    assert_eq!(daemon.terminate().code(), Some(0));
    assert!(site.ok(&["saude"]).contains("parou e deixou o lugar: outro pode assumir"));
}
