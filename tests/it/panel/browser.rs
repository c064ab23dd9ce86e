//! The pages in a real browser, and the alert rules under Prometheus's own tool.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::{ask_until, free_port};
use crate::support::app::{Choice, Site};
use crate::support::smtp::Relay;

fn here(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/panel").join(file)
}

/// Runs a program to its end, which must be good; what it printed.
fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}\n{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium, node, and axe-core and puppeteer-core in the folder that BROWSER_MODULES names"]
async fn every_page_works_in_a_browser_at_two_widths_by_keyboard_and_without_faults_of_access() {
    let relay = Relay::start().await;
    let choice = Choice { municipalities: 12, ..Choice::new(relay.port) };
    let site = Site::new(&choice);
    let port = free_port();
    let vigia = site.config().join("vigia.toml");
    let text = std::fs::read_to_string(&vigia).unwrap();
    std::fs::write(vigia, format!("{text}[painel]\nescuta = \"127.0.0.1:{port}\"\n")).unwrap();
    let daemon = site.daemon();
    relay.distinct(12).await;
    let mut rows = "ibge;situacao;referencia\n".to_owned();
    for (n, code) in site.municipalities.iter().enumerate() {
        let word = if n % 3 == 0 { "nao" } else { "sim" };
        let _ = writeln!(rows, "{code};{word};2001");
    }
    std::fs::write(site.data().join("lista.csv"), rows).unwrap();
    ask_until(port, "/", "", "HTTP/1.1 200 OK");
    let modules =
        std::env::var_os("BROWSER_MODULES").expect("BROWSER_MODULES names a folder with node_modules");
    let said = run(Command::new("node")
        .arg(here("browser.mjs"))
        .arg(format!("http://127.0.0.1:{port}/"))
        .arg(modules));
    assert!(said.contains("pages seen"), "{said}");
    assert_eq!(daemon.terminate().code(), Some(0));
}

#[test]
#[ignore = "needs promtool, of Debian's package prometheus"]
fn the_alert_rules_hold_and_are_raised_by_what_they_tell_of() {
    let rules = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("deploy/alertas.prometheus.yml");
    run(Command::new("promtool").args(["check", "rules"]).arg(rules));
    run(Command::new("promtool").args(["test", "rules"]).arg(here("alertas.yml")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs promtool, of Debian's package prometheus"]
async fn prometheus_has_nothing_to_say_against_the_metrics() {
    let relay = Relay::start().await;
    let choice = Choice::new(relay.port);
    let site = Site::new(&choice);
    let port = free_port();
    let vigia = site.config().join("vigia.toml");
    let text = std::fs::read_to_string(&vigia).unwrap();
    std::fs::write(vigia, format!("{text}[painel]\nescuta = \"127.0.0.1:{port}\"\n")).unwrap();
    let daemon = site.daemon();
    relay.distinct(3).await;
    let answer = ask_until(port, "/metrics", "", "vigia_saudavel");
    let (_, metrics) = answer.split_once("\r\n\r\n").unwrap();
    let file = site.data().join("metrics.txt");
    std::fs::write(&file, metrics).unwrap();
    let input = std::fs::File::open(file).unwrap();
    let output = Command::new("promtool").args(["check", "metrics"]).stdin(input).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success() && said.is_empty(), "{}", String::from_utf8_lossy(&said));
    assert_eq!(daemon.terminate().code(), Some(0));
}
