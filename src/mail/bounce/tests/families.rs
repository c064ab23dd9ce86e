//! Families of reasons, as each mail system words them. What matters most: an address that is not at fault is never
//! accused.

use super::*;

const CMAS: &str = "cmas@vitoria.invalid";

/// A delivery report (RFC 3464) about the SMAS.
fn dsn(status: &str, diagnostic: &str) -> String {
    let fields = format!(
        "Reporting-MTA: dns; mx.es.invalid\r\n\r\nFinal-Recipient: rfc822; {SMAS}\r\nAction: failed\r\n\
         Status: {status}\r\nDiagnostic-Code: {diagnostic}\r\n"
    );
    report(&fields, "text/rfc822-headers", &headers(LETTER))
}

/// A message in prose from a mail system, the copy of the letter after it.
fn prose(from: &str, subject: &str, text: &str) -> String {
    format!(
        "Return-Path: <>\r\nFrom: {from}\r\nTo: devolucoes@example.org\r\nSubject: {subject}\r\n\r\n{text}\r\n{}",
        headers(LETTER)
    )
}

fn exim_of(said: &str) -> String {
    exim().replace("550 No such user here", said)
}

fn qmail_of(said: &str) -> String {
    qmail().replace("Sorry, no mailbox here by that name.", said)
}

fn exchange_of(said: &str) -> String {
    exchange().replace("550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found", said)
}

fn exchange_in_english(said: &str) -> String {
    prose(
        "Microsoft Outlook <MicrosoftExchange329e@vitoria.invalid>",
        "Undeliverable: Prazo",
        &format!(
            "Delivery has failed to these recipients or groups:\r\n\r\n{SMAS}<mailto:{SMAS}>\r\n\r\n\
             Diagnostic information for administrators:\r\n\r\nGenerating server: ex.vitoria.invalid\r\n\r\n\
             {SMAS}\r\nRemote Server returned '{said}'\r\n\r\nOriginal message headers:\r\n"
        ),
    )
}

fn opensmtpd(said: &str) -> String {
    prose(
        "Mailer Daemon <MAILER-DAEMON@mx.invalid>",
        "Delivery status notification: error",
        &format!(
            "    Hi!\r\n\r\n    This is the MAILER-DAEMON, please DO NOT REPLY to this email.\r\n\r\n    An error has \
             occurred while attempting to deliver a message for\r\n    the following list of recipients:\r\n\r\n\
             {SMAS}: {said}\r\n\r\n    Below is a copy of the original message:\r\n"
        ),
    )
}

fn dragonfly(said: &str) -> String {
    prose(
        "MAILER-DAEMON <>",
        "Mail delivery failed",
        &format!(
            "This is the DragonFly Mail Agent v0.13 at mx.invalid.\r\n\r\nThere was an error delivering your mail to \
             <{SMAS}>.\r\n\r\nmx.vitoria.invalid said:\r\n{said}\r\n\r\nMessage headers follow.\r\n"
        ),
    )
}

fn sendmail(said: &str) -> String {
    prose(
        "Mail Delivery Subsystem <MAILER-DAEMON@mx.invalid>",
        "Returned mail: see transcript for details",
        &format!(
            "   ----- Transcript of session follows -----\r\n>>> RCPT To:<{SMAS}>\r\n<<< {said}\r\n\
             {said}\r\n\r\n   ----- Unsent message follows -----\r\n"
        ),
    )
}

fn portuguese(said: &str) -> String {
    prose(
        "MAILER-DAEMON@provedor.invalid",
        "Mensagem retornada ao remetente",
        &format!("Sua mensagem foi rejeitada pelo servidor de destino:\r\n{SMAS}: {said}\r\n"),
    )
}

