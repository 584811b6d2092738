//! The client against what a real Ironic 39 answered, and an Ironic that was told to be of 2022.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::*;
use crate::openstack::testing::{Exchange, Replay, at, open, recorded, standalone};

/// What the recordings were asked for when a state was polled.
const STATE: Fields = Fields::new(&[
    "uuid",
    "name",
    "driver",
    "provision_state",
    "target_provision_state",
    "provision_updated_at",
    "power_state",
    "target_power_state",
    "last_error",
    "reservation",
    "maintenance",
    "maintenance_reason",
    "fault",
    "instance_uuid",
    "properties",
]);

async fn recording(name: &str) -> (Baremetal, Replay) {
    replay(recorded(name)).await
}

async fn replay(exchanges: Vec<Exchange>) -> (Baremetal, Replay) {
    let replay = Replay::start(exchanges).await;
    let (session, _) = open(standalone(&replay.url), Duration::ZERO).await;
    (session.baremetal().await.unwrap(), replay)
}

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no map"),
    }
}

fn node0() -> NewNode {
    NewNode {
        name: Some("node0".to_owned()),
        driver: "fake-hardware".to_owned(),
        driver_info: map(json!({
            "ipmi_address": "192.0.2.1", "ipmi_port": 6230, "ipmi_password": "hidden",
        })),
        properties: map(json!({ "cpu_arch": "x86_64" })),
        extra: map(json!({ "vbmc_lab": "recorded" })),
        resource_class: Some("baremetal".to_owned()),
        interfaces: [("boot_interface", "fake"), ("inspect_interface", "agent")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        ..NewNode::default()
    }
}

/// The UUID that the recorded node had.
async fn uuid(ironic: &Baremetal) -> String {
    ironic.node("node0", Fields::ALL).await.unwrap().uuid
}

#[tokio::test]
async fn nodes_and_ports_are_made_found_and_changed() {
    let (ironic, replay) = recording("ironic").await;
    assert!(ironic.nodes(STATE).await.unwrap().is_empty());
    let node = ironic.create_node(&node0()).await.unwrap();
    assert_eq!(node.name.as_deref(), Some("node0"));
    assert_eq!(node.provision_state, ProvisionState::Enroll);
    assert_eq!(node.interface("inspect_interface"), Some("agent"));
    assert_eq!(
        node.driver_info["ipmi_password"], "******",
        "Ironic keeps it to itself"
    );

    let port = NewPort {
        node_uuid: node.uuid.clone(),
        address: "52:54:00:00:00:01".to_owned(),
        pxe_enabled: true,
        physical_network: None,
        local_link_connection: Map::new(),
    };
    let made = ironic.create_port(&port).await.unwrap();
    let again = ironic.create_port(&port).await.unwrap_err();
    assert!(matches!(again, Error::Exists(_)), "{again:?}");
    assert_eq!(
        ironic.ports(&node.uuid).await.unwrap(),
        std::slice::from_ref(&made)
    );
    let found = ironic.port_by_address("52:54:00:00:00:01").await.unwrap();
    assert_eq!(found, Some(made));
    let found = ironic.port_by_address("52:54:00:00:00:99").await.unwrap();
    assert_eq!(found, None);

    let ops = [
        PatchOp::set(&["driver_info", "ipmi_port"], 6231),
        PatchOp::set(&["extra", "note"], "moved"),
    ];
    let node = ironic.patch_node(&node.uuid, &ops).await.unwrap();
    assert_eq!(node.driver_info["ipmi_port"], 6231);

    ironic.delete_node(&node.uuid).await.unwrap_err();
    ironic.delete_node(&node.uuid).await.unwrap();
    let gone = ironic.delete_node(&node.uuid).await.unwrap_err();
    assert!(matches!(gone, Error::NotFound(_)), "{gone:?}");
    assert!(replay.strangers().is_empty(), "{:?}", replay.strangers());
}

#[tokio::test]
async fn what_a_node_is_told_reaches_it() {
    let (ironic, replay) = recording("ironic").await;
    let uuid = uuid(&ironic).await;
    let state = || ironic.node(&uuid, STATE);
    ironic
        .set_provision_state(&uuid, &Target::Manage)
        .await
        .unwrap();
    let node = state().await.unwrap();
    assert_eq!(node.provision_state, ProvisionState::Manageable);
    assert!(node.is_settled());

    ironic
        .set_maintenance(&uuid, "the lab is moved")
        .await
        .unwrap();
    let node = state().await.unwrap();
    assert_eq!(
        (node.maintenance, node.maintenance_reason.as_deref()),
        (true, Some("the lab is moved"))
    );
    ironic.clear_maintenance(&uuid).await.unwrap();

    ironic
        .set_provision_state(&uuid, &Target::Inspect)
        .await
        .unwrap_err();
    ironic
        .set_provision_state(&uuid, &Target::Inspect)
        .await
        .unwrap();
    let node = state().await.unwrap();
    assert!(node.provision_state.waits_for_ramdisk());
    assert!(!node.is_settled());
    ironic
        .set_provision_state(&uuid, &Target::Abort)
        .await
        .unwrap();
    let node = state().await.unwrap();
    assert_eq!(node.provision_state, ProvisionState::InspectFailed);
    assert!(
        node.target_provision_state.is_some(),
        "it keeps its target, and is settled all the same"
    );
    assert!(node.is_settled());
    assert!(replay.strangers().is_empty(), "{:?}", replay.strangers());
}

#[tokio::test]
async fn what_is_known_of_a_node_is_read() {
    let (ironic, replay) = recording("ironic").await;
    let uuid = uuid(&ironic).await;
    let none = ironic.inventory(&uuid).await.unwrap_err();
    assert!(matches!(none, Error::NotFound(_)), "{none:?}");
    let found = ironic.inventory(&uuid).await.unwrap();
    assert_eq!(found["inventory"]["cpu"]["count"], 2);
    assert!(found["plugin_data"].is_object());

    let history = ironic.history(&uuid).await.unwrap();
    let event = history[0].event.as_deref().unwrap();
    assert!(event.contains("aborted"), "{event}");
    assert!(history[0].created_at.is_some());

    let drivers = ironic.drivers().await.unwrap();
    assert_eq!(drivers[0].name, "fake-hardware");
    assert!(replay.strangers().is_empty(), "{:?}", replay.strangers());
}

#[tokio::test]
async fn a_list_is_read_to_its_end() {
    let (ironic, replay) = recording("ironic").await;
    let nodes = ironic.nodes(Fields::ALL).await.unwrap();
    let names: Vec<_> = nodes.iter().map(Node::label).collect();
    assert_eq!(names, ["node0", "node1", "node2"]);
    assert!(replay.strangers().is_empty(), "{:?}", replay.strangers());
}

#[tokio::test]
async fn refusals_are_told_apart_and_quoted() {
    let (ironic, _replay) = recording("ironic").await;
    let uuid = uuid(&ironic).await;
    let error = ironic.node("nothere", Fields::ALL).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "Ironic answers 404 to GET /v1/nodes/nothere: Node nothere could not be found"
    );
    assert!(matches!(error, Error::NotFound(_)));

    ironic.create_node(&node0()).await.unwrap();
    let error = ironic.create_node(&node0()).await.unwrap_err();
    assert!(matches!(error, Error::Exists(_)), "{error:?}");
    assert_eq!(error.said(), Some("A node with name node0 already exists."));

    let nobody_has = NewNode {
        driver: "nope".to_owned(),
        ..NewNode::default()
    };
    let error = ironic.create_node(&nobody_has).await.unwrap_err();
    assert!(matches!(error, Error::NoConductor(_)), "{error:?}");

    let error = ironic.set_provision_state(&uuid, &Target::Inspect).await;
    assert!(matches!(error, Err(Error::BadState(_))), "{error:?}");
    let error = ironic.switch_off(&uuid).await;
    assert!(matches!(error, Err(Error::Locked(_))), "{error:?}");
    let error = ironic.delete_node(&uuid).await;
    assert!(matches!(error, Err(Error::BadState(_))), "{error:?}");
}

