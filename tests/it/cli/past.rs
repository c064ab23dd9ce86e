//! What a past instant is shown as: what was known then, whatever the ledger was told since.

use super::office::{FEED, Office};

/// Whatever reads the ledger and takes `--em`.
const READS: [&str; 23] = [
    "plano",
    "plano --json",
    "porque vitoria rma/2026-10",
    "porque serra rma/2026-10 --json",
    "situacao",
    "situacao --json",
    "relatorio",
    "relatorio --json",
    "relatorio --formato csv",
    "relatorio --formato html",
    "ligacoes",
    "ligacoes --formato csv",
    "ligacoes --formato html",
    "historico",
    "historico --json",
    "decisoes",
    "decisoes --todas",
    "decisoes --todas --json",
    "fontes",
    "fontes planilha --json",
    "contato --todos",
    "carta --tipo prazo --janela rma/2026-10 --municipio serra",
    "noticias --desde 2026-10-01",
];

#[test]
fn whatever_is_shown_of_a_past_instant_is_what_was_known_then() {
    let office = Office::new();
    office.append("config/fontes.toml", FEED);
    office.edit("config/fontes.toml", "[fonte.planilha]\nativa = false", "[fonte.planilha]\nativa = true");
    office.write("um.csv", "ibge;situacao\n3205309;Não\n3205200;Não\n3205002;Sim\n");
    office.write("dois.csv", "ibge;situacao\n3205309;Sim\n3205200;Não\n3205002;Sim\n");
    office.write("ruim.csv", "ibge;situacao\n3205309;Talvez\n3205200;Não\n");
    let first = [
        "servir --uma-vez --em 2026-11-05T09:00",
        "importar planilha um.csv --em 2026-11-24T09:00",
        "anotar vitoria rma/2026-10 --resultado \"Ninguém atendeu\" --em 2026-11-24T09:10",
        "reter --municipio serra --motivo \"Enchente\" --em 2026-11-24T09:20",
        "servir --uma-vez --em 2026-11-24T09:30",
    ];
    for line in first {
        office.run(line, 0);
    }
    let em = "2026-11-24T10:00";
    let shown = |line: &str| office.run(&format!("{line} --em {em}"), 0);
    let then = READS.map(shown);
    for (line, code) in [
        ("contestar vitoria rma/2026-10 --parte CRAS --motivo Comprovante --em 2026-11-25T10:00", 0),
        ("dispensar serra rma/2026-10 --parte CRAS --motivo \"Sem CRAS\" --em 2026-11-25T10:05", 0),
        ("liberar --municipio serra --motivo Passou --em 2026-11-25T10:10", 0),
        ("importar planilha ruim.csv --em 2026-11-25T10:20", 1),
        ("servir --uma-vez --em 2026-11-25T10:30", 0),
        ("importar planilha dois.csv --em 2026-11-26T10:00", 0),
        ("servir --uma-vez --em 2026-11-28T10:00", 0),
        ("servir --uma-vez --em 2026-12-03T10:00", 0),
    ] {
        office.run(line, code);
    }
    for (line, then) in READS.iter().zip(then) {
        same(line, &then, &shown(line));
    }
}

fn same(what: &str, then: &str, now: &str) {
    let differs = then.lines().zip(now.lines()).find(|(one, other)| one != other);
    assert!(then == now, "{what}: {differs:?}\n{then}\n{now}");
}

#[test]
fn a_suspension_dated_back_is_not_shown_of_a_day_on_which_nobody_knew_of_it() {
    let office = Office::new();
    let census = "\n[[janela]]\nsistema = \"censo-suas\"\nreferencia = \"2026\"\nabertura = 2026-11-02\n\
                  prazo = 2026-11-30\nfonte = \"MDS\"\n";
    office.append("config/calendario.toml", census);
    office.run("servir --uma-vez --em 2026-11-05T09:00", 0);
    office.run("servir --uma-vez --em 2026-11-24T09:00", 0);
    let shown = |line: &str| office.run(&format!("{line} --em 2026-11-24T10:00"), 0);
    let reads = ["relatorio --janela censo-suas/2026", "relatorio --json", "situacao", "ligacoes", "plano"];
    let then = reads.map(shown);
    let halt = "situacao = \"suspensa\"\nsituacao_desde = 2026-11-18\n";
    office.append("config/calendario.toml", halt);
    office.run("aplicar --sim --confirmar 9 --em 2026-11-25T10:00", 0);
    office.run("servir --uma-vez --em 2026-11-25T10:00", 0);
    for (line, then) in reads.iter().zip(then) {
        same(line, &then, &shown(line));
    }
    let since = office.run("relatorio --janela censo-suas/2026 --em 2026-11-25T10:05", 0);
    assert!(since.contains("interrompida"), "{since}");
}
