//! BMCs over real UDP on loopback: with ipmitool as their client, and with what no client would send.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use vbmc_core::Secret;
use vbmc_core::bmc::{Bmc, Settings, Store};
use vbmc_core::host::simulated::{Machine, Performed};
use vbmc_core::host::{
    BootDevice, BootOverride, Host, HostError, Identity, PowerAction, PowerStatus, Reply,
};
use vbmc_core::registry::UserRecord;

/// An RMCP presence ping (ASF) with message tag 9.
const PING: [u8; 12] = [6, 0, 0xFF, 6, 0, 0, 0x11, 0xBE, 0x80, 9, 0, 0];

/// How long to wait for an answer that must come. Only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(20);

struct Forgetful;

impl Store for Forgetful {
    fn save_user(&self, _user: &UserRecord) -> io::Result<()> {
        Ok(())
    }
}

fn settings(listen: &str) -> Settings {
    let mut settings = Settings::new("bmc", listen.parse().unwrap());
    settings.users = vec![
        UserRecord::administrator(2, "admin", Secret::new("password")),
        UserRecord {
            privilege: 2,
            ..UserRecord::administrator(3, "reader", Secret::new("password"))
        },
    ];
    settings
}

fn start(listen: &str, host: impl Host) -> Bmc {
    Bmc::start(settings(listen), Arc::new(host), Arc::new(Forgetful)).unwrap()
}

/// Runs ipmitool against `address`.
async fn ipmitool(address: SocketAddr, args: &str) -> Output {
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    let mut command = std::process::Command::new("ipmitool");
    command.args(["-I", "lanplus", "-H", &host, "-p", &port]);
    if !args.contains("-U") {
        command.args(["-U", "admin", "-P", "password"]);
    }
    command.args(args.split(' '));
    let run = tokio::task::spawn_blocking(move || command.output());
    match run.await.unwrap() {
        Ok(output) => output,
        Err(error) => panic!("ipmitool does not run ({error}); scripts/test installs it"),
    }
}

/// What ipmitool prints when it succeeds.
async fn prints(address: SocketAddr, args: &str) -> String {
    let output = ipmitool(address, args).await;
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args}: {text}{errors}");
    text
}

/// What ipmitool says when it fails.
async fn fails(address: SocketAddr, args: &str) -> String {
    let output = ipmitool(address, args).await;
    assert!(!output.status.success(), "{args} succeeded");
    String::from_utf8(output.stderr).unwrap()
}

fn client() -> UdpSocket {
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client
}

/// Pings `to` and returns who answered.
async fn ping(client: &UdpSocket, to: SocketAddr) -> SocketAddr {
    client.send_to(&PING, to).unwrap();
    let client = client.try_clone().unwrap();
    let answer = tokio::task::spawn_blocking(move || {
        let mut buffer = [0; 64];
        client.recv_from(&mut buffer).map(|(_, from)| from)
    });
    answer.await.unwrap().expect("a pong")
}

#[tokio::test]
async fn ipmitool_switches_the_machine() {
    let machine = Machine::new("machine");
    let bmc = start("127.0.0.1:0", machine.clone());
    let at = bmc.local_addr();
    assert_eq!(prints(at, "power status").await, "Chassis Power is off\n");
    assert_eq!(
        prints(at, "power on").await,
        "Chassis Power Control: Up/On\n"
    );
    assert_eq!(
        prints(at, "-C 3 power status").await,
        "Chassis Power is on\n"
    );
    assert_eq!(
        prints(at, "-C 17 power status").await,
        "Chassis Power is on\n"
    );
    prints(at, "chassis bootdev pxe options=efiboot").await;
    let shown = prints(at, "chassis bootparam get 5").await;
    assert!(shown.contains("Force PXE"), "{shown}");
    prints(at, "power cycle").await;
    let pxe = BootOverride {
        device: BootDevice::Pxe,
        persistent: false,
        efi: true,
    };
    assert_eq!(
        machine.performed(),
        [
            Performed::Power(PowerAction::On),
            Performed::Boot(Some(pxe)),
            Performed::Power(PowerAction::Cycle)
        ]
    );
    let shown = prints(at, "chassis bootparam get 5").await;
    assert!(shown.contains("Boot Flag Invalid"), "{shown}");
}

#[tokio::test]
async fn ipmitool_s_listings() {
    let machine = Machine::with_identity(Identity {
        uuid: *b"\x5f\x6d\x0a\x1b\x2c\x3d\x4e\x5f\x86\x07\x18\x29\x3a\x4b\x5c\x6d",
        name: "machine".to_owned(),
        ..Identity::default()
    });
    let bmc = start("127.0.0.1:0", machine);
    let at = bmc.local_addr();
    let guid = prints(at, "mc guid").await;
    assert!(
        guid.contains("5f6d0a1b-2c3d-4e5f-8607-18293a4b5c6d"),
        "{guid}"
    );
    let lan = prints(at, "lan print").await;
    assert!(lan.contains("IP Address              : 127.0.0.1"), "{lan}");
    assert!(lan.contains("RMCP+ Cipher Suites     : 3,17"), "{lan}");
    let users = prints(at, "user list 1").await;
    assert!(users.contains("reader"), "{users}");
    for listing in [
        "mc info",
        "mc selftest",
        "mc getenables",
        "chassis status",
        "chassis restart_cause",
        "chassis poh",
        "chassis policy list",
        "chassis identify 5",
        "channel info 1",
        "channel getciphers ipmi",
        "session info active",
    ] {
        prints(at, listing).await;
    }
}

#[tokio::test]
async fn a_password_changed_over_ipmi_counts_at_once() {
    let bmc = start("127.0.0.1:0", Machine::new("machine"));
    let at = bmc.local_addr();
    prints(at, "user set password 2 another").await;
    fails(at, "power status").await;
    prints(at, "-U admin -P another power status").await;
    prints(at, "-U admin -P another user test 2 16 another").await;
}

