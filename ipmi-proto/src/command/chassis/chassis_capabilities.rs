//! Chassis capabilities, §28.1: what one command sets and another reads.

use alloc::vec::Vec;

use crate::command::bits::{bit, is_set};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// What the chassis has, and the IPMB addresses of the devices that serve it: 5 bytes, or 6 with the bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChassisCapabilities {
    /// A power interlock. Read only.
    pub power_interlock: bool,
    /// A diagnostic interrupt. Read only.
    pub diagnostic_interrupt: bool,
    /// A front panel that can be locked.
    pub front_panel_lockout: bool,
    /// An intrusion sensor.
    pub intrusion_sensor: bool,
    /// The device with the chassis' FRU data; 0 where there is none.
    pub fru: u8,
    /// The device with the SDRs.
    pub sdr: u8,
    /// The device with the SEL.
    pub sel: u8,
    /// The device that messages to system management go to.
    pub system_management: u8,
    /// The bridge; absent means 20h, the BMC itself.
    pub bridge: Option<u8>,
}

impl Encode for ChassisCapabilities {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([
            bit(3, self.power_interlock)
                | bit(2, self.diagnostic_interrupt)
                | bit(1, self.front_panel_lockout)
                | bit(0, self.intrusion_sensor),
            self.fru,
            self.sdr,
            self.sel,
            self.system_management,
        ]);
        out.extend(self.bridge);
    }
}

impl Decode for ChassisCapabilities {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [flags, fru, sdr, sel, system_management] = r.array()?;
        let bridge = if r.is_empty() { None } else { Some(r.u8()?) };
        r.finish()?;
        Ok(Self {
            power_interlock: is_set(flags, 3),
            diagnostic_interrupt: is_set(flags, 2),
            front_panel_lockout: is_set(flags, 1),
            intrusion_sensor: is_set(flags, 0),
            fru,
            sdr,
            sel,
            system_management,
            bridge,
        })
    }
}
