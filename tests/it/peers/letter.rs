//! What RFC 5322, 2045, 2046 and 2047 ask of a letter's bytes. Of every fault, one line.

/// Fields that must be there once.
const ONCE: [&str; 8] =
    ["date", "from", "to", "subject", "message-id", "mime-version", "content-type", "auto-submitted"];
/// Fields that may be there once.
const AT_MOST_ONCE: [&str; 7] =
    ["sender", "reply-to", "cc", "bcc", "in-reply-to", "references", "content-transfer-encoding"];
/// The longest line (RFC 5322 §2.1.1), and what header lines should keep to.
const LONGEST: usize = 998;
const LONGEST_IN_HEAD: usize = 78;

/// Header fields with their values unfolded, in order.
type Fields = Vec<(String, String)>;

/// Everything wrong with a message.
pub(super) fn faults(message: &[u8]) -> Vec<String> {
    let mut faults = Vec::new();
    let Ok(text) = std::str::from_utf8(message) else { return vec!["not ASCII".to_owned()] };
    if !text.is_ascii() {
        faults.push("not ASCII, and nothing says 8bit".to_owned());
    }
    let without = text.replace("\r\n", "");
    if without.contains(['\r', '\n']) {
        faults.push("a CR or LF of its own".to_owned());
    }
    if without.contains(|c: char| c.is_control() && c != '\t') {
        faults.push("a control character".to_owned());
    }
    if let Some(line) = text.split("\r\n").find(|line| line.len() > LONGEST) {
        faults.push(format!("a line of {} octets", line.len()));
    }
    if !text.ends_with("\r\n") {
        faults.push("the last line has no end".to_owned());
    }
    let (fields, body) = split(text, &mut faults);
    let count = |name: &str| fields.iter().filter(|(n, _)| n == name).count();
    faults.extend(ONCE.iter().filter(|n| count(n) != 1).map(|n| format!("{n}: {} times", count(n))));
    faults.extend(AT_MOST_ONCE.iter().filter(|n| count(n) > 1).map(|n| format!("{n}: {} times", count(n))));
    let value = |name: &str| fields.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str());
    check_date(value("date"), &mut faults);
    for name in ["message-id", "in-reply-to", "references"] {
        for id in value(name).split_whitespace().filter(|id| !is_message_id(id)) {
            faults.push(format!("{name}: {id}"));
        }
    }
    for name in ["from", "to", "reply-to", "sender"] {
        for one in value(name).split(", ").filter(|one| !one.is_empty() && !is_mailbox(one)) {
            faults.push(format!("{name}: {one}"));
        }
    }
    for word in fields.iter().flat_map(|(_, v)| v.split(' ')).filter(|w| w.contains("=?")) {
        if !is_encoded_word(word) {
            faults.push(format!("not an encoded word: {word}"));
        }
    }
    check_body(value("content-type"), body, &mut faults);
    faults
}

/// Head and body.
fn split<'a>(text: &'a str, faults: &mut Vec<String>) -> (Fields, &'a str) {
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        faults.push("no empty line after the head".to_owned());
        return (Fields::new(), "");
    };
    let mut fields = Fields::new();
    for line in head.split("\r\n") {
        if line.len() > LONGEST_IN_HEAD {
            faults.push(format!("a header line of {} octets: {line}", line.len()));
        }
        if line.trim().is_empty() {
            faults.push("a header line of blanks only".to_owned());
        }
        match (line.starts_with([' ', '\t']), fields.last_mut(), line.split_once(':')) {
            (true, Some((_, value)), _) => value.push_str(line),
            (false, _, Some((name, value))) if name.bytes().all(|b| b.is_ascii_graphic()) => {
                fields.push((name.to_ascii_lowercase(), value.trim_start().to_owned()));
            }
            _ => faults.push(format!("not a header line: {line}")),
        }
    }
    (fields, body)
}

/// `Mon, 1 Mar 2027 10:00:00 -0300`.
fn check_date(value: &str, faults: &mut Vec<String>) {
    if jiff::fmt::rfc2822::parse(value).is_err() || value.ends_with("-0000") {
        faults.push(format!("date: {value}"));
    }
}

fn is_message_id(id: &str) -> bool {
    let sides = id.strip_prefix('<').and_then(|r| r.strip_suffix('>')).and_then(|r| r.split_once('@'));
    let atoms = |side: &str| {
        side.split('.').all(|a| {
            !a.is_empty()
                && a.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
        })
    };
    sides.is_some_and(|(left, right)| atoms(left) && atoms(right) && right.contains('.'))
}

/// `name <address>` or the address alone.
fn is_mailbox(text: &str) -> bool {
    let address = match text.split_once('<') {
        Some((name, rest)) if name.ends_with(' ') => rest.strip_suffix('>').unwrap_or(""),
        Some(_) => "",
        None => text,
    };
    let sides = address.split_once('@');
    sides.is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.contains('.')
            && address.bytes().all(|b| b.is_ascii_graphic() && !b"<>,;:\"()[]\\".contains(&b))
    })
}

fn is_encoded_word(word: &str) -> bool {
    let inner = word.strip_prefix("=?utf-8?q?").and_then(|rest| rest.strip_suffix("?="));
    word.len() <= 75 && inner.is_some_and(|inner| decoded(inner, true).is_some())
}

/// Quoted-printable (or its form in headers) as UTF-8; none where it is neither.
fn decoded(text: &str, in_head: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'=' => {
                let (high, low) = (rest.next()?, rest.next()?);
                if (high, low) == (b'\r', b'\n') && !in_head {
                    continue;
                }
                let digit = |b: u8| char::from(b).to_digit(16).filter(|_| !b.is_ascii_lowercase());
                bytes.push(u8::try_from(digit(high)? * 16 + digit(low)?).ok()?);
            }
            b'_' if in_head => bytes.push(b' '),
            b'?' | b' ' if in_head => return None,
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}

