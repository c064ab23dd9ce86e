//! A prorrogação written into a file drawn at random: it means what it meant and that edition, and every other byte
//! stays.

use std::fmt::Write as _;

use jiff::civil::{Date, date, time};
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;
use proptest::test_runner::Config;
use vigia_suas::config::{Config as Compiled, LoadError, NewExtension, Sources, compile, write_extension};
use vigia_suas::desk::extend::{self, Request};
use vigia_suas::domain::calendar::{Deadline, Edition, Halt, Window};
use vigia_suas::domain::id::{MunicipalityCode, WindowId};
use vigia_suas::plan::contrast::windows_unlike;
use vigia_suas::world::setup::Setup;

use crate::support::world::worlds;

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

/// How one window is written.
#[derive(Debug, Clone)]
struct Written {
    /// Days of its prorrogações, and whether each is for one municipality.
    extensions: Vec<(u8, bool)>,
    /// Where prorrogações stand: tables of their own, or a list in one line.
    listed: bool,
    /// Suspended without an end: nowhere, above its source, below its list.
    halted: u8,
    /// What stands after it.
    after: u8,
    indent: u8,
    hour: bool,
}

#[derive(Debug, Clone)]
struct Drawn {
    windows: Vec<Written>,
    /// Which window is extended; past the last: one of a recurrence.
    which: usize,
    line_end: &'static str,
    mark: bool,
    ends: bool,
    day: u8,
    at: bool,
    whom: u8,
    source: String,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let written = (
        prop::collection::vec((0..40_u8, any::<bool>()), 0..3),
        prop::bool::weighted(0.2),
        0..3_u8,
        0..4_u8,
        0..3_u8,
        any::<bool>(),
    )
        .prop_map(|(extensions, listed, halted, after, indent, hour)| Written {
            extensions,
            listed,
            halted,
            after,
            indent,
            hour,
        });
    (
        prop::collection::vec(written, 0..4),
        0..5_usize,
        prop_oneof![Just("\n"), Just("\r\n")],
        any::<bool>(),
        any::<bool>(),
        1..60_u8,
        any::<bool>(),
        0..3_u8,
        "[a-zA-Zç\"\\\\ #\\]\\[=.]{1,20}[a-z]",
    )
        .prop_map(|(windows, which, line_end, mark, ends, day, at, whom, source)| Drawn {
            windows,
            which,
            line_end,
            mark,
            ends,
            day,
            at,
            whom,
            source,
        })
}

const OPENED: Date = date(2026, 10, 1);
const CODES: [&str; 2] = ["3205309", "3205200"];

impl Drawn {
    fn calendar(&self) -> Vec<u8> {
        let shipped = include_str!("../../../config/calendario.toml");
        // With the shipped file's comments around them, and every layout between them.
        let mut text = shipped.to_owned();
        for (n, window) in self.windows.iter().enumerate() {
            let pad = " ".repeat(usize::from(window.indent));
            let _ = write!(
                text,
                "{pad}[[janela]]   # a de número {n}\n{pad}sistema = \"censo-suas\"\n{pad}referencia='20{:02}'\n\n\
                 {pad}abertura  =  {OPENED}\nprazo = 2026-12-01 # conferido\n",
                30 + n
            );
            if window.hour {
                text.push_str("prazo_hora = \"18:00\"\n");
            }
            let halt = "situacao = \"suspensa\" # caiu\nsituacao_desde = 2026-11-14\n";
            if window.halted == 1 || (window.halted == 2 && !window.listed) {
                text.push_str(halt);
            }
            text.push_str("fonte = \"MDS\"   \n");
            let extension = |(n, (day, one)): (usize, &(u8, bool))| {
                let on = date(2026, 12, 2).saturating_add(i64::from(*day).days());
                let whom = if *one { ["municipios", "= [ \"3205309\" ]"].join(" ") } else { String::new() };
                (on, OPENED.saturating_add(i64::try_from(n).unwrap().days()), whom)
            };
            let all: Vec<_> = window.extensions.iter().enumerate().map(extension).collect();
            if window.listed {
                let items: Vec<String> = all
                    .iter()
                    .map(|(on, known, whom)| {
                        let whom = if whom.is_empty() { String::new() } else { format!(", {whom}") };
                        format!("{{ prazo = {on}, anunciada = {known}, fonte = \"x\"{whom} }}")
                    })
                    .collect();
                let _ = writeln!(text, "prorrogacao = [{}] # em lista", items.join(", "));
                if window.halted == 2 {
                    text.push_str(halt);
                }
            } else {
                for (on, known, whom) in all {
                    let _ = write!(
                        text,
                        "{pad}  [[janela.prorrogacao]]\n{pad}  prazo = {on}\n  anunciada = {known}\n  fonte = \"x\"\n{whom}\n"
                    );
                }
            }
            text.push_str(
                match window.after {
                    0 => "",
                    1 => "\n# um comentário solto\n",
                    2 => "\n\n\n",
                    _ => "# logo abaixo\n[parte.NOVA__]\nnome = \"Nova\"\nresponsavel = \"smas\"\n",
                }
                .replace("__", &n.to_string())
                .as_str(),
            );
        }
        if !self.ends {
            while text.ends_with('\n') {
                text.pop();
            }
        }
        let text = text.replace('\n', self.line_end);
        if self.mark { format!("\u{feff}{text}").into_bytes() } else { text.into_bytes() }
    }

