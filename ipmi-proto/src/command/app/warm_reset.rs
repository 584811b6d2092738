//! Warm Reset, §20.3.

use crate::Privilege;
use crate::command::{Command, NetFn};

/// Restarts the BMC's work without touching its settings or the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarmReset;

impl Command for WarmReset {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x03;
    const NAME: &'static str = "Warm Reset";
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = ();
}

without_data!(WarmReset);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;
    use crate::wire::DecodeError;

    #[test]
    fn bytes() {
        testing::request(&WarmReset, &[]);
        testing::response::<WarmReset>(&(), &[]);
        testing::refused::<WarmReset>(&[0], DecodeError::Trailing);
    }
}
