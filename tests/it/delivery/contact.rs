//! Addresses that fail, and what comes back, by the commands that staff use: flags, their way out, and the queue's stop.

use std::io::Write as _;
use std::process::Stdio;

use vigia_suas::mail::message::plain_text;
use vigia_suas::store::DeliveryFilter;
use vigia_suas::text::digest::sha256;

use crate::support::app::{Choice, DOMAIN, Site};
use crate::support::smtp::{Deed, Relay};

const MUNICIPALITIES: usize = 6;

/// An installation whose first window has been announced.
async fn announced(deed: Option<Deed>) -> (Relay, Site, String) {
    let relay = Relay::start().await;
    let site = Site::new(&Choice { municipalities: MUNICIPALITIES, ..Choice::new(relay.port) });
    let smas = site.address(site.municipalities[0], "smas");
    if let Some(deed) = deed {
        relay.once(&smas, deed);
    }
    site.ok(&["servir", "--uma-vez"]);
    (relay, site, smas)
}

/// Opens one more window, and makes a pass.
fn announce_another(relay: &Relay, site: &Site) {
    site.write_calendar(&Choice { municipalities: MUNICIPALITIES, windows: 2, ..Choice::new(relay.port) });
    site.ok(&["servir", "--uma-vez"]);
}

/// How many letters of the second window an address took.
fn of_another(relay: &Relay, to: Option<&str>) -> usize {
    let taken = relay.taken();
    let second = taken.iter().filter(|taken| taken.message_id.starts_with("<teste.2002."));
    second.filter(|taken| to.is_none_or(|to| taken.to == to)).count()
}

fn alerts(relay: &Relay) -> usize {
    relay.taken().iter().filter(|taken| taken.to == format!("alertas@{DOMAIN}")).count()
}

/// Hands a failure of the letter to an address to `devolucao`.
async fn comes_back(site: &Site, address: &str, said: &str) {
    let lines = site.ledger().await.deliveries(&DeliveryFilter::default()).await.unwrap();
    let line = lines.iter().find(|line| line.address.as_str() == address).unwrap();
    let status = said.split(' ').nth(1).unwrap();
    let message = format!(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.invalid\nSubject: Undelivered Mail Returned to Sender\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\
         Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.invalid\n\n\
         Final-Recipient: rfc822; {address}\nAction: failed\nStatus: {status}\nDiagnostic-Code: smtp; {said}\n\n--b\n\
         Content-Type: text/rfc822-headers\n\nMessage-ID: {}\n\n--b--\n",
        line.message_id
    );
    let said = returned(site, &message);
    assert!(said.starts_with("devolvido"), "{said}");
}

