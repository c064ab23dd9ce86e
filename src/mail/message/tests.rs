//! A message taken apart by hand.

use proptest::prelude::*;

use super::*;
use crate::domain::id::EmailAddress;
use crate::domain::roster::Role;
use crate::mail::token::message_id;

fn secretariat(name: &str) -> Secretariat {
    Secretariat {
        sender_name: name.to_owned(),
        sender: EmailAddress::parse("vigilancia@example.org").unwrap(),
        reply_to: EmailAddress::parse("respostas@example.org").unwrap(),
        returns_to: EmailAddress::parse("devolucoes@example.org").unwrap(),
        signs_returns: false,
        read_receipts: false,
        signature: Vec::new(),
        support: Secretariat::SUPPORT.to_owned(),
    }
}

fn recipients(addresses: &[&str]) -> Vec<Recipient> {
    addresses
        .iter()
        .map(|a| Recipient { role: Role::Smas, address: EmailAddress::parse(a).unwrap() })
        .collect()
}

struct Letter {
    from: Secretariat,
    to: Vec<Recipient>,
    references: Vec<String>,
    subject: String,
    text: String,
    html: String,
    table: Option<(&'static str, &'static str)>,
    read_receipt: bool,
}

impl Letter {
    fn new() -> Self {
        Self {
            from: secretariat("Vigilância Socioassistencial – SETADES"),
            to: recipients(&["smas@vitoria.invalid", "cmas@vitoria.invalid"]),
            references: Vec::new(),
            subject: "Registro Mensal de Atendimentos – RMA: prazo até 31/12/2026".to_owned(),
            text: "Prezados,\n\nO prazo é 31/12/2026.\n".to_owned(),
            html: "<p>Prezados,</p>\n<p>O prazo é 31/12/2026.</p>\n".to_owned(),
            table: None,
            read_receipt: false,
        }
    }

    fn compose(&self) -> Result<Vec<u8>, MessageError> {
        compose(&MessageContent {
            from: &self.from,
            to: &self.to,
            message_id: &message_id("rma/2026-11@1/prazo-5d/3205309", 1, "example.org"),
            references: &self.references,
            date: "2026-12-28T11:00:05Z".parse().unwrap(),
            zone: &TimeZone::get("America/Sao_Paulo").unwrap(),
            subject: &self.subject,
            text: &self.text,
            html: &self.html,
            table: self.table,
            read_receipt: self.read_receipt,
        })
    }

    fn text(&self) -> String {
        String::from_utf8(self.compose().unwrap()).unwrap()
    }
}

