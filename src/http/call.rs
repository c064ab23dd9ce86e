//! One short exchange with a service that the operator named. It is over within its time, its answer is cut at a few
//! kilobytes, no redirect is followed, and no fault holds the address: a part of it may be a secret.

use std::io;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Client, Response, Url};
use secrecy::{ExposeSecret as _, SecretString};

use super::resolve::Inside;
use super::{agent, builder, guard};

/// The whole exchange, name look-up included, is over by then.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// Of an answer so much is read: a token fits, and what a person should know of a refusal.
const MOST_BYTES: usize = 64 * 1024;

/// What is said.
#[derive(Debug, Clone)]
pub struct Call {
    pub url: SecretString,
    /// What goes in `Authorization: Bearer …`.
    pub bearer: Option<SecretString>,
    pub content_type: &'static str,
    /// Other headers, ASCII.
    pub headers: Vec<(&'static str, &'static str)>,
    pub body: SecretString,
    /// For how long at most.
    pub patience: Duration,
}

impl Call {
    /// A POST of this body, with the usual patience.
    pub fn post(url: SecretString, content_type: &'static str, body: impl Into<SecretString>) -> Self {
        Self { url, bearer: None, content_type, headers: Vec::new(), body: body.into(), patience: PATIENCE }
    }
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub status: u16,
    /// The body as far as it was read; what is not UTF-8 in it is replaced.
    pub body: String,
}

impl Said {
    /// Whether the status is one of the 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Why nothing was answered. No part of the address but its host stands in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// No HTTP(S) address.
    #[error("o endereço não é um endereço http(s)")]
    Address,
    /// A header cannot hold the secret.
    #[error("o segredo tem um sinal que não cabe num cabeçalho HTTP (quebra de linha?)")]
    Secret,
    /// Where no program of ours goes.
    #[error("{0} está numa rede a que o serviço não vai")]
    Forbidden(String),
    /// It took too long.
    #[error("{0} não respondeu a tempo")]
    TimeOut(String),
    /// Nobody there, no such name, no TLS that can be trusted.
    #[error("não foi possível falar com {host}: {why}")]
    Unreachable {
        host: String,
        /// What went wrong, at the root, in words.
        why: String,
    },
}

