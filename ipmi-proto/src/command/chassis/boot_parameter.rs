//! The boot parameters that Set and Get System Boot Options write and read, §28.13 (table 28-14).

use alloc::vec::Vec;

use super::BootFlags;
use crate::command::bits::{bit, is_set};
use crate::command::{Channel, SetInProgress};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// A boot parameter's number, 0 to 127.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BootSelector(u8);

impl BootSelector {
    /// [`BootParameter::SetInProgress`].
    pub const SET_IN_PROGRESS: Self = Self(0);
    /// [`BootParameter::ServicePartitionSelector`].
    pub const SERVICE_PARTITION_SELECTOR: Self = Self(1);
    /// [`BootParameter::ServicePartitionScan`].
    pub const SERVICE_PARTITION_SCAN: Self = Self(2);
    /// [`BootParameter::ValidBitClearing`].
    pub const VALID_BIT_CLEARING: Self = Self(3);
    /// [`BootParameter::InfoAcknowledge`].
    pub const INFO_ACKNOWLEDGE: Self = Self(4);
    /// [`BootParameter::Flags`].
    pub const FLAGS: Self = Self(5);
    /// [`BootParameter::InitiatorInfo`].
    pub const INITIATOR_INFO: Self = Self(6);
    /// [`BootParameter::Mailbox`].
    pub const MAILBOX: Self = Self(7);

    /// The parameter with this number; its highest bit is dropped, which means something else wherever this appears.
    #[must_use]
    pub const fn new(bits: u8) -> Self {
        Self(bits & 0x7F)
    }

    /// 0 to 127.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// A boot parameter with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BootParameter {
    /// 0: whether someone is writing parameters that belong together.
    SetInProgress(SetInProgress),
    /// 1: which service partition to start; 0 says nothing.
    ServicePartitionSelector(u8),
    /// 2: the search for a service partition.
    ServicePartitionScan(ServicePartitionScan),
    /// 3: which events leave the boot flags valid.
    ValidBitClearing(ValidBitClearing),
    /// 4: who has handled the boot information.
    InfoAcknowledge(InfoAcknowledge),
    /// 5: from which device to start, and how.
    Flags(BootFlags),
    /// 6: who asked for the start.
    InitiatorInfo(InitiatorInfo),
    /// 7: a block of the message from the initiator to what it starts.
    Mailbox(MailboxBlock),
    /// Any other: a manufacturer's (96 to 127) or a reserved one.
    Other {
        /// Which one; not one of those above.
        selector: BootSelector,
        /// Its value.
        data: Vec<u8>,
    },
}

/// Boot parameter 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServicePartitionScan {
    /// The firmware is asked to look for a service partition.
    pub requested: bool,
    /// It found one.
    pub discovered: bool,
}

/// Boot parameter 3: each field set keeps the BMC from clearing the boot flags' valid bit upon an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ValidBitClearing {
    /// A reset or power cycle by a platform event filter.
    pub keep_on_pef: bool,
    /// 60 seconds without a Chassis Control command.
    pub keep_on_timeout: bool,
    /// A reset or power cycle by the watchdog.
    pub keep_on_watchdog: bool,
    /// The reset button, or a reset by software.
    pub keep_on_reset: bool,
    /// The power button, or a wake-up event.
    pub keep_on_power_button: bool,
}

/// Boot parameter 4: one bit each for BIOS or POST (0), OS loader (1), OS or service partition (2), SMS (3), OEM (4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InfoAcknowledge {
    /// Which bits of `handled` a write changes. Reads back as 0.
    pub mask: u8,
    /// Who has handled the boot information, or need not.
    pub handled: u8,
}

/// Boot parameter 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InitiatorInfo {
    /// The channel that the order to start came in on.
    pub channel: Channel,
    /// The session that gave it; 0 where there was none.
    pub session: u32,
    /// When, in seconds since 1970.
    pub timestamp: u32,
}

/// One block of boot parameter 7.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxBlock {
    number: u8,
    data: Vec<u8>,
}

impl MailboxBlock {
    /// The length of a block.
    pub const LEN: usize = 16;

    /// The block with this number, counted from 0.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Trailing`] for more than 16 bytes.
    pub fn new(number: u8, data: &[u8]) -> Result<Self, DecodeError> {
        if data.len() > Self::LEN {
            return Err(DecodeError::Trailing);
        }
        Ok(Self {
            number,
            data: data.to_vec(),
        })
    }

    /// Which block, counted from 0.
    #[must_use]
    pub const fn number(&self) -> u8 {
        self.number
    }

    /// Its contents, at most 16 bytes.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }
}

impl BootParameter {
    /// Which parameter it is.
    #[must_use]
    pub const fn selector(&self) -> BootSelector {
        match self {
            Self::SetInProgress(_) => BootSelector::SET_IN_PROGRESS,
            Self::ServicePartitionSelector(_) => BootSelector::SERVICE_PARTITION_SELECTOR,
            Self::ServicePartitionScan(_) => BootSelector::SERVICE_PARTITION_SCAN,
            Self::ValidBitClearing(_) => BootSelector::VALID_BIT_CLEARING,
            Self::InfoAcknowledge(_) => BootSelector::INFO_ACKNOWLEDGE,
            Self::Flags(_) => BootSelector::FLAGS,
            Self::InitiatorInfo(_) => BootSelector::INITIATOR_INFO,
            Self::Mailbox(_) => BootSelector::MAILBOX,
            Self::Other { selector, .. } => *selector,
        }
    }

