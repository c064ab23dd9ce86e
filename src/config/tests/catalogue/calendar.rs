//! `calendario.toml` and `feriados.toml`.

use super::*;

const WINDOW: &str = "[[janela]]\nsistema = \"censo-suas\"\nreferencia = \"2026\"\nabertura = 2026-10-01\n\
    prazo = 2026-11-30\nfonte = \"MDS\"\n";

fn window(title: &'static str, from: &str, to: &str) -> Case {
    assert!(WINDOW.contains(from), "{title}");
    added(title, "calendario.toml", &WINDOW.replace(from, to))
}

fn after(title: &'static str, more: &str) -> Case {
    added(title, "calendario.toml", &format!("{WINDOW}{more}\n"))
}

fn extended(title: &'static str, extension: &str) -> Case {
    after(title, &format!("[[janela.prorrogacao]]\n{extension}"))
}

fn system(title: &'static str, more: &str) -> Case {
    let head = "[sistema.novo]\nnome = \"Novo\"\nlink = \"https://x.gov.br\"\npartes = [\"CRAS\"]\n";
    added(title, "calendario.toml", &format!("{head}{more}\n"))
}

fn recurring(title: &'static str, rule: &str) -> Case {
    system(title, &format!("[sistema.novo.recorrencia]\n{rule}"))
}

fn keys(count: usize) -> String {
    (0..count).map(|n| format!("a{n} = 1\n")).collect::<Vec<_>>().concat()
}

fn holiday(title: &'static str, text: &str) -> Case {
    whole(title, "feriados.toml", text)
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = windows();
    all.extend(crossings());
    all.extend(systems());
    all.extend(holidays());
    all
}

