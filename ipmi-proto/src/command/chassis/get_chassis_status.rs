//! Get Chassis Status, §28.2.

use alloc::vec::Vec;

use super::PowerRestorePolicy;
use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks whether the machine is on, and what the chassis reports besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetChassisStatus;

impl Command for GetChassisStatus {
    const NETFN: NetFn = NetFn::CHASSIS;
    const CODE: u8 = 0x01;
    const NAME: &'static str = "Get Chassis Status";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = ChassisStatus;
}

without_data!(GetChassisStatus);

/// The answer to [`GetChassisStatus`]: 3 bytes, or 4 with the front panel's buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChassisStatus {
    /// The power and its faults.
    pub power: PowerState,
    /// What caused the last change of power.
    pub last_event: LastPowerEvent,
    /// The rest.
    pub misc: MiscChassisState,
    /// What the front panel's buttons can do; none where the chassis does not say.
    pub front_panel: Option<FrontPanelButtons>,
}

/// Current power state (byte 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PowerState {
    /// Whether the machine is on.
    pub on: bool,
    /// Switched off, since too much power was drawn.
    pub overload: bool,
    /// Switched off, since a panel interlock is open.
    pub interlock: bool,
    /// A fault of the main power.
    pub fault: bool,
    /// The power could not be switched as asked.
    pub control_fault: bool,
    /// What happens when the mains return; none where that is unknown.
    pub restore_policy: Option<PowerRestorePolicy>,
}

/// Last power event (byte 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LastPowerEvent {
    /// The mains failed.
    pub mains_failed: bool,
    /// Off by overload.
    pub overload: bool,
    /// Off by an interlock.
    pub interlock: bool,
    /// Off by a power fault.
    pub fault: bool,
    /// On by an IPMI command.
    pub on_by_command: bool,
}

/// Misc. chassis state (byte 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MiscChassisState {
    /// The chassis was opened.
    pub intrusion: bool,
    /// The front panel's power and reset buttons are locked.
    pub front_panel_lockout: bool,
    /// A drive is broken.
    pub drive_fault: bool,
    /// A fan is broken.
    pub cooling_fault: bool,
    /// The identify light; none where Chassis Identify is not supported or its state unknown.
    pub identify: Option<IdentifyState>,
}

/// What the identify light does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum IdentifyState {
    /// Off.
    Off = 0,
    /// On for a time.
    Timed = 1,
    /// On until switched off.
    Indefinite = 2,
}

/// Front panel button capabilities (byte 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FrontPanelButtons {
    /// The power-off button.
    pub power_off: Button,
    /// The reset button.
    pub reset: Button,
    /// The diagnostic interrupt button.
    pub diagnostic_interrupt: Button,
    /// The standby (sleep) button.
    pub standby: Button,
}

/// One button of the front panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Button {
    /// Whether it can be disabled.
    pub can_be_disabled: bool,
    /// Whether it is.
    pub disabled: bool,
}

impl Button {
    /// A button has its state in one bit of the low nibble and its capability four above.
    const fn bits(self, number: u8) -> u8 {
        bit(number + 4, self.can_be_disabled) | bit(number, self.disabled)
    }

    const fn from_bits(byte: u8, number: u8) -> Self {
        Self {
            can_be_disabled: is_set(byte, number + 4),
            disabled: is_set(byte, number),
        }
    }
}

/// What stands in the place of a restore policy where it is unknown.
const POLICY_UNKNOWN: u8 = 3;

impl Encode for ChassisStatus {
    fn encode(&self, out: &mut Vec<u8>) {
        let Self {
            power,
            last_event: event,
            misc,
            front_panel,
        } = self;
        let policy = power
            .restore_policy
            .map_or(POLICY_UNKNOWN, |policy| policy as u8);
        out.extend([
            policy << 5
                | bit(4, power.control_fault)
                | bit(3, power.fault)
                | bit(2, power.interlock)
                | bit(1, power.overload)
                | bit(0, power.on),
            bit(4, event.on_by_command)
                | bit(3, event.fault)
                | bit(2, event.interlock)
                | bit(1, event.overload)
                | bit(0, event.mains_failed),
            bit(6, misc.identify.is_some())
                | misc.identify.map_or(0, |state| (state as u8) << 4)
                | bit(3, misc.cooling_fault)
                | bit(2, misc.drive_fault)
                | bit(1, misc.front_panel_lockout)
                | bit(0, misc.intrusion),
        ]);
        out.extend(front_panel.map(|panel| {
            panel.standby.bits(3)
                | panel.diagnostic_interrupt.bits(2)
                | panel.reset.bits(1)
                | panel.power_off.bits(0)
        }));
    }
}

impl Decode for ChassisStatus {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [power, event, misc] = r.array()?;
        let front_panel = if r.is_empty() { None } else { Some(r.u8()?) };
        r.finish()?;
        Ok(Self {
            power: PowerState {
                on: is_set(power, 0),
                overload: is_set(power, 1),
                interlock: is_set(power, 2),
                fault: is_set(power, 3),
                control_fault: is_set(power, 4),
                restore_policy: PowerRestorePolicy::from_bits(power >> 5 & 0x03),
            },
            last_event: LastPowerEvent {
                mains_failed: is_set(event, 0),
                overload: is_set(event, 1),
                interlock: is_set(event, 2),
                fault: is_set(event, 3),
                on_by_command: is_set(event, 4),
            },
            misc: MiscChassisState {
                intrusion: is_set(misc, 0),
                front_panel_lockout: is_set(misc, 1),
                drive_fault: is_set(misc, 2),
                cooling_fault: is_set(misc, 3),
                identify: match (is_set(misc, 6), misc >> 4 & 0x03) {
                    (true, 0) => Some(IdentifyState::Off),
                    (true, 1) => Some(IdentifyState::Timed),
                    (true, 2) => Some(IdentifyState::Indefinite),
                    _ => None,
                },
            },
            front_panel: front_panel.map(|panel| FrontPanelButtons {
                power_off: Button::from_bits(panel, 0),
                reset: Button::from_bits(panel, 1),
                diagnostic_interrupt: Button::from_bits(panel, 2),
                standby: Button::from_bits(panel, 3),
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&GetChassisStatus, &[]);
        testing::refused::<GetChassisStatus>(&[0], DecodeError::Trailing);

        let on = ChassisStatus {
            power: PowerState {
                on: true,
                restore_policy: Some(PowerRestorePolicy::Previous),
                ..PowerState::default()
            },
            last_event: LastPowerEvent {
                on_by_command: true,
                ..LastPowerEvent::default()
            },
            misc: MiscChassisState {
                identify: Some(IdentifyState::Off),
                ..MiscChassisState::default()
            },
            front_panel: None,
        };
        testing::response::<GetChassisStatus>(&on, &[0x21, 0x10, 0x40]);

        let with_panel = ChassisStatus {
            misc: MiscChassisState {
                identify: Some(IdentifyState::Indefinite),
                drive_fault: true,
                ..MiscChassisState::default()
            },
            front_panel: Some(FrontPanelButtons {
                reset: Button {
                    can_be_disabled: true,
                    disabled: true,
                },
                standby: Button {
                    can_be_disabled: true,
                    disabled: false,
                },
                ..FrontPanelButtons::default()
            }),
            ..on
        };
        testing::response::<GetChassisStatus>(&with_panel, &[0x21, 0x10, 0x64, 0xA2]);
    }

    #[test]
    fn an_unknown_policy_is_no_policy() {
        testing::response::<GetChassisStatus>(&ChassisStatus::default(), &[0x60, 0, 0]);
    }
}
