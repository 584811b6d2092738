//! Ironic v1: nodes, ports, states, inventory.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`node`] | nodes: told of, made, changed |
//! | [`state`] | their states, and what can be asked of them |
//! | [`resource`] | ports, history, drivers |
//! | [`version`] | microversions |
//!
//! Each method is one call, or one for each page. Who waits for a node, and what for, is no business of this module.

mod node;
mod resource;
mod state;
mod version;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

pub(crate) use self::node::{Fields, NewNode, Node, PatchOp};
pub(crate) use self::resource::{Driver, HistoryEntry, NewPort, Port};
pub(crate) use self::state::{PROVISION_STATES, PowerState, ProvisionState, Target};
pub(crate) use self::version::Microversion;
use self::version::Negotiated;
use super::error::Error;
use super::service::Service;
use super::session::{Response, Session};

/// More pages than any list has: a server that never ends must not keep us.
const MAX_PAGES: usize = 10_000;

/// The `Date` header has whole seconds, and travels: less than this is no difference of clocks.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(2);

/// An Ironic. Clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Baremetal {
    session: Session,
    /// Without `/v1`.
    endpoint: Url,
    negotiated: Negotiated,
    /// The server's clock less ours, in milliseconds.
    clock: Arc<AtomicI64>,
}

/// Who inspects a server's nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inspects {
    /// Ironic, which keeps the inventory too.
    Itself,
    /// ironic-inspector, which has its own API.
    Inspector,
}

impl Baremetal {
    pub(super) fn new(session: Session, endpoint: &Url) -> Self {
        Self {
            session,
            endpoint: base(endpoint),
            negotiated: Negotiated::default(),
            clock: Arc::default(),
        }
    }

    pub(crate) fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    /// The version that is spoken.
    pub(crate) async fn version(&self) -> Result<Microversion, Error> {
        if self.negotiated.server_maximum().is_none() {
            self.call(Method::GET, &[], |_| None, None, true).await?;
        }
        Ok(self.negotiated.version())
    }

    /// Whether the server's own inspection can be had, inventory and all.
    pub(crate) async fn inspects(&self) -> Result<Inspects, Error> {
        Ok(if self.version().await? >= Microversion::INVENTORY {
            Inspects::Itself
        } else {
            Inspects::Inspector
        })
    }

    /// What time it is there. Ages computed from the server's timestamps need it.
    pub(crate) fn now(&self) -> Timestamp {
        let offset = SignedDuration::from_millis(self.clock.load(Ordering::Relaxed));
        let now = Timestamp::now();
        now.checked_add(offset).unwrap_or(now)
    }

    /// How long a node has been in its state.
    pub(crate) fn in_state_for(&self, node: &Node) -> Option<Duration> {
        let age = self.now().duration_since(node.provision_updated_at?);
        Some(Duration::try_from(age).unwrap_or_default())
    }

    /// Why a list without nodes may be no surprise.
    pub(crate) async fn why_no_nodes(&self) -> Result<Option<String>, Error> {
        Ok(self.session.project().await?.map(|project| {
            format!(
                "the login is for project {project}, and Ironic shows a project its own nodes alone; to see all, set \
                 system_scope: all (OS_SYSTEM_SCOPE=all) in place of the project"
            )
        }))
    }

    pub(crate) async fn nodes(&self, fields: Fields) -> Result<Vec<Node>, Error> {
        let mut nodes = Vec::new();
        self.pages(&["nodes"], &[], fields, |page: NodePage| {
            nodes.extend(page.nodes);
            page.next
        })
        .await?;
        Ok(nodes)
    }

    /// By UUID or name.
    pub(crate) async fn node(&self, id: &str, fields: Fields) -> Result<Node, Error> {
        let query = |version| Some(format!("fields={}", fields.query(version)?));
        let path = ["nodes", id];
        let response = self.call(Method::GET, &path, query, None, true).await?;
        response.json()
    }

    pub(crate) async fn create_node(&self, node: &NewNode) -> Result<Node, Error> {
        let body = serde_json::to_value(node).expect("maps with strings as keys");
        let response = self.write(Method::POST, &["nodes"], body, false).await?;
        response.json()
    }

    pub(crate) async fn patch_node(&self, uuid: &str, ops: &[PatchOp]) -> Result<Node, Error> {
        self.patch(&["nodes", uuid], ops).await?.json()
    }

