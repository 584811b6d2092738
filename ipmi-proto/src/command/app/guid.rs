//! GUIDs as the wire has them, §20.8.

use alloc::vec::Vec;

use crate::wire::{Decode, DecodeError, Encode, Reader};

/// 16 bytes that identify a BMC or a machine, in the order of the wire.
///
/// §20.8 sends all of a UUID's bytes in reverse. Many BMCs send them as SMBIOS stores them instead, and clients guess:
/// so the order is left to the one who fills them in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Guid(pub [u8; 16]);

impl Encode for Guid {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.0);
    }
}

impl Decode for Guid {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let guid = r.array()?;
        r.finish()?;
        Ok(Self(guid))
    }
}
