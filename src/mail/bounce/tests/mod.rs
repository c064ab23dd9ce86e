//! Each sort of message in its real shape, and whatever else anybody may send.

mod families;
pub(crate) mod samples;

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use samples::*;

const SMAS: &str = "smas@vitoria.invalid";

fn bounce(message: &str) -> Bounce {
    match read(message.as_bytes()) {
        Returned::Bounce(bounce) => bounce,
        other => panic!("{other:?}\n{message}"),
    }
}

fn only(bounce: &Bounce) -> (Vec<&str>, String) {
    let [recipient] = &bounce.recipients[..] else { panic!("{bounce:?}") };
    let addresses = recipient.addresses.iter().map(EmailAddress::as_str).collect();
    (addresses, recipient.status.map(|s| s.to_string()).unwrap_or_default())
}

#[test]
fn a_postfix_report_names_recipient_status_words_and_letter() {
    let found = bounce(&postfix(SMAS, LETTER));
    assert_eq!(only(&found), (vec![SMAS], "5.1.1".to_owned()));
    assert_eq!(found.originals, [LETTER], "not the older letter in References");
    assert_eq!(found.reporter, "mx.es.invalid");
    assert_eq!(found.recipients[0].refusal, Refusal::Address);
    assert_eq!(
        found.recipients[0].diagnostic,
        "smtp; 550 5.1.1 <smas@vitoria.invalid>: Recipient address rejected: User unknown in virtual mailbox table"
    );
}

#[test]
fn the_common_failures_are_told_by_report_or_in_prose() {
    for (name, message, status) in [
        ("gmail", gmail(), "5.1.1"),
        ("exchange", exchange(), "5.1.10"),
        ("exim", exim(), "5.0.0"),
        ("qmail", qmail(), "5.0.0"),
    ] {
        let found = bounce(&message);
        assert_eq!(only(&found), (vec![SMAS], status.to_owned()), "{name}");
        assert_eq!(found.originals.first().map(String::as_str), Some(LETTER), "{name}");
        assert!(!found.recipients[0].diagnostic.is_empty(), "{name}");
    }
}

fn status(block: &str) -> Returned {
    let fields = format!("Reporting-MTA: dns; mx.es.invalid\r\n\r\n{block}\r\n");
    read(report(&fields, "message/rfc822", &headers(LETTER)).as_bytes())
}

#[test]
fn given_up_is_final_whatever_the_class_and_a_bare_code_blames_nobody() {
    let given_up = "Final-Recipient: rfc822; smas@vitoria.invalid\r\nAction: failed\r\nStatus: 4.4.7\r\n\
        Diagnostic-Code: smtp; delivery time expired";
    let Returned::Bounce(found) = status(given_up) else { panic!() };
    assert_eq!((only(&found).1.as_str(), found.recipients[0].refusal), ("4.4.7", Refusal::Road));
    let by_code =
        "Final-Recipient: rfc822; smas@vitoria.invalid\r\nAction: failed\r\nDiagnostic-Code: smtp; 550 no";
    let Returned::Bounce(found) = status(by_code) else { panic!() };
    assert_eq!(found.recipients[0].refusal, Refusal::Unknown);
}

#[test]
fn what_is_late_or_handed_on_did_not_fail() {
    for (block, action) in [
        ("Final-Recipient: rfc822; a@b.invalid\r\nAction: delayed\r\nStatus: 4.4.1", Action::Delayed),
        ("Final-Recipient: rfc822; a@b.invalid\r\nStatus: 4.2.2", Action::Delayed),
        ("Final-Recipient: rfc822; a@b.invalid\r\nAction: relayed (x)\r\nStatus: 2.0.0", Action::Relayed),
        ("Final-Recipient: rfc822; a@b.invalid\r\nAction: Delivered\r\nStatus: 2.0.0", Action::Delivered),
    ] {
        let recipients = vec![EmailAddress::parse("a@b.invalid").unwrap()];
        let recipients = if block.starts_with("Final") { recipients } else { Vec::new() };
        let expected = Returned::Progress { action, recipients, originals: vec![LETTER.to_owned()] };
        assert_eq!(status(block), expected, "{block}");
    }
    let exim = "From: Mailer-Daemon@mx.es.invalid\r\nSubject: Warning: message 1abc delayed 24 hours\r\n\r\n\
        A message that you sent has not yet been delivered to one or more of its recipients.\r\n\
        No action is required on your part. Delivery attempts will continue.\r\n";
    assert!(matches!(read(exim.as_bytes()), Returned::Progress { action: Action::Delayed, .. }));
}

