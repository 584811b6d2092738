//! Reserve Device SDR Repository, §35.4.

use crate::Privilege;
use crate::command::storage::ReservationId;
use crate::command::{Command, NetFn};

/// Asks for a reservation of the controller's own records, which lasts until one changes or somebody else asks for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReserveDeviceSdrRepository;

impl Command for ReserveDeviceSdrRepository {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x22;
    const NAME: &'static str = "Reserve Device SDR Repository";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = ReservationId;
}

without_data!(ReserveDeviceSdrRepository);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&ReserveDeviceSdrRepository, &[]);
        let id = ReservationId(0x0102);
        testing::response::<ReserveDeviceSdrRepository>(&id, &[0x02, 0x01]);
    }
}
