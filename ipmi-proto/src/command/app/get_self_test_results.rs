//! Get Self Test Results, §20.4.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks whether the BMC found itself in order when it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetSelfTestResults;

impl Command for GetSelfTestResults {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x04;
    const NAME: &'static str = "Get Self Test Results";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = SelfTest;
}

without_data!(GetSelfTestResults);

/// The answer to [`GetSelfTestResults`], 2 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelfTest {
    /// 55h: everything is in order.
    Passed,
    /// 56h: this BMC has no self test.
    NotImplemented,
    /// 57h: something cannot be read. One bit each for the SEL (7), SDRs (6), FRU (5), IPMB lines (4), the SDR
    /// repository being empty (3), the internal use area (2), boot block (1) and operational (0) firmware.
    Corrupted(u8),
    /// 58h: the hardware is broken; the detail is the manufacturer's.
    Fatal(u8),
    /// Any other code: the manufacturer's, as is the detail.
    DeviceSpecific {
        /// The code.
        code: u8,
        /// The detail.
        detail: u8,
    },
}

impl Encode for SelfTest {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(match *self {
            Self::Passed => [0x55, 0],
            Self::NotImplemented => [0x56, 0],
            Self::Corrupted(what) => [0x57, what],
            Self::Fatal(detail) => [0x58, detail],
            Self::DeviceSpecific { code, detail } => [code, detail],
        });
    }
}

impl Decode for SelfTest {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [code, detail] = r.array()?;
        r.finish()?;
        Ok(match code {
            0x55 => Self::Passed,
            0x56 => Self::NotImplemented,
            0x57 => Self::Corrupted(detail),
            0x58 => Self::Fatal(detail),
            code => Self::DeviceSpecific { code, detail },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&GetSelfTestResults, &[]);
        testing::response::<GetSelfTestResults>(&SelfTest::Passed, &[0x55, 0x00]);
        testing::response::<GetSelfTestResults>(&SelfTest::NotImplemented, &[0x56, 0x00]);
        testing::response::<GetSelfTestResults>(&SelfTest::Corrupted(0x80), &[0x57, 0x80]);
        testing::response::<GetSelfTestResults>(&SelfTest::Fatal(1), &[0x58, 0x01]);
        let other = SelfTest::DeviceSpecific {
            code: 0x59,
            detail: 2,
        };
        testing::response::<GetSelfTestResults>(&other, &[0x59, 0x02]);
    }
}
