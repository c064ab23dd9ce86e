//! Names made from a notice's key: Message-ID and the path of a rehearsal's file. Pure.
//!
//! Both are injective: two keys, or two versions of one, never share a name. Every byte that could mean something to a
//! mail program or a file system is written `_HH`.

use std::path::PathBuf;

use crate::domain::notice::{NoticeKey, Slot, StaffSlot, halt_word};

/// The Message-ID of a letter, brackets included: `<rma.2026-11.e1.prazo-5d.3205309@example.org>`, with `.v2` and on
/// before the `@` for later versions (the first is 1). The left side is a dot-atom-text (RFC 5322 §3.2.3).
///
/// `domain` is that of the sender's address.
pub fn message_id(key: &str, version: u16, domain: &str) -> String {
    let left = dot_atom(key);
    if version > 1 { format!("<{left}.v{version}@{domain}>") } else { format!("<{left}@{domain}>") }
}

/// `/` becomes `.`, `@` before a digit becomes `.e`; letters, digits and hyphens stand; all else is `_HH`. Where a `/`
/// would make a double dot, end the text, or read as an edition or a version, it is `_2F`.
fn dot_atom(key: &str) -> String {
    let bytes = key.as_bytes();
    let mut out = String::with_capacity(key.len() + 8);
    for (at, &byte) in bytes.iter().enumerate() {
        let next = bytes.get(at + 1).copied();
        let digit_after_next = bytes.get(at + 2).is_some_and(u8::is_ascii_digit);
        let reads_as_mark = matches!(next, Some(b'e' | b'v')) && digit_after_next;
        let inside = at > 0 && next.is_some_and(|n| n != b'/' && n != b'@');
        match byte {
            b'/' if inside && !reads_as_mark => out.push('.'),
            b'@' if at > 0 && next.is_some_and(|n| n.is_ascii_digit()) => out.push_str(".e"),
            _ => push_escaped(&mut out, byte),
        }
    }
    out
}

/// The notice and version that a Message-ID of that domain names; nothing for what [`message_id`] never makes.
pub fn notice_of(id: &str, domain: &str) -> Option<(NoticeKey, u16)> {
    let (left, right) = id.strip_prefix('<')?.strip_suffix('>')?.split_once('@')?;
    let (key, version) = read_back(left)?;
    let key = NoticeKey::parse(&key)?;
    (right == domain && message_id(&key.to_string(), version, domain) == id).then_some((key, version))
}

/// Undoes [`message_id`] without knowing the key: that it can is what makes that injective.
fn read_back(left: &str) -> Option<(String, u16)> {
    let (left, version) = match left.rsplit_once(".v") {
        Some((rest, n)) if n.bytes().all(|b| b.is_ascii_digit()) => (rest, n.parse().ok()?),
        _ => (left, 1),
    };
    let mut out = Vec::with_capacity(left.len());
    let bytes = left.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'_' => {
                out.push(u8::from_str_radix(left.get(at + 1..at + 3)?, 16).ok()?);
                at += 2;
            }
            b'.' if bytes.get(at + 1) == Some(&b'e') && bytes.get(at + 2).is_some_and(u8::is_ascii_digit) => {
                out.push(b'@');
                at += 1;
            }
            b'.' => out.push(b'/'),
            other => out.push(other),
        }
        at += 1;
    }
    Some((String::from_utf8(out).ok()?, version))
}

fn push_escaped(out: &mut String, byte: u8) {
    if byte.is_ascii_alphanumeric() || byte == b'-' {
        out.push(char::from(byte));
    } else {
        out.push('_');
        for nibble in [byte >> 4, byte & 15] {
            out.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase());
        }
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        push_escaped(&mut out, byte);
    }
    out
}

/// Where a letter lies under the folder of a rehearsal: `cartas/rma/2026-11/e1-prazo-5d/3205309.eml`,
/// `cartas/rma/2026-11/divulgacao/3205309.eml`, `cartas/rma/2026-11/e1-remessa/GSUAS.eml`,
/// `cartas/geral/alerta-rele/2026-12-01.eml`; later versions end in `.v2.eml`. Relative, and never upwards.
pub fn letter_path(key: &NoticeKey, version: u16) -> PathBuf {
    let mut path = PathBuf::from("cartas");
    match key.window() {
        Some(window) => path.extend(window.as_str().split('/').map(escaped)),
        None => path.push("geral"),
    }
    let (folder, file) = match key {
        NoticeKey::Municipal { slot, municipality, .. } => {
            (municipal_folder(*slot), municipality.to_string())
        }
        NoticeKey::Staff { slot, .. } => staff_place(slot),
        NoticeKey::Service { topic, on } => (format!("alerta-{}", escaped(topic)), on.to_string()),
    };
    path.push(folder);
    path.push(if version > 1 { format!("{file}.v{version}.eml") } else { format!("{file}.eml") });
    path
}

