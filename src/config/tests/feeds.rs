//! `fontes.toml`.

use super::*;
use crate::domain::feed::{Format, Meaning, PartRule, ReferenceRule, Says, Source, Word};
use crate::domain::status::State;

const FEED: &str =
    "[fonte.lista]\nsistema = \"rma\"\ntipo = \"csv\"\norigem = \"pasta\"\nmunicipio = \"ibge\"\n";
const PART: &str = "parte = \"CRAS\"\n";
const PRESENCE: &str = "sentido = \"presenca\"\n";

#[test]
fn a_feed_says_where_how_and_what() {
    let text = "[fonte.painel]\nativa = true\nsistema = \"rma\"\ntipo = \"csv\"\norigem = \"http\"\n\
        url = \"https://x.gov.br/a?uf={uf}&m={referencia:%m/%Y}\"\nhorario = \"0 6,12 * * *\"\nhosts = [\"y.gov.br\"]\n\
        ca_arquivo = \"/etc/vigia-suas/ac.pem\"\npausa = \"2s\"\nfalhas_toleradas = 3\n\
        prazo_resposta = \"90s\"\nmaximo = \"2MB\"\ndelimitador = \";\"\ncodificacao = \"latin1\"\nmunicipio = \"ibge\"\n\
        unidade = \"id\"\nparte_coluna = \"tipo\"\npartes = { \"CENTRO\" = \"CRAS\" }\nreferencia_coluna = \"mês\"\n\
        referencia_formato = \"%m/%Y\"\nsentido = \"situacao\"\nsituacao_coluna = \"st\"\n\
        situacoes = { \"Feito\" = \"concluido\", \"\" = \"nao_confirmado\" }\ndata_coluna = \"em\"\n\
        data_formato = \"%d/%m/%Y\"\nminimo = 2\nguardar_original = true\n";
    let config = good(&small().with("fontes.toml", text));
    assert_eq!(lines(&config.warnings), "");
    let [feed] = &config.feeds[..] else { panic!() };
    let Source::Http { manners, .. } = &feed.source else { panic!() };
    assert_eq!((manners.timeout.as_secs(), manners.max_bytes, manners.hosts.len()), (90, 2 * 1024 * 1024, 1));
    assert_eq!((manners.pause.as_secs(), manners.tolerated_failures), (2, 3));
    assert_eq!(manners.authorities.as_deref(), Some(std::path::Path::new("/etc/vigia-suas/ac.pem")));
    let Format::Csv { delimiter, encoding, .. } = &feed.format else { panic!() };
    assert_eq!((*delimiter, encoding.as_deref()), (Some(b';'), Some("latin1")));
    assert!(matches!(&feed.mapping.part, PartRule::Column { words, .. } if words.len() == 1));
    assert!(matches!(&feed.mapping.reference, ReferenceRule::Column { pattern, .. } if pattern == "%m/%Y"));
    let Meaning::Situation { words, .. } = &feed.mapping.meaning else { panic!() };
    assert_eq!(*words.get("Feito").unwrap(), Says::Whole(Word::Is(State::Done)));
    assert!(feed.keep_original && feed.enabled);
}

fn only(text: &str) -> crate::domain::feed::FeedSpec {
    let config = good(&small().with("fontes.toml", text));
    assert_eq!(lines(&config.warnings), "");
    config.feeds.into_iter().next().unwrap()
}

#[test]
fn each_format_has_its_own_keys() {
    let whole = format!("{FEED}{PART}{PRESENCE}");
    for (kind, keys, format) in [
        (
            "json",
            "caminho = \"dados.itens\"\n",
            Format::Json { path: vec!["dados".to_owned(), "itens".to_owned()] },
        ),
        ("json", "", Format::Json { path: Vec::new() }),
        ("solr", "", Format::Solr),
        (
            "html",
            "tabela = \"CRAS CADSUAS\"\n",
            Format::Html { table: "CRAS CADSUAS".to_owned(), encoding: None },
        ),
        (
            "planilha",
            "aba = \"Dados\"\ncabecalho = 3\n",
            Format::Sheet { name: Some("Dados".to_owned()), heading: Some(3) },
        ),
    ] {
        let text = format!("{whole}{keys}").replace("\"csv\"", &format!("\"{kind}\""));
        assert_eq!(only(&text).format, format);
    }
}