/// Says something, and hears the answer, whatever its status.
pub async fn call(call: &Call) -> Result<Said, CallError> {
    let url = Url::parse(call.url.expose_secret()).map_err(|_| CallError::Address)?;
    let host = url.host_str().unwrap_or_default().to_owned();
    if !matches!(url.scheme(), "http" | "https") || host.is_empty() {
        return Err(CallError::Address);
    }
    if guard::literal(&host).is_some_and(|address| !guard::may_reach(address, true)) {
        return Err(CallError::Forbidden(host));
    }
    let unreachable = |error: reqwest::Error| failed(&host, &error);
    let client: Client = builder(&agent(None), std::slice::from_ref(&host), call.patience, call.patience)
        .build()
        .map_err(unreachable)?;
    let mut request = client.post(url).header(CONTENT_TYPE, call.content_type);
    for (name, value) in &call.headers {
        request = request.header(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if let Some(secret) = &call.bearer {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", secret.expose_secret()))
            .map_err(|_| CallError::Secret)?;
        value.set_sensitive(true);
        request = request.header(AUTHORIZATION, value);
    }
    let response = request.body(call.body.expose_secret().to_owned()).send().await.map_err(unreachable)?;
    let status = response.status().as_u16();
    Ok(Said { status, body: read(response).await.map_err(unreachable)? })
}

/// The body, as far as it is wanted.
async fn read(mut response: Response) -> Result<String, reqwest::Error> {
    let mut bytes = Vec::new();
    while bytes.len() < MOST_BYTES
        && let Some(chunk) = response.chunk().await?
    {
        bytes.extend_from_slice(&chunk[..chunk.len().min(MOST_BYTES - bytes.len())]);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn failed(host: &str, error: &reqwest::Error) -> CallError {
    let host = host.to_owned();
    if error.is_timeout() {
        return CallError::TimeOut(host);
    }
    let mut root: &dyn std::error::Error = error;
    while let Some(source) = root.source() {
        if source.is::<Inside>() {
            return CallError::Forbidden(host);
        }
        root = source;
    }
    let why = match root.downcast_ref::<io::Error>() {
        Some(root) => words(root),
        None if error.is_connect() => "a conexão não se fez".to_owned(),
        // Whoever hangs up in the middle; in its own words the error would show the address.
        None => "a conexão caiu antes do fim da resposta".to_owned(),
    };
    CallError::Unreachable { host, why }
}

/// What the system says of a conversation, for operators; its number stays, for whoever looks further.
fn words(error: &io::Error) -> String {
    let said = error.to_string();
    let what = match error.kind() {
        io::ErrorKind::ConnectionRefused => "a conexão foi recusada",
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => "a conexão caiu antes do fim da resposta",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "a rede não alcança o servidor",
        io::ErrorKind::TimedOut => "o tempo se esgotou",
        _ if said.starts_with("failed to lookup address") => "o nome do servidor não foi encontrado",
        _ if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>) => {
            return format!("a criptografia ou o certificado não foi aceito ({said})");
        }
        _ => return format!("a rede falhou ({said})"),
    };
    error
        .raw_os_error()
        .map_or_else(|| what.to_owned(), |number| format!("{what} (erro {number} do sistema)"))
}

#[cfg(test)]
mod tests {
    use wiremock::matchers::{body_string, header, method};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;

    fn to(url: &str) -> Call {
        Call {
            patience: Duration::from_millis(500),
            ..Call::post(url.to_owned().into(), "text/plain", "olá")
        }
    }

    #[tokio::test]
    async fn what_is_said_arrives_and_what_is_answered_is_cut_at_its_limit() {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .and(header("Authorization", "Bearer chave"))
            .and(body_string("olá"))
            .respond_with(ResponseTemplate::new(403).set_body_string("x".repeat(MOST_BYTES * 3)))
            .mount(&server)
            .await;
        let said =
            call(&Call { bearer: Some("chave".to_owned().into()), ..to(&server.uri()) }).await.unwrap();
        assert_eq!((said.status, said.body.len(), said.is_success()), (403, MOST_BYTES, false));
    }

    #[tokio::test]
    async fn no_redirect_is_followed_and_none_waits_for_ever() {
        let server = MockServer::start().await;
        let away = ResponseTemplate::new(302).insert_header("Location", "https://example.org/");
        Mock::given(method("POST")).respond_with(away).up_to_n_times(1).mount(&server).await;
        let slow = ResponseTemplate::new(200).set_delay(Duration::from_mins(1));
        Mock::given(method("POST")).respond_with(slow).with_priority(9).mount(&server).await;
        assert_eq!(call(&to(&server.uri())).await.unwrap().status, 302);
        let late = call(&to(&server.uri())).await.unwrap_err();
        assert!(matches!(late, CallError::TimeOut(_)), "{late}");
    }

    #[tokio::test]
    async fn what_went_wrong_is_said_in_the_operators_language() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/segredo-do-gancho", listener.local_addr().unwrap());
        let patient = Call { patience: Duration::from_secs(20), ..to(&url) };
        let hang_up = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            // Whoever hangs up on what is unread is heard as a reset.
            let mut bytes = [0; 4096];
            let _read = tokio::io::AsyncReadExt::read(&mut stream, &mut bytes).await;
        };
        let (said, ()) = tokio::join!(call(&patient), hang_up);
        let failure = said.unwrap_err().to_string();
        assert_eq!(failure, "não foi possível falar com 127.0.0.1: a conexão caiu antes do fim da resposta");
        let nowhere = Call { patience: Duration::from_secs(20), ..to("http://nao-existe.invalid/") };
        let failure = call(&nowhere).await.unwrap_err().to_string();
        assert!(failure.ends_with("nao-existe.invalid: o nome do servidor não foi encontrado"), "{failure}");
    }

    #[tokio::test]
    async fn no_fault_tells_the_address_and_metadata_is_never_asked() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let gone = call(&to(&format!("http://{closed}/segredo-do-gancho"))).await.unwrap_err();
        assert!(matches!(gone, CallError::Unreachable { .. }), "{gone}");
        let refused = "não foi possível falar com 127.0.0.1: a conexão foi recusada (erro ";
        assert!(gone.to_string().starts_with(refused), "{gone}");
        assert!(!format!("{gone} {gone:?}").contains("segredo-do-gancho"), "{gone:?}");
        let inside = call(&to("http://169.254.169.254/latest/meta-data")).await.unwrap_err();
        assert!(matches!(inside, CallError::Forbidden(_)), "{inside}");
        assert_eq!(call(&to("ftp://example.org/")).await, Err(CallError::Address));
        let twice = Call { bearer: Some("a\nb".to_owned().into()), ..to(&format!("http://{closed}/")) };
        assert_eq!(call(&twice).await, Err(CallError::Secret));
    }
}
