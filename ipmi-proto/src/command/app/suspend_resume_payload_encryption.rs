//! Suspend/Resume Payload Encryption, §24.3.

use alloc::vec::Vec;

use super::{PayloadInstance, PayloadNumber};
use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Switches the encryption of what the BMC sends of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SuspendResumePayloadEncryption {
    /// The payload's type.
    pub payload: PayloadNumber,
    /// Which of several of the type.
    pub instance: PayloadInstance,
    /// What to do.
    pub operation: PayloadEncryption,
}

/// What [`SuspendResumePayloadEncryption`] does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum PayloadEncryption {
    /// The payload goes on in the clear.
    Suspend = 0,
    /// The payload is encrypted from now on.
    Resume = 1,
    /// The encryption starts anew from another initialisation vector.
    Regenerate = 2,
}

impl SuspendResumePayloadEncryption {
    /// Completion code: the payload type does not know this operation.
    pub const NOT_SUPPORTED: u8 = 0x80;
    /// Completion code: the payload's settings forbid the operation.
    pub const NOT_ALLOWED: u8 = 0x81;
    /// Completion code: the payload's session has no encryption.
    pub const NO_ENCRYPTION: u8 = 0x82;
    /// Completion code: the payload is not active.
    pub const NOT_ACTIVE: u8 = 0x83;
}

impl Command for SuspendResumePayloadEncryption {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x55;
    const NAME: &'static str = "Suspend/Resume Payload Encryption";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = ();
}

impl Encode for SuspendResumePayloadEncryption {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([
            self.payload.number(),
            self.instance.number(),
            self.operation as u8,
        ]);
    }
}

impl Decode for SuspendResumePayloadEncryption {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [payload, instance, operation] = r.array()?;
        r.finish()?;
        Ok(Self {
            payload: PayloadNumber::new(payload),
            instance: PayloadInstance::from_bits(instance)?,
            operation: match operation & 0x1F {
                0 => PayloadEncryption::Suspend,
                1 => PayloadEncryption::Resume,
                2 => PayloadEncryption::Regenerate,
                _ => return Err(DecodeError::Invalid("payload encryption operation")),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        type Command = SuspendResumePayloadEncryption;
        let resume = Command {
            payload: PayloadNumber::SOL,
            instance: PayloadInstance::FIRST,
            operation: PayloadEncryption::Resume,
        };
        testing::request(&resume, &[0x01, 0x01, 0x01]);
        let regenerate = Command {
            operation: PayloadEncryption::Regenerate,
            ..resume
        };
        testing::request(&regenerate, &[0x01, 0x01, 0x02]);
        testing::response::<Command>(&(), &[]);
        let operation = DecodeError::Invalid("payload encryption operation");
        testing::refused::<Command>(&[1, 1, 3], operation);
        testing::refused::<Command>(&[1, 1], DecodeError::Truncated);
    }
}
