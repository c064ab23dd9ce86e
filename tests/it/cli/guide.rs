//! The operators' guide, followed to the letter: every command that `config/LEIAME.md` quotes is run, section by section
//! and in its order, on a copy of the shipped configuration, and must end as the guide promises (0 where it says nothing,
//! else what follows the command: “(saída 1)”). What a section tells to write is written first, so that this cannot go
//! stale either.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::office::Office;
use crate::support::smtp::Relay;

const GUIDE: &str = include_str!("../../../config/LEIAME.md");
/// The day on which the guide is followed: RMA's window of October is open.
const NOW: &str = "2026-11-05T09:00";
/// Commands on which the instant has no bearing.
const TIMELESS: [&str; 6] = ["simular", "livro", "dossie", "completar", "manual", "--ajuda"];

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

/// What the guide leaves to the reader, filled in.
fn filled(line: &str) -> String {
    let stand_ins = [
        ("ENDERECO", "ana@es.gov.br"),
        ("FONTE ARQUIVO", "planilha planilha.csv"),
        ("sistema NOME", "sistema novo"),
        ("COPIA", "copia"),
        ("DIR", "pasta"),
    ];
    let filled = stand_ins.iter().fold(line.to_owned(), |line, (word, thing)| line.replace(word, thing));
    let timed = TIMELESS.iter().any(|word| filled.contains(word)) || filled.contains("--em ");
    if timed { filled } else { format!("{filled} --em {NOW}") }
}

const RMA_OCTOBER: &str = "\n[[janela]]\nsistema = \"rma\"\nreferencia = \"2026-10\"\nabertura = 2026-11-01\n\
    prazo = 2026-11-30\nfonte = \"Prática do RMA\"\n";

/// Does what a section tells to do by hand, and has the service running.
fn prepare(office: &Office, title: &str, section: &str, port: u16) {
    office.run(&format!("servir --uma-vez --em {NOW}"), 0);
    match title {
        "O que fazer depois de mudar qualquer arquivo" => copy_of_the_configuration(office),
        "Antes do primeiro envio real" => production(office, port),
        "O MDS prorrogou" => {
            // Announced on the very day on which the section is followed.
            let told = blocks(section, "toml")[0].replace("2026-12-05", "2026-11-05");
            office.append("config/calendario.toml", &format!("{RMA_OCTOBER}{told}"));
            let earlier = "[[janela]]\nsistema = \"censo-suas\"\nreferencia = \"2026\"\nabertura = 2026-10-01\n\
                prazo = 2026-12-20\nfonte = \"MDS\"\n";
            office.append("config/calendario.toml", earlier);
            office.run(&format!("servir --uma-vez --em {NOW}"), 0);
            let later =
                "[[janela.prorrogacao]]\nprazo = 2026-12-10\nanunciada = 2026-11-05\nfonte = \"MDS\"\n";
            office.append("config/calendario.toml", later);
        }
        "O sistema saiu do ar ou a janela foi suspensa" => {
            let told = blocks(section, "toml")[0].replace("2026-11-14", "2026-11-05");
            office.append("config/calendario.toml", &format!("{RMA_OCTOBER}{told}"));
        }
        "A fonte caiu" => {
            let feed = "\n[fonte.planilha]\nativa = false\nsistema = \"rma\"\ntipo = \"csv\"\norigem = \"manual\"\n\
                municipio = \"ibge\"\nparte = \"CRAS\"\nsentido = \"situacao\"\nsituacao_coluna = \"situacao\"\n\
                situacoes = { \"Sim\" = \"concluido\" }\n";
            office.append("config/fontes.toml", feed);
            office.write("planilha.csv", "ibge;situacao\n3205309;Sim\n3205200;Sim\n3205002;Sim\n");
        }
        "Novo sistema" => {
            let system = "\n[sistema.novo]\nnome = \"Novo\"\nlink = \"https://novo.mds.gov.br\"\npartes = [\"CRAS\"]\n\
                escada = [{ antes = \"5d\", para = [\"smas\"] }]\n[sistema.novo.recorrencia]\ncada = \"ano\"\nde = 2026\n\
                abre = { mais_meses = 9, dia = 1 }\nprazo = { mais_meses = 11, dia = 1 }\n";
            office.append("config/calendario.toml", system);
        }
        _ => {}
    }
    office.write(
        "aviso.eml",
        "From: a@b.gov.br\nSubject: Ausente\nAuto-Submitted: auto-replied\n\nEstou de férias.\n",
    );
}

fn copy_of_the_configuration(office: &Office) {
    std::fs::create_dir_all(office.path("copia")).unwrap();
    for file in ["vigia.toml", "calendario.toml", "municipios.csv"] {
        office.write(&format!("copia/{file}"), office.read(&format!("config/{file}")));
    }
}

/// Steps 1 to 10: addresses that reach somebody, a relay, a beginning.
fn production(office: &Office, port: u16) {
    let roster = office.read("config/municipios.csv").replace("municipio.invalid", "municipio.es.gov.br");
    office.write("config/municipios.csv", roster);
    let vigia = office.read("config/vigia.toml").replace("smtp.example.org", "127.0.0.1");
    let vigia = vigia.replace("example.org", "setades.es.gov.br").replace("\"starttls\"", "\"nenhuma\"");
    let vigia = vigia.replace("porta = 587", &format!("porta = {port}"));
    let login = |line: &&str| !line.starts_with("usuario =") && !line.starts_with("senha_arquivo =");
    let vigia: String = vigia.lines().filter(login).flat_map(|line| [line, "\n"]).collect();
    office.write("config/vigia.toml", vigia);
    office.edit("config/vigia.toml", "# inicio = 2026-12-01", "inicio = 2026-12-01");
    office.edit("config/vigia.toml", "modo = \"ensaio\"", "modo = \"producao\"");
}

/// Runs one command as the guide has it; answers what went otherwise than promised.
fn follow(office: &Office, quoted: &Quoted) -> Option<String> {
    let line = filled(&quoted.line);
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
    let mut program = office.program(&line);
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
    let relay = Relay::start().await;
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
            prepare(&office, title, section, port);
            commands += quoted.len();
            wrong.extend(
                quoted
                    .iter()
                    .filter_map(|one| follow(&office, one))
                    .map(|told| format!("## {title}\n{told}")),
            );
        }
        (wrong, commands, began.elapsed())
    });
    let (wrong, commands, took) = went.await.unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(commands >= 40, "only {commands} commands, in {took:?}");
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
