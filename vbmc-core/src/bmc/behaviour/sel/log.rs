//! The event log itself: bounded, in the order in which events came, and what of it is still to be written down.

use std::collections::VecDeque;
use std::mem;

use ipmi_proto::command::storage::ReservationId;
use ipmi_proto::sel::{Entry, Record, RecordId, Timestamp};
use ipmi_proto::wire::Encode as _;

use crate::bmc::EventRecord;

/// How many records are kept. When there is one more, the oldest goes: what has happened last matters most.
pub(super) const CAPACITY: usize = 1024;

/// How many lines the file may have before it is written anew with those that count.
const LINES: usize = 2 * CAPACITY;

/// The log of one BMC. Without records it takes no room but its own.
#[derive(Debug)]
pub(super) struct EventLog {
    records: VecDeque<EventRecord>,
    last_id: u16,
    pub(super) reservation: ReservationId,
    /// When the last record was added.
    pub(super) added: Timestamp,
    /// Whether records had to go for newer ones since the log was cleared.
    pub(super) overflow: bool,
    /// How many records the file has, those included that do not count any more.
    lines: usize,
    /// How many of the last records are not in the file yet.
    unwritten: usize,
    /// Whether the file has records that must not be there.
    stale: bool,
}

/// What is to be done to the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Write {
    /// Put these behind the others.
    Append(Vec<EventRecord>),
    /// Keep these alone.
    Replace(Vec<EventRecord>),
}

impl EventLog {
    /// The log as it was kept.
    pub(super) fn new(mut kept: Vec<EventRecord>) -> Self {
        let lines = kept.len();
        let surplus = lines.saturating_sub(CAPACITY);
        kept.drain(..surplus);
        let records = VecDeque::from(kept);
        let last = records.back();
        Self {
            last_id: last.map_or(0, |record| id(record).0),
            reservation: ReservationId::NONE,
            added: last.map_or(Timestamp::UNSPECIFIED, time),
            overflow: surplus > 0,
            lines,
            unwritten: 0,
            stale: false,
            records,
        }
    }

    /// Adds an entry. Returns its id.
    pub(super) fn add(&mut self, entry: Entry, now: Timestamp) -> RecordId {
        if self.records.len() >= CAPACITY {
            self.records.pop_front();
            self.overflow = true;
            self.cancel_reservation();
        }
        let id = self.next_id();
        let mut bytes = Vec::with_capacity(Record::LEN);
        Record { id, entry }.encode(&mut bytes);
        let mut record = EventRecord::default();
        record.copy_from_slice(&bytes);
        self.records.push_back(record);
        self.unwritten += 1;
        self.added = now;
        id
    }

    /// Ids count up and never meet each other: there are many more of them than records.
    fn next_id(&mut self) -> RecordId {
        // 0 and FFFFh mean "first" and "last" in requests.
        self.last_id = match self.last_id {
            0xFFFE.. => 1,
            last => last + 1,
        };
        RecordId(self.last_id)
    }

    /// The record with this id, and the id of the one behind it.
    pub(super) fn find(&self, wanted: RecordId) -> Option<(&EventRecord, RecordId)> {
        let index = self.index(wanted)?;
        let next = self.records.get(index + 1).map_or(RecordId::LAST, id);
        Some((&self.records[index], next))
    }

    fn index(&self, wanted: RecordId) -> Option<usize> {
        match wanted {
            RecordId::FIRST => (!self.records.is_empty()).then_some(0),
            RecordId::LAST => self.records.len().checked_sub(1),
            _ => self.records.iter().position(|record| id(record) == wanted),
        }
    }

    /// The id of the last record.
    pub(super) fn last(&self) -> Option<RecordId> {
        self.records.back().map(id)
    }

    /// Removes a record. Returns its id if it was there.
    pub(super) fn remove(&mut self, wanted: RecordId) -> Option<RecordId> {
        let record = self.records.remove(self.index(wanted)?)?;
        self.stale = true;
        self.cancel_reservation();
        Some(id(&record))
    }

