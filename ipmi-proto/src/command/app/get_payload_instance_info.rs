//! Get Payload Instance Info, §24.5.

use alloc::vec::Vec;

use super::{PayloadInstance, PayloadNumber};
use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks which session has a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetPayloadInstanceInfo {
    /// The payload's type.
    pub payload: PayloadNumber,
    /// Which of several of the type.
    pub instance: PayloadInstance,
}

impl Command for GetPayloadInstanceInfo {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x4B;
    const NAME: &'static str = "Get Payload Instance Info";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = PayloadInstanceInfo;
}

impl Encode for GetPayloadInstanceInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.payload.number(), self.instance.number()]);
    }
}

impl Decode for GetPayloadInstanceInfo {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [payload, instance] = r.array()?;
        r.finish()?;
        Ok(Self {
            payload: PayloadNumber::new(payload),
            instance: PayloadInstance::from_bits(instance)?,
        })
    }
}

/// The answer to [`GetPayloadInstanceInfo`], 12 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadInstanceInfo {
    /// The id of the session that has it; none where it is not active.
    pub session: Option<u32>,
    /// SOL: which of the machine's serial ports it is, counted from 1; none where the BMC does not say.
    pub serial_port: Option<u8>,
}

impl Encode for PayloadInstanceInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.session.unwrap_or(0).to_le_bytes());
        out.push(self.serial_port.unwrap_or(0));
        out.extend([0; 7]);
    }
}

impl Decode for PayloadInstanceInfo {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let session = r.u32()?;
        let serial_port = r.u8()?;
        let _reserved: [u8; 7] = r.array()?;
        r.finish()?;
        Ok(Self {
            session: (session != 0).then_some(session),
            serial_port: (serial_port != 0).then_some(serial_port),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        type Get = GetPayloadInstanceInfo;
        let get = Get {
            payload: PayloadNumber::SOL,
            instance: PayloadInstance::FIRST,
        };
        testing::request(&get, &[0x01, 0x01]);
        let inactive = PayloadInstanceInfo {
            session: None,
            serial_port: None,
        };
        testing::response::<Get>(&inactive, &[0; 12]);
        let active = PayloadInstanceInfo {
            session: Some(0x0403_0201),
            serial_port: Some(1),
        };
        testing::response::<Get>(&active, &[1, 2, 3, 4, 1, 0, 0, 0, 0, 0, 0, 0]);
        let instance = DecodeError::OutOfRange("payload instance");
        testing::refused::<Get>(&[1, 0], instance);
        testing::refused::<Get>(&[1], DecodeError::Truncated);
    }
}
