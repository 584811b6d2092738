//! Payloads: what the payload commands share (§13.27.3, §24).

use crate::wire::DecodeError;

/// A payload type's number, 0 to 63 (table 13-16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayloadNumber(u8);

impl PayloadNumber {
    /// IPMI messages.
    pub const IPMI: Self = Self(0x00);
    /// Serial over LAN.
    pub const SOL: Self = Self(0x01);
    /// A manufacturer's payload whose type stands in full in every packet.
    pub const OEM_EXPLICIT: Self = Self(0x02);
    /// The first of the handles, up to 27h, under which a channel offers a manufacturer's payloads.
    pub const FIRST_OEM: Self = Self(0x20);

    /// The type with this number; the upper two bits are dropped, which mean something else wherever this appears.
    #[must_use]
    pub const fn new(bits: u8) -> Self {
        Self(bits & 0x3F)
    }

    /// 0 to 63.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// Which of several payloads of the same type: 1 to 15.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayloadInstance(u8);

impl PayloadInstance {
    /// The first one; there is no other where a payload can be active only once.
    pub const FIRST: Self = Self(1);

    /// The instance with this number.
    ///
    /// # Errors
    ///
    /// [`DecodeError::OutOfRange`] for 0 and for numbers over 15.
    pub const fn new(number: u8) -> Result<Self, DecodeError> {
        match number {
            1..=15 => Ok(Self(number)),
            _ => Err(DecodeError::OutOfRange("payload instance")),
        }
    }

    /// The instance that the low nibble names; the high one is reserved.
    pub(super) const fn from_bits(bits: u8) -> Result<Self, DecodeError> {
        Self::new(bits & 0x0F)
    }

    /// 1 to 15.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// A set of payload types: standard ones (00h to 0Fh), those that open sessions (10h to 1Fh), and manufacturers'
/// (20h to 2Fh). It has no room for the reserved ones above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PayloadSet(u64);

impl PayloadSet {
    const MASK: u64 = 0xFFFF_FFFF_FFFF;

    /// No payload.
    pub const EMPTY: Self = Self(0);

    /// These and one more.
    #[must_use]
    pub const fn with(self, payload: PayloadNumber) -> Self {
        Self((self.0 | 1 << payload.0) & Self::MASK)
    }

    /// These but not those.
    #[must_use]
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// All of these and all of those.
    #[must_use]
    pub const fn union(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether this type is among them.
    #[must_use]
    pub const fn contains(self, payload: PayloadNumber) -> bool {
        self.0 & 1 << payload.0 != 0
    }

    /// Standard, session setup and manufacturers' payloads, two bytes each.
    pub(super) const fn bytes(self) -> [u8; 6] {
        let [a, b, c, d, e, f, _, _] = self.0.to_le_bytes();
        [a, b, c, d, e, f]
    }

    pub(super) const fn from_bytes([a, b, c, d, e, f]: [u8; 6]) -> Self {
        Self(u64::from_le_bytes([a, b, c, d, e, f, 0, 0]))
    }

    /// What a user can be given or refused: standard and manufacturers' payloads, two bytes each, without IPMI
    /// messages, whose bit is reserved there.
    pub(super) const fn access_bytes(self) -> [u8; 4] {
        let [a, b, _, _, e, f] = self.without(Self::EMPTY.with(PayloadNumber::IPMI)).bytes();
        [a, b, e, f]
    }

    pub(super) const fn from_access_bytes([a, b, e, f]: [u8; 4]) -> Self {
        Self::from_bytes([a, b, 0, 0, e, f]).without(Self::EMPTY.with(PayloadNumber::IPMI))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_are_1_to_15() {
        assert_eq!(PayloadInstance::new(1), Ok(PayloadInstance::FIRST));
        assert_eq!(
            PayloadInstance::new(15).map(PayloadInstance::number),
            Ok(15)
        );
        let error = Err(DecodeError::OutOfRange("payload instance"));
        assert_eq!(PayloadInstance::new(0), error);
        assert_eq!(PayloadInstance::new(16), error);
    }

    #[test]
    fn a_payload_has_the_bit_of_its_number() {
        let set = PayloadSet::EMPTY
            .with(PayloadNumber::IPMI)
            .with(PayloadNumber::SOL)
            .with(PayloadNumber::new(0x15))
            .with(PayloadNumber::FIRST_OEM);
        assert_eq!(set.bytes(), [0x03, 0, 0x20, 0, 0x01, 0]);
        assert_eq!(PayloadSet::from_bytes(set.bytes()), set);
        assert_eq!(set.access_bytes(), [0x02, 0, 0x01, 0]);
        assert!(set.contains(PayloadNumber::SOL));
        assert!(!set.contains(PayloadNumber::OEM_EXPLICIT));
        let beyond = PayloadNumber::new(0x30);
        assert_eq!(set.with(beyond), set);
        let sol = PayloadSet::EMPTY.with(PayloadNumber::SOL);
        assert_eq!(set.without(sol).union(sol), set);
    }
}
