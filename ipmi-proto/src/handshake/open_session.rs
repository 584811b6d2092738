//! RMCP+ Open Session Request and Response, §13.17 and §13.18.

use alloc::vec::Vec;

use bytes::BufMut as _;

use super::{RakpStatus, RequestedPrivilege};
use crate::crypto::{CipherSuite, CipherSuites};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Every algorithm payload takes 8 bytes and says so.
const PAYLOAD_LEN: u8 = 8;

/// The first message of a handshake: which algorithms the console proposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenSessionRequest {
    /// Comes back in the response.
    pub tag: u8,
    /// The privilege level that the console will ask for, as the byte's low nibble: it may hold a reserved value.
    pub privilege: u8,
    /// SID_M: the session id by which the console wants to be called.
    pub console_id: u32,
    /// The algorithms.
    pub proposal: Proposal,
}

/// The algorithms in an Open Session Request: a number each, or none where the console leaves the choice to the BMC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proposal {
    /// RAKP authentication algorithm.
    pub authentication: Option<u8>,
    /// Integrity algorithm.
    pub integrity: Option<u8>,
    /// Confidentiality algorithm.
    pub confidentiality: Option<u8>,
}

impl Proposal {
    /// The algorithms of one suite.
    #[must_use]
    pub const fn of(suite: CipherSuite) -> Self {
        Self {
            authentication: Some(suite.authentication() as u8),
            integrity: Some(suite.integrity() as u8),
            confidentiality: Some(suite.confidentiality() as u8),
        }
    }

    /// The best accepted suite that fits: the one with the highest id.
    #[must_use]
    pub fn choose(&self, accepted: CipherSuites) -> Option<CipherSuite> {
        let fits = |wanted: Option<u8>, offered: u8| wanted.is_none_or(|wanted| wanted == offered);
        let suits = |suite: &CipherSuite| {
            fits(self.authentication, suite.authentication() as u8)
                && fits(self.integrity, suite.integrity() as u8)
                && fits(self.confidentiality, suite.confidentiality() as u8)
        };
        accepted.iter().filter(suits).last()
    }
}

impl OpenSessionRequest {
    /// The level that is asked for; none for a reserved value.
    #[must_use]
    pub const fn requested(&self) -> Option<RequestedPrivilege> {
        RequestedPrivilege::from_bits(self.privilege)
    }
}

impl Encode for OpenSessionRequest {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.tag, self.privilege & 0x0F, 0, 0]);
        out.put_u32_le(self.console_id);
        let Proposal {
            authentication,
            integrity,
            confidentiality,
        } = self.proposal;
        for (kind, algorithm) in (0..).zip([authentication, integrity, confidentiality]) {
            let len = if algorithm.is_some() { PAYLOAD_LEN } else { 0 };
            out.extend([kind, 0, 0, len, algorithm.unwrap_or(0), 0, 0, 0]);
        }
    }
}

impl Decode for OpenSessionRequest {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [tag, privilege, _, _] = r.array()?;
        let console_id = r.u32()?;
        let proposal = Proposal {
            authentication: algorithm(&mut r, 0)?,
            integrity: algorithm(&mut r, 1)?,
            confidentiality: algorithm(&mut r, 2)?,
        };
        r.finish()?;
        Ok(Self {
            tag,
            privilege: privilege & 0x0F,
            console_id,
            proposal,
        })
    }
}

/// One algorithm payload; a length of 0 leaves the choice to the BMC.
fn algorithm(r: &mut Reader<'_>, kind: u8) -> Result<Option<u8>, DecodeError> {
    let [got, _, _, len, algorithm, _, _, _] = r.array()?;
    match len {
        _ if got != kind => Err(DecodeError::Invalid("algorithm payload type")),
        0 => Ok(None),
        PAYLOAD_LEN => Ok(Some(algorithm & 0x3F)),
        _ => Err(DecodeError::Invalid("algorithm payload length")),
    }
}

