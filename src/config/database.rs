//! `[banco]`: where the ledger is kept.

use std::path::PathBuf;

use super::address;
use super::fault::Severity;
use super::locate::Spot;
use super::read::Reader;
use super::settings::{DatabaseSettings, DatabaseTls, ServerSettings};
use super::value;

const LIKE: &str = "escreva \"sqlite\", ou um endereço como \"postgres://vigia@banco.es.gov.br/vigia\"";

/// Where a service has its schema that names none.
const SCHEMA: &str = "vigia";
const SCHEMA_HINT: &str = "use de 1 a 40 letras minúsculas sem acento, algarismos e _, começando por letra";

/// A server as somebody names it elsewhere than in the table, by the same rules: what is wrong, and what to do.
pub fn server(url: &str, schema: Option<&str>) -> Result<ServerSettings, (String, &'static str)> {
    let here = |message: &str| {
        let said = message.replace("em `banco.url`", "no endereço").replace("de `banco.url`", "do endereço");
        said.replace("`banco.url`", "o endereço")
    };
    let server = parse(url).map_err(|(message, hint)| (here(message), hint))?;
    let schema = schema.unwrap_or(SCHEMA).to_owned();
    if is_schema(&schema) {
        Ok(ServerSettings { schema, ..server })
    } else {
        Err((no_schema(&schema), SCHEMA_HINT))
    }
}

/// Compiles the table.
pub(super) fn compile(table: &Reader<'_>) -> Option<DatabaseSettings> {
    let url = table.get("url", value::filled)?;
    let schema = table.get("esquema", value::filled);
    let password_file = table.get("senha_arquivo", value::filled).map(PathBuf::from);
    let ca_file = table.get("ca_arquivo", value::filled).map(PathBuf::from);
    table.close(Severity::Error);
    if url == "sqlite" {
        for key in ["esquema", "senha_arquivo", "ca_arquivo"] {
            if table.has(key) {
                table.log.error(
                    &table.spot_of(key),
                    format!("há `{key}` em [banco], e o banco é um arquivo"),
                    "apague a chave, ou escreva em `url` o endereço de um servidor PostgreSQL",
                );
            }
        }
        return Some(DatabaseSettings::File);
    }
    // The address may hold a password: it is never shown.
    let spot = match table.spot_of("url") {
        variable @ Spot::Variable(_) => variable,
        _ => table.spot_of_key("url").unwrap_or_else(|| table.spot.clone()),
    };
    let server = match parse(&url) {
        Ok(server) => server,
        Err((message, hint)) => {
            table.log.secret(&spot, message, hint);
            return None;
        }
    };
    let schema = schema.unwrap_or_else(|| SCHEMA.to_owned());
    if !is_schema(&schema) {
        return table.log.refuse(&table.spot_of("esquema"), no_schema(&schema), SCHEMA_HINT);
    }
    Some(DatabaseSettings::Server(ServerSettings { schema, password_file, ca_file, ..server }))
}

fn no_schema(name: &str) -> String {
    format!("“{name}” não serve de nome de esquema")
}

