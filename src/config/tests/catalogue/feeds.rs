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

/// A feed of words that mean these situations, which may say of what part they speak.
fn worded(title: &'static str, words: &str) -> Case {
    let sense = format!("sentido = \"situacao\"\nsituacao_coluna = \"st\"\nsituacoes = {{ {words} }}\n");
    whole(title, "fontes.toml", &FEED.replace("sentido = \"presenca\"\n", &sense))
}

fn worded_by_part(title: &'static str, words: &str) -> Case {
    worded(title, words).changing("parte = \"CRAS\"\n", "")
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = meanings();
    all.extend(formats());
    all.extend(network());
    all
}

fn meanings() -> Vec<Case> {
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
        changed("posição que não existe", "\"ibge\"", "\"#0\""),
        feed("formato que não diz como a data está", "data_coluna = \"dia\"\ndata_formato = \"dd/mm/aaaa\""),
        feed("formato sem coluna", "data_formato = \"%d/%m/%Y\""),
        worded("a mesma palavra com dois sentidos", "\"Não\" = \"pendente\", \"NAO\" = \"nao_se_aplica\""),
        worded("a parte dita duas vezes", "\"Sim\" = { GESTAO = \"concluido\" }"),
        worded_by_part(
            "palavra que não fala de parte nenhuma",
            "\"Sim\" = {}, \"Não\" = { GESTAO = \"pendente\" }",
        ),
        worded_by_part(
            "só algumas palavras por parte",
            "\"Sim\" = { GESTAO = \"concluido\" }, \"Não\" = \"pendente\"",
        ),
        changed("sentido sem coluna nem palavras", "\"presenca\"", "\"situacao\""),
        changed(
            "palavra que não é situação",
            "sentido = \"presenca\"\n",
            "sentido = \"situacao\"\nsituacao_coluna = \"s\"\nsituacoes = { \"Sim\" = \"feito\" }\n",
        ),
    ]
}

fn formats() -> Vec<Case> {
    vec![
        feed("codificação desconhecida", "codificacao = \"utf8-br\""),
        feed("chave de outro tipo", "caminho = \"dados\""),
        feed("caminho com um nome a menos", "caminho = \"dados..itens\"").changing("\"csv\"", "\"json\""),
        changed("posição num JSON", "\"ibge\"", "\"#1\"").changing("\"csv\"", "\"json\""),
        changed("página sem dizer qual tabela", "\"csv\"", "\"html\""),
    ]
}

fn network() -> Vec<Case> {
    vec![
        feed("endereço onde não há rede", "url = \"https://x.gov.br\""),
        http("sem endereço nem horário", "\nurl = \"https://x.gov.br/{uf}\"\nhorario = \"0 6 * * *\"", ""),
        http("horário que não existe", "0 6 * * *", "0 25 * * *"),
        http("campo desconhecido no endereço", "{uf}", "{estado}"),
        http("chave aberta no endereço", "{uf}", "{uf"),
        http("endereço sem https", "https://", ""),
        feed("tamanho mal escrito", "maximo = \"2 GB\"").over_http(),
        feed("prazo longo demais", "prazo_resposta = \"1h\"").over_http(),
        feed("servidor com endereço inteiro", "hosts = [\"https://y.gov.br\"]").over_http(),
    ]
}

impl Case {
    /// The same feed over the network.
    fn over_http(self) -> Self {
        self.changing("\"pasta\"", "\"http\"\nurl = \"https://x.gov.br/{uf}\"\nhorario = \"0 6 * * *\"")
    }

    /// The same with one piece of `fontes.toml` in another's place.
    pub(super) fn changing(self, from: &str, to: &str) -> Self {
        let text = String::from_utf8(self.sources.bytes("fontes.toml").unwrap().to_vec()).unwrap();
        assert!(text.contains(from), "{}", self.title);
        Self { sources: self.sources.with("fontes.toml", text.replace(from, to)), ..self }
    }
}
