//! Alert policies: where alerts are sent, table 17-4.

use alloc::vec::Vec;

use crate::command::Channel;
use crate::command::bits::{bit, is_set};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// An entry of the alert policy table, 3 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertPolicy {
    /// The policy that it belongs to, 0 to 15.
    pub policy: u8,
    /// Whether it is in use.
    pub enabled: bool,
    /// When it applies.
    pub kind: AlertPolicyKind,
    /// The channel to send the alert over.
    pub channel: Channel,
    /// Which of the channel's destinations, 0 to 15.
    pub destination: u8,
    /// Whether the string is looked up by the event.
    pub event_specific_string: bool,
    /// Which string, or which set of strings, 0 to 127; 0 for none.
    pub string: u8,
}

/// When an alert policy entry applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum AlertPolicyKind {
    /// Always.
    Always = 0,
    /// Unless the alert before was delivered; the next entry comes next.
    UnlessDelivered = 1,
    /// Unless the alert before was delivered; no further entry is looked at then.
    UntilDelivered = 2,
    /// Unless the alert before was delivered; then the next entry with another channel comes next.
    UnlessDeliveredElseChannel = 3,
    /// Unless the alert before was delivered; then the next entry with another kind of destination comes next.
    UnlessDeliveredElseKind = 4,
}

impl Encode for AlertPolicy {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([
            self.policy << 4 | bit(3, self.enabled) | self.kind as u8,
            self.channel.number() << 4 | self.destination & 0x0F,
            bit(7, self.event_specific_string) | self.string & 0x7F,
        ]);
    }
}

impl Decode for AlertPolicy {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [policy, place, string] = r.array()?;
        r.finish()?;
        Ok(Self {
            policy: policy >> 4,
            enabled: is_set(policy, 3),
            kind: match policy & 0x07 {
                0 => AlertPolicyKind::Always,
                1 => AlertPolicyKind::UnlessDelivered,
                2 => AlertPolicyKind::UntilDelivered,
                3 => AlertPolicyKind::UnlessDeliveredElseChannel,
                4 => AlertPolicyKind::UnlessDeliveredElseKind,
                _ => return Err(DecodeError::Invalid("alert policy")),
            },
            channel: Channel::new(place >> 4),
            destination: place & 0x0F,
            event_specific_string: is_set(string, 7),
            string: string & 0x7F,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry() {
        let policy = AlertPolicy {
            policy: 2,
            enabled: true,
            kind: AlertPolicyKind::UntilDelivered,
            channel: Channel::new(1),
            destination: 3,
            event_specific_string: true,
            string: 4,
        };
        let bytes = [0x2A, 0x13, 0x84];
        let mut out = Vec::new();
        policy.encode(&mut out);
        assert_eq!(out, bytes);
        assert_eq!(AlertPolicy::decode(&bytes), Ok(policy));
        let reserved = AlertPolicy::decode(&[0x07, 0, 0]);
        assert_eq!(reserved, Err(DecodeError::Invalid("alert policy")));
    }
}
