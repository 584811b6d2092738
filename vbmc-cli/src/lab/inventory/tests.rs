//! Inventories as people write them, and what is said of their mistakes.

use std::fs;

use serde_json::json;
use tempfile::TempDir;
use vbmc_core::Secret;

use super::domains::{KnownBmc, KnownDomain, KnownDomains};
use super::*;
use crate::lab::config::Lab;

const LAB: &str = r#"
[bmcs]
password = "hunter2"
[domains.openstack-controller]
port = 6230
[variables]
CONTROLLER_MAC_ADDRESS = "$OPENSTACK_CONTROLLER_MAC"
CONTROLLER_VIRTUALBMC_PORT = 6230
VIRTUALBMC_HOST = "192.0.2.1"
VIRTUALBMC_USERNAME = "admin"
VIRTUALBMC_PASSWORD = "hunter2"
"#;

/// A lab with one domain and this inventory.
fn lab(name: &str, inventory: &str) -> (TempDir, Lab) {
    let dir = tempfile::Builder::new().prefix("lab").tempdir().unwrap();
    let domain = dir.path().join("domains/openstack-controller");
    fs::create_dir_all(&domain).unwrap();
    fs::write(domain.join("domain.xml"), "").unwrap();
    fs::write(dir.path().join("lab.toml"), LAB).unwrap();
    if !name.is_empty() {
        fs::write(dir.path().join(name), inventory).unwrap();
    }
    let lab = Lab::load(dir.path()).unwrap();
    (dir, lab)
}

/// What libvirt and vbmcd know once the lab is prepared.
fn known() -> KnownDomains {
    let domain = KnownDomain {
        macs: vec![Mac::parse("52:54:00:AA:00:01").unwrap()],
        bmc: Some(KnownBmc {
            address: "192.0.2.9".to_owned(),
            port: 6230,
            username: "ops".to_owned(),
            password: Secret::new("from vbmcd"),
        }),
    };
    KnownDomains::from([("openstack-controller".to_owned(), domain)])
}

fn load(name: &str, inventory: &str) -> Vec<NodeSpec> {
    let (_dir, lab) = lab(name, inventory);
    Inventory::load(&lab, &known()).unwrap().nodes
}

fn problems(inventory: &str) -> String {
    let (_dir, lab) = lab("nodes.yaml", inventory);
    let error = format!("{:#}", Inventory::load(&lab, &known()).unwrap_err());
    assert!(!error.contains("hunter2"), "{error}");
    error
}

#[test]
fn nodes_yaml_with_variables_is_read_as_it_is() {
    let nodes = load(
        "nodes.yaml",
        r#"
# $UNKNOWN_IN_A_COMMENT
nodes:

- name: controller
  _comment: virtual machine in Manager
  capabilities: profile:control,boot_option:local
  mac:
  - "$CONTROLLER_MAC_ADDRESS"
  pm_type: ipmi
  pm_addr: "$VIRTUALBMC_HOST"
  pm_port: $CONTROLLER_VIRTUALBMC_PORT
  pm_user: "$VIRTUALBMC_USERNAME"
  pm_password: "$VIRTUALBMC_PASSWORD"

- name: compute
  capabilities: profile:compute,boot_option:local
  mac:
  - 18:31:BF:ce:9d:5f # towards the power supply
  pm_type: manual-management
"#,
    );
    let [controller, compute] = &*nodes else {
        panic!("{nodes:?}")
    };
    assert_eq!(
        Value::Object(controller.driver_info.clone()),
        json!({
            "ipmi_address": "192.0.2.1",
            "ipmi_port": 6230,
            "ipmi_username": "admin",
            "ipmi_password": "hunter2",
        })
    );
    assert_eq!(
        controller.properties["capabilities"],
        "boot_option:local,profile:control"
    );
    assert_eq!(controller.ports[0].address.as_str(), "52:54:00:aa:00:01");
    assert_eq!(controller.resource_class.as_deref(), Some("baremetal"));
    assert!(compute.is_manual() && compute.driver_info.is_empty());
    assert_eq!(compute.ports[0].address.as_str(), "18:31:bf:ce:9d:5f");
}

