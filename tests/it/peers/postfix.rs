//! A Postfix of our own on loopback: STARTTLS, AUTH, delivery into a Maildir. It touches nothing of the machine's own.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use vigia_suas::clock::Clock;
use vigia_suas::config;
use vigia_suas::domain::delivery::Outcome;
use vigia_suas::domain::id::EmailAddress;
use vigia_suas::domain::time::Zone;
use vigia_suas::mail::relay_log::{LoggedFate, RelayLog};
use vigia_suas::mail::smtp::{Envelope, SmtpSender};
use vigia_suas::world::relay::relay_of;

use super::process::{answers, free_port, program, run, wait_until};

const USER: &str = "vigilancia";
const PASSWORD: &str = "uma senha só do ensaio";
const SENDER: &str = "vigilancia@secretaria.ensaio";
const MAILBOX: &str = "smas@municipio.ensaio";
/// Debian's user `mail`: Postfix delivers as nobody with a lower number, nor as root.
const MAIL: u32 = 8;

/// What makes each listener differ.
#[derive(Debug, Clone, Copy)]
struct Ports {
    good: u16,
    expired: u16,
    misnamed: u16,
    clear: u16,
    /// Offers AUTH LOGIN alone.
    login: u16,
}

/// A Postfix that runs until dropped. Needs root, as its master does.
struct Postfix {
    dir: tempfile::TempDir,
    ports: Ports,
}

impl Postfix {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for name in ["etc", "etc/sasl", "queue", "data", "tls", "sasl", "mail"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        fs::set_permissions(root, fs::Permissions::from_mode(0o755)).unwrap();
        run(Command::new("chown").arg("postfix").arg(root.join("data")));
        chown(root.join("mail"), Some(MAIL), Some(MAIL))
            .unwrap_or_else(|fault| panic!("this test needs root: {fault}"));
        certificates(&root.join("tls"));
        let ports = Ports {
            good: free_port(),
            expired: free_port(),
            misnamed: free_port(),
            clear: free_port(),
            login: free_port(),
        };
        accounts(root);
        settings(root, ports);
        let postfix = Self { dir, ports };
        run(postfix.command().arg("start"));
        for port in [ports.good, ports.expired, ports.misnamed, ports.clear, ports.login] {
            wait_until("Postfix", || answers(port));
        }
        postfix
    }

    fn command(&self) -> Command {
        let mut command = Command::new(program("postfix"));
        command.arg("-c").arg(self.dir.path().join("etc"));
        command
    }

    /// As `[smtp]` in vigia.toml would be.
    fn relay(&self, port: u16, password: &str) -> config::RelaySettings {
        let password_file = self.dir.path().join(format!("senha-{}", password.len()));
        fs::write(&password_file, format!("{password}\n")).unwrap();
        config::RelaySettings {
            oauth: None,
            host: "localhost".to_owned(),
            port,
            security: config::RelaySecurity::StartTls,
            user: Some(USER.to_owned()),
            password_file: Some(password_file),
            ca_file: Some(self.dir.path().join("tls/ca.pem")),
            per_minute: 30,
            per_day: 1000,
            connections: 1,
            patience: config::RelayPatience::default(),
        }
    }

    /// The letters in the mailbox.
    fn mailbox(&self) -> Vec<Vec<u8>> {
        let Ok(entries) = fs::read_dir(self.dir.path().join("mail/smas/new")) else { return Vec::new() };
        entries.map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("mail.log")).unwrap_or_default()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        // Its master knows its own children; a second stop does no harm.
        let _ = self.command().arg("stop").output();
    }
}

