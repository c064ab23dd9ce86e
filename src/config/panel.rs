//! `[painel]`: where the panel is served, and to whom. Off loopback it shows nothing to whoever does not say who they are,
//! and says nothing in the clear.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::fault::Severity;
use super::locate::Log;
use super::node::{Node, Value};
use super::read::Reader;
use super::settings::{PanelSettings, PanelTls};
use super::value;

/// Compiles the table.
pub(super) fn compile(table: &Reader<'_>) -> Option<PanelSettings> {
    let listen = table.need("escuta", "\"127.0.0.1:8080\"", listen);
    let file = |key| table.get(key, value::filled).map(PathBuf::from);
    let certificate = file("certificado");
    let key = file("certificado_chave");
    let passwords = file("senhas");
    let proxies = table.get("proxy", proxies);
    let user_header = table.get("usuario_cabecalho", header);
    let agenda_series = table.get("agenda_serie", |n, log| value::number(n, log, 1, 1_000_000));
    table.close(Severity::Error);
    for (has, lacks) in [("certificado", "certificado_chave"), ("certificado_chave", "certificado")] {
        if table.has(has) && !table.has(lacks) {
            table.log.error(
                &table.spot_of(has),
                format!("há `{has}` sem `{lacks}`"),
                "escreva os dois: o certificado e a chave dele, em arquivos PEM",
            );
        }
    }
    if table.has("usuario_cabecalho") && !table.has("proxy") {
        table.log.error(
            &table.spot_of("usuario_cabecalho"),
            "há `usuario_cabecalho` sem `proxy`: qualquer um poderia escrever esse cabeçalho",
            "escreva também o endereço do proxy reverso: proxy = [\"10.0.0.5\"]",
        );
    }
    let listen = listen?;
    let says_who = table.has("senhas") || table.has("usuario_cabecalho");
    if listen.ip().to_canonical().is_loopback() && proxies.is_some() && !says_who {
        table.log.error(
            &table.spot_of("proxy"),
            "há `proxy` sem `senhas` nem `usuario_cabecalho`: ninguém saberia quem vem por ele",
            "escreva `usuario_cabecalho` com o cabeçalho em que o proxy diz quem pede, ou `senhas`",
        );
    }
    if !listen.ip().to_canonical().is_loopback() {
        if !table.has("certificado") && !table.has("proxy") {
            table.log.error(
                &table.spot_of("escuta"),
                "aberto a outras máquinas, o painel mostraria nomes e telefones sem criptografia",
                "escreva `certificado` e `certificado_chave`, ou em `proxy` o endereço do proxy reverso que usa HTTPS",
            );
        }
        if !says_who {
            table.log.error(
                &table.spot_of("escuta"),
                "aberto a outras máquinas, o painel mostraria nomes e telefones a quem quer que fosse",
                "escreva `senhas` (veja “vigia-suas painel senha --ajuda”), ou `usuario_cabecalho` com o do proxy",
            );
        }
    }
    Some(PanelSettings {
        listen,
        tls: certificate.zip(key).map(|(certificate, key)| PanelTls { certificate, key }),
        proxies: proxies.unwrap_or_default(),
        passwords,
        user_header,
        agenda_series: agenda_series.unwrap_or(1),
    })
}

/// An address of this machine and a port. A name would be looked up, and mean something else another day.
fn listen(node: &Node, log: &Log) -> Option<SocketAddr> {
    let text = value::filled(node, log)?;
    let local = text.strip_prefix("localhost:").and_then(|port| port.parse().ok());
    let address =
        local.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port))).or_else(|| text.parse().ok());
    let address = address.filter(|address| address.port() > 0);
    address.or_else(|| {
        log.refuse(
            &node.spot,
            format!("“{text}” não é um endereço de escuta"),
            "escreva o endereço IP e a porta: \"127.0.0.1:8080\"",
        )
    })
}

fn proxies(node: &Node, log: &Log) -> Option<Vec<IpAddr>> {
    let Value::List(nodes) = &node.value else {
        return log.refuse(
            &node.spot,
            format!("esperava uma lista, veio {}", node.value.kind()),
            "escreva entre colchetes: proxy = [\"10.0.0.5\"]",
        );
    };
    if nodes.is_empty() {
        return log.refuse(&node.spot, "a lista está vazia", "escreva o endereço do proxy: [\"10.0.0.5\"]");
    }
    let read = |node: &Node| {
        let text = value::filled(node, log)?;
        let address = text.parse::<IpAddr>().ok();
        if address.is_none() {
            log.error(
                &node.spot,
                format!("“{text}” não é um endereço IP"),
                "escreva o endereço do proxy, sem porta e sem nome: \"10.0.0.5\"",
            );
        }
        address.map(|address| address.to_canonical())
    };
    nodes.iter().map(read).collect()
}

/// Headers that a browser sends by itself, or that say something else.
const TAKEN: [&str; 6] = ["authorization", "cookie", "forwarded", "host", "user-agent", "x-forwarded-for"];

fn header(node: &Node, log: &Log) -> Option<String> {
    let text = value::filled(node, log)?.to_ascii_lowercase();
    let fits = text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !fits || TAKEN.contains(&text.as_str()) {
        return log.refuse(
            &node.spot,
            format!("“{text}” não serve de cabeçalho que diga o usuário"),
            "escreva o nome do cabeçalho que o proxy preenche e apaga do que vem de fora: \"X-Usuario\"",
        );
    }
    Some(text)
}
