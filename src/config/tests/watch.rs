//! `[cadastro.X]` and `[noticia.X]` of `fontes.toml`.

use super::*;
use crate::domain::feed::Source;
use crate::domain::news::{NewsFormat, Topic};
use crate::domain::register::UnitStanding;

const REGISTER: &str = r#"
[cadastro.cras]
tipo = "csv"
origem = "manual"
unidade = "id_equipamento"
municipio = "ibge"
parte = "CRAS"
"#;

const NEWS: &str = r#"
[noticia.rede]
tipo = "rss"
origem = "http"
url = "https://fnas.mds.gov.br/feed/"
horario = "0 8 * * *"
"#;

#[test]
fn a_register_needs_little_and_may_say_more() {
    let config = good(&small().with("fontes.toml", REGISTER));
    let [register] = &config.registers[..] else { panic!() };
    assert!(register.enabled && register.columns.standing.is_none() && register.columns.email.is_none());
    assert_eq!((register.blanks.len(), register.minimum), (5, 1));
    let more = "situacao_coluna = \"situacao\"\nsituacoes = { \"Ativo\" = \"aberta\", \"Inativo\" = \"fechada\" }\n\
                email = \"email\"\nvazios = [\"n/d\"]\nminimo = 10\n";
    let config = good(&small().with("fontes.toml", format!("{REGISTER}{more}")));
    let register = &config.registers[0];
    let (column, words) = register.columns.standing.clone().unwrap();
    assert_eq!((column.as_str(), *words.get("Inativo").unwrap()), ("situacao", UnitStanding::Closed));
    assert_eq!((register.blanks.clone(), register.minimum), (vec!["n/d".to_owned()], 10));
}

#[test]
fn a_register_with_one_word_of_two_meanings_is_refused() {
    for twins in [
        "situacao_coluna = \"s\"\nsituacoes = { \"Concluída\" = \"aberta\", \"CONCLUIDA \" = \"fechada\" }\n",
        "situacao_coluna = \"s\"\nsituacoes = { \"a b\" = \"aberta\", \"A  B\" = \"fechada\" }\n",
    ] {
        let found = faults(&small().with("fontes.toml", format!("{REGISTER}{twins}")));
        assert!(
            found.iter().any(|fault| fault.message.contains("a mesma palavra com dois sentidos")),
            "{found:?}"
        );
    }
}

#[test]
fn news_knows_the_systems_by_themselves_or_by_words() {
    let config = good(&small().with("fontes.toml", NEWS));
    let [news] = &config.news[..] else { panic!() };
    assert_eq!((news.format, news.recent_days), (NewsFormat::Feed, 30));
    assert!(matches!(news.source, Source::Http { .. }));
    let systems: Vec<&str> = news.systems.keys().map(crate::domain::id::SystemId::as_str).collect();
    assert_eq!(systems, ["censo-suas", "rma"]);
    assert!(news.words[&Topic::Extension].contains(&"prorrog*".to_owned()));
    let more =
        "sistemas = { rma = [\"RMA\"] }\npalavras = { prorrogacao = [\"esticado\"] }\nrecente = \"7d\"\n";
    let config = good(&small().with("fontes.toml", format!("{NEWS}{more}")));
    let news = &config.news[0];
    assert_eq!((news.systems.len(), news.recent_days), (1, 7));
    assert_eq!(news.words[&Topic::Extension], ["esticado"]);
    assert!(news.words[&Topic::Opening].len() > 5, "the others stay the usual ones");
}

#[test]
fn each_mistake_about_a_register_or_news_is_one_fault() {
    let register = |more: &str| format!("{REGISTER}{more}");
    let news = |more: &str| format!("{NEWS}{more}");
    let without = |text: &str, line: &str| text.replace(line, "");
    let table: Vec<(String, &str, &str)> = vec![
        (register("situacao_coluna = \"situacao\"\n"), "", "falta a chave `situacoes`"),
        (register("situacoes = { \"x\" = \"aberta\" }\n"), "", "`situacoes` não serve sem"),
        (
            register("situacao_coluna = \"s\"\nsituacoes = { \"x\" = \"viva\" }\n"),
            "",
            "“viva” não é uma opção",
        ),
        (register("nomes = \"nome\"\n"), "nomes", "chave desconhecida"),
        (without(REGISTER, "unidade = \"id_equipamento\"\n"), "", "falta a chave `unidade`"),
        (REGISTER.replace("\"CRAS\"", "\"CRAZ\""), "\"CRAZ\"", "CRAZ"),
        (
            REGISTER.replace(
                "origem = \"manual\"",
                "origem = \"http\"\nhorario = \"0 5 * * 1\"\nurl = \"https://a.b/{ibge6}\"",
            ),
            "\"https://a.b/{ibge6}\"",
            "outro campo além de {uf}",
        ),
        (
            NEWS.replace("\"http\"", "\"pasta\"").replace("url =", "# ").replace("horario =", "# "),
            "\"pasta\"",
            "só vem da internet",
        ),
        (NEWS.replace("\"rss\"", "\"csv\""), "\"csv\"", "“csv” não é uma opção"),
        (news("palavras = { prorrogacao = [\"*\"] }\n"), "\"*\"", "acharia qualquer coisa"),
        (news("palavras = { prorogacao = [\"x\"] }\n"), "prorogacao", "chave desconhecida"),
        (news("sistemas = [\"rmas\"]\n"), "\"rmas\"", "sistema não declarado"),
        (format!("{NEWS}{}", REGISTER.replace("cadastro.cras", "cadastro.rede")), "rede", "tem o mesmo nome"),
        (
            NEWS.replace("noticia.rede", "noticia.\"Rede SUAS\""),
            "\"Rede SUAS\"",
            "não serve de identificador",
        ),
    ];
    for (text, span, message) in table {
        let found = faults(&small().with("fontes.toml", text.as_str()));
        let [fault] = &found[..] else { panic!("{text}\nmade\n{}", lines(&found)) };
        assert!(fault.message.contains(message), "{text}\nmade\n{}", lines(&found));
        assert!(span.is_empty() || fault.span == span, "{text}\nmade\n{}", lines(&found));
        assert!(!fault.hint.is_empty());
    }
}

#[test]
fn a_disabled_table_may_name_what_is_not_declared() {
    let text = format!("{REGISTER}ativa = false\n").replace("\"CRAS\"", "\"CREAS\"");
    let found = faults(&small().with("fontes.toml", text));
    assert_eq!(found.iter().map(|f| f.severity).collect::<Vec<_>>(), [Severity::Warning]);
}