#[test]
fn instackenv_json_is_read_with_every_key() {
    let nodes = load(
        "instackenv.json",
        r#"{"ssh-user": "stack", "nodes": [{
            "name": "a", "uuid": "6f5a2c1e-6f4b-4a0e-9c43-111111111111",
            "pm_type": "pxe_ipmitool", "pm_addr": "192.0.2.5", "pm_user": "u", "pm_password": 123456,
            "ipmi_terminal_port": 9000, "ipmi_cipher_suite": 17,
            "ports": [{"address": "52:54:00:00:00:01", "physical_network": "ctlplane", "pxe_enabled": false,
                       "local_link_connection": {"switch_id": "52:54:00:00:00:ff", "port_id": "1"}}],
            "cpu": "4", "memory": 8192, "disk": "40", "arch": "x86_64", "root_device": {"serial": "x"},
            "capabilities": {"node": "a-0", "boot_mode": "uefi"}, "profile": "compute",
            "resource_class": "large", "conductor_group": "east", "deploy_interface": "direct",
            "kernel_id": "file:///k", "ramdisk_id": "file:///r", "platform": "amd64"
        }]}"#,
    );
    let node = &nodes[0];
    assert_eq!(node.driver, "ipmi");
    assert_eq!(
        Value::Object(node.driver_info.clone()),
        json!({
            "ipmi_address": "192.0.2.5", "ipmi_username": "u", "ipmi_password": "123456",
            "ipmi_terminal_port": 9000, "ipmi_cipher_suite": 17,
            "deploy_kernel": "file:///k", "deploy_ramdisk": "file:///r",
        })
    );
    assert_eq!(
        Value::Object(node.properties.clone()),
        json!({
            "cpus": 4, "memory_mb": 8192, "local_gb": 40, "cpu_arch": "x86_64", "root_device": {"serial": "x"},
            "capabilities": "boot_mode:uefi,node:a-0,profile:compute",
        })
    );
    let port = &node.ports[0];
    assert_eq!(port.physical_network.as_deref(), Some("ctlplane"));
    assert_eq!(port.local_link_connection["port_id"], "1");
    assert!(!port.pxe_enabled);
    assert_eq!(node.resource_class.as_deref(), Some("large"));
    assert_eq!(node.conductor_group.as_deref(), Some("east"));
    assert_eq!(node.interfaces["deploy_interface"], "direct");
    assert_eq!(node.extra["tripleo_platform"], "amd64");
}

#[test]
fn redfish_has_a_system() {
    let nodes = load(
        "nodes.yaml",
        "- name: a\n  pm_type: redfish\n  pm_addr: https://192.0.2.7\n  pm_system_id: /redfish/v1/Systems/1\n  \
         redfish_verify_ca: false\n  mac: 52:54:00:00:00:01\n",
    );
    assert_eq!(
        Value::Object(nodes[0].driver_info.clone()),
        json!({
            "redfish_address": "https://192.0.2.7",
            "redfish_system_id": "/redfish/v1/Systems/1",
            "redfish_verify_ca": false,
        })
    );
}

#[test]
fn bifrosts_form_is_read() {
    let nodes = load(
        "baremetal.yml",
        r#"
---
  testvm1:
    uuid: "00000000-0000-0000-0000-000000000002"
    driver: agent_ipmitool
    driver_info:
      power:
        ipmi_username: ADMIN
        ipmi_address: 192.168.2.20
        ipmi_password: "$VIRTUALBMC_PASSWORD"
        ipmi_target_channel: "0"
    nics:
      - mac: "00:00:00:23:34:56"
      - mac: "00:00:00:12:34:57"
    ipv4_address: "192.168.1.2"
    ipa_kernel_url: "http://192.168.1.1:8080/ipa.kernel"
    instance_info: {image_source: "http://192.168.1.1:8080/x.qcow2"}
    properties: {cpu_arch: x86_64, ram: "3072", disk_size: "10", cpus: "1"}
"#,
    );
    let node = &nodes[0];
    assert_eq!(
        (node.name.as_deref(), node.driver.as_str()),
        (Some("testvm1"), "ipmi")
    );
    assert_eq!(
        Value::Object(node.driver_info.clone()),
        json!({
            "ipmi_username": "ADMIN", "ipmi_address": "192.168.2.20", "ipmi_password": "hunter2",
            "ipmi_target_channel": "0", "deploy_kernel": "http://192.168.1.1:8080/ipa.kernel",
        })
    );
    assert_eq!(
        Value::Object(node.properties.clone()),
        json!({"cpu_arch": "x86_64", "memory_mb": 3072, "local_gb": 10, "cpus": 1})
    );
    assert_eq!(node.ports.len(), 2);
}

