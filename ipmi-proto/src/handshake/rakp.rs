//! RAKP messages 1 to 4, §13.20 to §13.24.

use alloc::vec::Vec;

use ::bytes::BufMut as _;
use nom::Parser as _;
use nom::combinator::{all_consuming, rest};
use nom::multi::length_data;
use nom::number::complete::{le_u8, le_u32};
use nom::{IResult, bytes};

use super::{RakpStatus, RoleByte, Username};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// RAKP 1: the console's random number, and who wants in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rakp1 {
    /// Comes back in RAKP 2.
    pub tag: u8,
    /// SID_C: the BMC's session id.
    pub bmc_id: u32,
    /// R_M.
    pub console_random: [u8; 16],
    /// The privilege level that is asked for, and how the user is looked up.
    pub role: RoleByte,
    /// The user's name.
    pub username: Username,
}

impl Encode for Rakp1 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.tag, 0, 0, 0]);
        out.put_u32_le(self.bmc_id);
        out.extend(self.console_random);
        out.extend([self.role.0, 0, 0, self.username.len()]);
        out.extend_from_slice(self.username.as_bytes());
    }
}

impl Rakp1 {
    /// The status that a RAKP 1 with this fault is answered with.
    pub(crate) fn status_of(error: DecodeError) -> RakpStatus {
        match error {
            DecodeError::OutOfRange(_) => RakpStatus::InvalidNameLength,
            _ => RakpStatus::IllegalParameter,
        }
    }
}

type Body<'a> = (u8, &'a [u8], u32, &'a [u8], u8, &'a [u8], &'a [u8]);

fn rakp1(input: &[u8]) -> IResult<&[u8], Body<'_>> {
    all_consuming((
        le_u8,
        bytes::complete::take(3usize),
        le_u32,
        bytes::complete::take(16usize),
        le_u8,
        bytes::complete::take(2usize),
        length_data(le_u8),
    ))
    .parse(input)
}

impl Decode for Rakp1 {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let (_, (tag, _, bmc_id, random, role, _, name)) =
            rakp1(input).map_err(|error| match error {
                nom::Err::Error(error) | nom::Err::Failure(error)
                    if error.code == nom::error::ErrorKind::Eof =>
                {
                    if error.input.is_empty() {
                        DecodeError::Truncated
                    } else {
                        DecodeError::Trailing
                    }
                }
                _ => DecodeError::Truncated,
            })?;
        let console_random = random.try_into().map_err(|_| DecodeError::Truncated)?;
        if name.len() > Username::MAX_LEN {
            return Err(DecodeError::OutOfRange("user name length"));
        }
        let username =
            Username::new(name).map_err(|_| DecodeError::OutOfRange("user name length"))?;
        if usize::from(username.len()) != name.len() {
            // The length goes into the hashes, so a name padded with zeros would not be the same name.
            return Err(DecodeError::Invalid("user name"));
        }
        Ok(Self {
            tag,
            bmc_id,
            console_random,
            role: RoleByte(role),
            username,
        })
    }
}

/// RAKP 2: the BMC's random number and GUID, and proof that it knows the password. 40 bytes and the code, or 8 when
/// the console is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rakp2 {
    /// RAKP 1's tag.
    pub tag: u8,
    /// SID_M: the console's session id.
    pub console_id: u32,
    /// What the BMC answers, or why it refuses.
    pub result: Result<Rakp2Ok, RakpStatus>,
}

/// The body of a successful [`Rakp2`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rakp2Ok {
    /// R_C.
    pub bmc_random: [u8; 16],
    /// GUID_C.
    pub guid: [u8; 16],
    /// The key exchange authentication code: 0, 16, 20 or 32 bytes.
    pub code: Vec<u8>,
}

impl Encode for Rakp2 {
    fn encode(&self, out: &mut Vec<u8>) {
        let status = self
            .result
            .as_ref()
            .err()
            .copied()
            .unwrap_or(RakpStatus::Ok);
        out.extend([self.tag, status.into(), 0, 0]);
        out.put_u32_le(self.console_id);
        if let Ok(ok) = &self.result {
            out.extend(ok.bmc_random);
            out.extend(ok.guid);
            out.extend_from_slice(&ok.code);
        }
    }
}

impl Decode for Rakp2 {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [tag, status, _, _] = r.array()?;
        let console_id = r.u32()?;
        let result = match RakpStatus::from(status) {
            RakpStatus::Ok => Ok(Rakp2Ok {
                bmc_random: r.array()?,
                guid: r.array()?,
                code: Vec::from(r.rest()),
            }),
            status => Err(status),
        };
        Ok(Self {
            tag,
            console_id,
            result,
        })
    }
}

