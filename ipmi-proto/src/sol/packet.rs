//! The SOL payload, table 15-2.

use alloc::vec::Vec;

use crate::command::bits::{bit, is_set};
use crate::wire::{DecodeError, Reader};

/// The length of the header of every packet, in bytes.
pub const HEADER_LEN: usize = 4;
/// The most data that is sent in a packet, in bytes: payload sizes up to 255 are what every client can do.
pub const MAX_DATA: usize = 255 - HEADER_LEN;
/// The most data that is taken: more could not be acknowledged, in one byte.
const MAX_RECEIVED: usize = 255;

/// An end of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The managed system's end, which has the serial port.
    Bmc,
    /// The remote console.
    Console,
}

/// The number of a packet, 1 to 15.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sequence(u8);

impl Sequence {
    /// The number of an end's first packet.
    pub const FIRST: Self = Self(1);

    /// The number in the low four bits; none for 0, which means "no packet".
    #[must_use]
    pub const fn new(bits: u8) -> Option<Self> {
        match bits & 0x0F {
            0 => None,
            number => Some(Self(number)),
        }
    }

    /// 1 to 15.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The number of the packet after this one: 1 follows 15.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 % 15 + 1)
    }
}

/// Says what became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack {
    /// The packet's number.
    pub sequence: Sequence,
    /// How many of its bytes were accepted. The others are to be sent again, in another packet.
    pub accepted: u8,
}

/// What a console wants done to the serial port: the operation bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Operation {
    /// Ring (RI), to wake the machine up.
    pub ring: bool,
    /// Send a break to the machine.
    pub generate_break: bool,
    /// Take CTS away from the machine: it shall not send for now.
    pub pause: bool,
    /// Take DCD and DSR away from the machine.
    pub hang_up: bool,
    /// Forget what the console sent and the machine has not had; not the data of this packet.
    pub flush_inbound: bool,
    /// Forget what the machine sent and the console has not had.
    pub flush_outbound: bool,
}

/// What a BMC tells of the serial port: the status bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Status {
    /// Nobody reads or writes there at present: the machine is off or asleep.
    pub unavailable: bool,
    /// The payload is deactivated, or just being.
    pub deactivated: bool,
    /// Bytes of the machine were lost before this packet.
    pub overrun: bool,
    /// The machine sent a break.
    pub break_detected: bool,
}

/// The fourth byte, whose meaning depends on the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// From a console.
    Operation(Operation),
    /// From a BMC.
    Status(Status),
}

/// A packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Its number. None: it is not to be acknowledged, and carries no data.
    pub sequence: Option<Sequence>,
    /// The packet that it acknowledges.
    pub ack: Option<Ack>,
    /// The packet that it names was refused, or accepted in part: send nothing more until a packet without this bit
    /// comes.
    pub nack: bool,
    /// Operations or status.
    pub control: Control,
    /// Bytes of the line, at most 255.
    pub data: &'a [u8],
}

impl Operation {
    fn bits(self) -> u8 {
        bit(5, self.ring)
            | bit(4, self.generate_break)
            | bit(3, self.pause)
            | bit(2, self.hang_up)
            | bit(1, self.flush_inbound)
            | bit(0, self.flush_outbound)
    }

    fn from_bits(bits: u8) -> Self {
        Self {
            ring: is_set(bits, 5),
            generate_break: is_set(bits, 4),
            pause: is_set(bits, 3),
            hang_up: is_set(bits, 2),
            flush_inbound: is_set(bits, 1),
            flush_outbound: is_set(bits, 0),
        }
    }
}

impl Status {
    fn bits(self) -> u8 {
        bit(5, self.unavailable)
            | bit(4, self.deactivated)
            | bit(3, self.overrun)
            | bit(2, self.break_detected)
    }

    fn from_bits(bits: u8) -> Self {
        Self {
            unavailable: is_set(bits, 5),
            deactivated: is_set(bits, 4),
            overrun: is_set(bits, 3),
            break_detected: is_set(bits, 2),
        }
    }
}

impl<'a> Packet<'a> {
    /// Reads a packet that an end with the role `from` sent. Reserved bits are ignored.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Truncated`] for less than a header, [`DecodeError::Trailing`] for more data than one packet can
    /// hold.
    pub fn decode(input: &'a [u8], from: Role) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [sequence, acked, accepted, flags] = r.array()?;
        let data = r.rest();
        if data.len() > MAX_RECEIVED {
            return Err(DecodeError::Trailing);
        }
        Ok(Self {
            sequence: Sequence::new(sequence),
            ack: Sequence::new(acked).map(|sequence| Ack { sequence, accepted }),
            nack: is_set(flags, 6),
            control: match from {
                Role::Console => Control::Operation(Operation::from_bits(flags)),
                Role::Bmc => Control::Status(Status::from_bits(flags)),
            },
            data,
        })
    }

    /// Appends the packet to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let control = match self.control {
            Control::Operation(operation) => operation.bits(),
            Control::Status(status) => status.bits(),
        };
        out.extend([
            self.sequence.map_or(0, Sequence::number),
            self.ack.map_or(0, |ack| ack.sequence.number()),
            self.ack.map_or(0, |ack| ack.accepted),
            bit(6, self.nack) | control,
        ]);
        out.extend_from_slice(self.data);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn both_ways(packet: Packet<'_>, from: Role, bytes: &[u8]) {
        let mut out = Vec::new();
        packet.encode(&mut out);
        assert_eq!(out, bytes);
        assert_eq!(Packet::decode(bytes, from), Ok(packet));
    }

    #[test]
    fn bytes_of_a_console() {
        let key = Packet {
            sequence: Sequence::new(3),
            ack: None,
            nack: false,
            control: Control::Operation(Operation::default()),
            data: b"a",
        };
        both_ways(key, Role::Console, &[3, 0, 0, 0, b'a']);
        let ack = Ack {
            sequence: Sequence::FIRST,
            accepted: 7,
        };
        let refusal = Packet {
            sequence: None,
            ack: Some(ack),
            nack: true,
            control: Control::Operation(Operation {
                generate_break: true,
                flush_outbound: true,
                ..Operation::default()
            }),
            data: &[],
        };
        both_ways(refusal, Role::Console, &[0, 1, 7, 0x51]);
    }

    #[test]
    fn bytes_of_a_bmc() {
        let status = Packet {
            sequence: Sequence::new(15),
            ack: None,
            nack: false,
            control: Control::Status(Status {
                unavailable: true,
                deactivated: true,
                overrun: true,
                break_detected: true,
            }),
            data: &[],
        };
        both_ways(status, Role::Bmc, &[15, 0, 0, 0x3C]);
    }

    #[test]
    fn numbers_go_from_1_to_15() {
        let mut sequence = Sequence::FIRST;
        for number in (1..=15).chain(1..=3) {
            assert_eq!(sequence.number(), number);
            sequence = sequence.next();
        }
        assert_eq!(Sequence::new(0xF0), None);
    }

    #[test]
    fn reserved_bits_are_ignored_and_other_lengths_refused() {
        let packet = Packet::decode(&[0xF1, 0xF0, 9, 0x80, 1], Role::Bmc).unwrap();
        let mut out = Vec::new();
        packet.encode(&mut out);
        assert_eq!(out, [1, 0, 0, 0, 1]);
        let decode = |len| Packet::decode(&[0; 300][..len], Role::Console);
        assert_eq!(decode(3), Err(DecodeError::Truncated));
        assert!(decode(259).is_ok());
        assert_eq!(decode(260), Err(DecodeError::Trailing));
    }
}