#[test]
fn a_word_may_settle_several_parts_and_twins_may_agree() {
    let text = format!(
        "{FEED}sentido = \"situacao\"\nsituacao_coluna = \"st\"\nvazios = [\"-\", \"NSA\"]\nignorar = [\"Total\"]\n\
         situacoes = {{ \"Em avaliação\" = {{ GESTAO = \"concluido\", CRAS = \"pendente_preenchido\" }}, \
         \"em avaliacao\" = {{ CRAS = \"pendente_preenchido\", GESTAO = \"concluido\" }} }}\n"
    );
    let mapping = only(&text).mapping;
    assert_eq!((mapping.part, mapping.blanks.len(), mapping.ignored.len()), (PartRule::Situation, 2, 1));
    let Meaning::Situation { words, .. } = mapping.meaning else { panic!() };
    let Says::Parts(parts) = words.get("Em avaliação").unwrap() else { panic!() };
    assert!(parts.values().any(|w| *w == Word::FilledNotConcluded) && parts.len() == 2);
    let text =
        format!("{FEED}parte_coluna = \"#2\"\npartes = {{ \"Ambos\" = [\"GESTAO\", \"CRAS\"] }}\n{PRESENCE}");
    let PartRule::Column { words, column } = only(&text).mapping.part else { panic!() };
    assert_eq!((words.get("Ambos").unwrap().len(), column.as_str()), (2, "#2"));
}

#[test]
fn counts_name_two_columns_and_a_page_of_one_municipality_none() {
    let text = format!(
        "{FEED}{PART}sentido = \"contagem\"\nfeitos_coluna = \"#4\"\nesperados_coluna = \"unidades\"\n"
    );
    let counts = Meaning::Count { done: "#4".to_owned(), expected: "unidades".to_owned() };
    assert_eq!(only(&text).mapping.meaning, counts);
}

#[test]
fn where_absence_means_pending_half_the_municipalities_must_be_there() {
    let config = good(&small().with("fontes.toml", format!("{FEED}{PART}{PRESENCE}")));
    assert_eq!(config.feeds[0].minimum, 1, "half of two");
    assert_eq!(config.feeds[0].mapping.reference, ReferenceRule::Open);
    assert_eq!(config.feeds[0].source, Source::Folder);
}

