//! The parameters of platform event filtering, table 30-6.

use alloc::vec::Vec;

use super::{AlertPolicy, EventFilter, FilterConfiguration, PefActions};
use crate::command::app::Guid;
use crate::command::bits::{bit, is_set};
use crate::command::chassis::SetInProgress;
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// A PEF parameter's number, 0 to 127.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PefSelector(u8);

impl PefSelector {
    /// [`PefParameter::SetInProgress`].
    pub const SET_IN_PROGRESS: Self = Self(0);
    /// [`PefParameter::Control`].
    pub const CONTROL: Self = Self(1);
    /// [`PefParameter::ActionControl`].
    pub const ACTION_CONTROL: Self = Self(2);
    /// [`PefParameter::StartupDelay`].
    pub const STARTUP_DELAY: Self = Self(3);
    /// [`PefParameter::AlertStartupDelay`].
    pub const ALERT_STARTUP_DELAY: Self = Self(4);
    /// [`PefParameter::EventFilterCount`].
    pub const EVENT_FILTER_COUNT: Self = Self(5);
    /// [`PefParameter::EventFilter`].
    pub const EVENT_FILTER: Self = Self(6);
    /// [`PefParameter::EventFilterConfiguration`].
    pub const EVENT_FILTER_CONFIGURATION: Self = Self(7);
    /// [`PefParameter::AlertPolicyCount`].
    pub const ALERT_POLICY_COUNT: Self = Self(8);
    /// [`PefParameter::AlertPolicy`].
    pub const ALERT_POLICY: Self = Self(9);
    /// [`PefParameter::SystemGuid`].
    pub const SYSTEM_GUID: Self = Self(10);
    /// [`PefParameter::AlertStringCount`].
    pub const ALERT_STRING_COUNT: Self = Self(11);
    /// [`PefParameter::AlertStringKeys`].
    pub const ALERT_STRING_KEYS: Self = Self(12);
    /// [`PefParameter::AlertString`].
    pub const ALERT_STRING: Self = Self(13);
    /// [`PefParameter::GroupControlCount`].
    pub const GROUP_CONTROL_COUNT: Self = Self(14);
    /// An entry of the group control table; [`PefParameter::Other`] holds it.
    pub const GROUP_CONTROL: Self = Self(15);

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

/// A PEF parameter with its value. Entries of tables are counted from 1, alert strings from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PefParameter {
    /// 0: whether someone is writing parameters that belong together.
    SetInProgress(SetInProgress),
    /// 1: what is enabled.
    Control(PefControl),
    /// 2: the actions that are allowed.
    ActionControl(PefActions),
    /// 3: how many seconds filtering waits after a power-on or reset.
    StartupDelay(u8),
    /// 4: how many seconds alerts wait after a power-on or reset.
    AlertStartupDelay(u8),
    /// 5: how many event filters there are, 0 to 127. Can only be read.
    EventFilterCount(u8),
    /// 6: an event filter.
    EventFilter(u8, EventFilter),
    /// 7: whether an event filter is in use.
    EventFilterConfiguration(u8, FilterConfiguration),
    /// 8: how many alert policy entries there are, 0 to 127. Can only be read.
    AlertPolicyCount(u8),
    /// 9: an alert policy entry.
    AlertPolicy(u8, AlertPolicy),
    /// 10: the GUID that traps carry.
    SystemGuid(PefSystemGuid),
    /// 11: how many alert strings there are, 0 to 127, the volatile one not counted. Can only be read.
    AlertStringCount(u8),
    /// 12: for which events an alert string is.
    AlertStringKeys(u8, AlertStringKeys),
    /// 13: a part of an alert string.
    AlertString {
        /// Which string.
        number: u8,
        /// Which block of 16 bytes, from 1.
        block: u8,
        /// The bytes of the block, and perhaps of those behind it. A zero ends the string.
        data: Vec<u8>,
    },
    /// 14: how many group control entries there are, 0 to 127. Can only be read.
    GroupControlCount(u8),
    /// Any other: an entry of the group control table (15), a manufacturer's (96 to 127), or a reserved one.
    Other {
        /// Which one; not one of those above.
        selector: PefSelector,
        /// Its value.
        data: Vec<u8>,
    },
}

/// PEF parameter 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PefControl {
    /// Events are filtered.
    pub enabled: bool,
    /// Actions are logged as events.
    pub action_events: bool,
    /// Parameter 3 is in use.
    pub startup_delay: bool,
    /// Parameter 4 is in use.
    pub alert_startup_delay: bool,
}

/// PEF parameter 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PefSystemGuid {
    /// Whether traps carry it; otherwise they carry the one that Get System GUID answers with.
    pub in_use: bool,
    /// The GUID.
    pub guid: Guid,
}

/// PEF parameter 12.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertStringKeys {
    /// The number of the event filter, 0 to 127.
    pub filter: u8,
    /// The set that the string belongs to, 0 to 127.
    pub set: u8,
}

