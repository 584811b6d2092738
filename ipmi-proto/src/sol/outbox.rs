//! What a port has to send, and the one packet that waits for its acknowledgement.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use super::{Ack, Config, MAX_DATA, Sequence};
use crate::Time;

/// How many signals may wait between the bytes; others join the last one.
const MAX_MARKS: usize = 16;
/// By how much the wait for an acknowledgement grows at most.
const MAX_BACKOFF: u32 = 16;
/// After how long a packet is sent for the second time at the earliest, if nothing is heard.
const SHORTEST_WAIT: Duration = Duration::from_millis(100);
/// The same, if the other end is heard, and does not acknowledge it.
const SOONEST: Duration = Duration::from_millis(20);

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
    /// When it was sent first.
    since: Option<Time>,
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
    /// How long an acknowledgement takes, of late.
    round_trip: Option<Duration>,
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
            round_trip: None,
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

    /// Whether a packet is to be sent now.
    pub(super) fn is_due(&mut self, now: Time, config: &Config) -> bool {
        if !self.queue.is_empty() {
            self.waiting_since.get_or_insert(now);
        }
        if self.pending.is_none() {
            self.pack(now, config);
        }
        self.pending
            .as_ref()
            .is_some_and(|pending| pending.due <= now)
    }

    /// The packet that is on its way, sent now.
    pub(super) fn send(&mut self, now: Time, config: &Config) -> Option<&Pending> {
        let first = self.first_wait(config);
        let pending = self.pending.as_mut()?;
        let wait = match pending.sent {
            0 => first,
            sent => {
                let backoff = 1 << sent.saturating_sub(1).min(MAX_BACKOFF.ilog2());
                config.retry_interval * backoff
            }
        };
        pending.sent = pending.sent.saturating_add(1);
        pending.since.get_or_insert(now);
        pending.due = now + wait;
        Some(pending)
    }

    /// The other end has spoken, and did not acknowledge the packet on its way: if it could have, the packet goes again at
    /// once, so that what is behind it need not wait.
    pub(super) fn hurry(&mut self, now: Time) {
        if let (Some(pending), Some(time)) = (&mut self.pending, self.round_trip)
            && pending.sent == 1
            && pending
                .since
                .is_some_and(|since| since + (time * 4).max(SOONEST) <= now)
        {
            pending.due = now;
        }
    }

    /// Whether the packet on its way was sent before.
    pub(super) fn is_repetition(&self) -> bool {
        self.pending
            .as_ref()
            .is_some_and(|pending| pending.sent > 0)
    }

    /// How long until a packet is sent for the second time: some times as long as acknowledgements take.
    fn first_wait(&self, config: &Config) -> Duration {
        match self.round_trip {
            Some(time) => (time * 4).max(SHORTEST_WAIT).min(config.retry_interval),
            None => config.retry_interval,
        }
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
            since: None,
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
        // An acknowledgement of a packet that was sent twice may be that of either.
        if let (1, Some(since)) = (pending.sent, pending.since) {
            let took = now.since(since);
            let smooth = |before: Duration| (before * 7 + took) / 8;
            self.round_trip = Some(self.round_trip.map_or(took, smooth));
        }
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
