//! Get SDR Repository Allocation Info, §33.10.

use super::AllocationInfo;
use crate::Privilege;
use crate::command::{Command, NetFn};

/// Asks how sensor data records are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetSdrRepositoryAllocationInfo;

impl Command for GetSdrRepositoryAllocationInfo {
    const NETFN: NetFn = NetFn::STORAGE;
    const CODE: u8 = 0x21;
    const NAME: &'static str = "Get SDR Repository Allocation Info";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = AllocationInfo;
}

without_data!(GetSdrRepositoryAllocationInfo);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&GetSdrRepositoryAllocationInfo, &[]);
        let info = AllocationInfo {
            units: Some(0x0102),
            unit_size: Some(16),
            free: 0x0304,
            largest_free: 0x0506,
            largest_record: 1,
        };
        let bytes = [0x02, 0x01, 0x10, 0x00, 0x04, 0x03, 0x06, 0x05, 0x01];
        testing::response::<GetSdrRepositoryAllocationInfo>(&info, &bytes);
        let untold = AllocationInfo {
            units: None,
            unit_size: None,
            ..info
        };
        let bytes = [0, 0, 0, 0, 0x04, 0x03, 0x06, 0x05, 0x01];
        testing::response::<GetSdrRepositoryAllocationInfo>(&untold, &bytes);
    }
}
