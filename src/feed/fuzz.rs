//! Every decoder and the mapper under damaged bytes: whole files of each format, cut, repeated, overwritten and
//! spliced, and bytes of no format at all. Nothing may panic, and what is damaged beyond reading is refused in words.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::fixture::{calendar, code, november, part, roster_with_units, situation, windows};
use super::judge::Verdict;
use super::map::Ground;
use super::take_in;
use crate::domain::feed::{FeedSpec, Format, Meaning, PartRule, ReferenceRule, Says, Word};
use crate::domain::status::State;
use crate::format::body::{Body, Given, Original};
use crate::format::sheet::fixture::{ods, xls, xlsx};
use crate::text::encoding::Encoding;
use crate::text::words::Words;

const CSV: &str = "ibge;parte;situacao;data;feitos;ref\r\n320530;CRAS;Questionário Preenchido;05/11/2026;1.234;10/2026\r\n\
                   320520;\"Nome CRAS\"; ;;0;09/2026\r\n3550308;GESTAO;x;ontem;-1;\r\n";
const JSON: &str = r#"{"response":{"numFound":2,"start":0,"docs":[{"ibge":"320530","parte":"CRAS","situacao":"Questionário Preenchido","data":"05/11/2026","feitos":3,"ref":"10/2026"},{"ibge":320520.0,"parte":{"x":[1,null,true]},"situacao":null}]}}"#;
const HTML: &str = "<html><!-- x --><script>a<b</script><table><tr><td><table><tr><th>ibge<th>parte<th>situacao<th>data<th>feitos<th>ref</tr>
<tr><td>320530<td>CRAS<td rowspan=2>Question&aacute;rio Preenchido<td colspan=2>05/11/2026<td>10/2026</tr></table></td></tr></table></html>";
const TEXTS: &str =
    "<sst uniqueCount=\"2\"><si><t>ibge</t></si><si><r><t>situ</t></r><r><t>acao</t></r></si></sst>";
const ROWS: &str = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c><c r=\"C1\" t=\"inlineStr\"><is><t>parte</t></is></c></row>\
                    <row r=\"2\"><c r=\"A2\"><v>320530.0</v></c><c r=\"B2\" s=\"1\"><v>46331.5</v></c><c r=\"C2\" t=\"e\"><v>#N/A</v></c></row>";