    fn window(&self) -> WindowId {
        let id = match self.which {
            n if n < self.windows.len() => format!("censo-suas/20{:02}", 30 + n),
            n if n % 2 == 0 => "rma/2026-10".to_owned(),
            _ => "sisc/2026-T4".to_owned(),
        };
        WindowId::parse(&id).unwrap()
    }

    fn announced_anew(&self) -> NewExtension {
        NewExtension {
            deadline: date(2026, 12, 25).saturating_add(i64::from(self.day).days()),
            at: self.at.then(|| time(17, 30, 0, 0)),
            announced: date(2026, 11, 20),
            source: self.source.trim().to_owned(),
            municipalities: CODES[..usize::from(self.whom)]
                .iter()
                .map(|code| MunicipalityCode::parse(code).unwrap())
                .collect(),
        }
    }
}

fn compiled(sources: &Sources) -> Compiled {
    match compile(sources, now()) {
        Ok(config) => config,
        Err(LoadError::Faulty(faults)) => panic!("{}", faults.render(false)),
        Err(other) => panic!("{other}"),
    }
}

proptest! {
    #![proptest_config(Config { cases: worlds().cases / 4, ..worlds() })]

    #[test]
    fn the_file_means_what_it_meant_and_that_edition_and_every_other_byte_stays(drawn in drawn()) {
        let old = drawn.calendar();
        let sources = Sources::embedded().with("calendario.toml", old.clone());
        let before = compiled(&sources);
        let (id, new) = (drawn.window(), drawn.announced_anew());
        let window = before.calendar.window(&id).unwrap();
        let written = write_extension(&sources, &window, &new).unwrap();
        let ends = window.halt.is_some() && new.municipalities.is_empty();
        // Of a suspension that it ends, one line; else one block was put in somewhere. Without them the file is the old one.
        let line = format!("situacao_ate = {}{}", new.announced, drawn.line_end);
        let text = String::from_utf8(written.clone()).unwrap();
        prop_assert_eq!(text.matches(&line).count(), usize::from(ends), "{}", text);
        let rest = text.replacen(&line, "", 1).into_bytes();
        let head = old.iter().zip(&rest).take_while(|(a, b)| a == b).count();
        let tail = old[head..].iter().rev().zip(rest.iter().rev()).take_while(|(a, b)| a == b).count();
        prop_assert_eq!(head + tail, old.len(), "{}", text);
        let put_in = &rest[head..rest.len() - tail];
        let bare = put_in.windows(2).filter(|pair| pair[1] == b'\n' && pair[0] != b'\r').count();
        prop_assert!(drawn.line_end == "\n" || bare == 0, "line ends as the file has them");

        let after = compiled(&sources.with("calendario.toml", written.clone()));
        let shifts = windows_unlike(&before.calendar, &after.calendar, date(2031, 12, 31));
        let own = window.editions[0].deadline.map_or(Deadline::DEFAULT_TIME, |d| d.at);
        let mut wanted = Window { recurring: false, ..window.clone() };
        wanted.halt = wanted.halt.map(|halt| Halt { until: ends.then_some(new.announced), ..halt });
        wanted.editions.push(Edition {
            number: u16::try_from(window.editions.len() + 1).unwrap(),
            deadline: Some(Deadline { on: new.deadline, at: new.at.unwrap_or(own) }),
            announced_on: Some(new.announced),
            source: new.source.clone(),
            municipalities: new.municipalities.iter().copied().collect(),
        });
        prop_assert_eq!(shifts.len(), 1);
        prop_assert_eq!(shifts[0].after.as_ref(), Some(&wanted), "{}", String::from_utf8_lossy(&written));
    }
}

#[test]
fn an_extension_of_a_suspended_window_ends_the_suspension_however_it_is_written() {
    let shipped = include_str!("../../../config/calendario.toml");
    let keys = [
        "sistema = \"censo-suas\"",
        "referencia = \"2026\"",
        "abertura = 2026-11-01",
        "prazo = 2026-12-05",
        "fonte = \"MDS\"",
        "situacao_desde = 2026-11-14",
        "situacao = \"suspensa\"",
    ];
    let layouts = [
        format!("{shipped}\n[[janela]]\n{}\n", keys.join("\n")),
        format!("{shipped}\n[[janela]]\n{}", keys.join("\n")),
        format!("{shipped}\r\n[[janela]]\r\n{}", keys.join("\r\n")),
        format!("janela = [{{ {} }}]\n{shipped}", keys.join(", ")),
    ];
    let request = Request {
        window: WindowId::parse("censo-suas/2026").unwrap(),
        deadline: date(2026, 12, 15),
        at: None,
        source: "MDS".to_owned(),
        announced: None,
        municipalities: Vec::new(),
        confirmed: None,
    };
    for layout in layouts {
        let sources = Sources::embedded().with("calendario.toml", layout.clone());
        let setup = Setup::compile(sources, Some("config".into()), now()).unwrap();
        let draft =
            extend::draft(&setup, &request, now()).unwrap_or_else(|error| panic!("{error}: {layout}"));
        let window = draft.setup.config.calendar.window(&request.window).unwrap();
        assert_eq!(window.halt.unwrap().until, Some(date(2026, 11, 23)));
        assert_eq!(window.editions.len(), 2);
        assert_eq!(draft.warnings, Vec::<String>::new());
    }
}
