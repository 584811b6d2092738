//! The libvirt host against libvirt's test driver, which runs inside this process: no daemon and no guest.
//!
//! Each test has hypervisors of its own, from a node file; only what needs a second connection to the same hypervisor
//! uses `test:///default`.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use tempfile::NamedTempFile;
use virt::connect::Connect;
use virt::domain::Domain;

use vbmc_core::host::libvirt::Hypervisors;
use vbmc_core::host::{CheckError, Host, HostError, Hosts, PowerAction, PowerStatus, Target};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

fn target(uri: &str, domain: &str) -> Target {
    Target {
        uri: uri.into(),
        sasl: None,
        domain: domain.into(),
    }
}

/// A hypervisor whose domains are these: names and whatever else their descriptions hold.
struct Node {
    _file: NamedTempFile,
    uri: String,
    hosts: Hypervisors,
}

impl Node {
    fn new<'a>(domains: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut file = NamedTempFile::new().unwrap();
        writeln!(file, "<node>").unwrap();
        for (name, rest) in domains {
            writeln!(
                file,
                "<domain type='test'><name>{name}</name><memory>65536</memory><os><type>hvm</type></os>{rest}</domain>"
            )
            .unwrap();
        }
        writeln!(file, "</node>").unwrap();
        file.flush().unwrap();
        let uri = format!("test://{}", file.path().display());
        Self {
            _file: file,
            uri,
            hosts: Hypervisors::new(),
        }
    }

    async fn host(&self, domain: &str) -> Arc<dyn Host> {
        let target = target(&self.uri, domain);
        self.hosts.check(&target).await.unwrap();
        self.hosts.host(&target)
    }
}

async fn power(host: &dyn Host) -> PowerStatus {
    host.power().wait().await.unwrap()
}

