//! TLS with the panel's certificate and its key.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::PanelError;
use crate::config::PanelTls;
use crate::text::system::io_words;

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

/// The certificate that connections are taken with, which may change between two of them.
#[derive(Clone)]
pub(super) struct Tls(Arc<Mutex<TlsAcceptor>>);

impl Tls {
    pub(super) fn new(acceptor: TlsAcceptor) -> Self {
        Self(Arc::new(Mutex::new(acceptor)))
    }

    /// The one in use.
    pub(super) fn current(&self) -> TlsAcceptor {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes connections with another from now on.
    pub(super) fn put(&self, acceptor: TlsAcceptor) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = acceptor;
    }
}