/// In the fields of a delivery report.
fn in_reports() -> Vec<(&'static str, String, Refusal)> {
    use Refusal::{Address, Letter, Mailbox, Road, Sender, Unknown};
    vec![
        ("RFC 3464", dsn("5.1.1", "smtp; 550 5.1.1 user unknown"), Address),
        ("RFC 3464", dsn("5.0.0", "smtp; 550 5.1.1 user unknown"), Address),
        ("RFC 3464", dsn("5.2.2", "smtp; 552 5.2.2 mailbox full"), Mailbox),
        ("RFC 3464", dsn("4.2.2", "smtp; 452 4.2.2 over quota"), Mailbox),
        ("RFC 3464", dsn("5.3.4", "smtp; 552 5.3.4 message too big"), Letter),
        (
            "RFC 3464",
            dsn("5.7.1", "smtp; 554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org"),
            Sender,
        ),
        ("RFC 3464", dsn("5.1.1", "smtp; 554 5.7.1 rejected"), Sender),
        ("RFC 3464", dsn("4.4.7", "X-Postfix; delivery temporarily suspended: timed out"), Road),
        ("RFC 3464", dsn("5.0.0", "smtp; 550 no"), Unknown),
        (
            "Microsoft 365",
            dsn("5.1.10", "smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found"),
            Address,
        ),
        ("Microsoft 365", dsn("5.4.1", "smtp;550 5.4.1 Recipient address rejected: Access denied"), Unknown),
        (
            "Microsoft 365",
            dsn("5.7.606", "smtp;550 5.7.606 Access denied, banned sending IP [192.0.2.1]"),
            Sender,
        ),
        (
            "Microsoft 365",
            dsn("5.2.2", "smtp;554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException"),
            Mailbox,
        ),
        ("Google", gmail(), Address),
        (
            "Google",
            dsn(
                "5.7.26",
                "smtp; 550-5.7.26 This mail has been blocked because the sender is unauthenticated.",
            ),
            Sender,
        ),
        ("Google", dsn("4.2.2", "smtp; 452-4.2.2 The recipient's inbox is out of storage space."), Mailbox),
        (
            "Amazon SES",
            dsn("5.1.1", "smtp; 550 5.1.1 The email account that you tried to reach does not exist"),
            Address,
        ),
        ("Amazon SES", dsn("5.7.1", "smtp; 550 5.7.1 Message rejected due to local policy"), Sender),
        (
            "Microsoft 365",
            dsn("5.2.3", "smtp;550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large"),
            Letter,
        ),
        ("Microsoft 365", dsn("5.4.316", "smtp;550 5.4.316 Message expired, connection refused"), Road),
        (
            "Google",
            dsn("5.2.1", "smtp; 550-5.2.1 The email account that you tried to reach is disabled."),
            Mailbox,
        ),
        (
            "Google",
            dsn("5.2.3", "smtp; 552-5.2.3 Your message exceeded Google's message size limits."),
            Letter,
        ),
        ("Google", dsn("4.4.5", "smtp; 421-4.4.5 Server busy, try again later."), Road),
        ("Amazon SES", dsn("5.2.2", "smtp; 552 5.2.2 mailbox full"), Mailbox),
        ("Amazon SES", dsn("5.3.4", "smtp; 552 5.3.4 Message size exceeds fixed limit"), Letter),
        (
            "Amazon SES",
            dsn("4.4.7", "smtp; 550 4.4.7 Message expired: unable to deliver in 840 minutes"),
            Road,
        ),
    ]
}