/// Waits for a power state that comes by an event.
async fn until_power(host: &dyn Host, on: bool) {
    let arrived = async {
        while power(host).await.on != on {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, arrived)
        .await
        .expect("the power state did not arrive");
}

async fn control(host: &dyn Host, action: PowerAction) -> Result<(), HostError> {
    host.control(action).wait().await
}

#[tokio::test]
async fn power_goes_on_and_off_and_the_state_is_right_at_once() {
    let node = Node::new([("a", ""), ("b", "")]);
    let host = node.host("a").await;
    // The test driver starts its domains by itself.
    for action in [PowerAction::Off, PowerAction::Off] {
        control(&*host, action).await.unwrap();
        assert!(!power(&*host).await.on);
    }
    let before = power(&*host).await.starts;
    for action in [PowerAction::On, PowerAction::On] {
        control(&*host, action).await.unwrap();
        assert!(power(&*host).await.on);
    }
    assert_eq!(power(&*host).await.starts, before + 1);
    control(&*host, PowerAction::Cycle).await.unwrap();
    assert!(power(&*host).await.on);
    assert_eq!(power(&*host).await.starts, before + 2);
    assert!(
        power(&*node.host("b").await).await.on,
        "other machines are left alone"
    );
}

#[tokio::test]
async fn a_machine_that_is_off_refuses_what_needs_it_on() {
    let node = Node::new([("a", "")]);
    let host = node.host("a").await;
    control(&*host, PowerAction::Off).await.unwrap();
    for action in [
        PowerAction::Cycle,
        PowerAction::Reset,
        PowerAction::Nmi,
        PowerAction::Shutdown,
    ] {
        assert!(
            matches!(control(&*host, action).await, Err(HostError::WrongState(_))),
            "{action:?}"
        );
        assert!(!power(&*host).await.on);
    }
}

#[tokio::test]
async fn reset_nmi_and_shutdown_reach_a_running_machine() {
    let node = Node::new([("a", "")]);
    let host = node.host("a").await;
    let starts = power(&*host).await.starts;
    control(&*host, PowerAction::Reset).await.unwrap();
    control(&*host, PowerAction::Nmi).await.unwrap();
    let status = power(&*host).await;
    assert!(status.on);
    assert_eq!(status.starts, starts);
    control(&*host, PowerAction::Shutdown).await.unwrap();
    until_power(&*host, false).await;
}

#[tokio::test]
async fn a_check_tells_a_missing_domain_from_a_missing_hypervisor() {
    let node = Node::new([(
        "a",
        "<uuid>11111111-2222-3333-4444-555555555555</uuid><vcpu>3</vcpu>",
    )]);
    let identity = node.hosts.check(&target(&node.uri, "a")).await.unwrap();
    assert_eq!(identity.uuid[..6], [0x11, 0x11, 0x11, 0x11, 0x22, 0x22]);
    assert_eq!(
        (identity.name.as_str(), identity.vcpus, identity.memory),
        ("a", 3, 64 << 20)
    );
    assert_eq!(
        node.host("a").await.identity().wait().await.unwrap(),
        identity
    );

    let missing = node
        .hosts
        .check(&target(&node.uri, "nobody"))
        .await
        .unwrap_err();
    let (domain, uri) = ("nobody".to_owned(), node.uri.clone());
    assert_eq!(missing, CheckError::NoDomain { domain, uri });
    let host = node.hosts.host(&target(&node.uri, "nobody"));
    assert!(matches!(
        host.power().wait().await,
        Err(HostError::NotFound(_))
    ));

    let nowhere = "qemu+unix:///system?socket=/nonexistent/socket";
    match node.hosts.check(&target(nowhere, "a")).await.unwrap_err() {
        CheckError::Connection { uri, reason } => {
            assert_eq!(uri, nowhere);
            assert!(reason.contains("/nonexistent/socket"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        node.hosts.host(&target(nowhere, "a")).power().wait().await,
        Err(HostError::Unavailable(_))
    ));
}

/// One test for everything on `test:///default`, whose state the whole process shares.
#[tokio::test]
async fn what_others_do_is_seen() {
    const URI: &str = "test:///default";
    let hosts = Hypervisors::new();
    hosts.check(&target(URI, "test")).await.unwrap();
    let host = hosts.host(&target(URI, "test"));
    let other = Connect::open(Some(URI)).unwrap();
    let domain = Domain::lookup_by_name(&other, "test").unwrap();

    let before = power(&*host).await;
    assert!(before.on);
    domain.destroy().unwrap();
    until_power(&*host, false).await;
    domain.create().unwrap();
    until_power(&*host, true).await;
    assert_eq!(power(&*host).await.starts, before.starts + 1);
    domain.suspend().unwrap();
    control(&*host, PowerAction::On).await.unwrap();
    assert!(power(&*host).await.on, "a paused machine is on");
    domain.resume().unwrap();

    let xml = "<domain type='test'><name>later</name><memory>65536</memory><os><type>hvm</type></os></domain>";
    let later = hosts.host(&target(URI, "later"));
    assert!(matches!(
        later.power().wait().await,
        Err(HostError::NotFound(_))
    ));
    let defined = Domain::define_xml(&other, xml).unwrap();
    // No event needs to have arrived.
    assert_eq!(
        hosts.check(&target(URI, "later")).await.unwrap().name,
        "later"
    );
    assert!(!power(&*later).await.on);
    defined.undefine().unwrap();
    let gone = async {
        while !matches!(later.power().wait().await, Err(HostError::NotFound(_))) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone)
        .await
        .expect("an undefined domain is still there");

    // A domain that exists only while it runs.
    let xml = xml.replace("later", "transient");
    Domain::create_xml(&other, &xml, 0).unwrap();
    hosts.check(&target(URI, "transient")).await.unwrap();
    let transient = hosts.host(&target(URI, "transient"));
    control(&*transient, PowerAction::Cycle).await.unwrap();
    assert!(power(&*transient).await.on);
    let back = Domain::lookup_by_name(&other, "transient").unwrap();
    assert!(!back.is_persistent().unwrap());
    back.destroy().unwrap();
}