    /// Appends the value; the number goes before it, together with a bit of the message's.
    pub(super) fn encode_value(&self, out: &mut Vec<u8>) {
        match self {
            Self::SetInProgress(state) => out.push(*state as u8),
            Self::ServicePartitionSelector(partition) => out.push(*partition),
            Self::ServicePartitionScan(scan) => {
                out.push(bit(1, scan.requested) | bit(0, scan.discovered));
            }
            Self::ValidBitClearing(keep) => out.push(
                bit(4, keep.keep_on_pef)
                    | bit(3, keep.keep_on_timeout)
                    | bit(2, keep.keep_on_watchdog)
                    | bit(1, keep.keep_on_reset)
                    | bit(0, keep.keep_on_power_button),
            ),
            Self::InfoAcknowledge(info) => out.extend([info.mask, info.handled]),
            Self::Flags(flags) => flags.encode(out),
            Self::InitiatorInfo(info) => {
                out.push(info.channel.number());
                out.extend(info.session.to_le_bytes());
                out.extend(info.timestamp.to_le_bytes());
            }
            Self::Mailbox(block) => {
                out.push(block.number);
                out.extend(&block.data);
            }
            Self::Other { data, .. } => out.extend(data),
        }
    }

    /// Reads the value of this parameter.
    pub(super) fn decode_value(selector: BootSelector, input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let parameter = match selector {
            BootSelector::SET_IN_PROGRESS => {
                Self::SetInProgress(SetInProgress::from_bits(r.u8()?)?)
            }
            BootSelector::SERVICE_PARTITION_SELECTOR => Self::ServicePartitionSelector(r.u8()?),
            BootSelector::SERVICE_PARTITION_SCAN => {
                let scan = r.u8()?;
                Self::ServicePartitionScan(ServicePartitionScan {
                    requested: is_set(scan, 1),
                    discovered: is_set(scan, 0),
                })
            }
            BootSelector::VALID_BIT_CLEARING => {
                let keep = r.u8()?;
                Self::ValidBitClearing(ValidBitClearing {
                    keep_on_pef: is_set(keep, 4),
                    keep_on_timeout: is_set(keep, 3),
                    keep_on_watchdog: is_set(keep, 2),
                    keep_on_reset: is_set(keep, 1),
                    keep_on_power_button: is_set(keep, 0),
                })
            }
            BootSelector::INFO_ACKNOWLEDGE => {
                let [mask, handled] = r.array()?;
                Self::InfoAcknowledge(InfoAcknowledge { mask, handled })
            }
            BootSelector::FLAGS => Self::Flags(BootFlags::decode(r.rest())?),
            BootSelector::INITIATOR_INFO => Self::InitiatorInfo(InitiatorInfo {
                channel: Channel::new(r.u8()?),
                session: r.u32()?,
                timestamp: r.u32()?,
            }),
            BootSelector::MAILBOX => Self::Mailbox(MailboxBlock::new(r.u8()?, r.rest())?),
            selector => Self::Other {
                selector,
                data: r.rest().to_vec(),
            },
        };
        r.finish()?;
        Ok(parameter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn both_ways(parameter: BootParameter, number: u8, value: &[u8]) {
        let mut out = Vec::new();
        parameter.encode_value(&mut out);
        assert_eq!(parameter.selector().number(), number);
        assert_eq!(out, value);
        let decoded = BootParameter::decode_value(BootSelector::new(number), value);
        assert_eq!(decoded, Ok(parameter));
    }

    #[test]
    fn every_parameter_has_its_own_form() {
        both_ways(
            BootParameter::SetInProgress(SetInProgress::InProgress),
            0,
            &[1],
        );
        both_ways(BootParameter::ServicePartitionSelector(9), 1, &[9]);
        let scan = ServicePartitionScan {
            requested: true,
            discovered: false,
        };
        both_ways(BootParameter::ServicePartitionScan(scan), 2, &[2]);
        let keep = ValidBitClearing {
            keep_on_timeout: true,
            ..ValidBitClearing::default()
        };
        both_ways(BootParameter::ValidBitClearing(keep), 3, &[0x08]);
        let acknowledge = InfoAcknowledge {
            mask: 1,
            handled: 1,
        };
        both_ways(BootParameter::InfoAcknowledge(acknowledge), 4, &[1, 1]);
        both_ways(BootParameter::Flags(BootFlags::NONE), 5, &[0; 5]);
        let initiator = InitiatorInfo {
            channel: Channel::new(1),
            session: 0x0504_0302,
            timestamp: 0x0908_0706,
        };
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        both_ways(BootParameter::InitiatorInfo(initiator), 6, &bytes);
        let mailbox = MailboxBlock::new(2, &[0xAA; 16]).unwrap();
        let bytes = [&[2][..], &[0xAA; 16]].concat();
        both_ways(BootParameter::Mailbox(mailbox), 7, &bytes);
        let other = BootParameter::Other {
            selector: BootSelector::new(96),
            data: [1, 2, 3].to_vec(),
        };
        both_ways(other, 96, &[1, 2, 3]);
    }

    #[test]
    fn wrong_values_and_lengths_are_refused() {
        let decode = BootParameter::decode_value;
        let reserved = decode(BootSelector::SET_IN_PROGRESS, &[3]);
        assert_eq!(reserved, Err(DecodeError::Invalid("set in progress")));
        let short = decode(BootSelector::INFO_ACKNOWLEDGE, &[1]);
        assert_eq!(short, Err(DecodeError::Truncated));
        let long = decode(BootSelector::VALID_BIT_CLEARING, &[8, 0]);
        assert_eq!(long, Err(DecodeError::Trailing));
        let too_much = decode(BootSelector::MAILBOX, &[0; 18]);
        assert_eq!(too_much, Err(DecodeError::Trailing));
    }
}
