//! One end of the line: [`Port`].

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::inbox::{Inbox, Place};
use super::outbox::{Outbox, Signals};
use super::{Config, Control, Operation, Packet, Role, Status};
use crate::Time;

/// One end of the line, without IO or clock.
///
/// After every call that may change something ([`handle`](Self::handle), [`write`](Self::write),
/// [`read`](Self::read), and all that change signals), and at [`poll_timeout`](Self::poll_timeout), call
/// [`poll_transmit`](Self::poll_transmit) until it answers none, and send each packet in the session. A packet that
/// could not be sent is as good as lost. Times must not run backwards.
#[derive(Debug)]
pub struct Port {
    role: Role,
    config: Config,
    state: State,
    outbox: Outbox,
    inbox: Inbox,
    events: VecDeque<Event>,
    /// The console's wishes that last: this end's own, or at the BMC the other end's.
    line: Line,
    /// Whether somebody is at the machine's end of the line.
    available: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// The other end is being told.
    Closing,
    Closed,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Line {
    pause: bool,
    hang_up: bool,
}

/// What happens on the line besides bytes.
///
/// Each stands for what came since the last one of its kind was taken: a port that nobody asks does not grow. To
/// have a break between the right bytes, read bytes and events after every packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The other end sent a break.
    Break,
    /// The console rings (BMC's end).
    Ring,
    /// What the console sent is to be forgotten where the machine has not had it (BMC's end). This port's part is done.
    FlushInbound,
    /// What the machine sent is to be forgotten where the console has not had it (BMC's end). This port's part is done.
    FlushOutbound,
    /// [`Port::is_hung_up`] has changed (BMC's end).
    HangUp,
    /// [`Port::is_available`] has changed (console's end).
    Availability,
    /// Bytes of the machine were lost (console's end).
    Overrun,
    /// A packet was repeated as often as configured, and its bytes are lost.
    GaveUp,
    /// The BMC has deactivated the payload (console's end). The last event.
    Deactivated,
}

impl Port {
    /// How often the other end is told that the payload is deactivated. It need not answer: ipmiconsole does not.
    const FAREWELLS: u32 = 3;

    /// A port that was just activated.
    #[must_use]
    pub const fn new(role: Role, config: Config) -> Self {
        Self {
            role,
            config,
            state: State::Open,
            outbox: Outbox::new(),
            inbox: Inbox::new(),
            events: VecDeque::new(),
            line: Line {
                pause: false,
                hang_up: false,
            },
            available: true,
        }
    }

    /// The settings.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Takes a packet of the other end's in.
    pub fn handle(&mut self, now: Time, packet: &Packet<'_>) {
        if self.state == State::Closed {
            return;
        }
        let acked = self
            .outbox
            .acknowledge(now, packet.ack, packet.nack, &self.config);
        if self.state == State::Closing {
            if acked {
                self.state = State::Closed;
            }
            return;
        }
        let place = packet
            .sequence
            .map_or(Place::New, |sequence| self.inbox.place(sequence));
        if place == Place::Late {
            return;
        }
        if place == Place::New {
            match (self.role, packet.control) {
                (Role::Bmc, Control::Operation(operation)) => self.operate(operation),
                (Role::Console, Control::Status(status)) => self.learn(status),
                _ => {}
            }
        }
        if let Some(sequence) = packet.sequence {
            let open = self.role == Role::Console || self.available;
            self.inbox
                .receive(now, sequence, packet.data, open, &self.config);
        }
    }

    fn operate(&mut self, operation: Operation) {
        if operation.flush_inbound {
            self.inbox.flush(&self.config);
            self.event(Event::FlushInbound);
        }
        if operation.flush_outbound {
            self.outbox.flush();
            self.event(Event::FlushOutbound);
        }
        if operation.generate_break {
            self.event(Event::Break);
        }
        if operation.ring {
            self.event(Event::Ring);
        }
        if operation.hang_up != self.line.hang_up {
            self.event(Event::HangUp);
        }
        self.line = Line {
            pause: operation.pause,
            hang_up: operation.hang_up,
        };
    }

