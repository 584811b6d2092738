//! What we keep in a domain's `<metadata>`: the override that is in force, and what the owner had before.
//!
//! It is written together with the override, in one definition, so that either both are there or neither. libvirt
//! copies the metadata into the running instance when a domain starts: the record of an instance tells with which
//! override it was started, for as long as it runs.

use quick_xml::escape::escape;

use super::XmlError;
use super::order::Order;
use super::tree::Element;
use crate::host::{BootDevice, BootOverride};

/// The namespace of our element. Its number changes when its meaning does.
pub(in crate::host::libvirt) const NAMESPACE: &str = "urn:vbmc:boot:1";

const NAME: &str = "boot";

/// An override that was put into a description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::host::libvirt) struct Record {
    pub(in crate::host::libvirt) boot: BootOverride,
    /// Tells this override from every other one.
    pub(in crate::host::libvirt) token: String,
    pub(super) owner: Order,
    pub(super) written: Order,
    /// Where the override shows the boot menu: the owner's `<bootmenu>` element, empty if there was none.
    pub(super) menu: Option<String>,
}

const DEVICES: [(BootDevice, &str); 11] = [
    (BootDevice::Pxe, "pxe"),
    (BootDevice::Disk, "disk"),
    (BootDevice::DiskSafeMode, "disk-safe-mode"),
    (BootDevice::DiagnosticPartition, "diagnostic-partition"),
    (BootDevice::Cdrom, "cdrom"),
    (BootDevice::BiosSetup, "bios-setup"),
    (BootDevice::RemoteFloppy, "remote-floppy"),
    (BootDevice::RemoteCdrom, "remote-cdrom"),
    (BootDevice::RemoteMedia, "remote-media"),
    (BootDevice::RemoteDisk, "remote-disk"),
    (BootDevice::Floppy, "floppy"),
];

impl Record {
    /// The record inside of a description.
    pub(super) fn find(domain: &Element) -> Option<&Element> {
        let mut metadata = domain.child("metadata")?.children.iter();
        metadata.find(|element| element.is_in(NAMESPACE, NAME))
    }

    /// Reads the element by itself, as libvirt hands out metadata: it may have lost its prefix there.
    pub(in crate::host::libvirt) fn parse(xml: &str) -> Result<Self, XmlError> {
        Self::read(&Element::parse(xml)?)
    }

    /// Reads the element.
    pub(super) fn read(element: &Element) -> Result<Self, XmlError> {
        let text = |name: &'static str| {
            let missing = || XmlError::Malformed(format!("our own metadata lacks {name:?}"));
            element.attribute(name).ok_or_else(missing)
        };
        let order = |name: &'static str| {
            let odd = || XmlError::Malformed(format!("our own metadata has an odd {name:?}"));
            Order::parse(text(name)?).ok_or_else(odd)
        };
        let name = text("device")?;
        let device = DEVICES.iter().find(|(_, known)| *known == name);
        let (device, _) = device.ok_or_else(|| {
            XmlError::Malformed(format!("our own metadata has an unknown device {name:?}"))
        })?;
        Ok(Self {
            boot: BootOverride {
                device: *device,
                persistent: text("once")? != "yes",
                efi: text("efi")? == "yes",
            },
            token: text("token")?.to_owned(),
            owner: order("owner")?,
            written: order("written")?,
            menu: element.attribute("menu").map(str::to_owned),
        })
    }

    /// The element.
    pub(super) fn to_xml(&self) -> String {
        let yes = |yes| if yes { "yes" } else { "no" };
        let device = DEVICES
            .iter()
            .find(|(device, _)| *device == self.boot.device)
            .map_or("", |(_, name)| name);
        let menu = self
            .menu
            .as_deref()
            .map(|menu| format!(" menu='{}'", escape(menu)))
            .unwrap_or_default();
        format!(
            "<vbmc:{NAME} xmlns:vbmc='{NAMESPACE}' device='{device}' once='{}' efi='{}' token='{}' owner='{}' \
             written='{}'{menu}/>",
            yes(!self.boot.persistent),
            yes(self.boot.efi),
            escape(&*self.token),
            escape(self.owner.to_string()),
            escape(self.written.to_string()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_survive_being_text() {
        for (device, _) in DEVICES {
            for (persistent, efi) in [(false, true), (true, false)] {
                let record = Record {
                    boot: BootOverride {
                        device,
                        persistent,
                        efi,
                    },
                    token: "5'f\"<".into(),
                    owner: Order::parse("devices disk/v<d'a=1").unwrap(),
                    written: Order::parse("os network hd").unwrap(),
                    menu: Some("<bootmenu enable='no'/>".into()),
                };
                assert_eq!(Record::parse(&record.to_xml()), Ok(record.clone()));
                let without_menu = Record {
                    menu: None,
                    ..record
                };
                assert_eq!(Record::parse(&without_menu.to_xml()), Ok(without_menu));
            }
        }
    }

    #[test]
    fn a_record_of_which_something_is_missing_is_an_error() {
        let whole = "<boot device='pxe' once='yes' efi='no' token='1' owner='os hd' written='os network hd'/>";
        Record::parse(whole).unwrap();
        for part in [
            "pxe",
            " once='yes'",
            " token='1'",
            "os hd",
            " written='os network hd'",
        ] {
            assert!(Record::parse(&whole.replace(part, "")).is_err(), "{part}");
        }
    }
}
