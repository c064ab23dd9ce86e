//! `[smtp]`: the relay that takes the letters.

use std::path::PathBuf;
use std::time::Duration;

use super::fault::Severity;
use super::names::Reserved;
use super::read::Reader;
use super::settings::{OauthGrant, OauthSettings, RelayPatience, RelaySecurity, RelaySettings};
use super::{address, value};

/// Compiles the table.
pub(super) fn compile(table: &Reader<'_>, reserved: &Reserved) -> Option<RelaySettings> {
    let host = table.need("servidor", "\"smtp.es.gov.br\"", value::filled);
    let security = table
        .get("seguranca", |n, log| {
            let words = [
                ("starttls", RelaySecurity::StartTls),
                ("tls", RelaySecurity::Tls),
                ("nenhuma", RelaySecurity::None),
            ];
            value::word(n, log, &words)
        })
        .or_else(|| (!table.has("seguranca")).then_some(RelaySecurity::StartTls));
    let port = table.get("porta", |n, log| value::number(n, log, 1, 65_535));
    let user = table.get("usuario", value::filled);
    let password_file = table.get("senha_arquivo", value::filled).map(PathBuf::from);
    let ca_file = table.get("ca_arquivo", value::filled).map(PathBuf::from);
    let per_minute = table.get("por_minuto", |n, log| value::number(n, log, 1, 100_000));
    let per_day = table.get("por_dia", |n, log| value::number(n, log, 1, 10_000_000));
    let connections = table.get("conexoes", |n, log| value::number(n, log, 1, 100));
    let patience = patience(table);
    let oauth = oauth(table);
    if let Some(key) = table.spot_of_key("senha") {
        table.log.secret(
            &key,
            "há uma senha escrita em [smtp]",
            "apague-a daqui e ponha-a na primeira linha do arquivo que `senha_arquivo` diz",
        );
    }
    let wishes_oauth =
        table.get("autenticacao", |n, log| value::word(n, log, &[("senha", false), ("oauth2", true)]));
    table.close(Severity::Error);
    agree(table, wishes_oauth);
    // The other way round the password may come from systemd or the environment.
    if table.has("senha_arquivo") && !table.has("usuario") {
        table.log.error(
            &table.spot_of("senha_arquivo"),
            "há `senha_arquivo` sem `usuario`",
            "escreva também `usuario`, ou apague `senha_arquivo` se o servidor não pede senha",
        );
    }
    let (host, security) = (host?, security?);
    reserved.note_host(&host, &table.spot_of("servidor"));
    if security == RelaySecurity::None && !address::is_loopback(&host) {
        table.log.error(
            &table.spot_of("seguranca"),
            format!("sem segurança, as cartas e a senha iriam abertas até “{host}”"),
            "use \"starttls\" ou \"tls\"; \"nenhuma\" só serve para um servidor nesta mesma máquina (127.0.0.1)",
        );
    }
    Some(RelaySettings {
        host,
        port: port.unwrap_or(match security {
            RelaySecurity::StartTls => 587,
            RelaySecurity::Tls => 465,
            RelaySecurity::None => 25,
        }),
        security,
        user,
        oauth,
        password_file,
        ca_file,
        per_minute: per_minute.unwrap_or(30),
        per_day: per_day.unwrap_or(10_000),
        connections: connections.unwrap_or(2),
        patience,
    })
}

/// `[smtp.oauth2]`.
fn oauth(table: &Reader<'_>) -> Option<OauthSettings> {
    let inner = table.table("oauth2")?;
    let url = inner.need("url", "\"https://login.microsoftonline.com/…/oauth2/v2.0/token\"", value::filled);
    let url = url.and_then(|url| address::address(&inner, "url", url));
    let client = inner.need("cliente", "\"00000000-0000-…\"", value::filled);
    let scope = inner.get("escopo", value::filled);
    let words = [("cliente", OauthGrant::Client), ("renovacao", OauthGrant::Refresh)];
    let grant = inner.get("concessao", |n, log| value::word(n, log, &words)).unwrap_or(OauthGrant::Client);
    let secret_file = inner.get("segredo_arquivo", value::filled).map(PathBuf::from);
    let refresh_file = inner.get("renovacao_arquivo", value::filled).map(PathBuf::from);
    inner.close(Severity::Error);
    Some(OauthSettings { url: url?, client: client?, scope, grant, secret_file, refresh_file })
}

/// What is said of how the relay knows us must fit together.
fn agree(table: &Reader<'_>, wishes_oauth: Option<bool>) {
    let has = |key| table.has(key);
    if wishes_oauth == Some(true) && !has("oauth2") {
        table.log.error(
            &table.spot_of("autenticacao"),
            "há autenticacao = \"oauth2\" sem a tabela [smtp.oauth2]",
            "escreva [smtp.oauth2] com `url` e `cliente`; config/LEIAME.md mostra como",
        );
    }
    if wishes_oauth != Some(true) && has("oauth2") {
        table.log.error(
            &table.spot_of("oauth2"),
            "há [smtp.oauth2] sem autenticacao = \"oauth2\"",
            "escreva autenticacao = \"oauth2\" em [smtp], ou apague [smtp.oauth2]",
        );
    }
    if wishes_oauth == Some(true) && !has("usuario") {
        table.log.error(
            &table.spot_of("autenticacao"),
            "há autenticacao = \"oauth2\" sem `usuario`",
            "escreva em `usuario` a caixa que envia, como \"vigilancia@setades.es.gov.br\"",
        );
    }
    if wishes_oauth == Some(true) && has("senha_arquivo") {
        table.log.error(
            &table.spot_of("senha_arquivo"),
            "há `senha_arquivo` com autenticacao = \"oauth2\", que não usa senha",
            "apague `senha_arquivo`; os segredos ficam em [smtp.oauth2]",
        );
    }
}

/// How long the relay may take.
fn patience(table: &Reader<'_>) -> RelayPatience {
    let usual = RelayPatience::default();
    let wait = |key, usual| {
        let wait = table.get(key, value::duration).and_then(|wait| Duration::try_from(wait).ok());
        wait.unwrap_or(usual)
    };
    let patience = RelayPatience {
        connect: wait("espera_conexao", usual.connect),
        greeting: wait("espera_saudacao", usual.greeting),
        command: wait("espera_comando", usual.command),
        data: wait("espera_texto", usual.data),
        final_dot: wait("espera_final", usual.final_dot),
    };
    let longest = patience.over_one_letter();
    if longest > RelayPatience::LONGEST {
        let keys = ["espera_final", "espera_comando", "espera_texto", "espera_saudacao", "espera_conexao"];
        let written = keys.into_iter().find(|key| table.has(key)).unwrap_or("espera_final");
        table.log.error(
            &table.spot_of(written),
            format!(
                "com essas esperas uma só carta pode levar {} minutos, e o máximo é {}",
                longest.as_secs().div_ceil(60),
                RelayPatience::LONGEST.as_secs() / 60
            ),
            "encurte-as: espera_conexao conta duas vezes e espera_comando sete; parado uma hora, o serviço é reiniciado",
        );
    }
    patience
}
