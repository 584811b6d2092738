//! Requests: what is asked, for whom, and what has become of it.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::event::{Event, RequestId};
use super::resend::Resend;
use super::{RequestError, SolError};
use crate::command::{Command, NetFn};
use crate::message::{Header, ResponseMessage, encode_request};
use crate::sol;
use crate::wire::Encode;

/// Whom the answer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The console's owner asked.
    Owner(RequestId),
    /// To have the privilege level set before the first request.
    Raise,
    /// To keep the session from ending.
    KeepAlive,
    /// To have a serial line with these settings.
    ActivateSol(sol::Config),
    /// To end the serial line.
    DeactivateSol,
    /// To end the session.
    Close,
}

/// A request that has no number yet.
pub(super) struct Request {
    purpose: Purpose,
    netfn: NetFn,
    command: u8,
    data: Data,
}

/// A request's data bytes, which may hold a password (Set User Password).
struct Data(Zeroizing<Vec<u8>>);

/// A request that has been sent, or will be at the next opportunity.
pub(super) struct InFlight {
    pub(super) purpose: Purpose,
    pub(super) header: Header,
    data: Data,
    pub(super) resend: Resend,
    /// The lowest session sequence number that it was sent with.
    pub(super) lowest: u32,
}

impl Request {
    pub(super) fn new<C: Command>(purpose: Purpose, command: &C) -> Self {
        let mut data = Vec::new();
        command.encode(&mut data);
        Self::raw(purpose, C::NETFN, C::CODE, data)
    }

    pub(super) fn raw(purpose: Purpose, netfn: NetFn, command: u8, data: Vec<u8>) -> Self {
        Self {
            purpose,
            netfn,
            command,
            data: Data(Zeroizing::new(data)),
        }
    }

    /// What its owner hears when the session ends first.
    pub(super) const fn closed(&self) -> Option<Event> {
        closed(self.purpose)
    }
}

impl InFlight {
    pub(super) fn new(request: Request, sequence: u8) -> Self {
        Self {
            purpose: request.purpose,
            header: Header::request(request.netfn, request.command, sequence),
            data: request.data,
            resend: Resend::new(),
            lowest: 0,
        }
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        encode_request(&self.header, &self.data, out);
    }

    pub(super) fn is_answered_by(&self, message: &ResponseMessage<'_>) -> bool {
        !self.resend.is_first() && message.header == self.header
    }

    /// What its owner hears when the session ends first.
    pub(super) const fn closed(&self) -> Option<Event> {
        closed(self.purpose)
    }
}

const fn closed(purpose: Purpose) -> Option<Event> {
    match purpose {
        Purpose::Owner(id) => Some(Event::Response {
            id,
            result: Err(RequestError::Closed),
        }),
        Purpose::ActivateSol(_) => Some(Event::SolFailed(SolError::Request(RequestError::Closed))),
        Purpose::Raise | Purpose::KeepAlive | Purpose::DeactivateSol | Purpose::Close => None,
    }
}

impl Encode for Data {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}
