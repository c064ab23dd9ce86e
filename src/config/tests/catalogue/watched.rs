//! `[cadastro.X]` and `[noticia.X]` of `fontes.toml`.

use super::*;

const REGISTER: &str = "[cadastro.unidades]\ntipo = \"csv\"\norigem = \"pasta\"\nunidade = \"id\"\n\
    municipio = \"ibge\"\nparte = \"CRAS\"\n";

const NEWS: &str = "[noticia.avisos]\ntipo = \"rss\"\norigem = \"http\"\nurl = \"https://x.gov.br/feed\"\n\
    horario = \"0 6 * * *\"\n";

fn text(title: &'static str, text: &str) -> Case {
    whole(title, "fontes.toml", text)
}

/// A table of those above with one piece of it in another's place.
fn changed(title: &'static str, table: &str, from: &str, to: &str) -> Case {
    assert!(table.contains(from), "{title}");
    text(title, &table.replace(from, to))
}

fn register(title: &'static str, more: &str) -> Case {
    text(title, &format!("{REGISTER}{more}\n"))
}

fn news(title: &'static str, more: &str) -> Case {
    text(title, &format!("{NEWS}{more}\n"))
}

pub(super) fn cases() -> Vec<Case> {
    let over_http = "\"http\"\nurl = \"https://x.gov.br/{ibge7}.csv\"\nhorario = \"0 6 * * *\"";
    vec![
        text("o mesmo nome duas vezes", &format!("{REGISTER}{}", NEWS.replace("avisos", "unidades"))),
        changed("nome de cadastro que não serve", REGISTER, "cadastro.unidades", "cadastro.Unidades"),
        changed("cadastro de um município por vez", REGISTER, "\"pasta\"", over_http),
        changed("cadastro sem parte", REGISTER, "parte = \"CRAS\"\n", ""),
        register("cadastro com duas partes", "parte_coluna = \"tipo\""),
        register("palavras de uma coluna que não foi dita", "situacoes = { \"Ativo\" = \"aberta\" }"),
        register("coluna sem as suas palavras", "situacao_coluna = \"situação\""),
        register(
            "palavra que não diz se a unidade está aberta",
            "situacao_coluna = \"st\"\nsituacoes = { \"Ativo\" = \"ativa\" }",
        ),
        changed("notícia que não vem da internet", NEWS, "\"http\"", "\"pasta\"")
            .changing("url = \"https://x.gov.br/feed\"\nhorario = \"0 6 * * *\"\n", ""),
        changed("notícia de um município por vez", NEWS, "/feed", "/{ibge6}"),
        changed("tipo que não é de notícia", NEWS, "\"rss\"", "\"html\""),
        news("palavra curta demais", "palavras = { prorrogacao = [\"prorrog*\", \"p*\"] }"),
        news("assunto quase certo", "palavras = { prorrogacoes = [\"prorrog*\"] }"),
        news("notícia de sistema quase certo", "sistemas = [\"rmaa\"]"),
    ]
}
