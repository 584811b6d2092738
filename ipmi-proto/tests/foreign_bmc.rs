//! The console end against a BMC that somebody else wrote: OpenIPMI's `ipmi_sim`, over UDP on the loopback interface.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ipmi_proto::command::NetFn;
use ipmi_proto::command::app::GetDeviceId;
use ipmi_proto::command::chassis::{ChassisControl, GetChassisStatus};
use ipmi_proto::console::{
    Config, Console, Error, Event, RequestId, Response, Session, Step, SuiteChoice,
};
use ipmi_proto::crypto::{BmcKey, CipherSuite, Password};
use ipmi_proto::handshake::{RakpStatus, RequestedPrivilege, Username};
use ipmi_proto::session::MAX_DATAGRAM_LEN;
use ipmi_proto::session::rmcp::{Ping, Pong, Rmcp};
use ipmi_proto::wire::Decode as _;
use ipmi_proto::{Privilege, Time};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

const GUID: [u8; 16] = [
    0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF,
];

/// A running `ipmi_sim`; ends with the test.
struct Sim {
    process: Child,
    address: SocketAddr,
    _directory: tempfile::TempDir,
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Sim {
    fn start(kg: Option<&str>) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let address = free_address();
        configure(directory.path(), address, kg);
        let process = Command::new("ipmi_sim")
            .current_dir(directory.path())
            .args(["-c", "lan.conf", "-f", "bmc.emu", "-s", "state", "-n"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("ipmi_sim: {error}; run scripts/test, or install Debian's package openipmi")
            });
        let sim = Self {
            process,
            address,
            _directory: directory,
        };
        sim.await_pong();
        sim
    }

    /// Pings until it answers.
    fn await_pong(&self) {
        let socket = connect(self.address);
        socket
            .set_read_timeout(Some(Duration::from_millis(100)))
            .expect("a timeout above zero");
        let mut ping = Vec::new();
        Ping { tag: 1 }.datagram(&mut ping);
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline {
            let mut buffer = [0; MAX_DATAGRAM_LEN];
            let _ = socket.send(&ping);
            if let Ok(len) = socket.recv(&mut buffer)
                && let Ok(Rmcp::Asf(message)) = Rmcp::parse(&mut buffer[..len])
            {
                assert_eq!(Pong::decode(message), Ok(Pong { tag: 1 }));
                return;
            }
            // Nobody listens yet: the answer comes at once.
            std::thread::yield_now();
        }
        panic!("ipmi_sim does not answer at {}", self.address);
    }

    fn client(&self, config: Config) -> Client {
        Client {
            console: Console::new(config),
            socket: connect(self.address),
            rng: StdRng::seed_from_u64(1),
            start: Instant::now(),
        }
    }
}

fn connect(address: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    socket.connect(address).expect("a loopback address");
    socket
}

fn free_address() -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    socket.local_addr().expect("it is bound")
}

fn configure(directory: &Path, address: SocketAddr, kg: Option<&str>) {
    let (ip, port) = (address.ip(), address.port());
    let directory_name = directory.display();
    let kg = kg.map_or_else(String::new, |kg| format!("bmc_key \"{kg}\""));
    let lan = format!(
        r#"
name "foreign"
set_working_mc 0x20
  startlan 1
    addr {ip} {port}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user md2 md5 straight
    allowed_auths_operator md2 md5 straight
    allowed_auths_admin md2 md5 straight
    {kg}
    guid 00112233445566778899aabbccddeeff
  endlan
  chassis_control "{directory_name}/chassis 0x20"
  user 1 true  ""       ""         user     10 none md2 md5 straight
  user 2 true  "admin"  "password" admin    60 none md2 md5 straight
  user 3 true  "oper"   "operpass" operator 10 none md2 md5 straight
"#
    );
    // Keeps the power state in a file: "0x20 get power" and "0x20 set power N".
    let chassis = r#"#!/bin/sh
state=$(dirname "$0")/power
case $2 in
get) echo "$3:$(cat "$state" 2>/dev/null || echo 1)" ;;
set) echo "$4" >"$state" ;;
esac
"#;
    let emulation = "mc_setbmc 0x20\n\
        mc_add 0x20 0x20 no-device-sdrs 1 2 0x34 0x9f 0x000157 0x0042\n\
        mc_enable 0x20\n";
    fs::create_dir(directory.join("state")).expect("a new directory");
    fs::write(directory.join("lan.conf"), lan).expect("a writable directory");
    fs::write(directory.join("bmc.emu"), emulation).expect("a writable directory");
    let script = directory.join("chassis");
    fs::write(&script, chassis).expect("a writable directory");
    let executable = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o755);
    fs::set_permissions(&script, executable).expect("our own file");
}

/// A console on a blocking socket.
struct Client {
    console: Console,
    socket: UdpSocket,
    rng: StdRng,
    start: Instant,
}

impl Client {
    fn now(&self) -> Time {
        Time::from_origin(self.start.elapsed())
    }

