//! An open session: keys, sequence numbers, and the requests that are waiting for their answers.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use super::event::{Event, Response, Session};
use super::handshake::Keyed;
use super::line::{DEACTIVATE, Line};
use super::outbound::{Outbound, lower};
use super::request::{InFlight, Purpose, Request};
use super::resend::Patience;
use super::{Config, Dropped, Error, RequestError, Retry, SolError, Step};
use crate::command::Command as _;
use crate::command::app::{
    ActivatePayload, ActivatedPayload, CloseSession, GetDeviceId, SessionPrivilegeLevel,
    SetSessionPrivilegeLevel,
};
use crate::handshake::RequestedPrivilege;
use crate::message::ResponseMessage;
use crate::session::Window;
use crate::session::rmcp::Rmcp;
use crate::session::v20::{self, PayloadType, Received};
use crate::sol::{self, Port};
use crate::wire::Decode as _;
use crate::{CompletionCode, Privilege, Time};

/// rqSeq has 6 bits.
const SEQUENCES: u8 = 64;

pub(super) struct Active {
    keyed: Keyed,
    inbound: Window,
    outbound: Outbound,
    stage: Stage,
    in_flight: Vec<InFlight>,
    /// rqSeq of the last request.
    sequence: u8,
    /// When the last packet was sent, and when one came, for the keep-alive.
    last_sent: Time,
    last_heard: Time,
    line: Option<Line>,
}

/// What the session is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The privilege level is being set.
    Raising(Privilege),
    /// Requests are sent.
    Ready,
    /// The serial line is being given back before the session is closed. The error as below.
    Leaving(Option<Error>),
    /// Close Session is sent. The error why, if it was not the owner's wish.
    Closing(Option<Error>),
    Closed,
}

impl Active {
    /// The session of these keys. It has [`Privilege::User`] at first (§6.8).
    pub(super) fn new(
        keyed: Keyed,
        now: Time,
        config: &Config,
        events: &mut VecDeque<Event>,
    ) -> Self {
        let wanted = match config.privilege {
            RequestedPrivilege::UpTo(level) => level,
            RequestedPrivilege::Highest => {
                Privilege::from_bits(keyed.allowed).unwrap_or(Privilege::Administrator)
            }
        };
        let mut active = Self {
            keyed,
            inbound: Window::default(),
            outbound: Outbound::new(),
            stage: Stage::Raising(wanted),
            in_flight: Vec::new(),
            sequence: 0,
            last_sent: now,
            last_heard: now,
            line: None,
        };
        active.raise(wanted, events);
        active
    }

    /// Asks for a level, unless the session has it already.
    fn raise(&mut self, level: Privilege, events: &mut VecDeque<Event>) {
        if level <= Privilege::User {
            return self.establish(level, events);
        }
        self.stage = Stage::Raising(level);
        let command = SetSessionPrivilegeLevel { level: Some(level) };
        self.send(Request::new(Purpose::Raise, &command));
    }

    fn establish(&mut self, privilege: Privilege, events: &mut VecDeque<Event>) {
        self.stage = Stage::Ready;
        events.push_back(Event::Established(Session {
            suite: self.keyed.suite,
            privilege,
            guid: self.keyed.guid,
        }));
    }

    pub(super) fn is_closed(&self) -> bool {
        self.stage == Stage::Closed
    }

    pub(super) const fn is_closing(&self) -> bool {
        matches!(
            self.stage,
            Stage::Leaving(_) | Stage::Closing(_) | Stage::Closed
        )
    }

    /// How many more requests may be sent now.
    ///
    /// The oldest unanswered request counts with all that were sent after it: BMCs remember only so many requests, and
    /// would execute one that comes again after they have forgotten it.
    pub(super) fn capacity(&self, config: &Config) -> usize {
        if self.stage != Stage::Ready {
            return 0;
        }
        let age =
            |request: &InFlight| self.sequence.wrapping_sub(request.header.sequence) % SEQUENCES;
        let taken = self
            .in_flight
            .iter()
            .map(|request| usize::from(age(request)) + 1);
        let window = config.window.clamp(1, Config::MAX_WINDOW);
        window.saturating_sub(taken.max().unwrap_or(0))
    }

    pub(super) fn send(&mut self, request: Request) {
        self.sequence = (self.sequence + 1) % SEQUENCES;
        self.in_flight.push(InFlight::new(request, self.sequence));
    }

    /// Drops what is in flight, gives the serial line back and sends Close Session.
    pub(super) fn close(&mut self, why: Option<Error>, events: &mut VecDeque<Event>) {
        if self.is_closing() {
            return;
        }
        events.extend(
            self.in_flight
                .drain(..)
                .filter_map(|request| request.closed()),
        );
        if self.line.take().is_some_and(|line| !line.port.is_closed()) {
            self.stage = Stage::Leaving(why);
            self.send(Request::new(Purpose::DeactivateSol, &DEACTIVATE));
        } else {
            self.send_close(why);
        }
    }