/// `multipart/mixed` of a letter and a table, or the letter alone.
fn check_body(content_type: &str, body: &str, faults: &mut Vec<String>) {
    let outer = content_type
        .strip_prefix("multipart/mixed;")
        .and_then(|rest| rest.trim().strip_prefix("boundary=\"")?.strip_suffix('"'))
        .filter(|b| (1..=70).contains(&b.len()));
    let Some(outer) = outer else { return check_parts(content_type, body, faults) };
    let whole = format!("\r\n{body}");
    let mark = format!("\r\n--{outer}");
    let pieces: Vec<&str> = whole.split(mark.as_str()).skip(1).collect();
    let [letter, table, "--\r\n"] = pieces.as_slice() else {
        faults.push("not a letter, a table and an end".to_owned());
        return;
    };
    let (head, letter) = split(letter.trim_start_matches("\r\n"), faults);
    match &head[..] {
        [(name, kind)] if name == "content-type" => check_parts(kind, letter, faults),
        other => faults.push(format!("head of the letter: {other:?}")),
    }
    let (head, table) = split(table.trim_start_matches("\r\n"), faults);
    let named = head.iter().any(|(name, value)| {
        name == "content-disposition" && value.starts_with("attachment;") && value.ends_with(".csv\"")
    });
    let typed = head.contains(&("content-type".to_owned(), "text/csv; charset=utf-8".to_owned()));
    let begins = decoded(table, false).is_some_and(|text| text.starts_with("\u{feff}janela;"));
    if !(named && typed && begins) {
        faults.push(format!("the table: {head:?}"));
    }
}

/// `multipart/alternative` of a text and then an HTML part, both quoted-printable UTF-8.
fn check_parts(content_type: &str, body: &str, faults: &mut Vec<String>) {
    let boundary = content_type
        .strip_prefix("multipart/alternative;")
        .and_then(|rest| rest.trim().strip_prefix("boundary=\""))
        .and_then(|rest| rest.strip_suffix('"'))
        .filter(|b| (1..=70).contains(&b.len()));
    let Some(boundary) = boundary else {
        faults.push(format!("content-type: {content_type}"));
        return;
    };
    let whole = format!("\r\n{body}");
    let mark = format!("\r\n--{boundary}");
    let pieces: Vec<&str> = whole.split(mark.as_str()).skip(1).collect();
    let [text, html, "--\r\n"] = pieces.as_slice() else {
        faults.push("not two parts and an end".to_owned());
        return;
    };
    for (part, kind) in [(text, "text/plain; charset=utf-8"), (html, "text/html; charset=utf-8")] {
        let Some(part) = part.strip_prefix("\r\n") else {
            faults.push("something stands behind a boundary".to_owned());
            continue;
        };
        let (fields, content) = split(part, faults);
        let wanted = [
            ("content-type".to_owned(), kind.to_owned()),
            ("content-transfer-encoding".to_owned(), "quoted-printable".to_owned()),
        ];
        if fields != wanted {
            faults.push(format!("head of a part: {fields:?}"));
        }
        if content.split("\r\n").any(|line| line.len() > 76 || line.ends_with([' ', '\t'])) {
            faults.push(format!("{kind}: a line is not quoted-printable"));
        }
        match decoded(content, false) {
            Some(text) if !text.trim().is_empty() && !text.contains('\u{fffd}') => {}
            _ => faults.push(format!("{kind}: not UTF-8 text in quoted-printable")),
        }
    }
}

#[test]
fn the_check_finds_what_is_wrong() {
    let good = "Date: Mon, 1 Mar 2027 10:00:00 -0300\r\nFrom: =?utf-8?q?S=C3=A9?= <a@x.org>\r\nTo: b@x.org,\r\n c@x.org\r\n\
                Subject: =?utf-8?q?Ol=C3=A1?=\r\nMessage-ID: <a.b@x.org>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n\
                Content-Type: multipart/alternative;\r\n boundary=\"=_b\"\r\n\r\n--=_b\r\nContent-Type: text/plain; charset=utf-8\r\n\
                Content-Transfer-Encoding: quoted-printable\r\n\r\nOl=C3=A1 =\r\nmundo\r\n\r\n--=_b\r\nContent-Type: text/html; charset=utf-8\r\n\
                Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>Ol=C3=A1</p>\r\n\r\n--=_b--\r\n";
    assert_eq!(faults(good.as_bytes()), Vec::<String>::new());
    for (says, would_say) in [
        ("mundo\r\n", "mundo\n"),
        ("mundo", "múndo"),
        ("MIME-Version: 1.0\r\n", ""),
        ("Subject:", "To: d@x.org\r\nSubject:"),
        ("Mon, 1", "Tue, 1"),
        ("-0300", "-0000"),
        ("<a.b@x.org>", "<a..b@x.org>"),
        ("<a.b@x.org>", "a.b@x.org"),
        ("Ol=C3=A1?=", "Ol=C3?="),
        ("<p>Ol=C3=A1</p>", "<p>Ol=c3=a1</p>"),
        ("--=_b--\r\n", "--=_b--"),
        ("text/plain", "text/html"),
        ("b@x.org,", "b@x,"),
        ("Subject: ", "Subject: \u{0}"),
    ] {
        let bad = good.replacen(says, would_say, 1);
        assert_ne!(bad, good);
        assert!(!faults(bad.as_bytes()).is_empty(), "{says:?} as {would_say:?} goes unseen");
    }
}
