//! Boot overrides on libvirt's test driver: that they are there when they should be, and that the owner's description
//! comes back to the last byte.
//!
//! All tests share `test:///default`, which this process keeps open through the connections of [`Lab`], and have a
//! domain each.

use std::sync::Arc;
use std::time::Duration;

use virt::connect::Connect;
use virt::domain::Domain;
use virt::sys::VIR_DOMAIN_XML_INACTIVE;

use vbmc_core::host::libvirt::Hypervisors;
use vbmc_core::host::{BootDevice, BootOverride, Host, HostError, Hosts, PowerAction, Target};

const URI: &str = "test:///default";

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

const PXE_ONCE: BootOverride = BootOverride {
    device: BootDevice::Pxe,
    persistent: false,
    efi: true,
};
const CDROM: BootOverride = BootOverride {
    device: BootDevice::Cdrom,
    persistent: true,
    efi: false,
};

/// A domain, seen by its owner and by us.
struct Lab {
    owner: Connect,
    domain: Domain,
    /// What the owner wrote, as libvirt writes it.
    before: String,
    hosts: Hypervisors,
    host: Arc<dyn Host>,
}

fn target(name: &str) -> Target {
    Target {
        uri: URI.into(),
        sasl: None,
        domain: name.into(),
    }
}

async fn connect(name: &str) -> (Hypervisors, Arc<dyn Host>) {
    let hosts = Hypervisors::new();
    hosts.check(&target(name)).await.unwrap();
    let host = hosts.host(&target(name));
    (hosts, host)
}

impl Lab {
    async fn new(name: &str, boots: &str) -> Self {
        let owner = Connect::open(Some(URI)).unwrap();
        let xml = format!(
            "<domain type='test'><name>{name}</name><memory>65536</memory>
             <metadata><o:x xmlns:o='urn:owner'>mine</o:x></metadata>
             <os><type>hvm</type>{boots}</os><devices>
             <disk type='file' device='disk'><source file='/a'/><target dev='vda' bus='virtio'/></disk>
             <disk type='file' device='cdrom'><target dev='sda' bus='scsi'/></disk>
             <interface type='network'><mac address='52:54:00:00:00:01'/><source network='default'/></interface>
             </devices></domain>"
        );
        let domain = Domain::define_xml(&owner, &xml).unwrap();
        let before = domain.get_xml_desc(VIR_DOMAIN_XML_INACTIVE).unwrap();
        let (hosts, host) = connect(name).await;
        Self {
            owner,
            domain,
            before,
            hosts,
            host,
        }
    }

    /// What the next start will be made from.
    fn next(&self) -> String {
        self.domain.get_xml_desc(VIR_DOMAIN_XML_INACTIVE).unwrap()
    }

    /// The kinds of boot devices in the running instance, or in what the next start will be made from.
    fn kinds(&self, flags: u32) -> Vec<String> {
        let xml = self.domain.get_xml_desc(flags).unwrap();
        let boots = xml.split("<boot dev='").skip(1);
        boots
            .map(|rest| rest.split('\'').next().unwrap().to_owned())
            .collect()
    }

    async fn set(&self, boot: Option<BootOverride>) -> Result<(), HostError> {
        self.host.set_boot(boot).wait().await
    }

    async fn boot(&self) -> Option<BootOverride> {
        self.host.boot().wait().await.unwrap()
    }

    async fn control(&self, action: PowerAction) {
        self.host.control(action).wait().await.unwrap();
    }

    async fn starts(&self) -> u64 {
        self.host.power().wait().await.unwrap().starts
    }

    /// Waits for what an event brings about.
    async fn until_owners(&self) {
        let arrived = async {
            while self.next() != self.before || self.boot().await.is_some() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, arrived)
            .await
            .expect("the owner's order did not come back");
    }
}

#[tokio::test]
async fn once_is_for_one_start() {
    let lab = Lab::new("once", "<boot dev='hd'/><boot dev='cdrom'/>").await;
    lab.set(Some(PXE_ONCE)).await.unwrap();
    assert_eq!(lab.boot().await, Some(PXE_ONCE));
    assert_eq!(
        lab.kinds(VIR_DOMAIN_XML_INACTIVE),
        ["network", "hd", "cdrom"]
    );
    assert!(lab.next().contains("<o:x xmlns:o=\"urn:owner\">mine</o:x>"));

    lab.control(PowerAction::On).await;
    assert_eq!(
        lab.kinds(0),
        ["network", "hd", "cdrom"],
        "this instance boots from the network"
    );
    assert_eq!(lab.next(), lab.before, "and the next one as before");
    assert_eq!(lab.boot().await, None);

    lab.control(PowerAction::Cycle).await;
    assert_eq!(lab.kinds(0), ["hd", "cdrom"]);
}

