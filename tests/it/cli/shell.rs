//! What the Tab key and `man` are given, tried in a real bash.

use std::process::Command;

use super::office::Office;

/// What bash offers for a line that ends where the cursor is.
fn offered(office: &Office, line: &str) -> Vec<String> {
    let script = office.stdout("completar bash");
    office.write("completar.bash", script);
    let words: Vec<&str> = line.split(' ').collect();
    let array = format!("'{}'", words.join("' '"));
    let last = words.len() - 1;
    let (current, before) = (words[last], words[last - 1]);
    let asked = format!(
        "source ./completar.bash; COMP_WORDS=({array}); COMP_CWORD={last}; _vigia__suas vigia-suas '{current}' '{before}'; \
         printf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    let program = office.program("--versao").get_program().to_owned();
    let bin = office.path("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let named = bin.join("vigia-suas");
    if !named.exists() {
        std::os::unix::fs::symlink(program, named).unwrap();
    }
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let output = Command::new("bash")
        .args(["-c", &asked])
        .current_dir(office.path(""))
        .env("PATH", path)
        .output()
        .unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn tab_completes_commands_options_and_what_the_configuration_knows() {
    let office = Office::new();
    for (line, offer) in [
        ("vigia-suas ver", "verificar"),
        ("vigia-suas livro con", "conferir"),
        ("vigia-suas agenda --i", "--ics"),
        ("vigia-suas relatorio --janela rma/2026-0", "rma/2026-05"),
        ("vigia-suas carta --sistema s", "sisc"),
        ("vigia-suas situacao --municipio 32053", "3205309"),
        ("vigia-suas porque 32052", "3205200"),
        ("vigia-suas porque 3205309 sisc/2026-T", "sisc/2026-T1"),
        ("vigia-suas dispensar 3205309 rma/2026-05 --parte CRE", "CREAS"),
    ] {
        let found = offered(&office, line);
        assert!(found.iter().any(|word| word == offer), "{line}: {found:?}");
    }
}

#[test]
fn tab_offers_nothing_wrong_while_the_configuration_has_faults() {
    let office = Office::new();
    office.write("config/vigia.toml", "isto não é TOML");
    assert_eq!(offered(&office, "vigia-suas relatorio --janela rma"), [""]);
    assert!(offered(&office, "vigia-suas ver").contains(&"verificar".to_owned()));
}

#[test]
fn every_command_has_a_page_of_manual_in_portuguese() {
    let office = Office::new();
    office.run("manual man1", 0);
    let mut pages = 0;
    for entry in std::fs::read_dir(office.path("man1")).unwrap() {
        let path = entry.unwrap().path();
        let page = std::fs::read_to_string(&path).unwrap();
        assert!(page.contains("\n.TH ") && page.contains("\n.SH NOME\n"), "{path:?}\n{page}");
        for english in [
            "SYNOPSIS",
            "OPTIONS",
            "DESCRIPTION",
            "SUBCOMMANDS",
            "VERSION",
            "EXTRA",
            "Possible",
            "[default",
            "Print",
        ] {
            assert!(!page.contains(english), "{path:?}: {english}\n{page}");
        }
        pages += 1;
    }
    assert!(pages > 20, "{pages} pages");
    assert!(office.read("man1/vigia-suas-livro-conferir.1").contains("elo por elo"));
}