/// In the shapes of Exim, qmail and Exchange.
fn in_shapes_of_their_own() -> Vec<(&'static str, String, Refusal)> {
    use Refusal::{Address, Letter, Mailbox, Road, Sender, Unknown};
    vec![
        ("Exim", exim_of("550 No such user here"), Address),
        ("Exim", exim_of("550 5.7.1 Message rejected due to SPF policy"), Sender),
        ("Exim", exim_of("552 mailbox quota exceeded"), Mailbox),
        ("Exim", exim_of("552 message size exceeds the maximum"), Letter),
        ("Exim", exim_of("550 rejected"), Unknown),
        ("qmail", qmail_of("Sorry, no mailbox here by that name. (#5.1.1)"), Address),
        ("qmail", qmail_of("The users mailfolder is over the allowed quota (size). (#5.2.2)"), Mailbox),
        (
            "qmail",
            qmail_of("192.0.2.9 does not like recipient.\nRemote host said: 554 5.7.1 blocked"),
            Sender,
        ),
        ("Exchange, português", exchange(), Address),
        ("Exchange, português", exchange_of("552 5.2.2 caixa de correio cheia"), Mailbox),
        ("Exchange, português", exchange_of("550 5.7.1 não autorizado"), Sender),
        (
            "Exchange, English",
            exchange_in_english("550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found"),
            Address,
        ),
        (
            "Exchange, English",
            exchange_in_english("550 5.7.124 RESOLVER.RST.SenderNotInAllowedSendersList"),
            Sender,
        ),
        ("Exim", exim_of("retry timeout exceeded"), Road),
        ("qmail", qmail_of("Sorry, that message size exceeds my databytes limit (#5.3.4)"), Letter),
        ("qmail", qmail_of("CNAME lookup failed temporarily. (#4.4.3)"), Road),
        ("Exchange, português", exchange_of("550 5.3.4 ROUTING.SizeLimit; mensagem grande demais"), Letter),
        ("Exchange, português", exchange_of("550 4.4.7 QUEUE.Expired; mensagem expirada"), Road),
        ("Exchange, English", exchange_in_english("554 5.2.2 mailbox full"), Mailbox),
        (
            "Exchange, English",
            exchange_in_english("550 5.2.3 RESOLVER.RST.RecipSizeLimit; not delivered"),
            Letter,
        ),
        ("Exchange, English", exchange_in_english("550 4.4.7 QUEUE.Expired; message expired"), Road),
    ]
}

/// In prose.
fn in_prose() -> Vec<(&'static str, String, Refusal)> {
    use Refusal::{Address, Letter, Mailbox, Road, Sender, Unknown};
    vec![
        ("OpenSMTPD", opensmtpd("550 5.1.1 unknown"), Address),
        ("OpenSMTPD", opensmtpd("550 5.7.1 refused by reputation"), Sender),
        ("DragonFly", dragonfly("550 5.1.1 User unknown"), Address),
        ("DragonFly", dragonfly("552 5.2.2 Mailbox full"), Mailbox),
        ("sendmail 5", sendmail("550 smas... User unknown"), Address),
        ("sendmail 5", sendmail("554 Service unavailable"), Unknown),
        ("OpenSMTPD", opensmtpd("552 5.2.2 over quota"), Mailbox),
        ("OpenSMTPD", opensmtpd("552 5.3.4 message too big"), Letter),
        ("OpenSMTPD", opensmtpd("421 4.4.2 connection timed out"), Road),
        ("DragonFly", dragonfly("554 5.7.1 blocked by policy"), Sender),
        ("DragonFly", dragonfly("552 5.3.4 message size exceeds the limit"), Letter),
        ("DragonFly", dragonfly("451 4.4.1 connection timed out"), Road),
        ("sendmail 5", sendmail("554 smas... Relaying denied"), Sender),
        ("sendmail 5", sendmail("552 smas... Mailbox full"), Mailbox),
        ("sendmail 5", sendmail("552 Message exceeds the maximum size"), Letter),
        ("sendmail 5", sendmail("451 smas... Connection timed out"), Road),
        ("prosa", portuguese("usuário desconhecido"), Address),
        ("prosa", portuguese("caixa postal cheia"), Mailbox),
        ("prosa", portuguese("mensagem bloqueada por política de segurança"), Sender),
        ("prosa", portuguese("o tamanho da mensagem excede o limite"), Letter),
        ("prosa", portuguese("tempo esgotado"), Road),
        ("prosa", portuguese("não foi possível"), Unknown),
    ]
}

