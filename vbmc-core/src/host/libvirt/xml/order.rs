//! Boot orders: read, changed and written in either of libvirt's two forms.
//!
//! A domain names the kinds of devices in `<os>` (`<boot dev='hd'/>`), or numbers devices one by one
//! (`<boot order='1'/>` inside of each). libvirt refuses a mixture, and so a change stays in the form that the domain
//! has.

use std::fmt;

use super::XmlError;
use super::edit::Edits;
use super::tree::Element;
use crate::host::BootDevice;

/// A domain's boot order. Written as text, it is words: `os hd network`, `devices disk/vda=1 interface/52:54:..=2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Order {
    /// Kinds of devices, in order. Empty when the domain says nothing of boot devices.
    Kinds(Vec<String>),
    /// Devices and their numbers, sorted by device: where they stand in the description says nothing.
    Devices(Vec<(Key, u32)>),
}

/// What a device is found by: `disk/vda`, `interface/52:54:00:00:00:01`, or the n-th of its sort (`hostdev/#0`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(String);

/// What a boot device is on a virtual machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Network,
    Disk,
    Cdrom,
    Floppy,
}

impl Kind {
    /// `None` for the BIOS's own menu, which is no device.
    fn of(device: BootDevice) -> Option<Self> {
        match device {
            BootDevice::Pxe => Some(Self::Network),
            BootDevice::Disk
            | BootDevice::DiskSafeMode
            | BootDevice::DiagnosticPartition
            | BootDevice::RemoteDisk => Some(Self::Disk),
            BootDevice::Cdrom | BootDevice::RemoteCdrom => Some(Self::Cdrom),
            BootDevice::Floppy | BootDevice::RemoteFloppy | BootDevice::RemoteMedia => {
                Some(Self::Floppy)
            }
            BootDevice::BiosSetup => None,
        }
    }

    /// The word in `<os><boot dev=..>`.
    fn word(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Disk => "hd",
            Self::Cdrom => "cdrom",
            Self::Floppy => "fd",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Network => "network interface",
            Self::Disk => "disk",
            Self::Cdrom => "CD-ROM drive",
            Self::Floppy => "floppy drive",
        }
    }

    fn is(self, device: &Element) -> bool {
        if device.is("interface") {
            return self == Self::Network;
        }
        let kind = match device.attribute("device").unwrap_or("disk") {
            "cdrom" => Self::Cdrom,
            "floppy" => Self::Floppy,
            _ => Self::Disk,
        };
        device.is("disk") && self == kind
    }
}

impl Order {
    /// The order that a description has.
    pub(super) fn read(domain: &Element) -> Self {
        let mut numbered: Vec<_> = devices(domain)
            .filter_map(|(key, device)| Some((key, number(device)?)))
            .collect();
        if !numbered.is_empty() {
            numbered.sort();
            return Self::Devices(numbered);
        }
        let kinds = boots(domain).filter_map(|boot| boot.attribute("dev"));
        Self::Kinds(kinds.map(str::to_owned).collect())
    }

    /// The same order with the devices that `device` names first, and all others kept behind them.
    ///
    /// # Errors
    ///
    /// [`XmlError::NoDevice`] when the domain has none. In the form of kinds, network and disk are taken without one,
    /// as VirtualBMC does: where an interface or disk is plugged in later, the order is there.
    pub(super) fn with_first(
        &self,
        domain: &Element,
        device: BootDevice,
    ) -> Result<Self, XmlError> {
        let Some(kind) = Kind::of(device) else {
            return Ok(self.clone());
        };
        let candidates: Vec<Key> = devices(domain)
            .filter(|(_, device)| kind.is(device))
            .map(|(key, _)| key)
            .collect();
        match self {
            Self::Kinds(kinds) => {
                if candidates.is_empty() && matches!(kind, Kind::Cdrom | Kind::Floppy) {
                    return Err(XmlError::NoDevice(kind.name()));
                }
                let others = kinds
                    .iter()
                    .filter(|other| *other != kind.word())
                    .map(String::as_str);
                Ok(Self::Kinds(
                    std::iter::once(kind.word())
                        .chain(others)
                        .map(str::to_owned)
                        .collect(),
                ))
            }
            Self::Devices(numbered) => {
                let mut sorted = numbered.clone();
                sorted.sort_by_key(|(_, number)| *number);
                let (chosen, others): (Vec<_>, Vec<_>) = sorted
                    .into_iter()
                    .map(|(key, _)| key)
                    .partition(|key| candidates.contains(key));
                // Those that the owner boots from, or else the first disk, or every interface: which of them the
                // boot server answers on is unknown.
                let chosen = match (chosen.is_empty(), kind) {
                    (false, _) => chosen,
                    (true, _) if candidates.is_empty() => {
                        return Err(XmlError::NoDevice(kind.name()));
                    }
                    (true, Kind::Network) => candidates,
                    (true, _) => candidates.into_iter().take(1).collect(),
                };
                let mut renumbered: Vec<_> = chosen.into_iter().chain(others).zip(1..).collect();
                renumbered.sort();
                Ok(Self::Devices(renumbered))
            }
        }
    }

