//! What comes before every page: whether the request is one that is answered, who asks, and what every answer carries.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::{Query, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Version};
use axum::middleware::Next;
use axum::response::Response;

use super::access::{self, Asking, Ruling, Visitor};
use super::answer::refusal;
use super::login::Login;
use super::{Panel, token};

/// From which address a request comes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);
/// Nothing may be loaded but our own style, and nothing may run.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";
/// What proxies tell of whoever asked them. One that tells nothing speaks HTTP/1.0, as nginx does if not told otherwise;
/// and one that hides even that is not seen.
const PROXIES_SAY: [&str; 8] = [
    "forwarded",
    "via",
    "x-client-ip",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-real-ip",
];
const LONGEST_ADDRESS: usize = 2_048;
/// How long an answer may take to be made.
const PATIENCE: Duration = Duration::from_secs(30);
/// Lets in who may come in, and sees to what every answer carries.
pub(super) async fn guard(State(panel): State<Arc<Panel>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let mut response = match admit(&panel, &parts, body.is_end_stream()).await {
        Err(response) => response,
        Ok(visitor) => {
            parts.extensions.insert(visitor);
            let request = Request::from_parts(parts, Body::empty());
            match tokio::time::timeout(PATIENCE, next.run(request)).await {
                Ok(response) => response,
                Err(_) => {
                    refusal(StatusCode::SERVICE_UNAVAILABLE, "Demorou demais", "Tente de novo daqui a pouco.")
                }
            }
        }
    };
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 6] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    response
}

async fn admit(panel: &Panel, parts: &Parts, is_without_body: bool) -> Result<Visitor, Response> {
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        let mut response =
            refusal(StatusCode::METHOD_NOT_ALLOWED, "Só leitura", "O painel mostra, e não muda nada.");
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Err(response);
    }
    if !is_without_body {
        return Err(refusal(StatusCode::PAYLOAD_TOO_LARGE, "Pedido recusado", "O painel não recebe dados."));
    }
    let (uri, headers) = (&parts.uri, &parts.headers);
    if uri.path().len() + uri.query().map_or(0, str::len) > LONGEST_ADDRESS {
        return Err(refusal(StatusCode::URI_TOO_LONG, "Pedido recusado", "O endereço é longo demais."));
    }
    let peer = parts.extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0);
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let key = Query::<BTreeMap<String, String>>::try_from_uri(uri).ok().and_then(|mut q| q.0.remove("chave"));
    let asking = Asking {
        peer,
        path: uri.path(),
        host: text(&header::HOST),
        is_forwarded: parts.version < Version::HTTP_11
            || PROXIES_SAY.iter().any(|name| headers.contains_key(*name)),
        is_of_other_site: headers
            .get_all("sec-fetch-site")
            .iter()
            .any(|site| matches!(site.as_bytes(), b"cross-site" | b"same-site")),
        user_header: panel.settings.user_header.as_deref().and_then(|name| alone(headers, name)),
        has_key: key.is_some_and(|key| token::is_right(&key, &panel.calendar_token)),
    };
    match access::rule(&panel.settings, &asking) {
        Ruling::Admit(visitor) => Ok(visitor),
        Ruling::AskPassword => match judge(panel, text(&header::AUTHORIZATION), peer).await {
            Login::Unknowable => Err(refusal(
                StatusCode::SERVICE_UNAVAILABLE,
                "Não é possível entrar agora",
                "O arquivo de senhas do painel está com defeito. Quem cuida do painel roda “vigia-suas verificar”, que diz \
                 qual, e corrige; as cartas não dependem do painel e seguem saindo.",
            )),
            Login::User(name) => Ok(Visitor::User { name, by_proxy: false }),
            Login::Busy => Err(refusal(
                StatusCode::SERVICE_UNAVAILABLE,
                "Um momento",
                "Há senhas demais a conferir agora.",
            )),
            Login::Nobody => {
                let mut response =
                    refusal(StatusCode::UNAUTHORIZED, "Identifique-se", "Esta página pede usuário e senha.");
                let ask = HeaderValue::from_static("Basic realm=\"vigia-suas\", charset=\"UTF-8\"");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, ask);
                Err(response)
            }
        },
        Ruling::Elsewhere => Err(forbidden("Daqui o painel não atende: use o endereço que a equipe usa.")),
        Ruling::NoUser => Err(forbidden(
            "O proxy não disse quem pede. Quem cuida do painel confere `usuario_cabecalho` em vigia.toml.",
        )),
        Ruling::OtherSite => Err(forbidden(
            "O navegador diz que o pedido vem de uma página de outro site, e o painel só se abre a partir dele mesmo.",
        )),
        Ruling::UnknownProxy => Err(forbidden(
            "O pedido veio por um proxy que vigia.toml não conhece, e o painel não sabe quem pede. Quem cuida dele \
             escreve `proxy` e `usuario_cabecalho`, ou `senhas`, em [painel].",
        )),
        Ruling::OtherHost => Err(refusal(
            StatusCode::MISDIRECTED_REQUEST,
            "Endereço incorreto",
            "Nesta máquina, abra o painel por http://localhost ou http://127.0.0.1, com a porta de vigia.toml.",
        )),
    }
}

async fn judge(panel: &Panel, said: Option<&str>, peer: IpAddr) -> Login {
    let is_proxy = panel.settings.proxies.contains(&peer.to_canonical());
    panel.logins.judge(said, peer, is_proxy).await
}

fn forbidden(words: &str) -> Response {
    refusal(StatusCode::FORBIDDEN, "Acesso não permitido", words)
}

/// A header that is there once: what is there twice, somebody else may have put there.
fn alone<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok() }
}
