//! Alert Immediate, §30.7.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Channel, Command, NetFn};
use crate::sel::Event;
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Sends an alert at once, or asks what became of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertImmediate {
    /// The channel.
    pub channel: Channel,
    /// Which of its destinations, 0 to 15.
    pub destination: u8,
    /// What to do.
    pub operation: AlertOperation,
    /// The string that the alert carries.
    pub string: AlertStringChoice,
    /// The event that the alert tells of; without one it tells of a test.
    pub event: Option<AlertEvent>,
}

/// The event that an alert tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertEvent {
    /// The first byte of its [`GeneratorId`](crate::sel::GeneratorId).
    pub generator: u8,
    /// The event.
    pub event: Event,
}

/// What [`AlertImmediate`] does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum AlertOperation {
    /// Sends an alert.
    Send = 0,
    /// Asks what became of the last one.
    GetState = 1,
    /// Forgets what became of it.
    ClearState = 2,
}

/// The string of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertStringChoice {
    /// Whether one is sent.
    pub send: bool,
    /// Which one, 0 to 127; 0 is the volatile one.
    pub number: u8,
}

impl AlertImmediate {
    /// Completion code: an alert is being sent already.
    pub const ALERT_IN_PROGRESS: u8 = 0x81;
    /// Completion code: a session is active on the channel.
    pub const SESSION_ACTIVE: u8 = 0x82;
    /// Completion code: the alert cannot tell of an event.
    pub const EVENT_NOT_SUPPORTED: u8 = 0x83;
}

impl Command for AlertImmediate {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x16;
    const NAME: &'static str = "Alert Immediate";
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = AlertProgress;
}

impl Encode for AlertImmediate {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([
            self.channel.number(),
            (self.operation as u8) << 6 | self.destination & 0x0F,
            bit(7, self.string.send) | self.string.number & 0x7F,
        ]);
        if let Some(AlertEvent { generator, event }) = &self.event {
            out.push(*generator);
            event.encode(out);
        }
    }
}

impl Decode for AlertImmediate {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [channel, operation, string] = r.array()?;
        let event = if r.is_empty() {
            None
        } else {
            Some(AlertEvent {
                generator: r.u8()?,
                event: Event::decode(r.rest())?,
            })
        };
        Ok(Self {
            channel: Channel::new(channel),
            destination: operation & 0x0F,
            operation: match operation >> 6 {
                0 => AlertOperation::Send,
                1 => AlertOperation::GetState,
                2 => AlertOperation::ClearState,
                _ => return Err(DecodeError::Invalid("alert operation")),
            },
            string: AlertStringChoice {
                send: is_set(string, 7),
                number: string & 0x7F,
            },
            event,
        })
    }
}

/// The answer to [`AlertImmediate`]: what became of the last alert, where that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertProgress(pub Option<AlertState>);

/// What became of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum AlertState {
    /// Nothing is known of one.
    None = 0x00,
    /// It was sent.
    Sent = 0x01,
    /// It could not be sent, however often that was tried.
    CallsFailed = 0x02,
    /// It was not acknowledged, however often it was sent.
    NotAcknowledged = 0x03,
    /// It is being sent.
    InProgress = 0xFF,
}

impl Encode for AlertProgress {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.0.map(|state| state as u8));
    }
}

impl Decode for AlertProgress {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        if r.is_empty() {
            return Ok(Self(None));
        }
        let state = match r.u8()? {
            0x00 => AlertState::None,
            0x01 => AlertState::Sent,
            0x02 => AlertState::CallsFailed,
            0x03 => AlertState::NotAcknowledged,
            0xFF => AlertState::InProgress,
            _ => return Err(DecodeError::Invalid("state of an alert")),
        };
        r.finish()?;
        Ok(Self(Some(state)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    fn send() -> AlertImmediate {
        AlertImmediate {
            channel: Channel::new(1),
            destination: 2,
            operation: AlertOperation::Send,
            string: AlertStringChoice {
                send: false,
                number: 0,
            },
            event: None,
        }
    }

    #[test]
    fn to_send_and_to_ask() {
        testing::request(&send(), &[0x01, 0x02, 0x00]);
        testing::response::<AlertImmediate>(&AlertProgress(None), &[]);
        let ask = AlertImmediate {
            operation: AlertOperation::GetState,
            ..send()
        };
        testing::request(&ask, &[0x01, 0x42, 0x00]);
        let sent = AlertProgress(Some(AlertState::Sent));
        testing::response::<AlertImmediate>(&sent, &[0x01]);
        let invalid = DecodeError::Invalid("alert operation");
        testing::refused::<AlertImmediate>(&[0x01, 0xC2, 0x00], invalid);
    }

    #[test]
    fn an_alert_of_an_event() {
        let bytes = [
            0x01, 0x02, 0x81, 0x20, 0x04, 0x01, 0x30, 0x01, 0x59, 0xFF, 0xFF,
        ];
        let alert = AlertImmediate {
            string: AlertStringChoice {
                send: true,
                number: 1,
            },
            event: Some(AlertEvent {
                generator: 0x20,
                event: Event::decode(&bytes[4..]).unwrap(),
            }),
            ..send()
        };
        testing::request(&alert, &bytes);
        testing::refused::<AlertImmediate>(&bytes[..10], DecodeError::Truncated);
    }
}
