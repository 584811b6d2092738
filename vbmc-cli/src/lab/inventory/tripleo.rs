//! TripleO's form: nodes.yaml and instackenv.json.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::driver::{self, Driver};
use super::entry::Entry;
use super::{NodeSpec, PortSpec};

/// What TripleO gives nodes that name none, and flavors ask for.
pub(super) const RESOURCE_CLASS: &str = "baremetal";

const KEYS: [&str; 27] = [
    "name",
    "uuid",
    "domain",
    "pm_type",
    "pm_addr",
    "pm_port",
    "pm_user",
    "pm_password",
    "pm_system_id",
    "ports",
    "mac",
    "cpu",
    "memory",
    "disk",
    "arch",
    "root_device",
    "capabilities",
    "profile",
    "resource_class",
    "conductor_group",
    "kernel_id",
    "ramdisk_id",
    "platform",
    "boot_interface",
    "deploy_interface",
    "inspect_interface",
    "_comment",
];

/// Ironic's interfaces, as `boot` in `boot_interface`.
const INTERFACES: [&str; 13] = [
    "bios",
    "boot",
    "console",
    "deploy",
    "firmware",
    "inspect",
    "management",
    "network",
    "power",
    "raid",
    "rescue",
    "storage",
    "vendor",
];

/// Ironic's root device hints.
const ROOT_DEVICE: [&str; 11] = [
    "by_path",
    "hctl",
    "model",
    "name",
    "rotational",
    "serial",
    "size",
    "vendor",
    "wwn",
    "wwn_vendor_extension",
    "wwn_with_extension",
];

/// What a node is. None where it has no driver, which has been noted.
pub(super) fn node(mut entry: Entry<'_, '_>, key: Option<String>) -> Option<NodeSpec> {
    entry.skip("_comment");
    let name = entry.string("name").or(key);
    let uuid = entry.string("uuid");
    let domain = entry.string("domain");
    let driver = driver(&mut entry, domain.is_some());
    let mut driver_info = Map::new();
    if let Some(driver) = driver {
        settings(&mut entry, driver, domain.is_some(), &mut driver_info);
    }
    images(&mut entry, ("kernel_id", "ramdisk_id"), &mut driver_info);
    let spec = NodeSpec {
        name,
        uuid,
        driver: driver
            .map(|driver| driver.name.to_owned())
            .unwrap_or_default(),
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
        extra: entry
            .string("platform")
            .map(|platform| ("tripleo_platform".to_owned(), Value::String(platform)))
            .into_iter()
            .collect(),
    };
    if driver.is_none() {
        // Which settings belong to it cannot be told.
        for key in entry.keys_with("") {
            if key.contains('_') {
                entry.skip(&key);
            }
        }
    }
    entry.finish(&KEYS);
    driver.map(|_| spec)
}

fn driver(entry: &mut Entry<'_, '_>, is_domain: bool) -> Option<Driver> {
    if !entry.has("pm_type") {
        if is_domain {
            return Driver::find("ipmi");
        }
        entry.wrong(
            "pm_type",
            format!(
                "is missing: how its power is switched, one of {}",
                driver::KNOWN
            ),
        );
        return None;
    }
    let pm_type = entry.string("pm_type")?;
    let driver = Driver::find(&pm_type);
    if driver.is_none() {
        entry.wrong(
            "pm_type",
            format!(
                "no driver is called so; the known ones are {}",
                driver::KNOWN
            ),
        );
    } else if is_domain && driver != Driver::find("ipmi") {
        entry.wrong(
            "pm_type",
            "a domain has a BMC that speaks IPMI: leave it out",
        );
    }
    driver
}

