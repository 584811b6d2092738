//! The questions before the handshake: does the BMC take IPMI 2.0 sessions, and with which cipher suites?
//!
//! Nothing protects the answers. A wrong one can lead to a suite that the BMC accepts but is not its best (which is
//! why [`SuiteChoice::Exactly`](super::SuiteChoice::Exactly) exists), never to one weaker than suite 3.

use alloc::vec::Vec;

use super::{Config, Dropped, Error};
use crate::command::app::{
    ChannelAuthenticationCapabilities, ChannelCipherSuites, CipherListing, CipherSuiteRecord,
    GetChannelAuthenticationCapabilities, GetChannelCipherSuites,
};
use crate::command::{Channel, Command};
use crate::crypto::CipherSuite;
use crate::handshake::RequestedPrivilege;
use crate::message::{Header, ResponseMessage, encode_request};
use crate::session::v15;
use crate::session::v20::{Decrypted, PayloadType, encode_sessionless};
use crate::wire::Decode as _;
use crate::{CompletionCode, Privilege};

/// What `SuiteChoice::Auto` takes, best first.
const PREFERRED: [CipherSuite; 2] = [CipherSuite::SUITE_17, CipherSuite::SUITE_3];

/// rqSeq of Get Channel Authentication Capabilities. The windows of the cipher suite list follow.
const FIRST_SEQUENCE: u8 = 0;
/// The list has at most this many windows (its index has 6 bits).
const MAX_WINDOWS: u8 = 64;

/// Get Channel Authentication Capabilities is sent.
pub(super) struct AskCapabilities;

impl AskCapabilities {
    /// In the format of IPMI 1.5, which every BMC reads.
    pub(super) fn encode(&self, config: &Config, out: &mut Vec<u8>) {
        let request = GetChannelAuthenticationCapabilities {
            extended: true,
            channel: Channel::PRESENT,
            privilege: match config.privilege {
                RequestedPrivilege::Highest => Privilege::Administrator,
                RequestedPrivilege::UpTo(level) => level,
            },
        };
        let header = header::<GetChannelAuthenticationCapabilities>(FIRST_SEQUENCE);
        v15::Packet::encode(out, |out| encode_request(&header, &request, out));
    }

    /// Whether the BMC takes IPMI 2.0 sessions. One that cannot tell is asked by Open Session.
    ///
    /// The outer error: the packet is no answer, and the question stays open.
    pub(super) fn receive(&self, packet: &Decrypted<'_>) -> Result<Result<(), Error>, Dropped> {
        let response =
            expect::<GetChannelAuthenticationCapabilities>(packet.payload, FIRST_SEQUENCE)?;
        if response.completion != CompletionCode::Ok {
            return Ok(Ok(()));
        }
        let capabilities = ChannelAuthenticationCapabilities::decode(response.data)?;
        let v20 = capabilities.extended.is_some_and(|extended| extended.v20);
        Ok(if v20 { Ok(()) } else { Err(Error::NoRmcpPlus) })
    }
}

/// Get Channel Cipher Suites is sent, for one window after the other.
pub(super) struct AskCipherSuites {
    index: u8,
    list: Vec<u8>,
}

/// What a window of the list leads to.
pub(super) enum Listed {
    /// There is more to ask for.
    More(AskCipherSuites),
    /// The best suite in the list, if one of ours is there.
    Best(Option<CipherSuite>),
    /// The BMC does not answer this question, or not in a way that can be read.
    Unknown,
}

impl AskCipherSuites {
    pub(super) const fn new() -> Self {
        Self {
            index: 0,
            list: Vec::new(),
        }
    }

    const fn sequence(&self) -> u8 {
        FIRST_SEQUENCE.wrapping_add(1).wrapping_add(self.index)
    }

    /// In the format of IPMI 2.0, as ipmitool asks.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let request = GetChannelCipherSuites {
            channel: Channel::PRESENT,
            payload_type: 0,
            listing: CipherListing::Suites,
            index: self.index,
        };
        let header = header::<GetChannelCipherSuites>(self.sequence());
        encode_sessionless(PayloadType::IPMI, out, |out| {
            encode_request(&header, &request, out);
        });
    }

    pub(super) fn receive(mut self, packet: &Decrypted<'_>) -> Result<Listed, (Self, Dropped)> {
        let sequence = self.sequence() & 0x3F;
        let response = match expect::<GetChannelCipherSuites>(packet.payload, sequence) {
            Ok(response) => response,
            Err(dropped) => return Err((self, dropped)),
        };
        if response.completion != CompletionCode::Ok {
            return Ok(Listed::Unknown);
        }
        let window = match ChannelCipherSuites::decode(response.data) {
            Ok(window) => window,
            Err(error) => return Err((self, error.into())),
        };
        self.list.extend_from_slice(window.bytes());
        self.index += 1;
        Ok(if window.is_last() {
            CipherSuiteRecord::parse_list(&self.list).map_or(Listed::Unknown, |list| {
                Listed::Best(PREFERRED.into_iter().find(|suite| lists(&list, *suite)))
            })
        } else if self.index < MAX_WINDOWS {
            Listed::More(self)
        } else {
            Listed::Unknown
        })
    }
}