    fn learn(&mut self, status: Status) {
        if status.break_detected {
            self.event(Event::Break);
        }
        if status.overrun {
            self.event(Event::Overrun);
        }
        if status.unavailable == self.available {
            self.available = !status.unavailable;
            self.event(Event::Availability);
        }
        if status.deactivated {
            self.event(Event::Deactivated);
            self.state = State::Closed;
        }
    }

    fn event(&mut self, event: Event) {
        if !self.events.contains(&event) {
            self.events.push_back(event);
        }
    }

    /// The next packet to send.
    pub fn poll_transmit(&mut self, now: Time) -> Option<Packet<'_>> {
        if self.state == State::Closed {
            return None;
        }
        if self.outbox.give_up(now, &self.config).is_some() {
            if self.state == State::Closing {
                self.state = State::Closed;
                return None;
            }
            self.event(Event::GaveUp);
        }
        let refuse = self.config.refuse_when_full || !self.available;
        let lasting = self.control(Signals::default());
        // Some BMCs drop the data of a packet that acknowledges another than the last one that they sent; consoles do not.
        // So a console's acknowledgements go alone, and before its bytes.
        if self.role == Role::Bmc && self.inbox.owes() {
            self.outbox.hurry(now);
        }
        let due = self.outbox.is_due(now, &self.config);
        let alone = match self.role {
            Role::Bmc if due => None,
            _ => self.inbox.poll(now, refuse, &self.config),
        };
        if let Some(ack) = alone {
            return Some(Packet {
                sequence: None,
                ack: Some(ack),
                nack: self.inbox.is_refusing(),
                control: lasting,
                data: &[],
            });
        }
        if !due {
            return None;
        }
        let ack = match self.role {
            // A repetition clears the way for the bytes behind it, which take along what is not due yet.
            Role::Bmc if self.outbox.is_repetition() && self.inbox.owes_later(now) => None,
            Role::Bmc => self.inbox.ride(now, refuse, &self.config),
            Role::Console => None,
        };
        let nack = ack.is_some() && self.inbox.is_refusing();
        let pending = self.outbox.send(now, &self.config)?;
        Some(Packet {
            sequence: Some(pending.sequence),
            ack,
            nack,
            control: lasting.with(pending.signals),
            data: &pending.data,
        })
    }

    const fn control(&self, signals: Signals) -> Control {
        let lasting = match self.role {
            Role::Console => Control::Operation(Operation {
                ring: false,
                generate_break: false,
                pause: self.line.pause,
                hang_up: self.line.hang_up,
                flush_inbound: false,
                flush_outbound: false,
            }),
            Role::Bmc => Control::Status(Status {
                unavailable: !self.available,
                deactivated: matches!(self.state, State::Closing),
                overrun: false,
                break_detected: false,
            }),
        };
        lasting.with(signals)
    }

    /// When [`poll_transmit`](Self::poll_transmit) has something to say.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Time> {
        if self.state == State::Closed {
            return None;
        }
        let outbox = self.outbox.timeout(&self.config);
        outbox.into_iter().chain(self.inbox.timeout()).min()
    }

    /// The next thing that happened on the line.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// How many bytes can be written. 0 also while the console has the machine pause.
    #[must_use]
    pub fn room(&self) -> usize {
        let paused = self.role == Role::Bmc && self.line.pause;
        if paused || self.state != State::Open {
            0
        } else {
            self.outbox.room(&self.config)
        }
    }

    /// Sends bytes. Gives how many of them were taken; offer the others again when there is [`room`](Self::room).
    pub fn write(&mut self, data: &[u8]) -> usize {
        let data = data.get(..self.room()).unwrap_or(data);
        self.outbox.write(data, &self.config)
    }

    /// Whether everything that was written has arrived.
    #[must_use]
    pub fn is_flushed(&self) -> bool {
        self.outbox.is_empty()
    }

    /// How many bytes wait for being read.
    #[must_use]
    pub fn readable(&self) -> usize {
        self.inbox.len()
    }

    /// Takes at most `max` of the bytes that came in. The other end is slowed down by whom nobody reads.
    pub fn read(&mut self, max: usize) -> Vec<u8> {
        self.inbox.read(max, &self.config)
    }

    fn signal(&mut self, signals: Signals) {
        if self.state == State::Open {
            self.outbox.signal(signals);
        }
    }

    /// Sends a break behind what was written.
    pub fn send_break(&mut self) {
        self.signal(Signals {
            line_break: true,
            ..Signals::default()
        });
    }

    /// Rings, behind what was written (console's end).
    pub fn ring(&mut self) {
        self.signal(Signals {
            ring: true,
            ..Signals::default()
        });
    }

    /// Has the BMC forget what the machine has not had yet; so does this port (console's end).
    pub fn flush_inbound(&mut self) {
        self.outbox.flush();
        self.signal(Signals {
            flush_inbound: true,
            ..Signals::default()
        });
    }

    /// Has the BMC forget what the machine sent; so does this port (console's end).
    pub fn flush_outbound(&mut self) {
        self.inbox.flush(&self.config);
        self.signal(Signals {
            flush_outbound: true,
            ..Signals::default()
        });
    }

    /// Has the machine pause or go on sending (console's end).
    pub fn set_paused(&mut self, paused: bool) {
        if self.line.pause != paused {
            self.line.pause = paused;
            self.signal(Signals::default());
        }
    }

    /// Whether the console has the machine pause.
    #[must_use]
    pub const fn is_paused(&self) -> bool {
        self.line.pause
    }

    /// Takes DCD and DSR away from the machine, or gives them back (console's end).
    pub fn set_hung_up(&mut self, hung_up: bool) {
        if self.line.hang_up != hung_up {
            self.line.hang_up = hung_up;
            self.signal(Signals::default());
        }
    }

    /// Whether the console has taken DCD and DSR away from the machine.
    #[must_use]
    pub const fn is_hung_up(&self) -> bool {
        self.line.hang_up
    }

    /// Says that bytes of the machine are lost before those that are written next (BMC's end).
    pub fn report_overrun(&mut self) {
        self.signal(Signals {
            overrun: true,
            ..Signals::default()
        });
    }

    /// Says whether the machine is there to read (BMC's end). While it is not, nothing is taken from the console.
    pub fn set_available(&mut self, available: bool) {
        if self.available != available {
            self.available = available;
            self.signal(Signals::default());
            if available {
                self.inbox.made_room(&self.config);
            }
        }
    }

    /// As [`set_available`](Self::set_available), but says it with the next packet that goes anyway. For a port that was just
    /// activated: ipmitool takes a packet that it has not asked for as the answer to what it asks next. At the console's
    /// end: what it knows of the machine before the BMC has said it.
    pub const fn begin_available(&mut self, available: bool) {
        self.available = available;
    }

    /// Whether the machine is there to read.
    #[must_use]
    pub const fn is_available(&self) -> bool {
        self.available
    }

    /// Tells the console that the payload is deactivated, and ends once that is done (BMC's end). Bytes that the
    /// console has not had are lost.
    pub fn deactivate(&mut self) {
        if self.state == State::Open {
            self.outbox.flush();
            self.signal(Signals::default());
            self.config.retries = Some(Self::FAREWELLS - 1);
            self.state = State::Closing;
        }
    }

    /// Whether the payload is deactivated: nothing comes in or goes out any more but the news of it.
    #[must_use]
    pub fn is_deactivated(&self) -> bool {
        self.state != State::Open
    }

    /// Whether there is nothing more to send.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }
}

impl Control {
    const fn with(self, signals: Signals) -> Self {
        match self {
            Self::Operation(lasting) => Self::Operation(Operation {
                ring: signals.ring,
                generate_break: signals.line_break,
                flush_inbound: signals.flush_inbound,
                flush_outbound: signals.flush_outbound,
                ..lasting
            }),
            Self::Status(lasting) => Self::Status(Status {
                overrun: signals.overrun,
                break_detected: signals.line_break,
                ..lasting
            }),
        }
    }
}
