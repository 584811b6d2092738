//! One request: what it is made of, and what it does when nobody answers.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use hyper::body::Bytes;
use jiff::Timestamp;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use super::http::Lost;
use super::keystone::Token;
use super::patience::{Silent, Tries};
use super::{Error, Session};
use crate::openstack::cloud::Login;
use crate::openstack::error::{Answer, said};
use crate::openstack::service::Service;

/// Without any progress of an upload.
const STALL_LIMIT: Duration = Duration::from_secs(60);

/// From the last byte of an upload to its answer: Glance may copy it on to its store meanwhile.
const STORE_LIMIT: Duration = Duration::from_secs(600);

/// An answer is no longer than this: the details of ten thousand nodes are a tenth of it.
const MAX_ANSWER: usize = if cfg!(test) { 1 } else { 512 } << 20;

/// What is sent along.
#[derive(Clone)]
enum Body {
    None,
    Json(Bytes),
    /// Made anew for each try.
    Upload {
        len: u64,
        open: Arc<dyn Fn() -> UploadStream + Send + Sync>,
    },
}

type UploadStream = futures_util::stream::BoxStream<'static, io::Result<Bytes>>;

/// A request, until it is sent.
#[must_use]
pub(crate) struct Request<'s> {
    session: &'s Session,
    service: Service,
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Body,
    authenticated: bool,
    /// Whether doing it twice is as good as doing it once.
    repeatable: bool,
    /// A refusal that is an answer all the same.
    tolerated: Option<StatusCode>,
}

impl Session {
    /// A request to `service`, with what it asks for to know us.
    pub(crate) fn request(&self, service: Service, method: Method, url: Url) -> Request<'_> {
        let repeatable = matches!(method, Method::GET | Method::HEAD | Method::DELETE);
        Request {
            session: self,
            service,
            method,
            url,
            headers: HeaderMap::new(),
            body: Body::None,
            authenticated: true,
            repeatable,
            tolerated: None,
        }
    }
}