#[test]
fn a_domain_brings_its_bmc_and_its_mac() {
    for inventory in [
        "- domain: openstack-controller\n  profile: control",
        "- domain: openstack-controller\n  driver: ipmi",
    ] {
        let nodes = load("nodes.yaml", inventory);
        let node = &nodes[0];
        assert_eq!(node.name.as_deref(), Some("openstack-controller"));
        assert_eq!(
            Value::Object(node.driver_info.clone()),
            json!({
                "ipmi_address": "192.0.2.9", "ipmi_port": 6230,
                "ipmi_username": "ops", "ipmi_password": "from vbmcd",
            })
        );
        assert_eq!(node.ports[0].address.as_str(), "52:54:00:aa:00:01");
    }
    let nodes = load(
        "nodes.yaml",
        "- {domain: openstack-controller, pm_addr: nat.example}",
    );
    assert_eq!(nodes[0].driver_info["ipmi_address"], "nat.example");
    assert_eq!(nodes[0].driver_info["ipmi_port"], 6230);
}

#[test]
fn without_an_inventory_every_domain_is_a_node() {
    let nodes = load("", "");
    assert_eq!(nodes.len(), 1);
    assert_eq!(nodes[0].label(), "openstack-controller");
    assert_eq!(nodes[0].driver_info["ipmi_port"], 6230);
}

#[test]
fn a_domain_that_is_not_there_yet_is_to_be_prepared() {
    let (_dir, lab) = lab(
        "nodes.yaml",
        "- domain: openstack-controller\n- {name: b, pm_type: ipmi, pm_addr: $OPENSTACK_CONTROLLER_BMC_ADDRESS, pm_user: u, pm_password: ''}\n\
         - domain: web",
    );
    let error = format!(
        "{:#}",
        Inventory::load(&lab, &KnownDomains::new()).unwrap_err()
    );
    for expected in [
        "3 problems:",
        "node openstack-controller: domain: openstack-controller is not defined yet: run `vbmc prepare` first",
        "nodes.yaml:2: node b: pm_addr: $OPENSTACK_CONTROLLER_BMC_ADDRESS is known once",
        "node web: domain: \"web\" is not in domains/ of this lab; there: openstack-controller",
    ] {
        assert!(error.contains(expected), "{expected:?} is not in: {error}");
    }
    let planned = domains::planned(&lab);
    let error = format!("{:#}", Inventory::load(&lab, &planned).unwrap_err());
    assert!(error.contains("node web"), "{error}");
    assert!(!error.contains("vbmc prepare"), "{error}");
}

#[test]
fn what_is_planned_takes_no_real_cards_address() {
    let (_dir, lab) = lab(
        "nodes.yaml",
        "- domain: openstack-controller\n\
         - {name: b, pm_type: ipmi, pm_addr: b, pm_user: u, pm_password: p, mac: ['52:54:00:00:00:01']}",
    );
    let planned = domains::planned(&lab);
    assert_eq!(Inventory::load(&lab, &planned).unwrap().nodes.len(), 2);
    // The lowest bit of the first byte says that it is a group's.
    let mac = planned["openstack-controller"].macs[0].as_str();
    let first = u8::from_str_radix(&mac[..2], 16).unwrap();
    assert_eq!(first & 1, 1, "{mac}");
}