    pub(crate) async fn delete_node(&self, uuid: &str) -> Result<(), Error> {
        self.delete(&["nodes", uuid]).await
    }

    pub(crate) async fn set_provision_state(&self, uuid: &str, to: &Target) -> Result<(), Error> {
        let path = ["nodes", uuid, "states", "provision"];
        self.write(Method::PUT, &path, to.body(), false).await?;
        Ok(())
    }

    pub(crate) async fn switch_off(&self, uuid: &str) -> Result<(), Error> {
        let path = ["nodes", uuid, "states", "power"];
        let body = json!({ "target": PowerState::Off });
        self.write(Method::PUT, &path, body, true).await?;
        Ok(())
    }

    pub(crate) async fn set_maintenance(&self, uuid: &str, reason: &str) -> Result<(), Error> {
        let path = ["nodes", uuid, "maintenance"];
        let body = json!({ "reason": reason });
        self.write(Method::PUT, &path, body, true).await?;
        Ok(())
    }

    pub(crate) async fn clear_maintenance(&self, uuid: &str) -> Result<(), Error> {
        self.delete(&["nodes", uuid, "maintenance"]).await
    }

    /// What inspection found: `inventory` and `plugin_data`.
    pub(crate) async fn inventory(&self, uuid: &str) -> Result<Value, Error> {
        self.needs(Microversion::INVENTORY, "the inventory").await?;
        self.read(&["nodes", uuid, "inventory"], None).await
    }

    /// What went wrong with a node, oldest first.
    pub(crate) async fn history(&self, uuid: &str) -> Result<Vec<HistoryEntry>, Error> {
        self.needs(Microversion::HISTORY, "the history").await?;
        let page: HistoryPage = self.read(&["nodes", uuid, "history"], None).await?;
        Ok(page.history)
    }

    pub(crate) async fn drivers(&self) -> Result<Vec<Driver>, Error> {
        let page: DriverPage = self.read(&["drivers"], None).await?;
        Ok(page.drivers)
    }

    pub(crate) async fn ports(&self, node_uuid: &str) -> Result<Vec<Port>, Error> {
        self.list_ports(("node", node_uuid)).await
    }

    pub(crate) async fn port_by_address(&self, address: &str) -> Result<Option<Port>, Error> {
        Ok(self.list_ports(("address", address)).await?.pop())
    }

    pub(crate) async fn create_port(&self, port: &NewPort) -> Result<Port, Error> {
        let body = serde_json::to_value(port).expect("maps with strings as keys");
        let response = self.write(Method::POST, &["ports"], body, false).await?;
        response.json()
    }

    pub(crate) async fn patch_port(&self, uuid: &str, ops: &[PatchOp]) -> Result<Port, Error> {
        self.patch(&["ports", uuid], ops).await?.json()
    }

    async fn list_ports(&self, filter: (&str, &str)) -> Result<Vec<Port>, Error> {
        let mut ports = Vec::new();
        self.pages(
            &["ports"],
            &[filter, ("detail", "true")],
            Fields::ALL,
            |page: PortPage| {
                ports.extend(page.ports);
                page.next
            },
        )
        .await?;
        Ok(ports)
    }

    async fn needs(&self, version: Microversion, what: &str) -> Result<(), Error> {
        let spoken = self.version().await?;
        if spoken >= version {
            return Ok(());
        }
        Err(Error::Unsupported(format!(
            "this Ironic speaks version {spoken} of its API, and {what} came with {version}"
        )))
    }

    /// Asks for page after page. `take` takes one, and returns the link to the next.
    async fn pages<P: DeserializeOwned>(
        &self,
        path: &[&str],
        filters: &[(&str, &str)],
        fields: Fields,
        mut take: impl FnMut(P) -> Option<Url>,
    ) -> Result<(), Error> {
        let first = |version| {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(filters);
            if let Some(fields) = fields.query(version) {
                query.append_pair("fields", &fields);
            }
            Some(query.finish()).filter(|query| !query.is_empty())
        };
        let mut response = self.call(Method::GET, path, first, None, true).await?;
        let mut asked = HashSet::new();
        for _ in 0..MAX_PAGES {
            // Of the link, only the query: behind a proxy, the server may not know its own name.
            let Some(link) = take(response.json()?) else {
                return Ok(());
            };
            if !asked.insert(link.query().map(str::to_owned)) {
                return Err(
                    response.foreign("its list goes round: it gives the same next page twice")
                );
            }
            let query = |_| link.query().map(str::to_owned);
            response = self.call(Method::GET, path, query, None, true).await?;
        }
        Err(response.foreign("its list does not end"))
    }

