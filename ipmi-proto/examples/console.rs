//! A small remote console: what it takes to talk to a BMC with this library and a blocking socket.
//!
//! ```text
//! IPMI_PASSWORD=password cargo run -p ipmi-proto --example console -- 127.0.0.1:623 admin power status
//! ```

use std::error::Error;
use std::io::ErrorKind;
use std::net::UdpSocket;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use ipmi_proto::Time;
use ipmi_proto::command::NetFn;
use ipmi_proto::command::app::GetDeviceId;
use ipmi_proto::command::chassis::{ChassisControl, GetChassisStatus};
use ipmi_proto::console::{Config, Console, Event, Response};
use ipmi_proto::crypto::Password;
use ipmi_proto::handshake::Username;
use ipmi_proto::session::MAX_DATAGRAM_LEN;

const USAGE: &str = "usage: console HOST:PORT USER COMMAND, with the password in IPMI_PASSWORD

commands:
  power status|on|off|cycle|reset|diag|soft
  device-id
  raw NETFN COMMAND [DATA...]     numbers in hex, as in: raw 06 01";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let [address, user, command @ ..] = args.as_slice() else {
        return Err(USAGE.into());
    };
    let password = std::env::var("IPMI_PASSWORD")
        .map_err(|error| format!("IPMI_PASSWORD: {error}; it must hold the password of {user}"))?;
    let username = Username::new(user.as_bytes()).map_err(|error| format!("user name: {error}"))?;
    let password =
        Password::new(password.as_bytes()).map_err(|error| format!("IPMI_PASSWORD: {error}"))?;

    let mut console = Console::new(Config::new(username, password));
    let print = ask(&mut console, command)?;
    let socket = UdpSocket::bind(if address.starts_with('[') {
        "[::]:0"
    } else {
        "0.0.0.0:0"
    })?;
    socket
        .connect(address)
        .map_err(|error| format!("{address}: {error}; give it as HOST:PORT"))?;
    drive(&mut console, &socket, print)
}

/// Prints the answer to a command.
type Print = fn(&Response) -> Result<(), Box<dyn Error>>;

/// Sends what the command line asks for, and says how to print the answer.
fn ask(console: &mut Console, command: &[&str]) -> Result<Print, Box<dyn Error>> {
    let control = match command {
        ["power", "status"] => {
            console.request(&GetChassisStatus);
            return Ok(|response| {
                let status = response.decode::<GetChassisStatus>()?;
                println!(
                    "Chassis Power is {}",
                    if status.power.on { "on" } else { "off" }
                );
                Ok(())
            });
        }
        ["device-id"] => {
            console.request(&GetDeviceId);
            return Ok(|response| {
                println!("{:#?}", response.decode::<GetDeviceId>()?);
                Ok(())
            });
        }
        ["raw", netfn, code, data @ ..] => {
            let hex = |text: &str| {
                u8::from_str_radix(text.trim_start_matches("0x"), 16)
                    .map_err(|error| format!("{text}: {error}; give a byte in hex"))
            };
            let data: Vec<u8> = data
                .iter()
                .map(|byte| hex(byte))
                .collect::<Result<_, _>>()?;
            console.raw_request(NetFn::new(hex(netfn)?), hex(code)?, &data);
            return Ok(|response| {
                println!("{}", response.completion);
                println!("{:02X?}", response.data);
                Ok(())
            });
        }
        ["power", "on"] => ChassisControl::PowerUp,
        ["power", "off"] => ChassisControl::PowerDown,
        ["power", "cycle"] => ChassisControl::PowerCycle,
        ["power", "reset"] => ChassisControl::HardReset,
        ["power", "diag"] => ChassisControl::DiagnosticInterrupt,
        ["power", "soft"] => ChassisControl::SoftShutdown,
        _ => return Err(USAGE.into()),
    };
    console.request(&control);
    Ok(|response| {
        response.decode::<ChassisControl>()?;
        println!("done");
        Ok(())
    })
}

/// Moves datagrams between console and socket until the session is closed.
fn drive(console: &mut Console, socket: &UdpSocket, print: Print) -> Result<(), Box<dyn Error>> {
    let mut rng = rand::rng();
    let start = Instant::now();
    let now = || Time::from_origin(start.elapsed());
    let mut outcome = Ok(());
    let mut datagram = Vec::new();
    while !console.is_ended() {
        while console.poll_transmit(now(), &mut rng, &mut datagram) {
            // A datagram that cannot be sent is as good as lost: it is sent again.
            let _ = socket.send(&datagram);
            datagram.clear();
        }
        while let Some(event) = console.poll_event() {
            match event {
                Event::Established(session) => {
                    eprintln!("{}, {}", session.suite, session.privilege)
                }
                Event::Response {
                    result: Ok(response),
                    ..
                } => {
                    outcome = print(&response);
                    console.close();
                }
                Event::Response {
                    result: Err(error), ..
                } => {
                    outcome = Err(error.into());
                    console.close();
                }
                // Says more than that the request has failed with it.
                Event::Failed(error) => outcome = Err(error.into()),
                // Nobody asked for a serial line.
                Event::SolActivated { .. }
                | Event::SolFailed(_)
                | Event::Sol
                | Event::SolDeactivated => {}
                Event::Closed => {}
            }
        }
        // A timeout of zero would mean none.
        let wait = console
            .poll_timeout()
            .map(|at| at.since(now()).max(Duration::from_millis(1)));
        if wait.is_none() {
            continue;
        }
        socket.set_read_timeout(wait)?;
        let mut buffer = [0; MAX_DATAGRAM_LEN];
        match socket.recv(&mut buffer) {
            Ok(len) => {
                if let Err(dropped) = console.handle(now(), &mut buffer[..len], &mut rng) {
                    eprintln!("dropped a datagram: {dropped}");
                }
            }
            // Nobody listens there now; somebody may when the datagram is sent again.
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error.into()),
        }
        console.handle_timeout(now());
    }
    outcome
}
