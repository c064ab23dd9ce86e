//! `vigia.toml` and the environment.

use super::*;
use crate::domain::ibge;
use crate::domain::id::MunicipalityCode;

fn before(title: &'static str, text: &str) -> Case {
    whole(title, "vigia.toml", &format!("{text}\n{VIGIA}"))
}

fn relay(title: &'static str, more: &str) -> Case {
    added(title, "vigia.toml", &format!("[smtp]\nservidor = \"smtp.es.gov.br\"\n{more}\n"))
}

fn alerts(title: &'static str, more: &str) -> Case {
    added(title, "vigia.toml", &format!("[alertas]\npara = [\"a@b.gov.br\"]\n{more}\n"))
}

#[expect(clippy::too_many_lines, reason = "a line or two for each sort of fault")]
pub(super) fn cases() -> Vec<Case> {
    let variables = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    };
    vec![
        case("faltam todos os arquivos", Sources::default()),
        before("palavra que não é opção, mas quase", "modo = \"produção\""),
        before("palavra que não é opção", "ao_incerto = \"talvez\""),
        before("data que não existe", "inicio = 2026-02-30"),
        before("data escrita por extenso", "inicio = \"1º de dezembro\""),
        before("data como número", "inicio = 20261201"),
        before("fuso desconhecido", "fuso = \"Brasil\""),
        before("número fora dos limites", "limite_dia = 0"),
        before("texto onde vai número", "guardar_anos = \"cinco\""),
        before("número onde vai texto", "dados = 1"),
        before("texto vazio", "dados = \"\""),
        before("texto com quebra de linha", "dados = \"a\\nb\""),
        before("número onde vai sim ou não", "vigiar_arquivos = 1"),
        before("chave quase certa", "guardar_ano = 5"),
        before("chave que nada lembra", "xyzw = 5"),
        before("chave onde vai tabela", "smtp = \"smtp.es.gov.br\""),
        before("chave onde vão tabelas", "gerencia = 1")
            .replacing("[gerencia.GPSB]\nnome = \"Proteção Básica\"\nemail = \"gpsb@setades.es.gov.br\"\n"),
        whole("sem remetente nem GSUAS", "vigia.toml", "modo = \"ensaio\"\n"),
        added(
            "horário que acaba antes de começar",
            "vigia.toml",
            "[horario]\ndas = \"18:00\"\nas = \"08:00\"\n",
        ),
        added("hora que não existe", "vigia.toml", "[horario]\ndas = \"25:00\"\n"),
        added("hora como número", "vigia.toml", "[horario]\ndas = 8\n"),
        added("servidor sem nome", "vigia.toml", "[smtp]\nporta = 587\n"),
        relay("porta grande demais", "porta = 70000"),
        relay("sem segurança para fora da máquina", "seguranca = \"nenhuma\""),
        relay("senha sem usuário", "senha_arquivo = \"/run/senha\""),
        relay("esperas longas demais", "espera_comando = \"10min\""),
        relay("oauth2 sem tabela nem usuário", "autenticacao = \"oauth2\""),
        relay(
            "oauth2 sem que se peça",
            "usuario = \"a@b.gov.br\"\n[smtp.oauth2]\nurl = \"https://login.example/token\"\ncliente = \"c\"",
        ),
        relay(
            "oauth2 com senha",
            "usuario = \"a@b.gov.br\"\nautenticacao = \"oauth2\"\nsenha_arquivo = \"/run/senha\"\n[smtp.oauth2]\nurl = \"https://login.example/token\"\ncliente = \"c\"",
        ),
        relay("chave estranha numa tabela", "senha = \"segredo\""),
        added(
            "subendereço sem endereço próprio",
            "vigia.toml",
            "[devolucoes]\nmaildir = \"/var/spool/d\"\nsubendereco = true\n",
        ),
        added("endereço que não é", "vigia.toml", "[devolucoes]\nemail = \"devolucoes\"\n"),
        added("um dos endereços não é", "vigia.toml", "[alertas]\npara = [\"a@b.gov.br\", \"b@\"]\n"),
        alerts("segredo no nome do servidor", "webhook = \"https://{segredo}.example/x\""),
        alerts("webhook sem https", "webhook = \"http://x.example/segredo\""),
        alerts(
            "segredo por extenso no webhook",
            "webhook = \"https://hooks.slack.com/T/B/x\"\nformato = \"slack\"",
        ),
        alerts("formato sem webhook", "formato = \"slack\""),
        alerts(
            "Telegram sem conversa",
            "webhook = \"https://api.telegram.org/bot{segredo}/sendMessage\"\nformato = \"telegram\"",
        ),
        alerts("comando sem caminho inteiro", "comando = [\"avisar\"]"),
        added("sinal sem endereço", "vigia.toml", "[sinal]\ncada = \"5min\"\n"),
        added(
            "sinal raro demais",
            "vigia.toml",
            "[sinal]\nurl = \"https://hc-ping.com/{segredo}\"\ncada = \"2d\"\n",
        ),
        added(
            "endereços separados por ponto e vírgula",
            "vigia.toml",
            "[alertas]\npara = \"a@b.gov.br;c@d.gov.br\"\n",
        ),
        added("assinatura que não é lista", "vigia.toml", "[assinatura]\nlinhas = \"Equipe\"\n"),
        added("linha da assinatura com quebra", "vigia.toml", "[assinatura]\nlinhas = [\"a\\nb\"]\n"),
        added(
            "sigla de gerência em branco",
            "vigia.toml",
            "[gerencia.\" \"]\nnome = \"x\"\nemail = \"a@b.gov.br\"\n",
        ),
        added("painel sem porta", "vigia.toml", "[painel]\nescuta = \"127.0.0.1\"\n"),
        added("painel aberto a outras máquinas", "vigia.toml", "[painel]\nescuta = \"0.0.0.0:8080\"\n"),
        added(
            "painel com metade do certificado",
            "vigia.toml",
            "[painel]\nescuta = \"127.0.0.1:8443\"\ncertificado = \"painel.pem\"\n",
        ),
        added(
            "painel que acreditaria em qualquer um",
            "vigia.toml",
            "[painel]\nescuta = \"127.0.0.1:8080\"\nusuario_cabecalho = \"X-Usuario\"\n",
        ),
        added(
            "painel com um cabeçalho que qualquer navegador manda",
            "vigia.toml",
            "[painel]\nescuta = \"127.0.0.1:8080\"\nproxy = [\"10.0.0.5\"]\nusuario_cabecalho = \"Cookie\"\n",
        ),
        added(
            "proxy que não é lista",
            "vigia.toml",
            "[painel]\nescuta = \"127.0.0.1:8080\"\nproxy = \"10.0.0.5\"\n",
        ),
        added(
            "proxy que traria qualquer um",
            "vigia.toml",
            "[painel]\nescuta = \"127.0.0.1:8080\"\nproxy = [\"127.0.0.1\"]\n",
        ),
        added("nenhum proxy", "vigia.toml", "[painel]\nescuta = \"127.0.0.1:8080\"\nproxy = []\n"),
        added(
            "proxy pelo nome",
            "vigia.toml",
            "[painel]\nescuta = \"127.0.0.1:8080\"\nproxy = [\"proxy.es.gov.br\"]\n",
        ),
        added("banco desconhecido", "vigia.toml", "[banco]\nurl = \"mysql://x\"\n"),
        added("senha no endereço do banco", "vigia.toml", "[banco]\nurl = \"postgres://u:segredo@h/d\"\n"),
        added(
            "banco longe e sem certificado",
            "vigia.toml",
            "[banco]\nurl = \"postgres://u@banco.es.gov.br/d?sslmode=require\"\n",
        ),
        added(
            "esquema de banco que não serve",
            "vigia.toml",
            "[banco]\nurl = \"postgres://u@/d?host=/run\"\nesquema = \"Vigia ES\"\n",
        ),
        added("esquema sem servidor", "vigia.toml", "[banco]\nurl = \"sqlite\"\nesquema = \"es\"\n"),
        case(
            "produção sem início nem servidor",
            small().with("vigia.toml", format!("modo = \"producao\"\n{VIGIA}")),
        ),
        case(
            "produção com endereços que não recebem",
            small()
                .with("vigia.toml", production().replace("gsuas@setades.es.gov.br", "gsuas@example.org"))
                .with(
                    "municipios.csv",
                    (0..12).fold("ibge;nome;smas_email\n".to_owned(), |text, n| {
                        let name = ibge::name_of(MunicipalityCode::parse(CODES[n]).unwrap()).unwrap();
                        format!("{text}{};{name};m{n}@municipio.invalid\n", CODES[n])
                    }),
                ),
        ),
        case(
            "variáveis do ambiente",
            plus("vigia.toml", "[smtp]\nservidor = \"smtp.es.gov.br\"\n")
                .with_variables(variables(&[("VIGIA_SMTP__PORTA", "muitas"), ("VIGIA_MOD", "ensaio")])),
        ),
        case("modelo que não está em UTF-8", small().with("modelos/prazo.txt", &b"Munic\xedpio"[..])),
    ]
}

const CODES: [&str; 12] = [
    "3200102", "3200136", "3200169", "3200201", "3200300", "3200359", "3200409", "3200508", "3200607",
    "3200706", "3200805", "3200904",
];

impl Case {
    /// The same without a piece of `vigia.toml`.
    fn replacing(self, piece: &str) -> Self {
        let text = String::from_utf8(self.sources.bytes("vigia.toml").unwrap().to_vec()).unwrap();
        Self { sources: self.sources.with("vigia.toml", text.replace(piece, "")), ..self }
    }
}
