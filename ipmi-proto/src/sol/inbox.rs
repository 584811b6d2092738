//! What a port has received, and what it answers.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::{ACK_INTERVAL, Ack, Config, Sequence};
use crate::Time;

/// How far ahead of the last packet a number may be. Numbers are left out where an end gives up on a packet, or like
/// ipmitool takes a new number for every attempt. The others are of packets before the last one, which a slow network
/// brings now.
const AHEAD: u8 = 7;

/// What a packet is to the one that came last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    New,
    /// It is the same one.
    Again,
    /// It is older, and nobody waits for its acknowledgement any more.
    Late,
}

#[derive(Debug)]
pub(super) struct Inbox {
    buffer: VecDeque<u8>,
    last: Option<Last>,
    answer: Answer,
    /// The other end was told to wait.
    refusing: bool,
}

/// The packet that came last. The same one again is answered the same way.
#[derive(Debug, Clone, Copy)]
struct Last {
    sequence: Sequence,
    /// How much data it had.
    len: usize,
    accepted: u8,
}

/// Whether the last packet is to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// It is answered, or there is none.
    Given,
    /// At this time, unless bytes for the other end take the answer along before.
    Due(Time),
    /// Nothing fitted: at this time, or when there is room.
    Held(Time),
    /// It is answered, and will be again at this time, so many times more: the answer may be lost on the way.
    Again(Time, u8),
}

impl Inbox {
    pub(super) const fn new() -> Self {
        Self {
            buffer: VecDeque::new(),
            last: None,
            answer: Answer::Given,
            refusing: false,
        }
    }

    fn room(&self, config: &Config) -> usize {
        config.receive_buffer.saturating_sub(self.buffer.len())
    }

    pub(super) fn len(&self) -> usize {
        self.buffer.len()
    }

    /// What a packet of this number is, after those that came before.
    pub(super) fn place(&self, sequence: Sequence) -> Place {
        let ahead = self.last.map_or(1, |last| {
            (sequence.number() + 15 - last.sequence.number()) % 15
        });
        match ahead {
            0 => Place::Again,
            1..=AHEAD => Place::New,
            _ => Place::Late,
        }
    }

    /// Takes a packet's bytes in as far as they fit. `open`: somebody will read them.
    pub(super) fn receive(
        &mut self,
        now: Time,
        sequence: Sequence,
        data: &[u8],
        open: bool,
        config: &Config,
    ) {
        let last = self.last.filter(|last| last.sequence == sequence);
        // A repetition may bring more bytes than the packet had at first; §15.11 has it so. But where the first ones
        // were not all accepted, the sender has been told to put the others into another packet.
        let known = match last {
            Some(last) if usize::from(last.accepted) == last.len => last.len,
            Some(_) => data.len(),
            None => 0,
        };
        let fresh = data.get(known..).unwrap_or_default();
        if last.is_some() && fresh.is_empty() {
            if !matches!(self.answer, Answer::Held(_)) {
                self.answer = Answer::Due(now);
            }
            return;
        }
        let room = if open { self.room(config) } else { 0 };
        let taken = fresh.len().min(room);
        self.buffer.extend(fresh.iter().take(taken));
        self.last = Some(Last {
            sequence,
            len: data.len(),
            accepted: u8::try_from(known + taken).unwrap_or(u8::MAX),
        });
        self.answer = if taken == 0 && !fresh.is_empty() {
            Answer::Held(now + config.hold)
        } else {
            Answer::Due(now + config.ack_delay)
        };
    }

    pub(super) fn read(&mut self, max: usize, config: &Config) -> Vec<u8> {
        let len = max.min(self.buffer.len());
        let data = self.buffer.drain(..len).collect();
        self.made_room(config);
        data
    }

    pub(super) fn flush(&mut self, config: &Config) {
        self.buffer.clear();
        self.made_room(config);
    }

    /// The sender waits for it: says so at once.
    pub(super) fn made_room(&mut self, config: &Config) {
        if self.room(config) > 0 {
            if self.refusing || matches!(self.answer, Answer::Held(_)) {
                self.answer = Answer::Due(Time::ORIGIN);
            }
            self.refusing = false;
        }
    }

    /// The answer to send now, if one is due.
    pub(super) fn poll(&mut self, now: Time, refuse: bool, config: &Config) -> Option<Ack> {
        let repeats = match self.answer {
            Answer::Due(at) if at <= now => config.ack_repeats,
            Answer::Held(until) if until <= now => {
                self.refusing = refuse;
                config.ack_repeats
            }
            Answer::Again(at, left) if at <= now => left.saturating_sub(1),
            Answer::Given | Answer::Due(_) | Answer::Held(_) | Answer::Again(..) => return None,
        };
        self.given(now, repeats);
        self.last_ack()
    }

    /// Whether an answer is still to be given.
    pub(super) const fn owes(&self) -> bool {
        matches!(self.answer, Answer::Due(_))
    }

    /// The same, at a later time.
    pub(super) fn owes_later(&self, now: Time) -> bool {
        matches!(self.answer, Answer::Due(at) if at > now)
    }

    /// The answer that goes along with bytes.
    pub(super) fn ride(&mut self, now: Time, refuse: bool, config: &Config) -> Option<Ack> {
        match self.answer {
            Answer::Due(_) => self.given(now, config.ack_repeats),
            Answer::Held(until) if until <= now => {
                self.refusing = refuse;
                self.given(now, config.ack_repeats);
            }
            Answer::Given | Answer::Held(_) | Answer::Again(..) => {}
        }
        self.last_ack()
    }

    fn given(&mut self, now: Time, repeats: u8) {
        self.answer = match repeats {
            0 => Answer::Given,
            left => Answer::Again(now + ACK_INTERVAL, left),
        };
    }

    /// What was answered last.
    fn last_ack(&self) -> Option<Ack> {
        if matches!(self.answer, Answer::Held(_)) {
            return None;
        }
        self.last.map(|last| Ack {
            sequence: last.sequence,
            accepted: last.accepted,
        })
    }

    pub(super) const fn is_refusing(&self) -> bool {
        self.refusing
    }

    pub(super) const fn timeout(&self) -> Option<Time> {
        match self.answer {
            Answer::Given => None,
            Answer::Due(at) | Answer::Held(at) | Answer::Again(at, _) => Some(at),
        }
    }
}
