//! Who is let in, by what, and what is refused at the door.

use std::path::Path;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_nothing_but_health_is_had_from_another_machine() {
    let house = House::build().await;
    let (panel, _) = house.panel(house.open_settings(), true).await;
    let paths = [
        "/",
        "/janela/rma/2026-10",
        "/municipio/3205309",
        "/municipio/3205309/rma/2026-10",
        "/cartas",
        "/carta?aviso=rma/2026-10/divulgacao/3205309",
        "/dossie/3205309",
        "/telefonar",
        "/fontes",
        "/agenda",
        "/agenda.ics",
        "/simulacao",
        "/relatorio",
        "/relatorio.csv?janela=rma/2026-10",
        "/telefonar.csv",
        "/busca?q=vit",
        "/estilo.css",
        "/metrics",
        "/nada",
    ];
    let basic = |user: &str, password: &str| {
        use base64ct::{Base64, Encoding as _};
        format!("Basic {}", Base64::encode_string(format!("{user}:{password}").as_bytes()))
    };
    let (right, wrong) = (basic("ana", PASSWORD), basic("ana", "outra senha"));
    for path in paths {
        let from_proxy = |headers: &[(&str, &str)]| ask(&panel, "10.0.0.5", of(path, headers));
        let Got(status, headers, text) = from_proxy(&[]).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(headers["www-authenticate"].to_str().unwrap().starts_with("Basic realm"), "{path}");
        assert!(!text.contains("Vitória"), "{path}");
        assert_ne!(from_proxy(&[("authorization", &right)]).await.0, StatusCode::UNAUTHORIZED, "{path}");
        assert_ne!(from_proxy(&[("x-usuario", "bruno")]).await.0, StatusCode::UNAUTHORIZED, "{path}");
        let twice = from_proxy(&[("x-usuario", "bruno"), ("x-usuario", "ana")]).await;
        assert_eq!(twice.0, StatusCode::UNAUTHORIZED, "{path}: a header that is there twice says nothing");
        for peer in ["10.0.0.9", "127.0.0.1"] {
            let past =
                ask(&panel, peer, of(path, &[("x-usuario", "bruno"), ("authorization", &right)])).await;
            assert_eq!(past.0, StatusCode::FORBIDDEN, "{peer} {path}: in the clear, past the proxy");
        }
    }
    assert_eq!(
        ask(&panel, "10.0.0.5", of("/", &[("authorization", &wrong)])).await.0,
        StatusCode::UNAUTHORIZED
    );
    let Got(_, _, text) = ask(&panel, "10.0.0.9", of("/saude", &[])).await;
    assert!(["ok\n", "com falha\n"].contains(&text.as_str()), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calendar_is_had_with_its_key_and_has_dates_alone() {
    let house = House::build().await;
    let (panel, _) = house.panel(house.open_settings(), true).await;
    let key = panel.calendar_token.clone();
    let Got(status, headers, text) =
        ask(&panel, "10.0.0.5", of(&format!("/agenda.ics?chave={key}"), &[])).await;
    assert_eq!(
        (status, &headers["content-type"]),
        (StatusCode::OK, &"text/calendar; charset=utf-8".parse().unwrap())
    );
    assert!(text.starts_with("BEGIN:VCALENDAR") && text.contains("SEQUENCE:"), "{text}");
    assert!(!text.contains("invalid") && !text.contains("script"), "nobody is named in it");
    for wrong in
        ["", "?chave=", "?chave=0123", &format!("?chave={key}0"), &format!("?chave={}", key.to_uppercase())]
    {
        let got = ask(&panel, "10.0.0.5", of(&format!("/agenda.ics{wrong}"), &[])).await;
        assert_eq!(got.0, StatusCode::UNAUTHORIZED, "{wrong}");
    }
    let elsewhere = ask(&panel, "10.0.0.5", of(&format!("/telefonar?chave={key}"), &[])).await;
    assert_eq!(elsewhere.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sees_a_dossier_from_another_machine_is_noted_or_does_not_see_it() {
    let house = House::build().await;
    let settings = house.open_settings();
    let as_ana = || of("/dossie/3205309?janela=rma/2026-10", &[("x-usuario", "ana")]);
    let (panel, still) = house.panel(settings.clone(), true).await;
    let Got(status, _, text) = ask(&panel, "10.0.0.5", as_ana()).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let shown = still.shown.lock().unwrap().pop().unwrap();
    assert_eq!((shown.user.as_str(), shown.by_proxy), ("ana", true));
    assert_eq!(shown.municipality.to_string(), "3205309");
    assert_eq!(shown.window, WindowId::parse("rma/2026-10").unwrap());
    let mut head = as_ana();
    *head.method_mut() = axum::http::Method::HEAD;
    assert_eq!(ask(&panel, "10.0.0.5", head).await.0, StatusCode::OK);
    assert_eq!(ask(&panel, "10.0.0.5", as_ana()).await.0, StatusCode::OK);
    assert!(
        still.shown.lock().unwrap().is_empty(),
        "the head shows nothing, and the same again is one showing"
    );
    let other = of("/dossie/3205309?janela=rma/2026-10", &[("x-usuario", "bruno")]);
    assert_eq!(ask(&panel, "10.0.0.5", other).await.0, StatusCode::OK);
    assert_eq!(still.shown.lock().unwrap().pop().unwrap().user, "bruno");
    let (panel, still) = house.panel(settings.clone(), true).await;
    let mut head = as_ana();
    *head.method_mut() = axum::http::Method::HEAD;
    ask(&panel, "10.0.0.5", head).await;
    let across = of("/dossie/3205309", &[("x-usuario", "ana"), ("sec-fetch-site", "cross-site")]);
    assert_eq!(ask(&panel, "10.0.0.5", across).await.0, StatusCode::FORBIDDEN);
    assert!(still.shown.lock().unwrap().is_empty(), "nobody is noted for what another site had asked");
    let table = ask(&panel, "10.0.0.5", of("/telefonar.csv", &[("x-usuario", "ana")])).await;
    assert_eq!(table.0, StatusCode::FORBIDDEN, "telephones by the file do not leave this machine");
    let list = ask(&panel, "10.0.0.5", of("/telefonar", &[("x-usuario", "ana")])).await;
    assert!(list.0 == StatusCode::OK && !list.2.contains("telefonar.csv"), "{}", list.2);
    let (panel, _) = house.panel(settings, false).await;
    let Got(status, _, text) = ask(&panel, "10.0.0.5", as_ana()).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!text.contains("Vitória"), "{text}");
    let (panel, still) = house.panel(House::settings("127.0.0.1:8080"), true).await;
    let Got(status, _, windows) = page(&panel, "/dossie/3205309").await;
    assert_eq!(status, StatusCode::OK);
    assert!(!windows.contains("name=\"em\""), "it tells of now alone, and offers no other day");
    assert!(still.shown.lock().unwrap().is_empty(), "at this machine the journal has no reader's name");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_writes_is_large_or_leads_out_of_the_pages_is_refused() {
    let house = House::build().await;
    let panel = house.here().await;
    let host = ("host", "localhost:8080");
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
        let request =
            Request::builder().method(method).uri("/").header(host.0, host.1).body(Body::empty()).unwrap();
        let Got(status, headers, _) = ask(&panel, "127.0.0.1", request).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(headers["allow"], "GET, HEAD", "{method}");
    }
    let request = Request::builder().uri("/").header(host.0, host.1).body(Body::from("x")).unwrap();
    assert_eq!(ask(&panel, "127.0.0.1", request).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    let long = format!("/busca?q={}", "x".repeat(3_000));
    assert_eq!(page(&panel, &long).await.0, StatusCode::URI_TOO_LONG);
    for path in [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/estilo.css/../x",
        "/janela/../../etc",
        "/janela/rma/1900-01",
        "/municipio/9999999x",
        "/municipio/..%2f..",
        "/carta?aviso=../../x",
        "/carta",
        "/dossie/3200000",
        "//etc/passwd",
        "/janela/%00",
        "/.git/config",
    ] {
        let Got(status, _, text) = page(&panel, path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}: {text}");
        assert!(text.contains("Não encontrado"), "{path}");
    }
    for host in ["painel.example", "127.0.0.1.evil.example:8080"] {
        let got = ask(&panel, "127.0.0.1", of("/", &[("host", host)])).await;
        assert_eq!(got.0, StatusCode::MISDIRECTED_REQUEST, "{host}");
    }
    for said in ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-server", "x-client-ip", "via"] {
        let through = ask(&panel, "127.0.0.1", of("/", &[host, (said, "200.1.1.1")])).await;
        assert_eq!(through.0, StatusCode::FORBIDDEN, "{said}");
    }
    let mut old = of("/", &[host]);
    *old.version_mut() = axum::http::Version::HTTP_10;
    assert_eq!(
        ask(&panel, "127.0.0.1", old).await.0,
        StatusCode::FORBIDDEN,
        "as nginx asks of its own accord"
    );
    for (site, status) in [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)] {
        let got = ask(&panel, "127.0.0.1", of("/", &[host, ("sec-fetch-site", site)])).await;
        assert_eq!(got.0.as_u16(), status, "{site}");
    }
    let request =
        Request::builder().method("HEAD").uri("/").header(host.0, host.1).body(Body::empty()).unwrap();
    let Got(status, _, text) = ask(&panel, "127.0.0.1", request).await;
    assert_eq!((status, text.as_str()), (StatusCode::OK, ""));
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_once_it_is_whole_and_until_then_the_one_before_serves() {
    let dir = tempfile::tempdir().unwrap();
    let (tls, first) = certificate(&dir, "painel");
    let passwords = dir.path().join("senhas");
    let users = password_line("ana", PASSWORD).unwrap();
    let write_users = |text: &str| {
        std::fs::write(&passwords, text).unwrap();
        std::fs::set_permissions(&passwords, std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    write_users(&users);
    let settings = PanelSettings {
        tls: Some(tls.clone()),
        passwords: Some(passwords.clone()),
        ..House::settings(
            &std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string(),
        )
    };
    let (door, mut files) = open(&settings).unwrap();
    let shared = door.tls.clone().unwrap();
    let at_first = shared.current();
    assert_eq!(files.look(), Renewal::Not);
    let (other, second) = certificate(&dir, "outro");
    assert_ne!(first, second);
    std::fs::copy(&other.certificate, &tls.certificate).unwrap();
    let Renewal::Refused { why, keeps_serving } = files.look() else {
        panic!("half of it is no certificate")
    };
    assert!(why.contains("a chave não é a deste certificado") && keeps_serving, "{why}");
    assert!(Arc::ptr_eq(at_first.config(), shared.current().config()), "the one before still serves");
    assert_eq!(files.look(), Renewal::Not, "told once");
    std::fs::copy(&other.key, &tls.key).unwrap();
    assert_eq!(files.look(), Renewal::Taken);
    assert!(!Arc::ptr_eq(at_first.config(), shared.current().config()));
    write_users("ana:x");
    let Renewal::Refused { why, keeps_serving } = files.look() else { panic!("nobody can come in by that") };
    assert!(why.contains("linha 1") && !keeps_serving, "{why}");
    write_users(&users);
    assert_eq!(files.look(), Renewal::Taken);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_file_that_broke_is_said_to_be_so_and_asks_for_no_password() {
    let house = House::build().await;
    let settings = house.open_settings();
    let file = settings.passwords.clone().unwrap();
    let (panel, _) = house.panel(settings, true).await;
    std::fs::write(&file, "ana").unwrap();
    let Got(status, headers, text) = ask(&panel, "10.0.0.5", of("/", &[])).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(text.contains("O arquivo de senhas do painel está com defeito"), "{text}");
    assert!(!headers.contains_key("www-authenticate"));
}

/// A certificate for `localhost` with its key, in files.
fn certificate(
    dir: &TempDir,
    name: &str,
) -> (crate::config::PanelTls, rustls::pki_types::CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let tls = crate::config::PanelTls {
        certificate: dir.path().join(format!("{name}.pem")),
        key: dir.path().join(format!("{name}.chave.pem")),
    };
    std::fs::write(&tls.certificate, made.cert.pem()).unwrap();
    std::fs::write(&tls.key, made.signing_key.serialize_pem()).unwrap();
    (tls, made.cert.der().clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn under_tls_the_panel_asks_for_a_password_and_in_the_clear_it_says_nothing() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let house = House::build().await;
    let (tls, root) = certificate(&house.dir, "painel");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let settings =
        PanelSettings { listen: free, tls: Some(tls), proxies: Vec::new(), ..house.open_settings() };
    let (door, _) = open(&settings).unwrap();
    let (panel, _) = house.panel(settings, true).await;
    let stop = CancellationToken::new();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(serve(panel, door, stop.clone()));
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let client = tokio_rustls::TlsConnector::from(Arc::new(
        client.with_root_certificates(roots).with_no_client_auth(),
    ));
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let plain = tokio::net::TcpStream::connect(free).await.unwrap();
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let mut secure = client.connect(name, plain).await.unwrap();
    secure.write_all(request).await.unwrap();
    let mut answer = String::new();
    let _closed = secure.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    let mut plain = tokio::net::TcpStream::connect(free).await.unwrap();
    plain.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let _closed = plain.read_to_end(&mut answer).await;
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP"), "{answer:?}");
    stop.cancel();
    tasks.join_all().await;
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_named_with_why() {
    let dir = tempfile::tempdir().unwrap();
    let ((good, _), (other, _)) = (certificate(&dir, "um"), certificate(&dir, "outro"));
    let blank = dir.path().join("vazio.pem");
    std::fs::write(&blank, "").unwrap();
    let with = |certificate: &Path, key: &Path| {
        let tls = crate::config::PanelTls { certificate: certificate.to_owned(), key: key.to_owned() };
        let settings = PanelSettings { tls: Some(tls), ..House::settings("127.0.0.1:8080") };
        check(&settings).err().map(|error| error.to_string())
    };
    assert_eq!(with(&good.certificate, &good.key), None);
    for (certificate, key, why) in [
        (dir.path().join("nada.pem"), good.key.clone(), "nada.pem não serve"),
        (blank.clone(), good.key.clone(), "não tem nenhum certificado"),
        (good.certificate.clone(), blank.clone(), "não tem uma chave privada"),
        (good.certificate.clone(), other.key.clone(), "a chave não é a deste certificado"),
    ] {
        let said = with(&certificate, &key).unwrap();
        assert!(said.contains(why), "{said}");
    }
}
