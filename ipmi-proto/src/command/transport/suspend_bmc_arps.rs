//! Suspend BMC ARPs, §23.3.

use alloc::vec::Vec;

use super::ArpControl;
use crate::Privilege;
use crate::command::{Channel, Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Keeps the BMC from speaking ARP, or lets it speak again: for software that does so itself while the system runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SuspendBmcArps {
    /// The channel.
    pub channel: Channel,
    /// What is suspended; the rest goes on as LAN parameter 10 says.
    pub suspend: ArpControl,
}

impl SuspendBmcArps {
    /// Completion code: the channel cannot do this.
    pub const NOT_SUPPORTED: u8 = 0x80;
}

impl Command for SuspendBmcArps {
    const NETFN: NetFn = NetFn::TRANSPORT;
    const CODE: u8 = 0x03;
    const NAME: &'static str = "Suspend BMC ARPs";
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = ArpActivity;
}

impl Encode for SuspendBmcArps {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.channel.number(), self.suspend.bits()]);
    }
}

impl Decode for SuspendBmcArps {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [channel, suspend] = r.array()?;
        r.finish()?;
        Ok(Self {
            channel: Channel::new(channel),
            suspend: ArpControl::from_bits(suspend),
        })
    }
}

/// The answer to [`SuspendBmcArps`], 1 byte: what the BMC does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArpActivity(pub ArpControl);

impl Encode for ArpActivity {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.0.bits());
    }
}

impl Decode for ArpActivity {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let active = r.u8()?;
        r.finish()?;
        Ok(Self(ArpControl::from_bits(active)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        let gratuitous = ArpControl {
            responses: false,
            gratuitous: true,
        };
        let suspend = SuspendBmcArps {
            channel: Channel::new(1),
            suspend: gratuitous,
        };
        testing::request(&suspend, &[0x01, 0x01]);
        let responses = ArpControl {
            responses: true,
            gratuitous: false,
        };
        testing::response::<SuspendBmcArps>(&ArpActivity(responses), &[0x02]);
        testing::refused::<SuspendBmcArps>(&[1], DecodeError::Truncated);
    }
}
