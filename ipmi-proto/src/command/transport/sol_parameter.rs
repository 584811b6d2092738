//! The SOL parameters that Set and Get SOL Configuration Parameters write and read, §26.3 (table 26-5).

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Channel, ParameterData, SetInProgress};
use crate::wire::{DecodeError, Encode, Reader};

/// A SOL parameter's number. 192 to 255 are manufacturers'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SolSelector(pub u8);

impl SolSelector {
    /// [`SolParameter::SetInProgress`].
    pub const SET_IN_PROGRESS: Self = Self(0);
    /// [`SolParameter::Enable`].
    pub const ENABLE: Self = Self(1);
    /// [`SolParameter::Authentication`].
    pub const AUTHENTICATION: Self = Self(2);
    /// [`SolParameter::Accumulation`].
    pub const ACCUMULATION: Self = Self(3);
    /// [`SolParameter::Retry`].
    pub const RETRY: Self = Self(4);
    /// [`SolParameter::NonVolatileBitRate`].
    pub const NON_VOLATILE_BIT_RATE: Self = Self(5);
    /// [`SolParameter::VolatileBitRate`].
    pub const VOLATILE_BIT_RATE: Self = Self(6);
    /// [`SolParameter::PayloadChannel`].
    pub const PAYLOAD_CHANNEL: Self = Self(7);
    /// [`SolParameter::PayloadPort`].
    pub const PAYLOAD_PORT: Self = Self(8);
}

/// A SOL parameter with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SolParameter {
    /// 0: whether someone is writing parameters that belong together.
    SetInProgress(SetInProgress),
    /// 1: whether SOL can be activated at all.
    Enable(bool),
    /// 2: who may activate it, and how it must be protected.
    Authentication(SolAuthentication),
    /// 3: how characters are gathered into packets.
    Accumulation(SolAccumulation),
    /// 4: how often a packet that is not acknowledged is sent again.
    Retry(SolRetry),
    /// 5: the serial line's bit rate that is taken up when the BMC starts.
    NonVolatileBitRate(BitRate),
    /// 6: the bit rate in use.
    VolatileBitRate(BitRate),
    /// 7, possibly read-only: the channel whose sessions carry the payload.
    PayloadChannel(Channel),
    /// 8, possibly read-only: the UDP port that the payload goes to.
    PayloadPort(u16),
    /// Any other: a manufacturer's (192 to 255) or a reserved one.
    Other {
        /// Which one; not one of those above.
        selector: SolSelector,
        /// Its value.
        data: Vec<u8>,
    },
}

/// SOL parameter 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SolAuthentication {
    /// The payload must be encrypted, whatever the console asks for.
    pub force_encryption: bool,
    /// The payload must be authenticated, whatever the console asks for.
    pub force_authentication: bool,
    /// The lowest level, [`Privilege::User`] or above, whose sessions may activate SOL.
    pub privilege: Privilege,
}

/// SOL parameter 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SolAccumulation {
    /// How long the BMC waits for more characters before it sends what it has, in steps of 5 ms; 0 is reserved.
    pub interval: u8,
    /// How many characters are sent without waiting for more.
    pub threshold: u8,
}

/// SOL parameter 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SolRetry {
    /// How often a packet is sent again, 0 to 7.
    pub count: u8,
    /// The time between two of them, in steps of 10 ms; 0 sends them one right after the other.
    pub interval: u8,
}

/// A serial line's speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum BitRate {
    /// As it is set for IPMI over the serial channel.
    Serial = 0x00,
    /// 9600 bit/s.
    Bps9600 = 0x06,
    /// 19.2 kbit/s.
    Bps19200 = 0x07,
    /// 38.4 kbit/s.
    Bps38400 = 0x08,
    /// 57.6 kbit/s.
    Bps57600 = 0x09,
    /// 115.2 kbit/s.
    Bps115200 = 0x0A,
}

impl BitRate {
    const fn from_bits(bits: u8) -> Result<Self, DecodeError> {
        Ok(match bits & 0x0F {
            0x00 => Self::Serial,
            0x06 => Self::Bps9600,
            0x07 => Self::Bps19200,
            0x08 => Self::Bps38400,
            0x09 => Self::Bps57600,
            0x0A => Self::Bps115200,
            _ => return Err(DecodeError::Invalid("bit rate")),
        })
    }
}

impl SolAuthentication {
    fn from_bits(bits: u8) -> Result<Self, DecodeError> {
        Ok(Self {
            force_encryption: is_set(bits, 7),
            force_authentication: is_set(bits, 6),
            privilege: match Privilege::from_bits(bits & 0x0F)? {
                Privilege::Callback => return Err(DecodeError::Invalid("privilege level")),
                level => level,
            },
        })
    }
}

impl SolParameter {
    /// Which parameter it is.
    #[must_use]
    pub const fn selector(&self) -> SolSelector {
        match self {
            Self::SetInProgress(_) => SolSelector::SET_IN_PROGRESS,
            Self::Enable(_) => SolSelector::ENABLE,
            Self::Authentication(_) => SolSelector::AUTHENTICATION,
            Self::Accumulation(_) => SolSelector::ACCUMULATION,
            Self::Retry(_) => SolSelector::RETRY,
            Self::NonVolatileBitRate(_) => SolSelector::NON_VOLATILE_BIT_RATE,
            Self::VolatileBitRate(_) => SolSelector::VOLATILE_BIT_RATE,
            Self::PayloadChannel(_) => SolSelector::PAYLOAD_CHANNEL,
            Self::PayloadPort(_) => SolSelector::PAYLOAD_PORT,
            Self::Other { selector, .. } => *selector,
        }
    }