    /// Without devices that the domain no longer has.
    pub(super) fn present_in(&self, domain: &Element) -> Self {
        match self {
            Self::Kinds(_) => self.clone(),
            Self::Devices(numbered) => {
                let present = |key: &Key| devices(domain).any(|(other, _)| other == *key);
                Self::Devices(
                    numbered
                        .iter()
                        .filter(|(key, _)| present(key))
                        .cloned()
                        .collect(),
                )
            }
        }
    }

    /// Gives the domain this order. It must be in the domain's own form.
    pub(super) fn write(&self, domain: &Element, edits: &mut Edits<'_>) {
        match self {
            Self::Kinds(kinds) => write_kinds(kinds, domain, edits),
            Self::Devices(numbered) => {
                for (key, device) in devices(domain) {
                    let wanted = numbered
                        .iter()
                        .find(|(other, _)| *other == key)
                        .map(|(_, number)| *number);
                    write_number(wanted, device, edits);
                }
            }
        }
    }

    /// Reads what [`Display`](fmt::Display) wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        match words.next()? {
            "os" => Some(Self::Kinds(words.map(str::to_owned).collect())),
            "devices" => {
                let numbered = words.map(|word| {
                    let (key, number) = word.rsplit_once('=')?;
                    Some((Key(key.to_owned()), number.parse().ok()?))
                });
                Some(Self::Devices(numbered.collect::<Option<_>>()?))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kinds(kinds) => {
                f.write_str("os")?;
                kinds.iter().try_for_each(|kind| write!(f, " {kind}"))
            }
            Self::Devices(numbered) => {
                f.write_str("devices")?;
                numbered
                    .iter()
                    .try_for_each(|(Key(key), number)| write!(f, " {key}={number}"))
            }
        }
    }
}

/// All devices with what they are found by.
fn devices(domain: &Element) -> impl Iterator<Item = (Key, &Element)> {
    let devices = domain
        .child("devices")
        .map_or(&[][..], |devices| &devices.children);
    devices.iter().enumerate().map(move |(place, device)| {
        let name = device.name();
        let own = match name {
            "disk" => device
                .child("target")
                .and_then(|target| target.attribute("dev")),
            "interface" => device.child("mac").and_then(|mac| mac.attribute("address")),
            _ => None,
        };
        let own = own.filter(|own| !own.contains(char::is_whitespace));
        let key = own.map_or_else(
            || {
                let nth = devices[..place]
                    .iter()
                    .filter(|other| other.name() == name)
                    .count();
                format!("{name}/#{nth}")
            },
            |own| format!("{name}/{}", own.to_ascii_lowercase()),
        );
        (Key(key), device)
    })
}

fn number(device: &Element) -> Option<u32> {
    device.child("boot")?.attribute("order")?.parse().ok()
}

fn boots(domain: &Element) -> impl Iterator<Item = &Element> {
    let os = domain.child("os").map_or(&[][..], |os| &os.children);
    os.iter().filter(|child| child.is("boot"))
}

/// Fills the elements that are there with the new words, then adds or removes at the end.
fn write_kinds(kinds: &[String], domain: &Element, edits: &mut Edits<'_>) {
    let Some(os) = domain.child("os") else { return };
    let slots: Vec<&Element> = boots(domain).collect();
    let written = |kind: &String| format!("<boot dev='{kind}'/>");
    for (kind, slot) in kinds.iter().zip(&slots) {
        if slot.attribute("dev") != Some(kind) {
            edits.replace(slot.span(), written(kind));
        }
    }
    for spare in slots.iter().skip(kinds.len()) {
        edits.remove(spare);
    }
    for more in kinds.iter().skip(slots.len()) {
        match slots.last().copied().or_else(|| os.child("type")) {
            Some(before) => edits.insert_after(before, &written(more)),
            None => edits.insert_first(os, &written(more)),
        }
    }
}