#[tokio::test]
async fn changed_settings_count_at_once() {
    let bmc = start("127.0.0.1:0", Machine::new("machine"));
    let mut changed = settings("127.0.0.1:0");
    changed.users[0].password = Some(Secret::new("another"));
    bmc.update(changed);
    prints(bmc.local_addr(), "-U admin -P another power status").await;
}

#[tokio::test]
async fn a_reader_reads_and_no_more() {
    let machine = Machine::new("machine");
    let bmc = start("127.0.0.1:0", machine.clone());
    let at = bmc.local_addr();
    prints(at, "-U reader -P password -L USER power status").await;
    let refused = fails(at, "-U reader -P password -L USER power on").await;
    assert!(refused.contains("Insufficient privilege"), "{refused}");
    fails(at, "-U reader -P password -L OPERATOR power on").await;
    fails(at, "-U admin -P wrong power on").await;
    fails(at, "-U nobody -P password power on").await;
    assert!(machine.performed().is_empty());
}

#[tokio::test]
async fn a_reset_is_answered_and_ends_the_sessions() {
    let machine = Machine::new("machine");
    machine.switch(true);
    let bmc = start("127.0.0.1:0", machine.clone());
    let at = bmc.local_addr();
    prints(at, "mc reset warm").await;
    assert_eq!(prints(at, "power status").await, "Chassis Power is on\n");
    assert!(machine.performed().is_empty());
}

#[tokio::test]
async fn what_the_host_cannot_do_is_no_success() {
    let machine = Machine::new("machine");
    let bmc = start("127.0.0.1:0", machine.clone());
    machine.break_with(HostError::Unavailable("gone".to_owned()));
    let said = fails(bmc.local_addr(), "power on").await;
    assert!(said.contains("Node busy"), "{said}");
}

#[tokio::test]
async fn ipv6_and_both_families_on_one_socket() {
    let bmc = start("[::]:0", Machine::new("machine"));
    let port = bmc.local_addr().port();
    let v4 = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    assert_eq!(prints(v4, "power status").await, "Chassis Power is off\n");
    if bmc.local_addr().is_ipv6() {
        let v6 = SocketAddr::new("::1".parse().unwrap(), port);
        assert_eq!(prints(v6, "power status").await, "Chassis Power is off\n");
    }
}

#[tokio::test]
async fn the_address_that_was_asked_answers() {
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let bmc = start(listen, Machine::new("machine"));
        let to = SocketAddr::from(([127, 0, 0, 2], bmc.local_addr().port()));
        assert_eq!(ping(&client(), to).await, to);
        assert_eq!(prints(to, "power status").await, "Chassis Power is off\n");
    }
}

#[tokio::test]
async fn garbage_of_every_size_changes_nothing() {
    let bmc = start("127.0.0.1:0", Machine::new("machine"));
    let client = client();
    let to = bmc.local_addr();
    // The largest datagram that IPv4 can carry is the last.
    for len in [0, 1, 3, 4, 5, 16, 255, 1023, 1024, 1025, 9000, 65_507] {
        for byte in [0x00, 0x06, 0x07, 0xFF] {
            client.send_to(&vec![byte; len], to).unwrap();
        }
        assert_eq!(ping(&client, to).await, to);
    }
}

#[tokio::test]
async fn a_client_that_has_gone_does_no_harm() {
    let bmc = start("127.0.0.1:0", Machine::new("machine"));
    let to = bmc.local_addr();
    // The pong finds a closed port, and ICMP says so to the BMC's socket.
    for _ in 0..3 {
        client().send_to(&PING, to).unwrap();
    }
    assert_eq!(ping(&client(), to).await, to);
}

#[tokio::test]
async fn a_stopped_bmc_has_let_its_port_go() {
    let bmc = start("127.0.0.1:0", Machine::new("machine"));
    let at = bmc.local_addr().to_string();
    let taken = Bmc::start(
        settings(&at),
        Arc::new(Machine::new("other")),
        Arc::new(Forgetful),
    );
    let error = taken.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    assert!(error.to_string().contains(&at), "{error}");
    bmc.stop().await;
    start(&at, Machine::new("other")).stop().await;
}

#[tokio::test]
async fn settings_that_cannot_be_are_named() {
    let mut long = settings("127.0.0.1:0");
    long.users[0].password = Some(Secret::new("more than twenty bytes"));
    let host = Arc::new(Machine::new("machine"));
    let error = Bmc::start(long, host, Arc::new(Forgetful)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("22 bytes"), "{error}");
    assert!(!error.to_string().contains("twenty"), "{error}");
}

/// A host with a fault of its own.
struct Faulty;

impl Host for Faulty {
    fn power(&self) -> Reply<PowerStatus> {
        Reply::Now(Ok(PowerStatus::default()))
    }

    fn control(&self, _action: PowerAction) -> Reply<()> {
        Reply::later(async { panic!("later") })
    }

    fn boot(&self) -> Reply<Option<BootOverride>> {
        panic!("at once")
    }

    fn set_boot(&self, _boot: Option<BootOverride>) -> Reply<()> {
        Reply::Now(Ok(()))
    }

    fn identity(&self) -> Reply<Identity> {
        Reply::Now(Ok(Identity::default()))
    }
}

#[tokio::test]
async fn a_panic_stays_within_its_request() {
    let bmc = start("127.0.0.1:0", Faulty);
    let at = bmc.local_addr();
    let said = fails(at, "power on").await;
    assert!(said.contains("Unspecified error"), "{said}");
    fails(at, "-N 1 -R 1 chassis bootparam get 5").await;
    prints(at, "mc info").await;
}
