//! What the BMC says about itself, and its resets, §20 and §22.1.

use std::time::Duration;

use ipmi_proto::CompletionCode;
use ipmi_proto::command::app::{
    AcpiDeviceState, AcpiPowerState, AcpiSystemState, DeviceId, DeviceSupport, GlobalEnables, Guid,
    SetBmcGlobalEnables,
};
use tokio::time::Instant;

use super::calls::Fit;
use super::{Asker, Behaviour, Done, Effect, Outcome, answer, ok, refuse};
use crate::host::{Identity, Reply};

/// What belongs to the BMC as a whole.
#[derive(Debug)]
pub(super) struct App {
    /// Kept and reported. There is no system interface whose interrupts they could switch, and events are always logged.
    pub(super) enables: GlobalEnables,
    guid: GuidState,
}

impl Default for App {
    fn default() -> Self {
        Self {
            enables: ENABLES,
            guid: GuidState::default(),
        }
    }
}

/// What is enabled from the start.
const ENABLES: GlobalEnables = GlobalEnables {
    oem: [false; 3],
    event_logging: true,
    event_buffer: false,
    event_buffer_interrupt: false,
    message_interrupt: false,
};

/// Whether the handshake's GUID is known.
#[derive(Debug, Default)]
enum GuidState {
    #[default]
    Unknown,
    /// The host was asked, and did not know, or has not answered yet.
    Asked(Instant),
    Known,
}

/// How long until a host that did not know its machine is asked for the GUID again.
const ASK_AGAIN: Duration = Duration::from_secs(10);

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
        provides_sdrs: true,
        updating: false,
        firmware_major: revision(MAJOR, 127),
        firmware_minor: revision(MINOR, 99),
        support: DeviceSupport(
            DeviceSupport::CHASSIS
                | DeviceSupport::SEL
                | DeviceSupport::SDR
                | DeviceSupport::SENSOR
                | DeviceSupport::FRU,
        ),
        manufacturer: 0,
        product: 0,
        aux_firmware: Some([revision(PATCH, 255), 0, 0, 0]),
    }
}

/// A machine's UUID as the wire has it: all bytes in reverse (§20.8). ipmitool and FreeIPMI then print it as written.
fn wire_order(mut uuid: [u8; 16]) -> [u8; 16] {
    uuid.reverse();
    uuid
}

impl Behaviour {
    /// Cold Reset, §20.2: what is volatile returns to its default, and all sessions end. The machine runs on.
    pub(super) fn cold_reset(&mut self) -> Outcome {
        self.app.enables = ENABLES;
        self.boot.reset();
        self.chassis.reset();
        self.channel.reset();
        self.reset_sensors();
        self.sol.reset();
        self.effects.extend([
            Effect::ConfigChanged,
            Effect::EndAllSessions { except: None },
        ]);
        ok(())
    }

    /// Warm Reset, §20.3: only the sessions end. The one that asked stays: ipmitool closes it in good order, and would
    /// wait 10 s for the answer.
    pub(super) fn warm_reset(&mut self, asker: &Asker) -> Outcome {
        self.boot.reset();
        self.effects.push(Effect::EndAllSessions {
            except: asker.session(),
        });
        ok(())
    }

    /// Get ACPI Power State, §20.7.
    pub(super) fn acpi_power_state(&mut self, asker: &Asker) -> Outcome {
        self.with_power(asker, |_, power| {
            answer(Ok(AcpiPowerState {
                system: if power.on {
                    AcpiSystemState::Working
                } else {
                    AcpiSystemState::SoftOff
                },
                device: AcpiDeviceState::D0,
            }))
        })
    }

    /// Get Device GUID, §20.8, and Get System GUID, §22.14: there is one BMC for each machine.
    pub(super) fn guid(&mut self, asker: &Asker) -> Outcome {
        self.with_identity(asker, |_, identity| {
            answer(Ok(Guid(wire_order(identity.uuid))))
        })
    }

    /// Set BMC Global Enables, §22.1.
    pub(super) fn set_global_enables(&mut self, request: &SetBmcGlobalEnables) -> Outcome {
        if !request.0.event_logging {
            return refuse(CompletionCode::InvalidDataField);
        }
        self.app.enables = request.0;
        ok(())
    }

