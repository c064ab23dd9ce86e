//! The fetcher against a real HTTP server.

use std::time::Duration;

use jiff::SignedDuration;
use wiremock::matchers::{header, header_exists, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::feed::fixture;

/// `a;b` and a line end, 500 times, compressed.
const GZIPPED: &[u8] = b"\x1F\x8B\x08\x00\x00\x00\x00\x00\x02\x03\x4B\xB4\x4E\xE2\x4A\x1C\xC5\xA3\x78\x14\x8F\xE2\x51\x3C\x8A\x47\xF1\x90\xC6\x00\x4E\x7E\x05\xB7\xD0\x07\x00\x00";

fn spec(hosts: &[&str], max_bytes: u64) -> FeedSpec {
    let source = Source::Http {
        url: String::new(),
        schedule: String::new(),
        hosts: hosts.iter().map(|h| (*h).to_owned()).collect(),
        timeout: SignedDuration::from_millis(500),
        max_bytes,
    };
    FeedSpec { source, ..fixture::presence() }
}

async fn answering(template: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(template).mount(&server).await;
    server
}

async fn fetched(server: &MockServer, spec: &FeedSpec) -> Result<Fetched, FeedError> {
    fetch(spec, &server.uri(), &Validators::default(), &Requester::default()).await
}

async fn problem(template: ResponseTemplate) -> (bool, FetchProblem) {
    let server = answering(template).await;
    let error = fetched(&server, &spec(&[], 1000)).await.unwrap_err();
    (matches!(error, FeedError::Transient { .. }), error.problem().clone())
}

#[tokio::test]
async fn a_body_comes_with_its_digest_and_validators() {
    let server = MockServer::start().await;
    let user_agent = format!("vigia-suas/{} (+vigilancia@example.org)", env!("CARGO_PKG_VERSION"));
    Mock::given(header("user-agent", user_agent.as_str()))
        .respond_with(
            ResponseTemplate::new(200).set_body_raw("a;b", "text/csv").insert_header("etag", "\"7\""),
        )
        .mount(&server)
        .await;
    let requester = Requester { contact: Some("vigilancia@example.org".to_owned()), proxy: None };
    let fetched = fetch(&spec(&[], 1000), &server.uri(), &Validators::default(), &requester).await.unwrap();
    let Fetched::Body(body) = fetched else { panic!("{fetched:?}") };
    assert_eq!(body.bytes, b"a;b");
    assert_eq!(body.sha256, sha256_hex(b"a;b"));
    assert_eq!(body.validators.etag.as_deref(), Some("\"7\""));
    assert_eq!(body.content_type.as_deref(), Some("text/csv"));
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
    let fetched = fetch(&spec(&[], 1000), &server.uri(), &validators, &Requester::default()).await.unwrap();
    assert_eq!(fetched, Fetched::NotModified);
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
async fn a_server_that_asks_for_patience_is_heard() {
    let server = answering(ResponseTemplate::new(503).insert_header("retry-after", "120")).await;
    let error = fetched(&server, &spec(&[], 1000)).await.unwrap_err();
    assert!(matches!(error, FeedError::Transient { retry_after: Some(d), .. } if d.as_secs() == 120));
}

#[tokio::test]
async fn a_redirect_to_another_host_is_refused_unless_the_feed_names_it() {
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
    let error = fetched(&server, &spec(&[], 1000)).await.unwrap_err();
    assert!(
        matches!(&error, FeedError::Permanent { what: FetchProblem::Redirect(to), .. } if *to == elsewhere)
    );
    assert!(matches!(fetched(&server, &spec(&["LOCALHOST"], 1000)).await, Ok(Fetched::Body(_))));
}

#[tokio::test]
async fn redirects_within_the_host_are_followed_three_times() {
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
    let from = async |hop: u8| {
        let url = format!("{}/{hop}", server.uri());
        fetch(&spec(&[], 1000), &url, &Validators::default(), &Requester::default()).await
    };
    assert!(matches!(from(3).await, Ok(Fetched::Body(_))));
    assert!(matches!(from(2).await, Err(FeedError::Permanent { what: FetchProblem::Redirect(_), .. })));
}

#[tokio::test]
async fn size_is_counted_after_decompression() {
    let zipped =
        || ResponseTemplate::new(200).set_body_bytes(GZIPPED).insert_header("content-encoding", "gzip");
    let server = answering(zipped()).await;
    let Ok(Fetched::Body(body)) = fetched(&server, &spec(&[], 2000)).await else { panic!() };
    assert_eq!(body.bytes, b"a;b\n".repeat(500));
    let (transient, what) = problem(zipped()).await;
    assert_eq!((transient, what), (false, FetchProblem::TooLarge(1000)));
    let plain = ResponseTemplate::new(200).set_body_bytes(vec![b'x'; 1001]);
    assert_eq!(problem(plain).await, (false, FetchProblem::TooLarge(1000)));
}

#[tokio::test]
async fn a_slow_server_is_given_up() {
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(5));
    assert_eq!(problem(slow).await, (true, FetchProblem::TimedOut));
}

#[tokio::test]
async fn an_unreachable_server_and_a_bad_address_are_told_apart() {
    let attempt = async |url: &str| {
        fetch(&spec(&[], 1000), url, &Validators::default(), &Requester::default()).await.unwrap_err()
    };
    assert!(matches!(
        attempt("http://127.0.0.1:1/").await,
        FeedError::Transient { what: FetchProblem::Connect, .. }
    ));
    for bad in ["ftp://x.org/a", "file:///etc/passwd", "x", "http://"] {
        assert!(
            matches!(attempt(bad).await, FeedError::Permanent { what: FetchProblem::Address(_), .. }),
            "{bad}"
        );
    }
    let folder =
        fetch(&fixture::presence(), "http://x.org", &Validators::default(), &Requester::default()).await;
    assert!(matches!(folder, Err(FeedError::Permanent { what: FetchProblem::NotFetched, .. })));
}

#[test]
fn a_redirect_may_raise_to_https_and_never_falls_back() {
    let url = |text: &str| Url::parse(text).unwrap();
    let plain = [url("http://x.org/a")];
    let secure = [url("https://x.org/a")];
    assert!(may_follow(&plain, &url("https://x.org/defeso/a"), &[]));
    assert!(!may_follow(&secure, &url("http://x.org/a"), &["x.org".to_owned()]));
    assert!(!may_follow(&[url("http://x.org"), url("https://x.org")], &url("http://x.org/"), &[]));
    assert!(!may_follow(&secure, &url("https://127.0.0.1/"), &[]));
    assert!(!may_follow(&secure, &url("https://evil.x.org/"), &[]));
}
