//! Keystone v3: tokens, and the catalog that comes with one.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;
use vbmc_core::Secret;

use super::{Error, Session};
use crate::openstack::cloud::{Domain, Interface, KeystoneLogin, Principal, Proof, Scope};
use crate::openstack::service::Service;
use reqwest::Method;

/// A token is renewed this long before it ends, so that none ends on its way.
const MARGIN: Duration = Duration::from_secs(60);

/// A login and the token it brought.
#[derive(Debug)]
pub(super) struct Keystone {
    login: KeystoneLogin,
    /// Held while a token is fetched: one request at a time does it, the others wait for it.
    token: Mutex<Option<Arc<Token>>>,
}

/// A token, and what Keystone said about it.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) id: Secret,
    good_until: Instant,
    pub(super) catalog: Catalog,
    pub(super) project: Option<String>,
}

impl Keystone {
    pub(super) fn new(login: KeystoneLogin) -> Self {
        Self {
            login,
            token: Mutex::new(None),
        }
    }

    /// A token that is good for a while.
    pub(super) async fn token(&self, session: &Session) -> Result<Arc<Token>, Error> {
        let mut kept = self.token.lock().await;
        if let Some(token) = kept
            .as_ref()
            .filter(|token| token.good_until > Instant::now())
        {
            return Ok(token.clone());
        }
        let token = Arc::new(self.fetch(session).await?);
        *kept = Some(token.clone());
        Ok(token)
    }

    /// Forgets `refused`, unless another request has done so and has got a new one meanwhile.
    pub(super) async fn forget(&self, refused: &Arc<Token>) {
        let mut kept = self.token.lock().await;
        if kept
            .as_ref()
            .is_some_and(|token| Arc::ptr_eq(token, refused))
        {
            *kept = None;
        }
    }

    async fn fetch(&self, session: &Session) -> Result<Token, Error> {
        let url = super::join(&self.login.url, "auth/tokens");
        let response = session
            .request(Service::Identity, Method::POST, url)
            .unauthenticated()
            // A second token harms nobody.
            .repeatable(true)
            .json(&self.body())
            .send()
            .await?;
        let id = response.header("x-subject-token").map(Secret::new);
        let id = id.ok_or_else(|| response.foreign("there is no token in it"))?;
        let Answer { token } = response.json()?;
        let now = response.date().unwrap_or_else(Timestamp::now);
        let left = Duration::try_from(token.expires_at.duration_since(now)).unwrap_or_default();
        // A token that is short-lived anyway is used for half its life.
        let margin = MARGIN.min(left / 2);
        Ok(Token {
            id,
            good_until: Instant::now() + (left - margin),
            catalog: Catalog(token.catalog),
            project: token.project.map(|project| project.name),
        })
    }

    /// What Keystone is asked for.
    fn body(&self) -> Value {
        let (method, proof) = match &self.login.proof {
            Proof::Password { user, password } => {
                let mut user = principal(user);
                user["password"] = password.reveal().into();
                ("password", json!({ "user": user }))
            }
            Proof::ApplicationCredential { id, secret } => {
                let mut proof = match id {
                    Ok(id) => json!({ "id": id }),
                    Err((name, user)) => json!({ "name": name, "user": principal(user) }),
                };
                proof["secret"] = secret.reveal().into();
                ("application_credential", proof)
            }
            Proof::Token(token) => ("token", json!({ "id": token.reveal() })),
        };
        let mut auth = json!({ "identity": { "methods": [method], method: proof } });
        match &self.login.scope {
            Scope::Implied => {}
            Scope::Project(project) => auth["scope"] = json!({ "project": principal(project) }),
            Scope::Domain(of) => auth["scope"] = json!({ "domain": domain(of) }),
            Scope::System => auth["scope"] = json!({ "system": { "all": true } }),
        }
        json!({ "auth": auth })
    }
}

fn principal(principal: &Principal) -> Value {
    match principal {
        Principal::Id(id) => json!({ "id": id }),
        Principal::Named { name, domain: of } => json!({ "name": name, "domain": domain(of) }),
    }
}

fn domain(domain: &Domain) -> Value {
    match domain {
        Domain::Id(id) => json!({ "id": id }),
        Domain::Name(name) => json!({ "name": name }),
    }
}

#[derive(Deserialize)]
struct Answer {
    token: Body,
}

#[derive(Deserialize)]
struct Body {
    expires_at: Timestamp,
    #[serde(default)]
    catalog: Vec<Entry>,
    project: Option<Project>,
}

#[derive(Deserialize)]
struct Project {
    name: String,
}

/// What services a cloud has, and where.
#[derive(Debug)]
pub(super) struct Catalog(Vec<Entry>);

#[derive(Debug, Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    endpoints: Vec<Endpoint>,
}

#[derive(Debug, Deserialize)]
struct Endpoint {
    interface: String,
    region: Option<String>,
    region_id: Option<String>,
    url: String,
}

impl Endpoint {
    fn region(&self) -> Option<&str> {
        self.region.as_deref().or(self.region_id.as_deref())
    }
}

impl Catalog {
    /// The URL of `service`'s endpoint. The error says why there is none: what there is instead.
    pub(super) fn find(
        &self,
        service: Service,
        interface: Interface,
        region: Option<&str>,
    ) -> Result<Url, String> {
        let of_type = |kind: &&str| self.0.iter().find(|entry| entry.kind == *kind);
        let Some(entry) = service.types().iter().find_map(of_type) else {
            let mut there: Vec<_> = self.0.iter().map(|entry| entry.kind.as_str()).collect();
            there.sort_unstable();
            return Err(match there[..] {
                [] => "the catalog is empty, as it is without a project or system_scope".to_owned(),
                _ => format!("the catalog has {}", there.join(", ")),
            });
        };
        let fits = |endpoint: &&Endpoint| {
            endpoint.interface == interface.name()
                && region.is_none_or(|region| endpoint.region() == Some(region))
        };
        let Some(endpoint) = entry.endpoints.iter().find(fits) else {
            let there: Vec<_> = entry
                .endpoints
                .iter()
                .map(|endpoint| {
                    let region = endpoint.region().unwrap_or("no region");
                    format!("{} in {region}", endpoint.interface)
                })
                .collect();
            let wanted = match region {
                Some(region) => format!("{} in {region}", interface.name()),
                None => interface.name().to_owned(),
            };
            return Err(match there[..] {
                [] => "the catalog has it without any endpoint".to_owned(),
                _ => format!("the catalog has it {}, and not {wanted}", there.join(", ")),
            });
        };
        Url::parse(&endpoint.url).map_err(|error| {
            format!(
                "its endpoint in the catalog, {:?}, is no URL: {error}",
                endpoint.url
            )
        })
    }
}
