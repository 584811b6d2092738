//! The RMCP header and ASF presence ping, §13.1 to §13.2.

use alloc::vec::Vec;

use crate::wire::{Decode, DecodeError, Encode, Reader};

/// RMCP 1.0.
const VERSION: u8 = 0x06;
/// The sequence number that asks for no RMCP acknowledge; IPMI uses no other.
const NO_ACK: u8 = 0xFF;
const CLASS_ASF: u8 = 0x06;
const CLASS_IPMI: u8 = 0x07;
/// Marks an RMCP acknowledge, which carries nothing.
const CLASS_ACK: u8 = 0x80;

/// ASF's IANA enterprise number, most significant byte first.
const ASF_ENTERPRISE: u32 = 4542;
const PING: u8 = 0x80;
const PONG: u8 = 0x40;

/// The header of an RMCP packet that carries an IPMI message.
pub const IPMI_HEADER: [u8; 4] = [VERSION, 0, NO_ACK, CLASS_IPMI];
const ASF_HEADER: [u8; 4] = [VERSION, 0, NO_ACK, CLASS_ASF];

/// What an RMCP packet carries.
#[derive(Debug, PartialEq, Eq)]
pub enum Rmcp<'a> {
    /// An ASF message; decode it as [`Ping`] or [`Pong`].
    Asf(&'a [u8]),
    /// An IPMI session packet, from the authentication type on.
    Ipmi(&'a mut [u8]),
}

impl<'a> Rmcp<'a> {
    /// Takes the header off a datagram.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Invalid`] for another version or class, and for an acknowledge.
    pub fn parse(datagram: &'a mut [u8]) -> Result<Self, DecodeError> {
        let (&mut [version, _reserved, _sequence, class], rest) = datagram
            .split_first_chunk_mut()
            .ok_or(DecodeError::Truncated)?;
        match (version, class) {
            (VERSION, CLASS_IPMI) => Ok(Self::Ipmi(rest)),
            (VERSION, CLASS_ASF) => Ok(Self::Asf(rest)),
            (VERSION, class) if class & CLASS_ACK != 0 => {
                Err(DecodeError::Invalid("RMCP acknowledge"))
            }
            (VERSION, _) => Err(DecodeError::Invalid("RMCP class")),
            _ => Err(DecodeError::Invalid("RMCP version")),
        }
    }
}

/// An ASF presence ping: asks whether anybody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ping {
    /// Comes back in the [`Pong`]. FFh asks for no answer.
    pub tag: u8,
}

/// The answer to a [`Ping`], always of a device that speaks IPMI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pong {
    /// The ping's tag.
    pub tag: u8,
}

impl Ping {
    /// The whole datagram.
    pub fn datagram(self, out: &mut Vec<u8>) {
        out.extend(ASF_HEADER);
        self.encode(out);
    }
}

impl Pong {
    /// The whole datagram.
    pub fn datagram(self, out: &mut Vec<u8>) {
        out.extend(ASF_HEADER);
        self.encode(out);
    }
}

impl Encode for Ping {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(ASF_ENTERPRISE.to_be_bytes());
        out.extend([PING, self.tag, 0, 0]);
    }
}

impl Decode for Ping {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let tag = asf(&mut r, PING, 0)?;
        r.finish()?;
        Ok(Self { tag })
    }
}

/// "IPMI supported" and "ASF version 1.0" in the supported entities.
const ENTITIES: u8 = 0x81;
const PONG_LEN: u8 = 16;

impl Encode for Pong {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(ASF_ENTERPRISE.to_be_bytes());
        out.extend([PONG, self.tag, 0, PONG_LEN]);
        out.extend(ASF_ENTERPRISE.to_be_bytes());
        // OEM-defined, supported entities, supported interactions, reserved.
        out.extend([0, 0, 0, 0, ENTITIES, 0, 0, 0, 0, 0, 0, 0]);
    }
}

impl Decode for Pong {
    /// Takes pongs of any vendor, but only of devices that speak IPMI.
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let tag = asf(&mut r, PONG, PONG_LEN)?;
        let _vendor: [u8; 8] = r.array()?;
        let [entities, _, _, _, _, _, _, _] = r.array()?;
        r.finish()?;
        if entities & 0x80 == 0 {
            return Err(DecodeError::Invalid("supported entities"));
        }
        Ok(Self { tag })
    }
}

/// Reads the ASF header of this message type and data length; gives the tag.
fn asf(r: &mut Reader<'_>, kind: u8, len: u8) -> Result<u8, DecodeError> {
    let enterprise = u32::from_be_bytes(r.array()?);
    let [got_kind, tag, _reserved, got_len] = r.array()?;
    if enterprise != ASF_ENTERPRISE || got_kind != kind || got_len != len {
        return Err(DecodeError::Invalid("ASF message"));
    }
    Ok(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ping_and_pong_bytes() {
        let mut out = Vec::new();
        Ping { tag: 5 }.datagram(&mut out);
        assert_eq!(out, [6, 0, 0xFF, 6, 0, 0, 0x11, 0xBE, 0x80, 5, 0, 0]);
        let Rmcp::Asf(body) = Rmcp::parse(&mut out).unwrap() else {
            panic!("an ASF message")
        };
        assert_eq!(Ping::decode(body), Ok(Ping { tag: 5 }));
        let mut out = Vec::new();
        Pong { tag: 5 }.datagram(&mut out);
        assert_eq!(out.len(), 28);
        assert_eq!(Pong::decode(&out[4..]), Ok(Pong { tag: 5 }));
    }

    #[test]
    fn acknowledges_and_strangers_are_refused() {
        assert_eq!(
            Rmcp::parse(&mut [6, 0, 1, 0x87]),
            Err(DecodeError::Invalid("RMCP acknowledge"))
        );
        assert_eq!(
            Rmcp::parse(&mut [6, 0, 0xFF, 8]),
            Err(DecodeError::Invalid("RMCP class"))
        );
        assert_eq!(
            Rmcp::parse(&mut [5, 0, 0xFF, 7]),
            Err(DecodeError::Invalid("RMCP version"))
        );
        assert_eq!(Rmcp::parse(&mut [6, 0, 0xFF]), Err(DecodeError::Truncated));
    }
}
