//! Connections: how many at once, how long each may take, and TLS. One request a connection: what is slow, idle or large
//! costs whoever sends it a closed door, and the service nothing.

use std::collections::HashMap;
use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::guard::Peer;
use super::router;
use super::{Panel, PanelDoor, PanelError};
use crate::config::PanelTls;
use crate::telemetry::io_words;

/// Connections at once, and of them from one address that is not a proxy's.
const MOST: usize = 256;
const MOST_OF_ONE: usize = 64;
/// How long TLS may take, then the head of the request, then all of it with its answer.
const HANDSHAKE: Duration = Duration::from_secs(5);
const HEAD: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(40);
/// What a head may take.
const LARGEST_HEAD: usize = 16 * 1024;
const MOST_HEADERS: usize = 64;
/// How long those that are open may go on after the stop.
const LAST: Duration = Duration::from_secs(2);

/// What speaks TLS with a certificate and its key.
///
/// # Errors
/// [`PanelError::Certificate`].
pub(super) fn acceptor(tls: &PanelTls) -> Result<TlsAcceptor, PanelError> {
    let fault = |path: &Path, why: String| PanelError::Certificate { path: path.to_owned(), why };
    let bytes = |path: &Path| fs::read(path).map_err(|error| fault(path, io_words(&error)));
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&bytes(&tls.certificate)?)
        .collect::<Result<_, _>>()
        .map_err(|_| fault(&tls.certificate, "não é um certificado em PEM".to_owned()))?;
    if chain.is_empty() {
        return Err(fault(&tls.certificate, "não tem nenhum certificado em PEM".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_slice(&bytes(&tls.key)?)
        .map_err(|_| fault(&tls.key, "não tem uma chave privada em PEM, sem senha".to_owned()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| {
            fault(&tls.certificate, format!("a chave não é a deste certificado, ou não serve ({error})"))
        })?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Takes connections until told to stop.
pub(super) async fn serve(panel: Arc<Panel>, place: PanelDoor, stop: CancellationToken) {
    let routes = TowerToHyperService::new(router::routes(panel.clone()));
    let crowd = Crowd::default();
    let mut open = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = open.join_next() => continue,
            accepted = place.listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok((stream, peer)) => (stream, peer.ip().to_canonical()),
            Err(error) => {
                warn!(error = %error, "o painel não pôde aceitar uma conexão");
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        let most = if panel.settings.proxies.contains(&peer) { MOST } else { MOST_OF_ONE };
        // Whoever finds no seat is not kept waiting: those who wait would be the next crowd.
        let Some(seat) = crowd.enter(peer, most) else { continue };
        let (routes, tls) = (routes.clone(), place.tls.clone());
        open.spawn(async move {
            let _seat = seat;
            let talk = async {
                match tls {
                    None => talk(stream, peer, routes).await,
                    Some(tls) => {
                        if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
                            talk(stream, peer, routes).await;
                        }
                    }
                }
            };
            let _in_time = tokio::time::timeout(WHOLE, talk).await;
        });
    }
    let _ended = tokio::time::timeout(LAST, async { while open.join_next().await.is_some() {} }).await;
}

/// One request and its answer. What goes wrong on the way is the visitor's matter.
async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: IpAddr,
    routes: TowerToHyperService<axum::Router>,
) {
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        routes.call(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .keep_alive(false)
        .max_buf_size(LARGEST_HEAD)
        .max_headers(MOST_HEADERS);
    let _gone = http.serve_connection(TokioIo::new(stream), service).await;
}

/// Who is connected, by address.
#[derive(Clone, Default)]
struct Crowd(Arc<Mutex<HashMap<IpAddr, usize>>>);

impl Crowd {
    fn enter(&self, peer: IpAddr, most: usize) -> Option<Seat> {
        let mut seats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = seats.values().sum();
        let own = seats.entry(peer).or_default();
        if all >= MOST || *own >= most {
            return None;
        }
        *own += 1;
        Some(Seat { crowd: self.clone(), peer })
    }
}

/// A connection's place, given back when it ends.
struct Seat {
    crowd: Crowd,
    peer: IpAddr,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.crowd.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = seats.get_mut(&self.peer) {
            *own -= 1;
            if *own == 0 {
                seats.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_every_seat_and_a_seat_is_given_back() {
        let crowd = Crowd::default();
        let (a, b): (IpAddr, IpAddr) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let mut seats: Vec<Seat> = (0..MOST_OF_ONE).map(|_| crowd.enter(a, MOST_OF_ONE).unwrap()).collect();
        assert!(crowd.enter(a, MOST_OF_ONE).is_none());
        let other = crowd.enter(b, MOST_OF_ONE).unwrap();
        seats.pop();
        seats.push(crowd.enter(a, MOST_OF_ONE).unwrap());
        drop((seats, other));
        assert!(crowd.0.lock().unwrap().is_empty());
    }
}
