//! ironic-inspector's API, for servers that inspect with it: up to Ironic 32 or so.

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::error::Error;
use super::service::Service;
use super::session::{Response, Session};

/// An ironic-inspector. Clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Inspector {
    session: Session,
    /// Ends with `/v1`.
    endpoint: Url,
}

/// How far an introspection is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Introspection {
    pub(crate) finished: bool,
    /// `waiting`, `processing`, `finished`, `error`.
    #[serde(default)]
    pub(crate) state: Option<String>,
    /// Why it failed; none: it didn't.
    #[serde(default)]
    pub(crate) error: Option<String>,
    #[serde(default)]
    pub(crate) started_at: Option<String>,
}

impl Inspector {
    pub(super) fn new(session: Session, endpoint: &Url) -> Self {
        let mut url = endpoint.clone();
        let path = endpoint.path().trim_end_matches('/');
        let path = path.strip_suffix("/v1").unwrap_or(path);
        url.set_path(&format!("{path}/v1"));
        Self {
            session,
            endpoint: url,
        }
    }

    pub(crate) fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    /// Begins. The node must be manageable.
    pub(crate) async fn start(&self, uuid: &str) -> Result<(), Error> {
        self.call(Method::POST, &[uuid]).await.map(drop)
    }

    pub(crate) async fn status(&self, uuid: &str) -> Result<Introspection, Error> {
        self.call(Method::GET, &[uuid]).await?.json()
    }

    /// What was found.
    pub(crate) async fn data(&self, uuid: &str) -> Result<Value, Error> {
        self.call(Method::GET, &[uuid, "data"]).await?.json()
    }

    pub(crate) async fn abort(&self, uuid: &str) -> Result<(), Error> {
        self.call(Method::POST, &[uuid, "abort"]).await.map(drop)
    }

    async fn call(&self, method: Method, path: &[&str]) -> Result<Response, Error> {
        let mut url = super::session::join(&self.endpoint, "introspection");
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path);
        }
        self.session
            .request(Service::Introspection, method, url)
            .send()
            .await
    }
}