/// An authority, and three certificates by it: good, expired, and for another name.
fn certificates(dir: &Path) {
    let openssl = |args: &[&str]| {
        let mut command = Command::new(program("openssl"));
        run(command.current_dir(dir).args(args));
    };
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let authority = ["-x509", "-days", "30", "-subj", "/CN=Ensaio", "-keyout", "ca.key", "-out", "ca.pem"];
    openssl(
        &[&["req"][..], &key, &authority, &["-addext", "keyUsage=critical,keyCertSign,cRLSign"]].concat(),
    );
    for (name, host, days) in
        [("good", "localhost", "30"), ("expired", "localhost", "-1"), ("misnamed", "outro.ensaio", "30")]
    {
        let (key_file, request, file) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.pem"));
        let extensions = format!("subjectAltName=DNS:{host}\nextendedKeyUsage=serverAuth\n");
        fs::write(dir.join("extensions"), extensions).unwrap();
        let subject = format!("/CN={host}");
        openssl(&[&["req"][..], &key, &["-subj", &subject, "-keyout", &key_file, "-out", &request]].concat());
        let by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "extensions"];
        openssl(&[&["x509", "-req", "-in", &request, "-out", &file, "-days", days][..], &by].concat());
    }
}

/// One user who may send, in a SASL database of its own.
fn accounts(root: &Path) {
    let database = root.join("sasl/users.db");
    let mut child = Command::new(program("saslpasswd2"))
        .args(["-p", "-c", "-u", "ensaio", "-f"])
        .arg(&database)
        .arg(USER)
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), PASSWORD.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    run(Command::new("chown").arg("postfix").arg(&database));
    let mechanism = format!(
        "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {}\nmech_list: PLAIN LOGIN\n",
        database.display()
    );
    // Where Debian's Postfix looks, beside its main.cf; others look where cyrus_sasl_config_path says.
    fs::write(root.join("etc/sasl/smtpd.conf"), mechanism).unwrap();
}

fn settings(root: &Path, ports: Ports) {
    let at = |name: &str| root.join(name).display().to_string();
    let tls = |name: &str| format!("{}, {}", at(&format!("tls/{name}.key")), at(&format!("tls/{name}.pem")));
    let main = format!(
        "compatibility_level = 3.6
myhostname = relay.ensaio
mydestination =
mynetworks =
alias_maps =
alias_database =
local_recipient_maps =
inet_interfaces = loopback-only
inet_protocols = ipv4
queue_directory = {queue}
data_directory = {data}
maillog_file = {log}
maillog_file_prefixes = {root}
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
virtual_mailbox_domains = municipio.ensaio
virtual_mailbox_base = {mail}
virtual_mailbox_maps = inline:{{ {{ {MAILBOX} = smas/ }} }}
virtual_uid_maps = static:{MAIL}
virtual_gid_maps = static:{MAIL}
virtual_minimum_uid = 1
smtpd_tls_chain_files = {good}
smtpd_tls_security_level = encrypt
smtpd_sasl_type = cyrus
smtpd_sasl_auth_enable = yes
smtpd_sasl_local_domain = ensaio
cyrus_sasl_config_path = {sasl}
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_error_sleep_time = 0
",
        queue = at("queue"),
        data = at("data"),
        log = at("mail.log"),
        root = root.display(),
        mail = at("mail"),
        good = tls("good"),
        sasl = at("etc/sasl"),
    );
    fs::write(root.join("etc/main.cf"), main).unwrap();
    let Ports { good, expired, misnamed, clear, login } = ports;
    let master = format!(
        "127.0.0.1:{good} inet n - n - - smtpd
127.0.0.1:{expired} inet n - n - - smtpd
  -o {{ smtpd_tls_chain_files = {old} }}
127.0.0.1:{misnamed} inet n - n - - smtpd
  -o {{ smtpd_tls_chain_files = {other} }}
127.0.0.1:{login} inet n - n - - smtpd
  -o smtpd_sasl_mechanism_filter=login
127.0.0.1:{clear} inet n - n - - smtpd
  -o smtpd_tls_security_level=none
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
",
        old = tls("expired"),
        other = tls("misnamed"),
    );
    fs::write(root.join("etc/master.cf"), master).unwrap();
}

/// One letter by the relay's settings.
fn send(relay: &config::RelaySettings, letter: &[u8]) -> Outcome {
    let from = EmailAddress::parse(SENDER).unwrap();
    let to = EmailAddress::parse(MAILBOX).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut sender = SmtpSender::new(relay_of(relay, &from).unwrap()).unwrap();
        let outcome = sender.send(Envelope { from: &from, to: &to, id: None }, letter).await;
        sender.close().await;
        outcome
    })
}