#[tokio::test]
async fn a_reset_starts_anew_where_the_boot_order_has_changed() {
    let lab = Lab::new("reset", "").await;
    lab.control(PowerAction::On).await;
    let starts = lab.starts().await;
    lab.control(PowerAction::Reset).await;
    assert_eq!(lab.starts().await, starts, "nothing has changed");

    lab.set(Some(PXE_ONCE)).await.unwrap();
    assert_eq!(lab.kinds(0), ["hd"]);
    lab.control(PowerAction::Reset).await;
    assert_eq!(lab.kinds(0), ["network", "hd"]);
    assert_eq!(lab.starts().await, starts + 1);
    assert_eq!(lab.next(), lab.before);

    // This instance would boot from the network again.
    lab.control(PowerAction::Reset).await;
    assert_eq!(lab.kinds(0), ["hd"]);
    assert_eq!(lab.starts().await, starts + 2);
    lab.control(PowerAction::Reset).await;
    assert_eq!(lab.starts().await, starts + 2);
}

#[tokio::test]
async fn a_start_by_somebody_else_spends_it_too() {
    let lab = Lab::new("else", "").await;
    lab.set(Some(PXE_ONCE)).await.unwrap();
    lab.domain.create().unwrap();
    lab.until_owners().await;
    assert_eq!(lab.kinds(0), ["network", "hd"]);
}

#[tokio::test]
async fn an_override_outlives_us_and_so_does_its_end() {
    let mut lab = Lab::new("outlive", "").await;
    lab.set(Some(PXE_ONCE)).await.unwrap();
    drop((lab.host, lab.hosts));
    (lab.hosts, lab.host) = connect("outlive").await;
    assert_eq!(lab.boot().await, Some(PXE_ONCE));

    drop((lab.host, lab.hosts));
    lab.domain.create().unwrap();
    (lab.hosts, lab.host) = connect("outlive").await;
    lab.until_owners().await;

    // Set while it runs, it waits for the next start, whoever is there to see it.
    lab.set(Some(PXE_ONCE)).await.unwrap();
    drop((lab.host, lab.hosts));
    (lab.hosts, lab.host) = connect("outlive").await;
    assert_eq!(lab.boot().await, Some(PXE_ONCE));
}

#[tokio::test]
async fn persistent_is_until_it_is_taken_back() {
    let order = "<boot dev='hd'/><bootmenu enable='no'/>";
    let lab = Lab::new("persistent", order).await;
    lab.set(Some(PXE_ONCE)).await.unwrap();
    lab.set(Some(CDROM)).await.unwrap();
    for _ in 0..2 {
        lab.control(PowerAction::On).await;
        assert_eq!(lab.kinds(0), ["cdrom", "hd"]);
        assert_eq!(lab.boot().await, Some(CDROM));
        lab.control(PowerAction::Off).await;
    }
    let setup = BootOverride {
        device: BootDevice::BiosSetup,
        ..CDROM
    };
    lab.set(Some(setup)).await.unwrap();
    assert!(
        lab.next()
            .contains("<bootmenu enable='yes' timeout='10000'/>")
    );
    assert_eq!(lab.kinds(VIR_DOMAIN_XML_INACTIVE), ["hd"]);

    lab.set(None).await.unwrap();
    assert_eq!(lab.next(), lab.before);
    assert_eq!(lab.boot().await, None);
    lab.set(None).await.unwrap();
}

#[tokio::test]
async fn an_order_that_the_owner_sets_meanwhile_stays() {
    let lab = Lab::new("owner", "<boot dev='hd'/>").await;
    lab.set(Some(CDROM)).await.unwrap();
    let theirs = lab
        .next()
        .replace("<boot dev='cdrom'/>", "<boot dev='network'/>");
    Domain::define_xml(&lab.owner, &theirs).unwrap();
    lab.set(None).await.unwrap();
    assert_eq!(lab.kinds(VIR_DOMAIN_XML_INACTIVE), ["network", "hd"]);
    assert_eq!(lab.boot().await, None);
}

#[tokio::test]
async fn what_the_machine_cannot_do_is_said() {
    let lab = Lab::new("cannot", "").await;
    let floppy = BootOverride {
        device: BootDevice::Floppy,
        ..CDROM
    };
    match lab.set(Some(floppy)).await {
        Err(HostError::Unsupported(reason)) => assert!(reason.contains("floppy"), "{reason}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(lab.next(), lab.before);

    let xml = "<domain type='test'><name>fleeting</name><memory>65536</memory><os><type>hvm</type></os></domain>";
    Domain::create_xml(&lab.owner, xml, 0).unwrap();
    let (_hosts, host) = connect("fleeting").await;
    assert!(matches!(
        host.set_boot(Some(PXE_ONCE)).wait().await,
        Err(HostError::Unsupported(_))
    ));
    assert_eq!(host.boot().wait().await, Ok(None));
}
