//! What matters of a domain, and how two differ.

use super::super::super::xml::identity;
use super::super::super::xml::tree::Element;
use super::super::DescriptionError;
use super::{Mark, difference, name_of, root};

/// What an operator would notice of a domain's description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainOutline {
    /// Its name.
    pub name: String,
    /// `kvm`, `qemu`, `test`.
    pub kind: String,
    /// In bytes.
    pub memory: u64,
    /// Virtual CPUs at the start.
    pub vcpus: u32,
    /// Whether its firmware is UEFI.
    pub uefi: bool,
    /// Its hard disks.
    pub disks: Vec<Disk>,
    /// Its network cards, in the order in which the guest sees them.
    pub nics: Vec<Nic>,
    /// Whether it has a serial port.
    pub serial: bool,
    /// The file that libvirt keeps what comes out of the serial port in.
    pub console_log: Option<String>,
    /// The lab it belongs to.
    pub mark: Option<Mark>,
}

/// A hard disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// `vda`.
    pub target: String,
    /// The file, device or volume behind it; none: an empty drive.
    pub source: Option<String>,
}

/// A network card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nic {
    /// In lower case with colons; none: libvirt chooses one.
    pub mac: Option<String>,
    /// What it is plugged into: `network default`, `bridge br0`, `user`.
    pub plugged_into: String,
}

impl DomainOutline {
    /// Reads a description, libvirt's own or one to be defined.
    ///
    /// # Errors
    ///
    /// When it isn't a domain's, or has no name.
    pub fn read(xml: &str) -> Result<Self, DescriptionError> {
        let domain = root(xml, "domain")?;
        let identity = identity::parse(xml)?;
        let empty = Vec::new();
        let devices = domain
            .child("devices")
            .map_or(&empty, |devices| &devices.children);
        let of = |name: &'static str| devices.iter().filter(move |device| device.is(name));
        Ok(Self {
            name: name_of(&domain)?,
            kind: domain.attribute("type").unwrap_or_default().to_owned(),
            memory: identity.memory,
            vcpus: identity.vcpus,
            uefi: is_uefi(&domain),
            disks: of("disk").filter_map(Disk::read).collect(),
            nics: of("interface").map(Nic::read).collect(),
            // A console alone is one too: libvirt makes a serial port of it.
            serial: of("serial").chain(of("console")).next().is_some(),
            console_log: of("serial")
                .chain(of("console"))
                .find_map(|port| port.child("log")?.attribute("file"))
                .map(str::to_owned),
            mark: Mark::read(&domain),
        })
    }

    /// The MAC addresses that are known.
    #[must_use]
    pub fn macs(&self) -> Vec<String> {
        self.nics.iter().filter_map(|nic| nic.mac.clone()).collect()
    }

    /// How `here` differs from what is wanted, a line for each difference, in words. What the description leaves to
    /// libvirt is no difference.
    #[must_use]
    pub fn differences(&self, here: &Self) -> Vec<String> {
        let firmware = |uefi| if uefi { "UEFI" } else { "BIOS" };
        let mut lines: Vec<String> = [
            difference("type", &self.kind, &here.kind),
            difference("memory", &mebibytes(self.memory), &mebibytes(here.memory)),
            difference("vCPUs", &self.vcpus.to_string(), &here.vcpus.to_string()),
            difference("firmware", firmware(self.uefi), firmware(here.uefi)),
        ]
        .into_iter()
        .flatten()
        .collect();
        lines.extend(self.disk_differences(here));
        lines.extend(self.nic_differences(here));
        if self.serial && !here.serial {
            lines.push("serial console: described, and it has none".to_owned());
        }
        lines
    }

    fn disk_differences(&self, here: &Self) -> Vec<String> {
        let find = |disks: &[Disk], target: &str| {
            let disk = disks.iter().find(|disk| disk.target == target);
            disk.map(Disk::show)
        };
        let mut lines: Vec<String> = self
            .disks
            .iter()
            .filter_map(|wanted| {
                let what = format!("disk {}", wanted.target);
                match find(&here.disks, &wanted.target) {
                    Some(source) => difference(&what, &wanted.show(), &source),
                    None => Some(format!(
                        "{what}: {} as described, and it has none",
                        wanted.show()
                    )),
                }
            })
            .collect();
        for disk in &here.disks {
            if find(&self.disks, &disk.target).is_none() {
                lines.push(format!(
                    "disk {}: not described, {} as it is",
                    disk.target,
                    disk.show()
                ));
            }
        }
        lines
    }

