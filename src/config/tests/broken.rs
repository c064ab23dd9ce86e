//! Files damaged in any way: every one gives a configuration or faults that say why, and none a panic.

use proptest::prelude::*;

use super::*;

const FILES: [&str; 5] = ["vigia.toml", "calendario.toml", "fontes.toml", "municipios.csv", "feriados.toml"];

fn feed() -> String {
    "[fonte.x]\nsistema = \"rma\"\ntipo = \"csv\"\norigem = \"pasta\"\nmunicipio = \"ibge\"\nparte = \"CRAS\"\n\
     sentido = \"situacao\"\nsituacao_coluna = \"s\"\nsituacoes = { \"Sim\" = \"concluido\" }\n"
        .to_owned()
}

fn whole() -> Sources {
    let window = "[[janela]]\nsistema = \"censo-suas\"\nreferencia = \"2026\"\nabertura = 2026-10-01\nprazo = 2026-11-30\n\
        fonte = \"MDS\"\n[[janela.prorrogacao]]\nprazo = 2026-12-10\nanunciada = 2026-11-20\nfonte = \"MDS\"\n";
    plus("calendario.toml", window).with("fontes.toml", feed()).with(
        "feriados.toml",
        "[[feriado]]\nnome = \"Penha\"\npascoa = 8\n[[feriado]]\nnome = \"x\"\ndia = \"09-08\"\n",
    )
}

/// Every fault has its place within its line.
fn sound(sources: &Sources) {
    match compile(sources, now()) {
        Ok(_) => {}
        Err(LoadError::Faulty(found)) => {
            assert!(found.errors().count() > 0);
            assert!(!found.render(false).contains("não sabe dizer por quê"), "{}", found.render(false));
            for fault in found.0.iter().filter(|f| f.line > 0) {
                let rest: String = fault.excerpt.chars().skip(fault.column - 1).collect();
                assert!(rest.starts_with(&fault.span), "{fault:?}");
            }
        }
        Err(other) => panic!("{other}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_damaged_file_gives_faults_and_never_a_panic(
        file in 0..FILES.len(),
        at in any::<prop::sample::Index>(),
        cut in 0usize..12,
        put in prop_oneof![
            Just(Vec::new()),
            Just(b"\"".to_vec()),
            Just(b"=".to_vec()),
            Just(b"\n".to_vec()),
            Just("ção".as_bytes().to_vec()),
            Just(b"9".to_vec()),
            Just(b"[".to_vec()),
            prop::collection::vec(any::<u8>(), 1..4),
        ],
    ) {
        let sources = whole();
        let mut bytes = sources.bytes(FILES[file]).unwrap().to_vec();
        let from = at.index(bytes.len());
        let to = (from + cut).min(bytes.len());
        bytes.splice(from..to, put);
        sound(&sources.with(FILES[file], bytes));
    }

    #[test]
    fn a_file_that_lost_a_line_says_what_is_missing_or_needs_it_not(
        file in 0..FILES.len(),
        line in any::<prop::sample::Index>(),
    ) {
        let sources = whole();
        let text = String::from_utf8(sources.bytes(FILES[file]).unwrap().to_vec()).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        lines.remove(line.index(lines.len()));
        sound(&sources.with(FILES[file], lines.join("\n")));
    }
}
