//! Get Channel Cipher Suites, §22.15.

use alloc::vec::Vec;

use super::CipherSuiteRecord;
use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Channel, Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks for a window of 16 bytes of the list of cipher suites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetChannelCipherSuites {
    /// The channel asked about.
    pub channel: Channel,
    /// The payload type that is to be protected, 0 to 63; 0 is IPMI.
    pub payload_type: u8,
    /// What the list holds.
    pub listing: CipherListing,
    /// Which window of the list, 0 to 63.
    pub index: u8,
}

/// The two forms of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CipherListing {
    /// One record for each suite.
    Suites,
    /// Each algorithm once, by kind; which ones go together is not said.
    Algorithms,
}

impl CipherListing {
    /// The whole list for these suites, to be cut by [`ChannelCipherSuites::window`].
    #[must_use]
    pub fn list(self, suites: &[CipherSuiteRecord]) -> Vec<u8> {
        let mut list = Vec::new();
        match self {
            Self::Suites => suites.iter().for_each(|suite| suite.encode(&mut list)),
            Self::Algorithms => {
                // The tags in the upper bits sort the kinds in the order that the list wants.
                list.extend(suites.iter().flat_map(CipherSuiteRecord::algorithms));
                list.sort_unstable();
                list.dedup();
            }
        }
        list
    }
}

impl Command for GetChannelCipherSuites {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x54;
    const NAME: &'static str = "Get Channel Cipher Suites";
    const PRIVILEGE: Privilege = Privilege::Callback;
    const SESSIONLESS: bool = true;
    type Response = ChannelCipherSuites;
}

impl Encode for GetChannelCipherSuites {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([
            self.channel.number(),
            self.payload_type & 0x3F,
            bit(7, self.listing == CipherListing::Suites) | self.index & 0x3F,
        ]);
    }
}

impl Decode for GetChannelCipherSuites {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [channel, payload_type, index] = r.array()?;
        r.finish()?;
        Ok(Self {
            channel: Channel::new(channel),
            payload_type: payload_type & 0x3F,
            listing: if is_set(index, 7) {
                CipherListing::Suites
            } else {
                CipherListing::Algorithms
            },
            index: index & 0x3F,
        })
    }
}

/// The answer to [`GetChannelCipherSuites`]: a window of the list. One of less than 16 bytes is the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelCipherSuites {
    /// The channel's real number, also where [`Channel::PRESENT`] was asked about.
    pub channel: Channel,
    window: Vec<u8>,
}

impl ChannelCipherSuites {
    /// The most bytes of the list that a response holds.
    pub const WINDOW: usize = 16;

    /// The window with this index of a list; an empty one behind the list's end.
    #[must_use]
    pub fn window(channel: Channel, list: &[u8], index: u8) -> Self {
        let window = list.chunks(Self::WINDOW).nth(usize::from(index));
        Self {
            channel,
            window: window.unwrap_or_default().to_vec(),
        }
    }

    /// At most [`WINDOW`](Self::WINDOW) bytes of the list. Records may run over from one window into the next.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.window
    }

    /// Whether the list ends with this window.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.window.len() < Self::WINDOW
    }
}

impl Encode for ChannelCipherSuites {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.channel.number());
        out.extend(&self.window);
    }
}