    fn send_close(&mut self, why: Option<Error>) {
        self.stage = Stage::Closing(why);
        let command = CloseSession::Id(self.keyed.bmc_id);
        self.send(Request::new(Purpose::Close, &command));
    }

    /// The serial line, if there is or was one.
    pub(super) fn sol_mut(&mut self) -> Option<&mut Port> {
        self.line.as_mut().map(|line| &mut line.port)
    }

    /// Gives the serial line back; the session goes on. False if there is none.
    pub(super) fn deactivate_sol(&mut self) -> bool {
        let open = self.line.take().is_some_and(|line| !line.port.is_closed());
        if open {
            self.send(Request::new(Purpose::DeactivateSol, &DEACTIVATE));
        }
        open
    }

    pub(super) fn handle(
        &mut self,
        now: Time,
        datagram: &mut [u8],
        config: &Config,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Dropped> {
        let Rmcp::Ipmi(packet) = Rmcp::parse(datagram)? else {
            return Err(Dropped::Unexpected);
        };
        let received = Received::parse(packet)?;
        if received.session_id() != self.keyed.console_id {
            return Err(Dropped::Unexpected);
        }
        let protection = &self.keyed.protection;
        let payload = received
            .authenticate(protection, &mut self.inbound)?
            .decrypt(protection)?;
        self.last_heard = now;
        match payload.payload_type {
            PayloadType::IPMI => {}
            PayloadType::SOL => return self.on_line(now, payload.payload, events),
            _ => return Err(Dropped::Unexpected),
        }
        let message = ResponseMessage::decode(payload.payload)?;
        let index = self
            .in_flight
            .iter()
            .position(|request| request.is_answered_by(&message))
            .ok_or(Dropped::Unexpected)?;
        let request = self.in_flight.swap_remove(index);
        self.outbound.acknowledge(request.lowest);
        self.answered(request.purpose, &message, config, events);
        Ok(())
    }

    fn on_line(
        &mut self,
        now: Time,
        payload: &[u8],
        events: &mut VecDeque<Event>,
    ) -> Result<(), Dropped> {
        let line = self
            .line
            .as_mut()
            .filter(|line| !line.port.is_closed())
            .ok_or(Dropped::Unexpected)?;
        line.handle(now, payload, &mut self.outbound)?;
        if events.back() != Some(&Event::Sol) {
            events.push_back(Event::Sol);
        }
        if line.port.is_closed() {
            events.push_back(Event::SolDeactivated);
        }
        Ok(())
    }

    fn answered(
        &mut self,
        purpose: Purpose,
        message: &ResponseMessage<'_>,
        config: &Config,
        events: &mut VecDeque<Event>,
    ) {
        match purpose {
            Purpose::Owner(id) => {
                let result = Ok(Response {
                    netfn: message.header.netfn,
                    command: message.header.command,
                    completion: message.completion,
                    data: Vec::from(message.data),
                });
                events.push_back(Event::Response { id, result });
            }
            Purpose::Raise => self.raised(message, config, events),
            Purpose::KeepAlive => {}
            Purpose::ActivateSol(line) => events.push_back(self.activated(line, message)),
            Purpose::DeactivateSol => self.deactivated(events),
            Purpose::Close => self.closed(events),
        }
    }

    fn activated(&mut self, config: sol::Config, message: &ResponseMessage<'_>) -> Event {
        if message.completion != CompletionCode::Ok {
            let code = message.completion;
            return Event::SolFailed(SolError::Refused { code });
        }
        let name = ActivatePayload::NAME;
        let agreed = ActivatedPayload::decode(message.data)
            .map_err(|error| SolError::Malformed { name, error });
        match agreed.and_then(|agreed| Ok((agreed.port, Line::new(config, &agreed)?))) {
            Ok((port, line)) => {
                self.line = Some(line);
                Event::SolActivated { port }
            }
            Err(error) => Event::SolFailed(error),
        }
    }

    /// The line is given back, or as good as that.
    fn deactivated(&mut self, events: &mut VecDeque<Event>) {
        match self.stage {
            Stage::Leaving(why) => self.send_close(why),
            _ => events.push_back(Event::SolDeactivated),
        }
    }

    fn raised(
        &mut self,
        message: &ResponseMessage<'_>,
        config: &Config,
        events: &mut VecDeque<Event>,
    ) {
        let Stage::Raising(level) = self.stage else {
            return;
        };
        if message.completion == CompletionCode::Ok {
            let granted = SessionPrivilegeLevel::decode(message.data).map_or(level, |now| now.0);
            return self.establish(granted, events);
        }
        match config.privilege {
            RequestedPrivilege::Highest => self.raise(below(level), events),
            RequestedPrivilege::UpTo(_) => {
                let code = message.completion;
                self.close(Some(Error::Privilege { level, code }), events);
            }
        }
    }

    fn closed(&mut self, events: &mut VecDeque<Event>) {
        if let Stage::Closing(why) = self.stage {
            events.push_back(why.map_or(Event::Closed, Event::Failed));
        }
        self.stage = Stage::Closed;
    }

    pub(super) fn poll_transmit(
        &mut self,
        now: Time,
        config: &Config,
        rng: &mut impl CryptoRng,
        out: &mut Vec<u8>,
    ) -> bool {
        let Some(request) = self
            .in_flight
            .iter_mut()
            .find(|request| request.resend.is_due())
        else {
            return self.transmit_line(now, rng, out);
        };
        let number = self.outbound.next();
        request.lowest = if request.resend.is_first() {
            number
        } else {
            lower(request.lowest, number)
        };
        request.resend.sent(now, config.retry.interval);
        self.last_sent = now;
        let Keyed {
            bmc_id, protection, ..
        } = &self.keyed;
        v20::encode(
            PayloadType::IPMI,
            *bmc_id,
            number,
            protection,
            rng,
            out,
            |out| {
                request.encode(out);
            },
        );
        true
    }

    fn transmit_line(&mut self, now: Time, rng: &mut impl CryptoRng, out: &mut Vec<u8>) -> bool {
        let packet = self
            .line
            .as_mut()
            .and_then(|line| line.poll_transmit(now, &mut self.outbound));
        let Some((packet, number)) = packet else {
            return false;
        };
        self.last_sent = now;
        let Keyed {
            bmc_id, protection, ..
        } = &self.keyed;
        v20::encode(
            PayloadType::SOL,
            *bmc_id,
            number,
            protection,
            rng,
            out,
            |out| packet.encode(out),
        );
        true
    }

    /// When the session falls silent unless something is sent. A serial line sends all the time; there it is the
    /// BMC's silence that counts too.
    fn keep_alive(&self, config: &Config) -> Option<Time> {
        if self.stage != Stage::Ready || !self.in_flight.is_empty() {
            return None;
        }
        let line = self.line.as_ref().and_then(|line| line.keep_alive(config));
        let interval = line.or(config.keep_alive)?;
        Some(self.last_sent.min(self.last_heard) + interval)
    }

    pub(super) fn poll_timeout(&self, config: &Config) -> Option<Time> {
        self.in_flight
            .iter()
            .filter_map(|request| request.resend.timeout())
            .chain(self.keep_alive(config))
            .chain(self.line.as_ref().and_then(|line| line.port.poll_timeout()))
            .min()
    }

    pub(super) fn handle_timeout(
        &mut self,
        now: Time,
        config: &Config,
        events: &mut VecDeque<Event>,
    ) {
        if self.keep_alive(config).is_some_and(|due| due <= now) {
            self.send(Request::new(Purpose::KeepAlive, &GetDeviceId));
        }
        let mut given_up = Vec::new();
        self.in_flight.retain_mut(|request| {
            let attempts = match request.purpose {
                // The session may have ended, and only the answer been lost.
                Purpose::Close | Purpose::DeactivateSol => {
                    config.retry.attempts.min(Retry::FEW_ATTEMPTS)
                }
                _ => config.retry.attempts,
            };
            let exhausted = request.resend.handle_timeout(now, attempts) == Patience::Exhausted;
            if exhausted {
                given_up.push(request.purpose);
            }
            !exhausted
        });
        for purpose in given_up {
            match purpose {
                Purpose::Owner(id) => {
                    let result = Err(RequestError::TimedOut);
                    events.push_back(Event::Response { id, result });
                }
                Purpose::ActivateSol(_) => {
                    events.push_back(Event::SolFailed(RequestError::TimedOut.into()));
                }
                Purpose::DeactivateSol => self.deactivated(events),
                Purpose::Raise => self.lost(Step::SetPrivilege, events),
                Purpose::KeepAlive => self.lost(Step::KeepAlive, events),
                Purpose::Close => self.closed(events),
            }
        }
    }

    /// The BMC is silent: there is nobody to send Close Session to.
    fn lost(&mut self, step: Step, events: &mut VecDeque<Event>) {
        events.extend(
            self.in_flight
                .drain(..)
                .filter_map(|request| request.closed()),
        );
        events.push_back(Event::Failed(Error::TimedOut { step }));
        self.stage = Stage::Closed;
    }
}

/// The next level that is worth asking for.
const fn below(level: Privilege) -> Privilege {
    match level {
        Privilege::Oem => Privilege::Administrator,
        Privilege::Administrator => Privilege::Operator,
        Privilege::Operator | Privilege::User => Privilege::User,
        Privilege::Callback => Privilege::Callback,
    }
}
