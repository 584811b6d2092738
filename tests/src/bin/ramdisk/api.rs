//! What the ramdisk asks of Ironic. No login is needed for any of it.

use std::time::Duration;

use anyhow::{Context as _, Result};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use url::Url;

const VERSION: (&str, &str) = ("X-OpenStack-Ironic-API-Version", "1.84");
const LIMIT: Duration = Duration::from_secs(30);

/// Ironic, as a ramdisk sees it.
#[derive(Debug)]
pub(crate) struct Api {
    client: reqwest::Client,
    url: Url,
}

/// What proves that the ramdisk is the one that the node was started with.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) node: String,
    secret: String,
}

impl Api {
    pub(crate) fn new(url: Url) -> Result<Self> {
        let client = reqwest::Client::builder().timeout(LIMIT).build()?;
        Ok(Self { client, url })
    }

    /// Hands over what was found; whether a node waited for it.
    pub(crate) async fn continue_inspection(&self, data: &Value) -> Result<bool> {
        let request = self.client.post(self.url.join("/v1/continue_inspection")?);
        let (status, _) = send(request.json(data)).await?;
        Ok(status == StatusCode::ACCEPTED)
    }

    /// Asks which node it is; none if that doesn't wait for its ramdisk.
    pub(crate) async fn lookup(&self, macs: &[String]) -> Result<Option<Token>> {
        let request = self.client.get(self.url.join("/v1/lookup")?);
        let (status, body) = send(request.query(&[("addresses", macs.join(","))])).await?;
        if status != StatusCode::OK {
            return Ok(None);
        }
        let text = |pointer| body.pointer(pointer).and_then(Value::as_str);
        let node = text("/node/uuid").context("a node in the lookup's answer")?;
        let secret = text("/config/agent_token").context("a token in the lookup's answer")?;
        Ok(Some(Token {
            node: node.to_owned(),
            secret: secret.to_owned(),
        }))
    }

    /// Says that it is there; whether the token still holds.
    pub(crate) async fn heartbeat(&self, token: &Token, callback: &Url) -> Result<bool> {
        let url = self.url.join(&format!("/v1/heartbeat/{}", token.node))?;
        let body = json!({
            "callback_url": callback.as_str().trim_end_matches('/'),
            "agent_version": "13.0.0",
            "agent_token": token.secret,
        });
        let (status, _) = send(self.client.post(url).json(&body)).await?;
        // 409: somebody else has the node just now.
        Ok(status.is_success() || status == StatusCode::CONFLICT)
    }
}

async fn send(request: RequestBuilder) -> Result<(StatusCode, Value)> {
    let response = request.header(VERSION.0, VERSION.1).send().await?;
    let status = response.status();
    let body = response.bytes().await?;
    Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
}
