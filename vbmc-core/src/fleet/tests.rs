mod store;

use std::fs;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::Secret;
use crate::host::simulated::SimulatedHosts;
use crate::host::{BootDevice, BootOverride, Host as _};

/// A port that is free right now.
fn free_port() -> u16 {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.local_addr().unwrap().port()
}

fn config(name: &str, port: u16) -> BmcConfig {
    BmcConfig {
        domain_name: name.into(),
        username: "admin".into(),
        password: Secret::new("password"),
        address: Ipv4Addr::LOCALHOST.into(),
        port,
        libvirt_uri: "test:///default".into(),
        libvirt_sasl_username: None,
        libvirt_sasl_password: None,
        active: false,
        cipher_suites: None,
        kg: None,
        v15: Vec::new(),
        console_history: None,
        users: Vec::new(),
    }
}

fn name(name: &str) -> BmcName {
    BmcName::new(name).unwrap()
}

async fn open(dir: &Path) -> Fleet {
    let registry = Registry::open(dir).unwrap();
    let hosts = Arc::new(SimulatedHosts::of(["a", "b"]));
    Fleet::open(registry, hosts, Options::default())
        .await
        .unwrap()
}

/// Waits until a BMC is as wanted; far longer than it ever takes.
async fn until(fleet: &Fleet, what: &str, wanted: impl Fn(&[BmcView]) -> bool) {
    for _ in 0..2000 {
        if wanted(&fleet.list()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what} did not happen: {:?}", fleet.list());
}

fn status_of(views: &[BmcView], name: &str) -> Option<Status> {
    let view = views.iter().find(|view| view.name.as_str() == name)?;
    Some(view.status)
}

#[tokio::test]
async fn a_bmc_lives_through_all_commands() {
    let dir = tempfile::tempdir().unwrap();
    let fleet = open(dir.path()).await;
    let a = name("a");
    let port = free_port();
    let view = fleet.add(config("a", port)).await.unwrap();
    assert_eq!(view.status, Status::Down);
    assert!(!fleet.0.registry.load(&a).unwrap().active);

    assert_eq!(fleet.start(&a).await.unwrap().status, Status::Running);
    assert!(fleet.0.registry.load(&a).unwrap().active);
    fleet.start(&a).await.expect("a second start is a warning");

    fleet.shutdown().await;
    assert!(fleet.0.registry.load(&a).unwrap().active);
    assert!(matches!(
        fleet.stop(&a).await,
        Err(FleetError::ShuttingDown)
    ));

    let fleet = open(dir.path()).await;
    assert_eq!(status_of(&fleet.list(), "a"), Some(Status::Running));
    assert_eq!(fleet.stop(&a).await.unwrap().status, Status::Down);
    assert!(!fleet.0.registry.load(&a).unwrap().active);

    fleet.start(&a).await.unwrap();
    fleet.delete(&a).await.unwrap();
    assert!(fleet.list().is_empty());
    UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).expect("the port is free again");
}

#[tokio::test]
async fn a_deleted_bmc_takes_its_boot_override_along_if_it_can() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::open(dir.path()).unwrap();
    let hosts = Arc::new(SimulatedHosts::of(["a", "b"]));
    let fleet = Fleet::open(registry, hosts.clone(), Options::default())
        .await
        .unwrap();
    let pxe = BootOverride {
        device: BootDevice::Pxe,
        persistent: true,
        efi: false,
    };
    for bmc in ["a", "b"] {
        fleet.add(config(bmc, free_port())).await.unwrap();
        let machine = hosts.machine(bmc).unwrap();
        machine.set_boot(Some(pxe)).wait().await.unwrap();
    }
    let busy = HostError::Unavailable("busy".into());
    hosts.machine("a").unwrap().fail_next(busy);
    fleet.delete(&name("a")).await.unwrap();
    let boot = async |bmc| hosts.machine(bmc).unwrap().boot().wait().await.unwrap();
    assert_eq!(boot("a").await, None);
    hosts.set_unreachable(Some("gone"));
    fleet.delete(&name("b")).await.unwrap();
    assert_eq!(boot("b").await, Some(pxe));
    assert!(fleet.list().is_empty());
}

