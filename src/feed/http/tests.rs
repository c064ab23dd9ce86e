//! The fetcher against real servers: one that answers as told, and raw sockets that misbehave.

use std::io::Write as _;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use wiremock::matchers::{header, header_exists, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

mod secure;

fn rules() -> Rules {
    Rules {
        hosts: vec!["127.0.0.1".to_owned()],
        timeout: Duration::from_millis(1500),
        max_bytes: 1000,
        authorities: None,
    }
}

/// Tries three times, and does not sit about in between.
fn hasty() -> Patience {
    Patience { tries: 3, first: Duration::from_millis(1), longest: Duration::from_secs(2) }
}

fn fetcher() -> Fetcher {
    Fetcher::new(Some("vigilancia@example.org"), &std::env::temp_dir(), hasty())
}

async fn answering(template: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(template).mount(&server).await;
    server
}

async fn fetched(url: &str, rules: &Rules) -> Result<Fetched, FeedError> {
    fetcher().fetch(url, &Validators::default(), rules).await
}

async fn problem_at(url: &str, rules: &Rules) -> (bool, FetchProblem) {
    let error = fetched(url, rules).await.unwrap_err();
    (matches!(error, FeedError::Transient { .. }), error.problem().clone())
}

async fn problem(template: ResponseTemplate) -> (bool, FetchProblem) {
    problem_at(&answering(template).await.uri(), &rules()).await
}

async fn bytes(url: &str, rules: &Rules) -> Vec<u8> {
    let Fetched::Fresh(reply) = fetched(url, rules).await.unwrap() else { panic!("304") };
    reply.original.bytes().unwrap()
}

/// A server that does to each connection what `act` does, after it has read the request.
async fn raw<F: Future<Output = ()> + Send + 'static>(
    act: impl Fn(TcpStream) -> F + Send + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let serve = async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            drop(tokio::runtime::Handle::current().spawn(act(stream)));
        }
    };
    drop(tokio::runtime::Handle::current().spawn(serve));
    url
}

#[tokio::test]
async fn a_body_comes_with_its_digest_and_validators_and_who_asked_is_said() {
    let server = MockServer::start().await;
    let user_agent = format!("vigia-suas/{} (+vigilancia@example.org)", env!("CARGO_PKG_VERSION"));
    Mock::given(header("user-agent", user_agent.as_str()))
        .respond_with(
            ResponseTemplate::new(200).set_body_raw("a;b", "text/csv").insert_header("etag", "\"7\""),
        )
        .mount(&server)
        .await;
    let Fetched::Fresh(reply) = fetched(&server.uri(), &rules()).await.unwrap() else { panic!() };
    assert_eq!(reply.original.bytes().unwrap(), b"a;b");
    assert_eq!(reply.original.sha256(), crate::text::digest::sha256(b"a;b"));
    assert_eq!(reply.validators.etag.as_deref(), Some("\"7\""));
    assert_eq!(reply.content_type.as_deref(), Some("text/csv"));
}

#[tokio::test]
async fn nothing_new_is_said_so() {
    let server = MockServer::start().await;
    Mock::given(header("if-none-match", "\"7\""))
        .and(header_exists("if-modified-since"))
        .respond_with(ResponseTemplate::new(304))
        .mount(&server)
        .await;
    let validators = Validators {
        etag: Some("\"7\"".to_owned()),
        last_modified: Some("Mon, 23 Nov 2026 12:00:00 GMT".to_owned()),
    };
    let fetched = fetcher().fetch(&server.uri(), &validators, &rules()).await;
    assert!(matches!(fetched, Ok(Fetched::NotModified)));
}

