//! The operators' guide, followed to the letter: every command that `config/LEIAME.md` quotes is run, section by section
//! and in its order, on a copy of the shipped configuration, and must end as the guide promises (0 where it says nothing,
//! else what follows the command: “(saída 1)”). What a section tells to write is written first, so that this cannot go
//! stale either (`prepared`). No command is left out: what would go to the ministry or to a relay goes to one on loopback.

mod prepared;

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::office::Office;
use crate::support::smtp::Relay;
use prepared::{Neighbours, StandIns, prepare};

const GUIDE: &str = include_str!("../../../config/LEIAME.md");
/// The day on which the guide is followed: RMA's window of October is open.
const NOW: &str = "2026-11-05T09:00";
/// Commands on which the instant has no bearing.
const TIMELESS: [&str; 8] =
    ["simular", "livro", "dossie", "completar", "manual", "saude", "recarregar", "--ajuda"];
/// Commands that act, and so take no other instant in production.
const ACTING: [&str; 5] = ["assumir ", "liberar ", "enviar-teste ", "testar-canal ", "aplicar "];
/// Commands that ask before they change anything; there is no terminal here.
const ASKING: [&str; 3] = ["aplicar ", "prorrogar ", "cadastro aplicar"];

/// A command as the guide has it, with the exit code that it promises.
#[derive(Debug, PartialEq, Eq)]
struct Quoted {
    line: String,
    code: i32,
}

/// The commands of a section, in order.
fn quoted(section: &str) -> Vec<Quoted> {
    let mut found = Vec::new();
    let mut in_block = false;
    for line in section.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if in_block {
            found.extend(line.trim().strip_prefix("vigia-suas ").map(|line| promised(line, "")));
        } else {
            let pieces: Vec<&str> = line.split('`').collect();
            for (place, piece) in pieces.iter().enumerate().skip(1).step_by(2) {
                let after = pieces.get(place + 1).copied().unwrap_or_default();
                found.extend(piece.strip_prefix("vigia-suas ").map(|line| promised(line, after)));
            }
        }
    }
    found
}

fn promised(line: &str, after: &str) -> Quoted {
    let told = after.trim_start().strip_prefix("(saída ").and_then(|rest| rest.split([')', ',', ':']).next());
    Quoted { line: line.to_owned(), code: told.map_or(0, |code| code.trim().parse().unwrap()) }
}

/// What stands between the lines of a fence.
fn blocks<'a>(section: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    section.split(fence.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// What the guide leaves to the reader, filled in, and its questions answered with yes.
fn filled(line: &str, of_section: &StandIns) -> String {
    let of_all = [
        ("ENDERECO", "ana@es.gov.br"),
        ("FONTE ARQUIVO", "planilha planilha.csv"),
        ("FONTE", "planilha"),
        ("sistema NOME", "sistema novo"),
        ("/root/vigia-nova", "vigia-nova"),
        ("--confirmar N", "--confirmar 0"),
        ("reduzir --confirmar 312", "reduzir --confirmar 0"),
    ];
    let named = of_section.iter().map(|(word, thing)| (*word, thing.as_str()));
    let mut filled =
        named.chain(of_all).fold(line.to_owned(), |line, (word, thing)| line.replace(word, thing));
    if ASKING.iter().any(|asking| filled.starts_with(asking)) {
        filled.push_str(" --sim");
    }
    // Alone it lists what the last load says.
    let lists = filled == "cadastro" || filled.starts_with("cadastro --");
    let timed = lists || TIMELESS.iter().any(|word| filled.contains(word)) || filled.contains("--em ");
    if timed { filled } else { format!("{filled} --em {NOW}") }
}