#[tokio::test]
async fn refusals_name_the_thing_and_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let fleet = open(dir.path()).await;
    fleet.add(config("a", 6230)).await.unwrap();
    let refused = async |config| fleet.add(config).await.unwrap_err().to_string();
    assert_eq!(refused(config("a", 6231)).await, "Domain a already exists");
    assert_eq!(
        refused(config("nobody", 6231)).await,
        "No domain with matching name nobody was found at libvirt URI \"test:///default\""
    );
    assert!(refused(config("../a", 6231)).await.contains("../a"));
    let long = BmcConfig {
        password: Secret::new("p".repeat(21)),
        ..config("b", 6231)
    };
    assert_eq!(
        refused(long).await,
        "password is 21 bytes long; IPMI allows 20 at most"
    );
    let unknown = name("b");
    for error in [
        fleet.start(&unknown).await.err(),
        fleet.stop(&unknown).await.err(),
        fleet.show(&unknown).await.err(),
        fleet.delete(&unknown).await.err(),
    ] {
        assert_eq!(
            error.unwrap().to_string(),
            "No domain with matching name b was found: there is no such BMC (`vbmc list`); `vbmc add b` makes one"
        );
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    assert_eq!(fleet.0.slots.lock().len(), 1, "no place is kept for them");
}

#[tokio::test]
async fn the_second_on_an_address_waits_until_it_is_free() {
    let dir = tempfile::tempdir().unwrap();
    let fleet = open(dir.path()).await;
    let port = free_port();
    for bmc in ["a", "b"] {
        fleet.add(config(bmc, port)).await.unwrap();
    }
    fleet.start(&name("a")).await.unwrap();
    let error = fleet.start(&name("b")).await.unwrap_err().to_string();
    assert!(
        error.contains("domain a") && error.contains(&port.to_string()),
        "{error}"
    );
    assert_eq!(status_of(&fleet.list(), "a"), Some(Status::Running));
    assert_eq!(status_of(&fleet.list(), "b"), Some(Status::Error));
    fleet.stop(&name("a")).await.unwrap();
    until(&fleet, "b's start", |views| {
        status_of(views, "b") == Some(Status::Running)
    })
    .await;
}

