//! Get IP/UDP/RMCP Statistics, §23.4.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Channel, Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks for a LAN channel's counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetIpUdpRmcpStatistics {
    /// The channel.
    pub channel: Channel,
    /// Sets the counters to zero.
    pub clear: bool,
}

impl Command for GetIpUdpRmcpStatistics {
    const NETFN: NetFn = NetFn::TRANSPORT;
    const CODE: u8 = 0x04;
    const NAME: &'static str = "Get IP/UDP/RMCP Statistics";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = LanStatistics;
}

impl Encode for GetIpUdpRmcpStatistics {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.channel.number(), bit(0, self.clear)]);
    }
}

impl Decode for GetIpUdpRmcpStatistics {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [channel, clear] = r.array()?;
        r.finish()?;
        Ok(Self {
            channel: Channel::new(channel),
            clear: is_set(clear, 0),
        })
    }
}

/// The answer to [`GetIpUdpRmcpStatistics`], 18 bytes. Every counter stops at FFFFh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LanStatistics {
    /// IP packets received.
    pub ip_received: u16,
    /// Of them, those with a broken IP header.
    pub ip_header_errors: u16,
    /// Of them, those for another address.
    pub ip_address_errors: u16,
    /// Of them, fragments.
    pub ip_fragments: u16,
    /// IP packets sent.
    pub ip_sent: u16,
    /// UDP packets received.
    pub udp_received: u16,
    /// Valid RMCP packets received.
    pub rmcp_received: u16,
    /// UDP proxy packets received.
    pub proxy_received: u16,
    /// UDP proxy packets dropped.
    pub proxy_dropped: u16,
}

impl Encode for LanStatistics {
    fn encode(&self, out: &mut Vec<u8>) {
        let counters = [
            self.ip_received,
            self.ip_header_errors,
            self.ip_address_errors,
            self.ip_fragments,
            self.ip_sent,
            self.udp_received,
            self.rmcp_received,
            self.proxy_received,
            self.proxy_dropped,
        ];
        out.extend(counters.iter().flat_map(|counter| counter.to_le_bytes()));
    }
}

impl Decode for LanStatistics {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let statistics = Self {
            ip_received: r.u16()?,
            ip_header_errors: r.u16()?,
            ip_address_errors: r.u16()?,
            ip_fragments: r.u16()?,
            ip_sent: r.u16()?,
            udp_received: r.u16()?,
            rmcp_received: r.u16()?,
            proxy_received: r.u16()?,
            proxy_dropped: r.u16()?,
        };
        r.finish()?;
        Ok(statistics)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        let get = GetIpUdpRmcpStatistics {
            channel: Channel::new(1),
            clear: true,
        };
        testing::request(&get, &[0x01, 0x01]);
        let statistics = LanStatistics {
            ip_received: 0x0102,
            ip_sent: 5,
            udp_received: 6,
            rmcp_received: 0xFFFF,
            proxy_dropped: 9,
            ..LanStatistics::default()
        };
        let bytes = [2, 1, 0, 0, 0, 0, 0, 0, 5, 0, 6, 0, 0xFF, 0xFF, 0, 0, 9, 0];
        testing::response::<GetIpUdpRmcpStatistics>(&statistics, &bytes);
        testing::refused::<GetIpUdpRmcpStatistics>(&[1], DecodeError::Truncated);
    }
}
