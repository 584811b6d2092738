//! Get SEL Allocation Info, §31.3.

use super::AllocationInfo;
use crate::Privilege;
use crate::command::{Command, NetFn};

/// Asks how the log's records are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetSelAllocationInfo;

impl Command for GetSelAllocationInfo {
    const NETFN: NetFn = NetFn::STORAGE;
    const CODE: u8 = 0x41;
    const NAME: &'static str = "Get SEL Allocation Info";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = AllocationInfo;
}

without_data!(GetSelAllocationInfo);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&GetSelAllocationInfo, &[]);
        let info = AllocationInfo {
            units: Some(0x0102),
            unit_size: Some(16),
            free: 0x0304,
            largest_free: 0x0506,
            largest_record: 1,
        };
        let bytes = [0x02, 0x01, 0x10, 0x00, 0x04, 0x03, 0x06, 0x05, 0x01];
        testing::response::<GetSelAllocationInfo>(&info, &bytes);
        let untold = AllocationInfo {
            units: None,
            unit_size: None,
            ..info
        };
        let bytes = [0, 0, 0, 0, 0x04, 0x03, 0x06, 0x05, 0x01];
        testing::response::<GetSelAllocationInfo>(&untold, &bytes);
    }
}