    async fn read<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: Option<String>,
    ) -> Result<T, Error> {
        let query = |_| query.clone();
        let response = self.call(Method::GET, path, query, None, true).await?;
        response.json()
    }

    async fn write(
        &self,
        method: Method,
        path: &[&str],
        body: Value,
        repeatable: bool,
    ) -> Result<Response, Error> {
        self.call(method, path, |_| None, Some(body), repeatable)
            .await
    }

    async fn patch(&self, path: &[&str], ops: &[PatchOp]) -> Result<Response, Error> {
        let body = serde_json::to_value(ops).expect("maps with strings as keys");
        // What is set twice is as good as set once.
        self.write(Method::PATCH, path, body, true).await
    }

    async fn delete(&self, path: &[&str]) -> Result<(), Error> {
        self.call(Method::DELETE, path, |_| None, None, true)
            .await?;
        Ok(())
    }

    /// One call, in the version that both know; once more if that has to be found out.
    async fn call(
        &self,
        method: Method,
        path: &[&str],
        query: impl Fn(Microversion) -> Option<String>,
        body: Option<Value>,
        repeatable: bool,
    ) -> Result<Response, Error> {
        loop {
            let version = self.negotiated.version();
            let mut url = below(&self.endpoint, path);
            url.set_query(query(version).as_deref());
            let mut request = self
                .session
                .request(Service::Baremetal, method.clone(), url)
                .header(version::HEADER, version.to_string())
                .tolerate(StatusCode::NOT_ACCEPTABLE)
                .repeatable(repeatable);
            if let Some(body) = &body {
                request = request.json(body);
            }
            let sent = request.send().await;
            let response = sent.map_err(|error| self.if_it_is_ironic(path, error))?;
            self.negotiated.learn(&response)?;
            if path.is_empty() && self.negotiated.server_maximum().is_none() {
                return Err(response.foreign(&self.is_this_ironic("says no version of Ironic's")));
            }
            self.set_clock(&response);
            if response.status != StatusCode::NOT_ACCEPTABLE {
                return Ok(response);
            }
            // Each turn asks for an older version than the one before.
            if self.negotiated.version() >= version {
                return Err(response.refusal());
            }
        }
    }

    /// Every Ironic has its root and its lists: where one isn't there, something else answers.
    fn if_it_is_ironic(&self, path: &[&str], error: Error) -> Error {
        match error {
            Error::NotFound(answer) if path.len() <= 1 => Error::Foreign {
                service: answer.service.to_owned(),
                call: answer.call,
                reason: self.is_this_ironic("has no such page"),
            },
            error => error,
        }
    }

    fn is_this_ironic(&self, what: &str) -> String {
        format!(
            "{} {what}. Is this Ironic's API? It has port 6385, unless configured otherwise; the web server for images \
             and boot files has another",
            self.endpoint
        )
    }

    fn set_clock(&self, response: &Response) {
        let Some(there) = response.date() else {
            return;
        };
        // The header's fraction is cut off: half a second, on average.
        let offset = there.duration_since(Timestamp::now()) + SignedDuration::from_millis(500);
        let offset = match offset.unsigned_abs() <= CLOCK_TOLERANCE {
            true => 0,
            false => i64::try_from(offset.as_millis()).unwrap_or(0),
        };
        self.clock.store(offset, Ordering::Relaxed);
    }
}

/// An endpoint without its version, whether it came with one or not.
fn base(endpoint: &Url) -> Url {
    let mut base = endpoint.clone();
    let path = endpoint.path().trim_end_matches('/');
    base.set_path(path.strip_suffix("/v1").unwrap_or(path));
    base
}

/// Below `/v1`. Names are the user's: each stays one segment.
fn below(base: &Url, path: &[&str]) -> Url {
    let mut url = super::session::join(base, "v1");
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.extend(path);
    }
    url
}

#[derive(Deserialize)]
struct NodePage {
    nodes: Vec<Node>,
    next: Option<Url>,
}

#[derive(Deserialize)]
struct PortPage {
    ports: Vec<Port>,
    next: Option<Url>,
}

#[derive(Deserialize)]
struct HistoryPage {
    history: Vec<HistoryEntry>,
}

#[derive(Deserialize)]
struct DriverPage {
    drivers: Vec<Driver>,
}

#[cfg(test)]
mod tests;
