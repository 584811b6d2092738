//! Commands per second on one session.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use ipmi_proto::command::app::GetDeviceId;
use ipmi_proto::command::chassis::GetChassisStatus;
use ipmi_proto::console::{Config, Console, Event};
use ipmi_proto::{CompletionCode, Time};

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    DeviceId,
    ChassisStatus,
}

/// Answers per second with `window` requests in flight on one session.
pub(crate) fn rate(
    bmc: SocketAddr,
    config: &Config,
    kind: Kind,
    window: usize,
    duration: Duration,
) -> Result<f64> {
    let config = Config {
        window,
        ..config.clone()
    };
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(bmc)?;
    let origin = Instant::now();
    let mut rng = rand::rng();
    let mut console = Console::new(config);
    let (mut out, mut buffer) = (Vec::new(), [0; 1024]);
    let mut started = None;
    let mut answered = 0u32;
    loop {
        let now = || Time::from_origin(origin.elapsed());
        while let Some(event) = console.poll_event() {
            match event {
                Event::Established(_) => {
                    started = Some(Instant::now());
                    for _ in 0..window {
                        ask(&mut console, kind);
                    }
                }
                Event::Response { result, .. } => {
                    let response = result.context("a request failed")?;
                    if response.completion != CompletionCode::Ok {
                        bail!("the BMC answers {}", response.completion);
                    }
                    answered += 1;
                    ask(&mut console, kind);
                }
                Event::Failed(error) => bail!("no session: {error}"),
                Event::Closed => bail!("the session was closed"),
                _ => {}
            }
        }
        if started.is_some_and(|started| started.elapsed() >= duration) {
            break;
        }
        while console.poll_transmit(now(), &mut rng, &mut out) {
            socket.send(&out)?;
            out.clear();
        }
        let wait = console
            .poll_timeout()
            .map_or(Duration::from_secs(1), |due| due.since(now()));
        socket.set_read_timeout(Some(wait.max(Duration::from_millis(1))))?;
        match socket.recv(&mut buffer) {
            // What it drops is none of this session's.
            Ok(len) => {
                let _ = console.handle(now(), buffer.get_mut(..len).unwrap_or_default(), &mut rng);
            }
            Err(_) => console.handle_timeout(now()),
        }
    }
    let elapsed = started.map_or(duration, |started| started.elapsed());
    Ok(f64::from(answered) / elapsed.as_secs_f64())
}

fn ask(console: &mut Console, kind: Kind) {
    match kind {
        Kind::DeviceId => console.request(&GetDeviceId),
        Kind::ChassisStatus => console.request(&GetChassisStatus),
    };
}