/// The BMC: `pm_*`, and the driver's own settings as they are.
fn settings(
    entry: &mut Entry<'_, '_>,
    driver: Driver,
    is_domain: bool,
    driver_info: &mut Map<String, Value>,
) {
    let own_address = driver
        .settings
        .iter()
        .find(|(key, _)| *key == "pm_addr")
        .map_or("", |(_, setting)| setting);
    if driver.needs_address && !is_domain && !entry.has("pm_addr") && !entry.has(own_address) {
        entry.wrong("pm_addr", "is missing: the address of its BMC");
    }
    if driver.name == "ipmi" && !is_domain {
        for (key, setting, what) in [
            ("pm_user", "ipmi_username", "user"),
            ("pm_password", "ipmi_password", "password"),
        ] {
            if !entry.has(key) && !entry.has(setting) {
                entry.wrong(
                    key,
                    format!("is missing: the {what} of its BMC; \"\" where it has none"),
                );
            }
        }
    }
    for (key, setting) in driver.settings {
        if *key == "pm_port" {
            if let Some(port) = entry.number(key, 1..=65535) {
                driver_info.insert((*setting).to_owned(), port.into());
            }
        } else if let Some(value) = entry.string(key) {
            driver_info.insert((*setting).to_owned(), value.into());
        }
    }
    for key in entry.keys_with(driver.prefix) {
        if driver_info.contains_key(&key) {
            continue;
        }
        if key == driver::IPMI_PORT {
            if let Some(port) = entry.number(&key, 1..=65535) {
                driver_info.insert(key, port.into());
            }
        } else if let Some(value) = entry.any(&key) {
            driver_info.insert(key, value);
        }
    }
    for key in entry.keys_with("pm_") {
        if KEYS.contains(&key.as_str()) && driver.settings.iter().all(|(known, _)| *known != key) {
            entry.wrong(
                &key,
                format!("the driver {} has no use for it", driver.name),
            );
            entry.skip(&key);
        }
    }
}

/// The ramdisk that it boots to be inspected.
pub(super) fn images(
    entry: &mut Entry<'_, '_>,
    (kernel, ramdisk): (&str, &str),
    driver_info: &mut Map<String, Value>,
) {
    for (key, setting) in [(kernel, "deploy_kernel"), (ramdisk, "deploy_ramdisk")] {
        if let Some(value) = entry.string(key) {
            driver_info.insert(setting.to_owned(), value.into());
        }
    }
}

fn properties(entry: &mut Entry<'_, '_>) -> Map<String, Value> {
    let mut properties = Map::new();
    for (key, property) in [
        ("cpu", "cpus"),
        ("memory", "memory_mb"),
        ("disk", "local_gb"),
    ] {
        if let Some(number) = entry.number(key, 0..=u64::MAX) {
            properties.insert(property.to_owned(), number.into());
        }
    }
    if let Some(arch) = entry.string("arch") {
        properties.insert("cpu_arch".to_owned(), arch.into());
    }
    if let Some(hints) = entry.map("root_device") {
        for hint in hints
            .keys()
            .filter(|hint| !ROOT_DEVICE.contains(&hint.as_str()))
        {
            entry.wrong(
                "root_device",
                format!(
                    "{hint}: unknown hint; the known ones are {}",
                    ROOT_DEVICE.join(", ")
                ),
            );
        }
        properties.insert("root_device".to_owned(), Value::Object(hints));
    }
    let mut capabilities: BTreeMap<String, String> =
        entry.capabilities("capabilities").into_iter().collect();
    if let Some(profile) = entry.string("profile") {
        capabilities.insert("profile".to_owned(), profile);
    }
    if !capabilities.is_empty() {
        properties.insert("capabilities".to_owned(), joined(&capabilities).into());
    }
    properties
}

/// Capabilities as Ironic keeps them.
pub(super) fn joined(capabilities: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = capabilities
        .iter()
        .map(|(name, value)| format!("{name}:{value}"))
        .collect();
    pairs.join(",")
}

fn ports(entry: &mut Entry<'_, '_>) -> Vec<PortSpec> {
    let mut ports = entry.ports("ports", "address");
    ports.extend(entry.macs("mac"));
    ports
}

/// `boot_interface` and its like.
pub(super) fn interfaces(entry: &mut Entry<'_, '_>) -> BTreeMap<String, String> {
    INTERFACES
        .iter()
        .map(|interface| format!("{interface}_interface"))
        .filter_map(|key| {
            let value = entry.string(&key)?;
            Some((key, value))
        })
        .collect()
}
