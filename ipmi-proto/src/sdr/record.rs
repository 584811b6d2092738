//! A record as the repository keeps it: header and body, §43.

use alloc::vec::Vec;

use super::{CompactSensor, FruDeviceLocator, FullSensor, IdString, ManagementControllerLocator};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Which record of the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub u16);

impl RecordId {
    /// In a request: the first record.
    pub const FIRST: Self = Self(0x0000);
    /// In a request: the last record. In an answer: there is no further one.
    pub const LAST: Self = Self(0xFFFF);
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Record {
    /// Its id.
    pub id: RecordId,
    /// What it tells of.
    pub body: Body,
}

/// What a [`Record`] tells of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Body {
    /// 01h: a sensor.
    FullSensor(FullSensor),
    /// 02h: a sensor without an analog reading, or several alike.
    CompactSensor(CompactSensor),
    /// 11h: inventory data.
    FruDeviceLocator(FruDeviceLocator),
    /// 12h: a management controller.
    ManagementControllerLocator(ManagementControllerLocator),
    /// Any other.
    Other {
        /// Its type; not one of those above.
        kind: u8,
        /// Its bytes, at most 255.
        data: Vec<u8>,
    },
}

/// The version of the records' form, as in IPMI 1.5 and 2.0.
const VERSION: u8 = 0x51;

const FULL_SENSOR: u8 = 0x01;
const COMPACT_SENSOR: u8 = 0x02;
const FRU_DEVICE_LOCATOR: u8 = 0x11;
const MANAGEMENT_CONTROLLER_LOCATOR: u8 = 0x12;

impl Record {
    /// The length of the header: id, version, type, and the length of what follows.
    pub const HEADER_LEN: usize = 5;

    /// The length of a whole record, from its header; the header's last byte says how much follows.
    #[must_use]
    pub fn len_of(header: [u8; Self::HEADER_LEN]) -> usize {
        let [.., len] = header;
        Self::HEADER_LEN + usize::from(len)
    }
}

impl Body {
    /// The record type.
    #[must_use]
    pub const fn kind(&self) -> u8 {
        match self {
            Self::FullSensor(_) => FULL_SENSOR,
            Self::CompactSensor(_) => COMPACT_SENSOR,
            Self::FruDeviceLocator(_) => FRU_DEVICE_LOCATOR,
            Self::ManagementControllerLocator(_) => MANAGEMENT_CONTROLLER_LOCATOR,
            Self::Other { kind, .. } => *kind,
        }
    }

    /// The name of what it tells of; none where the record's form is not known.
    #[must_use]
    pub const fn name(&self) -> Option<&IdString> {
        match self {
            Self::FullSensor(sensor) => Some(&sensor.name),
            Self::CompactSensor(sensor) => Some(&sensor.name),
            Self::FruDeviceLocator(locator) => Some(&locator.name),
            Self::ManagementControllerLocator(locator) => Some(&locator.name),
            Self::Other { .. } => None,
        }
    }
}

impl Encode for Record {
    fn encode(&self, out: &mut Vec<u8>) {
        let mut body = Vec::new();
        match &self.body {
            Body::FullSensor(sensor) => sensor.encode(&mut body),
            Body::CompactSensor(sensor) => sensor.encode(&mut body),
            Body::FruDeviceLocator(locator) => locator.encode(&mut body),
            Body::ManagementControllerLocator(locator) => locator.encode(&mut body),
            Body::Other { data, .. } => body.extend(data.iter().take(usize::from(u8::MAX))),
        }
        out.extend(self.id.0.to_le_bytes());
        out.extend([VERSION, self.body.kind(), body.len() as u8]);
        out.extend(body);
    }
}

impl Decode for Record {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let id = RecordId(r.u16()?);
        let [_version, kind, len] = r.array()?;
        let body = r.bytes(len.into())?;
        r.finish()?;
        let body = match kind {
            FULL_SENSOR => Body::FullSensor(FullSensor::decode(body)?),
            COMPACT_SENSOR => Body::CompactSensor(CompactSensor::decode(body)?),
            FRU_DEVICE_LOCATOR => Body::FruDeviceLocator(FruDeviceLocator::decode(body)?),
            MANAGEMENT_CONTROLLER_LOCATOR => {
                Body::ManagementControllerLocator(ManagementControllerLocator::decode(body)?)
            }
            kind => Body::Other {
                kind,
                data: body.to_vec(),
            },
        };
        Ok(Self { id, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Channel;
    use crate::sdr::{ControllerCapabilities, ControllerInitialization, Entity, EntityId};
    use proptest::prelude::*;

    fn encoded(record: &Record) -> Vec<u8> {
        let mut out = Vec::new();
        record.encode(&mut out);
        out
    }

    #[test]
    fn the_header_tells_type_and_length() {
        let record = Record {
            id: RecordId(0x0102),
            body: Body::ManagementControllerLocator(ManagementControllerLocator {
                address: 0x20,
                channel: Channel::IPMB,
                initialization: ControllerInitialization::STATIC,
                capabilities: ControllerCapabilities::default(),
                entity: Entity::new(EntityId::MANAGEMENT_CONTROLLER_FIRMWARE, 1),
                oem: 0,
                name: IdString::new("BMC"),
            }),
        };
        let bytes = encoded(&record);
        assert_eq!(bytes[..5], [0x02, 0x01, 0x51, 0x12, 14]);
        let header = *bytes.first_chunk().unwrap();
        assert_eq!(Record::len_of(header), bytes.len());
        assert_eq!(record.body.name().map(IdString::as_str), Some("BMC"));
        assert_eq!(Record::decode(&bytes), Ok(record));
    }

    #[test]
    fn an_unknown_record_keeps_its_bytes() {
        let bytes = [0x01, 0x00, 0x51, 0xC0, 3, 1, 2, 3];
        let record = Record::decode(&bytes).unwrap();
        assert_eq!((record.body.kind(), record.body.name()), (0xC0, None));
        assert_eq!(encoded(&record), bytes);
    }

    #[test]
    fn other_lengths_are_refused() {
        let short = Record::decode(&[1, 0, 0x51, 0xC0, 3, 1, 2]);
        assert_eq!(short, Err(DecodeError::Truncated));
        let long = Record::decode(&[1, 0, 0x51, 0xC0, 1, 1, 2]);
        assert_eq!(long, Err(DecodeError::Trailing));
        let empty = Record::decode(&[1, 0, 0x51, 0x01, 0]);
        assert_eq!(empty, Err(DecodeError::Truncated));
    }

    proptest! {
        #[test]
        fn records_survive_a_round_trip(
            kind in prop_oneof![1..=2_u8, 0x11..=0x12_u8, any::<u8>()],
            body in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let bytes = [&[1, 0, VERSION, kind, body.len() as u8][..], &body].concat();
            if let Ok(record) = Record::decode(&bytes) {
                prop_assert_eq!(Record::decode(&encoded(&record)), Ok(record));
            }
        }
    }
}
