//! A machine's serial console, kept open for a BMC.
//!
//! | File | What lives there |
//! |---|---|
//! | `mod` | [`Console`]: what the BMC's task sees of it |
//! | `pipe` | the bounded buffers between both, and what is remembered for who comes late |
//! | `relay` | the task that owns the host's console: opens it, and opens it again when it has ended |
//!
//! A BMC has such a task only while somebody uses its console, or where its history is to be kept. Whatever is slower, the
//! machine or the network, holds the other one back: nothing here grows beyond its bounds, and nothing is dropped. No
//! IPMI in here: sessions, packets and acknowledgements are `ipmi_proto`'s.

mod pipe;
mod relay;

use std::sync::Arc;

use ipmi_proto::sol::{Event, Port};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use self::pipe::Pipe;
use super::mailbox::{Mailbox, Message};
use crate::host::{Host, HostError};

/// A console that is open, or is being opened again and again until it is. Closed when dropped.
#[derive(Debug)]
pub(super) struct Console {
    shared: Arc<Shared>,
    relay: AbortHandle,
}

/// What the BMC's task and the relay share.
#[derive(Debug)]
struct Shared {
    pipe: Mutex<Pipe>,
    /// Tells the relay that there are bytes to send, or room for more.
    work: Notify,
    /// Tells the relay that the machine was switched on.
    started: Notify,
    mailbox: Mailbox,
}

/// How it stands with the machine's console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is being opened for the first time.
    Opening,
    /// It is open.
    Open,
    /// It is not there at present. It will be opened as soon as that works.
    Away(HostError),
}

impl Console {
    /// Opens the console of the machine behind `host`, and remembers the last `history` bytes of each run of it. The BMC's
    /// task gets a [`Message::Console`] whenever there is something new.
    pub(super) fn open(host: Arc<dyn Host>, mailbox: Mailbox, history: usize) -> Self {
        let shared = Arc::new(Shared {
            pipe: Mutex::new(Pipe::new(history)),
            work: Notify::new(),
            started: Notify::new(),
            mailbox,
        });
        let relay = tokio::spawn(relay::run(host, Arc::clone(&shared)));
        Self {
            shared,
            relay: relay.abort_handle(),
        }
    }

    /// How it stands with the machine's console. The next change is told anew.
    pub(super) fn standing(&self) -> Standing {
        let mut pipe = self.shared.pipe.lock();
        pipe.told = false;
        pipe.standing.clone()
    }

    /// Changes how much is remembered.
    pub(super) fn set_history(&self, bytes: usize) {
        self.shared.pipe.lock().set_history(bytes);
    }

    /// Somebody is at the other end from now on, and first gets what is remembered.
    pub(super) fn attach(&self) {
        self.shared.pipe.lock().attach();
        self.shared.work.notify_one();
    }

    /// Nobody is any more.
    pub(super) fn detach(&self) {
        self.shared.pipe.lock().detach();
        self.shared.work.notify_one();
    }

    /// The machine was switched off.
    pub(super) fn machine_stopped(&self) {
        self.shared.pipe.lock().machine_stopped();
    }

    /// The machine was switched on: what it said before is history no longer, and its console can be opened.
    pub(super) fn machine_started(&self) {
        self.shared.pipe.lock().machine_started();
        self.shared.started.notify_one();
    }

    /// Moves bytes between the machine and the console's end of a session, as far as both have room.
    pub(super) fn exchange(&self, port: &mut Port) {
        let mut pipe = self.shared.pipe.lock();
        pipe.told = false;
        port.set_available(pipe.standing == Standing::Open);
        let room = pipe.room_to_send();
        pipe.send(&port.read(room));
        while let Some(event) = port.poll_event() {
            match event {
                Event::Break => pipe.send_break(),
                Event::FlushInbound => pipe.forget_outgoing(),
                Event::FlushOutbound => pipe.forget_incoming(),
                // There are no modem lines, and no bell, at a virtual machine's port.
                _ => {}
            }
        }
        let waiting = pipe.received(port.room());
        let taken = port.write(waiting);
        pipe.take_received(taken);
        drop(pipe);
        self.shared.work.notify_one();
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.relay.abort();
    }
}

impl Shared {
    /// Tells the BMC's task that there is something new, unless it has yet to look.
    fn tell(&self, mut pipe: parking_lot::MutexGuard<'_, Pipe>) {
        if !std::mem::replace(&mut pipe.told, true) {
            self.mailbox.send(Message::Console);
        }
    }
}
