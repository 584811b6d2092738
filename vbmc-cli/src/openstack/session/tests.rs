//! Requests against servers that are not there, break off, are busy, or forget us.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::stream;
use hyper::body::Bytes;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;
use wiremock::matchers::{body_bytes, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{Limits, Session, Wait, join};
use crate::openstack::cloud::{Login, Scope};
use crate::openstack::error::Error;
use crate::openstack::service::Service;
use crate::openstack::testing::{Replay, at, open, project, recorded, standalone, with_keystone};

/// Far longer than anything here takes.
const PATIENT: Duration = Duration::from_secs(60);

async fn get(session: &Session, url: &Url) -> Result<super::Response, Error> {
    ask(session, Method::GET, url).await
}

async fn ask(session: &Session, method: Method, url: &Url) -> Result<super::Response, Error> {
    let url = join(url, "thing");
    session
        .request(Service::Baremetal, method, url)
        .send()
        .await
}

fn url(server: &MockServer) -> Url {
    Url::parse(&server.uri()).unwrap()
}

/// A port that nobody listens on.
async fn nobody() -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    at(listener.local_addr().unwrap())
}

/// A server that gives its connections, in order, to `answers`; each gets one that has sent its request's head.
async fn serve<F>(answers: impl Fn(usize, TcpStream) -> F + Send + 'static) -> Url
where
    F: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = at(listener.local_addr().unwrap());
    tokio::spawn(async move {
        for turn in 0.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.windows(4).any(|window| window == b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            answers(turn, stream).await;
        }
    });
    url
}

/// Breaks off in the middle of the first answer, and gives the second whole.
async fn break_off_once(turn: usize, mut stream: TcpStream) {
    let answer: &[u8] = match turn {
        0 => b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"nodes\":",
        _ => b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    };
    stream.write_all(answer).await.unwrap();
}

const LOOK: &str = "Is it running, and are the addresses in [ironic] of lab.toml right?";

