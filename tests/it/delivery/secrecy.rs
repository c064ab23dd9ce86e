//! The log tells what happens by municipality and role: whoever reads it learns no address, name, telephone or password.

use std::ffi::OsStr;
use std::fs;

use crate::support::app::{Choice, Site};
use crate::support::smtp::{Deed, Relay};

const PASSWORD: &str = "Segredo-do-Rele-42";

/// Gives every municipality people with telephones; everything of the roster that no log may have.
fn people(site: &Site) -> Vec<String> {
    let path = site.config().join("municipios.csv");
    let mut secrets = vec![PASSWORD.to_owned()];
    let mut lines = Vec::new();
    for (n, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
        let mut cells: Vec<String> = line.split(';').map(str::to_owned).collect();
        if n > 0 {
            for (role, holder) in [(3, "Fulana"), (6, "Beltrano")] {
                cells[role + 1] = format!("{holder} Titular{n}");
                cells[role + 2] = format!("(27) 3333-{role}0{n:02}");
                secrets.extend_from_slice(&cells[role..role + 3]);
            }
        }
        lines.push(cells.join(";"));
    }
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    secrets
}

fn is_discreet(log: &str, secrets: &[String]) {
    for secret in secrets {
        assert!(!log.contains(secret.as_str()), "{secret} is in the log:\n{log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_address_name_telephone_or_password_is_logged_at_any_level() {
    for format in [None, Some("8:1")] {
        let relay = Relay::start().await;
        let choice = Choice {
            smtp: "usuario = \"vigilancia\"\n".to_owned(),
            municipalities: 6,
            announced_to: r#"["smas", "cmas"]"#,
            ..Choice::new(relay.port)
        };
        let site = Site::new(&choice);
        let secrets = people(&site);
        // A relay repeats the address in all that it says.
        let address = |n: usize| site.address(site.municipalities[n], "smas");
        let says = |words: &str, n: usize| -> &'static str {
            Box::leak(words.replace("ADDR", &address(n)).into_boxed_str())
        };
        relay.once(&address(0), Deed::AtRcpt(says("550 5.1.1 <ADDR>: user unknown", 0)));
        relay.once(&address(1), Deed::AtRcpt(says("450 4.2.0 (ADDR) greylisted", 1)));
        relay.once(&address(2), Deed::AtDot(says("554 5.7.1 message to ADDR, rejected", 2)));
        relay.once(&address(3), Deed::AtRcpt(says("421 4.7.0 ADDR: try again later", 3)));
        let environment = [("VIGIA_LOG", "trace"), ("VIGIA_SMTP_SENHA", PASSWORD)]
            .into_iter()
            .chain(format.map(|stream| ("JOURNAL_STREAM", stream)));
        let environment: Vec<(&str, &OsStr)> =
            environment.map(|(name, value)| (name, value.as_ref())).collect();
        let daemon = site.daemon_under(&environment);
        relay.distinct(6).await;
        daemon.logs("rodada de entregas encerrada");
        daemon.logs("tentativa encerrada");
        let roster = site.config().join("municipios.csv");
        let good = fs::read_to_string(&roster).unwrap();
        fs::write(&roster, good.replacen(&address(4), "(arroba) sem endereço", 1)).unwrap();
        daemon.signal("HUP");
        daemon.logs("vale a anterior");
        daemon.logs("municipios.csv:6");
        let log = daemon.log();
        assert_eq!(daemon.terminate().code(), Some(0));
        is_discreet(&log, &secrets);
        assert!(log.contains("[endereço]"), "what the relay said is told without the address:\n{log}");
        // Without a ledger there is no last good configuration: what it says then is its log too.
        fs::remove_dir_all(site.data()).unwrap();
        let cold = site.command(&["servir"]).envs(environment.iter().copied()).output().unwrap();
        assert_eq!(cold.status.code(), Some(1));
        let said = String::from_utf8([cold.stdout, cold.stderr].concat()).unwrap();
        assert!(said.contains("municipios.csv:6"), "{said}");
        is_discreet(&said, &secrets);
    }
}
