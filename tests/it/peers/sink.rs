//! Postfix's smtp-sink with each of its faults, one process for each: what a letter comes to, and that it comes to it.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use vigia_suas::clock::Clock;
use vigia_suas::daemon::lifecycle::Service;
use vigia_suas::domain::delivery::{DeliveryState, Outcome};
use vigia_suas::domain::id::EmailAddress;
use vigia_suas::mail::smtp::{Envelope, Relay, Security, SmtpSender, Timeouts};
use vigia_suas::store::{DeliveryFilter, DeliveryLine};
use vigia_suas::world::setup::Setup;

use super::process::{Running, answers, free_port, program, wait_until};

/// An smtp-sink with these flags.
struct Sink {
    port: u16,
    _running: Running,
}

impl Sink {
    fn start(flags: &[&str]) -> Self {
        Self::start_at(free_port(), flags)
    }

    fn start_at(port: u16, flags: &[&str]) -> Self {
        let mut command = Command::new(program("smtp-sink"));
        // Only root may become somebody else, and must.
        if std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0 {
            command.args(["-u", "nobody"]);
        }
        let running = Running::start(command.args(flags).arg(format!("127.0.0.1:{port}")).arg("64"));
        wait_until("smtp-sink", || answers(port));
        Self { port, _running: running }
    }
}

/// The longest of these ends the slowest case.
const PATIENCE: Timeouts = Timeouts {
    connect: Duration::from_secs(5),
    greeting: Duration::from_secs(2),
    command: Duration::from_secs(2),
    data: Duration::from_secs(4),
    final_dot: Duration::from_secs(2),
};

async fn send(port: u16) -> Outcome {
    let mut sender = SmtpSender::new(Relay {
        host: "127.0.0.1".to_owned(),
        port,
        security: Security::Plain,
        credentials: None,
        extra_ca: None,
        hello_name: "vigia.example.org".to_owned(),
        timeouts: PATIENCE,
    })
    .unwrap();
    let from = EmailAddress::parse("a@example.org").unwrap();
    let to = EmailAddress::parse("b@example.org").unwrap();
    let letter = format!("Subject: x\r\n\r\n{}", "Uma linha de texto da carta.\r\n".repeat(200));
    let outcome = sender.send(Envelope { from: &from, to: &to, id: None }, letter.as_bytes()).await;
    sender.close().await;
    outcome
}

/// What a letter comes to, in one word.
fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted { .. } => "taken",
        Outcome::Deferred { slow_down: false, .. } => "put off",
        Outcome::Deferred { slow_down: true, .. } => "slow down",
        Outcome::Refused { .. } => "refused",
        Outcome::RelayFault { .. } => "relay at fault",
        Outcome::Uncertain { .. } => "uncertain",
    }
}

const CASES: [(&str, &str); 46] = [
    ("", "taken"),
    // 5xx: before MAIL is answered the relay is at fault, after it the letter or its address.
    ("-f CONNECT", "relay at fault"),
    ("-f EHLO", "relay at fault"),
    ("-f MAIL", "relay at fault"),
    ("-f RCPT", "refused"),
    ("-f DATA", "refused"),
    ("-f .", "refused"),
    ("-f RSET", "taken"),
    ("-f QUIT", "taken"),
    // 4xx.
    ("-r CONNECT", "slow down"),
    ("-r EHLO", "slow down"),
    ("-r MAIL", "slow down"),
    ("-r RCPT", "put off"),
    ("-r DATA", "put off"),
    ("-r .", "put off"),
    ("-r RCPT,.", "put off"),
    // Closed without a word: only after the final dot may the letter have been taken.
    ("-q CONNECT", "slow down"),
    ("-q EHLO", "slow down"),
    ("-q MAIL", "slow down"),
    ("-q RCPT", "slow down"),
    ("-q DATA", "slow down"),
    ("-q .", "uncertain"),
    ("-q QUIT", "taken"),
    // 421 and closed.
    ("-Q CONNECT", "slow down"),
    ("-Q EHLO", "slow down"),
    ("-Q MAIL", "slow down"),
    ("-Q RCPT", "slow down"),
    ("-Q DATA", "slow down"),
    ("-Q .", "slow down"),
    ("-Q QUIT", "taken"),
    // A 550 between DATA and the dot.
    ("-A 1", "refused"),
    // Slow, and too slow.
    ("-w 1", "taken"),
    ("-w 9", "slow down"),
    ("-W CONNECT:1", "taken"),
    ("-W CONNECT:9", "slow down"),
    ("-W EHLO:9", "slow down"),
    ("-W MAIL:9", "slow down"),
    ("-W RCPT:1", "taken"),
    ("-W RCPT:9", "slow down"),
    ("-W DATA:9", "slow down"),
    ("-W .:1", "taken"),
    ("-W .:9", "uncertain"),
    ("-H 1", "taken"),
    // Less than full ESMTP.
    ("-a -p -8 -N -E", "taken"),
    // None at all: no letter leaves by HELO.
    ("-e", "relay at fault"),
    ("-P", "relay at fault"),
];

