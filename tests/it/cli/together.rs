//! Two people at one configuration: the later never silently undoes the earlier.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Stdio};

use super::office::Office;

const EM: &str = "--em 2026-11-23T10:00";
const CALENDAR: &str = "config/calendario.toml";

fn extension(n: usize) -> String {
    let day = format!("{}/12/2026", 10 + n);
    format!("prorrogar rma/2026-10 --para {day} --fonte \"Pessoa {n}.\" --confirmar {day} {EM}")
}

/// How many answers were one of yes, and which.
fn written(office: &Office, people: usize) -> Vec<usize> {
    let text = office.read(CALENDAR);
    (0..people).filter(|n| text.contains(&format!("fonte = \"Pessoa {n}.\""))).collect()
}

#[test]
fn of_eight_who_extend_at_once_all_that_say_done_are_in_the_file() {
    let office = Office::new();
    let running: Vec<_> = (0..8)
        .map(|n| {
            let mut program = office.program(&format!("{} --sim", extension(n)));
            program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let ended: Vec<_> = running.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    let mut done = Vec::new();
    for (n, output) in ended.iter().enumerate() {
        let errors = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(0) => done.push(n),
            code => {
                assert_eq!(code, Some(1), "{errors}");
                assert!(
                    errors.contains("mudou enquanto você lia") || errors.contains("outro comando"),
                    "{errors}"
                );
            }
        }
    }
    assert!(!done.is_empty());
    assert_eq!(written(&office, 8), done);
    assert_eq!(
        office.read(CALENDAR).matches("[[janela.prorrogacao]]\n  prazo = 2026-12-1").count(),
        done.len()
    );
    office.run(&format!("verificar {EM}"), 0);
}

/// Runs a line at a terminal; when it asks, does something first and then says yes. What was shown, and the exit code.
pub(super) fn answered(office: &Office, line: &str, meanwhile: impl FnOnce()) -> (String, i32) {
    let program = office.program(line);
    let words = std::iter::once(program.get_program()).chain(program.get_args());
    let words: Vec<String> = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &words.join(" "), "/dev/null"]);
    script.current_dir(office.path("")).env("USER", "ana").env("COLUMNS", "100");
    let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut shown = Vec::new();
    let mut out = child.stdout.take().unwrap();
    let mut byte = [0];
    while !shown.ends_with(b"[s/N] ") && out.read(&mut byte).unwrap() == 1 {
        shown.push(byte[0]);
    }
    meanwhile();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"s\n").unwrap();
    out.read_to_end(&mut shown).unwrap();
    let code = child.wait().unwrap().code().unwrap();
    (String::from_utf8_lossy(&shown).into_owned(), code)
}

#[test]
fn an_extension_that_waits_at_the_question_overwrites_nothing_that_came_meanwhile() {
    let office = Office::new();
    let (shown, code) = answered(&office, &extension(1), || {
        office.run(&format!("{} --sim", extension(2)), 0);
    });
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("recusado: o arquivo mudou enquanto você lia (calendario.toml)"), "{shown}");
    assert!(shown.contains("nada foi mudado"), "{shown}");
    assert_eq!(written(&office, 3), [2]);
    // Another file counts too: the table shown was made with it.
    let before = office.read(CALENDAR);
    let (shown, code) =
        answered(&office, &extension(3), || office.edit("config/municipios.csv", "smas.vitoria@", "outra@"));
    assert_eq!((code, office.read(CALENDAR)), (1, before), "{shown}");
    assert!(shown.contains("mudou enquanto você lia (municipios.csv)"), "{shown}");
    // And with nothing in between it is written.
    let (shown, code) = answered(&office, &extension(3), || ());
    assert_eq!((code, written(&office, 4)), (0, vec![2, 3]), "{shown}");
}

#[test]
fn an_installation_that_waits_at_the_question_overwrites_nothing_that_came_meanwhile() {
    let office = Office::new();
    office.copy("config", "nova");
    office.edit("nova/municipios.csv", "smas.vitoria@", "outra.vitoria@");
    let install = format!("aplicar nova {EM}");
    let (shown, code) = answered(&office, &install, || {
        office.run(&format!("{} --sim", extension(1)), 0);
    });
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("recusado: o arquivo mudou enquanto você lia (calendario.toml)"), "{shown}");
    assert_eq!(written(&office, 2), [1]);
    assert!(!office.read("config/municipios.csv").contains("outra.vitoria@"));
    // The other way round: installed while an extension waits.
    office.copy("config", "outra");
    office.edit("outra/municipios.csv", "smas.vitoria@", "outra.vitoria@");
    let (shown, code) = answered(&office, &extension(4), || {
        office.run(&format!("aplicar outra --sim {EM}"), 0);
    });
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("mudou enquanto você lia (municipios.csv)"), "{shown}");
    assert!(office.read("config/municipios.csv").contains("outra.vitoria@"));
    assert_eq!(written(&office, 5), [1]);
}

#[test]
fn a_disk_that_is_full_leaves_the_old_file_and_nothing_beside() {
    let office = Office::new();
    let before = office.read(CALENDAR);
    let program = office.program(&format!("{} --sim", extension(1)));
    // Files of at most one block, and an error instead of a signal.
    let mut small = Command::new("sh");
    small.args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\""]);
    small.arg(program.get_program()).args(program.get_args()).current_dir(office.path("")).env("USER", "ana");
    let output = small.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{errors}");
    assert!(errors.contains("nada foi mudado"), "{errors}");
    assert_eq!(office.read(CALENDAR), before);
    assert_eq!(std::fs::read_dir(office.path("config")).unwrap().count(), 7, "nothing is left beside it");
}

#[test]
fn what_root_writes_belongs_to_whom_it_belonged() {
    let office = Office::new();
    let file = office.path(CALENDAR);
    if std::os::unix::fs::chown(&file, Some(4321), Some(1234)).is_err() {
        return; // Only root can give a file away.
    }
    office.run(&format!("{} --sim", extension(1)), 0);
    office.copy("config", "nova");
    office.edit("nova/calendario.toml", "Pessoa 1.", "Pessoa 2.");
    office.run(&format!("aplicar nova --sim {EM}"), 0);
    let mut belonging = vec![file];
    let entries = std::fs::read_dir(office.path("config")).unwrap().map(|entry| entry.unwrap().path());
    belonging.extend(entries.filter(|path| path.display().to_string().contains(".anterior-")));
    assert_eq!(belonging.len(), 2, "the file and its copy");
    for path in belonging {
        let meta = std::fs::metadata(&path).unwrap();
        assert_eq!((meta.uid(), meta.gid()), (4321, 1234), "{}", path.display());
    }
}