/// RAKP 3: proof that the console knows the password, or why it gives up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rakp3 {
    /// Comes back in RAKP 4.
    pub tag: u8,
    /// SID_C: the BMC's session id.
    pub bmc_id: u32,
    /// The key exchange authentication code, or why the console gives up.
    pub result: Result<Vec<u8>, RakpStatus>,
}

/// RAKP 4: the BMC's last word, signed with the session integrity key. 8 bytes and the check value, or 8 when the
/// session is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rakp4 {
    /// RAKP 3's tag.
    pub tag: u8,
    /// SID_M: the console's session id.
    pub console_id: u32,
    /// The integrity check value, or why the session is refused.
    pub result: Result<Vec<u8>, RakpStatus>,
}

impl Encode for Rakp3 {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_last(self.tag, self.bmc_id, &self.result, out);
    }
}

impl Decode for Rakp3 {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        decode_last(input).map(|(tag, bmc_id, result)| Self {
            tag,
            bmc_id,
            result,
        })
    }
}

impl Encode for Rakp4 {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_last(self.tag, self.console_id, &self.result, out);
    }
}

impl Decode for Rakp4 {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        decode_last(input).map(|(tag, console_id, result)| Self {
            tag,
            console_id,
            result,
        })
    }
}

/// RAKP 3 and 4 have one shape.
fn encode_last(tag: u8, id: u32, result: &Result<Vec<u8>, RakpStatus>, out: &mut Vec<u8>) {
    let status = result.as_ref().err().copied().unwrap_or(RakpStatus::Ok);
    out.extend([tag, status.into(), 0, 0]);
    out.put_u32_le(id);
    out.extend(result.iter().flatten());
}

type Last = (u8, u32, Result<Vec<u8>, RakpStatus>);

fn decode_last(input: &[u8]) -> Result<Last, DecodeError> {
    let (body, (tag, status, _, id)) = (
        le_u8::<_, nom::error::Error<&[u8]>>,
        le_u8,
        bytes::complete::take(2usize),
        le_u32,
    )
        .parse(input)
        .map_err(|_| DecodeError::Truncated)?;
    let (_, code) =
        rest::<_, nom::error::Error<&[u8]>>(body).map_err(|_| DecodeError::Truncated)?;
    let result = match RakpStatus::from(status) {
        RakpStatus::Ok => Ok(Vec::from(code)),
        status => Err(status),
    };
    Ok((tag, id, result))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of(message: &impl Encode) -> Vec<u8> {
        let mut out = Vec::new();
        message.encode(&mut out);
        out
    }

    #[test]
    fn rakp1_bytes() {
        let message = Rakp1 {
            tag: 3,
            bmc_id: 0x0403_0201,
            console_random: [0xAA; 16],
            role: RoleByte(0x14),
            username: Username::new(b"admin").unwrap(),
        };
        let bytes = bytes_of(&message);
        assert_eq!(bytes[..8], [3, 0, 0, 0, 1, 2, 3, 4]);
        assert_eq!(bytes[24..], *b"\x14\0\0\x05admin");
        assert_eq!(Rakp1::decode(&bytes), Ok(message));
    }

    #[test]
    fn rakp1_faults() {
        let mut bytes = std::vec![0; 28];
        assert_eq!(Rakp1::decode(&bytes).unwrap().username, Username::default());
        assert_eq!(Rakp1::decode(&bytes[..27]), Err(DecodeError::Truncated));
        bytes.push(0);
        assert_eq!(Rakp1::decode(&bytes), Err(DecodeError::Trailing));
        bytes[27] = 2;
        assert_eq!(Rakp1::decode(&bytes), Err(DecodeError::Truncated));
        bytes.extend([b'x'; 16]);
        bytes[27] = 17;
        assert_eq!(
            Rakp1::decode(&bytes),
            Err(DecodeError::OutOfRange("user name length"))
        );
        assert_eq!(
            Rakp1::status_of(DecodeError::OutOfRange("")),
            RakpStatus::InvalidNameLength
        );
    }

    #[test]
    fn refusals_take_8_bytes() {
        let status = RakpStatus::UnauthorizedName;
        let rakp2 = Rakp2 {
            tag: 1,
            console_id: 2,
            result: Err(status),
        };
        assert_eq!(bytes_of(&rakp2), [1, 0x0D, 0, 0, 2, 0, 0, 0]);
        let rakp4 = Rakp4 {
            tag: 1,
            console_id: 2,
            result: Err(RakpStatus::InvalidIntegrityCheck),
        };
        assert_eq!(bytes_of(&rakp4), [1, 0x0F, 0, 0, 2, 0, 0, 0]);
        assert_eq!(Rakp4::decode(&bytes_of(&rakp4)), Ok(rakp4));
    }
}