#[tokio::test]
async fn a_locked_node_is_waited_for() {
    let replay = Replay::start(recorded("ironic")).await;
    let (session, told) = open(standalone(&replay.url), Duration::from_secs(60)).await;
    let ironic = session.baremetal().await.unwrap();
    let uuid = uuid(&ironic).await;
    // The recording has 409 first, then 202.
    ironic.switch_off(&uuid).await.unwrap();
    assert!(
        told.lock().unwrap().is_empty(),
        "Ironic was there all the time"
    );
}

#[tokio::test]
async fn an_older_server_is_spoken_to_as_it_can() {
    let (ironic, replay) = recording("old").await;
    ironic.nodes(STATE).await.unwrap();
    assert_eq!(ironic.version().await.unwrap(), Microversion::new(80));
    assert_eq!(ironic.inspects().await.unwrap(), Inspects::Inspector);
    let error = ironic.inventory("node0").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "this Ironic speaks version 1.80 of its API, and the inventory came with 1.81"
    );
    assert!(replay.strangers().is_empty(), "{:?}", replay.strangers());
}

#[tokio::test]
async fn the_version_is_asked_for_where_nothing_else_was() {
    for (name, expected) in [("ironic", 115), ("old", 80)] {
        let (ironic, replay) = recording(name).await;
        let version = ironic.version().await.unwrap();
        assert_eq!(version, Microversion::new(expected));
        assert!(replay.strangers().is_empty(), "{:?}", replay.strangers());
    }
}