fn municipal_folder(slot: Slot) -> String {
    match slot {
        Slot::Announcement => "divulgacao".to_owned(),
        Slot::Extension { edition } => format!("e{edition}-prorrogacao"),
        Slot::Suspension { edition, since, kind } => of_halt(edition, halt_word(kind), since),
        Slot::Upheld { edition, since } => of_halt(edition, "prazo-mantido", since),
        Slot::Rung { edition, days_before } => format!("e{edition}-prazo-{days_before}d"),
    }
}

fn of_halt(edition: u16, word: &str, since: Option<jiff::civil::Date>) -> String {
    since.map_or_else(|| format!("e{edition}-{word}"), |day| format!("e{edition}-{word}-{day}"))
}

fn staff_place(slot: &StaffSlot) -> (String, String) {
    match slot {
        StaffSlot::Digest { edition, to, on } => {
            (format!("e{edition}-resumo-{on}"), escaped(&to.to_string()))
        }
        StaffSlot::Referral { edition, to } => (format!("e{edition}-remessa"), escaped(&to.to_string())),
        StaffSlot::ReferralAddendum { edition, by, to } => {
            (format!("e{edition}-remessa-adendo-{by}"), escaped(&to.to_string()))
        }
        StaffSlot::Alert { edition, on } => (format!("e{edition}-alerta"), on.to_string()),
        StaffSlot::Report { edition } => (format!("e{edition}-relatorio"), "relatorio".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Component;

    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::calendar::HaltKind;
    use crate::domain::id::{GerenciaId, MunicipalityCode, Reference, SystemId, WindowId};
    use crate::domain::notice::{Addressee, Departure};

    fn is_dot_atom(text: &str) -> bool {
        text.split('.').all(|a| {
            !a.is_empty()
                && a.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
        })
    }

    #[test]
    fn message_ids_read_like_their_keys() {
        let id = |key, version| message_id(key, version, "example.org");
        assert_eq!(id("rma/2026-11@1/prazo-5d/3205309", 1), "<rma.2026-11.e1.prazo-5d.3205309@example.org>");
        assert_eq!(
            id("rma/2026-11@1/prazo-5d/3205309", 2),
            "<rma.2026-11.e1.prazo-5d.3205309.v2@example.org>"
        );
        assert_eq!(
            id("censo-suas/2017/e1@12/prorrogacao/3205309", 1),
            "<censo-suas.2017_2Fe1.e12.prorrogacao.3205309@example.org>"
        );
        assert_eq!(
            id("geral/alerta-fonte: x-2026-12-01", 1),
            "<geral.alerta-fonte_3A_20x-2026-12-01@example.org>"
        );
    }

    fn addressee() -> impl Strategy<Value = Addressee> {
        prop_oneof![
            Just(Addressee::Gsuas),
            "[ -~é/@.]{1,12}"
                .prop_filter_map("a name", |s| GerenciaId::parse(&s).ok().map(Addressee::Gerencia)),
        ]
    }

    fn window() -> impl Strategy<Value = WindowId> {
        ("[a-z][a-z0-9]{0,5}", 2000_i16..2100, proptest::option::of("(e|v)?[a-z0-9]{1,5}(-[a-z0-9]{1,3})?"))
            .prop_map(|(system, year, name)| {
                let system = SystemId::parse(&system).unwrap();
                WindowId::new(&system, Reference::Month(year, 11), name.as_deref()).unwrap()
            })
    }

    fn key() -> impl Strategy<Value = NoticeKey> {
        let municipality = MunicipalityCode::parse("3205309").unwrap();
        let slot = prop_oneof![
            Just(Slot::Announcement),
            (1_u16..20).prop_map(|edition| Slot::Extension { edition }),
            (1_u16..20, proptest::option::of(1_i8..29), any::<bool>()).prop_map(
                |(edition, day, cancelled)| {
                    Slot::Suspension {
                        edition,
                        since: day.map(|day| date(2026, 12, day)),
                        kind: if cancelled { HaltKind::Cancelled } else { HaltKind::Suspended },
                    }
                }
            ),
            (1_u16..20, proptest::option::of(1_i8..29)).prop_map(|(edition, day)| Slot::Upheld {
                edition,
                since: day.map(|day| date(2026, 12, day))
            }),
            (1_u16..20, 0_u16..30).prop_map(|(edition, days_before)| Slot::Rung { edition, days_before }),
        ];
        let staff = prop_oneof![
            (1_u16..20, addressee()).prop_map(|(edition, to)| StaffSlot::Referral { edition, to }),
            (1_u16..20, 2_u16..9, addressee()).prop_map(|(edition, later, to)| {
                StaffSlot::ReferralAddendum { edition, by: Departure::Edition(later), to }
            }),
            (1_u16..20, addressee()).prop_map(|(edition, to)| StaffSlot::Digest {
                edition,
                to,
                on: date(2026, 12, 29)
            }),
            (1_u16..20).prop_map(|edition| StaffSlot::Alert { edition, on: date(2026, 12, 29) }),
        ];
        prop_oneof![
            (window(), slot).prop_map(move |(window, slot)| NoticeKey::Municipal {
                window,
                slot,
                municipality
            }),
            (window(), staff).prop_map(|(window, slot)| NoticeKey::Staff { window, slot }),
            "\\PC{0,20}".prop_map(|topic| NoticeKey::Service { topic, on: date(2026, 12, 1) }),
        ]
    }

    proptest! {
        #[test]
        fn every_key_and_version_has_a_message_id_of_its_own(key in key(), version in 1_u16..30) {
            let id = message_id(&key.to_string(), version, "example.org");
            prop_assert!(is_dot_atom(id[1..].split_once('@').unwrap().0), "{}", id);
            prop_assert_eq!(read_back(id[1..].split_once('@').unwrap().0), Some((key.to_string(), version)));
            if key.municipality().is_some() {
                prop_assert_eq!(notice_of(&id, "example.org"), Some((key, version)));
            }
            prop_assert_eq!(notice_of(&id, "example.com"), None);
        }

        #[test]
        fn any_text_at_all_makes_a_message_id_of_its_own(key in "[a-z/@.:ev0-9 _é]{1,24}", version in 1_u16..30) {
            let id = message_id(&key, version, "example.org");
            prop_assert!(is_dot_atom(id[1..].split_once('@').unwrap().0), "{}", id);
            prop_assert_eq!(read_back(id[1..].split_once('@').unwrap().0), Some((key, version)));
        }

        #[test]
        fn paths_differ_as_keys_do_and_stay_inside(a in key(), b in key(), v in 1_u16..3, w in 1_u16..3) {
            let path = letter_path(&a, v);
            prop_assert!(path.components().all(|c| matches!(c, Component::Normal(_))), "{:?}", path);
            let same_letter = a.to_string() == b.to_string() && v == w;
            prop_assert_eq!(path == letter_path(&b, w), same_letter);
        }
    }

    #[test]
    fn paths_go_from_window_to_slot_to_addressee() {
        let path = |key: &str, version| {
            letter_path(&NoticeKey::parse(key).unwrap(), version).to_string_lossy().into_owned()
        };
        assert_eq!(path("rma/2026-11@1/prazo-5d/3205309", 1), "cartas/rma/2026-11/e1-prazo-5d/3205309.eml");
        assert_eq!(path("rma/2026-11/divulgacao/3205309", 2), "cartas/rma/2026-11/divulgacao/3205309.v2.eml");
        assert_eq!(path("rma/2026-11@1/remessa-GSUAS", 1), "cartas/rma/2026-11/e1-remessa/GSUAS.eml");
        let up = NoticeKey::Staff {
            window: WindowId::parse("rma/2026-11").unwrap(),
            slot: StaffSlot::Referral {
                edition: 1,
                to: Addressee::Gerencia(GerenciaId::parse("../../x").unwrap()),
            },
        };
        assert_eq!(
            letter_path(&up, 1).to_string_lossy(),
            "cartas/rma/2026-11/e1-remessa/_2E_2E_2F_2E_2E_2Fx.eml"
        );
        assert_eq!(path("geral/alerta-rele-2026-12-01", 1), "cartas/geral/alerta-rele/2026-12-01.eml");
    }
}
