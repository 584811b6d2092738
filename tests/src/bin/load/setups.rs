//! Session set-ups per second: from the first datagram to the raised privilege level, then Close Session.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use ipmi_proto::Time;
use ipmi_proto::console::{Config, Console, Event};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time;

/// What came of the set-ups.
#[derive(Debug, Default)]
pub(crate) struct Setups {
    pub(crate) per_second: f64,
    pub(crate) failed: u32,
}

/// Sets sessions up, `concurrency` at a time, on one thread.
pub(crate) fn rate(
    bmc: SocketAddr,
    config: &Config,
    concurrency: usize,
    duration: Duration,
) -> Result<Setups> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let started = Instant::now();
        let mut tasks = JoinSet::new();
        for _ in 0..concurrency {
            tasks.spawn(set_up(bmc, config.clone(), started, duration));
        }
        let (mut opened, mut failed) = (0, 0);
        while let Some(done) = tasks.join_next().await {
            let (more_opened, more_failed) = done??;
            opened += more_opened;
            failed += more_failed;
        }
        Ok(Setups {
            per_second: f64::from(opened) / started.elapsed().as_secs_f64(),
            failed,
        })
    })
}

/// Sets up one session after the other; counts those that were opened and those that failed.
async fn set_up(
    bmc: SocketAddr,
    config: Config,
    started: Instant,
    duration: Duration,
) -> Result<(u32, u32)> {
    let (mut opened, mut failed) = (0, 0);
    while started.elapsed() < duration {
        if one(bmc, config.clone(), started).await? {
            opened += 1;
        } else {
            failed += 1;
        }
    }
    Ok((opened, failed))
}

/// One session on a socket of its own; whether it was opened.
async fn one(bmc: SocketAddr, config: Config, origin: Instant) -> Result<bool> {
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    socket.connect(bmc).await?;
    let now = || Time::from_origin(origin.elapsed());
    let mut console = Console::new(config);
    let (mut out, mut buffer) = (Vec::new(), [0; 1024]);
    let mut opened = false;
    loop {
        while let Some(event) = console.poll_event() {
            match event {
                Event::Established(_) => {
                    opened = true;
                    console.close();
                }
                Event::Failed(_) | Event::Closed => return Ok(opened),
                _ => {}
            }
        }
        while console.poll_transmit(now(), &mut rand::rng(), &mut out) {
            socket.send(&out).await?;
            out.clear();
        }
        let wait = console
            .poll_timeout()
            .map_or(Duration::from_secs(1), |due| due.since(now()));
        match time::timeout(wait, socket.recv(&mut buffer)).await {
            Ok(Ok(len)) => {
                let _ = console.handle(
                    now(),
                    buffer.get_mut(..len).unwrap_or_default(),
                    &mut rand::rng(),
                );
            }
            Ok(Err(_)) | Err(_) => console.handle_timeout(now()),
        }
    }
}
