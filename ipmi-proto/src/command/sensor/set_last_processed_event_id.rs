//! Set Last Processed Event ID, §30.5.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Command, NetFn};
use crate::sel::RecordId;
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Says up to which record of the log events were handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetLastProcessedEventId {
    /// By whom.
    pub processor: EventProcessor,
    /// The last record.
    pub record: RecordId,
}

/// Who handles events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventProcessor {
    /// Software on the machine.
    Software,
    /// The BMC.
    Bmc,
}

impl SetLastProcessedEventId {
    /// Completion code: the log is being erased.
    pub const ERASE_IN_PROGRESS: u8 = 0x81;
}

impl Command for SetLastProcessedEventId {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x14;
    const NAME: &'static str = "Set Last Processed Event ID";
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = ();
}

impl Encode for SetLastProcessedEventId {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(bit(0, self.processor == EventProcessor::Bmc));
        self.record.encode(out);
    }
}

impl Decode for SetLastProcessedEventId {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let processor = if is_set(r.u8()?, 0) {
            EventProcessor::Bmc
        } else {
            EventProcessor::Software
        };
        let record = RecordId(r.u16()?);
        r.finish()?;
        Ok(Self { processor, record })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        type Set = SetLastProcessedEventId;
        let software = Set {
            processor: EventProcessor::Software,
            record: RecordId(0x0102),
        };
        testing::request(&software, &[0x00, 0x02, 0x01]);
        let bmc = Set {
            processor: EventProcessor::Bmc,
            ..software
        };
        testing::request(&bmc, &[0x01, 0x02, 0x01]);
        testing::response::<Set>(&(), &[]);
        testing::refused::<Set>(&[0, 0], DecodeError::Truncated);
    }
}