#[test]
fn fields_are_those_that_a_version_has() {
    let fields = Fields::new(&["uuid", "fault", "inspect_interface"]);
    let at = |minor| fields.query(Microversion::new(minor)).unwrap();
    assert_eq!(at(115), "uuid,fault,inspect_interface");
    assert_eq!(at(41), "uuid,inspect_interface");
    assert_eq!(at(11), "uuid");
    assert_eq!(Fields::ALL.query(Microversion::OURS), None);
}

#[tokio::test]
async fn ages_are_by_the_clock_of_the_server() {
    let mut exchanges = recorded("ironic");
    // The recording is of another day, and so is this test.
    exchanges.retain(|exchange| exchange.path == "/v1/nodes/node0");
    let (ironic, _replay) = replay(exchanges).await;
    let before = ironic.now();
    assert!(before.duration_since(Timestamp::now()).abs() < SignedDuration::from_secs(1));
    let mut node = ironic.node("node0", Fields::ALL).await.unwrap();
    node.provision_updated_at = Some(ironic.now());
    let age = ironic.in_state_for(&node).unwrap();
    assert!(age < Duration::from_secs(60), "{age:?}");
    let offset = Timestamp::now().duration_since(ironic.now());
    assert!(
        offset > SignedDuration::from_secs(3),
        "the recorded answer is older than this test: {offset:?}"
    );
}

#[test]
fn endpoints_are_given_in_many_ways() {
    let ways = [
        "http://192.0.2.1:6385",
        "http://192.0.2.1:6385/",
        "http://192.0.2.1:6385/v1",
        "http://192.0.2.1:6385/v1/",
    ];
    for way in ways {
        let url = base(&Url::parse(way).unwrap());
        assert_eq!(
            below(&url, &["nodes", "a/b c"]).as_str(),
            "http://192.0.2.1:6385/v1/nodes/a%2Fb%20c"
        );
    }
    let url = base(&Url::parse("https://cloud.example/baremetal/v1").unwrap());
    assert_eq!(
        below(&url, &["nodes"]).as_str(),
        "https://cloud.example/baremetal/v1/nodes"
    );
}

#[test]
fn nothing_shows_a_password() {
    let shown = format!(
        "{:?} {:?}",
        node0(),
        PatchOp::set(&["driver_info", "ipmi_password"], "hidden")
    );
    assert!(!shown.contains("hidden"), "{shown}");
    let mut node: Node = serde_json::from_value(json!({ "uuid": "u" })).unwrap();
    node.driver_info = node0().driver_info;
    assert!(!format!("{node:?}").contains("hidden"));
}

#[tokio::test]
async fn a_web_server_in_ironics_place_is_told_from_it_and_named() {
    for (status, page) in [(404, "File not found"), (200, "<html>")] {
        let answer = move || async move { (StatusCode::from_u16(status).unwrap(), page) };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = at(listener.local_addr().unwrap());
        let router = axum::Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let (session, _) = open(standalone(&url), Duration::ZERO).await;
        let ironic = session.baremetal().await.unwrap();
        let error = ironic.version().await.unwrap_err().to_string();
        assert!(error.contains("Is this Ironic's API?"), "{error}");
        assert!(error.contains(url.as_str()), "{error}");
        if status == 404 {
            let error = ironic.drivers().await.unwrap_err().to_string();
            assert!(error.contains("Is this Ironic's API?"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_list_that_leads_back_to_itself_is_an_error() {
    let answer = async || {
        let version = [
            ("x-openstack-ironic-api-version", "1.81"),
            ("x-openstack-ironic-api-minimum-version", "1.1"),
            ("x-openstack-ironic-api-maximum-version", "1.81"),
        ];
        let next = "http://192.0.2.1/v1/nodes?marker=u";
        (version, axum::Json(json!({ "nodes": [], "next": next })))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = at(listener.local_addr().unwrap());
    let router = axum::Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let (session, _) = open(standalone(&url), Duration::ZERO).await;
    let ironic = session.baremetal().await.unwrap();
    let error = ironic.nodes(STATE).await.unwrap_err().to_string();
    assert!(error.contains("the same next page twice"), "{error}");
}
