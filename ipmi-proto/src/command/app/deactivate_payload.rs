//! Deactivate Payload, §24.2.

use alloc::vec::Vec;

use super::{PayloadInstance, PayloadNumber};
use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Closes a payload, also one of another session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeactivatePayload {
    /// Its type.
    pub payload: PayloadNumber,
    /// Which of several of the type.
    pub instance: PayloadInstance,
}

impl DeactivatePayload {
    /// Completion code: the payload is not active.
    pub const ALREADY_DEACTIVATED: u8 = 0x80;
    /// Completion code: the payload type is disabled.
    pub const DISABLED: u8 = 0x81;
}

impl Command for DeactivatePayload {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x49;
    const NAME: &'static str = "Deactivate Payload";
    /// Appendix G leaves it to the payload, as for [`ActivatePayload`](super::ActivatePayload).
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = ();
}

impl Encode for DeactivatePayload {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.payload.number(), self.instance.number(), 0, 0, 0, 0]);
    }
}

impl Decode for DeactivatePayload {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [payload, instance] = r.array()?;
        // SOL has nothing to say in the auxiliary data.
        let _auxiliary: [u8; 4] = r.array()?;
        r.finish()?;
        Ok(Self {
            payload: PayloadNumber::new(payload),
            instance: PayloadInstance::from_bits(instance)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn what_ipmitool_s_sol_activate_sends_at_its_end() {
        let deactivate = DeactivatePayload {
            payload: PayloadNumber::SOL,
            instance: PayloadInstance::FIRST,
        };
        testing::request(&deactivate, &[0x01, 0x01, 0, 0, 0, 0]);
        testing::response::<DeactivatePayload>(&(), &[]);
        let instance = DecodeError::OutOfRange("payload instance");
        testing::refused::<DeactivatePayload>(&[1, 0, 0, 0, 0, 0], instance);
        testing::refused::<DeactivatePayload>(&[1, 1], DecodeError::Truncated);
    }
}
