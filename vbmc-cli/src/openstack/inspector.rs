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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use wiremock::matchers::{method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;
    use crate::openstack::testing::{open, standalone};

    /// Answers as ironic-inspector's documentation of its API has them.
    #[tokio::test]
    async fn an_introspection_goes_its_way() {
        let server = MockServer::start().await;
        let answers = [
            ("POST", "", 202, json!(null)),
            (
                "GET",
                "",
                200,
                json!({
                    "uuid": "u", "finished": true, "state": "error",
                    "error": "Introspection timeout", "started_at": "2026-11-22T06:46:48",
                    "finished_at": null, "links": [],
                }),
            ),
            (
                "GET",
                "/data",
                200,
                json!({ "inventory": { "cpu": { "count": 2 } } }),
            ),
            ("POST", "/abort", 202, json!(null)),
        ];
        for (verb, below, status, body) in answers {
            Mock::given(method(verb))
                .and(path(format!("/v1/introspection/u{below}")))
                .respond_with(ResponseTemplate::new(status).set_body_json(body))
                .expect(1)
                .mount(&server)
                .await;
        }
        let url = Url::parse(&server.uri()).unwrap();
        let (session, _) = open(standalone(&url), Duration::ZERO).await;
        let inspector = session.inspector().await.unwrap().unwrap();
        inspector.start("u").await.unwrap();
        let status = inspector.status("u").await.unwrap();
        assert!(status.finished);
        assert_eq!(status.error.as_deref(), Some("Introspection timeout"));
        assert_eq!(
            inspector.data("u").await.unwrap()["inventory"]["cpu"]["count"],
            2
        );
        inspector.abort("u").await.unwrap();
    }

    #[tokio::test]
    async fn a_node_that_it_does_not_know_is_not_found() {
        let server = MockServer::start().await;
        let said = json!({ "error": { "message": "Node u was not found in cache" } });
        Mock::given(method("GET"))
            .respond_with(ResponseTemplate::new(404).set_body_json(said))
            .mount(&server)
            .await;
        let url = Url::parse(&server.uri()).unwrap();
        let (session, _) = open(standalone(&url), Duration::ZERO).await;
        let inspector = session.inspector().await.unwrap().unwrap();
        let error = inspector.status("u").await.unwrap_err();
        assert!(matches!(error, Error::NotFound(_)), "{error:?}");
    }
}
