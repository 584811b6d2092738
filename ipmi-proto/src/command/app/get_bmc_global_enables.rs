//! Get BMC Global Enables, §22.2.

use super::GlobalEnables;
use crate::Privilege;
use crate::command::{Command, NetFn};

/// Reads the global enables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetBmcGlobalEnables;

impl Command for GetBmcGlobalEnables {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x2F;
    const NAME: &'static str = "Get BMC Global Enables";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = GlobalEnables;
}

without_data!(GetBmcGlobalEnables);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&GetBmcGlobalEnables, &[]);
        let logging = GlobalEnables {
            event_logging: true,
            ..GlobalEnables::default()
        };
        testing::response::<GetBmcGlobalEnables>(&logging, &[0x08]);
    }
}
