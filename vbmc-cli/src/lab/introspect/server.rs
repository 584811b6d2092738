//! The Ironic that inspects: found, logged in to, and asked whether it can do what the inventory wants.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::lab::Run;
use crate::lab::config::{Publish, Role};
use crate::lab::inventory::NodeSpec;
use crate::lab::report::{Kind, Outcome, Subject};
use crate::openstack::baremetal::{Baremetal, Driver, Inspects};
use crate::openstack::inspector::Inspector;
use crate::openstack::{Error, Session};

/// A server that has just been started has no conductor at first.
const CONDUCTOR_LIMIT: Duration = Duration::from_secs(60);

/// Between two questions whether one is there now.
const CONDUCTOR_PAUSE: Duration = Duration::from_secs(2);

/// Who is asked for what.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) ironic: Baremetal,
    /// Where Ironic has no inspection of its own.
    pub(super) inspector: Option<Inspector>,
}

impl Server {
    pub(super) async fn connect(session: &Session) -> anyhow::Result<Self> {
        let ironic = session.baremetal().await?;
        let inspector = match ironic.inspects().await? {
            Inspects::Itself => None,
            Inspects::Inspector => Some(session.inspector().await?.with_context(|| {
                format!(
                    "Ironic at {} is too old to keep what inspection finds, and there is no ironic-inspector beside \
                     it; name one with baremetal_introspection_endpoint_override in clouds.yaml",
                    ironic.endpoint()
                )
            })?),
        };
        Ok(Self { ironic, inspector })
    }
}

/// Leaves the nodes whose driver the server has; reports the others. Leaves all where it doesn't tell us what it has, and
/// so will refuse them itself.
pub(super) async fn with_enabled_drivers(
    run: &Run,
    server: &Server,
    specs: Vec<NodeSpec>,
) -> anyhow::Result<Vec<NodeSpec>> {
    let Some(drivers) = drivers(run, &server.ironic).await? else {
        return Ok(specs);
    };
    let enabled: BTreeSet<_> = drivers.iter().map(|driver| driver.name.as_str()).collect();
    let names: Vec<_> = enabled.iter().copied().collect();
    let (usable, others): (Vec<_>, Vec<_>) = specs
        .into_iter()
        .partition(|spec| enabled.contains(spec.driver.as_str()));
    for spec in others {
        run.report.outcome(
            &Subject::new(Kind::Node, spec.label()),
            Outcome::Failed,
            format!(
                "its driver {} is not enabled in this Ironic, which has {}; add it to enabled_hardware_types in \
                 ironic.conf",
                spec.driver,
                names.join(", ")
            ),
        );
    }
    Ok(usable)
}

/// None for who may not see them: the drivers belong to the system, and nodes may belong to a project.
async fn drivers(run: &Run, ironic: &Baremetal) -> anyhow::Result<Option<Vec<Driver>>> {
    let begun = Instant::now();
    let mut told = false;
    loop {
        let trouble = match ironic.drivers().await {
            Ok(drivers) if !drivers.is_empty() => return Ok(Some(drivers)),
            Err(Error::Forbidden(_)) => return Ok(None),
            Ok(_) if begun.elapsed() < CONDUCTOR_LIMIT => "it has none".to_owned(),
            // Other answers of this kind have been waited out already.
            Err(Error::Server(answer))
                if answer.status == 500 && begun.elapsed() < CONDUCTOR_LIMIT =>
            {
                answer.to_string()
            }
            Ok(_) => bail!(
                "Ironic at {} has no conductor that runs: start ironic-conductor, or see its log",
                ironic.endpoint()
            ),
            Err(error) => return Err(error.into()),
        };
        if !told {
            let text = format!(
                "waiting for a conductor of Ironic, for up to {} s: {trouble}",
                CONDUCTOR_LIMIT.as_secs()
            );
            run.report
                .note(&Subject::new(Kind::Lab, &run.lab.name), text);
            told = true;
        }
        sleep(CONDUCTOR_PAUSE).await;
    }
}

/// Gives nodes the deploy image that `vbmc prepare` has published, where they have none of their own.
pub(super) fn give_deploy_image(run: &Run, specs: &mut [NodeSpec]) -> anyhow::Result<()> {
    let images = &run.lab.images;
    let Some(image) = images
        .images
        .iter()
        .find(|image| image.role == Role::Deploy)
    else {
        return Ok(());
    };
    if images.publish == Publish::None || !images.in_driver_info {
        return Ok(());
    }
    let published = run.manifest.contents().published.get(&image.name);
    for (key, file) in [
        (
            "deploy_kernel",
            published.and_then(|image| image.kernel.as_ref()),
        ),
        (
            "deploy_ramdisk",
            published.and_then(|image| image.ramdisk.as_ref()),
        ),
    ] {
        for spec in &mut *specs {
            if spec.driver_info.contains_key(key) {
                continue;
            }
            let Some(file) = file else {
                bail!(
                    "the image {} that nodes boot to be inspected is not published yet: run `vbmc prepare` first",
                    image.name
                );
            };
            spec.driver_info
                .insert(key.to_owned(), Value::from(file.0.as_str()));
        }
    }
    Ok(())
}
