//! Message flags, §22.3 and §22.4: the byte that one command clears and another reads.

use crate::command::bits::{bit, is_set};

/// What waits in the BMC for the system's own software.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MessageFlags {
    /// OEM 0 to 2, the manufacturer's, in this order.
    pub oem: [bool; 3],
    /// The watchdog's pre-timeout interrupt has occurred.
    pub watchdog_pre_timeout: bool,
    /// The event message buffer is full.
    pub event_buffer_full: bool,
    /// There are messages in the receive message queue.
    pub message_available: bool,
}

impl MessageFlags {
    pub(super) const fn bits(self) -> u8 {
        let [oem_0, oem_1, oem_2] = self.oem;
        bit(7, oem_2)
            | bit(6, oem_1)
            | bit(5, oem_0)
            | bit(3, self.watchdog_pre_timeout)
            | bit(1, self.event_buffer_full)
            | bit(0, self.message_available)
    }

    pub(super) const fn from_bits(bits: u8) -> Self {
        Self {
            oem: [is_set(bits, 5), is_set(bits, 6), is_set(bits, 7)],
            watchdog_pre_timeout: is_set(bits, 3),
            event_buffer_full: is_set(bits, 1),
            message_available: is_set(bits, 0),
        }
    }
}
