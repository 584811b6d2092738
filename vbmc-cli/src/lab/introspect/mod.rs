//! `vbmc introspect`: registers the inventory with Ironic, has its nodes inspected, keeps what was found, and makes the
//! nodes available.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`known`] | what libvirt and vbmcd know of the lab's domains |
//! | [`server`] | the Ironic, and whether it can do what is wanted |
//! | [`register`] | nodes and ports: found, made, changed |
//! | [`machine`] | what to do next with one node, without IO |
//! | [`engine`] | does it, with all nodes at once |
//! | [`save`] | the files of what was found |
//! | [`tell`] | how nodes ended, in words |

mod engine;
mod known;
mod machine;
mod register;
mod save;
mod server;
mod tell;

use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;

use self::engine::Terms;
use self::register::Intent;
pub(crate) use self::register::SentSecrets;
use self::server::Server;
use self::tell::Place;
use super::Run;
use super::inventory::{Inventory, NodeSpec, domains};
use super::report::{Kind, Subject};
use crate::openstack::Session;

/// What is wanted beyond what lab.toml says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    /// Inspect nodes also when they were before.
    pub(crate) again: bool,
    pub(crate) clean: Option<bool>,
    pub(crate) provide: Option<bool>,
    /// These nodes only; none: all.
    pub(crate) nodes: Vec<String>,
    pub(crate) concurrency: Option<usize>,
    pub(crate) timeout: Option<Duration>,
    /// Let the operator confirm what only they can do.
    pub(crate) confirm: bool,
}

/// Checks a lab's inventory as far as that goes without asking anybody: all that is wrong, at once.
pub(crate) fn check(run: &Run, options: &Options) -> anyhow::Result<()> {
    let inventory = Inventory::load(&run.lab, &domains::planned(&run.lab))?;
    chosen(inventory.nodes, &options.nodes)?;
    Ok(())
}

/// Does all of it. What failed is reported; an error is what stopped the whole run.
pub(crate) async fn introspect(
    run: &mut Run,
    session: &Session,
    options: &Options,
) -> anyhow::Result<()> {
    let server = Arc::new(Server::connect(session).await?);
    let known = known::domains(&run.lab, server.ironic.endpoint()).await?;
    let inventory = Inventory::load(&run.lab, &known)?;
    let lab = Subject::new(Kind::Lab, &run.lab.name);
    for warning in &inventory.warnings {
        run.report.warning(&lab, warning);
    }
    let mut specs = chosen(inventory.nodes, &options.nodes)?;
    server::give_deploy_image(run, &mut specs)?;
    let specs = server::with_enabled_drivers(run, &server, specs).await?;
    let config = &run.lab.introspection;
    let intent = Intent {
        again: options.again,
        clean: options.clean.unwrap_or(config.clean),
        provide: options.provide.unwrap_or(config.provide),
    };
    let members = register::register(run, &server, specs, intent).await?;
    if run.dry_run {
        return Ok(());
    }
    run.report.phase("Inspecting nodes");
    let config = &run.lab.introspection;
    let terms = Terms {
        intent,
        attempts: config.attempts,
        confirm: options.confirm,
        place: Place {
            ironic: server.ironic.endpoint().to_string(),
            libvirt_uri: run.lab.libvirt_uri.clone(),
            results: run.lab.results.clone(),
            concurrency: options.concurrency.unwrap_or(config.concurrency).max(1),
            timeout: options.timeout.unwrap_or(config.timeout),
        },
    };
    engine::run(&run.report, server, members, terms).await
}

/// The nodes that are meant: by name, domain or UUID.
fn chosen(mut specs: Vec<NodeSpec>, names: &[String]) -> anyhow::Result<Vec<NodeSpec>> {
    let is = |spec: &NodeSpec, name: &String| {
        spec.label() == *name
            || spec.domain.as_ref() == Some(name)
            || spec.uuid.as_ref() == Some(name)
    };
    let unknown: Vec<_> = names
        .iter()
        .filter(|name| !specs.iter().any(|spec| is(spec, name)))
        .map(String::as_str)
        .collect();
    if !unknown.is_empty() {
        let all: Vec<_> = specs.iter().map(NodeSpec::label).collect();
        bail!(
            "the inventory has no node {}; it has {}",
            unknown.join(", "),
            all.join(", ")
        );
    }
    if !names.is_empty() {
        specs.retain(|spec| names.iter().any(|name| is(spec, name)));
    }
    Ok(specs)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::register::tests::spec;
    use super::*;

    #[test]
    fn nodes_are_chosen_by_name_and_unknown_ones_are_all_named() {
        let specs = || vec![spec(json!({"name": "a"})), spec(json!({"name": "b"}))];
        let names = |names: &[&str]| -> Vec<_> {
            let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
            match chosen(specs(), &names) {
                Ok(specs) => specs.iter().map(NodeSpec::label).collect(),
                Err(error) => vec![error.to_string()],
            }
        };
        assert_eq!(names(&[]), ["a", "b"]);
        assert_eq!(names(&["b"]), ["b"]);
        assert_eq!(
            names(&["c", "a", "d"]),
            ["the inventory has no node c, d; it has a, b"]
        );
    }
}
