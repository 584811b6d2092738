//! Get Device ID, §20.1.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks what this BMC is and which firmware it runs. Clients also send it to keep a session alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetDeviceId;

impl Command for GetDeviceId {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x01;
    const NAME: &'static str = "Get Device ID";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = DeviceId;
}

without_data!(GetDeviceId);

/// The answer to [`GetDeviceId`]: 11 bytes, or 15 with the auxiliary firmware revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceId {
    /// Which device of the manufacturer's this is; 0 says nothing.
    pub device_id: u8,
    /// 0 to 15.
    pub device_revision: u8,
    /// Whether the device provides device SDRs.
    pub provides_sdrs: bool,
    /// Whether the firmware is being updated or the SDR repository initialised, so that only few commands work.
    pub updating: bool,
    /// Major firmware revision, 0 to 127.
    pub firmware_major: u8,
    /// Minor firmware revision, 0 to 99; BCD on the wire.
    pub firmware_minor: u8,
    /// The logical devices that this BMC is.
    pub support: DeviceSupport,
    /// The manufacturer's IANA enterprise number, 20 bits in 3 bytes. 0: unspecified.
    pub manufacturer: u32,
    /// The manufacturer's number of the product.
    pub product: u16,
    /// The auxiliary firmware revision, where there is one; the manufacturer defines what it means.
    pub aux_firmware: Option<[u8; 4]>,
}

/// Additional device support: which logical devices a BMC is (§20.1, byte 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeviceSupport(pub u8);

impl DeviceSupport {
    /// The chassis device.
    pub const CHASSIS: u8 = 1 << 7;
    /// Bridge.
    pub const BRIDGE: u8 = 1 << 6;
    /// Generates event messages onto the IPMB.
    pub const EVENT_GENERATOR: u8 = 1 << 5;
    /// Receives event messages from the IPMB.
    pub const EVENT_RECEIVER: u8 = 1 << 4;
    /// FRU inventory device.
    pub const FRU: u8 = 1 << 3;
    /// SEL device.
    pub const SEL: u8 = 1 << 2;
    /// SDR repository device.
    pub const SDR: u8 = 1 << 1;
    /// Sensor device.
    pub const SENSOR: u8 = 1;
}

/// IPMI 2.0 in BCD, least significant digit first (§20.1, byte 6).
const IPMI_VERSION: u8 = 0x02;

impl Encode for DeviceId {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([
            self.device_id,
            self.device_revision & 0x0F | u8::from(self.provides_sdrs) << 7,
            self.firmware_major & 0x7F | u8::from(self.updating) << 7,
            ((self.firmware_minor / 10 % 10) << 4) | (self.firmware_minor % 10),
            IPMI_VERSION,
            self.support.0,
        ]);
        let [low, mid, high, _] = self.manufacturer.to_le_bytes();
        out.extend([low, mid, high]);
        out.extend(self.product.to_le_bytes());
        out.extend(self.aux_firmware.iter().flatten());
    }
}

impl Decode for DeviceId {
    /// Takes any IPMI version: the console asks devices of all ages.
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [device_id, revision, major, minor, _version, support] = r.array()?;
        let [low, mid, high] = r.array()?;
        let product = r.u16()?;
        let aux_firmware = if r.is_empty() { None } else { Some(r.array()?) };
        r.finish()?;
        Ok(Self {
            device_id,
            device_revision: revision & 0x0F,
            provides_sdrs: revision & 0x80 != 0,
            updating: major & 0x80 != 0,
            firmware_major: major & 0x7F,
            firmware_minor: (minor >> 4) * 10 + (minor & 0x0F),
            support: DeviceSupport(support),
            manufacturer: u32::from_le_bytes([low, mid, high, 0]),
            product,
            aux_firmware,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    const ID: DeviceId = DeviceId {
        device_id: 0x20,
        device_revision: 1,
        provides_sdrs: true,
        updating: false,
        firmware_major: 2,
        firmware_minor: 34,
        support: DeviceSupport(DeviceSupport::CHASSIS | DeviceSupport::SEL),
        manufacturer: 0x0A_BCDE,
        product: 0x1234,
        aux_firmware: None,
    };

    #[test]
    fn bytes() {
        let plain = [
            0x20, 0x81, 0x02, 0x34, 0x02, 0x84, 0xDE, 0xBC, 0x0A, 0x34, 0x12,
        ];
        testing::request(&GetDeviceId, &[]);
        testing::response::<GetDeviceId>(&ID, &plain);
        let with_aux = DeviceId {
            aux_firmware: Some([1, 2, 3, 4]),
            ..ID
        };
        testing::response::<GetDeviceId>(&with_aux, &[&plain[..], &[1, 2, 3, 4]].concat());
    }

    #[test]
    fn virtualbmc_s_manufacturer_of_four_bytes_is_refused() {
        assert_eq!(DeviceId::decode(&[0; 13]), Err(DecodeError::Truncated));
    }
    #[test]
    fn what_ipmi_sim_answers() {
        let bytes = [
            0x20, 0x01, 0x02, 0x34, 0x02, 0x9F, 0x57, 0x01, 0x00, 0x42, 0x00, 0x00, 0x00, 0x00,
            0x00,
        ];
        let intel = DeviceId {
            provides_sdrs: false,
            support: DeviceSupport(0x9F),
            manufacturer: 0x157,
            product: 0x42,
            aux_firmware: Some([0; 4]),
            ..ID
        };
        testing::response::<GetDeviceId>(&intel, &bytes);
    }
}