fn windows() -> Vec<Case> {
    vec![
        window("prazo antes da abertura", "2026-11-30", "2026-09-30"),
        window("prazo mais de um ano depois", "2026-11-30", "2028-11-30"),
        window("janela com as datas do ano anterior", "2026-10-01\nprazo = 2026", "2025-10-01\nprazo = 2025"),
        window("ano longe demais", "2026-11-30", "9999-11-30"),
        window("referência longe demais", "\"2026\"", "\"0026\""),
        added("janelas em excesso", "calendario.toml", &WINDOW.repeat(2_001)),
        added("chaves em excesso", "calendario.toml", &format!("[[janela]]\n{}", keys(1_001))),
        added(
            "chaves em excesso no arquivo",
            "calendario.toml",
            &format!("[[janela]]\n{}", keys(900)).repeat(45),
        ),
        window("dia que não existe", "2026-11-30", "2026-11-31"),
        window("falta a fonte", "fonte = \"MDS\"\n", ""),
        window("referência mal escrita", "\"2026\"", "\"2026-13\""),
        window("sistema quase certo", "censo-suas", "censo-sua"),
        window("sistema que não existe", "censo-suas", "xyz"),
        after("parte quase certa", "partes = [\"CRA\"]"),
        after("parte que não existe", "partes = [\"CREAS\"]"),
        after("parte repetida", "partes = [\"CRAS\", \"CRAS\"]"),
        after("nenhuma parte", "partes = []"),
        after("nome que não serve de identificador", "nome = \"—\""),
        after("dependência mal escrita", "depende_de = \"rma\""),
        after("dependência de janela que não existe", "depende_de = \"censo-suas/2025\""),
        after("dependência de janela sem parecida", "depende_de = \"xyz/1999\""),
        after("dependência de si mesma", "depende_de = \"censo-suas/2026\""),
        after("situação que não é opção", "situacao = \"parada\""),
        after("data de suspensão sem suspensão", "situacao_desde = 2026-11-01"),
        after(
            "suspensão que acaba antes de começar",
            "situacao = \"suspensa\"\nsituacao_desde = 2026-11-10\nsituacao_ate = 2026-11-01",
        ),
        after(
            "suspensão sem data numa janela prorrogada",
            "situacao = \"suspensa\"\n[[janela.prorrogacao]]\nprazo = 2026-12-10\nanunciada = 2026-11-20\nfonte = \"MDS\"",
        ),
        after(
            "suspensão que a prorrogação já encerrou",
            "situacao = \"suspensa\"\nsituacao_desde = 2026-11-10\n[[janela.prorrogacao]]\nprazo = 2026-12-10\n\
             anunciada = 2026-11-20\nfonte = \"MDS\"",
        ),
        after(
            "suspensão em que o prazo passa",
            "situacao = \"suspensa\"\nsituacao_desde = 2026-11-20\nsituacao_ate = 2026-12-10",
        ),
        added("janela com colchetes simples", "calendario.toml", "[janela]\nsistema = \"rma\"\n"),
        added("tabela quase certa", "calendario.toml", "[sistemas.x]\n"),
        added("tabela onde vai outra coisa", "calendario.toml", "[[janela]]\nsistema = { a = 1 }\n"),
        added(
            "janela por cima da recorrência, sem prazo",
            "calendario.toml",
            "[[janela]]\nsistema = \"rma\"\nreferencia = \"2026-10\"\nabertura = 2026-11-03\nfonte = \"MDS\"\n",
        ),
        extended("prorrogação sem data", "anunciada = 2026-11-20\nfonte = \"MDS\""),
        extended(
            "prorrogação antes da abertura",
            "prazo = 2026-09-10\nanunciada = 2026-11-20\nfonte = \"MDS\"",
        ),
        extended("anúncio antes da abertura", "prazo = 2026-12-10\nanunciada = 2026-09-20\nfonte = \"MDS\""),
        extended(
            "prorrogação com o prazo que já vale",
            "prazo = 2026-11-30\nanunciada = 2026-11-20\nfonte = \"MDS\"",
        ),
        extended("anúncio no futuro", "prazo = 2026-12-10\nanunciada = 2026-11-24\nfonte = \"MDS\""),
        extended(
            "anúncios fora de ordem",
            "prazo = 2026-12-10\nanunciada = 2026-11-20\nfonte = \"MDS\"\n[[janela.prorrogacao]]\n\
             prazo = 2026-12-20\nanunciada = 2026-11-10\nfonte = \"MDS\"",
        ),
        extended(
            "municípios errados de cinco maneiras",
            "prazo = 2026-12-10\nanunciada = 2026-11-20\nfonte = \"MDS\"\n\
             municipios = [\"3205308\", \"320530\", \"3200102\", \"Vitoria\", \"xyz\"]",
        ),
    ]
}

fn crossings() -> Vec<Case> {
    let named = |name: &str, on: &str, parts: &str| {
        format!("{WINDOW}nome = \"{name}\"\npartes = [\"{parts}\"]\ndepende_de = \"censo-suas/2026/{on}\"\n")
    };
    let circle = format!("{}{}", named("a", "b", "CRAS"), named("b", "a", "GESTAO"));
    let for_ever = format!(
        "{WINDOW}nome = \"a\"\npartes = [\"CRAS\"]\nsituacao = \"cancelada\"\nsituacao_desde = 2026-11-10\n{}",
        named("b", "a", "GESTAO")
    );
    let apart = format!(
        "{WINDOW}nome = \"a\"\npartes = [\"CRAS\"]\n[[janela.prorrogacao]]\nprazo = 2026-12-05\nanunciada = 2026-11-20\n\
         fonte = \"MDS\"\n{}nome = \"b\"\npartes = [\"CRAS\"]\n",
        WINDOW.replace("2026-10-01", "2026-12-01").replace("2026-11-30", "2026-12-20")
    );
    let together = apart.replace("2026-12-01", "2026-11-29");
    vec![
        added("a mesma janela duas vezes", "calendario.toml", &format!("{WINDOW}{WINDOW}")),
        added("um círculo de dependências", "calendario.toml", &circle),
        added("uma janela que espera por outra, cancelada", "calendario.toml", &for_ever),
        added("duas janelas ao mesmo tempo", "calendario.toml", &together),
        added("duas janelas ao mesmo tempo por prorrogação", "calendario.toml", &apart),
    ]
}