    fn nic_differences(&self, here: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        let count = self.nics.len().max(here.nics.len());
        for number in 0..count {
            let what = format!("network card {}", number + 1);
            match (self.nics.get(number), here.nics.get(number)) {
                (Some(wanted), Some(here)) => {
                    let plug = difference(&what, &wanted.plugged_into, &here.plugged_into);
                    let mac = wanted.mac.as_deref().and_then(|mac| {
                        let here = here.mac.as_deref().unwrap_or("none");
                        difference(&format!("MAC address of {what}"), mac, here)
                    });
                    lines.extend([plug, mac].into_iter().flatten());
                }
                (Some(wanted), None) => lines.push(format!(
                    "{what}: {} as described, and it has none",
                    wanted.plugged_into
                )),
                (None, Some(here)) => lines.push(format!(
                    "{what}: not described, {} as it is",
                    here.plugged_into
                )),
                (None, None) => {}
            }
        }
        lines
    }
}

impl Disk {
    fn read(device: &Element) -> Option<Self> {
        if device.attribute("device").unwrap_or("disk") != "disk" {
            return None;
        }
        let source = device.child("source").and_then(|source| {
            let plain = ["file", "dev", "dir", "name"]
                .iter()
                .find_map(|name| source.attribute(name).map(str::to_owned));
            let volume = || {
                Some(format!(
                    "{}/{}",
                    source.attribute("pool")?,
                    source.attribute("volume")?
                ))
            };
            plain.or_else(volume)
        });
        Some(Self {
            target: device.child("target")?.attribute("dev")?.to_owned(),
            source,
        })
    }

    fn show(&self) -> String {
        self.source.clone().unwrap_or_else(|| "empty".to_owned())
    }
}

impl Nic {
    fn read(device: &Element) -> Self {
        let kind = device.attribute("type").unwrap_or("user");
        let source = device.child("source").and_then(|source| {
            let named = ["network", "bridge", "dev", "path"];
            named.iter().find_map(|name| source.attribute(name))
        });
        let mac = device
            .child("mac")
            .and_then(|mac| mac.attribute("address"))
            .map(str::to_ascii_lowercase);
        Self {
            mac,
            plugged_into: source.map_or(kind.to_owned(), |source| format!("{kind} {source}")),
        }
    }
}

/// Whether the firmware is UEFI: by itself, or by the one that libvirt has chosen.
pub(super) fn is_uefi(domain: &Element) -> bool {
    let Some(os) = domain.child("os") else {
        return false;
    };
    os.attribute("firmware") == Some("efi")
        || os
            .child("loader")
            .is_some_and(|loader| loader.attribute("type") == Some("pflash"))
}

fn mebibytes(bytes: u64) -> String {
    let mebibytes = bytes >> 20;
    if mebibytes.is_multiple_of(1024) {
        format!("{} GiB", mebibytes / 1024)
    } else {
        format!("{mebibytes} MiB")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: &str = "<domain type='kvm'><name>n</name><memory unit='GiB'>4</memory><vcpu>2</vcpu>
      <os firmware='efi'><type>hvm</type></os><devices>
      <disk type='file' device='cdrom'><target dev='sda'/></disk>
      <disk type='file'><source file='/d/n.qcow2'/><target dev='vda'/></disk>
      <interface type='network'><mac address='52:54:00:AA:00:01'/><source network='lab'/></interface>
      <interface type='bridge'><source bridge='br0'/></interface>
      <serial type='pty'/></devices></domain>";

    /// As libvirt might have it: what was left open is filled in.
    fn here() -> DomainOutline {
        let xml = WANTED
            .replace(
                "<source bridge='br0'/>",
                "<mac address='52:54:00:bb:00:02'/><source bridge='br0'/>",
            )
            .replace("GiB'>4", "KiB'>4194304")
            .replace("<os firmware='efi'>", "<os><loader type='pflash'/>");
        DomainOutline::read(&xml).unwrap()
    }

    #[test]
    fn what_libvirt_fills_in_is_no_difference() {
        let wanted = DomainOutline::read(WANTED).unwrap();
        assert_eq!(wanted.differences(&here()), Vec::<String>::new());
        assert_eq!(here().macs(), ["52:54:00:aa:00:01", "52:54:00:bb:00:02"]);
    }

    #[test]
    fn every_difference_is_a_line() {
        let wanted = DomainOutline::read(WANTED).unwrap();
        let mut other = here();
        other.kind = "qemu".to_owned();
        other.memory = 512 << 20;
        other.vcpus = 1;
        other.uefi = false;
        other.disks = vec![Disk {
            target: "vdb".to_owned(),
            source: None,
        }];
        other.nics.pop();
        other.nics[0].plugged_into = "user".to_owned();
        other.nics[0].mac = None;
        other.serial = false;
        assert_eq!(
            wanted.differences(&other),
            [
                "type: kvm as described, qemu as it is",
                "memory: 4 GiB as described, 512 MiB as it is",
                "vCPUs: 2 as described, 1 as it is",
                "firmware: UEFI as described, BIOS as it is",
                "disk vda: /d/n.qcow2 as described, and it has none",
                "disk vdb: not described, empty as it is",
                "network card 1: network lab as described, user as it is",
                "MAC address of network card 1: 52:54:00:aa:00:01 as described, none as it is",
                "network card 2: bridge br0 as described, and it has none",
                "serial console: described, and it has none",
            ]
        );
    }
}
