//! Activate Payload, §24.1.

use alloc::vec::Vec;

use super::{PayloadInstance, PayloadNumber};
use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Opens a payload within the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivatePayload {
    /// Which of several payloads of the type.
    pub instance: PayloadInstance,
    /// The payload, and how it is to be.
    pub payload: PayloadRequest,
}

/// The payload that [`ActivatePayload`] opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadRequest {
    /// Serial over LAN.
    Sol(SolActivation),
    /// Any other.
    Other {
        /// Its type; not the one above.
        number: PayloadNumber,
        /// What the type has to say besides.
        auxiliary: [u8; 4],
    },
}

/// How serial over LAN is to be activated (table 24-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SolActivation {
    /// The payload is encrypted.
    pub encrypted: bool,
    /// The payload is authenticated.
    pub authenticated: bool,
    /// The console can see and set the serial port's lines, which SOL handles by itself otherwise.
    pub test_mode: bool,
    /// What becomes of alerts over the serial port meanwhile.
    pub alerts: SerialAlerts,
    /// The serial port's CTS, DCD and DSR stay down until the console raises them with a SOL packet.
    pub deferred_handshake: bool,
}

/// What becomes of alerts over the serial port while SOL has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum SerialAlerts {
    /// They fail.
    Fail = 0,
    /// They wait until SOL is over.
    Deferred = 1,
    /// They count as delivered.
    Succeed = 2,
}

impl PayloadRequest {
    /// Which type it is.
    #[must_use]
    pub const fn number(&self) -> PayloadNumber {
        match self {
            Self::Sol(_) => PayloadNumber::SOL,
            Self::Other { number, .. } => *number,
        }
    }

    const fn auxiliary(self) -> [u8; 4] {
        match self {
            Self::Sol(sol) => [sol.bits(), 0, 0, 0],
            Self::Other { auxiliary, .. } => auxiliary,
        }
    }
}

impl SolActivation {
    const fn bits(self) -> u8 {
        bit(7, self.encrypted)
            | bit(6, self.authenticated)
            | bit(5, self.test_mode)
            | (self.alerts as u8) << 2
            | bit(1, self.deferred_handshake)
    }

    const fn from_bits(bits: u8) -> Result<Self, DecodeError> {
        Ok(Self {
            encrypted: is_set(bits, 7),
            authenticated: is_set(bits, 6),
            test_mode: is_set(bits, 5),
            alerts: match bits >> 2 & 0x03 {
                0 => SerialAlerts::Fail,
                1 => SerialAlerts::Deferred,
                2 => SerialAlerts::Succeed,
                _ => return Err(DecodeError::Invalid("serial alert behaviour")),
            },
            deferred_handshake: is_set(bits, 1),
        })
    }
}

impl ActivatePayload {
    /// Completion code: the payload is active on another session.
    pub const ALREADY_ACTIVE: u8 = 0x80;
    /// Completion code: the payload type is disabled.
    pub const DISABLED: u8 = 0x81;
    /// Completion code: as many payloads of the type are active as can be.
    pub const LIMIT_REACHED: u8 = 0x82;
    /// Completion code: the payload cannot be encrypted.
    pub const CANNOT_ENCRYPT: u8 = 0x83;
    /// Completion code: the payload must be encrypted.
    pub const MUST_ENCRYPT: u8 = 0x84;
}

impl Command for ActivatePayload {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x48;
    const NAME: &'static str = "Activate Payload";
    /// Appendix G leaves it to the payload: SOL parameter 2 may ask for more.
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = ActivatedPayload;
}

impl Encode for ActivatePayload {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.payload.number().number(), self.instance.number()]);
        out.extend(self.payload.auxiliary());
    }
}

impl Decode for ActivatePayload {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [number, instance] = r.array()?;
        let auxiliary: [u8; 4] = r.array()?;
        r.finish()?;
        let [sol, ..] = auxiliary;
        Ok(Self {
            instance: PayloadInstance::from_bits(instance)?,
            payload: match PayloadNumber::new(number) {
                PayloadNumber::SOL => PayloadRequest::Sol(SolActivation::from_bits(sol)?),
                number => PayloadRequest::Other { number, auxiliary },
            },
        })
    }
}

/// The answer to [`ActivatePayload`], 12 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivatedPayload {
    /// SOL: the test mode is on. What other payloads say in the same four bytes is not kept.
    pub test_mode: bool,
    /// The longest payload, in bytes, that the BMC takes, headers of the payload included.
    pub inbound_size: u16,
    /// The longest payload, in bytes, that the BMC sends.
    pub outbound_size: u16,
    /// The UDP port of the payload. Consoles want the one that they have used.
    pub port: u16,
    /// The VLAN of the payload; none where there are no VLANs.
    pub vlan: Option<u16>,
}

/// What stands in the place of a VLAN where there is none.
const NO_VLAN: u16 = 0xFFFF;

impl Encode for ActivatedPayload {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([bit(0, self.test_mode), 0, 0, 0]);
        let vlan = self.vlan.unwrap_or(NO_VLAN);
        for number in [self.inbound_size, self.outbound_size, self.port, vlan] {
            out.extend(number.to_le_bytes());
        }
    }
}

impl Decode for ActivatedPayload {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [sol, _, _, _] = r.array()?;
        let activated = Self {
            test_mode: is_set(sol, 0),
            inbound_size: r.u16()?,
            outbound_size: r.u16()?,
            port: r.u16()?,
            vlan: Some(r.u16()?).filter(|vlan| *vlan != NO_VLAN),
        };
        r.finish()?;
        Ok(activated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn what_ipmitool_s_sol_activate_asks_and_ipmi_sim_answers() {
        let activate = ActivatePayload {
            instance: PayloadInstance::FIRST,
            payload: PayloadRequest::Sol(SolActivation {
                encrypted: true,
                authenticated: true,
                test_mode: false,
                alerts: SerialAlerts::Deferred,
                deferred_handshake: true,
            }),
        };
        testing::request(&activate, &[0x01, 0x01, 0xC6, 0, 0, 0]);
        let activated = ActivatedPayload {
            test_mode: false,
            inbound_size: 0x20,
            outbound_size: 0x4000,
            port: 9001,
            vlan: None,
        };
        let bytes = [0, 0, 0, 0, 0x20, 0, 0, 0x40, 0x29, 0x23, 0xFF, 0xFF];
        testing::response::<ActivatePayload>(&activated, &bytes);
        let tested = ActivatedPayload {
            test_mode: true,
            vlan: Some(10),
            ..activated
        };
        let bytes = [1, 0, 0, 0, 0x20, 0, 0, 0x40, 0x29, 0x23, 10, 0];
        testing::response::<ActivatePayload>(&tested, &bytes);
    }

    #[test]
    fn other_payloads() {
        let other = ActivatePayload {
            instance: PayloadInstance::new(2).unwrap(),
            payload: PayloadRequest::Other {
                number: PayloadNumber::FIRST_OEM,
                auxiliary: [1, 2, 3, 4],
            },
        };
        testing::request(&other, &[0x20, 0x02, 1, 2, 3, 4]);
    }

    #[test]
    fn reserved_values_are_refused() {
        let instance = DecodeError::OutOfRange("payload instance");
        testing::refused::<ActivatePayload>(&[1, 0, 0xC0, 0, 0, 0], instance);
        let alerts = DecodeError::Invalid("serial alert behaviour");
        testing::refused::<ActivatePayload>(&[1, 1, 0xCC, 0, 0, 0], alerts);
        testing::refused::<ActivatePayload>(&[1, 1, 0xC0, 0, 0], DecodeError::Truncated);
    }
}
