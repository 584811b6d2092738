//! What the BMC says about itself, §20.

use ipmi_proto::command::app::{DeviceId, DeviceSupport};

use super::{Behaviour, Effect, Outcome, ok};

/// What the application commands have set.
#[derive(Debug, Default)]
pub(super) struct App {}

/// The firmware revision is this program's own version.
const MAJOR: &str = env!("CARGO_PKG_VERSION_MAJOR");
const MINOR: &str = env!("CARGO_PKG_VERSION_MINOR");
const PATCH: &str = env!("CARGO_PKG_VERSION_PATCH");

/// A number of the version, cut to what the field holds.
fn revision(number: &str, max: u8) -> u8 {
    number.parse().map_or(max, |number: u8| number.min(max))
}

/// Manufacturer 0 is IANA's "reserved": this project has no enterprise number, and another one's would make clients
/// look for that manufacturer's extensions.
pub(super) fn device_id() -> DeviceId {
    DeviceId {
        device_id: 0x20,
        device_revision: 1,
        provides_sdrs: false,
        updating: false,
        firmware_major: revision(MAJOR, 127),
        firmware_minor: revision(MINOR, 99),
        support: DeviceSupport(DeviceSupport::CHASSIS),
        manufacturer: 0,
        product: 0,
        aux_firmware: Some([revision(PATCH, 255), 0, 0, 0]),
    }
}

impl Behaviour {
    /// Restarts the BMC: what is volatile returns to its default, and all sessions end. The machine runs on.
    pub(super) fn reset(&mut self) -> Outcome {
        self.app = App::default();
        self.boot.reset();
        self.chassis.reset();
        self.effects.push(Effect::EndAllSessions);
        ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bmc::behaviour::testing::Bench;
    use ipmi_proto::command::app::{ColdReset, GetDeviceId};

    #[tokio::test]
    async fn the_firmware_revision_is_the_crate_s_version() {
        let id: DeviceId = Bench::new().ask(GetDeviceId).unwrap();
        assert_eq!(
            format!("{}.{}", id.firmware_major, id.firmware_minor),
            format!("{MAJOR}.{MINOR}")
        );
    }

    #[test]
    fn a_version_that_does_not_fit_is_cut() {
        assert_eq!(revision("7", 99), 7);
        assert_eq!(revision("250", 99), 99);
        assert_eq!(revision("2026", 99), 99);
    }

    #[tokio::test]
    async fn a_reset_ends_the_sessions_and_leaves_the_machine_alone() {
        let mut bench = Bench::new();
        bench.machine.switch(true);
        assert_eq!(bench.ask(ColdReset), Ok(()));
        assert_eq!(bench.behaviour.take_effects(), [Effect::EndAllSessions]);
        assert!(bench.machine.performed().is_empty());
    }
}