    /// Runs until the console has something to tell.
    fn event(&mut self) -> Event {
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut datagram = Vec::new();
        while Instant::now() < deadline {
            let now = self.now();
            while self
                .console
                .poll_transmit(now, &mut self.rng, &mut datagram)
            {
                let _ = self.socket.send(&datagram);
                datagram.clear();
            }
            if let Some(event) = self.console.poll_event() {
                return event;
            }
            let at = self.console.poll_timeout().expect("it waits for something");
            let wait = at.since(now).max(Duration::from_millis(1));
            self.socket
                .set_read_timeout(Some(wait))
                .expect("a timeout above zero");
            let mut buffer = [0; MAX_DATAGRAM_LEN];
            if let Ok(len) = self.socket.recv(&mut buffer) {
                let now = self.now();
                let _ = self.console.handle(now, &mut buffer[..len], &mut self.rng);
            }
            self.console.handle_timeout(self.now());
        }
        panic!("nothing within a minute")
    }

    #[track_caller]
    fn session(&mut self) -> Session {
        match self.event() {
            Event::Established(session) => session,
            other => panic!("no session but {other:?}"),
        }
    }

    #[track_caller]
    fn failure(&mut self) -> Error {
        match self.event() {
            Event::Failed(error) => error,
            other => panic!("no failure but {other:?}"),
        }
    }

    #[track_caller]
    fn response(&mut self, asked: RequestId) -> Response {
        match self.event() {
            Event::Response {
                id,
                result: Ok(response),
            } if id == asked => response,
            other => panic!("no response but {other:?}"),
        }
    }

    #[track_caller]
    fn close(&mut self) {
        self.console.close();
        assert_eq!(self.event(), Event::Closed);
    }
}

fn config(suite: u8) -> Config {
    Config {
        suite: SuiteChoice::Exactly(CipherSuite::from_id(suite).expect("an implemented suite")),
        ..Config::new(
            Username::new(b"admin").expect("a short name"),
            Password::new(b"password").expect("a short password"),
        )
    }
}

#[test]
fn sessions_of_the_suites_that_it_has() {
    let sim = Sim::start(None);
    // Its suites above 6 do not work, in its own words; 3 is what everybody uses with it.
    for suite in [1, 2, 3, 6] {
        let mut client = sim.client(config(suite));
        let session = client.session();
        assert_eq!((session.suite.id(), session.guid), (suite, GUID));
        assert_eq!(session.privilege, Privilege::Administrator);
        let id = client.console.request(&GetDeviceId);
        let device = client.response(id).decode::<GetDeviceId>().unwrap();
        assert_eq!((device.manufacturer, device.product), (0x157, 0x42));
        client.close();
    }
}

#[test]
fn power_many_requests_and_commands_without_a_type() {
    let sim = Sim::start(None);
    let mut client = sim.client(Config {
        window: 4,
        ..config(3)
    });
    client.session();
    for (control, on) in [
        (ChassisControl::PowerDown, false),
        (ChassisControl::PowerUp, true),
    ] {
        let id = client.console.request(&control);
        client.response(id).decode::<ChassisControl>().unwrap();
        let id = client.console.request(&GetChassisStatus);
        let status = client.response(id).decode::<GetChassisStatus>().unwrap();
        assert_eq!(status.power.on, on);
    }
    // More than rqSeq has numbers.
    let asked: Vec<_> = (0..200)
        .map(|_| client.console.request(&GetDeviceId))
        .collect();
    for id in asked {
        client.response(id).decode::<GetDeviceId>().unwrap();
    }
    const SYSTEM_GUID: u8 = 0x37;
    let id = client.console.raw_request(NetFn::APP, SYSTEM_GUID, &[]);
    assert_eq!(client.response(id).data, GUID);
    client.close();
}

#[test]
fn the_suite_is_found_though_it_lists_none() {
    let sim = Sim::start(None);
    let mut client = sim.client(Config {
        suite: SuiteChoice::Auto,
        ..config(3)
    });
    assert_eq!(client.session().suite, CipherSuite::SUITE_3);
    client.close();
}

#[test]
fn kg_and_what_it_refuses() {
    let key = "0123456789abcdef012";
    let sim = Sim::start(Some(key));
    let kg = BmcKey::new(key.as_bytes()).ok();
    let mut client = sim.client(Config { kg, ..config(3) });
    client.session();
    client.close();
    assert_eq!(sim.client(config(3)).failure(), Error::WrongBmcKey);

    let user = |name: &[u8], password: &[u8]| Config {
        username: Username::new(name).expect("a short name"),
        password: Password::new(password).expect("a short password"),
        ..config(3)
    };
    let failure = |config| sim.client(config).failure();
    assert_eq!(failure(user(b"admin", b"wrong")), Error::WrongPassword);
    let (step, status) = (Step::Rakp1, RakpStatus::UnauthorizedName);
    let unknown = Error::Refused { step, status };
    assert_eq!(failure(user(b"nobody", b"password")), unknown);
    assert!(matches!(
        failure(config(17)),
        Error::Refused {
            step: Step::OpenSession,
            ..
        }
    ));
}

#[test]
fn a_user_s_level() {
    let sim = Sim::start(None);
    for (privilege, granted) in [
        (RequestedPrivilege::UpTo(Privilege::User), Privilege::User),
        (
            RequestedPrivilege::UpTo(Privilege::Operator),
            Privilege::Operator,
        ),
    ] {
        let mut client = sim.client(Config {
            username: Username::new(b"oper").expect("a short name"),
            password: Password::new(b"operpass").expect("a short password"),
            privilege,
            ..config(3)
        });
        assert_eq!(client.session().privilege, granted);
        client.close();
    }
}