#[test]
fn each_family_is_known_in_the_words_of_each_system_and_only_one_accuses_the_address() {
    for (system, message, refusal) in [in_reports(), in_shapes_of_their_own(), in_prose()].concat() {
        let found = bounce(&message);
        let [recipient] = &found.recipients[..] else { panic!("{system}: {found:?}") };
        assert_eq!(recipient.refusal, refusal, "{system}: {recipient:?}");
        let names = |address: &str| {
            recipient.addresses.iter().chain(&recipient.mentioned).any(|named| named.as_str() == address)
        };
        assert!(names(SMAS), "{system}: {recipient:?}");
        assert!(!names(CMAS), "{system}: the copy's other address is innocent: {recipient:?}");
        assert_eq!(found.originals.first().map(String::as_str), Some(LETTER), "{system}");
    }
}

#[test]
fn a_report_that_gives_our_name_for_the_delivery_back_is_about_that_delivery() {
    let named = dsn("5.1.1", "smtp; 550 5.1.1 no")
        .replace("Reporting-MTA:", "Original-Envelope-Id: 4a6731d5+2B\r\nReporting-MTA:");
    assert_eq!(bounce(&named).originals, ["4a6731d5+", LETTER]);
}

#[test]
fn two_addresses_in_the_explanation_are_both_only_mentioned() {
    let found = bounce(&portuguese(&format!("usuário desconhecido\r\n{CMAS}: x")));
    let [recipient] = &found.recipients[..] else { panic!("{found:?}") };
    assert!(recipient.addresses.is_empty(), "{recipient:?}");
    assert_eq!(recipient.mentioned.len(), 2, "{recipient:?}");
}

#[test]
fn a_person_who_writes_as_postmaster_marks_nobody() {
    let write = |headers: &str, text: &str| {
        let head = "From: \"TI Prefeitura\" <postmaster@vitoria.invalid>\r\nTo: vigilancia@example.org";
        read(format!("{head}\r\nIn-Reply-To: {LETTER}\r\n{headers}\r\n\r\n{text}\r\n").as_bytes())
    };
    let quoted = format!("Quando {SMAS} respondia \"usuário desconhecido\", foi corrigido; podem enviar.");
    let with_code =
        format!("O erro de {SMAS} foi corrigido:\r\n550 5.1.1 usuário desconhecido\r\nPodem enviar.");
    for (headers, text) in [
        ("Subject: Re: Divulgação", &quoted),
        ("Subject: Divulgação", &quoted),
        ("Subject: RES: Mensagem não entregue", &quoted),
        ("Subject: Re: Divulgação", &with_code),
        ("Subject: Enc: Undelivered Mail Returned to Sender\r\nAuto-Submitted: no", &with_code),
        ("Subject: Re: Divulgação\r\nReturn-Path: <postmaster@vitoria.invalid>", &with_code),
    ] {
        let found = write(headers, text);
        assert_eq!(found, Returned::Unrecognised { why: Why::MailSystem }, "{headers}");
    }
    let dead = format!("{SMAS}: usuário desconhecido");
    for headers in [
        "Subject: Aviso\r\nReturn-Path: <>",
        "Subject: Aviso\r\nAuto-Submitted: auto-generated",
        "Subject: Mensagem devolvida",
        "Subject: Aviso\r\nX-Failed-Recipients: smas@vitoria.invalid",
    ] {
        assert!(matches!(write(headers, &dead), Returned::Bounce(_)), "{headers}");
    }
    let coded = format!("{SMAS}: 550 5.1.1 usuário desconhecido");
    assert!(matches!(write("Subject: Aviso", &coded), Returned::Bounce(_)));
}

