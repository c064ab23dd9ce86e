//! Every command, as typed and as understood.

use super::*;

const LINES: [&str; 82] = [
    "relogio",
    "relogio corrigir --motivo x",
    "relogio aceitar --motivo x",
    "aplicar",
    "aplicar nova",
    "aplicar nova --sim --confirmar 78",
    "aplicar --voltar",
    "prorrogar rma/2026-10 --para 31/12/2026 --hora 18:00 --fonte MDS --anunciada 2026-10-01 --municipios \"Vila Velha,3205309\" --confirmar 31/12/2026 --sim",
    "anotar \"Vila Velha\" rma/2026-10 --resultado x",
    "anotar \"Vila Velha\" rma/2026-10 --resultado x --pausar 3d --telefone 27",
    "anotar \"Vila Velha\" rma/2026-10 --resultado x --ate 31/12/2026",
    "anotar \"Vila Velha\" rma/2026-10 --desfazer --motivo y",
    "decisoes --desfazer 3b7c39d96489 --motivo x",
    "servir",
    "servir --uma-vez",
    "verificar",
    "agenda",
    "agenda --de 2026-10-01",
    "agenda --de 01/10/2026 --ate=31/12/2026",
    "plano",
    "plan --contra nova",
    "plano --contra nova --ate 31/12/2026",
    "saude",
    "health --json",
    "recarregar",
    "reload --json",
    "decisoes",
    "decisions --todas",
    "simular --de 2026-10-01 --ate 2026-10-01",
    "simular --de 2026-10-01 --ate 2026-12-31 --situacoes s.csv --saida pasta",
    "porque \" Vila Velha \" rma/2026-10",
    "situacao",
    "situacao --janela rma/2026-10 --municipio 320530",
    "importar rma-lista lista.csv",
    "relatorio",
    "relatorio --formato csv --janela rma/2026-10",
    "dossie 3205309",
    "dossie Serra --janela rma/2026-10 --saida pasta",
    "livro",
    "livro --janela rma/2026-10 --municipio Serra --desde 2026-10-01",
    "livro conferir",
    "livro reduzir --em 2031-10-01",
    "livro reduzir --confirmar 312 --motivo x",
    "reter-dados rma/2026-10 --municipio Serra --ate 31/12/2032 --motivo x",
    "carta --tipo prazo --sistema rma",
    "carta --tipo divulgação --janela rma/2026-10 --municipio 3205309 --formato eml",
    "carta --tipo alerta --sistema rma --formato html",
    "carta --todas --saida provas",
    "carta --todas --sistema rma --municipio Serra --saida provas",
    "carta --observar --tipo prazo --sistema rma --saida p",
    "completar zsh",
    "completar --valores janela",
    "manual man1",
    "agenda --ics -",
    "simular --de 2026-10-01 --ate 2026-10-01 --resumo --por-semana 5",
    "devolucao",
    "contato",
    "contato --todos",
    "contact confirmar a@b.br --motivo x",
    "enviar-teste ana@exemplo.es.gov.br --tipo prazo --sistema rma",
    "testar-canal comando --autor ana",
    "reter --tudo --motivo x",
    "reter --janela rma/2026-10 --motivo x",
    "liberar --municipio Serra --motivo \"duas palavras\"",
    "liberar --lote dia/2026-12-01 --motivo x",
    "dispensar Serra rma/2026-10 --motivo x",
    "contestar 3205309 rma/2026-10 --parte \"CENTRO POP\" --ate 31/12/2026 --motivo x",
    "contestar Serra rma/2026-10 --desfazer --motivo x",
    "cadastro --so fechada --unidade 1 --recusadas",
    "cadastro aplicar 1a2b3c4d --sim",
    "cadastro recusar --unidade 1 --unidade 2 --motivo x",
    "cadastro carregar cadsuas-cras cras.json",
    "cadastro carregar cadsuas-cras cras.json --motivo x",
    "noticias",
    "noticias --desde 01/10/2026",
    "noticias visto ABCDEF012345 --motivo x",
    "fontes",
    "fontes rma-lista",
    "fonte aceitar rma-lista-1 --motivo x",
    "fonte recusar rma-lista-1 --motivo x",
    "fonte experimentar rma-lista",
    "fonte experimentar rma-lista a.csv",
];

#[test]
fn every_command_is_understood_as_it_was_typed() {
    let mut read = String::new();
    for line in LINES {
        let _ = writeln!(read, "$ vigia-suas {line}\n{:?}\n", command(line));
    }
    insta::assert_snapshot!("read", read);
}

#[test]
fn arguments_that_do_not_agree_are_refused() {
    for line in [
        "aplicar nova --voltar",
        "prorrogar rma/2026-10 --fonte MDS",
        "prorrogar rma/2026-10 --para 31/12/2026",
        "anotar Serra rma/2026-10",
        "anotar Serra rma/2026-10 --resultado x --pausar 0d",
        "anotar Serra rma/2026-10 --resultado x --pausar 3d --ate 31/12/2026",
        "anotar Serra rma/2026-10 --desfazer",
        "decisoes --desfazer x",
        "decisoes --autor Carla",
        "plano --ate 31/12/2026",
        "saude --em 2026-10-01",
        "recarregar --em 2026-10-01",
        "cadastro recusar --motivo x",
    ] {
        assert_eq!(run(line).unwrap_err().code, 2, "{line}");
    }
    let exit = run("cadastro recusar --motivo x").unwrap_err();
    assert!(exit.text.contains("--unidade ID"), "{}", exit.text);
}

#[test]
fn nobody_need_be_known_where_nothing_is_decided() {
    for line in ["decisoes", "cadastro carregar cadsuas-cras cras.json", "livro", "cadastro"] {
        run_where(line, &|_| None).unwrap_or_else(|exit| panic!("{line}: {}", exit.text));
    }
    for line in [
        "aplicar nova",
        "livro reduzir --confirmar 312 --motivo x",
        "prorrogar rma/2026-10 --para 31/12/2026 --fonte MDS",
        "anotar Serra rma/2026-10 --resultado x",
        "decisoes --desfazer 3b7c39d96489 --motivo x",
        "cadastro aplicar",
        "cadastro recusar 1a2b3c4d --motivo x",
        "cadastro carregar cadsuas-cras cras.json --motivo x",
        "noticias visto 0123456789ab",
        "fonte aceitar rma-lista-1 --motivo x",
    ] {
        let exit = run_where(line, &|_| None).unwrap_err();
        assert!(exit.code == 2 && exit.text.contains("não sei quem está decidindo"), "{line}: {}", exit.text);
    }
}
