//! A bare UDP echo, in a process of its own: what the network stack of this machine can do at best.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, io, thread};

use anyhow::{Context as _, Result};

/// As long as a Get Device ID request in suite 17: RMCP and session header, IV and two blocks, trailer.
const SIZE: usize = 16 + 48 + 20;

/// The echo's process; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    child: Child,
    stdin: Option<ChildStdin>,
}

impl Server {
    pub(crate) fn spawn() -> Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .arg("--echo-server")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the echo")?;
        let stdin = child.stdin.take();
        let mut line = String::new();
        let stdout = child.stdout.take().context("the echo has no output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line
            .trim()
            .parse()
            .context("the echo did not say where it listens")?;
        Ok(Self {
            address,
            child,
            stdin,
        })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}

/// The echo itself: blocking, on one socket.
pub(crate) fn serve() -> Result<()> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    println!("{}", socket.local_addr()?);
    let echo = socket.try_clone()?;
    thread::spawn(move || -> io::Result<()> {
        let mut buffer = [0; 2048];
        loop {
            let (len, peer) = echo.recv_from(&mut buffer)?;
            if let Some(datagram) = buffer.get(..len) {
                echo.send_to(datagram, peer)?;
            }
        }
    });
    // Ends with the process that started it.
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// Echoes per second with `window` datagrams in flight.
pub(crate) fn rate(address: SocketAddr, window: usize, duration: Duration) -> Result<f64> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(address)?;
    socket.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut buffer = [0; SIZE];
    let started = Instant::now();
    let mut echoed = 0u32;
    for _ in 0..window {
        socket.send(&buffer)?;
    }
    while started.elapsed() < duration {
        socket.recv(&mut buffer).context("the echo is silent")?;
        echoed += 1;
        socket.send(&buffer)?;
    }
    Ok(f64::from(echoed) / started.elapsed().as_secs_f64())
}
