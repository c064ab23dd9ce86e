//! A server with a private authority, whose chain is whole or lacks its middle.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::*;

/// An authority, the intermediate that it vouches for, and a server's certificate under that.
struct Authority {
    root: String,
    middle: String,
    server: rcgen::Certificate,
    key: KeyPair,
}

fn authority() -> Authority {
    let issuer = |name: &str| {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params
    };
    let root = CertifiedIssuer::self_signed(issuer("Raiz de teste"), KeyPair::generate().unwrap()).unwrap();
    let middle =
        CertifiedIssuer::signed_by(issuer("Intermediária de teste"), KeyPair::generate().unwrap(), &root)
            .unwrap();
    let key = KeyPair::generate().unwrap();
    let server =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &middle).unwrap();
    Authority { root: root.pem(), middle: middle.pem(), server, key }
}

/// Serves `x` over TLS, sending nothing but the server's own certificate.
async fn incomplete(authority: &Authority) -> String {
    crate::http::install_tls();
    let key = PrivateKeyDer::try_from(authority.key.serialize_der()).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![authority.server.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx").await;
            let _ = stream.shutdown().await;
        }
    };
    drop(tokio::runtime::Handle::current().spawn(serve));
    format!("https://localhost:{port}/")
}

#[tokio::test]
async fn an_incomplete_chain_is_refused_and_taken_once_its_middle_is_given() {
    let authority = authority();
    let url = incomplete(&authority).await;
    let named = Rules { hosts: vec!["localhost".to_owned()], ..rules() };
    assert_eq!(problem_at(&url, &named).await, (false, FetchProblem::Untrusted));

    let folder = tempfile::tempdir().unwrap();
    let with = |name: &str, pem: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, pem).unwrap();
        Rules { authorities: Some(path), ..named.clone() }
    };
    // The root alone does not lead to the server: the middle is what is missing.
    assert_eq!(problem_at(&url, &with("raiz.pem", &authority.root)).await, (false, FetchProblem::Untrusted));
    assert_eq!(bytes(&url, &with("meio.pem", &authority.middle)).await, b"x");

    for (name, pem) in [("vazio.pem", ""), ("texto.pem", "isto não é PEM")] {
        let (transient, what) = problem_at(&url, &with(name, pem)).await;
        assert!(!transient && matches!(what, FetchProblem::Authorities(_)), "{name}: {what}");
    }
    let gone = Rules { authorities: Some(folder.path().join("nenhum.pem")), ..named };
    assert!(matches!(problem_at(&url, &gone).await, (false, FetchProblem::Authorities(_))));
}