#[tokio::test]
async fn statuses_are_told_apart_by_who_must_act() {
    for (status, transient) in [(500, true), (503, true), (429, true), (403, true), (304, true)] {
        assert_eq!(problem(ResponseTemplate::new(status)).await, (transient, FetchProblem::Status(status)));
    }
    for status in [400, 401, 404, 410] {
        assert_eq!(problem(ResponseTemplate::new(status)).await, (false, FetchProblem::Status(status)));
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_what_does_not_is_not() {
    for (status, requests) in [(503, 3), (404, 1)] {
        let server = answering(ResponseTemplate::new(status)).await;
        fetched(&server.uri(), &rules()).await.unwrap_err();
        assert_eq!(server.received_requests().await.unwrap().len(), requests, "{status}");
    }
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(429).insert_header("retry-after", "1"))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_string("x"))
        .mount(&server)
        .await;
    let begun = std::time::Instant::now();
    assert_eq!(bytes(&server.uri(), &rules()).await, b"x");
    assert!(begun.elapsed() >= Duration::from_secs(1), "as long as the server asked");
}

#[tokio::test]
async fn a_server_that_asks_for_much_patience_is_left_alone() {
    let server = answering(ResponseTemplate::new(503).insert_header("retry-after", "3600")).await;
    let error = fetched(&server.uri(), &rules()).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_hours(1)));
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_connection_reset_is_tried_again() {
    let times = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = times.clone();
    let url = raw(move |mut stream| {
        let first = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        async move {
            if first {
                // Closing with what was sent unread, and at once, is a reset.
                stream.set_zero_linger().unwrap();
                return;
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx").await.unwrap();
        }
    })
    .await;
    assert_eq!(bytes(&url, &rules()).await, b"x");
    assert_eq!(times.load(std::sync::atomic::Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_body_cut_short_is_no_body() {
    let url = raw(async |mut stream: TcpStream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\nibge;ref\n").await.unwrap();
    })
    .await;
    assert_eq!(problem_at(&url, &rules()).await, (true, FetchProblem::Broken));
    let whole = gzip(b"ibge;ref\n320530;10/2026\n");
    let cut = ResponseTemplate::new(200)
        .set_body_bytes(&whole[..whole.len() - 6])
        .insert_header("content-encoding", "gzip");
    assert_eq!(problem(cut).await, (true, FetchProblem::Broken));
}

#[tokio::test]
async fn a_body_that_ends_with_its_connection_may_be_cut_and_one_whose_end_is_told_is_not() {
    let told = gzip(b"ibge;ref\n");
    let zipped = [b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n".as_slice(), &told].concat();
    for (answer, open_ended) in [
        (b"HTTP/1.0 200 OK\r\n\r\nibge;ref\n".to_vec(), true),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nibge;ref\n".to_vec(), true),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nibge;ref\n".to_vec(), false),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nibge;ref\n\r\n0\r\n\r\n".to_vec(),
            false,
        ),
        (zipped, false),
    ] {
        let sent = answer.clone();
        let url = raw(move |mut stream: TcpStream| {
            let sent = sent.clone();
            async move { stream.write_all(&sent).await.unwrap() }
        })
        .await;
        let Fetched::Fresh(reply) = fetched(&url, &rules()).await.unwrap() else { panic!("304") };
        assert_eq!(reply.original.bytes().unwrap(), b"ibge;ref\n");
        assert_eq!(reply.original.is_open_ended(), open_ended, "{}", String::from_utf8_lossy(&answer));
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn size_is_counted_as_sent_and_as_expanded() {
    let zipped = |bytes: &[u8]| {
        ResponseTemplate::new(200).set_body_bytes(gzip(bytes)).insert_header("content-encoding", "gzip")
    };
    let body = b"a;b\n".repeat(250);
    let server = answering(zipped(&body)).await;
    assert_eq!(bytes(&server.uri(), &rules()).await, body);
    let too_large = (false, FetchProblem::TooLarge(1000));
    assert_eq!(problem(zipped(&b"a;b\n".repeat(251))).await, too_large);
    assert_eq!(problem(ResponseTemplate::new(200).set_body_bytes(vec![b'x'; 1001])).await, too_large);
    let odd = ResponseTemplate::new(200).set_body_string("x").insert_header("content-encoding", "zstd");
    assert_eq!(problem(odd).await, (false, FetchProblem::Encoding("zstd".to_owned())));
}

#[tokio::test]
async fn a_server_that_never_stops_is_stopped_at_the_limit_and_told_so_in_words() {
    let url = raw(async |mut stream: TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(&[b'x'; 16 * 1024]).await.is_ok() {}
    })
    .await;
    let most = Rules { max_bytes: 5 * 1024 * 1024, timeout: Duration::from_mins(1), ..rules() };
    let error = fetched(&url, &most).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "a resposta passa do limite de 5 MB: confira o endereço, ou aumente `maximo` da fonte"
    );
}

#[tokio::test]
async fn members_of_nothing_without_end_are_stopped_too() {
    let nothing = gzip(b"").repeat(100);
    let url = raw(move |mut stream| {
        let nothing = nothing.clone();
        async move {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n").await;
            while stream.write_all(&nothing).await.is_ok() {}
        }
    })
    .await;
    assert_eq!(problem_at(&url, &rules()).await, (false, FetchProblem::TooLarge(1000)));
}

#[tokio::test]
async fn a_slow_server_is_given_up_whether_it_is_silent_or_drips() {
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(5));
    assert_eq!(problem(slow).await, (true, FetchProblem::TimedOut));
    let url = raw(async |mut stream: TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n").await;
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!(problem_at(&url, &rules()).await, (true, FetchProblem::TimedOut));
}

#[tokio::test]
async fn an_unreachable_server_and_a_bad_address_are_told_apart() {
    assert_eq!(problem_at("http://127.0.0.1:1/", &rules()).await, (true, FetchProblem::Connect));
    for bad in ["ftp://x.org/a", "file:///etc/passwd", "x", "http://"] {
        assert_eq!(problem_at(bad, &rules()).await, (false, FetchProblem::Address(bad.to_owned())));
    }
}

#[tokio::test]
async fn a_redirect_to_another_host_is_refused_unless_it_is_named() {
    let server = MockServer::start().await;
    let elsewhere = server.uri().replace("127.0.0.1", "localhost") + "/dados";
    Mock::given(path("/"))
        .respond_with(ResponseTemplate::new(302).insert_header("location", elsewhere.as_str()))
        .mount(&server)
        .await;
    Mock::given(path("/dados"))
        .respond_with(ResponseTemplate::new(200).set_body_string("x"))
        .mount(&server)
        .await;
    assert_eq!(problem_at(&server.uri(), &rules()).await, (false, FetchProblem::Redirect(elsewhere)));
    let hosts = vec!["127.0.0.1".to_owned(), "LOCALHOST".to_owned()];
    assert_eq!(bytes(&server.uri(), &Rules { hosts, ..rules() }).await, b"x");
}

#[tokio::test]
async fn redirects_within_the_host_are_followed_three_times_and_not_for_ever() {
    let server = MockServer::start().await;
    for hop in 0..6 {
        let next = format!("/{}", hop + 1);
        Mock::given(path(format!("/{hop}")))
            .respond_with(ResponseTemplate::new(302).insert_header("location", next.as_str()))
            .mount(&server)
            .await;
    }
    Mock::given(path("/6"))
        .respond_with(ResponseTemplate::new(200).set_body_string("x"))
        .mount(&server)
        .await;
    let from = |hop: u8| format!("{}/{hop}", server.uri());
    assert_eq!(bytes(&from(3), &rules()).await, b"x");
    assert_eq!(problem_at(&from(2), &rules()).await, (false, FetchProblem::TooManyRedirects));
    let looping = answering(ResponseTemplate::new(302).insert_header("location", "/")).await;
    assert_eq!(problem_at(&looping.uri(), &rules()).await, (false, FetchProblem::TooManyRedirects));
    assert_eq!(looping.received_requests().await.unwrap().len(), HOPS + 1);
}

#[tokio::test]
async fn nobody_is_led_into_networks_of_ours() {
    let server = answering(ResponseTemplate::new(200).set_body_string("segredo")).await;
    let port = server.address().port();
    let unnamed = Rules { hosts: Vec::new(), ..rules() };
    // As an address in whatever spelling, and as a name that resolves to one.
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::ffff:127.0.0.1]", "localhost"] {
        let (transient, what) = problem_at(&format!("http://{host}:{port}/"), &unnamed).await;
        assert!(!transient && matches!(what, FetchProblem::Internal { .. }), "{host}: {what}");
    }
    for host in ["0.0.0.0", "169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]", "2852039166"] {
        let named = Rules { hosts: vec![host.to_owned()], ..rules() };
        let (_, what) = problem_at(&format!("http://{host}:{port}/"), &named).await;
        assert!(matches!(what, FetchProblem::Forbidden { .. }), "{host}: {what}");
    }
    assert!(server.received_requests().await.unwrap().is_empty());
    let hosts = vec!["localhost".to_owned()];
    assert_eq!(bytes(&format!("http://localhost:{port}/"), &Rules { hosts, ..rules() }).await, b"segredo");
}

