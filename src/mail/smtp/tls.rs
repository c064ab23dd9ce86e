//! TLS to the relay: the system's roots, plus one more authority if the operator names one. Never without checking.

use std::io;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, Error as TlsError};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Reads an operator's authorities.
pub(super) fn authorities(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().ok()?;
    (!certificates.is_empty()).then_some(certificates)
}

/// The name that the relay's certificate must bear.
pub(super) fn server_name(host: &str) -> Option<ServerName<'static>> {
    ServerName::try_from(host.to_owned()).ok()
}

/// Why TLS did not come about.
#[derive(Debug)]
pub(super) enum Handshake {
    /// The relay or its certificate is not as it should be; trying again will not help.
    Refused(TlsError),
    /// The network failed meanwhile.
    Network(io::Error),
}

/// Reads the system's roots each time, so that a renewed store counts from the next connection on.
fn config(extra: Vec<CertificateDer<'static>>) -> Result<ClientConfig, TlsError> {
    let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider))?;
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

/// Puts a connection under TLS.
pub(super) async fn shake_hands(
    stream: TcpStream,
    name: ServerName<'static>,
    extra: Vec<CertificateDer<'static>>,
) -> Result<TlsStream<TcpStream>, Handshake> {
    let config = config(extra).map_err(Handshake::Refused)?;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(|error| {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>()) {
            Some(refused) => Handshake::Refused(refused.clone()),
            None => Handshake::Network(error),
        }
    })
}
