//! What libvirt and vbmcd know of the lab's domains: MAC addresses, and how Ironic gets to their BMCs.

use anyhow::Context;
use tokio::task::spawn_blocking;
use url::Url;
use vbmc_core::config::ConfigFile;
use vbmc_core::host::libvirt::admin::Admin;

use crate::client::{Client, ClientError};
use crate::lab::bmcs::address;
use crate::lab::config::Lab;
use crate::lab::inventory::Mac;
use crate::lab::inventory::domains::{KnownBmc, KnownDomain, KnownDomains};

/// Asks libvirt and vbmcd, where the lab has domains. Those that are not there yet are left out.
pub(super) async fn domains(lab: &Lab, ironic: &Url) -> anyhow::Result<KnownDomains> {
    let mut known = KnownDomains::new();
    if lab.domains.is_empty() {
        return Ok(known);
    }
    let client = Client::from_config(&ConfigFile::load()?)?;
    for (name, macs) in macs(lab).await? {
        let bmc = match lab
            .domains
            .get(&name)
            .and_then(|domain| domain.bmc.as_ref())
        {
            None => None,
            Some(settings) => match client.credentials(&name).await {
                Ok(login) => Some(KnownBmc {
                    address: address::for_ironic(
                        settings.address.as_deref(),
                        &login.address,
                        Some(ironic),
                    )
                    .await?,
                    port: login.port,
                    username: login.username,
                    password: login.password,
                }),
                Err(ClientError::Refused(why)) => {
                    tracing::debug!("no BMC for {name}: {why}");
                    None
                }
                Err(error) => return Err(error.into()),
            },
        };
        known.insert(name, KnownDomain { macs, bmc });
    }
    Ok(known)
}

/// The MAC addresses of the domains that libvirt has.
async fn macs(lab: &Lab) -> anyhow::Result<Vec<(String, Vec<Mac>)>> {
    let uri = lab.libvirt_uri.clone();
    let names: Vec<_> = lab.domains.keys().cloned().collect();
    let asked = spawn_blocking(move || {
        let admin = Admin::open(&uri, None)?;
        let mut found = Vec::new();
        for name in names {
            if let Some(facts) = admin.domain(&name)? {
                let macs = facts.macs.iter().filter_map(|mac| Mac::parse(mac));
                found.push((name, macs.collect()));
            }
        }
        anyhow::Ok(found)
    });
    asked.await.context("libvirt could not be asked")?
}
