//! The RMCP+ session header and trailer, §13.6, and the order of the checks.
//!
//! A packet of a session goes through three types, each made from the one before: [`Received`] -> [`Authenticated`]
//! -> [`Decrypted`]. So no caller can read a payload that was not authenticated, decrypt before the MAC was verified,
//! or use up a sequence number with a forged packet.

use alloc::vec::Vec;
use core::fmt;

use bytes::BufMut as _;
use rand_core::Rng;

use super::rmcp::IPMI_HEADER;
use super::{Replay, Window};
use crate::crypto::{BadMac, Confidentiality, Integrity, Protection};
use crate::wire::{DecodeError, Reader};

/// The "authentication type" that marks an RMCP+ header.
pub const AUTH_TYPE_RMCP_PLUS: u8 = 0x06;
/// The next header field of the trailer; reserved, always this.
const NEXT_HEADER: u8 = 0x07;
const PAD_BYTE: u8 = 0xFF;
const ENCRYPTED: u8 = 1 << 7;
const AUTHENTICATED: u8 = 1 << 6;
const PAYLOAD_TYPE_OEM_EXPLICIT: u8 = 0x02;

/// What a packet carries (table 13-16).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PayloadType(u8);

impl PayloadType {
    /// 00h: an IPMI message.
    pub const IPMI: Self = Self(0x00);
    /// 01h: serial over LAN.
    pub const SOL: Self = Self(0x01);
    /// 10h.
    pub const OPEN_SESSION_REQUEST: Self = Self(0x10);
    /// 11h.
    pub const OPEN_SESSION_RESPONSE: Self = Self(0x11);
    /// 12h.
    pub const RAKP_1: Self = Self(0x12);
    /// 13h.
    pub const RAKP_2: Self = Self(0x13);
    /// 14h.
    pub const RAKP_3: Self = Self(0x14);
    /// 15h.
    pub const RAKP_4: Self = Self(0x15);
}

impl fmt::Debug for PayloadType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PayloadType({:02X}h)", self.0)
    }
}

/// Why a packet of a session was not let in. Such packets are dropped without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// Its sequence number may not come in.
    #[error(transparent)]
    Replay(#[from] Replay),
    /// It is not signed although the session's packets are, or the other way round.
    #[error("the packet is not authenticated as the session agreed")]
    Unauthenticated,
    /// It is not encrypted although the session's payloads are, or the other way round.
    #[error("the packet is not encrypted as the session agreed")]
    Unencrypted,
    /// Its trailer is malformed.
    #[error("the packet's trailer is malformed")]
    Trailer,
    /// Its authentication code is wrong.
    #[error(transparent)]
    BadMac(#[from] BadMac),
    /// Its payload cannot be decrypted.
    #[error("the payload cannot be decrypted: {0}")]
    Payload(DecodeError),
}

/// A packet whose header was read, and nothing else believed.
#[derive(Debug)]
pub struct Received<'a> {
    payload_type: PayloadType,
    encrypted: bool,
    authenticated: bool,
    session_id: u32,
    sequence: u32,
    /// From the authentication type to the end of the datagram: what is signed, and the code.
    packet: &'a mut [u8],
    payload_start: usize,
    payload_len: usize,
}

/// A packet of the session whose key signed it, let in for the first time.
#[derive(Debug)]
pub struct Authenticated<'a> {
    payload_type: PayloadType,
    encrypted: bool,
    payload: &'a mut [u8],
}

/// A packet whose payload can be read.
#[derive(Debug)]
pub struct Decrypted<'a> {
    /// What the payload is.
    pub payload_type: PayloadType,
    /// The payload.
    pub payload: &'a [u8],
}

impl<'a> Received<'a> {
    /// Reads the header of a packet behind its RMCP header.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Truncated`] where the payload length reaches behind the datagram; [`DecodeError::Invalid`] for
    /// another header format and for OEM explicit payloads.
    pub fn parse(packet: &'a mut [u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(packet);
        let [auth_type, payload_type] = r.array()?;
        if auth_type != AUTH_TYPE_RMCP_PLUS {
            return Err(DecodeError::Invalid("authentication type"));
        }
        let kind = payload_type & !(ENCRYPTED | AUTHENTICATED);
        if kind == PAYLOAD_TYPE_OEM_EXPLICIT {
            return Err(DecodeError::Invalid("payload type"));
        }
        let session_id = r.u32()?;
        let sequence = r.u32()?;
        let payload_len = usize::from(r.u16()?);
        let rest = r.rest().len();
        if rest < payload_len {
            return Err(DecodeError::Truncated);
        }
        Ok(Self {
            payload_type: PayloadType(kind),
            encrypted: payload_type & ENCRYPTED != 0,
            authenticated: payload_type & AUTHENTICATED != 0,
            session_id,
            sequence,
            payload_start: packet.len() - rest,
            payload_len,
            packet,
        })
    }