/// What a mail system writes without a report.
fn prose(subject: &str, text: &str) -> Returned {
    let mail = format!(
        "Return-Path: <>\r\nFrom: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\r\n\
         Subject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    );
    read(mail.as_bytes())
}

#[test]
fn a_delay_that_tells_what_follows_if_it_fails_for_good_did_not_fail() {
    let gmail = "Houve um problema temporário na entrega da sua mensagem para smas@vitoria.invalid. O Gmail tentará \
                 novamente por mais 46 horas. Você será notificado se houver falha permanente na entrega.\r\n\r\n\
                 A resposta foi:\r\n451 4.4.3 Temporary server error. Please try again later";
    for (subject, text) in [
        ("Delivery Status Notification (Delay)", gmail),
        ("Aviso sobre a sua mensagem", gmail),
        (
            "Entrega em atraso",
            "O servidor não respondeu: 451 4.4.1 sem resposta. Uma falha permanente será avisada.",
        ),
        ("Aviso", "Continuaremos tentando. Em caso de erro permanente, a mensagem volta: 450 4.2.0 ocupado"),
    ] {
        let found = prose(subject, text);
        assert!(matches!(found, Returned::Progress { action: Action::Delayed, .. }), "{subject}: {found:?}");
    }
    for (subject, text) in [
        ("Delivery Status Notification (Failure)", gmail.replace("se houver falha", "houve falha").as_str()),
        ("Aviso", "O servidor não tentará novamente: falha permanente. 550 5.1.1 não existe"),
        ("Mensagem não entregue depois de atraso", "Houve erro permanente: 451 4.4.7 tempo esgotado"),
    ] {
        let found = prose(subject, text);
        assert!(matches!(found, Returned::Bounce(_)), "{subject}: {found:?}");
    }
}

#[test]
fn recipients_come_in_any_number_and_spelling() {
    let block = "Original-Recipient: rfc822;um+40vitoria.invalid\r\nFinal-Recipient: X; y\r\nAction: failed\r\n\
        Final-Recipient: utf-8; <dois\\x{40}vitoria.invalid>\r\nAction: failed\r\nStatus: 5.2.1 (off)\r\n\r\n\
        Action: failed\r\nStatus: 5.0.0\r\n\r\nFinal-Recipient: rfc822; z@b.invalid\r\nAction: delivered\r\nStatus: 2.1.5";
    let Returned::Bounce(found) = status(block) else { panic!() };
    let seen: Vec<Vec<&str>> =
        found.recipients.iter().map(|r| r.addresses.iter().map(EmailAddress::as_str).collect()).collect();
    assert_eq!(seen, [vec!["um@vitoria.invalid"], vec!["dois@vitoria.invalid"], vec![]]);
}

#[test]
fn a_receipt_says_what_became_of_the_letter() {
    for (word, disposition) in [
        ("displayed", Disposition::Displayed),
        ("Displayed/error", Disposition::Displayed),
        ("deleted", Disposition::Deleted),
        ("denied", Disposition::Denied),
        ("dispatched", Disposition::Processed),
        ("nada", Disposition::Other),
    ] {
        let expected = Receipt {
            disposition,
            recipients: vec![EmailAddress::parse(SMAS).unwrap()],
            originals: vec![LETTER.to_owned()],
        };
        assert_eq!(read(receipt(SMAS, LETTER, word).as_bytes()), Returned::Receipt(expected), "{word}");
    }
}

#[test]
fn machines_and_people_who_answer_return_nothing() {
    assert_eq!(read(vacation().as_bytes()), Returned::AutoReply);
    let another = Returned::Unrecognised { why: Why::AnotherSort };
    assert_eq!(read(person().as_bytes()), another);
    let forwarded = format!(
        "From: a@b.invalid\r\nSubject: Enc: ajuda\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\
         Content-Type: message/rfc822\r\n\r\n{}\r\n--x--\r\n",
        postfix(SMAS, LETTER)
    );
    assert_eq!(read(forwarded.as_bytes()), another, "a failure that somebody forwards is somebody's message");
}

#[test]
fn a_letter_that_was_not_returned_is_found_by_what_the_failure_answers() {
    let bare = gmail().replace("Message-ID:\r\n", "X-Id:\r\n");
    assert_eq!(bounce(&bare).originals.first().map(String::as_str), Some(LETTER));
    let nothing = bare.replace("In-Reply-To", "X-A").replace("References", "X-B");
    assert_eq!(bounce(&nothing).originals, Vec::<String>::new());
}

#[test]
fn hostile_messages_cost_a_moment() {
    let nested = "Content-Type: message/rfc822\n\n".repeat(1_700_000);
    let mut boundaries = String::new();
    for n in 0..400_000 {
        let _ = write!(boundaries, "Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n");
    }
    let absent = format!(
        "Content-Type: multipart/mixed; boundary=a\n\n{}",
        "--a\nContent-Type: multipart/x; boundary=z\n\n".repeat(31)
    );
    let parts = format!("Content-Type: multipart/mixed; boundary=a\n\n{}", "--a\n\n".repeat(9_000_000));
    let folded = format!("Content-Type: text/plain;\n{}\n\nx", " a*1=b;c*2=d;\n".repeat(3_000_000));
    let digests = format!(
        "Content-Type: multipart/digest; boundary=a\n\n{}",
        "--a\n\nSubject: x\n\n".repeat(3_000_000)
    );
    let long = vec![b'<'; 50_000_000];
    for message in
        [nested, boundaries, absent, parts, folded, digests].iter().map(String::as_bytes).chain([&long[..]])
    {
        let began = std::time::Instant::now();
        let returned = read(message);
        assert!(matches!(returned, Returned::Unrecognised { .. }), "{returned:?}");
        assert!(began.elapsed().as_secs() < 10, "{:?}", String::from_utf8_lossy(&message[..60]));
    }
    let encoded = "Content-Type: message/global\nContent-Transfer-Encoding: base64\n\n".to_owned()
        + &"Q29udGVudC1UeXBlOiBtZXNzYWdlL3JmYzgyMgoK\n".repeat(100_000);
    assert!(matches!(read(encoded.as_bytes()), Returned::Unrecognised { .. }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_end_in_some_state(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = read(&bytes);
    }

    #[test]
    fn a_damaged_sample_ends_in_some_state(
        which in 0..7_usize,
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0..40_usize, any::<[u8; 2]>()), 0..8),
    ) {
        let all =
            [postfix(SMAS, LETTER), gmail(), exchange(), exim(), qmail(), vacation(), receipt(SMAS, LETTER, "displayed")];
        let mut bytes = all[which].clone().into_bytes();
        for (at, length, with) in cuts {
            let at = at.index(bytes.len().max(1)).min(bytes.len());
            let until = (at + length).min(bytes.len());
            bytes.splice(at..until, with);
        }
        let _ = read(&bytes);
    }
}
