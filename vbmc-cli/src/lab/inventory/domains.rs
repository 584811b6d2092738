//! What libvirt and vbmcd know of the lab's domains, and what nodes get from there.

use std::collections::BTreeMap;

use serde_json::Value;
use vbmc_core::Secret;

use super::entry::port;
use super::{Mac, NodeSpec};
use crate::lab::config::Lab;
use crate::lab::problems::Problems;
use crate::lab::variables::{Variables, domain_prefix};

/// The domains of a lab by name, as far as they are there.
pub(crate) type KnownDomains = BTreeMap<String, KnownDomain>;

/// A domain that libvirt knows.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownDomain {
    /// Of its network cards, in their order.
    pub(crate) macs: Vec<Mac>,
    pub(crate) bmc: Option<KnownBmc>,
}

/// A domain's BMC as Ironic reaches it.
#[derive(Debug, Clone)]
pub(crate) struct KnownBmc {
    pub(crate) address: String,
    pub(crate) port: u16,
    pub(crate) username: String,
    pub(crate) password: Secret,
}

/// The variables of the domains, for the inventory.
pub(super) fn variables(lab: &Lab, domains: &KnownDomains) -> Variables {
    let mut variables = lab.variables.clone();
    for name in lab.domains.keys() {
        let prefix = domain_prefix(name);
        let of = |what: &str| format!("{prefix}_{what}");
        for what in [
            "MAC",
            "BMC_ADDRESS",
            "BMC_PORT",
            "BMC_USERNAME",
            "BMC_PASSWORD",
        ] {
            variables = variables.later(of(what));
        }
        let Some(known) = domains.get(name) else {
            continue;
        };
        if let Some(mac) = known.macs.first() {
            variables = variables.with(of("MAC"), mac.as_str());
        }
        if let Some(bmc) = &known.bmc {
            variables = variables
                .with(of("BMC_ADDRESS"), &bmc.address)
                .with(of("BMC_PORT"), bmc.port.to_string())
                .with(of("BMC_USERNAME"), &bmc.username)
                .with(of("BMC_PASSWORD"), bmc.password.reveal());
        }
    }
    variables
}

/// Fills in what a node that is a domain doesn't say itself.
pub(super) fn fill_in(
    file: &str,
    lab: &Lab,
    domains: &KnownDomains,
    node: &mut NodeSpec,
    problems: &mut Problems,
) {
    let Some(name) = node.domain.clone() else {
        return;
    };
    let place = format!("{file}: node {}", node.label());
    if node.name.is_none() {
        node.name = Some(name.clone());
    }
    if !lab.domains.contains_key(&name) {
        let all: Vec<&str> = lab.domains.keys().map(String::as_str).collect();
        let there = match &*all {
            [] => "none".to_owned(),
            all => all.join(", "),
        };
        problems.add(
            place,
            format!("domain: \"{name}\" is not in domains/ of this lab; there: {there}"),
        );
        return;
    }
    let Some(known) = domains.get(&name) else {
        problems.add(
            place,
            format!("domain: {name} is not defined yet: run `vbmc prepare` first"),
        );
        return;
    };
    if node.ports.is_empty() {
        node.ports = known.macs.iter().cloned().map(port).collect();
    }
    let mut set = |key: &str, value: Value| {
        if !node.driver_info.contains_key(key) {
            node.driver_info.insert(key.to_owned(), value);
        }
    };
    match &known.bmc {
        Some(bmc) => {
            set("ipmi_address", bmc.address.clone().into());
            set("ipmi_port", bmc.port.into());
            set("ipmi_username", bmc.username.clone().into());
            set("ipmi_password", bmc.password.reveal().into());
        }
        None if node.driver_info.contains_key("ipmi_address") => {}
        None if lab.domains.get(&name).is_some_and(|domain| domain.bmc.is_none()) => problems.add(
            place,
            format!("domain: {name} is to have no BMC: give it a port in [domains.{name}] of lab.toml, and not bmc = false"),
        ),
        None => problems.add(
            place,
            format!("domain: {name} has no BMC yet: run `vbmc prepare` first"),
        ),
    }
}

/// The nodes of a lab without an inventory: each domain that has a BMC.
pub(super) fn as_nodes(lab: &Lab) -> Vec<NodeSpec> {
    lab.domains
        .values()
        .filter(|domain| domain.bmc.is_some())
        .map(|domain| NodeSpec {
            name: Some(domain.name.clone()),
            uuid: None,
            driver: "ipmi".to_owned(),
            domain: Some(domain.name.clone()),
            driver_info: Default::default(),
            properties: Default::default(),
            ports: Vec::new(),
            resource_class: Some(super::tripleo::RESOURCE_CLASS.to_owned()),
            conductor_group: None,
            interfaces: BTreeMap::new(),
            extra: Default::default(),
        })
        .collect()
}

/// The domains as lab.toml plans them, for checks before they are there. The MAC addresses are made up, of a kind that no
/// network card has (they are groups'): whatever real ones the inventory names, they are others.
pub(crate) fn planned(lab: &Lab) -> KnownDomains {
    let domains = lab.domains.values().zip(1u32..);
    domains
        .map(|(domain, number)| {
            let [_, a, b, c] = number.to_be_bytes();
            let mac = Mac(format!("03:00:00:{a:02x}:{b:02x}:{c:02x}"));
            let bmc = domain.bmc.as_ref().map(|bmc| KnownBmc {
                address: bmc.address.clone().unwrap_or_else(|| bmc.listen.clone()),
                port: bmc.port,
                username: bmc.username.clone(),
                password: bmc.password.clone(),
            });
            let known = KnownDomain {
                macs: vec![mac],
                bmc,
            };
            (domain.name.clone(), known)
        })
        .collect()
}
