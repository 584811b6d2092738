//! Where a controller sends its events (§29.1, §29.2).

use alloc::vec::Vec;

use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Where events go, 2 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventReceiver {
    /// Nowhere: events are disabled.
    Disabled,
    /// To a controller.
    Controller {
        /// Its address on the IPMB, an even number; 20h is the BMC.
        address: u8,
        /// Its logical unit, 0 to 3.
        lun: u8,
    },
}

const DISABLED: u8 = 0xFF;

impl Encode for EventReceiver {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(match self {
            Self::Disabled => [DISABLED, 0],
            Self::Controller { address, lun } => [address & 0xFE, lun & 0x03],
        });
    }
}

impl Decode for EventReceiver {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [address, lun] = r.array()?;
        r.finish()?;
        Ok(match address {
            DISABLED => Self::Disabled,
            _ => Self::Controller {
                address: address & 0xFE,
                lun: lun & 0x03,
            },
        })
    }
}