#[test]
fn what_cannot_be_told_apart_goes_to_a_person_and_never_counts_as_an_automatic_reply() {
    let needs_a_person = |message: &str, why: Why| {
        assert_eq!(read(message.as_bytes()), Returned::Unrecognised { why }, "{message}");
    };
    needs_a_person(
        "From: postmaster@b.invalid\r\nAuto-Submitted: auto-replied\r\nSubject: aviso\r\n\r\nAlgo.\r\n",
        Why::MailSystem,
    );
    needs_a_person(
        "From: noreply@b.invalid\r\nAuto-Submitted: auto-replied\r\nSubject: x\r\n\r\nUsuário desconhecido.\r\n",
        Why::Doubtful,
    );
    needs_a_person("From: a@b.invalid\r\nAuto-Submitted: auto-generated\r\n\r\nx\r\n", Why::AnotherSort);
}

#[test]
fn an_automatic_answer_that_says_that_nobody_reads_that_address_goes_to_a_person() {
    for text in [
        "Este endereço foi desativado. Escreva para semas@vitoria.invalid.",
        "Este e-mail não é mais utilizado; o novo endereço é semas@vitoria.invalid.",
        "Esta conta foi encerrada e sua mensagem foi descartada.",
        "Recebemos a sua mensagem. Esta caixa não é\r\nmonitorada.",
        "Fulana foi exonerada.",
        "Não trabalho mais na secretaria.",
        "This mailbox is unattended and will not be read.",
    ] {
        let answer = vacation().replace("Estou de férias.", text);
        assert_eq!(read(answer.as_bytes()), Returned::Unrecognised { why: Why::Abandoned }, "{text}");
    }
    for text in [
        "Estou de férias até 10/12. Em caso de urgência, escreva para cmas@vitoria.invalid.",
        "Recebemos a sua mensagem e responderemos em breve.",
        "Volto na segunda.\r\n\r\n> O endereço de quem pende foi desativado.",
    ] {
        let answer = vacation().replace("Estou de férias.", text);
        assert_eq!(read(answer.as_bytes()), Returned::AutoReply, "{text}");
    }
}

#[test]
fn a_title_or_a_precedence_alone_is_a_persons() {
    let write = |headers: &str, text: &str| {
        read(
            format!("From: SMAS <smas@vitoria.invalid>\r\nTo: a@b.invalid\r\n{headers}\r\n\r\n{text}\r\n")
                .as_bytes(),
        )
    };
    let cry = "Peço ajuda: o CRAS Centro não aparece no RMA.";
    for headers in [
        "Subject: Ausente no cadastro: CRAS Centro não aparece no RMA",
        "Subject: Ausência de acesso",
        "Subject: Auto: dúvida\r\nAuto-Submitted: no",
        "Subject: Dúvida\r\nPrecedence: bulk",
        "Subject: Ausente no cadastro\r\nPrecedence: bulk",
    ] {
        assert_eq!(write(headers, cry), Returned::Unrecognised { why: Why::AnotherSort }, "{headers}");
    }
    for headers in [
        "Subject: Ausente\r\nReturn-Path: <>",
        "Subject: Resposta automática: Prazo\r\nAuto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All",
        "Subject: Fora do escritório\r\nX-Auto-Response-Suppress: All",
        "Subject: Prazo\r\nPrecedence: auto_reply",
    ] {
        assert_eq!(write(headers, "Estou de férias."), Returned::AutoReply, "{headers}");
    }
}

#[test]
fn a_filter_that_wants_a_confirmation_and_a_complaint_are_outcomes_of_their_own() {
    for text in ["Clique no link para confirmar o envio.", "Please confirm that you sent this message."] {
        let message = format!("From: filtro@b.invalid\r\nAuto-Submitted: auto-replied\r\n\r\n{text}\r\n");
        assert_eq!(read(message.as_bytes()), Returned::Challenge, "{text}");
    }
    let complaint = format!(
        "From: fbl@b.invalid\r\nAuto-Submitted: auto-generated\r\nContent-Type: multipart/report; \
         report-type=feedback-report; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nspam\r\n--b\r\n\
         Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n\
         Message-ID: {LETTER}\r\n\r\n--b--\r\n"
    );
    assert_eq!(read(complaint.as_bytes()), Returned::Complaint { originals: vec![LETTER.to_owned()] });
}
