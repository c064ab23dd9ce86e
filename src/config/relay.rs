//! `[smtp]`: the relay that takes the letters.

use std::path::PathBuf;
use std::time::Duration;

use super::fault::Severity;
use super::names::Reserved;
use super::read::Reader;
use super::settings::{RelayPatience, RelaySecurity, RelaySettings};
use super::value;

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
    if let Some(key) = table.spot_of_key("senha") {
        table.log.secret(
            &key,
            "há uma senha escrita em [smtp]",
            "apague-a daqui e ponha-a na primeira linha do arquivo que `senha_arquivo` diz",
        );
    }
    table.close(Severity::Error);
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
    if security == RelaySecurity::None && !is_loopback(&host) {
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
        password_file,
        ca_file,
        per_minute: per_minute.unwrap_or(30),
        per_day: per_day.unwrap_or(10_000),
        connections: connections.unwrap_or(2),
        patience,
    })
}

/// How long the relay may take.
fn patience(table: &Reader<'_>) -> RelayPatience {
    let usual = RelayPatience::default();
    let wait = |key, usual| {
        let wait = table.get(key, value::duration).and_then(|wait| Duration::try_from(wait).ok());
        wait.unwrap_or(usual)
    };
    RelayPatience {
        connect: wait("espera_conexao", usual.connect),
        greeting: wait("espera_saudacao", usual.greeting),
        command: wait("espera_comando", usual.command),
        data: wait("espera_texto", usual.data),
        final_dot: wait("espera_final", usual.final_dot),
    }
}

/// Whether a host is this very machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}
