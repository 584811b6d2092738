//! Reserve SDR Repository, §33.11.

use super::ReservationId;
use crate::Privilege;
use crate::command::{Command, NetFn};

/// Asks for a reservation, which lasts until a record is added or deleted, or somebody else asks for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReserveSdrRepository;

impl Command for ReserveSdrRepository {
    const NETFN: NetFn = NetFn::STORAGE;
    const CODE: u8 = 0x22;
    const NAME: &'static str = "Reserve SDR Repository";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = ReservationId;
}

without_data!(ReserveSdrRepository);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&ReserveSdrRepository, &[]);
        testing::response::<ReserveSdrRepository>(&ReservationId(1), &[0x01, 0x00]);
    }
}