/// What `devolucao` says of a message.
fn returned(site: &Site, message: &str) -> String {
    let mut command = site.command(&["devolucao"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(message.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flagged_address_is_shown_gets_no_letter_and_gets_them_again_once_somebody_confirms_it() {
    let (relay, site, smas) = announced(Some(Deed::AtRcpt("550 5.1.1 nobody"))).await;
    let shown = site.ok(&["contato"]);
    assert!(shown.contains(&smas) && shown.contains("o endereço não existe"), "{shown}");
    assert_eq!(shown.lines().count(), 1);
    announce_another(&relay, &site);
    assert_eq!((of_another(&relay, None), of_another(&relay, Some(&smas))), (MUNICIPALITIES, 0));

    assert_eq!(
        site.run(&["contato", "confirmar", "outro@es.gov.br", "--autor", "ana", "--motivo", "um motivo"])
            .status
            .code(),
        Some(1)
    );
    assert_eq!(site.run(&["contato", "confirmar", &smas]).status.code(), Some(2), "a reason is asked for");
    let said =
        site.ok(&["contato", "confirmar", &smas, "--autor", "ana", "--motivo", "confirmado por telefone"]);
    assert!(said.starts_with(&format!("confirmado: {smas}")), "{said}");
    assert_eq!(site.ok(&["contato"]), "");
    let told = site.ok(&["livro"]);
    assert!(told.contains("endereço confirmado") && told.contains("confirmado por telefone"), "{told}");
    site.write_calendar(&Choice { municipalities: MUNICIPALITIES, windows: 3, ..Choice::new(relay.port) });
    site.ok(&["servir", "--uma-vez"]);
    let third =
        relay.taken().iter().filter(|t| t.message_id.starts_with("<teste.2003.") && t.to == smas).count();
    assert_eq!(third, 1);
    assert!(site.ok(&["livro", "conferir"]).starts_with("livro íntegro"));
}

/// An address is corrected while its letter waits for it, or while somebody holds that letter.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_that_waits_for_an_address_corrected_since_goes_to_the_right_one_alone() {
    let relay = Relay::start().await;
    let site = Site::new(&Choice { municipalities: MUNICIPALITIES, ..Choice::new(relay.port) });
    let wrong = [0, 1].map(|n| site.address(site.municipalities[n], "smas"));
    for to in &wrong {
        relay.once(to, Deed::AtRcpt("450 4.1.2 domínio não encontrado"));
    }
    site.ok(&["servir", "--uma-vez"]);
    let correct = |wrong: &str, right: &str| {
        let roster = site.config().join("municipios.csv");
        let text = std::fs::read_to_string(&roster).unwrap();
        std::fs::write(&roster, text.replace(wrong, right)).unwrap();
    };
    let taken_by = |to: &str| relay.taken().iter().filter(|taken| taken.to == to).count();
    correct(&wrong[0], "certo@municipio0.es.gov.br");
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!((taken_by("certo@municipio0.es.gov.br"), taken_by(&wrong[0])), (1, 0));

    let by_ana = |command: &str| {
        site.ok(&[command, "--tudo", "--autor", "ana", "--motivo", "um endereço errado"]);
        site.ok(&["servir", "--uma-vez"]);
    };
    by_ana("reter");
    correct(&wrong[1], "certo@municipio1.es.gov.br");
    by_ana("liberar");
    assert_eq!((taken_by("certo@municipio1.es.gov.br"), taken_by(&wrong[1])), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_that_come_back_from_several_domains_stop_the_queue_flag_nobody_and_liberar_resumes_it() {
    let (relay, site, _) = announced(None).await;
    // Three municipalities under three domains.
    for code in &site.municipalities[..3] {
        let said = "554 5.7.1 Service unavailable; Client host blocked using zen.spamhaus.org";
        comes_back(&site, &site.address(*code, "smas"), said).await;
    }
    for _ in 0..2 {
        announce_another(&relay, &site);
        assert_eq!(of_another(&relay, None), 0, "a restart does not forget");
    }
    assert_eq!(site.ok(&["contato"]), "", "what was flagged so is lifted");
    assert!(alerts(&relay) >= 1, "staff are told meanwhile");
    let health = site.run(&["saude"]);
    let said = String::from_utf8_lossy(&health.stderr).into_owned();
    assert_eq!(health.status.code(), Some(1));
    assert!(said.contains("a fila espera") && said.contains("liberar --lote fila"), "{said}");
    assert!(String::from_utf8_lossy(&site.run(&["plano"]).stderr).contains("a fila espera"));
    let page = site.ok(&["plano"]);
    assert!(page.contains("a fila espera") && !page.contains("O que pede uma pessoa\n  nada"), "{page}");
    assert_eq!(
        site.run(&["reter", "--lote", "fila", "--autor", "ana", "--motivo", "um motivo"]).status.code(),
        Some(1)
    );

    site.ok(&["liberar", "--lote", "fila", "--autor", "ana", "--motivo", "saímos da lista"]);
    assert_eq!(
        site.run(&["liberar", "--lote", "fila", "--autor", "ana", "--motivo", "um motivo"]).status.code(),
        Some(1),
        "nothing waits"
    );
    assert_eq!(site.run(&["saude"]).status.code(), Some(0));
    site.ok(&["servir", "--uma-vez"]);
    assert_eq!(of_another(&relay, None), MUNICIPALITIES);
    for code in &site.municipalities[..3] {
        let again = format!("<teste.2001.divulgacao.{code}.v2@{DOMAIN}>");
        assert!(relay.taken().iter().any(|t| t.message_id == again), "what came back leaves again: {again}");
    }
    let told = site.ok(&["livro"]);
    assert!(told.contains("fila parada") && told.contains("saímos da lista"), "{told}");
    assert!(site.ok(&["livro", "conferir"]).starts_with("livro íntegro"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_nearly_all_letters_come_back_as_unknown_the_queue_stops_and_no_address_is_condemned() {
    let (relay, site, _) = announced(None).await;
    for code in &site.municipalities[..5] {
        comes_back(&site, &site.address(*code, "smas"), "550 5.1.1 User unknown").await;
    }
    announce_another(&relay, &site);
    assert_eq!(of_another(&relay, None), 0, "the queue waits");
    assert_eq!(site.ok(&["contato"]), "", "nobody is at fault");
    let said = String::from_utf8_lossy(&site.run(&["saude"]).stderr).into_owned();
    assert!(said.contains("a fila espera"), "{said}");
    let told = relay.taken().into_iter().filter(|taken| taken.to == format!("alertas@{DOMAIN}"));
    let told: Vec<String> = told.map(|taken| plain_text(&taken.bytes).unwrap()).collect();
    assert!(told.iter().any(|text| text.contains("conhece os destinatários")), "{told:?}");
    assert!(site.ok(&["livro", "conferir"]).starts_with("livro íntegro"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_dead_domains_stop_nobody_else() {
    let (relay, site, _) = announced(None).await;
    let said = "550 5.4.4 Host or domain name not found. Name service error for name=x.es.gov.br type=AAAA";
    for code in &site.municipalities[..3] {
        comes_back(&site, &site.address(*code, "smas"), said).await;
    }
    announce_another(&relay, &site);
    assert_eq!(of_another(&relay, None), MUNICIPALITIES, "the others have theirs");
    let shown = site.ok(&["contato"]);
    assert_eq!((shown.lines().count(), shown.matches("o endereço não existe").count()), (3, 3), "{shown}");
    assert!(site.ok(&["livro", "conferir"]).starts_with("livro íntegro"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_that_quotes_nothing_is_known_by_where_it_came_to_and_a_made_up_address_changes_nothing() {
    let relay = Relay::start().await;
    let smtp = format!("[devolucoes]\nemail = \"devolucoes@{DOMAIN}\"\nsubendereco = true\n");
    let site = Site::new(&Choice { municipalities: MUNICIPALITIES, smtp, ..Choice::new(relay.port) });
    site.ok(&["servir", "--uma-vez"]);
    let taken = relay.taken();
    let mut senders: Vec<&str> = taken.iter().map(|taken| taken.from.as_str()).collect();
    senders.sort_unstable();
    senders.dedup();
    assert_eq!(senders.len(), MUNICIPALITIES, "one for each delivery: {senders:?}");
    assert!(senders.iter().all(|from| from.contains("devolucoes+")), "{senders:?}");

    let failure = |to: &str| {
        let to = to.trim_matches(|c| matches!(c, '<' | '>'));
        format!(
            "Return-Path: <>\nDelivered-To: {to}\nFrom: MAILER-DAEMON@provedor.invalid\nTo: {to}\n\
             Subject: Mensagem retornada ao remetente\n\nSua mensagem foi rejeitada: usuário desconhecido.\n"
        )
    };
    let (first, second) = (&taken[0], &taken[1]);
    // The signature is the last sixteen digits before the domain.
    let at = second.from.find('@').unwrap();
    let digit = if second.from.as_bytes()[at - 1] == b'0' { "1" } else { "0" };
    let made_up = format!("{}{digit}{}", &second.from[..at - 1], &second.from[at..]);
    let said = returned(&site, &failure(&made_up));
    assert!(said.starts_with("falso"), "{said}");
    assert_eq!(site.ok(&["contato"]), "", "nothing came of it");

    // Message-ID and ENVID are made of what everybody knows.
    let plain = format!("devolucoes@{DOMAIN}");
    let notice = second.message_id.trim_start_matches('<').split('@').next().unwrap();
    let key = notice.replace('.', "/");
    let envid = sha256(format!("{key}\n1\n{}", second.to).as_bytes());
    let reported = |action: &str, letter: &str| {
        format!(
            "Return-Path: <>\nDelivered-To: {plain}\nFrom: MAILER-DAEMON@provedor.invalid\nTo: {plain}\nSubject: x\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\
             Content-Type: message/delivery-status\n\nOriginal-Envelope-Id: {}\n\nFinal-Recipient: rfc822; {}\n\
             Action: {action}\nStatus: 5.1.1\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {letter}\n\n--b--\n",
            &envid[..32],
            second.to
        )
    };
    for message in
        [reported("failed", &second.message_id), reported("failed", "<x@y>"), reported("delayed", "<x@y>")]
    {
        let said = returned(&site, &message);
        assert!(said.starts_with("sem-assinatura"), "{said}");
    }
    assert_eq!(site.ok(&["contato"]), "", "nothing came of them either");
    let said = returned(&site, &failure(&first.from));
    assert!(said.starts_with("devolvido"), "{said}");
    assert!(site.ok(&["contato"]).contains(&first.to), "and the address is the one that failed");
    assert_eq!(site.ok(&["contato"]).lines().count(), 1);
}
