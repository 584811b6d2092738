//! A small remote console: opens a session over a blocking socket, sends one command, prints the answer.
//!
//! ```text
//! IPMI_PASSWORD=secret cargo run -p ipmi-proto --example console -- 127.0.0.1:6230 admin on
//! ```

use std::error::Error;
use std::net::{ToSocketAddrs, UdpSocket};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, io};

use ipmi_proto::Time;
use ipmi_proto::command::app::GetDeviceId;
use ipmi_proto::command::chassis::{ChassisControl, GetChassisStatus};
use ipmi_proto::console::{Config, Console, Event, Response, ResponseError};
use ipmi_proto::crypto::Password;
use ipmi_proto::handshake::Username;

const USAGE: &str = "usage: console HOST:PORT USER info|status|on|off|cycle|reset|nmi|soft
The password is taken from the environment variable IPMI_PASSWORD.";

/// The socket's timeout must not be zero: that would mean "for ever".
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// What to ask, and how to show the answer.
enum Ask {
    Info,
    Status,
    Control(ChassisControl),
}

impl Ask {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "info" => Self::Info,
            "status" => Self::Status,
            "on" => Self::Control(ChassisControl::PowerUp),
            "off" => Self::Control(ChassisControl::PowerDown),
            "cycle" => Self::Control(ChassisControl::PowerCycle),
            "reset" => Self::Control(ChassisControl::HardReset),
            "nmi" => Self::Control(ChassisControl::DiagnosticInterrupt),
            "soft" => Self::Control(ChassisControl::SoftShutdown),
            _ => return None,
        })
    }

    fn send(&self, console: &mut Console) {
        match self {
            Self::Info => console.request(&GetDeviceId),
            Self::Status => console.request(&GetChassisStatus),
            Self::Control(control) => console.request(control),
        };
    }

    fn show(&self, response: &Response) -> Result<String, ResponseError> {
        Ok(match self {
            Self::Info => {
                let id = response.decode::<GetDeviceId>()?;
                format!("firmware {}.{:02}", id.firmware_major, id.firmware_minor)
            }
            Self::Status => match response.decode::<GetChassisStatus>()?.power.on {
                true => "on".to_owned(),
                false => "off".to_owned(),
            },
            Self::Control(_) => {
                response.decode::<ChassisControl>()?;
                "done".to_owned()
            }
        })
    }
}

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
    let args: Vec<String> = env::args().skip(1).collect();
    let [address, user, command] = args.as_slice() else {
        return Err(USAGE.into());
    };
    let ask = Ask::parse(command).ok_or(USAGE)?;
    let password = env::var("IPMI_PASSWORD").map_err(|_| USAGE)?;
    let config = Config::new(
        Username::new(user.as_bytes())?,
        Password::new(password.as_bytes())?,
    );

    let address = address.to_socket_addrs()?.next().ok_or("no such host")?;
    let socket = UdpSocket::bind(match address.is_ipv4() {
        true => "0.0.0.0:0",
        false => "[::]:0",
    })?;
    socket.connect(address)?;

    let mut console = Console::new(config);
    ask.send(&mut console);
    let mut answer = None;
    drive(&mut console, &socket, |event, console| match event {
        Event::Response { result, .. } => {
            answer = Some(result);
            console.close();
            Ok(())
        }
        Event::Failed(error) => Err(error.into()),
        Event::Established(_) | Event::Closed => Ok(()),
    })?;
    println!("{}", ask.show(&answer.ok_or("no answer")??)?);
    Ok(())
}

/// Carries datagrams between the console and the socket until the console has ended.
fn drive(
    console: &mut Console,
    socket: &UdpSocket,
    mut take: impl FnMut(Event, &mut Console) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let now = || Time::from_origin(start.elapsed());
    let mut rng = rand::rng();
    let mut buffer = [0; 1024];
    let mut datagram = Vec::new();
    while !console.is_ended() {
        while console.poll_transmit(now(), &mut rng, &mut datagram) {
            // One that cannot be sent is as good as lost: the console sends it again.
            let _ = socket.send(&datagram);
            datagram.clear();
        }
        while let Some(event) = console.poll_event() {
            take(event, console)?;
        }
        let Some(timeout) = console.poll_timeout() else {
            continue;
        };
        socket.set_read_timeout(Some(timeout.since(now()).max(SHORTEST_WAIT)))?;
        match socket.recv(&mut buffer) {
            Ok(len) => {
                // What has no effect is none of this session's: nothing to act on.
                let _ = console.handle(now(), &mut buffer[..len], &mut rng);
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                return Err(format!("nobody listens at {}", socket.peer_addr()?).into());
            }
            Err(_) => console.handle_timeout(now()),
        }
    }
    Ok(())
}