fn write_number(wanted: Option<u32>, device: &Element, edits: &mut Edits<'_>) {
    let boot = device.child("boot");
    match (
        wanted,
        boot,
        boot.and_then(|boot| boot.attribute_at("order")),
    ) {
        (Some(wanted), Some(_), Some(at)) => edits.replace(at, wanted.to_string()),
        (Some(wanted), Some(boot), None) => {
            edits.replace(boot.span(), format!("<boot order='{wanted}'/>"));
        }
        (Some(wanted), None, _) => {
            edits.insert_first(device, &format!("<boot order='{wanted}'/>"));
        }
        (None, Some(boot), Some(_)) => edits.remove(boot),
        (None, ..) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: &str = "<domain>
  <os>
    <type>hvm</type>
    <boot dev='hd'/>
    <!-- then --><boot dev='cdrom'/>
    <smbios/>
  </os>
  <devices>
    <disk device='cdrom'><target dev='sda'/></disk>
  </devices>
</domain>";

    const DEVICES: &str = "<domain>
  <os><type>hvm</type></os>
  <devices>
    <disk type='file' device='disk'>
      <target dev='vda'/>
      <boot order='2' loadparm='x'/>
    </disk>
    <disk><target dev='vdb'/></disk>
    <disk device='cdrom'>
      <target dev='sda'/>
    </disk>
    <interface><mac address='52:54:00:00:00:0A'/><boot order='7'/></interface>
    <interface>
      <mac address='52:54:00:00:00:0B'/>
    </interface>
    <hostdev><source/></hostdev>
    <hostdev><boot order='3'/><source/></hostdev>
    <redirdev bus='usb'/>
  </devices>
</domain>";

    fn first(xml: &str, device: BootDevice) -> Result<String, XmlError> {
        let domain = Element::parse(xml)?;
        Ok(Order::read(&domain)
            .with_first(&domain, device)?
            .to_string())
    }

    fn written(xml: &str, order: &Order) -> String {
        let mut edits = Edits::of(xml);
        order.write(&Element::parse(xml).unwrap(), &mut edits);
        edits.apply()
    }

    #[test]
    fn kinds_move_to_the_front_and_none_is_lost() {
        assert_eq!(first(KINDS, BootDevice::Cdrom).unwrap(), "os cdrom hd");
        assert_eq!(
            first(KINDS, BootDevice::Pxe).unwrap(),
            "os network hd cdrom"
        );
        assert_eq!(first(KINDS, BootDevice::RemoteDisk).unwrap(), "os hd cdrom");
        assert_eq!(first(KINDS, BootDevice::BiosSetup).unwrap(), "os hd cdrom");
        assert_eq!(
            first(KINDS, BootDevice::Floppy),
            Err(XmlError::NoDevice("floppy drive"))
        );
        assert_eq!(first("<domain/>", BootDevice::Pxe).unwrap(), "os network");
    }

    #[test]
    fn numbered_devices_move_to_the_front_and_none_is_lost() {
        let vda_first = "devices disk/vda=1 hostdev/#1=2 interface/52:54:00:00:00:0a=3";
        assert_eq!(first(DEVICES, BootDevice::Disk).unwrap(), vda_first);
        // The second interface is not one that the owner boots from.
        let pxe = "devices disk/vda=2 hostdev/#1=3 interface/52:54:00:00:00:0a=1";
        assert_eq!(first(DEVICES, BootDevice::Pxe).unwrap(), pxe);
        let cdrom = "devices disk/sda=1 disk/vda=2 hostdev/#1=3 interface/52:54:00:00:00:0a=4";
        assert_eq!(first(DEVICES, BootDevice::RemoteCdrom).unwrap(), cdrom);
        assert!(first(DEVICES, BootDevice::RemoteMedia).is_err());

        let no_nic_numbered = DEVICES.replace("<boot order='7'/>", "");
        let pxe = "devices disk/vda=3 hostdev/#1=4 interface/52:54:00:00:00:0a=1 interface/52:54:00:00:00:0b=2";
        assert_eq!(first(&no_nic_numbered, BootDevice::Pxe).unwrap(), pxe);
        let no_disk_numbered = DEVICES.replace("<boot order='2' loadparm='x'/>", "");
        let disk = "devices disk/vda=1 hostdev/#1=2 interface/52:54:00:00:00:0a=3";
        assert_eq!(first(&no_disk_numbered, BootDevice::Disk).unwrap(), disk);
    }

    #[test]
    fn writing_and_writing_back_leaves_every_byte_as_it_was() {
        for (xml, device) in [
            (KINDS, BootDevice::Pxe),
            (KINDS, BootDevice::Cdrom),
            (DEVICES, BootDevice::Cdrom),
            (DEVICES, BootDevice::Pxe),
        ] {
            let domain = Element::parse(xml).unwrap();
            let owner = Order::read(&domain);
            let new = owner.with_first(&domain, device).unwrap();
            let changed = written(xml, &new);
            assert_eq!(Order::read(&Element::parse(&changed).unwrap()), new);
            assert_eq!(written(&changed, &owner), xml, "{device:?}");
        }
    }

    #[test]
    fn only_what_has_to_change_is_touched() {
        let domain = Element::parse(DEVICES).unwrap();
        let new = Order::read(&domain)
            .with_first(&domain, BootDevice::Cdrom)
            .unwrap();
        let expected = DEVICES
            .replace("<boot order='7'/>", "<boot order='4'/>")
            .replace(
                "<target dev='sda'/>",
                "<boot order='1'/>\n      <target dev='sda'/>",
            );
        assert_eq!(written(DEVICES, &new), expected);
    }

    #[test]
    fn orders_survive_being_text() {
        for text in [
            "os",
            "os network hd",
            "devices",
            "devices disk/vda=1 hostdev/#0=2",
        ] {
            assert_eq!(Order::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "bios", "devices disk/vda", "devices disk/vda=x"] {
            assert_eq!(Order::parse(text), None, "{text:?}");
        }
    }
}
