//! Requests to a cloud.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`http`] | connections: their timeouts, and whom they believe to be the server |
//! | [`keystone`] | tokens, and the catalog that comes with one |
//! | [`patience`] | how often and how long it is tried, and who is told |
//! | [`request`] | one request, and its answer |
//!
//! What is tried again: whatever was certainly not done (no connection, 429, 503, a node that is locked), and, where
//! doing it twice is as good as once, what may have been done. All of it until patience is over.

pub(crate) mod http;
mod keystone;
mod patience;
mod request;

use std::fmt;
use std::sync::Arc;

use url::Url;

use self::http::Http;
use self::keystone::{Keystone, Token};
pub(super) use self::patience::Limits;
use self::patience::Outages;
pub(crate) use self::patience::Wait;
pub(crate) use self::request::{Request, Response};
use super::Error;
use super::baremetal::Baremetal;
use super::cloud::{self, Choice, Cloud, Login, Surroundings};
use super::image::Images;
use super::inspector::Inspector;
use super::service::Service;

/// A cloud that we are logged in to. Clones are the same session.
#[derive(Clone)]
pub(crate) struct Session(Arc<Inner>);

struct Inner {
    cloud: Cloud,
    http: Http,
    keystone: Option<Keystone>,
    limits: Limits,
    outages: Outages,
}

impl Session {
    /// Finds out which cloud is meant, and logs in where that takes a token. `on_wait` is told when a service does not
    /// answer and is tried again.
    pub(crate) async fn open(
        choice: &Choice,
        on_wait: impl Fn(&Wait) + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let cloud = cloud::resolve(choice, &Surroundings::of_this_process())?;
        Self::with_cloud(cloud, Limits::new(choice.patience), on_wait).await
    }

    pub(super) async fn with_cloud(
        cloud: Cloud,
        limits: Limits,
        on_wait: impl Fn(&Wait) + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let keystone = match &cloud.login {
            Login::Keystone(login) => Some(Keystone::new((**login).clone())),
            Login::Nobody | Login::Basic { .. } => None,
        };
        let session = Self(Arc::new(Inner {
            http: Http::new(cloud.trust.clone()),
            cloud,
            keystone,
            limits,
            outages: Outages::new(Arc::new(on_wait)),
        }));
        session.token().await?;
        Ok(session)
    }

    pub(crate) async fn baremetal(&self) -> Result<Baremetal, Error> {
        let endpoint = match self.endpoint(Service::Baremetal).await? {
            Ok(endpoint) => endpoint,
            Err(why) => {
                return Err(Error::NoService(format!(
                    "there is no Ironic in {}: {why}. If there is one all the same, name it with {}",
                    self.0.cloud.origin,
                    self.0.cloud.origin.key(Service::Baremetal.override_key())
                )));
            }
        };
        Ok(Baremetal::new(self.clone(), &endpoint))
    }

    /// ironic-inspector; none where the cloud has none.
    pub(crate) async fn inspector(&self) -> Result<Option<Inspector>, Error> {
        let endpoint = self.endpoint(Service::Introspection).await?;
        Ok(endpoint
            .ok()
            .map(|endpoint| Inspector::new(self.clone(), &endpoint)))
    }

    /// Glance; none where the cloud has none.
    pub(crate) async fn images(&self) -> Result<Option<Images>, Error> {
        let endpoint = self.endpoint(Service::Image).await?;
        Ok(endpoint
            .ok()
            .map(|endpoint| Images::new(self.clone(), &endpoint)))
    }

    /// Where a service is: given by hand, or in the catalog. The inner error says why it is nowhere.
    pub(crate) async fn endpoint(&self, service: Service) -> Result<Result<Url, String>, Error> {
        let cloud = &self.0.cloud;
        if let Some(url) = cloud.endpoints.get(&service) {
            return Ok(Ok(url.clone()));
        }
        Ok(match self.token().await? {
            Some(token) => token
                .catalog
                .find(service, cloud.interface, cloud.region.as_deref()),
            None => Err("without Keystone, there is no catalog to look in".to_owned()),
        })
    }

    /// The project that a token is good for. Ironic shows a project its own nodes alone, which are none as a rule:
    /// whoever sees no nodes wants to know this.
    pub(crate) async fn project(&self) -> Result<Option<String>, Error> {
        Ok(self.token().await?.and_then(|token| token.project.clone()))
    }

    async fn token(&self) -> Result<Option<Arc<Token>>, Error> {
        match &self.0.keystone {
            Some(keystone) => keystone.token(self).await.map(Some),
            None => Ok(None),
        }
    }

    async fn forget(&self, token: &Arc<Token>) {
        if let Some(keystone) = &self.0.keystone {
            keystone.forget(token).await;
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("cloud", &self.0.cloud.origin)
            .finish_non_exhaustive()
    }
}

/// `path` below `base`, whether that ends with a slash or not.
pub(super) fn join(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

#[cfg(test)]
mod tests;