#[tokio::test]
async fn a_redirect_to_where_clouds_keep_credentials_is_refused_even_when_it_is_named() {
    let led =
        ResponseTemplate::new(302).insert_header("location", "http://169.254.169.254/latest/meta-data/");
    let server = answering(led).await;
    let named = Rules { hosts: vec!["127.0.0.1".to_owned(), "169.254.169.254".to_owned()], ..rules() };
    let (transient, what) = problem_at(&server.uri(), &named).await;
    assert!(!transient && matches!(what, FetchProblem::Forbidden { .. }), "{what}");
    let (_, what) = problem_at(&server.uri(), &rules()).await;
    assert_eq!(what, FetchProblem::Redirect("http://169.254.169.254/latest/meta-data/".to_owned()));
}

#[test]
fn a_redirect_may_raise_to_https_and_never_falls_back() {
    let url = |text: &str| Url::parse(text).unwrap();
    let may = |from: &str, to: &str, named: &[String]| may_follow("x.org", &url(from), &url(to), named);
    assert!(may("http://x.org/a", "https://x.org/defeso/a", &[]));
    assert!(!may("https://x.org/a", "http://x.org/a", &["x.org".to_owned()]));
    assert!(!may("https://x.org/a", "https://evil.x.org/", &[]));
    assert!(may("https://x.org/a", "https://y.org/", &["y.org".to_owned()]));
}

