//! The IPMI LAN message with its two checksums, §13.8.
//!
//! The payload of both session formats. What the data bytes mean lives in [`command`](crate::command).

use alloc::vec::Vec;

use crate::CompletionCode;
use crate::command::NetFn;
use crate::wire::{DecodeError, Encode, Reader};

/// The BMC's address: what requests over LAN are sent to.
pub const BMC_ADDRESS: u8 = 0x20;
/// The address of remote console software (software id 40h, as 81h on the wire).
pub const CONSOLE_ADDRESS: u8 = 0x81;

/// The longest message that is taken: the largest IPMI payload that fits the length byte of the 1.5 session header.
pub const MAX_LEN: usize = 255;

/// Where a message goes and what it answers: everything but its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Whom the request was sent to.
    pub responder: u8,
    /// The responder's logical unit, 0 to 3. 0 is the BMC.
    pub responder_lun: u8,
    /// Who asked.
    pub requester: u8,
    /// The requester's logical unit, 0 to 3.
    pub requester_lun: u8,
    /// The request's number, 0 to 63 (rqSeq). The response repeats it.
    pub sequence: u8,
    /// The group of the command.
    pub netfn: NetFn,
    /// The command's number within the group.
    pub command: u8,
}

impl Header {
    /// A request from a console to the BMC.
    #[must_use]
    pub const fn request(netfn: NetFn, command: u8, sequence: u8) -> Self {
        Self {
            responder: BMC_ADDRESS,
            responder_lun: 0,
            requester: CONSOLE_ADDRESS,
            requester_lun: 0,
            sequence: sequence & 0x3F,
            netfn,
            command,
        }
    }
}

/// A request as received: header and data bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestMessage<'a> {
    /// Where it goes and what it is.
    pub header: Header,
    /// The command's data bytes.
    pub data: &'a [u8],
}

/// A response as received: header, completion code and data bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseMessage<'a> {
    /// The header of the request that it answers.
    pub header: Header,
    /// What became of the request.
    pub completion: CompletionCode,
    /// What came with it.
    pub data: &'a [u8],
}

impl<'a> RequestMessage<'a> {
    /// Reads a request and verifies both checksums.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Invalid`] for a response (odd NetFn); [`DecodeError::Checksum`]; [`DecodeError::Truncated`].
    pub fn decode(input: &'a [u8]) -> Result<Self, DecodeError> {
        let (responder, netfn, responder_lun, mut r) = open(input)?;
        if netfn & 1 != 0 {
            return Err(DecodeError::Invalid("NetFn of a request"));
        }
        let [requester, sequence, command] = r.array()?;
        Ok(Self {
            header: Header {
                responder,
                responder_lun,
                requester,
                requester_lun: sequence & 3,
                sequence: sequence >> 2,
                netfn: NetFn::new(netfn),
                command,
            },
            data: r.rest(),
        })
    }
}

impl<'a> ResponseMessage<'a> {
    /// Reads a response and verifies both checksums.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Invalid`] for a request (even NetFn); [`DecodeError::Checksum`]; [`DecodeError::Truncated`].
    pub fn decode(input: &'a [u8]) -> Result<Self, DecodeError> {
        let (requester, netfn, requester_lun, mut r) = open(input)?;
        if netfn & 1 == 0 {
            return Err(DecodeError::Invalid("NetFn of a response"));
        }
        let [responder, sequence, command, completion] = r.array()?;
        Ok(Self {
            header: Header {
                responder,
                responder_lun: sequence & 3,
                requester,
                requester_lun,
                sequence: sequence >> 2,
                netfn: NetFn::new(netfn),
                command,
            },
            completion: CompletionCode::from(completion),
            data: r.rest(),
        })
    }
}

/// Verifies the checksums of a message: (address, NetFn, LUN, what lies between the checksums).
fn open(input: &[u8]) -> Result<(u8, u8, u8, Reader<'_>), DecodeError> {
    let (&[address, netfn_lun, first], rest) =
        input.split_first_chunk().ok_or(DecodeError::Truncated)?;
    let (&last, body) = rest.split_last().ok_or(DecodeError::Truncated)?;
    if checksum(&[address, netfn_lun]) != first || checksum(body) != last {
        return Err(DecodeError::Checksum);
    }
    Ok((address, netfn_lun >> 2, netfn_lun & 3, Reader::new(body)))
}

/// Appends a request to `out`.
pub fn encode_request(header: &Header, data: &impl Encode, out: &mut Vec<u8>) {
    let netfn_lun = header.netfn.request() << 2 | header.responder_lun & 3;
    out.extend([
        header.responder,
        netfn_lun,
        checksum(&[header.responder, netfn_lun]),
    ]);
    let body = out.len();
    out.extend([
        header.requester,
        header.sequence << 2 | header.requester_lun & 3,
        header.command,
    ]);
    data.encode(out);
    close(body, out);
}

/// Appends the response to the request with this header to `out`.
pub fn encode_response(
    header: &Header,
    completion: CompletionCode,
    data: &[u8],
    out: &mut Vec<u8>,
) {
    let netfn_lun = header.netfn.response() << 2 | header.requester_lun & 3;
    out.extend([
        header.requester,
        netfn_lun,
        checksum(&[header.requester, netfn_lun]),
    ]);
    let body = out.len();
    let sequence = header.sequence << 2 | header.responder_lun & 3;
    out.extend([
        header.responder,
        sequence,
        header.command,
        completion.into(),
    ]);
    out.extend_from_slice(data);
    close(body, out);
}

fn close(body: usize, out: &mut Vec<u8>) {
    let sum = checksum(out.get(body..).unwrap_or_default());
    out.push(sum);
}

/// The two's complement of the sum: all bytes and their checksum add up to zero.
pub(crate) fn checksum(bytes: &[u8]) -> u8 {
    bytes
        .iter()
        .fold(0u8, |sum, byte| sum.wrapping_add(*byte))
        .wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command as _;
    use crate::command::app::GetDeviceId;

    #[test]
    fn request_bytes() {
        let mut out = Vec::new();
        encode_request(
            &Header::request(GetDeviceId::NETFN, GetDeviceId::CODE, 2),
            &GetDeviceId,
            &mut out,
        );
        assert_eq!(out, [0x20, 0x18, 0xC8, 0x81, 0x08, 0x01, 0x76]);
        let message = RequestMessage::decode(&out).unwrap();
        assert_eq!(message.header, Header::request(NetFn::APP, 1, 2));
        assert!(message.data.is_empty());
    }

    #[test]
    fn response_repeats_the_request_s_header() {
        let header = Header {
            requester_lun: 2,
            ..Header::request(NetFn::CHASSIS, 1, 63)
        };
        let mut out = Vec::new();
        encode_response(&header, CompletionCode::NodeBusy, &[1, 2], &mut out);
        let message = ResponseMessage::decode(&out).unwrap();
        assert_eq!(message.header, header);
        assert_eq!(
            (message.completion, message.data),
            (CompletionCode::NodeBusy, &[1u8, 2][..])
        );
        assert_eq!(
            RequestMessage::decode(&out),
            Err(DecodeError::Invalid("NetFn of a request"))
        );
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let mut out = Vec::new();
        encode_request(&Header::request(NetFn::CHASSIS, 2, 7), &(), &mut out);
        for i in 0..out.len() * 8 {
            let mut bad = out.clone();
            bad[i / 8] ^= 1 << (i % 8);
            assert_eq!(
                RequestMessage::decode(&bad),
                Err(DecodeError::Checksum),
                "bit {i}"
            );
        }
    }
}
