//! The remote console's end: opens a session with a BMC and sends requests.
//!
//! [`Console`] is a state machine without IO. It asks for the authentication capabilities and the cipher suites, runs
//! Open Session and RAKP 1 to 4, raises the privilege level and then sends requests, as ipmitool and FreeIPMI do.
//!
//! | File | What lives there |
//! |---|---|
//! | `opening` | which step comes next until there are keys, when to repeat one and when to begin anew |
//! | `discovery`, `handshake` | the steps themselves, a type each |
//! | `active`, `request`, `outbound` | the open session: requests, answers, sequence numbers |
//! | `line` | the serial line in it |
//! | `resend` | when a message is sent again |
//!
//! # The contract
//!
//! After every call that may change something ([`Console::new`], [`handle`](Console::handle),
//! [`handle_timeout`](Console::handle_timeout), [`request`](Console::request), [`raw_request`](Console::raw_request),
//! [`close`](Console::close), [`activate_sol`](Console::activate_sol), [`deactivate_sol`](Console::deactivate_sol), or
//! anything done to the port of [`sol_mut`](Console::sol_mut)), drain the console:
//!
//! 1. call [`poll_transmit`](Console::poll_transmit) until it answers false, and send each datagram to the BMC;
//! 2. call [`poll_event`](Console::poll_event) until it answers none;
//! 3. wait for a datagram, which goes to `handle`, or until [`poll_timeout`](Console::poll_timeout), whatever is
//!    earlier. At the timeout call `handle_timeout`. When there is no timeout and
//!    [`is_ended`](Console::is_ended), the console is done and does nothing any more.
//!
//! A datagram that could not be sent is as good as lost: the console sends it again by itself. Times must not run
//! backwards.
//!
//! ```no_run
//! # use ipmi_proto::{console::{Config, Console, Event}, command::app::GetDeviceId, crypto::Password, handshake::Username, Time};
//! # fn demo(socket: &std::net::UdpSocket, rng: &mut impl ipmi_proto::rand_core::CryptoRng) -> Result<(), Box<dyn std::error::Error>> {
//! let start = std::time::Instant::now();
//! let now = || Time::from_origin(start.elapsed());
//! let config = Config::new(Username::new(b"admin")?, Password::new(b"password")?);
//! let mut console = Console::new(config);
//! console.request(&GetDeviceId); // waits for the session
//! let mut datagram = Vec::new();
//! while !console.is_ended() {
//!     while console.poll_transmit(now(), rng, &mut datagram) {
//!         socket.send(&datagram)?;
//!         datagram.clear();
//!     }
//!     while let Some(event) = console.poll_event() {
//!         if let Event::Response { result, .. } = event {
//!             println!("{:?}", result?.decode::<GetDeviceId>()?);
//!             console.close();
//!         }
//!     }
//!     let wait = console.poll_timeout().map(|at| at.since(now()).max(std::time::Duration::from_millis(1)));
//!     socket.set_read_timeout(wait)?;
//!     let mut buffer = [0; 1024];
//!     if let Ok(len) = socket.recv(&mut buffer) {
//!         let _ = console.handle(now(), &mut buffer[..len], rng);
//!     }
//!     console.handle_timeout(now());
//! }
//! # Ok(())
//! # }
//! ```

mod active;
mod config;
mod discovery;
mod error;
mod event;
mod handshake;
mod line;
mod opening;
mod outbound;
mod request;
mod resend;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;
use core::mem;

use rand_core::CryptoRng;

pub use config::{Config, Retry, SuiteChoice};
pub use error::{Dropped, Error, RequestError, ResponseError, SolError, Step};
pub use event::{Event, RequestId, Response, Session};

use crate::command::{Command, NetFn};
use crate::handshake::Rakp3;
use crate::{Time, sol};
use active::Active;
use handshake::encode_rakp3;
use line::ACTIVATE;
use opening::{End, Opening};
use request::{Purpose, Request};

/// One session with one BMC, from the first question to Close Session. See the [module](self) for how to drive it.
///
/// Datagrams must come from the BMC's address: the console does not know addresses.
pub struct Console {
    config: Config,
    state: State,
    /// Requests that wait for the session, or for room in its window.
    queue: VecDeque<Request>,
    events: VecDeque<Event>,
    next_id: u64,
}

enum State {
    Opening(Opening),
    Active(Box<Active>),
    /// One last datagram: the BMC need not wait for the rest of the handshake.
    Farewell(Rakp3),
    Ended,
}

