//! Get POH Counter, §28.14.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks for how long the machine has been on, in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetPohCounter;

impl Command for GetPohCounter {
    const NETFN: NetFn = NetFn::CHASSIS;
    const CODE: u8 = 0x0F;
    const NAME: &'static str = "Get POH Counter";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = PohCounter;
}

without_data!(GetPohCounter);

/// The answer to [`GetPohCounter`], 5 bytes: `count` times `minutes_per_count` is the time that the machine was on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PohCounter {
    /// Minutes in one count; 60 makes it a counter of hours.
    pub minutes_per_count: u8,
    /// The count.
    pub count: u32,
}

impl Encode for PohCounter {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.minutes_per_count);
        out.extend(self.count.to_le_bytes());
    }
}

impl Decode for PohCounter {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let counter = Self {
            minutes_per_count: r.u8()?,
            count: r.u32()?,
        };
        r.finish()?;
        Ok(counter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&GetPohCounter, &[]);
        let counter = PohCounter {
            minutes_per_count: 60,
            count: 0x0102_0304,
        };
        testing::response::<GetPohCounter>(&counter, &[60, 4, 3, 2, 1]);
    }
}