#[tokio::test]
async fn a_change_takes_effect_at_once_and_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let fleet = open(dir.path()).await;
    let a = name("a");
    fleet.add(config("a", free_port())).await.unwrap();
    fleet.start(&a).await.unwrap();
    let written = || fs::metadata(dir.path().join("a/config")).unwrap().ino();
    let before = written();
    let same = |config: &mut BmcConfig| config.set_first_user(Some("admin".into()), None);
    fleet.update(&a, same).await.unwrap();
    assert_eq!(written(), before, "nothing changed, so nothing is written");

    let port = free_port();
    let view = fleet
        .update(&a, move |config| {
            config.port = port;
            config.set_first_user(None, Some(Secret::new("a longer password")))
        })
        .await
        .unwrap();
    assert_eq!(view.status, Status::Running);
    assert_eq!(view.local_addr.unwrap().port(), port);
    let kept = fleet.0.registry.load(&a).unwrap();
    assert_eq!(view.config.unwrap(), kept);
    let first = &kept.all_users()[0];
    assert!(kept.active && kept.port == port && first.long_password);
    assert_eq!(
        (kept.username.as_str(), kept.password.reveal()),
        ("admin", "a longer password")
    );

    fleet.stop(&a).await.unwrap();
    let view = fleet
        .update(&a, |config| {
            config.libvirt_uri = "test:///elsewhere".into();
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(view.status, Status::Down, "a change starts nothing");
}

#[tokio::test]
async fn a_change_that_cannot_be_leaves_the_bmc_serving() {
    let dir = tempfile::tempdir().unwrap();
    let fleet = open(dir.path()).await;
    let (a, b) = (name("a"), name("b"));
    let port = free_port();
    for (bmc, port) in [("a", port), ("b", free_port())] {
        fleet.add(config(bmc, port)).await.unwrap();
        fleet.start(&name(bmc)).await.unwrap();
    }
    let before = fleet.show(&b).await.unwrap();
    let refused = async |change: fn(&mut BmcConfig, u16)| {
        let change = move |config: &mut BmcConfig| {
            change(config, port);
            Ok(())
        };
        let error = fleet.update(&b, change).await.unwrap_err().to_string();
        let now = fleet.show(&b).await.unwrap();
        assert_eq!((now.status, now.problem), (Status::Running, None));
        assert_eq!(now.local_addr, before.local_addr);
        assert_eq!(now.config, before.config);
        error
    };
    let error = refused(|config, port| config.port = port).await;
    assert!(
        error.contains("domain b, which goes on")
            && error.contains("in use by the BMC of domain a"),
        "{error}"
    );
    let error = refused(|config, _| config.address = [192, 0, 2, 1].into()).await;
    assert!(error.contains("not one of this machine"), "{error}");
    let error = refused(|config, _| config.password = Secret::new("p".repeat(21))).await;
    assert!(error.contains("21 bytes"), "{error}");
    let error = refused(|config, _| config.domain_name = "nobody".into()).await;
    assert!(error.contains("nobody"), "{error}");
    // A directory in the way of the temporary file, as on a full disk.
    let obstacle = dir.path().join("b/.config.new");
    fs::create_dir(&obstacle).unwrap();
    let error = refused(|config, _| config.port = free_port()).await;
    assert!(error.contains("nothing was changed"), "{error}");
    let error = refused(|config, _| config.address = Ipv4Addr::UNSPECIFIED.into()).await;
    assert!(error.contains("nothing was changed"), "{error}");
    fs::remove_dir(obstacle).unwrap();

    let unknown = fleet.update(&name("c"), |_| Ok(())).await.unwrap_err();
    assert!(matches!(unknown, FleetError::NotFound(_)));
    assert_eq!(fleet.show(&a).await.unwrap().status, Status::Running);
}

#[tokio::test]
async fn an_address_that_covers_the_old_one_takes_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let fleet = open(dir.path()).await;
    let (a, port) = (name("a"), free_port());
    fleet.add(config("a", port)).await.unwrap();
    fleet.start(&a).await.unwrap();
    let to = async |address: IpAddr| {
        let change = move |config: &mut BmcConfig| {
            config.address = address;
            Ok(())
        };
        fleet.update(&a, change).await
    };
    let all = IpAddr::from(Ipv4Addr::UNSPECIFIED);
    let view = to(all).await.unwrap();
    assert_eq!(view.local_addr, Some((all, port).into()));
    to(Ipv4Addr::LOCALHOST.into()).await.unwrap();
    let other = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 2), port)).unwrap();
    let error = to(all).await.unwrap_err().to_string();
    assert!(error.contains("another program"), "{error}");
    let view = fleet.show(&a).await.unwrap();
    assert_eq!(view.status, Status::Running);
    assert_eq!(view.local_addr, Some((Ipv4Addr::LOCALHOST, port).into()));
    drop(other);
}

/// Sends a raw command by ipmitool, and gives what came back.
async fn raw(port: u16, bytes: &str) -> String {
    let mut command = std::process::Command::new("ipmitool");
    let port = port.to_string();
    command
        .args(["-I", "lanplus", "-H", "127.0.0.1", "-p", &port])
        .args(["-U", "admin", "-P", "password", "raw"])
        .args(bytes.split(' '));
    let output = blocking(move || command.output()).await;
    let output = output.expect("ipmitool, which scripts/test installs");
    assert!(output.status.success(), "{bytes}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn a_bmc_that_moves_or_cannot_is_the_same_one() {
    const TIMER_RUNS: &str = " 44 ";
    let dir = tempfile::tempdir().unwrap();
    let fleet = open(dir.path()).await;
    let (a, port, other) = (name("a"), free_port(), free_port());
    fleet.add(config("a", port)).await.unwrap();
    fleet.start(&a).await.unwrap();
    raw(port, "0x06 0x24 0x04 0x01 0x00 0x00 0x70 0x17").await;
    raw(port, "0x06 0x22").await;
    let to = async |address: IpAddr, port: u16| {
        let change = move |config: &mut BmcConfig| {
            (config.address, config.port) = (address, port);
            Ok(())
        };
        fleet.update(&a, change).await
    };
    let runs = async |port| raw(port, "0x06 0x25").await.starts_with(TIMER_RUNS);
    let in_the_way = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 2), port)).unwrap();
    let all = IpAddr::from(Ipv4Addr::UNSPECIFIED);
    to(all, port).await.unwrap_err();
    assert!(runs(port).await, "refused, since another has it");
    to([192, 0, 2, 1].into(), port).await.unwrap_err();
    assert!(runs(port).await, "refused, since nobody can have it");
    drop(in_the_way);
    to(all, port).await.unwrap();
    assert!(runs(port).await, "moved in place");
    to(all, other).await.unwrap();
    assert!(runs(other).await, "moved elsewhere");
    let old = (Ipv4Addr::LOCALHOST, port);
    UdpSocket::bind(old).expect("the port is free again");
}