/// The answer: 36 bytes, or 8 when the session is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenSessionResponse {
    /// The request's tag.
    pub tag: u8,
    /// SID_M, as in the request.
    pub console_id: u32,
    /// The session that may now be authenticated, or why there is none.
    pub result: Result<Opened, RakpStatus>,
}

/// What was agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// The highest privilege level that the BMC will allow in this session, 1 to 5.
    pub privilege: u8,
    /// SID_C: the session id by which the BMC wants to be called.
    pub bmc_id: u32,
    /// The suite whose algorithms were chosen.
    pub suite: CipherSuite,
}

impl Encode for OpenSessionResponse {
    fn encode(&self, out: &mut Vec<u8>) {
        match &self.result {
            Err(status) => {
                out.extend([self.tag, (*status).into(), 0, 0]);
                out.put_u32_le(self.console_id);
            }
            Ok(opened) => {
                out.extend([self.tag, RakpStatus::Ok.into(), opened.privilege, 0]);
                out.put_u32_le(self.console_id);
                out.put_u32_le(opened.bmc_id);
                let suite = opened.suite;
                for (kind, algorithm) in [
                    (0, suite.authentication() as u8),
                    (1, suite.integrity() as u8),
                    (2, suite.confidentiality() as u8),
                ] {
                    out.extend([kind, 0, 0, PAYLOAD_LEN, algorithm, 0, 0, 0]);
                }
            }
        }
    }
}

impl Decode for OpenSessionResponse {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [tag, status, privilege, _] = r.array()?;
        let console_id = r.u32()?;
        let status = RakpStatus::from(status);
        if status != RakpStatus::Ok {
            return Ok(Self {
                tag,
                console_id,
                result: Err(status),
            });
        }
        let bmc_id = r.u32()?;
        let proposal = Proposal {
            authentication: algorithm(&mut r, 0)?,
            integrity: algorithm(&mut r, 1)?,
            confidentiality: algorithm(&mut r, 2)?,
        };
        r.finish()?;
        let suite = CipherSuite::ALL
            .into_iter()
            .find(|suite| Proposal::of(*suite) == proposal)
            .ok_or(DecodeError::Invalid("combination of algorithms"))?;
        let privilege = privilege & 0x0F;
        Ok(Self {
            tag,
            console_id,
            result: Ok(Opened {
                privilege,
                bmc_id,
                suite,
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_are_accepted_as_triples() {
        let accepted = CipherSuites::from_ids([0, 3, 17]).unwrap();
        assert_eq!(
            Proposal::of(CipherSuite::SUITE_3).choose(accepted),
            Some(CipherSuite::SUITE_3)
        );
        // HMAC-SHA1 of suite 3 with no integrity and no confidentiality of suite 0: that is suite 1, which is off.
        let mixed = Proposal {
            authentication: Some(1),
            integrity: Some(0),
            confidentiality: Some(0),
        };
        assert_eq!(mixed.choose(accepted), None);
        let any = Proposal {
            authentication: None,
            integrity: None,
            confidentiality: None,
        };
        assert_eq!(any.choose(accepted), Some(CipherSuite::SUITE_17));
    }

    #[test]
    fn lengths() {
        let mut out = Vec::new();
        let refused = OpenSessionResponse {
            tag: 7,
            console_id: 1,
            result: Err(RakpStatus::NoMatchingCipherSuite),
        };
        refused.encode(&mut out);
        assert_eq!(out, [7, 0x11, 0, 0, 1, 0, 0, 0]);
        assert_eq!(OpenSessionResponse::decode(&out), Ok(refused));
        out.clear();
        let opened = Opened {
            privilege: 4,
            bmc_id: 2,
            suite: CipherSuite::SUITE_17,
        };
        let accepted = OpenSessionResponse {
            tag: 7,
            console_id: 1,
            result: Ok(opened),
        };
        accepted.encode(&mut out);
        assert_eq!(out.len(), 36);
        assert_eq!(OpenSessionResponse::decode(&out), Ok(accepted));
    }
}
