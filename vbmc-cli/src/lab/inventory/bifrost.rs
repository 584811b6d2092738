//! Bifrost's form: baremetal.json and baremetal.yml, which name things as Ironic does.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::driver::{DEFAULT_IPMI_PORT, Driver, IPMI_PORT};
use super::entry::Entry;
use super::tripleo::{RESOURCE_CLASS, images, interfaces, joined};
use super::{NodeSpec, PortSpec};

/// What concerns the deployment of an operating system later, and not the registration.
const FOR_DEPLOYMENT: [&str; 15] = [
    "_comment",
    "addressing_mode",
    "ansible_ssh_host",
    "groups",
    "host_groups",
    "instance_info",
    "inventory_dhcp",
    "inventory_dhcp_static_ip",
    "ipv4_address",
    "ipv4_gateway",
    "ipv4_interface_mac",
    "ipv4_nameserver",
    "ipv4_subnet_mask",
    "node_network_info",
    "provisioning_ipv4_address",
];

const KEYS: [&str; 19] = [
    "name",
    "uuid",
    "domain",
    "driver",
    "driver_info",
    "nics",
    "ports",
    "properties",
    "resource_class",
    "conductor_group",
    "extra",
    "ipa_kernel_url",
    "ipa_ramdisk_url",
    "boot_interface",
    "deploy_interface",
    "inspect_interface",
    "instance_info",
    "ipv4_address",
    "host_groups",
];

/// What a node is. None where it has no driver, which has been noted.
pub(super) fn node(mut entry: Entry<'_, '_>, key: Option<String>) -> Option<NodeSpec> {
    for key in FOR_DEPLOYMENT {
        entry.skip(key);
    }
    let name = entry.string("name").or(key);
    let uuid = entry.string("uuid");
    let domain = entry.string("domain");
    if domain.is_none() && !entry.has("driver") {
        entry.wrong(
            "driver",
            "is missing: how its power is switched, as in `driver: ipmi`",
        );
    }
    let driver = match entry.string("driver") {
        // Ironic itself says which others it has.
        Some(driver) => Some(Driver::find(&driver).map_or(driver, |known| known.name.to_owned())),
        None => domain.is_some().then(|| "ipmi".to_owned()),
    };
    let mut driver_info = driver_info(&mut entry);
    images(
        &mut entry,
        ("ipa_kernel_url", "ipa_ramdisk_url"),
        &mut driver_info,
    );
    if driver.as_deref() == Some("ipmi") && domain.is_none() {
        for (key, what) in [
            ("ipmi_address", "address of its BMC"),
            ("ipmi_username", "user of its BMC; \"\" where it has none"),
            (
                "ipmi_password",
                "password of its BMC; \"\" where it has none",
            ),
        ] {
            if !driver_info.contains_key(key) {
                entry.wrong("driver_info", format!("{key}: is missing: the {what}"));
            }
        }
    }
    let spec = NodeSpec {
        name,
        uuid,
        driver: driver.clone().unwrap_or_default(),
        domain,
        driver_info,
        properties: properties(&mut entry),
        ports: ports(&mut entry),
        resource_class: Some(
            entry
                .string("resource_class")
                .unwrap_or_else(|| RESOURCE_CLASS.to_owned()),
        ),
        conductor_group: entry.string("conductor_group"),
        interfaces: interfaces(&mut entry),
        extra: entry.map("extra").unwrap_or_default(),
    };
    entry.finish(&KEYS);
    driver.map(|_| spec)
}

/// Flat, or in groups such as `power`, which Ironic doesn't know.
fn driver_info(entry: &mut Entry<'_, '_>) -> Map<String, Value> {
    let mut flat = Map::new();
    for (key, value) in entry.map("driver_info").unwrap_or_default() {
        match value {
            Value::Object(group)
                if ["console", "deploy", "management", "power"].contains(&key.as_str()) =>
            {
                flat.extend(group);
            }
            value => {
                flat.insert(key, value);
            }
        }
    }
    for key in ["ipmi_address", "ipmi_username", "ipmi_password"] {
        match flat.get_mut(key) {
            // Ironic wants text.
            Some(value @ Value::Number(_)) if !value.is_f64() => {
                *value = Value::String(value.to_string());
            }
            None | Some(Value::String(_)) => {}
            Some(_) => entry.wrong(
                "driver_info",
                format!("{key}: must be a string: put it into quotes"),
            ),
        }
    }
    if let Some(value) = flat.get_mut(IPMI_PORT) {
        let port = match &*value {
            Value::String(text) => text.parse().ok(),
            value => value.as_u64(),
        };
        match port.filter(|port| (1..=65535).contains(port)) {
            Some(port) => *value = port.into(),
            None => entry.wrong(
                "driver_info",
                format!("{IPMI_PORT}: must be a number from 1 to 65535, as {DEFAULT_IPMI_PORT}"),
            ),
        }
    }
    flat
}

/// As Ironic has them; Bifrost's own names for two of them too.
fn properties(entry: &mut Entry<'_, '_>) -> Map<String, Value> {
    let mut properties = entry.map("properties").unwrap_or_default();
    for (own, ironic) in [("ram", "memory_mb"), ("disk_size", "local_gb")] {
        if let Some(value) = properties.remove(own) {
            properties.entry(ironic).or_insert(value);
        }
    }
    for key in ["cpus", "memory_mb", "local_gb"] {
        let Some(value) = properties.get_mut(key) else {
            continue;
        };
        let number = match &*value {
            Value::String(text) => text.trim().parse::<u64>().ok(),
            value => value.as_u64(),
        };
        match number {
            Some(number) => *value = number.into(),
            None => entry.wrong("properties", format!("{key}: must be a whole number")),
        }
    }
    if let Some(Value::Object(map)) = properties.get("capabilities") {
        let pairs: BTreeMap<String, String> = map
            .iter()
            .map(|(name, value)| {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                (name.clone(), text)
            })
            .collect();
        properties.insert("capabilities".to_owned(), joined(&pairs).into());
    }
    properties
}

fn ports(entry: &mut Entry<'_, '_>) -> Vec<PortSpec> {
    let mut ports = entry.ports("nics", "mac");
    ports.extend(entry.ports("ports", "address"));
    ports
}
