//! The machine's serial line over a session: serial over LAN.

use std::io;
use std::time::Duration;

use ipmi_proto::CompletionCode;
use ipmi_proto::command::app::{
    ActivatePayload, DeactivatePayload, PayloadInstance, PayloadNumber,
};
use ipmi_proto::console::{Event, SolError};
use ipmi_proto::session::MAX_DATAGRAM_LEN;
use ipmi_proto::sol;
use tokio::time::{Instant, sleep_until, timeout};

use super::error::Cause;
use super::{Console, Error, FAREWELL};

/// How long the last keys may take to arrive before the line is given back.
const LAST_KEYS: Duration = Duration::from_secs(2);

/// A serial line that is open.
#[derive(Debug)]
pub(crate) struct Line {
    console: Console,
    closed: bool,
}

/// What became of asking for the line.
#[derive(Debug)]
pub(crate) enum Opened {
    /// It is there.
    Line(Box<Line>),
    /// The BMC wants its packets at another port: a session has to be opened to that one.
    Elsewhere(u16),
}

/// What came of waiting for something on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// There may be bytes or events to take from the port.
    Something,
    /// The BMC has taken the line away.
    TakenAway,
}

/// Why there is no line, where there is more to be said than [`Error`] says.
#[derive(Debug)]
pub(crate) enum NoLine {
    /// Another session has it.
    InUse,
    /// There is no such line, or not for this user.
    Disabled,
    Other(Error),
}

impl Console {
    /// Asks for the machine's serial line.
    pub(crate) async fn open_line(mut self) -> Result<Opened, NoLine> {
        self.protocol.activate_sol(sol::Config::console());
        let answer = self
            .until(|event| match event {
                Event::SolActivated { port } => Some(Ok(*port)),
                Event::SolFailed(error) => Some(Err(*error)),
                _ => None,
            })
            .await;
        let refused = match answer {
            Ok(Ok(port)) if port == self.bmc.port || port == 0 => {
                let console = self;
                let closed = false;
                return Ok(Opened::Line(Box::new(Line { console, closed })));
            }
            Ok(Ok(port)) => {
                self.close().await;
                return Ok(Opened::Elsewhere(port));
            }
            Ok(Err(refused)) => refused,
            Err(error) => return Err(NoLine::Other(error)),
        };
        let error = match refused {
            SolError::Refused {
                code: CompletionCode::CommandSpecific(ActivatePayload::ALREADY_ACTIVE),
            } => NoLine::InUse,
            SolError::Refused {
                code: CompletionCode::CommandSpecific(ActivatePayload::DISABLED),
            } => NoLine::Disabled,
            refused => NoLine::Other(Error::new(&self.bmc, Cause::Line(refused))),
        };
        self.close().await;
        Err(error)
    }

    /// Takes the serial line away from whoever has it. Nobody may have it by now.
    pub(crate) async fn free_line(&mut self) -> Result<(), Error> {
        let deactivate = DeactivatePayload {
            payload: PayloadNumber::SOL,
            instance: PayloadInstance::FIRST,
        };
        match self.request(&deactivate).await {
            Err(error) if !error.is_refusal() => Err(error),
            _ => Ok(()),
        }
    }
}

impl Line {
    /// This end of the line.
    pub(crate) fn port(&mut self) -> Option<&mut sol::Port> {
        self.console.protocol.sol_mut()
    }

    /// Sends what the port has to send, and waits for something to come in. May be dropped at any time.
    pub(crate) async fn hear(&mut self) -> Result<Heard, Error> {
        let heard = self.wait().await;
        heard.map_err(|cause| {
            self.closed = true;
            Error::new(&self.console.bmc, cause)
        })
    }

    async fn wait(&mut self) -> Result<Heard, Cause> {
        let console = &mut self.console;
        let (mut out, mut buffer) = (Vec::new(), [0; MAX_DATAGRAM_LEN]);
        loop {
            console.transmit(&mut out).await;
            let mut heard = None;
            while let Some(event) = console.protocol.poll_event() {
                match event {
                    Event::Sol => heard = Some(Heard::Something),
                    Event::SolDeactivated => {
                        self.closed = true;
                        return Ok(Heard::TakenAway);
                    }
                    Event::Failed(error) => return Err(Cause::Session(error)),
                    Event::Closed => return Err(Cause::Closed),
                    _ => {}
                }
            }
            if let Some(heard) = heard {
                return Ok(heard);
            }
            let now = console.now();
            let due = console
                .protocol
                .poll_timeout()
                .map(|due| Instant::now() + due.since(now).max(Duration::from_millis(1)));
            let alarm = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                received = console.socket.recv(&mut buffer) => match received {
                    Ok(len) => {
                        let now = console.now();
                        // What it drops is none of this session's.
                        let _ = console.protocol.handle(now, &mut buffer[..len], &mut rand::rng());
                    }
                    // The BMC restarts, perhaps: its silence ends the session.
                    Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                    Err(error) => return Err(Cause::Socket(error)),
                },
                () = alarm => {}
            }
            let now = console.now();
            console.protocol.handle_timeout(now);
        }
    }

    /// Waits until the machine has what was typed, but not for long; gives the line back, and ends the session.
    pub(crate) async fn close(mut self) {
        let _ = timeout(LAST_KEYS, async {
            while !self.closed && self.port().is_some_and(|port| !port.is_flushed()) {
                if self.hear().await.is_err() {
                    return;
                }
            }
        })
        .await;
        self.console.limit = FAREWELL * 2;
        self.console.close().await;
    }
}
