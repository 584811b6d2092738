//! Both ends joined in memory, by a network that a seed makes bad, under a clock that jumps to the next event.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::{BinaryHeap, VecDeque};

use ipmi_proto::bmc::{
    self, Answer, Deactivation, DropReason, Endpoint, Incoming, Requester, Token,
};
use ipmi_proto::command::Request;
use ipmi_proto::command::app::ActivatedPayload;
use ipmi_proto::console::{self, Console};
use ipmi_proto::{CompletionCode, Time, sol};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::observer::Direction;
use super::peer;

/// What the network does to a datagram; chances in per mille.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Network {
    pub(crate) loss: u32,
    pub(crate) duplication: u32,
    /// Every datagram takes a random time up to this: those close behind each other change places.
    pub(crate) delay: Duration,
}

/// The console, the BMC and what lies between them.
pub(crate) struct Pair {
    pub(crate) now: Time,
    pub(crate) rng: StdRng,
    pub(crate) console: Console,
    pub(crate) endpoint: Endpoint,
    pub(crate) network: Network,
    /// The console's address.
    pub(crate) peer: SocketAddr,
    /// How long the machine behind the BMC takes for a request.
    pub(crate) service_time: Duration,
    /// How the BMC's serial lines behave.
    pub(crate) sol: sol::Config,
    /// The requests that the BMC was given to execute, in order.
    pub(crate) executed: Vec<Request>,
    /// Everything that either end sent, whether it arrived or not.
    pub(crate) sent: Vec<(Direction, Vec<u8>)>,
    /// Why the BMC dropped datagrams.
    pub(crate) dropped: Vec<DropReason>,
    on_the_way: BinaryHeap<Parcel>,
    at_work: VecDeque<(Time, Token, Answer)>,
    posted: u64,
}

/// A datagram on its way. The one that arrives first compares as the greatest.
#[derive(Debug, PartialEq, Eq)]
struct Parcel {
    arrives: Time,
    number: u64,
    direction: Direction,
    datagram: Vec<u8>,
}

impl Ord for Parcel {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        (other.arrives, other.number).cmp(&(self.arrives, self.number))
    }
}

impl PartialOrd for Parcel {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Pair {
    pub(crate) fn new(console: console::Config, bmc: bmc::Config) -> Self {
        Self::seeded(console, bmc, 0)
    }

    pub(crate) fn seeded(console: console::Config, bmc: bmc::Config, seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        Self {
            now: Time::ORIGIN,
            console: Console::new(console),
            endpoint: Endpoint::new(bmc, &mut rng),
            rng,
            network: Network::default(),
            peer: peer(1),
            service_time: Duration::ZERO,
            sol: sol::Config::bmc(),
            executed: Vec::new(),
            sent: Vec::new(),
            dropped: Vec::new(),
            on_the_way: BinaryHeap::new(),
            at_work: VecDeque::new(),
            posted: 0,
        }
    }

    /// Runs until the console has something to tell; none when nothing will ever happen again.
    pub(crate) fn event(&mut self) -> Option<console::Event> {
        for _ in 0..100_000 {
            self.transmit();
            if let Some(event) = self.console.poll_event() {
                return Some(event);
            }
            self.now = self.next_wake_up()?.max(self.now);
            self.wake_up();
        }
        panic!("no end in sight")
    }

    /// Runs until the console has told everything.
    pub(crate) fn events(&mut self) -> Vec<console::Event> {
        core::iter::from_fn(|| self.event()).collect()
    }

    fn transmit(&mut self) {
        let mut datagram = Vec::new();
        while self
            .console
            .poll_transmit(self.now, &mut self.rng, &mut datagram)
        {
            self.post(Direction::ToBmc, core::mem::take(&mut datagram));
        }
        while let Some(peer) = self
            .endpoint
            .poll_sol(self.now, &mut self.rng, &mut datagram)
        {
            if peer == self.peer {
                self.post(Direction::ToConsole, core::mem::take(&mut datagram));
            }
        }
    }

    fn post(&mut self, direction: Direction, datagram: Vec<u8>) {
        self.sent.push((direction, datagram.clone()));
        let Network {
            loss,
            duplication,
            delay,
        } = self.network;
        let copies = if self.rng.random_ratio(loss, 1000) {
            0
        } else if self.rng.random_ratio(duplication, 1000) {
            2
        } else {
            1
        };
        for _ in 0..copies {
            self.posted += 1;
            self.on_the_way.push(Parcel {
                arrives: self.now + delay.mul_f64(self.rng.random()),
                number: self.posted,
                direction,
                datagram: datagram.clone(),
            });
        }
    }