    /// Asks the host for the GUID that handshakes carry, unless it is known. Done when somebody comes to log in, and
    /// not at the start: 10,000 BMCs would ask their hypervisors at once.
    pub(in crate::bmc) fn learn_guid(&mut self) {
        let asked = match self.app.guid {
            GuidState::Known => return,
            GuidState::Asked(at) => Some(at),
            GuidState::Unknown => None,
        };
        let now = Instant::now();
        if asked.is_some_and(|asked| now < asked + ASK_AGAIN) {
            return;
        }
        self.app.guid = GuidState::Asked(now);
        if self.calls.identity.fit(&()) != Fit::Free {
            return; // its answer will be noticed
        }
        match self.host.identity() {
            Reply::Now(Ok(identity)) => self.identity_known(&identity),
            Reply::Now(Err(_)) => {}
            Reply::Later(call) => {
                self.mailbox.run(call, Done::Identity);
                self.calls.identity.wait((), None);
            }
        }
    }

    /// The host knows who the machine is.
    pub(super) fn identity_known(&mut self, identity: &Identity) {
        if !matches!(self.app.guid, GuidState::Known) {
            self.app.guid = GuidState::Known;
            self.effects
                .push(Effect::GuidKnown(wire_order(identity.uuid)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bmc::behaviour::testing::Bench;
    use crate::host::Host as _;
    use ipmi_proto::command::app::{
        ColdReset, GetAcpiPowerState, GetBmcGlobalEnables, GetDeviceGuid, GetDeviceId,
        GetSelfTestResults, GetSystemGuid, SelfTest, WarmReset,
    };

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
        let enables = GlobalEnables {
            event_buffer: true,
            ..ENABLES
        };
        bench.ask(SetBmcGlobalEnables(enables)).unwrap();
        assert_eq!(bench.ask(WarmReset), Ok(()));
        assert_eq!(
            bench.behaviour.take_effects(),
            [Effect::EndAllSessions { except: Some(1) }]
        );
        assert_eq!(bench.ask(GetBmcGlobalEnables), Ok(enables));

        assert_eq!(bench.ask(ColdReset), Ok(()));
        let effects = bench.behaviour.take_effects();
        assert!(effects.contains(&Effect::EndAllSessions { except: None }));
        assert_eq!(bench.ask(GetBmcGlobalEnables), Ok(ENABLES));
        assert!(bench.machine.performed().is_empty());
    }

    #[tokio::test]
    async fn the_acpi_state_follows_the_machine() {
        let mut bench = Bench::new();
        assert_eq!(bench.ask(GetSelfTestResults), Ok(SelfTest::Passed));
        let off = bench.ask(GetAcpiPowerState).unwrap();
        assert_eq!(off.system, AcpiSystemState::SoftOff);
        bench.machine.switch(true);
        let on = bench.ask(GetAcpiPowerState).unwrap();
        assert_eq!(on.system, AcpiSystemState::Working);
    }

    #[tokio::test]
    async fn the_guid_is_the_machine_s_uuid_in_reverse() {
        let mut bench = Bench::new();
        let Reply::Now(Ok(identity)) = bench.machine.identity() else {
            panic!("the simulated machine knows itself")
        };
        let Guid(mut guid) = bench.ask(GetSystemGuid).unwrap();
        assert_eq!(bench.ask(GetDeviceGuid), Ok(Guid(guid)));
        guid.reverse();
        assert_eq!(guid, identity.uuid);
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_does_not_know_its_machine_is_asked_again_later() {
        let mut bench = Bench::new();
        bench.machine.make_unavailable();
        bench.behaviour.learn_guid();
        bench.machine.repair();
        bench.behaviour.learn_guid();
        assert!(bench.behaviour.take_effects().is_empty());
        tokio::time::advance(ASK_AGAIN).await;
        bench.behaviour.learn_guid();
        let effects = bench.behaviour.take_effects();
        assert!(matches!(effects[..], [Effect::GuidKnown(_)]));
        bench.behaviour.learn_guid();
        assert!(bench.behaviour.take_effects().is_empty());
    }
}