impl PefParameter {
    /// Which parameter it is.
    #[must_use]
    pub const fn selector(&self) -> PefSelector {
        match self {
            Self::SetInProgress(_) => PefSelector::SET_IN_PROGRESS,
            Self::Control(_) => PefSelector::CONTROL,
            Self::ActionControl(_) => PefSelector::ACTION_CONTROL,
            Self::StartupDelay(_) => PefSelector::STARTUP_DELAY,
            Self::AlertStartupDelay(_) => PefSelector::ALERT_STARTUP_DELAY,
            Self::EventFilterCount(_) => PefSelector::EVENT_FILTER_COUNT,
            Self::EventFilter(..) => PefSelector::EVENT_FILTER,
            Self::EventFilterConfiguration(..) => PefSelector::EVENT_FILTER_CONFIGURATION,
            Self::AlertPolicyCount(_) => PefSelector::ALERT_POLICY_COUNT,
            Self::AlertPolicy(..) => PefSelector::ALERT_POLICY,
            Self::SystemGuid(_) => PefSelector::SYSTEM_GUID,
            Self::AlertStringCount(_) => PefSelector::ALERT_STRING_COUNT,
            Self::AlertStringKeys(..) => PefSelector::ALERT_STRING_KEYS,
            Self::AlertString { .. } => PefSelector::ALERT_STRING,
            Self::GroupControlCount(_) => PefSelector::GROUP_CONTROL_COUNT,
            Self::Other { selector, .. } => *selector,
        }
    }

    /// Reads the value of this parameter, as a request sets it and as an answer holds it.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] says what is wrong with the bytes.
    pub fn decode_value(selector: PefSelector, input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let parameter = match selector {
            PefSelector::SET_IN_PROGRESS => Self::SetInProgress(match r.u8()? & 0x03 {
                0 => SetInProgress::Complete,
                1 => SetInProgress::InProgress,
                2 => SetInProgress::Commit,
                _ => return Err(DecodeError::Invalid("set in progress")),
            }),
            PefSelector::CONTROL => Self::Control(PefControl::from_bits(r.u8()?)),
            PefSelector::ACTION_CONTROL => Self::ActionControl(PefActions::from_bits(r.u8()?)),
            PefSelector::STARTUP_DELAY => Self::StartupDelay(r.u8()?),
            PefSelector::ALERT_STARTUP_DELAY => Self::AlertStartupDelay(r.u8()?),
            PefSelector::EVENT_FILTER_COUNT => Self::EventFilterCount(seven_bits(&mut r)?),
            PefSelector::EVENT_FILTER => {
                Self::EventFilter(seven_bits(&mut r)?, EventFilter::decode(r.rest())?)
            }
            PefSelector::EVENT_FILTER_CONFIGURATION => Self::EventFilterConfiguration(
                seven_bits(&mut r)?,
                FilterConfiguration::from_bits(r.u8()?),
            ),
            PefSelector::ALERT_POLICY_COUNT => Self::AlertPolicyCount(seven_bits(&mut r)?),
            PefSelector::ALERT_POLICY => {
                Self::AlertPolicy(seven_bits(&mut r)?, AlertPolicy::decode(r.rest())?)
            }
            PefSelector::SYSTEM_GUID => Self::SystemGuid(PefSystemGuid {
                in_use: is_set(r.u8()?, 0),
                guid: Guid(r.array()?),
            }),
            PefSelector::ALERT_STRING_COUNT => Self::AlertStringCount(seven_bits(&mut r)?),
            PefSelector::ALERT_STRING_KEYS => {
                let number = seven_bits(&mut r)?;
                let (filter, set) = (seven_bits(&mut r)?, seven_bits(&mut r)?);
                Self::AlertStringKeys(number, AlertStringKeys { filter, set })
            }
            PefSelector::ALERT_STRING => Self::AlertString {
                number: seven_bits(&mut r)?,
                block: r.u8()?,
                data: r.rest().to_vec(),
            },
            PefSelector::GROUP_CONTROL_COUNT => Self::GroupControlCount(seven_bits(&mut r)?),
            selector => Self::Other {
                selector,
                data: r.rest().to_vec(),
            },
        };
        r.finish()?;
        Ok(parameter)
    }
}

/// A number whose highest bit is reserved.
fn seven_bits(r: &mut Reader<'_>) -> Result<u8, DecodeError> {
    Ok(r.u8()? & 0x7F)
}

impl PefControl {
    const fn bits(self) -> u8 {
        bit(3, self.alert_startup_delay)
            | bit(2, self.startup_delay)
            | bit(1, self.action_events)
            | bit(0, self.enabled)
    }

    const fn from_bits(bits: u8) -> Self {
        Self {
            alert_startup_delay: is_set(bits, 3),
            startup_delay: is_set(bits, 2),
            action_events: is_set(bits, 1),
            enabled: is_set(bits, 0),
        }
    }
}