#[tokio::test]
async fn a_host_is_asked_for_two_things_at_a_time_whoever_asks() {
    let busy = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let most = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let (at_once, highest) = (busy.clone(), most.clone());
    let url = raw(move |mut stream| {
        use std::sync::atomic::Ordering::SeqCst;
        let (at_once, highest) = (at_once.clone(), highest.clone());
        async move {
            highest.fetch_max(at_once.fetch_add(1, SeqCst) + 1, SeqCst);
            tokio::time::sleep(Duration::from_millis(50)).await;
            at_once.fetch_sub(1, SeqCst);
            let _ =
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx").await;
        }
    })
    .await;
    let fetcher = Arc::new(fetcher());
    let mut all = tokio::task::JoinSet::new();
    for n in 0..8 {
        let (fetcher, url) = (fetcher.clone(), format!("{url}{n}"));
        // Feeds of different rules have connections of their own, and share the turns all the same.
        let rules = Rules { max_bytes: 1000 + n, timeout: Duration::from_secs(20 + n), ..rules() };
        all.spawn(async move { fetcher.fetch(&url, &Validators::default(), &rules).await.is_ok() });
    }
    assert!(all.join_all().await.into_iter().all(|ok| ok));
    assert_eq!(most.load(std::sync::atomic::Ordering::SeqCst), AT_A_TIME);
}