impl Decode for ChannelCipherSuites {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let channel = Channel::new(r.u8()?);
        let window = r.rest();
        if window.len() > Self::WINDOW {
            return Err(DecodeError::Trailing);
        }
        Ok(Self {
            channel,
            window: window.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    /// Suites 3 and 17, then 8 and 12.
    const SUITES: [CipherSuiteRecord; 4] = [
        CipherSuiteRecord::standard(3, 1, 1, 1),
        CipherSuiteRecord::standard(17, 3, 4, 1),
        CipherSuiteRecord::standard(8, 2, 2, 1),
        CipherSuiteRecord::standard(12, 2, 3, 1),
    ];

    #[test]
    fn the_request_of_ipmitool() {
        let asked = GetChannelCipherSuites {
            channel: Channel::PRESENT,
            payload_type: 0,
            listing: CipherListing::Suites,
            index: 0,
        };
        testing::request(&asked, &[0x0E, 0x00, 0x80]);
        let algorithms = GetChannelCipherSuites {
            listing: CipherListing::Algorithms,
            index: 2,
            ..asked
        };
        testing::request(&algorithms, &[0x0E, 0x00, 0x02]);
        testing::refused::<GetChannelCipherSuites>(&[0x0E, 0x00], DecodeError::Truncated);
    }

    #[test]
    fn a_list_comes_in_windows_of_16_bytes() {
        let list = CipherListing::Suites.list(&SUITES);
        let first = ChannelCipherSuites::window(Channel::new(1), &list, 0);
        let bytes = [
            0x01, // channel
            0xC0, 3, 0x01, 0x41, 0x81, 0xC0, 17, 0x03, 0x44, 0x81, 0xC0, 8, 0x02, 0x42, 0x81, 0xC0,
        ];
        testing::response::<GetChannelCipherSuites>(&first, &bytes);
        assert!(!first.is_last());

        let second = ChannelCipherSuites::window(Channel::new(1), &list, 1);
        testing::response::<GetChannelCipherSuites>(&second, &[0x01, 12, 0x02, 0x43, 0x81]);
        assert!(second.is_last());

        let third = ChannelCipherSuites::window(Channel::new(1), &list, 2);
        testing::response::<GetChannelCipherSuites>(&third, &[0x01]);
    }

    #[test]
    fn algorithms_are_listed_once_each() {
        let list = CipherListing::Algorithms.list(&SUITES);
        assert_eq!(list, [0x01, 0x02, 0x03, 0x41, 0x42, 0x43, 0x44, 0x81]);
    }

    #[test]
    fn a_window_of_17_bytes_is_refused() {
        let error = Err(DecodeError::Trailing);
        assert_eq!(ChannelCipherSuites::decode(&[0; 18]), error);
    }
    #[test]
    fn the_windows_of_ipmi_sim_hold_suites_0_to_14() {
        let windows: [&[u8]; 5] = [
            b"\x01\xC0\x00\x00\x40\x80\xC0\x01\x01\x40\x80\xC0\x02\x01\x41\x80\xC0",
            b"\x01\x03\x01\x41\x81\xC0\x04\x01\x41\x82\xC0\x05\x01\x41\x83\xC0\x06",
            b"\x01\x02\x40\x80\xC0\x07\x02\x42\x80\xC0\x08\x02\x42\x81\xC0\x09\x02",
            b"\x01\x42\x82\xC0\x0A\x02\x42\x83\xC0\x0B\x02\x43\x80\xC0\x0C\x02\x43",
            b"\x01\x81\xC0\x0D\x02\x43\x82\xC0\x0E\x02\x43\x83",
        ];
        let windows = windows.map(|window| ChannelCipherSuites::decode(window).unwrap());
        assert_eq!(
            windows.each_ref().map(ChannelCipherSuites::is_last),
            [false, false, false, false, true]
        );
        let list = windows.each_ref().map(ChannelCipherSuites::bytes).concat();
        let suites = CipherSuiteRecord::parse_list(&list).unwrap();
        let ids: Vec<_> = suites.iter().map(|suite| suite.id).collect();
        assert_eq!(ids, (0..=14).collect::<Vec<_>>());
        assert_eq!(suites[3], CipherSuiteRecord::standard(3, 1, 1, 1));
        // It comes out the same when we cut it ourselves.
        let list = CipherListing::Suites.list(&suites);
        for (index, window) in (0..).zip(&windows) {
            let ours = ChannelCipherSuites::window(Channel::new(1), &list, index);
            assert_eq!(ours, *window);
        }
    }
}
