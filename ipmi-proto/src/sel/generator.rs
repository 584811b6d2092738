//! Who an event comes from, table 32-1.

use crate::command::Channel;
use crate::command::bits::is_set;

/// The generator id of an event: two bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GeneratorId([u8; 2]);

/// What a [`GeneratorId`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventSource {
    /// A management controller.
    Controller {
        /// Its address on the IPMB, an even number.
        address: u8,
        /// The channel that it is on.
        channel: Channel,
        /// Its logical unit, 0 to 3.
        lun: u8,
    },
    /// Software, with a software id of 7 bits (table 5-4). Remote consoles are 40h to 46h.
    Software(u8),
}

impl GeneratorId {
    /// The BMC itself.
    pub const BMC: Self = Self([0x20, 0x00]);

    /// The id of this source.
    #[must_use]
    pub const fn new(source: EventSource) -> Self {
        match source {
            EventSource::Controller {
                address,
                channel,
                lun,
            } => Self([address & 0xFE, channel.number() << 4 | lun & 0x03]),
            EventSource::Software(id) => Self([id << 1 | 1, 0]),
        }
    }

    /// The id with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 2]) -> Self {
        Self(bytes)
    }

    /// Its bytes on the wire.
    #[must_use]
    pub const fn bytes(self) -> [u8; 2] {
        self.0
    }

    /// What it says.
    #[must_use]
    pub const fn source(self) -> EventSource {
        let [first, second] = self.0;
        if is_set(first, 0) {
            EventSource::Software(first >> 1)
        } else {
            EventSource::Controller {
                address: first,
                channel: Channel::new(second >> 4),
                lun: second & 0x03,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds() {
        let bmc = EventSource::Controller {
            address: 0x20,
            channel: Channel::IPMB,
            lun: 0,
        };
        assert_eq!(GeneratorId::new(bmc), GeneratorId::BMC);
        assert_eq!(GeneratorId::BMC.source(), bmc);
        let console = GeneratorId::new(EventSource::Software(0x40));
        assert_eq!(console.bytes(), [0x81, 0x00]);
        assert_eq!(console.source(), EventSource::Software(0x40));
        let other = EventSource::Controller {
            address: 0x2C,
            channel: Channel::new(7),
            lun: 2,
        };
        assert_eq!(GeneratorId::new(other).bytes(), [0x2C, 0x72]);
        assert_eq!(GeneratorId::from_bytes([0x2C, 0x72]).source(), other);
    }
}
