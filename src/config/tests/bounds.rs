//! Configurations larger than any: refused at once, saying what is too much.

use super::*;

/// Keys that no table knows.
fn keys(count: usize) -> String {
    (0..count).map(|n| format!("a{n} = 1\n")).collect::<Vec<_>>().concat()
}

#[test]
fn a_file_longer_than_any_is_refused_unread() {
    for (file, line, most) in [
        ("calendario.toml", "a_key = 1\n", 1 << 20),
        ("unidades.csv", "1;3205309;CRAS;A;;\n", 8 << 20),
        ("modelos/prazo.txt", "{{ x }}", 64 << 10),
    ] {
        let found = faults(&small().with(file, line.repeat(most / line.len() + 1)));
        let [fault] = &found[..] else { panic!("{file} made\n{}", lines(&found)) };
        assert!(fault.file == file && fault.message.contains("o arquivo passa de"), "{}", lines(&found));
    }
}

#[test]
fn of_more_faults_than_anyone_reads_the_first_are_shown_and_the_rest_counted() {
    let found = faults(&plus("calendario.toml", &format!("[parte.X]\n{}", keys(600))));
    assert_eq!(found.len(), 501);
    let rest: Vec<_> = found.iter().filter(|fault| fault.message.starts_with("há mais ")).collect();
    assert!(matches!(rest[..], [rest] if rest.severity == Severity::Error), "{}", lines(&found[..2]));
}

#[test]
fn more_keys_than_any_file_has_are_refused() {
    let tables = (0..300).map(|n| format!("[gerencia.G{n}]\n{}", keys(130))).collect::<Vec<_>>().concat();
    let (one, all) = ("[saude]\n".to_owned() + &keys(90_000), format!("{tables}[x]\n{}", keys(950)));
    for text in [one.clone(), all.clone(), format!("x = {{ {} }}\n", keys(60_000).replace('\n', ", "))] {
        for file in ["vigia.toml", "calendario.toml"] {
            let found = faults(&plus(file, &text));
            assert!(found.iter().any(|fault| fault.message.contains(" chaves")), "{}", lines(&found));
        }
    }
    let _ = faults(&plus("vigia.toml", &tables));
}

#[test]
fn two_hundred_thousand_windows_are_refused_and_two_thousand_are_not() {
    let window = |n: usize| {
        format!(
            "[[janela]]\nsistema=\"censo-suas\"\nreferencia={}\nnome=\"n{n}\"\nabertura={y}-01-01\nprazo={y}-02-01\nfonte=\"M\"\n",
            2001 + n % 190,
            y = 2001 + n % 190
        )
    };
    let all: String = (0..2_000).map(window).collect();
    let found = faults(&plus("calendario.toml", &all));
    assert!(!found.iter().any(|fault| fault.message.contains("o máximo é")), "{}", lines(&found[..1]));
    let short = "[[janela]]\n".repeat(90_000);
    let found = faults(&plus("calendario.toml", &short));
    let [fault] = &found[..] else { panic!("{}", lines(&found)) };
    assert_eq!(fault.message, "há 90000 tabelas [[janela]], e o máximo é 2000");
    let systems = (0..301).map(|n| format!("[sistema.s{n}]\n")).collect::<Vec<_>>().concat();
    let found = faults(&plus("calendario.toml", &systems));
    assert!(
        found.iter().any(|f| f.message == "há 303 tabelas [sistema.NOME], e o máximo é 300"),
        "{}",
        lines(&found)
    );
}

#[test]
fn what_is_nested_too_deep_is_refused() {
    for deep in [
        format!("{}a = 1", "a.".repeat(300_000)),
        format!("[{}a]", "a.".repeat(300_000)),
        format!("a = {}", "[".repeat(300_000)),
        format!("a = {}", "{a=".repeat(300_000)),
    ] {
        let found = faults(&plus("calendario.toml", &format!("\n{deep}\n")));
        assert_eq!(found.len(), 1, "{}", &deep[..20]);
    }
}
