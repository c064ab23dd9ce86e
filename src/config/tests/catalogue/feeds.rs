//! `fontes.toml`.

use super::*;

const FEED: &str = "[fonte.lista]\nsistema = \"rma\"\ntipo = \"csv\"\norigem = \"pasta\"\nmunicipio = \"ibge\"\n\
    parte = \"CRAS\"\nsentido = \"presenca\"\n";

fn feed(title: &'static str, more: &str) -> Case {
    whole(title, "fontes.toml", &format!("{FEED}{more}\n"))
}

fn changed(title: &'static str, from: &str, to: &str) -> Case {
    assert!(FEED.contains(from), "{title}");
    whole(title, "fontes.toml", &FEED.replace(from, to))
}

fn http(title: &'static str, from: &str, to: &str) -> Case {
    let text =
        FEED.replace("\"pasta\"", "\"http\"\nurl = \"https://x.gov.br/{uf}\"\nhorario = \"0 6 * * *\"");
    assert!(text.contains(from), "{title}");
    whole(title, "fontes.toml", &text.replace(from, to))
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        changed("nome de fonte que não serve", "fonte.lista", "fonte.Lista"),
        changed("tipo que não é opção", "\"csv\"", "\"xls2\""),
        changed("sem parte", "parte = \"CRAS\"\n", ""),
        changed("parte não declarada", "\"CRAS\"", "\"CREAS\""),
        feed("duas maneiras de dizer a parte", "parte_coluna = \"tipo\""),
        feed(
            "duas maneiras de dizer a referência",
            "referencia = \"2026-10\"\nreferencia_coluna = \"m\"\nreferencia_formato = \"%m/%Y\"",
        ),
        feed("coluna da referência sem formato", "referencia_coluna = \"mes\""),
        feed("coluna da situação onde não serve", "situacao_coluna = \"situacao\""),
        feed("formato que não diz como a data está", "data_coluna = \"dia\"\ndata_formato = \"dd/mm/aaaa\""),
        feed("formato sem coluna", "data_formato = \"%d/%m/%Y\""),
        feed("codificação desconhecida", "codificacao = \"utf8-br\""),
        feed("endereço onde não há rede", "url = \"https://x.gov.br\""),
        changed("sentido sem coluna nem palavras", "\"presenca\"", "\"situacao\""),
        changed(
            "palavra que não é situação",
            "sentido = \"presenca\"\n",
            "sentido = \"situacao\"\nsituacao_coluna = \"s\"\nsituacoes = { \"Sim\" = \"feito\" }\n",
        ),
        http("sem endereço nem horário", "\nurl = \"https://x.gov.br/{uf}\"\nhorario = \"0 6 * * *\"", ""),
        http("horário que não existe", "0 6 * * *", "0 25 * * *"),
        http("campo desconhecido no endereço", "{uf}", "{estado}"),
        http("chave aberta no endereço", "{uf}", "{uf"),
        http("endereço sem https", "https://", ""),
        feed("tamanho mal escrito", "maximo = \"2 GB\"").over_http(),
        feed("servidor com endereço inteiro", "hosts = [\"https://y.gov.br\"]").over_http(),
    ]
}

impl Case {
    /// The same feed over the network.
    fn over_http(self) -> Self {
        let text = String::from_utf8(self.sources.bytes("fontes.toml").unwrap().to_vec()).unwrap();
        let text =
            text.replace("\"pasta\"", "\"http\"\nurl = \"https://x.gov.br/{uf}\"\nhorario = \"0 6 * * *\"");
        Self { sources: self.sources.with("fontes.toml", text), ..self }
    }
}