#[test]
#[ignore = "needs Postfix"]
fn each_fault_of_a_relay_has_its_outcome_and_none_takes_for_ever() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let wrong: Vec<String> = runtime.block_on(async {
        let mut running = tokio::task::JoinSet::new();
        for (flags, wanted) in CASES {
            let sink = Sink::start(&flags.split_whitespace().collect::<Vec<_>>());
            running.spawn(async move {
                let began = Instant::now();
                let sink = sink; // all of it, so that it runs until here
                let outcome = send(sink.port).await;
                let took = began.elapsed();
                let late = took > Duration::from_secs(12);
                (word(&outcome) != wanted || late)
                    .then(|| format!("smtp-sink {flags}: {outcome:?} in {took:?}, not {wanted}"))
            });
        }
        running.join_all().await.into_iter().flatten().collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "needs Postfix"]
fn enhanced_codes_say_whether_the_relay_asks_for_patience() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (step, reply, wanted) in [
        ("RCPT", "452 4.2.2 Mailbox full", "put off"),
        ("RCPT", "451 4.3.0 Try again later", "slow down"),
        (".", "452 4.3.1 Insufficient system storage", "slow down"),
        ("MAIL", "454 4.7.0 Temporary authentication failure", "slow down"),
    ] {
        let sink = Sink::start(&["-r", step, "-b", reply]);
        let outcome = runtime.block_on(send(sink.port));
        assert_eq!((word(&outcome), outcome.reply()), (wanted, reply));
    }
}

/// Opening morning of a window, within the sending hours.
const MORNING: &str = "2027-03-01T13:00:00Z";

fn configure(dir: &Path, port: u16) {
    let data = dir.join("dados");
    let settings = format!(
        r#"
modo = "producao"
inicio = 2027-03-01
dados = "{}"
[remetente]
nome = "Vigilância Socioassistencial"
email = "vigilancia@vigia.medicao"
[smtp]
servidor = "127.0.0.1"
porta = {port}
seguranca = "nenhuma"
[gerencia.GPSB]
nome = "Gerência"
email = "gpsb@vigia.medicao"
[gsuas]
nome = "GSUAS"
email = "gsuas@vigia.medicao"
[alertas]
pagina_do_dia = false
"#,
        data.display()
    );
    let calendar = r#"
[parte.GESTAO]
nome = "Gestão municipal"
responsavel = "smas"
[sistema.censo-suas]
nome = "Censo SUAS"
link = "https://aplicacoes.mds.gov.br/sagi/censosuas"
partes = ["GESTAO"]
gerencias = ["GPSB"]
sancao = "padrao"
validade_situacao = "36h"
divulgacao_para = ["smas"]
escada = [{ antes = "5d", para = ["smas"] }]
[[janela]]
sistema = "censo-suas"
referencia = "2027"
abertura = 2027-03-01
prazo = 2027-04-30
fonte = "Ensaio"
"#;
    let roster = "ibge;nome;regiao;smas_email;smas_titular;smas_telefone;cmas_email;cmas_titular;cmas_telefone;\
                  dispensas;observacao\n\
                  3205309;Vitória;Metropolitana;smas@vitoria.medicao;;;;;;;\n";
    for (name, text) in
        [("vigia.toml", settings.as_str()), ("calendario.toml", calendar), ("municipios.csv", roster)]
    {
        std::fs::write(dir.join(name), text).unwrap();
    }
}

/// The daemon starts, makes one pass and ends; the ledger's deliveries after it.
async fn once(dir: &Path, at: &str) -> (Vec<DeliveryLine>, Vec<DeliveryState>) {
    let now: Timestamp = at.parse().unwrap();
    let setup = Setup::load(Some(dir), now).unwrap_or_else(|fault| panic!("{fault}"));
    let service = Service::start(setup, Clock::Fixed(now)).await.unwrap();
    service.once().await.unwrap();
    let store = &service.app.store;
    let lines = store.deliveries(&DeliveryFilter::default()).await.unwrap();
    let mut attempts = Vec::new();
    for line in &lines {
        attempts.extend(store.attempts(&line.id).await.unwrap().iter().map(|a| a.outcome));
    }
    assert!(store.verify().await.unwrap().is_whole());
    store.close().await;
    (lines, attempts)
}

#[test]
#[ignore = "needs Postfix"]
fn a_relay_that_hangs_up_after_the_dot_leaves_it_uncertain_and_the_letter_is_repeated_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sink = Sink::start(&["-q", "."]);
    let port = sink.port;
    configure(dir.path(), port);

    let (first, attempts) = runtime.block_on(once(dir.path(), MORNING));
    assert_eq!(attempts, [DeliveryState::Uncertain]);
    assert_eq!(first[0].state, DeliveryState::Uncertain);
    drop(sink);

    let _sink = Sink::start_at(port, &[]);
    let (then, attempts) = runtime.block_on(once(dir.path(), "2027-03-01T15:00:00Z"));
    assert_eq!(attempts, [DeliveryState::Uncertain, DeliveryState::Accepted]);
    assert_eq!(then.len(), 1, "no other letter came of it");
    assert_eq!((&then[0].id, &then[0].message_id), (&first[0].id, &first[0].message_id));
}

#[test]
#[ignore = "needs Postfix"]
fn a_relay_that_refuses_the_sender_refuses_no_municipality_and_calls_a_person() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sink = Sink::start(&["-f", "MAIL"]);
    configure(dir.path(), sink.port);
    let (lines, _) = runtime.block_on(once(dir.path(), MORNING));
    let to_municipality: Vec<_> = lines.iter().filter(|l| l.key.municipality().is_some()).collect();
    assert_eq!(to_municipality.len(), 1);
    assert_eq!(to_municipality[0].state, DeliveryState::Deferred);
    assert!(lines.iter().any(|l| l.key.to_string().contains("servidor-de-saida")), "{lines:?}");
}
