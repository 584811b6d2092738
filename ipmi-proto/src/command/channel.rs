//! Channel numbers, §6.3.

/// A channel of the BMC: 0 is the IPMB, 1 to Bh are assigned by the implementation (§6.3, table 6-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Channel(u8);

impl Channel {
    /// The primary IPMB.
    pub const IPMB: Self = Self(0x00);
    /// The channel that the request came in on. Answers name the real number.
    pub const PRESENT: Self = Self(0x0E);
    /// The system interface, which faces the machine's own operating system.
    pub const SYSTEM_INTERFACE: Self = Self(0x0F);

    /// The channel with this number: the low nibble, since the high one holds other fields wherever channels appear.
    #[must_use]
    pub const fn new(bits: u8) -> Self {
        Self(bits & 0x0F)
    }

    /// 0 to 15.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}
