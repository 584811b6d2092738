//! The IPMI 1.5 session header, §13.6, and its authentication codes, §22.17.1.

use alloc::vec::Vec;

use hmac::digest::Digest as _;
use md5::Md5;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::Window;
use super::rmcp::IPMI_HEADER;
use super::v20::Rejected;
use crate::command::app::AuthType;
use crate::crypto::{BadMac, Password};
use crate::wire::{DecodeError, Reader};

/// The length of an authentication code, and of a password in it.
const CODE_LEN: usize = 16;

/// What makes and checks the authentication codes of a session. Cleared from memory on drop.
pub struct AuthKey {
    auth_type: AuthType,
    password: Zeroizing<[u8; CODE_LEN]>,
}

impl AuthKey {
    /// The key of a session of a user with this password. None for MD2, which is broken, and OEM types; and for a
    /// password of more than 16 bytes: IPMI 1.5 has no place for it, and it is never cut silently.
    #[must_use]
    pub fn new(auth_type: AuthType, password: &Password) -> Option<Self> {
        if !is_spoken(auth_type) {
            return None;
        }
        let (head, rest) = password.padded().split_first_chunk()?;
        rest.iter().all(|byte| *byte == 0).then(|| Self {
            auth_type,
            password: Zeroizing::new(*head),
        })
    }

    /// How it authenticates.
    #[must_use]
    pub const fn auth_type(&self) -> AuthType {
        self.auth_type
    }

    /// The code of a packet; none where packets have none.
    fn code(&self, session_id: u32, sequence: u32, payload: &[u8]) -> Option<[u8; CODE_LEN]> {
        match self.auth_type {
            AuthType::None | AuthType::Md2 | AuthType::Oem => None,
            AuthType::Password => Some(*self.password),
            AuthType::Md5 => Some(
                Md5::new()
                    .chain_update(*self.password)
                    .chain_update(session_id.to_le_bytes())
                    .chain_update(payload)
                    .chain_update(sequence.to_le_bytes())
                    .chain_update(*self.password)
                    .finalize()
                    .into(),
            ),
        }
    }
}

impl core::fmt::Debug for AuthKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "AuthKey({:?})", self.auth_type)
    }
}

/// Whether this end knows how to make the type's codes.
const fn is_spoken(auth_type: AuthType) -> bool {
    matches!(
        auth_type,
        AuthType::None | AuthType::Md5 | AuthType::Password
    )
}

/// A packet whose header was read, and nothing else believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received<'a> {
    auth_type: AuthType,
    sequence: u32,
    session_id: u32,
    code: Option<[u8; CODE_LEN]>,
    payload: &'a [u8],
}

impl<'a> Received<'a> {
    /// Reads the header of a packet behind its RMCP header.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Invalid`] for an authentication type that this end does not know;
    /// [`DecodeError::Truncated`] and [`DecodeError::Trailing`] where the length is not the payload's.
    pub fn parse(input: &'a [u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let bits = r.u8()?;
        let auth_type = AuthType::from_bits(bits)?;
        if bits != auth_type as u8 || !is_spoken(auth_type) {
            return Err(DecodeError::Invalid("authentication type"));
        }
        let sequence = r.u32()?;
        let session_id = r.u32()?;
        let code = match auth_type {
            AuthType::None => None,
            _ => Some(r.array()?),
        };
        let len = usize::from(r.u8()?);
        let payload = r.bytes(len)?;
        // The "legacy pad": one byte behind packets of the sizes that some network chips lost. Nothing else may follow.
        if r.rest().len() > 1 {
            return Err(DecodeError::Trailing);
        }
        Ok(Self {
            auth_type,
            sequence,
            session_id,
            code,
            payload,
        })
    }

    /// How it claims to be authenticated.
    #[must_use]
    pub const fn auth_type(&self) -> AuthType {
        self.auth_type
    }

    /// Whose session the packet claims to belong to; 0 outside a session.
    #[must_use]
    pub const fn session_id(&self) -> u32 {
        self.session_id
    }

    /// Its number; 0 in the packet that activates a session.
    #[must_use]
    pub const fn sequence(&self) -> u32 {
        self.sequence
    }

    /// The packet as one outside a session, which nothing protects.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Invalid`] when it claims to be authenticated, or of a session.
    pub const fn sessionless(self) -> Result<Packet<'a>, DecodeError> {
        match (self.auth_type, self.session_id) {
            (AuthType::None, 0) => Ok(Packet {
                payload: self.payload,
            }),
            (AuthType::None, _) => Err(DecodeError::Invalid("session id")),
            _ => Err(DecodeError::Invalid("authentication type")),
        }
    }

    /// The payload, if the packet is authenticated with this key. No window is asked: for the packet that activates
    /// the session, before which there is none.
    ///
    /// # Errors
    ///
    /// [`Rejected::Unauthenticated`] for another authentication type; [`Rejected::BadMac`].
    pub fn verify(&self, key: &AuthKey) -> Result<&'a [u8], Rejected> {
        if self.auth_type != key.auth_type {
            return Err(Rejected::Unauthenticated);
        }
        let expected = key.code(self.session_id, self.sequence, self.payload);
        match expected.zip(self.code) {
            Some((expected, code)) if !bool::from(expected.ct_eq(&code)) => Err(BadMac.into()),
            _ => Ok(self.payload),
        }
    }

    /// Checks the window, verifies the code, records the number, and only then gives the payload. `every`: packets
    /// that are not authenticated at all are not let in.
    ///
    /// # Errors
    ///
    /// [`Rejected`]; the window is unchanged then.
    pub fn authenticate(
        &self,
        key: &AuthKey,
        every: bool,
        window: &mut Window,
    ) -> Result<&'a [u8], Rejected> {
        let bare = self.auth_type == AuthType::None;
        if bare && self.sequence == 0 && (!every || key.auth_type == AuthType::None) {
            // Such packets need no number (§6.12.8), and anybody could forge one.
            return Ok(self.payload);
        }
        let admission = window.check(self.sequence)?;
        if !bare || every {
            self.verify(key)?;
        }
        window.commit(admission);
        Ok(self.payload)
    }
}

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
    /// [`DecodeError::Invalid`] for a packet of a session or with an authentication type.
    pub fn decode(input: &'a [u8]) -> Result<Self, DecodeError> {
        Received::parse(input)?.sessionless()
    }

    /// Appends a packet outside a session to `out`, RMCP header included. `write` appends its payload.
    pub fn encode(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        encode(None, 0, 0, out, write);
    }
}

