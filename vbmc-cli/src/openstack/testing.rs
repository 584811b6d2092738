//! Servers for tests: one that plays a recording back, and logins to them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, Uri};
use serde::Deserialize;
use serde_json::Value;
use tokio::net::TcpListener;
use url::Url;
use vbmc_core::Secret;

use super::cloud::{
    Cloud, Domain, Interface, KeystoneLogin, Login, Origin, Principal, Proof, Scope, Trust,
};
use super::image::Images;
use super::service::Service;
use super::session::{Limits, Session, Wait};

/// Where a recording says that its servers were.
const RECORDED_AT: &str = "http://127.0.0.1:";

/// A request and its answer, as `recorded/record.py` writes them.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Exchange {
    method: String,
    /// With its query.
    pub(super) path: String,
    version: Option<String>,
    request: Option<Value>,
    pub(super) status: u16,
    headers: BTreeMap<String, String>,
    pub(super) response: String,
}

/// The exchanges of a recording.
pub(super) fn recorded(name: &str) -> Vec<Exchange> {
    let text = match name {
        "ironic" => include_str!("recorded/ironic.jsonl"),
        "old" => include_str!("recorded/old.jsonl"),
        "keystone" => include_str!("recorded/keystone.jsonl"),
        "glance" => include_str!("recorded/glance.jsonl"),
        _ => panic!("no such recording: {name}"),
    };
    let exchange = |line| serde_json::from_str(line).expect("a line of a recording");
    text.lines().map(exchange).collect()
}

/// Answers requests that are in a recording, each once and in any order, and says what else was asked.
#[derive(Debug, Clone)]
pub(super) struct Replay {
    pub(super) url: Url,
    exchanges: Arc<Mutex<Vec<Exchange>>>,
    strangers: Arc<Mutex<Vec<String>>>,
}

impl Replay {
    pub(super) async fn start(exchanges: Vec<Exchange>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let replay = Self {
            url: at(listener.local_addr().unwrap()),
            exchanges: Arc::new(Mutex::new(exchanges)),
            strangers: Arc::default(),
        };
        let router = Router::new().fallback(answer).with_state(replay.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        replay
    }

    /// Requests that nobody recorded: ours differ from what a real server was tried with.
    pub(super) fn strangers(&self) -> Vec<String> {
        self.strangers.lock().unwrap().clone()
    }
}

async fn answer(
    State(replay): State<Replay>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let version = headers.get("x-openstack-ironic-api-version");
    let version = version.map(|version| version.to_str().unwrap().to_owned());
    let request: Option<Value> = serde_json::from_slice(&body).ok();
    let fits = |exchange: &Exchange| {
        exchange.method == method.as_str()
            && exchange.path == path
            && exchange.version == version
            && exchange.request == request
    };
    let mut exchanges = replay.exchanges.lock().unwrap();
    let Some(index) = exchanges.iter().position(fits) else {
        let stranger = format!("{method} {path} {version:?} {request:?}");
        replay.strangers.lock().unwrap().push(stranger);
        return Response::builder()
            .status(599)
            .body(Body::from("not recorded"))
            .unwrap();
    };
    let exchange = exchanges.remove(index);
    let mut answer = Response::builder().status(exchange.status);
    for (name, value) in &exchange.headers {
        answer = answer.header(name, value);
    }
    // Links lead to us.
    let here = replay.url.as_str().trim_end_matches('/');
    let mut parts = exchange.response.split(RECORDED_AT);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(here);
        text.push_str(part.trim_start_matches(|char: char| char.is_ascii_digit()));
    }
    answer.body(Body::from(text)).unwrap()
}

pub(crate) fn at(address: SocketAddr) -> Url {
    Url::parse(&format!("http://{address}")).unwrap()
}

/// A cloud whose Ironic, Glance and ironic-inspector are at `url`.
pub(super) fn standalone(url: &Url) -> Cloud {
    let services = Service::WITH_ENDPOINT;
    Cloud {
        login: Login::Nobody,
        endpoints: services.map(|service| (service, url.clone())).into(),
        region: None,
        interface: Interface::Public,
        trust: Trust::default(),
        origin: Origin::Choice,
    }
}

/// A cloud whose Keystone is at `url`, logged in to as the recording has it.
pub(super) fn with_keystone(url: &Url, password: &str, scope: Scope) -> Cloud {
    let user = Principal::Named {
        name: "admin".to_owned(),
        domain: Domain::Id("default".to_owned()),
    };
    let login = KeystoneLogin {
        url: url.join("v3").unwrap(),
        proof: Proof::Password {
            user,
            password: Secret::new(password),
        },
        scope,
    };
    Cloud {
        login: Login::Keystone(Box::new(login)),
        endpoints: BTreeMap::new(),
        ..standalone(url)
    }
}

pub(super) fn project() -> Scope {
    Scope::Project(Principal::Named {
        name: "admin".to_owned(),
        domain: Domain::Id("default".to_owned()),
    })
}

/// A session, and what it has told about waiting so far.
pub(super) async fn open(cloud: Cloud, patience: Duration) -> (Session, Arc<Mutex<Vec<Wait>>>) {
    let told: Arc<Mutex<Vec<Wait>>> = Arc::default();
    let teller = told.clone();
    let tell = move |wait: &Wait| teller.lock().unwrap().push(wait.clone());
    let session = Session::with_cloud(cloud, Limits::new(patience), tell)
        .await
        .unwrap();
    (session, told)
}

/// A Glance that is at `url`, without patience.
pub(crate) async fn glance(url: &Url) -> Images {
    let (session, _) = open(standalone(url), Duration::ZERO).await;
    session.images().await.unwrap().unwrap()
}