    /// Reads the value of this parameter.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], also where bytes follow the value.
    pub fn decode_value(selector: SolSelector, input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let parameter = match selector {
            SolSelector::SET_IN_PROGRESS => Self::SetInProgress(SetInProgress::from_bits(r.u8()?)?),
            SolSelector::ENABLE => Self::Enable(is_set(r.u8()?, 0)),
            SolSelector::AUTHENTICATION => {
                Self::Authentication(SolAuthentication::from_bits(r.u8()?)?)
            }
            SolSelector::ACCUMULATION => {
                let [interval, threshold] = r.array()?;
                Self::Accumulation(SolAccumulation {
                    interval,
                    threshold,
                })
            }
            SolSelector::RETRY => {
                let [count, interval] = r.array()?;
                Self::Retry(SolRetry {
                    count: count & 0x07,
                    interval,
                })
            }
            SolSelector::NON_VOLATILE_BIT_RATE => {
                Self::NonVolatileBitRate(BitRate::from_bits(r.u8()?)?)
            }
            SolSelector::VOLATILE_BIT_RATE => Self::VolatileBitRate(BitRate::from_bits(r.u8()?)?),
            SolSelector::PAYLOAD_CHANNEL => Self::PayloadChannel(Channel::new(r.u8()?)),
            SolSelector::PAYLOAD_PORT => Self::PayloadPort(r.u16()?),
            selector => Self::Other {
                selector,
                data: r.rest().to_vec(),
            },
        };
        r.finish()?;
        Ok(parameter)
    }
}

/// The value alone: the number stands elsewhere in a request, and nowhere in an answer.
impl Encode for SolParameter {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::SetInProgress(state) => out.push(*state as u8),
            Self::Enable(enabled) => out.push(bit(0, *enabled)),
            Self::Authentication(authentication) => out.push(
                bit(7, authentication.force_encryption)
                    | bit(6, authentication.force_authentication)
                    | authentication.privilege.bits(),
            ),
            Self::Accumulation(accumulation) => {
                out.extend([accumulation.interval, accumulation.threshold]);
            }
            Self::Retry(retry) => out.extend([retry.count & 0x07, retry.interval]),
            Self::NonVolatileBitRate(rate) | Self::VolatileBitRate(rate) => out.push(*rate as u8),
            Self::PayloadChannel(channel) => out.push(channel.number()),
            Self::PayloadPort(port) => out.extend(port.to_le_bytes()),
            Self::Other { data, .. } => out.extend(data),
        }
    }
}

impl From<&SolParameter> for ParameterData {
    fn from(parameter: &SolParameter) -> Self {
        Self::of(parameter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn both_ways(parameter: SolParameter, number: u8, bytes: &[u8]) {
        let mut out = Vec::new();
        parameter.encode(&mut out);
        assert_eq!(parameter.selector(), SolSelector(number));
        assert_eq!(out, bytes);
        let decoded = SolParameter::decode_value(SolSelector(number), bytes);
        assert_eq!(decoded, Ok(parameter));
    }

    #[test]
    fn every_parameter_has_its_own_form() {
        both_ways(
            SolParameter::SetInProgress(SetInProgress::Complete),
            0,
            &[0],
        );
        both_ways(SolParameter::Enable(true), 1, &[1]);
        let authentication = SolAuthentication {
            force_encryption: true,
            force_authentication: false,
            privilege: Privilege::Operator,
        };
        both_ways(SolParameter::Authentication(authentication), 2, &[0x83]);
        let accumulation = SolAccumulation {
            interval: 12,
            threshold: 96,
        };
        both_ways(SolParameter::Accumulation(accumulation), 3, &[12, 96]);
        let retry = SolRetry {
            count: 7,
            interval: 50,
        };
        both_ways(SolParameter::Retry(retry), 4, &[7, 50]);
        let rate = BitRate::Bps115200;
        both_ways(SolParameter::NonVolatileBitRate(rate), 5, &[0x0A]);
        both_ways(SolParameter::VolatileBitRate(BitRate::Serial), 6, &[0]);
        both_ways(SolParameter::PayloadChannel(Channel::new(1)), 7, &[1]);
        both_ways(SolParameter::PayloadPort(623), 8, &[0x6F, 0x02]);
        let other = SolParameter::Other {
            selector: SolSelector(192),
            data: [1, 2, 3].to_vec(),
        };
        both_ways(other, 192, &[1, 2, 3]);
    }

    #[test]
    fn wrong_values_and_lengths_are_refused() {
        let refused = |number, bytes: &[u8], error| {
            let decoded = SolParameter::decode_value(SolSelector(number), bytes);
            assert_eq!(decoded, Err(error));
        };
        refused(0, &[3], DecodeError::Invalid("set in progress"));
        refused(2, &[0xC0], DecodeError::Invalid("privilege level"));
        refused(2, &[0xC1], DecodeError::Invalid("privilege level"));
        refused(5, &[1], DecodeError::Invalid("bit rate"));
        refused(3, &[12], DecodeError::Truncated);
        refused(1, &[1, 0], DecodeError::Trailing);
    }
}