    /// Whose session the packet claims to belong to; 0 outside a session.
    #[must_use]
    pub const fn session_id(&self) -> u32 {
        self.session_id
    }

    /// What the payload claims to be.
    #[must_use]
    pub const fn payload_type(&self) -> PayloadType {
        self.payload_type
    }

    /// The payload of a packet outside a session, which nothing protects.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Invalid`] when it claims to be of a session, encrypted or signed;
    /// [`DecodeError::Trailing`] when something follows the payload.
    pub fn sessionless(self) -> Result<Decrypted<'a>, DecodeError> {
        if self.session_id != 0 || self.encrypted || self.authenticated {
            return Err(DecodeError::Invalid("session header"));
        }
        let payload = self
            .packet
            .get(self.payload_start..)
            .ok_or(DecodeError::Truncated)?;
        if payload.len() != self.payload_len {
            return Err(DecodeError::Trailing);
        }
        Ok(Decrypted {
            payload_type: self.payload_type,
            payload,
        })
    }

    /// Checks the window, verifies the MAC, and only then records the sequence number.
    ///
    /// # Errors
    ///
    /// [`Rejected`]; the window is unchanged then.
    pub fn authenticate(
        self,
        protection: &Protection,
        window: &mut Window,
    ) -> Result<Authenticated<'a>, Rejected> {
        let algorithm = protection.integrity.algorithm();
        if self.authenticated != (algorithm != Integrity::None) {
            return Err(Rejected::Unauthenticated);
        }
        let admission = window.check(self.sequence)?;
        let payload_end = self.payload_start + self.payload_len;
        let signed_len = self
            .packet
            .len()
            .checked_sub(algorithm.mac_len())
            .ok_or(Rejected::Trailer)?;
        let (signed, mac) = self
            .packet
            .split_at_mut_checked(signed_len)
            .ok_or(Rejected::Trailer)?;
        let trailer = signed.get(payload_end..).ok_or(Rejected::Trailer)?;
        if algorithm == Integrity::None {
            if !trailer.is_empty() {
                return Err(Rejected::Trailer);
            }
        } else {
            let [pad @ .., pad_len, NEXT_HEADER] = trailer else {
                return Err(Rejected::Trailer);
            };
            if pad.len() != usize::from(*pad_len) {
                return Err(Rejected::Trailer);
            }
            protection.integrity.verify(signed, mac)?;
        }
        window.commit(admission);
        let payload = signed
            .get_mut(self.payload_start..payload_end)
            .ok_or(Rejected::Trailer)?;
        Ok(Authenticated {
            payload_type: self.payload_type,
            encrypted: self.encrypted,
            payload,
        })
    }
}

impl<'a> Authenticated<'a> {
    /// Decrypts the payload in place.
    ///
    /// # Errors
    ///
    /// [`Rejected::Unencrypted`] for a payload in the clear in a session that encrypts (or the other way round);
    /// [`Rejected::Payload`] when it is no whole blocks or the padding is wrong.
    pub fn decrypt(self, protection: &Protection) -> Result<Decrypted<'a>, Rejected> {
        let key = &protection.confidentiality;
        if self.encrypted != (key.algorithm() != Confidentiality::None) {
            return Err(Rejected::Unencrypted);
        }
        let range = key.open(self.payload).map_err(Rejected::Payload)?;
        let payload = self.payload.get(range).unwrap_or_default();
        Ok(Decrypted {
            payload_type: self.payload_type,
            payload,
        })
    }
}

/// Appends a packet outside a session to `out`, RMCP header included. `write` appends its payload.
pub fn encode_sessionless(
    payload_type: PayloadType,
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>),
) {
    let _packet_start = header(payload_type.0, 0, 0, out);
    let payload_start = out.len();
    write(out);
    payload_len(payload_start, out);
}

/// Appends a packet of a session to `out`, RMCP header included: `write` appends its payload, which is encrypted, and
/// then the packet is signed, as the session agreed.
pub fn encode(
    payload_type: PayloadType,
    session_id: u32,
    sequence: u32,
    protection: &Protection,
    rng: &mut impl Rng,
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>),
) {
    let integrity = protection.integrity.algorithm();
    let mut flags = payload_type.0;
    if protection.confidentiality.algorithm() != Confidentiality::None {
        flags |= ENCRYPTED;
    }
    if integrity != Integrity::None {
        flags |= AUTHENTICATED;
    }
    let packet_start = header(flags, session_id, sequence, out);
    let payload_start = out.len();
    protection.confidentiality.seal(out, rng, write);
    payload_len(payload_start, out);
    if integrity != Integrity::None {
        // From the authentication type to the next header field, the length must be a multiple of 4.
        let unpadded = out.len() - packet_start + 2;
        let pad = unpadded.next_multiple_of(4) - unpadded;
        out.extend(core::iter::repeat_n(PAD_BYTE, pad));
        out.extend([pad as u8, NEXT_HEADER]);
        let mac = protection
            .integrity
            .sign(out.get(packet_start..).unwrap_or_default());
        out.extend(mac.into_iter().take(integrity.mac_len()));
    }
}