impl Console {
    /// A console that opens a session as soon as it is polled.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            state: State::Opening(Opening::new(&config)),
            config,
            queue: VecDeque::new(),
            events: VecDeque::new(),
            next_id: 0,
        }
    }

    /// Takes a datagram of the BMC's in. It is decrypted in place.
    ///
    /// # Errors
    ///
    /// [`Dropped`] says why the datagram had no effect. That is nothing to act on: the network repeats, delays and
    /// corrupts datagrams, and anybody may send some.
    pub fn handle(
        &mut self,
        now: Time,
        datagram: &mut [u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(), Dropped> {
        match &mut self.state {
            State::Opening(opening) => {
                let end = opening.handle(datagram, &self.config, rng)?;
                self.opening_ended(now, end);
            }
            State::Active(active) => {
                active.handle(now, datagram, &self.config, &mut self.events)?;
                self.progress();
            }
            State::Farewell(_) | State::Ended => return Err(Dropped::Unexpected),
        }
        Ok(())
    }

    /// Does what is due at `now`. Call it at [`poll_timeout`](Self::poll_timeout); earlier it does nothing.
    pub fn handle_timeout(&mut self, now: Time) {
        match &mut self.state {
            State::Opening(opening) => {
                let end = opening.handle_timeout(now, &self.config);
                self.opening_ended(now, end);
            }
            State::Active(active) => {
                active.handle_timeout(now, &self.config, &mut self.events);
                self.progress();
            }
            State::Farewell(_) | State::Ended => {}
        }
    }

    fn opening_ended(&mut self, now: Time, end: Option<End>) {
        match end {
            None => {}
            Some(End::Keyed(keyed)) => {
                let active = Active::new(*keyed, now, &self.config, &mut self.events);
                self.state = State::Active(Box::new(active));
                self.progress();
            }
            Some(End::Failed(error)) => self.end(State::Ended, Event::Failed(error)),
            Some(End::WrongPassword(rakp3)) => {
                self.end(State::Farewell(rakp3), Event::Failed(Error::WrongPassword))
            }
        }
    }

    /// Moves queued requests into the session as far as its window goes, and notices its end.
    fn progress(&mut self) {
        let State::Active(active) = &mut self.state else {
            return;
        };
        for _ in 0..active.capacity(&self.config) {
            match self.queue.pop_front() {
                Some(request) => active.send(request),
                None => break,
            }
        }
        if active.is_closed() {
            self.state = State::Ended;
            self.drop_queue();
        }
    }

    /// Ends without a session. The owners of queued requests hear of it first.
    fn end(&mut self, state: State, event: Event) {
        self.state = state;
        self.drop_queue();
        self.events.push_back(event);
    }

    fn drop_queue(&mut self) {
        let ended = mem::take(&mut self.queue);
        self.events.extend(ended.iter().filter_map(Request::closed));
    }

    /// Appends the next datagram to send to `out`; false when there is none. `rng` makes session ids and
    /// initialisation vectors.
    pub fn poll_transmit(
        &mut self,
        now: Time,
        rng: &mut impl CryptoRng,
        out: &mut Vec<u8>,
    ) -> bool {
        match &mut self.state {
            State::Opening(opening) => opening.poll_transmit(now, &self.config, rng, out),
            State::Active(active) => active.poll_transmit(now, &self.config, rng, out),
            State::Farewell(rakp3) => {
                encode_rakp3(rakp3, out);
                self.state = State::Ended;
                true
            }
            State::Ended => false,
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do; none while nothing is waited for.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Time> {
        match &self.state {
            State::Opening(opening) => opening.poll_timeout(),
            State::Active(active) => active.poll_timeout(&self.config),
            State::Farewell(_) | State::Ended => None,
        }
    }

    /// The next thing to tell the owner.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Whether the console has nothing more to send or to tell.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        matches!(self.state, State::Ended) && self.events.is_empty()
    }

    /// Sends a request as soon as the session is open and its window has room. Decode the answer with
    /// [`Response::decode`].
    pub fn request<C: Command>(&mut self, command: &C) -> RequestId {
        let id = self.id();
        self.enqueue(Request::new(Purpose::Owner(id), command));
        id
    }

    /// Sends a request that may be of no known command: `data` is what follows the command's number.
    pub fn raw_request(&mut self, netfn: NetFn, command: u8, data: &[u8]) -> RequestId {
        let id = self.id();
        self.enqueue(Request::raw(
            Purpose::Owner(id),
            netfn,
            command,
            Vec::from(data),
        ));
        id
    }

    /// Asks for the machine's serial line as soon as the session is open. [`Event::SolActivated`] or
    /// [`Event::SolFailed`] follows. While the line is open, the session is kept alive, every 15 s if
    /// [`Config::keep_alive`] does not say otherwise.
    pub fn activate_sol(&mut self, config: sol::Config) {
        let purpose = Purpose::ActivateSol(config);
        self.enqueue(Request::new(purpose, &ACTIVATE));
    }

    /// The serial line, to write to and read from. What it still holds is gone when the session ends or
    /// [`deactivate_sol`](Self::deactivate_sol) is called.
    pub fn sol_mut(&mut self) -> Option<&mut sol::Port> {
        match &mut self.state {
            State::Active(active) => active.sol_mut(),
            State::Opening(_) | State::Farewell(_) | State::Ended => None,
        }
    }

    /// Gives the serial line back; the session goes on. [`Event::SolDeactivated`] follows. False if there is no line.
    /// [`close`](Self::close) gives it back by itself.
    pub fn deactivate_sol(&mut self) -> bool {
        match &mut self.state {
            State::Active(active) => active.deactivate_sol(),
            State::Opening(_) | State::Farewell(_) | State::Ended => false,
        }
    }

    const fn id(&mut self) -> RequestId {
        let id = RequestId(self.next_id);
        self.next_id += 1;
        id
    }

    fn enqueue(&mut self, request: Request) {
        let closing = match &self.state {
            State::Opening(_) => false,
            State::Active(active) => active.is_closing(),
            State::Farewell(_) | State::Ended => true,
        };
        if closing {
            self.events.extend(request.closed());
        } else {
            self.queue.push_back(request);
            self.progress();
        }
    }

    /// Ends the session: requests without an answer end with [`RequestError::Closed`], the BMC gets a Close Session,
    /// and [`Event::Closed`] follows. Does nothing when the session has ended already.
    pub fn close(&mut self) {
        match &mut self.state {
            State::Opening(_) => self.end(State::Ended, Event::Closed),
            State::Active(active) => {
                active.close(None, &mut self.events);
                self.drop_queue();
            }
            State::Farewell(_) | State::Ended => {}
        }
    }
}

impl fmt::Debug for Console {
    /// The state alone: the rest is secret, or large.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            State::Opening(_) => "Console(opening)",
            State::Active(_) => "Console(active)",
            State::Farewell(_) | State::Ended => "Console(ended)",
        })
    }
}