fn systems() -> Vec<Case> {
    vec![
        added(
            "nome de sistema que não serve",
            "calendario.toml",
            "[sistema.Novo]\nnome = \"N\"\nlink = \"https://x.gov.br\"\npartes = [\"CRAS\"]\n",
        ),
        added("nome de parte que não serve", "calendario.toml", "[parte.\" \"]\nnome = \"x\"\nresponsavel = \"smas\"\n"),
        added(
            "link que não é endereço",
            "calendario.toml",
            "[sistema.novo]\nnome = \"N\"\nlink = \"aplicacoes.mds.gov.br\"\npartes = [\"CRAS\"]\n",
        ),
        added("responsável que não é opção", "calendario.toml", "[parte.X]\nnome = \"X\"\nresponsavel = \"prefeito\"\n"),
        system("gerência quase certa", "gerencias = [\"GPSE\"]"),
        system("degrau sem unidade", "escada = [{ antes = \"5\", para = [\"smas\"] }]"),
        system("degrau longe demais", "escada = [{ antes = \"400d\", para = [\"smas\"] }]"),
        system("degrau sem antecedência", "escada = [{ para = [\"smas\"] }]"),
        system("degrau que não é tabela", "escada = [\"5d\"]"),
        system("degrau repetido", "escada = [{ antes = \"5d\", para = [\"smas\"] }, { antes = \"05d\", para = [\"cmas\"] }]"),
        system("degrau sem destinatário", "escada = [{ antes = \"5d\", para = [] }]"),
        system("destinatário quase certo", "escada = [{ antes = \"5d\", para = [\"smass\"] }]"),
        system("destinatário desconhecido", "escada = [{ antes = \"5d\", para = [\"prefeito\"] }]"),
        system("duração sem unidade", "validade_situacao = \"36\""),
        recurring(
            "referência que não combina",
            "cada = \"trimestre\"\nde = \"2026-01\"\nabre = { dia = 1 }\nprazo = { mais_meses = 1, dia = 2 }",
        ),
        recurring(
            "recorrência que acaba antes de começar",
            "cada = \"mes\"\nde = \"2026-02\"\nate = \"2026-01\"\nabre = { dia = 1 }\nprazo = { dia = 2 }",
        ),
        recurring("prazo da recorrência antes da abertura", "cada = \"ano\"\nde = 2026\nabre = { dia = 3 }\nprazo = { dia = 2 }"),
        recurring("dia que não é dia", "cada = \"ano\"\nde = 2026\nabre = { dia = 32 }\nprazo = { dia = \"fim\" }"),
        case(
            "costume ainda por confirmar",
            plus(
                "calendario.toml",
                "[sistema.novo]\nnome = \"N\"\nlink = \"https://x.gov.br\"\npartes = [\"CRAS\"]\na_confirmar = true\n",
            )
            .with("vigia.toml", production()),
        ),
    ]
}

fn holidays() -> Vec<Case> {
    vec![
        holiday("feriado sem data", "[[feriado]]\nnome = \"Penha\"\n"),
        holiday("feriado com duas datas", "[[feriado]]\nnome = \"Penha\"\ndia = \"09-08\"\npascoa = 8\n"),
        holiday(
            "feriado que acaba no meio do dia",
            "[[feriado]]\nnome = \"Penha\"\npascoa = 8\nate_hora = \"14:00\"\n",
        ),
        holiday("feriado em dia que não existe", "[[feriado]]\nnome = \"Penha\"\ndia = \"08-32\"\n"),
        holiday(
            "feriado que acaba antes",
            "[[feriado]]\nnome = \"Penha\"\npascoa = 8\ndesde = 2026\nate = 2025\n",
        ),
    ]
}
