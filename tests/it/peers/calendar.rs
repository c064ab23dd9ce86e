//! The calendar file before parsers that are not ours: icalendar and vobject, from the Python index. `ICS_PYTHON` names a Python that
//! has them.

use std::process::Command;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/peers/ics_judge.py");

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_vigia-suas"));
    program.args(["--config", concat!(env!("CARGO_MANIFEST_DIR"), "/config"), "--em", "2026-11-23T09:00"]);
    program
}

fn judged(path: &std::path::Path) -> (Option<i32>, String) {
    let python = std::env::var_os("ICS_PYTHON").unwrap_or_else(|| "python3".into());
    let output = Command::new(python).arg(SCRIPT).arg(path).output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(told).unwrap())
}

#[test]
#[ignore = "needs python3 with icalendar and vobject"]
fn two_parsers_of_other_people_take_a_year_of_the_agenda() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("prazos.ics");
    let made =
        program().args(["agenda", "--de", "2026-01-01", "--ate", "2027-12-31", "--ics"]).arg(&path).output();
    assert!(made.unwrap().status.success());
    let (code, told) = judged(&path);
    assert_eq!(code, Some(0), "{told}");
    // RMA of 23 months and SISC of eight quarters: an opening, a deadline, and three alarms each.
    assert_eq!(told.trim(), "ok, 62 events, 93 alarms");
    let text = std::fs::read_to_string(&path).unwrap();
    for (from, to) in [
        ("UID:prazo.rma.2026-10@vigia-suas\r\n", ""),
        ("DTSTART:", "DTSTART;TZID=America/Sao_Paulo:"),
        ("\r\n", "\n"),
    ] {
        let broken = dir.path().join("broken.ics");
        std::fs::write(&broken, text.replacen(from, to, if from == "\r\n" { usize::MAX } else { 1 }))
            .unwrap();
        let (code, told) = judged(&broken);
        assert_eq!(code, Some(1), "a fault that the judges must find ({from:?}): {told}");
    }
}
