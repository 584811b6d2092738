//! Boot parameter 5, the boot flags: from which device the machine is to start, and how (table 28-14).

use alloc::vec::Vec;

use crate::command::bits::{bit, is_set};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// The boot flags, 5 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BootFlags {
    /// Whether the flags count at all. The BMC clears this once they were used, unless they are persistent.
    pub valid: bool,
    /// Whether they hold for every start from now on, not only for the next one.
    pub persistent: bool,
    /// Whether the firmware is to start in UEFI mode instead of the legacy one.
    pub efi: bool,
    /// Whether the firmware's settings are to be cleared.
    pub clear_cmos: bool,
    /// Whether the keyboard is to be locked.
    pub lock_keyboard: bool,
    /// The device to start from.
    pub device: BootDevice,
    /// All that has no field of its own.
    pub other: OtherBootFlags,
}

impl BootFlags {
    /// Nothing set: the machine starts as its owner configured it.
    pub const NONE: Self = Self {
        valid: false,
        persistent: false,
        efi: false,
        clear_cmos: false,
        lock_keyboard: false,
        device: BootDevice::None,
        other: OtherBootFlags([0; 5]),
    };
}

/// Boot device selector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum BootDevice {
    /// No override.
    None = 0x0,
    /// The network, by PXE.
    Pxe = 0x1,
    /// The hard disk.
    Disk = 0x2,
    /// The hard disk, in safe mode.
    DiskSafeMode = 0x3,
    /// The diagnostic partition.
    DiagnosticPartition = 0x4,
    /// CD or DVD.
    Cdrom = 0x5,
    /// The firmware's setup.
    BiosSetup = 0x6,
    /// A floppy, or other primary removable medium, connected from afar.
    RemoteFloppy = 0x7,
    /// A CD or DVD connected from afar.
    RemoteCdrom = 0x8,
    /// A primary medium connected from afar.
    RemoteMedia = 0x9,
    /// A hard disk connected from afar.
    RemoteDisk = 0xB,
    /// A floppy, or other primary removable medium.
    Floppy = 0xF,
}

impl BootDevice {
    const fn from_bits(bits: u8) -> Result<Self, DecodeError> {
        Ok(match bits {
            0x0 => Self::None,
            0x1 => Self::Pxe,
            0x2 => Self::Disk,
            0x3 => Self::DiskSafeMode,
            0x4 => Self::DiagnosticPartition,
            0x5 => Self::Cdrom,
            0x6 => Self::BiosSetup,
            0x7 => Self::RemoteFloppy,
            0x8 => Self::RemoteCdrom,
            0x9 => Self::RemoteMedia,
            0xB => Self::RemoteDisk,
            0xF => Self::Floppy,
            _ => return Err(DecodeError::Invalid("boot device selector")),
        })
    }
}

/// The boot flags without a field of their own (screen blank, button lock-outs, firmware verbosity, console
/// redirection, BIOS mux control, device instance): kept as they came, so that they read back unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OtherBootFlags([u8; 5]);

impl OtherBootFlags {
    /// The bits that belong here. Those that the specification reserves are among them.
    const MASK: [u8; 5] = [0x1F, 0x03, 0xFF, 0xFF, 0xFF];

    const fn of([a, b, c, d, e]: [u8; 5]) -> Self {
        let [mask_a, mask_b, mask_c, mask_d, mask_e] = Self::MASK;
        Self([a & mask_a, b & mask_b, c & mask_c, d & mask_d, e & mask_e])
    }
}

impl Encode for BootFlags {
    fn encode(&self, out: &mut Vec<u8>) {
        let OtherBootFlags([mode, device, rest @ ..]) = self.other;
        out.extend([
            mode | bit(7, self.valid) | bit(6, self.persistent) | bit(5, self.efi),
            device
                | bit(7, self.clear_cmos)
                | bit(6, self.lock_keyboard)
                | (self.device as u8) << 2,
        ]);
        out.extend(rest);
    }
}

impl Decode for BootFlags {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let bytes @ [mode, device, ..] = r.array::<5>()?;
        r.finish()?;
        Ok(Self {
            valid: is_set(mode, 7),
            persistent: is_set(mode, 6),
            efi: is_set(mode, 5),
            clear_cmos: is_set(device, 7),
            lock_keyboard: is_set(device, 6),
            device: BootDevice::from_bits(device >> 2 & 0x0F)?,
            other: OtherBootFlags::of(bytes),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn both_ways(flags: BootFlags, bytes: [u8; 5]) {
        let mut out = Vec::new();
        flags.encode(&mut out);
        assert_eq!(out, bytes);
        assert_eq!(BootFlags::decode(&bytes), Ok(flags));
    }

    #[test]
    fn what_ipmitool_s_bootdev_sends() {
        let pxe_once = BootFlags {
            valid: true,
            device: BootDevice::Pxe,
            ..BootFlags::NONE
        };
        both_ways(pxe_once, [0x80, 0x04, 0, 0, 0]);
        let disk_for_ever = BootFlags {
            persistent: true,
            efi: true,
            device: BootDevice::Disk,
            ..pxe_once
        };
        both_ways(disk_for_ever, [0xE0, 0x08, 0, 0, 0]);
        let none = BootFlags {
            device: BootDevice::None,
            ..pxe_once
        };
        both_ways(none, [0x80, 0, 0, 0, 0]);
        let setup = BootFlags {
            device: BootDevice::BiosSetup,
            ..pxe_once
        };
        both_ways(setup, [0x80, 0x18, 0, 0, 0]);
        let clear_cmos = BootFlags {
            clear_cmos: true,
            device: BootDevice::Floppy,
            ..pxe_once
        };
        both_ways(clear_cmos, [0x80, 0xBC, 0, 0, 0]);
    }

    #[test]
    fn unknown_flags_are_read_back_as_they_came() {
        for bytes in [[0xFF; 5], [0x1F, 0x43, 0xA5, 0x5A, 0x1F]] {
            let mut out = Vec::new();
            BootFlags::decode(&bytes).unwrap().encode(&mut out);
            assert_eq!(out, bytes);
        }
    }

    #[test]
    fn reserved_devices_are_refused() {
        let error = Err(DecodeError::Invalid("boot device selector"));
        for device in [0xA, 0xC, 0xD, 0xE] {
            assert_eq!(BootFlags::decode(&[0x80, device << 2, 0, 0, 0]), error);
        }
        assert_eq!(
            BootFlags::decode(&[0x80, 4, 0, 0]),
            Err(DecodeError::Truncated)
        );
        assert_eq!(
            BootFlags::decode(&[0x80, 4, 0, 0, 0, 0]),
            Err(DecodeError::Trailing)
        );
    }
}
