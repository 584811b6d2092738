//! Cold Reset, §20.2.

use crate::Privilege;
use crate::command::{Command, NetFn};

/// Restarts the BMC: sessions end, volatile settings return to their defaults. The machine itself runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColdReset;

impl Command for ColdReset {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x02;
    const NAME: &'static str = "Cold Reset";
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = ();
}

without_data!(ColdReset);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;
    use crate::wire::DecodeError;

    #[test]
    fn bytes() {
        testing::request(&ColdReset, &[]);
        testing::response::<ColdReset>(&(), &[]);
        testing::refused::<ColdReset>(&[0], DecodeError::Trailing);
    }
}
