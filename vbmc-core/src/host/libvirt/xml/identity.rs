//! Who a domain is.

use super::XmlError;
use super::tree::Element;
use crate::host::{Identity, Smbios};

/// Reads the identity from a description.
pub(in crate::host::libvirt) fn parse(xml: &str) -> Result<Identity, XmlError> {
    let domain = Element::parse(xml)?;
    let text = |name: &str| {
        domain
            .child(name)
            .map(|element| element.text.trim())
            .unwrap_or_default()
    };
    let vcpu = domain.child("vcpu");
    // `current` is there when some of the CPUs are unplugged.
    let vcpus = vcpu.and_then(|vcpu| {
        vcpu.attribute("current")
            .unwrap_or(vcpu.text.trim())
            .parse()
            .ok()
    });
    let interfaces = domain
        .child("devices")
        .into_iter()
        .flat_map(|devices| &devices.children);
    let macs = interfaces
        .filter(|device| device.is("interface"))
        .filter_map(|interface| hex::<6>(interface.child("mac")?.attribute("address")?))
        .collect();
    Ok(Identity {
        uuid: hex(text("uuid")).unwrap_or_default(),
        name: text("name").to_owned(),
        macs,
        vcpus: vcpus.unwrap_or(1),
        memory: domain.child("memory").map(memory).unwrap_or_default(),
        title: Some(text("title").to_owned()).filter(|title| !title.is_empty()),
        smbios: domain.child("sysinfo").map(smbios).unwrap_or_default(),
    })
}

/// Reads SMBIOS strings. Only those that were set are there: the rest is the hypervisor's own choice.
fn smbios(sysinfo: &Element) -> Box<Smbios> {
    let entry = |table: &str, name: &str| {
        let mut entries = sysinfo.child(table)?.children.iter();
        let entry = entries.find(|entry| entry.attribute("name") == Some(name))?;
        Some(entry.text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    Box::new(Smbios {
        bios_vendor: entry("bios", "vendor"),
        bios_version: entry("bios", "version"),
        bios_date: entry("bios", "date"),
        manufacturer: entry("system", "manufacturer"),
        product: entry("system", "product"),
        version: entry("system", "version"),
        serial: entry("system", "serial"),
        sku: entry("system", "sku"),
        family: entry("system", "family"),
        board_manufacturer: entry("baseBoard", "manufacturer"),
        board_product: entry("baseBoard", "product"),
        board_version: entry("baseBoard", "version"),
        board_serial: entry("baseBoard", "serial"),
        board_asset: entry("baseBoard", "asset"),
        chassis_manufacturer: entry("chassis", "manufacturer"),
        chassis_version: entry("chassis", "version"),
        chassis_serial: entry("chassis", "serial"),
        chassis_asset: entry("chassis", "asset"),
        chassis_sku: entry("chassis", "sku"),
    })
}

/// The bytes of a MAC or UUID, whatever stands between the digits.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|char| !matches!(char, ':' | '-'))
        .map(|char| char.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect();
    if digits.len() == 2 * N {
        bytes.try_into().ok()
    } else {
        None
    }
}

fn memory(memory: &Element) -> u64 {
    let unit: u64 = match memory.attribute("unit").unwrap_or("KiB") {
        "b" | "bytes" => 1,
        "KB" => 1_000,
        "M" | "MiB" => 1 << 20,
        "MB" => 1_000_000,
        "G" | "GiB" => 1 << 30,
        "GB" => 1_000_000_000,
        "T" | "TiB" => 1 << 40,
        "TB" => 1_000_000_000_000,
        _ => 1 << 10,
    };
    memory
        .text
        .trim()
        .parse::<u64>()
        .unwrap_or_default()
        .saturating_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_read() {
        let identity = parse(
            "<domain type='test'><name>a&amp;b</name><uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>
             <memory unit='KiB'>8388608</memory><vcpu placement='static' current='2'>4</vcpu><devices>
             <interface type='network'><mac address='aa:bb:cc:dd:ee:ff'/></interface>
             <interface type='user'><source/></interface>
             <interface type='user'><mac address='52:54:00:00:00:01'/></interface></devices></domain>",
        )
        .unwrap();
        assert_eq!(identity.uuid[..4], [0x66, 0x95, 0xeb, 0x01]);
        assert_eq!(identity.name, "a&b");
        assert_eq!(
            identity.macs,
            [
                [0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff],
                [0x52, 0x54, 0, 0, 0, 1]
            ]
        );
        assert_eq!((identity.vcpus, identity.memory), (2, 8 << 30));
        assert_eq!(
            (identity.title, *identity.smbios),
            (None, Smbios::default())
        );
    }

    #[test]
    fn what_the_owner_wrote_about_the_machine_is_read() {
        let identity = parse(
            "<domain><title>The lab&#39;s controller</title><sysinfo type='smbios'>
             <system><entry name='manufacturer'>Acme</entry><entry name='serial'> 42 </entry></system>
             <baseBoard><entry name='serial'>43</entry></baseBoard></sysinfo></domain>",
        )
        .unwrap();
        assert_eq!(identity.title.as_deref(), Some("The lab's controller"));
        let smbios = identity.smbios;
        assert_eq!(smbios.manufacturer.as_deref(), Some("Acme"));
        assert_eq!(smbios.serial.as_deref(), Some("42"));
        assert_eq!(smbios.board_serial.as_deref(), Some("43"));
        assert_eq!(smbios.product, None);
    }

    #[test]
    fn what_is_missing_or_odd_is_left_out() {
        let identity =
            parse("<domain><uuid>6695</uuid><memory unit='MiB'>x</memory></domain>").unwrap();
        assert_eq!(
            identity,
            Identity {
                vcpus: 1,
                ..Identity::default()
            }
        );
    }
}
