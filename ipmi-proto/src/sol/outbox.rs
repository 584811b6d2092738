//! What a port has to send, and the one packet that waits for its acknowledgement.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::{Ack, Config, MAX_DATA, Sequence};
use crate::Time;

/// How many signals may wait between the bytes; others join the last one.
const MAX_MARKS: usize = 16;
/// By how much the wait for an acknowledgement grows at most.
const MAX_BACKOFF: u32 = 16;

/// What happens once on the line, between two bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Signals {
    pub(super) line_break: bool,
    pub(super) ring: bool,
    pub(super) flush_inbound: bool,
    pub(super) flush_outbound: bool,
    pub(super) overrun: bool,
}

impl Signals {
    const fn join(&mut self, other: Self) {
        self.line_break |= other.line_break;
        self.ring |= other.ring;
        self.flush_inbound |= other.flush_inbound;
        self.flush_outbound |= other.flush_outbound;
        self.overrun |= other.overrun;
    }
}

/// The packet that is on its way.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) sequence: Sequence,
    pub(super) signals: Signals,
    pub(super) data: Vec<u8>,
    /// How often it was sent.
    sent: u32,
    /// When it is sent again.
    due: Time,
}

#[derive(Debug)]
pub(super) struct Outbox {
    queue: VecDeque<u8>,
    /// Signals, each behind so many bytes of the queue.
    marks: VecDeque<(usize, Signals)>,
    pending: Option<Pending>,
    next: Sequence,
    /// When the first byte in the queue was found there.
    waiting_since: Option<Time>,
    /// The other end refused; until when to leave it alone.
    paused_until: Option<Time>,
}

impl Outbox {
    pub(super) const fn new() -> Self {
        Self {
            queue: VecDeque::new(),
            marks: VecDeque::new(),
            pending: None,
            next: Sequence::FIRST,
            waiting_since: None,
            paused_until: None,
        }
    }

    pub(super) fn room(&self, config: &Config) -> usize {
        config.send_buffer.saturating_sub(self.queue.len())
    }

    /// Takes as many bytes as there is room for.
    pub(super) fn write(&mut self, data: &[u8], config: &Config) -> usize {
        let taken = data.len().min(self.room(config));
        self.queue.extend(data.iter().take(taken));
        taken
    }

    pub(super) fn signal(&mut self, signals: Signals) {
        let at = self.queue.len();
        let full = self.marks.len() >= MAX_MARKS;
        match self.marks.back_mut() {
            Some((last, waiting)) if full || *last == at => {
                waiting.join(signals);
            }
            _ => self.marks.push_back((at, signals)),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.marks.is_empty() && self.pending.is_none()
    }

    /// Forgets all bytes, on their way or not. Signals stay.
    pub(super) fn flush(&mut self) {
        self.queue.clear();
        for (at, _) in &mut self.marks {
            *at = 0;
        }
        self.pending = None;
        self.waiting_since = None;
    }

    /// The packet to send now, if one is due.
    pub(super) fn poll(&mut self, now: Time, config: &Config) -> Option<&Pending> {
        if !self.queue.is_empty() {
            self.waiting_since.get_or_insert(now);
        }
        if self.pending.is_none() {
            self.pack(now, config)?;
        }
        let pending = self.pending.as_mut().filter(|pending| pending.due <= now)?;
        let backoff = 1 << pending.sent.saturating_sub(1).min(MAX_BACKOFF.ilog2());
        pending.sent = pending.sent.saturating_add(1);
        pending.due = now + config.retry_interval * backoff;
        Some(pending)
    }

    /// Puts bytes or a signal into a packet, if it is time.
    fn pack(&mut self, now: Time, config: &Config) -> Option<()> {
        if self.paused_until.is_some_and(|until| now < until) {
            return None;
        }
        self.paused_until = None;
        let (signals, len) = match self.marks.front() {
            Some((0, signals)) => (*signals, 0),
            mark => {
                if self.queue.is_empty() {
                    return None;
                }
                let since = self.waiting_since.unwrap_or(now);
                let full = self.queue.len() >= threshold(config);
                if mark.is_none() && !full && now < since + config.accumulate {
                    return None;
                }
                let before = mark.map_or(usize::MAX, |(at, _)| *at);
                (Signals::default(), before.min(max_data(config)))
            }
        };
        let len = len.min(self.queue.len());
        let data: Vec<u8> = self.queue.drain(..len).collect();
        if len == 0 {
            self.marks.pop_front();
        }
        for (at, _) in &mut self.marks {
            *at = at.saturating_sub(len);
        }
        if self.queue.is_empty() {
            self.waiting_since = None;
        }
        self.pending = Some(Pending {
            sequence: self.next,
            signals,
            data,
            sent: 0,
            due: now,
        });
        self.next = self.next.next();
        Some(())
    }

    /// The other end has spoken: takes its acknowledgement in. Gives whether it was of the packet on its way.
    pub(super) fn acknowledge(
        &mut self,
        now: Time,
        ack: Option<Ack>,
        refused: bool,
        config: &Config,
    ) -> bool {
        let acked = self
            .pending
            .take_if(|pending| ack.is_some_and(|ack| ack.sequence == pending.sequence));
        if refused && (acked.is_some() || ack.is_none()) {
            self.paused_until = Some(now + config.probe);
        } else if !refused {
            self.paused_until = None;
        }
        let Some((pending, ack)) = acked.zip(ack) else {
            return false;
        };
        let rest = pending
            .data
            .get(usize::from(ack.accepted)..)
            .unwrap_or_default();
        for byte in rest.iter().rev() {
            self.queue.push_front(*byte);
        }
        for (at, _) in &mut self.marks {
            *at += rest.len();
        }
        if !rest.is_empty() {
            // They have waited long enough.
            self.waiting_since = Some(Time::ORIGIN);
        }
        true
    }

    /// Gives the packet on its way up when it was repeated in vain as often as it may be. The number of its bytes.
    pub(super) fn give_up(&mut self, now: Time, config: &Config) -> Option<usize> {
        let retries = config.retries?;
        self.pending
            .take_if(|pending| pending.due <= now && pending.sent > retries)
            .map(|pending| pending.data.len())
    }

    pub(super) fn timeout(&self, config: &Config) -> Option<Time> {
        if let Some(pending) = &self.pending {
            return Some(pending.due);
        }
        if self.queue.is_empty() && self.marks.is_empty() {
            return None;
        }
        let at_once = !self.marks.is_empty() || self.queue.len() >= threshold(config);
        let ready = match self.waiting_since {
            Some(since) if !at_once => since + config.accumulate,
            _ => Time::ORIGIN,
        };
        Some(self.paused_until.map_or(ready, |until| until.max(ready)))
    }
}

fn max_data(config: &Config) -> usize {
    config.max_data.clamp(1, MAX_DATA)
}

fn threshold(config: &Config) -> usize {
    config.threshold.clamp(1, max_data(config))
}