/// The value without the number.
impl Encode for PefParameter {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::SetInProgress(state) => out.push(*state as u8),
            Self::Control(control) => out.push(control.bits()),
            Self::ActionControl(actions) => out.push(actions.bits()),
            Self::StartupDelay(seconds) | Self::AlertStartupDelay(seconds) => out.push(*seconds),
            Self::EventFilterCount(count)
            | Self::AlertPolicyCount(count)
            | Self::AlertStringCount(count)
            | Self::GroupControlCount(count) => out.push(count & 0x7F),
            Self::EventFilter(number, filter) => {
                out.push(number & 0x7F);
                filter.encode(out);
            }
            Self::EventFilterConfiguration(number, configuration) => {
                out.extend([number & 0x7F, configuration.bits()]);
            }
            Self::AlertPolicy(number, policy) => {
                out.push(number & 0x7F);
                policy.encode(out);
            }
            Self::SystemGuid(guid) => {
                out.push(bit(0, guid.in_use));
                guid.guid.encode(out);
            }
            Self::AlertStringKeys(number, keys) => {
                out.extend([number & 0x7F, keys.filter & 0x7F, keys.set & 0x7F]);
            }
            Self::AlertString {
                number,
                block,
                data,
            } => {
                out.extend([number & 0x7F, *block]);
                out.extend(data);
            }
            Self::Other { data, .. } => out.extend(data),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn both_ways(parameter: PefParameter, number: u8, value: &[u8]) {
        let mut out = Vec::new();
        parameter.encode(&mut out);
        assert_eq!(parameter.selector().number(), number);
        assert_eq!(out, value);
        let decoded = PefParameter::decode_value(PefSelector::new(number), value);
        assert_eq!(decoded, Ok(parameter));
    }

    #[test]
    fn what_is_enabled_and_when() {
        let begin = PefParameter::SetInProgress(SetInProgress::InProgress);
        both_ways(begin, 0, &[0x01]);
        let control = PefControl {
            enabled: true,
            action_events: false,
            startup_delay: true,
            alert_startup_delay: false,
        };
        both_ways(PefParameter::Control(control), 1, &[0x05]);
        let actions = PefActions {
            reset: true,
            ..PefActions::default()
        };
        both_ways(PefParameter::ActionControl(actions), 2, &[0x04]);
        both_ways(PefParameter::StartupDelay(60), 3, &[0x3C]);
        both_ways(PefParameter::AlertStartupDelay(90), 4, &[0x5A]);
    }

    #[test]
    fn tables_and_their_lengths() {
        both_ways(PefParameter::EventFilterCount(20), 5, &[0x14]);
        let filter = EventFilter::decode(&[0; 20]).unwrap();
        let bytes = [&[0x02][..], &[0; 20]].concat();
        both_ways(PefParameter::EventFilter(2, filter), 6, &bytes);
        let enabled = FilterConfiguration {
            enabled: true,
            preconfigured: false,
        };
        let parameter = PefParameter::EventFilterConfiguration(3, enabled);
        both_ways(parameter, 7, &[0x03, 0x80]);
        both_ways(PefParameter::AlertPolicyCount(4), 8, &[0x04]);
        let policy = AlertPolicy::decode(&[0x18, 0x11, 0x00]).unwrap();
        let parameter = PefParameter::AlertPolicy(1, policy);
        both_ways(parameter, 9, &[0x01, 0x18, 0x11, 0x00]);
        both_ways(PefParameter::GroupControlCount(0), 14, &[0x00]);
    }

    #[test]
    fn the_guid_and_strings() {
        let guid = PefParameter::SystemGuid(PefSystemGuid {
            in_use: true,
            guid: Guid([7; 16]),
        });
        both_ways(guid, 10, &[&[0x01][..], &[7; 16]].concat());
        both_ways(PefParameter::AlertStringCount(2), 11, &[0x02]);
        let keys = PefParameter::AlertStringKeys(1, AlertStringKeys { filter: 2, set: 3 });
        both_ways(keys, 12, &[0x01, 0x02, 0x03]);
        let string = PefParameter::AlertString {
            number: 1,
            block: 2,
            data: b"too hot\0".to_vec(),
        };
        both_ways(string, 13, b"\x01\x02too hot\0");
        let other = PefParameter::Other {
            selector: PefSelector::GROUP_CONTROL,
            data: [1, 2, 3].to_vec(),
        };
        both_ways(other, 15, &[1, 2, 3]);
    }

    #[test]
    fn wrong_values_and_lengths_are_refused() {
        let decode = PefParameter::decode_value;
        let reserved = decode(PefSelector::SET_IN_PROGRESS, &[3]);
        assert_eq!(reserved, Err(DecodeError::Invalid("set in progress")));
        let short = decode(PefSelector::SYSTEM_GUID, &[0; 16]);
        assert_eq!(short, Err(DecodeError::Truncated));
        let long = decode(PefSelector::CONTROL, &[0; 2]);
        assert_eq!(long, Err(DecodeError::Trailing));
    }
}