#[test]
fn all_mistakes_are_told_with_node_and_key() {
    let error = problems(
        r#"
- name: a
  pm_type: ipmi
  pm_adr: 192.0.2.1
  pm_port: 70000
  pm_password: true
  mac: [52:54:00:00:00]
  capabilities: profile
  root_device: {colour: red}
- name: b c
  pm_type: pxe_ssh
  cpu: many
  uuid: 12
  ports: [{adress: 52:54:00:00:00:02}]
- pm_addr: 192.0.2.1
  frobnicate: true
- name: manual
  pm_type: manual-management
  pm_addr: 192.0.2.1
- name: d
  pm_type: ipmi
  pm_addr: $NO_SUCH_HOST
"#,
    );
    for expected in [
        "nodes.yaml: node a: pm_adr: unknown key; is `pm_addr` meant?",
        "nodes.yaml: node a: pm_addr: is missing: the address of its BMC",
        "nodes.yaml: node a: pm_port: 70000 is no number from 1 to 65535",
        "nodes.yaml: node a: pm_password: must be a string: put it into quotes",
        "nodes.yaml: node a: mac: \"52:54:00:00:00\" is no MAC address",
        "nodes.yaml: node a: capabilities: \"profile\" is not NAME:VALUE",
        "nodes.yaml: node a: root_device: colour: unknown hint",
        "nodes.yaml: node b c: pm_type: no driver is called so",
        "nodes.yaml: node b c: cpu: \"many\" is no whole number",
        "nodes.yaml: node b c: ports: address: is missing: the MAC address",
        "nodes.yaml: node b c: ports: adress: unknown key; is `address` meant?",
        "nodes.yaml: node 3: pm_type: is missing",
        "nodes.yaml: node 3: frobnicate: unknown key",
        "nodes.yaml: node manual: pm_addr: the driver manual-management has no use for it",
        "nodes.yaml: node manual: ports: are missing: without a BMC",
        "nodes.yaml:22: node d: pm_addr: $NO_SUCH_HOST is not defined",
    ] {
        assert!(error.contains(expected), "{expected:?} is not in: {error}");
    }
}

#[test]
fn nodes_share_nothing_that_tells_them_apart() {
    let error = problems(
        r#"
- {name: a, pm_type: ipmi, pm_addr: 192.0.2.1, mac: [52:54:00:00:00:0a, 52:54:00:00:00:0A]}
- {name: A, pm_type: ipmi, pm_addr: 192.0.2.1, pm_port: 623, mac: [52:54:00:00:00:0b]}
- {name: c, pm_type: ipmi, pm_addr: 192.0.2.1, pm_port: 624, mac: [52:54:00:00:00:0B]}
- {name: d, pm_type: ipmi, pm_addr: 192.0.2.1, pm_port: 625}
# - {name: a}
"#,
    );
    for expected in [
        "node A: has the same name as node 1 (a): A (lines 2 and 3)",
        "node a: the MAC address 52:54:00:00:00:0a stands there twice\n",
        "node c: has the same MAC address as node 2 (A): 52:54:00:00:00:0b (lines 3 and 4)",
        "node d: pm_user: is missing: the user of its BMC",
        "node d: pm_password: is missing: the password of its BMC",
        "node A: has the same BMC as node 1 (a): 192.0.2.1:623",
        "node d: ports: are missing: its BMC shares an address",
    ] {
        assert!(error.contains(expected), "{expected:?} is not in: {error}");
    }
}

#[test]
fn a_node_without_ports_is_warned_of() {
    let (_dir, lab) = lab(
        "nodes.yaml",
        "- {name: a, pm_type: ipmi, pm_addr: 192.0.2.1, pm_user: u, pm_password: p}",
    );
    let inventory = Inventory::load(&lab, &known()).unwrap();
    let [warning] = &*inventory.warnings else {
        panic!("{:?}", inventory.warnings)
    };
    assert!(warning.starts_with("node a has no ports"), "{warning}");
}

#[test]
fn a_secret_in_the_wrong_place_is_not_shown() {
    let error = problems("- {name: a, pm_type: ipmi, pm_addr: x, pm_port: $VIRTUALBMC_PASSWORD}");
    assert!(
        error.contains("pm_port: \"$VIRTUALBMC_PASSWORD\" is no number"),
        "{error}"
    );
}

#[test]
fn the_example_in_tripleos_forms_is_in_order() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/tripleo-lab");
    let lab = Lab::load(&dir).unwrap();
    assert_eq!(lab.images.images.len(), 2);
    let inventory = Inventory::load(&lab, &domains::planned(&lab)).unwrap();
    let [controller, compute] = &*inventory.nodes else {
        panic!("{:?}", inventory.nodes)
    };
    assert_eq!(controller.driver_info["ipmi_port"], 6230);
    assert!(compute.is_manual());
}
