//! A conversation with a machine: keys go to the line, what the line says goes to the screen.

use std::io;

use ipmi_proto::sol::Event;
use rustix::process::{Signal, getpid, kill_process};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::escape::{Escapes, Typed};
use super::raw::Raw;
use super::streams::{Screen, keys};
use crate::ipmi::{Heard, Line};
use crate::lab::interrupt::Interrupted;

const HELP: &str = "\
[behind Enter, these are not for the machine:
  ~.        leave
  ~B        send a break
  ~ Ctrl-Z  back to the shell, until `fg`
  ~?        this
  ~~        a ~ for the machine]
";

/// The most bytes that are taken from the line at once.
const PIECE: usize = 4096;

/// Talks until somebody has had enough. Gives the line back.
pub(super) async fn talk(
    name: &str,
    mut line: Box<Line>,
    off: bool,
    quiet: bool,
) -> anyhow::Result<()> {
    let mut keys = keys()?;
    let screen = Screen::open()?;
    let raw = Raw::begin()?;
    let mut talk = Talk {
        escapes: raw.is_some().then(Escapes::new),
        raw,
        quiet,
        typed: Vec::new(),
        available: !off,
        ended: false,
    };
    talk.say(&if talk.raw.is_some() {
        format!("connected to {name}; Enter ~. leaves, Enter ~? helps")
    } else {
        format!("connected to {name}")
    });
    if off {
        // The BMC says when it is there.
        if let Some(port) = line.port() {
            port.begin_available(false);
        }
        talk.say("the machine is off; what it says will be shown when it is switched on");
    }
    let result = talk.run(&mut line, &mut keys, &screen.pieces).await;
    if result.is_err() {
        talk.raw = None;
    }
    line.close().await;
    let shown = screen.close();
    talk.say("disconnected");
    drop(talk);
    result?;
    Ok(shown?)
}

struct Talk {
    /// None where stdin is no terminal: what comes from there is the machine's alone.
    escapes: Option<Escapes>,
    raw: Option<Raw>,
    quiet: bool,
    /// What the line has no room for yet.
    typed: Vec<u8>,
    available: bool,
    /// Nothing more comes from stdin.
    ended: bool,
}

impl Talk {
    async fn run(
        &mut self,
        line: &mut Line,
        keys: &mut mpsc::Receiver<Vec<u8>>,
        screen: &mpsc::Sender<Vec<u8>>,
    ) -> anyhow::Result<()> {
        let mut ends = [
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
            signal(SignalKind::quit())?,
        ];
        let [interrupt, terminate, hangup, quit] = &mut ends;
        loop {
            let Some(port) = line.port() else {
                anyhow::bail!("the line is closed");
            };
            let taken = port.write(&self.typed);
            self.typed.drain(..taken);
            // The screen's pace is the machine's.
            while port.readable() > 0
                && let Ok(room) = screen.try_reserve()
            {
                room.send(port.read(PIECE));
            }
            let unread = port.readable() > 0;
            let available = port.is_available();
            while let Some(event) = port.poll_event() {
                match event {
                    Event::Overrun => self.say("the BMC has lost some of what the machine said"),
                    Event::GaveUp => self.say("the BMC did not take what was typed; it is lost"),
                    _ => {}
                }
            }
            self.told(available);
            if self.ended && self.typed.is_empty() {
                return Ok(());
            }
            tokio::select! {
                heard = line.hear() => match heard? {
                    Heard::Something => {}
                    Heard::TakenAway => {
                        while let Some(port) = line.port() && port.readable() > 0 {
                            let rest = port.read(PIECE);
                            screen.send(rest).await?;
                        }
                        anyhow::bail!("another console has taken over, or the BMC has ended this one");
                    }
                },
                typed = keys.recv(), if self.typed.is_empty() && !self.ended => match typed {
                    Some(typed) => if self.take(&typed, line)? {
                        return Ok(());
                    },
                    None => self.ended = true,
                },
                room = screen.reserve(), if unread => {
                    // An error says that nobody reads any more.
                    room.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
                }
                _ = interrupt.recv() => return Err(Interrupted.into()),
                _ = terminate.recv() => return Err(Interrupted.into()),
                _ = hangup.recv() => return Err(Interrupted.into()),
                _ = quit.recv() => return Err(Interrupted.into()),
            }
        }
    }

    /// Takes what was typed. True: leave.
    fn take(&mut self, bytes: &[u8], line: &mut Line) -> anyhow::Result<bool> {
        let Some(escapes) = &mut self.escapes else {
            self.typed.extend(bytes);
            return Ok(false);
        };
        for typed in escapes.take(bytes) {
            match typed {
                Typed::Keys(keys) => {
                    self.typed.extend(keys);
                    self.offer(line);
                }
                Typed::Break => {
                    self.offer(line);
                    if let Some(port) = line.port() {
                        port.send_break();
                    }
                }
                Typed::Leave => return Ok(true),
                Typed::Help => self.show(HELP),
                Typed::Suspend => self.suspend()?,
            }
        }
        Ok(false)
    }

    fn offer(&mut self, line: &mut Line) {
        if let Some(port) = line.port() {
            let taken = port.write(&self.typed);
            self.typed.drain(..taken);
        }
    }

    /// Back to the shell, until it lets us go on.
    fn suspend(&mut self) -> anyhow::Result<()> {
        self.raw = None;
        kill_process(getpid(), Signal::TSTP)?;
        self.raw = Raw::begin()?;
        Ok(())
    }

    fn told(&mut self, available: bool) {
        if available != self.available {
            self.available = available;
            self.say(if available {
                "the machine's console is there"
            } else {
                "the machine is off, or somebody else has its console; waiting for it"
            });
        }
    }

    /// Says something that is not the machine's.
    fn say(&self, text: &str) {
        if !self.quiet {
            self.show(&format!("[{text}]\n"));
        }
    }

    fn show(&self, text: &str) {
        use std::io::Write as _;
        let text = match self.raw {
            Some(_) => text.replace('\n', "\r\n"),
            None => text.to_owned(),
        };
        // Nobody can be told if this fails.
        let _ = io::stderr().write_all(text.as_bytes());
    }
}