/// A whole file of each format, and how it is to be read.
fn whole() -> Vec<(Format, Vec<u8>)> {
    let sheet = || Format::Sheet { name: None, heading: None };
    let path = ["response", "docs"].map(str::to_owned).to_vec();
    let cells = [(0, 0, "ibge"), (0, 1, "situacao"), (1, 0, "320530"), (1, 1, "x")];
    let table = "<table:table-row><table:table-cell><text:p>ibge</text:p></table:table-cell><table:table-cell table:number-columns-repeated=\"2\"/></table:table-row>";
    let wide: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain(CSV.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    vec![
        (Format::Csv { delimiter: None, encoding: None, heading: None }, CSV.as_bytes().to_vec()),
        (
            Format::Csv { delimiter: Some(b';'), encoding: None, heading: None },
            Encoding::WINDOWS_1252.encode(CSV).unwrap(),
        ),
        (Format::Csv { delimiter: None, encoding: None, heading: None }, wide),
        (Format::Json { path }, JSON.as_bytes().to_vec()),
        (Format::Json { path: Vec::new() }, format!("[{JSON}]").into_bytes()),
        (Format::Solr, JSON.as_bytes().to_vec()),
        (Format::Html { table: "ibge".to_owned(), encoding: None }, HTML.as_bytes().to_vec()),
        (sheet(), xlsx(ROWS, TEXTS)),
        (sheet(), ods(table)),
        (sheet(), xls(2, 2, &cells)),
    ]
}

/// One way of reading a row for each choice of keys.
fn mappings() -> Vec<FeedSpec> {
    let plain = situation();
    let mut parts = plain.clone();
    parts.mapping.part = PartRule::Situation;
    let both = [(part("GESTAO"), Word::Is(State::Done)), (part("CRAS"), Word::FilledNotConcluded)].into();
    let words = Words::of([("x", Says::Parts(both))]).unwrap();
    parts.mapping.meaning = Meaning::Situation { column: "situacao".to_owned(), words };
    parts.mapping.dated = None;
    let mut counts = plain.clone();
    counts.mapping.part = PartRule::Fixed(part("CRAS"));
    counts.mapping.meaning = Meaning::Count { done: "#2".to_owned(), expected: "#1".to_owned() };
    counts.mapping.dated = None;
    counts.mapping.blanks = vec!["-1".to_owned()];
    let mut presence = counts.clone();
    presence.mapping.unit = Some("#2".to_owned());
    presence.mapping.reference =
        ReferenceRule::Column { column: "#1".to_owned(), pattern: "%m/%Y".to_owned() };
    presence.mapping.meaning = Meaning::Presence;
    vec![plain, parts, counts, presence]
}

/// What may befall bytes.
#[derive(Debug, Clone)]
enum Damage {
    Overwrite(u8),
    Insert(Vec<u8>),
    Remove(u16),
    Repeat(u16, u8),
    Cut,
}

fn damage() -> impl Strategy<Value = Damage> {
    const SPICE: [&str; 14] = [
        "\"",
        ";",
        "\n",
        "\r",
        "\0",
        "<",
        "</table>",
        "{",
        "[",
        "null",
        "&#1;",
        "#",
        "999999999999",
        "\u{FEFF}",
    ];
    prop_oneof![
        4 => any::<u8>().prop_map(Damage::Overwrite),
        2 => prop::sample::select(&SPICE[..]).prop_map(|s| Damage::Insert(s.as_bytes().to_vec())),
        1 => prop::collection::vec(any::<u8>(), 0..8).prop_map(Damage::Insert),
        1 => any::<u16>().prop_map(Damage::Remove),
        1 => (1..64_u16, 1..40_u8).prop_map(|(length, times)| Damage::Repeat(length, times)),
        1 => Just(Damage::Cut),
    ]
}

fn damaged(mut bytes: Vec<u8>, what: &[(prop::sample::Index, Damage)]) -> Vec<u8> {
    for (place, damage) in what {
        if bytes.is_empty() {
            break;
        }
        let at = place.index(bytes.len());
        let end = |length: u16| bytes.len().min(at + usize::from(length % 64));
        match damage {
            Damage::Overwrite(byte) => bytes[at] = *byte,
            Damage::Insert(more) => drop(bytes.splice(at..at, more.iter().copied())),
            Damage::Remove(length) => drop(bytes.drain(at..end(*length))),
            Damage::Repeat(length, times) => {
                let again = bytes[at..end(*length)].repeat(usize::from(*times));
                drop(bytes.splice(at..at, again));
            }
            Damage::Cut => bytes.truncate(at),
        }
    }
    bytes
}

/// Takes damaged bytes in as each format and by each mapping, so many times; gives how often they were believed.
fn executions(times: u32) -> u32 {
    let (calendar, windows, roster) = (calendar(), windows(), roster_with_units());
    let ground = Ground { calendar: &calendar, windows: &windows, roster: &roster, taken_at: november(10) };
    let (files, mappings) = (whole(), mappings());
    let given = Given { municipality: Some(code("3205309")), unit: None, reference: None };
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(times) });
    let input = (
        0..files.len(),
        0..files.len() * 6,
        0..mappings.len(),
        any::<bool>(),
        prop::collection::vec((any::<prop::sample::Index>(), damage()), 0..6),
    );
    let believed = std::cell::Cell::new(0);
    let outcome = runner.run(&input, |(bytes_of, format_of, mapping, asked, what)| {
        let (own, bytes) = &files[bytes_of];
        // Mostly as what they are, now and then as something else.
        let format = files.get(format_of).map_or(own, |(format, _)| format);
        let spec = FeedSpec { format: format.clone(), ..mappings[mapping].clone() };
        let given = if asked { given.clone() } else { Given::default() };
        let body = Body { given, original: Original::from_bytes(damaged(bytes.clone(), &what)) };
        let intake = take_in(&spec, &[body], &ground, None);
        match intake.verdict {
            Verdict::Accepted { notes } => {
                believed.set(believed.get() + 1);
                prop_assert!(notes.iter().all(|note| !note.to_string().is_empty()));
            }
            Verdict::Quarantined { reasons } => {
                prop_assert!(!reasons.is_empty());
                prop_assert!(reasons.iter().all(|reason| !reason.to_string().is_empty()));
            }
        }
        Ok(())
    });
    outcome.unwrap();
    believed.get()
}

#[test]
fn damaged_files_of_every_format_are_read_or_refused() {
    let believed = executions(1_500);
    assert!(believed > 0, "some are hardly damaged, or this reaches nothing behind the decoders");
}

#[test]
#[ignore = "long: as many executions as FUZZ says, or a million"]
fn damaged_files_of_every_format_are_read_or_refused_a_million_times() {
    let times = std::env::var("FUZZ").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let believed = executions(times);
    println!("{times} executions, {believed} loads believed");
}