/// Appends a packet of a session to `out`, RMCP header included. `write` appends its payload. Without a key the packet
/// is not authenticated.
pub fn encode(
    key: Option<&AuthKey>,
    session_id: u32,
    sequence: u32,
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>),
) {
    let key = key.filter(|key| key.auth_type != AuthType::None);
    out.extend(IPMI_HEADER);
    out.push(key.map_or(AuthType::None, AuthKey::auth_type) as u8);
    out.extend(sequence.to_le_bytes());
    out.extend(session_id.to_le_bytes());
    let code_start = out.len();
    if key.is_some() {
        out.extend([0; CODE_LEN]);
    }
    out.push(0);
    let start = out.len();
    write(out);
    let payload = out.get(start..).unwrap_or_default();
    let len = u8::try_from(payload.len()).unwrap_or(u8::MAX);
    let code = key.and_then(|key| key.code(session_id, sequence, payload));
    if let Some(field) = out.get_mut(start - 1) {
        *field = len;
    }
    if let Some((code, field)) = code.zip(out.get_mut(code_start..start - 1)) {
        field.copy_from_slice(&code);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Replay;

    fn key(auth_type: AuthType) -> AuthKey {
        AuthKey::new(auth_type, &Password::new(b"password").unwrap()).unwrap()
    }

    fn packet(key: Option<&AuthKey>, sequence: u32) -> Vec<u8> {
        let mut out = Vec::new();
        encode(key, 7, sequence, &mut out, |out| out.extend([1, 2, 3]));
        out.split_off(4)
    }

    #[test]
    fn round_trip_with_and_without_the_legacy_pad() {
        let mut out = Vec::new();
        Packet::encode(&mut out, |out| out.extend([1, 2, 3]));
        assert_eq!(out[4..], [0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]);
        let expected = Packet {
            payload: &[1, 2, 3],
        };
        assert_eq!(Packet::decode(&out[4..]), Ok(expected));
        out.push(0);
        assert_eq!(Packet::decode(&out[4..]), Ok(expected));
        out.push(0);
        assert_eq!(Packet::decode(&out[4..]), Err(DecodeError::Trailing));
    }

    #[test]
    fn packets_of_sessions_are_none_outside_one() {
        let signed = packet(Some(&key(AuthType::Md5)), 1);
        let authenticated = Err(DecodeError::Invalid("authentication type"));
        assert_eq!(Packet::decode(&signed), authenticated);
        let bare = packet(None, 1);
        let of_session = Err(DecodeError::Invalid("session id"));
        assert_eq!(Packet::decode(&bare), of_session);
        let md2 = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(Packet::decode(&md2), authenticated);
    }

    #[test]
    fn every_type_lets_its_packets_in_once() {
        for auth_type in [AuthType::None, AuthType::Md5, AuthType::Password] {
            let key = key(auth_type);
            let mut window = Window::v15(100);
            for sequence in [100, 102, 101] {
                let datagram = packet(Some(&key), sequence);
                let received = Received::parse(&datagram).unwrap();
                let authenticate = |window: &mut Window| received.authenticate(&key, true, window);
                assert_eq!(authenticate(&mut window), Ok(&[1, 2, 3][..]));
                let replayed = Err(Rejected::Replay(Replay::Duplicate));
                assert_eq!(authenticate(&mut window), replayed);
            }
        }
    }

    #[test]
    fn no_changed_bit_gets_in_nor_uses_up_the_number() {
        let key = key(AuthType::Md5);
        let good = packet(Some(&key), 1);
        let mut window = Window::v15(1);
        let receive = |packet: &[u8], window: &mut Window| {
            let received = Received::parse(packet).map_err(Rejected::Payload)?;
            received.authenticate(&key, true, window).map(Vec::from)
        };
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(receive(&bad, &mut window).is_err(), "bit {bit}");
        }
        assert_eq!(receive(&good, &mut window), Ok(Vec::from([1, 2, 3])));
    }

    #[test]
    fn bare_packets_get_in_where_that_is_agreed() {
        let key = key(AuthType::Md5);
        for (sequence, every, expected) in [
            (1, false, Ok(&[1, 2, 3][..])),
            (0, false, Ok(&[1, 2, 3][..])),
            (1, true, Err(Rejected::Unauthenticated)),
            (0, true, Err(Rejected::Replay(Replay::TooOld))),
        ] {
            let datagram = packet(None, sequence);
            let received = Received::parse(&datagram).unwrap();
            let window = &mut Window::v15(1);
            assert_eq!(received.authenticate(&key, every, window), expected);
        }
    }

    #[test]
    fn long_passwords_have_no_key() {
        let password = |len| Password::new(&[b'x'; 20][..len]).unwrap();
        assert!(AuthKey::new(AuthType::Md5, &password(16)).is_some());
        assert!(AuthKey::new(AuthType::Md5, &password(17)).is_none());
    }
}
