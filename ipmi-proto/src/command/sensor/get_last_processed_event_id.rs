//! Get Last Processed Event ID, §30.6.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::sel::{RecordId, Timestamp};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks up to which record of the log events were handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetLastProcessedEventId;

impl GetLastProcessedEventId {
    /// Completion code: the log is being erased.
    pub const ERASE_IN_PROGRESS: u8 = 0x81;
}

impl Command for GetLastProcessedEventId {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x15;
    const NAME: &'static str = "Get Last Processed Event ID";
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = ProcessedEvents;
}

without_data!(GetLastProcessedEventId);

/// The answer to [`GetLastProcessedEventId`], 10 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessedEvents {
    /// When a record was added to the log last.
    pub added: Timestamp,
    /// The newest record of the log; [`RecordId::LAST`] where it is empty.
    pub newest: RecordId,
    /// The last one that software on the machine has handled.
    pub by_software: RecordId,
    /// The last one that the BMC has handled; 0 where it has handled an event that could not be logged.
    pub by_bmc: RecordId,
}

impl Encode for ProcessedEvents {
    fn encode(&self, out: &mut Vec<u8>) {
        self.added.encode(out);
        for record in [self.newest, self.by_software, self.by_bmc] {
            record.encode(out);
        }
    }
}

impl Decode for ProcessedEvents {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let events = Self {
            added: Timestamp::from_bits(r.u32()?),
            newest: RecordId(r.u16()?),
            by_software: RecordId(r.u16()?),
            by_bmc: RecordId(r.u16()?),
        };
        r.finish()?;
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&GetLastProcessedEventId, &[]);
        let events = ProcessedEvents {
            added: Timestamp::from_bits(0x6553_F100),
            newest: RecordId::LAST,
            by_software: RecordId(0x0102),
            by_bmc: RecordId(0x0304),
        };
        let bytes = [0x00, 0xF1, 0x53, 0x65, 0xFF, 0xFF, 0x02, 0x01, 0x04, 0x03];
        testing::response::<GetLastProcessedEventId>(&events, &bytes);
    }
}