fn letter() -> Vec<u8> {
    let template: PathBuf = [env!("CARGO_MANIFEST_DIR"), "config"].iter().collect();
    let mut command = assert_cmd::Command::cargo_bin("vigia-suas").unwrap();
    command.arg("carta").arg("--config").arg(template);
    command.args(["--tipo", "prazo", "--sistema", "rma", "--formato", "eml"]);
    command.assert().success().get_output().stdout.clone()
}

#[test]
#[ignore = "needs Postfix"]
fn a_letter_goes_by_starttls_and_auth_into_the_mailbox_byte_for_byte_and_by_nothing_less() {
    let postfix = Postfix::start();
    let ports = postfix.ports;
    let letter = letter();

    let outcome = send(&postfix.relay(ports.good, PASSWORD), &letter);
    assert!(
        matches!(&outcome, Outcome::Accepted { reply } if reply.starts_with("250 2.0.0 Ok: queued")),
        "{outcome:?}\n{}",
        postfix.log()
    );
    wait_until("the letter in the mailbox", || !postfix.mailbox().is_empty());
    let stored = postfix.mailbox().remove(0);
    // In a Maildir lines end in LF.
    let sent = String::from_utf8(letter.clone()).unwrap().replace("\r\n", "\n");
    let stored = String::from_utf8(stored).unwrap();
    let added = stored.strip_suffix(&sent).unwrap_or_else(|| panic!("not as sent:\n{stored}"));
    assert!(added.starts_with(&format!("Return-Path: <{SENDER}>\n")), "{added}");
    assert!(added.contains("with ESMTPSA id "), "under TLS and authenticated: {added}");

    for (port, password, says) in [
        (ports.good, "outra", "535 "),
        (ports.expired, PASSWORD, "TLS com o relé não foi aceito"),
        (ports.misnamed, PASSWORD, "TLS com o relé não foi aceito"),
        (ports.clear, PASSWORD, "o relé não oferece STARTTLS"),
    ] {
        let outcome = send(&postfix.relay(port, password), &letter);
        let Outcome::RelayFault { reply } = &outcome else { panic!("{says}: {outcome:?}") };
        assert!(reply.starts_with(says), "{says}: {reply}");
    }
    let unknown = config::RelaySettings { ca_file: None, ..postfix.relay(ports.good, PASSWORD) };
    let outcome = send(&unknown, &letter);
    assert!(matches!(&outcome, Outcome::RelayFault { reply } if reply.contains("TLS")), "{outcome:?}");

    let outcome = send(&postfix.relay(ports.login, "outra"), &letter);
    assert!(matches!(&outcome, Outcome::RelayFault { reply } if reply.starts_with("535 ")), "{outcome:?}");
    let outcome = send(&postfix.relay(ports.login, PASSWORD), &letter);
    assert!(matches!(&outcome, Outcome::Accepted { .. }), "{outcome:?}");

    wait_until("both letters in the mailbox", || postfix.mailbox().len() == 2);
    wait_until("both in the log", || postfix.log().matches("status=sent").count() == 2);
    let (zone, all) = (Zone::new(jiff::tz::TimeZone::system()), |_: &str| true);
    let now = Clock::System.now();
    let mut read = RelayLog::new(&all, &zone, now);
    assert!(read.read(&postfix.dir.path().join("mail.log")).unwrap() > 0);
    // The same letter twice is one by its Message-ID.
    let [left] = &read.letters()[..] else { panic!("{}", postfix.log()) };
    assert_eq!((left.address.as_str(), left.fate), (MAILBOX, LoggedFate::Left));
    let message_id = format!("\r\nMessage-ID: {}\r\n", left.message_id);
    assert!(String::from_utf8(letter.clone()).unwrap().contains(&message_id), "{message_id}");
    let ago = now.duration_since(left.at.unwrap());
    assert!(ago.as_secs() < 120, "when, in the log's own stamp: {ago}");

    let log = postfix.log();
    assert_eq!(log.matches("message-id=<").count(), 2, "only the first and the last were taken:\n{log}");
    assert_eq!(log.matches("sasl_method=LOGIN").count(), 1, "{log}");
    assert!(!log.contains(PASSWORD));
}
