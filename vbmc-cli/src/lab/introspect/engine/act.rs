//! Steps as requests, and what their answers mean.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::task::spawn_blocking;

use crate::lab::introspect::machine::{Failure, Fetched, Heard, Request};
use crate::lab::introspect::save;
use crate::lab::introspect::server::Server;
use crate::lab::vbmcd_log::{Said, VbmcdLog};
use crate::openstack::Error;
use crate::openstack::baremetal::Target;

/// How often fetching an inventory may fail before the node does.
pub(super) const FETCHES: u32 = 5;

/// What became of a step.
#[derive(Debug)]
pub(super) enum Happened {
    Heard(Request, Heard),
    Fetched(Result<Fetched, Error>),
    Explained(Failure, Option<Said>),
}

pub(super) async fn send(server: &Server, uuid: &str, request: Request) -> Heard {
    let ironic = &server.ironic;
    let provision = async |target: Target| ironic.set_provision_state(uuid, &target).await;
    let sent = match (request, &server.inspector) {
        (Request::Manage, _) => provision(Target::Manage).await,
        (Request::Inspect, None) => provision(Target::Inspect).await,
        (Request::Inspect, Some(inspector)) => inspector.start(uuid).await,
        (Request::AbortCleaning, _) | (Request::AbortInspection, None) => {
            provision(Target::Abort).await
        }
        (Request::AbortInspection, Some(inspector)) => inspector.abort(uuid).await,
        (Request::PowerOff, _) => ironic.switch_off(uuid).await,
        (Request::Clean, _) => provision(Target::clean_metadata()).await,
        (Request::Provide, _) => provision(Target::Provide).await,
        (Request::LiftFault, _) => ironic.clear_maintenance(uuid).await,
    };
    match sent {
        Ok(()) => Heard::Accepted,
        Err(Error::Interrupted { .. } | Error::Unreachable { .. }) => Heard::Nothing,
        Err(
            error @ (Error::Locked(_)
            | Error::BadState(_)
            | Error::NoConductor(_)
            | Error::Server(_)),
        ) => Heard::NotNow(text(&error)),
        Err(error) => Heard::Refused(text(&error)),
    }
}

/// What the server says; what was asked of it, we say ourselves.
fn text(error: &Error) -> String {
    match error.said() {
        Some(said) if !said.is_empty() => said.to_owned(),
        _ => error.to_string(),
    }
}

/// Fetches what inspection found, and keeps it.
pub(super) async fn fetch(
    server: &Server,
    uuid: &str,
    results: &Path,
    name: &str,
) -> Result<Fetched, Error> {
    let Some(found) = save::fetch(server, uuid).await? else {
        return Ok(Fetched::Nothing);
    };
    let (results, name) = (PathBuf::from(results), name.to_owned());
    let written = spawn_blocking(move || save::write(&results, &name, &found)).await;
    Ok(match written {
        Ok(Ok(path)) => {
            tracing::debug!("inventory in {}", path.display());
            Fetched::Saved
        }
        Ok(Err(error)) => Fetched::Failed(format!("{error:#}")),
        Err(error) => Fetched::Failed(error.to_string()),
    })
}

/// Finds out what Ironic has forgotten or never knew of a failure.
pub(super) async fn explain(
    server: &Server,
    uuid: &str,
    domain: Option<String>,
    log: Option<Arc<VbmcdLog>>,
    failure: Failure,
) -> Happened {
    let said = match failure.said {
        // Ironic has forgotten the reason on the node itself, and keeps it in the history.
        None if !failure.timed_out => last_fault(server, uuid).await,
        said => said,
    };
    let vbmcd = match domain.zip(log) {
        None => None,
        Some((domain, log)) => spawn_blocking(move || log.about(&domain))
            .await
            .ok()
            .flatten(),
    };
    Happened::Explained(Failure { said, ..failure }, vbmcd)
}

/// What went wrong last, as the history has it.
async fn last_fault(server: &Server, uuid: &str) -> Option<String> {
    let history = server.ironic.history(uuid).await;
    let history = history
        .inspect_err(|error| tracing::debug!("no history of {uuid}: {error}"))
        .ok()?;
    history.into_iter().rev().find_map(|entry| entry.event)
}
