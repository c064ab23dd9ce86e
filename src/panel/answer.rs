//! Answers: what each is made of, and why a page is not shown.

use std::convert::Infallible;

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse, Response};
use base64ct::{Base64, Encoding as _};
use futures_util::stream;
use maud::Markup;
use sha2::{Digest as _, Sha256};
use tracing::error;

use super::page;
use crate::telemetry::chain;

/// Why a page is not shown.
pub(super) enum Failure {
    /// There is none.
    NotFound(String),
    /// What was asked for makes no sense.
    Senseless(String),
    /// Whoever asks may not have it.
    Forbidden(String),
    /// Somebody else is being served what takes long.
    Busy(String),
    /// The ledger.
    Ledger(Box<dyn std::error::Error + Send + Sync>),
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Ledger(Box::new(error))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, title, words) = match self {
            Self::NotFound(words) => (StatusCode::NOT_FOUND, "Não encontrado", words),
            Self::Senseless(words) => (StatusCode::BAD_REQUEST, "Pedido inválido", words),
            Self::Forbidden(words) => (StatusCode::FORBIDDEN, "Acesso não permitido", words),
            Self::Busy(words) => (StatusCode::SERVICE_UNAVAILABLE, "Um momento", words),
            Self::Ledger(failure) => {
                error!(error = %chain(&*failure), "o painel não pôde mostrar uma página");
                let words = "O livro não pôde ser lido agora. As cartas não dependem do painel e seguem saindo; a falha \
                             está no registro do serviço (journalctl -u vigia-suas).";
                (StatusCode::INTERNAL_SERVER_ERROR, "A página não pôde ser feita", words.to_owned())
            }
        };
        refusal(status, title, &words)
    }
}

pub(super) type Answer = Result<Response, Failure>;

pub(super) fn refusal(status: StatusCode, title: &str, words: &str) -> Response {
    (status, typed("text/html; charset=utf-8", page::refusal(title, words))).into_response()
}

pub(super) fn typed(kind: &'static str, body: String) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], body).into_response()
}

/// A table for a spreadsheet, to be kept.
pub(super) fn table(name: &str, csv: String) -> Response {
    long_table(name, std::iter::once(csv))
}

/// The same, each piece made when the one before it was sent; between two of them others have their turn.
pub(super) fn long_table(name: &str, pieces: impl Iterator<Item = String> + Send + 'static) -> Response {
    let pieces = stream::unfold((pieces, false), |(mut pieces, has_begun)| async move {
        if has_begun {
            tokio::task::yield_now().await;
        }
        Some((Ok::<_, Infallible>(pieces.next()?), (pieces, true)))
    });
    let body = Body::from_stream(pieces);
    let mut response =
        ([(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"))], body).into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.csv\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// A page that stands alone, with its own style and no other; above it `back`, which is not printed.
pub(super) fn document(page: &str, back: &Markup) -> Response {
    const SCREEN_ONLY: &str = "@media print { .back { display: none } }\n</style>";
    let page = page.replacen("</style>", SCREEN_ONLY, 1).replacen("<body>", &format!("<body>{}", back.0), 1);
    let style =
        page.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).map_or("", |(s, _)| s);
    let digest = Base64::encode_string(&Sha256::digest(style.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let mut response = typed("text/html; charset=utf-8", page);
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
