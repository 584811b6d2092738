//! Reserve SEL, §31.4.

use super::ReservationId;
use crate::Privilege;
use crate::command::{Command, NetFn};

/// Asks for a reservation, which lasts until a record is deleted, the log is cleared, or somebody else asks for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReserveSel;

impl ReserveSel {
    /// Completion code: the log is being erased.
    pub const ERASE_IN_PROGRESS: u8 = 0x81;
}

impl Command for ReserveSel {
    const NETFN: NetFn = NetFn::STORAGE;
    const CODE: u8 = 0x42;
    const NAME: &'static str = "Reserve SEL";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = ReservationId;
}

without_data!(ReserveSel);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&ReserveSel, &[]);
        testing::response::<ReserveSel>(&ReservationId(0x0102), &[0x02, 0x01]);
    }
}