/// Appends RMCP and session header, with a payload length of 0; gives the place of the authentication type.
fn header(flags: u8, session_id: u32, sequence: u32, out: &mut Vec<u8>) -> usize {
    out.extend(IPMI_HEADER);
    let start = out.len();
    out.extend([AUTH_TYPE_RMCP_PLUS, flags]);
    out.put_u32_le(session_id);
    out.put_u32_le(sequence);
    out.extend([0, 0]);
    start
}

/// Fills in the length of the payload that starts at `start` and ends with `out`.
fn payload_len(start: usize, out: &mut [u8]) {
    let len = u16::try_from(out.len() - start).unwrap_or(u16::MAX);
    if let Some(field) = out.get_mut(start - 2..start) {
        field.copy_from_slice(&len.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{CipherSuite, Handshake, Password};
    use crate::handshake::{RoleByte, Username};
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    fn protection(suite: CipherSuite) -> Protection {
        let handshake = Handshake {
            console_id: 1,
            bmc_id: 2,
            console_random: [3; 16],
            bmc_random: [4; 16],
            guid: [5; 16],
            role: RoleByte(0x14),
            username: Username::default(),
        };
        let password = Password::new(b"password").unwrap();
        handshake
            .session_keys(suite, &password, None)
            .protection(&password)
    }

    fn packet(suite: CipherSuite, sequence: u32, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut rng = StdRng::seed_from_u64(1);
        encode(
            PayloadType::IPMI,
            2,
            sequence,
            &protection(suite),
            &mut rng,
            &mut out,
            |out| {
                out.extend_from_slice(payload);
            },
        );
        out
    }

    fn receive(
        suite: CipherSuite,
        window: &mut Window,
        mut datagram: Vec<u8>,
    ) -> Result<Vec<u8>, Rejected> {
        let protection = protection(suite);
        let received = Received::parse(&mut datagram[4..]).map_err(Rejected::Payload)?;
        let decrypted = received
            .authenticate(&protection, window)?
            .decrypt(&protection)?;
        assert_eq!(decrypted.payload_type, PayloadType::IPMI);
        Ok(decrypted.payload.to_vec())
    }

    #[test]
    fn every_suite_brings_its_payload_across_once() {
        for suite in CipherSuite::ALL {
            let mut window = Window::default();
            for (sequence, len) in (1..).zip(0..40) {
                let payload: Vec<u8> = (0..len).collect();
                let datagram = packet(suite, sequence, &payload);
                assert_eq!(
                    receive(suite, &mut window, datagram.clone()),
                    Ok(payload),
                    "{suite}"
                );
                assert_eq!(
                    receive(suite, &mut window, datagram),
                    Err(Rejected::Replay(Replay::Duplicate))
                );
            }
        }
    }

    #[test]
    fn no_changed_bit_gets_in_nor_uses_up_the_number() {
        let suite = CipherSuite::SUITE_17;
        let good = packet(suite, 1, b"payload");
        let mut window = Window::default();
        for bit in 4 * 8..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(receive(suite, &mut window, bad).is_err(), "bit {bit}");
        }
        for len in 4..good.len() {
            assert!(
                receive(suite, &mut window, good[..len].to_vec()).is_err(),
                "{len} bytes"
            );
        }
        assert_eq!(receive(suite, &mut window, good), Ok(b"payload".to_vec()));
    }

    #[test]
    fn a_session_cannot_be_downgraded() {
        let signed_only = CipherSuite::from_id(16).unwrap();
        let nothing = CipherSuite::from_id(15).unwrap();
        let window = &mut Window::default();
        let plain = packet(nothing, 1, b"x");
        assert_eq!(
            receive(CipherSuite::SUITE_17, window, plain),
            Err(Rejected::Unauthenticated)
        );
        // Same K1, so the MAC is right; but the payload is in the clear.
        let unencrypted = packet(signed_only, 1, b"x");
        assert_eq!(
            receive(CipherSuite::SUITE_17, window, unencrypted),
            Err(Rejected::Unencrypted)
        );
    }

    #[test]
    fn sessionless_packets_hold_their_payload_and_nothing_else() {
        let mut out = Vec::new();
        encode_sessionless(PayloadType::RAKP_1, &mut out, |out| out.extend([1, 2]));
        let received = Received::parse(&mut out[4..])
            .unwrap()
            .sessionless()
            .unwrap();
        assert_eq!(
            (received.payload_type, received.payload),
            (PayloadType::RAKP_1, &[1u8, 2][..])
        );
        out.push(0);
        let received = Received::parse(&mut out[4..]).unwrap();
        assert_eq!(received.sessionless().unwrap_err(), DecodeError::Trailing);
    }
}