/// Runs one command as the guide has it; answers what went otherwise than promised.
fn follow(office: &Office, named: &StandIns, quoted: &Quoted) -> Option<String> {
    let mut line = filled(&quoted.line, named);
    let is_live = office.read("config/vigia.toml").contains("\nmodo = \"producao\"");
    if is_live && ACTING.iter().any(|acting| line.starts_with(acting)) {
        line = line.replace(&format!(" --em {NOW}"), "");
    }
    // These go by the machine's clock, as the service does.
    let by_its_clock = line == "saude" || line.starts_with("livro reduzir --confirmar");
    let at_work = by_its_clock.then(|| prepared::at_work(quoted.code));
    let office = at_work.as_ref().unwrap_or(office);
    if line.contains("--observar") {
        return watched(office.program(&line)).err();
    }
    let (line, input) = match line.split_once(" < ") {
        Some((line, file)) => {
            let (file, rest) = file.split_once(' ').unwrap_or((file, ""));
            (format!("{line} {rest}"), Some(file.to_owned()))
        }
        None => (line, None),
    };
    // What a shell would do with what is shown.
    let line = line.split_once(" > ").map_or(line.clone(), |(line, rest)| {
        format!("{line}{}", rest.split_once(' ').map_or(String::new(), |(_, rest)| format!(" {rest}")))
    });
    let mut program = office.program(&line);
    if line.starts_with("painel senha") {
        office.write("digitado", "uma senha comprida\n");
        program.stdin(std::fs::File::open(office.path("digitado")).unwrap());
    }
    if let Some(file) = input {
        program.stdin(std::fs::File::open(office.path(&file)).unwrap());
    }
    let output = program.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let told = format!("{}{}", text(&output.stdout), text(&output.stderr));
    (output.status.code() != Some(quoted.code)).then(|| {
        format!("vigia-suas {line}\npromised {}, ended with {:?}\n{told}", quoted.code, output.status.code())
    })
}

/// A command that ends only when told to: it must show a letter, and be there still.
fn watched(mut program: Command) -> Result<(), String> {
    let mut child = program.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 512];
        let read = out.read(&mut bytes).unwrap_or(0);
        let _ = tell.send(String::from_utf8_lossy(&bytes[..read]).into_owned());
    });
    let first = told.recv_timeout(Duration::from_mins(1)).unwrap_or_default();
    let ended = child.try_wait().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let well = first.contains("Assunto: ") && ended.is_none();
    if well { Ok(()) } else { Err(format!("carta --observar said {first:?} and ended with {ended:?}")) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_of_the_guide_ends_as_the_guide_promises() {
    let (relay, neighbours) = (Relay::start().await, Neighbours::open().await);
    let port = relay.port;
    let went = tokio::task::spawn_blocking(move || {
        let began = Instant::now();
        let mut wrong = Vec::new();
        let mut commands = 0;
        for section in GUIDE.split("\n## ").skip(1) {
            let (title, section) = section.split_once('\n').unwrap();
            let quoted = quoted(section);
            if quoted.is_empty() {
                continue;
            }
            let office = Office::new();
            let named = prepare(&office, title, section, port, &neighbours);
            commands += quoted.len();
            wrong.extend(
                quoted
                    .iter()
                    .filter_map(|one| follow(&office, &named, one))
                    .map(|told| format!("## {title}\n{told}")),
            );
        }
        (wrong, commands, began.elapsed())
    });
    let (wrong, commands, took) = went.await.unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(commands >= 80, "only {commands} commands, in {took:?}");
    assert_eq!(relay.taken().len(), 1, "the letter to try the relay with");
}

#[test]
fn the_guides_commands_are_found_with_their_promises() {
    let section = "Rode `vigia-suas a` e `x`; depois `vigia-suas b --c` (saída 1: há falhas).\n\
        ```sh\nvigia-suas d\n```\n```toml\nx = 1\n```\n";
    let one = |line: &str, code| Quoted { line: line.to_owned(), code };
    assert_eq!(quoted(section), [one("a", 0), one("b --c", 1), one("d", 0)]);
    assert_eq!(blocks(section, "toml"), ["x = 1\n"]);
}