#[test]
fn each_mistake_in_a_feed_is_one_fault_at_its_place() {
    let whole = format!("{FEED}{PART}{PRESENCE}");
    let http =
        whole.replace("\"pasta\"", "\"http\"\nurl = \"https://x.gov.br/{uf}\"\nhorario = \"0 6 * * *\"");
    let table: Vec<(String, &str, &str)> = vec![
        (whole.replace("\"rma\"", "\"rm\""), "\"rm\"", "sistema não declarado"),
        (whole.replace("\"CRAS\"", "\"CREAS\""), "\"CREAS\"", "parte não declarada"),
        (whole.replace("\"csv\"", "\"xls\""), "\"xls\"", "não é uma opção"),
        (whole.replace("\"csv\"", "\"html\""), "[fonte.lista]", "`tabela`"),
        (format!("{whole}caminho = \"a\"\n"), "\"a\"", "só serve com"),
        (format!("{whole}cabecalho = 0\n").replace("\"csv\"", "\"planilha\""), "0", "não serve aqui"),
        (
            format!("{whole}caminho = \"a..b\"\n").replace("\"csv\"", "\"json\""),
            "\"a..b\"",
            "não é um caminho",
        ),
        (whole.replace("\"ibge\"", "\"#0\""), "\"#0\"", "posição de uma coluna"),
        (whole.replace("\"ibge\"", "\"#1\"").replace("\"csv\"", "\"solr\""), "\"#1\"", "não têm posição"),
        (whole.replace("municipio = \"ibge\"\n", ""), "[fonte.lista]", "`municipio`"),
        (format!("{whole}feitos_coluna = \"x\"\n"), "\"x\"", "não serve sem"),
        (
            whole.replace(PRESENCE, "sentido = \"contagem\"\nfeitos_coluna = \"x\"\n"),
            "[fonte.lista]",
            "`esperados_coluna`",
        ),
        (
            whole.replace(
                PRESENCE,
                "sentido = \"situacao\"\nsituacao_coluna = \"x\"\n\
                situacoes = { \"Não\" = \"pendente\", \"NAO\" = \"nao_se_aplica\" }\n",
            ),
            "\"NAO\"",
            "a mesma palavra",
        ),
        (
            whole.replace(
                PRESENCE,
                "sentido = \"situacao\"\nsituacao_coluna = \"x\"\n\
                situacoes = { \"x\" = { GESTAO = \"pendente\" } }\n",
            ),
            "{ \"x\" = { GESTAO = \"pendente\" } }",
            "dita duas vezes",
        ),
        (
            whole.replace(PART, "").replace(
                PRESENCE,
                "sentido = \"situacao\"\nsituacao_coluna = \"x\"\n\
                situacoes = { \"x\" = { GESTAO = \"pendente\" }, \"y\" = \"concluido\" }\n",
            ),
            "{ \"x\" = { GESTAO = \"pendente\" }, \"y\" = \"concluido\" }",
            "e outras que não",
        ),
        (whole.replace(PART, ""), "[fonte.lista]", "de que parte"),
        (format!("{whole}parte_coluna = \"x\"\n"), "\"x\"", "ao mesmo tempo"),
        (format!("{whole}partes = {{ x = \"CRAS\" }}\n"), "{ x = \"CRAS\" }", "não serve sem"),
        (format!("{whole}situacao_coluna = \"x\"\n"), "\"x\"", "não serve sem"),
        (format!("{whole}minino = 1\n"), "minino", "chave desconhecida"),
        (format!("{whole}url = \"https://x.gov.br\"\n"), "\"https://x.gov.br\"", "só serve com"),
        (format!("{whole}pausa = \"2s\"\n"), "\"2s\"", "só serve com"),
        (format!("{whole}codificacao = \"x\"\n"), "\"x\"", "codificação desconhecida"),
        (format!("{whole}delimitador = \"x\"\n"), "\"x\"", "não é uma opção"),
        (format!("{whole}referencia = \"aberta\"\n"), "\"aberta\"", "não é uma referência"),
        (format!("{whole}referencia_coluna = \"m\"\n"), "[fonte.lista]", "`referencia_formato`"),
        (format!("{whole}data_coluna = \"m\"\ndata_formato = \"dd/mm\"\n"), "\"dd/mm\"", "como a data"),
        (
            whole.replace(PRESENCE, "sentido = \"situacao\"\nsituacao_coluna = \"x\"\n"),
            "[fonte.lista]",
            "`situacoes`",
        ),
        (
            whole.replace(
                PRESENCE,
                "sentido = \"situacao\"\nsituacao_coluna = \"x\"\nsituacoes = { \"Sim\" = \"feito\" }\n",
            ),
            "\"feito\"",
            "não é uma opção",
        ),
        (http.replace("0 6 * * *", "0 25 * * *"), "\"0 25 * * *\"", "horário de coleta"),
        (http.replace("0 6 * * *", "0 0 6 * * *"), "\"0 0 6 * * *\"", "horário de coleta"),
        (http.replace("0 6 * * *", "0 0 31 2 *"), "\"0 0 31 2 *\"", "nunca chega"),
        (http.replace("{uf}", "{estado}"), "\"https://x.gov.br/{estado}\"", "campo desconhecido"),
        (http.replace("https://", ""), "\"x.gov.br/{uf}\"", "endereço da web"),
        (format!("{http}prazo_resposta = \"1h\"\n"), "\"1h\"", "passa de 15 minutos"),
        (format!("{http}maximo = \"2 GB\"\n"), "\"2 GB\"", "não é um tamanho"),
        (format!("{http}hosts = [\"https://y\"]\n"), "\"https://y\"", "nome de um servidor"),
        (whole.replace("fonte.lista", "fonte.Lista"), "Lista", "identificador"),
    ];
    let table: Vec<(&str, &str, &str)> = table.iter().map(|(a, b, c)| (a.as_str(), *b, *c)).collect();
    each_makes_one_fault("fontes.toml", &table);
}

#[test]
fn what_a_disabled_feed_names_without_its_being_declared_is_only_a_warning() {
    let text = format!("{FEED}{PART}{PRESENCE}ativa = false\ncaminho = \"x\"\n")
        .replace("\"rma\"", "\"saa\"")
        .replace("\"CRAS\"", "\"POSTO\"");
    let found = faults(&small().with("fontes.toml", text.clone()));
    assert_eq!(found.len(), 3, "{}", lines(&found));
    assert!(found.iter().all(|f| f.severity == Severity::Warning));
    assert!(!good(&small().with("fontes.toml", text)).feeds[0].enabled);
}
