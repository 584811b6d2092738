//! Get Payload Activation Status, §24.4.

use alloc::vec::Vec;

use super::{PayloadInstance, PayloadNumber};
use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks which payloads of a type are active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetPayloadActivationStatus {
    /// The type.
    pub payload: PayloadNumber,
}

impl Command for GetPayloadActivationStatus {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x4A;
    const NAME: &'static str = "Get Payload Activation Status";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = PayloadActivationStatus;
}

impl Encode for GetPayloadActivationStatus {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.payload.number());
    }
}

impl Decode for GetPayloadActivationStatus {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let payload = r.u8()?;
        r.finish()?;
        Ok(Self {
            payload: PayloadNumber::new(payload),
        })
    }
}

/// The answer to [`GetPayloadActivationStatus`], 3 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadActivationStatus {
    /// How many payloads of the type can be active at once, 0 to 15.
    pub capacity: u8,
    /// Which are.
    pub active: PayloadInstances,
}

/// A set of payloads of one type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PayloadInstances(u16);

impl PayloadInstances {
    /// None.
    pub const NONE: Self = Self(0);

    /// These and one more.
    #[must_use]
    pub const fn with(self, instance: PayloadInstance) -> Self {
        Self(self.0 | Self::bit(instance))
    }

    /// Whether this one is among them.
    #[must_use]
    pub const fn contains(self, instance: PayloadInstance) -> bool {
        self.0 & Self::bit(instance) != 0
    }

    /// Bit 0 is the first instance's.
    const fn bit(instance: PayloadInstance) -> u16 {
        1 << (instance.number() - 1)
    }
}

impl Encode for PayloadActivationStatus {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.capacity & 0x0F);
        out.extend(self.active.0.to_le_bytes());
    }
}

impl Decode for PayloadActivationStatus {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let capacity = r.u8()? & 0x0F;
        let active = PayloadInstances(r.u16()?);
        r.finish()?;
        Ok(Self { capacity, active })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        type Get = GetPayloadActivationStatus;
        let get = Get {
            payload: PayloadNumber::SOL,
        };
        testing::request(&get, &[0x01]);
        let inactive = PayloadActivationStatus {
            capacity: 1,
            active: PayloadInstances::NONE,
        };
        testing::response::<Get>(&inactive, &[0x01, 0x00, 0x00]);
        let ninth = PayloadInstance::new(9).unwrap();
        let active = PayloadInstances::NONE
            .with(PayloadInstance::FIRST)
            .with(ninth);
        assert!(active.contains(ninth));
        assert!(!active.contains(PayloadInstance::new(2).unwrap()));
        let both = PayloadActivationStatus {
            capacity: 15,
            active,
        };
        testing::response::<Get>(&both, &[0x0F, 0x01, 0x01]);
        testing::refused::<Get>(&[], DecodeError::Truncated);
    }
}
