//! The three kinds of records, §32.

use alloc::vec::Vec;

use super::{Event, GeneratorId, Timestamp};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Which record of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub u16);

impl RecordId {
    /// In a request: the oldest record.
    pub const FIRST: Self = Self(0x0000);
    /// In a request: the newest record. In an answer: there is no further one.
    pub const LAST: Self = Self(0xFFFF);
}

impl Encode for RecordId {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.0.to_le_bytes());
    }
}

impl Decode for RecordId {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let id = Self(r.u16()?);
        r.finish()?;
        Ok(id)
    }
}

/// A record of the log, 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Record {
    /// Its id. The BMC assigns it; in a request to add the record it means nothing.
    pub id: RecordId,
    /// What it says.
    pub entry: Entry,
}

/// What a [`Record`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Entry {
    /// 02h: an event (§32.1).
    System {
        /// When it came in.
        time: Timestamp,
        /// Who it comes from.
        generator: GeneratorId,
        /// The event.
        event: Event,
    },
    /// C0h to DFh: a manufacturer's, with a time (§32.2).
    TimestampedOem {
        /// Its type, C0h to DFh; only the low five bits count.
        kind: u8,
        /// When it came in.
        time: Timestamp,
        /// The manufacturer's IANA enterprise number, 24 bits.
        manufacturer: u32,
        /// What the manufacturer defines.
        data: [u8; 6],
    },
    /// E0h to FFh: a manufacturer's, without a time (§32.3).
    Oem {
        /// Its type, E0h to FFh; only the low five bits count.
        kind: u8,
        /// What the manufacturer defines.
        data: [u8; 13],
    },
}

const SYSTEM: u8 = 0x02;
const TIMESTAMPED_OEM: u8 = 0xC0;
const OEM: u8 = 0xE0;

impl Record {
    /// The length of every record in bytes.
    pub const LEN: usize = 16;
}

impl Encode for Record {
    fn encode(&self, out: &mut Vec<u8>) {
        self.id.encode(out);
        match &self.entry {
            Entry::System {
                time,
                generator,
                event,
            } => {
                out.push(SYSTEM);
                time.encode(out);
                out.extend(generator.bytes());
                event.encode(out);
            }
            Entry::TimestampedOem {
                kind,
                time,
                manufacturer,
                data,
            } => {
                out.push(TIMESTAMPED_OEM | kind & 0x1F);
                time.encode(out);
                let [low, mid, high, _] = manufacturer.to_le_bytes();
                out.extend([low, mid, high]);
                out.extend(data);
            }
            Entry::Oem { kind, data } => {
                out.push(OEM | kind & 0x1F);
                out.extend(data);
            }
        }
    }
}

impl Decode for Record {
    /// Refuses the reserved types, with [`DecodeError::Invalid`].
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let id = RecordId(r.u16()?);
        let entry = match r.u8()? {
            SYSTEM => Entry::System {
                time: Timestamp::from_bits(r.u32()?),
                generator: GeneratorId::from_bytes(r.array()?),
                event: Event::decode(r.rest())?,
            },
            kind @ TIMESTAMPED_OEM..OEM => {
                let time = Timestamp::from_bits(r.u32()?);
                let [low, mid, high] = r.array()?;
                Entry::TimestampedOem {
                    kind,
                    time,
                    manufacturer: u32::from_le_bytes([low, mid, high, 0]),
                    data: r.array()?,
                }
            }
            kind @ OEM.. => Entry::Oem {
                kind,
                data: r.array()?,
            },
            _ => return Err(DecodeError::Invalid("SEL record type")),
        };
        r.finish()?;
        Ok(Self { id, entry })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdr::{EventReadingType, SensorNumber, SensorType};
    use crate::sel::{Direction, EventData, EvmRevision};
    use proptest::prelude::*;

    #[track_caller]
    fn both_ways(record: Record, bytes: [u8; 16]) {
        let mut out = Vec::new();
        record.encode(&mut out);
        assert_eq!(out, bytes);
        assert_eq!(Record::decode(&bytes), Ok(record));
    }

    #[test]
    fn a_system_event() {
        let record = Record {
            id: RecordId(1),
            entry: Entry::System {
                time: Timestamp::from_bits(0x6553_F100),
                generator: GeneratorId::BMC,
                event: Event {
                    revision: EvmRevision::CURRENT,
                    sensor_type: SensorType::POWER_UNIT,
                    sensor: SensorNumber(1),
                    direction: Direction::Assertion,
                    kind: EventReadingType::SENSOR_SPECIFIC,
                    data: EventData::discrete(0),
                },
            },
        };
        let bytes = [
            0x01, 0x00, 0x02, 0x00, 0xF1, 0x53, 0x65, 0x20, 0x00, 0x04, 0x09, 0x01, 0x6F, 0x00,
            0xFF, 0xFF,
        ];
        both_ways(record, bytes);
    }

    #[test]
    fn manufacturers_records() {
        let timestamped = Record {
            id: RecordId(0x0102),
            entry: Entry::TimestampedOem {
                kind: 0xC1,
                time: Timestamp::from_bits(4),
                manufacturer: 0x00_0157,
                data: [1, 2, 3, 4, 5, 6],
            },
        };
        let bytes = [2, 1, 0xC1, 4, 0, 0, 0, 0x57, 1, 0, 1, 2, 3, 4, 5, 6];
        both_ways(timestamped, bytes);
        let plain = Record {
            id: RecordId(3),
            entry: Entry::Oem {
                kind: 0xFF,
                data: *b"0123456789abc",
            },
        };
        let bytes = *b"\x03\x00\xFF0123456789abc";
        both_ways(plain, bytes);
    }

    #[test]
    fn reserved_types_and_other_lengths_are_refused() {
        let reserved = Err(DecodeError::Invalid("SEL record type"));
        assert_eq!(Record::decode(&[0; 16]), reserved);
        let short = Record::decode(&[0, 0, 2]);
        assert_eq!(short, Err(DecodeError::Truncated));
        let long = Record::decode(&[0xE0; 17]);
        assert_eq!(long, Err(DecodeError::Trailing));
    }

    proptest! {
        /// A log that was read can be written again byte for byte.
        #[test]
        fn every_bit_is_kept(bytes in any::<[u8; 16]>(), kind in 0xC0..=0xFF_u8) {
            for kind in [SYSTEM, kind] {
                let mut bytes = bytes;
                bytes[2] = kind;
                let mut out = Vec::new();
                Record::decode(&bytes).unwrap().encode(&mut out);
                prop_assert_eq!(out, bytes);
            }
        }
    }
}