#[tokio::test]
async fn an_answer_without_end_does_not_fill_the_memory() {
    let url = serve(async |_, mut stream| {
        let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
        stream.write_all(head).await.unwrap();
        // Until nobody reads it any more.
        while stream.write_all(&[b' '; 4096]).await.is_ok() {}
    });
    let url = url.await;
    let (session, _) = open(standalone(&url), Duration::from_secs(60)).await;
    let error = get(&session, &url).await.unwrap_err().to_string();
    assert!(error.contains("does not end, 1 MiB so far"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_given_up_when_patience_is_over() {
    let url = nobody().await;
    let (session, told) = open(standalone(&url), Duration::from_millis(50)).await;
    let error = get(&session, &url).await.unwrap_err();
    let place = url.as_str().trim_end_matches('/');
    assert_eq!(
        error.to_string(),
        format!("Ironic at {place} does not answer: connection refused. {LOOK}")
    );
    let told = told.lock().unwrap();
    assert_eq!(
        told[0].to_string(),
        format!(
            "Ironic at {place} does not answer: connection refused; trying on for up to 0 s. {LOOK}"
        )
    );
}

#[tokio::test]
async fn a_server_that_comes_late_is_found() {
    let url = nobody().await;
    let (session, told) = open(standalone(&url), PATIENT).await;
    let address = url.socket_addrs(|| None).unwrap()[0];
    let asking = tokio::spawn({
        let (session, url) = (session.clone(), url.clone());
        async move { ask(&session, Method::POST, &url).await }
    });
    // Nothing was sent: even what must not be done twice is tried again.
    while told.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let listener = TcpListener::bind(address).await.unwrap();
    let server = MockServer::builder()
        .listener(listener.into_std().unwrap())
        .start()
        .await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(202))
        .expect(1)
        .mount(&server)
        .await;
    asking.await.unwrap().unwrap();
    assert!(matches!(
        told.lock().unwrap().last(),
        Some(Wait::Over {
            service: Service::Baremetal,
            ..
        })
    ));
}

#[tokio::test]
async fn many_that_wait_tell_once() {
    let url = nobody().await;
    let (session, told) = open(standalone(&url), Duration::from_millis(300)).await;
    let all = (0..20).map(|_| get(&session, &url));
    let all = futures_util::future::join_all(all).await;
    assert!(all.iter().all(Result::is_err));
    assert_eq!(told.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_busy_server_is_tried_again() {
    for busy in [429, 502, 503, 504] {
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .respond_with(ResponseTemplate::new(busy))
            .up_to_n_times(2)
            .mount(&server)
            .await;
        Mock::given(method("GET"))
            .respond_with(ResponseTemplate::new(200))
            .mount(&server)
            .await;
        let (session, told) = open(standalone(&url(&server)), PATIENT).await;
        get(&session, &url(&server)).await.unwrap();
        let said = told.lock().unwrap()[0].to_string();
        assert!(said.contains(&busy.to_string()), "{said}");
    }
}

#[tokio::test]
async fn what_is_refused_is_not_tried_again() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(500).set_body_string("<h1>Oh</h1><p>no</p>"))
        .expect(1)
        .mount(&server)
        .await;
    let (session, _) = open(standalone(&url(&server)), PATIENT).await;
    let error = get(&session, &url(&server)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "Ironic answers 500 to GET /thing: Oh no. See the server's log"
    );
}

#[tokio::test]
async fn what_is_lost_is_repeated_only_where_that_is_safe() {
    let url = serve(break_off_once).await;
    let (session, _) = open(standalone(&url), PATIENT).await;
    get(&session, &url).await.unwrap();

    let url = serve(break_off_once).await;
    let (session, _) = open(standalone(&url), PATIENT).await;
    let error = ask(&session, Method::POST, &url).await.unwrap_err();
    assert!(matches!(error, Error::Interrupted { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .starts_with("POST /thing was sent to Ironic at ")
    );
}

#[tokio::test]
async fn a_proxy_that_lost_its_server_leaves_it_open_what_was_done() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(504))
        .expect(1)
        .mount(&server)
        .await;
    let (session, _) = open(standalone(&url(&server)), PATIENT).await;
    let error = ask(&session, Method::POST, &url(&server)).await;
    assert!(matches!(error, Err(Error::Interrupted { .. })), "{error:?}");
}

#[tokio::test]
async fn a_server_that_says_nothing_does_not_keep_us_for_ever() {
    let url = serve(|_, stream| async move {
        // Held until the runtime ends.
        tokio::spawn(async move {
            let _stream = stream;
            std::future::pending::<()>().await;
        });
    })
    .await;
    let limits = Limits {
        answer: Duration::from_millis(50),
        patience: Duration::ZERO,
    };
    let session = Session::with_cloud(standalone(&url), limits, |_| {});
    let error = get(&session.await.unwrap(), &url).await.unwrap_err();
    assert!(error.to_string().contains("no answer within"), "{error}");
}

#[tokio::test]
async fn a_stranger_is_not_taken_for_the_service() {
    let server = MockServer::start().await;
    Mock::given(path("/thing"))
        .respond_with(ResponseTemplate::new(302).insert_header("location", "https://elsewhere"))
        .mount(&server)
        .await;
    let (session, _) = open(standalone(&url(&server)), PATIENT).await;
    let error = get(&session, &url(&server)).await.unwrap_err();
    assert!(error.to_string().contains("https://elsewhere"), "{error}");
}

#[tokio::test]
async fn a_login_goes_along_and_nowhere_else() {
    let server = MockServer::start().await;
    Mock::given(header("authorization", "Basic YWRtaW46aGlkZGVu"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    let mut cloud = standalone(&url(&server));
    cloud.login = Login::Basic {
        username: "admin".to_owned(),
        password: vbmc_core::Secret::new("hidden"),
    };
    assert!(!format!("{cloud:?}").contains("hidden"));
    let (session, _) = open(cloud, PATIENT).await;
    get(&session, &url(&server)).await.unwrap();
    assert!(!format!("{session:?}").contains("hidden"));
}

#[tokio::test]
async fn an_upload_is_sent_whole_and_anew_when_it_must_be() {
    let server = MockServer::start().await;
    Mock::given(method("PUT"))
        .respond_with(ResponseTemplate::new(503))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(method("PUT"))
        .and(body_bytes(b"kernel and ramdisk"))
        .and(header("content-length", "18"))
        .respond_with(ResponseTemplate::new(204))
        .expect(1)
        .mount(&server)
        .await;
    let (session, _) = open(standalone(&url(&server)), PATIENT).await;
    let opened = Arc::new(AtomicUsize::new(0));
    let counted = opened.clone();
    let pieces = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        let pieces = ["kernel ", "and ", "ramdisk"];
        stream::iter(pieces.map(|piece| io::Result::Ok(Bytes::from_static(piece.as_bytes()))))
    };
    session
        .request(Service::Image, Method::PUT, url(&server))
        .upload(18, pieces)
        .send()
        .await
        .unwrap();
    assert_eq!(opened.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn keystone_says_who_and_where() {
    let replay = Replay::start(recorded("keystone")).await;
    let (session, _) = open(with_keystone(&replay.url, "secret", project()), PATIENT).await;
    let ironic = session.baremetal().await.unwrap();
    assert_eq!(ironic.endpoint(), &replay.url);
    let why = ironic.why_no_nodes().await.unwrap().unwrap();
    assert!(why.starts_with("the login is for project admin"), "{why}");

    let replay = Replay::start(recorded("keystone")).await;
    let cloud = with_keystone(&replay.url, "secret", Scope::System);
    let (session, _) = open(cloud, PATIENT).await;
    let ironic = session.baremetal().await.unwrap();
    assert_eq!(ironic.why_no_nodes().await.unwrap(), None);
    assert!(session.inspector().await.unwrap().is_none());
    assert!(replay.strangers().is_empty(), "{:?}", replay.strangers());
}

#[tokio::test]
async fn a_wrong_password_is_said_to_be_one() {
    let replay = Replay::start(recorded("keystone")).await;
    let cloud = with_keystone(&replay.url, "wrong", project());
    let error = Session::with_cloud(cloud, Limits::new(PATIENT), |_| {})
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Unauthorized(..)), "{error:?}");
    assert_eq!(
        error.to_string(),
        "Keystone answers 401 to POST /v3/auth/tokens: The request you have made requires authentication. Check the user, \
         the password or secret, and the project in [ironic] of lab.toml"
    );
}

#[tokio::test]
async fn a_service_that_is_missing_is_named_beside_those_that_are_there() {
    let replay = Replay::start(recorded("keystone")).await;
    let mut cloud = with_keystone(&replay.url, "secret", project());
    cloud.region = Some("elsewhere".to_owned());
    let (session, _) = open(cloud, PATIENT).await;
    let error = session.baremetal().await.unwrap_err().to_string();
    assert!(
        error.contains("the catalog has it public in RegionOne, and not public in elsewhere"),
        "{error}"
    );
    let why = session.endpoint(Service::Introspection).await.unwrap();
    assert_eq!(
        why.unwrap_err(),
        "the catalog has baremetal, identity, image"
    );
}

/// A Keystone whose tokens are numbered, and end as it is told.
async fn keystone(server: &MockServer, token: &str, expires_at: jiff::Timestamp, times: u64) {
    let ironic = json!({
        "type": "baremetal",
        "endpoints": [{ "interface": "public", "region": "one", "url": server.uri() }],
    });
    Mock::given(path("/v3/auth/tokens"))
        .respond_with(
            ResponseTemplate::new(201)
                .insert_header("x-subject-token", token)
                .set_body_json(json!({
                    "token": { "expires_at": expires_at.to_string(), "catalog": [ironic] },
                })),
        )
        .up_to_n_times(times)
        .expect(times)
        .mount(server)
        .await;
}

async fn accept(server: &MockServer, token: &str, times: u64) {
    Mock::given(path("/thing"))
        .and(header("x-auth-token", token))
        .respond_with(ResponseTemplate::new(200))
        .up_to_n_times(times)
        .expect(times)
        .mount(server)
        .await;
}

fn in_hours(hours: i64) -> jiff::Timestamp {
    jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours)
}

#[tokio::test]
async fn a_token_that_was_revoked_is_replaced_once() {
    let server = MockServer::start().await;
    keystone(&server, "first", in_hours(1), 1).await;
    accept(&server, "first", 1).await;
    keystone(&server, "second", in_hours(1), 1).await;
    accept(&server, "second", 20).await;
    Mock::given(path("/thing"))
        .respond_with(ResponseTemplate::new(401))
        .mount(&server)
        .await;
    let cloud = with_keystone(&url(&server), "secret", project());
    let (session, _) = open(cloud, PATIENT).await;
    get(&session, &url(&server)).await.unwrap();
    // All at once: one of them fetches a token, for all.
    let here = url(&server);
    let all = (0..20).map(|_| ask(&session, Method::POST, &here));
    let all = futures_util::future::join_all(all).await;
    assert!(all.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_user_who_may_not_is_told_after_one_new_token() {
    let server = MockServer::start().await;
    keystone(&server, "any", in_hours(1), 2).await;
    Mock::given(path("/thing"))
        .respond_with(ResponseTemplate::new(401))
        .expect(2)
        .mount(&server)
        .await;
    let cloud = with_keystone(&url(&server), "secret", project());
    let (session, _) = open(cloud, PATIENT).await;
    let error = get(&session, &url(&server)).await;
    assert!(matches!(error, Err(Error::Unauthorized(..))), "{error:?}");
}

#[tokio::test]
async fn a_token_that_ends_is_replaced_before_it_does() {
    let server = MockServer::start().await;
    keystone(&server, "ended", in_hours(-1), 1).await;
    keystone(&server, "fresh", in_hours(1), 1).await;
    accept(&server, "fresh", 2).await;
    let cloud = with_keystone(&url(&server), "secret", project());
    let (session, _) = open(cloud, PATIENT).await;
    get(&session, &url(&server)).await.unwrap();
    get(&session, &url(&server)).await.unwrap();
}
