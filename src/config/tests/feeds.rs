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
    let Format::Csv { delimiter, encoding } = &feed.format else { panic!() };
    assert_eq!((*delimiter, encoding.as_deref()), (Some(b';'), Some("latin1")));
    assert!(matches!(&feed.mapping.part, PartRule::Column { words, .. } if words.len() == 1));
    assert!(matches!(&feed.mapping.reference, ReferenceRule::Column { pattern, .. } if pattern == "%m/%Y"));
    let Meaning::Situation { words, .. } = &feed.mapping.meaning else { panic!() };
    assert_eq!(words["Feito"], Says::Whole(Word::Is(State::Done)));
    assert!(feed.keep_original && feed.enabled);
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
        (http.replace("{uf}", "{estado}"), "\"https://x.gov.br/{estado}\"", "campo desconhecido"),
        (http.replace("https://", ""), "\"x.gov.br/{uf}\"", "endereço da web"),
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