    fn next_wake_up(&self) -> Option<Time> {
        // A BMC whose console is idle only waits for the session to expire.
        let busy = !self.console.is_ended() || !self.on_the_way.is_empty();
        let bmc = self.endpoint.poll_timeout().filter(|_| busy);
        let parcel = self.on_the_way.peek().map(|parcel| parcel.arrives);
        let work = self.at_work.front().map(|(done, ..)| *done);
        let others = [parcel, work, self.console.poll_timeout()];
        let earliest = others.into_iter().flatten().min()?;
        Some(bmc.map_or(earliest, |bmc| bmc.min(earliest)))
    }

    fn wake_up(&mut self) {
        if let Some(parcel) = self.on_the_way.peek()
            && parcel.arrives <= self.now
            && let Some(mut parcel) = self.on_the_way.pop()
        {
            match parcel.direction {
                Direction::ToBmc => self.deliver(self.peer, &mut parcel.datagram),
                Direction::ToConsole => {
                    let _ = self
                        .console
                        .handle(self.now, &mut parcel.datagram, &mut self.rng);
                }
            }
        }
        while let Some((done, ..)) = self.at_work.front()
            && *done <= self.now
            && let Some((_, token, answer)) = self.at_work.pop_front()
        {
            self.respond(token, answer);
        }
        if self
            .endpoint
            .poll_timeout()
            .is_some_and(|at| at <= self.now)
        {
            self.endpoint.handle_timeout(self.now);
        }
        self.console.handle_timeout(self.now);
    }

    fn deliver(&mut self, peer: SocketAddr, datagram: &mut [u8]) {
        let mut out = Vec::new();
        let event = self
            .endpoint
            .handle(self.now, peer, datagram, &mut self.rng, &mut out);
        match event {
            bmc::Event::Dropped(reason) => self.dropped.push(reason),
            bmc::Event::Reply if peer == self.peer => self.post(Direction::ToConsole, out),
            bmc::Event::Reply => {}
            bmc::Event::Sol { .. } => {}
            bmc::Event::Request(Incoming {
                token,
                request,
                requester,
            }) => {
                let answer = self.execute(&request, requester);
                self.executed.push(request);
                self.at_work
                    .push_back((self.now + self.service_time, token, answer));
            }
        }
    }

    /// What the machine does: it has a serial line for everybody, and everything else succeeds.
    fn execute(&mut self, request: &Request, requester: Option<Requester>) -> Answer {
        let session = requester.map_or(0, |requester| requester.session);
        match request {
            Request::ActivatePayload(_) => {
                assert!(self.endpoint.activate_sol(session, self.sol));
                Answer::of(Ok::<_, CompletionCode>(ActivatedPayload {
                    test_mode: false,
                    inbound_size: 255,
                    outbound_size: 255,
                    port: 623,
                    vlan: None,
                }))
            }
            Request::DeactivatePayload(_) => {
                self.endpoint.deactivate_sol(session, Deactivation::Asked);
                Answer::of(Ok::<(), CompletionCode>(()))
            }
            _ => Answer::of(Ok::<(), CompletionCode>(())),
        }
    }

    fn respond(&mut self, token: Token, answer: Answer) {
        let mut out = Vec::new();
        let peer = self
            .endpoint
            .respond(self.now, token, answer, &mut self.rng, &mut out);
        if peer == Some(self.peer) {
            self.post(Direction::ToConsole, out);
        }
    }

    /// Puts a datagram into the BMC's hands at once, from whomever.
    pub(crate) fn inject(&mut self, peer: SocketAddr, mut datagram: Vec<u8>) {
        self.deliver(peer, &mut datagram);
    }

    /// Lets time pass in which nothing is sent but what the two ends want to send by themselves.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        for _ in 0..100_000 {
            self.transmit();
            match self.next_wake_up().or(self.endpoint.poll_timeout()) {
                Some(at) if at <= end => self.now = at.max(self.now),
                _ => break,
            }
            self.wake_up();
        }
        self.now = end;
        self.wake_up();
    }
}