impl Request<'_> {
    pub(crate) fn header(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        let value = HeaderValue::from_str(value.as_ref());
        // What we set is ASCII by its making: versions and media types.
        if let Ok(value) = value {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("maps with strings as keys always serialise");
        self.body = Body::Json(body.into());
        self
    }

    /// Sends `len` bytes of what `open` makes. It is called again when the request has to be repeated. It may take as
    /// long as it needs, while it goes on.
    pub(crate) fn upload<S>(
        mut self,
        len: u64,
        open: impl Fn() -> S + Send + Sync + 'static,
    ) -> Self
    where
        S: Stream<Item = io::Result<Bytes>> + Send + 'static,
    {
        let open = Arc::new(move || open().boxed());
        self.body = Body::Upload { len, open };
        self
    }

    /// Whether doing it twice is as good as once; else, when its answer is lost, [`Error::Interrupted`] comes of it. Set
    /// for GET, HEAD and DELETE already.
    pub(crate) fn repeatable(mut self, repeatable: bool) -> Self {
        self.repeatable = repeatable;
        self
    }

    /// Takes this refusal for an answer, to be looked at by the caller.
    pub(crate) fn tolerate(mut self, status: StatusCode) -> Self {
        self.tolerated = Some(status);
        self
    }

    pub(super) fn unauthenticated(mut self) -> Self {
        self.authenticated = false;
        self
    }

    /// Sends it, again and again where that is safe and may help, and returns an answer that is a success.
    pub(crate) async fn send(self) -> Result<Response, Error> {
        let client = self.session.0.http.client(&self.url)?;
        let mut tries = Tries::new(self.session.0.limits.patience);
        let mut renewed = false;
        loop {
            let token = self.token().await?;
            let trouble = match self.exchange(client, token.as_deref()).await {
                Ok(response) => {
                    self.session.0.outages.heard(self.service);
                    if response.status.is_success() || self.tolerated == Some(response.status) {
                        return Ok(response);
                    }
                    if let (StatusCode::UNAUTHORIZED, Some(token), false) =
                        (response.status, &token, renewed)
                    {
                        self.session.forget(token).await;
                        renewed = true;
                        continue;
                    }
                    self.judge(&response)?
                }
                Err(Lost::Hopeless(reason)) => return Err(self.unreachable(reason, &tries)),
                Err(Lost::Unsent(reason)) => Trouble::silent(reason),
                Err(Lost::Unknown(reason)) if self.repeatable => Trouble::silent(reason),
                Err(Lost::Unknown(reason)) => return Err(self.interrupted(reason)),
            };
            let Some(pause) = tries.pause(trouble.wished) else {
                return Err(match trouble.last {
                    Some(error) => error,
                    None => self.unreachable(trouble.reason, &tries),
                });
            };
            if trouble.silent {
                let who = Silent {
                    service: self.service,
                    place: &self.place(),
                    reason: &trouble.reason,
                    hint: &self.session.0.cloud.where_to_look(),
                };
                self.session.0.outages.silent(who, &tries);
            }
            sleep(pause).await;
        }
    }

    /// Whether a refusal is final; if not, why it is tried again.
    fn judge(&self, response: &Response) -> Result<Trouble, Error> {
        let wished = response
            .header("retry-after")
            .and_then(|value| value.parse().ok())
            .map(Duration::from_secs);
        let error = response.error(&self.session.0.cloud.hint());
        let not_done = match response.status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => true,
            // Of a proxy: the server behind it may have done it.
            StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => {
                if !self.repeatable {
                    return Err(self.interrupted(error.to_string()));
                }
                true
            }
            _ => false,
        };
        match error {
            Error::Locked(_) => Ok(Trouble {
                reason: String::new(),
                silent: false,
                wished,
                last: Some(error),
            }),
            _ if not_done => Ok(Trouble {
                reason: format!("it answers {}", response.status),
                silent: true,
                wished,
                last: Some(error),
            }),
            _ => Err(error),
        }
    }

    async fn token(&self) -> Result<Option<Arc<Token>>, Error> {
        match &self.session.0.keystone {
            // A token is fetched by a request, too: without the box, this future would hold itself.
            Some(keystone) if self.authenticated => {
                Box::pin(keystone.token(self.session)).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    /// One try.
    async fn exchange(&self, client: &Client, token: Option<&Token>) -> Result<Response, Lost> {
        let begun = Instant::now();
        let answer = self.exchange_unlogged(client, token).await;
        let took = begun.elapsed().as_millis();
        let (service, call) = (self.service, self.call());
        match &answer {
            Ok(response) => {
                let id = response.header("x-openstack-request-id").unwrap_or("-");
                let status = response.status.as_u16();
                tracing::debug!("{service}: {call}: {status} in {took} ms ({id})");
            }
            Err(Lost::Unsent(reason) | Lost::Unknown(reason) | Lost::Hopeless(reason)) => {
                tracing::debug!("{service}: {call}: no answer after {took} ms: {reason}");
            }
        }
        answer
    }

    async fn exchange_unlogged(
        &self,
        client: &Client,
        token: Option<&Token>,
    ) -> Result<Response, Lost> {
        let mut request = client
            .request(self.method.clone(), self.url.clone())
            .headers(self.headers.clone());
        if let Some(token) = token {
            request = request.header("x-auth-token", sensitive(token.id.reveal()));
        }
        if let (Login::Basic { username, password }, true) =
            (&self.session.0.cloud.login, self.authenticated)
        {
            request = request.basic_auth(username, Some(password.reveal()));
        }
        let (progress, watched) = watch::channel(false);
        match &self.body {
            Body::None => {}
            Body::Json(body) => {
                // Glance wants another type for a patch.
                if !self.headers.contains_key(CONTENT_TYPE) {
                    request = request.header(CONTENT_TYPE, "application/json");
                }
                request = request.body(body.clone());
            }
            Body::Upload { len, open } => {
                request = request
                    .header(CONTENT_TYPE, "application/octet-stream")
                    .header(CONTENT_LENGTH, *len)
                    .body(reqwest::Body::wrap_stream(telling(open(), *len, progress)));
            }
        }
        let answer = async {
            let mut response = request.send().await.map_err(|error| Lost::new(&error))?;
            let (status, headers) = (response.status(), response.headers().clone());
            // What comes after the head is lost after the server has done it.
            let lost = |error| match Lost::new(&error) {
                Lost::Unsent(reason) => Lost::Unknown(reason),
                other => other,
            };
            let mut body = Vec::new();
            while let Some(piece) = response.chunk().await.map_err(lost)? {
                body.extend_from_slice(&piece);
                if body.len() > MAX_ANSWER {
                    let limit = MAX_ANSWER >> 20;
                    return Err(Lost::Hopeless(format!(
                        "what it sends does not end, {limit} MiB so far"
                    )));
                }
            }
            Ok(Response {
                service: self.service,
                call: self.call(),
                status,
                headers,
                body: body.into(),
            })
        };
        let over =
            |limit: Duration| Lost::Unknown(format!("no answer within {} s", limit.as_secs()));
        match self.body {
            Body::Upload { .. } => tokio::select! {
                answer = answer => answer,
                limit = stalled(watched) => Err(over(limit)),
            },
            _ => {
                let limit = self.session.0.limits.answer;
                timeout(limit, answer).await.map_err(|_| over(limit))?
            }
        }
    }

    /// `GET /v1/nodes`: the query says nothing that helps.
    fn call(&self) -> String {
        format!("{} {}", self.method, self.url.path())
    }

    fn place(&self) -> String {
        place(self.service, &self.url)
    }

    fn unreachable(&self, reason: String, tries: &Tries) -> Error {
        Error::Unreachable {
            service: self.place(),
            reason,
            waited: tries.begun().elapsed(),
            hint: self.session.0.cloud.where_to_look(),
        }
    }

    fn interrupted(&self, reason: String) -> Error {
        Error::Interrupted {
            service: self.place(),
            call: self.call(),
            reason,
        }
    }
}

/// `Ironic at http://192.0.2.1:6385`.
fn place(service: Service, url: &Url) -> String {
    format!("{service} at {}", url.origin().ascii_serialization())
}

/// Why a request is tried again.
struct Trouble {
    reason: String,
    /// Whether the service doesn't answer; else it is there, and something in it is busy.
    silent: bool,
    wished: Option<Duration>,
    /// What comes of it when patience is over.
    last: Option<Error>,
}

impl Trouble {
    fn silent(reason: String) -> Self {
        Self {
            reason,
            silent: true,
            wished: None,
            last: None,
        }
    }
}

fn sensitive(value: &str) -> HeaderValue {
    let mut value = HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

/// Tells of each piece that is taken, and whether it was the last.
fn telling(
    stream: UploadStream,
    len: u64,
    progress: watch::Sender<bool>,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let mut left = len;
    stream.inspect(move |piece| {
        let taken = piece.as_ref().map_or(0, Bytes::len);
        left = left.saturating_sub(taken as u64);
        // Fails when the request is over.
        let _ = progress.send(left == 0);
    })
}

/// Ends when an upload has not gone on for too long.
async fn stalled(mut progress: watch::Receiver<bool>) -> Duration {
    loop {
        let limit = match *progress.borrow_and_update() {
            true => STORE_LIMIT,
            false => STALL_LIMIT,
        };
        match timeout(limit, progress.changed()).await {
            Ok(Ok(())) => {}
            // Nothing more is sent: the answer is all there is to wait for.
            Ok(Err(_)) => {
                sleep(STORE_LIMIT).await;
                return STORE_LIMIT;
            }
            Err(_) => return limit,
        }
    }
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Response {
    service: Service,
    call: String,
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// When the server says that it is.
    pub(crate) fn date(&self) -> Option<Timestamp> {
        let date = self.header(DATE.as_str())?;
        let date = jiff::fmt::rfc2822::parse(date).ok()?;
        Some(date.timestamp())
    }

    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| self.foreign(&error.to_string()))
    }

    /// What answers isn't the service that we take it for.
    pub(crate) fn foreign(&self, reason: &str) -> Error {
        Error::Foreign {
            service: self.service.to_string(),
            call: self.call.clone(),
            reason: reason.to_owned(),
        }
    }

    /// The error that a tolerated refusal comes to, if it is one after all.
    pub(crate) fn refusal(&self) -> Error {
        self.error("")
    }

    fn error(&self, login_hint: &str) -> Error {
        if self.status.is_redirection() {
            let to = self.header("location").unwrap_or("nowhere");
            return self.foreign(&format!(
                "it sends us on to {to}; give that as the endpoint"
            ));
        }
        let answer = Answer {
            service: self.service.name(),
            call: self.call.clone(),
            status: self.status.as_u16(),
            said: said(&self.body),
        };
        answer.into_error(login_hint)
    }
}