fn lists(list: &[CipherSuiteRecord], suite: CipherSuite) -> bool {
    list.contains(&CipherSuiteRecord::standard(
        suite.id(),
        suite.authentication() as u8,
        suite.integrity() as u8,
        suite.confidentiality() as u8,
    ))
}

const fn header<C: Command>(sequence: u8) -> Header {
    Header::request(C::NETFN, C::CODE, sequence)
}

fn expect<C: Command>(payload: &[u8], sequence: u8) -> Result<ResponseMessage<'_>, Dropped> {
    let response = ResponseMessage::decode(payload)?;
    if response.header == header::<C>(sequence) {
        Ok(response)
    } else {
        Err(Dropped::Unexpected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::encode_response;
    use crate::wire::Encode as _;

    /// A BMC's answer to the window that is asked for; none refuses the command.
    fn answer(ask: AskCipherSuites, list: Option<&[u8]>) -> Listed {
        let mut data = Vec::new();
        let mut code = CompletionCode::InvalidCommand;
        if let Some(list) = list {
            ChannelCipherSuites::window(Channel::new(1), list, ask.index).encode(&mut data);
            code = CompletionCode::Ok;
        }
        let mut payload = Vec::new();
        let header = header::<GetChannelCipherSuites>(ask.sequence());
        encode_response(&header, code, &data, &mut payload);
        let packet = Decrypted {
            payload_type: PayloadType::IPMI,
            payload: &payload,
        };
        ask.receive(&packet).ok().unwrap()
    }

    fn whole_list(list: &[u8]) -> Listed {
        let mut ask = AskCipherSuites::new();
        loop {
            match answer(ask, Some(list)) {
                Listed::More(more) => ask = more,
                end => return end,
            }
        }
    }

    fn list_of(ids: &[u8]) -> Vec<u8> {
        let mut list = Vec::new();
        for suite in ids.iter().map(|id| CipherSuite::from_id(*id).unwrap()) {
            let record = CipherSuiteRecord::standard(
                suite.id(),
                suite.authentication() as u8,
                suite.integrity() as u8,
                suite.confidentiality() as u8,
            );
            record.encode(&mut list);
        }
        list
    }

    #[test]
    fn the_best_of_a_list_in_several_windows() {
        let best = |ids: &[u8]| match whole_list(&list_of(ids)) {
            Listed::Best(best) => best.map(CipherSuite::id),
            _ => panic!("the list can be read"),
        };
        assert_eq!(best(&[0, 1, 2, 3, 6, 7, 8, 11, 12, 15, 16, 17]), Some(17));
        assert_eq!(best(&[0, 1, 2, 3]), Some(3));
        assert_eq!(best(&[0, 1, 2, 6, 7, 8]), None);
    }

    #[test]
    fn a_bmc_that_does_not_know_the_command_or_repeats_itself_is_unknown() {
        assert!(matches!(
            answer(AskCipherSuites::new(), None),
            Listed::Unknown
        ));
        let endless = list_of(&[3; 64 * 4]);
        assert!(matches!(whole_list(&endless), Listed::Unknown));
    }

    #[test]
    fn a_bmc_of_the_first_edition_is_told_apart() {
        let mut data = Vec::new();
        let mut capabilities =
            ChannelAuthenticationCapabilities::decode(&[1, 0x80, 0x14, 2, 0, 0, 0, 0]).unwrap();
        let header = header::<GetChannelAuthenticationCapabilities>(FIRST_SEQUENCE);
        for (extended, expected) in [
            (capabilities.extended, Ok(())),
            (None, Err(Error::NoRmcpPlus)),
        ] {
            capabilities.extended = extended;
            data.clear();
            capabilities.encode(&mut data);
            let mut payload = Vec::new();
            encode_response(&header, CompletionCode::Ok, &data, &mut payload);
            let packet = Decrypted {
                payload_type: PayloadType::IPMI,
                payload: &payload,
            };
            assert_eq!(AskCapabilities.receive(&packet), Ok(expected));
        }
    }
}
