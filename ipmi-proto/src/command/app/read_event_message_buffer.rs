//! Read Event Message Buffer, §22.8.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Takes the event out of the event message buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadEventMessageBuffer;

impl ReadEventMessageBuffer {
    /// Completion code: the buffer is empty.
    pub const EMPTY: u8 = 0x80;
}

impl Command for ReadEventMessageBuffer {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x35;
    const NAME: &'static str = "Read Event Message Buffer";
    /// As for [`ClearMessageFlags`](super::ClearMessageFlags).
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = BufferedEvent;
}

without_data!(ReadEventMessageBuffer);

/// The answer to [`ReadEventMessageBuffer`], 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BufferedEvent {
    /// The event in the form of a record of the system event log (§32.1).
    pub record: [u8; 16],
}

impl Encode for BufferedEvent {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.record);
    }
}

impl Decode for BufferedEvent {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let record = r.array()?;
        r.finish()?;
        Ok(Self { record })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&ReadEventMessageBuffer, &[]);
        let record = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
        testing::response::<ReadEventMessageBuffer>(&BufferedEvent { record }, &record);
        let short = BufferedEvent::decode(&record[..15]);
        assert_eq!(short, Err(DecodeError::Truncated));
    }
}
