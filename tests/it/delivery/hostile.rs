//! Relays that do what no relay should: each ends in a named state, in bounded time, and no letter is lost or doubled.

use std::time::{Duration, Instant};

use vigia_suas::domain::delivery::DeliveryState;

use super::faults::Desk;
use crate::support::app::{Choice, DOMAIN, Site};
use crate::support::smtp::{AUTHORITY, Mood, Relay};

/// Time-outs that a test can wait for.
const IMPATIENT: &str = "espera_conexao = \"2s\"\nespera_saudacao = \"1s\"\nespera_comando = \"1s\"\n\
                         espera_texto = \"2s\"\nespera_final = \"2s\"\n";
/// No round against any of these relays takes so long: they are limits, not measurements.
const LONGEST_ROUND: Duration = Duration::from_secs(20);

/// One relay, what its answer is put down as, and whether a person is called at once.
struct Case {
    mood: Mood,
    security: &'static str,
    states: &'static [DeliveryState],
    reply: &'static str,
    called: bool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_relay_puts_the_letters_off_flags_nobody_and_gets_each_once_when_it_is_kind_again() {
    let states: &[DeliveryState] = &[DeliveryState::Deferred];
    let clear = |mood, reply| Case { mood, security: "nenhuma", states, reply, called: false };
    let tls = |mood, reply, called| Case { mood, security: "starttls", states, reply, called };
    let cases = [
        clear(Mood::Mute, "o relé não respondeu em 1 s à saudação"),
        // If all of the letter was under way by then, only the relay knows that it did not take it.
        Case {
            states: &[DeliveryState::Deferred, DeliveryState::Uncertain],
            ..clear(Mood::ClosesInData, "a conexão")
        },
        clear(Mood::Babbles, "a resposta do relé não é SMTP a MAIL FROM"),
        clear(Mood::Floods, "a resposta do relé não tem fim a MAIL FROM"),
        tls(Mood::Kind, "o relé não oferece STARTTLS", true),
        tls(Mood::RefusesTls("454 4.7.0 TLS not available"), "454 4.7.0 TLS not available", false),
        tls(Mood::RefusesTls("554 5.7.0 no"), "554 5.7.0 no", true),
        tls(Mood::FailsTls, "TLS com o relé não foi aceito", true),
        tls(Mood::ExpiredTls, "TLS com o relé não foi aceito: invalid peer certificate", true),
    ];
    for case in cases {
        let mut desk = Desk::open(|choice| {
            choice.security = case.security;
            choice.smtp = format!("{IMPATIENT}ca_arquivo = \"{AUTHORITY}\"\n");
        })
        .await;
        desk.relay.mood(case.mood);
        let began = Instant::now();
        let dispatch = desk.deliver().await;
        assert!(began.elapsed() < LONGEST_ROUND, "{:?}: {:?}", case.mood, began.elapsed());
        let rounds = dispatch.deferred + dispatch.uncertain;
        assert_eq!((dispatch.accepted, rounds), (0, 1), "{:?}: one try for its connection", case.mood);
        let lines = desk.lines().await;
        let tried = lines.iter().find(|line| line.attempts > 0).unwrap();
        assert!(case.states.contains(&tried.state), "{:?}: {:?}", case.mood, tried.state);
        let is_uncertain = tried.reply.contains("depois do ponto final");
        assert_eq!(is_uncertain, tried.state == DeliveryState::Uncertain, "{:?}: {}", case.mood, tried.reply);
        assert!(tried.reply.contains(case.reply), "{:?}: {}", case.mood, tried.reply);
        assert!(desk.flagged().await.is_empty(), "{:?}", case.mood);
        assert_eq!(desk.alerts().await, usize::from(case.called), "{:?}", case.mood);
        assert!(desk.relay.taken().is_empty(), "{:?}: nothing was taken", case.mood);
        if case.security == "nenhuma" {
            desk.relay.mood(Mood::Kind);
            for _ in 0..3 {
                desk.pass_minutes(5);
                desk.deliver().await;
            }
            assert_eq!(desk.relay.taken().len(), 3, "{:?}: each letter once", case.mood);
        }
        desk.check_ledger().await;
    }
}

#[tokio::test]
async fn a_relay_that_takes_commands_together_is_given_them_together_and_each_reply_is_its_letters_own() {
    use crate::support::smtp::Deed;
    let mut desk = Desk::open(|choice| choice.municipalities = 6).await;
    desk.relay.mood(Mood::Pipelining);
    let (refused, later) = (desk.smas(1), desk.smas(3));
    // This relay grants DATA all the same, and would take an empty letter for nobody.
    desk.relay.once(&refused, Deed::AtRcpt("550 5.1.1 nobody"));
    desk.relay.once(&later, Deed::AtRcpt("450 4.2.1 later"));
    let dispatch = desk.deliver().await;
    // Five, and the refused one's next role.
    assert_eq!((dispatch.accepted, dispatch.refused, dispatch.deferred), (5, 1, 1));
    assert_eq!(desk.flagged().await, std::slice::from_ref(&refused));
    let taken = desk.relay.taken();
    assert!(taken.iter().all(|t| t.to != refused && t.to != later && !t.message_id.is_empty()));
    for line in desk.lines().await {
        let reply = match line.address.as_str() {
            to if to == refused => "550 5.1.1 nobody",
            to if to == later => "450 4.2.1 later",
            _ => "250 2.0.0 taken",
        };
        assert_eq!(line.reply, reply, "{}", line.key);
    }
    desk.pass_minutes(1);
    assert_eq!(desk.deliver().await.accepted, 1);
    desk.check_ledger().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_password_of_the_environment_reaches_the_relay_and_nothing_else() {
    let relay = Relay::start().await;
    relay.offer_login_only();
    let choice = Choice { smtp: "usuario = \"vigilancia\"\n".to_owned(), ..Choice::new(relay.port) };
    let site = Site::new(&choice);
    let none = site.run(&["servir", "--uma-vez"]);
    let said = String::from_utf8(none.stderr).unwrap();
    assert!(said.contains("nenhuma senha") && said.contains("VIGIA_SMTP_SENHA"), "{said}");
    assert!(relay.taken().is_empty());

    let mut outputs = String::new();
    for args in [&["verificar"][..], &["servir", "--uma-vez"]] {
        let output =
            site.command(args).env("VIGIA_SMTP_SENHA", "12345").env("VIGIA_LOG", "debug").output().unwrap();
        outputs += &String::from_utf8(output.stdout).unwrap();
        outputs += &String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{args:?}: {outputs}");
    }
    assert!(outputs.contains("a senha do servidor de saída vem da variável VIGIA_SMTP_SENHA"), "{outputs}");
    assert!(!outputs.contains("12345"), "{outputs}");
    assert_eq!(relay.taken().len(), 3);
    assert!(relay.auths().iter().all(|said| said == "LOGIN vigilancia 12345"), "{:?}", relay.auths());
    assert!(!relay.auths().is_empty());

    // A credential comes before the variable, and is found by itself.
    let credentials = site.data().join("credenciais");
    std::fs::create_dir_all(&credentials).unwrap();
    std::fs::write(credentials.join("smtp-senha"), "da-credencial\n").unwrap();
    let output = site
        .command(&["enviar-teste", &format!("eu@{DOMAIN}"), "--tipo", "divulgacao", "--sistema", "teste"])
        .args(["--municipio", &site.municipalities[0].to_string(), "--autor", "teste"])
        .env("VIGIA_SMTP_SENHA", "12345")
        .env("CREDENTIALS_DIRECTORY", &credentials)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(relay.auths().last().unwrap(), "LOGIN vigilancia da-credencial");
}
