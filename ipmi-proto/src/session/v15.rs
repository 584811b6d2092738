//! The IPMI 1.5 session header, §13.6: outside a session, as far as the questions before a 2.0 session need it.

use alloc::vec::Vec;

use super::rmcp::IPMI_HEADER;
use crate::wire::{DecodeError, Reader};

/// The authentication type of a packet that is not authenticated.
const AUTH_NONE: u8 = 0;

/// An IPMI 1.5 packet outside a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The LAN message.
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads a packet behind its RMCP header.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Invalid`] for a packet of a session or of another authentication type: this end opens none.
    pub fn decode(input: &'a [u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        if r.u8()? != AUTH_NONE {
            return Err(DecodeError::Invalid("authentication type"));
        }
        let _sequence = r.u32()?;
        if r.u32()? != 0 {
            return Err(DecodeError::Invalid("session id"));
        }
        let len = usize::from(r.u8()?);
        let payload = r.bytes(len)?;
        // The "legacy pad": one byte behind packets of the sizes that some network chips lost. Nothing else may follow.
        if r.rest().len() > 1 {
            return Err(DecodeError::Trailing);
        }
        Ok(Self { payload })
    }

    /// Appends a packet outside a session to `out`, RMCP header included. `write` appends its payload.
    pub fn encode(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        out.extend(IPMI_HEADER);
        out.extend([AUTH_NONE, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let start = out.len();
        write(out);
        let len = u8::try_from(out.len() - start).unwrap_or(u8::MAX);
        if let Some(field) = out.get_mut(start - 1) {
            *field = len;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_with_and_without_the_legacy_pad() {
        let mut out = Vec::new();
        Packet::encode(&mut out, |out| out.extend([1, 2, 3]));
        assert_eq!(out[4..], [0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]);
        assert_eq!(
            Packet::decode(&out[4..]),
            Ok(Packet {
                payload: &[1, 2, 3]
            })
        );
        out.push(0);
        assert_eq!(
            Packet::decode(&out[4..]),
            Ok(Packet {
                payload: &[1, 2, 3]
            })
        );
        out.push(0);
        assert_eq!(Packet::decode(&out[4..]), Err(DecodeError::Trailing));
    }

    #[test]
    fn sessions_of_1_5_are_refused() {
        let md5 = [2, 1, 0, 0, 0, 1, 0, 0, 0, 0];
        assert_eq!(
            Packet::decode(&md5),
            Err(DecodeError::Invalid("authentication type"))
        );
        let in_session = [0, 1, 0, 0, 0, 1, 0, 0, 0, 0];
        assert_eq!(
            Packet::decode(&in_session),
            Err(DecodeError::Invalid("session id"))
        );
    }
}