    /// Removes all records.
    pub(super) fn clear(&mut self) {
        self.records = VecDeque::new();
        self.stale = true;
        self.unwritten = 0;
        self.overflow = false;
        self.added = Timestamp::UNSPECIFIED;
        self.cancel_reservation();
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// A new reservation, which ends the one before.
    pub(super) fn reserve(&mut self) -> ReservationId {
        // 0 means that there is none.
        self.reservation = ReservationId(self.reservation.0.wrapping_add(1).max(1));
        self.reservation
    }

    /// Records that a console counts on are gone: it has to begin anew.
    fn cancel_reservation(&mut self) {
        if self.reservation != ReservationId::NONE {
            self.reserve();
        }
    }

    /// What is to be written now; none while the file has everything. It counts as written unless
    /// [`not_written`](Self::not_written) follows.
    pub(super) fn next_write(&mut self) -> Option<Write> {
        let new = mem::take(&mut self.unwritten).min(self.records.len());
        if self.stale || self.lines + new > LINES {
            self.stale = false;
            self.lines = self.records.len();
            return Some(Write::Replace(self.records.iter().copied().collect()));
        }
        if new == 0 {
            return None;
        }
        self.lines += new;
        let start = self.records.len() - new;
        Some(Write::Append(
            self.records.range(start..).copied().collect(),
        ))
    }

    /// The disk refused. With the next event, everything is tried again.
    pub(super) fn not_written(&mut self) {
        self.stale = true;
    }
}

fn id(record: &EventRecord) -> RecordId {
    RecordId(u16::from_le_bytes([record[0], record[1]]))
}

/// The time of a record, where its type has one.
fn time(record: &EventRecord) -> Timestamp {
    let [_, _, kind, a, b, c, d, ..] = *record;
    match kind {
        0xE0.. => Timestamp::UNSPECIFIED,
        _ => Timestamp::from_bits(u32::from_le_bytes([a, b, c, d])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn entry(number: u8) -> Entry {
        Entry::Oem {
            kind: 0xE0,
            data: [number; 13],
        }
    }

    fn written(log: &mut EventLog) -> usize {
        match log.next_write() {
            Some(Write::Append(records)) => records.len(),
            other => panic!("an append, not {other:?}"),
        }
    }

    #[test]
    fn records_are_found_in_their_order() {
        let mut log = EventLog::new(Vec::new());
        assert!(log.find(RecordId::FIRST).is_none());
        let first = log.add(entry(1), NOW);
        let second = log.add(entry(2), NOW);
        assert_eq!((first, second), (RecordId(1), RecordId(2)));
        let (record, next) = log.find(RecordId::FIRST).unwrap();
        assert_eq!((record[3], next), (1, second));
        let (record, next) = log.find(second).unwrap();
        assert_eq!((record[3], next), (2, RecordId::LAST));
        assert_eq!(log.find(RecordId::LAST).unwrap().0[3], 2);
        assert_eq!(log.remove(first), Some(first));
        assert!(log.find(first).is_none());
        assert_eq!(log.find(RecordId::FIRST).unwrap().0[3], 2);
    }

    #[test]
    fn a_full_log_forgets_its_oldest_record() {
        let mut log = EventLog::new(Vec::new());
        let reservation = log.reserve();
        for number in 0..CAPACITY {
            log.add(entry(number as u8), NOW);
        }
        assert!(!log.overflow);
        assert_eq!(log.reservation, reservation);
        log.add(entry(7), NOW);
        assert!(log.overflow);
        assert_ne!(log.reservation, reservation, "a record is gone");
        assert_eq!(log.len(), CAPACITY);
        assert_eq!(id(log.find(RecordId::FIRST).unwrap().0), RecordId(2));
    }

    #[test]
    fn ids_go_round_past_those_that_mean_something_else() {
        let mut record = EventRecord::default();
        record[..3].copy_from_slice(&[0xFD, 0xFF, 0xE0]);
        let mut log = EventLog::new(vec![record]);
        assert_eq!(log.add(entry(1), NOW), RecordId(0xFFFE));
        assert_eq!(log.add(entry(1), NOW), RecordId(1));
    }

    #[test]
    fn each_record_is_written_once() {
        let mut log = EventLog::new(Vec::new());
        assert_eq!(log.next_write(), None);
        log.add(entry(1), NOW);
        log.add(entry(2), NOW);
        assert_eq!(written(&mut log), 2);
        assert_eq!(log.next_write(), None);
        log.add(entry(3), NOW);
        assert_eq!(written(&mut log), 1);
        log.clear();
        assert_eq!(log.next_write(), Some(Write::Replace(Vec::new())));
        assert_eq!(log.next_write(), None);
    }

    #[test]
    fn what_was_not_written_is_written_with_the_next_one() {
        let mut log = EventLog::new(Vec::new());
        log.add(entry(1), NOW);
        assert_eq!(written(&mut log), 1);
        log.not_written();
        log.add(entry(2), NOW);
        match log.next_write() {
            Some(Write::Replace(records)) => assert_eq!(records.len(), 2),
            other => panic!("all of it, not {other:?}"),
        }
    }

    #[test]
    fn the_file_does_not_grow_for_ever() {
        let mut log = EventLog::new(Vec::new());
        let mut lines = 0;
        for _ in 0..5 * CAPACITY {
            log.add(entry(1), NOW);
            match log.next_write() {
                Some(Write::Append(records)) => lines += records.len(),
                Some(Write::Replace(records)) => lines = records.len(),
                None => panic!("a record to write"),
            }
            assert!(lines <= LINES);
        }
        let full = vec![[0xE0; 16]; LINES];
        assert_eq!(EventLog::new(full).len(), CAPACITY);
    }
}
