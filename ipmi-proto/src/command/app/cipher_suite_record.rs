//! Cipher suite records, §22.15.1: the list that Get Channel Cipher Suites hands out in windows.

use alloc::vec::Vec;

use nom::branch::alt;
use nom::bytes::complete::tag;
use nom::combinator::{all_consuming, map, opt, success, verify};
use nom::multi::many0;
use nom::number::complete::{le_u24, u8};
use nom::sequence::preceded;
use nom::{IResult, Parser};

use crate::wire::{DecodeError, Encode};

/// A cipher suite as a channel lists it: an id and a number for each of its three algorithms, 0 meaning none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CipherSuiteRecord {
    /// The suite's id; 80h to BFh belong to manufacturers.
    pub id: u8,
    /// IANA enterprise number (24 bits) of the manufacturer who defined the suite; none for the standard ones.
    pub manufacturer: Option<u32>,
    /// Authentication algorithm, 0 to 63 (table 13-17).
    pub authentication: u8,
    /// Integrity algorithm, 0 to 63 (table 13-18).
    pub integrity: u8,
    /// Confidentiality algorithm, 0 to 63 (table 13-19).
    pub confidentiality: u8,
}

const STANDARD: u8 = 0xC0;
const OEM: u8 = 0xC1;

/// The two upper bits of an algorithm's number say which kind it is.
const NUMBER: u8 = 0x3F;
const AUTHENTICATION: u8 = 0x00;
const INTEGRITY: u8 = 0x40;
const CONFIDENTIALITY: u8 = 0x80;

impl CipherSuiteRecord {
    /// A suite of the specification's (table 22-20).
    #[must_use]
    pub const fn standard(id: u8, authentication: u8, integrity: u8, confidentiality: u8) -> Self {
        Self {
            id,
            manufacturer: None,
            authentication,
            integrity,
            confidentiality,
        }
    }

    /// The three algorithms with their tags.
    pub(super) const fn algorithms(&self) -> [u8; 3] {
        [
            AUTHENTICATION | self.authentication & NUMBER,
            INTEGRITY | self.integrity & NUMBER,
            CONFIDENTIALITY | self.confidentiality & NUMBER,
        ]
    }

    /// Reads a whole list, its windows joined. A record without integrity or confidentiality has none of it.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Invalid`] where a record breaks off or holds something else.
    pub fn parse_list(list: &[u8]) -> Result<Vec<Self>, DecodeError> {
        all_consuming(many0(record))
            .parse(list)
            .map(|(_, records)| records)
            .map_err(|_| DecodeError::Invalid("cipher suite record"))
    }
}

impl Encode for CipherSuiteRecord {
    fn encode(&self, out: &mut Vec<u8>) {
        match self.manufacturer {
            None => out.extend([STANDARD, self.id]),
            Some(manufacturer) => {
                let [low, mid, high, _] = manufacturer.to_le_bytes();
                out.extend([OEM, self.id, low, mid, high]);
            }
        }
        out.extend(self.algorithms());
    }
}

fn record(input: &[u8]) -> IResult<&[u8], CipherSuiteRecord, ()> {
    let standard = (preceded(tag([STANDARD].as_slice()), u8), success(None));
    let oem = (preceded(tag([OEM].as_slice()), u8), map(le_u24, Some));
    map(
        (
            alt((standard, oem)),
            algorithm(AUTHENTICATION),
            opt(algorithm(INTEGRITY)),
            opt(algorithm(CONFIDENTIALITY)),
        ),
        |((id, manufacturer), authentication, integrity, confidentiality)| CipherSuiteRecord {
            id,
            manufacturer,
            authentication,
            integrity: integrity.unwrap_or(0),
            confidentiality: confidentiality.unwrap_or(0),
        },
    )
    .parse(input)
}

fn algorithm<'a>(kind: u8) -> impl Parser<&'a [u8], Output = u8, Error = ()> {
    map(verify(u8, move |byte| byte & !NUMBER == kind), |byte| {
        byte & NUMBER
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(record: CipherSuiteRecord) -> Vec<u8> {
        let mut out = Vec::new();
        record.encode(&mut out);
        out
    }

    #[test]
    fn bytes() {
        let suite_3 = CipherSuiteRecord::standard(3, 1, 1, 1);
        assert_eq!(encoded(suite_3), [0xC0, 3, 0x01, 0x41, 0x81]);
        let oem = CipherSuiteRecord {
            manufacturer: Some(0x0A_BCDE),
            ..CipherSuiteRecord::standard(0x80, 3, 4, 1)
        };
        assert_eq!(
            encoded(oem),
            [0xC1, 0x80, 0xDE, 0xBC, 0x0A, 0x03, 0x44, 0x81]
        );
        let list = [encoded(suite_3), encoded(oem)].concat();
        let parsed = CipherSuiteRecord::parse_list(&list);
        assert_eq!(parsed, Ok([suite_3, oem].to_vec()));
    }

    #[test]
    fn absent_algorithms_are_none() {
        let parsed = CipherSuiteRecord::parse_list(&[0xC0, 0, 0, 0xC0, 1, 1, 0x80]);
        let suites = [
            CipherSuiteRecord::standard(0, 0, 0, 0),
            CipherSuiteRecord::standard(1, 1, 0, 0),
        ];
        assert_eq!(parsed, Ok(suites.to_vec()));
    }

    #[test]
    fn what_is_no_record_is_refused() {
        let error = Err(DecodeError::Invalid("cipher suite record"));
        assert_eq!(CipherSuiteRecord::parse_list(&[0xC0, 3]), error);
        assert_eq!(CipherSuiteRecord::parse_list(&[0xC2, 3, 1]), error);
        assert_eq!(
            CipherSuiteRecord::parse_list(&[0xC0, 3, 1, 0x41, 0x81, 0x41]),
            error
        );
    }
}
