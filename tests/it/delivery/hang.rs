//! Each loop of the real program hung, one in each of nine services (`TESTE_TRAVA`, which only a build for debugging knows).
//! What systemd makes of it is seen by `tests/systemd/run`.

use std::ffi::OsStr;

use super::server::{A_MINUTE, said, until};
use crate::support::app::{Choice, Site};
use crate::support::smtp::Relay;

const LOOPS: [&str; 9] = [
    "ingestão",
    "cadastro",
    "notícias",
    "devoluções",
    "decisão",
    "envio",
    "alertas",
    "sinal",
    "autoconferência",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a minute"]
async fn whichever_loop_of_the_program_hangs_it_is_named_and_ends_the_signs_of_life_and_the_others_get_on() {
    let mut services = Vec::new();
    for name in LOOPS {
        let relay = Relay::start().await;
        let choice = Choice::new(relay.port);
        let site = Site::new(&choice);
        let environment = [("TESTE_TRAVA", OsStr::new(name)), ("WATCHDOG_USEC", OsStr::new("6000000"))];
        let daemon = site.daemon_under(&environment);
        services.push((name, relay, choice, site, daemon));
    }
    for (name, relay, choice, site, daemon) in services {
        daemon.wait_for("WATCHDOG=1");
        daemon.logs("um laço não avança");
        until(A_MINUTE, "saude names it", || {
            let health = said(&site.run(&["saude"]));
            health.contains(&format!("o serviço não avança ({name})"))
                && health.matches("não avança").count() == 1
        })
        .await;
        let log = daemon.log();
        let mut told = log.lines().filter(|line| line.contains("um laço não avança"));
        assert!(told.all(|line| line.contains(name)), "{name}: {log}");
        daemon.falls_silent();
        site.write_calendar(&Choice { windows: 2, ..choice });
        daemon.signal("HUP");
        match name {
            "decisão" => daemon.logs("configuração recarregada"),
            "envio" => {
                until(A_MINUTE, "it is decided", || site.ok(&["livro"]).contains("teste/2002")).await;
            }
            _ => {
                relay.distinct(6).await;
            }
        }
        daemon.kill();
        assert!(site.ok(&["livro", "conferir"]).starts_with("livro íntegro"), "{name}");
    }
}