fn is_schema(name: &str) -> bool {
    name.len() <= 40
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.starts_with("pg_")
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

type Wrong = (&'static str, &'static str);

/// What an address says; the rest is as the table has it.
fn parse(url: &str) -> Result<ServerSettings, Wrong> {
    let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"));
    let rest = rest.ok_or(("`banco.url` não é um banco de dados conhecido", LIKE))?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    if user.contains(':') {
        return Err((
            "há uma senha em `banco.url`",
            "apague-a daqui e ponha-a na primeira linha do arquivo que `senha_arquivo` de [banco] diz",
        ));
    }
    if user.is_empty() {
        return Err(("`banco.url` não diz o usuário", "escreva-o antes do @: \"postgres://vigia@…\""));
    }
    if database.is_empty() || database.contains('/') {
        return Err((
            "`banco.url` não diz o banco de dados",
            "escreva-o depois da barra: \"postgres://vigia@servidor/vigia\"",
        ));
    }
    let (mut host, port) = host_and_port(host)?;
    let mut mode = None;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", word)) => mode = Some(word),
            Some(("host", folder)) if folder.starts_with('/') => folder.clone_into(&mut host),
            _ => {
                return Err((
                    "`banco.url` tem um parâmetro que não é conhecido",
                    "os parâmetros são sslmode e host (a pasta do soquete, como em \"?host=/run/postgresql\")",
                ));
            }
        }
    }
    if host.is_empty() {
        return Err(("`banco.url` não diz o servidor", LIKE));
    }
    let is_near = host.starts_with('/') || address::is_loopback(&host);
    let tls = match mode {
        None | Some("disable" | "prefer" | "allow" | "require") if is_near => DatabaseTls::Off,
        None | Some("verify-full") => DatabaseTls::Full,
        Some("verify-ca") => DatabaseTls::Authority,
        Some("disable" | "prefer" | "allow" | "require") => {
            return Err((
                "com esse sslmode, o livro e a senha iriam a um servidor que ninguém confere",
                "use sslmode=verify-full (o padrão) ou verify-ca; os outros só servem nesta mesma máquina",
            ));
        }
        Some(_) => return Err(("esse sslmode não existe", "use sslmode=verify-full ou verify-ca")),
    };
    Ok(ServerSettings {
        host,
        port,
        user: user.to_owned(),
        database: database.to_owned(),
        schema: String::new(),
        tls,
        password_file: None,
        ca_file: None,
    })
}

fn host_and_port(text: &str) -> Result<(String, u16), Wrong> {
    let wrong = ("a porta de `banco.url` não é um número de 1 a 65535", LIKE);
    let in_brackets = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (host, port) = match in_brackets {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let port = match port {
        Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or(wrong)?,
        None => 5432,
    };
    Ok((host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn off_this_machine_the_certificate_is_checked_whatever_is_written() {
        let tls = |url: &str| parse(url).map(|server| server.tls);
        assert_eq!(tls("postgres://v@banco.gov.br/v"), Ok(DatabaseTls::Full));
        assert_eq!(tls("postgres://v@banco.gov.br/v?sslmode=verify-ca"), Ok(DatabaseTls::Authority));
        assert_eq!(tls("postgres://v@127.0.0.1/v"), Ok(DatabaseTls::Off));
        assert_eq!(tls("postgres://v@[::1]:5433/v?sslmode=verify-full"), Ok(DatabaseTls::Full));
        for mode in ["disable", "allow", "prefer", "require"] {
            let (message, _) = tls(&format!("postgres://v@banco.gov.br/v?sslmode={mode}")).unwrap_err();
            assert!(message.contains("ninguém confere"), "{mode}: {message}");
        }
    }

    #[test]
    fn an_address_says_who_where_and_what() {
        let server = parse("postgres://vigia@/livro?host=/run/postgresql").unwrap();
        assert_eq!(
            (server.host.as_str(), server.port, server.user.as_str()),
            ("/run/postgresql", 5432, "vigia")
        );
        assert_eq!(server.database, "livro");
        for (url, wrong) in [
            ("mysql://x", "não é um banco de dados conhecido"),
            ("postgres://v:segredo@h/d", "há uma senha"),
            ("postgres://h/d", "o usuário"),
            ("postgres://v@h", "o banco de dados"),
            ("postgres://v@/d", "o servidor"),
            ("postgres://v@h:0/d", "a porta"),
            ("postgres://v@h/d?sslmode=sim", "esse sslmode"),
            ("postgres://v@h/d?sslcert=/x", "parâmetro"),
        ] {
            let (message, hint) = parse(url).unwrap_err();
            assert!(message.contains(wrong), "{url}: {message}");
            assert!(!message.contains("segredo") && !hint.contains("segredo"), "{url}");
        }
        assert!(is_schema("vigia_es") && !is_schema("Vigia") && !is_schema("pg_x") && !is_schema("a\"b"));
    }
}