#[tokio::test]
async fn files_written_by_others_take_effect() {
    let dir = tempfile::tempdir().unwrap();
    let fleet = open(dir.path()).await;
    let port = free_port();
    let file = dir.path().join("a/config");
    let text = |active: &str, port: u16| {
        format!(
            "[VirtualBMC]\nusername: me\npassword: 1%%\nport = {port}\naddress = 127.0.0.1\nactive = {active}\n"
        )
    };
    fs::create_dir(dir.path().join("a")).unwrap();
    fs::write(&file, text("true", port)).unwrap();
    until(&fleet, "the start", |views| {
        status_of(views, "a") == Some(Status::Running)
    })
    .await;
    let other = free_port();
    fs::write(&file, text("TRUE", other)).unwrap();
    until(&fleet, "the move", |views| {
        views
            .iter()
            .any(|view| view.local_addr.is_some_and(|local| local.port() == other))
    })
    .await;
    fs::write(&file, "[VirtualBMC]\nport = x\n").unwrap();
    until(&fleet, "the error", |views| {
        status_of(views, "a") == Some(Status::Error)
    })
    .await;
    let error = fleet.start(&name("a")).await.unwrap_err().to_string();
    assert!(error.contains("a/config"), "{error}");
    fs::write(&file, text("false", port)).unwrap();
    until(&fleet, "the stop", |views| {
        status_of(views, "a") == Some(Status::Down)
    })
    .await;
    fs::remove_dir_all(dir.path().join("a")).unwrap();
    until(&fleet, "the removal", <[BmcView]>::is_empty).await;
}

#[tokio::test]
async fn one_bad_file_leaves_the_others_running() {
    let dir = tempfile::tempdir().unwrap();
    for (bmc, text) in [
        ("bad", "not an INI file".to_owned()),
        (
            "good",
            format!(
                "[VirtualBMC]\nusername = u\npassword = p\naddress = 127.0.0.1\nport = {}\nactive = true\n",
                free_port()
            ),
        ),
        (
            "foreign",
            "[VirtualBMC]\nusername = u\npassword = p\naddress = 192.0.2.1\nport = 623\nactive = true\n".to_owned(),
        ),
    ] {
        fs::create_dir(dir.path().join(bmc)).unwrap();
        fs::write(dir.path().join(bmc).join("config"), text).unwrap();
    }
    let fleet = open(dir.path()).await;
    let views = fleet.list();
    assert_eq!(status_of(&views, "good"), Some(Status::Running));
    assert_eq!(status_of(&views, "bad"), Some(Status::Error));
    assert_eq!(status_of(&views, "foreign"), Some(Status::Error));
    let foreign = fleet.show(&name("foreign")).await.unwrap();
    let problem = foreign.problem.unwrap();
    assert!(
        problem.contains("192.0.2.1 (port 623) is not one of this machine"),
        "{problem}"
    );
}

#[test]
fn a_bmc_whose_task_died_is_listed_so_and_can_be_started_again() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = || tokio::runtime::Runtime::new().unwrap();
    let first = runtime();
    let fleet = first.block_on(async {
        let fleet = open(dir.path()).await;
        fleet.add(config("a", free_port())).await.unwrap();
        fleet.start(&name("a")).await.unwrap();
        fleet
    });
    // Takes its tasks with it, as a fault would.
    drop(first);
    assert_eq!(status_of(&fleet.list(), "a"), Some(Status::Error));
    let view = runtime().block_on(fleet.start(&name("a"))).unwrap();
    assert_eq!(view.status, Status::Running);
}
