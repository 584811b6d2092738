//! BMC Global Enables, §22.1: the byte that one command sets and another reads.

use alloc::vec::Vec;

use crate::command::bits::{bit, is_set};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// What of its system interface and its event log the BMC has switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GlobalEnables {
    /// OEM 0 to 2, the manufacturer's, in this order.
    pub oem: [bool; 3],
    /// Events are logged in the SEL.
    pub event_logging: bool,
    /// The event message buffer.
    pub event_buffer: bool,
    /// An interrupt when the event message buffer is full.
    pub event_buffer_interrupt: bool,
    /// An interrupt when a message has been received.
    pub message_interrupt: bool,
}

impl Encode for GlobalEnables {
    fn encode(&self, out: &mut Vec<u8>) {
        let [oem_0, oem_1, oem_2] = self.oem;
        out.push(
            bit(7, oem_2)
                | bit(6, oem_1)
                | bit(5, oem_0)
                | bit(3, self.event_logging)
                | bit(2, self.event_buffer)
                | bit(1, self.event_buffer_interrupt)
                | bit(0, self.message_interrupt),
        );
    }
}

impl Decode for GlobalEnables {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let enables = r.u8()?;
        r.finish()?;
        Ok(Self {
            oem: [5, 6, 7].map(|number| is_set(enables, number)),
            event_logging: is_set(enables, 3),
            event_buffer: is_set(enables, 2),
            event_buffer_interrupt: is_set(enables, 1),
            message_interrupt: is_set(enables, 0),
        })
    }
}