/// Headers of a block, unfolded.
fn headers(block: &str) -> Vec<(String, String)> {
    let unfolded = block.replace("\r\n ", " ").replace("\r\n\t", " ");
    unfolded
        .split("\r\n")
        .map(|line| line.split_once(": ").unwrap_or_else(|| panic!("not a header: {line}")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn header(message: &str, name: &str) -> Vec<String> {
    let (head, _) = message.split_once("\r\n\r\n").unwrap();
    headers(head).into_iter().filter(|(n, _)| n == name).map(|(_, value)| value).collect()
}

/// The parts of a message: headers and decoded body.
fn parts(message: &str) -> Vec<(Vec<(String, String)>, String)> {
    let kind = header(message, "Content-Type").remove(0);
    let boundary = kind.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap();
    let (_, body) = message.split_once("\r\n\r\n").unwrap();
    let pieces: Vec<&str> = body.split(&format!("--{boundary}")).collect();
    assert_eq!(pieces.first().map(|p| p.trim()), Some(""));
    assert_eq!(pieces.last(), Some(&"--\r\n"));
    pieces[1..pieces.len() - 1]
        .iter()
        .map(|piece| {
            let (head, body) = piece.strip_prefix("\r\n").unwrap().split_once("\r\n\r\n").unwrap();
            (headers(head), decode_quoted(body.strip_suffix("\r\n").unwrap()))
        })
        .collect()
}

fn decode_quoted(body: &str) -> String {
    let joined = body.replace("=\r\n", "");
    let mut out = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        if byte == b'=' {
            out.push(u8::from_str_radix(std::str::from_utf8(&tail[..2]).unwrap(), 16).unwrap());
            rest = &tail[2..];
        } else {
            out.push(byte);
            rest = tail;
        }
    }
    String::from_utf8(out).unwrap()
}

/// Reads Q encoded words.
fn decode_words(value: &str) -> String {
    let mut out = String::new();
    let mut after_word = false;
    for word in value.split(' ') {
        let encoded = word.strip_prefix("=?utf-8?q?").and_then(|w| w.strip_suffix("?="));
        let joined = after_word && encoded.is_some();
        if !out.is_empty() && !joined {
            out.push(' ');
        }
        after_word = encoded.is_some();
        out.push_str(&encoded.map_or_else(|| word.to_owned(), |w| decode_quoted(&w.replace('_', " "))));
    }
    out
}

fn assert_well_formed(message: &str) {
    assert!(message.is_ascii());
    assert!(message.ends_with("\r\n"));
    assert!(!message.replace("\r\n", "").contains(['\r', '\n']), "CRLF only");
    for line in message.split("\r\n") {
        assert!(line.len() <= 76, "{} characters: {line}", line.len());
    }
}

#[test]
fn a_letter_has_every_header_once_and_both_bodies() {
    let mut letter = Letter::new();
    letter.references = vec!["<rma.2026-11.divulgacao.3205309@example.org>".to_owned()];
    letter.read_receipt = true;
    let message = letter.text();
    assert_well_formed(&message);

    assert_eq!(header(&message, "Date"), ["Mon, 28 Dec 2026 08:00:05 -0300"]);
    assert_eq!(header(&message, "Message-ID"), ["<rma.2026-11.e1.prazo-5d.3205309@example.org>"]);
    assert_eq!(header(&message, "In-Reply-To"), letter.references);
    assert_eq!(header(&message, "References"), letter.references);
    assert_eq!(header(&message, "Auto-Submitted"), ["auto-generated"]);
    assert_eq!(header(&message, "MIME-Version"), ["1.0"]);
    assert_eq!(header(&message, "Reply-To"), ["respostas@example.org"]);
    assert_eq!(header(&message, "Disposition-Notification-To"), ["devolucoes@example.org"]);
    assert_eq!(header(&message, "To"), ["smas@vitoria.invalid, cmas@vitoria.invalid"]);
    assert_eq!(
        decode_words(&header(&message, "From")[0]),
        "Vigilância Socioassistencial – SETADES <vigilancia@example.org>"
    );
    assert_eq!(decode_words(&header(&message, "Subject")[0]), letter.subject);
    for gone in ["Cc", "Bcc", "Sender"] {
        assert!(header(&message, gone).is_empty());
    }

    let parts = parts(&message);
    let kinds: Vec<&str> = parts
        .iter()
        .map(|(h, _)| h.iter().find(|(n, _)| n == "Content-Type").map(|(_, v)| v.as_str()).unwrap())
        .collect();
    assert_eq!(kinds, ["text/plain; charset=utf-8", "text/html; charset=utf-8"]);
    assert_eq!(parts[0].1, letter.text.replace('\n', "\r\n"));
    assert_eq!(parts[1].1, letter.html.replace('\n', "\r\n"));
}

#[test]
fn the_same_content_gives_the_same_bytes() {
    assert_eq!(Letter::new().compose().unwrap(), Letter::new().compose().unwrap());
}

#[test]
fn a_read_receipt_is_asked_only_when_wanted() {
    assert!(header(&Letter::new().text(), "Disposition-Notification-To").is_empty());
}

#[test]
fn a_long_subject_with_accents_is_folded_into_words_of_75() {
    let mut letter = Letter::new();
    letter.subject = "Prorrogação do preenchimento – atenção às datas – ".repeat(6).trim().to_owned();
    let message = letter.text();
    assert_well_formed(&message);
    assert_eq!(decode_words(&header(&message, "Subject")[0]), letter.subject);
    for word in message.split_whitespace().filter(|w| w.starts_with("=?")) {
        assert!(word.len() <= 75, "{word}");
    }
}

#[test]
fn long_lines_of_the_body_are_broken_and_read_back_whole() {
    let mut letter = Letter::new();
    letter.text = format!(
        "{}\n.\n..x\nFrom ontem\nfim com espaço \n\tà tab\t\n{}\n",
        "é".repeat(2000),
        "= ".repeat(900)
    );
    let message = letter.text();
    assert_well_formed(&message);
    assert!(!message.contains("\r\n."), "no line begins with a dot");
    assert!(!message.contains("\r\nFrom "), "no line begins with From");
    assert_eq!(parts(&message)[0].1, letter.text.replace('\n', "\r\n"));
}

#[test]
fn many_addresses_are_folded_and_none_stands_twice() {
    let mut letter = Letter::new();
    let addresses: Vec<String> = (0..40).map(|n| format!("unidade.{}@prefeitura.invalid", n % 30)).collect();
    letter.to = recipients(&addresses.iter().map(String::as_str).collect::<Vec<_>>());
    let message = letter.text();
    assert_well_formed(&message);
    assert_eq!(header(&message, "To")[0].split(", ").count(), 30);
}

#[test]
fn a_hostile_subject_or_name_forges_nothing() {
    for hostile in [
        "x\r\nBcc: todos@example.net",
        "x\nBcc: todos@example.net\n\ncorpo",
        "x\rBcc: todos@example.net",
        "x\0\u{b}\u{c}\u{85}\u{2028}Bcc: todos@example.net",
        "=?utf-8?b?DQpCY2M6IHRvZG9z?=",
        "\" <outro@example.net>, \"",
        "a>, <b",
        "São\r\n Mateus\\\"",
    ] {
        let mut letter = Letter::new();
        letter.subject = hostile.to_owned();
        letter.from = secretariat(hostile);
        let message = letter.text();
        let (head, _) = message.split_once("\r\n\r\n").unwrap();
        let names: Vec<String> = headers(head).into_iter().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            [
                "Date",
                "From",
                "Reply-To",
                "To",
                "Subject",
                "Message-ID",
                "Auto-Submitted",
                "X-Auto-Response-Suppress",
                "MIME-Version",
                "Content-Type"
            ],
            "{hostile:?}"
        );
        assert!(header(&message, "From")[0].ends_with(" <vigilancia@example.org>"), "{hostile:?}");
        assert!(!head.contains("?b?DQpCY2M6IHRvZG9z"), "an encoded word does not survive");
        assert_eq!(decode_words(&header(&message, "Subject")[0]), one_line(hostile));
        assert!(head.bytes().all(|b| matches!(b, b'\r' | b'\n' | b' '..=b'~')), "{hostile:?}");
    }
}

#[test]
fn an_identifier_that_is_not_one_is_refused() {
    for bad in ["", "<>", "<a>", "a@b", "<a@b>\r\nBcc: x@y.z", "<a b@c>", "<a@b@c>", "<é@b>"] {
        let mut letter = Letter::new();
        letter.references = vec![bad.to_owned()];
        assert_eq!(letter.compose(), Err(MessageError::MessageId(bad.to_owned())));
    }
    let mut letter = Letter::new();
    letter.to.clear();
    assert_eq!(letter.compose(), Err(MessageError::NoRecipient));
}

#[test]
fn many_references_stay_within_a_line_each() {
    let mut letter = Letter::new();
    letter.references =
        (0..60).map(|n| format!("<rma.2026-11.e{n}.prazo-10d.3205309@example.org>")).collect();
    assert_well_formed(&letter.text());
}

proptest! {
    #[test]
    fn any_text_comes_back_as_it_was(text in "[ -~éãç–\t\n]{0,400}", subject in "[ -~éã–]{0,200}") {
        let mut letter = Letter::new();
        letter.text.clone_from(&text);
        letter.subject.clone_from(&subject);
        let message = letter.text();
        assert_well_formed(&message);
        prop_assert_eq!(decode_words(&header(&message, "Subject").concat()), one_line(&subject));
        let expected = format!("{}\n", text.trim_end_matches('\n')).replace('\n', "\r\n");
        prop_assert_eq!(&parts(&message)[0].1, &expected);
    }
}

proptest! {
    #[test]
    fn lines_end_alike_and_no_control_character_stays(text in "[a\\t\\r\\n\\u{0}\\u{1b}\\u{7f}\\u{85}ºé\\u{2028}]{0,40}") {
        let lines = text.replace("\r\n", "\n").replace('\r', "\n");
        let kept: String = lines.chars().filter(|&c| matches!(c, '\t' | '\n') || !c.is_control()).collect();
        prop_assert_eq!(tidy(&text), format!("{}\n", kept.trim_end_matches('\n')));
    }
}

#[test]
fn a_table_goes_behind_the_letter_and_says_what_was_put_into_it() {
    let letter = Letter {
        table: Some(("remessa-rma/2026\r\n.csv", "\u{feff}ibge;município\r\n1;Vitória\r\n")),
        ..Letter::new()
    };
    let text = letter.text();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let id = "rma.2026-11";
    assert!(head.contains("Content-Type: multipart/mixed;\r\n boundary=\"=_="), "{id} {head}");
    let outer = head.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let pieces: Vec<&str> = text.split(&format!("\r\n--{outer}")).collect();
    let [_, inner, table, "--\r\n"] = pieces[..] else { panic!("{body}") };
    assert!(inner.starts_with("\r\nContent-Type: multipart/alternative;"), "{inner}");
    assert_eq!(
        table,
        "\r\nContent-Type: text/csv; charset=utf-8\r\nContent-Disposition: attachment;\r\n filename=\"remessa-rma-2026--.csv\"\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\n=EF=BB=BFibge;munic=C3=ADpio\r\n1;Vit=C3=B3ria\r\n"
    );
    // But for the outer envelope it is the letter that it is without.
    let plain = Letter::new().text();
    let parts = plain.split_once("\r\n\r\n").unwrap().1;
    assert!(inner.ends_with(&parts[..parts.len()]), "{inner}\n{parts}");
    assert_eq!(letter.compose(), letter.compose());
    // And both are read back as they were written.
    let bytes = letter.compose().unwrap();
    assert_eq!(read::plain_text(&bytes).as_deref(), Some("Prezados,\n\nO prazo é 31/12/2026.\n"));
    let rows = ("remessa-rma-2026--.csv".to_owned(), "ibge;município\n1;Vitória\n".to_owned());
    assert_eq!(read::table(&bytes), Some(rows));
    let plain = Letter::new().compose().unwrap();
    assert_eq!(read::plain_text(&plain), read::plain_text(&bytes));
    assert_eq!(read::table(&plain), None, "a letter without one");
}
