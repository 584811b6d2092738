//! The stored responses of a session: a request that comes again is answered again, not executed again.
//!
//! Consoles resend a request under the same rqSeq, in a packet with a new session sequence number. rqSeq has 6 bits
//! only and comes round quickly, so the store is small and forgets (§6.12.9 has the same rule on IPMB).

use alloc::vec::Vec;
use core::time::Duration;

use crate::Time;
use crate::message::{Header, RequestMessage};

/// How many requests are remembered. Half of the rqSeq space, so that a console that goes round it at full speed never
/// meets its own past; and as many as the sequence window lets in while a late repeat of the oldest may still come, 16
/// from behind and 15 from ahead. With 16, bad networks had requests executed twice (`tests/pair/network.rs`).
const CAPACITY: usize = 32;
/// How long a request is remembered, and once it is answered, its response. ipmitool gives up on one 10 s after it first sent it.
const LIFETIME: Duration = Duration::from_secs(10);

/// Which entry of the store a response belongs to. Never used again within a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

/// The store.
#[derive(Debug, Default)]
pub(super) struct Replies {
    entries: Vec<Entry>,
    /// The entry that is overwritten next.
    next: usize,
    issued: u64,
}

#[derive(Debug)]
struct Entry {
    ticket: Ticket,
    header: Header,
    fingerprint: u64,
    /// When it was received or, later, answered.
    at: Time,
    answered: bool,
    /// The response's LAN message. Kept across requests for its memory.
    response: Vec<u8>,
}

/// What is known of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lookup<'a> {
    /// It is new, and now remembered under this ticket.
    New(Ticket),
    /// It is being worked on.
    InFlight,
    /// This was the response.
    Answered(&'a [u8]),
}

impl Replies {
    /// Looks a request up, and remembers it when it is new.
    pub(super) fn lookup(&mut self, now: Time, message: &RequestMessage<'_>) -> Lookup<'_> {
        let fingerprint = fingerprint(message.data);
        let known = self.entries.iter().position(|entry| {
            entry.header == message.header
                && entry.fingerprint == fingerprint
                && now.since(entry.at) < LIFETIME
        });
        if let Some(index) = known {
            return match self.entries.get(index) {
                Some(entry) if entry.answered => Lookup::Answered(&entry.response),
                _ => Lookup::InFlight,
            };
        }
        self.issued = self.issued.wrapping_add(1);
        let ticket = Ticket(self.issued);
        let entry = Entry {
            ticket,
            header: message.header,
            fingerprint,
            at: now,
            answered: false,
            response: Vec::new(),
        };
        match self.entries.get_mut(self.next) {
            Some(old) => {
                let response = core::mem::take(&mut old.response);
                *old = Entry { response, ..entry };
            }
            None => self.entries.push(entry),
        }
        self.next = (self.next + 1) % CAPACITY;
        Lookup::New(ticket)
    }

    /// Stores the response to a request. One that was forgotten meanwhile is not stored.
    pub(super) fn store(&mut self, now: Time, ticket: Ticket, response: &[u8]) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.ticket == ticket) {
            entry.response.clear();
            entry.response.extend_from_slice(response);
            entry.answered = true;
            entry.at = now;
        }
    }
}

/// FNV-1a. The data itself is not kept: it may be a password. Both sides of a collision would have to come from the
/// same authenticated console, which gains nothing by it.
fn fingerprint(data: &[u8]) -> u64 {
    data.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::NetFn;

    fn message(sequence: u8, data: &[u8]) -> RequestMessage<'_> {
        RequestMessage {
            header: Header::request(NetFn::CHASSIS, 2, sequence),
            data,
        }
    }

    fn at(seconds: u64) -> Time {
        Time::from_origin(Duration::from_secs(seconds))
    }

    #[test]
    fn a_repeat_joins_and_is_then_answered_from_the_store() {
        let mut replies = Replies::default();
        let Lookup::New(ticket) = replies.lookup(at(0), &message(1, &[3])) else {
            panic!("it is new")
        };
        assert_eq!(replies.lookup(at(1), &message(1, &[3])), Lookup::InFlight);
        replies.store(at(0), ticket, b"done");
        assert_eq!(
            replies.lookup(at(9), &message(1, &[3])),
            Lookup::Answered(b"done")
        );
        assert!(
            matches!(replies.lookup(at(10), &message(1, &[3])), Lookup::New(_)),
            "too old"
        );
    }

    #[test]
    fn another_number_or_other_data_is_another_request() {
        let mut replies = Replies::default();
        for (sequence, data) in [(1, [3]), (2, [3]), (1, [2])] {
            assert!(matches!(
                replies.lookup(at(0), &message(sequence, &data)),
                Lookup::New(_)
            ));
        }
    }

    #[test]
    fn the_numbers_come_round_without_meeting_an_old_request() {
        let mut replies = Replies::default();
        for round in 0..1000u32 {
            let lookup = replies.lookup(at(0), &message(round as u8 & 0x3F, &[]));
            let Lookup::New(ticket) = lookup else {
                panic!("request {round} is new")
            };
            replies.store(at(0), ticket, b"x");
        }
        assert_eq!(replies.entries.len(), CAPACITY);
    }
}
