//! Addresses that the service speaks to, which may hold a secret: no fault shows one.

use super::locate::Spot;
use super::read::Reader;

/// Where a secret goes in an address.
pub const PLACEHOLDER: &str = "{segredo}";

/// An address that the service may speak to without being overheard.
pub(super) fn address(table: &Reader<'_>, key: &'static str, url: String) -> Option<String> {
    let spot = match table.spot_of(key) {
        variable @ Spot::Variable(_) => variable,
        _ => table.spot_of_key(key).unwrap_or_else(|| table.spot.clone()),
    };
    let is_safe = match url.split_once("://") {
        Some(("https", rest)) => host(rest).is_some(),
        Some(("http", rest)) => host(rest).is_some_and(is_loopback),
        _ => false,
    };
    if !is_safe || url.contains(char::is_whitespace) {
        table.log.secret(
            &spot,
            format!("`{key}` não é um endereço https"),
            "escreva o endereço inteiro, \"https://…\"; http só serve para um programa nesta mesma máquina (127.0.0.1)",
        );
        return None;
    }
    // A name server would be told the secret, and whoever writes the secret would choose the host.
    if authority(url.split_once("://").map_or("", |(_, rest)| rest)).contains(PLACEHOLDER) {
        table.log.secret(
            &spot,
            format!("`{key}` tem {PLACEHOLDER} no nome do servidor"),
            "escreva {segredo} só depois da primeira barra: \"https://servidor/…/{segredo}\"",
        );
        return None;
    }
    Some(url)
}

/// The server's part of what follows `://`.
fn authority(rest: &str) -> &str {
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// The host of what follows `://`; none where a user or a password stands before it.
fn host(rest: &str) -> Option<&str> {
    let authority = Some(authority(rest)).filter(|a| !a.is_empty() && !a.contains('@'))?;
    match authority.strip_prefix('[') {
        Some(inner) => inner.split_once(']').map(|(host, _)| host),
        None => authority.split(':').next().filter(|host| !host.is_empty()),
    }
}

/// Whether a host is this very machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_found_where_it_stands_and_no_password_before_it_passes() {
        for (rest, expected) in [
            ("hooks.slack.com/services/T/B/x", Some("hooks.slack.com")),
            ("127.0.0.1:8080", Some("127.0.0.1")),
            ("[::1]:8080/x", Some("::1")),
            ("localhost@evil.example/", None),
            ("/x", None),
            (":80/", None),
        ] {
            assert_eq!(host(rest), expected, "{rest}");
        }
    }
}
